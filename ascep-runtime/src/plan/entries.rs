//! What an event does, by instrument and class: one small record that leads to everything, so that an event of which little is asked costs
//! little.

use super::links::Touched;
use super::{NONE, Reading};
use crate::error::BuildError;
use crate::market::CLASSES;
use crate::memory::flat;
use crate::value::Lists;

/// A part of an array: its first index, and the one after its last.
pub(crate) type Span = (u32, u32);

/// What the events of an input do, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Numbers of the market that only columns read: a part of [`Entries::readings`].
    pub(crate) readings: Span,
    /// Windows to bring up to date: a part of [`Plan::window_steps`](super::Plan::window_steps).
    pub(crate) windows: Span,
    /// Filters of the event: a part of the groups of the columns.
    pub(crate) filters: Span,
    /// Index of what else there is to do, or [`NONE`]; from [`CUT`] on there is nothing else, and it says which of the entries this is whose rows are passed over where
    /// prices stay as they are.
    pub(crate) more: u32,
    /// Rows: a part of the groups of the columns. Empty where `more` has a list of groups.
    pub(crate) groups: Span,
    /// Where all that its filters lead to are sequences that need no more: the first of [`Sequences::steps`](super::Sequences::steps) that is one of them. [`NONE`] otherwise.
    pub(crate) sequences: u32,
}

impl Default for Entry {
    /// Of an event of which nothing is asked.
    fn default() -> Self {
        Self { readings: (0, 0), windows: (0, 0), filters: (0, 0), more: NONE, groups: (0, 0), sequences: NONE }
    }
}

/// See [`Entry::more`].
const CUT: u32 = 1 << 31;

impl Entry {
    /// Whether there is more to do than readings, simple windows and rows.
    #[inline(always)]
    pub(crate) fn has_more(self) -> bool {
        self.more < CUT
    }

    /// Which of the entries it is whose rows are passed over where prices stay as they are.
    #[inline(always)]
    pub(crate) fn cut(self) -> Option<u32> {
        (self.more >= CUT && self.more != NONE).then(|| self.more - CUT)
    }

    /// Without its number among those.
    fn uncut(self) -> Self {
        Self { more: if self.has_more() { self.more } else { NONE }, ..self }
    }
}

/// What is to be done beside readings and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct More {
    /// Market functions that nodes read: a part of [`Entries::lists`].
    pub(crate) sources: Span,
    /// Groups that do not stand side by side: likewise.
    pub(crate) groups: Span,
    /// Whether scans look at the instrument.
    pub(crate) scanned: bool,
}

/// The groups of rows that something touches: a part of all, and some more.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Groups<'p> {
    pub(crate) span: Span,
    pub(crate) list: &'p [u32],
}

impl Groups<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + use<'_> {
        (self.span.0..self.span.1).chain(self.list.iter().copied())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// The entry of each input, `instrument * CLASSES + class`.
    pub(crate) of: Vec<u32>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) readings: Vec<Reading>,
    more: Vec<More>,
    lists: Vec<u32>,
    /// How many entries have rows that are passed over where prices stay as they are.
    pub(crate) cuts: u32,
}

impl Entries {
    /// From lists by input. `scanned` says of which instruments scans want to know, `is_cut` whether it pays to compare the prices of a quote with those before, and
    /// where they are the same to pass over these groups of rows, which read nothing but these numbers of the instrument.
    pub(super) fn new(
        instruments: usize,
        touched: &Touched,
        [groups, filters]: [&Lists; 2],
        scanned: impl Fn(u32) -> bool,
        is_cut: impl Fn(&[Reading], Span) -> bool,
    ) -> Result<Self, BuildError> {
        let instruments = u32::try_from(instruments).map_err(|_| BuildError::TooLarge)?;
        let len = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
        // All classes of which nothing is asked share the first.
        let mut all = Self { entries: vec![Entry::default()], ..Self::default() };
        all.of.reserve_exact(instruments as usize * CLASSES as usize);
        for instrument in 0..instruments {
            let (first_entry, first_reading, first_more) = (all.entries.len(), all.readings.len(), all.more.len());
            for key in instrument * CLASSES..(instrument + 1) * CLASSES {
                let (readings, groups) = (touched.readings.of(key), groups.of(key));
                let (span, sources) = (side_by_side(groups), touched.sources.of(key));
                let more = if !sources.is_empty() || span.is_none() || scanned(instrument) {
                    let mut list = |items: &[u32]| {
                        let start = len(all.lists.len())?;
                        all.lists.extend(items);
                        Ok::<Span, BuildError>((start, len(all.lists.len())?))
                    };
                    let more = More {
                        sources: list(sources)?,
                        groups: list(if span.is_none() { groups } else { &[] })?,
                        scanned: scanned(instrument),
                    };
                    let more = all.more_of(first_more, more)?;
                    if more >= CUT {
                        return Err(BuildError::TooLarge);
                    }
                    more
                } else {
                    NONE
                };
                let span = span.unwrap_or((0, 0));
                let [windows, filters] = [&touched.windows, filters].map(|lists| side_by_side(lists.of(key)).ok_or(BuildError::TooLarge));
                let (windows, filters) = (windows?, filters?);
                let entry =
                    Entry { readings: all.readings_of(first_reading, readings)?, windows, filters, more, groups: span, sequences: NONE };
                let (known, fresh) = all.entries.split_at(first_entry);
                let same = fresh.iter().position(|other| other.uncut() == entry).map(|at| at + first_entry);
                let same = same.or_else(|| known.first().filter(|empty| **empty == entry).map(|_| 0));
                let id = match same {
                    Some(same) => len(same)?,
                    None => {
                        let is_plain = more == NONE && [windows, filters].iter().all(|(first, end)| first == end);
                        let more = if is_plain && all.cuts < CUT - 1 && is_cut(touched.readings.of(key), span) {
                            all.cuts += 1;
                            CUT + all.cuts - 1
                        } else {
                            more
                        };
                        all.entries.push(Entry { more, ..entry });
                        len(all.entries.len() - 1)?
                    }
                };
                all.of.push(id);
            }
        }
        all.entries.shrink_to_fit();
        all.readings.shrink_to_fit();
        all.more.shrink_to_fit();
        all.lists.shrink_to_fit();
        Ok(all)
    }

    /// Where these readings stand; those of classes of one instrument are often the same.
    fn readings_of(&mut self, first: usize, readings: &[Reading]) -> Result<Span, BuildError> {
        if readings.is_empty() {
            return Ok((0, 0));
        }
        let fresh = self.readings.get(first..).unwrap_or_default();
        let start = match fresh.windows(readings.len()).position(|window| window == readings) {
            Some(at) => first + at,
            None => {
                self.readings.extend(readings);
                self.readings.len() - readings.len()
            }
        };
        let index = |index: usize| u32::try_from(index).map_err(|_| BuildError::TooLarge);
        Ok((index(start)?, index(start + readings.len())?))
    }

    /// Where this stands; its lists are the newest and go where they are there already.
    fn more_of(&mut self, first: usize, more: More) -> Result<u32, BuildError> {
        let list = |span: Span| self.lists.get(span.0 as usize..span.1 as usize).unwrap_or_default();
        let is_same = |other: &More| {
            other.scanned == more.scanned
                && [(other.sources, more.sources), (other.groups, more.groups)].into_iter().all(|(a, b)| list(a) == list(b))
        };
        let same = self.more.get(first..).unwrap_or_default().iter().position(is_same).map(|at| at + first);
        let id = match same {
            Some(same) => {
                self.lists.truncate(more.sources.0 as usize);
                same
            }
            None => {
                self.more.push(more);
                self.more.len() - 1
            }
        };
        u32::try_from(id).map_err(|_| BuildError::TooLarge)
    }

    /// What is done with events of an input.
    pub(crate) fn of(&self, input: u32) -> Entry {
        let entry = self.of.get(input as usize).and_then(|entry| self.entries.get(*entry as usize));
        entry.copied().unwrap_or_default()
    }

    /// The readings of an entry.
    #[inline(always)]
    pub(crate) fn readings(&self, entry: Entry) -> &[Reading] {
        self.readings.get(entry.readings.0 as usize..entry.readings.1 as usize).unwrap_or_default()
    }

    /// What there is beside readings and rows.
    pub(crate) fn more(&self, entry: Entry) -> Option<&More> {
        self.more.get(entry.more as usize)
    }

    /// A part of its lists.
    #[inline]
    pub(crate) fn list(&self, span: Span) -> &[u32] {
        self.lists.get(span.0 as usize..span.1 as usize).unwrap_or_default()
    }

    pub(crate) fn groups(&self, entry: Entry) -> Groups<'_> {
        Groups { span: entry.groups, list: self.more(entry).map_or(&[], |more| self.list(more.groups)) }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        flat(&self.of) + flat(&self.entries) + flat(&self.readings) + flat(&self.more) + flat(&self.lists)
    }
}

/// The span of numbers that follow each other.
fn side_by_side(numbers: &[u32]) -> Option<Span> {
    let Some(&first) = numbers.first() else { return Some((0, 0)) };
    let follows = (first..).zip(numbers).all(|(expected, number)| expected == *number);
    follows.then_some((first, first.saturating_add(u32::try_from(numbers.len()).ok()?)))
}

//! What events do, brought into tables that the loop over them reads: instruments whose entries have the same parts in the same order are of one kind and share its code.

use std::sync::Arc;

use crate::bare;
use crate::batch::Batch;
use crate::batch_entry::{Class, Entry, EventLayout, Field, GroupAt};
use crate::compile::{Memory, missing};
use crate::literals::{LITERAL, Literals};
use crate::rows::lanes_of;
use crate::{CannotCompile, Code, Compiler, Head, Operands, side};

/// What entries have in common that share their code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Whether there has to be a trade of the instrument before.
    pub(crate) wants_trade: bool,
    /// What is read, and whether it is written to a slot.
    pub(crate) fields: Vec<(Field, bool)>,
    /// Whether the slots that are written follow each other, so that the first is enough.
    pub(crate) is_run: bool,
    /// How many steps.
    pub(crate) steps: usize,
    /// Filters first.
    pub(crate) groups: Vec<KindGroup>,
    /// How many of the groups of the entry are filters.
    pub(crate) filters: usize,
    /// Whether a step is called for where some of them are true.
    pub(crate) calls_for_filters: bool,
    /// Whether its words stand in the record itself.
    pub(crate) is_inline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KindGroup {
    /// One row: which of the groups of the entry it is in, which reading each operand is, or none where it is some other slot; whether its constants are finite.
    Single { place: usize, shape: usize, operands: Vec<Option<usize>>, finite: bool },
    /// Any number of rows: which of the groups of the entry they are; whether their constants are finite.
    Many { place: usize, shape: usize, finite: bool },
}

/// The most rows of a group of filters that are looked at one by one.
const FEW_FILTERS: u32 = 4;

/// The most filters of an entry that a step is called for.
const MOST_LANES: u32 = 31;

/// Whether each row of a group has code of its own, to which what was read is at hand.
fn is_apart(group: &GroupAt, is_filter: bool) -> bool {
    group.rows <= if is_filter { FEW_FILTERS } else { 1 }
}

impl Kind {
    /// Whether all that its rows read is at hand once an event is read, so that two events can be taken at once, each in a lane.
    fn is_wide(&self) -> bool {
        let at_hand = |group: &KindGroup| match group {
            KindGroup::Single { operands, .. } => operands.iter().all(Option::is_some),
            KindGroup::Many { .. } => false,
        };
        self.is_inline && self.steps == 0 && self.filters == 0 && self.groups.iter().all(at_hand)
    }

    /// Whether it calls for steps.
    pub(crate) fn calls(&self) -> bool {
        self.steps > 0 || self.calls_for_filters
    }

    /// How many filters are rows that stand alone, before the first that is not.
    pub(crate) fn single_filters(&self) -> usize {
        self.groups.iter().take_while(|group| matches!(group, KindGroup::Single { place, .. } if *place < self.filters)).count()
    }

    /// Words of a record that name slots of readings.
    pub(crate) fn slot_words(&self) -> usize {
        let written = self.fields.iter().filter(|(_, is_written)| *is_written).count();
        if self.is_run { written.min(1) } else { written }
    }
}

/// What code is made of.
pub(crate) struct Shape<'a> {
    /// Of quotes.
    pub(crate) kinds: &'a [Kind],
    /// Of trades.
    pub(crate) trades: &'a [Kind],
    /// Whether trades of all instruments share one record.
    pub(crate) is_one_trade: bool,
    pub(crate) codes: &'a [Option<Code>],
    /// Bytes of an operand.
    pub(crate) width: i32,
    pub(crate) layout: EventLayout,
    /// Where the venue's time is, and the word that is 0 where there is none.
    pub(crate) venue: (usize, usize),
    pub(crate) literals: &'a Literals,
}

impl Shape<'_> {
    /// Whether some entry calls for steps.
    pub(crate) fn calls(&self) -> bool {
        self.kinds.iter().chain(self.trades).any(Kind::calls)
    }
}

/// Words of a record beside its kind.
const INLINE: usize = 7;

/// The words of a record, beside where its words are, that repeat its first steps: they are looked at ahead of the event.
pub(crate) const STEPS_IN_RECORD: [usize; INLINE - 1] = [2, 3, 4, 5, 6, 7];

/// Of an instrument: the number of its kind, then its words or where they are.
pub(crate) type Record = [u32; INLINE + 1];

/// The most kinds: each is a piece of code in the loop. Instruments of further kinds are left to the caller.
pub(crate) const MAX_KINDS: usize = 32;

/// Kinds of entries, and the record of each instrument.
#[derive(Debug, Default)]
struct Table {
    kinds: Vec<Kind>,
    records: Vec<Record>,
}

/// Collects what quotes and trades do, instrument by instrument.
#[derive(Debug)]
pub struct BatchBuilder<'c> {
    codes: &'c [Option<Code>],
    operands: &'c Operands,
    constants: &'c [f64],
    quotes: Table,
    trades: Table,
    /// How many instruments have a record, of quotes and of trades.
    instruments: [usize; 2],
    words: Vec<u32>,
    bounds: Bounds,
}

/// What the tables of a batch reach, at most.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bounds {
    /// One more than the greatest slot.
    pub(crate) slots: usize,
    pub(crate) operands: usize,
    pub(crate) constants: usize,
    pub(crate) heads: usize,
}

impl<'c> BatchBuilder<'c> {
    /// For programs by shape, and the columns of their rows.
    #[must_use]
    pub fn new(codes: &'c [Option<Code>], operands: &'c Operands, constants: &'c [f64]) -> Self {
        let [quotes, trades] = [Table::default(), Table::default()];
        Self { codes, operands, constants, quotes, trades, instruments: [0; 2], words: Vec::new(), bounds: Bounds::default() }
    }

    /// Adds the next instrument, with what its quotes do and its trades. With no entry, or one that can't be had in machine code, these events are never plain.
    pub fn push(&mut self, quote: Option<&Entry>, trade: Option<&Entry>) {
        let records =
            [(quote, Class::Quote), (trade, Class::Trade)].map(|(entry, class)| entry.and_then(|entry| self.record(entry, class)));
        for (count, record) in self.instruments.iter_mut().zip(&records) {
            *count += usize::from(record.is_some());
        }
        let [quote, trade] = records.map(Option::unwrap_or_default);
        self.quotes.records.push(quote);
        self.trades.records.push(trade);
    }

    /// Whether there is no instrument whose events are ever plain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.quotes.kinds.is_empty() && self.trades.kinds.is_empty()
    }

    fn record(&mut self, entry: &Entry, class: Class) -> Option<Record> {
        if entry.readings.iter().any(|reading| reading.field.class() != class) {
            return None;
        }
        let fields: Vec<(Field, bool)> =
            entry.readings.iter().map(|reading| (reading.field, !reading.is_private || self.is_in_columns(entry, reading.slot))).collect();
        let mut words: Vec<u32> =
            entry.readings.iter().zip(&fields).filter(|(_, (_, is_written))| *is_written).map(|(reading, _)| reading.slot).collect();
        let is_run = words.first().is_some_and(|first| (*first..).zip(&words).all(|(next, slot)| next == *slot));
        if is_run {
            words.truncate(1);
        }
        words.extend(&entry.steps);
        let rows: u32 = entry.filters.iter().map(|group| group.rows).fold(0, u32::saturating_add);
        let is_apart_all = (1..=MOST_LANES).contains(&rows) && entry.filters.iter().all(|group| is_apart(group, true));
        let filter_step = entry.filter_step.filter(|_| is_apart_all);
        words.extend(filter_step);
        let mut bounds = self.bounds;
        let mut slot = |slot: u32| bounds.slots = bounds.slots.max(slot as usize + 1);
        entry.readings.iter().for_each(|reading| slot(reading.slot));
        let filters = entry.filters.len();
        let mut groups = Vec::with_capacity(filters + entry.groups.len());
        for (place, group) in entry.filters.iter().chain(&entry.groups).enumerate() {
            let code = self.codes.get(group.shape)?.as_ref()?;
            let (operands, constants) = (usize::from(code.operands()), usize::from(code.constants()));
            let lanes = lanes_of(group.rows as usize);
            let constants_end = group.constants as usize + lanes * constants;
            let operands_end = group.operands as usize + lanes * operands;
            let head = group.head.checked_mul(size_of::<Head>() as u32)?;
            if operands_end > self.operands.len() {
                return None;
            }
            let all = self.constants.get(group.constants as usize..constants_end)?;
            let finite = all.iter().all(|x| x.is_finite());
            if is_apart(group, place < filters) {
                for lane in 0..group.rows as usize {
                    let slots = (0..operands).filter_map(|k| self.operands.get(group.operands as usize + k * lanes + lane));
                    let at_hand = |slot: u32| entry.readings.iter().position(|reading| reading.slot == slot).ok_or(slot);
                    let sources: Vec<Result<usize, u32>> = slots.map(at_hand).collect();
                    for at in sources.iter().filter_map(|source| source.err()) {
                        slot(at);
                        words.push(at);
                    }
                    // The lower half first, as a number lies in memory.
                    let constants = (0..constants).filter_map(|k| all.get(k * lanes + lane)).map(|x| x.to_bits());
                    words.extend(constants.flat_map(|bits| [bits as u32, (bits >> 32) as u32]));
                    if place >= filters {
                        words.push(head);
                    }
                    let operands = sources.into_iter().map(Result::ok).collect();
                    groups.push(KindGroup::Single { place, shape: group.shape, operands, finite });
                }
            } else {
                words.extend([group.operands, group.constants, head, group.rows]);
                groups.push(KindGroup::Many { place, shape: group.shape, finite });
                bounds.operands = bounds.operands.max(operands_end);
                bounds.constants = bounds.constants.max(constants_end);
            }
            bounds.heads = bounds.heads.max(group.head as usize + (group.rows as usize).div_ceil(crate::LANES));
        }
        let is_inline = words.len() <= INLINE;
        let is_quote = class == Class::Quote;
        let wants_trade = entry.wants_trade && is_quote;
        let calls_for_filters = filter_step.is_some();
        let kind = Kind { wants_trade, fields, is_run, steps: entry.steps.len(), groups, filters, calls_for_filters, is_inline };
        let Table { kinds, .. } = if is_quote { &mut self.quotes } else { &mut self.trades };
        let at = match kinds.iter().position(|other| *other == kind) {
            Some(at) => at,
            None if kinds.len() < MAX_KINDS => {
                kinds.push(kind);
                kinds.len() - 1
            }
            None => return None,
        };
        let mut record = Record::default();
        let (first, rest) = record.split_first_mut()?;
        // Kind 0 is none.
        *first = u32::try_from(at + 1).ok()?;
        if is_inline {
            rest.iter_mut().zip(words).for_each(|(to, word)| *to = word);
        } else {
            *rest.first_mut()? = u32::try_from(self.words.len()).ok()?;
            self.words.extend(words);
            for (place, step) in STEPS_IN_RECORD.into_iter().zip(&entry.steps) {
                *record.get_mut(place)? = *step;
            }
        }
        self.bounds = bounds;
        Some(record)
    }

    /// Whether a group of several rows has a slot among its operands: it reads all of them from memory.
    fn is_in_columns(&self, entry: &Entry, slot: u32) -> bool {
        let filters = entry.filters.iter().map(|group| (group, true));
        let groups = filters.chain(entry.groups.iter().map(|group| (group, false)));
        groups.filter(|(group, is_filter)| !is_apart(group, *is_filter)).any(|(group, _)| {
            let operands = self.codes.get(group.shape).and_then(Option::as_ref).map_or(0, |code| usize::from(code.operands()));
            let first = group.operands as usize;
            (first..first + lanes_of(group.rows as usize) * operands).any(|place| self.operands.get(place) == Some(slot))
        })
    }

    /// Compiles the loop, after other code of the compiler. `sides` are values as events have them where the aggressor bought, where it sold, and where that is not known.
    ///
    /// # Errors
    ///
    /// Where the layout is not one that can be read, the generator refuses, or the code would go over the limit; nothing is added then. Where only the code that takes
    /// fours of events would, it is left out.
    pub fn compile<S: Copy>(self, compiler: &mut Compiler, layout: EventLayout, sides: [S; 3]) -> Result<PendingBatch, CannotCompile> {
        let before = compiler.bytes();
        self.compile_after(compiler, layout, sides).inspect_err(|_| compiler.truncate(before))
    }

    fn compile_after<S: Copy>(self, compiler: &mut Compiler, layout: EventLayout, sides: [S; 3]) -> Result<PendingBatch, CannotCompile> {
        let EventLayout { size, ts, venue_ts, instrument, kind, numbers, traded, side, .. } = layout;
        let words = [(ts, 8, 8), (venue_ts, 16, 8), (instrument, 4, 4), (kind, 4, 4), (numbers, 32, 8), (traded, 16, 8), (side, 1, 1)];
        let value = bare::offset_in_option().ok_or_else(missing)?;
        if words.iter().any(|(at, bytes, align)| at % align != 0 || at + bytes > size) || size % 8 != 0 || size > 1 << 16 {
            return Err(CannotCompile::Generator("events are not laid out as machine code can read them".to_owned()));
        }
        let sides = bare::Bytes::of(sides).ok_or_else(missing)?;
        // The half of the option that is not its value has its tag.
        let venue = (venue_ts + value, venue_ts + (8 - value));
        let Self { codes, operands, mut quotes, mut trades, instruments, words, bounds, .. } = self;
        let is_wide = quotes.sort();
        let is_one_trade = trades.unite();
        let (peek, away) = (compiler.peek()?, compiler.away()?);
        let width = if operands.width() == 2 { 2 } else { 4 };
        let literals = Literals::default();
        let shape = Shape { kinds: &quotes.kinds, trades: &trades.kinds, is_one_trade, codes, width, layout, venue, literals: &literals };
        let at = compiler.batch(&shape, false)?;
        let fours = match is_wide.then(|| compiler.batch(&shape, true)) {
            Some(Ok(at)) => Some(at),
            // The loop over single events is worth having without them.
            Some(Err(CannotCompile::Limit(_))) | None => None,
            Some(Err(error)) => return Err(error),
        };
        let has_steps = shape.calls();
        let mut records = pool(&literals.into_numbers());
        let first = records.len();
        records.extend(quotes.records);
        // A constant at the end of a record is read together with what comes after it.
        records.push(Record::default());
        let mut trades = trades.records;
        trades.push(Record::default());
        Ok(PendingBatch {
            at,
            fours,
            peek,
            away,
            tag: 8 - value,
            sides,
            records,
            first,
            trades,
            is_one_trade,
            instruments,
            words,
            bounds,
            width: operands.width(),
            size,
            has_steps,
        })
    }
}

impl Table {
    /// Makes one record do where all are the same. Gives whether it does.
    fn unite(&mut self) -> bool {
        let is_one = self.records.first().is_some_and(|first| self.records.iter().all(|record| record == first));
        if is_one {
            self.records.truncate(1);
            self.records.shrink_to_fit();
        }
        is_one
    }

    /// Makes the kind of most instruments the first one. Gives whether several events of it can be taken at once, and it is worth it.
    fn sort(&mut self) -> bool {
        if self.kinds.is_empty() {
            return false;
        }
        let mut counts = [0_usize; MAX_KINDS + 1];
        for [number, ..] in &self.records {
            if let Some(count) = counts.get_mut(*number as usize) {
                *count += 1;
            }
        }
        let Some((most, count)) = (0_u32..).zip(counts).skip(1).max_by_key(|(number, count)| (*count, std::cmp::Reverse(*number))) else {
            return false;
        };
        self.kinds.swap(0, (most as usize).saturating_sub(1));
        for [number, ..] in &mut self.records {
            *number = if *number == most {
                1
            } else if *number == 1 {
                most
            } else {
                *number
            };
        }
        // Where nothing is asked of quotes there are hardly any, or they take no time.
        let is_something = |kind: &&Kind| !kind.fields.is_empty() || !kind.groups.is_empty();
        self.kinds.first().filter(is_something).is_some_and(Kind::is_wide) && count * 2 > self.records.len()
    }
}

/// Literals as code reads them, each twice: from the end on, down.
fn pool(literals: &[u64]) -> Vec<Record> {
    const EACH: usize = size_of::<Record>() / LITERAL;
    let mut records: Vec<Record> = Vec::with_capacity(literals.len().div_ceil(EACH));
    for some in literals.chunks(EACH) {
        let mut record = Record::default();
        for (place, bits) in record.rchunks_exact_mut(LITERAL / size_of::<u32>()).zip(some) {
            // The lower half first, as a number lies in memory.
            let halves = [*bits as u32, (*bits >> 32) as u32];
            place.iter_mut().zip(halves.into_iter().cycle()).for_each(|(to, half)| *to = half);
        }
        records.push(record);
    }
    records.reverse();
    records
}

/// A batch that is compiled but not executable yet.
#[derive(Debug)]
pub struct PendingBatch {
    at: usize,
    fours: Option<usize>,
    peek: usize,
    away: usize,
    tag: usize,
    sides: bare::Bytes<3>,
    records: Vec<Record>,
    /// The record of the first instrument: before it are literals.
    first: usize,
    trades: Vec<Record>,
    is_one_trade: bool,
    instruments: [usize; 2],
    words: Vec<u32>,
    bounds: Bounds,
    width: usize,
    size: usize,
    has_steps: bool,
}

impl PendingBatch {
    /// None where the compiler of this program lays out `Option<i64>` or sides in a way that the code does not expect.
    pub(crate) fn finish(self, memory: &Arc<Memory>) -> Option<Batch> {
        let Self {
            at,
            fours,
            peek,
            away,
            tag,
            sides,
            records,
            first,
            trades,
            is_one_trade,
            instruments,
            words,
            bounds,
            width,
            size,
            has_steps,
        } = self;
        let peek = bare::peek(memory.bytes(), peek)?;
        if !bare::tag_is_zero_for_none(peek, tag) || sides.seen_by(peek) != [side::BUY, side::SELL, side::NONE] {
            return None;
        }
        let run = bare::batch(memory.bytes(), at)?;
        let fours = match fours {
            Some(at) => Some(bare::batch(memory.bytes(), at)?),
            None => None,
        };
        Some(Batch {
            run,
            fours,
            records,
            first,
            trades,
            is_one_trade,
            instruments,
            words,
            bounds,
            width,
            size,
            has_steps,
            away,
            memory: Arc::clone(memory),
        })
    }
}

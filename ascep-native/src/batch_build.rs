//! What events do, brought into tables that the loop over them reads: instruments whose entries have the same parts in the same order are of one kind and share its code.

use std::sync::Arc;

use crate::bare;
use crate::batch::Batch;
use crate::compile::{Memory, missing};
use crate::literals::{LITERAL, Literals};
use crate::rows::lanes_of;
use crate::{CannotCompile, Code, Compiler, Head, Operands};

/// Where an event has what, in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLayout {
    /// Bytes of an event.
    pub size: usize,
    /// Its time, an `i64`.
    pub ts: usize,
    /// The venue's time, an `Option<i64>`.
    pub venue_ts: usize,
    /// The number of its instrument, a `u32`.
    pub instrument: usize,
    /// What kind of event it is, a `u32`.
    pub kind: usize,
    /// The kind that is a quote.
    pub quote: u32,
    /// Bid, ask and their quantities, four `f64` in this order.
    pub numbers: usize,
}

/// A number that a quote gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Field {
    Bid,
    Ask,
    BidQty,
    AskQty,
    /// `(bid + ask) / 2`
    Mid,
    /// `ask - bid`
    Spread,
    /// `(ask - bid) / mid`
    SpreadRatio,
    /// `(bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)`
    Microprice,
}

impl Field {
    /// Whether it is finite whenever prices and quantities are good.
    pub(crate) fn is_finite(self) -> bool {
        self != Self::Microprice
    }
}

/// A group of rows that a quote touches.
#[derive(Debug, Clone, Copy)]
pub struct GroupAt {
    /// Which program.
    pub shape: usize,
    /// How many rows.
    pub rows: u32,
    /// Where its operands begin.
    pub operands: u32,
    /// Where its constants begin.
    pub constants: u32,
    /// Its first head.
    pub head: u32,
}

/// A number that goes to a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub field: Field,
    /// Where to.
    pub slot: u32,
    /// Whether only the rows of entries look at the slot that have the same reading. It need not be written then, and what is in it afterwards is not to be relied on.
    pub is_private: bool,
}

/// What a quote of an instrument does.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Numbers with the slots that they go to.
    pub readings: Vec<Reading>,
    /// Steps that are called for between readings and rows, as [`Steps`](crate::Steps) knows them, in this order. What they write to slots that readings go to, rows do not see.
    pub steps: Vec<u32>,
    /// Rows, in this order.
    pub groups: Vec<GroupAt>,
}

/// What entries have in common that share their code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    /// What is read, and whether it is written to a slot.
    pub(crate) fields: Vec<(Field, bool)>,
    /// Whether the slots that are written follow each other, so that the first is enough.
    pub(crate) is_run: bool,
    /// How many steps.
    pub(crate) steps: usize,
    pub(crate) groups: Vec<KindGroup>,
    /// Whether its words stand in the record itself.
    pub(crate) is_inline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KindGroup {
    /// One row: which reading each operand is, or none where it is some other slot; whether its constants are finite.
    Single { shape: usize, operands: Vec<Option<usize>>, finite: bool },
    /// Any number of rows; whether their constants are finite.
    Many { shape: usize, finite: bool },
}

impl Kind {
    /// Whether all that its rows read is at hand once an event is read, so that two events can be taken at once, each in a lane.
    fn is_wide(&self) -> bool {
        let at_hand = |group: &KindGroup| match group {
            KindGroup::Single { operands, .. } => operands.iter().all(Option::is_some),
            KindGroup::Many { .. } => false,
        };
        self.is_inline && self.steps == 0 && self.groups.iter().all(at_hand)
    }

    /// Words of a record that name slots of readings.
    pub(crate) fn slot_words(&self) -> usize {
        let written = self.fields.iter().filter(|(_, is_written)| *is_written).count();
        if self.is_run { written.min(1) } else { written }
    }
}

/// What code is made of.
pub(crate) struct Shape<'a> {
    pub(crate) kinds: &'a [Kind],
    pub(crate) codes: &'a [Option<Code>],
    /// Bytes of an operand.
    pub(crate) width: i32,
    pub(crate) layout: EventLayout,
    /// Where the venue's time is, and the word that is 0 where there is none.
    pub(crate) venue: (usize, usize),
    pub(crate) literals: &'a Literals,
}

/// Words of a record beside its kind.
const INLINE: usize = 7;

/// Of an instrument: the number of its kind, then its words or where they are.
pub(crate) type Record = [u32; INLINE + 1];

/// The most kinds: each is a piece of code in the loop. Instruments of further kinds are left to the caller.
pub(crate) const MAX_KINDS: usize = 32;

/// Collects what quotes do, instrument by instrument.
#[derive(Debug)]
pub struct BatchBuilder<'c> {
    codes: &'c [Option<Code>],
    operands: &'c Operands,
    constants: &'c [f64],
    kinds: Vec<Kind>,
    records: Vec<Record>,
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
        Self { codes, operands, constants, kinds: Vec::new(), records: Vec::new(), words: Vec::new(), bounds: Bounds::default() }
    }

    /// Adds the next instrument; with no entry, or one that can't be had in machine code, its events are never plain.
    pub fn push(&mut self, entry: Option<&Entry>) {
        let record = entry.and_then(|entry| self.record(entry)).unwrap_or_default();
        self.records.push(record);
    }

    /// Whether there is no instrument whose quotes are ever plain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn record(&mut self, entry: &Entry) -> Option<Record> {
        let fields: Vec<(Field, bool)> =
            entry.readings.iter().map(|reading| (reading.field, !reading.is_private || self.is_in_columns(entry, reading.slot))).collect();
        let mut words: Vec<u32> =
            entry.readings.iter().zip(&fields).filter(|(_, (_, is_written))| *is_written).map(|(reading, _)| reading.slot).collect();
        let is_run = words.first().is_some_and(|first| (*first..).zip(&words).all(|(next, slot)| next == *slot));
        if is_run {
            words.truncate(1);
        }
        words.extend(&entry.steps);
        let mut bounds = self.bounds;
        let mut slot = |slot: u32| bounds.slots = bounds.slots.max(slot as usize + 1);
        entry.readings.iter().for_each(|reading| slot(reading.slot));
        let mut groups = Vec::with_capacity(entry.groups.len());
        for group in &entry.groups {
            let code = self.codes.get(group.shape)?.as_ref()?;
            let (operands, constants) = (usize::from(code.operands()), usize::from(code.constants()));
            let lanes = lanes_of(group.rows as usize);
            let constants_end = group.constants as usize + lanes * constants;
            let operands_end = group.operands as usize + lanes * operands;
            let head = group.head.checked_mul(size_of::<Head>() as u32)?;
            if operands_end > self.operands.len() {
                return None;
            }
            if group.rows == 1 {
                let slots: Vec<u32> = (group.operands as usize..operands_end).filter_map(|place| self.operands.get(place)).collect();
                let at_hand = |slot: &u32| entry.readings.iter().position(|reading| reading.slot == *slot);
                let sources: Vec<Option<usize>> = slots.iter().map(at_hand).collect();
                for (at, _) in slots.iter().zip(&sources).filter(|(_, source)| source.is_none()) {
                    slot(*at);
                    words.push(*at);
                }
                let constants = self.constants.get(group.constants as usize..constants_end)?;
                let finite = constants.iter().all(|x| x.is_finite());
                // The lower half first, as a number lies in memory.
                words.extend(constants.iter().map(|x| x.to_bits()).flat_map(|bits| [bits as u32, (bits >> 32) as u32]));
                words.push(head);
                groups.push(KindGroup::Single { shape: group.shape, operands: sources, finite });
            } else {
                words.extend([group.operands, group.constants, head, group.rows]);
                let finite = self.constants.get(group.constants as usize..constants_end)?.iter().all(|x| x.is_finite());
                groups.push(KindGroup::Many { shape: group.shape, finite });
                bounds.operands = bounds.operands.max(operands_end);
                bounds.constants = bounds.constants.max(constants_end);
            }
            bounds.heads = bounds.heads.max(group.head as usize + (group.rows as usize).div_ceil(crate::LANES));
        }
        let is_inline = words.len() <= INLINE;
        let kind = Kind { fields, is_run, steps: entry.steps.len(), groups, is_inline };
        let at = match self.kinds.iter().position(|other| *other == kind) {
            Some(at) => at,
            None if self.kinds.len() < MAX_KINDS => {
                self.kinds.push(kind);
                self.kinds.len() - 1
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
        }
        self.bounds = bounds;
        Some(record)
    }

    /// Whether a group of several rows has a slot among its operands: it reads all of them from memory.
    fn is_in_columns(&self, entry: &Entry, slot: u32) -> bool {
        entry.groups.iter().filter(|group| group.rows > 1).any(|group| {
            let operands = self.codes.get(group.shape).and_then(Option::as_ref).map_or(0, |code| usize::from(code.operands()));
            let first = group.operands as usize;
            (first..first + lanes_of(group.rows as usize) * operands).any(|place| self.operands.get(place) == Some(slot))
        })
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
        self.kinds.first().is_some_and(Kind::is_wide) && count * 2 > self.records.len()
    }

    /// Compiles the loop, after other code of the compiler.
    ///
    /// # Errors
    ///
    /// Where the layout is not one that can be read, the generator refuses, or the code would go over the limit.
    pub fn compile(mut self, compiler: &mut Compiler, layout: EventLayout) -> Result<PendingBatch, CannotCompile> {
        let EventLayout { size, ts, venue_ts, instrument, kind, numbers, .. } = layout;
        let words = [(ts, 8, 8), (venue_ts, 16, 8), (instrument, 4, 4), (kind, 4, 4), (numbers, 32, 8)];
        let value = bare::offset_in_option().ok_or_else(missing)?;
        if words.iter().any(|(at, bytes, align)| at % align != 0 || at + bytes > size) || size % 8 != 0 || size > 1 << 16 {
            return Err(CannotCompile::Generator("events are not laid out as machine code can read them".to_owned()));
        }
        // The half of the option that is not its value has its tag.
        let venue = (venue_ts + value, venue_ts + (8 - value));
        let is_wide = self.sort();
        let peek = compiler.peek()?;
        let width = if self.operands.width() == 2 { 2 } else { 4 };
        let literals = Literals::default();
        let shape = Shape { kinds: &self.kinds, codes: self.codes, width, layout, venue, literals: &literals };
        let at = compiler.batch(&shape, false)?;
        let fours = if is_wide { Some(compiler.batch(&shape, true)?) } else { None };
        let has_steps = self.kinds.iter().any(|kind| kind.steps > 0);
        let Self { records: of_instruments, words, bounds, operands, .. } = self;
        let mut records = pool(&literals.into_numbers());
        let first = records.len();
        records.extend(of_instruments);
        // A constant at the end of a record is read together with what comes after it.
        records.push(Record::default());
        Ok(PendingBatch { at, fours, peek, tag: 8 - value, records, first, words, bounds, width: operands.width(), size, has_steps })
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
    tag: usize,
    records: Vec<Record>,
    /// The record of the first instrument: before it are literals.
    first: usize,
    words: Vec<u32>,
    bounds: Bounds,
    width: usize,
    size: usize,
    has_steps: bool,
}

impl PendingBatch {
    /// None where the compiler of this program lays out `Option<i64>` in a way that the code does not expect.
    pub(crate) fn finish(self, memory: &Arc<Memory>) -> Option<Batch> {
        let Self { at, fours, peek, tag, records, first, words, bounds, width, size, has_steps } = self;
        let peek = bare::peek(memory.bytes(), peek)?;
        if !bare::tag_is_zero_for_none(peek, tag) {
            return None;
        }
        let run = bare::batch(memory.bytes(), at)?;
        let fours = match fours {
            Some(at) => Some(bare::batch(memory.bytes(), at)?),
            None => None,
        };
        Some(Batch { run, fours, records, first, words, bounds, width, size, has_steps, memory: Arc::clone(memory) })
    }
}

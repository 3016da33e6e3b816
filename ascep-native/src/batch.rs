//! Batches: a loop over events in machine code, as long as they are plain. An event is plain if it is a quote with good numbers, in order and before the
//! next timer, of an instrument whose entry is known here, and if no row changes by it.

use std::sync::Arc;

use crate::bare::{self, Loop};
use crate::compile::{Memory, missing};
use crate::rows::lanes_of;
use crate::{CannotCompile, Code, Compiler, Head, MarketLine, Operands};

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

/// What a quote of an instrument does.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Numbers, each with the slot that it goes to.
    pub readings: Vec<(Field, u32)>,
    /// Rows, in this order.
    pub groups: Vec<GroupAt>,
}

/// What entries have in common that share their code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) fields: Vec<Field>,
    pub(crate) groups: Vec<KindGroup>,
    /// Whether its words stand in the record itself.
    pub(crate) is_inline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KindGroup {
    /// One row: which reading each operand is, or none where it is some other slot; whether its constants are finite.
    Single { shape: usize, operands: Vec<Option<usize>>, finite: bool },
    /// Any number of rows.
    Many { shape: usize },
}

/// Words of a record beside its kind.
const INLINE: usize = 7;

/// Of an instrument: the number of its kind, then its words or where they are.
pub(crate) type Record = [u32; INLINE + 1];

/// The most kinds: each is a piece of code in the loop. Instruments of further kinds are left to the caller.
const MAX_KINDS: usize = 32;

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
struct Bounds {
    /// One more than the greatest slot.
    slots: usize,
    operands: usize,
    constants: usize,
    heads: usize,
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
        let mut words: Vec<u32> = entry.readings.iter().map(|(_, slot)| *slot).collect();
        let mut bounds = self.bounds;
        let mut slot = |slot: u32| bounds.slots = bounds.slots.max(slot as usize + 1);
        entry.readings.iter().for_each(|(_, at)| slot(*at));
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
                let at_hand = |slot: &u32| entry.readings.iter().position(|(_, of)| of == slot);
                let sources: Vec<Option<usize>> = slots.iter().map(at_hand).collect();
                for (at, _) in slots.iter().zip(&sources).filter(|(_, source)| source.is_none()) {
                    slot(*at);
                    words.push(*at);
                }
                let finite = self.constants.get(group.constants as usize..constants_end)?.iter().all(|x| x.is_finite());
                if constants > 0 {
                    words.push(group.constants);
                }
                words.push(head);
                groups.push(KindGroup::Single { shape: group.shape, operands: sources, finite });
            } else {
                words.extend([group.operands, group.constants, head, group.rows]);
                groups.push(KindGroup::Many { shape: group.shape });
                bounds.operands = bounds.operands.max(operands_end);
            }
            bounds.constants = bounds.constants.max(constants_end);
            bounds.heads = bounds.heads.max(group.head as usize + (group.rows as usize).div_ceil(crate::LANES));
        }
        let is_inline = words.len() <= INLINE;
        let kind = Kind { fields: entry.readings.iter().map(|(field, _)| *field).collect(), groups, is_inline };
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

    /// Compiles the loop, after other code of the compiler.
    ///
    /// # Errors
    ///
    /// Where the layout is not one that can be read, the generator refuses, or the code would go over the limit.
    pub fn compile(self, compiler: &mut Compiler, layout: EventLayout) -> Result<PendingBatch, CannotCompile> {
        let EventLayout { size, ts, venue_ts, instrument, kind, numbers, .. } = layout;
        let words = [(ts, 8, 8), (venue_ts, 16, 8), (instrument, 4, 4), (kind, 4, 4), (numbers, 32, 8)];
        let value = bare::offset_in_option().ok_or_else(missing)?;
        if words.iter().any(|(at, bytes, align)| at % align != 0 || at + bytes > size) || size % 8 != 0 || size > 1 << 16 {
            return Err(CannotCompile::Generator("events are not laid out as machine code can read them".to_owned()));
        }
        // The half of the option that is not its value has its tag.
        let venue = (venue_ts + value, venue_ts + (8 - value));
        let peek = compiler.peek()?;
        let at = compiler.batch(&self.kinds, self.codes, self.operands.width(), layout, venue)?;
        let Self { records, words, bounds, operands, .. } = self;
        Ok(PendingBatch { at, peek, tag: 8 - value, records, words, bounds, width: operands.width(), size })
    }
}

/// A batch that is compiled but not executable yet.
#[derive(Debug)]
pub struct PendingBatch {
    at: usize,
    peek: usize,
    tag: usize,
    records: Vec<Record>,
    words: Vec<u32>,
    bounds: Bounds,
    width: usize,
    size: usize,
}

impl PendingBatch {
    /// None where the compiler of this program lays out `Option<i64>` in a way that the code does not expect.
    pub(crate) fn finish(self, memory: &Arc<Memory>) -> Option<Batch> {
        let Self { at, peek, tag, records, words, bounds, width, size } = self;
        let peek = bare::peek(memory.bytes(), peek)?;
        if !bare::tag_is_zero_for_none(peek, tag) {
            return None;
        }
        let run = bare::batch(memory.bytes(), at)?;
        Some(Batch { run, records, words, bounds, width, size, memory: Arc::clone(memory) })
    }
}

/// Machine code that takes a batch of events.
pub struct Batch {
    run: Loop,
    records: Vec<Record>,
    words: Vec<u32>,
    bounds: Bounds,
    width: usize,
    size: usize,
    /// What keeps the code where it is.
    memory: Arc<Memory>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Batch {{ instruments: {}, code: {} }}", self.records.len(), self.memory.len())
    }
}

/// What a batch reads and writes.
#[derive(Debug)]
pub struct Ground<'a, T> {
    /// Of instruments, by number.
    pub lines: &'a mut [MarketLine<T>],
    /// Values.
    pub slots: &'a mut [u64],
    /// Operands of all groups.
    pub operands: &'a Operands,
    /// Constants of all groups.
    pub constants: &'a [f64],
    /// Heads of all groups.
    pub heads: &'a [Head],
}

/// How far a batch came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Events that were taken. Of the next one, if there is one, the line and the slots may be written already; nothing else is done for it.
    pub events: usize,
    /// The time of the last one taken, or the clock as it was.
    pub clock: i64,
    /// Lanes of rows with unknown results, over all events taken.
    pub unknown: u64,
}

/// What the code is given, and gives back. The order of the fields is that of their places in it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) events: *const u8,
    pub(crate) end: *const u8,
    pub(crate) instruments: u64,
    pub(crate) lines: *mut u8,
    pub(crate) records: *const Record,
    pub(crate) slots: *mut u64,
    pub(crate) heads: *const Head,
    pub(crate) constants: *const f64,
    pub(crate) operands: *const u8,
    pub(crate) words: *const u32,
    pub(crate) clock: i64,
    pub(crate) limit: i64,
    pub(crate) unknown: u64,
}

impl Batch {
    /// Takes events as long as they are plain: not before `clock` and not after `limit`. None where events or ground are not those that the code was made for.
    pub fn run<E, T>(&self, events: &[E], ground: Ground<'_, T>, clock: i64, limit: i64) -> Option<Taken> {
        let Ground { lines, slots, operands, constants, heads } = ground;
        let Bounds { slots: slots_end, operands: operands_end, constants: constants_end, heads: heads_end } = self.bounds;
        let fits = size_of::<E>() == self.size
            && align_of::<E>() >= 8
            && size_of::<MarketLine<T>>() == size_of::<MarketLine<()>>()
            && slots_end <= slots.len()
            && (operands.greatest() as usize) < slots.len()
            && operands.width() == self.width
            && operands_end <= operands.len()
            && constants_end <= constants.len()
            && heads_end <= heads.len();
        if !fits {
            return None;
        }
        if events.is_empty() {
            return Some(Taken { events: 0, clock, unknown: 0 });
        }
        let range = events.as_ptr_range();
        let mut frame = Frame {
            events: range.start.cast(),
            end: range.end.cast(),
            instruments: lines.len().min(self.records.len()) as u64,
            lines: lines.as_mut_ptr().cast(),
            records: self.records.as_ptr(),
            slots: slots.as_mut_ptr(),
            heads: heads.as_ptr(),
            constants: constants.as_ptr(),
            operands: operands.as_ptr(),
            words: self.words.as_ptr(),
            clock,
            limit,
            unknown: 0,
        };
        bare::run_batch(self.run, &mut frame);
        let bytes = (frame.events as usize).wrapping_sub(range.start as usize);
        Some(Taken { events: bytes / self.size, clock: frame.clock, unknown: frame.unknown })
    }

    /// Bytes held beside the code.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>() + self.words.capacity() * 4
    }
}

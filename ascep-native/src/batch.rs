//! Batches: a loop over events in machine code, as long as they are plain. An event is plain if it is a quote or a trade with good numbers, in order and before the
//! next timer, of an instrument whose entry is known here, and if no filter that calls for no step is true by it and no row changes that nobody settles; where rows want
//! it, if there was a trade before.

use std::sync::Arc;

use crate::bare::{self, Calls, Loop};
use crate::batch_build::{Bounds, Record};
use crate::batch_wide;
use crate::compile::Memory;
use crate::{Head, MarketLine, Operands, TradeLine};

/// Machine code that takes a batch of events.
pub struct Batch {
    pub(crate) run: Loop,
    /// Takes fours of events of the first kind.
    pub(crate) fours: Option<Loop>,
    pub(crate) records: Vec<Record>,
    /// The record of the first instrument: before it are literals.
    pub(crate) first: usize,
    /// Records of trades, one for all or one for each instrument.
    pub(crate) trades: Vec<Record>,
    pub(crate) is_one_trade: bool,
    pub(crate) instruments: [usize; 2],
    pub(crate) words: Vec<u32>,
    pub(crate) bounds: Bounds,
    pub(crate) width: usize,
    pub(crate) size: usize,
    /// Whether some entry has steps.
    pub(crate) has_steps: bool,
    /// Where in the memory the function begins that calls over registers that stay as they are.
    pub(crate) away: usize,
    /// What keeps the code where it is.
    pub(crate) memory: Arc<Memory>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Batch {{ records: {}, code: {} }}", self.records.len(), self.memory.len())
    }
}

/// What a batch reads and writes.
#[derive(Debug)]
pub struct Ground<'a, T> {
    /// Of instruments, by number.
    pub lines: &'a mut [MarketLine<T>],
    /// Of instruments, by number.
    pub trades: &'a mut [TradeLine],
    /// Values.
    pub slots: &'a mut [u64],
    /// Operands of all groups.
    pub operands: &'a Operands,
    /// Constants of all groups.
    pub constants: &'a [f64],
    /// Heads of all groups.
    pub heads: &'a mut [Head],
}

/// How far a batch came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Events that were taken. Nothing is done for the next one, if there is one, unless something was found or a step wanted the loop to be left.
    pub events: usize,
    /// The time of the last one taken, or the clock as it was.
    pub clock: i64,
    /// Lanes of rows with unknown results, over all events taken, and in the blocks before the one that was found.
    pub unknown: u64,
    /// The filter that is true, or the row that is not as it was, by the event after those that were taken. That is a plain one and its line is written, and so are all slots but
    /// private ones.
    pub found: Option<FoundAt>,
    /// What wanted the loop to be left, by the event after those that were taken. That is a plain one: its line is written, and so are all slots but private ones.
    pub left: Option<Left>,
    /// Whether a change that was settled made the event at hand the last one: the last taken, or the one after it where something was found.
    pub is_last: bool,
}

/// Where steps wanted a loop to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// At a step between readings and rows. Those up to this one are done; no row was looked at.
    Step(u32),
    /// At the step of the filters of an entry, which is done; no row behind them was looked at.
    Filters {
        /// Which.
        step: u32,
        /// Those that are true, a bit each.
        lanes: u32,
    },
}

impl Left {
    /// As calls note it.
    fn of(left: u64) -> Option<Self> {
        if left == NOWHERE {
            return None;
        }
        let (step, lanes) = (left as u32, (left >> 32) as u32);
        Some(if lanes == 0 { Self::Step(step) } else { Self::Filters { step, lanes } })
    }
}

/// What events do beside readings and rows, one [`step`](Self::step) after the other.
pub trait Steps {
    /// Asks for the memory of a step that a later event is likely to ask for, before it does. It is a guess: it may be any number.
    #[inline(always)]
    fn ahead(&mut self, step: u32) {
        let _ = step;
    }

    /// Does a step if that takes little, without what only others need. Nothing is done otherwise, and [`step`](Self::step) is asked.
    #[inline(always)]
    fn quickly(&mut self, slots: &mut [u64], step: u32, ts: i64) -> Option<Stepped> {
        let _ = (slots, step, ts);
        None
    }

    /// Does a step of an entry, for the event at this place of the events that are taken, at its time. Its readings are in their slots, but for private ones, and its rows read what is put there. A panic ends
    /// the process: machine code does not unwind.
    fn step(&mut self, slots: &mut [u64], step: u32, place: usize, ts: i64) -> Stepped;

    /// Does what the filters of an event make of it, of which at least one is true: `lanes` has a bit for each row, in the order of an entry. A panic ends the process here too.
    fn filters(&mut self, step: u32, lanes: u32, ts: i64) -> Stepped {
        let _ = (step, lanes, ts);
        Stepped::Leave
    }

    /// Settles a change of rows, if it can. The line of the event is written, its readings are in their slots, but for private ones, and the groups and blocks before are done. Only heads may be
    /// another afterwards. A panic ends the process here too.
    fn changed(&mut self, heads: &mut [Head], change: Change) -> Settled {
        let _ = (heads, change);
        Settled::No
    }
}

/// Rows of a block that are not as their head has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The place of the event among those that are taken.
    pub place: usize,
    /// Which of the groups of its entry, of which filters are the first.
    pub group: u32,
    /// Which of its blocks.
    pub block: u32,
    /// The lanes that are true, a bit each. Lanes beyond the rows are anything.
    pub truth: u8,
    /// The lanes with a truth.
    pub known: u8,
}

/// What is done about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing: the loop is left, and it is found.
    No,
    /// The heads say now what is so, and the loop goes on.
    Yes,
    /// The same, but the event is the last one that is taken.
    Last,
}

/// What comes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// The loop goes on.
    Done,
    /// It goes on, but events after this time are not plain.
    Until(i64),
    /// It is left at this step.
    Leave,
}

/// For entries without steps.
struct NoSteps;

impl Steps for NoSteps {
    fn step(&mut self, _: &mut [u64], _: u32, _: usize, _: i64) -> Stepped {
        Stepped::Leave
    }
}

/// A block in which a filter is true, or a row not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundAt {
    /// Which of the groups of the entry, of which filters are the first.
    pub group: u32,
    /// Which of its blocks.
    pub block: u32,
}

/// What the code is given, and gives back. The order of the fields is that of their places in it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) events: *const u8,
    pub(crate) instruments: u64,
    pub(crate) lines: *mut u8,
    pub(crate) records: *const Record,
    pub(crate) slots: *mut u64,
    pub(crate) heads: *mut Head,
    pub(crate) constants: *const f64,
    pub(crate) operands: *const u8,
    pub(crate) words: *const u32,
    pub(crate) clock: i64,
    pub(crate) limit: i64,
    pub(crate) unknown: u64,
    /// Which group of an entry a row was found in, or [`NOWHERE`], and which block.
    pub(crate) found_group: u64,
    pub(crate) found_block: u64,
    /// Up to where events are taken.
    pub(crate) until: *const u8,
    pub(crate) calls: Calls,
    pub(crate) trades: *mut TradeLine,
    pub(crate) trade_records: *const Record,
}

/// Stands for no group, and no step.
pub(crate) const NOWHERE: u64 = u64::MAX;

impl Batch {
    /// Takes events as long as they are plain: not before `clock` and not after `limit`. None where events or ground are not those that the code was made for, or there are steps to call for.
    pub fn run<E, T>(&self, events: &[E], ground: Ground<'_, T>, clock: i64, limit: i64) -> Option<Taken> {
        if self.has_steps { None } else { self.run_with(events, ground, &mut NoSteps, clock, limit) }
    }

    /// The same, with the steps of entries.
    pub fn run_with<E, T, S: Steps>(&self, events: &[E], ground: Ground<'_, T>, steps: &mut S, clock: i64, limit: i64) -> Option<Taken> {
        let Ground { lines, trades, slots, operands, constants, heads } = ground;
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
            return Some(Taken { events: 0, clock, unknown: 0, found: None, left: None, is_last: false });
        }
        let range = events.as_ptr_range();
        let away = self.memory.bytes().as_ptr().wrapping_add(self.away);
        let calls = Calls::new(steps, (slots.len(), heads.len()), events, away);
        let records = self.records.get(self.first..)?;
        // Behind those that are counted there is one more.
        let of_trades = if self.is_one_trade { usize::MAX } else { self.trades.len().saturating_sub(1) };
        let known = lines.len().min(trades.len()).min(records.len().saturating_sub(1)).min(of_trades);
        let mut frame = Frame {
            events: range.start.cast(),
            instruments: known as u64,
            lines: lines.as_mut_ptr().cast(),
            // Of the whole, since what is the same for all stands before the first.
            records: self.records.as_ptr().wrapping_add(self.first),
            slots: slots.as_mut_ptr(),
            heads: heads.as_mut_ptr(),
            constants: constants.as_ptr(),
            operands: operands.as_ptr(),
            words: self.words.as_ptr(),
            clock,
            limit,
            unknown: 0,
            found_group: NOWHERE,
            found_block: 0,
            until: range.end.cast(),
            calls,
            trades: trades.as_mut_ptr(),
            trade_records: self.trades.as_ptr(),
        };
        self.take(&mut frame);
        let bytes = (frame.events as usize).wrapping_sub(range.start as usize);
        let found = match (u32::try_from(frame.found_group), u32::try_from(frame.found_block)) {
            (Ok(group), Ok(block)) => Some(FoundAt { group, block }),
            _ => None,
        };
        Some(Taken {
            events: bytes / self.size,
            clock: frame.clock,
            unknown: frame.unknown,
            found,
            left: Left::of(frame.calls.left),
            is_last: frame.calls.is_last,
        })
    }

    /// Takes the events of a frame: in fours where that goes, and one by one where it does not.
    fn take(&self, frame: &mut Frame) {
        let Some(fours) = self.fours else {
            bare::run_batch(self.run, frame);
            return;
        };
        let (end, four) = (frame.until, self.size * batch_wide::EVENTS);
        let mut singles = 1;
        loop {
            let from = frame.events;
            if (end as usize).wrapping_sub(from as usize) >= four {
                bare::run_batch(fours, frame);
            }
            // Where fours fail again and again, they are tried less often.
            let taken = (frame.events as usize).wrapping_sub(from as usize);
            singles = if taken >= 16 * four { 1 } else { (singles * 2).min(16) };
            let left = (end as usize).wrapping_sub(frame.events as usize);
            frame.until = frame.events.wrapping_add(left.min(singles * four));
            bare::run_batch(self.run, frame);
            if frame.events != frame.until || frame.events == end || frame.calls.is_last {
                return;
            }
            frame.until = end;
        }
    }

    /// Of how many instruments it takes quotes, and of how many trades.
    #[must_use]
    pub fn instruments(&self) -> [usize; 2] {
        self.instruments
    }

    /// Bytes held beside the code.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.records.capacity() + self.trades.capacity()) * size_of::<Record>() + self.words.capacity() * 4
    }
}

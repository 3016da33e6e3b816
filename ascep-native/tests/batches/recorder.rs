//! What is called for by the loop: noted, and answered in ways that hang on what it is called with.

use ascep_native::{Change, Head, Settled, Stepped, Steps};

use crate::events::Payload;
use crate::model::Case;

/// Notes what is called for.
pub(crate) struct Recorder<'c> {
    pub(crate) case: &'c Case,
    /// The first head of each group, filters first: by instrument, of quotes and of trades.
    pub(crate) starts: &'c [[Vec<u32>; 2]],
    /// The step of filters, the lanes, and the time of the event.
    pub(crate) calls: Vec<(u32, u32, i64)>,
    pub(crate) changes: Vec<Change>,
}

impl<'c> Recorder<'c> {
    pub(crate) fn new(case: &'c Case, starts: &'c [[Vec<u32>; 2]]) -> Self {
        Self { case, starts, calls: Vec::new(), changes: Vec::new() }
    }

    /// The head of a block, by the place of the event and the group in its entry.
    pub(crate) fn head(&self, place: usize, group: u32, block: u32) -> usize {
        let event = self.case.events[place];
        let of = usize::from(!matches!(event.payload, Payload::Quote(_)));
        (self.starts[event.instrument as usize][of][group as usize] + block) as usize
    }
}

impl Steps for Recorder<'_> {
    fn step(&mut self, _: &mut [u64], _: u32, _: usize, _: i64) -> Stepped {
        panic!("no entry has a step between readings and rows")
    }

    fn filters(&mut self, step: u32, lanes: u32, ts: i64) -> Stepped {
        self.calls.push((step, lanes, ts));
        match step + lanes {
            n if n % 7 == 0 => Stepped::Leave,
            n if n % 7 == 1 => Stepped::Until(ts + 20),
            _ => Stepped::Done,
        }
    }

    fn changed(&mut self, heads: &mut [Head], change: Change) -> Settled {
        let head = &mut heads[self.head(change.place, change.group, change.block)];
        let Change { truth, known, .. } = change;
        let change = Change { truth: truth & known & head.valid, known: known & head.valid, ..change };
        self.changes.push(change);
        let number = change.place as u32 + change.group + change.block + u32::from(change.truth);
        if !self.case.settles || number.is_multiple_of(5) {
            return Settled::No;
        }
        head.truth = (head.truth & !change.known) | change.truth;
        head.first &= !change.known;
        if number % 5 == 1 { Settled::Last } else { Settled::Yes }
    }
}

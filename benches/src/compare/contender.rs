//! What is measured.

use std::time::Duration;

use ascep_runtime::event::{Event, Payload};

use super::clock::Clock;

/// Something that takes the events of a workload, be it an engine or a loop. It keeps its state over the whole stream.
pub trait Contender<E> {
    /// As the table and the JSON name it: `hand`, `ascep-interpreter`, `ascep-jit`, `ascep-sharded`, or the name of a foreign engine.
    fn name(&self) -> &str;

    /// Takes events in order, through whatever takes most at once; the number of signals.
    fn take(&mut self, events: &[E]) -> u64;

    /// As [`take`](Self::take), and which part of the time on `clock` went into events of its own form: others take the events as they are, so that it is not
    /// counted.
    fn take_and_convert(&mut self, events: &[E], _clock: Clock) -> (u64, Duration) {
        (self.take(events), Duration::ZERO)
    }

    /// What plan and state take, for each rule; `None` where nobody can say.
    fn bytes_per_rule(&self) -> Option<f64> {
        None
    }

    /// Whether it expresses the rules in full, so that its signals must be as many as those of the others. One that does not says in its [note](Self::note) what
    /// it leaves out.
    fn is_whole(&self) -> bool {
        true
    }

    /// Whether it is an engine of others, for which a run does not wait for minutes.
    fn is_foreign(&self) -> bool {
        false
    }

    /// Whether other threads do a part of its work, so that the time of the measuring thread says little.
    fn has_threads(&self) -> bool {
        false
    }

    /// What has to be known to read its numbers: the form in which it got the rules, what it leaves out. Shown below the table.
    fn note(&self) -> Option<String> {
        None
    }
}

/// An event of some kind.
pub trait Item {
    /// Reads from each cache line of it.
    fn touch(&self) -> u64;
}

impl Item for Event<'_> {
    fn touch(&self) -> u64 {
        let payload = match &self.payload {
            Payload::Trade(trade) => trade.price.to_bits(),
            Payload::Quote(quote) => quote.bid.to_bits() ^ quote.ask_qty.to_bits(),
            Payload::Book(book) => {
                book.bids.iter().chain(book.asks).map(|level| level.price.to_bits() ^ level.qty.to_bits()).fold(0, std::ops::BitXor::bitxor)
            }
            Payload::Forget(_) => 0,
        };
        payload ^ self.ts.unsigned_abs()
    }
}

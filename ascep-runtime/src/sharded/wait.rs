//! Waiting for another thread: spinning for a bounded number of turns, then parked until it says that something has come.

use std::thread;

/// Turns spun where each shard has a core to itself, some microseconds: as long as it takes to park and come back. Where there are fewer cores, spinning takes
/// the time that the other thread needs.
const SPINS: u32 = 500;
/// Turns in which the core is offered to others.
const YIELDS: u32 = 4;

/// How long this wait has taken, in turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    spins: u32,
    turn: u32,
}

impl Wait {
    pub(super) fn new(spins: u32) -> Self {
        Self { spins, turn: 0 }
    }

    /// One turn. Whoever gives what is waited for unparks this thread afterwards, so that it is not missed.
    pub(super) fn turn(&mut self) {
        if self.turn < self.spins {
            std::hint::spin_loop();
        } else if self.turn < self.spins + YIELDS {
            thread::yield_now();
        } else {
            thread::park();
        }
        self.turn = self.turn.saturating_add(1);
    }
}

/// How many turns to spin with so many shards.
pub(super) fn spins(shards: usize) -> u32 {
    if thread::available_parallelism().is_ok_and(|cores| cores.get() >= shards) { SPINS } else { 0 }
}

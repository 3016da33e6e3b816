//! What could not be taken: counted, the first few shown, and under `--strict` the end of a run.

use std::fmt::Display;

use crate::console::Console;
use crate::error::Failure;

/// Refusals that are shown one by one; the rest are only counted.
const SHOWN: u64 = 10;

/// A count of them.
#[derive(Debug)]
pub(crate) struct Refusals {
    strict: bool,
    console: Console,
    count: u64,
}

impl Refusals {
    /// None yet.
    pub(crate) fn new(strict: bool, console: &Console) -> Self {
        Self { strict, console: *console, count: 0 }
    }

    /// Counts something that could not be taken; shows the first few.
    pub(crate) fn refuse(&mut self, what: &dyn Display) -> Result<(), Failure> {
        self.count += 1;
        if self.strict {
            return Err(Failure::Refused(what.to_string()));
        }
        if self.count <= SHOWN {
            self.console.warning(&format_args!("refused: {what}"));
        }
        if self.count == SHOWN {
            self.console.note(&"further refusals are counted and not shown");
        }
        Ok(())
    }

    /// Whether the next one is shown.
    pub(crate) fn is_shown(&self) -> bool {
        !self.strict && self.count < SHOWN
    }

    /// Adds what a feed refused by itself.
    pub(crate) fn add(&mut self, n: u64) {
        self.count += n;
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

//! Instructions an event, counted under callgrind: the same for the same binary and events however busy the machine is, so that a change for the worse is seen in a
//! build and not only by somebody who measures.
//!
//! A case is run twice in a process of its own, over fewer and over more of the same events. What the two do beside taking events is the same, so the difference
//! is what the events between them took.

mod cases;
mod count;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use cases::{Case, run};
pub use count::{CountError, instructions_of};

/// How many more instructions than stored are no regression: setting up a process is not counted quite the same each time.
pub const TOLERANCE: f64 = 0.03;

/// The same where compiler or processor are others: machine code is made for the processor that is there, and libraries choose by it.
pub const TOLERANCE_ELSEWHERE: f64 = 0.2;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Of which compiler the code was; another one gives other numbers.
    pub compiler: String,
    /// On which processor.
    pub machine: String,
    /// Instructions an event by case.
    pub instructions: BTreeMap<String, f64>,
}

/// What is to be said of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within the tolerance.
    Same,
    /// More than the tolerance allows.
    Worse,
    /// So much less that the stored number should be renewed, or it hides a later change for the worse.
    Better,
    /// Nothing is stored of it.
    New,
}

impl Baseline {
    /// How far a count by this compiler on this machine may be from what is stored.
    #[must_use]
    pub fn tolerance(&self, compiler: &str, machine: &str) -> f64 {
        if self.compiler == compiler && self.machine == machine { TOLERANCE } else { TOLERANCE_ELSEWHERE }
    }

    /// How a count compares with what is stored of the case.
    #[must_use]
    pub fn judge(&self, case: &str, count: f64, tolerance: f64) -> Verdict {
        match self.instructions.get(case) {
            None => Verdict::New,
            Some(stored) if count > stored * (1.0 + tolerance) => Verdict::Worse,
            Some(stored) if count < stored * (1.0 - tolerance) => Verdict::Better,
            Some(_) => Verdict::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_held_against_what_is_stored_within_the_tolerance() {
        let instructions = BTreeMap::from([("a".to_owned(), 100.0)]);
        let baseline = Baseline { compiler: "c".to_owned(), machine: "m".to_owned(), instructions };
        let judge = |case: &str, count| baseline.judge(case, count, baseline.tolerance("c", "m"));
        assert_eq!([judge("a", 102.9), judge("a", 97.1), judge("a", 100.0)], [Verdict::Same; 3]);
        assert_eq!((judge("a", 103.1), judge("a", 96.9), judge("b", 1.0)), (Verdict::Worse, Verdict::Better, Verdict::New));
        for elsewhere in [baseline.tolerance("other", "m"), baseline.tolerance("c", "other")] {
            assert_eq!((baseline.judge("a", 119.0, elsewhere), baseline.judge("a", 121.0, elsewhere)), (Verdict::Same, Verdict::Worse));
        }
    }
}

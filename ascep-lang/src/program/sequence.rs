//! What a `SEQ` waits for, as data. Nodes are named by their places among the arguments of the `Seq` operator, so that equal sequences are
//! equal whatever their nodes are numbered.

use serde::{Deserialize, Serialize};

use super::Period;

/// The steps of a `SEQ` in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sequence {
    /// At least two; the first of them matches.
    pub steps: Vec<SeqStep>,
    /// What the runs keep for later steps and for the fields of the signal.
    pub captures: Vec<Capture>,
    /// The longest span from the first match to the end.
    pub within: Period,
}

impl Sequence {
    /// The time that its `NO .. FOR` alone take from the first match to the end, in nanoseconds. Each gap takes as long as the longest of its own, and before a
    /// next step a moment more. Periods that are parameters count as nothing.
    pub(crate) fn least_span(&self) -> i128 {
        let (mut before, mut gap) = (0_i128, 0_i128);
        for step in &self.steps {
            match step.kind {
                StepKind::Absent { hold: Some(Period::Fixed(d)) } => gap = gap.max(i128::from(d)),
                StepKind::Absent { .. } => {}
                StepKind::Match { .. } => {
                    before += if gap > 0 { gap + 1 } else { 0 };
                    gap = 0;
                }
            }
        }
        before + gap
    }

    /// Whether its steps leave time for each other.
    pub(crate) fn can_complete(&self) -> bool {
        match self.within {
            Period::Fixed(within) => self.least_span() <= i128::from(within),
            Period::Param(_) => true,
        }
    }
}

/// A step of a [`Sequence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeqStep {
    /// What happens, or must not.
    pub input: StepInput,
    /// The argument that is a level which must be true when the input occurs, where it reads captures; a `WHERE` that reads none is in the
    /// input itself.
    pub filter: Option<u16>,
    /// Whether the input is waited for, or kills.
    pub kind: StepKind,
}

/// What a step looks at: the place of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepInput {
    /// An event; a level without captures that is waited for is here as its rising edge.
    Event(u16),
    /// A level. As a step that matches it reads captures, and its rising edge is looked for in each run by itself: the last known truth since the
    /// step before was false, as it is at first, and it is now true.
    Level(u16),
}

/// What a step asks of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepKind {
    /// `min` to `max` matches; 1 to 1 without a quantifier.
    Match {
        /// At least 1.
        min: u32,
        /// Not below `min`; none without an upper bound.
        max: Option<u32>,
    },
    /// `NO`: for the whole gap, or up to a length of time after the match before.
    Absent {
        /// `FOR d`
        hold: Option<Period>,
    },
}

/// A value that a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capture {
    /// The step that gives it, an index of [`Sequence::steps`]; one that matches.
    pub step: u16,
    /// What of it.
    pub of: CaptureOf,
}

/// What of a step's matches is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CaptureOf {
    /// The argument at this place, as it was at the first match.
    First(u16),
    /// As it was at the last match so far.
    Last(u16),
    /// The number of matches, a number.
    Count,
}

//! What a scan tells of an opportunity: that it opened, that its edge moved, that it closed and why.

use super::path::Path;
use crate::event::{Loss, Timestamp};

/// What became of an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It came to be.
    Open,
    /// Its edge moved by a step or more since it was last told of.
    Update,
    /// It is gone.
    Close(CloseReason),
}

/// Why an opportunity closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseReason {
    /// The net return is no longer above the threshold.
    Edge,
    /// A leg's last quote is older than allowed.
    Age,
    /// The legs' last quotes are further apart than allowed.
    Skew,
    /// What is left of the quantities can't be executed at a profit within the filters.
    Size,
    /// A side of a leg's quote is missing.
    OneSided,
    /// A leg's bid equals its ask: a fault of the data.
    Locked,
    /// A leg's bid is above its ask: a fault of the data.
    Crossed,
    /// Messages of a leg's feed were lost.
    Gap,
    /// A leg's venue began anew.
    Reset,
    /// Nothing came of a leg for longer than its feed allows.
    Stale,
    /// A leg's connection is lost.
    Disconnect,
    /// The run ended while it was open.
    End,
}

impl CloseReason {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Edge,
        Self::Age,
        Self::Skew,
        Self::Size,
        Self::OneSided,
        Self::Locked,
        Self::Crossed,
        Self::Gap,
        Self::Reset,
        Self::Stale,
        Self::Disconnect,
        Self::End,
    ];

    /// As outputs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Age => "age",
            Self::Skew => "skew",
            Self::Size => "size",
            Self::OneSided => "one_sided",
            Self::Locked => "locked",
            Self::Crossed => "crossed",
            Self::Gap => "gap",
            Self::Reset => "reset",
            Self::Stale => "stale",
            Self::Disconnect => "disconnect",
            Self::End => "end",
        }
    }
}

impl From<Loss> for CloseReason {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Gap => Self::Gap,
            Loss::Reset => Self::Reset,
            Loss::Stale => Self::Stale,
            Loss::Disconnect => Self::Disconnect,
        }
    }
}

/// One telling of an opportunity. Returns are pure numbers, `0.001` is 10 bp; quantities are in units of the start asset: the home asset where the
/// path goes through it, else what the path's first leg gives. A number that is not known is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opportunity {
    /// Counts openings from 1; the same from open to close.
    pub id: u64,
    /// When this happened.
    pub ts: Timestamp,
    /// What happened.
    pub state: State,
    /// Which way.
    pub path: Path,
    /// The product of the rates after fees, minus 1. On a close that makes rates unknown, the last that was known.
    pub net: f64,
    /// The same before fees.
    pub gross: f64,
    /// How much of the start asset can go round through the best prices of all legs; after filters, where there are any.
    pub size: f64,
    /// What comes back more than is spent when `size` goes round, filters applied: dust that is left in between counts for nothing.
    pub profit: f64,
    /// Age of the oldest leg's last quote, in nanoseconds.
    pub age: i64,
    /// Span between the legs' last quotes, in nanoseconds.
    pub skew: i64,
    /// When it opened.
    pub opened: Timestamp,
    /// The greatest `net` so far.
    pub peak: f64,
    /// The greatest `size` so far.
    pub peak_size: f64,
}

impl Opportunity {
    /// How long it has been open, in nanoseconds.
    #[must_use]
    pub fn lifetime(&self) -> i64 {
        self.ts.saturating_sub(self.opened)
    }
}

/// Takes what a scan tells.
pub trait OpportunitySink {
    /// Takes one telling.
    fn opportunity(&mut self, opportunity: &Opportunity);
}

impl<F: FnMut(&Opportunity)> OpportunitySink for F {
    fn opportunity(&mut self, opportunity: &Opportunity) {
        self(opportunity);
    }
}

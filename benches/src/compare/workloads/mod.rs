//! What happens: rules and a stream of events for each workload, from fixed seeds.

mod compiling;
mod desk;
mod frames;
mod latency;
mod replay;
mod ways;

pub(super) use desk::kinds;
pub use desk::{Desk, Rules};
pub use frames::text_to_event;

use super::measure::{Mismatch, Settings};
use super::report::Row;

/// A workload by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Workload {
    /// One rule an instrument: mid above a constant and a narrow spread.
    W1,
    /// Rules over three instruments each, 30 of them an event.
    W2,
    /// A mid above its mean and three deviations of ten seconds; as W3b also with their greatest and least.
    W3,
    /// One trade, then another within five seconds with no third kind between.
    W4,
    /// All triangles of a universe made up, and as W5-real of the venue's own.
    W5,
    /// A mixed desk on a replay of recorded events.
    W6,
    /// Raw frames in, signals out, with the rules of W1; as W7-text only up to the event.
    W7,
    /// Rules compiled and replaced; times are for each rule.
    W8,
    /// From the time at which an event was due to the time at which its signals were out, at a million events a second, with the rules of W2.
    W9,
}

/// How large a workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Instruments of W1 to W4.
    pub instruments: usize,
    /// Rules of W2, and of the smaller compilation of W8.
    pub triples: usize,
    /// Assets and pairs of W5.
    pub markets: (usize, usize),
    /// Rules and instruments of W6.
    pub desk: (usize, usize),
    /// How often something is compiled, or a percentile taken.
    pub times: usize,
    /// How it is measured.
    pub settings: Settings,
}

impl Size {
    /// What numbers are taken from.
    pub const FULL: Self =
        Self { instruments: 1_000, triples: 10_000, markets: (400, 1_500), desk: (200, 300), times: 7, settings: Settings::FULL };
    /// What shows that it works.
    pub const QUICK: Self = Self { instruments: 20, triples: 200, markets: (40, 100), desk: (24, 40), times: 2, settings: Settings::QUICK };
}

/// What came out of a workload.
#[derive(Debug, Default)]
pub struct Outcome {
    /// A row for each engine.
    pub rows: Vec<Row>,
    /// Signals that differ.
    pub mismatches: Vec<Mismatch>,
    /// What was left out, and why.
    pub skipped: Vec<String>,
}

impl Outcome {
    /// This and what came out of another one.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.rows.extend(more.rows);
        self.mismatches.extend(more.mismatches);
        self.skipped.extend(more.skipped);
        self
    }
}

/// Runs a workload.
#[must_use]
pub fn run(workload: Workload, size: &Size) -> Outcome {
    match workload {
        Workload::W1 | Workload::W2 | Workload::W3 | Workload::W4 => desk::run(workload, size),
        Workload::W5 => ways::run(size),
        Workload::W6 => replay::run(size),
        Workload::W7 => frames::run(size),
        Workload::W8 => compiling::run(size),
        Workload::W9 => latency::run(size),
    }
}

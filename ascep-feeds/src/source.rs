//! What all sources of recorded events have in common: the pull trait, its settings and its counters.

use crate::error::ReadError;
use crate::event::MarketEvent;
use crate::symbols::Symbols;
use crate::time::TsUnit;

/// The longest line that a reader takes unless told otherwise, in bytes.
pub const DEFAULT_MAX_LINE: usize = 1 << 20;

/// A source that is asked for its events one after the other: a file, a capture, the simulated market, several of them merged.
/// Live feeds push instead, see [`crate::live`].
pub trait EventSource {
    /// The next event, or a row that can't be read, or why the source ended early; `None` at its end and after a fatal error.
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>>;

    /// What messages call it: the path of a file, the SPEC of a feed.
    fn name(&self) -> &str;

    /// What it did so far.
    fn counters(&self) -> SourceCounters;

    /// How far it is, where it has an end.
    fn progress(&self) -> Option<Progress> {
        None
    }
}

impl<S: EventSource + ?Sized> EventSource for Box<S> {
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        (**self).next_event(symbols)
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn counters(&self) -> SourceCounters {
        (**self).counters()
    }

    fn progress(&self) -> Option<Progress> {
        (**self).progress()
    }
}

/// How much of a file is read, in bytes as they lie on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Read so far.
    pub read: u64,
    /// The size of it all; 0 where it is not known.
    pub total: u64,
}

/// What a source did so far. Every line is in exactly one of `event_lines`, `refused`, `control`, `skipped`, `unknown`, `blank`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceCounters {
    /// Lines read, the header of a CSV file not counted.
    pub lines: u64,
    /// Lines that gave events.
    pub event_lines: u64,
    /// Events given.
    pub events: u64,
    /// Lines that can't be read.
    pub refused: u64,
    /// Frames about the connection, not the market.
    pub control: u64,
    /// Frames that are understood, but give no event (differences of a book, for now).
    pub skipped: u64,
    /// Frames of a type not known here.
    pub unknown: u64,
    /// Lines with nothing on them.
    pub blank: u64,
    /// Frames of a capture in the form in which the venue sends them, read in one pass.
    pub scanned: u64,
    /// Frames of a capture of another form, read by the slower decoder that takes any.
    pub fell_back: u64,
}

impl SourceCounters {
    /// Adds those of another source.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.event_lines += other.event_lines;
        self.events += other.events;
        self.refused += other.refused;
        self.control += other.control;
        self.skipped += other.skipped;
        self.unknown += other.unknown;
        self.blank += other.blank;
        self.scanned += other.scanned;
        self.fell_back += other.fell_back;
    }
}

/// How recorded data are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The unit of integer times in native CSV and JSONL; captures are always in ns.
    pub ts_unit: TsUnit,
    /// The first row that can't be read ends the source.
    pub strict: bool,
    /// The longest line in bytes; a longer one is refused, whatever it holds.
    pub max_line: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { ts_unit: TsUnit::default(), strict: false, max_line: DEFAULT_MAX_LINE }
    }
}

//! Errors of the engine. None of them leaves it in a different state.

use ascep_lang::program::{InputId, InvalidProgram, ParamId};

use crate::event::InstrumentId;

/// Why an engine could not be built from a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The program is not one that the compiler or the builder made, or of another version.
    #[error("the program is invalid: {0}")]
    Program(#[from] InvalidProgram),
    /// The rules call a function that the host did not give.
    #[error("the rules call the function `{name}`, which was not given")]
    Function {
        /// Its name.
        name: String,
    },
    /// A host input is an event.
    #[error("input `{name}` can't be an event")]
    EventInput {
        /// Its name.
        name: String,
    },
    /// A market of a `cycles(..)` is none.
    #[error("the markets of `cycles` make no universe: {reason}")]
    ScanMarket {
        /// As the universe says it.
        reason: String,
    },
    /// Two symbols of a `cycles(..)` are one instrument.
    #[error("`{first}` and `{second}` are one instrument: name it once among the markets of a `cycles`")]
    ScanTwice {
        /// As one is written.
        first: String,
        /// As the other is.
        second: String,
    },
    /// A `cycles(..)` has more ways than [`EngineOptions::max_scan_ways`](crate::EngineOptions::max_scan_ways).
    #[error(
        "a `cycles` has more than {limit} ways of up to {legs} legs: ask for fewer legs or fewer markets, or raise the option `max_scan_ways`"
    )]
    ScanWays {
        /// How many are allowed.
        limit: usize,
        /// Of how many legs at most.
        legs: usize,
    },
    /// An option is out of its range.
    #[error("option `{option}` is invalid: {reason}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The program needs more memory than it may take.
    #[error("the rules can come to hold {needed} bytes, more than the {limit} allowed")]
    Memory {
        /// Bytes of plan and state.
        needed: usize,
        /// [`EngineOptions::max_bytes`](crate::EngineOptions::max_bytes)
        limit: usize,
    },
    /// The system does not give that much memory.
    #[error("the rules can come to hold {needed} bytes, more than the system gives")]
    Exhausted {
        /// Bytes of plan and state.
        needed: usize,
    },
    /// The state of the running engine can't be taken over, which never happens to a state that events led to.
    #[error("the state of the engine can't be taken over")]
    State,
    /// The system gives no thread for a shard.
    #[error("no thread for a shard: {reason}")]
    Thread {
        /// As the system says it.
        reason: String,
    },
    /// More nodes, rules or instruments than 32 bits can count.
    #[error("the program is too large")]
    TooLarge,
}

/// Where a batch of events ended early, and why.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("event {index} of the batch: {error}")]
pub struct BatchError {
    /// The place of the refused event in the batch.
    pub index: usize,
    /// What is wrong with it.
    pub error: EventError,
}

/// Why an engine could not be made from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes do not begin as a snapshot does.
    #[error("this is no snapshot of an engine")]
    Foreign,
    /// A snapshot of another version.
    #[error("the snapshot has version {form} for language version {language}, which this engine does not read")]
    Version {
        /// Of the form.
        form: u32,
        /// Of the rule language.
        language: u32,
    },
    /// Cut, changed, or not what an engine writes.
    #[error("the snapshot is damaged: restore an older one, or start anew")]
    Damaged,
    /// The program can't be run.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Why an event was refused. It did not move the clock.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A price is not a finite number above 0.
    #[error("{what} of {value} is not a finite number above 0")]
    Price {
        /// Which number.
        what: &'static str,
        /// What it was.
        value: f64,
    },
    /// A quantity is negative or not finite.
    #[error("{what} of {value} is not a finite number of 0 or more")]
    Quantity {
        /// Which number.
        what: &'static str,
        /// What it was.
        value: f64,
    },
    /// A time that can't be computed with.
    #[error("{what} of {value} is out of range")]
    Time {
        /// Which time.
        what: &'static str,
        /// What it was.
        value: i64,
    },
    /// The instrument is of another engine.
    #[error("instrument {} is not one of this engine", .0.0)]
    Instrument(InstrumentId),
}

/// Why a parameter or an input was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// No such parameter.
    #[error("parameter {} is not one of this program", .0.0)]
    UnknownParam(ParamId),
    /// No such input.
    #[error("input {} is not one of this program", .0.0)]
    UnknownInput(InputId),
    /// The value is of another type.
    #[error("the value is not of the declared type")]
    Type,
    /// The value is out of the declared range, not finite, or a length of time of 0 or less where it is used as one.
    #[error("the value is out of range")]
    Range,
}

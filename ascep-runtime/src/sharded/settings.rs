//! What the host sets of a sharded engine, what it can ask of each shard, and what can go wrong.

use crate::error::{BatchError, BuildError, EventError, ParamError};

/// The most shards.
pub(super) const MOST_SHARDS: usize = 64;
const MOST_EVENTS: usize = 1 << 16;
const MOST_SIGNALS: usize = 1 << 20;

/// How an engine is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardSettings {
    /// The most shards, from 1 to 64. Each but the first has a thread of its own, and a program has at most as many as it has parts that share nothing.
    pub shards: usize,
    /// The most events of a round, from 1 to 65,536: so many are dealt to the shards before the signals that come of them are put in order. Two rounds are under way at once.
    /// Larger rounds cost less for each event, and their signals come later.
    pub round_events: usize,
    /// How many signals a page holds, from 1 to 1,048,576. A shard has four pages. What does not fit on them is not lost: the shard waits until its
    /// first page has been read, which [`ShardStats::early_pages`] counts.
    pub page_signals: usize,
}

impl ShardSettings {
    /// So many shards, rounds of 1,024 events, pages of 1,024 signals.
    #[must_use]
    pub fn new(shards: usize) -> Self {
        Self { shards, round_events: 1_024, page_signals: 1_024 }
    }

    /// These settings with rounds of another length.
    #[must_use]
    pub fn with_round_events(mut self, events: usize) -> Self {
        self.round_events = events;
        self
    }

    /// These settings with pages of another size.
    #[must_use]
    pub fn with_page_signals(mut self, signals: usize) -> Self {
        self.page_signals = signals;
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let Self { shards, round_events, page_signals } = *self;
        for (option, value, most, reason) in [
            ("shards", shards, MOST_SHARDS, "from 1 to 64 shards"),
            ("round_events", round_events, MOST_EVENTS, "from 1 to 65,536 events"),
            ("page_signals", page_signals, MOST_SIGNALS, "from 1 to 1,048,576 signals"),
        ] {
            if value == 0 || value > most {
                return Err(BuildError::Option { option, reason });
            }
        }
        Ok(())
    }
}

/// One shard: what it is of, and what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ShardStats {
    /// Rule instances.
    pub rules: usize,
    /// Instruments whose events go to it.
    pub instruments: usize,
    /// Parts of the program that share nothing with any other.
    pub components: usize,
    /// What it weighs, by which components are dealt: operators and rules.
    pub weight: u64,
    /// Bytes of its engine, and of its batches and pages.
    pub bytes: usize,
    /// Events that went to it.
    pub events: u64,
    /// Signals that came of it.
    pub signals: u64,
    /// Pages of signals that were full before their round was done.
    pub early_pages: u64,
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardedError {
    /// The event was refused. It did not move the clock.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An event of a batch was refused: those before it were taken, those after it are left to the caller.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The parameter or input was not set.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// A function of the host or a sink has panicked while a shard was at work, so that its state is not that of one engine any more. What was given out
    /// before is right. The engine takes nothing more: build another one, from where the events are kept.
    #[error("shard {shard} has ended in the middle of its work, so the engine can't go on: build another one")]
    Ended {
        /// Which; 0 is the one on the caller's thread.
        shard: usize,
    },
}

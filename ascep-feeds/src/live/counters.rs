//! What a live feed did so far.

use std::sync::Mutex;
use std::sync::PoisonError;

/// What a live feed did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedCounters {
    /// Messages received.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages in the form in which the venue sends them, read in one pass.
    pub scanned: u64,
    /// Messages of another form, read by the slower decoder that takes any.
    pub fell_back: u64,
    /// Events handed on, statuses included.
    pub events: u64,
    /// Messages about the connection.
    pub control: u64,
    /// Messages that are understood but give no event.
    pub skipped: u64,
    /// Messages of a type not known here.
    pub unknown: u64,
    /// Messages that can't be read.
    pub refused: u64,
    /// Messages of symbols that nobody asked for.
    pub unsubscribed: u64,
    /// Messages that an overlapping connection had brought already.
    pub duplicates: u64,
    /// Quotes and books that a newer one replaced in a full queue.
    pub conflated: u64,
    /// Times that the feed had to wait for a full queue.
    pub waits: u64,
    /// Ping frames, answered with pongs.
    pub pings: u64,
    /// Attempts to connect.
    pub attempts: u64,
    /// Connections that came to work.
    pub connects: u64,
    /// Connections that were lost, attempts that failed included.
    pub lost: u64,
    /// Connections that were replaced in time.
    pub replaced: u64,
    /// Times that the venue announced its shutdown.
    pub shutdowns: u64,
    /// Times that the venue said there were too many requests.
    pub rate_limited: u64,
    /// Requests that the venue refused.
    pub refused_requests: u64,
    /// Times that a connection was quiet for too long.
    pub stale: u64,
    /// Connections dropped because nothing came any more.
    pub half_open: u64,
    /// Attempts that had to wait for the limit on connecting.
    pub held_connects: u64,
}

/// Counters that the thread of the feed writes and others read.
#[derive(Debug, Default)]
pub(super) struct Shared {
    counters: Mutex<FeedCounters>,
    last_trouble: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn count(&self, change: impl FnOnce(&mut FeedCounters)) {
        change(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn get(&self) -> FeedCounters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self, what: String) {
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! Keeps one wild time of a live feed from pushing the clock years ahead. A replay has no such guard.

use rustc_hash::FxHashMap;

use crate::event::Timestamp;

/// The default limit: one hour, in ns.
pub const DEFAULT_AHEAD: i64 = 3_600_000_000_000;

/// Refuses events that are far ahead of the clock unless a second one of the same feed, the very next, confirms the new time.
#[derive(Debug, Clone)]
pub struct FutureGuard {
    limit: i64,
    suspects: FxHashMap<usize, Timestamp>,
    counters: GuardCounters,
}

/// What a guard did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardCounters {
    /// Events that were too far ahead.
    pub refused: u64,
    /// Times that a second event confirmed.
    pub confirmed: u64,
}

impl Default for FutureGuard {
    fn default() -> Self {
        Self::new(DEFAULT_AHEAD)
    }
}

impl FutureGuard {
    /// A guard with a limit in ns.
    #[must_use]
    pub fn new(limit: i64) -> Self {
        Self { limit, suspects: FxHashMap::default(), counters: GuardCounters::default() }
    }

    /// Whether an event of a feed may go to the engine, given the engine's clock (none before its first event).
    pub fn admit(&mut self, feed: usize, ts: Timestamp, clock: Option<Timestamp>) -> bool {
        let ahead = |of: Timestamp| ts.saturating_sub(of) > self.limit;
        if !clock.is_some_and(ahead) {
            self.suspects.remove(&feed);
            return true;
        }
        match self.suspects.remove(&feed) {
            Some(suspect) if ts.saturating_sub(suspect).saturating_abs() <= self.limit => {
                self.counters.confirmed += 1;
                true
            }
            _ => {
                self.suspects.insert(feed, ts);
                self.counters.refused += 1;
                false
            }
        }
    }

    /// What it did so far.
    #[must_use]
    pub fn counters(&self) -> GuardCounters {
        self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = DEFAULT_AHEAD;

    #[test]
    fn one_wild_time_is_refused() {
        let mut guard = FutureGuard::default();
        assert!(guard.admit(0, 5, None));
        assert!(guard.admit(0, HOUR + 5, Some(5)));
        assert!(!guard.admit(0, HOUR + 6, Some(5)));
        assert!(guard.admit(0, 6, Some(5)));
        assert!(!guard.admit(0, HOUR + 7, Some(5)), "the event between took the suspicion back");
        assert_eq!(guard.counters(), GuardCounters { refused: 2, confirmed: 0 });
    }

    #[test]
    fn a_second_one_of_the_feed_confirms() {
        let ten_years = 10 * 365 * 24 * HOUR;
        let mut guard = FutureGuard::default();
        assert!(!guard.admit(0, ten_years, Some(5)));
        assert!(!guard.admit(1, ten_years, Some(5)), "another feed confirms nothing");
        assert!(!guard.admit(0, 2 * ten_years, Some(5)), "another time confirms nothing");
        assert!(guard.admit(0, 2 * ten_years + 1, Some(5)));
        assert!(!guard.admit(0, i64::MAX, Some(i64::MIN)));
        assert_eq!(guard.counters(), GuardCounters { refused: 4, confirmed: 1 });
    }
}

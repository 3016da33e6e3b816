//! Keeps one wild time of a live feed from pushing the clock years ahead. Part of [`crate::order`]; a replay has no such guard by default.

use crate::event::Timestamp;

/// Refuses events of a feed that are far ahead of the clock unless a second one, the very next, confirms the new time.
#[derive(Debug, Clone)]
pub(crate) struct FutureGuard {
    limit: i64,
    suspect: Option<Timestamp>,
}

/// Whether an event may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Fine,
    /// Far ahead, as the one before it was.
    Confirmed,
    Refused,
}

impl FutureGuard {
    /// A guard with a limit in ns.
    pub(crate) fn new(limit: i64) -> Self {
        Self { limit, suspect: None }
    }

    pub(crate) fn limit(&self) -> i64 {
        self.limit
    }

    /// Whether an event may go on, given the clock.
    pub(crate) fn admit(&mut self, ts: Timestamp, clock: Timestamp) -> Admission {
        let suspect = self.suspect.take();
        if ts.saturating_sub(clock) <= self.limit {
            return Admission::Fine;
        }
        match suspect {
            Some(suspect) if ts.saturating_sub(suspect).saturating_abs() <= self.limit => Admission::Confirmed,
            _ => {
                self.suspect = Some(ts);
                Admission::Refused
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = crate::order::DEFAULT_AHEAD;

    #[test]
    fn one_wild_time_is_refused() {
        let mut guard = FutureGuard::new(HOUR);
        assert_eq!(guard.admit(HOUR + 5, 5), Admission::Fine);
        assert_eq!(guard.admit(HOUR + 6, 5), Admission::Refused);
        assert_eq!(guard.admit(6, 5), Admission::Fine);
        assert_eq!(guard.admit(HOUR + 7, 5), Admission::Refused, "the event between took the suspicion back");
    }

    #[test]
    fn a_second_one_confirms() {
        let ten_years = 10 * 365 * 24 * HOUR;
        let mut guard = FutureGuard::new(HOUR);
        assert_eq!(guard.admit(ten_years, 5), Admission::Refused);
        assert_eq!(guard.admit(2 * ten_years, 5), Admission::Refused, "another time confirms nothing");
        assert_eq!(guard.admit(2 * ten_years + 1, 5), Admission::Confirmed);
        assert_eq!(guard.admit(i64::MAX, i64::MIN), Admission::Refused);
    }
}

//! The settings of a feed about time, and how a command line writes them.

use std::fmt;
use std::str::FromStr;

use crate::number::short;
use crate::time;

/// How far ahead of the clock a live event may be unless told otherwise: one hour, in ns.
pub const DEFAULT_AHEAD: i64 = 3_600_000_000_000;
/// For how much event time a reorder buffer holds back unless told otherwise, in ns.
pub const DEFAULT_DELAY: i64 = 200_000_000;
/// How many events a reorder buffer holds unless told otherwise.
pub const DEFAULT_HOLD: usize = 65_536;
/// The most events that a reorder buffer holds whatever it is told.
pub const MAX_HOLD: usize = 1 << 24;

/// What is done with an event that is older than the engine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LatePolicy {
    /// It is applied as of the clock.
    #[default]
    Apply,
    /// It is left out. A status of the feed is applied all the same.
    Drop,
    /// Events are held back until one `delay` ns newer has been seen, and given in order. One that comes later than that is applied as of
    /// the clock. When more than `hold` are held the oldest goes early.
    Reorder {
        /// In ns of event time, from 1.
        delay: i64,
        /// At most [`MAX_HOLD`].
        hold: usize,
    },
}

/// What a feed does about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimePolicy {
    /// With events that are late.
    pub late: LatePolicy,
    /// An event more than so many ns ahead of the clock is refused unless the very next one of the feed confirms the new time; `None`
    /// takes every time.
    pub ahead: Option<i64>,
}

impl TimePolicy {
    /// That of a live feed: late events are applied, those more than an hour ahead are refused.
    #[must_use]
    pub const fn live() -> Self {
        Self { late: LatePolicy::Apply, ahead: Some(DEFAULT_AHEAD) }
    }

    /// That of recorded data: late events are applied, and no time is too far ahead.
    #[must_use]
    pub const fn replay() -> Self {
        Self { late: LatePolicy::Apply, ahead: None }
    }

    /// With another policy for late events.
    #[must_use]
    pub const fn with_late(mut self, late: LatePolicy) -> Self {
        self.late = late;
        self
    }

    /// With another limit, in ns, or none.
    #[must_use]
    pub const fn with_ahead(mut self, ahead: Option<i64>) -> Self {
        self.ahead = ahead;
        self
    }
}

/// Why the text of a policy is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not a policy.
    #[error("{text:?} is no policy for late events; write `apply`, `drop`, `reorder`, or `reorder:200ms` with the time to wait for them")]
    NotAPolicy {
        /// As it stands there, shortened.
        text: String,
    },
    /// Not a time to wait.
    #[error("a reorder buffer can't wait for {text:?}: {error}")]
    Delay {
        /// As it stands there, shortened.
        text: String,
        /// Why.
        error: time::DurationError,
    },
    /// Not a number of events.
    #[error("a reorder buffer can't hold {text:?} events: write a whole number from 1 to {MAX_HOLD}")]
    Hold {
        /// As it stands there, shortened.
        text: String,
    },
}

/// The delay of a reorder buffer from text.
pub(crate) fn delay(text: &str) -> Result<i64, PolicyError> {
    time::duration(text).map_err(|error| PolicyError::Delay { text: short(text), error })
}

/// The size of a reorder buffer from text.
pub(crate) fn hold(text: &str) -> Result<usize, PolicyError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let hold = text.parse::<usize>().ok().filter(|hold| digits && (1..=MAX_HOLD).contains(hold));
    hold.ok_or_else(|| PolicyError::Hold { text: short(text) })
}

impl FromStr for LatePolicy {
    type Err = PolicyError;

    /// `apply`, `drop`, `reorder`, `reorder:200ms`, `reorder:200ms:1000`.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        match text {
            "apply" => return Ok(Self::Apply),
            "drop" => return Ok(Self::Drop),
            "reorder" => return Ok(Self::Reorder { delay: DEFAULT_DELAY, hold: DEFAULT_HOLD }),
            _ => {}
        }
        let Some(rest) = text.strip_prefix("reorder:") else { return Err(PolicyError::NotAPolicy { text: short(text) }) };
        match rest.split_once(':') {
            None => Ok(Self::Reorder { delay: delay(rest)?, hold: DEFAULT_HOLD }),
            Some((wait, most)) => Ok(Self::Reorder { delay: delay(wait)?, hold: hold(most)? }),
        }
    }
}

impl fmt::Display for LatePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply => f.write_str("apply"),
            Self::Drop => f.write_str("drop"),
            Self::Reorder { delay, hold } => write!(f, "reorder:{delay}ns:{hold}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn policies_are_read() {
        let reorder = |delay, hold| LatePolicy::Reorder { delay, hold };
        for (text, policy) in [
            ("apply", LatePolicy::Apply),
            ("drop", LatePolicy::Drop),
            ("reorder", reorder(DEFAULT_DELAY, DEFAULT_HOLD)),
            ("reorder:1.5s", reorder(1_500_000_000, DEFAULT_HOLD)),
            ("reorder:200ms:10", reorder(200_000_000, 10)),
        ] {
            assert_eq!(text.parse(), Ok(policy), "{text}");
            assert_eq!(policy.to_string().parse(), Ok(policy), "{text}");
        }
    }

    #[test]
    fn what_is_no_policy_says_what_is() {
        let error = |text: &str| text.parse::<LatePolicy>().unwrap_err();
        for text in ["", "wait", "reorder=1s", "Apply", "drop:1s"] {
            assert!(error(text).to_string().contains("write `apply`"), "{text}");
        }
        assert!(error("reorder:soon").to_string().contains("such as 250ms"));
        assert!(error("reorder:0s").to_string().contains("above 0"));
        for text in ["reorder:1s:", "reorder:1s:0", "reorder:1s:+5", "reorder:1s:99999999999"] {
            assert!(matches!(error(text), PolicyError::Hold { .. }), "{text}");
        }
    }
}

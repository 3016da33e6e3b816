//! Times as files write them: integers in a unit, or RFC 3339.

use std::str::FromStr;

use crate::event::Timestamp;
use crate::number::short;

/// The unit of integer times in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TsUnit {
    /// Nanoseconds.
    #[default]
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

impl TsUnit {
    /// How many ns it is.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        match self {
            Self::Ns => 1,
            Self::Us => 1_000,
            Self::Ms => 1_000_000,
            Self::S => 1_000_000_000,
        }
    }
}

impl FromStr for TsUnit {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        match text {
            "ns" => Ok(Self::Ns),
            "us" => Ok(Self::Us),
            "ms" => Ok(Self::Ms),
            "s" => Ok(Self::S),
            _ => Err(TimeError::NotAUnit { text: short(text) }),
        }
    }
}

/// Why a time is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Neither an integer nor RFC 3339.
    #[error("{text:?} is no time: neither an integer nor RFC 3339 as in 2024-08-08T21:30:00Z")]
    NotATime {
        /// As it stands there, shortened.
        text: String,
    },
    /// Before 1677 or after 2262, which does not fit 64-bit nanoseconds.
    #[error("the time {text} lies outside the years 1677 to 2262")]
    OutOfRange {
        /// As it stands there, shortened.
        text: String,
    },
    /// Not a unit.
    #[error("{text:?} is no unit of time: `ns`, `us`, `ms` or `s`")]
    NotAUnit {
        /// As it stands there, shortened.
        text: String,
    },
}

/// A time from an integer in a unit.
///
/// # Errors
/// When it does not fit.
pub fn from_integer(value: i128, unit: TsUnit) -> Result<Timestamp, TimeError> {
    value
        .checked_mul(i128::from(unit.nanoseconds()))
        .and_then(|ns| Timestamp::try_from(ns).ok())
        .ok_or_else(|| TimeError::OutOfRange { text: value.to_string() })
}

/// A time from text: an integer in a unit, or RFC 3339.
///
/// # Errors
/// When it is neither, or does not fit.
pub fn parse(text: &str, unit: TsUnit) -> Result<Timestamp, TimeError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let value = text.parse::<i128>().map_err(|_| TimeError::OutOfRange { text: short(text) })?;
        return from_integer(value, unit);
    }
    let time = text.parse::<jiff::Timestamp>().map_err(|_| TimeError::NotATime { text: short(text) })?;
    Timestamp::try_from(time.as_nanosecond()).map_err(|_| TimeError::OutOfRange { text: short(text) })
}

/// Why a length of time is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number with a unit.
    #[error("a duration is a number with ns, us, ms, s, m, h or d, such as 250ms or 1.5s")]
    NotADuration,
    /// Finer than a nanosecond.
    #[error("a duration is a whole number of nanoseconds")]
    NotWhole,
    /// Beyond 292 years, or none at all.
    #[error("a duration is above 0 and at most 292 years")]
    OutOfRange,
}

const UNITS: [(&str, i128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// A length of time above 0 in ns from text, as the rule language writes it: `250ms`, `1.5s`, `1_000us`.
///
/// # Errors
/// When it is none, or does not fit.
pub fn duration(text: &str) -> Result<i64, DurationError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '_' | '.')).ok_or(DurationError::NotADuration)?;
    let (number, unit) = text.split_at(end);
    let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, scale)| scale).ok_or(DurationError::NotADuration)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| -> Option<String> {
        let digits: String = text.chars().filter(|&c| c != '_').collect();
        (!digits.is_empty() && !digits.contains('.')).then_some(digits)
    };
    let (Some(whole), Some(fraction)) = (digits(whole), digits(fraction)) else { return Err(DurationError::NotADuration) };
    let fraction = fraction.trim_end_matches('0');
    let whole: i128 = whole.parse::<u64>().map_err(|_| DurationError::OutOfRange)?.into();
    // A nanosecond is less than 20 digits below any unit.
    let places = u32::try_from(fraction.len()).ok().filter(|&places| places <= 20).ok_or(DurationError::NotWhole)?;
    let parts = scale * fraction.parse::<i128>().unwrap_or(0);
    let one = 10_i128.pow(places);
    if parts % one != 0 {
        return Err(DurationError::NotWhole);
    }
    let nanos = whole * scale + parts / one;
    match i64::try_from(nanos) {
        Ok(nanos) if nanos > 0 => Ok(nanos),
        _ => Err(DurationError::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn units_and_rfc_3339() {
        assert_eq!(parse("1722988800", TsUnit::S).unwrap(), 1_722_988_800_000_000_000);
        assert_eq!(parse("-5", TsUnit::Us).unwrap(), -5_000);
        assert_eq!(parse("2024-08-07T00:00:00Z", TsUnit::S).unwrap(), 1_722_988_800_000_000_000);
        assert_eq!(parse("2024-08-07T02:00:00.000000001+02:00", TsUnit::Ns).unwrap(), 1_722_988_800_000_000_001);
    }

    #[test]
    fn lengths_of_time() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            ("1_000us", 1_000_000),
            ("0.05m", 3_000_000_000),
            ("1d", 86_400_000_000_000),
            ("0.000000001s", 1),
            ("2.50h", 9_000_000_000_000),
            ("9223372036854775807ns", i64::MAX),
        ] {
            assert_eq!(duration(text), Ok(nanos), "{text}");
        }
        for text in ["", "10", "s", "_s", "-1s", "1 s", "1w", "1.s", ".5s", "1.2.3s", "1e3s", "1S"] {
            assert_eq!(duration(text), Err(DurationError::NotADuration), "{text}");
        }
        for text in ["0.5ns", "0.0000000001s", "0.000000000000000000000001s", "0.000000000001m"] {
            assert_eq!(duration(text), Err(DurationError::NotWhole), "{text}");
        }
        for text in ["0s", "0.0s", "9223372036854775808ns", "99999999999999999999s", "9999999d"] {
            assert_eq!(duration(text), Err(DurationError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in ["", "-", "abc", "1.5", "2024-13-01T00:00:00Z", "2024-08-07"] {
            assert!(matches!(parse(text, TsUnit::Ns), Err(TimeError::NotATime { .. })), "{text}");
        }
        assert!(matches!(parse("9223372036854775808", TsUnit::Ns), Err(TimeError::OutOfRange { .. })));
        assert!(matches!(parse("9223372036854775807", TsUnit::S), Err(TimeError::OutOfRange { .. })));
        assert!(matches!(parse(&"9".repeat(60), TsUnit::Ns), Err(TimeError::OutOfRange { .. })));
        assert!(matches!(parse("9999-01-01T00:00:00Z", TsUnit::Ns), Err(TimeError::OutOfRange { .. })));
        assert!("h".parse::<TsUnit>().is_err());
    }
}

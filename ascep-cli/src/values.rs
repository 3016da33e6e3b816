//! Values on the command line: durations, times and parameters, read with the messages that a person needs.

use std::str::FromStr;

use ascep_feeds::time::DurationError;

/// Why a value of the command line cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// Not a duration.
    #[error(transparent)]
    Duration(DurationError),
    /// Not a time.
    #[error("a time is RFC 3339, such as 2024-08-08T23:54:15Z, or whole nanoseconds since 1970")]
    Moment,
    /// Not a binding.
    #[error("an instance is VARIABLE=SYMBOL, such as s=BTC/USDT")]
    Binding,
    /// Not a parameter.
    #[error("a parameter is NAME=VALUE, such as fee=10bp")]
    Param,
    /// Not a part.
    #[error("a fee or a return is a number with bp or %, such as 7.5bp or 0.1%, or a plain part such as 0.00075")]
    Ratio,
    /// Not a size, or one beyond what a machine can address.
    #[error("a size is a whole number of bytes, or of KiB, MiB or GiB with K, M or G, such as 512M")]
    Bytes,
}

/// A length of time, in nanoseconds, above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) i64);

impl FromStr for Span {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        ascep_feeds::time::duration(text).map(Self).map_err(ValueError::Duration)
    }
}

/// A time, in nanoseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) i64);

impl FromStr for Moment {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Ok(nanos) = text.parse::<i64>() {
            return Ok(Self(nanos));
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| ValueError::Moment)?;
        i64::try_from(timestamp.as_nanosecond()).map(Self).map_err(|_| ValueError::Moment)
    }
}

/// A time, or a length of time after the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// A time.
    Moment(Moment),
    /// `+1.5s`
    After(i64),
}

impl FromStr for At {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix('+') {
            Some(zero) if zero.parse() == Ok(0_u8) => Ok(Self::After(0)),
            Some(span) => span.parse::<Span>().map(|span| Self::After(span.0)),
            None => text.parse().map(Self::Moment),
        }
    }
}

/// `VARIABLE=SYMBOL` of an instance.
pub(crate) fn binding(text: &str) -> Result<(String, String), ValueError> {
    match text.split_once('=') {
        Some((variable, symbol)) if !variable.trim().is_empty() && !symbol.trim().is_empty() => {
            Ok((variable.trim().to_owned(), symbol.trim().trim_matches('"').to_owned()))
        }
        _ => Err(ValueError::Binding),
    }
}

/// `NAME=VALUE`; the value is read by the compiler, which knows the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Param {
    /// Left of the first `=`.
    pub(crate) name: String,
    /// Right of it.
    pub(crate) value: String,
}

impl FromStr for Param {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (name, value) = text.split_once('=').ok_or(ValueError::Param)?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || value.is_empty() {
            return Err(ValueError::Param);
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// A part of what is exchanged: `7.5bp`, `0.1%`, or plain `0.00075`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio(pub(crate) f64);

impl FromStr for Ratio {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let (number, exponent) = match (text.strip_suffix("bp"), text.strip_suffix('%')) {
            (Some(number), _) => (number, "e-4"),
            (_, Some(number)) => (number, "e-2"),
            _ => (text, ""),
        };
        // Digits, as the language writes numbers; the exponent is ours, so that 7.5bp is the number nearest to 0.00075.
        let plain = number.trim_end().replace('_', "");
        if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) {
            return Err(ValueError::Ratio);
        }
        format!("{plain}{exponent}").parse().map(Self).map_err(|_| ValueError::Ratio)
    }
}

/// A size in bytes; `K`, `M` and `G` stand for powers of 1,024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) usize);

impl FromStr for Bytes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (number, shift) = match text.as_bytes().last() {
            Some(b'K' | b'k') => (text.get(..text.len() - 1), 10),
            Some(b'M' | b'm') => (text.get(..text.len() - 1), 20),
            Some(b'G' | b'g') => (text.get(..text.len() - 1), 30),
            _ => (Some(text), 0),
        };
        // `parse` takes a sign, which a size has not.
        let number = number.filter(|number| number.bytes().all(|b| b.is_ascii_digit())).ok_or(ValueError::Bytes)?;
        let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift)).ok_or(ValueError::Bytes)?;
        usize::try_from(bytes).map(Self).map_err(|_| ValueError::Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_refused() {
        assert_eq!("250ms".parse(), Ok(Span(250_000_000)));
        assert_eq!("1_000us".parse(), Ok(Span(1_000_000)));
        assert_eq!("1d".parse(), Ok(Span(86_400_000_000_000)));
        assert_eq!("1.5s".parse(), Ok(Span(1_500_000_000)), "as `FOR 1.5s` in a rule");
        assert_eq!("10".parse::<Span>(), Err(ValueError::Duration(DurationError::NotADuration)));
        assert_eq!("0s".parse::<Span>(), Err(ValueError::Duration(DurationError::OutOfRange)));
    }

    #[test]
    fn times_read_and_refused() {
        assert_eq!("1722988800000000000".parse(), Ok(Moment(1_722_988_800_000_000_000)));
        assert_eq!("2024-08-07T00:00:00Z".parse(), Ok(Moment(1_722_988_800_000_000_000)));
        assert_eq!("2024-08-07T02:00:00.5+02:00".parse(), Ok(Moment(1_722_988_800_500_000_000)));
        assert_eq!("yesterday".parse::<Moment>(), Err(ValueError::Moment));
        assert_eq!("9999-12-31T00:00:00Z".parse::<Moment>(), Err(ValueError::Moment));
    }

    #[test]
    fn times_after_the_first_event() {
        assert_eq!("+1.5s".parse(), Ok(At::After(1_500_000_000)));
        assert_eq!("+0".parse(), Ok(At::After(0)));
        assert_eq!("15".parse(), Ok(At::Moment(Moment(15))));
        for bad in ["+", "+-1s", "+5", "soon"] {
            assert!(bad.parse::<At>().is_err(), "{bad}");
        }
        assert_eq!(binding("s=BTC/USDT"), Ok(("s".to_owned(), "BTC/USDT".to_owned())));
        assert_eq!(binding(" s = \"BTC/USDT\""), Ok(("s".to_owned(), "BTC/USDT".to_owned())));
        assert_eq!(binding("s"), Err(ValueError::Binding));
    }

    #[test]
    fn sizes_read_and_refused() {
        assert_eq!("1000".parse(), Ok(Bytes(1_000)));
        assert_eq!("2K".parse(), Ok(Bytes(2_048)));
        assert_eq!("1m".parse(), Ok(Bytes(1 << 20)));
        assert_eq!("3G".parse(), Ok(Bytes(3 << 30)));
        for bad in ["", "K", "+1", "-1", "1.5G", "1 G", "1T", "1KB", "99999999999G", "99999999999999999999"] {
            assert_eq!(bad.parse::<Bytes>(), Err(ValueError::Bytes), "{bad}");
        }
    }

    #[test]
    fn parts_read_and_refused() {
        for (text, want) in [("7.5bp", 0.00075), ("0.1%", 0.001), ("0.00075", 0.00075), ("0", 0.0), ("-1bp", -0.0001), ("1_0bp", 0.001)] {
            assert_eq!(text.parse(), Ok(Ratio(want)), "{text}");
        }
        for bad in ["", "bp", "x", "1e3", "inf", "nan", "1bps", "--1", "1.2.3", "+1bp"] {
            assert_eq!(bad.parse::<Ratio>(), Err(ValueError::Ratio), "{bad}");
        }
    }

    #[test]
    fn parameters_split_at_the_first_equals() {
        assert_eq!("fee=10bp".parse(), Ok(Param { name: "fee".into(), value: "10bp".into() }));
        assert_eq!(" a = b=c ".parse(), Ok(Param { name: "a".into(), value: "b=c".into() }));
        for bad in ["fee", "=1", "fee="] {
            assert_eq!(bad.parse::<Param>(), Err(ValueError::Param), "{bad}");
        }
    }
}

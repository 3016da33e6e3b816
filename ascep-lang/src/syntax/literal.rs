//! The values of number, duration and string tokens, and numbers back to text.
//!
//! `0.5%` and `5bp` are scaled in decimal before they become a float, so `0.3%` is the float nearest to 0.003,
//! and a printed number reads back as the same bits.

use super::{NumberKind, Text};

/// Why a literal has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiteralError {
    /// An underscore that is not between two digits.
    Underscore,
    /// Too large for a 64-bit float.
    TooLarge,
    /// A duration that is not whole nanoseconds.
    NotWhole,
    /// A duration beyond 64 bits of nanoseconds.
    TooLong,
}

/// The units of durations with their nanoseconds, longest first.
pub(crate) const DURATION_UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The suffix that was probably meant by `suffix`; empty where there is no telling.
pub(crate) fn meant_suffix(suffix: &str) -> &'static str {
    match suffix.to_lowercase().as_str() {
        // Minutes or millions.
        _ if suffix == "M" => "",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "ms" | "msec" | "msecs" | "millis" => "ms",
        "us" | "µs" | "μs" | "usec" | "micros" => "us",
        "ns" | "nsec" | "nanos" => "ns",
        "bp" | "bps" | "bip" | "bips" => "bp",
        "pct" | "percent" => "%",
        "k" => "e3",
        "mio" | "mln" | "mm" | "million" => "e6",
        "bn" | "billion" => "e9",
        _ => "",
    }
}

/// The length of the number in front of a suffix.
pub(crate) fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit() || (**b == b'_')).count() + from;
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && digit_at(end + 1) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit_at(end + 1 + sign) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

fn underscores_are_right(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        *byte != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)))
    })
}

/// The leading digits as a whole number, where they are few, and what follows them.
fn small_whole(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(len).filter(|_| (1..=9).contains(&len))?;
    Some((digits.parse().ok()?, rest))
}

/// Powers of ten that an f64 holds exactly, as many as a short number may need.
const TENS: [f64; 20] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19];

/// The value of a number of at most 15 digits without underscores and exponent, as most are. Its digits as a whole number and the power of ten
/// below it are exact, so that their quotient is rounded once, as it is to be.
fn short_number(text: &str) -> Option<(f64, NumberKind)> {
    let bytes = text.as_bytes();
    let (mut whole, mut digits, mut places, mut point) = (0_u64, 0_usize, 0_usize, false);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                whole = whole.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                digits += 1;
                places += usize::from(point);
            }
            b'.' if !point => point = true,
            _ => break,
        }
        at += 1;
    }
    if digits > 15 {
        return None;
    }
    let (kind, shift) = match bytes.get(at..)? {
        [] => (NumberKind::Plain, 0),
        b"%" => (NumberKind::Percent, 2),
        b"bp" | b"bps" => (NumberKind::BasisPoint, 4),
        _ => return None,
    };
    #[expect(clippy::cast_precision_loss, reason = "at most 15 digits")]
    let value = whole as f64 / TENS.get(places + shift)?;
    Some((value, kind))
}

/// The value of a number token: `1_000`, `0.5%`, `5bps`.
pub(crate) fn number(text: &str) -> Result<(f64, NumberKind), LiteralError> {
    if let Some(found) = short_number(text) {
        return Ok(found);
    }
    let (digits, suffix) = text.split_at_checked(number_len(text)).unwrap_or((text, ""));
    let (kind, shift) = match suffix {
        "%" => (NumberKind::Percent, -2),
        "" => (NumberKind::Plain, 0),
        _ => (NumberKind::BasisPoint, -4),
    };
    let value = if digits.contains('_') {
        if !underscores_are_right(digits) {
            return Err(LiteralError::Underscore);
        }
        decimal(&digits.replace('_', ""), shift)
    } else {
        decimal(digits, shift)
    };
    if value.is_finite() { Ok((value, kind)) } else { Err(LiteralError::TooLarge) }
}

/// `digits` times ten to the `shift`, correctly rounded.
fn decimal(digits: &str, shift: i64) -> f64 {
    if shift == 0 {
        return digits.parse().unwrap_or(f64::INFINITY);
    }
    let (mantissa, exponent) = split_exponent(digits);
    format!("{mantissa}e{}", exponent.saturating_add(shift)).parse().unwrap_or(f64::INFINITY)
}

/// The part before `e` and the exponent, held within what a sum with a small number can take.
fn split_exponent(digits: &str) -> (&str, i64) {
    let Some((mantissa, exponent)) = digits.split_once(['e', 'E']) else { return (digits, 0) };
    let limit = i64::from(i32::MAX);
    let far = if exponent.starts_with('-') { -limit } else { limit };
    (mantissa, exponent.parse::<i64>().unwrap_or(far).clamp(-limit, limit))
}

/// The nanoseconds of a duration token: `250ms`, `1.5s`.
pub(crate) fn duration(text: &str) -> Result<i64, LiteralError> {
    let unit_of = |suffix: &str| DURATION_UNITS.iter().find(|(name, _)| *name == suffix).map(|(_, nanos)| *nanos);
    if let Some((whole, unit)) = small_whole(text).and_then(|(whole, suffix)| Some((whole, unit_of(suffix)?))) {
        return unit.checked_mul(u64::from(whole)).and_then(|nanos| i64::try_from(nanos).ok()).ok_or(LiteralError::TooLong);
    }
    let (digits, suffix) = text.split_at_checked(number_len(text)).unwrap_or((text, ""));
    if !underscores_are_right(digits) {
        return Err(LiteralError::Underscore);
    }
    let unit = unit_of(suffix).unwrap_or(1);
    let digits = digits.replace('_', "");
    let (mantissa, exponent) = split_exponent(&digits);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut significant: String = [whole, fraction].concat();
    let mut exponent = exponent - i64::try_from(fraction.len()).unwrap_or(i64::MAX / 2);
    while significant.ends_with('0') {
        significant.pop();
        exponent += 1;
    }
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    // 2^63 ns has 19 digits: more significant digits than that are too long or too fine.
    let mut nanos = match significant.parse::<u128>() {
        Ok(value) if significant.len() <= 24 => value * u128::from(unit),
        _ => return Err(if exponent < 0 { LiteralError::NotWhole } else { LiteralError::TooLong }),
    };
    while exponent < 0 {
        if !nanos.is_multiple_of(10) {
            return Err(LiteralError::NotWhole);
        }
        nanos /= 10;
        exponent += 1;
    }
    while exponent > 0 {
        nanos = nanos.checked_mul(10).filter(|n| *n <= i64::MAX as u128).ok_or(LiteralError::TooLong)?;
        exponent -= 1;
    }
    i64::try_from(nanos).map_err(|_| LiteralError::TooLong)
}

/// The text of a string token without its quotes, escapes resolved; and the byte offset in the token of the first
/// escape that is not known, which stands in the text as it is.
pub(crate) fn string(token: &str) -> (Text, Option<usize>) {
    let inner = token.strip_prefix('"').unwrap_or(token);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.as_bytes().contains(&b'\\') {
        return (Text::new(inner), None);
    }
    let mut text = Text::with_capacity(inner.len());
    let mut bad = None;
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some((_, '"')) => text.push('"'),
            Some((_, '\\')) => text.push('\\'),
            Some((_, 'n')) => text.push('\n'),
            Some((_, 't')) => text.push('\t'),
            other => {
                bad = bad.or(Some(at + 1));
                text.push('\\');
                text.extend(other.map(|(_, c)| c));
            }
        }
    }
    (text, bad)
}

/// A string as a token.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A number as a token that reads back as the same bits. `value` is finite and not negative.
pub(crate) fn print_number(value: f64, kind: NumberKind) -> String {
    let (shift, suffix) = match kind {
        NumberKind::Plain => (0, ""),
        NumberKind::Percent => (2, "%"),
        NumberKind::BasisPoint => (4, "bp"),
    };
    // `{:e}` gives the shortest digits: `d.ddde-4`.
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = split_exponent(&text);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [first, rest].concat();
    let point = exponent + shift + 1;
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or_default());
    let number = if value == 0.0 {
        "0".to_owned()
    } else if point >= count && point <= 15 {
        format!("{digits}{}", zeros(point - count))
    } else if point > 0 && point <= 15 {
        let (whole, fraction) = digits.split_at_checked(usize::try_from(point).unwrap_or_default()).unwrap_or((&digits, ""));
        format!("{whole}.{fraction}")
    } else if point <= 0 && point > -7 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{}", exponent + shift)
    };
    number + suffix
}

/// A duration as a token, in the largest unit that gives a whole number. `nanos` is not negative.
pub(crate) fn print_duration(nanos: i64) -> String {
    let nanos = nanos.unsigned_abs();
    if nanos == 0 {
        return "0s".to_owned();
    }
    let found = DURATION_UNITS.iter().find(|(_, unit)| nanos.is_multiple_of(*unit));
    found.map_or_else(|| format!("{nanos}ns"), |(name, unit)| format!("{}{name}", nanos / unit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number("1_000"), Ok((1000.0, NumberKind::Plain)));
        assert_eq!(number("1e6"), Ok((1e6, NumberKind::Plain)));
        assert_eq!(number("2.5"), Ok((2.5, NumberKind::Plain)));
        assert_eq!(number("0.3%"), Ok((0.003, NumberKind::Percent)));
        assert_eq!(number("7.5bp"), Ok((0.00075, NumberKind::BasisPoint)));
        assert_eq!(number("7.5bps"), Ok((0.00075, NumberKind::BasisPoint)));
        assert_eq!(number("1e2%"), Ok((1.0, NumberKind::Percent)));
        assert_eq!(number("1_e2"), Err(LiteralError::Underscore));
        assert_eq!(number("1__0"), Err(LiteralError::Underscore));
        assert_eq!(number("1e999"), Err(LiteralError::TooLarge));
        assert_eq!(number("1e99999999999999999999%"), Err(LiteralError::TooLarge));
        assert_eq!(number("1e-99999999999999999999"), Ok((0.0, NumberKind::Plain)));
    }

    #[test]
    fn durations() {
        assert_eq!(duration("250ms"), Ok(250_000_000));
        assert_eq!(duration("1.5s"), Ok(1_500_000_000));
        assert_eq!(duration("1d"), Ok(86_400_000_000_000));
        assert_eq!(duration("5ns"), Ok(5));
        assert_eq!(duration("10us"), Ok(10_000));
        assert_eq!(duration("1.50m"), Ok(90_000_000_000));
        assert_eq!(duration("1e3ms"), Ok(1_000_000_000));
        assert_eq!(duration("0s"), Ok(0));
        assert_eq!(duration("1.5ns"), Err(LiteralError::NotWhole));
        assert_eq!(duration("106752d"), Err(LiteralError::TooLong));
        assert_eq!(duration("106751d"), Ok(106_751 * 86_400_000_000_000));
        assert_eq!(duration("1e99999999999999999s"), Err(LiteralError::TooLong));
        assert_eq!(duration("1e-99999999999999999s"), Err(LiteralError::NotWhole));
    }

    #[test]
    fn strings() {
        assert_eq!(string(r#""a/b""#), ("a/b".into(), None));
        assert_eq!(string(r#""a\"\\\n\t""#), ("a\"\\\n\t".into(), None));
        assert_eq!(string(r#""a\qb""#), ("a\\qb".into(), Some(2)));
    }

    proptest! {
        #[test]
        fn numbers_read_back(value in 0.0..f64::MAX, small in 0.0..1e6_f64) {
            for value in [value, small, small.floor(), small / 1e9, f64::from_bits(value.to_bits() >> 3)] {
                for kind in [NumberKind::Plain, NumberKind::Percent, NumberKind::BasisPoint] {
                    prop_assert_eq!(number(&print_number(value, kind)), Ok((value, kind)), "{}", print_number(value, kind));
                }
            }
        }

        #[test]
        fn durations_read_back(nanos in 0..i64::MAX, small in 0..10_000_i64) {
            prop_assert_eq!(duration(&print_duration(nanos)), Ok(nanos));
            prop_assert_eq!(duration(&print_duration(small * 1_000_000)), Ok(small * 1_000_000));
        }

        #[test]
        fn strings_read_back(text in "[^\r]*") {
            prop_assert_eq!(string(&quote(&text)), (Text::from(text), None));
        }
    }
}

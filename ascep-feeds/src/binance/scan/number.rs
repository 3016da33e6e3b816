//! Numbers of a frame. Decimals become the nearest double: where mantissa and power of ten are doubles themselves, one division rounds
//! once and right (Clinger 1990); the rest is left to the standard library.

use super::word::{before_no_digit, eight, halves, join, not_digits, values};
use crate::number;

/// All integers up to here are doubles.
const EXACT: u64 = 1 << 53;

/// The powers of ten that are doubles.
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

/// The most digits that always fit 64 bits.
const MAX_DIGITS: usize = 19;

/// A longer number is left to the tolerant decoder.
const MAX_LENGTH: usize = 64;

/// An integer of 1 to 16 digits as JSON writes it, and what follows it.
#[inline(always)]
pub(super) fn integer(text: &[u8]) -> Option<(u64, &[u8])> {
    let (low, high) = halves(u128::from_le_bytes(*text.first_chunk()?));
    let (low, high) = (values(low), values(high));
    let length = join(not_digits(low), not_digits(high)).trailing_zeros() / 8;
    // None at all, or a zero before others.
    if length == 0 || (length > 1 && low & 0xff == 0) {
        return None;
    }
    // Zeros before the first digit instead of what comes after the last one.
    let (upper, lower) = halves(join(low, high) << (128 - 8 * length));
    let rest = text.get(length as usize..)?;
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((eight(upper) * 100_000_000 + eight(lower), rest))
}

/// A decimal in quotes, after the first of them, and what follows `after`, which begins with the second. The usual form, up to seven
/// digits, a point and eight more, has no loop, and one look at its length.
#[inline(always)]
pub(super) fn decimal_then<'a, const N: usize>(text: &'a [u8], after: &[u8; N]) -> Option<(f64, &'a [u8])> {
    if let Some(window) = text.first_chunk::<24>() {
        let word = u64::from_le_bytes(*window.first_chunk()?);
        let length = before_no_digit(word);
        if (1..8).contains(&length)
            && let Some((&[b'.', a, b, c, d, e, f, g, h], tail)) = window.get(length as usize..)?.split_first_chunk()
            && tail.first_chunk::<N>()? == after
        {
            let whole = values(word) << (64 - 8 * length);
            let places = values(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
            if not_digits(whole) | not_digits(places) == 0 {
                // At most 10^15 of them: below `EXACT`.
                let mantissa = eight(whole) * 100_000_000 + eight(places);
                return Some((exact(mantissa, 1e8), text.get(length as usize + 9 + N..)?));
            }
        }
    }
    let (value, rest) = other_decimal(text)?;
    Some((value, rest.strip_prefix(after.get(1..)?)?))
}

/// A decimal in quotes, after the first of them, and what follows the second. The usual form, up to seven digits, a point and eight more, has no loop.
#[inline(always)]
pub(super) fn decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    let Some(&word) = text.first_chunk() else { return other_decimal(text) };
    let digits = values(u64::from_le_bytes(word));
    let length = not_digits(digits).trailing_zeros() / 8;
    if (1..8).contains(&length)
        && let Some((&[b'.', a, b, c, d, e, f, g, h, b'"'], rest)) = text.get(length as usize..)?.split_first_chunk()
    {
        let places = values(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        // At most 10^15 of them: below `EXACT`.
        let mantissa = eight(digits << (64 - 8 * length)) * 100_000_000 + eight(places);
        if not_digits(places) == 0 {
            return Some((exact(mantissa, 1e8), rest));
        }
    }
    other_decimal(text)
}

#[expect(clippy::cast_precision_loss, reason = "not up to 2^53")]
#[inline]
fn exact(mantissa: u64, power: f64) -> f64 {
    // From a signed integer, which is one instruction.
    mantissa.cast_signed() as f64 / power
}

/// Digits with a point or without, however many.
#[cold]
#[inline(never)]
fn other_decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    let length = text.iter().take(MAX_LENGTH).position(|b| !b.is_ascii_digit() && *b != b'.')?;
    let (number, rest) = text.split_at_checked(length)?;
    let rest = rest.strip_prefix(b"\"")?;
    let value = match short_decimal(number) {
        Some(value) => value,
        None => number::decimal(std::str::from_utf8(number).ok()?).ok()?,
    };
    Some((value, rest))
}

/// A number of few digits whose mantissa without the zeros at its end is a double.
fn short_decimal(number: &[u8]) -> Option<f64> {
    let point = number.iter().position(|b| *b == b'.').unwrap_or(number.len());
    let (whole, places) = number.split_at_checked(point)?;
    let places = places.get(1..).unwrap_or_default();
    if whole.is_empty() || whole.len() + places.len() > MAX_DIGITS || places.contains(&b'.') || places.is_empty() != (point == number.len())
    {
        return None;
    }
    let more = |mantissa: u64, digit: &u8| mantissa * 10 + u64::from(digit & 0xf);
    let zeros = places.iter().rev().take_while(|b| **b == b'0').count();
    let places = places.get(..places.len() - zeros)?;
    let mantissa = places.iter().fold(whole.iter().fold(0, more), more);
    let power = *POWERS.get(places.len())?;
    if mantissa <= EXACT {
        return Some(exact(mantissa, power));
    }
    #[expect(clippy::cast_precision_loss, reason = "to the nearest double, as text would")]
    places.is_empty().then_some(mantissa as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn integers() {
        let read = |text: &str| {
            let text = format!("{text},\"s\":\"BTCUSDT\",\"b\"");
            integer(text.as_bytes()).map(|(value, rest)| (value, rest.first().copied()))
        };
        for text in ["0", "7", "10", "12345678", "123456789", "50093239212", "1723161255343000", "9999999999999999"] {
            assert_eq!(read(text), Some((text.parse().unwrap(), Some(b','))), "{text}");
        }
        for text in ["", "-1", "00", "01", "12345678901234567", "x"] {
            assert_eq!(read(text), None, "{text}");
        }
        // What comes after it is the business of who asked.
        assert_eq!(read("1.5"), Some((1, Some(b'.'))));
        assert_eq!(read("1e5"), Some((1, Some(b'e'))));
    }

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        let texts = [
            "61837.63000000",
            "0.00000638",
            "0.00000000",
            "9999999.99999999",
            "12345678.12345678",
            "123456789.12345678",
            "3435234533.00000000",
            "99999999999.00000001",
            "90071992.54740993",
            "90071992.54740992",
            "9007199254740993",
            "9007199254740992",
            "18446744073709551615",
            "1234567890123456789",
            "0.1234567890123456789",
            "1.5",
            "2",
            "0007.5",
            "0.000000000000000000001",
            "123456789012345678901234567890.5",
            "5.",
            "0.3000000000000000000000000000000000000001",
        ];
        for text in texts {
            let framed = format!("{text}\",\"B\":\"3.78826000\"");
            let (value, rest) = decimal(framed.as_bytes()).unwrap();
            assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            assert_eq!(rest, b",\"B\":\"3.78826000\"");
        }
        for text in ["", ".", "1.2.3", "-1", "+1", "1e3", "1,5", " 1", "NaN", &"1".repeat(80)] {
            assert!(decimal(format!("{text}\",\"B\":\"3.78826000\"").as_bytes()).is_none(), "{text}");
        }
        assert!(decimal(b"61837.63000000").is_none() && decimal(b"1.5").is_none(), "cut");
        assert_eq!(decimal(b"1.5\"}"), Some((1.5, b"}".as_slice())));
    }
}

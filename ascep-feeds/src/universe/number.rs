//! Numbers as universes and tables of fees write them. All of them are decimal texts, and each becomes the double nearest to what the text
//! says, unit and power of ten included: `7.5bp` is the double nearest to 0.00075, not 7.5 times that nearest to 0.0001.

use serde_json::value::RawValue;

use crate::number::{NumberError, decimal, short};

/// A decimal text times a power of ten.
pub(crate) fn scaled(text: &str, power: i32) -> Result<f64, NumberError> {
    decimal(text)?;
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        // An exponent that is no i32 has been read as 0 or refused above, whatever is added to it.
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().unwrap_or(i32::MIN / 2)),
        None => (text, 0),
    };
    decimal(&format!("{digits}e{}", exponent.saturating_add(power))).map_err(|error| match error {
        NumberError::NotFinite { .. } => NumberError::NotFinite { text: short(text) },
        _ => NumberError::NotANumber { text: short(text) },
    })
}

/// A part of a whole: `0.001`, `0.1%` or `10bp`.
pub(crate) fn part(text: &str) -> Result<f64, NumberError> {
    let (digits, power) = match (text.strip_suffix('%'), text.strip_suffix("bp")) {
        (Some(digits), _) => (digits, -2),
        (_, Some(digits)) => (digits, -4),
        _ => (text, 0),
    };
    scaled(digits.trim_end(), power).map_err(|error| match error {
        NumberError::NotFinite { .. } => error,
        _ => NumberError::NotANumber { text: short(text) },
    })
}

/// The text of a JSON number, or of a number in a JSON text.
pub(crate) fn text(raw: &RawValue) -> String {
    serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_are_the_nearest_doubles() {
        for (text, want) in [
            ("0.001", 0.001),
            ("0.1%", 0.001),
            ("10bp", 0.001),
            ("10 bp", 0.001),
            ("7.5bp", 0.00075),
            ("-0.02%", -0.0002),
            ("0.26%", 0.0026),
            ("2.6e-1%", 0.0026),
            ("1E1bp", 0.001),
            ("0", 0.0),
            (".5%", 0.005),
            ("0e99999999999999%", 0.0),
        ] {
            assert_eq!(part(text).unwrap().to_bits(), f64::to_bits(want), "{text}");
        }
        for text in ["", "%", "bp", "0.1 %%", "ten", "10bps", "0,1%", "1e", "NaN%", "inf", "1e999%"] {
            let error = part(text).unwrap_err();
            assert!(matches!(error, NumberError::NotANumber { .. } | NumberError::NotFinite { .. }), "{text}");
        }
    }

    #[test]
    fn powers_of_ten_are_exact() {
        for power in 0..=22 {
            assert_eq!(scaled("1", -power).unwrap().to_bits(), format!("1e-{power}").parse::<f64>().unwrap().to_bits());
        }
        assert_eq!(scaled("5", -1).unwrap(), 0.5);
        assert_eq!(scaled("1", -400).unwrap(), 0.0);
        assert!(scaled("1", 400).is_err());
    }
}

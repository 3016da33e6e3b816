//! Decimal text to `f64`, correctly rounded, and the checks on prices and quantities that every reader makes.

use crate::event::MISSING;

/// Why a number is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("{text:?} is not a number")]
    NotANumber {
        /// As it stands there, shortened.
        text: String,
    },
    /// NaN, an infinity, or too large for a double.
    #[error("{text:?} is not a finite number")]
    NotFinite {
        /// As it stands there, shortened.
        text: String,
    },
    /// A quantity below 0.
    #[error("the quantity {text} is negative")]
    NegativeQuantity {
        /// As it stands there, shortened.
        text: String,
    },
    /// A price that is 0 or less.
    #[error("the price {text} is not above 0")]
    NotAPrice {
        /// As it stands there, shortened.
        text: String,
    },
}

/// The longest number text that is looked at: enough for every double written out in full.
const MAX_NUMBER: usize = 1_100;

/// At most 40 characters of a text that goes into a message.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A finite decimal number: digits, with sign, point and exponent as they may come.
pub(crate) fn decimal(text: &str) -> Result<f64, NumberError> {
    let plain = !text.is_empty()
        && text.len() <= MAX_NUMBER
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value),
        Ok(value) if !value.is_finite() => Err(NumberError::NotFinite { text: short(text) }),
        _ => Err(NumberError::NotANumber { text: short(text) }),
    }
}

/// A price: finite and above 0.
pub(crate) fn price(value: f64, text: impl FnOnce() -> String) -> Result<f64, NumberError> {
    if value.is_nan() || value.is_infinite() {
        Err(NumberError::NotFinite { text: text() })
    } else if value > 0.0 {
        Ok(value)
    } else {
        Err(NumberError::NotAPrice { text: text() })
    }
}

/// A quantity: finite and not negative.
pub(crate) fn quantity(value: f64, text: impl FnOnce() -> String) -> Result<f64, NumberError> {
    if value.is_nan() || value.is_infinite() {
        Err(NumberError::NotFinite { text: text() })
    } else if value >= 0.0 {
        // -0 is 0.
        Ok(value + 0.0)
    } else {
        Err(NumberError::NegativeQuantity { text: text() })
    }
}

/// `None` as [`MISSING`].
pub(crate) fn or_missing(value: Option<f64>) -> f64 {
    value.unwrap_or(MISSING)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(decimal("61837.63000000").unwrap().to_bits(), 61837.63f64.to_bits());
        assert_eq!(decimal("0.00000638").unwrap().to_bits(), 6.38e-6f64.to_bits());
        assert_eq!(decimal("-1e3").unwrap(), -1000.0);
        for text in ["NaN", "nan", "inf", "-Infinity", "1e999"] {
            assert!(matches!(decimal(text), Err(NumberError::NotFinite { .. })), "{text}");
        }
        for text in ["", "abc", "1,5", "1_000", " 1", "0x10", "--1", "1.2.3", "١"] {
            assert!(matches!(decimal(text), Err(NumberError::NotANumber { .. })), "{text}");
        }
    }

    #[test]
    fn prices_and_quantities() {
        assert!(matches!(price(0.0, String::new), Err(NumberError::NotAPrice { .. })));
        assert!(matches!(price(-1.0, String::new), Err(NumberError::NotAPrice { .. })));
        assert!(matches!(price(f64::NAN, String::new), Err(NumberError::NotFinite { .. })));
        assert_eq!(quantity(-0.0, String::new).unwrap().to_bits(), 0.0f64.to_bits());
        assert!(matches!(quantity(-1.0, String::new), Err(NumberError::NegativeQuantity { .. })));
        assert!(matches!(quantity(f64::INFINITY, String::new), Err(NumberError::NotFinite { .. })));
    }
}

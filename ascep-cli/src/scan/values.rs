//! Values that only `ascep scan` takes.

use std::str::FromStr;

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScanValueError {
    /// Not a range of legs.
    #[error("legs are a number from 2 to 8, such as 3, or a range, such as 3..4")]
    Legs,
    /// Not a clock.
    #[error("a clock is VENUE=DURATION with a sign, such as fxcm=+5h or other=-250ms")]
    Clock,
    /// Not an amount.
    #[error("an amount is a number above 0, such as 1000")]
    Amount,
}

/// `--legs 3..4`, both ends meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Legs {
    /// The fewest.
    pub(crate) least: u8,
    /// The most.
    pub(crate) most: u8,
}

impl FromStr for Legs {
    type Err = ScanValueError;

    fn from_str(text: &str) -> Result<Self, ScanValueError> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<u8>().ok().filter(|n| (2..=8).contains(n));
        match (number(least), number(most)) {
            (Some(least), Some(most)) if least <= most => Ok(Self { least, most }),
            _ => Err(ScanValueError::Legs),
        }
    }
}

impl std::fmt::Display for Legs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.least == self.most { write!(f, "{}", self.least) } else { write!(f, "{}..{}", self.least, self.most) }
    }
}

/// `--clock fxcm=+5h`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Whose.
    pub(crate) venue: String,
    /// What is added to the venue's time, in nanoseconds.
    pub(crate) add: i64,
}

impl FromStr for Clock {
    type Err = ScanValueError;

    fn from_str(text: &str) -> Result<Self, ScanValueError> {
        let (venue, add) = text.split_once('=').ok_or(ScanValueError::Clock)?;
        let (sign, length) = match add.trim().split_at_checked(1) {
            Some(("+", length)) => (1, length),
            Some(("-", length)) => (-1, length),
            _ => return Err(ScanValueError::Clock),
        };
        let venue = venue.trim();
        let add = ascep_feeds::time::duration(length).map_err(|_| ScanValueError::Clock)?;
        if venue.is_empty() { Err(ScanValueError::Clock) } else { Ok(Self { venue: venue.to_owned(), add: sign * add }) }
    }
}

/// `--size 1000`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Amount(pub(crate) f64);

impl FromStr for Amount {
    type Err = ScanValueError;

    fn from_str(text: &str) -> Result<Self, ScanValueError> {
        let amount = text.replace('_', "").parse().ok().filter(|amount: &f64| amount.is_finite() && *amount > 0.0);
        amount.map(Self).ok_or(ScanValueError::Amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs() {
        assert_eq!("3".parse(), Ok(Legs { least: 3, most: 3 }));
        assert_eq!("2..8".parse(), Ok(Legs { least: 2, most: 8 }));
        for bad in ["", "1", "9", "4..3", "2..9", "3...4", "three", "3..", "-3"] {
            assert_eq!(bad.parse::<Legs>(), Err(ScanValueError::Legs), "{bad}");
        }
        assert_eq!([Legs { least: 3, most: 3 }, Legs { least: 3, most: 4 }].map(|legs| legs.to_string()), ["3", "3..4"]);
    }

    #[test]
    fn clocks() {
        assert_eq!("fxcm=+5h".parse(), Ok(Clock { venue: "fxcm".to_owned(), add: 18_000_000_000_000 }));
        assert_eq!("x=-250ms".parse(), Ok(Clock { venue: "x".to_owned(), add: -250_000_000 }));
        for bad in ["", "fxcm", "fxcm=5h", "=+5h", "fxcm=", "fxcm=+", "fxcm=+5", "fxcm=+é"] {
            assert_eq!(bad.parse::<Clock>(), Err(ScanValueError::Clock), "{bad}");
        }
    }

    #[test]
    fn amounts() {
        assert_eq!("1_000.5".parse(), Ok(Amount(1000.5)));
        for bad in ["", "0", "-1", "inf", "nan", "1k"] {
            assert_eq!(bad.parse::<Amount>(), Err(ScanValueError::Amount), "{bad}");
        }
    }
}

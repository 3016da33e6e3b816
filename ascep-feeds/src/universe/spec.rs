//! The SPEC of a universe: `binance:PATH`, `kraken?venue=kraken_eu:PATH`, or a path alone, whose format its content tells.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use ascep_runtime::arbitrage::MarketSpec;

use crate::suggest;

/// How a universe is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UniverseFormat {
    /// Binance's `exchangeInfo`.
    Binance,
    /// Kraken's `AssetPairs`.
    Kraken,
    /// Coinbase's `products`.
    Coinbase,
    /// A header line and a line for each market.
    Csv,
}

impl UniverseFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Binance, Self::Kraken, Self::Coinbase, Self::Csv];

    /// As a SPEC writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Kraken => "kraken",
            Self::Coinbase => "coinbase",
            Self::Csv => "csv",
        }
    }

    /// The reverse of [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Where a universe is and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniverseSpec {
    /// How it is written; told from the content where it is not said.
    pub format: Option<UniverseFormat>,
    /// What the venue is called in the names of markets; of CSV for rows that name none.
    pub venue: Option<String>,
    /// Where it is.
    pub path: PathBuf,
}

/// Why a SPEC is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UniverseSpecError {
    /// No path.
    #[error("`{text}` names no file; write PATH, or FORMAT:PATH")]
    NoPath {
        /// As it was given.
        text: String,
    },
    /// An option that is none.
    #[error("`{text}` has no option {option:?}; there is `venue=NAME`")]
    Option {
        /// The format.
        text: &'static str,
        /// As it was given.
        option: String,
    },
}

impl From<&Path> for UniverseSpec {
    fn from(path: &Path) -> Self {
        Self { format: None, venue: None, path: path.into() }
    }
}

impl FromStr for UniverseSpec {
    type Err = UniverseSpecError;

    fn from_str(text: &str) -> Result<Self, UniverseSpecError> {
        let none = || UniverseSpecError::NoPath { text: text.to_owned() };
        let known = text.split_once(':').and_then(|(head, path)| {
            let (name, options) = head.split_once('?').map_or((head, None), |(name, options)| (name, Some(options)));
            Some((UniverseFormat::from_name(name)?, options, path))
        });
        let Some((format, options, path)) = known else {
            return if text.is_empty() { Err(none()) } else { Ok(Self { format: None, venue: None, path: text.into() }) };
        };
        if path.is_empty() {
            return Err(none());
        }
        let venue = match options.map(|options| (options, options.strip_prefix("venue="))) {
            None => None,
            // A name that could be one of a market's venue.
            Some((_, Some(name))) if MarketSpec::spot(&format!("{name}:A/B")).is_ok_and(|spec| spec.venue == name) && !name.is_empty() => {
                Some(name.to_owned())
            }
            Some((option, _)) => return Err(UniverseSpecError::Option { text: format.name(), option: option.to_owned() }),
        };
        Ok(Self { format: Some(format), venue, path: path.into() })
    }
}

/// A path such as `binanse:x.json` that is not there may be meant as format and path.
pub(crate) fn hint(path: &Path) -> Option<String> {
    let (head, _) = path.to_str()?.split_once(':')?;
    let names = UniverseFormat::ALL.map(UniverseFormat::name);
    Some(match suggest::nearest(head, names) {
        Some(near) => format!("did you mean `{near}:` for `{head}:`?"),
        None => format!("`{head}` is no format of a universe; those are: {}", names.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn specs() {
        let spec = |text: &str| text.parse::<UniverseSpec>().unwrap();
        assert_eq!(spec("a/b.json").format, None);
        assert_eq!((spec("kraken:a:b").format, spec("kraken:a:b").path), (Some(UniverseFormat::Kraken), "a:b".into()));
        let us = spec("binance?venue=binance_us:x");
        assert_eq!((us.venue.as_deref(), us.path), (Some("binance_us"), "x".into()));
        assert_eq!(spec("other:x").path, PathBuf::from("other:x"));
        for text in ["", "csv:"] {
            assert!(matches!(text.parse::<UniverseSpec>(), Err(UniverseSpecError::NoPath { .. })), "{text}");
        }
        for text in ["binance?x=1:p", "binance?venue=:p", "binance?:p"] {
            assert!(matches!(text.parse::<UniverseSpec>(), Err(UniverseSpecError::Option { .. })), "{text}");
        }
        assert_eq!(hint(Path::new("binanse:x")).as_deref(), Some("did you mean `binance:` for `binanse:`?"));
        assert!(hint(Path::new("okx:x")).unwrap().contains("no format"));
        assert_eq!(hint(Path::new("x")), None);
    }
}

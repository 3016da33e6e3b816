//! The names of instruments and the small ids that stand for them. A name is `venue:BASE/QUOTE` or, for the default venue of a run,
//! `BASE/QUOTE`. What a venue calls the instrument itself (`BTCUSDT`) is the business of its own module.

use rustc_hash::FxHashMap;

/// The longest name of an instrument, in bytes.
pub const MAX_NAME: usize = 128;

/// The most names that one table takes, so that garbage in a file can't fill the memory.
pub const MAX_SYMBOLS: usize = 1 << 20;

/// An instrument of a [`Symbols`] table; counts from 0 in the order in which names were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

/// Why a name is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Nothing, or only blanks.
    #[error("the symbol is empty")]
    Empty,
    /// Longer than [`MAX_NAME`].
    #[error("the symbol has {length} bytes, more than {MAX_NAME}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A blank, a quote mark, a comma or a control character inside.
    #[error("`{}` is no symbol: it holds {found:?}", name.escape_debug())]
    BadCharacter {
        /// The name.
        name: String,
        /// The first character that may not stand in one.
        found: char,
    },
    /// A part that is missing or that stands there twice: no rule could name it.
    #[error("`{}` is no symbol: {what}", name.escape_debug())]
    BadShape {
        /// The name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More than [`MAX_SYMBOLS`] different names.
    #[error("more than {MAX_SYMBOLS} different symbols")]
    TooMany,
}

/// Names to ids and back.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    names: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, SymbolId>,
}

impl Symbols {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a name, new if it was not seen before. Blanks around it are left out.
    ///
    /// # Errors
    /// When the name can't be that of an instrument, or the table is full.
    pub fn intern(&mut self, name: &str) -> Result<SymbolId, SymbolError> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        let name = check_name(name)?;
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        if self.names.len() >= MAX_SYMBOLS {
            return Err(SymbolError::TooMany);
        }
        let id = SymbolId(u32::try_from(self.names.len()).map_err(|_| SymbolError::TooMany)?);
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        Ok(id)
    }

    /// The id of a name that was seen before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<SymbolId> {
        self.ids.get(name).copied()
    }

    /// The name of an id, empty for an id of another table.
    #[must_use]
    pub fn name(&self, id: SymbolId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }

    /// How many names there are; the next new name gets this number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SymbolId, &str)> {
        self.names.iter().enumerate().map(|(at, name)| (SymbolId(u32::try_from(at).unwrap_or(u32::MAX)), &**name))
    }
}

/// The name without blanks around it, if it can be that of an instrument.
///
/// # Errors
/// When it can't.
pub fn check_name(name: &str) -> Result<&str, SymbolError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(SymbolError::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(SymbolError::TooLong { length: name.len() });
    }
    if let Some(found) = name.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | ',' | '`')) {
        return Err(SymbolError::BadCharacter { name: name.to_owned(), found });
    }
    match misshapen(name) {
        Some(what) => Err(SymbolError::BadShape { name: name.to_owned(), what }),
        None => Ok(name),
    }
}

/// What is wrong with the parts of a name; the compiler refuses the same in a rule.
fn misshapen(name: &str) -> Option<&'static str> {
    let pair = match name.split_once(':') {
        Some(("", _)) => return Some("the venue before `:` is missing"),
        Some((_, pair)) if pair.contains(':') => return Some("it has more than one `:`"),
        Some((_, "")) => return Some("the name after the venue is missing"),
        Some((_, pair)) => pair,
        None => name,
    };
    match pair.split_once('/')? {
        (_, quote) if quote.contains('/') => Some("it has more than one `/`"),
        ("", _) => Some("the base before `/` is missing"),
        (_, "") => Some("the quote after `/` is missing"),
        _ => None,
    }
}

/// `binance:BTC/USDT` as `(Some("binance"), "BTC/USDT")`, a name without venue as `(None, name)`.
#[must_use]
pub fn split_venue(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((venue, pair)) if !venue.is_empty() => (Some(venue), pair),
        _ => (None, name),
    }
}

/// `BTC/USDT` as `("BTC", "USDT")`; a name without slash has no quote asset.
#[must_use]
pub fn split_pair(pair: &str) -> (&str, Option<&str>) {
    match pair.split_once('/') {
        Some((base, quote)) => (base, Some(quote)),
        None => (pair, None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_count_in_order_of_first_sight() {
        let mut symbols = Symbols::new();
        assert_eq!(symbols.intern("b:X/Y").unwrap(), SymbolId(0));
        assert_eq!(symbols.intern("A/B").unwrap(), SymbolId(1));
        assert_eq!(symbols.intern(" b:X/Y ").unwrap(), SymbolId(0));
        assert_eq!(symbols.name(SymbolId(1)), "A/B");
        assert_eq!(symbols.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["b:X/Y", "A/B"]);
    }

    #[test]
    fn names_that_are_none() {
        assert_eq!(check_name("  "), Err(SymbolError::Empty));
        assert!(matches!(check_name(&"x".repeat(200)), Err(SymbolError::TooLong { length: 200 })));
        assert!(matches!(check_name("A B"), Err(SymbolError::BadCharacter { found: ' ', .. })));
        assert!(matches!(check_name("A\0B"), Err(SymbolError::BadCharacter { .. })));
        for name in ["a:b:c", ":A/B", "a:", "A/B/C", "/B", "A/", "a:/B", "a:A/"] {
            assert!(matches!(check_name(name), Err(SymbolError::BadShape { .. })), "{name}");
        }
        for name in ["A", "A/B", "a:A", "a:A/B", "1000SATS/USDT"] {
            assert_eq!(check_name(name), Ok(name));
        }
    }

    #[test]
    fn parts() {
        assert_eq!(split_venue("binance:BTC/USDT"), (Some("binance"), "BTC/USDT"));
        assert_eq!(split_venue("BTC/USDT"), (None, "BTC/USDT"));
        assert_eq!(split_pair("BTC/USDT"), ("BTC", Some("USDT")));
        assert_eq!(split_pair("SPX"), ("SPX", None));
    }
}

//! Symbols: `[venue:]name`, where the name is `BASE/QUOTE` or has no slash.

/// A symbol taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SymbolParts<'s> {
    pub(crate) venue: Option<&'s str>,
    pub(crate) name: &'s str,
    /// Base and quote, of a name with a slash.
    pub(crate) pair: Option<(&'s str, &'s str)>,
}

/// Takes a symbol apart, or says what is wrong with it.
pub(crate) fn parts(text: &str) -> Result<SymbolParts<'_>, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("it has a blank in it");
    }
    let (venue, name) = match text.split_once(':') {
        Some((venue, name)) => (Some(venue), name),
        None => (None, text),
    };
    if venue == Some("") {
        return Err("the venue before `:` is missing");
    }
    if name.contains(':') {
        return Err("it has more than one `:`");
    }
    if name.is_empty() {
        return Err("the name after the venue is missing");
    }
    let pair = match name.split_once('/') {
        None => None,
        Some((_, quote)) if quote.contains('/') => return Err("it has more than one `/`"),
        Some(("", _)) => return Err("the base before `/` is missing"),
        Some((_, "")) => return Err("the quote after `/` is missing"),
        Some(pair) => Some(pair),
    };
    Ok(SymbolParts { venue, name, pair })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn takes_symbols_apart() {
        assert_eq!(parts("binance:BTC/USDT").map(|s| (s.venue, s.pair)), Ok((Some("binance"), Some(("BTC", "USDT")))));
        assert_eq!(parts("SPX").map(|s| (s.venue, s.pair)), Ok((None, None)));
        for bad in ["", "A B", "a:b:c", ":A/B", "a:", "A/B/C", "/B", "A/", "A\u{0}B"] {
            assert!(parts(bad).is_err(), "{bad:?}");
        }
    }
}

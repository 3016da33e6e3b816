//! `BTCUSDT` is `BTC/USDT`. Binance writes no border between the two assets: `exchangeInfo` says it exactly; without it the longest
//! known quote asset at the end is taken.

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// The quote assets of the spot market, by what ends a symbol. Where two end the same symbol, the longer one is taken: `BTCTUSD` is
/// `BTC/TUSD`, never `BTCT/USD`. A symbol that this gets wrong needs `exchangeInfo`.
const QUOTES: [&str; 42] = [
    "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USDS", "USDP", "BIDR", "BVND", "IDRT", "BKRW", "GYEN", "BNB", "BTC", "ETH", "TRX", "XRP",
    "DOGE", "DOT", "SOL", "DAI", "PAX", "VAI", "UST", "USD", "EUR", "GBP", "AUD", "TRY", "BRL", "RUB", "NGN", "UAH", "ZAR", "PLN", "RON",
    "ARS", "JPY", "MXN", "CZK", "COP", "EURI",
];

/// What Binance's symbols mean.
#[derive(Debug, Clone, Default)]
pub struct SymbolTable {
    exact: FxHashMap<Box<str>, Box<str>>,
}

/// Why an `exchangeInfo` answer is not taken.
#[derive(Debug, thiserror::Error)]
#[error("not an exchangeInfo answer: {0}")]
pub struct ExchangeInfoError(#[from] serde_json::Error);

#[derive(Deserialize)]
struct ExchangeInfo<'a> {
    #[serde(borrow)]
    symbols: Vec<SymbolInfo<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SymbolInfo<'a> {
    symbol: std::borrow::Cow<'a, str>,
    base_asset: std::borrow::Cow<'a, str>,
    quote_asset: std::borrow::Cow<'a, str>,
}

impl SymbolTable {
    /// From the answer of `GET /api/v3/exchangeInfo`; of each symbol only the name and the two assets are looked at.
    ///
    /// # Errors
    /// When it is no such answer.
    pub fn from_exchange_info(json: &[u8]) -> Result<Self, ExchangeInfoError> {
        let info: ExchangeInfo<'_> = serde_json::from_slice(json)?;
        let mut table = Self::default();
        for symbol in info.symbols {
            table.exact.insert((*symbol.symbol).into(), format!("{}/{}", symbol.base_asset, symbol.quote_asset).into());
        }
        Ok(table)
    }

    /// Says what one symbol means: `BTC/USDT` as the name, `BTCUSDT` made from it.
    pub fn add(&mut self, pair: &str) {
        self.exact.insert(native(pair).into(), pair.into());
    }

    /// How many symbols it knows exactly.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.len()
    }

    /// Whether it knows none exactly.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    /// Whether it knows exactly what a symbol of Binance means.
    #[must_use]
    pub fn knows(&self, native: &str) -> bool {
        self.exact.contains_key(native)
    }

    /// `BTC/USDT` for `BTCUSDT`, unless it can't be taken apart.
    #[must_use]
    pub fn pair(&self, native: &str) -> Option<String> {
        if let Some(pair) = self.exact.get(native) {
            return Some(pair.to_string());
        }
        let (base, quote) = QUOTES
            .iter()
            .filter_map(|quote| native.strip_suffix(quote).filter(|base| !base.is_empty()).map(|base| (base, quote)))
            .max_by_key(|(_, quote)| quote.len())?;
        Some(format!("{base}/{quote}"))
    }
}

/// `BTCUSDT` for `BTC/USDT`.
#[must_use]
pub fn native(pair: &str) -> String {
    pair.chars().filter(|c| *c != '/').flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_ways() {
        let table = SymbolTable::default();
        for pair in ["BTC/USDT", "ETH/BTC", "USDC/USDT", "BTC/TUSD", "BTC/USD", "BTC/FDUSD", "1000SATS/USDT", "EUR/USDT", "BNB/ETH"] {
            assert_eq!(table.pair(&native(pair)).as_deref(), Some(pair));
        }
        assert_eq!(table.pair("USDT"), None);
        assert_eq!(table.pair("XYZ"), None);
        assert_eq!(table.pair(""), None);
    }

    #[test]
    fn exact_names_win() {
        let json = br#"{"timezone":"UTC","symbols":[{"symbol":"ABUSDT","status":"TRADING","baseAsset":"ABU","quoteAsset":"SDT","filters":[{"filterType":"X"}]}]}"#;
        let table = SymbolTable::from_exchange_info(json).unwrap();
        assert_eq!(table.len(), 1);
        assert!(table.knows("ABUSDT"));
        assert_eq!(table.pair("ABUSDT").as_deref(), Some("ABU/SDT"));
        assert!(SymbolTable::from_exchange_info(b"[]").is_err());
    }
}

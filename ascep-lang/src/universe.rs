//! The markets that a host knows of, for `cycles(..)` without a list of its own, and for what a venue demands of orders on the markets of a list. Where it is read
//! from is the business of the host.

use crate::program::ScanFilters;

/// A spot market that trades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MarketDecl {
    /// `binance:BTC/USDT`, or `BTC/USDT` on the default venue of the run.
    pub symbol: String,
    /// Prices are multiples of this.
    pub tick: Option<f64>,
    /// Quantities, in base, are multiples of this.
    pub lot: Option<f64>,
    /// The least quantity of an order, in base.
    pub min_qty: Option<f64>,
    /// The greatest quantity of an order, in base.
    pub max_qty: Option<f64>,
    /// The least price times quantity of an order, in quote.
    pub min_notional: Option<f64>,
    /// What a taker pays on it as a part of what is exchanged, where a table of fees says so; a `fee` of the rule goes before it.
    pub fee: Option<f64>,
}

impl MarketDecl {
    /// A market that demands nothing.
    pub fn new(symbol: impl Into<String>) -> Self {
        Self { symbol: symbol.into(), ..Self::default() }
    }

    /// The same with a taker's fee.
    #[must_use]
    pub fn with_fee(self, fee: f64) -> Self {
        Self { fee: Some(fee), ..self }
    }

    pub(crate) fn filters(&self) -> ScanFilters {
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        ScanFilters {
            tick: bits(self.tick),
            lot: bits(self.lot),
            min_qty: bits(self.min_qty),
            max_qty: bits(self.max_qty),
            min_notional: bits(self.min_notional),
        }
    }
}

impl From<&str> for MarketDecl {
    fn from(symbol: &str) -> Self {
        Self::new(symbol)
    }
}

/// Two assets of which either is taken for 1 - `haircut` of the other. It counts in each scan whose markets have both.
#[derive(Debug, Clone, PartialEq)]
pub struct AssumedEqual {
    /// One of them.
    pub base: String,
    /// The other one.
    pub quote: String,
    /// What is taken off on each exchange, from 0 and below 1.
    pub haircut: f64,
}

/// What a host knows of markets. Each symbol stands once; numbers are as in [`ScanFilters`], or the program that comes of them is not valid.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Universe {
    /// Markets that ways may lead through, in the order that ways are compared by.
    pub markets: Vec<MarketDecl>,
    /// What is assumed to be equal.
    pub equal: Vec<AssumedEqual>,
}

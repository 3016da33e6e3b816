//! A simulated market: seeded, endless, the same on every machine. Each asset has a hidden fair value in one numeraire, so crosses agree
//! up to spread and noise; now and then one cross is pushed away from the others for some tens of milliseconds.

mod asset;
mod market;
mod random;

use crate::event::Timestamp;
use crate::symbols::SymbolError;

pub use self::market::Sim;

/// The name of the feed, and the venue of its symbols without one.
pub const NAME: &str = "sim";

/// 2024-01-01T00:00:00Z.
pub const START: Timestamp = 1_704_067_200_000_000_000;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct SimOptions {
    /// Equal seeds give equal markets.
    pub seed: u64,
    /// Which symbols; each name exists. The same pair at several venues (`a:X/Y`, `b:X/Y`) shares the fair value.
    pub symbols: Vec<String>,
    /// Mean events per simulated second, over all symbols; from 1 to 1,000,000.
    pub rate: f64,
    /// The time of the first event.
    pub start: Timestamp,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { seed: 1, symbols: default_symbols(), rate: 1_500.0, start: START }
    }
}

/// The symbols that are simulated when none is asked for.
#[must_use]
pub fn default_symbols() -> Vec<String> {
    ["BTC/USDT", "ETH/USDT", "ETH/BTC"].map(str::to_owned).to_vec()
}

/// Why a market can't be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimError {
    /// No symbol.
    #[error("the simulated market has no symbol")]
    NoSymbols,
    /// A name that can't be that of an instrument.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// A rate outside its range.
    #[error("{rate} events per second lies outside 1 .. 1000000")]
    Rate {
        /// As it was asked for.
        rate: f64,
    },
}

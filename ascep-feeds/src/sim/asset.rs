//! Assets and their fair values: where each begins, how much it moves, and how much of that is the market's.

use super::random::{Random, hash};

/// Values in dollars at the start, for names that a reader knows. They need only be of the right size.
const KNOWN: [(&str, f64); 44] = [
    ("USD", 1.0),
    ("USDT", 1.0002),
    ("USDC", 0.9999),
    ("FDUSD", 0.9997),
    ("TUSD", 0.9992),
    ("BUSD", 1.0),
    ("DAI", 0.9998),
    ("EUR", 1.08),
    ("GBP", 1.27),
    ("CHF", 1.13),
    ("JPY", 0.0067),
    ("AUD", 0.66),
    ("NZD", 0.61),
    ("CAD", 0.74),
    ("TRY", 0.031),
    ("BRL", 0.2),
    ("BTC", 60_000.0),
    ("XBT", 60_000.0),
    ("WBTC", 59_970.0),
    ("ETH", 2_600.0),
    ("BNB", 550.0),
    ("SOL", 150.0),
    ("XRP", 0.55),
    ("ADA", 0.38),
    ("DOGE", 0.12),
    ("TRX", 0.15),
    ("TON", 5.4),
    ("AVAX", 24.0),
    ("DOT", 4.6),
    ("LINK", 11.0),
    ("LTC", 66.0),
    ("BCH", 330.0),
    ("NEAR", 4.1),
    ("MATIC", 0.42),
    ("UNI", 6.2),
    ("ATOM", 4.5),
    ("XLM", 0.095),
    ("ETC", 19.0),
    ("APT", 6.1),
    ("ARB", 0.53),
    ("OP", 1.4),
    ("FIL", 3.7),
    ("PEPE", 0.000_008),
    ("SHIB", 0.000_013_5),
];

const STABLE: [&str; 6] = ["USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI"];
const MONEY: [&str; 9] = ["EUR", "GBP", "CHF", "JPY", "AUD", "NZD", "CAD", "TRY", "BRL"];

/// The standard deviation of the market's own move, in log value for the square root of a second.
pub(super) const MARKET_SIGMA: f64 = 1.2e-4;

/// An asset.
pub(super) struct Asset {
    /// How far the asset follows the market.
    beta: f64,
    /// The standard deviation of its own move, as [`MARKET_SIGMA`].
    sigma: f64,
    /// Its own part of the log value.
    own: f64,
    /// The time up to which `own` has walked, in seconds since the start.
    at: f64,
}

impl Asset {
    pub(super) fn new(name: &str) -> Self {
        let known = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let (beta, sigma) = match name {
            "USD" => (0.0, 0.0),
            _ if STABLE.contains(&name) => (0.0, 1e-6),
            _ if MONEY.contains(&name) => (0.0, 1.5e-5),
            "BTC" | "XBT" | "WBTC" => (1.0, 3e-5),
            _ => (1.0, 1e-4),
        };
        Self { beta, sigma, own: libm::log(known.unwrap_or_else(|| start_value(name))), at: 0.0 }
    }

    /// The log of the fair value in dollars at a time, given the market's own log move up to it.
    pub(super) fn log_value(&mut self, seconds: f64, market: f64, random: &mut Random) -> f64 {
        let passed = seconds - self.at;
        if passed > 0.0 {
            self.own += self.sigma * passed.sqrt() * random.normal();
            self.at = seconds;
        }
        self.own + self.beta * market
    }
}

/// Where an unknown asset begins: between 0.05 and 500 dollars, by its name alone.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn start_value(name: &str) -> f64 {
    let part = (hash(name) >> 11) as f64 / 9_007_199_254_740_992.0;
    0.05 * libm::pow(10_000.0, part)
}

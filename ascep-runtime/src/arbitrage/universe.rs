//! What can be exchanged for what, where: markets with their assets, venue, status and filters. Where a universe is read from is the business
//! of `ascep-feeds`.

use rustc_hash::FxHashMap;

/// The most markets of a universe.
const MAX_MARKETS: usize = 1 << 20;
/// The longest name of an asset or a venue, in bytes.
const MAX_NAME: usize = 64;

/// A market of a [`Universe`]; counts from 0 in the order in which markets were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarketId(pub u32);

/// An asset of a [`Universe`]: USD, USDT and USDC are three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetId(pub u32);

/// A venue of a [`Universe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VenueId(pub u32);

/// Whether a market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Status {
    /// Orders are matched.
    #[default]
    Trading,
    /// Known not to match takers' orders: halted, in a break, post-only, cancel-only.
    Halted,
    /// The venue said something that is not known here. Not traded on.
    Unknown,
}

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Contract {
    /// The asset itself. Only these take part in ways: spot against a perpetual is basis, not arbitrage.
    #[default]
    Spot,
    /// A perpetual contract, coin-margined ones among them.
    Perpetual,
    /// A contract with an end.
    Future,
}

/// What a venue demands of an order. Prices are in quote per base, quantities in base, notionals in quote; `None` where nothing is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Filters {
    /// Prices are multiples of this.
    pub tick: Option<f64>,
    /// Quantities are multiples of this.
    pub lot: Option<f64>,
    /// The least quantity of an order.
    pub min_qty: Option<f64>,
    /// The greatest quantity of an order.
    pub max_qty: Option<f64>,
    /// The least price times quantity of an order.
    pub min_notional: Option<f64>,
}

/// A market to be added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MarketSpec {
    /// The venue's name, as in `binance:BTC/USDT`; empty for the default venue of a run.
    pub venue: String,
    /// What is priced.
    pub base: String,
    /// What it is priced in.
    pub quote: String,
    /// Whether it trades.
    pub status: Status,
    /// What is traded.
    pub contract: Contract,
    /// What is demanded of an order.
    pub filters: Filters,
}

impl MarketSpec {
    /// A spot market that trades and demands nothing, from its symbol: `binance:BTC/USDT`, or `BTC/USDT` on the default venue.
    ///
    /// # Errors
    /// Where the symbol names no pair.
    pub fn spot(symbol: &str) -> Result<Self, UniverseError> {
        let (venue, pair) = symbol.split_once(':').unwrap_or(("", symbol));
        let (base, quote) = pair.split_once('/').ok_or_else(|| UniverseError::NoPair { symbol: symbol.to_owned() })?;
        Ok(Self { venue: venue.to_owned(), base: base.to_owned(), quote: quote.to_owned(), ..Self::default() })
    }

    /// The same with filters.
    #[must_use]
    pub fn with_filters(self, filters: Filters) -> Self {
        Self { filters, ..self }
    }
}

/// What a market of a universe is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarketKind {
    /// A venue's.
    Venue {
        /// Whose.
        venue: VenueId,
        /// Whether it trades.
        status: Status,
        /// What is traded.
        contract: Contract,
    },
    /// Two assets that were declared to be equal: either is taken for 1 - `haircut` of the other, at any time and in any size.
    AssumedEqual {
        /// What is taken off on each exchange, from 0 and below 1.
        haircut: f64,
    },
}

/// A market of a universe.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// `venue:BASE/QUOTE`, `BASE/QUOTE` on the default venue, `A=B` where two assets are assumed equal.
    pub symbol: String,
    /// What is priced.
    pub base: AssetId,
    /// What it is priced in.
    pub quote: AssetId,
    /// Whose it is.
    pub kind: MarketKind,
    /// What is demanded of an order.
    pub filters: Filters,
}

impl Market {
    /// Whether ways may lead through it: a spot market that trades, or an assumption.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.kind {
            MarketKind::Venue { status, contract, .. } => status == Status::Trading && contract == Contract::Spot,
            MarketKind::AssumedEqual { .. } => true,
        }
    }

    /// The venue, unless it is an assumption.
    #[must_use]
    pub fn venue(&self) -> Option<VenueId> {
        match self.kind {
            MarketKind::Venue { venue, .. } => Some(venue),
            MarketKind::AssumedEqual { .. } => None,
        }
    }
}

/// Why a market is not taken. The universe is as it was then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UniverseError {
    /// The symbol has no slash.
    #[error("`{symbol}` names no pair; a market is `BASE/QUOTE` or `venue:BASE/QUOTE`")]
    NoPair {
        /// As it was given.
        symbol: String,
    },
    /// A name that no rule could write.
    #[error("{name:?} is no name of {what}: 1 to {MAX_NAME} bytes without blanks, `:`, `/`, `=`, `,` and quote marks")]
    Name {
        /// "an asset" or "a venue".
        what: &'static str,
        /// As it was given.
        name: String,
    },
    /// Bought for itself.
    #[error("market `{symbol}` exchanges {asset} for itself")]
    SameAsset {
        /// The market.
        symbol: String,
        /// The asset.
        asset: String,
    },
    /// There already.
    #[error("market `{symbol}` stands twice")]
    Duplicate {
        /// The market.
        symbol: String,
    },
    /// A filter that is not a number above 0 (of `min_qty` and `min_notional`: from 0), or a least quantity above the greatest.
    #[error("market `{symbol}`: {filter} of {value} {demand}")]
    Filter {
        /// The market.
        symbol: String,
        /// Which.
        filter: &'static str,
        /// Its value.
        value: f64,
        /// What it has to be.
        demand: &'static str,
    },
    /// A haircut below 0, or of all there is.
    #[error("a haircut of {haircut} on `{symbol}` is not from 0 to below 1")]
    Haircut {
        /// Which assumption.
        symbol: String,
        /// Its value.
        haircut: f64,
    },
    /// Too many.
    #[error("more than {MAX_MARKETS} markets")]
    TooMany,
}

/// Markets among assets on venues.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Universe {
    markets: Vec<Market>,
    by_symbol: FxHashMap<String, MarketId>,
    assets: Names,
    venues: Names,
}

impl Universe {
    /// One without markets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a market.
    ///
    /// # Errors
    /// Where a name can't be one, a filter is senseless, or the market is there already; nothing is added then.
    pub fn add(&mut self, spec: &MarketSpec) -> Result<MarketId, UniverseError> {
        let MarketSpec { venue, base, quote, status, contract, filters } = spec;
        let pair = format!("{base}/{quote}");
        let symbol = if venue.is_empty() { pair } else { format!("{venue}:{pair}") };
        if !venue.is_empty() {
            check_name("a venue", venue)?;
        }
        self.check(&symbol, base, quote)?;
        check_filters(&symbol, filters)?;
        let kind = MarketKind::Venue { venue: VenueId(self.venues.id(venue)), status: *status, contract: *contract };
        self.push(symbol, base, quote, kind, *filters)
    }

    /// Declares two assets to be equal but for a haircut, which is taken off on each exchange of one for the other.
    ///
    /// # Errors
    /// Where a name can't be one, the haircut is not from 0 to below 1, or the two are declared already.
    pub fn assume_equal(&mut self, a: &str, b: &str, haircut: f64) -> Result<MarketId, UniverseError> {
        let symbol = format!("{a}={b}");
        let reverse = format!("{b}={a}");
        self.check(&symbol, a, b)?;
        if self.by_symbol.contains_key(&reverse) {
            return Err(UniverseError::Duplicate { symbol: reverse });
        }
        if !(0.0..1.0).contains(&haircut) {
            return Err(UniverseError::Haircut { symbol, haircut });
        }
        self.push(symbol, a, b, MarketKind::AssumedEqual { haircut }, Filters::default())
    }

    fn check(&self, symbol: &str, base: &str, quote: &str) -> Result<(), UniverseError> {
        check_name("an asset", base)?;
        check_name("an asset", quote)?;
        if base == quote {
            return Err(UniverseError::SameAsset { symbol: symbol.to_owned(), asset: base.to_owned() });
        }
        if self.by_symbol.contains_key(symbol) {
            return Err(UniverseError::Duplicate { symbol: symbol.to_owned() });
        }
        if self.markets.len() >= MAX_MARKETS {
            return Err(UniverseError::TooMany);
        }
        Ok(())
    }

    fn push(&mut self, symbol: String, base: &str, quote: &str, kind: MarketKind, filters: Filters) -> Result<MarketId, UniverseError> {
        let id = MarketId(u32::try_from(self.markets.len()).map_err(|_| UniverseError::TooMany)?);
        let (base, quote) = (AssetId(self.assets.id(base)), AssetId(self.assets.id(quote)));
        self.by_symbol.insert(symbol.clone(), id);
        self.markets.push(Market { symbol, base, quote, kind, filters });
        Ok(id)
    }

    /// A market by its id.
    #[must_use]
    pub fn market(&self, id: MarketId) -> Option<&Market> {
        self.markets.get(id.0 as usize)
    }

    /// A market by its symbol, as [`Market::symbol`] has it.
    #[must_use]
    pub fn find(&self, symbol: &str) -> Option<MarketId> {
        self.by_symbol.get(symbol).copied()
    }

    /// All markets in the order in which they were added.
    pub fn markets(&self) -> impl ExactSizeIterator<Item = &Market> {
        self.markets.iter()
    }

    /// All markets with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (MarketId, &Market)> {
        (0..).map(MarketId).zip(&self.markets)
    }

    /// How many markets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.markets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.markets.is_empty()
    }

    /// An asset by its name.
    #[must_use]
    pub fn asset(&self, name: &str) -> Option<AssetId> {
        self.assets.find(name).map(AssetId)
    }

    /// The name of an asset; empty for one that is not of this universe.
    #[must_use]
    pub fn asset_name(&self, id: AssetId) -> &str {
        self.assets.name(id.0)
    }

    /// How many assets there are; their ids are below it.
    #[must_use]
    pub fn assets(&self) -> usize {
        self.assets.names.len()
    }

    /// A venue by its name; the default venue's is empty.
    #[must_use]
    pub fn venue(&self, name: &str) -> Option<VenueId> {
        self.venues.find(name).map(VenueId)
    }

    /// The name of a venue; empty for the default venue.
    #[must_use]
    pub fn venue_name(&self, id: VenueId) -> &str {
        self.venues.name(id.0)
    }

    /// How many venues there are; their ids are below it.
    #[must_use]
    pub fn venues(&self) -> usize {
        self.venues.names.len()
    }
}

/// Names to numbers and back.
#[derive(Debug, Clone, Default, PartialEq)]
struct Names {
    names: Vec<String>,
    ids: FxHashMap<String, u32>,
}

impl Names {
    /// The number of a name, new where it was not seen before. There are at most two for each market.
    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn find(&self, name: &str) -> Option<u32> {
        self.ids.get(name).copied()
    }

    fn name(&self, id: u32) -> &str {
        self.names.get(id as usize).map_or("", String::as_str)
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), UniverseError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/' | '=' | ',' | '"' | '\'');
    if name.is_empty() || name.len() > MAX_NAME || name.contains(bad) {
        return Err(UniverseError::Name { what, name: name.chars().take(MAX_NAME).collect() });
    }
    Ok(())
}

fn check_filters(symbol: &str, filters: &Filters) -> Result<(), UniverseError> {
    let Filters { tick, lot, min_qty, max_qty, min_notional } = *filters;
    let error = |filter, value, demand| Err(UniverseError::Filter { symbol: symbol.to_owned(), filter, value, demand });
    for (filter, value) in [("tick", tick), ("lot", lot), ("max_qty", max_qty)] {
        if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
            return error(filter, value, "is not a number above 0; leave it out where there is none");
        }
    }
    for (filter, value) in [("min_qty", min_qty), ("min_notional", min_notional)] {
        if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
            return error(filter, value, "is not a number from 0 on");
        }
    }
    match (min_qty, max_qty) {
        (Some(least), Some(most)) if least > most => error("min_qty", least, "is above max_qty"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn spot(symbol: &str) -> MarketSpec {
        MarketSpec::spot(symbol).unwrap()
    }

    #[test]
    fn markets_are_found_by_symbol_and_share_assets() {
        let mut universe = Universe::new();
        let a = universe.add(&spot("binance:BTC/USDT")).unwrap();
        let b = universe.add(&spot("kraken:BTC/USDT")).unwrap();
        let c = universe.add(&spot("BTC/USDT")).unwrap();
        assert_eq!(universe.find("kraken:BTC/USDT"), Some(b));
        assert_eq!((a, c, universe.len(), universe.assets(), universe.venues()), (MarketId(0), MarketId(2), 3, 2, 3));
        let market = universe.market(a).unwrap();
        assert_eq!((universe.asset_name(market.base), universe.asset_name(market.quote)), ("BTC", "USDT"));
        assert_eq!(universe.venue_name(market.venue().unwrap()), "binance");
        assert!(market.is_open());
    }

    #[test]
    fn what_is_refused_leaves_the_universe_as_it_was() {
        let mut universe = Universe::new();
        universe.add(&spot("A/B")).unwrap();
        universe.assume_equal("USD", "USDT", 0.001).unwrap();
        let before = universe.clone();
        let with = |filters| spot("A/C").with_filters(filters);
        let zero_tick = Filters { tick: Some(0.0), ..Filters::default() };
        let upside_down = Filters { min_qty: Some(2.0), max_qty: Some(1.0), ..Filters::default() };
        assert!(matches!(universe.add(&spot("A/B")), Err(UniverseError::Duplicate { .. })));
        assert!(matches!(universe.add(&spot("X/X")), Err(UniverseError::SameAsset { .. })));
        assert!(matches!(universe.add(&spot("X/")), Err(UniverseError::Name { .. })));
        assert!(matches!(universe.add(&spot("v v:X/Y")), Err(UniverseError::Name { .. })));
        assert!(matches!(universe.add(&with(zero_tick)), Err(UniverseError::Filter { filter: "tick", .. })));
        assert!(matches!(universe.add(&with(upside_down)), Err(UniverseError::Filter { filter: "min_qty", .. })));
        assert!(matches!(universe.assume_equal("USDT", "USD", 0.0), Err(UniverseError::Duplicate { .. })));
        assert!(matches!(universe.assume_equal("USDC", "USD", 1.0), Err(UniverseError::Haircut { .. })));
        assert!(matches!(universe.assume_equal("USDC", "USD", f64::NAN), Err(UniverseError::Haircut { .. })));
        assert!(matches!(MarketSpec::spot("BTCUSDT"), Err(UniverseError::NoPair { .. })));
        assert_eq!(universe, before);
    }

    #[test]
    fn only_spot_that_trades_is_open() {
        let mut universe = Universe::new();
        for (n, (status, contract, open)) in [
            (Status::Trading, Contract::Spot, true),
            (Status::Halted, Contract::Spot, false),
            (Status::Unknown, Contract::Spot, false),
            (Status::Trading, Contract::Perpetual, false),
            (Status::Trading, Contract::Future, false),
        ]
        .into_iter()
        .enumerate()
        {
            let id = universe.add(&MarketSpec { status, contract, ..spot(&format!("A{n}/B")) }).unwrap();
            assert_eq!(universe.market(id).unwrap().is_open(), open);
        }
        let equal = universe.assume_equal("USD", "USDC", 0.0).unwrap();
        assert!(universe.market(equal).unwrap().is_open());
    }
}

//! What a taker pays: fees by venue, tier and pair, and the fee of each market of a universe that they come to.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::universe::{Contract, Market, MarketKind, Status, Universe};

/// One line of a table. Fees are parts of what a leg gives, `0.00075` is 7.5 bp; a rebate is negative.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeeRow {
    /// Of which venue; any where `None`.
    pub venue: Option<String>,
    /// Of which pair, `BASE/QUOTE`; any where `None`.
    pub pair: Option<String>,
    /// The name of the tier; `None` where the venue has none.
    pub tier: Option<String>,
    /// The traded volume from which on it holds, in the venue's own unit.
    pub min_volume: f64,
    /// The taker's fee.
    pub taker: f64,
    /// The maker's fee, where it is known. No leg pays it: an opportunity is taken.
    pub maker: Option<f64>,
}

/// What decides between the tiers of a venue.
#[derive(Debug, Clone, PartialEq)]
pub enum Tier {
    /// The tier of this name.
    Named(String),
    /// The highest tier that this volume reaches.
    Volume(f64),
}

/// Why fees are not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// It takes all there is, or gives as much again.
    #[error("a fee of {fee} for {of} is not between -1 and 1: it is a part of what is exchanged, `0.001` for 0.1 %")]
    Fee {
        /// Of what.
        of: String,
        /// Its value.
        fee: f64,
    },
    /// A volume that is no number from 0 on.
    #[error("a volume of {volume} for {of} is no number from 0 on")]
    Volume {
        /// Of what.
        of: String,
        /// Its value.
        volume: f64,
    },
    /// Two lines for one thing.
    #[error("the fees for {of} stand twice")]
    Duplicate {
        /// Of what.
        of: String,
    },
    /// No line fits a market that trades.
    #[error("no fee is given for `{symbol}`")]
    Missing {
        /// The market.
        symbol: String,
    },
    /// No line has the tier that was asked for.
    #[error("venue `{venue}` has no tier `{tier}`")]
    NoTier {
        /// The venue.
        venue: String,
        /// The tier.
        tier: String,
    },
}

/// Fees by venue, tier and pair. Of the lines that fit a market those count that say most of it: venue and pair, then venue, then pair, then neither.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeeTable {
    rows: Vec<FeeRow>,
    /// The lines by what they say of venue and pair.
    groups: FxHashMap<(Option<String>, Option<String>), Group>,
    tiers: FxHashMap<String, Tier>,
}

/// The lines of one venue and pair, found without going through them. Lines are numbers of [`FeeTable::rows`].
#[derive(Debug, Clone, Default, PartialEq)]
struct Group {
    /// By volume, as bits: the first and the last line that hold from there on.
    volumes: BTreeMap<u64, (usize, usize)>,
    /// By tier, then by volume, as bits.
    named: FxHashMap<Option<String>, FxHashMap<u64, usize>>,
    /// The first line of each tier.
    first: FxHashMap<Option<String>, usize>,
}

impl Group {
    /// Adds a line unless it is there already.
    fn add(&mut self, row: &FeeRow, line: usize) -> bool {
        let volume = row.min_volume.to_bits();
        let lines = self.named.entry(row.tier.clone()).or_default();
        if lines.contains_key(&volume) {
            return false;
        }
        lines.insert(volume, line);
        self.first.entry(row.tier.clone()).or_insert(line);
        self.volumes.entry(volume).or_insert((line, line)).1 = line;
        true
    }

    fn line(&self, tier: Option<&Tier>) -> Option<usize> {
        let lowest = || self.volumes.first_key_value().map(|(_, (first, _))| *first);
        match tier {
            None => lowest(),
            // Numbers from 0 on are in the order of their bits.
            Some(Tier::Volume(volume)) if *volume >= 0.0 => {
                self.volumes.range(..=(volume + 0.0).to_bits()).next_back().map(|(_, (_, last))| *last).or_else(lowest)
            }
            Some(Tier::Volume(_)) => lowest(),
            // A line without a tier holds for all of them.
            Some(Tier::Named(tier)) => self.first.get(&Some(tier.clone())).or_else(|| self.first.get(&None)).copied(),
        }
    }
}

impl FeeTable {
    /// One that is empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One fee for everything.
    ///
    /// # Errors
    /// Where it is not between -1 and 1.
    pub fn flat(taker: f64) -> Result<Self, FeeError> {
        let mut table = Self::new();
        table.add(FeeRow { taker, ..FeeRow::default() })?;
        Ok(table)
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Where a fee is not between -1 and 1, the volume is no number from 0 on, or the line stands there already.
    pub fn add(&mut self, mut row: FeeRow) -> Result<(), FeeError> {
        for fee in [Some(row.taker), row.maker].into_iter().flatten() {
            if !(fee > -1.0 && fee < 1.0) {
                return Err(FeeError::Fee { of: row.of(), fee });
            }
        }
        if !(row.min_volume.is_finite() && row.min_volume >= 0.0) {
            return Err(FeeError::Volume { of: row.of(), volume: row.min_volume });
        }
        // -0 is 0.
        row.min_volume += 0.0;
        let group = self.groups.entry((row.venue.clone(), row.pair.clone())).or_default();
        if !group.add(&row, self.rows.len()) {
            return Err(FeeError::Duplicate { of: row.of() });
        }
        self.rows.push(row);
        Ok(())
    }

    /// Says which tier counts on a venue; of two for one venue the last counts. Without it the lowest does.
    pub fn set_tier(&mut self, venue: &str, tier: Tier) {
        self.tiers.insert(venue.to_owned(), tier);
    }

    /// All lines in the order in which they were added.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &FeeRow> {
        self.rows.iter()
    }

    /// The taker's fee on a market, where a line fits it.
    ///
    /// # Errors
    /// Where the venue's tier is not in the lines that fit.
    pub fn taker(&self, venue: &str, pair: &str) -> Result<Option<f64>, FeeError> {
        let (named, of) = (Some(venue.to_owned()), Some(pair.to_owned()));
        let says = [(named.clone(), of.clone()), (named, None), (None, of), (None, None)];
        let Some(group) = says.iter().find_map(|says| self.groups.get(says)) else { return Ok(None) };
        let tier = self.tiers.get(venue);
        match (group.line(tier), tier) {
            (None, Some(Tier::Named(tier))) => Err(FeeError::NoTier { venue: venue.to_owned(), tier: tier.clone() }),
            (line, _) => Ok(line.and_then(|line| self.rows.get(line)).map(|row| row.taker)),
        }
    }

    /// The taker's fee on each market of a universe, in its order: 0 where nothing can be traded, the haircut where two assets are assumed equal.
    ///
    /// # Errors
    /// Where a market that trades has no fee: it is not taken to be free.
    pub fn resolve(&self, universe: &Universe) -> Result<Vec<f64>, FeeError> {
        self.resolve_or(&Self::new(), universe)
    }

    /// The same, with another table for the markets that no line of this one fits: what a desk says of its own fees goes before what a venue lists,
    /// however little of a market it says.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_or(&self, fallback: &Self, universe: &Universe) -> Result<Vec<f64>, FeeError> {
        universe.markets().map(|market| self.of(fallback, universe, market)).collect()
    }

    fn of(&self, fallback: &Self, universe: &Universe, market: &Market) -> Result<f64, FeeError> {
        match market.kind {
            MarketKind::AssumedEqual { haircut } => Ok(haircut),
            MarketKind::Venue { status: Status::Trading, contract: Contract::Spot, venue } => {
                let pair = market.symbol.split_once(':').map_or(market.symbol.as_str(), |(_, pair)| pair);
                let venue = universe.venue_name(venue);
                let fee = match self.taker(venue, pair)? {
                    None => fallback.taker(venue, pair)?,
                    fee => fee,
                };
                fee.ok_or_else(|| FeeError::Missing { symbol: market.symbol.clone() })
            }
            MarketKind::Venue { .. } => Ok(0.0),
        }
    }
}

impl FeeRow {
    /// What it is of, for people.
    fn of(&self) -> String {
        let of = match (&self.venue, &self.pair) {
            (Some(venue), Some(pair)) => format!("`{venue}:{pair}`"),
            (Some(name), None) | (None, Some(name)) => format!("`{name}`"),
            (None, None) => "all markets".to_owned(),
        };
        match &self.tier {
            Some(tier) => format!("{of}, tier `{tier}`"),
            None => of,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arbitrage::MarketSpec;

    fn row(venue: Option<&str>, pair: Option<&str>, min_volume: f64, taker: f64) -> FeeRow {
        FeeRow { venue: venue.map(str::to_owned), pair: pair.map(str::to_owned), min_volume, taker, ..FeeRow::default() }
    }

    #[test]
    fn the_line_that_says_most_counts_and_then_the_tier() {
        let mut table = FeeTable::flat(0.003).unwrap();
        table.add(row(Some("kraken"), None, 0.0, 0.0026)).unwrap();
        table.add(row(Some("kraken"), None, 50_000.0, 0.0024)).unwrap();
        table.add(row(Some("kraken"), Some("USDC/USD"), 0.0, -0.0001)).unwrap();
        table.add(FeeRow { tier: Some("VIP1".to_owned()), ..row(Some("binance"), None, 0.0, 0.0009) }).unwrap();
        let taker = |table: &FeeTable, venue, pair| table.taker(venue, pair).unwrap().unwrap();
        assert_eq!(taker(&table, "okx", "BTC/USD").to_bits(), 0.003_f64.to_bits());
        assert_eq!(taker(&table, "kraken", "BTC/USD").to_bits(), 0.0026_f64.to_bits());
        assert_eq!(taker(&table, "kraken", "USDC/USD").to_bits(), (-0.0001_f64).to_bits());
        table.set_tier("kraken", Tier::Volume(60_000.0));
        assert_eq!(taker(&table, "kraken", "BTC/USD").to_bits(), 0.0024_f64.to_bits());
        table.set_tier("binance", Tier::Named("VIP9".to_owned()));
        assert!(matches!(table.taker("binance", "BTC/USDT"), Err(FeeError::NoTier { .. })));
        table.set_tier("binance", Tier::Named("VIP1".to_owned()));
        assert_eq!(taker(&table, "binance", "BTC/USDT").to_bits(), 0.0009_f64.to_bits());
    }

    #[test]
    fn senseless_fees_are_refused() {
        for taker in [1.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(FeeTable::flat(taker), Err(FeeError::Fee { .. })), "{taker}");
        }
        let mut table = FeeTable::flat(-0.0002).unwrap();
        assert!(matches!(table.add(row(None, None, 0.0, 0.1)), Err(FeeError::Duplicate { .. })));
        assert!(matches!(table.add(row(None, None, f64::NAN, 0.1)), Err(FeeError::Volume { .. })));
        assert_eq!(table.rows().len(), 1);
    }

    #[test]
    fn a_market_without_a_fee_is_not_free() {
        let mut universe = Universe::new();
        universe.add(&MarketSpec::spot("kraken:BTC/USD").unwrap()).unwrap();
        universe.assume_equal("USD", "USDT", 0.002).unwrap();
        let mut table = FeeTable::new();
        assert_eq!(table.resolve(&universe), Err(FeeError::Missing { symbol: "kraken:BTC/USD".to_owned() }));
        table.add(row(Some("kraken"), None, 0.0, 0.0026)).unwrap();
        assert_eq!(table.resolve(&universe).unwrap(), vec![0.0026, 0.002]);
        universe.add(&MarketSpec { status: Status::Halted, ..MarketSpec::spot("okx:BTC/USD").unwrap() }).unwrap();
        assert_eq!(table.resolve(&universe).unwrap().len(), 3);
    }

    #[test]
    fn a_desks_own_fees_go_before_those_that_a_venue_lists() {
        let mut universe = Universe::new();
        universe.add(&MarketSpec::spot("kraken:BTC/USD").unwrap()).unwrap();
        universe.add(&MarketSpec::spot("okx:BTC/USDT").unwrap()).unwrap();
        let (mut own, mut listed) = (FeeTable::new(), FeeTable::flat(0.005).unwrap());
        listed.add(row(Some("kraken"), Some("BTC/USD"), 0.0, 0.0026)).unwrap();
        assert_eq!(own.resolve_or(&listed, &universe).unwrap(), vec![0.0026, 0.005]);
        own.add(row(Some("kraken"), None, 0.0, 0.001)).unwrap();
        assert_eq!(own.resolve_or(&listed, &universe).unwrap(), vec![0.001, 0.005]);
    }

    /// The same as going through all lines: the definition, in the slow way.
    fn slow(table: &FeeTable, venue: &str, pair: &str) -> Result<Option<f64>, FeeError> {
        let fits =
            |row: &&FeeRow| row.venue.as_deref().is_none_or(|name| name == venue) && row.pair.as_deref().is_none_or(|name| name == pair);
        let says = |row: &FeeRow| (u8::from(row.venue.is_some()) * 2) + u8::from(row.pair.is_some());
        let Some(most) = table.rows().filter(fits).map(says).max() else { return Ok(None) };
        let lines = || table.rows().filter(fits).filter(|row| says(row) == most);
        let lowest = || lines().min_by(|a, b| a.min_volume.total_cmp(&b.min_volume));
        let row = match table.tiers.get(venue) {
            None => lowest(),
            Some(Tier::Volume(volume)) => {
                lines().filter(|row| row.min_volume <= *volume).max_by(|a, b| a.min_volume.total_cmp(&b.min_volume)).or_else(lowest)
            }
            Some(Tier::Named(tier)) => {
                match lines().find(|row| row.tier.as_ref() == Some(tier)).or_else(|| lines().find(|row| row.tier.is_none())) {
                    None => return Err(FeeError::NoTier { venue: venue.to_owned(), tier: tier.clone() }),
                    row => row,
                }
            }
        };
        Ok(row.map(|row| row.taker))
    }

    proptest::proptest! {
        #[test]
        fn the_index_finds_what_a_search_through_all_lines_finds(
            lines in proptest::collection::vec((0..3_usize, 0..3_usize, 0..3_usize, 0..4_u8), 0..40),
            asked in (0..4_usize, 0..4_usize),
        ) {
            let name = |n: usize, of: &str| (n > 0).then(|| format!("{of}{n}"));
            let mut table = FeeTable::new();
            for (at, (venue, pair, tier, volume)) in lines.into_iter().enumerate() {
                let taker = (at as f64 + 1.0) / 100.0;
                let line = FeeRow { venue: name(venue, "v"), pair: name(pair, "p"), tier: name(tier, "t"), min_volume: f64::from(volume), taker, maker: None };
                let there = table.rows().any(|other| FeeRow { taker, ..other.clone() } == line);
                proptest::prop_assert_eq!(table.add(line).is_err(), there);
            }
            match asked.0 {
                0 => {}
                1 => table.set_tier("v1", Tier::Volume(1.5)),
                2 => table.set_tier("v1", Tier::Volume(-1.0)),
                _ => table.set_tier("v1", Tier::Named(format!("t{}", asked.1))),
            }
            for venue in ["v1", "v2", "v3"] {
                for pair in ["p1", "p2", "p3"] {
                    proptest::prop_assert_eq!(table.taker(venue, pair), slow(&table, venue, pair));
                }
            }
        }
    }
}

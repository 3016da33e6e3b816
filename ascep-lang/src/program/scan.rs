//! What a `cycles(..)` looks for, as data: the markets, what a leg costs, and what makes a closed way an opportunity that is told of. It holds all
//! that an engine needs; nothing is looked up in a universe any more.

use serde::{Deserialize, Serialize};

use super::{ParamId, Period, SymbolId};

/// The legs of a way, fewest and most, that a scan may look for.
pub(crate) const SCAN_LEGS: std::ops::RangeInclusive<u8> = 2..=8;

/// One search for opportunities over a set of markets.
///
/// A *way* is a simple closed way of exchanges (no market and no asset twice) in one direction, through `home`, of `legs.0` to `legs.1` legs. Its *net*
/// is the product of `rate * (1 - fee)` of its legs, minus 1, computed from raw prices in the canonical order of the way: from the leg on its least
/// market on. The rate is the bid for what is sold and 1 / ask for what is bought; of an assumed equality it is 1, and its haircut is its fee. A way is *open* while all its markets have both
/// sides with bid < ask, net > `min_net` (strictly), the age of its oldest quote is below `max_age`, the span between its quotes is at most `max_skew`, and, where all
/// quantities are known, an executable size is above 0 and brings a profit above 0.
///
/// Each telling (open, update, close) is an event of its own in the total order: right after the event, setting or timer that made it, at its ts, in the
/// order of the ways, before anything else. A way compares by its number of legs, then leg by leg from its least market: by the place of the market in
/// `markets`, then bought before sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scan {
    /// The venue that the rule named, for people: `markets` holds only what is to be scanned.
    pub venue: Option<String>,
    /// The asset that every way leads through and that sizes and profits are counted in; one that some market has.
    pub home: String,
    /// The fewest and the most legs, from 2 to 8, both included.
    pub legs: (u8, u8),
    /// What each leg on a venue costs, whatever its market; where it is `None` each market has a fee of its own.
    pub fee: Option<Setting>,
    /// A way is told of while its net is above this.
    pub min_net: Setting,
    /// An open way is told of again when its net differs from what was told last, and by this much or more, up or down.
    pub step: Setting,
    /// A quote of this age is out; no limit where `None`. Closes by a timer at the oldest quote + `max_age`, where events at that ts come first.
    pub max_age: Option<Period>,
    /// The longest span between the quotes of a way, included; no limit where `None`.
    pub max_skew: Option<Period>,
    /// At least two. Their order is that of the ways; each symbol stands once.
    pub markets: Vec<ScanMarket>,
}

/// A number that a scan is set by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Setting {
    /// The bits of a finite number.
    Fixed(u64),
    /// The value of a parameter that is a number. Setting it changes the scan at once: what that opens or closes is told at the ts of the setting. As a
    /// fee it can't be set to what is not above -1 and below 1, as a length of time can't be set to 0; a `step` below 0 is as one of 0.
    Param(ParamId),
}

/// What a way may lead through.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScanMarket {
    /// A market that quotes come from.
    Venue {
        /// Its symbol, which names a pair.
        symbol: SymbolId,
        /// What its venue demands of an order.
        filters: ScanFilters,
        /// The bits of the taker's fee on it, above -1 and below 1; read only where [`Scan::fee`] is `None`.
        fee: Option<u64>,
    },
    /// Two assets that were declared to be equal: either is taken for 1 - haircut of the other at any time and in any size. It has no age.
    AssumedEqual {
        /// One of them, the base.
        base: String,
        /// The other one.
        quote: String,
        /// The bits of what is taken off on each exchange, from 0 and below 1.
        haircut: u64,
    },
}

/// What a venue demands of an order, each as the bits of a finite number: prices in quote per base, quantities in base, notionals in quote. `None`
/// where nothing is demanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScanFilters {
    /// Prices are multiples of this, above 0.
    pub tick: Option<u64>,
    /// Quantities are multiples of this, above 0.
    pub lot: Option<u64>,
    /// The least quantity of an order, from 0.
    pub min_qty: Option<u64>,
    /// The greatest quantity of an order, above 0.
    pub max_qty: Option<u64>,
    /// The least price times quantity of an order, from 0.
    pub min_notional: Option<u64>,
}

/// A field of what is told of an opportunity. Returns are pure numbers, `0.001` is 10 bp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OpportunityField {
    /// The legs from `home` on, a text: `buy BTC/USDT, buy ETH/BTC, sell ETH/USDT`, and `USD as USDT` for an assumed equality. Symbols as the scan has
    /// them. It is made while the engine runs: only fields of actions read it, as it is, out of a run of a sequence, or through `Pick`.
    Path,
    /// The product of the rates after fees, minus 1. On a close that makes rates unknown, the last that was known.
    Net,
    /// The same before fees.
    Gross,
    /// How much of the home asset can go round; unknown where a quantity is.
    Size,
    /// What comes back more than is spent when that size goes round, in the home asset; unknown where a quantity is.
    Profit,
    /// Age of the oldest quote as of the telling, a duration.
    Age,
    /// Span between the quotes, a duration.
    Skew,
    /// Time since it opened as of the telling, a duration.
    Lifetime,
    /// The greatest net so far.
    Peak,
    /// A text: "open", "update" or "close".
    State,
    /// A text, why it closed; unknown on an open and an update. One of [`REASONS`].
    Reason,
}

/// What [`OpportunityField::State`] may be.
pub const STATES: [&str; 3] = ["open", "update", "close"];

/// What [`OpportunityField::Reason`] may be, as `CloseReason::name` of the runtime has them.
pub const REASONS: [&str; 12] =
    ["edge", "age", "skew", "size", "one_sided", "locked", "crossed", "gap", "reset", "stale", "disconnect", "end"];

impl Scan {
    /// The settings that are parameters, and the periods that are.
    pub fn params(&self) -> impl Iterator<Item = ParamId> + '_ {
        let settings = self.fee.into_iter().chain([self.min_net, self.step]);
        let of = |setting: Setting| if let Setting::Param(id) = setting { Some(id) } else { None };
        let periods = self.max_age.into_iter().chain(self.max_skew);
        settings.filter_map(of).chain(periods.filter_map(|period| if let Period::Param(id) = period { Some(id) } else { None }))
    }

    /// The symbols of its markets, in their order.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.markets.iter().filter_map(|market| match market {
            ScanMarket::Venue { symbol, .. } => Some(*symbol),
            ScanMarket::AssumedEqual { .. } => None,
        })
    }
}

impl super::Tables {
    /// What a scan is, without the numbers of tables. Of one event, setting or deadline several scans tell in the order of these words, so that a rule sees the
    /// same whichever other rules there are.
    #[must_use]
    pub fn scan_order(&self, scan: &Scan) -> Vec<String> {
        let param = |id: ParamId| self.params.get(id.0 as usize).map_or_else(String::new, |param| param.name.clone());
        let setting = |setting: Setting| match setting {
            Setting::Fixed(bits) => format!("{bits:016x}"),
            Setting::Param(id) => param(id),
        };
        let period = |period: Option<Period>| match period {
            None => String::new(),
            Some(Period::Fixed(d)) => format!("{d:020}"),
            Some(Period::Param(id)) => param(id),
        };
        let bits = |bits: Option<u64>| bits.map_or_else(String::new, |bits| format!("{bits:016x}"));
        let Scan { venue: _, home, legs, fee, min_net, step, max_age, max_skew, markets } = scan;
        let fee = fee.map_or_else(String::new, setting);
        let mut words = vec![home.clone(), format!("{}..{}", legs.0, legs.1), fee, setting(*min_net), setting(*step)];
        words.extend([period(*max_age), period(*max_skew)]);
        for market in markets {
            match market {
                ScanMarket::Venue { symbol, filters, fee } => {
                    let ScanFilters { tick, lot, min_qty, max_qty, min_notional } = *filters;
                    words.push(self.symbols.get(symbol.0 as usize).cloned().unwrap_or_default());
                    words.extend([*fee, tick, lot, min_qty, max_qty, min_notional].map(bits));
                }
                ScanMarket::AssumedEqual { base, quote, haircut } => words.push(format!("{base}={quote} {haircut:016x}")),
            }
        }
        words
    }
}

impl Setting {
    /// That is set once and for all.
    #[must_use]
    pub fn fixed(x: f64) -> Self {
        Self::Fixed(x.to_bits())
    }
}

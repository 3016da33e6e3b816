//! Generated universes with streams for scans: few assets of simple values, prices near parity on a coarse grid, so that opportunities, ties, exact
//! thresholds, faults and events at the very deadline are common.

use ascep_runtime::arbitrage::{AssetId, Filters, MarketId, MarketSpec, Status, Universe};
use ascep_runtime::event::{Loss, MISSING, Quote, Timestamp};

use super::dice::Dice;
use super::stream::SECOND;

/// A market with its fee: a venue's by its symbol, or an assumption.
#[derive(Debug, Clone, PartialEq)]
pub enum Listed {
    Market { symbol: String, halted: bool, fee: f64, filters: Filters },
    Equal { a: String, b: String, haircut: f64 },
}

/// What a scan is given next; markets by their place in the universe.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Quote {
        market: usize,
        ts: Timestamp,
        venue_ts: Option<Timestamp>,
        quote: Quote,
    },
    Lose {
        market: usize,
        ts: Timestamp,
        loss: Loss,
    },
    Advance(Timestamp),
    MinNet(f64),
    MaxAge(Option<i64>),
    MaxSkew(Option<i64>),
    /// The fee of one market.
    Fee(usize, f64),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub legs: (u8, u8),
    pub home: Option<&'static str>,
    pub across: bool,
    pub min_net: f64,
    pub step: f64,
    pub max_age: Option<i64>,
    pub max_skew: Option<i64>,
    pub watch_gross: bool,
    /// Whether the clocks of venues are estimated; else those that are off are declared to be.
    pub estimated: bool,
}

/// A universe, what is looked for in it, and a stream.
#[derive(Clone, PartialEq)]
pub struct Case {
    pub listed: Vec<Listed>,
    pub wanted: Wanted,
    pub steps: Vec<Step>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f)?;
        self.listed.iter().enumerate().try_for_each(|(i, listed)| writeln!(f, "  {i}: {listed:?}"))?;
        writeln!(f, "  {:?}", self.wanted)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))
    }
}

const ASSETS: [&str; 7] = ["A", "B", "C", "D", "E", "F", "G"];
/// What the assets are worth; quotients of most of them are exact.
const VALUES: [f64; 7] = [1.0, 2.0, 4.0, 1.0, 3.0, 8.0, 0.5];
const VENUES: [&str; 3] = ["", "k:", "x:"];

impl Case {
    /// The universe with the fee of each market.
    pub fn universe(&self) -> (Universe, Vec<f64>) {
        let mut universe = Universe::new();
        let mut fees = Vec::new();
        for listed in &self.listed {
            match listed {
                Listed::Market { symbol, halted, fee, filters } => {
                    let status = if *halted { Status::Halted } else { Status::Trading };
                    universe.add(&MarketSpec { status, filters: *filters, ..MarketSpec::spot(symbol).unwrap() }).unwrap();
                    fees.push(*fee);
                }
                Listed::Equal { a, b, haircut } => {
                    universe.assume_equal(a, b, *haircut).unwrap();
                    fees.push(*haircut);
                }
            }
        }
        (universe, fees)
    }

    /// The home, where it is an asset of the universe.
    pub fn home(&self, universe: &Universe) -> Option<AssetId> {
        self.wanted.home.and_then(|home| universe.asset(home))
    }

    /// Simpler cases, the much simpler ones first.
    pub fn simpler(&self) -> Vec<Self> {
        let mut out = Vec::new();
        let with = |steps: Vec<Step>| Self { steps, ..self.clone() };
        let mut chunk = self.steps.len().div_ceil(2);
        while chunk > 0 {
            for from in (0..self.steps.len()).step_by(chunk) {
                let rest = self.steps.iter().skip((from + chunk).min(self.steps.len()));
                out.push(with(self.steps.iter().take(from).chain(rest).cloned().collect()));
            }
            chunk /= 2;
        }
        let plain = [
            Wanted { max_age: None, ..self.wanted.clone() },
            Wanted { max_skew: None, ..self.wanted.clone() },
            Wanted { home: None, ..self.wanted.clone() },
            Wanted { across: true, ..self.wanted.clone() },
        ];
        out.extend(plain.into_iter().filter(|wanted| *wanted != self.wanted).map(|wanted| Self { wanted, ..self.clone() }));
        for (i, listed) in self.listed.iter().enumerate() {
            // A market that halts is as good as none, and leaves the others their places.
            let Listed::Market { symbol, halted, fee, filters } = listed else { continue };
            let (symbol, halted, fee, filters) = (symbol.clone(), *halted, *fee, *filters);
            for simpler in [
                Listed::Market { symbol: symbol.clone(), halted: true, fee, filters },
                Listed::Market { symbol: symbol.clone(), halted, fee, filters: Filters::default() },
                Listed::Market { symbol: symbol.clone(), halted, fee: 0.0, filters },
            ] {
                if simpler != *listed {
                    let mut listed = self.listed.clone();
                    listed[i] = simpler;
                    out.push(Self { listed, ..self.clone() });
                }
            }
        }
        out
    }
}

/// How hard a generated case is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub assets: (i64, i64),
    pub markets: (i64, i64),
    pub steps: (i64, i64),
    /// Choices of the least and the most legs.
    pub legs: &'static [(u8, u8)],
    /// Whether ages and skews are limited now and then.
    pub limits: bool,
    /// Whether all is done that lets no way hide another from the search for any length: a threshold of 0, no home, quantities above 0, and fees that
    /// no market's own two sides make up for.
    pub open_sight: bool,
    /// Whether there is a way through all assets.
    pub ring: bool,
}

/// Makes a case.
pub fn generate(dice: &mut Dice, shape: &Shape) -> Case {
    let assets = dice.between(shape.assets.0, shape.assets.1) as usize;
    let venues = 1 + dice.below(3);
    let markets = dice.between(shape.markets.0, shape.markets.1);
    let fees: &[f64] = [&[0.0][..], &[0.0, 0.001, 0.00075], &[0.001, -0.0002, 0.0], &[0.0, 0.0, 0.25, -0.125]]
        [dice.below(if shape.open_sight { 2 } else { 4 })];
    let mut listed: Vec<Listed> = Vec::new();
    let filtered = !shape.open_sight && dice.chance(35);
    for place in 0..markets as usize {
        let ring = shape.ring && place < assets;
        let (a, b) = if ring { (place, (place + 1) % assets) } else { (dice.below(assets), dice.below(assets)) };
        if a == b {
            continue;
        }
        let (a, b) = if ring && dice.chance(50) { (b, a) } else { (a, b) };
        let fee = fees[dice.below(fees.len())];
        let (a, b) = (ASSETS[a], ASSETS[b]);
        let symbol = format!("{}{a}/{b}", VENUES[dice.below(venues)]);
        let is_new = |other: &Listed| !matches!(other, Listed::Market { symbol: other, .. } if *other == symbol);
        if listed.iter().all(is_new) {
            listed.push(Listed::Market { symbol, halted: dice.chance(6), fee, filters: filters(dice, filtered) });
        }
    }
    // A and D are worth the same. One assumption, so that no way goes through assumptions alone.
    if assets > 3 && dice.chance(35) {
        let haircut = [0.0, 0.001, 0.0625][dice.below(3)];
        listed.insert(dice.below(listed.len() + 1), Listed::Equal { a: "A".to_owned(), b: "D".to_owned(), haircut });
    }
    let limit = |dice: &mut Dice| (shape.limits && dice.chance(55)).then(|| [1, 2, 2, 3, 5][dice.below(5)] * SECOND);
    let wanted = Wanted {
        legs: shape.legs[dice.below(shape.legs.len())],
        home: (!shape.open_sight && dice.chance(45)).then(|| ASSETS[dice.below(assets)]),
        across: dice.chance(80),
        min_net: if shape.open_sight { 0.0 } else { threshold(dice) },
        step: [0.0001, 0.0625, 0.03125, 0.125, 0.02, 0.0][dice.below(6)],
        max_age: limit(dice),
        max_skew: limit(dice),
        watch_gross: dice.chance(50),
        estimated: dice.chance(50),
    };
    let steps = steps(dice, shape, &listed);
    Case { listed, wanted, steps }
}

/// What a venue demands, on most of the markets where it demands anything.
fn filters(dice: &mut Dice, any: bool) -> Filters {
    if !any || dice.chance(30) {
        return Filters::default();
    }
    let mut one = |percent: usize, of: &[f64]| dice.chance(percent).then(|| of[dice.below(of.len())]);
    let (lot, min_qty, max_qty) = (one(70, &[0.25, 0.1, 0.5, 1.0]), one(25, &[0.25, 0.5, 1.0]), one(20, &[2.0, 3.0]));
    Filters { tick: None, lot, min_qty, max_qty, min_notional: one(30, &[0.5, 1.0, 3.0]) }
}

/// The prefix of the venue that a market is on.
pub fn venue_of(listed: &Listed) -> &str {
    match listed {
        Listed::Market { symbol, .. } => symbol.split_once(':').map_or("", |(venue, _)| venue),
        Listed::Equal { .. } => "",
    }
}

/// How far behind a venue's clock is.
pub fn off(venue: &str) -> i64 {
    match venue {
        "k" => 5 * 3600 * SECOND,
        "x" => -3 * SECOND,
        _ => 0,
    }
}

fn threshold(dice: &mut Dice) -> f64 {
    [0.0, 0.0, 0.0625, 0.03125, 0.125, 0.01, 0.0002, -0.0625][dice.below(8)]
}

fn steps(dice: &mut Dice, shape: &Shape, listed: &[Listed]) -> Vec<Step> {
    let quoted: Vec<usize> = (0..listed.len()).filter(|i| matches!(listed[*i], Listed::Market { .. })).collect();
    let mut last: Vec<Option<Quote>> = vec![None; listed.len()];
    let mut ts = dice.between(0, 9) * 100 * SECOND;
    let count = dice.between(shape.steps.0, shape.steps.1);
    let mut steps = Vec::new();
    // Some runs are of few markets again and again.
    let clocks = dice.chance(40);
    let hot = dice.chance(30).then(|| 2 + dice.below(3));
    if quoted.is_empty() {
        return steps;
    }
    for _ in 0..count {
        let market = quoted[dice.below(hot.unwrap_or(quoted.len()).min(quoted.len()))];
        let market = if dice.chance(20) { quoted[dice.below(quoted.len())] } else { market };
        match dice.weighted(&[84, 5, 5, if shape.limits { 6 } else { 3 }]) {
            0 => {
                ts += pass(dice);
                let quote = match last[market] {
                    // The same prices again, be it with other quantities.
                    Some(quote) if dice.chance(15) => Quote { bid_qty: quantity(dice, shape), ask_qty: quantity(dice, shape), ..quote },
                    Some(quote) if dice.chance(8) => quote,
                    _ => quote_of(dice, shape, &listed[market]),
                };
                last[market] = Some(quote);
                let late = if dice.chance(4) { dice.between(1, 3) * SECOND } else { 0 };
                // A venue sees it up to half a second before, and its clock is off.
                let delay = dice.below(3) as i64 * SECOND / 4;
                let venue_ts = (clocks && late == 0 && !dice.chance(5)).then(|| ts - delay - off(venue_of(&listed[market])));
                steps.push(Step::Quote { market, ts: ts - late, venue_ts, quote });
            }
            1 => {
                ts += pass(dice);
                let loss = [Loss::Gap, Loss::Reset, Loss::Stale, Loss::Disconnect][dice.below(4)];
                steps.push(Step::Lose { market, ts, loss });
            }
            2 => {
                ts += [0, 1, 2, 2, 3, 5][dice.below(6)] * SECOND;
                steps.push(Step::Advance(ts));
            }
            _ => steps.push(match dice.below(if shape.limits { 4 } else { 1 }) {
                0 => Step::Fee(market, [0.0, 0.001, 0.0625, 0.25, -0.0002][dice.below(if shape.open_sight { 4 } else { 5 })]),
                1 => Step::MinNet(threshold(dice)),
                2 => Step::MaxAge(dice.chance(80).then(|| dice.between(1, 5) * SECOND)),
                _ => Step::MaxSkew(dice.chance(80).then(|| dice.between(0, 4) * SECOND)),
            }),
        }
    }
    if dice.chance(40) {
        steps.push(Step::Advance(ts + dice.between(0, 6) * SECOND));
    }
    steps
}

/// How much time passes.
fn pass(dice: &mut Dice) -> i64 {
    match dice.weighted(&[42, 30, 8, 4, 8, 2]) {
        0 => 0,
        1 => SECOND,
        2 => 2 * SECOND,
        3 => 3 * SECOND,
        4 => SECOND / 2,
        _ => 1,
    }
}

fn quantity(dice: &mut Dice, shape: &Shape) -> f64 {
    [1.0, 2.0, 3.0, 5.0, 0.5, 2.0, 4.0, MISSING, 0.0][dice.weighted(&[4, 4, 4, 4, 4, 4, 4, 2, usize::from(!shape.open_sight)])]
}

/// A quote around what the market's base is worth in its quote asset, in sixteenths or in parts of a thousand.
fn quote_of(dice: &mut Dice, shape: &Shape, listed: &Listed) -> Quote {
    let Listed::Market { symbol, .. } = listed else { panic!("an assumption is not quoted") };
    let pair = symbol.split_once(':').map_or(symbol.as_str(), |(_, pair)| pair);
    let (base, quote) = pair.split_once('/').unwrap();
    let value = |name: &str| VALUES[ASSETS.iter().position(|asset| *asset == name).unwrap()];
    let fair = value(base) / value(quote);
    let grid = if dice.chance(70) { 1.0 / 16.0 } else { 0.001 };
    let from = dice.between(-3, 1);
    let spread = [0, -1, -2, 1, 2, 3][dice.weighted(&[2, 2, 1, 50, 20, 8])];
    let price = |k: i64| fair * (1.0 + k as f64 * grid);
    let (bid, ask) = match dice.below(40) {
        0 => (MISSING, price(from + spread)),
        1 => (price(from), MISSING),
        2 if dice.chance(30) => ([0.0, -1.0, f64::INFINITY][dice.below(3)], price(from + spread)),
        _ => (price(from), price(from + spread)),
    };
    let bad = dice.chance(1);
    Quote { bid, ask, bid_qty: if bad { -1.0 } else { quantity(dice, shape) }, ask_qty: quantity(dice, shape) }
}

/// The market at a place.
pub fn market(place: usize) -> MarketId {
    MarketId(u32::try_from(place).unwrap())
}

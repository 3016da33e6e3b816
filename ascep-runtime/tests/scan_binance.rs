//! The scanner on the real graph of a venue, Binance in October 2021 with 385 assets and 1,262 markets that trade, at made-up prices: against Bellman-Ford from scratch for ways of any
//! length, and against brute force for triangles and for ways of four legs through a home.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path as File, PathBuf};

use ascep_runtime::arbitrage::{
    AssetId, FeeTable, Leg, MarketId, MarketSpec, Opportunity, Path, Potentials, ScanSettings, Scanner, State, Status, Universe,
};
use ascep_runtime::event::{Quote, Side};
use ascep_runtime::reference::scan::ways;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::dice::Dice;

/// How many updates there are after each market was quoted once, and how often the whole is checked.
const UPDATES: usize = 6_000;
const EVERY: usize = 25;
/// A taker's fee.
const FEE: f64 = 0.000_75;

/// A file of the shared data; `None`, with a loud word, where they are absent. In CI that is a failure.
fn shared(path: &str) -> Option<PathBuf> {
    let fallback = || File::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let file = std::env::var_os("ASCEP_SHARED").map_or_else(fallback, PathBuf::from).join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    eprintln!("!!! SKIPPED: {} is missing; set ASCEP_SHARED", file.display());
    None
}

/// All markets of the venue, those in a break among them.
fn universe() -> Option<Universe> {
    let mut text = String::new();
    let file = std::fs::File::open(shared("data/binance/exchangeInfo_2021.json.gz")?).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let info: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut universe = Universe::new();
    for symbol in info["symbols"].as_array().unwrap() {
        let name = |key: &str| symbol[key].as_str().unwrap().to_owned();
        let status = if symbol["status"] == "TRADING" { Status::Trading } else { Status::Halted };
        universe.add(&MarketSpec { base: name("baseAsset"), quote: name("quoteAsset"), status, ..MarketSpec::default() }).unwrap();
    }
    let open = universe.markets().filter(|market| market.is_open()).count();
    assert_eq!((universe.len(), open), (1_695, 1_262));
    Some(universe)
}

/// Made-up prices: each asset has a hidden value that wanders, and each market is quoted around what its base is worth, with noise, and far off now
/// and then.
struct Prices {
    dice: Dice,
    values: Vec<f64>,
    open: Vec<(MarketId, AssetId, AssetId)>,
    /// The markets that are off, which come back sooner or later.
    off: Vec<usize>,
    most_off: usize,
    /// How far off they are at most.
    far: f64,
}

impl Prices {
    fn new(universe: &Universe, seed: u8) -> Self {
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
        let mut dice = Dice::new(&mut runner);
        let values = (0..universe.assets()).map(|_| (uniform(&mut dice) * 9.0).exp()).collect();
        let open = universe.iter().filter(|(_, market)| market.is_open()).map(|(id, market)| (id, market.base, market.quote)).collect();
        Self { dice, values, open, off: Vec::new(), most_off: 20, far: 0.008 }
    }

    fn quote_of(&mut self, place: usize, shift: f64) -> (MarketId, Quote) {
        let (id, base, quote) = self.open[place];
        let fair = self.values[base.0 as usize] / self.values[quote.0 as usize];
        let mid = fair * (1.0 + shift + 0.000_15 * uniform(&mut self.dice));
        let half = 0.000_05 + 0.000_15 * uniform(&mut self.dice).abs();
        (id, Quote { bid: mid * (1.0 - half), ask: mid * (1.0 + half), bid_qty: 1.0, ask_qty: 1.0 })
    }

    fn next(&mut self) -> (MarketId, Quote) {
        let asset = self.dice.below(self.values.len());
        self.values[asset] *= 1.0 + 0.000_1 * uniform(&mut self.dice);
        if self.off.len() > self.most_off || (!self.off.is_empty() && self.dice.chance(2)) {
            let back = self.dice.below(self.off.len());
            let place = self.off.swap_remove(back);
            return self.quote_of(place, 0.0);
        }
        let place = self.dice.below(self.open.len());
        if self.dice.chance(3) && !self.off.contains(&place) {
            self.off.push(place);
            let shift = self.far * uniform(&mut self.dice);
            return self.quote_of(place, shift);
        }
        self.quote_of(place, 0.0)
    }
}

/// From -1 to 1.
fn uniform(dice: &mut Dice) -> f64 {
    dice.between(-1_000_000, 1_000_000) as f64 / 1e6
}

/// What one unit brings on a leg after the fee.
fn rate(quotes: &[Option<Quote>], leg: Leg) -> Option<f64> {
    let quote = quotes[leg.market.0 as usize]?;
    Some((if leg.side == Side::Buy { 1.0 / quote.ask } else { quote.bid }) * (1.0 - FEE))
}

fn net(quotes: &[Option<Quote>], path: &Path) -> Option<f64> {
    Some(path.legs().try_fold(1.0, |product, leg| Some(product * rate(quotes, leg)?))? - 1.0)
}

/// The net return of a closed way that pays, of any length, or `None` where there is none.
fn bellman_ford(universe: &Universe, quotes: &[Option<Quote>]) -> Option<f64> {
    let legs = universe.iter().filter(|(_, market)| market.is_open());
    let legs = legs.flat_map(|(market, _)| [Side::Buy, Side::Sell].map(|side| Leg { market, side }));
    let edges: Vec<(usize, usize, f64)> = legs
        .filter_map(|leg| {
            let (gives, gets) = leg.assets(universe)?;
            Some((gives.0 as usize, gets.0 as usize, -rate(quotes, leg)?.ln()))
        })
        .collect();
    // As from a source from which each asset is reached at no cost.
    let (mut cost, mut by) = (vec![0.0; universe.assets()], vec![None; universe.assets()]);
    let mut last = None;
    for _ in 0..=universe.assets() {
        last = None;
        for (edge, (from, to, weight)) in edges.iter().enumerate() {
            if cost[*from] + weight < cost[*to] - 1e-14 {
                (cost[*to], by[*to], last) = (cost[*from] + weight, Some(edge), Some(*to));
            }
        }
        last?;
    }
    // It goes on for ever: as many steps back as there are assets lead into the closed way.
    let mut at = last?;
    for _ in 0..universe.assets() {
        at = edges[by[at].unwrap()].0;
    }
    let (start, mut weight) = (at, 0.0);
    loop {
        let edge = edges[by[at].unwrap()];
        (at, weight) = (edge.0, weight + edge.2);
        if at == start {
            return Some((-weight).exp_m1());
        }
    }
}

/// A scanner that is given made-up prices, with what is known of it from its tellings alone.
struct Run {
    scanner: Scanner,
    prices: Prices,
    quotes: Vec<Option<Quote>>,
    ts: i64,
    open: BTreeSet<Path>,
    openings: usize,
}

impl Run {
    /// With each market quoted once, in two rounds so that the order of the first quotes leaves nothing behind.
    fn new(universe: &Universe, settings: ScanSettings, seed: u8) -> Self {
        let fees = FeeTable::flat(FEE).unwrap().resolve(universe).unwrap();
        let scanner = Scanner::new(universe, &fees, settings).unwrap();
        let prices = Prices::new(universe, seed);
        let quotes = vec![None; universe.len()];
        let mut run = Self { scanner, prices, quotes, ts: 0, open: BTreeSet::new(), openings: 0 };
        for place in 0..run.prices.open.len() {
            let (market, quote) = run.prices.quote_of(place, 0.0);
            run.give(market, quote);
        }
        run
    }

    fn update(&mut self) {
        let (market, quote) = self.prices.next();
        self.give(market, quote);
    }

    /// Gives a quote to the scanner and follows what it tells: nothing opens twice or closes unopened, and each return is the right one.
    fn give(&mut self, market: MarketId, quote: Quote) {
        self.ts += 1_000_000;
        self.quotes[market.0 as usize] = Some(quote);
        let mut told = Vec::new();
        self.scanner.quote(market, self.ts, None, &quote, &mut |o: &Opportunity| told.push(*o)).unwrap();
        for opportunity in told {
            let path = opportunity.path;
            let right = net(&self.quotes, &path).unwrap();
            assert!((opportunity.net - right).abs() <= 1e-12 * (1.0 + right), "{opportunity:?} brings {right}");
            match opportunity.state {
                State::Open => {
                    assert!(self.open.insert(path), "{path:?} opens twice");
                    self.openings += 1;
                }
                State::Update => assert!(self.open.contains(&path), "{path:?} is not open"),
                State::Close(_) => assert!(self.open.remove(&path), "{path:?} closes unopened"),
            }
        }
    }

    /// The open ones by the tellings are those that the scanner has.
    fn check_open(&self) {
        let open: BTreeSet<Path> = self.scanner.open().map(|o| o.path).collect();
        assert_eq!(self.open, open);
    }
}

/// Wants exactly the ways that pay to be open, at every so many updates.
fn against_brute_force(universe: &Universe, settings: ScanSettings, seed: u8) {
    let (legs, home, min_net) = (settings.legs.clone(), settings.home, settings.min_net);
    let all = ways(universe, usize::from(*legs.start())..=usize::from(*legs.end()), home, true);
    let mut run = Run::new(universe, settings, seed);
    let mut seen = 0;
    for update in 0..UPDATES {
        run.update();
        if update % EVERY == 0 {
            run.check_open();
            let wanted: Vec<Path> = all.iter().filter(|path| net(&run.quotes, path).is_some_and(|net| net > min_net)).copied().collect();
            assert!(run.open.iter().eq(wanted.iter()), "open {:?}, to be open {wanted:?}", run.open);
            seen += wanted.len();
        }
    }
    eprintln!("{} ways of {legs:?} legs: {} openings, {seen} open at {} checks", all.len(), run.openings, UPDATES / EVERY);
    assert!(run.openings > 200 && seen > 200, "{} openings, {seen} seen", run.openings);
}

#[test]
fn triangles_of_binance_are_those_of_brute_force() {
    let Some(universe) = universe() else { return };
    assert_eq!(ways(&universe, 3..=3, None, true).len(), 2 * 1_982);
    against_brute_force(&universe, ScanSettings::default().with_legs(3..=3), 1);
    against_brute_force(&universe, ScanSettings::default().with_legs(2..=3).with_min_net(0.0005), 2);
}

#[test]
fn four_legs_through_a_home_are_those_of_brute_force() {
    let Some(universe) = universe() else { return };
    for (home, seed) in [("USDT", 3), ("ETH", 4)] {
        let home = universe.asset(home);
        against_brute_force(&universe, ScanSettings::default().with_legs(3..=4).with_home(home), seed);
    }
}

#[test]
fn a_way_of_any_length_is_open_exactly_while_bellman_ford_finds_one() {
    let Some(universe) = universe() else { return };
    let mut run = Run::new(&universe, ScanSettings::default().with_legs(2..=8), 5);
    run.prices.most_off = 2;
    let mut seen = [0, 0];
    for update in 0..UPDATES {
        run.update();
        if update % 5 == 0 {
            run.check_open();
            let pays = bellman_ford(&universe, &run.quotes);
            assert_eq!(!run.open.is_empty(), pays.is_some_and(|net| net > 1e-12), "{pays:?}: {:?}", run.open);
            seen[usize::from(pays.is_some())] += 1;
        }
    }
    eprintln!("checks without a way that pays and with one: {seen:?}; {:?}", run.scanner.counters());
    // On this graph no way that was found is longer than those told.
    assert_eq!(run.scanner.counters().too_long, 0);
    assert!(seen.iter().all(|times| *times > 100), "{seen:?}");
}

/// The potentials alone: an edge is left out exactly while some way pays, and each way that is found is a simple closed one that does.
#[test]
fn potentials_find_a_way_exactly_when_bellman_ford_does() {
    let Some(universe) = universe() else { return };
    let lengths = potentials_against_bellman_ford(&universe, 6, 5, |prices, _| prices.next());
    assert!(lengths.len() > 2, "{lengths:?}");
    // One market again and again, so that no other way hides the one that pays next to nothing, and what it leads through has no room left.
    potentials_against_bellman_ford(&universe, 7, 1, |prices, update| {
        let shift = 0.0026 + 0.0004 * uniform(&mut prices.dice);
        prices.quote_of(update / 500 * 40, shift)
    });
}

/// How many ways of which length the potentials found.
fn potentials_against_bellman_ford(
    universe: &Universe,
    seed: u8,
    every: usize,
    next: impl Fn(&mut Prices, usize) -> (MarketId, Quote),
) -> BTreeMap<usize, usize> {
    let markets = universe.iter().filter(|(_, market)| market.is_open()).map(|(id, _)| id);
    let legs: Vec<Leg> = markets.flat_map(|market| [Side::Buy, Side::Sell].map(|side| Leg { market, side })).collect();
    let ends: Vec<(u32, u32)> = legs.iter().filter_map(|leg| leg.assets(universe)).map(|(gives, gets)| (gives.0, gets.0)).collect();
    let mut potentials = Potentials::new(universe.assets(), &ends).unwrap();
    let mut prices = Prices::new(universe, seed);
    // Near what fees and spreads take, so that much pays next to nothing.
    (prices.most_off, prices.far) = (5, 0.0035);
    let mut quotes = vec![None; universe.len()];
    let (mut seen, mut lengths) = ([0, 0], BTreeMap::<usize, usize>::new());
    let first = prices.open.len();
    for update in 0..first + UPDATES {
        let (market, quote) = if update < first { prices.quote_of(update, 0.0) } else { next(&mut prices, update - first) };
        quotes[market.0 as usize] = Some(quote);
        let first = legs.iter().position(|leg| leg.market == market).unwrap();
        // What gets dearer first, or the old price of one side makes a way with the new one of the other.
        let mut edges = [first, first + 1];
        let before = |edge: &usize| potentials.rate(u32::try_from(*edge).unwrap()).unwrap();
        edges.sort_by_key(|edge| rate(&quotes, legs[*edge]).unwrap() >= before(edge));
        for edge in edges {
            potentials.set(u32::try_from(edge).unwrap(), rate(&quotes, legs[edge]).unwrap(), &mut |way| {
                let way: Vec<Leg> = way.iter().map(|edge| legs[*edge as usize]).collect();
                *lengths.entry(way.len()).or_default() += 1;
                let mut come_to = BTreeSet::new();
                for (leg, next) in way.iter().zip(way.iter().cycle().skip(1)) {
                    assert_eq!(leg.assets(universe).unwrap().1, next.assets(universe).unwrap().0, "{way:?}");
                    assert!(come_to.insert(leg.assets(universe).unwrap().0), "{way:?}");
                }
                let product: f64 = way.iter().map(|leg| rate(&quotes, *leg).unwrap_or(0.0)).product();
                assert!(product > 1.0, "{product}: {way:?}");
            });
        }
        if update % every == 0 {
            let pays = bellman_ford(universe, &quotes);
            assert_eq!(potentials.left_out() > 0, pays.is_some_and(|net| net > 1e-12), "{pays:?}");
            seen[usize::from(pays.is_some())] += 1;
        }
    }
    eprintln!("checks without a way that pays and with one: {seen:?}; ways found by length: {lengths:?}; {:?}", potentials.counters());
    assert!(seen.iter().all(|times| *times > 50), "{seen:?}");
    lengths
}

//! No opportunity loses money: each that a scan opens or updates is executed at its reported size by a taker that reckons in whole numbers, pays the
//! same fees and obeys the same filters. And every way that such a taker makes money with is open.
//!
//! `ASCEP_SIGN` sets how many universes are tried, `ASCEP_SEED` the seed; both are fixed otherwise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

#[path = "common/exact.rs"]
mod exact;

use std::collections::BTreeSet;

use ascep_runtime::arbitrage::{
    BoundBy, Filters, Leg, MarketId, MarketKind, MarketSpec, Opportunity, Path, ScanSettings, Scanner, State, Universe,
};
use ascep_runtime::event::{Book, Level, Loss, Quote, Side};
use exact::{Desk, Exact, Random, can_do, check, largest, places, setting};

/// A number of at most five digits.
fn short(x: f64) -> f64 {
    format!("{x:.4e}").parse().unwrap()
}

/// How a universe is made.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// Markets have filters, all of them lots.
    lots: bool,
    /// Or only some of them have any.
    some: bool,
    depth: bool,
    min_net: f64,
    home: bool,
}

struct World {
    universe: Universe,
    worth: Vec<f64>,
    fees: Vec<f64>,
    /// What is offered on each market, asks and bids.
    books: Vec<(Vec<Level>, Vec<Level>)>,
    known: Vec<bool>,
    kind: Kind,
}

impl World {
    fn new(random: &mut Random, kind: Kind) -> Self {
        let assets = 3 + random.below(2) as usize;
        let names = ["A", "B", "C", "D"];
        let worth: Vec<f64> = (0..assets).map(|n| if n == 1 { 1.0 } else { short(10_f64.powf(random.part() * 2.0 - 1.0)) }).collect();
        let mut universe = Universe::new();
        let mut fees = Vec::new();
        for venue in ["x", "y"] {
            for base in 0..assets {
                for quote in 0..assets {
                    if base == quote || random.below(5) < 2 {
                        continue;
                    }
                    let filters = filters(random, worth[base] / worth[quote], kind);
                    let spec = MarketSpec::spot(&format!("{venue}:{}/{}", names[base], names[quote])).unwrap().with_filters(filters);
                    universe.add(&spec).unwrap();
                    fees.push(random.of(&[0.0, 0.0, 0.0002, 0.00075, -0.0002, -0.00005, 0.001]));
                }
            }
            if universe.len() > 7 {
                break;
            }
        }
        if random.one_in(3) {
            // Two assets that are worth the same, or nearly.
            universe.assume_equal("A", "E", 0.001).unwrap();
            fees.push(0.001);
            universe.add(&MarketSpec::spot("x:E/B").unwrap().with_filters(filters(random, worth[0], kind))).unwrap();
            fees.push(0.0);
        }
        let worth = {
            let of = |n: usize| match universe.asset_name(ascep_runtime::arbitrage::AssetId(n as u32)) {
                "E" => worth[0],
                name => worth[names.iter().position(|other| *other == name).unwrap()],
            };
            (0..universe.assets()).map(of).collect()
        };
        let markets = universe.len();
        Self { universe, worth, fees, books: vec![(vec![], vec![]); markets], known: vec![false; markets], kind }
    }

    fn scanner(&self) -> Scanner {
        let home = if self.kind.home { self.universe.asset("B") } else { None };
        let settings = ScanSettings::default().with_legs(2..=4).with_min_net(self.kind.min_net).with_step(0.0).with_depth(self.kind.depth);
        let settings = match home {
            Some(home) => settings.with_home(Some(home)),
            None => settings,
        };
        Scanner::new(&self.universe, &self.fees, settings).unwrap()
    }

    fn home(&self) -> Option<ascep_runtime::arbitrage::AssetId> {
        if self.kind.home { self.universe.asset("B") } else { None }
    }

    /// A new book of a market around what its assets are worth.
    fn offer(&mut self, random: &mut Random, market: usize) {
        let of = self.universe.market(MarketId(market as u32)).unwrap();
        let middle = self.worth[of.base.0 as usize] / self.worth[of.quote.0 as usize] * (1.0 + (random.part() - 0.5) * 0.008);
        let lot = of.filters.lot.unwrap_or(0.01);
        let tick = of.filters.tick;
        let depth = if self.kind.depth { 1 + random.below(5) } else { 1 };
        let mut side = |buy: bool| {
            let mut price = middle * if buy { 1.0002 } else { 0.9998 };
            let mut levels: Vec<Level> = Vec::new();
            for _ in 0..depth {
                // Mostly on the tick.
                let mut at = short(price);
                if let Some(tick) = tick.filter(|_| !random.one_in(8)) {
                    at = Exact::of(tick).multiple((at / tick).round() as i128).near();
                }
                let lots = 10_f64.powf(0.5 + random.part() * 3.5).floor() + if random.one_in(4) { random.part() } else { 0.0 };
                let qty = if random.one_in(25) { 0.0 } else { places(lot * lots, 6) };
                if at > 0.0 && levels.last().is_none_or(|last| if buy { last.price < at } else { last.price > at }) {
                    levels.push(Level { price: at, qty });
                }
                price *= if buy { 1.0 + 0.002 * random.part() } else { 1.0 - 0.002 * random.part() };
            }
            levels
        };
        self.books[market] = (side(true), side(false));
        self.known[market] = true;
    }

    fn desks(&self, path: &Path) -> Vec<Desk> {
        let desk = |leg: Leg| {
            let market = self.universe.market(leg.market).unwrap();
            let (asks, bids) = &self.books[leg.market.0 as usize];
            let levels = if leg.side == Side::Buy { asks } else { bids };
            Desk {
                side: leg.side,
                levels: if self.kind.depth { levels.clone() } else { levels.iter().take(1).copied().collect() },
                filters: market.filters,
                fee: self.fees[leg.market.0 as usize],
                equal: matches!(market.kind, MarketKind::AssumedEqual { .. }),
            }
        };
        path.legs_from(&self.universe, self.home()).map(desk).collect()
    }

    /// All simple closed ways of 2 to 4 legs through the home asset, if there is one.
    fn ways(&self) -> BTreeSet<Path> {
        let mut found = BTreeSet::new();
        for start in 0..self.universe.assets() {
            self.search(start as u32, start as u32, &mut Vec::new(), &mut found);
        }
        found
    }

    fn search(&self, start: u32, at: u32, legs: &mut Vec<Leg>, found: &mut BTreeSet<Path>) {
        for (id, market) in self.universe.iter() {
            for side in [Side::Buy, Side::Sell] {
                let (gives, gets) = if side == Side::Buy { (market.quote.0, market.base.0) } else { (market.base.0, market.quote.0) };
                if gives != at || legs.len() == 4 {
                    continue;
                }
                legs.push(Leg { market: id, side });
                if gets == start {
                    if let Ok(path) = Path::new(&self.universe, legs) {
                        let through = self.home().is_none_or(|home| path.legs().any(|leg| leg.assets(&self.universe).unwrap().0 == home));
                        if through {
                            found.insert(path);
                        }
                    }
                } else {
                    self.search(start, gets, legs, found);
                }
                legs.pop();
            }
        }
    }

    /// The net return at the best prices, from the first leg of the path on.
    fn net(&self, path: &Path) -> Option<f64> {
        let mut net = 1.0;
        for leg in path.legs() {
            let market = leg.market.0 as usize;
            let rate = if let MarketKind::AssumedEqual { .. } = self.universe.market(leg.market).unwrap().kind {
                1.0
            } else {
                let (ask, bid) = (self.books[market].0.first()?.price, self.books[market].1.first()?.price);
                if !self.known[market] || bid >= ask {
                    return None;
                }
                if leg.side == Side::Buy { 1.0 / ask } else { bid }
            };
            net *= rate * (1.0 - self.fees[market]);
        }
        Some(net - 1.0)
    }
}

fn filters(random: &mut Random, price: f64, kind: Kind) -> Filters {
    if kind.some && random.one_in(2) || !(kind.some || kind.lots) {
        return Filters::default();
    }
    let lot = random.of(&[1.0, 0.1, 0.01, 0.001, 0.5, 0.25, 0.3]);
    let tick = random.of(&[0.01, 0.001, 0.0005, 0.0001, 0.000_01]);
    Filters {
        tick: (tick * 100.0 < price && random.one_in(2)).then_some(tick),
        lot: (kind.lots || random.one_in(2)).then_some(lot),
        min_qty: random.one_in(3).then(|| places(lot * (random.part() * 5.0), 4)),
        max_qty: random.one_in(6).then(|| places(lot * (5.0 + random.part() * 4000.0), 4)),
        min_notional: random.one_in(3).then(|| short(price * lot * random.part() * 8.0)),
    }
}

#[derive(Debug, Default)]
struct Tally {
    told: u64,
    executed: u64,
    unfiltered: u64,
    one_lot_more: u64,
    smaller: u64,
    held_back: u64,
}

/// Executes a telling. `Err` says what is wrong with it.
fn execute(world: &World, scanner: &Scanner, told: &Opportunity, tally: &mut Tally) -> Result<(), String> {
    let desks = world.desks(&told.path);
    tally.told += 1;
    if desks.iter().all(|desk| desk.filters == Filters::default()) {
        tally.unfiltered += 1;
        return without_filters(&desks, told, world.kind);
    }
    let execution = scanner.execution(&told.path, told.size).map_err(|e| format!("the size {} can't be executed: {e}", told.size))?;
    tally.executed += 1;
    let profit = check(&desks, &execution)?;
    let ends = desks[0].equal || desks[desks.len() - 1].equal;
    let close = |a: f64, b: f64| (a - b).abs() <= if ends { 1e-13 * told.size } else { 0.0 };
    if !close(execution.spent, told.size) || !close(execution.profit, told.profit) {
        return Err(format!("{} for {} was told, executed {execution:?}", told.size, told.profit));
    }
    let least = if world.kind.min_net < 0.0 { told.size * world.kind.min_net } else { 0.0 };
    if profit.near() < least || (least == 0.0 && profit <= Exact::ZERO) {
        return Err(format!("loses {}", profit.near()));
    }
    // From here on the taker alone: with the size that was told and nothing else from the library.
    if desks.iter().all(|desk| desk.equal || desk.lot().is_some()) {
        let amount = if ends { Exact::of(told.size.next_up().next_up()) } else { Exact::of(told.size) };
        let orders = largest(&desks, Some(amount)).map_err(|e| format!("the taker's order does not pass {e:?}"))?;
        for (leg, (order, fill)) in orders.iter().zip(execution.fills()).enumerate() {
            if order.is_some_and(|order| order != Exact::of(fill.qty)) {
                return Err(format!("at leg {leg} the taker orders {}, and not {}", order.unwrap().near(), fill.qty));
            }
        }
        if !world.kind.depth {
            let all = scanner.execution(&told.path, f64::INFINITY).map_err(|e| e.to_string())?;
            if all.net > world.kind.min_net && all.profit > execution.profit {
                return Err(format!("the largest execution brings more: {all:?} beside {execution:?}"));
            }
            tally.smaller += u64::from(all.spent > execution.spent);
            let last = desks.iter().zip(all.fills()).rev().find_map(|(desk, fill)| Some((desk.lot()?, Exact::of(fill.qty))));
            if let Some((lot, qty)) = last
                && matches!(all.bound, BoundBy::Quantity(_) | BoundBy::MaxQty(_))
            {
                if !can_do(&desks, qty) {
                    return Err("can't be done".to_owned());
                }
                tally.one_lot_more += 1;
                if can_do(&desks, qty.plus(lot)) {
                    return Err("one lot more could be done".to_owned());
                }
            }
            if let Some(best) = brute_force(&desks, world.kind.min_net)
                && best.near() > execution.profit
                && !close(best.near(), execution.profit)
            {
                return Err(format!("{} could be made, not {}", best.near(), execution.profit));
            }
        }
    }
    Ok(())
}

/// In floating point: where nothing has lots all numbers are rounded.
fn without_filters(desks: &[Desk], told: &Opportunity, kind: Kind) -> Result<(), String> {
    let profit = gain(desks, told.size)?;
    if (profit - told.profit).abs() > told.size * 1e-11 {
        return Err(format!("brings {profit}, told {}", told.profit));
    }
    for part in [0.5, 0.9, 0.99, 1.01, 1.1, 2.0] {
        // Of the sizes whose mean return is above the threshold none brings more.
        let size = told.size * part;
        if gain(desks, size).is_ok_and(|other| other > size * kind.min_net && other > profit + told.size * 1e-10) {
            return Err(format!("{size} would bring more than {profit}"));
        }
    }
    let least = if kind.min_net < 0.0 { told.size * kind.min_net } else { 0.0 };
    if told.profit < least || profit < least - told.size * 1e-11 { Err(format!("loses {profit}")) } else { Ok(()) }
}

/// What comes back more than `size`, through the levels.
fn gain(desks: &[Desk], size: f64) -> Result<f64, String> {
    let mut amount = size;
    for (leg, desk) in desks.iter().enumerate() {
        if !desk.equal {
            let (mut left, mut out) = (amount, 0.0);
            for level in &desk.levels {
                let takes = if desk.side == Side::Buy { level.price * level.qty } else { level.qty };
                let part = f64::min(left, takes);
                out += if desk.side == Side::Buy { part / level.price } else { part * level.price };
                left -= part;
            }
            if left > amount * 1e-12 {
                return Err(format!("leg {leg} has no room for {left} of {amount}"));
            }
            amount = out;
        }
        amount *= 1.0 - desk.fee;
    }
    Ok(amount - size)
}

/// Lots that the taker is ready to try one by one.
const TRIED: u64 = 60;

/// The first leg that orders lots, and how many of them its market offers.
fn fewest(desks: &[Desk]) -> Option<(usize, u64)> {
    let lots = desks.iter().enumerate().filter_map(|(leg, desk)| {
        let lot = desk.lot()?.near();
        let offered: f64 = desk.levels.iter().map(|level| level.qty).sum();
        Some((leg, (offered / lot) as u64 + 1))
    });
    lots.min_by_key(|(_, lots)| *lots)
}

/// The most that any number of lots of the first leg brings, of what is above the threshold. `None` where nothing is, or where there are too many to try.
fn brute_force(desks: &[Desk], min_net: f64) -> Option<Exact> {
    let first = desks.first().filter(|desk| !desk.equal)?;
    let lot = first.lot()?;
    let (_, lots) = fewest(desks).filter(|(leg, lots)| *leg == 0 && *lots <= TRIED)?;
    let mut qty = Exact::ZERO;
    let mut best: Option<Exact> = None;
    for _ in 0..lots {
        qty = qty.plus(lot);
        let Some((amount, _)) = first.exchange(qty) else { break };
        let Ok(orders) = largest(desks, Some(amount)) else { continue };
        let (mut spent, mut came) = (None, Exact::ZERO);
        for (desk, order) in desks.iter().zip(orders) {
            let (gives, gets) = order.map_or((came, came.times(desk.keep())), |qty| desk.exchange(qty).unwrap());
            spent = spent.or(Some(gives));
            came = gets;
        }
        let spent = spent?;
        let profit = came.minus(spent);
        if profit.near() > spent.near() * min_net.max(0.0) && best.is_none_or(|best| profit > best) {
            best = Some(profit);
        }
    }
    best
}

/// What is open has to be what the taker makes money with.
fn complete(world: &World, scanner: &Scanner, tally: &mut Tally) -> Result<(), String> {
    let open: BTreeSet<Path> = scanner.open().map(|told| told.path).collect();
    for path in world.ways() {
        let is_open = open.contains(&path);
        let Some(net) = world.net(&path).filter(|net| *net > world.kind.min_net) else {
            if is_open {
                return Err(format!("{path:?} is open"));
            }
            continue;
        };
        let desks = world.desks(&path);
        if !desks.iter().all(|desk| desk.equal || desk.lot().is_some()) || desks.iter().all(|desk| desk.equal) {
            continue;
        }
        // Where the taker can't try all there is, what is open still has to pay, which `execute` looks at.
        let pays = match brute_force(&desks, world.kind.min_net) {
            Some(_) => true,
            None if !desks[0].equal && fewest(&desks).is_some_and(|(leg, lots)| leg == 0 && lots <= TRIED) => false,
            None => continue,
        };
        tally.held_back += u64::from(!pays);
        if pays != is_open {
            return Err(format!("{path:?} with {net}: pays {pays}, open {is_open}\n{desks:#?}"));
        }
    }
    Ok(())
}

fn run(seed: u64, kind: Kind, tally: &mut Tally) -> Result<(), String> {
    let mut random = Random(seed);
    let mut world = World::new(&mut random, kind);
    let mut scanner = world.scanner();
    let venues: Vec<usize> =
        (0..world.universe.len()).filter(|n| world.universe.market(MarketId(*n as u32)).unwrap().venue().is_some()).collect();
    for step in 0..60 {
        let market = random.of(&venues);
        let id = MarketId(market as u32);
        let ts = step * 1_000_000;
        let mut told: Vec<Opportunity> = Vec::new();
        let mut sink = |opportunity: &Opportunity| told.push(*opportunity);
        if random.one_in(30) {
            world.known[market] = false;
            scanner.forget(id, ts, Loss::Gap, &mut sink).unwrap();
        } else {
            world.offer(&mut random, market);
            let (asks, bids) = &world.books[market];
            if kind.depth {
                scanner.book(id, ts, None, &Book { bids, asks }, &mut sink).unwrap();
            } else {
                let best = |side: &[Level]| side.first().map_or((f64::NAN, f64::NAN), |level| (level.price, level.qty));
                let ((bid, bid_qty), (ask, ask_qty)) = (best(bids), best(asks));
                scanner.quote(id, ts, None, &Quote { bid, ask, bid_qty, ask_qty }, &mut sink).unwrap();
            }
        }
        for opportunity in told.iter().filter(|told| !matches!(told.state, State::Close(_))) {
            execute(&world, &scanner, opportunity, tally)
                .map_err(|e| format!("step {step}: {e}\n{opportunity:#?}\n{:#?}", world.desks(&opportunity.path)))?;
        }
        // The taker's own search: at the best prices, where all pays that pays at the largest size.
        if kind.lots && !kind.depth && kind.min_net >= 0.0 && !world.universe.markets().any(|market| market.venue().is_none()) {
            complete(&world, &scanner, tally).map_err(|e| format!("step {step}: {e}"))?;
        }
    }
    Ok(())
}

fn universes(stream: u64, kind: impl Fn(&mut Random) -> Kind) -> Tally {
    let seed = setting("ASCEP_SEED", 1);
    let mut tally = Tally::default();
    for n in 0..setting("ASCEP_SIGN", 150) {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(n).wrapping_add(stream << 40));
        let kind = kind(&mut random);
        run(random.next(), kind, &mut tally).unwrap_or_else(|e| panic!("universe {n}, seed {seed}, {kind:?}: {e}"));
    }
    eprintln!("{tally:?}");
    tally
}

fn kind(random: &mut Random) -> Kind {
    let min_net = random.of(&[0.0, 0.0, 0.0005, 0.002]);
    Kind { lots: true, some: false, depth: false, min_net, home: random.one_in(2) }
}

#[test]
fn with_lots_everywhere() {
    let tally = universes(1, kind);
    assert!(tally.executed > 500 && tally.one_lot_more > 200 && tally.held_back > 200 && tally.smaller > 500, "{tally:?}");
}

#[test]
fn with_filters_on_some_markets() {
    let tally = universes(2, |random| Kind { lots: false, some: true, ..kind(random) });
    assert!(tally.executed > 500 && tally.unfiltered > 50, "{tally:?}");
}

#[test]
fn without_any_filters() {
    let tally = universes(3, |random| Kind { lots: false, depth: random.one_in(2), ..kind(random) });
    assert!(tally.unfiltered > 1000, "{tally:?}");
}

#[test]
fn through_books_with_lots() {
    let tally = universes(4, |random| Kind { depth: true, ..kind(random) });
    assert!(tally.executed > 500, "{tally:?}");
}

#[test]
fn through_books_with_filters_on_some_markets() {
    let tally = universes(5, |random| Kind { lots: false, some: true, depth: true, ..kind(random) });
    assert!(tally.executed > 500, "{tally:?}");
}

#[test]
fn ways_that_may_lose_a_little_lose_no_more() {
    let tally = universes(6, |random| Kind { min_net: -0.001, depth: random.one_in(2), ..kind(random) });
    assert!(tally.executed > 500, "{tally:?}");
}

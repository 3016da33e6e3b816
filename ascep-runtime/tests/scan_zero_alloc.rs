//! Once built, a scan allocates nothing: a counting allocator over quotes, books, losses, deadlines, settings, limits that overflow, and the end.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use ascep_runtime::arbitrage::{FeeTable, Filters, MarketId, MarketSpec, Opportunity, Potentials, ScanSettings, Scanner, Universe};
use ascep_runtime::event::{Book, Level, Loss, Quote};

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

const ASSETS: u64 = 40;
const MARKETS: u64 = 120;

/// Markets on three venues among assets that are worth 1, and two assumptions.
fn universe(random: &mut Random) -> Universe {
    let mut universe = Universe::new();
    let filters = Filters { lot: Some(0.01), tick: Some(0.0001), min_notional: Some(0.5), ..Filters::default() };
    while universe.len() < usize::try_from(MARKETS).unwrap() {
        let symbol = format!("v{}:A{}/A{}", random.below(3), random.below(ASSETS), random.below(ASSETS / 4));
        let spec = MarketSpec::spot(&symbol).unwrap();
        let spec = if random.below(2) == 0 { spec.with_filters(filters) } else { spec };
        // Some are there already, or exchange an asset for itself.
        let _ = universe.add(&spec);
    }
    universe.assume_equal("A0", "A1", 0.0005).unwrap();
    universe.assume_equal("A2", "A3", 0.0).unwrap();
    universe
}

fn play(scanner: &mut Scanner, random: &mut Random, events: u64) -> u64 {
    let mut told = 0;
    let mut sink = |_: &Opportunity| told += 1;
    let mut ts = 1_000;
    for n in 0..events {
        ts += i64::try_from(random.below(2_000_000)).unwrap();
        let market = MarketId(u32::try_from(random.below(MARKETS + 3)).unwrap());
        let mid = 1.0 + 0.004 * (random.unit() - 0.5);
        let (bid, ask) = (mid - 0.0004 * random.unit(), mid + 0.0004 * random.unit());
        let qty = if random.below(10) == 0 { f64::NAN } else { 10.0 * random.unit() };
        let venue_ts = (random.below(4) > 0).then_some(ts - 7_000_000_000);
        // What is refused is counted.
        let _ = match random.below(40) {
            0 => scanner.forget(market, ts, Loss::ALL[usize::try_from(n % 4).unwrap()], &mut sink),
            1 => scanner.quote(market, ts, venue_ts, &Quote { bid: ask, ask: bid, bid_qty: qty, ask_qty: qty }, &mut sink),
            2 => scanner.quote(market, ts, venue_ts, &Quote { bid: f64::NAN, ask, bid_qty: qty, ask_qty: qty }, &mut sink),
            3 => scanner.quote(market, ts, venue_ts, &Quote { bid: 0.0, ask, bid_qty: qty, ask_qty: qty }, &mut sink),
            4..20 => {
                let level = |price, k: f64| Level { price, qty: 3.0 * k };
                let bids = [level(bid, 1.0), level(bid - 0.0002, 2.0), level(bid - 0.0009, 3.0)];
                let asks = [level(ask, 1.0), level(ask + 0.0002, 2.0), level(ask + 0.0009, 3.0)];
                scanner.book(market, ts, venue_ts, &Book { bids: &bids, asks: &asks }, &mut sink)
            }
            _ => scanner.quote(market, ts, venue_ts, &Quote { bid, ask, bid_qty: qty, ask_qty: qty }, &mut sink),
        };
        if n % 1000 == 0 {
            scanner.advance_to(ts, &mut sink);
            scanner.set_min_net(0.001 * random.unit() - 0.0001, &mut sink).unwrap();
            scanner.set_max_age(Some(400_000_000), &mut sink).unwrap();
            scanner.set_max_skew(Some(300_000_000), &mut sink).unwrap();
        }
    }
    scanner.finish(&mut sink);
    told
}

#[test]
fn a_scan_allocates_nothing_once_it_is_built() {
    let mut random = Random(0x5eed);
    let universe = universe(&mut random);
    let fees = FeeTable::flat(0.0002).unwrap().resolve(&universe).unwrap();
    let half = fees.iter().map(|fee| fee / 2.0).collect::<Vec<_>>();
    for depth in [false, true] {
        let settings = ScanSettings::default().with_legs(2..=8).with_watch_gross(true).with_depth(depth);
        let settings = settings.with_max_age(Some(400_000_000)).with_max_tracked(60).with_max_paths(50);
        let mut scanner = Scanner::new(&universe, &fees, settings).unwrap();
        let bytes = scanner.bytes();
        let mut told = 0;
        let info = allocation_counter::measure(|| {
            told += play(&mut scanner, &mut random, 20_000);
            scanner.set_fees(&half, &mut |_: &Opportunity| {}).unwrap();
            told += play(&mut scanner, &mut random, 20_000);
            told += u64::from(scanner.open().count() + scanner.paths().count() > 0);
        });
        assert_eq!((info.count_total, scanner.bytes()), (0, bytes));
        let c = scanner.counters();
        let met = [told, c.opened, c.updated, c.tracked_full, c.paths_full, c.refused, c.crossed, c.one_sided, c.losses, c.clock_jumps];
        assert!(met[..9].iter().all(|count| *count > 10), "{c:?}");
        assert!([c.gross, c.aged, c.skewed, c.episodes_opened].iter().all(|count| *count > 0), "{c:?}");
        assert!(scanner.paths().any(|(path, _)| path.len() > 4), "no way was long");
    }
}

#[test]
fn potentials_allocate_nothing_once_they_are_built() {
    let mut random = Random(0xfeed);
    let node = |random: &mut Random| u32::try_from(random.below(ASSETS)).unwrap();
    let mut edges = Vec::new();
    while edges.len() < 400 {
        let (from, to) = (node(&mut random), node(&mut random));
        if from != to {
            edges.extend([(from, to), (to, from)]);
        }
    }
    let mut potentials = Potentials::new(40, &edges).unwrap();
    let mut found = 0;
    let info = allocation_counter::measure(|| {
        for _ in 0..200_000 {
            let edge = random.below(200) * 2;
            let price = 1.0 + 0.004 * (random.unit() - 0.5);
            for (edge, rate) in [(edge, price), (edge + 1, 1.0 / price)] {
                potentials.set(u32::try_from(edge).unwrap(), rate * 0.9985, &mut |_| found += 1);
            }
        }
    });
    let counters = potentials.counters();
    assert_eq!(info.count_total, 0);
    assert!(found > 1_000 && counters.found == found && counters.retried > 100 && counters.raised > 1_000, "{counters:?}");
}

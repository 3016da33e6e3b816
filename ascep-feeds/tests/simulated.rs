//! The simulated market: the same for a seed, of sound prices, and with something to find for rules that look for arbitrage.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ascep_feeds::sim::{self, SimError};
use ascep_feeds::{MarketEvent, Payload, Sim, SimOptions, SymbolId, Symbols};

fn options(symbols: &[&str], seed: u64) -> SimOptions {
    SimOptions { seed, symbols: symbols.iter().map(|s| (*s).to_owned()).collect(), ..SimOptions::default() }
}

fn market(symbols: &[&str], seed: u64, seconds: i64) -> (Symbols, Vec<MarketEvent>) {
    let mut table = Symbols::new();
    let sim = Sim::new(&options(symbols, seed), &mut table).unwrap();
    let end = sim::START + seconds * 1_000_000_000;
    (table, sim.take_while(|event| event.ts <= end).collect())
}

/// Times at which a level has held for 50 ms, once for each stretch.
fn held(events: &[MarketEvent], mut level: impl FnMut(&[(f64, f64)]) -> bool) -> Vec<i64> {
    let mut quotes = vec![(f64::NAN, f64::NAN); 8];
    let (mut since, mut fired, mut out) = (None, false, Vec::new());
    for event in events {
        if let (Some(t), false) = (since, fired)
            && event.ts > t + 50_000_000
        {
            out.push(t + 50_000_000);
            fired = true;
        }
        match &event.payload {
            Payload::Quote(q) => quotes[event.symbol.0 as usize] = (q.bid, q.ask),
            Payload::Book(b) => quotes[event.symbol.0 as usize] = (b.bids[0].price, b.asks[0].price),
            _ => continue,
        }
        if level(&quotes) {
            since = since.or(Some(event.ts));
        } else {
            (since, fired) = (None, false);
        }
    }
    out
}

#[test]
fn the_same_for_a_seed() {
    let symbols = ["BTC/USDT", "ETH/USDT", "ETH/BTC"];
    assert_eq!(market(&symbols, 7, 5).1, market(&symbols, 7, 5).1);
    assert_ne!(market(&symbols, 7, 5).1, market(&symbols, 8, 5).1);
}

/// The bytes of the first events are pinned: a change here changes what every documented example prints.
#[test]
fn the_same_for_ever() {
    let (_, events) = market(&["BTC/USDT", "ETH/USDT", "ETH/BTC"], 1, 10);
    let digest = events.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, event| {
        format!("{event:?}").bytes().fold(hash, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    });
    assert_eq!((events.len(), digest), (PINNED.0, PINNED.1), "{:?}", &events[..4]);
}

const PINNED: (usize, u64) = (15_085, 955_294_766_427_016_856);

#[test]
fn sound_events() {
    let names = ["BTC/USDT", "ETH/USDT", "ETH/BTC", "EUR/USD", "USD/EUR", "WEIRD", "PEPE/USDT", "kraken:BTC/USDT", "PEPE/BTC"];
    let (table, events) = market(&names, 3, 20);
    assert!(events.len() > 20_000 && events.len() < 40_000, "{}", events.len());
    assert!(events.windows(2).all(|w| w[0].ts < w[1].ts), "times grow");
    let (mut trades, mut quotes, mut books) = (0, 0, 0);
    for event in &events {
        assert!(event.venue_ts.unwrap() < event.ts);
        match &event.payload {
            Payload::Trade(t) => {
                trades += 1;
                assert!(t.price > 0.0 && t.price.is_finite() && t.qty > 0.0 && t.side.is_some());
            }
            Payload::Quote(q) => {
                quotes += 1;
                assert!(q.bid > 0.0 && q.bid < q.ask && q.bid_qty > 0.0 && q.ask_qty > 0.0, "{q:?}");
                assert!(q.ask / q.bid < 1.002, "{} {q:?}", table.name(event.symbol));
            }
            Payload::Book(b) => {
                books += 1;
                assert!((5..=10).contains(&b.bids.len()) && b.bids.len() == b.asks.len());
                assert!(b.bids.windows(2).all(|w| w[0].price > w[1].price) && b.asks.windows(2).all(|w| w[0].price < w[1].price));
            }
            Payload::Status(status) => panic!("{status:?}"),
        }
    }
    assert!(quotes > 3 * trades && trades > 3 * books && books > 100, "{quotes} {trades} {books}");
    let mid = |name: &str| {
        let id = table.get(name).unwrap();
        let event = events.iter().rev().find(|e| e.symbol == id && matches!(e.payload, Payload::Quote(_))).unwrap();
        let Payload::Quote(q) = &event.payload else { panic!() };
        (q.bid + q.ask) / 2.0
    };
    for (name, price) in [("BTC/USDT", 60_000.0), ("ETH/USDT", 2_600.0), ("EUR/USD", 1.08), ("USD/EUR", 1.0 / 1.08), ("PEPE/USDT", 8e-6)] {
        assert!((mid(name) / price - 1.0).abs() < 0.02, "{name} {}", mid(name));
    }
}

#[test]
fn triangles_open_now_and_then() {
    let (table, events) = market(&["BTC/USDT", "ETH/USDT", "ETH/BTC"], 1, 60);
    assert_eq!(table.name(SymbolId(2)), "ETH/BTC");
    let edge = |q: &[(f64, f64)]| q[2].0 * q[0].0 / q[1].1 > 1.002;
    let found = held(&events, edge);
    assert!(found.len() >= 6 && found.len() < 60, "{}", found.len());
    assert!(found[0] < sim::START + 10_000_000_000, "{}", found[0] - sim::START);
    for seed in 2..12 {
        let (_, events) = market(&["BTC/USDT", "ETH/USDT", "ETH/BTC"], seed, 20);
        assert!(!held(&events, edge).is_empty(), "seed {seed}");
    }
    // After three fees of 7.5 bp and in both directions.
    let fee = 1.0f64 - 7.5e-4;
    assert!(!held(&events, |q| q[1].0 / q[0].1 / q[2].1 * fee * fee * fee > 1.0002).is_empty());
}

#[test]
fn venues_drift_apart_now_and_then() {
    let (_, events) = market(&["binance:BTC/USDT", "kraken:BTC/USDT"], 1, 60);
    let found = held(&events, |q| (q[1].0 * 0.999) / (q[0].1 * 1.001) - 1.0 > 5e-4);
    assert!(!found.is_empty() && found.len() < 60, "{}", found.len());
}

#[test]
fn names() {
    let mut table = Symbols::new();
    Sim::new(&options(&["sim:A/B", "A/B", "kraken:A/B"], 1), &mut table).unwrap();
    assert_eq!(table.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["A/B", "kraken:A/B"]);
    assert!(matches!(Sim::new(&options(&[], 1), &mut table), Err(SimError::NoSymbols)));
    assert!(matches!(Sim::new(&options(&["A B"], 1), &mut table), Err(SimError::Symbol(_))));
    let rate = SimOptions { rate: f64::NAN, ..SimOptions::default() };
    assert!(matches!(Sim::new(&rate, &mut table), Err(SimError::Rate { .. })));
}

#[test]
fn many_symbols() {
    let names: Vec<String> = (0..1_000).map(|i| format!("X{i}/USDT")).collect();
    let mut table = Symbols::new();
    let sim = Sim::new(&SimOptions { symbols: names, ..SimOptions::default() }, &mut table).unwrap();
    let events: Vec<MarketEvent> = sim.take(100_000).collect();
    assert!(events.windows(2).all(|w| w[0].ts < w[1].ts));
    let seconds = (events.last().unwrap().ts - sim::START) / 1_000_000_000;
    assert!((50..80).contains(&seconds), "{seconds}");
}

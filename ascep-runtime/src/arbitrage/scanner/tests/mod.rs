//! What the scanner means, piece by piece.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod limits;
mod long;
mod sizes;
mod stages;

use super::*;
use crate::arbitrage::{FeeTable, Leg, MarketSpec, ScanEventError};
use crate::event::{Loss, Side, Timestamp};

const MS: i64 = 1_000_000;

/// A universe of symbols; `A=B@0.001` assumes two assets to be equal.
pub(super) fn universe(symbols: &[&str]) -> Universe {
    let mut universe = Universe::new();
    for symbol in symbols {
        match symbol.split_once('@') {
            Some((pair, haircut)) => {
                let (a, b) = pair.split_once('=').unwrap();
                universe.assume_equal(a, b, haircut.parse().unwrap()).unwrap();
            }
            None => {
                universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
            }
        }
    }
    universe
}

/// A scan and all it told.
struct Desk {
    universe: Universe,
    scanner: Scanner,
    told: Vec<Opportunity>,
}

impl Desk {
    fn new(symbols: &[&str], fee: f64, settings: ScanSettings) -> Self {
        let universe = universe(symbols);
        let fees = FeeTable::flat(fee).unwrap().resolve(&universe).unwrap();
        Self { scanner: Scanner::new(&universe, &fees, settings).unwrap(), universe, told: Vec::new() }
    }

    fn id(&self, symbol: &str) -> MarketId {
        self.universe.find(symbol).unwrap()
    }

    fn quote(&mut self, symbol: &str, ts: i64, bid: f64, ask: f64) {
        self.sized(symbol, ts, (bid, 1.0), (ask, 1.0));
    }

    fn sized(&mut self, symbol: &str, ts: i64, (bid, bid_qty): (f64, f64), (ask, ask_qty): (f64, f64)) {
        let (id, told) = (self.id(symbol), &mut self.told);
        let mut sink = |opportunity: &Opportunity| told.push(*opportunity);
        self.scanner.quote(id, ts, None, &Quote { bid, ask, bid_qty, ask_qty }, &mut sink).unwrap();
    }

    fn with(&mut self, act: impl FnOnce(&mut Scanner, &mut dyn OpportunitySink)) {
        let told = &mut self.told;
        act(&mut self.scanner, &mut |opportunity: &Opportunity| told.push(*opportunity));
    }

    fn forget(&mut self, symbol: &str, ts: i64, loss: Loss) {
        let id = self.id(symbol);
        self.with(|scanner, sink| scanner.forget(id, ts, loss, sink).unwrap());
    }

    fn path(&self, legs: &[(&str, Side)]) -> Path {
        let legs: Vec<Leg> = legs.iter().map(|(symbol, side)| Leg { market: self.id(symbol), side: *side }).collect();
        Path::new(&self.universe, &legs).unwrap()
    }

    /// What was told since the last time.
    fn states(&mut self) -> Vec<(u64, State)> {
        self.told.drain(..).map(|told| (told.id, told.state)).collect()
    }
}

const TRIANGLE: [&str; 3] = ["BTC/USDT", "ETH/BTC", "ETH/USDT"];

/// A triangle that pays 10 % before fees by buying BTC, then ETH, and selling it.
fn triangle(settings: ScanSettings, fee: f64) -> Desk {
    let mut desk = Desk::new(&TRIANGLE, fee, settings);
    desk.quote("BTC/USDT", 1, 99.0, 100.0);
    desk.quote("ETH/BTC", 2, 0.09, 0.1);
    desk.quote("ETH/USDT", 3, 11.0, 11.5);
    desk
}

#[test]
fn a_way_opens_with_its_exact_edge() {
    let mut desk = triangle(ScanSettings::default(), 0.001);
    let [told] = desk.told[..] else { panic!("{:?}", desk.told) };
    assert_eq!(told.path, desk.path(&[("BTC/USDT", Side::Buy), ("ETH/BTC", Side::Buy), ("ETH/USDT", Side::Sell)]));
    let keep: f64 = 1.0 - 0.001;
    let sold_at = |bid: f64| (1.0 / 100.0 * keep) * (1.0 / 0.1 * keep) * (bid * keep) - 1.0;
    let net = sold_at(11.0);
    assert_eq!(told.net.to_bits(), net.to_bits());
    assert!((told.gross - 0.1).abs() < 1e-12, "{}", told.gross);
    assert_eq!((told.id, told.ts, told.state, told.opened, told.age, told.skew), (1, 3, State::Open, 3, 2, 2));
    assert_eq!((told.peak.to_bits(), told.lifetime()), (net.to_bits(), 0));
    assert_eq!(desk.scanner.open().count(), 1);
    // The smallest leg in the first leg's USDT: 1 ETH bought with 0.1 BTC, which come of 10 USDT and the fee.
    assert!((told.size - 10.0 / keep).abs() < 1e-9, "{}", told.size);
    assert!((told.profit - told.size * net).abs() < 1e-12);
    desk.states();
    desk.quote("ETH/USDT", 4, 10.0, 11.5);
    assert_eq!(desk.told[0].net.to_bits(), sold_at(10.0).to_bits());
    assert_eq!((desk.told[0].peak.to_bits(), desk.told[0].lifetime()), (net.to_bits(), 1));
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Edge))]);
    assert_eq!(desk.scanner.open().count(), 0);
}

#[test]
fn the_threshold_is_strict_and_on_net() {
    // 1/100 * 1/0.125 * 12.5 is 1 to the bit.
    for (fee, min_net, opens) in [(0.0, 0.0, false), (0.0, -1e-9, true), (-0.0001, 0.0, true), (0.001, 0.0, false)] {
        let mut desk = Desk::new(&TRIANGLE, fee, ScanSettings::default().with_min_net(min_net));
        desk.quote("BTC/USDT", 1, 99.0, 128.0);
        desk.quote("ETH/BTC", 2, 0.0625, 0.125);
        desk.quote("ETH/USDT", 3, 16.0, 32.0);
        assert_eq!(desk.told.len(), usize::from(opens), "{fee} {min_net}");
    }
}

#[test]
fn it_is_told_again_only_where_it_moved_by_a_step() {
    let mut desk = triangle(ScanSettings::default().with_step(0.01), 0.0);
    desk.states();
    desk.quote("ETH/USDT", 4, 11.09, 11.5);
    assert_eq!(desk.states(), []);
    desk.quote("ETH/USDT", 5, 11.2, 11.5);
    assert_eq!(desk.states(), [(1, State::Update)]);
    desk.quote("ETH/USDT", 6, 11.11, 11.5);
    assert_eq!(desk.states(), []);
    desk.quote("ETH/USDT", 7, 11.0, 11.5);
    assert_eq!((desk.told[0].peak > desk.told[0].net, desk.states()), (true, vec![(1, State::Update)]));
    assert_eq!((desk.scanner.counters().opened, desk.scanner.counters().updated), (1, 2));
}

#[test]
fn a_step_is_one_though_returns_are_rounded() {
    let mut desk = Desk::new(&["a:X/Y", "b:X/Y"], 0.0, ScanSettings::default());
    desk.quote("a:X/Y", 1, 0.9, 1.0);
    // 100 bp, 101, 102, and then half a step.
    for (ts, bid) in [(2, 1.01), (3, 1.0101), (4, 1.0102), (5, 1.01025)] {
        desk.quote("b:X/Y", ts, bid, 2.0);
    }
    assert_eq!(desk.states(), [(1, State::Open), (1, State::Update), (1, State::Update)]);
}

#[test]
fn each_opening_has_its_own_id_and_the_path_its_statistics() {
    let mut desk = triangle(ScanSettings::default(), 0.0);
    desk.quote("ETH/USDT", 10, 9.0, 11.5);
    desk.quote("ETH/USDT", 20, 12.0, 12.5);
    desk.quote("ETH/USDT", 25, 9.0, 11.5);
    let edge = State::Close(CloseReason::Edge);
    assert_eq!(desk.states(), [(1, State::Open), (1, edge), (2, State::Open), (2, edge)]);
    let [(_, stats)] = desk.scanner.paths().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((stats.opened, stats.closed, stats.lifetime, stats.longest), (2, 2, 12, 7));
    assert!((stats.peak - 0.2).abs() < 1e-12 && (stats.mean_peak() - 0.15).abs() < 1e-12);
    // 10 USDT at 10 %, and 10 at 20 %.
    assert!((stats.profit - 3.0).abs() < 1e-9 && (stats.peak_size - 10.0).abs() < 1e-9, "{stats:?}");
}

#[test]
fn a_leg_as_old_as_allowed_is_out_and_events_of_that_time_come_first() {
    let settings = || ScanSettings::default().with_max_age(Some(10 * MS));
    // By the clock.
    let mut desk = triangle(settings(), 0.0);
    assert_eq!(desk.scanner.next_deadline(), Some(1 + 10 * MS));
    desk.with(|scanner, sink| scanner.advance_to(10 * MS, sink));
    assert_eq!(desk.states(), [(1, State::Open)]);
    desk.with(|scanner, sink| scanner.advance_to(1 + 10 * MS, sink));
    assert_eq!((desk.told[0].age, desk.told[0].ts), (10 * MS, 1 + 10 * MS));
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Age))]);
    assert_eq!(desk.scanner.next_deadline(), None);
    // A later event of another market: told at the deadline, before the event.
    let mut desk = triangle(settings(), 0.0);
    desk.quote("ETH/BTC", 20 * MS, 0.09, 0.1);
    assert_eq!((desk.told[1].ts, desk.told[1].state), (1 + 10 * MS, State::Close(CloseReason::Age)));
    // A quote at the deadline renews the leg, though its prices are as they were; then the next one counts.
    let mut desk = triangle(settings(), 0.0);
    desk.quote("BTC/USDT", 1 + 10 * MS, 99.0, 100.0);
    assert_eq!((desk.states(), desk.scanner.next_deadline()), (vec![(1, State::Open)], Some(2 + 10 * MS)));
    assert_eq!(desk.scanner.counters().refreshed, 1);
    // What was held back by age opens again once the leg is renewed.
    desk.with(|scanner, sink| scanner.advance_to(2 + 10 * MS, sink));
    desk.quote("ETH/USDT", 2 + 10 * MS, 11.0, 11.5);
    desk.quote("ETH/BTC", 3 + 10 * MS, 0.09, 0.1);
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Age)), (2, State::Open)]);
}

#[test]
fn legs_too_far_apart_are_held_back() {
    let mut desk = Desk::new(&TRIANGLE, 0.0, ScanSettings::default().with_max_skew(Some(5)));
    desk.quote("BTC/USDT", 1, 99.0, 100.0);
    desk.quote("ETH/BTC", 2, 0.09, 0.1);
    desk.quote("ETH/USDT", 7, 11.0, 11.5);
    assert_eq!(desk.states(), []);
    desk.quote("BTC/USDT", 7, 99.0, 100.0);
    assert_eq!(desk.states(), [(1, State::Open)]);
    desk.quote("BTC/USDT", 8, 99.0, 100.0);
    assert_eq!((desk.told[0].skew, desk.states()), (6, vec![(1, State::Close(CloseReason::Skew))]));
    let counters = desk.scanner.counters();
    assert_eq!((counters.opened, counters.closed_for(CloseReason::Skew), counters.episodes_opened), (1, 1, 0));
    desk.with(|scanner, sink| scanner.finish(sink));
    assert_eq!(desk.scanner.counters().episodes_opened, 1);
}

#[test]
fn faults_of_a_book_and_losses_of_a_feed_close_with_their_reason() {
    let nan = f64::NAN;
    for (bid, ask, reason) in [
        (100.0, 100.0, CloseReason::Locked),
        (100.1, 100.0, CloseReason::Crossed),
        (nan, 100.0, CloseReason::OneSided),
        (99.0, nan, CloseReason::OneSided),
        (nan, nan, CloseReason::OneSided),
    ] {
        let mut desk = triangle(ScanSettings::default(), 0.0);
        let net = desk.told[0].net;
        desk.quote("BTC/USDT", 4, bid, ask);
        assert_eq!(desk.told[1].net.to_bits(), net.to_bits(), "the last that was known");
        assert_eq!(desk.states(), [(1, State::Open), (1, State::Close(reason))], "{bid} {ask}");
        assert_eq!(desk.scanner.quote_of(desk.id("BTC/USDT")), None);
        // And it opens again once the book is sound, though the prices of the edge are those it had.
        desk.quote("BTC/USDT", 5, 99.0, 100.0);
        assert_eq!(desk.states(), [(2, State::Open)]);
        let c = desk.scanner.counters();
        assert_eq!(c.locked + c.crossed + c.one_sided, 1);
    }
    for loss in Loss::ALL {
        let mut desk = triangle(ScanSettings::default(), 0.0);
        desk.forget("ETH/BTC", 4, loss);
        desk.quote("BTC/USDT", 5, 99.5, 99.9);
        desk.quote("ETH/BTC", 6, 0.09, 0.1);
        let states = [(1, State::Open), (1, State::Close(loss.into())), (2, State::Open)];
        assert_eq!((desk.states(), desk.scanner.counters().losses), (states.to_vec(), 1));
    }
}

#[test]
fn refused_events_change_nothing_and_late_ones_count_as_of_the_clock() {
    let mut desk = triangle(ScanSettings::default(), 0.0);
    let id = desk.id("ETH/USDT");
    let good = Quote { bid: 12.0, ask: 13.0, bid_qty: 1.0, ask_qty: 1.0 };
    let mut try_out = |market, ts, venue_ts, quote: Quote| {
        let before = (desk.scanner.now(), desk.scanner.quote_of(id), desk.scanner.counters().refused);
        let error = desk.scanner.quote(market, ts, venue_ts, &quote, &mut |_: &Opportunity| panic!()).unwrap_err();
        let after = (desk.scanner.now(), desk.scanner.quote_of(id), desk.scanner.counters().refused);
        assert_eq!((before.0, before.1, before.2 + 1), after);
        error
    };
    for bad in [0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(try_out(id, 9, None, Quote { bid: bad, ..good }), ScanEventError::Price { what: "bid", .. }));
        assert!(matches!(try_out(id, 9, None, Quote { ask: bad, ..good }), ScanEventError::Price { what: "ask", .. }));
    }
    for bad in [-1.0, f64::INFINITY] {
        assert!(matches!(try_out(id, 9, None, Quote { bid_qty: bad, ..good }), ScanEventError::Quantity { .. }));
        assert!(matches!(try_out(id, 9, None, Quote { ask_qty: bad, ..good }), ScanEventError::Quantity { .. }));
    }
    assert_eq!(try_out(id, Timestamp::MAX, None, good), ScanEventError::Time(Timestamp::MAX));
    assert_eq!(try_out(id, 9, Some(Timestamp::MIN), good), ScanEventError::Time(Timestamp::MIN));
    assert_eq!(try_out(MarketId(3), 9, None, good), ScanEventError::Market(MarketId(3)));
    desk.quote("ETH/USDT", 2, 12.0, 12.5);
    assert_eq!((desk.scanner.now(), desk.scanner.counters().late, desk.told[1].ts), (Some(3), 1, 3));
}

#[test]
fn unknown_quantities_hold_nothing_back_and_no_quantity_does() {
    let mut desk = triangle(ScanSettings::default(), 0.0);
    desk.sized("ETH/BTC", 4, (0.09, f64::NAN), (0.1, f64::NAN));
    desk.quote("ETH/USDT", 5, 12.0, 12.5);
    assert_eq!((desk.told[1].state, desk.told[1].size.is_nan(), desk.told[1].profit.is_nan()), (State::Update, true, true));
    assert!((desk.told[1].peak_size - 10.0).abs() < 1e-9, "the greatest that was known");
    desk.sized("ETH/BTC", 6, (0.09, 1.0), (0.1, 0.0));
    assert_eq!(desk.told[2].state, State::Close(CloseReason::Size));
    desk.sized("ETH/BTC", 7, (0.09, 1.0), (0.1, 0.5));
    assert_eq!((desk.told[3].id, desk.told[3].state), (2, State::Open));
    assert!((desk.told[3].size - 5.0).abs() < 1e-9);
}

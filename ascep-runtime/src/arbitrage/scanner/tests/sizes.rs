//! Sizes within filters and through levels.

use super::*;
use crate::arbitrage::{Filters, SizeFilter, Unexecutable};
use crate::event::{Book, Level};

fn filtered(filters: Filters) -> Desk {
    let mut universe = Universe::new();
    for symbol in TRIANGLE {
        universe.add(&MarketSpec::spot(symbol).unwrap().with_filters(filters)).unwrap();
    }
    let fees = vec![0.0; 3];
    Desk { scanner: Scanner::new(&universe, &fees, ScanSettings::default()).unwrap(), universe, told: Vec::new() }
}

fn quoted(mut desk: Desk) -> Desk {
    desk.quote("BTC/USDT", 1, 99.0, 100.0);
    desk.quote("ETH/BTC", 2, 0.09, 0.1);
    desk.quote("ETH/USDT", 3, 11.0, 11.5);
    desk
}

#[test]
fn sizes_are_whole_lots_and_dust_counts_for_nothing() {
    // 1 ETH is offered for 0.1 BTC, in lots of 0.05: two of BTC for 10 USDT.
    let lots = quoted(filtered(Filters { lot: Some(0.05), ..Filters::default() }));
    let [told] = lots.told[..] else { panic!("{:?}", lots.told) };
    assert!((told.size - 10.0).abs() < 1e-12 && (told.profit - 1.0).abs() < 1e-12, "{told:?}");
    let execution = lots.scanner.execution(&told.path, f64::INFINITY).unwrap();
    assert_eq!((execution.spent.to_bits(), execution.fills().len()), (told.size.to_bits(), 3));
    // In lots of 0.03 the largest takes four of BTC for 0.99 ETH, and what is left over is more than the edge; three of them bring 0.9.
    let dust = quoted(filtered(Filters { lot: Some(0.03), ..Filters::default() }));
    assert!(dust.scanner.execution(&told.path, f64::INFINITY).unwrap().profit < 0.0);
    let [fewer] = dust.told[..] else { panic!("{:?}", dust.told) };
    assert!((fewer.size - 9.0).abs() < 1e-12 && (fewer.profit - 0.9).abs() < 1e-12, "{fewer:?}");
    assert!(lots.scanner.execution(&told.path, 6.0).unwrap().spent <= 6.0);
}

#[test]
fn more_on_offer_never_makes_less_of_a_way() {
    let mut universe = Universe::new();
    for (symbol, lot) in [("a:BTC/USDT", 0.01), ("b:BTC/USDT", 0.001)] {
        universe.add(&MarketSpec::spot(symbol).unwrap().with_filters(Filters { lot: Some(lot), ..Filters::default() })).unwrap();
    }
    let scanner = Scanner::new(&universe, &[0.0, 0.0], ScanSettings::default()).unwrap();
    let mut desk = Desk { scanner, universe, told: Vec::new() };
    desk.sized("a:BTC/USDT", 1, (59_990.0, 1.0), (60_000.0, 1.0));
    for (ts, qty) in (2..).zip([0.5, 0.501, 0.505, 0.509]) {
        desk.sized("b:BTC/USDT", ts, (60_100.0, qty), (60_110.0, 1.0));
        let open: Vec<Opportunity> = desk.scanner.open().collect();
        let [told] = open[..] else { panic!("{qty}: {open:?}") };
        assert!((told.size - 30_000.0).abs() < 1e-9 && (told.profit - 50.0).abs() < 1e-9, "{qty}: {told:?}");
    }
}

#[test]
fn the_finest_lots_take_nothing_off() {
    for lot in [1e-8, 1e-12, 1e-18] {
        let filters = Filters { lot: Some(lot), ..Filters::default() };
        let mut desk = filtered(filters);
        let quantity = 40_000_000.0;
        desk.sized("BTC/USDT", 1, (99.0, 1.0), (100.0, quantity));
        desk.sized("ETH/BTC", 2, (0.09, 1.0), (0.1, quantity * 10.0));
        desk.sized("ETH/USDT", 3, (11.0, quantity * 10.0), (11.5, 1.0));
        let [told] = desk.told[..] else { panic!("{lot}: {:?}", desk.told) };
        assert!(
            (told.size / (quantity * 100.0) - 1.0).abs() < 1e-9 && (told.profit / (quantity * 10.0) - 1.0).abs() < 1e-9,
            "{lot}: {told:?}"
        );
    }
}

#[test]
fn a_threshold_is_on_what_can_be_executed() {
    let one_lot = |min_net| {
        let mut universe = Universe::new();
        for symbol in ["a:BTC/USDT", "b:BTC/USDT"] {
            let filters = Filters { lot: Some(0.01), ..Filters::default() };
            universe.add(&MarketSpec::spot(symbol).unwrap().with_filters(filters)).unwrap();
        }
        let settings = ScanSettings::default().with_min_net(min_net);
        let scanner = Scanner::new(&universe, &[0.001, 0.001], settings).unwrap();
        let mut desk = Desk { scanner, universe, told: Vec::new() };
        desk.sized("a:BTC/USDT", 1, (59_990.0, 1.0), (60_000.0, 1.0));
        desk.sized("b:BTC/USDT", 2, (61_300.0, 1.0), (61_310.0, 1.0));
        desk
    };
    // 1 is bought and 0.99 of the 0.999 that come of it are sold: 196 bp in rates, 104 bp in hand.
    assert!(one_lot(0.015).told.is_empty());
    let desk = one_lot(0.01);
    let [told] = desk.told[..] else { panic!("{:?}", desk.told) };
    assert!((told.net - 0.019_62).abs() < 1e-5 && (told.profit / told.size - 0.010_439).abs() < 1e-6, "{told:?}");
}

#[test]
fn what_passes_no_filter_is_held_back_until_it_does() {
    let mut desk = quoted(filtered(Filters { min_qty: Some(0.2), ..Filters::default() }));
    let path = desk.path(&[("BTC/USDT", Side::Buy), ("ETH/BTC", Side::Buy), ("ETH/USDT", Side::Sell)]);
    assert_eq!(desk.states(), []);
    assert!(matches!(desk.scanner.execution(&path, 19.0), Err(Unexecutable::Small { leg: 0, filter: SizeFilter::MinQty })));
    // More quantity at the prices there were.
    desk.sized("ETH/BTC", 4, (0.09, 1.0), (0.1, 3.0));
    desk.sized("ETH/USDT", 5, (11.0, 3.0), (11.5, 1.0));
    assert_eq!(desk.states(), [(1, State::Open)]);
    desk.quote("ETH/USDT", 6, 11.0, 11.5);
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Size))]);
    assert_eq!(desk.scanner.counters().episodes_opened, 0);
    desk.quote("ETH/USDT", 7, 9.0, 11.5);
    assert_eq!(desk.scanner.counters().episodes_opened, 1);
    // Nothing of a leg that is not known.
    desk.forget("ETH/BTC", 8, Loss::Gap);
    assert!(matches!(desk.scanner.execution(&path, 1.0), Err(Unexecutable::Unknown { leg: 1 })));
    assert_eq!(desk.scanner.edge_at(&path, 1.0), None);
}

#[test]
fn with_depth_sizes_go_through_the_levels() {
    for depth in [false, true] {
        let mut desk = Desk::new(&TRIANGLE, 0.0, ScanSettings::default().with_depth(depth));
        desk.sized("BTC/USDT", 1, (99.0, 100.0), (100.0, 100.0));
        desk.sized("ETH/BTC", 2, (0.09, 100.0), (0.1, 100.0));
        let level = |price, qty| Level { price, qty };
        let mut bids = vec![level(11.0, 1.0), level(10.5, 2.0), level(9.0, 50.0)];
        let id = desk.id("ETH/USDT");
        let play = |desk: &mut Desk, ts, bids: &[Level]| {
            desk.with(|scanner, sink| scanner.book(id, ts, None, &Book { bids, asks: &[level(11.5, 1.0)] }, sink).unwrap());
        };
        play(&mut desk, 3, &bids);
        let told = desk.told[0];
        // The third level would only lose.
        let (size, profit) = if depth { (30.0, 2.0) } else { (10.0, 1.0) };
        assert!((told.size - size).abs() < 1e-6 && (told.profit - profit).abs() < 1e-6, "{told:?}");
        assert_eq!(desk.scanner.edge_at(&told.path, 30.0).is_some(), depth);
        assert!((desk.scanner.largest(&told.path, 0.0).unwrap().spent - if depth { 50.0 } else { 10.0 }).abs() < 1e-6);
        // A deeper level goes: prices are as they were, the size is not.
        bids.truncate(1);
        play(&mut desk, 4, &bids);
        assert_eq!(desk.scanner.counters().refreshed, 1);
        let open = desk.scanner.open().next().unwrap();
        assert!((open.size - 10.0).abs() < 1e-9, "{open:?}");
        // A level that can't be refuses the book.
        let bad = [level(11.0, 1.0), level(0.0, 1.0)];
        let refused = desk.scanner.book(id, 6, None, &Book { bids: &bad, asks: &[] }, &mut |_: &Opportunity| panic!());
        assert!(matches!(refused, Err(ScanEventError::Price { what: "bid", .. })));
        assert_eq!((desk.scanner.now(), desk.scanner.counters().refused), (Some(4), 1));
    }
}

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What the slow scan says in small cases that were worked out by hand.

use super::*;
use crate::arbitrage::MarketSpec;
use crate::event::MISSING;

const SECOND: i64 = 1_000_000_000;

/// Two venues that trade X for Y, without fees.
fn two(settings: ScanSettings) -> Scan {
    let mut universe = Universe::new();
    for symbol in ["a:X/Y", "b:X/Y"] {
        universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
    }
    Scan::new(&universe, &[0.0; 2], settings)
}

fn quote(scan: &mut Scan, market: u32, ts: i64, bid: f64, ask: f64) -> Vec<Opportunity> {
    let quote = Quote { bid, ask, bid_qty: 3.0, ask_qty: 2.0 };
    scan.quote(MarketId(market), ts * SECOND, None, &quote).unwrap()
}

fn told(tellings: &[Opportunity]) -> Vec<(u64, State, f64)> {
    tellings.iter().map(|told| (told.id, told.state, told.net)).collect()
}

#[test]
fn an_opportunity_opens_moves_and_closes() {
    let mut scan = two(ScanSettings { step: 0.25, min_net: 0.375, ..ScanSettings::default() });
    assert_eq!(quote(&mut scan, 0, 1, 1.0, 2.0), []);
    // Exactly the threshold is not above it.
    assert_eq!(quote(&mut scan, 1, 2, 2.75, 4.0), []);
    let open = quote(&mut scan, 1, 3, 3.5, 4.0);
    assert_eq!(told(&open), [(1, State::Open, 0.75)]);
    // Two of X are to be had for 4 of Y, and 3 would be taken.
    let (size, profit, age, skew) = (open[0].size, open[0].profit, open[0].age, open[0].skew);
    assert_eq!((size, profit, age, skew), (4.0, 3.0, 2 * SECOND, 2 * SECOND));
    // Less than a step is not told, but counts as the peak.
    assert_eq!(quote(&mut scan, 1, 4, 3.9, 4.0), []);
    assert_eq!(told(&quote(&mut scan, 1, 5, 3.0, 4.0)), [(1, State::Update, 0.5)]);
    let close = quote(&mut scan, 1, 6, 2.75, 4.0);
    assert_eq!(told(&close), [(1, State::Close(CloseReason::Edge), 0.375)]);
    assert_eq!((close[0].peak, close[0].lifetime()), (3.9 * 0.5 - 1.0, 3 * SECOND));
    assert_eq!(told(&quote(&mut scan, 1, 7, 6.0, 7.0)), [(2, State::Open, 2.0)]);
    assert_eq!(told(&scan.finish()), [(2, State::Close(CloseReason::End), 2.0)]);
}

#[test]
fn a_leg_is_too_old_when_it_is_as_old_as_allowed() {
    let mut scan = two(ScanSettings { max_age: Some(2 * SECOND), ..ScanSettings::default() });
    quote(&mut scan, 0, 1, 1.0, 2.0);
    assert_eq!(quote(&mut scan, 1, 2, 3.0, 4.0).len(), 1);
    assert_eq!(scan.next_deadline(), Some(3 * SECOND));
    // At the very moment it is renewed in time.
    assert_eq!(quote(&mut scan, 0, 3, 1.0, 2.0), []);
    assert_eq!(scan.next_deadline(), Some(4 * SECOND));
    let close = scan.advance_to(9 * SECOND);
    assert_eq!(told(&close), [(1, State::Close(CloseReason::Age), 0.5)]);
    assert_eq!((close[0].ts, close[0].age, close[0].skew), (4 * SECOND, 2 * SECOND, SECOND));
    assert_eq!(quote(&mut scan, 0, 9, 1.0, 2.0), []);
}

#[test]
fn what_is_lost_or_at_fault_closes() {
    for (bid, ask, reason) in [(5.0, 4.0, CloseReason::Crossed), (4.0, 4.0, CloseReason::Locked), (MISSING, 4.0, CloseReason::OneSided)] {
        let mut scan = two(ScanSettings::default());
        quote(&mut scan, 0, 1, 1.0, 2.0);
        quote(&mut scan, 1, 2, 3.0, 4.0);
        let close = quote(&mut scan, 1, 3, bid, ask);
        assert_eq!(told(&close), [(1, State::Close(reason), 0.5)]);
        assert_eq!((close[0].size, close[0].profit, close[0].peak_size), (4.0, 2.0, 4.0));
    }
    let mut scan = two(ScanSettings::default());
    quote(&mut scan, 0, 1, 1.0, 2.0);
    quote(&mut scan, 1, 2, 3.0, 4.0);
    assert_eq!(told(&scan.forget(MarketId(0), 3 * SECOND, CloseReason::Gap)), [(1, State::Close(CloseReason::Gap), 0.5)]);
    assert_eq!(scan.forget(MarketId(0), 3 * SECOND, CloseReason::Stale), []);
    assert!(scan.quote(MarketId(0), 4 * SECOND, None, &Quote { bid: 0.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 }).is_none());
    assert_eq!(told(&quote(&mut scan, 0, 5, 1.0, 2.0)), [(2, State::Open, 0.5)]);
}

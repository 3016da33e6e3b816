//! How far ways come: before fees, ages, skews; assets assumed equal; clocks of venues.

use super::*;
use crate::arbitrage::VenueClock;

#[test]
fn each_episode_counts_once_under_the_best_it_came_to() {
    let settings = ScanSettings::default().with_watch_gross(true).with_max_skew(Some(10));
    let mut desk = triangle(settings, 0.05);
    let stages = |desk: &Desk| {
        let c = desk.scanner.counters();
        [c.gross, c.aged, c.skewed, c.small, c.episodes_opened]
    };
    // 10 % before fees, none after them: watched, and over when it is gone.
    assert_eq!((desk.states(), stages(&desk)), (vec![], [0; 5]));
    desk.quote("ETH/USDT", 4, 10.0, 11.5);
    assert_eq!(stages(&desk), [1, 0, 0, 0, 0]);
    // Once before fees, then too far apart, then before fees again, then its quotes are lost: one episode, skewed.
    desk.quote("ETH/USDT", 5, 11.0, 11.5);
    desk.quote("ETH/USDT", 20, 13.0, 13.5);
    desk.quote("ETH/USDT", 21, 11.0, 11.5);
    assert_eq!(stages(&desk), [1, 0, 0, 0, 0]);
    desk.forget("ETH/USDT", 22, Loss::Gap);
    assert_eq!((desk.states(), stages(&desk)), (vec![], [1, 0, 1, 0, 0]));
    // Opened, closed, and still watched before fees: it opens again in the same episode.
    for ts in [30, 32, 34] {
        desk.quote("BTC/USDT", ts, 99.0, 100.0);
        desk.quote("ETH/BTC", ts, 0.09, 0.1);
        desk.quote("ETH/USDT", ts, 13.0, 13.5);
        desk.quote("ETH/USDT", ts + 1, 11.0, 11.5);
    }
    assert_eq!((desk.states().len(), stages(&desk)), (6, [1, 0, 1, 0, 0]));
    desk.with(|scanner, sink| scanner.finish(sink));
    assert_eq!((desk.states(), stages(&desk)), (vec![], [1, 0, 1, 0, 1]));
}

#[test]
fn without_the_watch_an_episode_is_above_the_threshold() {
    let mut desk = triangle(ScanSettings::default().with_max_age(Some(5)), 0.0);
    desk.with(|scanner, sink| scanner.advance_to(100, sink));
    desk.quote("ETH/USDT", 100, 9.0, 11.5);
    desk.quote("ETH/USDT", 101, 11.0, 11.5);
    desk.quote("ETH/USDT", 102, 9.0, 11.5);
    let c = desk.scanner.counters();
    assert_eq!((c.gross, c.aged, c.skewed, c.small, c.episodes_opened), (0, 1, 0, 0, 1));
    assert_eq!(desk.states(), [(1, State::Open), (1, State::Close(CloseReason::Age))]);
}

#[test]
fn an_assumption_has_its_haircut_and_no_age() {
    let settings = ScanSettings::default().with_max_age(Some(10)).with_max_skew(Some(3));
    let mut desk = Desk::new(&["BTC/USD", "BTC/USDT", "USDT=USD@0.002"], 0.0, settings);
    desk.quote("BTC/USD", 100, 99.0, 100.0);
    desk.quote("BTC/USDT", 102, 101.0, 102.0);
    let [told] = desk.told[..] else { panic!("{:?}", desk.told) };
    assert!((told.net - (1.01 * 0.998 - 1.0)).abs() < 1e-12);
    assert_eq!((told.age, told.skew, desk.scanner.next_deadline()), (2, 2, Some(110)));
    // Its size does not end the way's: 1 BTC for 100 USD.
    assert!((told.size - 100.0).abs() < 1e-9);
    let id = desk.universe.find("USDT=USD").unwrap();
    let quote = Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 };
    let refused = desk.scanner.quote(id, 103, None, &quote, &mut |_: &Opportunity| panic!());
    assert_eq!((refused, desk.scanner.counters().refused), (Err(ScanEventError::Market(id)), 1));
    assert_eq!(desk.scanner.forget(id, 103, Loss::Gap, &mut |_: &Opportunity| panic!()), Err(ScanEventError::Market(id)));
}

const TWO: [&str; 2] = ["a:X/Y", "b:X/Y"];

/// A quote with the venue's own time.
fn timed(desk: &mut Desk, symbol: &str, ts: i64, venue_ts: i64, bid: f64, ask: f64) {
    let id = desk.id(symbol);
    desk.with(|scanner, sink| {
        scanner.quote(id, ts, Some(venue_ts), &Quote { bid, ask, bid_qty: 1.0, ask_qty: 1.0 }, sink).unwrap();
    });
}

#[test]
fn clocks_of_venues_are_compared_through_their_least_delays() {
    let hour = 3_600_000 * MS;
    let mut desk = Desk::new(&TWO, 0.0, ScanSettings::default().with_max_skew(Some(5 * MS)));
    // b's clock is an hour behind. Its first message took 1 ms longer than the second, its third 7 ms.
    timed(&mut desk, "a:X/Y", 100 * MS, 100 * MS, 10.0, 10.1);
    timed(&mut desk, "b:X/Y", 103 * MS, 101 * MS - hour, 10.2, 10.3);
    assert_eq!((desk.told.len(), desk.told[0].skew, desk.told[0].age), (1, 3 * MS, 3 * MS));
    timed(&mut desk, "b:X/Y", 104 * MS, 103 * MS - hour, 10.3, 10.4);
    assert_eq!((desk.told[1].skew, desk.told[1].age), (4 * MS, 4 * MS));
    // Received at 111, but it is as of 105 and a's is as of 100: still near enough.
    timed(&mut desk, "b:X/Y", 111 * MS, 104 * MS - hour, 10.4, 10.5);
    assert_eq!((desk.told[2].state, desk.told[2].skew, desk.told[2].age), (State::Update, 5 * MS, 11 * MS));
    assert_eq!((desk.scanner.counters().clock_jumps, desk.scanner.counters().ahead), (0, 0));
    // b's clock is set right: a jump once a second message says so, and the estimate begins anew.
    timed(&mut desk, "b:X/Y", 112 * MS, 112 * MS, 10.4, 10.5);
    assert_eq!(desk.scanner.counters().clock_jumps, 0);
    timed(&mut desk, "b:X/Y", 113 * MS, 113 * MS, 10.4, 10.5);
    assert_eq!(desk.scanner.counters().clock_jumps, 1);
    assert_eq!(desk.told[3].state, State::Close(CloseReason::Skew));
}

#[test]
fn a_declared_offset_is_taken_and_never_leads_beyond_our_clock() {
    let hour = 3_600_000 * MS;
    let b = universe(&TWO).venue("b").unwrap();
    let settings = ScanSettings::default().with_clocks(vec![(b, VenueClock::Fixed(hour))]).with_max_age(Some(5 * MS));
    let mut desk = Desk::new(&TWO, 0.0, settings);
    timed(&mut desk, "b:X/Y", 100 * MS, 98 * MS - hour, 10.2, 10.3);
    timed(&mut desk, "a:X/Y", 101 * MS, 101 * MS, 10.0, 10.1);
    assert_eq!((desk.told[0].age, desk.scanner.next_deadline()), (3 * MS, Some(103 * MS)));
    // A venue that is ahead of itself: as of now.
    timed(&mut desk, "b:X/Y", 102 * MS, 102 * MS, 10.2, 10.3);
    assert_eq!((desk.scanner.counters().ahead, desk.scanner.next_deadline()), (1, Some(106 * MS)));
    // Without the venue's time: as of receipt.
    desk.quote("b:X/Y", 103 * MS, 10.2, 10.3);
    assert_eq!(desk.scanner.open().next().unwrap().age, 2 * MS);
}

//! Limits, settings while it runs, and what can't be asked for.

use super::*;
use crate::arbitrage::{AssetId, VenueClock, VenueId};

/// Two triangles that share a market.
const FIVE: [&str; 5] = ["B/U", "E/B", "E/U", "F/B", "F/U"];

fn both(settings: ScanSettings) -> Desk {
    let mut desk = Desk::new(&FIVE, 0.0, settings);
    desk.quote("E/B", 1, 0.09, 0.1);
    desk.quote("E/U", 2, 11.0, 11.5);
    desk.quote("F/B", 3, 0.09, 0.1);
    desk.quote("F/U", 4, 12.0, 12.5);
    desk.quote("B/U", 5, 99.0, 100.0);
    desk
}

#[test]
fn one_event_tells_in_order_of_paths() {
    let mut desk = both(ScanSettings::default());
    let e = desk.path(&[("B/U", Side::Buy), ("E/B", Side::Buy), ("E/U", Side::Sell)]);
    let f = desk.path(&[("B/U", Side::Buy), ("F/B", Side::Buy), ("F/U", Side::Sell)]);
    assert_eq!(desk.told.iter().map(|told| (told.id, told.path)).collect::<Vec<_>>(), [(1, e), (2, f)]);
    assert_eq!(desk.scanner.paths().map(|(path, _)| path).collect::<Vec<_>>(), [e, f]);
    desk.told.clear();
    desk.forget("B/U", 6, Loss::Stale);
    assert_eq!(desk.told.iter().map(|told| told.path).collect::<Vec<_>>(), [e, f]);
}

#[test]
fn what_has_no_room_is_counted_and_followed_once_there_is() {
    let mut desk = both(ScanSettings::default().with_max_tracked(1));
    assert_eq!((desk.states(), desk.scanner.counters().tracked_full), (vec![(1, State::Open)], 1));
    desk.quote("E/U", 6, 9.0, 11.5);
    desk.quote("F/U", 7, 12.1, 12.5);
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Edge)), (2, State::Open)]);
    let desk = both(ScanSettings::default().with_max_paths(1));
    assert_eq!((desk.told.len(), desk.scanner.paths().count(), desk.scanner.counters().paths_full), (2, 1, 1));
}

#[test]
fn settings_count_as_of_the_clock() {
    let mut desk = both(ScanSettings::default());
    desk.states();
    desk.with(|scanner, sink| scanner.set_min_net(0.15, sink).unwrap());
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Edge))]);
    desk.with(|scanner, sink| scanner.set_min_net(0.0, sink).unwrap());
    assert_eq!(desk.states(), [(3, State::Open)]);
    desk.with(|scanner, sink| scanner.set_fees(&[0.0, 0.2, 0.0, 0.0, 0.0], sink).unwrap());
    assert_eq!(desk.states(), [(3, State::Close(CloseReason::Edge))]);
    desk.with(|scanner, sink| scanner.set_fees(&[0.0, 0.05, 0.0, 0.0, 0.05], sink).unwrap());
    assert_eq!(desk.states(), [(4, State::Open), (2, State::Update)]);
    assert!((desk.scanner.open().next().unwrap().profit - 0.45).abs() < 0.3);
    // Legs of 2, 3 and 5 at 5; 3, 4 and 5 at 5.
    desk.with(|scanner, sink| scanner.set_max_skew(Some(3), sink).unwrap());
    assert_eq!(desk.states(), [(4, State::Close(CloseReason::Skew))]);
    desk.with(|scanner, sink| scanner.set_max_skew(None, sink).unwrap());
    desk.with(|scanner, sink| scanner.set_max_age(Some(3), sink).unwrap());
    assert_eq!(desk.states(), [(5, State::Open), (5, State::Close(CloseReason::Age))]);
    assert_eq!(desk.scanner.next_deadline(), Some(6));
    desk.with(|scanner, sink| scanner.set_max_age(None, sink).unwrap());
    assert_eq!((desk.states(), desk.scanner.next_deadline()), (vec![(6, State::Open)], None));
    // What makes no sense changes nothing.
    desk.with(|scanner, sink| {
        assert!(matches!(scanner.set_min_net(f64::NAN, sink), Err(ScanError::Setting { name: "min_net", .. })));
        assert!(matches!(scanner.set_max_age(Some(0), sink), Err(ScanError::Setting { name: "max_age", .. })));
        assert!(matches!(scanner.set_max_skew(Some(-1), sink), Err(ScanError::Setting { name: "max_skew", .. })));
        assert_eq!(scanner.set_fees(&[0.0], sink), Err(ScanError::Fees { given: 1, markets: 5 }));
        let error = scanner.set_fees(&[0.0, 0.0, 1.0, 0.0, 0.0], sink);
        assert_eq!(error, Err(ScanError::Fee { symbol: "E/U".to_owned(), fee: 1.0 }));
    });
    assert_eq!(desk.states(), []);
}

#[test]
fn the_end_closes_what_is_open() {
    let mut desk = both(ScanSettings::default());
    desk.states();
    desk.with(|scanner, sink| scanner.finish(sink));
    let end = State::Close(CloseReason::End);
    assert_eq!((desk.states(), desk.scanner.open().count()), (vec![(1, end), (2, end)], 0));
    assert_eq!((desk.scanner.counters().closed_for(CloseReason::End), desk.scanner.counters().closed_total()), (2, 2));
    assert_eq!(desk.scanner.quote_of(desk.id("B/U")), None);
}

#[test]
fn a_market_without_ways_moves_the_clock_and_nothing_else() {
    let mut desk = Desk::new(&["A/B", "B/C", "C/A", "X/A"], 0.0, ScanSettings::default());
    desk.quote("X/A", 7, 1.0, 2.0);
    let counters = desk.scanner.counters();
    assert_eq!((desk.scanner.now(), counters.quotes, counters.outside, counters.refreshed), (Some(7), 1, 1, 0));
    let stats = desk.scanner.stats();
    assert_eq!((stats.markets, stats.assets, stats.cycles[3], stats.entries), (3, 3, 2, 3));
    assert!(desk.scanner.bytes() > 0);
}

#[test]
fn what_can_not_be_asked_for_is_an_error() {
    let universe = universe(&FIVE);
    let new = |settings, fees: &[f64]| Scanner::new(&universe, fees, settings).map(|_| ()).unwrap_err();
    let default = ScanSettings::default;
    let free = [0.0; 5];
    assert_eq!(new(default().with_legs(1..=3), &free), ScanError::Legs { least: 1, most: 3 });
    assert_eq!(new(default().with_legs(3..=9), &free), ScanError::Legs { least: 3, most: 9 });
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    let reversed = 4..=3;
    assert_eq!(new(default().with_legs(reversed), &free), ScanError::Legs { least: 4, most: 3 });
    assert_eq!(new(default().with_home(Some(AssetId(4))), &free), ScanError::Home);
    assert_eq!(new(default().with_clocks(vec![(VenueId(1), VenueClock::Receipt)]), &free), ScanError::Venue);
    assert!(matches!(new(default().with_min_net(-1.0), &free), ScanError::Setting { name: "min_net", .. }));
    assert!(matches!(new(default().with_step(f64::NAN), &free), ScanError::Setting { name: "step", .. }));
    assert!(matches!(new(default().with_max_tracked(0), &free), ScanError::Setting { .. }));
    assert!(matches!(new(default().with_clock_span(0), &free), ScanError::Setting { .. }));
    assert_eq!(new(default(), &free[..4]), ScanError::Fees { given: 4, markets: 5 });
    assert!(matches!(new(default(), &[0.0, f64::NAN, 0.0, 0.0, 0.0]), ScanError::Fee { symbol, .. } if symbol == "E/B"));
    assert!(matches!(new(default().with_max_cycles(3), &free), ScanError::TooManyCycles { reached: 4, limit: 3, legs: 3 }));
}

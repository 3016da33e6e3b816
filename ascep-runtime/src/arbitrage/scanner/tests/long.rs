//! Ways of more legs than the index has.

use super::*;

/// A ring of five assets, each sold for the next at 1.
const RING: [&str; 5] = ["A/B", "B/C", "C/D", "D/E", "E/A"];

fn ring(settings: ScanSettings, fee: f64) -> Desk {
    let mut desk = Desk::new(&RING, fee, settings.with_legs(2..=8));
    for (ts, symbol) in (1..).zip(RING) {
        desk.quote(symbol, ts, 1.0, 1.001);
    }
    desk
}

#[test]
fn ways_of_more_than_four_legs_are_found_and_followed() {
    let mut desk = ring(ScanSettings::default().with_step(1.0), 0.001);
    let stats = desk.scanner.stats();
    assert_eq!((stats.cycles, stats.markets, stats.assets), ([0; 9], 5, 5));
    desk.quote("C/D", 10, 1.01, 1.02);
    let path = desk.path(&RING.map(|symbol| (symbol, Side::Sell)));
    assert_eq!((desk.told.len(), desk.told[0].path, desk.told[0].ts), (1, path, 10));
    assert!((desk.told[0].net - (1.01 * 0.999_f64.powi(5) - 1.0)).abs() < 1e-12);
    // Cheaper, dearer and gone, each by another edge.
    desk.quote("A/B", 11, 1.001, 1.002);
    desk.quote("D/E", 12, 0.999, 1.001);
    assert_eq!(desk.states(), [(1, State::Open)]);
    desk.quote("E/A", 13, 0.99, 1.001);
    desk.quote("E/A", 14, 1.0, 1.001);
    desk.forget("B/C", 15, Loss::Gap);
    desk.quote("B/C", 16, 1.0, 1.001);
    let (edge, gap) = (State::Close(CloseReason::Edge), State::Close(CloseReason::Gap));
    assert_eq!(desk.states(), [(1, edge), (2, State::Open), (2, gap), (3, State::Open)]);
}

#[test]
fn a_long_way_below_the_threshold_is_not_lost() {
    let mut desk = ring(ScanSettings::default().with_min_net(0.01), 0.0);
    // Found by the potentials, whose measure is that of eight legs, and held; then above by another edge than it was found by.
    desk.quote("C/D", 10, 1.009, 1.02);
    assert_eq!(desk.states(), []);
    desk.quote("A/B", 11, 1.002, 1.003);
    assert_eq!(desk.states(), [(1, State::Open)]);
    desk.with(|scanner, sink| scanner.set_min_net(0.02, sink).unwrap());
    assert_eq!(desk.states(), [(1, State::Close(CloseReason::Edge))]);
    desk.with(|scanner, sink| scanner.set_min_net(0.005, sink).unwrap());
    assert_eq!(desk.states(), [(2, State::Open)]);
}

#[test]
fn long_ways_that_were_not_asked_for_are_counted() {
    // Home is not on the ring.
    let symbols = [&RING[..], &["X/A"]].concat();
    let home = universe(&symbols).asset("X");
    for (settings, asked) in [
        (ScanSettings::default().with_legs(2..=8).with_home(home), false),
        (ScanSettings::default().with_legs(6..=8), false),
        (ScanSettings::default().with_legs(5..=5), true),
    ] {
        let mut desk = Desk::new(&symbols, 0.0, settings);
        for (ts, symbol) in (1..).zip(&symbols) {
            desk.quote(symbol, ts, 1.01, 1.02);
        }
        let counters = desk.scanner.counters();
        assert_eq!((desk.told.len(), counters.unasked > 0), (usize::from(asked), !asked), "{counters:?}");
    }
    // Longer than paths are.
    let symbols: Vec<String> = (0..9).map(|n| format!("A{n}/A{}", (n + 1) % 9)).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let mut desk = Desk::new(&symbols, 0.0, ScanSettings::default().with_legs(2..=8));
    for (ts, symbol) in (1..).zip(&symbols) {
        desk.quote(symbol, ts, 1.01, 1.02);
    }
    assert_eq!((desk.told.len(), desk.scanner.counters().too_long), (0, 1));
}

#[test]
fn venues_kept_apart_make_no_way_together() {
    let symbols = ["a:A/B", "a:B/C", "b:C/D", "b:D/E", "b:E/F", "F=A@0"];
    for across in [true, false] {
        let mut desk = Desk::new(&symbols, 0.0, ScanSettings::default().with_legs(2..=8).with_across(across));
        for (ts, symbol) in (1..).zip(&symbols[..5]) {
            desk.quote(symbol, ts, 1.01, 1.02);
        }
        assert_eq!(desk.told.len(), usize::from(across));
    }
    // On one venue the assumption holds.
    let symbols = ["a:A/B", "a:B/C", "a:C/D", "a:D/E", "a:E/F", "F=A@0.001"];
    let mut desk = Desk::new(&symbols, 0.0, ScanSettings::default().with_legs(2..=8).with_across(false));
    for (ts, symbol) in (1..).zip(&symbols[..5]) {
        desk.quote(symbol, ts, 1.01, 1.02);
    }
    assert!((desk.told[0].net - (1.01_f64.powi(5) * 0.999 - 1.0)).abs() < 1e-12);
    assert_eq!(
        desk.told[0].path.text(&desk.universe, desk.universe.asset("F")),
        "F as A, sell a:A/B, sell a:B/C, sell a:C/D, sell a:D/E, sell a:E/F"
    );
}

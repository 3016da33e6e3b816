//! What is known of recorded markets comes out of the arbitrage library: the numbers of `examples/facts`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

#[path = "../examples/facts/coinbase.rs"]
mod coinbase;
#[path = "../examples/facts/data.rs"]
mod data;
#[path = "../examples/facts/fx.rs"]
mod fx;
#[path = "../examples/facts/poloniex.rs"]
mod poloniex;

use fx::{BEHIND, Count, MAX_AGE};

/// Whether the recorded data are there. A loud word where they are absent; in CI that is a failure.
fn there(path: &str) -> bool {
    let file = data::shared(path);
    if file.exists() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    eprintln!("!!! SKIPPED: {} is missing; set ASCEP_SHARED", file.display());
    false
}

/// As a percentage with three places.
fn percent(x: f64) -> String {
    format!("{:.3}", x * 100.0)
}

#[test]
fn a_triangle_on_poloniex_pays_before_fees_only() {
    if !there("captures/POLONIEX.ws.1.0.gz") {
        return;
    }
    let found = poloniex::run().unwrap();
    assert_eq!((found.evaluations, found.gross, found.net), (286, 37, 0));
    assert_eq!((found.own, found.own_gross, found.directions), (240, 34, vec![1]));
    assert_eq!((percent(found.best_gross), percent(found.best_net)), ("0.168".to_owned(), "-0.432".to_owned()));
    // The scan and the rules see the same: what is above 0 before fees comes and goes three times, and nothing is left after fees.
    assert_eq!((found.scan_free.0, found.scan_free.1.to_bits()), (3, found.best_gross.to_bits()));
    assert_eq!((found.scan_fees, found.rules, found.cycles), ((0, 3), (3, 0), (3, 0)));
}

#[test]
fn a_cycle_of_four_on_coinbase_never_pays() {
    if !there("captures/COINBASE.ws.28.0.gz") {
        return;
    }
    let found = coinbase::run().unwrap();
    assert_eq!((found.markets, found.evaluations, found.changed), (162, 3_305, 307));
    assert_eq!(percent(found.rule), "-0.138");
    // Of all ways through that universe these are the two whose books were recorded.
    let best: Vec<(&str, String)> = found.best.iter().map(|(path, best)| (path.as_str(), percent(*best))).collect();
    let there = "buy coinbase:BAND/BTC, sell coinbase:BAND/GBP, buy coinbase:SKL/GBP, sell coinbase:SKL/BTC";
    let back = "buy coinbase:SKL/BTC, sell coinbase:SKL/GBP, buy coinbase:BAND/GBP, sell coinbase:BAND/BTC";
    assert_eq!(best, [(there, "-0.138".to_owned()), (back, "-0.350".to_owned())]);
}

#[test]
fn two_venues_whose_clocks_are_aligned_hardly_differ() {
    if !there("fx/forex_fxcm_tick_eurusd_20140505_quote.zip") {
        return;
    }
    let sides = fx::scan(BEHIND, Some(MAX_AGE), Count::Sides).unwrap();
    assert_eq!((sides.lifetimes.len(), sides.seconds(), sides.middle()), (20, 1.376, (12, 14)));
    assert_eq!(format!("{:.1}", sides.widest), "0.6");
    // Whoever counts the first and the last millisecond of an episode gets what the page has: 1.39 s and 14 ms.
    let counted: Vec<i64> = sides.lifetimes.iter().map(|ms| ms + 1).collect();
    assert_eq!((counted.iter().sum::<i64>(), (counted[9] + counted[10]) / 2), (1_396, 14));
    // All but three of them rest on a quote of FXCM that is locked or crossed on FXCM itself.
    let sound = fx::scan(BEHIND, Some(MAX_AGE), Count::Sound).unwrap();
    assert_eq!((sound.lifetimes, sound.faults, sound.ended_by_faults), (vec![3, 109, 418], (7_109, 4_987), 2));
    assert_eq!(format!("{:.1}", sound.widest), "0.5");
    assert_eq!(fx::rules().unwrap(), (3, 3));
}

#[test]
fn two_venues_whose_clocks_are_compared_raw_seem_to_differ_all_day() {
    if !there("fx/forex_fxcm_tick_eurusd_20140505_quote.zip") {
        return;
    }
    let sides = fx::scan(0, None, Count::Sides).unwrap();
    assert_eq!((sides.lifetimes.len(), sides.seconds()), (666, 73_908.195));
    let sound = fx::scan(0, None, Count::Sound).unwrap();
    assert_eq!((sound.lifetimes.len(), sound.seconds()), (6_150, 67_656.154));
}

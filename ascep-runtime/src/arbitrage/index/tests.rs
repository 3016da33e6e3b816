//! The index: each way once in each direction, and each product that of its way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::arbitrage::{AssetId, MarketId, MarketSpec};

fn universe(symbols: &[&str]) -> Universe {
    let mut universe = Universe::new();
    for symbol in symbols {
        universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
    }
    universe
}

fn counts(universe: &Universe, settings: &ScanSettings) -> [usize; 3] {
    let cycles = Index::new(universe, settings).unwrap().stats(universe, false).cycles;
    [cycles[2], cycles[3], cycles[4]]
}

fn all_legs() -> ScanSettings {
    ScanSettings::default().with_legs(2..=4)
}

#[test]
fn each_way_is_there_once_in_each_direction() {
    // Of 5 assets that all trade with each other: 10 triangles and 15 ways of 4 legs, each in two directions.
    let names = ["A", "B", "C", "D", "E"];
    let pairs = (0..5).flat_map(|b| (0..b).map(move |a| format!("{}/{}", names[b], names[a])));
    let pairs: Vec<String> = pairs.collect();
    let pairs: Vec<&str> = pairs.iter().map(String::as_str).collect();
    let full = universe(&pairs);
    assert_eq!(counts(&full, &all_legs()), [0, 20, 30]);
    assert_eq!(counts(&full, &ScanSettings::default().with_legs(3..=3)), [0, 20, 0]);
    // Through one asset: 6 pairs of the others, and 12 of their orders of 3.
    assert_eq!(counts(&full, &all_legs().with_home(Some(AssetId(3)))), [0, 12, 24]);
    let index = Index::new(&full, &all_legs()).unwrap();
    let mut paths: Vec<Path> = (0..50).map(|way| index.path(way)).collect();
    for path in &paths {
        let legs: Vec<_> = path.legs().collect();
        assert_eq!(Path::new(&full, &legs).unwrap(), *path);
    }
    paths.sort_unstable();
    paths.dedup();
    assert_eq!((paths.len(), index.len()), (50, 50));
    // Each leg of each way has its entry, the entry says which way it is, and its product is that way's.
    let mut index = index;
    for market in 0..10 {
        let rate = f64::from(market + 2);
        index.set(market, [rate, 1.0 / (rate + 0.5)]);
    }
    let rate = |edge: u32| if edge % 2 == 1 { f64::from(edge / 2 + 2) } else { 1.0 / (f64::from(edge / 2 + 2) + 0.5) };
    for threshold in [0.0, 0.7, 1.0, 3.0] {
        for market in 0..10 {
            let mut through = Vec::new();
            index.above(market, threshold, &mut |way| through.push(index.path(way)));
            through.sort_unstable();
            let product = |path: &Path| path.edges().iter().map(|edge| rate(*edge)).product::<f64>();
            let pays = |path: &&Path| path.has(MarketId(market)) && product(path) > threshold;
            assert_eq!(through, paths.iter().filter(pays).copied().collect::<Vec<_>>());
            let own = [rate(market * 2 + 1), rate(market * 2)];
            assert_eq!(index.update(market, own, threshold), !through.is_empty());
        }
    }
    assert_eq!(index.stats(&full, false).entries, 10 * 3 + 15 * 4);
}

#[test]
fn two_markets_of_a_pair_make_two_legs_and_venues_can_be_kept_apart() {
    let two = universe(&["a:X/Y", "b:X/Y", "a:Y/X", "a:X/Z", "a:Y/Z"]);
    // Three markets between X and Y: 3 pairs in 2 directions, and 3 triangles.
    assert_eq!(counts(&two, &all_legs()), [6, 6, 0]);
    assert_eq!(counts(&two, &all_legs().with_across(false)), [2, 4, 0]);
    let mut assumed = universe(&["a:X/USD", "a:X/USDT", "b:USDC/USDT", "b:USD/USDC"]);
    assumed.assume_equal("USD", "USDT", 0.0).unwrap();
    assumed.assume_equal("USDC", "USDT", 0.0).unwrap();
    assumed.assume_equal("USD", "USDC", 0.0).unwrap();
    let apart = counts(&assumed, &ScanSettings::default().with_across(false));
    // X by the assumption; USDC and USDT, USD and USDC with theirs; the three stablecoins by one, or two markets and at least one assumption.
    assert_eq!(apart, [4, 8, 0]);
}

#[test]
fn the_search_ends_where_there_are_too_many() {
    let full = universe(&["A/B", "A/C", "B/C", "A/D", "B/D", "C/D"]);
    let settings = all_legs().with_max_cycles(13);
    let error = ScanError::TooManyCycles { reached: 14, limit: 13, legs: 4 };
    assert_eq!(Index::new(&full, &settings).unwrap_err(), error);
    assert!(error.to_string().contains("one home asset"));
    assert_eq!(Index::new(&full, &settings.with_max_cycles(14)).unwrap().len(), 14);
}

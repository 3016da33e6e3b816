//! The loops that ways are measured against find what is there, and the workloads are what they are said to be.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

use ascep_benches::arbitrage::by_hand::Triangles;
use ascep_benches::arbitrage::markets::{binance_2021, made_up, triangles, triangles_of};
use ascep_benches::arbitrage::updates::{Kind, updates};
use ascep_benches::arbitrage::{MIN_NET, Workload};

/// Binance's markets; in CI they have to be there.
fn binance() -> Option<ascep_runtime::arbitrage::Universe> {
    let universe = binance_2021();
    if universe.is_none() {
        assert!(std::env::var_os("CI").is_none(), "exchangeInfo_2021.json.gz is missing");
        eprintln!("!!! SKIPPED: exchangeInfo_2021.json.gz is missing; set ASCEP_SHARED");
    }
    universe
}

#[test]
fn the_universes_have_the_sizes_that_are_told_of_them() {
    let made_up = made_up(400, 1_500, 43);
    assert_eq!((made_up.assets(), made_up.len()), (400, 1_500));
    let Some(universe) = binance() else { return };
    assert_eq!((universe.assets(), universe.len(), triangles(&universe).len()), (385, 1_262, 1_982));
    let counts = triangles_of(&universe);
    assert_eq!(counts.iter().sum::<usize>(), 3 * 1_982);
    assert_eq!(counts[universe.find("BTC/USDT").unwrap().0 as usize], 256);
}

#[test]
fn hot_markets_get_most_updates_and_repeats_repeat() {
    let universe = made_up(400, 1_500, 43);
    let most = |kind| {
        let mut counts = vec![0; universe.len()];
        for update in updates(&universe, kind, 10_000, 1) {
            counts[update.market.0 as usize] += 1;
        }
        counts.into_iter().max().unwrap()
    };
    assert!(most(Kind::Uniform) < 50);
    assert!(most(Kind::Hot) > 1_000);
    let repeats = |kind| {
        let mut last = vec![None; universe.len()];
        let prices = updates(&universe, kind, 10_000, 1).into_iter().map(|update| (update.market, (update.quote.bid, update.quote.ask)));
        prices.filter(|(market, prices)| last[market.0 as usize].replace(*prices) == Some(*prices)).count()
    };
    assert_eq!(repeats(Kind::Hot), 0);
    assert!((7_500..9_500).contains(&repeats(Kind::Repeats)), "{}", repeats(Kind::Repeats));
}

/// After each update: all ways through its market from scratch, from raw prices, each leg by itself.
#[test]
fn the_loop_by_hand_finds_what_is_there() {
    for workload in Workload::all(30_000) {
        let Workload { name, universe, fees, updates } = workload;
        let all = triangles(&universe);
        let mut hand = Triangles::new(&universe, &fees, MIN_NET);
        let mut quotes = vec![None; universe.len()];
        let mut open = vec![false; all.len() * 2];
        let mut through = vec![Vec::new(); universe.len()];
        for (at, triangle) in all.iter().enumerate() {
            triangle.iter().for_each(|(market, _)| through[market.0 as usize].push(at));
        }
        let (mut opened, mut closed) = (0, 0);
        for update in updates {
            hand.quote(update.market, update.quote.bid, update.quote.ask);
            quotes[update.market.0 as usize] = Some(update.quote);
            for &at in &through[update.market.0 as usize] {
                let triangle = &all[at];
                for direction in [0, 1] {
                    let mut product = 1.0;
                    for (market, sold) in triangle {
                        let rate =
                            quotes[market.0 as usize].map(|quote| if *sold == (direction == 0) { quote.bid } else { 1.0 / quote.ask });
                        product *= rate.unwrap_or(f64::NAN) * (1.0 - fees[market.0 as usize]);
                    }
                    let (now, was) = (product - 1.0 > MIN_NET, &mut open[at * 2 + direction]);
                    opened += u64::from(now & !*was);
                    closed += u64::from(!now & *was);
                    *was = now;
                }
            }
            assert_eq!(hand.counts(), (opened, closed), "{name}");
        }
        // Of prices that hardly change little comes in so short a time.
        assert!((opened > 0 && closed > 0) || name.ends_with("repeats"), "{name}: {opened} opened, {closed} closed");
    }
}

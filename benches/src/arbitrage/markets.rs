//! Universes: Binance's of October 2021 as the venue told it, and one made up.

use std::collections::BTreeSet;
use std::fs::File;

use ascep_runtime::arbitrage::{MarketId, MarketSpec, Universe};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::numbers::Numbers;

/// The markets of Binance that traded in October 2021, from `data/binance/exchangeInfo_2021.json.gz` in the folder of shared data: that of
/// `ASCEP_SHARED`, else the one beside the repository. `None` where it is not there. Filters are left out: what is found then depends on prices alone.
///
/// # Panics
/// If it is there and can't be read.
#[must_use]
#[expect(clippy::panic, reason = "a benchmark of a universe that can't be read must not run")]
pub fn binance_2021() -> Option<Universe> {
    let path = crate::shared("data/binance/exchangeInfo_2021.json.gz");
    let file = File::open(&path).ok()?;
    match serde_json::from_reader::<_, Value>(GzDecoder::new(file)) {
        Ok(info) => Some(exchange_info(&info)),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

fn exchange_info(info: &Value) -> Universe {
    let mut universe = Universe::new();
    for symbol in info.get("symbols").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| symbol.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("status") == "TRADING" {
            add(&mut universe, text("baseAsset"), text("quoteAsset"));
        }
    }
    universe
}

#[expect(clippy::panic, reason = "a benchmark without its universe must not run")]
fn add(universe: &mut Universe, base: &str, quote: &str) {
    let spec = MarketSpec { base: base.to_owned(), quote: quote.to_owned(), ..MarketSpec::default() };
    if let Err(error) = universe.add(&spec) {
        panic!("the universe of a benchmark has a market that is refused: {error}");
    }
}

/// So many assets and pairs: a few assets that all trade against each other and in which the others are priced, as on a venue.
#[must_use]
pub fn made_up(assets: usize, pairs: usize, seed: u64) -> Universe {
    const HUBS: usize = 10;
    let mut numbers = Numbers::new(seed);
    let mut taken: BTreeSet<(usize, usize)> = (0..HUBS).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    // Everything is priced in one of the first hubs, so that no asset is left out.
    taken.extend((HUBS..assets).map(|asset| (asset, numbers.below(3))));
    while taken.len() < pairs {
        // The square prefers the first hubs.
        let hub = (numbers.unit().powi(2) * HUBS as f64) as usize;
        taken.insert((HUBS + numbers.below(assets - HUBS), hub));
    }
    // In no order that says anything.
    let mut order: Vec<(u64, (usize, usize))> = taken.into_iter().map(|pair| (numbers.bits(), pair)).collect();
    order.sort_unstable();
    let mut universe = Universe::new();
    for (_, (base, quote)) in order {
        add(&mut universe, &format!("A{base}"), &format!("A{quote}"));
    }
    universe
}

/// A triangle: three markets, the first the least of them, and whether the first direction sells on each. The second direction does the opposite.
pub type Triangle = [(MarketId, bool); 3];

/// All triangles of a universe in which no pair has two markets.
#[must_use]
pub fn triangles(universe: &Universe) -> Vec<Triangle> {
    let mut of: Vec<Vec<(u32, MarketId, bool)>> = vec![Vec::new(); universe.assets()];
    let mut push = |asset: u32, to: (u32, MarketId, bool)| {
        if let Some(ways) = of.get_mut(asset as usize) {
            ways.push(to);
        }
    };
    for (id, market) in universe.iter().filter(|(_, market)| market.is_open()) {
        push(market.base.0, (market.quote.0, id, true));
        push(market.quote.0, (market.base.0, id, false));
    }
    let ways = |asset: u32| of.get(asset as usize).map(Vec::as_slice).unwrap_or_default();
    let mut out = Vec::new();
    for (first, market) in universe.iter().filter(|(_, market)| market.is_open()) {
        // Sold for the quote asset, which goes on to a third one, which comes back.
        for &(third, second, sold_second) in ways(market.quote.0) {
            for &(back, last, sold_last) in ways(third) {
                if back == market.base.0 && second > first && last > first {
                    out.push([(first, true), (second, sold_second), (last, sold_last)]);
                }
            }
        }
    }
    out
}

/// How many triangles lead through each market.
#[must_use]
pub fn triangles_of(universe: &Universe) -> Vec<usize> {
    let mut counts = vec![0; universe.len()];
    for (market, _) in triangles(universe).into_iter().flatten() {
        if let Some(count) = counts.get_mut(market.0 as usize) {
            *count += 1;
        }
    }
    counts
}

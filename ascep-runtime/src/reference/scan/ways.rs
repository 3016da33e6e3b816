//! Every simple closed way of a universe, by depth-first search.

use std::ops::RangeInclusive;

use crate::arbitrage::{AssetId, Leg, MarketId, Path, Universe};
use crate::event::Side;

/// All simple closed ways of `legs` legs, in both directions, in order: through every pair of markets that trade the same, on one venue or on several.
/// With a home only those that come to it; without `across` only those whose markets are all of one venue.
#[must_use]
pub fn ways(universe: &Universe, legs: RangeInclusive<usize>, home: Option<AssetId>, across: bool) -> Vec<Path> {
    let assets = (0..u32::try_from(universe.assets()).unwrap_or(u32::MAX)).map(AssetId);
    let mut exits = vec![Vec::new(); universe.assets()];
    for (market, _) in universe.iter().filter(|(_, market)| market.is_open()) {
        for leg in [Side::Buy, Side::Sell].map(|side| Leg { market, side }) {
            if let Some((gives, gets)) = leg.assets(universe)
                && let Some(exits) = exits.get_mut(gives.0 as usize)
            {
                exits.push((leg, gets));
            }
        }
    }
    let mut search = Search { universe, exits, legs, across, least: None, gone: Vec::new(), found: Vec::new() };
    match home {
        // Each way that comes to the home is found once, beginning there.
        Some(home) => search.go_on(home, home),
        // Each other one from the least of its assets.
        None => {
            for start in assets {
                search.least = Some(start);
                search.go_on(start, start);
            }
        }
    }
    search.found.sort_unstable();
    search.found
}

struct Search<'a> {
    universe: &'a Universe,
    /// For each asset the legs that give it, with what they get.
    exits: Vec<Vec<(Leg, AssetId)>>,
    legs: RangeInclusive<usize>,
    across: bool,
    /// The start, where no asset below it is to be come to.
    least: Option<AssetId>,
    /// The legs so far, with what each gives.
    gone: Vec<(Leg, AssetId)>,
    found: Vec<Path>,
}

impl Search<'_> {
    /// Goes on from an asset in all ways.
    fn go_on(&mut self, start: AssetId, from: AssetId) {
        let exits = self.exits.get(from.0 as usize).cloned().unwrap_or_default();
        for (leg, to) in exits {
            let is_used = |market: MarketId| self.gone.iter().any(|(leg, _)| leg.market == market);
            if is_used(leg.market) || self.least.is_some_and(|least| to < least) || !self.may_join(leg.market) {
                continue;
            }
            self.gone.push((leg, from));
            if to == start {
                let legs: Vec<Leg> = self.gone.iter().map(|(leg, _)| *leg).collect();
                if self.legs.contains(&legs.len()) {
                    self.found.extend(Path::new(self.universe, &legs).ok());
                }
            } else if self.gone.len() < *self.legs.end() && self.gone.iter().all(|(_, asset)| *asset != to) {
                self.go_on(start, to);
            }
            self.gone.pop();
        }
    }

    /// Whether a market may follow those so far: without `across` all are of one venue, an assumption being of none.
    fn may_join(&self, market: MarketId) -> bool {
        let venue = |market| self.universe.market(market).and_then(crate::arbitrage::Market::venue);
        let venues = self.gone.iter().filter_map(|(leg, _)| venue(leg.market));
        self.across || venue(market).is_none_or(|venue| venues.into_iter().all(|other| other == venue))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::arbitrage::MarketSpec;

    fn texts(universe: &Universe, legs: RangeInclusive<usize>, home: Option<&str>, across: bool) -> Vec<String> {
        let home = home.map(|home| universe.asset(home).unwrap());
        ways(universe, legs, home, across).iter().map(|way| way.text(universe, home)).collect()
    }

    fn universe(symbols: &[&str]) -> Universe {
        let mut universe = Universe::new();
        for symbol in symbols {
            universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
        }
        universe
    }

    #[test]
    fn both_directions_of_a_triangle_are_ways() {
        let universe = universe(&["BTC/USDT", "ETH/BTC", "ETH/USDT", "XRP/USDT"]);
        let both = ["buy BTC/USDT, buy ETH/BTC, sell ETH/USDT", "buy ETH/USDT, sell ETH/BTC, sell BTC/USDT"];
        assert_eq!(texts(&universe, 2..=4, Some("USDT"), true), both);
        assert_eq!(texts(&universe, 2..=4, None, true).len(), 2);
        assert_eq!(texts(&universe, 4..=8, None, true).len(), 0);
        assert_eq!(texts(&universe, 2..=4, Some("XRP"), true).len(), 0);
    }

    #[test]
    fn pairs_on_two_venues_inverse_pairs_and_assumptions_are_ways() {
        let mut universe = universe(&["a:X/Y", "b:X/Y", "a:Y/X"]);
        assert_eq!(texts(&universe, 2..=2, None, true).len(), 6);
        assert_eq!(texts(&universe, 2..=2, None, false), ["buy a:X/Y, buy a:Y/X", "sell a:X/Y, sell a:Y/X"]);
        universe.add(&MarketSpec::spot("b:X/Z").unwrap()).unwrap();
        universe.assume_equal("Y", "Z", 0.0).unwrap();
        // Through X/Z and the assumption with each of the three others; an assumption belongs to any venue.
        assert_eq!(texts(&universe, 3..=3, Some("Z"), true).len(), 6);
        assert_eq!(texts(&universe, 3..=3, Some("Z"), false), ["Z as Y, buy b:X/Y, sell b:X/Z", "buy b:X/Z, sell b:X/Y, Y as Z"]);
    }

    /// Between n assets that all trade with each other there are n! / (n - k)! / k closed ways of k legs.
    #[test]
    fn there_are_as_many_as_combinatorics_has() {
        let names = ["A", "B", "C", "D", "E", "F"];
        let pairs: Vec<String> = (0..6).flat_map(|i| (0..i).map(move |j| format!("{}/{}", names[i], names[j]))).collect();
        let universe = universe(&pairs.iter().map(String::as_str).collect::<Vec<_>>());
        for (legs, count) in [(2, 0), (3, 40), (4, 90), (5, 144), (6, 120), (7, 0)] {
            assert_eq!(ways(&universe, legs..=legs, None, true).len(), count, "{legs} legs");
            // A way of k legs comes to k of the six.
            let through = universe.asset("A");
            assert_eq!(ways(&universe, legs..=legs, through, true).len(), count * legs / 6, "{legs} legs through A");
        }
        let all = ways(&universe, 2..=8, None, true);
        assert!(all.is_sorted() && all.windows(2).all(|two| two[0] != two[1]));
    }
}

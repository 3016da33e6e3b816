//! Whether markets close a way: assets joined by markets, and a search for one simple way back that gives up after so many steps.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// Assets and the markets between them.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
    /// By asset: the others that a market joins it with, each once.
    next: Vec<Vec<u32>>,
    /// How many markets join two assets, the lesser one first.
    markets: FxHashMap<(u32, u32), u32>,
}

/// A search at hand.
struct Search<'e> {
    edges: &'e Edges,
    home: u32,
    least: usize,
    most: usize,
    /// By asset: how many legs lead home at least.
    distance: Vec<usize>,
    /// The assets so far, home first.
    way: Vec<u32>,
    budget: &'e mut usize,
}

impl Edges {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let new = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), new);
        self.names.push(name.to_owned());
        self.next.push(Vec::new());
        new
    }

    /// Adds a market.
    pub(crate) fn add(&mut self, base: &str, quote: &str) {
        let (base, quote) = (self.number(base), self.number(quote));
        let count = self.markets.entry((base.min(quote), base.max(quote))).or_insert(0);
        *count += 1;
        if *count == 1 {
            for (from, to) in [(base, quote), (quote, base)] {
                if let Some(next) = self.next.get_mut(from as usize) {
                    next.push(to);
                }
            }
        }
    }

    /// Whether some market has the asset.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// The assets in the order in which the markets bring them.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    fn next_of(&self, asset: u32) -> &[u32] {
        self.next.get(asset as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a simple way of `least` to `most` legs leads from `home` and back. Takes steps from the budget; where that is used up the answer is yes,
    /// so that nothing is called wrong that was not looked through.
    pub(crate) fn closes(&self, home: &str, least: u8, most: u8, budget: &mut usize) -> bool {
        let Some(&home) = self.numbers.get(home) else { return false };
        let mut distance = vec![usize::MAX; self.names.len()];
        let mut open = VecDeque::from([(home, 0)]);
        while let Some((asset, legs)) = open.pop_front() {
            match distance.get_mut(asset as usize) {
                Some(known @ &mut usize::MAX) => *known = legs,
                _ => continue,
            }
            open.extend(self.next_of(asset).iter().map(|next| (*next, legs + 1)));
        }
        let (least, most) = (usize::from(least), usize::from(most));
        Search { edges: self, home, least, most, distance, way: vec![home], budget }.from(home)
    }
}

impl Search<'_> {
    /// Whether the way so far, which ends at `asset`, can be closed.
    fn from(&mut self, asset: u32) -> bool {
        let edges = self.edges;
        let legs = self.way.len();
        for &next in edges.next_of(asset) {
            let Some(left) = self.budget.checked_sub(1) else { return true };
            *self.budget = left;
            if next == self.home {
                let pair = (asset.min(next), asset.max(next));
                let two_markets = edges.markets.get(&pair).is_some_and(|count| *count > 1);
                if (self.least..=self.most).contains(&legs) && (legs > 2 || two_markets) {
                    return true;
                }
                continue;
            }
            let back = self.distance.get(next as usize).copied().unwrap_or(usize::MAX);
            if back.saturating_add(legs) > self.most || self.way.contains(&next) {
                continue;
            }
            self.way.push(next);
            let closes = self.from(next);
            self.way.pop();
            if closes {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(markets: &[(&str, &str)], home: &str, legs: (u8, u8)) -> bool {
        let mut edges = Edges::default();
        markets.iter().for_each(|(base, quote)| edges.add(base, quote));
        let mut budget = 100_000;
        let closes = edges.closes(home, legs.0, legs.1, &mut budget);
        assert!(budget > 0);
        closes
    }

    #[test]
    fn ways_of_each_length() {
        let two = [("A", "B"), ("B", "A")];
        assert!(closes(&two, "A", (2, 2)) && closes(&two, "B", (2, 3)) && !closes(&two, "A", (3, 8)));
        assert!(!closes(&[("A", "B")], "A", (2, 8)));
        let three = [("A", "B"), ("C", "B"), ("A", "C"), ("D", "A")];
        assert!(
            closes(&three, "B", (3, 3)) && !closes(&three, "B", (4, 8)) && !closes(&three, "D", (2, 8)) && !closes(&three, "X", (2, 8))
        );
        let four = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "A")];
        assert!(closes(&four, "C", (3, 4)) && !closes(&four, "C", (2, 3)));
    }

    #[test]
    fn a_search_is_given_up_in_favour() {
        // A clique that hangs on home by one market: no way leads back, and there are many to try.
        let mut edges = Edges::default();
        let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        for (at, a) in names.iter().enumerate() {
            names.iter().skip(at + 1).for_each(|b| edges.add(a, b));
        }
        edges.add("home", "0");
        let mut budget = 10_000;
        assert!(edges.closes("home", 8, 8, &mut budget));
        assert_eq!(budget, 0);
        assert!(!edges.closes("home", 2, 3, &mut 10_000));
    }
}

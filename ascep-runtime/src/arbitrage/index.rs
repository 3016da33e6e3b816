//! The index from a market to the ways of two to four legs through it, in flat arrays, and the one pass over those that an update touches.
//!
//! An edge is a market in one direction: twice the market, plus 1 where it is sold on. An entry of an edge is what else a way through it goes through, so
//! that what the way returns is the product of as many rates as it has legs.

use super::counters::ScanStats;
use super::path::Path;
use super::settings::{INDEXED_LEGS, ScanError, ScanSettings};
use super::universe::{Universe, VenueId};

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// Ways of one length.
#[derive(Debug, Default)]
struct Layer {
    /// How many legs its ways have.
    legs: usize,
    /// The number of its first way.
    first: u32,
    /// The edges of each way, from the least market on.
    ways: Vec<u32>,
    /// Where the entries of each edge begin, and where the last one's end.
    starts: Vec<u32>,
    /// The other edges of each entry.
    others: Vec<u32>,
    /// The way of each entry.
    of: Vec<u32>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Index {
    layers: [Layer; INDEXED_LEGS - 1],
}

impl Index {
    pub(super) fn new(universe: &Universe, settings: &ScanSettings) -> Result<Self, ScanError> {
        let (least, most) = (usize::from(*settings.legs.start()), usize::from(*settings.legs.end()).min(INDEXED_LEGS));
        let mut search = Search { settings, least, most, ways: Default::default(), found: 0 };
        if least <= most {
            search.all(&Graph::new(universe))?;
        }
        let edges = universe.len() * 2;
        let [two, three, four] = search.ways;
        let mut first = 0;
        let layers = [(2, two), (3, three), (4, four)].map(|(legs, ways)| {
            let layer = Layer::new(legs, first, ways, edges);
            first += u32::try_from(layer.len()).unwrap_or(0);
            layer
        });
        Ok(Self { layers })
    }

    /// Gives each way through an edge whose rates multiply to more than `threshold`. Rates that are not known are 0.
    #[inline]
    pub(super) fn above(&self, rates: &[f64], edge: u32, threshold: f64, mut hit: impl FnMut(u32)) {
        let rate = |edge: u32| rates.get(edge as usize).copied().unwrap_or(0.0);
        let own = rate(edge);
        let [two, three, four] = &self.layers;
        let (others, of) = two.entries(edge);
        for (other, way) in others.iter().zip(of) {
            if own * rate(*other) > threshold {
                hit(*way);
            }
        }
        let (others, of) = three.entries(edge);
        for (pair, way) in others.as_chunks::<2>().0.iter().zip(of) {
            let [a, b] = *pair;
            if own * rate(a) * rate(b) > threshold {
                hit(*way);
            }
        }
        let (others, of) = four.entries(edge);
        for (rest, way) in others.as_chunks::<3>().0.iter().zip(of) {
            let [a, b, c] = *rest;
            if own * rate(a) * (rate(b) * rate(c)) > threshold {
                hit(*way);
            }
        }
    }

    /// A way by its number.
    pub(super) fn path(&self, way: u32) -> Path {
        let layer = self.layers.iter().rev().find(|layer| layer.first <= way && !layer.ways.is_empty());
        let edges = layer.and_then(|layer| {
            let start = (way - layer.first) as usize * layer.legs;
            layer.ways.get(start..start + layer.legs)
        });
        Path::from_edges(edges.unwrap_or(&[]))
    }

    /// How many ways there are.
    pub(super) fn len(&self) -> usize {
        self.layers.iter().map(Layer::len).sum()
    }

    pub(super) fn stats(&self, universe: &Universe) -> ScanStats {
        let mut stats = ScanStats::default();
        let mut seen = vec![false; universe.assets()];
        for layer in &self.layers {
            if let Some(cycles) = stats.cycles.get_mut(layer.legs) {
                *cycles = layer.len();
            }
            stats.entries += layer.of.len();
        }
        for (n, market) in universe.markets().enumerate() {
            if self.has(n) {
                stats.markets += 1;
                for asset in [market.base, market.quote] {
                    if let Some(seen) = seen.get_mut(asset.0 as usize) {
                        *seen = true;
                    }
                }
            }
        }
        stats.assets = seen.iter().filter(|seen| **seen).count();
        stats
    }

    /// Whether a way leads through a market. Where one does, so does its way back.
    pub(super) fn has(&self, market: usize) -> bool {
        u32::try_from(market * 2).is_ok_and(|edge| self.layers.iter().any(|layer| !layer.entries(edge).1.is_empty()))
    }

    pub(super) fn bytes(&self) -> usize {
        self.layers.iter().map(|layer| (layer.ways.len() + layer.starts.len() + layer.others.len() + layer.of.len()) * 4).sum()
    }
}

impl Layer {
    fn new(legs: usize, first: u32, ways: Vec<u32>, edges: usize) -> Self {
        let mut starts = vec![0_u32; edges + 1];
        for edge in &ways {
            if let Some(count) = starts.get_mut(*edge as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut ends = starts.clone();
        let mut others = vec![0; ways.len() * (legs - 1)];
        let mut of = vec![0; ways.len()];
        for (number, way) in (first..).zip(ways.chunks_exact(legs)) {
            for (at, edge) in way.iter().enumerate() {
                let Some(end) = ends.get_mut(*edge as usize) else { continue };
                let entry = *end as usize;
                *end += 1;
                if let Some(place) = of.get_mut(entry) {
                    *place = number;
                }
                let rest = way.iter().cycle().skip(at + 1).take(legs - 1);
                for (place, other) in others.iter_mut().skip(entry * (legs - 1)).zip(rest) {
                    *place = *other;
                }
            }
        }
        Self { legs, first, ways, starts, others, of }
    }

    fn len(&self) -> usize {
        self.ways.len() / self.legs.max(1)
    }

    /// The other edges and the ways of an edge's entries.
    #[inline]
    fn entries(&self, edge: u32) -> (&[u32], &[u32]) {
        let edge = edge as usize;
        let Some(&[start, end]) = self.starts.get(edge..edge + 2) else { return (&[], &[]) };
        let (start, end, rest) = (start as usize, end as usize, self.legs - 1);
        (self.others.get(start * rest..end * rest).unwrap_or(&[]), self.of.get(start..end).unwrap_or(&[]))
    }
}

/// An edge of the graph of assets.
#[derive(Debug, Clone, Copy)]
struct Edge {
    number: u32,
    to: u32,
    venue: Option<VenueId>,
}

/// The edges out of each asset, in order of where they lead.
struct Graph(Vec<Vec<Edge>>);

impl Graph {
    fn new(universe: &Universe) -> Self {
        let mut out = vec![Vec::new(); universe.assets()];
        for (id, market) in universe.iter().filter(|(_, market)| market.is_open()) {
            for (number, gives, to) in [(id.0 * 2, market.quote.0, market.base.0), (id.0 * 2 + 1, market.base.0, market.quote.0)] {
                if let Some(edges) = out.get_mut(gives as usize) {
                    edges.push(Edge { number, to, venue: market.venue() });
                }
            }
        }
        for edges in &mut out {
            edges.sort_unstable_by_key(|edge: &Edge| (edge.to, edge.number));
        }
        Self(out)
    }

    fn out(&self, asset: u32) -> &[Edge] {
        self.0.get(asset as usize).map_or(&[], Vec::as_slice)
    }
}

/// The search for all ways, which ends as soon as there are too many.
struct Search<'a> {
    settings: &'a ScanSettings,
    least: usize,
    most: usize,
    /// The edges of all ways that were found, by their number of legs less 2.
    ways: [Vec<u32>; INDEXED_LEGS - 1],
    found: usize,
}

impl Search<'_> {
    /// Finds each way once: from the home asset on, where there is one, else from its least market on.
    fn all(&mut self, graph: &Graph) -> Result<(), ScanError> {
        let home = self.settings.home.map(|home| home.0);
        for start in 0..u32::try_from(graph.0.len()).unwrap_or(0) {
            if home.is_some_and(|home| home != start) {
                continue;
            }
            for edge in graph.out(start) {
                let floor = if home.is_some() { 0 } else { edge.number / 2 + 1 };
                self.extend(graph, start, floor, Way::default().with(edge))?;
            }
        }
        Ok(())
    }

    /// Closes a way by each market that leads back to its start, and goes on with it by each that leads elsewhere. A floor of 0 is none.
    fn extend(&mut self, graph: &Graph, start: u32, floor: u32, way: Way) -> Result<(), ScanError> {
        let edges = graph.out(way.to());
        let may = |edge: &Edge, way: &Way| {
            edge.number / 2 >= floor && (self.settings.across || edge.venue.is_none() || way.venue.is_none() || way.venue == edge.venue)
        };
        if way.len + 1 >= self.least {
            let first = edges.partition_point(|edge| edge.to < start);
            let back = edges.iter().skip(first).take_while(|edge| edge.to == start);
            for edge in back.filter(|edge| may(edge, &way) && !way.goes_through(edge.number / 2)) {
                let way = way.with(edge);
                // Where there are nothing but assumptions nothing is priced.
                if way.venue.is_none() {
                    continue;
                }
                self.found += 1;
                if self.found > self.settings.max_cycles {
                    return Err(ScanError::TooManyCycles { reached: self.found, limit: self.settings.max_cycles, legs: self.most });
                }
                if let Some(ways) = self.ways.get_mut(way.len - 2) {
                    ways.extend(Path::from_edges(way.edges()).edges());
                }
            }
        }
        if way.len + 1 < self.most {
            for edge in edges {
                if edge.to != start && !way.comes_to(edge.to) && may(edge, &way) {
                    self.extend(graph, start, floor, way.with(edge))?;
                }
            }
        }
        Ok(())
    }
}

/// A way while it is sought.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    edges: [u32; INDEXED_LEGS],
    /// Where each edge leads.
    to: [u32; INDEXED_LEGS],
    len: usize,
    /// The venue of the first market that has one.
    venue: Option<VenueId>,
}

impl Way {
    fn with(mut self, edge: &Edge) -> Self {
        if let (Some(number), Some(to)) = (self.edges.get_mut(self.len), self.to.get_mut(self.len)) {
            (*number, *to) = (edge.number, edge.to);
            self.len += 1;
        }
        self.venue = self.venue.or(edge.venue);
        self
    }

    fn edges(&self) -> &[u32] {
        self.edges.get(..self.len).unwrap_or(&[])
    }

    fn to(&self) -> u32 {
        self.to.get(self.len.wrapping_sub(1)).copied().unwrap_or(NONE)
    }

    fn comes_to(&self, asset: u32) -> bool {
        self.to.iter().take(self.len).any(|to| *to == asset)
    }

    fn goes_through(&self, market: u32) -> bool {
        self.edges().iter().any(|edge| edge / 2 == market)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::arbitrage::{AssetId, MarketSpec};

    fn universe(symbols: &[&str]) -> Universe {
        let mut universe = Universe::new();
        for symbol in symbols {
            universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
        }
        universe
    }

    fn counts(universe: &Universe, settings: &ScanSettings) -> [usize; 3] {
        let cycles = Index::new(universe, settings).unwrap().stats(universe).cycles;
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
        // Each leg of each way has its entry, and the entry says which.
        let rates = vec![1.0; 20];
        for edge in 0..20 {
            let mut through = Vec::new();
            index.above(&rates, edge, 0.5, |way| through.push(way));
            assert!(through.iter().all(|way| index.path(*way).edges().contains(&edge)));
            assert_eq!(through.len(), paths.iter().filter(|path| path.edges().contains(&edge)).count());
        }
        assert_eq!(index.stats(&full).entries, 20 * 3 + 30 * 4);
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
}

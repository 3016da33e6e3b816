//! The search for all ways of two to four legs, which ends as soon as there are too many.

use super::NONE;
use crate::arbitrage::path::Path;
use crate::arbitrage::settings::{INDEXED_LEGS, ScanError, ScanSettings};
use crate::arbitrage::universe::{Universe, VenueId};

/// All ways of a universe that sell on their least market, by their number of legs less 2, as the edges of their paths one after the other. Each way back
/// is not among them.
pub(super) fn ways(universe: &Universe, settings: &ScanSettings) -> Result<[Vec<u32>; INDEXED_LEGS - 1], ScanError> {
    let (least, most) = (usize::from(*settings.legs.start()), usize::from(*settings.legs.end()).min(INDEXED_LEGS));
    let mut search = Search { settings, least, most, ways: Default::default(), found: 0 };
    if least <= most {
        search.all(&Graph::new(universe))?;
    }
    Ok(search.ways)
}

/// An edge of the graph of assets.
#[derive(Debug, Clone, Copy)]
struct Edge {
    number: u32,
    to: u32,
    venue: Option<VenueId>,
}

impl Edge {
    fn sells(&self) -> bool {
        self.number % 2 == 1
    }
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

/// The search.
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
            for edge in graph.out(start).iter().filter(|edge| home.is_some() || edge.sells()) {
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
                let path = Path::from_edges(way.edges());
                // Where there are nothing but assumptions nothing is priced.
                if way.venue.is_none() || path.edges().first().is_none_or(|edge| edge % 2 == 0) {
                    continue;
                }
                self.found += 2;
                if self.found > self.settings.max_cycles {
                    return Err(ScanError::TooManyCycles { reached: self.found, limit: self.settings.max_cycles, legs: self.most });
                }
                if let Some(ways) = self.ways.get_mut(way.len - 2) {
                    ways.extend(path.edges());
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

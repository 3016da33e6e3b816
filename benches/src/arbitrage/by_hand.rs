//! What somebody would write who wanted triangles and nothing else, and knew how: flat arrays, fees folded into the rates, for each market one
//! block of what its triangles need. It knows at any time which ways are open; ages, skews, sizes and reasons it does not know.
#![expect(clippy::indexing_slicing, reason = "the indices are made in `new`, and none is out of bounds where it is checked")]

use ascep_runtime::arbitrage::{MarketId, Universe};

use super::markets::triangles;

/// The edges of a graph: with indices of 16 bits into an array of this length no index has to be checked.
const EDGES: usize = 1 << 16;

/// Triangles that are looked at at once.
const ROW: usize = 4;

/// All triangles of a universe, in both directions.
#[derive(Debug, Clone)]
pub struct Triangles {
    markets: Vec<Market>,
    /// What an edge gives, after fees, and what the opposite edge gives: edge 2m buys on market m, edge 2m + 1 sells. 0 where it is not known. In this
    /// order both directions of a way are two loads and two products of two numbers at once.
    rates: Box<[[f64; 2]; EDGES]>,
    /// For each market, one after the other, the other two edges of each triangle in the direction in which the market is sold on. In the other direction the
    /// edges differ in the last bit.
    /// In rows of four, the last filled up with an edge that gives nothing: most markets have one row, and where it ends has not to be guessed.
    others: Vec<[[u16; 2]; ROW]>,
    /// Beside them the direction: twice the triangle, plus one bit.
    ways: Vec<[u32; ROW]>,
    /// Whether a direction is open.
    open: Vec<bool>,
    /// Where a product of rates is above it, the way is open.
    threshold: f64,
    opened: u64,
    closed: u64,
}

#[derive(Debug, Clone)]
struct Market {
    bid: f64,
    ask: f64,
    /// What the fee leaves.
    keep: f64,
    /// Its block in `others`.
    first: u32,
    end: u32,
    /// How many of the ways through it are open.
    open: u32,
}

impl Triangles {
    /// # Panics
    /// If the universe has more than 32,768 markets.
    #[must_use]
    pub fn new(universe: &Universe, fees: &[f64], min_net: f64) -> Self {
        assert!(universe.len() * 2 < EDGES, "too many markets for indices of 16 bits");
        let mut blocks: Vec<Vec<([u16; 2], u32)>> = vec![Vec::new(); universe.len()];
        let triangles = triangles(universe);
        for (number, triangle) in (0_u32..).zip(&triangles) {
            for at in 0..3 {
                let (market, sold) = triangle[at];
                // The direction in which this market is sold on is the first where the first sells on it.
                let turn = u16::from(!sold);
                let edge = |(market, sold): (MarketId, bool)| (market.0 as u16 * 2 + u16::from(sold)) ^ turn;
                let others = [edge(triangle[(at + 1) % 3]), edge(triangle[(at + 2) % 3])];
                blocks[market.0 as usize].push((others, number * 2 + u32::from(turn)));
            }
        }
        let filling = ([universe.len() as u16 * 2; 2], u32::MAX);
        for block in &mut blocks {
            block.resize(block.len().next_multiple_of(ROW), filling);
        }
        let mut first = 0;
        let markets = blocks.iter().zip(fees).map(|(block, fee)| {
            let end = first + (block.len() / ROW) as u32;
            let market = Market { bid: f64::NAN, ask: f64::NAN, keep: 1.0 - fee, first, end, open: 0 };
            first = end;
            market
        });
        Self {
            markets: markets.collect(),
            rates: Box::new([[0.0; 2]; EDGES]),
            others: blocks.iter().flatten().map(|(others, _)| *others).collect::<Vec<_>>().as_chunks().0.to_vec(),
            ways: blocks.iter().flatten().map(|(_, way)| *way).collect::<Vec<_>>().as_chunks().0.to_vec(),
            open: vec![false; triangles.len() * 2],
            threshold: 1.0 + min_net,
            opened: 0,
            closed: 0,
        }
    }

    /// How often a way opened and closed.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.opened, self.closed)
    }

    /// Takes the prices of a market.
    #[inline]
    pub fn quote(&mut self, market: MarketId, bid: f64, ask: f64) {
        let edge = market.0 as u16 * 2;
        let Some(market) = self.markets.get_mut(market.0 as usize) else { return };
        if bid == market.bid && ask == market.ask {
            return;
        }
        (market.bid, market.ask) = (bid, ask);
        let known = bid > 0.0 && bid < ask && ask < f64::INFINITY;
        let (sell, buy) = if known { (bid * market.keep, market.keep / ask) } else { (0.0, 0.0) };
        self.rates[usize::from(edge)] = [buy, sell];
        self.rates[usize::from(edge + 1)] = [sell, buy];
        let (rates, threshold) = (&*self.rates, self.threshold);
        // The greatest products, in each place of a row for itself: no branches, and nothing waits.
        let greater = |a: f64, b: f64| if a > b { a } else { b };
        let mut most = [[0.0; 2]; ROW];
        for row in &self.others[market.first as usize..market.end as usize] {
            for (most, [a, b]) in most.iter_mut().zip(row) {
                let (a, b) = (rates[usize::from(*a)], rates[usize::from(*b)]);
                *most = [greater(a[0] * b[0], most[0]), greater(a[1] * b[1], most[1])];
            }
        }
        let most = most.iter().fold([0.0; 2], |all, most| [greater(most[0], all[0]), greater(most[1], all[1])]);
        if (sell * most[0] > threshold) | (buy * most[1] > threshold) || market.open > 0 {
            let (first, end) = (market.first, market.end);
            self.change(edge / 2, sell, buy, first as usize..end as usize);
        }
    }

    /// Opens and closes the ways through a market.
    #[cold]
    #[inline(never)]
    fn change(&mut self, market: u16, sell: f64, buy: f64, block: std::ops::Range<usize>) {
        for at in block.start * ROW..block.end * ROW {
            let ([a, b], way) = (self.others[at / ROW][at % ROW], self.ways[at / ROW][at % ROW]);
            if way == u32::MAX {
                continue;
            }
            for (own, turn) in [(sell, 0), (buy, 1)] {
                let now = own * self.rates[usize::from(a)][turn] * self.rates[usize::from(b)][turn] > self.threshold;
                let open = &mut self.open[way as usize ^ turn];
                if now == *open {
                    continue;
                }
                *open = now;
                *(if now { &mut self.opened } else { &mut self.closed }) += 1;
                for market in [market, a / 2, b / 2] {
                    let open = &mut self.markets[usize::from(market)].open;
                    *open = if now { *open + 1 } else { *open - 1 };
                }
            }
        }
    }
}

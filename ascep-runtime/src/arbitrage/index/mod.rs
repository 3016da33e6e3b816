//! The index from a market to the ways of two to four legs through it, in flat arrays, and the one pass over those that an update touches.
//!
//! An edge is a market in one direction: twice the market, plus 1 where it is sold on. An entry of a market is what else a way that sells on it goes through;
//! the way back goes through the opposite edges. Rates stand in pairs, that of the edge and that of the opposite one, so that one pass multiplies
//! both directions at once.

mod search;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::counters::ScanStats;
use super::path::{MAX_LEGS, Path};
use super::settings::{ScanError, ScanSettings};
use super::universe::Universe;

/// No number.
pub(super) const NONE: u32 = u32::MAX;

/// The index of a universe, with edges as small as can be.
#[derive(Debug)]
pub(super) enum Index {
    /// Of up to 32,767 markets.
    Small(Flat<u16>),
    /// Of more.
    Large(Flat<u32>),
}

/// Does the same on either index.
macro_rules! on {
    ($index:expr, $flat:ident => $does:expr) => {
        match $index {
            Index::Small($flat) => $does,
            Index::Large($flat) => $does,
        }
    };
}

impl Index {
    pub(super) fn new(universe: &Universe, settings: &ScanSettings) -> Result<Self, ScanError> {
        let ways = search::ways(universe, settings)?;
        let markets = universe.len();
        // One more than the edges: that of the filling.
        Ok(if markets * 2 < ALL_SMALL {
            Self::Small(Flat::new(markets, ways, settings.watch_gross))
        } else {
            Self::Large(Flat::new(markets, ways, settings.watch_gross))
        })
    }

    /// Sets what selling and buying on a market gives after fees; 0 where it is not known.
    pub(super) fn set(&mut self, market: u32, rates: [f64; 2]) {
        on!(self, flat => flat.set(market, rates));
    }

    /// Sets it, and says whether the rates along any way through the market multiply to more than `threshold`.
    #[inline]
    pub(super) fn update(&mut self, market: u32, rates: [f64; 2], threshold: f64) -> bool {
        on!(self, flat => {
            flat.set(market, rates);
            flat.any_above(market, rates, threshold)
        })
    }

    /// The rows of a market where [`update_plain`](Self::update_plain) can look at all ways through it: they have three legs, and edges are small.
    pub(super) fn plain_rows(&self, market: u32) -> Rows {
        match self {
            Self::Small(flat) if flat.two.rows(market).is_empty() && flat.four.rows(market).is_empty() => {
                let Range { start, end } = flat.three.rows(market);
                match (u32::try_from(start), u16::try_from(end - start)) {
                    (Ok(first), Ok(count)) => Rows { first, count },
                    _ => Rows::default(),
                }
            }
            _ => Rows::default(),
        }
    }

    /// [`update`](Self::update) of a market with such rows.
    #[inline(always)]
    pub(super) fn update_plain(&mut self, market: u32, rows: Rows, rates: [f64; 2], threshold: f64) -> bool {
        match self {
            Self::Small(flat) => {
                flat.set(market, rates);
                let first = rows.first as usize;
                let Some([first, rest @ ..]) = flat.three.others.get(first..first + usize::from(rows.count)) else { return false };
                is_above(rates, Layer::best_of(&flat.rates, first, rest), threshold)
            }
            Self::Large(_) => self.update(market, rates, threshold),
        }
    }

    /// And before fees, where that is watched.
    pub(super) fn set_gross(&mut self, market: u32, rates: [f64; 2]) {
        on!(self, flat => flat.set_gross(market, rates));
    }

    /// Gives each way through a market whose rates multiply to more than `threshold`.
    pub(super) fn above(&self, market: u32, threshold: f64, hit: &mut dyn FnMut(u32)) {
        on!(self, flat => flat.above(&flat.rates, market, threshold, hit));
    }

    /// Gives each way through a market that pays more than nothing before fees, where that is watched.
    pub(super) fn above_gross(&self, market: u32, threshold: f64, hit: &mut dyn FnMut(u32)) {
        on!(self, flat => if let Some(gross) = &flat.gross { flat.above(gross, market, threshold, hit) });
    }

    /// A way by its number.
    pub(super) fn path(&self, way: u32) -> Path {
        on!(self, flat => flat.path(way))
    }

    /// How many ways there are, each direction counted.
    pub(super) fn len(&self) -> usize {
        on!(self, flat => flat.len())
    }

    /// Whether a way leads through a market.
    pub(super) fn has(&self, market: u32) -> bool {
        on!(self, flat => flat.has(market))
    }

    pub(super) fn bytes(&self) -> usize {
        on!(self, flat => flat.bytes())
    }

    /// What there is; where `long` ways are sought beside those of the index they may lead through any market that is open.
    pub(super) fn stats(&self, universe: &Universe, long: bool) -> ScanStats {
        let mut stats = ScanStats::default();
        on!(self, flat => flat.count(&mut stats));
        let mut seen = vec![false; universe.assets()];
        for (_, market) in universe.iter().filter(|(id, market)| self.has(id.0) || (long && market.is_open())) {
            stats.markets += 1;
            for asset in [market.base, market.quote] {
                if let Some(seen) = seen.get_mut(asset.0 as usize) {
                    *seen = true;
                }
            }
        }
        stats.assets = seen.iter().filter(|seen| **seen).count();
        stats
    }
}

/// How many edges there are with 16 bits. In an array of that length no place has to be checked.
const ALL_SMALL: usize = 1 << 16;

/// An edge in the index.
pub(super) trait Edge: Copy + std::fmt::Debug {
    /// What each edge gives for 1, and what the opposite one gives.
    type Rates: std::fmt::Debug;

    fn new(edge: u32) -> Self;
    fn number(self) -> u32;
    fn no_rates(edges: usize) -> Self::Rates;
    fn rates(self, rates: &Self::Rates) -> [f64; 2];
    fn rates_mut(self, rates: &mut Self::Rates) -> Option<&mut [f64; 2]>;
    fn bytes(rates: &Self::Rates) -> usize;
}

impl Edge for u16 {
    type Rates = Box<[[f64; 2]; ALL_SMALL]>;

    #[inline]
    fn new(edge: u32) -> Self {
        // There are no more, or the index would be of the other kind.
        edge as Self
    }

    fn number(self) -> u32 {
        u32::from(self)
    }

    fn no_rates(_: usize) -> Self::Rates {
        // On the heap from the start; what is not touched the system does not hold.
        let rates = vec![[0.0; 2]; ALL_SMALL].into_boxed_slice();
        rates.try_into().unwrap_or_else(|_| Box::new([[0.0; 2]; ALL_SMALL]))
    }

    #[inline(always)]
    fn rates(self, rates: &Self::Rates) -> [f64; 2] {
        rates.get(usize::from(self)).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn rates_mut(self, rates: &mut Self::Rates) -> Option<&mut [f64; 2]> {
        rates.get_mut(usize::from(self))
    }

    fn bytes(_: &Self::Rates) -> usize {
        ALL_SMALL * 16
    }
}

impl Edge for u32 {
    type Rates = Vec<[f64; 2]>;

    fn new(edge: u32) -> Self {
        edge
    }

    fn number(self) -> u32 {
        self
    }

    fn no_rates(edges: usize) -> Self::Rates {
        vec![[0.0; 2]; edges]
    }

    #[inline(always)]
    fn rates(self, rates: &Self::Rates) -> [f64; 2] {
        rates.get(self as usize).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn rates_mut(self, rates: &mut Self::Rates) -> Option<&mut [f64; 2]> {
        rates.get_mut(self as usize)
    }

    fn bytes(rates: &Self::Rates) -> usize {
        rates.len() * 16
    }
}

/// The greater of each; written so that it is one instruction for both.
#[inline(always)]
fn greater(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [if a[0] > b[0] { a[0] } else { b[0] }, if a[1] > b[1] { a[1] } else { b[1] }]
}

/// Whether a market's rates times the best of the others are above a threshold, in either direction.
#[inline(always)]
fn is_above(own: [f64; 2], best: [f64; 2], threshold: f64) -> bool {
    let all = [own[0] * best[0], own[1] * best[1]];
    (all[0] > threshold) | (all[1] > threshold)
}

/// Where the rows of a market are; none where there are none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows {
    first: u32,
    count: u16,
}

impl Rows {
    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }
}

/// See [`Index`].
#[derive(Debug)]
pub(super) struct Flat<E: Edge> {
    rates: E::Rates,
    /// Before fees, where that is watched.
    gross: Option<E::Rates>,
    two: Layer<E, 1>,
    three: Layer<E, 2>,
    four: Layer<E, 3>,
}

impl<E: Edge> Flat<E> {
    fn new(markets: usize, ways: [Vec<u32>; 3], watch_gross: bool) -> Self {
        let [two, three, four] = ways;
        let two = Layer::new(0, two, markets);
        let three = Layer::new(two.end(), three, markets);
        let four = Layer::new(three.end(), four, markets);
        let rates = || E::no_rates(markets * 2 + 1);
        Self { rates: rates(), gross: watch_gross.then(rates), two, three, four }
    }

    #[inline(always)]
    fn set(&mut self, market: u32, rates: [f64; 2]) {
        Self::put(&mut self.rates, market, rates);
    }

    fn set_gross(&mut self, market: u32, rates: [f64; 2]) {
        if let Some(gross) = &mut self.gross {
            Self::put(gross, market, rates);
        }
    }

    #[inline]
    fn put(all: &mut E::Rates, market: u32, [sell, buy]: [f64; 2]) {
        for (edge, pair) in [(market * 2, [buy, sell]), (market * 2 + 1, [sell, buy])] {
            if let Some(rates) = E::new(edge).rates_mut(all) {
                *rates = pair;
            }
        }
    }

    #[inline]
    fn any_above(&self, market: u32, [sell, buy]: [f64; 2], threshold: f64) -> bool {
        let mut best = self.three.best(&self.rates, market);
        if !self.two.of.is_empty() {
            best = greater(best, self.two.best(&self.rates, market));
        }
        if !self.four.of.is_empty() {
            best = greater(best, self.four.best(&self.rates, market));
        }
        is_above([sell, buy], best, threshold)
    }

    fn above(&self, rates: &E::Rates, market: u32, threshold: f64, hit: &mut dyn FnMut(u32)) {
        let own = E::new(market * 2 + 1).rates(rates);
        self.two.above(rates, market, own, threshold, hit);
        self.three.above(rates, market, own, threshold, hit);
        self.four.above(rates, market, own, threshold, hit);
    }

    fn path(&self, way: u32) -> Path {
        if way < self.two.end() {
            self.two.path(way)
        } else if way < self.three.end() {
            self.three.path(way)
        } else {
            self.four.path(way)
        }
    }

    fn len(&self) -> usize {
        self.four.end() as usize
    }

    fn has(&self, market: u32) -> bool {
        !(self.two.rows(market).is_empty() && self.three.rows(market).is_empty() && self.four.rows(market).is_empty())
    }

    fn count(&self, stats: &mut ScanStats) {
        let [two, three, four] = [self.two.len(), self.three.len(), self.four.len()];
        for (count, len) in stats.cycles.iter_mut().skip(2).zip([two, three, four]) {
            *count = len;
        }
        stats.entries = self.two.ways.len() + self.three.ways.len() + self.four.ways.len();
    }

    fn bytes(&self) -> usize {
        let rates = E::bytes(&self.rates) + self.gross.as_ref().map_or(0, E::bytes);
        rates + self.two.bytes() + self.three.bytes() + self.four.bytes()
    }
}

/// Entries that are multiplied at once. The last row of a market is filled with an edge that gives nothing: most markets have one row then, and where it
/// ends has not to be guessed.
const ROW: usize = 4;

/// Ways of one length, which is one more than the others of an entry.
#[derive(Debug)]
struct Layer<E, const OTHERS: usize> {
    /// The number of its first way.
    first: u32,
    /// The edges of each way that sells on its least market, from that on. Its number is even, that of the way back one more.
    ways: Vec<E>,
    /// Where the rows of each market begin, and where the last one's end.
    starts: Vec<u32>,
    /// The other edges of each entry, in the direction that sells on its market.
    others: Vec<[[E; OTHERS]; ROW]>,
    /// The way of each entry in that direction.
    of: Vec<[u32; ROW]>,
}

impl<E: Edge, const OTHERS: usize> Layer<E, OTHERS> {
    const LEGS: usize = OTHERS + 1;

    fn new(first: u32, ways: Vec<u32>, markets: usize) -> Self {
        let mut counts = vec![0_usize; markets];
        for edge in &ways {
            if let Some(count) = counts.get_mut(*edge as usize / 2) {
                *count += 1;
            }
        }
        let (mut starts, mut rows) = (Vec::with_capacity(markets + 1), 0);
        starts.push(0);
        // Where the next entry of each market goes.
        let mut next = Vec::with_capacity(markets);
        for count in counts {
            next.push(rows * ROW);
            rows += count.div_ceil(ROW);
            // There are no more than of the ways' edges, which have numbers of 32 bits.
            starts.push(u32::try_from(rows).unwrap_or(NONE));
        }
        let filling = E::new(u32::try_from(markets * 2).unwrap_or(NONE));
        let mut others = vec![[[filling; OTHERS]; ROW]; rows];
        let mut of = vec![[NONE; ROW]; rows];
        for (way, number) in ways.chunks_exact(Self::LEGS).zip((first..).step_by(2)) {
            for (at, edge) in way.iter().enumerate() {
                let Some(next) = next.get_mut(*edge as usize / 2) else { continue };
                let entry = *next;
                *next += 1;
                // Where the way buys on the market its way back sells on it.
                let back = u32::from(edge % 2 == 0);
                if let (Some(others), Some(of)) = (others.as_flattened_mut().get_mut(entry), of.as_flattened_mut().get_mut(entry)) {
                    *of = number | back;
                    for (place, other) in others.iter_mut().zip(way.iter().cycle().skip(at + 1)) {
                        *place = E::new(*other ^ back);
                    }
                }
            }
        }
        // Collecting would go on in memory that is larger.
        let mut small = Vec::with_capacity(ways.len());
        small.extend(ways.into_iter().map(E::new));
        Self { first, ways: small, starts, others, of }
    }

    /// How many ways there are, each direction counted.
    fn len(&self) -> usize {
        self.ways.len() / Self::LEGS * 2
    }

    /// The number after that of its last way.
    fn end(&self) -> u32 {
        self.first + u32::try_from(self.len()).unwrap_or(0)
    }

    #[inline]
    fn rows(&self, market: u32) -> Range<usize> {
        match self.starts.get(market as usize..market as usize + 2) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// What the other rates along an entry multiply to, in the direction that sells and in the other.
    #[inline(always)]
    fn product(rates: &E::Rates, others: &[E; OTHERS]) -> [f64; 2] {
        let mut product = [1.0, 1.0];
        for other in others {
            let [with, against] = other.rates(rates);
            product = [product[0] * with, product[1] * against];
        }
        product
    }

    /// The greatest product of the other rates along any way, in the direction that sells and in the other. It does not wait for the market's own rates, and
    /// there are no branches, so that nothing has to be guessed.
    #[inline]
    fn best(&self, rates: &E::Rates, market: u32) -> [f64; 2] {
        match self.others.get(self.rows(market)) {
            Some([first, rest @ ..]) => Self::best_of(rates, first, rest),
            _ => [0.0; 2],
        }
    }

    #[inline(always)]
    fn best_of(rates: &E::Rates, first: &[[E; OTHERS]; ROW], rest: &[[[E; OTHERS]; ROW]]) -> [f64; 2] {
        // In each place of a row for itself, since one greatest waits for the one before it.
        let [a, b, c, d] = first;
        let mut most = [Self::product(rates, a), Self::product(rates, b), Self::product(rates, c), Self::product(rates, d)];
        if !rest.is_empty() {
            for most in &mut most {
                // What is no number, infinity times nothing, must not stay.
                *most = greater(*most, [0.0; 2]);
            }
            for row in rest {
                for (most, others) in most.iter_mut().zip(row) {
                    *most = greater(Self::product(rates, others), *most);
                }
            }
        }
        most.into_iter().fold([0.0; 2], |all, most| greater(most, all))
    }

    fn above(&self, rates: &E::Rates, market: u32, own: [f64; 2], threshold: f64, hit: &mut dyn FnMut(u32)) {
        let rows = self.rows(market);
        let (others, of) = (self.others.get(rows.clone()).unwrap_or(&[]), self.of.get(rows).unwrap_or(&[]));
        for (others, way) in others.as_flattened().iter().zip(of.as_flattened()) {
            let [with, against] = Self::product(rates, others);
            if own[0] * with > threshold {
                hit(*way);
            }
            if own[1] * against > threshold {
                hit(*way ^ 1);
            }
        }
    }

    fn path(&self, way: u32) -> Path {
        let start = (way - self.first) as usize / 2 * Self::LEGS;
        let mut edges = [0; MAX_LEGS];
        let back = way % 2;
        let along = self.ways.get(start..start + Self::LEGS).unwrap_or(&[]);
        for (n, edge) in along.iter().enumerate() {
            // The way back begins at the same market.
            let place = if back == 1 && n > 0 { Self::LEGS - n } else { n };
            if let Some(place) = edges.get_mut(place) {
                *place = edge.number() ^ back;
            }
        }
        Path::from_edges(edges.get(..along.len()).unwrap_or(&[]))
    }

    fn bytes(&self) -> usize {
        self.ways.len() * size_of::<E>() + self.starts.len() * 4 + self.others.len() * ROW * (size_of::<[E; OTHERS]>() + 4)
    }
}

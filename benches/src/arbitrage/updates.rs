//! Updates of quotes: each asset has a hidden value, and each quote stands around the ratio of two of them, a little off and now and then far off.

use ascep_runtime::arbitrage::{MarketId, Universe};
use ascep_runtime::event::{Quote, Timestamp};

use super::markets::triangles_of;
use crate::numbers::Numbers;
use crate::stream::{START, STEP};

/// An update of one market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// When.
    pub ts: Timestamp,
    /// Which market.
    pub market: MarketId,
    /// What it is now.
    pub quote: Quote,
}

/// Which markets are updated, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All markets alike; each update moves both prices.
    Uniform,
    /// The market with the n-th most triangles gets a share in proportion to 1/n (Zipf's law); each update moves both prices.
    Hot,
    /// As `Hot`, and of ten updates nine leave both prices as they were and change quantities only.
    Repeats,
}

/// How far a hidden value strays from its middle, as a logarithm: 2.5 bp.
const STRAY: f64 = 2.5e-4;
/// What is left of a stray after an update.
const KEPT: f64 = 0.97;
/// One quote of so many is far off.
const FAR: usize = 4_000;

struct Prices {
    numbers: Numbers,
    /// The middle of each asset's value and how far it is from there, as logarithms.
    values: Vec<(f64, f64)>,
    /// Half the spread of each market.
    halves: Vec<f64>,
}

impl Prices {
    fn new(universe: &Universe, seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let values = (0..universe.assets()).map(|_| ((numbers.unit() - 0.5) * 16.0, 0.0)).collect();
        let halves = (0..universe.len()).map(|_| (0.5 + 3.0 * numbers.unit()) * 1e-4).collect();
        Self { numbers, values, halves }
    }

    /// About normal, with a deviation of 1: the sum of twelve uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.numbers.unit()).sum::<f64>() - 6.0
    }

    /// The logarithm of an asset's value after its next step.
    fn step(&mut self, asset: u32) -> f64 {
        let by = STRAY * (1.0 - KEPT * KEPT).sqrt() * self.normal();
        self.values.get_mut(asset as usize).map_or(0.0, |(middle, off)| {
            *off = *off * KEPT + by;
            *middle + *off
        })
    }

    fn quantities(&mut self, quote: Quote) -> Quote {
        Quote { bid_qty: 0.1 + self.numbers.unit() * 10.0, ask_qty: 0.1 + self.numbers.unit() * 10.0, ..quote }
    }

    fn quote(&mut self, universe: &Universe, id: MarketId) -> Quote {
        let Some(market) = universe.market(id) else { return Quote { bid: f64::NAN, ask: f64::NAN, bid_qty: f64::NAN, ask_qty: f64::NAN } };
        let fair = self.step(market.base.0) - self.step(market.quote.0);
        let noise = (self.numbers.unit() - 0.5) * 3e-4;
        let far = if self.numbers.below(FAR) == 0 { (self.numbers.unit() - 0.5) * 1e-2 } else { 0.0 };
        let mid = (fair + noise + far).exp();
        let half = self.halves.get(id.0 as usize).copied().unwrap_or(1e-4) * (0.5 + self.numbers.unit());
        self.quantities(Quote { bid: mid * (1.0 - half), ask: mid * (1.0 + half), bid_qty: 0.0, ask_qty: 0.0 })
    }
}

/// Which market comes next.
struct Choice {
    /// The markets by their number of triangles, and the sum of the weights up to each.
    up_to: Vec<(f64, MarketId)>,
}

impl Choice {
    fn new(universe: &Universe, kind: Kind) -> Self {
        let mut ranked: Vec<(usize, MarketId)> = triangles_of(universe).into_iter().zip((0..).map(MarketId)).collect();
        ranked.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), *id));
        let mut sum = 0.0;
        let up_to = (1_u32..)
            .zip(ranked)
            .map(|(rank, (_, id))| {
                sum += if kind == Kind::Uniform { 1.0 } else { 1.0 / f64::from(rank) };
                (sum, id)
            })
            .collect();
        Self { up_to }
    }

    fn next(&self, numbers: &mut Numbers) -> MarketId {
        let whole = self.up_to.last().map_or(0.0, |(sum, _)| *sum);
        let at = numbers.unit() * whole;
        let place = self.up_to.partition_point(|(sum, _)| *sum <= at);
        self.up_to.get(place).or(self.up_to.last()).map_or(MarketId(0), |(_, id)| *id)
    }
}

/// `n` updates. The first ones are among all markets too: many ways are not known yet then.
#[must_use]
pub fn updates(universe: &Universe, kind: Kind, n: usize, seed: u64) -> Vec<Update> {
    let mut prices = Prices::new(universe, seed);
    let choice = Choice::new(universe, kind);
    let mut last: Vec<Option<Quote>> = vec![None; universe.len()];
    (0..n)
        .map(|i| {
            let market = choice.next(&mut prices.numbers);
            let repeated = kind == Kind::Repeats && prices.numbers.below(10) != 0;
            let before = last.get(market.0 as usize).copied().flatten().filter(|_| repeated);
            let quote = match before {
                Some(quote) => prices.quantities(quote),
                None => prices.quote(universe, market),
            };
            if let Some(last) = last.get_mut(market.0 as usize) {
                *last = Some(quote);
            }
            Update { ts: START + i64::try_from(i).unwrap_or_default() * STEP, market, quote }
        })
        .collect()
}

/// Moves a stream to the time after its end, so that it can be played again without an update being late.
pub fn later(updates: &mut [Update]) {
    let by = i64::try_from(updates.len()).unwrap_or_default() * STEP;
    for update in updates {
        update.ts += by;
    }
}

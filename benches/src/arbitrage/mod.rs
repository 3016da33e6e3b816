//! Arbitrage: universes of markets, streams of updates of their quotes, and an index of triangles written by hand.

pub mod by_hand;
pub mod markets;
pub mod measure;
pub mod scan;
pub mod updates;

use ascep_runtime::arbitrage::Universe;
use updates::{Kind, Update};

/// What a way has to bring: 2 bp.
pub const MIN_NET: f64 = 2e-4;
/// What a leg costs: 7.5 bp.
pub const FEE: f64 = 7.5e-4;

/// A universe and what happens in it.
#[derive(Debug, Clone)]
pub struct Workload {
    /// For people.
    pub name: &'static str,
    /// The markets.
    pub universe: Universe,
    /// The fee of each market.
    pub fees: Vec<f64>,
    /// What happens, to be played again and again.
    pub updates: Vec<Update>,
}

impl Workload {
    fn new(name: &'static str, universe: Universe, kind: Kind, n: usize, seed: u64) -> Self {
        let updates = updates::updates(&universe, kind, n, seed);
        Self { name, fees: vec![FEE; universe.len()], universe, updates }
    }

    /// The real graph, all markets alike; `None` where it is not there.
    #[must_use]
    pub fn binance(n: usize) -> Option<Self> {
        markets::binance_2021().map(|universe| Self::new("Binance 2021, uniform", universe, Kind::Uniform, n, 31))
    }

    /// A graph of so many assets and pairs, all markets alike.
    #[must_use]
    pub fn made_up(assets: usize, pairs: usize, n: usize) -> Self {
        Self::new("made up: 400 assets, 1,500 pairs", markets::made_up(assets, pairs, 43), Kind::Uniform, n, 47)
    }

    /// The workloads of `n` updates; those on the real graph are left out where it is not there.
    #[must_use]
    pub fn all(n: usize) -> Vec<Self> {
        let mut all = Vec::new();
        if let Some(binance) = markets::binance_2021() {
            all.push(Self::new("Binance 2021, uniform", binance.clone(), Kind::Uniform, n, 31));
            all.push(Self::new("Binance 2021, hot markets", binance.clone(), Kind::Hot, n, 37));
            all.push(Self::new("Binance 2021, hot markets, 90 % repeats", binance, Kind::Repeats, n, 41));
        }
        all.push(Self::made_up(400, 1_500, n));
        all
    }
}

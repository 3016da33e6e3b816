//! Cycles: the ways through their markets, found once by the names of the assets.

use ascep_lang::program::{Cycle, CycleKind};

use super::build::Builder;
use crate::arbitrage::Way;

/// A way, and where its markets' quotes are.
#[derive(Debug)]
pub(crate) struct CyclePlan {
    pub(crate) way: Way,
    /// Of each market in the order of the way's places.
    instruments: Vec<u32>,
}

impl CyclePlan {
    /// The instrument of each market, in the order in which the way leads through them.
    pub(crate) fn instruments(&self) -> impl Iterator<Item = u32> {
        self.way.legs(1).filter_map(|leg| self.instruments.get(usize::from(leg.market)).copied())
    }

    /// The same in the order of the way's places.
    pub(crate) fn by_place(&self) -> &[u32] {
        &self.instruments
    }

    /// What it takes beside itself, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.instruments.capacity() * size_of::<u32>()
    }
}

impl Builder<'_> {
    /// The plan of a cycle, if its markets are one.
    pub(super) fn cycle(&self, cycle: &Cycle) -> Option<CyclePlan> {
        let name = |place: usize| -> Option<&str> {
            let symbol = cycle.markets.get(place)?;
            self.program.tables.symbols.get(symbol.0 as usize).map(String::as_str)
        };
        let way = match (cycle.kind, cycle.markets.len()) {
            (CycleKind::Triangle, 3) => Way::triangle([name(0)?, name(1)?, name(2)?]),
            (CycleKind::Cross, 2) => Way::cross(name(0)?, name(1)?),
            (CycleKind::Inverse, 2) => Way::inverse(name(0)?, name(1)?),
            _ => return None,
        };
        let instruments = cycle.markets.iter().map(|symbol| self.instrument(*symbol)).collect();
        Some(CyclePlan { way: way.ok()?, instruments })
    }
}

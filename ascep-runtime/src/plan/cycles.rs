//! Cycles: the ways through their markets, found once by the names of the assets.

use ascep_lang::program::{Cycle, CycleKind};

use super::build::Builder;

/// One exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) instrument: u32,
    /// Its place among the markets of the cycle.
    pub(crate) market: u8,
    /// Gives the quote asset for the base.
    pub(crate) buys: bool,
}

/// Both ways round.
#[derive(Debug)]
pub(crate) struct CyclePlan {
    /// Buys on the first market first.
    pub(crate) out: Vec<Leg>,
    /// Sells there last; none where only one way is meant.
    pub(crate) back: Option<Vec<Leg>>,
}

impl CyclePlan {
    /// Each market once.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.out.iter()
    }
}

/// Base and quote asset of a symbol.
fn assets(symbol: &str) -> (&str, &str) {
    let name = symbol.split_once(':').map_or(symbol, |(_, name)| name);
    name.split_once('/').unwrap_or((name, ""))
}

impl Builder<'_> {
    /// The plan of a cycle, if its markets are one.
    pub(super) fn cycle(&self, cycle: &Cycle) -> Option<CyclePlan> {
        let mut markets = Vec::new();
        for (place, symbol) in (0..).zip(&cycle.markets) {
            let name = self.program.tables.symbols.get(symbol.0 as usize)?;
            markets.push((place, self.instrument(*symbol), assets(name)));
        }
        let (first, others) = markets.split_first()?;
        let (_, _, (_, start)) = *first;
        let order = |back: bool| {
            let (mut left, mut asset, mut legs) = (others.to_vec(), start, Vec::new());
            if !back {
                asset = exchange(first, asset, &mut legs)?;
            }
            while !left.is_empty() {
                // The market that comes next is the one that trades the asset at hand.
                let next = left.iter().position(|(_, _, (base, quote))| *base == asset || *quote == asset)?;
                asset = exchange(&left.remove(next), asset, &mut legs)?;
            }
            if back {
                asset = exchange(first, asset, &mut legs)?;
            }
            (asset == start).then_some(legs)
        };
        let back = if cycle.kind == CycleKind::Cross { None } else { Some(order(true)?) };
        Some(CyclePlan { out: order(false)?, back })
    }
}

/// Exchanges all of `asset` on a market and gives the other asset.
fn exchange<'a>(&(market, instrument, (base, quote)): &(u8, u32, (&'a str, &'a str)), asset: &str, legs: &mut Vec<Leg>) -> Option<&'a str> {
    let buys = asset == quote;
    if !buys && asset != base {
        return None;
    }
    legs.push(Leg { instrument, market, buys });
    Some(if buys { base } else { quote })
}

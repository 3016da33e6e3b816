//! A closed way of exchanges as a value of fixed size: which markets, in which order, on which side. A way and its rotations are one; the way back is
//! another.

use std::fmt::Write as _;

use super::universe::{AssetId, MarketId, MarketKind, Universe};
use crate::event::Side;

/// The most legs of a path.
pub const MAX_LEGS: usize = 8;

/// One exchange. `Side::Buy` gives the quote asset for the base at the ask; `Side::Sell` gives the base asset for the quote at the bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leg {
    /// Where.
    pub market: MarketId,
    /// The taker's side.
    pub side: Side,
}

impl Leg {
    /// What is given and what is got.
    #[must_use]
    pub fn assets(self, universe: &Universe) -> Option<(AssetId, AssetId)> {
        let market = universe.market(self.market)?;
        Some(match self.side {
            Side::Buy => (market.quote, market.base),
            Side::Sell => (market.base, market.quote),
        })
    }
}

/// Why legs are no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Fewer than 2 or more than [`MAX_LEGS`].
    #[error("a path has 2 to {MAX_LEGS} legs, not {0}")]
    Length(usize),
    /// A market stands twice.
    #[error("a path goes through a market at most once")]
    MarketTwice,
    /// A leg does not take what the one before it gives.
    #[error("leg {0} does not take what the leg before it gives")]
    Broken(usize),
    /// An asset comes up twice, so that the way could be cut short.
    #[error("the path comes to an asset twice before it is closed")]
    AssetTwice,
    /// A market that is not of the universe.
    #[error("leg {0} is on a market that the universe does not have")]
    NoMarket(usize),
}

/// A closed way in one direction, rotated so that its least market comes first. Paths are ordered by length, then by their legs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    len: u8,
    /// Twice the market, plus 1 where it is sold on.
    legs: [u32; MAX_LEGS],
}

impl Path {
    /// The path of legs that follow each other, wherever they begin.
    ///
    /// # Errors
    /// Where they make no simple closed way.
    pub fn new(universe: &Universe, legs: &[Leg]) -> Result<Self, PathError> {
        let count = legs.len();
        if !(2..=MAX_LEGS).contains(&count) {
            return Err(PathError::Length(count));
        }
        let assets = |at: usize| legs.get(at % count).and_then(|leg| leg.assets(universe)).ok_or(PathError::NoMarket(at % count));
        for at in 0..count {
            let ((gives, gets), (takes, _)) = (assets(at)?, assets(at + 1)?);
            if gets != takes {
                return Err(PathError::Broken((at + 1) % count));
            }
            for other in at + 1..count {
                if legs.get(at).map(|leg| leg.market) == legs.get(other).map(|leg| leg.market) {
                    return Err(PathError::MarketTwice);
                }
                if assets(other)?.0 == gives {
                    return Err(PathError::AssetTwice);
                }
            }
        }
        Ok(Self::rotated(legs))
    }

    /// The same of legs that are known to be a simple closed way of 2 to [`MAX_LEGS`].
    pub(crate) fn rotated(legs: &[Leg]) -> Self {
        let count = legs.len().min(MAX_LEGS);
        let least = (0..count).min_by_key(|at| legs.get(*at).map(|leg| leg.market)).unwrap_or(0);
        let mut path = Self { len: u8::try_from(count).unwrap_or(0), legs: [0; MAX_LEGS] };
        for (place, leg) in path.legs.iter_mut().zip(legs.iter().cycle().skip(least).take(count)) {
            *place = leg.market.0.wrapping_mul(2) | u32::from(leg.side == Side::Sell);
        }
        path
    }

    /// The same of edges, as [`edges`](Self::edges) has them.
    pub(crate) fn from_edges(edges: &[u32]) -> Self {
        let count = edges.len().min(MAX_LEGS);
        let least = (0..count).min_by_key(|at| edges.get(*at)).unwrap_or(0);
        let mut path = Self { len: u8::try_from(count).unwrap_or(0), legs: [0; MAX_LEGS] };
        for (place, edge) in path.legs.iter_mut().zip(edges.iter().cycle().skip(least).take(count)) {
            *place = *edge;
        }
        path
    }

    /// Its legs as numbers: twice the market, plus 1 where it is sold on.
    pub(crate) fn edges(&self) -> &[u32] {
        self.legs.get(..self.len()).unwrap_or(&[])
    }

    /// How many legs it has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a path is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Its legs; the first is on the least market.
    pub fn legs(&self) -> impl ExactSizeIterator<Item = Leg> + Clone + '_ {
        self.legs
            .iter()
            .take(self.len())
            .map(|leg| Leg { market: MarketId(leg / 2), side: if leg % 2 == 1 { Side::Sell } else { Side::Buy } })
    }

    /// Its legs from the one that gives `home` on, or from the first where none does.
    pub fn legs_from(&self, universe: &Universe, home: Option<AssetId>) -> impl Iterator<Item = Leg> + Clone + '_ {
        let gives_home = |leg: Leg| home.is_some() && leg.assets(universe).map(|(gives, _)| gives) == home;
        let start = self.legs().position(gives_home).unwrap_or(0);
        self.legs().skip(start).chain(self.legs().take(start))
    }

    /// Whether it goes through a market.
    #[must_use]
    pub fn has(&self, market: MarketId) -> bool {
        self.legs().any(|leg| leg.market == market)
    }

    /// Writes it for people, from the leg that gives `home` on: `buy BTC/USDT, buy ETH/BTC, sell ETH/USDT`, and `USD as USDT` where one is taken for
    /// the other. Appends to `out`, which grows only where it has no room for it.
    pub fn write(&self, universe: &Universe, home: Option<AssetId>, out: &mut String) {
        for (n, leg) in self.legs_from(universe, home).enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            let Some(market) = universe.market(leg.market) else { continue };
            if let (MarketKind::AssumedEqual { .. }, Some((gives, gets))) = (market.kind, leg.assets(universe)) {
                // Writing to a string can't fail.
                let _ = write!(out, "{} as {}", universe.asset_name(gives), universe.asset_name(gets));
            } else {
                out.push_str(if leg.side == Side::Buy { "buy " } else { "sell " });
                out.push_str(&market.symbol);
            }
        }
    }

    /// As [`write`](Self::write) has it.
    #[must_use]
    pub fn text(&self, universe: &Universe, home: Option<AssetId>) -> String {
        let mut text = String::new();
        self.write(universe, home, &mut text);
        text
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = |leg: Leg| if leg.side == Side::Buy { '+' } else { '-' };
        f.debug_list().entries(self.legs().map(|leg| format!("{}{}", sign(leg), leg.market.0))).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arbitrage::MarketSpec;

    fn universe() -> (Universe, [Leg; 3]) {
        let mut universe = Universe::new();
        for symbol in ["BTC/USDT", "ETH/BTC", "ETH/USDT", "ETH/USD"] {
            universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
        }
        universe.assume_equal("USD", "USDT", 0.001).unwrap();
        let leg = |market, side| Leg { market: MarketId(market), side };
        (universe, [leg(0, Side::Buy), leg(1, Side::Buy), leg(2, Side::Sell)])
    }

    #[test]
    fn rotations_are_one_path_and_the_way_back_is_another() {
        let (universe, [a, b, c]) = universe();
        let path = Path::new(&universe, &[a, b, c]).unwrap();
        assert_eq!(path, Path::new(&universe, &[b, c, a]).unwrap());
        assert_eq!(path, Path::new(&universe, &[c, a, b]).unwrap());
        let back = [Leg { side: Side::Buy, ..c }, Leg { side: Side::Sell, ..b }, Leg { side: Side::Sell, ..a }];
        assert_ne!(path, Path::new(&universe, &back).unwrap());
        assert_eq!(path.text(&universe, universe.asset("ETH")), "sell ETH/USDT, buy BTC/USDT, buy ETH/BTC");
        assert_eq!(path.text(&universe, None), "buy BTC/USDT, buy ETH/BTC, sell ETH/USDT");
    }

    #[test]
    fn an_assumption_is_named() {
        let (universe, [a, b, _]) = universe();
        let legs = [a, b, Leg { market: MarketId(3), side: Side::Sell }, Leg { market: MarketId(4), side: Side::Sell }];
        let path = Path::new(&universe, &legs).unwrap();
        assert_eq!(path.text(&universe, universe.asset("USDT")), "buy BTC/USDT, buy ETH/BTC, sell ETH/USD, USD as USDT");
    }

    #[test]
    fn what_is_no_simple_closed_way_is_refused() {
        let (universe, [a, b, c]) = universe();
        let sold = Leg { side: Side::Sell, ..a };
        assert_eq!(Path::new(&universe, &[a]), Err(PathError::Length(1)));
        assert_eq!(Path::new(&universe, &[a, sold]), Err(PathError::MarketTwice));
        assert_eq!(Path::new(&universe, &[a, c, b]), Err(PathError::Broken(1)));
        assert_eq!(Path::new(&universe, &[a, b]), Err(PathError::Broken(0)));
        let beyond = Leg { market: MarketId(9), side: Side::Buy };
        assert_eq!(Path::new(&universe, &[a, beyond]), Err(PathError::NoMarket(1)));
    }
}

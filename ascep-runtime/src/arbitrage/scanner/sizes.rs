//! How much of what is followed can be executed: within the filters of its markets, and through the levels of their books where these are kept.

use super::tracks::Track;
use super::{Known, Scanner};
use crate::arbitrage::depth::{best_executable, edge_at, largest_executable};
use crate::arbitrage::lots::most_gainful;
use crate::arbitrage::path::{MAX_LEGS, Path};
use crate::arbitrage::size::{Execution, LegOffer, LegTerms, SizeFilter, Unexecutable, best_level, executable};
use crate::arbitrage::universe::{MarketId, Universe};
use crate::event::{Book, Level, MAX_DEPTH, Quote, Side};

/// A side of a book.
#[derive(Debug, Clone, Copy)]
struct Levels {
    levels: [Level; MAX_DEPTH],
    count: usize,
}

impl Levels {
    const NONE: Self = Self { levels: [Level { price: f64::NAN, qty: f64::NAN }; MAX_DEPTH], count: 0 };

    fn set(&mut self, from: &[Level]) {
        self.count = self.levels.iter_mut().zip(from).map(|(to, level)| *to = *level).count();
    }
}

/// What sizes are made of beside the quotes.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Of each market.
    terms: Vec<LegTerms>,
    /// Asks and bids of each market; empty unless they are kept.
    books: Vec<[Levels; 2]>,
}

/// What can be done with a way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Of the start asset.
    pub(super) size: f64,
    pub(super) profit: f64,
    /// What comes back of it is not above the threshold.
    pub(super) thin: bool,
    /// The filter that lets nothing through.
    pub(super) filter: Option<SizeFilter>,
}

impl Size {
    pub(super) const UNKNOWN: Self = Self { size: f64::NAN, profit: f64::NAN, thin: false, filter: None };
}

impl Sizes {
    pub(super) fn new(universe: &Universe, fees: &[f64], depth: bool) -> Self {
        let terms = universe.markets().zip(fees).map(|(market, fee)| LegTerms::of(market, *fee)).collect();
        Self { terms, books: vec![[Levels::NONE; 2]; if depth { universe.len() } else { 0 }] }
    }

    pub(super) fn set_fees(&mut self, fees: &[f64]) {
        for (terms, fee) in self.terms.iter_mut().zip(fees) {
            *terms = terms.with_fee(*fee);
        }
    }

    /// One fee for all venues' markets.
    pub(super) fn set_fee(&mut self, fee: f64) {
        for terms in self.terms.iter_mut().filter(|terms| !terms.equal) {
            *terms = terms.with_fee(fee);
        }
    }

    /// Keeps what is offered on a market, where that is asked for. A quote is a book of one level.
    pub(super) fn keep(&mut self, market: MarketId, quote: &Quote, book: Option<&Book<'_>>) {
        let Some([asks, bids]) = self.books.get_mut(market.0 as usize) else { return };
        if let Some(book) = book {
            asks.set(book.asks);
            bids.set(book.bids);
        } else {
            asks.set(&[best_level(Side::Buy, quote)]);
            bids.set(&[best_level(Side::Sell, quote)]);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.terms.len() * size_of::<LegTerms>() + self.books.len() * size_of::<[Levels; 2]>()
    }
}

impl Scanner {
    /// The largest execution of a way at what is offered now with at most `most` of its start asset (`f64::INFINITY` for all that is offered): from the
    /// home asset on where the way goes through it, else from its first leg on. Within the filters of its markets, and through the levels of the books
    /// where these are kept.
    ///
    /// # Errors
    /// Where a leg is not known, or a filter lets nothing through.
    pub fn execution(&self, path: &Path, most: f64) -> Result<Execution, Unexecutable> {
        self.with_offers(path, self.start_of(path), |offers| executable(offers, most))
    }

    /// The execution of the largest size whose mean net return is above `min_net`, as [`largest_executable`] has it.
    ///
    /// # Errors
    /// As [`execution`](Self::execution), or where no size has that return.
    pub fn largest(&self, path: &Path, min_net: f64) -> Result<Execution, Unexecutable> {
        self.with_offers(path, self.start_of(path), |offers| largest_executable(offers, min_net))
    }

    /// The mean net return of a size of the start asset, without filters. `None` where that much is not offered.
    #[must_use]
    pub fn edge_at(&self, path: &Path, size: f64) -> Option<f64> {
        self.with_offers(path, self.start_of(path), |offers| Ok(edge_at(offers, size))).ok().flatten()
    }

    fn start_of(&self, path: &Path) -> usize {
        let gives_home = |edge: &u32| self.settings.home.is_some_and(|home| self.from.get(*edge as usize) == Some(&home.0));
        path.edges().iter().position(gives_home).unwrap_or(0)
    }

    /// What is offered at the legs of a way, in order from the start asset.
    fn with_offers<R>(
        &self,
        path: &Path,
        start: usize,
        act: impl FnOnce(&[LegOffer<'_>]) -> Result<R, Unexecutable>,
    ) -> Result<R, Unexecutable> {
        let edges = path.edges();
        let count = edges.len();
        let edge = |leg: usize| edges.get((start + leg) % count.max(1)).copied().unwrap_or(0);
        let side = |edge: u32| if edge % 2 == 1 { Side::Sell } else { Side::Buy };
        let mut best = [Level { price: f64::NAN, qty: f64::NAN }; MAX_LEGS];
        for (leg, level) in best.iter_mut().enumerate().take(count) {
            let unknown = Unexecutable::Unknown { leg: u8::try_from(leg).unwrap_or(u8::MAX) };
            let market = self.markets.get(edge(leg) as usize / 2).ok_or(unknown)?;
            if let Known::No(_) = market.known {
                return Err(unknown);
            }
            *level = best_level(side(edge(leg)), &market.quote);
        }
        let Some(terms) = self.sizes.terms.first() else { return Err(Unexecutable::Legs(0)) };
        let nothing = LegOffer { side: Side::Buy, levels: &[], terms };
        let offers: [LegOffer<'_>; MAX_LEGS] = std::array::from_fn(|leg| {
            let market = edge(leg) as usize / 2;
            let (Some(terms), Some(best)) = (self.sizes.terms.get(market), best.get(leg..=leg)) else { return nothing };
            let side = side(edge(leg));
            let kept = self.sizes.books.get(market).map(|[asks, bids]| if side == Side::Buy { asks } else { bids });
            let levels = kept.and_then(|kept| kept.levels.get(..kept.count)).unwrap_or(best);
            LegOffer { side, levels, terms }
        });
        act(offers.get(..count).unwrap_or_default())
    }

    /// How much of a way that is followed can be done, and what it brings; NaN where a quantity is not known.
    pub(super) fn size(&self, track: &Track, net: f64) -> Size {
        let depth = !self.sizes.books.is_empty();
        if !depth && let Some(size) = self.smallest_leg(track) {
            return Size { size, profit: size * net, thin: false, filter: None };
        }
        let execution = self.with_offers(&track.path, track.start as usize, |offers| {
            // What brings most, as long as its own return is above the threshold.
            let min_net = self.settings.min_net;
            if depth { best_executable(offers, min_net) } else { most_gainful(offers, f64::INFINITY, min_net) }
        });
        match execution {
            Ok(execution) => {
                let thin = execution.net <= self.settings.min_net;
                Size { size: execution.spent, profit: execution.profit, thin, filter: None }
            }
            Err(Unexecutable::Unknown { .. }) => Size::UNKNOWN,
            Err(Unexecutable::Small { filter, .. }) => Size { size: 0.0, profit: 0.0, thin: true, filter: Some(filter) },
            Err(_) => Size { size: 0.0, profit: 0.0, thin: true, filter: None },
        }
    }

    /// The smallest leg in units of the start asset, where no leg has a filter.
    fn smallest_leg(&self, track: &Track) -> Option<f64> {
        let (mut size, mut given) = (f64::INFINITY, 1.0);
        let (before, after) = track.path.edges().split_at_checked(track.start as usize)?;
        for edge in after.iter().chain(before) {
            let market = self.markets.get(*edge as usize / 2).filter(|market| !market.filtered)?;
            let quote = &market.quote;
            let (rate, takes) = if edge % 2 == 1 { (quote.bid, quote.bid_qty) } else { (1.0 / quote.ask, quote.ask * quote.ask_qty) };
            if market.known != Known::Equal {
                let most = takes / given;
                if most.is_nan() || most < size {
                    size = most;
                }
            }
            given *= rate * market.keep;
        }
        Some(size)
    }
}

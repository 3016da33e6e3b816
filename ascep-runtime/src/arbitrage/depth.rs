//! A way through book levels. What comes back, as a function of what is spent, is concave and made of straight pieces, each as long as no leg comes
//! to its next level. So the edge at a wanted size, the largest size above an edge and the most profitable size are exact, without a search.

use super::lots::most_gainful;
use super::path::MAX_LEGS;
use super::size::{BoundBy, Execution, Fill, LegOffer, SizeFilter, Unexecutable, executable};
use crate::event::Side;

/// What a hair is, beside a size: a size that ends where a level does is not to lose a lot to the rounding of its sum.
const HAIR: f64 = 1e-12;

/// A size on the way through the levels, without filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DepthPoint {
    /// Of the start asset.
    pub size: f64,
    /// What comes back of it.
    pub received: f64,
    /// `received` by `size`, minus 1: the mean edge.
    pub net: f64,
    /// It is all that is offered; with more levels it might be larger.
    pub exhausted: bool,
}

/// One straight piece.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// How much of the start asset goes round at these levels.
    length: f64,
    /// What comes back of each unit of it.
    slope: f64,
    /// The leg whose level ends it.
    ends: u8,
}

/// The pieces from the best levels on.
struct Pieces<'a> {
    legs: &'a [LegOffer<'a>],
    level: [usize; MAX_LEGS],
    /// What was taken of the level.
    taken: [f64; MAX_LEGS],
    /// Nothing ends the last one: all legs are assumptions.
    endless: bool,
}

impl<'a> Pieces<'a> {
    fn new(legs: &'a [LegOffer<'a>]) -> Self {
        Self { legs, level: [0; MAX_LEGS], taken: [0.0; MAX_LEGS], endless: false }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.endless {
            return None;
        }
        let mut piece = Piece { length: f64::INFINITY, slope: 1.0, ends: 0 };
        // What one unit of the start asset has become before each leg, in base units of its market.
        let mut needs = [0.0; MAX_LEGS];
        for (n, (offer, (level, (taken, needs)))) in
            (0..).zip(self.legs.iter().zip(self.level.iter_mut().zip(self.taken.iter_mut().zip(&mut needs))))
        {
            if offer.terms.equal {
                piece.slope *= 1.0 - offer.terms.fee;
                continue;
            }
            let mut at = offer.levels.get(*level)?;
            while at.qty - *taken <= 0.0 {
                (*level, *taken) = (*level + 1, 0.0);
                at = offer.levels.get(*level)?;
            }
            let left = at.qty - *taken;
            let (rate, takes) = if offer.side == Side::Buy { (1.0 / at.price, at.price * left) } else { (at.price, left) };
            let most = takes / piece.slope;
            if most < piece.length {
                (piece.length, piece.ends) = (most, n);
            }
            *needs = if offer.side == Side::Buy { piece.slope / at.price } else { piece.slope };
            piece.slope *= rate * (1.0 - offer.terms.fee);
        }
        for (n, (level, (taken, needs))) in (0..).zip(self.level.iter_mut().zip(self.taken.iter_mut().zip(&needs))) {
            if n == piece.ends {
                (*level, *taken) = (*level + 1, 0.0);
            } else {
                *taken += needs * piece.length;
            }
        }
        self.endless = piece.length == f64::INFINITY;
        Some(piece)
    }
}

/// Whether every leg that trades has prices and quantities.
fn known(legs: &[LegOffer<'_>]) -> bool {
    let level_known = |offer: &LegOffer<'_>| offer.levels.iter().all(|level| level.price > 0.0 && level.qty >= 0.0);
    (1..=MAX_LEGS).contains(&legs.len()) && legs.iter().all(|offer| offer.terms.equal || level_known(offer))
}

/// The mean net edge of `size` of the start asset, without filters. `None` where that much is not offered, or a level is not known.
///
/// ```
/// use ascep_runtime::arbitrage::{Filters, LegOffer, LegTerms, edge_at, largest, most_profitable};
/// use ascep_runtime::event::{Level, Side};
///
/// let terms = LegTerms::new(&Filters::default(), 0.0);
/// let asks = [Level { price: 100.0, qty: 1.0 }, Level { price: 102.0, qty: 10.0 }];
/// let bids = [Level { price: 103.0, qty: 2.0 }, Level { price: 101.0, qty: 10.0 }];
/// let legs = [
///     LegOffer { side: Side::Buy, levels: &asks, terms: &terms },
///     LegOffer { side: Side::Sell, levels: &bids, terms: &terms },
/// ];
/// // 1 is bought at 100 and 1 at 102, both are sold at 103; what comes after costs more than it brings.
/// let best = most_profitable(&legs).ok_or("no profit")?;
/// assert!((best.size - 202.0).abs() < 1e-9 && (best.received - 206.0).abs() < 1e-9);
/// assert!(edge_at(&legs, 100.0).is_some_and(|edge| (edge - 0.03).abs() < 1e-12));
/// // Up to 304 the edge is above 1 %: 304 buy 3, which bring 2 * 103 + 101 = 307.
/// let most = largest(&legs, 307.0 / 304.0 - 1.0).ok_or("no edge")?;
/// assert!((most.size - 304.0).abs() < 1e-9);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn edge_at(legs: &[LegOffer<'_>], size: f64) -> Option<f64> {
    let usable = size > 0.0 && size < f64::INFINITY;
    if !usable || !known(legs) {
        return None;
    }
    let (mut spent, mut gain) = (0.0, 0.0);
    for piece in Pieces::new(legs) {
        if spent + piece.length >= size {
            return Some((gain + (size - spent) * (piece.slope - 1.0)) / size);
        }
        (spent, gain) = (spent + piece.length, gain + piece.length * (piece.slope - 1.0));
    }
    // The sum of the pieces is rounded.
    (size <= spent * (1.0 + HAIR)).then_some(gain / spent)
}

/// The largest size whose mean net edge is above `min_net`: the least upper bound, at which the edge is `min_net` unless the levels end before.
/// Without filters; `None` where no size has that edge.
#[must_use]
pub fn largest(legs: &[LegOffer<'_>], min_net: f64) -> Option<DepthPoint> {
    if !known(legs) {
        return None;
    }
    // What is above the wanted edge grows while a piece has more than it, and shrinks then.
    let (mut spent, mut above, mut gain) = (0.0, 0.0, 0.0);
    for piece in Pieces::new(legs) {
        let over = piece.slope - 1.0 - min_net;
        let next = above + piece.length * over;
        if next <= 0.0 || next.is_nan() {
            let part = if over < 0.0 { (-above / over).min(piece.length) } else { 0.0 };
            return point(spent + part, gain + part * (piece.slope - 1.0), false);
        }
        (spent, above, gain) = (spent + piece.length, next, gain + piece.length * (piece.slope - 1.0));
    }
    point(spent, gain, true)
}

/// The size that brings most, without filters; `None` where none brings anything. Beyond it each unit costs more than it brings.
#[must_use]
pub fn most_profitable(legs: &[LegOffer<'_>]) -> Option<DepthPoint> {
    if !known(legs) {
        return None;
    }
    let (mut spent, mut gain) = (0.0, 0.0);
    for piece in Pieces::new(legs) {
        if piece.slope.is_nan() || piece.slope <= 1.0 {
            return point(spent, gain, false);
        }
        (spent, gain) = (spent + piece.length, gain + piece.length * (piece.slope - 1.0));
    }
    point(spent, gain, true)
}

fn point(size: f64, gain: f64, exhausted: bool) -> Option<DepthPoint> {
    let usable = size > 0.0 && size < f64::INFINITY;
    usable.then(|| DepthPoint { size, received: size + gain, net: gain / size, exhausted })
}

/// The execution within filters of at most the size of [`largest`]. As filters leave dust, its own edge can be less than `min_net`, and below 0.
///
/// # Errors
/// Where no size has that edge ([`Unexecutable::NoEdge`]), or [`executable`] can't.
pub fn largest_executable(legs: &[LegOffer<'_>], min_net: f64) -> Result<Execution, Unexecutable> {
    within(legs, largest(legs, min_net), |execution| execution.net > min_net)
}

/// The same for the size of [`most_profitable`].
///
/// # Errors
/// As of [`largest_executable`].
pub fn most_profitable_executable(legs: &[LegOffer<'_>]) -> Result<Execution, Unexecutable> {
    gainful(legs, most_profitable(legs), 0.0)
}

/// The execution within filters that brings most of those whose mean edge is above `min_net`, sought at and below the size that brings most without
/// filters. Where that is below 0 and nothing brings anything, at and below the largest.
///
/// # Errors
/// As of [`largest_executable`].
pub fn best_executable(legs: &[LegOffer<'_>], min_net: f64) -> Result<Execution, Unexecutable> {
    let (most, best) = (largest(legs, min_net), most_profitable(legs));
    match (most, best) {
        (Some(most), Some(best)) if best.size < most.size => gainful(legs, Some(best), min_net),
        _ => gainful(legs, most, min_net),
    }
}

fn gainful(legs: &[LegOffer<'_>], point: Option<DepthPoint>, min_net: f64) -> Result<Execution, Unexecutable> {
    match point {
        Some(point) if !point.exhausted => {
            let (more, same) = (most_gainful(legs, point.size * (1.0 + HAIR), min_net), most_gainful(legs, point.size, min_net));
            match (more, same) {
                (Ok(more), Ok(same)) if (more.net > min_net, more.profit) < (same.net > min_net, same.profit) => Ok(same),
                (Ok(more), _) => Ok(more),
                (Err(_), same) => same,
            }
        }
        Some(_) => most_gainful(legs, f64::INFINITY, min_net),
        // Says what is not known, if anything is.
        None => executable(legs, f64::INFINITY).and(Err(Unexecutable::NoEdge)),
    }
}

/// The net return of the first of each leg's levels.
pub(super) fn best_edge(legs: &[LegOffer<'_>]) -> Option<f64> {
    let mut product = 1.0;
    for offer in legs {
        if !offer.terms.equal {
            let price = offer.levels.first()?.price;
            product *= if offer.side == Side::Buy { 1.0 / price } else { price };
        }
        product *= 1.0 - offer.terms.fee;
    }
    Some(product - 1.0)
}

fn within(legs: &[LegOffer<'_>], point: Option<DepthPoint>, good: impl Fn(&Execution) -> bool) -> Result<Execution, Unexecutable> {
    let Some(point) = point else {
        // Says what is not known, if anything is.
        return executable(legs, f64::INFINITY).and(Err(Unexecutable::NoEdge));
    };
    if point.exhausted {
        return executable(legs, f64::INFINITY);
    }
    match executable(legs, point.size * (1.0 + HAIR)) {
        Ok(execution) if good(&execution) => Ok(execution),
        _ => executable(legs, point.size),
    }
}

/// The execution of legs of which none has filters, quantities known. At the best prices the size is the smallest leg, as [`Way`](super::Way) has it.
pub(super) fn plain(legs: &[LegOffer<'_>], most: f64) -> Result<Execution, Unexecutable> {
    let (mut spent, mut gain, mut bound) = (0.0, 0.0, BoundBy::Amount);
    for piece in Pieces::new(legs) {
        if spent + piece.length >= most {
            gain += (most - spent) * (piece.slope - 1.0);
            (spent, bound) = (most, BoundBy::Amount);
            break;
        }
        (spent, gain) = (spent + piece.length, gain + piece.length * (piece.slope - 1.0));
        bound = BoundBy::Quantity(piece.ends);
    }
    if spent == f64::INFINITY {
        return Err(Unexecutable::Unlimited);
    }
    if spent.is_nan() || spent <= 0.0 {
        let empty = |offer: &LegOffer<'_>| !offer.terms.equal && !offer.levels.iter().any(|level| level.qty > 0.0);
        let leg = legs.iter().position(empty).and_then(|leg| u8::try_from(leg).ok()).unwrap_or(0);
        return Err(Unexecutable::Small { leg, filter: SizeFilter::Quantity });
    }
    let mut fills = [Fill::default(); MAX_LEGS];
    let mut amount = spent;
    for (offer, fill) in legs.iter().zip(&mut fills) {
        *fill = take(offer, amount);
        amount = fill.gets;
    }
    let count = u8::try_from(legs.len()).unwrap_or(0);
    Ok(Execution { spent, received: spent + gain, profit: gain, net: gain / spent, bound, count, fills })
}

/// All of `amount` through the levels of a leg; what rounding has left beyond the last goes at its price.
fn take(offer: &LegOffer<'_>, amount: f64) -> Fill {
    let keep = 1.0 - offer.terms.fee;
    if offer.terms.equal {
        return Fill { qty: amount, limit: 1.0, gives: amount, gets: amount * keep, dust: 0.0 };
    }
    let (mut left, mut qty, mut value, mut limit) = (amount, 0.0, 0.0, 0.0);
    for (n, level) in (1..).zip(offer.levels) {
        let offered = if offer.side == Side::Buy { level.price * level.qty } else { level.qty };
        let taken = if n == offer.levels.len() { left } else { left.min(offered) };
        if taken > 0.0 {
            limit = level.price;
            qty += if offer.side == Side::Buy { taken / level.price } else { taken };
            value += if offer.side == Side::Buy { taken } else { taken * level.price };
        }
        left -= taken;
    }
    let gets = if offer.side == Side::Buy { qty } else { value };
    Fill { qty, limit, gives: amount, gets: gets * keep, dust: 0.0 }
}

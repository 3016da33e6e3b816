//! Which execution within lots brings most. The largest one need not: a lot more on one leg that the next can't use is dust, and dust is paid for.
//!
//! With the order of one leg set, the other legs are best served greedily: those after it order as much as they can, those before it as little as
//! they must. So the best of all executions is found by going through the lots of one leg, and the one of the fewest lots is taken.

use super::depth::best_edge;
use super::size::{Execution, LegOffer, Unexecutable, executable, executable_with};
use crate::event::Side;

/// How many lots of the leg that has the fewest are gone through, from the largest order down.
const TRIED: usize = 64;
/// How far rounding may take a bound off.
const HAIR: f64 = 1e-9;

/// The execution with at most `most` of the start asset (`f64::INFINITY` for as much as is offered) that brings most of those whose net return is
/// above `min_net`; where none has that, the one that brings most.
///
/// All lots of the leg that has the fewest are tried where they are at most 64, else the 64 largest orders of it.
///
/// # Errors
/// As of [`executable`].
pub fn most_gainful(legs: &[LegOffer<'_>], most: f64, min_net: f64) -> Result<Execution, Unexecutable> {
    let largest = executable(legs, most)?;
    let Some((leg, lots)) = fewest_lots(legs, &largest) else { return Ok(largest) };
    // What a lot of that leg can bring at the very best: at the best levels, and with no dust anywhere.
    let Some(per_lot) = gain_of_a_lot(legs, leg) else { return Ok(largest) };
    let (mut best, mut good) = (largest, largest.net > min_net);
    for count in (1..=lots).rev().take(TRIED) {
        if good && best.profit >= count as f64 * per_lot * (1.0 + HAIR) {
            break;
        }
        // What does not pass a filter passes it with fewer lots no more.
        let Ok(next) = executable_with(legs, most, leg, count) else { break };
        let next_good = next.net > min_net;
        if (next_good, next.profit) > (good, best.profit) {
            (best, good) = (next, next_good);
        }
    }
    // What is spent may let more through than the lots that were gone through do.
    match executable(legs, best.spent) {
        Ok(same) if same.profit >= best.profit && (same.net > min_net || !good) => Ok(same),
        _ => Ok(best),
    }
}

/// The leg whose order has the fewest lots, and how many the largest order has.
fn fewest_lots(legs: &[LegOffer<'_>], largest: &Execution) -> Option<(usize, u128)> {
    let lots = |(leg, offer): (usize, &LegOffer<'_>)| {
        let lot = offer.terms.lot_size()?;
        // One more than the order that is left after dust was spared: the largest may have been larger.
        let count = (largest.fills().get(leg)?.qty / lot).round() + 1.0;
        (count < 1e15).then_some((leg, count as u128))
    };
    legs.iter().enumerate().filter_map(lots).min_by_key(|(_, count)| *count)
}

/// What a lot of a leg brings in units of the start asset, without dust.
fn gain_of_a_lot(legs: &[LegOffer<'_>], leg: usize) -> Option<f64> {
    let net = best_edge(legs)?;
    let given = best_edge(legs.get(..leg)?)? + 1.0;
    let offer = legs.get(leg)?;
    let price = if offer.side == Side::Buy { offer.levels.first()?.price } else { 1.0 };
    let gain = offer.terms.lot_size()? * price / given * net;
    (gain > 0.0 && gain.is_finite()).then_some(gain)
}

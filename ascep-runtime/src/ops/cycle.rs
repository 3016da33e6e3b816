//! Cycles: what a way through two or three markets and back to the first asset returns. Each leg sells at the bid or buys at the ask, and pays
//! its fee.

use ascep_lang::program::CycleField;

use super::num::finite;
use crate::plan::{CyclePlan, Leg, Plan};
use crate::state::State;
use crate::value::UNKNOWN_INT;

/// What going round once returns.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// The product of the rates after fees; at the end less 1.
    net: f64,
    /// And before them.
    gross: f64,
    /// The smallest leg in units of the start asset.
    size: f64,
}

/// The bits of a field; unknown where a leg is one-sided, locked or crossed, or a fee unknown.
pub(super) fn field(plan: &Plan, state: &State, index: u32, field: CycleField, args: &[u32]) -> u64 {
    let Some(cycle) = plan.cycles.get(index as usize) else { return f64::NAN.to_bits() };
    if field == CycleField::Skew {
        let (oldest, newest) = quoted(state, cycle);
        let skew = if oldest == UNKNOWN_INT { None } else { newest.checked_sub(oldest) };
        return skew.unwrap_or(UNKNOWN_INT).cast_unsigned();
    }
    let value = best(state, cycle, args).map_or(f64::NAN, |(round, direction)| match field {
        CycleField::Net => round.net,
        CycleField::Gross => round.gross,
        CycleField::Direction => direction,
        CycleField::Size => round.size,
        CycleField::Age | CycleField::Skew => f64::NAN,
    });
    finite(value).to_bits()
}

/// When the oldest of the legs' last quotes came, or unknown where one has none.
pub(super) fn oldest_quote(plan: &Plan, state: &State, index: u32) -> i64 {
    plan.cycles.get(index as usize).map_or(UNKNOWN_INT, |cycle| quoted(state, cycle).0)
}

/// When the oldest and the newest of the legs' last quotes came. Unknown is less than every time.
fn quoted(state: &State, cycle: &CyclePlan) -> (i64, i64) {
    let times = cycle.legs().map(|leg| state.market.quote_ts(leg.instrument));
    times.fold((i64::MAX, UNKNOWN_INT), |(oldest, newest), ts| (oldest.min(ts), newest.max(ts)))
}

/// The better way round by net return, the one that buys on the first market where both are the same.
fn best(state: &State, cycle: &CyclePlan, args: &[u32]) -> Option<(Round, f64)> {
    let fee = |leg: usize| {
        let arg = args.get(leg.min(args.len().saturating_sub(1)))?;
        Some(f64::from_bits(state.slot(*arg))).filter(|fee| !fee.is_nan())
    };
    let fees = [fee(0)?, fee(1)?, fee(2)?];
    let out = go_round(state, &cycle.out, fees)?;
    match cycle.back.as_deref().map(|legs| go_round(state, legs, fees)) {
        Some(back) => {
            let back = back?;
            Some(if back.net > out.net { (back, -1.0) } else { (out, 1.0) })
        }
        None => Some((out, 1.0)),
    }
}

fn go_round(state: &State, legs: &[Leg], fees: [f64; 3]) -> Option<Round> {
    let mut round = Round { net: 1.0, gross: 1.0, size: f64::INFINITY };
    for leg in legs {
        let quote = state.market.quote(leg.instrument)?;
        let (rate, takes) = if leg.buys { (1.0 / quote.ask, quote.ask * quote.ask_qty) } else { (quote.bid, quote.bid_qty) };
        // What this leg takes of what comes to it, in units of the start asset; NaN where its quantity is not known, and then so is the least.
        let most = takes / round.net;
        if most.is_nan() || most < round.size {
            round.size = most;
        }
        let fee = fees.get(usize::from(leg.market)).copied()?;
        round.net *= rate * (1.0 - fee);
        round.gross *= rate;
    }
    Some(Round { net: round.net - 1.0, gross: round.gross - 1.0, ..round })
}

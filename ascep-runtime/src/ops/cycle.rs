//! Cycles: what a way through two or three markets and back to the first asset returns. Each leg sells at the bid or buys at the ask, and pays
//! its fee. The arithmetic is that of [`Way`](crate::arbitrage::Way).

use ascep_lang::program::CycleField;

use super::num::finite;
use crate::arbitrage::Round;
use crate::event::{MISSING, Quote};
use crate::plan::{CyclePlan, Plan};
use crate::state::State;
use crate::value::UNKNOWN_INT;

/// The most markets of a cycle, and fees.
const MAX_LEGS: usize = 3;

/// The bits of a field; unknown where a leg is one-sided, locked or crossed, or a fee unknown.
pub(super) fn field(plan: &Plan, state: &State, index: u32, field: CycleField, args: &[u32]) -> u64 {
    let Some(cycle) = plan.cycles.get(index as usize) else { return f64::NAN.to_bits() };
    if field == CycleField::Skew {
        let (oldest, newest) = quoted(state, cycle);
        let skew = if oldest == UNKNOWN_INT { None } else { newest.checked_sub(oldest) };
        return skew.unwrap_or(UNKNOWN_INT).cast_unsigned();
    }
    let value = round(state, cycle, args).map_or(f64::NAN, |round| match field {
        CycleField::Net => round.net,
        CycleField::Gross => round.gross,
        CycleField::Direction => f64::from(round.direction),
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
    let times = cycle.by_place().iter().map(|instrument| state.market.quote_ts(*instrument));
    times.fold((i64::MAX, UNKNOWN_INT), |(oldest, newest), ts| (oldest.min(ts), newest.max(ts)))
}

/// The better way round at the quotes and fees as they stand.
fn round(state: &State, cycle: &CyclePlan, args: &[u32]) -> Option<Round> {
    let mut quotes = [Quote { bid: MISSING, ask: MISSING, bid_qty: MISSING, ask_qty: MISSING }; MAX_LEGS];
    for (quote, instrument) in quotes.iter_mut().zip(cycle.by_place()) {
        *quote = state.market.quote(*instrument)?;
    }
    let mut fees = [f64::NAN; MAX_LEGS];
    for (fee, arg) in fees.iter_mut().zip(args) {
        *fee = f64::from_bits(state.slot(*arg));
    }
    cycle.way.round(&quotes, fees.get(..args.len())?)
}

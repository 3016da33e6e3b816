//! Events: an event's slot holds the step in which it last occurred, so that it occurs now where that is this step.
//!
//! Each function gives the new slot of node `id`.

use std::cmp::Ordering;

use ascep_lang::program::Side;
use ascep_lang::syntax::CrossSide;

use crate::plan::Plan;
use crate::state::{NO_SIGN, State};
use crate::value::{FALSE, Repr, TRUE, UNKNOWN, UNKNOWN_ID, at, put};

fn occurs_if(state: &State, id: u32, occurs: bool) -> u64 {
    if occurs { state.step } else { state.slot(id) }
}

pub(super) fn where_occurs(state: &State, args: &[u32]) -> bool {
    matches!(args, &[event, filter] if state.occurs(event) && state.level(filter) == TRUE)
}

pub(super) fn and(state: &State, id: u32, args: &[u32]) -> u64 {
    let occurs =
        args.split_first().is_some_and(|(event, levels)| state.occurs(*event) && levels.iter().all(|arg| state.level(*arg) == TRUE));
    occurs_if(state, id, occurs)
}

pub(super) fn or(state: &State, id: u32, args: &[u32]) -> u64 {
    occurs_if(state, id, args.iter().any(|arg| state.occurs(*arg)))
}

/// As [`and`], for the run of a sequence at hand: before it, nothing has occurred.
pub(super) fn run_and(state: &State, args: &[u32]) -> u64 {
    let (event, levels) = args.split_first().map_or((None, args), |(event, levels)| (Some(event), levels));
    let occurs = event.is_some_and(|event| state.occurs(*event)) && levels.iter().all(|arg| state.level(*arg) == TRUE);
    if occurs { state.step } else { 0 }
}

/// As [`or`], for the run of a sequence at hand.
pub(super) fn run_or(state: &State, args: &[u32]) -> u64 {
    if args.iter().any(|arg| state.occurs(*arg)) { state.step } else { 0 }
}

/// The rising edge of a level: the last known truth was false, as it is at first, and it is now true.
pub(super) fn edge(state: &mut State, id: u32, args: &[u32], index: u32) -> u64 {
    let now = args.first().map_or(UNKNOWN, |arg| state.level(*arg));
    let before = at(&state.edges, index);
    if now != UNKNOWN {
        put(&mut state.edges, index, now);
    }
    occurs_if(state, id, now == TRUE && before == FALSE)
}

/// `a CROSSES b`: which side a was on at the last instant where both were known, and is on now.
pub(super) fn crosses(state: &mut State, id: u32, args: &[u32], side: CrossSide, repr: Repr, index: u32) -> u64 {
    let &[a, b] = args else { return 0 };
    let (a, b) = (state.slot(a), state.slot(b));
    let order = if repr == Repr::Num {
        f64::from_bits(a).partial_cmp(&f64::from_bits(b))
    } else {
        (repr.is_known(a) && repr.is_known(b)).then(|| a.cast_signed().cmp(&b.cast_signed()))
    };
    let Some(order) = order else { return state.slot(id) };
    let now = match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    };
    let before = state.crosses.get(index as usize).copied().unwrap_or(NO_SIGN);
    put(&mut state.crosses, index, now);
    let above = before <= 0 && now > 0;
    let below = before >= 0 && now < 0;
    let crossed = match side {
        CrossSide::Above => above,
        CrossSide::Below => below,
        CrossSide::Either => above || below,
    };
    occurs_if(state, id, before != NO_SIGN && crossed)
}

/// `[event, x, y]`: x where the event occurs now, else y.
pub(super) fn pick(state: &State, args: &[u32]) -> u64 {
    let &[event, x, y] = args else { return 0 };
    state.slot(if state.occurs(event) { x } else { y })
}

/// The aggressor of the last trade, as the number of a text.
pub(super) fn side(plan: &Plan, state: &State, instrument: u32) -> u64 {
    let (buy, sell) = plan.sides;
    match state.market.side(instrument) {
        Some(Side::Buy) => u64::from(buy),
        Some(Side::Sell) => u64::from(sell),
        None => UNKNOWN_ID,
    }
}

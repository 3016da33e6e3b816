//! Levels without state: comparisons, Kleene logic, and the ways out of unknown.

use ascep_lang::program::CmpOp;

use super::num;
use crate::plan::Plan;
use crate::state::State;
use crate::value::{FALSE, Repr, TRUE, UNKNOWN_ID, level};

pub(super) fn compare(state: &State, args: &[u32], op: CmpOp, repr: Repr) -> u64 {
    let &[x, y] = args else { return Repr::Level.unknown() };
    u64::from(num::compare_bits(op, repr, state.slot(x), state.slot(y)))
}

/// Symbols are the same where they name one instrument, however they are written.
pub(super) fn compare_symbols(plan: &Plan, state: &State, args: &[u32], op: CmpOp) -> u64 {
    let instrument = |arg: u32| {
        let id = usize::try_from(state.slot(arg)).ok()?;
        plan.symbol_instruments.get(id).map(|instrument| u64::from(*instrument))
    };
    let &[x, y] = args else { return Repr::Level.unknown() };
    let [x, y] = [x, y].map(|arg| instrument(arg).unwrap_or(UNKNOWN_ID));
    u64::from(num::compare_bits(op, Repr::Id, x, y))
}

pub(super) fn and(state: &State, args: &[u32]) -> u64 {
    u64::from(args.iter().fold(TRUE, |all, arg| all.min(state.level(*arg))))
}

pub(super) fn or(state: &State, args: &[u32]) -> u64 {
    u64::from(args.iter().fold(FALSE, |any, arg| any.max(state.level(*arg))))
}

pub(super) fn not(state: &State, args: &[u32]) -> u64 {
    args.first().map_or(Repr::Level.unknown(), |arg| u64::from(num::not(state.level(*arg))))
}

pub(super) fn coalesce(state: &State, args: &[u32], repr: Repr) -> u64 {
    let &[x, y] = args else { return repr.unknown() };
    let x = state.slot(x);
    if repr.is_known(x) { x } else { state.slot(y) }
}

pub(super) fn known(state: &State, args: &[u32], repr: Repr) -> u64 {
    u64::from(level(args.first().is_some_and(|arg| repr.is_known(state.slot(*arg)))))
}

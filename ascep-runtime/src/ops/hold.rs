//! Operators that wait: `c FOR d`, `NO e FOR d`, `once(c, d)`. Each has one timer at most; the argument's new value is looked at first.

use crate::plan::{Hold, NONE, PeriodPlan, Plan};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{FALSE, TRUE, UNKNOWN, at, put};

fn hold_of(plan: &Plan, hold: u32) -> Hold {
    plan.holds.get(hold as usize).copied().unwrap_or(Hold { period: PeriodPlan::Fixed(NEVER), timer: NONE })
}

fn arg_level(state: &State, args: &[u32]) -> u8 {
    args.first().map_or(UNKNOWN, |arg| state.level(*arg))
}

fn arg_occurs(state: &State, args: &[u32]) -> bool {
    args.first().is_some_and(|arg| state.occurs(*arg))
}

/// Arms the timer that counts from the start.
pub(super) fn start(plan: &Plan, state: &mut State, hold: u32) {
    let Hold { period, timer } = hold_of(plan, hold);
    state.arm_after(timer, period);
}

pub(super) fn start_for(plan: &Plan, state: &mut State, args: &[u32], hold: u32) -> u64 {
    let level = arg_level(state, args);
    if level != TRUE {
        return u64::from(level);
    }
    start(plan, state, hold);
    u64::from(FALSE)
}

pub(super) fn start_once(plan: &Plan, state: &mut State, args: &[u32], hold: u32, index: u32) -> u64 {
    let holds = arg_level(state, args) == TRUE;
    put(&mut state.once_levels, index, holds);
    if holds {
        return u64::from(TRUE);
    }
    start(plan, state, hold);
    u64::from(UNKNOWN)
}

/// True from the moment on at which the level has been true for the whole length of time.
pub(super) fn for_period(plan: &Plan, state: &mut State, id: u32, args: &[u32], hold: u32) -> u64 {
    let Hold { period, timer } = hold_of(plan, hold);
    let level = arg_level(state, args);
    u64::from(if level != TRUE {
        state.timers.cancel(timer);
        level
    } else if state.fires(timer) || state.level(id) == TRUE {
        TRUE
    } else {
        if state.timers.due(timer) == NEVER {
            state.arm_after(timer, period);
        }
        FALSE
    })
}

/// Occurs once at the end of a silence.
pub(super) fn no_for(plan: &Plan, state: &mut State, id: u32, args: &[u32], hold: u32) -> u64 {
    let Hold { period, timer } = hold_of(plan, hold);
    if arg_occurs(state, args) {
        state.arm_after(timer, period);
    } else if state.fires(timer) {
        return state.step;
    }
    state.slot(id)
}

pub(super) fn once_event(plan: &Plan, state: &mut State, id: u32, args: &[u32], hold: u32) -> u64 {
    let Hold { period, timer } = hold_of(plan, hold);
    if arg_occurs(state, args) {
        state.arm_after(timer, period);
        u64::from(TRUE)
    } else if state.fires(timer) {
        u64::from(FALSE)
    } else {
        state.slot(id)
    }
}

/// True while the level is, and for a length of time after.
pub(super) fn once_level(plan: &Plan, state: &mut State, id: u32, args: &[u32], hold: u32, index: u32) -> u64 {
    let Hold { period, timer } = hold_of(plan, hold);
    let held = at(&state.once_levels, index);
    let holds = arg_level(state, args) == TRUE;
    put(&mut state.once_levels, index, holds);
    if holds {
        state.timers.cancel(timer);
        u64::from(TRUE)
    } else if held {
        state.arm_after(timer, period);
        u64::from(TRUE)
    } else if state.fires(timer) {
        u64::from(FALSE)
    } else {
        state.slot(id)
    }
}

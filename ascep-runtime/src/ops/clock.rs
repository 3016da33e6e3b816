//! Readings of the clock, and comparisons of one with a constant, which change their answer by a timer.

use ascep_lang::program::CmpOp;

use super::num;
use crate::plan::{Clock, ClockCompare, Plan};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{Repr, UNKNOWN_INT, at, put};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

/// Hours since midnight, UTC.
fn hour_of(ts: i64) -> i64 {
    ts.rem_euclid(DAY) / HOUR
}

/// Monday is 1; 1970 began on a Thursday.
fn day_of(ts: i64) -> i64 {
    (ts.div_euclid(DAY) + 3).rem_euclid(7) + 1
}

#[expect(clippy::cast_precision_loss, reason = "an hour or a day of the week")]
fn small(x: i64) -> u64 {
    (x as f64).to_bits()
}

/// The time from which a reading counts, or unknown.
pub(super) fn origin(plan: &Plan, state: &State, clock: Clock) -> i64 {
    match clock {
        Clock::Age { instrument } => state.market.last_ts(instrument),
        Clock::Since { state: index } => state.since.get(index as usize).copied().unwrap_or(UNKNOWN_INT),
        Clock::Legs { cycle } => super::cycle::oldest_quote(plan, state, cycle),
        Clock::Now | Clock::Hour | Clock::Day => 0,
    }
}

/// A reading as of the clock.
pub(super) fn read(plan: &Plan, state: &State, clock: Clock) -> u64 {
    match clock {
        Clock::Hour => small(hour_of(state.clock)),
        Clock::Day => small(day_of(state.clock)),
        Clock::Now => state.clock.cast_unsigned(),
        Clock::Age { .. } | Clock::Since { .. } | Clock::Legs { .. } => elapsed(plan, state, clock).cast_unsigned(),
    }
}

/// How long ago the origin was, or unknown.
fn elapsed(plan: &Plan, state: &State, clock: Clock) -> i64 {
    match origin(plan, state, clock) {
        UNKNOWN_INT => UNKNOWN_INT,
        origin => state.clock.checked_sub(origin).unwrap_or(UNKNOWN_INT),
    }
}

/// ts - venue_ts of the last event.
pub(super) fn latency(state: &State, instrument: u32) -> i64 {
    let (ts, venue_ts) = (state.market.last_ts(instrument), state.market.venue_ts(instrument));
    if ts == UNKNOWN_INT || venue_ts == UNKNOWN_INT { UNKNOWN_INT } else { ts.checked_sub(venue_ts).unwrap_or(UNKNOWN_INT) }
}

/// Notes an occurrence of the event of a `since`.
pub(super) fn since(state: &mut State, args: &[u32], index: u32) {
    if args.first().is_some_and(|arg| state.occurs(*arg)) {
        put(&mut state.since, index, state.clock);
    }
}

/// The answer as of the clock; arms the timer for the next change of it.
pub(super) fn compare(plan: &Plan, state: &mut State, index: u32) -> u64 {
    let Some(&ClockCompare { clock, op, constant, timer }) = plan.clock_compares.get(index as usize) else {
        return Repr::Level.unknown();
    };
    let constant = at(&state.slots, constant);
    let (answer, flip) = match clock {
        Clock::Hour => boundary(state.clock, HOUR, 24, op, f64::from_bits(constant), hour_of),
        Clock::Day => boundary(state.clock, DAY, 7, op, f64::from_bits(constant), day_of),
        Clock::Now | Clock::Age { .. } | Clock::Since { .. } | Clock::Legs { .. } => {
            let reading = elapsed(plan, state, clock);
            let answer = num::compare_bits(op, Repr::Int, reading.cast_unsigned(), constant);
            let known = reading != UNKNOWN_INT && constant.cast_signed() != UNKNOWN_INT;
            let flip = if known { next_flip(op, reading, constant.cast_signed()) } else { None };
            (answer, flip.and_then(|at| at.checked_add(origin(plan, state, clock))))
        }
    };
    state.timers.arm(timer, flip.unwrap_or(NEVER));
    u64::from(answer)
}

/// The least reading above `reading` at which the answer changes.
fn next_flip(op: CmpOp, reading: i64, constant: i64) -> Option<i64> {
    let reached = Some(constant);
    let passed = constant.checked_add(1);
    let flips = match op {
        CmpOp::Lt | CmpOp::Ge => [reached, None],
        CmpOp::Le | CmpOp::Gt => [None, passed],
        CmpOp::Eq | CmpOp::Ne => [reached, passed],
    };
    flips.into_iter().flatten().find(|flip| *flip > reading)
}

/// The answer for what changes with every `unit` and comes round after `units`, and when it changes next.
#[expect(clippy::cast_precision_loss, reason = "an hour or a day of the week")]
fn boundary(clock: i64, unit: i64, units: i64, op: CmpOp, constant: f64, reading: fn(i64) -> i64) -> (u8, Option<i64>) {
    let answer = |ts: i64| num::compare(op, reading(ts) as f64, constant);
    let now = answer(clock);
    let first = clock.div_euclid(unit);
    let flip = (1..units).filter_map(|k| first.checked_add(k)?.checked_mul(unit)).find(|ts| answer(*ts) != now);
    (now, flip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days() {
        assert_eq!((hour_of(0), day_of(0)), (0, 4));
        assert_eq!((hour_of(-1), day_of(-1)), (23, 3));
        assert_eq!((hour_of(DAY + 5 * HOUR), day_of(DAY)), (5, 5));
        assert_eq!(day_of(3 * DAY), 7);
        assert_eq!(day_of(4 * DAY), 1);
    }

    #[test]
    fn an_answer_changes_where_the_comparison_says() {
        use CmpOp::{Eq, Ge, Gt, Le, Lt, Ne};
        for (op, at_0, at_5, at_6) in [
            (Lt, Some(5), None, None),
            (Ge, Some(5), None, None),
            (Le, Some(6), Some(6), None),
            (Gt, Some(6), Some(6), None),
            (Eq, Some(5), Some(6), None),
            (Ne, Some(5), Some(6), None),
        ] {
            assert_eq!([next_flip(op, 0, 5), next_flip(op, 5, 5), next_flip(op, 6, 5)], [at_0, at_5, at_6], "{op:?}");
        }
        assert_eq!(next_flip(Gt, 0, i64::MAX), None);
        assert_eq!(next_flip(Ge, 0, -5), None);
    }

    #[test]
    fn hours_change_at_the_boundary() {
        use crate::value::{FALSE, TRUE, UNKNOWN};
        assert_eq!(boundary(8 * HOUR + 1, HOUR, 24, CmpOp::Ge, 9.0, hour_of), (FALSE, Some(9 * HOUR)));
        assert_eq!(boundary(9 * HOUR, HOUR, 24, CmpOp::Ge, 9.0, hour_of), (TRUE, Some(DAY)));
        assert_eq!(boundary(0, HOUR, 24, CmpOp::Ge, 99.0, hour_of), (FALSE, None));
        assert_eq!(boundary(0, HOUR, 24, CmpOp::Ge, f64::NAN, hour_of), (UNKNOWN, None));
        assert_eq!(boundary(5, DAY, 7, CmpOp::Eq, 4.0, day_of), (TRUE, Some(DAY)));
    }
}

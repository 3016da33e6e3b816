//! Aggregates: when each looks at its window, and what it then is. What is in the window is in `window`.

use crate::ops::num::finite;
use crate::plan::{LookKind, LookPlan, NONE, PeriodPlan, Plan, WindowPlan};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{Repr, at};
use crate::window::Sample;

/// What an aggregate over time remembers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Whether it has been looked at late enough to be known.
    pub(crate) known: bool,
    /// When it becomes known.
    pub(crate) known_at: i64,
    /// When the newest sample leaves, as it was armed; of those that stand and those that compare with the past.
    pub(crate) leaves_at: i64,
}

impl Default for Look {
    fn default() -> Self {
        Self { known: false, known_at: NEVER, leaves_at: NEVER }
    }
}

/// Whether an argument has an update and all of them are known: an occurrence of an event, or an instant after which a value is known.
#[inline]
pub(super) fn is_update(plan: &Plan, state: &State, args: &[u32]) -> bool {
    args.iter().any(|arg| state.is_at_instant(*arg))
        && args.iter().all(|&arg| {
            plan.reprs.get(arg as usize).is_some_and(|repr| match repr {
                Repr::Event => state.occurs(arg),
                repr => repr.is_known(state.slot(arg)),
            })
        })
}

/// The number in the slot of the i-th argument.
#[inline]
pub(super) fn number(state: &State, args: &[u32], i: usize) -> f64 {
    args.get(i).map_or(0.0, |arg| f64::from_bits(state.slot(*arg)))
}

/// Arms the timer at which an exact statistic becomes known.
pub(super) fn start(plan: &Plan, state: &mut State, id: u32) {
    let Some((&LookPlan { kind: LookKind::Exact, timer, .. }, WindowPlan { period: Some(period), .. })) = plan_of(plan, id) else { return };
    state.arm_after(timer, *period);
    let known_at = state.timers.due(timer);
    if let Some(look) = state.looks.get_mut(id as usize) {
        look.known_at = known_at;
    }
}

#[inline]
fn plan_of(plan: &Plan, id: u32) -> Option<(&LookPlan, &WindowPlan)> {
    let look = plan.looks.get(id as usize)?;
    Some((look, plan.windows.get(look.window as usize)?))
}

/// Puts the rows in line that read a look whose time has come.
pub(super) fn line_up_rows(plan: &Plan, state: &mut State, id: u32) {
    let window = plan.looks.get(id as usize).filter(|look| look.kind == LookKind::Standing).map_or(NONE, |look| look.window);
    plan.window_groups.of(window).iter().for_each(|group| state.groups.insert(*group));
}

/// The statistic after this step; nothing where the step is no look at it, and for those that compare with the past no instant either.
pub(super) fn visit(plan: &Plan, state: &mut State, args: &[u32], id: u32) -> Option<u64> {
    let (&look, window) = plan_of(plan, id)?;
    let update = is_update(plan, state, args);
    let due = look.timer != NONE && state.fires(look.timer);
    if !update && !due {
        return None;
    }
    let period = window.period.map_or(NEVER, |period: PeriodPlan| state.period(period));
    let edge = state.clock.saturating_sub(period);
    let sample = update.then(|| {
        let is_numeric = args.first().is_some_and(|arg| plan.reprs.get(*arg as usize) == Some(&Repr::Num));
        let x = if is_numeric { number(state, args, 0) } else { 0.0 };
        Sample { ts: state.clock, x, y: number(state, args, 1) }
    });
    state.windows.advance(window, look.window, state.step, edge, sample);
    if update {
        count_dropped(state, look, window);
    }
    let value = match look.kind {
        LookKind::Updates => over_updates(plan, state, look, window),
        LookKind::Exact => exact(plan, state, look, id, update, period),
        LookKind::Standing => standing(plan, state, look, id, update, period),
        LookKind::Past => past(plan, state, look, id, update, period),
    };
    Some(finite(value).to_bits())
}

/// Counts a sample that had to go for another. To what compares with the past, the one from before the window is lost in the same way.
fn count_dropped(state: &mut State, look: LookPlan, plan: &WindowPlan) {
    let Some(window) = state.windows.windows.get(look.window as usize) else { return };
    let before = window.left.is_some() && look.kind == LookKind::Past && window.ring.len >= plan.capacity;
    if look.kind != LookKind::Updates && (window.overflowed || before) {
        state.counters.samples_dropped += 1;
    }
}

fn over_updates(plan: &Plan, state: &State, look: LookPlan, window: &WindowPlan) -> f64 {
    let full = state.windows.windows.get(look.window as usize).is_some_and(|state| state.ring.len >= window.capacity);
    if full { state.windows.statistic(plan, look.window, look.stat, 0) } else { f64::NAN }
}

fn exact(plan: &Plan, state: &mut State, look: LookPlan, id: u32, update: bool, period: i64) -> f64 {
    let oldest = state.windows.of(plan, look.window).and_then(|(_, _, samples)| samples.oldest());
    let leaves = oldest.and_then(|sample| sample.ts.checked_add(period)).unwrap_or(NEVER);
    let clock = state.clock;
    let Some(Look { known, known_at, .. }) = state.looks.get_mut(id as usize) else { return f64::NAN };
    *known |= clock >= *known_at || (update && look.partial);
    let (known, deadline) = (*known, if *known { leaves } else { leaves.min(*known_at) });
    state.timers.arm(look.timer, deadline);
    if known { state.windows.statistic(plan, look.window, look.stat, period) } else { f64::NAN }
}

fn standing(plan: &Plan, state: &mut State, look: LookPlan, id: u32, update: bool, period: i64) -> f64 {
    let clock = state.clock;
    let newest =
        if update { Some(clock) } else { state.windows.of(plan, look.window).and_then(|(_, _, samples)| Some(samples.newest()?.ts)) };
    let Some(memory) = state.looks.get_mut(id as usize) else { return f64::NAN };
    if update && memory.known_at == NEVER && !memory.known {
        memory.known_at = clock.checked_add(period).unwrap_or(NEVER);
    }
    memory.leave(clock, update, newest, period);
    let warm = clock >= memory.known_at;
    memory.known |= warm || (update && look.partial);
    let deadline = if warm { memory.leaves_at } else { memory.leaves_at.min(memory.known_at) };
    let known = memory.known;
    state.timers.arm(look.timer, deadline);
    if known { state.windows.statistic(plan, look.window, look.stat, period) } else { f64::NAN }
}

fn past(plan: &Plan, state: &mut State, look: LookPlan, id: u32, update: bool, period: i64) -> f64 {
    let clock = state.clock;
    let newest = state.windows.of(plan, look.window).and_then(|(_, window, samples)| Some(samples.newest().or(window.left)?.ts));
    let Some(memory) = state.looks.get_mut(id as usize) else { return f64::NAN };
    memory.leave(clock, update, newest, period);
    state.timers.arm(look.timer, memory.leaves_at);
    state.windows.against_the_past(plan, look.window, look.stat, look.partial, clock.saturating_sub(period), clock)
}

impl Look {
    /// When the newest sample will be d old, d as it reads when it comes; found younger by the timer for that, because d has grown, it is given
    /// what d reads then.
    fn leave(&mut self, clock: i64, update: bool, newest: Option<i64>, period: i64) {
        let leaves = newest.and_then(|newest| newest.checked_add(period)).unwrap_or(NEVER);
        if update || newest.is_none() {
            self.leaves_at = leaves;
        } else if clock >= self.leaves_at {
            self.leaves_at = if leaves > clock { leaves } else { NEVER };
        }
    }
}

/// The value n updates ago: what the oldest place of a ring of n held until now.
pub(super) fn index(plan: &Plan, state: &mut State, id: u32, args: &[u32], index: u32) -> u64 {
    let Some(&arg) = args.first() else { return 0 };
    let (Some(&plan_ring), Some(ring)) = (plan.histories.get(index as usize), state.history_rings.get_mut(index as usize)) else {
        return 0;
    };
    let value = at(&state.slots, arg);
    let repr = plan.reprs.get(arg as usize).copied().unwrap_or(Repr::Num);
    if at(&state.instants, arg) != state.step || !repr.is_known(value) {
        return at(&state.slots, id);
    }
    let before = if ring.len >= plan_ring.capacity { ring.oldest(plan_ring, &state.history) } else { None };
    ring.push(plan_ring, &mut state.history, value);
    before.unwrap_or_else(|| repr.unknown())
}

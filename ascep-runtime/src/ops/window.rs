//! Operators that look back: `count(x, d)`, `count(x, n)` and `x[n]`.

use crate::plan::{Hold, NONE, PeriodPlan, Plan, RingPlan, WindowPlan};
use crate::state::{Ring, State, Window};
use crate::timers::NEVER;
use crate::value::{Repr, at, put};

const NO_WINDOW: (Hold, WindowPlan) =
    (Hold { period: PeriodPlan::Fixed(NEVER), timer: NONE }, WindowPlan { samples: RingPlan { start: 0, capacity: 0 }, partial: false });

/// Whether the argument has an update: an occurrence of an event, or an instant after which a value is known.
fn is_update(plan: &Plan, state: &State, args: &[u32]) -> bool {
    let Some(&arg) = args.first() else { return false };
    state.is_at_instant(arg)
        && plan.reprs.get(arg as usize).is_some_and(|repr| match repr {
            Repr::Event => state.occurs(arg),
            repr => repr.is_known(state.slot(arg)),
        })
}

impl Ring {
    /// Where the i-th from the oldest stands in the flat array.
    fn place(self, plan: RingPlan, i: usize) -> usize {
        let offset = self.head + i;
        plan.start + if offset >= plan.capacity { offset - plan.capacity } else { offset }
    }

    /// The oldest.
    pub(crate) fn oldest<T: Copy>(self, plan: RingPlan, items: &[T]) -> Option<T> {
        if self.len == 0 { None } else { items.get(self.place(plan, 0)).copied() }
    }

    /// Forgets the oldest.
    pub(crate) fn drop_oldest(&mut self, plan: RingPlan) {
        if self.len > 0 {
            self.head = if self.head + 1 >= plan.capacity { 0 } else { self.head + 1 };
            self.len -= 1;
        }
    }

    /// Adds the newest; true where the oldest had to go.
    pub(crate) fn push<T: Copy>(&mut self, plan: RingPlan, items: &mut [T], item: T) -> bool {
        let full = self.len >= plan.capacity;
        if full {
            self.drop_oldest(plan);
        }
        if let Some(place) = items.get_mut(self.place(plan, self.len)) {
            *place = item;
            self.len += 1;
        }
        full
    }
}

fn window_of(plan: &Plan, hold: u32, index: u32) -> (Hold, WindowPlan) {
    match (plan.holds.get(hold as usize), plan.windows.get(index as usize)) {
        (Some(hold), Some(window)) => (*hold, *window),
        _ => NO_WINDOW,
    }
}

/// Arms the timer at which the window becomes known.
pub(super) fn start_count(plan: &Plan, state: &mut State, hold: u32, index: u32) {
    let (Hold { period, timer }, _) = window_of(plan, hold, index);
    state.arm_after(timer, period);
    let known_at = state.timers.due(timer);
    if let Some(window) = state.windows.get_mut(index as usize) {
        window.known_at = known_at;
    }
}

/// The number of updates in (C - d, C].
pub(super) fn count_time(plan: &Plan, state: &mut State, id: u32, args: &[u32], hold: u32, index: u32) -> u64 {
    let (Hold { period, timer }, WindowPlan { samples: ring, partial }) = window_of(plan, hold, index);
    let update = is_update(plan, state, args);
    if !update && !state.fires(timer) {
        return state.slot(id);
    }
    let (clock, period) = (state.clock, state.period(period));
    let Some(Window { ring: samples, known, known_at }) = state.windows.get_mut(index as usize) else { return state.slot(id) };
    let horizon = clock.saturating_sub(period);
    while samples.oldest(ring, &state.samples).is_some_and(|ts| ts <= horizon) {
        samples.drop_oldest(ring);
    }
    if update && samples.push(ring, &mut state.samples, clock) {
        state.counters.samples_dropped += 1;
    }
    *known |= clock >= *known_at || (update && partial);
    let leaves = samples.oldest(ring, &state.samples).and_then(|ts| ts.checked_add(period)).unwrap_or(NEVER);
    state.timers.arm(timer, if *known { leaves } else { leaves.min(*known_at) });
    if *known { as_num(samples.len).to_bits() } else { Repr::Num.unknown() }
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples is far below 2^53")]
fn as_num(count: usize) -> f64 {
    count as f64
}

/// n once that many updates were seen.
pub(super) fn count_updates(plan: &Plan, state: &mut State, id: u32, args: &[u32], n: u32, index: u32) -> u64 {
    if !is_update(plan, state, args) {
        return state.slot(id);
    }
    let seen = at(&state.update_counts, index).saturating_add(1).min(n);
    put(&mut state.update_counts, index, seen);
    if seen < n { Repr::Num.unknown() } else { f64::from(n).to_bits() }
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

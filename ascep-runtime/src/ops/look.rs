//! Aggregates: when each looks at its window, and what it then is. What is in the window is in `window`.

use crate::ops::num::finite;
use crate::plan::{LookKind, LookPlan, NONE, NodeOp, PeriodPlan, Plan, Slide, WindowPlan, WindowStep};
use crate::state::State;
use crate::timers::{NEVER, Timers};
use crate::value::{Repr, at, put};
use crate::window::{Sample, Slid, Stage, Windows};

/// What an aggregate over time remembers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Whether it has been looked at late enough to be known.
    pub(crate) known: bool,
    /// When it becomes known.
    pub(crate) known_at: i64,
    /// When the newest sample leaves, as it was armed; of those that compare with the past, and of those that stand over a length that can change.
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
    match (sample, window.slide(look.window)) {
        (Some(Sample { ts, x, .. }), Some(slide)) => {
            let length = if slide.in_time { period } else { slide.length };
            state.windows.slide(plan, &Slide { length, ..slide }, state.step, ts, x);
        }
        (sample, _) => state.windows.advance(window, look.window, state.step, edge, sample),
    }
    Some(finite(after(plan, state, look, window, id, update, period)).to_bits())
}

/// What a look sees after its window has been brought up to date.
fn after(plan: &Plan, state: &mut State, look: LookPlan, window: &WindowPlan, id: u32, update: bool, period: i64) -> f64 {
    if update {
        count_dropped(plan, state, look);
    }
    match look.kind {
        LookKind::Updates => over_updates(plan, state, look, window),
        LookKind::Exact => exact(plan, state, look, id, update, period),
        LookKind::Standing => standing(plan, state, look, window, id, update, period),
        LookKind::Past => past(plan, state, look, id, update, period),
    }
}

/// What a window takes to be brought up to date at an instant of its argument.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) windows: &'a mut Windows,
    pub(crate) slots: &'a mut [u64],
    pub(crate) timers: &'a mut Timers,
}

/// What came of a window that was brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// All is done.
    Done,
    /// All is done, and a timer was armed for this moment.
    Armed(i64),
    /// The sample is in the window, but what looks at it has to be looked at [one by one](step_of_each).
    Each,
}

/// Brings one window up to date at an instant of its argument, and the slots of what looks at it, without putting them in line, where that is plain. Nothing is done otherwise.
#[inline(always)]
pub(crate) fn slide_plainly(ground: Ground<'_>, step: &WindowStep, clock: i64) -> Option<Stepped> {
    match (step.slide.is_plain, step.slide.extremes) {
        (false, _) => None,
        (true, NONE) => slide_plainly_by::<false>(ground, step, clock),
        (true, _) => slide_plainly_apart(ground, step, clock),
    }
}

/// With extremes, which not so many windows have.
#[inline(never)]
fn slide_plainly_apart(ground: Ground<'_>, step: &WindowStep, clock: i64) -> Option<Stepped> {
    slide_plainly_by::<true>(ground, step, clock)
}

#[inline(always)]
fn slide_plainly_by<const EXTREMES: bool>(ground: Ground<'_>, step: &WindowStep, clock: i64) -> Option<Stepped> {
    let Ground { windows, slots, timers } = ground;
    let x = f64::from_bits(at(slots, step.arg));
    let Slid { mean, deviation, extremes: [lowest, highest], .. } = windows.slide_plainly::<EXTREMES>(&step.slide, clock, x)?;
    // What nobody looks at has no slot.
    put(slots, step.avg, mean.to_bits());
    put(slots, step.stddev, deviation.to_bits());
    if EXTREMES {
        put(slots, step.lowest, lowest.to_bits());
        put(slots, step.highest, highest.to_bits());
    }
    Some(match timers.postpone(step.timers, clock, step.slide.length) {
        None => Stepped::Done,
        Some(deadline) => Stepped::Armed(deadline),
    })
}

/// The same for all windows, whatever there is to be done.
#[inline(never)]
pub(crate) fn slide(plan: &Plan, ground: Ground<'_>, step: &WindowStep, (number, clock): (u64, i64)) -> Stepped {
    let Ground { windows, slots, timers } = ground;
    let x = f64::from_bits(at(slots, step.arg));
    if x.is_nan() {
        return Stepped::Done;
    }
    let slide = &step.slide;
    let Some(Slid { mean, deviation, extremes: [lowest, highest], stage }) = windows.slide(plan, slide, number, clock, x) else {
        return Stepped::Each;
    };
    if stage != Stage::Waiting {
        // What nobody looks at has no slot.
        put(slots, step.avg, known_or_not(mean).to_bits());
        put(slots, step.stddev, known_or_not(deviation).to_bits());
        if slide.extremes != NONE {
            put(slots, step.lowest, lowest.to_bits());
            put(slots, step.highest, highest.to_bits());
        }
    }
    match stage {
        Stage::Warm if slide.in_time => match timers.postpone(step.timers, clock, slide.length) {
            None => Stepped::Done,
            Some(deadline) => Stepped::Armed(deadline),
        },
        // They are all due when they become known, or are full.
        Stage::Waiting | Stage::Known if timers.due(step.timers.0) <= clock => Stepped::Each,
        _ => Stepped::Done,
    }
}

/// The same, whatever comes of it.
pub(crate) fn step(plan: &Plan, state: &mut State, step: &WindowStep) {
    let moment = (state.step, state.clock);
    let State { windows, slots, timers, .. } = state;
    let plainly = slide_plainly(Ground { windows, slots, timers }, step, moment.1);
    if plainly.unwrap_or_else(|| slide(plan, Ground { windows, slots, timers }, step, moment)) == Stepped::Each {
        step_of_each(plan, state, step);
    }
}

/// A statistic of samples that are not beyond all measure is finite, or nothing at all.
#[inline(always)]
fn known_or_not(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x }
}

/// The end of a step while some look still waits to be known, or counts what it lost.
#[cold]
#[inline(never)]
pub(crate) fn step_of_each(plan: &Plan, state: &mut State, step: &WindowStep) {
    let id = step.slide.window;
    let Some(window) = plan.windows.get(id as usize) else { return };
    let period = window.period.map_or(NEVER, |period: PeriodPlan| state.period(period));
    let [mut warm, mut known, mut waiting] = [true; 3];
    // After another program has come a look may be younger than the window.
    let mut together = None;
    for slot in [step.avg, step.stddev, step.lowest, step.highest] {
        let Some(NodeOp::Look { look: index }) = plan.nodes.get(slot as usize).map(|node| node.op) else { continue };
        let Some(&look) = plan.looks.get(index as usize) else { continue };
        let value = after(plan, state, look, window, index, true, period);
        put(&mut state.slots, slot, finite(value).to_bits());
        let memory = state.looks.get(index as usize).copied().unwrap_or_default();
        let is_full = if look.kind == LookKind::Updates { is_full(state, look, window) } else { state.clock >= memory.known_at };
        let is_together = *together.get_or_insert(memory.known_at) == memory.known_at;
        let has_timer = look.kind == LookKind::Standing && is_together && state.timers.due(look.timer) == memory.known_at;
        warm &= is_full && (memory.known || look.kind == LookKind::Updates);
        known &= !is_full && has_timer && memory.known;
        waiting &= !is_full && has_timer && !memory.known;
    }
    let stage = match (warm, known, waiting) {
        (true, ..) => Stage::Warm,
        (_, true, _) => Stage::Known,
        (_, _, true) => Stage::Waiting,
        _ => Stage::Each,
    };
    state.windows.set_stage(id, stage);
}

/// Counts a sample that had to go for another. To what compares with the past, the one from before the window is lost in the same way.
fn count_dropped(plan: &Plan, state: &mut State, look: LookPlan) {
    let Some((plan, window, samples)) = state.windows.of(plan, look.window) else { return };
    let before = look.kind == LookKind::Past && samples.left().is_some() && samples.len() >= plan.capacity;
    if look.kind != LookKind::Updates && (window.overflowed() || before) {
        state.counters.samples_dropped += 1;
    }
}

fn is_full(state: &State, look: LookPlan, window: &WindowPlan) -> bool {
    state.windows.windows.get(look.window as usize).is_some_and(|state| state.places.len as usize >= window.capacity)
}

fn over_updates(plan: &Plan, state: &State, look: LookPlan, window: &WindowPlan) -> f64 {
    if is_full(state, look, window) { state.windows.statistic(plan, look.window, look.stat, 0) } else { f64::NAN }
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

fn standing(plan: &Plan, state: &mut State, look: LookPlan, window: &WindowPlan, id: u32, update: bool, period: i64) -> f64 {
    let clock = state.clock;
    let newest =
        if update { Some(clock) } else { state.windows.of(plan, look.window).and_then(|(_, _, samples)| Some(samples.newest()?.ts)) };
    let Some(memory) = state.looks.get_mut(id as usize) else { return f64::NAN };
    if update && memory.known_at == NEVER && !memory.known {
        memory.known_at = clock.checked_add(period).unwrap_or(NEVER);
    }
    let leaves = if let Some(PeriodPlan::Fixed(d)) = window.period {
        newest.and_then(|newest| newest.checked_add(d)).filter(|leaves| *leaves > clock).unwrap_or(NEVER)
    } else {
        memory.leave(clock, update, newest, period);
        memory.leaves_at
    };
    let warm = clock >= memory.known_at;
    if warm && !update && state.windows.stage(look.window) != Stage::Warm {
        // The timer that the others wait for as well.
        state.windows.set_stage(look.window, Stage::Each);
    }
    memory.known |= warm || (update && look.partial);
    let deadline = if warm { leaves } else { leaves.min(memory.known_at) };
    let known = memory.known;
    state.timers.arm(look.timer, deadline);
    if known { state.windows.statistic(plan, look.window, look.stat, period) } else { f64::NAN }
}

fn past(plan: &Plan, state: &mut State, look: LookPlan, id: u32, update: bool, period: i64) -> f64 {
    let clock = state.clock;
    let newest = state.windows.of(plan, look.window).and_then(|(_, _, samples)| Some(samples.newest().or(samples.left())?.ts));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::plan::{TimerOwner, build};
    use crate::{EngineOptions, HostFunctions, ops};

    /// All that steps know, over lengths of time and counts, known at once and after a while, with and without room; the last two windows are of no step.
    const RULES: &str = r#"
        LET a = mid("A/B")
        IF trade("A/B") THEN S(
            a = avg(a, 5s), b = stddev(a, 5s), c = lowest(a, 5s), d = highest(a, 5s), e = avg(a, 6s, partial = TRUE), f = stddev(a, 6s),
            g = avg(a, 5s, partial = TRUE, max = 3), h = highest(a, 5s, max = 3), i = stddev(a, 1m, partial = TRUE), j = lowest(a, 1m, partial = TRUE),
            k = avg(a, 7), l = stddev(a, 7), m = highest(a, 40), n = lowest(a, 40), o = avg(a, 40), p = avg(a, 1), q = stddev(a, 1), r = highest(a, 5m),
            s = avg(a, 8s), t = count(a, 8s), u = zscore(a, 9s)
        )
    "#;

    fn fire(plan: &Plan, state: &mut State, limit: i64) {
        while let Some(deadline) = state.timers.next(limit) {
            state.clock = deadline;
            crate::engine::begin_step(state, true);
            let mut nodes = Vec::new();
            while let Some(owner) = state.timers.take(deadline) {
                let TimerOwner::Node(node) = plan.timers[owner as usize] else { continue };
                nodes.push(node);
            }
            nodes.sort_unstable();
            nodes.into_iter().for_each(|node| ops::visit(plan, state, node));
        }
    }

    #[test]
    fn a_step_does_what_visits_do() {
        let program = ascep_lang::compile(&[ascep_lang::Source::new("t.cep", RULES)], &ascep_lang::Options::default()).unwrap();
        let plan = || build(&program, &EngineOptions::default(), &HostFunctions::new()).unwrap().0;
        // A state takes its slots from a plan.
        let (mut plan, mut other) = (plan(), plan());
        let looks: Vec<u32> = (0..).zip(&plan.nodes).filter(|(_, node)| matches!(node.op, NodeOp::Look { .. })).map(|(id, _)| id).collect();
        let steps = plan.window_steps(|_| true);
        let arg = steps[0].arg;
        let in_steps: Vec<u32> =
            steps.iter().flat_map(|step| [step.avg, step.stddev, step.lowest, step.highest]).filter(|id| *id != NONE).collect();
        assert!(steps.iter().all(|step| step.arg == arg) && steps.len() == plan.windows.len() - 2 && in_steps.len() == looks.len() - 3);
        let (mut visited, mut stepped) = (State::new(&mut plan, false), State::new(&mut other, false));
        let (mut seed, mut ts, mut x) = (9_u64, 0, 100.0);
        let mut dice = move |sides: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % sides
        };
        for k in 0..20_000 {
            ts += match dice(40) {
                0 => 5_000_000_000,
                1 => 70_000_000_000,
                2 | 3 => 0,
                _ => i64::try_from(dice(6)).unwrap() * 250_000_000,
            };
            x = match dice(if k % 2_000 < 1_000 { 300 } else { 6 }) {
                0 => f64::NAN,
                1 if x.is_nan() => 0.1 + dice(1_000) as f64,
                2 => 1e300,
                3 | 4 if x.abs() < 1e9 => x,
                _ => (if x.abs() < 1e9 { x } else { 100.0 }) + (dice(2_001) as f64 - 1_000.0) * 1e-4,
            };
            for state in [&mut visited, &mut stepped] {
                fire(&plan, state, ts - 1);
                state.clock = ts;
                crate::engine::begin_step(state, false);
                put(&mut state.slots, arg, x.to_bits());
                put(&mut state.instants, arg, state.step);
            }
            looks.iter().for_each(|node| ops::visit(&plan, &mut visited, *node));
            steps.iter().for_each(|one| step(&plan, &mut stepped, one));
            looks.iter().filter(|node| !in_steps.contains(node)).for_each(|node| ops::visit(&plan, &mut stepped, *node));
            for look in &looks {
                assert_eq!(visited.slot(*look), stepped.slot(*look), "{look} at {k}, {x}");
            }
            let due = |state: &State| (0..plan.timers.len()).map(|timer| state.timers.due(timer as u32)).collect::<Vec<_>>();
            assert_eq!(due(&visited), due(&stepped), "at {k}");
            assert_eq!(visited.counters, stepped.counters);
        }
        assert!(visited.counters.samples_dropped > 100);
    }
}

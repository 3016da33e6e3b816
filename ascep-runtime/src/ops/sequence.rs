//! `SEQ`: one run for each prefix of the places, moved on from the longest to the shortest so that an event takes a run one place on;
//! and `ALL`.
//!
//! The waits of a `NO .. FOR` between steps need no timer: they are over when the timers of their deadlines have fired, which the engine
//! knows of every time. Only a run that waits at the end has one.

use crate::plan::{AbsentPlan, NONE, PeriodPlan, PlacePlan, Plan, SeqPlan, SeqStep, TestPlan};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{FALSE, TRUE, UNKNOWN, UNKNOWN_INT, at, put};

/// A run: the places that it has filled are its prefix, which says where it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) alive: bool,
    /// The last known truth of the level of its last place, where that is a level.
    pub(crate) own: u8,
    /// The last known truth of the level of its next place, since the match of the step before.
    pub(crate) next: u8,
    /// Matches of the step of its last place.
    pub(crate) count: u32,
    /// The end of its span: when its first place was filled, and the `WITHIN` as it read then.
    pub(crate) until: i64,
}

/// What became of a run in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It stays or is gone.
    Other,
    /// It took the event in place.
    Took,
    /// The sequence is complete.
    Completed,
}

/// Lets some filters that are true move on the runs of the sequences of their entry, from step `first` on: the same as [`visit`] of each of them, for sequences that need no more. Gives the first
/// that completes; those after it are not looked at yet.
#[inline(never)]
pub(crate) fn move_all(steps: &[SeqStep], runs: &mut [Run], params: &[u64], (first, filters, clock): (u32, u8, i64)) -> Option<u32> {
    for (step, id) in steps.get(first as usize..)?.iter().zip(first..) {
        // One that is not concerned keeps even what has run out of time.
        if step.filters & filters != 0 && move_plainly(step, runs, params, (filters, clock)) {
            return Some(id);
        }
        if step.is_last {
            return None;
        }
    }
    None
}

/// Whether a sequence completes.
#[inline]
fn move_plainly(step: &SeqStep, runs: &mut [Run], params: &[u64], (filters, clock): (u8, i64)) -> bool {
    let prefixes = usize::from(step.prefixes);
    let Some(runs) = runs.get_mut(step.runs as usize..step.runs as usize + prefixes) else { return false };
    let is_among = |of: &[u8], place: usize| of.get(place).is_some_and(|of| of & filters != 0);
    let new = |until: i64| Run { alive: true, own: TRUE, next: FALSE, count: 1, until };
    for prefix in (1..=prefixes).rev() {
        let Some(Run { alive, until, .. }) = runs.get(prefix - 1).copied() else { return false };
        if !alive {
            continue;
        }
        let is_over = clock > until;
        if !is_over && is_among(&step.matches, prefix) {
            let Some(next) = runs.get_mut(prefix) else {
                runs.iter_mut().for_each(|run| run.alive = false);
                return true;
            };
            *next = new(until);
        }
        if (is_over || is_among(&step.absents, prefix - 1))
            && let Some(run) = runs.get_mut(prefix - 1)
        {
            run.alive = false;
        }
    }
    if is_among(&step.matches, 0) {
        match runs.first_mut() {
            Some(run) => *run = new(clock.checked_add(step.within.read(params)).unwrap_or(NEVER)),
            None => return true,
        }
    }
    false
}

/// Whether the sequence completes in this step.
pub(super) fn visit(plan: &Plan, state: &mut State, index: u32) -> bool {
    let Some(&seq) = plan.sequences.seqs.get(index as usize) else { return false };
    let due = seq.timer != NONE && state.fires(seq.timer);
    let mut above = Outcome::Other;
    for prefix in (1..=seq.prefixes).rev() {
        above = look(plan, state, &seq, prefix, due, above);
        if above == Outcome::Completed {
            finish(state, &seq);
            return true;
        }
    }
    let Some(place) = place(plan, &seq, 0) else { return false };
    // A level as first step reads no captures, so it is here as its rising edge.
    let completes = rises(plan, state, &place.test, NONE, &mut UNKNOWN.clone())
        && move_on(plan, state, &seq, 0, Run { until: deadline(state, seq.within), ..Run::default() }, above);
    if completes {
        finish(state, &seq);
    }
    completes
}

/// Brings the run of a prefix up to date; `above` is what became of the next longer one.
fn look(plan: &Plan, state: &mut State, seq: &SeqPlan, prefix: u32, due: bool, above: Outcome) -> Outcome {
    let id = seq.runs + prefix - 1;
    let mut run = at(&state.sequences.runs, id);
    if !run.alive {
        return Outcome::Other;
    }
    let is_last = seq.timer != NONE && prefix == seq.prefixes;
    let Some(here) = place(plan, seq, prefix - 1) else { return Outcome::Other };
    let captures = seq.block_of(prefix);
    let mut outcome = Outcome::Other;
    if state.clock > run.until {
        run.alive = false;
    } else if run.count < here.most && rises(plan, state, &here.test, captures, &mut run.own) {
        run.count += 1;
        run.next = FALSE;
        capture(plan, state, &here, captures, run.count);
        let end = wait(plan, state, seq, &here, &run, is_last);
        run.alive = end.is_some() && !is_killed(plan, state, &here, captures, true);
        outcome = Outcome::Took;
        if run.alive && is_last && is_now(state, end) {
            copy(state, captures, seq.scratch(), seq.block);
            return Outcome::Completed;
        }
    } else {
        if let Some(next) = place(plan, seq, prefix)
            && rises(plan, state, &next.test, captures, &mut run.next)
            && !is_waiting(plan, state, &here)
            && move_on(plan, state, seq, prefix, run, above)
        {
            return Outcome::Completed;
        }
        run.alive = !is_killed(plan, state, &here, captures, false);
        if run.alive && is_last && due {
            copy(state, captures, seq.scratch(), seq.block);
            return Outcome::Completed;
        }
    }
    if is_last && !run.alive {
        state.timers.cancel(seq.timer);
    }
    put(&mut state.sequences.runs, id, run);
    outcome
}

/// A copy of the run of `prefix`, or a new run for 0, fills the next place. True where that completes the sequence.
///
/// What stands in the next prefix started no later: starts come in order, and each prefix takes them in that order from the one before.
fn move_on(plan: &Plan, state: &mut State, seq: &SeqPlan, prefix: u32, from: Run, above: Outcome) -> bool {
    let Some(here) = place(plan, seq, prefix) else { return false };
    let (id, waits) = (seq.runs + prefix, prefix < seq.prefixes);
    let is_last = seq.timer != NONE && prefix + 1 == seq.prefixes;
    let there = at(&state.sequences.runs, id);
    if waits && there.alive && (is_last || above == Outcome::Took || there.count < here.most || is_waiting(plan, state, &here)) {
        // It keeps its place.
        return false;
    }
    let scratch = seq.scratch();
    if seq.block > 0 {
        if prefix == 0 {
            let (start, end) = (seq.initial as usize, (seq.initial + seq.block) as usize);
            let initial = plan.sequences.initial.get(start..end).unwrap_or_default();
            if let Some(block) = state.sequences.captures.get_mut(scratch as usize..(scratch + seq.block) as usize) {
                block.copy_from_slice(initial);
            }
        } else {
            copy(state, seq.block_of(prefix), scratch, seq.block);
        }
    }
    let count = if here.opens { 1 } else { from.count.saturating_add(1) };
    capture(plan, state, &here, scratch, count);
    if !waits {
        return true;
    }
    let goes_on = place(plan, seq, prefix + 1).is_some_and(|next| !next.opens);
    let run = Run { alive: true, own: TRUE, next: if goes_on { TRUE } else { FALSE }, count, until: from.until };
    // The event lies before the gap, so only levels can be in the way.
    let (first, end) = here.absents;
    for &AbsentPlan { test, .. } in plan.sequences.absents.get(first as usize..end as usize).unwrap_or_default() {
        if test.is_level && holds(plan, state, &test, scratch) {
            return false;
        }
    }
    let end = wait(plan, state, seq, &here, &run, is_last);
    if end.is_some() {
        copy(state, scratch, seq.block_of(prefix + 1), seq.block);
        put(&mut state.sequences.runs, id, run);
    }
    is_last && is_now(state, end)
}

/// Whether a run that waits at the end, up to `end`, comes there as the timers of that moment fire, or when they have: it has nothing left to
/// wait for.
fn is_now(state: &State, end: Option<i64>) -> bool {
    end.is_some_and(|end| end <= state.timers_done || (state.timer_step && end == state.clock))
}

/// A length of time from now.
fn deadline(state: &State, period: PeriodPlan) -> i64 {
    state.clock.checked_add(state.period(period)).unwrap_or(NEVER)
}

/// Sets the deadlines of the gap after a match and gives the last of them. None where the run could only end beyond the span.
fn wait(plan: &Plan, state: &mut State, seq: &SeqPlan, here: &PlacePlan, run: &Run, is_last: bool) -> Option<i64> {
    let (first, end) = here.absents;
    if first == end {
        return Some(NEVER);
    }
    let mut last = i64::MIN;
    let absents = plan.sequences.absents.get(first as usize..end as usize).unwrap_or_default();
    for absent in absents {
        last = last.max(match absent.hold {
            Some(d) => deadline(state, d),
            None => run.until,
        });
    }
    if is_last && last > run.until {
        return None;
    }
    for absent in absents {
        if let Some(d) = absent.hold {
            let at = deadline(state, d);
            put(&mut state.sequences.deadlines, absent.deadline, at);
        }
    }
    if is_last {
        state.timers.arm(seq.timer, last);
    }
    Some(last)
}

/// Whether a `NO .. FOR` still looks: its deadline and the timers of it are not behind us.
fn is_open(state: &State, absent: &AbsentPlan) -> bool {
    absent.hold.is_none() || at(&state.sequences.deadlines, absent.deadline) > state.timers_done
}

/// Whether some `NO .. FOR` of the gap keeps the run from moving on.
fn is_waiting(plan: &Plan, state: &State, here: &PlacePlan) -> bool {
    let (first, end) = here.absents;
    let absents = plan.sequences.absents.get(first as usize..end as usize).unwrap_or_default();
    absents.iter().any(|absent| absent.hold.is_some() && is_open(state, absent))
}

/// Whether something happens that must not. A level counts at its instants, and right after a match whether it is at one or not.
fn is_killed(plan: &Plan, state: &mut State, here: &PlacePlan, captures: u32, after_match: bool) -> bool {
    let (first, end) = here.absents;
    for absent in plan.sequences.absents.get(first as usize..end as usize).unwrap_or_default() {
        let test = &absent.test;
        let looks = state.is_at_instant(test.input) || (after_match && test.is_level);
        if looks && is_open(state, absent) && holds(plan, state, test, captures) {
            return true;
        }
    }
    false
}

/// Computes what the test of a step reads of the clock and of the captures that begin at `captures`.
#[inline]
fn load(plan: &Plan, state: &mut State, program: u32, captures: u32) {
    let program = plan.sequences.programs.of(program);
    if !program.is_empty() {
        state.captures_at = captures;
        for &node in program {
            super::refresh(plan, state, node);
        }
    }
}

/// Whether an event occurs that the filter lets through, or a level is true.
fn holds(plan: &Plan, state: &mut State, test: &TestPlan, captures: u32) -> bool {
    load(plan, state, test.program, captures);
    let input = if test.is_level { state.level(test.input) == TRUE } else { state.occurs(test.input) };
    input && (test.filter == NONE || state.level(test.filter) == TRUE)
}

/// Whether the input of a step matches: an event that occurs, or the rising edge of a level whose last known truth is `truth`.
#[inline]
fn rises(plan: &Plan, state: &mut State, test: &TestPlan, captures: u32, truth: &mut u8) -> bool {
    if !state.is_at_instant(test.input) {
        return false;
    }
    if !test.is_level {
        return holds(plan, state, test, captures);
    }
    let holds = holds(plan, state, test, captures);
    let (before, now) = (*truth, state.level(test.input));
    if now != UNKNOWN {
        *truth = now;
    }
    holds && before == FALSE
}

/// Makes the captures of a match, the `count`-th of its step.
fn capture(plan: &Plan, state: &mut State, here: &PlacePlan, captures: u32, count: u32) {
    let (first, end) = here.captures;
    if first == end {
        return;
    }
    load(plan, state, here.program, captures);
    for capture in plan.sequences.captures.get(first as usize..end as usize).unwrap_or_default() {
        if capture.first && count > 1 {
            continue;
        }
        let value = if capture.source == NONE { f64::from(count).to_bits() } else { state.slot(capture.source) };
        put(&mut state.sequences.captures, captures + capture.place, value);
    }
}

fn copy(state: &mut State, from: u32, to: u32, len: u32) {
    let (from, to, len) = (from as usize, to as usize, len as usize);
    let captures = &mut state.sequences.captures;
    if len > 0 && from + len <= captures.len() && to + len <= captures.len() {
        captures.copy_within(from..from + len, to);
    }
}

/// A match consumes all runs.
fn finish(state: &mut State, seq: &SeqPlan) {
    let (start, end) = (seq.runs as usize, (seq.runs + seq.prefixes) as usize);
    for run in state.sequences.runs.get_mut(start..end).unwrap_or_default() {
        run.alive = false;
    }
    if seq.timer != NONE {
        state.timers.cancel(seq.timer);
    }
}

#[inline]
fn place(plan: &Plan, seq: &SeqPlan, index: u32) -> Option<PlacePlan> {
    let (start, end) = seq.places;
    let id = start + index;
    if id < end { plan.sequences.places.get(id as usize).copied() } else { None }
}

/// Whether each part of an `ALL` has occurred within its span, one of them in this step.
pub(super) fn all(plan: &Plan, state: &mut State, args: &[u32], index: u32) -> bool {
    let Some(&all) = plan.sequences.alls.get(index as usize) else { return false };
    let (mut occurs, mut oldest) = (false, i64::MAX);
    for (place, &part) in (all.times..).zip(args) {
        if state.occurs(part) {
            occurs = true;
            put(&mut state.sequences.times, place, state.clock);
        }
        // What has not occurred is the oldest of all.
        oldest = oldest.min(state.sequences.times.get(place as usize).copied().unwrap_or(UNKNOWN_INT));
    }
    if !occurs || oldest == UNKNOWN_INT || state.clock.saturating_sub(oldest) > state.period(all.period) {
        return false;
    }
    for (place, _) in (all.times..).zip(args) {
        put(&mut state.sequences.times, place, UNKNOWN_INT);
    }
    true
}

/// All that sequences remember.
#[derive(Debug)]
pub(crate) struct SequenceState {
    pub(crate) runs: Vec<Run>,
    pub(crate) captures: Vec<u64>,
    /// The ends of `NO .. FOR`.
    pub(crate) deadlines: Vec<i64>,
    /// When each part of each `ALL` last occurred, or unknown.
    pub(crate) times: Vec<i64>,
}

impl SequenceState {
    pub(crate) fn new(plan: &Plan) -> Self {
        let sizes = plan.sequences.sizes;
        Self {
            runs: vec![Run::default(); sizes.runs as usize],
            captures: vec![0; sizes.captures as usize],
            deadlines: vec![NEVER; sizes.deadlines as usize],
            times: vec![UNKNOWN_INT; sizes.times as usize],
        }
    }
}

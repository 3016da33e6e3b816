//! `SEQ`: the runs of a sequence, told as the page tells it. Each step of the history moves them on, kills them, starts one, or completes one.

use std::collections::BTreeMap;

use ascep_lang::program::{CaptureOf, NodeId, Op, SeqStep, Sequence, StepInput, StepKind};

use super::value::Val;
use super::world::{StepNo, World};
use crate::event::Timestamp;

/// A run: some of the steps have matched, one after the other.
#[derive(Debug, Clone)]
struct Run {
    /// Where the first step matched.
    first: StepNo,
    /// Where the last match so far was.
    previous: StepNo,
    /// How many places are filled: each of `{n}` is one.
    prefix: usize,
    /// How often the step at hand has matched.
    count: u32,
    /// What it keeps for later steps and for the fields.
    captures: Vec<Val>,
    /// For steps that wait for a level which reads captures: its last known truth since the match of the step before.
    truths: BTreeMap<usize, bool>,
}

/// The runs of a sequence by prefix, and its matches: when, with what was captured.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs {
    runs: BTreeMap<usize, Run>,
    matches: Vec<(StepNo, Vec<Val>)>,
}

/// A sequence being looked at in a step.
struct Look<'a> {
    world: &'a World,
    node: NodeId,
    sequence: &'a Sequence,
    /// The step of each place.
    places: Vec<usize>,
    now: StepNo,
}

impl World {
    /// Takes the runs of a sequence through a step in which everything else is up to date; whether it completes.
    pub(super) fn advance_sequence(&mut self, node: NodeId, now: StepNo) -> bool {
        let mut runs = self.sequences.remove(&node).unwrap_or_default();
        let completed = self.sequence(node).and_then(|sequence| Look::new(self, node, sequence, now).advance(&mut runs.runs));
        let occurs = completed.is_some();
        if let Some(captures) = completed {
            runs.runs.clear();
            runs.matches.push((now, captures));
        }
        self.sequences.insert(node, runs);
        occurs
    }

    fn sequence(&self, node: NodeId) -> Option<&Sequence> {
        let Some(Op::Seq(id)) = self.op(node) else { return None };
        self.rules.tables.sequences.get(id.0 as usize)
    }

    /// What the match that completed in a step has captured; nothing of a node that is no sequence.
    pub(super) fn captured(&self, node: NodeId, step: StepNo) -> &[Val] {
        let matches = self.sequences.get(&node).map_or(&[][..], |r| r.matches.as_slice());
        matches.iter().rev().find(|(at, _)| *at == step).map_or(&[], |(_, captures)| captures.as_slice())
    }

    /// The next end of a `NO .. FOR`, or of the span of a run that only waits for it.
    pub(super) fn sequence_deadline(&self, node: NodeId) -> Option<Timestamp> {
        let now = self.last_step();
        let look = Look::new(self, node, self.sequence(node)?, now);
        let runs = self.sequences.get(&node)?.runs.values();
        runs.flat_map(|run| look.holds(run).chain(look.end(run))).filter_map(|d| self.pending(d)).min()
    }
}

impl<'a> Look<'a> {
    fn new(world: &'a World, node: NodeId, sequence: &'a Sequence, now: StepNo) -> Self {
        let mut places = Vec::new();
        for (index, step) in sequence.steps.iter().enumerate() {
            if let StepKind::Match { min, .. } = step.kind {
                places.extend(std::iter::repeat_n(index, min as usize));
            }
        }
        Self { world, node, sequence, places, now }
    }

    /// One step of the history; gives the captures of the run that completes.
    fn advance(&self, runs: &mut BTreeMap<usize, Run>) -> Option<Vec<Val>> {
        // The longest run first, so that none is taken two steps on.
        for prefix in (1..=self.places.len()).rev() {
            let Some(mut run) = runs.remove(&prefix) else { continue };
            if self.world.ts(self.now) > self.span(&run) {
                continue;
            }
            let takes_more = self.can_take_more(&run) && self.step_of(&run).is_some_and(|step| self.matches(step, &mut run));
            let next_matches = self.places.get(prefix).is_some_and(|step| self.matches(*step, &mut run));
            // What the run can take does not move it on, and neither does anything while it waits for the end of a NO .. FOR. The run
            // itself stays; its copy is one step on.
            let copy = (next_matches && !takes_more && !self.waits(&run)).then(|| self.with_match(run.clone(), prefix + 1));
            if takes_more {
                run = self.with_match(run, prefix);
            }
            let killed = self.is_killed(&run) || (takes_more && self.is_barred(&run)) || self.is_beyond_span(&run);
            if !killed {
                if self.has_ended(&run) {
                    return Some(run.captures);
                }
                runs.insert(prefix, run);
            }
            if let Some(captures) = copy.and_then(|copy| self.put(runs, copy)) {
                return Some(captures);
            }
        }
        let mut fresh = Run {
            first: self.now,
            previous: self.now,
            prefix: 0,
            count: 0,
            captures: vec![Val::Unknown; self.sequence.captures.len()],
            truths: BTreeMap::new(),
        };
        let starts = self.places.first().is_some_and(|step| self.matches(*step, &mut fresh));
        if starts { self.put(runs, self.with_match(fresh, 1)) } else { None }
    }

    /// Puts a run that came to its prefix in this step in its place: for each prefix the one that started last is kept. Gives its captures
    /// where that completes the sequence.
    fn put(&self, runs: &mut BTreeMap<usize, Run>, run: Run) -> Option<Vec<Val>> {
        if run.prefix == self.places.len() && self.gap(&run).is_empty() {
            return Some(run.captures);
        }
        if self.is_barred(&run) || self.is_beyond_span(&run) {
            return None;
        }
        if runs.get(&run.prefix).is_some_and(|there| self.keeps_its_place(there) || there.first > run.first) {
            return None;
        }
        if self.has_ended(&run) {
            return Some(run.captures);
        }
        runs.insert(run.prefix, run);
        None
    }

    /// Whether a run has nothing left to wait for: the timers of its end fire now, or did before it came there.
    fn has_ended(&self, run: &Run) -> bool {
        let fires = |end| self.world.is_timers(self.now) && self.world.ts(self.now) == end;
        self.end(run).is_some_and(|end| fires(end) || self.world.delivered.is_some_and(|ts| end <= ts))
    }

    /// The step of the last place that a run has filled.
    fn step_of(&self, run: &Run) -> Option<usize> {
        self.places.get(run.prefix.checked_sub(1)?).copied()
    }

    /// Whether the next place is of another step, or there is none.
    fn is_last_place(&self, run: &Run) -> bool {
        self.places.get(run.prefix).copied() != self.step_of(run)
    }

    /// The NO steps between the step that a run has matched and the next one, or at the end.
    fn gap(&self, run: &Run) -> Vec<&'a SeqStep> {
        let Some(step) = self.step_of(run).filter(|_| self.is_last_place(run)) else { return Vec::new() };
        let after = self.sequence.steps.iter().skip(step + 1);
        after.take_while(|s| matches!(s.kind, StepKind::Absent { .. })).collect()
    }

    /// Whether the step that a run has matched may match more often.
    fn can_take_more(&self, run: &Run) -> bool {
        let kind = self.step_of(run).and_then(|step| self.sequence.steps.get(step)).map(|s| s.kind);
        matches!(kind, Some(StepKind::Match { max, .. }) if self.is_last_place(run) && max.is_none_or(|max| run.count < max))
    }

    /// Until when a NO step looks: with FOR d until d after the match before it.
    fn hold(&self, run: &Run, step: &SeqStep) -> Option<Timestamp> {
        match step.kind {
            StepKind::Absent { hold: Some(d) } => Some(self.world.deadline(run.previous, d)),
            _ => None,
        }
    }

    /// The ends of the NO .. FOR in the gap of a run.
    fn holds(&self, run: &Run) -> impl Iterator<Item = Timestamp> {
        self.gap(run).into_iter().filter_map(|step| self.hold(run, step)).collect::<Vec<_>>().into_iter()
    }

    /// When the span of a run ends: like a timer that was set at its first match, whatever becomes of the parameter.
    fn span(&self, run: &Run) -> Timestamp {
        self.world.deadline(run.first, self.sequence.within)
    }

    /// When a run that has matched everything and waits for its NO steps completes: with the last of their ends.
    fn end(&self, run: &Run) -> Option<Timestamp> {
        let waits = run.prefix == self.places.len();
        let ends = self.gap(run).into_iter().map(|step| self.hold(run, step).unwrap_or_else(|| self.span(run)));
        ends.max().filter(|_| waits)
    }

    /// A waiting run whose end lies beyond its span is dropped at once.
    fn is_beyond_span(&self, run: &Run) -> bool {
        self.end(run).is_some_and(|end| end > self.span(run))
    }

    /// Whether the timers of a deadline have yet to fire before this step.
    fn is_to_come(&self, deadline: Timestamp) -> bool {
        self.world.delivered.is_none_or(|ts| deadline > ts)
    }

    /// Whether a run waits for the end of a NO .. FOR.
    fn waits(&self, run: &Run) -> bool {
        self.holds(run).any(|end| self.is_to_come(end))
    }

    /// Whether a run stays where it is against one that started later: it waits, or it can take more. It also does where it has just taken what
    /// happens now: it could take that, and else no run would come to have all that its step may take.
    fn keeps_its_place(&self, run: &Run) -> bool {
        self.waits(run) || self.can_take_more(run) || run.previous == self.now || self.end(run).is_some()
    }

    /// Whether a NO step of the gap sees now what it must not: an event that occurs, or a level that is true at an instant of it.
    fn is_killed(&self, run: &Run) -> bool {
        self.gap(run).into_iter().filter(|step| self.hold(run, step).is_none_or(|end| self.is_to_come(end))).any(|step| {
            let seen = match step.input {
                StepInput::Event(arg) => self.world.occurs(self.arg(arg), self.now),
                StepInput::Level(arg) => self.world.at_instant(self.arg(arg), self.now) && self.is_true(arg, run),
            };
            seen && self.passes(step, run)
        })
    }

    /// Whether a level that a NO step of the gap names is true right after the match before it.
    fn is_barred(&self, run: &Run) -> bool {
        self.gap(run).into_iter().any(|step| match step.input {
            StepInput::Event(_) => false,
            StepInput::Level(arg) => self.is_true(arg, run) && self.passes(step, run),
        })
    }

    fn arg(&self, place: u16) -> NodeId {
        self.world.arg(self.node, usize::from(place))
    }

    fn is_true(&self, place: u16, run: &Run) -> bool {
        self.world.value_with(self.arg(place), self.now, &run.captures) == Val::Bool(true)
    }

    fn passes(&self, step: &SeqStep, run: &Run) -> bool {
        step.filter.is_none_or(|filter| self.is_true(filter, run))
    }

    /// Whether what a step waits for happens now, in the eyes of a run: an event occurs and its filter holds, or a level rises.
    fn matches(&self, index: usize, run: &mut Run) -> bool {
        let Some(step) = self.sequence.steps.get(index) else { return false };
        let happens = match step.input {
            StepInput::Event(arg) => self.world.occurs(self.arg(arg), self.now),
            StepInput::Level(arg) if self.world.at_instant(self.arg(arg), self.now) => {
                let truth = self.world.value_with(self.arg(arg), self.now, &run.captures).truth();
                let before = truth.and_then(|truth| run.truths.insert(index, truth));
                truth == Some(true) && before != Some(true)
            }
            StepInput::Level(_) => false,
        };
        happens && self.passes(step, run)
    }

    /// A run after a match that fills its places up to `prefix`.
    fn with_match(&self, mut run: Run, prefix: usize) -> Run {
        let before = self.step_of(&run);
        run.prefix = prefix;
        run.previous = self.now;
        let step = self.step_of(&run);
        run.count = if before == step { run.count + 1 } else { 1 };
        // What later steps have seen of their levels was before this match.
        run.truths.retain(|index, _| Some(*index) == step);
        for (capture, value) in self.sequence.captures.iter().zip(&mut run.captures) {
            if Some(usize::from(capture.step)) == step {
                match capture.of {
                    CaptureOf::First(arg) if run.count == 1 => *value = self.world.value(self.arg(arg), self.now),
                    CaptureOf::First(_) => {}
                    CaptureOf::Last(arg) => *value = self.world.value(self.arg(arg), self.now),
                    CaptureOf::Count => *value = Val::Num(f64::from(run.count)),
                }
            }
        }
        run
    }
}

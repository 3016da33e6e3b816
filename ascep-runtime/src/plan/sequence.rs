//! `SEQ` and `ALL` in the plan: steps unrolled to places, with what has to be computed before each is looked at.
//!
//! A step of at least n matches is n places, so that a prefix of places is all that tells the runs of a sequence apart.

use ascep_lang::program::{CaptureOf, Period, SequenceId, StepInput, StepKind};

use super::build::Builder;
use super::seq_steps::SeqStep;
use super::{Ids, NONE, PeriodPlan, Plan, TimerOwner};
use crate::error::BuildError;
use crate::memory::flat;
use crate::ops::sequence::Run;
use crate::timers::Timers;
use crate::value::Lists;

/// All sequences of a program, end to end.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    pub(crate) seqs: Vec<SeqPlan>,
    pub(crate) places: Vec<PlacePlan>,
    pub(crate) absents: Vec<AbsentPlan>,
    pub(crate) captures: Vec<CapturePlan>,
    /// What captures hold before they are made, by [`SeqPlan::initial`].
    pub(crate) initial: Vec<u64>,
    /// What is to be computed, in order, before a step is looked at or its captures are made: what reads the clock or captures.
    pub(crate) programs: Lists,
    pub(crate) alls: Vec<AllPlan>,
    /// What filters of entries are to sequences that need no more, by [`Entry::sequences`](super::Entry::sequences).
    pub(crate) steps: Vec<SeqStep>,
    pub(crate) sizes: SequenceSizes,
}

/// How much state all sequences have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SequenceSizes {
    pub(crate) runs: u32,
    pub(crate) captures: u32,
    pub(crate) deadlines: u32,
    /// Times in all `ALL`s.
    pub(crate) times: u32,
}

/// One `SEQ`. A prefix is the number of places that a run has filled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeqPlan {
    /// Its range in [`Sequences::places`].
    pub(crate) places: (u32, u32),
    /// Where its runs begin: the one of prefix p is at `runs + p - 1`.
    pub(crate) runs: u32,
    /// The longest prefix in which a run can wait: all places where a `NO` is last, else one less.
    pub(crate) prefixes: u32,
    /// Where its captures begin: a block for each run, and one for the run that is about to be.
    pub(crate) captures: u32,
    /// The size of a block.
    pub(crate) block: u32,
    /// Where its part of [`Sequences::initial`] begins.
    pub(crate) initial: u32,
    pub(crate) within: PeriodPlan,
    /// For the end of a run that waits at the last place; [`NONE`] where no `NO` is last.
    pub(crate) timer: u32,
}

impl SeqPlan {
    /// The captures of the run of a prefix.
    pub(crate) fn block_of(self, prefix: u32) -> u32 {
        self.captures + (prefix - 1) * self.block
    }

    /// The captures of the run that is about to be, and of the one that has just completed.
    pub(crate) fn scratch(self) -> u32 {
        self.captures + self.prefixes * self.block
    }
}

/// One match of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacePlan {
    pub(crate) test: TestPlan,
    /// Whether it is the first match of its step.
    pub(crate) opens: bool,
    /// A run whose last place is this takes more matches of its step in place while it has fewer than this.
    pub(crate) most: u32,
    /// The captures of its step: its range in [`Sequences::captures`].
    pub(crate) captures: (u32, u32),
    /// What to compute before they are made.
    pub(crate) program: u32,
    /// What must not happen before the next place: its range in [`Sequences::absents`].
    pub(crate) absents: (u32, u32),
}

/// What a step looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TestPlan {
    pub(crate) input: u32,
    pub(crate) is_level: bool,
    /// A level that reads captures, or [`NONE`].
    pub(crate) filter: u32,
    /// What to compute before.
    pub(crate) program: u32,
}

/// A `NO`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AbsentPlan {
    pub(crate) test: TestPlan,
    pub(crate) hold: Option<PeriodPlan>,
    /// Where the end of `hold` is kept: one is enough, since one run at most is in the gap.
    pub(crate) deadline: u32,
}

/// A value that runs keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CapturePlan {
    /// Its place in a block.
    pub(crate) place: u32,
    /// The node that it is read from, or [`NONE`] for the number of matches.
    pub(crate) source: u32,
    /// Whether it is of the first match only.
    pub(crate) first: bool,
}

/// An `ALL`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AllPlan {
    pub(crate) period: PeriodPlan,
    /// Where the times of its parts begin.
    pub(crate) times: u32,
}

impl Sequences {
    /// Bytes of the plan.
    pub(crate) fn plan_bytes(&self) -> usize {
        let Self { seqs, places, absents, captures, initial, programs, alls, steps, sizes: _ } = self;
        flat(seqs) + flat(places) + flat(absents) + flat(captures) + flat(initial) + programs.bytes() + flat(alls) + flat(steps)
    }

    /// Bytes of the state.
    pub(crate) fn state_bytes(&self) -> usize {
        let sizes = self.sizes;
        sizes.runs as usize * size_of::<Run>() + (sizes.captures as usize + sizes.deadlines as usize + sizes.times as usize) * 8
    }

    /// Of one `SEQ`, but for its value.
    pub(crate) fn seq_bytes(&self, index: u32) -> usize {
        let Some(seq) = self.seqs.get(index as usize) else { return 0 };
        let (first, end) = seq.places;
        let places = self.places.get(first as usize..end as usize).unwrap_or_default();
        let absents = places.iter().flat_map(|place| {
            let (first, end) = place.absents;
            self.absents.get(first as usize..end as usize).unwrap_or_default()
        });
        let deadlines = absents.filter(|absent| absent.deadline != NONE).count();
        let prefixes = seq.prefixes as usize;
        let timer = if seq.timer == NONE { 0 } else { Timers::BYTES };
        prefixes * size_of::<Run>() + ((prefixes + 1) * seq.block as usize + deadlines) * 8 + timer
    }

    /// Of one `ALL`, but for its value.
    pub(crate) fn all_bytes(&self, index: u32) -> usize {
        let Some(all) = self.alls.get(index as usize) else { return 0 };
        let end = self.alls.get(index as usize + 1).map_or(self.sizes.times, |next| next.times);
        (end - all.times) as usize * 8
    }
}

fn index(len: usize) -> Result<u32, BuildError> {
    u32::try_from(len).map_err(|_| BuildError::TooLarge)
}

/// Adds to a size and gives what it was.
fn take(size: &mut u32, count: u32) -> Result<u32, BuildError> {
    let start = *size;
    *size = start.checked_add(count).ok_or(BuildError::TooLarge)?;
    Ok(start)
}

/// Collects what is computed before a step is looked at.
#[derive(Debug, Default)]
pub(super) struct SequencePrograms {
    lists: Vec<Vec<u32>>,
    seen: Vec<u32>,
}

impl SequencePrograms {
    pub(super) fn finish(&mut self) -> Lists {
        Lists::new(std::mem::take(&mut self.lists))
    }
}

impl Builder<'_> {
    /// Plans a `SEQ`; `index` and `number` are of its node.
    pub(super) fn sequence(&mut self, id: SequenceId, index_of_node: usize, number: u32) -> Result<u32, BuildError> {
        let program = self.program;
        let (Some(sequence), Some(node)) = (program.tables.sequences.get(id.0 as usize), program.nodes.get(index_of_node)) else {
            return Err(BuildError::TooLarge);
        };
        let arg = |place: u16| node.args.get(usize::from(place)).map_or(NONE, |arg| arg.0);
        let first_place = index(self.plan.sequences.places.len())?;
        let initial = index(self.plan.sequences.initial.len())?;
        for capture in &sequence.captures {
            let unknown = match capture.of {
                CaptureOf::First(place) | CaptureOf::Last(place) => {
                    program.nodes.get(arg(place) as usize).map_or(0, |node| crate::value::Repr::of(node.ty).unknown())
                }
                CaptureOf::Count => crate::value::Repr::Num.unknown(),
            };
            self.plan.sequences.initial.push(unknown);
        }
        let mut ends_absent = false;
        for (step_index, step) in sequence.steps.iter().enumerate() {
            let (input, is_level) = match step.input {
                StepInput::Event(place) => (arg(place), false),
                StepInput::Level(place) => (arg(place), true),
            };
            let filter = step.filter.map(arg);
            let roots = [Some(input), filter];
            let program = self.sequence_program(roots.into_iter().flatten())?;
            let test = TestPlan { input: self.number(input), is_level, filter: filter.map_or(NONE, |id| self.number(id)), program };
            match step.kind {
                StepKind::Absent { hold } => {
                    ends_absent = true;
                    let deadline = if hold.is_some() { take(&mut self.plan.sequences.sizes.deadlines, 1)? } else { NONE };
                    let hold = hold.map(|d| self.period(d));
                    self.plan.sequences.absents.push(AbsentPlan { test, hold, deadline });
                    let end = index(self.plan.sequences.absents.len())?;
                    if let Some(place) = self.plan.sequences.places.last_mut() {
                        place.absents.1 = end;
                    }
                }
                StepKind::Match { min, max } => {
                    ends_absent = false;
                    let first_capture = index(self.plan.sequences.captures.len())?;
                    let mut sources = Vec::new();
                    for (place, capture) in (0..).zip(&sequence.captures).filter(|(_, capture)| usize::from(capture.step) == step_index) {
                        let (source, first) = match capture.of {
                            CaptureOf::First(source) => (arg(source), true),
                            CaptureOf::Last(source) => (arg(source), false),
                            CaptureOf::Count => (NONE, false),
                        };
                        sources.extend((source != NONE).then_some(source));
                        let source = if source == NONE { NONE } else { self.number(source) };
                        self.plan.sequences.captures.push(CapturePlan { place, source, first });
                    }
                    let captures = (first_capture, index(self.plan.sequences.captures.len())?);
                    let program = self.sequence_program(sources.into_iter())?;
                    let absents = index(self.plan.sequences.absents.len())?;
                    for n in 1..=min {
                        let most = if n == min { max.unwrap_or(u32::MAX) } else { 0 };
                        let place = PlacePlan { test, opens: n == 1, most, captures, program, absents: (absents, absents) };
                        self.plan.sequences.places.push(place);
                    }
                }
            }
        }
        let places = (first_place, index(self.plan.sequences.places.len())?);
        let all = places.1 - places.0;
        let prefixes = if ends_absent { all } else { all.saturating_sub(1) };
        let block = index(sequence.captures.len())?;
        let within = self.period(sequence.within);
        let timer = if ends_absent { self.timer(TimerOwner::Node(number)) } else { NONE };
        let sizes = &mut self.plan.sequences.sizes;
        let runs = take(&mut sizes.runs, prefixes)?;
        let words = block.checked_mul(prefixes + 1).ok_or(BuildError::TooLarge)?;
        let captures = take(&mut sizes.captures, words)?;
        self.plan.sequences.seqs.push(SeqPlan { places, runs, prefixes, captures, block, initial, within, timer });
        index(self.plan.sequences.seqs.len() - 1)
    }

    /// Plans an `ALL` of so many parts.
    pub(super) fn all(&mut self, period: Period, parts: usize) -> Result<u32, BuildError> {
        let period = self.period(period);
        let times = take(&mut self.plan.sequences.sizes.times, index(parts)?)?;
        self.plan.sequences.alls.push(AllPlan { period, times });
        index(self.plan.sequences.alls.len() - 1)
    }

    fn sequence_program(&mut self, roots: impl Iterator<Item = u32>) -> Result<u32, BuildError> {
        let mut programs = std::mem::take(&mut self.sequence_programs);
        programs.seen.resize(self.program.nodes.len(), NONE);
        let mark = index(programs.lists.len())?;
        programs.lists.push(self.to_compute(roots, &mut programs.seen, mark));
        self.sequence_programs = programs;
        Ok(mark)
    }

    /// Where the captures of the run stand that completes a sequence, for a rule that it triggers; [`NONE`] for other triggers.
    pub(super) fn captures_of_trigger(&self, trigger: u32) -> u32 {
        match self.plan.nodes.get(trigger as usize).map(|node| node.op) {
            Some(super::NodeOp::Seq { index }) => self.plan.sequences.seqs.get(index as usize).map_or(NONE, |sequence| sequence.scratch()),
            _ => NONE,
        }
    }
}

/// The captures that are texts, in each place where a run may hold them.
pub(super) fn text_captures(plan: &Plan) -> Vec<u32> {
    let mut found = Vec::new();
    for seq in &plan.sequences.seqs {
        let places = plan.sequences.places.get(seq.places.0 as usize..seq.places.1 as usize).unwrap_or_default();
        let captures = places.iter().flat_map(|place| {
            let (first, end) = place.captures;
            plan.sequences.captures.get(first as usize..end as usize).unwrap_or_default()
        });
        let is_text = |source: u32| plan.keys.nodes.get(source as usize).is_some_and(|key| key.ids == Ids::Texts);
        for capture in captures.filter(|capture| is_text(capture.source)) {
            found.extend((0..=seq.prefixes).map(|block| seq.captures + block * seq.block + capture.place));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.shrink_to_fit();
    found
}

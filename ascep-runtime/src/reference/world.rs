//! What has happened so far: every step, every value of every expression, every setting of a parameter. Nothing is ever
//! forgotten or summed up; the operators read it and say what their value is.

use std::collections::{BTreeMap, BTreeSet};

use ascep_lang::TypedRules;
use ascep_lang::program::{Constant, InputId, NodeId, Op, ParamId, Period, Rule, ScanId, SymbolId, Type};

use super::host::HostFunctions;
use super::market::MarketEvent;
use super::opportunity::Scanning;
use super::sequence::Runs;
use super::value::Val;
use crate::arbitrage::Opportunity;
use crate::event::Timestamp;

/// The number of a step; step 0 is the start.
pub(super) type StepNo = usize;

/// One step of the run: everything in it happens at once.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The clock in this step.
    pub(super) ts: Timestamp,
    /// What happened.
    pub(super) cause: Cause,
}

/// What a step is made of.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    /// The first value of the clock: values are formed, nothing happens.
    Start,
    /// A market event.
    Event(MarketEvent),
    /// A parameter was set.
    Param(ParamId),
    /// A host input was set.
    Input(InputId),
    /// All timers of one deadline.
    Timers,
    /// A scan tells of an opportunity.
    Told(ScanId, Opportunity),
}

/// The value that an expression took in a step. There is one for the start and one for each instant.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// In which step.
    pub(super) step: StepNo,
    /// False for the start only.
    pub(super) instant: bool,
    /// Whether a timer of this very expression was due.
    pub(super) due: bool,
    /// The value; of an event, whether it occurs.
    pub(super) value: Val,
}

/// The whole history of a run.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The rules that are run.
    pub(super) rules: TypedRules,
    /// The full name of the instrument of each symbol of the tables.
    pub(super) instruments: Vec<String>,
    /// The most samples of a time window.
    pub(super) window_capacity: usize,
    /// Steps in order; empty until the clock has a first value.
    pub(super) steps: Vec<Step>,
    /// All up to and including this has been delivered, and the timers up to there have fired.
    pub(super) delivered: Option<Timestamp>,
    /// For each node its values, oldest first.
    pub(super) entries: Vec<Vec<Entry>>,
    /// For each parameter its settings with the step of each; those made before the start carry step 0.
    pub(super) params: Vec<Vec<(StepNo, Constant)>>,
    /// The same for host inputs, which have no first value.
    pub(super) inputs: Vec<Vec<(StepNo, Option<Constant>)>>,
    /// For each node, whether it is a clock reading or a calculation on one, which has a new value whenever it is read.
    pub(super) live: Vec<bool>,
    /// For each node, whether it reads what a run of a sequence has captured, so that each run has a value of it.
    pub(super) reads_captures: Vec<bool>,
    /// For each `SEQ` its runs.
    pub(super) sequences: BTreeMap<NodeId, Runs>,
    /// The scans, each with all that it was given and has told.
    pub(super) scans: Vec<Scanning>,
    /// The functions of the host.
    pub(super) functions: HostFunctions,
}

impl World {
    /// Records what a node is in a step.
    pub(super) fn record(&mut self, index: usize, entry: Entry) {
        if let Some(entries) = self.entries.get_mut(index) {
            entries.push(entry);
        }
    }

    /// The operator of a node. A node that does not exist was refused when the reference was built.
    pub(super) fn op(&self, node: NodeId) -> Option<&Op> {
        self.rules.nodes.get(node.0 as usize).map(|n| &n.op)
    }

    /// The arguments of a node.
    pub(super) fn args(&self, node: NodeId) -> &[NodeId] {
        self.rules.nodes.get(node.0 as usize).map_or(&[], |n| n.args.as_slice())
    }

    /// One argument of a node.
    pub(super) fn arg(&self, node: NodeId, index: usize) -> NodeId {
        self.args(node).get(index).copied().unwrap_or(NodeId(u32::MAX))
    }

    /// Whether a node is an event rather than a value.
    pub(super) fn is_event(&self, node: NodeId) -> bool {
        self.rules.nodes.get(node.0 as usize).is_some_and(|n| n.ty == Type::Event)
    }

    /// The nodes that some rule reads: a `LET` that nobody uses is in the tables and matters to no one.
    pub(super) fn used_nodes(&self) -> BTreeSet<NodeId> {
        let fields = |rule: &Rule| rule.actions.iter().flat_map(|a| a.fields.iter().map(|(_, node)| *node)).collect::<Vec<_>>();
        let mut open: Vec<NodeId> =
            self.rules.rules.iter().flat_map(|r| [Some(r.trigger), r.until].into_iter().flatten().chain(fields(r))).collect();
        let mut used = BTreeSet::new();
        while let Some(node) = open.pop() {
            if used.insert(node) {
                open.extend(self.args(node));
            }
        }
        used
    }

    /// The values of a node up to and including a step.
    pub(super) fn history(&self, node: NodeId, step: StepNo) -> &[Entry] {
        let all = self.entries.get(node.0 as usize).map_or(&[][..], Vec::as_slice);
        all.get(..all.partition_point(|e| e.step <= step)).unwrap_or(&[])
    }

    /// The latest step.
    pub(super) fn last_step(&self) -> StepNo {
        self.steps.len().saturating_sub(1)
    }

    /// The clock in a step.
    pub(super) fn ts(&self, step: StepNo) -> Timestamp {
        self.steps.get(step).map_or(0, |s| s.ts)
    }

    /// Whether a step is a batch of timers.
    pub(super) fn is_timers(&self, step: StepNo) -> bool {
        self.steps.get(step).is_some_and(|s| matches!(s.cause, Cause::Timers))
    }

    /// The market event of a step.
    pub(super) fn event(&self, step: StepNo) -> Option<&MarketEvent> {
        match &self.steps.get(step)?.cause {
            Cause::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The market events of one instrument up to and including a step, latest first.
    pub(super) fn events_of(&self, symbol: SymbolId, step: StepNo) -> impl Iterator<Item = (StepNo, &MarketEvent)> {
        let name = self.instruments.get(symbol.0 as usize);
        (0..=step).rev().filter_map(|k| Some((k, self.event(k)?))).filter(move |(_, e)| Some(&e.instrument) == name)
    }

    /// The market event of a step, if it is one of this symbol.
    pub(super) fn event_of(&self, symbol: SymbolId, step: StepNo) -> Option<&MarketEvent> {
        self.event(step).filter(|e| Some(&e.instrument) == self.instruments.get(symbol.0 as usize))
    }

    /// Whether the timers of a deadline have had their turn by a step. Events at the very deadline come before it.
    pub(super) fn fired(&self, deadline: Timestamp, step: StepNo) -> bool {
        self.ts(step) > deadline
            || (0..=step).rev().take_while(|k| self.ts(*k) >= deadline).any(|k| self.is_timers(k) && self.ts(k) == deadline)
    }

    /// A deadline that is still to come.
    pub(super) fn pending(&self, deadline: Timestamp) -> Option<Timestamp> {
        (!self.fired(deadline, self.last_step())).then_some(deadline)
    }

    /// The setting of a parameter in a step.
    pub(super) fn param(&self, param: ParamId, step: StepNo) -> Val {
        setting(self.params.get(param.0 as usize), step).map_or(Val::Unknown, Val::of)
    }

    /// The value of a host input in a step.
    pub(super) fn input(&self, input: InputId, step: StepNo) -> Val {
        setting(self.inputs.get(input.0 as usize), step).flatten().map_or(Val::Unknown, Val::of)
    }

    /// A period as it reads in a step, in nanoseconds.
    pub(super) fn period(&self, period: Period, step: StepNo) -> i64 {
        match period {
            Period::Fixed(d) => d,
            Period::Param(p) => match self.param(p, step) {
                Val::Duration(d) => d,
                _ => i64::MAX,
            },
        }
    }

    /// The deadline of a timer of length `period` that was armed in a step.
    pub(super) fn deadline(&self, armed: StepNo, period: Period) -> Timestamp {
        self.ts(armed).saturating_add(self.period(period, armed))
    }

    /// The value of a node in a step: the one of its last instant, except that what hangs on the clock is read as of that step.
    pub(super) fn value(&self, node: NodeId, step: StepNo) -> Val {
        if self.live.get(node.0 as usize).copied().unwrap_or(false) {
            return self.live_value(node, step);
        }
        self.history(node, step).last().map_or(Val::Unknown, |e| e.value.clone())
    }

    /// A level in a step; `None` is unknown.
    pub(super) fn level(&self, node: NodeId, step: StepNo) -> Option<bool> {
        self.value(node, step).truth()
    }

    /// The entry that a node made in this very step, if it was at an instant.
    fn entry_at(&self, node: NodeId, step: StepNo) -> Option<&Entry> {
        self.history(node, step).last().filter(|e| e.step == step && e.instant)
    }

    /// Whether a node was at an instant in a step.
    pub(super) fn at_instant(&self, node: NodeId, step: StepNo) -> bool {
        self.entry_at(node, step).is_some()
    }

    /// Whether an event occurs in a step.
    pub(super) fn occurs(&self, node: NodeId, step: StepNo) -> bool {
        self.entry_at(node, step).is_some_and(|e| e.value == Val::Bool(true))
    }

    /// Whether a step is an update of a node: an instant after which it is known; of an event, an occurrence.
    pub(super) fn is_update(&self, node: NodeId, step: StepNo) -> bool {
        self.entry_at(node, step).is_some_and(|e| self.counts_as_update(node, e))
    }

    /// The updates of a node up to and including a step, latest first.
    pub(super) fn updates(&self, node: NodeId, step: StepNo) -> impl Iterator<Item = &Entry> {
        self.history(node, step).iter().rev().filter(move |e| e.instant && self.counts_as_update(node, e))
    }

    fn counts_as_update(&self, node: NodeId, entry: &Entry) -> bool {
        if self.is_event(node) { entry.value == Val::Bool(true) } else { entry.value.is_known() }
    }
}

/// The last setting made by a step.
fn setting<T: Copy>(settings: Option<&Vec<(StepNo, T)>>, step: StepNo) -> Option<T> {
    settings?.iter().rev().find(|(at, _)| *at <= step).map(|(_, value)| *value)
}

//! Taking over: everything of a snapshot that the program at hand still has, the rest as at a start at the clock of the snapshot.
//!
//! What an operator remembers is of use only where all that it reads is taken over, too. So nodes are gone through in order, arguments first.

use std::collections::VecDeque;

use ascep_lang::Program;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cells::{self, cells};
use super::report::{Fate, OperatorFate, ParamFate, Report, RuleFate};
use super::texts::Texts;
use super::words::Reader;
use super::{Saved, SavedNode, SavedRule, ids_of, keeps_slot, kind_number, rule_name};
use crate::counters::Counters;
use crate::error::SnapshotError;
use crate::market::{CLASSES, FORGET, Loaded};
use crate::ops;
use crate::plan::{Clock, NONE, NodeOp, PeriodPlan, Plan, RuleMode, kind_of_constant};
use crate::rules::RuleState;
use crate::signal::Signal;
use crate::state::State;
use crate::value::{Repr, at, put};
use crate::window::Taken;

/// A count that the engine can go on counting from.
const MOST: u64 = 1 << 62;

/// Takes over what `saved` holds into the state of a plan that nothing has happened to.
pub(crate) fn take(program: &Program, plan: &mut Plan, state: &mut State, mut saved: Saved) -> Result<Report, SnapshotError> {
    let mut taking = Taking { texts: Texts::of(std::mem::take(&mut saved.texts)), report: Report::default(), kept_params: Vec::new() };
    taking.head(state, &saved)?;
    taking.params(plan, state, &saved)?;
    taking.inputs(plan, state, &saved)?;
    for scan in (0..).take(state.scans.len()) {
        // By the parameters as they read now; nothing is quoted yet, so nothing is told.
        ops::scan::set(plan, state, scan, &mut |_: &Signal<'_>| ());
    }
    let loaded = market(plan, state, &saved)?;
    let kept = if state.started {
        taking.nodes(program, plan, state, &saved, &loaded)?
    } else {
        taking.cold(program, plan, &saved.nodes, state.slots.len())
    };
    taking.rules(plan, state, &saved.rules, &kept)?;
    plan.columns.set_heads(&state.truths, &mut state.heads);
    if plan.provenance.is_some() {
        watch(plan, state, &saved, &kept);
    }
    Ok(taking.report)
}

struct Taking {
    texts: Texts,
    report: Report,
    /// By parameter of the plan: whether it reads as before.
    kept_params: Vec<bool>,
}

fn or_damaged<T>(value: Option<T>) -> Result<T, SnapshotError> {
    value.ok_or(SnapshotError::Damaged)
}

impl Taking {
    fn head(&self, state: &mut State, saved: &Saved) -> Result<(), SnapshotError> {
        let in_range = saved.step < MOST && saved.counters.iter().all(|count| *count < MOST);
        let is_time = |ts: i64| ts > i64::MIN && ts < i64::MAX;
        let times = if saved.started {
            is_time(saved.clock) && saved.timers_done <= saved.clock
        } else {
            (saved.clock, saved.step, saved.timers_done) == (0, 0, i64::MIN)
        };
        or_damaged((in_range && times).then_some(()))?;
        state.started = saved.started;
        state.clock = saved.clock;
        state.step = saved.step;
        state.timers_done = saved.timers_done;
        state.counters = Counters::from_words(saved.counters);
        Ok(())
    }

    /// A parameter keeps what it was set to, if it may still be that. One that stood where the rules had put it is where they put it now.
    fn params(&mut self, plan: &Plan, state: &mut State, saved: &Saved) -> Result<(), SnapshotError> {
        let by_name: FxHashMap<&str, _> = saved.params.iter().map(|param| (param.name.as_str(), param)).collect();
        for (id, param) in (0..).zip(&plan.params) {
            let kind = kind_of_constant(&param.value);
            let found = by_name.get(param.name.as_str()).filter(|found| found.kind == kind_number(kind));
            let value = found.filter(|found| found.value != found.declared || found.declared == param.bits).map(|found| found.value);
            let value = value.filter(|bits| param.takes(*bits, plan));
            if let Some(bits) = value {
                put(&mut state.params, id, bits);
                for node in plan.param_nodes.of(id) {
                    put(&mut state.slots, *node, bits);
                }
            }
            let fate = match (value, by_name.contains_key(param.name.as_str())) {
                (Some(_), _) => Fate::Kept,
                (None, true) => Fate::Reset,
                (None, false) => Fate::New,
            };
            self.kept_params.push(fate == Fate::Kept);
            self.report.params.push(ParamFate { name: param.name.clone(), fate });
        }
        let names: FxHashSet<&str> = plan.params.iter().map(|param| param.name.as_str()).collect();
        let gone = saved.params.iter().filter(|param| !names.contains(param.name.as_str()));
        self.report.params.extend(gone.map(|param| ParamFate { name: param.name.clone(), fate: Fate::Dropped }));
        Ok(())
    }

    fn inputs(&mut self, plan: &mut Plan, state: &mut State, saved: &Saved) -> Result<(), SnapshotError> {
        let by_name: FxHashMap<&str, _> = saved.inputs.iter().map(|input| (input.name.as_str(), input)).collect();
        let inputs: Vec<_> =
            (0..).zip(&plan.inputs).map(|(id, input)| (id, input.kind, by_name.get(input.name.as_str()).copied())).collect();
        for (id, kind, found) in inputs {
            let Some(found) = found.filter(|found| found.kind == kind_number(kind)) else { continue };
            for node in plan.input_nodes.of(id).to_vec() {
                let repr = plan.reprs.get(node as usize).copied().unwrap_or(Repr::Num);
                let bits = or_damaged(Reader(&[found.value]).slot(repr))?;
                let bits = or_damaged(self.texts.read(plan, ids_of(kind), bits))?;
                put(&mut state.slots, node, bits);
            }
        }
        Ok(())
    }

    /// Each node as it was or as at a start. Gives for each whether it goes on as it was.
    fn nodes(
        &mut self,
        program: &Program,
        plan: &mut Plan,
        state: &mut State,
        saved: &Saved,
        loaded: &[Loaded],
    ) -> Result<Vec<bool>, SnapshotError> {
        let by_key: FxHashMap<u128, &SavedNode> = saved.nodes.iter().map(|node| (node.key, node)).collect();
        let by_window: FxHashMap<u128, &SavedNode> = saved.windows.iter().map(|window| (window.key, window)).collect();
        let mut windows: Vec<Option<bool>> = vec![None; plan.windows.len()];
        let mut used = FxHashSet::default();
        let count = u32::try_from(plan.nodes.len()).unwrap_or(u32::MAX);
        let mut kept = vec![false; state.slots.len()];
        slots_only(plan, state, loaded, &mut kept);
        for id in 0..count {
            let node = at(&plan.nodes, id);
            let key = plan.keys.nodes.get(id as usize).map_or(0, |key| key.key);
            let parts = cells(plan, id);
            let has_state = parts.iter().any(Option::is_some) || keeps_slot(plan, id);
            let found = by_key.get(&key).copied();
            used.extend(found.map(|_| key));
            let sound = plan.args(node).iter().all(|arg| kept.get(*arg as usize).copied().unwrap_or(false)) && self.own(plan, id, loaded);
            let mut goes_on = sound && (!has_state || found.is_some());
            if goes_on && let NodeOp::Look { look } = node.op {
                goes_on = window(plan, state, look, &by_window, &mut windows)?;
            }
            if goes_on
                && has_state
                && let Some(found) = found
            {
                let mut words = Reader(&found.words);
                if keeps_slot(plan, id) {
                    or_damaged(self.slot(plan, state, id, &mut words))?;
                }
                for cell in parts.into_iter().flatten() {
                    or_damaged(cells::read(plan, state, &mut self.texts, cell, &mut words))?;
                }
                or_damaged(words.is_done().then_some(()))?;
            } else {
                ops::start(plan, state, id);
            }
            put(&mut kept, id, goes_on);
            if has_state {
                self.operator(program, plan, id, goes_on, found.is_some());
            }
        }
        self.report.dropped_operators = by_key.len() - used.len();
        Ok(kept)
    }

    /// Before the first event nothing has a state: what is the same is kept, and nothing is to be done for it.
    fn cold(&mut self, program: &Program, plan: &Plan, saved: &[SavedNode], slots: usize) -> Vec<bool> {
        let keys: FxHashSet<u128> = saved.iter().map(|node| node.key).collect();
        let mut used = FxHashSet::default();
        for (id, key) in (0..).zip(&plan.keys.nodes) {
            if cells(plan, id).iter().any(Option::is_some) || keeps_slot(plan, id) {
                let found = keys.contains(&key.key);
                used.extend(found.then_some(key.key));
                self.operator(program, plan, id, found, found);
            }
        }
        self.report.dropped_operators = keys.len() - used.len();
        vec![true; slots]
    }

    fn slot(&mut self, plan: &mut Plan, state: &mut State, id: u32, words: &mut Reader<'_>) -> Option<()> {
        let repr = plan.reprs.get(id as usize).copied()?;
        let ids = plan.keys.nodes.get(id as usize)?.ids;
        let bits = self.texts.read(plan, ids, words.slot(repr)?)?;
        put(&mut state.slots, id, bits);
        Some(())
    }

    fn operator(&mut self, program: &Program, plan: &Plan, id: u32, kept: bool, found: bool) {
        let fate = match (kept, found) {
            (true, _) => Fate::Kept,
            (false, true) => Fate::Reset,
            (false, false) => Fate::New,
        };
        let node = plan.keys.nodes.get(id as usize).map_or(0, |key| key.node);
        self.report.operators.push(OperatorFate { operator: program.expression(ascep_lang::program::NodeId(node)), fate });
    }

    /// Whether what a node reads beside its arguments goes on as it was: its parameters and its instruments.
    fn own(&self, plan: &Plan, id: u32, loaded: &[Loaded]) -> bool {
        let params = plan.keys.params.of(id).iter().all(|id| self.kept_params.get(*id as usize).copied().unwrap_or(false));
        let of = |instrument: u32| loaded.get(instrument as usize).copied().unwrap_or_default();
        params
            && match at(&plan.nodes, id).op {
                NodeOp::Imbalance { instrument, depth: 2.. } | NodeOp::DepthPrice { instrument, .. } => of(instrument).book,
                NodeOp::Market { instrument, .. }
                | NodeOp::TradeSide { instrument }
                | NodeOp::Latency { instrument }
                | NodeOp::VenueTs { instrument }
                | NodeOp::Imbalance { instrument, .. }
                | NodeOp::Clock(Clock::Age { instrument }) => of(instrument).market,
                NodeOp::Scan { scan } => plan.scans.scans.get(scan as usize).is_some_and(|scan| {
                    scan.instruments.iter().filter(|instrument| **instrument != NONE).all(|instrument| of(*instrument).market)
                }),
                NodeOp::Cycle { cycle, .. } | NodeOp::Clock(Clock::Legs { cycle }) => {
                    plan.cycles.get(cycle as usize).is_some_and(|cycle| cycle.instruments().all(|instrument| of(instrument).market))
                }
                _ => true,
            }
    }

    fn rules(&mut self, plan: &mut Plan, state: &mut State, saved: &[SavedRule], kept: &[bool]) -> Result<(), SnapshotError> {
        let by_name: FxHashMap<_, usize> =
            saved.iter().enumerate().map(|(i, rule)| ((rule.name.as_str(), rule.instance.as_slice()), i)).collect();
        // A rule without a name is called by its place, which says nothing of it: it goes on as the first of its like that no other goes on as.
        let mut unnamed: FxHashMap<u64, VecDeque<usize>> = FxHashMap::default();
        for (i, rule) in saved.iter().enumerate().filter(|(_, rule)| is_unnamed(&rule.name)) {
            unnamed.entry(rule.key).or_default().push_back(i);
        }
        let mut used: FxHashSet<usize> = FxHashSet::default();
        let sound = sound_rules(plan, kept);
        for id in (0..).take(plan.rules.len()) {
            let (name, instance) = rule_name(plan, id);
            let key = at(&plan.keys.rules, id);
            let found = if is_unnamed(&name) {
                unnamed.get_mut(&key).and_then(VecDeque::pop_front)
            } else {
                by_name.get(&(name.as_str(), instance.as_slice())).copied()
            };
            used.extend(found);
            let sound = at(&sound, id) && self.periods(plan, id);
            let same = found.and_then(|found| saved.get(found)).filter(|found| sound && found.key == key);
            if let Some(same) = same {
                or_damaged(read_rule(plan, state, id, &same.words))?;
                if plan.provenance.is_some() && !same.watched.is_empty() {
                    or_damaged(state.watch.read_rule(id, &mut Reader(&same.watched)))?;
                }
            }
            let fate = match (same, found) {
                (Some(_), _) => Fate::Kept,
                (None, Some(_)) => Fate::Reset,
                (None, None) => Fate::New,
            };
            self.report.rules.push(RuleFate { rule: name, instance, fate });
        }
        for (_, rule) in saved.iter().enumerate().filter(|(i, _)| !used.contains(i)) {
            self.report.rules.push(RuleFate { rule: rule.name.clone(), instance: rule.instance.clone(), fate: Fate::Dropped });
        }
        Ok(())
    }

    /// Whether the parameters that are lengths of time of a rule read as before.
    fn periods(&self, plan: &Plan, id: u32) -> bool {
        let Some(rule) = plan.rules.get(id) else { return false };
        let turns = if let RuleMode::Every(period) = rule.class.mode { Some(period) } else { None };
        let limit = plan.limits.get(rule.limit() as usize).map(|limit| limit.period);
        [turns, rule.class.cooldown, limit].into_iter().flatten().all(|period| match period {
            PeriodPlan::Fixed(_) => true,
            PeriodPlan::Param(id) => self.kept_params.get(id as usize).copied().unwrap_or(false),
        })
    }
}

/// Whether a name is one that the compiler gave: the user's are no `rule_N`.
fn is_unnamed(name: &str) -> bool {
    name.strip_prefix("rule_").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// By rule: whether all goes on as it was that its trigger and its `UNTIL` are made of.
fn sound_rules(plan: &Plan, kept: &[bool]) -> Vec<bool> {
    let goes_on = |node: u32| node == NONE || kept.get(node as usize).copied().unwrap_or(false);
    let mut sound: Vec<bool> = plan.rules.iter().map(|(_, rule)| goes_on(rule.trigger()) && goes_on(rule.until())).collect();
    plan.columns.operands(|rule, operand| {
        if !goes_on(operand) {
            put(&mut sound, rule, false);
        }
    });
    sound
}

fn read_rule(plan: &Plan, state: &mut State, id: u32, words: &[u64]) -> Option<()> {
    let rule = plan.rules.get(id)?;
    let mut words = Reader(words);
    put(&mut state.truths, id, words.level()?);
    put(&mut state.rules, rule.memory(), RuleState::read(&mut words)?);
    if let RuleMode::Every(_) = rule.class.mode {
        let due = words.int().filter(|due| *due >= state.clock)?;
        state.timers.arm(rule.timer(), due);
    }
    let limit = rule.limit() as usize;
    if let (Some(of), Some(ring)) = (plan.limits.get(limit), state.limit_rings.get_mut(limit)) {
        *ring = cells::read_ring(of.emitted, &mut state.emitted, &mut words, |words| words.int())?;
    }
    words.is_done().then_some(())
}

/// The numbers of the market that only rows and fields read, as of what is known of the instruments now.
fn slots_only(plan: &Plan, state: &mut State, loaded: &[Loaded], kept: &mut [bool]) {
    for (instrument, loaded) in (0..).zip(loaded) {
        // What an instrument forgets is all that is read of it.
        let readings = plan.entries.readings(plan.entries.of(instrument * CLASSES + FORGET));
        state.market.read(instrument, readings, &mut state.slots);
        readings.iter().for_each(|reading| put(kept, reading.slot, loaded.market));
    }
}

/// When nodes were at instants and instruments forgotten, for explanations.
fn watch(plan: &Plan, state: &mut State, saved: &Saved, kept: &[bool]) {
    let by_key: FxHashMap<u128, (i64, i64)> = saved.watched.iter().map(|(key, instant, occurred)| (*key, (*instant, *occurred))).collect();
    for ((id, key), _) in (0..).zip(&plan.keys.nodes).zip(kept).filter(|(_, kept)| **kept) {
        if let Some((instant, occurred)) = by_key.get(&key.key) {
            put(&mut state.watch.instants, id, (*instant).min(state.clock));
            put(&mut state.watch.occurred, id, (*occurred).min(state.clock));
        }
    }
    let forgotten: FxHashMap<&str, i64> = saved.forgotten.iter().map(|(name, ts)| (name.as_str(), *ts)).collect();
    for (name, place) in plan.instruments.iter().zip(&mut state.watch.forgotten) {
        if let Some(ts) = forgotten.get(name) {
            *place = (*ts).min(state.clock);
        }
    }
}

/// Whether the window of an aggregate goes on; the first aggregate that looks at it takes it over.
fn window(
    plan: &Plan,
    state: &mut State,
    look: u32,
    saved: &FxHashMap<u128, &SavedNode>,
    windows: &mut [Option<bool>],
) -> Result<bool, SnapshotError> {
    let Some(id) = plan.looks.get(look as usize).map(|look| look.window) else { return Ok(false) };
    if let Some(taken) = windows.get(id as usize).copied().flatten() {
        return Ok(taken);
    }
    let taken = match saved.get(&at(&plan.keys.windows, id)) {
        Some(found) => or_damaged(state.windows.read(plan, id, state.clock, &mut Reader(&found.words)))? == Taken::Whole,
        None => false,
    };
    put(windows, id, Some(taken));
    Ok(taken)
}

/// What is known of each instrument; gives for each of the plan what was there.
fn market(plan: &Plan, state: &mut State, saved: &Saved) -> Result<Vec<Loaded>, SnapshotError> {
    let by_name: FxHashMap<&str, _> = saved.instruments.iter().map(|instrument| (instrument.name.as_str(), instrument)).collect();
    let mut loaded = Vec::with_capacity(plan.instruments.len());
    for (id, name) in (0..).zip(plan.instruments.iter()) {
        loaded.push(match by_name.get(name) {
            Some(found) => {
                let mut words = Reader(&found.words);
                let what = or_damaged(state.market.read_state(id, &mut words))?;
                or_damaged(words.is_done().then_some(what))?
            }
            None => Loaded::default(),
        });
    }
    Ok(loaded)
}

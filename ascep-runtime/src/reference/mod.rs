//! The reference evaluator: what the language page says, word for word and without haste, for tests of the engine.
//!
//! It walks the typed rules, keeps the whole history of every expression and works out each value from that history. It shares no
//! operator with the engine, no node between rules and no state between steps.

use std::collections::BTreeMap;

use ascep_lang::TypedRules;
use ascep_lang::program::{Constant, InputId, NodeId, Op, ParamId, Rule, SymbolId, TextId};

mod bars;
mod clock;
mod cycle;
mod evaluate;
mod firing;
mod host;
mod market;
mod operators;
mod opportunity;
pub mod scan;
mod sequence;
mod series;
mod statistics;
#[cfg(test)]
mod tests;
mod value;
mod windows;
mod world;

use crate::arbitrage::UniverseError;
use crate::event::{Event, Timestamp};
use crate::signal::{OwnedSignal, OwnedValue, SignalHead};
use firing::Evaluations;
pub use host::HostFunctions;
use market::{MarketEvent, What};
use value::Val;
use world::{Cause, Entry, Step, World};

/// How a [`Reference`] is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceOptions {
    /// The venue of symbols that name none.
    pub default_venue: Option<String>,
    /// The most samples that a time window holds, at least 1.
    pub max_window_samples: usize,
}

impl Default for ReferenceOptions {
    fn default() -> Self {
        Self { default_venue: None, max_window_samples: 65_536 }
    }
}

/// What was not used, or not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReferenceCounters {
    /// Events taken.
    pub events: u64,
    /// Events older than the clock.
    pub late: u64,
    /// Events with numbers that cannot be, which changed nothing.
    pub refused: u64,
    /// Signals given.
    pub signals: u64,
    /// Firings kept back by `COOLDOWN` or `LIMIT`.
    pub held_back: u64,
    /// Firings lost because the rule waited for its `UNTIL`.
    pub lost_disarmed: u64,
    /// Samples that full windows dropped.
    pub dropped: u64,
}

/// Why rules or a setting cannot be taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReferenceError {
    /// A node names one that does not stand before it, or an operator that typed rules do not have.
    #[error("node {0} is not one of typed rules")]
    BadNode(u32),
    /// The program has no parameter or input of that name.
    #[error("there is no parameter or input `{0}`")]
    UnknownName(String),
    /// The rules call a function of the host that was not given.
    #[error("there is no function `{0}`")]
    NoFunction(String),
    /// A market of a scan can't be one.
    #[error(transparent)]
    Universe(#[from] UniverseError),
    /// The value is of another type, or outside the range.
    #[error("the value does not suit `{0}`")]
    BadValue(String),
}

/// Evaluates typed rules slowly.
#[derive(Debug, Clone)]
pub struct Reference {
    world: World,
    evaluations: Vec<Evaluations>,
    default_venue: Option<String>,
    /// The clock, which may be ahead of the last step.
    clock: Option<Timestamp>,
    counters: ReferenceCounters,
}

impl Reference {
    /// Takes over rules that call no function of the host.
    ///
    /// # Errors
    /// Where a node is not one of typed rules, or the rules call a function.
    pub fn new(rules: &TypedRules, options: ReferenceOptions) -> Result<Self, ReferenceError> {
        Self::with_functions(rules, options, HostFunctions::default())
    }

    /// Takes rules over.
    ///
    /// # Errors
    /// Where a node is not one of typed rules, or the rules call a function that is not among these.
    pub fn with_functions(rules: &TypedRules, options: ReferenceOptions, functions: HostFunctions) -> Result<Self, ReferenceError> {
        if let Some(missing) = rules.tables.functions.iter().find(|f| !functions.has(&f.name)) {
            return Err(ReferenceError::NoFunction(missing.name.clone()));
        }
        for (i, node) in (0..).zip(&rules.nodes) {
            if matches!(node.op, Op::Pick | Op::Sample) || node.args.iter().any(|a| a.0 >= i) {
                return Err(ReferenceError::BadNode(i));
            }
        }
        let full_name = |s: &String| full_name(options.default_venue.as_deref(), s);
        let mut world = World {
            instruments: rules.tables.symbols.iter().map(full_name).collect(),
            window_capacity: options.max_window_samples.max(1),
            steps: Vec::new(),
            delivered: None,
            entries: vec![Vec::new(); rules.nodes.len()],
            params: rules.tables.params.iter().map(|p| vec![(0, p.value)]).collect(),
            inputs: vec![Vec::new(); rules.tables.inputs.len()],
            live: Vec::new(),
            reads_captures: Vec::new(),
            sequences: BTreeMap::new(),
            scans: Vec::new(),
            functions,
            rules: rules.clone(),
        };
        world.find_kinds();
        world.start_scans(options.default_venue.as_deref())?;
        let evaluations = vec![Vec::new(); rules.rules.len()];
        Ok(Self { world, evaluations, default_venue: options.default_venue, clock: None, counters: ReferenceCounters::default() })
    }

    /// Applies an event of the instrument `symbol`; the id in the event is not looked at. Timers before it fire first; an event older
    /// than the clock is applied as of the clock.
    pub fn on_event(&mut self, symbol: &str, event: &Event<'_>) -> Vec<OwnedSignal> {
        let mut signals = Vec::new();
        let Some(what) = What::read(&event.payload) else {
            self.counters.refused += 1;
            return signals;
        };
        self.counters.events += 1;
        let late = self.clock.is_some_and(|clock| event.ts < clock);
        self.counters.late += u64::from(late);
        let venue_ts = event.venue_ts.or(late.then_some(event.ts));
        self.start(event.ts);
        self.fire_timers(event.ts.saturating_sub(1), &mut signals);
        self.clock = self.clock.max(Some(event.ts));
        let instrument = full_name(self.default_venue.as_deref(), symbol);
        let heard = MarketEvent { instrument, venue_ts, what };
        let told = self.world.scan_event(event.ts, &heard);
        self.step(Cause::Event(heard), &mut signals);
        self.tell(told, &mut signals);
        signals
    }

    /// Everything up to and including `ts` has been delivered.
    pub fn advance_to(&mut self, ts: Timestamp) -> Vec<OwnedSignal> {
        let mut signals = Vec::new();
        self.start(ts);
        self.fire_timers(ts, &mut signals);
        self.clock = self.clock.max(Some(ts));
        // Their deadlines have passed; their clocks go on.
        let told = self.world.scan_deadlines(ts);
        self.tell(told, &mut signals);
        signals
    }

    /// Sets a parameter as of the clock; before the first event it only takes the value.
    ///
    /// # Errors
    /// Where there is no such parameter, or the value is not of its type or not in its range.
    pub fn set_param(&mut self, name: &str, value: Constant) -> Result<Vec<OwnedSignal>, ReferenceError> {
        let params = &self.world.rules.tables.params;
        let found = params.iter().enumerate().find(|(_, p)| p.name == name);
        let (index, param) = found.ok_or_else(|| ReferenceError::UnknownName(name.to_owned()))?;
        let inside = |(low, high): (Constant, Constant)| {
            let order = |a, b| self.world.order(&Val::of(a), &Val::of(b));
            order(low, value).is_some_and(|o| o.is_le()) && order(value, high).is_some_and(|o| o.is_le())
        };
        if !World::fits(param.ty, value) || !Val::of(value).is_known() || !param.range.is_none_or(inside) {
            return Err(ReferenceError::BadValue(name.to_owned()));
        }
        let at = self.world.steps.len();
        if let Some(settings) = self.world.params.get_mut(index) {
            settings.push((at, value));
        }
        let param = ParamId(u32::try_from(index).unwrap_or(u32::MAX));
        let mut signals = self.step_if_started(Cause::Param(param));
        let told = self.world.scan_setting(param);
        self.tell(told, &mut signals);
        Ok(signals)
    }

    /// Sets a host input as of the clock, `None` to unknown; before the first event it only takes the value.
    ///
    /// # Errors
    /// Where there is no such input, or the value is not of its type.
    pub fn set_input(&mut self, name: &str, value: Option<Constant>) -> Result<Vec<OwnedSignal>, ReferenceError> {
        let found = self.world.rules.tables.inputs.iter().enumerate().find(|(_, p)| p.name == name);
        let (index, input) = found.ok_or_else(|| ReferenceError::UnknownName(name.to_owned()))?;
        if value.is_some_and(|value| !World::fits(input.ty, value) || !Val::of(value).is_known()) {
            return Err(ReferenceError::BadValue(name.to_owned()));
        }
        let at = self.world.steps.len();
        if let Some(settings) = self.world.inputs.get_mut(index) {
            settings.push((at, value));
        }
        Ok(self.step_if_started(Cause::Input(InputId(u32::try_from(index).unwrap_or(u32::MAX)))))
    }

    /// The clock: the greatest ts so far.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.clock
    }

    /// What was not used, or not sent.
    #[must_use]
    pub fn counters(&self) -> ReferenceCounters {
        ReferenceCounters { dropped: self.world.used_nodes().into_iter().map(|n| self.world.dropped(n)).sum(), ..self.counters }
    }

    /// The first value of the clock: every expression takes the value that its parts give, and no rule is evaluated.
    fn start(&mut self, ts: Timestamp) {
        if self.clock.is_none() {
            self.clock = Some(ts);
            self.bring_up_to_date(Cause::Start, &[]);
        }
    }

    /// Fires the timers of every deadline up to and including `until`, each deadline a step of its own.
    fn fire_timers(&mut self, until: Timestamp, signals: &mut Vec<OwnedSignal>) {
        loop {
            let nodes = (0..self.world.entries.len()).filter_map(|i| self.world.next_deadline(node_id(i)));
            let turns = self.evaluations.iter().filter_map(firing::next_turn);
            let deadline = nodes.chain(turns).chain(self.world.scan_deadline()).min().filter(|d| *d <= until);
            self.world.delivered = self.world.delivered.max(Some(deadline.map_or(until, |deadline| deadline.saturating_sub(1))));
            let Some(deadline) = deadline else { return };
            self.clock = self.clock.max(Some(deadline));
            self.step(Cause::Timers, signals);
            let told = self.world.scan_deadlines(deadline);
            self.tell(told, signals);
        }
    }

    /// What scans tell, each telling a step of its own.
    fn tell(&mut self, told: Vec<Cause>, signals: &mut Vec<OwnedSignal>) {
        for telling in told {
            self.step(telling, signals);
        }
    }

    fn step_if_started(&mut self, cause: Cause) -> Vec<OwnedSignal> {
        let mut signals = Vec::new();
        if self.clock.is_some() {
            self.step(cause, &mut signals);
        }
        signals
    }

    /// One step: all expressions first, then each touched rule once, in text order.
    fn step(&mut self, cause: Cause, signals: &mut Vec<OwnedSignal>) {
        let clock = self.clock.unwrap_or_default();
        let is_timers = matches!(cause, Cause::Timers);
        let due = |deadline: Option<Timestamp>| is_timers && deadline == Some(clock);
        let due_nodes: Vec<bool> = (0..self.world.entries.len()).map(|i| due(self.world.next_deadline(node_id(i)))).collect();
        let turns: Vec<bool> = self.evaluations.iter().map(|past| due(firing::next_turn(past))).collect();
        self.bring_up_to_date(cause, &due_nodes);
        let now = self.world.last_step();
        for (index, ((rule, past), turn)) in (0..).zip(self.world.rules.rules.iter().zip(&mut self.evaluations).zip(turns)) {
            if firing::is_touched(&self.world, rule, turn, now) && firing::evaluate(&self.world, rule, past, turn, now, &mut self.counters)
            {
                emit(&self.world, index, rule, &mut self.counters.signals, signals);
            }
        }
    }

    /// Begins a step and gives every expression that is at an instant its value, arguments first.
    fn bring_up_to_date(&mut self, cause: Cause, due: &[bool]) {
        let is_start = matches!(cause, Cause::Start);
        self.world.steps.push(Step { ts: self.clock.unwrap_or_default(), cause });
        let step = self.world.last_step();
        for i in 0..self.world.entries.len() {
            let due = due.get(i).copied().unwrap_or(false);
            if !is_start && matches!(self.world.op(node_id(i)), Some(Op::Seq(_))) {
                // Every step concerns the runs of a sequence; it is at an instant where it completes.
                if self.world.advance_sequence(node_id(i), step) {
                    self.world.record(i, Entry { step, instant: true, due, value: Val::Bool(true) });
                }
                continue;
            }
            if is_start || self.world.is_instant(node_id(i), step, due) {
                self.record(i, Entry { step, instant: !is_start, due, value: Val::Unknown });
            }
        }
    }

    /// Records that a node is at an instant, and then the value that it takes.
    fn record(&mut self, index: usize, entry: Entry) {
        let step = entry.step;
        self.world.record(index, entry);
        let value = self.world.evaluate(node_id(index), step);
        if let Some(entry) = self.world.entries.get_mut(index).and_then(|e| e.last_mut()) {
            entry.value = value;
        }
    }
}

fn node_id(index: usize) -> NodeId {
    NodeId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// The name of an instrument with its venue.
fn full_name(default_venue: Option<&str>, symbol: &str) -> String {
    match default_venue {
        Some(venue) if !symbol.contains(':') => format!("{venue}:{symbol}"),
        _ => symbol.to_owned(),
    }
}

/// Gives the signals of a firing that goes out: one an action, fields as they read now.
fn emit(world: &World, rule_index: u32, rule: &Rule, seq: &mut u64, signals: &mut Vec<OwnedSignal>) {
    let tables = &world.rules.tables;
    let text = |id: TextId| tables.texts.get(id.0 as usize).cloned().unwrap_or_default();
    let symbol = |id: SymbolId| tables.symbols.get(id.0 as usize).cloned().unwrap_or_default();
    let step = world.last_step();
    let captures = world.captured(rule.trigger, step);
    for action in &rule.actions {
        *seq += 1;
        let head = SignalHead {
            rule_index,
            rule: text(rule.name),
            signal: text(action.name),
            instance: rule.instance.iter().map(|(var, s)| (text(*var), symbol(*s))).collect(),
            fields: action.fields.iter().map(|(name, _)| text(*name)).collect(),
        };
        let values = action.fields.iter().map(|(_, node)| match world.value_with(*node, step, captures) {
            Val::Unknown => OwnedValue::Unknown,
            Val::Num(x) => OwnedValue::Num(x),
            Val::Bool(b) => OwnedValue::Bool(b),
            Val::Duration(d) => OwnedValue::Duration(d),
            Val::Timestamp(t) => OwnedValue::Timestamp(t),
            Val::Symbol(s) => OwnedValue::Symbol(symbol(s)),
            Val::Text(t) => OwnedValue::Text(text(t)),
            Val::Word(word) => OwnedValue::Text(word.to_owned()),
            Val::Written(text) => OwnedValue::Text(text),
        });
        signals.push(OwnedSignal { seq: *seq, ts: world.ts(step), head, values: values.collect() });
    }
}

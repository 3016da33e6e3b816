//! The engine: takes events, the clock and parameters, gives signals. What an operator does is in `ops`, what a rule does in `rules`.

use ascep_lang::Program;
use ascep_lang::program::{Constant, InputId, ParamId};

use crate::counters::{Counters, PlanStats};
use crate::error::{BatchError, BuildError, EventError, ParamError, SnapshotError};
use crate::event::{Event, InstrumentId, Payload, Timestamp};
use crate::host::HostFunctions;
use crate::hot::{self, Stop};
use crate::market::{self, CLASSES};
use crate::options::EngineOptions;
use crate::plan::{self, Groups, NodeOp, Plan, Span, TimerOwner};
use crate::signal::SignalSink;
use crate::snapshot::{self, Report};
use crate::state::State;
use crate::value::put;
use crate::{kernel, memory, ops, rules};

/// Evaluates a program.
///
/// An engine belongs to one thread at a time, reads no clock and, once built, allocates nothing: the same program, events, calls of
/// [`advance_to`](Self::advance_to) and parameters give the same signals.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    state: State,
    options: EngineOptions,
    functions: HostFunctions,
}

impl Engine {
    /// Plans a program and allocates all state that it can come to hold.
    ///
    /// # Errors
    ///
    /// Where the program is not one that the compiler or the builder made, an option is out of range, or the state would take more than
    /// [`EngineOptions::max_bytes`].
    pub fn new(program: &Program, options: EngineOptions) -> Result<Self, BuildError> {
        Self::with_functions(program, options, &HostFunctions::new())
    }

    /// The same for rules that call functions of the host.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), and where the rules call a function that is not among these.
    pub fn with_functions(program: &Program, options: EngineOptions, functions: &HostFunctions) -> Result<Self, BuildError> {
        let (mut plan, _) = plan::build(program, &options, functions)?;
        // Asked for once as a whole, since an allocation that fails later would end the process. The plan has its memory already, with the slots.
        let state = memory::state_bytes(&plan).saturating_sub(memory::held_by_plan(&plan));
        Vec::<u8>::new().try_reserve_exact(state).map_err(|_| BuildError::Exhausted { needed: plan.stats.bytes })?;
        let state = State::new(&mut plan, options.quiet_start);
        Ok(Self { plan, state, options, functions: functions.clone() })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// No timer is due before this.
    pub(crate) fn due(&self) -> Timestamp {
        self.state.timers.earliest()
    }

    pub(crate) fn parts(&mut self) -> (&Plan, &mut State) {
        (&self.plan, &mut self.state)
    }

    /// The instrument of a symbol as a rule or a feed writes it: `BTC/USDT` is that of the default venue.
    #[must_use]
    pub fn instrument(&self, symbol: &str) -> Option<InstrumentId> {
        self.plan.instrument(symbol).map(InstrumentId)
    }

    /// The instruments that the program names, with full names: `venue:SYMBOL`, or as the rules write them where there is no default venue.
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentId, &str)> {
        (0..).map(InstrumentId).zip(self.plan.instruments.iter())
    }

    /// A parameter by name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<ParamId> {
        self.plan.params.iter().zip(0..).find(|(param, _)| param.name == name).map(|(_, id)| ParamId(id))
    }

    /// A host input by name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<InputId> {
        self.plan.inputs.iter().zip(0..).find(|(input, _)| input.name == name).map(|(_, id)| InputId(id))
    }

    /// The clock: the greatest time seen so far.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.state.started.then_some(self.state.clock)
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state.counters
    }

    /// How many events a loop of machine code took since this engine was built; the others went through the interpreter, which gives the same signals. None
    /// without the feature `jit`.
    #[must_use]
    pub fn machine_events(&self) -> u64 {
        self.state.by_machine
    }

    /// What the plan consists of.
    #[must_use]
    pub fn plan_stats(&self) -> PlanStats {
        self.plan.stats
    }

    /// Takes one event: fires the timers before it, moves the clock, brings everything up to date, and evaluates the rules it touches.
    /// An event older than the clock is applied as of the clock and counted as late.
    ///
    /// # Errors
    ///
    /// Where a number of the event can't be used. The event is counted as refused and changes nothing, the clock included.
    pub fn on_event<S: SignalSink + ?Sized>(&mut self, event: &Event<'_>, sink: &mut S) -> Result<(), EventError> {
        feed(&self.plan, &mut self.state, std::slice::from_ref(event), sink).map_err(|BatchError { error, .. }| error)
    }

    /// Takes events in order, each as [`on_event`](Self::on_event) does; many in one call cost less.
    ///
    /// # Errors
    ///
    /// At the first event that is refused, with its place: those before it were taken, those after it are left to the caller.
    pub fn on_events<S: SignalSink + ?Sized>(&mut self, events: &[Event<'_>], sink: &mut S) -> Result<(), BatchError> {
        feed(&self.plan, &mut self.state, events, sink)
    }

    /// Says that everything up to and including `ts` has been delivered: fires the timers up to there and moves the clock. A time before
    /// the clock changes nothing.
    pub fn advance_to<S: SignalSink + ?Sized>(&mut self, ts: Timestamp, sink: &mut S) {
        let Self { plan, state, .. } = self;
        // The two ends of the range stand for unknown and never.
        let ts = ts.clamp(i64::MIN + 1, i64::MAX - 1);
        if !state.started {
            start(plan, state, ts);
        }
        fire_timers(plan, state, ts, sink);
        state.clock = state.clock.max(ts);
    }

    /// Sets a parameter, as of the clock. Before the first event it only gets its value; later it is an instant of all that reads it.
    /// Deadlines that were armed with it stay as they are.
    ///
    /// # Errors
    ///
    /// Where there is no such parameter or the value does not fit it; nothing is changed then.
    pub fn set_param<S: SignalSink + ?Sized>(&mut self, id: ParamId, value: Constant, sink: &mut S) -> Result<(), ParamError> {
        let Self { plan, state, .. } = self;
        let param = plan.params.get(id.0 as usize).ok_or(ParamError::UnknownParam(id))?;
        let bits = param.accept(&value, plan)?;
        put(&mut state.params, id.0, bits);
        set(plan, state, plan.param_nodes.of(id.0), bits, id.0, sink);
        ops::scan::on_param(plan, state, id.0, sink);
        Ok(())
    }

    /// Delivers the value of a host input, or that it is unknown; otherwise as [`set_param`](Self::set_param). A text is one of the
    /// program's.
    ///
    /// # Errors
    ///
    /// Where there is no such input or the value is not of its type; nothing is changed then.
    pub fn on_input<S: SignalSink + ?Sized>(&mut self, id: InputId, value: Option<Constant>, sink: &mut S) -> Result<(), ParamError> {
        let Self { plan, state, .. } = self;
        let input = plan.inputs.get(id.0 as usize).ok_or(ParamError::UnknownInput(id))?;
        let bits = input.accept(value.as_ref(), plan)?;
        let key = u32::try_from(plan.params.len()).unwrap_or(u32::MAX).saturating_add(id.0);
        set(plan, state, plan.input_nodes.of(id.0), bits, key, sink);
        Ok(())
    }
}

/// Snapshots, and programs that change while the engine runs.
impl Engine {
    /// All that the engine has come to hold, as bytes that [`restore`](Self::restore) reads: in a versioned form, with a checksum over everything.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.plan, &self.state)
    }

    /// An engine that goes on where a snapshot was taken. Of the same program with the same options it can't be told from the one that left.
    ///
    /// Of another program it takes over what did not change: instruments, parameters and host inputs by name, operators by what they are and what they
    /// read, rules by name, instance and what they fire on. All else begins as at a start at the clock of the snapshot. The report says which.
    ///
    /// # Errors
    ///
    /// Where the bytes are not a whole snapshot as an engine of this version wrote it, or the program can't be run.
    pub fn restore(program: &Program, options: EngineOptions, bytes: &[u8]) -> Result<(Self, Report), SnapshotError> {
        Self::restore_with_functions(program, options, &HostFunctions::new(), bytes)
    }

    /// The same for rules that call functions of the host.
    ///
    /// # Errors
    ///
    /// As for [`restore`](Self::restore), and where the rules call a function that is not among these.
    pub fn restore_with_functions(
        program: &Program,
        options: EngineOptions,
        functions: &HostFunctions,
        bytes: &[u8],
    ) -> Result<(Self, Report), SnapshotError> {
        let saved = snapshot::open(bytes)?;
        let mut engine = Self::with_functions(program, options, functions)?;
        let report = snapshot::take(program, &mut engine.plan, &mut engine.state, saved)?;
        Ok((engine, report))
    }

    /// Goes on with another program: what did not change keeps its state, as [`restore`](Self::restore) has it. Ids of instruments, parameters and inputs
    /// are those of the new program from here on, and have to be asked for again. Functions of the host stay those that the engine was built with. For a moment there are two engines, so twice the memory is needed.
    ///
    /// # Errors
    ///
    /// Where the program can't be run; the engine is as it was then.
    pub fn replace(&mut self, program: &Program) -> Result<Report, BuildError> {
        let saved = snapshot::save(&self.plan, &self.state);
        let mut next = Self::with_functions(program, self.options.clone(), &self.functions)?;
        let report = snapshot::take(program, &mut next.plan, &mut next.state, saved).map_err(|_| BuildError::State)?;
        *self = next;
        Ok(report)
    }
}

/// Takes events: those that are plain in one go, others one by one.
fn feed<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, events: &[Event<'_>], sink: &mut S) -> Result<(), BatchError> {
    let mut index = 0;
    // How many events the loop below is given after machine code has left one to it: more where that leaves every one.
    let mut share = 1;
    loop {
        let left = events.get(index..).unwrap_or_default();
        let (by_machine, found) = plan.columns.machine.take(plan, state, left);
        index += by_machine;
        state.by_machine += by_machine as u64;
        share = if plan.columns.machine.has_batch() { if by_machine == 0 { (share * 2).min(64) } else { 1 } } else { usize::MAX };
        let left = left.get(by_machine..).unwrap_or_default();
        let (taken, stop) = found.map_or_else(|| hot::run(plan, state, left.get(..share).unwrap_or(left)), |stop| (0, stop));
        index += taken;
        let last = index.checked_sub(1).and_then(|last| events.get(last));
        state.origin.place = if matches!(stop, Stop::Other) { index } else { index.saturating_sub(1) };
        match (stop, last, events.get(index)) {
            (Stop::End | Stop::Other, _, None) => return Ok(()),
            (Stop::End, ..) => {}
            // Timers that were only put off stand in line where they were due before: it may be that none is due, and the event is plain.
            (Stop::Other, _, Some(event)) if event.ts > state.timers.earliest() && state.timers.next(event.ts - 1).is_none() => {
                state.timers.tidy();
            }
            (Stop::Other, _, Some(event)) => {
                take(plan, state, event, sink).map_err(|error| BatchError { index, error })?;
                index += 1;
            }
            (Stop::More { input }, Some(event), _) => finish(plan, state, event, input, sink),
            (Stop::Filter { input, group, block }, ..) => {
                kernel::run_filters(plan, group, Some(block), state);
                let entry = plan.entries.of(input);
                run_filters(plan, state, (group + 1, entry.filters.1));
                end_step(plan, state, plan.entries.groups(entry), sink);
            }
            (Stop::Touched, ..) => evaluate(plan, state, Groups::default(), sink),
            (Stop::Sequence { input, step, filters }, ..) => complete(plan, state, (input, step, filters), sink),
            (Stop::Window { input, step }, Some(event), _) => {
                if let Some(step) = plan.window_steps.get(step as usize) {
                    ops::look::step_of_each(plan, state, step);
                }
                step_windows(plan, state, (step + 1, plan.entries.of(input).windows.1));
                finish(plan, state, event, input, sink);
            }
            (Stop::Row { input, group, block }, ..) => {
                let Groups { span, list } = plan.entries.groups(plan.entries.of(input));
                kernel::run_found(&plan.columns, group, block, state);
                evaluate(plan, state, Groups { span: (group + 1, span.1), list }, sink);
            }
            (Stop::More { .. } | Stop::Window { .. }, None, _) => {}
        }
    }
}

/// Takes one event, whatever it is.
#[inline(never)]
fn take<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, event: &Event<'_>, sink: &mut S) -> Result<(), EventError> {
    let InstrumentId(instrument) = event.instrument;
    let named = event.instrument != InstrumentId::UNNAMED;
    let known = if named && instrument as usize >= plan.instruments.len() {
        Err(EventError::Instrument(event.instrument))
    } else {
        market::validate(event)
    };
    if let Err(error) = known {
        state.counters.refused += 1;
        return Err(error);
    }
    state.counters.events += 1;
    let mut venue_ts = event.venue_ts;
    if !state.started {
        start(plan, state, event.ts);
    } else if event.ts > state.clock {
        fire_timers(plan, state, event.ts - 1, sink);
        state.clock = event.ts;
    } else if event.ts < state.clock {
        state.counters.late += 1;
        venue_ts = venue_ts.or(Some(event.ts));
    }
    if !named {
        state.counters.unnamed += 1;
        return Ok(());
    }
    begin_step(state, false);
    let class = state.market.apply(instrument, state.clock, venue_ts, &event.payload);
    let input = instrument * CLASSES + class;
    if matches!(event.payload, Payload::Forget(_)) {
        put(&mut state.watch.forgotten, instrument, state.clock);
    }
    let entry = plan.entries.of(input);
    state.market.read(instrument, plan.entries.readings(entry), &mut state.slots);
    step_windows(plan, state, entry.windows);
    finish(plan, state, event, input, sink);
    Ok(())
}

/// Brings windows up to date: a part of all steps.
fn step_windows(plan: &Plan, state: &mut State, (first, end): Span) {
    for step in plan.window_steps.get(first as usize..end as usize).unwrap_or_default() {
        ops::look::step(plan, state, step);
    }
}

/// Evaluates filters: a part of all groups of rows.
fn run_filters(plan: &Plan, state: &mut State, (first, end): Span) {
    (first..end).for_each(|group| kernel::run_filters(plan, group, None, state));
}

/// What an event does whose filters complete the sequence of a step: what occurs is at an instant, as if everything had been in line, and the sequences after it are looked at.
fn complete<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, (input, step, filters): (u32, u32, u8), sink: &mut S) {
    let entry = plan.entries.of(input);
    let occur = |state: &mut State, node: u32| put(&mut state.slots, node, state.step);
    let mut lanes = filters;
    for node in plan.filters_of(entry) {
        if lanes & 1 == 1 {
            occur(state, node);
            put(&mut state.instants, node, state.step);
        }
        lanes >>= 1;
        if lanes == 0 {
            break;
        }
    }
    let mut completed = Some(step);
    while let Some(of) = completed.and_then(|id| plan.sequences.steps.get(id as usize)) {
        occur(state, of.node);
        state.mark(plan, of.node);
        let next = completed.filter(|_| !of.is_last).map(|id| id + 1);
        let runs = &mut state.sequences.runs;
        completed = next.and_then(|next| ops::sequence::move_all(&plan.sequences.steps, runs, &state.params, (next, filters, state.clock)));
    }
    end_step(plan, state, plan.entries.groups(entry), sink);
}

/// What an event does after its market, its readings, and the windows of its entry.
fn finish<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, event: &Event<'_>, input: u32, sink: &mut S) {
    let entry = plan.entries.of(input);
    let more = plan.entries.more(entry);
    for &source in more.map_or(&[][..], |more| plan.entries.list(more.sources)) {
        match plan.nodes.get(source as usize).map(|node| node.op) {
            // Reads an argument too, which may be at an instant of the same event.
            // Is at an instant only when a bar closes.
            Some(NodeOp::DepthPrice { .. } | NodeOp::Cycle { .. } | NodeOp::Bar { .. }) => state.work.insert(source),
            _ => {
                ops::refresh(plan, state, source);
                state.mark(plan, source);
            }
        }
    }
    run_filters(plan, state, entry.filters);
    end_step(plan, state, plan.entries.groups(entry), sink);
    if more.is_some_and(|more| more.scanned) {
        ops::scan::on_event(plan, state, event.instrument.0, &event.payload, sink);
    }
}

/// Gives the nodes of a parameter or an input a new value: a step of its own once the engine runs.
fn set<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, nodes: &[u32], bits: u64, key: u32, sink: &mut S) {
    for &node in nodes {
        put(&mut state.slots, node, bits);
    }
    if !state.started {
        return;
    }
    state.counters.param_sets += 1;
    begin_step(state, false);
    for &node in nodes {
        state.mark(plan, node);
    }
    end_step(plan, state, Groups { list: plan.groups_of.of(key), ..Groups::default() }, sink);
}

/// The first value of the clock: every node gets the value that its parts give, timers that count from the start are armed. This is no
/// instant, and no rule is evaluated.
fn start(plan: &Plan, state: &mut State, ts: i64) {
    state.started = true;
    state.clock = ts;
    for (id, _) in (0..).zip(&plan.nodes) {
        ops::start(plan, state, id);
    }
}

/// Fires the timers with deadlines up to and including `limit`, those of one deadline together.
fn fire_timers<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, limit: i64, sink: &mut S) {
    while let Some(deadline) = state.timers.next(limit) {
        state.origin.timers = true;
        state.clock = deadline;
        state.timers_done = state.timers_done.max(deadline - 1);
        begin_step(state, true);
        while let Some(owner) = state.timers.take(deadline) {
            state.counters.timers_fired += 1;
            match plan.timers.get(owner as usize) {
                Some(TimerOwner::Node(node)) => state.work.insert(*node),
                Some(TimerOwner::Rule(rule)) => state.touched.insert(*rule),
                Some(TimerOwner::Scan(scan)) => state.due_scans.insert(*scan),
                None => {}
            }
        }
        end_step(plan, state, Groups::default(), sink);
        if !plan.scans.scans.is_empty() {
            // What scans tell comes after all timers of their deadline.
            state.timers_done = state.timers_done.max(deadline);
            while let Some(scan) = state.due_scans.pop() {
                ops::scan::on_deadline(plan, state, scan, sink);
            }
        }
    }
    state.origin.timers = false;
    state.timers_done = state.timers_done.max(limit);
}

pub(crate) fn begin_step(state: &mut State, timers: bool) {
    state.step += 1;
    state.timer_step = timers;
}

/// Brings up to date what is in line, in order, then the rows of some groups, then evaluates the touched rules in text order.
pub(crate) fn end_step<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, groups: Groups<'_>, sink: &mut S) {
    while let Some(node) = state.work.pop() {
        ops::visit(plan, state, node);
    }
    evaluate(plan, state, groups, sink);
}

/// The end of a step: rows, then rules.
fn evaluate<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, groups: Groups<'_>, sink: &mut S) {
    for group in groups.iter() {
        kernel::run(&plan.columns, group, 0, state);
    }
    while let Some(group) = state.groups.pop() {
        kernel::run(&plan.columns, group, 0, state);
    }
    while let Some(rule) = state.touched.pop() {
        rules::evaluate(plan, state, rule, sink);
    }
}

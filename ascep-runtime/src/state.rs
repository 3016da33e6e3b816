//! All that changes while an engine runs. Everything is allocated here, once.

use crate::bits::BitQueue;
use crate::columns::Head;
use crate::counters::Counters;
use crate::cursor::Cursor;
use crate::kernel::Kernels;
use crate::market::Market;
use crate::ops::bar::Bars;
use crate::ops::indicator::Progress;
use crate::ops::look::Look;
use crate::ops::scan::{PathTexts, ScanState};
use crate::ops::sequence::SequenceState;
use crate::plan::{NONE, PeriodPlan, Plan};
use crate::ring::Ring;
use crate::rules::RuleState;
use crate::signal::{Origin, Value};
use crate::timers::{NEVER, Timers};
use crate::value::{FALSE, Repr, UNKNOWN, UNKNOWN_INT, at, put};
use crate::watch::Watch;
use crate::window::Windows;

/// No sign yet in a [`State::crosses`].
pub(crate) const NO_SIGN: i8 = i8::MIN;

#[derive(Debug)]
pub(crate) struct State {
    /// The clock; meaningful once `started`.
    pub(crate) clock: i64,
    pub(crate) started: bool,
    /// Counts steps from 1.
    pub(crate) step: u64,
    /// Whether the step is a batch of timers.
    pub(crate) timer_step: bool,
    /// The value of each node.
    pub(crate) slots: Vec<u64>,
    /// The step in which each node was last at an instant.
    pub(crate) instants: Vec<u64>,
    /// Nodes to bring up to date.
    pub(crate) work: BitQueue,
    /// Rules to evaluate.
    pub(crate) touched: BitQueue,
    /// Groups of rows to evaluate beside those that an input touches.
    pub(crate) groups: BitQueue,
    pub(crate) timers: Timers,
    pub(crate) market: Market,
    pub(crate) params: Vec<u64>,

    /// When the event of each `since` last occurred.
    pub(crate) since: Vec<i64>,
    /// The last known truth under each rising edge.
    pub(crate) edges: Vec<u8>,
    pub(crate) crosses: Vec<i8>,
    /// Whether the level of each `once` is known-true.
    pub(crate) once_levels: Vec<bool>,
    pub(crate) windows: Windows,
    /// What each aggregate remembers beside its window.
    pub(crate) looks: Vec<Look>,
    pub(crate) bars: Vec<Bars>,
    /// What each indicator remembers.
    pub(crate) progress: Vec<Progress>,
    /// Arguments of the function of the host that is called; kept for its capacity.
    pub(crate) host_args: Vec<Value<'static>>,
    pub(crate) history_rings: Vec<Ring>,
    pub(crate) history: Vec<u64>,

    pub(crate) scans: Vec<ScanState>,
    /// Scans whose deadline has come.
    pub(crate) due_scans: BitQueue,
    pub(crate) paths: PathTexts,

    pub(crate) sequences: SequenceState,
    /// Where the captures of the run begin that captures are read from.
    pub(crate) captures_at: u32,
    /// The timers of all deadlines up to here have fired.
    pub(crate) timers_done: i64,

    /// Of the rules that remember something.
    pub(crate) rules: Vec<RuleState>,
    /// The last known truth of the trigger of each rule.
    pub(crate) truths: Vec<u8>,
    pub(crate) limit_rings: Vec<Ring>,
    pub(crate) emitted: Vec<i64>,
    /// What the columns remember of their rows.
    pub(crate) heads: Vec<Head>,
    /// Of groups whose rows are thresholds of one number.
    pub(crate) cursors: Vec<Cursor>,
    /// Of entries whose rows are passed over where prices stay as they are: how many results had been unknown in all when they were last looked through without one. As
    /// long as there are no more, all of them are known and as they were.
    pub(crate) passed: Vec<u64>,
    pub(crate) kernels: Kernels,
    /// Empty between signals; kept for its capacity.
    pub(crate) values: Vec<Value<'static>>,
    pub(crate) counters: Counters,
    /// Events that a loop of machine code took. No counter: whether they are taken so changes nothing that is kept or told.
    pub(crate) by_machine: u64,
    pub(crate) watch: Watch,
    /// Goes out with each signal.
    pub(crate) origin: Origin,
}

impl State {
    pub(crate) fn new(plan: &mut Plan, quiet_start: bool) -> Self {
        let scanners = std::mem::take(&mut plan.scans.scanners);
        let slots = std::mem::take(&mut plan.slots);
        let plan = &*plan;
        let scans = scanners.into_iter().map(ScanState::new).collect();
        let sizes = &plan.sizes;
        // An edge is a step from known-false to known-true, so what begins as unknown makes none of its first truth.
        let before = if quiet_start { UNKNOWN } else { FALSE };
        let truths = vec![before; plan.rules.len()];
        Self {
            clock: 0,
            started: false,
            step: 0,
            timer_step: false,
            slots,
            instants: vec![0; plan.nodes.len()],
            work: BitQueue::new(plan.nodes.len()),
            touched: BitQueue::new(plan.rules.len()),
            groups: BitQueue::new(plan.groups_in_line()),
            timers: Timers::new(plan.timers.len()),
            market: Market::new(&plan.keeps_books),
            params: plan.params.iter().map(|param| param.bits).collect(),
            since: vec![UNKNOWN_INT; sizes.since],
            edges: vec![before; sizes.edges],
            crosses: vec![NO_SIGN; sizes.crosses],
            once_levels: vec![false; sizes.once_levels],
            windows: Windows::new(plan),
            looks: vec![Look::default(); plan.looks.len()],
            bars: vec![Bars::default(); plan.bars.len()],
            progress: vec![Progress::default(); plan.indicators.len()],
            host_args: Vec::with_capacity(sizes.max_args),
            history_rings: vec![Ring::default(); plan.histories.len()],
            history: vec![0; sizes.history],
            scans,
            due_scans: BitQueue::new(plan.scans.scans.len()),
            paths: PathTexts::new(plan),
            sequences: SequenceState::new(plan),
            captures_at: NONE,
            timers_done: i64::MIN,
            rules: vec![RuleState::default(); plan.rules.memories()],
            heads: plan.columns.heads(&truths),
            cursors: vec![Cursor::default(); plan.columns.cursors],
            truths,
            limit_rings: vec![Ring::default(); plan.limits.len()],
            emitted: vec![0; sizes.emitted],
            passed: vec![u64::MAX; plan.entries.cuts as usize],
            kernels: Kernels::new(&plan.columns.routines),
            values: Vec::with_capacity(sizes.max_fields),
            counters: Counters::default(),
            by_machine: 0,
            watch: Watch::new(plan),
            origin: Origin::default(),
        }
    }

    /// The bits of a slot.
    #[inline(always)]
    pub(crate) fn slot(&self, node: u32) -> u64 {
        at(&self.slots, node)
    }

    /// A slot as a level.
    #[inline(always)]
    pub(crate) fn level(&self, node: u32) -> u8 {
        u8::try_from(at(&self.slots, node)).unwrap_or(UNKNOWN)
    }

    /// What the run at hand has captured.
    pub(crate) fn capture(&self, index: u32) -> Option<u64> {
        self.sequences.captures.get(self.captures_at as usize..)?.get(index as usize).copied()
    }

    /// Whether an event occurs in this step.
    #[inline(always)]
    pub(crate) fn occurs(&self, node: u32) -> bool {
        at(&self.slots, node) == self.step
    }

    /// Whether a node is at an instant in this step.
    #[inline(always)]
    pub(crate) fn is_at_instant(&self, node: u32) -> bool {
        at(&self.instants, node) == self.step
    }

    /// Puts a node at an instant, and what reads it in line.
    #[inline]
    pub(crate) fn mark(&mut self, plan: &Plan, node: u32) {
        put(&mut self.instants, node, self.step);
        if let Some(ts) = self.watch.instants.get_mut(node as usize) {
            *ts = self.clock;
            if plan.reprs.get(node as usize) == Some(&Repr::Event) && self.occurs(node) {
                put(&mut self.watch.occurred, node, self.clock);
            }
        }
        for &dependant in plan.dependants.of(node) {
            self.work.insert(dependant);
        }
        for &rule in plan.rules_of.of(node) {
            self.touched.insert(rule);
        }
    }

    /// A length of time as it is now; above 0.
    #[inline]
    pub(crate) fn period(&self, period: PeriodPlan) -> i64 {
        period.read(&self.params)
    }

    /// Arms a timer a length of time from now; never where that is beyond all time.
    #[inline]
    pub(crate) fn arm_after(&mut self, timer: u32, period: PeriodPlan) {
        let deadline = self.clock.checked_add(self.period(period)).unwrap_or(NEVER);
        self.timers.arm(timer, deadline);
    }

    /// Whether a timer is due in this step; if so it is no longer pending.
    #[inline]
    pub(crate) fn fires(&mut self, timer: u32) -> bool {
        let fires = self.timer_step && timer != NONE && self.timers.due(timer) == self.clock;
        if fires {
            self.timers.cancel(timer);
        }
        fires
    }
}

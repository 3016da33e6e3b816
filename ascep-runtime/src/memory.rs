//! What an engine takes of memory, to the byte: everything is allocated when it is built, so it can be said before.

use std::collections::BTreeSet;

use ascep_lang::Program;
use ascep_lang::program::{Op, OpportunityField};

use crate::bits::BitQueue;
use crate::columns::Head;
use crate::cursor::Cursor;
use crate::error::BuildError;
use crate::host::HostFunctions;
use crate::kernel::Kernels;
use crate::market::Market;
use crate::ops::bar::Bars;
use crate::ops::indicator::Progress;
use crate::ops::look::Look;
use crate::ops::scan::{PathTexts, ScanState};
use crate::options::EngineOptions;
use crate::plan::{self, Clock, NONE, NodeOp, Plan, RuleMode};
use crate::ring::Ring;
use crate::rules::RuleState;
use crate::signal::Value;
use crate::timers::Timers;
use crate::value::Lists;
use crate::watch::Watch;
use crate::window::Windows;

/// What the state of a rule can come to, and that of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryReport {
    /// The rules in text order.
    pub rules: Vec<RuleMemory>,
    /// Bytes of state of the whole program: what several rules share is counted once.
    pub state: usize,
    /// Bytes of the plan, which does not change.
    pub plan: usize,
    /// Plan and state by what the bytes are for.
    pub parts: Vec<(&'static str, usize)>,
    /// The most bytes that are ever held at once: plan and state, or where there is little state what making the plan takes in passing.
    pub total: usize,
    /// Bytes of machine code, which come on top of that, as does what the generator of it takes in passing.
    pub code: usize,
}

/// What the state of one rule can come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleMemory {
    /// Its name, or `rule_N`.
    pub rule: String,
    /// How many instances it has.
    pub instances: usize,
    /// Bytes of state that its instances read, write or are, windows full; what they share is counted once here, and once in each other rule
    /// that shares it.
    pub bytes: usize,
}

impl MemoryReport {
    /// Of an engine with these options. Nothing of its state is allocated but the ways that a `cycles(..)` looks through, so a program that would take too much can be looked at with a generous
    /// [`max_bytes`](EngineOptions::max_bytes).
    ///
    /// # Errors
    ///
    /// As for [`Engine::with_functions`](crate::Engine::with_functions).
    pub fn new(program: &Program, options: &EngineOptions, functions: &HostFunctions) -> Result<Self, BuildError> {
        let (plan, numbers) = plan::build(program, options, functions)?;
        let (state, plan_bytes) = (state_bytes(&plan), plan_bytes(&plan, options));
        let mut heads = vec![Vec::new(); plan.rules.len()];
        for (rule, head) in plan.columns.rows() {
            heads.get_mut(rule as usize).into_iter().for_each(|heads: &mut Vec<u32>| heads.push(head));
        }
        let mut rules: Vec<(u32, RuleMemory, Share)> = Vec::new();
        for (index, rule) in (0..).zip(&program.rules) {
            let name = || program.tables.texts.get(rule.name.0 as usize).cloned().unwrap_or_default();
            if rules.last().is_none_or(|(name, ..)| *name != rule.name.0) {
                rules.push((rule.name.0, RuleMemory { rule: name(), instances: 0, bytes: 0 }, Share::default()));
            }
            let Some((_, memory, share)) = rules.last_mut() else { continue };
            memory.instances += 1;
            let roots = [Some(rule.trigger), rule.until].into_iter().flatten();
            let fields = rule.actions.iter().flat_map(|action| action.fields.iter().map(|(_, field)| *field));
            share.take_nodes(program, &plan, &numbers, roots.chain(fields).map(|node| node.0).collect());
            share.take_rule(&plan, index);
            share.take_heads(heads.get(index as usize).map_or(&[], |heads| heads));
        }
        let rules = rules.into_iter().map(|(_, memory, share)| RuleMemory { bytes: share.bytes, ..memory }).collect();
        let code = plan.stats.code_bytes;
        let building = building_bytes(program, plan_bytes).saturating_add(scanner_bytes(&plan));
        let parts = plan_parts(&plan, options).into_iter().chain(state_parts(&plan)).collect();
        Ok(Self { rules, state, plan: plan_bytes, parts, total: plan_bytes.saturating_add(state).max(building), code })
    }
}

/// What is held at most while a plan of so many bytes is made, as a test with a counting allocator has it.
fn building_bytes(program: &Program, plan: usize) -> usize {
    let in_passing = [(program.nodes.len(), 120), (program.rules.len(), 192), (program.tables.symbols.len(), 160), (1, 896)];
    in_passing.into_iter().fold(plan.saturating_add(plan / 2), |total, (items, bytes)| total.saturating_add(items.saturating_mul(bytes)))
}

/// Of one timer.
const TIMER: usize = Timers::BYTES;

/// The state that a rule reads, writes or is.
#[derive(Default)]
struct Share {
    bytes: usize,
    /// Whether it reads what paths are written into.
    paths: bool,
    /// Nodes of the program that were visited.
    seen: BTreeSet<u32>,
    windows: BTreeSet<u32>,
    instruments: BTreeSet<u32>,
    heads: BTreeSet<u32>,
}

impl Share {
    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn take_nodes(&mut self, program: &Program, plan: &Plan, numbers: &[u32], mut stack: Vec<u32>) {
        while let Some(id) = stack.pop() {
            let Some(node) = program.nodes.get(id as usize) else { continue };
            if self.seen.insert(id) {
                stack.extend(node.args.iter().map(|arg| arg.0));
                if let Some(node) = numbers.get(id as usize).and_then(|number| plan.nodes.get(*number as usize)) {
                    self.take_node(plan, node.op);
                } else if matches!(node.op, Op::Market(..)) {
                    // A slot and nothing else.
                    self.add(8);
                }
                // Of which instrument these are is not said by the plan.
                if let Op::Event(_, symbol) | Op::Market(_, symbol) = node.op
                    && let Some(instrument) = plan.symbol_instruments.get(symbol.0 as usize)
                {
                    self.take_instrument(plan, *instrument);
                }
            }
        }
    }

    fn take_node(&mut self, plan: &Plan, op: NodeOp) {
        // Its value, and when it was last at an instant.
        self.add(16);
        match op {
            NodeOp::Market { instrument, .. }
            | NodeOp::TradeSide { instrument }
            | NodeOp::Latency { instrument }
            | NodeOp::VenueTs { instrument }
            | NodeOp::Imbalance { instrument, .. }
            | NodeOp::DepthPrice { instrument, .. }
            | NodeOp::Clock(Clock::Age { instrument }) => self.take_instrument(plan, instrument),
            NodeOp::Clock(Clock::Legs { cycle }) | NodeOp::Cycle { cycle, .. } => {
                for instrument in plan.cycles.get(cycle as usize).into_iter().flat_map(|cycle| cycle.instruments()) {
                    self.take_instrument(plan, instrument);
                }
            }
            NodeOp::Clock(Clock::Since { .. }) => self.add(8),
            NodeOp::Edge { .. } | NodeOp::Crosses { .. } => self.add(1),
            NodeOp::ClockCompare { .. } | NodeOp::NoFor { .. } | NodeOp::For { .. } | NodeOp::OnceEvent { .. } => self.add(TIMER),
            NodeOp::OnceLevel { .. } => self.add(TIMER + 1),
            NodeOp::Index { state } => {
                let capacity = plan.histories.get(state as usize).map_or(0, |ring| ring.capacity);
                self.add(size_of::<Ring>() + capacity * 8);
            }
            NodeOp::Look { look } => self.take_look(plan, look),
            NodeOp::Bar { bar } => {
                self.add(size_of::<Bars>() + TIMER);
                plan.bars.get(bar as usize).map(|bar| bar.instrument).into_iter().for_each(|id| self.take_instrument(plan, id));
            }
            NodeOp::Scan { scan } => {
                let Some(scan) = plan.scans.scans.get(scan as usize) else { return };
                self.add(scan.bytes + size_of::<ScanState>() + TIMER);
                scan.instruments.iter().filter(|id| **id != NONE).for_each(|id| self.take_instrument(plan, *id));
            }
            NodeOp::Opportunity { field: OpportunityField::Path, .. } if !self.paths => {
                self.paths = true;
                self.add(PathTexts::bytes(plan));
            }
            NodeOp::Indicator { .. } => self.add(size_of::<Progress>()),
            NodeOp::Seq { index } => self.add(plan.sequences.seq_bytes(index)),
            NodeOp::All { index } => self.add(plan.sequences.all_bytes(index)),
            _ => {}
        }
    }

    fn take_instrument(&mut self, plan: &Plan, instrument: u32) {
        if self.instruments.insert(instrument) {
            let keeps_book = plan.keeps_books.get(instrument as usize).copied().unwrap_or(false);
            self.add(Market::bytes(1, usize::from(keeps_book)));
        }
    }

    fn take_look(&mut self, plan: &Plan, look: u32) {
        let Some(look) = plan.looks.get(look as usize) else { return };
        self.add(size_of::<Look>() + if look.timer == NONE { 0 } else { TIMER });
        if let Some(window) = plan.windows.get(look.window as usize)
            && self.windows.insert(look.window)
        {
            self.add(Windows::bytes_of(window));
        }
    }

    /// Of the blocks that its rows stand in.
    fn take_heads(&mut self, heads: &[u32]) {
        let new = heads.iter().filter(|head| self.heads.insert(**head)).count();
        self.add(new * size_of::<Head>());
    }

    fn take_rule(&mut self, plan: &Plan, index: u32) {
        let Some(rule) = plan.rules.get(index) else { return };
        let memory = if rule.memory() == NONE { 0 } else { size_of::<RuleState>() };
        self.add(memory + 1 + if matches!(rule.class.mode, RuleMode::Every(_)) { TIMER } else { 0 });
        if let Some(limit) = plan.limits.get(rule.limit() as usize) {
            self.add(size_of::<Ring>() + limit.emitted.capacity * 8);
        }
    }
}

/// What there is already before there is a state: scanners and slots are made with the plan.
pub(crate) fn held_by_plan(plan: &Plan) -> usize {
    scanner_bytes(plan).saturating_add(flat(&plan.scans.scanners)).saturating_add(flat(&plan.slots))
}

fn scanner_bytes(plan: &Plan) -> usize {
    plan.scans.scans.iter().map(|scan| scan.bytes).fold(0, usize::saturating_add)
}

/// Of the state that belongs to a plan: what `State::new` allocates.
pub(crate) fn state_bytes(plan: &Plan) -> usize {
    total(&state_parts(plan))
}

fn state_parts(plan: &Plan) -> [(&'static str, usize); 6] {
    let sizes = &plan.sizes;
    let books = plan.keeps_books.iter().filter(|keeps| **keeps).count();
    let words = [sizes.since, sizes.history, plan.params.len()].into_iter().fold(0, usize::saturating_add);
    let of_operators = [
        plan.nodes.len().saturating_add(plan.slots.len()).saturating_mul(8),
        BitQueue::bytes(plan.nodes.len()),
        words.saturating_mul(8),
        sizes.edges + sizes.crosses + sizes.once_levels,
        plan.looks.len() * size_of::<Look>(),
        plan.bars.len() * size_of::<Bars>(),
        plan.indicators.len() * size_of::<Progress>(),
        plan.histories.len() * size_of::<Ring>(),
        plan.sequences.state_bytes(),
        scanner_bytes(plan),
        plan.scans.scans.len() * size_of::<ScanState>() + BitQueue::bytes(plan.scans.scans.len()),
        PathTexts::bytes(plan),
        Kernels::bytes(&plan.columns.routines),
        sizes.max_args * size_of::<Value<'_>>(),
    ];
    let of_rules = [
        BitQueue::bytes(plan.rules.len()),
        BitQueue::bytes(plan.groups_in_line()),
        plan.rules.memories() * size_of::<RuleState>() + plan.rules.len(),
        plan.limits.len() * size_of::<Ring>(),
        plan.columns.heads.saturating_mul(size_of::<Head>()),
        plan.columns.cursors.saturating_mul(size_of::<Cursor>()).saturating_add(plan.entries.cuts as usize * 8),
        sizes.emitted.saturating_mul(8),
        sizes.max_fields * size_of::<Value<'_>>(),
    ];
    [
        ("state of operators", of_operators.into_iter().fold(0, usize::saturating_add)),
        ("state of rules", of_rules.into_iter().fold(0, usize::saturating_add)),
        ("windows", plan.windows.iter().map(Windows::bytes_of).fold(0, usize::saturating_add)),
        ("timers", plan.timers.len().saturating_mul(TIMER)),
        ("market", Market::bytes(plan.instruments.len(), books)),
        ("what is noted for explanations", if plan.provenance.is_some() { Watch::bytes(plan) } else { 0 }),
    ]
}

fn total(parts: &[(&'static str, usize)]) -> usize {
    parts.iter().fold(0, |total, (_, bytes)| total.saturating_add(*bytes))
}

/// What a vector holds.
pub(crate) fn flat<T>(items: &Vec<T>) -> usize {
    items.capacity().saturating_mul(size_of::<T>())
}

/// Of a plan and of the options that it was made with.
pub(crate) fn plan_bytes(plan: &Plan, options: &EngineOptions) -> usize {
    total(&plan_parts(plan, options))
}

/// Taken apart by its fields, so that none is forgotten.
fn plan_parts(plan: &Plan, options: &EngineOptions) -> [(&'static str, usize); 9] {
    let Plan {
        nodes,
        args,
        reprs,
        // In the state.
        slots: _,
        dependants,
        rules_of,
        preludes,
        entries,
        param_nodes,
        input_nodes,
        groups_of,
        window_groups,
        window_steps,
        columns,
        holds,
        clock_compares,
        windows,
        looks,
        bars,
        indicators,
        cycles,
        functions,
        histories,
        limits,
        sequences,
        scans,
        timers,
        rules,
        field_programs,
        params,
        inputs,
        texts,
        symbols,
        symbol_instruments,
        text_ids,
        program_texts: _,
        sides: _,
        instruments,
        default_venue,
        keeps_books,
        keys,
        sizes: _,
        provenance,
        stats: _,
    } = plan;
    let lists = |lists: &[&Lists]| lists.iter().map(|lists| lists.bytes()).sum::<usize>();
    let of_operators = [
        flat(nodes) + flat(args) + flat(reprs),
        flat(holds) + flat(clock_compares) + flat(windows) + flat(looks) + flat(bars) + flat(indicators),
        flat(cycles) + cycles.iter().map(|cycle| cycle.bytes()).sum::<usize>(),
        flat(functions) + functions.iter().map(|function| flat(&function.args)).sum::<usize>(),
        flat(histories) + sequences.plan_bytes() + flat(timers) + scans.bytes(),
    ];
    let of_params = params.iter().map(|param| param.name.capacity()).sum::<usize>();
    let of_inputs = inputs.iter().map(|input| input.name.capacity()).sum::<usize>();
    [
        ("operators", of_operators.into_iter().fold(0, usize::saturating_add)),
        ("links between operators", lists(&[dependants, rules_of, preludes, param_nodes, input_nodes])),
        ("links from inputs", flat(window_steps) + lists(&[groups_of, window_groups]) + entries.bytes()),
        ("columns", columns.bytes()),
        ("rules", flat(limits) + rules.bytes() + lists(&[field_programs])),
        ("names", texts.bytes() + symbols.bytes() + instruments.bytes() + default_venue.as_ref().map_or(0, |venue| venue.len())),
        ("numbers of names", flat(symbol_instruments) + flat(text_ids) + flat(keeps_books)),
        ("keys for snapshots", keys.bytes()),
        (
            "parameters and explanations",
            flat(params)
                + of_params
                + flat(inputs)
                + of_inputs
                + provenance.as_ref().map_or(0, |provenance| provenance.bytes())
                + options.default_venue.as_ref().map_or(0, String::capacity),
        ),
    ]
}

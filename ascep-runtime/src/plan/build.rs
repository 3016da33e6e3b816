//! From a program to a plan: which nodes are kept, which of them are brought up to date at every instant, and the arrays.

use ascep_lang::program::{
    ClockFn, CmpOp, CycleField, InvalidProgram, MarketField, NodeId, Op, ParamId, Period, Problem, Program, SymbolId, Type,
};
use rustc_hash::FxHashMap;

use super::keys::{Ids, Key, Keys, NodeKey};
use super::rules::{self, add_rules};
use super::sequence::{SequencePrograms, Sequences};
use super::shape::{ShapedRule, filter, shape};
use super::traits::{Traits, classify};
use super::windows::WindowKey;
use super::{
    BarPlan, Clock, ClockCompare, Entries, FieldKind, FunctionPlan, Hold, InputPlan, NONE, NodeOp, NodePlan, ParamPlan, PeriodPlan, Plan,
    Provenance, RingPlan, Rules, ScanUse, Scans, StateSizes, TimerOwner,
};
use crate::columns::Columns;
use crate::counters::PlanStats;
use crate::error::BuildError;
use crate::host::HostFunctions;
use crate::memory;
use crate::names::Names;
use crate::ops::indicator::Indicator;
use crate::ops::num::{Function, mirrored};
use crate::options::EngineOptions;
use crate::value::{Lists, Repr, put};

/// The most ways that an option may allow.
const MOST_WAYS: usize = 1 << 28;

/// Makes the plan of a program, and says which number each node of the program has in it.
pub(crate) fn build(program: &Program, options: &EngineOptions, functions: &HostFunctions) -> Result<(Plan, Vec<u32>), BuildError> {
    if options.max_window_samples == 0 {
        return Err(BuildError::Option { option: "max_window_samples", reason: "a window holds at least one sample" });
    }
    for (option, ways) in [("max_scan_ways", options.max_scan_ways), ("max_open_ways", options.max_open_ways)] {
        if ways == 0 || ways > MOST_WAYS {
            return Err(BuildError::Option { option, reason: "from 1 to 268,435,456 ways" });
        }
    }
    program.validate()?;
    if let Some(input) = program.tables.inputs.iter().find(|input| input.ty == Type::Event) {
        return Err(BuildError::EventInput { name: input.name.clone() });
    }
    if u32::try_from(program.nodes.len()).is_err() || u32::try_from(program.rules.len()).is_err() {
        return Err(BuildError::TooLarge);
    }
    let mut shaped: Vec<Option<ShapedRule>> =
        program.rules.iter().map(|rule| if options.columns && !options.provenance { shape(program, rule) } else { None }).collect();
    let filters = if options.columns && !options.provenance { filters(program) } else { FxHashMap::default() };
    let traits = classify(program, &shaped, &filters, options.provenance);
    let mut numbers = vec![NONE; traits.len()];
    let mut next = 0..;
    for slot_only in [false, true] {
        let of = numbers.iter_mut().zip(&traits).filter(|(_, traits)| traits.kept() && traits.slot_only == slot_only);
        of.zip(&mut next).for_each(|((number, _), next)| *number = next);
    }
    let mut builder = Builder::new(program, options, functions, &traits, &numbers);
    builder.filters = filters;
    builder.filters.retain(|id, _| traits.get(*id as usize).is_some_and(|traits| traits.eager));
    builder.instruments();
    builder.node_keys = builder.node_keys();
    builder.scan_texts();
    builder.nodes()?;
    builder.lay_out_windows();
    let touched = builder.links(&shaped);
    builder.scan_links();
    add_rules(&mut builder, &shaped)?;
    builder.columns(&mut shaped, touched)?;
    if options.provenance {
        builder.plan.provenance = Some(Box::new(Provenance::of(&builder)));
    }
    Ok((builder.finish()?, numbers))
}

pub(super) struct Builder<'p> {
    pub(super) program: &'p Program,
    pub(super) options: &'p EngineOptions,
    functions: &'p HostFunctions,
    pub(super) traits: &'p [Traits],
    pub(super) numbers: &'p [u32],
    pub(super) plan: Plan,
    pub(super) window_ids: FxHashMap<WindowKey, u32>,
    /// The node of each aggregate.
    pub(super) look_nodes: Vec<u32>,
    pub(super) sequence_programs: SequencePrograms,
    /// By node of the program.
    pub(super) node_keys: Vec<Key>,
    /// Each `WHERE` whose filter is in columns, by node of the program.
    pub(super) filters: FxHashMap<u32, ShapedRule>,
}

impl<'p> Builder<'p> {
    fn new(
        program: &'p Program,
        options: &'p EngineOptions,
        functions: &'p HostFunctions,
        traits: &'p [Traits],
        numbers: &'p [u32],
    ) -> Self {
        let tables = &program.tables;
        let (texts, text_ids, sides) = intern_texts(&tables.texts);
        let symbol_bytes = tables.symbols.iter().map(String::len).sum();
        let mut symbols = Names::default();
        tables.symbols.iter().for_each(|symbol| _ = symbols.push(symbol));
        let mut plan = Plan {
            nodes: Vec::new(),
            args: Vec::new(),
            reprs: Vec::new(),
            slots: Vec::new(),
            dependants: Lists::default(),
            rules_of: Lists::default(),
            preludes: Lists::default(),
            entries: Entries::default(),
            param_nodes: Lists::default(),
            input_nodes: Lists::default(),
            groups_of: Lists::default(),
            window_groups: Lists::default(),
            window_steps: Vec::new(),
            columns: Columns::default(),
            holds: Vec::new(),
            clock_compares: Vec::new(),
            windows: Vec::new(),
            looks: Vec::new(),
            bars: Vec::new(),
            indicators: Vec::new(),
            cycles: Vec::new(),
            functions: Vec::new(),
            histories: Vec::new(),
            limits: Vec::new(),
            sequences: Sequences::default(),
            scans: Scans::default(),
            timers: Vec::new(),
            rules: Rules::default(),
            field_programs: Lists::default(),
            params: Vec::new(),
            inputs: Vec::new(),
            texts,
            symbols,
            symbol_instruments: Vec::new(),
            text_ids,
            program_texts: u32::try_from(tables.texts.len()).unwrap_or(NONE),
            sides,
            instruments: Names::with_capacity(tables.symbols.len(), symbol_bytes),
            default_venue: options.default_venue.as_ref().map(|venue| format!("{venue}:").into_boxed_str()),
            keeps_books: Vec::new(),
            keys: Keys::default(),
            sizes: StateSizes::default(),
            provenance: None,
            stats: PlanStats::default(),
        };
        plan.params = tables
            .params
            .iter()
            .map(|param| ParamPlan {
                name: param.name.clone(),
                value: param.value,
                range: param.range,
                is_period: false,
                scan: ScanUse::default(),
                bits: plan.constant_bits(param.value),
            })
            .collect();
        plan.inputs = tables.inputs.iter().map(|input| InputPlan { name: input.name.clone(), kind: rules::field_kind(input.ty) }).collect();
        let (window_ids, sequence_programs) = (FxHashMap::default(), SequencePrograms::default());
        let node_keys = Vec::new();
        let (look_nodes, filters) = (Vec::new(), FxHashMap::default());
        Self { program, options, functions, traits, numbers, plan, window_ids, look_nodes, sequence_programs, node_keys, filters }
    }

    /// The number of a kept node.
    pub(super) fn number(&self, id: u32) -> u32 {
        self.numbers.get(id as usize).copied().unwrap_or(NONE)
    }

    fn instruments(&mut self) {
        let plan = &mut self.plan;
        let mut full = plan.default_venue.as_deref().unwrap_or_default().to_owned();
        let venue = full.len();
        plan.symbol_instruments.reserve_exact(self.program.tables.symbols.len());
        for symbol in &self.program.tables.symbols {
            let id = if venue > 0 && !symbol.contains(':') {
                full.truncate(venue);
                full.push_str(symbol);
                plan.instruments.intern(&full)
            } else {
                plan.instruments.intern(symbol)
            };
            plan.symbol_instruments.push(id);
        }
        self.plan.keeps_books = vec![false; self.plan.instruments.len()];
        for (node, traits) in self.program.nodes.iter().zip(self.traits) {
            if let Op::Imbalance { symbol, depth: 2.. } | Op::DepthPrice { symbol, .. } = node.op
                && traits.kept()
            {
                let instrument = self.instrument(symbol);
                put(&mut self.plan.keeps_books, instrument, true);
            }
        }
    }

    pub(super) fn max_window_samples(&self) -> usize {
        self.options.max_window_samples
    }

    pub(super) fn instrument(&self, symbol: SymbolId) -> u32 {
        self.plan.symbol_instruments.get(symbol.0 as usize).copied().unwrap_or(NONE)
    }

    /// Notes that a parameter is a length of time.
    pub(super) fn period(&mut self, period: Period) -> PeriodPlan {
        match period {
            Period::Fixed(d) => PeriodPlan::Fixed(d),
            Period::Param(ParamId(id)) => {
                if let Some(param) = self.plan.params.get_mut(id as usize) {
                    param.is_period = true;
                }
                PeriodPlan::Param(id)
            }
        }
    }

    pub(super) fn timer(&mut self, owner: TimerOwner) -> u32 {
        self.plan.timers.push(owner);
        u32::try_from(self.plan.timers.len() - 1).unwrap_or(NONE)
    }

    fn hold(&mut self, period: Period, node: u32) -> u32 {
        let hold = Hold { period: self.period(period), timer: self.timer(TimerOwner::Node(node)) };
        self.plan.holds.push(hold);
        u32::try_from(self.plan.holds.len() - 1).unwrap_or(NONE)
    }

    fn nodes(&mut self) -> Result<(), BuildError> {
        let mut params = Vec::new();
        for (index, node) in self.program.nodes.iter().enumerate() {
            let number = self.numbers.get(index).copied().unwrap_or(NONE);
            if number == NONE || self.traits.get(index).is_some_and(|traits| traits.slot_only) {
                continue;
            }
            let start = u32::try_from(self.plan.args.len()).map_err(|_| BuildError::TooLarge)?;
            // What is evaluated in columns reads its operands and nothing else.
            let filter = self.filters.get(&u32::try_from(index).unwrap_or(NONE));
            let reads = filter.map_or(&node.args[..], |filter| &filter.operands);
            let args: Vec<u32> = reads.iter().map(|arg| self.number(arg.0)).collect();
            self.plan.args.extend(&args);
            let end = u32::try_from(self.plan.args.len()).map_err(|_| BuildError::TooLarge)?;
            let repr = Repr::of(node.ty);
            let initial = match node.op {
                Op::Const(constant) => self.plan.constant_bits(constant),
                Op::Param(ParamId(id)) => self.plan.params.get(id as usize).map_or_else(|| repr.unknown(), |param| param.bits),
                _ => repr.unknown(),
            };
            let op = match self.look(node.op, &args, number)? {
                Some(look) => look,
                None => self.op(index, number)?,
            };
            self.plan.slots.push(initial);
            self.plan.reprs.push(repr);
            self.plan.nodes.push(NodePlan { op, args: (start, end) });
            let traits = self.traits.get(index).copied().unwrap_or_default();
            self.plan.keys.nodes.push(NodeKey {
                key: self.node_keys.get(index).copied().unwrap_or_default(),
                node: u32::try_from(index).map_err(|_| BuildError::TooLarge)?,
                ids: Ids::of(node.ty),
                derived: traits.stateless,
                captured: traits.captured,
            });
            params.push(self.params_of(node.op));
        }
        self.plan.keys.params = Lists::new(params);
        let slots = self.numbers.iter().filter(|number| **number != NONE).count();
        self.plan.slots.resize(slots, Repr::Num.unknown());
        Ok(())
    }

    fn is_captured(&self, index: usize) -> bool {
        self.traits.get(index).is_some_and(|traits| traits.captured)
    }

    fn op(&mut self, index: usize, number: u32) -> Result<NodeOp, BuildError> {
        let program = self.program;
        let invalid = |problem| BuildError::Program(InvalidProgram::Node { index, problem });
        let node = program.nodes.get(index).ok_or(invalid(Problem::Index))?;
        let arg_types: Vec<Type> = node.args.iter().filter_map(|arg| program.nodes.get(arg.0 as usize)).map(|arg| arg.ty).collect();
        let arg_repr = arg_types.first().map_or(Repr::Num, |ty| Repr::of(*ty));
        let index_of = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
        let take = |count: &mut usize| {
            *count += 1;
            index_of(*count - 1)
        };
        Ok(match node.op {
            Op::Const(_) | Op::Param(_) | Op::Input(_) => NodeOp::Fixed,
            Op::Market(field, symbol) => {
                let instrument = self.instrument(symbol);
                match field {
                    MarketField::TradeSide => NodeOp::TradeSide { instrument },
                    MarketField::Latency => NodeOp::Latency { instrument },
                    MarketField::VenueTs => NodeOp::VenueTs { instrument },
                    _ => NodeOp::Market { instrument, field },
                }
            }
            Op::Imbalance { symbol, depth } => NodeOp::Imbalance { instrument: self.instrument(symbol), depth },
            Op::DepthPrice { symbol, side } => NodeOp::DepthPrice { instrument: self.instrument(symbol), side },
            Op::Clock(ClockFn::Now) => NodeOp::Clock(Clock::Now),
            Op::Clock(ClockFn::HourOfDay) => NodeOp::Clock(Clock::Hour),
            Op::Clock(ClockFn::DayOfWeek) => NodeOp::Clock(Clock::Day),
            Op::Age(symbol) => NodeOp::Clock(Clock::Age { instrument: self.instrument(symbol) }),
            Op::Since => NodeOp::Clock(Clock::Since { state: take(&mut self.plan.sizes.since)? }),
            Op::Num(function) => NodeOp::Function(Function::resolve(function, &arg_types).ok_or(invalid(Problem::Type))?.0),
            Op::Compare(op) => match self.clock_compare(index, op, number) {
                Some(compare) => {
                    self.plan.clock_compares.push(compare);
                    NodeOp::ClockCompare { state: index_of(self.plan.clock_compares.len() - 1)? }
                }
                None if arg_types.contains(&Type::Symbol) => NodeOp::CompareSymbols(op),
                None => NodeOp::Compare(op, arg_repr),
            },
            Op::And => NodeOp::And,
            Op::Or => NodeOp::Or,
            Op::Not => NodeOp::Not,
            Op::Coalesce => NodeOp::Coalesce(arg_repr),
            Op::Known => NodeOp::Known(arg_repr),
            Op::Pick => NodeOp::Pick,
            Op::Event(..) => NodeOp::Event,
            Op::Where | Op::EventAnd if self.is_captured(index) => NodeOp::RunAnd,
            Op::EventOr if self.is_captured(index) => NodeOp::RunOr,
            Op::Where => NodeOp::Where,
            Op::EventAnd => NodeOp::EventAnd,
            Op::EventOr => NodeOp::EventOr,
            Op::Edge => NodeOp::Edge { state: take(&mut self.plan.sizes.edges)? },
            Op::Crosses(side) => NodeOp::Crosses { side, repr: arg_repr, state: take(&mut self.plan.sizes.crosses)? },
            Op::NoFor(d) => NodeOp::NoFor { hold: self.hold(d, number) },
            Op::For(d) => NodeOp::For { hold: self.hold(d, number) },
            Op::Once(d) if arg_repr == Repr::Event => NodeOp::OnceEvent { hold: self.hold(d, number) },
            Op::Once(d) => {
                let state = take(&mut self.plan.sizes.once_levels)?;
                NodeOp::OnceLevel { hold: self.hold(d, number), state }
            }
            Op::Index(n) => {
                let capacity = n as usize;
                let ring = RingPlan { start: self.plan.sizes.history, capacity };
                self.plan.sizes.history = ring.start.saturating_add(capacity);
                self.plan.histories.push(ring);
                NodeOp::Index { state: index_of(self.plan.histories.len() - 1)? }
            }
            Op::Seq(id) => NodeOp::Seq { index: self.sequence(id, index, number)? },
            Op::Capture(index) => NodeOp::Capture { index, repr: Repr::of(node.ty) },
            Op::All(d) => NodeOp::All { index: self.all(d, node.args.len())? },
            Op::Sample => NodeOp::Sample,
            Op::Bar { symbol, period } => {
                let instrument = self.instrument(symbol);
                let timer = self.timer(TimerOwner::Node(number));
                self.plan.bars.push(BarPlan { instrument, period, timer });
                NodeOp::Bar { bar: index_of(self.plan.bars.len() - 1)? }
            }
            Op::BarField(field) => match node.args.first().and_then(|bar| self.plan.nodes.get(self.number(bar.0) as usize)) {
                Some(&NodePlan { op: NodeOp::Bar { bar }, .. }) => NodeOp::BarField { bar, field },
                _ => return Err(invalid(Problem::Operator)),
            },
            Op::Cycles(id) => self.scan(id, index, number)?,
            Op::OpportunityField(field) => {
                let scan = node.args.first().map(|scan| self.number(scan.0));
                self.opportunity(scan, field).ok_or(invalid(Problem::Operator))?
            }
            Op::FastK => NodeOp::FastK,
            Op::Ema { n, skip } => self.indicator(Indicator::Ema { n, skip })?,
            Op::Rsi(n) => self.indicator(Indicator::Rsi(n))?,
            Op::Atr(n) => self.indicator(Indicator::Atr(n))?,
            Op::Obv => self.indicator(Indicator::Obv)?,
            Op::Decay(h) => {
                let half_life = self.period(h);
                self.indicator(Indicator::Decay(half_life))?
            }
            Op::Cycle { cycle, field } => {
                let cycle = program.tables.cycles.get(cycle.0 as usize).ok_or(invalid(Problem::Index))?;
                let cycle = self.cycle(cycle).ok_or(invalid(Problem::Value))?;
                self.plan.cycles.push(cycle);
                let cycle = index_of(self.plan.cycles.len() - 1)?;
                if field == CycleField::Age { NodeOp::Clock(Clock::Legs { cycle }) } else { NodeOp::Cycle { cycle, field } }
            }
            Op::Host(id) => {
                let function = program.tables.functions.get(id.0 as usize).ok_or(invalid(Problem::Index))?;
                let call = self.functions.get(&function.name).ok_or_else(|| BuildError::Function { name: function.name.clone() })?;
                let args: Vec<FieldKind> = arg_types.iter().map(|ty| kind_of(*ty)).collect();
                self.plan.sizes.max_args = self.plan.sizes.max_args.max(args.len());
                self.plan.functions.push(FunctionPlan { call, args, result: kind_of(node.ty) });
                NodeOp::Host { function: index_of(self.plan.functions.len() - 1)? }
            }
            _ => return Err(invalid(Problem::Operator)),
        })
    }

    fn indicator(&mut self, indicator: Indicator) -> Result<NodeOp, BuildError> {
        self.plan.indicators.push(indicator);
        let indicator = u32::try_from(self.plan.indicators.len() - 1).map_err(|_| BuildError::TooLarge)?;
        Ok(NodeOp::Indicator { indicator })
    }

    /// The comparison as one of a bare clock reading with a constant.
    fn clock_compare(&mut self, index: usize, op: CmpOp, number: u32) -> Option<ClockCompare> {
        let node = self.program.nodes.get(index)?;
        let &[a, b] = &node.args[..] else { return None };
        let clock_of = |id: u32| match self.plan.nodes.get(self.number(id) as usize)?.op {
            NodeOp::Clock(clock) => Some(clock),
            _ => None,
        };
        let is_constant = |id: u32| self.traits.get(id as usize).is_some_and(|traits| traits.constant);
        let (clock, op, constant) = if let Some(clock) = clock_of(a.0)
            && is_constant(b.0)
        {
            (clock, op, b)
        } else if let Some(clock) = clock_of(b.0)
            && is_constant(a.0)
        {
            (clock, mirrored(op), a)
        } else {
            return None;
        };
        let constant = self.number(constant.0);
        Some(ClockCompare { clock, op, constant, timer: self.timer(TimerOwner::Node(number)) })
    }

    fn finish(mut self) -> Result<Plan, BuildError> {
        let Plan { nodes, args, reprs, slots, keys, .. } = &mut self.plan;
        nodes.shrink_to_fit();
        args.shrink_to_fit();
        reprs.shrink_to_fit();
        slots.shrink_to_fit();
        keys.nodes.shrink_to_fit();
        let Plan { texts, symbols, instruments, .. } = &mut self.plan;
        texts.forget_places();
        for names in [texts, symbols, instruments] {
            if !names.is_sound() {
                return Err(BuildError::TooLarge);
            }
            names.shrink();
        }
        let bytes = memory::plan_bytes(&self.plan, self.options).saturating_add(memory::state_bytes(&self.plan));
        self.plan.stats = PlanStats {
            rules: self.plan.rules.len(),
            shape_rules: self.plan.columns.shape_rules,
            shapes: self.plan.columns.shapes.len(),
            rows: self.plan.columns.rules.len(),
            groups: self.plan.columns.groups.len(),
            general_nodes: self.plan.nodes.len(),
            bytes,
            compiled_shapes: self.plan.columns.machine.stats.compiled,
            refused_shapes: self.plan.columns.machine.stats.refused,
            code_bytes: self.plan.columns.machine.stats.code,
            loop_quotes: self.plan.columns.machine.stats.quotes,
            loop_trades: self.plan.columns.machine.stats.trades,
        };
        if bytes > self.options.max_bytes {
            return Err(BuildError::Memory { needed: bytes, limit: self.options.max_bytes });
        }
        Ok(self.plan)
    }
}

/// Each `WHERE` whose filter can be evaluated in columns.
fn filters(program: &Program) -> FxHashMap<u32, ShapedRule> {
    (0..)
        .zip(&program.nodes)
        .filter(|(_, node)| node.op == Op::Where)
        .filter_map(|(id, _)| Some((id, filter(program, NodeId(id))?)))
        .collect()
}

/// Each text once, the number that each text of the program has among them (none where it is the same), and the numbers of "buy" and "sell".
fn intern_texts(texts: &[String]) -> (Names, Vec<u32>, (u32, u32)) {
    let mut names = Names::with_capacity(texts.len() + 2, texts.iter().map(String::len).sum::<usize>() + 7);
    let mut ids: Vec<u32> = texts.iter().map(|text| names.intern(text)).collect();
    if ids.iter().zip(0..).all(|(id, place)| *id == place) {
        ids = Vec::new();
    }
    let sides = (names.intern("buy"), names.intern("sell"));
    (names, ids, sides)
}

/// The kind of field that a type gives, for what is no event.
pub(super) fn kind_of(ty: Type) -> FieldKind {
    match ty {
        Type::Num(_) | Type::Event => FieldKind::Num,
        Type::Bool => FieldKind::Bool,
        Type::Duration => FieldKind::Duration,
        Type::Timestamp => FieldKind::Timestamp,
        Type::Symbol => FieldKind::Symbol,
        Type::Text => FieldKind::Text,
    }
}

//! What must hold of a program before an engine trusts it. The compiler and the builder only make programs that hold it; a file may say anything.

use std::collections::BTreeSet;

use super::signature::check_args;
use super::{
    CaptureOf, Constant, CycleField, CycleKind, LANGUAGE_VERSION, Mode, Node, NodeId, Op, PROGRAM_VERSION, Param, ParamId, Period, Program,
    Rule, SeqStep, Sequence, SequenceId, Stat, StepInput, StepKind, SymbolId, Tables, TextId, Type, Window, captures,
};

/// The deepest level of a book that an operator may ask for.
pub(crate) const MAX_DEPTH: u8 = 20;
/// The most updates that `x[n]` or a count window may look back over.
pub(crate) const MAX_UPDATES: u32 = 65_536;
/// The most samples that a time window may be given with `max = n`.
pub(crate) const MAX_SAMPLES: u32 = 16_777_216;
/// The most places that the steps of a sequence may have together, each `{n}` counting n.
pub(crate) const MAX_SEQUENCE: u32 = 1_024;

/// What is wrong with a program, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProgram {
    /// It is of another version.
    #[error("format {format} with language {language}")]
    Version {
        /// [`Program::version`]
        format: u32,
        /// [`Program::language`]
        language: u32,
    },
    /// In a node.
    #[error("node {index}: {problem}")]
    Node {
        /// Its index.
        index: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// In a rule instance.
    #[error("rule {index}: {problem}")]
    Rule {
        /// Its index.
        index: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// In a parameter.
    #[error("parameter {index}: {problem}")]
    Param {
        /// Its index.
        index: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// In a host input.
    #[error("input {index}: {problem}")]
    Input {
        /// Its index.
        index: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// In the symbols.
    #[error("symbol {index}: {problem}")]
    Symbol {
        /// Its index.
        index: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong at a place in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An index that its table does not have.
    #[error("an index outside its table")]
    Index,
    /// An argument that does not stand before the node.
    #[error("an argument that does not stand before it")]
    Order,
    /// A number of arguments that the operator cannot have.
    #[error("a wrong number of arguments")]
    Arity,
    /// A type that cannot stand there.
    #[error("a type that cannot stand there")]
    Type,
    /// An operator of typed rules that a program does not have.
    #[error("an operator that no program has")]
    Operator,
    /// A number that is not finite.
    #[error("a number that is not finite")]
    NotFinite,
    /// A period that is not above zero.
    #[error("a period that is not above zero")]
    Period,
    /// A depth, index, count or limit out of its range.
    #[error("a number out of its range")]
    Range,
    /// A value outside the range of its parameter, or a range turned over.
    #[error("a value outside its range")]
    Value,
    /// A name that is empty or stands twice.
    #[error("an empty name, or one that stands twice")]
    Name,
    /// A rule without an action.
    #[error("no action")]
    NoAction,
    /// Something read of a run that the run does not keep, or that is remembered from one run to another.
    #[error("a capture that no run of a sequence gives there")]
    Capture,
    /// A sequence that something else than a rule waits for.
    #[error("a sequence that is not the trigger of a rule")]
    Trigger,
}

/// Types without their units; units are for people and are not checked again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Num,
    Bool,
    Event,
    Duration,
    Timestamp,
    Symbol,
    Text,
}

impl Kind {
    pub(super) fn of(ty: Type) -> Self {
        match ty {
            Type::Num(_) => Self::Num,
            Type::Bool => Self::Bool,
            Type::Event => Self::Event,
            Type::Duration => Self::Duration,
            Type::Timestamp => Self::Timestamp,
            Type::Symbol => Self::Symbol,
            Type::Text => Self::Text,
        }
    }
}

pub(super) type Checked = Result<(), Problem>;

pub(super) fn ensure(holds: bool, problem: Problem) -> Checked {
    if holds { Ok(()) } else { Err(problem) }
}

impl Program {
    /// Checks everything that an engine relies on: indices, order and types of arguments, periods, ranges, finite numbers, names that stand once.
    ///
    /// # Errors
    /// The first place where something does not hold: tables first, then nodes, then rules.
    pub fn validate(&self) -> Result<(), InvalidProgram> {
        if (self.version, self.language) != (PROGRAM_VERSION, LANGUAGE_VERSION) {
            return Err(InvalidProgram::Version { format: self.version, language: self.language });
        }
        let mut names = BTreeSet::new();
        for (index, symbol) in self.tables.symbols.iter().enumerate() {
            ensure(!symbol.is_empty() && names.insert(symbol.as_str()), Problem::Name)
                .map_err(|problem| InvalidProgram::Symbol { index, problem })?;
        }
        // Parameters and inputs are set by name, so they share one space of names.
        let mut names = BTreeSet::new();
        for (index, param) in self.tables.params.iter().enumerate() {
            ensure(!param.name.is_empty() && names.insert(param.name.as_str()), Problem::Name)
                .and_then(|()| self.tables.check_param(param))
                .map_err(|problem| InvalidProgram::Param { index, problem })?;
        }
        for (index, input) in self.tables.inputs.iter().enumerate() {
            ensure(!input.name.is_empty() && names.insert(input.name.as_str()), Problem::Name)
                .and_then(|()| self.tables.check_type(input.ty))
                .map_err(|problem| InvalidProgram::Input { index, problem })?;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            self.check_node(index, node).map_err(|problem| InvalidProgram::Node { index, problem })?;
        }
        let mut names = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            self.check_rule(rule)
                .and_then(|()| ensure(names.insert((rule.name, rule.instance.as_slice())), Problem::Name))
                .map_err(|problem| InvalidProgram::Rule { index, problem })?;
        }
        captures::check(self)
    }

    fn check_node(&self, index: usize, node: &Node) -> Checked {
        self.tables.check_type(node.ty)?;
        self.tables.check_op(node.op, node.ty)?;
        let mut args = Vec::with_capacity(node.args.len());
        for arg in &node.args {
            let at = arg.0 as usize;
            ensure(at < index, Problem::Order)?;
            args.push(Kind::of(self.nodes.get(at).ok_or(Problem::Order)?.ty));
        }
        match node.op {
            Op::Seq(id) => {
                ensure(node.ty == Type::Event, Problem::Type)?;
                self.tables.check_sequence_args(id, &args)
            }
            Op::Host(id) => {
                let function = self.tables.functions.get(id.0 as usize).ok_or(Problem::Index)?;
                ensure(function.args.len() == args.len(), Problem::Arity)?;
                ensure(function.args.iter().zip(&args).all(|(ty, kind)| Kind::of(*ty) == *kind), Problem::Type)
            }
            Op::Cycle { cycle, field } => {
                let wanted = match self.tables.cycles.get(cycle.0 as usize).map(|cycle| cycle.kind) {
                    Some(CycleKind::Cross) => 2,
                    _ => 1,
                };
                ensure(args.len() == wanted, Problem::Arity)?;
                let result = if matches!(field, CycleField::Age | CycleField::Skew) { Kind::Duration } else { Kind::Num };
                ensure(args.iter().all(|arg| *arg == Kind::Num) && Kind::of(node.ty) == result, Problem::Type)
            }
            Op::OpportunityField(_) => {
                let scan = node.args.first().and_then(|arg| self.nodes.get(arg.0 as usize));
                ensure(scan.is_none_or(|scan| matches!(scan.op, Op::Cycles(_))), Problem::Operator)?;
                check_args(node.op, &args, Kind::of(node.ty))
            }
            _ => check_args(node.op, &args, Kind::of(node.ty)),
        }
    }

    fn kind(&self, id: NodeId) -> Result<Kind, Problem> {
        self.nodes.get(id.0 as usize).map(|node| Kind::of(node.ty)).ok_or(Problem::Index)
    }

    fn check_rule(&self, rule: &Rule) -> Checked {
        let t = &self.tables;
        t.check_name(rule.name)?;
        for (var, symbol) in &rule.instance {
            t.check_name(*var)?;
            t.check_symbol(*symbol)?;
        }
        let wanted = if rule.mode == Mode::Event { Kind::Event } else { Kind::Bool };
        ensure(self.kind(rule.trigger)? == wanted, Problem::Type)?;
        if let Mode::Every(d) = rule.mode {
            t.check_period(d)?;
        }
        if let Some(until) = rule.until {
            ensure(matches!(self.kind(until)?, Kind::Bool | Kind::Event), Problem::Type)?;
        }
        rule.cooldown.map_or(Ok(()), |d| t.check_period(d))?;
        if let Some((n, d)) = rule.limit {
            ensure((1..=MAX_UPDATES).contains(&n), Problem::Range)?;
            t.check_period(d)?;
        }
        ensure(!rule.actions.is_empty(), Problem::NoAction)?;
        for action in &rule.actions {
            t.check_name(action.name)?;
            let mut names = BTreeSet::new();
            for (name, node) in &action.fields {
                t.check_name(*name)?;
                ensure(names.insert(t.text(*name)), Problem::Name)?;
                ensure(self.kind(*node)? != Kind::Event, Problem::Type)?;
            }
        }
        Ok(())
    }
}

impl Tables {
    pub(super) fn check_symbol(&self, id: SymbolId) -> Checked {
        ensure((id.0 as usize) < self.symbols.len(), Problem::Index)
    }

    fn check_text(&self, id: TextId) -> Checked {
        ensure((id.0 as usize) < self.texts.len(), Problem::Index)
    }

    fn check_name(&self, id: TextId) -> Checked {
        self.check_text(id)?;
        ensure(!self.text(id).is_empty(), Problem::Name)
    }

    fn check_type(&self, ty: Type) -> Checked {
        match ty {
            Type::Num(unit) => ensure((unit.0 as usize) < self.units.len(), Problem::Index),
            _ => Ok(()),
        }
    }

    fn check_constant(&self, constant: Constant, ty: Type) -> Checked {
        let kind = match constant {
            Constant::Num(bits) => {
                ensure(f64::from_bits(bits).is_finite(), Problem::NotFinite)?;
                Kind::Num
            }
            Constant::Bool(_) => Kind::Bool,
            Constant::Duration(_) => Kind::Duration,
            Constant::Timestamp(_) => Kind::Timestamp,
            Constant::Symbol(id) => {
                self.check_symbol(id)?;
                Kind::Symbol
            }
            Constant::Text(id) => {
                self.check_text(id)?;
                Kind::Text
            }
        };
        ensure(kind == Kind::of(ty), Problem::Type)
    }

    fn check_param(&self, param: &Param) -> Checked {
        self.check_type(param.ty)?;
        ensure(matches!(Kind::of(param.ty), Kind::Num | Kind::Duration | Kind::Bool), Problem::Type)?;
        self.check_constant(param.value, param.ty)?;
        let Some((low, high)) = param.range else { return Ok(()) };
        self.check_constant(low, param.ty)?;
        self.check_constant(high, param.ty)?;
        match (low, param.value, high) {
            (Constant::Num(low), Constant::Num(value), Constant::Num(high)) => {
                let (low, value, high) = (f64::from_bits(low), f64::from_bits(value), f64::from_bits(high));
                ensure(low <= value && value <= high, Problem::Value)
            }
            (Constant::Duration(low), Constant::Duration(value), Constant::Duration(high)) => {
                ensure(low <= value && value <= high, Problem::Value)
            }
            _ => Err(Problem::Type),
        }
    }

    pub(super) fn check_period(&self, period: Period) -> Checked {
        match period {
            Period::Fixed(ns) => ensure(ns > 0, Problem::Period),
            Period::Param(id) => {
                let param = self.check_param_id(id)?;
                ensure(param.ty == Type::Duration, Problem::Type)?;
                let above_zero = |c: Constant| matches!(c, Constant::Duration(ns) if ns > 0);
                ensure(above_zero(param.value) && param.range.is_none_or(|(low, _)| above_zero(low)), Problem::Period)
            }
        }
    }

    pub(super) fn check_param_id(&self, id: ParamId) -> Result<&Param, Problem> {
        self.params.get(id.0 as usize).ok_or(Problem::Index)
    }

    fn check_window(&self, stat: Stat, window: Window, max: Option<u32>) -> Checked {
        ensure(max.is_none_or(|max| (1..=MAX_SAMPLES).contains(&max)), Problem::Range)?;
        if let Stat::Percentile(bits) = stat {
            ensure((0.0..=100.0).contains(&f64::from_bits(bits)), Problem::Range)?;
        }
        match window {
            Window::Time(d) => {
                ensure(stat != Stat::Wma, Problem::Operator)?;
                self.check_period(d)
            }
            Window::Updates(n) => {
                ensure(!stat.is_of_the_past() && !matches!(stat, Stat::Rate), Problem::Operator)?;
                ensure((1..=MAX_UPDATES).contains(&n), Problem::Range)
            }
        }
    }

    /// Whether a sequence is one by itself; its arguments are checked with the node.
    fn check_sequence(&self, sequence: &Sequence) -> Checked {
        self.check_period(sequence.within)?;
        let matches = |step: &SeqStep| matches!(step.kind, StepKind::Match { .. });
        ensure(sequence.steps.len() >= 2 && sequence.steps.first().is_some_and(matches), Problem::Arity)?;
        let mut places = 0_u64;
        for step in &sequence.steps {
            match step.kind {
                StepKind::Match { min, max } => {
                    ensure(min >= 1 && max.is_none_or(|max| max >= min), Problem::Range)?;
                    places += u64::from(min);
                }
                StepKind::Absent { hold } => {
                    // What is a level as it stands needs no `WHERE`.
                    ensure(step.filter.is_none() || matches!(step.input, StepInput::Event(_)), Problem::Operator)?;
                    hold.map_or(Ok(()), |d| self.check_period(d))?;
                    places += 1;
                }
            }
        }
        ensure(places <= u64::from(MAX_SEQUENCE), Problem::Range)?;
        for capture in &sequence.captures {
            ensure(sequence.steps.get(usize::from(capture.step)).is_some_and(matches), Problem::Index)?;
        }
        Ok(())
    }

    /// Whether the arguments of a sequence are of the kinds that its steps ask for. Captures are checked where they are read.
    fn check_sequence_args(&self, id: SequenceId, args: &[Kind]) -> Checked {
        let sequence = self.sequences.get(id.0 as usize).ok_or(Problem::Index)?;
        let is = |place: u16, kind: Kind| match args.get(usize::from(place)) {
            Some(found) => ensure(*found == kind, Problem::Type),
            None => Err(Problem::Index),
        };
        for step in &sequence.steps {
            match step.input {
                StepInput::Event(place) => is(place, Kind::Event)?,
                StepInput::Level(place) => is(place, Kind::Bool)?,
            }
            step.filter.map_or(Ok(()), |place| is(place, Kind::Bool))?;
        }
        for capture in &sequence.captures {
            match capture.of {
                CaptureOf::First(place) | CaptureOf::Last(place) => {
                    let kind = args.get(usize::from(place)).ok_or(Problem::Index)?;
                    ensure(*kind != Kind::Event, Problem::Type)?;
                }
                CaptureOf::Count => {}
            }
        }
        Ok(())
    }

    /// What an operator refers to, and whether its type is one that it can have without looking at its arguments.
    fn check_op(&self, op: Op, ty: Type) -> Checked {
        match op {
            Op::Const(c) => self.check_constant(c, ty),
            Op::Param(id) => ensure(self.check_param_id(id)?.ty == ty, Problem::Type),
            Op::Input(id) => ensure(self.inputs.get(id.0 as usize).ok_or(Problem::Index)?.ty == ty, Problem::Type),
            Op::Market(_, s) | Op::Age(s) | Op::Event(_, s) | Op::DepthPrice { symbol: s, .. } => self.check_symbol(s),
            Op::Imbalance { symbol, depth } => {
                self.check_symbol(symbol)?;
                ensure((1..=MAX_DEPTH).contains(&depth), Problem::Range)
            }
            Op::NoFor(d) | Op::For(d) | Op::Once(d) | Op::Decay(d) | Op::All(d) => self.check_period(d),
            Op::Window { stat, window, max, .. } => self.check_window(stat, window, max),
            Op::Index(n) | Op::Rsi(n) | Op::Atr(n) => ensure((1..=MAX_UPDATES).contains(&n), Problem::Range),
            Op::Ema { n, skip } => ensure((1..=MAX_UPDATES).contains(&n) && skip <= MAX_UPDATES, Problem::Range),
            Op::Bar { symbol, period } => {
                self.check_symbol(symbol)?;
                ensure(period > 0, Problem::Period)
            }
            Op::Seq(id) => self.check_sequence(self.sequences.get(id.0 as usize).ok_or(Problem::Index)?),
            Op::Cycle { cycle, .. } => {
                let cycle = self.cycles.get(cycle.0 as usize).ok_or(Problem::Index)?;
                let wanted = if cycle.kind == CycleKind::Triangle { 3 } else { 2 };
                ensure(cycle.markets.len() == wanted, Problem::Arity)?;
                cycle.markets.iter().try_for_each(|symbol| self.check_symbol(*symbol))
            }
            Op::Cycles(id) => self.check_scan(self.scans.get(id.0 as usize).ok_or(Problem::Index)?),
            Op::Host(id) => ensure(self.functions.get(id.0 as usize).ok_or(Problem::Index)?.result == ty, Problem::Type),
            Op::Payload(_) => Err(Problem::Operator),
            _ => Ok(()),
        }
    }
}

//! What a builder has put together so far. Types are Rust's; units, names and ranges are checked here as in the compiler.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::{BuildError, BuildErrors, ProgramBuilder};
use crate::check::output::Output;
use crate::check::units::Unit;
use crate::check::value::{ShapeId, Ty};
use crate::diagnostic::{Code, Diagnostic};
use crate::program::{Constant, MAX_DEPTH, MAX_UPDATES, NodeId, Op, Period, Program, Rule, SymbolId, TextId, Type};
use crate::span::Span;

/// The operators that a program may have, as in the compiler by default.
const MAX_NODES: usize = 4_000_000;
/// Errors kept; a loop in the host can make very many of the same kind.
const MAX_ERRORS: usize = 100;

/// A node of the program that is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(u32);

impl Id {
    pub(super) fn index(self) -> u32 {
        self.0
    }
}

/// A node with its builder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handle<'b> {
    pub(super) builder: &'b ProgramBuilder,
    pub(super) id: Id,
}

/// What is known of a node besides its place in the program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    ty: Ty,
    shape: ShapeId,
    /// The event whose payload it reads without standing inside its filter.
    payload_of: Option<NodeId>,
    /// Reads constants and parameters only.
    written: bool,
    /// The sequence whose runs it reads.
    run_of: Option<u32>,
}

impl Known {
    /// Read of the runs of a sequence.
    pub(super) fn of_run(ty: Ty, of: u32) -> Self {
        Self { run_of: Some(of), ..Self::new(ty) }
    }

    /// Nothing but a type.
    pub(super) fn new(ty: Ty) -> Self {
        Self { ty, shape: ShapeId::BARE, payload_of: None, written: false, run_of: None }
    }
}

pub(super) struct State {
    pub(super) out: Output,
    pub(super) strict_units: bool,
    pub(super) sequences: Vec<super::sequence::Draft>,
    known: Vec<Known>,
    names: BTreeSet<String>,
    rules: BTreeSet<(TextId, Vec<(TextId, SymbolId)>)>,
    warnings: Vec<Diagnostic>,
    errors: Vec<BuildError>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            out: Output::new(),
            strict_units: false,
            sequences: Vec::new(),
            known: Vec::new(),
            names: BTreeSet::new(),
            rules: BTreeSet::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
        }
    }
}

pub(super) fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl State {
    pub(super) fn error(&mut self, error: BuildError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn known(&self, id: Id) -> Known {
        self.known.get(id.0 as usize).copied().unwrap_or(Known::new(Ty::Poison))
    }

    /// The type of a node, that of poison for one of another builder.
    pub(super) fn ty(&self, handle: Handle<'_>) -> Ty {
        self.known(handle.id).ty
    }

    pub(super) fn op(&self, handle: Handle<'_>) -> Option<Op> {
        self.out.node(NodeId(handle.id.0)).map(|n| n.op)
    }

    pub(super) fn shape(&self, handle: Handle<'_>) -> ShapeId {
        self.known(handle.id).shape
    }

    pub(super) fn payload_of(&self, handle: Handle<'_>) -> Option<NodeId> {
        self.known(handle.id).payload_of
    }

    /// The sequence whose runs a node reads.
    pub(super) fn run_of(&self, handle: Handle<'_>) -> Option<u32> {
        self.known(handle.id).run_of
    }

    /// The handle of a node that has been handed out before.
    pub(super) fn again<'b>(&self, builder: &'b ProgramBuilder, id: NodeId) -> Handle<'b> {
        Handle { builder, id: Id(id.0) }
    }

    pub(super) fn node(&mut self, op: Op, args: &[Handle<'_>], ty: Ty) -> Id {
        let mut payload_of = None;
        for arg in args {
            match (payload_of, self.payload_of(*arg)) {
                (None, of) => payload_of = of,
                (Some(a), Some(b)) if a != b => self.error(BuildError::PayloadsMixed),
                _ => {}
            }
        }
        let mut run_of = None;
        for arg in args {
            match (run_of, self.run_of(*arg)) {
                (None, of) => run_of = of,
                (Some(a), Some(b)) if a != b => self.error(BuildError::LabelOutside),
                _ => {}
            }
        }
        if run_of.is_some() && op.remembers() {
            self.error(BuildError::LabelRemembered(op.name()));
        }
        let written = match op {
            Op::Const(_) | Op::Param(_) => true,
            _ => !args.is_empty() && args.iter().all(|a| self.known(a.id).written),
        };
        self.push(op, args, Known { payload_of, written, run_of, ..Known::new(ty) })
    }

    pub(super) fn event(&mut self, op: Op, args: &[Handle<'_>], shape: ShapeId) -> Id {
        let id = self.node(op, args, Ty::Event);
        if let Some(known) = self.known.last_mut() {
            known.shape = shape;
        }
        id
    }

    /// A filtered event: inside the filter its payload may be read.
    pub(super) fn filtered(&mut self, event: Handle<'_>, filter: Handle<'_>) -> Id {
        let id = self.event(Op::Where, &[event, filter], self.shape(event));
        let inside = self.payload_of(filter);
        if (inside.is_none() || inside == Some(NodeId(event.id.0)))
            && let Some(known) = self.known.last_mut()
        {
            known.payload_of = None;
        }
        id
    }

    /// A field of the payload of an event.
    pub(super) fn payload(&mut self, op: Op, event: Handle<'_>, ty: Ty) -> Id {
        let of = NodeId(event.id.0);
        self.push(op, &[event], Known { payload_of: Some(of), ..Known::new(ty) })
    }

    pub(super) fn constant(&mut self, ty: Ty, constant: Constant) -> Id {
        self.check_finite(constant);
        self.node(Op::Const(constant), &[], ty)
    }

    pub(super) fn push(&mut self, op: Op, args: &[Handle<'_>], known: Known) -> Id {
        let id = Id(index(self.known.len()));
        if self.known.len() >= MAX_NODES {
            if self.known.len() == MAX_NODES {
                self.error(BuildError::TooLarge(MAX_NODES));
                // One more, so that this is said once.
                self.known.push(known);
            }
            return id;
        }
        let args: SmallVec<[NodeId; 3]> = args.iter().map(|a| NodeId(a.id.0)).collect();
        self.out.emit(op, args, known.ty, Span::default());
        self.known.push(known);
        id
    }

    /// The type as the program's tables have it.
    pub(super) fn export(&mut self, ty: Ty) -> Type {
        self.out.export(ty)
    }

    /// A symbol; an empty one with an error where it cannot be read.
    pub(super) fn symbol(&mut self, symbol: &str) -> SymbolId {
        let text = self.out.text(symbol);
        match self.out.symbol(text) {
            Ok(id) => id,
            Err(reason) => {
                self.error(BuildError::Symbol { symbol: symbol.to_owned(), reason });
                SymbolId(u32::MAX)
            }
        }
    }

    /// The name of something in the program.
    pub(super) fn name(&mut self, name: &str) -> TextId {
        let mut chars = name.chars();
        let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !starts || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.error(BuildError::Name(name.to_owned()));
        }
        self.out.text(name)
    }

    /// The name of a parameter or an input, which are set by name.
    pub(super) fn claim(&mut self, name: &str) {
        self.name(name);
        if !self.names.insert(name.to_owned()) {
            self.error(BuildError::Duplicate(name.to_owned()));
        }
    }

    pub(super) fn check_finite(&mut self, constant: Constant) {
        if let Constant::Num(bits) = constant
            && !f64::from_bits(bits).is_finite()
        {
            self.error(BuildError::NotFinite(f64::from_bits(bits).to_string()));
        }
    }

    pub(super) fn check_range(&mut self, name: &str, low: Constant, value: Constant, high: Constant) {
        let inside = match (low, value, high) {
            (Constant::Num(a), Constant::Num(x), Constant::Num(b)) => {
                f64::from_bits(a) <= f64::from_bits(x) && f64::from_bits(x) <= f64::from_bits(b)
            }
            (Constant::Duration(a), Constant::Duration(x), Constant::Duration(b)) => a <= x && x <= b,
            _ => false,
        };
        if !inside {
            self.error(BuildError::ParamRange(name.to_owned()));
        }
    }

    pub(super) fn check_depth(&mut self, depth: u8) {
        if !(1..=MAX_DEPTH).contains(&depth) {
            self.error(BuildError::Depth(depth));
        }
    }

    pub(super) fn check_updates(&mut self, n: u32) {
        if !(1..=MAX_UPDATES).contains(&n) {
            self.error(BuildError::Updates(n));
        }
    }

    /// The period that a value stands for: a constant duration or a parameter that is one.
    pub(super) fn period_of(&mut self, length: Handle<'_>) -> Period {
        let period = match self.op(length) {
            Some(Op::Const(Constant::Duration(ns))) if ns > 0 => Some(Period::Fixed(ns)),
            Some(Op::Param(id)) => {
                let low = self.out.typed.tables.params.get(id.0 as usize).and_then(|p| p.range).map(|r| r.0);
                matches!(low, Some(Constant::Duration(ns)) if ns > 0).then_some(Period::Param(id))
            }
            _ => None,
        };
        period.unwrap_or_else(|| {
            self.error(BuildError::Period);
            Period::Fixed(1)
        })
    }

    /// The unit that two numbers have in common; a warning where they have none.
    pub(super) fn agree(&mut self, what: &str, a: Ty, b: Ty) -> Ty {
        let (Ty::Num(x), Ty::Num(y)) = (a, b) else { return a };
        Ty::Num(match (x, y) {
            _ if x == y => x,
            (Unit::FLEXIBLE, other) | (other, Unit::FLEXIBLE) => other,
            (Unit::UNCHECKED, _) | (_, Unit::UNCHECKED) => Unit::UNCHECKED,
            _ => {
                let (x, y) = (self.out.units.words(x), self.out.units.words(y));
                self.unit_warning(Code::UnitMismatch, format!("{what}: {x} and {y} do not agree"), None);
                Unit::UNCHECKED
            }
        })
    }

    fn unit_warning(&mut self, code: Code, message: String, help: Option<String>) {
        if self.strict_units {
            self.error(BuildError::Units(message));
        } else if self.warnings.len() < MAX_ERRORS {
            let warning = Diagnostic::new(code, Span::default(), message);
            self.warnings.push(help.into_iter().fold(warning, Diagnostic::help));
        }
    }

    /// Warns of products of prices that go round a circle of assets and do not cancel.
    fn triangles(&mut self) {
        for broken in self.out.broken_cycles() {
            let words = self.out.units.words(broken.unit);
            let message = format!("the product of {} prices round a circle does not cancel: it is in {words}", broken.len());
            let leg = broken.wrong_leg().and_then(|id| self.out.node(id)).map(|node| self.out.typed.tables.label(node.op));
            self.unit_warning(Code::TriangleNotClosed, message, leg.map(|leg| format!("turn `{leg}` over")));
        }
    }

    /// The unit of a product (1) or quotient (-1), as in the compiler: a plain number times a written ratio is as flexible as the number, and an
    /// amount over a price is in whatever unit its place asks for.
    pub(super) fn product(&mut self, left: Handle<'_>, right: Handle<'_>, exponent: i32) -> Ty {
        let (Ty::Num(x), Ty::Num(y)) = (self.ty(left), self.ty(right)) else { return Ty::Num(Unit::UNCHECKED) };
        let written = |h: Handle<'_>| self.known(h.id).written;
        let one = self.op(left) == Some(Op::Const(Constant::Num(1.0f64.to_bits())));
        Ty::Num(match (x, y) {
            (Unit::FLEXIBLE, Unit::FLEXIBLE) => Unit::FLEXIBLE,
            (Unit::FLEXIBLE, Unit::PURE) if written(right) => Unit::FLEXIBLE,
            (Unit::PURE, Unit::FLEXIBLE) if written(left) && exponent == 1 => Unit::FLEXIBLE,
            (Unit::FLEXIBLE, y) if exponent == -1 && y.has_assets() && !one => Unit::UNCHECKED,
            (Unit::FLEXIBLE, y) => self.out.units.product(Unit::PURE, y, exponent),
            (x, Unit::FLEXIBLE) => x,
            (x, y) => self.out.units.product(x, y, exponent),
        })
    }

    /// Adds a rule, once for each name with its bindings.
    pub(super) fn add(&mut self, rule: Rule) {
        if !self.rules.insert((rule.name, rule.instance.clone())) {
            self.error(BuildError::Duplicate(self.out.text_of(rule.name).to_owned()));
        }
        self.out.typed.rules.push(rule);
    }

    /// Refuses rules that would never be evaluated.
    fn constant_triggers(&mut self) {
        let typed = &self.out.typed;
        let mut changes: Vec<bool> = Vec::with_capacity(typed.nodes.len());
        for node in &typed.nodes {
            // A level that always holds becomes true `FOR` its time by the clock.
            let source = matches!(node.op, Op::For(_) | Op::DepthPrice { .. } | Op::Cycle { .. })
                || (node.args.is_empty() && !matches!(node.op, Op::Const(_)));
            changes.push(source || node.args.iter().any(|a| changes.get(a.0 as usize).is_some_and(|c| *c)));
        }
        let constant = |rule: &&Rule| changes.get(rule.trigger.0 as usize) == Some(&false);
        let names: Vec<_> = typed.rules.iter().filter(constant).map(|rule| self.out.text_of(rule.name).to_owned()).collect();
        for name in names {
            self.error(BuildError::ConstantTrigger(name));
        }
    }

    pub(super) fn finish(mut self) -> Result<Program, BuildErrors> {
        self.triangles();
        self.constant_triggers();
        if !self.errors.is_empty() {
            return Err(BuildErrors(self.errors));
        }
        let mut program = crate::lower(self.out.typed);
        program.warnings.extend(self.warnings);
        // The compiler's own rules hold by construction; this is the net under the builder's.
        match program.validate() {
            Ok(()) => Ok(program),
            Err(invalid) => Err(BuildErrors(vec![invalid.into()])),
        }
    }
}

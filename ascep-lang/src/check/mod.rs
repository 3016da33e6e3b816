//! From trees to typed rules: names, types with units, events and levels, `FN` and `FOR EACH` expanded.
//!
//! Parsing is over when this begins, and sharing and folding come later (`lower`). Every expression is visited with its children
//! first; an error makes a value *poison*, about which nothing more is said.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::compile::Options;
use crate::diagnostic::{Code, Diagnostic};
use crate::program::{NodeId, Op, ParamId, TypedRules};
use crate::span::Span;
use crate::syntax::{ExprId, ExprKind, Tree};
use crate::tests::Test;

mod arith;
mod call;
mod compare;
mod consts;
mod events;
mod expr;
pub mod functions;
mod host;
mod items;
mod labels;
mod levels;
mod mismatch;
mod names;
mod order;
pub(crate) mod output;
mod period;
mod pieces;
pub(crate) mod records;
mod report;
mod rules;
mod sequence;
mod sets;
pub(crate) mod suggest;
pub(crate) mod symbol;
mod test_events;
mod tests;
mod triangle;
pub(crate) mod units;
mod unused;
mod uses;
pub(crate) mod value;
pub(crate) mod ways;

use items::Globals;
use output::{Nodes, Output};
pub(crate) use pieces::Pieces;
use report::Report;
use value::{Facts, ShapeId, Ty, Val};

/// The greatest depth of an expression with the bodies of its functions put in.
const MAX_DEPTH: u32 = 320;
/// Steps that all scans of a program may take to find out whether their markets close a way.
const WAYS: usize = 4_000_000;

/// One source with its tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) tree: &'a Tree,
}

/// What `it` stands for.
#[derive(Debug, Clone, Copy)]
struct It {
    /// None where the event could not be made out, which has been reported.
    node: Option<NodeId>,
    shape: ShapeId,
    span: Span,
    /// It is a sequence, or a level that one looks at in each run: only its time can be read, and not remembered.
    in_run: bool,
}

/// A name that a rule or a function binds.
#[derive(Debug, Clone, Copy)]
struct Local {
    val: Val,
    /// The number of the rule's `LET`, to note that it is used.
    slot: Option<u32>,
}

/// The state of one check.
pub(crate) struct Checker<'a> {
    files: &'a [File<'a>],
    options: &'a Options,
    globals: Globals<'a>,
    functions: Rc<FxHashMap<&'static str, &'static functions::Function>>,
    out: Output,
    report: Report,
    rule_names: rules::RuleNames,
    /// Names bound in a frame: that of a rule instance or of a call.
    locals: FxHashMap<(u32, &'a str), Local>,
    frame: u32,
    frames: u32,
    /// Which `LET`s of the rule at hand are used.
    used_lets: Vec<bool>,
    it: Option<It>,
    /// Labels of the sequence that triggers the rule at hand.
    labels: labels::Labels<'a>,
    /// The calls of functions that are being expanded, outermost first.
    calls: Vec<(Span, &'a str)>,
    depth: u32,
    /// Visits to expressions inside expanded functions.
    visits: usize,
    /// The value of a constant is being worked out.
    in_const: bool,
    /// Parameters that some operator reads as a length of time.
    periods: Vec<ParamId>,
    /// The scans of `cycles`, and what may still be spent on looking whether they can find something.
    scans: functions::Scans,
    scans_budget: usize,
    /// Values of expressions whose neighbours are still to be worked out: arguments of calls and parts of AND and OR.
    vals: Vec<Val>,
    /// The parts of values that have some.
    parts: Vec<Val>,
    /// The library modules that the program uses.
    modules: Vec<&'a str>,
    /// Nodes of rules that are lowered already and no longer here.
    dropped: usize,
    /// The program is over a limit; nothing more is looked at.
    stopped: bool,
}

/// What comes of a check.
pub(crate) struct Checked {
    pub(crate) typed: TypedRules,
    pub(crate) tests: Vec<Test>,
    pub(crate) findings: Vec<Diagnostic>,
}

/// Checks all files. Rules and tests are whole only where no finding is an error.
pub(crate) fn check<'a>(files: &'a [File<'a>], options: &'a Options) -> Checked {
    let mut checker = Checker::new(files, options);
    // Most expressions become one operator.
    checker.out.reserve(files.iter().map(|f| f.tree.exprs.len()).sum::<usize>().min(options.limits.max_nodes));
    let (items, rules) = checker.globals();
    checker.rules(&rules);
    checker.overrides();
    let tests = checker.tests(&items, &rules);
    checker.triangles();
    checker.finish(tests)
}

impl<'a> Checker<'a> {
    fn new(files: &'a [File<'a>], options: &'a Options) -> Self {
        Self {
            files,
            options,
            globals: Globals::default(),
            functions: Rc::new(FxHashMap::default()),
            out: Output::new(),
            report: Report::default(),
            rule_names: rules::RuleNames::default(),
            locals: FxHashMap::default(),
            frame: 0,
            frames: 0,
            used_lets: Vec::new(),
            it: None,
            labels: labels::Labels::default(),
            calls: Vec::new(),
            depth: 0,
            visits: 0,
            in_const: false,
            periods: Vec::new(),
            scans: functions::Scans::default(),
            scans_budget: WAYS,
            vals: Vec::new(),
            parts: Vec::new(),
            modules: Vec::new(),
            dropped: 0,
            stopped: false,
        }
    }

    /// Works out all that the rules share, and gives the items and rules in order.
    fn globals(&mut self) -> (Vec<uses::Placed<'a>>, Vec<items::PlacedRule<'a>>) {
        self.functions = Rc::new(functions::by_name());
        self.inputs();
        self.host_functions();
        let items = self.gather();
        let rules = self.collect(&items);
        self.evaluate_globals();
        (items, rules)
    }

    /// Looks over what all rules together have used.
    fn finish(mut self, tests: Vec<Test>) -> Checked {
        if !self.stopped {
            self.unused();
        }
        self.guard_periods();
        self.guard_fees();
        Checked { typed: self.out.typed, tests, findings: self.report.list }
    }

    /// Adds a node, unless the program is over its limit.
    fn emit(&mut self, op: Op, args: Nodes, ty: Ty, span: Span) -> Option<NodeId> {
        if self.dropped + self.out.typed.nodes.len() >= self.options.limits.max_nodes {
            self.stop(span);
            return None;
        }
        Some(self.out.emit(op, args, ty, span))
    }

    /// Ends the check: the program is over the limit of operators.
    fn stop(&mut self, span: Span) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        let limit = self.options.limits.max_nodes;
        self.report(Code::TooManyNodes, span, |_, d| {
            d.says(format!("the program has more than {limit} operators"), "the limit is reached here")
                .help("functions that call each other twice and rules over large sets multiply")
        });
    }

    /// The node of a value; constants and parameters get one here. None for poison.
    fn node_of(&mut self, val: &Val) -> Option<NodeId> {
        match val.ty {
            Ty::Poison => return None,
            Ty::Record(kind) => {
                self.bare_record(kind, val.span);
                return None;
            }
            _ => {}
        }
        match (val.node, val.constant, val.param) {
            (Some(node), _, _) => Some(node),
            (None, Some(constant), _) => self.emit(Op::Const(constant), Nodes::new(), val.ty, val.span),
            (None, None, Some(param)) => self.emit(Op::Param(param), Nodes::new(), val.ty, val.span),
            (None, None, None) => None,
        }
    }

    /// A node over some values; poison if one of them is.
    fn over(&mut self, op: Op, args: &[Val], ty: Ty, mut facts: Facts, span: Span) -> Val {
        if let Some(made) = args.iter().find(|arg| arg.facts.has(Facts::MADE)) {
            self.made_text(made.span);
            return Val::poison(span);
        }
        if let Some(read) = args.iter().find(|arg| arg.facts.has(Facts::RUN)) {
            if op.remembers() {
                return self.label_remembered(read.span, span);
            }
            facts = facts.with(Facts::RUN);
        }
        let mut nodes = Nodes::new();
        for arg in args {
            match self.node_of(arg) {
                Some(node) => nodes.push(node),
                None => return Val::poison(span),
            }
        }
        match self.emit(op, nodes, ty, span) {
            Some(node) => Val::node(ty, node, facts, span),
            None => Val::poison(span),
        }
    }

    /// Reports a text that no operator can read.
    fn made_text(&mut self, span: Span) {
        self.report(Code::MadeText, span, |c, d| {
            d.says(format!("{} is made while the rules run", c.quote(span)), "it can be a field of an action and nothing else").help(
                "look for single ways with `triangle`, `cross` or `inverse`, or give `cycles` only the markets of the ways that are meant",
            )
        });
    }

    /// An expression without the parentheses around it.
    fn bare(tree: &'a Tree, mut id: ExprId) -> ExprId {
        while let Some(ExprKind::Paren(inner)) = tree.expr(id).map(|e| &e.kind) {
            id = *inner;
        }
        id
    }

    /// Where an expression stands, its parentheses included.
    fn span_of(tree: &'a Tree, id: ExprId) -> Span {
        tree.expr(id).map(|e| e.span).unwrap_or_default()
    }
}

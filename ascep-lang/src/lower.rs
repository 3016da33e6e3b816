//! From typed rules to the program: payloads become what they are read from, constants are folded, equal subgraphs become one,
//! and what no rule reads is left out.
//!
//! Nodes, symbols, texts and units are numbered in the order in which the rules first need them, so that the program depends on
//! nothing but the rules.

use std::borrow::Borrow;

use smallvec::SmallVec;

use crate::fold;
use crate::program::{ClockFn, Constant, EventKind, MarketField, Node, NodeId, Op, PayloadField, Program, Rule, Type, TypedRules};
use compact::{Compact, Order, Renumber};
use shared::{Graph, Shared};

mod compact;
mod shared;

type Nodes = SmallVec<[NodeId; 3]>;

/// Lowers typed rules to a program.
///
/// Arguments must stand before the nodes that read them; a node or rule that breaks this, which the checker never makes, is left out.
#[must_use]
pub fn lower(typed: impl Borrow<TypedRules>) -> Program {
    let typed = typed.borrow();
    let (mut program, order) = compact(typed, typed.rules.clone());
    let tables = &typed.tables;
    let table = |old: &[String], order: &Renumber| order.pick(|i| old.get(i).cloned().unwrap_or_default());
    program.tables.symbols = table(&tables.symbols, &order.symbols);
    program.tables.texts = table(&tables.texts, &order.texts);
    program.tables.units = table(&tables.units, &order.units);
    program
}

/// The same for typed rules that nobody needs afterwards, whose texts are moved.
pub(crate) fn lower_last(mut typed: TypedRules) -> Program {
    let rules = std::mem::take(&mut typed.rules);
    let (mut program, order) = compact(&typed, rules);
    order.take_texts(&mut program, &mut typed);
    program
}

/// The program without its symbols, texts and units, and which of them it needs.
fn compact(typed: &TypedRules, rules: Vec<Rule>) -> (Program, Order) {
    let mut shared = Shared::new(typed, Graph::with_capacity(typed.nodes.len()));
    shared.lower_all();
    let mut compact = Compact::default();
    compact.meet(&shared);
    compact.reserve(shared.graph.len());
    // In the memory of the typed rules.
    let rules = rules.into_iter().filter_map(|rule| compact.rule(&shared, rule)).collect();
    compact.finish(typed, rules)
}

/// Lowers rules piece by piece: the typed nodes of a piece are of no use once its rules are lowered.
pub(crate) struct Pieces {
    graph: Graph,
    /// Typed nodes that all rules share, which were there before the first piece.
    shared: usize,
    compact: Compact,
    rules: Vec<Rule>,
}

impl Pieces {
    pub(crate) fn new() -> Self {
        Self { graph: Graph::default(), shared: 0, compact: Compact::default(), rules: Vec::new() }
    }

    /// Lowers what all rules share: the nodes before those of the first piece.
    pub(crate) fn begin(&mut self, typed: &TypedRules) {
        let mut shared = Shared::new(typed, std::mem::take(&mut self.graph));
        shared.lower_all();
        self.graph = shared.graph;
        self.shared = typed.nodes.len();
    }

    /// Lowers the rules of a piece and takes them.
    pub(crate) fn lower(&mut self, typed: &mut TypedRules) {
        let mut rules = std::mem::take(&mut typed.rules);
        let mut shared = Shared::new(typed, std::mem::take(&mut self.graph));
        shared.lower_all();
        self.compact.meet(&shared);
        self.rules.extend(rules.drain(..).filter_map(|rule| self.compact.rule(&shared, rule)));
        self.graph = shared.graph;
        self.graph.forget(self.shared);
        typed.rules = rules;
    }

    /// Makes room for the rest of the rules, where `done` of `all` parts are lowered.
    pub(crate) fn expect(&mut self, done: usize, all: usize) {
        // A quarter more than in proportion, so that it surely is enough: memory that nobody writes to is not taken from the system.
        let rest = |so_far: usize| (so_far as u64 * all.saturating_sub(done) as u64 / done.max(1) as u64 * 5 / 4) as usize;
        self.graph.reserve(rest(self.graph.len()));
        self.compact.reserve(rest(self.compact.len()));
        self.rules.reserve_exact(rest(self.rules.len()));
    }

    /// The program, with the texts of the typed rules.
    pub(crate) fn finish(self, mut typed: TypedRules) -> Program {
        let (mut program, order) = self.compact.finish(&typed, self.rules);
        order.take_texts(&mut program, &mut typed);
        program
    }
}

/// Stands for no node. There are never so many.
const NONE: u32 = u32::MAX;

fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Shared<'_> {
    fn lower(&mut self, node: &Node) -> Option<NodeId> {
        if let (Op::Payload(field), &[event]) = (node.op, node.args.as_slice()) {
            return self.payload(event, field, node.ty);
        }
        let remembers = node.op.remembers();
        let mut args = Nodes::new();
        for arg in &node.args {
            let kept = if remembers { self.kept(*arg) } else { None };
            args.push(kept.or_else(|| self.of_typed(*arg))?);
        }
        self.finish(node, args)
    }

    /// The node as an operator with a memory sees it, where that is another one.
    fn lower_kept(&mut self, node: &Node) -> Option<NodeId> {
        if let (Op::Payload(field), &[event]) = (node.op, node.args.as_slice()) {
            let value = self.payload(event, field, node.ty)?;
            let event = self.of_typed(event)?;
            return Some(self.add(Op::Sample, smallvec::smallvec![event, value], node.ty));
        }
        // What a filter or an operator with a memory reads of `it` is seen to when that node itself is lowered.
        if matches!(node.op, Op::Where | Op::Seq(_)) || node.op.remembers() {
            return None;
        }
        if !node.args.iter().any(|arg| self.kept(*arg).is_some()) {
            return None;
        }
        let mut args = Nodes::new();
        for arg in &node.args {
            args.push(self.kept(*arg).or_else(|| self.of_typed(*arg))?);
        }
        self.finish(node, args)
    }

    /// The node over lowered arguments, folded where it can be.
    fn finish(&mut self, node: &Node, mut args: Nodes) -> Option<NodeId> {
        if let Some(folded) = self.fold(node.op, &mut args) {
            return Some(match folded {
                Folded::To(constant) => self.add(Op::Const(constant), Nodes::new(), node.ty),
                Folded::Same(other) => other,
            });
        }
        Some(self.add(node.op, args, node.ty))
    }

    /// A node that is a constant whatever happens, or the same as its only argument that matters.
    fn fold(&self, op: Op, args: &mut Nodes) -> Option<Folded> {
        let constant = |id: NodeId| match self.op(id) {
            Some((Op::Const(c), _)) => Some(c),
            _ => None,
        };
        match op {
            Op::And | Op::Or => {
                // TRUE in an AND says nothing. FALSE settles the value but not the instants, so it stays unless all are constants.
                let neutral = Constant::Bool(op == Op::And);
                let before = args.len();
                args.retain(|a| constant(*a) != Some(neutral));
                if args.is_empty() && before > 0 {
                    return Some(Folded::To(neutral));
                }
                if !args.is_empty() && args.iter().all(|a| matches!(constant(*a), Some(Constant::Bool(_)))) {
                    return Some(Folded::To(Constant::Bool(op == Op::Or)));
                }
                match args.as_slice() {
                    &[only] => Some(Folded::Same(only)),
                    _ => None,
                }
            }
            Op::Num(f) => {
                let values: Option<SmallVec<[Constant; 3]>> = args.iter().map(|a| constant(*a)).collect();
                fold::exact(f, &values?).map(Folded::To)
            }
            Op::Compare(cmp) => match args.as_slice() {
                &[a, b] => fold::compare(cmp, constant(a)?, constant(b)?).map(|b| Folded::To(Constant::Bool(b))),
                _ => None,
            },
            Op::Not => match args.as_slice() {
                &[a] => match constant(a)? {
                    Constant::Bool(b) => Some(Folded::To(Constant::Bool(!b))),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// What `field` of the event that is node `event` of the typed rules is read from. Events nest as deep as a program has LETs,
    /// so this keeps its own stack.
    fn payload(&mut self, event: NodeId, field: PayloadField, ty: Type) -> Option<NodeId> {
        let leaf = match field {
            PayloadField::Ts => Some(Op::Clock(ClockFn::Now)),
            _ => None,
        };
        if let Some(op) = leaf {
            return Some(self.add(op, Nodes::new(), ty));
        }
        let mut open: SmallVec<[NodeId; 8]> = smallvec::smallvec![event];
        while let Some(&top) = open.last() {
            if self.payload_of(top, field).is_some() {
                open.pop();
                continue;
            }
            let node = self.typed.nodes.get(top.0 as usize)?;
            let found = match node.op {
                Op::Event(kind, symbol) => {
                    let op = Op::Market(source(kind, field)?, symbol);
                    self.add(op, Nodes::new(), ty)
                }
                Op::Bar { .. } => {
                    let PayloadField::Bar(field) = field else { return None };
                    let bar = self.of_typed(top)?;
                    self.add(Op::BarField(field), smallvec::smallvec![bar], ty)
                }
                Op::Cycles(_) => {
                    let PayloadField::Opportunity(field) = field else { return None };
                    let scan = self.of_typed(top)?;
                    self.add(Op::OpportunityField(field), smallvec::smallvec![scan], ty)
                }
                Op::Where | Op::EventAnd => {
                    let inner = *node.args.first().filter(|a| **a < top)?;
                    match self.payload_of(inner, field) {
                        Some(found) => found,
                        None => {
                            open.push(inner);
                            continue;
                        }
                    }
                }
                Op::EventOr => {
                    let waiting = node.args.iter().find(|a| self.payload_of(**a, field).is_none());
                    if let Some(&waiting) = waiting {
                        if waiting >= top {
                            return None;
                        }
                        open.push(waiting);
                        continue;
                    }
                    self.pick(node, field, ty)?
                }
                _ => return None,
            };
            self.note_payload(top, field, found);
            open.pop();
        }
        self.payload_of(event, field)
    }

    /// The field of the first alternative that occurs.
    fn pick(&mut self, or: &Node, field: PayloadField, ty: Type) -> Option<NodeId> {
        let mut result: Option<NodeId> = None;
        for arg in or.args.iter().rev() {
            let value = self.payload_of(*arg, field)?;
            result = Some(match result {
                Some(rest) if rest != value => {
                    let event = self.of_typed(*arg)?;
                    self.add(Op::Pick, smallvec::smallvec![event, value, rest], ty)
                }
                _ => value,
            });
        }
        result
    }
}

enum Folded {
    To(Constant),
    Same(NodeId),
}

/// What a field of a market event is read from.
fn source(kind: EventKind, field: PayloadField) -> Option<MarketField> {
    let trade = kind == EventKind::Trade;
    match field {
        PayloadField::VenueTs => Some(MarketField::VenueTs),
        PayloadField::Price if trade => Some(MarketField::Last),
        PayloadField::Qty if trade => Some(MarketField::Qty),
        PayloadField::Side if trade => Some(MarketField::TradeSide),
        PayloadField::Notional if trade => Some(MarketField::Notional),
        PayloadField::Bid if !trade => Some(MarketField::Bid),
        PayloadField::Ask if !trade => Some(MarketField::Ask),
        PayloadField::BidQty if !trade => Some(MarketField::BidQty),
        PayloadField::AskQty if !trade => Some(MarketField::AskQty),
        _ => None,
    }
}

//! From typed rules to the program: payloads become what they are read from, constants are folded, equal subgraphs become one,
//! and what no rule reads is left out.
//!
//! Nodes, symbols, texts and units are numbered in the order in which the rules first need them, so that the program depends on
//! nothing but the rules.

use std::borrow::Borrow;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::fold;
use crate::program::{
    Action, ClockFn, Constant, Cycle, CycleId, EventKind, LANGUAGE_VERSION, MarketField, Node, NodeId, Op, PROGRAM_VERSION, PayloadField,
    Program, Rule, Scan, ScanId, ScanMarket, SequenceId, SymbolId, Tables, TextId, Type, TypedRules, UnitId,
};

type Nodes = SmallVec<[NodeId; 3]>;

/// Lowers typed rules to a program.
///
/// Arguments must stand before the nodes that read them; a node or rule that breaks this, which the checker never makes, is left out.
#[must_use]
pub fn lower(typed: impl Borrow<TypedRules>) -> Program {
    let typed = typed.borrow();
    let mut shared = Shared::new(typed.nodes.len());
    for node in &typed.nodes {
        let new = shared.lower(typed, node);
        let kept = shared.lower_kept(typed, node);
        shared.of_typed.push(new);
        shared.kept.push(kept);
    }
    Compact::new(typed, &shared).run()
}

/// The nodes, each once.
struct Shared {
    nodes: Vec<Node>,
    known: FxHashMap<Node, NodeId>,
    /// By node of the typed rules. None where it stands before its arguments.
    of_typed: Vec<Option<NodeId>>,
    /// By node of the typed rules that reads `it`: the same node with each `it.field` as of the last occurrence of its event, which is
    /// what an operator with a memory has to see. None for nodes that read no `it`.
    kept: Vec<Option<NodeId>>,
    /// What a field of an event, by its number in the typed rules, is read from.
    payloads: FxHashMap<(NodeId, PayloadField), NodeId>,
}

fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Shared {
    fn new(nodes: usize) -> Self {
        let mut known = FxHashMap::default();
        known.reserve(nodes);
        Self {
            nodes: Vec::with_capacity(nodes),
            known,
            of_typed: Vec::with_capacity(nodes),
            kept: Vec::with_capacity(nodes),
            payloads: FxHashMap::default(),
        }
    }

    fn add(&mut self, node: Node) -> NodeId {
        if let Some(&found) = self.known.get(&node) {
            return found;
        }
        let new = NodeId(id(self.nodes.len()));
        self.nodes.push(node.clone());
        self.known.insert(node, new);
        new
    }

    fn lower(&mut self, typed: &TypedRules, node: &Node) -> Option<NodeId> {
        if let (Op::Payload(field), &[event]) = (node.op, node.args.as_slice()) {
            return self.payload(typed, event, field, node.ty);
        }
        let remembers = node.op.remembers();
        let mut args = Nodes::new();
        for arg in &node.args {
            let kept = if remembers { self.kept.get(arg.0 as usize).copied().flatten() } else { None };
            args.push(kept.or_else(|| self.of_typed.get(arg.0 as usize).copied().flatten())?);
        }
        self.finish(node, args)
    }

    /// The node as an operator with a memory sees it, where that is another one.
    fn lower_kept(&mut self, typed: &TypedRules, node: &Node) -> Option<NodeId> {
        if let (Op::Payload(field), &[event]) = (node.op, node.args.as_slice()) {
            let value = self.payload(typed, event, field, node.ty)?;
            let event = self.of_typed.get(event.0 as usize).copied().flatten()?;
            return Some(self.add(Node { op: Op::Sample, args: smallvec::smallvec![event, value], ty: node.ty }));
        }
        // What a filter or an operator with a memory reads of `it` is seen to when that node itself is lowered.
        if matches!(node.op, Op::Where | Op::Seq(_)) || node.op.remembers() {
            return None;
        }
        let mut args = Nodes::new();
        let mut differs = false;
        for arg in &node.args {
            let kept = self.kept.get(arg.0 as usize).copied().flatten();
            differs |= kept.is_some();
            args.push(kept.or_else(|| self.of_typed.get(arg.0 as usize).copied().flatten())?);
        }
        if differs { self.finish(node, args) } else { None }
    }

    /// The node over lowered arguments, folded where it can be.
    fn finish(&mut self, node: &Node, mut args: Nodes) -> Option<NodeId> {
        if let Some(folded) = self.fold(node.op, &mut args) {
            return Some(match folded {
                Folded::To(constant) => self.add(Node { op: Op::Const(constant), args: Nodes::new(), ty: node.ty }),
                Folded::Same(other) => other,
            });
        }
        Some(self.add(Node { op: node.op, args, ty: node.ty }))
    }

    /// A node that is a constant whatever happens, or the same as its only argument that matters.
    fn fold(&self, op: Op, args: &mut Nodes) -> Option<Folded> {
        let constant = |id: NodeId| match self.nodes.get(id.0 as usize).map(|n| n.op) {
            Some(Op::Const(c)) => Some(c),
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
    fn payload(&mut self, typed: &TypedRules, event: NodeId, field: PayloadField, ty: Type) -> Option<NodeId> {
        let leaf = match field {
            PayloadField::Ts => Some(Op::Clock(ClockFn::Now)),
            _ => None,
        };
        if let Some(op) = leaf {
            return Some(self.add(Node { op, args: Nodes::new(), ty }));
        }
        let mut open = vec![event];
        while let Some(&top) = open.last() {
            if self.payloads.contains_key(&(top, field)) {
                open.pop();
                continue;
            }
            let node = typed.nodes.get(top.0 as usize)?;
            let found = match node.op {
                Op::Event(kind, symbol) => {
                    let op = Op::Market(source(kind, field)?, symbol);
                    self.add(Node { op, args: Nodes::new(), ty })
                }
                Op::Bar { .. } => {
                    let PayloadField::Bar(field) = field else { return None };
                    let bar = self.of_typed.get(top.0 as usize).copied().flatten()?;
                    self.add(Node { op: Op::BarField(field), args: smallvec::smallvec![bar], ty })
                }
                Op::Cycles(_) => {
                    let PayloadField::Opportunity(field) = field else { return None };
                    let scan = self.of_typed.get(top.0 as usize).copied().flatten()?;
                    self.add(Node { op: Op::OpportunityField(field), args: smallvec::smallvec![scan], ty })
                }
                Op::Where | Op::EventAnd => {
                    let inner = *node.args.first().filter(|a| **a < top)?;
                    match self.payloads.get(&(inner, field)) {
                        Some(&found) => found,
                        None => {
                            open.push(inner);
                            continue;
                        }
                    }
                }
                Op::EventOr => {
                    let waiting = node.args.iter().find(|a| !self.payloads.contains_key(&(**a, field)));
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
            self.payloads.insert((top, field), found);
            open.pop();
        }
        self.payloads.get(&(event, field)).copied()
    }

    /// The field of the first alternative that occurs.
    fn pick(&mut self, or: &Node, field: PayloadField, ty: Type) -> Option<NodeId> {
        let mut result: Option<NodeId> = None;
        for arg in or.args.iter().rev() {
            let value = *self.payloads.get(&(*arg, field))?;
            result = Some(match result {
                Some(rest) if rest != value => {
                    let event = self.of_typed.get(arg.0 as usize).copied().flatten()?;
                    self.add(Node { op: Op::Pick, args: smallvec::smallvec![event, value, rest], ty })
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

/// What is needed, in order of first need.
struct Compact<'t> {
    typed: &'t TypedRules,
    shared: &'t Shared,
    nodes: Vec<Node>,
    new: Vec<Option<NodeId>>,
    symbols: Renumber,
    texts: Renumber,
    units: Renumber,
    sequences: Renumber,
    cycles: Renumber,
    scans: Renumber,
    tables: Tables,
}

/// New numbers by old ones.
struct Renumber {
    new: Vec<Option<u32>>,
    order: Vec<u32>,
}

impl Renumber {
    fn new(len: usize) -> Self {
        Self { new: vec![None; len], order: Vec::new() }
    }

    fn get(&mut self, old: u32) -> u32 {
        let next = id(self.order.len());
        match self.new.get_mut(old as usize) {
            Some(Some(found)) => *found,
            Some(slot) => {
                *slot = Some(next);
                self.order.push(old);
                next
            }
            None => old,
        }
    }

    fn table(&self, old: &[String]) -> Vec<String> {
        self.order.iter().map(|&i| old.get(i as usize).cloned().unwrap_or_default()).collect()
    }
}

impl<'t> Compact<'t> {
    fn new(typed: &'t TypedRules, shared: &'t Shared) -> Self {
        Self {
            typed,
            shared,
            nodes: Vec::with_capacity(shared.nodes.len()),
            new: vec![None; shared.nodes.len()],
            symbols: Renumber::new(typed.tables.symbols.len()),
            texts: Renumber::new(typed.tables.texts.len()),
            units: Renumber::new(typed.tables.units.len()),
            sequences: Renumber::new(typed.tables.sequences.len()),
            cycles: Renumber::new(typed.tables.cycles.len()),
            scans: Renumber::new(typed.tables.scans.len()),
            tables: Tables::default(),
        }
    }

    fn run(mut self) -> Program {
        let mut rules = Vec::with_capacity(self.typed.rules.len());
        for rule in &self.typed.rules {
            rules.extend(self.rule(rule));
        }
        let old = &self.typed.tables;
        self.tables.params.clone_from(&old.params);
        self.tables.inputs.clone_from(&old.inputs);
        for i in 0..self.tables.params.len() {
            if let Some(param) = self.tables.params.get_mut(i) {
                param.ty = renumbered(&mut self.units, param.ty);
            }
        }
        for i in 0..self.tables.inputs.len() {
            if let Some(input) = self.tables.inputs.get_mut(i) {
                input.ty = renumbered(&mut self.units, input.ty);
            }
        }
        self.tables.functions.clone_from(&old.functions);
        for i in 0..self.tables.functions.len() {
            if let Some(function) = self.tables.functions.get_mut(i) {
                function.result = renumbered(&mut self.units, function.result);
                for ty in &mut function.args {
                    *ty = renumbered(&mut self.units, *ty);
                }
            }
        }
        let sequences = self.sequences.order.iter().filter_map(|&i| old.sequences.get(i as usize).cloned());
        self.tables.sequences = sequences.collect();
        self.tables.symbols = self.symbols.table(&old.symbols);
        self.tables.texts = self.texts.table(&old.texts);
        self.tables.units = self.units.table(&old.units);
        Program {
            version: PROGRAM_VERSION,
            language: LANGUAGE_VERSION,
            tables: self.tables,
            nodes: self.nodes,
            rules,
            warnings: Vec::new(),
        }
    }

    fn rule(&mut self, rule: &Rule) -> Option<Rule> {
        let name = self.text(rule.name);
        let instance = rule.instance.iter().map(|&(var, symbol)| (self.text(var), SymbolId(self.symbols.get(symbol.0)))).collect();
        let trigger = self.need(rule.trigger)?;
        let until = match rule.until {
            Some(until) => Some(self.need(until)?),
            None => None,
        };
        let mut actions = Vec::with_capacity(rule.actions.len());
        for action in &rule.actions {
            let name = self.text(action.name);
            let mut fields = Vec::with_capacity(action.fields.len());
            for &(field, value) in &action.fields {
                let field = self.text(field);
                fields.push((field, self.need(value)?));
            }
            actions.push(Action { name, fields });
        }
        Some(Rule { name, instance, trigger, mode: rule.mode, until, cooldown: rule.cooldown, limit: rule.limit, actions, span: rule.span })
    }

    fn text(&mut self, text: TextId) -> TextId {
        TextId(self.texts.get(text.0))
    }

    /// The new number of a node of the typed rules, with all that it reads.
    fn need(&mut self, typed: NodeId) -> Option<NodeId> {
        let root = self.shared.of_typed.get(typed.0 as usize).copied().flatten()?;
        if let Some(Some(new)) = self.new.get(root.0 as usize) {
            return Some(*new);
        }
        // (node, its next argument): arguments come first, however deep they lie.
        let mut open = vec![(root, 0)];
        while let Some(top) = open.last_mut() {
            let (old, next) = *top;
            top.1 += 1;
            let node = self.shared.nodes.get(old.0 as usize)?;
            match node.args.get(next) {
                Some(&arg) => {
                    if self.new.get(arg.0 as usize) == Some(&None) {
                        open.push((arg, 0));
                    }
                }
                None => {
                    open.pop();
                    self.place(old, node)?;
                }
            }
        }
        self.new.get(root.0 as usize).copied().flatten()
    }

    /// The new number of a cycle; its markets are numbered with it.
    fn cycle(&mut self, old: CycleId) -> CycleId {
        let new = CycleId(self.cycles.get(old.0));
        if self.tables.cycles.len() == new.0 as usize
            && let Some(Cycle { kind, markets }) = self.typed.tables.cycles.get(old.0 as usize)
        {
            let markets = markets.iter().map(|s| SymbolId(self.symbols.get(s.0))).collect();
            self.tables.cycles.push(Cycle { kind: *kind, markets });
        }
        new
    }

    /// The new number of a scan; its markets are numbered with it.
    fn scan(&mut self, old: ScanId) -> ScanId {
        let new = ScanId(self.scans.get(old.0));
        if self.tables.scans.len() == new.0 as usize
            && let Some(scan) = self.typed.tables.scans.get(old.0 as usize)
        {
            let mut scan: Scan = scan.clone();
            for market in &mut scan.markets {
                if let ScanMarket::Venue { symbol, .. } = market {
                    *symbol = SymbolId(self.symbols.get(symbol.0));
                }
            }
            self.tables.scans.push(scan);
        }
        new
    }

    fn place(&mut self, old: NodeId, node: &Node) -> Option<()> {
        if self.new.get(old.0 as usize)?.is_some() {
            return Some(());
        }
        let mut args = Nodes::new();
        for arg in &node.args {
            args.push(self.new.get(arg.0 as usize).copied().flatten()?);
        }
        let op = match node.op {
            Op::Market(field, s) => Op::Market(field, SymbolId(self.symbols.get(s.0))),
            Op::Imbalance { symbol, depth } => Op::Imbalance { symbol: SymbolId(self.symbols.get(symbol.0)), depth },
            Op::DepthPrice { symbol, side } => Op::DepthPrice { symbol: SymbolId(self.symbols.get(symbol.0)), side },
            Op::Age(s) => Op::Age(SymbolId(self.symbols.get(s.0))),
            Op::Event(kind, s) => Op::Event(kind, SymbolId(self.symbols.get(s.0))),
            Op::Bar { symbol, period } => Op::Bar { symbol: SymbolId(self.symbols.get(symbol.0)), period },
            Op::Seq(id) => Op::Seq(SequenceId(self.sequences.get(id.0))),
            Op::Cycle { cycle, field } => Op::Cycle { cycle: self.cycle(cycle), field },
            Op::Cycles(id) => Op::Cycles(self.scan(id)),
            Op::Const(Constant::Symbol(s)) => Op::Const(Constant::Symbol(SymbolId(self.symbols.get(s.0)))),
            Op::Const(Constant::Text(t)) => Op::Const(Constant::Text(self.text(t))),
            op => op,
        };
        let ty = renumbered(&mut self.units, node.ty);
        let new = NodeId(id(self.nodes.len()));
        self.nodes.push(Node { op, args, ty });
        if let Some(slot) = self.new.get_mut(old.0 as usize) {
            *slot = Some(new);
        }
        Some(())
    }
}

fn renumbered(units: &mut Renumber, ty: Type) -> Type {
    match ty {
        Type::Num(unit) => Type::Num(UnitId(units.get(unit.0))),
        ty => ty,
    }
}

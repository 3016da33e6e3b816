//! What the rules need of the shared nodes, in the order in which they first need it.

use super::shared::Shared;
use super::{NONE, Nodes, id};
use crate::program::{
    Constant, Cycle, CycleId, LANGUAGE_VERSION, Node, NodeId, Op, PROGRAM_VERSION, Program, Rule, Scan, ScanId, ScanMarket, SequenceId,
    SymbolId, Tables, TextId, Type, TypedRules, UnitId,
};

/// What is needed, in order of first need.
#[derive(Default)]
pub(super) struct Compact {
    nodes: Vec<Node>,
    /// By shared node, once it is placed.
    new: Vec<u32>,
    symbols: Renumber,
    texts: Renumber,
    units: Renumber,
    sequences: Renumber,
    cycles: Renumber,
    scans: Renumber,
    tables: Tables,
    /// Nodes that are being placed, each with its next argument.
    open: Vec<(NodeId, usize)>,
}

/// The symbols, texts and units of a program, in their order.
pub(super) struct Order {
    pub(super) symbols: Renumber,
    pub(super) texts: Renumber,
    pub(super) units: Renumber,
}

impl Order {
    /// Moves them to the program.
    pub(super) fn take_texts(&self, program: &mut Program, typed: &mut TypedRules) {
        let table = |old: &mut [String], order: &Renumber| order.pick(|i| old.get_mut(i).map(std::mem::take).unwrap_or_default());
        program.tables.symbols = table(&mut typed.tables.symbols, &self.symbols);
        program.tables.texts = table(&mut typed.tables.texts, &self.texts);
        program.tables.units = table(&mut typed.tables.units, &self.units);
    }
}

/// New numbers by old ones.
#[derive(Default)]
pub(super) struct Renumber {
    new: Vec<u32>,
    order: Vec<u32>,
}

impl Renumber {
    /// There are so many old numbers.
    fn meet(&mut self, len: usize) {
        if self.new.len() < len {
            self.new.resize(len, NONE);
        }
    }

    fn get(&mut self, old: u32) -> u32 {
        let next = id(self.order.len());
        match self.new.get_mut(old as usize) {
            Some(slot) if *slot == NONE => {
                *slot = next;
                self.order.push(old);
                next
            }
            Some(found) => *found,
            None => old,
        }
    }

    pub(super) fn pick<T>(&self, of: impl FnMut(usize) -> T) -> Vec<T> {
        self.order.iter().map(|&i| i as usize).map(of).collect()
    }
}

impl Compact {
    /// How many nodes are needed so far.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Makes room for more nodes.
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve_exact(nodes);
        self.new.reserve_exact(nodes);
    }

    /// Takes note of how much there is.
    pub(super) fn meet(&mut self, shared: &Shared<'_>) {
        let tables = &shared.typed.tables;
        self.new.resize(shared.graph.len(), NONE);
        self.symbols.meet(tables.symbols.len());
        self.texts.meet(tables.texts.len());
        self.units.meet(tables.units.len());
        self.sequences.meet(tables.sequences.len());
        self.cycles.meet(tables.cycles.len());
        self.scans.meet(tables.scans.len());
    }

    /// The program of some rules, without its symbols, texts and units.
    pub(super) fn finish(mut self, typed: &TypedRules, rules: Vec<Rule>) -> (Program, Order) {
        let old = &typed.tables;
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
        let program = Program {
            version: PROGRAM_VERSION,
            language: LANGUAGE_VERSION,
            tables: self.tables,
            nodes: self.nodes,
            rules,
            warnings: Vec::new(),
        };
        (program, Order { symbols: self.symbols, texts: self.texts, units: self.units })
    }

    /// A rule over what is needed.
    pub(super) fn rule(&mut self, shared: &Shared<'_>, mut rule: Rule) -> Option<Rule> {
        rule.name = self.text(rule.name);
        for (var, symbol) in &mut rule.instance {
            *var = self.text(*var);
            *symbol = SymbolId(self.symbols.get(symbol.0));
        }
        rule.trigger = self.need(shared, rule.trigger)?;
        if let Some(until) = &mut rule.until {
            *until = self.need(shared, *until)?;
        }
        for action in &mut rule.actions {
            action.name = self.text(action.name);
            for (field, value) in &mut action.fields {
                *field = self.text(*field);
                *value = self.need(shared, *value)?;
            }
        }
        Some(rule)
    }

    fn text(&mut self, text: TextId) -> TextId {
        TextId(self.texts.get(text.0))
    }

    /// The new number of a node of the typed rules, with all that it reads.
    fn need(&mut self, shared: &Shared<'_>, typed: NodeId) -> Option<NodeId> {
        let root = shared.of_typed(typed)?;
        if let Some(new) = self.placed(root) {
            return Some(new);
        }
        // Arguments come first, however deep they lie.
        self.open.clear();
        self.open.push((root, 0));
        while let Some(top) = self.open.last_mut() {
            let (old, next) = *top;
            top.1 += 1;
            match shared.args(old).get(next) {
                Some(&arg) => {
                    if self.placed(arg).is_none() {
                        self.open.push((arg, 0));
                    }
                }
                None => {
                    self.open.pop();
                    self.place(shared, old)?;
                }
            }
        }
        self.placed(root)
    }

    /// The new number of a node that is placed.
    fn placed(&self, old: NodeId) -> Option<NodeId> {
        self.new.get(old.0 as usize).filter(|new| **new != NONE).map(|new| NodeId(*new))
    }

    /// The new number of a cycle; its markets are numbered with it.
    fn cycle(&mut self, typed: &TypedRules, old: CycleId) -> CycleId {
        let new = CycleId(self.cycles.get(old.0));
        if self.tables.cycles.len() == new.0 as usize
            && let Some(Cycle { kind, markets }) = typed.tables.cycles.get(old.0 as usize)
        {
            let markets = markets.iter().map(|s| SymbolId(self.symbols.get(s.0))).collect();
            self.tables.cycles.push(Cycle { kind: *kind, markets });
        }
        new
    }

    /// The new number of a scan; its markets are numbered with it.
    fn scan(&mut self, typed: &TypedRules, old: ScanId) -> ScanId {
        let new = ScanId(self.scans.get(old.0));
        if self.tables.scans.len() == new.0 as usize
            && let Some(scan) = typed.tables.scans.get(old.0 as usize)
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

    fn place(&mut self, shared: &Shared<'_>, old: NodeId) -> Option<()> {
        if self.placed(old).is_some() {
            return Some(());
        }
        let (op, ty) = shared.op(old)?;
        let args = shared.args(old).iter().map(|arg| self.placed(*arg)).collect::<Option<Nodes>>()?;
        let op = match op {
            Op::Market(field, s) => Op::Market(field, SymbolId(self.symbols.get(s.0))),
            Op::Imbalance { symbol, depth } => Op::Imbalance { symbol: SymbolId(self.symbols.get(symbol.0)), depth },
            Op::DepthPrice { symbol, side } => Op::DepthPrice { symbol: SymbolId(self.symbols.get(symbol.0)), side },
            Op::Age(s) => Op::Age(SymbolId(self.symbols.get(s.0))),
            Op::Event(kind, s) => Op::Event(kind, SymbolId(self.symbols.get(s.0))),
            Op::Bar { symbol, period } => Op::Bar { symbol: SymbolId(self.symbols.get(symbol.0)), period },
            Op::Seq(id) => Op::Seq(SequenceId(self.sequences.get(id.0))),
            Op::Cycle { cycle, field } => Op::Cycle { cycle: self.cycle(shared.typed, cycle), field },
            Op::Cycles(id) => Op::Cycles(self.scan(shared.typed, id)),
            Op::Const(Constant::Symbol(s)) => Op::Const(Constant::Symbol(SymbolId(self.symbols.get(s.0)))),
            Op::Const(Constant::Text(t)) => Op::Const(Constant::Text(self.text(t))),
            op => op,
        };
        let ty = renumbered(&mut self.units, ty);
        let new = id(self.nodes.len());
        self.nodes.push(Node { op, args, ty });
        if let Some(slot) = self.new.get_mut(old.0 as usize) {
            *slot = new;
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

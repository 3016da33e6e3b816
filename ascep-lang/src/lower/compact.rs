//! What the rules need of the shared nodes, in the order in which they first need it.

use super::shared::Shared;
use super::{NONE, Nodes, id};
use crate::program::{
    Constant, Cycle, CycleId, LANGUAGE_VERSION, Node, NodeId, Op, PROGRAM_VERSION, Program, Rule, Scan, ScanId, ScanMarket, SequenceId,
    SymbolId, Tables, TextId, Type, TypedRules, UnitId,
};

/// What is needed, in order of first need.
pub(super) struct Compact<'t> {
    typed: &'t TypedRules,
    shared: &'t Shared<'t>,
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

/// New numbers by old ones.
pub(super) struct Renumber {
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

    pub(super) fn pick<T>(&self, of: impl FnMut(usize) -> T) -> Vec<T> {
        self.order.iter().map(|&i| i as usize).map(of).collect()
    }
}

impl<'t> Compact<'t> {
    pub(super) fn new(shared: &'t Shared<'t>) -> Self {
        let typed = shared.typed;
        Self {
            typed,
            shared,
            nodes: Vec::with_capacity(shared.len()),
            new: vec![NONE; shared.len()],
            symbols: Renumber::new(typed.tables.symbols.len()),
            texts: Renumber::new(typed.tables.texts.len()),
            units: Renumber::new(typed.tables.units.len()),
            sequences: Renumber::new(typed.tables.sequences.len()),
            cycles: Renumber::new(typed.tables.cycles.len()),
            scans: Renumber::new(typed.tables.scans.len()),
            tables: Tables::default(),
            open: Vec::new(),
        }
    }

    pub(super) fn run(mut self, rules: Vec<Rule>) -> (Program, Order) {
        // In the memory of the typed rules.
        let rules = rules.into_iter().filter_map(|rule| self.rule(rule)).collect();
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

    fn rule(&mut self, mut rule: Rule) -> Option<Rule> {
        rule.name = self.text(rule.name);
        for (var, symbol) in &mut rule.instance {
            *var = self.text(*var);
            *symbol = SymbolId(self.symbols.get(symbol.0));
        }
        rule.trigger = self.need(rule.trigger)?;
        if let Some(until) = &mut rule.until {
            *until = self.need(*until)?;
        }
        for action in &mut rule.actions {
            action.name = self.text(action.name);
            for (field, value) in &mut action.fields {
                *field = self.text(*field);
                *value = self.need(*value)?;
            }
        }
        Some(rule)
    }

    fn text(&mut self, text: TextId) -> TextId {
        TextId(self.texts.get(text.0))
    }

    /// The new number of a node of the typed rules, with all that it reads.
    fn need(&mut self, typed: NodeId) -> Option<NodeId> {
        let root = self.shared.of_typed(typed)?;
        if let Some(new) = self.placed(root) {
            return Some(new);
        }
        // Arguments come first, however deep they lie.
        self.open.clear();
        self.open.push((root, 0));
        while let Some(top) = self.open.last_mut() {
            let (old, next) = *top;
            top.1 += 1;
            match self.shared.args(old).get(next) {
                Some(&arg) => {
                    if self.placed(arg).is_none() {
                        self.open.push((arg, 0));
                    }
                }
                None => {
                    self.open.pop();
                    self.place(old)?;
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

    fn place(&mut self, old: NodeId) -> Option<()> {
        if self.placed(old).is_some() {
            return Some(());
        }
        let (op, ty) = self.shared.op(old)?;
        let args = self.shared.args(old).iter().map(|arg| self.placed(*arg)).collect::<Option<Nodes>>()?;
        let op = match op {
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
        let ty = renumbered(&mut self.units, ty);
        let new = NodeId(id(self.nodes.len()));
        self.nodes.push(Node { op, args, ty });
        if let Some(slot) = self.new.get_mut(old.0 as usize) {
            *slot = new.0;
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

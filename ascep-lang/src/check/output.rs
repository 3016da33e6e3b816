//! What the checker writes: the tables, nodes and rules of [`TypedRules`], with names and symbols interned.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::symbol;
use super::units::{Unit, Units};
use super::value::{ShapeId, Ty};
use crate::index::{Index, hash_of};
use crate::program::{
    BarField, Cycle, CycleId, EventKind, Node, NodeId, Op, OpportunityField, PayloadField, Scan, ScanId, Sequence, SequenceId, SymbolId,
    Tables, TextId, Type, TypedRules, UnitId,
};
use crate::span::Span;

/// Arguments of a node.
pub(crate) type Nodes = SmallVec<[NodeId; 3]>;

/// The units that come with a symbol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SymbolUnits {
    pub(crate) price: Unit,
    pub(crate) base: Unit,
    pub(crate) quote: Unit,
}

/// The type of each payload field that an event has, in the order of [`PAYLOAD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shape(pub(crate) [Option<Ty>; PAYLOAD.len()]);

/// The fields of payloads with their names.
pub(crate) const PAYLOAD: [(PayloadField, &str); 29] = [
    (PayloadField::Ts, "ts"),
    (PayloadField::VenueTs, "venue_ts"),
    (PayloadField::Price, "price"),
    (PayloadField::Qty, "qty"),
    (PayloadField::Side, "side"),
    (PayloadField::Notional, "notional"),
    (PayloadField::Bid, "bid"),
    (PayloadField::Ask, "ask"),
    (PayloadField::BidQty, "bid_qty"),
    (PayloadField::AskQty, "ask_qty"),
    (PayloadField::Bar(BarField::Open), "open"),
    (PayloadField::Bar(BarField::High), "high"),
    (PayloadField::Bar(BarField::Low), "low"),
    (PayloadField::Bar(BarField::Close), "close"),
    (PayloadField::Bar(BarField::Volume), "volume"),
    (PayloadField::Bar(BarField::Vwap), "vwap"),
    (PayloadField::Bar(BarField::Count), "count"),
    (PayloadField::Bar(BarField::Start), "start"),
    (PayloadField::Opportunity(OpportunityField::Path), "path"),
    (PayloadField::Opportunity(OpportunityField::Net), "net"),
    (PayloadField::Opportunity(OpportunityField::Gross), "gross"),
    (PayloadField::Opportunity(OpportunityField::Size), "size"),
    (PayloadField::Opportunity(OpportunityField::Profit), "profit"),
    (PayloadField::Opportunity(OpportunityField::Age), "age"),
    (PayloadField::Opportunity(OpportunityField::Skew), "skew"),
    (PayloadField::Opportunity(OpportunityField::Lifetime), "lifetime"),
    (PayloadField::Opportunity(OpportunityField::Peak), "peak"),
    (PayloadField::Opportunity(OpportunityField::State), "state"),
    (PayloadField::Opportunity(OpportunityField::Reason), "reason"),
];

pub(crate) struct Output {
    pub(crate) typed: TypedRules,
    pub(crate) units: Units,
    texts: Index,
    /// By text: the symbol that it is, once somebody asked.
    symbols: Vec<Option<SymbolId>>,
    symbol_units: Vec<SymbolUnits>,
    /// By unit: its place in the tables.
    exported: Vec<Option<UnitId>>,
    /// By place in the tables.
    imported: Vec<Unit>,
    shapes: Vec<Shape>,
    by_shape: FxHashMap<Shape, ShapeId>,
    by_event: FxHashMap<(EventKind, SymbolId), ShapeId>,
    by_sequence: FxHashMap<Sequence, SequenceId>,
    cycles: FxHashMap<Cycle, CycleId>,
    scans: FxHashMap<Scan, ScanId>,
}

fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Output {
    pub(crate) fn new() -> Self {
        let mut bare = Shape([None; PAYLOAD.len()]);
        if let Some(ts) = bare.0.first_mut() {
            *ts = Some(Ty::Timestamp);
        }
        let mut by_shape = FxHashMap::default();
        by_shape.insert(bare, ShapeId::BARE);
        Self {
            typed: TypedRules { tables: Tables::default(), nodes: Vec::new(), spans: Vec::new(), rules: Vec::new() },
            units: Units::new(),
            texts: Index::default(),
            symbols: Vec::new(),
            symbol_units: Vec::new(),
            exported: Vec::new(),
            imported: Vec::new(),
            shapes: vec![bare],
            by_shape,
            by_event: FxHashMap::default(),
            by_sequence: FxHashMap::default(),
            cycles: FxHashMap::default(),
            scans: FxHashMap::default(),
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> TextId {
        let texts = &mut self.typed.tables.texts;
        let new = id(texts.len());
        if let Some(found) = self.texts.find_or_add(hash_of(text), new, |id| texts.get(id as usize).is_some_and(|t| t == text)) {
            return TextId(found);
        }
        texts.push(text.to_owned());
        self.symbols.push(None);
        TextId(new)
    }

    pub(crate) fn text_of(&self, text: TextId) -> &str {
        self.typed.tables.texts.get(text.0 as usize).map_or("", String::as_str)
    }

    /// The symbol that a text names, or what is wrong with it.
    pub(crate) fn symbol(&mut self, text: TextId) -> Result<SymbolId, &'static str> {
        if let Some(Some(found)) = self.symbols.get(text.0 as usize) {
            return Ok(*found);
        }
        let name = self.text_of(text).to_owned();
        let pair = symbol::parts(&name)?.pair;
        let units = match pair {
            Some((base, quote)) => {
                let (base, quote) = (self.units.asset(base), self.units.asset(quote));
                SymbolUnits { price: self.units.ratio(quote, base), base: self.units.single(base), quote: self.units.single(quote) }
            }
            None => SymbolUnits { price: Unit::UNCHECKED, base: Unit::UNCHECKED, quote: Unit::UNCHECKED },
        };
        let new = SymbolId(id(self.typed.tables.symbols.len()));
        self.typed.tables.symbols.push(name);
        self.symbol_units.push(units);
        if let Some(slot) = self.symbols.get_mut(text.0 as usize) {
            *slot = Some(new);
        }
        Ok(new)
    }

    pub(crate) fn symbol_units(&self, symbol: SymbolId) -> SymbolUnits {
        let unchecked = SymbolUnits { price: Unit::UNCHECKED, base: Unit::UNCHECKED, quote: Unit::UNCHECKED };
        self.symbol_units.get(symbol.0 as usize).copied().unwrap_or(unchecked)
    }

    /// A sequence, each once.
    pub(crate) fn sequence(&mut self, sequence: Sequence) -> SequenceId {
        let next = SequenceId(id(self.typed.tables.sequences.len()));
        match self.by_sequence.entry(sequence) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(new) => {
                self.typed.tables.sequences.push(new.key().clone());
                *new.insert(next)
            }
        }
    }

    /// The symbol as it is written.
    pub(crate) fn symbol_name(&self, symbol: SymbolId) -> &str {
        self.typed.tables.symbols.get(symbol.0 as usize).map_or("", String::as_str)
    }

    /// The number of a way round some markets.
    pub(crate) fn cycle(&mut self, cycle: Cycle) -> CycleId {
        let cycles = &mut self.typed.tables.cycles;
        *self.cycles.entry(cycle).or_insert_with_key(|cycle| {
            cycles.push(cycle.clone());
            CycleId(id(cycles.len() - 1))
        })
    }

    /// A scan, each once.
    pub(crate) fn scan(&mut self, scan: Scan) -> ScanId {
        let next = ScanId(id(self.typed.tables.scans.len()));
        match self.scans.entry(scan) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(new) => {
                self.typed.tables.scans.push(new.key().clone());
                *new.insert(next)
            }
        }
    }

    /// The payload of an opportunity that is counted in an asset.
    pub(crate) fn opportunity_shape(&mut self, home: Unit) -> ShapeId {
        use OpportunityField::{Age, Gross, Lifetime, Net, Path, Peak, Profit, Reason, Size, Skew, State};
        self.intern_shape(Shape(PAYLOAD.map(|(field, _)| match field {
            PayloadField::Ts => Some(Ty::Timestamp),
            PayloadField::Opportunity(Path | State | Reason) => Some(Ty::Text),
            PayloadField::Opportunity(Net | Gross | Peak) => Some(Ty::Num(Unit::PURE)),
            PayloadField::Opportunity(Size | Profit) => Some(Ty::Num(home)),
            PayloadField::Opportunity(Age | Skew | Lifetime) => Some(Ty::Duration),
            _ => None,
        })))
    }

    /// Makes room for so many nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.typed.nodes.reserve(nodes);
        self.typed.spans.reserve(nodes);
    }

    /// Adds a node.
    pub(crate) fn emit(&mut self, op: Op, args: Nodes, ty: Ty, span: Span) -> NodeId {
        let ty = self.export(ty);
        let new = NodeId(id(self.typed.nodes.len()));
        self.typed.nodes.push(Node { op, args, ty });
        self.typed.spans.push(span);
        new
    }

    /// Forgets the nodes from `len` on: what only led to a constant.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.typed.nodes.truncate(len);
        self.typed.spans.truncate(len);
    }

    /// The type in the form of the program.
    pub(crate) fn export(&mut self, ty: Ty) -> Type {
        match ty {
            Ty::Num(unit) => Type::Num(self.export_unit(unit)),
            Ty::Bool | Ty::Record(_) | Ty::Poison => Type::Bool,
            Ty::Event => Type::Event,
            Ty::Duration => Type::Duration,
            Ty::Timestamp => Type::Timestamp,
            Ty::Symbol => Type::Symbol,
            Ty::Text | Ty::Quoted => Type::Text,
        }
    }

    /// The unit's place in the program's tables.
    fn export_unit(&mut self, unit: Unit) -> UnitId {
        let unit = if unit == Unit::FLEXIBLE { Unit::PURE } else { unit };
        if self.exported.len() <= unit.index() {
            self.exported.resize(unit.index() + 1, None);
        }
        if let Some(Some(found)) = self.exported.get(unit.index()) {
            return *found;
        }
        let new = UnitId(id(self.typed.tables.units.len()));
        self.typed.tables.units.push(self.units.text(unit));
        self.imported.push(unit);
        if let Some(slot) = self.exported.get_mut(unit.index()) {
            *slot = Some(new);
        }
        new
    }

    /// The unit of a node, if it is a number.
    pub(crate) fn unit_of(&self, node: NodeId) -> Option<Unit> {
        match self.node(node)?.ty {
            Type::Num(unit) => self.imported.get(unit.0 as usize).copied(),
            _ => None,
        }
    }

    pub(crate) fn node(&self, node: NodeId) -> Option<&Node> {
        self.typed.nodes.get(node.0 as usize)
    }

    pub(crate) fn span_of(&self, node: NodeId) -> Span {
        self.typed.spans.get(node.0 as usize).copied().unwrap_or_default()
    }

    pub(crate) fn shape(&self, shape: ShapeId) -> Shape {
        self.shapes.get(shape.0 as usize).copied().unwrap_or(Shape([None; PAYLOAD.len()]))
    }

    pub(crate) fn intern_shape(&mut self, shape: Shape) -> ShapeId {
        if let Some(&found) = self.by_shape.get(&shape) {
            return found;
        }
        let new = ShapeId(id(self.shapes.len()));
        self.shapes.push(shape);
        self.by_shape.insert(shape, new);
        new
    }

    /// What both events have with one type.
    pub(crate) fn common_shape(&mut self, a: ShapeId, b: ShapeId) -> ShapeId {
        if a == b {
            return a;
        }
        let (mut common, other) = (self.shape(a), self.shape(b));
        for (field, other) in common.0.iter_mut().zip(other.0) {
            if *field != other {
                *field = None;
            }
        }
        self.intern_shape(common)
    }

    /// The payload of a market event.
    pub(crate) fn event_shape(&mut self, kind: EventKind, symbol: SymbolId) -> ShapeId {
        if let Some(&found) = self.by_event.get(&(kind, symbol)) {
            return found;
        }
        let units = self.symbol_units(symbol);
        let shape = Shape(PAYLOAD.map(|(field, _)| {
            let of_trade = kind == EventKind::Trade;
            match field {
                PayloadField::Ts | PayloadField::VenueTs => Some(Ty::Timestamp),
                PayloadField::Price if of_trade => Some(Ty::Num(units.price)),
                PayloadField::Qty if of_trade => Some(Ty::Num(units.base)),
                PayloadField::Side if of_trade => Some(Ty::Text),
                PayloadField::Notional if of_trade => Some(Ty::Num(units.quote)),
                PayloadField::Bid | PayloadField::Ask if !of_trade => Some(Ty::Num(units.price)),
                PayloadField::BidQty | PayloadField::AskQty if !of_trade => Some(Ty::Num(units.base)),
                _ => None,
            }
        }));
        let new = self.intern_shape(shape);
        self.by_event.insert((kind, symbol), new);
        new
    }

    /// The payload of a bar.
    pub(crate) fn bar_shape(&mut self, symbol: SymbolId) -> ShapeId {
        let units = self.symbol_units(symbol);
        self.intern_shape(Shape(PAYLOAD.map(|(field, _)| match field {
            PayloadField::Ts | PayloadField::Bar(BarField::Start) => Some(Ty::Timestamp),
            PayloadField::Bar(BarField::Volume) => Some(Ty::Num(units.base)),
            PayloadField::Bar(BarField::Count) => Some(Ty::Num(Unit::PURE)),
            PayloadField::Bar(_) => Some(Ty::Num(units.price)),
            _ => None,
        })))
    }
}

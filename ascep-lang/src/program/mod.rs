//! A compiled program: typed rules lowered to a DAG of operators, as plain data.
//!
//! Nodes stand in one array and name each other by index; arguments always stand before the node that reads them, so
//! index order is an evaluation order. A [`Program`] can be written and read with serde, and it can be built without the parser.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::diagnostic::Diagnostic;

mod captures;
mod describe;
mod dot;
mod dump;
mod graph;
mod json;
mod load;
mod mermaid;
mod names;
mod op;
mod scan;
mod scan_check;
mod sequence;
mod signature;
mod text;
mod validate;
pub use graph::{Link, Vertex};
pub use load::LoadError;
pub use op::{BarField, ClockFn, CmpOp, Constant, CycleField, EventKind, MarketField, NumFn, Op, PayloadField, Period, Side, Stat, Window};
pub use scan::{OpportunityField, REASONS, STATES, Scan, ScanFilters, ScanMarket, Setting};
pub use sequence::{Capture, CaptureOf, SeqStep, Sequence, StepInput, StepKind};
pub use validate::{InvalidProgram, Problem};
pub(crate) use validate::{MAX_DEPTH, MAX_SAMPLES, MAX_SEQUENCE, MAX_UPDATES};

/// The version of the serialised form.
pub const PROGRAM_VERSION: u32 = 1;
/// The version of the language.
pub const LANGUAGE_VERSION: u32 = 1;

/// An index into [`Tables::symbols`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SymbolId(pub u32);
/// An index into [`Tables::texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextId(pub u32);
/// An index into [`Tables::params`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ParamId(pub u32);
/// An index into [`Tables::inputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputId(pub u32);
/// An index into [`Tables::functions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionId(pub u32);
/// An index into [`Tables::sequences`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SequenceId(pub u32);
/// An index into [`Tables::cycles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CycleId(pub u32);
/// An index into [`Tables::scans`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScanId(pub u32);
/// An index into [`Tables::units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnitId(pub u32);
/// An index into the nodes of the program, or of the typed rules, that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// The type of a node's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    /// A number with a unit.
    Num(UnitId),
    /// A level: true, false or unknown.
    Bool,
    /// An instant with a payload.
    Event,
    /// Nanoseconds.
    Duration,
    /// Nanoseconds since 1970, UTC.
    Timestamp,
    /// A symbol.
    Symbol,
    /// A text; compared with `==` and `!=` only.
    Text,
}

/// A parameter: set at load or while running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type: a number, a duration or a bool.
    pub ty: Type,
    /// The value at load; an override given to the compiler is already in it.
    pub value: Constant,
    /// Inclusive bounds, of the same type.
    pub range: Option<(Constant, Constant)>,
}

/// A value that the host delivers while running, unknown until then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// What nodes and rules refer to by index.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// Symbols as the rules write them, in order of first appearance.
    pub symbols: Vec<String>,
    /// Texts: sides, names of rules, signals, fields.
    pub texts: Vec<String>,
    /// Units in text form: `USDT/BTC`, `1` for pure, `?` where nothing is checked.
    pub units: Vec<String>,
    /// Parameters in text order.
    pub params: Vec<Param>,
    /// Host inputs in the order in which they were declared.
    pub inputs: Vec<Input>,
    /// Functions of the host in the order in which they were declared.
    #[serde(default)]
    pub functions: Vec<HostFunction>,
    /// What each `SEQ` waits for, each once.
    #[serde(default)]
    pub sequences: Vec<Sequence>,
    /// The markets of each `triangle`, `cross` and `inverse`, each once.
    #[serde(default)]
    pub cycles: Vec<Cycle>,
    /// What each `cycles` looks for, each once.
    #[serde(default)]
    pub scans: Vec<Scan>,
}

/// A function that the host gives: a pure function of its arguments, called while rules are evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFunction {
    /// Its name.
    pub name: String,
    /// The types of its arguments: numbers, durations, timestamps or levels.
    pub args: Vec<Type>,
    /// The type of its value: a number, a duration, a timestamp or a level.
    pub result: Type,
}

/// The markets of a closed way of exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cycle {
    /// How the markets stand to each other.
    pub kind: CycleKind,
    /// Three for a triangle, else two: of a `cross` the one that is bought on comes first.
    pub markets: Vec<SymbolId>,
}

/// How the markets of a [`Cycle`] stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CycleKind {
    /// Three markets among three assets, both directions.
    Triangle,
    /// Bought on one market and sold on another that trades the same pair.
    Cross,
    /// Two markets that quote the same pair inversely, both directions.
    Inverse,
}

/// One operator with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// Its arguments; each has a smaller index than this node.
    pub args: SmallVec<[NodeId; 3]>,
    /// The type of its value.
    pub ty: Type,
}

/// When a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// The trigger is a level: at its rising edge.
    Edge,
    /// The trigger is an event: at each occurrence.
    Event,
    /// `EVERY TICK`: at each update of the level while it is true.
    EveryTick,
    /// `EVERY d`: at once and then each d until the level is false.
    Every(Period),
}

/// One instance of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name, or `rule_N`.
    pub name: TextId,
    /// The bindings of `FOR EACH`, outermost first.
    pub instance: Vec<(TextId, SymbolId)>,
    /// What is watched: a level, or an event in [`Mode::Event`].
    pub trigger: NodeId,
    /// When it fires.
    pub mode: Mode,
    /// What arms it again: a level or an event.
    pub until: Option<NodeId>,
    /// `COOLDOWN d`
    pub cooldown: Option<Period>,
    /// `LIMIT n PER d`
    pub limit: Option<(u32, Period)>,
    /// At least one.
    pub actions: Vec<Action>,
    /// Where the rule stands in its source.
    pub span: crate::span::Span,
}

/// One signal that a rule emits when it fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The signal's name.
    pub name: TextId,
    /// Fields in text order; read when the rule fires.
    pub fields: Vec<(TextId, NodeId)>,
}

/// A compiled program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// [`PROGRAM_VERSION`] at the time of writing.
    pub version: u32,
    /// [`LANGUAGE_VERSION`] at the time of writing.
    pub language: u32,
    /// What nodes and rules refer to.
    pub tables: Tables,
    /// The operators, each once, arguments first.
    pub nodes: Vec<Node>,
    /// Rule instances in text order, those of one rule in the order of its sets.
    pub rules: Vec<Rule>,
    /// What the compiler warned of.
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
}

/// Typed rules: the same operators as a [`Program`], as trees that share nothing but what a `LET` names, before lowering.
///
/// `Op::Payload` occurs here and `Op::Pick` does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypedRules {
    /// What nodes and rules refer to.
    pub tables: Tables,
    /// Expressions, arguments first.
    pub nodes: Vec<Node>,
    /// Where each node stands.
    pub spans: Vec<crate::span::Span>,
    /// Rule instances in text order.
    pub rules: Vec<Rule>,
}

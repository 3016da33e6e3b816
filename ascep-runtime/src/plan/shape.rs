//! Shapes: the stateless trigger of a rule as a straight program over operands and constants.
//!
//! Rules whose programs are the same share one shape; which slots they read and which constants they use is what is left over,
//! a row. Numbers and levels live in two banks of registers; each instruction writes the next register of its bank.

use ascep_lang::program::{
    CmpOp, Constant, MarketField, Mode, NodeId, NumFn, Op, Period, Program, Rule, Side, Stat, SymbolId, TextId, Type, Window,
};
use rustc_hash::FxHashMap;

use crate::market::touch;
use crate::value::{self, Repr};

/// One instruction; arguments are registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Instr {
    /// The number in the slot that the row's k-th operand names.
    Operand(u16),
    /// The level in the slot that the row's k-th operand names.
    OperandLevel(u16),
    /// The row's k-th constant.
    Const(u16),
    /// The bits of a constant that all rows share.
    Literal(u64),
    /// A level.
    ConstLevel(u8),
    Unary(NumFn, u16),
    Binary(NumFn, u16, u16),
    Clamp(u16, u16, u16),
    Compare(CmpOp, u16, u16),
    CompareLevel(CmpOp, u16, u16),
    And(u16, u16),
    Or(u16, u16),
    Not(u16),
    Coalesce(u16, u16),
    CoalesceLevel(u16, u16),
    Known(u16),
    KnownLevel(u16),
}

impl Instr {
    /// Whether the result is a number, not a level.
    pub(crate) fn is_num(self) -> bool {
        matches!(
            self,
            Self::Operand(_)
                | Self::Const(_)
                | Self::Literal(_)
                | Self::Unary(..)
                | Self::Binary(..)
                | Self::Clamp(..)
                | Self::Coalesce(..)
        )
    }
}

/// What is done with the level at the end of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ShapeMode {
    /// Fire where it turned true.
    Edge,
    /// Fire where it is true.
    EveryTick,
    /// Not of a rule but of a `WHERE`, which occurs where it is true. Its rows name nodes.
    Occurs,
}

/// A program that many rules share. Its result is the last level register.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) mode: ShapeMode,
    pub(crate) code: Vec<Instr>,
    pub(crate) operands: u16,
    pub(crate) constants: u16,
    /// Registers of each bank.
    pub(crate) nums: u16,
    pub(crate) levels: u16,
}

impl Shape {
    /// Whether it compares one number with one constant, so that its rows are thresholds.
    pub(crate) fn is_threshold(&self) -> bool {
        use CmpOp::{Ge, Gt, Le, Lt};
        let &[a, b, Instr::Compare(Lt | Le | Gt | Ge, x, y)] = &self.code[..] else { return false };
        let is_number_and_constant = matches!((a, b), (Instr::Operand(_), Instr::Const(_)) | (Instr::Const(_), Instr::Operand(_)));
        is_number_and_constant && x != y && self.mode == ShapeMode::Edge
    }
}

/// A rule, or the filter of a `WHERE`, as a shape and what is its own.
#[derive(Debug, Clone)]
pub(crate) struct ShapedRule {
    pub(crate) shape: Shape,
    /// Nodes of the program.
    pub(crate) operands: Vec<NodeId>,
    pub(crate) constants: Vec<f64>,
}

/// Longer programs stay in the general tier.
const MAX_CODE: usize = 256;

/// The rule in columns, if it can be: no state under its trigger, no `UNTIL`, no turns.
pub(crate) fn shape(program: &Program, rule: &Rule) -> Option<ShapedRule> {
    let mode = match rule.mode {
        Mode::Edge => ShapeMode::Edge,
        Mode::EveryTick => ShapeMode::EveryTick,
        Mode::Event | Mode::Every(_) => return None,
    };
    if rule.until.is_some() {
        return None;
    }
    let shaped = Walk::new(program, is_leaf).shaped(rule.trigger, mode)?;
    windows_agree(program, mode, &shaped.operands).then_some(shaped)
}

/// The filter of a `WHERE` in columns, if it can be: of an event of the market, with a filter whose parts stand in slots that are right whenever the event
/// occurs.
pub(crate) fn filter(program: &Program, id: NodeId) -> Option<ShapedRule> {
    let node = program.nodes.get(id.0 as usize)?;
    let (Op::Where, &[event, level]) = (node.op, &node.args[..]) else { return None };
    let Op::Event(..) = program.nodes.get(event.0 as usize)?.op else { return None };
    Walk::new(program, is_filter_leaf).shaped(level, ShapeMode::Occurs)
}

struct Walk<'p> {
    program: &'p Program,
    /// Whether a node is read from a slot.
    is_leaf: fn(&Program, NodeId) -> bool,
    /// The register of each node that was visited.
    registers: FxHashMap<u32, u16>,
    code: Vec<Instr>,
    operands: Vec<NodeId>,
    constants: Vec<f64>,
    /// Registers in use: numbers, levels.
    banks: [u16; 2],
}

impl<'p> Walk<'p> {
    fn new(program: &'p Program, is_leaf: fn(&Program, NodeId) -> bool) -> Self {
        Self {
            program,
            is_leaf,
            registers: FxHashMap::default(),
            code: Vec::new(),
            operands: Vec::new(),
            constants: Vec::new(),
            banks: [0; 2],
        }
    }

    /// The program that ends with the level of `root`.
    fn shaped(mut self, root: NodeId, mode: ShapeMode) -> Option<ShapedRule> {
        self.node(root)?;
        // A trigger that reads nothing is never at an instant; and the result must be the last level.
        if self.operands.is_empty() || self.code.last().is_none_or(|last| last.is_num()) {
            return None;
        }
        let Self { code, operands, constants, banks: [nums, levels], .. } = self;
        let count = |len: usize| u16::try_from(len).ok();
        let shape = Shape { mode, code, operands: count(operands.len())?, constants: count(constants.len())?, nums, levels };
        Some(ShapedRule { shape, operands, constants })
    }

    fn push(&mut self, instr: Instr) -> Option<u16> {
        if self.code.len() >= MAX_CODE {
            return None;
        }
        self.code.push(instr);
        let [nums, levels] = &mut self.banks;
        let bank = if instr.is_num() { nums } else { levels };
        *bank += 1;
        Some(*bank - 1)
    }

    /// The register of a node, visiting what it reads first; an explicit stack, since a trigger may be deep.
    fn node(&mut self, root: NodeId) -> Option<u16> {
        let mut stack = vec![root];
        while let Some(&id) = stack.last() {
            if self.registers.contains_key(&id.0) {
                stack.pop();
                continue;
            }
            let node = self.program.nodes.get(id.0 as usize)?;
            if (self.is_leaf)(self.program, id) {
                let operand = u16::try_from(self.operands.len()).ok()?;
                self.operands.push(id);
                let register =
                    self.push(if Repr::of(node.ty) == Repr::Num { Instr::Operand(operand) } else { Instr::OperandLevel(operand) })?;
                self.registers.insert(id.0, register);
                stack.pop();
                continue;
            }
            if stack.len() > MAX_CODE {
                return None;
            }
            let missing = stack.len();
            stack.extend(node.args.iter().rev().filter(|arg| !self.registers.contains_key(&arg.0)));
            if stack.len() > missing {
                continue;
            }
            let args: Vec<u16> = node.args.iter().filter_map(|arg| self.registers.get(&arg.0).copied()).collect();
            let register = self.instruction(id, &args)?;
            self.registers.insert(id.0, register);
            stack.pop();
        }
        self.registers.get(&root.0).copied()
    }

    fn instruction(&mut self, id: NodeId, args: &[u16]) -> Option<u16> {
        let node = self.program.nodes.get(id.0 as usize)?;
        let repr = Repr::of(node.ty);
        let arg_repr = node.args.first().and_then(|arg| self.program.nodes.get(arg.0 as usize)).map(|arg| Repr::of(arg.ty));
        if arg_repr.is_some_and(|repr| !matches!(repr, Repr::Num | Repr::Level)) {
            return None;
        }
        let over_levels = arg_repr == Some(Repr::Level);
        let instr = match (node.op, args) {
            (Op::Const(Constant::Num(bits)), _) => {
                self.constants.push(f64::from_bits(bits));
                Instr::Const(u16::try_from(self.constants.len() - 1).ok()?)
            }
            (Op::Const(Constant::Bool(truth)), _) => Instr::ConstLevel(value::level(truth)),
            (Op::Num(_), _) if node.args.iter().any(|arg| !self.is_num(*arg)) => return None,
            (Op::Num(NumFn::Clamp), &[x, low, high]) => Instr::Clamp(x, low, high),
            (Op::Num(function), &[x]) => Instr::Unary(function, x),
            (Op::Num(function @ (NumFn::Min | NumFn::Max)), &[first, .., last]) => {
                let mut left = first;
                for middle in args.get(1..args.len().saturating_sub(1)).unwrap_or_default() {
                    left = self.push(Instr::Binary(function, left, *middle))?;
                }
                Instr::Binary(function, left, last)
            }
            (Op::Num(function), &[x, y]) => Instr::Binary(function, x, y),
            (Op::Compare(op), &[x, y]) if over_levels => Instr::CompareLevel(op, x, y),
            (Op::Compare(op), &[x, y]) => Instr::Compare(op, x, y),
            (Op::And | Op::Or, &[first, .., last]) => {
                let join = |x, y| if node.op == Op::And { Instr::And(x, y) } else { Instr::Or(x, y) };
                let mut left = first;
                for middle in args.get(1..args.len().saturating_sub(1)).unwrap_or_default() {
                    left = self.push(join(left, *middle))?;
                }
                join(left, last)
            }
            (Op::Not, &[x]) => Instr::Not(x),
            (Op::Coalesce, &[x, y]) if repr == Repr::Num => Instr::Coalesce(x, y),
            (Op::Coalesce, &[x, y]) if repr == Repr::Level => Instr::CoalesceLevel(x, y),
            (Op::Known, &[x]) if over_levels => Instr::KnownLevel(x),
            (Op::Known, &[x]) => Instr::Known(x),
            _ => return None,
        };
        self.push(instr)
    }

    fn is_num(&self, id: NodeId) -> bool {
        self.program.nodes.get(id.0 as usize).is_some_and(|node| matches!(node.ty, Type::Num(_)))
    }
}

/// Whether the windows among the operands, if there are any, are one: all that look at it are then at the same instants, its timers included.
/// A row is evaluated at each of them, also where a look of another rule brought it about, which only a rule that fires at every tick could tell.
fn windows_agree(program: &Program, mode: ShapeMode, operands: &[NodeId]) -> bool {
    let mut windows = operands.iter().filter_map(|id| {
        let node = program.nodes.get(id.0 as usize)?;
        if let Op::Window { window, max, .. } = node.op { Some((&node.args, window, max)) } else { None }
    });
    let Some(first) = windows.next() else { return true };
    mode == ShapeMode::Edge && windows.all(|window| window == first)
}

/// Whether a node is a statistic that has its instants where its argument has them, a number of the market, and where samples leave its window.
fn is_look(program: &Program, stat: Stat, window: Window, args: &[NodeId]) -> bool {
    let is_number =
        |id: &NodeId| is_leaf(program, *id) && program.nodes.get(id.0 as usize).is_some_and(|arg| matches!(arg.op, Op::Market(..)));
    let fixed = match window {
        Window::Time(Period::Fixed(_)) => !stat.is_exact() && !stat.is_of_the_past(),
        Window::Time(Period::Param(_)) => false,
        Window::Updates(_) => true,
    };
    fixed && args.len() == 1 && args.iter().all(is_number)
}

/// Whether a node is read from a slot: a number of the market, a statistic of one, a parameter, an input.
fn is_leaf(program: &Program, id: NodeId) -> bool {
    let Some(node) = program.nodes.get(id.0 as usize) else { return false };
    match node.op {
        Op::Market(field, _) => !matches!(field, MarketField::TradeSide | MarketField::Latency | MarketField::VenueTs),
        Op::Imbalance { .. } => true,
        // Computed once an event where its quantity changes with nothing but a parameter.
        Op::DepthPrice { .. } => {
            node.args.iter().all(|arg| program.nodes.get(arg.0 as usize).is_some_and(|arg| matches!(arg.op, Op::Const(_) | Op::Param(_))))
        }
        Op::Param(_) | Op::Input(_) => matches!(Repr::of(node.ty), Repr::Num | Repr::Level),
        Op::Window { stat, window, .. } => Repr::of(node.ty) == Repr::Num && is_look(program, stat, window, &node.args),
        _ => false,
    }
}

/// Whether a node of a filter is read from a slot that is right when the event occurs, before anything else is brought up to date.
fn is_filter_leaf(program: &Program, id: NodeId) -> bool {
    let is_late = program.nodes.get(id.0 as usize).is_none_or(|node| matches!(node.op, Op::DepthPrice { .. } | Op::Window { .. }));
    (is_leaf(program, id) && !is_late) || side_test(program, id).is_some()
}

/// A comparison of the side of the last trade with one of the two sides: of which symbol, and which side makes it true. That a side is not the one says
/// that it is the other.
pub(crate) fn side_test(program: &Program, id: NodeId) -> Option<(SymbolId, Side)> {
    let node = program.nodes.get(id.0 as usize)?;
    let (Op::Compare(op @ (CmpOp::Eq | CmpOp::Ne)), &[x, y]) = (node.op, &node.args[..]) else { return None };
    let op_of = |id: NodeId| program.nodes.get(id.0 as usize).map(|node| node.op);
    let (symbol, text) = match (op_of(x)?, op_of(y)?) {
        (Op::Market(MarketField::TradeSide, symbol), Op::Const(Constant::Text(TextId(text))))
        | (Op::Const(Constant::Text(TextId(text))), Op::Market(MarketField::TradeSide, symbol)) => (symbol, text),
        _ => return None,
    };
    let side = match program.tables.texts.get(text as usize)?.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return None,
    };
    let other = if side == Side::Buy { Side::Sell } else { Side::Buy };
    Some((symbol, if op == CmpOp::Eq { side } else { other }))
}

/// What of an instrument's events a market function is at an instant of; 0 for what is none.
pub(crate) fn touched_by(op: &Op) -> u8 {
    use ascep_lang::program::EventKind;
    let forgotten =
        if matches!(op, Op::Market(..) | Op::Imbalance { .. } | Op::DepthPrice { .. } | Op::Cycle { .. }) { touch::FORGET } else { 0 };
    forgotten
        | match op {
            Op::Market(MarketField::Last | MarketField::Qty | MarketField::TradeSide | MarketField::Notional, _)
            | Op::Event(EventKind::Trade, _)
            | Op::Bar { .. } => touch::TRADE,
            Op::Market(MarketField::Price, _) => touch::TRADE | touch::QUOTE_UNTRADED,
            Op::Market(MarketField::Latency | MarketField::VenueTs, _) | Op::Age(_) => touch::ANY,
            Op::Market(..) | Op::Cycle { .. } | Op::Event(EventKind::Quote, _) | Op::Imbalance { depth: 1, .. } => touch::QUOTE,
            Op::Imbalance { .. } | Op::Event(EventKind::Book, _) | Op::DepthPrice { .. } => touch::BOOK,
            _ => 0,
        }
}

//! When an expression is at an instant, and what its value is then. One arm an operator; what needs more than a line
//! stands in [`operators`](super::operators), [`clock`](super::clock) or [`market`](super::market).

use std::cmp::Ordering;

use ascep_lang::program::{Constant, EventKind, MarketField, NodeId, Op, PayloadField, Stat, SymbolId, TextId, Type};

use super::value::{self, Val};
use super::world::{Cause, StepNo, World};

impl World {
    /// Whether a node is at an instant in a step: the step is about what it reads from outside, a timer of its own is due, or one of
    /// its arguments is at an instant. `e WHERE c` is at an instant only where it occurs.
    pub(super) fn is_instant(&self, node: NodeId, step: StepNo, due: bool) -> bool {
        let cause = self.steps.get(step).map(|s| &s.cause);
        match self.op(node) {
            Some(Op::Param(p)) => matches!(cause, Some(Cause::Param(set)) if set == p),
            Some(Op::Input(i)) => matches!(cause, Some(Cause::Input(set)) if set == i),
            Some(Op::Market(field, symbol)) => self.market_instant(*field, *symbol, step),
            Some(Op::Imbalance { symbol, depth }) => self.imbalance_instant(*symbol, *depth, step),
            Some(Op::Age(symbol)) => self.event_of(*symbol, step).is_some_and(|e| !e.what.forgets()),
            Some(Op::Event(kind, symbol)) => self.event_of(*symbol, step).is_some_and(|e| e.what.is(*kind)),
            Some(Op::DepthPrice { symbol, .. }) => {
                self.last_event_is_book(*symbol, step) || self.args(node).iter().any(|a| self.at_instant(*a, step))
            }
            Some(Op::Where) => self.where_occurs(node, step),
            _ => due || self.args(node).iter().any(|a| self.at_instant(*a, step)),
        }
    }

    /// The value of a node in a step, at an instant or at the start; its arguments have theirs already.
    pub(super) fn evaluate(&self, node: NodeId, step: StepNo) -> Val {
        let level = |i: usize| self.level(self.arg(node, i), step);
        let levels = || self.args(node).iter().map(|a| self.level(*a, step));
        let Some(op) = self.op(node) else { return Val::Unknown };
        match op {
            Op::Const(constant) => Val::of(*constant),
            Op::Param(param) => self.param(*param, step),
            Op::Input(input) => self.input(*input, step),
            Op::Market(field, symbol) => self.market(*field, *symbol, step),
            Op::Imbalance { symbol, depth } => self.imbalance(*symbol, *depth, step),
            Op::DepthPrice { symbol, side } => self.depth_price(*symbol, *side, &self.value(self.arg(node, 0), step), step),
            Op::Clock(_) | Op::Age(_) | Op::Since => self.reading(node, step, self.ts(step)),
            Op::Num(function) => {
                let args: Vec<_> = self.args(node).iter().map(|a| self.value(*a, step)).collect();
                value::apply(*function, &args)
            }
            Op::Compare(_) => self.compare_at(node, step, self.ts(step)),
            Op::And => Val::bool(value::all(levels())),
            Op::Or => Val::bool(value::any(levels())),
            Op::Not => Val::bool(level(0).map(|b| !b)),
            Op::Coalesce => match self.value(self.arg(node, 0), step) {
                Val::Unknown => self.value(self.arg(node, 1), step),
                known => known,
            },
            Op::Known => Val::Bool(self.value(self.arg(node, 0), step).is_known()),
            Op::Event(..) => Val::Bool(self.steps.get(step).is_some_and(|s| matches!(s.cause, Cause::Event(_)))),
            Op::Where => Val::Bool(self.where_occurs(node, step)),
            Op::EventAnd => {
                let wanted = value::all(self.args(node).iter().skip(1).map(|a| self.level(*a, step)));
                Val::Bool(self.occurs(self.arg(node, 0), step) && wanted == Some(true))
            }
            Op::EventOr => Val::Bool(self.args(node).iter().any(|a| self.occurs(*a, step))),
            Op::Edge => Val::Bool(self.rises(node, step)),
            Op::Crosses(side) => Val::Bool(self.crosses(node, *side, step)),
            Op::NoFor(period) => Val::Bool(self.absence(node, *period, step)),
            Op::Payload(field) => self.payload(self.arg(node, 0), *field, step),
            Op::Pick => Val::Unknown,
            Op::For(period) => self.has_held(node, *period, step),
            Op::Once(period) => self.once(node, *period, step),
            Op::Window { stat: Stat::Count, window, partial, .. } => self.count(node, *window, *partial, step),
            Op::Index(n) => self.earlier(node, *n, step),
            _ => Val::Unknown,
        }
    }

    /// `e WHERE c`: e occurs and c is known to be true.
    fn where_occurs(&self, node: NodeId, step: StepNo) -> bool {
        self.occurs(self.arg(node, 0), step) && self.level(self.arg(node, 1), step) == Some(true)
    }

    fn last_event_is_book(&self, symbol: SymbolId, step: StepNo) -> bool {
        self.event_of(symbol, step).is_some_and(|e| e.what.is(EventKind::Book) || e.what.forgets())
    }

    /// How two values stand to each other; `None` where one is unknown.
    pub(super) fn order(&self, a: &Val, b: &Val) -> Option<Ordering> {
        match (a, b) {
            (Val::Num(a), Val::Num(b)) => a.partial_cmp(b),
            (Val::Duration(a), Val::Duration(b)) | (Val::Timestamp(a), Val::Timestamp(b)) => Some(a.cmp(b)),
            (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Val::Symbol(a), Val::Symbol(b)) => {
                let name = |s: &SymbolId| self.instruments.get(s.0 as usize);
                Some(name(a).cmp(&name(b)))
            }
            (Val::Unknown, _) | (_, Val::Unknown) => None,
            _ => Some(self.text(a)?.cmp(self.text(b)?)),
        }
    }

    /// A text as it reads.
    pub(super) fn text<'a>(&'a self, text: &Val) -> Option<&'a str> {
        match text {
            Val::Text(TextId(i)) => self.rules.tables.texts.get(*i as usize).map(String::as_str),
            Val::Word(word) => Some(word),
            _ => None,
        }
    }

    /// `it.field`: the payload of the event that occurs now. An `OR` has that of its first part that occurs, or of its last.
    fn payload(&self, event: NodeId, field: PayloadField, step: StepNo) -> Val {
        use MarketField as M;
        use PayloadField as F;
        if field == F::Ts {
            return Val::Timestamp(self.ts(step));
        }
        match self.op(event) {
            Some(Op::Where | Op::EventAnd) => self.payload(self.arg(event, 0), field, step),
            Some(Op::EventOr) => {
                let parts = self.args(event);
                let part = parts.iter().find(|p| self.occurs(**p, step)).or(parts.last());
                part.map_or(Val::Unknown, |p| self.payload(*p, field, step))
            }
            Some(Op::Event(_, symbol)) => {
                let source = match field {
                    F::Ts | F::VenueTs => M::VenueTs,
                    F::Price => M::Last,
                    F::Qty => M::Qty,
                    F::Side => M::TradeSide,
                    F::Notional => M::Notional,
                    F::Bid => M::Bid,
                    F::Ask => M::Ask,
                    F::BidQty => M::BidQty,
                    F::AskQty => M::AskQty,
                    F::Bar(_) => return Val::Unknown,
                };
                self.market(source, *symbol, step)
            }
            _ => Val::Unknown,
        }
    }

    /// Whether a constant is of the type of a parameter or input.
    pub(super) fn fits(ty: Type, constant: Constant) -> bool {
        matches!(
            (ty, constant),
            (Type::Num(_), Constant::Num(_))
                | (Type::Bool, Constant::Bool(_))
                | (Type::Duration, Constant::Duration(_))
                | (Type::Timestamp, Constant::Timestamp(_))
                | (Type::Symbol, Constant::Symbol(_))
                | (Type::Text, Constant::Text(_))
        )
    }
}

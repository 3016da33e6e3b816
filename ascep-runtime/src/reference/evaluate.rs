//! When an expression is at an instant, and what its value is then. One arm an operator; what needs more than a line
//! stands in [`operators`](super::operators), [`clock`](super::clock) or [`market`](super::market).

use std::cmp::Ordering;

use ascep_lang::program::{Constant, EventKind, MarketField, NodeId, Op, PayloadField, SymbolId, TextId, Type, Window};

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
            Some(Op::Cycles(_)) => self.is_told(node, step),
            Some(Op::Age(symbol)) => self.event_of(*symbol, step).is_some_and(|e| !e.what.forgets()),
            Some(Op::Event(kind, symbol)) => self.event_of(*symbol, step).is_some_and(|e| e.what.is(*kind)),
            Some(Op::DepthPrice { symbol, .. }) => {
                self.last_event_is_book(*symbol, step) || self.args(node).iter().any(|a| self.at_instant(*a, step))
            }
            Some(Op::Where) => self.where_occurs(node, step),
            // The page gives these instants of their own: updates of x, and their timer.
            Some(Op::Window { stat, window: Window::Time(_), .. }) if stat.is_of_the_past() => {
                due || self.is_update(self.arg(node, 0), step)
            }
            Some(Op::All(period)) => self.all_within(node, *period, step),
            // As an operator with a memory sees it: what the event said when it last occurred.
            Some(Op::Payload(_)) => self.occurs(self.arg(node, 0), step),
            Some(Op::Cycle { .. }) => self.cycle_quoted(node, step) || self.args(node).iter().any(|a| self.at_instant(*a, step)),
            _ => due || self.args(node).iter().any(|a| self.at_instant(*a, step)),
        }
    }

    /// The value of a node in a step, at an instant or at the start; its arguments have theirs already.
    pub(super) fn evaluate(&self, node: NodeId, step: StepNo) -> Val {
        let Some(op) = self.op(node) else { return Val::Unknown };
        match op {
            Op::Const(constant) => Val::of(*constant),
            Op::Param(param) => self.param(*param, step),
            Op::Input(input) => self.input(*input, step),
            Op::Market(field, symbol) => self.market(*field, *symbol, step),
            Op::Imbalance { symbol, depth } => self.imbalance(*symbol, *depth, step),
            Op::DepthPrice { symbol, side } => self.depth_price(*symbol, *side, &self.value(self.arg(node, 0), step), step),
            Op::Clock(_) | Op::Age(_) | Op::Since => self.reading(node, step, self.ts(step)),
            Op::Cycle { .. } => self.cycle(node, step, self.ts(step)),
            Op::Num(_) | Op::Compare(_) | Op::And | Op::Or | Op::Not | Op::Coalesce | Op::Known | Op::FastK | Op::Host(_) => {
                let args: Vec<_> = self.args(node).iter().map(|a| self.value(*a, step)).collect();
                self.without_memory(op, &args)
            }
            Op::Cycles(_) => Val::Bool(self.is_told(node, step)),
            Op::OpportunityField(field) => self.opportunity_field(self.arg(node, 0), *field, step),
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
            Op::Payload(field) if self.occurs(self.arg(node, 0), step) => self.payload(self.arg(node, 0), *field, step),
            Op::For(period) => self.has_held(node, *period, step),
            Op::Once(period) => self.once(node, *period, step),
            Op::Window { .. } => self.window(node, step),
            Op::Decay(_) | Op::Ema { .. } | Op::Rsi(_) | Op::Atr(_) | Op::Obv => self.indicator(node, step),
            Op::Bar { .. } => Val::Bool(self.is_due(node, step)),
            Op::BarField(field) => self.bar_field(self.arg(node, 0), *field, step),
            Op::All(period) => Val::Bool(self.all_within(node, *period, step)),
            Op::Index(n) => self.earlier(node, *n, step),
            // A sequence is told when it occurs, a capture by the run that made it, and the others are not in typed rules.
            Op::Payload(_) | Op::Seq(_) | Op::Capture(_) | Op::Pick | Op::Sample => Val::Unknown,
        }
    }

    /// An operator that has no memory, of the values of its arguments.
    fn without_memory(&self, op: &Op, args: &[Val]) -> Val {
        let levels = || args.iter().map(Val::truth);
        match (op, args) {
            (Op::Num(function), args) => value::apply(*function, args),
            (Op::Compare(op), [a, b]) => Val::bool(self.order(a, b).map(|order| value::holds(*op, order))),
            (Op::And, _) => Val::bool(value::all(levels())),
            (Op::Or, _) => Val::bool(value::any(levels())),
            (Op::Not, [x]) => Val::bool(x.truth().map(|b| !b)),
            (Op::Coalesce, [x, y]) => {
                if x.is_known() {
                    x.clone()
                } else {
                    y.clone()
                }
            }
            (Op::Known, [x]) => Val::Bool(x.is_known()),
            (Op::FastK, [Val::Num(close), Val::Num(low), Val::Num(high)]) => {
                Val::num(if high == low { 0.0 } else { 100.0 * (close - low) / (high - low) })
            }
            (Op::Host(id), args) => self.call(*id, args),
            _ => Val::Unknown,
        }
    }

    /// The value of a node in a step for a run of a sequence that has captured something: what reads captures is worked out from them.
    pub(super) fn value_with(&self, node: NodeId, step: StepNo, captures: &[Val]) -> Val {
        match self.op(node) {
            Some(Op::Capture(k)) => captures.get(*k as usize).cloned().unwrap_or(Val::Unknown),
            Some(op) if self.reads_captures.get(node.0 as usize).copied().unwrap_or(false) => {
                let args: Vec<_> = self.args(node).iter().map(|a| self.value_with(*a, step, captures)).collect();
                self.without_memory(op, &args)
            }
            _ => self.value(node, step),
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
    pub(super) fn text<'a>(&'a self, text: &'a Val) -> Option<&'a str> {
        match text {
            Val::Text(TextId(i)) => self.rules.tables.texts.get(*i as usize).map(String::as_str),
            Val::Word(word) => Some(word),
            Val::Written(text) => Some(text),
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
            Some(Op::Bar { .. }) => match field {
                F::Bar(field) => self.bar_field(event, field, step),
                _ => Val::Unknown,
            },
            Some(Op::Cycles(_)) => match field {
                F::Opportunity(field) => self.opportunity_field(event, field, step),
                _ => Val::Unknown,
            },
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
                    F::Bar(_) | F::Opportunity(_) => return Val::Unknown,
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

//! Events: `WHERE`, `NO .. FOR`, and a level where an event is wanted.

use super::value::{ShapeId, Ty, Val};
use super::{Checker, It};
use crate::diagnostic::Code;
use crate::program::{NodeId, Op};
use crate::span::Span;
use crate::syntax::{Expr, ExprId, Tree};

impl<'a> Checker<'a> {
    /// A value as an event: a level is its rising edge.
    pub(super) fn want_event(&mut self, val: &Val, span: Span) -> Option<Val> {
        match val.ty {
            Ty::Event => Some(*val),
            Ty::Poison => None,
            Ty::Bool if val.can_change() => {
                let edge = self.over(Op::Edge, &[*val], Ty::Event, val.facts.passed(), val.span);
                (!edge.is_poison()).then_some(edge)
            }
            ty => {
                self.report(Code::LevelAsEvent, span, |c, d| {
                    let is = if ty == Ty::Bool { "a constant and never becomes true" } else { ty.words() };
                    d.says(format!("{} is {is}, and an event is wanted", c.quote(span)), "")
                        .help("events are `trade(s)`, `quote(s)`, `book(s)`, `a CROSSES b`, and conditions that become true")
                });
                None
            }
        }
    }

    /// `e WHERE c`
    #[inline(never)]
    pub(super) fn filtered(&mut self, tree: &'a Tree, e: &'a Expr, event: ExprId, filter: ExprId) -> Val {
        let val = self.expr(tree, event);
        let node = self.filter_event(tree, event, &val);
        let outer = self.it.replace(It { node, shape: val.shape, span: Self::span_of(tree, event), in_run: false });
        let cond = self.expr(tree, filter);
        self.it = outer;
        self.filtered_by(e, Val { node, ..val }, &cond, Self::span_of(tree, filter))
    }

    /// The node of an event that is filtered; reports where it is none.
    #[inline(never)]
    fn filter_event(&mut self, tree: &'a Tree, event: ExprId, val: &Val) -> Option<NodeId> {
        let at = Self::span_of(tree, event);
        if !matches!(val.ty, Ty::Event | Ty::Poison) {
            self.report(Code::WhereWithoutEvent, at, |c, d| {
                let d = d.says(format!("{} is {} and not an event", c.quote(at), val.ty.words()), "`WHERE` filters events");
                if val.ty == Ty::Bool { d.help("conditions are joined with `AND`") } else { d }
            });
        }
        if val.ty == Ty::Event { self.node_of(val) } else { None }
    }

    #[inline(never)]
    fn filtered_by(&mut self, e: &'a Expr, event: Val, cond: &Val, at: Span) -> Val {
        let holds = self.want_level(cond, at, "`WHERE`");
        if !holds || event.ty != Ty::Event || event.node.is_none() {
            return Val::poison(e.span);
        }
        let facts = event.facts.passed().with(cond.facts.passed());
        Val { shape: event.shape, ..self.over(Op::Where, &[event, *cond], Ty::Event, facts, e.span) }
    }

    /// `NO e FOR d`
    #[inline(never)]
    pub(super) fn no(&mut self, tree: &'a Tree, e: &'a Expr, event: ExprId, duration: Option<ExprId>) -> Val {
        let val = self.expr(tree, event);
        let length = duration.map(|duration| (self.expr(tree, duration), Self::span_of(tree, duration)));
        self.no_of(tree, e, event, &val, length)
    }

    #[inline(never)]
    fn no_of(&mut self, tree: &'a Tree, e: &'a Expr, event: ExprId, val: &Val, length: Option<(Val, Span)>) -> Val {
        let at = Self::span_of(tree, event);
        let period = length.map(|(length, at)| (self.period_of(&length, at), at));
        match val.ty {
            Ty::Poison => return *val,
            Ty::Bool => {
                self.report(Code::NoBeforeBool, e.span, |c, d| {
                    let time = period.map_or("5s", |(_, span)| c.source(span));
                    d.says(format!("`NO` before the condition {}", c.quote(at)), "`NO` waits for an event to stay away").fix(
                        "that a condition does not hold for some time",
                        e.span,
                        format!("(NOT {}) FOR {time}", c.as_operand(tree, event)),
                    )
                });
                return Val::poison(e.span);
            }
            Ty::Event => {}
            _ => {
                self.want_event(val, at);
                return Val::poison(e.span);
            }
        }
        let Some((period, _)) = period else {
            self.report(Code::NoWithoutFor, e.span, |c, d| {
                d.says(format!("{} does not say for how long", c.quote(e.span)), "outside a SEQ, `NO` needs `FOR`").fix(
                    "for some time",
                    e.span,
                    format!("{} FOR 5s", c.source(e.span)),
                )
            });
            return Val::poison(e.span);
        };
        let Some(period) = period else { return Val::poison(e.span) };
        Val { shape: ShapeId::BARE, ..self.over(Op::NoFor(period), &[*val], Ty::Event, val.facts.passed(), e.span) }
    }

    /// The text of an expression, in parentheses where an operator before it would take only its first part.
    pub(super) fn as_operand(&self, tree: &'a Tree, id: ExprId) -> String {
        use crate::syntax::ExprKind;
        let text = self.source(Self::span_of(tree, id));
        match tree.expr(id).map(|e| &e.kind) {
            Some(ExprKind::And(_) | ExprKind::Or(_) | ExprKind::For { .. } | ExprKind::Where { .. } | ExprKind::No { .. }) => {
                format!("({text})")
            }
            _ => text.to_owned(),
        }
    }
}

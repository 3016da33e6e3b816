//! Levels, and what becomes of `AND` and `OR` where an event is among their parts.

use smallvec::SmallVec;

use super::Checker;
use super::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Constant, Op};
use crate::span::Span;
use crate::syntax::{Expr, ExprId, Tree};

impl<'a> Checker<'a> {
    /// Whether a value is a level; reports where it is not. `what` names the place: "`NOT`".
    pub(super) fn want_level(&mut self, val: &Val, span: Span, what: &str) -> bool {
        match val.ty {
            Ty::Bool => true,
            Ty::Poison => false,
            Ty::Event => {
                self.report(Code::EventAsLevel, span, |c, d| {
                    let text = c.source(span);
                    d.says(
                        format!("{} is an event, and {what} wants a condition that holds", c.quote(span)),
                        "an event is there only for an instant",
                    )
                    .help(format!("whether it happened lately: `once({text}, 1s)`"))
                });
                false
            }
            ty => {
                self.report(Code::NotABool, span, |c, d| {
                    let text = c.source(span);
                    let d = d.says(format!("{} is {}, and {what} wants a condition", c.quote(span), ty.words()), "");
                    match ty {
                        Ty::Num(_) => d.help(format!("compare it: `{text} > 0`")),
                        Ty::Quoted | Ty::Symbol => d.help(format!("its price: `price({text}) > 100`")),
                        Ty::Record(kind) => super::records::which_part(d, kind, text, span),
                        _ => d,
                    }
                });
                false
            }
        }
    }

    #[inline(never)]
    pub(super) fn not(&mut self, tree: &'a Tree, e: &'a Expr, x: ExprId) -> Val {
        let val = self.expr(tree, x);
        self.not_of(tree, e, x, &val)
    }

    #[inline(never)]
    fn not_of(&mut self, tree: &'a Tree, e: &'a Expr, x: ExprId, val: &Val) -> Val {
        let at = Self::span_of(tree, x);
        if val.ty == Ty::Event {
            self.report(Code::NotEvent, e.span, |c, d| {
                let text = c.source(at);
                d.says(format!("`NOT` before the event {}", c.quote(at)), "an event that does not happen has no instant").fix(
                    "that it stays away for some time is an event",
                    e.span,
                    format!("NO {text} FOR 5s"),
                )
            });
            return Val::poison(e.span);
        }
        if !self.want_level(val, at, "`NOT`") {
            return Val::poison(e.span);
        }
        let constant = match val.constant {
            Some(Constant::Bool(b)) => Some(Constant::Bool(!b)),
            _ => None,
        };
        Val { constant, ..self.over(Op::Not, &[*val], Ty::Bool, val.facts.passed(), e.span) }
    }

    /// The parts of an AND or OR, with their places. Only the values that are worked out lie beside the frames of the expressions below.
    #[inline(never)]
    pub(super) fn parts(&mut self, tree: &'a Tree, list: &'a [ExprId]) -> usize {
        let base = self.vals.len();
        for &id in list {
            let val = self.expr(tree, id);
            self.vals.push(val);
        }
        base
    }

    /// The values from `base` on with the places of their expressions.
    pub(super) fn taken(&mut self, tree: &'a Tree, list: &[ExprId], base: usize) -> SmallVec<[(Val, Span); 4]> {
        self.vals.drain(base..).zip(list).map(|(val, id)| (val, Self::span_of(tree, *id))).collect()
    }

    #[inline(never)]
    pub(super) fn and(&mut self, tree: &'a Tree, e: &'a Expr, list: &'a [ExprId]) -> Val {
        let base = self.parts(tree, list);
        self.and_taken(tree, e, list, base)
    }

    #[inline(never)]
    fn and_taken(&mut self, tree: &'a Tree, e: &'a Expr, list: &'a [ExprId], base: usize) -> Val {
        let parts = self.taken(tree, list, base);
        self.and_of(e, &parts)
    }

    #[inline(never)]
    pub(super) fn and_of(&mut self, e: &'a Expr, parts: &[(Val, Span)]) -> Val {
        let mut event: Option<(Val, Span)> = None;
        let mut args: SmallVec<[Val; 4]> = SmallVec::new();
        let mut good = true;
        for &(val, at) in parts {
            match (val.ty, event) {
                (Ty::Event, None) => event = Some((val, at)),
                (Ty::Event, Some((_, first))) => {
                    self.report(Code::EventAndEvent, at, |c, d| {
                        let (a, b) = (c.source(first), c.source(at));
                        d.says(format!("{} and {} are both events", c.quote(first), c.quote(at)), "two events have no instant in common")
                            .also(first, "the other event")
                            .help(format!("both within some time: `ALL({a}, {b}) WITHIN 1s`"))
                            .help(format!("one while the other was lately: `{b} AND once({a}, 1s)`"))
                    });
                    good = false;
                }
                _ if self.want_level(&val, at, "`AND`") => args.push(val),
                _ => good = false,
            }
        }
        if !good {
            return Val::poison(e.span);
        }
        let facts = parts.iter().fold(Facts::NONE, |f, (v, _)| f.with(v.facts.passed()));
        match event {
            Some((event, _)) => {
                args.insert(0, event);
                Val { shape: event.shape, ..self.over(Op::EventAnd, &args, Ty::Event, facts, e.span) }
            }
            None => Val { constant: kleene(&args, false), ..self.over(Op::And, &args, Ty::Bool, facts, e.span) },
        }
    }

    #[inline(never)]
    pub(super) fn or(&mut self, tree: &'a Tree, e: &'a Expr, list: &'a [ExprId]) -> Val {
        let base = self.parts(tree, list);
        self.or_of(tree, e, list, base)
    }

    #[inline(never)]
    fn or_of(&mut self, tree: &'a Tree, e: &'a Expr, list: &'a [ExprId], base: usize) -> Val {
        let parts = self.taken(tree, list, base);
        let events = parts.iter().any(|(v, _)| v.ty == Ty::Event);
        let mut args: SmallVec<[Val; 4]> = SmallVec::new();
        for (val, at) in &parts {
            if events {
                args.extend(self.want_event(val, *at));
            } else if self.want_level(val, *at, "`OR`") {
                args.push(*val);
            }
        }
        if args.len() != parts.len() {
            return Val::poison(e.span);
        }
        let facts = parts.iter().fold(Facts::NONE, |f, (v, _)| f.with(v.facts.passed()));
        if !events {
            return Val { constant: kleene(&args, true), ..self.over(Op::Or, &args, Ty::Bool, facts, e.span) };
        }
        let shape = args.iter().map(|v| v.shape).reduce(|a, b| self.out.common_shape(a, b)).unwrap_or(super::ShapeId::BARE);
        Val { shape, ..self.over(Op::EventOr, &args, Ty::Event, facts, e.span) }
    }

    /// `c FOR d`
    #[inline(never)]
    pub(super) fn for_duration(&mut self, tree: &'a Tree, e: &'a Expr, cond: ExprId, duration: ExprId) -> Val {
        let val = self.expr(tree, cond);
        let length = self.expr(tree, duration);
        self.for_of(tree, e, (cond, &val), (duration, &length))
    }

    #[inline(never)]
    fn for_of(&mut self, tree: &'a Tree, e: &'a Expr, (cond, val): (ExprId, &Val), (duration, length): (ExprId, &Val)) -> Val {
        let period = self.period_of(length, Self::span_of(tree, duration));
        let at = Self::span_of(tree, cond);
        if val.ty == Ty::Event {
            self.report(Code::EventAsLevel, at, |c, d| {
                let (text, time) = (c.source(at), c.source(Self::span_of(tree, duration)));
                d.says(format!("{} is an event and does not hold `FOR` any time", c.quote(at)), "an event is there only for an instant")
                    .fix("whether it happened in that time", e.span, format!("once({text}, {time})"))
                    .help(format!("that it stays away for that time: `NO {text} FOR {time}`"))
            });
            return Val::poison(e.span);
        }
        if !self.want_level(val, at, "`FOR`") {
            return Val::poison(e.span);
        }
        let Some(period) = period else { return Val::poison(e.span) };
        // Also a level that always holds becomes true by the clock.
        self.over(Op::For(period), &[*val], Ty::Bool, val.facts.passed().with(Facts::INPUT), e.span)
    }
}

/// AND (`absorbing` false) or OR (true) of constants, where all are.
fn kleene(args: &[Val], absorbing: bool) -> Option<Constant> {
    let mut result = !absorbing;
    for arg in args {
        match arg.constant {
            Some(Constant::Bool(b)) if b == absorbing => result = absorbing,
            Some(Constant::Bool(_)) => {}
            _ => return None,
        }
    }
    Some(Constant::Bool(result))
}

//! Comparisons, `IN` and `CROSSES`.

use super::mismatch::{Place, Sides};
use super::value::{Facts, ShapeId, Ty, Val};
use super::{Checker, report};
use crate::diagnostic::Code;
use crate::fold;
use crate::program::{CmpOp, Constant, Op, REASONS, STATES};
use crate::span::Span;
use crate::syntax::{BinaryOp, CrossSide, Expr, ExprId, ExprKind, Tree};

/// An operand with its expression.
type Part = (ExprId, Val);

impl<'a> Checker<'a> {
    #[inline(never)]
    pub(super) fn comparison(&mut self, op: BinaryOp, sides: &Sides<'a>, left: Val, right: Val) -> Val {
        let (left, right) = self.alike(left, right, sides);
        let cmp = match op {
            BinaryOp::Lt => CmpOp::Lt,
            BinaryOp::Le => CmpOp::Le,
            BinaryOp::Gt => CmpOp::Gt,
            BinaryOp::Ge => CmpOp::Ge,
            BinaryOp::Ne => CmpOp::Ne,
            _ => CmpOp::Eq,
        };
        if !self.comparable(cmp, sides, &left, &right) {
            return Val::poison(sides.whole);
        }
        let val = self.compare(cmp, left, right, sides.whole);
        self.doubts(cmp, sides, &left, &right, val.constant);
        val
    }

    /// A comparison of two values that can be compared.
    fn compare(&mut self, op: CmpOp, left: Val, right: Val, span: Span) -> Val {
        let constant = match (left.constant, right.constant) {
            (Some(a), Some(b)) => fold::compare(op, a, b).map(Constant::Bool),
            _ => None,
        };
        let facts = left.facts.passed().with(right.facts.passed());
        Val { constant, ..self.over(Op::Compare(op), &[left, right], Ty::Bool, facts, span) }
    }

    /// A string literal is what the other side is: a symbol, or a text.
    pub(super) fn alike(&mut self, mut left: Val, mut right: Val, sides: &Sides<'a>) -> (Val, Val) {
        let (left_ty, right_ty) = (left.ty, right.ty);
        for (this, that, at) in [(&mut left, right_ty, sides.left), (&mut right, left_ty, sides.right)] {
            if this.ty != Ty::Quoted {
                continue;
            }
            match that {
                Ty::Symbol => {
                    let span = Self::span_of(sides.tree, at);
                    *this = match self.want_symbol(this, span) {
                        Some(symbol) => Val { facts: this.facts, ..Val::constant(Ty::Symbol, Constant::Symbol(symbol), this.span) },
                        None => Val::poison(this.span),
                    };
                }
                Ty::Text | Ty::Quoted => this.ty = Ty::Text,
                _ => {}
            }
        }
        (left, right)
    }

    fn comparable(&mut self, op: CmpOp, sides: &Sides<'a>, left: &Val, right: &Val) -> bool {
        let order = !matches!(op, CmpOp::Eq | CmpOp::Ne);
        match (left.ty, right.ty) {
            (Ty::Poison, _) | (_, Ty::Poison) => false,
            (Ty::Num(_), Ty::Num(_)) => {
                self.agree(sides, left, right);
                true
            }
            (Ty::Duration, Ty::Duration) | (Ty::Timestamp, Ty::Timestamp) => true,
            (Ty::Bool, Ty::Bool) if !order => true,
            (Ty::Text, Ty::Text) | (Ty::Symbol, Ty::Symbol) if order => {
                self.report(Code::OrderOfText, sides.whole, |_, d| {
                    d.says(format!("`{}` between texts", sides.sign()), "texts and symbols are compared with `==` and `!=`")
                });
                false
            }
            (Ty::Text, Ty::Text) => self.known_side(sides, left, right),
            (Ty::Symbol, Ty::Symbol) => true,
            (a, b) => {
                self.not_comparable(sides, left, right, a, b);
                false
            }
        }
    }

    /// A trade's side is compared with a side, a state or a reason with one that there is.
    fn known_side(&mut self, sides: &Sides<'a>, left: &Val, right: &Val) -> bool {
        for (side, text, at) in [(left, right, sides.right), (right, left, sides.left)] {
            if let Some(Constant::Text(id)) = text.constant {
                let text = self.out.text_of(id).to_owned();
                for (fact, what, known) in [(Facts::STATE, "state", &STATES[..]), (Facts::REASON, "reason", &REASONS[..])] {
                    if side.facts.has(fact) && !known.contains(&text.as_str()) {
                        self.bad_telling(&text, what, known, Self::span_of(sides.tree, at));
                        return false;
                    }
                }
            }
            if let (true, Some(Constant::Text(id))) = (side.facts.has(Facts::SIDE), text.constant) {
                let text = self.out.text_of(id).to_owned();
                if text != "buy" && text != "sell" {
                    self.bad_side(&text, Self::span_of(sides.tree, at));
                    return false;
                }
            }
        }
        true
    }

    /// Reports a text that is no state, or no reason.
    fn bad_telling(&mut self, text: &str, what: &str, known: &[&'static str], span: Span) {
        self.report(Code::BadTelling, span, |c, d| {
            let nearest = c.suggest(text, |_| known.to_vec()).map(|name| format!("\"{name}\""));
            d.says(format!("{} is not a {what} of an opportunity", report::quoted(&format!("\"{text}\""))), "")
                .meant(span, nearest.as_deref())
                .help(format!("it is one of {}", super::expr::list(known)))
        });
    }

    /// Reports a text that is no side.
    pub(super) fn bad_side(&mut self, text: &str, span: Span) {
        self.report(Code::BadSide, span, |_, d| {
            let nearest = match text.to_ascii_lowercase().as_str() {
                "buy" | "b" | "bid" | "buyer" | "long" => Some("\"buy\""),
                "sell" | "s" | "ask" | "seller" | "short" | "offer" => Some("\"sell\""),
                _ => None,
            };
            d.says(format!("{} is not a side", report::quoted(&format!("\"{text}\""))), "a side is \"buy\" or \"sell\"")
                .meant(span, nearest)
        });
    }

    fn not_comparable(&mut self, sides: &Sides<'a>, left: &Val, right: &Val, a: Ty, b: Ty) {
        let (left_at, right_at) = (Self::span_of(sides.tree, sides.left), Self::span_of(sides.tree, sides.right));
        for (ty, at) in [(a, left_at), (b, right_at)] {
            if let Ty::Record(kind) = ty {
                return self.bare_record(kind, at);
            }
        }
        self.report(Code::NotComparable, sides.whole, |c, mut d| {
            for (ty, other, at) in [(a, right, right_at), (b, left, left_at)] {
                let text = c.source(at);
                match (ty, other.ty) {
                    (Ty::Duration, Ty::Num(_)) if other.constant.is_some() => d = d.fix("in milliseconds?", at, format!("{text}ms")),
                    (Ty::Num(_), Ty::Quoted | Ty::Symbol) => d = d.fix("its price?", at, format!("price({text})")),
                    (_, Ty::Event) => {
                        d = d.help("an event has no value to compare: read a field of it in `WHERE`, or count it");
                        d = c.close_of(d, other, text, at);
                    }
                    (Ty::Num(_), Ty::Bool) => d = d.help("conditions are joined with `AND` and `OR`"),
                    _ => {}
                }
            }
            let (a, b) = (a.words(), b.words());
            d.says(format!("`{}` between {a} and {b}", sides.sign()), format!("{} is {a}, {} is {b}", c.quote(left_at), c.quote(right_at)))
        });
    }

    /// Warnings on a comparison that is right by its types.
    fn doubts(&mut self, op: CmpOp, sides: &Sides<'a>, left: &Val, right: &Val, answer: Option<Constant>) {
        let placed = left.facts.with(right.facts).has(Facts::PLACED);
        if let (Some(Constant::Bool(answer)), false, false) = (answer, placed, self.in_const) {
            let code = if answer { Code::AlwaysTrue } else { Code::AlwaysFalse };
            self.report(code, sides.whole, |c, d| {
                d.says(format!("{} is always {answer}", c.quote(sides.whole)), "both sides are constants")
            });
        }
        let number = |v: &Val| v.unit().is_some() && v.constant.is_none() && v.facts.has(Facts::COMPUTED);
        if matches!(op, CmpOp::Eq | CmpOp::Ne) && number(left) && number(right) {
            self.report(Code::FloatEquality, sides.whole, |c, d| {
                let text = |id: ExprId, loose: &[BinaryOp]| {
                    let text = c.source(Self::span_of(sides.tree, id));
                    match sides.tree.expr(id).map(|e| &e.kind) {
                        Some(ExprKind::Binary(op, ..)) if loose.contains(op) => format!("({text})"),
                        _ => text.to_owned(),
                    }
                };
                let left = text(sides.left, &[BinaryOp::Coalesce]);
                let right = text(sides.right, &[BinaryOp::Coalesce, BinaryOp::Add, BinaryOp::Sub]);
                let within = if op == CmpOp::Eq { "<" } else { ">=" };
                d.says(format!("`{}` between computed numbers is right only to the last bit", sides.sign()), "").fix(
                    "compare with a tolerance",
                    sides.whole,
                    format!("abs({left} - {right}) {within} 1e-9"),
                )
            });
        }
        self.clock_held(sides, left, right);
    }

    /// A comparison over the clock that does not change by itself.
    fn clock_held(&mut self, sides: &Sides<'a>, left: &Val, right: &Val) {
        let clock = Facts::CLOCK.with(Facts::OVER_CLOCK);
        if !left.facts.with(right.facts).has(clock) {
            return;
        }
        let timed = |reading: &Val, other: &Val| reading.facts.has(Facts::CLOCK) && !other.facts.has(Facts::INPUT.with(clock));
        if timed(left, right) || timed(right, left) {
            return;
        }
        self.report(Code::ClockHeld, sides.whole, |c, d| {
            d.says(
                format!("{} is looked at only when something else in it changes, not as time passes", c.quote(sides.whole)),
                "this holds its answer between events",
            )
            .help("one reading of the clock compared with a constant changes by itself: `age(s) >= 5s`, `since(e) < 2s`")
        });
    }

    /// `x IN low .. high`
    #[inline(never)]
    pub(super) fn between(&mut self, tree: &'a Tree, e: &'a Expr, value: ExprId, low: ExprId, high: ExprId) -> Val {
        let x = self.expr(tree, value);
        let from = self.expr(tree, low);
        let to = self.expr(tree, high);
        self.between_of(tree, e, (value, x), (low, from), (high, to))
    }

    #[inline(never)]
    fn between_of(&mut self, tree: &'a Tree, e: &'a Expr, (value, x): Part, (low, from): Part, (high, to): Part) -> Val {
        if x.is_poison() || from.is_poison() || to.is_poison() {
            return Val::poison(e.span);
        }
        let mut parts = [x; 2];
        // The value is one node, read by both comparisons.
        let Some(node) = self.node_of(&x) else { return Val::poison(e.span) };
        let x = Val { node: Some(node), ..x };
        for (part, (op, end, at)) in parts.iter_mut().zip([(CmpOp::Ge, from, low), (CmpOp::Le, to, high)]) {
            let sides = Sides { tree, left: value, right: at, whole: e.span, place: Place::Argument("IN") };
            if !matches!(end.ty, Ty::Num(_) | Ty::Duration | Ty::Timestamp) && !matches!(end.ty, Ty::Event) && end.ty == x.ty {
                self.report(Code::OrderOfText, e.span, |_, d| {
                    d.says(format!("`IN` of {}", x.ty.words()), "a range is one of numbers or times")
                });
                return Val::poison(e.span);
            }
            if !self.comparable(op, &sides, &x, &end) {
                return Val::poison(e.span);
            }
            self.clock_held(&sides, &x, &end);
            *part = self.compare(op, x, end, e.span);
        }
        if let (Some(a), Some(b)) = (from.constant, to.constant)
            && fold::compare(CmpOp::Gt, a, b) == Some(true)
        {
            let span = Self::span_of(tree, low).to(Self::span_of(tree, high));
            self.report(Code::BadRange, span, |c, d| {
                d.says(format!("the range {} ends below its start", c.quote(span)), "nothing is in it")
            });
            return Val::poison(e.span);
        }
        let [a, b] = parts;
        let constant = match (a.constant, b.constant) {
            (Some(Constant::Bool(a)), Some(Constant::Bool(b))) => Some(Constant::Bool(a && b)),
            _ => None,
        };
        Val { constant, ..self.over(Op::And, &parts, Ty::Bool, a.facts.with(b.facts), e.span) }
    }

    /// `a CROSSES [ABOVE|BELOW] b`
    #[inline(never)]
    pub(super) fn crosses(&mut self, tree: &'a Tree, e: &'a Expr, left: ExprId, side: CrossSide, right: ExprId) -> Val {
        let a = self.expr(tree, left);
        let b = self.expr(tree, right);
        self.crosses_of(tree, e, side, (left, a), (right, b))
    }

    #[inline(never)]
    fn crosses_of(&mut self, tree: &'a Tree, e: &'a Expr, side: CrossSide, (left, a): Part, (right, b): Part) -> Val {
        if a.is_poison() || b.is_poison() {
            return Val::poison(e.span);
        }
        let word = match side {
            CrossSide::Above => "CROSSES ABOVE",
            CrossSide::Below => "CROSSES BELOW",
            CrossSide::Either => "CROSSES",
        };
        let sides = Sides { tree, left, right, whole: e.span, place: Place::Infix(word) };
        match (a.ty, b.ty) {
            (Ty::Num(_), Ty::Num(_)) => {
                self.agree(&sides, &a, &b);
            }
            (Ty::Duration, Ty::Duration) => {}
            (x, y) => {
                if matches!(x, Ty::Num(_) | Ty::Duration) && matches!(y, Ty::Num(_) | Ty::Duration) {
                    self.not_comparable(&sides, &a, &b, x, y);
                } else {
                    let (bad, at) = if matches!(x, Ty::Num(_) | Ty::Duration) { (y, right) } else { (x, left) };
                    let at = Self::span_of(tree, at);
                    self.report(Code::NotANumber, at, |c, d| {
                        d.says(format!("{} is {} and does not cross anything", c.quote(at), bad.words()), "a number is wanted")
                    });
                }
                return Val::poison(e.span);
            }
        }
        if !a.can_change() && !b.can_change() {
            self.say(Code::LevelAsEvent, e.span, format!("{} never happens: both sides are constants", self.quote(e.span)));
            return Val::poison(e.span);
        }
        // An event by its nature: a clock reading alone gives it no instants.
        if a.facts.with(b.facts).has(Facts::CLOCK.with(Facts::OVER_CLOCK)) {
            self.report(Code::ClockHeld, e.span, |c, d| {
                d.says(format!("{} is looked at only when something else in it changes, not as time passes", c.quote(e.span)), "")
                    .help("a comparison changes by itself: `age(s) >= 5s`")
            });
        }
        let facts = a.facts.passed().with(b.facts.passed());
        Val { shape: ShapeId::BARE, ..self.over(Op::Crosses(side), &[a, b], Ty::Event, facts, e.span) }
    }
}

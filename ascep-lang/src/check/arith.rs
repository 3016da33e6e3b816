//! Arithmetic: `+ - * /`, the unary minus, and the functions without state, with their types and units.

use super::Checker;
use super::mismatch::{Place, Sides};
use super::units::Unit;
use super::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::fold;
use crate::program::{Constant, NumFn, Op};
use crate::span::Span;
use crate::syntax::{BinaryOp, Expr, ExprId, Tree};

impl<'a> Checker<'a> {
    #[inline(never)]
    pub(super) fn binary(&mut self, tree: &'a Tree, e: &'a Expr, op: BinaryOp, a: ExprId, b: ExprId) -> Val {
        let left = self.expr(tree, a);
        let right = self.expr(tree, b);
        self.binary_of(tree, e, op, (a, left), (b, right))
    }

    #[inline(never)]
    fn binary_of(&mut self, tree: &'a Tree, e: &'a Expr, op: BinaryOp, (a, left): (ExprId, Val), (b, right): (ExprId, Val)) -> Val {
        if left.is_poison() || right.is_poison() {
            return Val::poison(e.span);
        }
        let sides = Sides { tree, left: a, right: b, whole: e.span, place: Place::Infix(op.symbol()) };
        match op {
            BinaryOp::Add => self.arithmetic(NumFn::Add, &sides, left, right),
            BinaryOp::Sub => self.arithmetic(NumFn::Sub, &sides, left, right),
            BinaryOp::Mul => self.arithmetic(NumFn::Mul, &sides, left, right),
            BinaryOp::Div => self.arithmetic(NumFn::Div, &sides, left, right),
            BinaryOp::Coalesce => self.coalesce(&sides, left, right),
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Eq | BinaryOp::Ne => {
                self.comparison(op, &sides, left, right)
            }
        }
    }

    #[inline(never)]
    fn arithmetic(&mut self, f: NumFn, sides: &Sides<'a>, left: Val, right: Val) -> Val {
        use Ty::{Duration, Num, Timestamp};
        let mut args = [left, right];
        let ty = match (f, left.ty, right.ty) {
            (NumFn::Add | NumFn::Sub, Num(_), Num(_)) => Num(self.agree(sides, &left, &right)),
            (NumFn::Mul, Num(a), Num(b)) => Num(self.multiply(a, b, &left, &right, 1)),
            (NumFn::Div, Num(a), Num(b)) => {
                if right.number() == Some(0.0) {
                    let span = Self::span_of(sides.tree, sides.right);
                    self.report(Code::DivisionByZero, span, |c, d| {
                        d.says(format!("{} is always zero, so the quotient is always unknown", c.quote(span)), "")
                    });
                }
                Num(self.multiply(a, b, &left, &right, -1))
            }
            (NumFn::Add | NumFn::Sub, Duration, Duration) | (NumFn::Sub, Timestamp, Timestamp) => Duration,
            (NumFn::Add | NumFn::Sub, Timestamp, Duration) => Timestamp,
            (NumFn::Add, Duration, Timestamp) => {
                args = [right, left];
                Timestamp
            }
            (NumFn::Mul, Duration, Num(_)) | (NumFn::Mul, Num(_), Duration) | (NumFn::Div, Duration, Num(_)) => Duration,
            (NumFn::Div, Duration, Duration) => Num(Unit::PURE),
            _ => {
                self.no_arithmetic(sides, &left, &right);
                return Val::poison(sides.whole);
            }
        };
        self.stateless(f, &args, ty, sides.whole)
    }

    /// The unit of a product (`exponent` 1) or a quotient (-1). A plain literal times a plain ratio is as flexible as the literal.
    pub(super) fn multiply(&mut self, a: Unit, b: Unit, left: &Val, right: &Val, exponent: i32) -> Unit {
        let written = |v: &Val| !v.facts.has(Facts::INPUT);
        match (a, b) {
            (Unit::FLEXIBLE, Unit::FLEXIBLE) => Unit::FLEXIBLE,
            (Unit::FLEXIBLE, Unit::PURE) if written(right) => Unit::FLEXIBLE,
            (Unit::PURE, Unit::FLEXIBLE) if written(left) && exponent == 1 => Unit::FLEXIBLE,
            // `1 / price` turns a price over; `10_000 / price` is an amount of money over it, in whatever unit the place asks for.
            (Unit::FLEXIBLE, b) if exponent == -1 && b.has_assets() && left.number() != Some(1.0) => Unit::UNCHECKED,
            (Unit::FLEXIBLE, b) => self.out.units.product(Unit::PURE, b, exponent),
            (a, Unit::FLEXIBLE) => a,
            (a, b) => self.out.units.product(a, b, exponent),
        }
    }

    fn no_arithmetic(&mut self, sides: &Sides<'a>, left: &Val, right: &Val) {
        let numeric = |ty| matches!(ty, Ty::Num(_) | Ty::Duration | Ty::Timestamp);
        let (bad, at) = if numeric(left.ty) { (right, sides.right) } else { (left, sides.left) };
        let at = Self::span_of(sides.tree, at);
        let (l, r) = (left.ty, right.ty);
        let (val, bad) = (bad, bad.ty);
        if let Ty::Record(kind) = bad {
            return self.bare_record(kind, at);
        }
        self.report(Code::NotANumber, if numeric(bad) { sides.whole } else { at }, |c, d| match bad {
            Ty::Quoted | Ty::Symbol => {
                let text = c.source(at);
                d.says(format!("{} is a symbol and not a number", c.quote(at)), "").fix("its price?", at, format!("price({text})"))
            }
            Ty::Event => {
                let d = d
                    .says(format!("{} is an event and not a number", c.quote(at)), "")
                    .help("`count(e, 1m)` counts events, `last(s)` is the last price");
                c.close_of(d, val, c.source(at), at)
            }
            bad if numeric(bad) => d
                .says(format!("`{}` does not go between {} and {}", sides.sign(), l.words(), r.words()), "")
                .help("a duration over a duration is a number: `age(s) / 1ms`"),
            bad => d.says(format!("{} is {} and not a number", c.quote(at), bad.words()), ""),
        });
    }

    #[inline(never)]
    pub(super) fn negate(&mut self, tree: &'a Tree, e: &'a Expr, x: ExprId) -> Val {
        let val = self.expr(tree, x);
        self.negative(tree, e, x, val)
    }

    #[inline(never)]
    fn negative(&mut self, tree: &'a Tree, e: &'a Expr, x: ExprId, val: Val) -> Val {
        match val.ty {
            Ty::Poison => val,
            Ty::Num(_) | Ty::Duration => {
                let percent = val.facts.has(Facts::PERCENT);
                let mut negated = self.stateless(NumFn::Neg, &[val], val.ty, e.span);
                if percent {
                    negated.facts = negated.facts.with(Facts::PERCENT);
                }
                negated
            }
            Ty::Record(kind) => {
                self.bare_record(kind, Self::span_of(tree, x));
                Val::poison(e.span)
            }
            ty => {
                let at = Self::span_of(tree, x);
                self.report(Code::NotANumber, at, |c, d| d.says(format!("{} is {} and not a number", c.quote(at), ty.words()), ""));
                Val::poison(e.span)
            }
        }
    }

    /// A function without state, with its value where all arguments are constants.
    pub(super) fn stateless(&mut self, f: NumFn, args: &[Val], ty: Ty, span: Span) -> Val {
        let mut facts = if matches!(ty, Ty::Num(_)) { Facts::COMPUTED } else { Facts::NONE };
        for arg in args {
            facts = facts.with(arg.facts.through());
        }
        let constants: Option<smallvec::SmallVec<[Constant; 4]>> = args.iter().map(|a| a.constant).collect();
        let constant = constants.and_then(|c| fold::function(f, &c));
        Val { constant, ..self.over(Op::Num(f), args, ty, facts, span) }
    }

    /// `x ?? y`
    fn coalesce(&mut self, sides: &Sides<'a>, left: Val, right: Val) -> Val {
        let whole = sides.whole;
        let (left, right) = self.alike(left, right, sides);
        let ty = match (left.ty, right.ty) {
            (Ty::Poison, _) | (_, Ty::Poison) => return Val::poison(whole),
            (Ty::Num(_), Ty::Num(_)) => Ty::Num(self.agree(sides, &left, &right)),
            (Ty::Event, _) | (_, Ty::Event) => {
                self.say(Code::TypeMismatch, whole, "an event is never unknown: `??` has nothing to do");
                return Val::poison(whole);
            }
            (a, b) if a == b => a,
            (a, b) => {
                self.report(Code::TypeMismatch, whole, |_, d| {
                    d.says(format!("`??` between {} and {}", a.words(), b.words()), "both sides of `??` are of one type")
                });
                return Val::poison(whole);
            }
        };
        let facts = left.facts.through().with(right.facts.through());
        let mut val = self.over(Op::Coalesce, &[left, right], ty, facts, whole);
        // Each side alone is an exact reading; only when both went through arithmetic is the value computed.
        if left.facts.has(Facts::COMPUTED) && (right.facts.has(Facts::COMPUTED) || right.constant.is_some()) {
            val.facts = val.facts.with(Facts::COMPUTED);
        }
        val.constant = left.constant;
        val
    }
}

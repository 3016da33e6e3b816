//! Where two numbers must have one unit, and what is said where they have not.

use super::Checker;
use super::units::Unit;
use super::value::{Facts, Val};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::syntax::{BinaryOp, ExprId, ExprKind, Tree};

/// How the two sides stand to each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// `left - right`
    Infix(&'static str),
    /// Arguments of the function or form named.
    Argument(&'static str),
    /// The quantity of `depth_price`, beside the base of its symbol.
    Quantity,
}

/// Two expressions that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) tree: &'a Tree,
    pub(super) left: ExprId,
    pub(super) right: ExprId,
    pub(super) whole: Span,
    pub(super) place: Place,
}

impl Sides<'_> {
    /// The operator as written.
    pub(super) fn sign(&self) -> &'static str {
        match self.place {
            Place::Infix(sign) | Place::Argument(sign) => sign,
            Place::Quantity => "qty",
        }
    }
}

impl<'a> Checker<'a> {
    /// The unit of two numbers that must have one; warns where they have not.
    pub(super) fn agree(&mut self, sides: &Sides<'a>, left: &Val, right: &Val) -> Unit {
        let (Some(a), Some(b)) = (left.unit(), right.unit()) else { return Unit::UNCHECKED };
        match (a, b) {
            (a, b) if a == b => a,
            (Unit::FLEXIBLE, other) | (other, Unit::FLEXIBLE) => other,
            (Unit::UNCHECKED, _) | (_, Unit::UNCHECKED) => Unit::UNCHECKED,
            _ => {
                self.disagree(sides, left, right, a, b);
                Unit::UNCHECKED
            }
        }
    }

    #[inline(never)]
    fn disagree(&mut self, sides: &Sides<'a>, left: &Val, right: &Val, a: Unit, b: Unit) {
        // A product that should have cancelled explains more than the comparison that it spoils.
        let broken = [left, right].into_iter().filter_map(|v| v.node).find_map(|n| self.out.broken_cycle_below(n));
        if let Some(broken) = broken {
            self.report_cycle(&broken);
            return;
        }
        for (amount, ratio, amount_unit, at, other) in
            [(left, right, a, sides.left, sides.right), (right, left, b, sides.right, sides.left)]
        {
            if amount_unit.has_assets() && ratio.unit() == Some(Unit::PURE) && ratio.facts.has(Facts::PERCENT) {
                self.amount_against_ratio(sides, amount, at, other);
                return;
            }
        }
        let (left_at, right_at) = (Self::span_of(sides.tree, sides.left), Self::span_of(sides.tree, sides.right));
        if matches!(sides.place, Place::Quantity) {
            self.report(Code::UnitMismatch, sides.whole, |c, d| {
                let (given, wanted) = (c.in_words(a), c.in_words(b));
                d.says(format!("the quantity {} is {given}", c.quote(left_at)), format!("a quantity {wanted} is wanted"))
            });
            return;
        }
        let reciprocal = self.out.units.reciprocal(a, b);
        self.report(Code::UnitMismatch, sides.whole, |c, d| {
            let (in_a, in_b) = (c.in_words(a), c.in_words(b));
            let (l, r) = (c.quote(left_at), c.quote(right_at));
            let d = d
                .says(format!("{l} is {in_a} and {r} is {in_b}"), format!("`{}` needs one unit on both sides", sides.sign()))
                .also(left_at, in_a)
                .also(right_at, in_b);
            if reciprocal { c.turned_over(sides, d) } else { d }
        });
    }

    pub(super) fn in_words(&self, unit: Unit) -> String {
        let words = self.out.units.words(unit);
        if unit.has_assets() { format!("in {words}") } else { words }
    }

    /// The right side turned over: text to paste.
    fn turned_over(&self, sides: &Sides<'a>, d: Diagnostic) -> Diagnostic {
        let right = Self::span_of(sides.tree, sides.right);
        let turned = self.reciprocal_text(sides.tree, sides.right);
        match sides.place {
            Place::Infix(sign) => {
                let left = self.source(Self::span_of(sides.tree, sides.left));
                d.fix("one of the two is the other turned over", sides.whole, format!("{left} {sign} {turned}"))
            }
            Place::Argument(_) | Place::Quantity => d.fix("one of the two is the other turned over", right, turned),
        }
    }

    /// `1 / x` for the text of x, and x for that of `1 / x`.
    fn reciprocal_text(&self, tree: &'a Tree, id: ExprId) -> String {
        let inner = tree.expr(Self::bare(tree, id)).map(|e| &e.kind);
        if let Some(ExprKind::Binary(BinaryOp::Div, one, x)) = inner
            && matches!(tree.expr(*one).map(|e| &e.kind), Some(ExprKind::Number(n, _)) if *n == 1.0)
        {
            return self.source(Self::span_of(tree, *x)).to_owned();
        }
        format!("1 / {}", self.as_factor(tree, id))
    }

    /// The text of an expression, in parentheses where an operator beside it would take only a part of it.
    pub(super) fn as_factor(&self, tree: &'a Tree, id: ExprId) -> String {
        let text = self.source(Self::span_of(tree, id));
        let tight = matches!(
            tree.expr(id).map(|e| &e.kind),
            Some(
                ExprKind::Number(..)
                    | ExprKind::Name(_)
                    | ExprKind::Call { .. }
                    | ExprKind::Field { .. }
                    | ExprKind::Index { .. }
                    | ExprKind::Paren(_)
            )
        );
        if tight { text.to_owned() } else { format!("({text})") }
    }

    /// `spread(s) > 5bp`
    fn amount_against_ratio(&mut self, sides: &Sides<'a>, amount: &Val, at: ExprId, ratio: ExprId) {
        let (tree, span, ratio) = (sides.tree, Self::span_of(sides.tree, at), Self::span_of(sides.tree, ratio));
        let unit = amount.unit().unwrap_or(Unit::UNCHECKED);
        self.report(Code::RatioAgainstAmount, sides.whole, |c, d| {
            let words = c.in_words(unit);
            let d = d.says(format!("{} is {words} and {} is a ratio", c.quote(span), c.quote(ratio)), "an amount and a ratio");
            if let Some(ExprKind::Call { callee, .. }) = tree.expr(Self::bare(tree, at)).map(|e| &e.kind) {
                match callee.text.as_str() {
                    "spread" => return d.fix("the spread as a ratio of the mid", callee.span, "spread_ratio"),
                    "delta" => return d.fix("the difference as a ratio", callee.span, "change"),
                    _ => {}
                }
            }
            let (text, by) = (c.source(span), c.source(ratio));
            match sides.sign() {
                "+" | "-" => d.help(format!("a fraction of the amount: `{text} * (1 {} {by})`", sides.sign())),
                _ => d.help(format!(
                    "make it a ratio: divide {} by a price, as in `price(s) / vwap(s, 1h) - 1 > {by}`",
                    super::report::quoted(text)
                )),
            }
        });
    }
}

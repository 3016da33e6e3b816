//! A tree back to text: one layout, brackets only where the tree has them or the grammar needs them.
//!
//! This is for machines that write rules and for tests; it leaves comments out. What it prints of a tree without `Error` nodes
//! parses to the same tree, but for places and for brackets that a tree made in code lacks.

use super::literal::{print_duration, print_number, quote};
use super::tree::{
    Action, Arg, BinaryOp, CrossSide, Expr, ExprId, ExprKind, Ident, Item, Quantifier, Rule, SetRef, StrLit, Tail, Test, TestStep, Tree,
    UsePath,
};
use super::write::{Piece, write};

// How tightly a form binds, by the production of the grammar that it belongs to.
const TRIGGER: u8 = 0;
const COND: u8 = 1;
const FILTERED: u8 = 2;
const OR: u8 = 3;
const AND: u8 = 4;
const NOT: u8 = 5;
const CMP: u8 = 6;
const EXPR: u8 = 7;
const SUM: u8 = 8;
const PRODUCT: u8 = 9;
const UNARY: u8 = 10;
const POSTFIX: u8 = 11;
const PRIMARY: u8 = 12;
/// A step of a `SEQ`: a `NO` stands there without brackets, and nothing else looser than [`FILTERED`].
const STEP: u8 = u8::MAX;

/// The text of `tree`, in one layout, without its comments.
#[must_use]
pub fn print(tree: &Tree) -> String {
    let mut printer = Printer { tree, out: String::new() };
    for item in &tree.items {
        printer.item(item);
    }
    printer.out
}

/// The text of the expression `id` of `tree`, as it would stand where a condition may.
#[must_use]
pub fn print_expr(tree: &Tree, id: ExprId) -> String {
    let mut printer = Printer { tree, out: String::new() };
    printer.expr(id, TRIGGER);
    printer.out
}

struct Printer<'t> {
    tree: &'t Tree,
    out: String,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    fn expr(&mut self, id: ExprId, level: u8) -> &mut Self {
        write(self.tree, &mut self.out, id, level, pieces);
        self
    }

    fn separated<T>(&mut self, parts: &[T], mut part: impl FnMut(&mut Self, &T)) -> &mut Self {
        for (at, x) in parts.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            part(self, x);
        }
        self
    }

    fn symbols(&mut self, symbols: &[StrLit]) -> &mut Self {
        self.put("[").separated(symbols, |p, s| p.out.push_str(&quote(&s.text))).put("]")
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Const { name, value, .. } => self.put("CONST ").put(&name.text).put(" = ").expr(*value, EXPR),
            Item::Param { name, default, range, .. } => {
                self.put("PARAM ").put(&name.text).put(" = ").expr(*default, EXPR);
                if let Some((low, high)) = range {
                    self.put(" IN ").expr(*low, EXPR).put(" .. ").expr(*high, EXPR);
                }
                &mut *self
            }
            Item::Let { name, value, .. } => self.put("LET ").put(&name.text).put(" = ").expr(*value, COND),
            Item::Fn { name, params, body, .. } => {
                self.put("FN ").put(&name.text).put("(").separated(params, |p, x| p.out.push_str(&x.text)).put(") = ").expr(*body, COND)
            }
            Item::Set { name, symbols, .. } => self.put("SET ").put(&name.text).put(" = ").symbols(symbols),
            Item::Use { path: UsePath::Module(name), .. } => self.put("USE ").put(&name.text),
            Item::Use { path: UsePath::File(path), .. } => self.put("USE ").put(&quote(&path.text)),
            Item::Rule(rule) => self.rule(rule),
            Item::Test(test) => self.test(test),
        };
        self.put("\n");
    }

    fn rule(&mut self, rule: &Rule) -> &mut Self {
        if let Some(name) = &rule.name {
            self.put("RULE ").put(&name.text);
            for each in &rule.each {
                self.put(" FOR EACH ").put(&each.var.text).put(" IN ");
                match &each.set {
                    SetRef::Named(name) => self.put(&name.text),
                    SetRef::Inline(symbols, _) => self.symbols(symbols),
                };
            }
            self.put(":\n");
            for (name, value) in &rule.lets {
                self.put("  LET ").put(&name.text).put(" = ").expr(*value, COND).put("\n");
            }
            self.put("  ");
        }
        self.put("IF ").expr(rule.trigger, TRIGGER);
        if let Some(until) = rule.until {
            self.put(" UNTIL ").expr(until, COND);
        }
        self.put(" THEN ").separated(&rule.actions, Self::action);
        for tail in &rule.tails {
            match tail {
                Tail::EveryTick(_) => self.put(" EVERY TICK"),
                Tail::Every(d, _) => self.put(" EVERY ").expr(*d, PRIMARY),
                Tail::Cooldown(d, _) => self.put(" COOLDOWN ").expr(*d, PRIMARY),
                Tail::Limit { count, per, .. } => self.put(" LIMIT ").expr(*count, PRIMARY).put(" PER ").expr(*per, PRIMARY),
            };
        }
        self
    }

    fn action(&mut self, action: &Action) {
        self.put(&action.name.text);
        self.fields(&action.fields);
    }

    fn fields(&mut self, fields: &[(Ident, ExprId)]) {
        if !fields.is_empty() {
            self.put("(")
                .separated(fields, |p, (name, value)| {
                    p.put(&name.text).put(" = ").expr(*value, EXPR);
                })
                .put(")");
        }
    }

    fn test(&mut self, test: &Test) -> &mut Self {
        self.put("TEST ").put(&quote(&test.name.text)).put(" {\n");
        for step in &test.steps {
            self.put("  ");
            match step {
                TestStep::At { at, event, .. } => self.put("AT ").expr(*at, PRIMARY).put(" ").expr(*event, PRIMARY),
                TestStep::Advance { to, .. } => self.put("ADVANCE ").expr(*to, PRIMARY),
                TestStep::Expect { name, fields, at, .. } => {
                    self.put("EXPECT ").put(&name.text).fields(fields);
                    self.put(" AT ").expr(*at, PRIMARY)
                }
                TestStep::ExpectNone(_) => self.put("EXPECT NONE"),
                TestStep::Set { param, value, .. } => self.put("SET ").put(&param.text).put(" = ").expr(*value, EXPR),
            };
            self.put("\n");
        }
        self.put("}")
    }
}

/// How tightly `kind` binds.
fn level_of(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Seq { .. } | ExprKind::All { .. } => TRIGGER,
        ExprKind::For { .. } | ExprKind::No { .. } => COND,
        ExprKind::Where { .. } => FILTERED,
        ExprKind::Or(parts) if parts.len() > 1 => OR,
        ExprKind::And(parts) if parts.len() > 1 => AND,
        ExprKind::Not(_) => NOT,
        ExprKind::Between { .. } | ExprKind::Crosses { .. } => CMP,
        ExprKind::Binary(op, ..) => binary_level(*op),
        ExprKind::Neg(_) => UNARY,
        // A tree made in code may hold negative literals.
        ExprKind::Number(value, _) if value.is_sign_negative() => UNARY,
        ExprKind::Duration(nanos) if *nanos < 0 => UNARY,
        ExprKind::Field { .. } | ExprKind::Index { .. } => POSTFIX,
        // One operand alone stands in brackets of its own, which is always right.
        ExprKind::And(_) | ExprKind::Or(_) => PRIMARY,
        ExprKind::Number(..)
        | ExprKind::Duration(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_)
        | ExprKind::Name(_)
        | ExprKind::Call { .. }
        | ExprKind::Paren(_)
        | ExprKind::List(_)
        | ExprKind::Range { .. }
        | ExprKind::Error => PRIMARY,
    }
}

fn binary_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Coalesce => EXPR,
        BinaryOp::Add | BinaryOp::Sub => SUM,
        BinaryOp::Mul | BinaryOp::Div => PRODUCT,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Eq | BinaryOp::Ne => CMP,
    }
}

/// The pieces of one expression, in brackets if it binds less tightly than `level`.
fn pieces<'t>(out: &mut Vec<Piece<'t>>, expr: &'t Expr, level: u8) {
    use Piece::{Expr, Own, Text, Word};
    let own = level_of(&expr.kind);
    let level = match (level, &expr.kind) {
        (STEP, ExprKind::No { .. }) => COND,
        (STEP, _) => FILTERED,
        _ => level,
    };
    if own < level {
        out.push(Text("("));
    }
    match &expr.kind {
        ExprKind::Number(value, kind) => {
            if value.is_sign_negative() {
                out.push(Text("-"));
            }
            out.push(Own(print_number(*value, *kind)));
        }
        ExprKind::Duration(nanos) => {
            if *nanos < 0 {
                out.push(Text("-"));
            }
            out.push(Own(print_duration(*nanos)));
        }
        ExprKind::Str(text) => out.push(Own(quote(text))),
        ExprKind::Bool(value) => out.push(Text(if *value { "TRUE" } else { "FALSE" })),
        ExprKind::Name(name) => out.push(Word(name)),
        ExprKind::Neg(x) => out.extend([Text("-"), Expr(*x, UNARY)]),
        ExprKind::Not(x) => out.extend([Text("NOT "), Expr(*x, NOT)]),
        ExprKind::And(parts) => chain(out, parts, " AND ", NOT, "TRUE"),
        ExprKind::Or(parts) => chain(out, parts, " OR ", AND, "FALSE"),
        ExprKind::Binary(op, x, y) => {
            // A comparison takes no comparison on either side; the others lean to the left.
            let left = if own == CMP { EXPR } else { own };
            out.extend([Expr(*x, left), Text(" "), Text(op.symbol()), Text(" "), Expr(*y, own + 1)]);
        }
        ExprKind::Between { value, low, high } => {
            out.extend([Expr(*value, EXPR), Text(" IN "), Expr(*low, EXPR), Text(" .. "), Expr(*high, EXPR)]);
        }
        ExprKind::Range { low, high } => out.extend([Expr(*low, EXPR), Text(".."), Expr(*high, EXPR)]),
        ExprKind::Crosses { left, side, right } => {
            let word = match side {
                CrossSide::Above => " CROSSES ABOVE ",
                CrossSide::Below => " CROSSES BELOW ",
                CrossSide::Either => " CROSSES ",
            };
            out.extend([Expr(*left, EXPR), Text(word), Expr(*right, EXPR)]);
        }
        ExprKind::Call { callee, args } => {
            out.extend([Word(&callee.text), Text("(")]);
            for (at, Arg { name, value }) in args.iter().enumerate() {
                if at > 0 {
                    out.push(Text(", "));
                }
                if let Some(name) = name {
                    out.extend([Word(&name.text), Text(" = ")]);
                }
                out.push(Expr(*value, COND));
            }
            out.push(Text(")"));
        }
        ExprKind::Field { base, field } => out.extend([Expr(*base, POSTFIX), Text("."), Word(&field.text)]),
        ExprKind::Index { base, index } => out.extend([Expr(*base, POSTFIX), Text("["), Expr(*index, EXPR), Text("]")]),
        ExprKind::Paren(x) => out.extend([Text("("), Expr(*x, COND), Text(")")]),
        ExprKind::List(parts) => {
            out.push(Text("["));
            for (at, x) in parts.iter().enumerate() {
                out.extend([Text(if at > 0 { ", " } else { "" }), Expr(*x, EXPR)]);
            }
            out.push(Text("]"));
        }
        ExprKind::For { cond, duration } => out.extend([Expr(*cond, FILTERED), Text(" FOR "), Expr(*duration, PRIMARY)]),
        ExprKind::Where { event, filter } => out.extend([Expr(*event, OR), Text(" WHERE "), Expr(*filter, OR)]),
        ExprKind::No { event, duration } => {
            out.extend([Text("NO "), Expr(*event, FILTERED)]);
            out.extend(duration.iter().flat_map(|d| [Text(" FOR "), Expr(*d, PRIMARY)]));
        }
        ExprKind::Seq { steps, within } => {
            out.push(Text("SEQ "));
            for (at, step) in steps.iter().enumerate() {
                if at > 0 {
                    out.push(Text(" -> "));
                }
                if let Some(label) = &step.label {
                    out.extend([Word(&label.text), Text(": ")]);
                }
                out.push(Expr(step.event, STEP));
                out.extend(step.quantifier.map(|q| Own(print_quantifier(q))));
            }
            out.extend(within.iter().flat_map(|d| [Text(" WITHIN "), Expr(*d, PRIMARY)]));
        }
        ExprKind::All { parts, within } => {
            out.push(Text("ALL("));
            for (at, x) in parts.iter().enumerate() {
                out.extend([Text(if at > 0 { ", " } else { "" }), Expr(*x, COND)]);
            }
            out.push(Text(")"));
            out.extend(within.iter().flat_map(|d| [Text(" WITHIN "), Expr(*d, PRIMARY)]));
        }
        ExprKind::Error => out.push(Text("<error>")),
    }
    if own < level {
        out.push(Text(")"));
    }
}

fn chain(out: &mut Vec<Piece<'_>>, parts: &[ExprId], word: &'static str, level: u8, none: &'static str) {
    match parts {
        [] => out.push(Piece::Text(none)),
        [one] => out.extend([Piece::Text("("), Piece::Expr(*one, COND), Piece::Text(")")]),
        many => {
            for (at, x) in many.iter().enumerate() {
                out.extend([Piece::Text(if at > 0 { word } else { "" }), Piece::Expr(*x, level)]);
            }
        }
    }
}

fn print_quantifier(q: Quantifier) -> String {
    match q.max {
        Some(max) if max == q.min => format!(" {{{max}}}"),
        Some(max) => format!(" {{{}..{max}}}", q.min),
        None => format!(" {{{}..}}", q.min),
    }
}

//! Tokens and trees as text that does not change from run to run, for golden files and for people who look inside.

use std::fmt::Write as _;

use super::literal::{print_duration, print_number, quote};
use super::tree::{
    Arg, CrossSide, Expr, ExprId, ExprKind, Ident, Item, Quantifier, Rule, SetRef, StrLit, Tail, Test, TestStep, Tree, UsePath,
};
use super::write::{Piece, write};
use crate::lexer::tokens;

/// One token a line: `start..end kind text`, the text as a string.
#[must_use]
pub fn dump_tokens(text: &str) -> String {
    let mut out = String::new();
    for (token, range) in tokens(text) {
        let shown = quote(text.get(range.clone()).unwrap_or_default());
        let _ = writeln!(out, "{:>4}..{:<4} {token:<12} {shown}", range.start, range.end);
    }
    out
}

/// The tree as S-expressions, an item a line and its parts on lines below; with `spans`, `@start..end` follows each head.
#[must_use]
pub fn dump_tree(tree: &Tree, spans: bool) -> String {
    let mut dump = Dump { tree, spans, out: String::new() };
    for item in &tree.items {
        dump.item(item);
    }
    for comment in &tree.comments {
        dump.put("(comment");
        dump.span(comment.span);
        let _ = write!(dump.out, " {})", quote(&comment.text));
        dump.put("\n");
    }
    dump.out
}

struct Dump<'t> {
    tree: &'t Tree,
    spans: bool,
    out: String,
}

impl Dump<'_> {
    fn put(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    fn span(&mut self, span: crate::span::Span) {
        if self.spans {
            let _ = write!(self.out, "@{}..{}", span.start, span.end);
        }
    }

    fn head(&mut self, head: &str, span: crate::span::Span) -> &mut Self {
        self.put(head);
        self.span(span);
        self
    }

    fn name(&mut self, name: &Ident) -> &mut Self {
        self.put(" ").head(&name.text, name.span)
    }

    fn expr(&mut self, id: ExprId) -> &mut Self {
        self.put(" ");
        let spans = self.spans;
        write(self.tree, &mut self.out, id, 0, |out, expr, _| pieces(out, expr, spans));
        self
    }

    fn symbols(&mut self, symbols: &[StrLit]) -> &mut Self {
        self.put(" [");
        for (at, symbol) in symbols.iter().enumerate() {
            self.put(if at > 0 { " " } else { "" }).head(&quote(&symbol.text), symbol.span);
        }
        self.put("]")
    }

    fn fields(&mut self, fields: &[(Ident, ExprId)]) -> &mut Self {
        for (name, value) in fields {
            self.put(" (").head(&name.text, name.span).expr(*value).put(")");
        }
        self
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Const { name, value, span } => self.head("(const", *span).name(name).expr(*value),
            Item::Param { name, default, range, span } => {
                self.head("(param", *span).name(name).expr(*default);
                if let Some((low, high)) = range {
                    self.expr(*low).expr(*high);
                }
                &mut *self
            }
            Item::Let { name, value, span } => self.head("(let", *span).name(name).expr(*value),
            Item::Fn { name, params, body, span } => {
                self.head("(fn", *span).name(name).put(" (");
                for (at, param) in params.iter().enumerate() {
                    self.put(if at > 0 { " " } else { "" }).head(&param.text, param.span);
                }
                self.put(")").expr(*body)
            }
            Item::Set { name, symbols, span } => self.head("(set", *span).name(name).symbols(symbols),
            Item::Use { path: UsePath::Module(name), span } => self.head("(use", *span).name(name),
            Item::Use { path: UsePath::File(path), span } => self.head("(use", *span).put(" ").head(&quote(&path.text), path.span),
            Item::Rule(rule) => self.rule(rule),
            Item::Test(test) => self.test(test),
        };
        self.put(")\n");
    }

    fn rule(&mut self, rule: &Rule) -> &mut Self {
        self.head("(rule", rule.span);
        if let Some(name) = &rule.name {
            self.name(name);
        }
        for each in &rule.each {
            self.put("\n  (each").name(&each.var);
            match &each.set {
                SetRef::Named(name) => self.name(name),
                SetRef::Inline(symbols, span) => {
                    self.symbols(symbols).span(*span);
                    &mut *self
                }
            };
            self.put(")");
        }
        for (name, value) in &rule.lets {
            self.put("\n  (let").name(name).expr(*value).put(")");
        }
        self.put("\n  (if").expr(rule.trigger).put(")");
        if let Some(until) = rule.until {
            self.put("\n  (until").expr(until).put(")");
        }
        for action in &rule.actions {
            self.put("\n  ").head("(then", action.span).name(&action.name).fields(&action.fields).put(")");
        }
        for tail in &rule.tails {
            self.put("\n  ");
            match tail {
                Tail::EveryTick(span) => self.head("(every-tick", *span),
                Tail::Every(d, span) => self.head("(every", *span).expr(*d),
                Tail::Cooldown(d, span) => self.head("(cooldown", *span).expr(*d),
                Tail::Limit { count, per, span } => self.head("(limit", *span).expr(*count).expr(*per),
            };
            self.put(")");
        }
        self
    }

    fn test(&mut self, test: &Test) -> &mut Self {
        self.head("(test", test.span).put(" ").head(&quote(&test.name.text), test.name.span);
        for step in &test.steps {
            self.put("\n  ");
            match step {
                TestStep::At { at, event, span } => self.head("(at", *span).expr(*at).expr(*event),
                TestStep::Advance { to, span } => self.head("(advance", *span).expr(*to),
                TestStep::Expect { name, fields, at, span } => self.head("(expect", *span).name(name).fields(fields).expr(*at),
                TestStep::ExpectNone(span) => self.head("(expect-none", *span),
                TestStep::Set { param, value, span } => self.head("(set", *span).name(param).expr(*value),
            };
            self.put(")");
        }
        self
    }
}

/// The pieces of one expression: an atom, or `(head child ..)`.
fn pieces<'t>(out: &mut Vec<Piece<'t>>, expr: &'t Expr, spans: bool) {
    use Piece::{Own, Text, Word};
    let place = |out: &mut Vec<Piece<'t>>, span: crate::span::Span| {
        if spans {
            out.push(Own(format!("@{}..{}", span.start, span.end)));
        }
    };
    let child = |out: &mut Vec<Piece<'t>>, id: ExprId| out.extend([Text(" "), Piece::Expr(id, 0)]);
    let list = |out: &mut Vec<Piece<'t>>, head: &'static str, children: &[ExprId]| {
        out.extend([Text("("), Text(head)]);
        place(out, expr.span);
        children.iter().for_each(|id| child(out, *id));
    };
    match &expr.kind {
        ExprKind::Number(value, kind) => {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            out.extend([Text(sign), Own(print_number(*value, *kind))]);
            return place(out, expr.span);
        }
        ExprKind::Duration(nanos) => {
            out.extend([Text(if *nanos < 0 { "-" } else { "" }), Own(print_duration(*nanos))]);
            return place(out, expr.span);
        }
        ExprKind::Str(text) => {
            out.push(Own(quote(text)));
            return place(out, expr.span);
        }
        ExprKind::Bool(value) => {
            out.push(Text(if *value { "TRUE" } else { "FALSE" }));
            return place(out, expr.span);
        }
        ExprKind::Name(name) => {
            out.push(Word(name));
            return place(out, expr.span);
        }
        ExprKind::Error => {
            out.push(Text("<error>"));
            return place(out, expr.span);
        }
        ExprKind::Neg(x) => list(out, "neg", &[*x]),
        ExprKind::Not(x) => list(out, "not", &[*x]),
        ExprKind::And(parts) => list(out, "and", parts),
        ExprKind::Or(parts) => list(out, "or", parts),
        ExprKind::Binary(op, x, y) => list(out, op.symbol(), &[*x, *y]),
        ExprKind::Between { value, low, high } => list(out, "in", &[*value, *low, *high]),
        ExprKind::Range { low, high } => list(out, "range", &[*low, *high]),
        ExprKind::Crosses { left, side, right } => {
            let head = match side {
                CrossSide::Above => "crosses-above",
                CrossSide::Below => "crosses-below",
                CrossSide::Either => "crosses",
            };
            list(out, head, &[*left, *right]);
        }
        ExprKind::Call { callee, args } => {
            list(out, "call", &[]);
            out.extend([Text(" "), Word(&callee.text)]);
            place(out, callee.span);
            for Arg { name, value } in args {
                match name {
                    Some(name) => {
                        out.extend([Text(" ("), Word(&name.text)]);
                        place(out, name.span);
                        child(out, *value);
                        out.push(Text(")"));
                    }
                    None => child(out, *value),
                }
            }
        }
        ExprKind::Field { base, field } => {
            list(out, "field", &[*base]);
            out.extend([Text(" "), Word(&field.text)]);
            place(out, field.span);
        }
        ExprKind::Index { base, index } => list(out, "index", &[*base, *index]),
        ExprKind::Paren(x) => list(out, "paren", &[*x]),
        ExprKind::List(parts) => list(out, "list", parts),
        ExprKind::For { cond, duration } => list(out, "for", &[*cond, *duration]),
        ExprKind::Where { event, filter } => list(out, "where", &[*event, *filter]),
        ExprKind::No { event, duration } => {
            list(out, "no", &[*event]);
            duration.iter().for_each(|d| child(out, *d));
        }
        ExprKind::Seq { steps, within } => {
            list(out, "seq", &[]);
            for step in steps {
                out.push(Text(" (step"));
                place(out, step.span);
                if let Some(label) = &step.label {
                    out.extend([Text(" "), Word(&label.text), Text(":")]);
                    place(out, label.span);
                }
                child(out, step.event);
                out.extend(step.quantifier.map(|q| Own(quantifier(q))));
                out.push(Text(")"));
            }
            within_part(out, *within);
        }
        ExprKind::All { parts, within } => {
            list(out, "all", parts);
            within_part(out, *within);
        }
    }
    out.push(Text(")"));
}

fn within_part(out: &mut Vec<Piece<'_>>, within: Option<ExprId>) {
    if let Some(d) = within {
        out.extend([Piece::Text(" (within "), Piece::Expr(d, 0), Piece::Text(")")]);
    }
}

fn quantifier(q: Quantifier) -> String {
    q.max.map_or_else(|| format!(" {{{}..}}", q.min), |max| format!(" {{{}..{max}}}", q.min))
}

//! Expressions: one visit to each, by kind. Names, literals, fields and indices are here; the rest is in its own file.

use super::output::PAYLOAD;
use super::units::Unit;
use super::value::{Facts, Ty, Val};
use super::{Checker, It, Local, MAX_DEPTH, items::Kind};
use crate::diagnostic::Code;
use crate::program::{ClockFn, Constant, Op, PayloadField};
use crate::span::Span;
use crate::syntax::{Expr, ExprId, ExprKind, Ident, NumberKind, Tree};

/// The furthest that `x[n]` looks back.
const MAX_INDEX: f64 = 65_536.0;

impl<'a> Checker<'a> {
    /// Checks an expression.
    pub(super) fn expr(&mut self, tree: &'a Tree, id: ExprId) -> Val {
        let id = Self::bare(tree, id);
        let Some(e) = tree.expr(id) else { return Val::poison(Span::default()) };
        if self.stopped {
            return Val::poison(e.span);
        }
        if self.depth >= MAX_DEPTH {
            return self.too_deep(e.span);
        }
        if !self.calls.is_empty() {
            self.visits += 1;
            if self.visits > self.options.limits.max_nodes {
                self.stop(e.span);
                return Val::poison(e.span);
            }
        }
        self.depth += 1;
        let val = self.by_kind(tree, id, e);
        self.depth -= 1;
        val
    }

    fn by_kind(&mut self, tree: &'a Tree, id: ExprId, e: &'a Expr) -> Val {
        match &e.kind {
            ExprKind::Number(..) | ExprKind::Duration(_) | ExprKind::Str(_) | ExprKind::Bool(_) => self.literal(e),
            ExprKind::Name(name) => self.name(name, e.span),
            ExprKind::Neg(x) => self.negate(tree, e, *x),
            ExprKind::Not(x) => self.not(tree, e, *x),
            ExprKind::And(list) => self.and(tree, e, list),
            ExprKind::Or(list) => self.or(tree, e, list),
            ExprKind::Binary(op, a, b) => self.binary(tree, e, *op, *a, *b),
            ExprKind::Between { value, low, high } => self.between(tree, e, *value, *low, *high),
            ExprKind::Crosses { left, side, right } => self.crosses(tree, e, *left, *side, *right),
            ExprKind::Call { callee, args } => self.call(tree, e, callee, args),
            ExprKind::Field { base, field } => self.field(tree, e, *base, field),
            ExprKind::Index { base, index } => self.index(tree, e, *base, *index),
            ExprKind::For { cond, duration } => self.for_duration(tree, e, *cond, *duration),
            ExprKind::Where { event, filter } => self.filtered(tree, e, *event, *filter),
            ExprKind::No { event, duration } => self.no(tree, e, *event, *duration),
            ExprKind::Seq { .. } | ExprKind::All { .. } => {
                self.say(Code::SeqNotTrigger, e.span, "`SEQ` and `ALL` stand only as the whole trigger of a rule");
                self.names_only(tree, id, &rustc_hash::FxHashSet::default());
                Val::poison(e.span)
            }
            ExprKind::List(_) => {
                self.say(
                    Code::TypeMismatch,
                    e.span,
                    "a list in brackets is no value: it stands in the events of a `TEST` and as `markets = [..]` only",
                );
                Val::poison(e.span)
            }
            ExprKind::Range { .. } => {
                self.report(Code::TypeMismatch, e.span, |c, d| {
                    d.says(format!("the range {} is no value", c.quote(e.span)), "a range stands as `legs = 3..4` only")
                        .help("whether a number lies in a range is asked with `x IN low .. high`")
                });
                Val::poison(e.span)
            }
            ExprKind::Paren(_) | ExprKind::Error => Val::poison(e.span),
        }
    }

    #[inline(never)]
    fn too_deep(&mut self, span: Span) -> Val {
        self.report(Code::NestingTooDeep, span, |_, d| {
            d.says(format!("expressions nest deeper than {MAX_DEPTH} when functions are put in"), "").help("name parts with `LET`")
        });
        Val::poison(span)
    }

    #[inline(never)]
    fn literal(&mut self, e: &'a Expr) -> Val {
        match &e.kind {
            ExprKind::Number(x, kind) => {
                let unit = if *kind == NumberKind::Plain { Unit::FLEXIBLE } else { Unit::PURE };
                let facts = if *kind == NumberKind::Plain { Facts::NONE } else { Facts::PERCENT };
                Val { facts, ..Val::constant(Ty::Num(unit), Constant::Num(x.to_bits()), e.span) }
            }
            ExprKind::Duration(d) => Val::constant(Ty::Duration, Constant::Duration(*d), e.span),
            ExprKind::Bool(b) => Val::constant(Ty::Bool, Constant::Bool(*b), e.span),
            ExprKind::Str(text) => {
                let text = self.out.text(text.as_str());
                Val::constant(Ty::Quoted, Constant::Text(text), e.span)
            }
            _ => Val::poison(e.span),
        }
    }

    /// What a name of the frame at hand is bound to.
    pub(super) fn local(&mut self, name: &'a str) -> Option<Val> {
        let Local { val, slot } = *self.locals.get(&(self.frame, name))?;
        if let Some(used) = slot.and_then(|s| self.used_lets.get_mut(s as usize)) {
            *used = true;
        }
        Some(val)
    }

    #[inline(never)]
    fn name(&mut self, name: &'a str, span: Span) -> Val {
        if let Some(val) = self.local(name) {
            return Val { span, ..val };
        }
        if self.calls.is_empty() && self.labels.has(name) {
            self.label_alone(name, span);
            return Val::poison(span);
        }
        if let Some(index) = self.globals.find(name) {
            return self.global(index, span);
        }
        if name.eq_ignore_ascii_case("it") {
            match self.it {
                Some(_) => self.report(Code::TypeMismatch, span, |_, d| {
                    d.says("`it` stands for an event and is no value by itself", "").help("read one of its fields: `it.price`")
                }),
                None => self.it_outside(span),
            }
            return Val::poison(span);
        }
        if !self.calls.is_empty() || !self.labels.may_have() {
            self.unknown_name(name, span);
        }
        Val::poison(span)
    }

    fn global(&mut self, index: usize, span: Span) -> Val {
        self.globals.use_it(index);
        let Some(global) = self.globals.get(index) else { return Val::poison(span) };
        let (name, defined, words) = (global.name, global.span, global.kind.words());
        match (global.kind, global.val) {
            (Kind::Input(input, ty), _) => self.over(Op::Input(input), &[], ty, Facts::INPUT, span),
            (Kind::Fn { .. } | Kind::Host(..) | Kind::Set(_), _) => {
                self.report(Code::FunctionAsValue, span, |_, d| {
                    let d = d.says(format!("`{name}` is {words} and not a value"), "");
                    if defined == Span::default() { d } else { d.also(defined, "defined here") }
                });
                Val::poison(span)
            }
            (_, Some(val)) => Val { span, ..val },
            (_, None) => Val::poison(span),
        }
    }

    #[inline(never)]
    fn field(&mut self, tree: &'a Tree, e: &'a Expr, base: ExprId, field: &'a Ident) -> Val {
        if let Some(ExprKind::Name(name)) = tree.expr(Self::bare(tree, base)).map(|b| &b.kind)
            && name.eq_ignore_ascii_case("it")
            && !self.locals.contains_key(&(self.frame, name.as_str()))
        {
            return match self.it {
                Some(it) => self.payload(it, field, e.span),
                None => {
                    self.it_outside(e.span);
                    Val::poison(e.span)
                }
            };
        }
        if let Some(label) = self.label_of(tree, base) {
            return self.label(label, field, e.span);
        }
        let val = self.expr(tree, base);
        self.field_of(tree, e, (base, val), field)
    }

    #[inline(never)]
    fn field_of(&mut self, tree: &'a Tree, e: &'a Expr, (base, val): (ExprId, Val), field: &'a Ident) -> Val {
        if let Some(parts) = val.parts {
            return self.part(parts, field, e.span);
        }
        if let Some(symbol) = self.bar_symbol(&val) {
            return self.field_of_bar(&val, symbol, field, e.span);
        }
        self.no_fields(tree, base, field, &val);
        Val::poison(e.span)
    }

    /// Reports a field that a thing with fields does not have.
    pub(super) fn unknown_field(&mut self, what: &str, has: &[&str], field: &'a Ident) {
        self.report(Code::UnknownField, field.span, |c, d| {
            let nearest = c.suggest(&field.text, |_| has.to_vec());
            d.says(format!("{what} has no field `{}`", field.text), "").meant(field.span, nearest).help(format!("it has {}", list(has)))
        });
    }

    #[inline(never)]
    fn no_fields(&mut self, tree: &'a Tree, base: ExprId, field: &'a Ident, val: &Val) {
        if !val.is_poison() {
            let span = Self::span_of(tree, base);
            self.report(Code::NoFields, field.span, |c, d| {
                let what = c.quote(span);
                if val.ty == Ty::Event {
                    return d.says(format!("{what} is an event: its fields are read as `it.{}`", field.text), "").help(format!(
                        "inside `WHERE`, or in the fields of the action where the trigger is an event: `{} WHERE it.{} > 0`",
                        c.source(span),
                        field.text
                    ));
                }
                d.says(format!("{what} is {} and has no fields", val.ty.words()), "")
            });
        }
    }

    fn it_outside(&mut self, span: Span) {
        self.report(Code::ItOutside, span, |_, d| {
            d.says("there is no event that `it` could stand for", "")
                .help("`it` is known inside `WHERE`, and in the fields of the action where the trigger is an event")
        });
    }

    /// `it.field`
    fn payload(&mut self, it: It, field: &'a Ident, span: Span) -> Val {
        let Some(event) = it.node else { return Val::poison(span) };
        let shape = self.out.shape(it.shape);
        let found = PAYLOAD.iter().zip(shape.0).find(|((_, name), _)| *name == field.text);
        if let (true, Some((&(PayloadField::Ts, _), Some(ty)))) = (it.in_run, found) {
            return self.over(Op::Clock(ClockFn::Now), &[], ty, Facts::INPUT.with(Facts::RUN), span);
        }
        if let Some((&(which, _), Some(ty))) = found {
            let Some(node) = self.emit(Op::Payload(which), smallvec::smallvec![event], ty, span) else { return Val::poison(span) };
            let facts = Facts::INPUT.with(Facts::of_text(which));
            return Val::node(ty, node, facts, span);
        }
        self.report(Code::UnknownField, field.span, |c, d| {
            let has: Vec<&str> = PAYLOAD.iter().zip(shape.0).filter(|(_, ty)| ty.is_some()).map(|((_, name), _)| *name).collect();
            let nearest = c.suggest(&field.text, |_| has.clone());
            let text = c.quote(it.span);
            let message = match found {
                Some(_) if matches!(c.out.node(event).map(|n| n.op), Some(Op::EventOr)) => {
                    format!("`{}` is not a field with one unit in every part of {text}", field.text)
                }
                _ => format!("{text} has no field `{}`", field.text),
            };
            d.says(message, "").also(it.span, "this is `it`").meant(field.span, nearest).help(format!("it has {}", list(&has)))
        });
        Val::poison(span)
    }

    #[inline(never)]
    fn index(&mut self, tree: &'a Tree, e: &'a Expr, base: ExprId, index: ExprId) -> Val {
        let val = self.expr(tree, base);
        let n = self.expr(tree, index);
        self.index_of(tree, e, (base, val), (index, n))
    }

    #[inline(never)]
    fn index_of(&mut self, tree: &'a Tree, e: &'a Expr, (base, val): (ExprId, Val), (index, n): (ExprId, Val)) -> Val {
        if val.is_poison() || n.is_poison() {
            return Val::poison(e.span);
        }
        let at = Self::span_of(tree, index);
        let Some(count) = n.number() else {
            if n.unit().is_some() {
                self.report(Code::NotConstant, at, |c, d| {
                    d.says(format!("{} is not known when the rules are loaded", c.quote(at)), "a whole number is wanted")
                });
            } else {
                self.report(Code::BadIndex, at, |c, d| d.says(format!("{} is {}", c.quote(at), n.ty.words()), "a whole number is wanted"));
            }
            return Val::poison(e.span);
        };
        if count.fract() != 0.0 || !(1.0..=MAX_INDEX).contains(&count) {
            self.report(Code::BadIndex, at, |c, d| {
                d.says(format!("{} is not a whole number from 1 to {MAX_INDEX}", c.quote(at)), "")
                    .help("`x[1]` is x as it was one update ago")
            });
            return Val::poison(e.span);
        }
        if !matches!(val.ty, Ty::Num(_) | Ty::Bool | Ty::Duration | Ty::Timestamp | Ty::Text) || !val.can_change() {
            let what = Self::span_of(tree, base);
            if let Ty::Record(kind) = val.ty {
                self.bare_record(kind, what);
                return Val::poison(e.span);
            }
            self.report(Code::TypeMismatch, what, |c, d| {
                let is = if val.ty == Ty::Event { "an event and has no value" } else { "a constant and has no updates" };
                d.says(format!("{} is {is} to look back at", c.quote(what)), "")
            });
            return Val::poison(e.span);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to 65,536")]
        let op = Op::Index(count as u32);
        self.over(
            op,
            &[val],
            val.ty,
            val.facts.passed().with(if val.facts.has(Facts::COMPUTED) { Facts::COMPUTED } else { Facts::NONE }),
            e.span,
        )
    }
}

/// "a, b and c", in backticks.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

//! CONST and PARAM: values that are known when the rules are loaded, and the overrides that the host gives for parameters.

use super::Checker;
use super::units::Unit;
use super::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::fold;
use crate::limits::Limits;
use crate::program::{CmpOp, Constant, ParamId};
use crate::span::{FileId, Span};
use crate::syntax::{ExprId, ExprKind, Item, NumberKind, Tree};

impl<'a> Checker<'a> {
    /// The value of a CONST.
    pub(super) fn const_item(&mut self, tree: &'a Tree, id: ExprId) -> Val {
        let span = Self::span_of(tree, id);
        let before = self.out.typed.nodes.len();
        self.in_const = true;
        let val = self.expr(tree, id);
        self.in_const = false;
        // What only led to the value is not part of the program.
        self.out.truncate(before);
        if val.is_poison() {
            return val;
        }
        let Some(constant) = val.constant else {
            self.report(Code::NotConstant, span, |c, d| {
                let why = if val.can_change() || val.ty == Ty::Event { "changes while the rules run" } else { "has no finite value" };
                d.says(format!("{} {why}", c.quote(span)), "must be known when the rules are loaded")
                    .help("`LET` names a value that changes")
            });
            return Val::poison(span);
        };
        Val {
            facts: Facts::NONE.with(if val.facts.has(Facts::PERCENT) { Facts::PERCENT } else { Facts::NONE }),
            ..Val::constant(val.ty, constant, span)
        }
    }

    /// The value of a PARAM, with its range and the host's override worked out.
    pub(super) fn param_item(
        &mut self,
        index: usize,
        tree: &'a Tree,
        id: ParamId,
        default: ExprId,
        range: Option<(ExprId, ExprId)>,
    ) -> Val {
        let Some((name, name_span)) = self.globals.get(index).map(|g| (g.name, g.span)) else { return Val::poison(Span::default()) };
        let value = self.const_item(tree, default);
        let ends = range.map(|(low, high)| (self.const_item(tree, low), self.const_item(tree, high)));
        if value.is_poison() {
            return value;
        }
        if !matches!(value.ty, Ty::Num(_) | Ty::Duration | Ty::Bool) {
            self.say(
                Code::TypeMismatch,
                value.span,
                format!("a PARAM is a number, a duration, TRUE or FALSE, and not {}", value.ty.words()),
            );
            return Val::poison(name_span);
        }
        let mut bounds = None;
        if let Some((low, high)) = ends {
            for end in [low, high] {
                if !end.is_poison() && (!same_kind(value.ty, end.ty) || end.ty == Ty::Bool) {
                    let (wanted, got) = (value.ty.words(), end.ty.words());
                    self.say(Code::TypeMismatch, end.span, format!("`{name}` is {wanted}, and this end of its range is {got}"));
                    return Val::poison(name_span);
                }
            }
            let (Some(from), Some(to)) = (low.constant, high.constant) else { return Val::poison(name_span) };
            if fold::compare(CmpOp::Gt, from, to) == Some(true) {
                self.say(Code::BadRange, low.span.to(high.span), format!("the range of `{name}` ends below its start"));
                return Val::poison(name_span);
            }
            bounds = Some((from, to));
        }
        let Some(constant) = value.constant else { return Val::poison(name_span) };
        let within = |c: Constant| {
            bounds
                .is_none_or(|(low, high)| fold::compare(CmpOp::Ge, c, low) == Some(true) && fold::compare(CmpOp::Le, c, high) == Some(true))
        };
        let shown = ends.map(|(low, high)| format!("{} .. {}", self.source(low.span), self.source(high.span))).unwrap_or_default();
        if !within(constant) {
            self.report(Code::ParamOutOfRange, value.span, |c, d| {
                d.says(format!("the value of `{name}`, {}, is outside its range", c.quote(value.span)), format!("the range is {shown}"))
            });
        }
        let mut loaded = constant;
        if let Some((_, text)) = self.options.params.iter().rev().find(|(n, _)| n == name) {
            match literal(text) {
                Some((ty, given)) if same_kind(value.ty, ty) => {
                    if within(given) {
                        loaded = given;
                    } else {
                        self.report_again(Code::ParamOutOfRange, name_span, |d| {
                            d.says(format!("`{name}={text}` is outside the range of `{name}`"), format!("the range is {shown}"))
                        });
                    }
                }
                Some(_) | None => {
                    let wanted = value.ty.words();
                    self.report_again(Code::TypeMismatch, name_span, |d| d.says(format!("`{name}={text}`: `{text}` is not {wanted}"), ""));
                }
            }
        }
        let ty = self.out.export(value.ty);
        if let Some(param) = self.out.typed.tables.params.get_mut(id.0 as usize) {
            (param.ty, param.value, param.range) = (ty, loaded, bounds);
        }
        Val { param: Some(id), constant: None, facts: value.facts.with(Facts::PARAM), ..value }
    }

    /// Reports overrides of parameters that the program does not have.
    pub(super) fn overrides(&mut self) {
        let options = self.options;
        for (name, _) in &options.params {
            let found = self.globals.find(name).and_then(|i| self.globals.get(i));
            if !matches!(found.map(|g| g.kind), Some(super::items::Kind::Param { .. })) {
                self.no_such_param(name, Span::default());
            }
        }
    }
}

fn same_kind(a: Ty, b: Ty) -> bool {
    matches!((a, b), (Ty::Num(_), Ty::Num(_))) || a == b
}

/// A literal given as text, with the syntax of the language: `10bp`, `-3`, `250ms`, `TRUE`.
fn literal(text: &str) -> Option<(Ty, Constant)> {
    let (tree, found) = crate::syntax::parse(FileId(0), &format!("CONST v = {text}"), &Limits::default());
    let [Item::Const { value, .. }] = tree.items.as_slice() else { return None };
    if !found.is_empty() {
        return None;
    }
    let (mut id, mut negative) = (*value, false);
    loop {
        let (ty, constant) = match &tree.expr(id)?.kind {
            ExprKind::Paren(inner) => {
                id = *inner;
                continue;
            }
            ExprKind::Neg(inner) => {
                id = *inner;
                negative = !negative;
                continue;
            }
            ExprKind::Number(x, kind) => {
                let unit = if *kind == NumberKind::Plain { Unit::FLEXIBLE } else { Unit::PURE };
                (Ty::Num(unit), Constant::Num((if negative { -x } else { *x }).to_bits()))
            }
            ExprKind::Duration(d) => (Ty::Duration, Constant::Duration(if negative { d.checked_neg()? } else { *d })),
            ExprKind::Bool(b) if !negative => (Ty::Bool, Constant::Bool(*b)),
            _ => return None,
        };
        return Some((ty, constant));
    }
}

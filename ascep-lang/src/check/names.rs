//! Names without types: what an expression names, for the order of definitions and for what is not checked further.

use rustc_hash::FxHashSet;

use super::Checker;
use super::items::Kind;
use crate::diagnostic::Code;
use crate::span::Span;
use crate::syntax::{Expr, ExprId, ExprKind, Ident, Tree};

/// The children of an expression, in text order.
pub(super) fn children(kind: &ExprKind, out: &mut Vec<ExprId>) {
    match kind {
        ExprKind::Number(..) | ExprKind::Duration(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::Name(_) | ExprKind::Error => {}
        ExprKind::Neg(x) | ExprKind::Not(x) | ExprKind::Paren(x) | ExprKind::Field { base: x, .. } => out.push(*x),
        ExprKind::And(list) | ExprKind::Or(list) | ExprKind::List(list) => out.extend(list),
        ExprKind::Binary(_, a, b) | ExprKind::Crosses { left: a, right: b, .. } => out.extend([a, b]),
        ExprKind::Between { value, low, high } => out.extend([value, low, high]),
        ExprKind::Range { low, high } => out.extend([low, high]),
        ExprKind::Call { args, .. } => out.extend(args.iter().map(|a| a.value)),
        ExprKind::Index { base, index } => out.extend([base, index]),
        ExprKind::For { cond, duration } => out.extend([cond, duration]),
        ExprKind::Where { event, filter } => out.extend([event, filter]),
        ExprKind::No { event, duration } => {
            out.push(*event);
            out.extend(duration);
        }
        ExprKind::Seq { steps, within } => {
            out.extend(steps.iter().map(|s| s.event));
            out.extend(within);
        }
        ExprKind::All { parts, within } => {
            out.extend(parts);
            out.extend(within);
        }
    }
}

impl<'a> Checker<'a> {
    /// Calls `visit` for the expression and all below it, parents first.
    pub(super) fn each_below(tree: &'a Tree, root: ExprId, mut visit: impl FnMut(&'a Expr)) {
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let Some(e) = tree.expr(id) else { continue };
            visit(e);
            let start = open.len();
            children(&e.kind, &mut open);
            if let Some(new) = open.get_mut(start..) {
                new.reverse();
            }
        }
    }

    /// Notes which definitions an expression uses; reports nothing.
    pub(super) fn mark_uses(&mut self, tree: &'a Tree, root: ExprId) {
        Self::each_below(tree, root, |e| {
            let name = match &e.kind {
                ExprKind::Name(name) => name.as_str(),
                ExprKind::Call { callee, .. } => callee.text.as_str(),
                _ => return,
            };
            if let Some(index) = self.globals.find(name) {
                self.globals.use_it(index);
            }
        });
    }

    /// Checks that the names in an expression exist, and notes that they are used, where types are not worked out: in the body of a
    /// function that nobody calls, and in what is not available yet.
    pub(super) fn names_only(&mut self, tree: &'a Tree, root: ExprId, bound: &FxHashSet<&'a str>) {
        Self::each_below(tree, root, |e| match &e.kind {
            ExprKind::Name(name) => {
                let known = name.eq_ignore_ascii_case("it") || bound.contains(name.as_str()) || self.local(name).is_some();
                if !known {
                    match self.globals.find(name) {
                        Some(index) => self.globals.use_it(index),
                        None => self.unknown_name(name, e.span),
                    }
                }
            }
            ExprKind::Call { callee, .. } => match self.globals.find(&callee.text) {
                Some(index) => {
                    self.globals.use_it(index);
                    if !matches!(self.globals.get(index).map(|g| g.kind), Some(Kind::Fn { .. } | Kind::Host(..)))
                        && !self.functions.contains_key(callee.text.as_str())
                    {
                        self.unknown_function(callee);
                    }
                }
                None if self.functions.contains_key(callee.text.as_str()) => {}
                None => self.unknown_function(callee),
            },
            _ => {}
        });
    }

    /// Reports a name that nothing defines.
    pub(super) fn unknown_name(&mut self, name: &'a str, span: Span) {
        if self.functions.contains_key(name) {
            self.report(Code::FunctionAsValue, span, |c, d| {
                let signature = c.functions.get(name).map_or("", |f| f.signature);
                d.says(format!("`{name}` is a function and not a value"), "").help(format!("call it: `{signature}`"))
            });
            return;
        }
        self.report(Code::UnknownName, span, |c, d| {
            let nearest: Option<&'a str> = c.suggest(name, |c| {
                let locals = c.locals.keys().filter(|k| k.0 == c.frame).map(|k| k.1);
                c.globals.list.iter().map(|g| g.name).chain(locals).chain(c.labels.names()).collect()
            });
            d.says(format!("`{name}` is not defined"), "").meant(span, nearest)
        });
    }

    /// Reports a call of something that is no function.
    pub(super) fn unknown_function(&mut self, callee: &'a Ident) {
        let name = callee.text.as_str();
        let defined = self.globals.find(name).and_then(|i| self.globals.get(i)).map(|g| (g.span, g.kind.words()));
        self.report(Code::UnknownFunction, callee.span, |c, d| {
            if let Some((span, words)) = defined {
                return d.says(format!("`{name}` is {words} and cannot be called"), "").also(span, "defined here");
            }
            let nearest: Option<&'a str> = c.suggest(name, |c| {
                let own = c.globals.list.iter().filter(|g| matches!(g.kind, Kind::Fn { .. } | Kind::Host(..))).map(|g| g.name);
                c.functions.keys().copied().chain(own).collect()
            });
            d.says(format!("there is no function `{name}`"), "").meant(callee.span, nearest)
        });
    }
}

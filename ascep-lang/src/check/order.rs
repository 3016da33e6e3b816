//! The order in which definitions are worked out: each after those it uses, whatever the order of the text.

use rustc_hash::FxHashSet;

use super::Checker;
use super::items::Kind;
use super::value::Val;
use crate::diagnostic::Code;
use crate::span::Span;
use crate::syntax::{ExprId, ExprKind};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

impl<'a> Checker<'a> {
    /// Works out every CONST, PARAM and LET; reports definitions that use themselves.
    pub(super) fn evaluate_globals(&mut self) {
        let needs: Vec<Vec<usize>> = (0..self.globals.list.len()).map(|i| self.needs(i)).collect();
        let mut states = vec![State::New; needs.len()];
        for root in 0..needs.len() {
            if states.get(root) != Some(&State::New) {
                continue;
            }
            // (definition, its next need)
            let mut open = vec![(root, 0)];
            set(&mut states, root, State::Open);
            while let Some(top) = open.last_mut() {
                let (index, next) = *top;
                top.1 += 1;
                match needs.get(index).and_then(|n| n.get(next)).copied() {
                    Some(need) => match states.get(need) {
                        Some(State::New) => {
                            set(&mut states, need, State::Open);
                            open.push((need, 0));
                        }
                        Some(State::Open) => {
                            let start = open.iter().position(|o| o.0 == need).unwrap_or(0);
                            let circle: Vec<usize> = open.iter().skip(start).map(|o| o.0).collect();
                            self.recursion(&circle);
                        }
                        _ => {}
                    },
                    None => {
                        open.pop();
                        set(&mut states, index, State::Done);
                        self.evaluate(index);
                    }
                }
            }
        }
    }

    /// The definitions that one names, each once, in text order.
    fn needs(&self, index: usize) -> Vec<usize> {
        let Some(global) = self.globals.get(index) else { return Vec::new() };
        let Some(tree) = global.tree else { return Vec::new() };
        let (roots, params): (Vec<ExprId>, &[_]) = match global.kind {
            Kind::Const(value) | Kind::Let(value) => (vec![value], &[]),
            Kind::Param { default, range, .. } => {
                (std::iter::once(default).chain(range.into_iter().flat_map(|r| [r.0, r.1])).collect(), &[])
            }
            Kind::Fn { params, body } => (vec![body], params),
            Kind::Set(_) | Kind::Input(..) | Kind::Host(..) => return Vec::new(),
        };
        let params: FxHashSet<&str> = params.iter().map(|p| p.text.as_str()).collect();
        let mut needs = Vec::new();
        for root in roots {
            Self::each_below(tree, root, |e| {
                let found = match &e.kind {
                    ExprKind::Name(name) if !params.contains(name.as_str()) => self.globals.find(name),
                    ExprKind::Call { callee, .. } => self.globals.find(&callee.text),
                    _ => None,
                };
                needs.extend(found);
            });
        }
        let mut seen = FxHashSet::default();
        needs.retain(|n| seen.insert(*n));
        needs
    }

    fn recursion(&mut self, circle: &[usize]) {
        let names: Vec<(&'a str, Span)> = circle.iter().filter_map(|&i| self.globals.get(i)).map(|g| (g.name, g.span)).collect();
        for &index in circle {
            if let Some(global) = self.globals.list.get_mut(index) {
                global.val = Some(Val::poison(global.span));
            }
        }
        let Some(&(name, span)) = names.first() else { return };
        self.report(Code::Recursion, span, |_, mut d| {
            for (other, place) in names.iter().skip(1).take(8) {
                d = d.also(*place, format!("`{other}` is part of the circle"));
            }
            d.says(format!("`{name}` uses itself"), "every definition must end")
        });
    }

    fn evaluate(&mut self, index: usize) {
        let Some(global) = self.globals.get(index) else { return };
        let (Some(tree), None, kind, span) = (global.tree, global.val, global.kind, global.span) else { return };
        let val = match kind {
            Kind::Const(value) => self.const_item(tree, value),
            Kind::Param { id, default, range } => self.param_item(index, tree, id, default, range),
            Kind::Let(value) => self.expr(tree, value),
            Kind::Set(_) => {
                self.set_symbols(index);
                return;
            }
            Kind::Fn { .. } | Kind::Input(..) | Kind::Host(..) => return,
        };
        if let Some(global) = self.globals.list.get_mut(index) {
            global.val = Some(Val { span, ..val });
        }
    }
}

fn set(states: &mut [State], index: usize, state: State) {
    if let Some(slot) = states.get_mut(index) {
        *slot = state;
    }
}

//! The names that a program defines: constants, parameters, shared values, functions, sets and the host's inputs.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Checker;
use super::uses::Placed;
use super::value::{Ty, Val};
use crate::compile::FunctionDecl;
use crate::diagnostic::Code;
use crate::program::{Constant, FunctionId, InputId, Param, ParamId, SymbolId, Type};
use crate::span::Span;
use crate::syntax::{self, ExprId, Ident, Item, StrLit, Tree};

/// What a global name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    Const(ExprId),
    Param { id: ParamId, default: ExprId, range: Option<(ExprId, ExprId)> },
    Let(ExprId),
    Fn { params: &'a [Ident], body: ExprId },
    Set(&'a [StrLit]),
    Input(InputId, Ty),
    Host(FunctionId, &'a FunctionDecl),
}

impl Kind<'_> {
    /// As a message names it.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Const(_) => "a CONST",
            Self::Param { .. } => "a PARAM",
            Self::Let(_) => "a LET",
            Self::Fn { .. } => "a function",
            Self::Set(_) => "a set",
            Self::Input(..) => "an input of the host",
            Self::Host(..) => "a function of the host",
        }
    }
}

/// A defined name.
#[derive(Debug, Clone)]
pub(super) struct Global<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// The tree that it stands in; an input has none.
    pub(super) tree: Option<&'a Tree>,
    pub(super) kind: Kind<'a>,
    pub(super) included: bool,
    pub(super) used: bool,
    /// The value of a CONST, PARAM or LET once it is worked out; poison where it uses itself.
    pub(super) val: Option<Val>,
    /// The symbols of a set, once somebody asked.
    pub(super) symbols: Option<std::rc::Rc<[SymbolId]>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Globals<'a> {
    pub(super) list: Vec<Global<'a>>,
    by_name: FxHashMap<&'a str, usize>,
}

impl<'a> Globals<'a> {
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Global<'a>> {
        self.list.get(index)
    }

    pub(super) fn use_it(&mut self, index: usize) {
        if let Some(global) = self.list.get_mut(index) {
            global.used = true;
        }
    }
}

/// A rule with its tree.
#[derive(Clone, Copy)]
pub(super) struct PlacedRule<'a> {
    pub(super) tree: &'a Tree,
    pub(super) rule: &'a syntax::Rule,
    pub(super) included: bool,
}

impl<'a> Checker<'a> {
    /// Defines what the items define, and gives the rules in order.
    pub(super) fn collect(&mut self, items: &[Placed<'a>]) -> Vec<PlacedRule<'a>> {
        let mut rules = Vec::new();
        let mut tests: FxHashMap<&str, Span> = FxHashMap::default();
        for &Placed { tree, item, included } in items {
            let (name, kind) = match item {
                Item::Const { name, value, .. } => (name, Kind::Const(*value)),
                Item::Param { name, default, range, .. } => (name, self.param_kind(name, *default, *range)),
                Item::Let { name, value, .. } => (name, Kind::Let(*value)),
                Item::Fn { name, params, body, .. } => {
                    self.distinct_params(params);
                    (name, Kind::Fn { params, body: *body })
                }
                Item::Set { name, symbols, .. } => (name, Kind::Set(symbols)),
                Item::Use { .. } => continue,
                Item::Rule(rule) => {
                    rules.push(PlacedRule { tree, rule, included });
                    continue;
                }
                Item::Test(test) => {
                    self.test(&mut tests, test);
                    continue;
                }
            };
            self.define_item(name, tree, kind, included);
        }
        // Only now are all names there.
        for &Placed { tree, item, .. } in items {
            match item {
                Item::Fn { params, .. } => params.iter().for_each(|p| self.shadowing(p, "this argument")),
                Item::Test(test) => self.uses_of_test(tree, test),
                _ => {}
            }
        }
        rules
    }

    /// A parameter gets its number by its place in the text; its value comes later.
    fn param_kind(&mut self, name: &Ident, default: ExprId, range: Option<(ExprId, ExprId)>) -> Kind<'a> {
        let params = &mut self.out.typed.tables.params;
        let id = ParamId(u32::try_from(params.len()).unwrap_or(u32::MAX));
        params.push(Param { name: name.text.to_string(), ty: Type::Bool, value: Constant::Bool(false), range: None });
        Kind::Param { id, default, range }
    }

    fn define_item(&mut self, name: &'a Ident, tree: &'a Tree, kind: Kind<'a>, included: bool) {
        if name.text.eq_ignore_ascii_case("it") {
            self.say(Code::ReservedName, name.span, format!("`{}` stands for the event at hand and cannot be defined", name.text));
            return;
        }
        if let Some(first) = self.globals.find(&name.text).and_then(|i| self.globals.get(i)) {
            let (first, words) = (first.span, first.kind.words());
            let host = matches!(first, Span { start: 0, end: 0, .. });
            self.report(Code::DuplicateName, name.span, |_, d| {
                let d = d.says(format!("`{}` is defined twice", name.text), "again here");
                if host { d.help(format!("`{}` is {words}", name.text)) } else { d.also(first, format!("already {words} here")) }
            });
            return;
        }
        if matches!(kind, Kind::Fn { .. }) && self.functions.contains_key(name.text.as_str()) {
            self.say(Code::ShadowedName, name.span, format!("the function `{0}` hides the built-in `{0}`", name.text));
        }
        self.define(&name.text, name.span, Some(tree), kind, included);
    }

    pub(super) fn define(&mut self, name: &'a str, span: Span, tree: Option<&'a Tree>, kind: Kind<'a>, included: bool) {
        self.globals.by_name.insert(name, self.globals.list.len());
        self.globals.list.push(Global { name, span, tree, kind, included, used: false, val: None, symbols: None });
    }

    fn distinct_params(&mut self, params: &'a [Ident]) {
        let mut seen = FxHashSet::default();
        for param in params {
            if !seen.insert(param.text.as_str()) {
                self.say(Code::DuplicateName, param.span, format!("the argument `{}` stands twice", param.text));
            }
        }
    }

    /// Warns of a local name that hides a global one.
    pub(super) fn shadowing(&mut self, name: &'a Ident, what: &str) {
        let Some(hidden) = self.globals.find(&name.text).and_then(|i| self.globals.get(i)) else { return };
        let (span, words) = (hidden.span, hidden.kind.words());
        self.report(Code::ShadowedName, name.span, |_, d| {
            d.says(format!("{what} `{}` hides {words} of that name", name.text), "").also(span, "hidden from here on")
        });
    }

    fn test(&mut self, tests: &mut FxHashMap<&'a str, Span>, test: &'a syntax::Test) {
        let name = &test.name;
        if let Some(&first) = tests.get(name.text.as_str()) {
            self.report(Code::DuplicateTest, name.span, |_, d| {
                d.says(format!("the test name \"{}\" is used twice", name.text), "again here").also(first, "first here")
            });
            return;
        }
        tests.insert(&name.text, name.span);
    }

    /// A name that only a test uses is used.
    fn uses_of_test(&mut self, tree: &'a Tree, test: &'a syntax::Test) {
        use syntax::TestStep;
        for step in &test.steps {
            match step {
                TestStep::At { at, event, .. } => {
                    self.mark_uses(tree, *at);
                    self.mark_uses(tree, *event);
                }
                TestStep::Advance { to, .. } => self.mark_uses(tree, *to),
                TestStep::Expect { fields, at, .. } => {
                    self.mark_uses(tree, *at);
                    fields.iter().for_each(|f| self.mark_uses(tree, f.1));
                }
                TestStep::ExpectNone(_) => {}
                TestStep::Set { param, value, .. } => {
                    self.mark_uses(tree, *value);
                    match self.globals.find(&param.text) {
                        Some(i) if matches!(self.globals.get(i).map(|g| g.kind), Some(Kind::Param { .. })) => self.globals.use_it(i),
                        _ => self.no_such_param(&param.text, param.span),
                    }
                }
            }
        }
    }

    /// Reports a parameter that the program does not have.
    pub(super) fn no_such_param(&mut self, name: &str, span: Span) {
        let nearest: Option<&'a str> =
            self.suggest(name, |c| c.globals.list.iter().filter(|g| matches!(g.kind, Kind::Param { .. })).map(|g| g.name).collect());
        self.report_again(Code::UnknownParam, span, |d| {
            let d = d.says(format!("the program has no parameter `{name}`"), "");
            match nearest {
                Some(near) if span == Span::default() => d.help(format!("did you mean `{near}`?")),
                near => d.meant(span, near),
            }
        });
    }
}

//! `TEST` blocks: what they feed in can happen, and what they expect can come.

use rustc_hash::{FxHashMap, FxHashSet};

use super::items::{Kind, PlacedRule};
use super::uses::Placed;
use super::value::{Ty, Val};
use super::{Checker, symbol};
use crate::diagnostic::Code;
use crate::fold;
use crate::program::{CmpOp, Constant, ParamId, Type};
use crate::span::Span;
use crate::syntax::{self, ExprId, ExprKind, Ident, Item, Tree};
use crate::tests::{Expected, ExpectedValue, Test, TestAction, TestStep};

/// The signals that rules emit, with the types of their fields; none where a rule is wrong.
#[derive(Default)]
struct Signals<'a> {
    by_name: FxHashMap<&'a str, FxHashMap<&'a str, Vec<Type>>>,
}

/// A test with what is found on the way.
struct Draft<'a> {
    tree: &'a Tree,
    /// The largest offset of what has happened so far, once something has.
    reached: Option<i64>,
    test: Test,
    /// The place of an `EXPECT NONE`.
    none: Option<Span>,
}

impl<'a> Checker<'a> {
    /// Checks all tests in order. Whole only where no finding is an error.
    pub(super) fn tests(&mut self, items: &[Placed<'a>], rules: &[PlacedRule<'a>]) -> Vec<Test> {
        let mut blocks = items.iter().filter_map(|placed| match placed.item {
            Item::Test(test) => Some((placed, test)),
            _ => None,
        });
        let Some(first) = blocks.next() else { return Vec::new() };
        let signals = self.signals(rules);
        let named: FxHashSet<String> = self.out.typed.tables.symbols.iter().cloned().collect();
        let mut seen = FxHashSet::default();
        let mut tests = Vec::new();
        for (placed, test) in std::iter::once(first).chain(blocks) {
            // A second one of that name has been reported.
            if seen.insert(test.name.text.as_str()) {
                tests.push(self.test_block(placed, test, &signals, &named));
            }
        }
        tests
    }

    fn signals(&self, rules: &[PlacedRule<'a>]) -> Signals<'a> {
        let mut types: FxHashMap<(&str, &str), Vec<Type>> = FxHashMap::default();
        for action in self.out.typed.rules.iter().flat_map(|r| &r.actions) {
            for (field, node) in &action.fields {
                let Some(node) = self.out.node(*node) else { continue };
                let known = types.entry((self.out.text_of(action.name), self.out.text_of(*field))).or_default();
                if known.last() != Some(&node.ty) {
                    known.push(node.ty);
                }
            }
        }
        let mut signals = Signals::default();
        for action in rules.iter().flat_map(|r| &r.rule.actions) {
            let fields = signals.by_name.entry(&action.name.text).or_default();
            for (field, _) in &action.fields {
                let types = types.get(&(action.name.text.as_str(), field.text.as_str()));
                fields.entry(&field.text).or_insert_with(|| types.cloned().unwrap_or_default());
            }
        }
        signals
    }

    fn test_block(&mut self, placed: &Placed<'a>, test: &'a syntax::Test, signals: &Signals<'a>, named: &FxHashSet<String>) -> Test {
        let name = test.name.text.to_string();
        let mut draft = Draft {
            tree: placed.tree,
            reached: None,
            none: None,
            test: Test {
                name,
                span: test.span,
                included: placed.included,
                params: Vec::new(),
                steps: Vec::new(),
                expected: Vec::new(),
                none: false,
                end: 0,
            },
        };
        for step in &test.steps {
            self.test_step(&mut draft, step, signals, named);
        }
        let Draft { mut test, none, .. } = draft;
        let span = placed.item_name();
        match (none, test.expected.first()) {
            (Some(none), Some(first)) => {
                let first = first.span;
                self.report(Code::ExpectNoneAndMore, none, |_, d| {
                    d.says("no signal at all is expected, and a signal is", "").also(first, "a signal").help("leave one of them out")
                });
            }
            (None, None) => self.report(Code::TestWithoutExpect, span, |_, d| {
                d.says("the test expects nothing and cannot fail", "")
                    .help("`EXPECT NAME AT 1s` expects a signal, `EXPECT NONE` that none comes")
            }),
            _ => {}
        }
        test.none = none.is_some();
        test.steps.sort_by_key(|step| step.at);
        test
    }

    fn test_step(&mut self, draft: &mut Draft<'a>, step: &'a syntax::TestStep, signals: &Signals<'a>, named: &FxHashSet<String>) {
        let tree = draft.tree;
        match step {
            syntax::TestStep::At { at, event, span } => {
                let at = self.offset(tree, *at);
                let event = self.test_event(tree, *event, named);
                let Some(at) = at else { return };
                draft.reach(at);
                if let Some(event) = event {
                    draft.test.steps.push(TestStep { at, what: TestAction::Event(event), span: *span });
                }
            }
            syntax::TestStep::Advance { to, span } => {
                let Some(at) = self.offset(tree, *to) else { return };
                draft.reach(at);
                draft.test.steps.push(TestStep { at, what: TestAction::Advance, span: *span });
            }
            syntax::TestStep::Set { param, value, span } => {
                let Some((param, value)) = self.test_set(tree, param, *value) else { return };
                match draft.reached {
                    None => draft.test.params.push((param, value)),
                    Some(at) => draft.test.steps.push(TestStep { at, what: TestAction::Set(param, value), span: *span }),
                }
            }
            syntax::TestStep::ExpectNone(span) => {
                draft.none.get_or_insert(*span);
            }
            syntax::TestStep::Expect { name, fields, at, span } => {
                let at = self.offset(tree, *at);
                let fields = self.expected_fields(tree, name, fields, signals);
                let Some(at) = at else { return };
                draft.test.end = draft.test.end.max(at);
                draft.test.expected.push(Expected { signal: name.text.to_string(), fields, at, span: *span });
            }
        }
    }

    /// An offset from the start of the test.
    pub(super) fn offset(&mut self, tree: &'a Tree, id: ExprId) -> Option<i64> {
        let span = Self::span_of(tree, id);
        let val = self.const_item(tree, id);
        match (val.ty, val.constant) {
            (Ty::Poison, _) => None,
            (Ty::Duration, Some(Constant::Duration(d))) if d >= 0 => Some(d),
            (Ty::Duration, _) => {
                self.report(Code::DurationRange, span, |c, d| d.says(format!("{} is before the start of the test", c.quote(span)), ""));
                None
            }
            (ty, _) => {
                self.report(Code::WantDuration, span, |c, d| {
                    d.says(format!("{} is {}", c.quote(span), ty.words()), "a time from the start of the test is wanted, such as `400ms`")
                });
                None
            }
        }
    }

    fn test_set(&mut self, tree: &'a Tree, param: &'a Ident, value: ExprId) -> Option<(ParamId, Constant)> {
        let span = Self::span_of(tree, value);
        let val = self.const_item(tree, value);
        // A parameter that is not there has been reported.
        let global = self.globals.find(&param.text).and_then(|i| self.globals.get(i))?;
        let (Kind::Param { id, .. }, Some(of)) = (global.kind, global.val) else { return None };
        if val.is_poison() || of.is_poison() {
            return None;
        }
        let fits = matches!((of.ty, val.ty), (Ty::Num(_), Ty::Num(_))) || of.ty == val.ty;
        let Some(constant) = val.constant.filter(|_| fits) else {
            let (wanted, got) = (of.ty.words(), val.ty.words());
            self.report(Code::TypeMismatch, span, |c, d| {
                d.says(format!("{} is {got}", c.quote(span)), format!("`{}` is {wanted}", param.text))
            });
            return None;
        };
        let range = self.out.typed.tables.params.get(id.0 as usize).and_then(|p| p.range);
        let within = range.is_none_or(|(low, high)| {
            fold::compare(CmpOp::Ge, constant, low) == Some(true) && fold::compare(CmpOp::Le, constant, high) == Some(true)
        });
        if !within {
            self.report(Code::ParamOutOfRange, span, |c, d| {
                d.says(format!("{} is outside the range of `{}`", c.quote(span), param.text), "")
            });
            return None;
        }
        Some((id, constant))
    }

    fn expected_fields(
        &mut self,
        tree: &'a Tree,
        signal: &'a Ident,
        fields: &'a [(Ident, ExprId)],
        signals: &Signals<'a>,
    ) -> Vec<(String, ExpectedValue)> {
        let known = signals.by_name.get(signal.text.as_str());
        if known.is_none() {
            self.report(Code::UnknownSignal, signal.span, |c, d| {
                let nearest = c.suggest(&signal.text, |_| signals.by_name.keys().copied().collect());
                d.says(format!("no rule emits `{}`", signal.text), "").meant(signal.span, nearest)
            });
        }
        let mut found: Vec<(String, ExpectedValue)> = Vec::with_capacity(fields.len());
        let mut seen: FxHashMap<&str, Span> = FxHashMap::default();
        for (name, value) in fields {
            if let Some(&first) = seen.get(name.text.as_str()) {
                self.report(Code::DuplicateField, name.span, |_, d| {
                    d.says(format!("the field `{}` stands twice in `{}`", name.text, signal.text), "again here").also(first, "first here")
                });
            }
            seen.insert(&name.text, name.span);
            let types = known.map(|known| known.get(name.text.as_str()));
            if let (Some(None), Some(known)) = (types, known) {
                self.report(Code::UnknownField, name.span, |c, d| {
                    let nearest = c.suggest(&name.text, |_| known.keys().copied().collect());
                    let d = d.says(format!("`{}` has no field `{}`", signal.text, name.text), "").meant(name.span, nearest);
                    let mut has: Vec<&str> = known.keys().copied().collect();
                    has.sort_unstable();
                    if has.is_empty() { d.help("it has no fields") } else { d.help(format!("it has {}", super::expr::list(&has))) }
                });
            }
            let value = self.expected_value(tree, name, *value, types.flatten().map_or(&[], Vec::as_slice));
            found.extend(value.map(|v| (name.text.to_string(), v)));
        }
        found
    }

    fn expected_value(&mut self, tree: &'a Tree, name: &'a Ident, id: ExprId, types: &[Type]) -> Option<ExpectedValue> {
        let span = Self::span_of(tree, id);
        if let Some(ExprKind::Name(word)) = tree.expr(Self::bare(tree, id)).map(|e| &e.kind)
            && word.eq_ignore_ascii_case("unknown")
            && self.globals.find(word).is_none()
        {
            return Some(ExpectedValue::Unknown);
        }
        let val = self.const_item(tree, id);
        let value = match (val.ty, val.constant?) {
            (Ty::Num(_), Constant::Num(bits)) => ExpectedValue::Num(f64::from_bits(bits)),
            (_, Constant::Bool(b)) => ExpectedValue::Bool(b),
            (_, Constant::Duration(d)) => ExpectedValue::Duration(d),
            (_, Constant::Text(text)) => ExpectedValue::Text(self.out.text_of(text).to_owned()),
            _ => return None,
        };
        let fits = |ty: &Type| match value {
            ExpectedValue::Unknown => true,
            ExpectedValue::Num(_) => matches!(ty, Type::Num(_)),
            ExpectedValue::Bool(_) => *ty == Type::Bool,
            ExpectedValue::Duration(_) => matches!(ty, Type::Duration | Type::Timestamp),
            ExpectedValue::Text(_) => matches!(ty, Type::Text | Type::Symbol),
        };
        if !types.is_empty() && !types.iter().any(fits) {
            let wanted = words(types.first().copied());
            self.report(Code::TypeMismatch, span, |c, d| {
                let d = d.says(format!("{} is {}", c.quote(span), val.ty.words()), format!("the field `{}` is {wanted}", name.text));
                match types.first() {
                    Some(Type::Timestamp) => d.help("a timestamp is written as the time from the start of the test: `400ms`"),
                    _ => d,
                }
            });
            return None;
        }
        Some(value)
    }

    /// A constant that is a number; reports where it is none.
    pub(super) fn test_number(&mut self, tree: &'a Tree, id: ExprId) -> Option<f64> {
        let span = Self::span_of(tree, id);
        let val = self.const_item(tree, id);
        if !val.is_poison() && val.number().is_none() {
            self.report(Code::TypeMismatch, span, |c, d| d.says(format!("{} is {}", c.quote(span), val.ty.words()), "a number is wanted"));
        }
        val.number()
    }

    /// The symbol of an event of a test. It is not one of the program's for that.
    pub(super) fn test_symbol(&mut self, val: &Val, span: Span, named: &FxHashSet<String>) -> Option<String> {
        let text = match (val.ty, val.constant) {
            (Ty::Poison, _) => return None,
            (Ty::Quoted, Some(Constant::Text(text))) => self.out.text_of(text).to_owned(),
            (ty, _) => {
                self.report(Code::WantSymbol, span, |c, d| {
                    d.says(format!("{} is {}", c.quote(span), ty.words()), "a symbol is wanted").help("write it in quotes: `\"BTC/USDT\"`")
                });
                return None;
            }
        };
        if let Err(reason) = symbol::parts(&text) {
            self.report(Code::BadSymbol, span, |c, d| d.says(format!("{} is not a symbol: {reason}", c.quote(span)), ""));
            return None;
        }
        if !named.contains(&text) {
            self.report(Code::UnknownTestSymbol, span, |c, d| {
                let nearest = c.suggest(&text, |_| named.iter().map(String::as_str).collect()).map(syntax::literal::quote);
                d.says(format!("no rule names {}", c.quote(span)), "the event moves the clock and nothing else")
                    .meant(span, nearest.as_deref())
            });
        }
        Some(text)
    }
}

impl Draft<'_> {
    fn reach(&mut self, at: i64) {
        self.reached = Some(self.reached.map_or(at, |r| r.max(at)));
        self.test.end = self.test.end.max(at);
    }
}

impl Placed<'_> {
    /// Where the name of a test stands.
    fn item_name(&self) -> Span {
        match self.item {
            Item::Test(test) => test.name.span,
            _ => Span::default(),
        }
    }
}

fn words(ty: Option<Type>) -> &'static str {
    match ty {
        Some(Type::Num(_)) => "a number",
        Some(Type::Bool) => "a condition",
        Some(Type::Duration) => "a duration",
        Some(Type::Timestamp) => "a timestamp",
        Some(Type::Symbol) => "a symbol",
        Some(Type::Text) => "a text",
        Some(Type::Event) | None => "an event",
    }
}

//! Tree to text to tree: what is printed reads back as the tree it came from, whatever the tree.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::span::Span;
use ascep_lang::syntax::{
    self, Action, Arg, BinaryOp, CrossSide, Expr, ExprId, ExprKind, ForEach, Ident, Item, NumberKind, Quantifier, Rule, SetRef, Step,
    StrLit, Tail, Test, TestStep, Tree, UsePath,
};
use ascep_lang::{FileId, Limits};
use proptest::prelude::*;

/// An expression before it goes into an arena.
#[derive(Debug, Clone)]
enum E {
    Number(f64, NumberKind),
    Duration(i64),
    Str(String),
    Bool(bool),
    Name(String),
    Neg(Box<E>),
    Not(Box<E>),
    Paren(Box<E>),
    And(Vec<E>),
    Or(Vec<E>),
    Binary(BinaryOp, Box<[E; 2]>),
    Between(Box<[E; 3]>),
    Crosses(CrossSide, Box<[E; 2]>),
    Call(String, Vec<E>, Vec<(String, E)>),
    Field(Box<E>, String),
    Index(Box<[E; 2]>),
    For(Box<[E; 2]>),
    Where(Box<[E; 2]>),
    No(Box<E>, Option<Box<E>>),
    /// Only as a named argument.
    Range(Box<[E; 2]>),
    Seq(Vec<(Option<String>, E, Option<Quantifier>)>, Box<E>),
    All(Vec<E>, Box<E>),
}

fn ident(text: &str) -> Ident {
    Ident { text: text.into(), span: Span::default() }
}

fn lit(text: &str) -> StrLit {
    StrLit { text: text.into(), span: Span::default() }
}

/// Puts `e` into the arena.
fn put(tree: &mut Tree, e: &E) -> ExprId {
    let mut all = |list: &[E]| -> Vec<ExprId> { list.iter().map(|e| put(tree, e)).collect() };
    let kind = match e {
        E::Number(v, k) => ExprKind::Number(*v, *k),
        E::Duration(n) => ExprKind::Duration(*n),
        E::Str(s) => ExprKind::Str(s.as_str().into()),
        E::Bool(b) => ExprKind::Bool(*b),
        E::Name(n) => ExprKind::Name(n.as_str().into()),
        E::Neg(x) => ExprKind::Neg(put(tree, x)),
        E::Not(x) => ExprKind::Not(put(tree, x)),
        E::Paren(x) => ExprKind::Paren(put(tree, x)),
        E::And(list) => ExprKind::And(all(list)),
        E::Or(list) => ExprKind::Or(all(list)),
        E::Binary(op, xy) => {
            let ids = all(xy.as_slice());
            ExprKind::Binary(*op, ids[0], ids[1])
        }
        E::Between(xs) => {
            let ids = all(xs.as_slice());
            ExprKind::Between { value: ids[0], low: ids[1], high: ids[2] }
        }
        E::Crosses(side, xy) => {
            let ids = all(xy.as_slice());
            ExprKind::Crosses { left: ids[0], side: *side, right: ids[1] }
        }
        E::Call(f, plain, named) => {
            let mut args: Vec<Arg> = all(plain).into_iter().map(|value| Arg { name: None, value }).collect();
            args.extend(named.iter().map(|(n, e)| Arg { name: Some(ident(n)), value: put(tree, e) }));
            ExprKind::Call { callee: ident(f), args }
        }
        E::Field(x, f) => ExprKind::Field { base: put(tree, x), field: ident(f) },
        E::Index(xy) => {
            let ids = all(xy.as_slice());
            ExprKind::Index { base: ids[0], index: ids[1] }
        }
        E::For(xy) => {
            let ids = all(xy.as_slice());
            ExprKind::For { cond: ids[0], duration: ids[1] }
        }
        E::Range(xy) => {
            let ids = all(xy.as_slice());
            ExprKind::Range { low: ids[0], high: ids[1] }
        }
        E::Where(xy) => {
            let ids = all(xy.as_slice());
            ExprKind::Where { event: ids[0], filter: ids[1] }
        }
        E::No(x, d) => {
            let event = put(tree, x);
            ExprKind::No { event, duration: d.as_ref().map(|d| put(tree, d)) }
        }
        E::Seq(steps, within) => {
            let steps = steps
                .iter()
                .map(|(label, e, quantifier)| {
                    let event = put(tree, e);
                    Step { label: label.as_deref().map(ident), event, quantifier: *quantifier, span: Span::default() }
                })
                .collect();
            ExprKind::Seq { steps, within: Some(put(tree, within)) }
        }
        E::All(parts, within) => {
            let parts = all(parts);
            ExprKind::All { parts, within: Some(put(tree, within)) }
        }
    };
    tree.exprs.push(Expr { kind, span: Span::default(), height: 1 });
    ExprId(u32::try_from(tree.exprs.len() - 1).unwrap())
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_]{0,5}"
        .prop_filter("a reserved word", |text| syntax::tokens(text).first().is_some_and(|(token, _)| *token == syntax::Token::Name))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z]{1,4}/[A-Z]{1,4}", "[^\r]{0,8}"]
}

fn number() -> impl Strategy<Value = E> {
    let value = prop_oneof![0.0..1e6_f64, (0u32..100_000).prop_map(f64::from), 0.0..f64::MAX / 1e6];
    let kind = prop_oneof![Just(NumberKind::Plain), Just(NumberKind::Percent), Just(NumberKind::BasisPoint)];
    (value, kind).prop_map(|(v, k)| E::Number(v, k))
}

/// A duration, or a name for one.
fn dur() -> impl Strategy<Value = E> {
    prop_oneof![(1..i64::MAX).prop_map(E::Duration), (1..5000_i64).prop_map(|ms| E::Duration(ms * 1_000_000)), name().prop_map(E::Name)]
}

fn pair(inner: impl Strategy<Value = E> + Clone) -> impl Strategy<Value = Box<[E; 2]>> {
    (inner.clone(), inner).prop_map(|(a, b)| Box::new([a, b]))
}

fn expr() -> impl Strategy<Value = E> + Clone {
    let leaf = prop_oneof![number(), dur(), text().prop_map(E::Str), any::<bool>().prop_map(E::Bool), name().prop_map(E::Name),];
    let ops = prop::sample::select(vec![
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Coalesce,
        BinaryOp::Lt,
        BinaryOp::Le,
        BinaryOp::Gt,
        BinaryOp::Ge,
        BinaryOp::Eq,
        BinaryOp::Ne,
    ]);
    let sides = prop::sample::select(vec![CrossSide::Above, CrossSide::Below, CrossSide::Either]);
    leaf.prop_recursive(5, 48, 3, move |inner| {
        let list = prop::collection::vec(inner.clone(), 2..4);
        let levels = prop_oneof![
            inner.clone().prop_map(|x| E::Not(Box::new(x))),
            list.clone().prop_map(E::And),
            list.prop_map(E::Or),
            [inner.clone(), inner.clone(), inner.clone()].prop_map(|xs| E::Between(Box::new(xs))),
            (sides.clone(), pair(inner.clone())).prop_map(|(side, xy)| E::Crosses(side, xy)),
            (inner.clone(), dur()).prop_map(|(x, d)| E::For(Box::new([x, d]))),
            pair(inner.clone()).prop_map(E::Where),
            (inner.clone(), prop::option::of(dur())).prop_map(|(x, d)| E::No(Box::new(x), d.map(Box::new))),
        ];
        let argument = prop_oneof![3 => inner.clone(), 1 => pair(inner.clone()).prop_map(E::Range)];
        let values = prop_oneof![
            inner.clone().prop_map(|x| E::Neg(Box::new(x))),
            inner.clone().prop_map(|x| E::Paren(Box::new(x))),
            (name(), prop::collection::vec(inner.clone(), 0..3), prop::collection::vec((name(), argument), 0..2))
                .prop_map(|(f, plain, named)| E::Call(f, plain, named)),
            (inner.clone(), name()).prop_map(|(x, f)| E::Field(Box::new(x), f)),
            pair(inner.clone()).prop_map(E::Index),
        ];
        prop_oneof![levels, values, (ops.clone(), pair(inner)).prop_map(|(op, xy)| E::Binary(op, xy))]
    })
}

fn trigger() -> impl Strategy<Value = E> {
    let quantifier = (1..9_u32, prop::option::of(0..9_u32)).prop_map(|(min, more)| Quantifier { min, max: more.map(|m| min + m) });
    let step = (prop::option::of(name()), expr(), prop::option::of(quantifier)).prop_map(|(label, e, quantifier)| match e {
        // Nothing happens in a `NO` step that a label could name or a quantifier count.
        no @ E::No(..) => (None, no, None),
        other => (label, other, quantifier),
    });
    prop_oneof![
        4 => expr(),
        1 => (prop::collection::vec(step, 2..5), dur()).prop_map(|(steps, d)| E::Seq(steps, Box::new(d))),
        1 => (prop::collection::vec(expr(), 1..4), dur()).prop_map(|(parts, d)| E::All(parts, Box::new(d))),
    ]
}

#[derive(Debug, Clone)]
enum T {
    EveryTick,
    Every(E),
    Cooldown(E),
    Limit(E, E),
}

fn fields() -> impl Strategy<Value = Vec<(String, E)>> {
    prop::collection::vec((name(), expr()), 0..3)
}

/// A tree of one rule.
fn rule() -> impl Strategy<Value = Tree> {
    let set = prop_oneof![name().prop_map(Ok), prop::collection::vec(text(), 0..3).prop_map(Err)];
    let head = (name(), prop::collection::vec((name(), set), 0..3), prop::collection::vec((name(), expr()), 0..3));
    let count = prop_oneof![(1..100_u32).prop_map(|n| E::Number(f64::from(n), NumberKind::Plain)), name().prop_map(E::Name)];
    let tail = prop_oneof![
        Just(T::EveryTick),
        dur().prop_map(T::Every),
        dur().prop_map(T::Cooldown),
        (count, dur()).prop_map(|(n, d)| T::Limit(n, d)),
    ];
    let body = (trigger(), prop::option::of(expr()), prop::collection::vec((name(), fields()), 1..3), prop::collection::vec(tail, 0..4));
    (prop::option::of(head), body).prop_map(|(head, (trigger, until, actions, tails))| {
        let mut whole = Tree::default();
        let tree = &mut whole;
        let span = Span::default();
        let (name, each, lets) = head.map_or((None, Vec::new(), Vec::new()), |(n, e, l)| (Some(ident(&n)), e, l));
        let rule = Rule {
            name,
            each: each
                .iter()
                .map(|(var, set)| ForEach {
                    var: ident(var),
                    set: match set {
                        Ok(name) => SetRef::Named(ident(name)),
                        Err(list) => SetRef::Inline(list.iter().map(|s| lit(s)).collect(), span),
                    },
                })
                .collect(),
            lets: lets.iter().map(|(n, e)| (ident(n), put(tree, e))).collect(),
            trigger: put(tree, &trigger),
            until: until.as_ref().map(|e| put(tree, e)),
            actions: actions
                .iter()
                .map(|(n, fields)| Action { name: ident(n), fields: fields.iter().map(|(n, e)| (ident(n), put(tree, e))).collect(), span })
                .collect(),
            tails: tails
                .iter()
                .map(|tail| match tail {
                    T::EveryTick => Tail::EveryTick(span),
                    T::Every(d) => Tail::Every(put(tree, d), span),
                    T::Cooldown(d) => Tail::Cooldown(put(tree, d), span),
                    T::Limit(n, d) => Tail::Limit { count: put(tree, n), per: put(tree, d), span },
                })
                .collect(),
            span,
        };
        whole.items.push(Item::Rule(rule));
        whole
    })
}

/// The dump of a tree without its brackets: `(paren x)` is `x`.
fn shape(tree: &Tree) -> String {
    let dump = syntax::dump_tree(tree, false);
    let mut out = String::new();
    let mut open = Vec::new();
    let mut rest = dump.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("(paren ") {
            open.push(true);
            rest = inner;
            continue;
        }
        let mut len = c.len_utf8();
        match c {
            '"' => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let closes = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    closes
                });
                len = end.unwrap().0 + 1;
            }
            '(' => open.push(false),
            ')' if open.pop() == Some(true) => {
                rest = &rest[1..];
                continue;
            }
            _ => {}
        }
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    out
}

fn check(tree: &Tree) -> Result<(), TestCaseError> {
    let text = syntax::print(tree);
    let (read, diagnostics) = syntax::parse(FileId(0), &text, &Limits::default());
    prop_assert_eq!(diagnostics, vec![], "{}", text);
    prop_assert_eq!(shape(tree), shape(&read), "{}", text);
    // From text on, brackets included, nothing changes any more.
    let again = syntax::print(&read);
    prop_assert_eq!(&again, &text);
    let (reread, _) = syntax::parse(FileId(0), &again, &Limits::default());
    prop_assert_eq!(reread, read);
    Ok(())
}

proptest! {
    #[test]
    fn rules_read_back(tree in rule()) {
        check(&tree)?;
    }

    #[test]
    fn items_read_back(
        n in name(), e in expr(), low in expr(), high in expr(), names in prop::collection::vec(name(), 0..4),
        texts in prop::collection::vec(text(), 0..4), d in dur(), fields in fields(), range in any::<bool>(),
    ) {
        let mut tree = Tree::default();
        let span = Span::default();
        let [value, default, body] = [(), (), ()].map(|()| put(&mut tree, &e));
        let bounds = (put(&mut tree, &low), put(&mut tree, &high));
        let at = put(&mut tree, &d);
        let event = put(&mut tree, &E::Call(n.clone(), vec![e.clone()], vec![(n.clone(), low.clone())]));
        let numbers = put(&mut tree, &high);
        tree.exprs.push(Expr { kind: ExprKind::List(vec![numbers, value]), span, height: 1 });
        let list = ExprId(u32::try_from(tree.exprs.len() - 1).unwrap());
        let args = vec![Arg { name: Some(ident(&n)), value: list }];
        tree.exprs.push(Expr { kind: ExprKind::Call { callee: ident(&n), args }, span, height: 1 });
        let with_list = ExprId(u32::try_from(tree.exprs.len() - 1).unwrap());
        let fields: Vec<(Ident, ExprId)> = fields.iter().map(|(n, e)| (ident(n), put(&mut tree, e))).collect();
        tree.items = vec![
            Item::Const { name: ident(&n), value, span },
            Item::Param { name: ident(&n), default, range: range.then_some(bounds), span },
            Item::Let { name: ident(&n), value: body, span },
            Item::Fn { name: ident(&n), params: names.iter().map(|n| ident(n)).collect(), body, span },
            Item::Set { name: ident(&n), symbols: texts.iter().map(|t| lit(t)).collect(), span },
            Item::Use { path: UsePath::Module(ident(&n)), span },
            Item::Use { path: UsePath::File(lit("a\\\"b\n")), span },
            Item::Test(Test {
                name: lit("t"),
                steps: vec![
                    TestStep::Set { param: ident(&n), value, span },
                    TestStep::At { at, event, span },
                    TestStep::At { at, event: with_list, span },
                    TestStep::Advance { to: at, span },
                    TestStep::Expect { name: ident(&n), fields, at, span },
                    TestStep::ExpectNone(span),
                ],
                span,
            }),
        ];
        check(&tree)?;
    }
}

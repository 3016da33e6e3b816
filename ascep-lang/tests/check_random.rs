//! Random programs, well formed and not: the compiler never panics, says the same twice, and its programs are sound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::program::{Op, Type};
use ascep_lang::{Options, Source, analyze, lower};
use proptest::prelude::*;

/// Pieces that programs are made of; most expressions are near to right, so that many of them compile.
fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("5".to_owned()),
        Just("7".to_owned()),
        Just("0.5%".to_owned()),
        Just("k".to_owned()),
        Just("p".to_owned()),
        Just("m".to_owned()),
        Just("last(\"A/B\")".to_owned()),
        Just("bid(\"B/A\")".to_owned()),
        Just("qty(\"x:A/B\")".to_owned()),
        Just("imbalance(\"SPX\", depth = 5)".to_owned()),
        Just("hour_of_day()".to_owned()),
        Just("(age(\"A/B\") / 1ms)".to_owned()),
        Just("count(trade(\"A/B\"), 10s)".to_owned()),
        Just("f(2, 3)".to_owned()),
        Just("b.close".to_owned()),
        Just("l.hist".to_owned()),
        Just("w".to_owned()),
        Just("w.size".to_owned()),
        Just("volume(\"A/B\", d)".to_owned()),
        Just("vwap(\"A/B\", 1m, max = 5)".to_owned()),
        Just("atr(b, 14)".to_owned()),
    ];
    // Also what is no number, so that nothing is lost without a finding.
    let wrong = prop::sample::select(vec!["it.price", "it.close", "nosuch", "l", "b", "w.age"]).prop_map(str::to_owned);
    prop_oneof![40 => leaf, 1 => wrong].prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "??"]), inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (prop::sample::select(vec!["abs", "sqrt", "ln", "floor", "sign"]), inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (prop::sample::select(vec!["min", "max", "mod", "pow", "f"]), inner.clone(), inner.clone())
                .prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            (inner.clone(), 0_u32..4).prop_map(|(a, n)| format!("({a})[{}]", n.max(1))),
            (prop::sample::select(vec!["avg", "stddev", "slope", "lowest", "ema", "rsi"]), inner.clone())
                .prop_map(|(f, a)| format!("{f}({a}, 5)")),
            (prop::sample::select(vec!["sum", "change", "twap", "zscore", "decay"]), inner.clone())
                .prop_map(|(f, a)| format!("{f}({a}, d)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("corr({a}, {b}, 1m)")),
            inner.clone().prop_map(|a| format!("bollinger({a}, 20, 2).upper")),
            inner.prop_map(|a| format!("count({a}, 5, partial = TRUE)")),
        ]
    })
}

fn cond() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (number(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} IN {b} .. {c}")),
        (number(), prop::sample::select(vec!["", "ABOVE", "BELOW"]), number()).prop_map(|(a, s, b)| format!("{a} CROSSES {s} {b}")),
        prop::sample::select(vec![
            "trade(\"A/B\")",
            "quote(\"A/B\")",
            "book(\"C/D\")",
            "TRUE",
            "on",
            "e",
            "known(m)",
            "age(\"A/B\") > d",
            "it.side == \"buy\"",
            "b",
            "bar(\"A/B\", 1h) WHERE it.close > it.open",
            "l.line CROSSES ABOVE l.signal",
            "rate(trade(\"A/B\"), d) > 5"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) AND ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) OR ({b})")),
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            (inner.clone(), prop::sample::select(vec!["5s", "d", "c"])).prop_map(|(a, d)| format!("(({a}) FOR {d})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) WHERE ({b}))")),
            inner.clone().prop_map(|a| format!("(NO ({a}) FOR d)")),
            inner.clone().prop_map(|a| format!("once({a}, 1m)")),
            inner.prop_map(|a| format!("since({a}) > 1s")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    let tail = prop::sample::select(vec!["", " EVERY TICK", " EVERY d", " COOLDOWN 1s", " LIMIT 3 PER d"]);
    let each = prop::sample::select(vec!["IF ", "RULE r FOR EACH s IN ms: LET m = last(s) IF ", "RULE q: LET z = mid(\"A/B\") IF "]);
    (each, cond(), prop::option::of(cond()), prop::option::of(number()), tail).prop_map(|(each, c, u, x, tail)| {
        let until = u.map(|u| format!(" UNTIL {u}")).unwrap_or_default();
        let field = x.map(|x| format!("(x = {x}, t = it.ts)")).unwrap_or_default();
        format!("{each}{c}{until} THEN S{field}{tail}\n")
    })
}

const PRELUDE: &str = "USE arbitrage\nLET b = bar(\"A/B\", 1m)\nLET l = macd(b.close)\nLET w = inverse(\"A/B\", \"B/A\", fee = 1bp)\nCONST k = 2\nCONST c = 3s\nPARAM p = 3 IN 1 .. 5\nPARAM d = 1s IN 1ms .. 1h\nPARAM on = TRUE\nLET m = mid(\"A/B\")\nLET e = trade(\"A/B\") WHERE it.qty > 1\nFN f(x, y) = x * y + k\nSET ms = [\"A/B\", \"C/B\", \"v:E/F\"]\n";

/// What must hold of whatever the compiler is given.
fn sound(text: &str) -> bool {
    let sources = [Source::new("a.cep", text)];
    let first = analyze(&sources, &Options::default());
    let second = analyze(&sources, &Options::default());
    assert_eq!(first.diagnostics, second.diagnostics);
    assert_eq!(first.program, second.program);
    assert_eq!(first.program.is_some(), !first.diagnostics.has_errors(), "{text}");
    for d in first.diagnostics.iter() {
        assert!(d.span.start <= d.span.end && text.get(d.span.range()).is_some(), "{d:?}");
        for (span, _) in d.help.iter().filter_map(|h| h.replacement.as_ref()) {
            assert!(text.get(span.range()).is_some(), "{d:?}");
        }
    }
    let (Some(program), Some(typed)) = (first.program, first.typed) else { return false };
    program.validate().unwrap_or_else(|e| panic!("{e} in {text}"));
    // No rule is lost without a finding: each is there, once for each of its instances.
    let wanted: usize = text.lines().filter(|l| l.contains("IF ")).map(|l| if l.contains("FOR EACH") { 3 } else { 1 }).sum();
    assert!(!text.starts_with("USE arbitrage") || program.rules.len() == wanted, "{text}");
    for (i, node) in program.nodes.iter().enumerate() {
        assert!(node.args.iter().all(|a| (a.0 as usize) < i));
        assert!(!matches!(node.op, Op::Payload(_)));
        let events = match node.op {
            Op::Where | Op::EventAnd | Op::Pick | Op::NoFor(_) | Op::Since => 1,
            Op::EventOr => node.args.len(),
            Op::Sample | Op::BarField(_) => 1,
            _ => 0,
        };
        for (n, arg) in node.args.iter().enumerate() {
            let event = program.nodes[arg.0 as usize].ty == Type::Event;
            let may = matches!(node.op, Op::Once(_) | Op::Window { .. });
            assert!(may || event == (n < events), "{:?} in {text}", node.op);
        }
        let levels = match node.op {
            Op::And | Op::Or | Op::Not | Op::Edge | Op::For(_) => 0,
            Op::Where | Op::EventAnd => 1,
            _ => usize::MAX,
        };
        assert!(node.args.iter().skip(levels).all(|a| program.nodes[a.0 as usize].ty == Type::Bool), "{:?} in {text}", node.op);
    }
    // Lowering gives each node once, and nothing that no rule needs.
    let mut seen = std::collections::HashSet::new();
    assert!(program.nodes.iter().all(|n| seen.insert(n.clone())));
    assert_eq!(lower(&typed).nodes, program.nodes);
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_of_random_rules(rules in prop::collection::vec(rule(), 1..4)) {
        sound(&format!("{PRELUDE}{}", rules.concat()));
    }

    #[test]
    fn one_random_rule(rule in rule()) {
        sound(&format!("{PRELUDE}{rule}"));
    }

    #[test]
    fn random_tokens(tokens in prop::collection::vec(prop::sample::select(vec![
        "IF", "THEN", "S", "RULE", "r", ":", "LET", "CONST", "PARAM", "FN", "SET", "USE", "FOR", "EACH", "IN", "NO", "NOT", "AND", "OR", "WHERE",
        "SEQ", "->", "ALL", "WITHIN", "UNTIL", "EVERY", "TICK", "5", "5s", "5bp", "\"A/B\"", "(", ")", "[", "]", ",", ".", "=", "==", ">", "+", "/",
        "x", "it", "price", "last", "trade", "quote", "count", "CROSSES", "..", "{", "}", "TEST", "AT", "EXPECT", "\n",
    ]), 0..60)) {
        sound(&tokens.join(" "));
    }
}

#[test]
fn enough_of_the_random_programs_compile() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut compiled = 0;
    for _ in 0..600 {
        let rule = rule().new_tree(&mut runner).unwrap().current();
        compiled += usize::from(sound(&format!("{PRELUDE}{rule}")));
    }
    assert!(compiled > 30, "{compiled} of 600");
}

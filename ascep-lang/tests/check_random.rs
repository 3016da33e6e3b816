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
    let wrong =
        prop::sample::select(vec!["it.price", "it.close", "it.peak", "it.path", "nosuch", "l", "b", "w.age"]).prop_map(str::to_owned);
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
            "rate(trade(\"A/B\"), d) > 5",
            "o",
            "o WHERE it.net > 0 AND it.size > it.profit",
            "o WHERE it.state == \"open\"",
            "cycles(home = \"B\", fee = k * 1bp, markets = [\"A/B\", \"B/A\"], legs = k..3)",
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

/// What a step of a sequence may read of another one; most of it is there.
fn label() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "a", "b", "c"]);
    let field =
        prop::sample::select(vec!["price", "price", "qty", "bid", "first.price", "last.ask", "count", "side", "pric", "net", "path"]);
    prop_oneof![
        6 => (name.clone(), field).prop_map(|(n, f)| format!("{n}.{f}")),
        2 => name.prop_map(|n| format!("((now() - {n}.ts) / 1s)")),
        1 => Just("avg(a.price, 5)".to_owned()),
    ]
}

fn sequence() -> impl Strategy<Value = String> {
    let compared = |x: &'static str| label().prop_map(move |l| format!("{x} > {l}"));
    let what = prop_oneof![
        3 => Just("trade(\"A/B\")".to_owned()),
        2 => Just("quote(\"A/B\")".to_owned()),
        2 => Just("last(\"A/B\") > 5".to_owned()),
        1 => Just("(NO trade(\"A/B\") FOR d)".to_owned()),
        1 => Just("bar(\"A/B\", 1m)".to_owned()),
        1 => Just("o".to_owned()),
        1 => compared("it.net").prop_map(|c| format!("o WHERE {c}")),
        2 => compared("bid(\"A/B\")"),
        2 => compared("it.price").prop_map(|c| format!("trade(\"A/B\") WHERE {c}")),
        1 => compared("it.price").prop_map(|c| format!("(trade(\"A/B\") OR trade(\"x:A/B\")) WHERE it.qty > 1 AND {c}")),
        1 => compared("qty(\"A/B\")").prop_map(|c| format!("quote(\"A/B\") AND {c}")),
        1 => cond(),
    ];
    let kind = prop::sample::select(vec!["", "", "", "", " {2}", " {1..3}", " {2..}", "NO", "NO", "NO FOR 1s"]);
    let step = (what, kind, any::<bool>()).prop_map(|(what, kind, labelled)| (what, kind, labelled));
    let fields = prop::collection::vec(label(), 0..3);
    (prop::collection::vec(step, 2..6), fields, prop::sample::select(vec!["10s", "d", "c"])).prop_map(|(steps, fields, within)| {
        let mut names = ["a: ", "b: ", "c: ", "g: ", "h: "].into_iter();
        let steps: Vec<String> = steps
            .into_iter()
            .enumerate()
            .map(|(i, (what, kind, labelled))| match kind.strip_prefix("NO") {
                Some(hold) if i > 0 => format!("NO {what}{hold}"),
                _ => {
                    let name = if labelled { names.next().unwrap_or("") } else { "" };
                    format!("{name}{what}{}", kind.trim_start_matches("NO").replace(" FOR 1s", ""))
                }
            })
            .collect();
        let fields: Vec<String> = fields.iter().enumerate().map(|(i, f)| format!("f{i} = {f}")).collect();
        let fields = if fields.is_empty() { String::new() } else { format!("({}, t = it.ts)", fields.join(", ")) };
        format!("IF SEQ {} WITHIN {within} THEN S{fields}\n", steps.join(" -> "))
    })
}

/// A test of such rules.
fn test_block() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec!["1", "2.5", "k", "-1", "0", "5s", "p"]);
    let step = prop_oneof![
        (number.clone(), number.clone()).prop_map(|(p, q)| format!("trade(\"A/B\", price = {p}, qty = {q})")),
        (number.clone(), number.clone()).prop_map(|(p, q)| format!("quote(\"A/B\", bid = {p}, ask = {q})")),
        (number.clone(), number.clone()).prop_map(|(p, q)| format!("book(\"A/B\", bids = [[{p}, {q}]], asks = [])")),
    ];
    let at = prop::sample::select(vec!["0s", "1s", "2500ms", "c", "d"]);
    let line = prop_oneof![
        5 => (at.clone(), step).prop_map(|(at, step)| format!("AT {at} {step}")),
        1 => at.clone().prop_map(|at| format!("ADVANCE {at}")),
        1 => number.clone().prop_map(|n| format!("SET p = {n}")),
        2 => at.clone().prop_map(|at| format!("EXPECT S AT {at}")),
        1 => (at, number).prop_map(|(at, n)| format!("EXPECT S(x = {n}, t = 1s) AT {at}")),
        1 => Just("EXPECT NONE".to_owned()),
    ];
    prop::collection::vec(line, 0..6).prop_map(|lines| format!("TEST \"t\" {{ {} }}\n", lines.join(" ")))
}

const PRELUDE: &str = "USE arbitrage\nLET b = bar(\"A/B\", 1m)\nLET l = macd(b.close)\nLET w = inverse(\"A/B\", \"B/A\", fee = 1bp)\nCONST k = 2\nCONST c = 3s\nPARAM p = 3 IN 1 .. 5\nPARAM d = 1s IN 1ms .. 1h\nPARAM on = TRUE\nLET o = cycles(home = \"B\", fee = 1bp, markets = [\"A/B\", \"x:A/B\", \"B/A\"], legs = 2..3, max_age = d)\nLET m = mid(\"A/B\")\nLET e = trade(\"A/B\") WHERE it.qty > 1\nFN f(x, y) = x * y + k\nSET ms = [\"A/B\", \"C/B\", \"v:E/F\"]\n";

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
            Op::EventOr | Op::All(_) => node.args.len(),
            // Its arguments are of any kind; the program is validated.
            Op::Seq(_) => continue,
            Op::Sample | Op::BarField(_) | Op::OpportunityField(_) => 1,
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
    fn random_sequences(rules in prop::collection::vec(sequence(), 1..3), test in test_block()) {
        sound(&format!("{PRELUDE}{}{test}", rules.concat()));
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
    for _ in 0..900 {
        let rule = rule().new_tree(&mut runner).unwrap().current();
        compiled += usize::from(sound(&format!("{PRELUDE}{rule}")));
    }
    assert!(compiled > 30, "{compiled} of 900");
    let mut with_labels = 0;
    for _ in 0..600 {
        let text = format!("{PRELUDE}{}", sequence().new_tree(&mut runner).unwrap().current());
        with_labels += usize::from(sound(&text) && text.contains("a: "));
    }
    assert!(with_labels > 30, "{with_labels} of 600");
}

//! Rules of strangers: deep, wide and multiplying ones end in an error with a code, quickly, on a small stack.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::time::Instant;

use ascep_lang::{Limits, Options, Source, analyze};

/// Compiles on a thread with a stack of 512 KiB; gives the codes of the errors and the number of nodes.
fn on_small_stack(text: String, options: Options) -> (Vec<String>, usize) {
    let run = move || {
        let analysis = analyze(&[Source::new("rules.cep", text)], &options);
        let codes = analysis.diagnostics.iter().map(|d| d.code.to_string()).collect();
        (codes, analysis.program.map_or(0, |p| p.nodes.len()))
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap()
}

fn compile(text: impl Into<String>) -> (Vec<String>, usize) {
    on_small_stack(text.into(), Options::default())
}

/// `f0(x) = body`, each next function calling the one before in `shape`, where `@` is the function before.
fn chain(n: usize, shape: &str) -> String {
    let mut text = String::from("FN f0(x) = x\n");
    for i in 1..=n {
        writeln!(text, "FN f{i}(x) = {}", shape.replace('@', &format!("f{}", i - 1))).unwrap();
    }
    writeln!(text, "IF f{n}(last(\"A/B\")) > 0 THEN S").unwrap();
    text
}

#[test]
fn nested_expressions_at_the_limit() {
    for (open, close) in [("abs(", ")"), ("-(", ")"), ("1 + (", ")"), ("(bid(\"A/B\") ?? ", ")")] {
        let deep = |n: usize| format!("IF {}last(\"A/B\"){} > 0 THEN S", open.repeat(n), close.repeat(n));
        let (codes, _) = compile(deep(60));
        assert_eq!(codes, Vec::<String>::new(), "{open}");
        for n in 100..140 {
            let (codes, _) = compile(deep(n));
            assert!(codes.is_empty() || codes.iter().all(|c| c == "E0601"), "{open} {n}: {codes:?}");
        }
    }
    let nots = |n: usize| format!("IF {}(last(\"A/B\") > 0) THEN S", "NOT ".repeat(n));
    assert_eq!(compile(nots(120)).0, Vec::<String>::new());
    let events = |n: usize| format!("IF {}trade(\"A/B\"){} THEN S", "trade(\"A/B\") WHERE count(".repeat(n), ", 1s) > 1".repeat(n));
    for n in [1, 10, 20, 30, 40, 60] {
        let (codes, _) = compile(events(n));
        assert!(codes.iter().all(|c| c == "E0601"), "{n}: {codes:?}");
    }
}

#[test]
fn chains_of_functions_are_bounded_and_safe() {
    // Each body as high as it may be, with the call at its bottom: the worst there is for the stack.
    let high = |open: &str, close: &str, n: usize| format!("{}@(x){}", open.repeat(n), close.repeat(n));
    for shape in [
        "@(x) + 1".to_owned(),
        "abs(@(x))".to_owned(),
        high("abs(", ")", 100),
        high("1 + (", ")", 60),
        high("max(1, ", ")", 100),
        high("pow(", ", 1)", 100),
        high("-(", ")", 60),
        "count(trade(\"A/B\") WHERE @(x) > it.qty, 1s)".to_owned(),
        "count(NO (trade(\"A/B\") OR @(x) > 1 AND TRUE) FOR 1s, 1s)".to_owned(),
        "count((@(x) > 1 FOR 1s) AND NOT (@(x) IN 1 .. 2), 1s)".to_owned(),
        "count(@(x) CROSSES 1, 1s)[1]".to_owned(),
    ] {
        let (codes, _) = compile(chain(500, &shape));
        assert!(codes.iter().any(|c| c == "E0601"), "{shape}: {codes:?}");
    }
    let (codes, nodes) = compile(chain(60, "@(x) + 1"));
    assert_eq!((codes, nodes), (Vec::new(), 64));
}

#[test]
fn doubling_functions_end_quickly() {
    for shape in ["@(x) + @(x)", "@(x + 1) + @(x + 2)", "@(1) + @(x)", "@(@(x))"] {
        for nodes in [1_000, 100_000] {
            let few = Options::default().with_limits(Limits::default().with_max_nodes(nodes));
            let (codes, _) = on_small_stack(chain(40, shape), few);
            assert!(codes == ["E0603"], "{shape}: {codes:?}");
        }
    }
    // At the limit by default: a second or two in a release build, too long in others.
    if !cfg!(debug_assertions) {
        assert_eq!(compile(chain(40, "@(x) + @(x)")).0, ["E0603"]);
    }
}

#[test]
fn long_chains_of_names_do_not_nest() {
    let mut text = String::from("LET a0 = last(\"A/B\")\nLET e0 = trade(\"A/B\")\nCONST k0 = 1\n");
    for i in 1..20_000 {
        let j = i - 1;
        writeln!(text, "LET a{i} = a{j} + 1\nLET e{i} = e{j} WHERE it.qty > {i}\nCONST k{i} = k{j} + 1").unwrap();
    }
    text.push_str("IF e19999 THEN S(a = a19999, q = it.qty, k = k19999)");
    assert_eq!(compile(text.clone()).0, Vec::<String>::new());
    // From the last to the first.
    let lines: Vec<&str> = text.lines().rev().collect();
    assert_eq!(compile(lines.join("\n")).0, Vec::<String>::new());
    // Events of events.
    let mut text = String::from("LET e0 = trade(\"x:A/B\")\n");
    for i in 1..2_000 {
        writeln!(text, "LET e{i} = (e{} WHERE it.qty > {i}) OR trade(\"y{i}:A/B\")", i - 1).unwrap();
    }
    text.push_str("IF e1999 THEN S(p = it.price)");
    assert_eq!(compile(text).0, Vec::<String>::new());
}

#[test]
fn instances_are_bounded() {
    let set: Vec<String> = (0..400).map(|i| format!("\"S{i}/U\"")).collect();
    let text = format!("SET m = [{}]\nRULE r FOR EACH a IN m FOR EACH b IN m: IF last(a) > last(b) THEN S", set.join(", "));
    assert_eq!(compile(text).0, ["E0605"]);
    let overflow = format!(
        "SET m = [{}]\nRULE r {}: IF trade(a) THEN S",
        set.join(", "),
        (0..9).map(|i| format!("FOR EACH a{i} IN m ")).collect::<String>()
    );
    assert!(compile(overflow).0.contains(&"E0605".to_owned()));
}

#[test]
fn very_many_mistakes_are_fine() {
    let text = "IF nosuch(gone) > it.price + \"A\" THEN S(x = y.z)\n".repeat(5_000);
    let codes = compile(text).0;
    assert_eq!(codes.len(), 101, "a hundred and one that says that there are more");
    assert_eq!(codes.iter().filter(|c| *c == "E0604").count(), 1);
    let mut text = String::new();
    for i in 0..5_000 {
        writeln!(text, "LET some_rather_long_name_{i} = other_rather_long_name_{i}").unwrap();
    }
    assert_eq!(compile(text).0.len(), 101);
    // Warnings never hide an error.
    let text = format!("{}IF nosuch(\"A/B\") > 1 THEN S", "IF 1 < 2 AND last(\"A/B\") > 1 THEN S\n".repeat(11_000));
    assert!(compile(text).0.contains(&"E0302".to_owned()));
}

/// Ten thousand rules; timed in release builds.
#[test]
fn ten_thousand_rules() {
    let mut text = String::new();
    for i in 0..10_000 {
        writeln!(
            text,
            "RULE r{i}: IF price(\"S{}/USDT\") > {} AND spread_ratio(\"S{}/USDT\") < 5bp THEN HIGH(px = price(\"S{}/USDT\"))",
            i % 500,
            i,
            i % 500,
            i % 500
        )
        .unwrap();
    }
    let sources = [Source::new("many.cep", text)];
    let mut best = f64::MAX;
    for _ in 0..if cfg!(debug_assertions) { 1 } else { 5 } {
        let start = Instant::now();
        let program = analyze(&sources, &Options::default()).program.unwrap();
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(program.rules.len(), 10_000);
    }
    eprintln!("10,000 rules: {:.1} ms", best * 1e3);

    let set: Vec<String> = (0..1_000).map(|i| format!("\"S{i}/USDT\"")).collect();
    let mut text = format!("SET m = [{}]\n", set.join(", "));
    for i in 0..10 {
        writeln!(text, "RULE r{i} FOR EACH s IN m: IF price(s) > {} AND spread_ratio(s) < 5bp THEN HIGH(px = price(s), symbol = s)", i + 1)
            .unwrap();
    }
    let sources = [Source::new("each.cep", text)];
    let start = Instant::now();
    let program = analyze(&sources, &Options::default()).program.unwrap();
    eprintln!("10,000 instances: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    assert_eq!(program.rules.len(), 10_000);
}

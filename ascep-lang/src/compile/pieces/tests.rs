//! A program in pieces is the program as a whole, wherever the text is cut.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;

use crate::compile::{InputType, Options, analyze};
use crate::diagnostic::Code;
use crate::source::Source;

/// Whether a text is compiled in pieces of that size; the program is the one of the whole then.
fn same(text: &str, options: &Options, piece: usize) -> bool {
    let sources = [Source::new("rules.cep", text)];
    let Some(program) = super::compile(&sources, options, 0, piece) else { return false };
    let whole = analyze(&sources, options).program;
    assert_eq!(Some(&program), whole.as_ref(), "{text}");
    assert_eq!(Some(program.warnings), whole.map(|whole| whole.warnings), "{text}");
    true
}

fn options() -> Options {
    Options::default().with_input("open", InputType::Bool)
}

fn taken(text: &str) -> bool {
    let taken = [1, 150, 700].map(|piece| same(text, &options(), piece));
    taken.contains(&true)
}

/// Definitions that rules share, and rules that read them, each other's parts and their own, in many shapes.
fn program(rules: usize) -> String {
    let mut text = String::from(
        "USE arbitrage\nCONST K = 2\nPARAM q = 2 IN 1 .. 5\nPARAM d = 1s\nSET ALL3 = [\"A/B\", \"C/B\", \"A/C\"]\n\
         LET px = mid(\"A/B\") * mid(\"B/C\")\nLET big = trade(\"A/B\") WHERE it.qty > 1\nLET both = trade(\"A/B\") OR trade(\"C/B\")\n\
         LET slow = avg(it_free, 5s)\nLET it_free = mid(\"C/B\")\nFN twice(x) = x + x\n",
    );
    for i in 0..rules {
        let s = format!("S{}", i * 7 % 13);
        let each = if i % 15 == 5 { " FOR EACH s IN ALL3" } else { "" };
        let _ = write!(text, "RULE r{i}{each}: ");
        let _ = match i % 15 {
            0 => writeln!(text, "IF mid(\"{s}\") > {i} AND spread_ratio(\"{s}\") < 3bp THEN S"),
            1 => writeln!(text, "IF big THEN S(p = it.price, q = it.qty, t = it.ts)"),
            2 => writeln!(text, "IF both THEN S(p = it.side) COOLDOWN d LIMIT 3 PER 1m"),
            3 => writeln!(text, "IF px * mid(\"C/A\") > 1.0{i} THEN S"),
            4 => writeln!(text, "IF slow > 3 UNTIL slow < 2 THEN S(x = slow) EVERY d"),
            5 => writeln!(text, "IF last(s) > last(s)[5] AND open THEN S(s = s)"),
            6 => writeln!(text, "IF SEQ a: big -> trade(\"{s}\") WHERE it.price > a.price{{2..3}} WITHIN 5s THEN S(p = a.price)"),
            7 => writeln!(text, "IF twice(mid(\"{s}\")) > K * q AND known(bid(\"{s}\")) THEN S(h = \"text\")"),
            8 => writeln!(text, "\n  LET a = bid(\"{s}\")  # its own\n  IF a > {i}\n  THEN S(a = a, b = a * 2)"),
            9 => writeln!(text, "IF count(both, 1s, partial = TRUE) > 3 THEN S(n = count(big, 1s))"),
            10 => writeln!(text, "IF ALL(big, trade(\"{s}\")) WITHIN 1s THEN S, T(t = it.ts)"),
            11 => writeln!(text, "IF triangle(\"A/B\", \"B/C\", \"A/C\", fee = 0.1%).net > {i}bp THEN S"),
            12 => writeln!(text, "IF sum(qty(\"{s}\"), 1s) > 1 THEN S"),
            13 => writeln!(text, "IF mid(\"{s}\") > 1 AND (bar(\"{s}\", 1m).close > 2 OR mid(\"S1\") + mid(\"{s}\") > {i}) THEN S"),
            _ => writeln!(text, "IF mid(\"S1\") * mid(\"S2\") / mid(\"{s}\") > {} THEN S EVERY TICK", i % 3),
        };
    }
    text
}

#[test]
fn many_shapes_of_rules() {
    let text = program(15);
    let found = analyze(&[Source::new("rules.cep", text.as_str())], &options()).diagnostics;
    assert!(found.is_empty(), "{found:?}");
    assert!(taken(&text));
    assert!(taken(&program(200)));
}

#[test]
fn what_is_found_once_all_rules_are_known() {
    // A name that nothing uses, also where a rule of the last piece would.
    let unused = format!("CONST U = 3\n{}", program(30));
    assert!(taken(&unused));
    assert!(taken(&format!("{unused}RULE last: IF mid(\"X\") > U THEN S\n")));
    // A product of the shared ones is part of another one in a rule, or it is not.
    let open = "LET open_circle = mid(\"A/B\") * mid(\"B/C\") * mid(\"A/C\")\n";
    let reads = "RULE z: IF open_circle / mid(\"A/C\") / mid(\"A/C\") > 1 THEN S\n";
    for (rules, warned) in [(reads, false), ("RULE z: IF open_circle > 1 THEN S\n", true)] {
        let text = format!("{open}RULE a: IF mid(\"X\") > 1 THEN S\n{rules}");
        let found = analyze(&[Source::new("rules.cep", text.as_str())], &Options::default()).diagnostics;
        assert_eq!(found.iter().any(|d| d.code == Code::TriangleNotClosed), warned, "{found:?}");
        assert!(taken(&text), "{text}");
    }
}

#[test]
fn warnings_of_rules() {
    let rules = program(30);
    let units = "RULE late: IF mid(\"A/B\") > mid(\"B/C\") OR mid(\"A/B\") * mid(\"B/C\") * mid(\"A/C\") > 1 THEN S\n";
    let text = format!("{rules}{units}RULE last: IF mid(\"X\") > 1 THEN S\n");
    let found = analyze(&[Source::new("rules.cep", text.as_str())], &options()).diagnostics;
    assert!(found.len() > 1, "{found:?}");
    assert!(taken(&text));
    assert!(!same(&text, &Options { strict_units: true, ..options() }, 150), "{found:?}");
}

#[test]
fn what_is_not_for_pieces() {
    let rules = program(30);
    for rest in [
        "CONST LATE = 3\n",
        "  CONST LATE = 3\n",
        "TEST \"t\" { EXPECT NONE }\n",
        "RULE r3: IF mid(\"X\") > 1 THEN S\n",
        "RULE late: IF mid(\"X\") > 1 AND THEN S\n",
        "RULE late: IF nobody > 1 THEN S\n",
        "RULE late: IF mid(\"X\") > 1 THEN\nRULE\n",
    ] {
        assert!(!taken(&format!("{rules}{rest}")), "{rest}");
    }
}

#[test]
fn every_text_with_rules_behind() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests", "../examples", "../ascep-runtime/tests/worked"] {
        texts(&root.join(folder), &mut all);
    }
    assert!(all.len() > 50);
    let more: String = (0..20).map(|i| format!("RULE more{i}: IF mid(\"S{}\") > {i} THEN S\n", i % 3)).collect();
    let count = all.iter().filter(|text| taken(&format!("{text}\n{more}"))).count();
    assert!(count > 10, "{count} of {}", all.len());
}

/// All texts of rules in a folder.
fn texts(folder: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, out);
        } else if path.extension().is_some_and(|e| e == "cep") {
            out.extend(std::fs::read_to_string(path));
        }
    }
    out.sort();
}

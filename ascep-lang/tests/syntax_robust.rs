//! Texts that try to break the parser: cut off, garbled, endless, too deep. None may panic or flood.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::syntax::{self, ExprKind, MAX_NESTING, Tree};
use ascep_lang::{Code, FileId, Limits, Source};
use proptest::prelude::*;

const TWELVE: &str = include_str!("programs/twelve.cep");
const TESTS: &str = include_str!("programs/tests.cep");

fn parse(text: &str) -> (Tree, Vec<Code>) {
    let (tree, diagnostics) = syntax::parse(FileId(0), text, &Limits::default());
    for d in &diagnostics {
        assert!(text.get(d.span.range()).is_some(), "{d:?}");
        for (span, _) in d.help.iter().filter_map(|h| h.replacement.as_ref()) {
            assert!(text.get(span.range()).is_some(), "{d:?}");
        }
    }
    for (at, expr) in tree.exprs.iter().enumerate() {
        assert!(expr.height <= MAX_NESTING && expr.height > 0);
        assert!(text.get(expr.span.range()).is_some());
        if let ExprKind::Paren(x) | ExprKind::Neg(x) | ExprKind::Not(x) | ExprKind::Binary(_, x, _) = expr.kind {
            assert!((x.0 as usize) < at, "children first");
        }
        assert!(!diagnostics.is_empty() || expr.kind != ExprKind::Error, "an error node without an error");
    }
    (tree, diagnostics.iter().map(|d| d.code).collect())
}

/// Runs `f` on a thread with a stack of 512 KiB.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(f).unwrap().join().unwrap();
}

#[test]
fn every_prefix_is_read_or_reported() {
    for text in [TWELVE, TESTS] {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let (tree, codes) = parse(text.get(..end).unwrap());
            assert!(codes.len() <= 3, "{codes:?} after {:?}", text.get(end.saturating_sub(60)..end));
            assert!(!tree.items.is_empty() || end < 160);
        }
    }
}

#[test]
fn a_missing_token_is_no_flood() {
    for text in [TWELVE, TESTS] {
        let items = parse(text).0.items.len();
        for (token, range) in syntax::tokens(text) {
            let cut = format!("{}{}", text.get(..range.start).unwrap(), text.get(range.end..).unwrap());
            let (tree, codes) = parse(&cut);
            assert!(codes.len() <= 3, "without {token} at {}: {codes:?}", range.start);
            assert!(tree.items.len() + 2 >= items, "without {token} at {}: {} of {items}", range.start, tree.items.len());
        }
    }
}

#[test]
fn a_doubled_token_is_no_flood() {
    for text in [TWELVE, TESTS] {
        for (token, range) in syntax::tokens(text) {
            let word = text.get(range.clone()).unwrap();
            let doubled = format!("{} {word} {}", text.get(..range.start).unwrap(), text.get(range.start..).unwrap());
            let (_, codes) = parse(&doubled);
            assert!(codes.len() <= 3, "{token} twice at {}: {codes:?}", range.start);
        }
    }
}

#[test]
fn a_million_of_everything() {
    let (million, n) = (1_000_000, 100_000);
    let nested: [(&str, String); 9] = [
        ("parens", format!("IF {}", "(".repeat(million))),
        ("closed parens", format!("IF {}a{} THEN S", "(".repeat(n), ")".repeat(n))),
        ("calls", format!("LET x = {}1", "f(".repeat(n))),
        ("lists", format!("LET x = {}", "[".repeat(n))),
        ("indexes", format!("LET x = {}", "a[".repeat(n))),
        ("minus", format!("LET x = {}1", "-".repeat(million))),
        ("nots", format!("IF {}a THEN S", "NOT ".repeat(million))),
        ("bangs", format!("IF {}a THEN S", "!".repeat(n))),
        ("mixed", format!("IF {}a THEN S", "NOT (-(".repeat(n))),
    ];
    for (name, text) in nested {
        on_a_small_stack(move || {
            let (_, codes) = parse(&text);
            if name == "bangs" {
                // Each is a mistake of its own, and there is an end to them.
                assert_eq!(codes.len(), 101);
            } else {
                assert!(codes.contains(&Code::NestingTooDeep) && codes.len() <= 2, "{name}: {codes:?}");
            }
        });
    }
    let chains: [(&str, String); 6] = [
        ("sum", format!("LET x = 1{}", "+1".repeat(million))),
        ("product", format!("LET x = 1{}", "/1".repeat(n))),
        ("coalesce", format!("LET x = 1{}", "??1".repeat(n))),
        ("fields", format!("LET x = a{}", ".b".repeat(n))),
        ("indexed", format!("LET x = a{}", "[1]".repeat(n))),
        ("compared", format!("LET x = a{}", "<a".repeat(n))),
    ];
    for (name, text) in chains {
        on_a_small_stack(move || {
            let (tree, codes) = parse(&text);
            let mut wanted = vec![Code::NestingTooDeep];
            if name == "compared" {
                wanted.insert(0, Code::ChainedComparison);
            }
            assert_eq!(codes.len(), wanted.len(), "{name}: {codes:?}");
            assert!(wanted.iter().all(|code| codes.contains(code)), "{name}: {codes:?}");
            assert!(tree.exprs.len() < 1000, "nothing is kept beyond the limit");
        });
    }
    let wide: [(&str, String); 4] = [
        ("and", format!("LET x = a{}", " AND a".repeat(n))),
        ("args", format!("LET x = f(a{})", ",a".repeat(n))),
        ("steps", format!("IF SEQ a{} WITHIN 1s THEN S", "->a".repeat(n))),
        ("symbols", format!("SET x = [\"\"{}]", ",\"\"".repeat(n))),
    ];
    for (name, text) in wide {
        on_a_small_stack(move || assert_eq!(parse(&text).1, [], "{name}"));
    }
}

#[test]
fn a_million_mistakes_are_a_hundred() {
    for part in ["IF ", "IF a THEN ", "@ ", ") ", "TEST \"\" { AT ", "RULE ", "} ", "LET x = 5zz ", "THEN ", "{ ", "\"a\n", "x = "] {
        let text = part.repeat(50_000);
        let (_, diagnostics) = syntax::parse(FileId(0), &text, &Limits::default());
        assert!((1..=101).contains(&diagnostics.len()), "{part}: {}", diagnostics.len());
        let cut = diagnostics.iter().filter(|d| d.code == Code::TooManyErrors).count();
        assert_eq!(cut, usize::from(diagnostics.len() == 101), "{part}");
    }
    // A test with many broken steps is one item.
    let text = format!("TEST \"t\" {{ {} }}", "AT x y ".repeat(20_000));
    assert_eq!(syntax::parse(FileId(0), &text, &Limits::default()).1.len(), 101);
}

#[test]
fn the_tree_is_as_high_as_it_may_be() {
    let parens = |n: usize| format!("LET x = {}a{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(parse(&parens(127)).1, []);
    assert_eq!(parse(&parens(128)).1, [Code::NestingTooDeep]);
    assert_eq!(parse(&parens(129)).1, [Code::NestingTooDeep]);
    let sum = |n: usize| format!("LET x = a{}", " + a".repeat(n));
    assert_eq!(parse(&sum(127)).1, []);
    assert_eq!(parse(&sum(128)).1, [Code::NestingTooDeep]);
    // What comes after is read.
    let (tree, codes) = parse(&format!("{}\nLET y = b", parens(500)));
    assert_eq!(codes, [Code::NestingTooDeep]);
    assert_eq!(tree.items.len(), 1);
}

#[test]
fn limits_hold() {
    let of = |limits: &Limits, text: &str| -> Vec<Code> { syntax::parse(FileId(0), text, limits).1.iter().map(|d| d.code).collect() };
    let small = Limits::default().with_max_file_bytes(10);
    assert_eq!(of(&small, "LET x = 123"), [Code::FileTooLarge]);
    assert_eq!(of(&small, "LET x = 12"), []);
    let few = Limits::default().with_max_nodes(3);
    assert_eq!(of(&few, "LET x = a + b"), []);
    assert_eq!(of(&few, "LET x = a + b LET y = 1 LET z = 2"), [Code::TooManyNodes]);
    let two = Limits::default().with_max_errors(2);
    assert_eq!(of(&two, "IF IF"), [Code::UnexpectedToken, Code::UnexpectedEnd]);
    assert_eq!(of(&two, "@ IF @ IF"), [Code::UnknownCharacter, Code::UnexpectedToken, Code::TooManyErrors]);
}

#[test]
fn line_ends_and_marks() {
    assert_eq!(parse("\u{feff}IF a\r\nTHEN S\r\n").1, []);
    assert_eq!(parse("IF a # x\rTHEN S\r").1, [], "a lone carriage return ends a line");
    assert_eq!(parse("IF \u{feff} a THEN S").1, [Code::UnknownCharacter]);
    let source = Source::from_bytes("x", vec![0xff, 0xfe, b'I', b'F']);
    parse(&source.text);
}

proptest! {
    #[test]
    fn garbage_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&Source::from_bytes("x", bytes).text);
    }

    #[test]
    fn garbage_text(text in "\\PC{0,200}") {
        parse(&text);
    }

    #[test]
    fn token_soup(picks in proptest::collection::vec(0usize..4096, 0..80)) {
        let words: Vec<&str> = syntax::tokens(TESTS).into_iter().map(|(_, range)| TESTS.get(range).unwrap())
            .filter(|w| !w.starts_with('#')).chain(["\n", "%", "=", "&&", "'x'", "\"", "SEQ", "->", "5zz", ";", "é"]).collect();
        let text: Vec<&str> = picks.iter().map(|pick| words[pick % words.len()]).collect();
        let text = text.join(" ");
        let (tree, codes) = parse(&text);
        if codes.is_empty() {
            let printed = syntax::print(&tree);
            let (again, codes) = parse(&printed);
            prop_assert_eq!(codes, []);
            prop_assert_eq!(syntax::dump_tree(&tree, false), syntax::dump_tree(&again, false));
        }
    }

    #[test]
    fn changed_programs(cuts in proptest::collection::vec((0usize..4000, 0usize..6, "[ -~]{0,3}"), 1..4)) {
        let mut text = format!("{TWELVE}{TESTS}");
        for (at, len, with) in cuts {
            let from = at % text.len();
            let to = (from + len).min(text.len());
            text.replace_range(from..to, &with);
        }
        let (_, codes) = parse(&text);
        prop_assert!(codes.len() <= 24, "{codes:?}");
    }
}

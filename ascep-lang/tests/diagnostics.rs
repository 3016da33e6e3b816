//! Drawing and JSON of findings: by example, and for any text and any span.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::{Code, Diagnostic, Diagnostics, FileId, RenderOptions, Source, Span};
use proptest::prelude::*;

const PLAIN: RenderOptions = RenderOptions { color: false, width: Some(100) };

fn span(start: usize, end: usize) -> Span {
    Span::new(FileId(0), start, end)
}

fn render(text: &str, d: Diagnostic) -> String {
    Diagnostics::new(vec![d]).render(&[Source::new("a.cep", text)], PLAIN)
}

#[test]
fn a_fix_is_shown_as_text_to_paste() {
    let text = "# seed\nIF price(\"EUR/USD\") - price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL\n";
    let d = Diagnostic::new(Code::UnitMismatch, span(10, 46), "`USD/EUR` minus `EUR/USD`")
        .labelled("this is in EUR/USD")
        .also(span(10, 26), "this is in USD/EUR")
        .fix("turn the second price over", span(29, 45), "1 / price(\"USD/EUR\")")
        .help("or compare them in one unit");
    assert_eq!(
        render(text, d),
        "\
warning[W1001]: `USD/EUR` minus `EUR/USD`
 --> a.cep:2:4
  |
2 | IF price(\"EUR/USD\") - price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL
  |    ----------------^^^^^^^^^^^^^^^^^^^^
  |    |
  |    this is in EUR/USD
  |    this is in USD/EUR
  |
  = help: or compare them in one unit
help: turn the second price over
  |
2 | IF price(\"EUR/USD\") - 1 / price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL
  |                       +++
"
    );
}

#[test]
fn json_is_one_object_a_line() {
    let d = Diagnostic::new(Code::UnknownName, span(4, 7), "there is no `fée`").labelled("here").also(span(0, 3), "from here").fix(
        "did you mean `fee`?",
        span(4, 7),
        "fee",
    );
    let list = Diagnostics::new(vec![d, Diagnostic::new(Code::UnusedName, Span::new(FileId(9), 5, 9), "x \"y\"")]);
    assert_eq!(
        list.to_json(&[Source::new("a.cep", "é:\n\tfoo\n")]),
        concat!(
            r#"{"code":"E0301","severity":"error","message":"there is no `fée`","file":"a.cep","line":2,"column":1,"end_line":2,"end_column":4,"#,
            r#""label":"here","labels":[{"file":"a.cep","line":1,"column":1,"end_line":1,"end_column":3,"message":"from here"}],"#,
            r#""help":[{"message":"did you mean `fee`?","replacement":{"file":"a.cep","line":2,"column":1,"end_line":2,"end_column":4,"#,
            r#""start":4,"end":7,"text":"fee"}}]}"#,
            "\n",
            r#"{"code":"W2003","severity":"warning","message":"x \"y\"","file":null,"line":1,"column":1,"end_line":1,"end_column":1,"#,
            r#""label":"","labels":[],"help":[]}"#,
            "\n",
        )
    );
}

#[test]
fn odd_places_are_drawn() {
    let at = |start, end| Diagnostic::new(Code::UnexpectedEnd, span(start, end), "odd").labelled("here");
    assert_eq!(render("", at(0, 0)), "error[E0202]: odd\n --> a.cep:1:1\n  |\n1 |\n  | ^ here\n");
    assert_eq!(render("IF", at(2, 2)), "error[E0202]: odd\n --> a.cep:1:3\n  |\n1 | IF\n  |   ^ here\n");
    assert_eq!(render("IF", at(900, 7)), render("IF", at(2, 2)), "past the end is the end");
    assert_eq!(
        render("é", at(1, 1)),
        "error[E0202]: odd\n --> a.cep:1:1\n  |\n1 | é\n  | ^ here\n",
        "inside a character is that character"
    );
    assert_eq!(render("a\r\nbc\r\n", at(3, 5)), "error[E0202]: odd\n --> a.cep:2:1\n  |\n2 | bc\n  | ^^ here\n");
    assert_eq!(render("日本 x", at(7, 8)), "error[E0202]: odd\n --> a.cep:1:4\n  |\n1 | 日本 x\n  |      ^ here\n");
    let elsewhere = Diagnostic::new(Code::UnexpectedEnd, Span::new(FileId(4), 0, 1), "odd");
    assert_eq!(render("x", elsewhere), "error[E0202]: odd\n");
    let long = "x".repeat(1 << 20);
    assert_eq!(render(&long, at(70_000, 70_001)), "error[E0202]: odd\n--> a.cep:1:70001\n");
}

/// Text with what usually goes wrong in it, and offsets around and past it.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\t"),
        Just("\r\n"),
        Just("\n"),
        Just("\r"),
        Just("é"),
        Just("日本"),
        Just("\u{200d}👩‍👧"),
        Just("\u{202e}"),
        Just("\u{0}"),
        Just("\u{1b}[31m"),
        Just("e\u{301}"),
        Just("IF x THEN S"),
        Just(" "),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("\u{FFFD}")
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_panics(
        a in texts(), b in texts(),
        spans in proptest::collection::vec((0u32..3, 0u32..60, 0u32..60), 4),
        fix in texts(), color in any::<bool>(), width in proptest::option::of(0usize..120),
    ) {
        let s: Vec<Span> = spans.iter().map(|&(file, start, end)| Span { file: FileId(file), start, end }).collect();
        let d = Diagnostic::new(Code::UnknownName, s[0], &*a).labelled(&*fix).also(s[1], &*b).also(s[2], "").fix("put", s[3], &*fix).help(&*fix);
        let sources = [Source::new(&*fix, &*a), Source::new("b", &*b)];
        let list = Diagnostics::new(vec![d]);
        let drawn = list.render(&sources, RenderOptions { color, width });
        prop_assert!(drawn.ends_with('\n'));
        let json = list.to_json(&sources);
        prop_assert_eq!(json.lines().count(), 1);
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}

//! `TEST` blocks: what they become, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

use ascep_lang::program::{Constant, ParamId, Side};
use ascep_lang::tests::{ExpectedValue, Test, TestAction, TestEvent, TestPayload};
use ascep_lang::{Code, Options, RenderOptions, Source, analyze};

const RULES: &str = r#"
CONST _SOON = 400ms
CONST _N = 5
PARAM fee = 5bp IN 1bp .. 10bp
PARAM hold = 1s IN 1ms .. 1m
RULE whale: IF trade("A/B") WHERE it.notional > 100 * (1 + fee) THEN WHALE(px = it.price, side = it.side, at_ = it.ts, s = "A/B", big = (it.qty > 5), age = age("A/B"))
RULE calm: IF NO quote("A/B") FOR hold THEN CALM
"#;

/// Code, what is pointed at, and the fixes.
type Finding = (Code, String, Vec<String>);

fn found(block: &str) -> (Vec<Test>, String, Vec<Finding>) {
    let sources = [Source::new("rules.cep", format!("{RULES}{block}"))];
    let analysis = analyze(&sources, &Options::default());
    let text = &sources[0].text;
    let codes = analysis.diagnostics.iter().map(|d| {
        let fixes = d.help.iter().filter_map(|h| h.replacement.as_ref()).map(|r| r.1.clone()).collect();
        (d.code, text[d.span.range()].to_owned(), fixes)
    });
    (analysis.tests.clone(), analysis.diagnostics.render(&sources, RenderOptions::default()), codes.collect())
}

fn test(block: &str) -> Test {
    let (mut tests, drawn, _) = found(block);
    assert_eq!((tests.len(), drawn.as_str()), (1, ""), "{block}");
    tests.remove(0)
}

#[test]
fn a_test_is_data() {
    let test = test(
        r#"TEST "all of it" {
  SET fee = 2bp
  AT 1s trade("A/B", qty = 2 * 3, price = 1e2, side = "sell", venue_ts = 900ms)
  SET hold = 2s
  AT _SOON quote("A/B", bid = 1)
  AT 1s book("A/B", asks = [[2, 0], [2.5, 1]])
  ADVANCE 0s
  SET fee = 10bp
  EXPECT WHALE(px = 100, side = "sell", at_ = 1s, s = "A/B", big = TRUE, age = 0s) AT 1s
  EXPECT CALM AT 5s
  EXPECT WHALE(px = unknown) AT _SOON
}"#,
    );
    assert_eq!((test.name.as_str(), test.none, test.included, test.end), ("all of it", false, false, 5_000_000_000));
    let bits = |x: f64| Constant::Num(x.to_bits());
    assert_eq!(test.params, [(ParamId(0), bits(2e-4))], "before anything happens");
    let event = |what, venue_ts| TestAction::Event(TestEvent { symbol: "A/B".to_owned(), venue_ts, what });
    let steps: Vec<_> = test.steps.iter().map(|s| (s.at, s.what.clone())).collect();
    let second = 1_000_000_000;
    assert_eq!(
        steps,
        [
            (0, TestAction::Advance),
            (400_000_000, event(TestPayload::Quote { bid: Some(1.0), ask: None, bid_qty: None, ask_qty: None }, None)),
            (second, event(TestPayload::Trade { price: 100.0, qty: Some(6.0), side: Some(Side::Sell) }, Some(900_000_000))),
            (second, TestAction::Set(ParamId(1), Constant::Duration(2 * second))),
            (second, event(TestPayload::Book { bids: vec![], asks: vec![(2.0, 0.0), (2.5, 1.0)] }, None)),
            (second, TestAction::Set(ParamId(0), bits(1e-3))),
        ]
    );
    let expected: Vec<_> = test.expected.iter().map(|e| (e.signal.as_str(), e.at, e.fields.clone())).collect();
    let field = |name: &str, value| (name.to_owned(), value);
    assert_eq!(
        expected,
        [
            (
                "WHALE",
                second,
                vec![
                    field("px", ExpectedValue::Num(100.0)),
                    field("side", ExpectedValue::Text("sell".to_owned())),
                    field("at_", ExpectedValue::Duration(second)),
                    field("s", ExpectedValue::Text("A/B".to_owned())),
                    field("big", ExpectedValue::Bool(true)),
                    field("age", ExpectedValue::Duration(0)),
                ]
            ),
            ("CALM", 5 * second, vec![]),
            ("WHALE", 400_000_000, vec![field("px", ExpectedValue::Unknown)]),
        ]
    );
}

#[test]
fn none_and_the_end() {
    let none = test(r#"TEST "quiet" { AT 3s trade("A/B", price = 1) ADVANCE 2s EXPECT NONE EXPECT NONE }"#);
    assert_eq!((none.none, none.expected.len(), none.end), (true, 0, 3_000_000_000));
    assert_eq!(test(r#"TEST "nothing" { EXPECT NONE }"#).end, 0);
}

#[test]
fn tests_do_not_change_the_program() {
    let compile = |block: &str| analyze(&[Source::new("rules.cep", format!("{RULES}{block}"))], &Options::default()).program.unwrap();
    let mut with = compile(r#"TEST "t" { SET fee = 3bp AT 1s trade("X/Y", price = 7) EXPECT NONE }"#);
    assert_eq!(with.warnings.len(), 1);
    with.warnings.clear();
    assert_eq!(with, compile(""));
}

#[test]
fn tests_of_other_files_are_marked() {
    let sources = [
        Source::new("main.cep", "USE \"./lib.cep\"\nTEST \"mine\" { AT 1s trade(\"A/B\", price = 6) EXPECT HIGH AT 1s }"),
        Source::new("lib.cep", "IF price(\"A/B\") > 5 THEN HIGH\nTEST \"theirs\" { EXPECT NONE }"),
    ];
    let tests = analyze(&sources, &Options::default()).tests;
    let names: Vec<_> = tests.iter().map(|t| (t.name.as_str(), t.included, t.span.file.0)).collect();
    assert_eq!(names, [("theirs", true, 1), ("mine", false, 0)]);
}

/// Code, block, what is pointed at, the only fix.
const REFUSED: &[(Code, &str, &str, Option<&str>)] = &[
    (Code::NotATestEvent, r#"AT 1s trde("A/B", price = 1)"#, "trde", Some("trade")),
    (Code::NotATestEvent, r#"AT 1s bar("A/B", 1m)"#, "bar", None),
    (Code::MissingArgument, r#"AT 1s trade("A/B", qty = 1)"#, r#"trade("A/B", qty = 1)"#, None),
    (Code::MissingArgument, r#"AT 1s quote(bid = 1)"#, "quote(bid = 1)", None),
    (Code::WrongArgumentCount, r#"AT 1s trade("A/B", 100)"#, "100", None),
    (Code::UnknownArgument, r#"AT 1s trade("A/B", price = 1, bid = 2)"#, "bid", None),
    (Code::UnknownArgument, r#"AT 1s quote("A/B", bidqty = 2)"#, "bidqty", Some("bid_qty")),
    (Code::DuplicateArgument, r#"AT 1s trade("A/B", price = 1, price = 2)"#, "2", None),
    (Code::BadTestValue, r#"AT 1s trade("A/B", price = 0)"#, "0", None),
    (Code::BadTestValue, r#"AT 1s trade("A/B", price = 1, qty = -1)"#, "-1", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", bids = [[1, 1], [2, 1]])"#, "[2, 1]", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", asks = [[1, 1], [1, 1]])"#, "[1, 1]", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", asks = [[1, 1, 1]])"#, "[1, 1, 1]", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", asks = 5)"#, "5", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", asks = [5])"#, "5", None),
    (Code::BadTestValue, r#"AT 1s book("A/B", asks = [[1, -1]])"#, "-1", None),
    (Code::BadSide, r#"AT 1s trade("A/B", price = 1, side = "SELL")"#, r#""SELL""#, Some(r#""sell""#)),
    (Code::BadSide, r#"AT 1s trade("A/B", price = 1, side = 5)"#, "5", None),
    (Code::TypeMismatch, r#"AT 1s trade("A/B", price = 1s)"#, "1s", None),
    (Code::NotConstant, r#"AT 1s trade("A/B", price = fee)"#, "fee", None),
    (Code::NotConstant, r#"AT 1s trade("A/B", price = bid("A/B"))"#, r#"bid("A/B")"#, None),
    (Code::NotConstant, r#"AT hold trade("A/B", price = 1)"#, "hold", None),
    (Code::WantDuration, r#"AT _N trade("A/B", price = 1)"#, "_N", None),
    (Code::WantSymbol, r#"AT 1s trade(5, price = 1)"#, "5", None),
    (Code::BadSymbol, r#"AT 1s trade("A B", price = 1)"#, r#""A B""#, None),
    (Code::UnknownTestSymbol, r#"AT 1s trade("A/BB", price = 1)"#, r#""A/BB""#, Some(r#""A/B""#)),
    (Code::UnknownParam, "SET fe = 1bp", "fe", Some("fee")),
    (Code::ParamOutOfRange, "SET fee = 11bp", "11bp", None),
    (Code::ParamOutOfRange, "SET hold = 1ns", "1ns", None),
    (Code::TypeMismatch, "SET fee = 1s", "1s", None),
    (Code::TypeMismatch, "SET fee = TRUE", "TRUE", None),
    (Code::NotConstant, r#"SET fee = spread_ratio("A/B")"#, r#"spread_ratio("A/B")"#, None),
];

const UNMET: &[(Code, &str, &str, Option<&str>)] = &[
    (Code::UnknownSignal, "EXPECT WHLE AT 1s", "WHLE", Some("WHALE")),
    (Code::UnknownField, "EXPECT WHALE(pxx = 1) AT 1s", "pxx", Some("px")),
    (Code::UnknownField, "EXPECT CALM(px = 1) AT 1s", "px", None),
    (Code::DuplicateField, "EXPECT WHALE(px = 1, px = 2) AT 1s", "px", None),
    (Code::TypeMismatch, r#"EXPECT WHALE(px = "x") AT 1s"#, r#""x""#, None),
    (Code::TypeMismatch, "EXPECT WHALE(px = 1s) AT 1s", "1s", None),
    (Code::TypeMismatch, "EXPECT WHALE(at_ = 5) AT 1s", "5", None),
    (Code::TypeMismatch, "EXPECT WHALE(side = TRUE) AT 1s", "TRUE", None),
    (Code::NotConstant, "EXPECT WHALE(px = fee) AT 1s", "fee", None),
    (Code::ExpectNoneAndMore, "EXPECT WHALE AT 1s EXPECT NONE", "EXPECT NONE", None),
    (Code::TestWithoutExpect, "ADVANCE 1s", "\"t\"", None),
];

#[test]
fn refused() {
    let mut wrong = Vec::new();
    let with_none = REFUSED.iter().map(|(code, text, place, fix)| (*code, format!("TEST \"t\" {{ {text} EXPECT NONE }}"), *place, *fix));
    let alone = UNMET.iter().map(|(code, text, place, fix)| (*code, format!("TEST \"t\" {{ {text} }}"), *place, *fix));
    for (code, block, place, fix) in with_none.chain(alone) {
        let (_, drawn, codes) = found(&block);
        let fix: Vec<String> = fix.iter().map(|f| (*f).to_owned()).collect();
        if codes != [(code, place.to_owned(), fix)] {
            wrong.push(format!("{code} {block}\n{drawn}\n{codes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_signal_of_a_wrong_rule_is_not_unknown_too() {
    let (_, _, codes) = found("IF nothing(\"A/B\") > 1 THEN ODD(x = 1)\nTEST \"t\" { EXPECT ODD(x = 1) AT 1s }");
    assert_eq!(codes.iter().map(|c| c.0).collect::<Vec<_>>(), [Code::UnknownFunction]);
}

#[test]
fn with_an_error_elsewhere_tests_are_not_doubted() {
    let sources =
        [Source::new("rules.cep", "IF price(\"A/B\" > 5 THEN HIGH\nTEST \"t\" { AT 1s trade(\"A/B\", price = 6) EXPECT HIGH AT 1s }")];
    let found = analyze(&sources, &Options::default()).diagnostics;
    assert!(found.has_errors() && found.warnings().next().is_none(), "{found}");
}

//! Units: what is warned of, in which words, with which text to paste; and what is right and stays silent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::{Code, Diagnostic, Options, Severity, Source, analyze, compile};

fn findings(text: &str) -> Vec<Diagnostic> {
    analyze(&[Source::new("rules.cep", text)], &Options::default()).diagnostics.into_vec()
}

/// The text with the first pasteable help put in.
fn mended(text: &str, finding: &Diagnostic) -> String {
    let (span, new) = finding.help.iter().find_map(|h| h.replacement.clone()).unwrap_or_else(|| panic!("no fix: {finding:#?}"));
    let mut out = text.to_owned();
    out.replace_range(span.range(), &new);
    out
}

const SEED: &str = "IF price(\"EUR/USD\") - price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL";

#[test]
fn the_seed_rule_warns_and_shows_the_fix() {
    let found = findings(SEED);
    let [warning] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((warning.code, warning.severity), (Code::UnitMismatch, Severity::Warning));
    assert_eq!(warning.message, "`price(\"EUR/USD\")` is in USD per EUR and `price(\"USD/EUR\")` is in EUR per USD");
    assert_eq!(warning.help[0].replacement.as_ref().unwrap().1, "price(\"EUR/USD\") - 1 / price(\"USD/EUR\")");
    let fixed = mended(SEED, warning);
    assert_eq!(fixed, "IF price(\"EUR/USD\") - 1 / price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL");
    assert_eq!(findings(&fixed), []);
    assert!(compile(&[Source::new("a", SEED)], &Options::default()).is_ok());
}

#[test]
fn strict_units_make_it_an_error() {
    let strict = Options::default().with_strict_units(true);
    let errors = compile(&[Source::new("a", SEED)], &strict).unwrap_err();
    assert!(errors.has_errors() && errors.as_slice()[0].code == Code::UnitMismatch);
    assert!(compile(&[Source::new("a", "IF price(\"BTC/USDT\") > 100_000 THEN SIGNAL")], &strict).is_ok());
    // Other warnings stay warnings.
    let program = compile(&[Source::new("a", "CONST k = 1\nIF trade(\"A/B\") THEN S")], &strict).unwrap();
    assert_eq!(program.warnings.len(), 1);
}

#[test]
fn every_fix_of_a_mismatch_mends_it() {
    for text in [
        "IF price(\"A/B\") > price(\"B/A\") THEN S",
        "IF 1 / price(\"A/B\") > price(\"A/B\") THEN S",
        "IF price(\"A/B\") > 1 / price(\"A/B\") THEN S",
        "IF price(\"A/B\") CROSSES ABOVE mid(\"B/A\") THEN S",
        "IF (price(\"A/B\") ?? price(\"B/A\")) > 1 THEN S",
        "IF max(price(\"A/B\"), mid(\"B/A\")) > 1 THEN S",
        "IF price(\"A/B\") IN 1 .. mid(\"B/A\") THEN S",
        "IF price(\"A/B\") - price(\"B/A\") * 2 > 1 THEN S",
        "LET x = price(\"B/A\")\nIF price(\"A/B\") > x THEN S",
        "FN gap(a, b) = a - b\nIF gap(price(\"A/B\"), price(\"B/A\")) > 1 THEN S",
        "IF spread(\"A/B\") > 5bp THEN S",
        "CONST LIMIT_BP = 5bp\nIF spread(\"A/B\") > LIMIT_BP THEN S",
        "IF (1 / ask(\"BTC/USDT\")) * (1 / ask(\"ETH/BTC\")) * (1 / bid(\"ETH/USDT\")) > 1 THEN S",
        "IF ask(\"BTC/USDT\") * (1 / ask(\"ETH/BTC\")) * bid(\"ETH/USDT\") > 1 THEN S",
        "IF bid(\"BTC/USDT\") / ask(\"ETH/USDT\") / ask(\"ETH/BTC\") > 1 THEN S",
        "IF trade(\"A/B\") THEN S(x = bid(\"A/B\") * bid(\"B/C\") * bid(\"A/C\"))",
        "IF bid(\"A/B\") * bid(\"B/C\") * bid(\"C/D\") * bid(\"A/D\") > 1 THEN S",
    ] {
        let found = findings(text);
        assert!(found.len() == 1 && found[0].code.as_str().starts_with("W1"), "{text}: {found:#?}");
        let fixed = mended(text, &found[0]);
        assert_eq!(findings(&fixed), [], "{text} became {fixed}");
    }
}

#[test]
fn a_broken_triangle_names_its_leg_once() {
    let text = "PARAM fee = 7.5bp IN 0bp .. 50bp
RULE tri:
  LET loop = (1 / ask(\"BTC/USDT\")) * (1 / ask(\"ETH/BTC\")) * (1 / bid(\"ETH/USDT\"))
  LET net  = loop * (1 - fee) * (1 - fee) * (1 - fee)
  IF net > 1 + 2bp THEN TRIANGLE(net = net - 1)";
    let found = findings(text);
    assert!(found.len() == 1 && found[0].code == Code::TriangleNotClosed, "{found:#?}");
    let fix = &found[0].help[0];
    assert_eq!(fix.message, "turn `bid(\"ETH/USDT\")` over");
    assert_eq!(findings(&mended(text, &found[0])), []);
}

#[test]
fn right_units_stay_silent() {
    for text in [
        "IF price(\"A/B\") > 100 * (1 + 5bp) THEN S",
        "CONST FEE = 10bp\nCONST K = 2\nIF price(\"A/B\") * (1 + FEE) * K > 100 * (1 - FEE) / K THEN S",
        "PARAM p = 5\nIF price(\"A/B\") > p AND qty(\"A/B\") > p AND spread_ratio(\"A/B\") > p THEN S",
        "IF notional(\"A/B\") > price(\"A/B\") * qty(\"A/B\") * 3 AND qty(\"A/B\") < 5 THEN S",
        "IF sqrt(notional(\"A/B\") * notional(\"A/B\")) > notional(\"A/B\") THEN S",
        "IF sqrt(price(\"A/B\")) > 3 THEN S",
        "IF pow(price(\"A/B\"), 2) / price(\"A/B\") > price(\"A/B\") THEN S",
        "IF pow(spread_ratio(\"A/B\"), 0.5) > 3bp THEN S",
        "IF ln(price(\"A/B\")) - 0.62 * ln(price(\"C/D\")) > 0.1 THEN S",
        "IF price(\"SPX\") > price(\"A/B\") THEN S",
        "IF price(\"x:A/B\") > price(\"y:A/B\") THEN S",
        "IF abs(price(\"A/B\") / mid(\"A/B\") - 1) > 0.8% THEN S",
        "IF price(\"A/B\") * price(\"B/C\") > price(\"A/C\") THEN S",
        "IF price(\"A/B\") * price(\"B/C\") / price(\"A/C\") > 1.001 THEN S",
        "IF depth_price(\"A/B\", \"buy\", qty = 3) > price(\"A/B\") THEN S",
        "IF depth_price(\"A/B\", \"buy\", qty = qty(\"A/B\")) > price(\"A/B\") THEN S",
        "PARAM budget = 10_000\nIF depth_price(\"A/B\", \"buy\", qty = budget / price(\"A/B\")) > 5 AND 100 / price(\"A/B\") > qty(\"A/B\") THEN S",
        "IF mod(price(\"A/B\"), 100) < 1 AND floor(price(\"A/B\")) > ceil(mid(\"A/B\")) THEN S",
        "IF round(price(\"A/B\") * 100) / 100 > clamp(mid(\"A/B\"), 1, 5) THEN S",
        "IF -price(\"A/B\") < -5 AND min(price(\"A/B\"), 5, mid(\"A/B\")) > 2 THEN S",
        "IF (bid(\"A/B\") ?? 0) > ask(\"A/B\") THEN S",
        "IF count(trade(\"A/B\"), 1m) * 5bp > 0.1 THEN S",
        "IF trade(\"A/B\") WHERE it.price * it.qty > it.notional THEN S",
    ] {
        assert_eq!(findings(text), [], "{text}");
    }
}

#[test]
fn wrong_units_are_named() {
    for (text, words) in [
        ("IF price(\"A/B\") > spread_ratio(\"A/B\") THEN S", "a pure number"),
        ("IF notional(\"A/B\") > qty(\"A/B\") THEN S", "is in B and"),
        ("IF depth_price(\"A/B\", \"buy\", qty = notional(\"A/B\")) > 1 THEN S", "is in B"),
        ("IF 1 / qty(\"A/B\") > price(\"A/B\") THEN S", "1 per A"),
        ("IF pow(price(\"A/B\"), 2) > price(\"A/B\") THEN S", "B^2 per A^2"),
        ("IF clamp(price(\"A/B\"), qty(\"A/B\"), 5) > 1 THEN S", "is in A"),
        ("IF mod(price(\"A/B\"), qty(\"A/B\")) > 1 THEN S", "is in A"),
        ("IF bid(\"A/B\") CROSSES bid_qty(\"A/B\") THEN S", "is in A"),
    ] {
        let found = findings(text);
        assert!(found.len() == 1 && found[0].code == Code::UnitMismatch && found[0].message.contains(words), "{text}: {found:#?}");
    }
}

#[test]
fn units_stand_in_the_tables() {
    let program = compile(
        &[Source::new(
            "a",
            "IF price(\"BTC/USDT\") > 5 AND pow(mid(\"E\"), 2) > 1 THEN S(q = qty(\"BTC/USDT\"), n = 1 / qty(\"BTC/USDT\"))",
        )],
        &Options::default(),
    )
    .unwrap();
    assert_eq!(program.tables.units, ["USDT/BTC", "1", "?", "BTC", "1/BTC"]);
}

//! Each code that the checker gives: a program that has it, with the place that it points at, and a mended one that has not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

use ascep_lang::{Options, Source, analyze};

/// Code, program, the text that the finding points at, and the mended program.
const PROGRAMS: &[(&str, &str, &str, &str)] = &[
    ("E0106", "CONST d = 1s - 1s\nIF last(\"A/B\") > 5 FOR d THEN S", "d", "CONST d = 2s - 1s\nIF last(\"A/B\") > 5 FOR d THEN S"),
    ("E0204", "LET it = 5\nIF last(\"A/B\") > 5 THEN S", "it", "LET _at = 5\nIF last(\"A/B\") > 5 THEN S"),
    ("E0301", "LET fair = mid(\"A/B\")\nIF last(\"A/B\") > fiar THEN S", "fiar", "LET fair = mid(\"A/B\")\nIF last(\"A/B\") > fair THEN S"),
    ("E0302", "IF prcie(\"A/B\") > 5 THEN S", "prcie", "IF price(\"A/B\") > 5 THEN S"),
    ("E0303", "CONST k = 1\nCONST k = 2\nIF last(\"A/B\") > k THEN S", "k", "CONST k = 1\nIF last(\"A/B\") > k THEN S"),
    (
        "E0304",
        "RULE a: IF trade(\"A/B\") THEN S\nRULE a: IF quote(\"A/B\") THEN S",
        "a",
        "RULE a: IF trade(\"A/B\") THEN S\nRULE b: IF quote(\"A/B\") THEN S",
    ),
    ("E0305", "RULE rule_7: IF trade(\"A/B\") THEN S", "rule_7", "RULE rule_x: IF trade(\"A/B\") THEN S"),
    ("E0306", "FN f(x) = f(x) + 1\nIF f(last(\"A/B\")) > 0 THEN S", "f", "FN f(x) = x + 1\nIF f(last(\"A/B\")) > 0 THEN S"),
    ("E0306", "LET a = b + 1\nLET b = a + 1\nIF last(\"A/B\") > b THEN S", "a", "LET a = 1\nLET b = a + 1\nIF last(\"A/B\") > b THEN S"),
    ("E0308", "USE \"./gone.cep\"\nIF trade(\"A/B\") THEN S", "\"./gone.cep\"", "IF trade(\"A/B\") THEN S"),
    ("E0309", "USE arbitraeg\nIF trade(\"A/B\") THEN S", "arbitraeg", "IF trade(\"A/B\") THEN S"),
    (
        "E0310",
        "SET m = [\"A/B\", \"A/B\"]\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
        "\"A/B\"",
        "SET m = [\"A/B\", \"C/B\"]\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
    ),
    (
        "E0311",
        "SET m = []\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
        "m",
        "SET m = [\"A/B\"]\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
    ),
    (
        "E0312",
        "CONST m = 1\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
        "m",
        "SET m = [\"A/B\"]\nRULE r FOR EACH s IN m: IF trade(s) THEN S",
    ),
    ("E0313", "IF price(\"A/B/C\") > 1 THEN S", "\"A/B/C\"", "IF price(\"A/B\") > 1 THEN S"),
    ("E0314", "PARAM p = 9 IN 1 .. 5\nIF last(\"A/B\") > p THEN S", "9", "PARAM p = 3 IN 1 .. 5\nIF last(\"A/B\") > p THEN S"),
    ("E0315", "PARAM p = 3 IN 5 .. 1\nIF last(\"A/B\") > p THEN S", "5 .. 1", "PARAM p = 3 IN 1 .. 5\nIF last(\"A/B\") > p THEN S"),
    ("E0315", "IF last(\"A/B\") IN 5 .. 1 THEN S", "5 .. 1", "IF last(\"A/B\") IN 1 .. 5 THEN S"),
    ("E0316", "CONST k = last(\"A/B\")\nIF last(\"A/B\") > k THEN S", "last(\"A/B\")", "LET k = mid(\"A/B\")\nIF last(\"A/B\") > k THEN S"),
    ("E0317", "IF trade(\"A/B\") THEN S(x = 1, x = 2)", "x", "IF trade(\"A/B\") THEN S(x = 1, y = 2)"),
    ("E0318", "TEST \"t\" { EXPECT NONE }\nTEST \"t\" { EXPECT NONE }", "\"t\"", "TEST \"t\" { EXPECT NONE }\nTEST \"u\" { EXPECT NONE }"),
    (
        "E0319",
        "PARAM fee = 1bp\nIF last(\"A/B\") > 1 + fee * 1 THEN S\nTEST \"t\" { SET fe = 2bp EXPECT NONE }",
        "fe",
        "PARAM fee = 1bp\nIF spread_ratio(\"A/B\") > fee THEN S\nTEST \"t\" { SET fee = 2bp EXPECT NONE }",
    ),
    ("E0401", "IF price(\"A/B\", 2) > 1 THEN S", "2", "IF price(\"A/B\") > 1 THEN S"),
    ("E0402", "IF imbalance(\"A/B\", dept = 5) > 0 THEN S", "dept", "IF imbalance(\"A/B\", depth = 5) > 0 THEN S"),
    ("E0403", "IF imbalance(\"A/B\", 5, depth = 5) > 0 THEN S", "5", "IF imbalance(\"A/B\", depth = 5) > 0 THEN S"),
    ("E0404", "IF price() > 1 THEN S", "price()", "IF price(\"A/B\") > 1 THEN S"),
    ("E0405", "IF (last(\"A/B\") ?? 5s) > 1 THEN S", "last(\"A/B\") ?? 5s", "IF (last(\"A/B\") ?? 5) > 1 THEN S"),
    ("E0405", "PARAM p = \"x\"\nIF last(\"A/B\") > p THEN S", "\"x\"", "PARAM p = 1\nIF last(\"A/B\") > p THEN S"),
    ("E0406", "IF \"A/B\" + 1 > 5 THEN S", "\"A/B\"", "IF price(\"A/B\") + 1 > 5 THEN S"),
    ("E0406", "IF 5 / age(\"A/B\") > 5 THEN S", "5 / age(\"A/B\")", "IF age(\"A/B\") > 5s THEN S"),
    ("E0407", "IF price(\"A/B\") THEN S", "price(\"A/B\")", "IF price(\"A/B\") > 0 THEN S"),
    ("E0408", "IF age(\"A/B\") > 500 THEN S", "age(\"A/B\") > 500", "IF age(\"A/B\") > 500ms THEN S"),
    ("E0409", "IF once(last(\"A/B\") > 5, 3) THEN S", "3", "IF once(last(\"A/B\") > 5, 3s) THEN S"),
    ("E0409", "CONST k = 3\nIF last(\"A/B\") > 5 FOR k THEN S", "k", "CONST k = 3s\nIF last(\"A/B\") > 5 FOR k THEN S"),
    ("E0410", "IF price(5) > 1 THEN S", "5", "IF price(\"A/B\") > 1 THEN S"),
    ("E0411", "IF trade(\"A/B\") WHERE it.bid > 5 THEN S", "bid", "IF trade(\"A/B\") WHERE it.price > 5 THEN S"),
    ("E0412", "IF price(\"A/B\").close > 5 THEN S", "close", "IF price(\"A/B\") > 5 THEN S"),
    ("E0413", "IF last(\"A/B\")[0] > 5 THEN S", "0", "IF last(\"A/B\")[1] > 5 THEN S"),
    ("E0414", "IF pow(last(\"A/B\"), qty(\"A/B\")) > 5 THEN S", "qty(\"A/B\")", "IF pow(last(\"A/B\"), 2) > 5 THEN S"),
    ("E0415", "IF price > 5 THEN S", "price", "IF price(\"A/B\") > 5 THEN S"),
    ("E0415", "SET m = [\"A/B\"]\nIF trade(\"A/B\") THEN S(x = m)", "m", "SET _m = [\"A/B\"]\nIF trade(\"A/B\") THEN S"),
    ("E0416", "IF side(\"A/B\") > \"buy\" THEN S", "side(\"A/B\") > \"buy\"", "IF side(\"A/B\") == \"buy\" THEN S"),
    ("E0501", "IF trade(\"A/B\") FOR 3s THEN S", "trade(\"A/B\")", "IF once(trade(\"A/B\"), 3s) THEN S"),
    ("E0502", "IF since(TRUE) > 3s THEN S", "TRUE", "IF since(trade(\"A/B\")) > 3s THEN S"),
    ("E0503", "IF trade(\"A/B\") AND quote(\"A/B\") THEN S", "quote(\"A/B\")", "IF trade(\"A/B\") AND once(quote(\"A/B\"), 1s) THEN S"),
    ("E0504", "IF NOT trade(\"A/B\") THEN S", "NOT trade(\"A/B\")", "IF NO trade(\"A/B\") FOR 5s THEN S"),
    ("E0505", "IF NO last(\"A/B\") > 5 FOR 3s THEN S", "NO last(\"A/B\") > 5 FOR 3s", "IF (NOT last(\"A/B\") > 5) FOR 3s THEN S"),
    ("E0506", "IF trade(\"A/B\") THEN S EVERY 1s", "EVERY 1s", "IF once(trade(\"A/B\"), 1s) THEN S EVERY 1s"),
    (
        "E0507",
        "IF SEQ trade(\"A/B\") -> quote(\"A/B\") THEN S",
        "SEQ trade(\"A/B\") -> quote(\"A/B\")",
        "IF SEQ trade(\"A/B\") -> quote(\"A/B\") WITHIN 1s THEN S",
    ),
    ("E0508", "IF last(\"A/B\") > it.price THEN S", "it.price", "IF trade(\"A/B\") WHERE it.price > 1 THEN S"),
    ("E0509", "IF trade(\"A/B\") THEN S COOLDOWN 1s COOLDOWN 2s", "COOLDOWN 2s", "IF trade(\"A/B\") THEN S COOLDOWN 1s"),
    (
        "E0511",
        "IF last(\"A/B\") > 5 WHERE bid(\"A/B\") > 5 THEN S",
        "last(\"A/B\") > 5",
        "IF last(\"A/B\") > 5 AND bid(\"A/B\") > 5 THEN S",
    ),
    ("E0512", "IF trade(\"A/B\") THEN S(q = quote(\"A/B\"))", "quote(\"A/B\")", "IF trade(\"A/B\") THEN S(q = once(quote(\"A/B\"), 1s))"),
    ("E0513", "CONST k = TRUE\nIF k THEN S", "k", "PARAM k = TRUE\nIF k THEN S"),
    ("E0514", "IF trade(\"A/B\") THEN S LIMIT 65_537 PER 1m", "65_537", "IF trade(\"A/B\") THEN S LIMIT 65_536 PER 1m"),
    ("E0514", "IF trade(\"A/B\") THEN S LIMIT 0 PER 1m", "0", "IF trade(\"A/B\") THEN S LIMIT 1 PER 1m"),
    ("E0801", "IF imbalance(\"A/B\", depth = 21) > 0 THEN S", "21", "IF imbalance(\"A/B\", depth = 20) > 0 THEN S"),
    ("E0802", "IF trade(\"A/B\") WHERE it.side == \"SELL\" THEN S", "\"SELL\"", "IF trade(\"A/B\") WHERE it.side == \"sell\" THEN S"),
    ("E0802", "IF depth_price(\"A/B\", \"up\", qty = 1) > 0 THEN S", "\"up\"", "IF depth_price(\"A/B\", \"buy\", qty = 1) > 0 THEN S"),
    ("E0803", "IF count(trade(\"A/B\"), 2.5) > 1 THEN S", "2.5", "IF count(trade(\"A/B\"), 2) > 1 THEN S"),
    ("E0804", "IF count(trade(\"A/B\"), 2s, partial = 1) > 1 THEN S", "1", "IF count(trade(\"A/B\"), 2s, partial = TRUE) > 1 THEN S"),
    ("E0805", "IF clamp(last(\"A/B\"), 5, 1) > 1 THEN S", "5, 1", "IF clamp(last(\"A/B\"), 1, 5) > 1 THEN S"),
    (
        "W1001",
        "IF price(\"A/B\") > qty(\"A/B\") THEN S",
        "price(\"A/B\") > qty(\"A/B\")",
        "IF notional(\"A/B\") > price(\"A/B\") * qty(\"A/B\") THEN S",
    ),
    (
        "W1002",
        "IF ask(\"BTC/USDT\") * ask(\"ETH/BTC\") * bid(\"ETH/USDT\") > 1 THEN S",
        "ask(\"BTC/USDT\") * ask(\"ETH/BTC\") * bid(\"ETH/USDT\")",
        "IF (1 / ask(\"BTC/USDT\")) * (1 / ask(\"ETH/BTC\")) * bid(\"ETH/USDT\") > 1 THEN S",
    ),
    ("W1003", "IF spread(\"A/B\") > 5bp THEN S", "spread(\"A/B\") > 5bp", "IF spread_ratio(\"A/B\") > 5bp THEN S"),
    ("W2001", "IF 1 < 2 AND last(\"A/B\") > 5 THEN S", "1 < 2", "IF last(\"A/B\") > 5 THEN S"),
    ("W2002", "IF 1 > 2 OR last(\"A/B\") > 5 THEN S", "1 > 2", "IF last(\"A/B\") > 5 THEN S"),
    ("W2003", "CONST k = 1\nIF trade(\"A/B\") THEN S", "k", "CONST _k = 1\nIF trade(\"A/B\") THEN S"),
    ("W2003", "RULE r: LET k = 1 IF trade(\"A/B\") THEN S", "k", "RULE r: LET k = 1 IF trade(\"A/B\") THEN S(k = k)"),
    ("W2004", "IF age(\"A/B\") > age(\"C/D\") THEN S", "age(\"A/B\") > age(\"C/D\")", "IF age(\"A/B\") > 5s THEN S"),
    (
        "W2005",
        "CONST k = 1\nFN f(k) = k + 1\nIF last(\"A/B\") > f(k) THEN S",
        "k",
        "CONST k = 1\nFN f(x) = x + 1\nIF last(\"A/B\") > f(k) THEN S",
    ),
    ("W2006", "IF last(\"A/B\") / 0 > 1 THEN S", "0", "IF last(\"A/B\") / 2 > 1 THEN S"),
    ("W2007", "IF mid(\"A/B\") == spread(\"A/B\") * 2 THEN S", "mid(\"A/B\") == spread(\"A/B\") * 2", "IF last(\"A/B\") == 2 THEN S"),
    (
        "W2008",
        "RULE r FOR EACH s IN [\"A/B\", \"k:A/B\"]: IF trade(s) THEN S",
        "\"k:A/B\"",
        "RULE r FOR EACH s IN [\"b:A/B\", \"k:A/B\"]: IF trade(s) THEN S",
    ),
    ("W2011", "IF trade(\"A/B\") THEN S\nTEST \"t\" { ADVANCE 1s }", "\"t\"", "IF trade(\"A/B\") THEN S\nTEST \"t\" { EXPECT NONE }"),
    (
        "W2012",
        "IF trade(\"A/B\") THEN S\nTEST \"t\" { AT 1s trade(\"A/C\", price = 1) EXPECT NONE }",
        "\"A/C\"",
        "IF trade(\"A/B\") THEN S\nTEST \"t\" { AT 1s trade(\"A/B\", price = 1) EXPECT NONE }",
    ),
    ("W2010", "IF last(\"A/B\") > 5 THEN S EVERY 999us", "999us", "IF last(\"A/B\") > 5 THEN S EVERY 1ms"),
    ("W2010", "CONST k = 1ns\nIF last(\"A/B\") > 5 THEN S EVERY k", "k", "CONST k = 1s\nIF last(\"A/B\") > 5 THEN S EVERY k"),
];

fn findings(text: &str) -> Vec<ascep_lang::Diagnostic> {
    analyze(&[Source::new("rules.cep", text)], &Options::default()).diagnostics.into_vec()
}

#[test]
fn each_code_is_given_at_its_place_and_goes_away() {
    let mut wrong = 0;
    for (code, failing, place, mended) in PROGRAMS {
        let found = findings(failing);
        if std::env::var_os("SHOW").is_some() {
            eprintln!("--- {code}\n{failing}\n{found:#?}");
        }
        let good = found.iter().any(|d| d.code.as_str() == *code && failing.get(d.span.range()) == Some(*place));
        // Nothing else is said about the same mistake.
        let alone = found.iter().all(|d| d.code.as_str() == *code);
        let after = findings(mended);
        if !good || !alone || !after.is_empty() {
            wrong += 1;
            eprintln!("{code}: good {good} alone {alone}\n{failing}\n{found:#?}\nmended: {after:#?}");
        }
    }
    assert_eq!(wrong, 0);
}

#[test]
fn messages_keep_the_house_style() {
    for (_, failing, ..) in PROGRAMS {
        for d in findings(failing) {
            assert!(!d.message.is_empty() && !d.message.ends_with('.'), "{}", d.message);
            assert!(!d.message.starts_with(|c: char| c.is_uppercase()), "{}", d.message);
            for help in &d.help {
                assert!(!help.message.is_empty() && !help.message.ends_with('.') || help.message.ends_with(".."), "{}", help.message);
            }
        }
    }
}

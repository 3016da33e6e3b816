//! Patterns change nothing: a text has one tree and one list of findings, with them and without.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use proptest::prelude::*;

use super::parse_with;
use crate::limits::Limits;
use crate::span::FileId;

fn same(text: &str) {
    for max_errors in [20, 100_000] {
        let limits = Limits { max_errors, ..Limits::default() };
        let (with, without) = (parse_with(FileId(0), text, &limits, true), parse_with(FileId(0), text, &limits, false));
        assert_eq!(with.1, without.1, "{text}");
        assert_eq!(with.0, without.0, "{text}");
    }
}

/// All texts with rules in a folder.
fn texts(folder: &Path, out: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, out);
        } else if path.extension().is_some_and(|e| e == "cep" || e == "md") {
            out.extend(std::fs::read_to_string(path));
        }
    }
}

#[test]
fn every_text_twice_and_with_other_values() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests", "diagnostics", "../examples", "../docs", "../ascep-runtime/tests/worked"] {
        texts(&root.join(folder), &mut all);
    }
    assert!(all.len() > 100);
    all.sort();
    same(&all.concat());
    for text in all {
        let digits = |to: char| text.chars().map(|c| if c.is_ascii_digit() { to } else { c }).collect::<String>();
        let (zeros, nines) = (digits('0'), digits('9'));
        let other = text.replace('a', "q_").replace("\"B", "\"\\B").replace('5', "1e4");
        same(&format!("{text}\n{text}\n{zeros}\n{other}\n{nines}\n{text}"));
    }
}

/// Rules of which each `@` is another name, `%` another symbol, `1` another number and `2` another duration.
const RULES: [&str; 12] = [
    "RULE @: IF mid(\"%\") > 1 AND spread_ratio(\"%\") < 1 THEN @",
    "IF price(\"%\") / 1 > @ FOR 2 THEN @(@ = price(\"%\"), @ = 1) COOLDOWN 2 LIMIT 1 PER 2",
    "RULE @ FOR EACH @ IN [\"%\", \"%\"]: LET @ = mid(@) IF @ > 1 UNTIL @ < 1 THEN @ EVERY TICK",
    "RULE @: IF SEQ @: trade(\"%\") WHERE it.@ > 1 -> NO quote(\"%\") FOR 2 -> quote(\"%\"){1..1} WITHIN 2 THEN @",
    "RULE @: IF SEQ trade(\"%\") -> trade(\"%\") WITHIN 2 THEN @ EVERY 2",
    "IF ALL(trade(\"%\"), quote(\"%\")) WITHIN 2 THEN @, @(@ = it.ts)",
    "RULE @: IF NOT (mid(\"%\") IN 1 .. 1) OR @(\"%\", 2, @ = TRUE)[1] ?? 1 CROSSES ABOVE -1 THEN @ EVERY 2",
    "RULE @: IF age(\"%\") > 2 AND 1 @ > 1 THEN @",
    "LET @ = mid(\"%\") > 1",
    "RULE @: IF x = 1 AND mid(\"%\" > 1 THEN @",
    "CONST @ = 1 SET @ = [\"%\"] FN @(@) = @ * 1",
    "TEST \"%\" { AT 2 trade(\"%\", 1, 1) EXPECT @(@ = 1) AT 2 }",
];

fn rules() -> impl Strategy<Value = String> {
    let fill = |c: char, pick: u64| -> String {
        let of = |list: &[&str]| list[usize::try_from(pick).unwrap() % list.len()].to_owned();
        match c {
            '@' => of(&["a", "it", "rule", "If", "x1", "min", "s", "THEN", "set"]),
            '%' => of(&["A/B", "binance:BTC/USDT", "", "\\q", "\\\"", "é"]),
            '1' => of(&["1", "0", "2.50", "3bp", "4%", "1_000", "1__0", "1e5", "7e999", "12345678901234567890", "5x"]),
            '2' => of(&["5s", "0s", "0.5s", "1ns", "0.1ns", "9999999d", "5min", "5"]),
            c => c.to_string(),
        }
    };
    let rule = (0..RULES.len(), prop::collection::vec(prop_oneof![4 => Just(0), 1 => any::<u64>()], 40)).prop_map(move |(at, picks)| {
        let mut picks = picks.into_iter().cycle();
        RULES[at].chars().map(|c| if "@%12".contains(c) { fill(c, picks.next().unwrap()) } else { c.to_string() }).collect::<String>()
    });
    prop::collection::vec((rule, prop_oneof![8 => Just("\n"), 1 => Just(" # x\n"), 1 => Just(") "), 1 => Just("\"\n")]), 1..12)
        .prop_map(|rules| rules.into_iter().map(|(rule, end)| rule + end).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn rules_that_are_alike(text in rules()) {
        same(&text);
    }
}

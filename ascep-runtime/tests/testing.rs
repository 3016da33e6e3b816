//! `TEST` blocks run: the clock from offset 0, what meets an expectation, what is told where one is not met.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use ascep_lang::{Options, Source, analyze};
use ascep_runtime::EngineOptions;
use ascep_runtime::testing::{self, Outcome, TestError};

const RULES: &str = r#"
PARAM most = 10
PARAM hold = 5s IN 1s .. 1m
RULE high: IF last("A/B") > most THEN HIGH(px = last("A/B"), over = last("A/B") - most)
RULE trades FOR EACH s IN ["A/B", "C/D"]: IF trade(s) THEN TRADED(s = s, side = it.side, q = it.qty, t = it.ts, late = latency(s), b = bid(s))
RULE calm: IF NO quote("A/B") FOR hold THEN CALM
RULE hour: IF hour_of_day() == 1 AND day_of_week() == 4 THEN HOUR
RULE deep: IF imbalance("C/D", depth = 2) > 0 THEN DEEP(on = (bid("C/D") > 1))
"#;

fn try_run(block: &str) -> Result<(Outcome, Vec<String>), TestError> {
    let sources = [Source::new("rules.cep", format!("{RULES}TEST \"t\" {{ {block} }}"))];
    let analysis = analyze(&sources, &Options::default());
    let program = analysis.program.unwrap_or_else(|| panic!("{}", analysis.diagnostics.render(&sources, Default::default())));
    let test = analysis.tests.last().unwrap();
    let outcome = testing::run(&program, test, EngineOptions::default())?;
    let lines = testing::report(test, &outcome).iter().map(ToString::to_string).collect();
    Ok((outcome, lines))
}

fn run(block: &str) -> Vec<String> {
    let (outcome, lines) = try_run(block).unwrap();
    assert_eq!(outcome.passed(), lines.is_empty(), "{lines:#?}");
    lines
}

#[track_caller]
fn passes(block: &str) {
    assert_eq!(run(block), Vec::<String>::new(), "{block}");
}

#[track_caller]
fn fails(block: &str, lines: &[&str]) {
    assert_eq!(run(block), lines, "{block}");
}

#[test]
fn an_expectation_is_met_at_its_offset() {
    passes(r#"AT 1s trade("A/B", price = 11) EXPECT HIGH(px = 11, over = 1) AT 1s"#);
    passes(r#"AT 1s trade("A/B", price = 11) EXPECT HIGH AT 1s"#);
    // Signals of names that the test does not mention are no matter: the trade is told too.
    passes(r#"AT 1s trade("A/B", price = 9) EXPECT TRADED(s = "A/B") AT 1s"#);
    fails(
        r#"AT 1s trade("A/B", price = 11) EXPECT HIGH AT 2s"#,
        &[
            "- HIGH AT 2s",
            "+ HIGH(px = 11, over = 1) AT 1s, of high",
            "    1s too early",
            "    also came, which is no fault: TRADED(s = \"A/B\", side = unknown, q = unknown, t = 1s, late = unknown, b = unknown) AT 1s, of trades [s = \"A/B\"]",
        ],
    );
    fails(
        r#"AT 2s trade("A/B", price = 11) EXPECT HIGH(px = 12, over = 1) AT 1s EXPECT TRADED AT 2s"#,
        &["- HIGH(px = 12, over = 1) AT 1s", "+ HIGH(px = 11, over = 1) AT 2s, of high", "    1s too late", "    `px` is 11 and not 12"],
    );
    fails("EXPECT HIGH AT 1s", &["- HIGH AT 1s", "    no `HIGH` came"]);
}

#[test]
fn every_kind_of_value() {
    passes(
        r#"AT 1s quote("A/B", bid = 1, ask = 2) AT 2s trade("A/B", price = 9, qty = 2.5, side = "sell", venue_ts = 1500ms)
           EXPECT TRADED(s = "A/B", side = "sell", q = 2.5, t = 2s, late = 500ms, b = 1) AT 2s"#,
    );
    passes(r#"AT 1s trade("C/D", price = 9) EXPECT TRADED(s = "C/D", side = unknown, q = UNKNOWN, late = unknown) AT 1s"#);
    passes(r#"AT 1s book("C/D", bids = [[2, 5], [1, 5]], asks = [[3, 1]]) EXPECT DEEP(on = TRUE) AT 1s"#);
    fails(
        r#"AT 1s book("C/D", bids = [[2, 5], [1, 5]], asks = [[3, 1]]) EXPECT DEEP(on = FALSE) AT 1s"#,
        &["- DEEP(on = FALSE) AT 1s", "+ DEEP(on = TRUE) AT 1s, of deep", "    `on` is TRUE and not FALSE"],
    );
    for (field, told) in [
        ("side = \"buy\"", "`side` is \"sell\" and not \"buy\""),
        ("side = unknown", "`side` is \"sell\" and not unknown"),
        ("s = \"C/D\"", "`s` is \"A/B\" and not \"C/D\""),
        ("q = 2.500001", "`q` is 2.5 and not 2.500001"),
        ("t = 1s", "`t` is 2s and not 1s"),
        ("late = 501ms", "`late` is 500ms and not 501ms"),
        ("b = 0", "`b` is unknown and not 0"),
    ] {
        let lines =
            run(&format!(r#"AT 2s trade("A/B", price = 9, qty = 2.5, side = "sell", venue_ts = 1500ms) EXPECT TRADED({field}) AT 2s"#));
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[2], format!("    {told}"));
    }
}

#[test]
fn the_last_digits_of_numbers_may_differ() {
    passes(r#"AT 1s trade("A/B", price = 10.3) EXPECT HIGH(over = 0.3) AT 1s"#);
    passes(r#"AT 1s trade("A/B", price = 10000000001) EXPECT HIGH(px = 10000000000) AT 1s"#);
    assert_eq!(run(r#"AT 1s trade("A/B", price = 1000000001) EXPECT HIGH(px = 999999998) AT 1s"#).len(), 4);
}

#[test]
fn nothing_else_of_a_name_that_is_mentioned() {
    let two = r#"AT 1s trade("A/B", price = 11) AT 2s trade("A/B", price = 9) AT 3s trade("A/B", price = 12)"#;
    fails(
        &format!("{two} EXPECT HIGH AT 1s EXPECT TRADED AT 1s EXPECT TRADED AT 2s EXPECT TRADED AT 3s"),
        &["+ HIGH(px = 12, over = 2) AT 3s, of high", "    not expected"],
    );
    passes(&format!("{two} EXPECT HIGH AT 1s EXPECT HIGH AT 3s"));
    // One signal does not meet two expectations.
    fails(
        r#"AT 1s trade("A/B", price = 11) EXPECT HIGH AT 1s EXPECT HIGH(px = 11) AT 1s EXPECT TRADED AT 1s"#,
        &["- HIGH(px = 11) AT 1s", "    every `HIGH` that came is another one"],
    );
}

#[test]
fn as_many_are_met_as_can_be() {
    // The first expectation takes whichever of the two the second leaves.
    let both = r#"AT 1s trade("A/B", price = 1, qty = 1) AT 1s trade("C/D", price = 1, qty = 2)"#;
    passes(&format!(r#"{both} EXPECT TRADED AT 1s EXPECT TRADED(s = "A/B") AT 1s"#));
    passes(&format!(r#"{both} EXPECT TRADED AT 1s EXPECT TRADED(s = "C/D") AT 1s"#));
    passes(&format!(r#"{both} EXPECT TRADED(s = "A/B") AT 1s EXPECT TRADED AT 1s"#));
    assert_eq!(run(&format!(r#"{both} EXPECT TRADED(q = 1) AT 1s EXPECT TRADED(s = "A/B") AT 1s"#))[0], "- TRADED(s = \"A/B\") AT 1s");
    // A longer way round: each of three can be one of two.
    let three = r#"AT 1s trade("A/B", price = 1, qty = 1) AT 1s trade("A/B", price = 1, qty = 2) AT 1s trade("C/D", price = 1, qty = 3)"#;
    passes(&format!(r#"{three} EXPECT TRADED AT 1s EXPECT TRADED(s = "A/B") AT 1s EXPECT TRADED(q = 1) AT 1s"#));
}

#[test]
fn none_is_none_of_any_name() {
    passes(r#"AT 1s quote("A/B", bid = 1) ADVANCE 5999ms EXPECT NONE"#);
    fails(r#"AT 1s quote("A/B", bid = 1) ADVANCE 6s EXPECT NONE"#, &["+ CALM AT 6s, of calm", "    no signal is expected"]);
}

#[test]
fn the_clock_starts_at_zero_and_ends_at_the_largest_offset() {
    passes("EXPECT CALM AT 5s");
    fails("ADVANCE 4s EXPECT CALM AT 4s", &["- CALM AT 4s", "    no `CALM` came"]);
    // The start is a Thursday at midnight.
    passes("ADVANCE 1h EXPECT NONE".replace("EXPECT NONE", "EXPECT HOUR AT 1h").as_str());
    // Quiet years are over in no time.
    passes("ADVANCE 3650d EXPECT CALM AT 5s");
}

#[test]
fn events_come_before_timers_of_their_offset() {
    passes(r#"AT 5s quote("A/B", bid = 1) EXPECT CALM AT 10s"#);
    // Not where the clock has been brought there before.
    passes(r#"ADVANCE 5s AT 5s quote("A/B", bid = 1) EXPECT CALM AT 5s EXPECT CALM AT 10s"#);
    // The order of the text does not matter between offsets.
    passes(r#"AT 2s trade("A/B", price = 11) AT 1s trade("A/B", price = 9) EXPECT HIGH AT 2s"#);
}

#[test]
fn parameters_are_set_where_they_stand() {
    passes(r#"SET most = 5 AT 1s trade("A/B", price = 6) EXPECT HIGH(over = 1) AT 1s"#);
    passes(r#"AT 1s trade("A/B", price = 6) SET most = 5 EXPECT HIGH(over = 1) AT 1s"#);
    passes(r#"AT 1s trade("A/B", price = 6) ADVANCE 3s SET most = 5 AT 4s quote("A/B", bid = 1) EXPECT HIGH AT 3s"#);
    passes(r#"SET hold = 2s AT 1s quote("A/B", bid = 1) EXPECT CALM AT 3s"#);
    // Before the start it is no instant of anything.
    passes(r#"SET most = 5 EXPECT NONE"#);
}

#[test]
fn what_fires_without_end_is_stopped() {
    let sources = [Source::new(
        "rules.cep",
        "PARAM on = TRUE IF on OR known(last(\"A/B\")) THEN S EVERY 1ns TEST \"t\" { ADVANCE 1ms SET on = FALSE SET on = TRUE ADVANCE 1d EXPECT NONE }",
    )];
    let analysis = analyze(&sources, &Options::default());
    let failed = testing::run(&analysis.program.unwrap(), &analysis.tests[0], EngineOptions::default());
    assert_eq!(failed, Err(TestError::TooManySignals));
    // Also where nothing of it goes out.
    let sources = [Source::new(
        "rules.cep",
        "IF known(last(\"A/B\")) THEN S EVERY 1us COOLDOWN 1h TEST \"t\" { AT 1s trade(\"A/B\", price = 1) ADVANCE 30m EXPECT S AT 1s }",
    )];
    let analysis = analyze(&sources, &Options::default());
    let failed = testing::run(&analysis.program.unwrap(), &analysis.tests[0], EngineOptions::default());
    assert_eq!(failed, Err(TestError::TooManyTimers));
}

#[test]
fn a_program_that_cannot_be_run_is_an_error() {
    let sources = [Source::new("rules.cep", "IF count(trade(\"A/B\"), 1s) > 5 THEN S TEST \"t\" { EXPECT NONE }")];
    let analysis = analyze(&sources, &Options::default());
    let options = EngineOptions::default().with_max_bytes(10);
    let failed = testing::run(&analysis.program.unwrap(), &analysis.tests[0], options);
    assert!(matches!(failed, Err(TestError::Build(_))), "{failed:?}");
}

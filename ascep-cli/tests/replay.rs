//! `ascep replay`: what comes out, in which form, and what is said about data that is not as it should be.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;

use common::{ALERT, Folder, SIGNALS, TICKS, ascep, ascep_stdin};

fn alert() -> (Folder, String, String) {
    let folder = Folder::new();
    let (rules, data) = (folder.file("a.cep", ALERT), folder.file("t.csv", TICKS));
    (folder, rules, data)
}

#[test]
fn signals_as_jsonl_and_a_summary() {
    let (_folder, rules, data) = alert();
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    assert_eq!(ended.stdout, SIGNALS, "jsonl where stdout is no terminal");
    for line in [
        "events           4",
        "signals          2",
        "refused          0",
        "late             0",
        "dropped samples  0",
        "wall time",
        "events/s",
        "p99.9",
    ] {
        assert!(ended.stderr.contains(line), "no {line:?} in:\n{}", ended.stderr);
    }
    assert_eq!(ascep(&["replay", &rules, "--data", &data, "--out", "jsonl"]).with(0).stdout, SIGNALS);
}

#[test]
fn other_forms() {
    let (_folder, rules, data) = alert();
    let csv = ascep(&["replay", &rules, "--data", &data, "--out", "csv"]).with(0);
    assert_eq!(csv.lines().len(), 3, "a header and two signals:\n{}", csv.stdout);
    let text = ascep(&["replay", &rules, "--data", &data, "--out", "text"]).with(0);
    assert_eq!(text.lines().len(), 2);
    assert!(text.lines()[0].contains("ALERT") && text.lines()[0].contains("px"), "{}", text.stdout);
    ascep(&["replay", &rules, "--data", &data, "--out", "xml"]).with(2);
}

#[test]
fn rules_may_come_from_standard_input() {
    let (_folder, _, data) = alert();
    assert_eq!(ascep_stdin(&["replay", "-", "--data", &data], ALERT).with(0).stdout, SIGNALS);
    assert_eq!(ascep_stdin(&["replay", "-", "--data", &data], "IF").with(1).stdout, "");
}

#[test]
fn the_same_data_in_other_packings_gives_the_same_bytes() {
    let (folder, rules, _) = alert();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TICKS.as_bytes()).unwrap();
    let gzip = folder.file("t.csv.gz", gzip.finish().unwrap());
    let zstd = folder.file("t.csv.zst", zstd::encode_all(TICKS.as_bytes(), 1).unwrap());
    let jsonl = folder.file(
        "t.jsonl",
        "{\"ts\":1,\"symbol\":\"BTC/USDT\",\"price\":101}\n{\"ts\":2,\"symbol\":\"BTC/USDT\",\"price\":99}\n\
         {\"ts\":3,\"symbol\":\"BTC/USDT\",\"price\":102}\n{\"ts\":4,\"symbol\":\"BTC/USDT\",\"price\":103}\n",
    );
    for data in [gzip, zstd, jsonl] {
        assert_eq!(ascep(&["replay", &rules, "--data", &data]).with(0).stdout, SIGNALS, "{data}");
    }
}

#[test]
fn units_of_time() {
    let (_folder, rules, data) = alert();
    let ended = ascep(&["replay", &rules, "--data", &data, "--ts-unit", "ms"]).with(0);
    assert!(ended.lines()[1].contains("\"ts\":3000000,"), "{}", ended.stdout);
    ascep(&["replay", &rules, "--data", &data, "--ts-unit", "days"]).with(2);
}

#[test]
fn several_data_are_merged_by_time_and_ties_go_by_order() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF last(\"A/B\") > 1 OR last(\"C/D\") > 1 THEN S(a = last(\"A/B\"), c = last(\"C/D\")) EVERY TICK\n");
    let ab = folder.file("ab.csv", "ts,symbol,price\n1,A/B,2\n5,A/B,3\n");
    let cd = folder.file("cd.csv", "ts,symbol,price\n1,C/D,4\n3,C/D,5\n");
    let fields = |args: &[&str]| -> Vec<String> {
        let ended = ascep(args).with(0);
        ended.lines().iter().map(|line| line.split("\"fields\":").nth(1).unwrap().trim_end_matches('}').to_owned()).collect()
    };
    let one = fields(&["replay", &rules, "--data", &ab, "--data", &cd]);
    assert_eq!(one, ["{\"a\":2,\"c\":null", "{\"a\":2,\"c\":4", "{\"a\":2,\"c\":5", "{\"a\":3,\"c\":5"]);
    let other = fields(&["replay", &rules, "--data", &cd, "--data", &ab]);
    assert_eq!(other[0], "{\"a\":null,\"c\":4");
}

#[test]
fn from_and_to_cut_and_to_moves_the_clock() {
    let folder = Folder::new();
    let rules =
        folder.file("r.cep", "RULE stale: IF NO trade(\"A/B\") FOR 5s THEN STALE\nRULE any: IF trade(\"A/B\") THEN T(p = it.price)\n");
    let data = folder.file("t.csv", "ts,symbol,price\n1,A/B,1\n2,A/B,2\n3,A/B,3\n4,A/B,4\n");
    let run = |more: &[&str]| {
        let ended = ascep(&[&["replay", &rules, "--data", &data, "--ts-unit", "s"], more].concat()).with(0);
        ended
            .lines()
            .iter()
            .map(|line| line.split("\"ts\":").nth(1).unwrap().split("000000000,").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(&[]), ["1", "2", "3", "4"], "the end of the data is the end of time");
    assert_eq!(run(&["--from", "1970-01-01T00:00:02Z", "--to", "3000000000"]), ["2", "3"]);
    assert_eq!(run(&["--to", "1970-01-01T00:00:20Z"]), ["1", "2", "3", "4", "9"], "a timer that is due by --to");
    ascep(&["replay", &rules, "--data", &data, "--from", "5", "--to", "4"]).with(2).says("later than");
    ascep(&["replay", &rules, "--data", &data, "--from", "noon"]).with(2).says("RFC 3339");
}

#[test]
fn a_log_is_verified_to_the_first_difference() {
    let (folder, rules, data) = alert();
    let log = folder.file("log.jsonl", SIGNALS);
    assert_eq!(ascep(&["replay", &rules, "--data", &data, "--verify", &log]).with(0).stdout, "");
    let other = folder.file("other.jsonl", SIGNALS.replace("\"px\":102", "\"px\":103"));
    let ended = ascep(&["replay", &rules, "--data", &data, "--verify", &other]).with(1).says("other.jsonl:2");
    assert!(ended.stderr.contains("\"px\":103") && ended.stderr.contains("\"px\":102"), "both lines:\n{}", ended.stderr);
    let short = folder.file("short.jsonl", SIGNALS.lines().next().unwrap());
    ascep(&["replay", &rules, "--data", &data, "--verify", &short]).with(1).says("short.jsonl:2").says("nothing more");
    let long = folder.file("long.jsonl", format!("{SIGNALS}more\n"));
    ascep(&["replay", &rules, "--data", &data, "--verify", &long]).with(1).says("long.jsonl:3");
    ascep(&["replay", &rules, "--data", &data, "--verify", &folder.at("none")]).with(3);
}

#[test]
fn bad_rows_are_counted_and_named_and_end_a_strict_run() {
    let (folder, rules, _) = alert();
    let text = "ts,symbol,kind,price,bid,ask\n1,BTC/USDT,,101,,\nx,BTC/USDT,,1,,\n3,BTC/USDT,,-5,,\n4,,,7,,\n5,BTC/USDT,,nan,,\n6,BTC/USDT,,0,,\n7,BTC/USDT,quote,,5,4\n8,BTC/USDT,,99,,\n9,BTC/USDT,,inf,,\n10,BTC/USDT,,102,,\n";
    let data = folder.file("bad.csv", text);
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    assert_eq!(ended.lines().len(), 2);
    assert!(ended.stderr.contains("events           4") && ended.stderr.contains("refused          6"), "{}", ended.stderr);
    for line in [3, 4, 5, 6, 7, 10] {
        assert!(ended.stderr.contains(&format!("bad.csv:{line}:")), "no line {line}:\n{}", ended.stderr);
    }
    let strict = ascep(&["replay", &rules, "--data", &data, "--strict"]).with(1).says("bad.csv:3:").says("--strict");
    assert_eq!(strict.lines().len(), 1, "what was found before is written");
    assert!(strict.stderr.contains("signals          1"), "and summed up:\n{}", strict.stderr);
}

#[test]
fn only_the_first_refusals_are_shown() {
    let (folder, rules, _) = alert();
    let data = folder.file("bad.csv", format!("ts,symbol,price\n{}", "1,BTC/USDT,0\n".repeat(500)));
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    assert!(ended.stderr.contains("refused          500"));
    assert!(ended.stderr.lines().count() < 40, "{}", ended.stderr);
}

#[test]
fn time_that_goes_back_or_leaps_is_taken_and_counted() {
    let (folder, rules, _) = alert();
    let data =
        folder.file("t.csv", "ts,symbol,price\n1000,BTC/USDT,99\n10,BTC/USDT,101\n400000000000000000,BTC/USDT,99\n2000,BTC/USDT,102\n");
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    assert!(ended.stderr.contains("late             2"), "{}", ended.stderr);
    assert!(ended.lines()[0].contains("\"ts\":1000,") && ended.lines()[1].contains("\"ts\":400000000000000000,"), "{}", ended.stdout);
}

#[test]
fn late_rows_are_applied_dropped_or_put_in_order() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF trade(\"A/B\") THEN T(p = it.price)\n");
    let rows: String = [(100, 1), (130, 2), (110, 3), (160, 4), (105, 5)].iter().map(|(ts, p)| format!("{ts},A/B,{p}\n")).collect();
    let data = folder.file("t.csv", format!("ts,symbol,price\n{rows}"));
    let run = |more: &[&str]| {
        let ended = ascep(&[&["replay", &rules, "--data", &data, "--ts-unit", "ms", "--out", "csv"], more].concat()).with(0);
        let time = |line: &&str| line.split(',').nth(1).unwrap().trim_end_matches("000000").to_owned();
        (ended.lines()[1..].iter().map(time).collect::<Vec<_>>().join(" "), ended.stderr)
    };
    let (times, said) = run(&[]);
    assert_eq!(times, "100 130 130 160 160", "applied as of the clock");
    assert!(said.contains("late             2\n"), "{said}");
    assert!(said.contains("t.csv: p50 20") && said.contains("max 55.000 ms"), "{said}");
    let (times, said) = run(&["--late", "drop"]);
    assert_eq!(times, "100 130 160");
    assert!(said.contains("late             0\n") && said.contains("late, dropped    2\n"), "{said}");
    let (times, said) = run(&["--late", "reorder:60ms"]);
    assert_eq!(times, "100 105 110 130 160");
    assert!(said.contains("late             0\n") && said.contains("reordered        2\n"), "{said}");
    let (times, said) = run(&["--late", "reorder:25ms"]);
    assert_eq!(times, "100 110 130 130 160", "one came later than the buffer waits");
    assert!(said.contains("late             1\n") && said.contains("reordered        1\n"), "{said}");
    let (times, said) = run(&["--late", "reorder:1h:1"]);
    assert_eq!(times, "100 110 130 130 160", "a full buffer lets the oldest go");
    assert!(said.contains("released early   4\n"), "{said}");
    ascep(&["replay", &rules, "--data", &data, "--late", "wait"]).with(2).says("write `apply`, `drop`, `reorder`");
    ascep(&["replay", &rules, "--data", &data, "--late", "reorder:soon"]).with(2).says("such as 250ms");
}

#[test]
fn a_replay_takes_any_time_unless_told_otherwise() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF trade(\"A/B\") THEN T(p = it.price)\n");
    let data = folder.file("t.csv", "ts,symbol,price\n1,A/B,1\n9000,A/B,2\n2,A/B,3\n20000,A/B,4\n20001,A/B,5\n");
    let run = |more: &[&str]| ascep(&[&["replay", &rules, "--data", &data, "--ts-unit", "s"], more].concat());
    assert_eq!(run(&[]).with(0).lines().len(), 5);
    let ended = run(&["--ahead", "1h"]).with(0).says("ahead of the clock").says("future refused   2\n").says("future confirmed 1\n");
    assert_eq!(ended.lines().len(), 3, "{}", ended.stdout);
    assert!(ended.stderr.contains("late             0\n"), "{}", ended.stderr);
    run(&["--ahead", "1h", "--strict"]).with(1);
    run(&["--ahead", "far"]).with(2).says("duration");
}

#[test]
fn rows_in_range_behind_one_that_is_not_are_taken() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF trade(\"A/B\") THEN T(p = it.price)\n");
    let data = folder.file("t.csv", "ts,symbol,price\n5,A/B,1\n20,A/B,2\n9,A/B,3\n4,A/B,4\n30,A/B,5\n12,A/B,6\n");
    let times = |more: &[&str]| -> Vec<String> {
        let ended = ascep(&[&["replay", &rules, "--data", &data], more].concat()).with(0);
        ended.lines().iter().map(|line| line.split("\"p\":").nth(1).unwrap().trim_end_matches('}').to_owned()).collect()
    };
    assert_eq!(times(&["--to", "10"]), ["1", "3", "4"]);
    assert_eq!(times(&["--from", "5", "--to", "12", "--late", "reorder:100ns"]), ["1", "3", "6"], "what is before the start is left out");
}

#[test]
fn names_that_no_rule_can_write_are_refused() {
    let (folder, rules, _) = alert();
    let data = folder.file("t.csv", "ts,symbol,price\n1,a:b:c,1\n2,A/,1\n3,A/B/C,1\n4,BTC/USDT,101\n");
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0).says("more than one `:`").says("the quote after `/` is missing");
    assert!(ended.stderr.contains("refused          3\n"), "{}", ended.stderr);
    assert_eq!(ended.lines().len(), 1);
}

#[test]
fn symbols_without_data_are_a_warning_at_the_end() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF price(\"BTC/USDT\") > 100 AND price(\"XRP/USDT\") > 0 THEN S\n");
    let data = folder.file("t.csv", TICKS);
    ascep(&["replay", &rules, "--data", &data]).with(0).says("no data came of").says("XRP/USDT");
}

#[test]
fn the_default_venue_is_that_of_the_first_row() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF last(\"A/B\") > 1 THEN S\nIF last(\"kraken:A/B\") > 1 THEN K\n");
    let data = folder.file("t.csv", "ts,symbol,price\n1,okx:A/B,2\n2,kraken:A/B,3\n");
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    let signals: Vec<bool> = ended.lines().iter().map(|line| line.contains("\"signal\":\"S\"")).collect();
    assert_eq!(signals, [true, false], "{}", ended.stdout);
}

#[test]
fn a_level_that_is_true_at_first_is_no_edge_under_quiet_start() {
    let (_folder, rules, data) = alert();
    let ended = ascep(&["replay", &rules, "--data", &data, "--quiet-start"]).with(0);
    assert_eq!(ended.lines().len(), 1);
    assert!(ended.lines()[0].contains("\"ts\":3,"), "{}", ended.stdout);
}

#[test]
fn what_is_no_data_is_said_plainly() {
    let (folder, rules, data) = alert();
    ascep(&["replay", &rules]).with(2);
    ascep(&["replay", &rules, "--data", &folder.at("none.csv")]).with(3).says("none.csv");
    ascep(&["replay", &rules, "--data", folder.path().to_str().unwrap()]).with(3);
    ascep(&["replay", &rules, "--data", "binance:"]).with(2);
    ascep(&["replay", &rules, "--data", &format!("binanse:{data}")]).with(3).says("binance");
    ascep(&["replay", &rules, "--data", &folder.file("cols.csv", "time,sym,px\n1,A/B,2\n")]).with(3).says("column");
    ascep(&["replay", &rules, "--data", &folder.file("none.csv", "")]).with(3).says("header");
    let packed = zstd::encode_all(TICKS.repeat(100).as_bytes(), 1).unwrap();
    let cut = folder.file("cut.csv.zst", &packed[..packed.len() - 3]);
    ascep(&["replay", &rules, "--data", &cut]).with(3).says("cut.csv.zst");
    let capture = folder.file("raw.txt", "1 {\"stream\":\"x\"}\n");
    ascep(&["replay", &rules, "--data", &capture]).with(3).says("binance:");
}

#[test]
fn an_empty_program_and_no_rows_are_fine() {
    let folder = Folder::new();
    let (rules, data) = (folder.file("e.cep", "# nothing\n"), folder.file("t.csv", "ts,symbol,price\n"));
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("no signals"), "{}", ended.stderr);
}

//! `ascep scan`: tellings as jsonl, the report, the page, and what the command does with what it cannot scan.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Folder, ascep};
use serde_json::Value;

/// Three markets, and a triangle that pays 30 bp from 20 ms on, 40 bp at 25 ms, and is gone at 40 ms.
const TRIANGLE: &str = "\
ts,symbol,bid,ask,bid_qty,ask_qty
0,BTC/USDT,60000,60006,1,1
0,ETH/BTC,0.0499,0.05,10,10
10,ETH/USDT,3000,3000.3,5,5
20,ETH/USDT,3009.3,3010,4,5
25,ETH/USDT,3012.3,3013,2,5
40,ETH/USDT,3000,3000.3,5,5
50,BTC/USDT,60000,60006,1,1
";

/// Runs it over the triangle in milliseconds.
fn triangle(more: &[&str]) -> common::Ended {
    let folder = Folder::new();
    folder.file("t.csv", TRIANGLE);
    folder.ascep(&[&["scan", "--data", "t.csv", "--ts-unit", "ms"], more].concat())
}

fn json(ended: &common::Ended) -> Vec<Value> {
    ended.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_opportunity_opens_moves_and_closes() {
    let ended = triangle(&["--fee", "0", "--home", "USDT"]).with(0);
    let told = json(&ended);
    let states: Vec<&str> = told.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open", "update", "close"], "{}", ended.stdout);
    let open = &told[0];
    assert_eq!((&open["seq"], &open["id"], &open["ts"]), (&1.into(), &1.into(), &20_000_000.into()));
    assert_eq!(open["path"], "buy BTC/USDT, buy ETH/BTC, sell ETH/USDT");
    assert_eq!(open["legs"][0]["market"], "BTC/USDT");
    assert_eq!(open["legs"][2]["side"], "sell");
    assert_eq!(open["reason"], Value::Null);
    // 1 / 60006 / 0.05 * 3009.3 - 1
    let net = 3009.3 / (60006.0 * 0.05) - 1.0;
    assert!((open["net"].as_f64().unwrap() - net).abs() < 1e-12);
    assert_eq!(open["net"], open["gross"], "no fees");
    // 4 ETH are bought for 0.2 BTC, which cost 12,001.2 USDT.
    assert!((open["size"].as_f64().unwrap() - 12_001.2).abs() < 1e-6, "{open}");
    assert_eq!((&open["age"], &open["skew"], &open["lifetime"]), (&20_000_000.into(), &20_000_000.into(), &0.into()));
    let close = &told[2];
    assert_eq!((&close["reason"], &close["lifetime"]), (&"edge".into(), &20_000_000.into()));
    assert!((close["peak"].as_f64().unwrap() - (3012.3 / 3000.3 - 1.0)).abs() < 1e-12);
    let keys: Vec<&str> = ended.lines()[0]
        .split("\"")
        .skip(1)
        .step_by(2)
        .filter(|part| "seq ts id state reason path legs net gross size profit age skew lifetime peak".split(' ').any(|key| key == *part))
        .collect();
    assert_eq!(keys.join(" "), "seq ts id state reason path legs net gross size profit age skew lifetime peak");
}

#[test]
fn fees_thresholds_and_limits_decide() {
    let count = |more: &[&str]| json(&triangle(more).with(0)).len();
    assert_eq!(count(&["--fee", "20bp"]), 0);
    assert_eq!(count(&["--fee", "5bp"]), 3);
    assert_eq!(count(&["--fee", "0", "--min-net", "35bp"]), 2);
    assert_eq!(count(&["--fee", "0", "--step", "20bp"]), 2);
    assert_eq!(count(&["--fee", "0", "--max-age", "15ms"]), 0);
    assert_eq!(count(&["--fee", "0", "--max-skew", "15ms"]), 0);
    assert_eq!(count(&["--fee", "0", "--legs", "4"]), 0);
    assert_eq!(count(&["--fee", "-1bp", "--legs", "3"]), 5, "a rebate pays from the first quotes to the end");
    let aged = json(&triangle(&["--fee", "0", "--max-age", "30ms"]).with(0));
    assert_eq!((&aged[2]["reason"], &aged[2]["ts"]), (&"age".into(), &30_000_000.into()), "by a timer");
}

#[test]
fn the_report_says_what_came_of_it() {
    let ended = triangle(&["--fee", "5bp", "--home", "USDT"]).with(0);
    for text in [
        "events           7\n",
        "opportunities    1\n",
        "  closed by        edge 1\n",
        "  lifetimes        p50 20.0 ms, p90 20.0 ms, p99 20.0 ms, max 20.0 ms\n",
        "buy BTC/USDT, buy ETH/BTC, sell ETH/USDT",
        "size and profit in USDT",
        "locked 0, crossed 0, one-sided 0",
    ] {
        assert!(ended.stderr.contains(text), "no {text:?} in\n{}", ended.stderr);
    }
    let lost = triangle(&["--fee", "20bp"]).with(0);
    assert!(lost.stderr.contains("lost to fees    1 (100.0 %)"), "{}", lost.stderr);
}

#[test]
fn text_is_for_people() {
    let ended = triangle(&["--fee", "0", "--out", "text"]).with(0);
    assert!(ended.lines()[0].starts_with("1970-01-01T00:00:00.020Z  open    #1  net 3"), "{}", ended.stdout);
    assert!(ended.lines()[2].contains("close   #1  edge  after 20.0 ms  peak 40.00 bp"), "{}", ended.stdout);
}

#[test]
fn a_fee_must_be_given_except_for_the_simulated_market() {
    triangle(&[]).with(2).says("a fee must be given").says("--fee 0");
    triangle(&["--fee", "a lot"]).with(2).says("7.5bp");
    triangle(&["--fee", "100%"]).with(2).says("a fee of 100 % is not below 100 %");
    ascep(&["scan", "--feed", "binance:BTC/USDT"]).with(2).says("a fee must be given");
    ascep(&["scan", "--speed", "max", "--for", "1s"]).with(0).says("the simulated market takes 7.50 bp").says("USDT");
}

#[test]
fn the_bare_command_finds_something_and_the_same_each_time() {
    let run = |more: &[&str]| ascep(&[&["scan", "--speed", "max", "--for", "20s"], more].concat()).with(0);
    let one = run(&[]);
    assert!(one.lines().len() > 10);
    assert_eq!(one.stdout, run(&[]).stdout);
    assert_ne!(one.stdout, run(&["--feed", "sim:seed=8"]).stdout);
    assert!(json(&one).iter().all(|telling| telling["net"].as_f64().unwrap() > 0.0 || telling["state"] == "close"));
}

#[test]
fn the_page_stands_alone_and_is_the_same_each_time() {
    let folder = Folder::new();
    let run = || {
        folder.ascep(&["scan", "--speed", "max", "--for", "20s", "--html", "r.html"]).with(0).says("the page is `r.html`");
        std::fs::read_to_string(folder.at("r.html")).unwrap()
    };
    let page = run();
    assert_eq!(page, run());
    for part in [
        "<!DOCTYPE html>",
        "ascep scan --speed max --for 20s --html r.html",
        "Edge over time",
        "Lifetimes",
        "Top paths",
        "prefers-color-scheme: dark",
        "Best paths",
        "Settings",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    assert_eq!(page.matches("<svg").count(), 3);
    for part in ["<script", "http:", "https:", "url(", "@import", "<img", "<link"] {
        assert!(!page.contains(part), "{part} in a page that stands alone");
    }
    for (open, close) in
        [("<svg", "</svg>"), ("<section", "</section>"), ("<table", "</table>"), ("<tr", "</tr>"), ("<path", ">"), ("<dl", "</dl>")]
    {
        assert!(page.matches(open).count() <= page.matches(close).count(), "{open} without {close}");
    }
    // A longer page that was there goes whole; where the scan can't be had it stays.
    std::fs::write(folder.at("r.html"), "x".repeat(1_000_000)).unwrap();
    folder.ascep(&["scan", "--speed", "max", "--for", "20s", "--legs", "9", "--html", "r.html"]).with(2);
    assert_eq!(std::fs::read_to_string(folder.at("r.html")).unwrap().len(), 1_000_000);
    assert_eq!(run(), page);
    folder.ascep(&["scan", "--speed", "max", "--for", "1s", "--html", "none/r.html"]).with(3).says("none/r.html");
}

#[test]
fn what_cannot_be_scanned_is_said() {
    let folder = Folder::new();
    let trades = folder.file("trades.csv", "ts,symbol,price\n1,A/B,1\n");
    ascep(&["scan", "--data", &trades, "--fee", "0"]).with(2).says("nothing to scan");
    let lone = folder.file("lone.csv", "ts,symbol,bid,ask\n1,A/B,1,2\n2,INDEX,1,2\n");
    ascep(&["scan", "--data", &lone, "--fee", "0"]).with(0).says("no way of 2..3 legs").says("INDEX");
    ascep(&["scan", "--data", &lone, "--fee", "0", "--home", "C"]).with(2).says("no market has the asset `C`");
    ascep(&["scan", "--data", &lone, "--fee", "0", "--legs", "9"]).with(2).says("from 2 to 8");
    ascep(&["scan", "--data", &lone, "--fee", "0", "--clock", "fxcm=+5h"]).with(2).says("fxcm");
    ascep(&["scan", "--data", &folder.at("none.csv"), "--fee", "0"]).with(3).says("none.csv");
    ascep(&["scan", "--data", &lone, "--feed", "sim"]).with(2);
    ascep(&["scan", "--from", "5"]).with(2);
    ascep(&["scan", "--data", &lone, "--fee", "0", "--out", "table"]).with(2).says("standard output is none");
}

#[test]
fn faults_of_the_data_are_counted_and_are_no_opportunities() {
    let folder = Folder::new();
    let data = folder.file(
        "f.csv",
        "ts,symbol,bid,ask\n1,x:A/B,100,101\n2,y:A/B,103,104\n3,y:A/B,105,104\n4,y:A/B,103,104\n5,y:A/B,103,103\n6,y:A/B,103,104\n7,y:A/B,103,\n8,y:A/B,-1,3\n",
    );
    let ended = ascep(&["scan", "--data", &data, "--fee", "1bp"]).with(0);
    let reasons: Vec<Value> = json(&ended).into_iter().filter(|one| one["state"] == "close").map(|one| one["reason"].clone()).collect();
    assert_eq!(reasons, ["crossed", "locked", "one_sided"]);
    assert!(ended.stderr.contains("locked 1, crossed 1, one-sided 1") && ended.stderr.contains("refused          1\n"), "{}", ended.stderr);
    ascep(&["scan", "--data", &data, "--fee", "1bp", "--strict"]).with(1).says("--strict");
    assert_eq!(json(&ascep(&["scan", "--data", &data, "--fee", "1bp", "--no-across"]).with(0)).len(), 0);
}

#[test]
fn events_and_times_bound_a_scan() {
    let ended = triangle(&["--fee", "0", "--events", "4"]).with(0);
    assert!(ended.stderr.contains("events           4\n"), "{}", ended.stderr);
    let states = |more: &[&str]| {
        json(&triangle(&[&["--fee", "0"], more].concat()).with(0))
            .iter()
            .map(|one| one["reason"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&["--events", "4"]), ["-", "end"]);
    assert_eq!(states(&["--to", "30000000"]), ["-", "-", "end"]);
    assert_eq!(states(&["--to", "1970-01-01T00:00:00.020Z"]), ["-", "end"]);
    assert!(states(&["--from", "20000000"]).is_empty(), "the quotes before are not known");
    triangle(&["--fee", "0", "--from", "30", "--to", "20"]).with(2).says("`--from` is later than `--to`");
    triangle(&["--fee", "0", "--across", "--no-across"]).with(2).says("cannot be used with");
    triangle(&["--fee", "0"]).with(0).says("\n  default         by the time of receipt\n");
}

#[test]
fn limits_are_settings_and_what_had_no_room_is_counted() {
    let run = |more: &[&str]| triangle(&[&["--fee", "0"], more].concat());
    run(&["--max-ways", "1"]).with(2).says("error: `--max-ways N` is too low");
    assert!(run(&["--max-ways", "2"]).with(0).stderr.contains("  ways                   2 of at most 2\n"));
    let ended = ascep(&["scan", "--speed", "max", "--for", "20s", "--max-paths", "1"]).with(0);
    assert!(
        ended.stderr.contains("1 of at most 1; no room ") && !ended.stderr.contains("1 of at most 1; no room 0 times"),
        "{}",
        ended.stderr
    );
    run(&["--max-followed", "0"]).with(2);
}

#[test]
fn a_look_has_a_bound() {
    let ended = triangle(&["--fee", "0", "--look", "2"]).with(0).says("the first 2 events say which markets there are");
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("4 events of other symbols"), "{}", ended.stderr);
}

/// A universe of four markets on two venues, and its fees by venue and tier.
fn files(folder: &Folder) {
    folder.file(
        "u.csv",
        "symbol,status,lot,min_notional\na:X/USDT,trading,0.0001,\nb:X/USDT,trading,0.0001,\nb:X/USD,trading,,\nb:Y/USDT,halted,,\n",
    );
    folder.file("fees.csv", "venue,pair,tier,volume,taker\na,,,,10bp\nb,,base,0,20bp\nb,,gold,1000000,1bp\n");
    folder.file(
        "q.csv",
        "ts,symbol,bid,ask,bid_qty,ask_qty\n1,a:X/USDT,99.9,100,1,1.57\n2,b:X/USDT,100.2,100.3,1.04,1\n3,b:X/USD,100.4,100.5,1,1\n4,b:Y/USDT,1,2,,\n5,c:Z/USDT,1,2,,\n6,b:X/USDT,99.9,100.1,1,1\n",
    );
}

#[test]
fn a_universe_and_fees_decide_what_is_scanned() {
    let folder = Folder::new();
    files(&folder);
    let run = |more: &[&str]| folder.ascep(&[&["scan", "--data", "q.csv", "--universe", "u.csv"], more].concat());
    run(&[]).with(2).says("no fee is given for `a:X/USDT`").says("--fees FILE");
    // 20 bp between the venues, less 10 and 20 bp.
    assert_eq!(json(&run(&["--fees", "fees.csv"]).with(0)).len(), 0);
    let ended = run(&["--fees", "fees.csv", "--tier", "b=gold", "--home", "USDT"])
        .with(0)
        .says("2 of 4 lie on a way")
        .says("1 events of other symbols");
    let told = json(&ended);
    assert_eq!(told[0]["path"], "buy a:X/USDT, sell b:X/USDT");
    let net = 1.002 * 0.999 * 0.9999 - 1.0;
    assert!((told[0]["net"].as_f64().unwrap() - net).abs() < 1e-12, "{}", told[0]);
    assert_eq!(json(&run(&["--fees", "fees.csv", "--tier", "b=2000000"]).with(0)).len(), told.len());
    run(&["--fees", "fees.csv", "--tier", "b=silver"]).with(2).says("no tier `silver`");
    run(&["--fees", "fees.csv", "--fee", "1bp"]).with(2);
    run(&["--fees", "none.csv"]).with(3).says("none.csv");
}

#[test]
fn an_assumption_is_a_leg_that_the_output_names() {
    let folder = Folder::new();
    files(&folder);
    let run = |more: &[&str]| {
        json(&folder.ascep(&[&["scan", "--data", "q.csv", "--fee", "1bp", "--home", "USDT", "--legs", "3"], more].concat()).with(0))
    };
    assert!(run(&[]).is_empty(), "USD and USDT are two assets");
    let told = run(&["--assume-equal", "USD=USDT:10bp"]);
    assert_eq!(told[0]["path"], "buy a:X/USDT, sell b:X/USD, USD as USDT");
    assert_eq!(told[0]["legs"][2]["market"], "USD=USDT");
    let net = 1.004 * 0.9999 * 0.9999 * 0.999 - 1.0;
    assert!((told[0]["net"].as_f64().unwrap() - net).abs() < 1e-12, "{}", told[0]);
}

#[test]
fn what_is_wrong_in_a_universe_is_said_and_ends_a_strict_scan() {
    let folder = Folder::new();
    files(&folder);
    folder.file("bad.csv", "symbol,tick\na:X/USDT,0.1\na:X/USDT,0.1\nb:X/USDT,0\n");
    let args = ["scan", "--data", "q.csv", "--fee", "1bp", "--universe", "bad.csv"];
    folder.ascep(&args).with(0).says("bad.csv:3: market `a:X/USDT` stands twice").says("bad.csv:4:").says("tick of 0");
    folder.ascep(&[&args[..], &["--strict"]].concat()).with(1).says("2 rows of the universes and fees are wrong");
}

#[test]
fn clocks_are_told() {
    let folder = Folder::new();
    let data = folder.file(
        "c.csv",
        "ts,venue_ts,symbol,bid,ask\n18000000000010,10,a:X/Y,1,1.1\n18000000000020,18000000000015,b:X/Y,1.2,1.3\n18000000000030,30,a:X/Y,1,1.1\n",
    );
    let run = |more: &[&str]| ascep(&[&["scan", "--data", &data, "--fee", "0", "--max-age", "1s"], more].concat()).with(0);
    let estimated = run(&[]);
    assert!(
        estimated.stderr.contains("  a               +5.00 h, 0 jumps") && estimated.stderr.contains("  b               +5 ns, 0 jumps"),
        "{}",
        estimated.stderr
    );
    assert_eq!(json(&estimated)[0]["skew"], 10);
    let fixed = run(&["--clock", "a=+5h"]);
    assert!(fixed.stderr.contains("clock of a") || fixed.stderr.contains("  a               +5.00 h"), "{}", fixed.stderr);
    assert_eq!(json(&fixed)[0]["skew"], 10);
    // Where the clock is said to be right, the quotes are five hours old.
    assert!(json(&run(&["--clock", "a=+1ns"])).is_empty());
}

#[test]
fn a_feed_without_symbols_brings_those_of_the_universe() {
    let folder = Folder::new();
    folder.file("u.csv", "symbol\nADA/EUR\nADA/USD\nEUR/USD\n");
    let args = ["scan", "--feed", "sim:seed=3", "--universe", "u.csv", "--fee", "1bp", "--speed", "max", "--for", "20s", "--home", "USD"];
    let ended = folder.ascep(&args).with(0);
    assert!(json(&ended)[0]["path"].as_str().unwrap().contains("ADA/EUR"), "{}", ended.stdout);
    assert!(ended.stderr.contains("0 events of other symbols"), "{}", ended.stderr);
    folder.ascep(&["scan", "--feed", "binance", "--universe", "u2.csv", "--fee", "1bp"]).with(3).says("u2.csv");
    folder.file("k.csv", "symbol\nkraken:ADA/EUR\n");
    folder
        .ascep(&["scan", "--feed", "binance", "--universe", "k.csv", "--fee", "1bp"])
        .with(2)
        .says("no market of the universe trades on `binance`");
}

#[test]
fn a_symbol_without_venue_is_of_the_first_row() {
    let folder = Folder::new();
    let rows = "ts,symbol,bid,ask\n1,okx:A/B,100,101\n2,kraken:A/B,103,104\n3,A/B,103,104\n4,kraken:A/B,103,104\n";
    let data = folder.file("v.csv", rows);
    let universe = folder.file("u.csv", "symbol\nokx:A/B\nkraken:A/B\n");
    for more in [&[][..], &["--universe", &universe]] {
        let ended = ascep(&[&["scan", "--data", &data, "--fee", "0"], more].concat()).with(0);
        let told = json(&ended);
        assert_eq!(told.len(), 2, "{}", ended.stdout);
        assert_eq!((&told[1]["ts"], &told[1]["reason"]), (&3.into(), &"edge".into()), "{}", ended.stdout);
        assert!(ended.stderr.contains("2 of 2 quoted"), "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_needs_a_universe() {
    let folder = Folder::new();
    let pipe = folder.at("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    ascep(&["scan", "--data", &pipe, "--fee", "0"]).with(2).says("can be read only once").says("--universe FILE");
    let universe = folder.file("u.csv", "symbol\nBTC/USDT\nETH/BTC\nETH/USDT\n");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, TRIANGLE).unwrap()
    });
    let ended = ascep(&["scan", "--data", &pipe, "--ts-unit", "ms", "--fee", "0", "--universe", &universe]).with(0);
    writer.join().unwrap();
    assert_eq!(json(&ended).len(), 3);
}

#[test]
fn filters_and_levels_decide_about_sizes() {
    let folder = Folder::new();
    let lots = folder.file("u.csv", "symbol,lot,min_notional\nBTC/USDT,0.01,\nETH/BTC,0.1,\nETH/USDT,0.1,5\n");
    // 4 ETH sold, 4.1 bought for lack of a fee: what goes round is a whole number of lots.
    let told = json(&triangle(&["--fee", "0", "--home", "USDT", "--universe", &lots]).with(0));
    assert_eq!(told[0]["size"], 12_001.2, "0.2 BTC buy 4 ETH");
    let large = folder.file("l.csv", "symbol,min_notional\nBTC/USDT,\nETH/BTC,\nETH/USDT,20000\n");
    let ended = triangle(&["--fee", "0", "--home", "USDT", "--universe", &large]).with(0);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("too small       by min_notional 1\n"), "{}", ended.stderr);

    let rounds = |size: &str| triangle(&["--fee", "0", "--home", "USDT", "--size", size]).with(0).stderr;
    let text = rounds("1000");
    assert!(
        text.contains(
            "  1,000 USDT      offered in full at 1 of 1 opening, net 30.00 bp in the mean; within the filters 1 paid, 2.9997 USDT in all"
        ),
        "{text}"
    );
    let text = rounds("50000");
    assert!(text.contains("  50,000 USDT     offered in full at 0 of 1 opening; within the filters 1 paid, 36 USDT in all"), "{text}");
    triangle(&["--fee", "0", "--size", "1000"]).with(2).says("name it with `--home`");
}

#[test]
fn levels_are_used_where_they_are_asked_for() {
    let folder = Folder::new();
    let data = folder.file(
        "b.jsonl",
        "{\"ts\":1,\"symbol\":\"a:X/Y\",\"bids\":[[99,5]],\"asks\":[[100,1],[101,2]]}\n{\"ts\":2,\"symbol\":\"b:X/Y\",\"bids\":[[103,1],[102,2]],\"asks\":[[104,5]]}\n",
    );
    let run = |more: &[&str]| json(&ascep(&[&["scan", "--data", &data, "--fee", "0", "--home", "Y"], more].concat()).with(0));
    let (best, all) = (run(&[]), run(&["--depth"]));
    let near = |value: &Value, want: f64| (value.as_f64().unwrap() - want).abs() < 1e-9;
    assert!(near(&best[0]["size"], 100.0) && near(&best[0]["profit"], 3.0), "{}", best[0]);
    assert!(near(&all[0]["size"], 302.0) && near(&all[0]["profit"], 5.0), "1 at 100 and 2 at 101, sold at 103 and 102: {}", all[0]);
}

#[test]
fn a_rule_with_cycles_tells_the_same() {
    let folder = Folder::new();
    let keys = ["state", "reason", "path", "net", "gross", "size", "profit", "age", "skew", "lifetime", "peak"];
    let fields: Vec<String> = keys.iter().map(|key| format!("{key} = it.{key}")).collect();
    let rule = format!(
        "USE arbitrage\nRULE r: IF cycles(home = \"USDT\", fee = 7.5bp, markets = [\"BTC/USDT\", \"ETH/USDT\", \"ETH/BTC\"], legs = 2..3, min_net = 5bp, max_age = 40ms)\n THEN C({})\n",
        fields.join(", ")
    );
    folder.file("r.cep", rule);
    let feed = ["--feed", "sim:seed=5", "--speed", "max", "--for", "60s"];
    let by_rule = json(&folder.ascep(&[&["run", "r.cep"], &feed[..]].concat()).with(0));
    let by_scan = json(
        &folder
            .ascep(&[&["scan", "--fee", "7.5bp", "--home", "USDT", "--min-net", "5bp", "--max-age", "40ms"], &feed[..]].concat())
            .with(0),
    );
    assert!(by_rule.len() > 100, "{}", by_rule.len());
    // At the end of a run rules are not told of what is still open.
    let by_scan: Vec<&Value> = by_scan.iter().filter(|one| one["reason"] != "end").collect();
    assert_eq!(by_rule.len(), by_scan.len());
    for (rule, scan) in by_rule.iter().zip(by_scan) {
        assert_eq!(rule["ts"], scan["ts"]);
        for key in keys {
            assert_eq!(rule["fields"][key], scan[key], "{key} of {scan}");
        }
    }
}

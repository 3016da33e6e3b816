//! `ascep scan` on a universe, fees and data of which much is wrong: all of it is said or counted, and the rest is scanned as if it were alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;

use common::{Ended, Folder, shared};

const UNIVERSE: &str = "\
symbol,tick,lot,status,min_notional
x:BTC/USDT,0.01,0.00001,,5
x:ETH/BTC,,,,
x:ETH/USDT,,,,
";
const BAD_UNIVERSE: &str = "\
x:ETH/USDT,1,1,,
x:SOL/USDT,0,,,
x:DOGE/USDT,,,sleeping,
x:DOGE/BTC,,,,
x:BTC/BTC,,,,
x:ETHUSDT,,,,
x:LTC/USDT,,,
x:XRP/USDT,-1,,,
";
const FEES: &str = "venue,pair,taker\nx,,5bp\nx,ETH/BTC,-1bp\n";
const BAD_FEES: &str = "x,SOL/USDT,100%\nx,,7bp\nx,LTC/USDT,lots\nx,DOGE/BTC,0.1\n";
const QUOTES: &str = "\
ts,symbol,bid,ask,bid_qty,ask_qty
0,x:BTC/USDT,60000,60006,1,1
0,x:ETH/BTC,0.0499,0.05,10,10
10,x:ETH/USDT,3000,3000.3,5,5
20,x:ETH/USDT,3009.3,3010,4,5
30,x:ETH/USDT,3011,3010,4,5
40,x:ETH/USDT,3009.3,3010,4,5
50,x:ETH/USDT,3000,3000.3,4,5
";
const BAD_QUOTES: &str = "\
60,x:ETH/USDT,0,3000.3,5,5
60,x:ETH/USDT,3000,inf,5,5
60,x:ETH/USDT,3000,3001,-5,5
60,x:ETH/USDT,3000
60,x:DOGE/USDT,0.1,0.2,5,5
60,x:DOGE/BTC,1000,2000,5,5
";

fn scan(folder: &Folder, more: &[&str]) -> Ended {
    let args = ["scan", "--data", "q.csv", "--ts-unit", "ms", "--universe", "u.csv", "--fees", "f.csv", "--home", "USDT"];
    folder.ascep(&[&args, more].concat())
}

#[test]
fn what_is_wrong_takes_nothing_with_it() {
    let (clean, dirty) = (Folder::new(), Folder::new());
    for (name, text) in [("u.csv", UNIVERSE), ("f.csv", FEES), ("q.csv", QUOTES)] {
        clean.file(name, text);
    }
    for (name, text, bad) in [("u.csv", UNIVERSE, BAD_UNIVERSE), ("f.csv", FEES, BAD_FEES), ("q.csv", QUOTES, BAD_QUOTES)] {
        dirty.file(name, format!("{text}{bad}"));
    }
    let want = scan(&clean, &["--strict"]).with(0);
    assert_eq!(want.lines().len(), 4, "opened, closed by the crossed book, opened, closed: {}", want.stdout);
    let got = scan(&dirty, &[]).with(0);
    assert_eq!(got.stdout, want.stdout);
    for text in [
        "u.csv:5: market `x:ETH/USDT` stands twice",
        "u.csv:6: market `x:SOL/USDT`: tick of 0",
        "u.csv:7: the status \"sleeping\" is not known",
        "u.csv:9: market `x:BTC/BTC` exchanges BTC for itself",
        "u.csv:10: `symbol`: `x:ETHUSDT` names no pair",
        "u.csv:11: the row has 4 columns, the header 5",
        "u.csv:12: market `x:XRP/USDT`: tick of -1",
        "f.csv:4: a fee of 1 for `x:SOL/USDT`",
        "f.csv:5: the fees for `x` stand twice",
        "f.csv:6: `taker`: \"lots\" is not a number",
        "f.csv:7: `taker`: a taker's fee of 0.1, which is 10 %",
        "q.csv:9: `bid`: the price 0 is not above 0",
        "q.csv:10: `ask`: \"inf\" is not a finite number",
        "q.csv:11: `bid_qty`: the quantity -5 is negative",
        "q.csv:12: the row has 3 columns, the header 6",
        "refused          4\n",
        "locked 0, crossed 1, one-sided 0",
        "2 quotes of markets that no way leads through",
    ] {
        assert!(got.stderr.contains(text), "no {text:?} in\n{}", got.stderr);
    }
    scan(&dirty, &["--strict"]).with(1).says("9 rows of the universes and fees are wrong");
}

#[test]
fn a_file_that_is_no_universe_is_an_error_with_its_place() {
    let folder = Folder::new();
    for (name, text) in [("u.csv", UNIVERSE), ("f.csv", FEES), ("q.csv", QUOTES)] {
        folder.file(name, text);
    }
    folder.file("cut.json", "{\"symbols\":[\n{\"symbol\":\"BTCUSDT\"");
    folder.file("no.json", "{\"code\":-1003,\"msg\":\"Too many requests\"}");
    scan(&folder, &["--universe", "cut.json"]).with(3).says("cut.json:2:").says("not JSON");
    folder.file("cut.csv.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    let cut =
        scan(&folder, &["--universe", "cut.csv.gz"]).with(3).says("the gzip data end in the middle; ").says("nothing is taken of a half");
    assert!(!cut.stderr.contains("was read"), "{}", cut.stderr);
    scan(&folder, &["--universe", "no.json"]).with(3).says("Too many requests");
    scan(&folder, &["--universe", "q.csv"]).with(3).says("q.csv:1: unknown column `ts`");
    scan(&folder, &["--fees", "u.csv"]).with(3).says("u.csv:1: unknown column `symbol`");
}

#[test]
fn a_universe_without_a_market_that_trades_is_an_error() {
    let folder = Folder::new();
    for (name, text) in [("f.csv", FEES), ("q.csv", QUOTES)] {
        folder.file(name, text);
    }
    for (text, has) in [("symbol\n", "0 markets"), ("{\"symbols\":[]}", "0 markets"), ("symbol,status\nx:BTC/USDT,halted\n", "1 market")] {
        folder.file("u.csv", text);
        scan(&folder, &[]).with(2).says(&format!("no market of the universe trades, of {has}: there is nothing to scan"));
    }
    folder.file("u.csv", "{\"error\":[\"EGeneral:Internal error\"],\"result\":{}}");
    scan(&folder, &[]).with(3).says("EGeneral:Internal error");
    folder.ascep(&["scan", "--feed", "binance", "--fee", "0"]).with(2).says("`--universe FILE`");
}

#[test]
fn losses_of_nothing_and_records_of_another_kind_are_said() {
    let folder = Folder::new();
    let quote = r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"60000","B":"1","a":"60001","A":"1"}}"#;
    folder.file("c.txt", format!("1 {{\"ascep\":\"nonsense\"}}\n2 {quote}\n3 {{\"ascep\":\"gap\"}}\n"));
    folder.file("r.cep", common::ALERT);
    for command in [&["scan", "--fee", "0"][..], &["replay", "r.cep"]] {
        let ended = folder.ascep(&[command, &["--data", "binance:c.txt"]].concat()).with(0);
        ended
            .says("c.txt:3: a recorded `gap` names no symbol")
            .says("1 frame of a type not known here was passed over")
            .says("refused          1\n");
    }
}

#[test]
fn clocks_that_jump_are_refused_confirmed_or_late() {
    let folder = Folder::new();
    for (name, text) in [("u.csv", UNIVERSE), ("f.csv", FEES)] {
        folder.file(name, text);
    }
    let hour = 3_600_000;
    folder.file("q.csv", format!("{QUOTES}{},x:BTC/USDT,60000,60006,1,1\n55,x:BTC/USDT,60001,60006,1,1\n", 4 * hour));
    let plain = scan(&folder, &[]).with(0);
    assert!(plain.stderr.contains("  late            1\n"), "{}", plain.stderr);
    let bounded = scan(&folder, &["--ahead", "1h"]).with(0).says("ahead of the clock");
    assert!(bounded.stderr.contains("refused          1\n") && bounded.stderr.contains("  late            0\n"), "{}", bounded.stderr);
    assert_eq!(bounded.stdout, plain.stdout);
}

#[test]
fn ten_thousand_markets_and_ninety_thousand_fees() {
    let folder = Folder::new();
    let (mut markets, mut fees) = (UNIVERSE.to_owned(), "venue,pair,volume,taker\nx,,0,5bp\nx,ETH/BTC,0,-1bp\n".to_owned());
    for n in 0..10_000 {
        let _ = writeln!(markets, "x:A{n}/USDT,0.01,0.001,,");
        for tier in 0..9 {
            let _ = writeln!(fees, "x,A{n}/USDT,{},0.00{}", tier * 1_000, 9 - tier);
        }
    }
    folder.file("u.csv", markets);
    folder.file("f.csv", fees);
    folder.file("q.csv", QUOTES);
    let ended = scan(&folder, &["--strict"]).with(0).says("3 of 10,003 lie on a way");
    assert_eq!(ended.lines().len(), 4, "{}", ended.stdout);
}

#[test]
fn real_answers_of_venues_are_universes() {
    let Some(kraken) = shared("data/captures/KRAKEN.0.gz") else { return };
    let Some(binance) = shared("data/binance/exchangeInfo_2021.json.gz") else { return };
    let folder = Folder::new();
    folder.file("q.csv", "ts,symbol,bid,ask\n1,kraken:BTC/USD,60000,60001\n2,binance:BTC/USDT,60000,60001\n");
    let (kraken, binance) = (kraken.to_str().unwrap(), binance.to_str().unwrap());
    // What Kraken lists is enough; Binance lists no fees.
    folder.ascep(&["scan", "--data", "q.csv", "--universe", kraken, "--home", "USD", "--strict"]).with(0).says("1 events of other symbols");
    folder.ascep(&["scan", "--data", "q.csv", "--universe", binance, "--home", "USDT"]).with(2).says("no fee is given for `binance:");
    let both = ["scan", "--data", "q.csv", "--universe", kraken, "--universe", binance, "--home", "BTC", "--fee", "10bp", "--strict"];
    folder.ascep(&both).with(0).says("0 events of other symbols").says("1,392 of 1,988 lie on a way");
}

//! Universes and fees on the command line: what rules with `cycles` take of them, and what is said of those that are wrong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Folder, ascep, shared};

const MARKETS: &str = "symbol,lot,status\nx:BTC/USDT,0.001,\nx:ETH/BTC,,\nx:ETH/USDT,,\nx:SOL/USDT,,halted\ny:BTC/USD,,\ny:BTC/USDT,,\n";
const FEES: &str = "venue,tier,volume,taker\nx,,0,10bp\ny,VIP0,0,26bp\ny,VIP1,50000,20bp\n";
const RULES: &str =
    "USE arbitrage\nRULE r: IF cycles(home = \"USDT\", legs = 2..4) WHERE it.state == \"open\" THEN FOUND(path = it.path, net = it.net)\n";

/// The label of the search in the graph of the rules.
fn search(folder: &Folder, more: &[&str]) -> String {
    let rules = folder.file("r.cep", RULES);
    let mut args = vec!["graph", &rules, "--format", "json"];
    args.extend(more);
    let graph: serde_json::Value = serde_json::from_str(&ascep(&args).with(0).stdout).unwrap();
    let nodes = graph["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["op"] == "cycles").unwrap()["label"].as_str().unwrap().to_owned()
}

#[test]
fn rules_look_through_what_trades() {
    let folder = Folder::new();
    let (markets, fees) = (folder.file("m.csv", MARKETS), folder.file("f.csv", FEES));
    let all = search(&folder, &["--universe", &markets, "--fees", &fees]);
    let wanted = r#"markets = ["x:BTC/USDT", "x:ETH/BTC", "x:ETH/USDT", "y:BTC/USD", "y:BTC/USDT"], legs = 2..4"#;
    assert!(all.contains(wanted) && !all.contains("fee"), "{all}");
    let equal = search(&folder, &["--universe", &markets, "--fees", &fees, "--assume-equal", "USD=USDT:10bp"]);
    assert!(equal.contains(r#""y:BTC/USDT", USD=USDT]"#), "{equal}");
    let rules = folder.file("r.cep", RULES);
    for command in ["check", "test"] {
        ascep(&[command, &rules, "--universe", &markets, "--fees", &fees]).with(0);
    }
}

#[test]
fn a_leg_without_a_fee_is_an_error_and_a_tier_has_to_be_there() {
    let folder = Folder::new();
    let (rules, markets) = (folder.file("r.cep", RULES), folder.file("m.csv", MARKETS));
    let check = |more: &[&str]| ascep(&[&["check", &rules, "--universe", &markets], more].concat());
    check(&[]).with(1).says("E0816").says("`x:BTC/USDT`, `x:ETH/BTC` and `x:ETH/USDT` and 2 more");
    let half = folder.file("half.csv", "venue,taker\nx,10bp\n");
    check(&["--fees", &half]).with(1).says("E0816").says("`y:BTC/USD` and `y:BTC/USDT`");
    let fees = folder.file("f.csv", FEES);
    check(&["--fees", &fees, "--tier", "y=VIP1"]).with(0);
    check(&["--fees", &fees, "--tier", "y=70000"]).with(0);
    check(&["--fees", &fees, "--tier", "y=VIP9"]).with(2).says("VIP9");
    check(&["--fees", &fees, "--tier", "y"]).with(2).says("a tier is VENUE=NAME");
}

#[test]
fn a_tier_that_decides_nothing_is_bad_usage() {
    let folder = Folder::new();
    folder.file("m.csv", "symbol\na:BTC/USDT\nb:BTC/USDT\nc:BTC/USDT\n");
    folder.file("f.csv", "venue,tier,volume,taker\na,VIP0,,10bp\na,VIP1,,5bp\nb,,100,10bp\nb,,1000,1bp\nc,,,1bp\n");
    folder.file("q.csv", "ts,symbol,bid,ask\n1,a:BTC/USDT,60000,60001\n");
    let scan = |tiers: &[&str]| {
        let more = tiers.iter().flat_map(|tier| ["--tier", tier]);
        let args = ["scan", "--data", "q.csv", "--universe", "m.csv", "--fees", "f.csv"];
        folder.ascep(&args.into_iter().chain(more).collect::<Vec<_>>())
    };
    for right in [&["a=VIP1"][..], &["b=1000"], &["b=100", "a=VIP0"]] {
        scan(right).with(0);
    }
    for (wrong, says) in [
        (&["zz=VIP1"][..], "no line of the fees is of the venue `zz` of `--tier`: there are those of `a`, `b`, `c`"),
        (&["a=VPI1"], "venue `a` has no tier `VPI1`: it has `VIP0`, `VIP1`"),
        (&["a=5000"], "venue `a` has no tiers by volume, such as 5000: it has `VIP0`, `VIP1`"),
        (&["b=VIP1"], "venue `b` has no tier `VIP1`: its tiers are volumes, such as `--tier b=1000`"),
        (&["b=50"], "venue `b` has no fee for a volume of 50: the lowest is 100"),
        (&["b=-5"], "a number from 0 on"),
        (&["c=VIP1"], "it has one fee, leave `--tier` out"),
        (&["a=VIP1", "a=VIP0"], "`--tier` is given twice for the venue `a`"),
    ] {
        scan(wrong).with(2).says(says);
    }
    // Lines for all venues are those of the venues that there are.
    folder.file("f.csv", "tier,taker\nVIP0,10bp\nVIP1,5bp\n");
    scan(&["a=VIP1"]).with(0);
    scan(&["zz=VIP1"]).with(2).says("give them with `--fees FILE`");
}

#[test]
fn what_is_wrong_is_said() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    ascep(&["check", &rules]).with(1).says("E0812").says("--universe FILE");
    let fees = folder.file("f.csv", FEES);
    ascep(&["check", &rules, "--fees", &fees]).with(2).says("give `--universe FILE` too");
    ascep(&["check", &rules, "--universe", &folder.at("gone.csv")]).with(3).says("gone.csv");
    ascep(&["check", &rules, "--universe", "binance:"]).with(2).says("names no file");
    ascep(&["check", &rules, "--assume-equal", "USD=USDT"]).with(2).says("USD=USDT:10bp");
    ascep(&["check", &rules, "--assume-equal", "USD=USDT:100%"]).with(2).says("haircut");
    // One row that is wrong leaves the others.
    let markets = folder.file("m.csv", MARKETS.replace("x:BTC/USDT,0.001", "x:BTC/USDT,0"));
    let found = ascep(&["check", &rules, "--universe", &markets, "--fees", &fees]).with(0);
    found.says("m.csv:2: market `x:BTC/USDT`: lot of 0 is not a number above 0");
    // An assumption alone is no universe.
    ascep(&["check", &rules, "--assume-equal", "USD=USDT:10bp"]).with(1).says("E0812");
}

#[test]
fn a_run_has_the_markets_that_only_the_universe_names() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    let markets = folder.file("m.csv", "symbol\nBTC/USDT\nSOL/BTC\nSOL/USDT\n");
    let fees = folder.file("f.csv", "taker\n7.5bp\n");
    let run = ["run", &rules, "--universe", &markets, "--fees", &fees, "--feed", "sim:seed=7", "--speed", "max", "--for", "20s"];
    let ended = ascep(&run).with(0);
    let found = ended.lines();
    assert!(!found.is_empty() && found.iter().all(|line| line.contains("SOL/BTC") && line.contains("SOL/USDT")), "{}", ended.stdout);
}

#[test]
fn a_whole_venue_compiles() {
    let Some(info) = shared("data/binance/exchangeInfo_2021.json.gz") else { return };
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    let fees = folder.file("f.csv", "venue,taker\nbinance,7.5bp\n");
    let info = format!("binance:{}", info.to_str().unwrap());
    ascep(&["check", &rules, "--universe", &info, "--fees", &fees]).with(0).says("0 errors, 0 warnings");
}

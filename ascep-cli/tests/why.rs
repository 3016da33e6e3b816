//! `ascep why`: explanations of signals and of rules that did not fire, as text and as JSON, and what it says where there is nothing to explain.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Ended, Folder, ascep, shared};
use serde_json::Value;

const RULES: &str = "\
RULE high: IF price(\"BTC/USDT\") > 100 AND age(\"ETH/USDT\") < 5s UNTIL price(\"BTC/USDT\") < 90
  THEN HIGH(px = price(\"BTC/USDT\"), n = count(trade(\"BTC/USDT\"), 10s)) COOLDOWN 3s
RULE stale FOR EACH s IN [\"BTC/USDT\", \"ETH/USDT\"]: IF NO trade(s) FOR 5s THEN STALE
IF trade(\"BTC/USDT\") THEN T LIMIT 1 PER 1m
";
const TICKS: &str = "ts,symbol,price\n1,BTC/USDT,99\n2,ETH/USDT,50\n3,BTC/USDT,101\n4,BTC/USDT,95\n5,BTC/USDT,102\n20,BTC/USDT,103\n";

struct Market(Folder, String, String);

impl Market {
    fn new() -> Self {
        let folder = Folder::new();
        let (rules, data) = (folder.file("r.cep", RULES), folder.file("t.csv", TICKS));
        Self(folder, rules, data)
    }

    fn why(&self, args: &[&str]) -> Ended {
        ascep(&[&["why", &self.1, "--data", &self.2, "--ts-unit", "s"], args].concat())
    }
}

#[test]
fn a_signal_as_a_tree() {
    let market = Market::new();
    let got = market.why(&["--signal", "2"]).with(0).stdout;
    let want = "\
signal 2 HIGH of rule high at 1970-01-01T00:00:03Z (3000000000)
  - the condition became true
IF price(\"BTC/USDT\") > 100 AND age(\"ETH/USDT\") < 5s = true  (now)
├─ price(\"BTC/USDT\") > 100 = true  (now)  <- decides
│  └─ price(\"BTC/USDT\") = 101  (now)
└─ age(\"ETH/USDT\") < 5s = true  (1970-01-01T00:00:02Z, 1s ago; timer at 1970-01-01T00:00:07Z)  <- decides
   └─ age(\"ETH/USDT\") = 1s  (1970-01-01T00:00:02Z, 1s ago)
UNTIL price(\"BTC/USDT\") < 90 = false  (now)
└─ price(\"BTC/USDT\") = 101  (now)
px: price(\"BTC/USDT\") = 101  (now)
n: count(trade(\"BTC/USDT\"), 10s) = unknown  (warming up until 1970-01-01T00:00:11Z; now; \
2 samples over 2s, oldest 1970-01-01T00:00:01Z; timer at 1970-01-01T00:00:11Z)
└─ trade(\"BTC/USDT\") = occurs  (now)
rule: edge COOLDOWN 3s; fired 1, held back 0, lost 0; last fired 1970-01-01T00:00:03Z; \
last known true since 1970-01-01T00:00:03Z; disarmed; cooling down until 1970-01-01T00:00:06Z
";
    assert_eq!(got, want);
}

#[test]
fn a_rule_that_did_not_fire() {
    let market = Market::new();
    let got = market.why(&["--rule", "high", "--at", "1970-01-01T00:00:04.5Z"]).with(0).stdout;
    let want = "\
rule high at 1970-01-01T00:00:04.5Z (4500000000)
  - `price(\"BTC/USDT\") > 100` is false: `price(\"BTC/USDT\")` is 95
  - besides, it is disarmed since it fired at 1970-01-01T00:00:03Z, and `UNTIL price(\"BTC/USDT\") < 90` has not come
  - besides, COOLDOWN holds firings back until 1970-01-01T00:00:06Z
IF price(\"BTC/USDT\") > 100 AND age(\"ETH/USDT\") < 5s = false  (1970-01-01T00:00:04Z, 500ms ago)
├─ price(\"BTC/USDT\") > 100 = false  (1970-01-01T00:00:04Z, 500ms ago)  <- decides
│  └─ price(\"BTC/USDT\") = 95  (1970-01-01T00:00:04Z, 500ms ago)
└─ age(\"ETH/USDT\") < 5s = true  (1970-01-01T00:00:02Z, 2.5s ago; timer at 1970-01-01T00:00:07Z)
   └─ age(\"ETH/USDT\") = 2.5s  (1970-01-01T00:00:02Z, 2.5s ago)
UNTIL price(\"BTC/USDT\") < 90 = false  (1970-01-01T00:00:04Z, 500ms ago)
└─ price(\"BTC/USDT\") = 95  (1970-01-01T00:00:04Z, 500ms ago)
rule: edge COOLDOWN 3s; fired 1, held back 0, lost 0; last fired 1970-01-01T00:00:03Z; \
last known false since 1970-01-01T00:00:04Z; disarmed; cooling down until 1970-01-01T00:00:06Z
";
    assert_eq!(got, want);
    assert_eq!(market.why(&["--rule", "high", "--at", "+3.5s"]).with(0).stdout, want, "after the first event");
    assert_eq!(market.why(&["--rule", "high", "--at", "4500000000"]).with(0).stdout, want);
    let lost = market.why(&["--rule", "high", "--at", "+4s"]).with(0).stdout;
    assert!(lost.contains("  - it would have fired at this time, but it is disarmed since"), "{lost}");
    let limited = market.why(&["--rule", "rule_1", "--at", "+2s"]).with(0).stdout;
    assert!(limited.contains("LIMIT held it back: 1 of 1 are used until 1970-01-01T00:01:01Z"), "{limited}");
    let fired = market.why(&["--rule", "high", "--at", "+2s"]).with(0).stdout;
    assert!(fired.contains("  - it fired at this time: signal 2"), "{fired}");
}

#[test]
fn instances_are_named() {
    let market = Market::new();
    let at = |instance: &[&str]| market.why(&[&["--rule", "stale", "--at", "+2.5s"], instance].concat());
    let got = at(&["--instance", "s=ETH/USDT"]).with(0).stdout;
    assert!(got.starts_with("rule stale s=ETH/USDT at 1970-01-01T00:00:03.5Z"), "{got}");
    assert!(got.contains("`NO trade(\"ETH/USDT\") FOR 5s` has not occurred yet: would at 1970-01-01T00:00:07Z"), "{got}");
    at(&[]).with(2).says("has 2 instances").says("--instance s=BTC/USDT");
    at(&["--instance", "s=XRP/USDT"]).with(2).says("no such instance").says("--instance s=ETH/USDT");
    at(&["--instance", "x=ETH/USDT"]).with(2).says("no binding `x`").says("`s`");
    at(&["--instance", "ETH/USDT"]).with(2).says("VARIABLE=SYMBOL");
}

#[test]
fn as_json() {
    let market = Market::new();
    let got = market.why(&["--signal", "2", "--json"]).with(0);
    assert_eq!(got.lines().len(), 1);
    let why: Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!((&why["rule"], &why["signal"]["seq"], &why["ts"]), (&"high".into(), &2.into(), &3_000_000_000_u64.into()));
    let price = &why["trigger"]["parts"][0]["parts"][0];
    assert_eq!((&price["text"], &price["value"]["num"], &price["age"]), (&"price(\"BTC/USDT\")".into(), &101.0.into(), &0.into()));
    assert_eq!(why["fields"][1]["part"]["memory"]["window"]["samples"], 2);
    assert_eq!(why["state"]["armed"], false);
}

#[test]
fn what_cannot_be_explained() {
    let market = Market::new();
    market.why(&["--signal", "99"]).with(2).says("there is no signal 99: the replay gives 4, numbered from 1");
    market.why(&["--signal", "0"]).with(2).says("numbered from 1");
    market.why(&["--signal", "3", "--to", "1970-01-01T00:00:01Z"]).with(2).says("the replay gives 1");
    market.why(&["--rule", "hihg", "--at", "+1s"]).with(2).says("did you mean `high`?");
    market.why(&["--rule", "unlike", "--at", "+1s"]).with(2).says("the rules are: `high`, `stale`, `rule_1`");
    market.why(&["--rule", "high", "--at", "5"]).with(2).says("no event comes by then: the first is at 1970-01-01T00:00:01Z");
    market.why(&["--rule", "high", "--at", "soon"]).with(2).says("RFC 3339");
    market.why(&["--rule", "high"]).with(2).says("--at");
    market.why(&["--signal", "1", "--at", "+1s"]).with(2);
    market.why(&["--signal", "1", "--rule", "high", "--at", "+1s"]).with(2);
    market.why(&[]).with(2).says("--signal");
    let empty = market.0.file("e.csv", "ts,symbol,price\n");
    ascep(&["why", &market.1, "--data", &empty, "--rule", "high", "--at", "+1s"]).with(2).says("the data have no event");
    ascep(&["why", &market.1, "--data", &market.0.at("none.csv"), "--signal", "1"]).with(3);
    ascep(&["why", &market.0.file("bad.cep", "IF"), "--data", &market.2, "--signal", "1"]).with(1);
}

/// Each kind of operator that remembers says what.
#[test]
fn what_operators_remember() {
    let folder = Folder::new();
    let rules = folder.file(
        "m.cep",
        "USE arbitrage\n\
         RULE bars: IF ema(bar(\"A/B\", 2s).close, 2) CROSSES ABOVE ema(bar(\"A/B\", 2s).close, 3) THEN S\n\
         RULE past: IF change(last(\"A/B\"), 1s) > 5 THEN S\n\
         RULE z: IF zscore(last(\"A/B\"), 2s) > 9 THEN S\n\
         RULE few: IF avg(last(\"A/B\"), 9) > 9 THEN S\n\
         RULE runs: IF SEQ a: trade(\"A/B\") WHERE it.price > 101 -> NO quote(\"A/B\") FOR 5s -> trade(\"A/B\") WHERE it.price > a.price WITHIN 9s THEN S\n\
         RULE both: IF ALL(trade(\"A/B\"), quote(\"A/B\")) WITHIN 1s THEN S\n\
         RULE tri: IF triangle(\"A/B\", \"C/A\", \"C/B\", fee = 1bp).net > 1 THEN S\n",
    );
    let data = folder.file("m.csv", "ts,symbol,price,qty\n1,A/B,99,1\n2,A/B,101,2\n3,A/B,95,1\n4,A/B,102,1\n5,A/B,100,2\n");
    let why = |rule: &str| ascep(&["why", &rules, "--data", &data, "--ts-unit", "s", "--rule", rule, "--at", "+4s"]).with(0).stdout;
    for (rule, lines) in [
        (
            "bars",
            &[
                "`ema(bar(\"A/B\", 2s).close, 3)` is unknown: warming up: 2 of 3 updates",
                "2 trades in the bar that began at 1970-01-01T00:00:04Z",
            ][..],
        ),
        (
            "past",
            &["1 sample over 0s, oldest 1970-01-01T00:00:05Z, compared with that of 1970-01-01T00:00:04Z; timer at 1970-01-01T00:00:06Z"],
        ),
        ("z", &["2 samples over 1s, oldest 1970-01-01T00:00:04Z"]),
        ("few", &["warming up: 5 of 9 updates", "5 samples over 4s"]),
        (
            "runs",
            &[
                "SEQ s1: trade(\"A/B\") WHERE last(\"A/B\") > 101 -> NO quote(\"A/B\") FOR 5s -> trade(\"A/B\") WHERE last(\"A/B\") > s1.price WITHIN 9s",
                "the longest of 1 waiting runs has 1 of 2 places",
                "runs of 2 places: 1 since 1970-01-01T00:00:04Z, ends 1970-01-01T00:00:13Z, waits until 1970-01-01T00:00:09Z",
                "last(\"A/B\") > s1.price = each run's own",
            ],
        ),
        ("both", &["1 of 2 parts have occurred", "parts: 1970-01-01T00:00:05Z, not yet"]),
        ("tri", &["is unknown: nothing has come yet", "A/B nothing bid, nothing asked, never quoted"]),
    ] {
        let text = why(rule);
        for line in lines {
            assert!(text.contains(line), "no {line:?} in:\n{text}");
        }
    }
}

#[test]
fn signals_of_the_captures_can_be_explained() {
    let Some(folder) = shared("data/binance") else { return };
    let data = |symbol: &str| format!("binance:{}", folder.join(format!("spot_{symbol}_20240808.gz")).display());
    let (btc, eth) = (data("btcusdt"), data("ethusdt"));
    let rules = common::root().join("ascep-cli/tests/data/captures/trades.cep").to_str().unwrap().to_owned();
    let replayed = ascep(&["replay", &rules, "--data", &btc, "--data", &eth]).with(0);
    let signals = replayed.lines();
    for at in [0, signals.len() / 2, signals.len() - 1] {
        let signal: Value = serde_json::from_str(signals[at]).unwrap();
        let seq = signal["seq"].to_string();
        let why =
            |more: &[&str]| ascep(&[&["why", &rules, "--data", &btc, "--data", &eth, "--signal", &seq], more].concat()).with(0).stdout;
        let (json, text): (Value, String) = (serde_json::from_str(&why(&["--json"])).unwrap(), why(&[]));
        assert_eq!((&json["ts"], &json["rule"]), (&signal["ts"], &signal["rule"]));
        assert!(text.contains("<- decides"), "{text}");
    }
}

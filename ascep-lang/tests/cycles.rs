//! `cycles(..)`: what a call becomes, which markets it takes from where, what reads it, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::program::{Constant, Op, OpportunityField, Period, Program, Scan, ScanMarket, Setting, Type};
use ascep_lang::universe::{AssumedEqual, MarketDecl, Universe};
use ascep_lang::{Options, Source, analyze};

fn options() -> Options {
    let lots = MarketDecl { lot: Some(0.001), min_notional: Some(10.0), ..MarketDecl::new("binance:BTC/USDT").with_fee(0.00075) };
    let others = ["binance:ETH/BTC", "binance:ETH/USDT", "kraken:BTC/USD", "kraken:BTC/USDT"];
    let mut markets = vec![lots];
    markets.extend(others.map(MarketDecl::new));
    let equal = vec![AssumedEqual { base: "USD".to_owned(), quote: "USDT".to_owned(), haircut: 0.001 }];
    Options::default().with_universe(Universe { markets, equal })
}

fn compiled(rules: &str, options: &Options) -> Program {
    let sources = [Source::new("a.cep", format!("USE arbitrage\n{rules}"))];
    let found = analyze(&sources, options);
    assert!(found.diagnostics.is_empty(), "{rules}\n{}", found.diagnostics.render(&sources, ascep_lang::RenderOptions::default()));
    let program = found.program.unwrap();
    program.validate().unwrap();
    program
}

fn scan(call: &str, options: &Options) -> (Scan, Vec<String>) {
    let mut program = compiled(&format!("IF {call} THEN S(net = it.net)"), options);
    assert_eq!(program.tables.scans.len(), 1);
    let scan = program.tables.scans.remove(0);
    let names = scan.markets.iter().map(|market| match market {
        ScanMarket::Venue { symbol, .. } => program.tables.symbols[symbol.0 as usize].clone(),
        ScanMarket::AssumedEqual { base, quote, .. } => format!("{base}={quote}"),
    });
    let names = names.collect();
    (scan, names)
}

const TRIO: &str = "markets = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\"]";

#[test]
fn a_call_says_all() {
    let call = format!(
        "cycles(home = \"USDT\", fee = 7.5bp, {TRIO}, legs = 2..4, min_net = 2bp, max_age = 500ms, max_skew = 250ms, step = 0.5bp)"
    );
    let (scan, names) = scan(&call, &Options::default());
    assert_eq!(names, ["BTC/USDT", "ETH/BTC", "ETH/USDT"]);
    let all = Scan {
        venue: None,
        home: "USDT".to_owned(),
        legs: (2, 4),
        fee: Some(Setting::fixed(7.5 / 10_000.0)),
        min_net: Setting::fixed(2.0 / 10_000.0),
        step: Setting::fixed(0.5 / 10_000.0),
        max_age: Some(Period::Fixed(500_000_000)),
        max_skew: Some(Period::Fixed(250_000_000)),
        markets: scan.markets.clone(),
    };
    assert_eq!(scan, all);
}

#[test]
fn what_is_left_out_has_a_default() {
    let (scan, _) = scan(&format!("cycles(\"BTC\", 0, {TRIO})"), &Options::default());
    assert_eq!((scan.legs, scan.min_net, scan.step), ((3, 3), Setting::fixed(0.0), Setting::fixed(0.0001)));
    assert_eq!((scan.max_age, scan.max_skew, scan.fee), (None, None, Some(Setting::fixed(0.0))));
}

#[test]
fn the_universe_gives_markets_filters_and_fees() {
    let all = "cycles(home = \"USDT\", fee = 10bp, legs = 2..3)";
    let (scan_all, names) = scan(all, &options());
    assert_eq!(names, ["binance:BTC/USDT", "binance:ETH/BTC", "binance:ETH/USDT", "kraken:BTC/USD", "kraken:BTC/USDT", "USD=USDT"]);
    let ScanMarket::Venue { filters, fee, .. } = &scan_all.markets[0] else { panic!() };
    assert_eq!((filters.lot, filters.min_notional, filters.tick), (Some(0.001_f64.to_bits()), Some(10.0_f64.to_bits()), None));
    assert_eq!(*fee, Some(0.00075_f64.to_bits()));
    // Of one venue: the assumption is left out, because nothing there is in USD.
    let (_, names) = scan("cycles(home = \"USDT\", fee = 10bp, venue = \"binance\")", &options());
    assert_eq!(names, ["binance:BTC/USDT", "binance:ETH/BTC", "binance:ETH/USDT"]);
    // A list takes filters from the universe, and its venue where the market names none.
    let (listed, names) = scan(&format!("cycles(home = \"USDT\", fee = 10bp, venue = \"binance\", {TRIO})"), &options());
    assert_eq!(
        (names.as_slice(), listed.venue.as_deref()),
        (&["binance:BTC/USDT", "binance:ETH/BTC", "binance:ETH/USDT"].map(String::from)[..], Some("binance"))
    );
    assert_eq!(listed.markets[0], scan_all.markets[0]);
    // Fees of the table count where the call names none.
    let mut paid = options();
    paid.universe.as_mut().unwrap().markets.iter_mut().for_each(|m| m.fee = Some(m.fee.unwrap_or(0.0026)));
    let (scan, _) = scan("cycles(home = \"USDT\", venue = \"binance\")", &paid);
    assert_eq!(scan.fee, None);
    assert!(matches!(scan.markets[1], ScanMarket::Venue { fee: Some(bits), .. } if bits == 0.0026_f64.to_bits()));
}

#[test]
fn equal_calls_are_one_search_wherever_they_stand() {
    let program = compiled(
        "SET M = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\"]\n\
         CONST AGE = 500ms\nPARAM fee = 7.5bp\nPARAM edge = 2bp IN 0bp .. 1%\n\
         LET found = cycles(home = \"USDT\", fee = fee, markets = M, min_net = edge, max_age = AGE)\n\
         FN worth(x) = found WHERE it.net > x AND it.state != \"close\"\n\
         RULE a: IF worth(3bp) THEN A(path = it.path, age = it.age, profit = it.profit)\n\
         RULE b FOR EACH s IN M: IF cycles(home = \"USDT\", fee = fee, markets = M, min_net = edge, max_age = 500ms, legs = 3..3)\n\
           WHERE it.reason == \"age\" THEN B(s = s, lifetime = it.lifetime, peak = it.peak)\n\
         RULE c: IF count(found WHERE it.state == \"open\", 1m) > 5 AND highest(last(\"BTC/USDT\"), 1m) > 1 THEN C",
        &Options::default(),
    );
    assert_eq!(program.tables.scans.len(), 1);
    assert_eq!(program.nodes.iter().filter(|n| matches!(n.op, Op::Cycles(_))).count(), 1);
    // A parameter that is a fee can't be set to all there is.
    let fee = program.tables.params.iter().find(|p| p.name == "fee").unwrap();
    let Some((Constant::Num(low), Constant::Num(high))) = fee.range else { panic!("{:?}", fee.range) };
    assert!(f64::from_bits(low) > -1.0 && f64::from_bits(high) < 1.0);
    // Sizes are in the home asset, times are durations.
    let unit = |field| program.nodes.iter().find(|n| n.op == Op::OpportunityField(field)).map(|n| n.ty).unwrap();
    let Type::Num(home) = unit(OpportunityField::Profit) else { panic!() };
    assert_eq!(program.tables.units[home.0 as usize], "USDT");
    assert_eq!((unit(OpportunityField::Age), unit(OpportunityField::Path)), (Type::Duration, Type::Text));
}

#[test]
fn tellings_are_steps_and_alternatives() {
    let program = compiled(
        &format!(
            "LET a = cycles(home = \"USDT\", fee = 1bp, {TRIO})\nLET b = cycles(home = \"USDT\", fee = 2bp, {TRIO})\n\
             RULE steps: IF SEQ x: a WHERE it.state == \"open\" -> y: a WHERE it.net > x.net WITHIN 1s THEN S(first = x.path, last = y.path, size = y.size)\n\
             RULE either: IF a OR b THEN T(path = it.path, net = it.net)\n"
        ),
        &Options::default(),
    );
    assert_eq!(program.tables.scans.len(), 2);
    assert!(program.nodes.iter().any(|n| n.op == Op::Pick && n.ty == Type::Text));
    assert_eq!(program.tables.sequences[0].captures.len(), 4);
}

#[test]
fn what_is_wrong_has_a_code_and_a_way_out() {
    let call = |args: &str| format!("IF cycles({args}) THEN S(net = it.net)");
    let trio = |args: &str| call(&format!("home = \"USDT\", fee = 1bp, {TRIO}, {args}"));
    let found = |rules: &str, options: &Options| {
        let sources = [Source::new("a.cep", format!("USE arbitrage\n{rules}"))];
        let found = analyze(&sources, options).diagnostics;
        assert!(found.iter().all(|d| !d.message.is_empty()), "{found}");
        found.iter().map(|d| d.code.as_str()).collect::<Vec<_>>()
    };
    let bare = Options::default();
    for (code, rules) in [
        ("E0404", call(&format!("fee = 1bp, {TRIO}"))),
        ("E0405", call(&format!("home = 5, fee = 1bp, {TRIO}"))),
        ("E0812", call("home = \"USDT\", fee = 1bp")),
        ("E0813", call(&format!("home = \"EUR\", fee = 1bp, {TRIO}"))),
        ("E0814", trio("legs = 4")),
        ("E0814", call("home = \"USDT\", fee = 1bp, markets = [\"BTC/USDT\"]")),
        ("E0815", trio("legs = 1")),
        ("E0815", trio("legs = 2..9")),
        ("E0815", trio("legs = 4..3")),
        ("E0815", trio("legs = 2.5")),
        ("E0816", call(&format!("home = \"USDT\", {TRIO}"))),
        ("E0810", call(&format!("home = \"USDT\", fee = 1, {TRIO}"))),
        ("E0810", call(&format!("home = \"USDT\", fee = -100%, {TRIO}"))),
        ("E0810", format!("PARAM f = 1bp IN 0bp .. 100%\n{}", call(&format!("home = \"USDT\", fee = f, {TRIO}")))),
        ("E0316", call(&format!("home = \"USDT\", fee = spread_ratio(\"BTC/USDT\"), {TRIO}"))),
        ("E0817", trio("min_net = 2")),
        ("E0817", trio("min_net = -100%")),
        ("E0817", trio("step = -1bp")),
        ("E0817", format!("PARAM e = 2bp IN 0 .. 5\n{}", trio("min_net = e"))),
        ("E0106", trio("max_age = 0s")),
        ("E0409", trio("max_skew = 250")),
        ("W2013", trio("max_age = 1s, max_skew = 1s")),
        ("E0312", call("home = \"USDT\", fee = 1bp, markets = \"BTC/USDT\"")),
        ("E0312", format!("CONST M = 1\n{}", call("home = \"USDT\", fee = 1bp, markets = M"))),
        ("E0301", call("home = \"USDT\", fee = 1bp, markets = NONESUCH")),
        ("E0311", call("home = \"USDT\", fee = 1bp, markets = []")),
        ("E0310", call("home = \"USDT\", fee = 1bp, markets = [\"BTC/USDT\", \"BTC/USDT\"]")),
        ("E0410", call("home = \"USDT\", fee = 1bp, markets = [5]")),
        ("E0809", call("home = \"USDT\", fee = 1bp, markets = [\"BTC/USDT\", \"SPX\"]")),
        ("E0809", call("home = \"USDT\", fee = 1bp, markets = [\"BTC/USDT\", \"USDT/USDT\"]")),
        ("E0818", call("home = \"USDT\", fee = 1bp, venue = \"b\", markets = [\"BTC/USDT\", \"k:BTC/USDT\"], legs = 2")),
        ("E0313", call("home = \"USDT\", fee = 1bp, markets = [\"BTC/USDT\", \"A=B/USDT\"]")),
        ("E0313", call("home = \"USDT\", fee = 1bp, venue = \"a,b\", markets = [\"BTC/USDT\"]")),
        ("E0402", trio("hops = 3")),
        // Elsewhere a range and a list are no values.
        ("E0405", "IF imbalance(\"A/B\", depth = 3..4) > 0 THEN S".to_owned()),
        ("E0405", "IF imbalance(\"A/B\", depth = [3]) > 0 THEN S".to_owned()),
        ("E0201", "IF imbalance(\"A/B\", [3]) > 0 THEN S".to_owned()),
        ("E0405", "IF trade(\"A/B\") THEN S(x = 1..2)".to_owned()),
        // What is made while the rules run is read by nothing.
        ("E0819", format!("IF cycles(home = \"USDT\", fee = 1bp, {TRIO}) THEN S(x = it.path ?? \"none\")")),
        ("E0819", format!("IF cycles(home = \"USDT\", fee = 1bp, {TRIO}) WHERE known(it.path) THEN S")),
        (
            "E0819",
            format!("LET a = cycles(home = \"USDT\", fee = 1bp, {TRIO})\nIF SEQ x: a -> y: a WHERE it.path == x.path WITHIN 1s THEN S"),
        ),
        ("E0820", format!("IF cycles(home = \"USDT\", fee = 1bp, {TRIO}) WHERE it.reason != \"old\" THEN S")),
        ("E0411", format!("IF cycles(home = \"USDT\", fee = 1bp, {TRIO}) THEN S(x = it.price)")),
        ("E0512", format!("IF last(\"A/B\") > 1 THEN S(x = cycles(home = \"USDT\", fee = 1bp, {TRIO}))")),
    ] {
        let codes = found(&rules, &bare);
        assert!(codes.contains(&code), "{code} is wanted and {codes:?} is found: {rules}");
        assert!(codes.iter().all(|c| *c == code || code == "E0819"), "{code} is wanted and {codes:?} is found: {rules}");
    }
    assert_eq!(found(&call("home = \"USDT\", fee = 1bp, venue = \"krakn\""), &options()), ["E0818"]);
    assert_eq!(found(&call("home = \"USDT\""), &options()), ["E0816"]);
    assert_eq!(found(&call("home = \"USDT\", fee = 1bp, venue = \"kraken\""), &options()), Vec::<&str>::new().as_slice());
}

#[test]
fn tests_may_name_the_markets_of_a_search() {
    compiled(
        &format!(
            "RULE r: IF cycles(home = \"USDT\", fee = 0, {TRIO}) WHERE it.state == \"open\" THEN OPEN(path = it.path)\n\
             TEST \"opens\" {{\n  AT 1s quote(\"BTC/USDT\", bid = 99, ask = 100)\n  AT 2s quote(\"ETH/BTC\", bid = 0.09, ask = 0.1)\n  \
             AT 3s quote(\"ETH/USDT\", bid = 11, ask = 12)\n  EXPECT OPEN(path = \"buy BTC/USDT, buy ETH/BTC, sell ETH/USDT\") AT 3s\n}}"
        ),
        &Options::default(),
    );
}

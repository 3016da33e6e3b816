//! Every rule file of `rules/` compiles and fires: on the simulated market, or, where it waits for what that market never does, on
//! events made for it or in its own tests. Their tests pass, and fail where a rule is changed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use ascep_feeds::spec::SimSpec;
use ascep_feeds::{Sim, SimOptions, Symbols, sim};
use ascep_lang::{Options, Program, Source, analyze, compile};
use ascep_runtime::event::{Event, InstrumentId, Payload, Trade};
use ascep_runtime::signal::Signal;
use ascep_runtime::{Engine, EngineOptions, testing};

/// What makes a rule file fire.
enum Fires {
    /// A simulated market, so many events a second, with these parameters.
    Simulated { rate: f64, params: &'static [(&'static str, &'static str)] },
    /// One trade of BTC/USDT at this price and quantity: the simulated market has no such prices or sizes.
    OnTrade { price: f64, qty: f64 },
    /// Only its tests: the simulated market has no such crashes and spreads. It runs there all the same.
    InTests,
}

const fn simulated(rate: f64) -> Fires {
    Fires::Simulated { rate, params: &[] }
}

const FILES: &[(&str, &str, Fires)] = &[
    ("breakout.cep", "BREAKOUT", simulated(1.0)),
    ("btc_high.cep", "BTC_HIGH", Fires::Simulated { rate: 1_500.0, params: &[("level", "60_000"), ("rearm", "59_990")] }),
    ("cross_currency.cep", "ARBITRAGE_SIGNAL", simulated(1_500.0)),
    ("cycles.cep", "AGAIN", simulated(1_500.0)),
    ("dislocation.cep", "DISLOCATION", simulated(1_500.0)),
    ("flash_rebound.cep", "FLASH_REBOUND", Fires::InTests),
    ("golden.cep", "LONG_SETUP", simulated(1.0)),
    ("imb.cep", "BUY_PRESSURE", simulated(20.0)),
    ("pairs.cep", "PAIR_ENTRY", simulated(20.0)),
    ("price_alert.cep", "SIGNAL", Fires::OnTrade { price: 100_001.0, qty: 0.1 }),
    ("quote_burst.cep", "BURST", simulated(1_500.0)),
    ("stale.cep", "FEED_STALE", simulated(1.0)),
    ("tri_btc_eth.cep", "TRIANGLE", simulated(1_500.0)),
    ("vwap_dev.cep", "VWAP_STRETCH", simulated(1.0)),
    ("whale.cep", "WHALE", Fires::OnTrade { price: 60_000.0, qty: 20.0 }),
    ("wide.cep", "WIDE_MARKET", Fires::InTests),
    ("xspread.cep", "XSPREAD", simulated(1_500.0)),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn load(file: &str, params: &[(&str, &str)]) -> Program {
    let source = Source::new(file, std::fs::read_to_string(folder().join(file)).unwrap());
    let options = params.iter().fold(Options::default(), |options, (name, value)| options.with_param(*name, *value));
    match compile(std::slice::from_ref(&source), &options) {
        Ok(program) => program,
        Err(found) => panic!("{}", found.render(&[source], ascep_lang::RenderOptions::default())),
    }
}

/// Signals by name over ten minutes of a simulated market at its usual rate, or as many events.
fn simulate(program: &Program, rate: f64) -> BTreeMap<String, u64> {
    let named = program.tables.symbols.iter().map(String::as_str);
    let options = SimOptions { rate, seed: 3, ..SimSpec::default().options(named) };
    let mut symbols = Symbols::new();
    let market = Sim::new(&options, &mut symbols).unwrap();
    let mut engine = Engine::new(program, EngineOptions::default().with_default_venue(sim::NAME)).unwrap();
    let ids: Vec<InstrumentId> = symbols.iter().map(|(_, name)| engine.instrument(name).unwrap_or(InstrumentId::UNNAMED)).collect();
    let mut signals = BTreeMap::new();
    for event in market.take(100_000) {
        let event = event.to_engine(ids[event.symbol.0 as usize]).unwrap();
        engine.on_event(&event, &mut |s: &Signal<'_>| *signals.entry(s.name().to_owned()).or_insert(0) += 1).unwrap();
    }
    signals
}

#[test]
fn every_file_is_known_here() {
    let mut files: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, FILES.iter().map(|(file, ..)| (*file).to_owned()).collect::<Vec<_>>());
}

#[test]
fn every_file_compiles_and_fires() {
    for (file, signal, fires) in FILES {
        match fires {
            Fires::Simulated { rate, params } => {
                let signals = simulate(&load(file, params), *rate);
                assert!(signals.get(*signal).is_some_and(|&n| n > 0), "{file}: {signals:?}");
            }
            Fires::OnTrade { price, qty } => {
                let mut engine = Engine::new(&load(file, &[]), EngineOptions::default()).unwrap();
                let instrument = engine.instrument("BTC/USDT").unwrap();
                let trade = |price, qty| Payload::Trade(Trade { price, qty, side: None });
                let mut signals = Vec::new();
                for (ts, payload) in [(1, trade(1.0, 1.0)), (2, trade(*price, *qty))] {
                    let event = Event { ts, venue_ts: None, instrument, payload };
                    engine.on_event(&event, &mut |s: &Signal<'_>| signals.push((s.ts, s.name().to_owned()))).unwrap();
                }
                assert_eq!(signals, [(2, (*signal).to_owned())], "{file}");
            }
            Fires::InTests => {
                let signals = simulate(&load(file, &[]), 20.0);
                assert!(signals.is_empty(), "{file} fires on the simulated market: {signals:?}");
            }
        }
    }
}

#[test]
fn only_the_rule_about_units_is_warned_of() {
    for (file, ..) in FILES {
        let warnings = load(file, &[]).warnings;
        assert_eq!(warnings.is_empty(), *file != "cross_currency.cep", "{file}: {warnings:?}");
    }
}

/// The tests of a file that fail, with what they say, and how many there are.
fn failing(name: &str, text: &str) -> (Vec<String>, usize) {
    let sources = [Source::new(name, text)];
    let analysis = analyze(&sources, &Options::default());
    let Some(program) = &analysis.program else {
        panic!("{}", analysis.diagnostics.render(&sources, ascep_lang::RenderOptions::default()))
    };
    let failed = analysis.tests.iter().filter_map(|test| {
        let outcome = testing::run(program, test, EngineOptions::default()).unwrap();
        let lines: Vec<String> = testing::report(test, &outcome).iter().map(ToString::to_string).collect();
        (!outcome.passed()).then(|| format!("{name}: {}\n{}", test.name, lines.join("\n")))
    });
    (failed.collect(), analysis.tests.len())
}

#[test]
fn the_tests_of_every_file_pass() {
    for (file, signal, _) in FILES {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let (failed, count) = failing(file, &text);
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        // One in which it fires, and one in which it does not.
        assert!(count >= 2 && text.contains(&format!("EXPECT {signal}")) && text.contains("EXPECT NONE"), "{file}");
    }
}

/// Changes of rules that a test of the file must notice.
const CHANGES: &[(&str, &str, &str)] = &[
    ("btc_high.cep", "> level UNTIL", ">= level UNTIL"),
    ("btc_high.cep", "< rearm\n", "<= rearm\n"),
    ("btc_high.cep", r#" UNTIL price("BTC/USDT") < rearm"#, ""),
    ("xspread.cep", "> 5bp", "> 15bp"),
    ("xspread.cep", r#" AND age("kraken:BTC/USDT") < 500ms"#, ""),
    ("xspread.cep", "  COOLDOWN 1s", ""),
    ("xspread.cep", r#"bid("kraken:BTC/USDT") * (1 - FEE)"#, r#"bid("kraken:BTC/USDT")"#),
    ("tri_btc_eth.cep", "  COOLDOWN 250ms", ""),
    ("tri_btc_eth.cep", "COOLDOWN 250ms", "COOLDOWN 251ms"),
    ("tri_btc_eth.cep", "(1 - fee) * (1 - fee) * (1 - fee)", "(1 - fee) * (1 - fee)"),
    ("cycles.cep", "max_age = 500ms", "max_age = 501ms"),
    ("cycles.cep", "= 2bp ", "= 20bp "),
    ("cycles.cep", "fee = fee", "fee = 7bp"),
    ("cycles.cep", "home = \"USDT\"", "home = \"BTC\""),
    ("cycles.cep", "WHERE it.state == \"open\"\n  THEN", "WHERE it.state == \"update\"\n  THEN"),
    ("cycles.cep", "-> last: found WHERE it.state == \"open\"", "-> last: found WHERE it.state == \"close\""),
    ("golden.cep", "< 70", "< 90"),
    ("golden.cep", "ema(c, 26)", "ema(c, 25)"),
    ("golden.cep", "ema(c, 26)", "ema(c, 27)"),
    ("golden.cep", "ema(c, 12)", "ema(c, 13)"),
    ("golden.cep", "ema(c, 12)", "ema(c, 11)"),
    ("golden.cep", "CROSSES ABOVE", "CROSSES BELOW"),
    ("golden.cep", r#"bar("BTC/USDT", 1m)"#, r#"bar("BTC/USDT", 2m)"#),
    ("pairs.cep", " UNTIL abs(z) < 0.5", ""),
    ("pairs.cep", ", 30m)", ", 29m)"),
    ("pairs.cep", "> 2", "> 3.9"),
    ("pairs.cep", "- 0.62", "+ 0.62"),
    ("vwap_dev.cep", "FOR 3s", "FOR 2999ms"),
    ("vwap_dev.cep", "0.8%", "1.1%"),
    ("vwap_dev.cep", ", 15m)", ", 14m)"),
    ("flash_rebound.cep", "WITHIN 10s", "WITHIN 11s"),
    ("flash_rebound.cep", "      -> NO trade(s) WHERE it.side == \"sell\" AND it.notional > 1e6\n", ""),
    ("flash_rebound.cep", r#"it.side == "sell" AND "#, ""),
    ("flash_rebound.cep", "< -2%", "< -1.9%"),
    ("flash_rebound.cep", "back.ts - crash.ts", "back.ts - back.ts"),
    ("stale.cep", "FOR 5s", "FOR 4999ms"),
    ("wide.cep", "FOR 10s", "FOR 9999ms"),
    ("wide.cep", "> 20", ">= 20"),
    ("wide.cep", ", 1m)", ", 50s)"),
    ("whale.cep", "it.notional > ", "it.notional >= "),
    ("whale.cep", "COOLDOWN 30s ", ""),
    ("whale.cep", "COOLDOWN 30s", "COOLDOWN 31s"),
    ("breakout.cep", ", 1h)[1]", ", 1h)"),
    ("breakout.cep", "  COOLDOWN 5m", ""),
    ("breakout.cep", " AND burst(s, 4)", " AND burst(s, 0)"),
    ("breakout.cep", "> highest", ">= highest"),
    ("imb.cep", "FOR 500ms", "FOR 499ms"),
    ("imb.cep", "> 0.6", ">= 0.6"),
    ("imb.cep", "  EVERY 1s", ""),
    ("imb.cep", "depth = 5", "depth = 1"),
    ("dislocation.cep", "FOR 50ms", "FOR 49ms"),
    ("dislocation.cep", " UNTIL abs(gap) < edge / 2", ""),
    ("price_alert.cep", "> 100_000 THEN", ">= 100_000 THEN"),
    ("quote_burst.cep", ">= 10", ">= 9"),
    ("quote_burst.cep", r#" AND imbalance("ETH/USDT") > 0.2"#, ""),
];

#[test]
fn a_changed_rule_fails_its_tests() {
    let mut unnoticed = Vec::new();
    for (file, from, to) in CHANGES {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        if failing(file, &text.replacen(from, to, 1)).0.is_empty() {
            unnoticed.push(format!("{file}: {from} -> {to}"));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    for (file, ..) in FILES {
        assert!(*file == "cross_currency.cep" || CHANGES.iter().any(|change| change.0 == *file), "{file} is never changed");
    }
}

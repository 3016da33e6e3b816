//! Every rule file of `rules/` compiles and fires: on the simulated market, or, where it waits for what that market never does, on
//! events made for it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use ascep_feeds::spec::SimSpec;
use ascep_feeds::{Sim, SimOptions, Symbols, sim};
use ascep_lang::{Options, Program, Source, compile};
use ascep_runtime::event::{Event, InstrumentId, Payload, Trade};
use ascep_runtime::signal::Signal;
use ascep_runtime::{Engine, EngineOptions};

/// What makes a rule file fire.
enum Fires {
    /// A simulated market, so many events a second, with these parameters.
    Simulated { rate: f64, params: &'static [(&'static str, &'static str)] },
    /// The file's own tests say what makes it fire; the simulated market, with so many events a second, need not.
    InItsTests {
        /// Events a second.
        rate: f64,
    },
    /// One trade of BTC/USDT at this price and quantity: the simulated market has no such prices or sizes.
    OnTrade { price: f64, qty: f64 },
}

const fn simulated(rate: f64) -> Fires {
    Fires::Simulated { rate, params: &[] }
}

const fn tested(rate: f64) -> Fires {
    Fires::InItsTests { rate }
}

const FILES: &[(&str, &str, Fires)] = &[
    ("breakout.cep", "BREAKOUT", tested(20.0)),
    ("btc_high.cep", "BTC_HIGH", Fires::Simulated { rate: 1_500.0, params: &[("level", "60_000"), ("rearm", "59_990")] }),
    ("cross_currency.cep", "ARBITRAGE_SIGNAL", simulated(1_500.0)),
    ("dislocation.cep", "DISLOCATION", simulated(1_500.0)),
    ("flash_rebound.cep", "FLASH_REBOUND", tested(1_500.0)),
    ("golden.cep", "LONG_SETUP", simulated(10.0)),
    ("imb.cep", "BUY_PRESSURE", simulated(20.0)),
    ("pairs.cep", "PAIR_ENTRY", simulated(20.0)),
    ("price_alert.cep", "SIGNAL", Fires::OnTrade { price: 100_001.0, qty: 0.1 }),
    ("quote_burst.cep", "BURST", simulated(1_500.0)),
    ("stale.cep", "FEED_STALE", simulated(1.0)),
    ("tri_btc_eth.cep", "TRIANGLE", simulated(1_500.0)),
    ("vwap_dev.cep", "VWAP_STRETCH", tested(20.0)),
    ("whale.cep", "WHALE", Fires::OnTrade { price: 60_000.0, qty: 20.0 }),
    ("wide.cep", "WIDE_MARKET", tested(20.0)),
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
        engine.on_event(&event, &mut |s: &Signal<'_>| *signals.entry(s.head.signal.clone()).or_insert(0) += 1).unwrap();
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
            Fires::InItsTests { rate } => {
                simulate(&load(file, &[]), *rate);
            }
            Fires::OnTrade { price, qty } => {
                let mut engine = Engine::new(&load(file, &[]), EngineOptions::default()).unwrap();
                let instrument = engine.instrument("BTC/USDT").unwrap();
                let trade = |price, qty| Payload::Trade(Trade { price, qty, side: None });
                let mut signals = Vec::new();
                for (ts, payload) in [(1, trade(1.0, 1.0)), (2, trade(*price, *qty))] {
                    let event = Event { ts, venue_ts: None, instrument, payload };
                    engine.on_event(&event, &mut |s: &Signal<'_>| signals.push((s.ts, s.head.signal.clone()))).unwrap();
                }
                assert_eq!(signals, [(2, (*signal).to_owned())], "{file}");
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

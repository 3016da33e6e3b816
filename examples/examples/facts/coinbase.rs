//! A cycle of four legs on Coinbase, of 2021: BTC, SKL, GBP, BAND. The universe is the whole list of products of that day.

use std::collections::BTreeMap;

use ascep_feeds::universe::{Loader, UniverseSpec};
use ascep_lang::{Options, Source, compile};
use ascep_runtime::arbitrage::{FeeTable, Opportunity, ScanSettings, Scanner};
use ascep_runtime::event::{Event, MISSING, Payload, Quote};
use ascep_runtime::{
    Engine, EngineOptions,
    signal::{self, Signal},
};
use serde_json::Value;

use crate::data::{Failure, Ladder, frames, gunzip, number, shared};

const RULES: &str = r#"
USE arbitrage
IF cycles(home = "BTC", fee = 0bp, legs = 4, venue = "coinbase", markets = ["SKL/BTC", "SKL/GBP", "BAND/GBP", "BAND/BTC"], min_net = -50%, step = 0bp)
THEN TOLD(net = it.net)
"#;
const CYCLE: [&str; 4] = ["SKL-BTC", "SKL-GBP", "BAND-GBP", "BAND-BTC"];

/// What comes out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Cycle {
    /// Markets of the universe.
    pub(crate) markets: usize,
    /// Ways of two to four legs through it, each direction counted, that go through BTC.
    pub(crate) ways: usize,
    /// Messages of one of the four books once all four are known.
    pub(crate) evaluations: u64,
    /// Those that changed a best price.
    pub(crate) changed: u64,
    /// Ways whose return is known at some time: each as people write it, with the best return before fees.
    pub(crate) best: Vec<(String, f64)>,
    /// The best of all that a rule with `cycles` was told.
    pub(crate) rule: f64,
}

/// Reads the recording.
pub(crate) fn run() -> Result<Cycle, Failure> {
    let mut loader = Loader::new();
    loader.read(&UniverseSpec::from(&*shared("captures/COINBASE.0.gz")))?;
    let universe = loader.finish().universe;
    let home = universe.asset("BTC").ok_or("no BTC")?;
    // A threshold far below 0: all that is known is told, not only what pays.
    let settings = ScanSettings::default().with_legs(2..=4).with_home(Some(home)).with_min_net(-0.5);
    let mut scanner = Scanner::new(&universe, &FeeTable::flat(0.0)?.resolve(&universe)?, settings)?;
    let symbol = |id: &str| format!("coinbase:{}", id.replace('-', "/"));
    let cycle: Vec<_> = CYCLE.iter().filter_map(|id| universe.find(&symbol(id))).collect();

    let program = compile(&[Source::new("facts.cep", RULES)], &Options::default())?;
    let mut engine = Engine::new(&program, EngineOptions::default())?;

    let mut out = Cycle { markets: universe.len(), ways: scanner.stats().cycles.iter().sum(), rule: f64::NEG_INFINITY, ..Cycle::default() };
    let mut books: BTreeMap<String, Ladder> = BTreeMap::new();
    let text = gunzip("captures/COINBASE.ws.28.0.gz")?;
    for (ts, frame) in frames(&text) {
        let frame: Value = serde_json::from_str(frame)?;
        let kind = frame.get("type").and_then(Value::as_str).unwrap_or_default();
        let Some(id) = frame.get("product_id").and_then(Value::as_str).filter(|_| matches!(kind, "snapshot" | "l2update")) else {
            continue;
        };
        let book = books.entry(id.to_owned()).or_default();
        for (side, bid) in [("bids", true), ("asks", false)] {
            for level in frame.get(side).and_then(Value::as_array).into_iter().flatten() {
                book.set(bid, number(level.get(0))?, number(level.get(1))?);
            }
        }
        for change in frame.get("changes").and_then(Value::as_array).into_iter().flatten() {
            let bid = change.get(0).and_then(Value::as_str) == Some("buy");
            book.set(bid, number(change.get(1))?, number(change.get(2))?);
        }
        let market = universe.find(&symbol(id)).ok_or("a product that is not of the universe")?;
        // Prices alone: how little of it could be done, and that orders have a least size, is not asked here.
        let quote = Quote { bid_qty: MISSING, ask_qty: MISSING, ..book.quote() };
        if let Some(instrument) = engine.instrument(&symbol(id)) {
            let event = Event { ts, venue_ts: None, instrument, payload: Payload::Quote(quote) };
            engine.on_event(&event, &mut |signal: &Signal<'_>| {
                if let Some(signal::Value::Num(net)) = signal.values.first() {
                    out.rule = out.rule.max(*net);
                }
            })?;
        }
        let before = scanner.counters().refreshed;
        scanner.quote(market, ts, None, &quote, &mut |_: &Opportunity| {})?;
        if cycle.contains(&market) && cycle.iter().all(|market| scanner.quote_of(*market).is_some()) {
            out.evaluations += 1;
            out.changed += u64::from(scanner.counters().refreshed == before);
        }
    }
    scanner.finish(&mut |_: &Opportunity| {});
    out.best = scanner.paths().map(|(path, stats)| (path.text(&universe, Some(home)), stats.peak)).collect();
    Ok(out)
}

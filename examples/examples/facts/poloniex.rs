//! A triangle on Poloniex, of 2022: BTC/USDT, BCH/BTC, BCH/USDT.

use std::collections::BTreeMap;

use ascep_lang::{Options, Source, compile};
use ascep_runtime::arbitrage::{FeeTable, MarketSpec, Opportunity, ScanSettings, Scanner, State, Universe, Way};
use ascep_runtime::event::{Event, Payload, Quote};
use ascep_runtime::{Engine, EngineOptions, signal::Signal};
use serde_json::Value;

use crate::data::{Failure, Ladder, frames, gunzip, number};

const MARKETS: [&str; 3] = ["BTC/USDT", "BCH/BTC", "BCH/USDT"];
/// What each of the three legs costs.
const FEE: f64 = 0.002;
const RULES: &str = r#"
USE arbitrage
LET t = triangle("BTC/USDT", "BCH/BTC", "BCH/USDT", fee = 0.2%)
RULE gross: IF t.gross > 0 THEN GROSS(gross = t.gross, direction = t.direction)
RULE net: IF t > 0 THEN NET(net = t)
RULE free: IF cycles(home = "USDT", fee = 0bp, markets = ["BTC/USDT", "BCH/BTC", "BCH/USDT"]) WHERE it.state == "open" THEN FREE(net = it.net)
RULE paid: IF cycles(home = "USDT", fee = 0.2%, markets = ["BTC/USDT", "BCH/BTC", "BCH/USDT"]) WHERE it.state == "open" THEN PAID(net = it.net)
"#;

/// What comes out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Triangle {
    /// Messages of any book once all three are known, at each of which the triangle was evaluated in both directions.
    pub(crate) evaluations: u64,
    /// Those of one of the three books.
    pub(crate) own: u64,
    /// Evaluations whose better direction was above 0 before fees.
    pub(crate) gross: u64,
    /// Of those at a message of one of the three books.
    pub(crate) own_gross: u64,
    /// Evaluations above 0 after fees.
    pub(crate) net: u64,
    /// The best before fees.
    pub(crate) best_gross: f64,
    /// The best after fees.
    pub(crate) best_net: f64,
    /// Which direction the positive ones had.
    pub(crate) directions: Vec<i8>,
    /// Opportunities of a scan without fees, and the peak of their returns.
    pub(crate) scan_free: (u64, f64),
    /// Opportunities of a scan with fees, and the episodes that were above 0 before them.
    pub(crate) scan_fees: (u64, u64),
    /// Signals of the rules with `triangle`: above 0 before fees, and after.
    pub(crate) rules: (u64, u64),
    /// Signals of the rules with `cycles`: opened without fees, and with them.
    pub(crate) cycles: (u64, u64),
}

/// Reads the recording.
pub(crate) fn run() -> Result<Triangle, Failure> {
    let mut out = Triangle { best_gross: f64::NEG_INFINITY, best_net: f64::NEG_INFINITY, ..Triangle::default() };
    let way = Way::triangle(MARKETS)?;
    let mut universe = Universe::new();
    let markets = MARKETS.map(|symbol| MarketSpec::spot(symbol).and_then(|spec| universe.add(&spec)));
    let settings = ScanSettings::default().with_legs(3..=3);
    let mut free = Scanner::new(&universe, &FeeTable::flat(0.0)?.resolve(&universe)?, settings.clone())?;
    let mut paid = Scanner::new(&universe, &FeeTable::flat(FEE)?.resolve(&universe)?, settings.with_watch_gross(true))?;
    let program = compile(&[Source::new("facts.cep", RULES)], &Options::default())?;
    let mut engine = Engine::new(&program, EngineOptions::default())?;

    let mut peak = f64::NEG_INFINITY;
    let mut books: BTreeMap<String, Ladder> = BTreeMap::new();
    let text = gunzip("captures/POLONIEX.ws.1.0.gz")?;
    for (ts, frame) in frames(&text) {
        let frame: Value = serde_json::from_str(frame)?;
        if frame.get("channel").and_then(Value::as_str) != Some("book_lv2") {
            continue;
        }
        for data in frame.get("data").and_then(Value::as_array).into_iter().flatten() {
            let symbol = data.get("symbol").and_then(Value::as_str).ok_or("no symbol")?.replace('_', "/");
            let book = books.entry(symbol.clone()).or_default();
            if frame.get("action").and_then(Value::as_str) == Some("snapshot") {
                *book = Ladder::default();
            }
            for (side, bid) in [("bids", true), ("asks", false)] {
                for level in data.get(side).and_then(Value::as_array).into_iter().flatten() {
                    book.set(bid, number(level.get(0))?, number(level.get(1))?);
                }
            }
            let quote = book.quote();
            let own = MARKETS.iter().position(|market| *market == symbol);
            if let Some(market) = own.and_then(|at| markets.get(at)) {
                let market = *market.as_ref().map_err(Clone::clone)?;
                free.quote(market, ts, None, &quote, &mut |o: &Opportunity| peak = peak.max(o.peak))?;
                paid.quote(market, ts, None, &quote, &mut |_: &Opportunity| {})?;
                let instrument = engine.instrument(&symbol).ok_or("no rule names it")?;
                let event = Event { ts, venue_ts: None, instrument, payload: Payload::Quote(quote) };
                engine.on_event(&event, &mut |signal: &Signal<'_>| match signal.name() {
                    "GROSS" => out.rules.0 += 1,
                    "NET" => out.rules.1 += 1,
                    "FREE" => out.cycles.0 += 1,
                    _ => out.cycles.1 += 1,
                })?;
            }
            let quotes: Vec<Quote> = MARKETS.iter().filter_map(|market| books.get(*market)).map(Ladder::quote).collect();
            let (Some(gross), Some(net)) = (way.round(&quotes, &[0.0]), way.round(&quotes, &[FEE])) else { continue };
            out.evaluations += 1;
            out.own += u64::from(own.is_some());
            out.best_gross = out.best_gross.max(gross.gross);
            out.best_net = out.best_net.max(net.net);
            out.net += u64::from(net.net > 0.0);
            if gross.gross > 0.0 {
                out.gross += 1;
                out.own_gross += u64::from(own.is_some());
                if !out.directions.contains(&gross.direction) {
                    out.directions.push(gross.direction);
                }
            }
        }
    }
    let mut ends = 0;
    free.finish(&mut |o: &Opportunity| ends += u64::from(matches!(o.state, State::Close(_))));
    paid.finish(&mut |_: &Opportunity| {});
    out.scan_free = (free.counters().opened, peak);
    out.scan_fees = (paid.counters().opened, paid.counters().gross);
    Ok(out)
}

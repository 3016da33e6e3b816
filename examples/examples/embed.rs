//! An engine inside a program of your own, in ten lines: compile rules, build the engine, hand it events, take signals.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::{Event, Payload, Trade};
use ascep_runtime::{Engine, EngineOptions, signal::Signal};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = Source::new("rules.cep", r#"IF price("BTC/USDT") > 100_000 THEN ALERT(px = price("BTC/USDT"))"#);
    let program = compile(&[rules], &Options::default())?;
    let mut engine = Engine::new(&program, EngineOptions::default())?;
    let btc = engine.instrument("BTC/USDT").ok_or("no rule names BTC/USDT")?;
    for (ts, price) in [(1, 99_950.0), (2, 100_010.0), (3, 100_020.0)] {
        let trade = Payload::Trade(Trade { price, qty: 0.5, side: None });
        let event = Event { ts, venue_ts: None, instrument: btc, payload: trade };
        engine.on_event(&event, &mut |s: &Signal<'_>| println!("{} at {} ns: {:?}", s.name(), s.ts, s.values))?;
    }
    Ok(())
}

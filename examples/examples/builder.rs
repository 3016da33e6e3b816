//! Rules made in code: for a host whose rules stand in a database or are drawn in a user interface. The builder has the operators, types and
//! units of the language; what is wrong comes at `build`, all at once.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ascep_lang::builder::{ProgramBuilder, bp};
use ascep_runtime::event::{Event, Payload, Quote};
use ascep_runtime::{Engine, EngineOptions, signal::Signal};

/// What the host keeps of each alert.
struct Alert {
    symbol: &'static str,
    level: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alerts = [Alert { symbol: "BTC/USDT", level: 60_000.0 }, Alert { symbol: "ETH/USDT", level: 2_600.0 }];

    let builder = ProgramBuilder::new();
    let tight = builder.param_in("tight", bp(3.0), bp(0.1)..=bp(100.0));
    for alert in &alerts {
        let mid = builder.mid(alert.symbol);
        builder
            .rule(&format!("high_{}", alert.symbol.replace('/', "_")))
            .when(mid.gt(alert.level).and(builder.spread_ratio(alert.symbol).lt(tight)))
            .until(mid.lt(alert.level * 0.995))
            .emit("HIGH")
            .field("symbol", builder.symbol(alert.symbol))
            .field("mid", mid)
            .cooldown(Duration::from_secs(1))
            .add();
    }
    let program = builder.build()?;
    println!("{} rules, {} operators", program.rules.len(), program.nodes.len());

    let mut engine = Engine::new(&program, EngineOptions::default())?;
    let quotes = [("BTC/USDT", 59_999.0, 60_000.0), ("ETH/USDT", 2_600.5, 2_601.0), ("BTC/USDT", 60_001.0, 60_002.0)];
    for (ts, (symbol, bid, ask)) in (1..).zip(quotes) {
        let instrument = engine.instrument(symbol).ok_or("no rule names it")?;
        let quote = Payload::Quote(Quote { bid, ask, bid_qty: 1.0, ask_qty: 1.0 });
        let event = Event { ts, venue_ts: None, instrument, payload: quote };
        engine.on_event(&event, &mut |s: &Signal<'_>| println!("{} by {} at {} ns: {:?}", s.name(), s.rule(), s.ts, s.values))?;
    }
    Ok(())
}

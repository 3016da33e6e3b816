//! An instrument that is forgotten: its values are unknown, and nothing took place.

#![allow(clippy::unwrap_used, clippy::panic)]

use ascep_lang::{Options, Source, analyze};
use ascep_runtime::event::{Event, Loss, Payload, Quote, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::signal::Signal;
use ascep_runtime::{Engine, EngineOptions};

const S: i64 = 1_000_000_000;

fn quote(bid: f64) -> Payload<'static> {
    Payload::Quote(Quote { bid, ask: bid + 1.0, bid_qty: 1.0, ask_qty: 1.0 })
}

fn trade(price: f64) -> Payload<'static> {
    Payload::Trade(Trade { price, qty: 1.0, side: None })
}

/// What the rules give on events of `A/B`, as `second signal`, in both tiers of the engine and in the reference.
#[track_caller]
fn expect(rules: &str, events: &[(i64, Payload<'_>)], end: i64, expected: &[&str]) {
    let found = analyze(&[Source::new("rules.cep", rules)], &Options::default());
    let (program, typed) = (found.program.unwrap(), found.typed.unwrap());
    for columns in [false, true] {
        let mut engine = Engine::new(&program, EngineOptions::default().with_columns(columns)).unwrap();
        let instrument = engine.instrument("A/B").unwrap();
        let mut lines = Vec::new();
        let mut sink = |s: &Signal<'_>| lines.push(format!("{} {}", s.ts / S, s.name()));
        for (ts, payload) in events {
            engine.on_event(&Event { ts: ts * S, venue_ts: None, instrument, payload: *payload }, &mut sink).unwrap();
        }
        engine.advance_to(end * S, &mut sink);
        assert_eq!(lines, expected, "columns: {columns}");
    }
    let mut reference = Reference::new(&typed, ReferenceOptions::default()).unwrap();
    let mut signals = Vec::new();
    for (ts, payload) in events {
        let instrument = ascep_runtime::event::InstrumentId::UNNAMED;
        signals.extend(reference.on_event("A/B", &Event { ts: ts * S, venue_ts: None, instrument, payload: *payload }));
    }
    signals.extend(reference.advance_to(end * S));
    let lines: Vec<_> = signals.iter().map(|s| format!("{} {}", s.ts / S, s.head.signal)).collect();
    assert_eq!(lines, expected, "reference");
}

#[test]
fn it_is_no_quote() {
    let events = [(0, quote(1.0)), (3, Payload::Forget(Loss::Stale)), (20, quote(1.0))];
    expect(r#"IF NO quote("A/B") FOR 5s THEN S"#, &events, 21, &["5 S"]);
    expect(r#"IF quote("A/B") THEN S"#, &events, 21, &["0 S", "20 S"]);
    expect(r#"IF age("A/B") >= 5s THEN S"#, &events, 21, &["5 S"]);
    expect(r#"IF count(quote("A/B"), 30s, partial = TRUE) >= 2 THEN S"#, &events, 21, &["20 S"]);
}

#[test]
fn what_was_known_is_unknown() {
    expect(r#"IF bid("A/B") > 0 FOR 5s THEN S"#, &[(0, quote(1.0)), (3, Payload::Forget(Loss::Stale)), (4, quote(1.0))], 20, &["9 S"]);
    expect(r#"IF NOT known(last("A/B")) THEN S"#, &[(0, trade(1.0)), (3, Payload::Forget(Loss::Stale))], 4, &["3 S"]);
    expect(r#"IF (bid("A/B") ?? 0) < 1 THEN S"#, &[(0, quote(2.0)), (3, Payload::Forget(Loss::Stale))], 4, &["3 S"]);
}

#[test]
fn a_price_begins_again_with_quotes() {
    let events = [(0, trade(9.0)), (1, quote(1.0)), (2, Payload::Forget(Loss::Stale)), (3, quote(1.0)), (4, trade(9.0))];
    expect(r#"IF price("A/B") > 0 THEN S EVERY TICK"#, &events, 5, &["0 S", "3 S", "4 S"]);
}

//! The loop of machine code takes the events that it is made for, gives what the interpreter gives, and neither of them allocates.

#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;

use ascep_lang::{Options, Source, analyze, compile};
use ascep_runtime::event::{Event, InstrumentId, Loss, Payload, Quote, Side, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::{Engine, EngineOptions, Signal};

const INSTRUMENTS: usize = 50;
const EVENTS: usize = 100_000;
/// Events of a call.
const BATCH: usize = 1_000;

/// A row alone on each instrument, and rows that several instruments share: one number of quotes changes a truth now and then. Events of trades are filtered, by rows alone and
/// by several of one shape, and one rule looks at their numbers.
fn rules() -> String {
    let mut text = String::new();
    for i in 0..INSTRUMENTS {
        let (a, b) = ((i * 7 + 1) % INSTRUMENTS, (i * 11 + 3) % INSTRUMENTS);
        let _ = writeln!(text, "RULE one{i}: IF mid(\"S{i}\") > 100.9 AND spread_ratio(\"S{i}\") < 30bp THEN ONE(mid = mid(\"S{i}\"))");
        let _ = writeln!(
            text,
            "RULE two{i}: IF SEQ trade(\"S{i}\") WHERE it.side == \"buy\" AND it.qty > 9.5 -> NO trade(\"S{i}\") WHERE it.qty < 0.1 -> \
             trade(\"S{i}\") WHERE it.side == \"sell\" AND it.qty > 9 WITHIN 5ms THEN TWO"
        );
        let _ = writeln!(text, "RULE last{i}: IF last(\"S{i}\") > 101 OR qty(\"S{i}\") * last(\"S{i}\") > 990 THEN LAST");
        if i % 10 == 0 {
            let _ = writeln!(text, "RULE tick{i}: IF mid(\"S{i}\") > 100.2 THEN OFTEN(mid = mid(\"S{i}\")) EVERY TICK");
        }
        let _ = writeln!(text, "RULE three{i}: IF mid(\"S{i}\") * mid(\"S{a}\") / mid(\"S{b}\") > 101.{:02} THEN THREE", i % 60 + 30);
    }
    text
}

fn engine(jit: bool) -> Engine {
    engine_of(&rules(), EngineOptions::default().with_jit(jit))
}

fn engine_of(text: &str, options: EngineOptions) -> Engine {
    let program = compile(&[Source::new("rules.cep", text)], &Options::default()).unwrap();
    Engine::new(&program, options).unwrap()
}

/// Walks of quotes, each another one; `trades` of a thousand events are trades.
fn events(engine: &Engine, trades: u64) -> Vec<Event<'static>> {
    let ids: Vec<_> = (0..INSTRUMENTS).map(|i| engine.instrument(&format!("S{i}")).unwrap()).collect();
    let mut mids = [100.0_f64; INSTRUMENTS];
    let mut seed = 88_172_645_463_325_252_u64;
    (0..EVENTS)
        .map(|n| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = (seed % INSTRUMENTS as u64) as usize;
            // Mostly near 100, now and then a jump that the next quote takes back.
            mids[at] = if (seed >> 8).is_multiple_of(997) {
                101.5
            } else {
                (mids[at] + ((seed >> 20) % 21) as f64 * 0.001 - 0.01).clamp(99.5, 100.5)
            };
            let payload = if (seed >> 32) % 1_000 < trades {
                let side = [Some(Side::Buy), Some(Side::Sell), None, Some(Side::Buy)][(seed >> 14) as usize % 4];
                Payload::Trade(Trade { price: mids[at], qty: ((seed >> 40) % 1_000) as f64 * 0.01 + 0.01, side })
            } else {
                Payload::Quote(Quote { bid: mids[at] - 0.01, ask: mids[at] + 0.01, bid_qty: 2.0, ask_qty: 3.0 })
            };
            let ts = 1_722_988_800_000_000_000 + n as i64 * 1_000;
            Event { ts, venue_ts: (seed >> 50).is_multiple_of(2).then_some(ts - 500), instrument: ids[at], payload }
        })
        .collect()
}

fn signals(engine: &mut Engine, events: &[Event<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in events.chunks(BATCH) {
        engine.on_events(batch, &mut |signal: &Signal<'_>| lines.push(format!("{:?}", signal.to_owned()))).unwrap();
    }
    lines
}

#[test]
fn nearly_all_are_taken_in_machine_code() {
    for trades in [0, 100, 900] {
        let (mut machine, mut interpreter) = (engine(true), engine(false));
        let stats = machine.plan_stats();
        assert_eq!((stats.compiled_shapes, stats.refused_shapes), (stats.shapes, 0));
        assert_eq!((stats.loop_quotes, stats.loop_trades), (INSTRUMENTS, INSTRUMENTS));
        let stats = interpreter.plan_stats();
        assert_eq!((stats.loop_quotes, stats.loop_trades), (0, 0));
        let events = events(&machine, trades);
        let lines = signals(&mut machine, &events);
        assert_eq!(lines, signals(&mut interpreter, &events));
        assert_eq!(machine.counters(), interpreter.counters());
        assert!(lines.len() > 100, "{}", lines.len());
        // The first event starts the clock.
        let taken = machine.machine_events();
        assert!(taken > EVENTS as u64 - 20, "{taken} of {EVENTS} events, {} signals", lines.len());
        let is_two = |line: &&String| line.contains("two");
        assert_eq!(lines.iter().filter(is_two).count() > 10, trades > 0);
        assert!(trades == 900 || lines.iter().any(|line| line.contains("OFTEN")));
        let mut in_line = engine_of(&rules(), EngineOptions::default().with_columns(false));
        assert_eq!(lines, signals(&mut in_line, &events));
        assert_eq!(interpreter.machine_events(), 0);
    }
}

#[test]
fn neither_allocates() {
    for jit in [true, false] {
        let mut engine = engine(jit);
        let events = events(&engine, 10);
        let mut count = 0_u64;
        let info = allocation_counter::measure(|| {
            for batch in events.chunks(BATCH) {
                engine.on_events(batch, &mut |_: &Signal<'_>| count += 1).unwrap();
            }
        });
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "jit: {jit}, {info:?}");
        assert!(count > 100, "{count}");
        assert_eq!(engine.machine_events() > EVENTS as u64 / 2, jit);
    }
}

/// Quotes of rules alone on their instruments are taken in fours: a rule that fires does so before the next event.
#[test]
fn what_fires_among_fours_fires_at_its_event() {
    let mut text = String::new();
    for i in 0..INSTRUMENTS {
        let _ = writeln!(
            text,
            "RULE one{i}: IF mid(\"S{i}\") > 100.9 AND spread_ratio(\"S{i}\") < 30bp THEN ONE(mid = mid(\"S{i}\"), bid = bid(\"S0\"))"
        );
    }
    let program = compile(&[Source::new("rules.cep", text.as_str())], &Options::default()).unwrap();
    let engine = |options: EngineOptions| Engine::new(&program, options).unwrap();
    let mut machine = engine(EngineOptions::default().with_jit(true));
    let events = events(&machine, 0);
    let lines = signals(&mut machine, &events);
    assert!(lines.len() > 50 && machine.machine_events() > EVENTS as u64 - 20);
    for options in [EngineOptions::default().with_jit(false), EngineOptions::default().with_columns(false)] {
        let mut other = engine(options);
        assert_eq!(lines, signals(&mut other, &events));
        assert_eq!(machine.counters(), other.counters());
    }
}

/// The least number of bytes that is enough, of those up to `most`, which is.
fn least(most: usize, is_enough: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    assert!(is_enough(high));
    while low < high {
        let middle = low.midpoint(high);
        if is_enough(middle) { high = middle } else { low = middle + 1 }
    }
    high
}

/// What does not fit together is taken alone: quotes where they fit, else trades.
#[test]
fn quotes_are_taken_where_trades_do_not_fit() {
    // Of the first rules trades are more code by far, of the second ones quotes.
    let is_of_trades = |line: &&str| line.contains("one") || line.contains("two") || line.contains("last");
    let [of_trades, of_quotes] = [rules().lines().filter(is_of_trades).collect::<Vec<_>>().join("\n"), rules()];
    let within = |text: &str, bytes: usize| engine_of(text, EngineOptions::default().with_max_code_bytes(bytes));
    let takes = |text: &str, bytes: usize| {
        let stats = within(text, bytes).plan_stats();
        assert!(stats.code_bytes <= bytes, "{} of {bytes}", stats.code_bytes);
        (stats.loop_quotes, stats.loop_trades)
    };
    let both = least(1 << 20, |bytes| takes(&of_trades, bytes) == (INSTRUMENTS, INSTRUMENTS));
    assert_eq!(takes(&of_trades, both - 1), (INSTRUMENTS, 0));
    let quotes = least(both - 1, |bytes| takes(&of_trades, bytes).0 == INSTRUMENTS);
    assert_eq!(takes(&of_trades, quotes - 1), (0, 0));
    let trades = least(1 << 20, |bytes| takes(&of_quotes, bytes).0 == INSTRUMENTS) - 1;
    assert_eq!(takes(&of_quotes, trades), (0, INSTRUMENTS));
    for (text, bytes, of_thousand, takes_quotes, takes_trades) in [
        (&of_trades, both, 100, true, true),
        (&of_trades, both - 1, 100, true, false),
        (&of_trades, quotes - 1, 100, false, false),
        (&of_quotes, trades, 900, false, true),
    ] {
        let (mut machine, mut interpreter) = (within(text, bytes), engine_of(text, EngineOptions::default().with_jit(false)));
        let events = events(&machine, of_thousand);
        assert_eq!(signals(&mut machine, &events), signals(&mut interpreter, &events));
        assert_eq!(machine.counters(), interpreter.counters());
        let of_quotes = events.iter().filter(|event| matches!(event.payload, Payload::Quote(_))).count() as u64;
        let count = u64::from(takes_quotes) * of_quotes + u64::from(takes_trades) * (EVENTS as u64 - of_quotes);
        // Where the loop is left to the interpreter, that takes the next event too.
        let taken = machine.machine_events();
        assert!(taken <= count && taken >= count - count / 6, "{taken} of {count} within {bytes} bytes");
    }
}

/// Rules on the price, which is the middle of the quote before the first trade and the last trade's after it: alone, beside rules on quotes, in one row with a number of
/// quotes, and over windows.
fn rules_on_the_price() -> String {
    let mut text = String::new();
    for i in 0..INSTRUMENTS {
        let (price, mid) = (format!("price(\"S{i}\")"), format!("mid(\"S{i}\")"));
        let _ = match i % 6 {
            0 => writeln!(text, "RULE a{i}: IF {price} > 100.05 THEN A(price = {price})"),
            1 => writeln!(text, "RULE b{i}: IF {price} > {mid} + 0.03 THEN B(price = {price}, mid = {mid})"),
            2 => {
                writeln!(
                    text,
                    "RULE c{i}: IF {mid} > 100.9 THEN C\nRULE d{i}: IF {price} < 99.9 OR {price} > 100.1 THEN D(price = {price})"
                )
            }
            3 => writeln!(text, "RULE e{i}: IF {price} > avg({price}, 5ms, partial = TRUE) + 0.05 THEN E(price = {price})"),
            4 => writeln!(
                text,
                "RULE f{i}: IF {mid} > avg({mid}, 5ms, partial = TRUE) + 0.8 THEN F\nRULE g{i}: IF NOT known({price}) OR {price} > 100.1 THEN G"
            ),
            // None of these: its quotes are taken before the first trade too.
            _ => writeln!(text, "RULE h{i}: IF {mid} > 101 THEN H\nRULE i{i}: IF last(\"S{i}\") > 100.05 THEN I"),
        };
    }
    text
}

/// Quotes and trades, by which instruments are forgotten now and then.
fn forgetful(engine: &Engine, trades: u64, forgets: usize) -> Vec<Event<'static>> {
    let mut events = events(engine, trades);
    for event in events.iter_mut().skip(forgets / 2).step_by(forgets) {
        event.payload = Payload::Forget(Loss::Gap);
    }
    events
}

/// How many quotes come after a trade of their instrument that is not forgotten, and how many before.
fn quotes_after_trades(events: &[Event<'_>]) -> [u64; 2] {
    let (mut traded, mut counts) = ([false; INSTRUMENTS], [0; 2]);
    for event in events {
        let traded = &mut traded[event.instrument.0 as usize];
        match event.payload {
            Payload::Quote(_) => counts[usize::from(!*traded)] += 1,
            Payload::Trade(_) => *traded = true,
            _ => *traded = false,
        }
    }
    counts
}

#[test]
fn quotes_beside_the_price_are_taken_once_there_was_a_trade() {
    let text = rules_on_the_price();
    for (trades, forgets) in [(20, EVENTS), (100, 500), (1, 5_000)] {
        let [mut machine, mut interpreter] = [true, false].map(|jit| engine_of(&text, EngineOptions::default().with_jit(jit)));
        let stats = machine.plan_stats();
        assert_eq!((stats.refused_shapes, stats.loop_quotes), (0, INSTRUMENTS));
        let events = forgetful(&machine, trades, forgets);
        let mut lines = [Vec::new(), Vec::new()];
        for batches in events.chunks(20 * BATCH) {
            for (engine, lines) in [&mut machine, &mut interpreter].into_iter().zip(&mut lines) {
                lines.extend(signals(engine, batches));
            }
            assert!(machine.snapshot() == interpreter.snapshot());
        }
        assert_eq!(lines[0], lines[1]);
        assert_eq!(machine.counters(), interpreter.counters());
        let [after, before] = quotes_after_trades(&events);
        let (taken, count) = (machine.machine_events(), EVENTS as u64);
        assert!(after > count / 20 && before > 200, "{after} {before}");
        // Those of the instruments without such rules are always taken, but for those that the interpreter goes on with.
        assert!(taken <= count - before * 2 / 3, "{taken}, {before} before a trade");
        assert!(taken > after * 9 / 10, "{taken}, {after} after a trade");
        for name in ["A", "B", "C", "D", "E", "F", "G", "H", "I"] {
            let count = lines[0].iter().filter(|line| line.contains(&format!("signal: \"{name}\""))).count();
            assert!(count > 5, "{count} of {name}, {trades} {forgets}");
        }
    }
}

/// The slow evaluator on the same events.
#[test]
fn quotes_beside_the_price_are_those_of_the_reference() {
    let text = rules_on_the_price();
    let typed = analyze(&[Source::new("rules.cep", text.as_str())], &Options::default()).typed.unwrap();
    for forgets in [100, 2_000] {
        let mut machine = engine_of(&text, EngineOptions::default().with_jit(true));
        let mut reference = Reference::new(&typed, ReferenceOptions::default()).unwrap();
        let events = &forgetful(&machine, 50, forgets)[..12_000];
        let names: Vec<(InstrumentId, String)> =
            (0..INSTRUMENTS).map(|i| format!("S{i}")).map(|name| (machine.instrument(&name).unwrap(), name)).collect();
        let name_of = |id: InstrumentId| names.iter().find(|(other, _)| *other == id).map(|(_, name)| name.as_str()).unwrap();
        let mut lines = Vec::new();
        for batch in events.chunks(BATCH) {
            machine.on_events(batch, &mut |signal: &Signal<'_>| lines.push((signal.ts, signal.rule().to_owned()))).unwrap();
        }
        let signals = events.iter().flat_map(|event| reference.on_event(name_of(event.instrument), event));
        let wanted: Vec<_> = signals.map(|signal| (signal.ts, signal.head.rule.to_string())).collect();
        assert_eq!(lines, wanted);
        assert!(lines.len() > 50 && machine.machine_events() > events.len() as u64 / 3, "{} {}", lines.len(), machine.machine_events());
    }
}

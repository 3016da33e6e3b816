//! Windows in the loop of machine code: it takes nearly all quotes of rules over windows, allocates nothing, and what it does can't be told from what the interpreter does: by no signal, by no
//! counter, and by no byte of a snapshot.

#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;

use ascep_lang::{Options, Source, analyze, compile};
use ascep_runtime::event::{Event, InstrumentId, Loss, Payload, Quote, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::{Engine, EngineOptions, Signal};

const INSTRUMENTS: usize = 40;
const MS: i64 = 1_000_000;

fn rules_of(rules: impl Fn(usize) -> String) -> String {
    (0..INSTRUMENTS).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "{}", rules(i));
        text
    })
}

/// A rule for each instrument: most of means and deviations, as one alone or two of one window; some of extremes, of a count of quotes, and of what is not known at once.
fn rules() -> String {
    rules_of(|i| {
        let x = format!("mid(\"S{i}\")");
        match i % 8 {
            0 => {
                let w = format!("({x}, 200ms, partial = TRUE)");
                format!("RULE r{i}: IF {x} > avg{w} + 3 * stddev{w} OR highest{w} - lowest{w} > 0.9 THEN S(x = {x})")
            }
            1 => format!("RULE r{i}: IF {x} > avg({x}, 20) + 3 * stddev({x}, 20) THEN S(x = {x})"),
            2 => format!("RULE r{i}: IF {x} > avg({x}, 100ms) + 0.4 THEN S(x = {x})"),
            // Two rules over two numbers.
            3 => {
                let (w, b) = (format!("({x}, 100ms, partial = TRUE)"), format!("bid(\"S{i}\")"));
                format!(
                    "RULE r{i}: IF {x} > avg{w} + 4 * stddev{w} THEN S(x = {x})\nRULE q{i}: IF {b} > avg({b}, 2s, partial = TRUE) + 0.5 THEN S(x = {x})"
                )
            }
            _ => {
                let w = format!("({x}, {}ms, partial = TRUE)", 100 + i);
                format!("RULE r{i}: IF {x} > avg{w} + 3 * stddev{w} THEN S(x = {x})")
            }
        }
    })
}

fn engine(text: &str, jit: bool) -> Engine {
    let program = compile(&[Source::new("rules.cep", text)], &Options::default()).unwrap();
    Engine::new(&program, EngineOptions::default().with_jit(jit)).unwrap()
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Quotes of instruments that walk, a millisecond for 4 events; `jumps` in a thousand are off the walk. Those of instrument `i` above `INSTRUMENTS - 4` come in crowds, with long silence between.
fn quotes(engine: &Engine, count: usize, jumps: u64, seed: u64) -> Vec<Event<'static>> {
    let ids: Vec<InstrumentId> = (0..INSTRUMENTS).map(|i| engine.instrument(&format!("S{i}")).unwrap()).collect();
    let (mut dice, mut mids, mut ts) = (Dice(seed), [100.0; INSTRUMENTS], 1_722_988_800_000 * MS);
    (0..count)
        .map(|n| {
            // Many at one moment, as a venue sends them.
            ts += [0, 0, MS / 4, MS / 2, MS / 2][dice.roll(5) as usize];
            let at = dice.roll(INSTRUMENTS as u64 - if n / 2_000 % 2 == 0 { 4 } else { 0 }) as usize;
            mids[at] = (mids[at] + dice.roll(21) as f64 * 0.001 - 0.01).clamp(99.0, 101.0);
            let mid = if dice.roll(1_000) < jumps { mids[at] + dice.roll(100) as f64 * 0.01 } else { mids[at] };
            let payload = Payload::Quote(Quote { bid: mid - 0.01, ask: mid + 0.01, bid_qty: 2.0, ask_qty: 3.0 });
            Event { ts, venue_ts: None, instrument: ids[at], payload }
        })
        .collect()
}

/// Both engines over batches, which must do the same to the last bit. Gives the signals.
fn agree(machine: &mut Engine, interpreter: &mut Engine, events: &[Event<'_>], batch: usize) -> Vec<(i64, String)> {
    let mut lines = [Vec::new(), Vec::new()];
    for batch in events.chunks(batch) {
        for (engine, lines) in [&mut *machine, &mut *interpreter].into_iter().zip(&mut lines) {
            engine.on_events(batch, &mut |signal: &Signal<'_>| lines.push((signal.ts, format!("{:?}", signal.to_owned())))).unwrap();
        }
        assert!(machine.snapshot() == interpreter.snapshot());
    }
    let [lines, others] = lines;
    assert_eq!(lines, others);
    assert_eq!(machine.counters(), interpreter.counters());
    assert_eq!(interpreter.machine_events(), 0);
    lines
}

#[test]
fn nearly_all_quotes_of_windows_are_taken_in_machine_code() {
    let text = rules();
    let (mut machine, mut interpreter) = (engine(&text, true), engine(&text, false));
    let events = quotes(&machine, 300_000, 2, 7);
    let lines = agree(&mut machine, &mut interpreter, &events, 5_000);
    let (taken, count) = (machine.machine_events(), events.len() as u64);
    assert!(lines.len() > 100 && lines.len() < events.len() / 100, "{}", lines.len());
    // It is left where a truth changes, where a timer is due, and while windows are new.
    assert!(taken > count - count / 12 && taken <= count, "{taken} of {count}, {} signals", lines.len());
}

#[test]
fn windows_in_machine_code_allocate_nothing() {
    let mut engine = engine(&rules(), true);
    let events = quotes(&engine, 60_000, 2, 11);
    let mut signals = 0_u64;
    let info = allocation_counter::measure(|| {
        for batch in events.chunks(1_000) {
            engine.on_events(batch, &mut |_: &Signal<'_>| signals += 1).unwrap();
        }
    });
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{info:?}");
    assert!(signals > 20 && engine.machine_events() > events.len() as u64 * 9 / 10, "{signals}, {}", engine.machine_events());
}

/// Windows that run empty, that become known by the clock alone, and that are full: at moments between two events of a batch, and at the very moment of one.
fn of_the_clock() -> String {
    rules_of(|i| {
        let x = format!("mid(\"S{i}\")");
        match i % 4 {
            0 => format!("RULE r{i}: IF NOT known(avg({x}, 20ms, partial = TRUE)) THEN GONE"),
            1 => format!("RULE r{i}: IF known(stddev({x}, {}us)) THEN KNOWN(x = {x})", 20_250 + 250 * i),
            2 => format!("RULE r{i}: IF {x} > avg({x}, 100ms, partial = TRUE, max = 3) + 0.01 THEN FULL"),
            _ => format!("RULE r{i}: IF {x} > highest({x}, 15ms) - 0.005 AND avg({x}, 15ms) < {x} - 0.01 THEN BOTH(x = {x})"),
        }
    })
}

#[test]
fn deadlines_within_a_batch_are_kept() {
    let text = of_the_clock();
    for (batch, seed) in [(1_000, 3), (64, 5), (20_000, 9)] {
        let (mut machine, mut interpreter) = (engine(&text, true), engine(&text, false));
        let events = quotes(&machine, 40_000, 5, seed);
        let lines = agree(&mut machine, &mut interpreter, &events, batch);
        let gone: Vec<i64> = lines.iter().filter(|(_, line)| line.contains("GONE")).map(|(ts, _)| *ts).collect();
        let between = gone.iter().filter(|ts| events.binary_search_by_key(*ts, |event| event.ts).is_err()).count();
        assert!(between > 100 && between < gone.len(), "{between} of {}", gone.len());
        for name in ["KNOWN", "FULL", "BOTH"] {
            assert!(lines.iter().filter(|(_, line)| line.contains(name)).count() > 20, "{name}");
        }
        // Those of full windows are not taken: others have to be.
        assert!(machine.machine_events() > events.len() as u64 / 4, "{}", machine.machine_events());
    }
}

/// A window that is empty when its sample comes has the first of all timers then, and no other is near: the loop has to end there although it began with a later one, and although
/// no row changes.
#[test]
fn a_deadline_that_comes_up_within_a_batch_is_kept() {
    let text = rules_of(|i| {
        let (x, d) = (format!("mid(\"S{i}\")"), if i == 3 { 2 } else { 60_000 + i });
        format!("RULE r{i}: IF NOT known(avg({x}, {d}ms, partial = TRUE)) AND {x} > 1000 THEN GONE")
    });
    let (mut machine, mut interpreter) = (engine(&text, true), engine(&text, false));
    let events = quotes(&machine, 40_000, 0, 13);
    agree(&mut machine, &mut interpreter, &events, 10_000);
    assert!(machine.counters().timers_fired > 500, "{:?}", machine.counters());
    assert!(machine.machine_events() > 30_000, "{}", machine.machine_events());
}

/// Windows over numbers of quotes, of trades, of both, and over the price, all of one instrument: each event slides another part of them.
fn of_all_events() -> String {
    rules_of(|i| {
        let above = |x: &str, more: &str| {
            let (x, w) = (format!("{x}(\"S{i}\")"), format!("({x}(\"S{i}\"), {}ms, partial = TRUE)", 100 + i));
            format!("RULE {more}{i}: IF {x} > avg{w} + 2 * stddev{w} OR {x} > highest{w} + 1 THEN S(x = {x})")
        };
        let all = ["last", "mid", "price", "bid", "qty"].map(|x| above(x, x));
        // Not all of them, and in another order, for some.
        let rules: Vec<&str> = (0..5).map(|k| &*all[(k * (1 + i % 4) + i) % 5]).skip(i % 3).collect();
        rules.join("\n")
    })
}

/// Some of the quotes are trades in the middle of them, and now and then an instrument is forgotten.
fn with_trades(mut events: Vec<Event<'static>>, seed: u64) -> Vec<Event<'static>> {
    let mut dice = Dice(seed);
    for event in &mut events {
        let Payload::Quote(Quote { bid, ask, .. }) = event.payload else { continue };
        event.payload = match dice.roll(2_000) {
            0 => Payload::Forget(Loss::Gap),
            1..800 => Payload::Trade(Trade { price: (bid + ask) / 2.0, qty: 1.0 + dice.roll(100) as f64 * 0.01, side: None }),
            _ => continue,
        };
    }
    events
}

#[test]
fn windows_over_all_events_of_an_instrument_are_taken_together() {
    let text = of_all_events();
    let (mut machine, mut interpreter) = (engine(&text, true), engine(&text, false));
    let stats = machine.plan_stats();
    assert_eq!((stats.loop_quotes, stats.loop_trades), (INSTRUMENTS, INSTRUMENTS));
    let events = with_trades(quotes(&machine, 200_000, 2, 17), 19);
    let lines = agree(&mut machine, &mut interpreter, &events, 5_000);
    for name in ["last", "mid", "price", "bid", "qty"] {
        let count = lines.iter().filter(|(_, line)| line.contains(&format!("rule: \"{name}"))).count();
        assert!(count > 50, "{count} of {name}");
    }
    let (taken, count) = (machine.machine_events(), events.len() as u64);
    assert!(taken > count * 4 / 5 && taken < count, "{taken} of {count}, {} signals", lines.len());
}

#[test]
fn snapshots_after_a_batch_go_on() {
    let text = of_the_clock();
    let program = compile(&[Source::new("rules.cep", text.as_str())], &Options::default()).unwrap();
    let (mut machine, mut interpreter) = (engine(&text, true), engine(&text, false));
    let events = quotes(&machine, 30_000, 3, 21);
    let (mut lines, mut others, mut taken) = (Vec::new(), Vec::new(), 0);
    for (n, batch) in events.chunks(701).enumerate() {
        machine.on_events(batch, &mut |signal: &Signal<'_>| lines.push(format!("{:?}", signal.to_owned()))).unwrap();
        interpreter.on_events(batch, &mut |signal: &Signal<'_>| others.push(format!("{:?}", signal.to_owned()))).unwrap();
        // Machine code and the interpreter go on from each other.
        let options = |jit: bool| EngineOptions::default().with_jit(jit);
        if n % 3 == 0 {
            taken += machine.machine_events();
            let bytes = machine.snapshot();
            (machine, interpreter) = (
                Engine::restore(&program, options(true), &interpreter.snapshot()).unwrap().0,
                Engine::restore(&program, options(false), &bytes).unwrap().0,
            );
        }
    }
    assert!(lines.len() > 1_000, "{}", lines.len());
    assert_eq!(lines, others);
    assert!(taken > 3_000, "{taken}");
}

/// The slow evaluator, which has neither windows that are shared nor sums that go on, on the same events.
#[test]
fn windows_in_machine_code_are_those_of_the_reference() {
    for (text, seed) in [(rules(), 31), (of_the_clock(), 32), (of_all_events(), 33)] {
        let typed = analyze(&[Source::new("rules.cep", text.as_str())], &Options::default()).typed.unwrap();
        let mut engine = engine(&text, true);
        let mut reference = Reference::new(&typed, ReferenceOptions::default()).unwrap();
        let mut events = quotes(&engine, 6_000, 20, seed);
        if text == of_all_events() {
            // The reference goes through all samples of all windows each time.
            events.truncate(1_600);
            events = with_trades(events, seed);
        }
        let names: Vec<(InstrumentId, String)> =
            (0..INSTRUMENTS).map(|i| format!("S{i}")).map(|name| (engine.instrument(&name).unwrap(), name)).collect();
        let name_of = |id: InstrumentId| names.iter().find(|(other, _)| *other == id).map(|(_, name)| name.as_str()).unwrap();
        let mut lines = Vec::new();
        for batch in events.chunks(500) {
            engine.on_events(batch, &mut |signal: &Signal<'_>| lines.push((signal.ts, signal.rule().to_owned()))).unwrap();
        }
        let mut wanted = Vec::new();
        for event in &events {
            wanted.extend(
                reference.on_event(name_of(event.instrument), event).into_iter().map(|signal| (signal.ts, signal.head.rule.to_string())),
            );
        }
        assert_eq!(lines, wanted);
        assert!(lines.len() > 50, "{}", lines.len());
        assert!(engine.machine_events() > events.len() as u64 / 4);
    }
}

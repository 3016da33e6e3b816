//! A sharded engine against one engine: the same signals to the last bit, whatever the number of shards, the batches, the rounds and the pages.
//!
//! `ASCEP_PAIRS` sets how many pairs are tried, `ASCEP_SEED` the seed; both are fixed otherwise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ascep_lang::program::Constant;
use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::{Event, InstrumentId, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::Value;
use ascep_runtime::{
    BuildError, Engine, EngineOptions, EventError, HostFunctions, ParamError, ShardSettings, ShardedEngine, ShardedError, Signal,
};
use support::copies::copies;
use support::run;
use support::sharded::{Subject, difference, one, sharded};
use support::tries::{PAIRS, for_pairs, setting};

#[test]
fn shards_equal_one_engine() {
    let (split, of_several) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let early = AtomicUsize::new(0);
    for_pairs(9, setting("ASCEP_PAIRS", PAIRS) / 10, |pair| {
        let (text, inputs) = copies(pair, 3);
        let Ok((typed, program)) = run::compile(&text) else { return Ok(None) };
        let alone = support::sharded::run(&mut one(&program, pair.samples), &inputs, 1);
        for (shards, batch, events, signals) in [(1, 1, 1, 1), (2, 1, 1, 4), (2, 7, 3, 1), (3, 64, 5, 2), (3, 256, 1_024, 64)] {
            let settings = ShardSettings::new(shards).with_round_events(events).with_page_signals(signals);
            let mut subject = sharded(&program, pair.samples, settings);
            let seen = support::sharded::run(&mut subject, &inputs, batch);
            let name = format!("{shards} shards, batches of {batch}, rounds of {events}, pages of {signals}");
            if let Some(difference) = difference(&name, &alone, &seen, batch == 1) {
                return Err(format!("{text}\n{difference}"));
            }
            early.fetch_add(subject.shards().map(|shard| shard.early_pages as usize).sum(), Relaxed);
            if shards == 3 && batch == 64 && !seen.signals.is_empty() {
                of_several.fetch_add(1, Relaxed);
                split.fetch_add(usize::from(subject.shards().filter(|shard| shard.signals > 0).count() > 1), Relaxed);
            }
        }
        // And one engine is right.
        let reference = run::run_reference(&typed, pair.samples, &inputs);
        let engine = run::run_engine(&program, pair.samples, &inputs);
        run::difference(&engine, &reference).map_or(Ok(Some(alone.signals.len())), Err)
    });
    let (split, of_several, early) = (split.into_inner(), of_several.into_inner(), early.into_inner());
    eprintln!(
        "{split} of {of_several} runs with signals had them from several shards; {early} pages were full before their round was done"
    );
    assert!(split * 2 > of_several && of_several > 0, "only {split} of {of_several} runs had signals from several shards");
    assert!(setting("ASCEP_PAIRS", PAIRS) < PAIRS || early > 1_000, "only {early} pages were full before their round was done");
}

/// Two rules that share nothing, each with a function of the host.
fn two(functions: &HostFunctions, settings: ShardSettings) -> ShardedEngine {
    let rules =
        "IF last(\"A/B\") > 2 THEN A(f = f(last(\"A/B\"))) EVERY TICK\nIF last(\"C/D\") > 2 THEN C(f = f(last(\"C/D\"))) EVERY TICK";
    let options = Options::default().with_function("f", [ascep_lang::InputType::Number], ascep_lang::InputType::Number);
    let program = compile(&[Source::new("two.cep", rules)], &options).unwrap();
    ShardedEngine::with_functions(&program, EngineOptions::default(), settings, functions).unwrap()
}

fn f(panics_at: f64) -> HostFunctions {
    HostFunctions::new().with("f", move |args| match args {
        [Value::Num(x)] if *x == panics_at => panic!("as the test wants it"),
        [Value::Num(x)] => Value::Num(*x),
        _ => Value::Unknown,
    })
}

fn trade(ts: i64, instrument: InstrumentId, price: f64) -> Event<'static> {
    Event { ts, venue_ts: None, instrument, payload: Payload::Trade(Trade { price, qty: MISSING, side: None }) }
}

#[test]
fn a_shard_that_ends_is_an_error_and_what_was_given_out_is_right() {
    for settings in [ShardSettings::new(2), ShardSettings::new(2).with_round_events(1).with_page_signals(1)] {
        let mut engine = two(&f(7.0), settings);
        let on_the_thread = ["A/B", "C/D"].map(|symbol| engine.instrument(symbol).unwrap());
        // Whichever of them the thread has.
        for instrument in on_the_thread {
            let mut engine = two(&f(7.0), settings);
            let mut seen = Vec::new();
            let events: Vec<Event<'_>> = (1..10).map(|k| trade(k, instrument, if k == 5 { 7.0 } else { 3.0 })).collect();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                engine.on_events(&events, &mut |signal: &Signal<'_>| seen.push(signal.ts))
            }));
            let is_own = result.is_err();
            assert!(is_own || result.unwrap() == Err(ShardedError::Ended { shard: 1 }));
            assert!(seen.len() < 5 && seen.iter().copied().eq(1..=seen.len() as i64), "{seen:?}");
            let nothing = &mut |_: &Signal<'_>| panic!("nothing more comes");
            let ended = Err(ShardedError::Ended { shard: usize::from(!is_own) });
            assert_eq!(engine.on_event(&events[0], nothing), ended);
            assert_eq!(engine.on_events(&events, nothing), ended);
            assert_eq!(engine.advance_to(100, nothing), ended);
        }
        let ok = engine.on_event(&trade(1, on_the_thread[0], 3.0), &mut |_: &Signal<'_>| ());
        assert_eq!(ok, Ok(()));
    }
}

#[test]
fn it_can_be_dropped_at_any_time() {
    drop(two(&f(0.0), ShardSettings::new(2)));
    for panics_at in 1..40 {
        let mut engine = two(&f(0.0), ShardSettings::new(2).with_round_events(3).with_page_signals(1));
        let ids = ["A/B", "C/D"].map(|symbol| engine.instrument(symbol).unwrap());
        let events: Vec<Event<'_>> = (1..40).map(|k| trade(k, ids[k as usize % 2], 3.0)).collect();
        // The sink panics while rounds are under way and pages are full.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            engine.on_events(&events, &mut |signal: &Signal<'_>| assert_ne!(signal.seq, panics_at))
        }));
        assert!(result.is_err());
        let next = engine.on_event(&events[0], &mut |_: &Signal<'_>| ());
        assert_eq!(next, Err(ShardedError::Ended { shard: 0 }));
    }
}

#[test]
fn it_goes_to_another_thread_and_back() {
    let mut engine = two(&f(0.0), ShardSettings::new(2));
    let id = engine.instrument("C/D").unwrap();
    for k in 1..6 {
        engine = std::thread::spawn(move || {
            let mut count = 0;
            engine.on_event(&trade(k, id, 3.0), &mut |_: &Signal<'_>| count += 1).unwrap();
            assert_eq!(count, 1);
            engine
        })
        .join()
        .unwrap();
    }
    assert_eq!(engine.counters().signals, 5);
    assert_eq!(engine.shards().map(|shard| shard.events).sum::<u64>(), 5);
}

#[test]
fn what_is_out_of_range_is_refused() {
    let program = compile(
        &[Source::new("p.cep", "PARAM d = 2s\nIF last(\"A/B\") > 2 THEN A\nIF avg(last(\"C/D\"), d) > 2 THEN C")],
        &Options::default(),
    );
    let program = program.unwrap();
    let build = |settings| ShardedEngine::with_functions(&program, EngineOptions::default(), settings, &HostFunctions::new());
    let option = |settings| match build(settings) {
        Err(BuildError::Option { option, .. }) => option,
        other => panic!("{other:?}"),
    };
    assert_eq!(option(ShardSettings::new(0)), "shards");
    assert_eq!(option(ShardSettings::new(65)), "shards");
    assert_eq!(option(ShardSettings::new(2).with_round_events(0)), "round_events");
    assert_eq!(option(ShardSettings::new(2).with_page_signals(0)), "page_signals");
    let explained = ShardedEngine::new(&program, EngineOptions::default().with_provenance(true), 2);
    assert!(matches!(explained, Err(BuildError::Option { option: "provenance", .. })));
    assert!(ShardedEngine::new(&program, EngineOptions::default().with_provenance(true), 1).is_ok());
    // All shards together must not take more than one engine may, batches and pages counted.
    let mut engine = ShardedEngine::new(&program, EngineOptions::default(), 2).unwrap();
    let bytes = engine.plan_stats().bytes;
    assert_eq!(bytes, engine.shards().map(|shard| shard.bytes).sum::<usize>());
    assert!(ShardedEngine::new(&program, EngineOptions::default().with_max_bytes(bytes), 2).is_ok());
    for limit in [bytes - 1, engine.shards().next().unwrap().bytes, 100] {
        match ShardedEngine::new(&program, EngineOptions::default().with_max_bytes(limit), 2) {
            Err(BuildError::Memory { needed, limit: told }) => assert!(needed > limit && told == limit),
            other => panic!("{other:?}"),
        }
    }
    // A length of time for the rules of one shard, and nothing to those of the other.
    let (d, nothing) = (engine.param("d").unwrap(), &mut |_: &Signal<'_>| panic!("no signal"));
    let zero = Constant::Duration(0);
    assert_eq!(engine.set_param(d, zero, nothing), Err(ShardedError::Param(ParamError::Range)));
    let stranger = trade(1, InstrumentId(99), 1.0);
    assert_eq!(engine.on_event(&stranger, nothing), Err(ShardedError::Event(EventError::Instrument(InstrumentId(99)))));
    assert_eq!((engine.now(), engine.counters().refused), (None, 1));
}

/// All timers of one deadline, all scans and all settings are put in the order of one engine, with bare eyes.
#[test]
fn shards_take_turns_within_a_step() {
    let rules = "PARAM p = 1\n\
        IF NO trade(\"A/B\") FOR 1s THEN S0\nIF NO trade(\"C/D\") FOR 1s THEN S1, T1\nIF NO trade(\"A/B\") FOR 1s THEN S2\n\
        IF p > 2 AND known(last(\"C/D\")) THEN P3\nIF p > 2 AND known(last(\"A/B\")) THEN P4, Q4\nIF p > 2 AND known(last(\"C/D\")) THEN P5";
    let program = compile(&[Source::new("turns.cep", rules)], &Options::default()).unwrap();
    let mut engine = ShardedEngine::new(&program, EngineOptions::default(), 2).unwrap();
    assert_eq!(engine.shards().len(), 2);
    let ids = ["A/B", "C/D"].map(|symbol| engine.instrument(symbol).unwrap());
    let (p, mut seen) = (engine.param("p").unwrap(), Vec::new());
    let mut sink = |signal: &Signal<'_>| seen.push(format!("{} {} {}", signal.seq, signal.ts, signal.name()));
    engine.on_events(&[trade(0, ids[1], 1.0), trade(0, ids[0], 1.0)], &mut sink).unwrap();
    engine.set_param(p, Constant::Num(3_f64.to_bits()), &mut sink).unwrap();
    engine.advance_to(2_000_000_000, &mut sink).unwrap();
    let wanted = ["1 0 P3", "2 0 P4", "3 0 Q4", "4 0 P5", "5 1000000000 S0", "6 1000000000 S1", "7 1000000000 T1", "8 1000000000 S2"];
    assert_eq!(seen, wanted);
}

/// Scans tell in an order of their own, whatever the order of the rules and wherever each runs: of a setting and of a deadline.
#[test]
fn scans_of_several_shards_tell_in_turn() {
    let rule = |home: &str, markets: [&str; 3]| {
        let markets = markets.map(|market| format!("\"{market}\"")).join(", ");
        format!(
            "IF cycles(home = \"{home}\", fee = cost, markets = [{markets}], legs = 3, max_age = 2s) THEN {home}(state = it.state, path = it.path)\n"
        )
    };
    let markets = [["X/Y", "Z/X", "Z/Y"], ["A/B", "C/A", "C/B"], ["K/L", "M/K", "M/L"]];
    let rules: String = ["X", "A", "K"].iter().zip(markets).map(|(home, markets)| rule(home, markets)).collect();
    let text = format!("USE arbitrage\nPARAM cost = 50% IN 0% .. 90%\n{rules}");
    let program = compile(&[Source::new("scans.cep", text)], &Options::default()).unwrap();
    let run = |subject: &mut dyn Subject| {
        let mut seen = Vec::new();
        let mut sink = |signal: &Signal<'_>| {
            let values: Vec<String> = signal.values.iter().map(|value| format!("{value:?}")).collect();
            seen.push(format!("{} {} {} {}", signal.seq, signal.ts, signal.name(), values.join(" ")));
        };
        let quotes: Vec<Event<'_>> = markets
            .concat()
            .iter()
            .zip([2.0, 2.0, 8.0].into_iter().cycle())
            .map(|(symbol, price)| {
                let payload = Payload::Quote(Quote { bid: price - 0.01, ask: price, bid_qty: 1.0, ask_qty: 1.0 });
                Event { ts: 0, venue_ts: None, instrument: subject.instrument_of(symbol).unwrap(), payload }
            })
            .collect();
        subject.take(&quotes, &mut sink).unwrap();
        let cost = subject.param_of("cost").unwrap();
        subject.set(cost, Constant::Num(0.0_f64.to_bits()), &mut sink).unwrap();
        subject.advance(5_000_000_000, &mut sink);
        seen
    };
    let mut engine = ShardedEngine::new(&program, EngineOptions::default(), 3).unwrap();
    assert_eq!(engine.shards().len(), 3);
    let seen = run(&mut engine);
    assert_eq!(seen, run(&mut Engine::new(&program, EngineOptions::default()).unwrap()));
    let told: Vec<String> = seen.iter().map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ")).collect();
    let open = ["1 0 A Text(\"open\")", "2 0 K Text(\"open\")", "3 0 X Text(\"open\")"];
    let close = ["4 2000000000 A Text(\"close\")", "5 2000000000 K Text(\"close\")", "6 2000000000 X Text(\"close\")"];
    assert_eq!(told, [open, close].concat());
    assert!(seen[0].contains("C/A") && seen[5].contains("Z/X"), "{seen:#?}");
}

//! Provenance: the signals are the same with it, every signal and every rule can be explained at any time, and what an explanation says
//! is what the signal says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod support;

use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::{Event, InstrumentId, Payload, Trade};
use ascep_runtime::explain::{Explanation, Part, Reading};
use ascep_runtime::signal::{OwnedSignal, Signal, Value};
use ascep_runtime::{Engine, EngineOptions};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::Pairs;
use support::run::{self, DEFAULT_VENUE};
use support::stream::Input;

/// What a field's part must be for the value of the field.
fn says(value: Value<'_>, reading: &Reading) -> bool {
    match (value, reading) {
        (Value::Unknown, Reading::Unknown) => true,
        (Value::Num(x), Reading::Num(y)) => x.to_bits() == y.to_bits(),
        (Value::Bool(x), Reading::Bool(y)) => x == *y,
        (Value::Duration(x), Reading::Duration(y)) | (Value::Timestamp(x), Reading::Timestamp(y)) => x == *y,
        (Value::Symbol(x) | Value::Text(x), Reading::Text(y)) => x == y,
        _ => false,
    }
}

fn all<'a>(part: &'a Part, found: &mut Vec<&'a Part>) {
    found.push(part);
    part.parts.iter().for_each(|part| all(part, found));
}

/// What must hold of every explanation.
fn check(why: &Explanation) {
    assert!(!why.because.is_empty(), "{why}");
    let mut parts = Vec::new();
    all(&why.trigger, &mut parts);
    assert!(parts.iter().any(|part| part.decides), "nothing decides:\n{why}");
    for part in parts {
        assert_eq!(part.unknown.is_some(), part.value == Reading::Unknown, "`{}`\n{why}", part.text);
        assert!(part.age.is_none_or(|age| age >= 0), "`{}` is from the future\n{why}", part.text);
        assert!(part.timer.is_none_or(|due| due >= why.ts), "the timer of `{}` is over\n{why}", part.text);
    }
    let json = serde_json::to_string(why).unwrap();
    assert_eq!(&serde_json::from_str::<Explanation>(&json).unwrap(), why);
}

/// Whether a level makes a rule fire must be seen in the tree.
fn check_signal(signal: &Signal<'_>, why: &Explanation) {
    check(why);
    assert!(matches!(why.trigger.value, Reading::Bool(true) | Reading::Occurs(true)), "{why}");
    let name = why.signal.as_ref().unwrap();
    assert_eq!((name.seq, name.name.as_str(), why.ts, why.rule.as_str()), (signal.seq, signal.name(), signal.ts, signal.rule()));
    let fields: Vec<_> = signal.fields().collect();
    assert_eq!(fields.len(), why.fields.len());
    for ((name, value), field) in fields.into_iter().zip(&why.fields) {
        assert!(field.name == name && says(value, &field.part.value), "{name} = {value:?} in\n{why}");
    }
    assert!(why.state.fired > 0 && why.state.last_fired == Some(signal.ts), "{why}");
}

#[test]
fn signals_are_the_same_and_all_can_be_explained() {
    let pairs: usize = std::env::var("ASCEP_PAIRS").ok().map_or(10_000, |text| text.parse().unwrap()) / 10;
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let (mut compared, mut explained) = (0, 0);
    for _ in 0..pairs {
        let pair = Pairs.new_tree(&mut runner).unwrap().current();
        let Ok((_, program)) = run::compile(&pair.program.text()) else { continue };
        let want = run::run_engine(&program, pair.samples, &pair.inputs);
        let options =
            EngineOptions::default().with_default_venue(DEFAULT_VENUE).with_max_window_samples(pair.samples).with_provenance(true);
        let mut engine = Engine::with_functions(&program, options, &run::engine_functions()).expect("a compiled program can be run");
        let mut signals = Vec::new();
        let mut sink = |signal: &Signal<'_>| {
            signals.push(signal.to_owned());
            let why = signal.explain().expect("the engine has provenance");
            assert_eq!(signal.explain().as_ref(), Some(&why), "explaining changes nothing");
            check_signal(signal, &why);
        };
        let rules: Vec<u32> = engine.rules().map(|(id, _)| id).collect();
        assert_eq!(rules.len(), program.rules.len());
        for (at, input) in pair.inputs.iter().enumerate() {
            match input {
                Input::Event { ts, venue_ts, symbol, what } => {
                    let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
                    let levels = what.levels();
                    let event = Event { ts: *ts, venue_ts: *venue_ts, instrument, payload: what.payload(&levels) };
                    let _ = engine.on_event(&event, &mut sink);
                }
                Input::Advance(ts) => engine.advance_to(*ts, &mut sink),
                Input::Set(name, value) => {
                    let Some(param) = engine.param(name) else { continue };
                    let _ = engine.set_param(param, *value, &mut sink);
                }
                Input::Host(name, value) => {
                    let Some(input) = engine.input(name) else { continue };
                    let _ = engine.on_input(input, *value, &mut sink);
                }
            }
            if engine.now().is_some() && !rules.is_empty() {
                let rule = rules[at % rules.len()];
                check(&engine.explain_rule(rule).unwrap());
                explained += 1;
            }
        }
        assert_eq!(signals.len(), want.signals.len());
        for (a, b) in signals.iter().zip(&want.signals) {
            assert!(run::same(a, b), "{}\n{}\n{}", pair.program.text(), run::line(a), run::line(b));
        }
        compared += signals.len();
    }
    assert!(compared > pairs && explained > pairs, "{compared} signals, {explained} rules");
}

/// Gives an engine inputs and gathers its signals.
fn play(engine: &mut Engine, inputs: &[Input], signals: &mut Vec<OwnedSignal>) {
    let mut sink = |signal: &Signal<'_>| signals.push(signal.to_owned());
    for input in inputs {
        match input {
            Input::Event { ts, venue_ts, symbol, what } => {
                let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
                let levels = what.levels();
                let event = Event { ts: *ts, venue_ts: *venue_ts, instrument, payload: what.payload(&levels) };
                let _ = engine.on_event(&event, &mut sink);
            }
            Input::Advance(ts) => engine.advance_to(*ts, &mut sink),
            Input::Set(name, value) => {
                let Some(param) = engine.param(name) else { continue };
                let _ = engine.set_param(param, *value, &mut sink);
            }
            Input::Host(name, value) => {
                let Some(input) = engine.input(name) else { continue };
                let _ = engine.on_input(input, *value, &mut sink);
            }
        }
    }
}

#[test]
fn a_snapshot_is_taken_over_with_and_without() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[12; 32]));
    let mut compared = 0;
    for round in 0..400 {
        let pair = Pairs.new_tree(&mut runner).unwrap().current();
        let Ok((_, program)) = run::compile(&pair.program.text()) else { continue };
        let want = run::run_engine(&program, pair.samples, &pair.inputs);
        let options = EngineOptions::default().with_default_venue(DEFAULT_VENUE).with_max_window_samples(pair.samples);
        let (before, after) = (options.clone().with_provenance(round % 2 == 0), options.clone().with_provenance(round % 2 == 1));
        let (first, second) = pair.inputs.split_at(pair.inputs.len() / 2);
        let mut signals = Vec::new();
        let mut engine = Engine::with_functions(&program, before, &run::engine_functions()).unwrap();
        play(&mut engine, first, &mut signals);
        let (mut engine, _) = Engine::restore_with_functions(&program, after, &run::engine_functions(), &engine.snapshot()).unwrap();
        for rule in engine.rules().map(|(id, _)| id).collect::<Vec<_>>() {
            if let Ok(why) = engine.explain_rule(rule) {
                check(&why);
            }
        }
        play(&mut engine, second, &mut signals);
        assert_eq!(signals.len(), want.signals.len(), "{}", pair.program.text());
        assert!(signals.iter().zip(&want.signals).all(|(a, b)| run::same(a, b)), "{}", pair.program.text());
        compared += signals.len();
    }
    assert!(compared > 400, "{compared} signals");
}

/// An engine with provenance over trades of one symbol.
fn engine(rules: &str) -> Engine {
    let program = compile(&[Source::new("r.cep", rules)], &Options::default()).unwrap();
    Engine::new(&program, EngineOptions::default().with_provenance(true)).unwrap()
}

const S: i64 = 1_000_000_000;

fn trade(engine: &mut Engine, s: i64, price: f64, qty: f64) {
    let instrument = engine.instrument("A/B").unwrap();
    let payload = Payload::Trade(Trade { price, qty, side: None });
    engine.on_event(&Event { ts: s * S, venue_ts: None, instrument, payload }, &mut |_: &Signal<'_>| {}).unwrap();
}

fn why(engine: &mut Engine, rule: u32, s: i64) -> Explanation {
    engine.advance_to(s * S, &mut |_: &Signal<'_>| {});
    let why = engine.explain_rule(rule).unwrap();
    check(&why);
    why
}

#[test]
fn the_clause_that_decided() {
    let mut engine = engine(
        "IF last(\"A/B\") > 100 AND (qty(\"A/B\") > 5 OR bid(\"A/B\") > 1) THEN S\n\
         IF NOT last(\"A/B\") < 50 AND age(\"A/B\") > 10s THEN S\n\
         IF last(\"A/B\") / (qty(\"A/B\") - 1) > 3 THEN S\n\
         IF trade(\"A/B\") WHERE it.price > 150 THEN S\n\
         IF last(\"A/B\") > 100 FOR 5s THEN S\n\
         IF last(\"A/B\") CROSSES ABOVE 120 THEN S\n\
         IF once(quote(\"A/B\"), 20s) THEN S\n\
         IF last(\"A/B\")[2] > 1 THEN S\n",
    );
    trade(&mut engine, 1, 110.0, 1.0);
    let because = |engine: &mut Engine, rule: u32, s: i64| why(engine, rule, s).because.join("\n");
    assert_eq!(because(&mut engine, 0, 2), "the condition is unknown\n`bid(\"A/B\")` is unknown: no quote has come yet");
    assert_eq!(because(&mut engine, 1, 2), "`age(\"A/B\") > 10s` is false: `age(\"A/B\")` is 1s");
    let zero =
        "the condition is unknown\n`last(\"A/B\") / (qty(\"A/B\") - 1)` is unknown: a division by zero, or beyond what a number can be";
    assert_eq!(because(&mut engine, 2, 2), zero);
    assert_eq!(because(&mut engine, 3, 2), "`trade(\"A/B\")` does not occur at this time, last at 1970-01-01T00:00:01Z");
    assert_eq!(because(&mut engine, 4, 2), "`last(\"A/B\") > 100 FOR 5s` is false: it would be true at 1970-01-01T00:00:06Z");
    assert!(because(&mut engine, 5, 2).ends_with("has not occurred yet: `last(\"A/B\")` is 110"));
    assert!(because(&mut engine, 6, 2).ends_with("warming up until 1970-01-01T00:00:21Z"));
    assert!(because(&mut engine, 7, 2).ends_with("warming up: 1 of 3 updates"));
    trade(&mut engine, 3, 90.0, 9.0);
    assert_eq!(because(&mut engine, 0, 3), "`last(\"A/B\") > 100` is false: `last(\"A/B\")` is 90");
    assert_eq!(because(&mut engine, 3, 3), "`last(\"A/B\") > 150` is false: `last(\"A/B\")` is 90");
}

#[test]
fn what_holds_a_firing_back() {
    let mut engine = engine(
        "IF last(\"A/B\") > 100 UNTIL last(\"A/B\") < 50 THEN S\n\
         IF trade(\"A/B\") THEN S COOLDOWN 5s\n\
         IF trade(\"A/B\") THEN S LIMIT 2 PER 10s\n\
         IF last(\"A/B\") > 100 THEN S EVERY 4s\n",
    );
    for (s, price) in [(1, 101.0), (2, 90.0), (3, 102.0)] {
        trade(&mut engine, s, price, 1.0);
    }
    let lost = why(&mut engine, 0, 3);
    let disarmed = "disarmed since it fired at 1970-01-01T00:00:01Z, and `UNTIL last(\"A/B\") < 50` has not come";
    assert_eq!(lost.because, [format!("it would have fired at this time, but it is {disarmed}")]);
    assert_eq!((lost.state.fired, lost.state.lost, lost.state.armed), (1, 1, false));
    let cooling = why(&mut engine, 1, 3);
    assert_eq!(cooling.because, ["it would have fired at this time, but COOLDOWN held it back, until 1970-01-01T00:00:06Z"]);
    assert_eq!((cooling.state.fired, cooling.state.held_back), (1, 2));
    let limited = why(&mut engine, 2, 3);
    assert_eq!(limited.because, ["it would have fired at this time, but LIMIT held it back: 2 of 2 are used until 1970-01-01T00:00:11Z"]);
    let later = why(&mut engine, 0, 4).because;
    let since = "the condition has been true since 1970-01-01T00:00:03Z: the rule fires when it becomes true, not while it is";
    assert_eq!(later, [since.to_owned(), format!("besides, it is {disarmed}")]);
    let turns = why(&mut engine, 3, 4);
    assert_eq!(turns.because, ["the condition is true, and the next turn is at 1970-01-01T00:00:07Z"]);
    let fired = why(&mut engine, 3, 7);
    assert_eq!(fired.because, ["it fired at this time: signal 7"]);
}

#[test]
fn without_provenance_there_is_none() {
    let program = compile(&[Source::new("r.cep", "IF last(\"A/B\") > 1 THEN S")], &Options::default()).unwrap();
    let mut plain = Engine::new(&program, EngineOptions::default()).unwrap();
    assert!(plain.explain_rule(0).unwrap_err().help().contains("with_provenance"));
    let instrument = plain.instrument("A/B").unwrap();
    let payload = Payload::Trade(Trade { price: 2.0, qty: 1.0, side: None });
    let mut seen = 0;
    let event = Event { ts: 1, venue_ts: None, instrument, payload };
    plain.on_event(&event, &mut |signal: &Signal<'_>| (seen, _) = (seen + 1, assert!(signal.explain().is_none()))).unwrap();
    assert_eq!(seen, 1);
    let mut engine = engine("IF last(\"A/B\") > 1 THEN S");
    assert!(engine.explain_rule(0).is_err() && engine.explain_rule(1).is_err());
}

//! Snapshots over generated programs and streams: an engine that is restored at a random place, or whose program is replaced by the same, gives the
//! signals of one that was left alone, and holds the same in the end.
//!
//! `ASCEP_PAIRS` sets how many pairs are tried, `ASCEP_SEED` the seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

mod support;

use ascep_lang::Program;
use ascep_runtime::event::{Event, InstrumentId};
use ascep_runtime::signal::{OwnedSignal, Signal};
use ascep_runtime::{Engine, EngineOptions};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use support::run::{self, DEFAULT_VENUE};
use support::stream::Input;
use support::{Pair, Pairs};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn options() -> EngineOptions {
    // Few, so that windows overflow.
    EngineOptions::default().with_default_venue(DEFAULT_VENUE).with_max_window_samples(6)
}

fn build(program: &Program) -> Engine {
    Engine::with_functions(program, options(), &run::engine_functions()).unwrap()
}

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

/// Signals to compare, the sign of a zero among them.
fn lines(signals: &[OwnedSignal]) -> Vec<String> {
    signals.iter().map(run::line).collect()
}

fn check(pair: &Pair) -> Result<Option<usize>, String> {
    let Ok((_, program)) = run::compile(&pair.program.text()) else { return Ok(None) };
    let (mut left_alone, mut signals) = (build(&program), vec![]);
    play(&mut left_alone, &pair.inputs, &mut signals);
    let (want, end) = (lines(&signals), left_alone.snapshot());
    // Places that differ from pair to pair and are the same in each run.
    let places: Vec<usize> = [0, 1, 3, 7, 11].iter().map(|k| pair.inputs.len() * k / 11).collect();
    for &place in &places {
        let (mut engine, mut signals) = (build(&program), vec![]);
        play(&mut engine, &pair.inputs[..place], &mut signals);
        let bytes = engine.snapshot();
        let (mut restored, report) = Engine::restore_with_functions(&program, options(), &run::engine_functions(), &bytes)
            .map_err(|error| format!("at {place}: {error}"))?;
        if !report.is_all_kept() {
            return Err(format!("at {place} not all was kept: {report:#?}"));
        }
        if restored.snapshot() != bytes {
            return Err(format!("at {place} the restored engine writes another snapshot"));
        }
        let mut again = signals.clone();
        play(&mut restored, &pair.inputs[place..], &mut again);
        if lines(&again) != want {
            return Err(format!("restored at {place}:\n{:#?}\nleft alone:\n{want:#?}", lines(&again)));
        }
        if restored.snapshot() != end || restored.counters() != left_alone.counters() {
            return Err(format!("restored at {place} the end differs"));
        }
    }
    // Replaced by itself, several times.
    let (mut engine, mut signals) = (build(&program), vec![]);
    let mut from = 0;
    for &place in &places {
        play(&mut engine, &pair.inputs[from..place], &mut signals);
        from = place;
        let report = engine.replace(&program).map_err(|error| error.to_string())?;
        if !report.is_all_kept() {
            return Err(format!("replaced at {place} not all was kept: {report:#?}"));
        }
    }
    play(&mut engine, &pair.inputs[from..], &mut signals);
    if lines(&signals) != want || engine.snapshot() != end {
        return Err(format!("replaced:\n{:#?}\nleft alone:\n{want:#?}", lines(&signals)));
    }
    Ok(Some(want.len()))
}

#[test]
fn a_restored_engine_goes_on_with_the_same_bytes() {
    let pairs = setting("ASCEP_PAIRS", 10_000) / 5;
    let config = Config { cases: u32::try_from(pairs).unwrap(), failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&setting("ASCEP_SEED", 1).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let (mut tried, mut signals) = (std::cell::Cell::new(0_u64), std::cell::Cell::new(0));
    let outcome = runner.run(&Pairs, |pair| {
        if let Some(count) = check(&pair).map_err(TestCaseError::fail)? {
            tried.set(tried.get() + 1);
            signals.set(signals.get() + count);
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    eprintln!("{} pairs, {} signals", tried.get_mut(), signals.get_mut());
    assert!(tried.get() * 5 >= pairs * 4, "{} of {pairs} compile", tried.get());
    assert!(signals.get() as u64 > pairs);
}

/// Rules in another order, and one of them gone: what is left goes on as if nothing had happened.
#[test]
fn a_program_in_another_order_keeps_everything() {
    let pairs = setting("ASCEP_PAIRS", 10_000) / 10;
    let mut seed = [10; 32];
    seed[..8].copy_from_slice(&setting("ASCEP_SEED", 1).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let mut compared = 0;
    for _ in 0..pairs {
        let pair = Pairs.new_tree(&mut runner).unwrap().current();
        let mut program = pair.program.clone();
        for (i, rule) in program.rules.iter_mut().enumerate() {
            rule.name = Some(format!("r{i}"));
        }
        let other = support::program::Program { rules: program.rules.iter().rev().cloned().collect(), ..program.clone() };
        let compiled = (run::compile(&program.text()), run::compile(&other.text()));
        let (Ok((_, program)), Ok((_, other))) = compiled else { continue };
        let half = pair.inputs.len() / 2;
        let by_rule = |signals: &[OwnedSignal]| {
            let mut lines: Vec<_> = signals.iter().map(|s| (s.head.rule.clone(), s.ts, s.values.clone())).collect();
            lines.sort_by(|a, b| a.0.cmp(&b.0));
            format!("{lines:?}")
        };
        let (mut engine, mut want) = (build(&program), vec![]);
        play(&mut engine, &pair.inputs, &mut want);
        let (mut engine, mut got) = (build(&program), vec![]);
        play(&mut engine, &pair.inputs[..half], &mut got);
        let report = engine.replace(&other).unwrap();
        assert!(report.is_all_kept(), "{pair:?}\n{report:#?}");
        play(&mut engine, &pair.inputs[half..], &mut got);
        assert_eq!(by_rule(&got), by_rule(&want), "{pair:?}");
        compared += 1;
    }
    assert!(compared * 5 > pairs * 4);
}

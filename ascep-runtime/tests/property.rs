//! The engine against the reference evaluator, over generated programs and streams.
//!
//! `ASCEP_PAIRS` sets how many pairs are tried, `ASCEP_SEED` the seed; both are fixed otherwise, so that a run can be repeated.
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

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use ascep_runtime::signal::{OwnedSignal, OwnedValue};
use support::program::Program;
use support::run::{self, Break, Output, Way};
use support::stream::Input;
use support::tries::{PAIRS, for_pairs, setting};
use support::{Pair, Pairs};

/// The outputs of a pair: by machine code, by the interpreter, and by the reference; `None` where the program does not compile.
fn all(pair: &Pair) -> Option<[Output; 3]> {
    let (typed, program) = run::compile(&pair.program.text()).ok()?;
    let by = |jit: bool| run::run_engine_in(Way { samples: pair.samples, jit, ..Way::default() }, &program, &program, &pair.inputs);
    Some([by(true), by(false), run::run_reference(&typed, pair.samples, &pair.inputs)])
}

#[test]
fn engine_equals_reference() {
    let (in_columns, rules, paths) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    for_pairs(0, setting("ASCEP_PAIRS", PAIRS), |pair| {
        let Some([engine, interpreter, reference]) = all(pair) else { return Ok(None) };
        in_columns.fetch_add(engine.in_columns.0, Relaxed);
        rules.fetch_add(engine.in_columns.1, Relaxed);
        let is_path = |value: &OwnedValue| matches!(value, OwnedValue::Text(text) if text.starts_with("buy ") || text.starts_with("sell "));
        paths.fetch_add(reference.signals.iter().flat_map(|s| &s.values).filter(|value| is_path(value)).count(), Relaxed);
        match run::difference(&engine, &reference).or_else(|| run::exact_difference(["machine code", "interpreter"], &engine, &interpreter))
        {
            None => Ok(Some(reference.signals.len())),
            Some(difference) => Err(difference),
        }
    });
    // Both ways in which the engine runs rules must have been tried.
    let (in_columns, rules) = (in_columns.into_inner(), rules.into_inner());
    let paths = paths.into_inner();
    eprintln!("{in_columns} of {rules} rules ran in columns; {paths} paths of opportunities were told");
    assert!(in_columns * 10 > rules && in_columns * 10 < rules * 9, "{in_columns} of {rules} rules ran in columns");
    assert!(setting("ASCEP_PAIRS", PAIRS) < PAIRS || paths > 300, "only {paths} paths of opportunities were told");
}

/// The comparison is worth something only if it can fail: where the reference is not given the same, most pairs must differ.
#[test]
fn a_fault_is_noticed() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let (mut speaking, mut event_dropped, mut duration_altered, mut with_duration) = (0, 0, 0, 0);
    for _ in 0..600 {
        let pair = Pairs.new_tree(&mut runner).unwrap().current();
        let text = pair.program.text();
        let Ok((typed, program)) = run::compile(&text) else { continue };
        let engine = run::run_engine(&program, pair.samples, &pair.inputs);
        if engine.signals.is_empty() {
            continue;
        }
        speaking += 1;
        // The event of the middle signal is kept from the reference.
        let at = engine.signals[engine.signals.len() / 2].ts;
        let inputs: Vec<_> = pair.inputs.iter().filter(|i| !matches!(i, Input::Event { ts, .. } if *ts == at)).cloned().collect();
        event_dropped +=
            usize::from(inputs.len() < pair.inputs.len() && signals_differ(&engine, &run::run_reference(&typed, pair.samples, &inputs)));
        // Two seconds become three in the text that the reference is given.
        let altered =
            text.replace("FOR 2s", "FOR 3s").replace(", 2s", ", 3s").replace("EVERY 2s", "EVERY 3s").replace("COOLDOWN 2s", "COOLDOWN 3s");
        if altered != text
            && let Ok((typed, _)) = run::compile(&altered)
        {
            with_duration += 1;
            duration_altered += usize::from(signals_differ(&engine, &run::run_reference(&typed, pair.samples, &pair.inputs)));
        }
    }
    eprintln!(
        "{speaking} pairs with signals: {event_dropped} show a dropped event, {duration_altered} of {with_duration} an altered duration"
    );
    assert!(speaking >= 200, "only {speaking} pairs give signals");
    assert!(event_dropped * 2 > speaking, "{event_dropped} of {speaking} pairs show a dropped event");
    assert!(duration_altered * 6 > with_duration && with_duration > 20, "{duration_altered} of {with_duration} show an altered duration");
}

fn signals_differ(engine: &Output, reference: &Output) -> bool {
    let without_counts = |o: &Output| Output { signals: o.signals.clone(), ..Output::default() };
    run::difference(&without_counts(engine), &without_counts(reference)).is_some()
}

/// The signals of each rule by its name, without what depends on the other rules: their numbers and the rule's place.
fn by_rule(output: &Output) -> std::collections::BTreeMap<String, Vec<OwnedSignal>> {
    let mut rules = std::collections::BTreeMap::<_, Vec<_>>::new();
    for signal in &output.signals {
        let mut signal = signal.clone();
        signal.seq = 0;
        signal.head.rule_index = 0;
        rules.entry(signal.head.rule.clone()).or_default().push(signal);
    }
    rules
}

/// Wants the same signals of each rule in two runs.
fn same_by_rule(what: &str, a: &Output, b: &Output) -> Result<(), String> {
    let (a, b) = (by_rule(a), by_rule(b));
    let same = a.keys().eq(b.keys()) && a.values().flatten().zip(b.values().flatten()).all(|(a, b)| run::same(a, b));
    let same = same && a.values().map(Vec::len).eq(b.values().map(Vec::len));
    if same { Ok(()) } else { Err(format!("{what}\n{a:#?}\n{b:#?}")) }
}

/// What other rules there are, and where they stand, makes no difference to a rule.
#[test]
fn rules_do_not_see_each_other() {
    for_pairs(1, setting("ASCEP_PAIRS", PAIRS) / 5, |pair| {
        let mut program = pair.program.clone();
        for (i, rule) in program.rules.iter_mut().enumerate() {
            rule.name.get_or_insert_with(|| format!("r{i}"));
        }
        let run = |program: &ascep_lang::Program| run::run_engine(program, pair.samples, &pair.inputs);
        let run_text = |text: &str| run::compile(text).ok().map(|(_, program)| run(&program));
        let Ok((_, first)) = run::compile(&program.text()) else { return Ok(None) };
        let together = run(&first);
        let reversed = Program { rules: program.rules.iter().rev().cloned().collect(), ..program.clone() };
        let (_, other) = run::compile(&reversed.text()).map_err(|_| "the rules do not compile in another order")?;
        let reversed = run(&other);
        same_by_rule("together and in reverse order:", &together, &reversed)?;
        let way = Way { samples: pair.samples, breaks: Break::Replace(3), ..Way::default() };
        same_by_rule("together and replaced by the reverse order:", &together, &run::run_engine_in(way, &first, &other, &pair.inputs))?;
        let mut alone = Output::default();
        for rule in &program.rules {
            let single = Program { rules: vec![rule.clone()], ..program.clone() };
            alone.signals.extend(run_text(&single.text()).ok_or("a rule alone does not compile")?.signals);
        }
        same_by_rule("together and alone:", &together, &alone)?;
        Ok(Some(together.signals.len()))
    });
}

/// How an engine is given its events, and whether rules run in columns, makes no difference.
#[test]
fn the_way_of_running_makes_no_difference() {
    for_pairs(4, setting("ASCEP_PAIRS", PAIRS) / 5, |pair| {
        let Ok((_, program)) = run::compile(&pair.program.text()) else { return Ok(None) };
        let plain = run::run_engine(&program, pair.samples, &pair.inputs);
        let way = Way { samples: pair.samples, ..Way::default() };
        let ways = [
            ("in batches of 7", Way { batch: 7, ..way }),
            ("in batches of 256", Way { batch: 256, ..way }),
            ("by the interpreter in batches of 256", Way { batch: 256, jit: false, ..way }),
            ("without columns", Way { columns: false, ..way }),
            ("with explanations", Way { provenance: true, ..way }),
            ("with explanations, written and read again", Way { provenance: true, breaks: Break::Restore(1), ..way }),
            ("written and read again", Way { breaks: Break::Restore(pair.inputs.len() as u64), ..way }),
            ("written and read again, in batches", Way { batch: 7, columns: false, breaks: Break::Restore(0), ..way }),
            ("replaced by itself", Way { breaks: Break::Replace(pair.inputs.len() as u64), ..way }),
        ];
        for (name, way) in ways {
            let other = run::run_engine_in(way, &program, &program, &pair.inputs);
            if let Some(difference) = run::exact_difference(["plainly", name], &plain, &other) {
                return Err(difference);
            }
        }
        Ok(Some(plain.signals.len()))
    });
}

/// Timers fire at their deadlines whether the clock gets there with an event or before it.
#[test]
fn the_clock_may_run_ahead_of_the_events() {
    for_pairs(3, setting("ASCEP_PAIRS", PAIRS) / 10, |pair| {
        let Ok((_, program)) = run::compile(&pair.program.text()) else { return Ok(None) };
        let mut clock: Option<i64> = None;
        let mut inputs = Vec::new();
        for input in pair.inputs.iter().filter(|i| !matches!(i, Input::Event { what, .. } if !what.is_taken())) {
            if let (Input::Event { ts, .. }, Some(clock)) = (input, clock)
                && *ts > clock
            {
                inputs.extend(
                    [Input::Advance(clock + (ts - clock) / 2), Input::Advance(ts - 1)].into_iter().filter(|i| *i != Input::Advance(clock)),
                );
            }
            if let Input::Event { ts, .. } | Input::Advance(ts) = input {
                clock = clock.max(Some(*ts));
            }
            inputs.push(input.clone());
        }
        let (a, b) = (run::run_engine(&program, pair.samples, &pair.inputs), run::run_engine(&program, pair.samples, &inputs));
        match run::exact_difference(["events alone", "with the clock ahead"], &Output { refused_events: 0, ..a }, &b) {
            None => Ok(Some(b.signals.len())),
            Some(difference) => Err(difference),
        }
    });
}

/// A program that was written and read again is the same program.
#[test]
fn a_program_survives_serde() {
    for_pairs(2, setting("ASCEP_PAIRS", PAIRS) / 10, |pair| {
        let Ok((_, program)) = run::compile(&pair.program.text()) else { return Ok(None) };
        let json = serde_json::to_string(&program).map_err(|e| e.to_string())?;
        let read: ascep_lang::Program = serde_json::from_str(&json).map_err(|e| e.to_string())?;
        let (a, b) = (run::run_engine(&program, pair.samples, &pair.inputs), run::run_engine(&read, pair.samples, &pair.inputs));
        match run::exact_difference(["as compiled", "as read again"], &a, &b) {
            None => Ok(Some(a.signals.len())),
            Some(difference) => Err(difference),
        }
    });
}

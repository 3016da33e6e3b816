//! The worked cases of the language on the reference evaluator: those beside the repository and our own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod loader;

use ascep_lang::{Source, analyze};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::signal::{OwnedSignal, OwnedValue};
use serde_json::Value as Json;

use loader::{Case, Row};

#[test]
fn every_shared_case_passes() {
    all_pass(&loader::of_shared());
}

#[test]
fn every_case_of_our_own_passes() {
    all_pass(&loader::own());
}

fn all_pass(cases: &[Case]) {
    let failed: Vec<String> = cases.iter().filter_map(|case| Some(format!("{}:\n{}", case.name, run_case(case).err()?))).collect();
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// What is wrong with a case.
fn run_case(case: &Case) -> Result<(), String> {
    let analysis = analyze(&[Source::new("rules.cep", case.rules.clone())], &case.options);
    if case.refused {
        return if analysis.typed.is_none() { Ok(()) } else { Err("the rules compile, but must not".into()) };
    }
    let Some(typed) = analysis.typed else { return Err(format!("{:#?}", analysis.diagnostics)) };
    let options = ReferenceOptions { default_venue: case.default_venue(), ..ReferenceOptions::default() };
    let mut reference = Reference::new(&typed, options).unwrap();
    let mut signals = Vec::new();
    case.play(|row| {
        signals.extend(match row {
            Row::Market(symbol, event) => reference.on_event(symbol, &event),
            Row::Set(name, value) => reference.set_param(name, value).unwrap(),
        });
    });
    if let Some(now) = reference.now() {
        signals.extend(reference.advance_to(now));
    }
    let expected = loader::lines(&case.expected);
    if signals.len() == expected.len() && signals.iter().zip(&expected).all(|(s, e)| agrees(s, e)) {
        Ok(())
    } else {
        let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        Err(format!("  expected\n    {}\n  got\n    {signals:?}", expected.join("\n    ")))
    }
}

/// Whether a signal is what a line of the expected log says; the last digits of numbers may differ.
fn agrees(signal: &OwnedSignal, line: &Json) -> bool {
    let instance = line["instance"].as_object().unwrap();
    let same_instance = signal.head.instance.iter().all(|(var, symbol)| instance.get(var).is_some_and(|s| s == symbol.as_str()));
    let fields = line["fields"].as_object().unwrap();
    line["seq"] == signal.seq
        && line["ts"] == signal.ts
        && line["rule"] == signal.head.rule.as_str()
        && line["signal"] == signal.head.signal.as_str()
        && instance.len() == signal.head.instance.len()
        && same_instance
        && fields.len() == signal.values.len()
        && signal.head.fields.iter().zip(&signal.values).all(|(name, value)| fields.get(name).is_some_and(|json| is_value(value, json)))
}

fn is_value(value: &OwnedValue, json: &Json) -> bool {
    match value {
        OwnedValue::Unknown => json.is_null(),
        OwnedValue::Num(x) => json.as_f64().is_some_and(|y| x == &y || (x - y).abs() <= 1e-9 * x.abs().max(y.abs())),
        OwnedValue::Bool(b) => json.as_bool() == Some(*b),
        OwnedValue::Duration(n) | OwnedValue::Timestamp(n) => json.as_i64() == Some(*n),
        OwnedValue::Symbol(text) | OwnedValue::Text(text) => json.as_str() == Some(text),
    }
}

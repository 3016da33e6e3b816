//! The worked cases of the language: rules, events, and the signals that come of them. The cases lie beside the repository
//! (`ASCEP_SHARED`, or `../shared`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, clippy::print_stdout, reason = "tests")]

use std::path::{Path, PathBuf};

use ascep_lang::program::{InvalidProgram, Problem, Side};
use ascep_lang::{Options, Source};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::write_jsonl;
use ascep_runtime::{BuildError, Engine, EngineOptions, Signal};
use serde_json::Value;

fn shared() -> Option<PathBuf> {
    let fallback = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = std::env::var_os("ASCEP_SHARED").map_or_else(fallback, PathBuf::from);
    if found.is_dir() {
        return Some(found);
    }
    assert!(std::env::var_os("CI").is_none(), "the shared cases are missing: {}", found.display());
    eprintln!("SKIPPED: no shared cases at {}; set ASCEP_SHARED", found.display());
    None
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

enum Outcome {
    Passed,
    Waiting(String),
    Failed(String),
}

fn feed(engine: &mut Engine, row: &Value, sink: &mut impl FnMut(&Signal<'_>)) {
    let number = |key: &str| row.get(key).and_then(Value::as_f64).unwrap_or(MISSING);
    let levels = |key: &str| -> Vec<Level> {
        let side = row.get(key).and_then(Value::as_array);
        side.into_iter().flatten().map(|level| Level { price: level[0].as_f64().unwrap(), qty: level[1].as_f64().unwrap() }).collect()
    };
    let has = |key: &str| row.get(key).is_some_and(|value| !value.is_null());
    let kind = row.get("kind").and_then(Value::as_str).unwrap_or(if has("price") {
        "trade"
    } else if has("bids") || has("asks") {
        "book"
    } else {
        "quote"
    });
    let (bids, asks) = (levels("bids"), levels("asks"));
    let payload = match kind {
        "trade" => {
            let side = row.get("side").and_then(Value::as_str).map(|side| if side == "buy" { Side::Buy } else { Side::Sell });
            Payload::Trade(Trade { price: number("price"), qty: number("qty"), side })
        }
        "quote" => Payload::Quote(Quote { bid: number("bid"), ask: number("ask"), bid_qty: number("bid_qty"), ask_qty: number("ask_qty") }),
        _ => Payload::Book(Book { bids: &bids, asks: &asks }),
    };
    let instrument = engine.instrument(row["symbol"].as_str().unwrap()).unwrap_or(InstrumentId::UNNAMED);
    let event = Event { ts: row["ts"].as_i64().unwrap(), venue_ts: row.get("venue_ts").and_then(Value::as_i64), instrument, payload };
    engine.on_event(&event, sink).unwrap();
}

fn agrees(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Number(got), Value::Number(want)) => {
            let (got, want) = (got.as_f64().unwrap(), want.as_f64().unwrap());
            got == want || (got - want).abs() <= 1e-9 * want.abs().max(1e-9)
        }
        (Value::Array(got), Value::Array(want)) => got.len() == want.len() && got.iter().zip(want).all(|(got, want)| agrees(got, want)),
        (Value::Object(got), Value::Object(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| got.0 == want.0 && agrees(got.1, want.1))
        }
        _ => got == want,
    }
}

/// Lines without their numbers: keys, texts and their order.
fn skeleton(lines: &str) -> String {
    let mut in_text = false;
    lines
        .trim_end()
        .chars()
        .filter(|c| {
            in_text ^= *c == '"';
            in_text || !matches!(c, '0'..='9' | '.' | 'e' | '+' | '-')
        })
        .collect()
}

fn run(case: &Path, columns: bool) -> Outcome {
    let about: Value = serde_json::from_str(&std::fs::read_to_string(case.join("case.json")).unwrap()).unwrap();
    let text = std::fs::read_to_string(case.join("rules.cep")).unwrap();
    let compiled = ascep_lang::compile(&[Source::new("rules.cep", text)], &Options::default());
    let refused = about.get("status").and_then(Value::as_i64) == Some(1);
    let program = match compiled {
        Ok(_) if refused => return Outcome::Failed("it compiles, but must not".into()),
        Ok(program) => program,
        Err(found) => {
            let errors: Vec<_> = found.errors().collect();
            let later = |code: &str| code.starts_with("E07");
            let codes = errors.iter().map(|error| error.code.as_str()).collect::<Vec<_>>().join(" ");
            let waits = errors.iter().all(|error| later(error.code.as_str()));
            return match (refused, waits) {
                (true, false) => Outcome::Passed,
                (false, true) => Outcome::Waiting(codes),
                _ => Outcome::Failed(format!("{errors:#?}")),
            };
        }
    };
    let events = lines(&case.join("events.jsonl"));
    let venue = events.first().and_then(|row| row["symbol"].as_str()?.split_once(':')).map(|(venue, _)| venue.to_owned());
    let mut options = EngineOptions::default().with_columns(columns);
    options.default_venue = venue;
    let mut engine = match Engine::new(&program, options) {
        Ok(engine) => engine,
        // The checker may be ahead of the engine.
        Err(BuildError::Program(InvalidProgram::Node { problem: Problem::Operator, .. })) => {
            return Outcome::Waiting("its operators".into());
        }
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let mut out = Vec::new();
    let mut sink = |signal: &Signal<'_>| write_jsonl(signal, &mut out);
    for row in &events {
        feed(&mut engine, row, &mut sink);
    }
    if let Some(now) = engine.now() {
        engine.advance_to(now, &mut sink);
    }
    let out = String::from_utf8(out).unwrap();
    let got: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let want = lines(&case.join("expected.jsonl"));
    let same_form = skeleton(&out) == skeleton(&std::fs::read_to_string(case.join("expected.jsonl")).unwrap_or_default());
    if same_form && got.len() == want.len() && got.iter().zip(&want).all(|(got, want)| agrees(got, want)) {
        return Outcome::Passed;
    }
    let show = |lines: &[Value]| lines.iter().map(|line| format!("    {line}\n")).collect::<String>();
    Outcome::Failed(format!("got\n{}  want\n{}", show(&got), show(&want)))
}

#[test]
fn every_case_passes_or_waits() {
    let Some(shared) = shared() else { return };
    let mut cases: Vec<PathBuf> = std::fs::read_dir(shared.join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("rules.cep").is_file());
    cases.sort();
    let (mut passed, mut waiting, mut failed) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        for columns in [true, false] {
            match run(case, columns) {
                Outcome::Passed => passed += usize::from(columns),
                Outcome::Waiting(codes) if columns => waiting.push(format!("{name} ({codes})")),
                Outcome::Waiting(_) => {}
                Outcome::Failed(why) => failed.push(format!("{name} (columns: {columns})\n  {why}")),
            }
        }
    }
    println!("{passed} of {} cases pass, {} wait for their operators:\n  {}", cases.len(), waiting.len(), waiting.join("\n  "));
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(passed >= 100, "only {passed} cases pass");
}

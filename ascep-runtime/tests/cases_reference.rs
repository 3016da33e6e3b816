//! The worked cases of the language on the reference evaluator. Those whose operators are not available yet are listed as waiting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

use std::path::{Path, PathBuf};

use ascep_lang::program::{Op, PayloadField, Stat};
use ascep_lang::{Options, Source, analyze};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Side, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::signal::{OwnedSignal, OwnedValue};
use serde_json::Value as Json;

/// The folder of recorded data beside the workspace.
fn shared() -> PathBuf {
    std::env::var_os("ASCEP_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
}

#[test]
fn worked_cases() {
    let folder = shared().join("cases");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(std::env::var_os("CI").is_none(), "no worked cases at {}", folder.display());
        eprintln!("SKIPPED: no worked cases at {}; set ASCEP_SHARED", folder.display());
        return;
    };
    let mut cases: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let (mut passed, mut waiting, mut failed) = (0, Vec::new(), Vec::new());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        match run_case(&case) {
            Verdict::Passed => passed += 1,
            Verdict::Waiting(why) => waiting.push(format!("{name}: {why}")),
            Verdict::Failed(why) => failed.push(format!("{name}:\n{why}")),
        }
    }
    eprintln!("{passed} cases pass, {} wait:\n  {}", waiting.len(), waiting.join("\n  "));
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
    assert!(passed > 0);
}

enum Verdict {
    Passed,
    Waiting(String),
    Failed(String),
}

fn run_case(folder: &Path) -> Verdict {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let lines = |name: &str| -> Vec<Json> { read(name).lines().map(|l| serde_json::from_str(l).unwrap()).collect() };
    let about: Json = serde_json::from_str(&read("case.json")).unwrap();
    let analysis = analyze(&[Source::new("rules.cep", read("rules.cep"))], &Options::default());
    // Codes of the group E07 say that something is not available yet.
    let mut codes: Vec<_> = analysis.diagnostics.errors().map(|d| d.code.as_str()).collect();
    codes.dedup();
    if codes.iter().any(|c| c.starts_with("E07")) {
        return Verdict::Waiting(codes.join(" "));
    }
    if about["status"] == 1 {
        return if analysis.typed.is_none() { Verdict::Passed } else { Verdict::Failed("the rules compile".into()) };
    }
    let Some(typed) = analysis.typed else { return Verdict::Failed(format!("{:#?}", analysis.diagnostics)) };
    let events = lines("events.jsonl");
    let venue = events.first().and_then(|e| e["symbol"].as_str()?.split_once(':')).map(|(venue, _)| venue.to_owned());
    let mut reference = Reference::new(&typed, ReferenceOptions { default_venue: venue, ..ReferenceOptions::default() }).unwrap();
    let mut signals = Vec::new();
    for event in &events {
        signals.extend(apply(&mut reference, event));
    }
    if let Some(now) = reference.now() {
        signals.extend(reference.advance_to(now));
    }
    let expected = lines("expected.jsonl");
    if signals.len() == expected.len() && signals.iter().zip(&expected).all(|(s, e)| agrees(s, e)) {
        Verdict::Passed
    } else if let Some(op) = typed.nodes.iter().map(|node| node.op).find(|op| is_ahead(*op)) {
        Verdict::Waiting(op.name().to_owned())
    } else {
        let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        Verdict::Failed(format!("  expected\n    {}\n  got\n    {signals:?}", expected.join("\n    ")))
    }
}

/// Operators that the checker knows and the reference does not evaluate yet.
fn is_ahead(op: Op) -> bool {
    match op {
        Op::Window { stat, .. } => stat != Stat::Count,
        Op::Payload(PayloadField::Bar(_)) | Op::Bar { .. } | Op::BarField(_) | Op::Host(_) | Op::Cycle { .. } => true,
        Op::Decay(_) | Op::Ema { .. } | Op::Rsi(_) | Op::Atr(_) | Op::Obv | Op::FastK => true,
        Op::Seq(_) | Op::All(_) | Op::Capture(_) => true,
        _ => false,
    }
}

fn apply(reference: &mut Reference, row: &Json) -> Vec<OwnedSignal> {
    let number = |key: &str| row[key].as_f64().unwrap_or(MISSING);
    let levels = |key: &str| -> Vec<Level> {
        let level = |l: &Json| Level { price: l[0].as_f64().unwrap(), qty: l[1].as_f64().unwrap() };
        row[key].as_array().map(|side| side.iter().map(level).collect()).unwrap_or_default()
    };
    let (bids, asks) = (levels("bids"), levels("asks"));
    let kind = row["kind"].as_str().unwrap_or(if row["price"].is_null() { "quote" } else { "trade" });
    let payload = match kind {
        "trade" => {
            let side = match row["side"].as_str() {
                Some("buy") => Some(Side::Buy),
                Some("sell") => Some(Side::Sell),
                _ => None,
            };
            Payload::Trade(Trade { price: number("price"), qty: number("qty"), side })
        }
        "quote" => Payload::Quote(Quote { bid: number("bid"), ask: number("ask"), bid_qty: number("bid_qty"), ask_qty: number("ask_qty") }),
        _ => Payload::Book(Book { bids: &bids, asks: &asks }),
    };
    let event = Event { ts: row["ts"].as_i64().unwrap(), venue_ts: row["venue_ts"].as_i64(), instrument: InstrumentId::UNNAMED, payload };
    reference.on_event(row["symbol"].as_str().unwrap(), &event)
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

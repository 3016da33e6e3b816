//! The worked cases of the language on the engine, in both ways that it evaluates: those beside the repository and our own; and that the table
//! of boundaries in `docs/` names cases that are there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod loader;

use std::collections::BTreeSet;
use std::path::Path;

use ascep_lang::Source;
use ascep_lang::program::ParamId;
use ascep_runtime::event::{Event, InstrumentId};
use ascep_runtime::signal::write_jsonl;
use ascep_runtime::{Engine, EngineOptions, Signal};
use serde_json::Value;

use loader::{Case, Row, agrees, lines};

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

/// What is wrong with a case.
fn run(case: &Case, columns: bool) -> Result<(), String> {
    let program = match ascep_lang::compile(&[Source::new("rules.cep", case.rules.clone())], &case.options) {
        Ok(_) if case.refused => return Err("it compiles, but must not".into()),
        Ok(program) => program,
        Err(found) if case.refused => {
            let codes: Vec<&str> = found.errors().map(|error| error.code.as_str()).collect();
            let says_why = case.code.as_deref().is_none_or(|code| codes.contains(&code));
            return if says_why { Ok(()) } else { Err(format!("it is refused for another reason: {codes:?}")) };
        }
        Err(found) => return Err(format!("{:#?}", found.errors().collect::<Vec<_>>())),
    };
    let mut options = EngineOptions::default().with_columns(columns);
    options.default_venue = case.default_venue();
    let mut engine = Engine::new(&program, options).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let mut sink = |signal: &Signal<'_>| write_jsonl(signal, &mut out);
    case.play(|row| match row {
        Row::Market(symbol, event) => {
            let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
            engine.on_event(&Event { instrument, ..event }, &mut sink).unwrap();
        }
        Row::Set(name, value) => {
            let id = program.tables.params.iter().position(|param| param.name == name).unwrap();
            engine.set_param(ParamId(u32::try_from(id).unwrap()), value, &mut sink).unwrap();
        }
    });
    if let Some(now) = engine.now() {
        engine.advance_to(now, &mut sink);
    }
    let out = String::from_utf8(out).unwrap();
    let (got, want) = (lines(&out), lines(&case.expected));
    let same_form = skeleton(&out) == skeleton(&case.expected);
    if same_form && got.len() == want.len() && got.iter().zip(&want).all(|(got, want)| agrees(got, want)) {
        return Ok(());
    }
    let show = |lines: &[Value]| lines.iter().map(|line| format!("    {line}\n")).collect::<String>();
    Err(format!("got\n{}  want\n{}", show(&got), show(&want)))
}

fn all_pass(cases: &[Case]) {
    let both = cases.iter().flat_map(|case| [true, false].map(|columns| (case, columns)));
    let failed: Vec<String> =
        both.filter_map(|(case, columns)| Some(format!("{} (columns: {columns})\n  {}", case.name, run(case, columns).err()?))).collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), 2 * cases.len(), failed.join("\n"));
}

#[test]
fn every_shared_case_passes() {
    all_pass(&loader::of_shared());
}

#[test]
fn every_case_of_our_own_passes() {
    all_pass(&loader::own());
}

/// Each row of the table of boundaries names a case of our own, by a link whose text is its name.
#[test]
fn the_table_of_boundaries_names_cases_that_are_there() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/boundaries.md");
    // A packed crate has no book beside it.
    let Ok(text) = std::fs::read_to_string(page) else { return };
    let cases: BTreeSet<String> = loader::own().into_iter().map(|case| case.name).collect();
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---") && !line.ends_with("worked case |")).collect();
    assert!(rows.len() >= 100, "only {} rows", rows.len());
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let name = cell.strip_prefix('[').and_then(|link| link.split_once(']')).map(|(name, _)| name).unwrap_or_default();
        assert!(cases.contains(name), "no such case: {row}");
        assert_eq!(cell, format!("[{name}](../../ascep-runtime/tests/worked/{name})"), "the link of {name}");
    }
}

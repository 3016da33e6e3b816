//! The worked cases of the language through the command: each is a folder with rules, events and the signals that must come.
//! A case whose operators are not available yet is counted as waiting; one that fails in any other way fails here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod common;

use std::path::Path;

use serde_json::Value;

enum Verdict {
    Passed,
    Waiting(String),
    Failed(String),
}

/// Codes that say "not available yet".
fn waits(code: &str) -> bool {
    code.starts_with("E07")
}

/// Equal but for the last digits of numbers.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (x, y) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || (x - y).abs() <= 1e-9 * x.abs().max(y.abs())
        }
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().zip(b).all(|((k, x), (l, y))| k == l && same(x, y)),
        _ => a == b,
    }
}

fn run(folder: &Path) -> Verdict {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path("case.json")).unwrap()).unwrap();
    let must_fail = case.get("status").is_some_and(|status| status.as_i64() != Some(0));

    let checked = common::ascep(&["check", &path("rules.cep"), "--json"]);
    let errors: Vec<String> = checked
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    if !errors.is_empty() && errors.iter().all(|code| waits(code)) {
        return Verdict::Waiting(errors.join(" "));
    }
    if must_fail || checked.status != 0 {
        return match (must_fail, checked.status) {
            (true, 1) => Verdict::Passed,
            (true, status) => Verdict::Failed(format!("should not compile; check ended with {status}")),
            (false, _) => Verdict::Failed(format!("does not compile:\n{}", checked.stdout)),
        };
    }
    let ended = common::ascep(&["replay", &path("rules.cep"), "--data", &path("events.jsonl"), "--out", "jsonl"]);
    // The checker may be ahead of the engine.
    if ended.stderr.contains("an operator that no program has") {
        return Verdict::Waiting("its operators".to_owned());
    }
    if ended.status != 0 {
        return Verdict::Failed(format!("ended with {}:\n{}", ended.status, ended.stderr));
    }
    let want = std::fs::read_to_string(path("expected.jsonl")).unwrap();
    let (got, want): (Vec<&str>, Vec<&str>) = (ended.lines(), want.lines().collect());
    let equal = got.len() == want.len()
        && got.iter().zip(&want).all(|(g, w)| g == w || same(&serde_json::from_str(g).unwrap(), &serde_json::from_str(w).unwrap()));
    if equal { Verdict::Passed } else { Verdict::Failed(format!("got\n  {}\nwant\n  {}", got.join("\n  "), want.join("\n  "))) }
}

#[test]
fn cases_give_what_was_worked_out_by_hand() {
    let Some(cases) = common::shared("cases") else { return };
    let mut folders: Vec<_> =
        std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.join("rules.cep").is_file()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    let (mut passed, mut waiting, mut failed) = (0, Vec::new(), Vec::new());
    for folder in &folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        match run(folder) {
            Verdict::Passed => passed += 1,
            Verdict::Waiting(codes) => waiting.push(format!("{name} ({codes})")),
            Verdict::Failed(why) => failed.push(format!("{name}: {why}")),
        }
    }
    println!("{passed} passed, {} waiting: {}", waiting.len(), waiting.join(", "));
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

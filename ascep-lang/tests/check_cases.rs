//! The rules of the worked cases: each compiles, waits for an operator that is not there yet, or is refused as its case says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::indexing_slicing)]

use std::path::PathBuf;

use ascep_lang::{Options, Source, analyze};

/// The folder of shared data, or None where it is absent, which is an error under `CI`.
fn shared() -> Option<PathBuf> {
    let path =
        std::env::var_os("ASCEP_SHARED").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    if path.join("cases").is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "no worked cases at {}", path.display());
    eprintln!("SKIPPED: no worked cases at {}", path.display());
    None
}

/// The codes that the cases with status 1 must give.
const REFUSED: [(&str, &str); 8] = [
    ("279", "E0504"),
    ("281", "E0501"),
    ("282", "E0507"),
    ("284", "E0506"),
    ("285", "E0508"),
    ("288", "E0306"),
    ("289", "E0304"),
    ("291", "E0203"),
];

#[test]
fn every_case_compiles_waits_or_is_refused() {
    let Some(shared) = shared() else { return };
    let mut cases: Vec<_> = std::fs::read_dir(shared.join("cases")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    cases.sort();
    let (mut compiled, mut waiting, mut refused) = (0, 0, 0);
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(case.join("rules.cep")).unwrap();
        let about = std::fs::read_to_string(case.join("case.json")).unwrap();
        let about: serde_json::Value = serde_json::from_str(&about).unwrap();
        let analysis = analyze(&[Source::new("rules.cep", &text)], &Options::default());
        let errors: Vec<_> = analysis.diagnostics.errors().collect();
        if about.get("status").and_then(serde_json::Value::as_i64) == Some(1) {
            let code = REFUSED.iter().find(|r| name.starts_with(r.0)).unwrap_or_else(|| panic!("{name}: which code?")).1;
            assert!(errors.len() == 1 && errors[0].code.as_str() == code, "{name}: {errors:#?}");
            assert!(analysis.program.is_none());
            refused += 1;
        } else if errors.is_empty() {
            let program = analysis.program.unwrap_or_else(|| panic!("{name}: no program"));
            assert!(!program.rules.is_empty(), "{name}");
            // These put numbers of two units beside each other, to see both at once.
            let announced: &[&str] = if name.starts_with("037") || name.starts_with("255") { &["W1001"] } else { &[] };
            let warned: Vec<_> = program.warnings.iter().map(|d| d.code.as_str()).collect();
            assert_eq!(warned, announced, "{name}: {:#?}", program.warnings);
            compiled += 1;
        } else {
            assert!(errors.iter().all(|d| d.code.as_str().starts_with("E07")), "{name}: {errors:#?}");
            waiting += 1;
        }
    }
    eprintln!("{compiled} compile, {waiting} wait, {refused} are refused");
    assert!(compiled > 80 && refused == REFUSED.len());
}

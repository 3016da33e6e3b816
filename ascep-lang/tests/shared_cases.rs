//! Every rule of the worked cases can be read. The cases lie beside the repository (`ASCEP_SHARED`, or `../shared`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::PathBuf;

use ascep_lang::{Code, FileId, Limits, syntax};

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

#[test]
fn every_case_parses() {
    let Some(shared) = shared() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(shared.join("cases")).unwrap() {
        let path = entry.unwrap().path().join("rules.cep");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        seen += 1;
        let (tree, diagnostics) = syntax::parse(FileId(0), &text, &Limits::default());
        assert!(!tree.items.is_empty(), "{}", path.display());
        // Two cases are about what only the meaning can refuse; one is about a token.
        let codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
        let wanted: &[Code] = if path.to_string_lossy().contains("no-percent-operator") { &[Code::PercentOperator] } else { &[] };
        assert_eq!(codes, wanted, "{}: {diagnostics:#?}", path.display());
    }
    assert!(seen > 100, "only {seen} cases");
}

#[test]
fn the_rules_of_the_language_page_parse() {
    let Some(shared) = shared() else { return };
    let page = std::fs::read_to_string(shared.join("spec/language.md")).unwrap();
    let mut blocks = 0;
    for block in page.split("\n```\n").filter(|block| block.trim_start().starts_with("IF ") || block.trim_start().starts_with("RULE ")) {
        blocks += 1;
        let (_, diagnostics) = syntax::parse(FileId(0), block, &Limits::default());
        assert!(diagnostics.is_empty(), "{block}\n{diagnostics:#?}");
    }
    assert_eq!(blocks, 2);
}

//! Tokens and trees of whole programs, against files. `UPDATE_GOLDENS=1 cargo test -p ascep-lang` writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;

use ascep_lang::{FileId, Limits, syntax};

const REGENERATE: &str = "# regenerate: UPDATE_GOLDENS=1 cargo test -p ascep-lang\n";

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

fn program(name: &str) -> String {
    std::fs::read_to_string(here("programs").join(name)).unwrap()
}

fn golden(name: &str, found: &str) {
    let path = here("golden").join(name);
    let found = format!("{REGENERATE}{found}");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((at, (wanted, found))) = wanted.lines().zip(found.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{name}:{}\n  wanted {wanted}\n  found  {found}\n{REGENERATE}", at + 1);
    }
    assert_eq!(wanted.lines().count(), found.lines().count(), "{name}");
}

fn check(name: &str, spans: bool) {
    let text = program(&format!("{name}.cep"));
    let (tree, diagnostics) = syntax::parse(FileId(0), &text, &Limits::default());
    assert_eq!(diagnostics, []);
    golden(&format!("{name}.tokens"), &syntax::dump_tokens(&text));
    golden(&format!("{name}.tree"), &syntax::dump_tree(&tree, spans));
    golden(&format!("{name}.printed"), &syntax::print(&tree));
}

#[test]
fn twelve_rules() {
    check("twelve", false);
}

#[test]
fn every_form() {
    check("tests", true);
}

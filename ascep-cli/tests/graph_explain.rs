//! `ascep graph` and `ascep explain`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{ALERT, Folder, SEED, ascep, ascep_stdin};

#[test]
fn graphs_in_three_forms() {
    let folder = Folder::new();
    let path = folder.file("a.cep", ALERT);
    let dot = ascep(&["graph", &path]).with(0).stdout;
    assert!(dot.starts_with("digraph") && dot.trim_end().ends_with('}'), "{dot}");
    assert_eq!(ascep(&["graph", &path, "--format", "dot"]).with(0).stdout, dot);
    let json = ascep(&["graph", &path, "--format", "json"]).with(0).stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&json).unwrap().is_object(), "{json}");
    let mermaid = ascep(&["graph", &path, "--format", "mermaid"]).with(0).stdout;
    assert!(mermaid.starts_with("flowchart") || mermaid.starts_with("graph"), "{mermaid}");
    ascep(&["graph", &path, "--format", "png"]).with(2);
}

#[test]
fn warnings_of_a_graph_go_to_stderr_and_errors_end_it() {
    let ended = ascep_stdin(&["graph", "-"], SEED).with(0).says("W1001");
    assert!(!ended.stdout.contains("W1001"));
    assert_eq!(ascep_stdin(&["graph", "-"], "IF").with(1).stdout, "");
}

#[test]
fn every_code_is_listed_and_has_a_page() {
    let list = ascep(&["explain"]).with(0).stdout;
    assert_eq!(list.lines().count(), ascep_lang::Code::ALL.len());
    for line in list.lines() {
        let (code, title) = line.split_once("  ").unwrap();
        assert!(!title.is_empty());
        let page = ascep_lang::explain(code.parse().unwrap());
        assert!(page.contains(code), "the page of {code}");
    }
    assert!(ascep(&["explain", "E0301"]).with(0).stdout.contains("E0301"));
    assert_eq!(ascep(&["explain", "w1001"]).with(0).stdout, ascep(&["explain", "W1001"]).with(0).stdout);
}

#[test]
fn unknown_codes_are_bad_usage() {
    ascep(&["explain", "E9999"]).with(2).says("there is no diagnostic code `E9999`");
    ascep(&["explain", "0301"]).with(2).says("did you mean `E0301`?");
}

//! The book says what the compiler does: its examples compile, with the warnings that they announce and no others, and its lists of functions and limits are complete.
//!
//! An example is a block `cep`, or `cep,warns=W1001`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod common;

use ascep_lang::{Limits, Options, RenderOptions, Source, analyze, functions};

/// A page of the book. The package does not carry the book, the repository does.
fn page(name: &str) -> Option<String> {
    let file = common::path("../docs/language").join(name);
    let text = std::fs::read_to_string(&file);
    if text.is_err() {
        assert!(std::env::var_os("CI").is_none(), "{} is not there", file.display());
        eprintln!("SKIPPED: {} is not there", file.display());
    }
    text.ok()
}

#[test]
fn examples_compile() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for name in ["README", "bounds", "file", "functions", "missing", "not-yet", "rules", "sequences", "tests", "time", "values"] {
        let name = format!("{name}.md");
        let Some(text) = page(&name) else { return };
        for block in text.split("\n```cep").skip(1) {
            seen += 1;
            let (info, rest) = block.split_once('\n').unwrap();
            let announced: Vec<&str> = info.split(",warns=").skip(1).collect();
            let sources = [Source::new(name.as_str(), rest.split("\n```").next().unwrap())];
            let found = analyze(&sources, &Options::default()).diagnostics;
            let codes: Vec<&str> = found.iter().map(|d| d.code.as_str()).collect();
            if codes != announced {
                wrong.push(found.render(&sources, RenderOptions::default()));
            }
        }
    }
    assert!(seen >= 10, "{seen} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a page names a function as code: `name(..)` or a word of a list.
fn names(page: &str, function: &str) -> bool {
    let code = page.split('`').skip(1).step_by(2);
    code.flat_map(|c| c.split(|c: char| !(c.is_alphanumeric() || c == '_'))).any(|word| word == function)
}

#[test]
fn every_function_is_on_its_page() {
    let Some(page) = page("functions.md") else { return };
    let wrong: Vec<_> = functions::all().filter(|f| !names(&page, f.name)).map(|f| f.signature).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_summary_has_every_page() {
    let (Some(summary), Some(_)) = (page("../SUMMARY.md"), page("README.md")) else { return };
    let listed: Vec<&str> = summary.split("](").skip(1).filter_map(|s| s.split(')').next()).collect();
    for name in &listed {
        assert!(common::path("../docs").join(name).is_file(), "{name} is listed and not there");
    }
    for folder in ["language", "diagnostics"] {
        for file in std::fs::read_dir(common::path("../docs").join(folder)).unwrap() {
            let name = format!("{folder}/{}", file.unwrap().file_name().to_str().unwrap());
            assert!(listed.contains(&name.as_str()), "{name} is not listed");
        }
    }
}

#[test]
fn limits_are_those_of_the_page() {
    let Some(bounds) = page("bounds.md") else { return };
    let limits = Limits::default();
    let thousands = |n: usize| {
        let digits = n.to_string();
        let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
        groups.join(",")
    };
    for (name, value) in [
        ("max_file_bytes", "16 MiB".to_owned()),
        ("max_nodes", thousands(limits.max_nodes)),
        ("max_errors", thousands(limits.max_errors)),
        ("max_instances", thousands(limits.max_instances)),
    ] {
        let line = bounds.lines().find(|l| l.contains(&format!("`Limits::{name}`"))).unwrap_or_else(|| panic!("{name} is not on the page"));
        assert!(line.contains(&format!("| {value} |")), "{line}");
    }
    assert_eq!(limits.max_file_bytes, 16 << 20);
}

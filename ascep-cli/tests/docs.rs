//! What the README and the pages of `docs/` show is run: rules in ```cep blocks compile, ```console blocks print what they show, and
//! programs are those of `examples/`.
//!
//! A comment `<!-- file: NAME -->` before a block writes it to a file for the commands of its page; `<!-- code: PATH -->` says which
//! file of the repository a block must hold, from its first `use` or `fn` on; a block marked `cep,fails` must not compile, one marked
//! `cep,warns=CODE` compiles with that warning and any other without one. In a console block a line `...` stands for any lines, and a
//! line that ends in `...` for any line that begins so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::{Path, PathBuf};

use common::{Folder, ascep_stdin, root};

/// A fenced block with the comment before it.
struct Block {
    info: String,
    text: String,
    note: Option<(String, String)>,
    line: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut found, mut note, mut open) = (Vec::new(), None, None::<Block>);
    for (at, line) in text.lines().enumerate() {
        match &mut open {
            Some(_) if line.starts_with("```") => found.extend(open.take()),
            Some(block) => block.text += &format!("{line}\n"),
            None if line.starts_with("```") => {
                let info = line.trim_start_matches('`').trim().to_owned();
                open = Some(Block { info, text: String::new(), note: note.take(), line: at + 1 });
            }
            None => {
                if let Some(inner) = line.strip_prefix("<!-- ").and_then(|l| l.strip_suffix(" -->")) {
                    note = inner.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
                } else if !line.trim().is_empty() {
                    note = None;
                }
            }
        }
    }
    assert!(open.is_none(), "a block that does not end");
    found
}

/// The pages written here; the language reference and the diagnostics have tests of their own.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<_> = std::fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

fn place(page: &Path, block: &Block) -> String {
    format!("{}:{}", page.strip_prefix(root()).unwrap().display(), block.line)
}

#[test]
fn rules_compile() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap()) {
            let (status, code) = match block.info.split_once("cep") {
                Some(("", "")) => (0, ""),
                Some(("", ",fails")) => (1, ""),
                Some(("", mark)) => (0, mark.strip_prefix(",warns=").unwrap()),
                _ => continue,
            };
            let ended = ascep_stdin(&["check", "-"], block.text.as_str());
            let right = ended.status == status
                && ended.stderr.contains(code)
                && (!code.is_empty() || status != 0 || ended.stderr.lines().count() == 1);
            assert!(right, "{}:\n{}\n{}", place(&page, &block), block.text, ended.stderr);
            count += 1;
        }
    }
    assert!(count > 20, "only {count} blocks of rules");
}

#[test]
fn consoles_print_what_they_show() {
    let mut count = 0;
    for page in pages() {
        let folder = Folder::new();
        for block in blocks(&std::fs::read_to_string(&page).unwrap()) {
            if let Some(("file", name)) = block.note.as_ref().map(|(key, value)| (key.as_str(), value)) {
                folder.file(name, &block.text);
            }
            if block.info != "console" {
                continue;
            }
            for command in block.text.split("$ ").filter(|part| !part.trim().is_empty()) {
                let (line, shown) = command.split_once('\n').unwrap();
                let mut words = line.split_whitespace();
                assert_eq!(words.next(), Some("ascep"), "{}", place(&page, &block));
                let ended = folder.ascep(&words.collect::<Vec<_>>());
                let printed = ended.stdout + &ended.stderr;
                assert!(matches(shown, &printed), "{}: `{line}` printed\n{printed}\nand the page shows\n{shown}", place(&page, &block));
                count += 1;
            }
        }
    }
    assert!(count >= 4, "only {count} commands");
}

/// Whether what was printed is what is shown, `...` standing for any lines.
fn matches(shown: &str, printed: &str) -> bool {
    let (shown, printed): (Vec<&str>, Vec<&str>) = (shown.lines().collect(), printed.lines().collect());
    fn rest(shown: &[&str], printed: &[&str]) -> bool {
        match (shown, printed) {
            ([], []) => true,
            (["..."], _) => true,
            (["...", more @ ..], _) => (0..=printed.len()).any(|skip| rest(more, &printed[skip..])),
            ([line, more @ ..], [got, after @ ..]) => {
                let same = line == got || line.strip_suffix("...").is_some_and(|start| got.starts_with(start));
                same && rest(more, after)
            }
            _ => false,
        }
    }
    rest(&shown, &printed)
}

#[test]
fn programs_are_those_of_the_examples() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap()) {
            let Some(("code", path)) = block.note.as_ref().map(|(key, value)| (key.as_str(), value)) else { continue };
            let source = std::fs::read_to_string(root().join(path)).unwrap();
            let start = source.find("\nuse ").map_or(0, |at| at + 1);
            assert_eq!(block.text, source[start..], "{} is not {path} any more", place(&page, &block));
            count += 1;
        }
    }
    assert!(count >= 2);
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_str().unwrap();
        let in_docs = page.parent().unwrap().ends_with("docs");
        assert!(!in_docs || name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
        for link in text.split("](").skip(1).filter_map(|part| part.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(page.parent().unwrap().join(target).exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}

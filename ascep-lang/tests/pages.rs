//! Every code has a page; its failing example gives the code, its mended one does not, and the drawing of the finding is a golden.
//!
//! A block starts with three backticks and `cep`, then, after commas: `fails`; `file` for a further source of the next block; `name=main.cep`;
//! `market=binance:BTC/USDT` of the universe; `bytes` where `\xE9` stands for one byte; `strict`; `param fee=9bp`; `max-nodes=6` and the other limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod common;

use ascep_lang::universe::MarketDecl;
use ascep_lang::{Code, Diagnostics, Limits, Options, RenderOptions, Severity, Source, analyze, explain};

#[derive(Default)]
struct Example {
    fails: bool,
    file: bool,
    sources: Vec<Source>,
    options: Options,
}

impl Example {
    fn findings(&self) -> Diagnostics {
        analyze(&self.sources, &self.options).diagnostics
    }
}

fn examples(page: &str) -> Vec<Example> {
    let (mut found, mut files) = (Vec::new(), Vec::new());
    let mut parts = page.split("\n```");
    parts.next();
    while let (Some(block), _) = (parts.next(), parts.next()) {
        let (info, text) = block.split_once('\n').unwrap();
        let mut example = example(info, &format!("{text}\n"));
        if example.file {
            files.append(&mut example.sources);
        } else {
            example.sources.append(&mut files);
            found.push(example);
        }
    }
    found
}

fn example(info: &str, text: &str) -> Example {
    let mut example = Example::default();
    let mut words = info.split(',');
    assert_eq!(words.next(), Some("cep"), "{info}");
    let (mut name, mut bytes) = ("rules.cep", false);
    for word in words {
        let limits = &mut example.options.limits;
        match word.split_once('=').map_or((word, ""), |(k, v)| (k, v)) {
            ("fails", _) => example.fails = true,
            ("file", _) => example.file = true,
            ("bytes", _) => bytes = true,
            ("strict", _) => example.options.strict_units = true,
            ("name", value) => name = value,
            ("market", symbol) => example.options.universe.get_or_insert_default().markets.push(MarketDecl::new(symbol)),
            ("max-file-bytes", n) => limits.max_file_bytes = n.parse().unwrap(),
            ("max-nodes", n) => limits.max_nodes = n.parse().unwrap(),
            ("max-errors", n) => limits.max_errors = n.parse().unwrap(),
            ("max-instances", n) => limits.max_instances = n.parse().unwrap(),
            (param, value) if param.starts_with("param ") => example.options.params.push((param[6..].to_owned(), value.to_owned())),
            other => panic!("{other:?}"),
        }
    }
    example.sources.push(if bytes { Source::from_bytes(name, escaped(text)) } else { Source::new(name, text) });
    example
}

/// Text with `\xE9` as one byte.
fn escaped(text: &str) -> Vec<u8> {
    let (first, rest) = text.split_once("\\x").unwrap();
    let mut out = first.as_bytes().to_vec();
    for part in std::iter::once(rest).chain(rest.split("\\x").skip(1)).take(1) {
        out.push(u8::from_str_radix(&part[..2], 16).unwrap());
        out.extend_from_slice(&part.as_bytes()[2..]);
    }
    out
}

const DRAWN: RenderOptions = RenderOptions { color: false, width: Some(100) };

#[test]
fn every_page_holds() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let page = explain(code);
        let mut say = |what: String| wrong.push(format!("{code}: {what}"));
        if !page.starts_with(&format!("# {code}: {}\n", code.title())) {
            say("the page does not start with the code and its title".to_owned());
        }
        let examples = examples(page);
        let [failing, mended] = examples.as_slice() else {
            say(format!("{} examples; one that fails and one that is mended are wanted", examples.len()));
            continue;
        };
        if !failing.fails || mended.fails {
            say("the first example fails, the second is mended".to_owned());
        }
        let findings = failing.findings();
        if !findings.iter().any(|d| d.code == code) {
            say(format!("the failing example does not give it:\n{}", findings.render(&failing.sources, DRAWN)));
        }
        if findings.has_errors() != (code.severity() == Severity::Error) {
            say(format!("the failing example gives errors and warnings wrongly:\n{findings}"));
        }
        let left = mended.findings();
        if left.iter().any(|d| d.code == code || (d.severity == Severity::Error)) {
            say(format!("the mended example is not mended:\n{}", left.render(&mended.sources, DRAWN)));
        }
        if left.warnings().next().is_some() {
            say(format!("the mended example has warnings:\n{}", left.render(&mended.sources, DRAWN)));
        }
        if let Err(what) = common::golden(&format!("diagnostics/{code}.txt"), &findings.render(&failing.sources, DRAWN)) {
            say(what);
        }
    }
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n\n"), wrong.len());
}

/// Every failing example cut at every few bytes, also inside a character: findings that can be drawn and written, never a panic.
#[test]
fn cut_examples_are_drawn() {
    for (n, &code) in Code::ALL.iter().enumerate() {
        for example in examples(explain(code)) {
            let text = example.sources.last().unwrap().text.as_bytes();
            for end in (n % 5..text.len()).step_by(5) {
                let sources = [Source::from_bytes("cut.cep", text[..end].to_vec())];
                let findings = analyze(&sources, &example.options).diagnostics;
                let drawn = findings.render(&sources, RenderOptions { color: end % 2 == 0, width: Some(end) });
                assert_eq!(drawn.is_empty(), findings.is_empty());
                assert_eq!(findings.to_json(&sources).lines().count(), findings.len());
            }
        }
    }
}

/// A fix is text to paste: pasted it compiles, or at least says something else.
#[test]
fn every_fix_mends() {
    let (mut wrong, mut fixes) = (Vec::new(), 0);
    for &code in Code::ALL {
        let failing = examples(explain(code)).remove(0);
        for finding in failing.findings().iter().filter(|d| d.code == code) {
            for (span, text) in finding.help.iter().filter_map(|h| h.replacement.as_ref()) {
                fixes += 1;
                let mut sources = failing.sources.clone();
                let old = &mut sources[span.file.0 as usize].text;
                assert!(old.is_char_boundary(span.start as usize) && old.is_char_boundary(span.end as usize), "{code}");
                old.replace_range(span.range(), text);
                let after = analyze(&sources, &failing.options).diagnostics;
                if after.iter().any(|d| d.code == code && d.message == finding.message && d.span.start == finding.span.start) {
                    wrong.push(format!("{code}: `{text}` does not mend `{}`:\n{}", finding.message, after.render(&sources, DRAWN)));
                }
            }
        }
    }
    assert!(fixes > 20, "{fixes} fixes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_has_every_page() {
    let folder = common::path("diagnostics");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for code in Code::ALL {
        let line = format!("- [{code}]({code}.md): {}\n", code.title());
        assert!(index.contains(&line), "{line}");
    }
    assert_eq!(index.matches("\n- [").count(), Code::ALL.len());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), Code::ALL.len() + 1, "a page without a code");
}

#[test]
fn five_mistakes_are_five_findings() {
    let text = std::fs::read_to_string(common::path("tests/golden/five_mistakes.cep")).unwrap();
    let sources = [Source::new("five_mistakes.cep", text)];
    let findings = analyze(&sources, &Options::default()).diagnostics;
    common::golden("five_mistakes.txt", &format!("{}\n{}\n", findings.render(&sources, DRAWN), findings.summary())).unwrap();
    common::golden("five_mistakes.jsonl", &findings.to_json(&sources)).unwrap();
    assert_eq!(findings.errors().count(), 5);
}

#[test]
fn limits_are_what_the_pages_say() {
    let limits = Limits::default();
    assert_eq!((limits.max_file_bytes, limits.max_nodes, limits.max_errors, limits.max_instances), (16 << 20, 4_000_000, 100, 100_000));
}

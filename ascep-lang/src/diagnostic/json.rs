//! Findings as JSON for editors and scripts: one object a line, keys in a fixed order.

use serde::Serialize;

use super::lines::Lines;
use super::{Diagnostic, Diagnostics};
use crate::source::Source;
use crate::span::Span;

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: super::Severity,
    message: &'a str,
    #[serde(flatten)]
    range: Range<'a>,
    label: &'a str,
    labels: Vec<Label<'a>>,
    help: Vec<Help<'a>>,
}

/// Lines and columns count from 1, columns in characters; the end is one past the last character.
#[derive(Serialize)]
struct Range<'a> {
    file: Option<&'a str>,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    range: Range<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Help<'a> {
    message: &'a str,
    replacement: Option<Replacement<'a>>,
}

/// `start` and `end` are the byte offsets of the same range, for tools that apply the text.
#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    range: Range<'a>,
    start: usize,
    end: usize,
    text: &'a str,
}

impl Diagnostics {
    /// One JSON object a line for each finding, in order; empty where there is none.
    #[must_use]
    pub fn to_json(&self, sources: &[Source]) -> String {
        let files = Files::new(sources);
        let mut out = String::new();
        for d in self {
            // A struct of texts and numbers always serialises.
            if let Ok(line) = serde_json::to_string(&files.finding(d)) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        out
    }
}

/// The sources with their lines found, once for all findings.
pub(super) struct Files<'a>(Vec<(&'a str, Lines<'a>)>);

impl<'a> Files<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self(sources.iter().map(|s| (s.name.as_str(), Lines::new(&s.text))).collect())
    }

    /// The file of a span and the span's bytes, clamped to the text and widened to whole characters.
    pub(super) fn locate(&self, span: Span) -> Option<(&'a str, &Lines<'a>, std::ops::Range<usize>)> {
        let (name, lines) = self.0.get(span.file.0 as usize)?;
        let start = lines.floor(span.start as usize);
        let end = lines.ceil(span.end as usize).max(start);
        Some((name, lines, start..end))
    }

    fn finding(&self, d: &'a Diagnostic) -> Finding<'a> {
        Finding {
            code: d.code.as_str(),
            severity: d.severity,
            message: &d.message,
            range: self.range(d.span),
            label: &d.label,
            labels: d.labels.iter().map(|l| Label { range: self.range(l.span), message: &l.message }).collect(),
            help: d.help.iter().map(|h| self.help(h)).collect(),
        }
    }

    fn help(&self, help: &'a super::Help) -> Help<'a> {
        let replacement = help.replacement.as_ref().map(|(span, text)| {
            let bytes = self.locate(*span).map_or(0..0, |(_, _, bytes)| bytes);
            Replacement { range: self.range(*span), start: bytes.start, end: bytes.end, text }
        });
        Help { message: &help.message, replacement }
    }

    fn range(&self, span: Span) -> Range<'a> {
        let Some((name, lines, bytes)) = self.locate(span) else {
            return Range { file: None, line: 1, column: 1, end_line: 1, end_column: 1 };
        };
        let (start, end) = (lines.place(bytes.start), lines.place(bytes.end));
        Range { file: Some(name), line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

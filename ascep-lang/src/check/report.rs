//! Collecting findings: each once for a place, with the calls that led there, and a bound on how many are kept.

use rustc_hash::FxHashSet;

use super::Checker;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::span::Span;

/// Errors, and again warnings, kept of one program; the list that is shown is shorter still.
pub(super) const KEPT: usize = 10_000;
/// "Did you mean" looks at so many names, over all findings of a program.
const COMPARED: usize = 20_000;
/// The longest piece of the user's text that a message quotes, in characters.
const QUOTED: usize = 60;

#[derive(Default)]
pub(super) struct Report {
    pub(super) list: Vec<Diagnostic>,
    seen: FxHashSet<(Code, Span)>,
    errors: usize,
    /// Names that were compared for "did you mean".
    compared: usize,
}

impl Report {
    /// Whether there are as many findings of this severity as are kept. Errors are counted apart, so that warnings never hide one.
    fn full(&self, code: Code) -> bool {
        let kept = if code.severity() == Severity::Error { self.errors } else { self.list.len() - self.errors };
        kept >= KEPT
    }

    fn push(&mut self, found: Diagnostic) {
        self.errors += usize::from(found.code.severity() == Severity::Error);
        self.list.push(found);
    }
}

impl<'a> Checker<'a> {
    /// Reports a finding unless the same code was reported at the same place; the message is made only then.
    pub(super) fn report(&mut self, code: Code, span: Span, build: impl FnOnce(&mut Self, Diagnostic) -> Diagnostic) {
        if self.report.full(code) || !self.report.seen.insert((code, span)) {
            return;
        }
        let mut found = build(self, Diagnostic::new(code, span, ""));
        if self.options.strict_units && code.as_str().starts_with("W1") {
            found.severity = Severity::Error;
        }
        if let (Some(first), Some(last)) = (self.calls.first(), self.calls.last()) {
            found = found.also(last.0, format!("in this call of `{}`", last.1));
            if first.0 != last.0 {
                found = found.also(first.0, format!("which comes from this call of `{}`", first.1));
            }
        }
        self.report.push(found);
    }

    /// Reports a finding that has no place of its own in the text, so that there may be several at one place.
    pub(super) fn report_again(&mut self, code: Code, span: Span, build: impl FnOnce(Diagnostic) -> Diagnostic) {
        if !self.report.full(code) {
            self.report.push(build(Diagnostic::new(code, span, "")));
        }
    }

    /// Reports a finding that is a message and nothing more.
    pub(super) fn say(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(code, span, |_, d| d.message(message));
    }

    /// The user's text at a place, as written.
    pub(super) fn source(&self, span: Span) -> &'a str {
        self.files.get(span.file.0 as usize).and_then(|f| f.text.get(span.range())).unwrap_or("")
    }

    /// The user's text at a place, in backticks, on one line and cut where it is long.
    pub(super) fn quote(&self, span: Span) -> String {
        quoted(self.source(span))
    }

    /// The nearest of some names, while not too many have been compared. They are listed only then.
    pub(super) fn suggest<'s>(&mut self, name: &str, names: impl FnOnce(&Self) -> Vec<&'s str>) -> Option<&'s str> {
        if self.report.compared >= COMPARED {
            return None;
        }
        let names = names(self);
        self.report.compared += names.len();
        super::suggest::nearest(name, names)
    }
}

/// Text in backticks, on one line and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    let mut blank = false;
    for (count, c) in text.chars().enumerate() {
        if count >= QUOTED * 4 || out.len() > QUOTED {
            out.push_str("..");
            break;
        }
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
        }
        out.push(c);
    }
    out.push('`');
    out
}

impl Diagnostic {
    /// Sets the message.
    fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets message and label.
    pub(super) fn says(mut self, message: impl Into<String>, label: impl Into<String>) -> Self {
        self.message = message.into();
        self.label = label.into();
        self
    }

    /// Offers the nearest name in place of `span`, if there is one.
    pub(super) fn meant(self, span: Span, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.fix(format!("did you mean `{name}`?"), span, name),
            None => self,
        }
    }
}

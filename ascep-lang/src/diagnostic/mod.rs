//! Diagnostics: what is wrong or doubtful in a program, where, and the way out.
//!
//! Every kind has a [`Code`] that is never reused and a page under `docs/diagnostics/`. Messages are lower case, without a full
//! stop, with the user's own text in backticks; help stands apart from the message.

use serde::{Deserialize, Serialize};

use crate::span::Span;

mod code;
mod explain;
mod json;
mod lines;
mod list;
mod render;
pub use code::{Code, UnknownCode};
pub use explain::explain;
pub use list::Diagnostics;
pub use render::RenderOptions;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program does not compile.
    Error,
    /// It compiles and is probably not what was meant.
    Warning,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A second place that matters, with what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// A way out: a sentence, and where there is one the text to put in place of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// The sentence.
    pub message: String,
    /// Text to paste over `span`, if any.
    pub replacement: Option<(Span, String)>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Its code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The message.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What the primary place is labelled with; may be empty.
    pub label: String,
    /// Further places.
    pub labels: Vec<Label>,
    /// Ways out.
    pub help: Vec<Help>,
}

impl Diagnostic {
    /// A finding with the severity that its code has by default.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), message: message.into(), span, label: String::new(), labels: Vec::new(), help: Vec::new() }
    }

    /// Sets the text at the primary place.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Adds a way out in words.
    #[must_use]
    pub fn help(mut self, message: impl Into<String>) -> Self {
        self.help.push(Help { message: message.into(), replacement: None });
        self
    }

    /// Adds a way out that can be pasted over `span`.
    #[must_use]
    pub fn fix(mut self, message: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.help.push(Help { message: message.into(), replacement: Some((span, text.into())) });
        self
    }
}

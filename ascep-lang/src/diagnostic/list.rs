//! All findings of one run of the compiler, in the order of the text.

use super::{Diagnostic, Severity};

/// Findings, sorted by file, place and code; the same finding stands once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Sorts `list` and drops repeats.
    #[must_use]
    pub fn new(mut list: Vec<Diagnostic>) -> Self {
        // The message is part of the key so that the order does not depend on the order in which passes ran.
        list.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.span.file, d.span.start, d.code, d.span.end);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        list.dedup();
        Self(list)
    }

    /// The findings in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The findings in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The findings in order, out of the list.
    #[must_use]
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The errors in order.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.iter().filter(|d| d.severity == Severity::Error)
    }

    /// The warnings in order.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.iter().filter(|d| d.severity == Severity::Warning)
    }

    /// Whether one is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are of each kind: `2 errors, 1 warning`; empty where there is none.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 {what}")),
            n => Some(format!("{n} {what}s")),
        };
        let parts = [count(self.errors().count(), "error"), count(self.warnings().count(), "warning")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(list: Vec<Diagnostic>) -> Self {
        Self::new(list)
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(list: I) -> Self {
        Self::new(list.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line for each finding, `error[E0301]: message`, without the text that it is about; see [`Diagnostics::render`] for people.
impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, d) in self.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}[{}]: {}", d.severity, d.code, d.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::span::{FileId, Span};

    fn at(file: u32, start: usize, code: Code, message: &str) -> Diagnostic {
        Diagnostic::new(code, Span::new(FileId(file), start, start + 1), message)
    }

    #[test]
    fn sorted_once_each() {
        let list = Diagnostics::new(vec![
            at(1, 0, Code::UnknownName, "d"),
            at(0, 9, Code::UnusedName, "c"),
            at(0, 9, Code::UnknownName, "b"),
            at(0, 2, Code::UnusedName, "a"),
            at(0, 9, Code::UnknownName, "b"),
        ]);
        assert_eq!(list.iter().map(|d| d.message.as_str()).collect::<String>(), "abcd");
        assert_eq!(list.summary(), "2 errors, 2 warnings");
        assert_eq!(list.to_string(), "warning[W2003]: a\nerror[E0301]: b\nwarning[W2003]: c\nerror[E0301]: d");
        assert!(list.has_errors());
        assert_eq!(Diagnostics::default().summary(), "");
        assert_eq!(Diagnostics::new(vec![at(0, 0, Code::UnusedName, "")]).summary(), "1 warning");
    }
}

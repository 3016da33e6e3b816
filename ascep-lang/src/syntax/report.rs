//! A list of diagnostics that stays bounded however much is wrong.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// Diagnostics up to a limit.
#[derive(Debug)]
pub(super) struct Report {
    list: Vec<Diagnostic>,
    limit: usize,
    /// The place of the first one that was not kept.
    beyond: Option<Span>,
}

impl Report {
    pub(super) fn new(limit: usize) -> Self {
        Self { list: Vec::new(), limit: limit.max(1), beyond: None }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < self.limit {
            self.list.push(diagnostic);
        } else {
            self.beyond.get_or_insert(diagnostic.span);
        }
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing that is pushed will be kept.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= self.limit
    }

    /// Whether something was not kept, so that looking on is of no use.
    pub(super) fn is_over(&self) -> bool {
        self.beyond.is_some()
    }

    /// Says that more would have been looked for at `span` if the list were not full.
    pub(super) fn cut_at(&mut self, span: Span) {
        self.beyond.get_or_insert(span);
    }

    /// Both lists in text order, cut to the limit, with one E0604 where something was left out.
    pub(super) fn merge(self, other: Self) -> Vec<Diagnostic> {
        let limit = self.limit;
        let mut beyond = [self.beyond, other.beyond].into_iter().flatten().min();
        let mut list = self.list;
        list.extend(other.list);
        list.sort_by_key(|d| (d.span.start, d.code, d.span.end));
        if let Some(first) = list.get(limit) {
            beyond = Some(first.span);
            list.truncate(limit);
        }
        if let Some(span) = beyond {
            let message = format!("more than {limit} errors; the rest is not shown");
            list.push(Diagnostic::new(Code::TooManyErrors, span, message).help("mend these first: others may go with them"));
        }
        list
    }
}

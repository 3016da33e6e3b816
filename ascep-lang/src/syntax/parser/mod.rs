//! Tokens to the tree: the driver around the tables that LALRPOP makes from `grammar/ascep.lalrpop`.
//!
//! This folder alone knows LALRPOP. The parser is driven by tables with its stack on the heap, and the semantic actions in
//! [`build`] do not recurse, so no text can exhaust the thread's stack.

use std::cell::Cell;
use std::ops::Range;

use lalrpop_util::{ErrorRecovery, ParseError, lalrpop_mod};

use super::prepare::{ItemTokens, prepare};
use super::report::Report;
use super::tree::Tree;
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::Token;
use crate::limits::Limits;
use crate::span::{FileId, Span};
use alike::{Alike, Origin};
use build::Build;

mod alike;
pub(crate) mod build;
mod error;
mod expected;
mod expr;
#[cfg(test)]
mod tests;

lalrpop_mod!(
    #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
    #[allow(missing_docs, unreachable_pub, unused, unused_qualifications)]
    grammar,
    "/ascep.rs"
);

type SyntaxError = ParseError<u32, Token, std::convert::Infallible>;
type Recovery = ErrorRecovery<u32, Token, std::convert::Infallible>;

/// Parses one file. The tree holds what could be read; the diagnostics say what could not, in text order.
///
/// Without an error the tree is whole: it has no `Error` node, and its expressions are at most
/// [`MAX_NESTING`](super::MAX_NESTING) high.
#[must_use]
pub fn parse(file: FileId, text: &str, limits: &Limits) -> (Tree, Vec<Diagnostic>) {
    parse_with(file, text, limits, true)
}

/// Parses a part of one file that starts and ends between two items. Places are those in the whole.
pub(crate) fn parse_part(file: FileId, text: &str, part: Range<usize>, limits: &Limits) -> (Tree, Vec<Diagnostic>) {
    parse_range(file, text, part, limits, true)
}

/// Parses one file, with or without patterns: see [`prepare`].
fn parse_with(file: FileId, text: &str, limits: &Limits, patterns: bool) -> (Tree, Vec<Diagnostic>) {
    let most = limits.max_file_bytes.min(u32::MAX as usize - 1);
    if text.len() > most {
        let message = format!("this file has {} bytes; {most} is the limit", text.len());
        let diagnostic = Diagnostic::new(Code::FileTooLarge, Span::new(file, 0, 0), message).help("split it and name the parts with `USE`");
        return (Tree::default(), vec![diagnostic]);
    }
    parse_range(file, text, 0..text.len(), limits, patterns)
}

fn parse_range(file: FileId, text: &str, part: Range<usize>, limits: &Limits, patterns: bool) -> (Tree, Vec<Diagnostic>) {
    let mut lexical = Report::new(limits.max_errors);
    let prepared = prepare(file, text, part, patterns, &mut lexical);
    let stop = Cell::new(false);
    let mut build = Build::new(file, text, limits, &prepared, &stop);
    let parser = grammar::ItemParser::new();
    let origin = Origin { file, text, max_nodes: build.max_nodes() };
    let mut alike = Alike::default();
    for (at, item) in prepared.items.iter().enumerate() {
        if stop.get() {
            break;
        }
        if item.dead {
            continue;
        }
        let pattern = item.pattern.filter(|_| item.tainted.is_empty());
        let tokens = prepared.tokens(item);
        if pattern.is_some_and(|pattern| alike.copy(pattern, origin, tokens, &mut build.tree)) {
            continue;
        }
        build.start_item(item, tokens, at + 1 == prepared.items.len());
        let (exprs, found) = (build.tree.exprs.len(), build.report.len());
        if !item.starts {
            build.stray(tokens);
            continue;
        }
        // Once the report is full the rest of the item is not looked at, so the work stays bounded.
        let input = tokens.iter().take_while(|_| !stop.get()).map(|l| Ok((l.start, l.token, l.end)));
        if let Err(error) = parser.parse(&mut build, input) {
            build.syntax_error(error);
        }
        build.finish_item();
        if let Some(pattern) = pattern.filter(|_| build.report.len() == found && !stop.get()) {
            alike.add(pattern, tokens, exprs..build.tree.exprs.len(), &build.tree);
        }
    }
    let (mut tree, report) = build.finish();
    tree.comments = prepared.comments;
    (tree, lexical.merge(report))
}

/// Whether a mistake at `at` was already reported in another form.
fn is_tainted(item: &ItemTokens, at: u32) -> bool {
    item.tainted.iter().any(|range| range.contains(&at))
}

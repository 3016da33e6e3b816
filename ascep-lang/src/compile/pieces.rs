//! Large programs, compiled piece by piece: the tree and the typed rules of a piece are gone before the next one is read, so that they stay in the
//! caches of the processor and take no memory of their own.
//!
//! A text is cut in front of lines that start with `RULE`, a word that starts a rule wherever it stands. The first piece has the definitions; the
//! others must have rules only. Where an error is found, or a text is not like that, the whole is compiled as any other, so that there is one
//! way to say what is wrong.

use std::ops::Range;

use super::Options;
use crate::check::{self, File};
use crate::diagnostic::{Diagnostics, Severity};
use crate::program::Program;
use crate::source::Source;
use crate::span::FileId;
use crate::syntax;

/// Bytes of a piece, about: some hundred rules.
pub(super) const PIECE: usize = 32 << 10;
/// Bytes of a text that is worth it. What a smaller one takes fits into the caches as a whole.
pub(super) const LARGE: usize = 2 << 20;

/// The program of a single source of many rules. None where it has to be compiled as a whole.
pub(super) fn compile(sources: &[Source], options: &Options, large: usize, piece: usize) -> Option<Program> {
    let [source] = sources else { return None };
    let (file, text) = (FileId(0), source.text.as_str());
    if text.len() < large || text.len() > options.limits.max_file_bytes.min(u32::MAX as usize - 1) || source.utf8_error(file).is_some() {
        return None;
    }
    // What all rules share is copied for each piece, which must not be what takes the time.
    let piece = piece.max(only_rules_from(text)?);
    let end = next_cut(text, 0, piece)?;
    let (tree, found) = syntax::parse_part(file, text, 0..end, &options.limits);
    if !found.is_empty() {
        return None;
    }
    let mut exprs = tree.exprs.len();
    let files = [File { name: &source.name, text, tree: &tree }];
    let mut pieces = check::Pieces::new(&files, options)?;
    let mut part = next(text, end, piece);
    let mut expected = false;
    while let Some(range) = part {
        let (tree, found) = syntax::parse_part(file, text, range.clone(), &options.limits);
        exprs += tree.exprs.len();
        if !found.is_empty() || exprs > options.limits.max_nodes {
            return None;
        }
        pieces.add(&tree)?;
        if !expected && range.end >= text.len() / 8 {
            pieces.expect(range.end, text.len());
            expected = true;
        }
        part = next(text, range.end, piece);
    }
    let (program, found) = pieces.finish()?;
    let warnings = Diagnostics::new(found);
    let good = warnings.iter().all(|d| d.severity != Severity::Error);
    good.then(|| Program { warnings: warnings.into_vec(), ..program })
}

/// The piece from `start` on.
fn next(text: &str, start: usize, piece: usize) -> Option<Range<usize>> {
    (start < text.len()).then(|| start..next_cut(text, start, piece).unwrap_or(text.len()))
}

/// The first place at least a piece behind `start` where a line starts with `RULE`.
fn next_cut(text: &str, start: usize, piece: usize) -> Option<usize> {
    let mut at = start.checked_add(piece)?;
    while !text.is_char_boundary(at) {
        at += 1;
        text.as_bytes().get(at)?;
    }
    loop {
        at += text.get(at..)?.find('\n')? + 1;
        if starts_with(text.get(at..)?, "RULE") {
            return Some(at);
        }
    }
}

/// Where the first line starts with `RULE`, if none behind it starts with the word of a definition or a test, as far as lines can tell.
fn only_rules_from(text: &str) -> Option<usize> {
    let mut first = None;
    let mut at = 0;
    for line in text.split('\n') {
        match first {
            None if starts_with(line, "RULE") => first = Some(at),
            Some(_) if STARTS.iter().any(|word| starts_with(line, word)) => return None,
            _ => {}
        }
        at += line.len() + 1;
    }
    first
}

/// Words that start what is no rule. In the head of a rule a `LET` stands as well, but not often at the start of a line.
const STARTS: [&str; 7] = ["CONST", "PARAM", "LET", "FN", "SET", "USE", "TEST"];

/// Whether a line starts with a word, in any case.
fn starts_with(line: &str, word: &str) -> bool {
    let line = line.as_bytes();
    line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        && line.get(word.len()).is_none_or(|b| b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests;

//! Findings drawn for people, in the manner of rustc. The crate that draws them does not show in the interface.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::json::Files;
use super::lines::Lines;
use super::{Diagnostic, Diagnostics, Help, Severity};
use crate::source::Source;
use crate::span::{FileId, Span};

/// An excerpt longer than this many bytes is not drawn; its place is named instead.
const MAX_EXCERPT: usize = 64 * 1024;

/// How findings are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RenderOptions {
    /// With the colours of a terminal.
    pub color: bool,
    /// How many columns there are; 140 where it is not known.
    pub width: Option<usize>,
}

impl Diagnostics {
    /// Draws every finding, an empty line between two and a line end after the last; empty where there is none. Any span is drawn:
    /// one that leaves its text is cut, one of an unknown file shows the message alone.
    #[must_use]
    pub fn render(&self, sources: &[Source], options: RenderOptions) -> String {
        let mut renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
        if let Some(width) = options.width {
            renderer = renderer.term_width(width.max(20));
        }
        let files = Files::new(sources);
        let mut out = String::new();
        for (i, d) in self.iter().enumerate() {
            if i > 0 {
                out.push('\n');
            }
            // The drawing crate pads some lines; nobody wants to see that in a diff.
            for line in renderer.render(&report(&files, d)).lines() {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
        out
    }
}

fn report<'a>(files: &'a Files<'a>, d: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match d.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(d.message.as_str()).id(d.code.as_str()));
    let primary = (d.span, d.label.as_str(), AnnotationKind::Primary);
    let marks: Vec<_> =
        std::iter::once(primary).chain(d.labels.iter().map(|l| (l.span, l.message.as_str(), AnnotationKind::Context))).collect();
    let mut drawn: Vec<FileId> = Vec::new();
    for (span, _, _) in &marks {
        if !drawn.contains(&span.file) {
            drawn.push(span.file);
            group = excerpt(files, span.file, &marks, group);
        }
    }
    let mut groups = Vec::new();
    for help in &d.help {
        match patch(files, help) {
            Some(snippet) => groups.push(Level::HELP.secondary_title(help.message.as_str()).element(snippet)),
            None => group = group.element(Level::HELP.message(in_words(help))),
        }
    }
    groups.insert(0, group);
    groups
}

/// The lines of one file that the marks touch.
fn excerpt<'a>(files: &'a Files<'a>, file: FileId, marks: &[(Span, &'a str, AnnotationKind)], group: Group<'a>) -> Group<'a> {
    let located: Vec<_> = marks
        .iter()
        .filter(|(span, _, _)| span.file == file)
        .filter_map(|(span, label, kind)| files.locate(*span).map(|(name, lines, bytes)| (name, lines, bytes, *label, *kind)))
        .collect();
    let Some((name, lines, first, _, _)) = located.first() else {
        return group;
    };
    let start = located.iter().map(|(_, _, bytes, _, _)| bytes.start).min().unwrap_or(0);
    let end = located.iter().map(|(_, _, bytes, _, _)| bytes.end).max().unwrap_or(0);
    let Some((line, range, text)) = slice(lines, start, end) else {
        let place = lines.place(first.start);
        return group.element(Origin::path(*name).line(place.line as usize).char_column(place.column as usize));
    };
    let annotations = located.iter().map(|(_, _, bytes, label, kind)| {
        let mark = kind.span(bytes.start.saturating_sub(range.start)..bytes.end.saturating_sub(range.start));
        if label.is_empty() { mark } else { mark.label(*label) }
    });
    group.element(Snippet::<Annotation<'_>>::source(text).line_start(line).path(*name).annotations(annotations))
}

/// A help that is not drawn as a change of the text.
fn in_words(help: &Help) -> String {
    match &help.replacement {
        Some((_, text)) if !text.is_empty() => format!("{}: `{text}`", help.message),
        _ => help.message.clone(),
    }
}

/// The text with the help put in, if there is text to put in and it changes something.
fn patch<'a>(files: &'a Files<'a>, help: &'a Help) -> Option<Snippet<'a, Patch<'a>>> {
    let (span, text) = help.replacement.as_ref()?;
    let (name, lines, bytes) = files.locate(*span)?;
    let (line, range, excerpt) = slice(lines, bytes.start, bytes.end)?;
    if lines.text().get(bytes.clone()) == Some(text.as_str()) {
        return None;
    }
    let at = bytes.start.saturating_sub(range.start)..bytes.end.saturating_sub(range.start);
    Some(Snippet::source(excerpt).line_start(line).path(name).patch(Patch::new(at, text.as_str())))
}

/// The lines around `start..end`: the number of the first, their bytes and their text without the last line end; none if they are too long to draw.
fn slice<'a>(lines: &Lines<'a>, start: usize, end: usize) -> Option<(usize, std::ops::Range<usize>, &'a str)> {
    let first = lines.line_index(start);
    let range = lines.lines(first, lines.line_index(end));
    let text = lines.text().get(range.clone())?;
    let kept = text.strip_suffix('\n').map_or(text, |t| t.strip_suffix('\r').unwrap_or(t));
    // A span may take in the line end itself; then it has to stay.
    let text = if end.saturating_sub(range.start) <= kept.len() { kept } else { text };
    (text.len() <= MAX_EXCERPT).then_some((first + 1, range, text))
}

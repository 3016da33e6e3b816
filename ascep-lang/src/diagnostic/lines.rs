//! The lines of a text, found once for all findings in it.

use crate::source::LineColumn;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The starts of the lines of one text, for turning offsets into places without reading the text again.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1)).collect();
        Self { text, starts }
    }

    /// The place of a byte offset, as [`Source::line_column`](crate::Source::line_column) has it. An offset past the end counts as the end; one inside a character as the start of that character.
    pub(super) fn place(&self, offset: usize) -> LineColumn {
        let offset = self.floor(offset);
        let line = self.line_index(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        let column = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before).chars().count();
        let one_based = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        LineColumn { line: one_based(line), column: one_based(column) }
    }

    /// The text, as given.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The largest offset that is not above `offset` and stands between two characters.
    pub(super) fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The smallest offset that is not below `offset`, as far as there is text, and stands between two characters.
    pub(super) fn ceil(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset += 1;
        }
        offset
    }

    /// The line of an offset, from 0.
    pub(super) fn line_index(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of the lines `first..=last`, both from 0, the last line end included and a byte order mark left out.
    pub(super) fn lines(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let len = self.text.len();
        let start = match first {
            0 if self.text.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len_utf8(),
            _ => self.starts.get(first).copied().unwrap_or(len),
        };
        let end = self.starts.get(last.saturating_add(1)).copied().unwrap_or(len);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::Source;

    #[test]
    fn places_are_those_of_the_source() {
        for text in ["a\tü=\r\nзд\n", "\u{feff}IF\n\nx", "", "\n", "x", "\u{feff}"] {
            let (source, lines) = (Source::new("a", text), Lines::new(text));
            for offset in 0..text.len() + 3 {
                assert_eq!(lines.place(offset), source.line_column(offset), "{text:?} {offset}");
            }
        }
    }

    #[test]
    fn lines_leave_the_byte_order_mark_out() {
        let lines = Lines::new("\u{feff}IF\nx");
        assert_eq!(&lines.text()[lines.lines(0, 0)], "IF\n");
        assert_eq!(&lines.text()[lines.lines(1, 9)], "x");
    }
}

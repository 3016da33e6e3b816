//! A text to compile, with its name, and the lines and columns in it.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::{FileId, Span};

/// One text of a program. The compiler does no I/O: the host reads files and gives their names with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that diagnostics show and that `USE "name"` finds.
    pub name: String,
    /// The text; for bytes that are not UTF-8, their readable form.
    pub text: String,
    /// The first byte that is not UTF-8, as an offset into `text`, where the replacement character stands.
    bad_byte: Option<(usize, u8)>,
}

/// A place as people count it: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// The line, from 1. `\n` ends a line.
    pub line: u32,
    /// The column in characters, from 1. A byte order mark is not counted.
    pub column: u32,
}

impl Source {
    /// A source from text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), bad_byte: None }
    }

    /// A source from bytes as they were read. Bytes that are not UTF-8 are kept as replacement characters, and
    /// [`utf8_error`](Self::utf8_error) says where the first one is.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(name, text),
            Err(error) => {
                // The part before the first bad byte keeps its length, so its offset stays right.
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(at).copied().unwrap_or_default();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                Self { name: name.into(), text, bad_byte: Some((at, byte)) }
            }
        }
    }

    /// E0105, where the source was made from bytes that are not UTF-8.
    #[must_use]
    pub fn utf8_error(&self, file: FileId) -> Option<Diagnostic> {
        let (at, byte) = self.bad_byte?;
        let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
        Some(
            Diagnostic::new(Code::NotUtf8, Span::new(file, at, end), format!("`{}` is not UTF-8 text", self.name))
                .labelled(format!("the byte 0x{byte:02X} cannot be read"))
                .help("save the file as UTF-8"),
        )
    }

    /// The line and column of a byte. An offset inside a character or past the end is that of the next place that exists before it.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().trim_start_matches('\u{feff}').chars().count() + 1;
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        LineColumn { line: narrow(line), column: narrow(column) }
    }

    /// The text of line `line`, counted from 1, without its line end.
    #[must_use]
    pub fn line(&self, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let text = self.text.split('\n').nth(index)?;
        Some(text.strip_suffix('\r').unwrap_or(text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(source: &Source, offset: usize) -> (u32, u32) {
        let place = source.line_column(offset);
        (place.line, place.column)
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("a.cep", "# µ €\r\nIF x\n");
        assert_eq!(at(&source, 0), (1, 1));
        assert_eq!(at(&source, 2), (1, 3));
        assert_eq!(at(&source, 3), (1, 3), "inside a character");
        assert_eq!(at(&source, 5), (1, 5));
        let second = source.text.find("IF").unwrap();
        assert_eq!(at(&source, second), (2, 1));
        assert_eq!(at(&source, source.text.len()), (3, 1));
        assert_eq!(at(&source, 1_000), (3, 1));
        assert_eq!(source.line(1), Some("# µ €"));
        assert_eq!(source.line(2), Some("IF x"));
        assert_eq!(source.line(0), None);
        assert_eq!(source.line(9), None);
    }

    #[test]
    fn byte_order_mark_is_no_column() {
        let source = Source::new("a.cep", "\u{feff}IF");
        assert_eq!(at(&source, 3), (1, 1));
    }

    #[test]
    fn bytes_that_are_not_utf8() {
        let source = Source::from_bytes("a.cep", b"# caf\xe9\nIF".to_vec());
        let error = source.utf8_error(FileId(0)).unwrap();
        assert_eq!(error.code, Code::NotUtf8);
        assert_eq!(error.span, Span::new(FileId(0), 5, 8));
        assert!(error.label.contains("0xE9"), "{error:?}");
        assert_eq!(Source::from_bytes("a", b"IF".to_vec()).utf8_error(FileId(0)), None);
    }
}

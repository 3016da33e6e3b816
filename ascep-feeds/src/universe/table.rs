//! CSV with a header line: columns in any order, cells empty where they do not apply, each row on one line.

use std::borrow::Cow;

use super::error::LoadError;
use super::finding::{FindingKind, Place};
use super::{Refusal, Rows};
use crate::error::RowErrorKind;
use crate::native::split;
use crate::number::short;
use crate::suggest;

/// The cells of a row by the number of their column in the table of known ones.
pub(super) struct Row<'a> {
    cells: Vec<Cow<'a, str>>,
}

impl Row<'_> {
    /// A cell without blanks around it; empty where there is no such column.
    pub(super) fn get(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// The same, unless it is empty.
    pub(super) fn filled(&self, column: usize) -> Option<&str> {
        Some(self.get(column)).filter(|cell| !cell.is_empty())
    }
}

/// Reads a table whose columns are among `known`. What `has` demands of the columns is called `want`. Each row goes to `take`.
pub(super) fn read<'r>(
    bytes: &[u8],
    known: &'static [&'static str],
    (has, want): (impl Fn(&[usize]) -> bool, &'static str),
    rows: &mut Rows<'r>,
    mut take: impl FnMut(&Row<'_>, Place, &mut Rows<'r>) -> Result<(), Refusal>,
) -> Result<(), LoadError> {
    let file = rows.file.to_owned();
    let mut lines = (1..).zip(bytes.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace));
    let Some((line, header)) = lines.next() else { return Err(LoadError::Empty { file }) };
    let columns = columns(&file, line, header, known)?;
    if !has(&columns) {
        return Err(LoadError::MissingColumn { file, line, want, known });
    }
    for (line, bytes) in lines {
        let place = Place::Line(line);
        let row = cells(bytes, &columns, known.len()).map_err(|kind| (None, FindingKind::Row(kind)));
        if let Err(refusal) = row.and_then(|row| take(&row, place.clone(), rows)) {
            rows.refuse(place, refusal);
        }
    }
    Ok(())
}

/// The columns of a header as numbers in the table of known ones.
fn columns(file: &str, line: u64, header: &[u8], known: &'static [&'static str]) -> Result<Vec<usize>, LoadError> {
    let bad = |message: &str| LoadError::BadHeader { file: file.to_owned(), line, message: message.to_owned() };
    let header = std::str::from_utf8(header).map_err(|_| bad("it is not UTF-8"))?;
    let mut names = Vec::new();
    split(header, |_, name| names.push(name.trim().to_owned())).map_err(|_| bad("a quoted name does not end on the line"))?;
    let mut columns = Vec::with_capacity(known.len());
    for name in names {
        let Some((at, name)) = known.iter().enumerate().find(|(_, known)| **known == name) else {
            let near = suggest::nearest(&name, known.iter().copied());
            return Err(LoadError::UnknownColumn { file: file.to_owned(), line, column: short(&name), near, known });
        };
        if columns.contains(&at) {
            return Err(LoadError::DuplicateColumn { file: file.to_owned(), line, column: name });
        }
        columns.push(at);
    }
    Ok(columns)
}

fn cells<'a>(line: &'a [u8], columns: &[usize], known: usize) -> Result<Row<'a>, RowErrorKind> {
    let line = std::str::from_utf8(line).map_err(|_| RowErrorKind::NotUtf8)?;
    let mut cells = vec![Cow::Borrowed(""); known];
    let got = split(line, |at, text| {
        if let Some(cell) = columns.get(at).and_then(|column| cells.get_mut(*column)) {
            *cell = text;
        }
    })?;
    if got == columns.len() { Ok(Row { cells }) } else { Err(RowErrorKind::ColumnCount { want: columns.len(), got }) }
}

//! Native CSV: a header line, columns in any order, cells empty where they do not apply.

use std::io::Read;
use std::path::Path;

use super::row::{CSV_COLUMNS, Cell, CellError, Column, Row};
use crate::error::{ReadError, RowError, RowErrorKind, SourceError};
use crate::event::MarketEvent;
use crate::input::{Line, Lines};
use crate::source::{EventSource, Progress, ReadOptions, SourceCounters};
use crate::suggest;
use crate::symbols::Symbols;

/// Reads native CSV, plain or packed.
pub struct CsvReader {
    lines: Lines,
    columns: Vec<Column>,
    options: ReadOptions,
    counters: SourceCounters,
    ended: bool,
}

impl CsvReader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// When it can't be opened or its header has columns that are unknown, twice or missing.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, SourceError> {
        Self::from_lines(Lines::open(path, options.max_line)?, options)
    }

    /// Reads from anything; the name is for messages.
    ///
    /// # Errors
    /// As [`CsvReader::open`].
    pub fn new(name: &str, reader: impl Read + Send + 'static, options: ReadOptions) -> Result<Self, SourceError> {
        let lines =
            Lines::new(name, reader, options.max_line).map_err(|error| SourceError::Open { file: name.to_owned(), error, hint: None })?;
        Self::from_lines(lines, options)
    }

    pub(crate) fn from_lines(mut lines: Lines, options: ReadOptions) -> Result<Self, SourceError> {
        let file = lines.name().to_owned();
        let bad = |message: &str| SourceError::BadHeader { file: file.clone(), message: message.to_owned() };
        let header = match lines.next()? {
            None => return Err(SourceError::NoHeader { file }),
            Some(Line::TooLong) => return Err(bad("it is too long")),
            Some(Line::Bytes(bytes)) => std::str::from_utf8(bytes).map_err(|_| bad("it is not UTF-8"))?,
        };
        if header.trim().is_empty() {
            return Err(SourceError::NoHeader { file });
        }
        let mut names = Vec::new();
        split(header, |_, name| names.push(name.trim().to_owned())).map_err(|_| bad("a quoted name does not end on the line"))?;
        let columns = columns(&names, &file)?;
        Ok(Self { lines, columns, options, counters: SourceCounters::default(), ended: false })
    }

    fn refuse(&mut self, column: Option<Column>, kind: RowErrorKind) -> ReadError {
        self.counters.refused += 1;
        self.ended |= self.options.strict;
        let column = column.map(|column| column.name().to_owned());
        RowError { file: self.lines.name().to_owned(), line: self.lines.number(), column, kind }.into()
    }
}

/// The columns that the names of a header stand for.
fn columns(names: &[String], file: &str) -> Result<Vec<Column>, SourceError> {
    let known = |name: &str| Column::from_name(name).filter(|_| CSV_COLUMNS.contains(&name));
    let unknown: Vec<String> = names.iter().filter(|name| known(name).is_none()).cloned().collect();
    if !unknown.is_empty() {
        let near = unknown.iter().find_map(|name| Some((name.clone(), suggest::nearest(name, CSV_COLUMNS)?)));
        return Err(SourceError::UnknownColumns { file: file.to_owned(), columns: unknown, near });
    }
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for column in names.iter().filter_map(|name| known(name)) {
        if columns.contains(&column) {
            return Err(SourceError::DuplicateColumn { file: file.to_owned(), column: column.name() });
        }
        columns.push(column);
    }
    let missing: Vec<String> =
        [Column::Ts, Column::Symbol].iter().filter(|column| !columns.contains(column)).map(|column| column.name().to_owned()).collect();
    if missing.is_empty() { Ok(columns) } else { Err(SourceError::MissingColumns { file: file.to_owned(), columns: missing }) }
}

/// Gives the cells of a line with their places and returns how many there are. A cell never goes on on the next line, so that one open
/// quote mark can't swallow a file.
pub(crate) fn split<'a>(line: &'a str, mut cell: impl FnMut(usize, std::borrow::Cow<'a, str>)) -> Result<usize, RowErrorKind> {
    if memchr::memchr(b'"', line.as_bytes()).is_none() {
        let mut count = 0;
        for text in line.split(',') {
            cell(count, text.into());
            count += 1;
        }
        return Ok(count);
    }
    if line.bytes().filter(|&b| b == b'"').count() % 2 == 1 {
        return Err(RowErrorKind::OpenQuote);
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => {
            for (at, text) in record.iter().enumerate() {
                cell(at, text.to_owned().into());
            }
            Ok(record.len())
        }
        _ => Err(RowErrorKind::OpenQuote),
    }
}

fn read<'a>(line: &'a [u8], columns: &[Column], row: &mut Row<'a>) -> Result<(), CellError> {
    let line = std::str::from_utf8(line).map_err(|_| (None, RowErrorKind::NotUtf8))?;
    let got = split(line, |at, text| {
        if let Some(&column) = columns.get(at) {
            let cell = match text {
                std::borrow::Cow::Borrowed(text) => std::borrow::Cow::Borrowed(text.trim()),
                std::borrow::Cow::Owned(text) => std::borrow::Cow::Owned(text.trim().to_owned()),
            };
            row.set(column, if cell.is_empty() { Cell::Empty } else { Cell::Text(cell) });
        }
    })
    .map_err(|kind| (None, kind))?;
    if got == columns.len() { Ok(()) } else { Err((None, RowErrorKind::ColumnCount { want: columns.len(), got })) }
}

impl EventSource for CsvReader {
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        while !self.ended {
            let limit = self.lines.max_line();
            let event = match self.lines.next() {
                Ok(None) => break,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
                Ok(Some(Line::TooLong)) => Err((None, RowErrorKind::LineTooLong { limit })),
                Ok(Some(Line::Bytes(line))) if line.iter().all(u8::is_ascii_whitespace) => {
                    self.counters.lines += 1;
                    self.counters.blank += 1;
                    continue;
                }
                Ok(Some(Line::Bytes(line))) => {
                    let mut row = Row::default();
                    read(line, &self.columns, &mut row).and_then(|()| row.event(self.options.ts_unit, symbols))
                }
            };
            self.counters.lines += 1;
            return Some(match event {
                Ok(event) => {
                    self.counters.event_lines += 1;
                    self.counters.events += 1;
                    Ok(event)
                }
                Err((column, kind)) => Err(self.refuse(column, kind)),
            });
        }
        self.ended = true;
        None
    }

    fn name(&self) -> &str {
        self.lines.name()
    }

    fn counters(&self) -> SourceCounters {
        self.counters
    }

    fn progress(&self) -> Option<Progress> {
        Some(self.lines.progress())
    }
}

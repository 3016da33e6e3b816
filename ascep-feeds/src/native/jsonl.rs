//! Native JSONL: one object a line, the keys of the CSV columns and `bids`, `asks`. Numbers may come as numbers or as text.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::row::{Cell, CellError, Column, Row};
use crate::error::{ReadError, RowError, RowErrorKind, SourceError};
use crate::event::{Level, MAX_DEPTH, MarketEvent};
use crate::input::{Line, Lines};
use crate::number::{self, NumberError, short};
use crate::source::{EventSource, Progress, ReadOptions, SourceCounters};
use crate::suggest;
use crate::symbols::Symbols;

/// Reads native JSONL, plain or packed.
pub struct JsonlReader {
    lines: Lines,
    options: ReadOptions,
    counters: SourceCounters,
    ended: bool,
}

impl JsonlReader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, SourceError> {
        Ok(Self::from_lines(Lines::open(path, options.max_line)?, options))
    }

    /// Reads from anything; the name is for messages.
    ///
    /// # Errors
    /// When its first bytes can't be read.
    pub fn new(name: &str, reader: impl Read + Send + 'static, options: ReadOptions) -> Result<Self, SourceError> {
        let lines =
            Lines::new(name, reader, options.max_line).map_err(|error| SourceError::Open { file: name.to_owned(), error, hint: None })?;
        Ok(Self::from_lines(lines, options))
    }

    pub(crate) fn from_lines(lines: Lines, options: ReadOptions) -> Self {
        Self { lines, options, counters: SourceCounters::default(), ended: false }
    }

    fn refuse(&mut self, (column, kind): KeyError) -> ReadError {
        self.counters.refused += 1;
        self.ended |= self.options.strict;
        RowError { file: self.lines.name().to_owned(), line: self.lines.number(), column, kind }.into()
    }
}

/// Like [`CellError`], with keys that are no columns.
type KeyError = (Option<String>, RowErrorKind);

fn keyed((column, kind): CellError) -> KeyError {
    (column.map(|column| column.name().to_owned()), kind)
}

impl EventSource for JsonlReader {
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
                Ok(Some(Line::Bytes(line))) => read(line).and_then(|mut row| row.event(self.options.ts_unit, symbols).map_err(keyed)),
            };
            self.counters.lines += 1;
            return Some(match event {
                Ok(event) => {
                    self.counters.event_lines += 1;
                    self.counters.events += 1;
                    Ok(event)
                }
                Err(error) => Err(self.refuse(error)),
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

/// The cells of a line.
fn read(line: &[u8]) -> Result<Row<'_>, KeyError> {
    let text = std::str::from_utf8(line).map_err(|_| (None, RowErrorKind::NotUtf8))?;
    let not_json = |error: serde_json::Error| (None, RowErrorKind::NotJson { message: error.to_string() });
    let mut reader = serde_json::Deserializer::from_str(text);
    let (row, fault) = reader.deserialize_map(RowVisitor).map_err(not_json)?;
    reader.end().map_err(not_json)?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok(row),
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    /// The cells, and the first key that may not stand there.
    type Value = (Row<'de>, Option<KeyError>);

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = Row::default();
        let mut fault: Option<KeyError> = None;
        let mut seen = 0u32;
        while let Some(key) = map.next_key_seed(TextSeed)? {
            let Some(column) = Column::from_name(&key) else {
                map.next_value::<IgnoredAny>()?;
                let near = suggest::nearest(&key, Column::ALL.map(Column::name));
                fault.get_or_insert((Some(short(&key)), RowErrorKind::UnknownKey { near }));
                continue;
            };
            let cell = map.next_value_seed(CellSeed)?;
            let bit = 1u32 << (column as u32);
            if seen & bit != 0 {
                fault.get_or_insert((Some(column.name().to_owned()), RowErrorKind::DuplicateKey));
            }
            seen |= bit;
            row.set(column, cell);
        }
        Ok((row, fault))
    }
}

/// Text, borrowed where the JSON holds it without escapes.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct CellSeed;

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cell<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

fn text_cell(text: Cow<'_, str>) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Empty)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Other)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell<'de>, E> {
        Ok(Cell::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cell<'de>, E> {
        Ok(text_cell(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell<'de>, E> {
        Ok(text_cell(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell<'de>, A::Error> {
        let mut levels = Vec::new();
        let mut fault = None;
        let mut place = 0;
        while let Some(level) = list.next_element_seed(LevelSeed)? {
            place += 1;
            match level {
                Ok(level) if levels.len() < MAX_DEPTH => levels.push(level),
                Ok(_) => {}
                Err(Some(error)) => _ = fault.get_or_insert(RowErrorKind::Level { level: place, error }),
                Err(None) => _ = fault.get_or_insert(RowErrorKind::WrongType { want: "a list of [price, qty]" }),
            }
        }
        Ok(Cell::Levels(fault.map_or(Ok(levels), Err)))
    }
}

/// `[price, qty]`; `Err(None)` where it has another form.
struct LevelSeed;

impl<'de> DeserializeSeed<'de> for LevelSeed {
    type Value = Result<Level, Option<NumberError>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LevelSeed {
    type Value = Result<Level, Option<NumberError>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[price, qty]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut price, mut qty, mut count) = (Cell::Empty, Cell::Empty, 0usize);
        while let Some(cell) = list.next_element_seed(ScalarSeed)? {
            match count {
                0 => price = cell,
                1 => qty = cell,
                _ => {}
            }
            count += 1;
        }
        if count != 2 {
            return Ok(Err(None));
        }
        Ok(level(&price, &qty))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Err(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Err(None))
    }
}

/// As [`CellSeed`], but a list is only stepped over, so that lists in lists go no deeper.
struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cell<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Cell<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number")
    }

    fn visit_unit<E>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Empty)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Other)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Cell<'de>, E> {
        CellSeed.visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Cell<'de>, E> {
        CellSeed.visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Cell<'de>, E> {
        CellSeed.visit_f64(value)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cell<'de>, E> {
        Ok(text_cell(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell<'de>, E> {
        Ok(text_cell(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell<'de>, A::Error> {
        CellSeed.visit_map(map)
    }
}

fn level(price: &Cell<'_>, qty: &Cell<'_>) -> Result<Level, Option<NumberError>> {
    let number = |cell: &Cell<'_>| match cell {
        Cell::Text(text) => number::decimal(text).map_err(Some),
        #[expect(clippy::cast_precision_loss, reason = "an integer beyond 2^53 becomes the nearest double, as text would")]
        Cell::Integer(value) => Ok(*value as f64),
        Cell::Float(value) => Ok(*value),
        _ => Err(None),
    };
    let (price, qty) = (number(price)?, number(qty)?);
    let price = number::price(price, || price.to_string()).map_err(Some)?;
    let qty = number::quantity(qty, || qty.to_string()).map_err(Some)?;
    Ok(Level { price, qty })
}

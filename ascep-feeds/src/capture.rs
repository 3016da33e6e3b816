//! Raw captures: `<receive time in ns> <frame as it came>` on each line, one file a connection. Reading goes through the parser of the
//! venue, as live. A line `<ns> {"ascep":"disconnect","symbols":[..]}` stands where the recorder itself saw the feed change.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{ReadError, RowError, RowErrorKind, SourceError};
use crate::event::{MarketEvent, Payload, Status, Timestamp};
use crate::input::{Line, Lines};
use crate::source::{EventSource, Progress, ReadOptions, SourceCounters};
use crate::symbols::Symbols;
use crate::venue::{Frame, FrameParser, ParserCounters, Venue};

/// What a line of the recorder's own begins with.
const OWN: &[u8] = b"{\"ascep\":";

#[derive(Serialize, Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    ascep: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    symbols: Vec<std::borrow::Cow<'a, str>>,
}

/// Reads the capture of one connection.
pub struct CaptureReader {
    lines: Lines,
    parser: Box<dyn FrameParser>,
    options: ReadOptions,
    counters: SourceCounters,
    waiting: VecDeque<MarketEvent>,
    events: Vec<MarketEvent>,
    ended: bool,
}

impl CaptureReader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it can't be opened, or its first line is not that of a capture.
    pub fn open(path: &Path, venue: Venue, options: ReadOptions) -> Result<Self, SourceError> {
        Self::from_lines(Lines::open(path, options.max_line)?, venue, options)
    }

    /// Reads from anything, through any parser; the name is for messages.
    ///
    /// # Errors
    /// When its first bytes can't be read.
    pub fn new(
        name: &str,
        reader: impl Read + Send + 'static,
        parser: Box<dyn FrameParser>,
        options: ReadOptions,
    ) -> Result<Self, SourceError> {
        let lines =
            Lines::new(name, reader, options.max_line).map_err(|error| SourceError::Open { file: name.to_owned(), error, hint: None })?;
        Ok(Self::with_parser(lines, parser, options))
    }

    pub(crate) fn from_lines(mut lines: Lines, venue: Venue, options: ReadOptions) -> Result<Self, SourceError> {
        if matches!(lines.peek()?, Some(Line::Bytes(line)) if looks_native(line)) {
            return Err(venue.not_a_capture(lines.name()));
        }
        Ok(Self::with_parser(lines, venue.parser(), options))
    }

    fn with_parser(lines: Lines, parser: Box<dyn FrameParser>, options: ReadOptions) -> Self {
        let counters = SourceCounters::default();
        Self { lines, parser, options, counters, waiting: VecDeque::new(), events: Vec::new(), ended: false }
    }

    fn refuse(&mut self, kind: RowErrorKind) -> ReadError {
        self.counters.refused += 1;
        self.ended |= self.options.strict;
        RowError { file: self.lines.name().to_owned(), line: self.lines.number(), column: None, kind }.into()
    }

    /// Reads a line into `events`.
    fn line(&mut self, symbols: &mut Symbols) -> Result<Option<Result<(), RowErrorKind>>, SourceError> {
        let limit = self.lines.max_line();
        let line = match self.lines.next()? {
            None => return Ok(None),
            Some(Line::TooLong) => {
                self.counters.lines += 1;
                return Ok(Some(Err(RowErrorKind::LineTooLong { limit })));
            }
            Some(Line::Bytes(line)) => line,
        };
        self.counters.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            self.counters.blank += 1;
            return Ok(Some(Ok(())));
        }
        let Some((ts, frame)) = split(line) else { return Ok(Some(Err(RowErrorKind::NoReceiveTime))) };
        if frame.starts_with(OWN) {
            match own(ts, frame, symbols, &mut self.events) {
                Ok(true) => self.counters.event_lines += 1,
                Ok(false) => self.counters.unknown += 1,
                Err(kind) => return Ok(Some(Err(kind))),
            }
            return Ok(Some(Ok(())));
        }
        match self.parser.frame(ts, frame, symbols, &mut self.events) {
            Ok(Frame::Events { .. }) => self.counters.event_lines += 1,
            Ok(Frame::Control(_)) => self.counters.control += 1,
            Ok(Frame::Skipped) => self.counters.skipped += 1,
            Ok(Frame::Unknown) => self.counters.unknown += 1,
            Err(error) => return Ok(Some(Err(error.into()))),
        }
        Ok(Some(Ok(())))
    }
}

/// The statuses of a line of the recorder's own; false where it is none that is known here. A loss that names no symbol, or one that is none, is an
/// error and no event: whoever reads it would take what was lost for known.
fn own(ts: Timestamp, frame: &[u8], symbols: &mut Symbols, out: &mut Vec<MarketEvent>) -> Result<bool, RowErrorKind> {
    let Ok(own) = serde_json::from_slice::<Own<'_>>(frame) else { return Ok(false) };
    let Some(status) = Status::from_name(&own.ascep) else { return Ok(false) };
    if own.symbols.is_empty() && status.loss().is_some() {
        return Err(RowErrorKind::LossOfNothing { status: status.name() });
    }
    let mut bad = None;
    for name in &own.symbols {
        match symbols.intern(name) {
            Ok(symbol) => out.push(MarketEvent { ts, venue_ts: None, symbol, payload: Payload::Status(status) }),
            Err(error) => bad = bad.or(Some(error)),
        }
    }
    match bad {
        // One that can't be named takes nothing of the others.
        Some(error) if out.is_empty() => Err(RowErrorKind::Symbol(error)),
        _ => Ok(true),
    }
}

/// Whether a line is one of native CSV or JSONL.
pub(crate) fn looks_native(line: &[u8]) -> bool {
    split(line).is_none()
        && line.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|&b| b == b'{' || b.is_ascii_alphabetic() || b == b'"')
}

/// The time of receipt and the frame.
pub(crate) fn split(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let end = memchr::memchr(b' ', line)?;
    let (ts, frame) = (line.get(..end)?, line.get(end + 1..)?);
    if !ts.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((std::str::from_utf8(ts).ok()?.parse().ok()?, frame))
}

impl EventSource for CaptureReader {
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.counters.events += 1;
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.line(symbols) {
                Ok(Some(Ok(()))) => self.waiting.extend(self.events.drain(..)),
                Ok(Some(Err(kind))) => return Some(Err(self.refuse(kind))),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }

    fn name(&self) -> &str {
        self.lines.name()
    }

    fn counters(&self) -> SourceCounters {
        let ParserCounters { scanned, fell_back } = self.parser.counters();
        SourceCounters { scanned, fell_back, ..self.counters }
    }

    fn progress(&self) -> Option<Progress> {
        Some(self.lines.progress())
    }
}

/// Writes the capture of one connection.
pub struct CaptureWriter<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> CaptureWriter<W> {
    /// Writes nothing yet: a capture has no header.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }

    /// Writes a frame. The ends of lines inside it become blanks: JSON has them only between its tokens.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn frame(&mut self, recv_ts: Timestamp, frame: &[u8]) -> io::Result<()> {
        self.line.clear();
        write!(self.line, "{recv_ts} ")?;
        self.line.extend(frame.iter().map(|&b| if matches!(b, b'\n' | b'\r') { b' ' } else { b }));
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    /// Writes what became of the feed of some symbols.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn status<'a>(&mut self, recv_ts: Timestamp, status: Status, names: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let own = Own { ascep: status.name().into(), symbols: names.into_iter().map(Into::into).collect() };
        let json = serde_json::to_vec(&own).map_err(io::Error::from)?;
        self.frame(recv_ts, &json)
    }

    /// Hands on what the writer below holds back.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Hands everything on and gives the writer back.
    ///
    /// # Errors
    /// When something can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

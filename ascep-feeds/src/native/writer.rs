//! Events back to the native format. What the readers make of it is the same event, bit for bit.

use std::io::{self, Write};

use crate::event::{Level, MarketEvent, Payload, Side};
use crate::native::CSV_COLUMNS;
use crate::symbols::Symbols;

/// Why an event is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file can't be written.
    #[error("can't write: {0}")]
    Io(#[from] io::Error),
    /// CSV has no columns for the levels of a book.
    #[error("a book can't be written as CSV; JSONL has `bids` and `asks`")]
    Book,
    /// The native format has no statuses of a feed; raw captures do.
    #[error("the status of a feed can't be written as a row")]
    Status,
}

impl From<csv::Error> for WriteError {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

/// Writes native CSV.
pub struct CsvWriter<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When the header can't be written.
    pub fn new(out: W) -> Result<Self, WriteError> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(CSV_COLUMNS)?;
        Ok(Self { out })
    }

    /// Writes a trade or a quote.
    ///
    /// # Errors
    /// When it is something else, or can't be written.
    pub fn write(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), WriteError> {
        let known = |value: f64| if value.is_nan() { String::new() } else { value.to_string() };
        let none = String::new;
        let (kind, numbers) = match &event.payload {
            Payload::Trade(trade) => {
                let side = side(trade.side).to_owned();
                ("trade", [known(trade.price), known(trade.qty), side, none(), none(), none(), none()])
            }
            Payload::Quote(quote) => {
                ("quote", [none(), none(), none(), known(quote.bid), known(quote.ask), known(quote.bid_qty), known(quote.ask_qty)])
            }
            Payload::Book(_) => return Err(WriteError::Book),
            Payload::Status(_) => return Err(WriteError::Status),
        };
        let (ts, venue_ts) = (event.ts.to_string(), event.venue_ts.map_or_else(none, |ts| ts.to_string()));
        let head = [ts.as_str(), symbols.name(event.symbol), kind];
        self.out.write_record(head.into_iter().chain(numbers.iter().map(String::as_str)).chain([venue_ts.as_str()]))?;
        Ok(())
    }

    /// Hands everything on and gives the writer back.
    ///
    /// # Errors
    /// When something can't be written.
    pub fn finish(self) -> Result<W, WriteError> {
        self.out.into_inner().map_err(|error| WriteError::Io(error.into_error()))
    }
}

fn side(side: Option<Side>) -> &'static str {
    match side {
        Some(Side::Buy) => "buy",
        Some(Side::Sell) => "sell",
        None => "",
    }
}

/// Writes native JSONL.
pub struct JsonlWriter<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> JsonlWriter<W> {
    /// Writes nothing yet.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }

    /// Writes a trade, a quote or a book.
    ///
    /// # Errors
    /// When it is something else, or can't be written.
    pub fn write(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), WriteError> {
        let line = &mut self.line;
        line.clear();
        write!(line, "{{\"ts\":{},\"symbol\":", event.ts)?;
        serde_json::to_writer(&mut *line, symbols.name(event.symbol)).map_err(io::Error::from)?;
        match &event.payload {
            Payload::Trade(trade) => {
                write!(line, ",\"kind\":\"trade\"")?;
                number(line, "price", trade.price)?;
                number(line, "qty", trade.qty)?;
                if trade.side.is_some() {
                    write!(line, ",\"side\":\"{}\"", side(trade.side))?;
                }
            }
            Payload::Quote(quote) => {
                write!(line, ",\"kind\":\"quote\"")?;
                number(line, "bid", quote.bid)?;
                number(line, "ask", quote.ask)?;
                number(line, "bid_qty", quote.bid_qty)?;
                number(line, "ask_qty", quote.ask_qty)?;
            }
            Payload::Book(book) => {
                write!(line, ",\"kind\":\"book\"")?;
                levels(line, "bids", &book.bids)?;
                levels(line, "asks", &book.asks)?;
            }
            Payload::Status(_) => return Err(WriteError::Status),
        }
        if let Some(ts) = event.venue_ts {
            write!(line, ",\"venue_ts\":{ts}")?;
        }
        line.extend_from_slice(b"}\n");
        self.out.write_all(line)?;
        Ok(())
    }

    /// Hands everything on and gives the writer back.
    ///
    /// # Errors
    /// When something can't be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn number(line: &mut Vec<u8>, key: &str, value: f64) -> Result<(), WriteError> {
    if !value.is_nan() {
        write!(line, ",\"{key}\":{value}")?;
    }
    Ok(())
}

fn levels(line: &mut Vec<u8>, key: &str, levels: &[Level]) -> Result<(), WriteError> {
    write!(line, ",\"{key}\":[")?;
    for (at, level) in levels.iter().enumerate() {
        write!(line, "{}[{},{}]", if at == 0 { "" } else { "," }, level.price, level.qty)?;
    }
    line.push(b']');
    Ok(())
}

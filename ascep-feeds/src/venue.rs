//! What a venue has to give: a parser of the frames of one connection. Everything that differs between venues (names, messages,
//! sequence numbers, checksums, books) lies behind [`FrameParser`]; reading captures, reconnecting and counting do not know it.

use crate::binance;
use crate::error::SourceError;
use crate::event::{MarketEvent, Timestamp};
use crate::number::NumberError;
use crate::suggest;
use crate::symbols::{SymbolError, Symbols};

/// A venue whose frames can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Venue {
    /// Binance spot.
    Binance,
}

impl Venue {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Binance];

    /// As symbols, SPECs and paths name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binance => binance::NAME,
        }
    }

    /// The reverse of [`Venue::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| venue.name() == name)
    }

    /// A venue whose name is like this one.
    #[must_use]
    pub fn nearest(name: &str) -> Option<Self> {
        suggest::nearest(name, Self::ALL.map(Self::name)).and_then(Self::from_name)
    }

    /// A parser for one connection, which finds out by itself what the symbols of the venue mean.
    #[must_use]
    pub fn parser(self) -> Box<dyn FrameParser> {
        match self {
            Self::Binance => Box::new(binance::Parser::new(binance::SymbolTable::default())),
        }
    }

    pub(crate) fn not_a_capture(self, file: &str) -> SourceError {
        SourceError::NotACapture { file: file.to_owned(), venue: self.name() }
    }
}

/// Turns the frames of one connection into events. It keeps what the venue's rules need from frame to frame; a new connection has a new
/// parser, so that sequences and books of the old one can't leak into it.
pub trait FrameParser: Send {
    /// Reads one frame and appends its events, each with `ts = recv_ts`. After an error nothing was appended, and the next frame can be read.
    ///
    /// # Errors
    /// When the frame is no message of the venue, or one with a field that can't be.
    fn frame(&mut self, recv_ts: Timestamp, frame: &[u8], symbols: &mut Symbols, out: &mut Vec<MarketEvent>) -> Result<Frame, FrameError>;

    /// How the frames so far were read. All zeros where a parser has only one way.
    fn counters(&self) -> ParserCounters {
        ParserCounters::default()
    }
}

/// How frames were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParserCounters {
    /// Of the form in which the venue sends them, read in one pass.
    pub scanned: u64,
    /// Of another form, read by the slower decoder that takes any.
    pub fell_back: u64,
}

/// What a frame was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// It gave events. The id grows from message to message of one symbol and stream; by it the same message on two connections is known.
    Events {
        /// Which stream of the symbol.
        stream: Stream,
        /// The venue's id of the message, where it has one.
        id: Option<u64>,
    },
    /// About the connection.
    Control(Control),
    /// Understood, but it gives no event.
    Skipped,
    /// Of a type not known here.
    Unknown,
}

/// A stream of messages of a symbol with ids of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Best bid and ask.
    Quotes,
    /// Trades.
    Trades,
    /// Levels of a book.
    Book,
}

/// A message about the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A request was taken.
    Ack {
        /// Of the request.
        id: Option<u64>,
    },
    /// A request was refused, or the venue complains.
    Refused {
        /// Of the request, if it is about one.
        id: Option<u64>,
        /// The venue's code.
        code: i64,
        /// The venue's words, shortened.
        message: String,
    },
    /// The server will close soon: a new connection is wanted.
    Shutdown,
    /// Heartbeats and greetings.
    Other,
}

/// Why a frame can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Cut off, or not JSON at all.
    #[error("the frame is not JSON: {message}")]
    NotJson {
        /// What the JSON reader says, with the column.
        message: String,
    },
    /// A message without a field that it must have.
    #[error("{message} without `{field}`")]
    Missing {
        /// The type of the message.
        message: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A field of the wrong type.
    #[error("{message}: `{field}` is not {want}")]
    WrongType {
        /// The type of the message.
        message: &'static str,
        /// The field.
        field: &'static str,
        /// What it must be.
        want: &'static str,
    },
    /// A number that can't be.
    #[error("{message}: `{field}`: {error}")]
    Number {
        /// The type of the message.
        message: &'static str,
        /// The field.
        field: &'static str,
        /// Why.
        error: NumberError,
    },
    /// A symbol that can't be taken apart.
    #[error("{symbol:?} can't be told apart into base and quote asset")]
    UnknownSymbol {
        /// As the venue writes it, shortened.
        symbol: String,
    },
    /// A symbol that can't be the name of an instrument.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
}

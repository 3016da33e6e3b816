//! What can be wrong with a row and with a source as a whole. A message says where and what; `help` says the way out.

use std::fmt::Write as _;
use std::io;

use crate::number::NumberError;
use crate::symbols::SymbolError;
use crate::time::TimeError;
use crate::venue::FrameError;

/// A row or frame that can't be read. It is counted and left out; the source goes on unless it is strict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{kind}", place(column.as_deref()))]
pub struct RowError {
    /// The name of the source.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column or key, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub kind: RowErrorKind,
}

fn place(column: Option<&str>) -> String {
    let mut out = String::new();
    if let Some(column) = column {
        let _ = write!(out, "`{}`: ", column.escape_debug());
    }
    out
}

impl RowError {
    /// A short word for the kind of error, for counting and for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        self.kind.help()
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowErrorKind {
    /// Longer than the setting allows.
    #[error("the line has more than {limit} bytes")]
    LineTooLong {
        /// The setting.
        limit: usize,
    },
    /// Bytes that are no text.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// Fewer or more cells than the header has.
    #[error("the row has {got} columns, the header {want}")]
    ColumnCount {
        /// Of the header.
        want: usize,
        /// Of the row.
        got: usize,
    },
    /// A quote mark without its partner.
    #[error("a quoted cell does not end on its line")]
    OpenQuote,
    /// Not one JSON object.
    #[error("not a JSON object: {message}")]
    NotJson {
        /// What the JSON reader says, with the column.
        message: String,
    },
    /// A key that means nothing here.
    #[error("unknown key{}", near.as_deref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// A known key like it.
        near: Option<&'static str>,
    },
    /// A key twice.
    #[error("stands twice")]
    DuplicateKey,
    /// A value of the wrong JSON type.
    #[error("must be {want}")]
    WrongType {
        /// What it must be.
        want: &'static str,
    },
    /// A cell that every row of this kind needs.
    #[error("is empty")]
    Empty,
    /// A number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A symbol.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// Neither `buy` nor `sell`.
    #[error("{text:?} is no side")]
    NotASide {
        /// As it stands there, shortened.
        text: String,
    },
    /// Not `trade`, `quote` or `book`.
    #[error("{text:?} is no kind of event")]
    NotAKind {
        /// As it stands there, shortened.
        text: String,
    },
    /// The filled columns do not say what it is.
    #[error("the row is neither trade, quote nor book: nothing is filled in")]
    NoKind,
    /// Columns of two kinds are filled.
    #[error("is of a {its}, but the row is a {kind}")]
    MixedKinds {
        /// Whose column it is.
        its: &'static str,
        /// What the row is.
        kind: &'static str,
    },
    /// A level of a book.
    #[error("level {level}: {error}")]
    Level {
        /// From 1.
        level: usize,
        /// What is wrong with it.
        error: NumberError,
    },
    /// A line of a capture that does not begin with a time.
    #[error("the line does not begin with a time of receipt in ns and a blank")]
    NoReceiveTime,
    /// A loss that the recorder noted without saying of what.
    #[error("a recorded `{status}` names no symbol: what was lost is not known")]
    LossOfNothing {
        /// What became of the feed.
        status: &'static str,
    },
    /// A frame of a venue.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl RowErrorKind {
    /// A short word for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LineTooLong { .. } => "line_too_long",
            Self::NotUtf8 => "not_utf8",
            Self::ColumnCount { .. } => "column_count",
            Self::OpenQuote => "open_quote",
            Self::NotJson { .. } => "not_json",
            Self::UnknownKey { .. } => "unknown_key",
            Self::DuplicateKey => "duplicate_key",
            Self::WrongType { .. } => "wrong_type",
            Self::Empty => "empty",
            Self::Number(error) | Self::Level { error, .. } => match error {
                NumberError::NotANumber { .. } => "not_a_number",
                NumberError::NotFinite { .. } => "not_finite",
                NumberError::NegativeQuantity { .. } => "negative_quantity",
                NumberError::NotAPrice { .. } => "not_a_price",
            },
            Self::Time(_) => "time",
            Self::Symbol(_) => "symbol",
            Self::NotASide { .. } => "side",
            Self::NotAKind { .. } => "kind",
            Self::NoKind => "no_kind",
            Self::MixedKinds { .. } => "mixed_kinds",
            Self::NoReceiveTime => "no_receive_time",
            Self::LossOfNothing { .. } => "loss_of_nothing",
            Self::Frame(_) => "frame",
        }
    }

    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::LineTooLong { .. } => "raise the longest line in the reader's settings, or split the line",
            Self::NotUtf8 => "store the file as UTF-8",
            Self::ColumnCount { .. } => "give each row as many commas as the header line has; leave a cell empty where it does not apply",
            Self::OpenQuote => "close the quote mark, or leave quotes out: no column needs them",
            Self::NotJson { .. } => "write one object a line, as in {\"ts\":1,\"symbol\":\"BTC/USDT\",\"price\":60000}",
            Self::UnknownKey { .. } => {
                "leave it out; the keys are ts, symbol, kind, price, qty, side, bid, ask, bid_qty, ask_qty, bids, asks, venue_ts"
            }
            Self::DuplicateKey => "leave one of the two out",
            Self::WrongType { .. } => "see the table of keys in the documentation of recorded events",
            Self::Empty => "fill the cell in",
            Self::Number(NumberError::NotANumber { .. }) => {
                "write digits with a point, as in 61837.63; leave the cell empty where nothing is known"
            }
            Self::Number(NumberError::NotFinite { .. }) => "leave the cell empty where the number is not known",
            Self::Number(NumberError::NegativeQuantity { .. }) => "write the quantity without sign and the aggressor in `side`",
            Self::Number(NumberError::NotAPrice { .. }) => "leave the cell empty where a side has no price",
            Self::Level { .. } => "give each level as [price, qty], the price above 0, and leave empty levels out",
            Self::Time(TimeError::NotATime { .. }) => "write an integer (`--ts-unit` says its unit) or 2024-08-08T21:30:00Z",
            Self::Time(_) => "check the unit: `--ts-unit ns|us|ms|s`",
            Self::Symbol(_) => "write it as BTC/USDT or binance:BTC/USDT",
            Self::NotASide { .. } => "write `buy` or `sell`, the aggressor's side, or leave it empty",
            Self::NotAKind { .. } => "write `trade`, `quote` or `book`, or leave it empty where the filled columns say it",
            Self::NoKind => "fill in `price` for a trade, `bid` or `ask` for a quote, `bids` and `asks` for a book",
            Self::MixedKinds { .. } => "write trades and quotes on rows of their own",
            Self::NoReceiveTime => "a capture has `<receive time in ns> <frame>` on each line",
            Self::LossOfNothing { .. } => "name the symbols, as in {\"ascep\":\"gap\",\"symbols\":[\"binance:BTC/USDT\"]}",
            Self::Frame(_) => "if the venue has changed its messages, keep the frame for a bug report",
        }
        .to_owned()
    }
}

/// The last whole line, where there is one.
fn after(line: u64) -> String {
    if line == 0 { String::new() } else { format!(" after line {line}") }
}

/// Why a source can't be opened, or ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file can't be opened.
    #[error("can't open {file}: {error}")]
    Open {
        /// The path as it was given.
        file: String,
        /// What the system says.
        error: io::Error,
        /// The way out, where the path itself suggests one.
        hint: Option<String>,
    },
    /// Reading stopped.
    #[error("{file}: reading stopped{}: {error}", after(*line))]
    Read {
        /// The name of the source.
        file: String,
        /// The last whole line.
        line: u64,
        /// What the system or the decompressor says.
        error: io::Error,
    },
    /// Compressed data that end in the middle.
    #[error("{file}: the {format} data end in the middle{}", after(*line).replace(" after", ", after"))]
    Truncated {
        /// The name of the source.
        file: String,
        /// The last whole line.
        line: u64,
        /// `gzip` or `zstd`.
        format: &'static str,
    },
    /// A CSV file without a line.
    #[error("{file}: no header line")]
    NoHeader {
        /// The name of the source.
        file: String,
    },
    /// A header that can't be split into names.
    #[error("{file}:1: the header line can't be read: {message}")]
    BadHeader {
        /// The name of the source.
        file: String,
        /// Why.
        message: String,
    },
    /// Columns that mean nothing here.
    #[error("{file}:1: unknown column{} {}", if columns.len() == 1 { "" } else { "s" }, ticked(columns))]
    UnknownColumns {
        /// The name of the source.
        file: String,
        /// Those columns.
        columns: Vec<String>,
        /// A known column like the first of them that has one.
        near: Option<(String, &'static str)>,
    },
    /// A column twice.
    #[error("{file}:1: the column `{column}` stands twice")]
    DuplicateColumn {
        /// The name of the source.
        file: String,
        /// The column.
        column: &'static str,
    },
    /// Columns that every file needs.
    #[error("{file}:1: no column {}", ticked(columns))]
    MissingColumns {
        /// The name of the source.
        file: String,
        /// Those columns.
        columns: Vec<String>,
    },
    /// A raw capture, and nobody said whose.
    #[error("{file} is a raw capture, and its lines do not say of which venue")]
    WhoseCapture {
        /// The name of the source.
        file: String,
    },
    /// A venue was named, but the file is no capture.
    #[error("{file} is no raw capture of {venue}: its first line does not begin with a time of receipt")]
    NotACapture {
        /// The name of the source.
        file: String,
        /// The venue that was named.
        venue: &'static str,
    },
}

fn ticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", name.escape_debug())).collect::<Vec<_>>().join(", ")
}

impl SourceError {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Open { hint: Some(hint), .. } => hint.clone(),
            Self::Open { .. } => "check the path".to_owned(),
            Self::Read { .. } => "check the file; what stood before it was read".to_owned(),
            Self::Truncated { .. } => "fetch or write the file again; what stood before the cut was read".to_owned(),
            Self::NoHeader { .. } | Self::BadHeader { .. } => "begin with a header line such as ts,symbol,price,qty,side".to_owned(),
            Self::UnknownColumns { near: Some((column, near)), .. } => format!("did you mean `{near}` for `{}`?", column.escape_debug()),
            Self::UnknownColumns { .. } => {
                format!("the first line must be the header; the columns are {}; leave others out", crate::native::CSV_COLUMNS.join(", "))
            }
            Self::DuplicateColumn { .. } => "leave one of the two out".to_owned(),
            Self::MissingColumns { .. } => "every row needs a time and a symbol: add the columns".to_owned(),
            Self::WhoseCapture { .. } => format!("put the venue before the path, as in `{}:PATH`", crate::venue::Venue::Binance.name()),
            Self::NotACapture { venue, .. } => format!("leave `{venue}:` out for native CSV or JSONL"),
        }
    }
}

/// What a source gives in place of an event.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// One row is left out; the source goes on, unless it is strict.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The source has ended here.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl ReadError {
    /// Whether the source has ended.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Source(_))
    }

    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Row(error) => error.help(),
            Self::Source(error) => error.help(),
        }
    }
}

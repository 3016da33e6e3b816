//! Why a file is not read as a universe or as a table of fees at all.

use crate::error::SourceError;

/// A file of which nothing is taken. Rows that are wrong are [findings](super::Finding) and leave the others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It can't be opened or read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is longer than the setting allows.
    #[error("{file}: more than {limit} bytes")]
    TooLong {
        /// The name of the source.
        file: String,
        /// The setting.
        limit: usize,
    },
    /// There is nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The name of the source.
        file: String,
    },
    /// JSON that is broken.
    #[error("{file}:{line}:{column}: not JSON: {message}")]
    NotJson {
        /// The name of the source.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the JSON reader says.
        message: String,
    },
    /// JSON of another kind.
    #[error("{file}: no {want}: it has no {key}")]
    NotThat {
        /// The name of the source.
        file: String,
        /// What it should be.
        want: &'static str,
        /// What is missing.
        key: &'static str,
    },
    /// The venue gave an error in place of its markets.
    #[error("{file}: the venue answered with an error: {message}")]
    Refused {
        /// The name of the source.
        file: String,
        /// What it says.
        message: String,
    },
    /// A header line that can't be split into names.
    #[error("{file}:{line}: the header line can't be read: {message}")]
    BadHeader {
        /// The name of the source.
        file: String,
        /// Its line.
        line: u64,
        /// Why.
        message: String,
    },
    /// A column that means nothing here.
    #[error("{file}:{line}: unknown column `{}`", column.escape_debug())]
    UnknownColumn {
        /// The name of the source.
        file: String,
        /// The line of the header.
        line: u64,
        /// As it stands there, shortened.
        column: String,
        /// A known column like it.
        near: Option<&'static str>,
        /// The columns.
        known: &'static [&'static str],
    },
    /// A column twice.
    #[error("{file}:{line}: the column `{column}` stands twice")]
    DuplicateColumn {
        /// The name of the source.
        file: String,
        /// The line of the header.
        line: u64,
        /// The column.
        column: &'static str,
    },
    /// Columns that every file needs.
    #[error("{file}:{line}: no column {want}")]
    MissingColumn {
        /// The name of the source.
        file: String,
        /// The line of the header.
        line: u64,
        /// Which.
        want: &'static str,
        /// The columns.
        known: &'static [&'static str],
    },
}

impl LoadError {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Source(SourceError::Read { .. }) => "check the file; nothing is taken of a universe or fees that can't be read to the end".to_owned(),
            Self::Source(SourceError::Truncated { .. }) => "fetch or write the file again; nothing is taken of a half".to_owned(),
            Self::Source(error) => error.help(),
            Self::TooLong { .. } => "raise the limit in the loader's settings, or leave markets out that are of no interest".to_owned(),
            Self::Empty { .. } => {
                "give a venue's answer (exchangeInfo, AssetPairs, products) or CSV with a header line such as symbol,tick,lot".to_owned()
            }
            Self::NotJson { .. } => "fetch or write the file again; a half of a universe is none".to_owned(),
            Self::NotThat { .. } => {
                "the answers that are read are Binance's exchangeInfo, Kraken's AssetPairs and Coinbase's products; others can be given in CSV"
                    .to_owned()
            }
            Self::Refused { .. } => "ask the venue again".to_owned(),
            Self::BadHeader { .. } => "begin with a header line, names with commas between them, in UTF-8".to_owned(),
            Self::UnknownColumn { near: Some(near), column, .. } => format!("did you mean `{near}` for `{}`?", column.escape_debug()),
            Self::UnknownColumn { known, .. } | Self::MissingColumn { known, .. } => {
                format!("the first line must be the header; the columns are {}; leave others out", known.join(", "))
            }
            Self::DuplicateColumn { .. } => "leave one of the two out".to_owned(),
        }
    }
}

//! What is found to be wrong in a universe or a table of fees: a place, what is wrong there, what became of it, and the way out.

use std::fmt;

use ascep_runtime::arbitrage::{FeeError, UniverseError};

use crate::error::RowErrorKind;
use crate::number::NumberError;

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of a CSV file, from 1.
    Line(u64),
    /// An entry of a venue's answer.
    Entry {
        /// Its number, from 1.
        number: u64,
        /// The venue's name for the market; empty where it has none.
        name: String,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The name of the source.
    pub file: String,
    /// Where.
    pub place: Place,
    /// The column or key, where one is to blame.
    pub key: Option<String>,
    /// What.
    pub kind: FindingKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FindingKind {
    /// A line that is no row of the table.
    #[error(transparent)]
    Row(RowErrorKind),
    /// An entry that is not what the venue gives.
    #[error("not an entry of the venue's answer: {message}")]
    Entry {
        /// What the JSON reader says.
        message: String,
    },
    /// A cell or key that every row needs.
    #[error("is missing")]
    Missing,
    /// A number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A word that is not known.
    #[error("{text:?} is not known; it is {want}")]
    Word {
        /// As it stands there, shortened.
        text: String,
        /// The words that are.
        want: &'static str,
    },
    /// Names of assets that can't be told from each other.
    #[error("the assets of {text:?} can't be told from its names")]
    Assets {
        /// The venue's name for the market, shortened.
        text: String,
    },
    /// A market that the universe does not take.
    #[error(transparent)]
    Market(#[from] UniverseError),
    /// A fee that the table does not take.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// A fee that can be, but hardly is.
    #[error("a taker's fee of {fee}, which is {} %: is it meant?", fee * 100.0)]
    HighFee {
        /// Its value.
        fee: f64,
    },
    /// What the venue says of a market's state is not known here.
    #[error("the status {text:?} is not known")]
    UnknownStatus {
        /// As it stands there, shortened.
        text: String,
    },
}

impl FindingKind {
    /// A short word for it, for counting and for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Row(kind) => kind.code(),
            Self::Entry { .. } => "entry",
            Self::Missing => "missing",
            Self::Number(_) => "number",
            Self::Word { .. } => "word",
            Self::Assets { .. } => "assets",
            Self::Market(UniverseError::Duplicate { .. }) => "duplicate_market",
            Self::Market(UniverseError::SameAsset { .. }) => "same_asset",
            Self::Market(UniverseError::Filter { .. }) => "filter",
            Self::Market(UniverseError::Haircut { .. }) => "haircut",
            Self::Market(UniverseError::TooMany) => "too_many",
            Self::Market(_) => "name",
            Self::Fee(FeeError::Duplicate { .. }) => "duplicate_fee",
            Self::Fee(FeeError::Volume { .. }) => "volume",
            Self::Fee(_) => "fee",
            Self::HighFee { .. } => "high_fee",
            Self::UnknownStatus { .. } => "unknown_status",
        }
    }

    /// Whether the row is left out. The others are kept, and are worth a look.
    #[must_use]
    pub fn refuses(&self) -> bool {
        !matches!(self, Self::HighFee { .. } | Self::UnknownStatus { .. })
    }

    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Row(kind) => return kind.help(),
            Self::Entry { .. } => "if the venue has changed its answer, keep it for a bug report; or give the market in CSV",
            Self::Missing => "fill it in, or leave the row out",
            Self::Number(_) => "write digits with a point, as in 0.001; leave the cell empty where nothing is demanded",
            Self::Word { .. } => "write one of those words, or leave the cell empty",
            Self::Assets { .. } => "give the market in CSV, with its base and quote",
            Self::Market(UniverseError::Duplicate { .. }) => "leave one of the two out; the first counts",
            Self::Market(UniverseError::SameAsset { .. }) => "leave it out: no way leads through it",
            Self::Market(UniverseError::Filter { .. }) => "write what the venue demands, or leave the cell empty",
            Self::Market(UniverseError::Haircut { .. }) => "write the part that is taken off, as in 0.001, 0.1% or 10bp",
            Self::Market(UniverseError::TooMany) => "leave markets out that are of no interest",
            Self::Market(_) => "write it as BTC/USDT or binance:BTC/USDT",
            Self::Fee(FeeError::Duplicate { .. }) => "leave one of the two out; the first counts",
            Self::Fee(FeeError::Volume { .. }) => "write the traded volume from which on the fee holds, 0 for the first tier",
            Self::Fee(_) => "write it as a part of what is exchanged: 0.001, 0.1% or 10bp; a rebate with a minus",
            Self::HighFee { .. } => "0.001, 0.1% and 10bp are one tenth of a percent; if it is meant, nothing has to be done",
            Self::UnknownStatus { .. } => {
                "the market is kept and no way leads through it; if it does trade, give it in CSV with status `trading`"
            }
        }
        .to_owned()
    }
}

impl Finding {
    /// A short word for what is wrong, for counting and for scripts.
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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Line(line) => write!(f, "{}:{line}: ", self.file)?,
            Place::Entry { number, name } if name.is_empty() => write!(f, "{}: entry {number}: ", self.file)?,
            Place::Entry { number, name } => write!(f, "{}: entry {number}, `{}`: ", self.file, name.escape_debug())?,
        }
        if let Some(key) = &self.key {
            write!(f, "`{}`: ", key.escape_debug())?;
        }
        write!(f, "{}", self.kind)
    }
}

/// What was found, in the order of the files: the first of it, and how much more there was.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    list: Vec<Finding>,
    limit: usize,
    more: u64,
    refused: u64,
}

impl Findings {
    /// None yet; at most `limit` will be kept.
    pub(crate) fn new(limit: usize) -> Self {
        Self { list: Vec::new(), limit, more: 0, refused: 0 }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.refused += u64::from(finding.kind.refuses());
        if self.list.len() < self.limit {
            self.list.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Those that are kept.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Finding> {
        self.list.iter()
    }

    /// How many there were beyond those that are kept.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.more
    }

    /// How many rows were left out.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.more == 0
    }
}

//! Universes and fees from files: what a venue says of its markets (Binance's `exchangeInfo`, Kraken's `AssetPairs`, Coinbase's `products`), and
//! CSV. All of it ends in a [`Universe`] and [`FeeTable`]s; what they mean is the business of `ascep_runtime::arbitrage`.
//!
//! A row that is wrong is a [`Finding`] with a place and a way out, and leaves all others; a file that is no universe at all is a [`LoadError`], and
//! nothing is taken of it. How strict to be with findings is the caller's business.
//!
//! ```
//! use ascep_feeds::universe::{Loader, UniverseFormat};
//!
//! let mut loader = Loader::new();
//! loader.read_bytes("my.csv", b"symbol,tick,lot\nokx:BTC/USDT,0.1,0.0001\nokx:ETH/USDT,0,0.001\n", &"csv:my.csv".parse()?)?;
//! loader.read_fees_bytes("fees.csv", b"venue,taker,maker\nokx,10bp,8bp\n")?;
//! let loaded = loader.finish();
//! assert_eq!(loaded.universe.len(), 1);
//! assert_eq!(loaded.resolve()?, [0.001]);
//! let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
//! assert_eq!(findings, ["my.csv:3: market `okx:ETH/USDT`: tick of 0 is not a number above 0; leave it out where there is none"]);
//! # let _ = UniverseFormat::Csv;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod binance;
mod coinbase;
mod csv;
mod error;
mod fees;
mod finding;
mod kraken;
mod number;
mod spec;
mod table;

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use ascep_runtime::arbitrage::{FeeError, FeeRow, FeeTable, MarketSpec, Status, Tier, Universe};

pub use self::csv::UNIVERSE_COLUMNS;
pub use self::error::LoadError;
pub use self::fees::FEE_COLUMNS;
pub use self::finding::{Finding, FindingKind, Findings, Place};
pub use self::spec::{UniverseFormat, UniverseSpec, UniverseSpecError};
use crate::error::SourceError;
use crate::input;
use crate::number::short;

/// The most bytes of a file, unpacked, unless told otherwise.
pub const DEFAULT_MAX_BYTES: usize = 256 << 20;
/// The most findings that are kept unless told otherwise.
pub const DEFAULT_MAX_FINDINGS: usize = 100;

/// Reads universes and tables of fees, one file after the other, into one of each.
#[derive(Debug, Clone)]
pub struct Loader {
    max_bytes: usize,
    loaded: Loaded,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// All markets of all files.
    pub universe: Universe,
    /// The fees of the tables that were given.
    pub fees: FeeTable,
    /// The fees that venues list beside their markets.
    pub listed: FeeTable,
    /// What is wrong.
    pub findings: Findings,
    /// How much of what.
    pub counters: LoadCounters,
}

/// How much was read. Every row is in exactly one of `markets`, `equal`, `fees`, `left_out`, `refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadCounters {
    /// Rows of CSV and entries of answers.
    pub rows: u64,
    /// Markets of the universe.
    pub markets: u64,
    /// Declarations that two assets are equal.
    pub equal: u64,
    /// Rows of tables of fees.
    pub fees: u64,
    /// Entries that are understood and no market of a public book (Kraken's dark pools).
    pub left_out: u64,
    /// Rows that are wrong.
    pub refused: u64,
    /// Of the markets those that trade.
    pub trading: u64,
    /// Of the markets those whose status is not known here.
    pub unknown_status: u64,
    /// Fees that venues list beside their markets, a line for each tier.
    pub listed_fees: u64,
}

impl Default for Loader {
    fn default() -> Self {
        Self::new()
    }
}

impl Loader {
    /// One that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_bytes: DEFAULT_MAX_BYTES,
            loaded: Loaded {
                universe: Universe::new(),
                fees: FeeTable::new(),
                listed: FeeTable::new(),
                findings: Findings::new(DEFAULT_MAX_FINDINGS),
                counters: LoadCounters::default(),
            },
        }
    }

    /// Files may have this many bytes, unpacked.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// This many findings are kept; those that come beyond are counted. To be said before anything is read.
    #[must_use]
    pub fn with_max_findings(mut self, limit: usize) -> Self {
        self.loaded.findings = Findings::new(limit);
        self
    }

    /// Reads a universe, plain or packed with gzip or zstd.
    ///
    /// # Errors
    /// Where the file can't be read, or is none.
    pub fn read(&mut self, spec: &UniverseSpec) -> Result<(), LoadError> {
        let (name, file) = open(&spec.path)?;
        self.read_from(&name, file, spec)
    }

    /// The same from bytes, plain or packed; the name is for messages.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_bytes(&mut self, name: &str, bytes: &[u8], spec: &UniverseSpec) -> Result<(), LoadError> {
        self.read_from(name, Cursor::new(bytes.to_vec()), spec)
    }

    fn read_from(&mut self, name: &str, reader: impl Read + Send + 'static, spec: &UniverseSpec) -> Result<(), LoadError> {
        let bytes = self.bytes(name, reader)?;
        let mut rows = Rows { loaded: &mut self.loaded, file: name };
        let venue = |own: &'static str| spec.venue.as_deref().unwrap_or(own);
        match answer::tell(name, &bytes, spec.format)? {
            answer::Answer::Binance(symbols) => {
                for (number, raw) in (1..).zip(symbols) {
                    binance::entry(raw, number, venue("binance"), &mut rows);
                }
            }
            answer::Answer::Kraken(pairs) => {
                for (number, (key, raw)) in (1..).zip(pairs) {
                    kraken::entry(&key, raw, number, venue("kraken"), &mut rows);
                }
            }
            answer::Answer::Coinbase(products) => {
                for (number, raw) in (1..).zip(products) {
                    coinbase::entry(raw, number, venue("coinbase"), &mut rows);
                }
            }
            answer::Answer::Csv => csv::read(&bytes, venue(""), &mut rows)?,
        }
        Ok(())
    }

    /// Reads a table of fees: CSV with a header line and the columns of [`FEE_COLUMNS`], plain or packed.
    ///
    /// # Errors
    /// Where the file can't be read, or is none.
    pub fn read_fees(&mut self, path: &Path) -> Result<(), LoadError> {
        let (name, file) = open(path)?;
        let bytes = self.bytes(&name, file)?;
        fees::read(&bytes, &mut Rows { loaded: &mut self.loaded, file: &name })
    }

    /// The same from bytes, plain or packed; the name is for messages.
    ///
    /// # Errors
    /// As [`read_fees`](Self::read_fees).
    pub fn read_fees_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), LoadError> {
        let bytes = self.bytes(name, Cursor::new(bytes.to_vec()))?;
        fees::read(&bytes, &mut Rows { loaded: &mut self.loaded, file: name })
    }

    fn bytes(&self, name: &str, reader: impl Read + Send + 'static) -> Result<Vec<u8>, LoadError> {
        let mut bytes = input::whole(name, reader, self.max_bytes)?;
        if bytes.len() > self.max_bytes {
            return Err(LoadError::TooLong { file: name.to_owned(), limit: self.max_bytes });
        }
        if bytes.starts_with("\u{feff}".as_bytes()) {
            bytes.drain(..3);
        }
        Ok(bytes)
    }

    /// What has been read so far.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// What has been read.
    #[must_use]
    pub fn finish(self) -> Loaded {
        self.loaded
    }
}

impl Loaded {
    /// Says which tier counts on a venue.
    pub fn set_tier(&mut self, venue: &str, tier: &Tier) {
        self.fees.set_tier(venue, tier.clone());
        self.listed.set_tier(venue, tier.clone());
    }

    /// The taker's fee on each market, in the order of the universe: that of the tables that were given, and where they say nothing the one that the
    /// venue lists.
    ///
    /// # Errors
    /// Where a market that trades has no fee, or a venue has no such tier.
    pub fn resolve(&self) -> Result<Vec<f64>, FeeError> {
        self.fees.resolve_or(&self.listed, &self.universe)
    }
}

fn open(path: &Path) -> Result<(String, File), LoadError> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((name, file)),
        Err(error) => Err(SourceError::Open { file: name, error, hint: spec::hint(path) }.into()),
    }
}

/// Where the rows of a file go.
struct Rows<'a> {
    loaded: &'a mut Loaded,
    file: &'a str,
}

/// Why a row is not taken, and which of its cells is to blame.
type Refusal = (Option<&'static str>, FindingKind);

impl Rows<'_> {
    fn find(&mut self, place: Place, key: Option<&str>, kind: FindingKind) {
        let finding = Finding { file: self.file.to_owned(), place, key: key.map(str::to_owned), kind };
        self.loaded.findings.add(finding);
    }

    fn refuse(&mut self, place: Place, (key, kind): Refusal) {
        self.loaded.counters.rows += 1;
        self.loaded.counters.refused += 1;
        self.find(place, key, kind);
    }

    fn leave_out(&mut self) {
        self.loaded.counters.rows += 1;
        self.loaded.counters.left_out += 1;
    }

    /// A market, with the word for its status that was not understood. Gives whether it is taken.
    fn market(&mut self, place: Place, spec: &MarketSpec, unknown: Option<&str>) -> bool {
        if let Err(error) = self.loaded.universe.add(spec) {
            self.refuse(place, (None, error.into()));
            return false;
        }
        let counters = &mut self.loaded.counters;
        counters.rows += 1;
        counters.markets += 1;
        counters.trading += u64::from(spec.status == Status::Trading);
        if let Some(word) = unknown {
            counters.unknown_status += 1;
            self.find(place, None, FindingKind::UnknownStatus { text: short(word) });
        }
        true
    }

    fn equal(&mut self, place: Place, a: &str, b: &str, haircut: f64) {
        match self.loaded.universe.assume_equal(a, b, haircut) {
            Ok(_) => {
                self.loaded.counters.rows += 1;
                self.loaded.counters.equal += 1;
            }
            Err(error) => self.refuse(place, (None, error.into())),
        }
    }

    /// A fee that a venue lists beside a market. One that is wrong is told, and the market stays without it.
    fn listed(&mut self, place: &Place, row: FeeRow) {
        match self.loaded.listed.add(row) {
            Ok(()) => self.loaded.counters.listed_fees += 1,
            Err(error) => self.find(place.clone(), Some("fees"), error.into()),
        }
    }
}

/// What a word for the state of a market means on the venues that are known here. Nothing at all means that it trades.
fn status(word: &str) -> Status {
    match word.to_ascii_lowercase().as_str() {
        "" | "trading" | "online" | "limit_only" => Status::Trading,
        "halted" | "halt" | "break" | "pre_trading" | "post_trading" | "end_of_day" | "auction_match" | "cancel_only" | "post_only"
        | "reduce_only" | "maintenance" | "work_in_progress" | "offline" | "internal" | "delisted" | "delisting" => Status::Halted,
        _ => Status::Unknown,
    }
}

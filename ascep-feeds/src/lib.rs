//! Market data for ASCEP: recorded files in the native CSV and JSONL format, raw captures of a venue's frames, a simulated market, and
//! venues live over WebSocket. Everything here ends in a [`MarketEvent`]; what rules make of it is the engine's business.
//!
//! Recorded data are pulled ([`EventSource`]), live feeds push through a bounded queue. A bad row or frame is a value with a place
//! and a way out ([`RowError`]), counted and left out; nothing in here panics or prints.
//!
//! ```
//! use ascep_feeds::{EventSource, Payload, ReadError, ReadOptions, Symbols, native::CsvReader};
//!
//! let file = "ts,symbol,price,bid,ask\n1,BTC/USDT,60000,,\n2,BTC/USDT,-5,,\n3,BTC/USDT,,59999,60001\n";
//! let mut source = CsvReader::new("ticks.csv", file.as_bytes(), ReadOptions::default())?;
//! let mut symbols = Symbols::new();
//! let mut bids = Vec::new();
//! while let Some(next) = source.next_event(&mut symbols) {
//!     match next {
//!         Ok(event) => if let Payload::Quote(quote) = event.payload { bids.push((symbols.name(event.symbol).to_owned(), quote.bid)) },
//!         Err(ReadError::Row(error)) => assert_eq!(error.to_string(), "ticks.csv:3: `price`: the price -5 is not above 0"),
//!         Err(ReadError::Source(error)) => return Err(error),
//!     }
//! }
//! assert_eq!(bids, [("BTC/USDT".to_owned(), 59999.0)]);
//! # Ok::<(), ascep_feeds::SourceError>(())
//! ```

pub mod binance;
pub mod capture;
pub mod error;
pub mod event;
mod guard;
mod input;
pub mod live;
pub mod merge;
pub mod native;
mod number;
pub mod open;
pub mod order;
pub mod record;
pub mod sim;
pub mod source;
pub mod spec;
mod suggest;
pub mod symbols;
pub mod time;
pub mod universe;
pub mod venue;

pub use error::{ReadError, RowError, RowErrorKind, SourceError};
pub use event::{MarketEvent, Payload, Status};
pub use live::{FeedCounters, LiveConfig, LiveError, LiveFeed, LiveItem, LiveReceiver, LiveSender, Recv, StopHandle};
pub use merge::Merge;
pub use number::NumberError;
pub use open::open_data;
pub use order::{LatePolicy, LateStatistic, Order, OrderCounters, TimePolicy};
pub use sim::{Sim, SimOptions};
pub use source::{EventSource, Progress, ReadOptions, SourceCounters};
pub use spec::{DataSpec, FeedSpec, SpecError};
pub use symbols::{SymbolId, Symbols};
pub use time::TsUnit;
pub use venue::Venue;

//! Live feeds. Each runs on a thread of its own (tokio, one thread) and hands events to a bounded queue; the evaluating thread pulls them
//! from there. What is special to a venue is its [`ConnectionPlan`] and its parser.

mod counters;
mod limit;
mod overlap;
mod plan;
mod queue;
mod settings;
mod socket;
mod supervisor;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;

pub use self::counters::FeedCounters;
pub use self::plan::{ConnectionPlan, Request};
pub use self::queue::{DEFAULT_QUEUE, LiveReceiver, LiveSender, Recv, channel};
pub use self::settings::Settings;
use crate::binance;
use crate::event::{MarketEvent, Timestamp};
use crate::record::{ConnectionRecord, RecordError};
use crate::spec::VenueSpec;
use crate::symbols::{SymbolError, Symbols};
use crate::venue::Venue;

/// An event of a live feed.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveItem {
    /// Which feed, as it was numbered when it was started.
    pub feed: usize,
    /// When it was received, in ns since 1970; also the `ts` of the event.
    pub recv_ts: Timestamp,
    /// The event.
    pub event: MarketEvent,
}

/// What a live feed is started with.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// A number for it, which its items carry.
    pub feed: usize,
    /// The venue, its options, and symbols without venue.
    pub spec: VenueSpec,
    /// Waits, sizes, limits.
    pub settings: Settings,
    /// Where the raw frames are recorded, one file a connection.
    pub record: Option<PathBuf>,
}

/// Why a live feed can't start, or failed for good.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Nothing to subscribe.
    #[error("the feed has no symbol")]
    NoSymbols,
    /// A name that can't be that of an instrument.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// A symbol that the venue can't have.
    #[error("`{symbol}` can't be a symbol of {venue}: it needs a base and a quote asset, as in BTC/USDT")]
    NotAPair {
        /// The venue.
        venue: &'static str,
        /// The symbol.
        symbol: String,
    },
    /// No connection ever worked.
    #[error("can't connect to {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the last attempt said.
        reason: String,
    },
    /// The venue refused a subscription.
    #[error("the venue refused the subscription with code {code}: {message}")]
    Refused {
        /// The venue's code.
        code: i64,
        /// The venue's words, shortened.
        message: String,
    },
    /// What was received can't be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The system gave no thread or no event loop.
    #[error("can't start the thread of the feed: {0}")]
    Thread(io::Error),
    /// The thread of the feed ended without saying why: a fault of the library.
    #[error("the thread of the feed ended unexpectedly")]
    Ended,
}

impl LiveError {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoSymbols => "name symbols in the rules or after the feed, as in `binance:BTC/USDT`",
            Self::Symbol(_) | Self::NotAPair { .. } => "write it as BTC/USDT",
            Self::Unreachable { .. } => "check the network and the address; `?url=` gives another address; `sim` needs no network",
            Self::Refused { .. } => "check the symbols",
            Self::Record(_) => "choose another directory for `--record`",
            Self::Thread(_) => "the system has no thread or no file descriptor left",
            Self::Ended => "start it again, and report what the feed had just been sent",
        }
        .to_owned()
    }
}

/// A live feed that runs. Dropping it stops it.
pub struct LiveFeed {
    stop: watch::Sender<bool>,
    shared: Arc<counters::Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Stops a live feed from anywhere.
#[derive(Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl StopHandle {
    /// Asks the feed to stop; what is in the queue stays there.
    pub fn stop(&self) {
        let _ = self.0.send(true);
    }
}

impl LiveFeed {
    /// Starts a feed. Its symbols are entered into the table as `venue:BASE/QUOTE`, and its items carry those ids.
    ///
    /// # Errors
    /// When there is no symbol, one can't be of the venue, or the directory of the record can't be written. What goes wrong later comes
    /// through the queue.
    pub fn start(config: LiveConfig, symbols: &mut Symbols, out: LiveSender) -> Result<Self, LiveError> {
        let LiveConfig { feed, spec, settings, record } = config;
        let settings = settings.bounded();
        if spec.symbols.is_empty() {
            return Err(LiveError::NoSymbols);
        }
        let plans = match spec.venue {
            Venue::Binance => binance::plan(&spec, &settings, symbols)?,
        };
        let start = socket::now();
        let mut with_records = Vec::new();
        for (at, plan) in plans.into_iter().enumerate() {
            let file = record.as_ref().map(|dir| ConnectionRecord::create(dir, spec.venue.name(), feed, at, start)).transpose()?;
            with_records.push((plan, file));
        }
        // Without a default the TLS library would look for one and give up where the host brings several.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LiveError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(counters::Shared::default());
        let (names, counters) = (symbols.clone(), Arc::clone(&shared));
        let work = move || {
            // A panic must not look like the end of the data.
            let mut farewell = Farewell { out: out.clone(), feed, said: false };
            let result = runtime.block_on(async {
                let supervisor = supervisor::Supervisor::new(feed, settings, with_records, names, out.clone(), counters);
                supervisor.run(stopped).await
            });
            if let Err(error) = result {
                out.fail(feed, error);
            }
            farewell.said = true;
        };
        let thread = std::thread::Builder::new().name(format!("feed-{}", spec.venue.name())).spawn(work).map_err(LiveError::Thread)?;
        Ok(Self { stop, shared, thread: Some(thread) })
    }

    /// Something that stops it from elsewhere.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(self.stop.clone())
    }

    /// What it did so far.
    #[must_use]
    pub fn counters(&self) -> FeedCounters {
        self.shared.get()
    }

    /// The last thing that went wrong: a lost connection, a complaint of the venue, a frame that can't be read.
    #[must_use]
    pub fn last_trouble(&self) -> Option<String> {
        self.shared.last_trouble()
    }

    /// Stops it and waits until its thread has ended and its record is written.
    pub fn stop(mut self) -> FeedCounters {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.shared.get()
    }
}

/// Says that a feed failed, if its thread ends before it has said how it ended.
struct Farewell {
    out: LiveSender,
    feed: usize,
    said: bool,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        if !self.said {
            self.out.fail(self.feed, LiveError::Ended);
        }
    }
}

impl Drop for LiveFeed {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

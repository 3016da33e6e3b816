//! Market events as the engine takes them. Numbers are plain `f64`; a side or quantity that the venue did not give is [`MISSING`].

/// Nanoseconds since 1970, UTC.
pub type Timestamp = i64;

/// What stands for a number that the venue did not give: unknown in a rule.
pub const MISSING: f64 = f64::NAN;

/// The most levels of a side of a book that the engine looks at; deeper ones are ignored.
pub const MAX_DEPTH: usize = 20;

/// An instrument that the program names, from [`Engine::instrument`](crate::Engine::instrument).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// An instrument that no rule names: its events move the clock and nothing else.
    pub const UNNAMED: Self = Self(u32::MAX);
}

/// The aggressor of a trade.
pub use ascep_lang::program::Side;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event<'a> {
    /// Event time.
    pub ts: Timestamp,
    /// The venue's own time, where `ts` is the time of receipt.
    pub venue_ts: Option<Timestamp>,
    /// Whose.
    pub instrument: InstrumentId,
    /// What happened.
    pub payload: Payload<'a>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u32)]
pub enum Payload<'a> {
    /// A trade.
    Trade(Trade),
    /// The best bid and ask, a full picture: a side that is missing is unknown.
    Quote(Quote),
    /// The top levels, best first, a full picture; also a quote.
    Book(Book<'a>),
    /// What was known of the instrument no longer is, for this reason. Every market function of it is unknown until the next trade, quote
    /// or book; it is no quote and no trade, and `age` goes on from the last real event.
    Forget(Loss),
}

/// Why what was known of an instrument no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// Messages of its feed were lost: what it is now may be in one of them.
    Gap,
    /// The venue began anew.
    Reset,
    /// Nothing came for longer than the feed's limit.
    Stale,
    /// The connection is lost.
    Disconnect,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gap, Self::Reset, Self::Stale, Self::Disconnect];

    /// As captures and outputs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Reset => "reset",
            Self::Stale => "stale",
            Self::Disconnect => "disconnect",
        }
    }
}

/// A trade.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Trade {
    /// Finite and above 0.
    pub price: f64,
    /// Finite and not negative, or [`MISSING`].
    pub qty: f64,
    /// The aggressor's.
    pub side: Option<Side>,
}

/// The best bid and ask; each finite (prices above 0, quantities not negative) or [`MISSING`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Quote {
    /// Best bid.
    pub bid: f64,
    /// Best ask.
    pub ask: f64,
    /// Quantity at the bid.
    pub bid_qty: f64,
    /// Quantity at the ask.
    pub ask_qty: f64,
}

/// The top of a book.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Book<'a> {
    /// Best (highest) first.
    pub bids: &'a [Level],
    /// Best (lowest) first.
    pub asks: &'a [Level],
}

/// A level of a book: a finite price above 0, a finite quantity that is not negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Price.
    pub price: f64,
    /// Quantity.
    pub qty: f64,
}

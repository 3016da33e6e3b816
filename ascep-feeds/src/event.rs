//! One event of a market, owned, as every source here gives it. What the engine takes borrows from it: [`MarketEvent::to_engine`].

use ascep_runtime::event as engine;
pub use ascep_runtime::event::{InstrumentId, Level, MAX_DEPTH, MISSING, Quote, Side, Timestamp, Trade};

use crate::symbols::SymbolId;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketEvent {
    /// Event time in ns since 1970, UTC; of a live feed and of a capture the time of receipt.
    pub ts: Timestamp,
    /// The venue's own time, where `ts` is the time of receipt and the venue gives one.
    pub venue_ts: Option<Timestamp>,
    /// Whose.
    pub symbol: SymbolId,
    /// What happened.
    pub payload: Payload,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A trade.
    Trade(Trade),
    /// The best bid and ask, a full picture: a side that is missing is [`MISSING`].
    Quote(Quote),
    /// The top levels.
    Book(Box<Book>),
    /// Something about the feed itself.
    Status(Status),
}

/// The top levels of a book, a full picture; at most [`MAX_DEPTH`] a side are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    /// Highest first.
    pub bids: Vec<Level>,
    /// Lowest first.
    pub asks: Vec<Level>,
}

/// What became of the feed of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Messages were lost: what was known may be wrong, what comes after them is good.
    Gap,
    /// The venue began anew: what was known before holds no more.
    Reset,
    /// Nothing came for longer than the feed's limit.
    Stale,
    /// The connection is lost.
    Disconnect,
    /// A new connection carries the symbol after a [`Status::Disconnect`].
    Reconnect,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Gap, Self::Reset, Self::Stale, Self::Disconnect, Self::Reconnect];

    /// As captures write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Reset => "reset",
            Self::Stale => "stale",
            Self::Disconnect => "disconnect",
            Self::Reconnect => "reconnect",
        }
    }

    /// The reverse of [`Status::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Why what was known of the symbol is known no more; none where it still is.
    #[must_use]
    pub fn loss(self) -> Option<engine::Loss> {
        match self {
            Self::Gap => Some(engine::Loss::Gap),
            Self::Reset => Some(engine::Loss::Reset),
            Self::Stale => Some(engine::Loss::Stale),
            Self::Disconnect => Some(engine::Loss::Disconnect),
            Self::Reconnect => None,
        }
    }
}

impl MarketEvent {
    /// As the engine takes it.
    ///
    /// A status after which nothing is known ([`Status::loss`]) makes the engine forget the instrument. A reconnect gives `None`: the next
    /// quote says what is known again.
    #[must_use]
    pub fn to_engine(&self, instrument: InstrumentId) -> Option<engine::Event<'_>> {
        let payload = match &self.payload {
            Payload::Trade(trade) => engine::Payload::Trade(*trade),
            Payload::Quote(quote) => engine::Payload::Quote(*quote),
            Payload::Book(book) => engine::Payload::Book(engine::Book { bids: &book.bids, asks: &book.asks }),
            Payload::Status(status) => engine::Payload::Forget(status.loss()?),
        };
        Some(engine::Event { ts: self.ts, venue_ts: self.venue_ts, instrument, payload })
    }

    /// Whether it is a quote or a book, of which only the newest matters to one who is behind.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        matches!(self.payload, Payload::Quote(_) | Payload::Book(_))
    }
}

/// A quote of which nothing is known.
pub const NO_QUOTE: Quote = Quote { bid: MISSING, ask: MISSING, bid_qty: MISSING, ask_qty: MISSING };

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn status(status: Status) -> MarketEvent {
        MarketEvent { ts: 5, venue_ts: None, symbol: SymbolId(0), payload: Payload::Status(status) }
    }

    #[test]
    fn a_status_that_forgets_makes_the_engine_forget() {
        for loss in engine::Loss::ALL {
            let status = status(Status::from_name(loss.name()).unwrap());
            assert_eq!(status.to_engine(InstrumentId(3)).unwrap().payload, engine::Payload::Forget(loss));
        }
        assert!(status(Status::Reconnect).to_engine(InstrumentId(3)).is_none());
    }

    #[test]
    fn status_names_go_both_ways() {
        for one in Status::ALL {
            assert_eq!(Status::from_name(one.name()), Some(one));
        }
        assert_eq!(Status::from_name("?"), None);
    }
}

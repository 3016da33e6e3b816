//! What is known of each instrument: its last trade, quote and book, and the numbers read from them.

use ascep_lang::program::{MarketField, Side};
use ascep_native::{MarketLine, TradeLine, side as sides};

use crate::error::EventError;
use crate::event::{Book, Event, Level, MAX_DEPTH, Payload, Quote, Trade};
use crate::ops::num::finite;
use crate::plan::{Reading, ReadingField};
use crate::snapshot::{Reader, Writer};
use crate::value::{UNKNOWN, UNKNOWN_INT, level, put};

/// What a market function needs of an event to be at an instant: some of these bits.
pub(crate) mod touch {
    /// A trade.
    pub(crate) const TRADE: u8 = 1;
    /// A quote or a book.
    pub(crate) const QUOTE: u8 = 2;
    /// A quote or a book before the first trade.
    pub(crate) const QUOTE_UNTRADED: u8 = 4;
    /// A book.
    pub(crate) const BOOK: u8 = 8;
    /// All is forgotten.
    pub(crate) const FORGET: u8 = 16;
    /// Any event.
    pub(crate) const ANY: u8 = TRADE | QUOTE;
    /// What each class of events touches; an event's class is its index.
    pub(crate) const CLASSES: [u8; 6] = [TRADE, QUOTE, QUOTE | QUOTE_UNTRADED, QUOTE | BOOK, QUOTE | QUOTE_UNTRADED | BOOK, FORGET];
}

/// The number of [classes](touch::CLASSES) of events.
pub(crate) const CLASSES: u32 = 6;

/// The class of an event that makes an instrument forget.
pub(crate) const FORGET: u32 = 5;

/// The part of a quantity that may be left by rounding where a book holds all of it: seven levels of 0.1 are 0.7.
const ROUNDING: f64 = 1e-12;

/// The top levels of a book.
#[derive(Debug, Clone)]
struct Levels {
    bids: [Level; MAX_DEPTH],
    asks: [Level; MAX_DEPTH],
    bid_count: usize,
    ask_count: usize,
}

const NO_BOOK: u32 = u32::MAX;

/// What is known of an instrument but for the numbers of its last trade; the rest is which of the books is its.
pub(crate) type Hot = MarketLine<u32>;

/// What a snapshot had of an instrument.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loaded {
    pub(crate) market: bool,
    /// Levels of its book.
    pub(crate) book: bool,
}

/// The state of all instruments.
#[derive(Debug)]
pub(crate) struct Market {
    pub(crate) hot: Vec<Hot>,
    pub(crate) trades: Vec<TradeLine>,
    books: Vec<Levels>,
}

impl Market {
    /// One instrument for each item, which says whether the levels of its books are kept.
    pub(crate) fn new(keeps_books: &[bool]) -> Self {
        let mut books = Vec::with_capacity(keeps_books.iter().filter(|keeps| **keeps).count());
        let empty = Level { price: f64::NAN, qty: f64::NAN };
        let hot: Vec<Hot> = keeps_books
            .iter()
            .map(|&keeps| {
                let book = if keeps { u32::try_from(books.len()).unwrap_or(NO_BOOK) } else { NO_BOOK };
                if keeps {
                    books.push(Levels { bids: [empty; MAX_DEPTH], asks: [empty; MAX_DEPTH], bid_count: 0, ask_count: 0 });
                }
                unknown(book)
            })
            .collect();
        Self { trades: vec![TradeLine::UNKNOWN; hot.len()], hot, books }
    }

    /// Bytes held for so many instruments and books.
    pub(crate) fn bytes(instruments: usize, books: usize) -> usize {
        instruments.saturating_mul(size_of::<Hot>() + size_of::<TradeLine>()).saturating_add(books.saturating_mul(size_of::<Levels>()))
    }

    /// Takes an event as of `ts` and gives its class.
    pub(crate) fn apply(&mut self, instrument: u32, ts: i64, venue_ts: Option<i64>, payload: &Payload<'_>) -> u32 {
        let (Some(state), Some(trade)) = (self.hot.get_mut(instrument as usize), self.trades.get_mut(instrument as usize)) else {
            return 0;
        };
        if matches!(payload, Payload::Forget(_)) {
            *state = Hot { trade_ts: state.trade_ts, quote_ts: state.quote_ts, ..unknown(state.rest) };
            *trade = TradeLine::UNKNOWN;
            if let Some(levels) = self.books.get_mut(state.rest as usize) {
                (levels.bid_count, levels.ask_count) = (0, 0);
            }
            return 5;
        }
        state.venue_ts = venue_ts.unwrap_or(UNKNOWN_INT);
        let untraded = u32::from(state.traded == 0);
        match payload {
            Payload::Trade(Trade { price, qty, side }) => {
                *trade = TradeLine { price: *price, qty: canonical(*qty) };
                state.trade_ts = ts;
                (state.side, state.traded) = (side_of(*side), 1);
                0
            }
            Payload::Quote(quote) => {
                state.quote_ts = ts;
                set_quote(state, quote);
                1 + untraded
            }
            Payload::Book(Book { bids, asks }) => {
                let best = |side: &[Level]| side.first().map_or((f64::NAN, f64::NAN), |level| (level.price, level.qty));
                let ((bid, bid_qty), (ask, ask_qty)) = (best(bids), best(asks));
                state.quote_ts = ts;
                set_quote(state, &Quote { bid, ask, bid_qty, ask_qty });
                if let Some(levels) = self.books.get_mut(state.rest as usize) {
                    levels.bid_count = copy(&mut levels.bids, bids);
                    levels.ask_count = copy(&mut levels.asks, asks);
                }
                3 + untraded
            }
            Payload::Forget(_) => 5,
        }
    }

    /// What is known of an instrument, for a snapshot.
    pub(crate) fn write(&self, instrument: u32, out: &mut Writer) {
        let (Some(state), Some(trade)) = (self.hot.get(instrument as usize), self.trades.get(instrument as usize)) else { return };
        let Hot { bid, ask, bid_qty, ask_qty, quote_ts, venue_ts, traded, rest: book, .. } = *state;
        let ts = ts_of(state);
        let TradeLine { price: last, qty } = *trade;
        [last, qty, bid, ask, bid_qty, ask_qty].into_iter().for_each(|x| out.num(x));
        out.word(match side_at(state) {
            None => 0,
            Some(Side::Buy) => 1,
            Some(Side::Sell) => 2,
        });
        out.flag(traded != 0);
        [ts, quote_ts, venue_ts].into_iter().for_each(|ts| out.int(ts));
        let levels = self.books.get(book as usize);
        out.flag(levels.is_some());
        for (side, count) in levels.iter().flat_map(|levels| [(&levels.bids, levels.bid_count), (&levels.asks, levels.ask_count)]) {
            out.count(count);
            for level in side.iter().take(count) {
                out.num(level.price);
                out.num(level.qty);
            }
        }
    }

    /// What is known of an instrument, from a snapshot. Levels of a book that is not kept any more are passed over.
    pub(crate) fn read_state(&mut self, instrument: u32, from: &mut Reader<'_>) -> Option<Loaded> {
        let (state, trade) = (self.hot.get_mut(instrument as usize)?, self.trades.get_mut(instrument as usize)?);
        let mut number = || from.num().filter(|x| x.is_finite() || x.to_bits() == f64::NAN.to_bits());
        let [last, qty, bid, ask, bid_qty, ask_qty] = [number()?, number()?, number()?, number()?, number()?, number()?];
        let side = match from.word()? {
            0 => None,
            1 => Some(Side::Buy),
            2 => Some(Side::Sell),
            _ => return None,
        };
        let (traded, ts, quote_ts, venue_ts) = (from.flag()?, from.int()?, from.int()?, from.int()?);
        // Of two times the last is known, and that of the quote.
        let trade_ts = if ts > quote_ts { ts } else { UNKNOWN_INT };
        *state = Hot {
            bid,
            ask,
            bid_qty,
            ask_qty,
            trade_ts,
            quote_ts,
            venue_ts,
            traded: u8::from(traded),
            side: side_of(side),
            rest: state.rest,
        };
        *trade = TradeLine { price: last, qty };
        let mut levels = self.books.get_mut(state.rest as usize);
        let has_book = from.flag()?;
        for is_bid in if has_book { &[true, false][..] } else { &[] } {
            let count = from.count(MAX_DEPTH)?;
            for place in 0..count {
                let (price, qty) = (from.num()?, from.num()?);
                (price.is_finite() && qty.is_finite()).then_some(())?;
                if let Some(levels) = &mut levels {
                    let side = if *is_bid { &mut levels.bids } else { &mut levels.asks };
                    *side.get_mut(place)? = Level { price, qty };
                }
            }
            if let Some(levels) = &mut levels {
                *(if *is_bid { &mut levels.bid_count } else { &mut levels.ask_count }) = count;
            }
        }
        Some(Loaded { market: true, book: has_book })
    }

    /// A field that is a number.
    pub(crate) fn number(&self, instrument: u32, field: MarketField) -> f64 {
        match (self.hot.get(instrument as usize), self.trades.get(instrument as usize)) {
            (Some(state), Some(trade)) => number_of(state, trade, field),
            _ => f64::NAN,
        }
    }

    /// What slots hold of an instrument, each to its slot.
    #[inline]
    pub(crate) fn read(&self, instrument: u32, readings: &[Reading], slots: &mut [u64]) {
        for &Reading { field, slot, .. } in readings {
            let bits = match field {
                ReadingField::Number(field) => self.number(instrument, field).to_bits(),
                ReadingField::SideIs(side) => u64::from(side_is(self.side(instrument), side)),
            };
            put(slots, slot, bits);
        }
    }

    /// Price and quantity of the last trade; NaN stands for what is unknown.
    pub(crate) fn last_trade(&self, instrument: u32) -> (f64, f64) {
        self.trades.get(instrument as usize).map_or((f64::NAN, f64::NAN), |trade| (trade.price, trade.qty))
    }

    /// The last quote if it has both sides, the bid below the ask.
    pub(crate) fn quote(&self, instrument: u32) -> Option<Quote> {
        let Hot { bid, ask, bid_qty, ask_qty, .. } = *self.hot.get(instrument as usize)?;
        (bid < ask).then_some(Quote { bid, ask, bid_qty, ask_qty })
    }

    /// The time of the last quote, or [`UNKNOWN_INT`].
    pub(crate) fn quote_ts(&self, instrument: u32) -> i64 {
        self.hot.get(instrument as usize).map_or(UNKNOWN_INT, |state| state.quote_ts)
    }

    /// The aggressor of the last trade.
    pub(crate) fn side(&self, instrument: u32) -> Option<Side> {
        self.hot.get(instrument as usize).and_then(side_at)
    }

    /// The time of the last event, or [`UNKNOWN_INT`].
    pub(crate) fn last_ts(&self, instrument: u32) -> i64 {
        self.hot.get(instrument as usize).map_or(UNKNOWN_INT, ts_of)
    }

    /// The venue's time of the last event, or [`UNKNOWN_INT`].
    pub(crate) fn venue_ts(&self, instrument: u32) -> i64 {
        self.hot.get(instrument as usize).map_or(UNKNOWN_INT, |state| state.venue_ts)
    }

    /// (B - A) / (B + A) over the quantities of the best `depth` levels: of the last quote for 1, else of the last book.
    pub(crate) fn imbalance(&self, instrument: u32, depth: u8) -> f64 {
        let Some(state) = self.hot.get(instrument as usize) else { return f64::NAN };
        let (bids, asks) = if depth <= 1 {
            (state.bid_qty, state.ask_qty)
        } else {
            let Some(levels) = self.books.get(state.rest as usize) else { return f64::NAN };
            let sum = |side: &[Level], count: usize| match count.min(usize::from(depth)) {
                0 => f64::NAN,
                count => side.iter().take(count).map(|level| level.qty).sum(),
            };
            (sum(&levels.bids, levels.bid_count), sum(&levels.asks, levels.ask_count))
        };
        finite((bids - asks) / (bids + asks))
    }

    /// The mean price at which `qty` is taken through the last book; unknown where it is too thin.
    pub(crate) fn depth_price(&self, instrument: u32, side: Side, qty: f64) -> f64 {
        let levels = self.hot.get(instrument as usize).and_then(|state| self.books.get(state.rest as usize));
        let Some(levels) = levels else { return f64::NAN };
        let (side, count) = match side {
            Side::Buy => (&levels.asks, levels.ask_count),
            Side::Sell => (&levels.bids, levels.bid_count),
        };
        if qty.is_nan() || qty <= 0.0 {
            return f64::NAN;
        }
        let (mut left, mut cost) = (qty, 0.0);
        for level in side.iter().take(count) {
            let taken = if level.qty < left { level.qty } else { left };
            cost += taken * level.price;
            left -= taken;
            if left <= qty * ROUNDING {
                return finite(cost / qty);
            }
        }
        f64::NAN
    }
}

/// The line of an instrument of which nothing is known.
fn unknown(book: u32) -> Hot {
    Hot {
        bid: f64::NAN,
        ask: f64::NAN,
        bid_qty: f64::NAN,
        ask_qty: f64::NAN,
        trade_ts: UNKNOWN_INT,
        venue_ts: UNKNOWN_INT,
        quote_ts: UNKNOWN_INT,
        traded: 0,
        side: sides::NONE,
        rest: book,
    }
}

/// The time of the last event, or [`UNKNOWN_INT`]: each is a trade, or a quote or a book, and time does not go back.
fn ts_of(state: &Hot) -> i64 {
    state.trade_ts.max(state.quote_ts)
}

fn set_quote(state: &mut Hot, quote: &Quote) {
    state.bid = canonical(quote.bid);
    state.ask = canonical(quote.ask);
    state.bid_qty = canonical(quote.bid_qty);
    state.ask_qty = canonical(quote.ask_qty);
}

#[inline]
fn number_of(state: &Hot, trade: &TradeLine, field: MarketField) -> f64 {
    let Hot { bid, ask, bid_qty, ask_qty, .. } = *state;
    let mid = (bid + ask) / 2.0;
    finite(match field {
        MarketField::Last => trade.price,
        MarketField::Qty => trade.qty,
        MarketField::Notional => trade.price * trade.qty,
        MarketField::Bid => bid,
        MarketField::Ask => ask,
        MarketField::BidQty => bid_qty,
        MarketField::AskQty => ask_qty,
        MarketField::Mid => mid,
        MarketField::Spread => ask - bid,
        MarketField::SpreadRatio => (ask - bid) / mid,
        MarketField::Microprice => (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty),
        MarketField::Price if state.traded != 0 => trade.price,
        MarketField::Price => mid,
        MarketField::TradeSide | MarketField::Latency | MarketField::VenueTs => f64::NAN,
    })
}

/// A side as lines have it.
#[inline(always)]
pub(crate) fn side_of(side: Option<Side>) -> u8 {
    match side {
        Some(Side::Buy) => sides::BUY,
        Some(Side::Sell) => sides::SELL,
        None => sides::NONE,
    }
}

/// The aggressor of the last trade.
fn side_at(state: &Hot) -> Option<Side> {
    match state.side {
        sides::BUY => Some(Side::Buy),
        sides::SELL => Some(Side::Sell),
        _ => None,
    }
}

/// Whether a trade was of this side.
#[inline(always)]
pub(crate) fn side_is(last: Option<Side>, side: Side) -> u8 {
    last.map_or(UNKNOWN, |last| level(last == side))
}

fn canonical(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x }
}

fn copy(into: &mut [Level; MAX_DEPTH], from: &[Level]) -> usize {
    into.iter_mut().zip(from).map(|(to, level)| *to = *level).count()
}

/// Whether the numbers of an event can be used.
#[inline]
pub(crate) fn validate(event: &Event<'_>) -> Result<(), EventError> {
    check_time("ts", event.ts)?;
    if let Some(venue_ts) = event.venue_ts {
        check_time("venue_ts", venue_ts)?;
    }
    match &event.payload {
        Payload::Forget(_) => Ok(()),
        Payload::Trade(trade) => {
            check_price("price", trade.price)?;
            if trade.qty.is_nan() { Ok(()) } else { check_qty("qty", trade.qty) }
        }
        Payload::Quote(quote) => {
            for (what, price) in [("bid", quote.bid), ("ask", quote.ask)] {
                if !price.is_nan() {
                    check_price(what, price)?;
                }
            }
            for (what, qty) in [("bid_qty", quote.bid_qty), ("ask_qty", quote.ask_qty)] {
                if !qty.is_nan() {
                    check_qty(what, qty)?;
                }
            }
            Ok(())
        }
        Payload::Book(book) => {
            for (price, qty, side) in [("bid", "bid_qty", book.bids), ("ask", "ask_qty", book.asks)] {
                for level in side.iter().take(MAX_DEPTH) {
                    check_price(price, level.price)?;
                    check_qty(qty, level.qty)?;
                }
            }
            Ok(())
        }
    }
}

#[inline]
fn check_price(what: &'static str, value: f64) -> Result<(), EventError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(EventError::Price { what, value }) }
}

#[inline]
fn check_qty(what: &'static str, value: f64) -> Result<(), EventError> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(EventError::Quantity { what, value }) }
}

/// The two ends of the range stand for unknown and never.
#[inline]
fn check_time(what: &'static str, value: i64) -> Result<(), EventError> {
    if value == i64::MIN || value == i64::MAX { Err(EventError::Time { what, value }) } else { Ok(()) }
}

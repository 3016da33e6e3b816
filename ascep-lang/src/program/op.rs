//! The operators. One enum serves the typed rules and the DAG, so that lowering is sharing and nothing else.

use serde::{Deserialize, Serialize};

use super::{InputId, ParamId, SymbolId, TextId};
use crate::syntax::CrossSide;

/// What a node computes from its arguments. The comment names the arguments in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// A constant: no arguments.
    Const(Constant),
    /// The current value of a parameter: no arguments. Setting it is an instant of it.
    Param(ParamId),
    /// The last value of a host input: no arguments.
    Input(InputId),
    /// A field of the last trade, quote or event of a symbol: no arguments.
    Market(MarketField, SymbolId),
    /// `imbalance(s, depth)`: no arguments. Depth 1 is of the last quote, deeper of the last book.
    Imbalance {
        /// Of which symbol.
        symbol: SymbolId,
        /// How many levels, 1 to 20.
        depth: u8,
    },
    /// `depth_price(s, side, qty)`: `[qty]`. Its instants are books and the instants of `qty`.
    DepthPrice {
        /// Of which symbol.
        symbol: SymbolId,
        /// The taker's side: `Buy` walks the asks.
        side: Side,
    },
    /// `now()` and its kin: no arguments, read as of the clock.
    Clock(ClockFn),
    /// `age(s)`: no arguments, a duration read as of the clock; its instants are the events of `s`.
    Age(SymbolId),
    /// `since(e)`: `[event]`, a duration read as of the clock.
    Since,
    /// A function of numbers, durations or timestamps without state: see [`NumFn`].
    Num(NumFn),
    /// `[left, right]` of one type.
    Compare(CmpOp),
    /// `[level, level, ..]`: two or more, Kleene.
    And,
    /// `[level, level, ..]`: two or more, Kleene.
    Or,
    /// `[level]`
    Not,
    /// `x ?? y`: `[x, y]` of one type.
    Coalesce,
    /// `known(x)`: `[x]`
    Known,
    /// An occurrence of a kind of event of a symbol: no arguments.
    Event(EventKind, SymbolId),
    /// `e WHERE c`: `[event, level]`; its instants are its occurrences.
    Where,
    /// `e AND c ..`: `[event, level, ..]`
    EventAnd,
    /// `e OR f ..`: `[event, event, ..]`
    EventOr,
    /// A level where an event is wanted: `[level]`, its rising edge.
    Edge,
    /// `a CROSSES b`: `[a, b]`
    Crosses(CrossSide),
    /// `NO e FOR d`: `[event]`, an event at the deadline.
    NoFor(Period),
    /// `it.field`: `[event]`. Only in typed rules; lowering turns it into what the field is read from.
    Payload(PayloadField),
    /// `[event, x, y]`: x where the event occurs now, else y. Only in the DAG, from the payload of an `OR`.
    Pick,
    /// `c FOR d`: `[level]`
    For(Period),
    /// `once(c, d)`: `[level]` or `[event]`
    Once(Period),
    /// `count(x, w)`: `[event]`, `[number]` (its updates); a level is wrapped in `Edge` before.
    Count {
        /// Over what.
        window: Window,
        /// Known from the first update on.
        partial: bool,
    },
    /// `x[n]`: `[x]`, n at least 1.
    Index(u32),
}

/// A constant value; numbers are held by their bits so that constants intern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Constant {
    /// The bits of a finite f64; -0.0 is kept apart from 0.0.
    Num(u64),
    /// A level.
    Bool(bool),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970, UTC.
    Timestamp(i64),
    /// A symbol.
    Symbol(SymbolId),
    /// A text: a side, or the value of a field.
    Text(TextId),
}

/// A duration that an operator needs when it arms a timer or looks at a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Period {
    /// Nanoseconds, above 0.
    Fixed(i64),
    /// The value of a duration parameter when the timer is armed; its range keeps it above 0.
    Param(ParamId),
}

/// What an aggregate looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Window {
    /// (C - d, C]
    Time(Period),
    /// The last n updates.
    Updates(u32),
}

/// The taker's side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// Takes the ask.
    Buy,
    /// Takes the bid.
    Sell,
}

/// A field read from the market state of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MarketField {
    /// Price of the last trade; instants: trades.
    Last,
    /// Quantity of the last trade.
    Qty,
    /// Side of the last trade, a text: "buy" or "sell".
    TradeSide,
    /// Price times quantity of the last trade.
    Notional,
    /// Best bid of the last quote; instants: quotes, books among them.
    Bid,
    /// Best ask of the last quote.
    Ask,
    /// Quantity at the best bid.
    BidQty,
    /// Quantity at the best ask.
    AskQty,
    /// (bid + ask) / 2
    Mid,
    /// ask - bid
    Spread,
    /// (ask - bid) / mid
    SpreadRatio,
    /// (bid ask_qty + ask bid_qty) / (bid_qty + ask_qty)
    Microprice,
    /// The mid until the first trade, then the last trade; instants: quotes until the first trade, trades.
    Price,
    /// ts - venue_ts of the last event of any kind, a duration; unknown without a venue_ts.
    Latency,
    /// venue_ts of the last event of any kind, a timestamp; from `it.venue_ts` only.
    VenueTs,
}

/// A kind of market event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// A trade.
    Trade,
    /// A quote or a book.
    Quote,
    /// A book.
    Book,
}

/// A field of the payload of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PayloadField {
    /// The instant, a timestamp: every event has it.
    Ts,
    /// The venue's own time, a timestamp: market events.
    VenueTs,
    /// Trades.
    Price,
    /// Trades.
    Qty,
    /// Trades.
    Side,
    /// Trades.
    Notional,
    /// Quotes and books.
    Bid,
    /// Quotes and books.
    Ask,
    /// Quotes and books.
    BidQty,
    /// Quotes and books.
    AskQty,
}

/// A reading of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClockFn {
    /// The clock itself, a timestamp.
    Now,
    /// 0..23, UTC.
    HourOfDay,
    /// Monday is 1, Sunday 7, UTC.
    DayOfWeek,
}

/// Functions without state. A result that is not finite is unknown.
///
/// `Add`, `Sub`, `Neg`, `Abs`, `Min`, `Max` and `Clamp` also take durations; `timestamp - timestamp` is a duration, `timestamp + duration`
/// and `timestamp - duration` timestamps; `duration * num`, `num * duration`, `duration / num` are durations (rounded to the nearest nanosecond, half away from
/// zero), `duration / duration` is a number. Integer overflow is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NumFn {
    /// `[x]`
    Neg,
    /// `[x, y]`
    Add,
    /// `[x, y]`
    Sub,
    /// `[x, y]`
    Mul,
    /// `[x, y]`; by zero is unknown.
    Div,
    /// `[x]`
    Abs,
    /// `[x, y, ..]`: two or more; unknown if one is.
    Min,
    /// `[x, y, ..]`: two or more; unknown if one is.
    Max,
    /// `[x]`; of a negative unknown.
    Sqrt,
    /// `[x]`; of zero or less unknown.
    Ln,
    /// `[x]`
    Exp,
    /// `[x, y]`
    Pow,
    /// `[x]`
    Floor,
    /// `[x]`
    Ceil,
    /// `[x]`, half away from zero.
    Round,
    /// `[x]`: -1, 0 or 1.
    Sign,
    /// `[a, b]`: a - b floor(a / b).
    Mod,
    /// `[x, low, high]`; unknown where low > high.
    Clamp,
}

/// Comparisons. On text and bool only `Eq` and `Ne`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CmpOp {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

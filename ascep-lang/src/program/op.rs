//! The operators. One enum serves the typed rules and the DAG, so that lowering is sharing and nothing else.

use serde::{Deserialize, Serialize};

use super::{CycleId, FunctionId, InputId, OpportunityField, ParamId, ScanId, SequenceId, SymbolId, TextId};
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
    /// A statistic of a window: `[x]`, or `[x, y]` where the statistic is of pairs; see [`Stat`]. A level is wrapped in `Edge` before.
    Window {
        /// Which.
        stat: Stat,
        /// Over what.
        window: Window,
        /// Known from the first update on.
        partial: bool,
        /// The most samples of a time window; none where the engine's own bound holds.
        max: Option<u32>,
    },
    /// `decay(x, h)`: `[x]`, the mean weighted by time with half-life h.
    Decay(Period),
    /// `ema(x, n)`: `[x]`. The first `skip` updates are passed over, then it starts from the mean of n.
    Ema {
        /// Its length: alpha is 2 / (n + 1).
        n: u32,
        /// How many updates are passed over before the first n.
        skip: u32,
    },
    /// `rsi(x, n)`: `[x]`, smoothed as Wilder does.
    Rsi(u32),
    /// `atr(b, n)`: `[high, low, close]` of one bar, smoothed as Wilder does.
    Atr(u32),
    /// `obv(b)`: `[close, volume]` of one bar.
    Obv,
    /// The raw stochastic in percent: `[close, lowest, highest]`, 0 where highest equals lowest. No state.
    FastK,
    /// `bar(s, d)`: no arguments, an event at the end of each interval of d nanoseconds, aligned to 1970, that had a trade.
    Bar {
        /// Of which symbol.
        symbol: SymbolId,
        /// Nanoseconds, above 0.
        period: i64,
    },
    /// A field of the last closed bar: `[bar]`. Unknown before the first; its instants are those of the bar.
    BarField(BarField),
    /// `SEQ .. WITHIN d`: an event; what it reads are its arguments, which the [`Sequence`](super::Sequence) names by their places.
    Seq(SequenceId),
    /// What a run of the sequence at hand has captured: no arguments. The number is an index of
    /// [`Sequence::captures`](super::Sequence::captures). Only under the arguments of a `Seq`, and in the fields of a rule that one triggers; never
    /// under an operator with a memory. One node serves all sequences: what reads it is computed for the run at hand.
    Capture(u32),
    /// `ALL(a, b, ..) WITHIN d`: `[event, event, ..]`, an event when the last of them came within d of the first.
    All(Period),
    /// `[event, x]`: x as of the last occurrence of the event, whose occurrences are its only instants. Only in the DAG, from `it.field` under an
    /// operator with a memory.
    Sample,
    /// `triangle`, `cross`, `inverse`: `[fee]`, of `cross` `[fee of the buy, fee of the sale]`.
    Cycle {
        /// Which markets.
        cycle: CycleId,
        /// What of it.
        field: CycleField,
    },
    /// `cycles(..)`: no arguments, an event at each telling of an opportunity of the [`Scan`](super::Scan); see there when that is.
    Cycles(ScanId),
    /// A field of the last telling: `[cycles]`. Unknown before the first; its instants are those of the scan. The durations are as of the telling.
    OpportunityField(OpportunityField),
    /// A function of the host: its arguments. No state.
    Host(FunctionId),
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

impl Op {
    /// Whether it keeps something of its arguments from one instant to the next, so that it has to see their instants and no others.
    #[must_use]
    pub fn remembers(self) -> bool {
        matches!(
            self,
            Self::Index(_)
                | Self::Window { .. }
                | Self::Decay(_)
                | Self::Ema { .. }
                | Self::Rsi(_)
                | Self::Atr(_)
                | Self::Obv
                | Self::For(_)
                | Self::Once(_)
                | Self::Crosses(_)
                | Self::Since
                | Self::NoFor(_)
                | Self::Edge
                | Self::All(_)
        )
    }
}

/// What a window is asked for.
///
/// `Count`, `Sum` and `Rate` over a time window are exact: they change also as each sample leaves, are unknown until d after the start, and 0 while
/// empty. `Change`, `Delta` and `Twap` are at an instant at each update of x and d after the last one, and nowhere else. All others stand as they
/// were between updates, are unknown until d after the first update and while empty, and change also by a timer d after the first
/// update and by one when the last sample leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stat {
    /// How many updates: `[x]` of any type, an event's occurrences among them.
    Count,
    /// `[x]`
    Sum,
    /// `[x]`: the mean.
    Avg,
    /// `[x]`
    Lowest,
    /// `[x]`
    Highest,
    /// `[x]`: the oldest.
    First,
    /// `[x]`: the newest.
    Last,
    /// `[x]`: percentile 50.
    Median,
    /// `[x]`: the bits of p, in 0..100; linear between ranks p / 100 (n - 1).
    Percentile(u64),
    /// `[x]`: sample standard deviation (n - 1), of two samples at least.
    Stddev,
    /// `[x]`: with n.
    StddevPop,
    /// `[x]`: sample variance (n - 1), of two samples at least.
    Variance,
    /// `[x]`: (newest - avg) / stddev; unknown where stddev is 0.
    Zscore,
    /// `[x]`: least squares, per second over a time window, per update over a count of updates.
    Slope,
    /// `[x]`: the mean with weights 1 (oldest) to n (newest). Over a count of updates only.
    Wma,
    /// `[event]`: occurrences a second. Over a time window only.
    Rate,
    /// `[x]`: x over x as it stood at C - d, minus 1. Over a time window only.
    Change,
    /// `[x]`: x minus x as it stood at C - d. Over a time window only.
    Delta,
    /// `[x]`: the mean weighted by time, x held between updates. Over a time window only.
    Twap,
    /// `[x, y]`: Pearson's correlation. A pair is taken at each update of either while both are known.
    Corr,
    /// `[y, x]`: covariance over the variance of x.
    Beta,
    /// `[price, qty]`: sum of price times qty over the sum of qty.
    Vwap,
}

impl Stat {
    /// Whether a sample is a pair.
    #[must_use]
    pub fn is_paired(self) -> bool {
        matches!(self, Self::Corr | Self::Beta | Self::Vwap)
    }

    /// Whether over a time window it is exact at every moment; see [`Stat`].
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::Rate)
    }

    /// Whether it compares with how x stood at C - d, with instants of its own; see [`Stat`].
    #[must_use]
    pub fn is_of_the_past(self) -> bool {
        matches!(self, Self::Change | Self::Delta | Self::Twap)
    }
}

/// A field of a closed bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BarField {
    /// Price of the first trade.
    Open,
    /// The highest price.
    High,
    /// The lowest price.
    Low,
    /// Price of the last trade.
    Close,
    /// Sum of the known quantities.
    Volume,
    /// Price weighted by quantity; unknown where the volume is 0.
    Vwap,
    /// Number of trades.
    Count,
    /// The start of the interval, a timestamp.
    Start,
}

/// What of an opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CycleField {
    /// The net return of the better direction.
    Net,
    /// Its return before fees.
    Gross,
    /// 1 where the first market is bought, -1 where it is sold.
    Direction,
    /// Age of the oldest leg's last quote, a duration read as of the clock.
    Age,
    /// The span between the legs' last quotes, a duration.
    Skew,
    /// The smallest leg in units of the start asset.
    Size,
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
    /// Bars.
    Bar(BarField),
    /// Opportunities of a `cycles`.
    Opportunity(OpportunityField),
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

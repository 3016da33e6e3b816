//! Names of operators and of what they refer to: one word each, stable.

use super::{BarField, ClockFn, CmpOp, CycleField, CycleKind, EventKind, MarketField, NumFn, Op, OpportunityField, PayloadField, Stat};
use crate::syntax::CrossSide;

impl Op {
    /// One word for the operator, without what it refers to: `ask`, `mul`, `for`. Stable, lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Const(_) => "const",
            Self::Param(_) => "param",
            Self::Input(_) => "input",
            Self::Market(field, _) => field.name(),
            Self::Imbalance { .. } => "imbalance",
            Self::DepthPrice { .. } => "depth_price",
            Self::Clock(ClockFn::Now) => "now",
            Self::Clock(ClockFn::HourOfDay) => "hour_of_day",
            Self::Clock(ClockFn::DayOfWeek) => "day_of_week",
            Self::Age(_) => "age",
            Self::Since => "since",
            Self::Num(f) => f.name(),
            Self::Compare(CmpOp::Lt) => "lt",
            Self::Compare(CmpOp::Le) => "le",
            Self::Compare(CmpOp::Gt) => "gt",
            Self::Compare(CmpOp::Ge) => "ge",
            Self::Compare(CmpOp::Eq) => "eq",
            Self::Compare(CmpOp::Ne) => "ne",
            Self::And => "and",
            Self::Or => "or",
            Self::Not => "not",
            Self::Coalesce => "coalesce",
            Self::Known => "known",
            Self::Event(EventKind::Trade, _) => "trade",
            Self::Event(EventKind::Quote, _) => "quote",
            Self::Event(EventKind::Book, _) => "book",
            Self::Where => "where",
            Self::EventAnd => "event_and",
            Self::EventOr => "event_or",
            Self::Edge => "edge",
            Self::Crosses(CrossSide::Above) => "crosses_above",
            Self::Crosses(CrossSide::Below) => "crosses_below",
            Self::Crosses(CrossSide::Either) => "crosses",
            Self::NoFor(_) => "no_for",
            Self::Payload(field) => field.name(),
            Self::Pick => "pick",
            Self::For(_) => "for",
            Self::Once(_) => "once",
            Self::Window { stat, .. } => stat.name(),
            Self::Decay(_) => "decay",
            Self::Ema { .. } => "ema",
            Self::Rsi(_) => "rsi",
            Self::Atr(_) => "atr",
            Self::Obv => "obv",
            Self::FastK => "fast_k",
            Self::Bar { .. } => "bar",
            Self::BarField(field) => field.name(),
            Self::Seq(_) => "seq",
            Self::Capture(_) => "capture",
            Self::All(_) => "all",
            Self::Sample => "sample",
            Self::Cycle { field, .. } => field.name(),
            Self::Cycles(_) => "cycles",
            Self::OpportunityField(field) => field.name(),
            Self::Host(_) => "host",
            Self::Index(_) => "index",
        }
    }

    /// Whether it matters which argument stands where.
    #[must_use]
    pub(super) fn is_ordered(self) -> bool {
        !matches!(
            self,
            Self::Num(NumFn::Add | NumFn::Mul | NumFn::Min | NumFn::Max)
                | Self::And
                | Self::Or
                | Self::EventOr
                | Self::All(_)
                | Self::Compare(CmpOp::Eq | CmpOp::Ne)
        )
    }
}

impl Stat {
    /// The name of the function.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Lowest => "lowest",
            Self::Highest => "highest",
            Self::First => "first",
            Self::Last => "last_value",
            Self::Median => "median",
            Self::Percentile(_) => "percentile",
            Self::Stddev => "stddev",
            Self::StddevPop => "stddev_pop",
            Self::Variance => "variance",
            Self::Zscore => "zscore",
            Self::Slope => "slope",
            Self::Wma => "wma",
            Self::Rate => "rate",
            Self::Change => "change",
            Self::Delta => "delta",
            Self::Twap => "twap",
            Self::Corr => "corr",
            Self::Beta => "beta",
            Self::Vwap => "vwap",
        }
    }
}

impl BarField {
    /// The name behind `bar(s, d).`, with the dot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => ".open",
            Self::High => ".high",
            Self::Low => ".low",
            Self::Close => ".close",
            Self::Volume => ".volume",
            Self::Vwap => ".vwap",
            Self::Count => ".count",
            Self::Start => ".start",
        }
    }
}

impl CycleKind {
    /// The name of the function.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Triangle => "triangle",
            Self::Cross => "cross",
            Self::Inverse => "inverse",
        }
    }
}

impl CycleField {
    /// The name behind the call, with the dot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Net => ".net",
            Self::Gross => ".gross",
            Self::Direction => ".direction",
            Self::Age => ".age",
            Self::Skew => ".skew",
            Self::Size => ".size",
        }
    }
}

impl OpportunityField {
    /// The name behind `it`, with the dot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => ".path",
            Self::Net => ".net",
            Self::Gross => ".gross",
            Self::Size => ".size",
            Self::Profit => ".profit",
            Self::Age => ".age",
            Self::Skew => ".skew",
            Self::Lifetime => ".lifetime",
            Self::Peak => ".peak",
            Self::State => ".state",
            Self::Reason => ".reason",
        }
    }
}

impl MarketField {
    /// The name of the function that reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Qty => "qty",
            Self::TradeSide => "side",
            Self::Notional => "notional",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::BidQty => "bid_qty",
            Self::AskQty => "ask_qty",
            Self::Mid => "mid",
            Self::Spread => "spread",
            Self::SpreadRatio => "spread_ratio",
            Self::Microprice => "microprice",
            Self::Price => "price",
            Self::Latency => "latency",
            Self::VenueTs => "venue_ts",
        }
    }
}

impl PayloadField {
    /// The name behind `it.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ts => "it.ts",
            Self::VenueTs => "it.venue_ts",
            Self::Price => "it.price",
            Self::Qty => "it.qty",
            Self::Side => "it.side",
            Self::Notional => "it.notional",
            Self::Bid => "it.bid",
            Self::Ask => "it.ask",
            Self::BidQty => "it.bid_qty",
            Self::AskQty => "it.ask_qty",
            Self::Bar(BarField::Open) => "it.open",
            Self::Bar(BarField::High) => "it.high",
            Self::Bar(BarField::Low) => "it.low",
            Self::Bar(BarField::Close) => "it.close",
            Self::Bar(BarField::Volume) => "it.volume",
            Self::Bar(BarField::Vwap) => "it.vwap",
            Self::Bar(BarField::Count) => "it.count",
            Self::Bar(BarField::Start) => "it.start",
            Self::Opportunity(OpportunityField::Path) => "it.path",
            Self::Opportunity(OpportunityField::Net) => "it.net",
            Self::Opportunity(OpportunityField::Gross) => "it.gross",
            Self::Opportunity(OpportunityField::Size) => "it.size",
            Self::Opportunity(OpportunityField::Profit) => "it.profit",
            Self::Opportunity(OpportunityField::Age) => "it.age",
            Self::Opportunity(OpportunityField::Skew) => "it.skew",
            Self::Opportunity(OpportunityField::Lifetime) => "it.lifetime",
            Self::Opportunity(OpportunityField::Peak) => "it.peak",
            Self::Opportunity(OpportunityField::State) => "it.state",
            Self::Opportunity(OpportunityField::Reason) => "it.reason",
        }
    }
}

impl NumFn {
    /// The name of the function; `neg add sub mul div` for the signs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neg => "neg",
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Abs => "abs",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sqrt => "sqrt",
            Self::Ln => "ln",
            Self::Exp => "exp",
            Self::Pow => "pow",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Round => "round",
            Self::Sign => "sign",
            Self::Mod => "mod",
            Self::Clamp => "clamp",
        }
    }
}

//! What a caller says of events: where they have what, and what they do with an instrument.

/// Where an event has what, in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLayout {
    /// Bytes of an event.
    pub size: usize,
    /// Its time, an `i64`.
    pub ts: usize,
    /// The venue's time, an `Option<i64>`.
    pub venue_ts: usize,
    /// The number of its instrument, a `u32`.
    pub instrument: usize,
    /// What kind of event it is, a `u32`.
    pub kind: usize,
    /// The kind that is a quote.
    pub quote: u32,
    /// Bid, ask and their quantities of a quote, four `f64` in this order.
    pub numbers: usize,
    /// The kind that is a trade.
    pub trade: u32,
    /// Price and quantity of a trade, two `f64` in this order.
    pub traded: usize,
    /// The aggressor of a trade, one byte.
    pub side: usize,
}

/// A number that a quote gives, or what a trade does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Field {
    Bid,
    Ask,
    BidQty,
    AskQty,
    /// `(bid + ask) / 2`
    Mid,
    /// `ask - bid`
    Spread,
    /// `(ask - bid) / mid`
    SpreadRatio,
    /// `(bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)`
    Microprice,
    /// The price of a trade.
    Price,
    /// The quantity of a trade.
    Qty,
    /// Their product.
    Notional,
    /// Whether the aggressor bought: a level, as slots hold it.
    IsBuy,
    /// Whether the aggressor sold.
    IsSell,
}

impl Field {
    /// Whether it is finite whenever prices and quantities are good.
    pub(crate) fn is_finite(self) -> bool {
        self != Self::Microprice
    }

    /// Which events give it.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Price | Self::Qty | Self::Notional | Self::IsBuy | Self::IsSell => Class::Trade,
            _ => Class::Quote,
        }
    }
}

/// Which events something is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Quote,
    Trade,
}

/// A group of rows that an event touches.
#[derive(Debug, Clone, Copy)]
pub struct GroupAt {
    /// Which program.
    pub shape: usize,
    /// How many rows.
    pub rows: u32,
    /// Where its operands begin.
    pub operands: u32,
    /// Where its constants begin.
    pub constants: u32,
    /// Its first head.
    pub head: u32,
}

/// A number that goes to a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub field: Field,
    /// Where to.
    pub slot: u32,
    /// Whether only the rows of entries look at the slot that have the same reading. It need not be written then, and what is in it afterwards is not to be relied on.
    pub is_private: bool,
}

/// What an event of an instrument does.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Whether a quote is plain only where there was a trade of the instrument before.
    pub wants_trade: bool,
    /// Numbers with the slots that they go to.
    pub readings: Vec<Reading>,
    /// Steps that are called for between readings and rows, as [`Steps`](crate::Steps) knows them, in this order. What they write to slots that readings go to, rows that stand alone do not see.
    pub steps: Vec<u32>,
    /// Rows of which none may be true, in this order and before the others. Nothing is counted of them, and their heads say that none was true.
    pub filters: Vec<GroupAt>,
    /// The step that is called for where some of the filters are true, as [`Steps`](crate::Steps) knows it: the loop then goes on. It is only called for where each of the filters has code of its
    /// own; they are found otherwise.
    pub filter_step: Option<u32>,
    /// Rows, in this order.
    pub groups: Vec<GroupAt>,
}

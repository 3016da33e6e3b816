//! Market fields: what the last trade, quote, book or event of a symbol says, read from the recorded events themselves.

use ascep_lang::program::{EventKind, MarketField, Side, SymbolId};

use super::value::Val;
use super::world::{StepNo, World};
use crate::event::{Level, Loss, MAX_DEPTH, Payload, Quote, Timestamp, Trade};

/// A market event that owns its levels.
#[derive(Debug, Clone)]
pub(super) struct MarketEvent {
    /// The full name of the instrument.
    pub(super) instrument: String,
    /// The venue's own time.
    pub(super) venue_ts: Option<Timestamp>,
    /// What happened.
    pub(super) what: What,
}

/// What happened, with a book's levels cut to the depth that is looked at.
#[derive(Debug, Clone)]
pub(super) enum What {
    Trade(Trade),
    Quote(Quote),
    Book { bids: Vec<Level>, asks: Vec<Level> },
    Forget(Loss),
}

impl What {
    /// A copy of a payload, or `None` where it must be refused: a price that is not finite and above 0, a quantity that is negative
    /// or infinite.
    pub(super) fn read(payload: &Payload<'_>) -> Option<Self> {
        let quantity = |q: f64| q.is_nan() || (q.is_finite() && q >= 0.0);
        let price = |p: f64| p.is_finite() && p > 0.0;
        let side = |p: f64| p.is_nan() || price(p);
        let levels = |levels: &[Level]| levels.iter().all(|l| price(l.price) && l.qty.is_finite() && l.qty >= 0.0);
        let top = |levels: &[Level]| levels.iter().copied().take(MAX_DEPTH).collect();
        match payload {
            Payload::Trade(t) => (price(t.price) && quantity(t.qty)).then_some(Self::Trade(*t)),
            Payload::Quote(q) => (side(q.bid) && side(q.ask) && quantity(q.bid_qty) && quantity(q.ask_qty)).then_some(Self::Quote(*q)),
            Payload::Book(b) => (levels(b.bids) && levels(b.asks)).then(|| Self::Book { bids: top(b.bids), asks: top(b.asks) }),
            Payload::Forget(loss) => Some(Self::Forget(*loss)),
        }
    }

    /// The trade in it.
    pub(super) fn trade(&self) -> Option<Trade> {
        match self {
            Self::Trade(trade) => Some(*trade),
            _ => None,
        }
    }

    /// The quote in it: a book is one, made of its best levels.
    pub(super) fn quote(&self) -> Option<Quote> {
        let best = |levels: &[Level]| levels.first().map_or((f64::NAN, f64::NAN), |l| (l.price, l.qty));
        match self {
            Self::Trade(_) | Self::Forget(_) => None,
            Self::Quote(quote) => Some(*quote),
            Self::Book { bids, asks } => {
                let ((bid, bid_qty), (ask, ask_qty)) = (best(bids), best(asks));
                Some(Quote { bid, ask, bid_qty, ask_qty })
            }
        }
    }

    /// Whether all that was known is not any more.
    pub(super) fn forgets(&self) -> bool {
        matches!(self, Self::Forget(_))
    }

    /// Whether it is of a kind.
    pub(super) fn is(&self, kind: EventKind) -> bool {
        match kind {
            EventKind::Trade => matches!(self, Self::Trade(_)),
            EventKind::Quote => matches!(self, Self::Quote(_) | Self::Book { .. }),
            EventKind::Book => matches!(self, Self::Book { .. }),
        }
    }
}

impl World {
    /// Whether a step is an instant of a market field: an event of the kind that it is read from. The price is read from quotes until
    /// the first trade, and from then on from trades alone.
    pub(super) fn market_instant(&self, field: MarketField, symbol: SymbolId, step: StepNo) -> bool {
        use MarketField as F;
        let Some(event) = self.event_of(symbol, step) else { return false };
        if event.what.forgets() {
            return true;
        }
        match field {
            F::Last | F::Qty | F::TradeSide | F::Notional => event.what.is(EventKind::Trade),
            F::Bid | F::Ask | F::BidQty | F::AskQty | F::Mid | F::Spread | F::SpreadRatio | F::Microprice => {
                event.what.is(EventKind::Quote)
            }
            F::Price => event.what.is(EventKind::Trade) || !self.traded(symbol, step),
            F::Latency | F::VenueTs => true,
        }
    }

    /// The events of a symbol that are not forgotten, latest first.
    fn remembered(&self, symbol: SymbolId, step: StepNo) -> impl Iterator<Item = (StepNo, &MarketEvent)> {
        self.events_of(symbol, step).take_while(|(_, e)| !e.what.forgets())
    }

    /// The last quote of a symbol.
    pub(super) fn last_quote(&self, symbol: SymbolId, step: StepNo) -> Option<Quote> {
        self.remembered(symbol, step).find_map(|(_, e)| e.what.quote())
    }

    /// Whether a trade of a symbol has been seen.
    fn traded(&self, symbol: SymbolId, step: StepNo) -> bool {
        self.remembered(symbol, step).any(|(_, e)| e.what.is(EventKind::Trade))
    }

    /// The value of a market field in a step.
    pub(super) fn market(&self, field: MarketField, symbol: SymbolId, step: StepNo) -> Val {
        use MarketField as F;
        let trade = || self.remembered(symbol, step).find_map(|(_, e)| e.what.trade());
        let quote = || self.last_quote(symbol, step);
        let last_event = || self.remembered(symbol, step).next();
        let number = |x: Option<f64>| x.map_or(Val::Unknown, Val::num);
        match field {
            F::Last => number(trade().map(|t| t.price)),
            F::Qty => number(trade().map(|t| t.qty)),
            F::TradeSide => trade().and_then(|t| t.side).map_or(Val::Unknown, side_word),
            F::Notional => number(trade().map(|t| t.price * t.qty)),
            F::Bid => number(quote().map(|q| q.bid)),
            F::Ask => number(quote().map(|q| q.ask)),
            F::BidQty => number(quote().map(|q| q.bid_qty)),
            F::AskQty => number(quote().map(|q| q.ask_qty)),
            F::Mid => number(quote().map(mid)),
            F::Spread => number(quote().map(|q| q.ask - q.bid)),
            F::SpreadRatio => number(quote().map(|q| (q.ask - q.bid) / mid(q))),
            F::Microprice => number(quote().map(|q| (q.bid * q.ask_qty + q.ask * q.bid_qty) / (q.bid_qty + q.ask_qty))),
            F::Price => number(trade().map(|t| t.price).or_else(|| quote().map(mid))),
            F::Latency => last_event().and_then(|(at, e)| self.ts(at).checked_sub(e.venue_ts?)).map_or(Val::Unknown, Val::Duration),
            F::VenueTs => last_event().and_then(|(_, e)| e.venue_ts).map_or(Val::Unknown, Val::Timestamp),
        }
    }

    /// Imbalance at depth 1 is a matter of quotes, deeper of books.
    pub(super) fn imbalance_instant(&self, symbol: SymbolId, depth: u8, step: StepNo) -> bool {
        let kind = if depth <= 1 { EventKind::Quote } else { EventKind::Book };
        self.event_of(symbol, step).is_some_and(|e| e.what.is(kind) || e.what.forgets())
    }

    /// (B - A) / (B + A), B and A being what stands on the best levels of each side; unknown where a side is empty.
    pub(super) fn imbalance(&self, symbol: SymbolId, depth: u8, step: StepNo) -> Val {
        let sides = if depth <= 1 {
            self.last_quote(symbol, step).map(|q| (q.bid_qty, q.ask_qty))
        } else {
            self.last_book(symbol, step).map(|(bids, asks)| (standing(bids, depth), standing(asks, depth)))
        };
        sides.map_or(Val::Unknown, |(b, a)| Val::num((b - a) / (b + a)))
    }

    /// The mean price of taking `qty` out of the last book; unknown where it holds less.
    pub(super) fn depth_price(&self, symbol: SymbolId, side: Side, qty: &Val, step: StepNo) -> Val {
        let (Val::Num(qty), Some((bids, asks))) = (qty, self.last_book(symbol, step)) else { return Val::Unknown };
        if *qty <= 0.0 {
            return Val::Unknown;
        }
        let mut paid = 0.0;
        let mut left = *qty;
        for level in if side == Side::Buy { asks } else { bids } {
            let taken = if level.qty < left { level.qty } else { left };
            paid += level.price * taken;
            left -= taken;
        }
        // Seven levels of 0.1 hold 0.7, whatever is left by rounding.
        if left > qty * 1e-12 { Val::Unknown } else { Val::num(paid / qty) }
    }

    /// The levels of the last book of a symbol.
    fn last_book(&self, symbol: SymbolId, step: StepNo) -> Option<(&[Level], &[Level])> {
        self.remembered(symbol, step).find_map(|(_, e)| match &e.what {
            What::Book { bids, asks } => Some((bids.as_slice(), asks.as_slice())),
            _ => None,
        })
    }
}

/// How rules write the aggressor of a trade.
fn side_word(side: Side) -> Val {
    Val::Word(match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    })
}

fn mid(quote: Quote) -> f64 {
    (quote.bid + quote.ask) / 2.0
}

/// What stands on the best levels of one side; not a number where there are none.
fn standing(levels: &[Level], depth: u8) -> f64 {
    if levels.is_empty() { f64::NAN } else { levels.iter().take(usize::from(depth)).fold(0.0, |sum, l| sum + l.qty) }
}

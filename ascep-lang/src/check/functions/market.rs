//! Readings of the market state of one symbol, and its events.

use super::{Build, Function, SYMBOL, entry, may, need};
use crate::check::Checker;
use crate::check::call::Call;
use crate::check::mismatch::{Place, Sides};
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Constant, EventKind, MarketField, Op, Side};

/// The most levels of a side of a book.
const MAX_DEPTH: f64 = 20.0;

const fn field(name: &'static str, signature: &'static str, unit: &'static str, which: MarketField, doc: &'static str) -> Function {
    entry(name, signature, unit, SYMBOL, Build::Market(which), doc)
}

pub(super) const FUNCTIONS: &[Function] = &[
    field("last", "last(s)", "price", MarketField::Last, "price of the last trade"),
    field("qty", "qty(s)", "base", MarketField::Qty, "quantity of the last trade"),
    field("side", "side(s)", "", MarketField::TradeSide, "side of the last trade's aggressor, \"buy\" or \"sell\""),
    field("notional", "notional(s)", "quote", MarketField::Notional, "price times quantity of the last trade"),
    field("bid", "bid(s)", "price", MarketField::Bid, "best bid of the last quote"),
    field("ask", "ask(s)", "price", MarketField::Ask, "best ask of the last quote"),
    field("bid_qty", "bid_qty(s)", "base", MarketField::BidQty, "quantity at the best bid of the last quote"),
    field("ask_qty", "ask_qty(s)", "base", MarketField::AskQty, "quantity at the best ask of the last quote"),
    field("mid", "mid(s)", "price", MarketField::Mid, "middle of bid and ask"),
    field("spread", "spread(s)", "price", MarketField::Spread, "ask less bid"),
    field("spread_ratio", "spread_ratio(s)", "pure", MarketField::SpreadRatio, "ask less bid, over the mid"),
    field("price", "price(s)", "price", MarketField::Price, "the mid until the first trade, then the last trade"),
    field("microprice", "microprice(s)", "price", MarketField::Microprice, "bid and ask weighted by the quantity on the other side"),
    field("latency", "latency(s)", "", MarketField::Latency, "time of receipt less the venue's time, of the last event"),
    entry(
        "imbalance",
        "imbalance(s, depth = 1)",
        "pure",
        &[need("s"), may("depth")],
        Build::Native(imbalance),
        "(B - A) / (B + A) of the quantities of the best levels",
    ),
    entry(
        "depth_price",
        "depth_price(s, side, qty = q)",
        "price",
        &[need("s"), need("side"), need("qty")],
        Build::Native(depth_price),
        "mean price to buy or sell a quantity through the last book",
    ),
    entry("age", "age(s)", "", SYMBOL, Build::Native(age), "time since the last event of the symbol"),
    entry("trade", "trade(s)", "", SYMBOL, Build::Event(EventKind::Trade), "a trade"),
    entry("quote", "quote(s)", "", SYMBOL, Build::Event(EventKind::Quote), "a quote or a book"),
    entry("book", "book(s)", "", SYMBOL, Build::Event(EventKind::Book), "a book"),
];

impl<'a> Checker<'a> {
    pub(in crate::check) fn market_field(&mut self, call: &Call<'a>, field: MarketField) -> Val {
        let Some(symbol) = self.symbol_arg(call, 0) else { return Val::poison(call.span) };
        let units = self.out.symbol_units(symbol);
        let (ty, fact) = match field {
            MarketField::Last | MarketField::Bid | MarketField::Ask | MarketField::Price => (Ty::Num(units.price), Facts::NONE),
            MarketField::Mid | MarketField::Spread | MarketField::Microprice => (Ty::Num(units.price), Facts::COMPUTED),
            MarketField::SpreadRatio => (Ty::Num(Unit::PURE), Facts::COMPUTED),
            MarketField::Qty | MarketField::BidQty | MarketField::AskQty => (Ty::Num(units.base), Facts::NONE),
            MarketField::Notional => (Ty::Num(units.quote), Facts::COMPUTED),
            MarketField::TradeSide => (Ty::Text, Facts::SIDE),
            MarketField::Latency => (Ty::Duration, Facts::NONE),
            MarketField::VenueTs => (Ty::Timestamp, Facts::NONE),
        };
        self.over(Op::Market(field, symbol), &[], ty, Facts::INPUT.with(fact), call.span)
    }

    pub(in crate::check) fn market_event(&mut self, call: &Call<'a>, kind: EventKind) -> Val {
        let Some(symbol) = self.symbol_arg(call, 0) else { return Val::poison(call.span) };
        let shape = self.out.event_shape(kind, symbol);
        Val { shape, ..self.over(Op::Event(kind, symbol), &[], Ty::Event, Facts::INPUT, call.span) }
    }
}

fn imbalance<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let depth = match call.get(1) {
        Some(_) => c.whole_arg(call, 1, MAX_DEPTH, Code::BadDepth),
        None => Some(1),
    };
    let (Some(symbol), Some(depth)) = (c.symbol_arg(call, 0), depth) else { return Val::poison(call.span) };
    let depth = u8::try_from(depth).unwrap_or(u8::MAX);
    c.over(Op::Imbalance { symbol, depth }, &[], Ty::Num(Unit::PURE), Facts::INPUT.with(Facts::COMPUTED), call.span)
}

fn depth_price<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let symbol = c.symbol_arg(call, 0);
    let side_arg = call.val(1);
    let side = match (side_arg.ty, side_arg.constant) {
        (Ty::Poison, _) => None,
        (Ty::Quoted | Ty::Text, Some(Constant::Text(text))) => match c.out.text_of(text) {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            other => {
                let other = other.to_owned();
                c.bad_side(&other, call.span_of(1));
                None
            }
        },
        _ => {
            let span = call.span_of(1);
            c.report(Code::BadSide, span, |c, d| d.says(format!("{} is not a side", c.quote(span)), "a side is \"buy\" or \"sell\""));
            None
        }
    };
    let (Some(symbol), Some(side), Some(qty)) = (symbol, side, call.get(2)) else { return Val::poison(call.span) };
    if !c.want_number(&qty.val, qty.span) {
        return Val::poison(call.span);
    }
    let units = c.out.symbol_units(symbol);
    let base = Val { ty: Ty::Num(units.base), ..Val::poison(call.span) };
    let sides = Sides { tree: call.tree, left: qty.id, right: qty.id, whole: qty.span, place: Place::Quantity };
    c.agree(&sides, &qty.val, &base);
    let facts = qty.val.facts.passed().with(Facts::INPUT).with(Facts::COMPUTED);
    c.over(Op::DepthPrice { symbol, side }, &[qty.val], Ty::Num(units.price), facts, call.span)
}

fn age<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let Some(symbol) = c.symbol_arg(call, 0) else { return Val::poison(call.span) };
    c.over(Op::Age(symbol), &[], Ty::Duration, Facts::INPUT.with(Facts::CLOCK), call.span)
}

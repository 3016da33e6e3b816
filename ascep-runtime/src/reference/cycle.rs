//! `triangle`, `cross`, `inverse`: what a way through the markets returns, leg by leg.

use ascep_lang::program::{CycleField, CycleKind, NodeId, Op, SymbolId};

use super::value::Val;
use super::world::{StepNo, World};
use crate::event::{Quote, Timestamp};

/// What going round once returns.
struct Round {
    /// The product of the rates after fees, minus 1.
    net: f64,
    /// The same before fees.
    gross: f64,
    /// How much of the start asset can go round, as far as the quantities of all legs are known.
    size: f64,
}

impl World {
    /// Whether a step is about a quote of one of the markets, or takes their quotes away.
    pub(super) fn cycle_quoted(&self, node: NodeId, step: StepNo) -> bool {
        self.cycle_markets(node).iter().any(|m| self.event_of(*m, step).is_some_and(|e| e.what.quote().is_some() || e.what.forgets()))
    }

    fn cycle_markets(&self, node: NodeId) -> &[SymbolId] {
        let Some(Op::Cycle { cycle, .. }) = self.op(node) else { return &[] };
        self.rules.tables.cycles.get(cycle.0 as usize).map_or(&[], |c| c.markets.as_slice())
    }

    /// A field of a cycle in a step, as it reads at `clock`.
    pub(super) fn cycle(&self, node: NodeId, step: StepNo, clock: Timestamp) -> Val {
        let Some(Op::Cycle { cycle, field }) = self.op(node) else { return Val::Unknown };
        let Some(cycle) = self.rules.tables.cycles.get(cycle.0 as usize) else { return Val::Unknown };
        let number = |i: usize| match self.value(self.arg(node, i), step) {
            Val::Num(fee) => Some(fee),
            _ => None,
        };
        if matches!(field, CycleField::Age | CycleField::Skew) {
            return self.quotes_apart(&cycle.markets, *field, step, clock);
        }
        let quotes: Option<Vec<Quote>> = cycle.markets.iter().map(|m| self.good_quote(*m, step)).collect();
        let fees = if cycle.kind == CycleKind::Cross { [number(0), number(1)] } else { [number(0); 2] };
        let (Some(quotes), [Some(first), Some(other)]) = (quotes, fees) else { return Val::Unknown };
        let legs: Vec<Leg> = cycle
            .markets
            .iter()
            .zip(quotes)
            .enumerate()
            .map(|(i, (market, quote))| Leg { pair: self.pair(*market), quote, fee: if i == 0 { first } else { other } })
            .collect();
        // A cross only goes the way that it is written.
        let back = if cycle.kind == CycleKind::Cross { None } else { round(&legs, true) };
        let (best, direction) = match (round(&legs, false), back) {
            (Some(out), Some(back)) if back.net > out.net => (back, -1.0),
            (Some(out), _) => (out, 1.0),
            _ => return Val::Unknown,
        };
        Val::num(match field {
            CycleField::Net => best.net,
            CycleField::Gross => best.gross,
            CycleField::Direction => direction,
            CycleField::Size => best.size,
            CycleField::Age | CycleField::Skew => return Val::Unknown,
        })
    }

    /// How long ago the oldest of the markets' last quotes was, or how far apart they are.
    fn quotes_apart(&self, markets: &[SymbolId], field: CycleField, step: StepNo, clock: Timestamp) -> Val {
        let last_quote = |m: &SymbolId| self.events_of(*m, step).find(|(_, e)| e.what.quote().is_some()).map(|(k, _)| self.ts(k));
        let times: Option<Vec<Timestamp>> = markets.iter().map(last_quote).collect();
        let Some((oldest, newest)) = times.and_then(|t| Some((*t.iter().min()?, *t.iter().max()?))) else { return Val::Unknown };
        let span = if field == CycleField::Age { clock.checked_sub(oldest) } else { newest.checked_sub(oldest) };
        span.map_or(Val::Unknown, Val::Duration)
    }

    /// The last quote of a market if it has both sides, the bid below the ask.
    fn good_quote(&self, market: SymbolId, step: StepNo) -> Option<Quote> {
        self.last_quote(market, step).filter(|q| q.bid < q.ask)
    }

    /// The base and the quote asset of a market.
    fn pair(&self, market: SymbolId) -> (String, String) {
        let symbol = self.rules.tables.symbols.get(market.0 as usize).map_or("", String::as_str);
        let name = symbol.split_once(':').map_or(symbol, |(_, name)| name);
        let (base, quote) = name.split_once('/').unwrap_or((name, ""));
        (base.to_owned(), quote.to_owned())
    }
}

/// One market of a cycle.
struct Leg {
    pair: (String, String),
    quote: Quote,
    fee: f64,
}

/// Goes round from the quote asset of the first market and back to it: the first market is bought at once, or on the way back sold in the
/// end; of the others, the next one is that which trades the asset at hand.
fn round(legs: &[Leg], back: bool) -> Option<Round> {
    let (first, others) = legs.split_first()?;
    let mut left: Vec<&Leg> = others.iter().collect();
    let start = first.pair.1.as_str();
    let mut result = Round { net: 1.0, gross: 1.0, size: f64::INFINITY };
    let mut asset = start;
    if !back {
        asset = result.exchange(first, asset)?;
    }
    while !left.is_empty() {
        let next = left.iter().position(|l| l.pair.0 == asset || l.pair.1 == asset)?;
        asset = result.exchange(left.remove(next), asset)?;
    }
    if back {
        asset = result.exchange(first, asset)?;
    }
    let around = Round { net: result.net - 1.0, gross: result.gross - 1.0, ..result };
    (asset == start).then_some(around)
}

impl Round {
    /// Exchanges all of `asset` on a market: the quote asset buys at the ask, the base asset is sold at the bid. Gives the other asset.
    fn exchange<'a>(&mut self, leg: &'a Leg, asset: &str) -> Option<&'a str> {
        let Leg { pair: (base, quote), quote: prices, fee } = leg;
        let (rate, takes, gives) = if asset == quote {
            (1.0 / prices.ask, prices.ask * prices.ask_qty, base)
        } else if asset == base {
            (prices.bid, prices.bid_qty, quote)
        } else {
            return None;
        };
        // What this market takes, in units of the start asset; not a number where its quantity is not known.
        let most = takes / self.net;
        self.size = if most.is_nan() || most < self.size { most } else { self.size };
        self.net *= rate * (1.0 - fee);
        self.gross *= rate;
        Some(gives)
    }
}

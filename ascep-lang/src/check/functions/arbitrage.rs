//! Operators of the library module `arbitrage`: what is left after fees of a way round two or three markets.

use smallvec::SmallVec;

use super::cycles::cycles;
use super::{Build, Function, entry, may, need, written};
use crate::check::Checker;
use crate::check::call::Call;
use crate::check::records::Record;
use crate::check::symbol;
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Cycle, CycleField, CycleKind, Op, SymbolId};

/// A function that a program has to `USE` the module for.
const fn of_module(function: Function) -> Function {
    Function { module: Some("arbitrage"), ..function }
}

pub(super) const FUNCTIONS: &[Function] = &[
    of_module(entry(
        "triangle",
        "triangle(a, b, c, fee = f)",
        "pure",
        &[need("a"), need("b"), need("c"), need("fee")],
        Build::Native(triangle),
        "net return of the better way round three markets: `.net .gross .direction .age .skew .size`",
    )),
    of_module(entry(
        "cross",
        "cross(buy = a, sell = b, fee_buy = f, fee_sell = g)",
        "pure",
        &[need("buy"), need("sell"), need("fee_buy"), need("fee_sell")],
        Build::Native(cross),
        "net return of buying on one market and selling on another: `.net .gross .direction .age .skew .size`",
    )),
    of_module(entry(
        "inverse",
        "inverse(a, b, fee = f)",
        "pure",
        &[need("a"), need("b"), need("fee")],
        Build::Native(inverse),
        "net return of the better way round two markets that quote one pair inversely: `.net .gross .direction .age .skew .size`",
    )),
    of_module(entry(
        "cycles",
        "cycles(home, fee, venue, markets, legs = 3, min_net = 0, max_age, max_skew, step = 1bp)",
        "",
        &[
            need("home"),
            may("fee"),
            may("venue"),
            written("markets"),
            written("legs"),
            may("min_net"),
            may("max_age"),
            may("max_skew"),
            may("step"),
        ],
        Build::Native(cycles),
        "each opening, update and close of a way round a set of markets, or round all of a universe, that returns more than it costs",
    )),
];

/// A market of a way: its symbol, its base and its quote.
type Leg<'n> = (SymbolId, &'n str, &'n str);

fn triangle<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    opportunity(c, call, CycleKind::Triangle, 3)
}

fn cross<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    opportunity(c, call, CycleKind::Cross, 2)
}

fn inverse<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    opportunity(c, call, CycleKind::Inverse, 2)
}

/// The markets in the first places and a fee in each place after them.
fn opportunity<'a>(c: &mut Checker<'a>, call: &Call<'a>, kind: CycleKind, count: usize) -> Val {
    let markets: SmallVec<[SymbolId; 3]> = (0..count).filter_map(|at| c.symbol_arg(call, at)).collect();
    let mut fees: SmallVec<[Val; 2]> = SmallVec::new();
    let mut good = true;
    for at in count..call.args.len() {
        good &= c.pure_arg(call, at, "a fee") && c.fee_below_one(call, at);
        fees.push(call.val(at));
    }
    if markets.len() != count || !good {
        return Val::poison(call.span);
    }
    let Some(markets) = c.closed_way(call, kind, &markets) else { return Val::poison(call.span) };
    let Some(start) = markets.first().map(|first| c.out.symbol_units(*first).quote) else { return Val::poison(call.span) };
    let cycle = c.out.cycle(Cycle { kind, markets });
    let passed = fees.iter().fold(Facts::INPUT, |f, fee| f.with(fee.facts.passed()));
    let parts = [
        (CycleField::Net, Ty::Num(Unit::PURE), Facts::COMPUTED),
        (CycleField::Gross, Ty::Num(Unit::PURE), Facts::COMPUTED),
        (CycleField::Direction, Ty::Num(Unit::PURE), Facts::NONE),
        (CycleField::Age, Ty::Duration, Facts::CLOCK),
        (CycleField::Skew, Ty::Duration, Facts::NONE),
        (CycleField::Size, Ty::Num(start), Facts::COMPUTED),
    ];
    let parts = parts.map(|(field, ty, fact)| c.over(Op::Cycle { cycle, field }, &fees, ty, passed.with(fact), call.span));
    c.record(Record::Opportunity, &parts, call.span)
}

impl<'a> Checker<'a> {
    /// Whether a fee that is known leaves something.
    pub(super) fn fee_below_one(&mut self, call: &Call<'a>, at: usize) -> bool {
        let (fee, span) = (call.val(at).number(), call.span_of(at));
        if fee.is_none_or(|fee| fee < 1.0 && fee > -1.0) {
            return true;
        }
        self.report(Code::BadFee, span, |c, d| {
            let text = c.source(span);
            let d = d.says(format!("a fee of {} takes all there is, or more", c.quote(span)), "a fee is a part of what is exchanged");
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if plain { d.fix("in basis points?", span, format!("{text}bp")) } else { d.help("write it as `7.5bp` or `0.1%`") }
        });
        false
    }

    /// The markets in the order of the way, where they make one that closes; reports where they make none.
    fn closed_way(&mut self, call: &Call<'a>, kind: CycleKind, markets: &[SymbolId]) -> Option<Vec<SymbolId>> {
        let names: SmallVec<[String; 3]> = markets.iter().map(|m| self.out.symbol_name(*m).to_owned()).collect();
        if let Some((at, name)) = names.iter().enumerate().find(|(_, name)| pair(name).is_none()) {
            self.report(Code::CycleNotClosed, call.span_of(at), |_, d| {
                d.says(format!("\"{name}\" names no pair"), "a market exchanges two assets: `\"BASE/QUOTE\"`")
            });
            return None;
        }
        let problem = match way(kind, markets, &names) {
            Ok(way) => return Some(way),
            Err(problem) => problem,
        };
        let span = call.span_of(0).to(call.span_of(markets.len().saturating_sub(1)));
        self.report(Code::CycleNotClosed, span, |_, d| {
            d.says(problem, "these markets make no closed way").help(match kind {
                CycleKind::Triangle => "three markets among three assets: `triangle(\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\", fee = 7.5bp)`",
                CycleKind::Cross => "one pair on two venues: `cross(buy = \"binance:BTC/USDT\", sell = \"kraken:BTC/USDT\", ..)`",
                CycleKind::Inverse => "one pair both ways: `inverse(\"EUR/USD\", \"USD/EUR\", fee = 1bp)`",
            })
        });
        None
    }
}

/// Base and quote of a symbol that has them.
fn pair(name: &str) -> Option<(&str, &str)> {
    symbol::parts(name).ok().and_then(|parts| parts.pair)
}

/// The markets in the order in which a way leads through them from the quote of the first one, or why it does not come back there.
pub(crate) fn way<N: AsRef<str>>(kind: CycleKind, markets: &[SymbolId], names: &[N]) -> Result<Vec<SymbolId>, String> {
    let mut legs: SmallVec<[Leg<'_>; 3]> = SmallVec::new();
    for (market, name) in markets.iter().zip(names) {
        let Some((base, quote)) = pair(name.as_ref()) else { return Err(format!("`{}` names no pair", name.as_ref())) };
        legs.push((*market, base, quote));
    }
    match (kind, legs.as_slice()) {
        (CycleKind::Triangle, &[a, b, c]) => {
            let (_, middle, start) = a;
            for (second, last) in [(b, c), (c, b)] {
                let third = if second.1 == middle { second.2 } else { second.1 };
                let joins = (second.1 == middle || second.2 == middle) && third != start && third != middle && start != middle;
                if joins && [(third, start), (start, third)].contains(&(last.1, last.2)) {
                    return Ok(vec![a.0, second.0, last.0]);
                }
            }
            Err(format!("{start} buys {middle}, and the other two do not lead from {middle} through a third asset back to {start}"))
        }
        (CycleKind::Cross, &[a, b]) if a.0 == b.0 => Err("what is bought and sold on one market comes back less".to_owned()),
        (CycleKind::Cross, &[a, b]) if (a.1, a.2) == (b.1, b.2) => Ok(vec![a.0, b.0]),
        (CycleKind::Inverse, &[a, b]) if (a.1, a.2) == (b.2, b.1) && a.0 != b.0 => Ok(vec![a.0, b.0]),
        (_, legs) => {
            let pairs: Vec<String> = legs.iter().map(|(_, base, quote)| format!("{base}/{quote}")).collect();
            let wanted = if kind == CycleKind::Cross { "are not the same pair" } else { "are not one pair both ways" };
            Err(format!("{} {wanted}", pairs.join(" and ")))
        }
    }
}

//! Bars of trades: an event at the end of each, and what the last one was.

use super::{Build, Function, entry, need};
use crate::check::Checker;
use crate::check::call::Call;
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::{Code, Diagnostic};
use crate::program::{BarField, Op, Period, SymbolId};
use crate::span::Span;
use crate::syntax::Ident;

pub(super) const FUNCTIONS: &[Function] = &[entry(
    "bar",
    "bar(s, d)",
    "",
    &[need("s"), need("d")],
    Build::Native(bar),
    "the close of each bar of trades; of the last: `.open .high .low .close .volume .vwap .count .start`",
)];

/// The fields of a bar.
const FIELDS: [BarField; 8] =
    [BarField::Open, BarField::High, BarField::Low, BarField::Close, BarField::Volume, BarField::Vwap, BarField::Count, BarField::Start];

fn bar<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let symbol = c.symbol_arg(call, 0);
    let (length, span) = (call.val(1), call.span_of(1));
    let period = match c.period_of(&length, span) {
        Some(Period::Fixed(period)) => Some(period),
        Some(Period::Param(_)) => {
            c.report(Code::NotConstant, span, |c, d| {
                d.says(format!("{} may be set while the rules run", c.quote(span)), "the length of a bar is a literal or a CONST")
            });
            None
        }
        None => None,
    };
    let (Some(symbol), Some(period)) = (symbol, period) else { return Val::poison(call.span) };
    let shape = c.out.bar_shape(symbol);
    Val { shape, ..c.over(Op::Bar { symbol, period }, &[], Ty::Event, Facts::INPUT, call.span) }
}

impl<'a> Checker<'a> {
    /// The symbol of a value that is a bar.
    pub(in crate::check) fn bar_symbol(&self, val: &Val) -> Option<SymbolId> {
        match self.out.node(val.node?)?.op {
            Op::Bar { symbol, .. } => Some(symbol),
            _ => None,
        }
    }

    /// The way out where a bar stands for a number.
    pub(in crate::check) fn close_of(&self, d: Diagnostic, bar: &Val, text: &str, span: Span) -> Diagnostic {
        if self.bar_symbol(bar).is_some() { d.fix("the close of the last one?", span, format!("{text}.close")) } else { d }
    }

    /// What a field of the last closed bar is.
    pub(in crate::check) fn bar_field(&mut self, bar: &Val, symbol: SymbolId, field: BarField, span: Span) -> Val {
        let units = self.out.symbol_units(symbol);
        let (ty, fact) = match field {
            BarField::Open | BarField::High | BarField::Low | BarField::Close => (Ty::Num(units.price), Facts::NONE),
            BarField::Vwap => (Ty::Num(units.price), Facts::COMPUTED),
            BarField::Volume => (Ty::Num(units.base), Facts::COMPUTED),
            BarField::Count => (Ty::Num(Unit::PURE), Facts::NONE),
            BarField::Start => (Ty::Timestamp, Facts::NONE),
        };
        self.over(Op::BarField(field), &[*bar], ty, bar.facts.passed().with(fact), span)
    }

    /// `bar(s, d).field`
    pub(in crate::check) fn field_of_bar(&mut self, bar: &Val, symbol: SymbolId, field: &'a Ident, span: Span) -> Val {
        let name = |f: BarField| f.name().trim_start_matches('.');
        if let Some(&found) = FIELDS.iter().find(|f| name(**f) == field.text) {
            return self.bar_field(bar, symbol, found, span);
        }
        self.unknown_field("a bar", &FIELDS.map(name), field);
        Val::poison(span)
    }
}

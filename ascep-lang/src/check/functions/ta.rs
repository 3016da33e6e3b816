//! Technical indicators, as compositions of operators.

use super::{Build, Function, Param, entry, may, need};
use crate::check::Checker;
use crate::check::call::{Call, Given};
use crate::check::records::Record;
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{BarField, MAX_UPDATES, NumFn, Op, Stat, SymbolId, Window};
use crate::span::Span;

const XN: &[Param] = &[need("x"), need("n")];

pub(super) const FUNCTIONS: &[Function] = &[
    entry("sma", "sma(x, n)", "that of x", XN, Build::Native(sma), "simple moving average of n updates"),
    entry(
        "ema",
        "ema(x, n)",
        "that of x",
        XN,
        Build::Native(ema),
        "exponential moving average, alpha 2 / (n + 1), from the mean of its first n",
    ),
    entry("wma", "wma(x, n)", "that of x", XN, Build::Native(wma), "moving average with weights 1 to n, the newest the heaviest"),
    entry("rsi", "rsi(x, n)", "pure", XN, Build::Native(rsi), "relative strength index, 0 to 100, smoothed as Wilder does"),
    entry(
        "macd",
        "macd(x, fast = 12, slow = 26, signal = 9)",
        "that of x",
        &[need("x"), may("fast"), may("slow"), may("signal")],
        Build::Native(macd),
        "moving average convergence and divergence: `.line .signal .hist`",
    ),
    entry(
        "bollinger",
        "bollinger(x, n, k)",
        "that of x",
        &[need("x"), need("n"), need("k")],
        Build::Native(bollinger),
        "mean of n updates and k deviations around it: `.upper .middle .lower`",
    ),
    entry("atr", "atr(b, n)", "price", &[need("b"), need("n")], Build::Native(atr), "average true range of bars, smoothed as Wilder does"),
    entry(
        "stoch",
        "stoch(b, k, smooth, d)",
        "pure",
        &[need("b"), need("k"), need("smooth"), need("d")],
        Build::Native(stoch),
        "stochastic oscillator of bars, 0 to 100: `.k .d`",
    ),
    entry("obv", "obv(b)", "base", &[need("b")], Build::Native(obv), "on-balance volume of bars"),
];

impl<'a> Checker<'a> {
    /// The length in place `index`, or `default` where none is given.
    fn length_arg(&mut self, call: &Call<'a>, index: usize, default: Option<u32>) -> Option<u32> {
        match (call.get(index), default) {
            (None, Some(default)) => Some(default),
            _ => self.whole_arg(call, index, f64::from(MAX_UPDATES), Code::BadCount),
        }
    }

    /// A statistic of the last n updates.
    fn rolling(&mut self, stat: Stat, x: Val, n: u32, span: Span) -> Val {
        let op = Op::Window { stat, window: Window::Updates(n), partial: false, max: None };
        self.over(op, &[x], x.ty, self.indicated(&[x]), span)
    }

    /// What is known of an indicator of some values.
    fn indicated(&self, args: &[Val]) -> Facts {
        args.iter().fold(Facts::COMPUTED, |f, a| f.with(a.facts.passed()))
    }

    fn indicator(&mut self, op: Op, args: &[Val], ty: Ty, span: Span) -> Val {
        self.over(op, args, ty, self.indicated(args), span)
    }

    /// The bar in place `index`.
    fn bar_arg(&mut self, call: &Call<'a>, index: usize) -> Option<(Val, SymbolId)> {
        let Given { val, span, .. } = call.get(index)?;
        if val.is_poison() {
            return None;
        }
        if let Some(symbol) = self.bar_symbol(&val) {
            return Some((val, symbol));
        }
        self.report(Code::TypeMismatch, span, |c, d| {
            let d = d.says(format!("{} is {} and not a bar", c.quote(span), val.ty.words()), "bars are wanted");
            match val.ty {
                Ty::Quoted | Ty::Symbol => d.fix("of one minute?", span, format!("bar({}, 1m)", c.source(span))),
                _ => d.help("a bar is `bar(s, 1m)`, or a `LET` that names one"),
            }
        });
        None
    }
}

fn sma<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    moving(c, call, |n| Op::Window { stat: Stat::Avg, window: Window::Updates(n), partial: false, max: None })
}

fn wma<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    moving(c, call, |n| Op::Window { stat: Stat::Wma, window: Window::Updates(n), partial: false, max: None })
}

fn ema<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    moving(c, call, |n| Op::Ema { n, skip: 0 })
}

/// `f(x, n)` in the unit of x.
fn moving<'a>(c: &mut Checker<'a>, call: &Call<'a>, op: fn(u32) -> Op) -> Val {
    let (x, n) = (c.series_arg(call, 0), c.length_arg(call, 1, None));
    let (Some(x), Some(n)) = (x, n) else { return Val::poison(call.span) };
    c.indicator(op(n), &[x], x.ty, call.span)
}

fn rsi<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (x, n) = (c.series_arg(call, 0), c.length_arg(call, 1, None));
    let (Some(x), Some(n)) = (x, n) else { return Val::poison(call.span) };
    c.indicator(Op::Rsi(n), &[x], Ty::Num(Unit::PURE), call.span)
}

fn macd<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let x = c.series_arg(call, 0);
    let lengths = [(1, 12), (2, 26), (3, 9)].map(|(at, default)| c.length_arg(call, at, Some(default)));
    let (Some(x), [Some(fast), Some(slow), Some(signal)]) = (x, lengths) else { return Val::poison(call.span) };
    let Some(skip) = slow.checked_sub(fast).filter(|skip| *skip > 0) else {
        let at = if call.get(1).is_some() { call.span_of(1) } else { call.span_of(2) };
        c.report(Code::BadLengths, at, |_, d| {
            d.says(format!("the fast average of {fast} updates is not shorter than the slow one of {slow}"), "")
                .help("`macd(x)` is `macd(x, fast = 12, slow = 26, signal = 9)`")
        });
        return Val::poison(call.span);
    };
    // Both averages start at the same update, so that the line does.
    let fast = c.indicator(Op::Ema { n: fast, skip }, &[x], x.ty, call.span);
    let slow = c.indicator(Op::Ema { n: slow, skip: 0 }, &[x], x.ty, call.span);
    let line = c.stateless(NumFn::Sub, &[fast, slow], x.ty, call.span);
    let signal = c.indicator(Op::Ema { n: signal, skip: 0 }, &[line], x.ty, call.span);
    let hist = c.stateless(NumFn::Sub, &[line, signal], x.ty, call.span);
    c.record(Record::Macd, &[line, signal, hist], call.span)
}

fn bollinger<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (x, n, k) = (c.series_arg(call, 0), c.length_arg(call, 1, None), call.val(2));
    let wide = c.pure_arg(call, 2, "the width of the bands");
    let (Some(x), Some(n), true) = (x, n, wide) else { return Val::poison(call.span) };
    let middle = c.rolling(Stat::Avg, x, n, call.span);
    let deviation = c.rolling(Stat::StddevPop, x, n, call.span);
    let width = c.stateless(NumFn::Mul, &[k, deviation], x.ty, call.span);
    let upper = c.stateless(NumFn::Add, &[middle, width], x.ty, call.span);
    let lower = c.stateless(NumFn::Sub, &[middle, width], x.ty, call.span);
    c.record(Record::Bollinger, &[upper, middle, lower], call.span)
}

fn atr<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (bar, n) = (c.bar_arg(call, 0), c.length_arg(call, 1, None));
    let (Some((bar, symbol)), Some(n)) = (bar, n) else { return Val::poison(call.span) };
    let parts = [BarField::High, BarField::Low, BarField::Close].map(|f| c.bar_field(&bar, symbol, f, call.span));
    let price = c.out.symbol_units(symbol).price;
    c.indicator(Op::Atr(n), &parts, Ty::Num(price), call.span)
}

fn obv<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let Some((bar, symbol)) = c.bar_arg(call, 0) else { return Val::poison(call.span) };
    let parts = [BarField::Close, BarField::Volume].map(|f| c.bar_field(&bar, symbol, f, call.span));
    let base = c.out.symbol_units(symbol).base;
    c.indicator(Op::Obv, &parts, Ty::Num(base), call.span)
}

fn stoch<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let bar = c.bar_arg(call, 0);
    let lengths = [1, 2, 3].map(|at| c.length_arg(call, at, None));
    let (Some((bar, symbol)), [Some(k), Some(smooth), Some(d)]) = (bar, lengths) else { return Val::poison(call.span) };
    let [high, low, close] = [BarField::High, BarField::Low, BarField::Close].map(|f| c.bar_field(&bar, symbol, f, call.span));
    let lowest = c.rolling(Stat::Lowest, low, k, call.span);
    let highest = c.rolling(Stat::Highest, high, k, call.span);
    let raw = c.indicator(Op::FastK, &[close, lowest, highest], Ty::Num(Unit::PURE), call.span);
    let slow = c.rolling(Stat::Avg, raw, smooth, call.span);
    let signal = c.rolling(Stat::Avg, slow, d, call.span);
    c.record(Record::Stoch, &[slow, signal], call.span)
}

//! Statistics over windows: of values, of pairs of values, of trades and of occurrences.

use smallvec::SmallVec;

use super::{Build, Function, Param, entry, may, need};
use crate::check::Checker;
use crate::check::call::{Call, Given};
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{MAX_SAMPLES, MAX_UPDATES, MarketField, Op, Stat, Window};
use crate::span::Span;

const XW: &[Param] = &[need("x"), need("w"), may("partial"), may("max")];
const XD: &[Param] = &[need("x"), need("d"), may("max")];
const XD_PARTIAL: &[Param] = &[need("x"), need("d"), may("partial"), may("max")];
const XPW: &[Param] = &[need("x"), need("p"), need("w"), may("partial"), may("max")];
const XYW: &[Param] = &[need("x"), need("y"), need("w"), may("partial"), may("max")];
const YXW: &[Param] = &[need("y"), need("x"), need("w"), may("partial"), may("max")];
const SD: &[Param] = &[need("s"), need("d"), may("partial"), may("max")];
const ED: &[Param] = &[need("e"), need("d"), may("partial"), may("max")];

/// A statistic of the last w.
const fn stat(name: &'static str, signature: &'static str, unit: &'static str, stat: Stat, doc: &'static str) -> Function {
    entry(name, signature, unit, XW, Build::Window(stat), doc)
}

pub(super) const FUNCTIONS: &[Function] = &[
    entry(
        "count",
        "count(x, w, partial = FALSE, max = 65_536)",
        "pure",
        XW,
        Build::Native(count),
        "how many x there were in the last w, a duration or a number of updates",
    ),
    stat("sum", "sum(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Sum, "sum of the updates in the window"),
    stat("avg", "avg(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Avg, "mean of the updates in the window"),
    stat("lowest", "lowest(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Lowest, "the least in the window"),
    stat("highest", "highest(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Highest, "the greatest in the window"),
    stat("first", "first(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::First, "the oldest in the window"),
    stat("last_value", "last_value(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Last, "the newest in the window"),
    stat("median", "median(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::Median, "the middle of the window"),
    stat(
        "stddev",
        "stddev(x, w, partial = FALSE, max = 65_536)",
        "that of x",
        Stat::Stddev,
        "sample standard deviation of the window, of two updates at least",
    ),
    stat("stddev_pop", "stddev_pop(x, w, partial = FALSE, max = 65_536)", "that of x", Stat::StddevPop, "standard deviation with n"),
    stat(
        "variance",
        "variance(x, w, partial = FALSE, max = 65_536)",
        "the square of that of x",
        Stat::Variance,
        "sample variance of the window, of two updates at least",
    ),
    stat("zscore", "zscore(x, w, partial = FALSE, max = 65_536)", "pure", Stat::Zscore, "(x - avg) / stddev of the window"),
    stat(
        "slope",
        "slope(x, w, partial = FALSE, max = 65_536)",
        "that of x",
        Stat::Slope,
        "slope of the least-squares line, per second where w is a duration, per update where it is a count",
    ),
    entry(
        "percentile",
        "percentile(x, p, w, partial = FALSE, max = 65_536)",
        "that of x",
        XPW,
        Build::Native(percentile),
        "percentile p, 0 to 100, of the window, linear between ranks",
    ),
    entry(
        "corr",
        "corr(x, y, w, partial = FALSE, max = 65_536)",
        "pure",
        XYW,
        Build::Window(Stat::Corr),
        "Pearson's correlation over the window",
    ),
    entry(
        "beta",
        "beta(y, x, w, partial = FALSE, max = 65_536)",
        "that of y over that of x",
        YXW,
        Build::Window(Stat::Beta),
        "covariance over the variance of x",
    ),
    entry("change", "change(x, d, max = 65_536)", "pure", XD, Build::Window(Stat::Change), "x over x as it stood d ago, minus 1"),
    entry("delta", "delta(x, d, max = 65_536)", "that of x", XD, Build::Window(Stat::Delta), "x minus x as it stood d ago"),
    entry(
        "twap",
        "twap(x, d, partial = FALSE, max = 65_536)",
        "that of x",
        XD_PARTIAL,
        Build::Window(Stat::Twap),
        "mean over the last d, weighted by time",
    ),
    entry(
        "vwap",
        "vwap(s, d, partial = FALSE, max = 65_536)",
        "price",
        SD,
        Build::Native(vwap),
        "price of the trades of the last d, weighted by quantity",
    ),
    entry("volume", "volume(s, d, partial = FALSE, max = 65_536)", "base", SD, Build::Native(volume), "quantity traded in the last d"),
    entry("rate", "rate(e, d, partial = FALSE, max = 65_536)", "pure", ED, Build::Native(rate), "how many e a second in the last d"),
    entry("decay", "decay(x, h)", "that of x", &[need("x"), need("h")], Build::Native(decay), "mean weighted by time, with half-life h"),
];

/// What a statistic looks at, beside its values.
struct Over {
    window: Window,
    partial: bool,
    max: Option<u32>,
}

impl<'a> Checker<'a> {
    /// `f(x, w)` and `f(x, y, w)`, with `partial` and `max` where the function has them.
    pub(in crate::check) fn statistic(&mut self, call: &Call<'a>, stat: Stat) -> Val {
        let values = if stat.is_paired() { 2 } else { 1 };
        let over = if stat.is_of_the_past() { self.over_time(call, values, stat == Stat::Twap) } else { self.over_window(call, values) };
        self.statistic_over(call, stat, values, over)
    }

    fn statistic_over(&mut self, call: &Call<'a>, stat: Stat, values: usize, over: Option<Over>) -> Val {
        let mut args: SmallVec<[Val; 2]> = SmallVec::new();
        for index in 0..values {
            args.extend(self.series_arg(call, index));
        }
        let (Some(over), true, Some(&x)) = (over, args.len() == values, args.first()) else { return Val::poison(call.span) };
        let unit = self.unit_of_statistic(stat, &x, args.get(1));
        self.window(stat, over, &args, unit, call.span)
    }

    fn window(&mut self, stat: Stat, Over { window, partial, max }: Over, args: &[Val], unit: Unit, span: Span) -> Val {
        let mut facts = args.iter().fold(Facts::NONE, |f, a| f.with(a.facts.passed()));
        // What is picked out of a window is as exact as it was; everything else went through arithmetic.
        let picked = matches!(stat, Stat::Lowest | Stat::Highest | Stat::First | Stat::Last | Stat::Count);
        if !picked || (stat != Stat::Count && args.iter().any(|a| a.facts.has(Facts::COMPUTED))) {
            facts = facts.with(Facts::COMPUTED);
        }
        self.over(Op::Window { stat, window, partial, max }, args, Ty::Num(unit), facts, span)
    }

    fn unit_of_statistic(&mut self, stat: Stat, x: &Val, second: Option<&Val>) -> Unit {
        let unit = x.unit().unwrap_or(Unit::UNCHECKED);
        match (stat, second) {
            (Stat::Zscore | Stat::Corr | Stat::Change | Stat::Rate | Stat::Count, _) => Unit::PURE,
            (Stat::Variance, _) => self.out.units.power(unit, 2.0),
            (Stat::Beta, Some(of)) => self.multiply(unit, of.unit().unwrap_or(Unit::UNCHECKED), x, of, -1),
            _ => unit,
        }
    }

    /// A window of time or of updates in place `at`, with `partial` and `max` in the two places after it.
    fn over_window(&mut self, call: &Call<'a>, at: usize) -> Option<Over> {
        let wide = call.val(at);
        if !matches!(wide.ty, Ty::Num(_)) {
            return self.over_time(call, at, true);
        }
        let window = self.whole_arg(call, at, f64::from(MAX_UPDATES), Code::BadCount).map(Window::Updates);
        let partial = self.flag_arg(call, at + 1);
        if let Some(max) = call.get(at + 2) {
            let wide = call.span_of(at);
            self.report(Code::BadMax, max.span, |c, d| {
                d.says("`max = n` on a window of a number of updates", "it bounds a window of time")
                    .also(wide, "this window never holds more than that")
                    .help(format!("leave it out, or write the window as a duration: `{}s`", c.source(wide)))
            });
            return None;
        }
        // Such a window is known once it is full, whatever it is told.
        partial?;
        Some(Over { window: window?, partial: false, max: None })
    }

    /// A window of time in place `at`, with `partial`, where the function has it, and `max` after it.
    fn over_time(&mut self, call: &Call<'a>, at: usize, partial: bool) -> Option<Over> {
        let period = self.period_of(&call.val(at), call.span_of(at));
        let (partial, max) = if partial { (self.flag_arg(call, at + 1), at + 2) } else { (Some(false), at + 1) };
        let max = match call.get(max) {
            Some(_) => self.whole_arg(call, max, f64::from(MAX_SAMPLES), Code::BadMax).map(Some),
            None => Some(None),
        };
        Some(Over { window: Window::Time(period?), partial: partial?, max: max? })
    }

    /// The number with updates to look back at in place `index`; reports where it is none.
    pub(in crate::check) fn series_arg(&mut self, call: &Call<'a>, index: usize) -> Option<Val> {
        let Given { val, id, span } = call.get(index)?;
        let good = match val.ty {
            Ty::Duration | Ty::Timestamp => {
                self.report(Code::NotANumber, span, |c, d| {
                    let text = c.as_factor(call.tree, id);
                    let d = d.says(format!("{} is {} and not a number", c.quote(span), val.ty.words()), "a number is wanted");
                    if val.ty == Ty::Duration {
                        d.fix("in milliseconds?", span, format!("{text} / 1ms"))
                    } else {
                        d.fix("in seconds, up to now?", span, format!("(now() - {text}) / 1s"))
                    }
                });
                false
            }
            Ty::Bool | Ty::Event => {
                self.report(Code::NotANumber, span, |c, d| {
                    let text = c.source(span);
                    let d = d
                        .says(format!("{} is {} and not a number", c.quote(span), val.ty.words()), "a number is wanted")
                        .help(format!("how often it happens: `count({text}, 1m)`"));
                    c.close_of(d, &val, text, span)
                });
                false
            }
            Ty::Num(_) if !val.can_change() => {
                self.report(Code::TypeMismatch, span, |c, d| {
                    d.says(format!("{} is a constant and has no updates to look back at", c.quote(span)), "")
                });
                false
            }
            _ => self.want_number(&val, span),
        };
        if good && val.facts.has(Facts::CLOCK.with(Facts::OVER_CLOCK)) {
            self.report(Code::ClockHeld, span, |c, d| {
                d.says(
                    format!("{} is looked at only when something else in it changes, not as time passes", c.quote(span)),
                    "these moments are the samples",
                )
                .help("how long something has lasted is a comparison that changes by itself: `age(s) >= 5s`, `since(e) < 2s`")
            });
        }
        good.then_some(val)
    }
}

fn count<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (val, span) = (call.val(0), call.span_of(0));
    let over = c.over_window(call, 1);
    let counted = match val.ty {
        Ty::Record(kind) => {
            c.bare_record(kind, span);
            None
        }
        Ty::Num(_) | Ty::Duration | Ty::Timestamp | Ty::Text if val.can_change() => Some(val),
        _ => c.want_event(&val, span),
    };
    let (Some(counted), Some(over)) = (counted, over) else { return Val::poison(call.span) };
    c.window(Stat::Count, over, &[counted], Unit::PURE, call.span)
}

fn percentile<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let p = percent_rank(c, call);
    let over = c.over_window(call, 2);
    match p {
        Some(p) => c.statistic_over(call, Stat::Percentile(p.to_bits()), 1, over),
        None => Val::poison(call.span),
    }
}

/// The p of `percentile`.
fn percent_rank<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Option<f64> {
    let (val, span) = (call.val(1), call.span_of(1));
    if val.is_poison() {
        return None;
    }
    match val.number() {
        // -0 is 0.
        Some(p) if (0.0..=100.0).contains(&p) && !val.facts.has(Facts::PERCENT) => Some(p + 0.0),
        Some(p) if val.facts.has(Facts::PERCENT) => {
            c.report(Code::BadPercentile, span, |c, d| {
                let d = d.says(format!("{} is the number {p}", c.quote(span)), "percentiles are counted from 0 to 100");
                let plain = c.source(span).trim_end_matches('%').trim_end();
                if plain.bytes().all(|b| b.is_ascii_digit() || b == b'.') { d.fix("without the sign", span, plain) } else { d }
            });
            None
        }
        _ => {
            let code = if val.unit().is_some() && val.constant.is_none() { Code::NotConstant } else { Code::BadPercentile };
            c.report(code, span, |c, d| {
                d.says(
                    format!("{} is not a percentile", c.quote(span)),
                    "a number from 0 to 100 that is known when the rules are loaded is wanted",
                )
            });
            None
        }
    }
}

fn vwap<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (symbol, over) = (c.symbol_arg(call, 0), c.over_time(call, 1, true));
    let (Some(symbol), Some(over)) = (symbol, over) else { return Val::poison(call.span) };
    let units = c.out.symbol_units(symbol);
    let price = c.over(Op::Market(MarketField::Last, symbol), &[], Ty::Num(units.price), Facts::INPUT, call.span);
    let qty = c.over(Op::Market(MarketField::Qty, symbol), &[], Ty::Num(units.base), Facts::INPUT, call.span);
    c.window(Stat::Vwap, over, &[price, qty], units.price, call.span)
}

fn volume<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let (symbol, over) = (c.symbol_arg(call, 0), c.over_time(call, 1, true));
    let (Some(symbol), Some(over)) = (symbol, over) else { return Val::poison(call.span) };
    let base = c.out.symbol_units(symbol).base;
    let qty = c.over(Op::Market(MarketField::Qty, symbol), &[], Ty::Num(base), Facts::INPUT, call.span);
    c.window(Stat::Sum, over, &[qty], base, call.span)
}

fn rate<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let over = c.over_time(call, 1, true);
    let event = c.want_event(&call.val(0), call.span_of(0));
    let (Some(event), Some(over)) = (event, over) else { return Val::poison(call.span) };
    c.window(Stat::Rate, over, &[event], Unit::PURE, call.span)
}

fn decay<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let half_life = c.period_of(&call.val(1), call.span_of(1));
    let (Some(x), Some(half_life)) = (c.series_arg(call, 0), half_life) else { return Val::poison(call.span) };
    c.over(Op::Decay(half_life), &[x], x.ty, x.facts.passed().with(Facts::COMPUTED), call.span)
}

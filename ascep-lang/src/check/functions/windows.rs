//! Statistics over windows.

use super::{Function, later};
use crate::diagnostic::Code;

const fn stat(name: &'static str, signature: &'static str, unit: &'static str, doc: &'static str) -> Function {
    later(name, signature, unit, Code::FunctionNotYet, doc)
}

pub(super) const FUNCTIONS: &[Function] = &[
    stat("sum", "sum(x, w, partial = FALSE)", "that of x", "sum of the updates in the window"),
    stat("avg", "avg(x, w, partial = FALSE)", "that of x", "mean of the updates in the window"),
    stat("lowest", "lowest(x, w, partial = FALSE)", "that of x", "the least in the window"),
    stat("highest", "highest(x, w, partial = FALSE)", "that of x", "the greatest in the window"),
    stat("first", "first(x, w, partial = FALSE)", "that of x", "the oldest in the window"),
    stat("last_value", "last_value(x, w, partial = FALSE)", "that of x", "the newest in the window"),
    stat("median", "median(x, w, partial = FALSE)", "that of x", "the middle of the window"),
    stat("stddev", "stddev(x, w, partial = FALSE)", "that of x", "sample standard deviation of the window"),
    stat("stddev_pop", "stddev_pop(x, w, partial = FALSE)", "that of x", "standard deviation of the window with n"),
    stat("variance", "variance(x, w, partial = FALSE)", "the square of that of x", "sample variance of the window"),
    stat("percentile", "percentile(x, p, w)", "that of x", "percentile p of the window, linear between ranks"),
    stat("change", "change(x, d)", "pure", "x over x as it stood d ago, minus 1"),
    stat("delta", "delta(x, d)", "that of x", "x minus x as it stood d ago"),
    stat("zscore", "zscore(x, w)", "pure", "(x - avg) / stddev of the window"),
    stat("corr", "corr(x, y, w)", "pure", "Pearson correlation over the window"),
    stat("beta", "beta(y, x, w)", "y over x", "covariance over the variance of x"),
    stat("slope", "slope(x, w)", "that of x", "least-squares slope, per update or per second"),
    stat("vwap", "vwap(s, d)", "price", "price of the trades weighted by quantity"),
    stat("volume", "volume(s, d)", "base", "quantity traded in the last d"),
    stat("rate", "rate(e, d)", "pure", "events a second over the last d"),
    stat("twap", "twap(x, d)", "that of x", "mean over the last d, weighted by time"),
    stat("decay", "decay(x, h)", "that of x", "exponentially weighted mean with half-life h"),
];

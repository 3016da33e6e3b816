//! Technical indicators.

use super::{Function, later};
use crate::diagnostic::Code;

const fn indicator(name: &'static str, signature: &'static str, unit: &'static str, doc: &'static str) -> Function {
    later(name, signature, unit, Code::FunctionNotYet, doc)
}

pub(super) const FUNCTIONS: &[Function] = &[
    indicator("sma", "sma(x, n)", "that of x", "simple moving average"),
    indicator("ema", "ema(x, n)", "that of x", "exponential moving average"),
    indicator("wma", "wma(x, n)", "that of x", "weighted moving average"),
    indicator("rsi", "rsi(x, n)", "pure", "relative strength index after Wilder"),
    indicator(
        "macd",
        "macd(x, fast = 12, slow = 26, signal = 9)",
        "that of x",
        "moving average convergence and divergence: `.line .signal .hist`",
    ),
    indicator("bollinger", "bollinger(x, n, k)", "that of x", "Bollinger bands: `.upper .middle .lower`"),
    indicator("atr", "atr(b, n)", "price", "average true range of bars"),
    indicator("stoch", "stoch(b, k, smooth, d)", "pure", "stochastic oscillator of bars: `.k .d`"),
    indicator("obv", "obv(b)", "base", "on-balance volume of bars"),
];

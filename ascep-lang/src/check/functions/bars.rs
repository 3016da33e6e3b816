//! Bars of trades.

use super::{Function, later};
use crate::diagnostic::Code;

pub(super) const FUNCTIONS: &[Function] =
    &[later("bar", "bar(s, d)", "", Code::BarNotYet, "bars of trades: `.open .high .low .close .volume .vwap .count .start`")];

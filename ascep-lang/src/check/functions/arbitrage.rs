//! Operators of the library module `arbitrage`.

use super::{Function, later};
use crate::diagnostic::Code;

pub(super) const FUNCTIONS: &[Function] = &[
    later("triangle", "triangle(a, b, c, fee)", "pure", Code::FunctionNotYet, "net return of the better way round three markets"),
    later(
        "cross",
        "cross(buy, sell, fee_buy, fee_sell)",
        "pure",
        Code::FunctionNotYet,
        "net return of buying on one venue and selling on another",
    ),
    later("inverse", "inverse(a, b, fee)", "pure", Code::FunctionNotYet, "net return round two markets that quote one pair inversely"),
    later(
        "cycles",
        "cycles(venue, home, legs, fee, min_net, max_age, max_skew)",
        "",
        Code::FunctionNotYet,
        "the opportunities of a whole universe, as events",
    ),
];

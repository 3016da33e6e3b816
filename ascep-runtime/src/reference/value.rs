//! Values, and the functions of them that have no memory. Every function here returns unknown where it is not told otherwise.

use std::cmp::Ordering;

use ascep_lang::program::{CmpOp, Constant, NumFn, SymbolId, TextId};

/// A value or unknown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Val {
    Unknown,
    /// Finite.
    Num(f64),
    Bool(bool),
    Duration(i64),
    Timestamp(i64),
    Symbol(SymbolId),
    /// A text of the tables.
    Text(TextId),
    /// A text that need not be in the tables.
    Word(&'static str),
    /// A text that is written while the rules run.
    Written(String),
}

impl Val {
    /// The value of a constant.
    pub(super) fn of(constant: Constant) -> Self {
        match constant {
            Constant::Num(bits) => Self::num(f64::from_bits(bits)),
            Constant::Bool(b) => Self::Bool(b),
            Constant::Duration(d) => Self::Duration(d),
            Constant::Timestamp(t) => Self::Timestamp(t),
            Constant::Symbol(s) => Self::Symbol(s),
            Constant::Text(t) => Self::Text(t),
        }
    }

    /// A number, unknown where it is not finite.
    pub(super) fn num(x: f64) -> Self {
        if x.is_finite() { Self::Num(x) } else { Self::Unknown }
    }

    /// A level from its truth.
    pub(super) fn bool(truth: Option<bool>) -> Self {
        truth.map_or(Self::Unknown, Self::Bool)
    }

    /// Whether there is a value.
    pub(super) fn is_known(&self) -> bool {
        *self != Self::Unknown
    }

    /// The truth of a level.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }
}

/// Kleene's AND: false wins over unknown.
pub(super) fn all(levels: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let levels: Vec<_> = levels.into_iter().collect();
    if levels.contains(&Some(false)) {
        Some(false)
    } else if levels.contains(&None) {
        None
    } else {
        Some(true)
    }
}

/// Kleene's OR: true wins over unknown.
pub(super) fn any(levels: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(levels.into_iter().map(|l| l.map(|b| !b))).map(|b| !b)
}

/// Whether a comparison holds, given how its sides stand to each other.
pub(super) fn holds(op: CmpOp, order: Ordering) -> bool {
    match op {
        CmpOp::Lt => order.is_lt(),
        CmpOp::Le => order.is_le(),
        CmpOp::Gt => order.is_gt(),
        CmpOp::Ge => order.is_ge(),
        CmpOp::Eq => order.is_eq(),
        CmpOp::Ne => order.is_ne(),
    }
}

/// A function of numbers, durations and timestamps.
pub(super) fn apply(function: NumFn, args: &[Val]) -> Val {
    match args {
        [x] => unary(function, x),
        [x, y] => binary(function, x, y),
        [x, low, high] if function == NumFn::Clamp => clamp(x, low, high),
        [first, rest @ ..] if matches!(function, NumFn::Min | NumFn::Max) => {
            rest.iter().fold(first.clone(), |best, next| binary(function, &best, next))
        }
        _ => Val::Unknown,
    }
}

fn unary(function: NumFn, x: &Val) -> Val {
    match (function, x) {
        (NumFn::Neg, Val::Num(x)) => Val::num(-x),
        (NumFn::Neg, Val::Duration(d)) => duration(d.checked_neg()),
        (NumFn::Abs, Val::Num(x)) => Val::num(x.abs()),
        (NumFn::Abs, Val::Duration(d)) => duration(d.checked_abs()),
        (NumFn::Sqrt, Val::Num(x)) => Val::num(x.sqrt()),
        (NumFn::Ln, Val::Num(x)) => Val::num(libm::log(*x)),
        (NumFn::Exp, Val::Num(x)) => Val::num(libm::exp(*x)),
        (NumFn::Floor, Val::Num(x)) => Val::num(x.floor()),
        (NumFn::Ceil, Val::Num(x)) => Val::num(x.ceil()),
        (NumFn::Round, Val::Num(x)) => Val::num(x.round()),
        (NumFn::Sign, Val::Num(x)) => Val::num(if *x > 0.0 {
            1.0
        } else if *x < 0.0 {
            -1.0
        } else {
            0.0
        }),
        (NumFn::Min | NumFn::Max, x) => x.clone(),
        _ => Val::Unknown,
    }
}

fn binary(function: NumFn, x: &Val, y: &Val) -> Val {
    match (x, y) {
        (Val::Num(x), Val::Num(y)) => of_numbers(function, *x, *y),
        (Val::Duration(x), Val::Duration(y)) => of_durations(function, *x, *y),
        (Val::Timestamp(x), Val::Timestamp(y)) => match function {
            NumFn::Sub => duration(x.checked_sub(*y)),
            NumFn::Min => Val::Timestamp(*x.min(y)),
            NumFn::Max => Val::Timestamp(*x.max(y)),
            _ => Val::Unknown,
        },
        (Val::Timestamp(t), Val::Duration(d)) => match function {
            NumFn::Add => timestamp(t.checked_add(*d)),
            NumFn::Sub => timestamp(t.checked_sub(*d)),
            _ => Val::Unknown,
        },
        (Val::Duration(d), Val::Timestamp(t)) if function == NumFn::Add => timestamp(t.checked_add(*d)),
        (Val::Duration(d), Val::Num(x)) => match function {
            NumFn::Mul => whole_nanoseconds(*d as f64 * x),
            NumFn::Div => whole_nanoseconds(*d as f64 / x),
            _ => Val::Unknown,
        },
        (Val::Num(x), Val::Duration(d)) if function == NumFn::Mul => whole_nanoseconds(x * *d as f64),
        _ => Val::Unknown,
    }
}

fn of_numbers(function: NumFn, x: f64, y: f64) -> Val {
    Val::num(match function {
        NumFn::Add => x + y,
        NumFn::Sub => x - y,
        NumFn::Mul => x * y,
        NumFn::Div => x / y,
        NumFn::Min => {
            if y < x {
                y
            } else {
                x
            }
        }
        NumFn::Max => {
            if y > x {
                y
            } else {
                x
            }
        }
        NumFn::Pow => libm::pow(x, y),
        NumFn::Mod => x - y * (x / y).floor(),
        _ => return Val::Unknown,
    })
}

fn of_durations(function: NumFn, x: i64, y: i64) -> Val {
    match function {
        NumFn::Add => duration(x.checked_add(y)),
        NumFn::Sub => duration(x.checked_sub(y)),
        NumFn::Min => Val::Duration(x.min(y)),
        NumFn::Max => Val::Duration(x.max(y)),
        NumFn::Div => Val::num(x as f64 / y as f64),
        _ => Val::Unknown,
    }
}

fn clamp(x: &Val, low: &Val, high: &Val) -> Val {
    match (x, low, high) {
        (Val::Num(x), Val::Num(low), Val::Num(high)) if low <= high => Val::Num(if x < low {
            *low
        } else if x > high {
            *high
        } else {
            *x
        }),
        (Val::Duration(x), Val::Duration(low), Val::Duration(high)) if low <= high => Val::Duration(*x.max(low).min(high)),
        _ => Val::Unknown,
    }
}

fn duration(d: Option<i64>) -> Val {
    d.map_or(Val::Unknown, Val::Duration)
}

fn timestamp(t: Option<i64>) -> Val {
    t.map_or(Val::Unknown, Val::Timestamp)
}

/// A duration from a number of nanoseconds: rounded to the nearest, half away from zero.
fn whole_nanoseconds(x: f64) -> Val {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let rounded = x.round();
    if (-LIMIT..LIMIT).contains(&rounded) { Val::Duration(rounded as i64) } else { Val::Unknown }
}

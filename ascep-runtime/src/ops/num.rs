//! Functions of numbers without state. Unknown comes in as NaN and goes out as the canonical NaN; whatever is not finite is unknown.
//!
//! `ln`, `exp` and `pow` are those of `libm`, so that every machine gives the same bits.

use ascep_lang::program::{CmpOp, NumFn, Type};

use crate::value::{FALSE, Repr, TRUE, UNKNOWN, UNKNOWN_INT, level};

/// Which function on which representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    /// Of numbers.
    Num(NumFn),
    /// Of integers: durations, timestamps.
    Int(NumFn),
    /// `duration * num`
    IntTimesNum,
    /// `num * duration`
    NumTimesInt,
    /// `duration / num`
    IntOverNum,
    /// `duration / duration`, a number.
    IntOverInt,
}

impl Function {
    /// The function that fits the types of the arguments and its result, if there is one.
    pub(crate) fn resolve(function: NumFn, args: &[Type]) -> Option<(Self, Repr)> {
        use Type::{Duration as D, Timestamp as T};
        let arity = match function {
            NumFn::Min | NumFn::Max => args.len().max(2),
            NumFn::Clamp => 3,
            NumFn::Add | NumFn::Sub | NumFn::Mul | NumFn::Div | NumFn::Pow | NumFn::Mod => 2,
            _ => 1,
        };
        if args.len() != arity {
            return None;
        }
        if args.iter().all(|ty| matches!(ty, Type::Num(_))) {
            return Some((Self::Num(function), Repr::Num));
        }
        let int = Some((Self::Int(function), Repr::Int));
        match (function, args) {
            (NumFn::Neg | NumFn::Abs, [D])
            | (NumFn::Add, [D, D] | [T, D] | [D, T])
            | (NumFn::Sub, [D, D] | [T, T | D])
            | (NumFn::Clamp, [D, D, D] | [T, T, T]) => int,
            (NumFn::Min | NumFn::Max, [first @ (D | T), rest @ ..]) if rest.iter().all(|ty| ty == first) => int,
            (NumFn::Mul, [D, Type::Num(_)]) => Some((Self::IntTimesNum, Repr::Int)),
            (NumFn::Mul, [Type::Num(_), D]) => Some((Self::NumTimesInt, Repr::Int)),
            (NumFn::Div, [D, Type::Num(_)]) => Some((Self::IntOverNum, Repr::Int)),
            (NumFn::Div, [D, D]) => Some((Self::IntOverInt, Repr::Num)),
            _ => None,
        }
    }

    /// The bits of the result.
    #[inline]
    pub(crate) fn apply(self, mut args: impl Iterator<Item = u64>) -> u64 {
        let mut next = || args.next().unwrap_or_default();
        match self {
            Self::Num(function) => {
                let x = f64::from_bits(next());
                match function {
                    NumFn::Min | NumFn::Max => args.map(f64::from_bits).fold(x, |x, y| binary(function, x, y)),
                    NumFn::Clamp => clamp(x, f64::from_bits(next()), f64::from_bits(next())),
                    NumFn::Add | NumFn::Sub | NumFn::Mul | NumFn::Div | NumFn::Pow | NumFn::Mod => {
                        binary(function, x, f64::from_bits(next()))
                    }
                    _ => unary(function, x),
                }
                .to_bits()
            }
            Self::Int(function) => {
                let x = next().cast_signed();
                match function {
                    NumFn::Min | NumFn::Max => args.map(u64::cast_signed).fold(x, |x, y| int_binary(function, x, y)),
                    NumFn::Clamp => int_clamp(x, next().cast_signed(), next().cast_signed()),
                    NumFn::Neg | NumFn::Abs => int_unary(function, x),
                    _ => int_binary(function, x, next().cast_signed()),
                }
                .cast_unsigned()
            }
            Self::IntTimesNum => scale(next().cast_signed(), f64::from_bits(next()), |d, x| d * x),
            Self::NumTimesInt => {
                let x = f64::from_bits(next());
                scale(next().cast_signed(), x, |d, x| d * x)
            }
            Self::IntOverNum => scale(next().cast_signed(), f64::from_bits(next()), |d, x| d / x),
            Self::IntOverInt => {
                let (a, b) = (next().cast_signed(), next().cast_signed());
                let known = a != UNKNOWN_INT && b != UNKNOWN_INT;
                if known { finite(as_f64(a) / as_f64(b)) } else { f64::NAN }.to_bits()
            }
        }
    }
}

/// `x` where it is finite, else unknown.
#[inline(always)]
pub(crate) fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { f64::NAN }
}

/// A function of one number.
#[inline(always)]
pub(crate) fn unary(function: NumFn, x: f64) -> f64 {
    finite(match function {
        NumFn::Neg => -x,
        NumFn::Abs => x.abs(),
        NumFn::Sqrt => x.sqrt(),
        NumFn::Ln => libm::log(x),
        NumFn::Exp => libm::exp(x),
        NumFn::Floor => x.floor(),
        NumFn::Ceil => x.ceil(),
        NumFn::Round => x.round(),
        NumFn::Sign => {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x * 0.0 + 0.0
            }
        }
        _ => f64::NAN,
    })
}

/// A function of two numbers.
#[inline(always)]
pub(crate) fn binary(function: NumFn, x: f64, y: f64) -> f64 {
    finite(match function {
        NumFn::Add => x + y,
        NumFn::Sub => x - y,
        NumFn::Mul => x * y,
        NumFn::Div => x / y,
        // `pow(x, 0)` and `pow(1, y)` are 1 in IEEE 754 even where the other is NaN; unknown stays unknown here.
        NumFn::Pow if x.is_nan() || y.is_nan() => f64::NAN,
        NumFn::Pow => libm::pow(x, y),
        NumFn::Mod => x - y * (x / y).floor(),
        NumFn::Min if x <= y => x,
        NumFn::Max if x >= y => x,
        NumFn::Min | NumFn::Max if x.is_nan() => x,
        NumFn::Min | NumFn::Max => y,
        _ => f64::NAN,
    })
}

/// `x` held within `low ..= high`; unknown where that is empty.
#[inline(always)]
pub(crate) fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if x.is_nan() || low.is_nan() || high.is_nan() || low > high {
        f64::NAN
    } else if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// A comparison of numbers as a level.
#[inline(always)]
pub(crate) fn compare(op: CmpOp, x: f64, y: f64) -> u8 {
    let known = !x.is_nan() & !y.is_nan();
    let holds = match op {
        CmpOp::Lt => x < y,
        CmpOp::Le => x <= y,
        CmpOp::Gt => x > y,
        CmpOp::Ge => x >= y,
        CmpOp::Eq => x == y,
        CmpOp::Ne => x != y,
    };
    // Without a branch: what holds is TRUE, what is unknown UNKNOWN, the rest FALSE.
    u8::from(known & holds) * TRUE + u8::from(!known) * UNKNOWN
}

/// The comparison that says the same with its sides exchanged.
pub(crate) fn mirrored(op: CmpOp) -> CmpOp {
    match op {
        CmpOp::Lt => CmpOp::Gt,
        CmpOp::Le => CmpOp::Ge,
        CmpOp::Gt => CmpOp::Lt,
        CmpOp::Ge => CmpOp::Le,
        CmpOp::Eq | CmpOp::Ne => op,
    }
}

/// A comparison of values that have an order and no unknown among them.
#[inline]
pub(crate) fn holds<T: Ord>(op: CmpOp, x: T, y: T) -> bool {
    match op {
        CmpOp::Lt => x < y,
        CmpOp::Le => x <= y,
        CmpOp::Gt => x > y,
        CmpOp::Ge => x >= y,
        CmpOp::Eq => x == y,
        CmpOp::Ne => x != y,
    }
}

/// A comparison of two slots of one representation as a level.
#[inline]
pub(crate) fn compare_bits(op: CmpOp, repr: Repr, x: u64, y: u64) -> u8 {
    if repr == Repr::Num {
        return compare(op, f64::from_bits(x), f64::from_bits(y));
    }
    if !repr.is_known(x) || !repr.is_known(y) {
        return UNKNOWN;
    }
    level(if repr == Repr::Int { holds(op, x.cast_signed(), y.cast_signed()) } else { holds(op, x, y) })
}

/// Kleene NOT.
#[inline(always)]
pub(crate) fn not(x: u8) -> u8 {
    match x {
        FALSE => TRUE,
        TRUE => FALSE,
        _ => UNKNOWN,
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths above 2^53 ns, 104 days, are scaled as the nearest f64")]
fn as_f64(x: i64) -> f64 {
    x as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn scale(d: i64, x: f64, function: impl Fn(f64, f64) -> f64) -> u64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if d == UNKNOWN_INT {
        return UNKNOWN_INT.cast_unsigned();
    }
    let scaled = function(as_f64(d), x).round();
    // False for NaN too.
    let fits = scaled > -LIMIT && scaled < LIMIT;
    if fits { scaled as i64 } else { UNKNOWN_INT }.cast_unsigned()
}

fn int_unary(function: NumFn, x: i64) -> i64 {
    match function {
        NumFn::Neg => x.checked_neg(),
        _ => x.checked_abs(),
    }
    .unwrap_or(UNKNOWN_INT)
}

fn int_binary(function: NumFn, x: i64, y: i64) -> i64 {
    if x == UNKNOWN_INT || y == UNKNOWN_INT {
        return UNKNOWN_INT;
    }
    match function {
        NumFn::Add => x.checked_add(y),
        NumFn::Sub => x.checked_sub(y),
        NumFn::Min => Some(x.min(y)),
        NumFn::Max => Some(x.max(y)),
        _ => None,
    }
    .unwrap_or(UNKNOWN_INT)
}

fn int_clamp(x: i64, low: i64, high: i64) -> i64 {
    if x == UNKNOWN_INT || low == UNKNOWN_INT || high == UNKNOWN_INT || low > high { UNKNOWN_INT } else { x.max(low).min(high) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]
    use ascep_lang::program::UnitId;

    use super::*;

    const NUM: Type = Type::Num(UnitId(0));

    fn num(function: NumFn, args: &[f64]) -> Option<f64> {
        let types = vec![NUM; args.len()];
        let bits = Function::resolve(function, &types).unwrap().0.apply(args.iter().map(|x| x.to_bits()));
        let x = f64::from_bits(bits);
        assert!(!x.is_nan() || bits == f64::NAN.to_bits(), "one pattern for unknown");
        (!x.is_nan()).then_some(x)
    }

    fn int(function: NumFn, types: &[Type], args: &[u64]) -> Option<i64> {
        let (function, repr) = Function::resolve(function, types).unwrap();
        assert_eq!(repr, Repr::Int);
        let bits = function.apply(args.iter().copied());
        repr.is_known(bits).then_some(bits.cast_signed())
    }

    #[test]
    fn what_is_not_finite_is_unknown() {
        let none: &[(NumFn, &[f64])] = &[
            (NumFn::Div, &[1.0, 0.0]),
            (NumFn::Div, &[0.0, 0.0]),
            (NumFn::Ln, &[-1.0]),
            (NumFn::Ln, &[0.0]),
            (NumFn::Sqrt, &[-1.0]),
            (NumFn::Exp, &[1000.0]),
            (NumFn::Mul, &[1e300, 1e300]),
            (NumFn::Pow, &[f64::NAN, 0.0]),
            (NumFn::Pow, &[1.0, f64::NAN]),
            (NumFn::Pow, &[-1.0, 0.5]),
            (NumFn::Mod, &[1.0, 0.0]),
            (NumFn::Min, &[1.0, f64::NAN, 0.0]),
            (NumFn::Max, &[f64::NAN, 1.0]),
            (NumFn::Clamp, &[1.0, 3.0, 2.0]),
            (NumFn::Clamp, &[1.0, f64::NAN, 2.0]),
            (NumFn::Sign, &[f64::NAN]),
        ];
        for (function, args) in none {
            assert_eq!(num(*function, args), None, "{function:?} {args:?}");
        }
    }

    #[test]
    fn values() {
        let some: &[(NumFn, &[f64], f64)] = &[
            (NumFn::Round, &[2.5], 3.0),
            (NumFn::Round, &[-2.5], -3.0),
            (NumFn::Floor, &[-2.5], -3.0),
            (NumFn::Ceil, &[-2.5], -2.0),
            (NumFn::Mod, &[7.0, 3.0], 1.0),
            (NumFn::Mod, &[-7.0, 3.0], 2.0),
            (NumFn::Mod, &[7.0, -3.0], -2.0),
            (NumFn::Sign, &[-4.0], -1.0),
            (NumFn::Sign, &[0.0], 0.0),
            (NumFn::Min, &[3.0, 1.0, 2.0], 1.0),
            (NumFn::Max, &[3.0, 1.0, 5.0], 5.0),
            (NumFn::Clamp, &[9.0, 1.0, 5.0], 5.0),
            (NumFn::Clamp, &[0.0, 1.0, 5.0], 1.0),
            (NumFn::Pow, &[2.0, 10.0], 1024.0),
            (NumFn::Exp, &[0.0], 1.0),
        ];
        for (function, args, want) in some {
            assert_eq!(num(*function, args), Some(*want), "{function:?} {args:?}");
        }
    }

    #[test]
    fn lengths_and_instants() {
        use Type::{Duration as D, Timestamp as T};
        let bits = |x: i64| x.cast_unsigned();
        assert_eq!(int(NumFn::Add, &[T, D], &[bits(5), bits(7)]), Some(12));
        assert_eq!(int(NumFn::Sub, &[T, T], &[bits(5), bits(7)]), Some(-2));
        assert_eq!(int(NumFn::Add, &[D, D], &[bits(i64::MAX), bits(1)]), None);
        assert_eq!(int(NumFn::Sub, &[D, D], &[bits(-2), bits(i64::MAX)]), None, "the pattern of unknown is no value");
        assert_eq!(int(NumFn::Mul, &[D, NUM], &[bits(3), 0.5_f64.to_bits()]), Some(2));
        assert_eq!(int(NumFn::Mul, &[NUM, D], &[(-0.5_f64).to_bits(), bits(3)]), Some(-2));
        assert_eq!(int(NumFn::Div, &[D, NUM], &[bits(3), 0.0_f64.to_bits()]), None);
        assert_eq!(int(NumFn::Mul, &[D, NUM], &[bits(i64::MAX), 2.0_f64.to_bits()]), None);
        assert_eq!(int(NumFn::Abs, &[D], &[bits(-4)]), Some(4));
        assert_eq!(int(NumFn::Clamp, &[D, D, D], &[bits(9), bits(1), bits(4)]), Some(4));
        assert_eq!(int(NumFn::Min, &[D, D], &[bits(9), bits(1)]), Some(1));
        let (ratio, repr) = Function::resolve(NumFn::Div, &[D, D]).unwrap();
        assert_eq!(repr, Repr::Num);
        assert_eq!(f64::from_bits(ratio.apply([bits(3), bits(2)].into_iter())), 1.5);
        assert!(f64::from_bits(ratio.apply([bits(3), bits(0)].into_iter())).is_nan());
        assert_eq!(Function::resolve(NumFn::Add, &[T, T]), None);
        assert_eq!(Function::resolve(NumFn::Add, &[NUM]), None);
    }

    #[test]
    fn comparisons_with_unknown_are_unknown() {
        for op in [CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge, CmpOp::Eq, CmpOp::Ne] {
            assert_eq!(compare(op, f64::NAN, 1.0), UNKNOWN);
            assert_eq!(compare_bits(op, Repr::Int, UNKNOWN_INT.cast_unsigned(), 1), UNKNOWN);
        }
        assert_eq!(compare(CmpOp::Eq, 0.0, -0.0), TRUE);
        assert_eq!(compare_bits(CmpOp::Lt, Repr::Int, (-1_i64).cast_unsigned(), 1), TRUE);
        assert_eq!(compare_bits(CmpOp::Ne, Repr::Level, u64::from(TRUE), u64::from(FALSE)), TRUE);
    }
}

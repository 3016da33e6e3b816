//! Arithmetic on constants before the rules run, with the same results as while they run. `None` stands for unknown.

use std::cmp::Ordering;

use crate::program::{CmpOp, Constant, NumFn};

fn num(x: f64) -> Option<Constant> {
    x.is_finite().then(|| Constant::Num(x.to_bits()))
}

/// A whole number of nanoseconds, rounded half away from zero.
fn nanos(x: f64) -> Option<i64> {
    let rounded = x.round();
    // The bounds are exact in an f64, and 2^63 itself does not fit.
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds of an i64")]
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded).then_some(rounded as i64)
}

/// `+ - * /` and the unary minus, on numbers, durations and timestamps: those whose result is the same in any order of evaluation.
pub(crate) fn exact(f: NumFn, args: &[Constant]) -> Option<Constant> {
    use Constant::{Duration, Num, Timestamp};
    let float = f64::from_bits;
    match (f, args) {
        (NumFn::Neg, [Num(a)]) => num(-float(*a)),
        (NumFn::Neg, [Duration(a)]) => a.checked_neg().map(Duration),
        (NumFn::Add, [Num(a), Num(b)]) => num(float(*a) + float(*b)),
        (NumFn::Add, [Duration(a), Duration(b)]) => a.checked_add(*b).map(Duration),
        (NumFn::Add, [Timestamp(a), Duration(b)]) => a.checked_add(*b).map(Timestamp),
        (NumFn::Sub, [Num(a), Num(b)]) => num(float(*a) - float(*b)),
        (NumFn::Sub, [Duration(a), Duration(b)]) => a.checked_sub(*b).map(Duration),
        (NumFn::Sub, [Timestamp(a), Timestamp(b)]) => a.checked_sub(*b).map(Duration),
        (NumFn::Sub, [Timestamp(a), Duration(b)]) => a.checked_sub(*b).map(Timestamp),
        (NumFn::Mul, [Num(a), Num(b)]) => num(float(*a) * float(*b)),
        (NumFn::Mul, [Duration(d), Num(x)] | [Num(x), Duration(d)]) => scale(*d, float(*x)),
        (NumFn::Div, [Num(a), Num(b)]) => num(float(*a) / float(*b)),
        (NumFn::Div, [Duration(d), Num(x)]) => divide(*d, float(*x)),
        (NumFn::Div, [Duration(a), Duration(b)]) => ratio(*a, *b),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration times a float is a float's business")]
fn scale(d: i64, x: f64) -> Option<Constant> {
    nanos(d as f64 * x).map(Constant::Duration)
}

#[expect(clippy::cast_precision_loss, reason = "a duration over a float is a float's business")]
fn divide(d: i64, x: f64) -> Option<Constant> {
    nanos(d as f64 / x).map(Constant::Duration)
}

#[expect(clippy::cast_precision_loss, reason = "the ratio of two durations is a float")]
fn ratio(a: i64, b: i64) -> Option<Constant> {
    num(a as f64 / b as f64)
}

/// The other functions without state, for constants that the user names.
pub(crate) fn function(f: NumFn, args: &[Constant]) -> Option<Constant> {
    use Constant::{Duration, Num};
    if let Some(value) = exact(f, args) {
        return Some(value);
    }
    let float = f64::from_bits;
    match (f, args) {
        (NumFn::Abs, [Num(a)]) => num(float(*a).abs()),
        (NumFn::Abs, [Duration(a)]) => a.checked_abs().map(Duration),
        (NumFn::Min | NumFn::Max | NumFn::Clamp, [Num(_), ..]) => {
            let values: Option<Vec<f64>> = args.iter().map(|c| if let Num(x) = c { Some(float(*x)) } else { None }).collect();
            num(choose(f, &values?, |a, b| a < b)?)
        }
        (NumFn::Min | NumFn::Max | NumFn::Clamp, [Duration(_), ..]) => {
            let values: Option<Vec<i64>> = args.iter().map(|c| if let Duration(x) = c { Some(*x) } else { None }).collect();
            choose(f, &values?, |a, b| a < b).map(Duration)
        }
        (NumFn::Sqrt, [Num(a)]) => num(float(*a).sqrt()),
        (NumFn::Ln, [Num(a)]) => num(libm::log(float(*a))),
        (NumFn::Exp, [Num(a)]) => num(libm::exp(float(*a))),
        (NumFn::Pow, [Num(a), Num(b)]) => num(libm::pow(float(*a), float(*b))),
        (NumFn::Floor, [Num(a)]) => num(float(*a).floor()),
        (NumFn::Ceil, [Num(a)]) => num(float(*a).ceil()),
        (NumFn::Round, [Num(a)]) => num(float(*a).round()),
        (NumFn::Sign, [Num(a)]) => num(match float(*a).partial_cmp(&0.0)? {
            Ordering::Less => -1.0,
            Ordering::Equal => 0.0,
            Ordering::Greater => 1.0,
        }),
        (NumFn::Mod, [Num(a), Num(b)]) => num(float(*a) - float(*b) * (float(*a) / float(*b)).floor()),
        _ => None,
    }
}

fn choose<T: Copy>(f: NumFn, values: &[T], less: impl Fn(T, T) -> bool) -> Option<T> {
    match (f, values) {
        (NumFn::Clamp, &[x, low, high]) if !less(high, low) => Some(if less(x, low) {
            low
        } else if less(high, x) {
            high
        } else {
            x
        }),
        (NumFn::Min, values) => values.iter().copied().reduce(|a, b| if less(b, a) { b } else { a }),
        (NumFn::Max, values) => values.iter().copied().reduce(|a, b| if less(a, b) { b } else { a }),
        _ => None,
    }
}

/// A comparison of two constants of one type.
pub(crate) fn compare(op: CmpOp, a: Constant, b: Constant) -> Option<bool> {
    use Constant::{Bool, Duration, Num, Symbol, Text, Timestamp};
    let order = match (a, b) {
        (Num(a), Num(b)) => f64::from_bits(a).partial_cmp(&f64::from_bits(b))?,
        (Duration(a), Duration(b)) | (Timestamp(a), Timestamp(b)) => a.cmp(&b),
        (Bool(a), Bool(b)) => a.cmp(&b),
        (Symbol(a), Symbol(b)) => a.cmp(&b),
        (Text(a), Text(b)) => a.cmp(&b),
        _ => return None,
    };
    Some(match op {
        CmpOp::Lt => order == Ordering::Less,
        CmpOp::Le => order != Ordering::Greater,
        CmpOp::Gt => order == Ordering::Greater,
        CmpOp::Ge => order != Ordering::Less,
        CmpOp::Eq => order == Ordering::Equal,
        CmpOp::Ne => order != Ordering::Equal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(x: f64) -> Constant {
        Constant::Num(x.to_bits())
    }

    #[test]
    fn numbers_and_durations() {
        assert_eq!(exact(NumFn::Add, &[n(1.0), n(2.0)]), Some(n(3.0)));
        assert_eq!(exact(NumFn::Div, &[n(1.0), n(0.0)]), None, "not finite is unknown");
        assert_eq!(exact(NumFn::Mul, &[Constant::Duration(3), n(0.5)]), Some(Constant::Duration(2)), "half away from zero");
        assert_eq!(exact(NumFn::Add, &[Constant::Duration(i64::MAX), Constant::Duration(1)]), None);
        assert_eq!(exact(NumFn::Div, &[Constant::Duration(3), Constant::Duration(2)]), Some(n(1.5)));
        assert_eq!(exact(NumFn::Mul, &[Constant::Duration(i64::MAX), n(1.0)]), None, "2^63 does not fit");
        assert_eq!(function(NumFn::Clamp, &[n(5.0), n(0.0), n(1.0)]), Some(n(1.0)));
        assert_eq!(function(NumFn::Clamp, &[n(5.0), n(2.0), n(1.0)]), None);
        assert_eq!(function(NumFn::Mod, &[n(-1.0), n(3.0)]), Some(n(2.0)));
        assert_eq!(function(NumFn::Round, &[n(-2.5)]), Some(n(-3.0)));
        assert_eq!(function(NumFn::Max, &[n(1.0), n(3.0), n(2.0)]), Some(n(3.0)));
        assert_eq!(compare(CmpOp::Ge, n(1.0), n(1.0)), Some(true));
        assert_eq!(compare(CmpOp::Eq, n(1.0), Constant::Bool(true)), None);
    }
}

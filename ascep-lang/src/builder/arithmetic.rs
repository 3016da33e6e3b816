//! Rust's operators between the handles.

use std::ops::{Add, Div, Mul, Neg, Not, Sub};

use super::state::Handle;
use super::{IntoLength, IntoNumber, Length, Level, Moment, Number, Ratio};
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{NumFn, Op};

impl<'b> Number<'b> {
    fn arithmetic(self, f: NumFn, other: Handle<'_>) -> Self {
        let ty = match f {
            NumFn::Mul | NumFn::Div => {
                let other = self.0.builder.own(other);
                let exponent = if f == NumFn::Div { -1 } else { 1 };
                self.0.builder.state.borrow_mut().product(self.0, other, exponent)
            }
            NumFn::Add => self.0.agree("a sum", other),
            _ => self.0.agree("a difference", other),
        };
        Self(self.0.over(Op::Num(f), &[other], ty))
    }
}

/// `constant op number`
macro_rules! constant_first {
    ($trait:ident $method:ident $constant:ty) => {
        impl<'b> $trait<Number<'b>> for $constant {
            type Output = Number<'b>;
            fn $method(self, other: Number<'b>) -> Number<'b> {
                self.into_number(other.0.builder).arithmetic(NumFn::$trait, other.0)
            }
        }
    };
}

/// `number op operand`, and the other way round.
macro_rules! arithmetic {
    ($($trait:ident $method:ident)*) => {
        $(
            impl<'b, T: IntoNumber> $trait<T> for Number<'b> {
                type Output = Number<'b>;
                fn $method(self, other: T) -> Number<'b> {
                    self.arithmetic(NumFn::$trait, other.into_number(self.0.builder).0)
                }
            }
            constant_first!($trait $method f64);
            constant_first!($trait $method i32);
            constant_first!($trait $method Ratio);
        )*
    };
}

arithmetic! { Add add Sub sub Mul mul Div div }

impl Neg for Number<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.map(NumFn::Neg, self.0.ty())
    }
}

impl Not for Level<'_> {
    type Output = Self;
    fn not(self) -> Self {
        Self(self.0.over(Op::Not, &[], Ty::Bool))
    }
}

/// Times: what adds, subtracts and divides.
macro_rules! times {
    ($($left:ident $trait:ident $method:ident $right:ty, $into:ident => $out:ident $ty:expr;)*) => {
        $(impl<'b> $trait<$right> for $left<'b> {
            type Output = $out<'b>;
            fn $method(self, other: $right) -> $out<'b> {
                let other = other.$into(self.0.builder).0;
                $out(self.0.over(Op::Num(NumFn::$trait), &[other], $ty))
            }
        })*
    };
}

times! {
    Length Add add Length<'_>, into_length => Length Ty::Duration;
    Length Sub sub Length<'_>, into_length => Length Ty::Duration;
    Length Add add std::time::Duration, into_length => Length Ty::Duration;
    Length Sub sub std::time::Duration, into_length => Length Ty::Duration;
    Length Div div Length<'_>, into_length => Number Ty::Num(Unit::PURE);
    Length Div div std::time::Duration, into_length => Number Ty::Num(Unit::PURE);
    Length Mul mul Number<'_>, into_number => Length Ty::Duration;
    Length Mul mul f64, into_number => Length Ty::Duration;
    Moment Add add Length<'_>, into_length => Moment Ty::Timestamp;
    Moment Sub sub Length<'_>, into_length => Moment Ty::Timestamp;
}

impl<'b> Sub for Moment<'b> {
    type Output = Length<'b>;
    fn sub(self, other: Self) -> Length<'b> {
        Length(self.0.over(Op::Num(NumFn::Sub), &[other.0], Ty::Duration))
    }
}

//! Functions of numbers without state, with what they do to units.

use super::{Build, Function, entry, need};
use crate::check::Checker;
use crate::check::call::Call;
use crate::check::mismatch::{Place, Sides};
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::fold;
use crate::program::{CmpOp, NumFn};

/// What a function does to the units of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitRule {
    /// The value has the unit of the argument.
    Same,
    /// All arguments have one unit, which is that of the value. Durations are taken too.
    Agree,
    /// As `Same`, and durations are taken too.
    SameOrTime,
    /// All arguments have one unit, which is that of the value.
    AgreeNumbers,
    /// Any unit goes in, a pure number comes out.
    ToPure,
    /// The exponents are halved.
    Root,
    /// The exponents are multiplied by the second argument.
    Power,
}

const fn number(
    name: &'static str,
    signature: &'static str,
    unit: &'static str,
    params: &'static [super::Param],
    f: NumFn,
    rule: UnitRule,
    doc: &'static str,
) -> Function {
    entry(name, signature, unit, params, Build::Number(f, rule), doc)
}

const X: &[super::Param] = &[need("x")];
const XY: &[super::Param] = &[need("x"), need("y")];
const AB: &[super::Param] = &[need("a"), need("b")];

pub(super) const FUNCTIONS: &[Function] = &[
    number("abs", "abs(x)", "that of x", X, NumFn::Abs, UnitRule::SameOrTime, "the size without the sign"),
    Function {
        variadic: true,
        ..number("min", "min(a, b, ..)", "that of its arguments", AB, NumFn::Min, UnitRule::Agree, "the least; unknown if one is")
    },
    Function {
        variadic: true,
        ..number("max", "max(a, b, ..)", "that of its arguments", AB, NumFn::Max, UnitRule::Agree, "the greatest; unknown if one is")
    },
    number("sqrt", "sqrt(x)", "the root of that of x", X, NumFn::Sqrt, UnitRule::Root, "the square root; of a negative unknown"),
    number("ln", "ln(x)", "pure", X, NumFn::Ln, UnitRule::ToPure, "the natural logarithm; of zero or less unknown"),
    number("exp", "exp(x)", "pure", X, NumFn::Exp, UnitRule::ToPure, "e to the power of x"),
    number("pow", "pow(x, y)", "that of x to the power", XY, NumFn::Pow, UnitRule::Power, "x to the power of y"),
    number("floor", "floor(x)", "that of x", X, NumFn::Floor, UnitRule::Same, "the greatest whole number that is not above x"),
    number("ceil", "ceil(x)", "that of x", X, NumFn::Ceil, UnitRule::Same, "the least whole number that is not below x"),
    number("round", "round(x)", "that of x", X, NumFn::Round, UnitRule::Same, "the nearest whole number, half away from zero"),
    number("sign", "sign(x)", "pure", X, NumFn::Sign, UnitRule::ToPure, "-1, 0 or 1"),
    number("mod", "mod(a, b)", "that of its arguments", AB, NumFn::Mod, UnitRule::AgreeNumbers, "a - b floor(a / b)"),
    number(
        "clamp",
        "clamp(x, low, high)",
        "that of its arguments",
        &[need("x"), need("low"), need("high")],
        NumFn::Clamp,
        UnitRule::Agree,
        "x, but not below low nor above high",
    ),
];

impl<'a> Checker<'a> {
    /// Whether a value is a number; reports where it is not.
    pub(in crate::check) fn want_number(&mut self, val: &Val, span: crate::span::Span) -> bool {
        match val.ty {
            Ty::Num(_) => true,
            Ty::Poison => false,
            Ty::Record(kind) => {
                self.bare_record(kind, span);
                false
            }
            ty => {
                self.report(Code::NotANumber, span, |c, d| {
                    let text = c.source(span);
                    let d = d.says(format!("{} is {} and not a number", c.quote(span), ty.words()), "a number is wanted");
                    match ty {
                        Ty::Quoted | Ty::Symbol => d.fix("its price?", span, format!("price({text})")),
                        Ty::Duration => d.help(format!("a duration over a duration is a number: `{text} / 1s`")),
                        Ty::Event => c.close_of(d, val, text, span),
                        _ => d,
                    }
                });
                false
            }
        }
    }

    pub(in crate::check) fn number_function(&mut self, call: &Call<'a>, f: NumFn, rule: UnitRule) -> Val {
        let args: smallvec::SmallVec<[Val; 4]> = call.args.iter().flatten().map(|g| g.val).collect();
        let Some(first) = args.first().copied() else { return Val::poison(call.span) };
        let time = matches!(rule, UnitRule::Agree | UnitRule::SameOrTime) && first.ty == Ty::Duration;
        let mut good = true;
        for given in call.args.iter().flatten() {
            if time && given.val.ty == Ty::Duration {
                continue;
            }
            if time && !given.val.is_poison() {
                good = false;
                self.report(Code::TypeMismatch, given.span, |c, d| {
                    d.says(format!("{} is {} beside a duration", c.quote(given.span), given.val.ty.words()), "a duration is wanted")
                });
                continue;
            }
            good &= self.want_number(&given.val, given.span);
        }
        if !good {
            return Val::poison(call.span);
        }
        if f == NumFn::Clamp
            && let (Some(low), Some(high)) = (call.val(1).constant, call.val(2).constant)
            && fold::compare(CmpOp::Gt, low, high) == Some(true)
        {
            self.report(Code::BadClamp, call.span_of(1).to(call.span_of(2)), |c, d| {
                d.says(format!("{} is above {}", c.quote(call.span_of(1)), c.quote(call.span_of(2))), "the low end comes first")
            });
            return Val::poison(call.span);
        }
        let ty = if time { Ty::Duration } else { Ty::Num(self.unit_by_rule(call, rule, first)) };
        let mut val = self.stateless(f, &args, ty, call.span);
        // Choosing and whole numbers do not make a float inexact.
        let exact = matches!(f, NumFn::Floor | NumFn::Ceil | NumFn::Round | NumFn::Sign)
            || (matches!(f, NumFn::Abs | NumFn::Min | NumFn::Max | NumFn::Clamp) && !args.iter().any(|a| a.facts.has(Facts::COMPUTED)));
        if exact {
            val.facts = val.facts.without(Facts::COMPUTED);
        }
        val
    }

    fn unit_by_rule(&mut self, call: &Call<'a>, rule: UnitRule, first: Val) -> Unit {
        let unit = first.unit().unwrap_or(Unit::UNCHECKED);
        match rule {
            UnitRule::Same | UnitRule::SameOrTime => unit,
            UnitRule::ToPure if first.facts.has(Facts::INPUT) => Unit::PURE,
            UnitRule::ToPure => {
                if unit.has_assets() {
                    Unit::PURE
                } else {
                    unit
                }
            }
            UnitRule::Root => self.out.units.power(unit, 0.5),
            UnitRule::Agree | UnitRule::AgreeNumbers => {
                let mut so_far = first;
                let left = call.get(0);
                for given in call.args.iter().flatten().skip(1) {
                    let Some(left) = left else { break };
                    let sides = Sides {
                        tree: call.tree,
                        left: left.id,
                        right: given.id,
                        whole: call.span,
                        place: Place::Argument("this function"),
                    };
                    so_far.ty = Ty::Num(self.agree(&sides, &so_far, &given.val));
                }
                so_far.unit().unwrap_or(Unit::UNCHECKED)
            }
            UnitRule::Power => {
                if !unit.has_assets() {
                    return unit;
                }
                match call.val(1).number() {
                    Some(exponent) => self.out.units.power(unit, exponent),
                    None => {
                        let span = call.span_of(1);
                        let words = self.out.units.words(unit);
                        self.report(Code::BadExponent, span, |c, d| {
                            d.says(
                                format!("the exponent {} may change, and {} is in {words}", c.quote(span), c.quote(call.span_of(0))),
                                "no unit is right for every exponent",
                            )
                            .help("make the base a ratio first, or the exponent a constant")
                        });
                        Unit::UNCHECKED
                    }
                }
            }
        }
    }
}

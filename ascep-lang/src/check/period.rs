//! Durations that operators and tails need: a literal, or a CONST or PARAM that is one, above zero.

use super::Checker;
use super::value::{Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Constant, Period, Type};
use crate::span::Span;
use crate::syntax::{ExprId, Tree};

impl<'a> Checker<'a> {
    /// The period that an expression stands for.
    pub(super) fn period(&mut self, tree: &'a Tree, id: ExprId) -> Option<Period> {
        let val = self.expr(tree, id);
        self.period_of(&val, Self::span_of(tree, id))
    }

    /// The period that a value stands for, written at `span`.
    pub(super) fn period_of(&mut self, val: &Val, span: Span) -> Option<Period> {
        match (val.ty, val.constant, val.param) {
            (Ty::Poison, ..) => None,
            (Ty::Duration, Some(Constant::Duration(d)), _) => {
                if d <= 0 {
                    self.report(Code::DurationRange, span, |c, d| {
                        d.says(format!("{} is not above zero", c.quote(span)), "a duration above zero is wanted")
                    });
                    return None;
                }
                Some(Period::Fixed(d))
            }
            (Ty::Duration, _, Some(param)) => {
                let (low, name) = match self.out.typed.tables.params.get(param.0 as usize) {
                    Some(p) => (p.range.map_or(p.value, |r| r.0), p.name.clone()),
                    None => return None,
                };
                if matches!(low, Constant::Duration(d) if d <= 0) {
                    self.report(Code::DurationRange, span, |_, d| {
                        d.says(format!("the parameter `{name}` may be zero or less"), "a duration above zero is wanted")
                            .help(format!("give it a range that starts above zero: `PARAM {name} = 1s IN 1ms .. 1h`"))
                    });
                    return None;
                }
                self.periods.push(param);
                Some(Period::Param(param))
            }
            (Ty::Duration, ..) => {
                self.report(Code::NotConstant, span, |c, d| {
                    d.says(
                        format!("{} changes while the rules run", c.quote(span)),
                        "a duration literal, or a CONST or PARAM that is one, is wanted",
                    )
                });
                None
            }
            (Ty::Num(_), ..) => {
                self.report(Code::WantDuration, span, |c, d| {
                    let text = c.source(span);
                    let d = d.says(format!("{} has no unit of time", c.quote(span)), "a duration is wanted");
                    if text.bytes().all(|b| b.is_ascii_digit()) {
                        d.fix("in seconds?", span, format!("{text}s"))
                    } else {
                        d.help("write it as `500ms`, `3s`, `1m`, `1h` or `1d`")
                    }
                });
                None
            }
            (ty, ..) => {
                self.report(Code::WantDuration, span, |c, d| {
                    d.says(format!("{} is {}", c.quote(span), ty.words()), "a duration is wanted")
                });
                None
            }
        }
    }

    /// A parameter that is a period and has no range gets one, so that nobody sets it to zero while the rules run.
    pub(super) fn guard_periods(&mut self) {
        for param in std::mem::take(&mut self.periods) {
            if let Some(p) = self.out.typed.tables.params.get_mut(param.0 as usize)
                && p.ty == Type::Duration
                && p.range.is_none()
            {
                p.range = Some((Constant::Duration(1), Constant::Duration(i64::MAX)));
            }
        }
    }
}

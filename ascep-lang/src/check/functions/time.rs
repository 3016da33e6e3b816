//! Clock readings, and the functions that look at when something was known or happened.

use super::{Build, Function, entry, need};
use crate::check::Checker;
use crate::check::call::Call;
use crate::check::units::Unit;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{ClockFn, Op};

pub(super) const FUNCTIONS: &[Function] = &[
    entry("now", "now()", "", &[], Build::Native(now), "the clock"),
    entry("hour_of_day", "hour_of_day()", "pure", &[], Build::Native(hour_of_day), "hour of the clock, 0 to 23, UTC"),
    entry("day_of_week", "day_of_week()", "pure", &[], Build::Native(day_of_week), "day of the clock, Monday is 1 and Sunday 7, UTC"),
    entry("known", "known(x)", "", &[need("x")], Build::Native(known), "whether x has a value now"),
    entry("since", "since(e)", "", &[need("e")], Build::Native(since), "time since the last e"),
    entry("once", "once(c, d)", "", &[need("c"), need("d")], Build::Native(once), "whether c held, or happened, in the last d"),
];

fn now<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    c.over(Op::Clock(ClockFn::Now), &[], Ty::Timestamp, Facts::INPUT.with(Facts::CLOCK), call.span)
}

fn hour_of_day<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    c.over(Op::Clock(ClockFn::HourOfDay), &[], Ty::Num(Unit::PURE), Facts::INPUT.with(Facts::CLOCK), call.span)
}

fn day_of_week<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    c.over(Op::Clock(ClockFn::DayOfWeek), &[], Ty::Num(Unit::PURE), Facts::INPUT.with(Facts::CLOCK), call.span)
}

fn known<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let val = call.val(0);
    if matches!(val.ty, Ty::Event | Ty::Quoted | Ty::Symbol) {
        let span = call.span_of(0);
        c.report(Code::TypeMismatch, span, |c, d| {
            let d = d.says(format!("{} is {} and is never unknown", c.quote(span), val.ty.words()), "a value is wanted");
            if val.ty == Ty::Event { d.help(format!("whether it happened lately: `once({}, 1s)`", c.source(span))) } else { d }
        });
        return Val::poison(call.span);
    }
    c.over(Op::Known, &[val], Ty::Bool, val.facts.passed(), call.span)
}

fn since<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let Some(event) = c.want_event(&call.val(0), call.span_of(0)) else { return Val::poison(call.span) };
    c.over(Op::Since, &[event], Ty::Duration, event.facts.passed().with(Facts::INPUT).with(Facts::CLOCK), call.span)
}

fn once<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let val = call.val(0);
    let period = c.period_of(&call.val(1), call.span_of(1));
    if !matches!(val.ty, Ty::Event | Ty::Bool) {
        let span = call.span_of(0);
        if !val.is_poison() {
            c.report(Code::TypeMismatch, span, |c, d| {
                d.says(format!("{} is {}", c.quote(span), val.ty.words()), "a condition or an event is wanted")
            });
        }
        return Val::poison(call.span);
    }
    let Some(period) = period else { return Val::poison(call.span) };
    c.over(Op::Once(period), &[val], Ty::Bool, val.facts.passed(), call.span)
}

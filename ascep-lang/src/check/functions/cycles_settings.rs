//! What a `cycles(..)` is set by: home, fee, legs, thresholds and limits of time.

use super::cycles::{FEE, HOME, LEGS, LENGTH, MAX_AGE, MAX_SKEW, MIN_NET, STEP_AT, VENUE};
use crate::check::Checker;
use crate::check::call::{Call, Given};
use crate::check::value::Ty;
use crate::diagnostic::Code;
use crate::program::{Constant, Period, Scan, Setting, Type};
use crate::syntax::{ExprId, ExprKind, Tree};

/// The edge moves by this before it is told of again.
const STEP: f64 = 0.0001;

/// All that a fee may be.
pub(crate) fn fee_range() -> (Constant, Constant) {
    let most = 1.0_f64.next_down();
    (Constant::Num((-most).to_bits()), Constant::Num(most.to_bits()))
}

impl<'a> Checker<'a> {
    /// All that is set, without the markets.
    pub(super) fn head(&mut self, call: &Call<'a>) -> Option<Scan> {
        let home = self.name_arg(call, HOME, "an asset");
        let venue = match call.get(VENUE) {
            Some(_) => self.name_arg(call, VENUE, "a venue").map(Some),
            None => Some(None),
        };
        let legs = self.legs(call);
        let fee = match call.get(FEE) {
            Some(_) => self.fee(call).map(Some),
            None => Some(None),
        };
        let min_net = self.threshold(call, MIN_NET, 0.0, "a threshold");
        let step = self.threshold(call, STEP_AT, STEP, "a step");
        let max_age = self.limit_of_time(call, MAX_AGE);
        let max_skew = self.limit_of_time(call, MAX_SKEW);
        let (max_age, max_skew) = (max_age?, max_skew?);
        if let (Some(Period::Fixed(age)), Some(Period::Fixed(skew))) = (max_age, max_skew)
            && skew >= age
        {
            self.report(Code::IdleSetting, call.span_of(MAX_SKEW), |c, d| {
                let age = c.quote(call.span_of(MAX_AGE));
                d.says("the limit of the skew changes nothing", format!("quotes that are all younger than {age} are never this far apart"))
                    .help("make it shorter than `max_age`, or leave it out")
            });
        }
        Some(Scan {
            venue: venue?,
            home: home?,
            legs: legs?,
            fee: fee?,
            min_net: min_net?,
            step: step?,
            max_age,
            max_skew,
            markets: Vec::new(),
        })
    }

    /// A name in quotes.
    fn name_arg(&mut self, call: &Call<'a>, at: usize, what: &str) -> Option<String> {
        let Given { val, span, .. } = call.get(at)?;
        match (val.ty, val.constant) {
            (Ty::Poison, _) => None,
            (Ty::Quoted | Ty::Text, Some(Constant::Text(text))) => Some(self.out.text_of(text).to_owned()),
            (ty, _) => {
                self.report(Code::TypeMismatch, span, |c, d| {
                    let example = if at == HOME { "\"USDT\"" } else { "\"binance\"" };
                    d.says(format!("{} is {}", c.quote(span), ty.words()), format!("the name of {what} is wanted"))
                        .help(format!("write it in quotes: `{example}`"))
                });
                None
            }
        }
    }

    /// `legs = 3`, or `legs = 3..4`.
    fn legs(&mut self, call: &Call<'a>) -> Option<(u8, u8)> {
        let Some(Given { id, span, .. }) = call.get(LENGTH) else { return Some((3, 3)) };
        let tree = call.tree;
        let (low, high) = match tree.expr(Self::bare(tree, id)).map(|e| &e.kind) {
            Some(ExprKind::Range { low, high }) => (*low, *high),
            _ => (id, id),
        };
        let (least, most) = (self.leg(tree, low)?, self.leg(tree, high)?);
        if least > most {
            self.report(Code::BadLegs, span, |c, d| {
                d.says(format!("{} asks for at least {least} legs and at most {most}", c.quote(span)), "").fix(
                    "the smaller number comes first",
                    span,
                    format!("{most}..{least}"),
                )
            });
            return None;
        }
        Some((least, most))
    }

    fn leg(&mut self, tree: &'a Tree, id: ExprId) -> Option<u8> {
        let (val, span) = (self.expr(tree, id), Self::span_of(tree, id));
        if val.is_poison() {
            return None;
        }
        let legs = val.number().filter(|n| n.fract() == 0.0).and_then(|n| LEGS.clone().find(|legs| f64::from(*legs) == n));
        if legs.is_none() {
            self.report(Code::BadLegs, span, |c, d| {
                let (least, most) = (LEGS.start(), LEGS.end());
                d.says(
                    format!("{} is not a number of legs", c.quote(span)),
                    format!("a constant whole number from {least} to {most} is wanted"),
                )
                .help("`legs = 3` for triangles, `legs = 3..4` for those and for ways of four legs")
            });
        }
        legs
    }

    /// A number that is known when the rules are loaded, or a parameter.
    fn setting(&mut self, call: &Call<'a>, at: usize, what: &str) -> Option<Setting> {
        let Given { val, span, .. } = call.get(at)?;
        if val.is_poison() || !self.pure_arg(call, at, what) {
            return None;
        }
        match (val.number(), val.param) {
            (Some(x), _) => Some(Setting::fixed(x)),
            (None, Some(param)) => Some(Setting::Param(param)),
            (None, None) => {
                self.report(Code::NotConstant, span, |c, d| {
                    d.says(format!("{} changes while the rules run", c.quote(span)), "a constant, or a PARAM by itself, is wanted")
                        .help("what a signal needs beyond that is asked in `WHERE`: `cycles(..) WHERE it.net > ..`")
                });
                None
            }
        }
    }

    fn fee(&mut self, call: &Call<'a>) -> Option<Setting> {
        let fee = self.setting(call, FEE, "a fee")?;
        let Setting::Param(param) = fee else { return self.fee_below_one(call, FEE).then_some(fee) };
        let declared = self.out.typed.tables.params.get(param.0 as usize)?;
        let (low, high) = declared.range.unwrap_or((declared.value, declared.value));
        let is_fee = |c: Constant| matches!(c, Constant::Num(bits) if f64::from_bits(bits).abs() < 1.0);
        if !(is_fee(low) && is_fee(high)) {
            let (name, span) = (declared.name.clone(), call.span_of(FEE));
            self.report(Code::BadFee, span, |_, d| {
                d.says(format!("the parameter `{name}` may take all there is, or more"), "a fee is a part of what is exchanged")
                    .help(format!("give it a range: `PARAM {name} = 7.5bp IN 0bp .. 50bp`"))
            });
            return None;
        }
        self.scans.fees.push(param);
        Some(fee)
    }

    fn threshold(&mut self, call: &Call<'a>, at: usize, default: f64, what: &str) -> Option<Setting> {
        if call.get(at).is_none() {
            return Some(Setting::fixed(default));
        }
        let setting = self.setting(call, at, what)?;
        let (low, high) = match setting {
            Setting::Fixed(bits) => (f64::from_bits(bits), f64::from_bits(bits)),
            Setting::Param(param) => {
                let param = self.out.typed.tables.params.get(param.0 as usize)?;
                let number = |c: Constant| if let Constant::Num(bits) = c { f64::from_bits(bits) } else { 0.0 };
                let (low, high) = param.range.unwrap_or((param.value, param.value));
                (number(low), number(high))
            }
        };
        let least = if at == STEP_AT { 0.0 } else { -1.0 };
        if (low > least || (at == STEP_AT && low >= 0.0)) && high < 1.0 {
            return Some(setting);
        }
        let span = call.span_of(at);
        self.report(Code::BadThreshold, span, |c, d| {
            let text = c.source(span);
            let says = match at {
                STEP_AT if low < 0.0 => "no edge moves by less than nothing",
                _ if high >= 1.0 => "no way round doubles what is spent",
                _ => "no way round loses more than all there is",
            };
            let d = d.says(format!("{what} of {} is senseless", c.quote(span)), says);
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if plain { d.fix("in basis points?", span, format!("{text}bp")) } else { d.help("write it as `2bp` or `0.02%`") }
        });
        None
    }

    /// A duration that may be left out.
    fn limit_of_time(&mut self, call: &Call<'a>, at: usize) -> Option<Option<Period>> {
        match call.get(at) {
            Some(Given { val, span, .. }) => self.period_of(&val, span).map(Some),
            None => Some(None),
        }
    }

    /// A parameter that is a fee and has no range gets one, so that nobody sets it to all there is while the rules run.
    pub(in crate::check) fn guard_fees(&mut self) {
        for param in std::mem::take(&mut self.scans.fees) {
            if let Some(p) = self.out.typed.tables.params.get_mut(param.0 as usize)
                && matches!(p.ty, Type::Num(_))
                && p.range.is_none()
            {
                p.range = Some(fee_range());
            }
        }
    }
}

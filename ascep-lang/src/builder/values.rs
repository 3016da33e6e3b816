//! The handles: numbers with units, levels, events, durations, timestamps and texts, and what can be asked of them.

use super::state::Handle;
use super::{BuildError, IntoLength, IntoNumber, IntoPeriod, ProgramBuilder};
use crate::check::output::PAYLOAD;
use crate::check::units::Unit;
use crate::check::value::{ShapeId, Ty};
use crate::program::{CmpOp, NumFn, Op, OpportunityField, PayloadField, REASONS, STATES, Stat, Window};
use crate::syntax::CrossSide;

/// A number with a unit, known or unknown at any time.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Number<'b>(pub(super) Handle<'b>);

/// A condition: true, false or unknown at any time.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Level<'b>(pub(super) Handle<'b>);

/// Something that happens at instants.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Event<'b>(pub(super) Handle<'b>);

/// A duration.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Length<'b>(pub(super) Handle<'b>);

/// A point in time.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Moment<'b>(pub(super) Handle<'b>);

/// A text: a side.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Word<'b>(pub(super) Handle<'b>);

impl<'b> Handle<'b> {
    /// A node over this one and others.
    pub(super) fn over(self, op: Op, others: &[Handle<'_>], ty: Ty) -> Self {
        let args = self.with(others);
        let id = self.builder.state.borrow_mut().node(op, &args, ty);
        self.builder.handle(id)
    }

    /// An event over this one and others.
    fn event(self, op: Op, others: &[Handle<'_>], shape: ShapeId) -> Event<'b> {
        let args = self.with(others);
        let id = self.builder.state.borrow_mut().event(op, &args, shape);
        Event(self.builder.handle(id))
    }

    fn with(self, others: &[Handle<'_>]) -> Vec<Self> {
        std::iter::once(self).chain(others.iter().map(|h| self.builder.own(*h))).collect()
    }

    pub(super) fn ty(self) -> Ty {
        self.builder.state.borrow().ty(self)
    }

    fn shape(self) -> ShapeId {
        self.builder.state.borrow().shape(self)
    }

    /// The type that this one and another have in common.
    pub(super) fn agree(self, what: &str, other: Handle<'_>) -> Ty {
        let (a, b) = (self.ty(), self.builder.own(other).ty());
        self.builder.state.borrow_mut().agree(what, a, b)
    }

    fn compare(self, op: CmpOp, other: Handle<'_>) -> Level<'b> {
        self.agree("a comparison", other);
        Level(self.over(Op::Compare(op), &[other], Ty::Bool))
    }

    fn ago(self, n: u32) -> Self {
        self.builder.state.borrow_mut().check_updates(n);
        self.over(Op::Index(n), &[], self.ty())
    }

    fn once(self, period: impl IntoPeriod) -> Level<'b> {
        let period = period.into_period(self.builder);
        Level(self.over(Op::Once(period), &[], Ty::Bool))
    }

    fn count(self, window: Window, partial: bool) -> Number<'b> {
        Number(self.over(Op::Window { stat: Stat::Count, window, partial, max: None }, &[], Ty::Num(Unit::PURE)))
    }

    fn count_in(self, period: impl IntoPeriod, partial: bool) -> Number<'b> {
        let period = period.into_period(self.builder);
        self.count(Window::Time(period), partial)
    }
}

/// What every value can be asked.
macro_rules! values {
    ($($name:ident)*) => {
        $(impl<'b> $name<'b> {
            /// Whether it has a value; never unknown itself.
            pub fn known(self) -> Level<'b> {
                Level(self.0.over(Op::Known, &[], Ty::Bool))
            }

            /// As it was `n` updates ago, 1 to 65,536.
            pub fn ago(self, n: u32) -> Self {
                Self(self.0.ago(n))
            }

            /// The builder that it belongs to.
            #[must_use]
            pub fn builder(self) -> &'b ProgramBuilder {
                self.0.builder
            }
        })*
    };
}

values! { Number Level Length Moment Word }

/// Comparisons and crossings of what has an order; `$into` makes the other side.
macro_rules! ordered {
    ($name:ident, $operand:path, $into:ident) => {
        impl<'b> $name<'b> {
            /// `self > other`
            pub fn gt(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Gt, other.$into(self.0.builder).0)
            }

            /// `self >= other`
            pub fn ge(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Ge, other.$into(self.0.builder).0)
            }

            /// `self < other`
            pub fn lt(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Lt, other.$into(self.0.builder).0)
            }

            /// `self <= other`
            pub fn le(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Le, other.$into(self.0.builder).0)
            }

            /// `self == other`
            pub fn equals(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Eq, other.$into(self.0.builder).0)
            }

            /// `self != other`
            pub fn differs(self, other: impl $operand) -> Level<'b> {
                self.0.compare(CmpOp::Ne, other.$into(self.0.builder).0)
            }

            /// `self IN low .. high`, both ends inside.
            pub fn between(self, low: impl $operand, high: impl $operand) -> Level<'b> {
                self.ge(low).and(self.le(high))
            }

            /// `self CROSSES ABOVE other`
            pub fn crosses_above(self, other: impl $operand) -> Event<'b> {
                self.crossing(CrossSide::Above, other.$into(self.0.builder).0)
            }

            /// `self CROSSES BELOW other`
            pub fn crosses_below(self, other: impl $operand) -> Event<'b> {
                self.crossing(CrossSide::Below, other.$into(self.0.builder).0)
            }

            /// `self CROSSES other`, from either side.
            pub fn crosses(self, other: impl $operand) -> Event<'b> {
                self.crossing(CrossSide::Either, other.$into(self.0.builder).0)
            }

            fn crossing(self, side: CrossSide, other: Handle<'_>) -> Event<'b> {
                self.0.agree("a crossing", other);
                self.0.event(Op::Crosses(side), &[other], ShapeId::BARE)
            }

            /// `self ?? other`: the other where this is unknown.
            pub fn or_else(self, other: impl $operand) -> Self {
                let other = other.$into(self.0.builder).0;
                let ty = self.0.agree("`??`", other);
                Self(self.0.over(Op::Coalesce, &[other], ty))
            }

            /// The smaller of the two; unknown if one is.
            pub fn min(self, other: impl $operand) -> Self {
                self.joined(NumFn::Min, "min", other.$into(self.0.builder).0)
            }

            /// The larger of the two; unknown if one is.
            pub fn max(self, other: impl $operand) -> Self {
                self.joined(NumFn::Max, "max", other.$into(self.0.builder).0)
            }

            /// Held within bounds; unknown where `low` is above `high`.
            pub fn clamp(self, low: impl $operand, high: impl $operand) -> Self {
                let (low, high) = (low.$into(self.0.builder).0, high.$into(self.0.builder).0);
                let ty = self.0.agree("clamp", low);
                self.0.agree("clamp", high);
                Self(self.0.over(Op::Num(NumFn::Clamp), &[low, high], ty))
            }

            /// Without its sign.
            pub fn abs(self) -> Self {
                Self(self.0.over(Op::Num(NumFn::Abs), &[], self.0.ty()))
            }

            fn joined(self, f: NumFn, what: &str, other: Handle<'_>) -> Self {
                let ty = self.0.agree(what, other);
                Self(self.0.over(Op::Num(f), &[other], ty))
            }
        }
    };
}

ordered! { Number, IntoNumber, into_number }
ordered! { Length, IntoLength, into_length }

impl<'b> Number<'b> {
    pub(super) fn map(self, f: NumFn, ty: Ty) -> Self {
        Self(self.0.over(Op::Num(f), &[], ty))
    }

    /// The unit to a power; unchecked where a power would not be whole.
    pub(super) fn power_type(self, exponent: f64) -> Ty {
        match self.0.ty() {
            Ty::Num(unit) => Ty::Num(self.0.builder.state.borrow_mut().out.units.power(unit, exponent)),
            other => other,
        }
    }

    /// Unknown for a negative number.
    pub fn sqrt(self) -> Self {
        self.map(NumFn::Sqrt, self.power_type(0.5))
    }

    /// The natural logarithm, without unit; unknown for zero or less.
    pub fn ln(self) -> Self {
        self.map(NumFn::Ln, Ty::Num(Unit::PURE))
    }

    /// e to the number, without unit.
    pub fn exp(self) -> Self {
        self.map(NumFn::Exp, Ty::Num(Unit::PURE))
    }

    /// To a constant power.
    pub fn pow(self, exponent: f64) -> Self {
        let ty = self.power_type(exponent);
        let exponent = exponent.into_number(self.0.builder).0;
        Self(self.0.over(Op::Num(NumFn::Pow), &[exponent], ty))
    }

    /// The next whole number below.
    pub fn floor(self) -> Self {
        self.map(NumFn::Floor, self.0.ty())
    }

    /// The next whole number above.
    pub fn ceil(self) -> Self {
        self.map(NumFn::Ceil, self.0.ty())
    }

    /// The nearest whole number, half away from zero.
    pub fn round(self) -> Self {
        self.map(NumFn::Round, self.0.ty())
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> Self {
        self.map(NumFn::Sign, Ty::Num(Unit::PURE))
    }

    /// `self - other * floor(self / other)`
    pub fn modulo(self, other: impl IntoNumber) -> Self {
        self.joined(NumFn::Mod, "mod", other.into_number(self.0.builder).0)
    }

    /// How often it was updated in the last `period`; unknown in the first.
    pub fn updates_in(self, period: impl IntoPeriod) -> Self {
        self.0.count_in(period, false)
    }
}

impl<'b> Level<'b> {
    /// `self AND other`, Kleene's.
    pub fn and(self, other: Level<'_>) -> Self {
        Self(self.0.over(Op::And, &[other.0], Ty::Bool))
    }

    /// `self OR other`, Kleene's.
    pub fn or(self, other: Level<'_>) -> Self {
        Self(self.0.over(Op::Or, &[other.0], Ty::Bool))
    }

    /// `self ?? other`: the other where this is unknown.
    pub fn or_else(self, other: Level<'_>) -> Self {
        Self(self.0.over(Op::Coalesce, &[other.0], Ty::Bool))
    }

    /// `self FOR period`: true once it has held so long without a break.
    pub fn held_for(self, period: impl IntoPeriod) -> Self {
        let period = period.into_period(self.0.builder);
        Self(self.0.over(Op::For(period), &[], Ty::Bool))
    }

    /// Whether it held at some time in the last `period`.
    pub fn once_in(self, period: impl IntoPeriod) -> Self {
        self.0.once(period)
    }

    /// Its rising edge.
    pub fn rises(self) -> Event<'b> {
        self.0.event(Op::Edge, &[], ShapeId::BARE)
    }
}

impl<'b> Event<'b> {
    /// The occurrences at which the filter, which may read the payload, is true.
    pub fn filter(self, filter: impl FnOnce(Payload<'b>) -> Level<'b>) -> Self {
        let level = filter(self.it());
        let level = self.0.builder.own(level.0);
        let id = self.0.builder.state.borrow_mut().filtered(self.0, level);
        Self(self.0.builder.handle(id))
    }

    /// The payload, for the fields of a rule that this event triggers.
    pub fn it(self) -> Payload<'b> {
        Payload(self.0)
    }

    /// `self AND level`: its occurrences while the level is true.
    pub fn and(self, level: Level<'_>) -> Self {
        self.0.event(Op::EventAnd, &[level.0], self.0.shape())
    }

    /// `self OR other`; the payload has what both have with one unit.
    pub fn or(self, other: Event<'_>) -> Self {
        let other = self.0.builder.own(other.0);
        let (a, b) = (self.0.shape(), other.shape());
        let shape = self.0.builder.state.borrow_mut().out.common_shape(a, b);
        self.0.event(Op::EventOr, &[other], shape)
    }

    /// `NO self FOR period`: fires when it has not happened for so long.
    pub fn absent_for(self, period: impl IntoPeriod) -> Self {
        let period = period.into_period(self.0.builder);
        self.0.event(Op::NoFor(period), &[], ShapeId::BARE)
    }

    /// Whether it happened in the last `period`.
    pub fn once_in(self, period: impl IntoPeriod) -> Level<'b> {
        self.0.once(period)
    }

    /// How often it happened in the last `period`; unknown in the first.
    pub fn count_in(self, period: impl IntoPeriod) -> Number<'b> {
        self.0.count_in(period, false)
    }

    /// How often it happened in the last `period`, known from the first occurrence.
    pub fn count_so_far_in(self, period: impl IntoPeriod) -> Number<'b> {
        self.0.count_in(period, true)
    }

    /// How long ago it happened.
    pub fn since(self) -> Length<'b> {
        Length(self.0.over(Op::Since, &[], Ty::Duration))
    }
}

impl<'b> Moment<'b> {
    /// `self < other`
    pub fn before(self, other: Moment<'_>) -> Level<'b> {
        self.0.compare(CmpOp::Lt, other.0)
    }

    /// `self > other`
    pub fn after(self, other: Moment<'_>) -> Level<'b> {
        self.0.compare(CmpOp::Gt, other.0)
    }
}

impl<'b> Word<'b> {
    /// `self == text`
    pub fn is(self, text: &str) -> Level<'b> {
        let op = self.0.builder.state.borrow().op(self.0);
        let wrong = match op {
            Some(Op::Payload(PayloadField::Opportunity(OpportunityField::State))) => !STATES.contains(&text),
            Some(Op::Payload(PayloadField::Opportunity(_))) => !REASONS.contains(&text),
            Some(Op::Market(..) | Op::Payload(_)) => !matches!(text, "buy" | "sell"),
            _ => false,
        };
        if wrong {
            let telling = matches!(op, Some(Op::Payload(PayloadField::Opportunity(_))));
            let error = if telling { BuildError::Telling(text.to_owned()) } else { BuildError::Side(text.to_owned()) };
            self.0.builder.state.borrow_mut().error(error);
        }
        let text = self.0.builder.word(text);
        self.0.compare(CmpOp::Eq, text.0)
    }
}

/// The payload of an event.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Payload<'b>(Handle<'b>);

impl<'b> Payload<'b> {
    pub(super) fn read(self, field: PayloadField) -> Handle<'b> {
        let builder = self.0.builder;
        let mut state = builder.state.borrow_mut();
        let shape = state.out.shape(state.shape(self.0));
        let found = PAYLOAD.iter().zip(shape.0).find(|((f, _), _)| *f == field);
        let ty = match found {
            Some((_, Some(ty))) => ty,
            missing => {
                state.error(BuildError::Payload(missing.map_or("?", |((_, name), _)| name)));
                Ty::Poison
            }
        };
        let id = state.payload(Op::Payload(field), self.0, ty);
        builder.handle(id)
    }

    /// When it happened: every event has it.
    pub fn ts(self) -> Moment<'b> {
        Moment(self.read(PayloadField::Ts))
    }

    /// The venue's own time of a market event.
    pub fn venue_ts(self) -> Moment<'b> {
        Moment(self.read(PayloadField::VenueTs))
    }

    /// The aggressor of a trade.
    pub fn side(self) -> Word<'b> {
        Word(self.read(PayloadField::Side))
    }
}

macro_rules! payload {
    ($($(#[$doc:meta])* $name:ident = $field:ident;)*) => {
        impl<'b> Payload<'b> {
            $($(#[$doc])* pub fn $name(self) -> Number<'b> {
                Number(self.read(PayloadField::$field))
            })*
        }
    };
}

payload! {
    /// Of a trade.
    price = Price;
    /// Of a trade.
    qty = Qty;
    /// Price times quantity of a trade.
    notional = Notional;
    /// Of a quote or a book.
    bid = Bid;
    /// Of a quote or a book.
    ask = Ask;
    /// Of a quote or a book.
    bid_qty = BidQty;
    /// Of a quote or a book.
    ask_qty = AskQty;
}

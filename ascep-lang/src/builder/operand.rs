//! What may stand where a number, a duration, a period, a trigger or a field is wanted.

use std::time::Duration;

use super::rule::{SymbolField, Trigger, Watched};
use super::state::Handle;
use super::{BuildError, Event, Length, Level, Moment, Number, PathText, ProgramBuilder, Word, num};
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{Constant, Period};

/// A constant number: a plain one, which takes the unit of its place, or a ratio from [`bp`] or [`percent`].
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub(super) value: f64,
    pub(super) unit: Unit,
}

impl From<f64> for Ratio {
    fn from(value: f64) -> Self {
        Self { value, unit: Unit::FLEXIBLE }
    }
}

/// Basis points, without unit: `bp(5.0)` is 0.0005.
#[must_use]
pub fn bp(x: f64) -> Ratio {
    Ratio { value: x / 10_000.0, unit: Unit::PURE }
}

/// Percent, without unit: `percent(0.5)` is 0.005.
#[must_use]
pub fn percent(x: f64) -> Ratio {
    Ratio { value: x / 100.0, unit: Unit::PURE }
}

/// Something that a number can be made of: a [`Number`], an `f64` or an integer, which take the unit of their place, a [`Ratio`].
pub trait IntoNumber {
    /// The number.
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_>;
}

impl IntoNumber for Ratio {
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_> {
        let id = builder.state.borrow_mut().constant(Ty::Num(self.unit), num(self.value));
        Number(builder.handle(id))
    }
}

impl IntoNumber for f64 {
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_> {
        Ratio::from(self).into_number(builder)
    }
}

impl IntoNumber for i32 {
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_> {
        f64::from(self).into_number(builder)
    }
}

impl IntoNumber for u32 {
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_> {
        f64::from(self).into_number(builder)
    }
}

impl IntoNumber for Number<'_> {
    fn into_number(self, builder: &ProgramBuilder) -> Number<'_> {
        Number(builder.own(self.0))
    }
}

/// Something that a duration can be made of: a [`Length`] or a [`Duration`].
pub trait IntoLength {
    /// The duration.
    fn into_length(self, builder: &ProgramBuilder) -> Length<'_>;
}

impl IntoLength for Duration {
    fn into_length(self, builder: &ProgramBuilder) -> Length<'_> {
        let mut state = builder.state.borrow_mut();
        let ns = i64::try_from(self.as_nanos()).unwrap_or_else(|_| {
            state.error(BuildError::Period);
            i64::MAX
        });
        let id = state.constant(Ty::Duration, Constant::Duration(ns));
        Length(builder.handle(id))
    }
}

impl IntoLength for Length<'_> {
    fn into_length(self, builder: &ProgramBuilder) -> Length<'_> {
        Length(builder.own(self.0))
    }
}

/// Something that a timer or a window can be set by: a [`Duration`] above zero, or a [`Length`] that is a parameter.
pub trait IntoPeriod {
    /// The period.
    fn into_period(self, builder: &ProgramBuilder) -> Period;
}

impl IntoPeriod for Duration {
    fn into_period(self, builder: &ProgramBuilder) -> Period {
        match i64::try_from(self.as_nanos()) {
            Ok(ns) if ns > 0 => Period::Fixed(ns),
            _ => {
                builder.state.borrow_mut().error(BuildError::Period);
                Period::Fixed(1)
            }
        }
    }
}

impl IntoPeriod for Length<'_> {
    fn into_period(self, builder: &ProgramBuilder) -> Period {
        let own = builder.own(self.0);
        builder.state.borrow_mut().period_of(own)
    }
}

/// Something that triggers a rule or arms it again: a [`Level`], an [`Event`], or as the trigger a [`Sequence`](super::Sequence).
pub trait IntoTrigger<'b> {
    /// The trigger.
    fn into_trigger(self) -> Trigger<'b>;
}

impl<'b> IntoTrigger<'b> for Level<'b> {
    fn into_trigger(self) -> Trigger<'b> {
        Trigger(Watched::Node { handle: self.0, is_event: false })
    }
}

impl<'b> IntoTrigger<'b> for Event<'b> {
    fn into_trigger(self) -> Trigger<'b> {
        Trigger(Watched::Node { handle: self.0, is_event: true })
    }
}

/// Something that a signal can say: any value, never an event.
pub trait IntoField {
    /// The node that is read when the rule fires.
    #[doc(hidden)]
    fn into_field(self, builder: &ProgramBuilder) -> Field<'_>;
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub struct Field<'b>(pub(super) Handle<'b>);

macro_rules! fields {
    ($($name:ident)*) => {
        $(impl IntoField for $name<'_> {
            fn into_field(self, builder: &ProgramBuilder) -> Field<'_> {
                Field(builder.own(self.0))
            }
        })*
    };
}

fields! { Number Level Length Moment Word PathText SymbolField }

impl IntoField for f64 {
    fn into_field(self, builder: &ProgramBuilder) -> Field<'_> {
        Field(self.into_number(builder).0)
    }
}

impl IntoField for &str {
    fn into_field(self, builder: &ProgramBuilder) -> Field<'_> {
        Field(builder.word(self).0)
    }
}

impl ProgramBuilder {
    /// A handle as one of this builder; that of another one is an error.
    pub(super) fn own(&self, handle: Handle<'_>) -> Handle<'_> {
        if !std::ptr::eq(self, handle.builder) {
            self.state.borrow_mut().error(BuildError::Foreign);
        }
        self.handle(handle.id)
    }
}

//! What the checker knows of an expression: its type, what is known of it before the rules run, and the node that computes it.

use super::records::{Parts, Record};
use super::units::Unit;
use crate::program::{Constant, NodeId, OpportunityField, ParamId, PayloadField};
use crate::span::Span;

/// The checker's types. `Quoted` is a string literal, which its place makes a symbol or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ty {
    Num(Unit),
    Bool,
    Event,
    Duration,
    Timestamp,
    Symbol,
    Text,
    Quoted,
    /// Several numbers with names, and no number by itself.
    Record(Record),
    /// An error was reported; nothing more is said about it.
    Poison,
}

impl Ty {
    /// As a message names it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Num(_) => "a number",
            Self::Bool => "a condition",
            Self::Event => "an event",
            Self::Duration => "a duration",
            Self::Timestamp => "a timestamp",
            Self::Symbol => "a symbol",
            Self::Text => "a text",
            Self::Quoted => "a string",
            Self::Record(kind) => kind.words(),
            Self::Poison => "an error",
        }
    }
}

/// The payload of an event, an index into the checker's shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShapeId(pub(crate) u32);

impl ShapeId {
    /// An event with nothing but its time.
    pub(crate) const BARE: Self = Self(0);
}

/// Facts about a value, each a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Facts(u16);

impl Facts {
    pub(crate) const NONE: Self = Self(0);
    /// Reads the market, an input or the clock.
    pub(crate) const INPUT: Self = Self(1);
    /// Reads a parameter.
    pub(crate) const PARAM: Self = Self(1 << 1);
    /// Is a reading of the clock itself: `now()`, `age(s)`.
    pub(crate) const CLOCK: Self = Self(1 << 2);
    /// Is computed from a reading of the clock by functions without state.
    pub(crate) const OVER_CLOCK: Self = Self(1 << 3);
    /// Was written with `%` or `bp`.
    pub(crate) const PERCENT: Self = Self(1 << 4);
    /// Depends on the place of use: on a `FOR EACH` variable or an argument of a `FN`.
    pub(crate) const PLACED: Self = Self(1 << 5);
    /// A float that went through arithmetic.
    pub(crate) const COMPUTED: Self = Self(1 << 6);
    /// The side of a trade.
    pub(crate) const SIDE: Self = Self(1 << 7);
    /// A text that is made while the rules run: no operator reads it.
    pub(crate) const MADE: Self = Self(1 << 9);
    /// What became of an opportunity.
    pub(crate) const STATE: Self = Self(1 << 10);
    /// Why an opportunity closed.
    pub(crate) const REASON: Self = Self(1 << 11);
    /// Reads what a run of the sequence at hand keeps: it has meaning only in that run.
    pub(crate) const RUN: Self = Self(1 << 8);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What a text of a payload is.
    pub(crate) fn of_text(field: PayloadField) -> Self {
        match field {
            PayloadField::Side => Self::SIDE,
            PayloadField::Opportunity(OpportunityField::Path) => Self::MADE,
            PayloadField::Opportunity(OpportunityField::State) => Self::STATE,
            PayloadField::Opportunity(OpportunityField::Reason) => Self::REASON,
            _ => Self::NONE,
        }
    }

    /// What passes from an argument to what reads it.
    pub(crate) fn passed(self) -> Self {
        Self(self.0 & (Self::INPUT.0 | Self::PARAM.0 | Self::PLACED.0))
    }

    /// What passes through a function without state.
    pub(crate) fn through(self) -> Self {
        let passed = self.passed();
        if self.has(Self::CLOCK.with(Self::OVER_CLOCK)) { passed.with(Self::OVER_CLOCK) } else { passed }
    }
}

/// A checked expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Val {
    pub(crate) ty: Ty,
    /// The node, once there is one; constants and parameters get theirs when somebody reads them.
    pub(crate) node: Option<NodeId>,
    /// The value, where it is known before the rules run. A quoted string holds its text.
    pub(crate) constant: Option<Constant>,
    /// The parameter that it is, if it is one and nothing else.
    pub(crate) param: Option<ParamId>,
    /// The payload, of an event.
    pub(crate) shape: ShapeId,
    /// The values with names that it has, if any.
    pub(crate) parts: Option<Parts>,
    pub(crate) facts: Facts,
    pub(crate) span: Span,
}

impl Val {
    pub(crate) fn poison(span: Span) -> Self {
        Self { ty: Ty::Poison, node: None, constant: None, param: None, shape: ShapeId::BARE, parts: None, facts: Facts::NONE, span }
    }

    pub(crate) fn constant(ty: Ty, constant: Constant, span: Span) -> Self {
        Self { constant: Some(constant), ty, ..Self::poison(span) }
    }

    pub(crate) fn node(ty: Ty, node: NodeId, facts: Facts, span: Span) -> Self {
        Self { ty, node: Some(node), facts, ..Self::poison(span) }
    }

    pub(crate) fn is_poison(&self) -> bool {
        self.ty == Ty::Poison
    }

    /// The unit of a number.
    pub(crate) fn unit(&self) -> Option<Unit> {
        match self.ty {
            Ty::Num(unit) => Some(unit),
            _ => None,
        }
    }

    /// The value of a constant number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.constant {
            Some(Constant::Num(bits)) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// Whether an event, the clock, or a parameter that is set can change it, or it is something else in each run of a sequence.
    pub(crate) fn can_change(&self) -> bool {
        self.facts.has(Facts::INPUT.with(Facts::PARAM).with(Facts::RUN))
    }
}

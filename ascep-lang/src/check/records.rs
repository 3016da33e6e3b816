//! Values with named parts: the lines of an indicator, and what is known of an opportunity beside its net return.
//!
//! An opportunity is a number, its net return, and has the parts beside; an indicator of several lines is no number by itself.

use super::Checker;
use super::value::{Facts, Ty, Val};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::syntax::Ident;

/// What kinds of values have parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Record {
    Macd,
    Bollinger,
    Stoch,
    Opportunity,
}

impl Record {
    /// The names of the parts, in order.
    pub(crate) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Macd => &["line", "signal", "hist"],
            Self::Bollinger => &["upper", "middle", "lower"],
            Self::Stoch => &["k", "d"],
            Self::Opportunity => &["net", "gross", "direction", "age", "skew", "size"],
        }
    }

    /// As a message names it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Macd => "the three lines of `macd`",
            Self::Bollinger => "the three bands of `bollinger`",
            Self::Stoch => "the two lines of `stoch`",
            Self::Opportunity => "an opportunity",
        }
    }
}

/// The parts of a value: so many of the checker's list from `first` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) kind: Record,
    first: usize,
}

impl<'a> Checker<'a> {
    /// A value with parts, in the order of their names. Poison if one of them is.
    pub(super) fn record(&mut self, kind: Record, parts: &[Val], span: Span) -> Val {
        if parts.iter().any(Val::is_poison) {
            return Val::poison(span);
        }
        let first = self.parts.len();
        self.parts.extend_from_slice(parts);
        let parts = Some(Parts { kind, first });
        let whole = match (kind, self.parts.get(first)) {
            (Record::Opportunity, Some(net)) => *net,
            _ => {
                let facts = self.parts.iter().skip(first).fold(Facts::NONE, |f, p| f.with(p.facts.passed()));
                Val { ty: Ty::Record(kind), facts, ..Val::poison(span) }
            }
        };
        Val { parts, span, ..whole }
    }

    /// `x.field` of a value with parts.
    pub(super) fn part(&mut self, Parts { kind, first }: Parts, field: &'a Ident, span: Span) -> Val {
        let names = kind.fields();
        let found = names.iter().position(|n| *n == field.text).and_then(|at| self.parts.get(first.checked_add(at)?));
        match found {
            Some(part) => Val { span, ..*part },
            None => {
                self.unknown_field(kind.words(), names, field);
                Val::poison(span)
            }
        }
    }

    /// Reports a value with parts where one number is wanted.
    #[inline(never)]
    pub(super) fn bare_record(&mut self, kind: Record, span: Span) {
        self.report(Code::NotANumber, span, |c, d| {
            let says = d.says(format!("{} is {} and not a number", c.quote(span), kind.words()), "which one?");
            which_part(says, kind, c.source(span), span)
        });
    }
}

/// The ways out where a value with parts stands bare.
pub(super) fn which_part(d: Diagnostic, kind: Record, text: &str, span: Span) -> Diagnostic {
    kind.fields().iter().fold(d, |d, field| d.fix(format!("its `.{field}`?"), span, format!("{text}.{field}")))
}

//! Values from outside for parameters and inputs: do they fit?

use ascep_lang::program::{Constant, SymbolId};

use super::{FieldKind, InputPlan, ParamPlan, Plan};
use crate::error::ParamError;
use crate::value::{Repr, TRUE};

impl ParamPlan {
    /// The bits of a value that fits.
    pub(crate) fn accept(&self, value: &Constant, plan: &Plan) -> Result<u64, ParamError> {
        if kind_of(value) != kind_of(&self.value) {
            return Err(ParamError::Type);
        }
        let in_range = self.range.is_none_or(|(low, high)| is_between(&low, value, &high));
        let is_length = !self.is_period || matches!(value, Constant::Duration(d) if *d > 0);
        let is_taken = !matches!(value, Constant::Num(bits) if !self.scan.takes(f64::from_bits(*bits)));
        if in_range && is_length && is_taken && is_sound(value) { Ok(plan.constant_bits(*value)) } else { Err(ParamError::Range) }
    }
}

impl ParamPlan {
    /// Whether these bits are a value that fits.
    pub(crate) fn takes(&self, bits: u64, plan: &Plan) -> bool {
        let value = match self.value {
            Constant::Num(_) => Constant::Num(bits),
            Constant::Bool(_) => Constant::Bool(bits == u64::from(TRUE)),
            Constant::Duration(_) => Constant::Duration(bits.cast_signed()),
            Constant::Timestamp(_) => Constant::Timestamp(bits.cast_signed()),
            Constant::Symbol(_) | Constant::Text(_) => return false,
        };
        self.accept(&value, plan) == Ok(bits)
    }
}

impl InputPlan {
    /// The bits of a value that fits, or of unknown.
    pub(crate) fn accept(&self, value: Option<&Constant>, plan: &Plan) -> Result<u64, ParamError> {
        let repr = match self.kind {
            FieldKind::Num => Repr::Num,
            FieldKind::Bool => Repr::Level,
            FieldKind::Duration | FieldKind::Timestamp => Repr::Int,
            FieldKind::Symbol | FieldKind::Text => Repr::Id,
        };
        let Some(value) = value else { return Ok(repr.unknown()) };
        if kind_of(value) != self.kind {
            return Err(ParamError::Type);
        }
        let exists = match value {
            Constant::Symbol(SymbolId(id)) => (*id as usize) < plan.symbols.len(),
            Constant::Text(id) => plan.text_id(*id).is_some(),
            _ => true,
        };
        if exists && is_sound(value) { Ok(plan.constant_bits(*value)) } else { Err(ParamError::Range) }
    }
}

pub(crate) fn kind_of(constant: &Constant) -> FieldKind {
    match constant {
        Constant::Num(_) => FieldKind::Num,
        Constant::Bool(_) => FieldKind::Bool,
        Constant::Duration(_) => FieldKind::Duration,
        Constant::Timestamp(_) => FieldKind::Timestamp,
        Constant::Symbol(_) => FieldKind::Symbol,
        Constant::Text(_) => FieldKind::Text,
    }
}

/// Finite, and not the pattern of unknown.
fn is_sound(constant: &Constant) -> bool {
    match constant {
        Constant::Num(bits) => f64::from_bits(*bits).is_finite(),
        Constant::Duration(x) | Constant::Timestamp(x) => *x != i64::MIN,
        _ => true,
    }
}

fn is_between(low: &Constant, x: &Constant, high: &Constant) -> bool {
    match (low, x, high) {
        (Constant::Num(low), Constant::Num(x), Constant::Num(high)) => {
            let x = f64::from_bits(*x);
            x >= f64::from_bits(*low) && x <= f64::from_bits(*high)
        }
        (Constant::Duration(low), Constant::Duration(x), Constant::Duration(high))
        | (Constant::Timestamp(low), Constant::Timestamp(x), Constant::Timestamp(high)) => x >= low && x <= high,
        _ => true,
    }
}

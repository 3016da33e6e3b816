//! Calls of functions of the host.

use super::num::finite;
use crate::plan::{FieldKind, FunctionPlan, Plan};
use crate::signal::Value;
use crate::state::State;
use crate::value::{Repr, TRUE, UNKNOWN_INT, level};

/// The bits of what a function gives; unknown where an argument is, and where it gives something of another type than it was declared with.
pub(super) fn call(plan: &Plan, state: &mut State, args: &[u32], index: u32) -> u64 {
    let Some(FunctionPlan { call, args: kinds, result }) = plan.functions.get(index as usize) else { return Repr::Num.unknown() };
    let mut values = std::mem::take(&mut state.host_args);
    values.clear();
    values.extend(args.iter().zip(kinds).map_while(|(arg, kind)| known(state.slot(*arg), *kind)));
    let value = if values.len() == args.len() { call.call(&values) } else { Value::Unknown };
    state.host_args = values;
    match (value, result) {
        (Value::Num(x), FieldKind::Num) => finite(x).to_bits(),
        (Value::Bool(truth), FieldKind::Bool) => u64::from(level(truth)),
        (Value::Duration(x), FieldKind::Duration) | (Value::Timestamp(x), FieldKind::Timestamp) => x.cast_unsigned(),
        (_, FieldKind::Bool) => Repr::Level.unknown(),
        (_, FieldKind::Duration | FieldKind::Timestamp) => Repr::Int.unknown(),
        _ => Repr::Num.unknown(),
    }
}

fn known(bits: u64, kind: FieldKind) -> Option<Value<'static>> {
    let int = || Some(bits.cast_signed()).filter(|x| *x != UNKNOWN_INT);
    match kind {
        FieldKind::Num => Some(f64::from_bits(bits)).filter(|x| !x.is_nan()).map(Value::Num),
        FieldKind::Bool => Repr::Level.is_known(bits).then_some(Value::Bool(bits == u64::from(TRUE))),
        FieldKind::Duration => int().map(Value::Duration),
        FieldKind::Timestamp => int().map(Value::Timestamp),
        FieldKind::Symbol | FieldKind::Text => None,
    }
}

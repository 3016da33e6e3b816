//! Functions of the host.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ascep_lang::program::{FunctionId, Type};

use super::value::Val;
use super::world::World;
use crate::signal::OwnedValue;

type Function = Arc<dyn Fn(&[OwnedValue]) -> OwnedValue + Send + Sync>;

/// The functions that rules call by name.
#[derive(Clone, Default)]
pub struct HostFunctions(BTreeMap<String, Function>);

impl HostFunctions {
    /// These functions and one more, a pure function of its arguments. It is called with known arguments only.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, function: impl Fn(&[OwnedValue]) -> OwnedValue + Send + Sync + 'static) -> Self {
        self.0.insert(name.into(), Arc::new(function));
        self
    }

    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl fmt::Debug for HostFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl World {
    /// What a function of the host gives: unknown where an argument is, and where it gives something of another type.
    pub(super) fn call(&self, id: FunctionId, args: &[Val]) -> Val {
        let Some(declared) = self.rules.tables.functions.get(id.0 as usize) else { return Val::Unknown };
        let Some(function) = self.functions.0.get(&declared.name) else { return Val::Unknown };
        let known = |v: &Val| match v {
            Val::Num(x) => Some(OwnedValue::Num(*x)),
            Val::Bool(b) => Some(OwnedValue::Bool(*b)),
            Val::Duration(d) => Some(OwnedValue::Duration(*d)),
            Val::Timestamp(t) => Some(OwnedValue::Timestamp(*t)),
            Val::Unknown | Val::Symbol(_) | Val::Text(_) | Val::Word(_) | Val::Written(_) => None,
        };
        let Some(args) = args.iter().map(known).collect::<Option<Vec<_>>>() else { return Val::Unknown };
        match (function(&args), declared.result) {
            (OwnedValue::Num(x), Type::Num(_)) => Val::num(x),
            (OwnedValue::Bool(b), Type::Bool) => Val::Bool(b),
            (OwnedValue::Duration(d), Type::Duration) => Val::Duration(d),
            (OwnedValue::Timestamp(t), Type::Timestamp) => Val::Timestamp(t),
            _ => Val::Unknown,
        }
    }
}

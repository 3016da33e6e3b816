//! Functions of the host: what the embedding program gives rules to call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::signal::Value;

type Body = Arc<dyn Fn(&[Value<'_>]) -> Value<'static> + Send + Sync>;

/// The functions that rules may call, by name; see [`Engine::with_functions`](crate::Engine::with_functions).
///
/// A function is one of its arguments and nothing else, so that the same rules and events give the same signals; it is called while an event is
/// evaluated, so it does not block, and if the host wants no allocation after an engine is built it makes none itself.
///
/// ```
/// use ascep_runtime::HostFunctions;
/// use ascep_runtime::signal::Value;
///
/// let functions = HostFunctions::new().with("double", |args| match args {
///     [Value::Num(x)] => Value::Num(2.0 * x),
///     _ => Value::Unknown,
/// });
/// assert!(functions.contains("double"));
/// ```
/// A copy shares what it was copied from.
#[derive(Clone, Default)]
pub struct HostFunctions(Option<Arc<BTreeMap<String, Body>>>);

impl HostFunctions {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These functions and one more, in place of an earlier one of that name. It is called with as many arguments as were declared, all of them known
    /// and of their declared types; where one is unknown its value is, too. A value of another type than was declared, or not finite, is unknown.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, function: impl Fn(&[Value<'_>]) -> Value<'static> + Send + Sync + 'static) -> Self {
        Arc::make_mut(self.0.get_or_insert_default()).insert(name.into(), Arc::new(function));
        self
    }

    /// Whether there is one of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn get(&self, name: &str) -> Option<HostCall> {
        self.0.as_ref()?.get(name).cloned().map(HostCall)
    }
}

impl fmt::Debug for HostFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().flat_map(|functions| functions.keys())).finish()
    }
}

/// One of them.
#[derive(Clone)]
pub(crate) struct HostCall(Body);

impl HostCall {
    pub(crate) fn call(&self, args: &[Value<'_>]) -> Value<'static> {
        (self.0)(args)
    }
}

impl fmt::Debug for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostCall")
    }
}

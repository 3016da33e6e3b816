//! Foreign engines, each in the form that serves it best.

use ascep_runtime::Event;

use super::contender::Contender;
use super::workloads::Desk;

/// The foreign engines that can express the rules of a desk, or at least their condition.
#[must_use]
pub fn contenders<'a>(_desk: &Desk) -> Vec<Box<dyn Contender<Event<'a>>>> {
    Vec::new()
}

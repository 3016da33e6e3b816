//! Commands that have a name and are not there yet: said plainly, as bad usage.

use crate::error::Failure;

/// Says that `ascep NAME` is not available yet.
pub(crate) fn later(name: &str) -> Result<(), Failure> {
    Err(Failure::Usage(format!("`ascep {name}` is not available yet; `ascep --help` lists what is")))
}

//! Ctrl-C. The first one asks the loop to end, so that what was found is written and summed up; the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit status of an interrupted command.
const STATUS: i32 = 130;

/// Whether the user wants to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C from now on. Where that cannot be had, Ctrl-C ends the command as it always does.
    pub(crate) fn listen() -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        let listening = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::Relaxed) {
                std::process::exit(STATUS);
            }
        });
        // An error means that a handler stands already or that the platform has none; either way there is nothing to undo.
        drop(listening);
        Self(flag)
    }

    /// Whether Ctrl-C came.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

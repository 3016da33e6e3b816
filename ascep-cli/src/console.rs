//! Text for people, on stderr, coloured where that is wanted. Failing to write there is nobody's concern.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use crate::args::ColorChoice;

/// Stderr and whether to colour what goes there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    colour: bool,
    terminal: bool,
}

impl Console {
    /// Decides about colour: the option first, then `NO_COLOR` (set and not empty), then whether stderr is a terminal.
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let terminal = io::stderr().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !refused,
        };
        Self { colour, terminal }
    }

    /// Whether to colour.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Whether stderr is a terminal, so that a line may be redrawn.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes text that ends its own lines.
    pub(crate) fn text(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// `error: ..`
    pub(crate) fn error(&self, message: &dyn Display) {
        self.labelled("error", "31", message);
    }

    /// `warning: ..`
    pub(crate) fn warning(&self, message: &dyn Display) {
        self.labelled("warning", "33", message);
    }

    /// `note: ..`
    pub(crate) fn note(&self, message: &dyn Display) {
        self.labelled("note", "36", message);
    }

    fn labelled(&self, label: &str, code: &str, message: &dyn Display) {
        let line = if self.colour { format!("\x1b[1;{code}m{label}\x1b[0m: {message}\n") } else { format!("{label}: {message}\n") };
        self.text(&line);
    }
}

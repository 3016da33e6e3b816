//! A progress bar on stderr for a long replay, drawn on a terminal only and ten times a second at most.

use std::time::Duration;

use ascep_feeds::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// Events between two looks at the bar: looking costs more than an event does.
const EVERY: u64 = 4096;

/// A bar, or nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar over so many bytes; 0 is not known beforehand.
    pub(crate) fn new(console: &Console, total: u64) -> Self {
        if !console.is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr_with_hz(10));
        let template = if total > 0 { "{bar:40} {percent:>3} %  {msg}  {eta} left" } else { "{spinner}  {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(Some(bar))
    }

    /// None, where something else is drawn.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Called at each event; looks only now and then.
    pub(crate) fn event(&self, events: u64, progress: impl FnOnce() -> Option<Progress>) {
        if let Some(bar) = self.0.as_ref().filter(|_| events.is_multiple_of(EVERY)) {
            if let Some(progress) = progress() {
                bar.set_position(progress.read);
            }
            bar.set_message(format!("{} events", crate::summary::grouped(events)));
        }
    }

    /// Takes the bar off the screen while something else is written there.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

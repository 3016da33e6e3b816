//! Where signals go: to stdout as text, JSONL or CSV, or against an earlier log. A reader of stdout that goes away is no error.

use std::io::{self, IsTerminal as _, Write};

use ascep_runtime::Explanation;
use ascep_runtime::signal::{self, Signal};

use crate::args::OutputForm;
use crate::error::Failure;
use crate::verify::Log;

/// Bytes gathered before they are written, where nobody waits for each line.
const BATCH: usize = 1 << 16;

/// Takes signals, counts them, and remembers the first thing that went wrong, since a sink cannot fail.
pub(crate) struct Output {
    target: Target,
    buffer: Vec<u8>,
    /// Signals taken.
    signals: u64,
    failure: Option<Failure>,
}

enum Target {
    Stdout {
        form: OutputForm,
        each: bool,
    },
    Log(Log),
    /// Written nowhere; the signal with this number is explained.
    Why {
        wanted: Option<u64>,
        explained: Option<Box<Explanation>>,
    },
}

impl Output {
    /// To stdout; `each` writes every signal at once, for a person or a program that waits for it.
    pub(crate) fn stdout(form: Option<OutputForm>, each: bool) -> Self {
        let form = form.unwrap_or_else(|| if io::stdout().is_terminal() { OutputForm::Text } else { OutputForm::Jsonl });
        let mut buffer = Vec::with_capacity(BATCH);
        if form == OutputForm::Csv {
            signal::write_csv_header(&mut buffer);
        }
        Self { target: Target::Stdout { form, each }, buffer, signals: 0, failure: None }
    }

    /// Against a log.
    pub(crate) fn verify(log: Log) -> Self {
        Self { target: Target::Log(log), buffer: Vec::new(), signals: 0, failure: None }
    }

    /// Nowhere, but for the explanation of the signal with a number.
    pub(crate) fn why(wanted: Option<u64>) -> Self {
        Self { target: Target::Why { wanted, explained: None }, buffer: Vec::new(), signals: 0, failure: None }
    }

    /// The explanation that was waited for, once.
    pub(crate) fn explained(&mut self) -> Option<Explanation> {
        match &mut self.target {
            Target::Why { explained, .. } => explained.take().map(|explained| *explained),
            _ => None,
        }
    }

    /// Whether the explanation that was waited for is there.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.target, Target::Why { explained: Some(_), .. })
    }

    /// Takes one signal.
    pub(crate) fn signal(&mut self, signal: &Signal<'_>) {
        if self.failure.is_some() {
            return;
        }
        self.signals += 1;
        match &mut self.target {
            Target::Stdout { form, each } => {
                match form {
                    OutputForm::Text => signal::write_text(signal, &mut self.buffer),
                    OutputForm::Jsonl => signal::write_jsonl(signal, &mut self.buffer),
                    OutputForm::Csv => signal::write_csv_row(signal, &mut self.buffer),
                }
                if *each || self.buffer.len() >= BATCH {
                    self.write();
                }
            }
            Target::Log(log) => {
                self.buffer.clear();
                signal::write_jsonl(signal, &mut self.buffer);
                if let Err(failure) = log.expect(&self.buffer) {
                    self.failure = Some(failure);
                }
            }
            Target::Why { wanted, explained } => {
                if *wanted == Some(signal.seq) {
                    *explained = signal.explain().map(Box::new);
                }
            }
        }
    }

    /// How many signals it took.
    pub(crate) fn signals(&self) -> u64 {
        self.signals
    }

    /// What went wrong since it was last asked.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Writes what is left; in the case of a log, nothing more may be expected by it.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.check()?;
        match &mut self.target {
            Target::Stdout { .. } => self.write(),
            Target::Log(log) => log.end()?,
            Target::Why { .. } => {}
        }
        self.check()
    }

    fn write(&mut self) {
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(&self.buffer).and_then(|()| stdout.flush()) {
            self.failure = Some(Failure::stdout(error));
        }
        self.buffer.clear();
    }
}

//! Apache Flink, which is not a crate: its SQL from its Python package, in a process of its own, after the others and on fewer events.
//!
//! The events go through a file, and `benches/scripts/flink.py` runs the jobs.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascep_runtime::Event;
use ascep_runtime::event::{Payload, Side};
use serde::Deserialize;

use super::hand;
use super::measure::{Mismatch, spread};
use super::report::Row;
use super::workloads::{Desk, Outcome, Size, Workload, kinds};
use crate::rules::threshold;
use crate::stream::START;

/// No more events than this.
const EVENTS: usize = 1 << 19;
/// How often they are run.
const RUNS: usize = 3;
/// An event in nanoseconds is this much of a millisecond of Flink, which knows nothing shorter: ten seconds of ours are a hundred there.
const UNIT: i64 = 100_000;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/flink.py");

/// Why there are no numbers of Flink.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlinkError {
    /// The interpreter is not there.
    #[error("{python} can't be run ({error}): name a Python that has Flink with --flink=PYTHON")]
    NoPython {
        /// What was to be run.
        python: String,
        /// Why it was not.
        error: io::Error,
    },
    /// The package is not there.
    #[error(
        "{python} has no pyflink: install it with `{python} -m pip install apache-flink` (Python 3.9 to 3.12, and Java 11 or 17 to run it), or name a Python that has it \
         with --flink=PYTHON"
    )]
    NotInstalled {
        /// What was run.
        python: String,
    },
    /// The events can't be written.
    #[error("the events for Flink can't be written: {0}")]
    File(#[from] io::Error),
    /// The script ended with an error.
    #[error("Flink failed:\n{0}")]
    Failed(String),
    /// The script said something else than it should.
    #[error("the answer of the script for Flink can't be read: {0}")]
    Answer(#[from] serde_json::Error),
}

/// A Python with Flink in it.
#[derive(Debug)]
pub struct Flink {
    python: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Answer {
    ns_per_event: Vec<f64>,
    signals: u64,
}

impl Flink {
    /// # Errors
    /// If there is no Python, or no Flink in it.
    pub fn new(python: PathBuf) -> Result<Self, FlinkError> {
        let name = python.display().to_string();
        match Command::new(&python).args(["-c", "import pyflink.table"]).output() {
            Err(error) => Err(FlinkError::NoPython { python: name, error }),
            Ok(Output { status, .. }) if !status.success() => Err(FlinkError::NotInstalled { python: name }),
            Ok(_) => Ok(Self { python }),
        }
    }

    /// The rows of Flink for a workload that it can express, where `rows` are those of others.
    ///
    /// # Errors
    /// If a job of Flink fails.
    pub fn run(&self, workload: Workload, size: &Size, rows: &[Row]) -> Result<Outcome, FlinkError> {
        // The current price of three instruments is a join of streams, which Flink answers with a row for each combination that ever was.
        if workload == Workload::W2 {
            return Ok(Outcome::default());
        }
        let mut out = Outcome::default();
        for (name, kind, seed) in kinds(workload, size) {
            let (desk, events) = Desk::with_events(workload, size, kind, seed);
            let events = events.get(..EVENTS).unwrap_or(&events);
            let mut file = tempfile::Builder::new().prefix("ascep-compare").suffix(".csv").tempfile()?;
            io::Write::write_all(&mut file, csv(&desk, events).as_bytes())?;
            let answer = self.answer(name, file.path())?;
            let expected = hand::contender(&desk).take(events);
            if answer.signals != expected {
                let (workload, engine, reference) = (name.to_owned(), "flink".to_owned(), "hand".to_owned());
                out.mismatches.push(Mismatch { workload, engine, signals: answer.signals, reference, expected });
            }
            let [ns_per_event, min, max] = spread(&answer.ns_per_event);
            let of_hand = rows.iter().find(|row| row.workload == name && row.engine == "hand").map(|row| row.ns_per_event);
            out.rows.push(Row {
                workload: name.to_owned(),
                engine: "flink".to_owned(),
                ns_per_event,
                min,
                max,
                signals: answer.signals,
                bytes_per_rule: None,
                ratio_to_hand: of_hand.map(|hand| ns_per_event / hand),
                note: Some(format!(
                    "a process of its own after the others, {} events, less the time of a job that only counts them",
                    events.len()
                )),
            });
        }
        Ok(out)
    }

    fn answer(&self, rules: &str, events: &Path) -> Result<Answer, FlinkError> {
        let output = Command::new(&self.python).arg(SCRIPT).arg(rules).arg(events).arg(RUNS.to_string()).output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            // What a virtual machine has to say of where it was is of no use here.
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("at ")).collect();
            return Err(FlinkError::Failed(lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
    }
}

/// The events as the script wants them: for a quote mid, spread and threshold ready-made.
fn csv(desk: &Desk, events: &[Event<'_>]) -> String {
    let mut thresholds = vec![0.0; desk.ids.len()];
    for (rule, id) in desk.ids.iter().enumerate() {
        if let Some(place) = thresholds.get_mut(id.0 as usize) {
            *place = threshold(rule);
        }
    }
    let mut text = String::with_capacity(events.len() * 64);
    for event in events {
        let (instrument, time) = (event.instrument.0, START / 1_000_000 + (event.ts - START) / UNIT);
        let _ = match &event.payload {
            Payload::Quote(quote) => {
                let mid = (quote.bid + quote.ask) * 0.5;
                let threshold = thresholds.get(instrument as usize).copied().unwrap_or_default();
                writeln!(text, "{instrument},{mid},{},{threshold},{time}", (quote.ask - quote.bid) / mid)
            }
            Payload::Trade(trade) => writeln!(text, "{instrument},{},{},{time}", trade.qty, trade.side == Some(Side::Buy)),
            _ => continue,
        };
    }
    text
}

//! `--record` on a simulated market. It has no frames, so its events are kept in the native format; a replay of them gives the same signals.
//! Live feeds write the frames themselves, each connection its own file.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use ascep_feeds::native::{JsonlWriter, WriteError};
use ascep_feeds::{MarketEvent, Symbols};

use crate::error::Failure;

/// A file of events.
pub(crate) struct Recorder {
    path: String,
    writer: JsonlWriter<BufWriter<File>>,
}

impl Recorder {
    /// Makes `sim.jsonl` in a folder, and the folder where it is missing.
    pub(crate) fn create(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("sim.jsonl");
        let failed = |source| Failure::Write { path: path.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        Ok(Self { path: path.display().to_string(), writer: JsonlWriter::new(BufWriter::new(file)) })
    }

    /// Keeps one event.
    pub(crate) fn event(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), Failure> {
        self.writer.write(event, symbols).map_err(|error| failed(&self.path, error))
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.writer.finish().map(drop).map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &str, error: WriteError) -> Failure {
    match error {
        WriteError::Io(source) => Failure::Write { path: path.to_owned(), source },
        other => Failure::Feed(format!("cannot record: {other}")),
    }
}

//! `--record` on a simulated market. It has no frames, so its events are kept in the native format; a replay of them gives the same signals.
//! Live feeds write the frames themselves, each connection its own file.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind};
use std::path::Path;

use ascep_feeds::native::{JsonlWriter, WriteError};
use ascep_feeds::symbols::split_venue;
use ascep_feeds::{MarketEvent, SymbolId, Symbols, sim};

use crate::error::Failure;

/// A file of events.
pub(crate) struct Recorder {
    path: String,
    writer: JsonlWriter<BufWriter<File>>,
    /// The names as they are written, in full: the first row tells a replay the default venue.
    names: Symbols,
    /// By the id of the market's own table.
    ids: Vec<SymbolId>,
}

impl Recorder {
    /// Makes `sim.jsonl` in a folder, and the folder where it is missing. An earlier record is never written over.
    pub(crate) fn create(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("sim.jsonl");
        let failed = |source| Failure::Write { path: path.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::create_new(&path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => failed(io::Error::new(error.kind(), "it is an earlier record; name another folder, or remove it")),
            _ => failed(error),
        })?;
        let writer = JsonlWriter::new(BufWriter::new(file));
        Ok(Self { path: path.display().to_string(), writer, names: Symbols::new(), ids: Vec::new() })
    }

    /// Keeps one event.
    pub(crate) fn event(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), Failure> {
        for (_, name) in symbols.iter().skip(self.ids.len()) {
            let full = if split_venue(name).0.is_none() { format!("{}:{name}", sim::NAME) } else { name.to_owned() };
            let id = self.names.intern(&full).map_err(|error| Failure::Feed(format!("cannot record: {error}")))?;
            self.ids.push(id);
        }
        let symbol = self.ids.get(event.symbol.0 as usize).copied().unwrap_or(event.symbol);
        let event = MarketEvent { symbol, ..event.clone() };
        self.writer.write(&event, &self.names).map_err(|error| failed(&self.path, error))
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

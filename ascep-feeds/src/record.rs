//! Records the frames of live connections as raw captures, one file a connection. What an overlapping connection brings twice is in it
//! once, and the recorder notes where the feed was lost and came back, so that a replay gives the events of the live run.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::capture::CaptureWriter;
use crate::event::{Status, Timestamp};

/// Why a record can't be written.
#[derive(Debug, thiserror::Error)]
#[error("can't record to {path}: {error}")]
pub struct RecordError {
    /// The file or directory.
    pub path: String,
    /// What the system says.
    pub error: io::Error,
}

/// The record of one connection. It survives the sockets that serve it one after the other.
pub(crate) struct ConnectionRecord {
    path: PathBuf,
    out: CaptureWriter<BufWriter<File>>,
}

impl ConnectionRecord {
    /// A new file `<venue>-<feed>-<connection>-<start in ns>.capture`; an old one is never written over.
    pub(crate) fn create(dir: &Path, venue: &str, feed: usize, connection: usize, start: Timestamp) -> Result<Self, RecordError> {
        let failed = |path: &Path, error| RecordError { path: path.display().to_string(), error };
        fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
        let path = dir.join(format!("{venue}-{feed}-{connection}-{start}.capture"));
        let file = File::create_new(&path).map_err(|error| failed(&path, error))?;
        Ok(Self { path, out: CaptureWriter::new(BufWriter::new(file)) })
    }

    pub(crate) fn frame(&mut self, received: Timestamp, frame: &[u8]) -> Result<(), RecordError> {
        self.out.frame(received, frame).map_err(|error| self.failed(error))
    }

    pub(crate) fn status<'a>(
        &mut self,
        ts: Timestamp,
        status: Status,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), RecordError> {
        self.out.status(ts, status, names).map_err(|error| self.failed(error))
    }

    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        self.out.flush().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> RecordError {
        RecordError { path: self.path.display().to_string(), error }
    }
}

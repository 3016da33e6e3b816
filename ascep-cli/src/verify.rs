//! `--verify LOG`: the signals of a replay against an earlier log, line by line and byte for byte, up to the first difference.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use crate::error::Failure;

/// A log that is read in step with the replay.
#[derive(Debug)]
pub(crate) struct Log {
    path: String,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Log {
    /// Opens a log.
    pub(crate) fn open(path: &str) -> Result<Self, Failure> {
        let failed = |source| Failure::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Failure::Folder { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), reader: BufReader::new(file), line: Vec::new(), number: 0 })
    }

    /// The next line of the log must be this one.
    pub(crate) fn expect(&mut self, line: &[u8]) -> Result<(), Failure> {
        let logged = self.next().map_err(|source| Failure::Read { path: self.path.clone(), source })?;
        if logged && trimmed(&self.line) == trimmed(line) {
            return Ok(());
        }
        let logged = logged.then(|| trimmed(&self.line));
        Err(Failure::Differs(difference(&self.path, self.number, logged, Some(trimmed(line)))))
    }

    /// The log must be at its end.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        if self.next().map_err(|source| Failure::Read { path: self.path.clone(), source })? {
            return Err(Failure::Differs(difference(&self.path, self.number, Some(trimmed(&self.line)), None)));
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.number += 1;
        Ok(self.reader.read_until(b'\n', &mut self.line)? > 0)
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Both lines under each other.
fn difference(path: &str, number: u64, logged: Option<&[u8]>, replayed: Option<&[u8]>) -> String {
    let shown = |line: Option<&[u8]>| line.map_or("nothing more".to_owned(), |line| String::from_utf8_lossy(line).into_owned());
    format!("the replay differs from the log at {path}:{number}\n  log:    {}\n  replay: {}", shown(logged), shown(replayed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn log(text: &str) -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, text).unwrap();
        let log = Log::open(path.to_str().unwrap()).unwrap();
        (folder, log)
    }

    #[test]
    fn the_same_lines_pass() {
        let (_folder, mut log) = log("a\nb\n");
        log.expect(b"a\n").unwrap();
        log.expect(b"b\n").unwrap();
        log.end().unwrap();
    }

    #[test]
    fn the_first_difference_is_shown_with_its_line() {
        let (_folder, mut other) = log("a\nb\n");
        other.expect(b"a\n").unwrap();
        let message = other.expect(b"c\n").unwrap_err().to_string();
        assert!(message.ends_with("log:2\n  log:    b\n  replay: c"), "{message}");
        let (_folder, mut short) = log("");
        assert!(short.expect(b"a\n").unwrap_err().to_string().ends_with("log:1\n  log:    nothing more\n  replay: a"));
        let (_folder, mut long) = log("a\n");
        assert!(long.end().unwrap_err().to_string().ends_with("log:1\n  log:    a\n  replay: nothing more"));
    }
}

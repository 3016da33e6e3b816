//! Where the recorded data lie that are not part of the repository.
#![allow(dead_code, clippy::panic, clippy::unwrap_used, clippy::print_stderr)]

use std::io::Read;
use std::path::{Path, PathBuf};

/// A file of the shared data; `None`, with a loud word, where they are absent. In CI that is a failure.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ASCEP_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    eprintln!("!!! SKIPPED: {} is missing; set ASCEP_SHARED", file.display());
    None
}

/// The whole of a gzip file, by a decoder that the library does not use for it.
pub(crate) fn gunzip(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut out).unwrap();
    out
}

//! Recorded data: where they lie, how they are unpacked, and a book that is kept from its snapshot and updates.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use ascep_runtime::event::{MISSING, Quote};
use serde_json::Value;

/// Whatever went wrong.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A file of the shared data, whether it is there or not.
pub(crate) fn shared(path: &str) -> PathBuf {
    let root = std::env::var_os("ASCEP_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    root.join("data").join(path)
}

fn bytes(path: &str) -> Result<Vec<u8>, Failure> {
    let path = shared(path);
    std::fs::read(&path).map_err(|error| format!("{}: {error}; set ASCEP_SHARED", path.display()).into())
}

/// The text of a gzip file.
pub(crate) fn gunzip(path: &str) -> Result<String, Failure> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// The text of the only file of a zip archive, which stands behind its own header.
pub(crate) fn unzip(path: &str) -> Result<String, Failure> {
    let bytes = bytes(path)?;
    let number = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|pair| usize::from(pair.first().copied().unwrap_or(0)) | usize::from(pair.last().copied().unwrap_or(0)) << 8)
    };
    let (Some(method), Some(name), Some(extra)) = (number(8), number(26), number(28)) else { return Err("the archive is cut".into()) };
    if !bytes.starts_with(b"PK\x03\x04") || method != 8 {
        return Err("not an archive with a deflated file".into());
    }
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(bytes.get(30 + name + extra..).unwrap_or_default()).read_to_string(&mut text)?;
    Ok(text)
}

/// The frames that a venue sent, with their time of receipt in nanoseconds.
pub(crate) fn frames(text: &str) -> impl Iterator<Item = (i64, &str)> {
    text.lines().filter_map(|line| {
        let (time, frame) = line.split_once(": ")?;
        let (seconds, part) = time.split_once('.')?;
        let nanos = format!("{part:0<9}").get(..9)?.parse::<i64>().ok()?;
        Some((seconds.parse::<i64>().ok()? * 1_000_000_000 + nanos, frame))
    })
}

/// A number that JSON has as a text.
pub(crate) fn number(value: Option<&Value>) -> Result<f64, Failure> {
    Ok(value.and_then(Value::as_str).ok_or("no number")?.parse()?)
}

/// All levels of a book; prices by their bits, which are in order where numbers are above 0.
#[derive(Default)]
pub(crate) struct Ladder {
    bids: BTreeMap<u64, f64>,
    asks: BTreeMap<u64, f64>,
}

impl Ladder {
    /// Sets a level; one without quantity is gone.
    pub(crate) fn set(&mut self, bid: bool, price: f64, qty: f64) {
        let side = if bid { &mut self.bids } else { &mut self.asks };
        if qty > 0.0 {
            side.insert(price.to_bits(), qty);
        } else {
            side.remove(&price.to_bits());
        }
    }

    /// The best of both sides.
    pub(crate) fn quote(&self) -> Quote {
        let best = |level: Option<(&u64, &f64)>| level.map_or((MISSING, MISSING), |(price, qty)| (f64::from_bits(*price), *qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (best(self.bids.last_key_value()), best(self.asks.first_key_value()));
        Quote { bid, ask, bid_qty, ask_qty }
    }
}

//! Levels of a book: `depthUpdate`, partial depth and the snapshot over REST. They give no event, so all that there is to know is that they are
//! well-formed; most bytes of a recording are in them.

use super::Scanned;
use super::number::integer;
use super::word::{not_digits, values};

/// A message with levels.
pub(super) fn depth(frame: &[u8], end: &[u8]) -> Option<Scanned> {
    let (bids, name) = match frame.strip_prefix(b"{\"lastUpdateId\":") {
        Some(rest) => (integer(rest)?.1.strip_prefix(b",\"bids\":[")?, b",\"asks\":[".as_slice()),
        None => (difference(frame)?, b",\"a\":[".as_slice()),
    };
    let asks = levels(bids)?.strip_prefix(name)?;
    (levels(asks)? == end).then_some(Scanned::Depth)
}

/// A `depthUpdate` up to its bids. Its symbol may be one that is not known.
fn difference(frame: &[u8]) -> Option<&[u8]> {
    let (_, rest) = integer(frame.strip_prefix(b"{\"e\":\"depthUpdate\",\"E\":")?)?;
    let rest = rest.strip_prefix(b",\"s\":\"")?;
    let rest = rest.get(rest.iter().take(32).position(|b| !b.is_ascii_alphanumeric())?..)?;
    let (_, rest) = integer(rest.strip_prefix(b"\",\"U\":")?)?;
    let (_, rest) = integer(rest.strip_prefix(b",\"u\":")?)?;
    rest.strip_prefix(b",\"b\":[")
}

/// Pairs of price and quantity, up to behind the bracket that ends them.
fn levels(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"]") {
        return Some(rest);
    }
    let mut rest = text;
    loop {
        rest = digits(rest.strip_prefix(b"[\"")?)?;
        rest = digits(rest.strip_prefix(b"\",\"")?)?;
        rest = rest.strip_prefix(b"\"]")?;
        match rest.split_first()? {
            (b',', more) => rest = more,
            (b']', rest) => return Some(rest),
            _ => return None,
        }
    }
}

/// What follows digits and points; whether they are a number does not matter where nobody reads it.
#[inline]
fn digits(text: &[u8]) -> Option<&[u8]> {
    if let Some(&word) = text.first_chunk() {
        let length = (not_digits(values(u64::from_le_bytes(word))).trailing_zeros() / 8) as usize;
        if let Some(&[b'.', a, b, c, d, e, f, g, h, b'"']) = text.get(length..)?.first_chunk()
            && not_digits(values(u64::from_le_bytes([a, b, c, d, e, f, g, h]))) == 0
        {
            return text.get(length + 9..);
        }
    }
    text.get(text.iter().position(|b| !b.is_ascii_digit() && *b != b'.')?..)
}

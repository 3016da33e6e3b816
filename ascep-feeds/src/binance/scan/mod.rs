//! The fixed-order scanner: frames whose keys come in the order in which the venue sends them, without white space, escapes, other keys or other forms of
//! numbers, about symbols that were seen before. What is not exactly so gives `None`, and the tolerant decoder reads it; what is gives the
//! same from both.
//!
//! Lengths are found by words of 8 and 16 bytes instead of byte by byte, since the end of a number is what a branch can't foretell.

mod depth;
mod number;
mod word;

use self::number::{decimal, decimal_then, integer};
use super::ids::{Ids, Name};
use crate::event::{MISSING, Quote, Side, Trade};
use crate::symbols::SymbolId;

/// What a frame says.
#[derive(Debug)]
pub(super) enum Scanned {
    Quote {
        symbol: SymbolId,
        quote: Quote,
        id: u64,
    },
    Trade {
        symbol: SymbolId,
        trade: Trade,
        id: u64,
        /// The venue's time, in its unit.
        time: u64,
    },
    /// Levels of a book, all of them well-formed, that give no event.
    Depth,
}

/// Reads a frame of the usual form.
#[inline]
pub(super) fn scan(frame: &[u8], ids: &Ids) -> Option<Scanned> {
    match frame.strip_prefix(b"{\"stream\":\"") {
        Some(rest) => wrapped(rest, ids),
        None => raw(frame, ids),
    }
}

/// A frame of the combined streams, after `{"stream":"`. The name of the stream may be of another symbol: it is the data that count.
#[inline]
fn wrapped(rest: &[u8], ids: &Ids) -> Option<Scanned> {
    let rest = rest.get(word::stream_name(rest)?..)?;
    if let Some(rest) = rest.strip_prefix(b"@bookTicker\",\"data\":{\"u\":") {
        return quote(rest, b"}}", ids);
    }
    if let Some(rest) = rest.strip_prefix(b"@trade\",\"data\":{\"e\":\"trade\",\"E\":") {
        return trade(rest, b"}}", ids);
    }
    if let Some(rest) = rest.strip_prefix(b"@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"E\":") {
        return aggregate(rest, b"}}", ids);
    }
    // `@depth`, `@depth20`, with `@100ms` after it or not.
    let rest = rest.strip_prefix(b"@depth")?;
    let rest = rest.get(rest.iter().take(16).position(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'@'))?..)?;
    let rest = rest.strip_prefix(b"\",\"data\":")?;
    depth::depth(rest, b"}}")
}

/// A frame of one stream.
#[inline]
fn raw(frame: &[u8], ids: &Ids) -> Option<Scanned> {
    if let Some(rest) = frame.strip_prefix(b"{\"u\":") {
        return quote(rest, b"}", ids);
    }
    if let Some(rest) = frame.strip_prefix(b"{\"e\":\"trade\",\"E\":") {
        return trade(rest, b"}", ids);
    }
    if let Some(rest) = frame.strip_prefix(b"{\"e\":\"aggTrade\",\"E\":") {
        return aggregate(rest, b"}", ids);
    }
    depth::depth(frame, b"}")
}

/// A `bookTicker`, after `"u":`.
#[inline]
fn quote<const N: usize>(rest: &[u8], end: &[u8; N], ids: &Ids) -> Option<Scanned> {
    let (id, rest) = integer(rest)?;
    let (symbol, rest) = symbol(rest.strip_prefix(b",\"s\":\"")?, ids)?;
    let (bid, rest) = decimal_then(rest.strip_prefix(b"\",\"b\":\"")?, b"\",\"B\":\"")?;
    let (bid_qty, rest) = decimal_then(rest, b"\",\"a\":\"")?;
    let (ask, rest) = decimal_then(rest, b"\",\"A\":\"")?;
    let (ask_qty, rest) = decimal(rest)?;
    if rest != end {
        return None;
    }
    // The price 0 says that the side is empty.
    let (bid, bid_qty) = if bid == 0.0 { (MISSING, MISSING) } else { (bid, bid_qty) };
    let (ask, ask_qty) = if ask == 0.0 { (MISSING, MISSING) } else { (ask, ask_qty) };
    Some(Scanned::Quote { symbol, quote: Quote { bid, ask, bid_qty, ask_qty }, id })
}

/// A `trade`, after `"E":`.
#[inline]
fn trade<const N: usize>(rest: &[u8], end: &[u8; N], ids: &Ids) -> Option<Scanned> {
    let (_, rest) = integer(rest)?;
    let (symbol, rest) = symbol(rest.strip_prefix(b",\"s\":\"")?, ids)?;
    let (id, rest) = integer(rest.strip_prefix(b"\",\"t\":")?)?;
    let (price, rest) = decimal_then(rest.strip_prefix(b",\"p\":\"")?, b"\",\"q\":\"")?;
    let (qty, rest) = decimal_then(rest, b"\",\"T\":")?;
    let (time, side) = time_and_side(rest, end)?;
    // A price of 0 is an error, which the tolerant decoder tells.
    (price > 0.0).then_some(Scanned::Trade { symbol, trade: Trade { price, qty, side }, id, time })
}

/// An `aggTrade`, after `"E":`.
#[inline]
fn aggregate<const N: usize>(rest: &[u8], end: &[u8; N], ids: &Ids) -> Option<Scanned> {
    let (_, rest) = integer(rest)?;
    let (symbol, rest) = symbol(rest.strip_prefix(b",\"s\":\"")?, ids)?;
    let (id, rest) = integer(rest.strip_prefix(b"\",\"a\":")?)?;
    let (price, rest) = decimal_then(rest.strip_prefix(b",\"p\":\"")?, b"\",\"q\":\"")?;
    let (qty, rest) = decimal_then(rest, b"\",\"f\":")?;
    let (_, rest) = integer(rest)?;
    let (_, rest) = integer(rest.strip_prefix(b",\"l\":")?)?;
    let rest = rest.strip_prefix(b",\"T\":")?;
    let (time, side) = time_and_side(rest, end)?;
    (price > 0.0).then_some(Scanned::Trade { symbol, trade: Trade { price, qty, side }, id, time })
}

/// What ends every trade, after `"T":`.
#[inline]
fn time_and_side<const N: usize>(rest: &[u8], end: &[u8; N]) -> Option<(u64, Option<Side>)> {
    let (time, rest) = integer(rest)?;
    // The buyer was the maker, so the seller came to the market.
    let (side, rest) = match rest.strip_prefix(b",\"m\":true,\"M\":") {
        Some(rest) => (Side::Sell, rest),
        None => (Side::Buy, rest.strip_prefix(b",\"m\":false,\"M\":")?),
    };
    let rest = rest.strip_prefix(b"true").or_else(|| rest.strip_prefix(b"false"))?;
    (rest == end).then_some((time, Some(side)))
}

/// A symbol that is known, up to the quote mark that ends it.
#[inline(always)]
fn symbol<'a>(rest: &'a [u8], ids: &Ids) -> Option<(SymbolId, &'a [u8])> {
    let bytes = u128::from_le_bytes(*rest.first_chunk()?);
    let length = word::first_quote_mark(bytes);
    let id = ids.find(Name::of_first(bytes, length)?)?;
    Some((id, rest.get(length as usize..)?))
}

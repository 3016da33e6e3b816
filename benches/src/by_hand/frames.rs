//! Frames of Binance's best bid and ask read by somebody who knows exactly how they are written: nothing is checked that the venue always does, lengths are found
//! in words of eight bytes, and a symbol is known by its bytes.

use ascep_runtime::event::{InstrumentId, Quote};

/// Where the name begins: after `{"stream":"`.
const NAME: usize = 11;
/// `@bookTicker","data":{"u":`
const AFTER_NAME: usize = 25;
/// `,"s":"`
const BEFORE_SYMBOL: usize = 6;
/// `","b":"`, and as much between any two numbers.
const BETWEEN: usize = 7;
/// The names have places for this many.
const PLACES: usize = 1 << 13;

/// The symbols of a venue.
#[derive(Debug, Clone)]
pub struct Frames {
    /// So that no two names want the same place.
    factor: u64,
    names: Box<[(u128, u32); PLACES]>,
}

#[inline(always)]
fn word(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// A bit in the first byte, and maybe in later ones, that is `byte`.
#[inline(always)]
fn find(word: u64, byte: u8) -> u64 {
    let x = word ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    x.wrapping_sub(0x0101_0101_0101_0101) & !x & 0x8080_8080_8080_8080
}

/// The number that eight digits, as values, the first in the lowest byte, stand for.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10) + (digits >> 8);
    let [first, second] = [pairs, pairs >> 16].map(|pairs| pairs & 0x0000_00ff_0000_00ff);
    (first.wrapping_mul(0x000f_4240_0000_0064).wrapping_add(second.wrapping_mul(0x0000_2710_0000_0001))) >> 32
}

/// A number with eight decimals and at most seven digits before them, and where it ends.
#[inline(always)]
fn decimal(text: &[u8], at: usize) -> Option<(f64, usize)> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let whole = word(text, at)?;
    let length = find(whole, b'.').trailing_zeros() & !7;
    let after = at + length as usize / 8 + 1;
    let places = word(text, after)? ^ ZEROS;
    let mantissa = eight((whole ^ ZEROS).checked_shl(64 - length)?) * 100_000_000 + eight(places);
    Some((mantissa.cast_signed() as f64 / 1e8, after + 8))
}

fn key(name: &[u8]) -> u128 {
    name.iter().rev().fold(0, |key, byte| key << 8 | u128::from(byte.to_ascii_lowercase()))
}

#[inline(always)]
fn place(key: u128, factor: u64) -> usize {
    let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(32);
    (folded.wrapping_mul(factor) >> (64 - PLACES.trailing_zeros())) as usize
}

impl Frames {
    /// For symbols as the venue writes them, at most 16 letters each, and their instruments.
    ///
    /// # Panics
    /// If no way is found to tell them apart.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a place is below the number of places; too many names for the table must not run"
    )]
    pub fn new(symbols: &[(String, InstrumentId)]) -> Self {
        let mut factor = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..1_000_000 {
            let mut names = Box::new([(0, u32::MAX); PLACES]);
            let apart = symbols.iter().all(|(symbol, id)| {
                let key = key(symbol.as_bytes());
                let entry = &mut names[place(key, factor)];
                let free = entry.0 == 0;
                *entry = (key, id.0);
                free
            });
            if apart {
                return Self { factor, names };
            }
            factor = factor.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(2);
        }
        panic!("no table for these symbols");
    }

    /// Reads a frame; `None` of a symbol that is not known.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a place is below the number of places")]
    pub fn quote(&self, frame: &[u8]) -> Option<(InstrumentId, Quote)> {
        let name: u128 = u128::from_le_bytes(*frame.get(NAME..)?.first_chunk()?);
        let (low, high) = (find(name as u64, b'@'), find((name >> 64) as u64, b'@'));
        let bits = if low != 0 { low.trailing_zeros() & !7 } else { 64 + (high.trailing_zeros() & !7) };
        let key = name & 1_u128.checked_shl(bits)?.wrapping_sub(1);
        let (known, id) = self.names[place(key, self.factor)];
        let length = bits as usize / 8;
        let update = NAME + length + AFTER_NAME;
        // The number of the update has eleven digits, or in some years twelve.
        let digits = find(word(frame, update + 8)?, b',').trailing_zeros() as usize / 8;
        let (bid, at) = decimal(frame, update + 8 + digits + BEFORE_SYMBOL + length + BETWEEN)?;
        let (bid_qty, at) = decimal(frame, at + BETWEEN)?;
        let (ask, at) = decimal(frame, at + BETWEEN)?;
        let (ask_qty, _) = decimal(frame, at + BETWEEN)?;
        (known == key).then_some((InstrumentId(id), Quote { bid, ask, bid_qty, ask_qty }))
    }
}

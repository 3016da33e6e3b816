//! Bytes by the word: where the first byte that matters stands, and the value of eight digits, without a branch for each byte. A word holds its
//! first byte lowest.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A word of text with its digits as the values 0 to 9; other bytes become anything above.
#[inline]
pub(super) fn values(text: u64) -> u64 {
    text ^ (LOW * 0x30)
}

/// Marks what is no digit in the result of [`values`], right up to and with the first one, by the upper bit of its byte.
#[inline]
pub(super) fn not_digits(values: u64) -> u64 {
    // 10 and more overflow into the upper bit. Bytes from 0x8a on carry into the next, which lies behind the first.
    (values.wrapping_add(LOW * 0x76) | values) & HIGH
}

/// The number that eight values are, the first one the highest.
#[inline]
pub(super) fn eight(values: u64) -> u64 {
    // Two digits in each byte of two, four in each two of four, all eight: what is higher stands lower and is added to its neighbour.
    let twos = (values.wrapping_mul((10 << 8) + 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul((100 << 16) + 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul((10_000 << 32) + 1) >> 32
}

/// How many bytes stand before the first one that has not the bit of all digits: 8 where all have it. A point, a comma and a quote mark do not have
/// it. What stands before is not always a digit.
#[inline]
pub(super) fn before_no_digit(text: u64) -> u32 {
    (!text & (LOW * 0x10)).trailing_zeros() / 8
}

/// Two words of one result, of which the first is the lower.
#[inline]
pub(super) fn join(low: u64, high: u64) -> u128 {
    u128::from(low) | (u128::from(high) << 64)
}

/// The two words of 16 bytes.
#[expect(clippy::cast_possible_truncation, reason = "halves of it")]
#[inline]
pub(super) fn halves(bytes: u128) -> (u64, u64) {
    (bytes as u64, (bytes >> 64) as u64)
}

/// How many bytes stand before the first quote mark; 16 where there is none.
#[inline]
pub(super) fn first_quote_mark(bytes: u128) -> u32 {
    let marks = |text: u64| {
        let zero = text ^ (LOW * 0x22);
        // Right up to the first zero: what borrows lies behind it.
        zero.wrapping_sub(LOW) & !zero & HIGH
    };
    let (low, high) = halves(bytes);
    join(marks(low), marks(high)).trailing_zeros() / 8
}

/// How many bytes at the beginning can be of a name of a stream before its `@`: digits, small letters, and a few signs that mean nothing in
/// JSON. At most 15.
#[inline]
pub(super) fn stream_name(text: &[u8]) -> Option<usize> {
    // Bit 7 clear, bit 5 set, and bit 6 or bit 4 set: 0x30 to 0x3f and 0x60 to 0x7f.
    let stops = |text: u64| (text | !((text << 2) & ((text << 1) | (text << 3)))) & HIGH;
    let (low, high) = halves(u128::from_le_bytes(*text.first_chunk()?));
    Some((join(stops(low), stops(high)).trailing_zeros() / 8) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &[u8; 8]) -> u64 {
        u64::from_le_bytes(*text)
    }

    #[test]
    fn eight_digits() {
        for number in [0, 1, 9, 10, 99_999_999, 12_345_678, 87_654_321, 10_000_000, 90_909_090] {
            let text = format!("{number:08}");
            let digits = values(u64::from_le_bytes(*text.as_bytes().first_chunk().unwrap_or(&[0; 8])));
            assert_eq!((not_digits(digits), eight(digits)), (0, number));
        }
    }

    #[test]
    fn the_first_that_is_no_digit() {
        for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
            for after in [b'0', b'9', 0, 0x2f, 0x3a, 0xff] {
                let found = not_digits(values(word(&[b'0', b'9', b'5', byte, after, b'1', after, b'2'])));
                assert_eq!(found.trailing_zeros() / 8, 3, "{byte:#x}");
            }
        }
    }

    #[test]
    fn quote_marks_and_names() {
        let at = |text: &[u8; 16]| first_quote_mark(u128::from_le_bytes(*text));
        assert_eq!(at(b"BTCUSDT\",\"b\":\"61"), 7);
        assert_eq!(at(b"ABCDEFGH\"#\"#####"), 8);
        assert_eq!(at(b"ABCDEFGHIJKLMNO\""), 15);
        assert_eq!(at(b"ABCDEFGHIJKLMNOP"), 16);
        assert_eq!(at(b"\"#!\"############"), 0);
        for byte in 0..=255_u8 {
            let mut name = *b"btcusdt#bookTick";
            if let Some(place) = name.get_mut(7) {
                *place = byte;
            }
            let plain = matches!(byte, 0x30..=0x3f | 0x60..=0x7f);
            // The capital T ends it at the latest.
            assert_eq!(stream_name(&name), Some(if plain { 12 } else { 7 }), "{byte:#x}");
        }
        assert_eq!(stream_name(b"btcusdt@trade"), None, "too short for any frame");
    }
}

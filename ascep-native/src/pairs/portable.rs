//! Pairs as arrays.

use super::Two;

/// Two numbers.
#[derive(Debug, Clone, Copy)]
#[allow(unreachable_pub, reason = "where there are no vectors, this is the one that everybody sees")]
pub struct Pair([f64; 2]);

impl Pair {
    #[inline(always)]
    fn zip<T>(self, y: Self, function: impl Fn(f64, f64) -> T) -> [T; 2] {
        let (Self([x0, x1]), Self([y0, y1])) = (self, y);
        [function(x0, y0), function(x1, y1)]
    }
}

impl Two for Pair {
    type Mask = [bool; 2];

    #[inline(always)]
    fn new(x: [f64; 2]) -> Self {
        Self(x)
    }

    #[inline(always)]
    fn add(self, y: Self) -> Self {
        Self(self.zip(y, |x, y| x + y))
    }

    #[inline(always)]
    fn sub(self, y: Self) -> Self {
        Self(self.zip(y, |x, y| x - y))
    }

    #[inline(always)]
    fn mul(self, y: Self) -> Self {
        Self(self.zip(y, |x, y| x * y))
    }

    #[inline(always)]
    fn div(self, y: Self) -> Self {
        Self(self.zip(y, |x, y| x / y))
    }

    #[inline(always)]
    fn xor(self, y: Self) -> Self {
        Self(self.zip(y, |x, y| f64::from_bits(x.to_bits() ^ y.to_bits())))
    }

    #[inline(always)]
    fn gt(self, y: Self) -> [bool; 2] {
        self.zip(y, |x, y| x > y)
    }

    #[inline(always)]
    fn ge(self, y: Self) -> [bool; 2] {
        self.zip(y, |x, y| x >= y)
    }

    #[inline(always)]
    fn eq(self, y: Self) -> [bool; 2] {
        self.zip(y, |x, y| x == y)
    }

    #[inline(always)]
    fn known(self, y: Self) -> [bool; 2] {
        self.zip(y, |x, y| !x.is_nan() & !y.is_nan())
    }

    #[inline(always)]
    fn bits([low, high]: [bool; 2]) -> u8 {
        u8::from(low) | u8::from(high) << 1
    }

    #[inline(always)]
    fn bits_of_two(low: [bool; 2], high: [bool; 2]) -> u8 {
        Self::bits(low) | Self::bits(high) << 2
    }
}

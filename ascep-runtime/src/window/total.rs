//! Sums as two numbers, the second holding what rounding took from the first (Knuth, "The Art of Computer Programming" vol. 2, 4.2.2; Dekker,
//! "A floating-point technique for extending the available precision", 1971). What goes in comes out again without a trace, so a sum may slide
//! for ever, and 106 bits stand the cancellation between a sum of squares and a square of a sum.

/// A sum, or a number with 106 bits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Total {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

/// a + b, and what rounding took from it.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The two halves of a number, each short enough for products of halves to be exact.
#[inline(always)]
fn halves(x: f64) -> (f64, f64) {
    let wide = x * 134_217_729.0;
    let high = wide - (wide - x);
    (high, x - high)
}

/// a b, and what rounding took from it. Without a fused multiplication, which not every machine has.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    (product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

#[inline(always)]
fn two_square(a: f64) -> (f64, f64) {
    let square = a * a;
    let (high, low) = halves(a);
    (square, ((high * high - square) + 2.0 * high * low) + low * low)
}

impl Total {
    #[inline(always)]
    fn of((high, low): (f64, f64)) -> Self {
        Self { high, low }
    }

    /// The nearest number.
    #[inline(always)]
    pub(crate) fn value(self) -> f64 {
        self.high + self.low
    }

    /// The same number with as much as possible in the first part. After a large number has come and gone the second may be as large as the first.
    #[inline(always)]
    pub(crate) fn settled(self) -> Self {
        let high = self.high + self.low;
        Self { high, low: self.low - (high - self.high) }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, x: f64) {
        let (sum, rest) = two_sum(self.high, x);
        self.high = sum;
        self.low += rest;
    }

    /// Adds x y, sign times.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, x: f64, y: f64, sign: f64) {
        let (product, rest) = two_product(x, y);
        self.add(sign * product);
        self.low += sign * rest;
    }

    /// Adds x x, sign times.
    #[inline(always)]
    pub(crate) fn add_square(&mut self, x: f64, sign: f64) {
        let (square, rest) = two_square(x);
        self.add(sign * square);
        self.low += sign * rest;
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, other: Self) {
        self.add(-other.high);
        self.low -= other.low;
    }

    /// Less another.
    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Self {
        let mut left = self;
        left.take(other);
        left.settled()
    }

    /// Times a number.
    #[inline(always)]
    pub(crate) fn times(self, x: f64) -> Self {
        let Self { high, low } = self.settled();
        let (product, rest) = two_product(high, x);
        Self::of((product, rest + low * x)).settled()
    }

    /// Times another.
    #[inline(always)]
    pub(crate) fn times_total(self, other: Self) -> Self {
        let (left, right) = (self.settled(), other.settled());
        let (product, rest) = two_product(left.high, right.high);
        Self::of((product, rest + (left.high * right.low + left.low * right.high))).settled()
    }

    /// Its square.
    #[inline(always)]
    pub(crate) fn square(self) -> Self {
        let Self { high, low } = self.settled();
        let (square, rest) = two_square(high);
        Self::of((square, rest + 2.0 * high * low)).settled()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "tests")]
    use super::*;

    #[test]
    fn what_went_in_comes_out_without_a_trace() {
        let mut total = Total::default();
        let values: Vec<f64> = (0..1_000).map(|k| f64::from(k) * 1e-3 + 1e5).collect();
        total.add(0.1);
        for x in &values {
            total.add_square(*x, 1.0);
            total.add_product(*x, 3.3, 1.0);
            total.add(*x);
        }
        for x in &values {
            total.add_square(*x, -1.0);
            total.add_product(*x, 3.3, -1.0);
            total.add(-x);
        }
        assert!((total.value() - 0.1).abs() < 1e-12, "{total:?}");
    }

    #[test]
    fn products_have_twice_the_bits() {
        let x = 1.0 + f64::EPSILON;
        // (1 + e)^2 = 1 + 2e + e^2, and (1 + e)(1 - e) = 1 - e^2.
        assert_eq!(Total::of(two_square(x)), Total { high: 1.0 + 2.0 * f64::EPSILON, low: f64::EPSILON * f64::EPSILON });
        assert_eq!(two_product(x, 1.0 - f64::EPSILON), (1.0, -f64::EPSILON * f64::EPSILON));
        let third = Total { high: 1.0 / 3.0, low: f64::EPSILON / 12.0 };
        assert!((third.times(3.0).minus(Total { high: 1.0, low: 0.0 })).value().abs() < 1e-31);
        assert!(third.square().minus(third.times_total(third)).value().abs() < 1e-31);
    }
}

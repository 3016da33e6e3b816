//! Mean and deviation: sums of the samples and of their squares, taken against a reference near to their mean, so that next to nothing cancels and plain
//! numbers hold them (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983). Rounding is kept from growing by working them out anew now
//! and then; at once where so much of the squares has gone that what is left would be rounding.

use super::sums::count;
use super::{HUGE, Samples};

/// Where the squares of the deviations come down to this part of the most that the squares have been, they are worked out anew: 6 of 53 bits are
/// gone then.
const SPOILED: f64 = 1.0 / 64.0;
/// The least and the most updates until sums are worked out anew; in between four for each sample, and for more samples one for each.
const RENEW: [u32; 2] = [256, 131_072];

/// See the module; meaningless where there are no samples.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) reference: f64,
    /// Of x less the reference.
    pub(crate) sum: f64,
    /// Of its squares.
    pub(crate) squares: f64,
    /// The most that the squares have come to since they were worked out anew.
    pub(crate) peak: f64,
}

/// What is read from the sums of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    n: f64,
    reference: f64,
    sum: f64,
    /// n times the sum of the squares of the deviations.
    spread: f64,
}

impl Moments {
    /// Of one sample.
    #[inline(always)]
    pub(super) fn first(x: f64) -> Self {
        Self { reference: x, ..Self::default() }
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, x: f64) {
        let d = x - self.reference;
        self.sum -= d;
        self.squares -= d * d;
    }

    #[inline(always)]
    pub(super) fn add(&mut self, x: f64) {
        let d = x - self.reference;
        self.sum += d;
        self.squares += d * d;
        self.peak = if self.squares > self.peak { self.squares } else { self.peak };
    }

    /// What `n` samples give; nothing where the sums do not hold it.
    #[inline(always)]
    pub(super) fn read(&self, n: f64) -> Option<Read> {
        let spread = n * self.squares - self.sum * self.sum;
        // Equal samples have no spread, and no squares after they were taken against one of them.
        (spread >= n * self.peak * SPOILED).then_some(Read { n, reference: self.reference, sum: self.sum, spread })
    }

    /// Of these samples, anew: against the one that is nearest to their mean, so that a mean of whole numbers is as exact as they are.
    #[cold]
    pub(super) fn of(samples: Samples<'_>) -> Self {
        let Some(first) = samples.oldest() else { return Self::default() };
        let mean = first.x + lanes(samples, |x| x - first.x) / count(samples.len());
        let mut reference = first.x;
        let mut nearest = (reference - mean).abs();
        samples.each(|x| {
            let distance = (x - mean).abs();
            (reference, nearest) = if distance < nearest { (x, distance) } else { (reference, nearest) };
        });
        let sum = lanes(samples, |x| x - reference);
        let squares = lanes(samples, |x| (x - reference) * (x - reference));
        Self { reference, sum, squares, peak: squares }
    }
}

/// After how many updates the sums of so many samples are worked out anew.
pub(super) fn renew_in(n: usize) -> u32 {
    let [least, most] = RENEW;
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    n.saturating_mul(4).clamp(least, most).max(n)
}

/// The same where the first sample has come.
#[inline(always)]
pub(super) fn renew_first() -> u32 {
    RENEW[0]
}

/// A sum over all samples, in four parts, which round less and do not wait for each other.
#[inline(always)]
fn lanes(samples: Samples<'_>, of: impl Fn(f64) -> f64) -> f64 {
    let [mut a, mut b, mut c, mut d] = [0.0; 4];
    samples.each(|x| (a, b, c, d) = (b, c, d, a + of(x)));
    (a + b) + (c + d)
}

/// Whether a number is too large for sums of squares.
#[inline(always)]
pub(super) fn is_huge(x: f64) -> bool {
    x.abs() > HUGE
}

impl Read {
    /// Of moments that nobody asks for.
    pub(super) const NOTHING: Self = Self { n: f64::NAN, reference: f64::NAN, sum: f64::NAN, spread: f64::NAN };

    /// The sum of all over n, so that a mean of numbers whose sum is exact is rounded once; and of equal ones their own value.
    #[inline(always)]
    pub(crate) fn mean(&self) -> f64 {
        let mean = (self.n * self.reference + self.sum) / self.n;
        if self.sum == 0.0 { self.reference } else { mean }
    }

    /// The sample variance, of two samples at least.
    #[inline(always)]
    pub(super) fn variance(&self) -> f64 {
        self.spread / (self.n * (self.n - 1.0))
    }

    #[inline(always)]
    pub(crate) fn deviation(&self) -> f64 {
        self.variance().sqrt()
    }

    /// With n in the place of n - 1.
    #[inline(always)]
    pub(super) fn deviation_of_all(&self) -> f64 {
        self.spread.sqrt() / self.n
    }

    /// How many deviations `x` is from the mean. Not x less the mean, of which rounding takes as much as the deviation of a price may be.
    #[inline(always)]
    pub(super) fn zscore(&self, x: f64) -> f64 {
        ((x - self.reference) - self.sum / self.n) / self.deviation()
    }
}

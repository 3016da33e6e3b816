//! Two numbers side by side, the widest that every machine of a kind has: SSE2 on x86-64, arrays elsewhere. Both give the same bits.

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod portable;

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub use crate::bare::sse2::Pair;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub use portable::Pair;

/// What is done with two numbers at once. A comparison gives a [`Two::Mask`], in which lanes that hold are set; of unknown numbers none does.
pub trait Two: Copy {
    /// Two truths.
    type Mask: Copy;

    /// Both numbers.
    #[must_use]
    fn new(x: [f64; 2]) -> Self;
    /// `x + y`
    #[must_use]
    fn add(self, y: Self) -> Self;
    /// `x - y`
    #[must_use]
    fn sub(self, y: Self) -> Self;
    /// `x * y`
    #[must_use]
    fn mul(self, y: Self) -> Self;
    /// `x / y`
    #[must_use]
    fn div(self, y: Self) -> Self;
    /// Bits that differ.
    #[must_use]
    fn xor(self, y: Self) -> Self;
    /// `x > y`
    #[must_use]
    fn gt(self, y: Self) -> Self::Mask;
    /// `x >= y`
    #[must_use]
    fn ge(self, y: Self) -> Self::Mask;
    /// `x == y`
    #[must_use]
    fn eq(self, y: Self) -> Self::Mask;
    /// Where both are numbers.
    #[must_use]
    fn known(self, y: Self) -> Self::Mask;
    /// A bit for each lane.
    #[must_use]
    fn bits(mask: Self::Mask) -> u8;
    /// The same for four lanes.
    #[must_use]
    fn bits_of_two(low: Self::Mask, high: Self::Mask) -> u8;

    /// `x` in both.
    #[must_use]
    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self::new([x; 2])
    }

    /// Numbers where they are finite, else some NaN: the difference is 0 for finite numbers and NaN for all others. The sign of a zero is
    /// lost, which no comparison sees.
    #[must_use]
    #[inline(always)]
    fn finite(self) -> Self {
        self.add(self.sub(self))
    }
}

/// A bit for each lane of some pairs.
#[must_use]
#[inline(always)]
pub fn bits<P: Two, const N: usize>(masks: [P::Mask; N]) -> u8 {
    let (twos, rest) = masks.as_chunks::<2>();
    let mut bits = 0;
    for (at, [low, high]) in twos.iter().enumerate() {
        bits |= P::bits_of_two(*low, *high) << (4 * at);
    }
    for mask in rest {
        bits |= P::bits(*mask) << (4 * twos.len());
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::portable::Pair as Plain;
    use super::{Pair, Two, bits};

    fn number() -> impl Strategy<Value = f64> {
        let special = [0.0, -0.0, 1.0, -1.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324];
        prop_oneof![1 => prop::sample::select(special.to_vec()), 1 => any::<u64>().prop_map(f64::from_bits), 1 => -4.0..4.0_f64]
    }

    /// What all operations give, numbers as bits; every NaN counts as one.
    fn all<P: Two>(x: [f64; 2], y: [f64; 2], z: [f64; 2]) -> Vec<u8> {
        let [x, y, z] = [x, y, z].map(P::new);
        let numbers = [
            x,
            x.add(y),
            x.sub(y),
            x.mul(y),
            x.div(y),
            x.finite(),
            x.mul(y).finite(),
            x.sub(y).xor(P::splat(-0.0)),
            x.xor(y).xor(z).xor(y),
        ];
        // Which number it is: those that are greater, that it is equal to, and that are known beside it.
        let told = numbers.iter().flat_map(|n| [n.gt(z), n.ge(z), n.eq(z), n.known(z), z.gt(*n), z.ge(*n)]).collect::<Vec<_>>();
        let mut out: Vec<u8> = told.iter().map(|mask| P::bits(*mask)).collect();
        out.extend(told.iter().zip(told.iter().rev()).map(|(low, high)| P::bits_of_two(*low, *high)));
        out.push(bits::<P, 4>([x.gt(y), x.eq(y), x.known(y), y.gt(x)]));
        out.push(bits::<P, 1>([x.ge(y)]));
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_kinds_agree(x in prop::array::uniform2(number()), y in prop::array::uniform2(number()), z in prop::array::uniform2(number()), op in 0..5_usize) {
            // The third one is also what one of the operations gives, so that equality is met.
            let function = |x: f64, y: f64, z: f64| match op {
                0 => z,
                1 => x + y,
                2 => x - y,
                3 => x * y,
                _ => x / y,
            };
            let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
            let z = [function(x0, y0, z0), function(x1, y1, z1)];
            prop_assert_eq!(all::<Pair>(x, y, z), all::<Plain>(x, y, z));
        }
    }

    #[test]
    fn lanes_stand_in_order() {
        let one = Pair::splat(1.0);
        let mask = |x| Pair::new(x).gt(one);
        assert_eq!(Pair::bits(mask([0.0, 2.0])), 0b10);
        assert_eq!(Pair::bits_of_two(mask([2.0, 0.0]), mask([0.0, 2.0])), 0b1001);
        assert_eq!(bits::<Pair, 4>([mask([2.0, 0.0]), mask([0.0, 0.0]), mask([2.0, 2.0]), mask([0.0, 2.0])]), 0b1011_0001);
    }
}

//! Amounts, prices and quantities as the decimals that they are on a venue. Sums and products are exact as far as 38 digits reach; beyond them the
//! caller says on which side the result may err, so that what is there is never overstated and what is needed never understated.

/// Below it a number has at most 15 digits, so that the decimal and the `f64` nearest to it determine each other.
const DIGITS: u64 = 1_000_000_000_000_000;
/// The finest step of a number that is taken in, as a power of ten: the greatest power that an `f64` holds exactly.
const FINEST: i32 = -22;

/// The powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

/// On which side of the exact result a rounded one lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// At most it.
    Down,
    /// At least it.
    Up,
}

/// A number as it is taken in: at most 15 digits times a power of ten, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u64,
    exponent: i32,
}

/// A number that is computed: up to 38 digits, not negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide {
    digits: u128,
    exponent: i32,
}

impl Decimal {
    pub(super) const ZERO: Self = Self { digits: 0, exponent: 0 };

    /// The decimal of at most 15 digits that `x` is the nearest `f64` to, or where there is none the next one on the side asked for. `None` where `x`
    /// is negative, not finite, or above 10 to the 37th. `places` is a guess at the decimal places.
    pub(super) fn of(x: f64, places: usize, to: To) -> Option<Self> {
        if !(0.0..=1e37).contains(&x) {
            return None;
        }
        if x >= DIGITS as f64 {
            return Self::of_large(x, to);
        }
        if let Some(decimal) = Self::with_places(x, places) {
            return Some(decimal);
        }
        let mut most = (0, 1.0);
        for (places, power) in POWERS.iter().enumerate() {
            if x * power >= DIGITS as f64 {
                break;
            }
            if let Some(decimal) = Self::with_places(x, places) {
                return Some(decimal);
            }
            most = (places, *power);
        }
        let (places, power) = most;
        let digits = beside(x * power, to, |digits| digits / power, x);
        Some(Self { digits, exponent: -i32::try_from(places).ok()? })
    }

    /// `x` where it has this many decimal places and at most 15 digits.
    #[inline]
    fn with_places(x: f64, places: usize) -> Option<Self> {
        let power = *POWERS.get(places)?;
        let scaled = x * power;
        if scaled >= DIGITS as f64 {
            return None;
        }
        // Division is rounded correctly and both numbers are exact, so this is the `f64` that is nearest to the decimal.
        let digits = (scaled + 0.5) as u64;
        let exponent = -(places as i32);
        (digits as f64 / power == x && digits < DIGITS).then_some(Self { digits, exponent })
    }

    fn of_large(x: f64, to: To) -> Option<Self> {
        let (exponent, power) = (1..).zip(POWERS.iter().skip(1)).find(|(_, power)| x / **power < DIGITS as f64)?;
        let nearest = (x / power + 0.5) as u64;
        let digits = if nearest as f64 * power == x { nearest } else { beside(x / power, to, |digits| digits * power, x) };
        Some(Self { digits, exponent })
    }

    /// The decimal of at most 15 digits that is nearest to `x`, for numbers that a venue states.
    pub(super) fn nearest(x: f64) -> Option<Self> {
        let (down, up) = (Self::of(x, 0, To::Down)?, Self::of(x, 0, To::Up)?);
        let nearer = (x - down.wide().to_f64()).abs() <= (up.wide().to_f64() - x).abs();
        Some(if nearer { down } else { up })
    }

    /// 1 - `fee`, at most 18 decimal places, the fee rounded up and a rebate down; 0 where the fee is no number below 1.
    pub(super) fn after_fee(fee: f64) -> Self {
        const ONE: u64 = 1_000_000_000_000_000_000;
        if !(fee > -1.0 && fee < 1.0) {
            return Self::ZERO;
        }
        let to = if fee > 0.0 { To::Up } else { To::Down };
        let Some(fraction) = Self::of(fee.abs(), 5, to) else { return Self::ZERO };
        let fraction = fraction.wide().at_exponent(-18, to);
        let places = |wide: Wide| u64::try_from(wide.digits).unwrap_or(ONE);
        let digits = if fee > 0.0 { ONE.saturating_sub(places(fraction)) } else { ONE + places(fraction) };
        let (mut digits, mut exponent) = (digits, -18);
        while digits != 0 && digits.is_multiple_of(10) {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        Self { digits, exponent }
    }

    /// How many decimal places it has.
    pub(super) fn places(self) -> usize {
        usize::try_from(-self.exponent).unwrap_or(0)
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub(super) fn wide(self) -> Wide {
        Wide { digits: u128::from(self.digits), exponent: self.exponent }
    }
}

/// The whole number next to `scaled` whose value, by `back`, lies on the side of `x` that is asked for.
fn beside(scaled: f64, to: To, back: impl Fn(f64) -> f64, x: f64) -> u64 {
    match to {
        To::Down => {
            let digits = scaled as u64;
            if back(digits as f64) >= x { digits.saturating_sub(1) } else { digits }
        }
        To::Up => {
            let digits = scaled as u64 + 1;
            if back(digits as f64) <= x { digits + 1 } else { digits }
        }
    }
}

/// All powers of ten that 128 bits hold.
const TENS: [u128; 39] = {
    let mut tens = [1; 39];
    let mut rest: &mut [u128] = &mut tens;
    let mut power = 1;
    while let [first, more @ ..] = rest {
        *first = power;
        power = power.saturating_mul(10);
        rest = more;
    }
    tens
};

fn power(exponent: u32) -> Option<u128> {
    TENS.get(exponent as usize).copied()
}

/// One digit less.
fn shorter(digits: u128, to: To) -> u128 {
    if to == To::Up { digits.div_ceil(10) } else { digits / 10 }
}

/// `numerator / denominator`; all there could be where nothing is divided by.
fn divide(numerator: u128, denominator: u128, to: To) -> u128 {
    let Some(result) = numerator.checked_div(denominator) else { return u128::MAX };
    if to == To::Up && result * denominator != numerator { result.saturating_add(1) } else { result }
}

impl To {
    pub(super) fn opposite(self) -> Self {
        if self == Self::Up { Self::Down } else { Self::Up }
    }
}

impl Wide {
    pub(super) const ZERO: Self = Self { digits: 0, exponent: 0 };
    pub(super) const ONE: Self = Self { digits: 1, exponent: 0 };

    pub(super) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// With a whole number of steps of `10^exponent`.
    fn at_exponent(self, exponent: i32, to: To) -> Self {
        let step = power(self.exponent.abs_diff(exponent));
        let digits = if exponent <= self.exponent {
            step.and_then(|step| self.digits.checked_mul(step)).unwrap_or(u128::MAX)
        } else {
            divide(self.digits, step.unwrap_or(u128::MAX), to)
        };
        Self { digits, exponent }
    }

    pub(super) fn times(self, other: Self, to: To) -> Self {
        let (mut a, mut b) = (self.digits, other.digits);
        let mut exponent = self.exponent + other.exponent;
        loop {
            if let Some(digits) = a.checked_mul(b) {
                return Self { digits, exponent };
            }
            if a > b {
                a = shorter(a, to)
            } else {
                b = shorter(b, to)
            }
            exponent += 1;
        }
    }

    /// The digits of both at one exponent.
    fn aligned(self, other: Self, to: To, other_to: To) -> (u128, u128, i32) {
        if self.exponent > other.exponent {
            let (b, a, exponent) = other.aligned(self, other_to, to);
            return (a, b, exponent);
        }
        let (mut a, mut exponent) = (self.digits, self.exponent);
        loop {
            let apart = other.exponent.abs_diff(exponent);
            if let Some(b) = power(apart).and_then(|step| other.digits.checked_mul(step)) {
                return (a, b, exponent);
            }
            (a, exponent) = (shorter(a, to), exponent + 1);
        }
    }

    pub(super) fn plus(self, other: Self, to: To) -> Self {
        let (a, b, exponent) = self.aligned(other, to, to);
        match a.checked_add(b) {
            Some(digits) => Self { digits, exponent },
            None => Self { digits: shorter(a, to) + shorter(b, to), exponent: exponent + 1 },
        }
    }

    /// The difference, 0 where the other is greater.
    pub(super) fn minus(self, other: Self, to: To) -> Self {
        let (a, b, exponent) = self.aligned(other, to, to.opposite());
        Self { digits: a.saturating_sub(b), exponent }
    }

    /// Whether it is certainly greater.
    pub(super) fn is_above(self, other: Self) -> bool {
        let (a, b, _) = self.aligned(other, To::Down, To::Up);
        a > b
    }

    pub(super) fn least(self, other: Self) -> Self {
        if self.is_above(other) { other } else { self }
    }

    /// How many whole `steps` it holds (`To::Down`), or how many are needed to hold it (`To::Up`).
    pub(super) fn count(self, step: Self, to: To) -> u128 {
        let (mut a, mut b) = (self.digits, step.digits);
        let mut apart = self.exponent - step.exponent;
        loop {
            let scale = power(apart.unsigned_abs());
            let (numerator, denominator) = if apart >= 0 {
                (scale.and_then(|scale| a.checked_mul(scale)), Some(b))
            } else {
                (Some(a), scale.and_then(|scale| b.checked_mul(scale)))
            };
            match (numerator, denominator) {
                (Some(numerator), Some(denominator)) => return divide(numerator, denominator, to),
                // The larger of the two loses a digit, on the side that keeps the promise.
                (None, _) if b < 10 => return u128::MAX,
                (None, _) => (b, apart) = (shorter(b, to.opposite()), apart - 1),
                (_, None) => (a, apart) = (shorter(a, to), apart + 1),
            }
        }
    }

    /// This many steps of `self`, as many as 15 digits hold: a rounder multiple on the side asked for where there are more.
    pub(super) fn multiple(self, count: u128, to: To) -> Self {
        let mut step = 1;
        // Room for the products below, and more lots than there are of anything.
        let mut count = count.min(u128::MAX / 16 / self.digits.max(1));
        if count * self.digits < u128::from(DIGITS) {
            return Self { digits: count * self.digits, exponent: self.exponent };
        }
        while (count * self.digits) / step >= u128::from(DIGITS) {
            step *= 10;
            let beyond = count % step;
            if beyond != 0 {
                count = if to == To::Up { count + step - beyond } else { count - beyond };
            }
        }
        Self { digits: count * self.digits / step, exponent: self.exponent + decimal_places(step) }
    }

    /// The quotient with some 19 digits.
    pub(super) fn over(self, other: Self, to: To) -> Self {
        const LONG: u128 = 10_000_000_000_000_000_000;
        let (mut b, mut b_exponent) = (other.digits, other.exponent);
        while b >= LONG {
            (b, b_exponent) = (shorter(b, to.opposite()), b_exponent + 1);
        }
        let (mut a, mut exponent) = (self.digits, self.exponent);
        while let Some(longer) = a.checked_mul(10).filter(|longer| *longer != 0) {
            (a, exponent) = (longer, exponent - 1);
        }
        Self { digits: divide(a, b, to), exponent: exponent - b_exponent }
    }

    /// At most 15 digits and 22 decimal places, so that the `f64` says it exactly.
    pub(super) fn short(self, to: To) -> Self {
        let Self { mut digits, mut exponent } = self;
        while digits >= u128::from(DIGITS) || (exponent < FINEST && digits != 0) {
            (digits, exponent) = (shorter(digits, to), exponent + 1);
            if exponent < FINEST && digits <= 1 {
                // Less than the finest step.
                return if to == To::Up { Self { digits: 1, exponent: FINEST } } else { Self::ZERO };
            }
        }
        Self { digits, exponent }
    }

    /// The nearest `f64`, or where there are more than 15 digits one next to it.
    pub(super) fn to_f64(self) -> f64 {
        // 18 digits are more than count.
        let spare = decimal_digits(self.digits).saturating_sub(18);
        let (mut digits, mut exponent) = (self.digits, self.exponent + spare as i32);
        if spare > 0 {
            digits /= power(spare).unwrap_or(1);
        }
        let mut digits = u64::try_from(digits).unwrap_or(u64::MAX);
        while digits >= DIGITS && digits.is_multiple_of(10) {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        let mut value = digits as f64;
        while exponent < 0 {
            let places = exponent.unsigned_abs().min(22);
            value /= POWERS.get(places as usize).copied().unwrap_or(1.0);
            exponent += places as i32;
        }
        while exponent > 0 {
            let places = exponent.unsigned_abs().min(22);
            value *= POWERS.get(places as usize).copied().unwrap_or(1.0);
            exponent -= places as i32;
        }
        value
    }
}

fn decimal_digits(x: u128) -> u32 {
    // 1233 / 4096 is the logarithm of 2 to the base 10, near enough for 128 bits: too low by 1 at most.
    let least = (128 - x.leading_zeros()) * 1233 / 4096;
    (least + u32::from(power(least).is_some_and(|power| x >= power))).max(1)
}

/// The exponent of a power of ten.
fn decimal_places(power: u128) -> i32 {
    decimal_digits(power) as i32 - 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(x: f64, to: To) -> (u64, i32) {
        let Decimal { mut digits, mut exponent } = Decimal::of(x, 2, to).unwrap();
        while digits != 0 && digits.is_multiple_of(10) {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        (digits, exponent)
    }

    #[test]
    fn numbers_are_the_decimals_that_they_read_as() {
        for to in [To::Down, To::Up] {
            assert_eq!(of(0.1, to), (1, -1));
            assert_eq!(of(0.00001, to), (1, -5));
            assert_eq!(of(65_432.10, to), (6_543_210 / 10, -1));
            assert_eq!(of(123_456_789.012_345, to), (123_456_789_012_345, -6));
            assert_eq!(of(1e15, to), (1, 15));
            assert_eq!(of(9.99e30, to), (999, 28));
            assert_eq!(of(1e-22, to), (1, -22));
            assert_eq!(of(0.0, to).0, 0);
        }
        for x in [-1.0, f64::NAN, f64::INFINITY, 1e38] {
            assert_eq!(Decimal::of(x, 0, To::Down), None);
        }
    }

    #[test]
    fn what_has_more_digits_lies_on_the_side_asked_for() {
        // 0.30000000000000004 and 1/3 have no decimal of 15 digits.
        assert_eq!((of(0.1 + 0.2, To::Down), of(0.1 + 0.2, To::Up)), ((3, -1), (300_000_000_000_001, -15)));
        assert_eq!((of(1.0 / 3.0, To::Down), of(1.0 / 3.0, To::Up)), ((333_333_333_333_333, -15), (333_333_333_333_334, -15)));
        assert_eq!((of(1e-30, To::Down).0, of(1e-30, To::Up)), (0, (1, -22)));
        assert_eq!(Decimal::nearest(0.1 + 0.2).unwrap().wide().to_f64().to_bits(), 0.3_f64.to_bits());
    }

    #[test]
    fn short_decimals_come_back_to_the_last_bit() {
        let mut seed = 1_u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (digits, places) = ((seed >> 14) % DIGITS, seed % 23);
            let x: f64 = format!("{digits}e-{places}").parse().unwrap();
            let (down, up) = (Decimal::of(x, 3, To::Down).unwrap().wide(), Decimal::of(x, 9, To::Up).unwrap().wide());
            assert!(!down.is_above(up) && !up.is_above(down), "{digits}e-{places}");
            assert_eq!(down.to_f64().to_bits(), x.to_bits(), "{digits}e-{places}");
        }
    }

    #[test]
    fn what_is_left_after_fees_and_rebates() {
        let keep = |fee: f64| Decimal::after_fee(fee).wide().to_f64();
        assert_eq!(keep(0.00075).to_bits(), 0.99925_f64.to_bits());
        assert_eq!(keep(-0.0002).to_bits(), 1.0002_f64.to_bits());
        assert_eq!((keep(0.0), keep(1.0), keep(f64::NAN)), (1.0, 0.0, 0.0));
        // A fee that is no short decimal is taken a little higher, a rebate a little lower.
        assert!(keep(1.0 / 3.0) <= 2.0 / 3.0 && keep(-1.0 / 3.0) <= 4.0 / 3.0);
    }

    #[test]
    fn counts_and_multiples_keep_their_side() {
        let wide = |x: f64| Decimal::of(x, 0, To::Down).unwrap().wide();
        assert_eq!((wide(0.3).count(wide(0.1), To::Down), wide(0.3).count(wide(0.1), To::Up)), (3, 3));
        assert_eq!((wide(0.35).count(wide(0.1), To::Down), wide(0.35).count(wide(0.1), To::Up)), (3, 4));
        assert_eq!(wide(1e30).count(wide(1e-20), To::Down), u128::MAX);
        assert_eq!((wide(1.0).count(Wide::ZERO, To::Down), Wide::ZERO.count(wide(1.0), To::Up)), (u128::MAX, 0));
        // 15 digits are kept: fewer lots than there are, or more.
        let (lot, many) = (wide(0.00001), 12_345_678_901_234_567_u128);
        let (down, up) = (lot.multiple(many, To::Down), lot.multiple(many, To::Up));
        assert_eq!((down.count(lot, To::Down), up.count(lot, To::Down)), (12_345_678_901_234_500, 12_345_678_901_234_600));
    }

    #[test]
    fn products_beyond_38_digits_keep_their_side() {
        let a = Wide { digits: 10_u128.pow(37) + 7, exponent: -30 };
        let (down, up) = (a.times(a, To::Down), a.times(a, To::Up));
        assert!(up.is_above(down));
        let third = Wide::ONE.over(Wide { digits: 3, exponent: 0 }, To::Down);
        let three = Wide { digits: 3, exponent: 0 };
        assert!(Wide::ONE.is_above(third.times(three, To::Down)));
        assert!(!Wide::ONE.is_above(Wide::ONE.over(three, To::Up).times(three, To::Up)));
    }

    #[test]
    fn digits_are_counted() {
        for power in 0..39 {
            let ten = 10_u128.pow(power);
            assert_eq!(
                (decimal_digits(ten), decimal_digits(ten.saturating_mul(9)), super::power(power)),
                (power + 1, power + 1, Some(ten))
            );
            assert_eq!(decimal_digits(ten - 1), power.max(1));
        }
        assert_eq!((decimal_digits(0), decimal_digits(u128::MAX), super::power(39)), (1, 39, None));
    }
}

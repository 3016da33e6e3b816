//! Operands together with the slots that they name, compared once for all of them.
//!
//! The fields of a [`Lookup`] are seen in this module alone, and it is made in one place, `Operands::over`: all of its operands are below the number of its slots.

use crate::pairs::{Pair, Two};
use crate::rows::{Operands, Slots};

/// Operands as the numbers of slots.
pub trait Slot: Copy + Into<u32> {}

impl Slot for u16 {}
impl Slot for u32 {}

/// Operands, all of which name one of the slots.
#[derive(Debug)]
pub struct Lookup<'a, T> {
    operands: &'a [T],
    slots: &'a [u64],
}

impl<T> Clone for Lookup<'_, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lookup<'_, T> {}

/// A [`Lookup`] in the width in which operands are kept.
#[derive(Debug, Clone, Copy)]
pub enum Over<'a> {
    /// Two bytes each.
    Narrow(Lookup<'a, u16>),
    /// Four bytes each.
    Wide(Lookup<'a, u32>),
}

impl Operands {
    /// All of them with these slots. None where one of them names a slot that is not there.
    #[must_use]
    #[inline]
    pub fn over<'a>(&'a self, slots: &'a [u64]) -> Option<Over<'a>> {
        if self.greatest() as usize >= slots.len() {
            return None;
        }
        Some(match self.slots() {
            Slots::Narrow(operands) => Over::Narrow(Lookup { operands, slots }),
            Slots::Wide(operands) => Over::Wide(Lookup { operands, slots }),
        })
    }
}

impl<'a, T: Slot> Lookup<'a, T> {
    /// Those from a place on. None where there are fewer.
    #[must_use]
    #[inline(always)]
    pub fn after(self, place: usize) -> Option<Self> {
        Some(Self { operands: self.operands.get(place..)?, slots: self.slots })
    }

    /// What stands in the slot of an operand.
    #[must_use]
    #[inline(always)]
    pub fn get(self, place: usize) -> Option<u64> {
        // SAFETY: it is an operand of a lookup.
        self.operands.get(place).map(|operand| unsafe { read(self.slots, *operand) })
    }

    /// What stands in the slots of `L` operands from a place on.
    #[must_use]
    #[inline(always)]
    pub fn lanes<const L: usize>(self, place: usize) -> Option<[u64; L]> {
        let operands: &[T; L] = self.operands.get(place..)?.first_chunk()?;
        // SAFETY: they are operands of a lookup.
        Some(operands.map(|operand| unsafe { read(self.slots, operand) }))
    }

    /// Columns of `N` pairs each.
    #[must_use]
    #[inline(always)]
    pub fn columns<const N: usize>(self) -> Columns<'a, T, N> {
        Columns { columns: self.operands.as_chunks::<2>().0.as_chunks::<N>().0, slots: self.slots }
    }
}

/// What stands in the slot of an operand.
///
/// # Safety
///
/// The operand is one of a [`Lookup`] or of what was made of it, and the slots are those that stand with it.
#[inline(always)]
unsafe fn read<T: Slot>(slots: &[u64], operand: T) -> u64 {
    let slot: u32 = operand.into();
    // SAFETY: all operands of a lookup are below the number of its slots: `Operands::over`, which alone makes one, has compared the greatest of them. A part of
    // them has no greater one. They are of 16 or of 32 bits, whose conversion gives the same each time.
    unsafe { *slots.get_unchecked(slot as usize) }
}

/// Columns of `N` pairs of operands.
#[derive(Debug)]
pub struct Columns<'a, T, const N: usize> {
    columns: &'a [[[T; 2]; N]],
    slots: &'a [u64],
}

impl<T, const N: usize> Clone for Columns<'_, T, N> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for Columns<'_, T, N> {}

impl<'a, T: Slot, const N: usize> Columns<'a, T, N> {
    /// The bits in the slots of a column.
    #[must_use]
    #[inline(always)]
    pub fn bits(self, column: usize) -> Option<[[u64; 2]; N]> {
        // SAFETY: columns are made of a lookup.
        self.columns.get(column).map(|pairs| pairs.map(|pair| pair.map(|operand| unsafe { read(self.slots, operand) })))
    }

    /// The numbers in the slots of a column.
    #[must_use]
    #[inline(always)]
    pub fn numbers(self, column: usize) -> Option<[Pair; N]> {
        Some(self.bits(column)?.map(|pair| Pair::new(pair.map(f64::from_bits))))
    }

    /// `K` columns after the other.
    #[must_use]
    #[inline(always)]
    pub fn blocks<const K: usize>(self) -> impl ExactSizeIterator<Item = Block<'a, T, K, N>> {
        self.columns.as_chunks::<K>().0.iter().map(move |columns| Block { columns, slots: self.slots })
    }
}

/// `K` columns of `N` pairs of operands.
#[derive(Debug)]
pub struct Block<'a, T, const K: usize, const N: usize> {
    columns: &'a [[[T; 2]; N]; K],
    slots: &'a [u64],
}

impl<T: Slot, const K: usize, const N: usize> Block<'_, T, K, N> {
    /// What a function makes of the numbers of each pair of rows.
    #[must_use]
    #[inline(always)]
    pub fn map(&self, function: impl Fn([Pair; K]) -> Pair) -> [Pair; N] {
        let mut loaded = [[Pair::splat(0.0); K]; N];
        for (k, column) in self.columns.iter().enumerate() {
            for (loaded, pair) in loaded.iter_mut().zip(column) {
                if let Some(loaded) = loaded.get_mut(k) {
                    // Not as an array, or both operands are loaded as one number and taken apart.
                    let [low, high] = pair;
                    // SAFETY: blocks are made of columns, and those of a lookup.
                    let bits = unsafe { [read(self.slots, *low), read(self.slots, *high)] };
                    *loaded = Pair::new(bits.map(f64::from_bits));
                }
            }
        }
        loaded.map(function)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use proptest::prelude::*;

    use super::{Over, Slot};
    use crate::pairs::{Pair, Two};
    use crate::rows::Operands;

    fn all<T: Slot>(lookup: super::Lookup<'_, T>, wanted: &[u64]) {
        for (place, slot) in wanted.iter().enumerate() {
            assert_eq!(lookup.get(place), Some(*slot));
            assert_eq!(lookup.after(place).and_then(|rest| rest.get(0)), Some(*slot));
        }
        assert_eq!(lookup.get(wanted.len()), None);
        assert!(lookup.after(wanted.len() + 1).is_none());
        assert_eq!(lookup.lanes::<4>(1), wanted.get(1..5).and_then(|slots| slots.try_into().ok()));
        for (column, slots) in wanted.as_chunks::<4>().0.iter().enumerate() {
            let bits = lookup.columns::<2>().bits(column);
            assert_eq!(bits.as_ref().map(|bits| bits.as_flattened()), Some(&slots[..]));
        }
        assert_eq!(lookup.columns::<2>().bits(wanted.len() / 4), None);
        let blocks = lookup.columns::<2>().blocks::<2>();
        assert_eq!(blocks.len(), wanted.len() / 8);
        for (block, slots) in blocks.zip(wanted.as_chunks::<8>().0) {
            let [low, high] = block.map(|[x, y]| x.sub(y));
            let [x, y] = [slots.first_chunk::<4>(), slots.last_chunk::<4>()].map(|column| column.unwrap().map(f64::from_bits));
            let wanted: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
            let is_equal = |pair: Pair, x: f64, y: f64| Pair::bits(pair.eq(Pair::new([x, y]))) == 0b11;
            assert!(is_equal(low, wanted[0], wanted[1]) && is_equal(high, wanted[2], wanted[3]));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_lookup_reads_what_operands_name(slots in prop::collection::vec(0..100_u64, 1..50), picks in prop::collection::vec(any::<u32>(), 0..40), wide in any::<bool>()) {
            let slots: Vec<u64> = slots.iter().map(|x| (*x as f64).to_bits()).collect();
            let mut operands = Operands::below(if wide { 1 << 20 } else { 100 });
            let wanted: Vec<u64> = picks.iter().map(|pick| {
                let slot = *pick as usize % slots.len();
                operands.push(slot as u32);
                slots[slot]
            }).collect();
            match operands.over(&slots) {
                Some(Over::Narrow(lookup)) if !wide => all(lookup, &wanted),
                Some(Over::Wide(lookup)) if wide => all(lookup, &wanted),
                _ => prop_assert!(false, "there is a lookup of the width of the operands"),
            }
            // One slot less than the greatest operand needs.
            let needed = operands.greatest() as usize + 1;
            prop_assert!(operands.over(&slots[..needed]).is_some());
            prop_assert!(operands.over(&slots[..needed - 1]).is_none());
        }
    }
}

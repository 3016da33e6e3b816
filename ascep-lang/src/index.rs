//! An index of things that stand in a list: their numbers by hash, 8 bytes a slot, however large a thing is.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

/// Numbers of things by their hash. The things stand elsewhere, and who asks compares them.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// A power of two of slots, each with half of a hash and a number plus 1; 0 is free. At most half of them are taken.
    slots: Vec<(u32, u32)>,
    len: usize,
}

/// The hash of a thing.
pub(crate) fn hash_of<T: Hash + ?Sized>(thing: &T) -> u64 {
    let mut hasher = FxHasher::default();
    thing.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    /// The number of a thing with this hash that is the `same`, or, where there is none, a place for `new` once it is in the list.
    pub(crate) fn find_or_add(&mut self, hash: u64, new: u32, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        if 2 * (self.len + 1) > self.slots.len() {
            self.grow();
        }
        let (key, mask) = (half(hash), self.slots.len().wrapping_sub(1));
        let mut at = key as usize & mask;
        loop {
            match self.slots.get_mut(at) {
                Some(slot @ (_, 0)) => {
                    *slot = (key, new.saturating_add(1));
                    self.len += 1;
                    return None;
                }
                Some((found, number)) if *found == key && same(*number - 1) => return Some(*number - 1),
                Some(_) => at = (at + 1) & mask,
                // There is always a free slot.
                None => return None,
            }
        }
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots.resize((2 * old.len()).max(16), (0, 0));
        let mask = self.slots.len() - 1;
        for (key, number) in old.into_iter().filter(|slot| slot.1 != 0) {
            let mut at = key as usize & mask;
            while self.slots.get(at).is_some_and(|slot| slot.1 != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = (key, number);
            }
        }
    }
}

/// The half of a hash that decides on a slot.
fn half(hash: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded in")]
    let half = (hash ^ (hash >> 32)) as u32;
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_added_and_nothing_else() {
        let mut list: Vec<String> = Vec::new();
        let mut index = Index::default();
        for round in 0..3 {
            for i in 0..5_000_u32 {
                let text = format!("t{i}");
                let found = index.find_or_add(hash_of(&text), i, |n| list.get(n as usize) == Some(&text));
                assert_eq!(found, (round > 0).then_some(i));
                if found.is_none() {
                    list.push(text);
                }
            }
        }
        assert_eq!(list.len(), 5_000);
    }

    #[test]
    fn equal_hashes_are_told_apart() {
        let mut index = Index::default();
        for i in 0..100 {
            assert_eq!(index.find_or_add(7, i, |n| n == i), None);
        }
        for i in 0..100 {
            assert_eq!(index.find_or_add(7, 1_000, |n| n == i), Some(i));
        }
    }
}

//! From a symbol as the venue writes it to its id: an open-addressed table of names of up to 16 bytes, kept as two words each, so that
//! looking one up is a multiplication and a comparison. Longer names go to a map.

use rustc_hash::FxHashMap;

use crate::symbols::SymbolId;

/// A name of 1 to 16 bytes: the bytes in order, zeros after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    low: u64,
    high: u64,
    /// Tells a name from one with a NUL at its end.
    length: u32,
}

impl Name {
    /// The first bytes of 16.
    #[expect(clippy::cast_possible_truncation, reason = "halves of it")]
    #[inline]
    pub(super) fn of_first(bytes: u128, length: u32) -> Option<Self> {
        let bytes = bytes & u128::MAX.checked_shr(128_u32.checked_sub(length.checked_mul(8)?)?)?;
        Some(Self { low: bytes as u64, high: (bytes >> 64) as u64, length })
    }

    fn of(name: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Self::of_first(u128::from_le_bytes(bytes), u32::try_from(name.len()).ok()?)
    }

    #[inline]
    fn hash(self) -> u64 {
        // 2^64 divided by the golden ratio; the upper bits of the product depend on all bytes.
        (self.low ^ self.high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    name: Name,
    id: SymbolId,
}

const FREE: Slot = Slot { name: Name { low: 0, high: 0, length: 0 }, id: SymbolId(0) };

/// Symbols of a connection and their ids. It grows with the names that [`crate::symbols::Symbols`] takes, and those have a limit.
#[derive(Debug)]
pub(super) struct Ids {
    /// A power of two of them, at least half of them free.
    slots: Vec<Slot>,
    /// What is left of a hash is shifted away.
    shift: u32,
    used: usize,
    long: FxHashMap<Box<str>, SymbolId>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { slots: vec![FREE; 64], shift: 64 - 6, used: 0, long: FxHashMap::default() }
    }
}

impl Ids {
    pub(super) fn get(&self, native: &str) -> Option<SymbolId> {
        match Name::of(native) {
            Some(name) => self.find(name),
            None => self.long.get(native).copied(),
        }
    }

    /// The id of a short name.
    #[inline]
    pub(super) fn find(&self, name: Name) -> Option<SymbolId> {
        let slot = self.slots.get(self.place(name))?;
        (slot.name == name).then_some(slot.id)
    }

    /// Where a name is, or the free slot where it would be.
    #[expect(clippy::cast_possible_truncation, reason = "fewer bits than a table has slots")]
    #[inline]
    fn place(&self, name: Name) -> usize {
        let last = self.slots.len() - 1;
        let mut at = (name.hash() >> self.shift) as usize;
        // Half of the slots are free, so it ends.
        while self.slots.get(at).is_some_and(|slot| slot.name != name && slot.name.length != 0) {
            at = (at + 1) & last;
        }
        at
    }

    pub(super) fn insert(&mut self, native: &str, id: SymbolId) {
        let Some(name) = Name::of(native) else {
            self.long.insert(native.into(), id);
            return;
        };
        if 2 * (self.used + 1) > self.slots.len() {
            self.grow();
        }
        let at = self.place(name);
        if let Some(slot) = self.slots.get_mut(at) {
            self.used += usize::from(slot.name.length == 0);
            *slot = Slot { name, id };
        }
    }

    fn grow(&mut self) {
        let bigger = vec![FREE; 2 * self.slots.len()];
        let old = std::mem::replace(&mut self.slots, bigger);
        self.shift -= 1;
        for entry in old.into_iter().filter(|slot| slot.name.length != 0) {
            let at = self.place(entry.name);
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = entry;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_names_of_all_lengths() {
        let names: Vec<String> = (0..5_000_u32)
            .map(|n| {
                let tail: String = "QWERTYUIOPASDFGHJKL".chars().take(n as usize % 19).collect();
                format!("{n}{tail}")
            })
            .collect();
        let mut ids = Ids::default();
        for (n, name) in (0..).zip(&names) {
            assert_eq!(ids.get(name), None);
            ids.insert(name, SymbolId(n));
        }
        for (n, name) in (0..).zip(&names) {
            assert_eq!(ids.get(name), Some(SymbolId(n)), "{name}");
        }
        assert!(ids.used > 2_000 && ids.long.len() > 500 && 2 * ids.used <= ids.slots.len());
        ids.insert("QWE", SymbolId(7));
        ids.insert("QWE", SymbolId(8));
        assert_eq!(ids.get("QWE"), Some(SymbolId(8)));
    }

    #[test]
    fn a_nul_is_not_the_end() {
        let mut ids = Ids::default();
        ids.insert("AB", SymbolId(3));
        assert_eq!(ids.get("AB\0"), None);
        assert_eq!(ids.get(""), None);
    }
}

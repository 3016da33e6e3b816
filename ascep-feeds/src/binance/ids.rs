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

    /// Without a branch for each part.
    #[inline(always)]
    fn is(self, other: Self) -> bool {
        (self.low ^ other.low) | (self.high ^ other.high) | u64::from(self.length ^ other.length) == 0
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        // 2^64 divided by the golden ratio; the upper bits of the product depend on all bytes.
        (self.low ^ self.high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Name,
    id: SymbolId,
}

/// No name is like this one.
const NONE: Entry = Entry { name: Name { low: 0, high: 0, length: 0 }, id: SymbolId(0) };

/// Symbols of a connection and their ids. It grows with the names that [`crate::symbols::Symbols`] takes, and those have a limit.
#[derive(Debug)]
pub(super) struct Ids {
    /// Places in `entries` by hash, 0 where there is none. A power of two of them, at least three in four free: a second look is seldom, and
    /// a branch that is seldom taken is foretold.
    places: Vec<u32>,
    /// What is left of a hash is shifted away.
    shift: u32,
    /// Begins with `NONE`.
    entries: Vec<Entry>,
    long: FxHashMap<Box<str>, SymbolId>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { places: vec![0; 64], shift: 64 - 6, entries: vec![NONE], long: FxHashMap::default() }
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
        self.entries.get(self.place(name)? as usize).map(|entry| entry.id)
    }

    #[inline]
    fn place(&self, name: Name) -> Option<u32> {
        let mut at = self.first_place(name);
        loop {
            let place = *self.places.get(at)?;
            if self.entries.get(place as usize)?.name.is(name) {
                return Some(place);
            }
            if place == 0 {
                return None;
            }
            at = self.next_place(at);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "fewer bits than there are places")]
    #[inline]
    fn first_place(&self, name: Name) -> usize {
        (name.hash() >> self.shift) as usize
    }

    #[inline]
    fn next_place(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    pub(super) fn insert(&mut self, native: &str, id: SymbolId) {
        let Some(name) = Name::of(native) else {
            self.long.insert(native.into(), id);
            return;
        };
        if let Some(entry) = self.place(name).and_then(|place| self.entries.get_mut(place as usize)) {
            entry.id = id;
            return;
        }
        let Ok(place) = u32::try_from(self.entries.len()) else { return };
        self.entries.push(Entry { name, id });
        if 4 * self.entries.len() > self.places.len() {
            self.grow();
        } else {
            self.put(name, place);
        }
    }

    fn put(&mut self, name: Name, place: u32) {
        let mut at = self.first_place(name);
        while self.places.get(at).is_some_and(|place| *place != 0) {
            at = self.next_place(at);
        }
        if let Some(free) = self.places.get_mut(at) {
            *free = place;
        }
    }

    fn grow(&mut self) {
        self.places = vec![0; 2 * self.places.len()];
        self.shift -= 1;
        for place in 1..self.entries.len() {
            if let (Some(entry), Ok(number)) = (self.entries.get(place), u32::try_from(place)) {
                self.put(entry.name, number);
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
        assert!(ids.entries.len() > 2_000 && ids.long.len() > 500 && 4 * ids.entries.len() <= ids.places.len());
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

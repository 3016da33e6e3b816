//! Rings that take no more of their part of a flat array than they have needed so far: the places in use double when they are full. So a window
//! that could hold many samples and holds few stays in few lines of memory, and goes round in them.

/// The places of a ring. One is always free, so that the last that has left still stands before the oldest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places {
    /// Where the oldest stands.
    pub(crate) head: u32,
    pub(crate) len: u32,
    /// How many places are in use.
    pub(crate) size: u32,
}

/// The fewest places in use.
const FEWEST: u32 = 16;

impl Places {
    /// Where the i-th from the oldest stands; `i` up to the number of places.
    #[inline(always)]
    pub(crate) fn at(self, i: u32) -> u32 {
        let place = self.head + i;
        if place >= self.size { place - self.size } else { place }
    }

    /// Where the last stands that has left, if it was there.
    #[inline]
    pub(crate) fn left(self) -> u32 {
        if self.head == 0 { self.size.wrapping_sub(1) } else { self.head - 1 }
    }

    #[inline(always)]
    pub(crate) fn drop_oldest(&mut self) {
        self.head = if self.head + 1 >= self.size { 0 } else { self.head + 1 };
        self.len -= 1;
    }

    /// Whether one more has a place as it is.
    #[inline(always)]
    pub(crate) fn has_room(self) -> bool {
        self.len + 1 < self.size
    }

    /// Takes more places into use, `all` at most; `width` items stand at each.
    #[cold]
    pub(crate) fn grow<T>(&mut self, all: usize, width: usize, items: &mut [T]) {
        let more = (self.size * 2).max(FEWEST).min(u32::try_from(all).unwrap_or(u32::MAX));
        let (left, size) = (self.left() as usize, self.size as usize);
        if size > 0
            && let Some(items) = items.get_mut(..size * width)
        {
            items.rotate_left(left * width);
            self.head = 1;
        }
        self.size = more;
    }
}

/// The most that a window or a queue holds, and so the most places but one.
pub(crate) const MOST: usize = u32::MAX as usize / 4;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn grows_and_keeps_order_and_the_last_that_left() {
        for (all, width) in [(2, 1), (3, 2), (17, 1), (33, 3), (1_001, 2)] {
            let mut items = vec![0_u32; all * width];
            let (mut places, mut wanted, mut left) = (Places::default(), VecDeque::new(), None);
            let mut seed = 7_u32;
            for k in 1..5_000_u32 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if places.len > 0 && (places.len as usize + 1 == all || (seed >> 28) < 7) {
                    places.drop_oldest();
                    left = wanted.pop_front();
                }
                if !places.has_room() {
                    places.grow(all, width, &mut items);
                }
                assert!(places.has_room() && places.size as usize <= all);
                items[places.at(places.len) as usize * width] = k;
                places.len += 1;
                wanted.push_back(k);
                assert!((0..places.len).map(|i| items[places.at(i) as usize * width]).eq(wanted.iter().copied()));
                if let Some(left) = left {
                    assert_eq!(items[places.left() as usize * width], left);
                }
            }
        }
    }
}

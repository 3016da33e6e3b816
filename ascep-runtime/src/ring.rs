//! Rings: the newest of a series, in a part of a flat array that was allocated before.

use crate::plan::RingPlan;

/// A ring over a part of a flat array; see [`RingPlan`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ring {
    /// Where the oldest stands.
    pub(crate) head: usize,
    pub(crate) len: usize,
}

impl Ring {
    /// Where the i-th from the oldest stands in the flat array.
    #[inline]
    pub(crate) fn place(self, plan: RingPlan, i: usize) -> usize {
        plan.start + self.offset(plan.capacity, i)
    }

    /// Where the i-th from the oldest stands in the ring.
    #[inline]
    pub(crate) fn offset(self, capacity: usize, i: usize) -> usize {
        let offset = self.head + i;
        if offset >= capacity { offset - capacity } else { offset }
    }

    /// The oldest.
    #[inline]
    pub(crate) fn oldest<T: Copy>(self, plan: RingPlan, items: &[T]) -> Option<T> {
        if self.len == 0 { None } else { items.get(self.place(plan, 0)).copied() }
    }

    /// Forgets the oldest.
    #[inline]
    pub(crate) fn drop_oldest(&mut self, capacity: usize) {
        if self.len > 0 {
            self.head = if self.head + 1 >= capacity { 0 } else { self.head + 1 };
            self.len -= 1;
        }
    }

    /// Adds the newest; true where the oldest had to go.
    #[inline]
    pub(crate) fn push<T: Copy>(&mut self, plan: RingPlan, items: &mut [T], item: T) -> bool {
        let full = self.len >= plan.capacity;
        if full {
            self.drop_oldest(plan.capacity);
        }
        if let Some(place) = items.get_mut(self.place(plan, self.len)) {
            *place = item;
            self.len += 1;
        }
        full
    }
}

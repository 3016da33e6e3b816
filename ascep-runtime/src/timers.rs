//! Timers: at most one pending for each owner, in a heap that is allocated once.
//!
//! The heap holds a key for each owner that is not later than its deadline. Moving a deadline back, which is what every new
//! occurrence under `NO e FOR d` does, touches no heap: the key is corrected when it comes to the top.

use crate::value::{at, put};

/// No deadline.
pub(crate) const NEVER: i64 = i64::MAX;
const OUTSIDE: u32 = u32::MAX;
/// How many stand right below one in the heap: they lie side by side, and few are on the way from the top to the end.
const BELOW: usize = 4;
/// How many keys are corrected in one go.
const TIDIED: usize = 16;

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    key: i64,
    owner: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Timers {
    /// The deadline of each owner, or [`NEVER`].
    due: Vec<i64>,
    /// Where the owner stands in the heap, or [`OUTSIDE`].
    place: Vec<u32>,
    heap: Vec<Entry>,
}

impl Timers {
    /// For `owners` owners.
    pub(crate) fn new(owners: usize) -> Self {
        Self { due: vec![NEVER; owners], place: vec![OUTSIDE; owners], heap: Vec::with_capacity(owners) }
    }

    /// The pending deadline of an owner, or [`NEVER`].
    #[inline]
    pub(crate) fn due(&self, owner: u32) -> i64 {
        self.due.get(owner as usize).copied().unwrap_or(NEVER)
    }

    /// Sets the deadline in place of a pending one; [`NEVER`] cancels.
    #[inline]
    pub(crate) fn arm(&mut self, owner: u32, deadline: i64) {
        put(&mut self.due, owner, deadline);
        if deadline == NEVER {
            return;
        }
        let place = self.place.get(owner as usize).copied().unwrap_or(OUTSIDE);
        if place == OUTSIDE {
            let end = self.heap.len();
            // At most one entry an owner: the push stays within the capacity.
            self.heap.push(Entry { key: deadline, owner });
            self.sift_up(end);
        } else if let Some(entry) = self.heap.get_mut(place as usize)
            && deadline < entry.key
        {
            entry.key = deadline;
            self.sift_up(place as usize);
        }
    }

    /// Arms up to four owners, from the first to before the last, a length of time after `now`. They all have one deadline, which mostly moves back: where it
    /// is still to come, their places in the heap stay. Gives the deadline where they have got other places, so that it may be the earliest of all.
    #[inline(always)]
    pub(crate) fn postpone(&mut self, (first, end): (u32, u32), now: i64, by: i64) -> Option<i64> {
        let deadline = now.wrapping_add(by);
        let is_later = |due: i64| due > now && due <= deadline;
        // Two have a way of their own: they are what most windows have.
        if end.wrapping_sub(first) == 2
            && let Some([a, b]) = self.due.get_mut(first as usize..).and_then(<[i64]>::first_chunk_mut)
            && is_later(*a)
        {
            (*a, *b) = (deadline, deadline);
            return None;
        }
        let due = self.due.get_mut(first as usize..end as usize).unwrap_or_default();
        let is_later = due.first().is_some_and(|due| is_later(*due));
        if !is_later {
            let deadline = now.checked_add(by).unwrap_or(NEVER);
            self.arm_all((first, end), deadline);
            return Some(deadline);
        }
        for due in due {
            *due = deadline;
        }
        None
    }

    #[cold]
    #[inline(never)]
    fn arm_all(&mut self, (first, end): (u32, u32), deadline: i64) {
        (first..end).for_each(|owner| self.arm(owner, deadline));
    }

    /// Takes the pending deadline away.
    #[inline]
    pub(crate) fn cancel(&mut self, owner: u32) {
        put(&mut self.due, owner, NEVER);
    }

    /// The earliest deadline that is not after `limit`.
    pub(crate) fn next(&mut self, limit: i64) -> Option<i64> {
        loop {
            let Entry { key, owner } = self.heap.first().copied()?;
            if key > limit {
                return None;
            }
            let due = self.due(owner);
            if due == key {
                return Some(due);
            }
            self.correct_first(due);
        }
    }

    /// Corrects the keys of the first few as long as they are before their deadlines. Somebody would come to them soon, one by one.
    pub(crate) fn tidy(&mut self) {
        for _ in 0..TIDIED {
            let Some(Entry { key, owner }) = self.heap.first().copied() else { return };
            let due = self.due(owner);
            if due == key {
                return;
            }
            self.correct_first(due);
        }
    }

    /// Puts the first where its deadline is.
    fn correct_first(&mut self, due: i64) {
        if due == NEVER {
            self.remove_first();
        } else {
            if let Some(first) = self.heap.first_mut() {
                first.key = due;
            }
            self.sift_down();
        }
    }

    /// No deadline is before this.
    pub(crate) fn earliest(&self) -> i64 {
        self.heap.first().map_or(NEVER, |first| first.key)
    }

    /// An owner whose deadline is `deadline`, the earliest; its deadline still reads so until it is armed anew or cancelled.
    pub(crate) fn take(&mut self, deadline: i64) -> Option<u32> {
        if self.next(deadline)? != deadline {
            return None;
        }
        let owner = self.heap.first()?.owner;
        self.remove_first();
        Some(owner)
    }

    /// Bytes held for each owner.
    pub(crate) const BYTES: usize = 8 + 4 + size_of::<Entry>();

    fn remove_first(&mut self) {
        let Some(last) = self.heap.pop() else { return };
        match self.heap.first_mut() {
            Some(first) => {
                let gone = first.owner;
                *first = last;
                put(&mut self.place, gone, OUTSIDE);
                self.sift_down();
            }
            None => put(&mut self.place, last.owner, OUTSIDE),
        }
    }

    fn entry(&self, index: usize) -> Entry {
        at(&self.heap, u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn set(&mut self, index: usize, entry: Entry) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        put(&mut self.heap, index, entry);
        put(&mut self.place, entry.owner, index);
    }

    fn sift_up(&mut self, mut index: usize) {
        let moving = self.entry(index);
        while index > 0 {
            let parent = (index - 1) / BELOW;
            let above = self.entry(parent);
            if above.key <= moving.key {
                break;
            }
            self.set(index, above);
            index = parent;
        }
        self.set(index, moving);
    }

    fn sift_down(&mut self) {
        let mut index = 0;
        let moving = self.entry(0);
        loop {
            let first = BELOW * index + 1;
            let below = self.heap.get(first..self.heap.len().min(first + BELOW)).unwrap_or_default();
            let Some((child, below)) = (first..).zip(below.iter().copied()).min_by_key(|(_, below)| below.key) else { break };
            if below.key >= moving.key {
                break;
            }
            self.set(index, below);
            index = child;
        }
        self.set(index, moving);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn drain(timers: &mut Timers, limit: i64) -> Vec<(i64, Vec<u32>)> {
        let mut out = Vec::new();
        while let Some(deadline) = timers.next(limit) {
            let mut owners = Vec::new();
            while let Some(owner) = timers.take(deadline) {
                timers.cancel(owner);
                owners.push(owner);
            }
            owners.sort_unstable();
            out.push((deadline, owners));
        }
        out
    }

    #[test]
    fn fires_in_order_with_moves_and_cancels() {
        let mut timers = Timers::new(6);
        for (owner, deadline) in [(0, 50), (1, 20), (2, 20), (3, 40), (4, 10)] {
            timers.arm(owner, deadline);
        }
        timers.arm(1, 60); // later: only when it comes to the top
        timers.arm(0, 5); // earlier
        timers.cancel(4);
        assert_eq!(timers.next(4), None);
        assert_eq!(timers.earliest(), 5);
        // One key of the first is before its deadline, and one of the others, which is no matter.
        timers.arm(0, 45);
        timers.tidy();
        assert_eq!(timers.earliest(), 20);
        timers.arm(0, 5);
        assert_eq!(drain(&mut timers, 40), [(5, vec![0]), (20, vec![2]), (40, vec![3])]);
        timers.arm(5, 60);
        assert_eq!(drain(&mut timers, 100), [(60, vec![1, 5])]);
        assert_eq!(timers.next(i64::MAX - 1), None);
    }

    #[test]
    fn agrees_with_a_sorted_list_under_random_use() {
        let mut timers = Timers::new(40);
        let mut due = [NEVER; 40];
        let (mut seed, mut now) = (12_345_u64, 0_i64);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (what, owner, len) = ((seed >> 60) % 4, (seed >> 33) as usize % 40, (seed >> 20) as i64 & 63);
            match what {
                0 | 1 => {
                    timers.arm(owner as u32, now + 1 + len);
                    due[owner] = now + 1 + len;
                }
                2 => {
                    timers.cancel(owner as u32);
                    due[owner] = NEVER;
                }
                _ => {
                    now += len / 8;
                    // Whenever it is done, nobody sees it.
                    if len % 3 == 0 {
                        timers.tidy();
                        assert!(due.iter().all(|due| *due >= timers.earliest()));
                    }
                    let mut want: Vec<(i64, Vec<u32>)> = Vec::new();
                    let mut sorted: Vec<(i64, u32)> = (0..40).filter(|&o| due[o] <= now).map(|o| (due[o], o as u32)).collect();
                    sorted.sort_unstable();
                    for (deadline, o) in sorted {
                        due[o as usize] = NEVER;
                        match want.last_mut() {
                            Some(last) if last.0 == deadline => last.1.push(o),
                            _ => want.push((deadline, vec![o])),
                        }
                    }
                    assert_eq!(drain(&mut timers, now), want);
                }
            }
        }
    }
}

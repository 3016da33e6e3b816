//! The lowest and the highest of a sliding window. Samples are taken in blocks: of the oldest block, what is left of it has its best under each place, worked
//! out once when the window's end enters it; of whole blocks in between a queue holds those that can still come to be the best; of the newest block the best
//! so far is kept. So a sample costs a comparison or two and hardly a branch that the machine can't foresee, which a queue of all samples is full of.

use super::places::{MOST, Places};

/// Samples in a block, a power of two.
const BLOCK: u32 = 16;

/// The best of a block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Best {
    x: f64,
    block: u32,
}

/// The lowest or the highest.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    /// Of the newest block so far.
    open: f64,
    /// Of all whole blocks in between: the first in the queue.
    middle: f64,
    queue: Places,
    /// Where the places of the queue begin among all.
    start: u32,
}

/// Both of a window. A sample is known by its number, which counts up and goes round: those in the window follow `gone`.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Extremes {
    sides: [Side; 2],
    /// The lowest and the highest from each place of the oldest block to its end.
    ends: [[f64; 2]; BLOCK as usize],
}

/// What everything is better than.
const NOTHING: [f64; 2] = [f64::INFINITY, f64::NEG_INFINITY];
const LOWEST: usize = 0;

/// The better of two for one side, the later one where they are equal.
#[inline(always)]
fn better(side: usize, earlier: f64, later: f64) -> f64 {
    let stays = if side == LOWEST { earlier < later } else { earlier > later };
    if stays { earlier } else { later }
}

impl Default for Extremes {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Extremes {
    /// With its queues, of so many places each, from `start` on among all.
    pub(crate) fn new(start: usize, places: usize) -> Self {
        let of = |nothing: f64, start: usize| Side {
            open: nothing,
            middle: nothing,
            queue: Places::default(),
            start: u32::try_from(start).unwrap_or(u32::MAX),
        };
        let [lowest, highest] = NOTHING;
        Self { sides: [of(lowest, start), of(highest, start + places)], ends: [NOTHING; BLOCK as usize] }
    }

    /// Places of one queue of a window for so many samples.
    pub(crate) fn queue(capacity: usize) -> usize {
        capacity.min(MOST) / BLOCK as usize + 2
    }

    /// After the oldest of the window went: `gone` have gone, `len` are there; `x` gives the i-th of them from the oldest.
    #[inline(always)]
    pub(super) fn drop_oldest(&mut self, queues: &mut [Best], gone: u32, len: u32, x: impl Fn(u32) -> f64) {
        if Self::enters(gone, len) {
            self.enter(queues, gone, x);
        }
    }

    /// Whether the oldest of `len` is the first of a whole block, now that so many have gone.
    #[inline(always)]
    pub(super) fn enters(gone: u32, len: u32) -> bool {
        gone.is_multiple_of(BLOCK) && len >= BLOCK
    }

    /// [`push`](Self::push) and both that are [read](Self::read) then, where the newest block is neither whole then nor the oldest; else nothing is done.
    #[inline(always)]
    pub(super) fn push_within(&mut self, gone: u32, len: u32, sample: f64) -> Option<[f64; 2]> {
        let newest = gone.wrapping_add(len.wrapping_sub(1));
        if newest % BLOCK == BLOCK - 1 || gone / BLOCK == newest / BLOCK {
            return None;
        }
        let [low, high] = *self.ends.get((gone % BLOCK) as usize)?;
        let [lowest, highest] = &mut self.sides;
        (lowest.open, highest.open) = (better(0, lowest.open, sample), better(1, highest.open, sample));
        Some([better(0, better(0, low, lowest.middle), lowest.open), better(1, better(1, high, highest.middle), highest.open)])
    }

    /// The oldest is now the first of a whole block.
    #[inline(never)]
    fn enter(&mut self, queues: &mut [Best], gone: u32, x: impl Fn(u32) -> f64) {
        let starts = self.sides.map(|side| side.start);
        for (i, (side, nothing)) in self.sides.iter_mut().zip(NOTHING).enumerate() {
            let queue = part(queues, starts, i);
            let first = |side: &Side| queue.get(side.queue.head as usize).copied().filter(|_| side.queue.len > 0);
            if first(side).is_some_and(|first| first.block == gone / BLOCK) {
                side.queue.drop_oldest();
                side.middle = first(side).map_or(nothing, |first| first.x);
            }
        }
        self.fill_ends(0, x);
    }

    /// Works out the best from each place of the oldest block, of which the oldest sample stands at `from`.
    fn fill_ends(&mut self, from: u32, x: impl Fn(u32) -> f64) {
        let mut best = NOTHING;
        for (place, ends) in (0..BLOCK).zip(&mut self.ends).rev() {
            if place < from {
                break;
            }
            let x = x(place - from);
            // From the end to the start: what was seen before is later.
            best = [better(0, x, best[0]), better(1, x, best[1])];
            *ends = best;
        }
    }

    /// After `sample` came in as the newest: `gone` went before the oldest, `len` are there.
    #[inline(always)]
    pub(super) fn push(&mut self, queues: &mut [Best], gone: u32, len: u32, sample: f64, x: impl Fn(u32) -> f64) {
        for (i, side) in self.sides.iter_mut().enumerate() {
            side.open = better(i, side.open, sample);
        }
        let newest = gone.wrapping_add(len - 1);
        if newest % BLOCK == BLOCK - 1 {
            self.close(queues, gone, newest, x);
        }
    }

    /// The newest block is whole.
    #[inline(never)]
    fn close(&mut self, queues: &mut [Best], gone: u32, newest: u32, x: impl Fn(u32) -> f64) {
        let is_oldest = gone / BLOCK == newest / BLOCK;
        let starts = self.sides.map(|side| side.start);
        for (i, (side, nothing)) in self.sides.iter_mut().zip(NOTHING).enumerate() {
            let best = Best { x: std::mem::replace(&mut side.open, nothing), block: newest / BLOCK };
            if !is_oldest {
                side.push(i, part(queues, starts, i), best);
            }
        }
        if is_oldest {
            self.fill_ends(gone % BLOCK, x);
        }
    }

    /// The lowest or the highest of a window that is not empty.
    #[inline(always)]
    pub(super) fn read(&self, highest: bool, gone: u32, len: u32, x: impl Fn(u32) -> f64) -> f64 {
        let i = usize::from(highest);
        let newest = gone.wrapping_add(len.wrapping_sub(1));
        let [lowest_side, highest_side] = &self.sides;
        if gone / BLOCK == newest / BLOCK {
            return (0..len.min(BLOCK)).map(x).fold(if highest { NOTHING[1] } else { NOTHING[0] }, |best, x| better(i, best, x));
        }
        let side = if highest { highest_side } else { lowest_side };
        let end = self.ends.get((gone % BLOCK) as usize).map_or(f64::NAN, |[low, high]| if highest { *high } else { *low });
        better(i, better(i, end, side.middle), side.open)
    }
}

/// The places of one queue; those of the highest are as many as those of the lowest, and follow.
fn part(queues: &mut [Best], [lowest, highest]: [u32; 2], side: usize) -> &mut [Best] {
    let (start, places) = (if side == LOWEST { lowest } else { highest } as usize, (highest - lowest) as usize);
    queues.get_mut(start..start + places).unwrap_or_default()
}

impl Side {
    fn push(&mut self, side: usize, queue: &mut [Best], best: Best) {
        let yields = |last: &Best| if side == LOWEST { last.x >= best.x } else { last.x <= best.x };
        while self.queue.len > 0 && queue.get(self.queue.at(self.queue.len - 1) as usize).is_some_and(yields) {
            self.queue.len -= 1;
        }
        if !self.queue.has_room() {
            self.queue.grow(queue.len(), 1, queue);
        }
        if let Some(place) = queue.get_mut(self.queue.at(self.queue.len) as usize) {
            *place = best;
            self.queue.len += 1;
        }
        if self.queue.len == 1 {
            self.middle = best.x;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp, reason = "tests")]
    use std::collections::VecDeque;

    use super::*;

    /// Samples come and go in any order, over windows of all sizes; the numbers of samples go round.
    #[test]
    fn are_those_of_all_samples() {
        let mut seed = 5_u64;
        let mut dice = move |sides: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % sides
        };
        for capacity in [1, 2, 15, 16, 17, 31, 32, 33, 100, 1_000] {
            for kind in 0..4 {
                let places = Extremes::queue(capacity);
                let mut all = vec![Best::default(); 3 + 2 * places];
                let (mut extremes, mut window) = (Extremes::new(3, places), VecDeque::<f64>::new());
                let mut gone = u32::MAX - 500;
                for k in 0..6_000 {
                    let more = if k / 300 % 2 == 0 { 1 } else { 3 };
                    for _ in 0..dice(more + 1) + u64::from(window.len() >= capacity) {
                        if window.pop_front().is_some() {
                            gone = gone.wrapping_add(1);
                            extremes.drop_oldest(&mut all, gone, window.len() as u32, |i| window[i as usize]);
                        }
                    }
                    if dice(6) > 0 && window.len() < capacity {
                        let x = match kind {
                            0 => dice(5) as f64,
                            1 => k as f64,
                            2 => -(k as f64),
                            _ => dice(1_000_000) as f64 - 5e5,
                        };
                        window.push_back(x);
                        extremes.push(&mut all, gone, window.len() as u32, x, |i| window[i as usize]);
                    }
                    if !window.is_empty() {
                        let read = |highest| extremes.read(highest, gone, window.len() as u32, |i| window[i as usize]);
                        assert_eq!(read(false), window.iter().copied().fold(f64::INFINITY, f64::min), "{capacity} {kind} {k}");
                        assert_eq!(read(true), window.iter().copied().fold(f64::NEG_INFINITY, f64::max), "{capacity} {kind} {k}");
                    }
                }
            }
        }
    }
}

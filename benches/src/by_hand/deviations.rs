//! A mid more than three deviations above its mean of ten seconds, one rule an instrument; or, in a second form, also where the greatest and the least of the
//! ten seconds are far from each other.
//!
//! What it spends is one guess gone wrong for each event, since nobody knows how many samples leave, and lines of the ring that come from far: taking several out
//! at once without a branch, prefetching and touching ahead were all slower.
#![expect(clippy::indexing_slicing, reason = "an id of 16 bits is within the array, a place modulo its length within a ring")]

use ascep_runtime::event::{Event, Payload};

use super::{IDS, SECOND, by_id};
use crate::rules::RANGE;

/// The samples of an instrument; a power of two.
const SAMPLES: usize = 256;
/// Some places more than are used, or the rings of all instruments would want the same few sets of the cache.
const PITCH: usize = SAMPLES + 4;

/// The rules of [`deviations`](crate::rules::deviations), or with `RANGES` those of [`ranges`](crate::rules::ranges).
#[derive(Debug, Clone)]
pub struct Deviations<const RANGES: bool> {
    instruments: Box<[Deviation; IDS]>,
    extremes: Vec<Extremes>,
    /// Time and value, less the middle of the instrument.
    rings: Vec<[(i64, f64); PITCH]>,
}

/// One line of the cache.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Deviation {
    /// The places of the first sample and of the next, modulo the length of the ring.
    first: u32,
    next: u32,
    /// The time of the first sample.
    front: i64,
    /// Values are taken relative to this one, or their squares would swamp their differences.
    middle: f64,
    sum: f64,
    squares: f64,
    was: bool,
}

/// The greatest and the least sample, and those of each block of the ring. Where one leaves, the blocks are looked through: a deque for each of them, and looking through
/// the whole ring, take half as long again.
#[derive(Debug, Clone)]
struct Extremes {
    most: Extreme,
    least: Extreme,
    blocks: [[f64; 2]; SAMPLES / BLOCK],
}

/// A value, and a place before which no sample has it.
#[derive(Debug, Clone, Copy)]
struct Extreme {
    place: u32,
    value: f64,
}

/// Samples of a block.
const BLOCK: usize = 16;

impl<const RANGES: bool> Deviations<RANGES> {
    /// For so many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        let none = Deviation { first: 0, next: 0, front: i64::MAX, middle: 0.0, sum: 0.0, squares: 0.0, was: false };
        let extreme = Extreme { place: 0, value: 0.0 };
        let extremes = Extremes { most: extreme, least: extreme, blocks: [[0.0; 2]; SAMPLES / BLOCK] };
        let extremes = vec![extremes; if RANGES { instruments } else { 0 }];
        Self { instruments: by_id(none), extremes, rings: vec![[(i64::MAX, 0.0); PITCH]; instruments] }
    }

    /// What rings and sums take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let extremes = if RANGES { size_of::<Extremes>() } else { 0 };
        self.rings.len() * (size_of::<Deviation>() + extremes + size_of::<[(i64, f64); PITCH]>())
    }

    /// Takes events; the number of signals. An instrument may not have more samples in ten seconds than there is room for.
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        let mut fired = 0;
        for event in events {
            let Payload::Quote(quote) = &event.payload else { continue };
            let id = usize::from(event.instrument.0 as u16);
            let Some(ring) = self.rings.get_mut(id) else { continue };
            let one = &mut self.instruments[id];
            let mid = (quote.bid + quote.ask) * 0.5;
            let out = event.ts - 10 * SECOND;
            let mut x = mid - one.middle;
            ring[one.next as usize % SAMPLES] = (event.ts, x);
            one.next = one.next.wrapping_add(1);
            let (mut sum, mut squares) = (one.sum + x, one.squares + x * x);
            if one.front <= out {
                let mut leaves = ring[one.first as usize % SAMPLES].1;
                loop {
                    sum -= leaves;
                    squares -= leaves * leaves;
                    one.first = one.first.wrapping_add(1);
                    let (ts, value) = ring[one.first as usize % SAMPLES];
                    if ts > out {
                        one.front = ts;
                        break;
                    }
                    leaves = value;
                }
            }
            let count = one.next.wrapping_sub(one.first);
            if count == 1 {
                (one.middle, one.front, sum, squares, x) = (mid, event.ts, 0.0, 0.0, 0.0);
                ring[one.first as usize % SAMPLES].1 = x;
            }
            (one.sum, one.squares) = (sum, squares);
            let n = f64::from(count);
            // x > sum / n + 3 sqrt((squares - sum^2 / n) / (n - 1)), without a division or a root; with one sample the deviation is unknown, and 0 > 0 is false.
            let above = n * x - sum;
            let mut now = (above > 0.0) & (above * above * (n - 1.0) > 9.0 * n * (n * squares - sum * sum));
            if RANGES {
                let extremes = &mut self.extremes[id];
                extremes.take(one, ring, x);
                now |= extremes.most.value - extremes.least.value > RANGE;
            }
            fired += u64::from(now & !one.was);
            one.was = now;
        }
        fired
    }
}

impl Extremes {
    /// Takes the newest sample, which is in the ring.
    #[inline(always)]
    fn take(&mut self, one: &Deviation, ring: &[(i64, f64); PITCH], x: f64) {
        let place = one.next.wrapping_sub(1);
        let [most, least] = &mut self.blocks[place as usize % SAMPLES / BLOCK];
        let begins = (place as usize).is_multiple_of(BLOCK) | (place == one.first);
        *most = if begins | (x > *most) { x } else { *most };
        *least = if begins | (x < *least) { x } else { *least };
        let has_left = |extreme: &Extreme| extreme.place.wrapping_sub(one.first).cast_signed() < 0;
        if has_left(&self.most) | has_left(&self.least) {
            self.look(one, ring);
        }
        if x >= self.most.value {
            self.most = Extreme { place, value: x };
        }
        if x <= self.least.value {
            self.least = Extreme { place, value: x };
        }
    }

    /// Looks through the samples before the first whole block, and then through the blocks.
    #[cold]
    #[inline(never)]
    fn look(&mut self, one: &Deviation, ring: &[(i64, f64); PITCH]) {
        let mut place = one.first;
        (self.most, self.least) = (Extreme { place, value: f64::MIN }, Extreme { place, value: f64::MAX });
        while place != one.next {
            let whole = (place as usize).is_multiple_of(BLOCK);
            let value = ring[place as usize % SAMPLES].1;
            let [most, least] = if whole { self.blocks[place as usize % SAMPLES / BLOCK] } else { [value; 2] };
            if most >= self.most.value {
                self.most = Extreme { place, value: most };
            }
            if least <= self.least.value {
                self.least = Extreme { place, value: least };
            }
            let left = one.next.wrapping_sub(place);
            place = place.wrapping_add(if whole { (BLOCK as u32).min(left) } else { 1 });
        }
    }
}

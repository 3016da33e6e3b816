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
    extremes: Box<[Extremes; IDS]>,
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

/// The greatest and the least sample and when they came, the newest of equals. They are looked for again when they leave, which is rare where prices walk.
#[derive(Debug, Clone)]
struct Extremes {
    most: (i64, f64),
    least: (i64, f64),
}

impl<const RANGES: bool> Deviations<RANGES> {
    /// For so many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        let none = Deviation { first: 0, next: 0, front: i64::MAX, middle: 0.0, sum: 0.0, squares: 0.0, was: false };
        let extremes = by_id(Extremes { most: (i64::MIN, 0.0), least: (i64::MIN, 0.0) });
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
                extremes.take(one, ring, out, (event.ts, x));
                now |= extremes.most.1 - extremes.least.1 > RANGE;
            }
            fired += u64::from(now & !one.was);
            one.was = now;
        }
        fired
    }
}

impl Extremes {
    #[inline(always)]
    fn take(&mut self, one: &Deviation, ring: &[(i64, f64); PITCH], out: i64, sample: (i64, f64)) {
        if (self.most.0 <= out) | (self.least.0 <= out) {
            self.look(one, ring);
        }
        if sample.1 >= self.most.1 {
            self.most = sample;
        }
        if sample.1 <= self.least.1 {
            self.least = sample;
        }
    }

    /// Looks through the whole window.
    #[cold]
    #[inline(never)]
    fn look(&mut self, one: &Deviation, ring: &[(i64, f64); PITCH]) {
        let first = ring[one.first as usize % SAMPLES];
        (self.most, self.least) = (first, first);
        for at in 1..one.next.wrapping_sub(one.first) {
            let sample = ring[one.first.wrapping_add(at) as usize % SAMPLES];
            if sample.1 >= self.most.1 {
                self.most = sample;
            }
            if sample.1 <= self.least.1 {
                self.least = sample;
            }
        }
    }
}

//! Times of passes over a stream, taken in turn so that all meet the same moods of the machine, and times of single updates.

use std::hint::black_box;
use std::time::Instant;

use super::updates::{Update, later};

/// Something that takes updates, and says how many ways opened and closed.
pub type Pass<'a> = &'a mut dyn FnMut(&[Update]) -> (u64, u64);

/// Nanoseconds an update over several passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |place: usize| times.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(times.len() / 2), min: at(0), max: at(times.len().saturating_sub(1)) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:6.1} ns ({:.1} .. {:.1})", self.median, self.min, self.max)
    }
}

/// Updates that are timed at once: short enough that most are not interrupted.
const CHUNK: usize = 1 << 12;

/// Plays a stream `times` times to each contender, a chunk to each in turn, each time another one first. What a pass takes is the median of its chunks, so
/// that it does not matter when something else runs in between. The first pass is not measured.
///
/// # Panics
/// If they do not count the same, or nothing.
#[must_use]
pub fn in_turn(updates: &mut [Update], times: usize, contenders: &mut [Pass<'_>]) -> Vec<Spread> {
    let count = contenders.len();
    let mut passes = vec![Vec::with_capacity(times); count];
    let mut counted = vec![(0, 0); count];
    for time in 0..=times {
        let mut chunks = vec![Vec::with_capacity(updates.len() / CHUNK + 1); count];
        for (number, chunk) in updates.chunks(CHUNK).enumerate() {
            for turn in 0..count {
                let which = (turn + number + time) % count;
                let Some(contender) = contenders.get_mut(which) else { continue };
                let began = Instant::now();
                let (opened, closed) = black_box(contender(black_box(chunk)));
                let took = began.elapsed();
                if let (Some(chunks), Some(counted)) = (chunks.get_mut(which), counted.get_mut(which)) {
                    chunks.push(took.as_nanos() as f64 / chunk.len() as f64);
                    counted.0 += opened;
                    counted.1 += closed;
                }
            }
        }
        if time > 0 {
            for (passes, chunks) in passes.iter_mut().zip(chunks) {
                passes.push(Spread::of(chunks).median);
            }
        }
        later(updates);
    }
    if let Some(first) = counted.first() {
        assert!(first.0 > 0 && first.1 > 0, "nothing opened and closed: {first:?}");
        assert!(counted.iter().all(|other| other == first), "openings and closings differ: {counted:?}");
    }
    passes.into_iter().map(Spread::of).collect()
}

/// Times of single updates.
#[derive(Debug, Clone)]
pub struct Singles {
    sorted: Vec<u64>,
    /// What reading the clock takes, in nanoseconds at the median; it is taken off.
    pub clock: u64,
}

impl Singles {
    /// Plays a stream `times` times and reads the clock between any two updates.
    #[must_use]
    pub fn take(updates: &mut [Update], times: usize, mut each: impl FnMut(&Update)) -> Self {
        let clock = Self::times(updates, times, |update| {
            black_box(update);
        });
        let sorted = Self::times(updates, times, &mut each);
        let clock = clock.get(clock.len() / 2).copied().unwrap_or(0);
        Self { sorted, clock }
    }

    fn times(updates: &mut [Update], times: usize, mut each: impl FnMut(&Update)) -> Vec<u64> {
        let mut taken = Vec::with_capacity(updates.len() * times);
        for _ in 0..times {
            let mut before = Instant::now();
            for update in &*updates {
                each(update);
                let now = Instant::now();
                taken.push(u64::try_from((now - before).as_nanos()).unwrap_or(u64::MAX));
                before = now;
            }
            later(updates);
        }
        taken.sort_unstable();
        taken
    }

    /// The time below which a part of the updates stays, less that of the clock.
    #[must_use]
    pub fn quantile(&self, part: f64) -> u64 {
        let place = (self.sorted.len() as f64 * part) as usize;
        self.sorted.get(place).or(self.sorted.last()).map_or(0, |time| time.saturating_sub(self.clock))
    }
}

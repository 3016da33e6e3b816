//! Times of passes over a stream, taken in turn so that all of them meet the same moods of the machine, and times of single updates.

use std::hint::black_box;
use std::time::Instant;

use super::updates::{Update, later};

/// Something that takes a whole stream, and says how many ways opened and closed.
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

/// Plays a stream `times` times to each pass, in turn and each time another one first.
///
/// # Panics
/// If they do not count the same, or nothing.
#[must_use]
pub fn in_turn(updates: &mut [Update], times: usize, passes: &mut [Pass<'_>]) -> Vec<Spread> {
    const WARM: usize = 3;
    let mut taken = vec![Vec::with_capacity(times); passes.len()];
    let mut counted = vec![(0, 0); passes.len()];
    for time in 0..times + WARM {
        for turn in 0..passes.len() {
            let which = (turn + time) % passes.len().max(1);
            let (Some(pass), Some(taken), Some(counted)) = (passes.get_mut(which), taken.get_mut(which), counted.get_mut(which)) else {
                continue;
            };
            let began = Instant::now();
            let (opened, closed) = black_box(pass(black_box(updates)));
            let took = began.elapsed();
            counted.0 += opened;
            counted.1 += closed;
            if time >= WARM {
                taken.push(took.as_nanos() as f64 / updates.len() as f64);
            }
        }
        later(updates);
    }
    if let Some(first) = counted.first() {
        assert!(first.0 > 0 && first.1 > 0, "nothing opened and closed: {first:?}");
        assert!(counted.iter().all(|other| other == first), "openings and closings differ: {counted:?}");
    }
    taken.into_iter().map(Spread::of).collect()
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

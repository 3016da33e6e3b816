//! How often a feed may try, and how long it waits in between. All chance comes from a seed.

use std::collections::VecDeque;
use std::time::Duration;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{RngCore, SeedableRng};
use tokio::time::Instant;

/// At most so many in any stretch of a given length.
#[derive(Debug)]
pub(super) struct Limiter {
    count: usize,
    window: Duration,
    taken: VecDeque<Instant>,
    /// Nobody connects before this, whatever the count says.
    held_until: Option<Instant>,
}

impl Limiter {
    pub(super) fn new(count: usize, window: Duration) -> Self {
        Self { count: count.max(1), window, taken: VecDeque::new(), held_until: None }
    }

    /// The venue wants no connection before `until`: that goes for all of them.
    pub(super) fn hold_until(&mut self, until: Instant) {
        self.held_until = Some(self.held_until.map_or(until, |held| held.max(until)));
    }

    /// Takes the next place, which may lie in the future.
    pub(super) fn take(&mut self, now: Instant) -> Instant {
        let now = self.held_until.map_or(now, |held| held.max(now));
        let at = match self.taken.len().checked_sub(self.count).and_then(|place| self.taken.get(place)) {
            Some(&oldest) => now.max(oldest + self.window),
            None => now,
        };
        self.taken.push_back(at);
        if self.taken.len() > self.count {
            self.taken.pop_front();
        }
        at
    }
}

/// Chance for waits.
#[derive(Debug)]
pub(super) struct Chance(Pcg64Mcg);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Uniform in [0, limit).
    pub(super) fn up_to(&mut self, limit: Duration) -> Duration {
        let part = f64::from(self.0.next_u32()) / (f64::from(u32::MAX) + 1.0);
        limit.mul_f64(part)
    }
}

/// The wait before attempt `n` (from 0) after a loss: doubled each time up to a limit, and of that between a half and the whole.
pub(super) fn backoff(attempt: u32, first: Duration, max: Duration, chance: &mut Chance) -> Duration {
    let whole = first.saturating_mul(1u32.checked_shl(attempt.min(31)).unwrap_or(u32::MAX)).min(max);
    whole / 2 + chance.up_to(whole / 2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn never_more_than_allowed_in_a_window() {
        let window = Duration::from_secs(300);
        let mut limiter = Limiter::new(300, window);
        let mut now = Instant::now();
        let mut taken = Vec::new();
        for i in 0..2_000u32 {
            taken.push(limiter.take(now));
            if i % 10 == 0 {
                now += Duration::from_millis(700);
            }
        }
        assert!(taken.is_sorted());
        assert!(taken.windows(301).all(|w| w[300] - w[0] >= window));
        assert_eq!(taken[299] - taken[0], Duration::from_millis(700) * 30, "the first 300 did not wait");
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        let (first, max) = (Duration::from_millis(100), Duration::from_secs(5));
        let waits = |seed| {
            let mut chance = Chance::new(seed);
            (0..40).map(|n| backoff(n, first, max, &mut chance)).collect::<Vec<_>>()
        };
        for (n, wait) in waits(1).into_iter().enumerate() {
            let whole = first.saturating_mul(1 << n.min(20)).min(max);
            assert!(wait >= whole / 2 && wait <= whole, "{n} {wait:?}");
        }
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn a_ban_holds_everybody_back() {
        let mut limiter = Limiter::new(5, Duration::from_secs(10));
        let now = Instant::now();
        assert_eq!(limiter.take(now), now);
        limiter.hold_until(now + Duration::from_secs(60));
        limiter.hold_until(now + Duration::from_secs(30));
        assert_eq!(limiter.take(now), now + Duration::from_secs(60), "an earlier end does not shorten it");
        let later = now + Duration::from_secs(70);
        assert_eq!(limiter.take(later), later);
    }
}

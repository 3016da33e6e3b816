//! The offset of a venue's clock to ours: the least delay in the last while between the venue's time of a message and its receipt. The least delay
//! is what the clocks differ by plus the shortest way there is; what a message takes longer than that, it was under way.

use crate::event::Timestamp;

/// Parts of the span; a delay leaves the estimate when its part does.
const BUCKETS: usize = 60;

/// Estimates the offset of one venue's clock, in memory of fixed size. See the module.
#[derive(Debug, Clone)]
pub struct ClockOffset {
    /// The least delay of each part; `i64::MAX` where there was none.
    least: [i64; BUCKETS],
    /// The number of the newest part, counted from 1970.
    newest: i64,
    /// The least of all parts.
    estimate: i64,
    /// A delay far below the estimate, which the next one has to confirm: one stamp that is wrong is no jump.
    suspect: Option<i64>,
    width: i64,
    jump: i64,
    jumps: u64,
}

impl ClockOffset {
    /// For a span of time, in nanoseconds, and the change of delay that is taken for a jump of the clock.
    #[must_use]
    pub fn new(span: i64, jump: i64) -> Self {
        let width = (span / BUCKETS as i64).max(1);
        Self { least: [i64::MAX; BUCKETS], newest: i64::MIN, estimate: i64::MAX, suspect: None, width, jump: jump.max(1), jumps: 0 }
    }

    /// Takes the times of a message, and gives the venue's time brought to our clock: never later than `ts`.
    pub fn observe(&mut self, ts: Timestamp, venue_ts: Timestamp) -> Timestamp {
        let delay = ts.saturating_sub(venue_ts);
        let bucket = ts.div_euclid(self.width);
        if bucket > self.newest {
            self.turn(bucket);
        }
        let suspect = self.suspect.take();
        let mut least_now = delay;
        if self.estimate != i64::MAX && delay < self.estimate.saturating_sub(self.jump) {
            let Some(before) = suspect.filter(|before| before.abs_diff(delay) <= self.jump.unsigned_abs()) else {
                self.suspect = Some(delay);
                return venue_ts.saturating_add(self.estimate).min(ts);
            };
            // The venue's clock was set forward: older delays say nothing of it.
            self.jumps += 1;
            self.least = [i64::MAX; BUCKETS];
            self.estimate = i64::MAX;
            least_now = delay.min(before);
        }
        if let Some(least) = self.least.get_mut(Self::place(self.newest)) {
            *least = (*least).min(least_now);
        }
        self.estimate = self.estimate.min(least_now);
        venue_ts.saturating_add(self.estimate).min(ts)
    }

    /// The estimate: what is added to the venue's time.
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        Some(self.estimate).filter(|estimate| *estimate != i64::MAX)
    }

    /// How often the clock jumped.
    #[must_use]
    pub fn jumps(&self) -> u64 {
        self.jumps
    }

    fn place(bucket: i64) -> usize {
        usize::try_from(bucket.rem_euclid(BUCKETS as i64)).unwrap_or(0)
    }

    /// Begins a new part; those that are a span old leave the estimate.
    fn turn(&mut self, bucket: i64) {
        let passed = if self.newest == i64::MIN { BUCKETS as i64 } else { bucket.saturating_sub(self.newest).min(BUCKETS as i64) };
        for n in 0..passed {
            if let Some(least) = self.least.get_mut(Self::place(bucket.wrapping_sub(n))) {
                *least = i64::MAX;
            }
        }
        self.newest = bucket;
        let estimate = self.least.iter().copied().min().unwrap_or(i64::MAX);
        if estimate != i64::MAX && estimate.saturating_sub(self.estimate) > self.jump {
            // For a whole span every delay lay above the old estimate: the clock was set back.
            self.jumps += 1;
        }
        self.estimate = estimate;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn the_least_delay_of_the_span_counts() {
        let mut clock = ClockOffset::new(60 * S, S);
        assert_eq!(clock.offset(), None);
        // The venue's clock is 5 s behind, the way takes 3 ms, then 1 ms, then 8 ms.
        assert_eq!(clock.observe(10 * S + 3_000_000, 5 * S), 10 * S + 3_000_000);
        assert_eq!(clock.observe(11 * S + 1_000_000, 6 * S), 11 * S + 1_000_000);
        assert_eq!(clock.observe(12 * S + 8_000_000, 7 * S), 12 * S + 1_000_000);
        assert_eq!(clock.offset(), Some(5 * S + 1_000_000));
        // The 1 ms leaves 60 s later, the 8 ms a second after it.
        let _ = clock.observe(70 * S + 9_000_000, 65 * S);
        assert_eq!(clock.offset(), Some(5 * S + 1_000_000));
        let _ = clock.observe(71 * S + 9_000_000, 66 * S);
        assert_eq!(clock.offset(), Some(5 * S + 8_000_000));
        let _ = clock.observe(72 * S + 9_000_000, 67 * S);
        assert_eq!((clock.offset(), clock.jumps()), (Some(5 * S + 9_000_000), 0));
    }

    #[test]
    fn a_clock_set_forward_begins_anew_once_a_second_message_says_so() {
        let mut clock = ClockOffset::new(60 * S, S);
        let _ = clock.observe(10 * S, 5 * S);
        assert_eq!(clock.observe(11 * S, 11 * S), 11 * S);
        assert_eq!((clock.offset(), clock.jumps()), (Some(5 * S), 0));
        assert_eq!(clock.observe(11 * S + 2, 11 * S + 1), 11 * S + 1);
        assert_eq!((clock.offset(), clock.jumps()), (Some(0), 1));
        // A delay less than a jump below the estimate is only a better estimate.
        let _ = clock.observe(12 * S, 13 * S);
        assert_eq!((clock.offset(), clock.jumps()), (Some(-S), 1));
    }

    #[test]
    fn stamps_that_are_wrong_one_by_one_change_nothing() {
        let mut clock = ClockOffset::new(60 * S, S);
        let _ = clock.observe(10 * S, 9 * S);
        for (n, wrong) in (11..).zip([i64::MAX, 1_000 * S, 2_000 * S, i64::MAX]) {
            // It counts as of its receipt.
            assert_eq!(clock.observe(n * S, wrong), n * S);
        }
        assert_eq!(clock.observe(15 * S, 14 * S), 15 * S);
        assert_eq!(clock.observe(16 * S, 1_000 * S), 16 * S);
        assert_eq!((clock.offset(), clock.jumps()), (Some(S), 0));
    }

    #[test]
    fn a_clock_set_back_is_believed_after_a_span() {
        let mut clock = ClockOffset::new(60 * S, S);
        let _ = clock.observe(10 * S, 10 * S);
        for n in 11..70 {
            // Too old by the jump until it is known: never too young.
            assert_eq!(clock.observe(n * S, (n - 5) * S), (n - 5) * S);
        }
        assert_eq!(clock.observe(70 * S, 65 * S), 70 * S);
        assert_eq!((clock.offset(), clock.jumps()), (Some(5 * S), 1));
    }

    #[test]
    fn times_at_the_ends_of_the_range_do_no_harm() {
        let mut clock = ClockOffset::new(1, 1);
        for (ts, venue_ts) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, i64::MIN), (i64::MIN, i64::MIN), (i64::MAX, i64::MAX)] {
            assert!(clock.observe(ts, venue_ts) <= ts);
        }
    }
}

//! Every wait, size and limit of a live feed.

use std::time::Duration;

/// Every wait, size and limit of a live feed. The defaults suit Binance; other venues bring their own where they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The longest a connection may take to open, handshakes included.
    pub connect_timeout: Duration,
    /// The longest the venue may take to confirm all subscriptions.
    pub ack_timeout: Duration,
    /// Without any frame for this long, pings included, the symbols of a connection are stale. Binance pings every 20 s.
    pub quiet_after: Duration,
    /// Without any frame for this long the connection is taken for dead, though nobody closed it.
    pub idle_timeout: Duration,
    /// A connection is replaced after this time, before the venue closes it (Binance: after 24 h).
    pub planned_after: Duration,
    /// At most this much less, by chance, so that many connections are not replaced at once.
    pub planned_jitter: Duration,
    /// How long the old connection is still read after the new one works.
    pub overlap: Duration,
    /// How long messages are still compared with those of an old connection after it is gone.
    pub compare_after: Duration,
    /// The wait before the first new attempt; each further one waits twice as long.
    pub backoff_first: Duration,
    /// The longest wait before a new attempt.
    pub backoff_max: Duration,
    /// The wait after the venue said that there were too many requests, unless it names one.
    pub rate_limit_wait: Duration,
    /// The least wait after the venue closed a connection for breaking its rules (close code 1008).
    pub policy_wait: Duration,
    /// A connection that worked for this long was good: the next wait is the first one again.
    pub good_after: Duration,
    /// If no connection ever worked for this long, the feed fails for good.
    pub give_up_after: Duration,
    /// At most this many attempts to connect ..
    pub connects: usize,
    /// .. within this time.
    pub connects_window: Duration,
    /// The least time between two requests on one connection. Binance takes 5 messages a second, pongs included.
    pub request_spacing: Duration,
    /// The most streams on one connection.
    pub streams_per_connection: usize,
    /// The most streams in one request.
    pub streams_per_request: usize,
    /// The longest message in bytes.
    pub max_message: usize,
    /// Frames that wait to be parsed.
    pub frame_queue: usize,
    /// How often what was recorded is handed to the system.
    pub record_flush: Duration,
    /// The seed of all chance.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
            quiet_after: Duration::from_secs(25),
            idle_timeout: Duration::from_secs(60),
            planned_after: Duration::from_secs(23 * 3600 + 1800),
            planned_jitter: Duration::from_secs(1800),
            overlap: Duration::from_secs(2),
            compare_after: Duration::from_secs(10),
            backoff_first: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
            rate_limit_wait: Duration::from_secs(120),
            policy_wait: Duration::from_secs(5),
            good_after: Duration::from_secs(30),
            give_up_after: Duration::from_secs(60),
            // Binance: 300 in 5 minutes for each address, of which others may use some.
            connects: 200,
            connects_window: Duration::from_secs(300),
            request_spacing: Duration::from_millis(250),
            streams_per_connection: 1_024,
            streams_per_request: 200,
            max_message: 16 << 20,
            frame_queue: 4_096,
            record_flush: Duration::from_millis(250),
            seed: 0,
        }
    }
}

/// The longest time that any setting means; a longer one stands for it. Moments beyond the clock's range can't be added up.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

impl Settings {
    /// The same with no duration beyond what the clock can add.
    pub(super) fn bounded(mut self) -> Self {
        for duration in [
            &mut self.connect_timeout,
            &mut self.ack_timeout,
            &mut self.quiet_after,
            &mut self.idle_timeout,
            &mut self.planned_after,
            &mut self.planned_jitter,
            &mut self.overlap,
            &mut self.compare_after,
            &mut self.backoff_first,
            &mut self.backoff_max,
            &mut self.rate_limit_wait,
            &mut self.policy_wait,
            &mut self.good_after,
            &mut self.give_up_after,
            &mut self.connects_window,
            &mut self.request_spacing,
            &mut self.record_flush,
        ] {
            *duration = (*duration).min(LONGEST);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_a_long_time() {
        let settings = Settings { planned_after: Duration::MAX, idle_timeout: Duration::MAX, ..Settings::default() }.bounded();
        assert_eq!((settings.planned_after, settings.idle_timeout), (LONGEST, LONGEST));
        assert_eq!(Settings::default().bounded(), Settings::default());
    }
}

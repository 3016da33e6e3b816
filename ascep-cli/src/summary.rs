//! What `run` and `replay` say on stderr when they end, and the measurements behind it.

use std::time::Duration;

use ascep_feeds::OrderCounters;
use ascep_runtime::Counters;
use hdrhistogram::Histogram;

use crate::intake::FeedOrder;

/// The longest time from event to signal that is told apart: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Times from handing an event to the engine until one of its signals reaches the sink.
#[derive(Debug)]
pub(crate) struct Latency(Option<Histogram<u64>>);

impl Latency {
    /// Three significant digits from 1 ns to a minute.
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).ok())
    }

    /// One signal.
    pub(crate) fn record(&mut self, elapsed: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::try_from(elapsed.as_nanos()).unwrap_or(LONGEST).max(1));
        }
    }

    fn line(&self) -> String {
        let Some(histogram) = self.0.as_ref().filter(|h| !h.is_empty()) else { return "no signals".to_owned() };
        let at = |quantile| human(histogram.value_at_quantile(quantile));
        format!("p50 {}, p99 {}, p99.9 {}, max {}", at(0.5), at(0.99), at(0.999), human(histogram.max()))
    }
}

/// Everything that is counted in a run.
#[derive(Debug)]
pub(crate) struct Summary {
    /// Events handed to the engine, refused ones left out.
    pub(crate) events: u64,
    /// Signals written.
    pub(crate) signals: u64,
    /// Rows, frames and events that could not be taken.
    pub(crate) refused: u64,
    /// What the feeds dropped or merged because the engine was behind.
    pub(crate) conflated: u64,
    /// What was late or far ahead, feed by feed.
    pub(crate) order: Vec<FeedOrder>,
    /// The engine's own counters.
    pub(crate) engine: Counters,
    /// From the first event to the end.
    pub(crate) wall: Duration,
    /// From event to signal.
    pub(crate) latency: Latency,
}

impl Summary {
    /// The lines for stderr.
    pub(crate) fn text(&self) -> String {
        let seconds = self.wall.as_secs_f64();
        let rate = if seconds > 0.0 { self.events as f64 / seconds } else { 0.0 };
        let mut text = format!(
            "events           {}\nsignals          {}\nrefused          {}\nlate             {}\ndropped samples  {}\nheld back        {}\n",
            grouped(self.events),
            grouped(self.signals),
            grouped(self.refused),
            grouped(self.engine.late),
            grouped(self.engine.samples_dropped),
            grouped(self.engine.held_back),
        );
        order_lines(&self.order, &mut text);
        if self.engine.lost_disarmed > 0 {
            text.push_str(&format!("lost, disarmed   {}\n", grouped(self.engine.lost_disarmed)));
        }
        for (label, n) in [
            ("opportunities", self.engine.opportunities),
            ("locked quotes", self.engine.locked),
            ("crossed quotes", self.engine.crossed),
            ("not followed", self.engine.ways_not_followed),
        ] {
            if n > 0 {
                text.push_str(&format!("{label:<17}{}\n", grouped(n)));
            }
        }
        if self.conflated > 0 {
            text.push_str(&format!("conflated        {}\n", grouped(self.conflated)));
        }
        text.push_str(&format!(
            "wall time        {seconds:.3} s\nevents/s         {}\nevent to signal  {}\n",
            grouped(rate.round() as u64),
            self.latency.line()
        ));
        text
    }
}

/// How late events came, for each feed with a late one, and what else was done about time.
pub(crate) fn order_lines(order: &[FeedOrder], text: &mut String) {
    let mut sum = OrderCounters::default();
    for feed in order {
        sum.add(&feed.counters);
    }
    for (label, n) in [
        ("late, dropped", sum.dropped),
        ("reordered", sum.reordered),
        ("released early", sum.released_early),
        ("future refused", sum.future_refused),
        ("future confirmed", sum.future_confirmed),
    ] {
        if n > 0 {
            text.push_str(&format!("{label:<17}{}\n", grouped(n)));
        }
    }
    for FeedOrder { name, late, .. } in order.iter().filter(|feed| feed.late.events > 0) {
        let human = |nanos: i64| human(u64::try_from(nanos).unwrap_or(0));
        let (events, p50, p99, max) = (grouped(late.events), human(late.p50), human(late.p99), human(late.max));
        text.push_str(&format!("LATE             {events} of {name}: p50 {p50}, p99 {p99}, max {max}\n"));
    }
}

/// `1,234,567`
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds with a unit and three digits or so: `850 ns`, `1.52 us`, `12.3 ms`.
fn human(nanos: u64) -> String {
    let value = nanos as f64;
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{:.3} us", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.3} ms", value / 1e6),
        _ => format!("{:.3} s", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(human(999), "999 ns");
        assert_eq!(human(1_500), "1.500 us");
        assert_eq!(human(2_000_000_000), "2.000 s");
    }

    #[test]
    fn no_signals_have_no_latency() {
        assert_eq!(Latency::new().line(), "no signals");
        let mut latency = Latency::new();
        latency.record(Duration::from_nanos(700));
        assert!(latency.line().starts_with("p50 700 ns"));
    }
}

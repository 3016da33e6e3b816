//! How late events came: exactly at most, and within one hundredth at the quantiles.

use hdrhistogram::Histogram;

/// Beyond a week one late event is as late as another.
const LONGEST: u64 = 7 * 86_400 * 1_000_000_000;

/// How late the events of a feed came: how far behind the clock, or the newest event that had been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LateStatistic {
    /// Events that came late.
    pub events: u64,
    /// Half of them were at most so late, in ns.
    pub p50: i64,
    /// 99 in 100 were at most so late, in ns.
    pub p99: i64,
    /// The latest was so late, in ns.
    pub max: i64,
}

/// Gathers a [`LateStatistic`]; takes memory with the first late event.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    histogram: Option<Histogram<u64>>,
    events: u64,
    max: i64,
}

impl Lateness {
    pub(super) fn record(&mut self, late: i64) {
        self.events += 1;
        self.max = self.max.max(late);
        if self.histogram.is_none() {
            self.histogram = Histogram::new_with_bounds(1, LONGEST, 2).ok();
        }
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(u64::try_from(late).unwrap_or(1).max(1));
        }
    }

    pub(super) fn get(&self) -> LateStatistic {
        let at = |quantile| {
            let value = self.histogram.as_ref().map_or(0, |histogram| histogram.value_at_quantile(quantile));
            i64::try_from(value).unwrap_or(i64::MAX).min(self.max)
        };
        LateStatistic { events: self.events, p50: at(0.5), p99: at(0.99), max: self.max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_within_a_hundredth() {
        let mut late = Lateness::default();
        assert_eq!(late.get(), LateStatistic::default());
        for k in 1..=1_000 {
            late.record(k * 1_000_000);
        }
        let got = late.get();
        assert_eq!((got.events, got.max), (1_000, 1_000_000_000));
        for (value, want) in [(got.p50, 500_000_000), (got.p99, 990_000_000)] {
            assert!((value - want).abs() <= want / 100, "{value}");
        }
        late.record(i64::MAX);
        assert_eq!(late.get().max, i64::MAX);
    }
}

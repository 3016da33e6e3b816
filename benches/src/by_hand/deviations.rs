//! A mid more than three deviations above its mean of ten seconds, one rule an instrument.
#![expect(clippy::indexing_slicing, reason = "an id of 16 bits is within the array")]

use std::collections::VecDeque;

use ascep_runtime::event::{Event, Payload};

use super::SECOND;

/// The rules of [`deviations`](crate::rules::deviations).
#[derive(Debug, Clone)]
pub struct Deviations {
    instruments: Vec<Deviation>,
}

/// The mids of ten seconds of one instrument, and their sums.
#[derive(Debug, Clone)]
struct Deviation {
    samples: VecDeque<(i64, f64)>,
    /// Values are taken relative to this one, or their squares would swamp their differences.
    middle: f64,
    sum: f64,
    squares: f64,
    above: bool,
}

impl Deviations {
    /// For so many instruments, with room for so many samples each.
    #[must_use]
    pub fn new(instruments: usize, samples: usize) -> Self {
        let one = Deviation { samples: VecDeque::with_capacity(samples), middle: 0.0, sum: 0.0, squares: 0.0, above: false };
        // A clone of an empty deque has no capacity.
        let instruments = (0..instruments).map(|_| Deviation { samples: VecDeque::with_capacity(samples), ..one.clone() }).collect();
        Self { instruments }
    }

    /// What windows and sums take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.instruments.iter().map(|one| size_of::<Deviation>() + one.samples.capacity() * size_of::<(i64, f64)>()).sum()
    }

    /// Takes events; the number of signals.
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        events.iter().map(|event| self.on_event(event)).sum()
    }

    #[inline]
    fn on_event(&mut self, event: &Event<'_>) -> u64 {
        let Payload::Quote(quote) = &event.payload else { return 0 };
        let Deviation { samples, middle, sum, squares, above } = &mut self.instruments[event.instrument.0 as usize];
        let mid = (quote.bid + quote.ask) / 2.0;
        while let Some(&(ts, old)) = samples.front()
            && ts <= event.ts - 10 * SECOND
        {
            samples.pop_front();
            let old = old - *middle;
            *sum -= old;
            *squares -= old * old;
        }
        if samples.is_empty() {
            (*middle, *sum, *squares) = (mid, 0.0, 0.0);
        }
        samples.push_back((event.ts, mid));
        let x = mid - *middle;
        *sum += x;
        *squares += x * x;
        let n = samples.len() as f64;
        // x > sum / n + 3 sqrt((squares - sum^2 / n) / (n - 1)), without a division or a root; with one sample the deviation is unknown, and 0 > 0 is false.
        let above_mean = n * x - *sum;
        let now = (above_mean > 0.0) & (above_mean * above_mean * (n - 1.0) > 9.0 * n * (n * *squares - *sum * *sum));
        let fires = now & !*above;
        *above = now;
        u64::from(fires)
    }
}

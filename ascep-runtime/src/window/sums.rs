//! Sums over a window other than those of mean and deviation, each changed by what comes and what goes, with 106 bits.

use super::total::Total;
use super::{Sample, Samples};
use crate::plan::Parts;

/// The sums of one window with what is kept for them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(super) sums: Sums,
    /// Samples since the sums were last worked out anew.
    pub(super) pushes: u32,
    /// How many of the samples are beyond [`HUGE`](super::HUGE).
    pub(super) huge: u32,
    /// How many of the newest samples have the same x, and the same y, as far as they were counted.
    pub(super) runs: [u32; 2],
}

impl Totals {
    /// Takes in the newest of these samples; `before` was the newest before.
    pub(super) fn push(&mut self, samples: Samples<'_>, before: Option<Sample>, sample: Sample) {
        let same = before.map_or([false; 2], |before| [before.x == sample.x, before.y == sample.y]);
        for (run, same) in self.runs.iter_mut().zip(same) {
            *run = if same { run.saturating_add(1) } else { 1 };
        }
        self.huge += u32::from(sample.is_huge());
        self.sums.add(samples.parts, samples.len() - 1, before, sample);
        self.renew(samples);
    }

    /// Works the sums out anew now and then, which costs little against the samples that came in the meantime.
    #[inline]
    fn renew(&mut self, samples: Samples<'_>) {
        self.pushes += 1;
        if self.pushes & 15 == 0 {
            self.sums.settle();
        }
        if self.pushes as usize >= 4 * samples.len().max(64) {
            self.pushes = 0;
            self.sums = Sums::of(samples);
        } else if self.sums.are_spoiled() {
            self.sums.renew_squares(samples.parts, Sums::of(samples));
        }
    }

    /// After the oldest has left these samples.
    pub(super) fn drop_oldest(&mut self, samples: Samples<'_>, oldest: Sample) {
        self.huge -= u32::from(oldest.is_huge());
        match samples.oldest() {
            Some(next) => self.sums.remove(samples.parts, oldest, next),
            None => (self.pushes, self.sums) = (0, Sums::default()),
        }
    }
}

/// Sums over the samples that are not beyond all measure; those that nobody asks for are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) x: Total,
    pub(super) xx: Total,
    pub(super) y: Total,
    pub(super) yy: Total,
    pub(super) xy: Total,
    /// Of i x, the oldest being 0.
    pub(super) ranked: Total,
    /// Of times in nanoseconds since `epoch`.
    pub(super) t: Total,
    pub(super) tt: Total,
    pub(super) tx: Total,
    pub(super) epoch: i64,
    /// Of x times the nanoseconds until the next sample; the newest has none.
    pub(super) area: Total,
    /// The most that the squares of x, and of y, have come to since they were worked out anew: 106 bits below it is where they end.
    pub(super) peaks: [f64; 2],
}

/// Squares that have come down to this part of their peak are worked out anew.
const SPOILED: f64 = 1e-6;

/// A length of time as a number, exact up to 104 days.
#[expect(clippy::cast_precision_loss, reason = "longer ones to the nearest number")]
pub(super) fn elapsed(from: i64, to: i64) -> f64 {
    to.saturating_sub(from) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples is far below 2^53")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}

impl Sums {
    /// Of these samples.
    #[cold]
    pub(super) fn of(samples: Samples<'_>) -> Self {
        let mut sums = Self::default();
        let mut before = None;
        for (i, sample) in samples.iter().enumerate() {
            sums.add(samples.parts, i, before, sample);
            before = Some(sample);
            if i & 15 == 15 {
                sums.settle();
            }
        }
        sums
    }

    /// Adds a sample to `len` others, `newest` the newest of them.
    #[inline]
    pub(super) fn add(&mut self, parts: Parts, len: usize, newest: Option<Sample>, sample: Sample) {
        if parts.has(Parts::AREA)
            && let Some(newest) = newest.filter(|newest| !newest.is_huge())
        {
            self.area.add(newest.x * elapsed(newest.ts, sample.ts));
        }
        if len == 0 {
            self.epoch = sample.ts;
        }
        if sample.is_huge() {
            return;
        }
        if parts.has(Parts::RANKED) {
            self.ranked.add_product(sample.x, count(len), 1.0);
        }
        self.change(parts, sample, 1.0);
    }

    /// Takes the oldest sample out; `next` is the one after it.
    #[inline]
    pub(super) fn remove(&mut self, parts: Parts, oldest: Sample, next: Sample) {
        if !oldest.is_huge() {
            if parts.has(Parts::AREA) {
                self.area.add(-(oldest.x * elapsed(oldest.ts, next.ts)));
            }
            self.change(parts, oldest, -1.0);
        }
        // All others come one rank lower.
        if parts.has(Parts::RANKED) {
            self.ranked.take(self.x);
        }
    }

    #[inline(always)]
    fn change(&mut self, parts: Parts, sample: Sample, sign: f64) {
        let Sample { ts, x, y } = sample;
        if parts.has(Parts::SUM) {
            self.x.add(sign * x);
        }
        if parts.has(Parts::SQUARES) {
            self.xx.add_square(x, sign);
            self.peaks[0] = self.peaks[0].max(self.xx.high);
        }
        if parts.has(Parts::PAIRS) {
            self.y.add(sign * y);
            self.yy.add_square(y, sign);
            self.peaks[1] = self.peaks[1].max(self.yy.high);
            self.xy.add_product(x, y, sign);
        }
        if parts.has(Parts::TIMES) {
            let t = elapsed(self.epoch, ts);
            self.t.add(sign * t);
            self.tt.add_square(t, sign);
            self.tx.add_product(t, x, sign);
        }
    }

    /// Whether an outlier has left the window that was so large that what is left of its squares is a matter of rounding.
    #[inline]
    pub(super) fn are_spoiled(&self) -> bool {
        self.xx.high < self.peaks[0] * SPOILED || self.yy.high < self.peaks[1] * SPOILED
    }

    /// Takes over what is kept together with squares. The sum of x stays: it is the same whether squares are kept or not.
    pub(super) fn renew_squares(&mut self, parts: Parts, renewed: Self) {
        let Self { xx, y, yy, xy, peaks, .. } = renewed;
        (self.xx, self.peaks) = (xx, peaks);
        if parts.has(Parts::PAIRS) {
            (self.y, self.yy, self.xy) = (y, yy, xy);
        }
    }

    /// Brings what rounding took back where it is large enough.
    pub(super) fn settle(&mut self) {
        let Self { x, xx, y, yy, xy, ranked, t, tt, tx, epoch: _, area, peaks: _ } = self;
        for total in [x, xx, y, yy, xy, ranked, t, tt, tx, area] {
            *total = total.settled();
        }
    }
}

//! Indicators and means with weights that fade: each takes its arguments at an update and keeps a few numbers. Where the function is one of
//! TA-Lib's, so are its values.

use super::look::{is_update, number};
use super::num::finite;
use crate::plan::{PeriodPlan, Plan};
use crate::state::State;

/// Which indicator.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Indicator {
    /// `[x]`: passes over `skip` updates, begins with the mean of `n`.
    Ema { n: u32, skip: u32 },
    /// `[x]`
    Rsi(u32),
    /// `[high, low, close]`
    Atr(u32),
    /// `[close, volume]`
    Obv,
    /// `[x]`, with its half-life.
    Decay(PeriodPlan),
}

/// What an indicator keeps; what each number is, its function below says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Progress {
    /// Updates so far, as far as they matter.
    pub(crate) seen: u32,
    /// Of the last update: x or the close, and for a mean that fades its time.
    pub(crate) before: f64,
    pub(crate) ts: i64,
    /// The sums that become the first means, and then the means.
    pub(crate) means: [f64; 2],
}

/// The indicator after this step, if that is an update.
pub(super) fn visit(plan: &Plan, state: &mut State, args: &[u32], index: u32) -> Option<u64> {
    if !is_update(plan, state, args) {
        return None;
    }
    let indicator = *plan.indicators.get(index as usize)?;
    let [x, y, z] = [0, 1, 2].map(|i| number(state, args, i));
    let (clock, half_life) = (state.clock, if let Indicator::Decay(period) = indicator { state.period(period) } else { 0 });
    let progress = state.progress.get_mut(index as usize)?;
    let value = match indicator {
        Indicator::Ema { n, skip } => progress.ema(x, n, skip),
        Indicator::Rsi(n) => progress.rsi(x, n),
        Indicator::Atr(n) => progress.atr([x, y, z], n),
        Indicator::Obv => progress.obv(x, y),
        Indicator::Decay(_) => progress.decay(x, clock, half_life),
    };
    Some(finite(value).to_bits())
}

impl Progress {
    /// The exponential mean: alpha is 2 / (n + 1).
    fn ema(&mut self, x: f64, n: u32, skip: u32) -> f64 {
        let (first, seeded) = (skip, skip.saturating_add(n));
        let [mean, _] = &mut self.means;
        if self.seen >= seeded {
            *mean += (x - *mean) * 2.0 / (f64::from(n) + 1.0);
            return *mean;
        }
        self.seen += 1;
        if self.seen <= first {
            return f64::NAN;
        }
        *mean += x;
        if self.seen < seeded {
            return f64::NAN;
        }
        *mean /= f64::from(n);
        *mean
    }

    /// Wilder's mean of the k-th number, from 1: the mean of the first n, and from there on (mean (n - 1) + x) / n.
    fn wilder(mean: f64, x: f64, k: u32, n: u32) -> f64 {
        let length = f64::from(n);
        match k.cmp(&n) {
            std::cmp::Ordering::Less => mean + x,
            std::cmp::Ordering::Equal => (mean + x) / length,
            std::cmp::Ordering::Greater => (mean * (length - 1.0) + x) / length,
        }
    }

    /// J. W. Wilder, "New Concepts in Technical Trading Systems", 1978: the mean gain in percent of mean gain and mean loss.
    fn rsi(&mut self, x: f64, n: u32) -> f64 {
        let change = x - self.before;
        self.before = x;
        if self.seen == 0 {
            self.seen = 1;
            return f64::NAN;
        }
        let k = self.seen;
        let [gain, loss] = self.means;
        let (gain, loss) = (Self::wilder(gain, change.max(0.0), k, n), Self::wilder(loss, (-change).max(0.0), k, n));
        self.means = [gain, loss];
        self.seen = k.min(n).saturating_add(1);
        if k < n || gain + loss == 0.0 { f64::NAN } else { 100.0 * gain / (gain + loss) }
    }

    /// Wilder's mean of the true ranges, which begin with the second bar.
    fn atr(&mut self, [high, low, close]: [f64; 3], n: u32) -> f64 {
        let before = self.before;
        self.before = close;
        if self.seen == 0 {
            self.seen = 1;
            return f64::NAN;
        }
        let k = self.seen;
        let range = (high - low).max((high - before).abs()).max((low - before).abs());
        let [mean, _] = &mut self.means;
        *mean = Self::wilder(*mean, range, k, n);
        self.seen = k.min(n).saturating_add(1);
        if k < n { f64::NAN } else { *mean }
    }

    /// The volume of the first bar, and from there on that of each bar whose close rose, less that of each whose close fell.
    fn obv(&mut self, close: f64, volume: f64) -> f64 {
        let [sum, _] = &mut self.means;
        if self.seen == 0 || close > self.before {
            *sum += volume;
        } else if close < self.before {
            *sum -= volume;
        }
        (self.seen, self.before) = (1, close);
        *sum
    }

    /// The mean weighted by time: what is one half-life old weighs half.
    #[expect(clippy::cast_precision_loss, reason = "lengths of time above 104 days to the nearest number")]
    fn decay(&mut self, x: f64, ts: i64, half_life: i64) -> f64 {
        let [mean, _] = &mut self.means;
        if self.seen == 0 {
            *mean = x;
        } else {
            let passed = ts.saturating_sub(self.ts) as f64;
            *mean += (x - *mean) * (1.0 - libm::exp2(-passed / half_life as f64));
        }
        (self.seen, self.ts) = (1, ts);
        *mean
    }
}

/// The raw stochastic in percent: where the close is between the lowest and the highest; 0 where they are one.
pub(super) fn fast_k(state: &State, args: &[u32]) -> u64 {
    let [close, lowest, highest] = [0, 1, 2].map(|i| number(state, args, i));
    let range = highest - lowest;
    finite(if range == 0.0 { close * 0.0 + 0.0 } else { 100.0 * (close - lowest) / range }).to_bits()
}

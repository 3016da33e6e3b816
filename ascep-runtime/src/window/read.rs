//! Statistics read from the sums, queues and orders of a window. NaN stands for what is unknown; the caller makes it the one that the engine
//! knows, as it does with what is not finite.

use ascep_lang::program::Stat;

use super::sums::{count, elapsed};
use super::total::Total;
use super::{HUGE_WITHIN, Read, Sample, Samples, Totals, Window, Windows, direct};
use crate::plan::{Plan, WindowPlan};

/// Where the squares of the deviations are less than this part of what the squares have come to, sums do not hold them well enough.
const NEARLY_NONE: f64 = 1e-19;

impl Read {
    /// One of the statistics that are read from the moments, of two samples at least where it needs them.
    #[inline(always)]
    pub(crate) fn statistic(&self, stat: Stat, newest: impl FnOnce() -> f64) -> f64 {
        match stat {
            Stat::Avg => self.mean(),
            Stat::Variance => self.variance(),
            Stat::Stddev => self.deviation(),
            Stat::StddevPop => self.deviation_of_all(),
            Stat::Zscore => self.zscore(newest()),
            _ => f64::NAN,
        }
    }
}

impl Windows {
    /// A statistic of the samples, `length` the window's length of time; NaN where there are none, or too few.
    pub(crate) fn statistic(&self, plan: &Plan, id: u32, stat: Stat, length: i64) -> f64 {
        let Some((window_plan, window, samples)) = self.of(plan, id) else { return f64::NAN };
        let n = samples.len();
        match stat {
            Stat::Count => return count(n),
            Stat::Rate => return count(n) / (elapsed(0, length) / 1e9),
            Stat::Sum if n == 0 => return 0.0,
            _ if n == 0 => return f64::NAN,
            Stat::Stddev | Stat::Variance | Stat::Zscore | Stat::Slope | Stat::Corr | Stat::Beta if n < 2 => return f64::NAN,
            _ => {}
        }
        match stat {
            Stat::First => samples.oldest().map_or(f64::NAN, |sample| sample.x),
            Stat::Last => samples.newest().map_or(f64::NAN, |sample| sample.x),
            Stat::Lowest | Stat::Highest => self.extreme(window_plan, window, samples, stat == Stat::Highest),
            Stat::Median => self.percentile(window_plan, n, 50.0),
            Stat::Percentile(p) => self.percentile(window_plan, n, f64::from_bits(p)),
            Stat::Avg | Stat::Stddev | Stat::StddevPop | Stat::Variance | Stat::Zscore => {
                let newest = || samples.newest().map_or(f64::NAN, |sample| sample.x);
                let read = if window.flags & HUGE_WITHIN == 0 { window.moments.read(count(n)) } else { None };
                read.map_or_else(|| direct::statistic(stat, samples, false), |read| read.statistic(stat, newest))
            }
            _ => {
                let in_time = window_plan.period.is_some();
                let totals = self.totals.get(window_plan.totals as usize).filter(|totals| totals.huge == 0);
                let of_sums = totals.and_then(|totals| of_sums(stat, totals, samples, in_time));
                of_sums.unwrap_or_else(|| direct::statistic(stat, samples, in_time))
            }
        }
    }

    #[inline]
    fn extreme(&self, plan: &WindowPlan, window: &Window, samples: Samples<'_>, highest: bool) -> f64 {
        let extremes = self.extremes.get(plan.extremes as usize);
        extremes.map_or(f64::NAN, |extremes| extremes.read(highest, window.gone, window.places.len, |i| samples.x(i)))
    }

    fn percentile(&self, plan: &WindowPlan, n: usize, p: f64) -> f64 {
        let rank = p / 100.0 * (count(n) - 1.0);
        let below = rank.floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank among the samples")]
        let ranks = self.sorted.get(plan.sorted as usize).and_then(|sorted| sorted.ranks(below as usize));
        ranks.map_or(f64::NAN, |(low, next)| low + (rank - below) * (next - low))
    }

    /// `change`, `delta` and `twap` as of `clock`: x against x as it stood at `edge`, which is C - d. The sample from before the window counts
    /// among the most that it may hold.
    pub(crate) fn against_the_past(&self, plan: &Plan, id: u32, stat: Stat, partial: bool, edge: i64, clock: i64) -> f64 {
        let Some((window_plan, _, samples)) = self.of(plan, id) else { return f64::NAN };
        let left = samples.left().filter(|_| samples.len() < window_plan.capacity);
        let Some(newest) = samples.newest().or(left) else { return f64::NAN };
        let then = left.filter(|left| left.ts <= edge);
        match stat {
            Stat::Change => then.map_or(f64::NAN, |then| newest.x / then.x - 1.0),
            Stat::Delta => then.map_or(f64::NAN, |then| newest.x - then.x),
            Stat::Twap if then.is_some() || partial => {
                self.totals.get(window_plan.totals as usize).map_or(f64::NAN, |totals| mean_over_time(totals, samples, left, edge, clock))
            }
            _ => f64::NAN,
        }
    }
}

/// The mean of x, held between samples, from `edge` on, or from the first sample where that is later.
fn mean_over_time(totals: &Totals, samples: Samples<'_>, left: Option<Sample>, edge: i64, clock: i64) -> f64 {
    let mut area = totals.sums.area;
    if totals.huge > 0 {
        area = Total::default();
        let mut before: Option<Sample> = None;
        for sample in samples.iter() {
            if let Some(before) = before {
                area.add(before.x * elapsed(before.ts, sample.ts));
            }
            before = Some(sample);
        }
    }
    let oldest = samples.oldest();
    if let Some(left) = left {
        area.add(left.x * elapsed(left.ts.max(edge), oldest.map_or(clock, |oldest| oldest.ts)));
    }
    let newest = samples.newest();
    if let Some(newest) = newest {
        area.add(newest.x * elapsed(newest.ts, clock));
    }
    let from = left.or(oldest).map_or(clock, |first| first.ts.max(edge));
    if from == clock { newest.or(left).map_or(f64::NAN, |newest| newest.x) } else { area.value() / elapsed(from, clock) }
}

/// n times the sum of the products of the deviations.
#[inline]
fn spread(n: f64, products: Total, x: Total, y: Total) -> f64 {
    products.times(n).minus(x.times_total(y)).value()
}

/// n times the sum of the squares of the deviations: 0 where all samples are equal, nothing where the sums do not hold it.
#[inline]
fn square_spread(n: usize, squares: Total, peak: f64, x: Total, run: u32) -> Option<f64> {
    if run as usize >= n {
        return Some(0.0);
    }
    let n = count(n);
    let spread = squares.times(n).minus(x.square()).value();
    (spread > n * peak * NEARLY_NONE).then_some(spread)
}

/// From the sums, of two samples at least where the statistic needs them.
#[inline]
fn of_sums(stat: Stat, totals: &Totals, samples: Samples<'_>, in_time: bool) -> Option<f64> {
    let (samples_n, sums) = (samples.len(), &totals.sums);
    let n = count(samples_n);
    let ([run_x, run_y], [peak_x, peak_y]) = (totals.runs, sums.peaks);
    let squares_x = || square_spread(samples_n, sums.xx, peak_x, sums.x, run_x);
    let squares_y = || square_spread(samples_n, sums.yy, peak_y, sums.y, run_y);
    Some(match stat {
        Stat::Sum => sums.x.value(),
        Stat::Wma if run_x as usize >= samples_n => samples.newest().map_or(f64::NAN, |sample| sample.x),
        // Ranks begin with 0 and weights with 1.
        Stat::Wma => {
            let mut weighted = sums.ranked;
            weighted.add(sums.x.high);
            weighted.add(sums.x.low);
            weighted.value() / (n * (n + 1.0) / 2.0)
        }
        Stat::Slope if in_time && samples.oldest().map(|sample| sample.ts) == samples.newest().map(|sample| sample.ts) => f64::NAN,
        Stat::Slope if run_x as usize >= samples_n => 0.0,
        Stat::Slope if in_time => spread(n, sums.tx, sums.t, sums.x) / spread(n, sums.tt, sums.t, sums.t) * 1e9,
        Stat::Slope => {
            let ranks = Total { high: n * (n - 1.0) / 2.0, low: 0.0 };
            spread(n, sums.ranked, ranks, sums.x) / (n * n * (n * n - 1.0) / 12.0)
        }
        Stat::Corr => {
            let (of_x, of_y) = (squares_x()?, squares_y()?);
            let together = spread(n, sums.xy, sums.x, sums.y);
            if of_x > 0.0 && of_y > 0.0 { (together / (of_x.sqrt() * of_y.sqrt())).clamp(-1.0, 1.0) } else { f64::NAN }
        }
        // The first argument is y.
        Stat::Beta => {
            let (_, of_y) = (squares_x()?, squares_y()?);
            spread(n, sums.xy, sums.x, sums.y) / of_y
        }
        Stat::Vwap if run_y as usize >= samples_n && samples.newest().is_some_and(|sample| sample.y == 0.0) => f64::NAN,
        Stat::Vwap => sums.xy.value() / sums.y.value(),
        _ => return None,
    })
}

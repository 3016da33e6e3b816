//! Statistics of samples, each worked out from all samples by its definition: a mean first, then the deviations from it; percentiles by sorting.

use ascep_lang::program::Stat;

use super::value::Val;
use crate::event::Timestamp;

/// What was taken at one update: a value for each argument of the operator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) ts: Timestamp,
    pub(super) values: Vec<Val>,
}

/// A statistic of samples, oldest first, that is not unknown because of the window. `length` is that of a time window, in nanoseconds.
pub(super) fn statistic(stat: Stat, samples: &[Sample], length: Option<i64>) -> Val {
    let column = |i: usize| -> Vec<f64> { samples.iter().filter_map(|s| number(s.values.get(i)?)).collect() };
    let n = samples.len() as f64;
    match stat {
        Stat::Count => return Val::Num(n),
        Stat::Rate => return length.map_or(Val::Unknown, |d| Val::num(n / seconds(d))),
        _ => {}
    }
    let x = column(0);
    let result = match stat {
        Stat::Count | Stat::Rate | Stat::Change | Stat::Delta | Stat::Twap => None,
        Stat::Sum => Some(sum(&x)),
        Stat::Avg => mean(&x),
        Stat::Lowest => x.iter().copied().reduce(|a, b| if b < a { b } else { a }),
        Stat::Highest => x.iter().copied().reduce(|a, b| if b > a { b } else { a }),
        Stat::First => x.first().copied(),
        Stat::Last => x.last().copied(),
        Stat::Median => percentile(&x, 50.0),
        Stat::Percentile(p) => percentile(&x, f64::from_bits(p)),
        Stat::Stddev => variance(&x).map(f64::sqrt),
        Stat::StddevPop => squares(&x, &x).map(|s| (s / n).sqrt()),
        Stat::Variance => variance(&x),
        Stat::Zscore => zscore(&x),
        Stat::Slope => {
            let newest = samples.last().map_or(0, |s| s.ts);
            let at = |(i, s): (usize, &Sample)| if length.is_some() { seconds(s.ts.saturating_sub(newest)) } else { i as f64 };
            let places: Vec<f64> = samples.iter().enumerate().map(at).collect();
            ratio(squares(&places, &x), squares(&places, &places))
        }
        Stat::Wma => {
            let weights: Vec<f64> = (1..=x.len()).map(|w| w as f64).collect();
            within(&x, ratio(Some(products(&x, &weights)), Some(sum(&weights))))
        }
        Stat::Corr => {
            let y = column(1);
            let of_each = squares(&x, &x).zip(squares(&y, &y)).filter(|(a, b)| *a > 0.0 && *b > 0.0);
            ratio(squares(&x, &y), of_each.map(|(a, b)| a.sqrt() * b.sqrt()))
        }
        Stat::Beta => {
            // The first argument is y.
            let of_x = column(1);
            ratio(squares(&of_x, &x), squares(&of_x, &of_x))
        }
        Stat::Vwap => {
            let q = column(1);
            within(&x, ratio(Some(products(&x, &q)), Some(sum(&q))))
        }
    };
    result.map_or(Val::Unknown, Val::num)
}

fn number(value: &Val) -> Option<f64> {
    match value {
        Val::Num(x) => Some(*x),
        _ => None,
    }
}

fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

fn sum(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |sum, x| sum + x)
}

fn products(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
}

/// Unknown where the divisor is 0 or unknown.
fn ratio(of: Option<f64>, by: Option<f64>) -> Option<f64> {
    by.filter(|by| *by != 0.0).and_then(|by| Some(of? / by))
}

/// The mean; none of no numbers.
pub(super) fn mean(x: &[f64]) -> Option<f64> {
    within(x, ratio(Some(sum(x)), Some(x.len() as f64)))
}

/// A mean of numbers, weighted or not: rounding never takes it beyond them, so that equal ones have no deviation from it.
fn within(x: &[f64], mean: Option<f64>) -> Option<f64> {
    let lowest = x.iter().copied().reduce(f64::min)?;
    let highest = x.iter().copied().reduce(f64::max)?;
    mean.map(|mean| mean.max(lowest).min(highest))
}

/// The sum of (x - mean of x) (y - mean of y).
fn squares(x: &[f64], y: &[f64]) -> Option<f64> {
    let (of_x, of_y) = (mean(x)?, mean(y)?);
    Some(x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + (x - of_x) * (y - of_y)))
}

/// The sample variance, of two numbers at least.
fn variance(x: &[f64]) -> Option<f64> {
    if x.len() < 2 { None } else { ratio(squares(x, x), Some(x.len() as f64 - 1.0)) }
}

fn zscore(x: &[f64]) -> Option<f64> {
    ratio(Some(x.last()? - mean(x)?), Some(variance(x)?.sqrt()))
}

/// Linear between the ranks p / 100 (n - 1).
fn percentile(x: &[f64], p: f64) -> Option<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = p / 100.0 * (x.len() as f64 - 1.0);
    let below = rank.floor();
    let at = sorted.get(below as usize)?;
    let next = sorted.get(below as usize + 1).unwrap_or(at);
    Some(at + (rank - below) * (next - at))
}

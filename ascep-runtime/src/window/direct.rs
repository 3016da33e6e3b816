//! Statistics worked out from all samples of a window by their definitions: for what sums do not stand. A number beyond all measure is in
//! the window, or the deviations are so small beside the mean that not even 106 bits hold both.

use ascep_lang::program::Stat;

use super::sums::{count, elapsed};
use super::{Sample, Samples};

/// What of a sample a mean is taken of.
type Coordinate = fn(Sample) -> f64;

/// The statistics that are read from sums; NaN for others.
#[cold]
pub(super) fn statistic(stat: Stat, samples: Samples<'_>, in_time: bool) -> f64 {
    let n = samples.len();
    let (x, y): (Coordinate, Coordinate) = (|sample| sample.x, |sample| sample.y);
    let sum = |of: fn(Sample) -> f64| samples.iter().map(of).sum::<f64>();
    match stat {
        Stat::Sum => sum(x),
        Stat::Avg => mean(samples, x),
        Stat::Variance => variance(samples),
        Stat::Stddev => variance(samples).sqrt(),
        Stat::StddevPop => (deviations(samples, x, x) / count(n)).sqrt(),
        Stat::Zscore => {
            let newest = samples.newest().map_or(f64::NAN, x);
            (newest - mean(samples, x)) / variance(samples).sqrt()
        }
        Stat::Wma => {
            samples.iter().zip(1..).map(|(sample, weight)| sample.x * f64::from(weight)).sum::<f64>() / (count(n) * (count(n) + 1.0) / 2.0)
        }
        Stat::Slope => slope(samples, in_time),
        Stat::Corr => {
            let (of_x, of_y) = (deviations(samples, x, x), deviations(samples, y, y));
            if of_x > 0.0 && of_y > 0.0 { (deviations(samples, x, y) / (of_x.sqrt() * of_y.sqrt())).clamp(-1.0, 1.0) } else { f64::NAN }
        }
        // The first argument is y.
        Stat::Beta => deviations(samples, x, y) / deviations(samples, y, y),
        Stat::Vwap => sum(|sample| sample.x * sample.y) / sum(y),
        _ => f64::NAN,
    }
}

/// Rounding never takes it beyond the samples, so that equal ones have their own mean.
fn mean(samples: Samples<'_>, of: Coordinate) -> f64 {
    let (mut sum, mut lowest, mut highest) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    for x in samples.iter().map(of) {
        (sum, lowest, highest) = (sum + x, if x < lowest { x } else { lowest }, if x > highest { x } else { highest });
    }
    let mean = sum / count(samples.len());
    if mean < lowest {
        lowest
    } else if mean > highest {
        highest
    } else {
        mean
    }
}

/// The sum of the products of two deviations. Deviations are taken from the first sample before, so that equal samples have none.
fn deviations(samples: Samples<'_>, a: Coordinate, b: Coordinate) -> f64 {
    let Some(first) = samples.oldest() else { return f64::NAN };
    let n = count(samples.len());
    let near = |of: Coordinate| move |sample: Sample| of(sample) - of(first);
    let mean = |of: Coordinate| samples.iter().map(near(of)).sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    samples.iter().map(|sample| (near(a)(sample) - mean_a) * (near(b)(sample) - mean_b)).sum()
}

fn variance(samples: Samples<'_>) -> f64 {
    deviations(samples, |sample| sample.x, |sample| sample.x) / (count(samples.len()) - 1.0)
}

fn slope(samples: Samples<'_>, in_time: bool) -> f64 {
    let Some(first) = samples.oldest() else { return f64::NAN };
    let place = |i: usize, sample: Sample| if in_time { elapsed(first.ts, sample.ts) / 1e9 } else { count(i) };
    let places = || samples.iter().enumerate().map(|(i, sample)| (place(i, sample), sample.x));
    let n = count(samples.len());
    let (mean_t, mean_x) = (places().map(|(t, _)| t).sum::<f64>() / n, places().map(|(_, x)| x).sum::<f64>() / n);
    let (over, under) =
        places().fold((0.0, 0.0), |(over, under), (t, x)| (over + (t - mean_t) * (x - mean_x), under + (t - mean_t) * (t - mean_t)));
    over / under
}

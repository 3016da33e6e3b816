//! Indicators and means with weights that fade: each is run over all updates of its arguments from the first on.

use ascep_lang::program::{NodeId, Op, Period};

use super::statistics::mean;
use super::value::Val;
use super::world::{StepNo, World};

impl World {
    /// The value of an indicator in a step.
    pub(super) fn indicator(&self, node: NodeId, step: StepNo) -> Val {
        let mut steps: Vec<StepNo> = self.samples(node, step).collect();
        let samples = self.read_samples(node, &steps);
        steps.reverse();
        let column = |i: usize| -> Vec<f64> {
            let number = |v: &Val| if let Val::Num(x) = v { *x } else { f64::NAN };
            samples.iter().filter_map(|s| s.values.get(i)).map(number).collect()
        };
        let result = match self.op(node) {
            Some(Op::Ema { n, skip }) => ema(&column(0), *n as usize, *skip as usize),
            Some(Op::Rsi(n)) => rsi(&column(0), *n as usize),
            Some(Op::Atr(n)) => atr(&column(0), &column(1), &column(2), *n as usize),
            Some(Op::Obv) => obv(&column(0), &column(1)),
            Some(Op::Decay(h)) => self.decay(&column(0), &steps, *h),
            _ => None,
        };
        result.map_or(Val::Unknown, Val::num)
    }

    /// `decay(x, h)`: v += (x - v) (1 - 2^(-dt / h)) at each update, dt since the one before and h as it reads then; the first one is v.
    fn decay(&self, x: &[f64], steps: &[StepNo], half_life: Period) -> Option<f64> {
        let mut before: Option<(f64, StepNo)> = None;
        for (x, k) in x.iter().zip(steps) {
            let v = before.map_or(*x, |(v, at)| {
                let (dt, h) = (self.ts(*k).saturating_sub(self.ts(at)), self.period(half_life, *k));
                v + (x - v) * (1.0 - libm::exp2(-(dt as f64) / h as f64))
            });
            before = Some((v, *k));
        }
        before.map(|(v, _)| v)
    }
}

/// The first `skip` are passed over, the next n are averaged, and from there on v += (x - v) 2 / (n + 1).
fn ema(x: &[f64], n: usize, skip: usize) -> Option<f64> {
    let seed = x.get(skip..skip.checked_add(n)?)?;
    let rest = x.get(skip + n..)?;
    Some(rest.iter().fold(mean(seed)?, |v, x| v + (x - v) * 2.0 / (n as f64 + 1.0)))
}

/// Wilder's mean: that of the first n, and from there on (mean (n - 1) + x) / n.
fn wilder(x: &[f64], n: usize) -> Option<f64> {
    let seed = x.get(..n)?;
    let rest = x.get(n..)?;
    Some(rest.iter().fold(mean(seed)?, |v, x| (v * (n as f64 - 1.0) + x) / n as f64))
}

/// Mean gain over mean gain and mean loss, in percent.
fn rsi(x: &[f64], n: usize) -> Option<f64> {
    let changes: Vec<f64> = x.iter().zip(x.iter().skip(1)).map(|(before, x)| x - before).collect();
    let part = |sign: f64| changes.iter().map(|c| if c * sign > 0.0 { c * sign } else { 0.0 }).collect::<Vec<_>>();
    let (gain, loss) = (wilder(&part(1.0), n)?, wilder(&part(-1.0), n)?);
    if gain + loss == 0.0 { None } else { Some(100.0 * gain / (gain + loss)) }
}

/// Wilder's mean of the true ranges, which begin with the second bar.
fn atr(high: &[f64], low: &[f64], close: &[f64], n: usize) -> Option<f64> {
    let bars = high.iter().zip(low).skip(1).zip(close);
    let ranges: Vec<f64> = bars.map(|((h, l), before)| (h - l).max((h - before).abs()).max((l - before).abs())).collect();
    wilder(&ranges, n)
}

/// The volume of the first bar, and that of each later one added where the close rose and taken off where it fell.
fn obv(close: &[f64], volume: &[f64]) -> Option<f64> {
    let first = *volume.first()?;
    let moves = close.iter().zip(close.iter().skip(1)).zip(volume.iter().skip(1));
    Some(moves.fold(first, |sum, ((before, close), volume)| {
        if close > before {
            sum + volume
        } else if close < before {
            sum - volume
        } else {
            sum
        }
    }))
}

//! Aggregates against their definitions, worked out anew from all samples at every update: over time and over a count of updates, with ties,
//! samples at the very edge, full windows, stretches of equal values, outliers and numbers whose squares are beyond all measure.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::float_cmp, reason = "tests")]

mod common;

use ascep_lang::program::{MarketField, Op, Period, Stat, Window};
use ascep_runtime::event::{Event, Payload, Quote, Trade};
use ascep_runtime::signal::Value;
use ascep_runtime::{Engine, EngineOptions, Signal};
use common::*;

const OF_ONE: [Stat; 18] = [
    Stat::Count,
    Stat::Sum,
    Stat::Avg,
    Stat::Lowest,
    Stat::Highest,
    Stat::First,
    Stat::Last,
    Stat::Median,
    Stat::Percentile(0),
    Stat::Percentile(30.0_f64.to_bits()),
    Stat::Percentile(100.0_f64.to_bits()),
    Stat::Stddev,
    Stat::StddevPop,
    Stat::Variance,
    Stat::Zscore,
    Stat::Slope,
    Stat::Change,
    Stat::Delta,
];
const OF_PAIRS: [Stat; 3] = [Stat::Corr, Stat::Beta, Stat::Vwap];

fn window(stat: Stat, window: Window, partial: bool, max: Option<u32>, args: Vec<E>) -> E {
    e(Op::Window { stat, window, partial, max }, args, NUM)
}

#[derive(Clone, Copy)]
struct Sample {
    ts: i64,
    x: f64,
    y: f64,
}

fn mean(x: &[f64]) -> f64 {
    // From the first, so that equal numbers have their own mean.
    x[0] + x.iter().map(|v| v - x[0]).sum::<f64>() / x.len() as f64
}

fn deviations(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
}

fn rank(x: &[f64], p: f64) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = p / 100.0 * (x.len() as f64 - 1.0);
    let low = sorted[rank as usize];
    low + rank.fract() * (sorted.get(rank as usize + 1).unwrap_or(&low) - low)
}

/// By definition, of one sample at least; NaN is unknown.
fn by_definition(stat: Stat, samples: &[Sample], in_time: bool) -> f64 {
    let x: Vec<f64> = samples.iter().map(|s| s.x).collect();
    let y: Vec<f64> = samples.iter().map(|s| s.y).collect();
    let n = x.len() as f64;
    let variance = deviations(&x, &x) / (n - 1.0);
    match stat {
        Stat::Count => n,
        Stat::Sum => x.iter().sum(),
        Stat::Avg => mean(&x),
        Stat::Lowest => x.iter().copied().fold(f64::INFINITY, f64::min),
        Stat::Highest => x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Stat::First => x[0],
        Stat::Last => x[x.len() - 1],
        Stat::Median => rank(&x, 50.0),
        Stat::Percentile(p) => rank(&x, f64::from_bits(p)),
        Stat::Stddev => variance.sqrt(),
        Stat::StddevPop => (deviations(&x, &x) / n).sqrt(),
        Stat::Variance => variance,
        // From the first, or rounding of the mean is a part of a small deviation.
        Stat::Zscore => {
            let near: Vec<f64> = x.iter().map(|v| v - x[0]).collect();
            (near[near.len() - 1] - mean(&near)) / variance.sqrt()
        }
        Stat::Slope => {
            let t: Vec<f64> =
                samples.iter().enumerate().map(|(i, s)| if in_time { (s.ts - samples[0].ts) as f64 / 1e9 } else { i as f64 }).collect();
            deviations(&t, &x) / deviations(&t, &t)
        }
        Stat::Wma => x.iter().zip(1..).map(|(x, w)| x * f64::from(w)).sum::<f64>() / (n * (n + 1.0) / 2.0),
        Stat::Corr => {
            let (of_x, of_y) = (deviations(&x, &x), deviations(&y, &y));
            if of_x > 0.0 && of_y > 0.0 { deviations(&x, &y) / (of_x.sqrt() * of_y.sqrt()) } else { f64::NAN }
        }
        Stat::Beta => deviations(&x, &y) / deviations(&y, &y),
        Stat::Vwap => x.iter().zip(&y).map(|(p, q)| p * q).sum::<f64>() / y.iter().sum::<f64>(),
        Stat::Rate | Stat::Change | Stat::Delta | Stat::Twap => unreachable!(),
    }
}

/// Of all updates so far, at the last of them, and the greatest of the numbers it was worked out from.
fn expected(stat: Stat, w: Window, partial: bool, max: usize, updates: &[Sample]) -> (f64, f64) {
    let most = |samples: &[Sample]| samples.iter().map(|s| s.x.abs()).fold(0.0, f64::max);
    let d = match w {
        Window::Updates(n) => {
            let samples = &updates[updates.len().saturating_sub(n as usize)..];
            let value = if updates.len() < n as usize { f64::NAN } else { by_definition(stat, samples, false) };
            return (value, most(samples));
        }
        Window::Time(Period::Fixed(d)) => d,
        Window::Time(_) => unreachable!(),
    };
    let newest = &updates[updates.len().saturating_sub(max)..];
    let edge = updates[updates.len() - 1].ts - d;
    let start = newest.partition_point(|s| s.ts <= edge);
    let from = if stat.is_of_the_past() { start.saturating_sub(1) } else { start };
    (over_time(stat, d, partial, newest, updates[0].ts), most(&newest[from..]))
}

fn over_time(stat: Stat, d: i64, partial: bool, newest: &[Sample], first: i64) -> f64 {
    let now = newest[newest.len() - 1];
    let edge = now.ts - d;
    let inside: Vec<Sample> = newest.iter().copied().filter(|s| s.ts > edge).collect();
    let before = newest.iter().rev().find(|s| s.ts <= edge);
    match stat {
        Stat::Change => return before.map_or(f64::NAN, |s| now.x / s.x - 1.0),
        Stat::Delta => return before.map_or(f64::NAN, |s| now.x - s.x),
        Stat::Twap => {
            let from = match before {
                Some(_) => edge,
                None if partial => inside[0].ts,
                None => return f64::NAN,
            };
            if from == now.ts {
                return now.x;
            }
            let held: Vec<Sample> = before.iter().copied().copied().chain(inside.iter().copied()).collect();
            let area: f64 = held.windows(2).map(|two| two[0].x * (two[1].ts - two[0].ts.max(from)) as f64).sum();
            return area / (now.ts - from) as f64;
        }
        _ => {}
    }
    // The first update is also the start.
    if !partial && now.ts < first + d { f64::NAN } else { by_definition(stat, &inside, true) }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// A series: its name and the next value after `x`.
type Series = (&'static str, fn(&mut Dice, f64) -> f64);

const SERIES: [Series; 6] = [
    ("ties", |dice, _| dice.roll(4) as f64 + 1.0),
    ("walk", |dice, x| if x < 1e4 { 1e5 } else { x + (dice.roll(2_001) as f64 - 1_000.0) * 1e-6 }),
    ("stretches", |dice, x| if dice.roll(40) == 0 { 0.1 + dice.roll(1_000_000) as f64 * 0.3 } else { x }),
    ("outliers", |dice, _| if dice.roll(30) == 0 { 1e15 } else { 1.0 + dice.roll(1_000) as f64 * 1e-3 }),
    ("jumps", |dice, x| if dice.roll(60) == 0 { 10_f64.powf(dice.roll(12) as f64) } else { x * (1.0 + dice.roll(3) as f64 * 1e-6) }),
    ("huge", |dice, _| match dice.roll(50) {
        0 => 1e300,
        1 => 1e80,
        _ => 1.0 + dice.roll(1_000) as f64,
    }),
];

/// How far a result may be off, relative to the greatest number it was worked out from.
fn is_near(found: f64, wanted: f64, stat: Stat, most: f64) -> bool {
    if found == wanted || (found.is_nan() && !wanted.is_finite()) {
        return true;
    }
    if found.is_nan() || wanted.is_nan() {
        return false;
    }
    // What rounding of the samples themselves makes of a deviation, in the definition just as here.
    let ulp = most * f64::EPSILON;
    let slack = match stat {
        Stat::Variance => ulp * ulp * 64.0 + ulp * wanted.abs().sqrt() * 64.0,
        Stat::Zscore | Stat::Corr => 1e-6,
        Stat::Beta => 1e-6 * wanted.abs() + 1e-9 * most,
        _ => ulp * 64.0,
    };
    (found - wanted).abs() <= 1e-9 * wanted.abs() + slack
}

fn check(name: &str, next: fn(&mut Dice, f64) -> f64, seed: u64, ticks: u64, updates: usize) {
    let windows: Vec<(Window, bool, Option<u32>)> = vec![
        (Window::Time(fixed(5.0)), false, None),
        (Window::Time(fixed(5.0)), true, None),
        (Window::Time(fixed(5.0)), true, Some(3)),
        (Window::Time(fixed(5.0)), false, Some(1)),
        (Window::Time(fixed(60.0)), true, None),
        (Window::Time(fixed(700.0)), false, Some(400)),
        (Window::Updates(1), false, None),
        (Window::Updates(2), false, None),
        (Window::Updates(7), false, None),
        (Window::Updates(300), true, None),
    ];
    let (x, y) = (last("A/B"), market(MarketField::Qty, "A/B"));
    let mut wanted = vec![];
    let mut r = rule(trade("A/B"));
    for &(w, partial, max) in &windows {
        let stats = OF_ONE.into_iter().chain([Stat::Twap, Stat::Wma]).chain(OF_PAIRS);
        for stat in stats.filter(|stat| match w {
            Window::Time(_) => *stat != Stat::Wma,
            Window::Updates(_) => !stat.is_of_the_past(),
        }) {
            let args = if stat.is_paired() { vec![x.clone(), y.clone()] } else { vec![x.clone()] };
            r = r.field(&format!("f{}", wanted.len()), window(stat, w, partial, max, args));
            wanted.push((stat, w, partial, max));
        }
    }
    let mut engine = Engine::new(&program(&[r]), EngineOptions::default().with_max_window_samples(2_000)).unwrap();
    let instrument = engine.instrument("A/B").unwrap();
    let (mut dice, mut ts, mut value, mut samples) = (Dice(seed), 1_722_988_800 * S, 1.0, Vec::<Sample>::new());
    let mut signals = 0;
    for k in 0..updates {
        // Often at the same instant, often at exactly the length of a window from one before, now and then after a long silence.
        ts += match dice.roll(ticks) {
            0 => 0,
            1 => 5 * S,
            2 => secs(0.5),
            3 if dice.roll(20) == 0 => 900 * S,
            tick => (tick as i64 % 3) * S / 4,
        };
        value = next(&mut dice, value);
        let qty = if dice.roll(3) == 0 { 0.0 } else { next(&mut dice, value) };
        let sample = Sample { ts, x: value, y: qty };
        samples.push(sample);
        let event = Event { ts, venue_ts: None, instrument, payload: Payload::Trade(Trade { price: value, qty, side: None }) };
        let mut sink = |signal: &Signal<'_>| {
            signals += 1;
            for ((stat, w, partial, max), found) in wanted.iter().zip(signal.values) {
                let found = if let Value::Num(x) = found { *x } else { f64::NAN };
                let (want, most) = expected(*stat, *w, *partial, max.map_or(2_000, |max| max as usize), &samples);
                assert!(is_near(found, want, *stat, most), "{name} {seed} at {k}: {stat:?} {w:?} {partial} {max:?} is {found}, not {want}");
            }
        };
        engine.on_event(&event, &mut sink).unwrap();
    }
    assert_eq!(signals, updates);
}

#[test]
fn aggregates_are_what_their_definitions_say() {
    for (i, (name, next)) in SERIES.into_iter().enumerate() {
        for seed in 1..4 {
            check(name, next, seed * 7_919 + i as u64, 9, 700);
        }
    }
}

/// The demand of the language: prices of 1e5 that move by 1e-3, ten million updates, and the deviation still within 1e-9 of a computation in two
/// passes. Over a short and over a long window, and after a jump to where rounding has other steps.
#[test]
fn the_deviation_stays_accurate() {
    const UPDATES: usize = 10_000_000;
    let lengths = [1_000_u32, 60_000];
    let x = last("A/B");
    let shown = lengths.iter().fold(rule(quote("A/B")), |r, &n| {
        r.field(&format!("n{n}"), window(Stat::Stddev, Window::Updates(n), false, None, vec![x.clone()]))
            .field(&format!("d{n}"), window(Stat::Stddev, Window::Time(Period::Fixed(i64::from(n))), true, None, vec![x.clone()]))
    });
    let mut engine = Engine::new(&program(&[shown]), EngineOptions::default()).unwrap();
    let instrument = engine.instrument("A/B").unwrap();
    let (mut dice, mut price, mut prices, mut checked) = (Dice(42), 1e5, Vec::with_capacity(UPDATES), 0);
    for k in 0..UPDATES {
        price += (dice.roll(2_001) as f64 - 1_000.0) * 1e-6;
        if k == UPDATES / 2 {
            price += 1e5;
        }
        prices.push(price);
        let ts = k as i64;
        let mut event = Event { ts, venue_ts: None, instrument, payload: Payload::Trade(Trade { price, qty: 1.0, side: None }) };
        engine.on_event(&event, &mut |_: &Signal<'_>| ()).unwrap();
        if k % 1_000_003 != 1_000_002 && k + 1 != UPDATES {
            continue;
        }
        event.payload = Payload::Quote(Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 });
        let mut sink = |signal: &Signal<'_>| {
            for (&n, pair) in lengths.iter().zip(signal.values.chunks(2)) {
                let held = &prices[prices.len() - n as usize..];
                let wanted = (deviations(held, held) / (held.len() as f64 - 1.0)).sqrt();
                for found in pair {
                    let Value::Num(found) = found else { panic!("unknown") };
                    assert!((found / wanted - 1.0).abs() < 1e-9, "{n} at {k}: {found}, not {wanted}");
                    checked += 1;
                }
            }
        };
        engine.on_event(&event, &mut sink).unwrap();
    }
    assert_eq!(checked, 40);
}

//! Indicators against their definitions, worked out anew from the whole series, and against values worked out by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::float_cmp, reason = "tests")]

mod common;

use ascep_lang::program::{Constant, MarketField, Op, ParamId, Period, Stat, Window};
use ascep_runtime::event::{Event, Payload, Quote};
use ascep_runtime::signal::Value;
use ascep_runtime::{Engine, EngineOptions, Signal};
use common::*;

fn ema(n: u32, skip: u32, x: E) -> E {
    e(Op::Ema { n, skip }, vec![x], NUM)
}

fn values(rules: &[R], xs: &[f64]) -> Vec<String> {
    let mut run = Run::new(rules);
    for (k, x) in xs.iter().enumerate() {
        run.trade(k as f64, "A/B", *x);
    }
    run.lines
}

#[test]
fn an_exponential_mean_begins_with_the_mean_of_its_first() {
    let x = last("A/B");
    let rules = [rule(trade("A/B")).field("ema", ema(3, 0, x.clone())).field("late", ema(2, 2, x.clone())).field("one", ema(1, 0, x))];
    assert_eq!(
        values(&rules, &[1.0, 2.0, 6.0, 7.0, 1.0]),
        [
            r#"0 rule_1 {"ema":null,"late":null,"one":1}"#,
            r#"1 rule_1 {"ema":null,"late":null,"one":2}"#,
            r#"2 rule_1 {"ema":3,"late":null,"one":6}"#,
            r#"3 rule_1 {"ema":5,"late":6.5,"one":7}"#,
            r#"4 rule_1 {"ema":3,"late":2.8333333333333335,"one":1}"#,
        ]
    );
}

#[test]
fn relative_strength() {
    let rsi = |n| e(Op::Rsi(n), vec![last("A/B")], NUM);
    let rules = [rule(trade("A/B")).field("r", rsi(2))];
    // Changes +2, -1, then +3: gains 1 and then 2, losses 0.5 and then 0.25. Flat from the start it is unknown.
    assert_eq!(
        values(&rules, &[1.0, 3.0, 2.0, 5.0]),
        [r#"0 rule_1 {"r":null}"#, r#"1 rule_1 {"r":null}"#, r#"2 rule_1 {"r":66.66666666666667}"#, r#"3 rule_1 {"r":88.88888888888889}"#,]
    );
    assert_eq!(values(&rules, &[4.0, 4.0, 4.0, 3.0])[2..], [r#"2 rule_1 {"r":null}"#, r#"3 rule_1 {"r":0}"#]);
}

#[test]
fn what_needs_several_numbers_of_a_bar() {
    // High, low and close are ask, bid and last; an update needs all three.
    let (high, low, close) = (market(MarketField::Ask, "A/B"), bid("A/B"), market(MarketField::AskQty, "A/B"));
    let volume = market(MarketField::BidQty, "A/B");
    let atr = e(Op::Atr(2), vec![high.clone(), low.clone(), close.clone()], NUM);
    let obv = e(Op::Obv, vec![close.clone(), volume], NUM);
    let fast = e(Op::FastK, vec![close, low, high], NUM);
    let mut run = Run::new(&[rule(quote("A/B")).field("atr", atr).field("obv", obv).field("k", fast)]);
    let mut bar = |s: f64, low: f64, high: f64, close: f64, volume: f64| {
        run.event(s, "A/B", Payload::Quote(Quote { bid: low, ask: high, bid_qty: volume, ask_qty: close }));
    };
    bar(1.0, 8.0, 10.0, 9.0, 5.0);
    // True ranges: 3 (its own), 5 (from the close before down to the low), then 2.
    bar(2.0, 9.0, 12.0, 11.0, 7.0);
    bar(3.0, MISS, 12.0, 4.0, 7.0);
    bar(4.0, 9.0, 9.0, 9.0, 2.0);
    bar(5.0, 8.0, 10.0, 9.0, 1.0);
    run.expect(&[
        r#"1 rule_1 {"atr":null,"obv":5,"k":50}"#,
        r#"2 rule_1 {"atr":null,"obv":12,"k":66.66666666666667}"#,
        // Two of three are known: close and volume are an update of obv, and none of atr.
        r#"3 rule_1 {"atr":null,"obv":5,"k":null}"#,
        r#"4 rule_1 {"atr":2.5,"obv":7,"k":0}"#,
        r#"5 rule_1 {"atr":2.25,"obv":7,"k":50}"#,
    ]);
}

#[test]
fn a_mean_that_fades_halves_what_is_a_half_life_old() {
    let decay = e(Op::Decay(fixed(10.0)), vec![last("A/B")], NUM);
    let by_param = e(Op::Decay(Period::Param(ParamId(0))), vec![last("A/B")], NUM);
    let rules = [rule(trade("A/B")).field("v", decay).field("w", by_param)];
    let mut run = Run::of(&program_with(&rules, vec![param_decl("h", Constant::Duration(10 * S), None)], vec![], false));
    run.trade(0.0, "A/B", 8.0).trade(10.0, "A/B", 4.0).trade(10.0, "A/B", 99.0).set("h", Constant::Duration(5 * S));
    run.trade(20.0, "A/B", 2.0);
    run.expect(&[
        r#"0 rule_1 {"v":8,"w":8}"#,
        r#"10 rule_1 {"v":6,"w":6}"#,
        // No time has passed: what came at the same moment has no weight.
        r#"10 rule_1 {"v":6,"w":6}"#,
        r#"20 rule_1 {"v":4,"w":3}"#,
    ]);
}

#[test]
fn an_indicator_is_at_an_instant_with_its_argument_and_stands_where_that_is_unknown() {
    let x = ema(1, 0, bid("A/B"));
    let rules = [rule(x.clone().gt(num(0.0))).every_tick().field("v", x.clone()).field("n", x.count_updates(3))];
    let mut run = Run::new(&rules);
    run.quote(0.0, "A/B", 1.0, 9.0).quote(1.0, "A/B", MISS, 9.0).quote(2.0, "A/B", 2.0, 9.0).trade(3.0, "A/B", 1.0);
    run.expect(&[r#"0 rule_1 {"v":1,"n":null}"#, r#"1 rule_1 {"v":1,"n":null}"#, r#"2 rule_1 {"v":2,"n":3}"#]);
}

fn by_definition(op: Op, x: &[f64]) -> Option<f64> {
    let wilder = |x: &[f64], n: usize| {
        let seed = x.get(..n)?.iter().sum::<f64>() / n as f64;
        Some(x[n..].iter().fold(seed, |v, x| (v * (n as f64 - 1.0) + x) / n as f64))
    };
    let changes: Vec<f64> = x.windows(2).map(|two| two[1] - two[0]).collect();
    match op {
        Op::Ema { n, skip } => {
            let (n, skip) = (n as usize, skip as usize);
            let seed = x.get(skip..skip + n)?.iter().sum::<f64>() / n as f64;
            Some(x[skip + n..].iter().fold(seed, |v, x| v + (x - v) * (2.0 / (n as f64 + 1.0))))
        }
        Op::Rsi(n) => {
            let part = |sign: f64| changes.iter().map(|c| (c * sign).max(0.0)).collect::<Vec<_>>();
            let (gain, loss) = (wilder(&part(1.0), n as usize)?, wilder(&part(-1.0), n as usize)?);
            (gain + loss > 0.0).then(|| 100.0 * gain / (gain + loss))
        }
        Op::Window { stat: Stat::Avg, window: Window::Updates(n), .. } => {
            let last = x.get(x.len().checked_sub(n as usize)?..)?;
            Some(last.iter().sum::<f64>() / f64::from(n))
        }
        _ => unreachable!(),
    }
}

#[test]
fn long_series_are_what_the_definitions_say() {
    let sma = Op::Window { stat: Stat::Avg, window: Window::Updates(20), partial: false, max: None };
    let ops =
        [Op::Ema { n: 12, skip: 0 }, Op::Ema { n: 12, skip: 14 }, Op::Ema { n: 300, skip: 7 }, Op::Rsi(1), Op::Rsi(14), Op::Rsi(200), sma];
    let r = ops.iter().enumerate().fold(rule(trade("A/B")), |r, (k, op)| r.field(&format!("v{k}"), e(*op, vec![last("A/B")], NUM)));
    let mut engine = Engine::new(&program(&[r]), EngineOptions::default()).unwrap();
    let instrument = engine.instrument("A/B").unwrap();
    let (mut seed, mut xs) = (7_u64, vec![]);
    for k in 0..600_i64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Flat at times.
        let x = if k % 50 < 8 && k > 0 { xs[xs.len() - 1] } else { 100.0 + (seed >> 33) as f64 / 1e8 };
        xs.push(x);
        let payload = Payload::Trade(ascep_runtime::event::Trade { price: x, qty: 1.0, side: None });
        let mut sink = |signal: &Signal<'_>| {
            for (op, found) in ops.iter().zip(signal.values) {
                match (found, by_definition(*op, &xs)) {
                    (Value::Unknown, None) => {}
                    (Value::Num(found), Some(wanted)) => assert!((found - wanted).abs() <= 1e-11 * wanted.abs(), "{op:?} at {k}"),
                    (found, wanted) => panic!("{op:?} at {k}: {found:?}, not {wanted:?}"),
                }
            }
        };
        engine.on_event(&Event { ts: k, venue_ts: None, instrument, payload }, &mut sink).unwrap();
    }
}

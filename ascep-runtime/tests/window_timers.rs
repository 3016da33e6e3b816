//! When aggregates change: at updates, and by which timers; lengths that are parameters; windows that are shared.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use ascep_lang::program::{Constant, MarketField, Op, ParamId, Period, Stat, Type, Window};
use ascep_runtime::event::{Loss, Payload};
use ascep_runtime::{Engine, EngineOptions};
use common::*;

fn over(stat: Stat, s: f64, partial: bool, args: Vec<E>) -> E {
    e(Op::Window { stat, window: Window::Time(fixed(s)), partial, max: None }, args, NUM)
}

fn by_param(stat: Stat, partial: bool, x: E) -> E {
    e(Op::Window { stat, window: Window::Time(Period::Param(ParamId(0))), partial, max: None }, vec![x], NUM)
}

/// Shows every instant at which the value is known, by a condition that is true then and counts updates.
fn watch(x: E) -> R {
    rule(x.clone().gt(num(-1e300))).every_tick().field("v", x)
}

#[test]
fn what_stands_changes_at_updates_after_the_first_d_and_when_the_last_leaves() {
    let mut run = Run::new(&[watch(over(Stat::Avg, 10.0, false, vec![last("A/B")]))]);
    run.trade(0.0, "A/B", 9.0).trade(4.0, "A/B", 12.0).trade(6.0, "A/B", 3.0);
    // 0 leaves at 10, where the timer is; what leaves at 14 changes nothing; at 16 it is empty.
    run.pass(15.5).expect(&[r#"10 rule_1 {"v":7.5}"#]);
    run.lines.clear();
    run.pass(18.0).trade(30.0, "A/B", 5.0).trade(40.0, "A/B", 6.0).expect(&[r#"30 rule_1 {"v":5}"#, r#"40 rule_1 {"v":6}"#]);
}

#[test]
fn unknown_is_an_instant_at_which_it_stands() {
    let mut run = Run::new(&[watch(over(Stat::Avg, 10.0, true, vec![bid("A/B")]))]);
    run.quote(0.0, "A/B", 8.0, 99.0).quote(1.0, "A/B", MISS, 99.0).advance(9.0);
    run.expect(&[r#"0 rule_1 {"v":8}"#, r#"1 rule_1 {"v":8}"#]);
}

#[test]
fn an_update_at_a_deadline_does_the_work_of_its_timer() {
    let mut run = Run::new(&[watch(over(Stat::Avg, 10.0, false, vec![last("A/B")]))]);
    run.trade(0.0, "A/B", 9.0).trade(10.0, "A/B", 1.0).pass(11.0).expect(&[r#"10 rule_1 {"v":1}"#]);
    run.trade(20.0, "A/B", 2.0).pass(21.0).expect(&[r#"10 rule_1 {"v":1}"#, r#"20 rule_1 {"v":2}"#]);
}

#[test]
fn sums_are_exact_at_every_moment() {
    let qty = market(MarketField::Qty, "A/B");
    let mut run = Run::new(&[watch(over(Stat::Sum, 10.0, false, vec![qty])), watch(over(Stat::Rate, 4.0, true, vec![trade("A/B")]))]);
    run.trade_of(0.0, "A/B", 1.0, 2.0, None).trade_of(4.0, "A/B", 1.0, 3.0, None).trade_of(9.0, "A/B", 1.0, 4.0, None).pass(20.0);
    run.expect(&[
        r#"0 rule_2 {"v":0.25}"#,
        r#"4 rule_2 {"v":0.25}"#,
        r#"8 rule_2 {"v":0}"#,
        r#"9 rule_2 {"v":0.25}"#,
        r#"10 rule_1 {"v":7}"#,
        r#"13 rule_2 {"v":0}"#,
        r#"14 rule_1 {"v":4}"#,
        r#"19 rule_1 {"v":0}"#,
    ]);
}

#[test]
fn what_compares_with_the_past_is_at_no_other_instants() {
    let x = || vec![bid("A/B")];
    let rules =
        [watch(over(Stat::Change, 10.0, false, x())), watch(over(Stat::Delta, 10.0, false, x())), watch(over(Stat::Twap, 10.0, true, x()))];
    let mut run = Run::new(&rules);
    run.quote(0.0, "A/B", 10.0, 99.0).quote(5.0, "A/B", 20.0, 99.0).quote(6.0, "A/B", MISS, 99.0).quote(10.0, "A/B", 40.0, 99.0).pass(30.0);
    run.expect(&[
        r#"0 rule_3 {"v":10}"#,
        r#"5 rule_3 {"v":10}"#,
        r#"10 rule_1 {"v":3}"#,
        r#"10 rule_2 {"v":30}"#,
        r#"10 rule_3 {"v":15}"#,
        r#"20 rule_1 {"v":0}"#,
        r#"20 rule_2 {"v":0}"#,
        r#"20 rule_3 {"v":40}"#,
    ]);
}

#[test]
fn the_sample_before_a_full_window_is_lost() {
    let op = |max| {
        e(Op::Window { stat: Stat::Delta, window: Window::Time(fixed(10.0)), partial: false, max: Some(max) }, vec![last("A/B")], NUM)
    };
    let mut run = Run::new(&[rule(trade("A/B")).field("two", op(2)).field("three", op(3))]);
    run.trade(0.0, "A/B", 1.0).trade(5.0, "A/B", 2.0).trade(12.0, "A/B", 4.0);
    run.expect(&[r#"0 rule_1 {"two":null,"three":null}"#, r#"5 rule_1 {"two":null,"three":null}"#, r#"12 rule_1 {"two":null,"three":3}"#]);
    assert_eq!(run.engine.counters().samples_dropped, 1);
}

#[test]
fn a_length_that_grows_brings_nothing_back_and_arms_the_timer_anew() {
    let d = param_decl("d", Constant::Duration(10 * S), None);
    let rules = [watch(by_param(Stat::Avg, true, last("A/B"))), watch(by_param(Stat::Sum, true, last("A/B")))];
    let mut run = Run::of(&program_with(&rules, vec![d], vec![], false));
    let set = |run: &mut Run, s: i64| {
        run.set("d", Constant::Duration(s * S));
    };
    run.trade(0.0, "A/B", 1.0).trade(4.0, "A/B", 3.0).advance(11.0);
    set(&mut run, 20);
    run.advance(16.0).advance(30.0);
    run.expect(&[
        r#"0 rule_1 {"v":1}"#,
        r#"0 rule_2 {"v":1}"#,
        r#"4 rule_1 {"v":2}"#,
        r#"4 rule_2 {"v":4}"#,
        // d after the first; what has left now does not come back.
        r#"10 rule_1 {"v":3}"#,
        r#"10 rule_2 {"v":3}"#,
        // As it was armed; the sample is still in the window, which has grown.
        r#"14 rule_1 {"v":3}"#,
        r#"14 rule_2 {"v":3}"#,
        r#"24 rule_2 {"v":0}"#,
    ]);
}

#[test]
fn aggregates_of_one_argument_and_length_share_a_window() {
    let bytes = |stats: &[Stat], s: f64| {
        let r = stats.iter().enumerate().fold(rule(trade("A/B")), |r, (k, stat)| {
            r.field(&format!("v{k}"), over(*stat, s, k % 2 == 0, vec![last("A/B")]))
                .field(&format!("w{k}"), over(*stat, 3.0, true, vec![bid("A/B")]))
        });
        Engine::new(&program(&[r]), EngineOptions::default()).unwrap().plan_stats().bytes
    };
    let one = bytes(&[Stat::Avg], 10.0);
    let more = bytes(&[Stat::Avg, Stat::Stddev, Stat::First, Stat::Sum, Stat::Count, Stat::Change, Stat::Zscore], 10.0);
    assert!(more - one < 20_000, "{one} {more}");
    assert!(one > 2 * 65_536 * 16);
}

#[test]
fn windows_keep_their_samples_when_a_market_is_forgotten() {
    let mut run = Run::new(&[rule(trade("A/B")).field("v", over(Stat::Avg, 10.0, true, vec![last("A/B")]))]);
    run.trade(1.0, "A/B", 2.0).event(2.0, "A/B", Payload::Forget(Loss::Reset)).trade(3.0, "A/B", 4.0);
    run.expect(&[r#"1 rule_1 {"v":2}"#, r#"3 rule_1 {"v":3}"#]);
}

#[test]
fn updates_of_durations_and_texts_are_counted() {
    let texts = e(
        Op::Window { stat: Stat::Count, window: Window::Updates(2), partial: false, max: None },
        vec![market(MarketField::TradeSide, "A/B")],
        NUM,
    );
    let latency = over(Stat::Count, 10.0, true, vec![market(MarketField::Latency, "A/B")]);
    assert_eq!(market(MarketField::Latency, "A/B").ty, Type::Duration);
    let mut run = Run::new(&[rule(quote("A/B")).field("t", texts).field("l", latency)]);
    run.trade(1.0, "A/B", 2.0).quote(2.0, "A/B", 1.0, 2.0).trade_of(3.0, "A/B", 2.0, 1.0, Some(ascep_lang::program::Side::Buy));
    run.trade_of(4.0, "A/B", 2.0, 1.0, Some(ascep_lang::program::Side::Buy)).quote(5.0, "A/B", 1.0, 2.0);
    run.expect(&[r#"2 rule_1 {"t":null,"l":null}"#, r#"5 rule_1 {"t":2,"l":null}"#]);
}

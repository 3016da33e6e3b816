//! `SEQ`, sentence by sentence as the language page has them, on programs made by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use ascep_lang::program::{MarketField, Param, ParamId, Period, Side};
use common::sequence::{Q, seq};
use common::*;

fn run_with(sequences: &[Q], params: Vec<Param>, rules: impl Fn(&[E]) -> Vec<R>) -> Run {
    let mut table = vec![];
    let nodes: Vec<E> = sequences.iter().map(|q| q.clone().node(&mut table)).collect();
    let mut program = program_with(&rules(&nodes), params, vec![], false);
    program.tables.sequences = table;
    Run::of(&program)
}

/// A rule on one sequence, with fields.
fn run(q: &Q, fields: &[(&str, &E)]) -> Run {
    run_with(std::slice::from_ref(q), vec![], |nodes| {
        vec![fields.iter().fold(rule(nodes[0].clone()), |rule, (name, value)| rule.field(name, (*value).clone()))]
    })
}

fn two(within: f64) -> Q {
    seq(within).on(trade("A/B")).on(quote("A/B"))
}

#[test]
fn each_step_is_strictly_later_in_the_total_order() {
    // One event is never two steps, though it is both.
    let mut twice = run(&seq(10.0).on(trade("A/B")).on(trade("A/B")), &[]);
    twice.trade(1.0, "A/B", 1.0).expect_none().trade(1.0, "A/B", 1.0).expect(&["1 rule_1"]);
    // Later in the order is enough, at one ts too.
    run(&two(10.0), &[]).trade(1.0, "A/B", 1.0).quote(1.0, "A/B", 1.0, 2.0).expect(&["1 rule_1"]);
    run(&two(10.0), &[]).quote(1.0, "A/B", 1.0, 2.0).trade(1.0, "A/B", 1.0).pass(50.0).expect_none();
    // Events by timers of one deadline are one step of the order.
    let silent = |s: f64, name: &str| quote(name).silent(s);
    run(&seq(10.0).on(silent(5.0, "A/B")).on(silent(5.0, "C/D")), &[]).pass(0.0).pass(20.0).expect_none();
    run(&seq(10.0).on(silent(5.0, "A/B")).on(silent(6.0, "C/D")), &[]).pass(0.0).pass(20.0).expect(&["6 rule_1"]);
}

#[test]
fn the_span_from_first_to_last_is_at_most_the_within() {
    run(&two(10.0), &[]).trade(0.0, "A/B", 1.0).quote(10.0, "A/B", 1.0, 2.0).expect(&["10 rule_1"]);
    run(&two(10.0), &[]).trade(0.0, "A/B", 1.0).quote(10.000000001, "A/B", 1.0, 2.0).expect_none();
    // From the first step, not from the one before.
    let three = seq(10.0).on(trade("A/B")).on(quote("A/B")).on(trade("C/D"));
    run(&three, &[]).trade(0.0, "A/B", 1.0).quote(9.0, "A/B", 1.0, 2.0).trade(11.0, "C/D", 1.0).expect_none();
}

#[test]
fn for_each_prefix_the_run_that_started_last_is_kept() {
    let mut q = seq(10.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.on(quote("A/B")).on(trade("C/D"));
    let mut run = run(&q, &[("p", &price)]);
    run.trade(0.0, "A/B", 1.0).trade(1.0, "A/B", 2.0).quote(2.0, "A/B", 1.0, 2.0);
    // The longer run is a copy: a later start replaces the shorter one and leaves the copy.
    run.trade(3.0, "A/B", 3.0).trade(4.0, "C/D", 1.0).expect(&[r#"4 rule_1 {"p":2}"#]);
}

#[test]
fn a_later_match_of_the_same_step_replaces_the_earlier() {
    let mut q = seq(10.0).on(trade("A/B")).on(quote("A/B"));
    let bid = q.first(bid("A/B"));
    let q = q.on(trade("C/D"));
    let mut run = run(&q, &[("b", &bid)]);
    run.trade(0.0, "A/B", 1.0).quote(1.0, "A/B", 5.0, 9.0).quote(2.0, "A/B", 6.0, 9.0).trade(3.0, "C/D", 1.0);
    run.expect(&[r#"3 rule_1 {"b":6}"#]);
}

#[test]
fn one_event_takes_a_run_one_step_on() {
    let q = seq(10.0).on(trade("A/B")).on(trade("A/B")).on(trade("A/B"));
    let mut run = run(&q, &[]);
    run.trade(0.0, "A/B", 1.0).trade(1.0, "A/B", 1.0).expect_none().trade(2.0, "A/B", 1.0).expect(&["2 rule_1"]);
    // A match consumes all runs, and the event that completes it starts nothing.
    run.trade(3.0, "A/B", 1.0).trade(4.0, "A/B", 1.0).expect(&["2 rule_1"]).trade(5.0, "A/B", 1.0).expect(&["2 rule_1", "5 rule_1"]);
}

#[test]
fn a_match_of_plain_steps_is_found_whenever_there_is_one() {
    let names = ["A/B", "C/D", "E/F"];
    let q = seq(6.0).on(trade("A/B")).on(trade("C/D").or(trade("E/F"))).on(trade("E/F").or(trade("A/B"))).on(trade("C/D"));
    let steps: [&[usize]; 4] = [&[0], &[1, 2], &[2, 0], &[1]];
    let mut dice = 7_u64;
    let mut matches = 0;
    for _ in 0..60 {
        let mut run = run(&q, &[]);
        // Events since the last match; by brute force, does one way of choosing fit?
        let mut seen: Vec<(f64, usize)> = vec![];
        let mut clock = 0.0;
        for _ in 0..60 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            clock += (dice >> 62) as f64;
            let name = (dice >> 40) as usize % 3;
            seen.push((clock, name));
            run.lines.clear();
            run.trade(clock, names[name], 1.0);
            // The latest start of each prefix as a dynamic program over the choices.
            let mut starts = [f64::NEG_INFINITY; 4];
            let mut complete = false;
            for (n, (ts, name)) in seen.iter().enumerate() {
                for step in (0..4).rev() {
                    let start = if step == 0 { *ts } else { starts[step - 1] };
                    if steps[step].contains(name) && ts - start <= 6.0 {
                        starts[step] = start.max(starts[step]);
                        complete |= step == 3 && n + 1 == seen.len();
                    }
                }
            }
            assert_eq!(!run.lines.is_empty(), complete, "{seen:?}");
            if complete {
                matches += 1;
                seen.clear();
            }
        }
    }
    assert!(matches > 50, "{matches}");
}

#[test]
fn no_between_kills_what_lies_strictly_between() {
    let q = seq(10.0).on(trade("A/B")).no(quote("A/B")).on(trade("C/D"));
    let mut killed = run(&q, &[]);
    killed.trade(0.0, "A/B", 1.0).quote(1.0, "A/B", 1.0, 2.0).trade(2.0, "C/D", 1.0).expect_none();
    killed.quote(3.0, "A/B", 1.0, 2.0).trade(3.0, "A/B", 1.0).trade(3.0, "C/D", 1.0).expect(&["3 rule_1"]);
    // A copy that has moved on is behind the gap.
    let longer = q.clone().on(trade("E/F"));
    let mut run = run(&longer, &[]);
    run.trade(0.0, "A/B", 1.0).trade(1.0, "C/D", 1.0).quote(2.0, "A/B", 1.0, 2.0).trade(3.0, "E/F", 1.0).expect(&["3 rule_1"]);
}

#[test]
fn an_event_that_is_both_takes_the_step_and_kills_the_one_that_stays() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let q = seq(10.0).on(big.clone()).no(trade("A/B")).on(trade("A/B")).on(trade("C/D"));
    let mut run = run(&q, &[]);
    // The second takes the step. The shorter run has seen it between: the third may not be the step again.
    run.trade_of(0.0, "A/B", 1.0, 9.0, None).trade(1.0, "A/B", 1.0).trade(9.0, "A/B", 1.0).trade(10.0, "C/D", 1.0);
    run.expect(&["10 rule_1"]);
}

#[test]
fn an_event_that_kills_may_start() {
    let q = seq(10.0).on(trade("A/B")).no(trade("A/B")).on(trade("C/D"));
    let mut run = run(&q, &[]);
    run.trade(0.0, "A/B", 1.0).trade(9.0, "A/B", 1.0).trade(12.0, "C/D", 1.0).expect(&["12 rule_1"]);
}

#[test]
fn no_for_between_holds_up_to_its_deadline_and_the_next_step_is_later() {
    let q = seq(10.0).on(trade("A/B")).no_for(quote("A/B"), 3.0).on(trade("C/D"));
    // At the deadline an event comes before the timer: too early for the step.
    let mut early = run(&q, &[]);
    early.trade(0.0, "A/B", 1.0).trade(3.0, "C/D", 1.0).expect_none();
    early.trade(3.000000001, "C/D", 1.0).expect(&["3.000000001 rule_1"]);
    // And not too late to kill.
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(3.0, "A/B", 1.0, 2.0).trade(4.0, "C/D", 1.0).expect_none();
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(3.000000001, "A/B", 1.0, 2.0).trade(4.0, "C/D", 1.0).expect(&["4 rule_1"]);
    // Once the clock was brought to the deadline its timers are behind us, whatever comes at that ts.
    run(&q, &[]).trade(0.0, "A/B", 1.0).advance(3.0).trade(3.0, "C/D", 1.0).expect(&["3 rule_1"]);
    // An event by a timer of the same deadline is in the same step: it kills, and is no next step.
    let silence = seq(10.0).on(trade("A/B")).no_for(quote("A/B").silent(3.0), 3.0).on(trade("C/D"));
    run(&silence, &[]).trade(0.0, "A/B", 1.0).trade(5.0, "C/D", 1.0).expect_none();
    let step = seq(10.0).on(trade("A/B")).no_for(book("A/B"), 3.0).on(quote("A/B").silent(3.0));
    run(&step, &[]).trade(0.0, "A/B", 1.0).pass(50.0).expect_none();
}

#[test]
fn a_run_that_waits_keeps_its_place_until_then() {
    let mut q = seq(20.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.no_for(quote("A/B"), 3.0).on(trade("C/D"));
    let fields = [("p", &price)];
    run(&q, &fields).trade(0.0, "A/B", 1.0).trade(2.0, "A/B", 2.0).trade(4.0, "C/D", 1.0).expect(&[r#"4 rule_1 {"p":1}"#]);
    // At the deadline itself it still waits.
    run(&q, &fields).trade(0.0, "A/B", 1.0).trade(3.0, "A/B", 2.0).trade(4.0, "C/D", 1.0).expect(&[r#"4 rule_1 {"p":1}"#]);
    // Afterwards a later start replaces it, and waits in turn.
    let mut late = run(&q, &fields);
    late.trade(0.0, "A/B", 1.0).trade(4.0, "A/B", 2.0).trade(6.0, "C/D", 1.0).expect_none().trade(8.0, "C/D", 1.0);
    late.expect(&[r#"8 rule_1 {"p":2}"#]);
}

#[test]
fn several_no_of_one_gap_count_from_the_match_before_them() {
    let q = seq(20.0).on(trade("A/B")).no_for(quote("A/B"), 3.0).no_for(quote("C/D"), 5.0).no(trade("P/Q")).on(trade("E/F"));
    let play = |events: &[(f64, &str)]| {
        let mut run = run(&q, &[]);
        run.trade(0.0, "A/B", 1.0);
        for (s, name) in events {
            run.quote(*s, name, 1.0, 2.0);
        }
        run.trade(5.0, "E/F", 1.0).trade(6.0, "E/F", 1.0);
        std::mem::take(&mut run.lines)
    };
    assert_eq!(play(&[]), ["6 rule_1"]);
    assert_eq!(play(&[(3.5, "A/B")]), ["6 rule_1"]);
    assert_eq!(play(&[(3.0, "A/B")]), [""; 0]);
    assert_eq!(play(&[(3.0, "A/B"), (3.5, "C/D")]), [""; 0]);
    assert_eq!(play(&[(5.0, "C/D")]), [""; 0]);
    run(&q, &[]).trade(0.0, "A/B", 1.0).trade(5.5, "P/Q", 1.0).trade(6.0, "E/F", 1.0).expect_none();
}

#[test]
fn no_of_a_level_may_be_true_at_no_instant_between_nor_right_after() {
    let high = || bid("A/B").gt(num(5.0));
    let q = seq(10.0).on(trade("A/B")).no(high()).on(trade("C/D"));
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(1.0, "A/B", 6.0, 7.0).quote(1.0, "A/B", 4.0, 7.0).trade(2.0, "C/D", 1.0).expect_none();
    run(&q, &[]).quote(0.0, "A/B", 6.0, 7.0).trade(1.0, "A/B", 1.0).quote(1.0, "A/B", 4.0, 7.0).trade(2.0, "C/D", 1.0).expect_none();
    run(&q, &[]).trade(1.0, "A/B", 1.0).quote(1.0, "A/B", MISS, 7.0).trade(2.0, "C/D", 1.0).expect(&["2 rule_1"]);
    // That it is true at the next step is not between.
    let step = seq(10.0).on(trade("A/B")).no(high()).on(quote("A/B"));
    run(&step, &[]).trade(0.0, "A/B", 1.0).quote(1.0, "A/B", 6.0, 7.0).expect(&["1 rule_1"]);
    // A run that begins where the level is true is none, and takes no other's place.
    let mut after = seq(20.0).on(trade("A/B"));
    let price = after.first(last("A/B"));
    let after = after.no_for(high(), 3.0).on(trade("C/D"));
    let mut run = run(&after, &[("p", &price)]);
    run.trade(0.0, "A/B", 1.0).quote(4.0, "A/B", 6.0, 7.0).trade(5.0, "A/B", 2.0).trade(6.0, "C/D", 1.0);
    run.expect(&[r#"6 rule_1 {"p":1}"#]);
}

#[test]
fn no_last_completes_at_the_end_of_the_span() {
    let q = seq(10.0).on(trade("A/B")).on(quote("A/B")).no(trade("C/D"));
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).pass(10.0).expect_none().pass(10.1).expect(&["10 rule_1"]);
    // An event at the deadline comes first.
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).trade(10.0, "C/D", 1.0).pass(50.0).expect_none();
    // Before the step it is no concern.
    run(&q, &[]).trade(0.0, "A/B", 1.0).trade(1.0, "C/D", 1.0).quote(2.0, "A/B", 1.0, 2.0).pass(50.0).expect(&["10 rule_1"]);
    run(&q, &[]).trade(0.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).advance(10.0).expect(&["10 rule_1"]);
}

#[test]
fn a_run_that_comes_to_its_end_with_the_timers_of_that_moment_or_after_them_completes_at_once() {
    // The last step is itself by a timer at the end of the span.
    let q = seq(5.0).on(trade("A/B")).on(quote("A/B").silent(5.0)).no(trade("C/D"));
    run(&q, &[]).trade(0.0, "A/B", 1.0).pass(9.0).expect(&["5 rule_1"]);
    // Or comes when the clock was brought there already.
    let q = seq(5.0).on(trade("A/B")).on(quote("A/B")).no(trade("C/D"));
    let mut run = run(&q, &[]);
    run.trade(0.0, "A/B", 1.0).advance(5.0).quote(5.0, "A/B", 1.0, 2.0).expect(&["5 rule_1"]).pass(9.0).expect(&["5 rule_1"]);
}

#[test]
fn no_for_last_completes_after_the_last_match_and_counts_in_the_span() {
    let mut q = seq(10.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.on(quote("A/B")).no_for(trade("C/D"), 3.0);
    let fields = [("p", &price)];
    run(&q, &fields).trade(0.0, "A/B", 1.0).quote(7.0, "A/B", 1.0, 2.0).pass(50.0).expect(&[r#"10 rule_1 {"p":1}"#]);
    // Beyond the span it is dropped at once and keeps no place.
    let mut dropped = run(&q, &fields);
    dropped.trade(0.0, "A/B", 1.0).quote(7.5, "A/B", 1.0, 2.0).trade(8.0, "A/B", 2.0).quote(9.0, "A/B", 1.0, 2.0).pass(50.0);
    dropped.expect(&[r#"12 rule_1 {"p":2}"#]);
    // The waiting run is kept until its deadline.
    let mut kept = run(&q, &fields);
    kept.trade(0.0, "A/B", 1.0).quote(1.0, "A/B", 1.0, 2.0).trade(2.0, "A/B", 2.0).quote(3.0, "A/B", 1.0, 2.0).pass(50.0);
    kept.expect(&[r#"4 rule_1 {"p":1}"#]);
    // A match consumes all: what was shorter then is gone.
    kept.quote(51.0, "A/B", 1.0, 2.0).pass(90.0).expect(&[r#"4 rule_1 {"p":1}"#]);
}

#[test]
fn a_level_that_turns_true_at_the_last_deadline_kills() {
    let gone = trade("C/D").count(3.0, true).lt(num(1.0));
    let q = seq(10.0).on(trade("A/B")).no_for(gone.clone(), 3.0);
    run(&q, &[]).trade(0.0, "C/D", 1.0).trade(0.0, "A/B", 1.0).pass(50.0).expect_none();
    run(&q, &[])
        .trade(0.000000001, "C/D", 1.0)
        .trade(0.000000001, "A/B", 1.0)
        .trade(1.0, "C/D", 1.0)
        .pass(50.0)
        .expect(&["3.000000001 rule_1"]);
    // The earlier of two that are last kills up to its own deadline.
    let two = seq(10.0).on(trade("A/B")).no_for(quote("A/B"), 2.0).no_for(quote("C/D"), 4.0);
    run(&two, &[]).trade(0.0, "A/B", 1.0).quote(3.0, "A/B", 1.0, 2.0).pass(9.0).expect(&["4 rule_1"]);
    run(&two, &[]).trade(0.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).pass(9.0).expect_none();
    run(&two, &[]).trade(0.0, "A/B", 1.0).quote(4.0, "C/D", 1.0, 2.0).pass(9.0).expect_none();
}

/// `a: trade {min..max} -> b: quote` with `.count`, `.first`, `.last`.
fn quantified(min: u32, max: Option<u32>) -> (Q, [E; 3]) {
    let mut q = seq(100.0).times(trade("A/B"), min, max);
    let reads = [q.count(), q.first(last("A/B")), q.last(last("A/B"))];
    (q.on(quote("A/B")), reads)
}

fn quantities(min: u32, max: Option<u32>, trades: u32) -> Vec<String> {
    let (q, [count, first, last]) = quantified(min, max);
    let mut run = run(&q, &[("n", &count), ("f", &first), ("l", &last)]);
    for n in 1..=trades {
        run.trade(f64::from(n), "A/B", f64::from(n));
    }
    run.quote(50.0, "A/B", 1.0, 2.0);
    run.lines
}

#[test]
fn quantified_steps() {
    assert_eq!(quantities(3, Some(3), 2), [""; 0]);
    assert_eq!(quantities(3, Some(3), 3), [r#"50 rule_1 {"n":3,"f":1,"l":3}"#]);
    // {n} is n plain places: the latest start is kept.
    assert_eq!(quantities(3, Some(3), 5), [r#"50 rule_1 {"n":3,"f":3,"l":5}"#]);
    // A run that can take more keeps its place against a later start.
    assert_eq!(quantities(1, None, 4), [r#"50 rule_1 {"n":4,"f":1,"l":4}"#]);
    assert_eq!(quantities(2, None, 4), [r#"50 rule_1 {"n":4,"f":1,"l":4}"#]);
    assert_eq!(quantities(2, None, 1), [""; 0]);
    // The event that it takes as its last is no later start in its place; the next one is.
    assert_eq!(quantities(2, Some(3), 3), [r#"50 rule_1 {"n":3,"f":1,"l":3}"#]);
    assert_eq!(quantities(2, Some(3), 4), [r#"50 rule_1 {"n":2,"f":3,"l":4}"#]);
    assert_eq!(quantities(1, Some(2), 2), [r#"50 rule_1 {"n":2,"f":1,"l":2}"#]);
    assert_eq!(quantities(1, Some(2), 3), [r#"50 rule_1 {"n":1,"f":3,"l":3}"#]);
}

#[test]
fn a_quantified_step_last_completes_at_its_least() {
    let mut q = seq(10.0).on(quote("A/B")).times(trade("A/B"), 2, Some(4));
    let count = q.count();
    let mut run = run(&q, &[("n", &count)]);
    run.quote(0.0, "A/B", 1.0, 2.0).trade(1.0, "A/B", 1.0).trade(2.0, "A/B", 1.0).trade(3.0, "A/B", 1.0);
    run.expect(&[r#"2 rule_1 {"n":2}"#]);
}

#[test]
fn an_event_that_a_run_can_take_does_not_move_it_on() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let q = |max| {
        let mut q = seq(100.0).times(trade("A/B"), 1, max);
        let count = q.count();
        (q.on(big.clone()), count)
    };
    let (open, count) = q(None);
    run(&open, &[("n", &count)]).trade(0.0, "A/B", 1.0).trade_of(1.0, "A/B", 1.0, 9.0, None).expect_none();
    let (closed, count) = q(Some(2));
    let mut run = run(&closed, &[("n", &count)]);
    run.trade(0.0, "A/B", 1.0).trade(1.0, "A/B", 1.0).trade_of(2.0, "A/B", 1.0, 9.0, None).expect(&[r#"2 rule_1 {"n":2}"#]);
}

#[test]
fn one_more_match_starts_the_wait_anew() {
    let mut q = seq(100.0).times(trade("A/B"), 1, None);
    let count = q.count();
    let q = q.no_for(quote("A/B"), 3.0).on(trade("C/D"));
    let fields = [("n", &count)];
    let mut waits = run(&q, &fields);
    waits.trade(0.0, "A/B", 1.0).trade(2.0, "A/B", 1.0).trade(4.0, "C/D", 1.0).expect_none().trade(5.5, "C/D", 1.0);
    waits.expect(&[r#"5.5 rule_1 {"n":2}"#]);
    let mut last = seq(9.0).times(trade("A/B"), 1, None);
    let count = last.count();
    let last = last.no_for(quote("A/B"), 3.0);
    let fields = [("n", &count)];
    run(&last, &fields).trade(0.0, "A/B", 1.0).trade(2.0, "A/B", 1.0).pass(50.0).expect(&[r#"5 rule_1 {"n":2}"#]);
    // Taken so late that it could only end beyond the span, the run is dropped.
    let mut late = run(&last, &fields);
    for s in [0.0, 2.0, 4.0, 6.5] {
        late.trade(s, "A/B", 1.0);
    }
    late.pass(9.0).expect_none();
}

#[test]
fn a_match_in_place_that_is_forbidden_kills() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let q = seq(100.0).times(trade("A/B"), 1, None).no(big).on(quote("A/B"));
    run(&q, &[]).trade(0.0, "A/B", 1.0).trade(1.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).expect(&["2 rule_1"]);
    // It kills the run that took it; as a first step it starts one that lies after it.
    let mut killed = run(&q, &[]);
    killed.trade(0.0, "A/B", 1.0).trade_of(1.0, "A/B", 1.0, 9.0, None).quote(2.0, "A/B", 1.0, 2.0);
    killed.expect(&["2 rule_1"]);
    let other = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(7.0)));
    let second = seq(100.0).on(quote("C/D")).times(trade("A/B"), 1, None).no(other).on(quote("A/B"));
    let mut gone = run(&second, &[]);
    gone.quote(0.0, "C/D", 1.0, 2.0).trade(1.0, "A/B", 1.0).trade_of(2.0, "A/B", 1.0, 9.0, None).expect_none();
}

#[test]
fn later_steps_and_fields_read_labels() {
    let mut q = seq(10.0).on(trade("A/B"));
    let (price, at) = (q.first(last("A/B")), q.first(now()));
    let mut q = q.on(trade("A/B")).filter(last("A/B").gt(price.clone()));
    let (second, then) = (q.first(last("A/B")), q.first(now()));
    let (lag, ratio) = (then.minus(at), second.over(price.clone()));
    let mut run = run(&q, &[("p", &price), ("lag", &lag), ("r", &ratio), ("now", &last("A/B"))]);
    run.trade(0.0, "A/B", 5.0).trade(1.0, "A/B", 4.0).trade(2.0, "A/B", 3.0).trade(3.5, "A/B", 6.0);
    run.expect(&[r#"3.5 rule_1 {"p":3,"lag":1500000000,"r":2,"now":6}"#]);
}

#[test]
fn each_run_is_looked_at_with_its_own_captures() {
    // A longer run with one price, a shorter one with another.
    let mut q = seq(100.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.on(quote("A/B").filter(bid("A/B").gt(num(0.0)))).filter(bid("A/B").gt(price.clone()));
    let q = q.on(quote("C/D")).filter(bid("C/D").gt(price.clone()));
    let mut run = run(&q, &[("p", &price)]);
    run.trade(0.0, "A/B", 5.0).quote(1.0, "A/B", 6.0, 9.0).trade(2.0, "A/B", 8.0);
    run.quote(3.0, "A/B", 7.0, 9.0).quote(4.0, "C/D", 5.0, 9.0).expect_none().quote(5.0, "C/D", 5.5, 9.0);
    run.expect(&[r#"5 rule_1 {"p":5}"#]);
}

#[test]
fn no_reads_labels_too() {
    let mut q = seq(100.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let event = q.clone().no(trade("C/D")).filter(last("C/D").gt(price.clone())).on(quote("A/B"));
    run(&event, &[]).trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 4.0).quote(2.0, "A/B", 1.0, 2.0).expect(&["2 rule_1"]);
    run(&event, &[]).trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 6.0).quote(2.0, "A/B", 1.0, 2.0).expect_none();
    let level = q.no(last("C/D").gt(price)).on(quote("A/B"));
    run(&level, &[]).trade(0.0, "C/D", 4.0).trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 4.0).quote(2.0, "A/B", 1.0, 2.0).expect(&["2 rule_1"]);
    run(&level, &[]).trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 6.0).quote(2.0, "A/B", 1.0, 2.0).expect_none();
    // Right after the match, with what it has captured.
    run(&level, &[]).trade(0.0, "C/D", 6.0).trade(0.0, "A/B", 5.0).quote(2.0, "A/B", 1.0, 2.0).expect_none();
}

#[test]
fn a_level_step_over_labels_rises_in_each_run() {
    let mut q = seq(100.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.on(last("C/D").gt(price.clone()));
    let fields = [("p", &price)];
    // True at its first instant after the match is a rise; what it was before does not matter.
    run(&q, &fields).trade(0.0, "C/D", 9.0).trade(1.0, "A/B", 5.0).expect_none().trade(2.0, "C/D", 9.0).expect(&[r#"2 rule_1 {"p":5}"#]);
    run(&q, &fields).trade(1.0, "A/B", 5.0).trade(2.0, "C/D", 4.0).trade(3.0, "C/D", 6.0).expect(&[r#"3 rule_1 {"p":5}"#]);
    // While the run waits it may rise in vain.
    let mut q = seq(100.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.no_for(quote("A/B"), 3.0).on(last("C/D").gt(price.clone()));
    let mut run = run(&q, &[("p", &price)]);
    run.trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 6.0).trade(4.0, "C/D", 7.0).expect_none();
    run.trade(5.0, "C/D", 4.0).trade(6.0, "C/D", 7.0).expect(&[r#"6 rule_1 {"p":5}"#]);
}

#[test]
fn events_that_read_labels_are_asked_for_each_run() {
    let mut q = seq(100.0).on(trade("A/B"));
    let price = q.first(last("A/B"));
    let q = q.on(trade("C/D").and(last("C/D").gt(price.clone())).or(quote("C/D").filter(bid("C/D").gt(price.clone()))));
    let fields = [("p", &price)];
    run(&q, &fields).trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 4.0).trade(2.0, "C/D", 6.0).expect(&[r#"2 rule_1 {"p":5}"#]);
    run(&q, &fields).trade(0.0, "A/B", 5.0).quote(1.0, "C/D", 4.0, 9.0).quote(2.0, "C/D", 6.0, 9.0).expect(&[r#"2 rule_1 {"p":5}"#]);
}

#[test]
fn sequences_share_what_reads_captures_and_not_the_captures() {
    let sequence = |other: &str| {
        let mut q = seq(100.0).on(trade(other));
        let price = q.first(last(other));
        (q.on(trade("E/F")).filter(last("E/F").gt(price.clone())), price)
    };
    let ((a, price), (b, _)) = (sequence("A/B"), sequence("C/D"));
    let mut run = run_with(&[a, b], vec![], |nodes| nodes.iter().map(|node| rule(node.clone()).field("p", price.clone())).collect());
    run.trade(0.0, "A/B", 5.0).trade(1.0, "C/D", 7.0).trade(2.0, "E/F", 6.0).trade(3.0, "E/F", 8.0);
    run.expect(&[r#"2 rule_1 {"p":5}"#, r#"3 rule_2 {"p":7}"#]);
}

#[test]
fn the_span_may_be_a_parameter() {
    let mut q = two(10.0);
    q.sequence.within = Period::Param(ParamId(0));
    let params = vec![param_decl("d", ascep_lang::program::Constant::Duration(secs(5.0)), None)];
    let mut run = run_with(&[q], params, |nodes| vec![rule(nodes[0].clone())]);
    run.trade(0.0, "A/B", 1.0).quote(6.0, "A/B", 1.0, 2.0).expect_none();
    run.set("d", ascep_lang::program::Constant::Duration(secs(7.0))).trade(10.0, "A/B", 1.0).quote(16.0, "A/B", 1.0, 2.0);
    run.expect(&["16 rule_1"]);
}

#[test]
fn text_and_sides_are_captured() {
    let mut q = seq(10.0).on(trade("A/B"));
    let side = q.first(market(MarketField::TradeSide, "A/B"));
    let q = q.on(trade("A/B")).filter(market(MarketField::TradeSide, "A/B").cmp(ascep_lang::program::CmpOp::Ne, side.clone()));
    let mut run = run(&q, &[("s", &side)]);
    run.trade_of(0.0, "A/B", 1.0, 1.0, Some(Side::Buy)).trade_of(1.0, "A/B", 1.0, 1.0, Some(Side::Buy));
    run.trade_of(2.0, "A/B", 1.0, 1.0, Some(Side::Sell)).expect(&[r#"2 rule_1 {"s":"buy"}"#]);
}

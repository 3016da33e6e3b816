//! Pairs of rules and events that chance rarely makes, and such as once told engine and reference apart: both must say what is written here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod support;

use ascep_lang::program::Constant;
use ascep_runtime::signal::OwnedValue;
use support::run;
use support::stream::{Input, SECOND, What};

fn at(seconds: f64) -> i64 {
    (seconds * SECOND as f64) as i64
}

fn trade(seconds: f64, symbol: &str, price: f64) -> Input {
    let what = What::Trade { price, qty: Some(1.0), side: None };
    Input::Event { ts: at(seconds), venue_ts: None, symbol: symbol.into(), what }
}

fn quote(seconds: f64, symbol: &str, bid: f64, ask: f64, ask_qty: Option<f64>) -> Input {
    let what = What::Quote { bid: Some((bid, Some(4.0))), ask: Some((ask, ask_qty)) };
    Input::Event { ts: at(seconds), venue_ts: None, symbol: symbol.into(), what }
}

fn set(d: i64) -> Input {
    Input::Set("d".into(), Constant::Duration(d * SECOND))
}

fn advance(seconds: f64) -> Input {
    Input::Advance(at(seconds))
}

/// Wants these signals, by second and name, of engine and reference.
fn expect(rules: &str, inputs: &[Input], signals: &[(f64, &str)]) -> Vec<Vec<OwnedValue>> {
    let (typed, program) = run::compile(rules).unwrap();
    let (engine, reference) = (run::run_engine(&program, 64, inputs), run::run_reference(&typed, 64, inputs));
    assert_eq!(run::difference(&engine, &reference), None, "{rules}");
    let said: Vec<_> = engine.signals.iter().map(|s| (s.ts, s.head.signal.as_str())).collect();
    let wanted: Vec<_> = signals.iter().map(|(seconds, name)| (at(*seconds), *name)).collect();
    assert_eq!(said, wanted, "{rules}");
    engine.signals.into_iter().map(|s| s.values).collect()
}

/// The span of a run is set when it starts. Neither an event of another symbol nor a parameter that is set later changes it.
#[test]
fn a_span_is_set_when_a_run_starts() {
    let rules = "PARAM d = 2s IN 1s .. 5s\nIF SEQ trade(\"A/B\") -> quote(\"A/B\") WITHIN d THEN S";
    let late = quote(4.0, "A/B", 1.0, 2.0, None);
    expect(rules, &[trade(0.0, "A/B", 1.0), set(5), late.clone()], &[]);
    expect(rules, &[trade(0.0, "A/B", 1.0), trade(3.0, "Z/Z", 1.0), set(5), late.clone()], &[]);
    expect(rules, &[trade(0.0, "Z/Z", 1.0), set(5), trade(0.0, "A/B", 1.0), set(1), trade(3.0, "Z/Z", 1.0), late], &[(4.0, "S")]);
}

/// A window that is found empty because its length has shrunk has no last sample that could still leave.
#[test]
fn what_has_left_a_shrunk_window_does_not_leave_again() {
    let rules = "PARAM d = 4s IN 1s .. 5s\nIF NOT known(avg(last(\"A/B\"), d)) THEN S EVERY TICK";
    // The first timer is of 4 s after the first update, and at 4 s the trade of 3 s is as old as the window is long.
    let inputs = [trade(0.0, "A/B", 1.0), trade(3.0, "A/B", 2.0), set(1), advance(20.0)];
    expect(rules, &inputs, &[(0.0, "S"), (3.0, "S"), (4.0, "S")]);
}

/// A run that comes to the end of its wait as the timers of that moment fire completes with them, before the rules are looked at.
#[test]
fn a_run_completes_with_the_timers_that_bring_it_to_its_end() {
    let rules = "RULE s: IF SEQ (NO quote(\"A/B\") FOR 3s) -> (NO trade(\"A/B\") FOR 5s) -> NO trade(\"A/B\") WITHIN 2s THEN S\n\
                 RULE t: IF NO trade(\"A/B\") FOR 5s THEN T";
    expect(rules, &[trade(0.0, "Z/Z", 1.0), advance(20.0)], &[(5.0, "S"), (5.0, "T")]);
}

/// The size of a cycle is unknown where the quantity of any leg is, be it an early one.
#[test]
fn the_size_of_a_cycle_needs_every_quantity() {
    let rules = "USE arbitrage\nIF quote(\"y:A/B\") THEN S(g0 = cross(buy = \"x:A/B\", sell = \"y:A/B\", fee_buy = 0, fee_sell = 0).size)";
    let inputs = |qty| [quote(0.0, "x:A/B", 1.0, 2.0, qty), quote(1.0, "y:A/B", 3.0, 4.0, Some(1.0))];
    assert_eq!(expect(rules, &inputs(None), &[(1.0, "S")]), [[OwnedValue::Unknown]]);
    assert_eq!(expect(rules, &inputs(Some(3.0)), &[(1.0, "S")]), [[OwnedValue::Num(6.0)]]);
}

/// A run that takes the event at hand keeps its place against the later start that the same event brings, and comes to have all that its step may take.
#[test]
fn a_quantified_step_fills_up() {
    let rules = "IF SEQ a: trade(\"A/B\") {2..3} -> quote(\"A/B\") WITHIN 20s THEN S(f0 = a.count, f1 = a.first.price)";
    let trades = |n: i32| (1..=n).map(|k| trade(f64::from(k), "A/B", f64::from(k)));
    let ended = |n: i32| trades(n).chain([quote(9.0, "A/B", 1.0, 2.0, None)]).collect::<Vec<_>>();
    let counted = |n: f64, first: f64| [[OwnedValue::Num(n), OwnedValue::Num(first)]];
    assert_eq!(expect(rules, &ended(3), &[(9.0, "S")]), counted(3.0, 1.0));
    // The fourth finds it full, and what started later takes its place.
    assert_eq!(expect(rules, &ended(4), &[(9.0, "S")]), counted(2.0, 3.0));
}

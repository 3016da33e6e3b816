//! Rules: modes, `UNTIL`, `EVERY`, `COOLDOWN`, `LIMIT`, parameters and inputs, in columns and outside of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use ascep_lang::program::{Constant, Input, NumFn, Op, Period, Stat, Type, Window};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, Payload, Quote, Trade};
use ascep_runtime::{BuildError, Engine, EngineOptions, EventError, ParamError, Signal};
use common::*;

fn c(x: f64) -> Constant {
    Constant::Num(x.to_bits())
}

#[test]
fn until_arms_again() {
    let rules = [rule(last("A/B").gt(num(100.0))).until(last("A/B").lt(num(90.0)))];
    let mut run = Run::new(&rules);
    for (s, price) in [(1.0, 101.0), (2.0, 95.0), (3.0, 101.0), (4.0, 90.0), (5.0, 101.0), (6.0, 89.0), (7.0, 101.0)] {
        run.trade(s, "A/B", price);
    }
    run.expect(&["1 rule_1", "7 rule_1"]);
    assert_eq!(run.engine.counters().lost_disarmed, 2);
}

#[test]
fn edges_while_disarmed_are_lost() {
    let rules = [rule(last("A/B").gt(num(100.0))).until(bid("A/B").gt(num(5.0)))];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 101.0).trade(2.0, "A/B", 95.0).trade(3.0, "A/B", 101.0).quote(4.0, "A/B", 6.0, 7.0);
    run.trade(5.0, "A/B", 102.0).trade(6.0, "A/B", 95.0).trade(7.0, "A/B", 101.0);
    run.expect(&["1 rule_1", "7 rule_1"]);
}

#[test]
fn until_is_looked_at_before_the_trigger_and_from_the_next_evaluation_on() {
    let mut run = Run::new(&[rule(trade("A/B")).until(last("A/B").gt(num(5.0)))]);
    for (s, price) in [(0.0, 6.0), (1.0, 1.0), (2.0, 6.0), (3.0, 6.0)] {
        run.trade(s, "A/B", price);
    }
    run.expect(&["0 rule_1", "2 rule_1", "3 rule_1"]);
    let mut run = Run::new(&[rule(trade("A/B")).until(bid("A/B").gt(num(5.0)))]);
    run.quote(0.0, "A/B", 6.0, 7.0).trade(1.0, "A/B", 1.0).quote(2.0, "A/B", 4.0, 5.0).trade(3.0, "A/B", 1.0);
    run.quote(4.0, "A/B", 6.0, 7.0).trade(5.0, "A/B", 1.0);
    run.expect(&["1 rule_1", "5 rule_1"]);
}

#[test]
fn until_an_event() {
    let mut run = Run::new(&[rule(last("A/B").gt(num(5.0))).until(quote("A/B")).every_tick()]);
    run.trade(1.0, "A/B", 6.0).trade(2.0, "A/B", 6.0).quote(3.0, "A/B", 1.0, 2.0).trade(4.0, "A/B", 6.0).trade(5.0, "A/B", 6.0);
    run.expect(&["1 rule_1", "4 rule_1"]);
}

#[test]
fn every_tick_is_at_each_update() {
    let mut run = Run::new(&[rule(last("A/B").gt(num(5.0))).every_tick()]);
    run.trade(1.0, "A/B", 6.0).trade(2.0, "A/B", 6.0).quote(3.0, "A/B", 1.0, 2.0).trade(4.0, "A/B", 4.0).trade(5.0, "A/B", 6.0);
    run.expect(&["1 rule_1", "2 rule_1", "5 rule_1"]);
    let count = trade("A/B").count(5.0, true);
    let mut run = Run::new(&[rule(count.clone().lt(num(2.0))).every_tick().field("n", count)]);
    run.trade(0.0, "A/B", 1.0).trade(1.0, "A/B", 1.0).pass(9.0);
    run.expect(&[r#"0 rule_1 {"n":1}"#, r#"5 rule_1 {"n":1}"#, r#"6 rule_1 {"n":0}"#]);
}

#[test]
fn turns() {
    let rules = [rule(last("A/B").gt(num(5.0))).every(2.0)];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 6.0).trade(4.0, "A/B", 7.0).trade(6.5, "A/B", 4.0).trade(9.0, "A/B", 6.0).trade(10.0, "A/B", 6.0);
    run.expect(&["1 rule_1", "3 rule_1", "5 rule_1", "9 rule_1"]);
    // An event at a turn comes first.
    Run::new(&rules).trade(1.0, "A/B", 6.0).trade(3.0, "A/B", 4.0).trade(9.0, "A/B", 4.0).expect(&["1 rule_1"]);
    // Anew from the instant at which it is true again.
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 6.0).trade(2.0, "A/B", 4.0).trade(2.5, "A/B", 6.0).pass(5.0);
    run.expect(&["1 rule_1", "2.5 rule_1", "4.5 rule_1"]);
}

#[test]
fn an_unknown_turn_is_skipped() {
    let mut run = Run::new(&[rule(bid("A/B").gt(num(5.0))).every(2.0)]);
    run.quote(1.0, "A/B", 6.0, 7.0).quote(2.0, "A/B", MISS, 7.0).pass(4.0).quote(4.5, "A/B", 6.0, 7.0).pass(8.0);
    run.expect(&["1 rule_1", "5 rule_1", "7 rule_1"]);
}

#[test]
fn turns_while_disarmed_pass_silently() {
    let mut run = Run::new(&[rule(last("A/B").gt(num(5.0))).every(2.0).until(quote("A/B"))]);
    run.trade(1.0, "A/B", 6.0).pass(6.0).quote(6.0, "A/B", 1.0, 2.0).pass(10.0);
    run.expect(&["1 rule_1", "7 rule_1"]);
    assert_eq!(run.engine.counters().lost_disarmed, 3);
}

#[test]
fn cooldown() {
    let mut run = Run::new(&[rule(last("A/B").gt(num(5.0))).cooldown(10.0)]);
    for (s, price) in [(0.0, 6.0), (1.0, 4.0), (2.0, 6.0), (3.0, 4.0), (10.0, 6.0), (12.0, 4.0), (19.999, 6.0)] {
        run.trade(s, "A/B", price);
    }
    run.expect(&["0 rule_1", "10 rule_1"]);
    assert_eq!(run.engine.counters().held_back, 2);
}

#[test]
fn limit() {
    let mut run = Run::new(&[rule(trade("A/B")).limit(2, 10.0)]);
    for s in [0.0, 1.0, 2.0, 9.9, 10.0, 10.5, 11.0, 20.0] {
        run.trade(s, "A/B", 1.0);
    }
    run.expect(&["0 rule_1", "1 rule_1", "10 rule_1", "11 rule_1", "20 rule_1"]);
    assert_eq!(run.engine.counters().held_back, 3);
}

#[test]
fn text_order_over_columns_and_the_rest() {
    let rules = [
        rule(trade("A/B")),
        rule(last("A/B").gt(num(5.0))),
        rule(last("A/B").gt(num(5.0)).edge()),
        rule(last("A/B").gt(num(4.0))),
        rule(trade("A/B")).field("x", last("A/B").plus(num(1.0))),
        rule(last("A/B").gt(num(3.0)).and(bid("C/D").known().not())),
    ];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 6.0);
    run.expect(&["1 rule_1", "1 rule_2", "1 rule_3", "1 rule_4", r#"1 rule_5 {"x":7}"#, "1 rule_6"]);
    let stats = run.engine.plan_stats();
    assert_eq!((stats.rules, stats.shape_rules, stats.shapes, stats.rows), (6, 3, 2, 4));
}

#[test]
fn rows_of_several_instruments_keep_one_truth() {
    let rules: Vec<R> = (0..200)
        .map(|k| rule(last("A/B").plus(last("C/D")).minus(bid("E/F")).gt(num(f64::from(k)))).field("k", num(f64::from(k))))
        .collect();
    let mut run = Run::new(&rules);
    assert_eq!(run.engine.plan_stats().shapes, 1);
    assert_eq!(run.engine.plan_stats().rows, 600);
    run.trade(1.0, "A/B", 100.0).trade(2.0, "C/D", 50.0).quote(3.0, "E/F", 50.5, 51.0);
    assert_eq!(run.lines.len(), 100);
    run.quote(4.0, "E/F", MISS, 51.0)
        .quote(5.0, "E/F", 50.5, 51.0)
        .trade(6.0, "A/B", 101.0)
        .trade(7.0, "C/D", 20.0)
        .trade(8.0, "C/D", 20.6);
    assert_eq!(run.lines[100..], [r#"6 rule_101 {"k":100}"#, r#"8 rule_72 {"k":71}"#]);
    assert_eq!(run.engine.counters().unknown_results, 200 + 200 + 200);
}

#[test]
fn parameters_are_instants_of_what_reads_them() {
    let decls = vec![param_decl("p", c(5.0), Some((c(1.0), c(10.0)))), param_decl("d", Constant::Duration(secs(3.0)), None)];
    let p = || param(0, NUM);
    let held = last("A/B").gt(num(0.0)).with(Op::For(Period::Param(ascep_lang::program::ParamId(1))), Type::Bool);
    let rules = [
        rule(last("A/B").gt(p())),
        rule(last("A/B").gt(p()).held(1.0)),
        rule(last("A/B").gt(p())).every_tick().field("p", p().times(num(2.0))),
        rule(held),
        rule(p().gt(num(4.0))),
    ];
    for columns in [true, false] {
        let program = program_with(&rules, decls.clone(), vec![], false);
        let engine = Engine::new(&program, EngineOptions::default().with_columns(columns)).unwrap();
        let mut run = Run { engine, lines: vec![] };
        run.set("p", c(6.0)).trade(1.0, "A/B", 6.0).set("p", c(5.0)).set("d", Constant::Duration(secs(100.0))).pass(10.0).set("p", c(4.0));
        run.set("p", c(4.5)).expect(&[
            "1 rule_1",
            r#"1 rule_3 {"p":10}"#,
            "1 rule_5",
            "2 rule_2",
            "4 rule_4",
            r#"10 rule_3 {"p":8}"#,
            r#"10 rule_3 {"p":9}"#,
            "10 rule_5",
        ]);
        assert_eq!(run.engine.counters().param_sets, 4);
        let mut ignore = |_: &Signal<'_>| {};
        let (p, d) = (run.engine.param("p").unwrap(), run.engine.param("d").unwrap());
        assert_eq!(run.engine.set_param(p, c(10.5), &mut ignore), Err(ParamError::Range));
        assert_eq!(run.engine.set_param(p, c(f64::NAN), &mut ignore), Err(ParamError::Range));
        assert_eq!(run.engine.set_param(d, Constant::Duration(0), &mut ignore), Err(ParamError::Range));
        assert_eq!(run.engine.set_param(p, Constant::Bool(true), &mut ignore), Err(ParamError::Type));
        let none = ascep_lang::program::ParamId(9);
        assert_eq!(run.engine.set_param(none, c(1.0), &mut ignore), Err(ParamError::UnknownParam(none)));
        assert_eq!(run.engine.param("q"), None);
    }
}

#[test]
fn a_window_as_long_as_a_parameter() {
    let decls = vec![param_decl("d", Constant::Duration(secs(10.0)), None)];
    let window = Window::Time(Period::Param(ascep_lang::program::ParamId(0)));
    let count = trade("A/B").with(Op::Window { stat: Stat::Count, window, partial: true, max: None }, NUM);
    let program = program_with(&[rule(trade("A/B")).field("n", count)], decls, vec![], false);
    let mut run = Run::of(&program);
    run.trade(0.0, "A/B", 1.0).trade(5.0, "A/B", 1.0).set("d", Constant::Duration(secs(2.0))).trade(6.0, "A/B", 1.0);
    run.expect(&[r#"0 rule_1 {"n":1}"#, r#"5 rule_1 {"n":2}"#, r#"6 rule_1 {"n":2}"#]);
}

#[test]
fn host_inputs() {
    let inputs = vec![Input { name: "score".into(), ty: NUM }, Input { name: "on".into(), ty: Type::Bool }];
    let rules = [
        rule(input(0, NUM).gt(num(5.0)).and(input(1, Type::Bool))),
        rule(input(0, NUM).crosses(ascep_lang::syntax::CrossSide::Above, last("A/B"))).field("s", input(0, NUM)),
    ];
    for columns in [true, false] {
        let program = program_with(&rules, vec![], inputs.clone(), false);
        let engine = Engine::new(&program, EngineOptions::default().with_columns(columns)).unwrap();
        let mut run = Run { engine, lines: vec![] };
        run.put("score", Some(c(6.0))).trade(1.0, "A/B", 6.5).put("on", Some(Constant::Bool(true))).put("on", None);
        run.put("score", Some(c(4.0))).put("on", Some(Constant::Bool(true))).put("score", Some(c(7.0)));
        run.expect(&["1 rule_1", "1 rule_1", r#"1 rule_2 {"s":7}"#]);
        let on = run.engine.input("on").unwrap();
        assert_eq!(run.engine.on_input(on, Some(c(1.0)), &mut |_: &Signal<'_>| {}), Err(ParamError::Type));
    }
}

#[test]
fn bad_events_are_refused_and_change_nothing() {
    let mut run = Run::new(&[rule(trade("A/B"))]);
    run.trade(1.0, "A/B", 1.0);
    let a = run.engine.instrument("A/B").unwrap();
    let nan = f64::NAN;
    let quote = |bid, ask, bid_qty, ask_qty| Payload::Quote(Quote { bid, ask, bid_qty, ask_qty });
    let trade = |price, qty| Payload::Trade(Trade { price, qty, side: None });
    let (bad, worse) = ([Level { price: nan, qty: 1.0 }], [Level { price: 1.0, qty: -1.0 }]);
    let cases = [
        trade(nan, 1.0),
        trade(0.0, 1.0),
        trade(-1.0, 1.0),
        trade(f64::INFINITY, 1.0),
        trade(1.0, -1.0),
        trade(1.0, f64::INFINITY),
        quote(0.0, 1.0, nan, nan),
        quote(1.0, -1.0, nan, nan),
        quote(1.0, f64::INFINITY, nan, nan),
        quote(1.0, 2.0, -1.0, nan),
        quote(1.0, 2.0, nan, f64::INFINITY),
        Payload::Book(Book { bids: &bad, asks: &[] }),
        Payload::Book(Book { bids: &[], asks: &worse }),
    ];
    let mut ignore = |_: &Signal<'_>| unreachable!("no signal from a refused event");
    for payload in cases {
        let event = Event { ts: secs(9.0), venue_ts: None, instrument: a, payload };
        assert!(run.engine.on_event(&event, &mut ignore).is_err(), "{payload:?}");
    }
    let good = Event { ts: secs(9.0), venue_ts: None, instrument: InstrumentId(77), payload: trade(1.0, 1.0) };
    assert_eq!(run.engine.on_event(&good, &mut ignore), Err(EventError::Instrument(InstrumentId(77))));
    let good = Event { ts: i64::MIN, venue_ts: None, instrument: a, payload: trade(1.0, 1.0) };
    assert_eq!(run.engine.on_event(&good, &mut ignore), Err(EventError::Time { what: "ts", value: i64::MIN }));
    let counters = run.engine.counters();
    assert_eq!((counters.events, counters.refused, run.engine.now()), (1, 15, Some(secs(1.0))));
    // A crossed quote is left to the rules.
    run.event(9.0, "A/B", quote(3.0, 2.0, nan, nan));
    assert_eq!(run.engine.now(), Some(secs(9.0)));
}

#[test]
fn the_ends_of_time() {
    let rules =
        [rule(trade("A/B").count(10.0, true).gt(num(0.0)).held(5.0)), rule(quote("A/B").silent(5.0)), rule(age("A/B").gt(dur(5.0)))];
    let mut run = Run::new(&rules);
    let a = run.engine.instrument("A/B").unwrap();
    let payload = Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None });
    let mut signals = 0;
    for ts in [i64::MIN + 1, -1, 0, i64::MAX - 5_000_000_001, i64::MAX - 1] {
        let event = Event { ts, venue_ts: Some(i64::MIN + 1), instrument: a, payload };
        run.engine.on_event(&event, &mut |_: &Signal<'_>| signals += 1).unwrap();
    }
    run.engine.advance_to(i64::MAX, &mut |_: &Signal<'_>| signals += 1);
    run.engine.advance_to(i64::MIN, &mut |_: &Signal<'_>| signals += 1);
    assert_eq!(run.engine.now(), Some(i64::MAX - 1));
    assert!(signals > 3);
}

#[test]
fn bad_programs_are_refused() {
    let good = program(&[rule(last("A/B").gt(num(1.0))).field("v", bid("A/B").f1(NumFn::Neg))]);
    let build = |change: &dyn Fn(&mut ascep_lang::Program)| {
        let mut program = good.clone();
        change(&mut program);
        Engine::new(&program, EngineOptions::default()).err()
    };
    assert_eq!(build(&|_| {}), None);
    type Change<'c> = &'c dyn Fn(&mut ascep_lang::Program);
    let invalid: [Change<'_>; 11] = [
        &|p| p.version = 99,
        &|p| p.nodes[2].args[0].0 = 2,
        &|p| p.nodes[2].args[0].0 = 77,
        &|p| p.nodes[2].ty = NUM,
        &|p| p.nodes[0].op = Op::Age(symbol("A/B")),
        &|p| p.tables.symbols.clear(),
        &|p| p.nodes[1].op = Op::Const(c(f64::NAN)),
        &|p| p.rules[0].trigger.0 = 0,
        &|p| p.rules[0].trigger.0 = 50,
        &|p| p.rules[0].actions.clear(),
        &|p| p.rules[0].cooldown = Some(Period::Fixed(0)),
    ];
    for (index, change) in invalid.into_iter().enumerate() {
        assert!(matches!(build(change), Some(BuildError::Program(_))), "{index}");
    }
    let event = Input { name: "e".into(), ty: Type::Event };
    assert_eq!(build(&|p| p.tables.inputs.push(event.clone())), Some(BuildError::EventInput { name: "e".into() }));
    assert!(matches!(build(&|p| p.rules[0].limit = Some((u32::MAX, fixed(1.0)))), Some(BuildError::Program(_))));
    let window = program(&[rule(trade("A/B").count(1.0, true).gt(num(2.0)))]);
    let boundless = |samples| EngineOptions::default().with_max_bytes(usize::MAX).with_max_window_samples(samples);
    assert!(matches!(Engine::new(&window, boundless(usize::MAX / 16)).err(), Some(BuildError::TooLarge)));
    // More than any system has room for, asked for before anything is allocated.
    let windows: Vec<R> = (0..1 << 15).map(|k| rule(trade("A/B").count(1.0 + f64::from(k), true).gt(num(2.0)))).collect();
    assert!(matches!(Engine::new(&program(&windows), boundless(1 << 29)).err(), Some(BuildError::Exhausted { .. })));
    let none = Engine::new(&good, EngineOptions::default().with_max_window_samples(0)).err();
    assert!(matches!(none, Some(BuildError::Option { option: "max_window_samples", .. })));
    let small = Engine::new(&good, EngineOptions::default().with_max_bytes(100)).err();
    assert!(matches!(small, Some(BuildError::Memory { limit: 100, .. })));
}

#[test]
fn a_thousand_windows_are_no_burden() {
    let rules: Vec<R> = (0..1000).map(|k| rule(trade("A/B").count(1.0 + f64::from(k), true).gt(num(2.0)))).collect();
    let mut run = Run::new(&rules);
    for s in 0..3 {
        run.trade(f64::from(s), "A/B", 1.0);
    }
    assert_eq!(run.lines.len(), 998);
}

#[test]
fn a_quiet_start_makes_no_edge_of_what_is_true_at_first() {
    let program = program(&[rule(last("A/B").gt(num(5.0))), rule(last("A/B").gt(num(5.0)).edge()), rule(last("A/B").gt(num(9.0)))]);
    for columns in [false, true] {
        let options = EngineOptions::default().with_quiet_start(true).with_columns(columns);
        let mut run = Run::of(&program);
        run.engine = Engine::new(&program, options).unwrap();
        for (s, price) in [(1.0, 6.0), (2.0, 7.0), (3.0, 10.0), (4.0, 4.0), (5.0, 6.0)] {
            run.trade(s, "A/B", price);
        }
        run.expect(&["3 rule_3", "5 rule_1", "5 rule_2"]);
    }
}

#[test]
fn an_engine_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Engine>();
}

//! Ways round two and three markets, and functions of the host.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ascep_lang::program::{Constant, Cycle, CycleField, CycleId, CycleKind, FunctionId, HostFunction, Op, Program, SymbolId, Type};
use ascep_runtime::event::{Loss, Payload, Quote};
use ascep_runtime::signal::Value;
use ascep_runtime::{BuildError, Engine, EngineOptions, HostFunctions, Signal};
use common::*;

const FIELDS: [(&str, CycleField, Type); 6] = [
    ("net", CycleField::Net, NUM),
    ("gross", CycleField::Gross, NUM),
    ("dir", CycleField::Direction, NUM),
    ("size", CycleField::Size, NUM),
    ("age", CycleField::Age, Type::Duration),
    ("skew", CycleField::Skew, Type::Duration),
];

fn of_cycle(field: CycleField, ty: Type, fees: Vec<E>) -> E {
    e(Op::Cycle { cycle: CycleId(0), field }, fees, ty)
}

/// The three symbols stand for the first three of the common ones.
fn cycle_program(kind: CycleKind, symbols: &[&str], rules: &[R]) -> Program {
    let mut program = program_with(rules, vec![param_decl("fee", Constant::Num(0.0_f64.to_bits()), None)], vec![], false);
    for (place, symbol) in program.tables.symbols.iter_mut().zip(symbols) {
        (*symbol).clone_into(place);
    }
    let markets = (0..symbols.len() as u32).map(SymbolId).collect();
    program.tables.cycles = vec![Cycle { kind, markets }];
    program
}

fn all(fees: &[E]) -> R {
    FIELDS.into_iter().fold(rule(any(vec![quote("A/B"), quote("C/D"), quote("E/F")])), |r, (name, field, ty)| {
        r.field(name, of_cycle(field, ty, fees.to_vec()))
    })
}

impl Run {
    fn full_quote(&mut self, s: f64, name: &str, bid: f64, ask: f64, qty: f64) -> &mut Self {
        self.event(s, name, Payload::Quote(Quote { bid, ask, bid_qty: qty, ask_qty: qty }))
    }
}

#[test]
fn a_triangle_takes_the_better_way() {
    let program = cycle_program(CycleKind::Triangle, &["BTC/USDT", "ETH/BTC", "ETH/USDT"], &[all(&[num(0.0)])]);
    let mut run = Run::of(&program);
    run.full_quote(1.0, "BTC/USDT", 99.0, 100.0, 2.0).full_quote(3.0, "ETH/BTC", 0.049, 0.05, 20.0);
    // Out: 1/100 /0.05 *5.5 = 1.1. The legs take 200 USDT, 20 ETH * 0.05 * 100 = 100 and 10 ETH * 0.05 * 100 = 50.
    run.full_quote(4.0, "ETH/USDT", 5.5, 6.0, 10.0);
    // Back: /4.5 *0.049 *99 = 1.078. They take 4.5 * 10 = 45, 20 * 4.5 = 90 and 2 / 0.049 * 4.5.
    run.full_quote(6.0, "ETH/USDT", 4.0, 4.5, 10.0);
    // Locked; then one-sided.
    run.full_quote(7.0, "ETH/USDT", 4.5, 4.5, 10.0).full_quote(8.0, "ETH/USDT", MISS, 4.5, 10.0);
    let shown: Vec<&str> = run.lines.iter().map(String::as_str).collect();
    assert_eq!(
        shown[..2],
        [
            r#"1 rule_1 {"net":null,"gross":null,"dir":null,"size":null,"age":null,"skew":null}"#,
            r#"3 rule_1 {"net":null,"gross":null,"dir":null,"size":null,"age":null,"skew":null}"#,
        ]
    );
    let number = |line: &str, name: &str| -> f64 {
        let rest = line.split_once(&format!("\"{name}\":")).unwrap().1;
        rest.split([',', '}']).next().unwrap().parse().unwrap()
    };
    for (line, dir, gross, size, age, skew) in [(shown[2], 1.0, 0.1, 50.0, 3e9, 3e9), (shown[3], -1.0, 0.078, 45.0, 5e9, 5e9)] {
        assert_eq!((number(line, "dir"), number(line, "age"), number(line, "skew")), (dir, age, skew));
        assert!((number(line, "gross") - gross).abs() < 1e-12 && (number(line, "net") - gross).abs() < 1e-12, "{line}");
        assert!((number(line, "size") - size).abs() < 1e-9, "{line}");
    }
    let unknown = r#"{"net":null,"gross":null,"dir":null,"size":null,"age":6000000000,"skew":6000000000}"#;
    assert_eq!(shown[4], format!("7 rule_1 {unknown}"));
}

#[test]
fn each_leg_pays_and_what_arrives_is_less() {
    let fields = |r: R| {
        r.field("net", of_cycle(CycleField::Net, NUM, vec![num(0.5)])).field("size", of_cycle(CycleField::Size, NUM, vec![num(0.5)]))
    };
    let program = cycle_program(CycleKind::Triangle, &["BTC/USDT", "ETH/BTC", "ETH/USDT"], &[fields(rule(quote("E/F")))]);
    let mut run = Run::of(&program);
    // All prices about 1: half is left at each leg, so the last one takes four times as much of the start.
    run.full_quote(1.0, "BTC/USDT", 0.5, 1.0, 100.0).full_quote(1.0, "ETH/BTC", 0.5, 1.0, 50.0).full_quote(1.0, "ETH/USDT", 1.0, 2.0, 20.0);
    run.full_quote(2.0, "ETH/USDT", 1.0, 2.0, MISS);
    // Of an earlier leg too.
    run.full_quote(3.0, "BTC/USDT", 0.5, 1.0, MISS).full_quote(3.0, "ETH/USDT", 1.0, 2.0, 20.0);
    run.expect(&[
        r#"1 rule_1 {"net":-0.875,"size":80}"#,
        r#"2 rule_1 {"net":-0.875,"size":null}"#,
        r#"3 rule_1 {"net":-0.875,"size":null}"#,
    ]);
}

#[test]
fn a_cross_buys_on_the_first_and_sells_on_the_second() {
    let fees = [num(0.0), param(0, NUM)];
    let program = cycle_program(CycleKind::Cross, &["x:A/B", "y:A/B"], &[all(&fees)]);
    let mut run = Run::of(&program);
    run.full_quote(1.0, "x:A/B", 1.0, 2.0, 6.0).full_quote(2.0, "y:A/B", 3.0, 4.0, 5.0).set("fee", Constant::Num(0.5_f64.to_bits()));
    // Never the other way, however bad this one is.
    run.full_quote(4.0, "y:A/B", 0.5, 0.75, 5.0);
    run.expect(&[
        r#"1 rule_1 {"net":null,"gross":null,"dir":null,"size":null,"age":null,"skew":null}"#,
        r#"2 rule_1 {"net":0.5,"gross":0.5,"dir":1,"size":10,"age":1000000000,"skew":1000000000}"#,
        r#"4 rule_1 {"net":-0.875,"gross":-0.75,"dir":1,"size":10,"age":3000000000,"skew":3000000000}"#,
    ]);
}

#[test]
fn inverse_markets_both_ways() {
    let program = cycle_program(CycleKind::Inverse, &["EUR/USD", "USD/EUR"], &[all(&[num(0.0)])]);
    let mut run = Run::of(&program);
    // Out: bought at 2 and at 0.25. Back: sold at 1 and at 0.125.
    run.full_quote(1.0, "EUR/USD", 1.0, 2.0, 8.0).full_quote(1.0, "USD/EUR", 0.125, 0.25, 4.0);
    run.full_quote(2.0, "USD/EUR", 4.0, 8.0, 4.0);
    run.expect(&[
        r#"1 rule_1 {"net":null,"gross":null,"dir":null,"size":null,"age":null,"skew":null}"#,
        r#"1 rule_1 {"net":1,"gross":1,"dir":1,"size":2,"age":0,"skew":0}"#,
        r#"2 rule_1 {"net":3,"gross":3,"dir":-1,"size":2,"age":1000000000,"skew":1000000000}"#,
    ]);
}

#[test]
fn the_age_of_a_cycle_is_read_as_of_the_clock_and_a_comparison_has_a_timer() {
    let age = || of_cycle(CycleField::Age, Type::Duration, vec![num(0.0), num(0.0)]);
    let net = of_cycle(CycleField::Net, NUM, vec![num(0.0), num(0.0)]);
    let rules = [rule(age().gt(dur(2.0))), rule(trade("A/B")).field("age", age()), rule(net.gt(num(-9.0))).every_tick()];
    let mut run = Run::of(&cycle_program(CycleKind::Cross, &["x:A/B", "y:A/B"], &rules));
    run.full_quote(1.0, "x:A/B", 1.0, 2.0, 6.0).full_quote(2.0, "y:A/B", 3.0, 4.0, 5.0).trade(2.5, "x:A/B", 1.0).pass(3.5);
    run.full_quote(4.0, "x:A/B", 1.0, 2.0, 6.0).event(5.0, "y:A/B", Payload::Forget(Loss::Reset)).trade(5.0, "x:A/B", 1.0);
    run.expect(&[
        "2 rule_3",
        r#"2.5 rule_2 {"age":1500000000}"#,
        "3.000000001 rule_1",
        "4 rule_3",
        "4.000000001 rule_1",
        r#"5 rule_2 {"age":3000000000}"#,
    ]);
}

#[test]
fn markets_that_are_no_cycle_are_refused() {
    for (kind, symbols) in [
        (CycleKind::Triangle, &["A/B", "C/D", "E/F"][..]),
        (CycleKind::Triangle, &["A/B", "C/A", "C/D"]),
        (CycleKind::Inverse, &["A/B", "A/C"]),
    ] {
        let program = cycle_program(kind, symbols, &[all(&[num(0.0)])]);
        assert!(matches!(Engine::new(&program, EngineOptions::default()), Err(BuildError::Program(_))), "{symbols:?}");
    }
}

fn host_program(rules: &[R]) -> Program {
    let mut program = program_with(rules, vec![param_decl("p", Constant::Num(1.0_f64.to_bits()), None)], vec![], false);
    let functions = [
        ("twice", vec![NUM], NUM),
        ("later", vec![Type::Timestamp, Type::Duration], Type::Timestamp),
        ("is_big", vec![NUM, Type::Bool], Type::Bool),
        ("wrong", vec![], NUM),
    ];
    program.tables.functions =
        functions.into_iter().map(|(name, args, result)| HostFunction { name: name.to_owned(), args, result }).collect();
    program
}

fn host(id: u32, args: Vec<E>, ty: Type) -> E {
    e(Op::Host(FunctionId(id)), args, ty)
}

fn functions(calls: &Arc<AtomicU64>) -> HostFunctions {
    let calls = Arc::clone(calls);
    HostFunctions::new()
        .with("twice", move |args| {
            calls.fetch_add(1, Ordering::Relaxed);
            let [Value::Num(x)] = args else { panic!("{args:?}") };
            Value::Num(if *x > 50.0 { f64::INFINITY } else { 2.0 * x })
        })
        .with("later", |args| match args {
            [Value::Timestamp(t), Value::Duration(d)] => Value::Timestamp(t + d),
            _ => panic!("{args:?}"),
        })
        .with("is_big", |args| match args {
            [Value::Num(x), Value::Bool(really)] => Value::Bool(*x > 10.0 && *really),
            _ => panic!("{args:?}"),
        })
        .with("wrong", |_| Value::Bool(true))
}

#[test]
fn functions_of_the_host() {
    let x = || bid("A/B");
    let twice = || host(0, vec![x()], NUM);
    let rules = [
        rule(quote("A/B"))
            .field("twice", twice())
            .field("later", host(1, vec![now(), age("C/D")], Type::Timestamp))
            .field("wrong", host(3, vec![], NUM)),
        rule(host(2, vec![x(), twice().known()], Type::Bool)),
        rule(twice().gt(num(0.0))).every_tick().field("was", twice().at(1)),
    ];
    let calls = Arc::new(AtomicU64::new(0));
    let mut engine = Engine::with_functions(&host_program(&rules), EngineOptions::default(), &functions(&calls)).unwrap();
    let mut lines = vec![];
    let instrument = engine.instrument("A/B").unwrap();
    for (s, bid) in [(1, 4.0), (2, MISS), (3, 20.0), (4, 60.0)] {
        let payload = Payload::Quote(Quote { bid, ask: 99.0, bid_qty: 1.0, ask_qty: 1.0 });
        let event = ascep_runtime::event::Event { ts: s * S, venue_ts: None, instrument, payload };
        engine.on_event(&event, &mut |signal: &Signal<'_>| lines.push(show(signal))).unwrap();
    }
    assert_eq!(
        lines,
        [
            r#"1 rule_1 {"twice":8,"later":null,"wrong":null}"#,
            r#"1 rule_3 {"was":null}"#,
            r#"2 rule_1 {"twice":null,"later":null,"wrong":null}"#,
            r#"3 rule_1 {"twice":40,"later":null,"wrong":null}"#,
            "3 rule_2",
            r#"3 rule_3 {"was":8}"#,
            r#"4 rule_1 {"twice":null,"later":null,"wrong":null}"#,
        ]
    );
    assert!(calls.load(Ordering::Relaxed) >= 3);
}

#[test]
fn a_function_that_is_missing_is_named() {
    let program = host_program(&[rule(host(0, vec![last("A/B")], NUM).gt(num(0.0)))]);
    let error = Engine::new(&program, EngineOptions::default()).unwrap_err();
    assert_eq!(error, BuildError::Function { name: "twice".into() });
    assert!(error.to_string().contains("`twice`"));
    fn is_send<T: Send>(_: &T) {}
    is_send(&Engine::with_functions(&program, EngineOptions::default(), &functions(&Arc::default())).unwrap());
}

//! Nanoseconds an event, beside a loop written by hand for the same rules on the same events in the same run. Both must count the same
//! signals before either is measured.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

mod passes;

use std::time::Duration;

use ascep_benches::rules::{mixed, one_shape, symbols, triple_rules, triples};
use ascep_benches::{by_hand, compile, engine, stream};
use criterion::{Criterion, criterion_group, criterion_main};
use passes::{passes, run};

/// Events of one pass: a mebibyte of them, so that the stream itself stays in the cache.
const EVENTS: usize = 1 << 14;

fn one_shape_of_1_000(c: &mut Criterion) {
    const RULES: usize = 1_000;
    let program = compile(&one_shape(RULES, RULES));
    let (mut engine, ids) = engine(&program, &symbols(RULES));
    let mut events = stream::quotes(EVENTS, &ids, 7);
    let mut hand = by_hand::OneShape::new(&ids);

    let signals = run(&mut engine, &events);
    assert!(signals > 0);
    assert_eq!(signals, hand.on_events(&events), "engine and hand-written loop differ");

    let mut group = c.benchmark_group("engine/1,000 rules of one shape, one row an event");
    passes(&mut group, "engine", &mut events, 1, |events| run(&mut engine, events));
    passes(&mut group, "by hand", &mut events, 1, |events| hand.on_events(events));
    group.finish();
}

fn triples_of_10_000(c: &mut Criterion) {
    const INSTRUMENTS: usize = 1_000;
    let triples = triples(10_000, INSTRUMENTS, 5);
    let program = compile(&triple_rules(&triples));
    let (mut engine, ids) = engine(&program, &symbols(INSTRUMENTS));
    let mut events = stream::quotes(EVENTS, &ids, 11);
    let mut hand = by_hand::Triples::new(&triples, &ids);

    let signals = run(&mut engine, &events);
    assert!(signals > 0);
    assert_eq!(signals, hand.on_events(&events), "engine and hand-written loop differ");

    let mut group = c.benchmark_group("engine/10,000 rules over 3 instruments each, 30 rows an event");
    passes(&mut group, "engine", &mut events, 1, |events| run(&mut engine, events));
    passes(&mut group, "by hand", &mut events, 1, |events| hand.on_events(events));
    group.finish();
}

fn mixed_of_1_000(c: &mut Criterion) {
    const INSTRUMENTS: usize = 100;
    let program = compile(&mixed(1_000, INSTRUMENTS));
    let (mut engine, ids) = engine(&program, &symbols(INSTRUMENTS));
    let levels = stream::Levels::new(EVENTS / 8, 3);
    let mut events = stream::mixed(EVENTS, &ids, &levels, 9);
    assert!(run(&mut engine, &events) > 0);

    let mut group = c.benchmark_group("engine/1,000 rules of every kind over 100 instruments");
    passes(&mut group, "engine", &mut events, 1, |events| run(&mut engine, events));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4)).sample_size(40);
    targets = one_shape_of_1_000, triples_of_10_000, mixed_of_1_000
}
criterion_main!(benches);

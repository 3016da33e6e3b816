//! Windows and sequences: nanoseconds an event, beside loops written by hand for the same rules on the same events in the same run. Both
//! must count the same signals before either is measured.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

mod passes;

use std::time::Duration;

use ascep_benches::rules::{deviations, sequences, symbols};
use ascep_benches::{by_hand, compile, engine, stream};
use ascep_runtime::Engine;
use ascep_runtime::event::Event;
use criterion::{Criterion, criterion_group, criterion_main};
use passes::{passes, run};

const INSTRUMENTS: usize = 1_000;
/// Events of one pass.
const EVENTS: usize = 1 << 14;
/// From one event to the next, in units of the stream's own step: 100 microseconds, so that ten seconds of an instrument are 100 quotes.
const STRETCH: i64 = 10;
/// Passes that fill the windows before anything is measured: 33 seconds.
const FILL: usize = 20;

/// Measures an engine and a loop after both have seen the same events and given the same number of signals.
fn beside(c: &mut Criterion, name: &str, engine: &mut Engine, mut events: Vec<Event<'_>>, mut by_hand: impl FnMut(&[Event<'_>]) -> u64) {
    stream::stretch(&mut events, STRETCH);
    let (mut ours, mut theirs) = (0, 0);
    for _ in 0..FILL {
        ours += run(engine, &events);
        theirs += by_hand(&events);
        stream::later_by(&mut events, STRETCH);
    }
    assert!(ours > 0);
    assert_eq!(ours, theirs, "engine and hand-written loop differ");
    let mut group = c.benchmark_group(name);
    passes(&mut group, "engine", &mut events, STRETCH, |events| run(engine, events));
    // Both see the stream go on from where the other left it: what has left a window by then has left it for both.
    passes(&mut group, "by hand", &mut events, STRETCH, |events| by_hand(events));
    group.finish();
}

fn deviations_of_1_000(c: &mut Criterion) {
    let program = compile(&deviations(INSTRUMENTS));
    let (mut engine, ids) = engine(&program, &symbols(INSTRUMENTS));
    let mut hand = by_hand::Deviations::<false>::new(INSTRUMENTS);
    let events = stream::quotes(EVENTS, &ids, 7);
    beside(c, "time/mid above the mean of 10 s and 3 deviations, 1,000 instruments", &mut engine, events, |events| hand.on_events(events));
}

fn sequences_of_1_000(c: &mut Criterion) {
    let program = compile(&sequences(INSTRUMENTS));
    let (mut engine, ids) = engine(&program, &symbols(INSTRUMENTS));
    let mut hand = by_hand::Sequences::new(INSTRUMENTS);
    let events = stream::trades(EVENTS, &ids, 5);
    beside(c, "time/two steps within 5 s, 1,000 instruments", &mut engine, events, |events| hand.on_events(events));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4)).sample_size(40);
    targets = deviations_of_1_000, sequences_of_1_000
}
criterion_main!(benches);

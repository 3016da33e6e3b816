//! Passes over a stream of events: what the benchmarks of the engine measure.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ascep_benches::stream;
use ascep_runtime::event::Event;
use ascep_runtime::{Engine, Signal};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};

/// Measures passes over the stream; between two it is moved on in time, which is not measured. `stretch` is how many times longer than a fresh
/// one it is.
pub(crate) fn passes(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    events: &mut [Event<'_>],
    stretch: i64,
    mut pass: impl FnMut(&[Event<'_>]) -> u64,
) {
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                stream::later_by(events, stretch);
                let began = Instant::now();
                black_box(pass(black_box(events)));
                spent += began.elapsed();
            }
            spent
        });
    });
}

/// One pass of an engine; the number of signals.
pub(crate) fn run(engine: &mut Engine, events: &[Event<'_>]) -> u64 {
    let mut signals = 0;
    for event in events {
        let _ = engine.on_event(event, &mut |_: &Signal<'_>| signals += 1);
    }
    signals
}

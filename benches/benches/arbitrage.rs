//! Nanoseconds an update of the scanner, beside an index of triangles written by hand, over the same universe in the same run. Both must find the same
//! before either is measured, and whichever is measured, both play the stream in turn: neither has the processor for itself. The program `arbitrage` of this
//! crate measures the same in less time, and more.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ascep_benches::arbitrage::by_hand::Triangles;
use ascep_benches::arbitrage::updates::{Update, later};
use ascep_benches::arbitrage::{MIN_NET, Workload, scan};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Updates of one pass: so many that the processor can't learn the stream by heart.
const UPDATES: usize = 1 << 17;

/// Time of `measured` over so many passes, each followed by one of `other`.
fn passes(times: u64, updates: &mut [Update], mut measured: impl FnMut(&[Update]), mut other: impl FnMut(&[Update])) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        let began = Instant::now();
        measured(black_box(updates));
        spent += began.elapsed();
        other(black_box(updates));
        later(updates);
    }
    spent
}

fn triangles(c: &mut Criterion) {
    for mut workload in Workload::all(UPDATES) {
        let mut hand = Triangles::new(&workload.universe, &workload.fees, MIN_NET);
        let mut scanner = scan::scanner(&workload, scan::settings());
        let updates = &mut workload.updates;
        let found = scan::scan(&mut scanner, updates);
        assert!(found.0 > 0);
        assert_eq!(found, scan::by_hand(&mut hand, updates), "scanner and hand-written index differ");
        later(updates);

        let mut group = c.benchmark_group(format!("arbitrage/triangles, {}", workload.name));
        group.throughput(Throughput::Elements(updates.len() as u64));
        let mut ours = |updates: &[Update]| {
            black_box(scan::scan(&mut scanner, updates));
        };
        let mut theirs = |updates: &[Update]| {
            black_box(scan::by_hand(&mut hand, updates));
        };
        group.bench_function("scanner", |b| b.iter_custom(|times| passes(times, updates, &mut ours, &mut theirs)));
        group.bench_function("by hand", |b| b.iter_custom(|times| passes(times, updates, &mut theirs, &mut ours)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(30);
    targets = triangles
}
criterion_main!(benches);

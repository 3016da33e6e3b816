//! From text to program: tokens, trees, and the whole compiler, on 10,000 rules of several shapes.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use std::hint::black_box;

use ascep_benches::compile;
use ascep_benches::rules::{for_each, mixed, named_parts, one_shape, triple_rules, triples};
use ascep_lang::span::FileId;
use ascep_lang::{Limits, syntax};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const RULES: usize = 10_000;
const INSTRUMENTS: usize = 1_000;

fn language(c: &mut Criterion) {
    let programs = [
        ("one shape", one_shape(RULES, INSTRUMENTS)),
        ("triples", triple_rules(&triples(RULES, INSTRUMENTS, 5))),
        ("named parts", named_parts(RULES, INSTRUMENTS)),
        ("mixed", mixed(RULES, INSTRUMENTS)),
        ("for each", for_each(RULES)),
    ];
    for (name, text) in &programs {
        let rules = compile(text).rules.len();
        assert_eq!(rules, RULES, "{name}");
        let mut group = c.benchmark_group(format!("lang/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(rules as u64));
        group.bench_function("tokens", |b| b.iter(|| syntax::tokens(black_box(text))));
        group.bench_function("parse", |b| b.iter(|| syntax::parse(FileId(0), black_box(text), &Limits::default())));
        group.bench_function("compile", |b| b.iter(|| compile(black_box(text))));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(2));
    targets = language
}
criterion_main!(benches);

//! W8: from text to a running engine, and one rule of a running engine replaced. There is no loop by hand for it; times are nanoseconds for each rule, of
//! `W8-replace` for the one rule that is replaced. Signals are the rules that came out.

use std::hint::black_box;

use ascep_lang::{Options, Source};
use ascep_lang::{Program, compile};
use ascep_runtime::Engine;

use crate::compare::clock::Clock;
use crate::compare::engines;
use crate::compare::measure::spread;
use crate::compare::report::Row;
use crate::rules::{mixed, triple_rules, triples};
use crate::stream;

use super::{Outcome, Size};

/// How often, and by which clock.
type Times = (usize, Clock);

/// Runs something several times: nanoseconds for each of `rules`.
fn timed(workload: &str, engine: &str, (times, clock): Times, rules: usize, mut run: impl FnMut()) -> Row {
    let taken: Vec<f64> = (0..times)
        .map(|_| {
            let began = clock.now();
            run();
            clock.now().saturating_sub(began).as_nanos() as f64 / rules as f64
        })
        .collect();
    let [median, min, max] = spread(&taken);
    Row {
        workload: workload.to_owned(),
        engine: engine.to_owned(),
        ns_per_event: median,
        min,
        max,
        signals: rules as u64,
        bytes_per_rule: None,
        ratio_to_hand: None,
        note: None,
    }
}

fn program(text: &str) -> Program {
    crate::compile(text)
}

#[expect(clippy::panic, reason = "a benchmark without an engine must not run")]
fn engine(program: &Program) -> Engine {
    match Engine::new(program, engines::options()) {
        Ok(engine) => engine,
        Err(error) => panic!("the engine of a benchmark can't be built: {error}"),
    }
}

/// From text to program, and from program to engine.
fn built(workload: &str, text: &str, times: Times) -> Vec<Row> {
    let of = program(text);
    let rules = engine(&of).plan_stats().rules;
    let stats = engine(&of).plan_stats();
    let mut compiled = timed(workload, "ascep-compile", times, rules, || {
        let _ = black_box(compile(&[Source::new("bench.cep", black_box(text))], &Options::default()));
    });
    let mut build = timed(workload, "ascep-build", times, rules, || {
        black_box(engine(black_box(&of)));
    });
    build.bytes_per_rule = Some(stats.bytes as f64 / rules.max(1) as f64);
    for (row, what) in [(&mut compiled, "text to program"), (&mut build, "program to engine")] {
        row.note = Some(format!("{what}, {:.1} ms in all", row.ns_per_event * rules as f64 / 1e6));
    }
    vec![compiled, build]
}

/// One rule of a running engine is replaced by another, there and back again.
fn replaced(size: &Size) -> Vec<Row> {
    let times = (size.times, size.settings.clock);
    let of = triples(size.triples, size.instruments, 5);
    let mut other = of.clone();
    if let Some(triple) = other.get_mut(size.triples / 2) {
        triple.threshold += 0.25;
    }
    let texts = [triple_rules(&of), triple_rules(&other)];
    let programs = [program(&texts[0]), program(&texts[1])];
    let mut running = engine(&programs[0]);
    let ids: Vec<_> = running.instruments().map(|(id, _)| id).collect();
    let events = stream::quotes(size.settings.chunk, &ids, 3);
    let _ = running.on_events(&events, &mut |_: &ascep_runtime::Signal<'_>| {});
    let mut turn = 0_usize;
    let mut exchange = |recompile: bool| {
        turn += 1;
        let (text, known) = if turn.is_multiple_of(2) { (&texts[0], &programs[0]) } else { (&texts[1], &programs[1]) };
        let fresh = recompile.then(|| program(text));
        black_box(running.replace(fresh.as_ref().unwrap_or(known))).is_ok()
    };
    let rules = size.triples;
    let mut rows = vec![
        timed("W8-replace", "ascep-replace", times, 1, || assert!(exchange(false), "a replacement is refused")),
        timed("W8-replace", "ascep-compile-replace", times, 1, || assert!(exchange(true), "a replacement is refused")),
    ];
    for (row, what) in
        rows.iter_mut().zip(["the engine takes over a program with one other rule", "the same, and the whole text compiled before"])
    {
        row.note = Some(format!("{what}: {:.2} ms, one rule of {rules}", row.ns_per_event / 1e6));
        row.signals = rules as u64;
    }
    rows
}

/// All of it.
#[must_use]
pub(super) fn run(size: &Size) -> Outcome {
    let (rules, clock) = (size.triples, size.settings.clock);
    let text = |rules| triple_rules(&triples(rules, size.instruments, 5));
    let mut rows = built("W8-10k", &text(rules), (size.times, clock));
    let mut large = built("W8-100k", &text(rules * 10), (size.times.div_ceil(2), clock));
    for (row, small) in large.iter_mut().zip(&rows) {
        let growth = row.ns_per_event * 10.0 / small.ns_per_event;
        row.note = Some(format!("{}, {growth:.1} times that of W8-10k", row.note.clone().unwrap_or_default()));
    }
    rows.extend(large);
    rows.extend(built("W8-mixed-10k", &mixed(rules, size.instruments), (size.times, clock)));
    rows.extend(replaced(size));
    Outcome { rows, ..Outcome::default() }
}

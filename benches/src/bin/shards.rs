//! One engine beside a sharded one on a program of two halves that share nothing: `cargo run --release -p ascep-benches --bin shards`.
//!
//! Chunks of the same events in turn, signals compared in full. Beside the time of a chunk stands what each thread had of a core, which other programs on the
//! machine do not lengthen: with a core for each shard a chunk takes as long as the busiest thread.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::fs;
use std::time::Instant;

use ascep_benches::compare::measure::spread;
use ascep_benches::rules::{Triple, deviations, symbols, triple_rules, triples};
use ascep_benches::{WINDOW_SAMPLES, compile, engine, stream};
use ascep_runtime::{EngineOptions, Event, HostFunctions, ShardSettings, ShardedEngine, Signal};

const CHUNK: usize = 1 << 16;
const CHUNKS: usize = 16;
const INSTRUMENTS: usize = 1_000;
const RULES: usize = 10_000;
const SHARDS: usize = 2;

/// Signals in one number: how many, and what they say.
#[derive(Debug, Default, PartialEq, Clone, Copy)]
struct Said {
    count: u64,
    sum: u64,
}

impl Said {
    fn hear(&mut self, signal: &Signal<'_>) {
        self.count += 1;
        let word = signal.seq ^ signal.ts.cast_unsigned().rotate_left(20) ^ u64::from(signal.rule_index()).rotate_left(40);
        self.sum = self.sum.rotate_left(5) ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// What a thread of this process had of a core so far, in nanoseconds; the one that measures comes first, those of shards after it.
fn on_core() -> Vec<f64> {
    let of = |path: &str| fs::read_to_string(path).ok()?.split_whitespace().next()?.parse::<f64>().ok();
    let own = of("/proc/thread-self/schedstat");
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| task.path().display().to_string());
    let shards = tasks.filter(|task| fs::read_to_string(format!("{task}/comm")).is_ok_and(|name| name.starts_with("ascep-shard")));
    own.into_iter().chain(shards.filter_map(|task| of(&format!("{task}/schedstat")))).collect()
}

fn measure(name: &str, text: &str, stretch: i64, round_events: usize) {
    let program = compile(text);
    let (mut one, ids) = engine(&program, &symbols(INSTRUMENTS));
    let mut events = stream::quotes(CHUNK * CHUNKS, &ids, 11);
    stream::stretch(&mut events, stretch);
    let options = EngineOptions::default().with_max_window_samples(WINDOW_SAMPLES);
    let settings = ShardSettings::new(SHARDS).with_round_events(round_events);
    let Ok(mut shards) = ShardedEngine::with_functions(&program, options, settings, &HostFunctions::new()) else {
        return println!("{name}: no engine in shards");
    };
    let (mut by_one, mut by_shards) = (Said::default(), Said::default());
    // Of each chunk: the time, then what each thread had of a core.
    let mut times: [Vec<Vec<f64>>; 2] = [Vec::new(), Vec::new()];
    for (number, chunk) in events.chunks(CHUNK).enumerate() {
        for turn in 0..2 {
            let which = (number + turn) % 2;
            let before = on_core();
            let began = Instant::now();
            let taken = if which == 0 { run_one(&mut one, chunk, &mut by_one) } else { run_shards(&mut shards, chunk, &mut by_shards) };
            let took = began.elapsed().as_nanos() as f64;
            let cores = on_core().into_iter().zip(before).map(|(after, before)| after - before);
            let row: Vec<f64> = [took].into_iter().chain(cores).map(|ns| ns / chunk.len() as f64).collect();
            if let Some(times) = times.get_mut(which).filter(|_| number > 1 && taken) {
                times.push(row);
            }
        }
    }
    println!(
        "{name}: {} rules, rounds of {round_events} events, {} signals, the same: {}",
        program.rules.len(),
        by_one.count,
        by_one == by_shards
    );
    for (who, times) in ["one engine", "in shards"].iter().zip(&times) {
        let columns = times.iter().map(Vec::len).min().unwrap_or(0);
        let column = |at: usize| spread(&times.iter().filter_map(|row| row.get(at).copied()).collect::<Vec<_>>());
        let busy: Vec<String> = (1..columns).map(|at| format!("{:.1} ({:.1})", column(at)[0], column(at)[1])).collect();
        let [median, min, _] = column(0);
        println!("  {who}: {median:.1} ns an event (least {min:.1}); on a core by thread {}", busy.join(", "));
    }
    for shard in shards.shards() {
        println!("  {shard:?}");
    }
}

fn run_one(engine: &mut ascep_runtime::Engine, chunk: &[Event<'_>], said: &mut Said) -> bool {
    engine.on_events(chunk, &mut |signal: &Signal<'_>| said.hear(signal)).is_ok()
}

fn run_shards(engine: &mut ShardedEngine, chunk: &[Event<'_>], said: &mut Said) -> bool {
    engine.on_events(chunk, &mut |signal: &Signal<'_>| said.hear(signal)).is_ok()
}

fn main() {
    let half = INSTRUMENTS / 2;
    let second = triples(RULES / 2, half, 6).into_iter().map(|triple| Triple { legs: triple.legs.map(|leg| leg + half), ..triple });
    let both: Vec<Triple> = triples(RULES / 2, half, 5).into_iter().chain(second).collect();
    for round_events in [1 << 10, 1 << 13] {
        measure("triples in two halves", &triple_rules(&both), 1, round_events);
        // Each instrument by itself, with a window.
        measure("deviations", &deviations(INSTRUMENTS), 10, round_events);
    }
}

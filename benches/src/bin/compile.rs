//! Time from text to a running engine, by stage: `compile [--rules N] [--only NAME] [--reps N] [--stage NAME]`.
//!
//! For each kind of rules a row a stage: tokens, parse (with tokens), compile (all of the compiler), lower (its last stage), engine (the plan), replace (a rule of
//! a running engine replaced, without compiling). The minimum and the median of many runs, in milliseconds of the processor.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use ascep_benches::compile;
use ascep_benches::rules::{for_each, mixed, named_parts, one_shape, triple_rules, triples};
use ascep_lang::span::FileId;
use ascep_lang::{Limits, Program, lower, syntax};
use ascep_runtime::{Engine, EngineOptions};

/// Instruments of a program, whatever the number of its rules.
const INSTRUMENTS: usize = 1_000;

fn text_of(name: &str, rules: usize) -> Option<String> {
    Some(match name {
        "one_shape" => one_shape(rules, INSTRUMENTS),
        "triples" => triple_rules(&triples(rules, INSTRUMENTS, 5)),
        "named_parts" => named_parts(rules, INSTRUMENTS),
        "mixed" => mixed(rules, INSTRUMENTS),
        "for_each" => for_each(rules),
        _ => return None,
    })
}

/// Times of one stage.
struct Stage {
    name: &'static str,
    times: Vec<Duration>,
    /// Pages that the system had to give.
    faults: Vec<u64>,
}

/// Runs `work` `reps` times and times it without the drop of its value.
fn time<T>(stage: &mut Stage, work: impl FnOnce() -> T) -> T {
    let faults = faults();
    let start = now();
    let value = black_box(work());
    stage.times.push(now().saturating_sub(start));
    stage.faults.push(self::faults() - faults);
    value
}

/// Pages that the system has given to this process so far, where it says so.
fn faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(7)).and_then(|n| n.parse().ok()).unwrap_or_default()
}

/// The time that this thread has had on a processor, so that what else runs on the machine counts for little.
#[cfg(unix)]
fn now() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or_default(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}

/// The time.
#[cfg(not(unix))]
fn now() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

fn engine(program: &Program) -> Option<Engine> {
    Engine::new(program, EngineOptions::default().with_max_window_samples(256)).ok()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| args.iter().position(|a| a == flag).and_then(|at| args.get(at + 1)).cloned();
    let number = |flag: &str, default: usize| value(flag).and_then(|v| v.parse().ok()).unwrap_or(default);
    let (rules, reps) = (number("--rules", 10_000), number("--reps", 20));
    let only = value("--only");
    let stage = value("--stage");
    let kinds = ["one_shape", "triples", "named_parts", "mixed", "for_each"];
    for kind in kinds.iter().filter(|kind| only.as_ref().is_none_or(|o| o.split(',').any(|o| o == **kind))) {
        let Some(text) = text_of(kind, rules) else { continue };
        if !run(kind, &text, reps, stage.as_deref()) {
            eprintln!("error: the engine of {kind} can't be built");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The text with another threshold in its rule in the middle.
fn changed(text: &str) -> String {
    let middle = text.len() / 2;
    match text.get(middle..).and_then(|rest| rest.find(" > ")) {
        Some(at) => format!("{} > 7 * {}", &text.get(..middle + at).unwrap_or_default(), &text.get(middle + at + 3..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn run(kind: &str, text: &str, reps: usize, only: Option<&str>) -> bool {
    let stage = |name| Stage { name, times: Vec::new(), faults: Vec::new() };
    let [mut tokens, mut parse, mut all, mut graph, mut plan, mut replace] =
        ["tokens", "parse", "compile", "lower", "engine", "replace"].map(stage);
    let wanted = |name: &str| only.is_none_or(|o| o.split(',').any(|o| o == name));
    let other = changed(text);
    let program = compile(text);
    let analysis = ascep_lang::analyze(&[ascep_lang::Source::new("bench.cep", text)], &ascep_lang::Options::default());
    for _ in 0..reps {
        if wanted("tokens") {
            time(&mut tokens, || syntax::tokens(black_box(text)));
        }
        if wanted("parse") {
            time(&mut parse, || syntax::parse(FileId(0), black_box(text), &Limits::default()));
        }
        if wanted("compile") {
            time(&mut all, || compile(black_box(text)));
        }
        if let Some(typed) = analysis.typed.as_ref().filter(|_| wanted("lower")) {
            time(&mut graph, || lower(black_box(typed)));
        }
        if wanted("engine") && time(&mut plan, || engine(black_box(&program))).is_none() {
            return false;
        }
    }
    if wanted("replace") {
        let Some(mut running) = engine(&program) else { return false };
        let before = compile(&other);
        for rep in 0..reps {
            let next = if rep % 2 == 0 { &before } else { &program };
            if time(&mut replace, || running.replace(black_box(next))).is_err() {
                return false;
            }
        }
    }
    for stage in [tokens, parse, all, graph, plan, replace] {
        let (mut times, mut faults) = (stage.times, stage.faults);
        times.sort_unstable();
        faults.sort_unstable();
        let ms = |t: Option<&Duration>| t.map_or(0.0, |t| t.as_secs_f64() * 1e3);
        if !times.is_empty() {
            println!(
                "{kind:12} {:8} min {:9.3} ms  median {:9.3} ms  {:6} pages",
                stage.name,
                ms(times.first()),
                ms(times.get(times.len() / 2)),
                faults.get(faults.len() / 2).copied().unwrap_or_default()
            );
        }
    }
    true
}

//! `ascep check --memory`: what rules can come to hold, as a table or one JSON object a line. Nothing of it is allocated to find out.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;

use ascep_lang::Program;
use ascep_runtime::{EngineOptions, HostFunctions, MemoryReport, RuleMemory};

use crate::console::Console;
use crate::error::Failure;

/// Writes the report to standard output, and a note for people where `run` and `replay` would refuse the program as they are set.
pub(crate) fn print(program: &Program, max_window_samples: Option<NonZeroUsize>, json: bool, console: &Console) -> Result<(), Failure> {
    // Programs that would be refused for what they take are those that one most wants to see.
    let mut options = EngineOptions::default().with_max_bytes(usize::MAX);
    if let Some(samples) = max_window_samples {
        options = options.with_max_window_samples(samples.get());
    }
    let report = MemoryReport::new(program, &options, &HostFunctions::new()).map_err(|error| Failure::Build(error.to_string()))?;
    let text = if json { lines(&report) } else { table(&report) };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)?;
    let limit = EngineOptions::default().max_bytes;
    if report.state.saturating_add(report.plan) > limit {
        console.note(&format!(
            "this is more than the {limit} bytes that `run`, `replay`, `test` and `why` allow; `max = n` in a window makes it smaller, `--max-bytes SIZE` of `run` and `replay` allows more"
        ));
    }
    Ok(())
}

fn lines(report: &MemoryReport) -> String {
    let mut out = String::new();
    for RuleMemory { rule, instances, bytes, .. } in &report.rules {
        // The name of a rule is a word: nothing in it has to be escaped.
        let _ = writeln!(out, r#"{{"rule":"{rule}","instances":{instances},"bytes":{bytes}}}"#);
    }
    let MemoryReport { state, plan, total, code, .. } = report;
    let _ = writeln!(out, r#"{{"state":{state},"plan":{plan},"total":{total},"code":{code}}}"#);
    out
}

fn table(report: &MemoryReport) -> String {
    let names = report.rules.iter().map(|rule| rule.rule.chars().count());
    let width = names.chain(["all state, shared parts once".len()]).max().unwrap_or(0);
    let mut out = String::new();
    let _ = writeln!(out, "{:<width$}  {:>9}  {:>14}", "rule", "instances", "bytes");
    for rule in &report.rules {
        let _ = writeln!(out, "{:<width$}  {:>9}  {:>14}", rule.rule, rule.instances, rule.bytes);
    }
    let code = (report.code > 0).then_some(("machine code beside it", report.code));
    let parts = [("all state, shared parts once", report.state), ("plan", report.plan), ("total at most", report.total)];
    for (name, bytes) in parts.into_iter().chain(code) {
        let _ = writeln!(out, "{name:<width$}  {:>9}  {bytes:>14}", "");
    }
    out
}

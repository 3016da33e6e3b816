//! ASCEP beside loops written by hand and beside other engines, on the same events in the same run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ascep_benches::compare::clock::Clock;
use ascep_benches::compare::flink::Flink;
use ascep_benches::compare::workloads::{Outcome, Size, Workload, run};
use ascep_benches::compare::{Row, machine, report, svg};
use clap::{Parser, ValueEnum as _};

/// Nanoseconds an event of ASCEP's engines, of loops written by hand, and of other engines, interleaved on the same events.
#[derive(Debug, Parser)]
struct Args {
    /// Print an array of rows as JSON, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// Only these workloads.
    #[arg(long, value_delimiter = ',', ignore_case = true, value_name = "W1,..")]
    only: Vec<Workload>,
    /// Write plots into this folder: ratios.svg, and latency.svg where W9 is measured.
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Count the time in which the measuring thread ran, not the time that passed: for a machine that is busy with other things. `ascep-sharded`
    /// does part of its work on other threads, which is not counted then; `W9` takes the time that passes.
    #[arg(long)]
    thread_time: bool,
    /// Also run Flink's SQL on W1, W3 and W4, which takes minutes: from the package `apache-flink` of this Python, `python3` where none is named.
    #[arg(long, value_name = "PYTHON", num_args = 0..=1, require_equals = true, default_missing_value = "python3")]
    flink: Option<PathBuf>,
    /// Few events: shows that it works; its times mean nothing.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let flink = match args.flink.clone().map(Flink::new).transpose() {
        Ok(flink) => flink,
        Err(error) => {
            eprintln!("error: --flink: {error}");
            return ExitCode::FAILURE;
        }
    };
    let words: Vec<String> = std::env::args().skip(1).collect();
    let header = machine::header(&words);
    if args.json {
        eprint!("{header}");
    } else {
        println!("{header}\n{}", report::heads().trim_end());
    }
    let mut size = if args.quick { Size::QUICK } else { Size::FULL };
    if args.thread_time {
        size.settings.clock = Clock::Thread;
    }
    let mut all = Outcome::default();
    for &workload in Workload::value_variants() {
        if !args.only.is_empty() && !args.only.contains(&workload) {
            continue;
        }
        let mut more = run(workload, &size);
        if let Some(flink) = &flink {
            match flink.run(workload, &size, &more.rows) {
                Ok(its) => more = more.and(its),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
        if args.json {
            eprintln!("{workload:?} done");
        } else {
            print!("{}", report::table(&more.rows));
        }
        for skipped in &more.skipped {
            eprintln!("skipped {skipped}");
        }
        all = all.and(more);
    }
    if args.json {
        match report::json(&all.rows) {
            Ok(json) => println!("{json}"),
            Err(error) => {
                eprintln!("error: the rows can't be written: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if let Some(folder) = &args.svg
        && let Err(error) = plots(folder, &all.rows)
    {
        eprintln!("error: {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    for mismatch in &all.mismatches {
        eprintln!("error: SIGNALS DIFFER on {mismatch}");
    }
    if all.mismatches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plots(folder: &Path, rows: &[Row]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("ratios.svg"), svg::ratios(rows))?;
    svg::latencies(rows).map_or(Ok(()), |plot| std::fs::write(folder.join("latency.svg"), plot))
}

//! ASCEP beside loops written by hand and beside other engines, on the same events in the same run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::process::ExitCode;

use ascep_benches::compare::workloads::{Size, Workload, run};
use ascep_benches::compare::{machine, report};
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
    /// Few events: shows that it works; its times mean nothing.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let header = machine::header(&words);
    if args.json {
        eprint!("{header}");
    } else {
        println!("{header}\n{}", report::heads().trim_end());
    }
    let size = if args.quick { Size::QUICK } else { Size::FULL };
    let (mut rows, mut mismatches) = (Vec::new(), Vec::new());
    for &workload in Workload::value_variants() {
        if !args.only.is_empty() && !args.only.contains(&workload) {
            continue;
        }
        let (more, differ) = run(workload, &size);
        if args.json {
            eprintln!("{workload:?} done");
        } else {
            print!("{}", report::table(&more));
        }
        rows.extend(more);
        mismatches.extend(differ);
    }
    if args.json {
        match report::json(&rows) {
            Ok(json) => println!("{json}"),
            Err(error) => {
                eprintln!("error: the rows can't be written: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    for mismatch in &mismatches {
        eprintln!("error: SIGNALS DIFFER on {mismatch}");
    }
    if mismatches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! Counts the instructions of an event on each workload and holds them against `benches/instructions.json`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use ascep_benches::compare::machine;
use ascep_benches::instructions::{Baseline, Case, Verdict, instructions_of, run};
use clap::Parser;

/// Instructions an event of each workload, counted by callgrind, against those that are stored. Ends with an error where there are more.
#[derive(Debug, Parser)]
struct Args {
    /// Store what is counted now.
    #[arg(long)]
    write: bool,
    /// Only cases whose name begins so, such as `W1`.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Do the work of a case, for the counting process.
    #[arg(long, hide = true)]
    case: Option<String>,
    /// With the events that are counted, or without: a number, so that both processes are called alike, and find the same addresses in the same order.
    #[arg(long, hide = true, requires = "case", default_value_t = 0)]
    counted: u8,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(name) = &args.case {
        let Some(case) = Case::of_name(name) else {
            eprintln!("error: no case is called {name}");
            return ExitCode::FAILURE;
        };
        println!("{}", run(&case, args.counted > 0));
        return ExitCode::SUCCESS;
    }
    match compare(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

/// Whether nothing is worse than it was.
fn compare(args: &Args) -> Result<bool, Box<dyn std::error::Error>> {
    let empty = Baseline { compiler: String::new(), machine: String::new(), instructions: BTreeMap::new() };
    let mut baseline = if path().exists() { serde_json::from_slice(&std::fs::read(path())?)? } else { empty };
    let (compiler, machine) = (machine::compiler(), machine::machine());
    let tolerance = baseline.tolerance(&compiler, &machine);
    if !args.write && (baseline.compiler != compiler || baseline.machine != machine) {
        println!("the stored numbers are of {} on {},", baseline.compiler, baseline.machine);
        println!("these of {compiler} on {machine}: they may be {:.0} % more", tolerance * 100.0);
    }
    println!("{:<24}{:>10}{:>10}{:>9}", "", "stored", "now", "change");
    let mut worse = Vec::new();
    for case in Case::ALL {
        let name = case.name();
        if args.only.as_ref().is_some_and(|only| !name.starts_with(only.as_str())) {
            continue;
        }
        let count = instructions_of(&case)?;
        let (stored, change) = match baseline.instructions.get(&name) {
            Some(stored) => (format!("{stored:.1}"), format!("{:+.1} %", (count / stored - 1.0) * 100.0)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let verdict = baseline.judge(&name, count, tolerance);
        let remark = match verdict {
            Verdict::Same => "",
            Verdict::Worse => "  WORSE",
            Verdict::Better => "  better: store it with --write",
            Verdict::New => "  new",
        };
        println!("{name:<24}{stored:>10}{count:>10.1}{change:>9}{remark}");
        if args.write {
            baseline.instructions.insert(name, (count * 10.0).round() / 10.0);
        } else if matches!(verdict, Verdict::Worse | Verdict::New) {
            worse.push(name);
        }
    }
    if args.write {
        (baseline.compiler, baseline.machine) = (compiler, machine);
        std::fs::write(path(), serde_json::to_string_pretty(&baseline)? + "\n")?;
        println!("stored in {}", path().display());
    }
    if !worse.is_empty() {
        println!(
            "more than {:.0} % above what is stored, or not stored: {}. Find what made it so, or store it with --write if it has to be",
            tolerance * 100.0,
            worse.join(", ")
        );
    }
    Ok(worse.is_empty())
}

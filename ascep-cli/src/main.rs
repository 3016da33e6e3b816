//! The `ascep` command. Each command has a module of its own; this one reads the command line and turns what a
//! command ends with into an exit status. Data goes to stdout, text for people to stderr.

mod args;
mod check;
mod console;
mod data;
mod error;
mod evaluator;
mod explain;
mod graph;
mod intake;
mod interrupt;
mod junit;
mod later;
mod live;
mod load;
mod memory;
mod output;
mod progress;
mod record;
mod refusals;
mod replay;
mod run;
mod scan;
mod session;
mod sources;
mod summary;
mod test;
mod universe;
mod values;
mod verify;
mod why;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::console::Console;
use crate::error::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.color);
    match dispatch(cli.command, &console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                console.error(&failure);
            }
            ExitCode::from(&failure)
        }
    }
}

fn dispatch(command: Command, console: &Console) -> Result<(), Failure> {
    match command {
        Command::Check(args) => check::check(&args, console),
        Command::Run(args) => run::run(&args, console),
        Command::Replay(args) => replay::replay(&args, console),
        Command::Scan(args) => scan::scan(&args, console),
        Command::Graph(args) => graph::graph(&args, console),
        Command::Explain(args) => explain::explain(&args, console),
        Command::Fmt(_) => later::later("fmt"),
        Command::Test(args) => test::test(&args, console),
        Command::Why(args) => why::why(&args, console),
        Command::Bench(_) => later::later("bench"),
        Command::Lsp(_) => later::later("lsp"),
        Command::Serve(_) => later::later("serve"),
    }
}

//! `ascep check`: compiles and says what it finds. Text goes to stderr; `--json` writes one object a line to stdout, and so does
//! `--memory` with it.

use std::io::{self, Write as _};

use ascep_lang::{Diagnostics, Limits};

use crate::args::CheckArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::load;
use crate::memory;
use crate::sources;

/// Runs the command.
pub(crate) fn check(args: &CheckArgs, console: &Console) -> Result<(), Failure> {
    let sources = sources::read_all(&args.files, &Limits::default())?;
    let (program, diagnostics) = match ascep_lang::compile(&sources, &load::options(&args.compile, console)?) {
        Ok(mut program) => {
            let warnings = std::mem::take(&mut program.warnings);
            (Some(program), Diagnostics::new(warnings))
        }
        Err(diagnostics) => (None, diagnostics),
    };
    if args.json {
        let mut stdout = io::stdout().lock();
        stdout.write_all(diagnostics.to_json(&sources).as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)?;
    } else if !diagnostics.is_empty() {
        load::show(&diagnostics, &sources, console);
    }
    let (errors, warnings) = (diagnostics.errors().count(), diagnostics.warnings().count());
    if !args.json {
        let rules = program.as_ref().map_or(String::new(), |program| format!("{}, ", plural(program.rules.len(), "rule")));
        let line = format!("{}: {rules}{}, {}\n", plural(sources.len(), "file"), plural(errors, "error"), plural(warnings, "warning"));
        console.text(&line);
    }
    if let Some(program) = program.filter(|_| args.memory) {
        memory::print(&program, args.max_window_samples, args.json, console)?;
    }
    match (errors, warnings) {
        (0, 0) => Ok(()),
        (0, _) if args.compile.deny_warnings => Err(Failure::Warnings),
        (0, _) => Ok(()),
        _ => Err(Failure::Rules),
    }
}

fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

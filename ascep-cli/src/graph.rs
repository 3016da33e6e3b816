//! `ascep graph`: the operators that rules compile to, as data for other programs.

use std::io::{self, Write as _};

use crate::args::{GraphArgs, GraphForm};
use crate::console::Console;
use crate::error::Failure;
use crate::load;

/// Runs the command.
pub(crate) fn graph(args: &GraphArgs, console: &Console) -> Result<(), Failure> {
    let program = load::load(&args.files, &args.compile, console)?;
    let mut text = match args.format {
        GraphForm::Dot => program.to_dot(),
        GraphForm::Json => program.to_json_graph(),
        GraphForm::Mermaid => program.to_mermaid(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

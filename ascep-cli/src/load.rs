//! From the files on the command line to a program, with diagnostics on stderr. The same for every command that compiles.

use ascep_lang::{Diagnostics, Limits, Options, Program, RenderOptions, Source};

use crate::args::CompileArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::sources;

/// The options of the compiler that the command line sets.
pub(crate) fn options(args: &CompileArgs) -> Options {
    let options = Options::default().with_strict_units(args.strict_units);
    args.params.iter().fold(options, |options, param| options.with_param(&param.name, &param.value))
}

/// Reads and compiles; shows what the compiler finds.
pub(crate) fn load(files: &[String], args: &CompileArgs, console: &Console) -> Result<Program, Failure> {
    let sources = sources::read_all(files, &Limits::default())?;
    compile(&sources, args, console)
}

/// Compiles sources that have been read.
pub(crate) fn compile(sources: &[Source], args: &CompileArgs, console: &Console) -> Result<Program, Failure> {
    match ascep_lang::compile(sources, &options(args)) {
        Ok(program) => {
            if !program.warnings.is_empty() {
                show(&Diagnostics::new(program.warnings.clone()), sources, console);
                if args.deny_warnings {
                    return Err(Failure::Warnings);
                }
            }
            Ok(program)
        }
        Err(diagnostics) => {
            show(&diagnostics, sources, console);
            Err(Failure::Rules)
        }
    }
}

/// Draws diagnostics on stderr.
pub(crate) fn show(diagnostics: &Diagnostics, sources: &[Source], console: &Console) {
    console.text(&diagnostics.render(sources, RenderOptions { color: console.colour(), ..RenderOptions::default() }));
}

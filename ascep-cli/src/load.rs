//! From the files on the command line to a program, with diagnostics on stderr. The same for every command that compiles.

use ascep_lang::tests::Test;
use ascep_lang::{Analysis, Diagnostics, Limits, Options, Program, RenderOptions, Source};

use crate::args::CompileArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::sources;

/// The options of the compiler that the command line sets; reads the universe where one is given.
pub(crate) fn options(args: &CompileArgs, console: &Console) -> Result<Options, Failure> {
    let options = Options::default().with_strict_units(args.strict_units);
    let options = args.params.iter().fold(options, |options, param| options.with_param(&param.name, &param.value));
    Ok(match args.universe.for_rules(console)? {
        Some(universe) => options.with_universe(universe),
        None => options,
    })
}

/// Reads and compiles; shows what the compiler finds.
pub(crate) fn load(files: &[String], args: &CompileArgs, console: &Console) -> Result<Program, Failure> {
    let sources = sources::read_all(files, &Limits::default())?;
    compile(&sources, args, console)
}

/// Compiles sources that have been read.
pub(crate) fn compile(sources: &[Source], args: &CompileArgs, console: &Console) -> Result<Program, Failure> {
    analyze(sources, args, console).map(|(program, _)| program)
}

/// Compiles sources that have been read, with their tests.
pub(crate) fn analyze(sources: &[Source], args: &CompileArgs, console: &Console) -> Result<(Program, Vec<Test>), Failure> {
    let Analysis { program, tests, diagnostics, .. } = ascep_lang::analyze(sources, &options(args, console)?);
    if !diagnostics.is_empty() {
        show(&diagnostics, sources, console);
    }
    match program {
        None => Err(Failure::Rules),
        Some(_) if args.deny_warnings && !diagnostics.is_empty() => Err(Failure::Warnings),
        Some(program) => Ok((program, tests)),
    }
}

/// Draws diagnostics on stderr.
pub(crate) fn show(diagnostics: &Diagnostics, sources: &[Source], console: &Console) {
    console.text(&diagnostics.render(sources, RenderOptions { color: console.colour(), ..RenderOptions::default() }));
}

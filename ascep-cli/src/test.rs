//! `ascep test`: runs the tests that stand in rule files, each on an engine of its own, and says what came against what was expected.

use ascep_lang::tests::Test;
use ascep_lang::{Limits, Program, Source, Span};
use ascep_runtime::EngineOptions;
use ascep_runtime::testing::{self, Line, Mark, TestError};

use crate::args::TestArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::{junit, load, sources};

/// A test that has been run.
pub(crate) struct Ran<'t> {
    pub(crate) test: &'t Test,
    /// The file that it stands in.
    pub(crate) file: &'t str,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) verdict: Verdict,
}

/// What a test came to.
pub(crate) enum Verdict {
    Passed,
    /// What came against what was expected.
    Failed(Vec<Line>),
    /// It could not be run to its end, and why.
    Error(String),
}

/// Runs the command.
pub(crate) fn test(args: &TestArgs, console: &Console) -> Result<(), Failure> {
    let sources = sources::read_all(&args.files, &Limits::default())?;
    let (program, tests) = load::analyze(&sources, &args.compile, console)?;
    let own: Vec<&Test> = tests.iter().filter(|t| !t.included).collect();
    let chosen: Vec<&Test> =
        own.iter().copied().filter(|t| args.filter.as_ref().is_none_or(|text| t.name.contains(text.as_str()))).collect();
    let ran: Vec<Ran<'_>> = chosen.iter().map(|test| run(&program, test, &sources, console)).collect();
    if let Some(path) = &args.junit {
        junit::write(path, &ran)?;
    }
    let failed = ran.iter().filter(|r| !matches!(r.verdict, Verdict::Passed)).count();
    if ran.is_empty() {
        console.note(&nothing_to_run(&tests, &own, args));
    } else {
        let left_out = own.len() - ran.len();
        let left_out = if left_out == 0 { String::new() } else { format!(", {left_out} left out by `--filter`") };
        console.text(&format!("{}: {} passed, {failed} failed{left_out}\n", plural(ran.len()), ran.len() - failed));
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Tests) }
}

fn plural(n: usize) -> String {
    if n == 1 { "1 test".to_owned() } else { format!("{n} tests") }
}

/// Why there is no test to run.
fn nothing_to_run(tests: &[Test], own: &[&Test], args: &TestArgs) -> String {
    match &args.filter {
        Some(text) if !own.is_empty() => format!("none of {} has `{text}` in its name", plural(own.len())),
        _ if tests.is_empty() => "there is no test; one is written `TEST \"name\" { AT 1s trade(..) EXPECT SIGNAL AT 1s }`".to_owned(),
        _ => format!("there is no test in these files; {} of files that they `USE` run with those files", plural(tests.len())),
    }
}

fn run<'t>(program: &Program, test: &'t Test, sources: &'t [Source], console: &Console) -> Ran<'t> {
    let (file, line) = place(sources, test.span);
    let verdict = match testing::run(program, test, EngineOptions::default()) {
        Ok(outcome) if outcome.passed() => Verdict::Passed,
        Ok(outcome) => Verdict::Failed(testing::report(test, &outcome)),
        Err(error) => Verdict::Error(describe(&error, test, sources)),
    };
    let ran = Ran { test, file, line, verdict };
    console.text(&drawn(&ran, console.colour()));
    ran
}

/// The file that a place is in, and its line.
fn place(sources: &[Source], span: Span) -> (&str, usize) {
    match sources.get(span.file.0 as usize) {
        Some(source) => (&source.name, source.line_column(span.start as usize).line as usize),
        None => ("", 0),
    }
}

/// Why a test could not be run to its end.
fn describe(error: &TestError, test: &Test, sources: &[Source]) -> String {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text = format!("{text}: {source}");
    }
    if let TestError::Event { step, .. } = error
        && let Some(step) = test.steps.get(*step)
    {
        let (file, line) = place(sources, step.span);
        text = format!("{file}:{line}: {text}");
    }
    text
}

/// A test with its verdict, as lines for people.
fn drawn(ran: &Ran<'_>, colour: bool) -> String {
    let paint = |text: &str, code: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let name = ran.test.name.escape_debug();
    let place = format!("{}:{}", ran.file, ran.line);
    match &ran.verdict {
        Verdict::Passed => format!("{}  {name}\n", paint("ok  ", "32")),
        Verdict::Failed(lines) => {
            let mut text = format!("{}  {name}  ({place})\n", paint("FAIL", "1;31"));
            for line in lines {
                let code = match line.mark {
                    Mark::Expected => "31",
                    Mark::Came => "32",
                    Mark::Note => "2",
                };
                text.push_str(&format!("      {}\n", paint(&line.to_string(), code)));
            }
            text
        }
        Verdict::Error(why) => format!("{}  {name}  ({place})\n      {why}\n", paint("FAIL", "1;31")),
    }
}

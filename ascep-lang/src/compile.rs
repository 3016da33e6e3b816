//! The way from sources to a program: parse, check, lower.

use crate::check::{self, Checked, File};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::limits::Limits;
use crate::lower::{lower, lower_last};
use crate::program::{Program, TypedRules};
use crate::source::Source;
use crate::span::{FileId, Span};
use crate::syntax::{self, Tree};
use crate::tests::Test;
use crate::universe::Universe;

mod pieces;

/// How to compile.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// Findings on units are errors.
    pub strict_units: bool,
    /// Values of parameters in place of their defaults, as text with the syntax of the language: `("fee", "10bp")`. Of two for one
    /// parameter the last counts.
    pub params: Vec<(String, String)>,
    /// Values that the host delivers while the rules run, which they read by name.
    pub inputs: Vec<InputDecl>,
    /// Functions that the host computes while the rules run, which they call by name.
    pub functions: Vec<FunctionDecl>,
    /// The markets that `cycles(..)` looks through where it names none, and what is known of those that it names.
    pub universe: Option<Universe>,
    /// Bounds on the program.
    pub limits: Limits,
}

impl Options {
    /// Sets [`strict_units`](Self::strict_units).
    #[must_use]
    pub fn with_strict_units(mut self, strict: bool) -> Self {
        self.strict_units = strict;
        self
    }

    /// Adds the value of a parameter.
    #[must_use]
    pub fn with_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Adds an input of the host.
    #[must_use]
    pub fn with_input(mut self, name: impl Into<String>, ty: InputType) -> Self {
        self.inputs.push(InputDecl { name: name.into(), ty });
        self
    }

    /// Adds a function of the host: a pure function of its arguments, which are numbers, durations, timestamps and levels, as is its
    /// value. A name that is built in is an error of the program (E0303).
    #[must_use]
    pub fn with_function(mut self, name: impl Into<String>, args: impl IntoIterator<Item = InputType>, result: InputType) -> Self {
        self.functions.push(FunctionDecl { name: name.into(), args: args.into_iter().collect(), result });
        self
    }

    /// Sets [`universe`](Self::universe).
    #[must_use]
    pub fn with_universe(mut self, universe: Universe) -> Self {
        self.universe = Some(universe);
        self
    }

    /// Sets [`limits`](Self::limits).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// A value that the host delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDecl {
    /// The name that rules read it by.
    pub name: String,
    /// Its type.
    pub ty: InputType,
}

/// A function that the host computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDecl {
    /// The name that rules call it by.
    pub name: String,
    /// The types of its arguments.
    pub args: Vec<InputType>,
    /// The type of its value.
    pub result: InputType,
}

/// The type of a host's input, and of what a host's function takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputType {
    /// A number whose unit nothing is checked against.
    Number,
    /// A pure number.
    Ratio,
    /// A price, in `quote` per `base`.
    Price {
        /// What is priced.
        base: String,
        /// What it is priced in.
        quote: String,
    },
    /// An amount of an asset.
    Amount {
        /// Of which.
        asset: String,
    },
    /// A level.
    Bool,
    /// A duration.
    Duration,
    /// A timestamp.
    Timestamp,
    /// A text.
    Text,
}

/// All that is found out about some sources.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The tree of each source, whole or with gaps where the text could not be read.
    pub trees: Vec<Tree>,
    /// The typed rules, where there is no error.
    pub typed: Option<TypedRules>,
    /// The program, where there is no error.
    pub program: Option<Program>,
    /// The tests in the order of the files, where there is no error.
    pub tests: Vec<Test>,
    /// What was found.
    pub diagnostics: Diagnostics,
}

/// Compiles sources into one program.
///
/// All sources belong to the program; `USE` of a file names one of them, relative to the source that it stands in. Warnings are in
/// [`Program::warnings`].
///
/// # Errors
///
/// Every error of every source, with the warnings.
pub fn compile(sources: &[Source], options: &Options) -> Result<Program, Diagnostics> {
    if let Some(program) = pieces::compile(sources, options, pieces::LARGE, pieces::PIECE) {
        return Ok(program);
    }
    let Found { typed, diagnostics, .. } = find(sources, options);
    match typed {
        Some(typed) => Ok(Program { warnings: diagnostics.into_vec(), ..lower_last(typed) }),
        None => Err(diagnostics),
    }
}

/// Compiles sources and keeps everything that was made on the way.
#[must_use]
pub fn analyze(sources: &[Source], options: &Options) -> Analysis {
    let Found { trees, typed, tests, diagnostics } = find(sources, options);
    let program = typed.as_ref().map(|typed| Program { warnings: diagnostics.as_slice().to_vec(), ..lower(typed) });
    Analysis { trees, typed, program, tests, diagnostics }
}

/// All that is found out before the rules are lowered.
struct Found {
    trees: Vec<Tree>,
    typed: Option<TypedRules>,
    tests: Vec<Test>,
    diagnostics: Diagnostics,
}

fn find(sources: &[Source], options: &Options) -> Found {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut trees = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        let file = FileId(u32::try_from(index).unwrap_or(u32::MAX));
        found.extend(source.utf8_error(file));
        let (tree, errors) = syntax::parse(file, &source.text, &options.limits);
        found.extend(errors);
        trees.push(tree);
    }
    let files: Vec<File<'_>> =
        sources.iter().zip(&trees).map(|(source, tree)| File { name: &source.name, text: &source.text, tree }).collect();
    let Checked { typed, tests, mut findings } = check::check(&files, options);
    let broken: Vec<Span> = found.iter().map(|d| unreadable(d, sources)).collect();
    findings.retain(|d| !broken.iter().any(|b| overlap(*b, d.span)));
    found.extend(findings);
    let good = !found.iter().any(|d| d.severity == Severity::Error);
    if found.iter().any(|d| d.code.severity() == Severity::Error) {
        // What a wrong line was meant to use looks unused or unnamed, and a test of which not all could be read to expect nothing.
        found.retain(|d| !matches!(d.code, Code::UnusedName | Code::TestWithoutExpect | Code::UnknownTestSymbol));
    }
    let diagnostics = cut(Diagnostics::new(found), options.limits.max_errors.max(1));
    let typed = good.then_some(typed);
    let tests = if good { tests } else { Vec::new() };
    Found { trees, typed, tests, diagnostics }
}

/// The text that a syntax error leaves in doubt: what the checker says of it repeats the error or comes of the way it was read. Behind a bracket
/// or a quote that is never closed that is the rest of the line.
fn unreadable(found: &Diagnostic, sources: &[Source]) -> Span {
    let mut span = found.span;
    if matches!(found.code, Code::UnclosedBracket | Code::UnterminatedString) {
        let rest = sources.get(span.file.0 as usize).and_then(|s| s.text.get(span.start as usize..)).unwrap_or_default();
        let line = rest.find('\n').unwrap_or(rest.len());
        span = span.to(Span::new(span.file, span.start as usize, span.start as usize + line));
    }
    span
}

fn overlap(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}

/// Keeps `most` errors of each file; what is beyond is one E0604.
fn cut(found: Diagnostics, most: usize) -> Diagnostics {
    if found.errors().count() <= most {
        return found;
    }
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(found.len().min(2 * most));
    let (mut file, mut errors) = (None, 0);
    for d in found.into_vec() {
        if file != Some(d.span.file) {
            (file, errors) = (Some(d.span.file), 0);
        }
        // The parser's own cut is this one.
        if d.severity == Severity::Error && d.code != Code::TooManyErrors {
            errors += 1;
        }
        if errors <= most && d.code != Code::TooManyErrors {
            kept.push(d);
        } else if kept.last().is_none_or(|last| last.code != Code::TooManyErrors || last.span.file != d.span.file) {
            let message = format!("more than {most} errors; the rest is not shown");
            kept.push(Diagnostic::new(Code::TooManyErrors, d.span, message).help("mend these first: others may go with them"));
        }
    }
    Diagnostics::new(kept)
}

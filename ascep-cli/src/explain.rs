//! `ascep explain`: the page of a diagnostic, or the list of them.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use ascep_lang::Code;

use crate::args::ExplainArgs;
use crate::console::Console;
use crate::error::Failure;

/// Runs the command.
pub(crate) fn explain(args: &ExplainArgs, _console: &Console) -> Result<(), Failure> {
    let text = match &args.code {
        Some(code) => page(code)?,
        None => list(),
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

fn page(text: &str) -> Result<String, Failure> {
    let code: Code = text.trim().parse().map_err(|_| {
        let near = Code::ALL.iter().map(|code| code.as_str()).find(|code| differ_in_one(code, text));
        let hint = near.map_or_else(|| "`ascep explain` lists them all".to_owned(), |code| format!("did you mean `{code}`?"));
        Failure::Usage(format!("there is no diagnostic code `{text}`; {hint}"))
    })?;
    let mut page = ascep_lang::explain(code).to_owned();
    if !page.ends_with('\n') {
        page.push('\n');
    }
    Ok(page)
}

fn list() -> String {
    Code::ALL.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{code}  {}", code.title());
        text
    })
}

/// Whether two codes of one length differ in one place, or one lacks its letter.
fn differ_in_one(code: &str, text: &str) -> bool {
    let text = text.trim().to_ascii_uppercase();
    code.get(1..) == Some(text.as_str())
        || (code.len() == text.len() && code.bytes().zip(text.bytes()).filter(|(a, b)| a != b).count() == 1)
}

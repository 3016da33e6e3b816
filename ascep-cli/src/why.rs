//! `ascep why`: a replay that stops at a signal, or at a time, and says what every part of the rule was then. The engine keeps what
//! it needs for that, so it is slower than in `ascep replay`; the signals are the same.

use std::io::{self, Write as _};

use ascep_lang::nearest;
use ascep_runtime::Explanation;
use ascep_runtime::signal::Head;

use crate::args::WhyArgs;
use crate::console::Console;
use crate::data::Data;
use crate::error::Failure;
use crate::intake::{Intake, Taker as _, To};
use crate::interrupt::Interrupt;
use crate::load;
use crate::output::Output;
use crate::progress::Bar;
use crate::replay;
use crate::session::{Session, Settings};

/// Names that an error lists; of more it says how many there are.
const LISTED: usize = 12;

/// Runs the command.
pub(crate) fn why(args: &WhyArgs, console: &Console) -> Result<(), Failure> {
    let program = load::load(&args.files, &args.compile, console)?;
    let mut data = Data::open(&args.data.data, &args.data.read, false)?;
    let interrupt = Interrupt::listen();
    let settings = Settings::of(&args.engine).with_provenance();
    let mut session = Session::new(&program, data.default_venue(), settings, Output::why(args.signal), console, &interrupt)?;
    // Before the data are read, which may take long.
    let rule = args.rule.as_deref().map(|rule| find(rule, &args.instance, session.rules())).transpose()?;

    let to = match args.at {
        Some(at) => Some(at.into()),
        None => args.data.read.to.map(|to| To::At(to.0)),
    };
    let mut intake = Intake::of(&args.data.read, &data).with_to(to);
    let bar = Bar::new(console, data.progress().map_or(0, |progress| progress.total));
    let ended = replay::all(&mut data, &mut intake, &mut session, &interrupt, &bar);
    bar.finish();
    ended?;

    let explanation = match rule {
        Some(rule) => {
            if session.events() == 0 {
                return Err(Failure::Usage(match intake.first_left_out() {
                    Some(first) => format!("no event comes by then: the first is at {}", replay::moment(first)),
                    None => "the data have no event".to_owned(),
                }));
            }
            session.explain(rule)?
        }
        None => {
            let (signals, wanted) = (session.signals(), args.signal.unwrap_or(0));
            session.explained().ok_or_else(|| {
                Failure::Usage(match signals {
                    0 => format!("there is no signal {wanted}: the replay gives none"),
                    last => format!("there is no signal {wanted}: the replay gives {last}, numbered from 1"),
                })
            })?
        }
    };
    print(&explanation, args.json)
}

fn print(explanation: &Explanation, json: bool) -> Result<(), Failure> {
    let text = if json {
        serde_json::to_string(explanation).map_err(|error| Failure::stdout(error.into()))? + "\n"
    } else {
        explanation.to_string()
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
}

/// The instance of a rule that a name and bindings stand for.
fn find<'a>(name: &str, bindings: &[(String, String)], rules: impl Iterator<Item = (u32, Head<'a>)>) -> Result<u32, Failure> {
    let (mut names, mut instances): (Vec<&str>, Vec<(u32, Head<'_>)>) = (Vec::new(), Vec::new());
    for (id, head) in rules {
        if names.last() != Some(&head.rule()) {
            names.push(head.rule());
        }
        if head.rule() == name {
            instances.push((id, head));
        }
    }
    let Some((_, first)) = instances.first() else {
        let help = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the rules are: {}", list(names.iter().map(|name| format!("`{name}`")))),
        };
        return Err(Failure::Usage(format!("there is no rule `{name}`; {help}")));
    };
    if let Some((variable, _)) = bindings.iter().find(|(variable, _)| first.instance().all(|(known, _)| known != variable)) {
        let known = list(first.instance().map(|(known, _)| format!("`{known}`")));
        let help = if known.is_empty() { "it has none".to_owned() } else { format!("it has {known}") };
        return Err(Failure::Usage(format!("rule `{name}` has no binding `{variable}`; {help}")));
    }
    let fits = |head: &Head<'_>| bindings.iter().all(|(variable, symbol)| head.instance().any(|own| own == (variable, symbol)));
    let fitting: Vec<&(u32, Head<'_>)> = instances.iter().filter(|(_, head)| fits(head)).collect();
    let options =
        |heads: &mut dyn Iterator<Item = Head<'_>>| {
            list(heads.map(|head| {
                head.instance().map(|(variable, symbol)| format!("--instance {variable}={symbol}")).collect::<Vec<_>>().join(" ")
            }))
        };
    match fitting[..] {
        [&(id, _)] => Ok(id),
        [] => {
            let known = options(&mut instances.iter().map(|(_, head)| *head));
            Err(Failure::Usage(format!("rule `{name}` has no such instance; there are: {known}")))
        }
        _ => {
            let known = options(&mut fitting.iter().map(|(_, head)| *head));
            Err(Failure::Usage(format!("rule `{name}` has {} instances; name one with {known}", fitting.len())))
        }
    }
}

/// Some of them, with how many more there are.
fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(LISTED);
    items.truncate(LISTED);
    let text = items.join(", ");
    if more > 0 { format!("{text}, and {more} more") } else { text }
}

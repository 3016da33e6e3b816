//! The outcome of a test for people: what was expected against what came, line by line.

use ascep_lang::tests::{Expected, ExpectedValue, Test};

use super::{Outcome, field, is_value};
use crate::signal::text::write_duration;
use crate::signal::{OwnedSignal, Value};

/// The most lines about signals of other names.
const OTHERS: usize = 10;
/// The most signals that are shown although nobody expected them.
const UNEXPECTED: usize = 20;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Expected, and it did not come.
    Expected,
    /// Came, and was not expected.
    Came,
    /// Says more of the line before.
    Note,
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub mark: Mark,
    /// Its text, without its mark.
    pub text: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = match self.mark {
            Mark::Expected => "- ",
            Mark::Came => "+ ",
            Mark::Note => "    ",
        };
        write!(f, "{mark}{}", self.text)
    }
}

/// What is wrong with an outcome, in the order of the text and then of time. Nothing where the test passes.
#[must_use]
pub fn report(test: &Test, outcome: &Outcome) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |mark, text: String| lines.push(Line { mark, text });
    let mut told = Vec::new();
    for missing in &outcome.missing {
        let Some(expected) = test.expected.get(missing.expected) else { continue };
        say(Mark::Expected, expectation(expected));
        match missing.nearest.and_then(|place| Some((place, outcome.signals.get(place)?))) {
            Some((place, signal)) => {
                told.push(place);
                say(Mark::Came, shown(signal));
                for difference in differences(expected, signal) {
                    say(Mark::Note, difference);
                }
            }
            None if outcome.signals.iter().any(|s| s.head.signal == expected.signal) => {
                say(Mark::Note, format!("every `{}` that came is another one", expected.signal));
            }
            None => say(Mark::Note, format!("no `{}` came", expected.signal)),
        }
    }
    let untold: Vec<&OwnedSignal> =
        outcome.unexpected.iter().filter(|place| !told.contains(place)).filter_map(|place| outcome.signals.get(*place)).collect();
    for signal in untold.iter().take(UNEXPECTED) {
        say(Mark::Came, shown(signal));
        say(Mark::Note, if test.none { "no signal is expected".to_owned() } else { "not expected".to_owned() });
    }
    if untold.len() > UNEXPECTED {
        say(Mark::Note, format!("and {} more that are not expected", untold.len() - UNEXPECTED));
    }
    if !outcome.passed() && !test.none {
        let mentioned = |s: &&OwnedSignal| test.expected.iter().any(|e| e.signal == s.head.signal);
        let others: Vec<&OwnedSignal> = outcome.signals.iter().filter(|s| !mentioned(s)).collect();
        for signal in others.iter().take(OTHERS) {
            say(Mark::Note, format!("also came, which is no fault: {}", shown(signal)));
        }
        if others.len() > OTHERS {
            say(Mark::Note, format!("and {} more of other names", others.len() - OTHERS));
        }
    }
    lines
}

/// `WHALE(px = 100) AT 400ms`
#[must_use]
pub fn expectation(expected: &Expected) -> String {
    let fields = expected.fields.iter().map(|(name, value)| format!("{name} = {}", wanted(value)));
    call(&expected.signal, fields, expected.at)
}

/// `WHALE(px = 101, q = 1) AT 400ms, of whale [s = "A/B"]`
fn shown(signal: &OwnedSignal) -> String {
    let head = &signal.head;
    let fields = head.fields.iter().zip(&signal.values).map(|(name, value)| format!("{name} = {}", got(&value.as_value())));
    let mut text = call(&head.signal, fields, signal.ts);
    text.push_str(", of ");
    text.push_str(&head.rule);
    if !head.instance.is_empty() {
        let bound: Vec<String> = head.instance.iter().map(|(var, symbol)| format!("{var} = {}", quoted(symbol))).collect();
        text.push_str(&format!(" [{}]", bound.join(", ")));
    }
    text
}

fn call(name: &str, fields: impl Iterator<Item = String>, at: i64) -> String {
    let fields: Vec<String> = fields.collect();
    let fields = if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
    format!("{name}{fields} AT {}", duration(at))
}

/// What is different in a signal from the one that is expected.
fn differences(expected: &Expected, signal: &OwnedSignal) -> Vec<String> {
    let mut found = Vec::new();
    if expected.at != signal.ts {
        let by = signal.ts.saturating_sub(expected.at);
        let how = if by < 0 { "early" } else { "late" };
        found.push(format!("{} too {how}", duration(by.saturating_abs())));
    }
    for (name, value) in &expected.fields {
        match field(signal, name) {
            Some(has) if is_value(value, &has) => {}
            Some(has) => found.push(format!("`{name}` is {} and not {}", got(&has), wanted(value))),
            None => found.push(format!("it has no field `{name}`")),
        }
    }
    found
}

fn wanted(value: &ExpectedValue) -> String {
    match value {
        ExpectedValue::Unknown => "unknown".to_owned(),
        ExpectedValue::Num(x) => number(*x),
        ExpectedValue::Bool(b) => truth(*b),
        ExpectedValue::Duration(d) => duration(*d),
        ExpectedValue::Text(text) => quoted(text),
    }
}

fn got(value: &Value<'_>) -> String {
    match *value {
        Value::Unknown => "unknown".to_owned(),
        Value::Num(x) => number(x),
        Value::Bool(b) => truth(b),
        Value::Duration(d) | Value::Timestamp(d) => duration(d),
        Value::Symbol(text) | Value::Text(text) => quoted(text),
    }
}

fn truth(b: bool) -> String {
    if b { "TRUE".to_owned() } else { "FALSE".to_owned() }
}

fn number(x: f64) -> String {
    let mut out = Vec::new();
    crate::signal::json::write_number(x, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn duration(d: i64) -> String {
    let mut out = Vec::new();
    write_duration(d, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

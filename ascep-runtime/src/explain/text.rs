//! An explanation for people: what decided, then the rule as a tree, then how it stands.

use std::fmt::{self, Display, Formatter};

use super::{Explanation, LegQuote, Memory, Part, Reading, RuleStanding, Run, Side, Told, Unknown, Ways};
use crate::signal::{Value, value_text};

/// RFC 3339, with as many digits of a second as it takes.
pub(super) fn time(ts: i64) -> String {
    let text = value_text(Value::Timestamp(ts));
    format!("{}Z", text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.'))
}

fn span(nanos: i64) -> String {
    value_text(Value::Duration(nanos))
}

/// A value as text.
pub(super) fn reading(value: &Reading) -> String {
    match value {
        Reading::Unknown => "unknown".to_owned(),
        Reading::Num(x) => value_text(Value::Num(*x)),
        Reading::Bool(truth) => truth.to_string(),
        Reading::Duration(d) => span(*d),
        Reading::Timestamp(ts) => time(*ts),
        Reading::Text(text) => format!("{text:?}"),
        Reading::Occurs(true) => "occurs".to_owned(),
        Reading::Occurs(false) => "does not occur".to_owned(),
        Reading::OfRun => "each run's own".to_owned(),
    }
}

/// Why something is unknown.
pub(super) fn unknown(why: &Unknown) -> String {
    match why {
        Unknown::NeverSeen => "nothing has come yet".to_owned(),
        Unknown::Forgotten => "the feed has lost the instrument".to_owned(),
        Unknown::Missing => "what came last does not have it".to_owned(),
        Unknown::WarmingUp { until: Some(until), .. } => format!("warming up until {}", time(*until)),
        Unknown::WarmingUp { updates: Some((seen, needed)), .. } => format!("warming up: {seen} of {needed} updates"),
        Unknown::WarmingUp { .. } => "warming up".to_owned(),
        Unknown::TooFew => "its window is empty, or holds too little".to_owned(),
        Unknown::Host => "the host gives nothing for it".to_owned(),
        Unknown::Arithmetic => "a division by zero, or beyond what a number can be".to_owned(),
        Unknown::Argument => "a part of it is unknown".to_owned(),
    }
}

fn memory(memory: &Memory) -> String {
    let run = |run: &Run| {
        let waits = run.waits_until.map_or_else(String::new, |ts| format!(", waits until {}", time(ts)));
        let since = run.started.map_or_else(String::new, |ts| format!(" since {}", time(ts)));
        format!("{}{since}, ends {}{waits}", run.prefix, time(run.ends))
    };
    match memory {
        Memory::Window { samples, capacity, oldest, newest, before } => {
            let span = oldest
                .zip(*newest)
                .map(|(oldest, newest)| format!(" over {}, oldest {}", span(newest.saturating_sub(oldest)), time(oldest)));
            let full = if samples == capacity { ", full" } else { "" };
            let before = before.map_or_else(String::new, |ts| format!(", compared with that of {}", time(ts)));
            let plural = if *samples == 1 { "" } else { "s" };
            format!("{samples} sample{plural}{}{full}{before}", span.unwrap_or_default())
        }
        Memory::Updates { seen, needed } => format!("{seen} of {needed} updates"),
        Memory::LastTruth(truth) => format!("last known {}", truth.map_or_else(|| "nothing".to_owned(), |truth| truth.to_string())),
        Memory::LastSide(side) => match side {
            None => "never known both".to_owned(),
            Some(Side::Below) => "last below".to_owned(),
            Some(Side::Equal) => "last equal".to_owned(),
            Some(Side::Above) => "last above".to_owned(),
        },
        Memory::Runs { places, runs } if runs.is_empty() => format!("no run of {places} places"),
        Memory::Runs { places, runs } => format!("runs of {places} places: {}", runs.iter().map(run).collect::<Vec<_>>().join("; ")),
        Memory::Occurrences(times) => {
            let times = times.iter().map(|ts| ts.map_or_else(|| "not yet".to_owned(), time));
            format!("parts: {}", times.collect::<Vec<_>>().join(", "))
        }
        Memory::Legs(legs) => legs.iter().map(leg).collect::<Vec<_>>().join("; "),
        Memory::Opportunities { told, ways } => {
            let told = told.as_ref().map_or_else(|| "nothing told yet".to_owned(), |told| telling(told));
            ways.as_ref().map_or(told.clone(), |ways| format!("{told}; {}", standing_of(ways)))
        }
        Memory::OpenBar { start, trades: 1 } => format!("1 trade in the bar that began at {}", time(*start)),
        Memory::OpenBar { start, trades } => format!("{trades} trades in the bar that began at {}", time(*start)),
    }
}

fn leg(leg: &LegQuote) -> String {
    let price = |price: Option<f64>| price.map_or_else(|| "nothing".to_owned(), number);
    let age = leg.age.map_or_else(|| "never quoted".to_owned(), |age| format!("{} ago", span(age)));
    format!("{} {} bid, {} asked, {age}", leg.market, price(leg.bid), price(leg.ask))
}

fn number(x: f64) -> String {
    value_text(Value::Num(x))
}

fn telling(told: &Told) -> String {
    let Told { ts, state, reason, path, net, min_net, gross, size, age, skew, legs } = told;
    let reason = reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let size = size.map_or_else(|| "unknown".to_owned(), number);
    let legs: Vec<String> = legs.iter().map(leg).collect();
    format!(
        "told {state}{reason} at {}: {path}: net {} against {}, gross {}, size {size}, oldest quote {}, {} apart; {}",
        time(*ts),
        number(*net),
        number(*min_net),
        number(*gross),
        span(*age),
        span(*skew),
        legs.join("; ")
    )
}

/// How many ways there are and what holds them back.
pub(super) fn standing_of(ways: &Ways) -> String {
    let Ways { all, unknown, open, aged, skewed, small, best, min_net } = ways;
    let mut parts = vec![format!("{all} way{}", if *all == 1 { "" } else { "s" })];
    let held = [
        (*unknown, "with a market that has no bid below an ask"),
        (*open, "open"),
        (*aged, "held back by the age of a quote"),
        (*skewed, "held back by the span between quotes"),
        (*small, "held back by quantities"),
    ];
    parts.extend(held.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    parts.push(match best {
        Some((path, net)) => format!("the best now: {path}: net {} against {}", number(*net), number(*min_net)),
        None => "none has all its quotes".to_owned(),
    });
    parts.join(", ")
}

/// Whether there is nothing to say of a part that its text does not say.
fn is_plain(part: &Part) -> bool {
    part.ts.is_none() && part.parts.is_empty() && part.text.eq_ignore_ascii_case(&reading(&part.value))
}

fn line(f: &mut Formatter<'_>, part: &Part) -> fmt::Result {
    write!(f, "{} = {}", part.text, reading(&part.value))?;
    let mut notes = Vec::new();
    notes.extend(part.unknown.as_ref().map(unknown));
    if let (Some(ts), Some(age)) = (part.ts, part.age) {
        let last = if matches!(part.value, Reading::Occurs(false)) { "last " } else { "" };
        notes.push(if age == 0 { format!("{last}now") } else { format!("{last}{}, {} ago", time(ts), span(age)) });
    }
    // How many updates are missing has been said.
    let said =
        matches!(part.unknown, Some(Unknown::WarmingUp { updates: Some(_), .. })) && matches!(part.memory, Some(Memory::Updates { .. }));
    notes.extend(part.memory.as_ref().filter(|_| !said).map(memory));
    notes.extend(part.timer.map(|due| format!("timer at {}", time(due))));
    if part.repeated {
        notes.push("see above".to_owned());
    }
    if !notes.is_empty() {
        write!(f, "  ({})", notes.join("; "))?;
    }
    f.write_str(if part.decides { "  <- decides\n" } else { "\n" })
}

fn tree(f: &mut Formatter<'_>, part: &Part, before: &str) -> fmt::Result {
    let parts: Vec<&Part> = part.parts.iter().filter(|part| !is_plain(part)).collect();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        write!(f, "{before}{}", if last { "└─ " } else { "├─ " })?;
        line(f, part)?;
        tree(f, part, &format!("{before}{}", if last { "   " } else { "│  " }))?;
    }
    Ok(())
}

fn standing(f: &mut Formatter<'_>, state: &RuleStanding) -> fmt::Result {
    write!(f, "rule: {}; fired {}, held back {}, lost {}", state.mode.join(" "), state.fired, state.held_back, state.lost)?;
    if let Some(ts) = state.last_fired {
        write!(f, "; last fired {}", time(ts))?;
    }
    if let Some((truth, since)) = state.truth {
        write!(f, "; last known {truth} since {}", time(since))?;
    }
    if !state.armed {
        f.write_str("; disarmed")?;
    }
    if let Some(ts) = state.cooling_until {
        write!(f, "; cooling down until {}", time(ts))?;
    }
    if let Some(limit) = state.limit {
        write!(f, "; limit {} of {} used", limit.used, limit.of)?;
        if let Some(ts) = limit.free_at {
            write!(f, " until {}", time(ts))?;
        }
    }
    if let Some(ts) = state.next_turn {
        write!(f, "; next turn {}", time(ts))?;
    }
    f.write_str("\n")
}

impl Display for Explanation {
    /// Several lines, the last with its end.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bindings: Vec<String> = self.instance.iter().map(|(name, symbol)| format!(" {name}={symbol}")).collect();
        match &self.signal {
            Some(signal) => write!(f, "signal {} {} of rule {}", signal.seq, signal.name, self.rule)?,
            None => write!(f, "rule {}", self.rule)?,
        }
        writeln!(f, "{} at {} ({})", bindings.concat(), time(self.ts), self.ts)?;
        for because in &self.because {
            writeln!(f, "  - {because}")?;
        }
        f.write_str("IF ")?;
        line(f, &self.trigger)?;
        tree(f, &self.trigger, "")?;
        if let Some(until) = &self.until {
            f.write_str("UNTIL ")?;
            line(f, until)?;
            tree(f, until, "")?;
        }
        for field in &self.fields {
            write!(f, "{}: ", field.name)?;
            line(f, &field.part)?;
            tree(f, &field.part, "")?;
        }
        standing(f, &self.state)
    }
}

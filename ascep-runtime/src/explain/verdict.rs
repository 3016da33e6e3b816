//! Which parts of a rule decided, and what decided in sentences.

use ascep_lang::program::{Mode, NodeId, Op, Rule};
use rustc_hash::FxHashSet;

use super::memory::source_of;
use super::text::{self, reading, time};
use super::tree::Subject;
use super::{Memory, Reading, RuleStanding, Unknown, memory};
use crate::value::{FALSE, TRUE, UNKNOWN};

/// Sentences about parts that are given; the tree marks all of them.
const MAX_SENTENCES: usize = 8;

/// What decided.
pub(super) struct Decision {
    pub(super) because: Vec<String>,
    pub(super) decides: FxHashSet<NodeId>,
}

/// Decides for a rule as it stands, or for a signal of it.
pub(super) fn decide(subject: &Subject<'_>, id: u32, rule: &Rule, standing: &RuleStanding, is_signal: bool) -> Decision {
    let ends = ends(subject, rule.trigger);
    let mut because = Vec::new();
    if is_signal {
        because.push(
            match rule.mode {
                Mode::Edge => "the condition became true",
                Mode::Event => "the event occurred",
                Mode::EveryTick => "the condition had an update and is true",
                Mode::Every(_) => "the condition is true, and it is its turn",
            }
            .to_owned(),
        );
    } else {
        because.extend(at_this_time(subject, id, rule, standing));
        if because.is_empty() {
            because = why_not(subject, rule, standing, &ends);
        }
    }
    Decision { because, decides: ends.into_iter().collect() }
}

/// What became of a firing at this very time, where there was one.
fn at_this_time(subject: &Subject<'_>, id: u32, rule: &Rule, standing: &RuleStanding) -> Vec<String> {
    let now = Some(subject.state.clock);
    let Some(watch) = subject.state.watch.rules.get(id as usize) else { return Vec::new() };
    if watch.fired > 0 && standing.last_fired == now {
        return vec![format!("it fired at this time: signal {}", watch.last_seq)];
    }
    if watch.held_back > 0 && Some(watch.last_held) == now {
        let by = match (watch.by_cooldown, standing.cooling_until, standing.limit) {
            (true, Some(until), _) => format!("COOLDOWN held it back, until {}", time(until)),
            (false, _, Some(limit)) => match limit.free_at {
                Some(free) => format!("LIMIT held it back: {} of {} are used until {}", limit.used, limit.of, time(free)),
                None => "LIMIT held it back".to_owned(),
            },
            _ => "COOLDOWN or LIMIT held it back".to_owned(),
        };
        return vec![format!("it would have fired at this time, but {by}")];
    }
    if watch.lost > 0 && Some(watch.last_lost) == now {
        return vec![format!("it would have fired at this time, but it is disarmed{}", disarmed(subject, rule, standing))];
    }
    Vec::new()
}

/// ` since T: UNTIL `x < 5` has not come`
fn disarmed(subject: &Subject<'_>, rule: &Rule, standing: &RuleStanding) -> String {
    let since = standing.last_fired.map_or_else(String::new, |ts| format!(" since it fired at {}", time(ts)));
    let until = rule.until.map_or_else(String::new, |until| format!(", and `UNTIL {}` has not come", subject.text(until)));
    since + &until
}

fn why_not(subject: &Subject<'_>, rule: &Rule, standing: &RuleStanding, ends: &[NodeId]) -> Vec<String> {
    let level = if subject.is_event(rule.trigger) { FALSE } else { subject.level(rule.trigger) };
    let mut because = Vec::new();
    if level == TRUE {
        because.push(match (rule.mode, standing.truth) {
            (Mode::Edge, Some((true, since))) if since < subject.state.clock => {
                format!("the condition has been true since {}: the rule fires when it becomes true, not while it is", time(since))
            }
            (Mode::Edge, _) => "the condition is true, but no rising edge: it was not known to be false before".to_owned(),
            (Mode::EveryTick, _) => "the condition is true, but it has no update at this time".to_owned(),
            (Mode::Every(_), _) => match standing.next_turn {
                Some(turn) => format!("the condition is true, and the next turn is at {}", time(turn)),
                None => "the condition is true, and it has no turn at this time".to_owned(),
            },
            (Mode::Event, _) => String::new(),
        });
    } else {
        if level == UNKNOWN {
            because.push("the condition is unknown".to_owned());
        }
        because.extend(ends.iter().take(MAX_SENTENCES).map(|&end| sentence(subject, end)));
        if let Some(more) = ends.len().checked_sub(MAX_SENTENCES).filter(|&more| more > 0) {
            because.push(format!("and {more} more, marked in the tree"));
        }
    }
    if !standing.armed {
        because.push(format!("besides, it is disarmed{}", disarmed(subject, rule, standing)));
    }
    if let Some(until) = standing.cooling_until {
        because.push(format!("besides, COOLDOWN holds firings back until {}", time(until)));
    }
    if let Some((limit, free)) = standing.limit.and_then(|limit| Some((limit, limit.free_at?))) {
        because.push(format!("besides, LIMIT holds firings back: {} of {} are used until {}", limit.used, limit.of, time(free)));
    }
    because
}

/// The parts at which a decision ends, in the order of the text.
fn ends(subject: &Subject<'_>, root: NodeId) -> Vec<NodeId> {
    let (mut stack, mut seen, mut ends) = (vec![root], FxHashSet::default(), Vec::new());
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        let reasons = reasons(subject, id);
        if reasons.is_empty() {
            ends.push(id);
        }
        stack.extend(reasons.into_iter().rev());
    }
    ends
}

/// The parts of a part that made it what it is; none where it is the part itself.
fn reasons(subject: &Subject<'_>, id: NodeId) -> Vec<NodeId> {
    let Some(node) = subject.node(id) else { return Vec::new() };
    let args = || node.args.iter().copied();
    let levels = |wanted: u8| args().filter(|&arg| subject.level(arg) == wanted).collect::<Vec<_>>();
    let occurs = |arg: &NodeId| subject.occurs(*arg);
    let not_true = |args: &[NodeId]| args.iter().copied().filter(|&arg| subject.level(arg) != TRUE).collect::<Vec<_>>();
    match node.op {
        Op::And => match subject.level(id) {
            TRUE => args().collect(),
            level => levels(level),
        },
        Op::Or => match subject.level(id) {
            FALSE => args().collect(),
            level => levels(level),
        },
        Op::Not => args().collect(),
        Op::For(_) => not_true(&node.args),
        Op::Where | Op::EventAnd => match node.args.split_first() {
            _ if subject.occurs(id) => args().collect(),
            Some((event, filters)) if subject.occurs(*event) => not_true(filters),
            Some((event, _)) => vec![*event],
            None => Vec::new(),
        },
        Op::EventOr if subject.occurs(id) => args().filter(occurs).collect(),
        Op::EventOr => args().collect(),
        Op::Edge if subject.occurs(id) => args().collect(),
        Op::Edge => not_true(&node.args),
        // A step of a sequence is no part that decides: the runs do.
        Op::Seq(_) | Op::All(_) | Op::NoFor(_) | Op::Event(..) | Op::Bar { .. } | Op::Cycles(_) => Vec::new(),
        _ if subject.value(id) == Reading::Unknown || matches!(node.op, Op::Crosses(_)) => {
            let unknown = args().filter(|&arg| !subject.is_event(arg) && subject.value(arg) == Reading::Unknown);
            match memory::unknown(subject, id) {
                Unknown::WarmingUp { .. } | Unknown::TooFew => Vec::new(),
                _ => unknown.collect(),
            }
        }
        _ => Vec::new(),
    }
}

/// What a part that decided is, as a sentence.
fn sentence(subject: &Subject<'_>, id: NodeId) -> String {
    let name = format!("`{}`", subject.text(id));
    let Some(node) = subject.node(id) else { return name };
    let is = match subject.value(id) {
        Reading::Occurs(true) => return format!("{name} occurs"),
        Reading::Occurs(false) => return format!("{name} {}", did_not_occur(subject, id)),
        Reading::Unknown => {
            let why = memory::unknown(subject, id);
            return match (why, node.op) {
                (Unknown::NeverSeen, Op::Market(field, _)) => format!("{name} is unknown: no {} has come yet", source_of(field)),
                (Unknown::NeverSeen, Op::BarField(_)) => format!("{name} is unknown: no bar has closed yet"),
                _ => format!("{name} is unknown: {}", text::unknown(&why)),
            };
        }
        Reading::Bool(true) => "true",
        Reading::Bool(false) => "false",
        other => return format!("{name} is {}", reading(&other)),
    };
    let detail = match (node.op, &node.args[..]) {
        (Op::Compare(_), &[left, right]) => match (side(subject, left), side(subject, right)) {
            (Some(left), Some(right)) => format!(": {left} and {right}"),
            (Some(one), None) | (None, Some(one)) => format!(": {one}"),
            (None, None) => String::new(),
        },
        _ => String::new(),
    };
    match subject.timer(id) {
        Some(due) if matches!(node.op, Op::For(_)) => format!("{name} is {is}: it would be true at {}", time(due)),
        _ => format!("{name} is {is}{detail}"),
    }
}

/// `left is 5`, for what the text does not say already.
fn side(subject: &Subject<'_>, id: NodeId) -> Option<String> {
    match subject.node(id)?.op {
        Op::Const(_) => None,
        _ => Some(format!("`{}` is {}", subject.text(id), reading(&subject.value(id)))),
    }
}

fn did_not_occur(subject: &Subject<'_>, id: NodeId) -> String {
    let last = match subject.occurred(id) {
        Some(ts) => format!("does not occur at this time, last at {}", time(ts)),
        None => "has not occurred yet".to_owned(),
    };
    let due = subject.timer(id).map(time);
    let arg = |at: usize| subject.node(id).and_then(|node| node.args.get(at).copied());
    let more = match (subject.node(id).map(|node| node.op), memory::memory(subject, id)) {
        (Some(Op::NoFor(_)), _) => due.map(|due| format!("would at {due}")),
        (Some(Op::Edge), _) if arg(0).is_some_and(|level| subject.level(level) == TRUE) => {
            Some("it is true, and only its rise is an event".to_owned())
        }
        (Some(Op::Crosses(_)), _) => {
            let sides: Vec<String> = [0, 1].into_iter().filter_map(|at| side(subject, arg(at)?)).collect();
            Some(sides.join(", "))
        }
        (_, Some(Memory::Runs { places, runs })) => Some(match runs.last() {
            Some(run) => format!("the longest of {} waiting runs has {} of {places} places", runs.len(), run.prefix),
            None => "no run is waiting".to_owned(),
        }),
        (_, Some(Memory::Occurrences(times))) => {
            Some(format!("{} of {} parts have occurred", times.iter().filter(|ts| ts.is_some()).count(), times.len()))
        }
        (_, Some(Memory::Opportunities { ways: Some(ways), .. })) => Some(text::standing_of(&ways)),
        _ => None,
    };
    more.map_or(last.clone(), |more| format!("{last}: {more}"))
}

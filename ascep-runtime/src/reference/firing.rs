//! When rules fire and which firings go out. A rule remembers every evaluation of itself; what it does now is read off that list.

use ascep_lang::program::{Mode, Rule};

use super::ReferenceCounters;
use super::world::{StepNo, World};
use crate::event::Timestamp;

/// One evaluation of a rule.
#[derive(Debug, Clone)]
pub(super) struct Evaluation {
    /// The clock then.
    ts: Timestamp,
    /// The truth of the trigger.
    truth: Option<bool>,
    /// Whether what arms the rule again held or occurred.
    rearms: bool,
    /// Whether the firing went out.
    emitted: bool,
    /// With `EVERY d`: the next turn, while the level has not been false since the first.
    next_turn: Option<Timestamp>,
}

/// A rule's evaluations, oldest first.
pub(super) type Evaluations = Vec<Evaluation>;

/// The next turn of a rule with `EVERY d`.
pub(super) fn next_turn(past: &Evaluations) -> Option<Timestamp> {
    past.last()?.next_turn
}

/// Whether a rule is evaluated in a step: its trigger or what arms it again is at an instant, or it is its turn.
pub(super) fn is_touched(world: &World, rule: &Rule, turn: bool, step: StepNo) -> bool {
    turn || world.at_instant(rule.trigger, step) || rule.until.is_some_and(|u| world.at_instant(u, step))
}

/// Evaluates a rule in a step and says whether a firing goes out.
pub(super) fn evaluate(
    world: &World,
    rule: &Rule,
    past: &mut Evaluations,
    turn: bool,
    step: StepNo,
    counters: &mut ReferenceCounters,
) -> bool {
    let ts = world.ts(step);
    let truth = if world.is_event(rule.trigger) { Some(world.occurs(rule.trigger, step)) } else { world.level(rule.trigger, step) };
    let rearms = rule.until.is_some_and(|u| if world.is_event(u) { world.occurs(u, step) } else { world.level(u, step) == Some(true) });
    let (fires, next_turn) = fires(world, rule, past, truth, turn, step);
    let emitted = fires && armed(past, rule, rearms) && !cools_down(world, rule, past, step) && !is_at_limit(world, rule, past, step);
    if fires && !armed(past, rule, rearms) {
        counters.lost_disarmed += 1;
    } else if fires && !emitted {
        counters.held_back += 1;
    }
    past.push(Evaluation { ts, truth, rearms, emitted, next_turn });
    emitted
}

/// Whether the rule fires now, and its next turn if it has turns.
fn fires(world: &World, rule: &Rule, past: &Evaluations, truth: Option<bool>, turn: bool, step: StepNo) -> (bool, Option<Timestamp>) {
    let is_true = truth == Some(true);
    match rule.mode {
        Mode::Event => (is_true, None),
        // An edge: the last known truth was not true. Unknown is passed over.
        Mode::Edge => (is_true && past.iter().rev().find_map(|e| e.truth) != Some(true), None),
        Mode::EveryTick => (is_true && world.at_instant(rule.trigger, step), None),
        Mode::Every(period) => {
            let in_turns = world.ts(step).saturating_add(world.period(period, step));
            match (next_turn(past), truth) {
                (_, Some(false)) => (false, None),
                (None, Some(true)) => (true, Some(in_turns)),
                (None, None) => (false, None),
                (Some(_), _) if turn => (is_true, Some(in_turns)),
                (Some(next), _) => (false, Some(next)),
            }
        }
    }
}

/// Whether a firing may go out: none has gone out since the rule was armed. What arms it is looked at from the evaluation after the
/// firing on, this one included.
fn armed(past: &Evaluations, rule: &Rule, rearms: bool) -> bool {
    rule.until.is_none() || rearms || past.iter().rev().take_while(|e| !e.emitted).any(|e| e.rearms) || past.iter().all(|e| !e.emitted)
}

/// `COOLDOWN d`: the last firing that went out is less than d ago.
fn cools_down(world: &World, rule: &Rule, past: &Evaluations, step: StepNo) -> bool {
    let last = past.iter().rev().find(|e| e.emitted);
    rule.cooldown.zip(last).is_some_and(|(d, last)| world.ts(step) - last.ts < world.period(d, step))
}

/// `LIMIT n PER d`: n firings have gone out in (C - d, C].
fn is_at_limit(world: &World, rule: &Rule, past: &Evaluations, step: StepNo) -> bool {
    rule.limit.is_some_and(|(n, d)| {
        let recent = |e: &&Evaluation| e.emitted && world.ts(step) - e.ts < world.period(d, step);
        past.iter().filter(recent).count() >= n as usize
    })
}

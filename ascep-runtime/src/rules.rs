//! Rules: whether one that was touched fires, whether the firing goes out, and its signals.

use crate::explain::View;
use crate::ops;
use crate::plan::{ActionPlan, FieldKind, LimitPlan, NONE, Plan, RuleMode, RulePlan};
use crate::signal::{Head, Signal, SignalSink, Value};
use crate::snapshot::{Reader, Writer};
use crate::state::State;
use crate::value::{FALSE, Repr, TRUE, UNKNOWN, at, put};

/// What a rule with `UNTIL`, `EVERY d` or `COOLDOWN` remembers, but for its last known truth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleState {
    pub(crate) armed: bool,
    /// Within the turns of an `EVERY d`.
    active: bool,
    /// Whether `last_emitted` is one.
    pub(crate) has_emitted: bool,
    pub(crate) last_emitted: i64,
}

impl Default for RuleState {
    fn default() -> Self {
        Self { armed: true, active: false, has_emitted: false, last_emitted: 0 }
    }
}

impl RuleState {
    /// For a snapshot.
    pub(crate) fn write(self, out: &mut Writer) {
        let Self { armed, active, has_emitted, last_emitted } = self;
        [armed, active, has_emitted].into_iter().for_each(|flag| out.flag(flag));
        out.int(last_emitted);
    }

    /// From a snapshot.
    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { armed: from.flag()?, active: from.flag()?, has_emitted: from.flag()?, last_emitted: from.int()? })
    }
}

/// Evaluates a rule that was touched in this step.
pub(crate) fn evaluate<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, id: u32, sink: &mut S) {
    let Some(rule) = plan.rules.get(id) else { return };
    let (mut memory, until) = (at(&state.rules, rule.memory()), rule.until());
    if !memory.armed && until != NONE {
        memory.armed = if rule.class.until_is_event { state.occurs(until) } else { state.level(until) == TRUE };
    }
    let fires = fires(state, rule, id, &mut memory);
    let clock = state.clock;
    if !matches!(rule.class.mode, RuleMode::Shape | RuleMode::Event) {
        let truth = state.level(rule.trigger());
        state.watch.rule(id, |watch| watch.look(truth, clock));
    }
    let mut emits = false;
    if fires {
        if !memory.armed {
            state.counters.lost_disarmed += 1;
            state.watch.rule(id, |watch| (watch.lost, watch.last_lost) = (watch.lost + 1, clock));
        } else if !is_allowed(plan, state, rule, &memory) {
            state.counters.held_back += 1;
            let by_cooldown = cooling_until(state, rule, &memory).is_some();
            state.watch.rule(id, |watch| {
                (watch.held_back, watch.last_held, watch.by_cooldown) = (watch.held_back + 1, clock, by_cooldown);
            });
        } else {
            memory.has_emitted = true;
            memory.last_emitted = clock;
            memory.armed = until == NONE;
            let seq = state.counters.signals + 1;
            state.watch.rule(id, |watch| (watch.fired, watch.last_seq) = (watch.fired + 1, seq));
            emits = true;
        }
    }
    put(&mut state.rules, rule.memory(), memory);
    if emits {
        emit(plan, state, rule, id, sink);
    }
}

/// Until when `COOLDOWN` holds firings back, where it does.
pub(crate) fn cooling_until(state: &State, rule: RulePlan<'_>, memory: &RuleState) -> Option<i64> {
    let period = state.period(rule.class.cooldown?);
    let passed = state.clock.saturating_sub(memory.last_emitted);
    (memory.has_emitted && passed < period).then(|| memory.last_emitted.saturating_add(period))
}

fn fires(state: &mut State, rule: RulePlan<'_>, id: u32, memory: &mut RuleState) -> bool {
    match rule.class.mode {
        RuleMode::Shape => return true,
        RuleMode::Event => return state.occurs(rule.trigger()),
        _ => {}
    }
    let truth = state.level(rule.trigger());
    if truth == UNKNOWN {
        state.counters.unknown_results += 1;
    }
    match rule.class.mode {
        RuleMode::Edge => {
            let before = at(&state.truths, id);
            if truth != UNKNOWN {
                put(&mut state.truths, id, truth);
            }
            truth == TRUE && before == FALSE
        }
        RuleMode::EveryTick => truth == TRUE && state.is_at_instant(rule.trigger()),
        RuleMode::Every(period) => {
            let timer = rule.timer();
            let is_turn = state.fires(timer);
            if truth == FALSE {
                memory.active = false;
                state.timers.cancel(timer);
                return false;
            }
            let starts = !memory.active && truth == TRUE;
            if starts || is_turn {
                memory.active = true;
                state.arm_after(timer, period);
            }
            starts || (is_turn && truth == TRUE)
        }
        RuleMode::Shape | RuleMode::Event => false,
    }
}

/// Whether `COOLDOWN` and `LIMIT` let a firing out.
fn is_allowed(plan: &Plan, state: &mut State, rule: RulePlan<'_>, memory: &RuleState) -> bool {
    if cooling_until(state, rule, memory).is_some() {
        return false;
    }
    let Some(&LimitPlan { period, emitted }) = plan.limits.get(rule.limit() as usize) else { return true };
    let horizon = state.clock.saturating_sub(state.period(period));
    let Some(ring) = state.limit_rings.get_mut(rule.limit() as usize) else { return true };
    // Only the n-th last counts: while it is in (C - d, C], n are.
    if ring.len >= emitted.capacity && ring.oldest(emitted, &state.emitted).is_some_and(|ts| ts > horizon) {
        return false;
    }
    ring.push(emitted, &mut state.emitted, state.clock);
    true
}

fn emit<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, rule: RulePlan<'_>, rule_id: u32, sink: &mut S) {
    state.captures_at = rule.captures();
    prepare(plan, state, rule_id);
    for number in 0..rule.actions() {
        let Some(ActionPlan { fields, nodes, program, .. }) = rule.action(number) else { return };
        for &node in plan.field_programs.of(program) {
            ops::refresh(plan, state, node);
        }
        state.counters.signals += 1;
        let mut values = recycle(std::mem::take(&mut state.values));
        let state_now = &*state;
        values.extend(nodes.iter().zip(fields).map(|(node, of)| field(plan, state_now, state_now.slot(*node), of.kind)));
        let (head, view, origin) = (Head::of(plan, rule_id, number), View::of(plan, state), state.origin);
        sink.signal(&Signal { seq: state.counters.signals, ts: state.clock, values: &values, head, view, origin });
        state.values = recycle(values);
    }
}

/// With provenance, brings what the rule reads of the clock up to date, so that it can be explained.
pub(crate) fn prepare(plan: &Plan, state: &mut State, rule: u32) {
    if let Some(provenance) = &plan.provenance {
        for &node in provenance.programs.of(rule) {
            ops::refresh(plan, state, node);
        }
    }
}

/// The same allocation, emptied, for values that borrow from elsewhere: the standard library collects a vector's iterator in place.
pub(crate) fn recycle<'a>(mut values: Vec<Value<'_>>) -> Vec<Value<'a>> {
    values.clear();
    values.into_iter().map(|_| Value::Unknown).collect()
}

fn field<'a>(plan: &'a Plan, state: &'a State, bits: u64, kind: FieldKind) -> Value<'a> {
    let repr = match kind {
        FieldKind::Num => Repr::Num,
        FieldKind::Bool => Repr::Level,
        FieldKind::Duration | FieldKind::Timestamp => Repr::Int,
        FieldKind::Symbol | FieldKind::Text => Repr::Id,
    };
    if !repr.is_known(bits) {
        return Value::Unknown;
    }
    match kind {
        FieldKind::Num => Value::Num(f64::from_bits(bits)),
        FieldKind::Bool => Value::Bool(bits == u64::from(TRUE)),
        FieldKind::Duration => Value::Duration(bits.cast_signed()),
        FieldKind::Timestamp => Value::Timestamp(bits.cast_signed()),
        FieldKind::Symbol => symbol(plan, bits).map_or(Value::Unknown, Value::Symbol),
        FieldKind::Text => ops::scan::text(plan, state, bits).map_or(Value::Unknown, Value::Text),
    }
}

fn symbol(plan: &Plan, index: u64) -> Option<&str> {
    plan.symbols.get(u32::try_from(index).ok()?)
}

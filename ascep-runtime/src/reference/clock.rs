//! What hangs on the clock: `now()`, `age(s)`, `since(e)`, what is calculated from them, and when a comparison of one changes its answer.

use ascep_lang::program::{ClockFn, CycleField, NodeId, Op, Type};

use super::value::{self, Val};
use super::world::{StepNo, World};
use crate::event::Timestamp;

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

impl World {
    /// Which nodes have a new value whenever they are read, the readings of the clock and calculations on one; and which are worked out from what
    /// a run of a sequence has captured.
    pub(super) fn find_kinds(&mut self) {
        for i in 0..self.rules.nodes.len() {
            let node = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
            let hangs = |a: &NodeId| self.live.get(a.0 as usize).copied().unwrap_or(false);
            let live = match self.op(node) {
                Some(Op::Clock(_) | Op::Age(_) | Op::Since | Op::Cycle { field: CycleField::Age, .. }) => true,
                // A level holds between its instants, like a comparison.
                Some(Op::Host(_)) if self.rules.nodes.get(i).is_some_and(|n| n.ty == Type::Bool) => false,
                Some(Op::Num(_) | Op::Coalesce | Op::Host(_)) => self.args(node).iter().any(hangs),
                _ => false,
            };
            self.live.push(live);
            let captured = |a: &NodeId| self.reads_captures.get(a.0 as usize).copied().unwrap_or(false);
            let reads_captures = match self.op(node) {
                Some(Op::Capture(_)) => true,
                // A sequence gives its captures to what it reads, and is itself no part of one.
                Some(Op::Seq(_)) => false,
                _ => self.args(node).iter().any(captured),
            };
            self.reads_captures.push(reads_captures);
        }
    }

    /// What such a node reads in a step.
    pub(super) fn live_value(&self, node: NodeId, step: StepNo) -> Val {
        self.evaluate(node, step)
    }

    /// A reading of the clock at `clock`, with what has been seen up to and including `step`: the clock itself or a part of it, or how
    /// long ago the last event was.
    pub(super) fn reading(&self, node: NodeId, step: StepNo, clock: Timestamp) -> Val {
        let ago = |k: Option<StepNo>| k.and_then(|k| clock.checked_sub(self.ts(k))).map_or(Val::Unknown, Val::Duration);
        match self.op(node) {
            Some(Op::Clock(ClockFn::Now)) => Val::Timestamp(clock),
            Some(Op::Clock(ClockFn::HourOfDay)) => Val::num(clock.rem_euclid(DAY).div_euclid(HOUR) as f64),
            // 1970 began on a Thursday, the fourth day.
            Some(Op::Clock(ClockFn::DayOfWeek)) => Val::num(((clock.div_euclid(DAY) + 3).rem_euclid(7) + 1) as f64),
            Some(Op::Age(symbol)) => ago(self.events_of(*symbol, step).find(|(_, e)| !e.what.forgets()).map(|(k, _)| k)),
            Some(Op::Cycle { .. }) => self.cycle(node, step, clock),
            Some(Op::Since) => ago(self.updates(self.arg(node, 0), step).next().map(|e| e.step)),
            _ => Val::Unknown,
        }
    }

    /// A comparison as it would be answered at `clock`, with what has been seen up to and including `step`.
    pub(super) fn compare_at(&self, node: NodeId, step: StepNo, clock: Timestamp) -> Val {
        let Some(Op::Compare(op)) = self.op(node) else { return Val::Unknown };
        let side = |i: usize| {
            let arg = self.arg(node, i);
            if self.is_reading(arg) { self.reading(arg, step, clock) } else { self.value(arg, step) }
        };
        Val::bool(self.order(&side(0), &side(1)).map(|order| value::holds(*op, order)))
    }

    fn is_reading(&self, node: NodeId) -> bool {
        matches!(self.op(node), Some(Op::Clock(_) | Op::Age(_) | Op::Since | Op::Cycle { field: CycleField::Age, .. }))
    }

    /// Whether nothing but a parameter can change a node.
    fn is_constant(&self, node: NodeId) -> bool {
        match self.op(node) {
            Some(Op::Const(_) | Op::Param(_)) => true,
            Some(Op::Num(_) | Op::Coalesce) => self.args(node).iter().all(|a| self.is_constant(*a)),
            _ => false,
        }
    }

    /// The next change of the answer of a comparison of one reading with a constant, after its last instant.
    pub(super) fn answer_changes(&self, node: NodeId) -> Option<Timestamp> {
        let (left, right) = (self.arg(node, 0), self.arg(node, 1));
        let (reading, constant) = if self.is_reading(left) { (left, right) } else { (right, left) };
        if !self.is_reading(reading) || !self.is_constant(constant) {
            return None;
        }
        let now = self.last_step();
        let last = self.history(node, now).last()?;
        let since = self.ts(last.step);
        let candidates: Vec<Timestamp> = match (self.op(reading)?, self.value(constant, now)) {
            (Op::Clock(ClockFn::HourOfDay), _) => (1..=24).filter_map(|k| (since.div_euclid(HOUR) + k).checked_mul(HOUR)).collect(),
            (Op::Clock(ClockFn::DayOfWeek), _) => (1..=7).filter_map(|k| (since.div_euclid(DAY) + k).checked_mul(DAY)).collect(),
            (_, Val::Timestamp(t)) => vec![t, t.saturating_add(1)],
            (_, Val::Duration(d)) => match self.reading(reading, now, since) {
                Val::Duration(age) => {
                    let origin = since.saturating_sub(age);
                    origin.checked_add(d).map(|t| vec![t, t.saturating_add(1)]).unwrap_or_default()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        candidates.into_iter().filter(|t| *t > since).find(|t| self.compare_at(node, now, *t) != last.value)
    }
}

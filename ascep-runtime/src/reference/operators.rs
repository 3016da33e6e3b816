//! Operators with a memory. Each is told from the history of its arguments; the comment over each says what it stands for.

use ascep_lang::program::{NodeId, Op, Period};
use ascep_lang::syntax::CrossSide;

use super::value::Val;
use super::world::{StepNo, World};
use crate::event::Timestamp;

impl World {
    /// The rising edge of a level: it is true now and its last known truth at an earlier instant was false. There having been none
    /// counts as false, and the start is no instant.
    pub(super) fn rises(&self, node: NodeId, step: StepNo) -> bool {
        let level = self.arg(node, 0);
        let before = self.history(level, step).iter().rev().filter(|e| e.instant && e.step < step).find_map(|e| e.value.truth());
        self.level(level, step) == Some(true) && before != Some(true)
    }

    /// `a CROSSES b`: both are known now, and at the last earlier instant of either at which both were known they stood on the other
    /// side of each other, or level.
    pub(super) fn crosses(&self, node: NodeId, side: CrossSide, step: StepNo) -> bool {
        let stand = |k: StepNo| self.order(&self.value(self.arg(node, 0), k), &self.value(self.arg(node, 1), k));
        let before = self.history(node, step).iter().rev().filter(|e| e.instant && e.step < step).find_map(|e| stand(e.step));
        let (Some(before), Some(now)) = (before, stand(step)) else { return false };
        let above = before.is_le() && now.is_gt();
        let below = before.is_ge() && now.is_lt();
        match side {
            CrossSide::Above => above,
            CrossSide::Below => below,
            CrossSide::Either => above || below,
        }
    }

    /// `NO e FOR d`: occurs with the timers of d after the last e, or after the start where there was none yet.
    pub(super) fn absence(&self, node: NodeId, period: Period, step: StepNo) -> bool {
        self.is_timers(step) && self.ts(step) == self.absence_deadline(node, period, step)
    }

    fn absence_deadline(&self, node: NodeId, period: Period, step: StepNo) -> Timestamp {
        let last = self.updates(self.arg(node, 0), step).next().map_or(0, |e| e.step);
        self.deadline(last, period)
    }

    /// `c FOR d`: unknown and false where c is; else true once the timers of t + d have had their turn, t being when c became true.
    pub(super) fn has_held(&self, node: NodeId, period: Period, step: StepNo) -> Val {
        match self.level(self.arg(node, 0), step) {
            None => Val::Unknown,
            Some(false) => Val::Bool(false),
            Some(true) => Val::Bool(self.fired(self.held_deadline(node, period, step), step)),
        }
    }

    /// When a level that is true now will have held for the period.
    fn held_deadline(&self, node: NodeId, period: Period, step: StepNo) -> Timestamp {
        let run = self.history(self.arg(node, 0), step).iter().rev().take_while(|e| e.value == Val::Bool(true));
        self.deadline(run.last().map_or(step, |e| e.step), period)
    }

    /// `once(c, d)`: true while c is and until the timers of d after it last was; with nothing seen, unknown until the timers of d
    /// after the start, then false.
    pub(super) fn once(&self, node: NodeId, period: Period, step: StepNo) -> Val {
        match self.once_seen(node, step) {
            Seen::Now => Val::Bool(true),
            Seen::Until(end) => Val::Bool(!self.fired(self.deadline(end, period), step)),
            Seen::Never if self.fired(self.deadline(0, period), step) => Val::Bool(false),
            Seen::Never => Val::Unknown,
        }
    }

    /// When the argument of a `once` was last true. A level has been true until the instant that ended it, an event in its own.
    fn once_seen(&self, node: NodeId, step: StepNo) -> Seen {
        let arg = self.arg(node, 0);
        if self.is_event(arg) {
            return self.updates(arg, step).next().map_or(Seen::Never, |e| Seen::Until(e.step));
        }
        let mut end = None;
        for entry in self.history(arg, step).iter().rev() {
            if entry.value == Val::Bool(true) {
                return end.map_or(Seen::Now, Seen::Until);
            }
            end = Some(entry.step);
        }
        Seen::Never
    }

    /// `x[n]`: with each update of x, what x was n updates before. An instant that leaves x unknown changes nothing.
    pub(super) fn earlier(&self, node: NodeId, n: u32, step: StepNo) -> Val {
        let x = self.arg(node, 0);
        self.updates(x, step).nth(n as usize).map_or(Val::Unknown, |e| e.value.clone())
    }

    /// `ALL(a, b, ..) WITHIN d`: one of them occurs now, each has since the last time that all had, and the first of their last
    /// occurrences is at most d before the last.
    pub(super) fn all_within(&self, node: NodeId, period: Period, step: StepNo) -> bool {
        let parts = self.args(node);
        let consumed = self.history(node, step).iter().rev().find(|e| e.step < step && e.value == Val::Bool(true)).map_or(0, |e| e.step);
        let last = |part: &NodeId| self.updates(*part, step).map(|e| e.step).next().filter(|k| *k > consumed);
        let Some(last) = parts.iter().map(last).collect::<Option<Vec<_>>>() else { return false };
        let times = || last.iter().map(|k| self.ts(*k));
        let span = times().max().zip(times().min()).map(|(late, early)| late.saturating_sub(early));
        last.contains(&step) && span.is_some_and(|span| span <= self.period(period, step))
    }

    /// Whether an operator's own timer brought it to this instant.
    pub(super) fn is_due(&self, node: NodeId, step: StepNo) -> bool {
        self.history(node, step).last().is_some_and(|e| e.step == step && e.due)
    }

    /// The next deadline of an operator's own timer, as things stand.
    pub(super) fn next_deadline(&self, node: NodeId) -> Option<Timestamp> {
        let now = self.last_step();
        match self.op(node)? {
            Op::NoFor(period) => self.pending(self.absence_deadline(node, *period, now)),
            Op::For(period) => {
                let holds = self.level(self.arg(node, 0), now) == Some(true);
                if holds { self.pending(self.held_deadline(node, *period, now)) } else { None }
            }
            Op::Once(period) => match self.once_seen(node, now) {
                Seen::Now => None,
                Seen::Until(end) => self.pending(self.deadline(end, *period)),
                Seen::Never => self.pending(self.deadline(0, *period)),
            },
            Op::Window { .. } => self.window_deadline(node),
            Op::Bar { .. } => self.bar_deadline(node),
            Op::Seq(_) => self.sequence_deadline(node),
            Op::Compare(_) => self.answer_changes(node),
            _ => None,
        }
    }
}

/// Since when a thing has not been seen.
enum Seen {
    Never,
    /// True until this step.
    Until(StepNo),
    /// True still.
    Now,
}

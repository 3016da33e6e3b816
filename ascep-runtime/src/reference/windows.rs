//! Windows over time and over a count of updates: when they are looked at, which samples they hold then, and when their timers are due.

use ascep_lang::program::{NodeId, Op, Period, Stat, Window};

use super::statistics::{Sample, statistic};
use super::value::Val;
use super::world::{StepNo, World};
use crate::event::Timestamp;

/// What a time window is asked for.
#[derive(Debug, Clone, Copy)]
struct TimeWindow {
    stat: Stat,
    period: Period,
    partial: bool,
    /// The most samples.
    most: usize,
}

impl World {
    /// `f(x, w)` with a step's worth of history.
    pub(super) fn window(&self, node: NodeId, step: StepNo) -> Val {
        match self.op(node) {
            Some(Op::Window { stat, window: Window::Updates(n), .. }) => {
                let last: Vec<_> = self.samples(node, step).take(*n as usize).collect();
                if last.len() < *n as usize { Val::Unknown } else { statistic(*stat, &self.read_samples(node, &last), None) }
            }
            _ => self.time_window(node).map_or(Val::Unknown, |window| self.over_time(node, window, step)),
        }
    }

    /// The time window of a node.
    fn time_window(&self, node: NodeId) -> Option<TimeWindow> {
        let Some(Op::Window { stat, window: Window::Time(period), partial, max }) = self.op(node) else { return None };
        let most = max.map_or(self.window_capacity, |max| max as usize);
        Some(TimeWindow { stat: *stat, period: *period, partial: *partial, most })
    }

    /// Whether a step is a sample of an operator that looks back: one of its arguments is at an instant and after it all of them are known;
    /// of an event, it occurs.
    fn is_sample(&self, node: NodeId, step: StepNo) -> bool {
        let args = self.args(node);
        let known = |a: &NodeId| if self.is_event(*a) { self.occurs(*a, step) } else { self.value(*a, step).is_known() };
        args.iter().any(|a| self.at_instant(*a, step)) && args.iter().all(known)
    }

    /// The steps of all samples up to and including a step, latest first.
    pub(super) fn samples(&self, node: NodeId, step: StepNo) -> impl Iterator<Item = StepNo> {
        self.history(node, step).iter().rev().filter(move |e| e.instant && self.is_sample(node, e.step)).map(|e| e.step)
    }

    /// What the samples of some steps, given latest first, say: oldest first.
    pub(super) fn read_samples(&self, node: NodeId, steps: &[StepNo]) -> Vec<Sample> {
        let args = self.args(node);
        let read = |k: &StepNo| Sample { ts: self.ts(*k), values: args.iter().map(|a| self.value(*a, *k)).collect() };
        steps.iter().rev().map(read).collect()
    }

    /// The steps in which a time window was looked at, latest first: its samples and timers of its own. At other instants its value stands as
    /// it was.
    fn looks(&self, node: NodeId, step: StepNo) -> impl Iterator<Item = StepNo> {
        self.history(node, step).iter().rev().filter(move |e| e.instant && (e.due || self.is_sample(node, e.step))).map(|e| e.step)
    }

    /// C - d in a step, d as it reads then.
    fn left_edge(&self, period: Period, step: StepNo) -> Timestamp {
        self.ts(step).saturating_sub(self.period(period, step))
    }

    /// The samples that are left in a time window after a look, latest first: those younger than d, d as it read at each look until now, since
    /// what has left a window does not come back when d grows. Statistics that compare with how x stood at C - d also need the last sample
    /// that is as old as that. There are at most as many as the window may hold.
    fn held(&self, node: NodeId, window: TimeWindow, look: StepNo) -> Vec<StepNo> {
        let edge = self.looks(node, look).map(|k| self.left_edge(window.period, k)).max().unwrap_or(i64::MIN);
        let younger = self.samples(node, look).take_while(|k| self.ts(*k) > edge);
        let at_edge = self.samples(node, look).find(|k| self.ts(*k) <= edge).filter(|_| window.stat.is_of_the_past());
        younger.chain(at_edge).take(window.most).collect()
    }

    fn over_time(&self, node: NodeId, window: TimeWindow, step: StepNo) -> Val {
        let Some(look) = self.looks(node, step).next() else { return Val::Unknown };
        let held = self.held(node, window, look);
        let samples = self.read_samples(node, &held);
        let d = self.period(window.period, look);
        if window.stat.is_of_the_past() {
            return self.against_the_past(window, &samples, look);
        }
        let warm_from = if window.stat.is_exact() {
            self.deadline(0, window.period)
        } else {
            self.samples(node, look).last().map_or(i64::MAX, |first| self.deadline(first, window.period))
        };
        let seen = self.samples(node, look).next().is_some();
        let warm = self.ts(look) >= warm_from || (window.partial && seen);
        if !warm || (samples.is_empty() && !window.stat.is_exact()) { Val::Unknown } else { statistic(window.stat, &samples, Some(d)) }
    }

    /// `change`, `delta` and `twap`: x against x as it stood at C - d, which is the last update at or before that.
    fn against_the_past(&self, window: TimeWindow, held: &[Sample], look: StepNo) -> Val {
        let edge = self.left_edge(window.period, look);
        let number = |s: &Sample| match s.values.as_slice() {
            [Val::Num(x)] => *x,
            _ => f64::NAN,
        };
        let then = held.iter().rposition(|s| s.ts <= edge);
        let (Some(x), Some(oldest)) = (held.last().map(number), held.first()) else { return Val::Unknown };
        let before = then.and_then(|i| held.get(i)).map(number);
        match (window.stat, before) {
            (Stat::Change, Some(before)) => Val::num(x / before - 1.0),
            (Stat::Delta, Some(before)) => Val::num(x - before),
            (Stat::Twap, _) => {
                // From C - d on, or from the first sample where x had no value then.
                let from = match then {
                    Some(_) => edge,
                    None if window.partial => oldest.ts,
                    None => return Val::Unknown,
                };
                let now = self.ts(look);
                if from == now {
                    return Val::num(x);
                }
                let ends = held.iter().skip(1).map(|s| s.ts).chain([now]);
                let area = held.iter().zip(ends).fold(0.0, |area, (s, end)| {
                    let (start, end) = (s.ts.max(from), end.max(from));
                    area + number(s) * (end - start) as f64
                });
                Val::num(area / (now - from) as f64)
            }
            _ => Val::Unknown,
        }
    }

    /// The next deadline of a window's own timers.
    pub(super) fn window_deadline(&self, node: NodeId) -> Option<Timestamp> {
        let window = self.time_window(node)?;
        let now = self.last_step();
        let last_look = self.looks(node, now).next();
        let held = last_look.map(|look| self.held(node, window, look)).unwrap_or_default();
        let looked_by = |deadline: Timestamp| last_look.is_some_and(|look| self.ts(look) >= deadline);
        let first = self.samples(node, now).last();
        let newest = held.first().copied();
        let deadlines = match (window.stat.is_exact(), window.stat.is_of_the_past()) {
            (true, _) => {
                // When it becomes known, and as each sample leaves.
                let warm = Some(self.deadline(0, window.period)).filter(|d| !(looked_by(*d) || (window.partial && first.is_some())));
                let leaves = held.last().zip(last_look).map(|(k, look)| self.ts(*k).saturating_add(self.period(window.period, look)));
                [warm, leaves]
            }
            // d after the last update.
            (_, true) => [None, newest.and_then(|k| self.last_leaves(node, window, k))],
            // d after the first update, and when the last sample leaves.
            _ => {
                let warm = first.map(|k| self.deadline(k, window.period)).filter(|d| !looked_by(*d));
                [warm, newest.and_then(|k| self.last_leaves(node, window, k))]
            }
        };
        deadlines.into_iter().flatten().filter_map(|d| self.pending(d)).min()
    }

    /// When the newest sample will be d old, d as it read when it came; where the timer for that found the sample younger than d, because d has
    /// grown, another one was set by what d read then.
    fn last_leaves(&self, node: NodeId, window: TimeWindow, newest: StepNo) -> Option<Timestamp> {
        let mut deadline = self.deadline(newest, window.period);
        let mut later: Vec<_> = self.looks(node, self.last_step()).take_while(|k| *k > newest).collect();
        later.reverse();
        for look in later.into_iter().filter(|k| self.ts(*k) >= self.ts(newest)) {
            if self.ts(look) >= deadline {
                deadline = self.ts(newest).saturating_add(self.period(window.period, look));
            }
        }
        Some(deadline)
    }

    /// How many samples a time window has dropped because it was full.
    pub(super) fn dropped(&self, node: NodeId) -> u64 {
        let Some(window) = self.time_window(node) else { return 0 };
        let overflows = |k: &StepNo| {
            let edge = self.left_edge(window.period, *k);
            let before = k.checked_sub(1).and_then(|k| self.looks(node, k).next());
            let before = before.map(|look| self.held(node, window, look)).unwrap_or_default();
            let younger = before.iter().filter(|s| self.ts(**s) > edge).count();
            let at_edge = window.stat.is_of_the_past() && younger < before.len();
            younger + usize::from(at_edge) >= window.most
        };
        self.samples(node, self.last_step()).filter(overflows).count() as u64
    }
}

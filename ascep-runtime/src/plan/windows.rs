//! Windows: which aggregates share one, what it keeps for them, and where its samples lie.

use ascep_lang::program::{Op, Period, Stat, Window};

use super::build::Builder;
use super::{NONE, NodeOp, PeriodPlan, Plan, TimerOwner};
use crate::error::BuildError;
use crate::value::Repr;
use crate::window::{Extremes, MOST};

/// What a window keeps: of each sample, and of all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Parts(u16);

impl Parts {
    /// The time of each sample.
    pub(crate) const TIME: Self = Self(1);
    /// The value of the first argument.
    pub(crate) const X: Self = Self(2);
    /// The value of the second argument.
    pub(crate) const Y: Self = Self(4);
    /// The sum of x.
    pub(crate) const SUM: Self = Self(8 | 2);
    /// And of its squares; only with pairs.
    pub(crate) const SQUARES: Self = Self(16 | 8 | 2);
    /// And the value of the second, sums of it, its squares, and x times y.
    pub(crate) const PAIRS: Self = Self(32 | 16 | 8 | 4 | 2);
    /// The sum of x times its rank.
    pub(crate) const RANKED: Self = Self(64 | 8 | 2);
    /// Sums of times, their squares, and times times x.
    pub(crate) const TIMES: Self = Self(128 | 8 | 2 | 1);
    /// The sum of x times how long it stood.
    pub(crate) const AREA: Self = Self(256 | 2 | 1);
    /// The lowest and the highest.
    pub(crate) const EXTREMES: Self = Self(512 | 2);
    /// Mean and deviation of x.
    pub(crate) const MOMENTS: Self = Self(1024 | 2);
    /// All values in order.
    pub(crate) const ORDER: Self = Self(2048 | 2);

    /// Whether all of `part` is kept.
    #[inline(always)]
    pub(crate) fn has(self, part: Self) -> bool {
        self.0 & part.0 == part.0
    }

    /// Whether one of the sums is kept that have 106 bits.
    pub(crate) fn needs_totals(self) -> bool {
        let sums = (Self::PAIRS.0 | Self::RANKED.0 | Self::TIMES.0 | Self::AREA.0) & !(Self::TIME.0 | Self::X.0 | Self::Y.0);
        self.0 & sums != 0
    }

    /// Words of a sample.
    #[inline(always)]
    pub(crate) fn width(self) -> usize {
        (self.0 & 7).count_ones() as usize
    }

    /// As a number, for a snapshot.
    pub(crate) fn bits(self) -> u16 {
        self.0
    }

    /// From the number of [`bits`](Self::bits).
    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        u16::try_from(bits).ok().filter(|bits| *bits < 1 << 12).map(Self)
    }

    /// Whether each sample keeps what each of another does.
    pub(crate) fn columns_hold(self, other: Self) -> bool {
        let columns = other.0 & 7;
        self.0 & columns == columns
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What a statistic reads.
    fn of(stat: Stat, in_time: bool) -> Self {
        match stat {
            Stat::Count | Stat::Rate => Self::default(),
            Stat::Sum => Self::SUM,
            Stat::Avg | Stat::Stddev | Stat::StddevPop | Stat::Variance | Stat::Zscore => Self::MOMENTS,
            Stat::Lowest | Stat::Highest => Self::EXTREMES,
            Stat::First | Stat::Last | Stat::Change | Stat::Delta => Self::X,
            Stat::Median | Stat::Percentile(_) => Self::ORDER,
            Stat::Slope if in_time => Self::TIMES,
            Stat::Slope | Stat::Wma => Self::RANKED,
            Stat::Twap => Self::AREA,
            Stat::Corr | Stat::Beta | Stat::Vwap => Self::PAIRS,
        }
    }
}

/// When a statistic is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LookKind {
    /// At updates, and as each sample leaves.
    Exact,
    /// At updates, d after the first one, and when the last sample leaves.
    Standing,
    /// At updates, and d after the last one: the only instants that it has.
    Past,
    /// At updates; over a count of them.
    Updates,
}

/// A window over time or over a count of updates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowPlan {
    /// Its first word among all samples.
    pub(crate) start: usize,
    /// The most samples.
    pub(crate) capacity: usize,
    /// None for a count of updates.
    pub(crate) period: Option<PeriodPlan>,
    pub(crate) parts: Parts,
    /// Where the queues of the lowest and the highest begin.
    pub(crate) queues: usize,
    /// Which of the extremes, of the sums with 106 bits and of the orders are its own; [`NONE`] where it has none.
    pub(crate) extremes: u32,
    pub(crate) totals: u32,
    pub(crate) sorted: u32,
}

/// Words in a line of memory.
pub(crate) const LINE: usize = 8;

impl WindowPlan {
    /// What it takes to [slide](crate::window::Windows::slide) it, if it is simple: if it keeps nothing but mean, deviation and extremes of one number.
    #[inline]
    pub(crate) fn slide(&self, window: u32) -> Option<Slide> {
        let Self { start, capacity, period, parts, queues: _, extremes, totals, sorted } = *self;
        // Over a count of updates there are times for explanations only.
        let in_time = parts.has(Parts::TIME);
        let is_simple = parts.has(Parts::X) && !parts.has(Parts::Y) && totals == NONE && sorted == NONE && in_time == period.is_some();
        let length = match period {
            Some(PeriodPlan::Fixed(d)) => d,
            // As it reads when it is slid.
            Some(PeriodPlan::Param(_)) => i64::MAX,
            None => i64::try_from(capacity).unwrap_or(i64::MAX),
        };
        let line = u32::try_from(start / LINE).ok()?;
        let has_moments = parts.has(Parts::MOMENTS);
        let is_plain = in_time && (has_moments || extremes != NONE);
        is_simple.then_some(Slide { length, window, line, extremes, in_time, has_moments, is_plain })
    }

    /// Words of all its samples, and of the last that has left.
    #[inline(always)]
    pub(crate) fn words(&self) -> usize {
        self.capacity.saturating_add(1).saturating_mul(self.parts.width()).saturating_add(LINE - 1) / LINE * LINE
    }

    /// Places in one of its queues.
    #[inline]
    pub(crate) fn queue_places(&self) -> usize {
        Extremes::queue(self.capacity)
    }
}

/// An aggregate that looks at a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LookPlan {
    pub(crate) window: u32,
    pub(crate) stat: Stat,
    pub(crate) kind: LookKind,
    pub(crate) partial: bool,
    pub(crate) timer: u32,
}

/// What it takes to slide a simple window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slide {
    /// Nanoseconds, or a count of updates.
    pub(crate) length: i64,
    pub(crate) window: u32,
    /// Where its samples begin, in lines of memory.
    pub(crate) line: u32,
    /// As in [`WindowPlan`].
    pub(crate) extremes: u32,
    pub(crate) in_time: bool,
    pub(crate) has_moments: bool,
    /// Whether it goes over a length of time and has mean and deviation, or extremes.
    pub(crate) is_plain: bool,
}

/// A window that an input brings up to date directly, with what looks at it: by [`look::step`](crate::ops::look::step). All of it in one line of
/// memory.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct WindowStep {
    pub(crate) slide: Slide,
    /// The slot of its argument.
    pub(crate) arg: u32,
    /// The nodes of the statistics that most rules look at, one each, or [`NONE`].
    pub(crate) avg: u32,
    pub(crate) stddev: u32,
    pub(crate) lowest: u32,
    pub(crate) highest: u32,
    /// The timers of those that look, one after the other.
    pub(crate) timers: (u32, u32),
}

impl Plan {
    /// A step for each window that can be brought up to date directly, whose looks are of those that a step knows, one of each, and all of them among
    /// the nodes that `is_direct` names: which nothing reads that goes by instants.
    pub(crate) fn window_steps(&self, is_direct: impl Fn(u32) -> bool) -> Vec<WindowStep> {
        let mut of_window = vec![Vec::new(); self.windows.len()];
        for (id, node) in (0..).zip(&self.nodes) {
            if let NodeOp::Look { look } = node.op
                && let Some(plan) = self.looks.get(look as usize)
                && let Some(looks) = of_window.get_mut(plan.window as usize)
            {
                looks.push((id, plan, self.args(*node).first().copied().unwrap_or(NONE)));
            }
        }
        let windows = (0..).zip(&self.windows).zip(of_window);
        windows.filter_map(|((id, window), looks)| window_step(id, window, &looks, &is_direct)).collect()
    }
}

fn window_step(id: u32, window: &WindowPlan, looks: &[(u32, &LookPlan, u32)], is_direct: &impl Fn(u32) -> bool) -> Option<WindowStep> {
    let slide = window.slide(id).filter(|_| !matches!(window.period, Some(PeriodPlan::Param(_))))?;
    let &(_, plan, arg) = looks.first()?;
    let count = u32::try_from(looks.len()).ok()?;
    let timers = if slide.in_time { (plan.timer, plan.timer.checked_add(count)?) } else { (0, 0) };
    let mut step = WindowStep { slide, arg, avg: NONE, stddev: NONE, lowest: NONE, highest: NONE, timers };
    for ((node, look, _), timer) in looks.iter().zip(timers.0..) {
        let slot = match look.stat {
            Stat::Avg => &mut step.avg,
            Stat::Stddev => &mut step.stddev,
            Stat::Lowest => &mut step.lowest,
            Stat::Highest => &mut step.highest,
            _ => return None,
        };
        if *slot != NONE || !is_direct(*node) || (slide.in_time && look.timer != timer) {
            return None;
        }
        *slot = *node;
    }
    Some(step)
}

/// What two aggregates must have in common to share a window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct WindowKey {
    args: Vec<u32>,
    window: Window,
    capacity: usize,
    /// Where the length can change a look decides what stays, so only those share that look at the same moments.
    looks: Option<(LookKind, bool)>,
}

impl Builder<'_> {
    /// The operator of an aggregate: a node of the program with these arguments.
    pub(super) fn look(&mut self, op: Op, args: &[u32], number: u32) -> Result<Option<NodeOp>, BuildError> {
        let Op::Window { stat, window, partial, max } = op else { return Ok(None) };
        let (kind, period, capacity) = match window {
            Window::Updates(n) => (LookKind::Updates, None, n as usize),
            Window::Time(d) => {
                let kind = match stat {
                    _ if stat.is_exact() => LookKind::Exact,
                    _ if stat.is_of_the_past() => LookKind::Past,
                    _ => LookKind::Standing,
                };
                (kind, Some(d), max.map_or(self.options.max_window_samples, |max| max as usize))
            }
        };
        if capacity > MOST {
            return Err(BuildError::TooLarge);
        }
        let looks = match (kind, period) {
            (LookKind::Exact, Some(Period::Param(_))) => Some((kind, partial)),
            (_, Some(Period::Param(_))) => Some((kind, false)),
            _ => None,
        };
        let key = WindowKey { args: args.to_vec(), window, capacity, looks };
        let next = u32::try_from(self.plan.windows.len()).map_err(|_| BuildError::TooLarge)?;
        let id = *self.window_ids.entry(key).or_insert(next);
        if id == next {
            let period = period.map(|d| self.period(d));
            // An explanation says since when the samples are there.
            let parts = if period.is_some() || self.options.provenance { Parts::TIME } else { Parts::default() };
            // Numbers are kept also where they are only counted: a program that replaces this one may ask for more of the same window.
            let is_num = args.first().is_some_and(|arg| self.plan.reprs.get(*arg as usize) == Some(&Repr::Num));
            let parts = if is_num { parts.and(Parts::X) } else { parts };
            self.plan.keys.windows.push(self.window_key(window, args, capacity, looks));
            self.plan.windows.push(WindowPlan { start: 0, capacity, period, parts, queues: 0, extremes: NONE, totals: NONE, sorted: NONE });
        }
        if let Some(window) = self.plan.windows.get_mut(id as usize) {
            window.parts = window.parts.and(Parts::of(stat, period.is_some()));
        }
        // Timers come when all windows are known.
        self.plan.looks.push(LookPlan { window: id, stat, kind, partial, timer: NONE });
        self.look_nodes.push(number);
        let look = u32::try_from(self.plan.looks.len() - 1).map_err(|_| BuildError::TooLarge)?;
        Ok(Some(NodeOp::Look { look }))
    }

    /// Gives each window its places, when it is known what each keeps, and those that look at one their timers, next to each other.
    pub(super) fn lay_out_windows(&mut self) {
        let window_of = |look: &usize| self.plan.looks.get(*look).map(|look| look.window);
        let mut looks: Vec<usize> = (0..self.plan.looks.len()).collect();
        looks.sort_by_key(window_of);
        for index in looks {
            let node = self.look_nodes.get(index).copied().unwrap_or(NONE);
            let in_time = self
                .plan
                .looks
                .get(index)
                .and_then(|look| self.plan.windows.get(look.window as usize))
                .is_some_and(|of| of.period.is_some());
            if in_time {
                let timer = self.timer(TimerOwner::Node(node));
                if let Some(look) = self.plan.looks.get_mut(index) {
                    look.timer = timer;
                }
            }
        }
        let sizes = &mut self.plan.sizes;
        for window in &mut self.plan.windows {
            let parts = window.parts;
            window.start = sizes.samples;
            sizes.samples = sizes.samples.saturating_add(window.words());
            if parts.has(Parts::EXTREMES) {
                window.queues = sizes.queues;
                sizes.queues = sizes.queues.saturating_add(window.queue_places().saturating_mul(2));
            }
            for (has, own, size) in [
                (parts.has(Parts::EXTREMES), &mut window.extremes, &mut sizes.extremes),
                (parts.needs_totals(), &mut window.totals, &mut sizes.totals),
                (parts.has(Parts::ORDER), &mut window.sorted, &mut sizes.sorted),
            ] {
                if has {
                    *own = *size;
                    *size += 1;
                }
            }
        }
    }
}

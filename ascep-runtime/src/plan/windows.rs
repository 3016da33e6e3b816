//! Windows: which aggregates share one, what it keeps for them, and where its samples lie.

use ascep_lang::program::{Op, Period, Stat, Window};

use super::build::Builder;
use super::{NodeOp, PeriodPlan, RingPlan, TimerOwner};
use crate::error::BuildError;
use crate::value::Repr;

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
    /// And of its squares.
    pub(crate) const SQUARES: Self = Self(16 | 8 | 2);
    /// And the value of the second, sums of it, its squares, and x times y.
    pub(crate) const PAIRS: Self = Self(32 | 16 | 8 | 4 | 2);
    /// The sum of x times its rank.
    pub(crate) const RANKED: Self = Self(64 | 8 | 2);
    /// Sums of times, their squares, and times times x.
    pub(crate) const TIMES: Self = Self(128 | 8 | 2 | 1);
    /// The sum of x times how long it stood.
    pub(crate) const AREA: Self = Self(256 | 2 | 1);
    pub(crate) const LOWEST: Self = Self(512 | 2);
    pub(crate) const HIGHEST: Self = Self(1024 | 2);
    /// All values in order.
    pub(crate) const ORDER: Self = Self(2048 | 2);

    /// Whether all of `part` is kept.
    #[inline(always)]
    pub(crate) fn has(self, part: Self) -> bool {
        self.0 & part.0 == part.0
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
            Stat::Sum | Stat::Avg => Self::SUM,
            Stat::Lowest => Self::LOWEST,
            Stat::Highest => Self::HIGHEST,
            Stat::First | Stat::Last | Stat::Change | Stat::Delta => Self::X,
            Stat::Median | Stat::Percentile(_) => Self::ORDER,
            Stat::Stddev | Stat::StddevPop | Stat::Variance | Stat::Zscore => Self::SQUARES,
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
    /// Where the queues of the lowest and the highest begin, as long as the ring.
    pub(crate) queues: [usize; 2],
    /// Which of the orders is its own.
    pub(crate) sorted: u32,
}

impl WindowPlan {
    #[inline]
    pub(crate) fn queue(&self, highest: bool) -> RingPlan {
        let [lowest_start, highest_start] = self.queues;
        RingPlan { start: if highest { highest_start } else { lowest_start }, capacity: self.capacity }
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
            self.plan.windows.push(WindowPlan { start: 0, capacity, period, parts, queues: [0; 2], sorted: 0 });
        }
        if let Some(window) = self.plan.windows.get_mut(id as usize) {
            window.parts = window.parts.and(Parts::of(stat, period.is_some()));
        }
        let timer = if period.is_some() { self.timer(TimerOwner::Node(number)) } else { super::NONE };
        self.plan.looks.push(LookPlan { window: id, stat, kind, partial, timer });
        let look = u32::try_from(self.plan.looks.len() - 1).map_err(|_| BuildError::TooLarge)?;
        Ok(Some(NodeOp::Look { look }))
    }

    /// Gives each window its places, when it is known what each keeps.
    pub(super) fn lay_out_windows(&mut self) {
        let sizes = &mut self.plan.sizes;
        for window in &mut self.plan.windows {
            let (capacity, parts) = (window.capacity, window.parts);
            window.start = sizes.samples;
            sizes.samples = sizes.samples.saturating_add(capacity.saturating_mul(parts.width()));
            for (part, start) in [Parts::LOWEST, Parts::HIGHEST].into_iter().zip(&mut window.queues) {
                if parts.has(part) {
                    *start = sizes.queues;
                    sizes.queues = sizes.queues.saturating_add(capacity);
                }
            }
            if parts.has(Parts::ORDER) {
                window.sorted = sizes.sorted;
                sizes.sorted += 1;
            }
        }
    }
}

//! Statistics over windows of time and of updates.

use std::time::Duration;

use super::state::Handle;
use super::{BuildError, Event, IntoPeriod, Length, Number, ProgramBuilder};
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{MAX_SAMPLES, Op, Stat, Window};

/// What a statistic looks back over: so long, or so many updates. From [`ProgramBuilder::window`], or a [`Duration`], a [`Length`] that is a parameter, or a
/// `u32` for updates.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Lookback {
    window: Window,
    partial: bool,
    max: Option<u32>,
}

impl Lookback {
    /// Known from the first update on, and not only after its time; says nothing of a number of updates.
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Holds so many samples at most, 1 to 16,777,216; of a window of time only.
    pub fn at_most(mut self, samples: u32) -> Self {
        self.max = Some(samples);
        self
    }
}

/// Something that a statistic can look back over; see [`Lookback`].
pub trait IntoLookback {
    /// The window.
    fn into_lookback(self, builder: &ProgramBuilder) -> Lookback;
}

impl IntoLookback for Lookback {
    fn into_lookback(self, _: &ProgramBuilder) -> Lookback {
        self
    }
}

impl IntoLookback for u32 {
    fn into_lookback(self, builder: &ProgramBuilder) -> Lookback {
        builder.state.borrow_mut().check_updates(self);
        Lookback { window: Window::Updates(self), partial: false, max: None }
    }
}

impl IntoLookback for Duration {
    fn into_lookback(self, builder: &ProgramBuilder) -> Lookback {
        over_time(self, builder)
    }
}

impl IntoLookback for Length<'_> {
    fn into_lookback(self, builder: &ProgramBuilder) -> Lookback {
        over_time(self, builder)
    }
}

fn over_time(period: impl IntoPeriod, builder: &ProgramBuilder) -> Lookback {
    Lookback { window: Window::Time(period.into_period(builder)), partial: false, max: None }
}

impl ProgramBuilder {
    /// A window, to say more of it: `b.window(minute).partial().at_most(1_000)`.
    pub fn window(&self, window: impl IntoLookback) -> Lookback {
        window.into_lookback(self)
    }

    /// `volume(s, d)`: the quantity traded.
    pub fn volume(&self, symbol: &str, period: impl IntoLookback) -> Number<'_> {
        self.qty(symbol).sum(self.timed(period))
    }

    /// `vwap(s, d)`: the price of the trades, weighted by quantity.
    pub fn vwap(&self, symbol: &str, period: impl IntoLookback) -> Number<'_> {
        let price = self.last(symbol);
        price.pair(Stat::Vwap, self.qty(symbol), self.timed(period), price.0.ty())
    }

    /// A window of time; an error where it is one of updates.
    fn timed(&self, period: impl IntoLookback) -> Lookback {
        let found = period.into_lookback(self);
        match found.window {
            Window::Time(_) => found,
            Window::Updates(_) => {
                self.state.borrow_mut().error(BuildError::Period);
                over_time(Duration::from_nanos(1), self)
            }
        }
    }
}

impl<'b> Handle<'b> {
    /// A statistic of this value and others.
    pub(super) fn statistic(self, stat: Stat, others: &[Handle<'_>], Lookback { window, partial, max }: Lookback, ty: Ty) -> Number<'b> {
        let timed = matches!(window, Window::Time(_));
        if max.is_some_and(|max| !timed || !(1..=MAX_SAMPLES).contains(&max)) {
            self.builder.state.borrow_mut().error(BuildError::Samples(max.unwrap_or_default()));
        }
        Number(self.over(Op::Window { stat, window, partial: partial && timed, max }, others, ty))
    }
}

impl<'b> Number<'b> {
    fn stat(self, stat: Stat, window: impl IntoLookback) -> Self {
        let window = window.into_lookback(self.0.builder);
        self.0.statistic(stat, &[], window, self.0.ty())
    }

    fn pure(self, stat: Stat, window: impl IntoLookback) -> Self {
        let window = window.into_lookback(self.0.builder);
        self.0.statistic(stat, &[], window, Ty::Num(Unit::PURE))
    }

    fn pair(self, stat: Stat, other: Number<'_>, window: impl IntoLookback, ty: Ty) -> Self {
        let window = window.into_lookback(self.0.builder);
        self.0.statistic(stat, &[other.0], window, ty)
    }

    fn past(self, stat: Stat, period: impl IntoLookback, ty: Ty) -> Self {
        let mut window = self.0.builder.timed(period);
        window.partial &= stat == Stat::Twap;
        self.0.statistic(stat, &[], window, ty)
    }

    /// How many updates it had.
    pub fn updates(self, window: impl IntoLookback) -> Self {
        self.pure(Stat::Count, window)
    }

    /// Their sum.
    pub fn sum(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Sum, window)
    }

    /// Their mean.
    pub fn avg(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Avg, window)
    }

    /// The least.
    pub fn lowest(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Lowest, window)
    }

    /// The greatest.
    pub fn highest(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Highest, window)
    }

    /// The oldest.
    pub fn first(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::First, window)
    }

    /// The newest.
    pub fn last_value(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Last, window)
    }

    /// The middle one.
    pub fn median(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Median, window)
    }

    /// Percentile `p`, 0 to 100, linear between ranks.
    pub fn percentile(self, p: f64, window: impl IntoLookback) -> Self {
        if !(0.0..=100.0).contains(&p) {
            self.0.builder.state.borrow_mut().error(BuildError::Percentile(p.to_string()));
        }
        // -0 is 0.
        self.stat(Stat::Percentile((p + 0.0).to_bits()), window)
    }

    /// Sample standard deviation, of two samples at least.
    pub fn stddev(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Stddev, window)
    }

    /// Standard deviation with n.
    pub fn stddev_pop(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::StddevPop, window)
    }

    /// Sample variance, of two samples at least.
    pub fn variance(self, window: impl IntoLookback) -> Self {
        let window = window.into_lookback(self.0.builder);
        self.0.statistic(Stat::Variance, &[], window, self.power_type(2.0))
    }

    /// (newest - avg) / stddev
    pub fn zscore(self, window: impl IntoLookback) -> Self {
        self.pure(Stat::Zscore, window)
    }

    /// Slope of the least-squares line: per second over a time, per update over a number of updates.
    pub fn slope(self, window: impl IntoLookback) -> Self {
        self.stat(Stat::Slope, window)
    }

    /// Pearson's correlation with another.
    pub fn corr(self, other: Number<'_>, window: impl IntoLookback) -> Self {
        self.pair(Stat::Corr, other, window, Ty::Num(Unit::PURE))
    }

    /// `beta(self, x, w)`: covariance over the variance of x.
    pub fn beta(self, x: Number<'_>, window: impl IntoLookback) -> Self {
        let of = self.0.builder.own(x.0);
        let ty = self.0.builder.state.borrow_mut().product(self.0, of, -1);
        self.pair(Stat::Beta, x, window, ty)
    }

    /// Over what it was so long ago, minus 1.
    pub fn change(self, period: impl IntoLookback) -> Self {
        self.past(Stat::Change, period, Ty::Num(Unit::PURE))
    }

    /// Minus what it was so long ago.
    pub fn delta(self, period: impl IntoLookback) -> Self {
        self.past(Stat::Delta, period, self.0.ty())
    }

    /// The mean weighted by time.
    pub fn twap(self, period: impl IntoLookback) -> Self {
        self.past(Stat::Twap, period, self.0.ty())
    }

    /// The mean weighted by time, exponentially, with a half-life.
    pub fn decay(self, half_life: impl IntoPeriod) -> Self {
        let period = half_life.into_period(self.0.builder);
        Self(self.0.over(Op::Decay(period), &[], self.0.ty()))
    }
}

impl<'b> Event<'b> {
    /// How often a second it happened in the last `period`.
    pub fn rate_in(self, period: impl IntoLookback) -> Number<'b> {
        let window = self.0.builder.timed(period);
        self.0.statistic(Stat::Rate, &[], window, Ty::Num(Unit::PURE))
    }

    /// How often it happened in a window.
    pub fn count(self, window: impl IntoLookback) -> Number<'b> {
        let window = window.into_lookback(self.0.builder);
        self.0.statistic(Stat::Count, &[], window, Ty::Num(Unit::PURE))
    }
}

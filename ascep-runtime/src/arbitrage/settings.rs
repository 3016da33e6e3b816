//! What a scan is asked for, within which limits, and why it can't be had.

use std::ops::RangeInclusive;

use super::path::MAX_LEGS;
use super::universe::{AssetId, MarketId, VenueId};

/// How the time of a venue's quotes is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VenueClock {
    /// The time of receipt.
    Receipt,
    /// The venue's own time plus its least delay in the last while, where several venues are scanned and a quote brings the venue's time; else the
    /// time of receipt.
    #[default]
    Estimated,
    /// The venue's own time plus this many nanoseconds, which are not estimated: `18_000_000_000_000` for a clock that is 5 h behind. A quote
    /// that brings no venue's time has the time of receipt.
    Fixed(i64),
}

/// What a scan is asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScanSettings {
    /// How many legs a way has, within 2 to [`MAX_LEGS`]. Up to [`INDEXED_LEGS`] all ways are found; longer ones at least one for each leg that
    /// becomes cheaper and makes one.
    pub legs: RangeInclusive<u8>,
    /// Only ways that go through this asset, and sizes in units of it.
    pub home: Option<AssetId>,
    /// Whether a way may lead over several venues, funded from inventory on each.
    pub across: bool,
    /// Net returns above this are opportunities.
    pub min_net: f64,
    /// By how much the net return has to move to be told again.
    pub step: f64,
    /// A leg whose quote is this old, in nanoseconds, is out.
    pub max_age: Option<i64>,
    /// The legs' quotes may be this far apart, in nanoseconds.
    pub max_skew: Option<i64>,
    /// Whether ways that pay only before fees are followed too, so that the counters can say what fees, ages and sizes took.
    pub watch_gross: bool,
    /// Whether levels of books are kept, and sizes taken through them.
    pub depth: bool,
    /// The most ways, each direction counted, of up to [`INDEXED_LEGS`] legs.
    pub max_cycles: usize,
    /// The most ways followed at one time.
    pub max_tracked: usize,
    /// The most ways that statistics are kept of.
    pub max_paths: usize,
    /// Clocks of venues; the others are [`VenueClock::Estimated`].
    pub clocks: Vec<(VenueId, VenueClock)>,
    /// The span of time, in nanoseconds, in which the least delay of a venue is sought.
    pub clock_span: i64,
    /// A delay this much below the least one, or a least one that rises by it, is a jump of the venue's clock.
    pub clock_jump: i64,
}

/// Ways of up to this many legs are all found.
pub const INDEXED_LEGS: usize = 4;

impl Default for ScanSettings {
    fn default() -> Self {
        Self {
            legs: 2..=3,
            home: None,
            across: true,
            min_net: 0.0,
            step: 0.0001,
            max_age: None,
            max_skew: None,
            watch_gross: false,
            depth: false,
            max_cycles: 1 << 20,
            max_tracked: 1 << 14,
            max_paths: 1 << 14,
            clocks: Vec::new(),
            clock_span: 60_000_000_000,
            clock_jump: 1_000_000_000,
        }
    }
}

/// One setter for each setting.
macro_rules! setters {
    ($($set:ident $field:ident $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("The same with another [`", stringify!($field), "`](Self::", stringify!($field), ").")]
            #[must_use]
            pub fn $set(self, $field: $type) -> Self {
                Self { $field, ..self }
            }
        )*
    };
}

impl ScanSettings {
    setters! {
        with_legs legs RangeInclusive<u8>,
        with_home home Option<AssetId>,
        with_across across bool,
        with_min_net min_net f64,
        with_step step f64,
        with_max_age max_age Option<i64>,
        with_max_skew max_skew Option<i64>,
        with_watch_gross watch_gross bool,
        with_depth depth bool,
        with_max_cycles max_cycles usize,
        with_max_tracked max_tracked usize,
        with_max_paths max_paths usize,
        with_clocks clocks Vec<(VenueId, VenueClock)>,
        with_clock_span clock_span i64,
        with_clock_jump clock_jump i64,
    }

    pub(super) fn check(&self) -> Result<(), ScanError> {
        let (least, most) = (usize::from(*self.legs.start()), usize::from(*self.legs.end()));
        if least < 2 || most > MAX_LEGS || least > most {
            return Err(ScanError::Legs { least, most });
        }
        check_min_net(self.min_net)?;
        let setting = |name, demand| Err(ScanError::Setting { name, demand });
        if !(self.step >= 0.0 && self.step.is_finite()) {
            return setting("step", "a finite number from 0 on");
        }
        check_limit("max_age", self.max_age, 1)?;
        check_limit("max_skew", self.max_skew, 0)?;
        if self.clock_span < 1 || self.clock_jump < 1 {
            return setting("clock_span and clock_jump", "above 0");
        }
        let most = u32::MAX as usize / MAX_LEGS - 1;
        if [self.max_tracked, self.max_paths, self.max_cycles].iter().any(|limit| *limit == 0 || *limit > most) {
            return setting("max_cycles, max_tracked and max_paths", "from 1 to some 500 millions");
        }
        Ok(())
    }
}

pub(super) fn check_min_net(min_net: f64) -> Result<(), ScanError> {
    if min_net.is_finite() && min_net > -1.0 {
        return Ok(());
    }
    Err(ScanError::Setting { name: "min_net", demand: "a finite number above -1" })
}

pub(super) fn check_limit(name: &'static str, limit: Option<i64>, least: i64) -> Result<(), ScanError> {
    match limit {
        Some(limit) if limit < least => Err(ScanError::Setting { name, demand: if least == 0 { "from 0 on" } else { "above 0" } }),
        _ => Ok(()),
    }
}

/// Why a scan can't be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A range of legs that is empty or beyond what paths hold.
    #[error("ways of {least} to {most} legs can't be sought: it is 2 to {MAX_LEGS}, the lesser first")]
    Legs {
        /// The lesser.
        least: usize,
        /// The greater.
        most: usize,
    },
    /// A setting that makes no sense.
    #[error("{name} must be {demand}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it has to be.
        demand: &'static str,
    },
    /// Not one fee for each market.
    #[error("{given} fees are given for {markets} markets")]
    Fees {
        /// How many there are.
        given: usize,
        /// How many there should be.
        markets: usize,
    },
    /// A fee that takes all there is, or gives as much again.
    #[error("a fee of {fee} on `{symbol}` is not between -1 and 1: it is a part of what is exchanged, `0.001` for 0.1 %")]
    Fee {
        /// Of which market.
        symbol: String,
        /// Its value.
        fee: f64,
    },
    /// An asset that is not of the universe.
    #[error("the home asset is not one of the universe")]
    Home,
    /// A venue that is not of the universe.
    #[error("a clock is set for a venue that the universe does not have")]
    Venue,
    /// The index would be larger than allowed.
    #[error(
        "the universe has more than {limit} ways of up to {legs} legs ({reached} were found when the search ended): ask for fewer legs, \
         for one home asset, for a smaller universe, or raise max_cycles"
    )]
    TooManyCycles {
        /// How many were found.
        reached: usize,
        /// How many are allowed.
        limit: usize,
        /// Of how many legs at most.
        legs: usize,
    },
}

/// Why an event is refused. It changes nothing and does not move the clock.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanEventError {
    /// A market that is not of the universe, or one that nothing is quoted on because two assets are assumed equal.
    #[error("market {} has no quotes in this universe", .0.0)]
    Market(MarketId),
    /// A price is not a finite number above 0, or so small that 1 by it is none.
    #[error("{what} of {value:e} is not a finite number from 2.3e-308 on")]
    Price {
        /// Which number.
        what: &'static str,
        /// What it was.
        value: f64,
    },
    /// A quantity is negative or not finite.
    #[error("{what} of {value} is not a finite number of 0 or more")]
    Quantity {
        /// Which number.
        what: &'static str,
        /// What it was.
        value: f64,
    },
    /// A time that can't be computed with.
    #[error("a time of {0} is out of range")]
    Time(i64),
}

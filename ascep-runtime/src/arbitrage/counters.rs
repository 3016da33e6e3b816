//! What a scan counts, and what its index consists of.

use super::opportunity::CloseReason;
use super::path::MAX_LEGS;
use super::size::SizeFilter;

/// Counts since a scan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScanCounters {
    /// Quotes and books that were taken.
    pub quotes: u64,
    /// Those among them that left both prices as they were: ways were not computed again.
    pub refreshed: u64,
    /// Those among them on a market that no way leads through: they moved the clock and nothing else.
    pub outside: u64,
    /// Events older than the clock, applied as of the clock.
    pub late: u64,
    /// Events that were refused because of a number in them.
    pub refused: u64,
    /// Quotes whose bid equals the ask.
    pub locked: u64,
    /// Quotes whose bid is above the ask.
    pub crossed: u64,
    /// Quotes without a bid or without an ask.
    pub one_sided: u64,
    /// Losses of a market's feed.
    pub losses: u64,
    /// Openings told.
    pub opened: u64,
    /// Updates told.
    pub updated: u64,
    /// Closes told, by the place of their reason in [`CloseReason::ALL`].
    pub closed: [u64; CloseReason::ALL.len()],
    /// Ways that could not be followed when they came above the threshold, because `max_tracked` were.
    pub tracked_full: u64,
    /// Openings that statistics by path do not hold, because they hold `max_paths`.
    pub paths_full: u64,
    /// Jumps of venues' clocks.
    pub clock_jumps: u64,
    /// Quotes whose venue's time, brought to our clock, lay after it: taken as of our clock.
    pub ahead: u64,
    /// Ways that the search for any length found and that are longer than [`MAX_LEGS`] or than asked for.
    pub too_long: u64,
    /// Ways that it found and that are not asked for otherwise: shorter than asked for, not through the home asset, or back through the same market.
    pub unasked: u64,
    /// Episodes, from where a way comes above the threshold (with `watch_gross`: above 0 before fees) to where it no longer is or is unknown, each
    /// under the best it came to: above 0 before fees only,
    pub gross: u64,
    /// above the threshold after fees, but only with a leg that was too old,
    pub aged: u64,
    /// or with legs too far apart,
    pub skewed: u64,
    /// or with too little quantity,
    pub small: u64,
    /// (of these, by the filter that let nothing through, in the order of [`SizeFilter::ALL`]; at the end those that could be executed, but dust took
    /// the profit),
    pub small_by: [u64; SizeFilter::ALL.len() + 1],
    /// or an opportunity that was told.
    pub episodes_opened: u64,
}

impl ScanCounters {
    /// How many closes had this reason.
    #[must_use]
    pub fn closed_for(&self, reason: CloseReason) -> u64 {
        self.closed.get(reason as usize).copied().unwrap_or(0)
    }

    /// All closes.
    #[must_use]
    pub fn closed_total(&self) -> u64 {
        self.closed.iter().sum()
    }
}

/// What the index of a scan consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScanStats {
    /// Markets that some way leads through; where ways of more than four legs are sought, all that are open.
    pub markets: usize,
    /// Assets of these markets.
    pub assets: usize,
    /// Ways in the index by their number of legs, each direction counted.
    pub cycles: [usize; MAX_LEGS + 1],
    /// Entries of the index: one for each leg of each way, which serves its way back too.
    pub entries: usize,
}

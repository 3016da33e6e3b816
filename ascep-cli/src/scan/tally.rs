//! What a scan has told, counted for the report: lifetimes, why opportunities closed, how old their quotes were, how much could go round, and
//! the opportunities that are drawn. Everything here has a bound.

use std::collections::BTreeMap;

use ascep_runtime::arbitrage::{AssetId, CloseReason, Opportunity, Path, State, Universe};
use ascep_runtime::event::Timestamp;
use hdrhistogram::Histogram;

/// The longest length of time that is told apart: ten days, in nanoseconds.
const LONGEST: u64 = 864_000_000_000_000;
/// Start assets whose sizes are told apart.
const MAX_ASSETS: usize = 32;
/// Steps of the logarithm of sizes in a power of ten.
const LOG_STEPS: f64 = 1e3;

/// An opportunity that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Episode {
    /// As it was told.
    pub(crate) id: u64,
    /// Which way.
    pub(crate) path: Path,
    /// When it opened.
    pub(crate) opened: Timestamp,
    /// When it closed.
    pub(crate) closed: Timestamp,
    /// The greatest net return.
    pub(crate) peak: f64,
    /// What that was before fees.
    pub(crate) gross: f64,
    /// The greatest size.
    pub(crate) size: f64,
}

/// Lengths of time, three digits kept; the longest is kept as it is.
#[derive(Debug)]
pub(crate) struct Lengths {
    counts: Option<Histogram<u64>>,
    max: i64,
}

impl Lengths {
    fn new() -> Self {
        Self { counts: Histogram::new_with_bounds(1, LONGEST, 3).ok(), max: 0 }
    }

    fn record(&mut self, nanos: i64) {
        if let Some(histogram) = &mut self.counts {
            histogram.saturating_record(u64::try_from(nanos).unwrap_or(0));
        }
        self.max = self.max.max(nanos);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.counts.as_ref().map_or(0, Histogram::len)
    }

    /// That which a part of all do not exceed.
    pub(crate) fn quantile(&self, part: f64) -> i64 {
        // What is rounded up to the end of a bucket is not beyond the longest.
        self.counts.as_ref().map_or(0, |histogram| i64::try_from(histogram.value_at_quantile(part)).unwrap_or(i64::MAX).min(self.max))
    }

    /// The longest.
    pub(crate) fn max(&self) -> i64 {
        self.max
    }

    /// Counts between two bounds, the first of which belongs to it.
    pub(crate) fn between(&self, from: u64, to: u64) -> u64 {
        self.counts.as_ref().map_or(0, |histogram| {
            histogram.iter_recorded().filter(|value| (from..to).contains(&value.value_iterated_to())).map(|v| v.count_at_value()).sum()
        })
    }
}

/// Sizes in one asset. The least and the greatest are kept as they are, those between by their logarithms: in an asset of any worth a size keeps
/// three digits.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    /// How many there are of each logarithm, in steps of [`LOG_STEPS`]; of all doubles above 0 there are 632,000.
    logs: BTreeMap<i32, u64>,
    count: u64,
    least: f64,
    most: f64,
}

impl Sizes {
    /// A size, finite and above 0.
    fn record(&mut self, size: f64) {
        *self.logs.entry((size.log10() * LOG_STEPS).round() as i32).or_default() += 1;
        self.least = if self.count == 0 { size } else { self.least.min(size) };
        self.most = self.most.max(size);
        self.count += 1;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// That which a part of all do not exceed, to 0.12 %.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let wanted = (part * self.count as f64).ceil();
        let mut seen = 0;
        let log = self.logs.iter().find_map(|(log, n)| {
            seen += n;
            (seen as f64 >= wanted).then_some(*log)
        });
        // The ends are known, and what lies between them lies between them.
        log.map_or(f64::NAN, |log| 10_f64.powf(f64::from(log) / LOG_STEPS).max(self.least).min(self.most))
    }

    /// The least, exactly.
    pub(crate) fn least(&self) -> f64 {
        self.least
    }

    /// The greatest, exactly.
    pub(crate) fn most(&self) -> f64 {
        self.most
    }
}

/// Rounds with a wanted amount, at the openings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rounds {
    /// Openings that were looked at.
    pub(crate) tried: u64,
    /// Those at which all of the amount was offered.
    pub(crate) offered: u64,
    /// The sum of their mean net returns, filters left out.
    pub(crate) nets: f64,
    /// Those that brought a profit within the filters, with as much of the amount as they let through.
    pub(crate) paid: u64,
    /// The sum of their profits.
    pub(crate) profit: f64,
}

/// The counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Tellings of every kind.
    pub(crate) tellings: u64,
    /// Openings.
    pub(crate) opened: u64,
    /// Closings, by reason, in the order of [`CloseReason::ALL`].
    closed: [u64; CloseReason::ALL.len()],
    /// Of opportunities that closed before the end.
    pub(crate) lifetimes: Lengths,
    /// Age of the oldest leg at the opening.
    pub(crate) ages: Lengths,
    /// Span between the legs at the opening.
    pub(crate) skews: Lengths,
    /// The greatest size of each, by start asset.
    pub(crate) sizes: BTreeMap<AssetId, Sizes>,
    /// Opportunities whose size is not known, or whose asset had no room.
    pub(crate) unsized_: u64,
    /// The sum of the greatest net returns of all that closed.
    pub(crate) peaks: f64,
    /// The sum of what they were before fees.
    pub(crate) gross: f64,
    /// What each market leaves of what a leg gives.
    keeps: Vec<f64>,
    episodes: Vec<Episode>,
    /// How many are kept to be drawn.
    keep: usize,
    home: Option<AssetId>,
}

impl Tally {
    /// Nothing told yet; at most `keep` opportunities are kept to be drawn. The fees are those of the markets.
    pub(crate) fn new(keep: usize, home: Option<AssetId>, fees: &[f64]) -> Self {
        Self {
            tellings: 0,
            opened: 0,
            closed: [0; CloseReason::ALL.len()],
            lifetimes: Lengths::new(),
            ages: Lengths::new(),
            skews: Lengths::new(),
            sizes: BTreeMap::new(),
            unsized_: 0,
            peaks: 0.0,
            gross: 0.0,
            keeps: fees.iter().map(|fee| 1.0 - fee).collect(),
            episodes: Vec::new(),
            keep,
            home,
        }
    }

    /// Counts a telling.
    pub(crate) fn telling(&mut self, telling: &Opportunity, universe: &Universe) {
        self.tellings += 1;
        match telling.state {
            State::Open => {
                self.opened += 1;
                self.ages.record(telling.age);
                self.skews.record(telling.skew);
            }
            State::Update => {}
            State::Close(reason) => self.close(telling, reason, universe),
        }
    }

    fn close(&mut self, telling: &Opportunity, reason: CloseReason, universe: &Universe) {
        if let Some((_, count)) = CloseReason::ALL.iter().zip(&mut self.closed).find(|(one, _)| **one == reason) {
            *count += 1;
        }
        if reason != CloseReason::End {
            self.lifetimes.record(telling.lifetime());
        }
        self.size(telling, universe);
        let gross = self.before_fees(&telling.path, telling.peak);
        self.peaks += telling.peak;
        self.gross += gross;
        self.episodes.push(Episode {
            id: telling.id,
            path: telling.path,
            opened: telling.opened,
            closed: telling.ts,
            peak: telling.peak,
            gross,
            size: telling.peak_size,
        });
        if self.episodes.len() > self.keep.saturating_mul(2) {
            self.thin();
        }
    }

    /// What a net return was before fees.
    pub(crate) fn before_fees(&self, path: &Path, net: f64) -> f64 {
        let kept: f64 = path.legs().filter_map(|leg| self.keeps.get(leg.market.0 as usize)).product();
        (1.0 + net) / kept - 1.0
    }

    fn size(&mut self, telling: &Opportunity, universe: &Universe) {
        let start = telling.path.legs_from(universe, self.home).next().and_then(|leg| leg.assets(universe)).map(|(gives, _)| gives);
        let known = telling.peak_size.is_finite() && telling.peak_size > 0.0;
        match start.filter(|start| known && (self.sizes.len() < MAX_ASSETS || self.sizes.contains_key(start))) {
            Some(start) => self.sizes.entry(start).or_default().record(telling.peak_size),
            None => self.unsized_ += 1,
        }
    }

    /// Keeps those with the greatest peaks, of equal ones the earlier.
    fn thin(&mut self) {
        self.episodes.sort_unstable_by(|a, b| b.peak.total_cmp(&a.peak).then(a.id.cmp(&b.id)));
        self.episodes.truncate(self.keep);
    }

    /// What is drawn, in the order of opening, and how many are left out.
    pub(crate) fn episodes(&mut self) -> (&[Episode], u64) {
        if self.episodes.len() > self.keep {
            self.thin();
        }
        self.episodes.sort_unstable_by_key(|episode| episode.id);
        let over: u64 = self.closed.iter().sum();
        (&self.episodes, over.saturating_sub(self.episodes.len() as u64))
    }

    /// Closings by reason, those that came.
    pub(crate) fn closed(&self) -> impl Iterator<Item = (CloseReason, u64)> {
        CloseReason::ALL.into_iter().zip(self.closed).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::{telling, universe};
    use super::*;

    #[test]
    fn what_is_told_is_counted() {
        let universe = universe();
        let mut tally = Tally::new(10, universe.asset("USDT"), &[0.001; 3]);
        for state in [State::Open, State::Update, State::Close(CloseReason::Edge)] {
            tally.telling(&telling(&universe, 1, state), &universe);
        }
        tally.telling(&telling(&universe, 2, State::Open), &universe);
        tally.telling(&telling(&universe, 2, State::Close(CloseReason::End)), &universe);
        assert_eq!((tally.tellings, tally.opened), (5, 2));
        assert_eq!(tally.closed().collect::<Vec<_>>(), [(CloseReason::Edge, 1), (CloseReason::End, 1)]);
        assert_eq!(tally.lifetimes.count(), 1, "what is cut off by the end has no lifetime");
        assert!((24_900_000..=25_100_000).contains(&tally.lifetimes.quantile(0.5)));
        assert_eq!(tally.ages.count(), 2);
        assert!((tally.gross / 2.0 - (1.0004 / 0.999_f64.powi(3) - 1.0)).abs() < 1e-12, "three fees of 10 bp");
        let (asset, sizes) = tally.sizes.iter().next().unwrap();
        assert_eq!((universe.asset_name(*asset), sizes.count()), ("USDT", 2));
        assert_eq!((sizes.least(), sizes.quantile(0.5), sizes.most()), (130.0, 130.0, 130.0));
    }

    #[test]
    fn sizes_of_any_asset_have_exact_ends_and_three_digits_between() {
        for unit in [1.1e-200, 3e-9, 1.0, 7e12, 2e300] {
            let mut sizes = Sizes::default();
            for n in 1..=999 {
                sizes.record(unit * (1_000.0 + f64::from(n)));
            }
            assert_eq!((sizes.count(), sizes.least(), sizes.most()), (999, unit * 1_001.0, unit * 1_999.0));
            for (part, want) in [(0.1, 1_100.0), (0.5, 1_500.0), (0.9, 1_900.0)] {
                let got = sizes.quantile(part) / unit;
                assert!((got / want - 1.0).abs() < 0.001_2, "p{part} of {unit} is {got}");
            }
        }
    }

    #[test]
    fn the_longest_is_kept_as_it_is() {
        let mut lengths = Lengths::new();
        lengths.record(123_456_789);
        assert_eq!((lengths.max(), lengths.quantile(0.99)), (123_456_789, 123_456_789));
    }

    #[test]
    fn the_best_are_kept_and_the_rest_is_counted() {
        let universe = universe();
        let mut tally = Tally::new(3, None, &[]);
        for id in 1..=20 {
            let peak = 1e-4 * f64::from(u32::try_from(id).unwrap() % 7);
            tally.telling(&Opportunity { peak, ..telling(&universe, id, State::Close(CloseReason::Edge)) }, &universe);
        }
        let (kept, left) = tally.episodes();
        assert_eq!(kept.iter().map(|episode| episode.id).collect::<Vec<_>>(), [6, 13, 20]);
        assert_eq!(left, 17);
    }
}

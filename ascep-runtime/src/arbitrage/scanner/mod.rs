//! The scanner: finds the ways of a universe that pay after fees as quotes come in, and tells of each when it opens, moves and closes.
//!
//! A quote that changes a price multiplies the rates of the ways through the edges that became better; what comes above the threshold is followed until
//! it no longer is, and only what is followed is looked at closely: exact return, ages, sizes. After [`Scanner::new`] nothing is allocated.

mod follow;
mod long;
mod look;
mod quote;
mod save;
mod set;
mod sizes;
mod standing;
#[cfg(test)]
mod tests;
mod tracks;

use super::counters::{ScanCounters, ScanStats};
use super::index::{Index, Rows};
use super::offset::ClockOffset;
use super::opportunity::{CloseReason, Opportunity, OpportunitySink, State};
use super::path::Path;
use super::settings::{ScanError, ScanSettings, VenueClock, check_limit, check_min_net};
use super::size::LegTerms;
use super::stats::{PathStats, PathTable};
use super::universe::{MarketId, MarketKind, Universe};
use crate::event::{Quote, Timestamp};
use crate::memory::flat;
use crate::timers::{NEVER, Timers};
use long::Long;
pub(crate) use set::Set;
use sizes::Sizes;
pub(crate) use standing::Standing;
use tracks::Tracks;

/// What is known of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Its quote.
    Yes,
    /// Nothing is quoted on it and nothing need be: its rate is 1.
    Equal,
    /// Nothing, and why not.
    No(CloseReason),
}

// One line of the cache each.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct MarketState {
    quote: Quote,
    /// When it was last quoted, on our clock.
    time: Timestamp,
    /// What is left of what a leg gives after its fee.
    keep: f64,
    venue: u32,
    /// Of the index; none where it takes more to look at what leads through the market.
    rows: Rows,
    /// Sound at its last quote, and there are such rows, and nothing that leads through it is followed: then the next quote takes least.
    plain: bool,
    known: Known,
    /// Whether a way may lead through it.
    scanned: bool,
    /// Whether its orders have to pass a filter.
    filtered: bool,
}

impl MarketState {
    fn set_known(&mut self, known: Known) {
        self.known = known;
        self.plain = false;
    }

    /// Whether a quote with both prices has those that are known.
    #[inline(always)]
    fn is_quoted(&self, quote: &Quote) -> bool {
        quote.bid.to_bits() == self.quote.bid.to_bits() && quote.ask.to_bits() == self.quote.ask.to_bits()
    }

    /// Its rates after the fee at a quote.
    #[inline(always)]
    fn sell_and_buy(&self, quote: &Quote) -> [f64; 2] {
        [quote.bid * self.keep, self.keep / quote.ask]
    }

    /// What selling and buying gives for 1, before the fee; 0 where it is not known.
    fn gross(&self) -> [f64; 2] {
        match self.known {
            Known::Yes | Known::Equal => [self.quote.bid, 1.0 / self.quote.ask],
            Known::No(_) => [0.0, 0.0],
        }
    }

    /// And after the fee, but for rounding.
    #[inline]
    fn rates(&self) -> [f64; 2] {
        match self.known {
            Known::Yes | Known::Equal => self.sell_and_buy(&self.quote),
            Known::No(_) => [0.0, 0.0],
        }
    }
}

/// The clock of a venue.
#[derive(Debug)]
enum Clock {
    Receipt,
    Fixed(i64),
    Estimated(Box<ClockOffset>),
}

/// Finds what pays. See the module.
#[derive(Debug)]
pub struct Scanner {
    settings: ScanSettings,
    index: Index,
    stats: ScanStats,
    symbols: Vec<Box<str>>,
    /// Where each edge begins.
    from: Vec<u32>,
    markets: Vec<MarketState>,
    /// What finds ways of more legs than the index has, where they are sought.
    long: Option<Box<Long>>,
    /// What a product of rates has to be above to be looked at closely.
    threshold: f64,
    sizes: Sizes,
    clocks: Vec<Clock>,
    tracks: Tracks,
    timers: Timers,
    /// The earliest of them, or `NEVER`.
    deadline: Timestamp,
    /// The slots that the event at hand touches.
    touched: Vec<u32>,
    paths: PathTable,
    counters: ScanCounters,
    /// `Timestamp::MIN` before the first event.
    now: Timestamp,
    /// How many opportunities were opened.
    ids: u64,
    /// Whether more is sought than the ways of the index that are above the threshold.
    wide: bool,
}

/// How far, relatively, the product of the fast path may be off the exact one; it is less.
const SLACK: f64 = 1e-12;

impl Scanner {
    /// A scan of a universe, with the fee of each of its markets as [`FeeTable::resolve`](super::FeeTable::resolve) gives them.
    ///
    /// # Errors
    /// Where a setting or fee makes no sense, or there are more ways than allowed.
    pub fn new(universe: &Universe, fees: &[f64], mut settings: ScanSettings) -> Result<Self, ScanError> {
        settings.check()?;
        let keeps = keeps(universe.markets().map(|market| market.symbol.as_str()), universe.len(), fees)?;
        if settings.home.is_some_and(|home| home.0 as usize >= universe.assets()) {
            return Err(ScanError::Home);
        }
        if settings.clocks.iter().any(|(venue, _)| venue.0 as usize >= universe.venues()) {
            return Err(ScanError::Venue);
        }
        let index = Index::new(universe, &settings)?;
        let long = Long::new(universe, &settings).map(Box::new);
        if long.is_none() {
            // No more can be followed than there are.
            settings.max_tracked = settings.max_tracked.min(index.len().max(1));
            settings.max_paths = settings.max_paths.min(index.len().max(1));
        }
        let wide = settings.watch_gross || long.is_some();
        let nothing = Quote { bid: f64::NAN, ask: f64::NAN, bid_qty: f64::NAN, ask_qty: f64::NAN };
        let markets = universe.iter().zip(&keeps).map(|((id, market), keep)| {
            let (known, quote) = match market.kind {
                MarketKind::AssumedEqual { .. } => (Known::Equal, Quote { bid: 1.0, ask: 1.0, ..nothing }),
                MarketKind::Venue { .. } => (Known::No(CloseReason::OneSided), nothing),
            };
            let venue = market.venue().map_or(u32::MAX, |venue| venue.0);
            MarketState {
                quote,
                time: Timestamp::MIN,
                keep: *keep,
                venue,
                rows: if wide || settings.depth { Rows::default() } else { index.plain_rows(id.0) },
                plain: false,
                known,
                scanned: index.has(id.0) || (long.is_some() && market.is_open()),
                filtered: LegTerms::of(market, 0.0).is_filtered(),
            }
        });
        let markets: Vec<MarketState> = markets.collect();
        let clocks = (0..universe.venues()).map(|venue| {
            let set = settings.clocks.iter().rev().find(|(id, _)| id.0 as usize == venue).map(|(_, clock)| *clock);
            match set.unwrap_or_default() {
                VenueClock::Fixed(offset) => Clock::Fixed(offset),
                VenueClock::Estimated if universe.venues() > 1 => {
                    Clock::Estimated(Box::new(ClockOffset::new(settings.clock_span, settings.clock_jump)))
                }
                VenueClock::Receipt | VenueClock::Estimated => Clock::Receipt,
            }
        });
        let mut scanner = Self {
            stats: index.stats(universe, long.is_some()),
            symbols: universe.markets().map(|market| market.symbol.as_str().into()).collect(),
            from: universe.markets().flat_map(|market| [market.quote.0, market.base.0]).collect(),
            wide,
            long,
            sizes: Sizes::new(universe, fees, settings.depth),
            threshold: 0.0,
            clocks: clocks.collect(),
            tracks: Tracks::new(settings.max_tracked, markets.len(), index.len()),
            timers: Timers::new(settings.max_tracked),
            deadline: NEVER,
            touched: Vec::with_capacity(settings.max_tracked),
            paths: PathTable::new(settings.max_paths),
            counters: ScanCounters::default(),
            now: Timestamp::MIN,
            ids: 0,
            index,
            markets,
            settings,
        };
        scanner.set_threshold();
        scanner.fold_all();
        Ok(scanner)
    }

    fn set_threshold(&mut self) {
        self.threshold = (1.0 + self.settings.min_net) * (1.0 - SLACK);
        if let Some(long) = &mut self.long {
            long.set_threshold(self.settings.min_net);
        }
    }

    /// Sets the fees of all markets, and looks at all ways again.
    ///
    /// # Errors
    /// Where it is not one fee for each market, or one is not between -1 and 1; nothing changes then.
    pub fn set_fees<S: OpportunitySink + ?Sized>(&mut self, fees: &[f64], sink: &mut S) -> Result<(), ScanError> {
        let keeps = fees.iter().map(|fee| 1.0 - fee);
        check_fees(self.symbols.iter().map(|symbol| &**symbol), self.markets.len(), fees)?;
        for (market, keep) in self.markets.iter_mut().zip(keeps) {
            market.keep = keep;
        }
        self.sizes.set_fees(fees);
        self.look_at_all(&mut Forward(sink));
        Ok(())
    }

    /// Sets the threshold of net returns, and looks at all ways again.
    ///
    /// # Errors
    /// Where it is not a finite number above -1; nothing changes then.
    pub fn set_min_net<S: OpportunitySink + ?Sized>(&mut self, min_net: f64, sink: &mut S) -> Result<(), ScanError> {
        check_min_net(min_net)?;
        self.settings.min_net = min_net;
        self.set_threshold();
        self.look_at_all(&mut Forward(sink));
        Ok(())
    }

    /// Sets the limit of age, and looks at all that is followed again.
    ///
    /// # Errors
    /// Where it is not above 0; nothing changes then.
    pub fn set_max_age<S: OpportunitySink + ?Sized>(&mut self, max_age: Option<i64>, sink: &mut S) -> Result<(), ScanError> {
        check_limit("max_age", max_age, 1)?;
        self.settings.max_age = max_age;
        self.look_at_all(&mut Forward(sink));
        Ok(())
    }

    /// Sets the limit of skew, and looks at all that is followed again.
    ///
    /// # Errors
    /// Where it is below 0; nothing changes then.
    pub fn set_max_skew<S: OpportunitySink + ?Sized>(&mut self, max_skew: Option<i64>, sink: &mut S) -> Result<(), ScanError> {
        check_limit("max_skew", max_skew, 0)?;
        self.settings.max_skew = max_skew;
        self.look_at_all(&mut Forward(sink));
        Ok(())
    }

    /// The clock: the greatest time of an event or of [`advance_to`](Self::advance_to); none before the first.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        Some(self.now).filter(|now| *now != Timestamp::MIN)
    }

    /// When the next opportunity closes by its age, where no quote comes before.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        Some(self.deadline).filter(|deadline| *deadline != NEVER)
    }

    /// What is open, as it was at the last look, with ages as of the clock.
    pub fn open(&self) -> impl Iterator<Item = Opportunity> + '_ {
        let tracks = self.tracks.all().filter_map(|slot| self.tracks.get(slot)).filter(|track| track.open);
        tracks.map(|track| self.opportunity(track, State::Open))
    }

    /// Counts since the scan was made.
    #[must_use]
    pub fn counters(&self) -> ScanCounters {
        self.counters
    }

    /// Statistics by path, in order of paths.
    pub fn paths(&self) -> impl Iterator<Item = (Path, PathStats)> + '_ {
        self.paths.iter()
    }

    /// The clocks of the venues, in the order of the universe: what is added to the time that a venue gives, none where the time of receipt counts or
    /// nothing is known yet, and how often its clock jumped.
    pub fn clocks(&self) -> impl Iterator<Item = (Option<i64>, u64)> + '_ {
        self.clocks.iter().map(|clock| match clock {
            Clock::Receipt => (None, 0),
            Clock::Fixed(offset) => (Some(*offset), 0),
            Clock::Estimated(estimate) => (estimate.offset(), estimate.jumps()),
        })
    }

    /// What the index consists of.
    #[must_use]
    pub fn stats(&self) -> ScanStats {
        self.stats
    }

    /// What was asked for.
    #[must_use]
    pub fn settings(&self) -> &ScanSettings {
        &self.settings
    }

    /// The quote of a market, where it is known and has both sides, neither locked nor crossed.
    #[must_use]
    pub fn quote_of(&self, market: MarketId) -> Option<Quote> {
        self.markets.get(market.0 as usize).filter(|market| market.known == Known::Yes).map(|market| market.quote)
    }

    /// Bytes held. They do not change.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let clocks = self.clocks.iter().filter(|clock| matches!(clock, Clock::Estimated(_))).count();
        let Self { settings, symbols, clocks: all, .. } = self;
        let names = flat(symbols) + symbols.iter().map(|symbol| symbol.len()).sum::<usize>();
        names
            + flat(all)
            + flat(&settings.clocks)
            + self.index.bytes()
            + self.tracks.bytes()
            + self.paths.bytes()
            + self.settings.max_tracked * (Timers::BYTES + 4)
            + self.markets.len() * size_of::<MarketState>()
            + flat(&self.from)
            + self.long.as_ref().map_or(0, |long| size_of::<Long>() + long.bytes())
            + self.sizes.bytes()
            + clocks * size_of::<ClockOffset>()
    }
}

fn check_fees<'a>(mut symbols: impl Iterator<Item = &'a str>, markets: usize, fees: &[f64]) -> Result<(), ScanError> {
    if fees.len() != markets {
        return Err(ScanError::Fees { given: fees.len(), markets });
    }
    match fees.iter().position(|fee| !(*fee > -1.0 && *fee < 1.0)) {
        Some(n) => {
            Err(ScanError::Fee { symbol: symbols.nth(n).unwrap_or_default().to_owned(), fee: fees.get(n).copied().unwrap_or(f64::NAN) })
        }
        None => Ok(()),
    }
}

fn keeps<'a>(symbols: impl Iterator<Item = &'a str>, markets: usize, fees: &[f64]) -> Result<Vec<f64>, ScanError> {
    check_fees(symbols, markets, fees)?;
    Ok(fees.iter().map(|fee| 1.0 - fee).collect())
}

/// A sink of any type behind one that can be pointed to, so that what is not on the fast path is compiled once.
struct Forward<'a, S: ?Sized>(&'a mut S);

impl<S: OpportunitySink + ?Sized> OpportunitySink for Forward<'_, S> {
    fn opportunity(&mut self, opportunity: &Opportunity) {
        self.0.opportunity(opportunity);
    }
}

//! A scan of a universe, slowly: every simple closed way is written down beforehand, all that was ever heard and told is kept, and what a way is worth
//! is worked out from that anew at each look. For tests of the [`arbitrage`](crate::arbitrage) scanner, with which it shares no more than the
//! types that both take and give.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::arbitrage::{AssetId, CloseReason, Leg, MarketId, Opportunity, Path, State, Universe};
use crate::event::{Quote, Side, Timestamp};

mod look;
#[cfg(test)]
mod tests;
mod ways;

use look::{Look, What};
pub use ways::ways;

/// What is an opportunity.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanSettings {
    /// How many legs a way has.
    pub legs: RangeInclusive<usize>,
    /// The asset that ways begin and end with; any where `None`.
    pub home: Option<AssetId>,
    /// Whether a way may go over several venues.
    pub across: bool,
    /// What the net return has to be above.
    pub min_net: f64,
    /// By how much the net return moves before it is told again.
    pub step: f64,
    /// What the age of each leg has to be below, in nanoseconds.
    pub max_age: Option<i64>,
    /// What the span between the legs may be at most, in nanoseconds.
    pub max_skew: Option<i64>,
    /// Whether ways that pay before fees only have episodes too.
    pub watch_gross: bool,
}

impl Default for ScanSettings {
    fn default() -> Self {
        Self { legs: 2..=3, home: None, across: true, min_net: 0.0, step: 0.0001, max_age: None, max_skew: None, watch_gross: false }
    }
}

/// Scans slowly.
#[derive(Debug, Clone)]
pub struct Scan {
    universe: Universe,
    /// Of each market.
    fees: Vec<f64>,
    settings: ScanSettings,
    /// All there are, in order.
    ways: Vec<Path>,
    clock: Option<Timestamp>,
    /// For each market all that was heard, with the time that it counts from.
    heard: Vec<Vec<(Timestamp, What)>>,
    /// All that was ever told, oldest first.
    told: Vec<Opportunity>,
    /// Every look at an opportunity while it was open, with its id, oldest first.
    looks: Vec<(u64, Look)>,
    /// For each way with an episode that goes on the best that it has come to.
    episodes: BTreeMap<Path, Best>,
    /// The episodes that have ended.
    ended: Vec<Best>,
}

/// The best that a way comes to while it pays, be it before fees only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Best {
    /// It pays before fees.
    Gross,
    /// It pays, but a leg is too old.
    Aged,
    /// It pays, but the legs are too far apart.
    Skewed,
    /// It pays, but there is too little of it.
    Small,
    /// It was an opportunity.
    Opened,
}

impl Scan {
    /// Over all ways of a universe; `fees` has one for each market.
    #[must_use]
    pub fn new(universe: &Universe, fees: &[f64], settings: ScanSettings) -> Self {
        let ways = ways(universe, settings.legs.clone(), settings.home, settings.across);
        Self::of(ways, universe, fees, settings)
    }

    /// Over some ways only.
    #[must_use]
    pub fn of(ways: Vec<Path>, universe: &Universe, fees: &[f64], settings: ScanSettings) -> Self {
        let heard = vec![Vec::new(); universe.len()];
        Self {
            universe: universe.clone(),
            fees: fees.to_vec(),
            settings,
            ways,
            clock: None,
            heard,
            told: Vec::new(),
            looks: Vec::new(),
            episodes: BTreeMap::new(),
            ended: Vec::new(),
        }
    }

    /// The ways, in order.
    #[must_use]
    pub fn ways(&self) -> &[Path] {
        &self.ways
    }

    /// A market is quoted at `ts`; the quote counts from `from`, or from the clock. Gives what is told, or `None` where a number can't be.
    pub fn quote(&mut self, market: MarketId, ts: Timestamp, from: Option<Timestamp>, quote: &Quote) -> Option<Vec<Opportunity>> {
        let price = |p: f64| p.is_nan() || (p.is_finite() && p > 0.0);
        let quantity = |q: f64| q.is_nan() || (q.is_finite() && q >= 0.0);
        let can_be = price(quote.bid) && price(quote.ask) && quantity(quote.bid_qty) && quantity(quote.ask_qty);
        can_be.then(|| self.hear(market, ts, from, What::Quote(*quote)))
    }

    /// What was known of a market no longer is.
    pub fn forget(&mut self, market: MarketId, ts: Timestamp, loss: CloseReason) -> Vec<Opportunity> {
        self.hear(market, ts, None, What::Loss(loss))
    }

    /// An event: the deadlines before it, then the clock, then what it says, then each way through its market.
    fn hear(&mut self, market: MarketId, ts: Timestamp, from: Option<Timestamp>, what: What) -> Vec<Opportunity> {
        let mut told = self.pass(ts);
        let from = from.unwrap_or(self.now());
        if let Some(heard) = self.heard.get_mut(market.0 as usize) {
            heard.push((from, what));
        }
        told.extend(self.visit(|_, way| way.has(market)));
        told
    }

    /// Something else happened at `ts`: the deadlines before it, then the clock.
    pub fn pass(&mut self, ts: Timestamp) -> Vec<Opportunity> {
        let told = self.fire(ts.saturating_sub(1));
        self.clock = self.clock.max(Some(ts));
        told
    }

    /// Everything up to and including `ts` was delivered.
    pub fn advance_to(&mut self, ts: Timestamp) -> Vec<Opportunity> {
        let told = self.fire(ts);
        self.clock = self.clock.max(Some(ts));
        told
    }

    /// When the next of the open ones is too old.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.ways.iter().filter_map(|way| self.deadline(way)).min()
    }

    fn deadline(&self, way: &Path) -> Option<Timestamp> {
        self.open_at(way)?;
        self.look(way).oldest.zip(self.settings.max_age).map(|(oldest, most)| oldest.saturating_add(most))
    }

    fn fire(&mut self, until: Timestamp) -> Vec<Opportunity> {
        let mut told = Vec::new();
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= until) {
            self.clock = self.clock.max(Some(deadline));
            told.extend(self.visit(|scan, way| scan.deadline(way) == Some(deadline)));
        }
        told
    }

    /// Other thresholds and limits from now on; legs, home and venues stay.
    pub fn set(&mut self, fees: &[f64], settings: &ScanSettings) -> Vec<Opportunity> {
        self.fees = fees.to_vec();
        let ScanSettings { min_net, step, max_age, max_skew, .. } = *settings;
        self.settings = ScanSettings { min_net, step, max_age, max_skew, ..self.settings.clone() };
        self.visit(|_, _| true)
    }

    /// Closes what is open: the run is at its end.
    pub fn finish(&mut self) -> Vec<Opportunity> {
        let ways = self.ways.clone();
        let open = ways.iter().filter_map(|way| Some((*way, *self.open_at(way)?)));
        let ended: Vec<Opportunity> =
            open.map(|(way, open)| self.telling(open.id, way, State::Close(CloseReason::End), self.look(&way))).collect();
        self.told.extend(&ended);
        self.ended.extend(std::mem::take(&mut self.episodes).into_values());
        ended
    }

    /// What is looked for now.
    #[must_use]
    pub fn settings(&self) -> &ScanSettings {
        &self.settings
    }

    /// A way in words, from its home on.
    #[must_use]
    pub fn written(&self, way: &Path) -> String {
        way.text(&self.universe, self.settings.home)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    fn now(&self) -> Timestamp {
        self.clock.unwrap_or_default()
    }

    /// The net and gross return of a way as its markets stand, where both are known.
    #[must_use]
    pub fn worth(&self, way: &Path) -> Option<(f64, f64)> {
        let look = self.look(way);
        (!look.net.is_nan()).then_some((look.net, look.gross))
    }

    /// The net return of buying and selling on one market, where it is known.
    #[must_use]
    pub fn there_and_back(&self, market: MarketId) -> Option<f64> {
        let legs = [Side::Buy, Side::Sell].map(|side| Leg { market, side });
        self.net_of(legs)
    }

    /// The ways that nothing hinders, in order.
    #[must_use]
    pub fn unhindered(&self) -> Vec<Path> {
        self.ways.iter().filter(|way| self.look(way).hindrance.is_none()).copied().collect()
    }

    /// What is open, in order of ways, as it would be told now.
    #[must_use]
    pub fn open(&self) -> Vec<Opportunity> {
        let open = self.ways.iter().filter_map(|way| self.open_at(way));
        open.map(|open| self.telling(open.id, open.path, open.state, self.look(&open.path))).collect()
    }

    /// All that was told so far, oldest first.
    #[must_use]
    pub fn told(&self) -> &[Opportunity] {
        &self.told
    }

    /// The last that was told of a way, while it is open.
    fn open_at(&self, way: &Path) -> Option<&Opportunity> {
        self.told.iter().rev().find(|told| told.path == *way).filter(|told| !matches!(told.state, State::Close(_)))
    }

    /// Looks at some ways, in order, and says what is to be told of them.
    fn visit(&mut self, which: impl Fn(&Self, &Path) -> bool) -> Vec<Opportunity> {
        if self.clock.is_none() {
            return Vec::new();
        }
        let chosen: Vec<Path> = self.ways.iter().filter(|way| which(self, way)).copied().collect();
        let mut all = Vec::new();
        for way in chosen {
            let look = self.look(&way);
            self.follow(&way, &look);
            let open = self.open_at(&way).copied();
            let openings = self.told.iter().filter(|told| told.state == State::Open).count() as u64;
            let id = open.map_or(openings + 1, |open| open.id);
            let state = match (open, look.hindrance) {
                (None, Some(_)) => continue,
                (None, None) => Some(State::Open),
                (Some(_), Some(reason)) => Some(State::Close(reason)),
                (Some(last), None) => {
                    let moved = (look.net - last.net).abs();
                    // A step is one for returns that are rounded too.
                    (moved > 0.0 && moved + 1e-14 >= self.settings.step).then_some(State::Update)
                }
            };
            if look.hindrance.is_none() {
                self.looks.push((id, look));
            }
            if let Some(state) = state {
                let telling = self.telling(id, way, state, look);
                self.told.push(telling);
                all.push(telling);
            }
        }
        all
    }

    /// Follows the episode of a way.
    fn follow(&mut self, way: &Path, look: &Look) {
        let best = match look.hindrance {
            None => Some(Best::Opened),
            Some(CloseReason::Age) => Some(Best::Aged),
            Some(CloseReason::Skew) => Some(Best::Skewed),
            Some(CloseReason::Size) => Some(Best::Small),
            Some(CloseReason::Edge) if self.settings.watch_gross && look.gross > 0.0 => Some(Best::Gross),
            Some(_) => None,
        };
        match best {
            Some(best) => {
                let known = self.episodes.entry(*way).or_insert(best);
                *known = best.max(*known);
            }
            None => self.ended.extend(self.episodes.remove(way)),
        }
    }

    /// The episodes that have ended, in order of their ends.
    #[must_use]
    pub fn ended(&self) -> &[Best] {
        &self.ended
    }

    /// The profit that there was at the peak of an opportunity, the first of equal ones.
    #[must_use]
    pub fn peak_profit(&self, id: u64) -> f64 {
        let looks = self.looks.iter().filter(|(of, _)| *of == id).map(|(_, look)| look);
        looks.fold((f64::NEG_INFINITY, f64::NAN), |best, look| if look.net > best.0 { (look.net, look.profit) } else { best }).1
    }

    /// A telling of a way as it looks. Returns and sizes that a loss or a fault makes unknown are those that were known last.
    fn telling(&self, id: u64, path: Path, state: State, look: Look) -> Opportunity {
        let looks = || self.looks.iter().filter(|(of, _)| *of == id).map(|(_, look)| look);
        let greatest = |number: fn(&Look) -> f64| looks().map(number).fold(f64::NAN, f64::max);
        let opened = self.told.iter().find(|told| told.id == id).map_or(self.now(), |told| told.opened);
        let known = if look.net.is_nan() { looks().next_back().unwrap_or(&look) } else { &look };
        let (oldest, newest) = (look.oldest.unwrap_or(self.now()), look.newest.unwrap_or(self.now()));
        Opportunity {
            id,
            ts: self.now(),
            state,
            path,
            net: known.net,
            gross: known.gross,
            size: known.size,
            profit: known.profit,
            age: self.now().saturating_sub(oldest),
            skew: newest.saturating_sub(oldest),
            opened,
            peak: greatest(|look| look.net),
            peak_size: greatest(|look| look.size),
        }
    }
}

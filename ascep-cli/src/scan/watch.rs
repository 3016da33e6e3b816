//! A scanner with its output and its counts: events go in, tellings come out. The same for recorded, simulated and live data.

use std::time::Instant;

use ascep_feeds::{MarketEvent, Payload, Progress, Symbols};
use ascep_runtime::arbitrage::{AssetId, Opportunity, OpportunitySink, Path, Scanner, State, Universe};
use ascep_runtime::event::{Book, Timestamp};

use super::markets::Markets;
use super::output::Output;
use super::screen::{Screen, View};
use super::tally::{Rounds, Tally};
use crate::console::Console;
use crate::error::Failure;
use crate::intake::Taker;
use crate::refusals::Refusals;

/// A scan at work.
pub(crate) struct Watch {
    pub(crate) scanner: Scanner,
    pub(crate) universe: Universe,
    pub(crate) told: Told,
    pub(crate) counts: Counts,
    markets: Markets,
    refusals: Refusals,
    screen: Option<Screen>,
    clock: Option<Timestamp>,
    /// By market: whether it was quoted.
    quoted: Vec<bool>,
    /// `--events`
    most: Option<u64>,
    began: Instant,
}

/// What was told, and where it goes.
pub(crate) struct Told {
    pub(crate) output: Output,
    pub(crate) tally: Tally,
    pub(crate) home: Option<AssetId>,
    /// What closed last, for the table.
    pub(crate) recent: Vec<Opportunity>,
    /// How many of them are kept.
    recent_most: usize,
    /// `--size`, and what came of it.
    pub(crate) wanted: Option<f64>,
    pub(crate) rounds: Rounds,
    /// What opened with the event at hand, where a size is wanted.
    fresh: Vec<Path>,
}

/// Counts of events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Taken.
    pub(crate) events: u64,
    /// Of them those of symbols that are no market of the universe.
    pub(crate) outside: u64,
    pub(crate) first_ts: Option<Timestamp>,
    pub(crate) last_ts: Option<Timestamp>,
}

struct Sink<'a> {
    told: &'a mut Told,
    universe: &'a Universe,
}

impl OpportunitySink for Sink<'_> {
    fn opportunity(&mut self, telling: &Opportunity) {
        let Told { output, tally, home, recent, recent_most, wanted, fresh, .. } = &mut *self.told;
        tally.telling(telling, self.universe);
        output.telling(tally.tellings, telling, self.universe, *home);
        match telling.state {
            State::Open if wanted.is_some() => fresh.push(telling.path),
            State::Open | State::Update => {}
            State::Close(_) => {
                recent.insert(0, *telling);
                recent.truncate(*recent_most);
            }
        }
    }
}

impl Told {
    /// Nothing told yet; the last `recent_most` that closed are kept at hand.
    pub(crate) fn new(output: Output, tally: Tally, home: Option<AssetId>, recent_most: usize) -> Self {
        let rounds = Rounds::default();
        Self { output, tally, home, recent: Vec::new(), recent_most, wanted: None, rounds, fresh: Vec::new() }
    }

    /// At each opening a round with so much of the home asset is tried.
    pub(crate) fn with_wanted(self, wanted: Option<f64>) -> Self {
        Self { wanted, ..self }
    }
}

impl Watch {
    /// Of a scanner that has seen nothing.
    pub(crate) fn new(
        scanner: Scanner,
        universe: Universe,
        markets: Markets,
        told: Told,
        screen: Option<Screen>,
        strict: bool,
        console: &Console,
    ) -> Self {
        let quoted = vec![false; universe.len()];
        Self {
            scanner,
            universe,
            told,
            counts: Counts::default(),
            markets,
            refusals: Refusals::new(strict, console),
            screen,
            clock: None,
            quoted,
            most: None,
            began: Instant::now(),
        }
    }

    /// No more events than this are wanted.
    pub(crate) fn with_most(self, most: Option<u64>) -> Self {
        Self { most, ..self }
    }

    /// Closes what is open, and writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.draw(true);
        self.scanner.finish(&mut Sink { told: &mut self.told, universe: &self.universe });
        self.told.output.finish()
    }

    /// Whether a table is drawn.
    pub(crate) fn has_screen(&self) -> bool {
        self.screen.is_some()
    }

    /// How many markets were quoted.
    pub(crate) fn quoted(&self) -> u64 {
        self.quoted.iter().filter(|quoted| **quoted).count() as u64
    }

    /// The venue of symbols that name none, for people.
    pub(crate) fn default_venue(&self) -> &str {
        self.markets.default_venue().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// Rows, frames and events that could not be taken.
    pub(crate) fn refused(&self) -> u64 {
        self.refusals.count()
    }

    /// Time since it was made.
    pub(crate) fn wall(&self) -> std::time::Duration {
        self.began.elapsed()
    }

    /// Tries rounds with the wanted amount on what has just opened.
    fn rounds(&mut self) {
        let Told { wanted: Some(amount), rounds, fresh, .. } = &mut self.told else { return };
        for path in fresh.drain(..) {
            rounds.tried += 1;
            if let Some(net) = self.scanner.edge_at(&path, *amount) {
                rounds.offered += 1;
                rounds.nets += net;
            }
            if let Some(profit) = self.scanner.execution(&path, *amount).ok().map(|round| round.profit).filter(|profit| *profit > 0.0) {
                rounds.paid += 1;
                rounds.profit += profit;
            }
        }
    }

    /// Draws the table where it is time to, or for the last time.
    fn draw(&mut self, last: bool) {
        if let Some(screen) = &mut self.screen
            && (last || screen.is_due())
        {
            let view = View {
                scanner: &self.scanner,
                universe: &self.universe,
                told: &self.told,
                counts: self.counts,
                clock: self.clock,
                refused: self.refusals.count(),
                began: self.began,
            };
            screen.draw(&view);
            if last {
                screen.finish();
            }
        }
    }
}

impl Taker for Watch {
    fn event(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), Failure> {
        let market = self.markets.market(event.symbol, symbols);
        let (ts, venue_ts) = (event.ts, event.venue_ts);
        let mut sink = Sink { told: &mut self.told, universe: &self.universe };
        let taken = match (market, &event.payload) {
            (Some(market), Payload::Quote(quote)) => self.scanner.quote(market, ts, venue_ts, quote, &mut sink),
            (Some(market), Payload::Book(book)) => {
                self.scanner.book(market, ts, venue_ts, &Book { bids: &book.bids, asks: &book.asks }, &mut sink)
            }
            (Some(market), Payload::Status(status)) => {
                if let Some(loss) = status.loss() {
                    self.scanner.forget(market, ts, loss, &mut sink)
                } else {
                    Ok(())
                }
            }
            // It moves the clock: what was due before it is over.
            _ => {
                self.scanner.advance_to(ts.saturating_sub(1), &mut sink);
                Ok(())
            }
        };
        if let Err(error) = taken {
            return self.refuse(&format_args!("event at {ts} of {}: {error}", symbols.name(event.symbol)));
        }
        self.counts.events += 1;
        if event.is_picture()
            && let Some(quoted) = market.and_then(|market| self.quoted.get_mut(market.0 as usize))
        {
            *quoted = true;
        }
        self.counts.outside += u64::from(market.is_none());
        self.counts.first_ts = self.counts.first_ts.or(Some(ts));
        self.counts.last_ts = self.counts.last_ts.max(Some(ts));
        self.clock = self.clock.max(Some(ts));
        self.rounds();
        self.draw(false);
        self.told.output.check()
    }

    fn refuse(&mut self, what: &dyn std::fmt::Display) -> Result<(), Failure> {
        let Self { refusals, screen, .. } = self;
        match screen {
            Some(screen) if refusals.is_shown() => screen.aside(|| refusals.refuse(what)),
            _ => refusals.refuse(what),
        }
    }

    fn add_refused(&mut self, n: u64) {
        self.refusals.add(n);
    }

    fn advance_to(&mut self, ts: Timestamp) -> Result<(), Failure> {
        self.scanner.advance_to(ts, &mut Sink { told: &mut self.told, universe: &self.universe });
        self.clock = self.clock.max(Some(ts));
        self.rounds();
        self.draw(false);
        self.told.output.check()
    }

    fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    fn first_ts(&self) -> Option<Timestamp> {
        self.counts.first_ts
    }

    fn last_ts(&self) -> Option<Timestamp> {
        self.counts.last_ts
    }

    fn events(&self) -> u64 {
        self.counts.events
    }

    fn is_done(&self) -> bool {
        self.most.is_some_and(|most| self.counts.events >= most)
    }

    fn aside(&self, write: &dyn Fn()) {
        match &self.screen {
            Some(screen) => screen.aside(write),
            None => write(),
        }
    }

    fn progress(&mut self, progress: &dyn Fn() -> Option<Progress>) {
        if let Some(screen) = &mut self.screen {
            screen.progress(progress);
        }
    }
}

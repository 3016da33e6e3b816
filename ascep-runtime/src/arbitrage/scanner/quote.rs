//! What events do: the check of their numbers, the clock, the rates of the edges they change, and the one pass over the ways that became better.

use super::follow::Follow;
use super::tracks::Stage;
use super::{Clock, Forward, Known, Scanner};
use crate::arbitrage::opportunity::{CloseReason, OpportunitySink};
use crate::arbitrage::settings::ScanEventError;
use crate::arbitrage::universe::MarketId;
use crate::event::{Book, Loss, MISSING, Quote, Timestamp};

impl Scanner {
    /// Takes the best bid and ask of a market, a full picture: a side that is missing is not there. What becomes of opportunities goes to `sink`, first what
    /// was due before `ts`, and what comes of one event in order of paths.
    ///
    /// # Errors
    /// Where a number is senseless or the market is not of the universe: it is counted, and nothing else happens.
    pub fn quote<S: OpportunitySink + ?Sized>(
        &mut self,
        market: MarketId,
        ts: Timestamp,
        venue_ts: Option<Timestamp>,
        quote: &Quote,
        sink: &mut S,
    ) -> Result<(), ScanEventError> {
        if let Err(error) = self.check_market(market).and(check_times(ts, venue_ts)).and(check_quote(quote)) {
            self.counters.refused += 1;
            return Err(error);
        }
        if self.deadline < ts {
            self.fire(ts - 1, &mut Forward(sink));
        }
        if self.apply(market.0, ts, venue_ts, quote) {
            self.settle(&mut Forward(sink));
        }
        Ok(())
    }

    /// Takes the top of a book, which also is a quote.
    ///
    /// # Errors
    /// As [`quote`](Self::quote), of any level.
    pub fn book<S: OpportunitySink + ?Sized>(
        &mut self,
        market: MarketId,
        ts: Timestamp,
        venue_ts: Option<Timestamp>,
        book: &Book<'_>,
        sink: &mut S,
    ) -> Result<(), ScanEventError> {
        for (side, price, qty) in [(book.bids, "bid", "bid quantity"), (book.asks, "ask", "ask quantity")] {
            for level in side {
                if let Err(error) = check_price(price, level.price).and(check_qty(qty, level.qty)) {
                    self.counters.refused += 1;
                    return Err(error);
                }
            }
        }
        let best = |side: &[crate::event::Level]| side.first().map_or((MISSING, MISSING), |level| (level.price, level.qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (best(book.bids), best(book.asks));
        self.quote(market, ts, venue_ts, &Quote { bid, ask, bid_qty, ask_qty }, sink)
    }

    /// What was known of a market no longer is: its opportunities close with that reason.
    ///
    /// # Errors
    /// As [`quote`](Self::quote).
    pub fn forget<S: OpportunitySink + ?Sized>(
        &mut self,
        market: MarketId,
        ts: Timestamp,
        loss: Loss,
        sink: &mut S,
    ) -> Result<(), ScanEventError> {
        if let Err(error) = self.check_market(market).and(check_times(ts, None)) {
            self.counters.refused += 1;
            return Err(error);
        }
        if self.deadline < ts {
            self.fire(ts - 1, &mut Forward(sink));
        }
        self.counters.losses += 1;
        self.tick(ts);
        if let Some(state) = self.markets.get_mut(market.0 as usize) {
            state.known = Known::No(loss.into());
        }
        self.fold(market.0 as usize);
        self.touch(market.0);
        self.seek_long(market.0 as usize);
        self.settle(&mut Forward(sink));
        Ok(())
    }

    /// Moves the clock, which closes what is too old by then, `ts` included.
    pub fn advance_to<S: OpportunitySink + ?Sized>(&mut self, ts: Timestamp, sink: &mut S) {
        if ts == Timestamp::MIN {
            return;
        }
        if self.deadline <= ts {
            self.fire(ts, &mut Forward(sink));
        }
        self.now = self.now.max(ts);
    }

    fn check_market(&self, market: MarketId) -> Result<(), ScanEventError> {
        match self.markets.get(market.0 as usize) {
            Some(state) if state.known != Known::Equal => Ok(()),
            _ => Err(ScanEventError::Market(market)),
        }
    }

    fn tick(&mut self, ts: Timestamp) {
        if ts < self.now {
            self.counters.late += 1;
        } else {
            self.now = ts;
        }
    }

    /// Applies a quote; whether anything is left to be looked at closely.
    fn apply(&mut self, market: u32, ts: Timestamp, venue_ts: Option<Timestamp>, quote: &Quote) -> bool {
        self.counters.quotes += 1;
        self.tick(ts);
        let now = self.now;
        let Some(state) = self.markets.get_mut(market as usize) else { return false };
        let time = match (self.clocks.get_mut(state.venue as usize), venue_ts) {
            (Some(Clock::Fixed(offset)), Some(venue_ts)) => venue_ts.saturating_add(*offset),
            (Some(Clock::Estimated(clock)), Some(venue_ts)) => {
                let jumps = clock.jumps();
                let time = clock.observe(ts, venue_ts);
                self.counters.clock_jumps += clock.jumps() - jumps;
                time
            }
            _ => now,
        };
        self.counters.ahead += u64::from(time > now);
        state.time = time.min(now);
        let known = if quote.bid < quote.ask {
            Known::Yes
        } else if quote.bid > quote.ask {
            self.counters.crossed += 1;
            Known::No(CloseReason::Crossed)
        } else if quote.bid.is_nan() || quote.ask.is_nan() {
            self.counters.one_sided += 1;
            Known::No(CloseReason::OneSided)
        } else {
            self.counters.locked += 1;
            Known::No(CloseReason::Locked)
        };
        let same = known == state.known && same(quote.bid, state.quote.bid) && same(quote.ask, state.quote.ask);
        state.quote = *quote;
        state.known = known;
        if !state.scanned {
            self.counters.outside += 1;
            return false;
        }
        if same {
            self.counters.refreshed += 1;
        }
        self.touch(market);
        if !same {
            let edges = [market * 2, market * 2 + 1];
            let before = edges.map(|edge| rate(&self.rates, edge));
            let gross_before = edges.map(|edge| rate(&self.gross, edge));
            self.fold(market as usize);
            for (edge, (before, gross_before)) in edges.into_iter().zip(before.into_iter().zip(gross_before)) {
                if rate(&self.rates, edge) > before || self.missed {
                    self.seek(edge);
                }
                if self.settings.watch_gross && (rate(&self.gross, edge) > gross_before || self.missed) {
                    self.seek_gross(edge);
                }
            }
            if self.long.is_some() {
                self.seek_long(market as usize);
            }
        }
        !self.touched.is_empty()
    }

    /// Computes the rates of a market's edges.
    pub(super) fn fold(&mut self, market: usize) {
        let Some(state) = self.markets.get(market) else { return };
        let (buy, sell) = match state.known {
            Known::Yes | Known::Equal => (1.0 / state.quote.ask, state.quote.bid),
            Known::No(_) => (0.0, 0.0),
        };
        if let Some([to_base, to_quote]) = self.rates.get_mut(market * 2..market * 2 + 2) {
            (*to_base, *to_quote) = (buy * state.keep, sell * state.keep);
        }
        if let Some([to_base, to_quote]) = self.gross.get_mut(market * 2..market * 2 + 2) {
            (*to_base, *to_quote) = (buy, sell);
        }
    }

    /// Marks what is followed through a market to be looked at.
    fn touch(&mut self, market: u32) {
        self.touched.clear();
        self.touched.extend(self.tracks.through(market));
    }

    /// Follows the ways through an edge that are above the threshold.
    pub(super) fn seek(&mut self, edge: u32) {
        let Self { index, rates, tracks, threshold, touched, counters, missed, from, settings, .. } = self;
        let mut follow = Follow { index, tracks, touched, missed, counters, from, home: settings.home };
        index.above(rates, edge, *threshold, |way| follow.way(way));
    }

    /// Follows the ways through an edge that are above 0 before fees.
    pub(super) fn seek_gross(&mut self, edge: u32) {
        let Self { index, gross, tracks, touched, counters, missed, from, settings, .. } = self;
        let mut follow = Follow { index, tracks, touched, missed, counters, from, home: settings.home };
        index.above(gross, edge, 1.0 - super::SLACK, |way| follow.way(way));
    }

    /// Lets the potentials have the rates of a market, and follows the long ways that they find.
    pub(super) fn seek_long(&mut self, market: usize) {
        let Self { index, rates, tracks, touched, counters, missed, from, settings, long, .. } = self;
        if let Some(long) = long {
            long.update(market, rates, Follow { index, tracks, touched, missed, counters, from, home: settings.home });
        }
    }

    /// Closes what is open; the quotes are not known after it, so that what comes then begins anew.
    pub fn finish<S: OpportunitySink + ?Sized>(&mut self, sink: &mut S) {
        for state in &mut self.markets {
            if state.known != Known::Equal {
                state.known = Known::No(CloseReason::End);
            }
        }
        self.touched.clear();
        self.touched.extend(self.tracks.all());
        for market in 0..self.markets.len() {
            self.fold(market);
            self.seek_long(market);
        }
        self.settle(&mut Forward(sink));
    }
}

impl Stage {
    /// All of them are counted once a way is no longer followed.
    pub(super) fn count(self, counters: &mut crate::arbitrage::ScanCounters) {
        let counter = match self {
            Self::Gross => &mut counters.gross,
            Self::Aged => &mut counters.aged,
            Self::Skewed => &mut counters.skewed,
            Self::Small => &mut counters.small,
            Self::Opened => &mut counters.episodes_opened,
        };
        *counter += 1;
    }
}

#[inline]
fn rate(rates: &[f64], edge: u32) -> f64 {
    rates.get(edge as usize).copied().unwrap_or(0.0)
}

/// Whether a price is as it was; one that is missing is as one that was missing.
#[inline]
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn check_times(ts: Timestamp, venue_ts: Option<Timestamp>) -> Result<(), ScanEventError> {
    match [Some(ts), venue_ts].into_iter().flatten().find(|ts| *ts == Timestamp::MIN || *ts == Timestamp::MAX) {
        Some(ts) => Err(ScanEventError::Time(ts)),
        None => Ok(()),
    }
}

fn check_quote(quote: &Quote) -> Result<(), ScanEventError> {
    check_price("bid", quote.bid)
        .and(check_price("ask", quote.ask))
        .and(check_qty("bid quantity", quote.bid_qty))
        .and(check_qty("ask quantity", quote.ask_qty))
}

#[inline]
fn check_price(what: &'static str, value: f64) -> Result<(), ScanEventError> {
    // From the least on whose inverse is finite.
    if value.is_nan() || (f64::MIN_POSITIVE..f64::INFINITY).contains(&value) { Ok(()) } else { Err(ScanEventError::Price { what, value }) }
}

#[inline]
fn check_qty(what: &'static str, value: f64) -> Result<(), ScanEventError> {
    if value.is_nan() || (0.0..f64::INFINITY).contains(&value) { Ok(()) } else { Err(ScanEventError::Quantity { what, value }) }
}

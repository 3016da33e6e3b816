//! What events do: the check of their numbers, the clock, the rates of the edges they change, and the one pass over the ways that became better.

use super::follow::Follow;
use super::tracks::Stage;
use super::{Clock, Forward, Known, Scanner};
use crate::arbitrage::counters::ScanCounters;
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
        // Nearly all quotes are such. What is plain was quoted before, so that the clock has begun and `ts` is a time.
        if let (Some(state), None) = (self.markets.get_mut(market.0 as usize), venue_ts)
            && state.plain
            && ts >= self.now
            && ts < self.deadline
            && is_sound(quote)
        {
            self.counters.quotes += 1;
            self.now = ts;
            state.time = ts;
            let same = state.is_quoted(quote);
            state.quote = *quote;
            if same {
                self.counters.refreshed += 1;
            } else if self.index.update_plain(market.0, state.rows, state.sell_and_buy(quote), self.threshold) {
                self.came_above(market.0, &mut Forward(sink));
            }
            return Ok(());
        }
        self.take_quote(market, ts, venue_ts, quote, &mut Forward(sink))
    }

    /// A way through a market came above the threshold.
    #[cold]
    #[inline(never)]
    fn came_above(&mut self, market: u32, sink: &mut dyn OpportunitySink) {
        if self.news(market) {
            self.settle(sink);
        }
    }

    /// Takes any quote.
    #[inline(never)]
    fn take_quote(
        &mut self,
        market: MarketId,
        ts: Timestamp,
        venue_ts: Option<Timestamp>,
        quote: &Quote,
        sink: &mut dyn OpportunitySink,
    ) -> Result<(), ScanEventError> {
        let sound = is_sound(quote) && is_time(ts);
        if let (true, None) = (sound, venue_ts)
            && let Some(state) = self.markets.get(market.0 as usize)
            && state.known == Known::Yes
            && self.deadline >= ts
            && !self.settings.depth
        {
            if self.apply_sound(market.0, ts, quote) {
                self.settle(sink);
            }
            return Ok(());
        }
        self.take(market, ts, venue_ts, quote, None, sink)
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
                check_price(price, level.price).and(check_qty(qty, level.qty)).map_err(|error| self.refuse(error))?;
            }
        }
        let best = |side: &[crate::event::Level]| side.first().map_or((MISSING, MISSING), |level| (level.price, level.qty));
        let ((bid, bid_qty), (ask, ask_qty)) = (best(book.bids), best(book.asks));
        let quote = Quote { bid, ask, bid_qty, ask_qty };
        self.take(market, ts, venue_ts, &quote, Some(book), &mut Forward(sink))
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
        if !is_time(ts) {
            return Err(self.refuse(ScanEventError::Time(ts)));
        }
        self.check_market(market)?;
        if self.deadline < ts {
            self.fire(ts - 1, &mut Forward(sink));
        }
        self.counters.losses += 1;
        self.tick(ts);
        if let Some(state) = self.markets.get_mut(market.0 as usize) {
            state.set_known(Known::No(loss.into()));
        }
        self.fold(market.0);
        self.touch(market.0);
        self.seek_long(market.0);
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

    /// Takes any quote, or that of a book.
    #[inline(never)]
    fn take(
        &mut self,
        market: MarketId,
        ts: Timestamp,
        venue_ts: Option<Timestamp>,
        quote: &Quote,
        book: Option<&Book<'_>>,
        sink: &mut dyn OpportunitySink,
    ) -> Result<(), ScanEventError> {
        self.check_market(market)?;
        let known = self.check(ts, venue_ts, quote)?;
        if self.deadline < ts {
            self.fire(ts - 1, sink);
        }
        if self.settings.depth {
            self.sizes.keep(market, quote, book);
        }
        if self.apply(market.0, ts, venue_ts, quote, known) {
            self.settle(sink);
        }
        Ok(())
    }

    fn check_market(&mut self, market: MarketId) -> Result<(), ScanEventError> {
        match self.markets.get(market.0 as usize) {
            Some(state) if state.known != Known::Equal => Ok(()),
            _ => Err(self.refuse(ScanEventError::Market(market))),
        }
    }

    #[cold]
    fn refuse(&mut self, error: ScanEventError) -> ScanEventError {
        self.counters.refused += 1;
        error
    }

    /// What is known of a market after a quote: a fault of the book is counted, numbers that can't be are refused.
    fn check(&mut self, ts: Timestamp, venue_ts: Option<Timestamp>, quote: &Quote) -> Result<Known, ScanEventError> {
        let times = [Some(ts), venue_ts].into_iter().flatten().find(|ts| !is_time(*ts));
        let checked = times.map_or(Ok(()), |ts| Err(ScanEventError::Time(ts))).and(check_quote(quote));
        checked.map_err(|error| self.refuse(error))?;
        let (count, reason) = if quote.bid.is_nan() || quote.ask.is_nan() {
            (&mut self.counters.one_sided, CloseReason::OneSided)
        } else if quote.bid > quote.ask {
            (&mut self.counters.crossed, CloseReason::Crossed)
        } else if quote.bid < quote.ask {
            return Ok(Known::Yes);
        } else {
            (&mut self.counters.locked, CloseReason::Locked)
        };
        *count += 1;
        Ok(Known::No(reason))
    }

    #[inline]
    fn tick(&mut self, ts: Timestamp) {
        self.counters.late += u64::from(ts < self.now);
        self.now = self.now.max(ts);
    }

    /// Applies a sound quote on a market whose quote was sound; whether anything is left to be looked at closely. It does what [`apply`](Self::apply) does.
    #[inline]
    fn apply_sound(&mut self, market: u32, ts: Timestamp, quote: &Quote) -> bool {
        self.counters.quotes += 1;
        if ts < self.now {
            self.counters.late += 1;
        } else {
            self.now = ts;
        }
        let Some(state) = self.markets.get_mut(market as usize) else { return false };
        state.time = self.now;
        let same = state.is_quoted(quote);
        state.quote = *quote;
        // From the next one on, as long as nothing that leads through it is followed.
        state.plain = !state.rows.is_empty() && !self.tracks.any(market);
        if !state.scanned {
            self.counters.outside += 1;
            return false;
        }
        if same {
            self.counters.refreshed += 1;
            return self.tracks.any(market) && self.touch(market);
        }
        let above = self.index.update(market, state.sell_and_buy(quote), self.threshold);
        (above | self.wide | self.tracks.any(market)) && self.news(market)
    }

    /// Applies any quote; whether anything is left to be looked at closely.
    fn apply(&mut self, market: u32, ts: Timestamp, venue_ts: Option<Timestamp>, quote: &Quote, known: Known) -> bool {
        self.counters.quotes += 1;
        self.tick(ts);
        let Self { markets, clocks, counters, now, .. } = self;
        let Some(state) = markets.get_mut(market as usize) else { return false };
        state.time = match venue_ts {
            None => *now,
            Some(venue_ts) => clocks.get_mut(state.venue as usize).map_or(*now, |clock| clock.time(ts, venue_ts, *now, counters)),
        };
        let same = known == state.known && same(quote.bid, state.quote.bid) && same(quote.ask, state.quote.ask);
        state.quote = *quote;
        state.set_known(known);
        if !state.scanned {
            counters.outside += 1;
            return false;
        }
        if same {
            counters.refreshed += 1;
            return self.touch(market);
        }
        let rates = state.rates();
        let above = self.index.update(market, rates, self.threshold);
        (above | self.wide | self.tracks.any(market)) && self.news(market)
    }

    /// What is left of new prices where something is followed or is to be.
    #[cold]
    #[inline(never)]
    fn news(&mut self, market: u32) -> bool {
        self.fold(market);
        self.touch(market);
        self.seek(market);
        self.seek_long(market);
        !self.touched.is_empty()
    }

    /// Computes the rates of a market.
    pub(super) fn fold(&mut self, market: u32) {
        let Some(state) = self.markets.get(market as usize) else { return };
        self.index.set(market, state.rates());
        self.index.set_gross(market, state.gross());
    }

    /// Computes the rates of all markets.
    pub(super) fn fold_all(&mut self) {
        for market in (0..).take(self.markets.len()) {
            self.fold(market);
            self.seek_long(market);
        }
    }

    /// Marks what is followed through a market to be looked at; whether there is any.
    #[inline(never)]
    fn touch(&mut self, market: u32) -> bool {
        self.touched.clear();
        self.touched.extend(self.tracks.through(market));
        !self.touched.is_empty()
    }

    /// Follows the ways through a market that are above the threshold, or above 0 before fees where that is watched.
    pub(super) fn seek(&mut self, market: u32) {
        let Self { index, tracks, threshold, touched, counters, from, settings, .. } = self;
        let mut follow = Follow { index, tracks, touched, counters, from, home: settings.home };
        index.above(market, *threshold, &mut |way| follow.way(way));
        index.above_gross(market, 1.0 - super::SLACK, &mut |way| follow.way(way));
    }

    /// Lets the potentials have the rates of a market, and follows the long ways that they find.
    pub(super) fn seek_long(&mut self, market: u32) {
        let Self { index, tracks, touched, counters, from, settings, long, markets, .. } = self;
        if let (Some(long), Some(state)) = (long, markets.get(market as usize)) {
            long.update(market, state.rates(), Follow { index, tracks, touched, counters, from, home: settings.home });
        }
    }

    /// Closes what is open; the quotes are not known after it, so that what comes then begins anew.
    pub fn finish<S: OpportunitySink + ?Sized>(&mut self, sink: &mut S) {
        for state in &mut self.markets {
            if state.known != Known::Equal {
                state.set_known(Known::No(CloseReason::End));
            }
        }
        self.touched.clear();
        self.touched.extend(self.tracks.all());
        self.fold_all();
        self.settle(&mut Forward(sink));
    }
}

impl Clock {
    /// The venue's time of a quote on our clock, which stands at `now`.
    fn time(&mut self, ts: Timestamp, venue_ts: Timestamp, now: Timestamp, counters: &mut ScanCounters) -> Timestamp {
        let time = match self {
            Self::Receipt => now,
            Self::Fixed(offset) => venue_ts.saturating_add(*offset),
            Self::Estimated(clock) => {
                let jumps = clock.jumps();
                let time = clock.observe(ts, venue_ts);
                counters.clock_jumps += clock.jumps() - jumps;
                time
            }
        };
        counters.ahead += u64::from(time > now);
        time.min(now)
    }
}

impl Stage {
    /// All of them are counted once a way is no longer followed.
    pub(super) fn count(self, counters: &mut ScanCounters) {
        let counter = match self {
            Self::Found => return,
            Self::Gross => &mut counters.gross,
            Self::Aged => &mut counters.aged,
            Self::Skewed => &mut counters.skewed,
            Self::Small => &mut counters.small,
            Self::Opened => &mut counters.episodes_opened,
        };
        *counter += 1;
    }
}

/// Whether a price is as it was; one that is missing is as one that was missing.
#[inline]
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Whether a quote is neither faulty nor refused, and all of it is known.
#[inline(always)]
fn is_sound(quote: &Quote) -> bool {
    // The bits of the numbers from 0 on are in their order, infinity is the greatest of them, and all others come after it.
    let infinity = f64::INFINITY.to_bits();
    let (bid, ask, bid_qty, ask_qty) = (quote.bid.to_bits(), quote.ask.to_bits(), quote.bid_qty.to_bits(), quote.ask_qty.to_bits());
    bid < ask && ask < infinity && bid >= f64::MIN_POSITIVE.to_bits() && bid_qty < infinity && ask_qty < infinity
}

/// The two ends of the range stand for never.
#[inline]
fn is_time(ts: Timestamp) -> bool {
    ts.wrapping_sub(Timestamp::MAX).cast_unsigned() > 1
}

/// A quantity that is not known is one too.
#[inline]
fn is_qty(qty: f64) -> bool {
    qty.is_nan() | (0.0..f64::INFINITY).contains(&qty)
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
    if is_qty(value) { Ok(()) } else { Err(ScanEventError::Quantity { what, value }) }
}

//! A close look at the ways that are followed: exact return, ages, skew, size; and what is told of it.

use super::sizes::Size;
use super::tracks::{Stage, Track};
use super::{Known, MarketState, Scanner};
use crate::arbitrage::index::NONE;
use crate::arbitrage::opportunity::{CloseReason, Opportunity, OpportunitySink, State};
use crate::arbitrage::path::Path;
use crate::arbitrage::size::SizeFilter;
use crate::event::Timestamp;
use crate::timers::NEVER;

/// What returns that lie a step apart may be nearer, because they are rounded.
const ROUNDING: f64 = 1e-14;

/// What the legs of a way come to.
pub(super) struct Legs {
    pub(super) net: f64,
    gross: f64,
    /// Why a leg is not known.
    pub(super) unknown: Option<CloseReason>,
    pub(super) oldest: Timestamp,
    newest: Timestamp,
}

impl Legs {
    pub(super) fn of(markets: &[MarketState], path: &Path) -> Self {
        let mut legs = Self { net: 1.0, gross: 1.0, unknown: None, oldest: Timestamp::MAX, newest: Timestamp::MIN };
        for edge in path.edges() {
            let Some(market) = markets.get(*edge as usize / 2) else { continue };
            let rate = if edge % 2 == 1 { market.quote.bid } else { 1.0 / market.quote.ask };
            legs.net *= rate * market.keep;
            legs.gross *= rate;
            match market.known {
                Known::Equal => continue,
                Known::Yes => {}
                Known::No(reason) => legs.unknown = legs.unknown.or(Some(reason)),
            }
            legs.oldest = legs.oldest.min(market.time);
            legs.newest = legs.newest.max(market.time);
        }
        Self { net: legs.net - 1.0, gross: legs.gross - 1.0, ..legs }
    }

    pub(super) fn skew(&self) -> i64 {
        self.newest.saturating_sub(self.oldest)
    }
}

impl Scanner {
    /// Looks at all that was touched, in order of paths.
    pub(super) fn settle(&mut self, sink: &mut dyn OpportunitySink) {
        let mut touched = std::mem::take(&mut self.touched);
        let path = |slot: &u32| self.tracks.get(*slot).map(|track| &track.path);
        touched.sort_unstable_by(|a, b| path(a).cmp(&path(b)));
        for slot in &touched {
            for edge in self.tracks.get(*slot).into_iter().flat_map(|track| track.path.edges()) {
                if let Some(market) = self.markets.get_mut(*edge as usize / 2) {
                    market.plain = false;
                }
            }
            self.look(*slot, sink);
        }
        touched.clear();
        self.touched = touched;
        self.deadline = self.timers.next(NEVER - 1).unwrap_or(NEVER);
    }

    /// Fires all deadlines up to `limit`, each at its time.
    pub(super) fn fire(&mut self, limit: Timestamp, sink: &mut dyn OpportunitySink) {
        while self.deadline != NEVER && self.deadline <= limit {
            let deadline = self.deadline;
            self.now = self.now.max(deadline);
            self.touched.clear();
            while let Some(slot) = self.timers.take(deadline) {
                self.timers.cancel(slot);
                self.touched.push(slot);
            }
            self.settle(sink);
        }
    }

    /// Seeks all ways anew and looks at all that is followed, as of the clock.
    pub(super) fn look_at_all(&mut self, sink: &mut dyn OpportunitySink) {
        self.touched.clear();
        self.touched.extend(self.tracks.all());
        self.fold_all();
        for market in (0..).take(self.markets.len()) {
            self.seek(market);
        }
        self.settle(sink);
    }

    fn look(&mut self, slot: u32, sink: &mut dyn OpportunitySink) {
        let Some(track) = self.tracks.get(slot).filter(|track| track.live) else { return };
        let legs = Legs::of(&self.markets, &track.path);
        if let Some(reason) = legs.unknown {
            return self.drop(slot, reason, sink);
        }
        // What the potentials found they do not find again while it pays by their measure.
        let floor = self.long.as_ref().filter(|_| track.way == NONE).map_or(f64::INFINITY, |long| long.floor(&track.path));
        let settings = &self.settings;
        let above = legs.net > settings.min_net && legs.net < f64::INFINITY;
        let mut hold = if !above {
            Some((Stage::Gross, CloseReason::Edge))
        } else if settings.max_age.is_some_and(|max_age| self.now.saturating_sub(legs.oldest) >= max_age) {
            Some((Stage::Aged, CloseReason::Age))
        } else if settings.max_skew.is_some_and(|max_skew| legs.skew() > max_skew) {
            Some((Stage::Skewed, CloseReason::Skew))
        } else {
            None
        };
        // Sizes are worked out where they decide or are told.
        let Size { size, profit, thin, filter } = if hold.is_none() || track.open { self.size(track, legs.net) } else { Size::UNKNOWN };
        // Who asks for ways that lose a little gets those whose execution loses no more.
        let small = thin || size <= 0.0 || (settings.min_net >= 0.0 && profit <= 0.0);
        if hold.is_none() && small {
            hold = Some((Stage::Small, CloseReason::Size));
        }
        if let Some(track) = self.tracks.get_mut(slot) {
            (track.net, track.gross, track.size, track.profit) = (legs.net, legs.gross, size, profit);
        }
        if !(above || legs.net > floor || (self.settings.watch_gross && legs.gross > 0.0)) {
            return self.drop(slot, CloseReason::Edge, sink);
        }
        match hold {
            Some((stage, reason)) => {
                if let Some(track) = self.tracks.get_mut(slot) {
                    track.best = track.best.max(stage);
                    if stage == Stage::Small {
                        track.filter = filter;
                    }
                }
                self.close(slot, reason, sink);
            }
            None => {
                if let Some(max_age) = self.settings.max_age {
                    self.timers.arm(slot, legs.oldest.saturating_add(max_age));
                } else {
                    self.timers.cancel(slot);
                }
                self.go_on(slot, sink);
            }
        }
    }

    /// An opportunity: opens it, or tells of it where it moved.
    fn go_on(&mut self, slot: u32, sink: &mut dyn OpportunitySink) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(slot) else { return };
        let state = if track.open {
            if track.net > track.peak {
                (track.peak, track.peak_profit) = (track.net, track.profit);
            }
            track.peak_size = track.peak_size.max(track.size);
            let moved = (track.net - track.told).abs();
            if !(moved > 0.0 && moved + ROUNDING >= self.settings.step) {
                return;
            }
            self.counters.updated += 1;
            State::Update
        } else {
            self.ids += 1;
            self.counters.opened += 1;
            track.open = true;
            track.best = Stage::Opened;
            (track.id, track.opened) = (self.ids, now);
            (track.peak, track.peak_size, track.peak_profit) = (track.net, track.size, track.profit);
            track.row = self.paths.row(&track.path).unwrap_or(NONE);
            match self.paths.get_mut(track.row) {
                Some(stats) => stats.opened += 1,
                None => self.counters.paths_full += 1,
            }
            State::Open
        };
        track.told = track.net;
        let track = *track;
        sink.opportunity(&self.opportunity(&track, state));
    }

    /// It is followed no longer.
    fn drop(&mut self, slot: u32, reason: CloseReason, sink: &mut dyn OpportunitySink) {
        self.close(slot, reason, sink);
        let Some(track) = self.tracks.get(slot) else { return };
        // Without the watch on gross returns what never was above the threshold is none of the counters' business.
        if track.best > Stage::Gross || self.settings.watch_gross {
            track.best.count(&mut self.counters);
            if track.best == Stage::Small {
                let place = track.filter.map_or(SizeFilter::ALL.len(), |filter| filter as usize);
                self.counters.small_by.get_mut(place).into_iter().for_each(|count| *count += 1);
            }
        }
        self.tracks.remove(slot);
    }

    /// It is no opportunity any longer, where it was one.
    fn close(&mut self, slot: u32, reason: CloseReason, sink: &mut dyn OpportunitySink) {
        self.timers.cancel(slot);
        let Some(track) = self.tracks.get_mut(slot).filter(|track| track.open) else { return };
        track.open = false;
        let track = *track;
        if let Some(count) = self.counters.closed.get_mut(reason as usize) {
            *count += 1;
        }
        let told = self.opportunity(&track, State::Close(reason));
        if let Some(stats) = self.paths.get_mut(track.row) {
            stats.close(told.lifetime(), track.peak, track.peak_size, track.peak_profit);
        }
        sink.opportunity(&told);
    }

    pub(super) fn opportunity(&self, track: &Track, state: State) -> Opportunity {
        let legs = Legs::of(&self.markets, &track.path);
        Opportunity {
            id: track.id,
            ts: self.now,
            state,
            path: track.path,
            net: track.net,
            gross: track.gross,
            size: track.size,
            profit: track.profit,
            age: self.now.saturating_sub(legs.oldest),
            skew: legs.skew(),
            opened: track.opened,
            peak: track.peak,
            peak_size: track.peak_size,
        }
    }
}

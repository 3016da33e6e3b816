//! What is done with events that come late, or from the future: a stage between the sources and the engine. It is bounded, holds no clock
//! of its own and allocates only while its buffer grows. The host hands in the engine's clock and, live, the time on the wall.
//!
//! ```
//! use ascep_feeds::order::{LatePolicy, Order, TimePolicy};
//! # use ascep_feeds::{MarketEvent, Payload, Symbols, event::Trade};
//! # let symbol = Symbols::new().intern("BTC/USDT").unwrap_or(ascep_feeds::SymbolId(0));
//! # let trade = |ts| MarketEvent { ts, venue_ts: None, symbol, payload: Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None }) };
//! let second = TimePolicy::replay().with_late(LatePolicy::Reorder { delay: 1_000_000_000, hold: 1_000 });
//! let mut order = Order::new([second]);
//! let (mut clock, mut out) = (None, Vec::new());
//! for ts in [5_000_000_000, 4_500_000_000, 6_200_000_000] {
//!     order.push(0, trade(ts), clock)?;
//!     while let Some((_feed, event)) = order.pop(clock) {
//!         clock = Some(event.ts); // with an engine: hand the event to it, and ask it for its clock
//!         out.push(event.ts);
//!     }
//! }
//! assert_eq!(out, [4_500_000_000, 5_000_000_000]);
//! assert_eq!((order.counters(0).reordered, order.late(0).max), (1, 500_000_000));
//! order.end();
//! assert_eq!(order.pop(clock).map(|(_, event)| event.ts), Some(6_200_000_000));
//! # Ok::<(), ascep_feeds::order::OrderError>(())
//! ```

pub(crate) mod policy;
mod statistic;

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

pub use self::policy::{DEFAULT_AHEAD, DEFAULT_DELAY, DEFAULT_HOLD, LatePolicy, MAX_HOLD, PolicyError, TimePolicy};
pub use self::statistic::LateStatistic;
use self::statistic::Lateness;
use crate::event::{MarketEvent, Payload, Timestamp};
use crate::guard::{Admission, FutureGuard};

/// Puts the events of one or more feeds in order, as far as their policies say, and counts what comes late or too early.
///
/// The feeds share one buffer, since they share one clock: it holds back for the longest delay and at most as many events as the feeds'
/// policies name. Where no policy is [`LatePolicy::Reorder`] nothing is held back. After each [`Order::push`], [`Order::present`] and
/// [`Order::end`] the host takes with [`Order::pop`] what is due. What comes out depends on nothing but these calls.
#[derive(Debug)]
pub struct Order {
    feeds: Vec<Feed>,
    held: BinaryHeap<Reverse<Held>>,
    delay: i64,
    hold: usize,
    /// The greatest ts seen.
    newest: Option<Timestamp>,
    /// Everything before this is due.
    watermark: Option<Timestamp>,
    ended: bool,
    pushed: u64,
}

/// What became of the events of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderCounters {
    /// Events behind the engine's clock that were applied as of the clock.
    pub applied: u64,
    /// Events behind the engine's clock that were left out.
    pub dropped: u64,
    /// Events that came behind a newer one and were put in their place.
    pub reordered: u64,
    /// Events that left the buffer before their time because it was full.
    pub released_early: u64,
    /// Events too far ahead of the clock that were refused.
    pub future_refused: u64,
    /// Times far ahead of the clock that a second event confirmed.
    pub future_confirmed: u64,
}

impl OrderCounters {
    /// Adds those of another feed.
    pub fn add(&mut self, other: &Self) {
        self.applied += other.applied;
        self.dropped += other.dropped;
        self.reordered += other.reordered;
        self.released_early += other.released_early;
        self.future_refused += other.future_refused;
        self.future_confirmed += other.future_confirmed;
    }
}

/// Why an event is not taken. It has been counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Too far ahead of the clock.
    #[error("its time {ts} is {} s ahead of the clock, more than {} s", ahead / 1_000_000_000, limit / 1_000_000_000)]
    Future {
        /// Of the event.
        ts: Timestamp,
        /// How far ahead, in ns.
        ahead: i64,
        /// The limit, in ns.
        limit: i64,
    },
    /// A number that [`Order::new`] was given no policy for.
    #[error("there is no feed {feed}")]
    NoSuchFeed {
        /// As the host numbered it.
        feed: usize,
    },
}

impl OrderError {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Future { .. } => "a second event at that time is taken; the limit is the setting `ahead`",
            Self::NoSuchFeed { .. } => "give each feed a policy",
        }
    }
}

#[derive(Debug)]
struct Feed {
    policy: TimePolicy,
    guard: Option<FutureGuard>,
    counters: OrderCounters,
    late: Lateness,
}

#[derive(Debug)]
struct Held {
    /// ts, feed, number of the event; where nothing is held back only the number counts.
    key: (Timestamp, usize, u64),
    feed: usize,
    /// Whether something newer was there when it came.
    behind: bool,
    event: MarketEvent,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Order {
    /// For feeds with these policies, which are numbered from 0.
    pub fn new(policies: impl IntoIterator<Item = TimePolicy>) -> Self {
        let (mut delay, mut hold) = (0, 0);
        let feeds = policies.into_iter().map(|policy| {
            if let LatePolicy::Reorder { delay: its, hold: events } = policy.late {
                delay = delay.max(its.max(1));
                hold = hold.max(events.min(MAX_HOLD));
            }
            let guard = policy.ahead.map(FutureGuard::new);
            Feed { policy, guard, counters: OrderCounters::default(), late: Lateness::default() }
        });
        let feeds = feeds.collect();
        Self { feeds, held: BinaryHeap::new(), delay, hold, newest: None, watermark: None, ended: false, pushed: 0 }
    }

    /// Takes an event of a feed. The clock is the engine's, none before its first event.
    ///
    /// # Errors
    /// When the event is too far ahead of the clock; it is counted and left out.
    pub fn push(&mut self, feed: usize, event: MarketEvent, clock: Option<Timestamp>) -> Result<(), OrderError> {
        let now = clock.max(self.newest);
        let Some(of) = self.feeds.get_mut(feed) else { return Err(OrderError::NoSuchFeed { feed }) };
        // The feed itself says these, by the clock on the wall; what they tell must not be lost.
        let status = matches!(event.payload, Payload::Status(_));
        if let (Some(guard), Some(now), false) = (&mut of.guard, now, status) {
            match guard.admit(event.ts, now) {
                Admission::Fine => {}
                Admission::Confirmed => of.counters.future_confirmed += 1,
                Admission::Refused => {
                    of.counters.future_refused += 1;
                    return Err(OrderError::Future { ts: event.ts, ahead: event.ts.saturating_sub(now), limit: guard.limit() });
                }
            }
        }
        // The two ends of all time are no times: the engine refuses them, and nothing is late against one.
        let is_time = event.ts != Timestamp::MIN && event.ts != Timestamp::MAX;
        let behind = is_time && now.is_some_and(|now| event.ts < now);
        if behind {
            of.late.record(now.unwrap_or(event.ts).saturating_sub(event.ts));
        }
        if is_time {
            self.newest = self.newest.max(Some(event.ts));
        }
        if self.delay > 0 {
            self.watermark = self.watermark.max(self.newest.map(|newest| newest.saturating_sub(self.delay)));
        }
        let key = if self.delay > 0 { (event.ts, feed, self.pushed) } else { (0, 0, self.pushed) };
        self.pushed += 1;
        self.held.push(Reverse(Held { key, feed, behind, event }));
        Ok(())
    }

    /// The next event that is due, with its feed; a late one of a feed whose policy is to drop is counted and passed over.
    pub fn pop(&mut self, clock: Option<Timestamp>) -> Option<(usize, MarketEvent)> {
        loop {
            let Reverse(next) = self.held.peek()?;
            let due = self.ended || self.delay == 0 || self.watermark.is_some_and(|watermark| next.event.ts < watermark);
            if !due && self.held.len() <= self.hold {
                return None;
            }
            let Reverse(Held { feed, behind, event, .. }) = self.held.pop()?;
            let Some(of) = self.feeds.get_mut(feed) else { continue };
            of.counters.released_early += u64::from(!due);
            if clock.is_some_and(|clock| event.ts < clock) {
                if of.policy.late == LatePolicy::Drop && !matches!(event.payload, Payload::Status(_)) {
                    of.counters.dropped += 1;
                    continue;
                }
                of.counters.applied += 1;
            } else if behind {
                of.counters.reordered += 1;
            }
            return Some((feed, event));
        }
    }

    /// Live, in silence: everything up to and including `ts` has come, so what is held back up to there is due.
    pub fn present(&mut self, ts: Timestamp) {
        self.watermark = self.watermark.max(Some(ts.saturating_add(1)));
    }

    /// Nothing more will come: everything is due.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// How long events are held back, in ns; 0 where none are.
    #[must_use]
    pub fn delay(&self) -> i64 {
        self.delay
    }

    /// How many events are held back now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// How many feeds there are.
    #[must_use]
    pub fn feeds(&self) -> usize {
        self.feeds.len()
    }

    /// What became of the events of a feed.
    #[must_use]
    pub fn counters(&self, feed: usize) -> OrderCounters {
        self.feeds.get(feed).map_or_else(OrderCounters::default, |feed| feed.counters)
    }

    /// How late the events of a feed came, whatever its policy made of them.
    #[must_use]
    pub fn late(&self, feed: usize) -> LateStatistic {
        self.feeds.get(feed).map_or_else(LateStatistic::default, |feed| feed.late.get())
    }
}

#[cfg(test)]
mod tests;

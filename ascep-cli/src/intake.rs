//! Between feeds and what takes their events: what is late or far ahead is dealt with as the policies of the feeds say, and counted for the summary.

use ascep_feeds::order::OrderError;
use ascep_feeds::{LateStatistic, MarketEvent, Order, OrderCounters, Progress, Symbols, TimePolicy};
use ascep_runtime::event::Timestamp;

use crate::args::ReadArgs;
use crate::data::Data;
use crate::error::Failure;
use crate::values::At;

/// What takes the events of a run: the rules of a taker, or a scan.
pub(crate) trait Taker {
    /// Takes one event. What it refuses is counted, or ends the run under `--strict`.
    fn event(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), Failure>;
    /// Counts something that could not be taken; shows the first few.
    fn refuse(&mut self, what: &dyn std::fmt::Display) -> Result<(), Failure>;
    /// Adds what a feed refused by itself.
    fn add_refused(&mut self, n: u64);
    /// Brings the clock forward: everything up to `ts` has been delivered.
    fn advance_to(&mut self, ts: Timestamp) -> Result<(), Failure>;
    /// The clock, once it has begun.
    fn clock(&self) -> Option<Timestamp>;
    /// The ts of the first event.
    fn first_ts(&self) -> Option<Timestamp>;
    /// The ts of the newest event.
    fn last_ts(&self) -> Option<Timestamp>;
    /// Events taken so far.
    fn events(&self) -> u64;
    /// Whether nothing more is wanted of it.
    fn is_done(&self) -> bool {
        false
    }
    /// Writes something for people; takes off the screen what would stand in its way.
    fn aside(&self, write: &dyn Fn()) {
        write();
    }
    /// Called where recorded data are read, with how much of them is.
    fn progress(&mut self, _progress: &dyn Fn() -> Option<Progress>) {}
}

/// The way of events to a taker.
#[derive(Debug)]
pub(crate) struct Intake {
    order: Order,
    names: Vec<String>,
    /// `--from`: what is earlier is no start.
    from: Option<Timestamp>,
    /// What is later is left out.
    to: Option<To>,
    /// The earliest of what was left out as later.
    first_left_out: Option<Timestamp>,
    /// `--events`: how many are taken.
    most: Option<u64>,
}

/// The last time that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// A time.
    At(Timestamp),
    /// So long after the first event.
    After(i64),
}

impl From<At> for To {
    fn from(at: At) -> Self {
        match at {
            At::Moment(moment) => Self::At(moment.0),
            At::After(span) => Self::After(span),
        }
    }
}

/// What became of the events of a feed.
#[derive(Debug, Clone)]
pub(crate) struct FeedOrder {
    /// As the command line names it.
    pub(crate) name: String,
    /// Late and far ahead, counted.
    pub(crate) counters: OrderCounters,
    /// How late.
    pub(crate) late: LateStatistic,
}

impl Intake {
    /// Of feeds with their names and policies.
    pub(crate) fn new(feeds: impl IntoIterator<Item = (String, TimePolicy)>) -> Self {
        let (names, policies): (Vec<_>, Vec<_>) = feeds.into_iter().unzip();
        Self { order: Order::new(policies), names, from: None, to: None, first_left_out: None, most: None }
    }

    /// Of recorded data, as the command line says.
    pub(crate) fn of(args: &ReadArgs, data: &Data) -> Self {
        let policy = TimePolicy::replay().with_late(args.late).with_ahead(args.ahead.map(|span| span.0));
        let intake = Self::new(data.names().map(|name| (name.to_owned(), policy)));
        Self { from: args.from.map(|from| from.0), to: args.to.map(|to| To::At(to.0)), ..intake }
    }

    /// Events after this are left out.
    pub(crate) fn with_to(mut self, to: Option<To>) -> Self {
        self.to = to;
        self
    }

    /// No more events than this are taken.
    pub(crate) fn with_most(mut self, most: Option<u64>) -> Self {
        self.most = most;
        self
    }

    /// Takes an event, and hands on what is due.
    pub(crate) fn event(&mut self, feed: usize, event: MarketEvent, symbols: &Symbols, taker: &mut impl Taker) -> Result<(), Failure> {
        if self.is_before(&event, taker) && self.order.held() == 0 {
            return Ok(());
        }
        let (ts, symbol) = (event.ts, event.symbol);
        // Others that are in range may stand behind one that is not.
        if self.is_beyond(ts, taker) {
            return Ok(());
        }
        match self.order.push(feed, event, taker.clock()) {
            Ok(()) => self.drain(symbols, taker),
            Err(error @ OrderError::Future { .. }) => {
                taker.refuse(&format_args!("event at {ts} of {}: {error}; {}", symbols.name(symbol), error.help()))?;
                self.drain(symbols, taker)
            }
            Err(error) => Err(Failure::Feed(error.to_string())),
        }
    }

    /// Live, in silence: what has come up to `ts` is handed on, and the clock goes there.
    pub(crate) fn silence(&mut self, ts: Timestamp, symbols: &Symbols, taker: &mut impl Taker) -> Result<(), Failure> {
        let ts = ts.saturating_sub(self.order.delay());
        self.order.present(ts);
        self.drain(symbols, taker)?;
        match taker.clock() {
            // Before the first event there is no clock: a replay of the record begins with that event, too.
            Some(clock) if ts > clock => taker.advance_to(ts),
            _ => Ok(()),
        }
    }

    /// Nothing more comes: what was held back is handed on.
    pub(crate) fn end(&mut self, symbols: &Symbols, taker: &mut impl Taker) -> Result<(), Failure> {
        self.order.end();
        self.drain(symbols, taker)
    }

    /// The last time that is wanted, where one is and it is known.
    pub(crate) fn to(&self, taker: &impl Taker) -> Option<Timestamp> {
        match self.to? {
            To::At(to) => Some(to),
            To::After(span) => taker.first_ts().map(|first| first.saturating_add(span)),
        }
    }

    /// The earliest of what was left out as later than what is wanted.
    pub(crate) fn first_left_out(&self) -> Option<Timestamp> {
        self.first_left_out
    }

    fn is_beyond(&mut self, ts: Timestamp, taker: &impl Taker) -> bool {
        let beyond = self.to(taker).is_some_and(|to| ts > to);
        if beyond {
            self.first_left_out = Some(self.first_left_out.map_or(ts, |first| first.min(ts)));
        }
        beyond
    }

    /// What became of the events, feed by feed.
    pub(crate) fn report(&self) -> Vec<FeedOrder> {
        let feeds = self.names.iter().enumerate();
        feeds.map(|(at, name)| FeedOrder { name: name.clone(), counters: self.order.counters(at), late: self.order.late(at) }).collect()
    }

    fn drain(&mut self, symbols: &Symbols, taker: &mut impl Taker) -> Result<(), Failure> {
        while self.most.is_none_or(|most| taker.events() < most)
            && let Some((_, event)) = self.order.pop(taker.clock())
        {
            if !self.is_before(&event, taker) && !self.is_beyond(event.ts, taker) {
                taker.event(&event, symbols)?;
            }
        }
        Ok(())
    }

    /// Whether an event is earlier than the start that was asked for, and nothing has begun.
    fn is_before(&self, event: &MarketEvent, taker: &impl Taker) -> bool {
        taker.clock().is_none() && self.from.is_some_and(|from| event.ts < from)
    }
}

//! The policies one by one, and any stream through a reorder buffer.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::event::{Status, Trade};
use crate::symbols::SymbolId;

const REORDER: LatePolicy = LatePolicy::Reorder { delay: 10, hold: 100 };

/// A trade whose price tells it apart.
fn trade(ts: Timestamp, price: f64) -> MarketEvent {
    MarketEvent { ts, venue_ts: None, symbol: SymbolId(0), payload: Payload::Trade(Trade { price, qty: 1.0, side: None }) }
}

fn status(ts: Timestamp) -> MarketEvent {
    MarketEvent { payload: Payload::Status(Status::Disconnect), ..trade(ts, 1.0) }
}

/// A host with an engine: the clock is that of the newest event that came out, or what the host brought it to.
struct Host {
    order: Order,
    clock: Option<Timestamp>,
    out: Vec<(usize, Timestamp)>,
}

impl Host {
    fn new(policies: &[TimePolicy]) -> Self {
        Self { order: Order::new(policies.iter().copied()), clock: None, out: Vec::new() }
    }

    fn late(policy: LatePolicy) -> Self {
        Self::new(&[TimePolicy::replay().with_late(policy)])
    }

    fn push(&mut self, feed: usize, event: MarketEvent) -> Result<(), OrderError> {
        let pushed = self.order.push(feed, event, self.clock);
        self.drain();
        pushed
    }

    fn all(mut self, times: &[Timestamp]) -> Self {
        for &ts in times {
            self.push(0, trade(ts, 1.0)).unwrap();
        }
        self
    }

    fn drain(&mut self) {
        while let Some((feed, event)) = self.order.pop(self.clock) {
            self.clock = self.clock.max(Some(event.ts));
            self.out.push((feed, event.ts));
        }
    }

    fn end(mut self) -> Self {
        self.order.end();
        self.drain();
        self
    }

    fn times(&self) -> Vec<Timestamp> {
        self.out.iter().map(|&(_, ts)| ts).collect()
    }
}

#[test]
fn late_events_are_applied() {
    let host = Host::late(LatePolicy::Apply).all(&[100, 90, 100, 110, 95]);
    assert_eq!(host.times(), [100, 90, 100, 110, 95]);
    assert_eq!(host.order.counters(0), OrderCounters { applied: 2, ..OrderCounters::default() });
    assert_eq!(host.order.late(0), LateStatistic { events: 2, p50: 10, p99: 15, max: 15 });
    assert_eq!(host.order.held(), 0);
}

#[test]
fn late_events_are_dropped_but_for_statuses() {
    let mut host = Host::late(LatePolicy::Drop).all(&[100, 90, 100, 110]);
    host.push(0, status(50)).unwrap();
    assert_eq!(host.times(), [100, 100, 110, 50]);
    assert_eq!(host.order.counters(0), OrderCounters { dropped: 1, applied: 1, ..OrderCounters::default() });
}

#[test]
fn late_is_what_is_behind_the_clock_that_the_host_moved() {
    let mut host = Host::late(LatePolicy::Drop).all(&[100]);
    host.clock = Some(200);
    host.push(0, trade(150, 1.0)).unwrap();
    host.push(0, trade(200, 1.0)).unwrap();
    assert_eq!(host.times(), [100, 200]);
    assert_eq!(host.order.late(0).max, 50);
}

#[test]
fn a_buffer_puts_in_order_and_waits_for_its_delay() {
    let host = Host::late(REORDER).all(&[100, 95, 104, 94]);
    assert!(host.out.is_empty(), "one that is exactly the delay behind may still come");
    assert_eq!(host.order.held(), 4);
    let host = host.all(&[106]);
    assert_eq!(host.times(), [94, 95]);
    let host = host.all(&[80]);
    assert_eq!(host.times(), [94, 95, 80], "later than the delay: applied as of the clock");
    let host = host.end();
    assert_eq!(host.times(), [94, 95, 80, 100, 104, 106]);
    let counters = host.order.counters(0);
    assert_eq!(counters, OrderCounters { applied: 1, reordered: 2, ..OrderCounters::default() });
    assert_eq!(host.order.late(0).events, 3);
}

#[test]
fn a_full_buffer_lets_the_oldest_go() {
    let host = Host::late(LatePolicy::Reorder { delay: 1_000, hold: 2 }).all(&[100, 90, 110]);
    assert_eq!(host.times(), [90]);
    let host = host.all(&[95, 80]).end();
    assert_eq!(host.times(), [90, 95, 80, 100, 110]);
    let counters = host.order.counters(0);
    assert_eq!((counters.released_early, counters.reordered, counters.applied), (3, 2, 1));
}

#[test]
fn silence_releases() {
    let mut host = Host::late(REORDER).all(&[100, 95]);
    host.order.present(94);
    host.drain();
    assert!(host.out.is_empty());
    host.order.present(95);
    host.drain();
    assert_eq!(host.times(), [95]);
    host.order.present(50);
    host.order.present(1_000);
    host.drain();
    assert_eq!(host.times(), [95, 100]);
}

#[test]
fn ties_go_by_feed_and_then_as_they_came() {
    let mut host = Host::new(&[TimePolicy::replay().with_late(REORDER), TimePolicy::replay()]);
    for (feed, ts) in [(1, 100), (0, 100), (1, 99), (0, 101), (0, 100)] {
        host.push(feed, trade(ts, 1.0)).unwrap();
    }
    let host = host.end();
    assert_eq!(host.out, [(1, 99), (0, 100), (0, 100), (1, 100), (0, 101)]);
}

#[test]
fn a_time_far_ahead_needs_a_second_event() {
    let mut host = Host::new(&[TimePolicy::live().with_ahead(Some(1_000)), TimePolicy::replay()]);
    host.push(0, trade(100, 1.0)).unwrap();
    let refused = host.push(0, trade(5_000, 1.0)).unwrap_err();
    assert_eq!(refused, OrderError::Future { ts: 5_000, ahead: 4_900, limit: 1_000 });
    host.push(0, status(200)).unwrap();
    host.push(0, trade(5_001, 1.0)).unwrap();
    host.push(0, status(50_000)).unwrap();
    host.push(1, trade(90_000, 1.0)).unwrap();
    assert_eq!(host.times(), [100, 200, 5_001, 50_000, 90_000]);
    let counters = host.order.counters(0);
    assert_eq!((counters.future_refused, counters.future_confirmed), (1, 1));
    assert_eq!(host.order.counters(1), OrderCounters::default());
    assert_eq!(host.push(2, trade(1, 1.0)), Err(OrderError::NoSuchFeed { feed: 2 }));
}

#[test]
fn the_guard_knows_what_the_buffer_holds_before_the_clock_begins() {
    let policy = TimePolicy { late: LatePolicy::Reorder { delay: 1_000_000, hold: 10 }, ahead: Some(1_000) };
    let mut host = Host::new(&[policy]);
    host.push(0, trade(100, 1.0)).unwrap();
    assert!(host.push(0, trade(5_000, 1.0)).is_err());
}

#[test]
fn extremes_of_time_do_no_harm() {
    let host = Host::late(LatePolicy::Reorder { delay: i64::MAX, hold: usize::MAX }).all(&[i64::MAX, i64::MIN, 0]).end();
    assert_eq!(host.times(), [i64::MIN, 0, i64::MAX]);
    // An engine refuses the end of all time and keeps its clock: what comes next is not late.
    let mut order = Order::new([TimePolicy::replay()]);
    for (ts, clock) in [(1, None), (i64::MAX, Some(1)), (9, Some(1))] {
        order.push(0, trade(ts, 1.0), clock).unwrap();
        assert_eq!(order.pop(clock).map(|(_, event)| event.ts), Some(ts));
    }
    assert_eq!((order.counters(0), order.late(0).events), (OrderCounters::default(), 0));
}

/// How far the events of a stream lie behind the newest before them, at most.
fn disorder(times: &[(usize, Timestamp)]) -> i64 {
    let mut newest = i64::MIN;
    times.iter().fold(0, |most, &(_, ts)| {
        newest = newest.max(ts);
        most.max(newest - ts)
    })
}

proptest! {
    #[test]
    fn a_delay_of_the_disorder_sorts_any_stream(times in prop::collection::vec((0..3_usize, 0..200_i64), 0..200), more in 0..5_i64) {
        let policy = LatePolicy::Reorder { delay: disorder(&times) + more, hold: 1_000 };
        let mut host = Host::new(&[TimePolicy::replay().with_late(policy); 3]);
        for &(feed, ts) in &times {
            host.push(feed, trade(ts, 1.0)).unwrap();
        }
        let host = host.end();
        let mut want: Vec<_> = times.iter().map(|&(feed, ts)| (ts, feed)).collect();
        want.sort_unstable();
        prop_assert_eq!(host.out.iter().map(|&(feed, ts)| (ts, feed)).collect::<Vec<_>>(), want);
        for feed in 0..3 {
            let counters = host.order.counters(feed);
            prop_assert_eq!(counters.applied + counters.released_early + counters.dropped, 0);
            prop_assert_eq!(counters.reordered, host.order.late(feed).events);
        }
    }

    #[test]
    fn with_less_every_event_comes_out_or_is_counted(
        times in prop::collection::vec((0..2_usize, 0..200_i64, 0..20_i64), 0..200),
        delay in 1..50_i64,
        hold in 1..20_usize,
    ) {
        let mut host = Host::new(&[
            TimePolicy::replay().with_late(LatePolicy::Reorder { delay, hold }),
            TimePolicy::replay().with_late(LatePolicy::Drop),
        ]);
        for (number, &(feed, ts, silence)) in times.iter().enumerate() {
            host.push(feed, trade(ts, number as f64 + 1.0)).unwrap();
            prop_assert!(host.order.held() <= hold, "the buffer is bounded");
            if silence == 0 {
                host.order.present(ts);
                host.drain();
                host.clock = host.clock.max(Some(ts));
            }
        }
        let host = host.end();
        let dropped = host.order.counters(1).dropped;
        prop_assert_eq!(host.order.counters(0).dropped, 0, "only a feed that says so drops");
        prop_assert_eq!(host.out.len() as u64 + dropped, times.len() as u64);
        let (mut newest, mut late) = (i64::MIN, 0);
        for &(_, ts) in &host.out {
            late += u64::from(ts < newest);
            newest = newest.max(ts);
        }
        prop_assert!(late <= host.order.counters(0).applied, "what is out of order is counted");
    }
}

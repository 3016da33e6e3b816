//! Rounds: events dealt to the shards, the caller's own part worked at, and all signals put in order before a call returns.

use std::collections::VecDeque;
use std::thread::{self, Thread};

use ascep_lang::program::{Constant, ParamId};

use super::batch::Batch;
use super::lane::ROUNDS;
use super::merge::Merge;
use super::page::Cause;
use super::settings::ShardedError;
use super::split::NOWHERE;
use super::worker::{self, Job};
use crate::counters::{Counters, PlanStats};
use crate::engine::Engine;
use crate::error::{BatchError, EventError, ParamError};
use crate::event::{Event, InstrumentId, Timestamp};
use crate::market;
use crate::plan::ScanUse;
use crate::signal::{Signal, SignalSink};

/// What the rules of any shard use a parameter as: a shard refuses only what its own rules can't take.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ParamUse {
    pub(super) is_period: bool,
    pub(super) scan: ScanUse,
}

/// A round that was dealt.
#[derive(Debug)]
struct Round {
    /// What the caller's own shard has of it.
    batch: Batch,
    /// The lanes that have a part in it, each a bit.
    lanes: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Rounds {
    pub(super) merge: Merge,
    pub(super) clock: Option<Timestamp>,
    /// Events, late, refused and unnamed ones.
    pub(super) counters: Counters,
    /// Events by shard.
    pub(super) events: Vec<u64>,
    pub(super) stats: PlanStats,
    /// By instrument.
    shard_of: Vec<u8>,
    uses: Vec<ParamUse>,
    round_events: usize,
    under_way: VecDeque<Round>,
    /// Batches of the own shard that are not under way.
    batches: Vec<Batch>,
    /// Whether a call is at work. One that finds it so comes after one that a panic has ended.
    at_work: bool,
}

impl Rounds {
    pub(super) fn new(merge: Merge, shard_of: Vec<u8>, uses: Vec<ParamUse>, round_events: usize, stats: PlanStats) -> Self {
        let events = vec![0; merge.lanes.len() + 1];
        Self {
            merge,
            clock: None,
            counters: Counters::default(),
            events,
            stats,
            shard_of,
            uses,
            round_events,
            under_way: VecDeque::with_capacity(ROUNDS),
            batches: (0..ROUNDS).map(|_| Batch::new(round_events)).collect(),
            at_work: false,
        }
    }

    /// Whether the rules of all shards can take a value of a parameter, of which one has said so.
    pub(super) fn accept(&self, id: ParamId, value: &Constant) -> Result<(), ParamError> {
        let ParamUse { is_period, scan } = self.uses.get(id.0 as usize).copied().unwrap_or_default();
        let is_length = !is_period || matches!(value, Constant::Duration(d) if *d > 0);
        let is_taken = !matches!(value, Constant::Num(bits) if !scan.takes(f64::from_bits(*bits)));
        if is_length && is_taken { Ok(()) } else { Err(ParamError::Range) }
    }

    pub(super) fn on_events<S: SignalSink + ?Sized>(
        &mut self,
        engine: &mut Engine,
        events: &[Event<'_>],
        sink: &mut S,
    ) -> Result<(), ShardedError> {
        self.begin()?;
        let from = thread::current();
        let (mut next, mut refused) = (0, None);
        loop {
            while self.under_way.len() < ROUNDS && next < events.len() && refused.is_none() {
                (next, refused) = self.deal(events, next, &from);
            }
            let Some(Round { mut batch, lanes }) = self.under_way.pop_front() else { break };
            let merge = &mut self.merge;
            batch.run(engine, &mut |signal, place| merge.own(lanes, signal, Cause::Event(place), sink));
            merge.finish(lanes, sink);
            batch.clear();
            self.batches.push(batch);
        }
        self.end()?;
        refused.map_or(Ok(()), |refused| Err(refused.into()))
    }

    pub(super) fn advance_to<S: SignalSink + ?Sized>(
        &mut self,
        engine: &mut Engine,
        ts: Timestamp,
        sink: &mut S,
    ) -> Result<(), ShardedError> {
        // The two ends of the range stand for unknown and never.
        let ts = ts.clamp(i64::MIN + 1, i64::MAX - 1);
        if self.clock.is_some_and(|clock| ts < clock) {
            return self.begin().and_then(|()| self.end());
        }
        self.clock = Some(ts);
        self.call(engine, &Job::Advance(ts), sink)
    }

    /// Does the same in all shards.
    pub(super) fn call<S: SignalSink + ?Sized>(&mut self, engine: &mut Engine, job: &Job, sink: &mut S) -> Result<(), ShardedError> {
        self.begin()?;
        let from = thread::current();
        let mut lanes = 0;
        for (index, lane) in self.merge.lanes.iter_mut().enumerate() {
            let job = match *job {
                Job::Advance(ts) => Job::Advance(ts),
                Job::Param(clock, id, value) => Job::Param(clock, id, value),
                Job::Input(clock, id, value) => Job::Input(clock, id, value),
                Job::Events(_) => continue,
            };
            lanes |= 1 << index;
            if lane.send(job, from.clone()).is_err() {
                self.merge.lost = Some(index + 1);
                break;
            }
        }
        let merge = &mut self.merge;
        worker::work(engine, job, &mut |signal: &Signal<'_>, cause| merge.own(lanes, signal, cause, sink));
        merge.finish(lanes, sink);
        self.end()
    }

    fn begin(&mut self) -> Result<(), ShardedError> {
        if std::mem::replace(&mut self.at_work, true) {
            return Err(ShardedError::Ended { shard: self.merge.lost.unwrap_or(0) });
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ShardedError> {
        if let Some(shard) = self.merge.lost {
            return Err(ShardedError::Ended { shard });
        }
        self.at_work = false;
        Ok(())
    }

    /// Deals a round of events from a place on; gives the place of the next round, and what was refused.
    fn deal(&mut self, events: &[Event<'_>], from: usize, caller: &Thread) -> (usize, Option<BatchError>) {
        // As many as rounds may be under way.
        let Some(mut own) = self.batches.pop() else { return (events.len(), None) };
        let (mut next, mut refused) = (from, None);
        for (place, event) in (0..).zip(events.iter().skip(from).take(self.round_events)) {
            match self.deal_event(place, event, &mut own) {
                Ok(is_full) => {
                    next += 1;
                    if is_full {
                        break;
                    }
                }
                Err(error) => {
                    self.counters.refused += 1;
                    refused = Some(BatchError { index: next, error });
                    break;
                }
            }
        }
        let mut lanes = 0;
        if let Some(clock) = self.clock {
            own.clock(clock);
            for (index, lane) in self.merge.lanes.iter_mut().enumerate() {
                let (is_quiet, due) = (lane.pending == 0, lane.due);
                let Some(batch) = lane.batch() else { continue };
                if batch.is_empty() && is_quiet && due >= clock {
                    continue;
                }
                batch.clock(clock);
                lanes |= 1 << index;
                if lane.send_batch(caller.clone()).is_err() {
                    self.merge.lost = Some(index + 1);
                }
            }
        }
        self.under_way.push_back(Round { batch: own, lanes });
        (next, refused)
    }

    /// Deals an event; says whether the round ends with it.
    #[inline]
    fn deal_event(&mut self, place: u32, event: &Event<'_>, own: &mut Batch) -> Result<bool, EventError> {
        let shard = if event.instrument == InstrumentId::UNNAMED {
            None
        } else {
            let shard = self.shard_of.get(event.instrument.0 as usize).copied();
            Some(shard.ok_or(EventError::Instrument(event.instrument))?)
        };
        market::validate(event)?;
        self.counters.events += 1;
        let mut venue_ts = event.venue_ts;
        let clock = match self.clock {
            None => {
                // All begin at one time: what they come to know they know from then on.
                own.clock(event.ts);
                self.merge.lanes.iter_mut().filter_map(|lane| lane.batch()).for_each(|batch| batch.clock(event.ts));
                event.ts
            }
            Some(clock) => {
                if event.ts < clock {
                    self.counters.late += 1;
                    venue_ts = venue_ts.or(Some(event.ts));
                }
                clock.max(event.ts)
            }
        };
        self.clock = Some(clock);
        let Some(shard) = shard else {
            self.counters.unnamed += 1;
            return Ok(false);
        };
        if shard == NOWHERE {
            return Ok(false);
        }
        if let Some(events) = self.events.get_mut(usize::from(shard)) {
            *events += 1;
        }
        let batch = match usize::from(shard).checked_sub(1) {
            None => Some(own),
            Some(lane) => self.merge.lanes.get_mut(lane).and_then(|lane| lane.batch()),
        };
        Ok(batch.is_some_and(|batch| {
            batch.push(place, clock, venue_ts, event);
            batch.is_full()
        }))
    }
}

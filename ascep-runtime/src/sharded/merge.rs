//! The signals of all shards as those of one engine: in its order, with its numbers.

use super::lane::Lane;
use super::page::{Cause, Key, Page, Recorder};
use crate::rules::recycle;
use crate::signal::{Signal, SignalHead, SignalSink, Value};

/// See the module.
#[derive(Debug)]
pub(super) struct Merge {
    pub(super) lanes: Vec<Lane>,
    /// The signals of the shard that the caller runs itself.
    own: Recorder,
    /// How many of them are out.
    at: usize,
    heads: Vec<SignalHead>,
    /// Empty between signals; kept for its capacity.
    values: Vec<Value<'static>>,
    /// The number of the last signal.
    pub(super) seq: u64,
    /// The first shard whose thread was found to have ended: the caller's is 0.
    pub(super) lost: Option<usize>,
    /// Times that the caller's own page was full before its round was done.
    pub(super) early_pages: u64,
}

/// How far to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Until there is room on the caller's own page.
    OwnIsOut,
    AllAreOut,
}

impl Merge {
    pub(super) fn new(lanes: Vec<Lane>, own: Recorder, heads: Vec<SignalHead>) -> Self {
        let most = heads.iter().map(|head| head.fields.len()).max().unwrap_or(0);
        Self { lanes, own, at: 0, heads, values: Vec::with_capacity(most), seq: 0, lost: None, early_pages: 0 }
    }

    /// Takes a signal of the caller's own shard.
    pub(super) fn own<S: SignalSink + ?Sized>(&mut self, round: u64, signal: &Signal<'_>, cause: Cause, sink: &mut S) {
        if !self.own.page.has_room(signal) {
            self.early_pages += 1;
            self.run(round, Until::OwnIsOut, sink);
            self.own.page.clear();
            self.at = 0;
        }
        self.own.record(cause, signal);
    }

    /// Gives out all signals of a round, in which the lanes of `round` have a part, each a bit.
    pub(super) fn finish<S: SignalSink + ?Sized>(&mut self, round: u64, sink: &mut S) {
        self.run(round, Until::AllAreOut, sink);
        self.own.page.clear();
        self.at = 0;
        if self.lost.is_none() {
            self.lanes.iter_mut().zip(0..).filter(|(_, bit)| round >> bit & 1 == 1).for_each(|(lane, _)| lane.finish());
        }
    }

    fn run<S: SignalSink + ?Sized>(&mut self, round: u64, until: Until, sink: &mut S) {
        if self.lost.is_some() {
            return;
        }
        loop {
            let own = self.own.page.records.get(self.at).map(|record| record.key);
            if own.is_none() && until == Until::OwnIsOut {
                return;
            }
            let mut first: Option<(Key, Option<usize>)> = own.map(|key| (key, None));
            for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(index, _)| round >> index & 1 == 1) {
                let Ok(head) = lane.head() else {
                    self.lost = Some(index + 1);
                    return;
                };
                if let Some(key) = head
                    && first.is_none_or(|(other, _)| key < other)
                {
                    first = Some((key, Some(index)));
                }
            }
            let Some((_, from)) = first else { return };
            self.seq += 1;
            let taken = match from {
                Some(index) => self.lanes.get_mut(index).and_then(Lane::take),
                None => {
                    self.at += 1;
                    Some((&*self.own.page, self.at - 1))
                }
            };
            if let Some((page, at)) = taken {
                give(page, at, self.seq, &self.heads, &mut self.values, sink);
            }
        }
    }
}

/// Gives out a signal of a page.
fn give<S: SignalSink + ?Sized>(page: &Page, at: usize, seq: u64, heads: &[SignalHead], kept: &mut Vec<Value<'static>>, sink: &mut S) {
    let Some(record) = page.records.get(at) else { return };
    let Some(head) = heads.get(record.head as usize) else { return };
    let mut values = recycle(std::mem::take(kept));
    values.extend(page.values(*record));
    sink.signal(&Signal::new(seq, record.ts(), head, &values));
    *kept = recycle(values);
}

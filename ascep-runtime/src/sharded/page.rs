//! Signals on their way from a shard to the merge: a page of fixed size, and who writes it.

use super::batch::Batch;
use crate::counters::Counters;
use crate::event::Timestamp;
use crate::signal::{Signal, Value};

/// Where a signal stands among those of a round. Signals of one shard come in this order, and those of two shards never tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    ts: Timestamp,
    /// At one time events come before timers.
    after_events: bool,
    /// The event's place, which goes to one shard. Of timers and settings: 0 for the rules that they touch, then the scans in the order in which they tell.
    place: u32,
    /// The rule, where rules of several shards are touched at once.
    rule: u32,
}

/// One signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) key: Key,
    /// Its head among those of the whole program.
    pub(super) head: u32,
    pub(super) values: (u32, u32),
}

/// A value; texts stand in the page.
#[derive(Debug, Clone, Copy)]
enum Packed {
    Unknown,
    Num(f64),
    Bool(bool),
    Duration(i64),
    Timestamp(i64),
    Symbol(u32, u32),
    Text(u32, u32),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Record>,
    values: Vec<Packed>,
    text: String,
    /// Of the last page of a round: what its events came in, and what the shard has counted.
    pub(super) last: Option<Last>,
}

/// See [`Page::last`].
#[derive(Debug)]
pub(super) struct Last {
    pub(super) batch: Option<Batch>,
    pub(super) counters: Counters,
    /// No timer is due before this.
    pub(super) due: Timestamp,
}

/// How much a page holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageSize {
    pub(super) signals: usize,
    pub(super) values: usize,
    pub(super) text: usize,
}

impl PageSize {
    pub(super) fn bytes(self) -> usize {
        size_of::<Page>() + self.signals * size_of::<Record>() + self.values * size_of::<Packed>() + self.text
    }
}

impl Page {
    pub(super) fn new(size: PageSize) -> Self {
        let PageSize { signals, values, text } = size;
        Self { records: Vec::with_capacity(signals), values: Vec::with_capacity(values), text: String::with_capacity(text), last: None }
    }

    pub(super) fn clear(&mut self) {
        let Self { records, values, text, last } = self;
        records.clear();
        values.clear();
        text.clear();
        *last = None;
    }

    /// Whether a signal fits beside what is there. An empty page has room for any.
    pub(super) fn has_room(&self, signal: &Signal<'_>) -> bool {
        let text = |value: &Value<'_>| if let Value::Symbol(s) | Value::Text(s) = value { s.len() } else { 0 };
        self.records.len() < self.records.capacity()
            && self.values.len() + signal.values.len() <= self.values.capacity()
            && self.text.len() + signal.values.iter().map(text).sum::<usize>() <= self.text.capacity()
    }

    fn add(&mut self, key: Key, head: u32, signal: &Signal<'_>) {
        let short = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let start = short(self.values.len());
        for value in signal.values {
            let text = &mut self.text;
            let mut keep = |s: &str| {
                let start = short(text.len());
                text.push_str(s);
                (start, short(text.len()))
            };
            self.values.push(match *value {
                Value::Unknown => Packed::Unknown,
                Value::Num(x) => Packed::Num(x),
                Value::Bool(truth) => Packed::Bool(truth),
                Value::Duration(d) => Packed::Duration(d),
                Value::Timestamp(ts) => Packed::Timestamp(ts),
                Value::Symbol(s) => {
                    let (start, end) = keep(s);
                    Packed::Symbol(start, end)
                }
                Value::Text(s) => {
                    let (start, end) = keep(s);
                    Packed::Text(start, end)
                }
            });
        }
        self.records.push(Record { key, head, values: (start, short(self.values.len())) });
    }

    /// The values of a signal.
    pub(super) fn values(&self, record: Record) -> impl Iterator<Item = Value<'_>> {
        let (start, end) = record.values;
        let text = |start: u32, end: u32| self.text.get(start as usize..end as usize).unwrap_or_default();
        self.values.get(start as usize..end as usize).unwrap_or_default().iter().map(move |value| match *value {
            Packed::Unknown => Value::Unknown,
            Packed::Num(x) => Value::Num(x),
            Packed::Bool(truth) => Value::Bool(truth),
            Packed::Duration(d) => Value::Duration(d),
            Packed::Timestamp(ts) => Value::Timestamp(ts),
            Packed::Symbol(start, end) => Value::Symbol(text(start, end)),
            Packed::Text(start, end) => Value::Text(text(start, end)),
        })
    }
}

impl Record {
    pub(super) fn ts(&self) -> Timestamp {
        self.key.ts
    }
}

/// A rule of a shard in the whole program.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) rule: u32,
    /// Its first head, and how many it has.
    pub(super) head: u32,
    pub(super) actions: u32,
}

/// What brought a signal about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    /// An event with its place in the round, or timers that were due before it.
    Event(u32),
    /// The clock, or a setting.
    Call,
}

/// Puts the signals of one shard on pages.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) page: Box<Page>,
    /// By rule of the shard.
    places: Vec<Place>,
    /// By scan of the program: where it stands among those that tell at one time, from 1.
    scans: Vec<u32>,
    /// The rule that the last signal came from, and which of its actions that was.
    last: (u32, u32),
}

impl Recorder {
    pub(super) fn new(page: Box<Page>, places: Vec<Place>, scans: Vec<u32>) -> Self {
        Self { page, places, scans, last: (u32::MAX, 0) }
    }

    /// Writes a signal down; the page has room for it.
    pub(super) fn record(&mut self, cause: Cause, signal: &Signal<'_>) {
        let local = signal.rule_index();
        let Place { rule, head, actions } = crate::value::at(&self.places, local);
        // A rule that fires gives all its signals, one after the other.
        let action = if self.last.0 == local && self.last.1 + 1 < actions { self.last.1 + 1 } else { 0 };
        self.last = (local, action);
        let key = match cause {
            Cause::Event(place) if !signal.origin.timers => Key { ts: signal.ts, after_events: false, place, rule: 0 },
            _ => {
                let scan = signal.origin.scan.checked_sub(1);
                let place = scan.map_or(0, |scan| crate::value::at(&self.scans, scan));
                Key { ts: signal.ts, after_events: true, place, rule }
            }
        };
        self.page.add(key, head + action, signal);
    }
}

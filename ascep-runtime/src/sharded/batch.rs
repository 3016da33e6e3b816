//! The events of a round that go to one shard, in memory that is used again and again.

use crate::engine::Engine;
use crate::event::{Book, Event, InstrumentId, Level, Loss, MAX_DEPTH, Payload, Timestamp};
use crate::signal::Signal;

/// Levels of books that there is room for, for each event of a round; a round with more of them ends early.
const LEVELS: usize = 8;

/// See the module. The clock is never ahead of the events: each is at or after the one before it.
#[derive(Debug)]
pub(super) struct Batch {
    /// Books without what they say.
    events: Vec<Event<'static>>,
    /// The place of each event in the round.
    places: Vec<u32>,
    books: Vec<Levels>,
    levels: Vec<Level>,
}

/// Where the levels of a book stand: those of the bids, then those of the asks.
#[derive(Debug, Clone, Copy)]
struct Levels {
    /// The book among the events.
    event: usize,
    bids: usize,
    asks: usize,
}

impl Batch {
    /// For a round of so many events, with one before and one after it that only move the clock.
    pub(super) fn new(events: usize) -> Self {
        Self {
            events: Vec::with_capacity(events + 2),
            places: Vec::with_capacity(events + 2),
            books: Vec::with_capacity(events),
            levels: Vec::with_capacity(events * LEVELS + 2 * MAX_DEPTH),
        }
    }

    /// Bytes of one.
    pub(super) fn bytes(events: usize) -> usize {
        let each = size_of::<Event<'_>>() + size_of::<u32>() + size_of::<Levels>() + LEVELS * size_of::<Level>();
        size_of::<Self>() + (events + 2) * each + 2 * MAX_DEPTH * size_of::<Level>()
    }

    pub(super) fn clear(&mut self) {
        let Self { events, places, books, levels } = self;
        events.clear();
        places.clear();
        books.clear();
        levels.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether one more book might not fit.
    pub(super) fn is_full(&self) -> bool {
        self.levels.len() + 2 * MAX_DEPTH > self.levels.capacity()
    }

    /// Moves the clock, where the events have not.
    pub(super) fn clock(&mut self, ts: Timestamp) {
        if self.events.last().is_none_or(|last| last.ts < ts) {
            self.add(u32::MAX, Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload: Payload::Forget(Loss::Gap) });
        }
    }

    /// Adds an event with the time at which it is applied.
    pub(super) fn push(&mut self, place: u32, ts: Timestamp, venue_ts: Option<Timestamp>, event: &Event<'_>) {
        let payload = match event.payload {
            Payload::Trade(trade) => Payload::Trade(trade),
            Payload::Quote(quote) => Payload::Quote(quote),
            Payload::Forget(loss) => Payload::Forget(loss),
            Payload::Book(Book { bids, asks }) => {
                // What is deeper the engine does not look at.
                let [bids, asks] = [bids, asks].map(|side| side.get(..MAX_DEPTH).unwrap_or(side));
                self.books.push(Levels { event: self.events.len(), bids: bids.len(), asks: asks.len() });
                self.levels.extend_from_slice(bids);
                self.levels.extend_from_slice(asks);
                Payload::Book(Book { bids: &[], asks: &[] })
            }
        };
        self.add(place, Event { ts, venue_ts, instrument: event.instrument, payload });
    }

    fn add(&mut self, place: u32, event: Event<'static>) {
        self.events.push(event);
        self.places.push(place);
    }

    /// Gives the events to an engine; `sink` gets each signal with the place of its event.
    pub(super) fn run(&self, engine: &mut Engine, sink: &mut impl FnMut(&Signal<'_>, u32)) {
        let place = |index: usize| self.places.get(index).copied().unwrap_or(u32::MAX);
        let (mut from, mut level) = (0, 0);
        let plain = |engine: &mut Engine, mut from: usize, to: usize, sink: &mut dyn FnMut(&Signal<'_>, u32)| {
            while let Some(rest) = self.events.get(from..to) {
                let taken = engine.on_events(rest, &mut |signal: &Signal<'_>| sink(signal, place(from + signal.origin.place)));
                // The numbers have been looked at, so none is refused.
                let Err(refused) = taken else { break };
                from += refused.index + 1;
            }
        };
        for &Levels { event: index, bids, asks } in &self.books {
            plain(engine, from, index, sink);
            let [bids, asks] = [(level, level + bids), (level + bids, level + bids + asks)]
                .map(|(start, end)| self.levels.get(start..end).unwrap_or_default());
            level += bids.len() + asks.len();
            if let Some(event) = self.events.get(index) {
                let event = Event { payload: Payload::Book(Book { bids, asks }), ..*event };
                let _ = engine.on_event(&event, &mut |signal: &Signal<'_>| sink(signal, place(index)));
            }
            from = index + 1;
        }
        plain(engine, from, self.events.len(), sink);
    }
}

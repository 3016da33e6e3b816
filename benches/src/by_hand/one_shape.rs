//! A mid above a constant while the spread is narrow, one rule an instrument.

use ascep_runtime::event::{Event, InstrumentId, Payload};

use super::{IDS, by_id};
use crate::rules::threshold;

/// The rules of [`one_shape`](crate::rules::one_shape), one for each instrument.
#[derive(Debug, Clone)]
pub struct OneShape {
    rows: Box<[Row; IDS]>,
    instruments: usize,
}

/// What an event of an instrument needs, in one place.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Twice the threshold, to be compared with the sum of bid and ask.
    twice: f64,
    /// Whether the rule was true.
    was: bool,
}

impl OneShape {
    /// `ids[i]` is the instrument of rule `i`.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "an id of 16 bits is within the array")]
    pub fn new(ids: &[InstrumentId]) -> Self {
        let mut rows = by_id(Row { twice: f64::INFINITY, was: false });
        for (rule, id) in ids.iter().enumerate() {
            rows[usize::from(id.0 as u16)].twice = threshold(rule) * 2.0;
        }
        Self { rows, instruments: ids.len() }
    }

    /// What the rows of all instruments take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.instruments * size_of::<Row>()
    }

    /// Takes events; the number of signals.
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        let mut fired = 0;
        for event in events {
            let Payload::Quote(quote) = &event.payload else { continue };
            fired += self.on_prices(event.instrument, quote.bid, quote.ask);
        }
        fired
    }

    /// Takes the prices of an instrument; the number of signals.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "an id of 16 bits is within the array")]
    pub fn on_prices(&mut self, instrument: InstrumentId, bid: f64, ask: f64) -> u64 {
        let row = &mut self.rows[usize::from(instrument.0 as u16)];
        let sum = bid + ask;
        // (ask - bid) / mid < 3 bp: the mid is positive.
        let now = (sum > row.twice) & (ask - bid < 1.5e-4 * sum);
        let fires = now & !row.was;
        row.was = now;
        u64::from(fires)
    }
}

//! A large purchase and then a large sale within five seconds, with no small trade between, one rule an instrument.

use ascep_runtime::event::{Event, Payload, Side};

use super::{IDS, SECOND, by_id};
use crate::rules::{LARGE, SMALL};

/// The rules of [`sequences`](crate::rules::sequences).
#[derive(Debug, Clone)]
pub struct Sequences {
    /// When the run of each instrument began.
    began: Box<[i64; IDS]>,
    instruments: usize,
}

/// Nothing began.
const NEVER: i64 = i64::MIN;

impl Sequences {
    /// For so many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self { began: by_id(NEVER), instruments }
    }

    /// What the runs take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.instruments * size_of::<i64>()
    }

    /// Takes events; the number of signals.
    #[expect(clippy::indexing_slicing, reason = "an id of 16 bits is within the array")]
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        let mut fired = 0;
        for event in events {
            let Payload::Trade(trade) = &event.payload else { continue };
            // Most trades are neither.
            if (trade.qty >= SMALL) & (trade.qty <= LARGE) {
                continue;
            }
            let began = &mut self.began[usize::from(event.instrument.0 as u16)];
            if trade.qty < SMALL {
                *began = NEVER;
            } else if trade.side == Some(Side::Buy) {
                *began = event.ts;
            } else if trade.side == Some(Side::Sell) && *began >= event.ts - 5 * SECOND {
                *began = NEVER;
                fired += 1;
            }
        }
        fired
    }
}

//! A product of two mids over a third one against a constant, many rules an instrument.
#![expect(clippy::indexing_slicing, reason = "ids of 16 bits are within their arrays, blocks are made in `new`")]

use ascep_runtime::event::{Event, InstrumentId, Payload};

use super::{IDS, by_id};
use crate::rules::Triple;

/// The rules of [`triple_rules`](crate::rules::triple_rules).
#[derive(Debug, Clone)]
pub struct Triples {
    /// The sum of bid and ask of each instrument: twice its mid. A price that was never seen makes every comparison false.
    sums: Box<[f64; IDS]>,
    /// Where the rows of each instrument are.
    blocks: Box<[(u32, u32); IDS]>,
    /// The rules that read an instrument, one instrument after the other.
    rows: Vec<Row>,
    /// Whether each rule was true.
    was: Box<[bool; IDS]>,
    rules: usize,
}

/// A rule, laid out for one pass: 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Twice the threshold: both sides of the comparison are four times as large.
    twice: f64,
    legs: [u16; 3],
    rule: u16,
}

impl Triples {
    /// `ids[i]` is instrument `i` of the triples.
    #[must_use]
    pub fn new(triples: &[Triple], ids: &[InstrumentId]) -> Self {
        let mut of: Vec<Vec<Row>> = vec![Vec::new(); ids.len()];
        for (rule, triple) in (0_u16..).zip(triples) {
            let legs = triple.legs.map(|leg| ids[leg].0 as u16);
            for leg in legs {
                of[usize::from(leg)].push(Row { twice: triple.threshold * 2.0, legs, rule });
            }
        }
        let (mut blocks, mut rows) = (by_id((0, 0)), Vec::new());
        for (block, more) in blocks.iter_mut().zip(of) {
            let first = rows.len() as u32;
            rows.extend(more);
            *block = (first, rows.len() as u32);
        }
        Self { sums: by_id(f64::NAN), blocks, rows, was: by_id(false), rules: triples.len() }
    }

    /// What rows and edges take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>() + self.rules
    }

    /// Takes events; the number of signals.
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        let mut fired = 0;
        for event in events {
            let Payload::Quote(quote) = &event.payload else { continue };
            let instrument = usize::from(event.instrument.0 as u16);
            self.sums[instrument] = quote.bid + quote.ask;
            let (first, end) = self.blocks[instrument];
            for row in &self.rows[first as usize..end as usize] {
                let [a, b, c] = row.legs.map(|leg| self.sums[usize::from(leg)]);
                // a * b / c > k: prices are positive.
                let now = a * b > row.twice * c;
                let was = &mut self.was[usize::from(row.rule)];
                fired += u64::from(now & !*was);
                *was = now;
            }
        }
        fired
    }
}

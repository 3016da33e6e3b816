//! What somebody would write who had one rule and no engine: flat arrays, a byte of edge state for each rule, nothing that the rule does
//! not need. The engine is measured beside these loops, on the same events, and must count the same signals.
#![expect(clippy::indexing_slicing, reason = "the indices come from the engine that the arrays were made for")]

use std::collections::VecDeque;

use ascep_runtime::event::{Event, InstrumentId, Payload, Side};

use crate::rules::{Triple, threshold};

/// The rules of [`one_shape`](crate::rules::one_shape), one for each instrument.
#[derive(Debug, Clone)]
pub struct OneShape {
    thresholds: Vec<f64>,
    edges: Vec<u8>,
}

impl OneShape {
    /// `ids[i]` is the instrument of rule `i`.
    #[must_use]
    pub fn new(ids: &[InstrumentId]) -> Self {
        let mut thresholds = vec![f64::INFINITY; ids.len()];
        for (rule, id) in ids.iter().enumerate() {
            thresholds[id.0 as usize] = threshold(rule);
        }
        Self { thresholds, edges: vec![0; ids.len()] }
    }

    /// Takes one event; the number of signals.
    #[inline]
    pub fn on_event(&mut self, event: &Event<'_>) -> u64 {
        let Payload::Quote(quote) = &event.payload else { return 0 };
        let row = event.instrument.0 as usize;
        let mid = (quote.bid + quote.ask) / 2.0;
        let now = u8::from((mid > self.thresholds[row]) & ((quote.ask - quote.bid) / mid < 3e-4));
        let fires = now & !self.edges[row];
        self.edges[row] = now;
        u64::from(fires)
    }
}

/// The rules of [`triple_rules`](crate::rules::triple_rules).
#[derive(Debug, Clone)]
pub struct Triples {
    mids: Vec<f64>,
    /// Where the rows of each instrument begin in `rows`; one more at the end.
    first: Vec<u32>,
    /// The rules that read an instrument.
    rows: Vec<Row>,
    edges: Vec<u8>,
}

/// A rule, laid out for one pass: 24 bytes.
#[derive(Debug, Clone, Copy)]
struct Row {
    threshold: f64,
    legs: [u32; 3],
    rule: u32,
}

impl Triples {
    /// `ids[i]` is instrument `i` of the triples.
    #[must_use]
    pub fn new(triples: &[Triple], ids: &[InstrumentId]) -> Self {
        let mut of: Vec<Vec<Row>> = vec![Vec::new(); ids.len()];
        for (rule, triple) in (0..).zip(triples) {
            let legs = triple.legs.map(|leg| ids[leg].0);
            for leg in legs {
                of[leg as usize].push(Row { threshold: triple.threshold, legs, rule });
            }
        }
        let (mut first, mut rows) = (vec![0], Vec::new());
        for more in of {
            rows.extend(more);
            first.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        }
        // A price that was never seen makes every comparison false, which is what a rule that never fired starts from.
        Self { mids: vec![f64::NAN; ids.len()], first, rows, edges: vec![0; triples.len()] }
    }

    /// Takes one event; the number of signals.
    #[inline]
    pub fn on_event(&mut self, event: &Event<'_>) -> u64 {
        let Payload::Quote(quote) = &event.payload else { return 0 };
        let instrument = event.instrument.0 as usize;
        self.mids[instrument] = (quote.bid + quote.ask) / 2.0;
        let mut fired = 0;
        for row in &self.rows[self.first[instrument] as usize..self.first[instrument + 1] as usize] {
            let [a, b, c] = row.legs.map(|leg| self.mids[leg as usize]);
            let now = u8::from(a * b / c > row.threshold);
            let edge = &mut self.edges[row.rule as usize];
            fired += u64::from(now & !*edge);
            *edge = now;
        }
        fired
    }
}

const SECOND: i64 = 1_000_000_000;

/// The rules of [`deviations`](crate::rules::deviations).
#[derive(Debug, Clone)]
pub struct Deviations {
    instruments: Vec<Deviation>,
}

/// The mids of ten seconds of one instrument, and their sums.
#[derive(Debug, Clone)]
struct Deviation {
    samples: VecDeque<(i64, f64)>,
    /// Values are taken relative to this one, or their squares would swamp their differences.
    middle: f64,
    sum: f64,
    squares: f64,
    above: bool,
}

impl Deviations {
    /// For so many instruments, with room for so many samples each.
    #[must_use]
    pub fn new(instruments: usize, samples: usize) -> Self {
        let one = Deviation { samples: VecDeque::with_capacity(samples), middle: 0.0, sum: 0.0, squares: 0.0, above: false };
        // A clone of an empty deque has no capacity.
        let instruments = (0..instruments).map(|_| Deviation { samples: VecDeque::with_capacity(samples), ..one.clone() }).collect();
        Self { instruments }
    }

    /// Takes one event; the number of signals.
    #[inline]
    pub fn on_event(&mut self, event: &Event<'_>) -> u64 {
        let Payload::Quote(quote) = &event.payload else { return 0 };
        let Deviation { samples, middle, sum, squares, above } = &mut self.instruments[event.instrument.0 as usize];
        let mid = (quote.bid + quote.ask) / 2.0;
        while let Some(&(ts, old)) = samples.front()
            && ts <= event.ts - 10 * SECOND
        {
            samples.pop_front();
            let old = old - *middle;
            *sum -= old;
            *squares -= old * old;
        }
        if samples.is_empty() {
            (*middle, *sum, *squares) = (mid, 0.0, 0.0);
        }
        samples.push_back((event.ts, mid));
        let x = mid - *middle;
        *sum += x;
        *squares += x * x;
        let n = samples.len() as f64;
        if n < 2.0 {
            return 0;
        }
        let mean = *sum / n;
        let variance = ((*squares - *sum * mean) / (n - 1.0)).max(0.0);
        let now = x > mean + 3.0 * variance.sqrt();
        let fires = now & !*above;
        *above = now;
        u64::from(fires)
    }
}

/// The rules of [`sequences`](crate::rules::sequences).
#[derive(Debug, Clone)]
pub struct Sequences {
    /// When the run of each instrument began.
    began: Vec<i64>,
}

impl Sequences {
    /// For so many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self { began: vec![i64::MIN; instruments] }
    }

    /// Takes one event; the number of signals.
    #[inline]
    pub fn on_event(&mut self, event: &Event<'_>) -> u64 {
        let Payload::Trade(trade) = &event.payload else { return 0 };
        let began = &mut self.began[event.instrument.0 as usize];
        if trade.qty > 8.0 && trade.side == Some(Side::Sell) && *began >= event.ts - 5 * SECOND {
            *began = i64::MIN;
            return 1;
        }
        if trade.qty > 9.0 {
            *began = event.ts;
        }
        0
    }
}

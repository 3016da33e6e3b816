//! Streams of events: each price a walk around [`MIDDLE`] that jumps now and then, each spread a walk of its own, instruments chosen uniformly, [`STEP`] from one
//! event to the next. Each quote has another price than the one before it.

use ascep_runtime::event::{Book, Event, InstrumentId, Level, Payload, Quote, Side, Timestamp, Trade};

use crate::numbers::Numbers;

/// Where prices walk.
pub const MIDDLE: f64 = 100.0;
/// From one event to the next, in nanoseconds.
pub const STEP: i64 = 10_000;
/// 2024-01-01T00:00:00Z.
pub const START: Timestamp = 1_704_067_200_000_000_000;
/// Levels of a side of a book.
const LEVELS: usize = 10;

/// Half a spread is between these, as parts of the middle: 0.5 and 2.5 bp.
const HALVES: [f64; 2] = [0.5e-4, 2.5e-4];
/// One price of so many jumps.
const JUMPS: usize = 256;

/// The mid and half the spread of some instruments.
#[derive(Debug)]
struct Walks {
    numbers: Numbers,
    prices: Vec<(f64, f64)>,
}

impl Walks {
    fn new(instruments: usize, seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let [least, most] = HALVES;
        let mut price = || (MIDDLE + (numbers.unit() - 0.5) * 1.6, MIDDLE * (least + (most - least) * numbers.unit()));
        Self { prices: (0..instruments).map(|_| price()).collect(), numbers }
    }

    /// An instrument and its next quote.
    fn step(&mut self) -> (usize, Quote) {
        let numbers = &mut self.numbers;
        let instrument = numbers.below(self.prices.len());
        let by = (numbers.unit() - 0.5) * if numbers.below(JUMPS) == 0 { 0.4 } else { 0.05 };
        let wider = (numbers.unit() - 0.5) * 0.04e-4 * MIDDLE;
        let (mid, half) = self.prices.get_mut(instrument).map_or((MIDDLE, 0.0), |(mid, half)| {
            // Pulled back, so that the walk stays among the thresholds.
            *mid += by + (MIDDLE - *mid) * 0.0005;
            *half = (*half + wider).clamp(HALVES[0] * MIDDLE, HALVES[1] * MIDDLE);
            (*mid, *half)
        });
        let quote = Quote { bid: mid - half, ask: mid + half, bid_qty: 0.1 + numbers.unit() * 10.0, ask_qty: 0.1 + numbers.unit() * 10.0 };
        (instrument, quote)
    }
}

fn at(i: usize) -> Timestamp {
    START + i64::try_from(i).unwrap_or_default() * STEP
}

fn id(ids: &[InstrumentId], instrument: usize) -> InstrumentId {
    ids.get(instrument).copied().unwrap_or(InstrumentId::UNNAMED)
}

/// `n` quotes of the instruments `ids`.
#[must_use]
pub fn quotes(n: usize, ids: &[InstrumentId], seed: u64) -> Vec<Event<'static>> {
    let mut walks = Walks::new(ids.len(), seed);
    (0..n)
        .map(|i| {
            let (instrument, quote) = walks.step();
            Event { ts: at(i), venue_ts: None, instrument: id(ids, instrument), payload: Payload::Quote(quote) }
        })
        .collect()
}

/// The levels that the books of [`mixed`] borrow: those of event `i` are the `i`-th pair of sides.
#[derive(Debug, Clone)]
pub struct Levels {
    bids: Vec<[Level; LEVELS]>,
    asks: Vec<[Level; LEVELS]>,
}

impl Levels {
    /// Levels for `n` events, relative to a price of 1 at the top of the book.
    #[must_use]
    pub fn new(n: usize, seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let mut side = |sign: f64| {
            std::array::from_fn(|depth| Level {
                price: MIDDLE * (1.0 + sign * 2e-4 * (depth as f64 + 1.0)),
                qty: 0.1 + numbers.unit() * 3.0,
            })
        };
        let (mut bids, mut asks) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for _ in 0..n {
            bids.push(side(-1.0));
            asks.push(side(1.0));
        }
        Self { bids, asks }
    }
}

/// `n` events of the instruments `ids`: of ten, seven are quotes, two trades and one a book of ten levels a side.
#[must_use]
pub fn mixed<'a>(n: usize, ids: &[InstrumentId], levels: &'a Levels, seed: u64) -> Vec<Event<'a>> {
    let mut walks = Walks::new(ids.len(), seed);
    let mut books = levels.bids.iter().zip(&levels.asks).cycle();
    (0..n)
        .map(|i| {
            let (instrument, quote) = walks.step();
            let payload = match walks.numbers.below(10) {
                0..=6 => Payload::Quote(quote),
                7..=8 => {
                    let (price, side) = if walks.numbers.unit() < 0.5 { (quote.ask, Side::Buy) } else { (quote.bid, Side::Sell) };
                    Payload::Trade(Trade { price, qty: quote.bid_qty, side: Some(side) })
                }
                _ => books.next().map_or(Payload::Quote(quote), |(bids, asks)| Payload::Book(Book { bids, asks })),
            };
            Event { ts: at(i), venue_ts: None, instrument: id(ids, instrument), payload }
        })
        .collect()
}

/// `n` trades of the instruments `ids`, of quantities 0 to 10 and either side.
#[must_use]
pub fn trades(n: usize, ids: &[InstrumentId], seed: u64) -> Vec<Event<'static>> {
    let mut walks = Walks::new(ids.len(), seed);
    (0..n)
        .map(|i| {
            let (instrument, quote) = walks.step();
            let side = if walks.numbers.unit() < 0.5 { Side::Buy } else { Side::Sell };
            let payload = Payload::Trade(Trade { price: quote.ask, qty: walks.numbers.unit() * 10.0, side: Some(side) });
            Event { ts: at(i), venue_ts: None, instrument: id(ids, instrument), payload }
        })
        .collect()
}

/// Stretches a stream: `times` as long from one event to the next.
pub fn stretch(events: &mut [Event<'_>], times: i64) {
    for event in events {
        event.ts = START + (event.ts - START) * times;
    }
}

/// Moves a stream that was stretched by `times`, 1 for one that was not, to the time after its end, so that it can be played again without an event
/// being late.
pub fn later_by(events: &mut [Event<'_>], times: i64) {
    let by = i64::try_from(events.len()).unwrap_or_default() * STEP * times;
    for event in events {
        event.ts += by;
    }
}

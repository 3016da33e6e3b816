//! Generated streams: events of few symbols with small whole prices on a coarse grid of time, so that equal timestamps, equal values
//! and events at exactly a deadline are common.

use ascep_lang::program::Constant;
use ascep_runtime::event::{Book, Level, Loss, MISSING, Payload, Quote, Side, Trade};

use super::dice::Dice;

/// One second.
pub const SECOND: i64 = 1_000_000_000;

/// What the host does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Event {
        ts: i64,
        venue_ts: Option<i64>,
        symbol: String,
        what: What,
    },
    Advance(i64),
    /// A parameter is set.
    Set(String, Constant),
    /// A host input has a value, or has none any more.
    Host(String, Option<Constant>),
}

/// What the host may set, with the values that it sets.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub params: Vec<(String, Vec<Constant>)>,
    pub inputs: Vec<(String, Vec<Constant>)>,
    /// Whether the rules search for opportunities: quotes with a narrow spread are common then.
    pub quotes: bool,
}

/// A payload that owns its levels. [`MISSING`] is written as `None`.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Trade { price: f64, qty: Option<f64>, side: Option<Side> },
    Quote { bid: Option<(f64, Option<f64>)>, ask: Option<(f64, Option<f64>)> },
    Book { bids: Vec<(f64, f64)>, asks: Vec<(f64, f64)> },
    Forget(Loss),
}

impl What {
    /// Whether an event with it is taken: prices are finite and above 0, quantities finite and not negative.
    pub fn is_taken(&self) -> bool {
        let price = |p: &f64| p.is_finite() && *p > 0.0;
        let qty = |q: &f64| q.is_finite() && *q >= 0.0;
        match self {
            Self::Trade { price: p, qty: q, .. } => price(p) && q.iter().all(qty),
            Self::Quote { bid, ask } => [bid, ask].into_iter().flatten().all(|(p, q)| price(p) && q.iter().all(qty)),
            Self::Book { bids, asks } => bids.iter().chain(asks).all(|(p, q)| price(p) && qty(q)),
            Self::Forget(_) => true,
        }
    }

    /// The levels of both sides of a book.
    pub fn levels(&self) -> [Vec<Level>; 2] {
        let levels = |side: &[(f64, f64)]| side.iter().map(|&(price, qty)| Level { price, qty }).collect();
        match self {
            Self::Book { bids, asks } => [levels(bids), levels(asks)],
            _ => [Vec::new(), Vec::new()],
        }
    }

    /// The payload as the engine takes it; `levels` are those of the book.
    pub fn payload<'a>(&self, levels: &'a [Vec<Level>; 2]) -> Payload<'a> {
        match self {
            Self::Trade { price, qty, side } => Payload::Trade(Trade { price: *price, qty: qty.unwrap_or(MISSING), side: *side }),
            Self::Quote { bid, ask } => Payload::Quote(Quote {
                bid: bid.map_or(MISSING, |s| s.0),
                ask: ask.map_or(MISSING, |s| s.0),
                bid_qty: bid.and_then(|s| s.1).unwrap_or(MISSING),
                ask_qty: ask.and_then(|s| s.1).unwrap_or(MISSING),
            }),
            Self::Book { .. } => Payload::Book(Book { bids: &levels[0], asks: &levels[1] }),
            Self::Forget(loss) => Payload::Forget(*loss),
        }
    }
}

/// A stream for rules over `symbols`.
pub fn generate(dice: &mut Dice, symbols: &[String], settings: &Settings) -> Vec<Input> {
    // Some runs begin shortly before an hour or a day ends, for the functions of the time of day.
    let hour = 3600 * SECOND;
    let mut ts = [0, 1000 * SECOND, 9 * hour - 4 * SECOND, 24 * hour - 3 * SECOND, 19_000 * 24 * hour][dice.below(5)];
    let length = if dice.chance(4) { 60 + dice.below(90) } else { 5 + dice.below(45) };
    let mut inputs = Vec::with_capacity(length);
    for _ in 0..length {
        let sets = if settings.params.is_empty() { 0 } else { 11 };
        match dice.weighted(&[80, 8, sets, 6]) {
            0 => {
                ts += step(dice);
                let late = dice.chance(4);
                let symbol = if dice.chance(8) { "Z/Z".to_owned() } else { symbols[dice.below(symbols.len())].clone() };
                let venue_ts = dice.chance(15).then(|| ts - dice.between(0, 2) * SECOND / 2);
                let ts = if late { ts - dice.between(1, 3) * SECOND } else { ts };
                let what = what(dice, &symbol, settings.quotes);
                inputs.push(Input::Event { ts, venue_ts, symbol, what });
            }
            1 => {
                ts += [0, 1, 2, 5, 12][dice.below(5)] * SECOND;
                inputs.push(Input::Advance(ts));
            }
            2 => {
                let (name, values) = &settings.params[dice.below(settings.params.len())];
                inputs.push(Input::Set(name.clone(), values[dice.below(values.len())]));
            }
            3 if !settings.inputs.is_empty() => {
                let (name, values) = &settings.inputs[dice.below(settings.inputs.len())];
                let value = (!dice.chance(15)).then(|| values[dice.below(values.len())]);
                inputs.push(Input::Host(name.clone(), value));
            }
            _ => {}
        }
    }
    if dice.chance(60) {
        inputs.push(Input::Advance(ts + dice.between(0, 8) * SECOND));
    }
    inputs
}

/// How much time passes: mostly none or a whole second, rarely an odd nanosecond.
fn step(dice: &mut Dice) -> i64 {
    match dice.weighted(&[30, 35, 12, 8, 8, 3, 4]) {
        0 => 0,
        1 => SECOND,
        2 => 2 * SECOND,
        3 => 3 * SECOND,
        4 => SECOND / 2,
        5 => 1,
        _ => 7 * SECOND,
    }
}

/// A price, mostly whole and now and then a quarter more. Those of some symbols are multiples of seven, so that no two ways round a
/// cycle of markets have the same return and rounding does not choose between them.
fn price(dice: &mut Dice, (low, high): (i64, i64), symbol: &str) -> f64 {
    let whole = dice.between(low, high) as f64;
    match symbol {
        "C/B" => whole * 1.75,
        "B/A" => whole * 7.0 / 64.0,
        _ if dice.chance(8) => whole + 0.25,
        _ => whole,
    }
}

fn what(dice: &mut Dice, symbol: &str, quotes: bool) -> What {
    if dice.chance(2) {
        return what_cannot_be(dice);
    }
    let qty = |dice: &mut Dice| (!dice.chance(15)).then(|| dice.between(0, 5) as f64);
    match dice.weighted(if quotes { &[14, 70, 12, 4] } else { &[43, 38, 14, 5] }) {
        0 => {
            let side = [None, Some(Side::Buy), Some(Side::Sell)][dice.below(3)];
            What::Trade { price: price(dice, (1, 6), symbol), qty: qty(dice), side }
        }
        1 => {
            let side = |dice: &mut Dice, prices: (i64, i64)| (!dice.chance(8)).then(|| (price(dice, prices, symbol), qty(dice)));
            if quotes && dice.chance(65) {
                let from = dice.between(1, 5);
                return What::Quote { bid: side(dice, (from, from)), ask: side(dice, (from + 1, from + 1)) };
            }
            // Half of the quotes have the bid below the ask for certain.
            let (bids, asks) = if dice.chance(50) { ((1, 3), (4, 6)) } else { ((1, 6), (1, 6)) };
            What::Quote { bid: side(dice, bids), ask: side(dice, asks) }
        }
        3 => What::Forget(Loss::ALL[dice.below(4)]),
        _ => {
            let levels = |dice: &mut Dice, from: i64, down: bool| {
                let n = dice.below(4) as i64;
                (0..n).map(|k| ((if down { from - k } else { from + k }) as f64, dice.between(0, 4) as f64)).collect()
            };
            What::Book { bids: levels(dice, 4, true), asks: levels(dice, 5, false) }
        }
    }
}

/// An event that must be refused.
fn what_cannot_be(dice: &mut Dice) -> What {
    let bad = [0.0, -1.0, f64::INFINITY][dice.below(3)];
    match dice.below(6) {
        0 => What::Trade { price: [bad, f64::NAN][dice.below(2)], qty: Some(1.0), side: None },
        1 => What::Trade { price: 2.0, qty: Some([-1.0, f64::INFINITY][dice.below(2)]), side: None },
        2 => What::Quote { bid: Some((bad, None)), ask: None },
        3 => What::Quote { bid: None, ask: Some((3.0, Some(-1.0))) },
        4 => What::Book { bids: vec![(3.0, 1.0), (bad, 1.0)], asks: Vec::new() },
        _ => What::Book { bids: Vec::new(), asks: vec![(3.0, [-1.0, f64::NAN, f64::INFINITY][dice.below(3)])] },
    }
}

/// Shorter and simpler streams, the much shorter ones first.
pub fn simpler(inputs: &[Input]) -> Vec<Vec<Input>> {
    let mut out = Vec::new();
    let mut chunk = inputs.len() / 2;
    while chunk > 0 {
        for from in (0..inputs.len()).step_by(chunk) {
            let to = (from + chunk).min(inputs.len());
            out.push(inputs.iter().take(from).chain(inputs.iter().skip(to)).cloned().collect());
        }
        chunk /= 2;
    }
    if inputs.len() == 1 {
        out.push(Vec::new());
    }
    for (i, input) in inputs.iter().enumerate() {
        let Input::Event { ts, venue_ts, symbol, what } = input else { continue };
        let plain = What::Trade { price: 1.0, qty: None, side: None };
        for simpler in [
            Input::Advance(*ts),
            Input::Event { ts: *ts, venue_ts: None, symbol: symbol.clone(), what: what.clone() },
            Input::Event { ts: *ts, venue_ts: *venue_ts, symbol: "Z/Z".into(), what: plain.clone() },
        ] {
            if simpler != *input {
                let mut whole = inputs.to_vec();
                whole[i] = simpler;
                out.push(whole);
            }
        }
    }
    out
}

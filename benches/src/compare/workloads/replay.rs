//! W6: a desk of 200 rules of twelve kinds on a replay of recorded quotes and trades of two instruments, dealt out to 300: those with even numbers follow the one,
//! those with odd numbers the other, each a part of what happened, at prices that begin at 100.
//!
//! There is no loop by hand beside it: bars, exponential means, sequences, silences and windows with timers of their own for twelve kinds of rules in one loop are an
//! engine.

use std::fs::File;
use std::io::{BufRead as _, BufReader};

use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::event::{MarketEvent, Payload as FeedPayload};
use ascep_feeds::symbols::Symbols;
use ascep_feeds::venue::FrameParser as _;
use ascep_runtime::EngineOptions;
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Trade};
use flate2::read::GzDecoder;

use crate::compare::engines;
use crate::compare::measure::in_turn;
use crate::rules::{desk, symbols};
use crate::{compile, engine, shared};

use super::{Outcome, Size};

const CAPTURES: [&str; 2] = ["data/binance/spot_btcusdt_20240808.gz", "data/binance/spot_ethusdt_20240808.gz"];
/// Instruments that one recorded event is dealt out to.
const COPIES: usize = 24;
/// The most samples of a window: one of 30 s holds some hundred.
const SAMPLES: usize = 4_096;

/// The quotes and trades of a capture; `None` where it is not there.
fn recorded(path: &str) -> Option<Vec<MarketEvent>> {
    let lines = BufReader::new(GzDecoder::new(File::open(shared(path)).ok()?)).lines();
    let (mut parser, mut symbols) = (Parser::new(SymbolTable::default()), Symbols::new());
    let (mut all, mut out) = (Vec::new(), Vec::new());
    for line in lines.map_while(Result::ok) {
        let Some((ts, frame)) = line.split_once(' ') else { continue };
        // One line of each capture is an answer of the venue that is no frame.
        if parser.frame(ts.parse().ok()?, frame.as_bytes(), &mut symbols, &mut out).is_ok() {
            all.append(&mut out);
        }
        out.clear();
    }
    Some(all)
}

/// The prices of an event at another level.
fn scaled(payload: &FeedPayload, by: f64) -> Option<Payload<'static>> {
    match payload {
        FeedPayload::Quote(quote) => Some(Payload::Quote(Quote { bid: quote.bid * by, ask: quote.ask * by, ..*quote })),
        FeedPayload::Trade(trade) => Some(Payload::Trade(Trade { price: trade.price * by, ..*trade })),
        _ => None,
    }
}

/// Both captures dealt out, in order of time.
fn dealt(ids: &[InstrumentId], most: usize) -> Option<Vec<Event<'static>>> {
    let mut events = Vec::new();
    for (parity, path) in CAPTURES.iter().enumerate() {
        let recorded = recorded(path)?;
        let followers: Vec<InstrumentId> = ids.iter().skip(parity).step_by(2).copied().collect();
        let first =
            recorded.iter().find_map(|event| if let FeedPayload::Trade(trade) = &event.payload { Some(trade.price) } else { None })?;
        let mut next = followers.iter().cycle();
        for event in recorded.iter().take(most / COPIES / CAPTURES.len()) {
            let Some(payload) = scaled(&event.payload, 100.0 / first) else { continue };
            for copy in 0..COPIES {
                let ts = event.ts + i64::try_from(copy).unwrap_or_default() * 1_000;
                events.push(Event { ts, venue_ts: event.venue_ts, instrument: *next.next()?, payload });
            }
        }
    }
    events.sort_by_key(|event| event.ts);
    Some(events)
}

/// What our engines make of it.
pub(super) fn run(size: &Size) -> Outcome {
    let (rules, instruments) = size.desk;
    let program = compile(&desk(rules, instruments));
    let (_, ids) = engine(&program, &symbols(instruments));
    // An event of an instrument that no rule names is not dealt out.
    let ids: Vec<InstrumentId> = ids.into_iter().filter(|id| *id != InstrumentId::UNNAMED).collect();
    let Some(events) = dealt(&ids, size.settings.events().max(1 << 18)) else {
        return Outcome { skipped: vec!["W6: no captures in the folder of shared data".to_owned()], ..Outcome::default() };
    };
    let options = EngineOptions::default().with_max_window_samples(SAMPLES);
    let mut contenders = engines::contenders(&program, &options);
    let mut out = in_turn("W6", &events, &size.settings, &mut contenders);
    if let Some(row) = out.rows.first_mut() {
        row.note = Some(format!("{rules} rules of 12 kinds, {} events; no loop by hand: it would be an engine", events.len()));
    }
    out
}

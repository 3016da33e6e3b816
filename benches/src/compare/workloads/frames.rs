//! W7: frames of Binance's best bid and ask as they come from the wire, to signals by the rules of W1; and W7-text, only up to the event. Signals of W7-text are
//! the events that came out.

use std::fmt::Write as _;
use std::hint::black_box;

use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::event::MarketEvent;
use ascep_feeds::symbols::Symbols;
use ascep_feeds::venue::FrameParser as _;
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Timestamp};

use crate::by_hand::{Frames, OneShape};
use crate::compare::contender::{Contender, Item};
use crate::compare::engines::{self, AnyEngine};
use crate::compare::measure::in_turn;
use crate::stream;

use super::{Desk, Outcome, Rules, Size, Workload};

/// A frame and when it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    /// When.
    ts: Timestamp,
    /// As it came.
    text: &'a [u8],
}

impl Item for Raw<'_> {
    fn touch(&self) -> u64 {
        self.text.chunks(64).filter_map(<[u8]>::first).map(|byte| u64::from(*byte)).sum::<u64>() ^ self.ts.unsigned_abs()
    }
}

/// Frames that are read before their events are passed on together.
const BATCH: usize = 64;

const NOTHING: Event<'static> = Event {
    ts: 0,
    venue_ts: None,
    instrument: InstrumentId::UNNAMED,
    payload: Payload::Quote(Quote { bid: f64::NAN, ask: f64::NAN, bid_qty: f64::NAN, ask_qty: f64::NAN }),
};

/// `S7USDT` of `S7`.
fn native(symbol: &str) -> String {
    format!("{symbol}USDT")
}

/// Quotes as text, and where each frame ends.
fn written(desk: &Desk, events: &[Event<'_>]) -> (String, Vec<usize>) {
    let mut names = vec![String::new(); desk.ids.len()];
    for (symbol, id) in desk.symbols.iter().zip(&desk.ids) {
        if let Some(name) = names.get_mut(id.0 as usize) {
            *name = native(symbol);
        }
    }
    let (mut text, mut ends) = (String::new(), Vec::with_capacity(events.len()));
    for (number, event) in events.iter().enumerate() {
        if let (Payload::Quote(quote), Some(name)) = (&event.payload, names.get(event.instrument.0 as usize)) {
            let Quote { bid, ask, bid_qty, ask_qty } = quote;
            // A step of price of 0.0001: written as the venue does, with eight places.
            let _ = write!(
                text,
                "{{\"stream\":\"{}@bookTicker\",\"data\":{{\"u\":{},\"s\":\"{name}\",\"b\":\"{bid:.4}0000\",\"B\":\"{bid_qty:.5}000\",\"a\":\"{ask:.4}0000\",\"A\":\"{ask_qty:.5}000\"}}}}",
                name.to_lowercase(),
                50_093_239_212 + number * 7,
            );
        }
        ends.push(text.len());
    }
    (text, ends)
}

/// Reads frames by hand, and passes them to the rules where there are any.
struct Hand {
    frames: Frames,
    rules: Option<OneShape>,
    events: Vec<Event<'static>>,
}

impl<'a> Contender<Raw<'a>> for Hand {
    fn name(&self) -> &str {
        "hand"
    }

    fn take(&mut self, raws: &[Raw<'a>]) -> u64 {
        let mut signals = 0;
        if let Some(rules) = &mut self.rules {
            // From the text to the rule without a stop in between: what the rule does not read is not read.
            for raw in raws {
                let Some((id, quote)) = self.frames.quote(raw.text) else { continue };
                signals += rules.on_prices(id, quote.bid, quote.ask);
            }
            return signals;
        }
        for raws in raws.chunks(BATCH) {
            self.events.clear();
            for raw in raws {
                let Some((instrument, quote)) = self.frames.quote(raw.text) else { continue };
                self.events.push(Event { ts: raw.ts, venue_ts: None, instrument, payload: Payload::Quote(quote) });
            }
            signals += black_box(&self.events).len() as u64;
        }
        signals
    }
}

/// The parser of live feeds and captures, and behind it an engine where there is one.
struct Ours {
    name: String,
    parser: Parser,
    symbols: Symbols,
    /// The engine's id of each symbol of the feed.
    ids: Vec<InstrumentId>,
    out: Vec<MarketEvent>,
    engine: Option<AnyEngine>,
}

impl Ours {
    fn new(name: &str, desk: &Desk, scan: bool, engine: Option<AnyEngine>) -> Self {
        let mut table = SymbolTable::default();
        let (mut symbols, mut ids) = (Symbols::new(), Vec::new());
        for (symbol, id) in desk.symbols.iter().zip(&desk.ids) {
            let pair = format!("{symbol}/USDT");
            table.add(&pair);
            if symbols.intern(&format!("binance:{pair}")).is_ok() {
                ids.push(*id);
            }
        }
        Self { name: name.to_owned(), parser: Parser::new(table).with_scan(scan), symbols, ids, out: Vec::with_capacity(BATCH), engine }
    }
}

impl<'a> Contender<Raw<'a>> for Ours {
    fn name(&self) -> &str {
        &self.name
    }

    #[expect(clippy::panic, reason = "a benchmark of frames that are refused must not run")]
    fn take(&mut self, raws: &[Raw<'a>]) -> u64 {
        let Self { parser, symbols, ids, out, engine, .. } = self;
        let mut signals = 0;
        for raws in raws.chunks(BATCH) {
            out.clear();
            for raw in raws {
                if let Err(error) = parser.frame(raw.ts, raw.text, symbols, out) {
                    panic!("a frame of a benchmark is refused: {error}");
                }
            }
            let Some(engine) = engine else {
                signals += black_box(&*out).len() as u64;
                continue;
            };
            let mut events = [NOTHING; BATCH];
            let mut count = 0;
            for (to, event) in events.iter_mut().zip(&*out) {
                let id = ids.get(event.symbol.0 as usize).copied().unwrap_or(InstrumentId::UNNAMED);
                if let Some(event) = event.to_engine(id) {
                    *to = event;
                    count += 1;
                }
            }
            signals += engine.take(events.get(..count).unwrap_or_default());
        }
        signals
    }

    fn bytes_per_rule(&self) -> Option<f64> {
        self.engine.as_ref()?.bytes_per_rule()
    }
}

/// The frames of a text, each as long as the quote that it says.
fn raws<'a>(text: &'a str, ends: &[usize], events: &[Event<'_>]) -> Vec<Raw<'a>> {
    let begins = std::iter::once(&0).chain(ends);
    let ranges = begins.zip(ends).zip(events);
    ranges.filter_map(|((begin, end), event)| Some(Raw { ts: event.ts, text: text.as_bytes().get(*begin..*end)? })).collect()
}

/// Reads the first frames of W7 up to their events; how many came.
#[must_use]
pub fn text_to_event(size: &Size, frames: usize) -> u64 {
    let desk = Desk::new(Workload::W7, size.instruments, Rules::OneShape);
    let events = stream::quotes(size.settings.events(), &desk.ids, 7);
    let (text, ends) = written(&desk, &events);
    let raws = raws(&text, &ends, &events);
    Ours::new("ascep", &desk, true, None).take(raws.get(..frames).unwrap_or_default())
}

/// Both.
#[must_use]
pub(super) fn run(size: &Size) -> Outcome {
    let desk = Desk::new(Workload::W7, size.instruments, Rules::OneShape);
    let events = stream::quotes(size.settings.events(), &desk.ids, 7);
    let (text, ends) = written(&desk, &events);
    let raws = raws(&text, &ends, &events);
    drop(events);
    let names: Vec<(String, InstrumentId)> = desk.symbols.iter().map(|symbol| native(symbol)).zip(desk.ids.iter().copied()).collect();
    let hand = |rules| -> Box<dyn Contender<Raw<'_>> + '_> {
        Box::new(Hand { frames: Frames::new(&names), rules, events: Vec::with_capacity(BATCH) })
    };
    let mut whole = vec![hand(Some(OneShape::new(&desk.ids)))];
    for (name, engine) in engines::of_one_thread(&desk.program, &engines::options()) {
        whole.push(Box::new(Ours::new(name, &desk, true, Some(engine))));
    }
    let mut read = vec![hand(None)];
    read.push(Box::new(Ours::new("ascep", &desk, true, None)));
    read.push(Box::new(Ours::new("ascep-tolerant", &desk, false, None)));
    in_turn("W7", &raws, &size.settings, &mut whole).and(in_turn("W7-text", &raws, &size.settings, &mut read))
}

//! Recorded data, captures, frames and SPECs. The first byte says which; the rest is what is read.

use std::io::Cursor;

use ascep_feeds::capture::CaptureReader;
use ascep_feeds::event::{MarketEvent, Payload};
use ascep_feeds::native::{CsvReader, CsvWriter, JsonlReader, JsonlWriter};
use ascep_feeds::{DataSpec, EventSource, FeedSpec, ReadOptions, SourceError, Symbols, TsUnit, Venue};

/// Rows of one input that are looked at: packed data may be far longer than the input.
const MAX_ROWS: usize = 4_096;

/// Panics where a reader breaks a promise.
pub fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let unit = [TsUnit::Ns, TsUnit::Us, TsUnit::Ms, TsUnit::S][usize::from(first >> 3) % 4];
    let options = ReadOptions { ts_unit: unit, strict: first & 0x80 != 0, max_line: 1 << 16 };
    match first % 5 {
        0 => native(rest, &options, |bytes, options| {
            Ok(Box::new(CsvReader::new("fuzz.csv", Cursor::new(bytes), options.clone())?) as Box<dyn EventSource>)
        }),
        1 => native(rest, &options, |bytes, options| {
            Ok(Box::new(JsonlReader::new("fuzz.jsonl", Cursor::new(bytes), options.clone())?) as Box<dyn EventSource>)
        }),
        2 => {
            let mut symbols = Symbols::new();
            let parser = Venue::Binance.parser();
            if let Ok(mut source) = CaptureReader::new("fuzz.capture", Cursor::new(rest.to_vec()), parser, options) {
                drain(&mut source, &mut symbols);
            }
        }
        3 => frames(rest),
        _ => specs(rest),
    }
}

/// Reads a native file; what comes out is written, read again, and must be the same.
fn native(bytes: &[u8], options: &ReadOptions, open: impl Fn(Vec<u8>, &ReadOptions) -> Result<Box<dyn EventSource>, SourceError>) {
    let mut symbols = Symbols::new();
    let events = match open(bytes.to_vec(), options) {
        Ok(mut source) => drain(&mut *source, &mut symbols),
        Err(error) => {
            let _ = (error.to_string(), error.help());
            return;
        }
    };
    let options = ReadOptions { ts_unit: TsUnit::Ns, strict: true, max_line: 1 << 20 };
    let mut writer = JsonlWriter::new(Vec::new());
    for event in &events {
        writer.write(event, &symbols).expect("an event that was read can be written");
    }
    let written = writer.finish().expect("memory can be written");
    let mut again = JsonlReader::new("again.jsonl", Cursor::new(written), options.clone()).expect("memory can be read");
    assert_same(&events, &drain(&mut again, &mut symbols));

    let rows: Vec<MarketEvent> =
        events.into_iter().filter(|event| !matches!(event.payload, Payload::Book(_) | Payload::Status(_))).collect();
    let mut writer = CsvWriter::new(Vec::new()).expect("memory can be written");
    for event in &rows {
        writer.write(event, &symbols).expect("a trade or quote that was read can be written");
    }
    let written = writer.finish().expect("memory can be written");
    let mut again = CsvReader::new("again.csv", Cursor::new(written), options).expect("what was written has a header");
    assert_same(&rows, &drain(&mut again, &mut symbols));
}

/// Frames of a connection, a line each.
fn frames(bytes: &[u8]) {
    let mut symbols = Symbols::new();
    let mut parser = Venue::Binance.parser();
    let mut events = Vec::new();
    for (recv_ts, frame) in (1_i64..).zip(bytes.split(|&b| b == b'\n')) {
        let before = events.len();
        match parser.frame(recv_ts, frame, &mut symbols, &mut events) {
            Ok(_) => {}
            Err(error) => {
                let _ = error.to_string();
                assert_eq!(before, events.len(), "a frame that is refused gives no event");
            }
        }
        for event in events.iter().skip(before) {
            assert_eq!(event.ts, recv_ts);
            assert_sound(event, &symbols);
        }
    }
}

fn specs(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match text.parse::<FeedSpec>() {
        Ok(FeedSpec::Sim(spec)) => {
            let options = spec.options([]);
            assert!((1.0..=1e6).contains(&options.rate) && !options.symbols.is_empty());
        }
        Ok(FeedSpec::Venue(spec)) => assert!(spec.symbols.iter().all(|symbol| !symbol.is_empty())),
        Err(error) => {
            let _ = (error.to_string(), error.help());
        }
    }
    if let Ok(spec) = text.parse::<DataSpec>() {
        assert!(!spec.path.as_os_str().is_empty());
    }
}

/// All events of a source, each of which must be one that an engine can take.
fn drain(source: &mut dyn EventSource, symbols: &mut Symbols) -> Vec<MarketEvent> {
    let mut events = Vec::new();
    let mut ended = false;
    for _ in 0..MAX_ROWS {
        match source.next_event(symbols) {
            None => {
                ended = true;
                break;
            }
            Some(Ok(event)) => {
                assert_sound(&event, symbols);
                events.push(event);
            }
            Some(Err(error)) => {
                let _ = (error.to_string(), error.help());
                if error.is_fatal() {
                    assert!(source.next_event(symbols).is_none(), "a source goes on after a fatal error");
                    ended = true;
                    break;
                }
            }
        }
    }
    let c = source.counters();
    assert_eq!(c.lines, c.event_lines + c.refused + c.control + c.skipped + c.unknown + c.blank, "every line is counted once: {c:?}");
    assert!(!ended || c.events >= events.len() as u64);
    events
}

/// What every event that leaves a reader is.
fn assert_sound(event: &MarketEvent, symbols: &Symbols) {
    let price = |x: f64| x.is_finite() && x > 0.0;
    let qty = |x: f64| x.is_finite() && x >= 0.0;
    let missing = f64::is_nan;
    assert!(!symbols.name(event.symbol).is_empty());
    match &event.payload {
        Payload::Trade(t) => assert!(price(t.price) && (missing(t.qty) || qty(t.qty)), "{event:?}"),
        Payload::Quote(q) => {
            assert!([q.bid, q.ask].into_iter().all(|x| missing(x) || price(x)), "{event:?}");
            assert!([q.bid_qty, q.ask_qty].into_iter().all(|x| missing(x) || qty(x)), "{event:?}");
        }
        Payload::Book(book) => {
            assert!(book.bids.iter().chain(&book.asks).all(|level| price(level.price) && qty(level.qty)), "{event:?}");
        }
        Payload::Status(_) => {}
    }
}

/// Equality in which what is missing equals itself.
fn assert_same(one: &[MarketEvent], two: &[MarketEvent]) {
    assert_eq!(format!("{one:?}"), format!("{two:?}"), "events that are written and read again are the same");
}

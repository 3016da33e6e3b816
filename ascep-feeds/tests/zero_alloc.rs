//! From the bytes of a frame to a signal nothing is allocated once each symbol was seen: a counting allocator over scanned frames of every kind, the
//! parser and the engine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::venue::{Frame, FrameParser};
use ascep_feeds::{MarketEvent, Symbols};
use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::InstrumentId;
use ascep_runtime::{Engine, EngineOptions, Signal};

const RULES: &str = r#"
IF mid("binance:BTC/USDT") > 61_000 AND spread("binance:BTC/USDT") < 5 THEN NARROW(mid = mid("binance:BTC/USDT"))
IF price("binance:ETH/BTC") > avg(price("binance:ETH/BTC"), 10s) THEN HIGH(px = price("binance:ETH/BTC"))
IF trade("binance:BTC/USDT") THEN TRADED(px = price("binance:BTC/USDT"), latency = latency("binance:BTC/USDT"))
"#;

/// Frames of all kinds about two symbols, some with an empty side or a number of an unusual length.
fn frames(count: u64) -> Vec<String> {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let frame = |n: u64| {
        let (symbol, stream) = [("BTCUSDT", "btcusdt"), ("ETHBTC", "ethbtc")][random(2) as usize];
        let (whole, places) = (60_000 + random(3_000), random(100_000_000));
        let bid = if random(50) == 0 { "0.00000000".to_owned() } else { format!("{whole}.{places:08}") };
        let ask = format!("{}.{:08}", whole + random(10) + 1, random(100_000_000));
        let qty = ["3.78826000", "3435234533.00000000", "12345678901.12345678", "0.5"][random(4) as usize];
        let time = 1_723_161_255_000 + n;
        let (kind, data) = match random(10) {
            0..=4 => ("bookTicker", format!(r#"{{"u":{n},"s":"{symbol}","b":"{bid}","B":"{qty}","a":"{ask}","A":"1.54698000"}}"#)),
            5 | 6 => {
                let m = random(2) == 0;
                (
                    "trade",
                    format!(r#"{{"e":"trade","E":{time},"s":"{symbol}","t":{n},"p":"{ask}","q":"{qty}","T":{time},"m":{m},"M":true}}"#),
                )
            }
            7 | 8 => (
                "aggTrade",
                format!(
                    r#"{{"e":"aggTrade","E":{time},"s":"{symbol}","a":{n},"p":"{ask}","q":"{qty}","f":{n},"l":{n},"T":{time},"m":true,"M":true}}"#
                ),
            ),
            _ => ("depth5", format!(r#"{{"lastUpdateId":{n},"bids":[["{bid}","{qty}"]],"asks":[["{ask}","{qty}"]]}}"#)),
        };
        if random(2) == 0 { data } else { format!(r#"{{"stream":"{stream}@{kind}","data":{data}}}"#) }
    };
    (100_000..100_000 + count).map(frame).collect()
}

struct Pipeline {
    parser: Parser,
    symbols: Symbols,
    engine: Engine,
    instruments: Vec<InstrumentId>,
    events: Vec<MarketEvent>,
    ts: i64,
    given: u64,
    signals: u64,
}

impl Pipeline {
    fn new() -> Self {
        let program = compile(&[Source::new("rules.cep", RULES)], &Options::default()).unwrap();
        let engine = Engine::new(&program, EngineOptions::default()).unwrap();
        let mut symbols = Symbols::new();
        let mut instruments = Vec::new();
        for name in ["binance:BTC/USDT", "binance:ETH/BTC"] {
            symbols.intern(name).unwrap();
            instruments.push(engine.instrument(name).unwrap());
        }
        let parser = Parser::new(SymbolTable::default());
        Self { parser, symbols, engine, instruments, events: Vec::new(), ts: 1_723_161_255_000_000_000, given: 0, signals: 0 }
    }

    fn frame(&mut self, frame: &str) {
        let Self { parser, symbols, engine, instruments, events, ts, given, signals } = self;
        *ts += 1_000_000;
        events.clear();
        let read = parser.frame(*ts, frame.as_bytes(), symbols, events).unwrap();
        assert!(matches!(read, Frame::Events { .. } | Frame::Skipped));
        for event in events.iter() {
            *given += 1;
            let event = event.to_engine(instruments[event.symbol.0 as usize]).unwrap();
            engine.on_event(&event, &mut |_: &Signal<'_>| *signals += 1).unwrap();
        }
    }
}

#[test]
fn from_frame_to_signal_nothing_is_allocated() {
    const FRAMES: u64 = 200_000;
    const WARM_UP: usize = 100;
    let frames = frames(FRAMES);
    let mut pipeline = Pipeline::new();
    let (first, rest) = frames.split_at(WARM_UP);
    first.iter().for_each(|frame| pipeline.frame(frame));
    let before = pipeline.parser.counters();
    // One frame for each symbol teaches its name.
    assert_eq!(before.fell_back, 2);
    let info = allocation_counter::measure(|| rest.iter().for_each(|frame| pipeline.frame(frame)));
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{info:?}");
    let after = pipeline.parser.counters();
    assert_eq!((after.scanned + after.fell_back, after.fell_back), (FRAMES, 2));
    assert!(pipeline.given > FRAMES * 4 / 5 && pipeline.signals > FRAMES / 20, "{} {}", pipeline.given, pipeline.signals);

    // The counter counts: the tolerant decoder has something to say about a frame that is none.
    let info = allocation_counter::measure(|| {
        let _ = pipeline.parser.frame(1, b"{\"u\":", &mut pipeline.symbols, &mut pipeline.events);
    });
    assert!(info.count_total > 0);
}

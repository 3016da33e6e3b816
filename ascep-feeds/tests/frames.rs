//! The scanner of Binance's frames against the tolerant decoder: the same results, events and bits for every input, over generated frames, frames
//! that were changed, and whole recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::venue::{Frame, FrameError, FrameParser, ParserCounters};
use ascep_feeds::{MarketEvent, Payload, Symbols};
use proptest::prelude::*;
use proptest::sample::select;

/// A result, and events with the bits of their numbers.
type Read = (Result<Frame, FrameError>, Vec<(MarketEvent, Vec<u64>)>);

/// A parser and all that goes with it.
struct Side {
    parser: Parser,
    symbols: Symbols,
    events: Vec<MarketEvent>,
}

impl Side {
    fn new(scan: bool) -> Self {
        Self { parser: Parser::new(SymbolTable::default()).with_scan(scan), symbols: Symbols::new(), events: Vec::new() }
    }

    /// The result, and the events to the bit: what is missing is a NaN, which equals nothing.
    fn frame(&mut self, frame: &[u8]) -> Read {
        self.events.clear();
        let result = self.parser.frame(7, frame, &mut self.symbols, &mut self.events);
        let events = self.events.iter().map(|event| {
            let numbers = match &event.payload {
                Payload::Quote(q) => vec![q.bid, q.ask, q.bid_qty, q.ask_qty],
                Payload::Trade(t) => vec![t.price, t.qty],
                other => panic!("{other:?}"),
            };
            let mut event = event.clone();
            if let Payload::Quote(quote) = &mut event.payload {
                *quote = ascep_feeds::event::Quote { bid: 1.0, ask: 1.0, bid_qty: 1.0, ask_qty: 1.0 };
            }
            (event, numbers.into_iter().map(f64::to_bits).collect())
        });
        (result, events.collect())
    }
}

/// The scanner beside the tolerant decoder.
struct Both {
    fast: Side,
    slow: Side,
}

impl Both {
    /// Both know some symbols.
    fn new() -> Self {
        let mut both = Self { fast: Side::new(true), slow: Side::new(false) };
        for symbol in ["BTCUSDT", "ETHBTC", "1000SATSUSDT", "ABCDEFGHIJKLUSDT", "ABCDEFGHIJKLMUSDT", "币安人生USDT"] {
            both.check(format!(r#"{{"u":1,"s":"{symbol}","b":"1","B":"1","a":"2","A":"1"}}"#).as_bytes());
        }
        both
    }

    /// Reads a frame by both; whether it was scanned.
    fn check(&mut self, frame: &[u8]) -> bool {
        let before = self.fast.parser.counters();
        assert_eq!(self.fast.frame(frame), self.slow.frame(frame), "{}", String::from_utf8_lossy(frame));
        let after = self.fast.parser.counters();
        assert_eq!(after.scanned + after.fell_back, before.scanned + before.fell_back + 1);
        assert_eq!(self.slow.parser.counters().scanned, 0);
        after.scanned > before.scanned
    }
}

const BOOK_TICKER: &str = r#"{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}"#;
const TRADE: &str = r#"{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}"#;
const AGG_TRADE: &str = r#"{"e":"aggTrade","E":1633998522076,"s":"ETHBTC","a":60118,"p":"0.35280000","q":"100.00000000","f":77008,"l":77008,"T":1633998522075,"m":false,"M":true}"#;
const DEPTH: &str = r#"{"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,"b":[["0.35130000","6195.00000000"],["0.3475","5548.0"]],"a":[]}"#;
const PARTIAL: &str = r#"{"lastUpdateId":160,"bids":[["0.00240000","10.00000000"]],"asks":[["0.00260000","100.00000000"],["1","2"]]}"#;

const USUAL: [(&str, &str); 5] = [
    ("btcusdt@bookTicker", BOOK_TICKER),
    ("btcusdt@trade", TRADE),
    ("ethbtc@aggTrade", AGG_TRADE),
    ("nknusdt@depth@100ms", DEPTH),
    ("bnbbtc@depth20", PARTIAL),
];

fn wrapped(stream: &str, data: &str) -> String {
    format!(r#"{{"stream":"{stream}","data":{data}}}"#)
}

#[test]
fn the_usual_frames_are_scanned() {
    let mut both = Both::new();
    for (stream, frame) in USUAL {
        assert!(both.check(frame.as_bytes()), "{frame}");
        assert!(both.check(wrapped(stream, frame).as_bytes()), "{stream}");
    }
    for depth in ["depth", "depth5", "depth5@100ms", "depth@1000ms"] {
        assert!(both.check(wrapped(&format!("btcusdt@{depth}"), PARTIAL).as_bytes()));
        assert!(both.check(wrapped(&format!("btcusdt@{depth}"), DEPTH).as_bytes()));
    }
    let counters = both.fast.parser.counters();
    assert_eq!(counters, ParserCounters { scanned: 18, fell_back: 6 });
}

#[test]
fn what_is_near_the_usual_form() {
    let mut both = Both::new();
    let with = |from: &str, to: &str| {
        let frame = BOOK_TICKER.replace(from, to);
        assert_ne!(frame, BOOK_TICKER, "{from}");
        frame
    };
    // Numbers of other lengths, empty sides, long names.
    for frame in [
        with("61837.63000000", "0.00000000"),
        with("61837.64000000", "0.00000000"),
        with("61837.64000000", "0.0"),
        with("61837.63000000", "61837.63"),
        with("61837.63000000", "61837"),
        with("61837.63000000", "12345678901.50000000"),
        with("3.78826000", "3435234533.00000000"),
        with("3.78826000", "99999999999.00000001"),
        with("61837.63000000", "0000061837.630000000000000000000000000"),
        with("61837.63000000", "61837."),
        with("61837.63000000", ".5"),
        with("50093239212", "0"),
        with("50093239212", "9999999999999999"),
        with("BTCUSDT", "ABCDEFGHIJKLUSDT"),
        with("BTCUSDT", "币安人生USDT"),
    ] {
        assert!(both.check(frame.as_bytes()), "{frame}");
        both.check(wrapped("btcusdt@bookTicker", &frame).as_bytes());
    }
    // Other forms, errors and other meanings: for the tolerant decoder.
    for frame in [
        with(",\"B\"", ", \"B\""),
        with("\"u\":50093239212,\"s\":\"BTCUSDT\"", "\"s\":\"BTCUSDT\",\"u\":50093239212"),
        with("BTCUSDT", "BTC\\u0055SDT"),
        with("BTCUSDT", "BTCUSDT\0"),
        with("BTCUSDT", "btcusdt"),
        with("BTCUSDT", ""),
        with("BTCUSDT", "ABCDEFGHIJKLMUSDT"),
        with("BTCUSDT", "QQQ"),
        with("61837.63000000", "6.183763e4"),
        with("61837.63000000", "-61837.63"),
        with("61837.63000000", "1.2.3"),
        with("61837.63000000", ""),
        with("\"61837.63000000\"", "61837.63"),
        with("50093239212", "050093239212"),
        with("50093239212", "12345678901234567"),
        with("50093239212", "1.5"),
        with("50093239212", "-5"),
        with("50093239212", "\"50093239212\""),
        with("}", ",\"A\":\"7\"}"),
        with("}", ",\"e\":\"bookTicker\"}"),
        with("}", "} "),
        with("}", "}\n"),
        with("}", "}}"),
        with("}", ""),
        format!(" {BOOK_TICKER}"),
        wrapped("!serverShutdown", BOOK_TICKER),
        wrapped("!serverShutdown", PARTIAL),
        wrapped("!bookTicker", BOOK_TICKER),
        wrapped("BTCUSDT@bookTicker", BOOK_TICKER),
        wrapped("btcusdt@trade", BOOK_TICKER),
        wrapped("btcusdt@bookTicker", TRADE),
        wrapped("btc\u{1}usdt@bookTicker", BOOK_TICKER),
        wrapped("btc\\u0061usdt@bookTicker", BOOK_TICKER),
        wrapped("btc\"usdt@bookTicker", BOOK_TICKER),
        wrapped("btc\u{e4}sdt@bookTicker", BOOK_TICKER),
        TRADE.replace("0.02000000", "-0.02"),
        TRADE.replace("61837.63000000", "0.00000000"),
        TRADE.replace("true,\"M\"", "null,\"M\""),
        TRADE.replace("\"T\"", "\"b\":88,\"a\":50,\"T\""),
        TRADE.replace("3735683259", "03735683259"),
        AGG_TRADE.replace("0.35280000", "0.00000000"),
        AGG_TRADE.replace("77008", "x"),
        DEPTH.replace("]]", "],]"),
        DEPTH.replace("\"a\":[]", "\"a\":[[]]"),
        DEPTH.replace("6195.00000000\"", "6195.00000000\",[]"),
        PARTIAL.replace("160", "0160"),
        PARTIAL.replace("\"10.00000000\"", "10.0"),
    ] {
        assert!(!both.check(frame.as_bytes()), "{frame}");
    }
    // In microseconds, and the symbol of another stream: what counts is the data.
    for frame in [TRADE.replace("1723161255342", "1723161255342123"), wrapped("ethbtc@trade", TRADE)] {
        assert!(both.check(frame.as_bytes()), "{frame}");
    }
}

#[test]
fn a_symbol_is_scanned_from_its_second_frame_on() {
    let mut both = Both { fast: Side::new(true), slow: Side::new(false) };
    let scanned: Vec<bool> = (0..3).map(|_| both.check(TRADE.as_bytes())).collect();
    assert_eq!(scanned, [false, true, true]);
    // One that is refused stays unknown.
    for _ in 0..2 {
        assert!(!both.check(TRADE.replace("BTCUSDT", "QQQ").as_bytes()));
    }
}

#[test]
fn each_cut_and_each_changed_byte() {
    let mut both = Both::new();
    for (stream, frame) in USUAL {
        for frame in [frame.to_owned(), wrapped(stream, frame)] {
            let mut bytes = frame.into_bytes();
            for cut in 0..bytes.len() {
                assert!(!both.check(&bytes[..cut]));
            }
            for at in 0..bytes.len() {
                let was = bytes[at];
                for byte in [
                    0, 9, b' ', b'"', b',', b'-', b'.', b'0', b'1', b'9', b':', b'@', b'E', b'T', b'\\', b'e', b'u', b'{', b'}', 0x7f,
                    0x80, 0xff,
                ] {
                    bytes[at] = byte;
                    both.check(&bytes);
                }
                bytes[at] = was;
            }
        }
    }
}

/// Every frame of the recordings, whole.
#[test]
fn recordings() {
    for file in ["btcusdt", "ethusdt"] {
        let Some(path) = common::shared(&format!("data/binance/spot_{file}_20240808.gz")) else { return };
        let mut both = Both { fast: Side::new(true), slow: Side::new(false) };
        let mut frames = 0;
        for line in common::gunzip(&path).split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            both.check(&line[line.iter().position(|b| *b == b' ').unwrap() + 1..]);
            frames += 1;
        }
        let counters = both.fast.parser.counters();
        assert_eq!(counters.scanned + counters.fell_back, frames);
        // The first quote brings the name of the symbol.
        assert!(frames > 30_000 && counters.fell_back == 1, "{counters:?}");
    }
    for file in [
        "binance/real_combined_depth_bookticker_aggtrade.jsonl",
        "binance/real_combined_trade_2024.jsonl",
        "binance/protocol_errors_and_control.jsonl",
    ] {
        let Some(path) = common::shared(&format!("data/{file}")) else { return };
        let mut both = Both::new();
        for _ in 0..2 {
            for line in std::fs::read(&path).unwrap().split(|b| *b == b'\n') {
                both.check(line);
            }
        }
    }
    let Some(path) = common::shared("data/captures/BINANCE_US.ws.1.0.gz") else { return };
    let mut both = Both::new();
    let mut kinds = std::collections::BTreeMap::<_, (u64, u64)>::new();
    for line in common::gunzip(&path).split(|b| *b == b'\n').skip(1).filter(|line| !line.is_empty()) {
        let frame = &line[memchr::memchr(b' ', line).unwrap() + 1..];
        let scanned = both.check(frame);
        let kind = ["@bookTicker", "@aggTrade", "@depth", "@kline"]
            .into_iter()
            .find(|kind| memchr::memmem::find(frame, kind.as_bytes()).is_some());
        let (all, fast) = kinds.entry(kind).or_default();
        *all += 1;
        *fast += u64::from(scanned);
    }
    for (kind, (all, fast)) in &kinds {
        match kind {
            Some("@kline") | None => assert_eq!(*fast, 0, "{kinds:?}"),
            // The first frame of each symbol is not scanned.
            _ => assert!(fast + 8 >= *all && *fast > 0, "{kinds:?}"),
        }
    }
}

fn number() -> BoxedStrategy<String> {
    prop_oneof![
        8 => (0_u64..10_000_000, 0_u64..100_000_000).prop_map(|(whole, places)| format!("{whole}.{places:08}")),
        2 => (any::<u64>(), 0_u64..100_000_000).prop_map(|(whole, places)| format!("{whole}.{places:08}")),
        2 => "[0-9]{1,12}\\.[0-9]{1,12}",
        1 => "[0-9]{1,20}",
        1 => "[0-9]{0,20}\\.?[0-9]{0,30}",
        1 => "0\\.0{1,9}",
        1 => "-?[0-9]{1,3}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
    ]
    .boxed()
}

fn id() -> BoxedStrategy<String> {
    prop_oneof![
        6 => (0_u64..100_000_000_000).prop_map(|n| n.to_string()),
        2 => (1_600_000_000_000_u64..1_900_000_000_000).prop_map(|n| n.to_string()),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => "[0-9]{0,18}",
        1 => "-?[0-9]{1,3}(\\.[0-9])?",
    ]
    .boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof![
        6 => select(vec!["BTCUSDT", "ETHBTC", "1000SATSUSDT", "ABCDEFGHIJKLUSDT", "ABCDEFGHIJKLMUSDT", "币安人生USDT"]).prop_map(str::to_owned),
        2 => "[A-Z0-9]{0,14}(USDT|BTC)",
        1 => "[A-Za-z0-9/:\\\\ ]{0,20}",
    ]
    .boxed()
}

fn levels() -> BoxedStrategy<String> {
    proptest::collection::vec((number(), number()), 0..5)
        .prop_map(|levels| {
            let levels: Vec<String> = levels.into_iter().map(|(price, qty)| format!("[\"{price}\",\"{qty}\"]")).collect();
            format!("[{}]", levels.join(","))
        })
        .boxed()
}

/// The data of a message, mostly of the usual form.
fn data() -> BoxedStrategy<(&'static str, String)> {
    let truth = || select(vec!["true", "true", "false", "null", "1"]);
    prop_oneof![
        4 => (id(), name(), number(), number(), number(), number()).prop_map(|(u, s, b, bq, a, aq)| {
            ("bookTicker", format!(r#"{{"u":{u},"s":"{s}","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}"}}"#))
        }),
        3 => (id(), name(), id(), number(), number(), id(), truth(), truth()).prop_map(|(e, s, t, p, q, time, m, big_m)| {
            ("trade", format!(r#"{{"e":"trade","E":{e},"s":"{s}","t":{t},"p":"{p}","q":"{q}","T":{time},"m":{m},"M":{big_m}}}"#))
        }),
        3 => (id(), name(), id(), number(), number(), id(), id(), id(), truth()).prop_map(|(e, s, a, p, q, f, l, time, m)| {
            ("aggTrade", format!(r#"{{"e":"aggTrade","E":{e},"s":"{s}","a":{a},"p":"{p}","q":"{q}","f":{f},"l":{l},"T":{time},"m":{m},"M":true}}"#))
        }),
        1 => (id(), name(), id(), id(), levels(), levels()).prop_map(|(e, s, first, last, b, a)| {
            ("depth@100ms", format!(r#"{{"e":"depthUpdate","E":{e},"s":"{s}","U":{first},"u":{last},"b":{b},"a":{a}}}"#))
        }),
        1 => (id(), levels(), levels()).prop_map(|(u, b, a)| ("depth5", format!(r#"{{"lastUpdateId":{u},"bids":{b},"asks":{a}}}"#))),
    ]
    .boxed()
}

fn frame() -> BoxedStrategy<String> {
    let stream = prop_oneof![4 => "[a-z0-9]{1,12}", 1 => "[a-zA-Z0-9!@\"\\\\ ]{0,18}"];
    (data(), stream, 0..4_u8)
        .prop_map(|((kind, data), name, form)| match form {
            0 => data,
            1 => wrapped(&name, &data),
            _ => wrapped(&format!("{name}@{kind}"), &data),
        })
        .boxed()
}

/// Changes of a frame: a byte set, taken out, put in, or twice there.
fn changed(frame: &str, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    const BYTES: &[u8] = b"\"\\,:.{}[] 0129eEmtTuabABps-+@\x00\x1f\x7f\x80\xff\xc3\n";
    let mut bytes = frame.as_bytes().to_vec();
    for &(at, how, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        let byte = BYTES[usize::from(byte) % BYTES.len()];
        match how % 4 {
            0 => bytes[at] = byte,
            1 => _ = bytes.remove(at),
            2 => bytes.insert(at, byte),
            _ => bytes.insert(at, bytes[at]),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn generated_frames(frames in proptest::collection::vec(frame(), 1..8)) {
        let mut both = Both::new();
        for frame in frames {
            both.check(frame.as_bytes());
        }
    }

    #[test]
    fn changed_frames(frames in proptest::collection::vec((frame(), proptest::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..4)), 1..8)) {
        let mut both = Both::new();
        for (frame, changes) in frames {
            both.check(&changed(&frame, &changes));
        }
    }
}

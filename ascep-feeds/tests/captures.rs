//! Real captures of Binance: every line is accounted for, and the counts are those of a plain search in the bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Cursor;

use ascep_feeds::binance::{Parser, SymbolTable, native};
use ascep_feeds::capture::{CaptureReader, CaptureWriter};
use ascep_feeds::event::Side;
use ascep_feeds::venue::{Control, Frame, FrameParser};
use ascep_feeds::{
    DataSpec, EventSource, MarketEvent, Merge, Payload, ReadError, ReadOptions, SourceError, Status, Symbols, Venue, open_data,
};

fn count(bytes: &[u8], what: &str) -> u64 {
    memchr::memmem::find_iter(bytes, what.as_bytes()).count() as u64
}

fn read_all(source: &mut dyn EventSource, symbols: &mut Symbols) -> Vec<MarketEvent> {
    let mut out = Vec::new();
    while let Some(next) = source.next_event(symbols) {
        out.push(next.unwrap());
    }
    out
}

#[test]
fn whole_files() {
    for (file, symbol, quotes, trades) in [("btcusdt", "binance:BTC/USDT", 28_040, 9_757), ("ethusdt", "binance:ETH/USDT", 24_077, 6_106)] {
        let Some(path) = common::shared(&format!("data/binance/spot_{file}_20240808.gz")) else { return };
        let bytes = common::gunzip(&path);
        assert_eq!(count(&bytes, "@bookTicker\""), quotes);
        assert_eq!(count(&bytes, "@trade\""), trades);
        let mut symbols = Symbols::new();
        let mut reader = CaptureReader::open(&path, Venue::Binance, ReadOptions::default()).unwrap();
        let events = read_all(&mut reader, &mut symbols);
        let counters = reader.counters();
        assert_eq!(events.iter().filter(|e| matches!(e.payload, Payload::Quote(_))).count() as u64, quotes);
        assert_eq!(events.iter().filter(|e| matches!(e.payload, Payload::Trade(_))).count() as u64, trades);
        assert_eq!(counters.events, quotes + trades);
        assert_eq!(counters.event_lines, quotes + trades);
        // Differences of the book and one REST snapshot.
        assert_eq!(counters.skipped, count(&bytes, "depthUpdate") + 1);
        assert_eq!((counters.refused, counters.unknown, counters.control, counters.blank), (0, 0, 0, 0));
        assert_eq!(counters.lines, counters.event_lines + counters.skipped);
        assert_eq!(counters.lines, count(&bytes, "\n"));
        // The first quote brings the name of the symbol.
        assert_eq!((counters.scanned, counters.fell_back), (counters.lines - 1, 1));
        assert_eq!(symbols.iter().map(|(_, name)| name).collect::<Vec<_>>(), [symbol]);
        assert!(events.is_sorted_by_key(|e| e.ts), "one connection, one clock");
        let progress = reader.progress().unwrap();
        assert_eq!(progress.read, progress.total);
    }
}

#[test]
fn the_first_events() {
    let Some(path) = common::shared("data/binance/spot_btcusdt_20240808.gz") else { return };
    let spec: DataSpec = format!("binance:{}", path.display()).parse().unwrap();
    let mut symbols = Symbols::new();
    let mut reader = open_data(&spec, &ReadOptions::default()).unwrap();
    let quote = reader.next_event(&mut symbols).unwrap().unwrap();
    assert_eq!((quote.ts, quote.venue_ts), (1_723_161_254_087_891_268, None));
    let Payload::Quote(q) = quote.payload else { panic!("{quote:?}") };
    assert_eq!((q.bid, q.bid_qty, q.ask, q.ask_qty), (61837.63, 3.78826, 61837.64, 1.54698));
    let trade = reader.next_event(&mut symbols).unwrap().unwrap();
    assert_eq!((trade.ts, trade.venue_ts), (1_723_161_254_087_896_568, Some(1_723_161_255_342_000_000)));
    let Payload::Trade(t) = trade.payload else { panic!("{trade:?}") };
    assert_eq!((t.price, t.qty, t.side), (61837.63, 0.02, Some(Side::Sell)), "the buyer was the maker");
}

#[test]
fn two_captures_merged_are_the_same_twice() {
    let paths: Vec<_> =
        ["btcusdt", "ethusdt"].iter().filter_map(|s| common::shared(&format!("data/binance/spot_{s}_20240808.gz"))).collect();
    if paths.len() < 2 {
        return;
    }
    let run = || {
        let mut symbols = Symbols::new();
        let open = |p: &std::path::PathBuf| CaptureReader::open(p, Venue::Binance, ReadOptions::default()).unwrap();
        let mut merge = Merge::new(paths.iter().map(open).collect());
        read_all(&mut merge, &mut symbols)
    };
    let (first, second) = (run(), run());
    assert_eq!(first.len(), 28_040 + 9_757 + 24_077 + 6_106);
    assert_eq!(first, second);
    assert!(first.is_sorted_by_key(|e| e.ts));
}

#[test]
fn a_capture_and_its_venue_belong_together() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let capture = write("a.txt", "5 {\"u\":1,\"s\":\"BTCUSDT\",\"b\":\"1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}\n");
    let csv = write("b", "ts,symbol,price\n1,A/B,2\n");
    let jsonl = write("c", "{\"ts\":1,\"symbol\":\"A/B\",\"price\":2}\n");
    let open = |venue, path: &std::path::Path| open_data(&DataSpec { venue, path: path.into() }, &ReadOptions::default());
    assert!(matches!(open(None, &capture), Err(SourceError::WhoseCapture { .. })));
    assert!(matches!(open(Some(Venue::Binance), &csv), Err(SourceError::NotACapture { .. })));
    assert!(matches!(open(Some(Venue::Binance), &jsonl), Err(SourceError::NotACapture { .. })));
    for (venue, path) in [(Some(Venue::Binance), &capture), (None, &csv), (None, &jsonl)] {
        assert_eq!(read_all(&mut open(venue, path).unwrap(), &mut Symbols::new()).len(), 1);
    }
    let error = open(None, &dir.path().join("binanse:x")).err().unwrap();
    assert!(error.to_string().contains("can't open"));
    let error = open_data(&"binanse:x".parse().unwrap(), &ReadOptions::default()).err().unwrap();
    assert_eq!(error.help(), "did you mean `binance:` for `binanse:`?");
    let error = open_data(&"kraken:x".parse().unwrap(), &ReadOptions::default()).err().unwrap();
    assert!(error.help().contains("no venue"), "{}", error.help());
}

#[test]
fn a_capture_that_is_cut() {
    let Some(path) = common::shared("data/binance/spot_btcusdt_20240808.gz") else { return };
    let bytes = std::fs::read(path).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.gz");
    for length in [0, 10, 300, bytes.len() / 3] {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let spec = DataSpec { venue: Some(Venue::Binance), path: cut.clone() };
        let mut events = 0u64;
        let error = match open_data(&spec, &ReadOptions::default()) {
            Err(error) => error,
            Ok(mut reader) => loop {
                match reader.next_event(&mut Symbols::new()) {
                    Some(Ok(_)) => events += 1,
                    Some(Err(ReadError::Source(error))) => break error,
                    other => panic!("{other:?}"),
                }
            },
        };
        assert!(matches!(error, SourceError::Truncated { format: "gzip", .. }), "{length}: {error}");
        assert_eq!(events > 0, length > 10_000);
    }
}

#[test]
fn lines_that_are_no_frames_are_counted() {
    let text = "x {}\n\n12 {\"e\":\"new\"}\n13 {\"result\":null,\"id\":1}\n14 {\"stream\":\n-5 {}\n99999999999999999999 {}\n15\n16 \n";
    let parser = Venue::Binance.parser();
    let mut reader = CaptureReader::new("c", Cursor::new(text), parser, ReadOptions::default()).unwrap();
    let mut errors = Vec::new();
    while let Some(next) = reader.next_event(&mut Symbols::new()) {
        match next {
            Err(ReadError::Row(error)) => errors.push(format!("{} {}", error.line, error.code())),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(errors, ["1 no_receive_time", "5 frame", "6 no_receive_time", "7 no_receive_time", "8 no_receive_time", "9 frame"]);
    let counters = reader.counters();
    assert_eq!((counters.lines, counters.blank, counters.unknown, counters.control, counters.refused), (9, 1, 1, 1, 6));
}

#[test]
fn what_is_recorded_is_read() {
    let mut writer = CaptureWriter::new(Vec::new());
    writer.frame(5, b"{\"u\":1,\r\n\"s\":\"BTCUSDT\",\"b\":\"1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}").unwrap();
    writer.status(6, Status::Disconnect, ["binance:BTC/USDT", "binance:ETH/USDT"]).unwrap();
    let bytes = writer.finish().unwrap();
    let mut symbols = Symbols::new();
    let mut reader = CaptureReader::new("c", Cursor::new(bytes), Venue::Binance.parser(), ReadOptions::default()).unwrap();
    let events = read_all(&mut reader, &mut symbols);
    assert_eq!(events.len(), 3);
    assert!(matches!(events[0].payload, Payload::Quote(_)));
    assert_eq!(events[2].payload, Payload::Status(Status::Disconnect));
    assert_eq!((events[2].ts, symbols.name(events[2].symbol)), (6, "binance:ETH/USDT"));
    assert_eq!(reader.counters().event_lines, 2);
}

#[test]
fn a_loss_that_names_no_symbol_is_refused() {
    let text = "1 {\"ascep\":\"gap\"}\n2 {\"ascep\":\"gap\",\"symbols\":[]}\n3 {\"ascep\":\"reconnect\"}\n4 {\"ascep\":\"nonsense\"}\n5 {\"ascep\":\"reset\",\"symbols\":[\"\"]}\n";
    let mut reader = CaptureReader::new("c", Cursor::new(text), Venue::Binance.parser(), ReadOptions::default()).unwrap();
    let mut errors = Vec::new();
    while let Some(next) = reader.next_event(&mut Symbols::new()) {
        match next {
            Err(ReadError::Row(error)) => errors.push(format!("{} {}", error.line, error.code())),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(errors, ["1 loss_of_nothing", "2 loss_of_nothing", "5 symbol"]);
    let counters = reader.counters();
    assert_eq!((counters.event_lines, counters.unknown, counters.refused), (1, 1, 3));
}

fn parse(frame: &str) -> (Result<Frame, ascep_feeds::venue::FrameError>, Vec<MarketEvent>) {
    let mut out = Vec::new();
    let result = Parser::new(SymbolTable::default()).frame(1, frame.as_bytes(), &mut Symbols::new(), &mut out);
    (result, out)
}

#[test]
fn single_frames() {
    let Some(path) = common::shared("data/binance/real_combined_depth_bookticker_aggtrade.jsonl") else { return };
    let kinds: Vec<String> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| match parse(line) {
            (Ok(Frame::Events { .. }), events) => match &events[0].payload {
                Payload::Quote(_) => "quote".to_owned(),
                Payload::Trade(t) => format!("{:?}", t.side.unwrap()),
                other => panic!("{other:?}"),
            },
            (Ok(Frame::Skipped), _) => "skipped".to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["skipped", "skipped", "skipped", "quote", "quote", "quote", "Buy", "Buy"]);
}

#[test]
fn control_frames() {
    let Some(path) = common::shared("data/binance/protocol_errors_and_control.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let frames: Vec<Frame> = text.lines().map(|line| parse(line).0.unwrap()).collect();
    assert_eq!(frames[0], Frame::Control(Control::Shutdown));
    assert!(
        matches!(&frames[1], Frame::Control(Control::Refused { id: Some(19), code: 4, message }) if message == "Too many subscriptions")
    );
    assert!(matches!(&frames[2], Frame::Control(Control::Refused { id: None, code: -1003, .. })));
    for (frame, want) in [
        (r#"{"e":"serverShutdown","E":1}"#, Control::Shutdown),
        (r#"{"stream":"!serverShutdown","data":{}}"#, Control::Shutdown),
        (r#"{"result":null,"id":3}"#, Control::Ack { id: Some(3) }),
        (r#"{"id":"3","result":["a@trade"]}"#, Control::Ack { id: Some(3) }),
        (r#"{"code":2,"msg":"Invalid request","id":1}"#, Control::Refused { id: Some(1), code: 2, message: "Invalid request".into() }),
        (r#"{"error":"x"}"#, Control::Refused { id: None, code: 0, message: String::new() }),
    ] {
        assert_eq!(parse(frame).0, Ok(Frame::Control(want)), "{frame}");
    }
}

#[test]
fn forms_that_are_tolerated() {
    let same = [
        r#"{"u":7,"s":"BTCUSDT","b":"1.5","B":"2","a":"1.6","A":"3"}"#,
        r#"{"u":7,"s":"BTCUSDT","b":1.5,"B":2,"a":1.6,"A":3,"new":{"deep":[1,{"b":2}]}}"#,
        r#"{"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT","b":"1.5","B":"2","a":"1.6","A":"3"}}"#,
        r#"{"data":{"A":"3","a":"1.6","B":"2","b":"1.5","s":"BTC\u0055SDT","u":"7"},"x":null,"stream":"btcusdt@bookTicker"}"#,
        r#" {"e":"bookTicker","u":7,"s":"BTCUSDT","b":"1.50","B":"2.0","a":"1.60","A":"3e0"} "#,
    ];
    for frame in same {
        let (result, events) = parse(frame);
        assert!(matches!(result, Ok(Frame::Events { id: Some(7), .. })), "{frame} {result:?}");
        assert_eq!(events, parse(same[0]).1, "{frame}");
    }
    let (_, events) = parse(r#"{"u":7,"s":"BTCUSDT","b":"0.00000000","B":"0.00000000","a":"1.6","A":"3"}"#);
    let Payload::Quote(q) = &events[0].payload else { panic!() };
    assert!(q.bid.is_nan() && q.bid_qty.is_nan() && q.ask == 1.6);
    // In microseconds.
    let (_, events) =
        parse(r#"{"e":"trade","E":1723161255343000,"T":1723161255342123,"s":"BTCUSDT","t":1,"p":"1","q":"1","m":false,"a":1,"b":2}"#);
    assert_eq!(events[0].venue_ts, Some(1_723_161_255_342_123_000));
    for unknown in [
        r#"{"e":"kline","E":1}"#,
        "{}",
        "[]",
        "[{\"e\":\"trade\"}]",
        "5",
        "null",
        r#"{"stream":"!ticker@arr","data":[]}"#,
        r#"{"listenKey":"x"}"#,
    ] {
        assert_eq!(parse(unknown).0, Ok(Frame::Unknown), "{unknown}");
    }
    assert_eq!(parse(r#"{"lastUpdateId":1,"bids":[["1","2"]],"asks":[]}"#).0, Ok(Frame::Skipped));
}

#[test]
fn fields_that_are_refused() {
    for (frame, message) in [
        (r#"{"e":"trade","s":"BTCUSDT","p":"-1","q":"1"}"#, "trade: `p`: the price -1 is not above 0"),
        (r#"{"e":"trade","s":"BTCUSDT","p":"0","q":"1"}"#, "trade: `p`: the price 0 is not above 0"),
        (r#"{"e":"trade","s":"BTCUSDT","p":"NaN","q":"1"}"#, "trade: `p`: \"NaN\" is not a finite number"),
        (r#"{"e":"trade","s":"BTCUSDT","q":"1"}"#, "trade without `p`"),
        (r#"{"e":"aggTrade","s":5,"p":"1","q":"1"}"#, "aggTrade: `s` is not a text"),
        (r#"{"e":"trade","s":"BTCUSDT","p":"1","q":"1","m":"yes"}"#, "trade: `m` is not true or false"),
        (r#"{"e":"trade","s":"QQQ","p":"1","q":"1"}"#, "\"QQQ\" can't be told apart into base and quote asset"),
        (r#"{"u":1,"s":"BTCUSDT","b":"x","B":"1","a":"1","A":"1"}"#, "bookTicker: `b`: \"x\" is not a number"),
        (r#"{"u":1,"s":"BTCUSDT","b":"1","B":"-1","a":"1","A":"1"}"#, "bookTicker: `B`: the quantity -1 is negative"),
        (r#"{"u":1,"s":"BTCUSDT","b":"1","B":"1"}"#, "bookTicker without `a`"),
        (r#"{"u":1,"s":"BTCUSDT","b":[],"B":"1","a":"1","A":"1"}"#, "bookTicker: `b` is not a number"),
    ] {
        let (result, events) = parse(frame);
        assert_eq!(result.unwrap_err().to_string(), message, "{frame}");
        assert!(events.is_empty());
    }
}

#[test]
fn each_cut_of_a_frame_is_refused() {
    let Some(path) = common::shared("data/binance/spot_btcusdt_20240808.gz") else { return };
    let bytes = common::gunzip(&path);
    let mut cuts = 0;
    for line in bytes.split(|b| *b == b'\n').filter(|line| line.len() < 600).step_by(997).take(40) {
        let frame = &line[line.iter().position(|b| *b == b' ').unwrap() + 1..];
        let (mut parser, mut symbols, mut out) = (Venue::Binance.parser(), Symbols::new(), Vec::new());
        for cut in 0..frame.len() {
            assert!(parser.frame(1, &frame[..cut], &mut symbols, &mut out).is_err());
            cuts += 1;
        }
        assert!(out.is_empty());
        assert!(parser.frame(1, frame, &mut symbols, &mut out).is_ok());
    }
    assert!(cuts > 4_000, "{cuts}");
}

#[test]
fn exchange_info_and_the_suffix_rule_agree() {
    let Some(path) = common::shared("data/binance/exchangeInfo_2021.json.gz") else { return };
    let json = common::gunzip(&path);
    let exact = SymbolTable::from_exchange_info(&json).unwrap();
    assert_eq!(exact.len(), 1_695);
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let by_suffix = SymbolTable::default();
    let mut wrong = Vec::new();
    for symbol in value["symbols"].as_array().unwrap() {
        let name = symbol["symbol"].as_str().unwrap();
        let pair = format!("{}/{}", symbol["baseAsset"].as_str().unwrap(), symbol["quoteAsset"].as_str().unwrap());
        assert_eq!(exact.pair(name).as_deref(), Some(pair.as_str()));
        assert_eq!(native(&pair), name);
        if by_suffix.pair(name).as_deref() != Some(pair.as_str()) {
            wrong.push(name);
        }
    }
    assert_eq!(wrong, Vec::<&str>::new());
}

proptest::proptest! {
    #[test]
    fn garbage_frames(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        let _ = Venue::Binance.parser().frame(1, &bytes, &mut Symbols::new(), &mut out);
    }

    #[test]
    fn changed_frames(at in 0usize..160, byte in proptest::prelude::any::<u8>()) {
        let mut frame = br#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#.to_vec();
        if let Some(place) = frame.get_mut(at) { *place = byte; }
        let mut out = Vec::new();
        let result = Venue::Binance.parser().frame(1, &frame, &mut Symbols::new(), &mut out);
        proptest::prop_assert_eq!(matches!(result, Ok(Frame::Events { .. })), !out.is_empty());
        for event in out {
            if let Payload::Trade(trade) = event.payload {
                proptest::prop_assert!(trade.price > 0.0 && trade.price.is_finite() && trade.qty >= 0.0);
            }
        }
    }
}

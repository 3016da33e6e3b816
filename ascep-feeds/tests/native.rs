//! Native CSV and JSONL: what is read, what is refused and with which words, and that writing and reading again changes no bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Cursor, Write};

use ascep_feeds::event::{Book, Level, MISSING, Quote, Side, Trade};
use ascep_feeds::native::{CsvReader, CsvWriter, JsonlReader, JsonlWriter, WriteError};
use ascep_feeds::{EventSource, MarketEvent, Payload, ReadError, ReadOptions, SourceError, Status, SymbolId, Symbols, TsUnit};
use proptest::prelude::*;

fn csv(text: &str, options: ReadOptions) -> Result<CsvReader, SourceError> {
    CsvReader::new("x.csv", Cursor::new(text.as_bytes().to_vec()), options)
}

fn jsonl(text: &str) -> JsonlReader {
    JsonlReader::new("x.jsonl", Cursor::new(text.as_bytes().to_vec()), ReadOptions::default()).unwrap()
}

/// Events and errors as short texts.
fn show(source: &mut dyn EventSource) -> Vec<String> {
    let mut symbols = Symbols::new();
    let mut out = Vec::new();
    while let Some(next) = source.next_event(&mut symbols) {
        out.push(match next {
            Ok(event) => {
                let symbol = symbols.name(event.symbol);
                let venue = event.venue_ts.map_or(String::new(), |ts| format!(" v{ts}"));
                let what = match event.payload {
                    Payload::Trade(t) => format!("T {} {} {:?}", t.price, t.qty, t.side),
                    Payload::Quote(q) => format!("Q {} {} {} {}", q.bid, q.ask, q.bid_qty, q.ask_qty),
                    Payload::Book(b) => format!("B {}x{}", b.bids.len(), b.asks.len()),
                    Payload::Status(s) => format!("S {s:?}"),
                };
                format!("{} {symbol} {what}{venue}", event.ts)
            }
            Err(error) => {
                assert!(!error.help().is_empty());
                error.to_string()
            }
        });
    }
    assert!(source.next_event(&mut symbols).is_none());
    out
}

fn show_csv(text: &str) -> Vec<String> {
    show(&mut csv(text, ReadOptions::default()).unwrap())
}

#[test]
fn rows_of_csv() {
    let text = "\u{feff}side,symbol,ts,price,qty,bid,ask,bid_qty,ask_qty,kind,venue_ts\r\n\
        buy,A/B,1,2.5,3,,,,,trade,\r\n\
        ,binance:A/B,2,2.5,,,,,,,1\r\n\
        \r\n\
        , A/B ,3,,, 1 ,2,,,,\r\n\
        ,A/B,4,,,5,4,1,0,quote,\r\n\
        ,A/B,2024-08-07T00:00:00Z,,,,,,,quote,\r\n\
        ,\"A/B\",6,\"7\",,,,,,,";
    assert_eq!(
        show_csv(text),
        [
            "1 A/B T 2.5 3 Some(Buy)",
            "2 binance:A/B T 2.5 NaN None v1",
            "3 A/B Q 1 2 NaN NaN",
            "4 A/B Q 5 4 1 0",
            "1722988800000000000 A/B Q NaN NaN NaN NaN",
            "6 A/B T 7 NaN None",
        ]
    );
}

#[test]
fn rows_of_csv_that_are_refused() {
    let head = "ts,symbol,kind,price,qty,side,bid,ask\n";
    for (row, message) in [
        ("1,A/B,,x,,,,", "x.csv:2: `price`: \"x\" is not a number"),
        ("1,A/B,,NaN,,,,", "x.csv:2: `price`: \"NaN\" is not a finite number"),
        ("1,A/B,,-inf,,,,", "x.csv:2: `price`: \"-inf\" is not a finite number"),
        ("1,A/B,,1e999,,,,", "x.csv:2: `price`: \"1e999\" is not a finite number"),
        ("1,A/B,,0,,,,", "x.csv:2: `price`: the price 0 is not above 0"),
        ("1,A/B,,-5,,,,", "x.csv:2: `price`: the price -5 is not above 0"),
        ("1,A/B,,5,-1,,,", "x.csv:2: `qty`: the quantity -1 is negative"),
        ("1,A/B,,5,1,up,,", "x.csv:2: `side`: \"up\" is no side"),
        ("1,A/B,,,,,0,", "x.csv:2: `bid`: the price 0 is not above 0"),
        ("1,,,5,,,,", "x.csv:2: `symbol`: is empty"),
        ("1,A B,,5,,,,", "x.csv:2: `symbol`: `A B` is no symbol: it holds ' '"),
        (",A/B,,5,,,,", "x.csv:2: `ts`: is empty"),
        ("now,A/B,,5,,,,", "x.csv:2: `ts`: \"now\" is no time: neither an integer nor RFC 3339 as in 2024-08-08T21:30:00Z"),
        ("99999999999999999999,A/B,,5,,,,", "x.csv:2: `ts`: the time 99999999999999999999 lies outside the years 1677 to 2262"),
        ("1,A/B,,,,,,", "x.csv:2: the row is neither trade, quote nor book: nothing is filled in"),
        ("1,A/B,trade,,,,,", "x.csv:2: `price`: is empty"),
        ("1,A/B,tick,5,,,,", "x.csv:2: `kind`: \"tick\" is no kind of event"),
        ("1,A/B,,5,,,4,", "x.csv:2: `bid`: is of a quote, but the row is a trade"),
        ("1,A/B,quote,5,,,4,", "x.csv:2: `price`: is of a trade, but the row is a quote"),
        ("1,A/B,,5", "x.csv:2: the row has 4 columns, the header 8"),
        ("1,A/B,,5,,,,,,", "x.csv:2: the row has 10 columns, the header 8"),
        ("1,\"A/B,,5,,,,", "x.csv:2: a quoted cell does not end on its line"),
    ] {
        let good = "9,C/D,,1,,,,\n";
        assert_eq!(show_csv(&format!("{head}{row}\n{good}")), [message, "9 C/D T 1 NaN None"], "{row}");
        let mut strict = csv(&format!("{head}{row}\n{good}"), ReadOptions { strict: true, ..ReadOptions::default() }).unwrap();
        assert_eq!(show(&mut strict), [message]);
        assert_eq!(strict.counters().refused, 1);
    }
    let mut bytes = format!("{head}1,A/").into_bytes();
    bytes.extend(b"\xff,,5,,,,\n");
    let mut reader = CsvReader::new("x", Cursor::new(bytes), ReadOptions::default()).unwrap();
    assert_eq!(show(&mut reader), ["x:2: the line is not UTF-8"]);
}

#[test]
fn headers_that_are_refused() {
    let error = |text: &str| csv(text, ReadOptions::default()).err().unwrap();
    let unknown = error("ts,symbol,pirce,foo\n1,A/B,1,2\n");
    assert_eq!(unknown.to_string(), "x.csv:1: unknown columns `pirce`, `foo`");
    assert_eq!(unknown.help(), "did you mean `price` for `pirce`?");
    assert!(error("1,A/B,1\n").help().starts_with("the first line must be the header"));
    assert!(error("ts,symbol,bids\n").to_string().contains("`bids`"), "levels need JSONL");
    assert!(matches!(error("ts,symbol,ts\n"), SourceError::DuplicateColumn { column: "ts", .. }));
    assert_eq!(error("price\n").to_string(), "x.csv:1: no column `ts`, `symbol`");
    assert!(matches!(error(""), SourceError::NoHeader { .. }));
    assert!(matches!(error("\n"), SourceError::NoHeader { .. }));
    assert!(matches!(error("ts,\"symbol\n"), SourceError::BadHeader { .. }));
    assert!(csv("ts,symbol,price", ReadOptions::default()).is_ok(), "no rows are no error");
}

#[test]
fn units_and_long_lines() {
    let options = ReadOptions { ts_unit: TsUnit::Ms, max_line: 40, ..ReadOptions::default() };
    let text = format!("ts,symbol,price,venue_ts\n5,A/B,1,3\n5,A/B,{},\n6,A/B,1,\n", "1".repeat(100));
    let mut reader = csv(&text, options).unwrap();
    let shown = show(&mut reader);
    assert_eq!(shown, ["5000000 A/B T 1 NaN None v3000000", "x.csv:3: the line has more than 40 bytes", "6000000 A/B T 1 NaN None"]);
    let counters = reader.counters();
    assert_eq!((counters.lines, counters.event_lines, counters.refused), (3, 2, 1));
}

#[test]
fn rows_of_jsonl() {
    let text = r#"{"ts":1,"symbol":"A/B","price":2.5,"qty":"3","side":"sell"}
{"symbol":"A/B","ts":"2","bid":1,"ask":null,"bid_qty":1e1,"kind":"quote"}

{"ts":3,"symbol":"A\/B","bids":[[2,1],["1.5","2"]],"asks":[[3,0]],"venue_ts":2}
{"ts":4,"symbol":"A/B","bids":[],"asks":[],"kind":"book"}
{"ts":"1970-01-01T00:00:00.000000005Z","symbol":"A/B","price":100000000000000000000}
"#;
    assert_eq!(
        show(&mut jsonl(text)),
        ["1 A/B T 2.5 3 Some(Sell)", "2 A/B Q 1 NaN 10 NaN", "3 A/B B 2x1 v2", "4 A/B B 0x0", "5 A/B T 100000000000000000000 NaN None",]
    );
    let deep: String = (1..=30).map(|i| format!("[{},1]", 100 - i)).collect::<Vec<_>>().join(",");
    assert_eq!(show(&mut jsonl(&format!("{{\"ts\":1,\"symbol\":\"A\",\"bids\":[{deep}]}}"))), ["1 A B 20x0"]);
    assert_eq!(show(&mut jsonl("")), Vec::<String>::new());
}

#[test]
fn rows_of_jsonl_that_are_refused() {
    for (row, message) in [
        (r#"{"ts":1,"symbol":"A","price":-1}"#, "`price`: the price -1 is not above 0"),
        (r#"{"ts":1,"symbol":"A","price":true}"#, "`price`: must be a number"),
        (r#"{"ts":1,"symbol":"A","price":[1]}"#, "`price`: must be a number"),
        (r#"{"ts":1.5,"symbol":"A","price":1}"#, "`ts`: \"1.5\" is no time"),
        (r#"{"ts":1,"symbol":7,"price":1}"#, "`symbol`: must be a text"),
        (r#"{"ts":1,"symbol":"A","prise":1}"#, "`prise`: unknown key, did you mean `price`?"),
        (r#"{"ts":1,"symbol":"A","price":1,"price":2}"#, "`price`: stands twice"),
        (r#"{"ts":1,"symbol":"A","bids":"x"}"#, "`bids`: must be a list of [price, qty]"),
        (r#"{"ts":1,"symbol":"A","bids":[1]}"#, "`bids`: must be a list of [price, qty]"),
        (r#"{"ts":1,"symbol":"A","bids":[[1,2,3]]}"#, "`bids`: must be a list of [price, qty]"),
        (r#"{"ts":1,"symbol":"A","bids":[[1,[2]]]}"#, "`bids`: must be a list of [price, qty]"),
        (r#"{"ts":1,"symbol":"A","bids":[[1,1],[0,2]]}"#, "`bids`: level 2: the price 0 is not above 0"),
        (r#"{"ts":1,"symbol":"A","asks":[["NaN",2]]}"#, "`asks`: level 1: \"NaN\" is not a finite number"),
        (r#"{"ts":1,"symbol":"A","asks":[[1,-2]]}"#, "`asks`: level 1: the quantity -2 is negative"),
        (r#"{"ts":1,"symbol":"A","bids":[[1,1]],"price":1}"#, "is of a book, but the row is a trade"),
        (r#"{"ts":1,"symbol":"A","price":1e999}"#, "not a JSON object"),
        (r#"[1]"#, "not a JSON object"),
        (r#"{"ts":1} x"#, "not a JSON object"),
        ("nonsense", "not a JSON object"),
    ] {
        let shown = show(&mut jsonl(&format!("{row}\n{{\"ts\":9,\"symbol\":\"C\",\"price\":1}}\n")));
        assert_eq!(shown.len(), 2, "{row}: {shown:?}");
        assert!(shown[0].starts_with("x.jsonl:1: ") && shown[0].contains(message), "{row}: {}", shown[0]);
    }
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!("{{\"ts\":1,\"symbol\":\"A\",\"price\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(show(&mut jsonl(&text))[0].contains("must be a number"), "stepped over without recursion");
    let text = "{\"ts\":".repeat(100_000);
    assert!(show(&mut jsonl(&text))[0].contains("not a JSON object"));
}

#[test]
fn cut_gzip_gives_what_is_whole() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writeln!(packer, "ts,symbol,price").unwrap();
    for i in 0..50_000 {
        writeln!(packer, "{i},A/B,{}", 1 + i * 7919 % 10_007).unwrap();
    }
    let bytes = packer.finish().unwrap();
    let mut reader = CsvReader::new("x.gz", Cursor::new(bytes[..bytes.len() / 2].to_vec()), ReadOptions::default()).unwrap();
    let (mut symbols, mut good) = (Symbols::new(), 0u64);
    loop {
        match reader.next_event(&mut symbols) {
            Some(Ok(event)) => {
                assert_eq!(event.ts, i64::try_from(good).unwrap());
                good += 1;
            }
            Some(Err(ReadError::Source(error @ SourceError::Truncated { format: "gzip", line, .. }))) => {
                assert_eq!(line, good + 1);
                assert!(error.help().contains("again"));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(good > 1_000 && reader.next_event(&mut symbols).is_none());
}

#[test]
fn each_cut_of_a_file_is_read_or_refused() {
    let text = "ts,symbol,kind,price,qty,side,bid,ask\n1,A/B,trade,61837.63,0.5,buy,,\n2,\"A/B\",quote,,,,1,2\n";
    for cut in 0..=text.len() {
        if let Ok(mut reader) = csv(&text[..cut], ReadOptions::default()) {
            let shown = show(&mut reader).len() as u64;
            let counters = reader.counters();
            assert_eq!(counters.events + counters.refused, shown);
        }
    }
    let text = r#"{"ts":3,"symbol":"A\/B","bids":[[2,1],["1.5","2"]],"asks":[[3,0]],"venue_ts":2}"#;
    for cut in 1..text.len() {
        assert!(show(&mut jsonl(&text[..cut]))[0].contains("not a JSON object"));
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![1e-12f64..1e12, (1u32..1_000_000).prop_map(f64::from), Just(f64::MIN_POSITIVE), Just(f64::MAX), Just(5e-324)]
}

prop_compose! {
    fn quantity()(known in any::<bool>(), value in prop_oneof![Just(0.0), number()]) -> f64 {
        if known { value } else { MISSING }
    }
}

prop_compose! {
    fn side_price()(known in any::<bool>(), value in number()) -> f64 {
        if known { value } else { MISSING }
    }
}

fn payload() -> impl Strategy<Value = Payload> {
    let levels = || proptest::collection::vec((number(), prop_oneof![Just(0.0), number()]), 0..20);
    prop_oneof![
        (number(), quantity(), prop_oneof![Just(None), Just(Some(Side::Buy)), Just(Some(Side::Sell))])
            .prop_map(|(price, qty, side)| Payload::Trade(Trade { price, qty, side })),
        (side_price(), side_price(), quantity(), quantity()).prop_map(|(bid, ask, bid_qty, ask_qty)| Payload::Quote(Quote {
            bid,
            ask,
            bid_qty,
            ask_qty
        })),
        (levels(), levels()).prop_map(|(bids, asks)| {
            let levels = |list: Vec<(f64, f64)>| list.into_iter().map(|(price, qty)| Level { price, qty }).collect();
            Payload::Book(Box::new(Book { bids: levels(bids), asks: levels(asks) }))
        }),
    ]
}

/// `NaN` is equal to itself here.
fn bits(event: &MarketEvent) -> String {
    format!("{event:?}")
}

proptest! {
    #[test]
    fn what_is_written_is_read(ts in any::<i64>(), venue_ts in any::<Option<i64>>(), payload in payload()) {
        let mut symbols = Symbols::new();
        let symbol = symbols.intern("binance:A/B").unwrap();
        let event = MarketEvent { ts, venue_ts, symbol, payload };
        let mut writer = JsonlWriter::new(Vec::new());
        writer.write(&event, &symbols).unwrap();
        let bytes = writer.finish().unwrap();
        let mut reader = JsonlReader::new("x", Cursor::new(bytes), ReadOptions::default()).unwrap();
        prop_assert_eq!(bits(&reader.next_event(&mut symbols).unwrap().unwrap()), bits(&event));
        let mut writer = CsvWriter::new(Vec::new()).unwrap();
        match writer.write(&event, &symbols) {
            Ok(()) => {
                let mut reader = CsvReader::new("x", Cursor::new(writer.finish().unwrap()), ReadOptions::default()).unwrap();
                prop_assert_eq!(bits(&reader.next_event(&mut symbols).unwrap().unwrap()), bits(&event));
            }
            Err(error) => prop_assert!(matches!((error, &event.payload), (WriteError::Book, Payload::Book(_)))),
        }
    }

    #[test]
    fn garbage_is_counted(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut with_header = b"ts,symbol,price,bid\n".to_vec();
        with_header.extend(&bytes);
        let mut csv = CsvReader::new("x", Cursor::new(with_header), ReadOptions::default()).unwrap();
        let mut jsonl = JsonlReader::new("x", Cursor::new(bytes), ReadOptions::default()).unwrap();
        for source in [&mut csv as &mut dyn EventSource, &mut jsonl] {
            let shown = show(source).len() as u64;
            let counters = source.counters();
            prop_assert_eq!(counters.events + counters.refused, shown);
            prop_assert_eq!(counters.lines, counters.event_lines + counters.refused + counters.blank);
        }
    }

    #[test]
    fn near_rows_are_counted(cells in proptest::collection::vec("[0-9a.,\"/ -]{0,6}", 1..8)) {
        let text = format!("ts,symbol,price,bid\n{}", cells.join(","));
        let mut csv = csv(&text, ReadOptions::default()).unwrap();
        show(&mut csv);
    }
}

#[test]
fn a_status_is_no_row() {
    let event = MarketEvent { ts: 1, venue_ts: None, symbol: SymbolId(0), payload: Payload::Status(Status::Gap) };
    assert!(matches!(JsonlWriter::new(Vec::new()).write(&event, &Symbols::new()), Err(WriteError::Status)));
}

//! The comparison, small: it runs, its rows have the shape that is promised, and everybody gives the same signals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "a test")]

use std::time::Duration;

use ascep_benches::by_hand::Frames;
#[cfg(feature = "peers")]
use ascep_benches::compare::Row;
use ascep_benches::compare::clock::Clock;
use ascep_benches::compare::contender::Contender;
use ascep_benches::compare::measure::{Settings, in_turn};
use ascep_benches::compare::report::{json, table};
use ascep_benches::compare::svg::{latencies, ratios};
use ascep_benches::compare::workloads::{Outcome, Size, Workload, run};
use ascep_benches::stream::quotes;
use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::event::Payload;
use ascep_feeds::symbols::Symbols;
use ascep_feeds::venue::FrameParser as _;
use ascep_runtime::{Event, InstrumentId};
use clap::ValueEnum as _;
use serde_json::Value;

#[test]
fn small_workloads_give_rows_of_the_promised_shape_and_equal_signals() {
    let mut all = Vec::new();
    for &workload in Workload::value_variants() {
        let Outcome { rows, mismatches, .. } = run(workload, &Size::QUICK);
        assert_eq!(mismatches, []);
        assert!(table(&rows).lines().count() >= rows.len());
        let parsed: Value = serde_json::from_str(&json(&rows).unwrap()).unwrap();
        let engines: Vec<&str> = rows.iter().map(|row| row.engine.as_str()).collect();
        match workload {
            Workload::W8 => assert!(engines.contains(&"ascep-compile")),
            Workload::W6 => assert!(engines.is_empty() || engines.starts_with(&["ascep-interpreter"]), "{engines:?}"),
            Workload::W5 => assert!(engines.starts_with(&["hand", "ascep"])),
            _ => assert!(engines.starts_with(&["hand", "ascep-interpreter"]), "{workload:?}: {engines:?}"),
        }
        #[cfg(feature = "peers")]
        foreign_engines_give_the_same_signals(workload, &rows);
        for row in parsed.as_array().unwrap() {
            let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = ["workload", "engine", "ns_per_event", "min", "max", "signals", "bytes_per_rule", "ratio_to_hand"];
            expected.sort_unstable();
            assert_eq!(keys, expected);
            let number = |key: &str| row[key].as_f64().unwrap();
            assert!(0.0 < number("min") && number("min") <= number("ns_per_event") && number("ns_per_event") <= number("max"), "{row}");
            assert!(row["signals"].as_u64().unwrap() > 0, "{row}");
            assert!(row["ratio_to_hand"].is_null() || number("ratio_to_hand") > 0.0, "{row}");
        }
        all.extend(rows);
    }
    let (ratios, latencies) = (ratios(&all), latencies(&all).unwrap());
    for engine in ["ascep-interpreter", "ascep"] {
        assert!(ratios.contains(&format!(">{engine}</text>")), "{ratios}");
    }
    for text in [">hand<", ">p99.99<", ">max<"] {
        assert!(latencies.contains(text), "{latencies}");
    }
    assert!(!(ratios + &latencies).contains("NaN"));
}

/// On these small streams also where an engine's windows are not quite ours.
#[cfg(feature = "peers")]
fn foreign_engines_give_the_same_signals(workload: Workload, rows: &[Row]) {
    let expected: &[(&str, &[&str])] = match workload {
        Workload::W1 => &[("W1", &["varpulis", "rust-rule-engine", "cel"])],
        Workload::W2 => &[("W2", &["rust-rule-engine", "cel"])],
        Workload::W3 => &[("W3", &["varpulis"]), ("W3b", &["varpulis"])],
        Workload::W4 => &[("W4", &["varpulis"])],
        _ => &[],
    };
    let is_foreign = |row: &&Row| row.engine != "hand" && !row.engine.starts_with("ascep");
    let foreign = rows.iter().filter(is_foreign).count();
    assert_eq!(foreign, expected.iter().map(|(_, engines)| engines.len()).sum::<usize>(), "{workload:?}: {rows:?}");
    for (name, engines) in expected {
        let signals = |engine: &str| rows.iter().find(|row| row.workload == *name && row.engine == engine).unwrap().signals;
        for engine in *engines {
            assert_eq!(signals(engine), signals("ascep-jit"), "{name}: {engine}");
        }
    }
}

/// A foreign engine that says that all of its time went into its own form of the events.
struct Foreign;

impl<'e> Contender<Event<'e>> for Foreign {
    fn name(&self) -> &str {
        "foreign"
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        events.len() as u64
    }

    fn take_and_convert(&mut self, events: &[Event<'e>], _: Clock) -> (u64, Duration) {
        (self.take(events), Duration::MAX)
    }

    fn is_foreign(&self) -> bool {
        true
    }
}

/// Counts events.
struct Counting;

impl<'e> Contender<Event<'e>> for Counting {
    fn name(&self) -> &str {
        "hand"
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        events.len() as u64
    }
}

#[test]
fn the_time_for_events_of_its_own_form_is_not_counted_and_a_slow_foreign_engine_leaves() {
    let events = quotes(4 * 64, &[InstrumentId(0)], 1);
    let contenders = || -> [Box<dyn Contender<Event<'static>>>; 2] { [Box::new(Counting), Box::new(Foreign)] };
    let patient = Settings { chunk: 64, warm: 1, chunks: 3, ..Settings::QUICK };
    let Outcome { rows, mismatches, .. } = in_turn("W", &events, &patient, &mut contenders());
    assert_eq!(mismatches, []);
    assert_eq!((rows[1].signals, rows[1].max, rows[1].note.as_deref()), (256, 0.0, None));
    assert!(rows[0].max > 0.0);

    let impatient = Settings { foreign: Duration::ZERO, ..patient };
    let Outcome { rows, mismatches, .. } = in_turn("W", &events, &impatient, &mut contenders());
    // It is compared with what others had given by then.
    assert_eq!(mismatches, []);
    assert_eq!((rows[0].signals, rows[1].signals), (256, 128));
    assert_eq!(rows[1].note.as_deref(), Some("1 of 3 chunks: time was up"));
}

#[test]
fn frames_are_read_by_hand_as_the_parser_reads_them() {
    let pairs = ["BTC/USDT", "ETH/USDT", "1000SATS/FDUSD", "A/B"];
    let mut table = SymbolTable::default();
    let mut symbols = Symbols::new();
    let natives: Vec<(String, InstrumentId)> = pairs
        .iter()
        .map(|pair| {
            table.add(pair);
            (pair.replace('/', ""), InstrumentId(symbols.intern(&format!("binance:{pair}")).unwrap().0))
        })
        .collect();
    let hand = Frames::new(&natives);
    let mut parser = Parser::new(table);
    let numbers = ["61837.63000000", "0.00000001", "3.78826000", "100.12345678", "9999999.99999999", "0.10000000"];
    for (at, (native, _)) in natives.iter().enumerate() {
        for update in ["50093239212", "150093239212"] {
            let [b, bq, a, aq] = [0, 1, 2, 3].map(|i| numbers[(at + i) % numbers.len()]);
            let frame = format!(
                r#"{{"stream":"{}@bookTicker","data":{{"u":{update},"s":"{native}","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}"}}}}"#,
                native.to_lowercase()
            );
            let mut out = Vec::new();
            parser.frame(1, frame.as_bytes(), &mut symbols, &mut out).unwrap();
            let Payload::Quote(expected) = &out[0].payload else { panic!("{out:?}") };
            let (id, quote) = hand.quote(frame.as_bytes()).unwrap();
            assert_eq!((id.0, &quote), (out[0].symbol.0, expected), "{frame}");
        }
    }
    let unknown = br#"{"stream":"xyzusdt@bookTicker","data":{"u":50093239212,"s":"XYZUSDT","b":"1.00000000","B":"1.00000000","a":"1.00000000","A":"1.00000000"}}"#;
    assert_eq!(hand.quote(unknown), None);
}

//! The worked cases as data: those beside the repository (`ASCEP_SHARED`, or `../shared`) and our own in `tests/worked`. What runs them is
//! elsewhere.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::path::{Path, PathBuf};

use ascep_lang::Options;
use ascep_lang::program::{Constant, Side};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, Loss, MISSING, Payload, Quote, Trade};
use serde_json::Value;

/// Rules, events, and the signals that come of them.
pub struct Case {
    pub name: String,
    pub rules: String,
    pub options: Options,
    /// Whether the rules must not compile.
    pub refused: bool,
    /// The code of the diagnostic that says why.
    pub code: Option<String>,
    pub rows: Vec<Value>,
    /// The expected signals as text.
    pub expected: String,
}

/// What a row of the events asks for.
pub enum Row<'r> {
    Market(&'r str, Event<'r>),
    /// `{"set": NAME, "num": x}` or `{"set": NAME, "duration": nanoseconds}`: a parameter is set while running.
    Set(&'r str, Constant),
}

/// The folder of recorded data beside the repository.
fn shared() -> Option<PathBuf> {
    let fallback = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = std::env::var_os("ASCEP_SHARED").map_or_else(fallback, PathBuf::from);
    if found.is_dir() {
        return Some(found);
    }
    assert!(std::env::var_os("CI").is_none(), "the shared cases are missing: {}", found.display());
    eprintln!("SKIPPED: no shared cases at {}; set ASCEP_SHARED", found.display());
    None
}

/// The cases beside the repository; none where they are not there.
pub fn of_shared() -> Vec<Case> {
    let cases = shared().map(|folder| of_folder(&folder.join("cases"))).unwrap_or_default();
    assert!(cases.is_empty() || cases.len() >= 130, "only {} shared cases", cases.len());
    cases
}

/// Our own.
pub fn own() -> Vec<Case> {
    let cases = of_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worked"));
    assert!(cases.len() >= 450, "only {} cases of our own", cases.len());
    cases
}

fn of_folder(folder: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders.iter().map(|folder| load(folder)).collect()
}

fn load(folder: &Path) -> Case {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let about: Value = serde_json::from_str(&read("case.json")).unwrap();
    Case {
        name: folder.file_name().unwrap().to_string_lossy().into_owned(),
        rules: read("rules.cep"),
        options: Options::default().with_strict_units(about["strict_units"] == true),
        refused: about["status"] == 1,
        code: about["code"].as_str().map(str::to_owned),
        rows: lines(&read("events.jsonl")),
        expected: read("expected.jsonl"),
    }
}

/// Lines of JSON.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Case {
    /// The venue of the first row.
    pub fn default_venue(&self) -> Option<String> {
        let symbol = self.rows.first()?["symbol"].as_str()?;
        symbol.split_once(':').map(|(venue, _)| venue.to_owned())
    }

    /// Hands the rows over one by one; which instrument an event is of stands beside it, as a symbol.
    pub fn play(&self, mut each: impl FnMut(Row<'_>)) {
        for row in &self.rows {
            let number = |key: &str| row[key].as_f64().unwrap_or(MISSING);
            if let Some(name) = row["set"].as_str() {
                let value = row["duration"].as_i64().map_or_else(|| Constant::Num(number("num").to_bits()), Constant::Duration);
                each(Row::Set(name, value));
                continue;
            }
            let levels = |key: &str| -> Vec<Level> {
                let side = row[key].as_array().into_iter().flatten();
                side.map(|level| Level { price: level[0].as_f64().unwrap(), qty: level[1].as_f64().unwrap() }).collect()
            };
            let (bids, asks) = (levels("bids"), levels("asks"));
            let has = |key: &str| !row[key].is_null();
            let kind = row["kind"].as_str().unwrap_or(match () {
                () if has("price") => "trade",
                () if has("bids") || has("asks") => "book",
                () => "quote",
            });
            let payload = match kind {
                "trade" => {
                    let side = row["side"].as_str().map(|side| if side == "buy" { Side::Buy } else { Side::Sell });
                    Payload::Trade(Trade { price: number("price"), qty: number("qty"), side })
                }
                "quote" => {
                    Payload::Quote(Quote { bid: number("bid"), ask: number("ask"), bid_qty: number("bid_qty"), ask_qty: number("ask_qty") })
                }
                "book" => Payload::Book(Book { bids: &bids, asks: &asks }),
                "gap" => Payload::Forget(Loss::Gap),
                "reset" => Payload::Forget(Loss::Reset),
                "stale" => Payload::Forget(Loss::Stale),
                "disconnect" => Payload::Forget(Loss::Disconnect),
                other => panic!("{}: a row of the kind {other}", self.name),
            };
            let ts = row["ts"].as_i64().unwrap();
            let event = Event { ts, venue_ts: row["venue_ts"].as_i64(), instrument: InstrumentId::UNNAMED, payload };
            each(Row::Market(row["symbol"].as_str().unwrap(), event));
        }
    }
}

/// Whether two values are equal, but for the last digits of numbers.
pub fn agrees(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Number(got), Value::Number(want)) => {
            let (got, want) = (got.as_f64().unwrap(), want.as_f64().unwrap());
            got == want || (got - want).abs() <= 1e-9 * want.abs().max(1e-9)
        }
        (Value::Array(got), Value::Array(want)) => got.len() == want.len() && got.iter().zip(want).all(|(got, want)| agrees(got, want)),
        (Value::Object(got), Value::Object(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| got.0 == want.0 && agrees(got.1, want.1))
        }
        _ => got == want,
    }
}

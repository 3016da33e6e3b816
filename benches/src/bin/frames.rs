//! Measures how long a frame of Binance takes from its bytes to an event with the id of its symbol: the scanner, the tolerant decoder, and serde_json with a
//! struct for each kind, in turn over the same frames in the same run. Fails where they do not read the same.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use ascep_benches::numbers::Numbers;
use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::venue::FrameParser;
use ascep_feeds::{MarketEvent, Payload, Symbols};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Symbols of 6 to 12 letters, chosen uniformly.
const SYMBOLS: usize = 1_000;
/// Frames of one kind: more bytes than any cache has.
const FRAMES: usize = 1 << 18;
const CHUNK: usize = 1 << 10;

/// Frames of one kind, one after the other.
struct Stream {
    name: &'static str,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Stream {
    fn chunks(&self) -> Vec<Vec<&[u8]>> {
        let mut begin = 0;
        let frames: Vec<&[u8]> = self.ends.iter().filter_map(|&end| self.bytes.get(std::mem::replace(&mut begin, end)..end)).collect();
        frames.chunks(CHUNK).map(<[_]>::to_vec).collect()
    }
}

/// Makes a frame of its number and a symbol.
type Make = fn(usize, &str, &mut Numbers) -> String;

fn symbols() -> Vec<String> {
    let mut numbers = Numbers::new(5);
    (0..SYMBOLS)
        .map(|n| {
            let letters = (0..1 + n % 6).map(|_| char::from(b'A' + numbers.below(26) as u8)).collect::<String>();
            // The number at the end makes it the only one of its name.
            format!("{letters}{n}{}", ["USDT", "BTC", "FDUSD"].get(n % 3).unwrap_or(&""))
        })
        .collect()
}

/// Frames made by a function of the stream's number, a symbol and the random numbers.
fn stream(name: &'static str, make: Make) -> Stream {
    let (symbols, mut numbers) = (symbols(), Numbers::new(7));
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for n in 0..FRAMES {
        let symbol = symbols.get(numbers.below(symbols.len())).map_or("BTCUSDT", String::as_str);
        bytes.extend_from_slice(make(n, symbol, &mut numbers).as_bytes());
        ends.push(bytes.len());
    }
    Stream { name, bytes, ends }
}

/// A price of any size that the venue has.
fn price(numbers: &mut Numbers) -> String {
    format!("{:.8}", 10_f64.powf(numbers.unit() * 8.0 - 3.0))
}

fn qty(numbers: &mut Numbers) -> String {
    format!("{:.8}", 10_f64.powf(numbers.unit() * 9.0 - 3.0))
}

fn book_ticker(n: usize, symbol: &str, numbers: &mut Numbers) -> String {
    let (b, bq, a, aq) = (price(numbers), qty(numbers), price(numbers), qty(numbers));
    format!(r#"{{"u":{},"s":"{symbol}","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}"}}"#, 50_093_239_212 + n)
}

fn trade(n: usize, symbol: &str, numbers: &mut Numbers) -> String {
    let (p, q, m, time) = (price(numbers), qty(numbers), numbers.unit() < 0.5, 1_723_161_255_342 + n);
    format!(r#"{{"e":"trade","E":{time},"s":"{symbol}","t":{},"p":"{p}","q":"{q}","T":{time},"m":{m},"M":true}}"#, 3_735_683_259_usize + n)
}

fn aggregate(n: usize, symbol: &str, numbers: &mut Numbers) -> String {
    let (p, q, m, time, id) = (price(numbers), qty(numbers), numbers.unit() < 0.5, 1_723_161_255_342 + n, 60_118_000 + n);
    format!(r#"{{"e":"aggTrade","E":{time},"s":"{symbol}","a":{id},"p":"{p}","q":"{q}","f":{id},"l":{id},"T":{time},"m":{m},"M":true}}"#)
}

fn depth(n: usize, numbers: &mut Numbers) -> String {
    let mut side = || (0..5).map(|_| format!(r#"["{}","{}"]"#, price(numbers), qty(numbers))).collect::<Vec<_>>().join(",");
    format!(r#"{{"lastUpdateId":{},"bids":[{}],"asks":[{}]}}"#, 50_093_239_212 + n, side(), side())
}

fn wrapped(stream: &str, symbol: &str, data: &str) -> String {
    format!(r#"{{"stream":"{}@{stream}","data":{data}}}"#, symbol.to_lowercase())
}

/// Reads frames.
type Contender<'a> = &'a mut dyn FnMut(&[&[u8]]) -> Sum;

/// What a contender read of some frames: a sum that differs if anything differs.
type Sum = u64;

fn sum(symbol: u32, numbers: [f64; 4]) -> Sum {
    numbers.into_iter().fold(u64::from(symbol) + 1, |sum, number| sum.rotate_left(7) ^ number.to_bits())
}

struct Ours {
    parser: Parser,
    symbols: Symbols,
    events: Vec<MarketEvent>,
}

impl Ours {
    fn new(scan: bool) -> Self {
        Self { parser: Parser::new(SymbolTable::default()).with_scan(scan), symbols: Symbols::new(), events: Vec::new() }
    }

    fn read(&mut self, frames: &[&[u8]]) -> Sum {
        let mut total = 0_u64;
        for frame in frames {
            self.events.clear();
            let _ = black_box(self.parser.frame(1, frame, &mut self.symbols, &mut self.events));
            for event in &self.events {
                let numbers = match &event.payload {
                    Payload::Quote(q) => [q.bid, q.bid_qty, q.ask, q.ask_qty],
                    Payload::Trade(t) => [t.price, t.qty, 0.0, 0.0],
                    Payload::Book(_) | Payload::Status(_) => [0.0; 4],
                };
                total = total.wrapping_add(sum(event.symbol.0, numbers));
            }
        }
        total
    }
}

/// What a program has that reads frames with serde: structs with borrowed text, and a map of symbols.
struct Serde {
    ids: HashMap<String, u32>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Quote,
    Trade,
    Depth,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Deserialize)]
struct BookTicker<'a> {
    u: u64,
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bq: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    aq: &'a str,
}

#[derive(Deserialize)]
struct TradeMessage<'a> {
    s: &'a str,
    p: &'a str,
    q: &'a str,
    #[serde(rename = "T")]
    time: u64,
    m: bool,
}

/// The form of partial depth, of which no level is read: the others only check it too.
#[derive(Deserialize)]
struct Depth {
    #[serde(rename = "lastUpdateId")]
    id: u64,
    bids: IgnoredAny,
    asks: IgnoredAny,
}

impl Serde {
    fn new(kind: Kind) -> Self {
        Self { ids: HashMap::new(), kind }
    }

    fn id(&mut self, symbol: &str) -> u32 {
        if let Some(&id) = self.ids.get(symbol) {
            return id;
        }
        let id = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.insert(symbol.to_owned(), id);
        id
    }

    fn one(&mut self, frame: &[u8]) -> serde_json::Result<Sum> {
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        Ok(match self.kind {
            Kind::Quote => {
                let BookTicker { u, s, b, bq, a, aq } = message(frame)?;
                black_box(u);
                sum(self.id(s), [number(b), number(bq), number(a), number(aq)])
            }
            Kind::Trade => {
                let TradeMessage { s, p, q, time, m } = message(frame)?;
                black_box((time, m));
                sum(self.id(s), [number(p), number(q), 0.0, 0.0])
            }
            Kind::Depth => {
                let Depth { id, bids, asks } = message(frame)?;
                black_box((id, bids, asks));
                0
            }
        })
    }

    fn read(&mut self, frames: &[&[u8]]) -> Sum {
        frames.iter().fold(0, |total, frame| total.wrapping_add(self.one(frame).unwrap_or(1)))
    }
}

fn message<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> serde_json::Result<T> {
    if frame.starts_with(b"{\"stream\"") {
        serde_json::from_slice::<Wrapped<T>>(frame).map(|wrapped| wrapped.data)
    } else {
        serde_json::from_slice(frame)
    }
}

fn main() {
    // Words of the names of what is to be measured; all where none is given.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    println!("ns a frame: median of chunks of {CHUNK} frames (10th to 90th of 100), {SYMBOLS} symbols");
    let kinds: [(&'static str, Kind, Make); 7] = [
        ("bookTicker", Kind::Quote, book_ticker),
        ("bookTicker, wrapped", Kind::Quote, |n, symbol, numbers| wrapped("bookTicker", symbol, &book_ticker(n, symbol, numbers))),
        ("trade", Kind::Trade, trade),
        ("trade, wrapped", Kind::Trade, |n, symbol, numbers| wrapped("trade", symbol, &trade(n, symbol, numbers))),
        ("aggTrade", Kind::Trade, aggregate),
        ("aggTrade, wrapped", Kind::Trade, |n, symbol, numbers| wrapped("aggTrade", symbol, &aggregate(n, symbol, numbers))),
        ("depth5, wrapped", Kind::Depth, |n, symbol, numbers| wrapped("depth5", symbol, &depth(n, numbers))),
    ];
    for (name, kind, make) in kinds {
        if wanted(name) {
            measure(&stream(name, make), kind);
        }
    }
}

fn measure(stream: &Stream, kind: Kind) {
    let (mut scanner, mut tolerant, mut serde) = (Ours::new(true), Ours::new(false), Serde::new(kind));
    let chunks = stream.chunks();
    // All of them know all symbols after this, in the same order.
    let mut read: [Contender<'_>; 3] =
        [&mut |frames| scanner.read(frames), &mut |frames| tolerant.read(frames), &mut |frames| serde.read(frames)];
    let mut times: [Vec<f64>; 3] = std::array::from_fn(|_| Vec::new());
    for pass in 0..2 {
        for (at, chunk) in chunks.iter().enumerate() {
            let mut sums = Vec::new();
            for turn in 0..3 {
                let which = (at + turn) % 3;
                let (Some(read), Some(times)) = (read.get_mut(which), times.get_mut(which)) else { continue };
                // Each finds the frames in the same state: just written, as they come from a socket.
                black_box(chunk.iter().map(|frame| frame.iter().map(|b| u64::from(*b)).sum::<u64>()).sum::<u64>());
                let began = Instant::now();
                sums.push(black_box(read(black_box(chunk))));
                let took = began.elapsed().as_nanos() as f64 / chunk.len() as f64;
                if pass > 0 {
                    times.push(took);
                }
            }
            assert!(sums.iter().all(|sum| Some(sum) == sums.first()), "they do not read the same");
        }
    }
    let bytes = stream.bytes.len() / stream.ends.len();
    println!("{}, {bytes} bytes", stream.name);
    for (name, mut times) in ["scanner", "tolerant decoder", "serde_json"].into_iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(f64::NAN);
        println!("  {name:17} {:6.1} ({:.1} .. {:.1})", at(50), at(10), at(90));
    }
    let counters = scanner.parser.counters();
    println!("  scanned {}, fell back {}", counters.scanned, counters.fell_back);
}

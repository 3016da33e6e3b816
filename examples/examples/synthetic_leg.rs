//! Makes a third leg to two recorded ones, so that a scan for triangles has something to find: `ETH/BTC` of a venue called `synthetic`, computed from
//! the quotes of BTC/USDT and ETH/USDT. It is no market data, and its name says so in every output.
//!
//! ```sh
//! cargo run -p ascep-examples --example synthetic_leg -- binance:btc.gz binance:eth.gz eth_btc.csv
//! ascep scan --data binance:btc.gz --data binance:eth.gz --data eth_btc.csv --fee 0.5bp --home USDT
//! ```
//!
//! The price is the ratio of the two mids as it was 40 ms ago, between two ticks of the real market (0.00001, some 2 bp) with one tick of spread, and
//! there are 5 ETH at either side. So it lags: after a jump of BTC or ETH it is wrong for 40 ms. A quote is written where it changes, and once a
//! second where it does not.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::VecDeque;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use ascep_feeds::{DataSpec, EventSource as _, MarketEvent, Merge, Payload, ReadOptions, Symbols, open_data};

const SYMBOL: &str = "synthetic:ETH/BTC";
/// Steps of the price in one BTC.
const TICKS: f64 = 100_000.0;
const QUANTITY: f64 = 5.0;
/// How far it is behind, in nanoseconds.
const LAG: i64 = 40_000_000;
/// The longest time between two quotes, in nanoseconds.
const SILENCE: i64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [btc, eth, out] = args.as_slice() else { return Err("give the data of BTC/USDT, those of ETH/USDT, and a file to write".into()) };
    let mut symbols = Symbols::new();
    let open = |text: &String| -> Result<_, Box<dyn Error>> { Ok(open_data(&text.parse::<DataSpec>()?, &ReadOptions::default())?) };
    let mut data = Merge::new(vec![open(btc)?, open(eth)?]);
    let mut file = BufWriter::new(File::create_new(out)?);
    writeln!(file, "ts,symbol,bid,ask,bid_qty,ask_qty")?;

    let mut mids = [None, None];
    let mut waiting: VecDeque<(i64, f64)> = VecDeque::new();
    let (mut last, mut written) = (None, 0_u64);
    while let Some(event) = data.next_event(&mut symbols) {
        let Ok(event) = event else { continue };
        if let Some(of) = mids.get_mut(data.last_source()) {
            *of = mid(&event).or(*of);
        }
        if let [Some(btc), Some(eth)] = mids {
            waiting.push_back((event.ts + LAG, (eth / btc * TICKS).floor()));
        }
        // Up to the event at hand: the file is in order of time.
        while let Some(&(ts, tick)) = waiting.front().filter(|(ts, _)| *ts <= event.ts) {
            waiting.pop_front();
            if last.is_none_or(|(at, before)| before != tick || ts - at >= SILENCE) {
                writeln!(file, "{ts},{SYMBOL},{:.5},{:.5},{QUANTITY},{QUANTITY}", tick / TICKS, (tick + 1.0) / TICKS)?;
                last = Some((ts, tick));
                written += 1;
            }
        }
    }
    file.flush()?;
    println!("{written} synthetic quotes of {SYMBOL} in {out}");
    Ok(())
}

/// The mid of a quote or a book that has both sides.
fn mid(event: &MarketEvent) -> Option<f64> {
    let (bid, ask) = match &event.payload {
        Payload::Quote(quote) => (quote.bid, quote.ask),
        Payload::Book(book) => (book.bids.first()?.price, book.asks.first()?.price),
        Payload::Trade(_) | Payload::Status(_) => return None,
    };
    Some((bid + ask) / 2.0).filter(|mid| mid.is_finite())
}

//! An engine on a thread of its own, fed through a bounded ring: the thread that reads the market never waits for the rules, and the
//! rules never wait for a lock.
//!
//! What happens when the ring is full is a policy. Here a quote is a full picture, so of several that wait only the newest of each
//! instrument is kept; a trade is never dropped, the reader waits for room. Both are counted.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::thread;

use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Trade};
use ascep_runtime::{Engine, EngineOptions, signal::Signal};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

const RULES: &str = r#"
RULE tight: IF spread_ratio("BTC/USDT") < 1bp THEN TIGHT(mid = mid("BTC/USDT")) COOLDOWN 1ms
RULE large: IF trade("BTC/USDT") WHERE it.notional > 500_000 THEN LARGE(q = it.qty)
"#;

/// An event that owns what it holds, so that it can cross threads.
#[derive(Clone, Copy)]
struct Message {
    ts: i64,
    instrument: InstrumentId,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Quote(Quote),
    Trade(Trade),
}

/// The side that reads the market: puts messages into the ring, in order, without ever losing a trade.
struct Feed {
    ring: Producer<Message>,
    /// The newest quote of each instrument that found no room.
    waiting: Vec<Message>,
    conflated: u64,
    waits: u64,
}

impl Feed {
    fn send(&mut self, message: Message) {
        self.flush();
        match message.what {
            What::Quote(_) => {
                if self.waiting.is_empty() {
                    let Err(PushError::Full(message)) = self.ring.push(message) else { return };
                    self.waiting.push(message);
                    return;
                }
                // The newest takes the place at the end, so that what waits stays in the order of time.
                let before = self.waiting.len();
                self.waiting.retain(|older| older.instrument != message.instrument);
                self.conflated += u64::from(self.waiting.len() < before);
                self.waiting.push(message);
            }
            What::Trade(_) => {
                self.finish();
                self.push(message);
            }
        }
    }

    /// Hands over what waits, as far as there is room.
    fn flush(&mut self) {
        let room = self.ring.slots().min(self.waiting.len());
        for message in self.waiting.drain(..room) {
            // There is room: nobody else puts anything in.
            let _ = self.ring.push(message);
        }
    }

    /// Hands over all that waits.
    fn finish(&mut self) {
        for message in std::mem::take(&mut self.waiting) {
            self.push(message);
        }
    }

    /// Waits for room.
    fn push(&mut self, mut message: Message) {
        while let Err(PushError::Full(back)) = self.ring.push(message) {
            message = back;
            self.waits += 1;
            thread::yield_now();
        }
    }
}

/// The side of the engine: takes messages until the other side is gone and the ring is empty.
fn evaluate(mut engine: Engine, mut ring: Consumer<Message>) -> Result<(u64, u64), Box<dyn Error + Send + Sync>> {
    let (mut events, mut signals) = (0, 0);
    loop {
        let Ok(message) = ring.pop() else {
            if ring.is_abandoned() && ring.is_empty() {
                return Ok((events, signals));
            }
            thread::yield_now();
            continue;
        };
        let payload = match message.what {
            What::Quote(quote) => Payload::Quote(quote),
            What::Trade(trade) => Payload::Trade(trade),
        };
        let event = Event { ts: message.ts, venue_ts: None, instrument: message.instrument, payload };
        engine.on_event(&event, &mut |_: &Signal<'_>| signals += 1)?;
        events += 1;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let program = compile(&[Source::new("rules.cep", RULES)], &Options::default())?;
    let engine = Engine::new(&program, EngineOptions::default())?;
    let btc = engine.instrument("BTC/USDT").ok_or("no rule names BTC/USDT")?;
    let (producer, consumer) = RingBuffer::new(256);
    let worker = thread::spawn(move || evaluate(engine, consumer));

    let mut feed = Feed { ring: producer, waiting: Vec::new(), conflated: 0, waits: 0 };
    let sent = 100_000;
    for i in 0..sent {
        let ts = i * 10_000;
        let bid = 60_000.0 + f64::from(u32::try_from(i % 100)?);
        let what = if i % 1000 == 999 {
            What::Trade(Trade { price: bid, qty: 10.0, side: None })
        } else {
            What::Quote(Quote { bid, ask: bid + if i % 10 == 0 { 1.0 } else { 12.0 }, bid_qty: 1.0, ask_qty: 1.0 })
        };
        feed.send(Message { ts, instrument: btc, what });
    }
    feed.finish();
    let (conflated, waits) = (feed.conflated, feed.waits);
    drop(feed); // the worker ends when the ring is empty and has no producer

    let (events, signals) = worker.join().map_err(|_| "the engine's thread panicked")?.map_err(|error| error as Box<dyn Error>)?;
    println!("sent {sent}, evaluated {events}, conflated {conflated}, waited {waits} times, signals {signals}");
    if events + conflated != u64::try_from(sent)? {
        return Err("an event was lost".into());
    }
    Ok(())
}

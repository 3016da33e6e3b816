//! The simulated market itself: who quotes when, at what price, and when a cross is pushed away from its fair value.

use rustc_hash::FxHashMap;

use super::asset::{Asset, MARKET_SIGMA};
use super::random::{Random, hash};
use super::{NAME, SimError, SimOptions};
use crate::error::ReadError;
use crate::event::{Book, Level, MarketEvent, Payload, Quote, Side, Timestamp, Trade};
use crate::source::{EventSource, SourceCounters};
use crate::symbols::{SymbolId, Symbols, split_pair, split_venue};

const SECOND: f64 = 1e9;
/// Of the events that are no push: how many are trades, and how many of the others are books.
const TRADES: f64 = 0.2;
const BOOKS: f64 = 0.04;
/// Mean seconds between two pushes of the same symbol.
const PUSH_EVERY: f64 = 5.0;

/// A simulated market, an endless iterator of events with growing times.
pub struct Sim {
    random: Random,
    assets: Vec<Asset>,
    instruments: Vec<Instrument>,
    pushes: Vec<Push>,
    start: Timestamp,
    now: Timestamp,
    next_push: Timestamp,
    /// Mean ns between two events.
    wait: f64,
    /// The market's own log move, and the time up to which it has walked, in seconds.
    market: f64,
    market_at: f64,
    /// How many instruments have had their first quote.
    opened: usize,
    counters: SourceCounters,
}

struct Instrument {
    symbol: SymbolId,
    base: usize,
    /// None: priced in dollars.
    quote: Option<usize>,
    /// Units of the last decimal in 1.
    price_scale: f64,
    qty_scale: f64,
    /// Half of the usual spread, as a part of the price.
    half_spread: f64,
    /// The usual quantity.
    size: f64,
    /// How far it is pushed away now, in log price.
    push: f64,
    /// The last quote.
    bid: f64,
    ask: f64,
}

/// A push that has begun and its end.
struct Push {
    until: Timestamp,
    instrument: usize,
}

impl Sim {
    /// A market; its symbols are entered into the table under the names that were asked for, without `sim:`.
    ///
    /// # Errors
    /// When there is no symbol, a name can't be one, or the rate is out of range.
    pub fn new(options: &SimOptions, symbols: &mut Symbols) -> Result<Self, SimError> {
        if !(1.0..=1e6).contains(&options.rate) {
            return Err(SimError::Rate { rate: options.rate });
        }
        let mut sim = Self {
            random: Random::new(options.seed),
            assets: Vec::new(),
            instruments: Vec::new(),
            pushes: Vec::new(),
            start: options.start,
            now: options.start,
            next_push: options.start,
            wait: SECOND / options.rate,
            market: 0.0,
            market_at: 0.0,
            opened: 0,
            counters: SourceCounters::default(),
        };
        let mut assets = FxHashMap::default();
        let names = options.symbols.iter().map(|name| match split_venue(name.trim()) {
            (Some(NAME), pair) => pair,
            _ => name,
        });
        // Those of the market itself open first: the first row of a record says which venue is the default one.
        let (own, other): (Vec<&str>, Vec<&str>) = names.partition(|name| split_venue(name.trim()).0.is_none());
        for name in own.into_iter().chain(other) {
            let symbol = symbols.intern(name)?;
            if sim.instruments.iter().all(|one| one.symbol != symbol) {
                sim.add(symbol, symbols.name(symbol), &mut assets);
            }
        }
        if sim.instruments.is_empty() {
            return Err(SimError::NoSymbols);
        }
        sim.next_push = options.start.saturating_add(ns(0.5 * SECOND));
        Ok(sim)
    }

    fn add(&mut self, symbol: SymbolId, name: &str, assets: &mut FxHashMap<String, usize>) {
        let (base, quote) = split_pair(split_venue(name).1);
        let mut asset = |name: &str| {
            *assets.entry(name.to_owned()).or_insert_with(|| {
                self.assets.push(Asset::new(name));
                self.assets.len() - 1
            })
        };
        let (base, quote) = (asset(base), quote.map(&mut asset));
        let dollars = libm::exp(self.log_value(base, 0.0));
        let price = libm::exp(self.log_value(base, 0.0) - quote.map_or(0.0, |quote| self.log_value(quote, 0.0)));
        // By the name, so that the same symbol is as liquid in every market.
        let liquidity = hash(name) % 1_000;
        #[expect(clippy::cast_precision_loss, reason = "below 1,000")]
        let half_spread = 0.4e-4 + 1.2e-7 * liquidity as f64;
        let size = 6_000.0 / dollars;
        self.instruments.push(Instrument {
            symbol,
            base,
            quote,
            price_scale: scale(price, 5),
            qty_scale: scale(size, 3),
            half_spread,
            size,
            push: 0.0,
            bid: 0.0,
            ask: 0.0,
        });
    }

    fn log_value(&mut self, asset: usize, seconds: f64) -> f64 {
        let market = self.market;
        self.assets.get_mut(asset).map_or(0.0, |asset| asset.log_value(seconds, market, &mut self.random))
    }

    /// The next event; there always is one.
    fn step(&mut self) -> MarketEvent {
        let at = if self.opened < self.instruments.len() {
            self.opened += 1;
            self.now = self.now.saturating_add(1_000);
            return self.quote(self.opened - 1, false);
        } else {
            self.now.saturating_add(ns(self.random.exponential(self.wait)).max(1))
        };
        // Pushes begin and end with a quote of their own, at their own time.
        let end = self.pushes.iter().enumerate().min_by_key(|(_, push)| push.until).map(|(place, push)| (place, push.until));
        match end {
            Some((place, until)) if until <= at && until <= self.next_push => {
                let push = self.pushes.swap_remove(place);
                self.now = until.max(self.now.saturating_add(1));
                if let Some(instrument) = self.instruments.get_mut(push.instrument) {
                    instrument.push = 0.0;
                }
                return self.quote(push.instrument, false);
            }
            _ if self.next_push <= at => return self.push(),
            _ => {}
        }
        self.now = at;
        let instrument = self.random.below(self.instruments.len());
        let kind = self.random.uniform();
        if kind < TRADES { self.trade(instrument) } else { self.quote(instrument, kind < TRADES + BOOKS * (1.0 - TRADES)) }
    }

    /// Begins a push.
    fn push(&mut self) -> MarketEvent {
        self.now = self.next_push.max(self.now.saturating_add(1));
        #[expect(clippy::cast_precision_loss, reason = "a count of symbols")]
        let mean = (PUSH_EVERY * SECOND / self.instruments.len() as f64).max(2e7);
        self.next_push = self.now.saturating_add(ns(self.random.exponential(mean)).max(1));
        let instrument = self.random.below(self.instruments.len());
        let size = self.random.between(30e-4, 60e-4);
        let size = if self.random.chance(0.5) { size } else { -size };
        let lasts = ns(self.random.between(60e6, 95e6));
        if self.pushes.iter().all(|push| push.instrument != instrument) {
            self.pushes.push(Push { until: self.now.saturating_add(lasts), instrument });
            if let Some(instrument) = self.instruments.get_mut(instrument) {
                instrument.push = size;
            }
        }
        self.quote(instrument, false)
    }

    /// The fair price of an instrument now.
    fn fair(&mut self, at: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a double is fine for the time that has passed")]
        let seconds = self.now.saturating_sub(self.start) as f64 / SECOND;
        let passed = seconds - self.market_at;
        if passed > 0.0 {
            self.market += MARKET_SIGMA * passed.sqrt() * self.random.normal();
            self.market_at = seconds;
        }
        let Some((base, quote, push)) = self.instruments.get(at).map(|one| (one.base, one.quote, one.push)) else { return 1.0 };
        let base = self.log_value(base, seconds);
        let quote = quote.map_or(0.0, |quote| self.log_value(quote, seconds));
        libm::exp(base - quote + push + 0.2e-4 * self.random.normal())
    }

    fn quote(&mut self, at: usize, book: bool) -> MarketEvent {
        let fair = self.fair(at);
        let random = &mut self.random;
        let Some(one) = self.instruments.get_mut(at) else { return nothing(self.now) };
        let half = one.half_spread * random.between(0.5, 1.5);
        let bid_ticks = (fair * (1.0 - half) * one.price_scale).floor().max(1.0);
        let ask_ticks = (fair * (1.0 + half) * one.price_scale).ceil().max(bid_ticks + 1.0);
        one.bid = bid_ticks / one.price_scale;
        one.ask = ask_ticks / one.price_scale;
        let payload = if book {
            let depth = 5 + random.below(6);
            let mut book = Book::default();
            let (mut bid, mut ask) = (bid_ticks, ask_ticks);
            for _ in 0..depth {
                if bid >= 1.0 {
                    book.bids.push(Level { price: bid / one.price_scale, qty: one.quantity(random) });
                }
                book.asks.push(Level { price: ask / one.price_scale, qty: one.quantity(random) });
                // The next level lies one to some ticks deeper, more where the spread is many ticks.
                let step = (fair * one.half_spread * one.price_scale).max(1.0);
                bid -= (step * random.between(0.3, 1.5)).ceil();
                ask += (step * random.between(0.3, 1.5)).ceil();
            }
            Payload::Book(Box::new(book))
        } else {
            let (bid_qty, ask_qty) = (one.quantity(random), one.quantity(random));
            Payload::Quote(Quote { bid: one.bid, ask: one.ask, bid_qty, ask_qty })
        };
        let symbol = one.symbol;
        self.event(symbol, payload)
    }

    fn trade(&mut self, at: usize) -> MarketEvent {
        let random = &mut self.random;
        let Some(one) = self.instruments.get(at) else { return nothing(self.now) };
        let (side, price) = if random.chance(0.5) { (Side::Buy, one.ask) } else { (Side::Sell, one.bid) };
        let qty = one.quantity(random).max(1.0 / one.qty_scale);
        let symbol = one.symbol;
        self.event(symbol, Payload::Trade(Trade { price, qty, side: Some(side) }))
    }

    /// The venue saw it some milliseconds before it came.
    fn event(&mut self, symbol: SymbolId, payload: Payload) -> MarketEvent {
        let venue_ts = self.now.saturating_sub(ns(self.random.between(5e5, 5e6)));
        self.counters.events += 1;
        MarketEvent { ts: self.now, venue_ts: Some(venue_ts), symbol, payload }
    }
}

impl Instrument {
    /// A quantity around the usual one, often much smaller, sometimes much larger; never 0.
    fn quantity(&self, random: &mut Random) -> f64 {
        let qty = self.size * libm::exp(1.1 * random.normal());
        (qty * self.qty_scale).round().max(1.0) / self.qty_scale
    }
}

fn nothing(ts: Timestamp) -> MarketEvent {
    MarketEvent { ts, venue_ts: None, symbol: SymbolId(0), payload: Payload::Quote(crate::event::NO_QUOTE) }
}

#[expect(clippy::cast_possible_truncation, reason = "waits of at most hours")]
fn ns(nanoseconds: f64) -> i64 {
    nanoseconds as i64
}

/// The power of ten by which a value has at least so many digits before the point, and at least 1.
fn scale(value: f64, digits: i32) -> f64 {
    let wanted = libm::pow(10.0, f64::from(digits));
    let mut scale = 1.0;
    while value * scale < wanted && scale < 1e15 {
        scale *= 10.0;
    }
    scale
}

impl Iterator for Sim {
    type Item = MarketEvent;

    fn next(&mut self) -> Option<MarketEvent> {
        Some(self.step())
    }
}

impl EventSource for Sim {
    fn next_event(&mut self, _: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        Some(Ok(self.step()))
    }

    fn name(&self) -> &str {
        NAME
    }

    fn counters(&self) -> SourceCounters {
        self.counters
    }
}

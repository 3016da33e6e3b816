//! EUR/USD on two venues, OANDA and FXCM, on 5 May 2014. FXCM's clock is 5 h behind.

use ascep_lang::{Options, Source, compile};
use ascep_runtime::arbitrage::{CloseReason, FeeTable, MarketSpec, Opportunity, ScanSettings, Scanner, State, Universe, VenueClock};
use ascep_runtime::event::{Event, MISSING, Payload, Quote};
use ascep_runtime::{Engine, EngineOptions, signal::Signal};

use crate::data::{Failure, unzip};

const MS: i64 = 1_000_000;
/// What FXCM's clock is behind.
pub(crate) const BEHIND: i64 = 5 * 3_600_000 * MS;
/// The limit of age.
pub(crate) const MAX_AGE: i64 = 5_000 * MS;
const MARKETS: [&str; 2] = ["oanda:EUR/USD", "fxcm:EUR/USD"];
const RULES: &str = r#"
USE arbitrage
LET there = cross(buy = "oanda:EUR/USD", sell = "fxcm:EUR/USD", fee_buy = 0bp, fee_sell = 0bp)
LET back = cross(buy = "fxcm:EUR/USD", sell = "oanda:EUR/USD", fee_buy = 0bp, fee_sell = 0bp)
RULE there: IF there > 0 AND there.age < 5s THEN THERE(net = there)
RULE back: IF back > 0 AND back.age < 5s THEN BACK(net = back)
RULE both: IF cycles(home = "USD", fee = 0bp, legs = 2, markets = ["oanda:EUR/USD", "fxcm:EUR/USD"], max_age = 5s) WHERE it.state == "open"
  THEN BOTH(net = it.net)
"#;

/// A quote as it was recorded.
#[derive(Debug, Clone, Copy)]
struct Tick {
    /// On the venue's own clock.
    ts: i64,
    /// Whose: the place in [`MARKETS`].
    venue: usize,
    bid: f64,
    ask: f64,
}

/// What counts as a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Each side for itself, whatever the other one says: also of a quote that is locked or crossed on its own venue.
    Sides,
    /// What the library counts: a quote that is locked or crossed is a fault of the data, and its venue has no price until the next one.
    Sound,
}

/// What a scan gave.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Scan {
    /// Lifetimes in ms, from the shortest.
    pub(crate) lifetimes: Vec<i64>,
    /// The widest edge in pips.
    pub(crate) widest: f64,
    /// Quotes locked and crossed on their own venue.
    pub(crate) faults: (u64, u64),
    /// Episodes that a fault ended.
    pub(crate) ended_by_faults: u64,
    /// Episodes that age ended.
    pub(crate) ended_by_age: u64,
}

impl Scan {
    /// All lifetimes in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.lifetimes.iter().sum::<i64>() as f64 / 1e3
    }

    /// The two in the middle, in ms.
    pub(crate) fn middle(&self) -> (i64, i64) {
        let at = |n: usize| self.lifetimes.get(n).copied().unwrap_or_default();
        let count = self.lifetimes.len();
        (at(count.saturating_sub(1) / 2), at(count / 2))
    }
}

fn ticks() -> Result<Vec<Tick>, Failure> {
    let mut ticks = Vec::new();
    for (venue, name) in ["oanda", "fxcm"].into_iter().enumerate() {
        let text = unzip(&format!("fx/forex_{name}_tick_eurusd_20140505_quote.zip"))?;
        for line in text.lines() {
            let mut cells = line.split(',');
            let mut cell = || cells.next().ok_or("a cell is missing");
            ticks.push(Tick { ts: cell()?.parse::<i64>()? * MS, venue, bid: cell()?.parse()?, ask: cell()?.parse()? });
        }
    }
    Ok(ticks)
}

/// The quotes in the order of a common clock, each with its time there.
fn in_order(behind: i64) -> Result<Vec<(i64, Tick)>, Failure> {
    let common = |tick: &Tick| if tick.venue == 1 { tick.ts + behind } else { tick.ts };
    let mut ticks: Vec<(i64, Tick)> = ticks()?.into_iter().map(|tick| (common(&tick), tick)).collect();
    ticks.sort_by_key(|(ts, tick)| (*ts, tick.venue));
    Ok(ticks)
}

/// Scans the day; `behind` is what FXCM's clock is taken to be behind.
pub(crate) fn scan(behind: i64, max_age: Option<i64>, count: Count) -> Result<Scan, Failure> {
    let ticks = in_order(behind)?;
    let mut out = Scan::default();
    match count {
        Count::Sound => scan_one(&ticks, behind, max_age, None, &mut out)?,
        // A way takes one side of each venue. The other is put out of the way, so that it decides nothing.
        Count::Sides => {
            scan_one(&ticks, behind, max_age, Some(0), &mut out)?;
            scan_one(&ticks, behind, max_age, Some(1), &mut out)?;
        }
    }
    out.lifetimes.sort_unstable();
    Ok(out)
}

fn scan_one(ticks: &[(i64, Tick)], behind: i64, max_age: Option<i64>, bought_on: Option<usize>, out: &mut Scan) -> Result<(), Failure> {
    let mut universe = Universe::new();
    let mut markets = Vec::new();
    for symbol in MARKETS {
        markets.push(universe.add(&MarketSpec::spot(symbol)?)?);
    }
    let venue = |name| universe.venue(name).ok_or("no such venue");
    let clocks = vec![(venue("oanda")?, VenueClock::Fixed(0)), (venue("fxcm")?, VenueClock::Fixed(behind))];
    let settings = ScanSettings::default().with_legs(2..=2).with_step(0.0).with_max_age(max_age).with_clocks(clocks);
    let mut scanner = Scanner::new(&universe, &FeeTable::flat(0.0)?.resolve(&universe)?, settings)?;
    let mut last = [Quote { bid: MISSING, ask: MISSING, bid_qty: MISSING, ask_qty: MISSING }; 2];
    for (ts, tick) in ticks {
        let (mut bid, mut ask) = (tick.bid, tick.ask);
        match bought_on {
            Some(venue) if venue == tick.venue => bid = ask / 2.0,
            Some(_) => ask = bid * 2.0,
            None => {}
        }
        let quote = Quote { bid, ask, bid_qty: MISSING, ask_qty: MISSING };
        if let Some(last) = last.get_mut(tick.venue) {
            *last = quote;
        }
        let [oanda, fxcm] = last;
        let mut told = |o: &Opportunity| match o.state {
            State::Close(reason) => {
                out.lifetimes.push(o.lifetime() / MS);
                out.ended_by_age += u64::from(reason == CloseReason::Age);
                out.ended_by_faults += u64::from(matches!(reason, CloseReason::Locked | CloseReason::Crossed));
            }
            State::Open | State::Update => {
                let edge = (oanda.bid - fxcm.ask).max(fxcm.bid - oanda.ask);
                out.widest = out.widest.max(edge * 1e4);
            }
        };
        let market = markets.get(tick.venue).copied().ok_or("no such market")?;
        scanner.quote(market, *ts, Some(tick.ts), &quote, &mut told)?;
    }
    scanner.finish(&mut |o: &Opportunity| out.lifetimes.push(o.lifetime() / MS));
    let counters = scanner.counters();
    out.faults = (out.faults.0 + counters.locked, out.faults.1 + counters.crossed);
    Ok(())
}

/// The same through rules, aligned and with the limit of age: how many signals of `cross` both ways there are, and how many of `cycles`.
pub(crate) fn rules() -> Result<(u64, u64), Failure> {
    let program = compile(&[Source::new("facts.cep", RULES)], &Options::default())?;
    let mut engine = Engine::new(&program, EngineOptions::default())?;
    let mut signals = (0, 0);
    for (ts, tick) in in_order(BEHIND)? {
        let symbol = MARKETS.get(tick.venue).ok_or("no such market")?;
        let quote = Quote { bid: tick.bid, ask: tick.ask, bid_qty: MISSING, ask_qty: MISSING };
        let instrument = engine.instrument(symbol).ok_or("no rule names it")?;
        let event = Event { ts, venue_ts: Some(tick.ts), instrument, payload: Payload::Quote(quote) };
        engine.on_event(&event, &mut |signal: &Signal<'_>| match signal.name() {
            "BOTH" => signals.1 += 1,
            _ => signals.0 += 1,
        })?;
    }
    Ok(signals)
}

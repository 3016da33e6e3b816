//! What is seen only from inside: how programs are cut, and that no thread of a shard allocates.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::panic::UnwindSafe;
use std::sync::Mutex;
use std::thread::{self, ThreadId};

use ascep_lang::program::Constant;
use ascep_lang::{InputType, Options, Program, Source, compile};

use super::split::{NOWHERE, Split, split};
use super::{ShardSettings, ShardedEngine};
use crate::event::{Book, Event, InstrumentId, Level, Loss, Payload, Quote, Trade};
use crate::signal::{Signal, Value};
use crate::{EngineOptions, HostFunctions};

/// What each thread of a shard has allocated in its whole life.
static ALLOCATED: Mutex<Vec<(ThreadId, u64)>> = Mutex::new(Vec::new());

/// What a thread does, with its allocations counted.
pub(super) fn counted(serve: impl FnOnce() + UnwindSafe) -> impl FnOnce() + UnwindSafe {
    move || {
        let counted = allocation_counter::measure(serve);
        ALLOCATED.lock().unwrap().push((thread::current().id(), counted.count_total));
    }
}

fn program(text: &str) -> Program {
    let options = Options::default().with_input("news", InputType::Bool).with_function("f", [InputType::Number], InputType::Number);
    compile(&[Source::new("test.cep", text)], &options).unwrap()
}

/// By symbol the shard.
type Symbols = Vec<(String, Option<u8>)>;

/// By shard the rules, and by symbol the shard.
fn cut(text: &str, shards: usize) -> (Vec<Vec<u32>>, Symbols) {
    let program = program(text);
    let Split { parts, shard_of } = split(&program, Some("b"), shards);
    let engine = crate::Engine::new(&program, EngineOptions::default().with_default_venue("b")).unwrap();
    let symbols = engine.instruments().map(|(id, name)| (name.to_owned(), Some(shard_of[id.0 as usize]).filter(|shard| *shard != NOWHERE)));
    (parts.into_iter().map(|part| part.rules).collect(), symbols.collect())
}

#[test]
fn rules_that_share_an_instrument_stay_together() {
    let text = "PARAM p = 1\n\
                IF last(\"A/B\") > p THEN X\n\
                IF last(\"C/D\") > p AND news THEN X\n\
                IF last(\"b:A/B\") > mid(\"E/F\") THEN X\n\
                IF hour_of_day() > 5 AND last(\"C/D\") > 2 THEN X(side = side(\"G/H\"))\n\
                IF hour_of_day() > 5 AND last(\"I/J\") > 2 THEN X(s = \"K/L\")";
    // Two that weigh nearly the same, and the lightest, which is the caller's.
    let (rules, symbols) = cut(text, 8);
    assert_eq!(rules, [vec![4], vec![0, 2], vec![1, 3]]);
    let shard = |name: &str| symbols.iter().find(|(symbol, _)| symbol == name).unwrap().1;
    assert_eq!(["b:A/B", "b:C/D", "b:E/F", "b:G/H", "b:I/J"].map(shard), [Some(1), Some(2), Some(1), Some(2), Some(0)]);
    // The heaviest stands alone as long as it weighs more than the others together.
    assert_eq!(cut(text, 2).0, [vec![1, 3], vec![0, 2, 4]]);
    assert_eq!(cut(text, 1).0, [vec![0, 1, 2, 3, 4]]);
}

#[test]
fn what_reads_no_instrument_goes_anywhere_and_searches_hold_their_markets_together() {
    let (rules, symbols) = cut("IF news THEN X\nIF hour_of_day() > 5 THEN Y\nIF NOT news THEN Z(k = \"A/B\")", 2);
    assert_eq!(rules.concat().len(), 3);
    assert_eq!(rules.len(), 2);
    assert!(symbols.iter().all(|(_, shard)| shard.is_none()));
    let text = "USE arbitrage\n\
                IF cycles(home = \"A\", fee = 0, markets = [\"A/B\", \"C/A\", \"C/B\"], legs = 3) THEN X\n\
                IF last(\"C/B\") > 1 THEN Y\nIF last(\"D/E\") > 1 THEN Z";
    assert_eq!(cut(text, 4).0, [vec![2], vec![0, 1]]);
    assert_eq!(cut("IF last(\"A/B\") > mid(\"C/D\") THEN X\nIF mid(\"C/D\") > 1 THEN Y", 4).0, [vec![0, 1]]);
}

#[test]
fn every_rule_and_instrument_is_in_one_shard() {
    let text: String = (0..40).map(|k| format!("IF mid(\"A{}/B\") > mid(\"A{}/B\") THEN X\n", k, k / 3)).collect();
    let (rules, symbols) = cut(&text, 5);
    let mut all = rules.concat();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<u32>>());
    assert!(rules.iter().all(|rules| rules.is_sorted()));
    assert!(symbols.iter().all(|(_, shard)| shard.is_some()));
}

/// Two halves that share nothing, of all that a shard may be given.
const HALVES: &str = "PARAM p = 3 IN 0 .. 9\nPARAM d = 2s IN 1s .. 5s\nUSE arbitrage\n\
    RULE a FOR EACH s IN [\"A/B\", \"C/D\"]: IF mid(s) > p THEN MID(m = mid(s), s = s, on = news) EVERY TICK\n\
    RULE b FOR EACH s IN [\"A/B\", \"C/D\"]: IF trade(s) THEN TRADE(avg = avg(last(s), d), side = side(s)), AGAIN(deep = imbalance(s, 5))\n\
    RULE c FOR EACH s IN [\"A/B\", \"C/D\"]: IF NO trade(s) FOR 1s THEN QUIET(t = now(), f = f(last(s)))\n\
    RULE e: IF cycles(home = \"X\", fee = 0, markets = [\"X/Y\", \"Z/X\", \"Z/Y\"], legs = 3) THEN W(path = it.path, state = it.state)";

fn run(engine: &mut ShardedEngine, rounds: u64, signals: &mut u64) {
    let ids = ["A/B", "C/D", "X/Y", "Z/X", "Z/Y", ""].map(|symbol| engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED));
    let levels: [Level; 12] = std::array::from_fn(|k| Level { price: 4.0 + k as f64, qty: 1.0 });
    let mut sink =
        |signal: &Signal<'_>| *signals += 1 + signal.values.iter().filter(|value| matches!(value, Value::Text(""))).count() as u64;
    let param = engine.param("p").unwrap();
    let length = engine.param("d").unwrap();
    let input = engine.input("news").unwrap();
    let mut ts = 0;
    for round in 0..rounds {
        let event = |k: u64| {
            let at = round * 64 + k;
            ts += if at.is_multiple_of(50) { 3_000_000_000 } else { 1_000_000 };
            let price = 1.0 + (at * 7 % 11) as f64;
            let payload = match at % 7 {
                0 | 1 => Payload::Trade(Trade { price, qty: 1.0, side: None }),
                2 => Payload::Book(Book { bids: &[], asks: &levels }),
                3 if at.is_multiple_of(5) => Payload::Forget(Loss::Gap),
                _ => Payload::Quote(Quote { bid: price, ask: price + 1.0, bid_qty: 1.0, ask_qty: 2.0 }),
            };
            Event { ts: if at.is_multiple_of(13) { ts - 5_000_000 } else { ts }, venue_ts: None, instrument: ids[at as usize % 6], payload }
        };
        let events: [Event<'_>; 64] = std::array::from_fn(|k| k as u64).map(event);
        engine.on_events(&events, &mut sink).unwrap();
        engine.on_event(&events[63], &mut sink).unwrap();
        engine.set_param(param, Constant::Num((round as f64 % 9.0).to_bits()), &mut sink).unwrap();
        engine.set_param(length, Constant::Duration(1_000_000_000 + (round as i64 % 3) * 1_000_000_000), &mut sink).unwrap();
        engine.on_input(input, (round % 3 > 0).then_some(Constant::Bool(round % 2 == 0)), &mut sink).unwrap();
        if round.is_multiple_of(4) {
            ts += 1_000_000_000;
            engine.advance_to(ts, &mut sink).unwrap();
        }
    }
}

/// What the caller's thread and the other ones allocate while they run, and what came of it.
fn allocated(functions: &HostFunctions, settings: ShardSettings, rounds: u64) -> (u64, u64, ShardedEngineSeen) {
    let mut engine = ShardedEngine::with_functions(&program(HALVES), EngineOptions::default(), settings, functions).unwrap();
    let mut signals = 0;
    let own = allocation_counter::measure(|| run(&mut engine, rounds, &mut signals)).count_total;
    let ids: Vec<ThreadId> =
        engine.rounds.as_ref().unwrap().merge.lanes.iter().map(|lane| lane.thread.as_ref().unwrap().thread().id()).collect();
    let seen = ShardedEngineSeen {
        signals,
        early: engine.shards().map(|shard| shard.early_pages).sum(),
        by_shard: engine.shards().map(|s| s.signals).collect(),
    };
    drop(engine);
    let all = ALLOCATED.lock().unwrap();
    let others: Vec<u64> = ids.iter().map(|id| all.iter().find(|(other, _)| other == id).unwrap().1).collect();
    (own, others.iter().sum(), seen)
}

struct ShardedEngineSeen {
    signals: u64,
    early: u64,
    by_shard: Vec<u64>,
}

fn plain() -> HostFunctions {
    HostFunctions::new().with("f", |args| if let [Value::Num(x)] = args { Value::Num(x + 1.0) } else { Value::Unknown })
}

#[test]
fn no_thread_allocates() {
    for settings in [
        ShardSettings::new(3),
        ShardSettings::new(2).with_round_events(16).with_page_signals(256),
        // Pages overflow all the time.
        ShardSettings::new(3).with_round_events(5).with_page_signals(2),
    ] {
        let (own, others, seen) = allocated(&plain(), settings, 400);
        assert_eq!((own, others), (0, 0), "{settings:?}");
        assert!(seen.signals > 10_000 && seen.by_shard.iter().all(|signals| *signals > 500), "{:?}", seen.by_shard);
        assert_eq!(seen.early > 100, settings.page_signals == 2);
    }
}

#[test]
fn the_counters_count() {
    let boxes = HostFunctions::new().with("f", |_| Value::Num(*std::hint::black_box(Box::new(1.0))));
    let (own, others, _) = allocated(&boxes, ShardSettings::new(3), 40);
    assert!(own + others > 0 && others > 0, "{own} {others}");
}

//! Once built, the engine allocates nothing: a counting allocator over ten million events that go through every operator, timers, full
//! windows, signals with fields, parameters and inputs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use ascep_lang::program::{ClockFn, CmpOp, Constant, Input, MarketField, NumFn, Op, Sequence, Side};
use ascep_lang::syntax::CrossSide;
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::{write_csv_row, write_jsonl, write_text};
use ascep_runtime::{Engine, EngineOptions, Signal};
use common::sequence::{all, seq};
use common::*;

const EVENTS: u64 = 10_000_000;
const WARM_UP: u64 = 10_000;

fn rules() -> Vec<R> {
    let pure = |name, fields: Vec<E>| {
        fields.into_iter().enumerate().fold(rule(trade("A/B")), |rule, (k, field)| rule.field(&format!("{name}{k}"), field)).cooldown(1.0)
    };
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let x = last("A/B");
    let mut rules: Vec<R> = (0..50)
        .map(|k| {
            let edge = bid("A/B").times(num(1.0 - f64::from(k) * 1e-4)).over(market(MarketField::Ask, "C/D")).minus(num(1.0));
            rule(edge.clone().gt(num(0.05))).field("edge", edge)
        })
        .collect();
    rules.extend([
        pure(
            "num",
            [NumFn::Neg, NumFn::Abs, NumFn::Sqrt, NumFn::Ln, NumFn::Exp, NumFn::Floor, NumFn::Ceil, NumFn::Round, NumFn::Sign]
                .map(|f| x.clone().f1(f))
                .into(),
        ),
        pure("two", [NumFn::Pow, NumFn::Mod, NumFn::Min, NumFn::Max].map(|f| x.clone().f2(f, bid("C/D"))).into()),
        pure(
            "market",
            [
                MarketField::TradeSide,
                MarketField::Notional,
                MarketField::Mid,
                MarketField::Spread,
                MarketField::SpreadRatio,
                MarketField::Microprice,
                MarketField::Latency,
                MarketField::VenueTs,
            ]
            .map(|field| market(field, "A/B"))
            .into(),
        ),
        pure(
            "book",
            vec![
                imbalance("A/B", 1),
                imbalance("A/B", 5),
                depth_price("A/B", Side::Buy, num(3.0)),
                depth_price("A/B", Side::Sell, bid("C/D")),
            ],
        ),
        pure(
            "clock",
            vec![
                now(),
                hour(),
                day(),
                age("C/D"),
                age("C/D").over(dur(0.001)),
                big.clone().since(),
                sym("A/B"),
                side_text("buy"),
                truth(true),
            ],
        ),
        rule(x.clone().gt(param(0, NUM))).every_tick().limit(3, 5.0).field("p", param(0, NUM)),
        rule(x.clone().gt(num(100.0)).and(bid("A/B").known()).or(imbalance("A/B", 1).lt(num(-0.5)))).until(quote("C/D")),
        rule(x.clone().gt(num(100.0))).every(0.5),
        rule(x.clone().crosses(CrossSide::Either, bid("A/B").or_else(num(100.0)))).cooldown(0.25),
        rule(x.clone().gt(num(100.0)).held(0.01)),
        rule(quote("E/F").silent(0.02)).field("a", age("E/F")),
        rule(trade("C/D").once(0.01)),
        rule(x.clone().gt(num(102.0)).once(0.05).not()),
        rule(trade("A/B").count(1.0, true).gt(num(60.0))).field("n", trade("A/B").count(1.0, false)),
        rule(x.clone().count_updates(20).ge(num(20.0)).and(trade("A/B").count(0.05, true).lt(num(10.0)))),
        rule(x.clone().gt(x.clone().at(50))).field("was", x.clone().at(50)),
        rule(age("C/D").gt(dur(0.01))).field("age", age("C/D")),
        rule(big.since().cmp(CmpOp::Eq, dur(0.02))),
        rule(e(Op::Clock(ClockFn::HourOfDay), vec![], NUM).ge(num(1.0))),
        rule(any(vec![trade("A/B"), trade("C/D")]).and(x.clone().gt(num(104.0)))).field("p", trade("A/B").pick(x.clone(), last("C/D"))),
        rule(x.gt(num(101.0)).edge().or(input(0, NUM).crosses(CrossSide::Above, num(0.5)))),
        rule(depth_price("A/B", Side::Buy, param(0, NUM)).gt(num(103.0))),
    ]);
    rules
}

/// Sequences of every kind of step; what they wait for goes to the table.
fn sequence_rules(table: &mut Vec<Sequence>) -> Vec<R> {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let mut labels = seq(0.05).on(trade("A/B"));
    let (price, at) = (labels.first(last("A/B")), labels.first(now()));
    let mut labels = labels.on(quote("C/D")).filter(bid("C/D").gt(price.clone()));
    let then = labels.first(now());
    let labels = labels.no(trade("C/D")).filter(last("C/D").lt(price.clone())).on(last("E/F").gt(price.clone()));
    let mut many = seq(0.1).times(trade("A/B"), 2, Some(4));
    let (count, highest) = (many.count(), many.last(last("A/B")));
    let many = many.no_for(big.clone(), 0.002).on(quote("C/D"));
    let sampled = e(Op::Sample, vec![big.clone(), last("A/B")], NUM);
    vec![
        rule(seq(0.01).on(trade("A/B")).on(trade("C/D")).node(table)),
        rule(labels.node(table)).field("p", price).field("lag", then.minus(at)),
        rule(many.node(table)).field("n", count).field("l", highest),
        rule(seq(0.02).on(quote("E/F")).no(bid("A/B").gt(num(103.0))).node(table)),
        rule(seq(0.02).on(quote("E/F")).on(trade("A/B")).no_for(quote("E/F"), 0.004).node(table)).cooldown(0.01),
        rule(all(0.01, vec![trade("A/B"), quote("C/D"), big])),
        rule(trade("C/D")).field("n", sampled.clone().count(1.0, true)).field("x", sampled),
    ]
}

struct Stream {
    engine: Engine,
    seed: u64,
    ts: i64,
    price: f64,
    out: Vec<u8>,
    signals: u64,
    levels: [Level; 10],
}

impl Stream {
    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn step(&mut self, count: u64) {
        let (bits, instruments) = (self.random(), [0, 1, 2, u32::MAX]);
        let Self { engine, out, signals, levels, .. } = self;
        let mut sink = |signal: &Signal<'_>| {
            *signals += 1;
            out.clear();
            match signal.seq % 3 {
                0 => write_jsonl(signal, out),
                1 => write_csv_row(signal, out),
                _ => write_text(signal, out),
            }
        };
        // Mostly forward, now and then late.
        self.ts += (bits % 2_000_000).cast_signed();
        let late = if bits.is_multiple_of(101) { 5_000_000 } else { 0 };
        self.price = (self.price + ((bits >> 20) % 201) as f64 * 0.01 - 1.0).clamp(95.0, 105.0);
        let (price, small) = (self.price, (bits >> 40) % 10);
        let qty = if small == 9 { MISSING } else { small as f64 };
        let payload = match (bits >> 8) % 8 {
            0..=3 => Payload::Trade(Trade { price, qty, side: [None, Some(Side::Buy), Some(Side::Sell)][(bits >> 16) as usize % 3] }),
            4..=6 => {
                Payload::Quote(Quote { bid: if small == 8 { MISSING } else { price - 0.1 }, ask: price + 0.1, bid_qty: qty, ask_qty: 3.0 })
            }
            _ => {
                for (k, level) in levels.iter_mut().enumerate() {
                    *level = Level { price: price + k as f64 * 0.1, qty: 1.0 };
                }
                Payload::Book(Book { bids: &levels[..1], asks: &levels[..] })
            }
        };
        let instrument = InstrumentId(instruments[(bits >> 32) as usize % 4]);
        let venue_ts = bits.is_multiple_of(3).then_some(self.ts - 1_000);
        let event = Event { ts: self.ts - late, venue_ts, instrument, payload };
        engine.on_event(&event, &mut sink).unwrap();
        match count % 1_000 {
            0 => engine.set_param(engine.param("p").unwrap(), Constant::Num((90.0 + small as f64).to_bits()), &mut sink).unwrap(),
            1 => engine.advance_to(self.ts, &mut sink),
            2 => engine.on_input(engine.input("i").unwrap(), Some(Constant::Num((small as f64 / 9.0).to_bits())), &mut sink).unwrap(),
            3 => {
                let bad = Event { payload: Payload::Trade(Trade { price: -1.0, qty: 1.0, side: None }), ..event };
                engine.on_event(&bad, &mut sink).unwrap_err();
            }
            4 => engine.set_param(engine.param("p").unwrap(), Constant::Num(f64::NAN.to_bits()), &mut sink).map_or((), |()| unreachable!()),
            _ => {}
        }
    }
}

fn stream(columns: bool) -> Stream {
    let params = vec![param_decl("p", Constant::Num(100.0_f64.to_bits()), None)];
    let inputs = vec![Input { name: "i".into(), ty: NUM }];
    let (mut rules, mut sequences) = (rules(), vec![]);
    rules.extend(sequence_rules(&mut sequences));
    let mut program = program_with(&rules, params, inputs, false);
    program.tables.sequences = sequences;
    let options = EngineOptions::default().with_max_window_samples(64).with_columns(columns);
    let engine = Engine::new(&program, options).unwrap();
    let level = Level { price: 1.0, qty: 1.0 };
    Stream {
        engine,
        seed: 88_172_645_463_325_252,
        ts: 1_722_988_800_000_000_000,
        price: 100.0,
        out: Vec::with_capacity(4096),
        signals: 0,
        levels: [level; 10],
    }
}

#[test]
fn ten_million_events_allocate_nothing() {
    let mut stream = stream(true);
    // From the very first event: nothing is left to be done once.
    let info = allocation_counter::measure(|| {
        for count in 0..EVENTS {
            stream.step(count);
        }
    });
    let counters = stream.engine.counters();
    assert_eq!(info.count_total, 0, "{info:?}");
    assert_eq!(info.bytes_total, 0, "{info:?}");
    assert_eq!(counters.events, EVENTS);
    assert_eq!(counters.signals, stream.signals);
    // The workload is what it says: everything that is counted happened often.
    let happened = [
        counters.signals,
        counters.late,
        counters.refused,
        counters.unnamed,
        counters.unknown_results,
        counters.held_back,
        counters.lost_disarmed,
        counters.samples_dropped,
        counters.timers_fired,
        counters.param_sets,
    ];
    assert!(happened.iter().all(|count| *count >= 1_000), "{counters:?}");
}

#[test]
fn every_rule_of_the_workload_fires() {
    for columns in [true, false] {
        let mut stream = stream(columns);
        let mut fired = vec![0_u64; stream.engine.plan_stats().rules];
        let (a, c) = (stream.engine.instrument("A/B").unwrap(), stream.engine.instrument("C/D").unwrap());
        assert_eq!((a, c), (InstrumentId(0), InstrumentId(1)));
        for count in 0..WARM_UP {
            stream.step(count);
        }
        // Once more with a sink that looks at rules: a trade at each price.
        for k in 0..20_000_u64 {
            let bits = stream.random();
            stream.ts += (bits % 3_000_000).cast_signed() + 3_600_000_000_000 * i64::from(k % 1_000 == 0);
            let price = 95.0 + (bits >> 20) as f64 % 1_001.0 * 0.01;
            let payload = match k % 5 {
                0 | 1 => Payload::Trade(Trade { price, qty: (bits >> 40) as f64 % 10.0, side: Some(Side::Buy) }),
                2 | 3 => Payload::Quote(Quote { bid: price, ask: price * 0.9, bid_qty: 1.0, ask_qty: (bits >> 44) as f64 % 10.0 }),
                _ => Payload::Book(Book { bids: &stream.levels, asks: &[Level { price, qty: 200.0 }] }),
            };
            let event = Event { ts: stream.ts, venue_ts: None, instrument: InstrumentId((bits >> 50) as u32 % 3), payload };
            stream.engine.on_event(&event, &mut |signal: &Signal<'_>| fired[signal.head.rule_index as usize] += 1).unwrap();
            if k % 500 == 0 {
                let (input, value) = (stream.engine.input("i").unwrap(), Constant::Num(((bits >> 40) as f64 % 2.0).to_bits()));
                stream.engine.on_input(input, Some(value), &mut |signal: &Signal<'_>| fired[signal.head.rule_index as usize] += 1).unwrap();
            }
        }
        let silent: Vec<usize> = fired.iter().enumerate().filter(|(_, count)| **count == 0).map(|(rule, _)| rule).collect();
        assert!(silent.is_empty(), "rules {silent:?} of {fired:?}");
    }
}

#[test]
fn columns_change_nothing() {
    let run = |columns| {
        let mut stream = stream(columns);
        let mut lines = Vec::new();
        for count in 0..20_000 {
            let before = stream.signals;
            stream.step(count);
            if stream.signals > before {
                lines.push(stream.out.clone());
            }
        }
        (lines, stream.engine.counters())
    };
    let (with, without) = (run(true), run(false));
    assert_eq!(with.1, without.1);
    assert!(with.0 == without.0);
}

#[test]
fn the_counter_counts() {
    let info = allocation_counter::measure(|| {
        std::hint::black_box(vec![1_u8; 100]);
        std::hint::black_box(Box::new(1_u64));
    });
    assert_eq!((info.count_total, info.bytes_total), (2, 108));
    // And it sees through the engine's calls: a sink that keeps what it gets allocates.
    let mut stream = stream(true);
    let mut kept = Vec::new();
    let a = stream.engine.instrument("A/B").unwrap();
    let event = Event { ts: 1, venue_ts: None, instrument: a, payload: Payload::Trade(Trade { price: 101.0, qty: 1.0, side: None }) };
    let info = allocation_counter::measure(|| {
        stream.engine.on_event(&event, &mut |signal: &Signal<'_>| kept.push(signal.to_owned())).unwrap();
    });
    assert!(!kept.is_empty());
    assert!(info.count_total > 0);
}

#[test]
fn types_of_the_workload() {
    let (mut ops, mut types) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    fn walk(e: &E, ops: &mut std::collections::BTreeSet<String>, types: &mut std::collections::BTreeSet<String>) {
        ops.insert(format!("{:?}", e.op).split(['(', ' ', '{']).next().unwrap().to_owned());
        types.insert(format!("{:?}", e.ty).split('(').next().unwrap().to_owned());
        e.args.iter().for_each(|arg| walk(arg, ops, types));
    }
    for rule in rules().into_iter().chain(sequence_rules(&mut vec![])) {
        rule.expressions().for_each(|e| walk(e, &mut ops, &mut types));
    }
    let all = [
        "Age",
        "All",
        "And",
        "Capture",
        "Clock",
        "Coalesce",
        "Compare",
        "Const",
        "Crosses",
        "DepthPrice",
        "Edge",
        "Event",
        "EventAnd",
        "EventOr",
        "For",
        "Imbalance",
        "Index",
        "Input",
        "Known",
        "Market",
        "NoFor",
        "Not",
        "Num",
        "Once",
        "Or",
        "Param",
        "Pick",
        "Sample",
        "Seq",
        "Since",
        "Where",
        "Window",
    ];
    assert_eq!(ops.iter().map(String::as_str).collect::<Vec<_>>(), all, "every operator but the payloads of typed rules");
    assert_eq!(types.len(), 7, "{types:?}");
}

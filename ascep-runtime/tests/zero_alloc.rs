//! Once built, the engine allocates nothing: a counting allocator over ten million events that go through every operator, timers, full
//! windows, signals with fields, parameters and inputs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use ascep_lang::program::{
    BarField, ClockFn, CmpOp, Constant, Cycle, CycleField, CycleId, CycleKind, FunctionId, HostFunction, Input, MarketField, NumFn, Op,
    ParamId, Period, Program, Sequence, Side, Stat, Type, Window,
};
use ascep_lang::syntax::CrossSide;
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::{Value, write_csv_row, write_jsonl, write_text};
use ascep_runtime::{Engine, EngineOptions, HostFunctions, Signal};
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

/// Every aggregate over time and over a count of updates, fixed and by a parameter; bars, indicators, a cycle and a function of the host.
fn look_back_rules() -> Vec<R> {
    let (x, qty) = (last("E/F"), market(MarketField::Qty, "E/F"));
    let mut aggregates = vec![];
    let percentile = Stat::Percentile(12.5_f64.to_bits());
    let of_one = [Stat::Count, Stat::Sum, Stat::Avg, Stat::Lowest, Stat::Highest, Stat::First, Stat::Last, Stat::Median, percentile];
    let more = [Stat::Stddev, Stat::StddevPop, Stat::Variance, Stat::Zscore, Stat::Slope];
    let pairs = [Stat::Corr, Stat::Beta, Stat::Vwap];
    let windows = [
        (Window::Time(fixed(0.05)), None),
        (Window::Time(fixed(5.0)), Some(100)),
        (Window::Time(Period::Param(ParamId(1))), None),
        (Window::Updates(30), None),
    ];
    for (window, max) in windows {
        let past: &[Stat] = if matches!(window, Window::Time(_)) { &[Stat::Change, Stat::Delta, Stat::Twap] } else { &[Stat::Wma] };
        for stat in of_one.iter().chain(&more).chain(past).chain(&pairs).copied() {
            let args = if stat.is_paired() { vec![x.clone(), qty.clone()] } else { vec![x.clone()] };
            aggregates.push(e(Op::Window { stat, window, partial: true, max }, args, NUM));
        }
    }
    let rate = e(Op::Window { stat: Stat::Rate, window: Window::Time(fixed(0.02)), partial: true, max: None }, vec![trade("E/F")], NUM);
    let bar = || e(Op::Bar { symbol: symbol("A/B"), period: secs(0.01) }, vec![], Type::Event);
    let of_bar = |field| e(Op::BarField(field), vec![bar()], if field == BarField::Start { Type::Timestamp } else { NUM });
    let (high, low, close) = (of_bar(BarField::High), of_bar(BarField::Low), of_bar(BarField::Close));
    let indicators = [
        e(Op::Ema { n: 12, skip: 3 }, vec![close.clone()], NUM),
        e(Op::Rsi(14), vec![close.clone()], NUM),
        e(Op::Atr(14), vec![high.clone(), low.clone(), close.clone()], NUM),
        e(Op::Obv, vec![close.clone(), of_bar(BarField::Volume)], NUM),
        e(Op::FastK, vec![close.clone(), low, high], NUM),
        e(Op::Decay(fixed(0.5)), vec![x.clone()], NUM),
    ];
    let cycle = |field, ty| e(Op::Cycle { cycle: CycleId(0), field }, vec![param(0, NUM).times(num(1e-9))], ty);
    let cycle_fields = [
        (CycleField::Net, NUM),
        (CycleField::Gross, NUM),
        (CycleField::Direction, NUM),
        (CycleField::Size, NUM),
        (CycleField::Age, Type::Duration),
        (CycleField::Skew, Type::Duration),
    ];
    let host = e(Op::Host(FunctionId(0)), vec![x, age("C/D"), now(), bid("A/B").known()], NUM);
    let named =
        |r: R, name: &str, fields: Vec<E>| fields.into_iter().enumerate().fold(r, |r, (k, field)| r.field(&format!("{name}{k}"), field));
    vec![
        named(rule(trade("E/F")).cooldown(0.5), "w", aggregates),
        rule(rate.clone().gt(num(55.0))).field("r", rate),
        named(rule(bar()).limit(1, 0.1), "b", indicators.into())
            .field("start", of_bar(BarField::Start))
            .field("vwap", of_bar(BarField::Vwap)),
        rule(close.clone().gt(of_bar(BarField::Open))).field("n", of_bar(BarField::Count)),
        named(
            rule(cycle(CycleField::Net, NUM).gt(num(0.0))).every_tick().cooldown(0.1),
            "c",
            cycle_fields.map(|(field, ty)| cycle(field, ty)).into(),
        ),
        rule(cycle(CycleField::Age, Type::Duration).gt(dur(0.004))),
        rule(host.clone().gt(num(0.0))).field("h", host),
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
            5 => {
                let d = Constant::Duration(secs(0.01 + small as f64 * 0.01));
                engine.set_param(engine.param("d").unwrap(), d, &mut sink).unwrap();
            }
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

fn all_rules(sequences: &mut Vec<Sequence>) -> Vec<R> {
    let mut rules = rules();
    rules.extend(sequence_rules(sequences));
    rules.extend(look_back_rules());
    rules
}

fn workload() -> Program {
    let params = vec![param_decl("p", Constant::Num(100.0_f64.to_bits()), None), param_decl("d", Constant::Duration(secs(0.03)), None)];
    let inputs = vec![Input { name: "i".into(), ty: NUM }];
    let mut sequences = vec![];
    let rules = all_rules(&mut sequences);
    let mut program = program_with(&rules, params, inputs, false);
    program.tables.sequences = sequences;
    // The third market quotes the first one inversely.
    "B/A".clone_into(&mut program.tables.symbols[2]);
    program.tables.cycles = vec![Cycle { kind: CycleKind::Inverse, markets: vec![symbol("A/B"), symbol("E/F")] }];
    let args = vec![NUM, Type::Duration, Type::Timestamp, Type::Bool];
    program.tables.functions = vec![HostFunction { name: "f".into(), args, result: NUM }];
    program
}

fn stream(columns: bool, jit: bool) -> Stream {
    let functions = HostFunctions::new().with("f", |args| match args {
        [Value::Num(x), Value::Duration(_), Value::Timestamp(ts), Value::Bool(known)] if *known => Value::Num(x - (ts % 200) as f64),
        _ => Value::Unknown,
    });
    let options = EngineOptions::default().with_max_window_samples(64).with_columns(columns).with_jit(jit);
    let engine = Engine::with_functions(&workload(), options, &functions).unwrap();
    let level = Level { price: 1.0, qty: 1.0 };
    Stream {
        engine,
        seed: 88_172_645_463_325_252,
        ts: 1_722_988_800_000_000_000,
        price: 100.0,
        out: Vec::with_capacity(16_384),
        signals: 0,
        levels: [level; 10],
    }
}

#[test]
fn ten_million_events_allocate_nothing() {
    let mut stream = stream(true, true);
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
fn the_interpreter_allocates_nothing() {
    let mut stream = stream(true, false);
    assert_eq!(stream.engine.plan_stats().compiled_shapes, 0);
    let info = allocation_counter::measure(|| {
        for count in 0..EVENTS / 10 {
            stream.step(count);
        }
    });
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{info:?}");
    assert!(stream.signals > 1_000);
    assert_eq!(stream.engine.machine_events(), 0);
}

#[test]
fn every_rule_of_the_workload_fires() {
    for columns in [true, false] {
        let mut stream = stream(columns, true);
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
            stream.engine.on_event(&event, &mut |signal: &Signal<'_>| fired[signal.rule_index() as usize] += 1).unwrap();
            if k % 500 == 0 {
                let (input, value) = (stream.engine.input("i").unwrap(), Constant::Num(((bits >> 40) as f64 % 2.0).to_bits()));
                stream.engine.on_input(input, Some(value), &mut |signal: &Signal<'_>| fired[signal.rule_index() as usize] += 1).unwrap();
            }
        }
        let silent: Vec<usize> = fired.iter().enumerate().filter(|(_, count)| **count == 0).map(|(rule, _)| rule).collect();
        assert!(silent.is_empty(), "rules {silent:?} of {fired:?}");
    }
}

#[test]
fn columns_change_nothing() {
    let run = |columns| {
        let mut stream = stream(columns, true);
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
    let mut stream = stream(true, true);
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
    for rule in all_rules(&mut vec![]) {
        rule.expressions().for_each(|e| walk(e, &mut ops, &mut types));
    }
    let all = [
        "Age",
        "All",
        "And",
        "Atr",
        "Bar",
        "BarField",
        "Capture",
        "Clock",
        "Coalesce",
        "Compare",
        "Const",
        "Crosses",
        "Cycle",
        "Decay",
        "DepthPrice",
        "Edge",
        "Ema",
        "Event",
        "EventAnd",
        "EventOr",
        "FastK",
        "For",
        "Host",
        "Imbalance",
        "Index",
        "Input",
        "Known",
        "Market",
        "NoFor",
        "Not",
        "Num",
        "Obv",
        "Once",
        "Or",
        "Param",
        "Pick",
        "Rsi",
        "Sample",
        "Seq",
        "Since",
        "Where",
        "Window",
    ];
    assert_eq!(ops.iter().map(String::as_str).collect::<Vec<_>>(), all, "every operator but the payloads of typed rules");
    assert_eq!(types.len(), 7, "{types:?}");
}

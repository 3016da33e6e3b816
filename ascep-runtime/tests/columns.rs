//! Rules in columns give the signals that they give outside of them: random triggers over numbers of the market and their statistics, over random
//! events.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use ascep_lang::program::{CmpOp, Constant, MarketField, NumFn, Op, Side, Stat, Window};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, Loss, MISSING, Payload, Quote, Trade};
use ascep_runtime::{Engine, EngineOptions, Signal};
use common::*;
use proptest::prelude::*;

/// A number whose instruments and constants are still open: rules made of one template have one shape.
#[derive(Debug, Clone)]
enum Template {
    /// The same in all rules, or not.
    Constant(f64, bool),
    Market(MarketField, usize),
    Imbalance(u8, usize),
    Depth(Side, usize),
    /// A statistic of a number of the market.
    Look(Stat, MarketField, usize, Window, bool),
    Param,
    One(NumFn, Box<Template>),
    Two(NumFn, Box<Template>, Box<Template>),
    Clamp(Box<Template>, Box<Template>, Box<Template>),
    OrElse(Box<Template>, Box<Template>),
}

#[derive(Debug, Clone)]
enum Condition {
    Compare(CmpOp, Template, Template),
    Known(Template),
    Param,
    Constant(bool),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    OrElse(Box<Condition>, Box<Condition>),
    Same(CmpOp, Box<Condition>, Box<Condition>),
    KnownLevel(Box<Condition>),
}

/// The k-th rule of a template: other instruments, other constants.
fn symbol_of(slot: usize, k: usize) -> &'static str {
    SYMBOLS[(slot + k) % 3]
}

impl Template {
    fn expr(&self, k: usize) -> E {
        match self {
            Self::Constant(x, own) => num(if *own { x + k as f64 * 0.25 } else { *x }),
            Self::Market(field, slot) => market(*field, symbol_of(*slot, k)),
            Self::Imbalance(depth, slot) => imbalance(symbol_of(*slot, k), *depth),
            Self::Depth(side, slot) => depth_price(symbol_of(*slot, k), *side, num(2.0 + k as f64 * 0.1)),
            Self::Look(stat, field, slot, window, partial) => {
                let op = Op::Window { stat: *stat, window: *window, partial: *partial, max: None };
                e(op, vec![market(*field, symbol_of(*slot, k))], NUM)
            }
            Self::Param => param(0, NUM),
            Self::One(f, x) => x.expr(k).f1(*f),
            Self::Two(f, x, y) => x.expr(k).f2(*f, y.expr(k)),
            Self::Clamp(x, low, high) => e(Op::Num(NumFn::Clamp), vec![x.expr(k), low.expr(k), high.expr(k)], NUM),
            Self::OrElse(x, y) => x.expr(k).or_else(y.expr(k)),
        }
    }
}

impl Condition {
    fn expr(&self, k: usize) -> E {
        let all = |parts: &[Condition]| parts.iter().map(|part| part.expr(k)).collect();
        let bool = ascep_lang::program::Type::Bool;
        match self {
            Self::Compare(op, x, y) => x.expr(k).cmp(*op, y.expr(k)),
            Self::Known(x) => x.expr(k).known(),
            Self::Param => param(1, bool),
            Self::Constant(b) => truth(*b),
            Self::Not(x) => x.expr(k).not(),
            Self::And(parts) => e(Op::And, all(parts), bool),
            Self::Or(parts) => e(Op::Or, all(parts), bool),
            Self::OrElse(x, y) => x.expr(k).or_else(y.expr(k)),
            Self::Same(op, x, y) => x.expr(k).cmp(*op, y.expr(k)),
            Self::KnownLevel(x) => x.expr(k).known(),
        }
    }
}

/// Of few windows, so that some agree and some do not.
fn look() -> impl Strategy<Value = Template> {
    let stat = prop::sample::select(vec![Stat::Avg, Stat::Stddev, Stat::Lowest, Stat::Highest, Stat::Avg, Stat::Median]);
    let field = prop::sample::select(vec![MarketField::Mid, MarketField::Mid, MarketField::Last]);
    let window =
        prop::sample::select(vec![Window::Time(fixed(5.0)), Window::Time(fixed(5.0)), Window::Time(fixed(2.0)), Window::Updates(2)]);
    (stat, field, 0..3_usize, window, prop::bool::weighted(0.7))
        .prop_map(|(stat, field, slot, window, partial)| Template::Look(stat, field, slot, window, partial))
}

fn template() -> impl Strategy<Value = Template> {
    use MarketField::{Ask, AskQty, Bid, BidQty, Last, Microprice, Mid, Notional, Price, Qty, Spread, SpreadRatio};
    let field = prop::sample::select(vec![Ask, AskQty, Bid, BidQty, Last, Microprice, Mid, Notional, Price, Qty, Spread, SpreadRatio]);
    let leaf = prop_oneof![
        2 => ((-3.0..3.0_f64), prop::bool::ANY).prop_map(|(x, own)| Template::Constant((x * 4.0).round() / 4.0, own)),
        6 => (field, 0..3_usize).prop_map(|(field, slot)| Template::Market(field, slot)),
        1 => (1..4_u8, 0..3_usize).prop_map(|(depth, slot)| Template::Imbalance(depth, slot)),
        1 => (prop::bool::ANY, 0..3_usize).prop_map(|(buy, slot)| Template::Depth(if buy { Side::Buy } else { Side::Sell }, slot)),
        2 => look(),
        1 => Just(Template::Param),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        use NumFn::{Abs, Add, Ceil, Div, Exp, Floor, Ln, Max, Min, Mod, Mul, Neg, Pow, Round, Sign, Sqrt, Sub};
        let one = prop::sample::select(vec![Neg, Abs, Sqrt, Ln, Exp, Floor, Ceil, Round, Sign]);
        let two = prop::sample::select(vec![Add, Sub, Mul, Div, Min, Max, Pow, Mod]);
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            (one, boxed.clone()).prop_map(|(f, x)| Template::One(f, x)),
            (two.clone(), boxed.clone(), boxed.clone()).prop_map(|(f, x, y)| Template::Two(f, x, y)),
            (two, boxed.clone(), boxed.clone()).prop_map(|(f, x, y)| Template::Two(f, x, y)),
            (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(x, y, z)| Template::Clamp(x, y, z)),
            (boxed.clone(), boxed).prop_map(|(x, y)| Template::OrElse(x, y)),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let op = prop::sample::select(vec![CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge, CmpOp::Eq, CmpOp::Ne]);
    let leaf = prop_oneof![
        8 => (op, template(), template()).prop_map(|(op, x, y)| Condition::Compare(op, x, y)),
        1 => template().prop_map(Condition::Known),
        1 => Just(Condition::Param),
        1 => prop::bool::ANY.prop_map(Condition::Constant),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let same = prop::sample::select(vec![CmpOp::Eq, CmpOp::Ne]);
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Condition::Not),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            prop::collection::vec(inner, 2..4).prop_map(Condition::Or),
            (boxed.clone(), boxed.clone()).prop_map(|(x, y)| Condition::OrElse(x, y)),
            (same, boxed.clone(), boxed.clone()).prop_map(|(op, x, y)| Condition::Same(op, x, y)),
            boxed.prop_map(Condition::KnownLevel),
        ]
    })
}

#[derive(Debug, Clone)]
enum Happening {
    Trade(u32, f64, Option<f64>),
    Quote(u32, [Option<f64>; 4]),
    Book(u32, Vec<(f64, f64)>, Vec<(f64, f64)>),
    Forget(u32),
    Param(f64),
    Flag(bool),
    /// Seconds go by.
    Pass(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let price = || (1..12_u32).prop_map(|x| f64::from(x) * 0.5);
    let side = || prop::collection::vec((price(), price()), 0..4);
    prop_oneof![
        4 => (0..3_u32, price(), prop::option::of(price())).prop_map(|(i, p, q)| Happening::Trade(i, p, q)),
        4 => (0..3_u32, prop::array::uniform4(prop::option::weighted(0.8, price()))).prop_map(|(i, q)| Happening::Quote(i, q)),
        2 => (0..3_u32, side(), side()).prop_map(|(i, b, a)| Happening::Book(i, b, a)),
        1 => (0..3_u32).prop_map(Happening::Forget),
        1 => (1..7_i64).prop_map(Happening::Pass),
        1 => price().prop_map(Happening::Param),
        1 => prop::bool::ANY.prop_map(Happening::Flag),
    ]
}

/// What moves the numbers of one instrument.
fn plain() -> impl Strategy<Value = Happening> {
    let price = || (1..12_u32).prop_map(|x| f64::from(x) * 0.5);
    prop_oneof![
        (price(), price()).prop_map(|(bid, ask)| Happening::Quote(0, [bid, ask, 1.0, 1.0].map(Some))),
        price().prop_map(|price| Happening::Trade(0, price, Some(1.0))),
    ]
}

/// Quotes of few prices, so that many leave them as they were.
fn repeated() -> impl Strategy<Value = Happening> {
    let missing = prop::bool::weighted(0.03);
    (0..3_u32, 2..4_u32, 4..6_u32, 1..9_u32, missing).prop_map(|(i, bid, ask, qty, missing)| {
        let [bid, ask, qty] = [bid, ask, qty].map(|x| Some(f64::from(x) * 0.5));
        Happening::Quote(i, [bid, if missing { None } else { ask }, qty, qty])
    })
}

/// How a program is run.
#[derive(Debug, Clone)]
struct Run {
    quiet: bool,
    /// By machine code, where there is any.
    jit: bool,
    /// Whether events that follow each other are taken in one call.
    batches: bool,
    /// Before which event the engine goes on from a snapshot.
    restore: Option<usize>,
}

fn run() -> impl Strategy<Value = Run> {
    let flags = (prop::bool::ANY, prop::bool::ANY, prop::bool::ANY);
    (flags, prop::option::of(0..40_usize)).prop_map(|((quiet, jit, batches), restore)| Run { quiet, jit, batches, restore })
}

fn play(program: &ascep_lang::Program, columns: bool, run: &Run, events: &[Happening]) -> (Vec<String>, ascep_runtime::Counters, usize) {
    let options = EngineOptions::default().with_columns(columns).with_quiet_start(run.quiet).with_jit(run.jit);
    let mut engine = Engine::new(program, options.clone()).unwrap();
    let mut lines = Vec::new();
    let mut sink = |signal: &Signal<'_>| lines.push(show(signal));
    let levels = |side: &[(f64, f64)]| side.iter().map(|&(price, qty)| Level { price, qty }).collect::<Vec<_>>();
    let books: Vec<_> =
        events.iter().map(|e| if let Happening::Book(_, b, a) = e { (levels(b), levels(a)) } else { (vec![], vec![]) }).collect();
    let mut waiting: Vec<Event<'_>> = Vec::new();
    let mut ts = 0;
    for (index, (happening, (bids, asks))) in events.iter().zip(&books).enumerate() {
        ts += S / 2;
        let market = match happening {
            Happening::Trade(i, price, qty) => Some((i, Payload::Trade(Trade { price: *price, qty: qty.unwrap_or(MISSING), side: None }))),
            Happening::Quote(i, [bid, ask, bid_qty, ask_qty]) => {
                let [bid, ask, bid_qty, ask_qty] = [bid, ask, bid_qty, ask_qty].map(|x| x.unwrap_or(MISSING));
                Some((i, Payload::Quote(Quote { bid, ask, bid_qty, ask_qty })))
            }
            Happening::Book(i, ..) => Some((i, Payload::Book(Book { bids, asks }))),
            Happening::Forget(i) => Some((i, Payload::Forget(Loss::Gap))),
            Happening::Param(_) | Happening::Flag(_) | Happening::Pass(_) => None,
        };
        if market.is_none() || !run.batches || run.restore == Some(index) {
            engine.on_events(&waiting, &mut sink).unwrap();
            waiting.clear();
        }
        if run.restore == Some(index) {
            engine = Engine::restore(program, options.clone(), &engine.snapshot()).unwrap().0;
        }
        match (happening, market) {
            (_, Some((i, payload))) => waiting.push(Event { ts, venue_ts: None, instrument: InstrumentId(*i), payload }),
            (Happening::Pass(seconds), _) => {
                ts += seconds * S;
                if run.quiet {
                    engine.advance_to(ts, &mut sink);
                }
            }
            (Happening::Param(x), _) => {
                engine.set_param(engine.param("p").unwrap(), Constant::Num(x.to_bits()), &mut sink).unwrap();
            }
            (Happening::Flag(b), _) => engine.set_param(engine.param("b").unwrap(), Constant::Bool(*b), &mut sink).unwrap(),
            _ => {}
        }
    }
    engine.on_events(&waiting, &mut sink).unwrap();
    (lines, engine.counters(), engine.plan_stats().shape_rules)
}

/// What most rules are: numbers, or a short calculation with them, against constants that they meet.
fn plain_condition() -> impl Strategy<Value = Condition> {
    use MarketField::{Ask, AskQty, Bid, BidQty, Last, Mid, Price, Spread, SpreadRatio};
    let field = prop::sample::select(vec![Ask, AskQty, Bid, BidQty, Last, Mid, Price, Spread, SpreadRatio]);
    let number = (field, 0..3_usize).prop_map(|(field, slot)| Template::Market(field, slot));
    let function = prop::sample::select(vec![NumFn::Add, NumFn::Sub, NumFn::Mul, NumFn::Div, NumFn::Div]);
    let constant = ((0..8_u32), prop::bool::ANY).prop_map(|(x, own)| Template::Constant(f64::from(x) * 0.5, own));
    let with = prop_oneof![4 => number.clone(), 1 => constant.clone()];
    let chain = (number, prop::collection::vec((function, with), 0..3), prop::bool::ANY).prop_map(|(first, links, turned)| {
        links.into_iter().fold(first, |x, (function, y)| match (function, turned) {
            (NumFn::Add | NumFn::Mul, true) => Template::Two(function, Box::new(y), Box::new(x)),
            _ => Template::Two(function, Box::new(x), Box::new(y)),
        })
    });
    let op = prop::sample::select(vec![CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge]);
    let test = (op, chain, constant, prop::bool::ANY)
        .prop_map(|(op, x, c, turned)| if turned { Condition::Compare(op, c, x) } else { Condition::Compare(op, x, c) });
    prop_oneof![2 => test.clone(), 1 => prop::collection::vec(test, 2..4).prop_map(Condition::And)]
}

/// Rules of a few shapes, `copies` of each.
fn rules_of(conditions: &[(Condition, bool)], copies: usize) -> Vec<R> {
    let mut rules = Vec::new();
    for (condition, ticks) in conditions {
        for k in 0..copies {
            let r = rule(condition.expr(k)).field("x", last("A/B"));
            rules.push(if *ticks { r.every_tick() } else { r });
        }
    }
    rules
}

fn agree(rules: &[R], run: &Run, events: &[Happening]) -> Result<(), TestCaseError> {
    let params = vec![param_decl("p", Constant::Num(2.0_f64.to_bits()), None), param_decl("b", Constant::Bool(true), None)];
    // With equal parts shared as the compiler does, or not.
    let program = program_with(rules, params, vec![], run.batches);
    let (with, without) = (play(&program, true, run, events), play(&program, false, run, events));
    prop_assert_eq!(with.0, without.0);
    prop_assert_eq!(with.1, without.1);
    prop_assert_eq!(without.2, 0);
    Ok(())
}

/// A rule that is too long for columns, over so many numbers that slots after them have numbers beyond 16 bits.
fn filler() -> R {
    let compares = (0..33_000).map(|k| bid("P/Q").gt(num(f64::from(k)))).collect();
    rule(e(Op::Or, compares, ascep_lang::program::Type::Bool))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_and_nodes_agree(conditions in prop::collection::vec((condition(), prop::bool::ANY), 1..4), copies in 1..90_usize, run in run(), events in prop::collection::vec(happening(), 1..40)) {
        agree(&rules_of(&conditions, copies), &run, &events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plain_columns_and_nodes_agree(conditions in prop::collection::vec((plain_condition(), prop::bool::weighted(0.2)), 1..4), copies in prop_oneof![Just(1_usize), 2..40_usize], run in run(), events in prop::collection::vec(happening(), 1..60)) {
        agree(&rules_of(&conditions, copies), &run, &events)?;
    }
}

/// Many rules over few thresholds of few numbers: some of them prices, so that they are met, with room between them.
fn thresholds() -> impl Strategy<Value = Vec<R>> {
    let field = prop::sample::select(vec![MarketField::Bid, MarketField::Bid, MarketField::Mid, MarketField::Last]);
    // A mean changes also where a sample leaves, with no event of its instrument.
    let number = (field, prop::bool::weighted(0.3)).prop_map(|(field, is_mean)| {
        let mean = Template::Look(Stat::Avg, MarketField::Mid, 0, Window::Time(fixed(2.0)), true);
        if is_mean { mean } else { Template::Market(field, 0) }
    });
    let op = prop::sample::select(vec![CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Gt, CmpOp::Ge]);
    let threshold = prop::sample::select(vec![0.75, 1.5, 3.0, 3.25, 5.0]);
    let kinds = prop::collection::vec((number, op, prop::bool::weighted(0.2)), 1..4);
    let rows = prop::collection::vec((0..3_usize, threshold, prop::bool::weighted(0.1), prop::bool::weighted(0.1)), 60..200);
    (kinds, rows).prop_map(|(kinds, rows)| {
        let of = |(kind, threshold, other, ticks): (usize, f64, bool, bool)| {
            let (number, op, turned) = &kinds[kind % kinds.len()];
            let (x, threshold) = (number.expr(usize::from(other)), num(threshold));
            let rule = rule(if *turned { threshold.cmp(*op, x) } else { x.cmp(*op, threshold) }).field("x", last("A/B"));
            if ticks { rule.every_tick() } else { rule }
        };
        rows.into_iter().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn thresholds_and_nodes_agree(rules in thresholds(), run in run(), events in prop::collection::vec(prop_oneof![plain(), happening()], 1..80)) {
        agree(&rules, &run, &events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn rows_passed_over_and_nodes_agree(conditions in prop::collection::vec((plain_condition(), Just(false)), 1..3), copies in prop_oneof![2 => 100..130_usize, 1 => 770..800_usize], run in run(), events in prop::collection::vec(prop_oneof![8 => repeated(), 1 => happening()], 1..80)) {
        agree(&rules_of(&conditions, copies), &run, &events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn columns_over_many_slots_and_nodes_agree(conditions in prop::collection::vec((condition(), prop::bool::ANY), 1..4), copies in 1..30_usize, run in run(), events in prop::collection::vec(happening(), 20..40)) {
        let mut rules = vec![filler()];
        rules.extend(rules_of(&conditions, copies));
        agree(&rules, &run, &events)?;
    }
}

#[test]
fn a_timer_fires_between_plain_events_of_one_call() {
    let rules = [rule(trade("A/B").silent(2.0)), rule(market(MarketField::Mid, "C/D").gt(num(4.0)))];
    let program = program_with(&rules, vec![], vec![], true);
    for columns in [true, false] {
        let mut engine = Engine::new(&program, EngineOptions::default().with_columns(columns)).unwrap();
        let (silent, other) = (engine.instrument("A/B").unwrap(), engine.instrument("C/D").unwrap());
        let trade = Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None });
        let quote = |x: f64| Payload::Quote(Quote { bid: x, ask: x + 1.0, bid_qty: 1.0, ask_qty: 1.0 });
        let mut events = vec![Event { ts: 0, venue_ts: None, instrument: silent, payload: trade }];
        events.extend((1..9).map(|k| {
            let x = if k == 7 { 5.0 } else { 1.0 };
            Event { ts: k * S / 2, venue_ts: None, instrument: other, payload: quote(x) }
        }));
        let mut times = Vec::new();
        engine.on_events(&events, &mut |signal: &Signal<'_>| times.push(signal.ts)).unwrap();
        assert_eq!(times, [2 * S, 7 * S / 2]);
    }
}

/// With so many instruments what events need is asked for ahead of them; that must not be seen.
#[test]
fn events_of_many_instruments_give_the_same_in_one_call_and_one_by_one() {
    let symbols: Vec<String> = (0..2_500).map(|k| format!("S{k}/USD")).collect();
    let text: String = symbols.iter().map(|s| format!("IF mid(\"{s}\") > 4 THEN S\n")).collect();
    let program = ascep_lang::compile(&[ascep_lang::Source::new("many.cep", &text)], &ascep_lang::Options::default()).unwrap();
    for jit in [false, true] {
        let options = EngineOptions::default().with_jit(jit);
        let engine = || Engine::new(&program, options.clone()).unwrap();
        let (mut together, mut apart) = (engine(), engine());
        let ids: Vec<InstrumentId> = symbols.iter().map(|s| together.instrument(s).unwrap()).collect();
        let mut seed = 3_u64;
        let mut dice = |sides: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % sides
        };
        let events: Vec<Event<'_>> = (0..20_000)
            .map(|k| {
                let (instrument, price) = (ids[dice(2_500) as usize], 1.0 + dice(12) as f64 * 0.5);
                let payload = match dice(20) {
                    0 => Payload::Trade(Trade { price, qty: 1.0, side: None }),
                    1 => Payload::Forget(Loss::Gap),
                    _ => Payload::Quote(Quote { bid: price, ask: price + 0.5, bid_qty: 1.0, ask_qty: 1.0 }),
                };
                Event { ts: k * 1_000, venue_ts: None, instrument, payload }
            })
            .collect();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        together.on_events(&events, &mut |signal: &Signal<'_>| a.push(show(signal))).unwrap();
        for event in &events {
            apart.on_event(event, &mut |signal: &Signal<'_>| b.push(show(signal))).unwrap();
        }
        assert!(a.len() > 1_000 && a == b && together.counters() == apart.counters());
    }
}

/// After another program has come one statistic of a window is known before another, at an event that comes right then.
#[test]
fn statistics_of_one_window_may_be_of_different_age() {
    let compile = |text: &str| ascep_lang::compile(&[ascep_lang::Source::new("age.cep", text)], &ascep_lang::Options::default()).unwrap();
    let old = "RULE s: IF stddev(mid(\"A/B\"), 5s) > 0.4 THEN S(m = mid(\"A/B\"))\n";
    let (before, after) = (compile(old), compile(&format!("RULE a: IF avg(mid(\"A/B\"), 5s) > 1000 THEN A\n{old}")));
    let outcome = |columns: bool| {
        let mut engine = Engine::new(&before, EngineOptions::default().with_columns(columns)).unwrap();
        let mut lines = Vec::new();
        for tenths in [0, 10, 20, 21, 30, 40, 50, 55, 60, 71, 80] {
            let x = 3.0 + f64::from(tenths % 20) * 0.1;
            let payload = Payload::Quote(Quote { bid: x, ask: x + 1.0, bid_qty: 1.0, ask_qty: 1.0 });
            let instrument = engine.instrument("A/B").unwrap();
            let event = Event { ts: i64::from(tenths) * S / 10, venue_ts: None, instrument, payload };
            engine.on_event(&event, &mut |signal: &Signal<'_>| lines.push(show(signal))).unwrap();
            if tenths == 20 {
                engine.replace(&after).unwrap();
            }
        }
        (lines, engine.counters())
    };
    let (with, without) = (outcome(true), outcome(false));
    assert!(!with.0.is_empty());
    assert_eq!(with, without);
}

/// A threshold of a mean is met also when a sample leaves, of which no event of the instrument tells.
#[test]
fn thresholds_of_a_mean_are_crossed_between_events() {
    let thresholds = std::iter::once(11).chain(20..35);
    let text: String = thresholds.map(|c| format!("IF avg(mid(\"A/B\"), 5s, partial = TRUE) > {c} THEN S\n")).collect();
    let program = ascep_lang::compile(&[ascep_lang::Source::new("mean.cep", &text)], &ascep_lang::Options::default()).unwrap();
    let times_of = |columns: bool, jit: bool| {
        let mut engine = Engine::new(&program, EngineOptions::default().with_columns(columns).with_jit(jit)).unwrap();
        let instrument = engine.instrument("A/B").unwrap();
        let mut times = Vec::new();
        for (tenths, mid) in [(0, 2.0), (10, 2.0), (20, 28.0), (55, 12.0), (56, 1.0), (57, 50.0)] {
            let payload = Payload::Quote(Quote { bid: mid - 0.5, ask: mid + 0.5, bid_qty: 1.0, ask_qty: 1.0 });
            let event = Event { ts: tenths * S / 10, venue_ts: None, instrument, payload };
            engine.on_event(&event, &mut |signal: &Signal<'_>| times.push(signal.ts)).unwrap();
        }
        times
    };
    for (columns, jit) in [(true, false), (true, true), (false, false)] {
        assert_eq!(times_of(columns, jit), [5 * S, 57 * S / 10], "{columns} {jit}");
    }
}

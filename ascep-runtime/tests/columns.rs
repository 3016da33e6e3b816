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

/// How a program is run.
#[derive(Debug, Clone)]
struct Run {
    quiet: bool,
    /// Before which event the engine goes on from a snapshot.
    restore: Option<usize>,
}

fn run() -> impl Strategy<Value = Run> {
    (prop::bool::ANY, prop::option::of(0..40_usize)).prop_map(|(quiet, restore)| Run { quiet, restore })
}

fn play(program: &ascep_lang::Program, columns: bool, run: &Run, events: &[Happening]) -> (Vec<String>, ascep_runtime::Counters, usize) {
    let options = EngineOptions::default().with_columns(columns).with_quiet_start(run.quiet);
    let mut engine = Engine::new(program, options.clone()).unwrap();
    let mut lines = Vec::new();
    let mut sink = |signal: &Signal<'_>| lines.push(show(signal));
    let mut ts = 0;
    for (index, happening) in events.iter().enumerate() {
        ts += S / 2;
        if run.restore == Some(index) {
            engine = Engine::restore(program, options.clone(), &engine.snapshot()).unwrap().0;
        }
        let levels = |side: &[(f64, f64)]| side.iter().map(|&(price, qty)| Level { price, qty }).collect::<Vec<_>>();
        let (bids, asks);
        let (i, payload) = match happening {
            Happening::Trade(i, price, qty) => (i, Payload::Trade(Trade { price: *price, qty: qty.unwrap_or(MISSING), side: None })),
            Happening::Quote(i, [bid, ask, bid_qty, ask_qty]) => {
                let [bid, ask, bid_qty, ask_qty] = [bid, ask, bid_qty, ask_qty].map(|x| x.unwrap_or(MISSING));
                (i, Payload::Quote(Quote { bid, ask, bid_qty, ask_qty }))
            }
            Happening::Book(i, b, a) => {
                (bids, asks) = (levels(b), levels(a));
                (i, Payload::Book(Book { bids: &bids, asks: &asks }))
            }
            Happening::Forget(i) => (i, Payload::Forget(Loss::Gap)),
            Happening::Pass(seconds) => {
                ts += seconds * S;
                if run.quiet {
                    engine.advance_to(ts, &mut sink);
                }
                continue;
            }
            Happening::Param(x) => {
                engine.set_param(engine.param("p").unwrap(), Constant::Num(x.to_bits()), &mut sink).unwrap();
                continue;
            }
            Happening::Flag(b) => {
                engine.set_param(engine.param("b").unwrap(), Constant::Bool(*b), &mut sink).unwrap();
                continue;
            }
        };
        engine.on_event(&Event { ts, venue_ts: None, instrument: InstrumentId(*i), payload }, &mut sink).unwrap();
    }
    (lines, engine.counters(), engine.plan_stats().shape_rules)
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
    let program = program_with(rules, params, vec![], true);
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
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn columns_over_many_slots_and_nodes_agree(conditions in prop::collection::vec((condition(), prop::bool::ANY), 1..4), copies in 1..30_usize, run in run(), events in prop::collection::vec(happening(), 20..40)) {
        let mut rules = vec![filler()];
        rules.extend(rules_of(&conditions, copies));
        agree(&rules, &run, &events)?;
    }
}

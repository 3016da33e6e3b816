//! The reference on rules built by hand, so that it is tested without the compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use ascep_lang::Span;
use ascep_lang::program::{
    Action, BarField, ClockFn, CmpOp, EventKind, MarketField, Mode, Node, Op, Period, Rule, Stat, Tables, TextId, Type, UnitId, Window,
};
use ascep_lang::syntax::CrossSide;

use super::*;
use crate::event::{InstrumentId, Loss, MISSING, Payload, Quote, Trade};

mod cycles;
mod sequences;
mod series;
mod windows;

const S: i64 = 1_000_000_000;
const SYMBOL: SymbolId = SymbolId(0);

/// Typed rules in the making.
struct Build(TypedRules);

impl Build {
    fn new() -> Self {
        let tables = Tables {
            symbols: vec!["A/B".into(), "C/D".into()],
            texts: vec!["r".into(), "S".into(), "v".into()],
            units: vec!["1".into()],
            ..Tables::default()
        };
        Self(TypedRules { tables, nodes: Vec::new(), spans: Vec::new(), rules: Vec::new() })
    }

    fn node(&mut self, op: Op, args: &[NodeId], ty: Type) -> NodeId {
        self.0.nodes.push(Node { op, args: args.iter().copied().collect(), ty });
        self.0.spans.push(Span::default());
        node_id(self.0.nodes.len() - 1)
    }

    fn num(&mut self, op: Op, args: &[NodeId]) -> NodeId {
        self.node(op, args, Type::Num(UnitId(0)))
    }

    fn level(&mut self, op: Op, args: &[NodeId]) -> NodeId {
        self.node(op, args, Type::Bool)
    }

    fn event(&mut self, op: Op, args: &[NodeId]) -> NodeId {
        self.node(op, args, Type::Event)
    }

    fn trade(&mut self) -> NodeId {
        self.event(Op::Event(EventKind::Trade, SYMBOL), &[])
    }

    /// `x op c`
    fn compare(&mut self, x: NodeId, op: CmpOp, c: f64) -> NodeId {
        let c = self.num(Op::Const(Constant::Num(c.to_bits())), &[]);
        self.level(Op::Compare(op), &[x, c])
    }

    /// `last("A/B") > c`
    fn last_above(&mut self, c: f64) -> NodeId {
        let last = self.num(Op::Market(MarketField::Last, SYMBOL), &[]);
        self.compare(last, CmpOp::Gt, c)
    }

    fn rule(&mut self, trigger: NodeId, mode: Mode) -> &mut Rule {
        let actions = vec![Action { name: TextId(1), fields: Vec::new() }];
        let (until, cooldown, limit) = (None, None, None);
        let rule = Rule {
            name: TextId(0),
            instance: Vec::new(),
            trigger,
            mode,
            until,
            cooldown,
            limit,
            actions,
            span: ascep_lang::Span::default(),
        };
        self.0.rules.push(rule);
        self.0.rules.last_mut().unwrap()
    }

    /// The times of the signals, in seconds, over trades at `(second, price)`, 0 standing for an event of another symbol.
    fn run(&self, trades: &[(f64, f64)]) -> Vec<f64> {
        self.signals(trades).iter().map(|s| s.ts as f64 / S as f64).collect()
    }

    fn signals(&self, trades: &[(f64, f64)]) -> Vec<OwnedSignal> {
        let mut reference = Reference::new(&self.0, ReferenceOptions::default()).unwrap();
        let mut out = Vec::new();
        for &(at, price) in trades {
            let ts = (at * S as f64) as i64;
            let (symbol, price) = if price > 0.0 { ("A/B", price) } else { ("Z/Z", 1.0) };
            let payload = Payload::Trade(Trade { price, qty: MISSING, side: None });
            out.extend(reference.on_event(symbol, &Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload }));
        }
        let now = reference.now().unwrap();
        out.extend(reference.advance_to(now));
        out
    }
}

/// What happens in a test, at a second.
#[derive(Clone, Copy)]
enum Do {
    /// A trade of A/B at a price, of a quantity.
    Trade(f64, f64),
    /// A quote of A/B with these prices.
    Quote(f64, f64),
    /// A trade of a symbol that no rule names.
    Other,
    /// A trade of C/D.
    Far,
    /// The feed of A/B was lost.
    Forget,
    /// All up to here has been delivered.
    Advance,
    /// The duration parameter `d` is set to so many seconds.
    Set(i64),
}

impl Build {
    /// `x` in the fields of a rule that fires at each trade of A/B.
    fn at_trades(&mut self, x: NodeId) {
        let trade = self.trade();
        self.rule(trade, Mode::Event).actions[0].fields = vec![(TextId(2), x)];
    }

    /// A rule that says `x` at each of its instants after which it is known.
    fn at_updates(&mut self, x: NodeId) {
        let known = self.level(Op::Known, &[x]);
        self.rule(known, Mode::EveryTick).actions[0].fields = vec![(TextId(2), x)];
    }

    fn price(&mut self) -> NodeId {
        self.num(Op::Market(MarketField::Last, SYMBOL), &[])
    }

    fn quantity(&mut self) -> NodeId {
        self.num(Op::Market(MarketField::Qty, SYMBOL), &[])
    }

    /// The signals over a history of (second, what).
    fn play(&self, history: &[(f64, Do)]) -> Vec<OwnedSignal> {
        let options = ReferenceOptions { default_venue: None, max_window_samples: 4 };
        let mut reference = Reference::new(&self.0, options).unwrap();
        let mut out = Vec::new();
        for &(at, what) in history {
            let ts = (at * S as f64) as i64;
            let (symbol, payload) = match what {
                Do::Trade(price, qty) => ("A/B", Payload::Trade(Trade { price, qty, side: None })),
                Do::Quote(bid, ask) => ("A/B", Payload::Quote(Quote { bid, ask, bid_qty: 1.0, ask_qty: 1.0 })),
                Do::Other => ("Z/Z", Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None })),
                Do::Far => ("C/D", Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None })),
                Do::Forget => ("A/B", Payload::Forget(Loss::Reset)),
                Do::Advance => {
                    out.extend(reference.advance_to(ts));
                    continue;
                }
                Do::Set(d) => {
                    out.extend(reference.set_param("d", Constant::Duration(d * S)).unwrap());
                    continue;
                }
            };
            out.extend(reference.on_event(symbol, &Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload }));
        }
        out
    }

    /// The seconds of the signals over a history.
    fn times(&self, history: &[(f64, Do)]) -> Vec<f64> {
        self.play(history).iter().map(|s| s.ts as f64 / S as f64).collect()
    }

    /// The seconds of the signals over a history, each with its first field: not a number where that is unknown.
    fn told(&self, history: &[(f64, Do)]) -> Vec<(f64, f64)> {
        let value = |s: &OwnedSignal| match s.values.first() {
            Some(OwnedValue::Num(x)) => *x,
            Some(OwnedValue::Duration(d) | OwnedValue::Timestamp(d)) => *d as f64 / S as f64,
            _ => f64::NAN,
        };
        self.play(history).iter().map(|s| (s.ts as f64 / S as f64, value(s))).collect()
    }
}

/// Trades at prices, a second apart from second 1 on.
fn prices(prices: &[f64]) -> Vec<(f64, Do)> {
    (1..).zip(prices).map(|(at, p)| (f64::from(at), Do::Trade(*p, 1.0))).collect()
}

/// Wants the same numbers, unknown written as not a number, to the last digits.
fn assert_close(got: &[f64], wanted: &[f64]) {
    let same = |(a, b): (&f64, &f64)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * b.abs().max(1.0);
    assert!(got.len() == wanted.len() && got.iter().zip(wanted).all(same), "got {got:?}, wanted {wanted:?}");
}

/// Wants the same times and numbers.
fn assert_told(got: &[(f64, f64)], wanted: &[(f64, f64)]) {
    let flat = |list: &[(f64, f64)]| list.iter().flat_map(|(at, x)| [*at, *x]).collect::<Vec<_>>();
    assert_close(&flat(got), &flat(wanted));
}

fn seconds(n: i64) -> Period {
    Period::Fixed(n * S)
}

#[test]
fn an_edge_fires_once() {
    let mut b = Build::new();
    let c = b.last_above(5.0);
    b.rule(c, Mode::Edge);
    assert_eq!(b.run(&[(1.0, 6.0), (2.0, 7.0), (3.0, 4.0), (4.0, 6.0)]), [1.0, 4.0]);
}

#[test]
fn for_fires_at_its_deadline_unless_an_event_there_wins() {
    let mut b = Build::new();
    let c = b.last_above(5.0);
    let held = b.level(Op::For(seconds(3)), &[c]);
    b.rule(held, Mode::Edge);
    assert!(b.run(&[(1.0, 6.0), (4.0, 4.0), (10.0, 4.0)]).is_empty());
    assert_eq!(b.run(&[(1.0, 6.0), (4.001, 4.0)]), [4.0]);
    assert_eq!(b.run(&[(1.0, 6.0), (4.0, 6.0)]), [4.0]);
}

#[test]
fn absence_counts_from_the_start_and_from_each_event() {
    let mut b = Build::new();
    let trade = b.trade();
    let absent = b.event(Op::NoFor(seconds(5)), &[trade]);
    b.rule(absent, Mode::Event);
    assert_eq!(b.run(&[(2.0, 0.0), (50.0, 0.0)]), [7.0]);
    assert_eq!(b.run(&[(0.0, 1.0), (5.0, 1.0), (30.0, 1.0), (40.0, 0.0)]), [10.0, 35.0]);
}

#[test]
fn a_count_holds_its_window_to_the_instant() {
    let mut b = Build::new();
    let trade = b.trade();
    let count = b.num(Op::Window { stat: Stat::Count, window: Window::Time(seconds(5)), partial: true, max: None }, &[trade]);
    let empty = b.compare(count, CmpOp::Lt, 1.0);
    b.rule(empty, Mode::Edge);
    assert_eq!(b.run(&[(0.0, 1.0), (3.0, 1.0), (8.0, 1.0), (20.0, 0.0)]), [13.0]);
}

#[test]
fn once_lasts_from_the_end_of_a_level() {
    let mut b = Build::new();
    let c = b.last_above(5.0);
    let once = b.level(Op::Once(seconds(10)), &[c]);
    let not = b.level(Op::Not, &[once]);
    b.rule(not, Mode::Edge);
    assert_eq!(b.run(&[(0.0, 6.0), (50.0, 6.0), (51.0, 4.0), (55.0, 3.0), (80.0, 0.0)]), [61.0]);
    assert_eq!(b.run(&[(1.0, 4.0), (80.0, 0.0)]), [11.0]);
}

#[test]
fn a_clock_comparison_changes_by_timer() {
    let mut b = Build::new();
    let age = b.node(Op::Age(SYMBOL), &[], Type::Duration);
    let limit = b.node(Op::Const(Constant::Duration(5 * S)), &[], Type::Duration);
    let old = b.level(Op::Compare(CmpOp::Gt), &[age, limit]);
    b.rule(old, Mode::Edge);
    let nine = b.num(Op::Clock(ClockFn::HourOfDay), &[]);
    let nine = b.compare(nine, CmpOp::Ge, 9.0);
    b.rule(nine, Mode::Edge);
    let times: Vec<i64> = b.signals(&[(32_390.0, 1.0), (33_000.0, 0.0)]).iter().map(|s| s.ts).collect();
    assert_eq!(times, [32_395 * S + 1, 32_400 * S]);
}

#[test]
fn crosses_remembers_over_the_same_value() {
    let mut b = Build::new();
    let last = b.num(Op::Market(MarketField::Last, SYMBOL), &[]);
    let five = b.num(Op::Const(Constant::Num(5_f64.to_bits())), &[]);
    let up = b.event(Op::Crosses(CrossSide::Above), &[last, five]);
    b.rule(up, Mode::Event);
    assert_eq!(b.run(&[(1.0, 4.0), (2.0, 6.0), (3.0, 5.0), (4.0, 6.0), (5.0, 7.0)]), [2.0, 4.0]);
}

#[test]
fn every_takes_turns_until_false() {
    let mut b = Build::new();
    let c = b.last_above(5.0);
    b.rule(c, Mode::Every(seconds(2)));
    assert_eq!(b.run(&[(1.0, 6.0), (4.0, 7.0), (6.5, 4.0), (9.0, 6.0), (10.0, 6.0)]), [1.0, 3.0, 5.0, 9.0]);
}

#[test]
fn until_arms_again() {
    let mut b = Build::new();
    let c = b.last_above(100.0);
    let last = b.num(Op::Market(MarketField::Last, SYMBOL), &[]);
    let low = b.compare(last, CmpOp::Lt, 90.0);
    b.rule(c, Mode::Edge).until = Some(low);
    assert_eq!(b.run(&[(1.0, 101.0), (2.0, 95.0), (3.0, 101.0), (4.0, 89.0), (5.0, 101.0)]), [1.0, 5.0]);
}

#[test]
fn what_is_not_typed_rules_is_refused() {
    let mut b = Build::new();
    b.level(Op::Not, &[NodeId(3)]);
    assert_eq!(Reference::new(&b.0, ReferenceOptions::default()).err(), Some(ReferenceError::BadNode(0)));
}

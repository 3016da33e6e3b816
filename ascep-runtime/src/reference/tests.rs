//! The reference on rules built by hand, so that it is tested without the compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use ascep_lang::Span;
use ascep_lang::program::{
    Action, ClockFn, CmpOp, EventKind, MarketField, Mode, Node, Op, Period, Rule, Stat, Tables, TextId, Type, UnitId, Window,
};
use ascep_lang::syntax::CrossSide;

use super::*;
use crate::event::{InstrumentId, MISSING, Payload, Trade};

const S: i64 = 1_000_000_000;
const SYMBOL: SymbolId = SymbolId(0);

/// Typed rules in the making.
struct Build(TypedRules);

impl Build {
    fn new() -> Self {
        let tables = Tables {
            symbols: vec!["A/B".into()],
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

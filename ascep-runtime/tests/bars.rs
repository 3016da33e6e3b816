//! Bars: what is in them, when they close, and in which order with what else happens then.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use ascep_lang::program::{BarField, MarketField, Op, Type};
use ascep_runtime::event::{Loss, Payload};
use common::*;

fn bar(name: &str, s: f64) -> E {
    e(Op::Bar { symbol: symbol(name), period: secs(s) }, vec![], Type::Event)
}

fn of(bar: E, field: BarField) -> E {
    let ty = if field == BarField::Start { Type::Timestamp } else { NUM };
    e(Op::BarField(field), vec![bar], ty)
}

fn all_fields() -> R {
    let fields = [
        ("o", BarField::Open),
        ("h", BarField::High),
        ("l", BarField::Low),
        ("c", BarField::Close),
        ("v", BarField::Volume),
        ("w", BarField::Vwap),
        ("n", BarField::Count),
        ("s", BarField::Start),
    ];
    fields.into_iter().fold(rule(bar("A/B", 10.0)), |r, (name, field)| r.field(name, of(bar("A/B", 10.0), field)))
}

#[test]
fn fields_of_a_bar() {
    let mut run = Run::new(&[all_fields()]);
    run.trade_of(3.0, "A/B", 5.0, 2.0, None).trade_of(4.0, "A/B", 8.0, MISS, None).trade_of(5.0, "A/B", 4.0, 6.0, None);
    // Quotes and other instruments are nothing to it; a bar without known quantities has no vwap; an empty interval has no bar.
    run.quote(6.0, "A/B", 1.0, 99.0).trade(7.0, "C/D", 99.0).advance(9.999_999_999).expect_none();
    run.trade_of(31.0, "A/B", 7.0, MISS, None).advance(100.0);
    run.expect(&[
        r#"10 rule_1 {"o":5,"h":8,"l":4,"c":4,"v":8,"w":4.25,"n":3,"s":0}"#,
        r#"40 rule_1 {"o":7,"h":7,"l":7,"c":7,"v":0,"w":null,"n":1,"s":30000000000}"#,
    ]);
}

#[test]
fn a_trade_at_the_end_is_in_the_next_bar_and_comes_before_the_timer() {
    let close = || of(bar("A/B", 10.0), BarField::Close);
    let rules = [rule(bar("A/B", 10.0)).field("c", close()), rule(trade("A/B")).field("c", close())];
    let mut run = Run::new(&rules);
    run.trade(9.0, "A/B", 1.0)
        .trade(10.0, "A/B", 2.0)
        .trade(10.0, "A/B", 3.0)
        .pass(11.0)
        .advance(20.0)
        .trade(20.0, "A/B", 4.0)
        .advance(30.0);
    run.expect(&[
        r#"9 rule_2 {"c":null}"#,
        r#"10 rule_2 {"c":null}"#,
        r#"10 rule_2 {"c":null}"#,
        r#"10 rule_1 {"c":1}"#,
        r#"20 rule_1 {"c":3}"#,
        r#"20 rule_2 {"c":3}"#,
        r#"30 rule_1 {"c":4}"#,
    ]);
}

#[test]
fn late_trades_count_at_the_clock_and_intervals_are_aligned_before_1970_too() {
    let mut run = Run::new(&[all_fields()]);
    run.trade(-13.0, "A/B", 1.0).pass(-1.0).trade(-15.0, "A/B", 2.0).advance(0.0);
    run.expect(&[
        r#"-10 rule_1 {"o":1,"h":1,"l":1,"c":1,"v":1,"w":1,"n":1,"s":-20000000000}"#,
        r#"0 rule_1 {"o":2,"h":2,"l":2,"c":2,"v":1,"w":2,"n":1,"s":-10000000000}"#,
    ]);
}

#[test]
fn all_that_reads_a_bar_sees_it_closed_at_its_deadline() {
    let close = |s| of(bar("A/B", s), BarField::Close);
    // The condition turns false with the bar that closes at the deadline of FOR, and two bars that close together are both closed.
    let held = close(10.0).lt(num(5.0)).held(10.0);
    let together = close(10.0).cmp(ascep_lang::program::CmpOp::Eq, close(20.0));
    let rules = [rule(held), rule(bar("A/B", 10.0)).field("same", together), rule(bar("A/B", 20.0))];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 1.0).trade(11.0, "A/B", 9.0).trade(21.0, "A/B", 1.0).trade(31.0, "A/B", 1.0).advance(40.0);
    run.expect(&[
        r#"10 rule_2 {"same":null}"#,
        r#"20 rule_2 {"same":true}"#,
        "20 rule_3",
        r#"30 rule_2 {"same":false}"#,
        "40 rule_1",
        r#"40 rule_2 {"same":true}"#,
        "40 rule_3",
    ]);
}

#[test]
fn a_number_of_a_bar_has_the_instants_of_the_bar() {
    let x = of(bar("A/B", 10.0), BarField::Close);
    let rules =
        [rule(x.clone().gt(num(0.0))).every_tick().field("was", x.clone().at(1)), rule(quote("A/B")).field("n", x.count_updates(2))];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 1.0).trade(2.0, "A/B", 5.0).quote(3.0, "A/B", 1.0, 2.0).trade(12.0, "A/B", 6.0).advance(20.0);
    run.quote(21.0, "A/B", 1.0, 2.0);
    run.expect(&[r#"3 rule_2 {"n":null}"#, r#"10 rule_1 {"was":null}"#, r#"20 rule_1 {"was":5}"#, r#"21 rule_2 {"n":2}"#]);
}

#[test]
fn quantity_of_a_forgotten_market_stays_in_the_bar() {
    let mut run = Run::new(&[all_fields().field("q", market(MarketField::Qty, "A/B"))]);
    run.trade(1.0, "A/B", 3.0).event(2.0, "A/B", Payload::Forget(Loss::Gap)).advance(10.0);
    run.expect(&[r#"10 rule_1 {"o":3,"h":3,"l":3,"c":3,"v":1,"w":3,"n":1,"s":0,"q":null}"#]);
}

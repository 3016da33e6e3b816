//! `ALL`, sentence by sentence as the language page has it, and the samples that operators with a memory take of the fields of an event.

mod common;

use ascep_lang::program::{MarketField, Op};
use common::sequence::all;
use common::*;

#[test]
fn all_parts_within_a_span_in_any_order() {
    let rules = [rule(all(5.0, vec![trade("A/B"), quote("A/B")]))];
    Run::new(&rules).trade(0.0, "A/B", 1.0).quote(5.0, "A/B", 1.0, 2.0).expect(&["5 rule_1"]);
    Run::new(&rules).quote(0.0, "A/B", 1.0, 2.0).trade(5.000000001, "A/B", 1.0).expect_none();
    // The last of each counts, and they are consumed together.
    let mut run = Run::new(&rules);
    run.quote(0.0, "A/B", 1.0, 2.0).quote(4.0, "A/B", 1.0, 2.0).trade(8.0, "A/B", 1.0).expect(&["8 rule_1"]);
    run.trade(8.5, "A/B", 1.0).expect(&["8 rule_1"]).quote(9.0, "A/B", 1.0, 2.0).expect(&["8 rule_1", "9 rule_1"]);
    // One event may be several parts, and an event again does not complete what is too old.
    Run::new(&[rule(all(5.0, vec![trade("A/B"), trade("A/B").or(quote("A/B"))]))]).trade(0.0, "A/B", 1.0).expect(&["0 rule_1"]);
    let mut run = Run::new(&rules);
    run.trade(0.0, "A/B", 1.0).quote(9.0, "A/B", 1.0, 2.0).quote(10.0, "A/B", 1.0, 2.0).expect_none();
    run.trade(11.0, "A/B", 1.0).expect(&["11 rule_1"]);
}

#[test]
fn all_of_levels_and_under_other_operators() {
    let high = last("A/B").gt(num(5.0)).edge();
    let rules = [rule(quote("C/D")).field("n", all(5.0, vec![high, quote("A/B")]).count(100.0, true))];
    let mut run = Run::new(&rules);
    run.trade(0.0, "A/B", 6.0).trade(1.0, "A/B", 7.0).quote(2.0, "A/B", 1.0, 2.0).quote(3.0, "A/B", 1.0, 2.0);
    run.trade(4.0, "A/B", 4.0).trade(5.0, "A/B", 6.0).quote(20.0, "A/B", 1.0, 2.0).quote(30.0, "C/D", 1.0, 2.0);
    run.expect(&[r#"30 rule_1 {"n":2}"#]);
}

#[test]
fn samples_are_taken_where_the_event_occurs() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let sample = e(Op::Sample, vec![big, last("A/B")], NUM);
    let rules = [rule(quote("A/B")).field("x", sample.clone()).field("n", sample.clone().count(100.0, true)).field("p", sample.at(1))];
    let mut run = Run::new(&rules);
    run.quote(0.0, "A/B", 1.0, 2.0).trade_of(1.0, "A/B", 3.0, 9.0, None).trade(2.0, "A/B", 4.0).quote(3.0, "A/B", 1.0, 2.0);
    run.trade_of(4.0, "A/B", 5.0, 9.0, None).trade(5.0, "A/B", 6.0).quote(6.0, "A/B", 1.0, 2.0);
    run.expect(&[r#"0 rule_1 {"x":null,"n":null,"p":null}"#, r#"3 rule_1 {"x":3,"n":1,"p":null}"#, r#"6 rule_1 {"x":5,"n":2,"p":3}"#]);
}

//! Each operator at its instants, and at the edges of them: unknown, the start, an event at the deadline, timers of one deadline.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use ascep_lang::program::{CmpOp, Constant, MarketField, NumFn, Side, Type};
use ascep_lang::syntax::CrossSide;
use common::*;

#[test]
fn edge_fires_when_the_last_known_truth_was_false() {
    let rules = [rule(bid("A/B").gt(num(5.0)))];
    Run::new(&rules)
        .quote(1.0, "A/B", 6.0, 7.0)
        .quote(2.0, "A/B", MISS, 7.0)
        .quote(3.0, "A/B", 6.0, 7.0)
        .quote(4.0, "A/B", 5.0, 7.0)
        .quote(5.0, "A/B", 6.0, 7.0)
        .expect(&["1 rule_1", "5 rule_1"]);
}

#[test]
fn logic_is_kleenes() {
    let (a, b) = (bid("A/B").gt(num(5.0)), last("A/B").gt(num(5.0)));
    let rules =
        [rule(quote("A/B")).field("and", a.clone().and(b.clone())).field("or", a.clone().or(b.clone())).field("not", a.clone().not())];
    Run::new(&rules)
        .quote(1.0, "A/B", 6.0, 7.0)
        .quote(2.0, "A/B", 4.0, 7.0)
        .trade(3.0, "A/B", 6.0)
        .quote(4.0, "A/B", MISS, 7.0)
        .trade(5.0, "A/B", 4.0)
        .quote(6.0, "A/B", MISS, 7.0)
        .expect(&[
            r#"1 rule_1 {"and":null,"or":true,"not":false}"#,
            r#"2 rule_1 {"and":false,"or":null,"not":true}"#,
            r#"4 rule_1 {"and":null,"or":true,"not":null}"#,
            r#"6 rule_1 {"and":false,"or":null,"not":null}"#,
        ]);
}

#[test]
fn ways_out_of_unknown() {
    let rules = [rule(bid("A/B").or_else(num(0.0)).ge(num(0.0)))
        .every_tick()
        .field("v", bid("A/B").or_else(num(7.0)))
        .field("k", bid("A/B").known())];
    Run::new(&rules)
        .quote(1.0, "A/B", MISS, 5.0)
        .quote(2.0, "A/B", 4.0, 5.0)
        .expect(&[r#"1 rule_1 {"v":7,"k":false}"#, r#"2 rule_1 {"v":4,"k":true}"#]);
}

#[test]
fn market_functions_of_trades_and_quotes() {
    use MarketField::{Ask, AskQty, Bid, BidQty, Last, Microprice, Mid, Notional, Price, Qty, Spread, SpreadRatio, TradeSide};
    let mut r = rule(any(vec![trade("A/B"), quote("A/B")]));
    for (name, field) in [
        ("last", Last),
        ("qty", Qty),
        ("notional", Notional),
        ("bid", Bid),
        ("ask", Ask),
        ("bid_qty", BidQty),
        ("ask_qty", AskQty),
        ("mid", Mid),
        ("spread", Spread),
        ("ratio", SpreadRatio),
        ("micro", Microprice),
        ("price", Price),
        ("side", TradeSide),
    ] {
        r = r.field(name, market(field, "A/B"));
    }
    let mut run = Run::new(&[r]);
    run.book(1.0, "A/B", &[(99.0, 1.0), (98.0, 5.0)], &[(101.0, 3.0)]).trade_of(2.0, "A/B", 100.5, 2.0, Some(Side::Sell));
    run.quote(3.0, "A/B", MISS, 102.0).trade_of(4.0, "A/B", 7.0, MISS, None);
    run.expect(&[
        r#"1 rule_1 {"last":null,"qty":null,"notional":null,"bid":99,"ask":101,"bid_qty":1,"ask_qty":3,"mid":100,"spread":2,"ratio":0.02,"micro":99.5,"price":100,"side":null}"#,
        r#"2 rule_1 {"last":100.5,"qty":2,"notional":201,"bid":99,"ask":101,"bid_qty":1,"ask_qty":3,"mid":100,"spread":2,"ratio":0.02,"micro":99.5,"price":100.5,"side":"sell"}"#,
        r#"3 rule_1 {"last":100.5,"qty":2,"notional":201,"bid":null,"ask":102,"bid_qty":1,"ask_qty":1,"mid":null,"spread":null,"ratio":null,"micro":null,"price":100.5,"side":"sell"}"#,
        r#"4 rule_1 {"last":7,"qty":null,"notional":null,"bid":null,"ask":102,"bid_qty":1,"ask_qty":1,"mid":null,"spread":null,"ratio":null,"micro":null,"price":7,"side":null}"#,
    ]);
}

#[test]
fn market_functions_of_books() {
    let rules = [rule(quote("A/B"))
        .field("one", imbalance("A/B", 1))
        .field("two", imbalance("A/B", 2))
        .field("deep", imbalance("A/B", 20))
        .field("buy", depth_price("A/B", Side::Buy, num(3.0)))
        .field("sell", depth_price("A/B", Side::Sell, num(6.0)))
        .field("thin", depth_price("A/B", Side::Sell, num(200.0)))
        .field("none", depth_price("A/B", Side::Sell, num(0.0)))
        .field("was", imbalance("A/B", 2).at(1))];
    let mut run = Run::new(&rules);
    run.book(1.0, "A/B", &[(9.0, 3.0), (8.0, 3.0), (7.0, 99.0)], &[(11.0, 1.0), (12.0, 3.0)]);
    run.quote(2.0, "A/B", 9.0, 11.0);
    run.book(3.0, "A/B", &[], &[(11.0, 1.0)]);
    run.expect(&[
        r#"1 rule_1 {"one":0.5,"two":0.2,"deep":0.9266055045871560,"buy":11.666666666666666,"sell":8.5,"thin":null,"none":null,"was":null}"#
            .replace("0.9266055045871560", &format!("{}", (105.0_f64 - 4.0) / 109.0))
            .as_str(),
        &format!(
            r#"2 rule_1 {{"one":0,"two":0.2,"deep":{},"buy":11.666666666666666,"sell":8.5,"thin":null,"none":null,"was":null}}"#,
            (105.0_f64 - 4.0) / 109.0
        ),
        r#"3 rule_1 {"one":null,"two":null,"deep":null,"buy":null,"sell":null,"thin":null,"none":null,"was":null}"#,
    ]);
}

#[test]
fn price_has_no_instant_at_a_quote_after_the_first_trade() {
    // In columns, and outside of them.
    let rules = [
        rule(price("A/B").gt(num(0.0))).every_tick(),
        rule(price("A/B").gt(num(0.0)).and(trade("A/B").once(60.0).or_else(truth(true)))).every_tick(),
    ];
    let mut run = Run::new(&rules);
    run.quote(1.0, "A/B", 4.0, 6.0).trade(2.0, "A/B", 9.0).quote(3.0, "A/B", 1.0, 3.0);
    run.book(3.0, "A/B", &[(1.0, 1.0)], &[(2.0, 1.0)]).trade(4.0, "A/B", 9.0);
    run.expect(&["1 rule_1", "1 rule_2", "2 rule_1", "2 rule_2", "4 rule_1", "4 rule_2"]);
}

#[test]
fn latency_and_venue_time() {
    let rules = [rule(trade("A/B")).field("l", market(MarketField::Latency, "A/B")).field("v", market(MarketField::VenueTs, "A/B"))];
    let mut run = Run::new(&rules);
    run.trade(5.0, "A/B", 1.0).trade(3.0, "A/B", 1.0);
    // A late event's own time becomes the venue's.
    run.expect(&[r#"5 rule_1 {"l":null,"v":null}"#, r#"5 rule_1 {"l":2000000000,"v":3000000000}"#]);
    assert_eq!(run.engine.counters().late, 1);
}

#[test]
fn texts_compare() {
    let rules = [rule(trade("A/B").filter(market(MarketField::TradeSide, "A/B").cmp(CmpOp::Eq, side_text("sell"))))];
    Run::new(&rules)
        .trade(1.0, "A/B", 1.0)
        .trade_of(2.0, "A/B", 1.0, 1.0, Some(Side::Sell))
        .trade_of(3.0, "A/B", 1.0, 1.0, Some(Side::Buy))
        .expect(&["2 rule_1"]);
}

#[test]
fn where_is_at_an_instant_only_when_it_occurs() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let rules = [rule(big.clone()).until(bid("A/B").gt(num(5.0))), rule(big.once(10.0)).every_tick()];
    let mut run = Run::new(&rules);
    run.quote(0.0, "A/B", 6.0, 7.0).trade_of(1.0, "A/B", 1.0, 9.0, None).trade(2.0, "A/B", 1.0);
    run.quote(3.0, "A/B", 4.0, 5.0).trade_of(4.0, "A/B", 1.0, 9.0, None).quote(5.0, "A/B", 6.0, 7.0);
    run.trade_of(6.0, "A/B", 1.0, 9.0, None);
    run.expect(&["1 rule_1", "1 rule_2", "4 rule_2", "6 rule_1", "6 rule_2"]);
}

#[test]
fn events_combine() {
    let rules = [
        rule(trade("A/B").and(bid("A/B").gt(num(5.0)))),
        rule(trade("C/D").or(last("A/B").gt(num(5.0)).edge())),
        rule(any(vec![trade("A/B"), trade("C/D")])).field("p", trade("A/B").pick(last("A/B"), last("C/D"))),
    ];
    let mut run = Run::new(&rules);
    run.trade(1.0, "A/B", 6.0).quote(2.0, "A/B", 6.0, 7.0).trade(3.0, "A/B", 7.0).trade(4.0, "C/D", 1.0);
    run.trade(5.0, "A/B", 1.0).trade(6.0, "A/B", 6.0);
    run.expect(&[
        "1 rule_2",
        r#"1 rule_3 {"p":6}"#,
        "3 rule_1",
        r#"3 rule_3 {"p":7}"#,
        "4 rule_2",
        r#"4 rule_3 {"p":1}"#,
        "5 rule_1",
        r#"5 rule_3 {"p":1}"#,
        "6 rule_1",
        "6 rule_2",
        r#"6 rule_3 {"p":6}"#,
    ]);
}

#[test]
fn crossing() {
    let rules = [
        rule(last("A/B").crosses(CrossSide::Above, num(5.0))),
        rule(last("A/B").crosses(CrossSide::Below, num(5.0))),
        rule(last("A/B").crosses(CrossSide::Either, num(5.0))),
        rule(bid("A/B").crosses(CrossSide::Above, num(5.0))),
    ];
    let mut run = Run::new(&rules);
    for (s, price) in [(1.0, 4.0), (2.0, 6.0), (3.0, 5.0), (4.0, 6.0), (5.0, 7.0), (6.0, 5.0), (7.0, 4.0)] {
        run.trade(s, "A/B", price);
    }
    run.quote(8.0, "A/B", 4.0, 9.0).quote(9.0, "A/B", MISS, 9.0).quote(10.0, "A/B", 6.0, 9.0);
    run.expect(&["2 rule_1", "2 rule_3", "4 rule_1", "4 rule_3", "7 rule_2", "7 rule_3", "10 rule_4"]);
}

#[test]
fn for_counts_from_the_instant_it_became_true() {
    let held = last("A/B").gt(num(5.0)).held(3.0);
    // An event at the deadline comes first.
    Run::new(&[rule(held.clone())]).trade(1.0, "A/B", 6.0).trade(4.0, "A/B", 4.0).trade(10.0, "A/B", 4.0).expect_none();
    Run::new(&[rule(held.clone())]).trade(1.0, "A/B", 6.0).trade(4.000000001, "A/B", 4.0).expect(&["4 rule_1"]);
    Run::new(&[rule(held.clone())]).trade(1.0, "A/B", 6.0).advance(3.999999999).expect_none().advance(4.0).expect(&["4 rule_1"]);
    Run::new(&[rule(held)]).trade(1.0, "A/B", 6.0).trade(3.0, "A/B", 6.0).trade(4.0, "A/B", 6.0).pass(4.5).expect(&["4 rule_1"]);
}

#[test]
fn for_is_unknown_while_its_level_is() {
    let held = bid("A/B").gt(num(5.0)).held(3.0);
    let rules = [rule(quote("A/B")).field("v", held.clone()), rule(held)];
    let mut run = Run::new(&rules);
    for (s, bid) in [(1.0, 6.0), (2.0, MISS), (3.0, 4.0), (4.0, 6.0), (7.0, 6.0), (8.0, 6.0)] {
        run.quote(s, "A/B", bid, 7.0);
    }
    run.expect(&[
        r#"1 rule_1 {"v":false}"#,
        r#"2 rule_1 {"v":null}"#,
        r#"3 rule_1 {"v":false}"#,
        r#"4 rule_1 {"v":false}"#,
        r#"7 rule_1 {"v":false}"#,
        "7 rule_2",
        r#"8 rule_1 {"v":true}"#,
    ]);
}

#[test]
fn a_level_that_turns_false_at_the_deadline_wins() {
    let rules = [
        rule(trade("A/B").count(3.0, true).ge(num(1.0)).held(3.0)),
        rule(trade("A/B").count(3.0, true).lt(num(1.0)).and(last("A/B").gt(num(0.0)).held(3.0))),
        rule(trade("A/B").count(3.0, true).crosses(CrossSide::Below, num(1.0)).silent(3.0)),
    ];
    Run::new(&rules).trade(0.0, "A/B", 10.0).pass(9.0).expect(&["3 rule_2", "6 rule_3"]);
}

#[test]
fn for_counts_from_the_start() {
    let rules = [rule(bid("A/B").or_else(num(0.0)).lt(num(1.0)).held(5.0)), rule(bid("A/B").or_else(num(0.0)).lt(num(1.0)))];
    let mut run = Run::new(&rules);
    run.pass(2.0).pass(20.0).expect(&["7 rule_1"]);
    run.quote(21.0, "A/B", 0.5, 1.0).expect(&["7 rule_1", "21 rule_2"]);
}

#[test]
fn silence() {
    let rules = [rule(quote("A/B").silent(5.0))];
    Run::new(&rules).quote(0.0, "A/B", 1.0, 2.0).quote(5.0, "A/B", 1.0, 2.0).pass(9.999).expect_none();
    Run::new(&rules).quote(0.0, "A/B", 1.0, 2.0).quote(20.0, "A/B", 1.0, 2.0).pass(40.0).expect(&["5 rule_1", "25 rule_1"]);
    Run::new(&rules).pass(2.0).pass(50.0).expect(&["7 rule_1"]);
    Run::new(&rules).advance(2.0).advance(7.0).expect(&["7 rule_1"]);
}

#[test]
fn once_an_event() {
    let once = trade("A/B").once(10.0);
    let mut run = Run::new(&[rule(quote("A/B")).field("v", once.clone()), rule(once.not())]);
    run.quote(0.0, "A/B", 1.0, 2.0).quote(10.0, "A/B", 1.0, 2.0).trade(10.0, "A/B", 1.0).quote(20.0, "A/B", 1.0, 2.0);
    run.trade(20.0, "A/B", 1.0).quote(30.0, "A/B", 1.0, 2.0).quote(30.000000001, "A/B", 1.0, 2.0);
    run.expect(&[
        r#"0 rule_1 {"v":null}"#,
        r#"10 rule_1 {"v":null}"#,
        r#"20 rule_1 {"v":true}"#,
        r#"30 rule_1 {"v":true}"#,
        "30 rule_2",
        r#"30.000000001 rule_1 {"v":false}"#,
    ]);
}

#[test]
fn once_a_level() {
    let once = last("A/B").gt(num(5.0)).once(10.0);
    let mut run = Run::new(&[rule(once.clone().not())]);
    run.trade(0.0, "A/B", 6.0).trade(50.0, "A/B", 6.0).trade(51.0, "A/B", 4.0).trade(55.0, "A/B", 3.0).pass(80.0);
    run.expect(&["61 rule_1"]);
    // True at the start holds.
    Run::new(&[rule(bid("A/B").known().not().once(10.0).not())]).pass(0.0).quote(3.0, "A/B", 4.0, 5.0).pass(30.0).expect(&["13 rule_1"]);
    // Nothing seen: unknown for the length, then false.
    Run::new(&[rule(quote("C/D")).field("v", once)])
        .trade(0.0, "A/B", 1.0)
        .quote(9.0, "C/D", 1.0, 2.0)
        .quote(10.5, "C/D", 1.0, 2.0)
        .expect(&[r#"9 rule_1 {"v":null}"#, r#"10.5 rule_1 {"v":false}"#]);
}

#[test]
fn count_over_time() {
    let rules = [rule(quote("A/B")).field("v", trade("A/B").count(10.0, false)).field("p", trade("A/B").count(10.0, true))];
    let mut run = Run::new(&rules);
    run.pass(0.0).trade(1.0, "A/B", 1.0).quote(2.0, "A/B", 1.0, 2.0).trade(10.0, "A/B", 1.0).quote(10.0, "A/B", 1.0, 2.0);
    run.quote(11.0, "A/B", 1.0, 2.0).quote(11.000000001, "A/B", 1.0, 2.0).trade(20.0, "A/B", 1.0).quote(20.0, "A/B", 1.0, 2.0).pass(60.0);
    run.quote(60.0, "A/B", 1.0, 2.0);
    run.expect(&[
        r#"2 rule_1 {"v":null,"p":1}"#,
        // An update at start + d does the timer's work.
        r#"10 rule_1 {"v":2,"p":2}"#,
        // At the ts at which a sample leaves events still see it.
        r#"11 rule_1 {"v":2,"p":2}"#,
        r#"11.000000001 rule_1 {"v":1,"p":1}"#,
        // An update at that ts drops what is as old as the window.
        r#"20 rule_1 {"v":1,"p":1}"#,
        r#"60 rule_1 {"v":0,"p":0}"#,
    ]);
}

#[test]
fn count_becomes_known_by_a_timer() {
    let rules = [rule(trade("A/B").count(10.0, false).ge(num(1.0))), rule(trade("A/B").count(10.0, false).lt(num(1.0)))];
    Run::new(&rules)
        .pass(0.0)
        .trade(4.0, "A/B", 1.0)
        .pass(9.999)
        .expect_none()
        .pass(10.0)
        .expect_none()
        .pass(10.1)
        .expect(&["10 rule_1"])
        .pass(15.0)
        .expect(&["10 rule_1", "14 rule_2"]);
}

#[test]
fn count_of_updates_of_a_number() {
    let rules = [rule(quote("A/B")).field("t", bid("A/B").count(10.0, true)).field("n", bid("A/B").count_updates(2))];
    let mut run = Run::new(&rules);
    for (s, bid) in [(1.0, 5.0), (2.0, MISS), (3.0, 5.0), (4.0, 5.0)] {
        run.quote(s, "A/B", bid, 9.0);
    }
    run.expect(&[r#"1 rule_1 {"t":1,"n":null}"#, r#"2 rule_1 {"t":1,"n":null}"#, r#"3 rule_1 {"t":2,"n":2}"#, r#"4 rule_1 {"t":3,"n":2}"#]);
}

#[test]
fn timers_of_an_inner_window_are_updates_of_the_outer() {
    let rules = [rule(quote("A/B")).field("v", trade("A/B").count(2.0, true).count(10.0, true))];
    let mut run = Run::new(&rules);
    run.trade(0.0, "A/B", 5.0).trade(1.0, "A/B", 5.0).quote(2.5, "A/B", 1.0, 2.0).quote(4.0, "A/B", 1.0, 2.0);
    run.expect(&[r#"2.5 rule_1 {"v":3}"#, r#"4 rule_1 {"v":4}"#]);
}

#[test]
fn a_full_window_drops_its_oldest_and_counts() {
    let program = program(&[rule(quote("A/B")).field("v", trade("A/B").count(10.0, true))]);
    let options = ascep_runtime::EngineOptions::default().with_max_window_samples(3);
    let mut run = Run { engine: ascep_runtime::Engine::new(&program, options).unwrap(), lines: vec![] };
    for s in 0..5 {
        run.trade(f64::from(s), "A/B", 1.0);
    }
    run.quote(4.0, "A/B", 1.0, 2.0).quote(12.5, "A/B", 1.0, 2.0);
    run.expect(&[r#"4 rule_1 {"v":3}"#, r#"12.5 rule_1 {"v":2}"#]);
    assert_eq!(run.engine.counters().samples_dropped, 2);
}

#[test]
fn the_value_some_updates_ago() {
    let rules = [rule(any(vec![trade("A/B"), quote("A/B")]))
        .field("a", bid("A/B").at(1))
        .field("b", bid("A/B").at(2))
        .field("c", last("A/B").at(2))];
    let mut run = Run::new(&rules);
    run.quote(1.0, "A/B", 1.0, 9.0).quote(2.0, "A/B", MISS, 9.0).quote(3.0, "A/B", 3.0, 9.0).quote(4.0, "A/B", 3.0, 9.0);
    for (s, price) in [(5.0, 1.0), (6.0, 1.0), (7.0, 3.0), (8.0, 4.0)] {
        run.trade(s, "A/B", price);
    }
    run.expect(&[
        r#"1 rule_1 {"a":null,"b":null,"c":null}"#,
        r#"2 rule_1 {"a":null,"b":null,"c":null}"#,
        r#"3 rule_1 {"a":1,"b":null,"c":null}"#,
        r#"4 rule_1 {"a":3,"b":1,"c":null}"#,
        r#"5 rule_1 {"a":3,"b":1,"c":null}"#,
        r#"6 rule_1 {"a":3,"b":1,"c":null}"#,
        r#"7 rule_1 {"a":3,"b":1,"c":1}"#,
        r#"8 rule_1 {"a":3,"b":1,"c":1}"#,
    ]);
}

#[test]
fn readings_of_the_clock_are_current() {
    let rules = [rule(trade("C/D"))
        .field("age", age("A/B"))
        .field("ms", age("A/B").over(dur(0.001)))
        .field("since", quote("A/B").since())
        .field("or", age("A/B").or_else(dur(1.0)))
        .field("h", hour())
        .field("d", day())
        .field("now", now())];
    let mut run = Run::new(&rules);
    run.trade(0.0, "C/D", 1.0).quote(1.0, "A/B", 1.0, 2.0).trade(2.0, "C/D", 1.0).trade(3.0, "A/B", 1.0).trade(18_059.0, "C/D", 1.0);
    run.expect(&[
        r#"0 rule_1 {"age":null,"ms":null,"since":null,"or":1000000000,"h":0,"d":4,"now":0}"#,
        r#"2 rule_1 {"age":1000000000,"ms":1000,"since":1000000000,"or":1000000000,"h":0,"d":4,"now":2000000000}"#,
        r#"18059 rule_1 {"age":18056000000000,"ms":18056000,"since":18058000000000,"or":18056000000000,"h":5,"d":4,"now":18059000000000}"#,
    ]);
}

#[test]
fn arithmetic_over_a_reading_is_current_where_another_input_asks() {
    // The trade of C/D reads the age as of now, not as of the last event of A/B.
    let score = age("A/B").over(dur(1.0)).plus(last("C/D"));
    Run::new(&[rule(score.clone().gt(num(6.0)))])
        .trade(0.0, "A/B", 1.0)
        .trade(5.0, "C/D", 1.0)
        .trade(5.5, "C/D", 1.0)
        .pass(60.0)
        .expect(&["5.5 rule_1"]);
    // It holds between its instants.
    Run::new(&[rule(quote("E/F")).field("v", score.gt(num(6.0)))])
        .trade(0.0, "A/B", 1.0)
        .trade(5.0, "C/D", 1.0)
        .quote(9.0, "E/F", 1.0, 2.0)
        .expect(&[r#"9 rule_1 {"v":false}"#]);
}

#[test]
fn a_comparison_of_an_age_flips_by_a_timer() {
    let flip = |op| {
        let rules = [rule(age("A/B").cmp(op, dur(5.0))).every_tick().field("s", age("A/B"))];
        let mut run = Run::new(&rules);
        run.trade(0.0, "A/B", 10.0).trade(4.0, "A/B", 1.0).quote(5.0, "A/B", 1.0, 2.0).pass(30.0);
        std::mem::take(&mut run.lines)
    };
    assert_eq!(flip(CmpOp::Ge), [r#"10 rule_1 {"s":5000000000}"#]);
    assert_eq!(flip(CmpOp::Gt), [r#"10.000000001 rule_1 {"s":5000000001}"#]);
    let young = [r#"0 rule_1 {"s":0}"#, r#"4 rule_1 {"s":0}"#, r#"5 rule_1 {"s":0}"#];
    assert_eq!(flip(CmpOp::Lt), young);
    assert_eq!(flip(CmpOp::Le), young);
    assert_eq!(flip(CmpOp::Eq), [r#"10 rule_1 {"s":5000000000}"#]);
    assert_eq!(flip(CmpOp::Ne), [young[0], young[1], young[2], r#"10.000000001 rule_1 {"s":5000000001}"#]);
}

#[test]
fn a_comparison_of_an_age_from_the_right() {
    let rules = [rule(dur(5.0).cmp(CmpOp::Le, age("A/B"))), rule(dur(0.0).cmp(CmpOp::Gt, age("A/B"))), rule(dur(5.0).gt(age("A/B")).not())];
    Run::new(&rules).trade(0.0, "A/B", 10.0).pass(9.0).expect(&["5 rule_1", "5 rule_3"]);
}

#[test]
fn at_the_flip_events_come_first() {
    let rules = [rule(age("A/B").lt(dur(0.5)).and(bid("C/D").gt(num(0.0))))];
    Run::new(&rules).quote(0.0, "A/B", 1.0, 2.0).quote(0.5, "C/D", 1.0, 2.0).expect(&["0.5 rule_1"]);
    Run::new(&rules)
        .quote(0.0, "A/B", 1.0, 2.0)
        .quote(0.7, "C/D", 1.0, 2.0)
        .quote(0.9, "A/B", 1.0, 2.0)
        .quote(3.0, "A/B", 1.0, 2.0)
        .expect(&["0.9 rule_1", "3 rule_1"]);
}

#[test]
fn since_an_event_that_must_occur() {
    let big = trade("A/B").filter(market(MarketField::Qty, "A/B").gt(num(5.0)));
    let rules = [rule(big.clone().since().ge(dur(2.0))), rule(age("A/B").ge(dur(2.0)).held(3.0))];
    Run::new(&rules).trade_of(0.0, "A/B", 1.0, 9.0, None).trade(1.0, "A/B", 1.0).pass(9.0).expect(&["2 rule_1", "6 rule_2"]);
}

#[test]
fn hours_and_days_flip_at_the_boundary() {
    let ok = last("A/B").gt(num(0.0));
    Run::new(&[rule(ok.clone().and(hour().ge(num(9.0))))]).trade(28_801.0, "A/B", 10.0).pass(32_405.0).expect(&["32400 rule_1"]);
    Run::new(&[rule(day().cmp(CmpOp::Eq, num(5.0)).and(ok))]).trade(86_399.0, "A/B", 10.0).pass(86_405.0).expect(&["86400 rule_1"]);
    // True at the start is no edge, but FOR counts from there.
    Run::new(&[rule(hour().ge(num(9.0))), rule(hour().ge(num(9.0)).held(5.0))])
        .pass(36_000.0)
        .pass(36_060.0)
        .expect(&["36005 rule_2"])
        .pass(200_000.0)
        .expect(&["36005 rule_2", "118800 rule_1", "118805 rule_2"]);
    let then = e(ascep_lang::program::Op::Const(Constant::Timestamp(secs(7.0))), vec![], Type::Timestamp);
    Run::new(&[rule(now().gt(then.clone())), rule(now().ge(then))]).pass(1.0).pass(9.0).expect(&["7 rule_2", "7.000000001 rule_1"]);
}

#[test]
fn timers_in_order_of_deadline_then_rules_in_text_order() {
    let rules = [
        rule(quote("P/Q").silent(5.0)),
        rule(quote("A/B").silent(5.0)),
        rule(quote("A/B").silent(4.0)),
        rule(last("A/B").gt(num(5.0)).held(3.0)).field("v", bid("A/B").gt(num(5.0)).held(2.0)),
        rule(bid("A/B").gt(num(5.0)).held(2.0)).field("v", last("A/B").gt(num(5.0)).held(3.0)),
    ];
    let mut run = Run::new(&rules);
    run.trade(0.0, "A/B", 6.0).quote(1.0, "A/B", 6.0, 7.0).pass(50.0);
    run.expect(&[r#"3 rule_4 {"v":true}"#, r#"3 rule_5 {"v":true}"#, "5 rule_1", "5 rule_3", "6 rule_2"]);
    assert_eq!(run.engine.counters().timers_fired, 5);
}

#[test]
fn symbols_are_written_as_the_rule_writes_them() {
    let program = program(&[rule(any(vec![trade("A/B"), trade("b:A/B")]))
        .field("x", sym("A/B"))
        .field("y", sym("b:A/B"))
        .field("l", last("A/B"))
        .field("same", sym("A/B").cmp(CmpOp::Eq, sym("b:A/B")))
        .field("other", sym("A/B").cmp(CmpOp::Eq, sym("k:A/B")))]);
    let options = ascep_runtime::EngineOptions::default().with_default_venue("b");
    let mut run = Run { engine: ascep_runtime::Engine::new(&program, options).unwrap(), lines: vec![] };
    let engine = &run.engine;
    assert_eq!(engine.instrument("A/B"), engine.instrument("b:A/B"));
    assert_ne!(engine.instrument("A/B"), engine.instrument("k:A/B"));
    assert_eq!(engine.instruments().map(|(_, name)| name).collect::<Vec<_>>(), ["b:A/B", "b:C/D", "b:E/F", "b:P/Q", "k:A/B"]);
    run.trade(1.0, "b:A/B", 3.0).expect(&[r#"1 rule_1 {"x":"A/B","y":"b:A/B","l":3,"same":true,"other":false}"#]);
}

#[test]
fn numbers_that_are_no_numbers_are_null() {
    let p = last("A/B");
    let rules = [rule(p.clone().gt(num(0.0)))
        .every_tick()
        .field("v", num(1.0).over(p.clone().minus(num(5.0))))
        .field("l", p.clone().minus(num(9.0)).f1(NumFn::Ln))
        .field("o", p.times(num(1000.0)).f1(NumFn::Exp))];
    Run::new(&rules)
        .trade(1.0, "A/B", 5.0)
        .trade(2.0, "A/B", 7.0)
        .expect(&[r#"1 rule_1 {"v":null,"l":null,"o":null}"#, r#"2 rule_1 {"v":0.5,"l":null,"o":null}"#]);
}

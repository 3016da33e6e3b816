//! Sequences and `ALL`, told by hand.

use ascep_lang::program::{Capture, CaptureOf, SeqStep, Sequence, SequenceId, StepInput, StepKind};

use super::*;

const ONCE: StepKind = StepKind::Match { min: 1, max: Some(1) };
const NO: StepKind = StepKind::Absent { hold: None };

fn no_for(d: i64) -> StepKind {
    StepKind::Absent { hold: Some(seconds(d)) }
}

fn event(arg: u16, kind: StepKind) -> SeqStep {
    SeqStep { input: StepInput::Event(arg), filter: None, kind }
}

/// A sequence over the arguments trade of A/B, quote of A/B, trade of C/D, the price and `bid > 5`, with a rule that says one capture.
fn sequence(steps: Vec<SeqStep>, capture: Option<Capture>) -> Build {
    let mut b = Build::new();
    let price = b.price();
    let bid = b.num(Op::Market(MarketField::Bid, SYMBOL), &[]);
    let high_bid = b.compare(bid, CmpOp::Gt, 5.0);
    let captured = b.num(Op::Capture(0), &[]);
    let above = b.level(Op::Compare(CmpOp::Gt), &[price, captured]);
    let args = [
        b.trade(),
        b.event(Op::Event(EventKind::Quote, SYMBOL), &[]),
        b.event(Op::Event(EventKind::Trade, SymbolId(1)), &[]),
        price,
        high_bid,
        above,
    ];
    b.0.tables.sequences = vec![Sequence { steps, captures: capture.into_iter().collect(), within: seconds(10) }];
    let seq = b.event(Op::Seq(SequenceId(0)), &args);
    let rule = b.rule(seq, Mode::Event);
    if capture.is_some() {
        rule.actions[0].fields = vec![(TextId(2), captured)];
    }
    b
}

fn trade(at: f64, price: f64) -> (f64, Do) {
    (at, Do::Trade(price, 1.0))
}

fn quote(at: f64, bid: f64) -> (f64, Do) {
    (at, Do::Quote(bid, 90.0))
}

fn far(at: f64) -> (f64, Do) {
    (at, Do::Far)
}

fn first(step: u16, arg: u16) -> Option<Capture> {
    Some(Capture { step, of: CaptureOf::First(arg) })
}

#[test]
fn the_later_start_is_kept_and_a_match_consumes_all() {
    let b = sequence(vec![event(0, ONCE), event(1, ONCE)], first(0, 3));
    let history = [trade(1.0, 5.0), trade(2.0, 6.0), quote(2.0, 1.0), quote(3.0, 1.0), trade(4.0, 7.0), quote(14.0, 1.0), quote(14.5, 1.0)];
    assert_told(&b.told(&history), &[(2.0, 6.0), (14.0, 7.0)]);
    // The span was 10 s; the nanosecond after is too late.
    assert!(b.times(&[trade(4.0, 7.0), quote(14.000_000_001, 1.0)]).is_empty());
}

#[test]
fn the_shorter_run_stays_so_that_a_later_match_of_a_step_may_replace_it() {
    // The quote of 2 leaves a run at 1; the trade of 3 starts a later one, which the quote of 4 puts in the place of the longer run.
    let b = sequence(vec![event(0, ONCE), event(1, ONCE), event(2, ONCE)], first(0, 3));
    assert_told(&b.told(&[trade(1.0, 5.0), quote(2.0, 1.0), trade(3.0, 6.0), quote(4.0, 1.0), far(5.0)]), &[(5.0, 6.0)]);
    assert_told(&b.told(&[trade(1.0, 5.0), quote(2.0, 1.0), trade(3.0, 6.0), far(5.0)]), &[(5.0, 5.0)]);
    // Of equal starts the later match: the span counts from the first, the capture is of the later one.
    let b = sequence(vec![event(0, ONCE), event(1, ONCE), event(2, ONCE)], first(1, 3));
    assert_told(&b.told(&[trade(1.0, 5.0), quote(2.0, 1.0), quote(4.0, 1.0), far(11.0)]), &[(11.0, 5.0)]);
}

#[test]
fn one_event_takes_a_run_one_step_on_and_what_completes_starts_nothing() {
    let b = sequence(vec![event(0, ONCE), event(0, ONCE)], first(0, 3));
    assert_told(&b.told(&prices(&[1.0, 2.0, 3.0, 4.0, 5.0])), &[(2.0, 1.0), (4.0, 3.0)]);
}

#[test]
fn what_must_not_be_kills() {
    let b = sequence(vec![event(0, ONCE), event(1, NO), event(2, ONCE)], None);
    assert_eq!(b.times(&[trade(1.0, 5.0), quote(2.0, 1.0), far(3.0), trade(4.0, 5.0), far(5.0)]), [5.0]);
    // A trade that is both what must not be and the next step takes the step.
    let b = sequence(vec![event(0, ONCE), event(0, NO), event(0, ONCE), event(2, ONCE)], first(0, 3));
    assert_told(&b.told(&[trade(1.0, 5.0), trade(2.0, 6.0), far(3.0)]), &[(3.0, 5.0)]);
    // The second trade has killed the first run where it stood, and started another one.
    assert_told(&b.told(&[trade(1.0, 5.0), trade(2.0, 6.0), trade(3.0, 7.0), far(4.0)]), &[(4.0, 6.0)]);
}

#[test]
fn a_level_that_must_not_be_kills_from_the_match_on() {
    let level = SeqStep { input: StepInput::Level(4), filter: None, kind: NO };
    let b = sequence(vec![event(0, ONCE), level, event(2, ONCE)], None);
    assert_eq!(b.times(&[quote(0.0, 4.0), trade(1.0, 5.0), far(2.0)]), [2.0]);
    assert!(b.times(&[trade(1.0, 5.0), quote(1.5, 6.0), quote(1.6, 4.0), far(2.0)]).is_empty());
    assert!(b.times(&[quote(0.0, 6.0), trade(1.0, 5.0), quote(1.5, 4.0), far(2.0)]).is_empty());
}

#[test]
fn a_run_that_waits_keeps_its_place() {
    let b = sequence(vec![event(0, ONCE), event(1, no_for(3)), event(2, ONCE)], first(0, 3));
    // The trade of 2 finds the run of 1 waiting until 4; at 4 it is not over yet, after that it is.
    assert_told(&b.told(&[trade(1.0, 5.0), trade(2.0, 6.0), far(4.0), far(4.5)]), &[(4.5, 5.0)]);
    // At 5 it waits no more, so the trade of 5 replaces it.
    assert_told(&b.told(&[trade(1.0, 5.0), trade(5.0, 6.0), far(5.5), far(9.0)]), &[(9.0, 6.0)]);
    assert!(b.times(&[trade(1.0, 5.0), quote(4.0, 1.0), far(4.5)]).is_empty());
    assert_eq!(b.times(&[trade(1.0, 5.0), quote(4.5, 1.0), far(5.0)]), [5.0]);
    // Once the timers of 4 have fired an event of 4 is later than they are.
    assert_eq!(b.times(&[trade(1.0, 5.0), (4.0, Do::Advance), far(4.0)]), [4.0]);
    assert_eq!(b.times(&[trade(1.0, 5.0), (4.0, Do::Advance), quote(4.0, 1.0), far(4.0)]), [4.0]);
}

#[test]
fn absence_at_the_end_completes_by_timer() {
    let b = sequence(vec![event(0, ONCE), event(1, no_for(5))], first(0, 3));
    assert_told(&b.told(&[trade(0.0, 1.0), quote(1.0, 1.0), trade(4.0, 2.0), trade(5.0, 3.0), (20.0, Do::Other)]), &[(9.0, 2.0)]);
    // Without FOR at the end of the span.
    let b = sequence(vec![event(0, ONCE), event(2, ONCE), event(1, NO)], None);
    assert_eq!(b.times(&[trade(1.0, 1.0), far(2.0), quote(2.0, 1.0), far(3.0), (20.0, Do::Other)]), [11.0]);
    // A deadline beyond the span: dropped at once.
    let b = sequence(vec![event(0, ONCE), event(2, ONCE), event(1, no_for(5))], None);
    assert_eq!(b.times(&[trade(1.0, 1.0), far(6.0), (20.0, Do::Other)]), [11.0]);
    assert!(b.times(&[trade(1.0, 1.0), far(6.1), (20.0, Do::Other)]).is_empty());
    // Of several the latest.
    let b = sequence(vec![event(0, ONCE), event(2, no_for(2)), event(1, no_for(5))], None);
    assert_eq!(b.times(&[trade(1.0, 1.0), far(3.5), (20.0, Do::Other)]), [6.0]);
    assert!(b.times(&[trade(1.0, 1.0), far(3.0), (20.0, Do::Other)]).is_empty());
}

#[test]
fn a_quantified_step_takes_what_it_can() {
    let count = Some(Capture { step: 0, of: CaptureOf::Count });
    let b = sequence(vec![event(0, StepKind::Match { min: 2, max: Some(3) }), event(1, ONCE)], count);
    assert!(b.times(&[trade(1.0, 1.0), quote(2.0, 1.0)]).is_empty());
    assert_told(&b.told(&[trade(1.0, 1.0), trade(2.0, 2.0), quote(3.0, 1.0)]), &[(3.0, 2.0)]);
    assert_told(&b.told(&[trade(1.0, 1.0), trade(2.0, 2.0), trade(3.0, 3.0), quote(4.0, 1.0)]), &[(4.0, 3.0)]);
    // The fourth trade finds it full. The run of the trades of 3 and 4 has started later and takes its place.
    assert_told(&b.told(&[trade(1.0, 1.0), trade(2.0, 2.0), trade(3.0, 3.0), trade(4.0, 4.0), quote(5.0, 1.0)]), &[(5.0, 2.0)]);
    // As last step it completes at the least number.
    let count = Some(Capture { step: 1, of: CaptureOf::Count });
    let b = sequence(vec![event(1, ONCE), event(0, StepKind::Match { min: 2, max: Some(4) })], count);
    assert_told(&b.told(&[quote(0.0, 1.0), trade(1.0, 1.0), trade(2.0, 2.0), trade(3.0, 3.0)]), &[(2.0, 2.0)]);
    // Each match starts the wait anew, and what was kept of the last one is renewed.
    let last = Some(Capture { step: 0, of: CaptureOf::Last(3) });
    let b = sequence(vec![event(0, StepKind::Match { min: 1, max: None }), event(2, no_for(3))], last);
    assert_told(&b.told(&[trade(1.0, 1.0), trade(3.0, 2.0), (20.0, Do::Other)]), &[(6.0, 2.0)]);
}

#[test]
fn filters_and_levels_read_what_the_run_has_captured() {
    let filtered = SeqStep { input: StepInput::Event(0), filter: Some(5), kind: ONCE };
    let b = sequence(vec![event(0, ONCE), filtered], first(0, 3));
    assert_told(&b.told(&prices(&[5.0, 9.0, 7.0, 6.0, 8.0])), &[(2.0, 5.0), (5.0, 6.0)]);
    // A level is looked at in the eyes of the run: it has to rise after the match before it.
    let level = SeqStep { input: StepInput::Level(5), filter: None, kind: ONCE };
    let b = sequence(vec![event(1, ONCE), level], first(0, 3));
    assert_told(&b.told(&[trade(1.0, 5.0), quote(2.0, 1.0), trade(3.0, 4.0), trade(4.0, 6.0), trade(5.0, 7.0)]), &[(4.0, 5.0)]);
}

#[test]
fn all_within_a_span_in_any_order_and_once() {
    let mut b = Build::new();
    let parts = [b.trade(), b.event(Op::Event(EventKind::Quote, SYMBOL), &[])];
    let all = b.event(Op::All(seconds(5)), &parts);
    b.rule(all, Mode::Event);
    let history =
        [quote(0.0, 1.0), trade(5.0, 1.0), quote(6.0, 1.0), quote(7.0, 1.0), trade(12.5, 1.0), quote(13.0, 1.0), trade(14.0, 1.0)];
    assert_eq!(b.times(&history), [5.0, 13.0]);
}

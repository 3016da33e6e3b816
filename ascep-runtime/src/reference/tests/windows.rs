//! Windows, with numbers worked out by hand.

use ascep_lang::program::{Param, ParamId};

use super::*;

const U: f64 = f64::NAN;

fn window(stat: Stat, window: Window, partial: bool) -> Op {
    Op::Window { stat, window, partial, max: None }
}

/// A statistic of the last prices over so many updates, at each trade.
fn over_updates(stat: Stat, n: u32, of: &[f64]) -> Vec<f64> {
    let mut b = Build::new();
    let price = b.price();
    let x = b.num(window(stat, Window::Updates(n), false), &[price]);
    b.at_trades(x);
    b.told(&prices(of)).into_iter().map(|(_, x)| x).collect()
}

/// A statistic of the prices over so many seconds, told at its updates.
fn over_seconds(stat: Stat, d: i64, partial: bool, history: &[(f64, Do)]) -> Vec<(f64, f64)> {
    let mut b = Build::new();
    let price = b.price();
    let x = b.num(window(stat, Window::Time(seconds(d)), partial), &[price]);
    b.at_updates(x);
    b.told(history)
}

#[test]
fn statistics_over_updates() {
    let x = [2.0, 8.0, 5.0, 1.0];
    assert_close(&over_updates(Stat::Count, 3, &x), &[U, U, 3.0, 3.0]);
    assert_close(&over_updates(Stat::Sum, 3, &x), &[U, U, 15.0, 14.0]);
    assert_close(&over_updates(Stat::Avg, 2, &x), &[U, 5.0, 6.5, 3.0]);
    assert_close(&over_updates(Stat::Lowest, 3, &x), &[U, U, 2.0, 1.0]);
    assert_close(&over_updates(Stat::Highest, 2, &x), &[U, 8.0, 8.0, 5.0]);
    assert_close(&over_updates(Stat::First, 3, &x), &[U, U, 2.0, 8.0]);
    assert_close(&over_updates(Stat::Last, 3, &x), &[U, U, 5.0, 1.0]);
    assert_close(&over_updates(Stat::Median, 3, &x), &[U, U, 5.0, 5.0]);
    assert_close(&over_updates(Stat::Median, 4, &x), &[U, U, U, 3.5]);
    // Rank 0.25 (4 - 1) = 0.75 of 1, 2, 5, 8.
    assert_close(&over_updates(Stat::Percentile(25_f64.to_bits()), 4, &x), &[U, U, U, 1.75]);
    assert_close(&over_updates(Stat::Percentile(100_f64.to_bits()), 3, &x), &[U, U, 8.0, 8.0]);
    // Of 2, 8, 5 the mean is 5, the squares are 9, 9, 0; of 8, 5, 1 the mean is 14/3 and the squares sum to 74/3.
    assert_close(&over_updates(Stat::Variance, 3, &x), &[U, U, 9.0, 37.0 / 3.0]);
    assert_close(&over_updates(Stat::Stddev, 3, &x), &[U, U, 3.0, (37.0_f64 / 3.0).sqrt()]);
    assert_close(&over_updates(Stat::StddevPop, 3, &x), &[U, U, 6_f64.sqrt(), (74.0_f64 / 9.0).sqrt()]);
    assert_close(&over_updates(Stat::StddevPop, 1, &x), &[0.0; 4]);
    assert_close(&over_updates(Stat::Stddev, 1, &x), &[U; 4]);
    assert_close(&over_updates(Stat::Zscore, 3, &x), &[U, U, 0.0, (1.0 - 14.0 / 3.0) / (37.0_f64 / 3.0).sqrt()]);
    assert_close(&over_updates(Stat::Zscore, 2, &[3.0, 3.0]), &[U, U]);
    // Of 2, 8, 5: (-1)(-3) + 0 + (1)(0) over 2; of 8, 5, 1: (-1)(8) + (1)(1) over 2.
    assert_close(&over_updates(Stat::Slope, 3, &x), &[U, U, 1.5, -3.5]);
    assert_close(&over_updates(Stat::Slope, 1, &x), &[U; 4]);
    // (2 + 16 + 15) / 6 and (8 + 10 + 3) / 6.
    assert_close(&over_updates(Stat::Wma, 3, &x), &[U, U, 5.5, 3.5]);
}

#[test]
fn statistics_of_pairs() {
    let of = |stat: Stat, trades: &[(f64, f64)]| {
        let mut b = Build::new();
        let (price, qty) = (b.price(), b.quantity());
        let x = b.num(window(stat, Window::Updates(3), false), &[price, qty]);
        b.at_trades(x);
        let history: Vec<_> = (1..).zip(trades).map(|(at, (p, q))| (f64::from(at), Do::Trade(*p, *q))).collect();
        b.told(&history).into_iter().map(|(_, x)| x).collect::<Vec<_>>()
    };
    // Deviations of 1, 2, 6 are -2, -1, 3, of 1, 3, 2 they are -1, 1, 0: products 1 of 14 and 2.
    let trades = [(1.0, 1.0), (2.0, 3.0), (6.0, 2.0)];
    assert_close(&of(Stat::Corr, &trades), &[U, U, 1.0 / 28_f64.sqrt()]);
    // The first is y: 1 over the 2 of the second.
    assert_close(&of(Stat::Beta, &trades), &[U, U, 0.5]);
    assert_close(&of(Stat::Vwap, &trades), &[U, U, 19.0 / 6.0]);
    assert_close(&of(Stat::Corr, &[(1.0, 1.0), (2.0, 1.0), (6.0, 1.0)]), &[U; 3]);
    assert_close(&of(Stat::Beta, &[(1.0, 1.0), (2.0, 1.0), (6.0, 1.0)]), &[U; 3]);
    assert_close(&of(Stat::Vwap, &[(1.0, 0.0), (2.0, 0.0), (6.0, 0.0)]), &[U; 3]);
    // A trade without a quantity is no sample.
    assert_close(&of(Stat::Vwap, &[(1.0, 1.0), (9.0, MISSING), (2.0, 3.0), (6.0, 2.0)]), &[U, U, U, 19.0 / 6.0]);
}

#[test]
fn a_mean_stands_between_updates_and_ends_with_its_last_sample() {
    use Do::{Other, Trade};
    // Known from 1 + 4 by the first timer, at 6 only the trade of 4 and 6 is left, and the last one leaves at 10.
    let history = [(0.0, Other), (1.0, Trade(2.0, 1.0)), (4.0, Trade(4.0, 1.0)), (6.0, Trade(8.0, 1.0)), (12.0, Trade(1.0, 1.0))];
    assert_told(&over_seconds(Stat::Avg, 4, false, &history), &[(5.0, 4.0), (6.0, 6.0), (12.0, 1.0)]);
    assert_told(&over_seconds(Stat::Avg, 4, true, &history), &[(1.0, 2.0), (4.0, 3.0), (5.0, 4.0), (6.0, 6.0), (12.0, 1.0)]);
    // An update at the ts of the first timer does its work.
    let history = [(1.0, Trade(2.0, 1.0)), (5.0, Trade(4.0, 1.0)), (6.0, Other)];
    assert_told(&over_seconds(Stat::Lowest, 4, false, &history), &[(5.0, 4.0)]);
}

#[test]
fn a_sum_is_exact_at_every_moment() {
    use Do::{Other, Trade};
    let history = [(0.0, Other), (1.0, Trade(2.0, 1.0)), (3.0, Trade(4.0, 1.0)), (9.0, Other)];
    assert_told(&over_seconds(Stat::Sum, 4, false, &history), &[(4.0, 6.0), (5.0, 4.0), (7.0, 0.0)]);
    assert_told(&over_seconds(Stat::Sum, 4, true, &history), &[(1.0, 2.0), (3.0, 6.0), (5.0, 4.0), (7.0, 0.0)]);
}

#[test]
fn a_rate_is_a_second() {
    let mut b = Build::new();
    let trade = b.trade();
    let x = b.num(window(Stat::Rate, Window::Time(seconds(4)), true), &[trade]);
    b.at_updates(x);
    assert_told(&b.told(&prices(&[1.0, 1.0])), &[(1.0, 0.25), (2.0, 0.5)]);
}

#[test]
fn slope_over_time_is_a_second() {
    let history = [(0.0, Do::Trade(1.0, 1.0)), (2.0, Do::Trade(5.0, 1.0)), (2.0, Do::Trade(5.0, 1.0)), (4.0, Do::Trade(9.0, 1.0))];
    assert_told(&over_seconds(Stat::Slope, 9, true, &history), &[(2.0, 2.0), (2.0, 2.0), (4.0, 2.0)]);
}

#[test]
fn change_and_delta_compare_with_what_stood_then() {
    use Do::{Other, Trade};
    let history = [(1.0, Trade(4.0, 1.0)), (3.0, Trade(5.0, 1.0)), (4.0, Trade(8.0, 1.0)), (6.0, Trade(3.0, 1.0)), (20.0, Other)];
    assert_told(&over_seconds(Stat::Delta, 3, false, &history), &[(4.0, 4.0), (6.0, -2.0), (9.0, 0.0)]);
    assert_told(&over_seconds(Stat::Change, 3, false, &history), &[(4.0, 1.0), (6.0, -0.4), (9.0, 0.0)]);
    // An instant that leaves x unknown is none of these.
    assert_told(&over_seconds(Stat::Delta, 3, false, &[(1.0, Trade(4.0, 1.0)), (2.0, Do::Forget), (9.0, Other)]), &[(4.0, 0.0)]);
}

#[test]
fn twap_holds_each_value_to_the_next() {
    use Do::{Other, Trade};
    let history = [(1.0, Trade(4.0, 1.0)), (3.0, Trade(6.0, 1.0)), (6.0, Trade(1.0, 1.0)), (20.0, Other)];
    // At 6 over (2, 6]: 1 s of 4 and 3 s of 6; at 10 it is 1.
    assert_told(&over_seconds(Stat::Twap, 4, false, &history), &[(6.0, 5.5), (10.0, 1.0)]);
    // Before there was a value at C - d: over the time since the first.
    assert_told(&over_seconds(Stat::Twap, 4, true, &history), &[(1.0, 4.0), (3.0, 4.0), (6.0, 5.5), (10.0, 1.0)]);
}

#[test]
fn a_full_window_drops_its_oldest() {
    // The reference of these tests holds 4 samples.
    let history = prices(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let sums: Vec<_> = over_seconds(Stat::Sum, 60, true, &history).into_iter().map(|(_, x)| x).collect();
    assert_close(&sums, &[1.0, 3.0, 6.0, 10.0, 14.0]);
    // Its own bound comes first; x as it stood 2 s ago is not among the last 2 updates.
    let mut b = Build::new();
    let price = b.price();
    let op = Op::Window { stat: Stat::Delta, window: Window::Time(seconds(2)), partial: false, max: Some(2) };
    let delta = b.num(op, &[price]);
    b.at_trades(delta);
    assert_told(&b.told(&prices(&[1.0, 2.0, 3.0])), &[(1.0, U), (2.0, U), (3.0, U)]);
}

#[test]
fn a_parameter_is_read_at_each_look() {
    use Do::{Other, Set, Trade};
    let mut b = Build::new();
    let price = b.price();
    b.0.tables.params = vec![Param { name: "d".into(), ty: Type::Duration, value: Constant::Duration(4 * S), range: None }];
    let avg = b.num(window(Stat::Avg, Window::Time(Period::Param(ParamId(0))), true), &[price]);
    b.at_updates(avg);
    // At 3 the window is 1 s long, so the trade of 1 has left it for good; at 6, 4 s after the last one came, d is 8 and the timer finds a
    // sample that is young enough; so it is set again, for 2 + 8.
    let history = [(1.0, Trade(2.0, 1.0)), (2.0, Trade(4.0, 1.0)), (2.5, Set(1)), (2.5, Trade(8.0, 1.0)), (3.0, Set(8)), (20.0, Other)];
    assert_told(&b.told(&history), &[(1.0, 2.0), (2.0, 3.0), (2.5, 6.0), (3.5, 6.0), (5.0, 6.0)]);
}

#[test]
fn bars_are_aligned_and_close_by_timer() {
    use Do::{Other, Trade};
    let of = |field: BarField| {
        let mut b = Build::new();
        let bar = b.event(Op::Bar { symbol: SYMBOL, period: 10 * S }, &[]);
        let ty = if field == BarField::Start { Type::Timestamp } else { Type::Num(UnitId(0)) };
        let x = b.node(Op::BarField(field), &[bar], ty);
        b.rule(bar, Mode::Event).actions[0].fields = vec![(TextId(2), x)];
        // The trade at 20 is of the next interval; it comes before the timer that closes the former. None traded from 30 to 40.
        let history = [
            (13.0, Trade(5.0, 2.0)),
            (14.0, Trade(7.0, MISSING)),
            (15.0, Trade(3.0, 6.0)),
            (20.0, Trade(9.0, 0.0)),
            (45.0, Trade(1.0, 1.0)),
            (47.0, Other),
        ];
        b.told(&history)
    };
    assert_told(&of(BarField::Open), &[(20.0, 5.0), (30.0, 9.0)]);
    assert_told(&of(BarField::High), &[(20.0, 7.0), (30.0, 9.0)]);
    assert_told(&of(BarField::Low), &[(20.0, 3.0), (30.0, 9.0)]);
    assert_told(&of(BarField::Close), &[(20.0, 3.0), (30.0, 9.0)]);
    assert_told(&of(BarField::Volume), &[(20.0, 8.0), (30.0, 0.0)]);
    assert_told(&of(BarField::Vwap), &[(20.0, 3.5), (30.0, U)]);
    assert_told(&of(BarField::Count), &[(20.0, 3.0), (30.0, 1.0)]);
    assert_told(&of(BarField::Start), &[(20.0, 10.0), (30.0, 20.0)]);
}

#[test]
fn a_payload_under_a_memory_is_of_the_occurrences() {
    let mut b = Build::new();
    let (trade, qty) = (b.trade(), b.quantity());
    let much = b.compare(qty, CmpOp::Gt, 2.0);
    let large = b.event(Op::Where, &[trade, much]);
    let price = b.num(Op::Payload(ascep_lang::program::PayloadField::Price), &[large]);
    let avg = b.num(window(Stat::Avg, Window::Updates(2), false), &[price]);
    b.at_trades(avg);
    let history = [(1.0, Do::Trade(4.0, 3.0)), (2.0, Do::Trade(50.0, 1.0)), (3.0, Do::Trade(6.0, 3.0))];
    assert_told(&b.told(&history), &[(1.0, U), (2.0, U), (3.0, 5.0)]);
}

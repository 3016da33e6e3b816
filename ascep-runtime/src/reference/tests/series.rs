//! Indicators and host functions, with numbers worked out by hand.

use ascep_lang::program::{FunctionId, HostFunction};

use super::*;

const U: f64 = f64::NAN;

/// An operator of the price, at each trade.
fn of_price(op: Op, of: &[f64]) -> Vec<f64> {
    let mut b = Build::new();
    let price = b.price();
    let x = b.num(op, &[price]);
    b.at_trades(x);
    b.told(&prices(of)).into_iter().map(|(_, x)| x).collect()
}

#[test]
fn ema_starts_from_a_mean() {
    // From the mean of 1, 2, 6 on with alpha 1/2.
    assert_close(&of_price(Op::Ema { n: 3, skip: 0 }, &[1.0, 2.0, 6.0, 7.0, 1.0]), &[U, U, 3.0, 5.0, 3.0]);
    assert_close(&of_price(Op::Ema { n: 3, skip: 1 }, &[9.0, 1.0, 2.0, 6.0, 7.0]), &[U, U, U, 3.0, 5.0]);
    assert_close(&of_price(Op::Ema { n: 1, skip: 0 }, &[9.0, 1.0]), &[9.0, 1.0]);
}

#[test]
fn rsi_is_smoothed_as_wilder_does() {
    // Changes +2, -1: gain 1, loss 0.5. Then +3: (1 + 3) / 2 = 2 and 0.25. Then -1: 1 and 0.625.
    let rsi = of_price(Op::Rsi(2), &[1.0, 3.0, 2.0, 5.0, 4.0]);
    assert_close(&rsi, &[U, U, 100.0 / 1.5, 200.0 / 2.25, 100.0 / 1.625]);
    assert_close(&of_price(Op::Rsi(2), &[1.0, 1.0, 1.0, 2.0]), &[U, U, U, 100.0]);
}

#[test]
fn decay_halves_the_distance_in_a_half_life() {
    let mut b = Build::new();
    let price = b.price();
    let x = b.num(Op::Decay(seconds(2)), &[price]);
    b.at_trades(x);
    let trade = |p| Do::Trade(p, 1.0);
    // After 2 s half of the way, after none nothing, after 4 s three quarters.
    let history = [(1.0, trade(8.0)), (3.0, trade(4.0)), (3.0, trade(100.0)), (7.0, trade(2.0))];
    assert_told(&b.told(&history), &[(1.0, 8.0), (3.0, 6.0), (3.0, 6.0), (7.0, 3.0)]);
}

#[test]
fn atr_obv_and_the_raw_stochastic() {
    // Bid is the low, ask the high, the last trade the close.
    let of = |op: Op| {
        let mut b = Build::new();
        let (high, low) = (b.num(Op::Market(MarketField::Ask, SYMBOL), &[]), b.num(Op::Market(MarketField::Bid, SYMBOL), &[]));
        let (close, volume) = (b.price(), b.quantity());
        let args = match op {
            Op::Atr(_) => vec![high, low, close],
            Op::FastK => vec![close, low, high],
            _ => vec![close, volume],
        };
        let x = b.num(op, &args);
        b.at_trades(x);
        let quote = |at, l, h| (at, Do::Quote(l, h));
        let trade = |at, p, q| (at, Do::Trade(p, q));
        let history = [
            trade(1.0, 5.0, 1.0),
            quote(2.0, 4.0, 8.0),
            trade(3.0, 6.0, 2.0),
            quote(4.0, 9.0, 10.0),
            trade(5.0, 6.0, 4.0),
            quote(6.0, 5.0, 5.0),
            trade(7.0, 3.0, 8.0),
        ];
        b.told(&history).into_iter().map(|(_, x)| x).collect::<Vec<_>>()
    };
    // Updates with (high, low, close), the first without a range: (8, 4, 5) (8, 4, 6) (10, 9, 6) (10, 9, 6) (5, 5, 6) (5, 5, 3). True ranges
    // 4, max(1, 4, 3), max(1, 4, 3), max(0, 1, 1), max(0, 1, 1). Mean of two 4, then 4, then 2.5, then 1.75.
    assert_close(&of(Op::Atr(2)), &[U, U, 4.0, 1.75]);
    // Up, the same, down; quotes are nothing to it.
    assert_close(&of(Op::Obv), &[1.0, 3.0, 3.0, -5.0]);
    assert_close(&of(Op::FastK), &[U, 50.0, -300.0, 0.0]);
}

#[test]
fn a_host_function_is_of_known_arguments() {
    let mut b = Build::new();
    let function = HostFunction { name: "half".into(), args: vec![Type::Num(UnitId(0))], result: Type::Num(UnitId(0)) };
    b.0.tables.functions = vec![function];
    let bid = b.num(Op::Market(MarketField::Bid, SYMBOL), &[]);
    let half = b.num(Op::Host(FunctionId(0)), &[bid]);
    b.at_trades(half);
    assert_eq!(Reference::new(&b.0, ReferenceOptions::default()).err(), Some(ReferenceError::NoFunction("half".into())));
    let functions = HostFunctions::default().with("half", |args| match args {
        [OwnedValue::Num(x)] => OwnedValue::Num(x / 2.0),
        _ => panic!("{args:?}"),
    });
    let mut reference = Reference::with_functions(&b.0, ReferenceOptions::default(), functions).unwrap();
    let mut at = |ts, payload| reference.on_event("A/B", &Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload });
    let trade = Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None });
    assert_eq!(at(1, trade)[0].values, [OwnedValue::Unknown]);
    at(2, Payload::Quote(Quote { bid: 5.0, ask: MISSING, bid_qty: MISSING, ask_qty: MISSING }));
    assert_eq!(at(3, trade)[0].values, [OwnedValue::Num(2.5)]);
}

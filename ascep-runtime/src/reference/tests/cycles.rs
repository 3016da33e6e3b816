//! Cycles of markets, with numbers worked out by hand.

use ascep_lang::program::{Cycle, CycleField, CycleId, CycleKind};

use super::*;

/// A field of a cycle after quotes of its markets, (bid, ask, quantity of each) at second 1, 2, .., read at second 10.
fn cycle(kind: CycleKind, markets: &[&str], fees: &[f64], field: CycleField, quotes: &[(f64, f64, f64)]) -> OwnedValue {
    let mut b = Build::new();
    b.0.tables.symbols = markets.iter().map(|m| (*m).to_owned()).chain(["Z/Z".to_owned()]).collect();
    let ids = |n: usize| (0..n).map(|i| SymbolId(i as u32)).collect();
    b.0.tables.cycles = vec![Cycle { kind, markets: ids(markets.len()) }];
    let fees: Vec<_> = fees.iter().map(|f| b.num(Op::Const(Constant::Num(f.to_bits())), &[])).collect();
    let ty = if matches!(field, CycleField::Age | CycleField::Skew) { Type::Duration } else { Type::Num(UnitId(0)) };
    let x = b.node(Op::Cycle { cycle: CycleId(0), field }, &fees, ty);
    let trade = b.event(Op::Event(EventKind::Trade, SymbolId(markets.len() as u32)), &[]);
    b.rule(trade, Mode::Event).actions[0].fields = vec![(TextId(2), x)];
    let mut reference = Reference::new(&b.0, ReferenceOptions::default()).unwrap();
    let event = |ts, payload| Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload };
    for ((at, market), &(bid, ask, qty)) in (1..).zip(markets).zip(quotes) {
        reference.on_event(market, &event(at * S, Payload::Quote(Quote { bid, ask, bid_qty: qty, ask_qty: qty })));
    }
    let trade = Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None });
    reference.on_event("Z/Z", &event(10 * S, trade))[0].values[0].clone()
}

fn assert_num(value: &OwnedValue, wanted: f64) {
    assert!(matches!(value, OwnedValue::Num(x) if (x - wanted).abs() < 1e-12), "{value:?}, wanted {wanted}");
}

const TRIANGLE: [&str; 3] = ["B/U", "E/B", "E/U"];
/// Out: 1 / 125 / 0.0625 * 8 = 1.024. Back: 1 / 10 * 0.05 * 100 = 0.5.
const OUT: [(f64, f64, f64); 3] = [(100.0, 125.0, 1.0), (0.05, 0.0625, 2.0), (8.0, 10.0, 3.0)];

#[test]
fn a_triangle_goes_the_better_way() {
    let of = |field, quotes: &[(f64, f64, f64)]| cycle(CycleKind::Triangle, &TRIANGLE, &[0.01], field, quotes);
    assert_num(&of(CycleField::Gross, &OUT), 0.024);
    assert_num(&of(CycleField::Net, &OUT), 1.024 * 0.99 * 0.99 * 0.99 - 1.0);
    assert_num(&of(CycleField::Direction, &OUT), 1.0);
    // 1 B costs 125; 2 E cost 0.125 B, that is 15.625 / 0.99; 3 E are 0.1875 B.
    assert_num(&of(CycleField::Size, &OUT), 15.625 / 0.99);
    // Back: 1 / 10 * 0.08 * 150 = 1.2.
    let back = [(150.0, 160.0, 1.0), (0.08, 0.09, 2.0), (8.0, 10.0, 3.0)];
    assert_num(&of(CycleField::Gross, &back), 0.2);
    assert_num(&of(CycleField::Direction, &back), -1.0);
    // 3 E cost 30; 2 E are 20 / 0.99; 1 B is 12.5 E, that is 125.
    assert_num(&of(CycleField::Size, &back), 20.0 / 0.99);
    assert_eq!(of(CycleField::Age, &OUT), OwnedValue::Duration(9 * S));
    assert_eq!(of(CycleField::Skew, &OUT), OwnedValue::Duration(2 * S));
}

#[test]
fn a_leg_without_two_sides_that_are_apart_makes_it_unknown() {
    for bad in [(100.0, 100.0, 1.0), (101.0, 100.0, 1.0), (100.0, MISSING, 1.0), (MISSING, 100.0, 1.0)] {
        let quotes = [bad, OUT[1], OUT[2]];
        for field in [CycleField::Net, CycleField::Gross, CycleField::Direction, CycleField::Size] {
            assert_eq!(cycle(CycleKind::Triangle, &TRIANGLE, &[0.0], field, &quotes), OwnedValue::Unknown);
        }
    }
    let without_quantity = [(100.0, 125.0, MISSING), OUT[1], OUT[2]];
    assert_eq!(cycle(CycleKind::Triangle, &TRIANGLE, &[0.0], CycleField::Size, &without_quantity), OwnedValue::Unknown);
    assert_num(&cycle(CycleKind::Triangle, &TRIANGLE, &[0.0], CycleField::Gross, &without_quantity), 0.024);
}

#[test]
fn a_cross_buys_here_and_sells_there() {
    let of = |field| cycle(CycleKind::Cross, &["x:B/U", "y:B/U"], &[0.01, 0.02], field, &[(99.0, 100.0, 4.0), (105.0, 106.0, 2.0)]);
    assert_num(&of(CycleField::Gross), 0.05);
    assert_num(&of(CycleField::Net), 1.05 * 0.99 * 0.98 - 1.0);
    assert_num(&of(CycleField::Direction), 1.0);
    assert_num(&of(CycleField::Size), 200.0 / 0.99);
}

#[test]
fn an_inverse_pair_goes_both_ways() {
    let of = |field, quotes: &[(f64, f64, f64)]| cycle(CycleKind::Inverse, &["E/U", "U/E"], &[0.0], field, quotes);
    // Out: 1 / 1.3 / 0.83; back: 0.82 * 1.25.
    let quotes = [(1.25, 1.3, 1.0), (0.82, 0.83, 1.0)];
    assert_num(&of(CycleField::Net, &quotes), 0.025);
    assert_num(&of(CycleField::Direction, &quotes), -1.0);
    assert_num(&of(CycleField::Net, &[(1.2, 1.25, 1.0), (0.7, 0.75, 1.0)]), 1.0 / 1.25 / 0.75 - 1.0);
}

//! The executable size of random ways, against a taker that reckons in whole numbers and searches by bisection.
//!
//! `ASCEP_SIZES` sets how many ways are tried, `ASCEP_SEED` the seed; both are fixed otherwise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

#[path = "common/exact.rs"]
mod exact;

use ascep_runtime::arbitrage::{Execution, Filters, LegOffer, LegTerms, MarketKind, MarketSpec, Unexecutable, Universe, executable};
use ascep_runtime::arbitrage::{edge_at, largest as largest_size, largest_executable, most_profitable, most_profitable_executable};
use ascep_runtime::event::{Level, Side};
use exact::{Desk, Exact, Random, agree, check, largest, places, setting};

/// A number of at most six digits.
fn short(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap()
}

fn filters(random: &mut Random, price: f64, lots: bool) -> Filters {
    let lot = random.of(&[1.0, 0.1, 0.01, 0.001, 0.00001, 5.0, 0.5, 0.25, 0.3]);
    let tick = random.of(&[1.0, 0.1, 0.01, 0.0005, 0.0001, 0.000_001]);
    Filters {
        tick: (tick < price && random.one_in(2)).then_some(tick),
        lot: (lots || random.one_in(2)).then_some(lot),
        min_qty: random.one_in(3).then(|| places(lot * (random.part() * 6.0), 5)),
        max_qty: random.one_in(6).then(|| places(lot * (30.0 + random.part() * 100.0), 5)),
        min_notional: random.one_in(3).then(|| short(price * lot * random.part() * 10.0)),
    }
}

/// A way of 2 to 4 legs whose rates are worth about 1. With `lots` every market has lots.
fn way(random: &mut Random, lots: bool) -> Vec<Desk> {
    let count = 2 + random.below(3) as usize;
    // What a unit of each asset is worth.
    let mut worth: Vec<f64> = (0..count).map(|_| 10_f64.powf(random.part() * 2.0 - 1.0)).collect();
    let mut desks = Vec::new();
    for leg in 0..count {
        let equal = random.one_in(12);
        if equal {
            // The last one leads back to the start.
            let (a, b) = if leg + 1 < count { (leg, leg + 1) } else { (leg, leg) };
            worth[b] = worth[a];
        }
        let (from, to) = (worth[leg], worth[(leg + 1) % count]);
        let side = if random.one_in(2) { Side::Buy } else { Side::Sell };
        let fee = if equal { random.of(&[0.0, 0.001, 0.0025]) } else { random.of(&[0.0, 0.001, 0.00075, 0.0026, -0.0002, -0.00005, 0.1]) };
        let middle = if side == Side::Buy { from / to } else { to / from };
        let filters = if equal { Filters::default() } else { filters(random, middle, lots) };
        let mut price = short(middle * (1.0 + (random.part() - 0.5) * 0.02));
        let mut levels = Vec::new();
        for _ in 0..1 + random.below(4) * random.below(2) {
            let lot = filters.lot.unwrap_or(0.1);
            // Often a whole number of lots, sometimes nothing or less than one.
            let lots = random.below(200) as f64 * if random.one_in(20) { 0.0 } else { 1.0 };
            let qty: f64 =
                if random.one_in(3) { places(lot * 100.0 * random.part(), 6) } else { format!("{:.5}", lot * lots).parse().unwrap() };
            levels.push(Level { price, qty });
            let step = 1.0 + random.part() * 0.003;
            price = short(if side == Side::Buy { price * step } else { price / step });
        }
        desks.push(Desk { side, levels, filters, fee, equal });
    }
    desks
}

fn terms(desks: &[Desk]) -> Vec<LegTerms> {
    let mut universe = Universe::new();
    let of = |(n, desk): (usize, &Desk)| {
        let id = if desk.equal {
            universe.assume_equal(&format!("A{n}"), &format!("B{n}"), desk.fee).unwrap()
        } else {
            universe.add(&MarketSpec::spot(&format!("A{n}/B{n}")).unwrap().with_filters(desk.filters)).unwrap()
        };
        let market = universe.market(id).unwrap();
        assert_eq!(matches!(market.kind, MarketKind::AssumedEqual { .. }), desk.equal);
        LegTerms::of(market, desk.fee)
    };
    desks.iter().enumerate().map(of).collect()
}

fn offers<'a>(desks: &'a [Desk], terms: &'a [LegTerms]) -> Vec<LegOffer<'a>> {
    desks.iter().zip(terms).map(|(desk, terms)| LegOffer { side: desk.side, levels: &desk.levels, terms }).collect()
}

/// Says what was tried, so that a test that tries nothing is seen.
#[derive(Debug, Default)]
struct Tally {
    executed: u64,
    profits: u64,
    small: [u64; 5],
    exact: u64,
}

fn filtered(desks: &[Desk]) -> bool {
    desks.iter().any(|desk| desk.filters != Filters::default())
}

fn compare(desks: &[Desk], most: f64, result: Result<Execution, Unexecutable>, tally: &mut Tally) -> Result<(), String> {
    if let Ok(execution) = &result
        && filtered(desks)
    {
        let profit = check(desks, execution)?;
        if execution.spent > most * (1.0 + 1e-15) {
            return Err(format!("spends {} of {most}", execution.spent));
        }
        tally.executed += 1;
        tally.profits += u64::from(profit > Exact::ZERO);
    }
    let all_lots = desks.iter().all(|desk| desk.equal || desk.filters.lot.is_some());
    if !all_lots || desks.iter().all(|desk| desk.equal) {
        return Ok(());
    }
    tally.exact += 1;
    let most = most.is_finite().then(|| Exact::of(most));
    match (result, largest(desks, most)) {
        (Ok(execution), Ok(orders)) => {
            for (leg, (fill, order)) in execution.fills().iter().zip(&orders).enumerate() {
                if let Some(qty) = order
                    && Exact::of(fill.qty) != *qty
                {
                    return Err(format!("leg {leg} orders {} and not {}", fill.qty, qty.near()));
                }
            }
        }
        (Err(Unexecutable::Small { leg, filter }), Err(found)) if (leg, filter) == found => tally.small[filter as usize] += 1,
        (Ok(_), Err(found)) => return Err(format!("executed, and should not pass {found:?}")),
        (Err(error), found) => return Err(format!("{error:?}, and should be {found:?}")),
    }
    Ok(())
}

#[test]
fn sizes_are_what_an_exact_taker_finds() {
    let mut tally = Tally::default();
    let seed = setting("ASCEP_SEED", 1);
    for n in 0..setting("ASCEP_SIZES", 20_000) {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(n));
        let lots = random.below(4) != 0;
        let desks = way(&mut random, lots);
        let terms = terms(&desks);
        let offers = offers(&desks, &terms);
        let start = if desks[0].side == Side::Buy { desks[0].levels[0].price } else { 1.0 };
        let most = if random.one_in(2) { f64::INFINITY } else { short(start * 20.0 * random.part()) };
        let result = executable(&offers, most);
        compare(&desks, most, result, &mut tally).unwrap_or_else(|e| panic!("way {n}, seed {seed}: {e}\n{most}\n{desks:#?}\n{result:#?}"));
    }
    eprintln!("{tally:?}");
    assert!(tally.executed > 100 && tally.profits > 20 && tally.exact > 100, "{tally:?}");
    assert!(tally.small.iter().sum::<u64>() > 20, "{tally:?}");
}

/// What comes back of `size`, level by level and leg by leg, in plain floating point.
fn walk(desks: &[Desk], size: f64) -> Option<f64> {
    let mut amount = size;
    for desk in desks {
        let mut gets = amount;
        if !desk.equal {
            let (mut left, mut out) = (amount, 0.0);
            for level in &desk.levels {
                let takes = if desk.side == Side::Buy { level.price * level.qty } else { level.qty };
                let part = f64::min(left, takes);
                out += if desk.side == Side::Buy { part / level.price } else { part * level.price };
                left -= part;
            }
            if left > 1e-12 * amount {
                return None;
            }
            gets = out;
        }
        amount = gets * (1.0 - desk.fee);
    }
    Some(amount)
}

#[test]
fn sizes_through_the_book_end_where_they_should() {
    let (mut reached, mut exhausted, mut none) = (0, 0, 0);
    let seed = setting("ASCEP_SEED", 1);
    for n in 0..setting("ASCEP_SIZES", 20_000) {
        let mut random = Random(seed.wrapping_mul(1_000_033).wrapping_add(n));
        let mut desks = way(&mut random, true);
        for desk in &mut desks {
            desk.filters = Filters::default();
        }
        if desks.iter().all(|desk| desk.equal) {
            continue;
        }
        let terms = terms(&desks);
        let offers = offers(&desks, &terms);
        let edge = |size: f64| walk(&desks, size).map(|received| received / size - 1.0);
        let tiny = desks.iter().flat_map(|desk| &desk.levels).map(|level| level.qty).filter(|qty| *qty > 0.0).fold(1e-3, f64::min) * 1e-9;
        let min_net = edge(tiny).unwrap_or(0.0) + (0.2 - random.part()) * 0.005;
        let fail = |what: &str| format!("way {n}, seed {seed}: {what}\n{min_net}\n{desks:#?}");
        match largest_size(&offers, min_net) {
            Some(point) => {
                let net = edge(point.size * (1.0 - 1e-10)).unwrap_or_else(|| panic!("{}", fail("the size is not offered")));
                if (net - point.net).abs() > 1e-9 * (1.0 + net.abs()) || net < min_net - 1e-9 {
                    panic!("{}", fail(&format!("{point:?} has {net}")));
                }
                if edge_at(&offers, point.size * (1.0 - 1e-10)).is_none_or(|told| (told - net).abs() > 1e-12 * (1.0 + net.abs())) {
                    panic!("{}", fail("edge_at says another edge"));
                }
                match edge(point.size * (1.0 + 1e-6)) {
                    None if point.exhausted => exhausted += 1,
                    // The levels end within this millionth.
                    None if edge(point.size * (1.0 + 1e-9)).is_some() => {}
                    Some(beyond) if !point.exhausted && beyond < min_net + 1e-13 => reached += 1,
                    other => panic!("{}", fail(&format!("{point:?}: beyond it {other:?}"))),
                }
            }
            None => {
                none += 1;
                let tiny =
                    desks.iter().flat_map(|desk| &desk.levels).map(|level| level.qty).filter(|qty| *qty > 0.0).fold(1e-3, f64::min) * 1e-9;
                if let Some(net) = edge(tiny)
                    && net > min_net + 1e-9
                {
                    panic!("{}", fail(&format!("a little has {net}")));
                }
            }
        }
        let gain = |size: f64| walk(&desks, size).map(|received| received - size);
        if let Some(best) = most_profitable(&offers) {
            let profit = best.received - best.size;
            for other in [0.5, 0.9, 0.999, 1.001, 1.1, 2.0] {
                if gain(best.size * other).is_some_and(|gain| gain > profit + 1e-9 * best.size) {
                    panic!("{}", fail(&format!("{best:?}, and {other} of it brings more")));
                }
            }
        }
    }
    eprintln!("{reached} ended at the edge, {exhausted} at the last level, {none} without");
    assert!(reached > 50 && exhausted > 50 && none > 50);
}

#[test]
fn filtered_sizes_through_the_book_can_be_executed() {
    let mut executed = 0;
    let seed = setting("ASCEP_SEED", 1);
    for n in 0..setting("ASCEP_SIZES", 20_000) {
        let mut random = Random(seed.wrapping_mul(1_000_037).wrapping_add(n));
        let desks = way(&mut random, true);
        let terms = terms(&desks);
        let offers = offers(&desks, &terms);
        let min_net = (random.part() - 0.5) * 0.02;
        let (most, best) = (largest_executable(&offers, min_net), most_profitable_executable(&offers));
        for execution in [most, best].into_iter().flatten() {
            executed += 1;
            if filtered(&desks) {
                check(&desks, &execution).unwrap_or_else(|e| panic!("way {n}, seed {seed}: {e}\n{desks:#?}\n{execution:#?}"));
            }
        }
        if let (Ok(execution), Some(point)) = (most, largest_size(&offers, min_net)) {
            assert!(execution.spent <= point.size * (1.0 + 1e-11) || point.exhausted, "way {n}: {} of {}", execution.spent, point.size);
        }
    }
    assert!(executed > 100, "{executed}");
}

#[test]
fn lots_that_are_decimals_count_as_they_read() {
    let desk = |side, price, qty, lot| Desk {
        side,
        levels: vec![Level { price, qty }],
        filters: Filters { lot: Some(lot), ..Filters::default() },
        fee: 0.0,
        equal: false,
    };
    // 0.3 / 0.1 is less than 3 in floating point, and 0.1 * 3 is more than 0.3.
    for (qty, lot, price) in
        [(0.3, 0.1, 1.1), (0.7, 0.1, 3.3), (1.1, 0.00001, 0.7), (4.35, 0.01, 100.1), (2.3, 0.1, 1e-8), (1e6 + 0.1, 0.1, 3e4)]
    {
        let desks = [desk(Side::Buy, price, qty, lot), desk(Side::Sell, price + price, qty, lot)];
        let terms = terms(&desks);
        let execution = executable(&offers(&desks, &terms), f64::INFINITY).unwrap();
        let [bought, sold] = execution.fills() else { panic!("two legs") };
        assert_eq!((bought.qty.to_bits(), sold.qty.to_bits()), (qty.to_bits(), qty.to_bits()), "{qty} in lots of {lot}");
        assert_eq!(sold.dust.to_bits(), 0.0_f64.to_bits());
        let spent = Exact::of(price).times(Exact::of(qty));
        assert!(agree(spent, execution.spent, Exact::ZERO) && execution.spent.to_bits() == spent.near().to_bits());
        // A lot more is more than is there, and what it costs pays for exactly so much.
        let again = executable(&offers(&desks, &terms), execution.spent).unwrap();
        assert_eq!((again.fills(), again.profit.to_bits()), (execution.fills(), execution.profit.to_bits()));
        let less = executable(&offers(&desks, &terms), execution.spent * (1.0 - 1e-9)).unwrap();
        assert!(less.fills()[0].qty < qty);
    }
}

#[test]
fn nothing_is_allocated() {
    let (mut random, mut executed) = (Random(1), 0);
    for n in 0..300 {
        let lots = random.one_in(2);
        let desks = way(&mut random, lots);
        let terms = terms(&desks);
        let offers = offers(&desks, &terms);
        let counted = allocation_counter::measure(|| {
            let done = [executable(&offers, f64::INFINITY), largest_executable(&offers, -0.01), most_profitable_executable(&offers)];
            executed += done.iter().filter(|done| done.is_ok()).count();
        });
        assert_eq!(counted.count_total, 0, "way {n}");
    }
    assert!(executed > 100, "{executed}");
}

//! The loop over events in machine code against plain Rust: random entries, random events, and what may stop it.
#![cfg(feature = "jit")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

#[path = "../events/mod.rs"]
mod events;
mod model;
mod recorder;
mod shapes;

use ascep_native::{BatchBuilder, Compiler, Entry, EventLayout, Field, Ground, MarketLine, Operands, TradeLine};
use proptest::prelude::*;

use events::{Event, LAYOUT, Payload, SIDES, Trade};
use model::{Case, FIELDS, INSTRUMENTS, Instrument, NUMBERS, Part, Rest, Row, Rows, SLOTS, TRADES, WIDE_SLOTS, is_level, lines};
use shapes::{LEVELS, codes};

/// A row of a shape, which mostly reads what its event gives.
fn row(shape: usize, readings: &[u32]) -> impl Strategy<Value = Row> + use<> {
    let (levels, numbers): (Vec<u32>, Vec<u32>) = readings.iter().partition(|slot| is_level(**slot));
    let some = |own: Vec<u32>, all: Vec<u32>| {
        let own = if own.is_empty() { all.clone() } else { own };
        prop_oneof![3 => prop::sample::select(own), 1 => prop::sample::select(all)]
    };
    let all = |are_levels: bool| (0..SLOTS as u32).filter(|slot| is_level(*slot) == are_levels).collect();
    let number = some(numbers, all(false));
    let first = if shape == LEVELS { some(levels, all(true)).boxed() } else { number.clone().boxed() };
    (
        (first, prop::collection::vec(number, 2)),
        prop_oneof![8 => 0.5..3.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.02),
    )
        .prop_map(|((first, rest), constant, truth, first_time)| {
            let operands = std::iter::once(first).chain(rest).collect();
            Row { operands, constant, truth, first: first_time }
        })
}

fn groups(readings: Vec<u32>, most: usize) -> impl Strategy<Value = Vec<Rows>> {
    let rows = prop_oneof![4 => 1..2_usize, 1 => 2..20_usize];
    let group = (0..LEVELS + 1, rows).prop_flat_map(move |(shape, rows)| (Just(shape), prop::collection::vec(row(shape, &readings), rows)));
    prop::collection::vec(group, 0..most)
}

/// Readings of some fields to slots of an instrument's own from `first` on, a slot once, and rows. Constants of filters are mostly out of reach.
fn part(fields: Vec<Field>, first: u32) -> impl Strategy<Value = Option<Part>> {
    let places: Vec<(Field, u32)> = fields.iter().copied().zip(first..).collect();
    let some = prop::sample::subsequence(places, 1..=fields.len()).prop_flat_map(move |readings: Vec<(Field, u32)>| {
        let slots: Vec<u32> = readings.iter().map(|(_, slot)| *slot).collect();
        let of_filters = (prop::bool::weighted(0.75), prop::option::of(0..20_u32));
        (Just(readings), groups(slots.clone(), 3), groups(slots, 3), of_filters, prop::bool::weighted(0.15))
    });
    let some = some.prop_map(|(readings, mut filters, groups, (is_far, filter_step), wants_trade)| {
        // A filter without a constant is true half of the time.
        filters.retain(|(shape, _)| *shape != 2);
        filters.iter_mut().flat_map(|(_, rows)| rows).filter(|_| is_far).for_each(|row| row.constant += 50.0);
        Part { wants_trade, readings, filters, groups, filter_step }
    });
    prop_oneof![9 => some.prop_map(Some), 1 => Just(None)]
}

fn instrument(index: usize) -> impl Strategy<Value = Instrument> {
    let first = (index % 4) as u32;
    let quote = part(FIELDS.to_vec(), first * 8);
    let trade = part(TRADES.to_vec(), NUMBERS as u32 + first * TRADES.len() as u32);
    (quote, trade).prop_map(|(quote, trade)| Instrument { quote, trade })
}

fn event() -> impl Strategy<Value = (i64, Option<i64>, u32, Payload)> {
    let price =
        prop_oneof![200 => 0.5..3.0_f64, 1 => prop::sample::select(vec![f64::NAN, 0.0, -1.0, 1e-160, 1e149, 1e151, f64::INFINITY, 1e-140])];
    let qty = prop_oneof![200 => 0.0..3.0_f64, 20 => Just(0.0), 1 => prop::sample::select(vec![f64::NAN, -0.0, -1.0, 1e149, 1e151, f64::INFINITY])];
    let quote = (price.clone(), price, qty.clone(), qty).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let venue = prop_oneof![80 => Just(None), 80 => any::<i64>().prop_map(Some), 1 => Just(Some(i64::MIN)), 1 => Just(Some(i64::MAX))];
    let payload = prop_oneof![200 => quote.clone().prop_map(Payload::Quote), 100 => trade(), 1 => quote.prop_map(Payload::Other)];
    (
        prop_oneof![150 => 0..4_i64, 1 => Just(-1)],
        venue,
        prop_oneof![200 => 0..INSTRUMENTS as u32, 1 => Just(u32::MAX), 1 => Just(INSTRUMENTS as u32)],
        payload,
    )
}

fn trade() -> impl Strategy<Value = Payload> {
    let odd = vec![f64::NAN, 0.0, -0.0, -1.0, 1e-160, 1e149, 1e151, f64::INFINITY];
    let number = prop_oneof![200 => 0.5..3.0_f64, 1 => prop::sample::select(odd)];
    (number.clone(), number, prop::sample::select(SIDES.to_vec())).prop_map(|(price, qty, side)| Payload::Trade(Trade { price, qty, side }))
}

fn case() -> impl Strategy<Value = Case> {
    let instruments: Vec<_> = (0..INSTRUMENTS).map(instrument).collect();
    let number = prop_oneof![5 => 0.5..3.0_f64, 1 => Just(f64::NAN)].prop_map(f64::to_bits);
    let slots: Vec<_> = (0..SLOTS as u32).map(|slot| if is_level(slot) { (0..3_u64).boxed() } else { number.clone().boxed() }).collect();
    (
        instruments,
        slots,
        prop::collection::vec(event(), 0..40),
        prop_oneof![9 => Just(i64::MAX - 1), 1 => 1000..1060_i64],
        0..40_usize,
        (prop::collection::vec(any::<bool>(), SLOTS), any::<bool>(), any::<[bool; INSTRUMENTS]>()),
    )
        .prop_map(|(instruments, slots, events, limit, settled, (hidden, settles, traded))| {
            let mut ts = 1000;
            let events: Vec<Event> = (events.into_iter())
                .map(|(step, venue_ts, instrument, payload)| {
                    ts += step;
                    Event { ts, venue_ts, instrument, payload }
                })
                .collect();
            let mut case = Case { instruments, slots, events, clock: 1000, limit, hidden, settles, traded };
            case.settle(settled);
            case
        })
}

/// Instruments that all have the same readings and single rows, whose operands are among them: what is taken in fours.
fn case_of_one_kind() -> impl Strategy<Value = Case> {
    let fields = prop::sample::subsequence(FIELDS.to_vec(), 1..=FIELDS.len());
    let price = prop_oneof![400 => 0.5..3.0_f64, 1 => prop::sample::select(vec![f64::NAN, 0.0, -1.0, 1e-160, 1e149, 1e151, f64::INFINITY])];
    let qty =
        prop_oneof![400 => 0.0..3.0_f64, 20 => Just(0.0), 1 => prop::sample::select(vec![f64::NAN, -0.0, -1.0, 1e149, f64::INFINITY])];
    let quote = (price.clone(), price, qty.clone(), qty).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let payload = prop_oneof![500 => quote.clone().prop_map(Payload::Quote), 2 => trade(), 1 => quote.prop_map(Payload::Other)];
    let shape = prop_oneof![2 => Just(0), 1 => Just(1), 2 => Just(2)];
    let groups = prop::collection::vec((shape, prop::collection::vec(0..FIELDS.len(), 3)), 0..3);
    // Mostly out of reach, so that truths stay.
    let constant =
        prop_oneof![20 => Just(9.0), 20 => Just(-9.0), 1 => 0.5..3.0_f64, 1 => prop::sample::select(vec![f64::NAN, f64::INFINITY])];
    let constants = prop::collection::vec((constant, prop::bool::weighted(0.01)), INSTRUMENTS * 3);
    let time = prop_oneof![50 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    let steps = prop_oneof![400 => 0..4_i64, 1 => Just(-1)];
    let instrument = prop_oneof![400 => 0..INSTRUMENTS as u32, 1 => Just(u32::MAX), 1 => Just(INSTRUMENTS as u32)];
    // One instrument of another kind, or none.
    let odd = prop_oneof![2 => Just(None), 1 => (0..INSTRUMENTS).prop_map(Some)];
    (
        (fields, groups, constants, odd),
        prop::collection::vec((steps, time, any::<bool>(), instrument, payload), 0..120),
        (0..3_usize, prop_oneof![9 => Just(i64::MAX - 1), 1 => 1000..1200_i64], 0..60_usize),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        // Some want a trade; mostly there was one of all instruments.
        (prop::bool::weighted(0.3), prop_oneof![2 => Just(None), 1 => (0..INSTRUMENTS).prop_map(Some)]),
    )
        .prop_map(|((fields, groups, constants, odd), events, (times, limit, settled), (spread, hide, trades, settles), of_trades)| {
            let (wants_trade, untraded) = of_trades;
            let instruments = (0..INSTRUMENTS).map(|index| {
                // Slots that follow each other, or not.
                let step = if spread { INSTRUMENTS } else { 1 };
                let first = if spread { index } else { index * FIELDS.len() };
                let readings: Vec<(Field, u32)> = fields.iter().enumerate().map(|(k, field)| (*field, (first + k * step) as u32)).collect();
                let groups = groups.iter().enumerate().map(|(group, (shape, places))| {
                    let (constant, is_first) = constants[index * 3 + group];
                    let operands = places.iter().map(|place| readings[place % readings.len()].1).collect();
                    (*shape, vec![Row { operands, constant, truth: false, first: is_first }])
                });
                let groups: Vec<Rows> = groups.collect();
                let groups = if odd == Some(index) { Vec::new() } else { groups };
                let quote = Some(Part { wants_trade, readings, groups, ..Part::default() });
                Instrument { quote, trade: trades.then(Part::default) }
            });
            let mut ts = 1000;
            let events = events.into_iter().map(|(step, time, has_time, instrument, payload)| {
                ts += step;
                let has_time = match times {
                    0 => false,
                    1 => true,
                    _ => has_time,
                };
                Event { ts, venue_ts: has_time.then_some(time), instrument, payload }
            });
            let (instruments, events) = (instruments.collect(), events.collect());
            let slots = vec![f64::NAN.to_bits(); WIDE_SLOTS];
            let traded = std::array::from_fn(|index| Some(index) != untraded);
            let hidden = vec![hide; WIDE_SLOTS];
            let mut case = Case { instruments, slots, events, clock: 1000, limit, hidden, settles, traded };
            case.settle(settled);
            case
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_batches(case in case()) {
        case.check()?;
    }

    #[test]
    fn random_batches_of_one_kind(case in case_of_one_kind()) {
        case.check()?;
    }
}

/// The random batches are worth something only if the loop goes on in them.
#[test]
fn random_batches_go_on() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let taken: usize = (0..300).map(|_| case().new_tree(&mut runner).unwrap().current().check().unwrap()).sum();
    assert!(taken > 500, "{taken}");
    let taken: usize = (0..300).map(|_| case_of_one_kind().new_tree(&mut runner).unwrap().current().check().unwrap()).sum();
    assert!(taken > 2500, "{taken} of one kind");
}

fn one_quote(ts: i64) -> Event {
    Event { ts, venue_ts: None, instrument: 0, payload: Payload::Quote([1.0, 1.5, 2.0, 3.0]) }
}

#[test]
fn ground_that_does_not_fit_is_refused() {
    // The greatest slot stands last in one and first in the other.
    for operands in [vec![0, 1, 39], vec![39, 1, 0]] {
        ground_is_looked_at(operands);
    }
}

fn ground_is_looked_at(operands: Vec<u32>) {
    let row = Row { operands, constant: 9.0, truth: false, first: false };
    let (readings, groups) = (vec![(Field::Bid, 0), (Field::Ask, 1)], vec![(1, vec![row.clone()]), (1, vec![row; 3])]);
    let instruments = vec![Instrument { quote: Some(Part { readings, groups, ..Part::default() }), trade: None }];
    let case = Case {
        instruments,
        slots: vec![0; NUMBERS],
        events: vec![one_quote(1000)],
        clock: 1000,
        limit: 2000,
        hidden: vec![false; NUMBERS],
        settles: false,
        traded: [false; INSTRUMENTS],
    };
    let built = case.built();
    let run_with = |(lines, trades): (usize, usize), slots: usize, constants: usize, heads: usize, operands: &Operands| {
        let (mut lines, mut trades, mut slots) = (lines_of(lines), vec![TradeLine::UNKNOWN; trades], vec![0; slots]);
        let ground = Ground {
            lines: &mut lines,
            trades: &mut trades,
            slots: &mut slots,
            operands,
            constants: &built.constants[..constants],
            heads: &mut built.heads.clone()[..heads],
        };
        built.batch.run(&case.events, ground, 1000, 2000).map(|taken| taken.events)
    };
    let run = |lines: usize, slots: usize, constants: usize, heads: usize, operands: &Operands| {
        run_with((lines, 1), slots, constants, heads, operands)
    };
    let (constants, heads) = (built.constants.len(), built.heads.len());
    assert_eq!(run_with((1, 0), NUMBERS, constants, heads, &built.operands), Some(0), "an instrument without a line for its trades");
    assert_eq!(run(1, NUMBERS, constants, heads, &built.operands), Some(1));
    assert_eq!(run(0, NUMBERS, constants, heads, &built.operands), Some(0), "an instrument without a line");
    assert_eq!(run(1, NUMBERS - 1, constants, heads, &built.operands), None, "slots");
    assert_eq!(run(1, NUMBERS, constants - 1, heads, &built.operands), None, "constants");
    assert_eq!(run(1, NUMBERS, constants, heads - 1, &built.operands), None, "heads");
    assert_eq!(run(1, NUMBERS, constants, heads, &Operands::below(NUMBERS)), None, "operands");
    let mut wide = Operands::below(70_000);
    (0..100).for_each(|_| wide.push(0));
    assert_eq!(run(1, NUMBERS, constants, heads, &wide), None, "operands of another width");
    let ground = Ground {
        lines: &mut [] as &mut [MarketLine<()>],
        trades: &mut [],
        slots: &mut [0; NUMBERS],
        operands: &built.operands,
        constants: &built.constants,
        heads: &mut built.heads.clone(),
    };
    assert!(built.batch.run(&[0_u64; 9], ground, 0, 1).is_none(), "events of another size");
}

fn lines_of(count: usize) -> Vec<MarketLine<Rest>> {
    lines().into_iter().take(count).collect()
}

#[test]
fn layouts_that_can_not_be_read_are_refused() {
    let codes = codes();
    let operands = Operands::below(1);
    let refused = |layout: EventLayout| {
        let mut builder = BatchBuilder::new(&codes, &operands, &[]);
        builder.push(Some(&Entry::default()), Some(&Entry::default()));
        builder.compile(&mut Compiler::new(1 << 16).unwrap(), layout, SIDES).is_err()
    };
    assert!(!refused(LAYOUT));
    assert!(refused(EventLayout { traded: size_of::<Event>() - 8, ..LAYOUT }), "numbers of a trade beyond the event");
    assert!(refused(EventLayout { side: size_of::<Event>(), ..LAYOUT }), "a side beyond the event");
    assert!(refused(EventLayout { ts: 4, ..LAYOUT }), "a time that is not aligned");
    assert!(refused(EventLayout { numbers: size_of::<Event>() - 24, ..LAYOUT }), "numbers beyond the event");
    assert!(refused(EventLayout { size: size_of::<Event>() + 4, ..LAYOUT }), "events that are not aligned");
}

#[test]
fn the_greatest_slot_is_that_of_all() {
    for slots in [100, 100_000] {
        let mut operands = Operands::below(slots);
        for slot in [7, 99, 3, 50] {
            operands.push(slot);
        }
        assert_eq!((operands.greatest(), operands.len()), (99, 4));
    }
}

/// Filters of one row and of several, each true or not: what is told is the first that is.
#[test]
fn the_first_filter_that_is_true_is_told() {
    let first = NUMBERS as u32;
    let readings = vec![(Field::Price, first), (Field::Qty, first + 1)];
    for truths in 0..1_u32 << 5 {
        let mut number = 0;
        let mut row = || {
            let holds = truths >> number & 1 == 1;
            number += 1;
            // Price above the constant, and quantity below 2.
            Row { operands: vec![first, first + 1], constant: if holds { 0.5 } else { 9.0 }, truth: false, first: false }
        };
        let filters: Vec<Rows> = [1, 2, 1, 1].into_iter().map(|rows| (0, (0..rows).map(|_| row()).collect())).collect();
        let trade = Part { readings: readings.clone(), filters, ..Part::default() };
        let instruments = vec![Instrument { quote: None, trade: Some(trade) }; INSTRUMENTS];
        let payload = Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None });
        let events = vec![Event { ts: 1000, venue_ts: None, instrument: 0, payload }];
        let (slots, hidden) = (vec![0; SLOTS], vec![false; SLOTS]);
        let case = Case { instruments, slots, events, clock: 1000, limit: 2000, hidden, settles: false, traded: [false; INSTRUMENTS] };
        assert_eq!(case.check().unwrap(), usize::from(truths == 0));
    }
}

/// Code that would go over the limit is not there at all, but for that which takes fours: that may be left out.
#[test]
fn limits_on_code_are_kept() {
    let row = |instrument: usize| Row { operands: vec![instrument as u32; 2], constant: 9.0, truth: false, first: false };
    let instruments = (0..INSTRUMENTS).map(|index| {
        let quote = Part { readings: vec![(Field::Bid, index as u32)], groups: vec![(0, vec![row(index)])], ..Part::default() };
        Instrument { quote: Some(quote), trade: None }
    });
    let events = (0..40).map(|n| Event { instrument: n % INSTRUMENTS as u32, ..one_quote(1000) });
    let case = Case {
        instruments: instruments.collect(),
        slots: vec![0; SLOTS],
        events: events.collect(),
        clock: 1000,
        limit: 2000,
        hidden: vec![false; SLOTS],
        settles: false,
        traded: [false; INSTRUMENTS],
    };
    let bytes = |limit: usize| {
        let (batch, bytes) = case.compiled(limit);
        assert!(bytes <= limit);
        assert_eq!(batch.is_some(), bytes > 0, "{bytes} bytes within {limit}");
        bytes
    };
    let (with_fours, one) = (bytes(1 << 20), bytes(bytes(1 << 20) - 1));
    assert!(0 < one && one < with_fours, "{one} of {with_fours}");
    assert_eq!([bytes(one), bytes(one - 1), bytes(0)], [one, 0, 0]);
    for limit in [one, with_fours] {
        assert_eq!(case.check_within(limit).unwrap(), case.events.len());
        assert_eq!(case.compiled(limit).0.map(|batch| batch.instruments()), Some([INSTRUMENTS, 0]));
    }
}

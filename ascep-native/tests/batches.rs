//! The loop over events in machine code against plain Rust: random entries, random events, and what may stop it.
#![cfg(feature = "jit")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]

use std::mem::offset_of;

use ascep_native::{
    Batch, BatchBuilder, Binary, Code, Comparison, Compiler, Entry, EventLayout, Field, Ground, GroupAt, Head, Instr, LANES, MarketLine,
    Operands, Taken, lanes_of_tail,
};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
struct Event {
    ts: i64,
    venue_ts: Option<i64>,
    instrument: u32,
    payload: Payload,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Payload {
    Other(#[expect(dead_code, reason = "it only takes place")] [f64; 4]),
    Quote([f64; 4]),
}

const LAYOUT: EventLayout = EventLayout {
    size: size_of::<Event>(),
    ts: offset_of!(Event, ts),
    venue_ts: offset_of!(Event, venue_ts),
    instrument: offset_of!(Event, instrument),
    kind: offset_of!(Event, payload),
    quote: 1,
    numbers: offset_of!(Event, payload) + 8,
};

const INSTRUMENTS: usize = 6;
const SLOTS: usize = 40;
const FIELDS: [Field; 8] =
    [Field::Bid, Field::Ask, Field::BidQty, Field::AskQty, Field::Mid, Field::Spread, Field::SpreadRatio, Field::Microprice];

fn read(field: Field, [bid, ask, bid_qty, ask_qty]: [f64; 4]) -> f64 {
    let value = match field {
        Field::Bid => bid,
        Field::Ask => ask,
        Field::BidQty => bid_qty,
        Field::AskQty => ask_qty,
        Field::Mid => (bid + ask) / 2.0,
        Field::Spread => ask - bid,
        Field::SpreadRatio => (ask - bid) / ((bid + ask) / 2.0),
        Field::Microprice => (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty),
    };
    if value.is_finite() { value } else { f64::NAN }
}

fn codes() -> Vec<Option<Code>> {
    let literal = |x: f64| Instr::Literal(x.to_bits());
    vec![
        // x > constant AND y < 2: known wherever both are.
        Code::new(
            vec![
                Instr::Operand(0),
                Instr::Const(0),
                Instr::Compare(Comparison::Gt, 0, 1),
                Instr::Operand(1),
                literal(2.0),
                Instr::Compare(Comparison::Lt, 2, 3),
                Instr::And(0, 1),
            ],
            2,
            1,
        )
        .ok(),
        // x * y / z > constant.
        Code::new(
            vec![
                Instr::Operand(0),
                Instr::Operand(1),
                Instr::Binary(Binary::Mul, 0, 1),
                Instr::Operand(2),
                Instr::Binary(Binary::Div, 2, 3),
                Instr::Const(0),
                Instr::Compare(Comparison::Gt, 4, 5),
            ],
            3,
            1,
        )
        .ok(),
        // Without constants.
        Code::new(vec![Instr::Operand(0), literal(1.0), Instr::Compare(Comparison::Le, 0, 1), Instr::Not(0)], 1, 0).ok(),
        None,
    ]
}

/// What a row of a shape comes to, in plain Rust.
fn holds(shape: usize, x: &[f64], constant: f64) -> Option<bool> {
    let finite = |x: f64| if x.is_finite() { x } else { f64::NAN };
    let above = |x: f64, y: f64| x.partial_cmp(&y).map(std::cmp::Ordering::is_gt);
    match shape {
        0 => match (above(x[0], constant), above(2.0, x[1])) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        1 => above(finite(finite(x[0] * x[1]) / x[2]), constant),
        2 => above(x[0], 1.0),
        _ => panic!("shape {shape}"),
    }
}

#[derive(Debug, Clone)]
struct Row {
    operands: Vec<u32>,
    constant: f64,
    truth: bool,
    first: bool,
}

#[derive(Debug, Clone)]
struct Case {
    /// Of each instrument: readings, and groups as shape and rows. None where it has no entry.
    instruments: Vec<Instrument>,
    slots: Vec<u64>,
    events: Vec<Event>,
    clock: i64,
    limit: i64,
}

type Rest = (u32, bool);

struct World {
    lines: Vec<MarketLine<Rest>>,
    slots: Vec<u64>,
}

fn lines() -> Vec<MarketLine<Rest>> {
    let line = MarketLine {
        bid: f64::NAN,
        ask: f64::NAN,
        bid_qty: f64::NAN,
        ask_qty: f64::NAN,
        ts: i64::MIN,
        venue_ts: 7,
        quote_ts: i64::MIN,
        rest: (9, true),
    };
    vec![line; INSTRUMENTS]
}

/// The rows laid out in columns, and the batch over them.
struct Built {
    batch: Batch,
    operands: Operands,
    constants: Vec<f64>,
    heads: Vec<Head>,
}

impl Case {
    fn built(&self) -> Built {
        let codes = codes();
        let mut operands = Operands::below(SLOTS);
        let (mut constants, mut heads, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for instrument in &self.instruments {
            entries.push(instrument.as_ref().map(|(readings, groups)| {
                let mut entry = Entry { readings: readings.clone(), groups: Vec::new() };
                for (shape, rows) in groups {
                    let number = |len: usize| u32::try_from(len).unwrap();
                    let code = codes[*shape].as_ref();
                    entry.groups.push(GroupAt {
                        shape: *shape,
                        rows: number(rows.len()),
                        operands: number(operands.len()),
                        constants: number(constants.len()),
                        head: number(heads.len()),
                    });
                    for block in rows.chunks(LANES) {
                        let lane = |lane: usize| &block[lane.min(block.len() - 1)];
                        let lanes = lanes_of_tail(block.len());
                        for k in 0..code.map_or(0, |code| usize::from(code.operands())) {
                            (0..lanes).for_each(|l| operands.push(lane(l).operands[k]));
                        }
                        for _ in 0..code.map_or(0, Code::constants) {
                            constants.extend((0..lanes).map(|l| lane(l).constant));
                        }
                        let mut head = Head { truth: 0, first: 0, valid: 0 };
                        for (l, row) in block.iter().enumerate() {
                            head.valid |= 1 << l;
                            head.truth |= u8::from(row.truth) << l;
                            head.first |= u8::from(row.first) << l;
                        }
                        heads.push(head);
                    }
                }
                entry
            }));
        }
        let mut builder = BatchBuilder::new(&codes, &operands, &constants);
        entries.iter().for_each(|entry| builder.push(entry.as_ref()));
        let mut compiler = Compiler::new(1 << 20).unwrap();
        let pending = builder.compile(&mut compiler, LAYOUT).unwrap();
        let batch = compiler.finish(&[], Some(pending)).unwrap().1.expect("a layout of options as expected");
        Built { batch, operands, constants, heads }
    }

    /// Takes events in plain Rust. Lines and slots are as of the last event taken.
    fn expected(&self, world: &mut World, bits: &[Vec<Vec<bool>>]) -> Taken {
        let mut taken = Taken { events: 0, clock: self.clock, unknown: 0 };
        for event in &self.events {
            let Payload::Quote(quote @ [bid, ask, bid_qty, ask_qty]) = event.payload else { break };
            let good = [(bid, bid_qty), (ask, ask_qty)].iter().all(|(p, q)| *p > 1e-150 && *q >= 0.0 && p + q < 1e150);
            let in_time = event.ts >= taken.clock && event.ts <= self.limit;
            let ends = [i64::MIN, i64::MAX].map(Some);
            let entry = self.instruments.get(event.instrument as usize).and_then(Option::as_ref);
            let (true, true, false, Some((readings, groups))) = (good, in_time, ends.contains(&event.venue_ts), entry) else { break };
            let mut slots = world.slots.clone();
            for (field, slot) in readings {
                slots[*slot as usize] = read(*field, quote).to_bits();
            }
            let (mut unknown, mut changed) = (0, false);
            for (group, (shape, rows)) in groups.iter().enumerate() {
                for (row, of_row) in rows.iter().enumerate() {
                    let x: Vec<f64> = of_row.operands.iter().map(|slot| f64::from_bits(slots[*slot as usize])).collect();
                    match holds(*shape, &x, of_row.constant) {
                        None => unknown += 1,
                        Some(truth) => {
                            changed |= truth != bits[event.instrument as usize][group][row] || of_row.first;
                        }
                    }
                }
            }
            if changed {
                break;
            }
            world.slots = slots;
            let line = &mut world.lines[event.instrument as usize];
            *line = MarketLine {
                bid,
                ask,
                bid_qty,
                ask_qty,
                ts: event.ts,
                quote_ts: event.ts,
                venue_ts: event.venue_ts.unwrap_or(i64::MIN),
                ..*line
            };
            taken = Taken { events: taken.events + 1, clock: event.ts, unknown: taken.unknown + unknown };
        }
        taken
    }

    fn check(&self) -> Result<usize, TestCaseError> {
        let built = self.built();
        let mut world = World { lines: lines(), slots: self.slots.clone() };
        let mut real = World { lines: lines(), slots: self.slots.clone() };
        let bits: Vec<Vec<Vec<bool>>> = (self.instruments.iter())
            .map(|instrument| {
                instrument.iter().flat_map(|(_, groups)| groups).map(|(_, rows)| rows.iter().map(|row| row.truth).collect()).collect()
            })
            .collect();
        let expected = self.expected(&mut world, &bits);
        let ground = Ground {
            lines: &mut real.lines,
            slots: &mut real.slots,
            operands: &built.operands,
            constants: &built.constants,
            heads: &built.heads,
        };
        let taken = built.batch.run(&self.events, ground, self.clock, self.limit).expect("ground that fits");
        prop_assert_eq!(taken, expected);
        // What is written ahead is what the event that was left has, and nothing else.
        let ahead = self.events.get(taken.events).map(|event| event.instrument as usize);
        for (instrument, (of_world, of_real)) in world.lines.iter().zip(&real.lines).enumerate() {
            let words = |line: &MarketLine<Rest>| {
                let numbers = [line.bid, line.ask, line.bid_qty, line.ask_qty].map(f64::to_bits);
                (numbers, [line.ts, line.venue_ts, line.quote_ts], line.rest)
            };
            prop_assert!(
                words(of_world) == words(of_real) || ahead == Some(instrument),
                "line {}: {:?} {:?}",
                instrument,
                of_world,
                of_real
            );
            prop_assert!(of_real.rest == (9, true));
        }
        let written: Vec<u32> = (ahead.and_then(|ahead| self.instruments.get(ahead)?.as_ref()).iter().flat_map(|(readings, _)| readings))
            .map(|(_, slot)| *slot)
            .collect();
        for (slot, (of_world, of_real)) in (0..).zip(world.slots.iter().zip(&real.slots)) {
            prop_assert!(of_world == of_real || written.contains(&slot), "slot {}", slot);
        }
        Ok(taken.events)
    }
}

fn row(readings: Vec<u32>) -> impl Strategy<Value = Row> {
    let slot = prop_oneof![3 => prop::sample::select(readings), 1 => 0..SLOTS as u32];
    (
        prop::collection::vec(slot, 3),
        prop_oneof![8 => 0.5..3.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.02),
    )
        .prop_map(|(operands, constant, truth, first)| Row { operands, constant, truth, first })
}

/// Rows of a shape.
type Rows = (usize, Vec<Row>);
type Instrument = Option<(Vec<(Field, u32)>, Vec<Rows>)>;

fn instrument(index: usize) -> impl Strategy<Value = Instrument> {
    // Slots of readings are an instrument's own, a slot once.
    let fields = prop::sample::subsequence(FIELDS.to_vec(), 1..=FIELDS.len());
    let some = fields.prop_flat_map(move |fields| {
        let readings: Vec<(Field, u32)> = (0..).zip(&fields).map(|(k, field)| (*field, (index % 4) as u32 * 8 + k)).collect();
        let slots: Vec<u32> = readings.iter().map(|(_, slot)| *slot).collect();
        let rows = prop_oneof![4 => 1..2_usize, 1 => 2..20_usize];
        let group = (0..3_usize, rows).prop_flat_map(move |(shape, rows)| (Just(shape), prop::collection::vec(row(slots.clone()), rows)));
        (Just(readings), prop::collection::vec(group, 0..3))
    });
    prop_oneof![9 => some.prop_map(Some), 1 => Just(None)]
}

fn event() -> impl Strategy<Value = (i64, Option<i64>, u32, Payload)> {
    let price =
        prop_oneof![200 => 0.5..3.0_f64, 1 => prop::sample::select(vec![f64::NAN, 0.0, -1.0, 1e-160, 1e149, 1e151, f64::INFINITY, 1e-140])];
    let qty = prop_oneof![200 => 0.0..3.0_f64, 20 => Just(0.0), 1 => prop::sample::select(vec![f64::NAN, -0.0, -1.0, 1e149, 1e151, f64::INFINITY])];
    let quote = (price.clone(), price, qty.clone(), qty).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let venue = prop_oneof![80 => Just(None), 80 => any::<i64>().prop_map(Some), 1 => Just(Some(i64::MIN)), 1 => Just(Some(i64::MAX))];
    let payload = prop_oneof![200 => quote.clone().prop_map(Payload::Quote), 1 => quote.prop_map(Payload::Other)];
    (
        prop_oneof![150 => 0..4_i64, 1 => Just(-1)],
        venue,
        prop_oneof![200 => 0..INSTRUMENTS as u32, 1 => Just(u32::MAX), 1 => Just(INSTRUMENTS as u32)],
        payload,
    )
}

fn case() -> impl Strategy<Value = Case> {
    let instruments: Vec<_> = (0..INSTRUMENTS).map(instrument).collect();
    let slot = prop_oneof![5 => 0.5..3.0_f64, 1 => Just(f64::NAN)].prop_map(f64::to_bits);
    (
        instruments,
        prop::collection::vec(slot, SLOTS),
        prop::collection::vec(event(), 0..40),
        prop_oneof![9 => Just(i64::MAX - 1), 1 => 1000..1060_i64],
        0..40_usize,
    )
        .prop_map(|(instruments, slots, events, limit, settled)| {
            let mut ts = 1000;
            let events: Vec<Event> = (events.into_iter())
                .map(|(step, venue_ts, instrument, payload)| {
                    ts += step;
                    Event { ts, venue_ts, instrument, payload }
                })
                .collect();
            let mut case = Case { instruments, slots, events, clock: 1000, limit };
            // Truths that agree with what is so at some event, or hardly any event would be plain.
            for event in case.events.iter().take(settled) {
                let Payload::Quote(quote) = event.payload else { continue };
                let Some(Some((readings, groups))) = case.instruments.get_mut(event.instrument as usize) else { continue };
                let mut slots = case.slots.clone();
                readings.iter().for_each(|(field, slot)| slots[*slot as usize] = read(*field, quote).to_bits());
                for (shape, rows) in groups {
                    for row in rows {
                        let x: Vec<f64> = row.operands.iter().map(|slot| f64::from_bits(slots[*slot as usize])).collect();
                        row.truth = holds(*shape, &x, row.constant).unwrap_or(row.truth);
                    }
                }
            }
            case
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_batches(case in case()) {
        case.check()?;
    }
}

/// The random batches are worth something only if the loop goes on in them.
#[test]
fn random_batches_go_on() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let taken: usize = (0..300).map(|_| case().new_tree(&mut runner).unwrap().current().check().unwrap()).sum();
    assert!(taken > 600, "{taken}");
}

fn one_quote(ts: i64) -> Event {
    Event { ts, venue_ts: None, instrument: 0, payload: Payload::Quote([1.0, 1.5, 2.0, 3.0]) }
}

#[test]
fn ground_that_does_not_fit_is_refused() {
    let row = Row { operands: vec![0, 1, 39], constant: 9.0, truth: false, first: false };
    let instruments = vec![Some((vec![(Field::Bid, 0), (Field::Ask, 1)], vec![(1, vec![row.clone()]), (1, vec![row; 3])]))];
    let case = Case { instruments, slots: vec![0; SLOTS], events: vec![one_quote(1000)], clock: 1000, limit: 2000 };
    let built = case.built();
    let run = |lines: usize, slots: usize, constants: usize, heads: usize, operands: &Operands| {
        let (mut lines, mut slots) = (lines_of(lines), vec![0; slots]);
        let ground = Ground {
            lines: &mut lines,
            slots: &mut slots,
            operands,
            constants: &built.constants[..constants],
            heads: &built.heads[..heads],
        };
        built.batch.run(&case.events, ground, 1000, 2000).map(|taken| taken.events)
    };
    let (constants, heads) = (built.constants.len(), built.heads.len());
    assert_eq!(run(1, SLOTS, constants, heads, &built.operands), Some(1));
    assert_eq!(run(0, SLOTS, constants, heads, &built.operands), Some(0), "an instrument without a line");
    assert_eq!(run(1, SLOTS - 1, constants, heads, &built.operands), None, "slots");
    assert_eq!(run(1, SLOTS, constants - 1, heads, &built.operands), None, "constants");
    assert_eq!(run(1, SLOTS, constants, heads - 1, &built.operands), None, "heads");
    assert_eq!(run(1, SLOTS, constants, heads, &Operands::below(SLOTS)), None, "operands");
    let mut wide = Operands::below(70_000);
    (0..100).for_each(|_| wide.push(0));
    assert_eq!(run(1, SLOTS, constants, heads, &wide), None, "operands of another width");
    let ground = Ground {
        lines: &mut [] as &mut [MarketLine<()>],
        slots: &mut [0; SLOTS],
        operands: &built.operands,
        constants: &built.constants,
        heads: &built.heads,
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
        builder.push(Some(&Entry::default()));
        builder.compile(&mut Compiler::new(1 << 16).unwrap(), layout).is_err()
    };
    assert!(!refused(LAYOUT));
    assert!(refused(EventLayout { ts: 4, ..LAYOUT }), "a time that is not aligned");
    assert!(refused(EventLayout { numbers: size_of::<Event>() - 24, ..LAYOUT }), "numbers beyond the event");
    assert!(refused(EventLayout { size: size_of::<Event>() + 4, ..LAYOUT }), "events that are not aligned");
}

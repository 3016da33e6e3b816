//! Random entries and events in plain Rust, and what a batch makes of them.

use std::mem::offset_of;

use ascep_native::{
    Batch, BatchBuilder, Binary, Code, Comparison, Compiler, Entry, EventLayout, Field, FoundAt, Ground, GroupAt, Head, Instr, LANES,
    MarketLine, Operands, Reading, Taken, lanes_of_tail,
};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) ts: i64,
    pub(crate) venue_ts: Option<i64>,
    pub(crate) instrument: u32,
    pub(crate) payload: Payload,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum Payload {
    Other(#[expect(dead_code, reason = "it only takes place")] [f64; 4]),
    Quote([f64; 4]),
}

pub(crate) const LAYOUT: EventLayout = EventLayout {
    size: size_of::<Event>(),
    ts: offset_of!(Event, ts),
    venue_ts: offset_of!(Event, venue_ts),
    instrument: offset_of!(Event, instrument),
    kind: offset_of!(Event, payload),
    quote: 1,
    numbers: offset_of!(Event, payload) + 8,
};

pub(crate) const INSTRUMENTS: usize = 6;
pub(crate) const SLOTS: usize = 40;
/// Enough for all readings of all instruments.
pub(crate) const WIDE_SLOTS: usize = 48;
pub(crate) const FIELDS: [Field; 8] =
    [Field::Bid, Field::Ask, Field::BidQty, Field::AskQty, Field::Mid, Field::Spread, Field::SpreadRatio, Field::Microprice];

pub(crate) fn read(field: Field, [bid, ask, bid_qty, ask_qty]: [f64; 4]) -> f64 {
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

pub(crate) fn codes() -> Vec<Option<Code>> {
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
pub(crate) fn holds(shape: usize, x: &[f64], constant: f64) -> Option<bool> {
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
pub(crate) struct Row {
    pub(crate) operands: Vec<u32>,
    pub(crate) constant: f64,
    pub(crate) truth: bool,
    pub(crate) first: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Of each instrument: readings, and groups as shape and rows. None where it has no entry.
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) slots: Vec<u64>,
    pub(crate) events: Vec<Event>,
    pub(crate) clock: i64,
    pub(crate) limit: i64,
    /// Slots that need not be written unless somebody looks at them who has not read them.
    pub(crate) hidden: Vec<bool>,
}

pub(crate) type Rest = (u32, bool);

pub(crate) struct World {
    pub(crate) lines: Vec<MarketLine<Rest>>,
    pub(crate) slots: Vec<u64>,
}

pub(crate) fn lines() -> Vec<MarketLine<Rest>> {
    let line = MarketLine {
        bid: f64::NAN,
        ask: f64::NAN,
        bid_qty: f64::NAN,
        ask_qty: f64::NAN,
        trade_ts: 5,
        venue_ts: 7,
        quote_ts: i64::MIN,
        rest: (9, true),
    };
    vec![line; INSTRUMENTS]
}

/// The rows laid out in columns, and the batch over them.
pub(crate) struct Built {
    pub(crate) batch: Batch,
    pub(crate) operands: Operands,
    pub(crate) constants: Vec<f64>,
    pub(crate) heads: Vec<Head>,
}

impl Case {
    /// The hidden slots that only rows of instruments look at which read into them.
    pub(crate) fn private(&self) -> Vec<bool> {
        let mut private = self.hidden.clone();
        for (readings, groups) in self.instruments.iter().flatten() {
            for slot in groups.iter().flat_map(|(_, rows)| rows).flat_map(|row| &row.operands) {
                private[*slot as usize] &= readings.iter().any(|(_, of)| of == slot);
            }
        }
        private
    }

    pub(crate) fn built(&self) -> Built {
        let (codes, private) = (codes(), self.private());
        let mut operands = Operands::below(self.slots.len());
        let (mut constants, mut heads, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for instrument in &self.instruments {
            entries.push(instrument.as_ref().map(|(readings, groups)| {
                let readings = readings.iter().map(|&(field, slot)| Reading { field, slot, is_private: private[slot as usize] });
                let mut entry = Entry { readings: readings.collect(), steps: Vec::new(), groups: Vec::new() };
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

    /// Truths that agree with what is so at some of the first events, or hardly any event would be plain.
    pub(crate) fn settle(&mut self, first: usize) {
        for event in self.events.iter().take(first) {
            let Payload::Quote(quote) = event.payload else { continue };
            let Some(Some((readings, groups))) = self.instruments.get_mut(event.instrument as usize) else { continue };
            let mut slots = self.slots.clone();
            readings.iter().for_each(|(field, slot)| slots[*slot as usize] = read(*field, quote).to_bits());
            for (shape, rows) in groups {
                for row in rows {
                    let x: Vec<f64> = row.operands.iter().map(|slot| f64::from_bits(slots[*slot as usize])).collect();
                    row.truth = holds(*shape, &x, row.constant).unwrap_or(row.truth);
                }
            }
        }
    }

    /// Takes events in plain Rust. Lines and slots are as of the last event taken.
    pub(crate) fn expected(&self, world: &mut World, bits: &[Vec<Vec<bool>>]) -> Taken {
        let mut taken = Taken { events: 0, clock: self.clock, unknown: 0, found: None, left: None };
        for event in &self.events {
            let Payload::Quote(quote @ [bid, ask, bid_qty, ask_qty]) = event.payload else { break };
            let good =
                [(bid, bid_qty), (ask, ask_qty)].iter().all(|(p, q)| *p >= 1e-150 && *q >= 0.0 && q.is_sign_positive() && p + q <= 1e150);
            let in_time = event.ts >= taken.clock && event.ts <= self.limit;
            let ends = [i64::MIN, i64::MAX].map(Some);
            let entry = self.instruments.get(event.instrument as usize).and_then(Option::as_ref);
            let (true, true, false, Some((readings, groups))) = (good, in_time, ends.contains(&event.venue_ts), entry) else { break };
            let mut slots = world.slots.clone();
            for (field, slot) in readings {
                slots[*slot as usize] = read(*field, quote).to_bits();
            }
            let (mut unknown, mut found) = (0, None);
            'rows: for (group, (shape, rows)) in groups.iter().enumerate() {
                for (block, of_block) in rows.chunks(LANES).enumerate() {
                    let mut of_lanes = 0;
                    for (lane, row) in of_block.iter().enumerate() {
                        let x: Vec<f64> = row.operands.iter().map(|slot| f64::from_bits(slots[*slot as usize])).collect();
                        match holds(*shape, &x, row.constant) {
                            None => of_lanes += 1,
                            Some(truth) if truth != bits[event.instrument as usize][group][block * LANES + lane] || row.first => {
                                found = Some(FoundAt { group: u32::try_from(group).unwrap(), block: u32::try_from(block).unwrap() });
                            }
                            Some(_) => {}
                        }
                    }
                    if found.is_some() {
                        break 'rows;
                    }
                    unknown += of_lanes;
                }
            }
            if found.is_some() {
                return Taken { unknown: taken.unknown + unknown, found, ..taken };
            }
            world.slots = slots;
            let line = &mut world.lines[event.instrument as usize];
            *line = MarketLine { bid, ask, bid_qty, ask_qty, quote_ts: event.ts, venue_ts: event.venue_ts.unwrap_or(i64::MIN), ..*line };
            taken = Taken { events: taken.events + 1, clock: event.ts, unknown: taken.unknown + unknown, found: None, left: None };
        }
        taken
    }

    pub(crate) fn check(&self) -> Result<usize, TestCaseError> {
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
        if let (Some(_), Some(event)) = (taken.found, self.events.get(taken.events)) {
            let (line, Payload::Quote(quote)) = (&real.lines[event.instrument as usize], event.payload) else {
                panic!("a row by what is no quote")
            };
            prop_assert_eq!([line.bid, line.ask, line.bid_qty, line.ask_qty], quote);
            prop_assert_eq!([line.quote_ts, line.venue_ts], [event.ts, event.venue_ts.unwrap_or(i64::MIN)]);
            let private = self.private();
            for (field, slot) in self.instruments[event.instrument as usize].iter().flat_map(|(readings, _)| readings) {
                prop_assert!(private[*slot as usize] || real.slots[*slot as usize] == read(*field, quote).to_bits(), "slot {}", slot);
            }
        }
        // What is written ahead is what the event that was left has, and nothing else.
        let ahead = self.events.get(taken.events).map(|event| event.instrument as usize);
        for (instrument, (of_world, of_real)) in world.lines.iter().zip(&real.lines).enumerate() {
            let words = |line: &MarketLine<Rest>| {
                let numbers = [line.bid, line.ask, line.bid_qty, line.ask_qty].map(f64::to_bits);
                (numbers, [line.trade_ts, line.venue_ts, line.quote_ts], line.rest)
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
        let private = self.private();
        for (slot, (of_world, of_real)) in (0..).zip(world.slots.iter().zip(&real.slots)) {
            prop_assert!(of_world == of_real || written.contains(&slot) || private[slot as usize], "slot {}", slot);
        }
        Ok(taken.events)
    }
}

/// Rows of a shape.
pub(crate) type Rows = (usize, Vec<Row>);
pub(crate) type Instrument = Option<(Vec<(Field, u32)>, Vec<Rows>)>;

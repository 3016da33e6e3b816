//! The loop over events against plain Rust: random entries with readings, steps that are called for and rows, over random events.
#![cfg(feature = "jit")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on fails")]

mod events;

use ascep_native::{
    Batch, BatchBuilder, Binary, Code, Comparison, Compiler, Entry, Field, FoundAt, Ground, GroupAt, Head, Instr, LANES, Left, MarketLine,
    Operands, Reading, Stepped, Steps, Taken, TradeLine, lanes_of_tail, side,
};

use events::{Event, LAYOUT, Payload, SIDES};

/// Of an instrument of which nothing is known yet.
const LINE: MarketLine<u32> = MarketLine {
    bid: 0.0,
    ask: 0.0,
    bid_qty: 0.0,
    ask_qty: 0.0,
    trade_ts: 0,
    venue_ts: 0,
    quote_ts: 0,
    traded: 0,
    side: side::NONE,
    rest: 0,
};

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % sides as u64) as usize
    }

    /// One out of so many.
    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn number(&mut self) -> f64 {
        [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 8.0][self.roll(8)]
    }
}

/// Slots that readings go to, and those that steps write.
const READ: u32 = 40;
const WRITTEN: u32 = 40;

/// What is done beside readings and rows: each step writes what it sees into slots of its own, and remembers that it was called.
#[derive(Debug, Clone, PartialEq)]
struct Recorder {
    /// Steps from 0 on leave the loop, or bring its limit nearer, once in so many calls.
    leave: u64,
    until: u64,
    calls: Vec<(u32, usize, i64)>,
}

/// How much further a limit is.
fn nearer(step: u32, place: usize, ts: i64) -> i64 {
    ts + i64::from(step % 4) + (place % 3) as i64
}

impl Steps for Recorder {
    fn step(&mut self, slots: &mut [u64], step: u32, place: usize, ts: i64) -> Stepped {
        self.calls.push((step, place, ts));
        let seen = f64::from_bits(slots[step as usize % READ as usize]);
        let before = f64::from_bits(slots[(READ + step % WRITTEN) as usize]);
        // Now and then what is there is unknown.
        let x =
            if (place + step as usize).is_multiple_of(13) { f64::NAN } else { (seen + if before.is_nan() { 1.0 } else { before }) % 7.0 };
        slots[(READ + step % WRITTEN) as usize] = x.to_bits();
        let key = u64::from(step) * 31 + place as u64 * 17;
        if key.is_multiple_of(self.leave) {
            Stepped::Leave
        } else if key.is_multiple_of(self.until) {
            Stepped::Until(nearer(step, place, ts))
        } else {
            Stepped::Done
        }
    }
}

const OPS: [Comparison; 4] = [Comparison::Gt, Comparison::Le, Comparison::Eq, Comparison::Ne];
const FUNCTIONS: [Binary; 4] = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Max];

/// `a op f(b, c)`
#[derive(Debug, Clone, Copy)]
struct Shape(Comparison, Binary);

impl Shape {
    fn code(self) -> Code {
        let instrs = vec![Instr::Operand(0), Instr::Operand(1), Instr::Const(0), Instr::Binary(self.1, 1, 2), Instr::Compare(self.0, 0, 3)];
        Code::new(instrs, 2, 1).unwrap()
    }

    fn evaluate(self, [a, b]: [f64; 2], c: f64) -> Option<bool> {
        let x = match self.1 {
            Binary::Add => b + c,
            Binary::Sub => b - c,
            Binary::Mul => b * c,
            _ if b.is_nan() => b,
            _ => b.max(c),
        };
        if a.is_nan() || !x.is_finite() {
            return None;
        }
        Some(match self.0 {
            Comparison::Gt => a > x,
            Comparison::Le => a <= x,
            Comparison::Eq => a.partial_cmp(&x).is_some_and(std::cmp::Ordering::is_eq),
            _ => a.partial_cmp(&x).is_some_and(std::cmp::Ordering::is_ne),
        })
    }
}

/// Everything that a batch is made of and runs over.
struct World {
    shapes: Vec<Shape>,
    entries: Vec<Option<Entry>>,
    operands: Operands,
    constants: Vec<f64>,
    heads: Vec<Head>,
    /// Of each group, in the order of its columns: rows with their operands and constants.
    rows: Vec<Vec<([u32; 2], f64)>>,
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let shapes = (0..3).map(|_| Shape(OPS[dice.roll(4)], FUNCTIONS[dice.roll(4)])).collect();
        let mut world = Self {
            shapes,
            entries: Vec::new(),
            operands: Operands::below((READ + WRITTEN) as usize),
            constants: Vec::new(),
            heads: Vec::new(),
            rows: Vec::new(),
        };
        let many = dice.one_in(3);
        for _ in 0..=dice.roll(6) {
            let entry = if dice.one_in(8) { None } else { Some(world.entry(dice, many)) };
            world.entries.push(entry);
        }
        world
    }

    fn entry(&mut self, dice: &mut Dice, many: bool) -> Entry {
        let fields = [Field::Bid, Field::Ask, Field::Mid, Field::Spread, Field::BidQty, Field::AskQty, Field::SpreadRatio];
        let first = dice.roll(READ as usize - 4) as u32;
        let readings: Vec<Reading> = (0..dice.roll(4) as u32)
            .map(|k| Reading { field: fields[dice.roll(fields.len())], slot: first + k, is_private: false })
            .collect();
        let steps: Vec<u32> = (0..dice.roll(4)).map(|_| dice.roll(200) as u32).collect();
        let groups = (0..dice.roll(3)).map(|_| {
            let count = if many { [1, 2, 5, 9, 20][dice.roll(5)] } else { 1 };
            let rows: Vec<([u32; 2], f64)> = (0..count)
                .map(|_| {
                    let slot = |dice: &mut Dice| match (dice.roll(3), steps.first(), readings.first()) {
                        (0, Some(step), _) => READ + step % WRITTEN,
                        (1, _, Some(reading)) => reading.slot,
                        _ => dice.roll((READ + WRITTEN) as usize) as u32,
                    };
                    ([slot(dice), slot(dice)], dice.number())
                })
                .collect();
            let at = GroupAt {
                shape: dice.roll(3),
                rows: count as u32,
                operands: self.operands.len() as u32,
                constants: self.constants.len() as u32,
                head: self.heads.len() as u32,
            };
            for block in rows.chunks(LANES) {
                let lane = |lane: usize| block[lane.min(block.len() - 1)];
                let lanes = lanes_of_tail(block.len());
                for k in 0..2 {
                    (0..lanes).for_each(|l| self.operands.push(lane(l).0[k]));
                }
                self.constants.extend((0..lanes).map(|l| lane(l).1));
                // Rows that are seldom true are as they were most of the time.
                let truth = if dice.one_in(4) { dice.roll(256) as u8 } else { 0 };
                let valid = u8::MAX >> (LANES - block.len());
                self.heads.push(Head { truth: truth & valid, first: 0, valid });
            }
            self.rows.push(rows);
            at
        });
        let groups = groups.collect();
        Entry { readings, steps, groups, ..Entry::default() }
    }

    fn batch(&self) -> Option<Batch> {
        let codes: Vec<Option<Code>> = self.shapes.iter().map(|shape| Some(shape.code())).collect();
        let mut builder = BatchBuilder::new(&codes, &self.operands, &self.constants);
        self.entries.iter().for_each(|entry| builder.push(entry.as_ref(), None));
        if builder.is_empty() {
            return None;
        }
        let mut compiler = Compiler::new(1 << 20).unwrap();
        let pending = builder.compile(&mut compiler, LAYOUT, SIDES).unwrap();
        compiler.finish(&[], Some(pending)).unwrap().1
    }

    /// What the loop should do, one event after the other.
    fn expected(&self, events: &[Event], slots: &mut [u64], steps: &mut Recorder, mut clock: i64, mut limit: i64) -> Taken {
        let mut unknown = 0;
        for (place, event) in events.iter().enumerate() {
            let taken = |unknown, clock, found, left| Taken { events: place, clock, unknown, found, left, is_last: false };
            let Payload::Quote([bid, ask, bid_qty, ask_qty]) = event.payload else { return taken(unknown, clock, None, None) };
            let entry = self.entries.get(event.instrument as usize).and_then(Option::as_ref);
            let is_plain = event.ts >= clock && event.ts <= limit && event.venue_ts.is_none_or(|ts| ts != i64::MIN && ts != i64::MAX);
            let (Some(entry), true, true) = (entry, is_plain, bid > 0.0 && ask > 0.0) else { return taken(unknown, clock, None, None) };
            for reading in &entry.readings {
                let (mid, spread) = ((bid + ask) / 2.0, ask - bid);
                slots[reading.slot as usize] = match reading.field {
                    Field::Bid => bid,
                    Field::Ask => ask,
                    Field::BidQty => bid_qty,
                    Field::AskQty => ask_qty,
                    Field::Mid => mid,
                    Field::Spread => spread,
                    _ => spread / mid,
                }
                .to_bits();
            }
            for step in &entry.steps {
                match steps.step(slots, *step, place, event.ts) {
                    Stepped::Done => {}
                    Stepped::Until(ts) => limit = limit.min(ts),
                    Stepped::Leave => return taken(unknown, clock, None, Some(Left::Step(*step))),
                }
            }
            for (group, at) in (0..).zip(&entry.groups) {
                let rows = self.rows_of(at);
                for (block, rows) in (0..).zip(rows.chunks(LANES)) {
                    let head = self.heads[at.head as usize + block as usize];
                    let results = rows.iter().map(|(operands, constant)| {
                        self.shapes[at.shape].evaluate(operands.map(|slot| f64::from_bits(slots[slot as usize])), *constant)
                    });
                    let results: Vec<Option<bool>> = results.collect();
                    let changes = |(lane, now): (usize, &Option<bool>)| now.is_some_and(|now| now != (head.truth >> lane & 1 == 1));
                    if results.iter().enumerate().any(changes) {
                        return taken(unknown, clock, Some(FoundAt { group, block }), None);
                    }
                    unknown += results.iter().filter(|now| now.is_none()).count() as u64;
                }
            }
            clock = event.ts;
        }
        Taken { events: events.len(), clock, unknown, found: None, left: None, is_last: false }
    }

    fn rows_of(&self, at: &GroupAt) -> &[([u32; 2], f64)] {
        let groups = self.entries.iter().flatten().flat_map(|entry| &entry.groups);
        let place = groups.take_while(|other| other.head != at.head).count();
        &self.rows[place]
    }
}

fn events(dice: &mut Dice, instruments: usize) -> Vec<Event> {
    let mut ts = 1_000;
    (0..300)
        .map(|_| {
            ts += if dice.one_in(200) { -1 } else { dice.roll(3) as i64 };
            let mut numbers = [0.0; 4].map(|_: f64| dice.number());
            if dice.one_in(100) {
                numbers[dice.roll(2)] = [f64::NAN, -1.0][dice.roll(2)];
            }
            let payload = if dice.one_in(60) { Payload::Other(numbers) } else { Payload::Quote(numbers) };
            let venue_ts = if dice.one_in(2) { Some(if dice.one_in(50) { i64::MAX } else { ts - 5 }) } else { None };
            let others = usize::from(dice.one_in(30));
            Event { ts, venue_ts, instrument: dice.roll(instruments + others) as u32, payload }
        })
        .collect()
}

#[test]
fn steps_are_called_as_plain_rust_calls_them() {
    let (mut called, mut left, mut limited, mut found, mut clean) = (0, 0, 0, 0, 0);
    for seed in 1..=1_500_u64 {
        let dice = &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let world = World::new(dice);
        let Some(batch) = world.batch() else { continue };
        let events = events(dice, world.entries.len());
        let mut lines = vec![LINE; world.entries.len()];
        let mut trades = vec![TradeLine::UNKNOWN; world.entries.len()];
        let mut slots: Vec<u64> = (0..READ + WRITTEN).map(|_| dice.number().to_bits()).collect();
        let mut steps = Recorder {
            leave: if dice.one_in(2) { u64::MAX - 7 } else { 97 },
            until: if dice.one_in(2) { u64::MAX - 7 } else { 23 },
            calls: Vec::new(),
        };
        let (mut wanted_slots, mut wanted_steps) = (slots.clone(), steps.clone());
        // From where the loop ended, past the event that it did not take.
        let mut from = 0;
        while from < events.len() {
            let (clock, limit) = (events[from].ts - 1, events[from].ts + if dice.one_in(3) { 20 } else { i64::MAX >> 1 });
            let ground = Ground {
                lines: &mut lines,
                trades: &mut trades,
                slots: &mut slots,
                operands: &world.operands,
                constants: &world.constants,
                heads: &mut world.heads.clone(),
            };
            let taken = batch.run_with(&events[from..], ground, &mut steps, clock, limit).unwrap();
            let wanted = world.expected(&events[from..], &mut wanted_slots, &mut wanted_steps, clock, limit);
            assert_eq!(taken, wanted, "seed {seed} from {from}");
            assert_eq!(steps, wanted_steps, "seed {seed} from {from}");
            // What readings of the event after them have left is not to be relied on.
            if taken.events + from == events.len() || taken.found.is_some() || taken.left.is_some() {
                assert_eq!(slots, wanted_slots, "seed {seed} from {from}");
            }
            for event in &events[from..from + taken.events] {
                assert!(lines[event.instrument as usize].quote_ts >= event.ts);
            }
            slots.clone_from(&wanted_slots);
            left += usize::from(taken.left.is_some());
            found += usize::from(taken.found.is_some());
            limited += usize::from(events.get(from + taken.events).is_some_and(|event| event.ts > limit));
            clean += usize::from(taken.events + from == events.len());
            from += taken.events + 1;
        }
        called += steps.calls.len();
    }
    assert!(
        called > 100_000 && left > 1_000 && limited > 100 && found > 10_000 && clean > 100,
        "{called} {left} {limited} {found} {clean}"
    );
}

/// Steps that are asked for ahead, and those that are done.
#[derive(Debug, Default)]
struct Guesses {
    ahead: Vec<u32>,
    done: Vec<u32>,
}

impl Steps for Guesses {
    fn ahead(&mut self, step: u32) {
        self.ahead.push(step);
    }

    fn step(&mut self, _: &mut [u64], step: u32, _: usize, _: i64) -> Stepped {
        self.done.push(step);
        Stepped::Done
    }
}

/// Each step is told the one that it is for the event after the next, where that is of the same kind: whether steps stand in the record or apart from it, up to the sixth.
#[test]
fn steps_are_asked_for_ahead() {
    for count in [1_u32, 2, 6, 9] {
        let operands = Operands::below(1);
        let mut builder = BatchBuilder::new(&[], &operands, &[]);
        let entry = |instrument: u32| Entry {
            readings: vec![Reading { field: Field::Mid, slot: 0, is_private: false }],
            steps: (instrument * 10..).take(count as usize).collect(),
            ..Entry::default()
        };
        (0..5).for_each(|instrument| builder.push(Some(&entry(instrument)), None));
        let mut compiler = Compiler::new(1 << 16).unwrap();
        let pending = builder.compile(&mut compiler, LAYOUT, SIDES).unwrap();
        let batch = compiler.finish(&[], Some(pending)).unwrap().1.unwrap();
        let event = |instrument| Event { ts: 5, venue_ts: None, instrument, payload: Payload::Quote([1.0, 3.0, 1.0, 1.0]) };
        // The last is of no instrument, but is asked for all the same.
        let events = [3, 0, 4, 4, 1, 2, 0, 9].map(event);
        let (mut lines, mut trades, mut guesses) = ([LINE; 5], [TradeLine::UNKNOWN; 5], Guesses::default());
        let ground =
            Ground { lines: &mut lines, trades: &mut trades, slots: &mut [0], operands: &operands, constants: &[], heads: &mut [] };
        assert_eq!(batch.run_with(&events, ground, &mut guesses, 0, i64::MAX).unwrap().events, 7);
        let of = |place: usize| entry(events[place].instrument).steps;
        let known: Vec<(usize, u32)> =
            (0..5).flat_map(|place| of(place + 2)).enumerate().filter(|(at, _)| at % (count as usize) < 6).collect();
        assert!(known.iter().all(|(at, step)| guesses.ahead[*at] == *step), "{guesses:?}");
        // Behind the last there is nothing, and nothing is known of what is no instrument.
        assert_eq!(guesses.ahead[6 * count as usize..], of(6));
        assert!((guesses.ahead[5 * count as usize..6 * count as usize]).iter().take(6).all(|step| *step == 0));
        assert_eq!(guesses.done, (0..7).flat_map(of).collect::<Vec<_>>());
    }
}

/// A batch with steps does not run without them; one without steps does.
#[test]
fn a_batch_with_steps_wants_them() {
    let entry =
        |steps: Vec<u32>| Entry { readings: vec![Reading { field: Field::Mid, slot: 0, is_private: false }], steps, ..Entry::default() };
    let operands = Operands::below(1);
    for steps in [vec![], vec![0]] {
        let mut builder = BatchBuilder::new(&[], &operands, &[]);
        builder.push(Some(&entry(steps.clone())), None);
        let mut compiler = Compiler::new(1 << 16).unwrap();
        let pending = builder.compile(&mut compiler, LAYOUT, SIDES).unwrap();
        let batch = compiler.finish(&[], Some(pending)).unwrap().1.unwrap();
        let (mut lines, mut slots) = ([LINE], [0]);
        let events = [Event { ts: 5, venue_ts: None, instrument: 0, payload: Payload::Quote([1.0, 3.0, 1.0, 1.0]) }];
        let ground = Ground {
            lines: &mut lines,
            trades: &mut [TradeLine::UNKNOWN],
            slots: &mut slots,
            operands: &operands,
            constants: &[],
            heads: &mut [],
        };
        let taken = batch.run(&events, ground, 0, i64::MAX);
        assert_eq!(taken.map(|taken| taken.events), if steps.is_empty() { Some(1) } else { None });
        assert_eq!(slots, [if steps.is_empty() { 2.0_f64.to_bits() } else { 0 }]);
    }
}

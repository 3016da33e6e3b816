//! Random entries and events in plain Rust, and what a batch makes of them.

use ascep_native::{
    Batch, BatchBuilder, Change, Code, Compiler, Entry, Field, FoundAt, Ground, GroupAt, Head, LANES, Left, MarketLine, Operands, Reading,
    Settled, Stepped, Steps, Taken, TradeLine, lanes_of_tail, side,
};
use proptest::prelude::*;

use crate::events::{Event, LAYOUT, Payload, SIDES, Side, Trade};
use crate::recorder::Recorder;
use crate::shapes::{codes, holds};

pub(crate) const INSTRUMENTS: usize = 6;
/// Slots of quotes and others; those of trades follow.
pub(crate) const NUMBERS: usize = 40;
pub(crate) const SLOTS: usize = NUMBERS + 4 * TRADES.len();
/// Enough for all readings of all instruments.
pub(crate) const WIDE_SLOTS: usize = SLOTS;
pub(crate) const TRADES: [Field; 5] = [Field::Price, Field::Qty, Field::Notional, Field::IsBuy, Field::IsSell];

/// Whether a slot holds a level.
pub(crate) fn is_level(slot: u32) -> bool {
    slot as usize >= NUMBERS && (slot as usize - NUMBERS) % TRADES.len() > 2
}
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
        field => panic!("{field:?} of a quote"),
    };
    if value.is_finite() { value } else { f64::NAN }
}

/// What an event gives, as its slot holds it; none where it is not of the kind that gives it.
pub(crate) fn bits(field: Field, payload: Payload) -> u64 {
    let level = |trade: Trade, side: Side| trade.side.map_or(1, |of| if of == side { 2 } else { 0 });
    match (payload, field) {
        (Payload::Quote(quote), field) => read(field, quote).to_bits(),
        (Payload::Trade(trade), Field::Price) => trade.price.to_bits(),
        (Payload::Trade(trade), Field::Qty) => trade.qty.to_bits(),
        (Payload::Trade(trade), Field::Notional) => (trade.price * trade.qty).to_bits(),
        (Payload::Trade(trade), Field::IsBuy) => level(trade, Side::Buy),
        (Payload::Trade(trade), Field::IsSell) => level(trade, Side::Sell),
        other => panic!("{other:?}"),
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
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) slots: Vec<u64>,
    pub(crate) events: Vec<Event>,
    pub(crate) clock: i64,
    pub(crate) limit: i64,
    /// Slots that need not be written unless somebody looks at them who has not read them.
    pub(crate) hidden: Vec<bool>,
    /// Whether some changes are settled.
    pub(crate) settles: bool,
    /// Whether there was a trade of an instrument before.
    pub(crate) traded: [bool; INSTRUMENTS],
}

/// Bytes of code that are always enough.
const MOST_CODE: usize = 1 << 20;

pub(crate) type Rest = (u16, bool);

pub(crate) struct World {
    pub(crate) lines: Vec<MarketLine<Rest>>,
    pub(crate) trades: Vec<TradeLine>,
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
        traded: 0,
        side: side::NONE,
        rest: (9, true),
    };
    vec![line; INSTRUMENTS]
}

impl World {
    fn new(slots: &[u64], traded: [bool; INSTRUMENTS]) -> Self {
        let mut lines = lines();
        lines.iter_mut().zip(traded).for_each(|(line, traded)| line.traded = u8::from(traded));
        Self { lines, trades: vec![TradeLine::UNKNOWN; INSTRUMENTS], slots: slots.to_vec() }
    }

    /// Writes what an event tells of its instrument.
    fn write(&mut self, event: &Event) {
        let line = &mut self.lines[event.instrument as usize];
        line.venue_ts = event.venue_ts.unwrap_or(i64::MIN);
        match event.payload {
            Payload::Quote([bid, ask, bid_qty, ask_qty]) => {
                *line = MarketLine { bid, ask, bid_qty, ask_qty, quote_ts: event.ts, ..*line };
            }
            Payload::Trade(Trade { price, qty, side }) => {
                self.trades[event.instrument as usize] = TradeLine { price, qty };
                line.trade_ts = event.ts;
                line.traded = 1;
                line.side = match side {
                    Some(Side::Buy) => side::BUY,
                    Some(Side::Sell) => side::SELL,
                    None => side::NONE,
                };
            }
            Payload::Other(_) => panic!("another event"),
        }
    }

    /// All that is known of an instrument.
    fn words(&self, instrument: usize) -> impl PartialEq + std::fmt::Debug {
        let (line, trade) = (&self.lines[instrument], &self.trades[instrument]);
        let numbers = [line.bid, line.ask, line.bid_qty, line.ask_qty, trade.price, trade.qty].map(f64::to_bits);
        (numbers, [line.trade_ts, line.venue_ts, line.quote_ts], line.traded, line.side, line.rest)
    }
}

/// What events of one kind do with an instrument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    /// Of quotes.
    pub(crate) wants_trade: bool,
    pub(crate) readings: Vec<(Field, u32)>,
    pub(crate) filters: Vec<Rows>,
    pub(crate) groups: Vec<Rows>,
    /// The step that filters which are true call for.
    pub(crate) filter_step: Option<u32>,
}

impl Part {
    /// The step that is called for, where each filter has code of its own.
    fn step(&self) -> Option<u32> {
        self.filter_step.filter(|_| self.filters.iter().all(|(_, rows)| rows.len() <= 4))
    }

    /// Filters, which are never true so far, and rows.
    fn all(&self) -> impl Iterator<Item = (bool, &Rows)> {
        self.filters.iter().map(|rows| (true, rows)).chain(self.groups.iter().map(|rows| (false, rows)))
    }
}

/// What its quotes do and its trades. None where there is no entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Instrument {
    pub(crate) quote: Option<Part>,
    pub(crate) trade: Option<Part>,
}

impl Instrument {
    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.quote.iter().chain(&self.trade)
    }

    fn part(&self, payload: Payload) -> Option<&Part> {
        match payload {
            Payload::Quote(_) => self.quote.as_ref(),
            Payload::Trade(_) => self.trade.as_ref(),
            Payload::Other(_) => None,
        }
    }
}

/// The rows laid out in columns, and the batch over them.
pub(crate) struct Built {
    pub(crate) batch: Batch,
    pub(crate) operands: Operands,
    pub(crate) constants: Vec<f64>,
    pub(crate) heads: Vec<Head>,
    /// The first head of each group, filters first: by instrument, of quotes and of trades.
    pub(crate) starts: Vec<[Vec<u32>; 2]>,
}

impl Case {
    /// The hidden slots that only rows of entries look at which read into them.
    pub(crate) fn private(&self) -> Vec<bool> {
        let mut private = self.hidden.clone();
        for part in self.instruments.iter().flat_map(Instrument::parts) {
            for slot in part.all().flat_map(|(_, (_, rows))| rows).flat_map(|row| &row.operands) {
                private[*slot as usize] &= part.readings.iter().any(|(_, of)| of == slot);
            }
        }
        private
    }

    pub(crate) fn built(&self) -> Built {
        self.built_within(MOST_CODE).0.expect("code within the limit")
    }

    /// The batch within a limit on its code, and how many bytes that is.
    pub(crate) fn compiled(&self, limit: usize) -> (Option<Batch>, usize) {
        let (built, bytes) = self.built_within(limit);
        (built.map(|built| built.batch), bytes)
    }

    fn built_within(&self, limit: usize) -> (Option<Built>, usize) {
        let (codes, private) = (codes(), self.private());
        let mut columns = Columns { operands: Operands::below(self.slots.len()), constants: Vec::new(), heads: Vec::new() };
        let mut entry = |part: &Part| {
            let readings = part.readings.iter().map(|&(field, slot)| Reading { field, slot, is_private: private[slot as usize] });
            let Part { wants_trade, filter_step, .. } = *part;
            let mut entry = Entry { wants_trade, readings: readings.collect(), filter_step, ..Entry::default() };
            for (is_filter, (shape, rows)) in part.all() {
                let group = columns.add(*shape, codes[*shape].as_ref(), rows, is_filter);
                if is_filter { &mut entry.filters } else { &mut entry.groups }.push(group);
            }
            entry
        };
        let entries: Vec<[Option<Entry>; 2]> = (self.instruments.iter())
            .map(|instrument| [&instrument.quote, &instrument.trade].map(|part| part.as_ref().map(&mut entry)))
            .collect();
        let Columns { operands, constants, heads } = columns;
        let starts = entries.iter().map(|entries| {
            let groups = |entry: &Option<Entry>| {
                entry.iter().flat_map(|entry| entry.filters.iter().chain(&entry.groups)).map(|at| at.head).collect()
            };
            [groups(&entries[0]), groups(&entries[1])]
        });
        let starts = starts.collect();
        let mut builder = BatchBuilder::new(&codes, &operands, &constants);
        entries.iter().for_each(|[quote, trade]| builder.push(quote.as_ref(), trade.as_ref()));
        let mut compiler = Compiler::new(limit).unwrap();
        let pending = builder.compile(&mut compiler, LAYOUT, SIDES).ok();
        let bytes = compiler.bytes();
        let Some(pending) = pending else { return (None, bytes) };
        let batch = compiler.finish(&[], Some(pending)).unwrap().1.expect("a layout of options as expected");
        (Some(Built { batch, operands, constants, heads, starts }), bytes)
    }

    /// Truths that agree with what is so at some of the first events, or hardly any event would be plain.
    pub(crate) fn settle(&mut self, first: usize) {
        for event in self.events.iter().take(first) {
            let Some(instrument) = self.instruments.get_mut(event.instrument as usize) else { continue };
            let part = match event.payload {
                Payload::Quote(_) => instrument.quote.as_mut(),
                Payload::Trade(_) => instrument.trade.as_mut(),
                Payload::Other(_) => None,
            };
            let Some(part) = part else { continue };
            let mut slots = self.slots.clone();
            part.readings.iter().for_each(|(field, slot)| slots[*slot as usize] = bits(*field, event.payload));
            for (shape, rows) in &mut part.groups {
                for row in rows {
                    row.truth = holds(*shape, &row.numbers(&slots), row.constant).unwrap_or(row.truth);
                }
            }
        }
    }

    /// Takes events in plain Rust. Lines and slots are as of the last event taken.
    fn expected(&self, world: &mut World, heads: &mut [Head], steps: &mut Recorder<'_>) -> Taken {
        let mut limit = self.limit;
        let mut taken = Taken { events: 0, clock: self.clock, unknown: 0, found: None, left: None, is_last: false };
        for (place, event) in self.events.iter().enumerate() {
            let is_good = match event.payload {
                Payload::Quote([bid, ask, bid_qty, ask_qty]) => [(bid, bid_qty), (ask, ask_qty)]
                    .iter()
                    .all(|(p, q)| *p >= 1e-150 && *q >= 0.0 && q.is_sign_positive() && p + q <= 1e150),
                Payload::Trade(Trade { price, qty, .. }) => [price, qty].iter().all(|x| *x >= 1e-150 && *x <= 1e150),
                Payload::Other(_) => break,
            };
            let in_time = event.ts >= taken.clock && event.ts <= limit;
            let ends = [i64::MIN, i64::MAX].map(Some);
            let part = self.instruments.get(event.instrument as usize).and_then(|instrument| instrument.part(event.payload));
            let (true, true, false, Some(part)) = (is_good, in_time, ends.contains(&event.venue_ts), part) else { break };
            let is_traded = world.lines[event.instrument as usize].traded != 0 || matches!(event.payload, Payload::Trade(_));
            if part.wants_trade && !is_traded {
                break;
            }
            let mut slots = world.slots.clone();
            for (field, slot) in &part.readings {
                slots[*slot as usize] = bits(*field, event.payload);
            }
            let (mut unknown, mut found, mut is_last) = (0, None, false);
            let step = part.step();
            if let Some(step) = step {
                let rows = part.filters.iter().flat_map(|(shape, rows)| rows.iter().map(|row| (*shape, row)));
                let is_true = |(shape, row): (usize, &Row)| holds(shape, &row.numbers(&slots), row.constant) == Some(true);
                let lanes = rows.zip(0..).fold(0, |lanes, (row, lane)| lanes | u32::from(is_true(row)) << lane);
                match if lanes == 0 { Stepped::Done } else { steps.filters(step, lanes, event.ts) } {
                    Stepped::Done => {}
                    Stepped::Until(ts) => limit = limit.min(ts),
                    Stepped::Leave => return Taken { left: Some(Left::Filters { step, lanes }), ..taken },
                }
            }
            'rows: for (group, (is_filter, (shape, rows))) in part.all().enumerate() {
                if is_filter && step.is_some() {
                    continue;
                }
                for (block, of_block) in rows.chunks(LANES).enumerate() {
                    let (group, block) = (u32::try_from(group).unwrap(), u32::try_from(block).unwrap());
                    let (mut of_lanes, mut happens, mut change) = (0, false, Change { place, group, block, truth: 0, known: 0 });
                    let head = heads[steps.head(place, group, block)];
                    for (lane, row) in of_block.iter().enumerate() {
                        let truth = holds(*shape, &row.numbers(&slots), row.constant);
                        let is_as_before = |truth: bool| truth == (head.truth >> lane & 1 == 1) && head.first >> lane & 1 == 0;
                        happens |= if is_filter { truth == Some(true) } else { truth.is_some_and(|truth| !is_as_before(truth)) };
                        change.truth |= u8::from(truth == Some(true)) << lane;
                        change.known |= u8::from(truth.is_some()) << lane;
                        of_lanes += u64::from(truth.is_none() && !is_filter);
                    }
                    match if happens && !is_filter { steps.changed(heads, change) } else { Settled::No } {
                        Settled::No if happens => {
                            found = Some(FoundAt { group, block });
                            break 'rows;
                        }
                        settled => is_last |= settled == Settled::Last,
                    }
                    unknown += of_lanes;
                }
            }
            if found.is_some() {
                return Taken { unknown: taken.unknown + unknown, found, is_last, ..taken };
            }
            world.slots = slots;
            world.write(event);
            taken = Taken { events: taken.events + 1, clock: event.ts, unknown: taken.unknown + unknown, is_last, ..taken };
            if is_last {
                break;
            }
        }
        taken
    }

    pub(crate) fn check(&self) -> Result<usize, TestCaseError> {
        self.check_within(MOST_CODE)
    }

    /// With a limit on the code.
    pub(crate) fn check_within(&self, limit: usize) -> Result<usize, TestCaseError> {
        let mut built = self.built_within(limit).0.expect("code within the limit");
        let [mut world, mut real] = [(); 2].map(|()| World::new(&self.slots, self.traded));
        let [mut wanted, mut called] = [(); 2].map(|()| Recorder::new(self, &built.starts));
        let mut heads = built.heads.clone();
        let expected = self.expected(&mut world, &mut heads, &mut wanted);
        let ground = Ground {
            lines: &mut real.lines,
            trades: &mut real.trades,
            slots: &mut real.slots,
            operands: &built.operands,
            constants: &built.constants,
            heads: &mut built.heads,
        };
        let taken = built.batch.run_with(&self.events, ground, &mut called, self.clock, self.limit).expect("ground that fits");
        prop_assert_eq!(taken, expected);
        prop_assert_eq!((called.calls, called.changes), (wanted.calls, wanted.changes));
        prop_assert_eq!(&built.heads, &heads);
        let private = self.private();
        let next = self.events.get(taken.events);
        let part = next.and_then(|event| self.instruments.get(event.instrument as usize)?.part(event.payload));
        let is_ahead = taken.found.is_some() || taken.left.is_some();
        if let (true, Some(event), Some(part)) = (is_ahead, next, part) {
            world.write(event);
            prop_assert_eq!(world.words(event.instrument as usize), real.words(event.instrument as usize));
            for (field, slot) in &part.readings {
                prop_assert!(private[*slot as usize] || real.slots[*slot as usize] == bits(*field, event.payload), "slot {}", slot);
            }
        }
        // What is written ahead is what the event that was left has, and nothing else.
        let ahead = next.filter(|_| is_ahead).map(|event| event.instrument as usize);
        for instrument in 0..INSTRUMENTS {
            let [of_world, of_real] = [&world, &real].map(|of| of.words(instrument));
            prop_assert!(of_world == of_real || ahead == Some(instrument), "line {}: {:?} {:?}", instrument, of_world, of_real);
            prop_assert!(real.lines[instrument].rest == (9, true));
        }
        let written: Vec<u32> = part.filter(|_| is_ahead).iter().flat_map(|part| &part.readings).map(|(_, slot)| *slot).collect();
        for (slot, (of_world, of_real)) in (0..).zip(world.slots.iter().zip(&real.slots)) {
            prop_assert!(of_world == of_real || written.contains(&slot) || private[slot as usize], "slot {}", slot);
        }
        Ok(taken.events)
    }
}

/// Rows of a shape.
pub(crate) type Rows = (usize, Vec<Row>);

impl Row {
    /// What its operands are.
    fn numbers(&self, slots: &[u64]) -> Vec<f64> {
        self.operands.iter().map(|slot| f64::from_bits(slots[*slot as usize])).collect()
    }
}

/// The rows of all entries.
struct Columns {
    operands: Operands,
    constants: Vec<f64>,
    heads: Vec<Head>,
}

impl Columns {
    fn add(&mut self, shape: usize, code: Option<&Code>, rows: &[Row], is_filter: bool) -> GroupAt {
        let Self { operands, constants, heads } = self;
        let number = |len: usize| u32::try_from(len).unwrap();
        let group = GroupAt {
            shape,
            rows: number(rows.len()),
            operands: number(operands.len()),
            constants: number(constants.len()),
            head: number(heads.len()),
        };
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
                head.truth |= u8::from(row.truth && !is_filter) << l;
                head.first |= u8::from(row.first && !is_filter) << l;
            }
            heads.push(head);
        }
        group
    }
}

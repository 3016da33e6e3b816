//! The loop over events: checks, the line of the instrument, readings, and the rows of each kind of entry.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64X2, I8X16, I32, I64, I64X2};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, JumpTableData, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch::{EventLayout, Field, Frame, Kind, KindGroup, Record};
use crate::emit::{self, Operand, PLAIN, Single};
use crate::scan::{self, Group, jump, little};
use crate::{Code, MarketLine};

/// Prices between these, with sums of price and quantity below the greater, are good, and all that is computed of them is finite, but for a
/// microprice without quantities. Others are not plain; whether they are good is for the caller to say.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;

/// The venue's time where there is none.
const NO_TIME: i64 = i64::MIN;

const UNALIGNED: MemFlagsData = MemFlagsData::new().with_notrap();

/// What stays the same for all events.
struct Fixed<'a> {
    codes: &'a [Option<Code>],
    width: i32,
    layout: EventLayout,
    /// Where the venue's time is, and the byte that is 0 where there is none.
    venue: (usize, usize),
    frame: Value,
    lines: Value,
    records: Value,
    slots: Value,
    heads: Value,
    constants: Value,
    /// Taken at each event, with the event, the clock and the unknown lanes so far.
    body: ir::Block,
    /// Taken at the end, with the same.
    out: ir::Block,
}

/// The event at hand.
#[derive(Clone, Copy)]
struct At {
    event: Value,
    ts: Value,
    unknown: Value,
    /// Where to go if it is not plain.
    leave: ir::Block,
}

fn at(offset: usize) -> i32 {
    i32::try_from(offset).unwrap_or(i32::MAX)
}

/// `fn(frame)`: see [`Frame`].
pub(crate) fn function(
    builder: &mut FunctionBuilder<'_>,
    kinds: &[Kind],
    codes: &[Option<Code>],
    width: i32,
    layout: EventLayout,
    venue: (usize, usize),
) -> Option<()> {
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let &[frame] = builder.block_params(entry) else { return None };
    let mut field = |offset: usize| builder.ins().load(I64, PLAIN, frame, at(offset));
    let first = field(offset_of!(Frame, events));
    let clock = field(offset_of!(Frame, clock));
    let lines = field(offset_of!(Frame, lines));
    let records = field(offset_of!(Frame, records));
    let slots = field(offset_of!(Frame, slots));
    let heads = field(offset_of!(Frame, heads));
    let constants = field(offset_of!(Frame, constants));
    let [body, leave, out] = [(); 3].map(|()| builder.create_block());
    for block in [body, out] {
        for _ in 0..3 {
            builder.append_block_param(block, I64);
        }
    }
    builder.set_cold_block(leave);
    let zero = builder.ins().iconst(I64, 0);
    jump(builder, body, &[first, clock, zero]);
    let fixed = Fixed { codes, width, layout, venue, frame, lines, records, slots, heads, constants, body, out };
    builder.switch_to_block(body);
    let &[event, clock, unknown] = builder.block_params(body) else { return None };
    fixed.event(builder, kinds, [event, clock, unknown], leave)?;

    builder.switch_to_block(leave);
    jump(builder, out, &[event, clock, unknown]);
    builder.switch_to_block(out);
    let &[event, clock, unknown] = builder.block_params(out) else { return None };
    for (offset, value) in [(offset_of!(Frame, events), event), (offset_of!(Frame, clock), clock), (offset_of!(Frame, unknown), unknown)] {
        builder.ins().store(PLAIN, value, fixed.frame, at(offset));
    }
    builder.ins().return_(&[]);
    Some(())
}

/// Goes on if the condition holds, else to `leave`.
fn demand(builder: &mut FunctionBuilder<'_>, condition: Value, leave: ir::Block) {
    let on = builder.create_block();
    builder.ins().brif(condition, on, &[], leave, &[]);
    builder.switch_to_block(on);
}

impl Fixed<'_> {
    /// A field of the frame, loaded where it is used: there are not registers for all of them.
    fn field(&self, builder: &mut FunctionBuilder<'_>, offset: usize) -> Value {
        builder.ins().load(I64, PLAIN, self.frame, at(offset))
    }

    fn event(
        &self,
        builder: &mut FunctionBuilder<'_>,
        kinds: &[Kind],
        [event, clock, unknown]: [Value; 3],
        leave: ir::Block,
    ) -> Option<()> {
        let EventLayout { ts, instrument, kind, quote, numbers, .. } = self.layout;
        let tag = builder.ins().load(I32, PLAIN, event, at(kind));
        let is_quote = builder.ins().icmp_imm_u(IntCC::Equal, tag, i64::from(quote));
        demand(builder, is_quote, leave);
        let instrument = builder.ins().uload32(PLAIN, event, at(instrument));
        let instruments = self.field(builder, offset_of!(Frame, instruments));
        let is_known = builder.ins().icmp(IntCC::UnsignedLessThan, instrument, instruments);
        demand(builder, is_known, leave);
        let ts = builder.ins().load(I64, PLAIN, event, at(ts));
        let in_order = builder.ins().icmp(IntCC::SignedGreaterThanOrEqual, ts, clock);
        demand(builder, in_order, leave);
        let limit = self.field(builder, offset_of!(Frame, limit));
        let in_time = builder.ins().icmp(IntCC::SignedLessThanOrEqual, ts, limit);
        demand(builder, in_time, leave);

        // Prices and quantities, two at a time.
        let prices = builder.ins().load(F64X2, UNALIGNED, event, at(numbers));
        let qtys = builder.ins().load(F64X2, UNALIGNED, event, at(numbers + 16));
        let mut literal = |x: f64| {
            let x = builder.ins().f64const(x);
            builder.ins().splat(F64X2, x)
        };
        let [least, zero, most] = [literal(LEAST), literal(0.0), literal(MOST)];
        let sums = builder.ins().fadd(prices, qtys);
        let [a, b, c] = [(FloatCC::GreaterThan, prices, least), (FloatCC::GreaterThanOrEqual, qtys, zero), (FloatCC::LessThan, sums, most)]
            .map(|(condition, x, y)| builder.ins().fcmp(condition, x, y));
        let good = builder.ins().band(a, b);
        let good = builder.ins().band(good, c);
        let good = builder.ins().vhigh_bits(I32, good);
        let good = builder.ins().icmp_imm_u(IntCC::Equal, good, 3);
        demand(builder, good, leave);

        let record = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<Record>().trailing_zeros()));
        let record = builder.ins().iadd(self.records, record);
        let number = builder.ins().uload32(PLAIN, record, 0);
        // Before anything is written it is known that there is code for it.
        let line = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<MarketLine<()>>().trailing_zeros()));
        let line = builder.ins().iadd(self.lines, line);
        let here = At { event, ts, unknown, leave };
        let venue_ts = self.venue_ts(builder, here);
        let targets: Vec<ir::Block> = kinds.iter().map(|_| builder.create_block()).collect();
        if let [target] = targets[..] {
            let is_first = builder.ins().icmp_imm_u(IntCC::Equal, number, 1);
            builder.ins().brif(is_first, target, &[], leave, &[]);
        } else {
            let leave = builder.func.dfg.block_call(leave, &[]);
            let calls: Vec<_> = targets.iter().map(|target| builder.func.dfg.block_call(*target, &[])).collect();
            let calls: Vec<_> = std::iter::once(leave).chain(calls).collect();
            let table = builder.create_jump_table(JumpTableData::new(leave, &calls));
            let number = builder.ins().ireduce(I32, number);
            builder.ins().br_table(number, table);
        }
        for (kind, target) in kinds.iter().zip(targets) {
            builder.switch_to_block(target);
            builder.ins().store(UNALIGNED, prices, line, at(offset_of!(MarketLine<()>, bid)));
            builder.ins().store(UNALIGNED, qtys, line, at(offset_of!(MarketLine<()>, bid_qty)));
            for offset in [offset_of!(MarketLine<()>, ts), offset_of!(MarketLine<()>, quote_ts)] {
                builder.ins().store(PLAIN, ts, line, at(offset));
            }
            builder.ins().store(PLAIN, venue_ts, line, at(offset_of!(MarketLine<()>, venue_ts)));
            self.kind(builder, kind, record, here, [prices, qtys])?;
        }
        Some(())
    }

    /// The venue's time, or that there is none. Its ends of the range stand for other things, so they are not plain; nor is what stands in its place by chance where
    /// there is none, if it is one of these.
    fn venue_ts(&self, builder: &mut FunctionBuilder<'_>, At { event, leave, .. }: At) -> Value {
        let (value, tag) = self.venue;
        let time = builder.ins().load(I64, PLAIN, event, at(value));
        let tag = builder.ins().uload8(I32, PLAIN, event, at(tag));
        let none = builder.ins().iconst(I64, NO_TIME);
        let shifted = builder.ins().iadd_imm_s(time, 1);
        let first = builder.ins().iconst(I64, i64::MIN + 1);
        let is_time = builder.ins().icmp(IntCC::SignedGreaterThan, shifted, first);
        demand(builder, is_time, leave);
        builder.ins().select(tag, time, none)
    }

    fn kind(&self, builder: &mut FunctionBuilder<'_>, kind: &Kind, record: Value, here: At, numbers: [Value; 2]) -> Option<()> {
        let At { event, ts, leave, .. } = here;
        let mut words = Words { builder, base: record, next: 4 };
        if !kind.is_inline {
            let offset = words.take();
            let offset = words.builder.ins().ishl_imm_u(offset, 2);
            let all = self.field(words.builder, offset_of!(Frame, words));
            words.base = words.builder.ins().iadd(all, offset);
            words.next = 0;
        }
        let mut readings = Vec::with_capacity(kind.fields.len());
        let mut quote = Numbers::new(numbers);
        for field in &kind.fields {
            let value = quote.read(words.builder, *field);
            let number = words.builder.ins().extractlane(value, 0);
            let slot = words.take();
            let slot = words.builder.ins().ishl_imm_u(slot, 3);
            let slot = words.builder.ins().iadd(self.slots, slot);
            words.builder.ins().store(PLAIN, number, slot, 0);
            readings.push(Operand::Number(value, *field != Field::Microprice));
        }
        let mut unknown = here.unknown;
        for group in &kind.groups {
            unknown = match group {
                KindGroup::Single { shape, operands, finite } => {
                    let code = self.codes.get(*shape)?.as_ref()?;
                    let mut sources = Vec::with_capacity(operands.len());
                    for operand in operands {
                        sources.push(match operand {
                            Some(reading) => *readings.get(*reading)?,
                            None => Operand::Slot(words.take()),
                        });
                    }
                    let constants = if code.constants() > 0 {
                        let offset = words.take();
                        let offset = words.builder.ins().ishl_imm_u(offset, 3);
                        words.builder.ins().iadd(self.constants, offset)
                    } else {
                        self.constants
                    };
                    let head = words.take();
                    let head = words.builder.ins().iadd(self.heads, head);
                    let row = Single { slots: self.slots, operands: &sources, constants, finite: *finite };
                    let masks = emit::single(words.builder, code, row)?;
                    if masks.known.is_none() {
                        // A row that stands alone is one: truth and first in one look, and anything but the truth that was is looked into.
                        let head = words.builder.ins().uload16(I32, UNALIGNED, head, 0);
                        let same = words.builder.ins().icmp(IntCC::Equal, head, masks.truth);
                        demand(words.builder, same, leave);
                        unknown
                    } else {
                        scan::test(words.builder, masks, head, unknown, leave, &[])?
                    }
                }
                KindGroup::Many { shape } => {
                    let code = self.codes.get(*shape)?.as_ref()?;
                    let [operands, constants, head, rows] = [(); 4].map(|()| words.take());
                    let builder = &mut *words.builder;
                    let operands = builder.ins().ishl_imm_u(operands, i64::from(self.width.trailing_zeros()));
                    let all = self.field(builder, offset_of!(Frame, operands));
                    let operands = builder.ins().iadd(all, operands);
                    let constants = builder.ins().ishl_imm_u(constants, 3);
                    let constants = builder.ins().iadd(self.constants, constants);
                    let heads = builder.ins().iadd(self.heads, head);
                    let from = builder.ins().iconst(I64, 0);
                    let found = builder.create_block();
                    builder.append_block_param(found, I64);
                    builder.append_block_param(found, I64);
                    let group = Group { slots: self.slots, operands, constants, heads, rows, from, unknown };
                    let after = scan::group(builder, code, self.width, group, found)?;
                    let on = builder.create_block();
                    builder.ins().jump(on, &[]);
                    builder.set_cold_block(found);
                    builder.switch_to_block(found);
                    builder.ins().jump(leave, &[]);
                    builder.switch_to_block(on);
                    after
                }
            };
        }
        let next = words.builder.ins().iadd_imm_s(event, i64::from(at(self.layout.size)));
        let end = self.field(words.builder, offset_of!(Frame, end));
        let more = words.builder.ins().icmp(IntCC::NotEqual, next, end);
        let args = [next, ts, unknown].map(BlockArg::Value);
        words.builder.ins().brif(more, self.body, &args, self.out, &args);
        Some(())
    }
}

/// The numbers of a quote in vectors, of which the lower lane counts. Operations and their order are those of the engine, so the bits are too; half of what is
/// finite is the same by a product and by a quotient.
struct Numbers {
    /// Bid and ask.
    prices: Swappable,
    qtys: Swappable,
    mid: Option<Value>,
    spread: Option<Value>,
}

impl Numbers {
    fn new([prices, qtys]: [Value; 2]) -> Self {
        let swappable = |pair| Swappable { pair, swapped: None };
        Self { prices: swappable(prices), qtys: swappable(qtys), mid: None, spread: None }
    }

    fn read(&mut self, builder: &mut FunctionBuilder<'_>, field: Field) -> Value {
        match field {
            Field::Bid => self.prices.pair,
            Field::BidQty => self.qtys.pair,
            Field::Ask => self.prices.swapped(builder),
            Field::AskQty => self.qtys.swapped(builder),
            Field::Mid => self.mid(builder),
            Field::Spread => self.spread(builder),
            Field::SpreadRatio => {
                let (spread, mid) = (self.spread(builder), self.mid(builder));
                builder.ins().fdiv(spread, mid)
            }
            Field::Microprice => {
                // bid * ask_qty and ask * bid_qty are lanes of one product.
                let (qtys, prices) = (self.qtys.swapped(builder), self.prices.pair);
                let product = builder.ins().fmul(prices, qtys);
                let other = Swappable { pair: product, swapped: None }.swapped(builder);
                let over = builder.ins().fadd(product, other);
                let under = builder.ins().fadd(self.qtys.pair, qtys);
                let price = builder.ins().fdiv(over, under);
                let is_number = builder.ins().fcmp(FloatCC::Ordered, price, price);
                let unknown = builder.ins().f64const(f64::NAN);
                let unknown = builder.ins().splat(F64X2, unknown);
                let [price, unknown] = [price, unknown].map(|x| builder.ins().bitcast(I64X2, little(), x));
                let price = builder.ins().bitselect(is_number, price, unknown);
                builder.ins().bitcast(F64X2, little(), price)
            }
        }
    }

    fn mid(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(mid) = self.mid {
            return mid;
        }
        let ask = self.prices.swapped(builder);
        let sum = builder.ins().fadd(self.prices.pair, ask);
        let half = builder.ins().f64const(0.5);
        let half = builder.ins().splat(F64X2, half);
        let mid = builder.ins().fmul(sum, half);
        self.mid = Some(mid);
        mid
    }

    fn spread(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(spread) = self.spread {
            return spread;
        }
        let ask = self.prices.swapped(builder);
        let spread = builder.ins().fsub(ask, self.prices.pair);
        self.spread = Some(spread);
        spread
    }
}

/// Two numbers, and the same in the other order once that is wanted.
struct Swappable {
    pair: Value,
    swapped: Option<Value>,
}

impl Swappable {
    fn swapped(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(swapped) = self.swapped {
            return swapped;
        }
        let lanes = ir::ConstantData::from(vec![8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
        let lanes = builder.func.dfg.immediates.push(lanes);
        let bytes = builder.ins().bitcast(I8X16, little(), self.pair);
        let bytes = builder.ins().shuffle(bytes, bytes, lanes);
        let swapped = builder.ins().bitcast(F64X2, little(), bytes);
        self.swapped = Some(swapped);
        swapped
    }
}

/// The words of a record, one after the other.
struct Words<'b, 'f> {
    builder: &'b mut FunctionBuilder<'f>,
    base: Value,
    next: i32,
}

impl Words<'_, '_> {
    fn take(&mut self) -> Value {
        let word = self.builder.ins().uload32(PLAIN, self.base, self.next);
        self.next += 4;
        word
    }
}

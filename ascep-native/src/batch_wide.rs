//! Four events at once, all of the kind of entry that most instruments have, with all that their rows read at hand: what they come to is found before anything is
//! written, so that where one of the four is not plain nothing was done. Two events share a vector, each in a lane.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64X2, I32, I64, I64X2};
use cranelift_codegen::ir::{self, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch::Frame;
use crate::batch_build::{Kind, KindGroup, MAX_KINDS};
use crate::batch_emit::{Fixed, Words, at, demand, demand_zero};
use crate::batch_entry::EventLayout;
use crate::batch_lines::{NO_TIME, is_time};
use crate::batch_numbers::{Numbers, high_bits, lower_lanes, not_good};
use crate::batch_trades;
use crate::emit::{PLAIN, UNALIGNED};
use crate::lanes::{self, Masks, Operand, Row};
use crate::scan::{jump, little};

/// Events of a four.
pub(crate) const EVENTS: usize = 4;

/// The product of the numbers of four kinds is not taken modulo anything.
const _: () = assert!((MAX_KINDS as u64 + 1).pow(4) < 1 << 32);

/// An event.
#[derive(Clone, Copy)]
struct One {
    /// Where it is, from the first one on.
    offset: i32,
    record: Value,
    line: Value,
    numbers: [Value; 2],
}

impl One {
    fn at(&self, offset: usize) -> i32 {
        self.offset + at(offset)
    }
}

/// Takes four events, or goes to `failed`. Gives the event and the clock after them.
pub(crate) fn four(
    builder: &mut FunctionBuilder<'_>,
    fixed: &Fixed<'_>,
    [event, clock]: [Value; 2],
    failed: ir::Block,
) -> Option<[Value; 2]> {
    let EventLayout { size, ts, instrument, kind: tag, quote, numbers, .. } = fixed.shape.layout;
    let kind = fixed.shape.kinds.first()?;
    let offset = |place: usize| at(place * size);
    let fours: [i32; EVENTS] = std::array::from_fn(offset);

    // The tags are all that of a quote, and the numbers of the kinds all 1.
    let mut differ = None;
    for offset in fours {
        let tag = builder.ins().load(I32, PLAIN, event, offset + at(tag));
        let differs = builder.ins().bxor_imm_u(tag, i64::from(quote));
        differ = Some(differ.map_or(differs, |differ| builder.ins().bor(differ, differs)));
    }
    let instruments = fixed.field(builder, offset_of!(Frame, instruments));
    let mut records = Vec::with_capacity(EVENTS);
    for offset in fours {
        let instrument = builder.ins().uload32(PLAIN, event, offset + at(instrument));
        let is_known = builder.ins().icmp(IntCC::UnsignedLessThan, instrument, instruments);
        demand(builder, is_known, failed);
        records.push(fixed.places(builder, instrument));
    }
    let mut product = None;
    for [record, _] in &records {
        let number = builder.ins().load(I32, PLAIN, *record, 0);
        product = Some(product.map_or(number, |product| builder.ins().imul(product, number)));
    }
    let others = builder.ins().bxor_imm_u(product?, 1);
    let others = builder.ins().bor(others, differ?);
    demand_zero(builder, others, failed);
    if kind.wants_trade {
        // None of the four is a trade itself.
        batch_trades::demand_trade(builder, records.iter().map(|[_, line]| *line), failed)?;
    }

    let (mut before, mut events) = (clock, Vec::with_capacity(EVENTS));
    for (offset, [record, line]) in fours.into_iter().zip(records) {
        let after = builder.ins().load(I64, PLAIN, event, offset + at(ts));
        let in_order = builder.ins().icmp(IntCC::SignedGreaterThanOrEqual, after, before);
        demand(builder, in_order, failed);
        before = after;
        let numbers = [numbers, numbers + 16].map(|numbers| builder.ins().load(F64X2, UNALIGNED, event, offset + at(numbers)));
        events.push(One { offset, record, line, numbers });
    }
    let in_time = builder.ins().icmp(IntCC::SignedLessThanOrEqual, before, fixed.limit);
    demand(builder, in_time, failed);

    let numbers: Vec<[Value; 2]> = events.iter().map(|one| one.numbers).collect();
    let bad = not_good(builder, fixed.pool, &numbers)?;
    let bad = high_bits(builder, bad);
    demand_zero(builder, bad, failed);
    let mut pairs = Vec::with_capacity(EVENTS / 2);
    for pair in events.as_chunks().0 {
        let (readings, changed) = rows(builder, fixed, kind, pair)?;
        if let Some(changed) = changed {
            demand_zero(builder, changed, failed);
        }
        pairs.push(readings);
    }

    // Either none of them has a time of the venue or all.
    let (value, tag) = fixed.shape.venue;
    let combined = |builder: &mut FunctionBuilder<'_>, combine: fn(&mut FunctionBuilder<'_>, Value, Value) -> Value| {
        let mut all = None;
        for one in &events {
            let tag = builder.ins().load(I32, PLAIN, event, one.at(tag));
            all = Some(all.map_or(tag, |all| combine(builder, all, tag)));
        }
        all
    };
    let any = combined(builder, |builder, x, y| builder.ins().bor(x, y))?;
    let [some, none, on] = [(); 3].map(|()| builder.create_block());
    let clock = builder.append_block_param(on, I64);
    builder.ins().brif(any, some, &[], none, &[]);
    builder.switch_to_block(some);
    // A tag is 0 or 1.
    let all = combined(builder, |builder, x, y| builder.ins().band(x, y))?;
    demand(builder, all, failed);
    let mut times = Vec::with_capacity(EVENTS);
    for one in &events {
        let time = builder.ins().load(I64, PLAIN, event, one.at(value));
        let is_time = is_time(builder, time);
        demand(builder, is_time, failed);
        times.push(time);
    }
    let mut last = before;
    for (one, time) in events.iter().zip(times) {
        // Loaded again: there are not registers for all of them.
        let ts = builder.ins().load(I64, PLAIN, event, one.at(ts));
        fixed.write_line(builder, one.line, one.numbers, ts, time);
        last = ts;
    }
    jump(builder, on, &[last]);
    builder.switch_to_block(none);
    let time = builder.ins().iconst(I64, NO_TIME);
    for one in &events {
        let ts = builder.ins().load(I64, PLAIN, event, one.at(ts));
        fixed.write_line(builder, one.line, one.numbers, ts, time);
        last = ts;
    }
    jump(builder, on, &[last]);
    builder.switch_to_block(on);
    for (pair, readings) in events.as_chunks().0.iter().zip(pairs) {
        write_slots(builder, fixed, kind, pair, &readings);
    }
    let next = builder.ins().iadd_imm_s(event, i64::from(at(size * EVENTS)));
    Some([next, clock])
}

/// Evaluates the rows of two events. Gives the readings, and what is not 0 where a row is unknown or not as it was.
fn rows(builder: &mut FunctionBuilder<'_>, fixed: &Fixed<'_>, kind: &Kind, pair: &[One; 2]) -> Option<(Vec<Value>, Option<Value>)> {
    let [a, b] = pair;
    let mut quotes = Numbers::two(fixed.pool, [a.numbers, b.numbers]);
    let mut changed: Option<Value> = None;
    let readings: Vec<Value> = kind.fields.iter().map(|(field, _)| quotes.read(builder, *field)).collect();
    let numbers: Vec<Operand> =
        readings.iter().zip(&kind.fields).map(|(reading, (field, _))| Operand::Number(*reading, field.is_finite())).collect();
    // After the number of the kind and the slots.
    let mut next = 4 + 4 * at(kind.slot_words());
    for group in &kind.groups {
        let KindGroup::Single { shape, operands, finite, .. } = group else { return None };
        let code = fixed.shape.codes.get(*shape)?.as_ref()?;
        let operands: Vec<Operand> = operands.iter().map(|operand| numbers.get((*operand)?).copied()).collect::<Option<_>>()?;
        let mut constants = Vec::with_capacity(usize::from(code.constants()));
        for _ in 0..code.constants() {
            // With what comes after them: one instruction less than without.
            let [x, y] = [a, b].map(|one| builder.ins().load(F64X2, UNALIGNED, one.record, next));
            constants.push(lower_lanes(builder, x, y));
            next += 8;
        }
        let row = Row { slots: fixed.slots, operands: &operands, constants: &constants, finite: *finite, pool: fixed.pool };
        let Masks { truth, known } = lanes::row(builder, code, row)?;
        if let Some(known) = known {
            let lanes = builder.ins().bxor_imm_u(known, 3);
            changed = Some(changed.map_or(lanes, |changed| builder.ins().bor(changed, lanes)));
        }
        let [head_of_a, head_of_b] = [a, b].map(|one| {
            let head = builder.ins().uload32(PLAIN, one.record, next);
            let head = builder.ins().iadd(fixed.heads, head);
            builder.ins().uload16(I32, UNALIGNED, head, 0)
        });
        next += 4;
        // Truths are bits 0 and 1; what is to be told for the first time makes the whole greater.
        let upper = builder.ins().ishl_imm_u(head_of_b, 1);
        let heads = builder.ins().iadd(head_of_a, upper);
        let differs = builder.ins().bxor(truth, heads);
        changed = Some(changed.map_or(differs, |changed| builder.ins().bor(changed, differs)));
    }
    Some((readings, changed))
}

/// Writes the readings of two events to their slots.
fn write_slots(builder: &mut FunctionBuilder<'_>, fixed: &Fixed<'_>, kind: &Kind, pair: &[One; 2], readings: &[Value]) {
    for (lane, one) in (0..).zip(pair) {
        let mut words = Words { builder: &mut *builder, base: one.record, next: 4 };
        let mut slot = None;
        for (reading, _) in readings.iter().zip(&kind.fields).filter(|(_, (_, is_written))| *is_written) {
            let (address, offset) = fixed.slot(&mut words, kind, &mut slot);
            let bits = words.builder.ins().bitcast(I64X2, little(), *reading);
            let number = words.builder.ins().extractlane(bits, lane);
            words.builder.ins().store(PLAIN, number, address, offset);
        }
    }
}

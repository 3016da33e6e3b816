//! The loop over events: checks, the line of the instrument, readings, and the rows of each kind of entry, one event after the other. Where most instruments
//! are of one kind, four events are tried at once first, which [`batch_wide`](crate::batch_wide) emits.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, F64X2, I32, I64};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, JumpTableData, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch::Frame;
use crate::batch_build::{Kind, KindGroup, Shape};
use crate::batch_calls::{Called, Changes};
use crate::batch_entry::{EventLayout, Field};
use crate::batch_numbers::{Numbers, high_bits, not_good};
use crate::emit::{PLAIN, UNALIGNED};
use crate::lanes::{self, Masks, Operand, Row};
use crate::literals::Pool;
use crate::scan::{self, Group, jump};
use crate::{Code, batch_calls, batch_trades, batch_wide};

/// Up to so many kinds are told apart one after the other.
const FEW: usize = 3;

/// What stays the same for all events.
pub(crate) struct Fixed<'a> {
    pub(crate) shape: &'a Shape<'a>,
    pub(crate) frame: Value,
    pub(crate) limit: Value,
    pub(crate) lines: Value,
    pub(crate) records: Value,
    pub(crate) slots: Value,
    pub(crate) heads: Value,
    /// Below the records.
    pub(crate) pool: Pool<'a>,
    /// What is called, if something is.
    pub(crate) call: Option<Called>,
}

/// The event at hand.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) event: Value,
    pub(crate) ts: Value,
    pub(crate) instrument: Value,
    /// Whether all instruments share one record.
    pub(crate) is_shared: bool,
    /// Where to go after it, with the next event and the clock.
    pub(crate) next: ir::Block,
    /// Where to go if a filter is true or a row not as it was: with the group, the block in it, and the unknown lanes before.
    pub(crate) found: ir::Block,
    /// Where to go if it is not plain.
    pub(crate) leave: ir::Block,
}

pub(crate) fn at(offset: usize) -> i32 {
    i32::try_from(offset).unwrap_or(i32::MAX)
}

/// `fn(frame)`: takes events up to `frame.until`; see [`Frame`].
pub(crate) fn function(builder: &mut FunctionBuilder<'_>, shape: &Shape<'_>) -> Option<()> {
    let (fixed, [event, clock, until]) = Fixed::enter(builder, shape, offset_of!(Frame, until))?;
    let [next, body, leave, out] = [(); 4].map(|()| builder.create_block());
    for block in [next, out] {
        builder.append_block_param(block, I64);
        builder.append_block_param(block, I64);
    }
    jump(builder, next, &[event, clock]);
    builder.switch_to_block(next);
    let &[event, clock] = builder.block_params(next) else { return None };
    let here = [event, clock].map(BlockArg::Value);
    let until = fixed.until(builder, until);
    let more = builder.ins().icmp(IntCC::NotEqual, event, until);
    builder.ins().brif(more, body, &[], out, &here);
    builder.switch_to_block(body);
    // With the group, the block in it, and the unknown lanes before.
    let found = builder.create_block();
    (0..3).for_each(|_| {
        builder.append_block_param(found, I64);
    });
    fixed.event(builder, [event, clock], next, [leave, found])?;
    builder.set_cold_block(leave);
    builder.switch_to_block(leave);
    builder.ins().jump(out, &here);
    builder.set_cold_block(found);
    builder.switch_to_block(found);
    let &[group, block, unknown] = builder.block_params(found) else { return None };
    for (offset, value) in [(offset_of!(Frame, found_group), group), (offset_of!(Frame, found_block), block)] {
        builder.ins().store(PLAIN, value, fixed.frame, at(offset));
    }
    fixed.count(builder, unknown);
    builder.ins().jump(out, &here);
    builder.switch_to_block(out);
    fixed.leave(builder, out)
}

/// `fn(frame)`: takes fours of events as long as they are plain and there are four; see [`Frame`].
pub(crate) fn function_of_fours(builder: &mut FunctionBuilder<'_>, shape: &Shape<'_>) -> Option<()> {
    let (fixed, [event, clock, end]) = Fixed::enter(builder, shape, offset_of!(Frame, until))?;
    let last = builder.ins().iadd_imm_s(end, -i64::from(at(shape.layout.size)) * batch_wide::EVENTS as i64);
    let [next, body, failed, out] = [(); 4].map(|()| builder.create_block());
    for block in [next, out] {
        builder.append_block_param(block, I64);
        builder.append_block_param(block, I64);
    }
    // The caller has seen that there are four.
    jump(builder, next, &[event, clock]);
    builder.switch_to_block(next);
    let &[event, clock] = builder.block_params(next) else { return None };
    let here = [event, clock].map(BlockArg::Value);
    let are_there = builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, event, last);
    builder.ins().brif(are_there, body, &[], out, &here);
    builder.switch_to_block(body);
    let after = batch_wide::four(builder, &fixed, [event, clock], failed)?;
    jump(builder, next, &after);
    builder.set_cold_block(failed);
    builder.switch_to_block(failed);
    builder.ins().jump(out, &here);
    builder.switch_to_block(out);
    fixed.leave(builder, out)
}

/// Goes on if the condition holds, else to `leave`.
pub(crate) fn demand(builder: &mut FunctionBuilder<'_>, condition: Value, leave: ir::Block) {
    let on = builder.create_block();
    builder.ins().brif(condition, on, &[], leave, &[]);
    builder.switch_to_block(on);
}

/// Goes on if it is 0, else to `leave`.
pub(crate) fn demand_zero(builder: &mut FunctionBuilder<'_>, value: Value, leave: ir::Block) {
    let on = builder.create_block();
    builder.ins().brif(value, leave, &[], on, &[]);
    builder.switch_to_block(on);
}

impl<'a> Fixed<'a> {
    /// The beginning of a function: also gives the first event, the clock, and the word of the frame at an offset.
    fn enter(builder: &mut FunctionBuilder<'_>, shape: &'a Shape<'a>, offset: usize) -> Option<(Self, [Value; 3])> {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let &[frame] = builder.block_params(entry) else { return None };
        let call = batch_calls::signature(builder, shape);
        let mut field = |offset: usize| builder.ins().load(I64, PLAIN, frame, at(offset));
        let [event, clock, word] = [offset_of!(Frame, events), offset_of!(Frame, clock), offset].map(&mut field);
        let records = field(offset_of!(Frame, records));
        let fixed = Self {
            shape,
            pool: Pool { literals: shape.literals, end: records },
            frame,
            limit: field(offset_of!(Frame, limit)),
            lines: field(offset_of!(Frame, lines)),
            records,
            slots: field(offset_of!(Frame, slots)),
            heads: field(offset_of!(Frame, heads)),
            call,
        };
        Some((fixed, [event, clock, word]))
    }

    /// The end of a function, with the event that is not taken and the clock.
    fn leave(&self, builder: &mut FunctionBuilder<'_>, out: ir::Block) -> Option<()> {
        let &[event, clock] = builder.block_params(out) else { return None };
        for (offset, value) in [(offset_of!(Frame, events), event), (offset_of!(Frame, clock), clock)] {
            builder.ins().store(PLAIN, value, self.frame, at(offset));
        }
        builder.ins().return_(&[]);
        Some(())
    }

    /// A field of the frame, loaded where it is used: there are not registers for all of them.
    pub(crate) fn field(&self, builder: &mut FunctionBuilder<'_>, offset: usize) -> Value {
        builder.ins().load(I64, PLAIN, self.frame, at(offset))
    }

    /// Takes an event, or leaves.
    fn event(
        &self,
        builder: &mut FunctionBuilder<'_>,
        [event, clock]: [Value; 2],
        next: ir::Block,
        [leave, found]: [ir::Block; 2],
    ) -> Option<()> {
        let EventLayout { ts, instrument, kind, quote, trade, .. } = self.shape.layout;
        let instrument = builder.ins().uload32(PLAIN, event, at(instrument));
        let instruments = self.field(builder, offset_of!(Frame, instruments));
        let is_known = builder.ins().icmp(IntCC::UnsignedLessThan, instrument, instruments);
        demand(builder, is_known, leave);
        let ts = builder.ins().load(I64, PLAIN, event, at(ts));
        let in_order = builder.ins().icmp(IntCC::SignedGreaterThanOrEqual, ts, clock);
        demand(builder, in_order, leave);
        self.in_time(builder, ts, leave);
        let here = At { event, ts, instrument, is_shared: false, next, found, leave };
        let tag = builder.ins().load(I32, PLAIN, event, at(kind));
        let Shape { kinds, trades, .. } = self.shape;
        let of_quotes = |builder: &mut FunctionBuilder<'_>| self.quote(builder, kinds, here);
        match (kinds.is_empty(), trades.is_empty()) {
            (true, true) => None,
            (false, true) => {
                let is_quote = builder.ins().icmp_imm_u(IntCC::Equal, tag, i64::from(quote));
                demand(builder, is_quote, leave);
                of_quotes(builder)
            }
            (is_trade_only, false) => {
                let [of_trade, other] = [(); 2].map(|()| builder.create_block());
                let is_trade = builder.ins().icmp_imm_u(IntCC::Equal, tag, i64::from(trade));
                builder.ins().brif(is_trade, of_trade, &[], other, &[]);
                builder.switch_to_block(other);
                if is_trade_only {
                    builder.ins().jump(leave, &[]);
                } else {
                    let is_quote = builder.ins().icmp_imm_u(IntCC::Equal, tag, i64::from(quote));
                    demand(builder, is_quote, leave);
                    of_quotes(builder)?;
                }
                builder.switch_to_block(of_trade);
                batch_trades::trade(builder, self, trades, At { is_shared: self.shape.is_one_trade, ..here })
            }
        }
    }

    /// Takes a quote.
    fn quote(&self, builder: &mut FunctionBuilder<'_>, kinds: &[Kind], here: At) -> Option<()> {
        let At { event, ts, instrument, leave, .. } = here;
        let numbers = self.shape.layout.numbers;
        let prices = builder.ins().load(F64X2, UNALIGNED, event, at(numbers));
        let qtys = builder.ins().load(F64X2, UNALIGNED, event, at(numbers + 16));
        let bad = not_good(builder, self.pool, &[[prices, qtys]])?;
        let bad = high_bits(builder, bad);
        demand_zero(builder, bad, leave);

        // Before anything is written it is known that there is code for it.
        let [record, line] = self.places(builder, instrument);
        let number = builder.ins().load(I32, PLAIN, record, 0);
        let venue_ts = self.venue_ts(builder, event, leave);
        for (kind, target) in kinds.iter().zip(targets(builder, kinds, number, leave)) {
            builder.switch_to_block(target);
            if kind.wants_trade {
                batch_trades::demand_trade(builder, [line], leave)?;
            }
            self.write_line(builder, line, [prices, qtys], ts, venue_ts);
            let mut quote = Numbers::one(self.pool, [prices, qtys]);
            self.kind(builder, kind, record, here, |builder, field| Operand::Number(quote.read(builder, field), field.is_finite()))?;
        }
        Some(())
    }

    /// Reads, writes the slots of readings, and looks through the rows.
    pub(crate) fn kind(
        &self,
        builder: &mut FunctionBuilder<'_>,
        kind: &Kind,
        record: Value,
        here: At,
        mut read: impl FnMut(&mut FunctionBuilder<'_>, Field) -> Operand,
    ) -> Option<()> {
        let At { event, ts, next, found, .. } = here;
        let mut words = Words { builder, base: record, next: 4 };
        if !kind.is_inline {
            let offset = words.take();
            let offset = words.builder.ins().ishl_imm_u(offset, 2);
            let all = self.field(words.builder, offset_of!(Frame, words));
            words.base = words.builder.ins().iadd(all, offset);
            words.next = 0;
        }
        let mut readings = Vec::with_capacity(kind.fields.len());
        let mut slot = None;
        for (field, is_written) in &kind.fields {
            let reading = read(words.builder, *field);
            if *is_written {
                let bits = match reading {
                    Operand::Number(value, _) => words.builder.ins().extractlane(value, 0),
                    Operand::Level { bits, .. } | Operand::Slot(bits) => bits,
                };
                let (address, offset) = self.slot(&mut words, kind, &mut slot);
                words.builder.ins().store(PLAIN, bits, address, offset);
            }
            readings.push(reading);
        }
        self.steps(&mut words, kind, record, here)?;
        self.single_filters(&mut words, kind, &readings, here)?;
        let mut unknown = None;
        for group in kind.groups.iter().skip(kind.single_filters()) {
            let (KindGroup::Single { place, .. } | KindGroup::Many { place, .. }) = group;
            let (is_filter, place) = (*place < kind.filters, *place as i64);
            match group {
                KindGroup::Single { shape, operands, finite, .. } => {
                    let (sources, constants, code) = self.row(&mut words, (*shape, operands), &readings)?;
                    if is_filter {
                        let row = Row { slots: self.slots, operands: &sources, constants: &constants, finite: *finite, pool: self.pool };
                        let Masks { truth, .. } = lanes::row(words.builder, code, row)?;
                        let truth = words.builder.ins().band_imm_u(truth, 1);
                        let [place, zero] = [place, 0].map(|number| words.builder.ins().iconst(I64, number));
                        let on = words.builder.create_block();
                        words.builder.ins().brif(truth, found, &[place, zero, zero].map(BlockArg::Value), on, &[]);
                        words.builder.switch_to_block(on);
                        continue;
                    }
                    let head = words.take();
                    let head = words.builder.ins().iadd(self.heads, head);
                    let row = Row { slots: self.slots, operands: &sources, constants: &constants, finite: *finite, pool: self.pool };
                    let Masks { truth, known } = lanes::row(words.builder, code, row)?;
                    let Some(known) = known else {
                        // A row that stands alone is one: truth and first in one look, and anything but the truth that was is looked into.
                        let head = words.builder.ins().uload16(I32, UNALIGNED, head, 0);
                        let differs = words.builder.ins().bxor(truth, head);
                        let differs = words.builder.ins().band_imm_u(differs, 0xff01);
                        let [here, on] = [(); 2].map(|()| words.builder.create_block());
                        words.builder.ins().brif(differs, here, &[], on, &[]);
                        words.builder.set_cold_block(here);
                        words.builder.switch_to_block(here);
                        let [number, zero] = [place, 0].map(|number| words.builder.ins().iconst(I64, number));
                        let args = [number, zero, unknown.unwrap_or(zero)].map(BlockArg::Value);
                        let changes = Changes { fixed: self, event, group: place };
                        let is_found = changes.settle(words.builder, zero, Masks { truth, known: None })?;
                        words.builder.ins().brif(is_found, found, &args, on, &[]);
                        words.builder.switch_to_block(on);
                        continue;
                    };
                    let [truth, known] = [truth, known].map(|bits| words.builder.ins().band_imm_u(bits, 1));
                    let before = unknown.unwrap_or_else(|| words.builder.ins().iconst(I64, 0));
                    let [number, zero] = [place, 0].map(|number| words.builder.ins().iconst(I64, number));
                    let args = [number, zero, before].map(BlockArg::Value);
                    let changes = Changes { fixed: self, event, group: place };
                    let found = scan::Found { to: found, args: &args, changes: Some((changes, zero)) };
                    unknown = Some(scan::test(words.builder, Masks { truth, known: Some(known) }, head, before, found)?);
                }
                KindGroup::Many { shape, finite, .. } => {
                    let code = self.shape.codes.get(*shape)?.as_ref()?;
                    let [operands, constants, head, rows] = [(); 4].map(|()| words.take());
                    let builder = &mut *words.builder;
                    let operands = builder.ins().ishl_imm_u(operands, i64::from(self.shape.width.trailing_zeros()));
                    let all = self.field(builder, offset_of!(Frame, operands));
                    let operands = builder.ins().iadd(all, operands);
                    let constants = builder.ins().ishl_imm_u(constants, 3);
                    let all = self.field(builder, offset_of!(Frame, constants));
                    let constants = builder.ins().iadd(all, constants);
                    let heads = builder.ins().iadd(self.heads, head);
                    let from = builder.ins().iconst(I64, 0);
                    let here = builder.create_block();
                    builder.append_block_param(here, I64);
                    builder.append_block_param(here, I64);
                    let before = unknown.unwrap_or(from);
                    let changes = Some(Changes { fixed: self, event, group: place }).filter(|_| !is_filter);
                    let group =
                        Group { slots: self.slots, operands, constants, heads, rows, from, unknown: before, quick: *finite, changes };
                    let after = scan::group(builder, code, self.shape.width, group, here)?;
                    if !is_filter {
                        unknown = Some(after);
                    }
                    let on = builder.create_block();
                    builder.ins().jump(on, &[]);
                    builder.set_cold_block(here);
                    builder.switch_to_block(here);
                    let &[block, counted] = builder.block_params(here) else { return None };
                    let counted = if is_filter { builder.ins().iconst(I64, 0) } else { counted };
                    let place = builder.ins().iconst(I64, place);
                    jump(builder, found, &[place, block, counted]);
                    builder.switch_to_block(on);
                }
            }
        }
        if let Some(unknown) = unknown {
            self.count(words.builder, unknown);
        }
        let after = words.builder.ins().iadd_imm_s(event, i64::from(at(self.shape.layout.size)));
        jump(words.builder, next, &[after, ts]);
        Some(())
    }

    /// What a row reads that stands alone.
    pub(crate) fn row(
        &self,
        words: &mut Words<'_, '_>,
        (shape, operands): (usize, &[Option<usize>]),
        readings: &[Operand],
    ) -> Option<(Vec<Operand>, Vec<Value>, &'a Code)> {
        let code = self.shape.codes.get(shape)?.as_ref()?;
        let mut sources = Vec::with_capacity(operands.len());
        for operand in operands {
            sources.push(match operand {
                Some(reading) => *readings.get(*reading)?,
                None => Operand::Slot(words.take()),
            });
        }
        let constants = (0..code.constants()).map(|_| words.take_number()).collect();
        Some((sources, constants, code))
    }

    /// Counts unknown lanes.
    fn count(&self, builder: &mut FunctionBuilder<'_>, unknown: Value) {
        let before = self.field(builder, offset_of!(Frame, unknown));
        let after = builder.ins().iadd(before, unknown);
        builder.ins().store(PLAIN, after, self.frame, at(offset_of!(Frame, unknown)));
    }

    /// Where the next reading goes: an address and an offset from it. `last` is where the last one went, if all follow the first.
    pub(crate) fn slot(&self, words: &mut Words<'_, '_>, kind: &Kind, last: &mut Option<(Value, i32)>) -> (Value, i32) {
        let place = match last {
            Some((first, offset)) if kind.is_run => (*first, *offset + 8),
            _ => {
                let slot = words.take();
                let slot = words.builder.ins().ishl_imm_u(slot, 3);
                (words.builder.ins().iadd(self.slots, slot), 0)
            }
        };
        *last = Some(place);
        place
    }
}

/// Where the code of each kind begins, gone to by the number of the kind; to `leave` for what is none of them.
pub(crate) fn targets(builder: &mut FunctionBuilder<'_>, kinds: &[Kind], number: Value, leave: ir::Block) -> Vec<ir::Block> {
    let targets: Vec<ir::Block> = kinds.iter().map(|_| builder.create_block()).collect();
    if kinds.len() <= FEW {
        let last = targets.len().saturating_sub(1);
        for (place, target) in targets.iter().enumerate() {
            let is_it = builder.ins().icmp_imm_u(IntCC::Equal, number, place as i64 + 1);
            let other = if place == last { leave } else { builder.create_block() };
            builder.ins().brif(is_it, *target, &[], other, &[]);
            if place != last {
                builder.switch_to_block(other);
            }
        }
    } else {
        let leave = builder.func.dfg.block_call(leave, &[]);
        let calls: Vec<_> = targets.iter().map(|target| builder.func.dfg.block_call(*target, &[])).collect();
        let calls: Vec<_> = std::iter::once(leave).chain(calls).collect();
        let table = builder.create_jump_table(JumpTableData::new(leave, &calls));
        builder.ins().br_table(number, table);
    }
    targets
}

/// The words of a record, one after the other.
pub(crate) struct Words<'b, 'f> {
    pub(crate) builder: &'b mut FunctionBuilder<'f>,
    pub(crate) base: Value,
    pub(crate) next: i32,
}

impl Words<'_, '_> {
    pub(crate) fn take(&mut self) -> Value {
        let word = self.builder.ins().uload32(PLAIN, self.base, self.next);
        self.next += 4;
        word
    }

    /// A number in the lower lane.
    fn take_number(&mut self) -> Value {
        let number = self.builder.ins().load(F64, UNALIGNED, self.base, self.next);
        self.next += 8;
        self.builder.ins().scalar_to_vector(F64X2, number)
    }
}

//! Trades: their numbers, their lines, and filters of events.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64X2, I8, I32, I64, I64X2};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch::Frame;
use crate::batch_build::{Kind, KindGroup, Record};
use crate::batch_emit::{At, Fixed, Words, at, demand, demand_zero, targets};
use crate::batch_entry::Field;
use crate::batch_numbers::{LEAST, MOST, high_bits, upper_lane};
use crate::emit::{PLAIN, UNALIGNED};
use crate::lanes::{self, Masks, Operand, Row};
use crate::scan::{jump, little};
use crate::{MarketLine, TradeLine, side};

/// Takes a trade.
pub(crate) fn trade(builder: &mut FunctionBuilder<'_>, fixed: &Fixed<'_>, kinds: &[Kind], here: At) -> Option<()> {
    let At { event, ts, instrument, leave, .. } = here;
    let layout = fixed.shape.layout;
    let numbers = builder.ins().load(F64X2, UNALIGNED, event, at(layout.traded));
    // A quantity of next to nothing is good too, but rare.
    let [from, to] = [LEAST, MOST].map(|x| fixed.pool.load(builder, x));
    let under = builder.ins().fsub(numbers, from);
    let under = builder.ins().bitcast(I64X2, little(), under);
    let over = builder.ins().fcmp(FloatCC::UnorderedOrGreaterThan, numbers, to);
    let bad = builder.ins().bor(under, over);
    let bad = high_bits(builder, bad);
    demand_zero(builder, bad, leave);

    let records = fixed.field(builder, offset_of!(Frame, trade_records));
    let record = if fixed.shape.is_one_trade {
        records
    } else {
        let offset = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<Record>().trailing_zeros()));
        builder.ins().iadd(records, offset)
    };
    let number = builder.ins().load(I32, PLAIN, record, 0);
    let venue_ts = fixed.venue_ts(builder, event, leave);
    for (kind, target) in kinds.iter().zip(targets(builder, kinds, number, leave)) {
        builder.switch_to_block(target);
        let offset = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<TradeLine>().trailing_zeros()));
        let lines = fixed.field(builder, offset_of!(Frame, trades));
        let line = builder.ins().iadd(lines, offset);
        builder.ins().store(UNALIGNED, numbers, line, 0);
        let offset = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<MarketLine<()>>().trailing_zeros()));
        let line = builder.ins().iadd(fixed.lines, offset);
        builder.ins().store(PLAIN, ts, line, at(offset_of!(MarketLine<()>, trade_ts)));
        builder.ins().store(PLAIN, venue_ts, line, at(offset_of!(MarketLine<()>, venue_ts)));
        let side = builder.ins().uload8(I64, PLAIN, event, at(layout.side));
        builder.ins().istore8(PLAIN, side, line, at(offset_of!(MarketLine<()>, side)));
        let traded = builder.ins().iconst(I8, 1);
        builder.ins().store(PLAIN, traded, line, at(offset_of!(MarketLine<()>, traded)));
        fixed.kind(builder, kind, record, here, |builder, field| read(builder, numbers, side, field))?;
    }
    Some(())
}

/// Goes on if there was a trade of all instruments with these lines, else to `leave`.
pub(crate) fn demand_trade(builder: &mut FunctionBuilder<'_>, lines: impl IntoIterator<Item = Value>, leave: ir::Block) -> Option<()> {
    let mut all = None;
    for line in lines {
        let traded = builder.ins().uload8(I32, PLAIN, line, at(offset_of!(MarketLine<()>, traded)));
        all = Some(all.map_or(traded, |all| builder.ins().band(all, traded)));
    }
    demand(builder, all?, leave);
    Some(())
}

fn read(builder: &mut FunctionBuilder<'_>, numbers: Value, side: Value, field: Field) -> Operand {
    let number = match field {
        Field::Qty => upper_lane(builder, numbers),
        Field::Notional => {
            let qty = upper_lane(builder, numbers);
            builder.ins().fmul(numbers, qty)
        }
        Field::IsBuy => return is_side(builder, side, side::BUY, side::SELL),
        Field::IsSell => return is_side(builder, side, side::SELL, side::BUY),
        // The rest is of quotes, and of no entry of trades.
        _ => numbers,
    };
    Operand::Number(number, field.is_finite())
}

/// Levels as slots hold them.
const TRUE: i64 = 2;
const UNKNOWN: i64 = 1;
const FALSE: i64 = 0;

/// Whether a side is this one.
fn is_side(builder: &mut FunctionBuilder<'_>, value: Value, this: u8, other: u8) -> Operand {
    let [is_this, is_other] = [this, other].map(|code| builder.ins().icmp_imm_u(IntCC::Equal, value, i64::from(code)));
    let [t, f] = [is_this, is_other].map(|condition| {
        let mask = builder.ins().bmask(I64, condition);
        builder.ins().scalar_to_vector(I64X2, mask)
    });
    let [yes, no, unknown] = [TRUE, FALSE, UNKNOWN].map(|level| builder.ins().iconst(I64, level));
    let bits = builder.ins().select(is_other, no, unknown);
    let bits = builder.ins().select(is_this, yes, bits);
    Operand::Level { t, f, bits }
}

impl Fixed<'_> {
    /// Looks at the filters that are rows by themselves, at all of them in one look: nearly always none is true.
    pub(crate) fn single_filters(&self, words: &mut Words<'_, '_>, kind: &Kind, readings: &[Operand], here: At) -> Option<()> {
        // Loaded where it is called for, which is rare.
        let step = words.next;
        words.next += if kind.calls_for_filters { 4 } else { 0 };
        let mut truths = Vec::new();
        for group in kind.groups.iter().take(kind.single_filters()) {
            let KindGroup::Single { place, shape, operands, finite } = group else { return None };
            let (operands, constants, code) = self.row(words, (*shape, operands), readings)?;
            let row = Row { slots: self.slots, operands: &operands, constants: &constants, finite: *finite, pool: self.pool };
            let Masks { truth, .. } = lanes::row(words.builder, code, row)?;
            truths.push((words.builder.ins().band_imm_u(truth, 1), *place as i64));
        }
        let Some((first, rest)) = truths.split_first() else { return Some(()) };
        let base = words.base;
        let builder = &mut *words.builder;
        let any = rest.iter().fold(first.0, |any, (truth, _)| builder.ins().bor(any, *truth));
        let [some, on] = [(); 2].map(|()| builder.create_block());
        builder.ins().brif(any, some, &[], on, &[]);
        builder.set_cold_block(some);
        builder.switch_to_block(some);
        if kind.calls_for_filters {
            let step = builder.ins().uload32(PLAIN, base, step);
            let lanes = rest.iter().zip(1..).fold(first.0, |lanes, ((truth, _), lane)| {
                let bit = builder.ins().ishl_imm_u(*truth, lane);
                builder.ins().bor(lanes, bit)
            });
            let lanes = builder.ins().uextend(I64, lanes);
            self.step_of_filters(builder, [step, lanes, here.ts], here.leave)?;
            if let Some(back) = builder.current_block() {
                builder.set_cold_block(back);
            }
            jump(builder, on, &[]);
        } else {
            let zero = builder.ins().iconst(I64, 0);
            // The first that is true; the last one if none before it is.
            for (truth, place) in truths.iter().take(truths.len() - 1) {
                let place = builder.ins().iconst(I64, *place);
                let next = builder.create_block();
                builder.ins().brif(*truth, here.found, &[place, zero, zero].map(BlockArg::Value), next, &[]);
                builder.set_cold_block(next);
                builder.switch_to_block(next);
            }
            let last = builder.ins().iconst(I64, truths.last().map_or(0, |(_, place)| *place));
            jump(builder, here.found, &[last, zero, zero]);
        }
        builder.switch_to_block(on);
        Some(())
    }
}

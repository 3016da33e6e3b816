//! Lines of the market in the loop over events: where they are, and what is written of an event whatever its entry.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::MarketLine;
use crate::batch_build::Record;
use crate::batch_emit::{Fixed, at};
use crate::emit::{PLAIN, UNALIGNED};

/// The venue's time where there is none.
pub(crate) const NO_TIME: i64 = i64::MIN;

impl Fixed<'_> {
    /// Where the record and the line of an instrument are.
    pub(crate) fn places(&self, builder: &mut FunctionBuilder<'_>, instrument: Value) -> [Value; 2] {
        const TWICE: () = assert!(size_of::<MarketLine<()>>() == 2 * size_of::<Record>());
        let () = TWICE;
        let offset = builder.ins().ishl_imm_u(instrument, i64::from(size_of::<Record>().trailing_zeros()));
        let record = builder.ins().iadd(self.records, offset);
        // Not by a shift of its own, for which the instrument would have to stay in a register.
        let line = builder.ins().iadd(self.lines, offset);
        [record, builder.ins().iadd(line, offset)]
    }

    /// Writes the line of an instrument.
    pub(crate) fn write_line(
        &self,
        builder: &mut FunctionBuilder<'_>,
        line: Value,
        [prices, qtys]: [Value; 2],
        ts: Value,
        venue_ts: Value,
    ) {
        builder.ins().store(UNALIGNED, prices, line, at(offset_of!(MarketLine<()>, bid)));
        builder.ins().store(UNALIGNED, qtys, line, at(offset_of!(MarketLine<()>, bid_qty)));
        builder.ins().store(PLAIN, ts, line, at(offset_of!(MarketLine<()>, quote_ts)));
        builder.ins().store(PLAIN, venue_ts, line, at(offset_of!(MarketLine<()>, venue_ts)));
    }

    /// The venue's time, or that there is none. Its ends of the range stand for other things, so they are not plain.
    pub(crate) fn venue_ts(&self, builder: &mut FunctionBuilder<'_>, event: Value, leave: ir::Block) -> Value {
        let (value, tag) = self.shape.venue;
        let tag = builder.ins().load(I32, PLAIN, event, at(tag));
        let [some, on] = [(); 2].map(|()| builder.create_block());
        let venue_ts = builder.append_block_param(on, I64);
        let none = builder.ins().iconst(I64, NO_TIME);
        builder.ins().brif(tag, some, &[], on, &[BlockArg::Value(none)]);
        builder.switch_to_block(some);
        let time = builder.ins().load(I64, PLAIN, event, at(value));
        let is_time = is_time(builder, time);
        builder.ins().brif(is_time, on, &[BlockArg::Value(time)], leave, &[]);
        builder.switch_to_block(on);
        venue_ts
    }
}

/// Whether a venue's time is no end of the range.
pub(crate) fn is_time(builder: &mut FunctionBuilder<'_>, time: Value) -> Value {
    let shifted = builder.ins().iadd_imm_s(time, 1);
    let first = builder.ins().iconst(I64, i64::MIN + 1);
    builder.ins().icmp(IntCC::SignedGreaterThan, shifted, first)
}

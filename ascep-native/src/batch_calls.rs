//! Steps of an entry: calls back into Rust, between the readings of an event and its rows, and where a filter is true or a row is not as it was.
//!
//! Those between readings and rows are calls like any other. The others are rare, and a loop that might make one should not keep its values out of the registers for it: they go through a
//! function that leaves all registers as they were, and what comes of them is in the frame.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, SigRef, Signature, Value};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

use crate::bare::Calls;
use crate::batch::Frame;
use crate::batch_build::{Kind, Record, STEPS_IN_RECORD, Shape};
use crate::batch_emit::{At, Fixed, Words, at, demand, demand_zero};
use crate::emit::PLAIN;
use crate::lanes::Masks;

/// Where a part of the frame is that calls are made with.
const CALL: usize = offset_of!(Frame, calls) + offset_of!(Calls, call);
const CALL_OF_FILTERS: usize = offset_of!(Frame, calls) + offset_of!(Calls, filters);
const CALL_OF_CHANGES: usize = offset_of!(Frame, calls) + offset_of!(Calls, changes);
const AWAY: usize = offset_of!(Frame, calls) + offset_of!(Calls, away);
const CAME: usize = offset_of!(Frame, calls) + offset_of!(Calls, came);

/// How many events ahead a step is asked for: what it leads to has to be there by then, and far events are not known as long.
const AHEAD: i64 = 2;

/// What is called.
#[derive(Clone, Copy)]
pub(crate) struct Called {
    /// Steps.
    step: SigRef,
    /// What calls the others.
    away: SigRef,
}

/// The signature of what calls the others: the frame, what to call, and what to call it with.
pub(crate) fn set_signature(signature: &mut Signature) {
    signature.call_conv = CallConv::PreserveAll;
    signature.params.extend([AbiParam::new(I64); 5]);
}

/// The signature of what is called from there, and of steps but for what they get beside.
fn called(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params.extend([AbiParam::new(I64); 4]);
    signature.returns.push(AbiParam::new(I64));
    signature
}

/// The body of what calls the others.
pub(crate) fn away(builder: &mut FunctionBuilder<'_>, convention: CallConv) -> Option<()> {
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let &[frame, call, a, b, c] = builder.block_params(entry) else { return None };
    let signature = builder.import_signature(called(convention));
    let call = builder.ins().call_indirect(signature, call, &[frame, a, b, c]);
    let &[came] = builder.inst_results(call) else { return None };
    builder.ins().store(PLAIN, came, frame, at(CAME));
    builder.ins().return_(&[]);
    Some(())
}

/// The signatures of what is called, if something is.
pub(crate) fn signature(builder: &mut FunctionBuilder<'_>, shape: &Shape<'_>) -> Option<Called> {
    if shape.kinds.iter().chain(shape.trades).all(|kind| !kind.calls() && kind.groups.is_empty()) {
        return None;
    }
    let convention = builder.func.signature.call_conv;
    let mut step = called(convention);
    step.params.push(AbiParam::new(I64));
    let step = builder.import_signature(step);
    let mut signature = Signature::new(convention);
    set_signature(&mut signature);
    Some(Called { step, away: builder.import_signature(signature) })
}

impl Fixed<'_> {
    /// Demands that an event is not after the limit. A call may bring that nearer: then it is looked at where it is.
    pub(crate) fn in_time(&self, builder: &mut FunctionBuilder<'_>, ts: Value, leave: ir::Block) {
        let limit = if self.shape.calls() { self.field(builder, offset_of!(Frame, limit)) } else { self.limit };
        let in_time = builder.ins().icmp(IntCC::SignedLessThanOrEqual, ts, limit);
        demand(builder, in_time, leave);
    }

    /// Calls for the steps of a kind, and leaves where the loop is to be left. What was in memory before may be something else afterwards: slots, and the limit.
    pub(crate) fn steps(&self, words: &mut Words<'_, '_>, kind: &Kind, record: Value, here: At) -> Option<()> {
        let At { event, ts, leave, .. } = here;
        let ahead = if kind.steps > 0 { self.ahead(words.builder, record, here) } else { record };
        for number in 0..kind.steps {
            // In the record of another kind something else may stand there: it is a guess.
            let place = if kind.is_inline { Some(words.next) } else { STEPS_IN_RECORD.get(number).map(|word| at(word * size_of::<u32>())) };
            let step = words.take();
            let builder = &mut *words.builder;
            let next = place.map_or(step, |place| builder.ins().uload32(PLAIN, ahead, place));
            let call = self.field(builder, CALL);
            let call = builder.ins().call_indirect(self.call?.step, call, &[self.frame, step, event, ts, next]);
            let &[leaves] = builder.inst_results(call) else { return None };
            demand_zero(builder, leaves, leave);
        }
        Some(())
    }

    /// The record of an event that is to come, in the table of this one; this one's own where there is none.
    fn ahead(&self, builder: &mut FunctionBuilder<'_>, record: Value, here: At) -> Value {
        let At { event, instrument, is_shared, .. } = here;
        if is_shared {
            return record;
        }
        let later = builder.ins().iadd_imm_s(event, AHEAD * i64::from(at(self.shape.layout.size)));
        let until = self.field(builder, offset_of!(Frame, until));
        let is_there = builder.ins().icmp(IntCC::UnsignedLessThan, later, until);
        let later = builder.ins().select(is_there, later, event);
        let other = builder.ins().uload32(PLAIN, later, at(self.shape.layout.instrument));
        // Behind the records that are counted there is one more.
        let instruments = self.field(builder, offset_of!(Frame, instruments));
        let other = builder.ins().umin(other, instruments);
        let further = builder.ins().isub(other, instrument);
        let further = builder.ins().ishl_imm_u(further, i64::from(size_of::<Record>().trailing_zeros()));
        builder.ins().iadd(record, further)
    }

    /// Calls for the step of filters of which some are true, and goes to `left` where the loop is to be left.
    pub(crate) fn step_of_filters(&self, builder: &mut FunctionBuilder<'_>, [step, lanes, ts]: [Value; 3], left: ir::Block) -> Option<()> {
        let leaves = self.call_away(builder, CALL_OF_FILTERS, [step, lanes, ts])?;
        demand_zero(builder, leaves, left);
        Some(())
    }

    /// Up to where events are taken: a change that is settled may bring that nearer.
    pub(crate) fn until(&self, builder: &mut FunctionBuilder<'_>, until: Value) -> Value {
        if self.call.is_some() { self.field(builder, offset_of!(Frame, until)) } else { until }
    }

    /// Calls what stands in the frame, over registers that stay as they are. Gives what comes of it.
    fn call_away(&self, builder: &mut FunctionBuilder<'_>, offset: usize, [a, b, c]: [Value; 3]) -> Option<Value> {
        let call = self.field(builder, offset);
        let away = self.field(builder, AWAY);
        builder.ins().call_indirect(self.call?.away, away, &[self.frame, call, a, b, c]);
        Some(self.field(builder, CAME))
    }
}

/// The rows of which a change is called for.
#[derive(Clone, Copy)]
pub(crate) struct Changes<'a> {
    pub(crate) fixed: &'a Fixed<'a>,
    pub(crate) event: Value,
    /// Which of the groups of the entry they are.
    pub(crate) group: i64,
}

impl Changes<'_> {
    /// Calls for the change of a block. What comes of it is 0 where it is settled.
    pub(crate) fn settle(self, builder: &mut FunctionBuilder<'_>, block: Value, Masks { truth, known }: Masks) -> Option<Value> {
        let Self { fixed, event, group } = self;
        let above = builder.ins().ishl_imm_u(block, 32);
        let place = builder.ins().bor_imm_u(above, group);
        let truth = builder.ins().band_imm_u(truth, 0xff);
        let lanes = match known {
            Some(known) => {
                let known = builder.ins().band_imm_u(known, 0xff);
                let known = builder.ins().ishl_imm_u(known, 8);
                builder.ins().bor(truth, known)
            }
            None => builder.ins().bor_imm_u(truth, 0xff00),
        };
        let lanes = builder.ins().uextend(I64, lanes);
        fixed.call_away(builder, CALL_OF_CHANGES, [event, place, lanes])
    }
}

//! Steps of an entry: calls back into Rust, between the readings of an event and its rows.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, SigRef, Signature, Value};
use cranelift_frontend::FunctionBuilder;

use crate::bare::Calls;
use crate::batch::Frame;
use crate::batch_build::Shape;
use crate::batch_emit::{Fixed, Words, demand, demand_zero};

/// Where a part of the frame is that calls are made with.
const CALL: usize = offset_of!(Frame, calls) + offset_of!(Calls, call);
const CALL_OF_FILTERS: usize = offset_of!(Frame, calls) + offset_of!(Calls, filters);

/// The signature of what is called, if something is.
pub(crate) fn signature(builder: &mut FunctionBuilder<'_>, shape: &Shape<'_>) -> Option<SigRef> {
    if shape.kinds.iter().chain(shape.trades).all(|kind| !kind.calls()) {
        return None;
    }
    let mut signature = Signature::new(builder.func.signature.call_conv);
    signature.params.extend([AbiParam::new(I64); 4]);
    signature.returns.push(AbiParam::new(I64));
    Some(builder.import_signature(signature))
}

impl Fixed<'_> {
    /// Demands that an event is not after the limit. A call may bring that nearer: then it is looked at where it is.
    pub(crate) fn in_time(&self, builder: &mut FunctionBuilder<'_>, ts: Value, leave: ir::Block) {
        let limit = if self.call.is_some() { self.field(builder, offset_of!(Frame, limit)) } else { self.limit };
        let in_time = builder.ins().icmp(IntCC::SignedLessThanOrEqual, ts, limit);
        demand(builder, in_time, leave);
    }

    /// Calls for the next step of the words, and goes to `left` where the loop is to be left. What was in memory before may be something else afterwards: slots, and the limit.
    pub(crate) fn step(&self, words: &mut Words<'_, '_>, [event, ts]: [Value; 2], left: ir::Block) -> Option<()> {
        let step = words.take();
        self.call(words.builder, CALL, [step, event, ts], left)
    }

    /// Calls for the step of filters of which some are true, and goes to `left` where the loop is to be left.
    pub(crate) fn step_of_filters(&self, builder: &mut FunctionBuilder<'_>, [step, lanes, ts]: [Value; 3], left: ir::Block) -> Option<()> {
        self.call(builder, CALL_OF_FILTERS, [step, lanes, ts], left)
    }

    /// Calls what stands in the frame, and goes to `left` unless it gives 0.
    fn call(&self, builder: &mut FunctionBuilder<'_>, offset: usize, [step, of, ts]: [Value; 3], left: ir::Block) -> Option<()> {
        let call = self.field(builder, offset);
        let call = builder.ins().call_indirect(self.call?, call, &[self.frame, step, of, ts]);
        let &[leaves] = builder.inst_results(call) else { return None };
        demand_zero(builder, leaves, left);
        Some(())
    }
}

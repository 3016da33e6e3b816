//! Rows evaluated side by side: the lanes of a block, and rows that stand alone. What comes out are bits, one for each lane.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::Code;
use crate::emit::{Pair, Source, Truth};
use crate::literals::Pool;

/// What a row reads that stands alone, so that its columns are not needed: the lower lanes are it, or each lane is such a row of another event.
pub(crate) struct Row<'a> {
    pub(crate) slots: Value,
    /// Each operand: a number or a level that is at hand, or where the number of its slot stands.
    pub(crate) operands: &'a [Operand],
    /// Each constant.
    pub(crate) constants: &'a [Value],
    /// Whether all its constants are finite.
    pub(crate) finite: bool,
    /// Where literals are loaded from.
    pub(crate) pool: Pool<'a>,
}

/// An operand of a row that stands alone.
#[derive(Clone, Copy)]
pub(crate) enum Operand {
    /// A number in a vector, and whether it is surely finite.
    Number(Value, bool),
    /// A level that is at hand: as vectors where it is known-true and known-false, and as slots hold it.
    Level { t: Value, f: Value, bits: Value },
    /// The number of its slot.
    Slot(Value),
}

/// Where the columns of a block lie.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) slots: Value,
    /// Of this block.
    pub(crate) operands: Value,
    /// Of this block.
    pub(crate) constants: Value,
    /// Bytes of an operand.
    pub(crate) width: i32,
    pub(crate) lanes: i32,
    /// Whether all its constants are finite.
    pub(crate) finite: bool,
}

/// Known-true and known-false lanes of a block, as bits of an `i32`.
#[derive(Clone, Copy)]
pub(crate) struct Masks {
    pub(crate) truth: Value,
    /// None where every lane is known, whatever it reads.
    pub(crate) known: Option<Value>,
}

/// Emits the program for all lanes of a block.
pub(crate) fn block(builder: &mut FunctionBuilder<'_>, code: &Code, block: Block) -> Option<Masks> {
    let mut masks: Option<Masks> = None;
    for first in (0..block.lanes).step_by(2) {
        let truth = Pair::over(builder, Source::Columns { block, first }).run(code)?;
        let known = builder.ins().bor(truth.t, truth.f);
        let mut bits = [truth.t, known].map(|mask| builder.ins().vhigh_bits(I32, mask));
        if first > 0 {
            bits = bits.map(|bits| builder.ins().ishl_imm_u(bits, i64::from(first)));
        }
        let [t, k] = bits;
        masks = Some(match masks {
            Some(Masks { truth, known: Some(known) }) => {
                Masks { truth: builder.ins().bor(truth, t), known: Some(builder.ins().bor(known, k)) }
            }
            _ => Masks { truth: t, known: Some(k) },
        });
    }
    masks
}

/// Emits the program for some lanes of a block, from the first one on, as it is where everything is known and finite: gives the true lanes, as bits in their places, and what is not 0 where
/// something is not, so that these bits can't be trusted. None where the program looks at levels that may be unknown.
pub(crate) fn quick(builder: &mut FunctionBuilder<'_>, code: &Code, block: Block, first: i32, lanes: i32) -> Option<(Value, Value)> {
    let mut truths: Option<Value> = None;
    let mut sum: Option<Value> = None;
    for first in (first..first + lanes).step_by(2) {
        let mut pair = Pair::over(builder, Source::Columns { block, first });
        pair.looked = Some(Vec::new());
        let (truth, looked) = pair.run_quick(code)?;
        let mut bits = builder.ins().vhigh_bits(I32, truth.t);
        if first > 0 {
            bits = builder.ins().ishl_imm_u(bits, i64::from(first));
        }
        truths = Some(truths.map_or(bits, |truths| builder.ins().bor(truths, bits)));
        for value in looked {
            sum = Some(sum.map_or(value, |sum| builder.ins().fadd(sum, value)));
        }
    }
    // A sum is not finite where a part of it is not, and in rare other cases, which do no harm.
    let bad = match sum {
        Some(sum) => {
            let zero = builder.ins().fsub(sum, sum);
            let is_not = builder.ins().fcmp(FloatCC::Unordered, zero, zero);
            builder.ins().vhigh_bits(I32, is_not)
        }
        None => builder.ins().iconst(I32, 0),
    };
    Some((truths?, bad))
}

/// Emits the program for a row that stands alone, as bits of both lanes.
pub(crate) fn row(builder: &mut FunctionBuilder<'_>, code: &Code, row: Row<'_>) -> Option<Masks> {
    let Truth { t, f, sure } = Pair::over(builder, Source::Row(row)).run(code)?;
    let truth = builder.ins().vhigh_bits(I32, t);
    if sure {
        return Some(Masks { truth, known: None });
    }
    let known = builder.ins().bor(t, f);
    Some(Masks { truth, known: Some(builder.ins().vhigh_bits(I32, known)) })
}

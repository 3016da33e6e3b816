//! The rows of a group: full blocks in a loop, then the last one in as many lanes as it has.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch_calls::Changes;
use crate::emit::PLAIN;
use crate::lanes::{self, Block, Masks};
use crate::rows::LANES;
use crate::{Code, Head};

/// Where the columns of a group begin, how many rows it has, at which block to begin, and the unknown lanes so far.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) slots: Value,
    pub(crate) operands: Value,
    pub(crate) constants: Value,
    pub(crate) heads: Value,
    pub(crate) rows: Value,
    pub(crate) from: Value,
    pub(crate) unknown: Value,
    /// Whether it is worth to see first whether anything is unknown at all, and all constants are known to be finite. The code for what is unknown stands apart then.
    pub(crate) quick: bool,
    /// Where a change is called for before it is found.
    pub(crate) changes: Option<Changes<'a>>,
}

/// Looks through a group. Where something is found, goes to `found` with the block and the unknown lanes before it; otherwise on, with all of them.
pub(crate) fn group(builder: &mut FunctionBuilder<'_>, code: &Code, width: i32, group: Group<'_>, found: ir::Block) -> Option<Value> {
    let Group { slots, operands, constants, heads, rows, from, unknown, quick, changes } = group;
    let block_bytes = |columns: u16, bytes: i32| i64::from(columns) * 8 * i64::from(bytes);
    let (operand_bytes, constant_bytes) = (block_bytes(code.operands(), width), block_bytes(code.constants(), 8));
    let head_bytes = size_of::<Head>() as i64;
    // Five rows and more take a full block.
    let blocks = builder.ins().iadd_imm_s(rows, 3);
    let blocks = builder.ins().ushr_imm_u(blocks, 3);
    let rest = builder.ins().band_imm_u(rows, 7);
    let [operands, constants, heads] =
        [(operands, operand_bytes), (constants, constant_bytes), (heads, head_bytes)].map(|(start, bytes)| {
            let offset = builder.ins().imul_imm_s(from, bytes);
            builder.ins().iadd(start, offset)
        });
    let [next, full, tail] = [(); 3].map(|()| builder.create_block());
    // The block, its operands, constants and head, and the unknown lanes so far.
    for _ in 0..5 {
        builder.append_block_param(next, I64);
    }
    jump(builder, next, &[from, operands, constants, heads, unknown]);

    builder.switch_to_block(next);
    let &[block, operands, constants, head, unknown] = builder.block_params(next) else { return None };
    let more = builder.ins().icmp(IntCC::UnsignedLessThan, block, blocks);
    builder.ins().brif(more, full, &[], tail, &[]);

    builder.switch_to_block(full);
    let place = Place { block, head, unknown, found, quick, changes };
    let unknown_after = some_lanes(builder, code, Block { slots, operands, constants, width, lanes: LANES as i32, finite: quick }, place)?;
    let [block_after, operands_after, constants_after, head_after] =
        [(block, 1), (operands, operand_bytes), (constants, constant_bytes), (head, head_bytes)]
            .map(|(value, step)| builder.ins().iadd_imm_s(value, step));
    jump(builder, next, &[block_after, operands_after, constants_after, head_after, unknown_after]);

    // `from` may be one beyond a last block that is not full.
    builder.switch_to_block(tail);
    let [one, two, four, not_one, not_two, done] = [(); 6].map(|()| builder.create_block());
    builder.append_block_param(done, I64);
    let beyond = builder.ins().icmp(IntCC::UnsignedGreaterThan, block, blocks);
    let none = builder.ins().iconst(I64, 0);
    let rest = builder.ins().select(beyond, none, rest);
    let is_one = builder.ins().icmp_imm_u(IntCC::Equal, rest, 1);
    builder.ins().brif(is_one, one, &[], not_one, &[]);
    builder.switch_to_block(not_one);
    let is_two = builder.ins().icmp_imm_u(IntCC::Equal, rest, 2);
    builder.ins().brif(is_two, two, &[], not_two, &[]);
    builder.switch_to_block(not_two);
    // Three or four.
    let less = builder.ins().iadd_imm_s(rest, -3);
    let is_four = builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, less, 2);
    builder.ins().brif(is_four, four, &[], done, &[BlockArg::Value(unknown)]);
    for (target, lane_count) in [(one, 1), (two, 2), (four, 4)] {
        builder.switch_to_block(target);
        let after = some_lanes(builder, code, Block { slots, operands, constants, width, lanes: lane_count, finite: quick }, place)?;
        jump(builder, done, &[after]);
    }

    builder.switch_to_block(done);
    builder.block_params(done).first().copied()
}

/// Where a block stands, and where to go if something is found in it.
#[derive(Clone, Copy)]
struct Place<'a> {
    block: Value,
    head: Value,
    unknown: Value,
    found: ir::Block,
    quick: bool,
    changes: Option<Changes<'a>>,
}

/// Lanes that are evaluated between two looks at what they came to: for more there are not registers.
const STEP: i32 = 4;

/// Evaluates a block: leaves for `found`, or goes on with the unknown lanes counted.
fn some_lanes(builder: &mut FunctionBuilder<'_>, code: &Code, block: Block, place: Place<'_>) -> Option<Value> {
    if !place.quick || !code.can_be_quick() {
        return all_lanes(builder, code, block, place);
    }
    let [exact, on] = [(); 2].map(|()| builder.create_block());
    builder.set_cold_block(exact);
    let unknown = builder.append_block_param(on, I64);
    let [truth, first, valid] = [0, 1, 2].map(|offset| builder.ins().uload8(I32, PLAIN, place.head, offset));
    for first_lane in (0..block.lanes).step_by(STEP as usize) {
        let step = STEP.min(block.lanes);
        let (truths, bad) = lanes::quick(builder, code, block, first_lane, step)?;
        let of_step = builder.ins().band_imm_u(valid, i64::from(((1 << step) - 1) << first_lane));
        let differs = builder.ins().bxor(truths, truth);
        let differs = builder.ins().bor(differs, first);
        let happened = builder.ins().band(differs, of_step);
        let rare = builder.ins().bor(happened, bad);
        let next = builder.create_block();
        builder.ins().brif(rare, exact, &[], next, &[]);
        builder.switch_to_block(next);
    }
    jump(builder, on, &[place.unknown]);
    builder.switch_to_block(exact);
    let after = all_lanes(builder, code, block, place)?;
    jump(builder, on, &[after]);
    builder.switch_to_block(on);
    Some(unknown)
}

/// The same for all that may be unknown.
fn all_lanes(builder: &mut FunctionBuilder<'_>, code: &Code, block: Block, place: Place<'_>) -> Option<Value> {
    let masks = lanes::block(builder, code, block)?;
    let Place { block, head, unknown, found, changes, .. } = place;
    let found =
        Found { to: found, args: &[BlockArg::Value(block), BlockArg::Value(unknown)], changes: changes.map(|changes| (changes, block)) };
    test(builder, masks, head, unknown, found)
}

/// What to do where a row is not as it was: where to go, with which arguments, unless the change of the block is settled.
pub(crate) struct Found<'a> {
    pub(crate) to: ir::Block,
    pub(crate) args: &'a [BlockArg],
    pub(crate) changes: Option<(Changes<'a>, Value)>,
}

impl Found<'_> {
    /// Goes there, or to `on` with these arguments.
    fn go(&self, builder: &mut FunctionBuilder<'_>, masks: Masks, on: ir::Block, of_on: &[BlockArg]) -> Option<()> {
        let Self { to, args, changes } = *self;
        match changes {
            None => {
                builder.ins().jump(to, args);
            }
            Some((changes, block)) => {
                let is_found = changes.settle(builder, block, masks)?;
                builder.ins().brif(is_found, to, args, on, of_on);
            }
        }
        Some(())
    }
}

/// Tests what a block came to against its head: goes to where it is found, or on with the unknown lanes counted.
pub(crate) fn test(builder: &mut FunctionBuilder<'_>, masks: Masks, head: Value, unknown: Value, found: Found<'_>) -> Option<Value> {
    let on = builder.create_block();
    builder.append_block_param(on, I64);
    let [truth, first, valid] = [0, 1, 2].map(|offset| builder.ins().uload8(I32, PLAIN, head, offset));
    let changed = builder.ins().bxor(masks.truth, truth);
    let changed = builder.ins().bor(changed, first);
    let Some(known) = masks.known else {
        let happened = builder.ins().band(changed, valid);
        let here = builder.create_block();
        builder.ins().brif(happened, here, &[], on, &[BlockArg::Value(unknown)]);
        builder.set_cold_block(here);
        builder.switch_to_block(here);
        found.go(builder, masks, on, &[BlockArg::Value(unknown)])?;
        builder.switch_to_block(on);
        return builder.block_params(on).first().copied();
    };
    let lanes = builder.ins().band_not(valid, known);
    // One test for all that is rare: something happened, or a lane is unknown.
    let changed = builder.ins().band(changed, known);
    let happened = builder.ins().band(changed, valid);
    let rare = builder.ins().bor(happened, lanes);
    let [seldom, here, count] = [(); 3].map(|()| builder.create_block());
    [seldom, here, count].into_iter().for_each(|block| builder.set_cold_block(block));
    builder.ins().brif(rare, seldom, &[], on, &[BlockArg::Value(unknown)]);
    builder.switch_to_block(seldom);
    builder.ins().brif(happened, here, &[], count, &[]);
    builder.switch_to_block(here);
    found.go(builder, masks, count, &[])?;
    builder.switch_to_block(count);
    let lanes = builder.ins().popcnt(lanes);
    let lanes = builder.ins().uextend(I64, lanes);
    let counted = builder.ins().iadd(unknown, lanes);
    jump(builder, on, &[counted]);
    builder.switch_to_block(on);
    builder.block_params(on).first().copied()
}

pub(crate) fn jump(builder: &mut FunctionBuilder<'_>, to: ir::Block, args: &[Value]) {
    let args: Vec<BlockArg> = args.iter().map(|value| BlockArg::Value(*value)).collect();
    builder.ins().jump(to, &args);
}

/// A cast between vectors has to say in which order lanes are counted, even where their widths are equal.
pub(crate) fn little() -> ir::MemFlagsData {
    ir::MemFlagsData::new().with_endianness(ir::Endianness::Little)
}

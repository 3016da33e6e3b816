//! From programs to machine code: one function a program, all of one compiler in one piece of memory.

use std::sync::Arc;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, InstBuilder, Value};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use memmap2::{Mmap, MmapMut};

use crate::bare;
use crate::emit::{self, Block, PLAIN};
use crate::kernel::NO_BLOCK;
use crate::rows::LANES;
use crate::{CannotCompile, Code, Head, Kernel};

/// Functions begin at a line of the cache, and constants beside them are aligned as their loads want.
const ALIGN: usize = 64;

/// Machine code, executable and not writable; unmapped when dropped.
pub(crate) struct Memory(Mmap);

impl Memory {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Compiles programs, and puts their code into executable memory at the end.
pub struct Compiler {
    isa: OwnedTargetIsa,
    context: Context,
    frontend: FunctionBuilderContext,
    text: Vec<u8>,
    limit: usize,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Compiler {{ bytes: {}, limit: {} }}", self.text.len(), self.limit)
    }
}

/// A program that is compiled but not executable yet.
#[derive(Debug)]
pub struct Pending {
    at: usize,
    operands: u16,
    constants: u16,
    width: usize,
}

impl Compiler {
    /// For this machine; at most `limit` bytes of code.
    ///
    /// # Errors
    ///
    /// Where no code is made for the machine.
    pub fn new(limit: usize) -> Result<Self, CannotCompile> {
        let machine = |error: &dyn std::fmt::Display| CannotCompile::Machine(error.to_string());
        #[cfg(target_arch = "x86_64")]
        if !std::is_x86_feature_detected!("sse4.1") {
            return Err(machine(&"it lacks SSE4.1"));
        }
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            return Err(machine(&"neither x86-64 nor 64-bit Arm"));
        }
        let mut flags = settings::builder();
        for (name, value) in [("opt_level", "speed"), ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })] {
            flags.set(name, value).map_err(|error| machine(&error))?;
        }
        let isa = cranelift_native::builder().map_err(|error| machine(&error))?;
        let isa = isa.finish(settings::Flags::new(flags)).map_err(|error| machine(&error))?;
        Ok(Self { isa, context: Context::new(), frontend: FunctionBuilderContext::new(), text: Vec::new(), limit })
    }

    /// Bytes of code so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The code so far, as the machine reads it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Compiles a program over rows whose operands take so many bytes each, 2 or 4.
    ///
    /// # Errors
    ///
    /// Where the generator refuses, or the code would go over the limit; nothing is added then.
    pub fn compile(&mut self, code: &Code, width: usize) -> Result<Pending, CannotCompile> {
        self.context.clear();
        let width = if width == 2 { 2 } else { 4 };
        let built = self.build(code, width);
        built.ok_or_else(|| CannotCompile::Generator("a register is missing".to_owned()))?;
        let at = self.text.len().next_multiple_of(ALIGN);
        let compiled = self
            .context
            .compile(&*self.isa, &mut ControlPlane::default())
            .map_err(|error| CannotCompile::Generator(error.inner.to_string()))?;
        // Code that would call out, or needs addresses that are not known yet, is not of the vocabulary that the proof in `bare` speaks of.
        if !compiled.buffer.relocs().is_empty() || !compiled.buffer.traps().is_empty() || compiled.buffer.alignment as usize > ALIGN {
            return Err(CannotCompile::Generator("it is not a function that stands alone".to_owned()));
        }
        let bytes = compiled.buffer.data();
        if at + bytes.len() > self.limit {
            return Err(CannotCompile::Limit(self.limit));
        }
        self.text.resize(at, 0);
        self.text.extend_from_slice(bytes);
        Ok(Pending { at, operands: code.operands(), constants: code.constants(), width: if width == 2 { 2 } else { 4 } })
    }

    /// Makes the code executable.
    ///
    /// # Errors
    ///
    /// Where the system gives no memory for it.
    pub fn finish(self, pending: &[Pending]) -> Result<Vec<Kernel>, CannotCompile> {
        if self.text.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |error: std::io::Error| CannotCompile::Memory(error.to_string());
        let mut memory = MmapMut::map_anon(self.text.len()).map_err(failed)?;
        memory.copy_from_slice(&self.text);
        let memory = Arc::new(Memory(memory.make_exec().map_err(failed)?));
        bare::flush(&memory.0)?;
        let missing = || CannotCompile::Memory("a function is missing".to_owned());
        pending
            .iter()
            .map(|&Pending { at, operands, constants, width }| {
                let entry = bare::entry(&memory.0, at).ok_or_else(missing)?;
                Ok(Kernel { entry, operands, constants, width, memory: Arc::clone(&memory) })
            })
            .collect()
    }

    /// The function of a kernel: `fn(slots, operands, constants, heads, rows, from) -> block | unknown << 32`.
    fn build(&mut self, code: &Code, width: i32) -> Option<()> {
        let signature = &mut self.context.func.signature;
        signature.call_conv = self.isa.default_call_conv();
        signature.params.extend([AbiParam::new(I64); 6]);
        signature.returns.push(AbiParam::new(I64));
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let &[slots, operands, constants, heads, rows, from] = builder.block_params(entry) else { return None };
        kernel(&mut builder, code, width, [slots, operands, constants, heads, rows, from])?;
        builder.seal_all_blocks();
        builder.finalize(self.isa.frontend_config());
        Some(())
    }
}

/// Full blocks in a loop, then the last one in as many lanes as it has.
fn kernel(builder: &mut FunctionBuilder<'_>, code: &Code, width: i32, params: [Value; 6]) -> Option<()> {
    let [slots, operands, constants, heads, rows, from] = params;
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
    let zero = builder.ins().iconst(I64, 0);

    let [next, full, tail, found] = [(); 4].map(|()| builder.create_block());
    // The block, its operands, constants and head, and the unknown lanes so far.
    for _ in 0..5 {
        builder.append_block_param(next, I64);
    }
    builder.append_block_param(found, I64);
    builder.append_block_param(found, I64);
    jump(builder, next, &[from, operands, constants, heads, zero]);

    builder.switch_to_block(next);
    let &[block, operands, constants, head, unknown] = builder.block_params(next) else { return None };
    let more = builder.ins().icmp(IntCC::UnsignedLessThan, block, blocks);
    builder.ins().brif(more, full, &[], tail, &[]);

    builder.switch_to_block(full);
    let place = Place { block, head, unknown, found };
    let unknown_after = lanes(builder, code, Block { slots, operands, constants, width, lanes: LANES as i32 }, place)?;
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
        let after = lanes(builder, code, Block { slots, operands, constants, width, lanes: lane_count }, place)?;
        jump(builder, done, &[after]);
    }

    builder.switch_to_block(done);
    let &[unknown] = builder.block_params(done) else { return None };
    let none = builder.ins().iconst(I64, i64::from(NO_BLOCK));
    jump(builder, found, &[none, unknown]);

    builder.switch_to_block(found);
    let &[block, unknown] = builder.block_params(found) else { return None };
    let high = builder.ins().ishl_imm_u(unknown, 32);
    let bits = builder.ins().bor(high, block);
    builder.ins().return_(&[bits]);
    Some(())
}

/// Where a block stands, and where to go if something is found in it.
#[derive(Clone, Copy)]
struct Place {
    block: Value,
    head: Value,
    unknown: Value,
    found: cranelift_codegen::ir::Block,
}

/// Evaluates a block: leaves for `found`, or goes on with the unknown lanes counted.
fn lanes(builder: &mut FunctionBuilder<'_>, code: &Code, block: Block, place: Place) -> Option<Value> {
    let masks = emit::block(builder, code, block)?;
    let [truth, first, valid] = [0, 1, 2].map(|offset| builder.ins().uload8(I32, PLAIN, place.head, offset));
    let changed = builder.ins().bxor(masks.truth, truth);
    let changed = builder.ins().bor(changed, first);
    let unknown = builder.ins().band_not(valid, masks.known);
    // One test for all that is rare: something happened, or a lane is unknown.
    let known_changed = builder.ins().band(changed, masks.known);
    let happened = builder.ins().band(known_changed, valid);
    let rare = builder.ins().bor(happened, unknown);
    let [seldom, count, on] = [(); 3].map(|()| builder.create_block());
    builder.append_block_param(on, I64);
    builder.set_cold_block(seldom);
    builder.set_cold_block(count);
    builder.ins().brif(rare, seldom, &[], on, &[BlockArg::Value(place.unknown)]);
    builder.switch_to_block(seldom);
    builder.ins().brif(happened, place.found, &[BlockArg::Value(place.block), BlockArg::Value(place.unknown)], count, &[]);
    builder.switch_to_block(count);
    let lanes = builder.ins().popcnt(unknown);
    let lanes = builder.ins().uextend(I64, lanes);
    let counted = builder.ins().iadd(place.unknown, lanes);
    jump(builder, on, &[counted]);
    builder.switch_to_block(on);
    builder.block_params(on).first().copied()
}

fn jump(builder: &mut FunctionBuilder<'_>, to: cranelift_codegen::ir::Block, args: &[Value]) {
    let args: Vec<BlockArg> = args.iter().map(|value| BlockArg::Value(*value)).collect();
    builder.ins().jump(to, &args);
}

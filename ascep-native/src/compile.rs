//! From programs to machine code: one function a program, all of one compiler in one piece of memory.

use std::sync::Arc;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, InstBuilder};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use memmap2::{Mmap, MmapMut};

use crate::bare;
use crate::batch::Batch;
use crate::batch_build::{PendingBatch, Shape};
use crate::emit::PLAIN;
use crate::kernel::NO_BLOCK;
use crate::scan::{self, Group};
use crate::{CannotCompile, Code, Kernel};
use crate::{batch_calls, batch_emit};

/// Functions begin at a line of the cache, and constants beside them are aligned as their loads want.
const ALIGN: usize = 64;

/// Machine code, executable and not writable; unmapped when dropped.
pub(crate) struct Memory(Mmap);

impl Memory {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
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

    /// Takes away what was added since there were so many bytes.
    pub(crate) fn truncate(&mut self, bytes: usize) {
        self.text.truncate(bytes);
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
        let width = if width == 2 { 2 } else { 4 };
        self.build(code, width).ok_or_else(missing)?;
        let at = self.add()?;
        Ok(Pending { at, operands: code.operands(), constants: code.constants(), width: if width == 2 { 2 } else { 4 } })
    }

    /// Compiles the function that was built, and gives where it begins.
    pub(crate) fn add(&mut self) -> Result<usize, CannotCompile> {
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
        Ok(at)
    }

    /// Makes the code executable: the kernels in their order, and the batch if there is one. It may be missing where `Option<i64>` is not laid out as
    /// the code expects.
    ///
    /// # Errors
    ///
    /// Where the system gives no memory for it.
    pub fn finish(self, pending: &[Pending], batch: Option<PendingBatch>) -> Result<(Vec<Kernel>, Option<Batch>), CannotCompile> {
        if self.text.is_empty() {
            return Ok((Vec::new(), None));
        }
        let failed = |error: std::io::Error| CannotCompile::Memory(error.to_string());
        let mut memory = MmapMut::map_anon(self.text.len()).map_err(failed)?;
        memory.copy_from_slice(&self.text);
        let memory = Arc::new(Memory(memory.make_exec().map_err(failed)?));
        bare::flush(&memory.0)?;
        let kernels: Result<Vec<Kernel>, CannotCompile> = pending
            .iter()
            .map(|&Pending { at, operands, constants, width }| {
                let entry = bare::entry(memory.bytes(), at).ok_or_else(missing)?;
                Ok(Kernel { entry, operands, constants, width, memory: Arc::clone(&memory) })
            })
            .collect();
        Ok((kernels?, batch.and_then(|batch| batch.finish(&memory))))
    }

    /// A function that gives the four bytes at an address.
    pub(crate) fn peek(&mut self) -> Result<usize, CannotCompile> {
        self.begin(1, 1);
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let &[address] = builder.block_params(entry) else { return Err(missing()) };
        let word = builder.ins().uload32(PLAIN, address, 0);
        builder.ins().return_(&[word]);
        builder.seal_all_blocks();
        builder.finalize(self.isa.frontend_config());
        self.add()
    }

    /// A function that calls another one and changes no register of its caller, so that where it is called for, which is rare, costs nothing where it is not: see
    /// [`batch_calls`](crate::batch_calls).
    pub(crate) fn away(&mut self) -> Result<usize, CannotCompile> {
        self.begin(0, 0);
        let convention = self.isa.default_call_conv();
        batch_calls::set_signature(&mut self.context.func.signature);
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        batch_calls::away(&mut builder, convention).ok_or_else(missing)?;
        builder.seal_all_blocks();
        builder.finalize(self.isa.frontend_config());
        self.add()
    }

    /// The loop over events, one by one or in fours.
    pub(crate) fn batch(&mut self, shape: &Shape<'_>, fours: bool) -> Result<usize, CannotCompile> {
        self.begin(1, 0);
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        let function = if fours { batch_emit::function_of_fours } else { batch_emit::function };
        function(&mut builder, shape).ok_or_else(missing)?;
        builder.seal_all_blocks();
        builder.finalize(self.isa.frontend_config());
        self.add()
    }

    /// Begins a function of so many words that gives so many.
    fn begin(&mut self, params: usize, returns: usize) {
        self.context.clear();
        let signature = &mut self.context.func.signature;
        signature.call_conv = self.isa.default_call_conv();
        signature.params.extend(std::iter::repeat_n(AbiParam::new(I64), params));
        signature.returns.extend(std::iter::repeat_n(AbiParam::new(I64), returns));
    }

    /// The function of a kernel: `fn(slots, operands, constants, heads, rows, from) -> block | unknown << 32`.
    fn build(&mut self, code: &Code, width: i32) -> Option<()> {
        self.begin(6, 1);
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let &[slots, operands, constants, heads, rows, from] = builder.block_params(entry) else { return None };
        let found = builder.create_block();
        builder.append_block_param(found, I64);
        builder.append_block_param(found, I64);
        let zero = builder.ins().iconst(I64, 0);
        let group = Group { slots, operands, constants, heads, rows, from, unknown: zero, quick: false, changes: None };
        let unknown = scan::group(&mut builder, code, width, group, found)?;
        let none = builder.ins().iconst(I64, i64::from(NO_BLOCK));
        scan::jump(&mut builder, found, &[none, unknown]);
        builder.switch_to_block(found);
        let &[block, unknown] = builder.block_params(found) else { return None };
        let high = builder.ins().ishl_imm_u(unknown, 32);
        let bits = builder.ins().bor(high, block);
        builder.ins().return_(&[bits]);
        builder.seal_all_blocks();
        builder.finalize(self.isa.frontend_config());
        Some(())
    }
}

/// Something that was looked through before is not there: a fault of the generator in front of Cranelift.
pub(crate) fn missing() -> CannotCompile {
    CannotCompile::Generator("a register is missing".to_owned())
}

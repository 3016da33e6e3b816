//! The only `unsafe` of the project: the prefetch instruction, and the call of code made at run time.
#![expect(unsafe_code, reason = "machine code can't be called otherwise; each place has its proof")]

/// Asks for the cache line of an element ahead of its use. Nothing where there is no such element or no such instruction.
#[inline(always)]
pub fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing that the program can see and never faults; it is part of SSE, which every x86-64 has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

#[cfg(feature = "jit")]
pub(crate) use machine::{Entry, entry, flush, run};

#[cfg(feature = "jit")]
mod machine {
    use crate::kernel::Rows;
    use crate::{CannotCompile, Head};

    /// slots, operands, constants, heads, rows, from; gives the block found in the lower half and the number of unknown lanes in the upper.
    type Signature = unsafe extern "C" fn(*const u64, *const u8, *const f64, *const Head, u64, u64) -> u64;

    /// Where the code of a kernel begins. To be kept with the memory that it is in.
    #[derive(Clone, Copy)]
    pub(crate) struct Entry(Signature);

    /// The function that begins at an offset of memory that holds code.
    pub(crate) fn entry(memory: &[u8], offset: usize) -> Option<Entry> {
        let first = memory.get(offset)?;
        // SAFETY: a pointer to a function is as wide as one to data on the machines that code is made for. It is not called here: `run` says what must hold then.
        Some(Entry(unsafe { std::mem::transmute::<*const u8, Signature>(std::ptr::from_ref(first)) }))
    }

    /// Runs a kernel. [`Kernel::run`](crate::Kernel::run) is the only caller, and has checked the lengths.
    #[inline]
    pub(crate) fn run(entry: Entry, slots: &[u64], rows: &Rows<'_>, width: usize, from: u32) -> u64 {
        let operands = rows.operands.as_ptr().wrapping_add(rows.operands_at * width);
        // SAFETY: `entry` is the start of a function of this signature that `Compiler` has made, in memory that the kernel keeps alive and executable.
        // With L the lanes of all blocks of `rows.rows` rows and K, C the operands and constants of a row, the function reads
        // - L * K operands of `width` bytes from `operands` on: `operands_at + L * K <= operands.len()` and the width is that of the operands;
        // - L * C constants: `L * C <= constants.len()`;
        // - one head a block: there are at least so many heads;
        // - of the slots those whose numbers are among those operands: the greatest of all operands is below `slots.len()`.
        // `from` is at most the number of blocks, so no block is read that is not among these. It writes nothing but its own stack frame, has no
        // instruction that traps, calls nothing and ends, since each branch back goes on to the next block. All pointers are to live slices for the whole call.
        unsafe { entry.0(slots.as_ptr(), operands, rows.constants.as_ptr(), rows.heads.as_ptr(), u64::from(rows.rows), u64::from(from)) }
    }

    /// Makes the instruction caches see what was written. Nothing on x86-64, where they see it by themselves.
    pub(crate) fn flush(memory: &[u8]) -> Result<(), CannotCompile> {
        // SAFETY: the range is that of a live slice; the flush of the pipelines, which other threads need, follows.
        unsafe { wasmtime_internal_jit_icache_coherence::clear_cache(memory.as_ptr().cast(), memory.len()) }
            .map_err(|error| CannotCompile::Memory(error.to_string()))?;
        wasmtime_internal_jit_icache_coherence::pipeline_flush_mt().map_err(|error| CannotCompile::Memory(error.to_string()))
    }
}

//! Kernels: machine code with what it may read, and the checks before it runs.

use std::fmt;
use std::sync::Arc;

use crate::bare::{self, Entry};
use crate::compile::Memory;
use crate::rows::{LANES, lanes_of};
use crate::{Head, Operands};

/// Machine code for one program. Clones share it; it is freed with the last of them.
#[derive(Clone)]
pub struct Kernel {
    pub(crate) entry: Entry,
    pub(crate) operands: u16,
    pub(crate) constants: u16,
    pub(crate) width: usize,
    /// What keeps the code where it is.
    pub(crate) memory: Arc<Memory>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operands, constants, width, .. } = self;
        write!(out, "Kernel {{ operands: {operands}, constants: {constants}, width: {width} }}")
    }
}

/// The rows of a group.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Operands of all groups.
    pub operands: &'a Operands,
    /// Where those of this group begin.
    pub operands_at: usize,
    /// Constants of this group, from its first one on.
    pub constants: &'a [f64],
    /// Heads of this group's blocks, from its first one on.
    pub heads: &'a [Head],
    /// How many rows there are.
    pub rows: u32,
}

/// What a kernel has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The first block in which a lane's known result differs from the last one, or is its first; none where there is no such block.
    pub block: Option<u32>,
    /// Lanes with an unknown result, in the blocks before that one.
    pub unknown: u32,
}

/// Stands for no block in what code returns.
pub(crate) const NO_BLOCK: u32 = u32::MAX;

impl Kernel {
    /// Bytes that the kernels of one compiler share beside their code.
    pub const SHARED_BYTES: usize = size_of::<Memory>() + 2 * size_of::<usize>();

    /// Looks through the rows from a block on. None where the rows are not of this kernel: a slot, operand, constant or head is missing, or
    /// operands have another width.
    #[must_use]
    #[inline]
    pub fn run(&self, slots: &[u64], rows: &Rows<'_>, from: u32) -> Option<Found> {
        let count = rows.rows as usize;
        let lanes = lanes_of(count);
        let fits = (rows.operands.greatest() as usize) < slots.len()
            && rows.operands.width() == self.width
            && rows.operands_at.checked_add(lanes.checked_mul(usize::from(self.operands))?)? <= rows.operands.len()
            && lanes.checked_mul(usize::from(self.constants))? <= rows.constants.len()
            && count.div_ceil(LANES) <= rows.heads.len()
            && from as usize <= count.div_ceil(LANES);
        if !fits {
            return None;
        }
        let bits = bare::run(self.entry, slots, rows, self.width, from);
        let block = u32::try_from(bits & u64::from(u32::MAX)).ok().filter(|block| *block != NO_BLOCK);
        Some(Found { block, unknown: u32::try_from(bits >> 32).unwrap_or(u32::MAX) })
    }

    /// Bytes of machine code that this kernel keeps in memory together with those compiled along with it.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory.len()
    }
}

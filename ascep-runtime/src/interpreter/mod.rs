//! The interpreter over columns: what a shape asks of a row, run over the rows of a block at once.
//!
//! A [`Routine`] is the code of a shape made ready. Most are tests, numbers that are compared with constants, all of which have to hold: they run without
//! registers, over a row alone (`row`) or over blocks (`blocks`). For the others operands, constants and literals are put into the first registers in one go,
//! so that only what computes is left to be dispatched (`registers`). The levels of all rows of a block are two masks.

mod blocks;
mod registers;
mod routine;
mod row;
#[cfg(test)]
mod tests;

use ascep_native::{Lookup, Over, Slot};

pub(crate) use registers::Registers;
pub(crate) use routine::Routine;
pub(crate) use row::few;

use crate::columns::{Columns, Group, Head, LANES, lanes_of_tail};

/// The levels of the rows of a block, a bit a lane; a row with neither bit is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    pub(crate) yes: u8,
    pub(crate) no: u8,
}

impl Masks {
    /// Those with a truth.
    #[inline(always)]
    pub(crate) fn known(self) -> u8 {
        self.yes | self.no
    }

    /// The rows that may fire or have another truth than before.
    #[inline(always)]
    pub(crate) fn changed(self, head: Head) -> u8 {
        ((self.yes ^ head.truth) | head.first) & self.known() & head.valid
    }
}

/// The rows of a group with what they are evaluated with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'c, T> {
    routine: &'c Routine,
    /// From the first of the group on.
    operands: Lookup<'c, T>,
    constants: &'c [f64],
    rows: usize,
}

impl<'c, T: Slot> Rows<'c, T> {
    /// `operands` and `constants` are those of all groups. None where the group begins beyond their end.
    #[inline(always)]
    fn new(routine: &'c Routine, group: Group, operands: Lookup<'c, T>, constants: &'c [f64]) -> Option<Self> {
        let (operands, constants) = (operands.after(group.operands as usize)?, constants.get(group.constants as usize..)?);
        Some(Self { routine, operands, constants, rows: group.rows as usize })
    }

    /// Operands and constants from block `block` on.
    #[inline(always)]
    fn from(self, block: usize) -> Option<(Lookup<'c, T>, &'c [f64])> {
        let of = |columns: u16| block * LANES * usize::from(columns);
        Some((self.operands.after(of(self.routine.operands))?, self.constants.get(of(self.routine.constants)..)?))
    }

    /// The levels of the rows of a block. None where the plan is wrong about them.
    fn masks(self, block: usize, registers: &mut Registers) -> Option<Masks> {
        let Self { routine, .. } = self;
        let (operands, constants) = self.from(block)?;
        match (lanes_of_tail(self.rows.saturating_sub(block * LANES)), routine.has_tests()) {
            // Most groups of a program with one rule an instrument have one row: it need not pay for eight.
            (1, false) => registers::run::<T, 1>(routine, operands, constants, registers),
            (2, false) => registers::run::<T, 2>(routine, operands, constants, registers),
            (4, false) => registers::run::<T, 4>(routine, operands, constants, registers),
            (_, false) => registers::run::<T, LANES>(routine, operands, constants, registers),
            (1, true) => row::masks(routine, operands, constants),
            (2, true) => blocks::masks::<T, 1>(routine, operands, constants),
            (4, true) => blocks::masks::<T, 2>(routine, operands, constants),
            (_, true) => blocks::masks::<T, 4>(routine, operands, constants),
        }
    }

    /// The first block from `from` on in which a row changes, or else how many blocks there are; and how many results in the blocks
    /// before are unknown.
    fn detect(self, heads: &[Head], from: usize, registers: &mut Registers) -> (usize, u64) {
        let (blocks, mut block, mut unknown) = (self.rows.div_ceil(LANES), from, 0);
        while block < blocks {
            if let Some(scan) = &self.routine.scan {
                let (reached, changes) = blocks::scan(self, scan, heads, block);
                block = reached;
                if changes || block >= blocks {
                    break;
                }
            }
            let masks = self.masks(block, registers).unwrap_or_default();
            let head = heads.get(block).copied().unwrap_or_default();
            if masks.changed(head) != 0 {
                break;
            }
            unknown += u64::from((head.valid & !masks.known()).count_ones());
            block += 1;
        }
        (block, unknown)
    }
}

/// The first block of a group from `from` on in which a row changes, or else how many blocks there are; and how many results in the
/// blocks before are unknown.
#[inline]
pub(crate) fn detect(
    columns: &Columns,
    routine: &Routine,
    group: Group,
    slots: &[u64],
    heads: &[Head],
    from: usize,
    registers: &mut Registers,
) -> (usize, u64) {
    let heads = heads.get(group.head as usize..).unwrap_or_default();
    let found = match columns.operands.over(slots) {
        Some(Over::Narrow(all)) => Rows::new(routine, group, all, &columns.constants).map(|rows| rows.detect(heads, from, registers)),
        Some(Over::Wide(all)) => Rows::new(routine, group, all, &columns.constants).map(|rows| rows.detect(heads, from, registers)),
        None => None,
    };
    found.unwrap_or((group.blocks(), 0))
}

/// The levels of the rows of a block.
pub(crate) fn masks(columns: &Columns, routine: &Routine, group: Group, block: usize, slots: &[u64], registers: &mut Registers) -> Masks {
    let masks = match columns.operands.over(slots) {
        Some(Over::Narrow(all)) => Rows::new(routine, group, all, &columns.constants).and_then(|rows| rows.masks(block, registers)),
        Some(Over::Wide(all)) => Rows::new(routine, group, all, &columns.constants).and_then(|rows| rows.masks(block, registers)),
        None => None,
    };
    masks.unwrap_or_default()
}

//! Evaluating rows: a kernel finds the next block in which something happens, and the block is then evaluated for good.
//!
//! A kernel changes nothing, so whichever finds the blocks (the interpreter here), what a rule does is decided in one place.

use crate::columns::{Columns, Group, Head};
use crate::interpreter::{self, Registers};
use crate::plan::{Shape, ShapeMode};
use crate::state::State;
use crate::value::{FALSE, TRUE, UNKNOWN, at, put};

/// What detects in the blocks of each shape.
#[derive(Debug)]
pub(crate) struct Kernels {
    registers: Registers,
}

/// What a kernel found in the blocks of a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The first block in which a row may fire or has another truth than before; the number of blocks where there is none.
    pub(crate) block: usize,
    /// Unknown results in the blocks before it.
    pub(crate) unknown: u64,
}

impl Kernels {
    /// For these shapes.
    pub(crate) fn new(shapes: &[Shape]) -> Self {
        Self { registers: Registers::new(shapes) }
    }

    pub(crate) fn bytes(shapes: &[Shape]) -> usize {
        Registers::bytes(shapes)
    }

    /// Looks through the blocks of a group from `from` on.
    fn detect(&mut self, columns: &Columns, shape: &Shape, group: Group, slots: &[u64], heads: &[Head], from: usize) -> Found {
        let heads = heads.get(group.head as usize..).unwrap_or_default();
        let (blocks, mut unknown) = (group.blocks(), 0);
        for (block, head) in heads.iter().enumerate().take(blocks).skip(from) {
            let levels = interpreter::levels(columns, shape, group, block, slots, &mut self.registers);
            let mask = |truth: u8| (0..).zip(levels).fold(0, |mask, (lane, level)| mask | u8::from(level == truth) << lane);
            let (yes, known) = (mask(TRUE), !mask(UNKNOWN));
            if ((yes ^ head.truth) | head.first) & known & head.valid != 0 {
                return Found { block, unknown };
            }
            unknown += u64::from((head.valid & !known).count_ones());
        }
        Found { block: blocks, unknown }
    }
}

/// Evaluates a group: rules that fire are touched.
#[inline]
pub(crate) fn run(columns: &Columns, group: Group, state: &mut State) {
    let Some(shape) = columns.shape(group) else { return };
    let mut from = 0;
    loop {
        let found = state.kernels.detect(columns, shape, group, &state.slots, &state.heads, from);
        state.counters.unknown_results += found.unknown;
        if found.block >= group.blocks() {
            return;
        }
        settle(columns, shape, group, found.block, state);
        from = found.block + 1;
    }
}

/// Evaluates a block: notes the truths of its rows and which of them fire.
#[cold]
#[inline(never)]
fn settle(columns: &Columns, shape: &Shape, group: Group, block: usize, state: &mut State) {
    let State { kernels, slots, heads, truths, touched, counters, .. } = state;
    let levels = interpreter::levels(columns, shape, group, block, slots, &mut kernels.registers);
    let head = group.head + u32::try_from(block).unwrap_or(u32::MAX);
    for (lane, (&rule, truth)) in columns.rules_of(group, block).iter().zip(levels).enumerate() {
        if truth == UNKNOWN {
            counters.unknown_results += 1;
        } else if shape.mode == ShapeMode::EveryTick {
            if truth == TRUE {
                touched.insert(rule);
            }
        } else if truth != at(truths, rule) {
            if truth == TRUE && at(truths, rule) == FALSE {
                touched.insert(rule);
            }
            put(truths, rule, truth);
            columns.set_truth(heads, rule, (head, lane), truth == TRUE);
        }
    }
}

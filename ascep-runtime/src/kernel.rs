//! Evaluating rows: a kernel finds the next block in which something happens, and the block is then evaluated for good.
//!
//! A kernel changes nothing: whichever finds the blocks, machine code or the interpreter, what becomes of a rule is noted in one place, [`Rows::settle`]. The loop of machine code goes there with the truths
//! that it has come to; a block that was only found is evaluated by the interpreter.

use crate::bits::BitQueue;
use crate::columns::{Columns, Group, Head};
use crate::cursor::Cursor;
use crate::interpreter::{self, Masks, Registers, Routine};
use crate::plan::{Plan, ShapeMode};
use crate::state::State;
use crate::value::{FALSE, TRUE, at, put};

/// What detects in the blocks of each shape.
#[derive(Debug)]
pub(crate) struct Kernels {
    registers: Registers,
}

/// What a kernel found in the blocks of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The first block in which a row may fire or has another truth than before; the number of blocks where there is none.
    pub(crate) block: usize,
    /// Unknown results in the blocks before it.
    pub(crate) unknown: u64,
}

impl Kernels {
    /// For these shapes.
    pub(crate) fn new(routines: &[Routine]) -> Self {
        Self { registers: Registers::new(routines) }
    }

    pub(crate) fn bytes(routines: &[Routine]) -> usize {
        Registers::bytes(routines)
    }

    /// Looks through the blocks of a group from `from` on.
    pub(crate) fn detect(
        &mut self,
        columns: &Columns,
        routine: &Routine,
        group: Group,
        slots: &[u64],
        heads: &[Head],
        from: usize,
    ) -> Found {
        if let Some(found) = columns.machine.find(columns, group, slots, heads, from) {
            debug_assert_eq!(found, self.interpret(columns, routine, group, slots, heads, from), "machine code and interpreter differ");
            return found;
        }
        self.interpret(columns, routine, group, slots, heads, from)
    }

    /// The same without machine code.
    fn interpret(&mut self, columns: &Columns, routine: &Routine, group: Group, slots: &[u64], heads: &[Head], from: usize) -> Found {
        let (block, unknown) = interpreter::detect(columns, routine, group, slots, heads, from, &mut self.registers);
        Found { block, unknown }
    }
}

/// Evaluates the blocks of a group from `from` on: rules that fire are touched.
#[inline]
pub(crate) fn run(columns: &Columns, group: u32, mut from: usize, state: &mut State) {
    let Some((group, routine)) = columns.group(group) else { return };
    loop {
        let found = state.kernels.detect(columns, routine, group, &state.slots, &state.heads, from);
        state.counters.unknown_results += found.unknown;
        if found.block >= group.blocks() {
            return;
        }
        settle(columns, routine, group, found.block, state);
        from = found.block + 1;
    }
}

/// The same where it is known already that something happens in the first of these blocks.
#[inline]
pub(crate) fn run_found(columns: &Columns, group: u32, block: usize, state: &mut State) {
    let Some((of_group, routine)) = columns.group(group) else { return };
    settle(columns, routine, of_group, block, state);
    if block + 1 < of_group.blocks() {
        run(columns, group, block + 1, state);
    }
}

/// Evaluates the filters of a group for the event at hand: what occurs is at an instant. Where a block is known in which some may, it begins there.
#[inline]
pub(crate) fn run_filters(plan: &Plan, group: u32, found: Option<usize>, state: &mut State) {
    let Some((group, routine)) = plan.columns.group(group) else { return };
    let mut found = found.unwrap_or_else(|| state.kernels.detect(&plan.columns, routine, group, &state.slots, &state.heads, 0).block);
    while found < group.blocks() {
        occur(plan, routine, group, found, state);
        if found + 1 == group.blocks() {
            return;
        }
        found = state.kernels.detect(&plan.columns, routine, group, &state.slots, &state.heads, found + 1).block;
    }
}

/// Puts the nodes of a block at an instant whose filters are true.
#[cold]
#[inline(never)]
fn occur(plan: &Plan, routine: &Routine, group: Group, block: usize, state: &mut State) {
    let masks = interpreter::masks(&plan.columns, routine, group, block, &state.slots, &mut state.kernels.registers);
    for (lane, &node) in plan.columns.rules_of(group, block).iter().enumerate() {
        if (masks.yes >> lane) & 1 == 1 {
            put(&mut state.slots, node, state.step);
            state.mark(plan, node);
        }
    }
}

/// Evaluates a block: notes the truths of its rows and which of them fire.
#[cold]
#[inline(never)]
fn settle(columns: &Columns, routine: &Routine, group: Group, block: usize, state: &mut State) {
    let State { kernels, slots, heads, cursors, truths, touched, counters, .. } = state;
    let masks = interpreter::masks(columns, routine, group, block, slots, &mut kernels.registers);
    counters.unknown_results += u64::from((columns.mask_of(group, block) & !masks.known()).count_ones());
    Rows { heads, cursors, truths, touched }.settle(columns, group, block, masks);
}

/// What is noted of rows.
pub(crate) struct Rows<'s> {
    pub(crate) heads: &'s mut [Head],
    pub(crate) cursors: &'s mut [Cursor],
    pub(crate) truths: &'s mut [u8],
    pub(crate) touched: &'s mut BitQueue,
}

impl Rows<'_> {
    /// Notes what a block came to. Gives whether a rule fires: it is touched then.
    pub(crate) fn settle(self, columns: &Columns, group: Group, block: usize, masks: Masks) -> bool {
        let Self { heads, cursors, truths, touched } = self;
        // It spoke for the truths as they were.
        put(cursors, group.cursor, Cursor::default());
        let head = group.head + u32::try_from(block).unwrap_or(u32::MAX);
        let ticks = columns.shape(group).is_some_and(|shape| shape.mode == ShapeMode::EveryTick);
        let mut fires = false;
        for (lane, &rule) in columns.rules_of(group, block).iter().enumerate() {
            let truth = match ((masks.yes >> lane) & 1, (masks.no >> lane) & 1) {
                (1, _) => TRUE,
                (_, 1) => FALSE,
                _ => continue,
            };
            let before = at(truths, rule);
            if truth == TRUE && (ticks || before == FALSE) {
                touched.insert(rule);
                fires = true;
            }
            if !ticks && truth != before {
                put(truths, rule, truth);
                columns.set_truth(heads, rule, (head, lane), truth == TRUE);
            }
        }
        fires
    }
}

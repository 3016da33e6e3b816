//! The interpreter over columns: the program of a shape runs once over eight rows, one instruction at a time.

use ascep_lang::program::{CmpOp, NumFn};

use crate::columns::{Columns, Group, LANES, Lanes, Operands, width_of};
use crate::ops::num;
use crate::plan::{Instr, Shape};
use crate::value::{FALSE, TRUE, UNKNOWN, at};

/// Registers for the largest shape.
#[derive(Debug)]
pub(crate) struct Registers {
    nums: Vec<Lanes<f64>>,
    levels: Vec<Lanes<u8>>,
}

impl Registers {
    /// For these shapes.
    pub(crate) fn new(shapes: &[Shape]) -> Self {
        let most = |bank: fn(&Shape) -> u16| shapes.iter().map(|shape| usize::from(bank(shape))).max().unwrap_or(0);
        Self { nums: vec![[f64::NAN; LANES]; most(|shape| shape.nums)], levels: vec![[UNKNOWN; LANES]; most(|shape| shape.levels)] }
    }

    pub(crate) fn bytes(shapes: &[Shape]) -> usize {
        shapes.iter().map(|shape| LANES * (usize::from(shape.nums) * 8 + usize::from(shape.levels))).max().unwrap_or(0)
    }
}

/// The levels of the rows of a block.
pub(crate) fn levels(columns: &Columns, shape: &Shape, group: Group, block: usize, slots: &[u64], registers: &mut Registers) -> Lanes<u8> {
    match &columns.operands {
        Operands::Narrow(operands) => levels_of(columns, operands, shape, group, block, slots, registers),
        Operands::Wide(operands) => levels_of(columns, operands, shape, group, block, slots, registers),
    }
}

#[inline(always)]
fn levels_of<T: Copy + Into<u32>>(
    columns: &Columns,
    operands: &[T],
    shape: &Shape,
    group: Group,
    block: usize,
    slots: &[u64],
    registers: &mut Registers,
) -> Lanes<u8> {
    let (ops, cons) = (usize::from(shape.operands), usize::from(shape.constants));
    let operands = operands.get(group.operands as usize + block * LANES * ops..).unwrap_or_default();
    let constants = columns.constants.get(group.constants as usize + block * LANES * cons..).unwrap_or_default();
    // Most groups of a program with one rule an instrument have one row: it need not pay for eight.
    match width_of(group.rows_in(block)) {
        1 => evaluate::<T, 1>(shape, operands, constants, slots, registers),
        2 => evaluate::<T, 2>(shape, operands, constants, slots, registers),
        4 => evaluate::<T, 4>(shape, operands, constants, slots, registers),
        _ => evaluate::<T, LANES>(shape, operands, constants, slots, registers),
    }
    registers.levels.get(usize::from(shape.levels).wrapping_sub(1)).copied().unwrap_or([UNKNOWN; LANES])
}

/// Runs the program over the first `L` rows of a block. Lanes beyond them keep what they hold.
#[inline(always)]
fn evaluate<T: Copy + Into<u32>, const L: usize>(
    shape: &Shape,
    operands: &[T],
    constants: &[f64],
    slots: &[u64],
    registers: &mut Registers,
) {
    use CmpOp::{Eq, Ge, Gt, Le, Lt, Ne};
    use NumFn::{Add, Div, Mul, Sub};
    let Registers { nums, levels } = registers;
    let mut bank = Banks { nums, levels, next_num: 0, next_level: 0 };
    let (operands, constants) = (operands.as_chunks::<L>().0, constants.as_chunks::<L>().0);
    let operand = |k: u16| operands.get(usize::from(k)).map_or([0; L], |slots| map(*slots, Into::into));
    for instr in &shape.code {
        match *instr {
            Instr::Operand(k) => bank.set_num(map(operand(k), |slot| f64::from_bits(at(slots, slot)))),
            Instr::Const(k) => bank.set_num(constants.get(usize::from(k)).copied().unwrap_or([f64::NAN; L])),
            Instr::Literal(bits) => bank.set_num([f64::from_bits(bits); L]),
            // The four that nearly every rule consists of get loops of their own, without a choice inside.
            Instr::Binary(Add, x, y) => bank.zip_nums::<L>(x, y, |x, y| finite(x + y)),
            Instr::Binary(Sub, x, y) => bank.zip_nums::<L>(x, y, |x, y| finite(x - y)),
            Instr::Binary(Mul, x, y) => bank.zip_nums::<L>(x, y, |x, y| finite(x * y)),
            Instr::Binary(Div, x, y) => bank.zip_nums::<L>(x, y, |x, y| finite(x / y)),
            Instr::Binary(function, x, y) => bank.zip_nums::<L>(x, y, |x, y| num::binary(function, x, y)),
            Instr::Unary(function, x) => bank.set_num(map(bank.num::<L>(x), |x| num::unary(function, x))),
            Instr::Clamp(x, low, high) => {
                let mut clamped = bank.num::<L>(x);
                for ((x, low), high) in clamped.iter_mut().zip(bank.num::<L>(low)).zip(bank.num::<L>(high)) {
                    *x = num::clamp(*x, low, high);
                }
                bank.set_num(clamped);
            }
            Instr::Coalesce(x, y) => bank.zip_nums::<L>(x, y, |x, y| if x.is_nan() { y } else { x }),
            Instr::Compare(Lt, x, y) => bank.compare::<L>(x, y, |x, y| num::compare(Lt, x, y)),
            Instr::Compare(Le, x, y) => bank.compare::<L>(x, y, |x, y| num::compare(Le, x, y)),
            Instr::Compare(Gt, x, y) => bank.compare::<L>(x, y, |x, y| num::compare(Gt, x, y)),
            Instr::Compare(Ge, x, y) => bank.compare::<L>(x, y, |x, y| num::compare(Ge, x, y)),
            Instr::Compare(op @ (Eq | Ne), x, y) => bank.compare::<L>(x, y, |x, y| num::compare(op, x, y)),
            Instr::Known(x) => bank.set_level(map(bank.num::<L>(x), |x| if x.is_nan() { FALSE } else { TRUE })),
            Instr::OperandLevel(k) => bank.set_level(map(operand(k), |slot| u8::try_from(at(slots, slot)).unwrap_or(UNKNOWN))),
            Instr::ConstLevel(truth) => bank.set_level([truth; L]),
            Instr::CompareLevel(op, x, y) => bank.zip_levels::<L>(x, y, |x, y| num::compare_levels(op, x, y)),
            Instr::And(x, y) => bank.zip_levels::<L>(x, y, u8::min),
            Instr::Or(x, y) => bank.zip_levels::<L>(x, y, u8::max),
            Instr::Not(x) => bank.set_level(map(bank.level::<L>(x), num::not)),
            Instr::CoalesceLevel(x, y) => bank.zip_levels::<L>(x, y, |x, y| if x == UNKNOWN { y } else { x }),
            Instr::KnownLevel(x) => bank.set_level(map(bank.level::<L>(x), |x| if x == UNKNOWN { FALSE } else { TRUE })),
        }
    }
}

/// The registers, and which are written next.
struct Banks<'r> {
    nums: &'r mut [Lanes<f64>],
    levels: &'r mut [Lanes<u8>],
    next_num: usize,
    next_level: usize,
}

impl Banks<'_> {
    #[inline(always)]
    fn num<const L: usize>(&self, register: u16) -> [f64; L] {
        first(self.nums, register).unwrap_or([f64::NAN; L])
    }

    #[inline(always)]
    fn level<const L: usize>(&self, register: u16) -> [u8; L] {
        first(self.levels, register).unwrap_or([UNKNOWN; L])
    }

    #[inline(always)]
    fn set_num<const L: usize>(&mut self, lanes: [f64; L]) {
        if let Some(place) = self.nums.get_mut(self.next_num).and_then(|lanes| lanes.first_chunk_mut()) {
            *place = lanes;
        }
        self.next_num += 1;
    }

    #[inline(always)]
    fn set_level<const L: usize>(&mut self, lanes: [u8; L]) {
        if let Some(place) = self.levels.get_mut(self.next_level).and_then(|lanes| lanes.first_chunk_mut()) {
            *place = lanes;
        }
        self.next_level += 1;
    }

    #[inline(always)]
    fn zip_nums<const L: usize>(&mut self, x: u16, y: u16, function: impl Fn(f64, f64) -> f64) {
        self.set_num(zip(self.num::<L>(x), self.num::<L>(y), function));
    }

    #[inline(always)]
    fn compare<const L: usize>(&mut self, x: u16, y: u16, function: impl Fn(f64, f64) -> u8) {
        self.set_level(zip(self.num::<L>(x), self.num::<L>(y), function));
    }

    #[inline(always)]
    fn zip_levels<const L: usize>(&mut self, x: u16, y: u16, function: impl Fn(u8, u8) -> u8) {
        self.set_level(zip(self.level::<L>(x), self.level::<L>(y), function));
    }
}

/// `x` where it is finite, else some NaN: the difference is 0 for finite numbers and NaN for all others. The sign of a zero is
/// lost, which no comparison sees.
#[inline(always)]
#[expect(clippy::eq_op, reason = "the difference tells finite numbers from the others")]
fn finite(x: f64) -> f64 {
    x + (x - x)
}

#[inline(always)]
fn first<T: Copy, const L: usize>(items: &[Lanes<T>], index: u16) -> Option<[T; L]> {
    items.get(usize::from(index))?.first_chunk().copied()
}

#[inline(always)]
fn map<T: Copy, U: Copy + Default, const L: usize>(x: [T; L], function: impl Fn(T) -> U) -> [U; L] {
    let mut out = [U::default(); L];
    for (out, x) in out.iter_mut().zip(x) {
        *out = function(x);
    }
    out
}

#[inline(always)]
fn zip<T: Copy, U: Copy + Default, const L: usize>(x: [T; L], y: [T; L], function: impl Fn(T, T) -> U) -> [U; L] {
    let mut out = [U::default(); L];
    for (out, (x, y)) in out.iter_mut().zip(x.into_iter().zip(y)) {
        *out = function(x, y);
    }
    out
}

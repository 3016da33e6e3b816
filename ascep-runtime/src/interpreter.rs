//! The interpreter over columns: what a shape asks of a row, run over the rows of a block at once.
//!
//! A [`Routine`] is the code of a shape made ready: operands, constants and literals are put into the first registers in one go, so that only
//! what computes is left to be dispatched. The levels of all rows of a block are two masks. The most frequent shape, a number or several each
//! compared with a constant, has a form of its own.

use ascep_lang::program::{CmpOp, NumFn};

use crate::columns::{Columns, Group, Head, LANES, Lanes, Operands, width_of};
use crate::memory::flat;
use crate::ops::num;
use crate::plan::{Instr, Shape};
use crate::value::{FALSE, TRUE};

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

/// One computation; arguments are registers.
#[derive(Debug, Clone, Copy)]
enum Step {
    Unary(NumFn, u16),
    Binary(NumFn, u16, u16),
    Clamp(u16, u16, u16),
    Coalesce(u16, u16),
    Compare(CmpOp, u16, u16),
    Known(u16),
    /// The level whose bits are in a register of numbers.
    Level(u16),
    ConstLevel(Masks),
    CompareLevel(CmpOp, u16, u16),
    And(u16, u16),
    Or(u16, u16),
    Not(u16),
    CoalesceLevel(u16, u16),
    KnownLevel(u16),
}

/// A comparison of an operand with a constant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Test {
    operand: u16,
    /// A column of constants, or [`LITERAL`].
    constant: u16,
    /// Whether it holds where both are equal.
    or_equal: bool,
    /// The sign bit where it asks for less: both sides change their sign, and it asks for more.
    flip: u64,
    literal: f64,
}

/// The constant of a [`Test`] is its own.
const LITERAL: u16 = u16::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct Routine {
    /// All have to hold. Where there is none, `steps` say what does.
    pub(crate) tests: Vec<Test>,
    literals: Vec<f64>,
    steps: Vec<Step>,
    operands: u16,
    constants: u16,
    nums: usize,
    levels: usize,
}

impl Routine {
    /// Of a shape.
    pub(crate) fn new(shape: &Shape) -> Self {
        let mut literals = Vec::new();
        let (mut steps, mut nums) = (Vec::new(), Vec::new());
        let first_literal = shape.operands.saturating_add(shape.constants);
        let all = shape.code.iter().filter(|instr| matches!(instr, Instr::Literal(_))).count();
        let mut next = first_literal.saturating_add(u16::try_from(all).unwrap_or(u16::MAX));
        let mut levels = 0;
        for &instr in &shape.code {
            let num = |x: u16| nums.get(usize::from(x)).copied().unwrap_or(u16::MAX);
            let step = match instr {
                Instr::Operand(k) => {
                    nums.push(k);
                    continue;
                }
                Instr::Const(k) => {
                    nums.push(shape.operands.saturating_add(k));
                    continue;
                }
                Instr::Literal(bits) => {
                    nums.push(first_literal.saturating_add(u16::try_from(literals.len()).unwrap_or(u16::MAX)));
                    literals.push(f64::from_bits(bits));
                    continue;
                }
                Instr::Unary(function, x) => Step::Unary(function, num(x)),
                Instr::Binary(function, x, y) => Step::Binary(function, num(x), num(y)),
                Instr::Clamp(x, low, high) => Step::Clamp(num(x), num(low), num(high)),
                Instr::Coalesce(x, y) => Step::Coalesce(num(x), num(y)),
                Instr::Compare(op, x, y) => Step::Compare(op, num(x), num(y)),
                Instr::Known(x) => Step::Known(num(x)),
                Instr::OperandLevel(k) => Step::Level(k),
                Instr::ConstLevel(truth) => {
                    Step::ConstLevel(Masks { yes: if truth == TRUE { u8::MAX } else { 0 }, no: if truth == FALSE { u8::MAX } else { 0 } })
                }
                Instr::CompareLevel(op, x, y) => Step::CompareLevel(op, x, y),
                Instr::And(x, y) => Step::And(x, y),
                Instr::Or(x, y) => Step::Or(x, y),
                Instr::Not(x) => Step::Not(x),
                Instr::CoalesceLevel(x, y) => Step::CoalesceLevel(x, y),
                Instr::KnownLevel(x) => Step::KnownLevel(x),
            };
            if instr.is_num() {
                nums.push(next);
                next = next.saturating_add(1);
            } else {
                levels += 1;
            }
            steps.push(step);
        }
        let mut routine = Self {
            tests: Vec::new(),
            literals,
            steps,
            operands: shape.operands,
            constants: shape.constants,
            nums: usize::from(next),
            levels,
        };
        routine.tests = routine.as_tests().unwrap_or_default();
        routine.tests.shrink_to_fit();
        routine.steps.shrink_to_fit();
        routine.literals.shrink_to_fit();
        routine
    }

    /// The comparisons, where the routine is nothing but those and that all of them hold.
    fn as_tests(&self) -> Option<Vec<Test>> {
        let mut tests = Vec::new();
        for step in &self.steps {
            match *step {
                // Every register is read by something, so the last is the conjunction of all.
                Step::And(..) => {}
                Step::Compare(op, x, y) if x < self.operands && y >= self.operands => tests.push(self.test(op, x, y)?),
                Step::Compare(op, x, y) if y < self.operands && x >= self.operands => tests.push(self.test(num::mirrored(op), y, x)?),
                _ => return None,
            }
        }
        Some(tests)
    }

    fn test(&self, op: CmpOp, operand: u16, other: u16) -> Option<Test> {
        let (flip, or_equal) = match op {
            CmpOp::Gt => (0, false),
            CmpOp::Ge => (0, true),
            CmpOp::Lt => (1 << 63, false),
            CmpOp::Le => (1 << 63, true),
            CmpOp::Eq | CmpOp::Ne => return None,
        };
        let first_literal = self.operands + self.constants;
        if other < first_literal {
            let constant = other - self.operands;
            return (constant != LITERAL).then_some(Test { operand, constant, or_equal, flip, literal: 0.0 });
        }
        let literal = *self.literals.get(usize::from(other - first_literal))?;
        Some(Test { operand, constant: LITERAL, or_equal, flip, literal })
    }

    pub(crate) fn bytes(&self) -> usize {
        flat(&self.tests) + flat(&self.literals) + flat(&self.steps)
    }
}

/// Registers for the largest routine.
#[derive(Debug)]
pub(crate) struct Registers {
    nums: Vec<Lanes<f64>>,
    levels: Vec<Masks>,
}

impl Registers {
    fn sizes(routines: &[Routine]) -> (usize, usize) {
        let most = |size: fn(&Routine) -> usize| routines.iter().map(size).max().unwrap_or(0);
        (most(|routine| routine.nums), most(|routine| routine.levels))
    }

    /// For these routines.
    pub(crate) fn new(routines: &[Routine]) -> Self {
        let (nums, levels) = Self::sizes(routines);
        Self { nums: vec![[f64::NAN; LANES]; nums], levels: vec![Masks::default(); levels] }
    }

    pub(crate) fn bytes(routines: &[Routine]) -> usize {
        let (nums, levels) = Self::sizes(routines);
        nums * size_of::<Lanes<f64>>() + levels * size_of::<Masks>()
    }
}

/// The levels of the rows of a block.
#[inline]
pub(crate) fn masks(columns: &Columns, routine: &Routine, group: Group, block: usize, slots: &[u64], registers: &mut Registers) -> Masks {
    let (ops, cons) = (usize::from(routine.operands), usize::from(routine.constants));
    let (first_operand, first_constant) = (group.operands as usize + block * LANES * ops, group.constants as usize + block * LANES * cons);
    let constants = columns.constants.get(first_constant..).unwrap_or_default();
    let width = width_of(group.rows_in(block));
    match &columns.operands {
        Operands::Narrow(all) => masks_of(routine, all.get(first_operand..).unwrap_or_default(), constants, width, slots, registers),
        Operands::Wide(all) => masks_of(routine, all.get(first_operand..).unwrap_or_default(), constants, width, slots, registers),
    }
}

#[inline(always)]
fn masks_of<T: Copy + Into<u32>>(
    routine: &Routine,
    operands: &[T],
    constants: &[f64],
    width: usize,
    slots: &[u64],
    registers: &mut Registers,
) -> Masks {
    // Most groups of a program with one rule an instrument have one row: it need not pay for eight.
    match width {
        1 => evaluate::<T, 1>(routine, operands, constants, slots, registers),
        2 => evaluate::<T, 2>(routine, operands, constants, slots, registers),
        4 => evaluate::<T, 4>(routine, operands, constants, slots, registers),
        _ => evaluate::<T, LANES>(routine, operands, constants, slots, registers),
    }
}

/// The level of the only row of a group, all of whose tests have to hold.
#[inline(always)]
pub(crate) fn test_one(columns: &Columns, tests: &[Test], group: Group, slots: &[u64]) -> Masks {
    let (mut yes, mut no) = (true, false);
    for test in tests {
        let operand = group.operands as usize + usize::from(test.operand);
        let slot = match &columns.operands {
            Operands::Narrow(all) => all.get(operand).map_or(u32::MAX, |slot| u32::from(*slot)),
            Operands::Wide(all) => all.get(operand).copied().unwrap_or(u32::MAX),
        };
        let Some(&x) = slots.get(slot as usize) else { return Masks::default() };
        let c = if test.constant == LITERAL {
            test.literal
        } else {
            let Some(&c) = columns.constants.get(group.constants as usize + usize::from(test.constant)) else { return Masks::default() };
            c
        };
        let (x, c) = (f64::from_bits(x ^ test.flip), f64::from_bits(c.to_bits() ^ test.flip));
        let equal = x == c;
        yes &= (x > c) | (equal & test.or_equal);
        no |= (x < c) | (equal & !test.or_equal);
    }
    Masks { yes: u8::from(yes), no: u8::from(no) }
}

/// Runs a routine over a block of `L` lanes.
fn evaluate<T: Copy + Into<u32>, const L: usize>(
    routine: &Routine,
    operands: &[T],
    constants: &[f64],
    slots: &[u64],
    registers: &mut Registers,
) -> Masks {
    let Registers { nums, levels } = registers;
    let (operands, constants) = (operands.as_chunks::<L>().0, constants.as_chunks::<L>().0);
    let load = |k: u16| {
        operands.get(usize::from(k)).map_or([f64::NAN; L], |lanes| {
            lanes.map(|slot| f64::from_bits(slots.get(slot.into() as usize).copied().unwrap_or(f64::NAN.to_bits())))
        })
    };
    if !routine.tests.is_empty() {
        let (mut yes, mut no) = (u8::MAX, 0);
        for test in &routine.tests {
            let x = load(test.operand);
            let c = if test.constant == LITERAL {
                [test.literal; L]
            } else {
                constants.get(usize::from(test.constant)).copied().unwrap_or([f64::NAN; L])
            };
            let (x, c) = (x.map(|x| f64::from_bits(x.to_bits() ^ test.flip)), c.map(|c| f64::from_bits(c.to_bits() ^ test.flip)));
            let (more, less, equal) = (mask(x, c, |x, c| x > c), mask(x, c, |x, c| x < c), mask(x, c, |x, c| x == c));
            yes &= if test.or_equal { more | equal } else { more };
            no |= if test.or_equal { less } else { less | equal };
        }
        return Masks { yes, no };
    }
    let mut bank = Banks { nums, levels, next_num: 0, next_level: 0, last: Masks::default() };
    (0..routine.operands).for_each(|k| bank.set_num(load(k)));
    constants.iter().take(usize::from(routine.constants)).for_each(|lanes| bank.set_num(*lanes));
    routine.literals.iter().for_each(|x| bank.set_num([*x; L]));
    for step in &routine.steps {
        bank.take::<L>(*step);
    }
    bank.last
}

/// The registers, and which are written next.
struct Banks<'r> {
    nums: &'r mut [Lanes<f64>],
    levels: &'r mut [Masks],
    next_num: usize,
    next_level: usize,
    /// The level that was written last.
    last: Masks,
}

impl Banks<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, step: Step) {
        use CmpOp::{Eq, Ge, Gt, Le, Lt, Ne};
        use NumFn::{Add, Div, Mul, Sub};
        match step {
            // The four that nearly every rule consists of get loops of their own, without a choice inside.
            Step::Binary(Add, x, y) => self.zip::<L>(x, y, |x, y| finite(x + y)),
            Step::Binary(Sub, x, y) => self.zip::<L>(x, y, |x, y| finite(x - y)),
            Step::Binary(Mul, x, y) => self.zip::<L>(x, y, |x, y| finite(x * y)),
            Step::Binary(Div, x, y) => self.zip::<L>(x, y, |x, y| finite(x / y)),
            Step::Binary(function, x, y) => self.zip::<L>(x, y, |x, y| num::binary(function, x, y)),
            Step::Unary(function, x) => self.set_num(self.num::<L>(x).map(|x| num::unary(function, x))),
            Step::Clamp(x, low, high) => {
                let mut clamped = self.num::<L>(x);
                for ((x, low), high) in clamped.iter_mut().zip(self.num::<L>(low)).zip(self.num::<L>(high)) {
                    *x = num::clamp(*x, low, high);
                }
                self.set_num(clamped);
            }
            Step::Coalesce(x, y) => self.zip::<L>(x, y, |x, y| if x.is_nan() { y } else { x }),
            Step::Compare(Lt, x, y) => self.compare::<L>(x, y, |x, y| x < y),
            Step::Compare(Le, x, y) => self.compare::<L>(x, y, |x, y| x <= y),
            Step::Compare(Gt, x, y) => self.compare::<L>(x, y, |x, y| x > y),
            Step::Compare(Ge, x, y) => self.compare::<L>(x, y, |x, y| x >= y),
            Step::Compare(Eq, x, y) => self.compare::<L>(x, y, |x, y| x == y),
            Step::Compare(Ne, x, y) => self.compare::<L>(x, y, |x, y| x != y),
            Step::Known(x) => {
                let x = self.num::<L>(x);
                let yes = mask(x, x, |x, y| x == y);
                self.set_level(Masks { yes, no: !yes });
            }
            Step::Level(k) => {
                let bits = self.num::<L>(k).map(f64::to_bits);
                let of = |truth: u8| mask(bits, [u64::from(truth); L], |x, y| x == y);
                self.set_level(Masks { yes: of(TRUE), no: of(FALSE) });
            }
            Step::ConstLevel(masks) => self.set_level(masks),
            Step::CompareLevel(op, x, y) => {
                let (x, y) = (self.level(x), self.level(y));
                let known = x.known() & y.known();
                let yes = known
                    & match op {
                        Lt => x.no & y.yes,
                        Le => !(x.yes & y.no),
                        Gt => x.yes & y.no,
                        Ge => !(x.no & y.yes),
                        Eq => !(x.yes ^ y.yes),
                        Ne => x.yes ^ y.yes,
                    };
                self.set_level(Masks { yes, no: known & !yes });
            }
            Step::And(x, y) => self.join(x, y, |x, y| Masks { yes: x.yes & y.yes, no: x.no | y.no }),
            Step::Or(x, y) => self.join(x, y, |x, y| Masks { yes: x.yes | y.yes, no: x.no & y.no }),
            Step::Not(x) => {
                let Masks { yes, no } = self.level(x);
                self.set_level(Masks { yes: no, no: yes });
            }
            Step::CoalesceLevel(x, y) => self.join(x, y, |x, y| {
                let known = x.known();
                Masks { yes: x.yes | (y.yes & !known), no: x.no | (y.no & !known) }
            }),
            Step::KnownLevel(x) => {
                let known = self.level(x).known();
                self.set_level(Masks { yes: known, no: !known });
            }
        }
    }

    #[inline(always)]
    fn num<const L: usize>(&self, register: u16) -> [f64; L] {
        self.nums.get(usize::from(register)).and_then(|lanes| lanes.first_chunk().copied()).unwrap_or([f64::NAN; L])
    }

    #[inline(always)]
    fn level(&self, register: u16) -> Masks {
        self.levels.get(usize::from(register)).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn set_num<const L: usize>(&mut self, lanes: [f64; L]) {
        if let Some(place) = self.nums.get_mut(self.next_num).and_then(|lanes| lanes.first_chunk_mut()) {
            *place = lanes;
        }
        self.next_num += 1;
    }

    #[inline(always)]
    fn set_level(&mut self, masks: Masks) {
        if let Some(place) = self.levels.get_mut(self.next_level) {
            *place = masks;
        }
        self.next_level += 1;
        self.last = masks;
    }

    #[inline(always)]
    fn zip<const L: usize>(&mut self, x: u16, y: u16, function: impl Fn(f64, f64) -> f64) {
        let (x, y) = (self.num::<L>(x), self.num::<L>(y));
        let mut out = [0.0; L];
        for (out, (x, y)) in out.iter_mut().zip(x.into_iter().zip(y)) {
            *out = function(x, y);
        }
        self.set_num(out);
    }

    #[inline(always)]
    fn compare<const L: usize>(&mut self, x: u16, y: u16, holds: impl Fn(f64, f64) -> bool) {
        let (x, y) = (self.num::<L>(x), self.num::<L>(y));
        let known = mask(x, y, |x, y| !(x.is_nan() | y.is_nan()));
        let yes = mask(x, y, holds) & known;
        self.set_level(Masks { yes, no: known & !yes });
    }

    #[inline(always)]
    fn join(&mut self, x: u16, y: u16, function: impl Fn(Masks, Masks) -> Masks) {
        self.set_level(function(self.level(x), self.level(y)));
    }
}

/// `x` where it is finite, else some NaN: the difference is 0 for finite numbers and NaN for all others. The sign of a zero is
/// lost, which no comparison sees.
#[inline(always)]
#[expect(clippy::eq_op, reason = "the difference tells finite numbers from the others")]
fn finite(x: f64) -> f64 {
    x + (x - x)
}

/// A bit for each lane of which something holds.
#[inline(always)]
fn mask<T: Copy, const L: usize>(x: [T; L], y: [T; L], holds: impl Fn(T, T) -> bool) -> u8 {
    (0..).zip(x.into_iter().zip(y)).fold(0, |mask, (lane, (x, y))| mask | u8::from(holds(x, y)) << lane)
}

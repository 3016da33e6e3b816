//! The interpreter over columns: what a shape asks of a row, run over the rows of a block at once.
//!
//! A [`Routine`] is the code of a shape made ready: operands, constants and literals are put into the first registers in one go, so that only
//! what computes is left to be dispatched. The levels of all rows of a block are two masks. The most frequent shape, a number or several each
//! compared with a constant, has a form of its own.

use ascep_lang::program::{CmpOp, NumFn};
use ascep_native::Slots;

use crate::columns::{Columns, Group, Head, LANES, Lanes, lanes_of_tail};
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

/// A comparison of an operand, or of what a chain of computations makes of it, with a constant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Test {
    operand: u16,
    /// What is computed: a part of [`Routine::chain`].
    chain: (u16, u16),
    /// A column of constants, or [`LITERAL`].
    constant: u16,
    /// Whether it asks for less, not more, than the constant.
    less: bool,
    /// Whether it holds where both are equal.
    or_equal: bool,
    literal: f64,
}

impl Test {
    #[inline(always)]
    fn holds(self, x: f64, c: f64) -> bool {
        let (more, less) = if self.less { (c, x) } else { (x, c) };
        if self.or_equal { more >= less } else { more > less }
    }
}

/// The constant of a [`Test`] is its own.
const LITERAL: u16 = u16::MAX;

/// One computation on what came before it. Slots and constants are finite or unknown, and what is no longer finite stays so however it goes
/// on; so a look at the end of a chain is enough.
#[derive(Debug, Clone, Copy)]
struct Link {
    function: LinkFn,
    with: With,
}

#[derive(Debug, Clone, Copy)]
enum LinkFn {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Debug, Clone, Copy)]
enum With {
    Operand(u16),
    Constant(u16),
    Literal(f64),
}

impl LinkFn {
    fn of(function: NumFn) -> Option<Self> {
        Some(match function {
            NumFn::Add => Self::Add,
            NumFn::Sub => Self::Sub,
            NumFn::Mul => Self::Mul,
            NumFn::Div => Self::Div,
            _ => return None,
        })
    }

    #[inline(always)]
    fn apply<const L: usize>(self, x: [f64; L], y: [f64; L]) -> [f64; L] {
        match self {
            Self::Add => zip(x, y, |x, y| x + y),
            Self::Sub => zip(x, y, |x, y| x - y),
            Self::Mul => zip(x, y, |x, y| x * y),
            Self::Div => zip(x, y, |x, y| x / y),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Routine {
    /// All have to hold. Where there is none, `steps` say what does.
    pub(crate) tests: Vec<Test>,
    chain: Vec<Link>,
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
            chain: Vec::new(),
            literals,
            steps,
            operands: shape.operands,
            constants: shape.constants,
            nums: usize::from(next),
            levels,
        };
        if let Some((tests, chain)) = routine.as_tests() {
            (routine.tests, routine.chain) = (tests, chain);
            (routine.steps, routine.literals, routine.nums, routine.levels) = (Vec::new(), Vec::new(), 0, 0);
        }
        routine.tests.shrink_to_fit();
        routine.chain.shrink_to_fit();
        routine.steps.shrink_to_fit();
        routine.literals.shrink_to_fit();
        routine
    }

    /// The comparisons, where the routine is nothing but those and that all of them hold.
    fn as_tests(&self) -> Option<(Vec<Test>, Vec<Link>)> {
        let (mut tests, mut chain) = (Vec::new(), Vec::new());
        for step in &self.steps {
            match *step {
                // Every register is read by something, so the last is the conjunction of all comparisons.
                Step::And(..) => {}
                Step::Binary(function, ..) if LinkFn::of(function).is_some() => {}
                Step::Compare(op, x, y) => {
                    let (op, x, c) = if self.is_constant(y) { (op, x, y) } else { (num::mirrored(op), y, x) };
                    tests.push(self.test(op, x, c, &mut chain)?);
                }
                _ => return None,
            }
        }
        Some((tests, chain))
    }

    fn first_literal(&self) -> u16 {
        self.operands + self.constants
    }

    fn is_constant(&self, register: u16) -> bool {
        register >= self.operands && usize::from(register) < usize::from(self.first_literal()) + self.literals.len()
    }

    /// What a register that nothing computes holds.
    fn leaf(&self, register: u16) -> Option<With> {
        if register < self.operands {
            return Some(With::Operand(register));
        }
        match register.checked_sub(self.first_literal()) {
            None => Some(With::Constant(register - self.operands)),
            Some(literal) => self.literals.get(usize::from(literal)).map(|x| With::Literal(*x)),
        }
    }

    fn test(&self, op: CmpOp, x: u16, c: u16, chain: &mut Vec<Link>) -> Option<Test> {
        let (less, or_equal) = match op {
            CmpOp::Gt => (false, false),
            CmpOp::Ge => (false, true),
            CmpOp::Lt => (true, false),
            CmpOp::Le => (true, true),
            CmpOp::Eq | CmpOp::Ne => return None,
        };
        let (constant, literal) = match self.leaf(c)? {
            With::Constant(constant) if constant != LITERAL => (constant, 0.0),
            With::Literal(literal) => (LITERAL, literal),
            _ => return None,
        };
        let start = chain.len();
        // From the end to the beginning.
        let mut register = x;
        let operand = loop {
            match self.leaf(register) {
                Some(With::Operand(operand)) => break operand,
                Some(_) => return None,
                None => {}
            }
            let &Step::Binary(function, x, y) = self.steps_of_nums().nth(usize::from(register).checked_sub(self.first_result())?)? else {
                return None;
            };
            let function = LinkFn::of(function)?;
            let turned = matches!(function, LinkFn::Add | LinkFn::Mul);
            let (before, with) = match (self.leaf(x), self.leaf(y)) {
                (_, Some(with)) => (x, with),
                (Some(with), None) if turned => (y, with),
                _ => return None,
            };
            chain.push(Link { function, with });
            register = before;
        };
        chain.get_mut(start..)?.reverse();
        let chain = (u16::try_from(start).ok()?, u16::try_from(chain.len()).ok()?);
        Some(Test { operand, chain, constant, less, or_equal, literal })
    }

    /// The first register that a step writes.
    fn first_result(&self) -> usize {
        usize::from(self.first_literal()) + self.literals.len()
    }

    /// The steps that write a number each.
    fn steps_of_nums(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| matches!(step, Step::Unary(..) | Step::Binary(..) | Step::Clamp(..) | Step::Coalesce(..)))
    }

    pub(crate) fn bytes(&self) -> usize {
        flat(&self.tests) + flat(&self.chain) + flat(&self.literals) + flat(&self.steps)
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

/// The rows of a group with what they are evaluated with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'c, T> {
    routine: &'c Routine,
    operands: &'c [T],
    constants: &'c [f64],
    rows: usize,
}

impl<'c, T: Copy + Into<u32>> Rows<'c, T> {
    /// `operands` and `constants` are those of all groups.
    #[inline(always)]
    pub(crate) fn new(routine: &'c Routine, group: Group, operands: &'c [T], constants: &'c [f64]) -> Self {
        let operands = operands.get(group.operands as usize..).unwrap_or_default();
        let constants = constants.get(group.constants as usize..).unwrap_or_default();
        Self { routine, operands, constants, rows: group.rows as usize }
    }

    /// Operands and constants from block `block` on.
    #[inline(always)]
    fn from(self, block: usize) -> (&'c [T], &'c [f64]) {
        let of = |columns: u16| block * LANES * usize::from(columns);
        let (operands, constants) = (of(self.routine.operands), of(self.routine.constants));
        (self.operands.get(operands..).unwrap_or_default(), self.constants.get(constants..).unwrap_or_default())
    }

    /// The levels of the rows of a block.
    pub(crate) fn masks(self, block: usize, slots: &[u64], registers: &mut Registers) -> Masks {
        let (operands, constants) = self.from(block);
        let masks = match lanes_of_tail(self.rows.saturating_sub(block * LANES)) {
            // Most groups of a program with one rule an instrument have one row: it need not pay for eight.
            1 => evaluate::<T, 1>(self.routine, operands, constants, slots, registers),
            2 => evaluate::<T, 2>(self.routine, operands, constants, slots, registers),
            4 => evaluate::<T, 4>(self.routine, operands, constants, slots, registers),
            _ => evaluate::<T, LANES>(self.routine, operands, constants, slots, registers),
        };
        masks.unwrap_or_default()
    }

    /// The first block from `from` on in which a row changes, or else how many blocks there are; and how many results in the blocks
    /// before are unknown.
    pub(crate) fn detect(self, slots: &[u64], heads: &[Head], from: usize, registers: &mut Registers) -> (usize, u64) {
        let (full, blocks, mut unknown) = (self.rows / LANES, self.rows.div_ceil(LANES), 0);
        let (mut operands, mut constants) = self.from(from);
        let (ops, cons) = (LANES * usize::from(self.routine.operands), LANES * usize::from(self.routine.constants));
        let mut block = from;
        for head in heads.get(from..full).unwrap_or_default() {
            let masks = evaluate::<T, LANES>(self.routine, operands, constants, slots, registers).unwrap_or_default();
            if masks.changed(*head) != 0 {
                return (block, unknown);
            }
            unknown += u64::from((head.valid & !masks.known()).count_ones());
            operands = operands.get(ops..).unwrap_or_default();
            constants = constants.get(cons..).unwrap_or_default();
            block += 1;
        }
        if block < blocks
            && let Some(head) = heads.get(block)
        {
            let masks = self.masks(block, slots, registers);
            if masks.changed(*head) != 0 {
                return (block, unknown);
            }
            unknown += u64::from((head.valid & !masks.known()).count_ones());
        }
        (blocks, unknown)
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
    match columns.operands.slots() {
        Slots::Narrow(all) => Rows::new(routine, group, all, &columns.constants).detect(slots, heads, from, registers),
        Slots::Wide(all) => Rows::new(routine, group, all, &columns.constants).detect(slots, heads, from, registers),
    }
}

/// The levels of the rows of a block.
pub(crate) fn masks(columns: &Columns, routine: &Routine, group: Group, block: usize, slots: &[u64], registers: &mut Registers) -> Masks {
    match columns.operands.slots() {
        Slots::Narrow(all) => Rows::new(routine, group, all, &columns.constants).masks(block, slots, registers),
        Slots::Wide(all) => Rows::new(routine, group, all, &columns.constants).masks(block, slots, registers),
    }
}

/// Whether all tests of a routine hold for the only row of a group; nothing where that is unknown, or where it is made of more than operands
/// and constants.
#[inline(always)]
pub(crate) fn test_one<T: Copy + Into<u32>>(
    routine: &Routine,
    group: &Group,
    operands: &[T],
    constants: &[f64],
    slots: &[u64],
) -> Option<bool> {
    let mut yes = true;
    if !routine.chain.is_empty() {
        return None;
    }
    for test in &routine.tests {
        let slot: u32 = (*operands.get(group.operands as usize + usize::from(test.operand))?).into();
        let x = f64::from_bits(*slots.get(slot as usize)?);
        let c =
            if test.constant == LITERAL { test.literal } else { *constants.get(group.constants as usize + usize::from(test.constant))? };
        if x.is_nan() | c.is_nan() {
            return None;
        }
        yes &= test.holds(x, c);
    }
    Some(yes)
}

/// Runs a routine over a block of `L` lanes.
#[inline(always)]
fn evaluate<T: Copy + Into<u32>, const L: usize>(
    routine: &Routine,
    operands: &[T],
    constants: &[f64],
    slots: &[u64],
    registers: &mut Registers,
) -> Option<Masks> {
    let Registers { nums, levels } = registers;
    let (operands, constants) = (operands.as_chunks::<L>().0, constants.as_chunks::<L>().0);
    if !routine.tests.is_empty() {
        let (mut yes, mut no) = (u8::MAX, 0);
        for test in &routine.tests {
            let mut x = load(operands.get(usize::from(test.operand))?, slots)?;
            for link in routine.chain.get(usize::from(test.chain.0)..usize::from(test.chain.1))? {
                let y = match link.with {
                    With::Operand(k) => load(operands.get(usize::from(k))?, slots)?,
                    With::Constant(k) => *constants.get(usize::from(k))?,
                    With::Literal(y) => [y; L],
                };
                x = link.function.apply(x, y);
            }
            if test.chain.0 != test.chain.1 {
                x = x.map(finite);
            }
            let c = if test.constant == LITERAL { [test.literal; L] } else { *constants.get(usize::from(test.constant))? };
            let (more, less) = if test.less { (c, x) } else { (x, c) };
            let holds = if test.or_equal { mask(CmpOp::Ge, more, less) } else { mask(CmpOp::Gt, more, less) };
            yes &= holds;
            no |= !holds & known(x, c);
        }
        return Some(Masks { yes, no });
    }
    let mut bank = Banks { nums, levels, next_num: 0, next_level: 0, last: Masks::default() };
    for lanes in operands.get(..usize::from(routine.operands))? {
        bank.set_num(load(lanes, slots)?);
    }
    for lanes in constants.get(..usize::from(routine.constants))? {
        bank.set_num(*lanes);
    }
    routine.literals.iter().for_each(|x| bank.set_num([*x; L]));
    for step in &routine.steps {
        bank.take::<L>(*step);
    }
    Some(bank.last)
}

/// The numbers in slots.
#[inline(always)]
fn load<T: Copy + Into<u32>, const L: usize>(lanes: &[T; L], slots: &[u64]) -> Option<[f64; L]> {
    let mut out = [0.0; L];
    for (out, lane) in out.iter_mut().zip(lanes) {
        let slot: u32 = (*lane).into();
        *out = f64::from_bits(*slots.get(slot as usize)?);
    }
    Some(out)
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
            Step::Compare(op, x, y) => {
                let (x, y) = (self.num::<L>(x), self.num::<L>(y));
                let known = known(x, y);
                let yes = mask(op, x, y) & known;
                self.set_level(Masks { yes, no: known & !yes });
            }
            Step::Known(x) => {
                let x = self.num::<L>(x);
                let yes = known(x, x);
                self.set_level(Masks { yes, no: !yes });
            }
            Step::Level(k) => {
                let bits = self.num::<L>(k).map(f64::to_bits);
                let of = |truth: u8| bits.iter().rev().fold(0, |mask, bits| mask << 1 | u8::from(*bits == u64::from(truth)));
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
        self.set_num(zip(self.num::<L>(x), self.num::<L>(y), function));
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

#[inline(always)]
fn zip<const L: usize>(x: [f64; L], y: [f64; L], function: impl Fn(f64, f64) -> f64) -> [f64; L] {
    let mut out = [0.0; L];
    for (out, (x, y)) in out.iter_mut().zip(x.into_iter().zip(y)) {
        *out = function(x, y);
    }
    out
}

/// A bit for each lane in which a comparison holds; of unknown numbers none does but `!=`.
#[inline(always)]
fn mask<const L: usize>(op: CmpOp, x: [f64; L], y: [f64; L]) -> u8 {
    let (xs, x_rest) = x.as_chunks::<2>();
    let (ys, y_rest) = y.as_chunks::<2>();
    let mut mask = 0;
    for (pair, (x, y)) in xs.iter().zip(ys).enumerate() {
        mask |= compare_pair(op, *x, *y) << (2 * pair);
    }
    if let (&[x], &[y]) = (x_rest, y_rest) {
        mask |= u8::from(holds(op, x, y)) << (2 * xs.len());
    }
    mask
}

/// A bit for each lane in which both are numbers.
#[inline(always)]
fn known<const L: usize>(x: [f64; L], y: [f64; L]) -> u8 {
    mask(CmpOp::Eq, x, x) & mask(CmpOp::Eq, y, y)
}

#[inline(always)]
fn holds(op: CmpOp, x: f64, y: f64) -> bool {
    match op {
        CmpOp::Lt => x < y,
        CmpOp::Le => x <= y,
        CmpOp::Gt => x > y,
        CmpOp::Ge => x >= y,
        CmpOp::Eq => x == y,
        CmpOp::Ne => x != y,
    }
}

/// Two comparisons at once.
#[inline(always)]
fn compare_pair(op: CmpOp, [x0, x1]: [f64; 2], [y0, y1]: [f64; 2]) -> u8 {
    u8::from(holds(op, x0, y0)) | u8::from(holds(op, x1, y1)) << 1
}

//! Routines: the code of a shape made ready to be run.

use ascep_lang::program::{CmpOp, NumFn};

use super::Masks;
use crate::memory::flat;
use crate::plan::{Instr, Shape};
use crate::value::{FALSE, TRUE};

/// One computation; arguments are registers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
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

/// A comparison of two numbers, or a level.
#[derive(Debug, Clone, Copy)]
pub(super) enum Test {
    /// The level of an operand.
    Level(u16),
    /// The first is above the second, or equal to it where that is enough.
    Above { more: Side, less: Side, or_equal: bool },
}

/// A number, and what is made of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) start: With,
    /// A part of [`Routine::chain`].
    pub(super) chain: (u16, u16),
}

impl Side {
    fn leaf(self) -> Option<With> {
        (self.chain.0 == self.chain.1).then_some(self.start)
    }
}

/// A number against a constant, with as little as can be to find out about it; or a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain {
    pub(super) literal: f64,
    /// The sign bit, where the number has to be less than the constant; as `x < c` is `-x > -c`, and `x >= c` is not `x < c` where both are known, this and the
    /// next one are all that there is to know about a comparison.
    pub(super) turned: u64,
    /// Whether the opposite has to hold.
    pub(super) inverted: bool,
    pub(super) is_level: bool,
    pub(super) operand: u16,
    /// A column of constants, or [`LITERAL`].
    pub(super) constant: u16,
}

/// Two plain tests of the first two operands, neither of them a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duo {
    pub(super) literals: [f64; 2],
    /// As of [`Plain`], as numbers.
    pub(super) turned: [f64; 2],
    pub(super) constants: [u16; 2],
    /// A bit for each.
    pub(super) inverted: u8,
}

/// The constant is a literal.
pub(super) const LITERAL: u16 = u16::MAX;

/// The sign of a number.
const SIGN: u64 = 1 << 63;

/// One computation on what came before it. Slots and constants are finite or unknown, and what is no longer finite stays so however it goes
/// on; so a look at the end of a chain is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) function: LinkFn,
    pub(super) with: With,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkFn {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum With {
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
}

/// One test of what links make of the operands, each of which stands once and in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    pub(super) links: Links,
    /// How the result is compared; its operand says nothing.
    pub(super) plain: Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    None,
    One(LinkFn),
    Two(LinkFn, LinkFn),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Routine {
    /// All of them have to hold. Where there is none, `steps` say what does.
    pub(super) tests: Vec<Test>,
    /// One of the tests is enough.
    pub(super) any: bool,
    pub(super) chain: Vec<Link>,
    /// The same as the tests, where all of them are plain and have to hold.
    pub(super) plain: Vec<Plain>,
    /// The same as the tests, where there are two.
    pub(super) duo: Option<Duo>,
    /// The same as the tests, where blocks of them have a loop of their own.
    pub(super) scan: Option<Scan>,
    pub(super) literals: Vec<f64>,
    pub(super) steps: Vec<Step>,
    pub(super) operands: u16,
    pub(super) constants: u16,
    pub(super) nums: usize,
    pub(super) levels: usize,
}

impl Routine {
    /// Of a shape.
    pub(crate) fn new(shape: &Shape) -> Self {
        let mut routine = Self::in_registers(shape);
        if let Some((tests, chain, any)) = routine.as_tests() {
            (routine.tests, routine.chain, routine.any) = (tests, chain, any);
            (routine.steps, routine.literals, routine.nums, routine.levels) = (Vec::new(), Vec::new(), 0, 0);
            let plain: Option<Vec<Plain>> = routine.tests.iter().map(|test| routine.as_plain(test, &[])).collect();
            routine.plain = plain.filter(|_| !any || routine.tests.len() == 1).unwrap_or_default();
            routine.duo = routine.as_duo();
            routine.scan = routine.as_scan();
        }
        routine.tests.shrink_to_fit();
        routine.chain.shrink_to_fit();
        routine.plain.shrink_to_fit();
        routine.steps.shrink_to_fit();
        routine.literals.shrink_to_fit();
        routine
    }

    /// Of a shape, without a look at what kind it is.
    pub(super) fn in_registers(shape: &Shape) -> Self {
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
        Self {
            tests: Vec::new(),
            any: false,
            chain: Vec::new(),
            plain: Vec::new(),
            duo: None,
            scan: None,
            literals,
            steps,
            operands: shape.operands,
            constants: shape.constants,
            nums: usize::from(next),
            levels,
        }
    }

    /// Whether it consists of tests, which one row alone can be asked without registers.
    #[inline(always)]
    pub(crate) fn has_tests(&self) -> bool {
        !self.tests.is_empty()
    }

    /// The tests, where the routine is nothing but those and that all of them hold, or that one does.
    fn as_tests(&self) -> Option<(Vec<Test>, Vec<Link>, bool)> {
        let (mut tests, mut chain, mut any, mut all) = (Vec::new(), Vec::new(), false, false);
        for step in &self.steps {
            match *step {
                // Every register is read by something, so the last one joins all tests.
                Step::And(..) => all = true,
                Step::Or(..) => any = true,
                Step::Binary(function, ..) if LinkFn::of(function).is_some() => {}
                Step::Level(operand) => tests.push(Test::Level(operand)),
                Step::Compare(op, x, y) => {
                    let (more, less) = match op {
                        CmpOp::Gt | CmpOp::Ge => (x, y),
                        CmpOp::Lt | CmpOp::Le => (y, x),
                        CmpOp::Eq | CmpOp::Ne => return None,
                    };
                    let (more, less) = (self.side(more, &mut chain)?, self.side(less, &mut chain)?);
                    tests.push(Test::Above { more, less, or_equal: matches!(op, CmpOp::Ge | CmpOp::Le) });
                }
                _ => return None,
            }
        }
        (!(any && all)).then_some((tests, chain, any))
    }

    /// The test as a plain one, if it is one of an operand with these links behind it.
    fn as_plain(&self, test: &Test, links: &[Link]) -> Option<Plain> {
        let plain = Plain { literal: 0.0, turned: 0, inverted: false, is_level: true, operand: 0, constant: LITERAL };
        let (more, less, or_equal) = match *test {
            Test::Level(operand) if links.is_empty() => return Some(Plain { operand, ..plain }),
            Test::Level(_) => return None,
            Test::Above { more, less, or_equal } => (more, less, or_equal),
        };
        let is_number = |side: Side| {
            matches!(side.start, With::Operand(_)) && usize::from(side.chain.1).saturating_sub(usize::from(side.chain.0)) == links.len()
        };
        let constant = |side: Side| match side.leaf()? {
            With::Constant(constant) if constant != LITERAL => Some((constant, 0.0)),
            With::Literal(x) => Some((LITERAL, x)),
            _ => None,
        };
        let (number, (constant, literal), is_less) = match (constant(more), constant(less)) {
            (None, Some(c)) if is_number(more) => (more, c, false),
            (Some(c), None) if is_number(less) => (less, c, true),
            _ => return None,
        };
        let With::Operand(operand) = number.start else { return None };
        let turned = if is_less == or_equal { 0 } else { SIGN };
        Some(Plain { literal, turned, inverted: or_equal, is_level: false, operand, constant })
    }

    fn as_duo(&self) -> Option<Duo> {
        let &[x, y] = &self.plain[..] else { return None };
        // Which of them stands first is all the same.
        let (x, y) = if x.operand <= y.operand { (x, y) } else { (y, x) };
        if (x.operand, y.operand) != (0, 1) || x.is_level || y.is_level {
            return None;
        }
        Some(Duo {
            literals: [x.literal, y.literal],
            turned: [x.turned, y.turned].map(f64::from_bits),
            constants: [x.constant, y.constant],
            inverted: u8::from(x.inverted) | u8::from(y.inverted) << 1,
        })
    }

    fn as_scan(&self) -> Option<Scan> {
        let [test] = &self.tests[..] else { return None };
        // That a number is above another one is that their difference is above zero, if that is finite.
        if let Test::Above { more, less, or_equal } = *test
            && let (Some(With::Operand(more)), Some(With::Operand(less))) = (more.leaf(), less.leaf())
            && matches!((more, less), (0, 1) | (1, 0))
        {
            let turned = if (more > less) == or_equal { 0 } else { SIGN };
            let plain = Plain { literal: 0.0, turned, inverted: or_equal, is_level: false, operand: 0, constant: LITERAL };
            return Some(Scan { links: Links::One(LinkFn::Sub), plain });
        }
        let plain = self.as_plain(test, &self.chain)?;
        let in_order = (1_u16..).zip(&self.chain).all(|(k, link)| matches!(link.with, With::Operand(operand) if operand == k));
        let is_alone = !plain.is_level && matches!((plain.constant, self.constants), (LITERAL, 0) | (0, 1));
        if !in_order || !is_alone || plain.operand != 0 || usize::from(self.operands) != 1 + self.chain.len() {
            return None;
        }
        let links = match &self.chain[..] {
            [] => Links::None,
            [one] => Links::One(one.function),
            [one, two] => Links::Two(one.function, two.function),
            _ => return None,
        };
        Some(Scan { links, plain })
    }

    fn first_literal(&self) -> u16 {
        self.operands + self.constants
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

    /// A register as a chain of links, if it is one.
    fn side(&self, mut register: u16, chain: &mut Vec<Link>) -> Option<Side> {
        let first = chain.len();
        // From the end to the beginning.
        let start = loop {
            if let Some(start) = self.leaf(register) {
                break start;
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
        chain.get_mut(first..)?.reverse();
        Some(Side { start, chain: (u16::try_from(first).ok()?, u16::try_from(chain.len()).ok()?) })
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
        flat(&self.tests) + flat(&self.chain) + flat(&self.plain) + flat(&self.literals) + flat(&self.steps)
    }
}

//! Programs of kernels: straight lists of instructions over numbers and levels, in two banks of registers.

/// A level in Kleene's logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Known-false; 0 in a slot.
    False,
    /// Neither; 1 in a slot.
    Unknown,
    /// Known-true; 2 in a slot.
    True,
}

/// A function of one number. NaN stands for unknown, and what is not finite comes out as NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Unary {
    Neg,
    Abs,
    Sqrt,
    Floor,
    Ceil,
    /// Half away from zero.
    Round,
    /// -1, 0 or 1.
    Sign,
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// `x - y * floor(x / y)`.
    Mod,
    /// Unknown if one is.
    Min,
    /// Unknown if one is.
    Max,
}

/// A comparison; unknown if a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Comparison {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

/// One instruction. It writes the next register of its bank, numbers or levels; what it reads has been written before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instr {
    /// The number in the slot that the row's k-th operand names.
    Operand(u16),
    /// The level in that slot.
    OperandLevel(u16),
    /// The row's k-th constant, as it is.
    Const(u16),
    /// A number, by its bits, as it is.
    Literal(u64),
    /// A level.
    ConstLevel(Level),
    /// A function of a number.
    Unary(Unary, u16),
    /// A function of two numbers.
    Binary(Binary, u16, u16),
    /// The first within the second and the third; unknown where that is empty.
    Clamp(u16, u16, u16),
    /// A comparison of numbers.
    Compare(Comparison, u16, u16),
    /// A comparison of levels, false below true.
    CompareLevel(Comparison, u16, u16),
    /// Kleene's AND.
    And(u16, u16),
    /// Kleene's OR.
    Or(u16, u16),
    /// Kleene's NOT.
    Not(u16),
    /// The first number, or the second where it is unknown.
    Coalesce(u16, u16),
    /// The same of levels.
    CoalesceLevel(u16, u16),
    /// Whether a number is known.
    Known(u16),
    /// Whether a level is.
    KnownLevel(u16),
}

impl Instr {
    /// Whether the result is a number.
    pub(crate) fn is_num(self) -> bool {
        matches!(
            self,
            Self::Operand(_)
                | Self::Const(_)
                | Self::Literal(_)
                | Self::Unary(..)
                | Self::Binary(..)
                | Self::Clamp(..)
                | Self::Coalesce(..)
        )
    }

    /// Registers read, numbers then levels.
    fn reads(self) -> ([Option<u16>; 3], [Option<u16>; 2]) {
        match self {
            Self::Operand(_) | Self::OperandLevel(_) | Self::Const(_) | Self::Literal(_) | Self::ConstLevel(_) => ([None; 3], [None; 2]),
            Self::Unary(_, x) | Self::Known(x) => ([Some(x), None, None], [None; 2]),
            Self::Binary(_, x, y) | Self::Compare(_, x, y) | Self::Coalesce(x, y) => ([Some(x), Some(y), None], [None; 2]),
            Self::Clamp(x, y, z) => ([Some(x), Some(y), Some(z)], [None; 2]),
            Self::CompareLevel(_, x, y) | Self::And(x, y) | Self::Or(x, y) | Self::CoalesceLevel(x, y) => ([None; 3], [Some(x), Some(y)]),
            Self::Not(x) | Self::KnownLevel(x) => ([None; 3], [Some(x), None]),
        }
    }
}

/// Why there is no machine code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotCompile {
    /// A register is read before it is written, an operand or a constant is beyond their number, or the program does not end with a level.
    #[error("the program is not one: instruction {0} reads what is not there, or the last one is no level")]
    Malformed(usize),
    /// Longer than [`Code::MAX_LEN`].
    #[error("the program has {0} instructions, more than are compiled")]
    Long(usize),
    /// The machine is not one that code is made for.
    #[error("no machine code is made for this machine: {0}")]
    Machine(String),
    /// The generator of code refused.
    #[error("the generator of machine code refused the program: {0}")]
    Generator(String),
    /// The limit on bytes of code.
    #[error("the limit of {0} bytes of machine code is reached")]
    Limit(usize),
    /// The system gave no memory for code.
    #[error("no memory that can be executed: {0}")]
    Memory(String),
}

/// A program that was looked through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    instrs: Vec<Instr>,
    operands: u16,
    constants: u16,
}

impl Code {
    /// The longest program; a whole page of rule text is far below.
    pub const MAX_LEN: usize = 256;

    /// A program whose result is its last register, a level, over rows with so many operands and constants each.
    ///
    /// # Errors
    ///
    /// Where it reads what is not there, does not end with a level, or is too long.
    pub fn new(instrs: Vec<Instr>, operands: u16, constants: u16) -> Result<Self, CannotCompile> {
        if instrs.len() > Self::MAX_LEN {
            return Err(CannotCompile::Long(instrs.len()));
        }
        let (mut nums, mut levels) = (0, 0);
        for (place, instr) in instrs.iter().enumerate() {
            let fits = match *instr {
                Instr::Operand(k) | Instr::OperandLevel(k) => k < operands,
                Instr::Const(k) => k < constants,
                _ => true,
            };
            let (reads_nums, reads_levels) = instr.reads();
            let written = reads_nums.iter().flatten().all(|x| *x < nums) && reads_levels.iter().flatten().all(|x| *x < levels);
            if !fits || !written {
                return Err(CannotCompile::Malformed(place));
            }
            *(if instr.is_num() { &mut nums } else { &mut levels }) += 1;
        }
        if instrs.last().is_none_or(|last| last.is_num()) {
            return Err(CannotCompile::Malformed(instrs.len().saturating_sub(1)));
        }
        Ok(Self { instrs, operands, constants })
    }

    /// The instructions.
    #[must_use]
    pub fn instrs(&self) -> &[Instr] {
        &self.instrs
    }

    /// Whether its result is known wherever the numbers that it looks at are finite.
    pub(crate) fn can_be_quick(&self) -> bool {
        !self.instrs.iter().any(|instr| matches!(instr, Instr::OperandLevel(_) | Instr::ConstLevel(Level::Unknown)))
    }

    /// Operands of a row.
    #[must_use]
    pub fn operands(&self) -> u16 {
        self.operands
    }

    /// Constants of a row.
    #[must_use]
    pub fn constants(&self) -> u16 {
        self.constants
    }
}

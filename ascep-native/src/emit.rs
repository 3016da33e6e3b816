//! One pair of lanes, instruction by instruction: numbers are vectors of two, a level is two masks, known-true and known-false.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, F64X2, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;

use crate::code::{Binary, Code, Comparison, Instr, Level, Unary};
use crate::lanes::{Block, Operand, Row};
use crate::scan::little;

/// A load that does not trap; of an address that its type divides, or not.
pub(crate) const PLAIN: MemFlagsData = MemFlagsData::trusted();
pub(crate) const UNALIGNED: MemFlagsData = MemFlagsData::new().with_notrap();

/// What is known of the bits of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it is: taken from memory, or made finite.
    Settled,
    /// May be infinite where the interpreter has NaN. Sums, products, numerators and roots of it are NaN or infinite too, so it is settled only before something looks at it.
    Pending,
}

#[derive(Clone, Copy)]
struct Num {
    value: Value,
    kind: Kind,
    /// Finite, whatever is read.
    sure: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Truth {
    pub(crate) t: Value,
    pub(crate) f: Value,
    /// Known, whatever is read. Then `f` is what `t` is not, and need not be computed if nothing asks for it.
    pub(crate) sure: bool,
}

pub(crate) enum Source<'a> {
    /// Two lanes of a block, the lower one first.
    Columns {
        block: Block,
        first: i32,
    },
    Row(Row<'a>),
}

pub(crate) struct Pair<'a, 'f> {
    builder: &'a mut FunctionBuilder<'f>,
    source: Source<'a>,
    nums: Vec<Num>,
    levels: Vec<Truth>,
    /// Numbers that were looked at, where it is seen afterwards whether they are finite.
    pub(crate) looked: Option<Vec<Value>>,
}

impl<'a, 'f> Pair<'a, 'f> {
    pub(crate) fn over(builder: &'a mut FunctionBuilder<'f>, source: Source<'a>) -> Self {
        Self { builder, source, nums: Vec::new(), levels: Vec::new(), looked: None }
    }

    pub(crate) fn run(mut self, code: &Code) -> Option<Truth> {
        for instr in code.instrs() {
            self.instr(*instr)?;
        }
        self.levels.last().copied()
    }

    pub(crate) fn run_quick(mut self, code: &Code) -> Option<(Truth, Vec<Value>)> {
        for instr in code.instrs() {
            self.instr(*instr)?;
        }
        let truth = self.levels.last().copied().filter(|truth| truth.sure)?;
        Some((truth, self.looked.unwrap_or_default()))
    }

    fn instr(&mut self, instr: Instr) -> Option<()> {
        match instr {
            Instr::Operand(k) => {
                let at_hand = match &self.source {
                    Source::Row(row) => row.operands.get(usize::from(k)).copied(),
                    Source::Columns { .. } => None,
                };
                if let Some(Operand::Number(value, sure)) = at_hand {
                    self.nums.push(Num { value, kind: Kind::Settled, sure });
                } else {
                    let value = self.gather(k, F64, F64X2)?;
                    self.settled(value, false);
                }
            }
            Instr::OperandLevel(k) => {
                if let Source::Row(row) = &self.source
                    && let Some(Operand::Level { t, f, .. }) = row.operands.get(usize::from(k))
                {
                    self.levels.push(Truth { t: *t, f: *f, sure: false });
                    return Some(());
                }
                let value = self.gather(k, I64, I64X2)?;
                let [t, f] = [2, 0].map(|level| {
                    let level = self.builder.ins().iconst(I64, level);
                    let level = self.builder.ins().splat(I64X2, level);
                    self.builder.ins().icmp(IntCC::Equal, value, level)
                });
                self.levels.push(Truth { t, f, sure: false });
            }
            Instr::Const(k) => {
                let (value, sure) = match &self.source {
                    Source::Columns { block, first } if block.lanes > 1 => {
                        let offset = (i32::from(k) * block.lanes + first) * 8;
                        (self.builder.ins().load(F64X2, UNALIGNED, block.constants, offset), block.finite)
                    }
                    Source::Columns { block: Block { constants, finite, .. }, .. } => {
                        let value = self.builder.ins().load(F64, PLAIN, *constants, i32::from(k) * 8);
                        // Both lanes: one instruction, where nothing in the upper one would be two.
                        (self.builder.ins().splat(F64X2, value), *finite)
                    }
                    Source::Row(row) => (*row.constants.get(usize::from(k))?, row.finite),
                };
                self.settled(value, sure);
            }
            Instr::Literal(bits) => {
                let number = f64::from_bits(bits);
                let value = self.literal(number);
                self.settled(value, number.is_finite());
            }
            Instr::ConstLevel(level) => {
                let mask = |truth: bool| if truth { -1 } else { 0 };
                let [t, f] = [Level::True, Level::False].map(|of| {
                    let mask = self.builder.ins().iconst(I64, mask(level == of));
                    self.builder.ins().splat(I64X2, mask)
                });
                self.levels.push(Truth { t, f, sure: level != Level::Unknown });
            }
            Instr::Unary(function, x) => self.unary(function, x)?,
            Instr::Binary(function, x, y) => self.binary(function, x, y)?,
            Instr::Clamp(x, low, high) => {
                let [x, low, high] = [self.seen(x)?, self.seen(low)?, self.seen(high)?];
                let below = self.fcmp(FloatCC::LessThan, x, low);
                let above = self.fcmp(FloatCC::GreaterThan, x, high);
                let empty = self.fcmp(FloatCC::GreaterThan, low, high);
                let [one, two] = [self.fcmp(FloatCC::Unordered, x, low), self.fcmp(FloatCC::Unordered, x, high)];
                let held = self.choose(above, high, x);
                let held = self.choose(below, low, held);
                // All bits set is a NaN.
                let [unknown, held] = [self.or(one, two), self.bits(held)];
                let unknown = self.or(unknown, empty);
                let held = self.or(held, unknown);
                let held = self.number(held);
                self.settled(held, false);
            }
            Instr::Coalesce(x, y) => {
                let [x, y] = [self.seen(x)?, self.seen(y)?];
                let unknown = self.fcmp(FloatCC::Unordered, x, x);
                let value = self.choose(unknown, y, x);
                self.settled(value, false);
            }
            Instr::Compare(op, x, y) => {
                let sure = self.looked.is_some() || (self.is_sure(x) && self.is_sure(y));
                let [x, y] = [self.seen(x)?, self.seen(y)?];
                let [t, f] = self.compare(op, x, y);
                self.levels.push(Truth { t, f, sure });
            }
            Instr::Known(x) => {
                let x = self.seen(x)?;
                let [t, f] = [FloatCC::Ordered, FloatCC::Unordered].map(|condition| self.fcmp(condition, x, x));
                self.levels.push(Truth { t, f, sure: true });
            }
            Instr::CompareLevel(op, x, y) => {
                let [x, y] = [self.level(x)?, self.level(y)?];
                let truth = self.compare_levels(op, x, y);
                self.levels.push(truth);
            }
            Instr::And(x, y) => {
                let [x, y] = [self.level(x)?, self.level(y)?];
                let truth = Truth { t: self.and(x.t, y.t), f: self.or(x.f, y.f), sure: x.sure && y.sure };
                self.levels.push(truth);
            }
            Instr::Or(x, y) => {
                let [x, y] = [self.level(x)?, self.level(y)?];
                let truth = Truth { t: self.or(x.t, y.t), f: self.and(x.f, y.f), sure: x.sure && y.sure };
                self.levels.push(truth);
            }
            Instr::Not(x) => {
                let Truth { t, f, sure } = self.level(x)?;
                self.levels.push(Truth { t: f, f: t, sure });
            }
            Instr::CoalesceLevel(x, y) => {
                let [x, y] = [self.level(x)?, self.level(y)?];
                // Where the first is known, its masks; else those of the second.
                let [t, f] = [(x.t, y.t, x.f), (x.f, y.f, x.t)].map(|(of_x, of_y, against)| {
                    let of_y = self.builder.ins().band_not(of_y, against);
                    self.or(of_x, of_y)
                });
                self.levels.push(Truth { t, f, sure: x.sure || y.sure });
            }
            Instr::KnownLevel(x) => {
                let Truth { t, f, .. } = self.level(x)?;
                let t = self.or(t, f);
                let f = self.builder.ins().bnot(t);
                self.levels.push(Truth { t, f, sure: true });
            }
        }
        Some(())
    }

    fn unary(&mut self, function: Unary, register: u16) -> Option<()> {
        match function {
            Unary::Neg | Unary::Abs | Unary::Sqrt => {
                let value = self.nums.get(usize::from(register))?.value;
                let value = match function {
                    Unary::Neg => self.builder.ins().fneg(value),
                    Unary::Abs => self.builder.ins().fabs(value),
                    _ => self.builder.ins().sqrt(value),
                };
                self.pending(value);
            }
            Unary::Floor => {
                let x = self.seen(register)?;
                let value = self.builder.ins().floor(x);
                self.pending(value);
            }
            Unary::Ceil => {
                let x = self.seen(register)?;
                let value = self.builder.ins().ceil(x);
                self.pending(value);
            }
            Unary::Round => {
                // The part after the point is exact, so half away from zero is one step more from where it is a half or more.
                let x = self.seen(register)?;
                let whole = self.builder.ins().trunc(x);
                let part = self.builder.ins().fsub(x, whole);
                let part = self.builder.ins().fabs(part);
                let (half, one) = (self.literal(0.5), self.literal(1.0));
                let more = self.fcmp(FloatCC::GreaterThanOrEqual, part, half);
                let minus = self.literal(-0.0);
                let [minus, one, x] = [self.bits(minus), self.bits(one), self.bits(x)];
                let sign = self.and(x, minus);
                let one = self.or(one, sign);
                let one = self.number(one);
                let above = self.builder.ins().fadd(whole, one);
                let value = self.choose(more, above, whole);
                self.pending(value);
            }
            Unary::Sign => {
                let x = self.seen(register)?;
                let (zero, one, less) = (self.literal(0.0), self.literal(1.0), self.literal(-1.0));
                let above = self.fcmp(FloatCC::GreaterThan, x, zero);
                let below = self.fcmp(FloatCC::LessThan, x, zero);
                let neither = self.builder.ins().fmul(x, zero);
                let value = self.choose(below, less, neither);
                let value = self.choose(above, one, value);
                self.pending(value);
            }
        }
        Some(())
    }

    fn binary(&mut self, function: Binary, left: u16, right: u16) -> Option<()> {
        let raw = |pair: &Self, register: u16| pair.nums.get(usize::from(register)).map(|num| num.value);
        let value = match function {
            Binary::Add => {
                let [x, y] = [raw(self, left)?, raw(self, right)?];
                self.builder.ins().fadd(x, y)
            }
            Binary::Sub => {
                let [x, y] = [raw(self, left)?, raw(self, right)?];
                self.builder.ins().fsub(x, y)
            }
            Binary::Mul => {
                let [x, y] = [raw(self, left)?, raw(self, right)?];
                self.builder.ins().fmul(x, y)
            }
            Binary::Div => {
                // What is divided by something that came out infinite would be 0, where the interpreter has unknown.
                let of_memory = self.nums.get(usize::from(right)).filter(|num| num.kind == Kind::Settled).map(|num| num.value);
                let y = match of_memory {
                    Some(y) => y,
                    None => self.seen(right)?,
                };
                let x = raw(self, left)?;
                self.builder.ins().fdiv(x, y)
            }
            Binary::Mod => {
                let [x, y] = [self.seen(left)?, self.seen(right)?];
                let times = self.builder.ins().fdiv(x, y);
                let times = self.builder.ins().floor(times);
                let whole = self.builder.ins().fmul(y, times);
                self.builder.ins().fsub(x, whole)
            }
            Binary::Min | Binary::Max => {
                let [x, y] = [self.seen(left)?, self.seen(right)?];
                let condition = if function == Binary::Min { FloatCC::LessThanOrEqual } else { FloatCC::GreaterThanOrEqual };
                let holds = self.fcmp(condition, x, y);
                let unknown = self.fcmp(FloatCC::Unordered, x, x);
                let first = self.or(holds, unknown);
                self.choose(first, x, y)
            }
        };
        self.pending(value);
        Some(())
    }

    fn compare(&mut self, op: Comparison, x: Value, y: Value) -> [Value; 2] {
        use FloatCC::{Equal, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual};
        match op {
            Comparison::Lt => [LessThan, GreaterThanOrEqual],
            Comparison::Le => [LessThanOrEqual, GreaterThan],
            Comparison::Gt => [GreaterThan, LessThanOrEqual],
            Comparison::Ge => [GreaterThanOrEqual, LessThan],
            Comparison::Eq | Comparison::Ne => {
                let equal = self.fcmp(Equal, x, y);
                let [below, above] = [self.fcmp(LessThan, x, y), self.fcmp(GreaterThan, x, y)];
                let other = self.or(below, above);
                return if op == Comparison::Eq { [equal, other] } else { [other, equal] };
            }
        }
        .map(|condition| self.fcmp(condition, x, y))
    }

    fn compare_levels(&mut self, op: Comparison, x: Truth, y: Truth) -> Truth {
        // The four pairs of known levels, and whether the comparison holds of them.
        let pairs = [(x.f, y.f, false, false), (x.f, y.t, false, true), (x.t, y.f, true, false), (x.t, y.t, true, true)];
        let [t, f] = [true, false].map(|of| {
            let mut mask: Option<Value> = None;
            for (a, b, left, right) in pairs {
                let holds = match op {
                    Comparison::Lt => !left & right,
                    Comparison::Le => left <= right,
                    Comparison::Gt => left & !right,
                    Comparison::Ge => left >= right,
                    Comparison::Eq => left == right,
                    Comparison::Ne => left != right,
                };
                if holds == of {
                    let both = self.and(a, b);
                    mask = Some(match mask {
                        None => both,
                        Some(mask) => self.or(mask, both),
                    });
                }
            }
            // Each comparison holds of some pair and not of some other.
            mask.unwrap_or(x.t)
        });
        Truth { t, f, sure: x.sure && y.sure }
    }

    /// What stands in the slots that the k-th operand of both lanes names.
    fn gather(&mut self, k: u16, lane: Type, vector: Type) -> Option<Value> {
        let builder = &mut *self.builder;
        let (slots, indices) = match &self.source {
            Source::Row(row) => match row.operands.get(usize::from(k))? {
                Operand::Slot(slot) => (row.slots, [Some(*slot), None]),
                // A number where the program has a level, or the other way round.
                Operand::Number(..) | Operand::Level { .. } => return None,
            },
            Source::Columns { block: Block { slots, operands, width, lanes, .. }, first } => {
                let at = (i32::from(k) * lanes + first) * width;
                let mut index = |offset: i32| {
                    let ins = builder.ins();
                    if *width == 2 { ins.uload16(I64, PLAIN, *operands, offset) } else { ins.uload32(PLAIN, *operands, offset) }
                };
                let low = index(at);
                (*slots, [Some(low), (*lanes > 1).then(|| index(at + width))])
            }
        };
        let [low, high] = indices.map(|index| {
            index.map(|index| {
                let offset = builder.ins().ishl_imm_u(index, 3);
                let address = builder.ins().iadd(slots, offset);
                builder.ins().load(lane, PLAIN, address, 0)
            })
        });
        Some(match high {
            Some(high) => {
                // In both lanes, since zeros in the other one would take an instruction more.
                let pair = builder.ins().splat(vector, low?);
                builder.ins().insertlane(pair, high, 1)
            }
            None => builder.ins().splat(vector, low?),
        })
    }

    fn settled(&mut self, value: Value, sure: bool) {
        self.nums.push(Num { value, kind: Kind::Settled, sure });
    }

    fn pending(&mut self, value: Value) {
        self.nums.push(Num { value, kind: Kind::Pending, sure: false });
    }

    fn is_sure(&self, register: u16) -> bool {
        self.nums.get(usize::from(register)).is_some_and(|num| num.sure)
    }

    /// A register whose bits are looked at: what is not finite after a computation is NaN.
    fn seen(&mut self, register: u16) -> Option<Value> {
        let Num { value, kind, sure } = *self.nums.get(usize::from(register))?;
        if let Some(looked) = &mut self.looked {
            if !sure {
                looked.push(value);
                *self.nums.get_mut(usize::from(register))? = Num { value, kind: Kind::Settled, sure: true };
            }
            return Some(value);
        }
        if kind == Kind::Settled {
            return Some(value);
        }
        let zero = self.builder.ins().fsub(value, value);
        let value = self.builder.ins().fadd(value, zero);
        *self.nums.get_mut(usize::from(register))? = Num { value, kind: Kind::Settled, sure: false };
        Some(value)
    }

    fn level(&self, register: u16) -> Option<Truth> {
        self.levels.get(usize::from(register)).copied()
    }

    fn literal(&mut self, value: f64) -> Value {
        if let Source::Row(row) = &self.source {
            return row.pool.load(self.builder, value);
        }
        let value = self.builder.ins().f64const(value);
        self.builder.ins().splat(F64X2, value)
    }

    fn fcmp(&mut self, condition: FloatCC, x: Value, y: Value) -> Value {
        self.builder.ins().fcmp(condition, x, y)
    }

    fn and(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().band(x, y)
    }

    fn or(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().bor(x, y)
    }

    /// `x` where the mask is set, else `y`.
    fn choose(&mut self, mask: Value, x: Value, y: Value) -> Value {
        let [x, y] = [self.bits(x), self.bits(y)];
        let value = self.builder.ins().bitselect(mask, x, y);
        self.number(value)
    }

    fn bits(&mut self, x: Value) -> Value {
        self.builder.ins().bitcast(I64X2, little(), x)
    }

    fn number(&mut self, x: Value) -> Value {
        self.builder.ins().bitcast(F64X2, little(), x)
    }
}

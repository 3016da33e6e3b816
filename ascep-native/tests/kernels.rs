//! Kernels against plain Rust: random programs over random numbers, in every width.
#![cfg(feature = "jit")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test that can't go on fails")]

use ascep_native::{
    Binary, CannotCompile, Code, Comparison, Compiler, Head, Instr, Kernel, LANES, Level, Operands, Rows, Unary, lanes_of_tail,
};
use proptest::prelude::*;

/// What an instruction means, written without an eye on speed. NaN is unknown; levels are `Some` where they are known.
fn evaluate(code: &Code, slots: &[u64], operands: &[u32], constants: &[f64]) -> Option<bool> {
    let (mut nums, mut levels): (Vec<f64>, Vec<Option<bool>>) = (Vec::new(), Vec::new());
    let finite = |x: f64| if x.is_finite() { x } else { f64::NAN };
    for instr in code.instrs() {
        let num = |x: u16| nums[usize::from(x)];
        let level = |x: u16| levels[usize::from(x)];
        let slot = |k: u16| slots[operands[usize::from(k)] as usize];
        match *instr {
            Instr::Operand(k) => nums.push(f64::from_bits(slot(k))),
            Instr::Const(k) => nums.push(constants[usize::from(k)]),
            Instr::Literal(bits) => nums.push(f64::from_bits(bits)),
            Instr::Unary(function, x) => {
                let x = num(x);
                nums.push(finite(match function {
                    Unary::Neg => -x,
                    Unary::Abs => x.abs(),
                    Unary::Sqrt => x.sqrt(),
                    Unary::Floor => x.floor(),
                    Unary::Ceil => x.ceil(),
                    Unary::Round => x.round(),
                    Unary::Sign if x > 0.0 => 1.0,
                    Unary::Sign if x < 0.0 => -1.0,
                    Unary::Sign => x * 0.0,
                }));
            }
            Instr::Binary(function, x, y) => {
                let (x, y) = (num(x), num(y));
                nums.push(finite(match function {
                    Binary::Add => x + y,
                    Binary::Sub => x - y,
                    Binary::Mul => x * y,
                    Binary::Div => x / y,
                    Binary::Mod => x - y * (x / y).floor(),
                    Binary::Min | Binary::Max if x.is_nan() || y.is_nan() => f64::NAN,
                    Binary::Min => x.min(y),
                    Binary::Max => x.max(y),
                }));
            }
            Instr::Clamp(x, low, high) => {
                let (x, low, high) = (num(x), num(low), num(high));
                let unknown = x.is_nan() || low.is_nan() || high.is_nan() || low > high;
                nums.push(if unknown { f64::NAN } else { x.max(low).min(high) });
            }
            Instr::Coalesce(x, y) => nums.push(if num(x).is_nan() { num(y) } else { num(x) }),
            Instr::Compare(op, x, y) => {
                let order = num(x).partial_cmp(&num(y));
                levels.push(order.map(|order| holds(op, order)));
            }
            Instr::Known(x) => levels.push(Some(!num(x).is_nan())),
            Instr::OperandLevel(k) => levels.push(match slot(k) {
                0 => Some(false),
                2 => Some(true),
                _ => None,
            }),
            Instr::ConstLevel(level) => levels.push(match level {
                Level::False => Some(false),
                Level::Unknown => None,
                Level::True => Some(true),
            }),
            Instr::CompareLevel(op, x, y) => levels.push(level(x).zip(level(y)).map(|(x, y)| holds(op, x.cmp(&y)))),
            Instr::And(x, y) => levels.push(match (level(x), level(y)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            Instr::Or(x, y) => levels.push(match (level(x), level(y)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            Instr::Not(x) => levels.push(level(x).map(|x| !x)),
            Instr::CoalesceLevel(x, y) => levels.push(level(x).or(level(y))),
            Instr::KnownLevel(x) => levels.push(Some(level(x).is_some())),
        }
    }
    *levels.last().unwrap()
}

fn holds(op: Comparison, order: std::cmp::Ordering) -> bool {
    match op {
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
    }
}

/// A group of rows, and its columns as kernels want them.
#[derive(Debug)]
struct Group {
    code: Code,
    slots: Vec<u64>,
    /// Operands and constants of each row.
    rows: Vec<(Vec<u32>, Vec<f64>)>,
    heads: Vec<Head>,
}

impl Group {
    fn blocks(&self) -> impl Iterator<Item = &[(Vec<u32>, Vec<f64>)]> {
        self.rows.chunks(LANES)
    }

    /// Column after column, each block as wide as it has to be, pads like the last row.
    fn columns(&self) -> (Vec<u32>, Vec<f64>) {
        let (mut operands, mut constants) = (Vec::new(), Vec::new());
        for block in self.blocks() {
            let lane = |lane: usize| &block[lane.min(block.len() - 1)];
            let lanes = lanes_of_tail(block.len());
            for k in 0..usize::from(self.code.operands()) {
                operands.extend((0..lanes).map(|l| lane(l).0[k]));
            }
            for k in 0..usize::from(self.code.constants()) {
                constants.extend((0..lanes).map(|l| lane(l).1[k]));
            }
        }
        (operands, constants)
    }

    /// What a kernel should find from a block on.
    fn expected(&self, from: usize) -> (Option<u32>, u32) {
        let mut unknown = 0;
        for (index, (block, head)) in self.blocks().zip(&self.heads).enumerate().skip(from) {
            let mut found = false;
            let mut in_block = 0;
            for (lane, (operands, constants)) in block.iter().enumerate().filter(|(lane, _)| head.valid >> lane & 1 == 1) {
                match evaluate(&self.code, &self.slots, operands, constants) {
                    None => in_block += 1,
                    Some(truth) => found |= truth != (head.truth >> lane & 1 == 1) || head.first >> lane & 1 == 1,
                }
            }
            if found {
                return (Some(u32::try_from(index).unwrap()), unknown);
            }
            unknown += in_block;
        }
        (None, unknown)
    }

    /// Runs the kernel from each block on and compares.
    fn check(&self, kernel: &Kernel, wide: bool) -> Result<(), TestCaseError> {
        let (operands, constants) = self.columns();
        // Something before the group, so that where it begins matters.
        let before = 3;
        let mut all = vec![0; before];
        all.extend(&operands);
        if wide {
            all.push(70_000);
        }
        let mut slots = self.slots.clone();
        slots.resize(if wide { 70_001 } else { slots.len() }, 0);
        let operands = laid_out(all);
        let rows = u32::try_from(self.rows.len()).unwrap();
        let rows = Rows { operands: &operands, operands_at: before, constants: &constants, heads: &self.heads, rows };
        for from in 0..=self.heads.len() {
            let found = kernel.run(&slots, &rows, u32::try_from(from).unwrap()).expect("rows that fit");
            prop_assert_eq!((found.block, found.unknown), self.expected(from), "from {}", from);
        }
        Ok(())
    }
}

fn laid_out(slots: Vec<u32>) -> Operands {
    let greatest = slots.iter().max().map_or(0, |slot| *slot as usize);
    let mut operands = Operands::below(greatest + 1);
    slots.into_iter().for_each(|slot| operands.push(slot));
    operands
}

const SLOTS: u32 = 24;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1.0, -1.0, 2.0, 3.0, f64::MAX, f64::MIN,
            f64::MIN_POSITIVE, 5e-324, -5e-324, 4503599627370495.5, 0.49999999999999994, 1e308, 1e-308, 9007199254740993.0]),
        2 => -8.0..8.0_f64,
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

/// The slots: numbers in the lower half, levels in the upper.
fn slots() -> impl Strategy<Value = Vec<u64>> {
    let half = SLOTS as usize / 2;
    (prop::collection::vec(number(), half), prop::collection::vec(0..3_u64, half))
        .prop_map(|(nums, levels)| nums.into_iter().map(f64::to_bits).chain(levels).collect())
}

const UNARY: [Unary; 7] = [Unary::Neg, Unary::Abs, Unary::Sqrt, Unary::Floor, Unary::Ceil, Unary::Round, Unary::Sign];
const BINARY: [Binary; 7] = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Mod, Binary::Min, Binary::Max];
const COMPARISONS: [Comparison; 6] = [Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge, Comparison::Eq, Comparison::Ne];
const KINDS: u8 = 18;

/// A program from seeds: what an instruction is and reads is taken from its seed, wrapped to what there is.
fn program(seeds: &[(u8, u16, u16, u16, f64)]) -> Code {
    let mut instrs = vec![Instr::Operand(0), Instr::OperandLevel(1)];
    let (mut nums, mut levels) = (1_u16, 1_u16);
    for &(kind, a, b, c, literal) in seeds {
        let (x, y, z) = (a % nums, b % nums, c % nums);
        let (p, q) = (a % levels, b % levels);
        let op = COMPARISONS[usize::from(c) % COMPARISONS.len()];
        let instr = match kind {
            0 => Instr::Operand(if a % 2 == 0 { 0 } else { 2 }),
            1 => Instr::OperandLevel(if a % 2 == 0 { 1 } else { 3 }),
            2 => Instr::Const(a % 2),
            3 => Instr::Literal(literal.to_bits()),
            4 => Instr::ConstLevel([Level::False, Level::Unknown, Level::True][usize::from(a) % 3]),
            5 | 6 => Instr::Unary(UNARY[usize::from(c) % UNARY.len()], x),
            7 | 8 => Instr::Binary(BINARY[usize::from(c) % BINARY.len()], x, y),
            9 => Instr::Clamp(x, y, z),
            10 | 11 => Instr::Compare(op, x, y),
            12 => Instr::CompareLevel(op, p, q),
            13 => Instr::And(p, q),
            14 => Instr::Or(p, q),
            15 => Instr::Not(p),
            16 => {
                if a % 2 == 0 {
                    Instr::Coalesce(x, y)
                } else {
                    Instr::CoalesceLevel(p, q)
                }
            }
            _ => {
                if a % 2 == 0 {
                    Instr::Known(x)
                } else {
                    Instr::KnownLevel(p)
                }
            }
        };
        let is_num = matches!(
            instr,
            Instr::Operand(_)
                | Instr::Const(_)
                | Instr::Literal(_)
                | Instr::Unary(..)
                | Instr::Binary(..)
                | Instr::Clamp(..)
                | Instr::Coalesce(..)
        );
        *(if is_num { &mut nums } else { &mut levels }) += 1;
        instrs.push(instr);
    }
    // The result depends on the last number and the last level.
    instrs.push(Instr::Compare(Comparison::Gt, nums - 1, 0));
    instrs.push(Instr::Or(levels - 1, levels));
    Code::new(instrs, 4, 2).unwrap()
}

fn group(max_rows: usize) -> impl Strategy<Value = Group> {
    let seeds = prop::collection::vec((0..KINDS, any::<u16>(), any::<u16>(), any::<u16>(), number()), 0..24);
    let half = SLOTS / 2;
    let row = ((0..half, half..SLOTS, 0..half, half..SLOTS), (number(), number()))
        .prop_map(|((a, b, c, d), (x, y))| (vec![a, b, c, d], vec![x, y]));
    let rows = prop::collection::vec(row, 1..=max_rows);
    (seeds, slots(), rows, prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), max_rows.div_ceil(LANES)), 0..4_u8).prop_map(
        |(seeds, slots, rows, heads, quiet)| {
            let code = program(&seeds);
            let mut group = Group { code, slots, rows, heads: Vec::new() };
            // Most heads agree with what is so, or every block would be found and the way on never taken.
            let heads = group
                .blocks()
                .zip(heads)
                .map(|(block, (truth, first, valid))| {
                    let mut head = Head { truth: 0, first: 0, valid: 0 };
                    for (lane, (operands, constants)) in block.iter().enumerate() {
                        let now = evaluate(&group.code, &group.slots, operands, constants);
                        head.truth |= u8::from(now == Some(true)) << lane;
                        head.valid |= 1 << lane;
                        if now.is_none() {
                            // It says nothing of lanes that are unknown now.
                            head.truth |= truth & (1 << lane);
                            head.first |= first & (1 << lane);
                        }
                    }
                    match quiet {
                        0 => Head { truth, ..head },
                        1 => Head { first: first & head.valid, ..head },
                        2 => Head { valid: head.valid & valid, truth: head.truth ^ (truth & first & valid), ..head },
                        _ => head,
                    }
                })
                .collect();
            group.heads = heads;
            group
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_in_few_rows(group in group(4)) {
        group.check(&kernel(&group.code, 2), false)?;
    }

    #[test]
    fn random_programs_in_many_rows(group in group(37), wide in any::<bool>()) {
        group.check(&kernel(&group.code, if wide { 4 } else { 2 }), wide)?;
    }
}

/// Every function and comparison over every pair of numbers that are special, alone in its program.
#[test]
fn each_instruction_alone() {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.5,
        -1.5,
        2.5,
        -2.5,
        1.0,
        -1.0,
        3.0,
        7.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        4503599627370495.5,
        -4503599627370495.5,
        0.49999999999999994,
        1e308,
        9007199254740993.0,
    ];
    let mut programs: Vec<Vec<Instr>> = Vec::new();
    let loads = [Instr::Operand(0), Instr::Operand(1), Instr::Const(0)];
    let nums: Vec<Instr> = (UNARY.iter().map(|function| Instr::Unary(*function, 0)))
        .chain(BINARY.iter().map(|function| Instr::Binary(*function, 0, 1)))
        .chain([Instr::Clamp(0, 1, 2), Instr::Clamp(0, 2, 1), Instr::Coalesce(0, 1), Instr::Coalesce(1, 2)])
        .collect();
    for num in nums {
        // The result against the constant, in each way; and what it makes of 1 divided by it, which tells infinite from unknown.
        for op in COMPARISONS {
            programs.push([&loads[..], &[num, Instr::Compare(op, 3, 2)]].concat());
        }
        programs.push([&loads[..], &[num, Instr::Known(3)]].concat());
        let one = Instr::Literal(1.0_f64.to_bits());
        programs.push([&loads[..], &[num, one, Instr::Binary(Binary::Div, 4, 3), Instr::Compare(Comparison::Eq, 5, 2)]].concat());
        programs.push([&loads[..], &[num, Instr::Binary(Binary::Min, 3, 2), Instr::Compare(Comparison::Eq, 4, 2)]].concat());
    }
    for op in COMPARISONS {
        programs.push([&loads[..], &[Instr::Compare(op, 0, 1)]].concat());
    }
    for instrs in programs {
        let code = Code::new(instrs, 2, 1).unwrap();
        let slots: Vec<u64> = special.iter().map(|x| x.to_bits()).collect();
        let indices = 0..u32::try_from(special.len()).unwrap();
        let pairs = indices.clone().flat_map(|x| indices.clone().map(move |y| (x, y)));
        let kernel = kernel(&code, 2);
        for constant in [0.0, 1.0, -2.0, f64::NAN, f64::INFINITY] {
            let rows: Vec<_> = pairs.clone().map(|(x, y)| (vec![x, y], vec![constant])).collect();
            all_differ(&kernel, Group { code: code.clone(), slots: slots.clone(), rows, heads: Vec::new() });
        }
    }
}

/// Every instruction of levels over all levels.
#[test]
fn each_level_alone() {
    let mut programs: Vec<Vec<Instr>> = Vec::new();
    let loads = [Instr::OperandLevel(0), Instr::OperandLevel(1)];
    let results = [Instr::And(0, 1), Instr::Or(0, 1), Instr::Not(0), Instr::CoalesceLevel(0, 1), Instr::KnownLevel(0)].into_iter();
    let comparisons = COMPARISONS.iter().map(|op| Instr::CompareLevel(*op, 0, 1));
    let constants = [Level::False, Level::Unknown, Level::True].map(Instr::ConstLevel);
    for result in results.chain(comparisons).chain(constants) {
        programs.push([&loads[..], &[result]].concat());
    }
    for instrs in programs {
        let code = Code::new(instrs, 2, 0).unwrap();
        let rows = (0..3).flat_map(|x| (0..3).map(move |y| (vec![x, y], Vec::new()))).collect();
        all_differ(&kernel(&code, 2), Group { code: code.clone(), slots: vec![0, 1, 2], rows, heads: Vec::new() });
    }
}

/// Whether the kernel gives for each row what plain Rust gives: two runs, one with heads that expect false, one with heads that expect true.
fn all_differ(kernel: &Kernel, mut group: Group) {
    for truth in [0, u8::MAX] {
        group.heads = group.blocks().map(|block| Head { truth, first: 0, valid: u8::MAX >> (LANES - block.len()) }).collect();
        group.check(kernel, false).unwrap();
    }
    // And lane by lane, or one lane could hide what another does.
    for lane in 0..LANES {
        let heads =
            group.blocks().map(|block| Head { truth: 0, first: 0, valid: if lane < block.len() { 1 << lane } else { 0 } }).collect();
        group.heads = heads;
        group.check(kernel, false).unwrap();
    }
}

fn above(constants: u16) -> Code {
    Code::new(vec![Instr::Operand(0), Instr::Literal(1.0_f64.to_bits()), Instr::Compare(Comparison::Gt, 0, 1)], 1, constants).unwrap()
}

fn kernel(code: &Code, width: usize) -> Kernel {
    let mut compiler = Compiler::new(1 << 16).unwrap();
    let pending = compiler.compile(code, width).unwrap();
    compiler.finish(&[pending], None).unwrap().0.pop().unwrap()
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let narrow = kernel(&above(1), 2);
    let heads = [Head { truth: 0, first: 0, valid: 255 }; 2];
    let operands = laid_out(vec![2; 10]);
    let fits = Rows { operands: &operands, operands_at: 0, constants: &[0.0; 10], heads: &heads, rows: 10 };
    let slots = [0; 3];
    assert!(narrow.run(&slots, &fits, 0).is_some());
    assert!(narrow.run(&slots, &fits, 2).is_some());
    assert!(narrow.run(&slots, &fits, 3).is_none(), "a block beyond the last");
    assert!(narrow.run(&slots[..2], &fits, 0).is_none(), "a slot that is not there");
    assert!(narrow.run(&slots, &Rows { operands_at: 1, ..fits }, 0).is_none(), "operands");
    assert!(narrow.run(&slots, &Rows { operands_at: usize::MAX, ..fits }, 0).is_none(), "operands beyond all memory");
    assert!(narrow.run(&slots, &Rows { constants: &[0.0; 9], ..fits }, 0).is_none(), "constants");
    assert!(narrow.run(&slots, &Rows { heads: &heads[..1], ..fits }, 0).is_none(), "heads");
    assert!(narrow.run(&slots, &Rows { rows: 11, ..fits }, 0).is_none(), "rows: eleven take twelve lanes");
    assert!(kernel(&above(1), 4).run(&slots, &fits, 0).is_none(), "operands of another width");
    assert!(narrow.run(&slots, &Rows { rows: 0, ..fits }, 0).is_some_and(|found| found.block.is_none()));
}

#[test]
fn programs_that_are_none_are_refused() {
    let refused = |instrs: Vec<Instr>| Code::new(instrs, 1, 1).unwrap_err();
    assert_eq!(refused(vec![]), CannotCompile::Malformed(0));
    assert_eq!(refused(vec![Instr::Operand(0)]), CannotCompile::Malformed(0));
    assert_eq!(refused(vec![Instr::OperandLevel(1)]), CannotCompile::Malformed(0));
    assert_eq!(refused(vec![Instr::Const(1), Instr::Known(0)]), CannotCompile::Malformed(0));
    assert_eq!(refused(vec![Instr::Operand(0), Instr::Compare(Comparison::Lt, 0, 1)]), CannotCompile::Malformed(1));
    assert_eq!(refused(vec![Instr::OperandLevel(0), Instr::Not(1)]), CannotCompile::Malformed(1));
    assert_eq!(refused(vec![Instr::OperandLevel(0), Instr::Known(0)]), CannotCompile::Malformed(1), "a level is no number");
    assert_eq!(refused(vec![Instr::OperandLevel(0); 257]), CannotCompile::Long(257));
}

#[test]
fn the_limit_on_code_holds_and_memory_lives_as_long_as_a_kernel() {
    let code = above(0);
    let mut compiler = Compiler::new(4_000).unwrap();
    let mut pending = Vec::new();
    let refused = loop {
        match compiler.compile(&code, 2) {
            Ok(one) => pending.push(one),
            Err(error) => break error,
        }
    };
    assert_eq!(refused, CannotCompile::Limit(4_000));
    assert!(compiler.bytes() <= 4_000 && !pending.is_empty());
    let mut kernels = compiler.finish(&pending, None).unwrap().0;
    let last = kernels.pop().unwrap();
    drop(kernels);
    let heads = [Head { truth: 0, first: 0, valid: 1 }];
    let operands = laid_out(vec![0]);
    let rows = Rows { operands: &operands, operands_at: 0, constants: &[], heads: &heads, rows: 1 };
    let found = std::thread::spawn({
        let last = last.clone();
        let slots = [2.0_f64.to_bits()];
        let (operands, heads) = (operands.clone(), heads);
        move || last.run(&slots, &Rows { operands: &operands, operands_at: 0, constants: &[], heads: &heads, rows: 1 }, 0)
    });
    assert_eq!(found.join().unwrap().and_then(|found| found.block), Some(0));
    assert_eq!(last.run(&[0.5_f64.to_bits()], &rows, 0).map(|found| found.block), Some(None));
    assert!(last.memory_bytes() <= 4_000);
}

/// The same program gives the same bytes of code, whenever it is compiled.
#[test]
fn code_is_the_same_each_time() {
    let code = above(0);
    let bytes = |count: usize| {
        let mut compiler = Compiler::new(1 << 16).unwrap();
        for _ in 0..count {
            compiler.compile(&code, 2).unwrap();
        }
        compiler.text().to_vec()
    };
    let (once, twice) = (bytes(1), bytes(2));
    assert!(twice.starts_with(&once));
    assert_eq!(&twice[once.len().next_multiple_of(64)..], &once[..]);
}

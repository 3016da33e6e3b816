//! Whatever a routine is found to be, it says what its steps in registers say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use ascep_lang::program::{CmpOp, NumFn};
use proptest::prelude::*;

use super::{Masks, Registers, Routine, detect, few, masks};
use crate::columns::{Columns, ColumnsBuilder, Head, LANES, RowInput};
use crate::plan::{Instr, Shape, ShapeMode};

/// Numbers in slots.
const NUMBERS: u32 = 12;
/// Levels in slots after them.
const LEVELS: u32 = 4;

#[derive(Debug, Clone, Copy)]
enum Leaf {
    Operand,
    /// Of each row, from a list.
    Constant,
    Literal(f64),
}

#[derive(Debug, Clone)]
enum Test {
    Level,
    Compare(CmpOp, Side, Side),
}

type Side = (Leaf, Vec<(NumFn, Leaf, bool)>);

fn leaf() -> impl Strategy<Value = Leaf> {
    prop_oneof![5 => Just(Leaf::Operand), 1 => Just(Leaf::Constant), 1 => number().prop_filter("finite", |x| x.is_finite()).prop_map(Leaf::Literal)]
}

fn side(links: usize) -> impl Strategy<Value = Side> {
    let function = prop::sample::select(vec![NumFn::Add, NumFn::Sub, NumFn::Mul, NumFn::Div]);
    (leaf(), prop::collection::vec((function, leaf(), prop::bool::ANY), 0..=links))
}

fn test() -> impl Strategy<Value = Test> {
    let op = || prop::sample::select(vec![CmpOp::Gt, CmpOp::Ge, CmpOp::Lt, CmpOp::Le]);
    let constant = prop_oneof![2 => Just(Leaf::Constant), 1 => (-2.0..2.0_f64).prop_map(Leaf::Literal)];
    prop_oneof![
        1 => Just(Test::Level),
        2 => (op(), side(3), side(2)).prop_map(|(op, x, y)| Test::Compare(op, x, y)),
        // As most are: a chain of operands against a constant.
        4 => (op(), prop::collection::vec(prop::sample::select(vec![NumFn::Add, NumFn::Sub, NumFn::Mul, NumFn::Div]), 0..3), constant, prop::bool::ANY).prop_map(
            |(op, links, constant, turned)| {
                let number = (Leaf::Operand, links.into_iter().map(|function| (function, Leaf::Operand, false)).collect());
                let constant = (constant, Vec::new());
                if turned { Test::Compare(op, constant, number) } else { Test::Compare(op, number, constant) }
            }
        ),
    ]
}

/// A number against a constant.
fn plain() -> impl Strategy<Value = Test> {
    let op = prop::sample::select(vec![CmpOp::Gt, CmpOp::Ge, CmpOp::Lt, CmpOp::Le]);
    (op, any::<bool>()).prop_map(|(op, own)| {
        let constant = if own { Leaf::Constant } else { Leaf::Literal(1.0) };
        Test::Compare(op, (Leaf::Operand, Vec::new()), (constant, Vec::new()))
    })
}

/// Such that results meet, overflow and vanish.
fn number() -> impl Strategy<Value = f64> {
    let special =
        vec![0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, f64::NAN, f64::MAX, f64::MIN, 1e300, -1e200, 1e-300, f64::MIN_POSITIVE, 5e-324, -5e-324];
    let near = (0..6_u64).prop_map(|ulps| f64::from_bits(1.5_f64.to_bits() + ulps));
    prop_oneof![1 => Just(f64::NAN), 4 => prop::sample::select(special), 3 => near, 3 => (-8..8_i32).prop_map(|x| f64::from(x) * 0.25), 1 => any::<f64>().prop_map(|x| if x.is_finite() { x } else { f64::NAN })]
}

/// The code of some tests that are joined, as a shape, and how many operands that are levels come in front.
struct Writer {
    code: Vec<Instr>,
    operands: Vec<bool>,
    constants: u16,
    nums: u16,
    levels: u16,
}

impl Writer {
    fn num(&mut self, instr: Instr) -> u16 {
        self.code.push(instr);
        self.nums += 1;
        self.nums - 1
    }

    fn level(&mut self, instr: Instr) -> u16 {
        self.code.push(instr);
        self.levels += 1;
        self.levels - 1
    }

    fn operand(&mut self, is_level: bool) -> u16 {
        self.operands.push(is_level);
        self.operands.len() as u16 - 1
    }

    fn leaf(&mut self, leaf: Leaf) -> u16 {
        match leaf {
            Leaf::Operand => {
                let operand = self.operand(false);
                self.num(Instr::Operand(operand))
            }
            Leaf::Constant => {
                self.constants += 1;
                self.num(Instr::Const(self.constants - 1))
            }
            Leaf::Literal(x) => self.num(Instr::Literal(x.to_bits())),
        }
    }

    fn side(&mut self, start: Leaf, links: &[(NumFn, Leaf, bool)]) -> u16 {
        let Some(((function, with, turned), before)) = links.split_last() else { return self.leaf(start) };
        // In the order in which they stand.
        if *turned {
            let y = self.leaf(*with);
            let x = self.side(start, before);
            return self.num(Instr::Binary(*function, y, x));
        }
        let x = self.side(start, before);
        let y = self.leaf(*with);
        self.num(Instr::Binary(*function, x, y))
    }

    /// Of tests that are joined by OR where one of these says so, in turn.
    fn shape(tests: &[Test], any: &[bool]) -> (Shape, Vec<bool>) {
        let mut writer = Self { code: Vec::new(), operands: Vec::new(), constants: 0, nums: 0, levels: 0 };
        let mut all = None;
        for (test, any) in tests.iter().zip(any.iter().cycle()) {
            let level = match test {
                Test::Level => {
                    let operand = writer.operand(true);
                    writer.level(Instr::OperandLevel(operand))
                }
                Test::Compare(op, x, y) => {
                    let (x, y) = (writer.side(x.0, &x.1), writer.side(y.0, &y.1));
                    writer.level(Instr::Compare(*op, x, y))
                }
            };
            all = Some(match all {
                None => level,
                Some(before) => writer.level(if *any { Instr::Or(before, level) } else { Instr::And(before, level) }),
            });
        }
        let Self { code, operands, constants, nums, levels } = writer;
        (Shape { mode: ShapeMode::Edge, code, operands: operands.len() as u16, constants, nums, levels }, operands)
    }
}

/// The routine of the first shape, and the same in registers.
fn both(columns: &Columns) -> [Routine; 2] {
    [Routine::new(&columns.shapes[0]), Routine::in_registers(&columns.shapes[0])]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tests_say_what_registers_say(
        tests in prop_oneof![2 => prop::collection::vec(test(), 1), 2 => prop::collection::vec(test(), 2..4), 1 => prop::collection::vec(plain(), 2)],
        any in prop_oneof![2 => Just(vec![false]), 1 => Just(vec![true]), 1 => prop::collection::vec(any::<bool>(), 3)],
        rows in prop_oneof![2 => 1..4_usize, 1 => 1..40_usize],
        picks in prop::collection::vec(any::<u32>(), 64),
        constants in prop::collection::vec(number().prop_filter("finite", |x| x.is_finite()), 16),
        numbers in prop::collection::vec(number(), NUMBERS as usize),
        levels in prop::collection::vec(0..3_u64, LEVELS as usize),
        heads in prop::collection::vec(any::<(u8, u8)>(), 5),
        calm in prop::bool::ANY,
        wide in prop::bool::ANY,
        apart in prop::bool::ANY,
    ) {
        let (shape, operands) = Writer::shape(&tests, &any);
        let mut builder = ColumnsBuilder::default();
        let pick = |row: usize, k: usize| picks[(row * 7 + k) % picks.len()] as usize;
        for row in 0..rows {
            let slot = |(k, is_level): (usize, &bool)| if *is_level { NUMBERS + pick(row, k) as u32 % LEVELS } else { pick(row, k) as u32 % NUMBERS };
            let operands = operands.iter().enumerate().map(slot).collect();
            let constants = (0..usize::from(shape.constants)).map(|k| constants[pick(row, k + 3) % constants.len()]).collect();
            builder.add(row as u32, shape.clone(), operands, constants, &[RowInput::Param(0)]);
        }
        if apart {
            // A row elsewhere, or constants that all rows share would be literals.
            let other = (0..shape.constants).map(|k| 100.0 + f64::from(k)).collect();
            builder.add(rows as u32, shape.clone(), vec![0; operands.len()], other, &[RowInput::Param(1)]);
        }
        let (columns, _) = builder.finish((1, rows + 1, if wide { 100_000 } else { 16 }), |_| vec![0]).unwrap();
        // With finite numbers alone as well, as they nearly always are.
        let number = |x: &f64| if calm && x.is_nan() { 1.0 } else { *x };
        let slots: Vec<u64> = numbers.iter().map(|x| number(x).to_bits()).chain(levels.iter().copied()).collect();
        let group = columns.groups[0];
        let routines = both(&columns);
        let mut registers = Registers::new(&routines);
        let [routine, plainly] = &routines;
        prop_assert!(!plainly.has_tests());
        let blocks = group.blocks();
        let mut expected = Vec::new();
        for block in 0..blocks {
            let valid = |masks: Masks| {
                let rows = u8::MAX >> (LANES - group.rows_in(block));
                (masks.yes & rows, masks.no & rows)
            };
            let said = masks(&columns, plainly, group, block, &slots, &mut registers);
            prop_assert_eq!(valid(masks(&columns, routine, group, block, &slots, &mut registers)), valid(said));
            expected.push(valid(said));
        }
        let alone = match columns.operands.slots() {
            ascep_native::Slots::Narrow(operands) => few(routine, &group, operands, &columns.constants, &slots),
            ascep_native::Slots::Wide(operands) => few(routine, &group, operands, &columns.constants, &slots),
        };
        prop_assert_eq!(alone.map(|masks| (masks.yes, masks.no)), (rows <= 2 && routine.has_tests()).then(|| expected[0]));
        // Heads of which most are as the rows are, so that more than the first block is looked at.
        let heads: Vec<Head> = (0..blocks).map(|block| {
            let (noise, first) = heads[block % heads.len()];
            let noise = if noise < 40 { 1 << (noise % 8) } else { 0 };
            let first = if first < 20 { first } else { 0 };
            Head { truth: expected[block].0 ^ noise, first, valid: u8::MAX >> (LANES - group.rows_in(block)) }
        }).collect();
        for from in 0..=blocks {
            let said = detect(&columns, plainly, group, &slots, &heads, from, &mut registers);
            prop_assert_eq!(detect(&columns, routine, group, &slots, &heads, from, &mut registers), said);
        }
    }
}

/// The kinds that have loops of their own are found to be of them.
#[test]
fn most_rules_are_tests() {
    let operand = |links: &[NumFn]| (Leaf::Operand, links.iter().map(|function| (*function, Leaf::Operand, false)).collect());
    let above = |x: Side, y: Side| Test::Compare(CmpOp::Gt, x, y);
    let constant = (Leaf::Constant, Vec::new());
    let of = |tests: &[Test], any| Routine::new(&Writer::shape(tests, &[any]).0);
    let cross = of(&[above(operand(&[NumFn::Mul, NumFn::Div]), constant.clone())], false);
    assert!(cross.has_tests() && cross.scan.is_some() && cross.plain.is_empty());
    let arbitrage = of(&[above(operand(&[]), operand(&[]))], false);
    assert!(arbitrage.scan.is_some());
    let both = [above(operand(&[]), constant.clone()), Test::Level];
    assert_eq!([of(&both, false), of(&both, true)].map(|routine| (routine.has_tests(), routine.plain.len())), [(true, 2), (true, 0)]);
    // `mid > avg + 3 * stddev`: the product stands on the right.
    let band = Writer::shape(
        &[above(operand(&[]), (Leaf::Literal(3.0), vec![(NumFn::Mul, Leaf::Operand, false), (NumFn::Add, Leaf::Operand, true)]))],
        &[false],
    )
    .0;
    assert!(Routine::new(&band).has_tests());
}

//! Programs of rows, and what they come to in plain Rust.

use ascep_native::{Binary, Code, Comparison, Instr};

pub(crate) fn codes() -> Vec<Option<Code>> {
    let literal = |x: f64| Instr::Literal(x.to_bits());
    vec![
        // x > constant AND y < 2: known wherever both are.
        Code::new(
            vec![
                Instr::Operand(0),
                Instr::Const(0),
                Instr::Compare(Comparison::Gt, 0, 1),
                Instr::Operand(1),
                literal(2.0),
                Instr::Compare(Comparison::Lt, 2, 3),
                Instr::And(0, 1),
            ],
            2,
            1,
        )
        .ok(),
        // x * y / z > constant.
        Code::new(
            vec![
                Instr::Operand(0),
                Instr::Operand(1),
                Instr::Binary(Binary::Mul, 0, 1),
                Instr::Operand(2),
                Instr::Binary(Binary::Div, 2, 3),
                Instr::Const(0),
                Instr::Compare(Comparison::Gt, 4, 5),
            ],
            3,
            1,
        )
        .ok(),
        // Without constants.
        Code::new(vec![Instr::Operand(0), literal(1.0), Instr::Compare(Comparison::Le, 0, 1), Instr::Not(0)], 1, 0).ok(),
        // A level AND x > constant.
        Code::new(
            vec![Instr::OperandLevel(0), Instr::Operand(1), Instr::Const(0), Instr::Compare(Comparison::Gt, 0, 1), Instr::And(0, 1)],
            2,
            1,
        )
        .ok(),
        None,
    ]
}

/// The shape whose first operand is a level.
pub(crate) const LEVELS: usize = 3;

/// What a row of a shape comes to, in plain Rust.
pub(crate) fn holds(shape: usize, x: &[f64], constant: f64) -> Option<bool> {
    let finite = |x: f64| if x.is_finite() { x } else { f64::NAN };
    let above = |x: f64, y: f64| x.partial_cmp(&y).map(std::cmp::Ordering::is_gt);
    match shape {
        0 => match (above(x[0], constant), above(2.0, x[1])) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        1 => above(finite(finite(x[0] * x[1]) / x[2]), constant),
        2 => above(x[0], 1.0),
        LEVELS => {
            let level = match x[0].to_bits() {
                0 => Some(false),
                2 => Some(true),
                _ => None,
            };
            match (level, above(x[1], constant)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }
        }
        _ => panic!("shape {shape}"),
    }
}

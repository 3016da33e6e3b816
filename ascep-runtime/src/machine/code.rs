//! What plans say, in the words of machine code: numbers of the market, and the programs of shapes.

use ascep_lang::program::{CmpOp, MarketField, NumFn};
use ascep_native::{Binary, Code, Comparison, Field, Level, Unary};

use crate::event::Side;
use crate::plan::{Instr, ReadingField, Shape};
use crate::value::{FALSE, TRUE};

/// A number of the market as machine code knows it.
pub(super) fn field(field: ReadingField) -> Option<Field> {
    let field = match field {
        ReadingField::Number(field) => field,
        ReadingField::SideIs(Side::Buy) => return Some(Field::IsBuy),
        ReadingField::SideIs(Side::Sell) => return Some(Field::IsSell),
    };
    Some(match field {
        MarketField::Last | MarketField::Price => Field::Price,
        MarketField::Qty => Field::Qty,
        MarketField::Notional => Field::Notional,
        MarketField::Bid => Field::Bid,
        MarketField::Ask => Field::Ask,
        MarketField::BidQty => Field::BidQty,
        MarketField::AskQty => Field::AskQty,
        MarketField::Mid => Field::Mid,
        MarketField::Spread => Field::Spread,
        MarketField::SpreadRatio => Field::SpreadRatio,
        MarketField::Microprice => Field::Microprice,
        _ => return None,
    })
}

/// The program of a shape as kernels have it; none where it has a function that is not compiled.
pub(super) fn code(shape: &Shape) -> Option<Code> {
    let instrs = shape.code.iter().map(|instr| instruction(*instr)).collect::<Option<Vec<_>>>()?;
    Code::new(instrs, shape.operands, shape.constants).ok()
}

fn instruction(instr: Instr) -> Option<ascep_native::Instr> {
    use ascep_native::Instr as Native;
    Some(match instr {
        Instr::Operand(k) => Native::Operand(k),
        Instr::OperandLevel(k) => Native::OperandLevel(k),
        Instr::Const(k) => Native::Const(k),
        Instr::Literal(bits) => Native::Literal(bits),
        Instr::ConstLevel(level) => Native::ConstLevel(match level {
            FALSE => Level::False,
            TRUE => Level::True,
            _ => Level::Unknown,
        }),
        Instr::Unary(function, x) => Native::Unary(unary(function)?, x),
        Instr::Binary(function, x, y) => Native::Binary(binary(function)?, x, y),
        Instr::Clamp(x, low, high) => Native::Clamp(x, low, high),
        Instr::Compare(op, x, y) => Native::Compare(comparison(op), x, y),
        Instr::CompareLevel(op, x, y) => Native::CompareLevel(comparison(op), x, y),
        Instr::And(x, y) => Native::And(x, y),
        Instr::Or(x, y) => Native::Or(x, y),
        Instr::Not(x) => Native::Not(x),
        Instr::Coalesce(x, y) => Native::Coalesce(x, y),
        Instr::CoalesceLevel(x, y) => Native::CoalesceLevel(x, y),
        Instr::Known(x) => Native::Known(x),
        Instr::KnownLevel(x) => Native::KnownLevel(x),
    })
}

fn unary(function: NumFn) -> Option<Unary> {
    Some(match function {
        NumFn::Neg => Unary::Neg,
        NumFn::Abs => Unary::Abs,
        NumFn::Sqrt => Unary::Sqrt,
        NumFn::Floor => Unary::Floor,
        NumFn::Ceil => Unary::Ceil,
        NumFn::Round => Unary::Round,
        NumFn::Sign => Unary::Sign,
        // Those of libm, which are calls, and what has more arguments.
        NumFn::Ln
        | NumFn::Exp
        | NumFn::Add
        | NumFn::Sub
        | NumFn::Mul
        | NumFn::Div
        | NumFn::Min
        | NumFn::Max
        | NumFn::Pow
        | NumFn::Mod
        | NumFn::Clamp => return None,
    })
}

fn binary(function: NumFn) -> Option<Binary> {
    Some(match function {
        NumFn::Add => Binary::Add,
        NumFn::Sub => Binary::Sub,
        NumFn::Mul => Binary::Mul,
        NumFn::Div => Binary::Div,
        NumFn::Mod => Binary::Mod,
        NumFn::Min => Binary::Min,
        NumFn::Max => Binary::Max,
        _ => return None,
    })
}

fn comparison(op: CmpOp) -> Comparison {
    match op {
        CmpOp::Lt => Comparison::Lt,
        CmpOp::Le => Comparison::Le,
        CmpOp::Gt => Comparison::Gt,
        CmpOp::Ge => Comparison::Ge,
        CmpOp::Eq => Comparison::Eq,
        CmpOp::Ne => Comparison::Ne,
    }
}

//! Literals of loops, which are kept in memory.

use std::cell::RefCell;

use cranelift_codegen::ir::types::F64X2;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::emit::UNALIGNED;

/// Literals of a loop that are kept in memory: made in registers they would be taken out of the loop, where there are not registers for all of them.
#[derive(Debug, Default)]
pub(crate) struct Literals(RefCell<Vec<u64>>);

impl Literals {
    /// All of them, in the order of their places.
    pub(crate) fn into_numbers(self) -> Vec<u64> {
        self.0.into_inner()
    }
}

/// Where they are: one after the other below an address that is in a register anyway.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'l> {
    pub(crate) literals: &'l Literals,
    pub(crate) end: Value,
}

impl Pool<'_> {
    /// A number in both lanes.
    pub(crate) fn load(self, builder: &mut FunctionBuilder<'_>, number: f64) -> Value {
        let mut numbers = self.literals.0.borrow_mut();
        let bits = number.to_bits();
        let place = numbers.iter().position(|other| *other == bits).unwrap_or_else(|| {
            numbers.push(bits);
            numbers.len() - 1
        });
        let offset = i32::try_from((place + 1) * LITERAL).unwrap_or(i32::MAX);
        builder.ins().load(F64X2, UNALIGNED, self.end, -offset)
    }
}

/// Bytes of a literal.
pub(crate) const LITERAL: usize = 16;

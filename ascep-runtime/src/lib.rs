//! The ASCEP engine: evaluates a compiled [`Program`](ascep_lang::Program) on market events.

pub mod event;
pub mod signal;

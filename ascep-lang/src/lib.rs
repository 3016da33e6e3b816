//! The ASCEP rule language: from the text of `.cep` files to a [`Program`], a typed DAG of operators.
//!
//! The compiler does no I/O, reads no clock and starts no thread: [`compile`] takes texts and gives data. See `docs/` for the language.

pub mod diagnostic;
pub mod program;
pub mod span;
pub mod syntax;

pub use diagnostic::{Code, Diagnostic, Severity};
pub use program::{Program, TypedRules};
pub use span::{FileId, Span};

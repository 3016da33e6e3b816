//! The ASCEP rule language: from the text of `.cep` files to a [`Program`], a typed DAG of operators.
//!
//! The compiler does no I/O, reads no clock and starts no thread: [`compile`] takes texts and gives data, or [`Diagnostics`] that
//! can be drawn for people or written as JSON. A host that needs no text makes programs with the [`builder`]. See `docs/` for the language.

pub mod builder;
mod check;
mod compile;
pub mod diagnostic;
mod fold;
mod index;
mod lexer;
pub mod limits;
mod lower;
pub mod program;
mod source;
pub mod span;
pub mod syntax;
pub mod tests;

pub use check::functions;
pub use check::suggest::nearest;
pub mod universe;
pub use compile::{Analysis, FunctionDecl, InputDecl, InputType, Options, analyze, compile};
pub use diagnostic::{Code, Diagnostic, Diagnostics, RenderOptions, Severity, explain};
pub use limits::Limits;
pub use lower::lower;
pub use program::{Program, TypedRules};
pub use source::{LineColumn, Source};
pub use span::{FileId, Span};

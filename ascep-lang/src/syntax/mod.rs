//! The syntax tree and what is done with it before it means anything.

mod tree;
pub use tree::*;

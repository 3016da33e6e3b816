//! The syntax tree, and all that is done with it before it means anything: text to tokens to tree, and back.

mod dump;
pub(crate) mod literal;
pub(crate) mod parser;
mod prepare;
mod print;
mod report;
mod tree;
mod write;

pub use crate::lexer::{Token, tokens};
pub use dump::{dump_tokens, dump_tree};
pub use parser::parse;
pub(crate) use parser::parse_part;
pub use print::{print, print_expr};
pub use tree::*;

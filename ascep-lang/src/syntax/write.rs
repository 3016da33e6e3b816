//! A work list for writing trees without recursion: pieces of text and expressions, taken from the front.

use super::tree::{Expr, ExprId, Tree};

/// Text, or an expression to be written, which must bind at least so tightly to stand without brackets.
pub(super) enum Piece<'t> {
    Text(&'static str),
    Word(&'t str),
    Own(String),
    Expr(ExprId, u8),
}

/// Writes the expression `root` and all below it. `open` puts the pieces of one expression into the list, in order.
///
/// Children stand before their parents in a tree, and an id that does not is written as an error, so this ends for any tree.
pub(super) fn write<'t>(tree: &'t Tree, out: &mut String, root: ExprId, level: u8, open: impl Fn(&mut Vec<Piece<'t>>, &'t Expr, u8)) {
    // The next piece is at the end. With an expression goes the id that its children must be below.
    let mut todo = vec![(Piece::Expr(root, level), u32::MAX)];
    let mut pieces = Vec::new();
    while let Some((piece, bound)) = todo.pop() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Word(word) => out.push_str(word),
            Piece::Own(text) => out.push_str(&text),
            Piece::Expr(id, level) => match tree.expr(id).filter(|_| id.0 < bound) {
                Some(expr) => {
                    open(&mut pieces, expr, level);
                    todo.extend(pieces.drain(..).rev().map(|piece| (piece, id.0)));
                }
                None => out.push_str("<error>"),
            },
        }
    }
}

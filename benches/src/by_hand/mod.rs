//! What somebody would write who had one kind of rule and no engine, and knew how: flat arrays, rows that hold what is needed together, no hashing, no
//! division where a product says the same, no branch that can't be guessed. The engine is measured beside these loops, on the same events, and must count the
//! same signals.
//!
//! They take what an expert may take for granted: numbers that were checked when they were read, fewer than 65,536 instruments, an order in time.

mod deviations;
mod frames;
mod one_shape;
mod sequences;
mod triples;

pub use deviations::Deviations;
pub use frames::Frames;
pub use one_shape::OneShape;
pub use sequences::Sequences;
pub use triples::Triples;

/// As many as a `u16` can tell apart: into an array of this length it needs no check of bounds.
const IDS: usize = 1 << 16;

const SECOND: i64 = 1_000_000_000;

/// An array that a `u16` can't miss; only what is written to takes memory.
#[expect(clippy::panic, reason = "an array made from a vector of its length")]
fn by_id<T: Clone>(value: T) -> Box<[T; IDS]> {
    match vec![value; IDS].try_into() {
        Ok(array) => array,
        Err(_) => panic!("a vector has another length than it was made with"),
    }
}

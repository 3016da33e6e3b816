//! What the ASCEP engine can't say in safe Rust, behind a face that is safe: asking for memory ahead of its use, computing with two numbers at once and, with the
//! feature `jit`, machine code for the shapes of rules.
//!
//! The crate knows nothing of rules. It takes short straight programs over numbers and levels ([`Code`]) and rows of operands to run them over ([`Rows`]), and
//! finds the blocks of rows in which something happens. What happens there is for the caller to say, who has an interpreter for it: machine code can overlook a
//! block or point at one too many, and tests compare the two, but it never decides what a rule means.
//!
//! # What is unsafe, and why it holds
//!
//! All `unsafe` is in the module `bare`: the prefetch instruction, the vectors of SSE2, the reading of slots, the call of code that was made at run time, and its calls back. Each has
//! its proof beside it. In short:
//!
//! - Vectors are computed with where the whole target has them. They touch no memory.
//! - A [`Lookup`] reads slots without a comparison for each: it is made where the greatest of all operands was compared with the number of slots.
//! - Code is made by [`Compiler`] alone, from a vocabulary of loads at computed places, arithmetic without traps, and branches inside one function. It calls nothing but
//!   the functions that it finds in its frame.
//! - A kernel reads the slots that the operands name, and the operands, constants and heads of the rows that it is given, and writes nothing.
//!   [`Operands`] knows the greatest slot of all that is in it, so one comparison before a call bounds all that the call can read there; the other lengths are
//!   compared with what the number of rows comes to.
//! - A batch (`Batch`, the loop over events) reads events, and reads and writes the lines of instruments and the slots that it is given, all within bounds that are compared before the call.
//!   For steps of entries it calls back ([`Steps`]), with lines, slots and steps borrowed for writing through the whole call: while one side runs, the other waits. A panic of a step
//!   ends the process instead of going through machine code.
//! - Memory is written before it is executable and never after. It is freed when the last [`Kernel`] or `Batch` in it is dropped.
//!
//! Miri can't run machine code. It can run everything else here; what the code does is checked by `tests/kernels.rs`, which compares random programs over
//! random numbers with plain Rust, and by the property tests of `ascep-runtime`, in which engines with and without machine code must agree.

mod bare;
mod pairs;
mod rows;

#[cfg(feature = "jit")]
mod batch;
#[cfg(feature = "jit")]
mod batch_build;
#[cfg(feature = "jit")]
mod batch_calls;
#[cfg(feature = "jit")]
mod batch_emit;
#[cfg(feature = "jit")]
mod batch_entry;
#[cfg(feature = "jit")]
mod batch_lines;
#[cfg(feature = "jit")]
mod batch_numbers;
#[cfg(feature = "jit")]
mod batch_trades;
#[cfg(feature = "jit")]
mod batch_wide;
#[cfg(feature = "jit")]
mod code;
#[cfg(feature = "jit")]
mod compile;
#[cfg(feature = "jit")]
mod emit;
#[cfg(feature = "jit")]
mod kernel;
#[cfg(feature = "jit")]
mod lanes;
#[cfg(feature = "jit")]
mod literals;
#[cfg(feature = "jit")]
mod scan;

pub use bare::lookup::{Block, Columns, Lookup, Over, Slot};
pub use bare::prefetch;
pub use pairs::{Pair, Two, bits};
pub use rows::{Head, LANES, MarketLine, Operands, Slots, TradeLine, lanes_of_tail, side};

#[cfg(feature = "jit")]
pub use batch::{Batch, Change, FoundAt, Ground, Left, Settled, Stepped, Steps, Taken};
#[cfg(feature = "jit")]
pub use batch_build::{BatchBuilder, PendingBatch};
#[cfg(feature = "jit")]
pub use batch_entry::{Entry, EventLayout, Field, GroupAt, Reading};
#[cfg(feature = "jit")]
pub use code::{Binary, CannotCompile, Code, Comparison, Instr, Level, Unary};
#[cfg(feature = "jit")]
pub use compile::{Compiler, Pending};
#[cfg(feature = "jit")]
pub use kernel::{Found, Kernel, Rows};

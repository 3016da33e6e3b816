//! Engines side by side: the same rules on the same events in the same run, a chunk to each in turn.
//!
//! [`Contender`] is what is measured, [`measure`] the loop that measures, [`workloads`] what happens, and [`engines`], [`hand`] and, with
//! the feature `peers`, `peers` make the contenders of a workload.

pub mod clock;
pub mod contender;
pub mod engines;
pub mod flink;
pub mod hand;
pub mod machine;
pub mod measure;
#[cfg(feature = "peers")]
pub mod peers;
pub mod report;
pub mod svg;
pub mod workloads;

pub use contender::{Contender, Item};
pub use report::Row;

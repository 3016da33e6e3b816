//! What each fuzz target does with the bytes that it is given; a panic is a finding.
//!
//! The binaries under `fuzz_targets` only call these functions, and so does a test of the workspace, which replays the seeds and all
//! earlier findings without a fuzzer. Nothing here but the modules, so that the test can take this file in by its path.

pub mod compile_run;
pub mod frames;
pub mod parse;
pub mod readers;
pub mod snapshot;
pub mod universe;

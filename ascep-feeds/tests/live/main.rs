//! Binance live, against a server in the test that plays the venue: what it sends in good times, and each of its faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod good;
mod limits;
mod server;

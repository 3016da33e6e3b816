//! Rules in `rules/` and programs in `examples/` that show how ASCEP is used. The library itself is empty: it is here so that the programs
//! in the book are run as documentation tests.

/// The programs of `docs/embedding.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
pub struct Embedding;

/// The programs of `docs/arbitrage.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/arbitrage.md")]
pub struct Arbitrage;

/// The programs of `docs/feeds.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/feeds.md")]
pub struct Feeds;

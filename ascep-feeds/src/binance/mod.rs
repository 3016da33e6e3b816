//! Binance spot: market streams over WebSocket, and captures of them. Quotes come from `bookTicker`, trades from `trade` or `aggTrade`;
//! differences of books are recognised and left out.
//!
//! A frame of the form in which the venue sends it is read by `scan`, in one pass without allocation; any other by `messages`.

mod ids;
mod messages;
mod parser;
mod scan;
mod subscribe;
mod symbols;

pub use self::parser::Parser;
pub use self::subscribe::plan;
pub use self::symbols::{ExchangeInfoError, SymbolTable, native};

/// The name of the venue.
pub const NAME: &str = "binance";

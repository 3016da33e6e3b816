//! Binance spot: market streams over WebSocket, and captures of them. Quotes come from `bookTicker`, trades from `trade` or `aggTrade`;
//! differences of books are recognised and left out.

mod messages;
mod subscribe;
mod symbols;

pub use self::messages::Parser;
pub use self::subscribe::plan;
pub use self::symbols::{ExchangeInfoError, SymbolTable, native};

/// The name of the venue.
pub const NAME: &str = "binance";

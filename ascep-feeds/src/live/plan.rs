//! What a venue says about the connections it wants. All that is special to it when live is in here; the rest of this folder serves every venue.

use crate::symbols::SymbolId;
use crate::venue::FrameParser;

/// One connection.
pub struct ConnectionPlan {
    /// Where, `ws://` or `wss://`.
    pub url: String,
    /// What is sent once it is open, in this order. It works when all are confirmed.
    pub requests: Vec<Request>,
    /// The symbols that it carries.
    pub symbols: Vec<SymbolId>,
    /// Makes a parser for a new connection.
    pub parser: Box<dyn Fn() -> Box<dyn FrameParser> + Send>,
}

/// A message that the venue confirms by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: u64,
    /// As it goes out.
    pub text: String,
}

//! The parser of one connection: the scanner first, the tolerant decoder for whatever it leaves, and the ids of the symbols seen.

use super::ids::Ids;
use super::messages::{Decoded, decode, nanoseconds};
use super::scan::{Scanned, scan};
use super::{NAME, SymbolTable};
use crate::event::{MarketEvent, Payload, Timestamp};
use crate::number::short;
use crate::symbols::Symbols;
use crate::venue::{Frame, FrameError, FrameParser, ParserCounters, Stream};

/// Reads frames of one connection. Once it has seen a symbol, a frame of the usual form about it allocates nothing.
pub struct Parser {
    table: SymbolTable,
    ids: Ids,
    scan: bool,
    counters: ParserCounters,
}

impl Parser {
    /// A parser that takes symbols apart by a table.
    #[must_use]
    pub fn new(table: SymbolTable) -> Self {
        Self { table, ids: Ids::default(), scan: true, counters: ParserCounters::default() }
    }

    /// Whether frames of the usual form are scanned. Without it the tolerant decoder reads all of them; what comes out is the same, only
    /// later. For comparisons.
    #[must_use]
    pub fn with_scan(mut self, scan: bool) -> Self {
        self.scan = scan;
        self
    }

    fn decode(&mut self, recv_ts: Timestamp, frame: &[u8], symbols: &mut Symbols, out: &mut Vec<MarketEvent>) -> Result<Frame, FrameError> {
        let Self { table, ids, .. } = self;
        let decoded = decode(frame, |native| {
            if let Some(id) = ids.get(native) {
                return Ok(id);
            }
            let pair = table.pair(native).ok_or_else(|| FrameError::UnknownSymbol { symbol: short(native) })?;
            let id = symbols.intern(&format!("{NAME}:{pair}"))?;
            ids.insert(native, id);
            Ok(id)
        })?;
        Ok(match decoded {
            Decoded::Event { stream, symbol, venue_ts, payload, id } => {
                out.push(MarketEvent { ts: recv_ts, venue_ts, symbol, payload });
                Frame::Events { stream, id }
            }
            Decoded::Control(control) => Frame::Control(control),
            Decoded::Skipped => Frame::Skipped,
            Decoded::Unknown => Frame::Unknown,
        })
    }
}

impl FrameParser for Parser {
    fn frame(&mut self, recv_ts: Timestamp, frame: &[u8], symbols: &mut Symbols, out: &mut Vec<MarketEvent>) -> Result<Frame, FrameError> {
        let scanned = if self.scan { scan(frame, &self.ids) } else { None };
        let Some(scanned) = scanned else {
            self.counters.fell_back += 1;
            return self.decode(recv_ts, frame, symbols, out);
        };
        self.counters.scanned += 1;
        Ok(match scanned {
            Scanned::Quote { symbol, quote, id } => {
                out.push(MarketEvent { ts: recv_ts, venue_ts: None, symbol, payload: Payload::Quote(quote) });
                Frame::Events { stream: Stream::Quotes, id: Some(id) }
            }
            Scanned::Trade { symbol, trade, id, time } => {
                out.push(MarketEvent { ts: recv_ts, venue_ts: nanoseconds(time), symbol, payload: Payload::Trade(trade) });
                Frame::Events { stream: Stream::Trades, id: Some(id) }
            }
            Scanned::Depth => Frame::Skipped,
        })
    }

    fn counters(&self) -> ParserCounters {
        self.counters
    }
}

//! Frames of a connection to Binance, a line each, by the scanner and by the tolerant decoder: the same results and events to the bit.

use ascep_feeds::Symbols;
use ascep_feeds::binance::{Parser, SymbolTable};
use ascep_feeds::venue::FrameParser;

/// Panics where the two differ.
pub fn check(bytes: &[u8]) {
    let mut sides = [true, false].map(|scan| (Parser::new(SymbolTable::default()).with_scan(scan), Symbols::new(), Vec::new()));
    for (recv_ts, frame) in (1_i64..).zip(bytes.split(|&b| b == b'\n')) {
        let [scanned, decoded] = sides.each_mut().map(|(parser, symbols, events)| {
            events.clear();
            let result = parser.frame(recv_ts, frame, symbols, events);
            // As text two numbers are the same only if their bits are, and what is missing equals itself.
            format!("{result:?} {events:?}")
        });
        assert_eq!(scanned, decoded, "{}", String::from_utf8_lossy(frame));
    }
    let [scanned, decoded] =
        sides.each_ref().map(|(parser, symbols, _)| (parser.counters(), symbols.iter().map(|(_, name)| name).collect::<Vec<_>>()));
    assert_eq!(scanned.0.scanned + scanned.0.fell_back, decoded.0.fell_back);
    assert_eq!(decoded.0.scanned, 0);
    assert_eq!(scanned.1, decoded.1);
}

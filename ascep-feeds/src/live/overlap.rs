//! While two connections carry the same streams, each message may come twice. By the venue's ids the second one is known and left out.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::symbols::SymbolId;
use crate::venue::Stream;

/// Ids of trades that are remembered of each symbol; an overlap of a few seconds has fewer.
const REMEMBERED: usize = 16_384;

/// What was seen of each stream of one set of symbols.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    pictures: FxHashMap<(SymbolId, Stream), u64>,
    trades: FxHashMap<SymbolId, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    ids: FxHashSet<u64>,
    order: VecDeque<u64>,
}

impl Overlap {
    /// Whether a message is new. A picture must be newer than the last one; a trade only must not have been seen, since the slower
    /// connection may still bring one that the faster never had.
    ///
    /// Where no overlap is on (`compare` false) everything is new: a venue may begin its ids again.
    pub(super) fn is_new(&mut self, symbol: SymbolId, stream: Stream, id: u64, compare: bool) -> bool {
        if stream == Stream::Trades {
            if !compare {
                self.trades.clear();
                return true;
            }
            let seen = self.trades.entry(symbol).or_default();
            if !seen.ids.insert(id) {
                return false;
            }
            seen.order.push_back(id);
            if seen.order.len() > REMEMBERED
                && let Some(oldest) = seen.order.pop_front()
            {
                seen.ids.remove(&oldest);
            }
            return true;
        }
        match self.pictures.get_mut(&(symbol, stream)) {
            Some(last) if compare && id <= *last => return false,
            Some(last) => *last = id,
            None => _ = self.pictures.insert((symbol, stream), id),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: SymbolId = SymbolId(1);

    #[test]
    fn pictures_must_be_newer() {
        let mut overlap = Overlap::default();
        let ids = [(5, false), (5, true), (4, true), (6, true), (3, false), (4, true)];
        let new: Vec<bool> = ids.into_iter().map(|(id, compare)| overlap.is_new(S, Stream::Quotes, id, compare)).collect();
        assert_eq!(new, [true, false, false, true, true, true]);
        assert!(overlap.is_new(SymbolId(2), Stream::Quotes, 0, true));
    }

    #[test]
    fn trades_must_be_unseen() {
        let mut overlap = Overlap::default();
        let ids = [(5, true), (7, true), (6, true), (5, true), (7, true), (7, false), (7, true)];
        let new: Vec<bool> = ids.into_iter().map(|(id, compare)| overlap.is_new(S, Stream::Trades, id, compare)).collect();
        assert_eq!(new, [true, true, true, false, false, true, true]);
        for id in 0..100_000 {
            overlap.is_new(S, Stream::Trades, id, true);
        }
        assert!(overlap.trades.values().all(|seen| seen.ids.len() <= REMEMBERED && seen.order.len() <= REMEMBERED));
    }
}

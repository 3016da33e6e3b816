//! Universes and tables of fees. The first byte says how they are to be read; the rest is what is read.

use ascep_feeds::universe::{Loader, UniverseFormat, UniverseSpec};
use ascep_runtime::arbitrage::MarketKind;

/// Unpacked bytes of one input that are looked at.
const MAX_BYTES: usize = 1 << 20;

/// Panics where a reader breaks a promise.
pub fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let format = UniverseFormat::ALL.get(usize::from(first) % 8).copied();
    let spec = UniverseSpec { format, venue: (first & 0x40 != 0).then(|| "venue".to_owned()), path: "fuzz".into() };
    let limit = usize::from(first >> 4);
    let mut loader = Loader::new().with_max_bytes(MAX_BYTES).with_max_findings(limit);
    if first & 8 == 0 {
        if let Err(error) = loader.read_bytes("fuzz", rest, &spec) {
            let _ = (error.to_string(), error.help());
            assert!(loader.loaded().universe.is_empty(), "a file that is refused gives nothing");
        }
    } else if let Err(error) = loader.read_fees_bytes("fuzz", rest) {
        let _ = (error.to_string(), error.help());
        assert_eq!(loader.loaded().fees.rows().len(), 0, "a file that is refused gives nothing");
    }
    let loaded = loader.finish();
    let c = loaded.counters;
    assert_eq!(c.rows, c.markets + c.equal + c.fees + c.left_out + c.refused, "every row is counted once: {c:?}");
    assert!(loaded.findings.iter().len() <= limit);
    for finding in loaded.findings.iter() {
        let _ = (finding.to_string(), finding.help(), finding.code());
    }
    assert_eq!(loaded.universe.len() as u64, c.markets + c.equal);
    for (id, market) in loaded.universe.iter() {
        assert_eq!(loaded.universe.find(&market.symbol), Some(id));
        assert_ne!(market.base, market.quote);
        let f = market.filters;
        assert!([f.tick, f.lot, f.max_qty].into_iter().flatten().all(|x| x.is_finite() && x > 0.0), "{market:?}");
        assert!([f.min_qty, f.min_notional].into_iter().flatten().all(|x| x.is_finite() && x >= 0.0), "{market:?}");
        if let MarketKind::AssumedEqual { haircut } = market.kind {
            assert!((0.0..1.0).contains(&haircut), "{market:?}");
        }
    }
    for row in loaded.fees.rows().chain(loaded.listed.rows()) {
        assert!(row.taker > -1.0 && row.taker < 1.0 && row.min_volume >= 0.0, "{row:?}");
    }
    if let Ok(fees) = loaded.resolve() {
        assert_eq!(fees.len(), loaded.universe.len());
    }
}

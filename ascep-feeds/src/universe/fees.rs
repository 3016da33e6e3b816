//! A table of fees in CSV.

use ascep_runtime::arbitrage::{FeeRow, MarketSpec};

use super::error::LoadError;
use super::finding::FindingKind;
use super::number::part;
use super::table::{self, Row};
use super::{Refusal, Rows};
use crate::number::decimal;

/// The columns of a table of fees. There must be `taker`.
pub const FEE_COLUMNS: [&str; 6] = ["venue", "pair", "tier", "volume", "taker", "maker"];

const VENUE: usize = 0;
const PAIR: usize = 1;
const TIER: usize = 2;
const VOLUME: usize = 3;
const TAKER: usize = 4;
const MAKER: usize = 5;

/// From here on a fee is worth a question: who writes `0.1` may mean 0.1 %.
const HIGH: f64 = 0.05;

/// Reads all of it.
pub(super) fn read(bytes: &[u8], rows: &mut Rows<'_>) -> Result<(), LoadError> {
    let has = |columns: &[usize]| columns.contains(&TAKER);
    table::read(bytes, &FEE_COLUMNS, (has, "`taker`"), rows, |row, place, rows| {
        let row = fee(row)?;
        let taker = row.taker;
        rows.loaded.fees.add(row).map_err(|error| (None, error.into()))?;
        rows.loaded.counters.rows += 1;
        rows.loaded.counters.fees += 1;
        if taker >= HIGH {
            rows.find(place, Some("taker"), FindingKind::HighFee { fee: taker });
        }
        Ok(())
    })
}

fn fee(row: &Row<'_>) -> Result<FeeRow, Refusal> {
    let pair = match row.filled(PAIR) {
        None => None,
        Some(pair) => {
            let spec = MarketSpec::spot(pair).map_err(|error| (Some("pair"), error.into()))?;
            if !spec.venue.is_empty() {
                let want = "a pair such as BTC/USDT; the venue has a column of its own";
                return Err((Some("pair"), FindingKind::Word { text: crate::number::short(pair), want }));
            }
            Some(pair.to_owned())
        }
    };
    let number = |column: usize, key, read: fn(&str) -> Result<f64, crate::number::NumberError>| match row.filled(column) {
        None => Ok(None),
        Some(text) => read(text).map(Some).map_err(|error| (Some(key), FindingKind::from(error))),
    };
    Ok(FeeRow {
        venue: row.filled(VENUE).map(str::to_owned),
        pair,
        tier: row.filled(TIER).map(str::to_owned),
        min_volume: number(VOLUME, "volume", decimal)?.unwrap_or(0.0),
        taker: number(TAKER, "taker", part)?.ok_or((Some("taker"), FindingKind::Missing))?,
        maker: number(MAKER, "maker", part)?,
    })
}

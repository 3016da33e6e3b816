//! A universe in CSV: a line for each market, or for two assets that are declared to be equal.

use ascep_runtime::arbitrage::{Contract, Filters, MarketSpec, Status};

use super::error::LoadError;
use super::finding::{FindingKind, Place};
use super::number::part;
use super::table::{self, Row};
use super::{Refusal, Rows, status};
use crate::number::{decimal, short};

/// The columns of a universe in CSV. There must be `symbol`, or `base` and `quote`.
pub const UNIVERSE_COLUMNS: [&str; 12] =
    ["symbol", "venue", "base", "quote", "status", "contract", "tick", "lot", "min_qty", "max_qty", "min_notional", "haircut"];

const SYMBOL: usize = 0;
const VENUE: usize = 1;
const BASE: usize = 2;
const QUOTE: usize = 3;
const STATUS: usize = 4;
const CONTRACT: usize = 5;
const TICK: usize = 6;
const LOT: usize = 7;
const MIN_QTY: usize = 8;
const MAX_QTY: usize = 9;
const MIN_NOTIONAL: usize = 10;
const HAIRCUT: usize = 11;

/// Reads all of it. `venue` is that of rows that name none.
pub(super) fn read(bytes: &[u8], venue: &str, rows: &mut Rows<'_>) -> Result<(), LoadError> {
    let has = |columns: &[usize]| columns.contains(&SYMBOL) || (columns.contains(&BASE) && columns.contains(&QUOTE));
    table::read(bytes, &UNIVERSE_COLUMNS, (has, "`symbol`, or `base` and `quote`"), rows, |row, place, rows| {
        if let Some((a, b)) = row.get(SYMBOL).split_once('=') {
            return equal(row, (a, b), place, rows);
        }
        let spec = market(row, venue)?;
        rows.market(place, &spec, Some(row.get(STATUS)).filter(|_| spec.status == Status::Unknown));
        Ok(())
    })
}

/// `USD=USDT`: either is taken for the other, but for a haircut.
fn equal(row: &Row<'_>, (a, b): (&str, &str), place: Place, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    let stray = (VENUE..HAIRCUT).find(|column| row.filled(*column).is_some());
    if let Some(column) = stray.and_then(|column| UNIVERSE_COLUMNS.get(column)) {
        let text = row.filled(stray.unwrap_or(VENUE)).unwrap_or_default();
        return Err((Some(column), FindingKind::Word { text: short(text), want: "empty where two assets are declared to be equal" }));
    }
    let text = row.filled(HAIRCUT).ok_or((Some("haircut"), FindingKind::Missing))?;
    let haircut = part(text).map_err(|error| (Some("haircut"), error.into()))?;
    rows.equal(place, a.trim(), b.trim(), haircut);
    Ok(())
}

fn market(row: &Row<'_>, venue: &str) -> Result<MarketSpec, Refusal> {
    let word = |text: &str, want| FindingKind::Word { text: short(text), want };
    if let Some(haircut) = row.filled(HAIRCUT) {
        return Err((Some("haircut"), word(haircut, "empty where two assets are not declared to be equal, as in `USD=USDT`")));
    }
    let mut spec = match row.filled(SYMBOL) {
        Some(symbol) => MarketSpec::spot(symbol).map_err(|error| (Some("symbol"), error.into()))?,
        None => MarketSpec::default(),
    };
    for (column, key, place) in [(VENUE, "venue", &mut spec.venue), (BASE, "base", &mut spec.base), (QUOTE, "quote", &mut spec.quote)] {
        match row.filled(column) {
            Some(text) if !place.is_empty() && place != text => return Err((Some(key), word(text, "what the symbol says, or empty"))),
            Some(text) => text.clone_into(place),
            None if place.is_empty() && column != VENUE => return Err((Some(key), FindingKind::Missing)),
            None => {}
        }
    }
    if spec.venue.is_empty() {
        venue.clone_into(&mut spec.venue);
    }
    spec.status = status(row.get(STATUS));
    spec.contract = match row.get(CONTRACT).to_ascii_lowercase().as_str() {
        "" | "spot" => Contract::Spot,
        "perpetual" => Contract::Perpetual,
        "future" => Contract::Future,
        other => return Err((Some("contract"), word(other, "`spot`, `perpetual` or `future`"))),
    };
    let number = |column: usize, key| match row.filled(column) {
        None => Ok(None),
        Some(text) => decimal(text).map(Some).map_err(|error| (Some(key), FindingKind::from(error))),
    };
    spec.filters = Filters {
        tick: number(TICK, "tick")?,
        lot: number(LOT, "lot")?,
        min_qty: number(MIN_QTY, "min_qty")?,
        max_qty: number(MAX_QTY, "max_qty")?,
        min_notional: number(MIN_NOTIONAL, "min_notional")?,
    };
    Ok(spec)
}

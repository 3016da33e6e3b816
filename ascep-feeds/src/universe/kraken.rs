//! A pair of Kraken's `AssetPairs`, with the fees that it lists.

use ascep_runtime::arbitrage::{Contract, FeeRow, Filters, MarketSpec, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::strip;
use super::finding::{FindingKind, Place};
use super::number::{scaled, text};
use super::{Refusal, Rows, status};
use crate::number::{decimal, short};

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(default)]
    altname: String,
    /// What the feed calls it; dark pools have none.
    wsname: Option<String>,
    #[serde(default)]
    base: String,
    #[serde(default)]
    quote: String,
    #[serde(default)]
    status: String,
    pair_decimals: Option<i32>,
    lot_decimals: Option<i32>,
    #[serde(borrow, default)]
    lot_multiplier: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tick_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    ordermin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    costmin: Option<&'a RawValue>,
    /// From which volume on, and which percent.
    #[serde(borrow, default)]
    fees: Vec<(&'a RawValue, &'a RawValue)>,
    #[serde(borrow, default)]
    fees_maker: Vec<(&'a RawValue, &'a RawValue)>,
}

/// Reads a pair.
pub(super) fn entry(key: &str, raw: &RawValue, number: u64, venue: &str, rows: &mut Rows<'_>) {
    let place = Place::Entry { number, name: key.to_owned() };
    let pair: Pair<'_> = match serde_json::from_str(raw.get()) {
        Ok(pair) => pair,
        Err(error) => return rows.refuse(place, (None, FindingKind::Entry { message: strip(&error) })),
    };
    // A dark pool has no book that could be seen, and its pair is also that of the market that has.
    if pair.wsname.is_none() && key.ends_with(".d") {
        return rows.leave_out();
    }
    let spec = match market(key, &pair, venue) {
        Ok(spec) => spec,
        Err(refusal) => return rows.refuse(place, refusal),
    };
    if !rows.market(place.clone(), &spec, Some(pair.status.as_str()).filter(|_| spec.status == Status::Unknown)) {
        return;
    }
    for (volume, percent) in &pair.fees {
        match fee(&pair, &spec, volume, percent) {
            Ok(row) => rows.listed(&place, row),
            Err(kind) => rows.find(place.clone(), Some("fees"), kind),
        }
    }
}

fn market(key: &str, pair: &Pair<'_>, venue: &str) -> Result<MarketSpec, Refusal> {
    let unclear = || (None, FindingKind::Assets { text: short(key) });
    let (base, quote) = match &pair.wsname {
        Some(name) => name.split_once('/').ok_or_else(unclear)?,
        None => by_altname(pair).ok_or_else(unclear)?,
    };
    let number = |name, raw: Option<&RawValue>| match raw {
        None => Ok(None),
        Some(raw) => decimal(&text(raw)).map(Some).map_err(|error| (Some(name), error.into())),
    };
    let step = |name, digits: &str, decimals: Option<i32>| match decimals {
        None => Ok(None),
        Some(decimals) => scaled(digits, decimals.saturating_neg()).map(Some).map_err(|error| (Some(name), FindingKind::from(error))),
    };
    let multiplier = pair.lot_multiplier.map_or_else(|| "1".to_owned(), text);
    let tick = match number("tick_size", pair.tick_size)? {
        None => step("pair_decimals", "1", pair.pair_decimals)?,
        tick => tick,
    };
    let filters = Filters {
        tick,
        lot: step("lot_decimals", &multiplier, pair.lot_decimals)?,
        min_qty: number("ordermin", pair.ordermin)?,
        max_qty: None,
        min_notional: number("costmin", pair.costmin)?,
    };
    let (base, quote) = (usual(base).to_owned(), usual(quote).to_owned());
    Ok(MarketSpec { venue: venue.to_owned(), base, quote, status: status(&pair.status), contract: Contract::Spot, filters })
}

/// The two assets by their short names, which the pair's short name is put together from: `XXBT` and `ZUSD` are `XBT` and `USD` in `XBTUSD`.
fn by_altname<'a>(pair: &'a Pair<'_>) -> Option<(&'a str, &'a str)> {
    let names = |asset: &'a str| [Some(asset), asset.strip_prefix(['X', 'Z']).filter(|_| asset.len() == 4)];
    let bases = names(&pair.base).into_iter().flatten();
    bases
        .flat_map(|base| names(&pair.quote).into_iter().flatten().map(move |quote| (base, quote)))
        .find(|(base, quote)| pair.altname.strip_prefix(base).is_some_and(|rest| rest == *quote))
}

/// Kraken has names of its own for two assets.
fn usual(asset: &str) -> &str {
    match asset {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        other => other,
    }
}

fn fee(pair: &Pair<'_>, spec: &MarketSpec, volume: &RawValue, percent: &RawValue) -> Result<FeeRow, FindingKind> {
    let min_volume = decimal(&text(volume))?;
    let maker = pair.fees_maker.iter().find(|(from, _)| decimal(&text(from)).is_ok_and(|from| from.to_bits() == min_volume.to_bits()));
    Ok(FeeRow {
        venue: Some(spec.venue.clone()),
        pair: Some(format!("{}/{}", spec.base, spec.quote)),
        tier: None,
        min_volume,
        taker: scaled(&text(percent), -2)?,
        maker: maker.map(|(_, percent)| scaled(&text(percent), -2)).transpose()?,
    })
}

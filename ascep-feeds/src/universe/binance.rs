//! A symbol of Binance's `exchangeInfo`, of the spot market and of the two markets of contracts.

use ascep_runtime::arbitrage::{Contract, Filters, MarketSpec, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::strip;
use super::finding::{FindingKind, Place};
use super::number::text;
use super::{Refusal, Rows, status};
use crate::number::decimal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol<'a> {
    #[serde(default)]
    symbol: String,
    base_asset: Option<String>,
    quote_asset: Option<String>,
    #[serde(default)]
    status: String,
    /// What contracts have in place of `status`.
    contract_status: Option<String>,
    contract_type: Option<String>,
    is_spot_trading_allowed: Option<bool>,
    #[serde(borrow, default)]
    permissions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    permission_sets: Option<&'a RawValue>,
    #[serde(borrow, default)]
    filters: Vec<Filter<'a>>,
}

/// Of a filter that is not known nothing is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    #[serde(default)]
    filter_type: String,
    #[serde(borrow, default)]
    tick_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    step_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    min_qty: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_qty: Option<&'a RawValue>,
    #[serde(borrow, default)]
    min_notional: Option<&'a RawValue>,
    /// What contracts call `minNotional`.
    #[serde(borrow, default)]
    notional: Option<&'a RawValue>,
}

/// Reads a symbol.
pub(super) fn entry(raw: &RawValue, number: u64, venue: &str, rows: &mut Rows<'_>) {
    let symbol: Symbol<'_> = match serde_json::from_str(raw.get()) {
        Ok(symbol) => symbol,
        Err(error) => return rows.refuse(place(number, ""), (None, FindingKind::Entry { message: strip(&error) })),
    };
    let place = place(number, &symbol.symbol);
    match market(&symbol, venue) {
        Ok(spec) => {
            let word = symbol.contract_status.as_ref().unwrap_or(&symbol.status);
            rows.market(place, &spec, Some(word.as_str()).filter(|_| spec.status == Status::Unknown));
        }
        Err(refusal) => rows.refuse(place, refusal),
    }
}

fn place(number: u64, name: &str) -> Place {
    Place::Entry { number, name: name.to_owned() }
}

fn market(symbol: &Symbol<'_>, venue: &str) -> Result<MarketSpec, Refusal> {
    let base = symbol.base_asset.clone().ok_or((Some("baseAsset"), FindingKind::Missing))?;
    let quote = symbol.quote_asset.clone().ok_or((Some("quoteAsset"), FindingKind::Missing))?;
    let contract = match symbol.contract_type.as_deref() {
        None => Contract::Spot,
        Some(kind) if kind.contains("PERPETUAL") => Contract::Perpetual,
        Some(_) => Contract::Future,
    };
    let said = status(symbol.contract_status.as_ref().unwrap_or(&symbol.status));
    // Leveraged tokens are traded as any other asset is, but have a permission of their own.
    let spot = symbol.is_spot_trading_allowed.unwrap_or(true) || permits(symbol, "LEVERAGED");
    let status = if said == Status::Trading && !spot { Status::Halted } else { said };
    let mut filters = Filters::default();
    for filter in &symbol.filters {
        apply(filter, &mut filters)?;
    }
    Ok(MarketSpec { venue: venue.to_owned(), base, quote, status, contract, filters })
}

fn permits(symbol: &Symbol<'_>, what: &str) -> bool {
    let has = |raw: &RawValue| serde_json::from_str::<Vec<String>>(raw.get()).is_ok_and(|list| list.iter().any(|one| one == what));
    let sets =
        |raw: &RawValue| serde_json::from_str::<Vec<Vec<String>>>(raw.get()).is_ok_and(|sets| sets.iter().flatten().any(|one| one == what));
    symbol.permissions.is_some_and(has) || symbol.permission_sets.is_some_and(sets)
}

/// Lays a filter over those before it. A size has to pass those of all orders and those of market orders: the stricter of the two.
fn apply(filter: &Filter<'_>, to: &mut Filters) -> Result<(), Refusal> {
    match filter.filter_type.as_str() {
        "PRICE_FILTER" => to.tick = greater(to.tick, given("tickSize", filter.tick_size)?),
        "LOT_SIZE" | "MARKET_LOT_SIZE" => {
            to.lot = greater(to.lot, given("stepSize", filter.step_size)?);
            to.min_qty = greater(to.min_qty, given("minQty", filter.min_qty)?);
            to.max_qty = match (to.max_qty, given("maxQty", filter.max_qty)?) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        "MIN_NOTIONAL" | "NOTIONAL" => {
            to.min_notional = greater(to.min_notional, given("minNotional", filter.min_notional.or(filter.notional))?)
        }
        _ => {}
    }
    Ok(())
}

fn greater(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// A number of a filter; 0 is how Binance says that nothing is demanded.
fn given(key: &'static str, raw: Option<&RawValue>) -> Result<Option<f64>, Refusal> {
    let Some(raw) = raw else { return Ok(None) };
    let value = decimal(&text(raw)).map_err(|error| (Some(key), error.into()))?;
    Ok(Some(value).filter(|value| *value != 0.0))
}

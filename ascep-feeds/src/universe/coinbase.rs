//! A product of Coinbase: of the exchange (`/products`) and of Advanced Trade (`/market/products`), which has other names for the same.

use ascep_runtime::arbitrage::{Contract, Filters, MarketSpec, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::strip;
use super::finding::{FindingKind, Place};
use super::number::text;
use super::{Refusal, Rows, status};
use crate::number::decimal;

#[derive(Deserialize)]
struct Product<'a> {
    #[serde(default, alias = "product_id")]
    id: String,
    #[serde(alias = "base_currency_id")]
    base_currency: Option<String>,
    #[serde(alias = "quote_currency_id")]
    quote_currency: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    trading_disabled: bool,
    #[serde(default)]
    is_disabled: bool,
    #[serde(default)]
    cancel_only: bool,
    #[serde(default)]
    post_only: bool,
    product_type: Option<String>,
    #[serde(borrow, default)]
    base_increment: Option<&'a RawValue>,
    /// The step of prices; of Advanced Trade that of quantities of the quote asset.
    #[serde(borrow, default)]
    quote_increment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    price_increment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    base_min_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    base_max_size: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "quote_min_size")]
    min_market_funds: Option<&'a RawValue>,
}

/// Reads a product.
pub(super) fn entry(raw: &RawValue, number: u64, venue: &str, rows: &mut Rows<'_>) {
    let product: Product<'_> = match serde_json::from_str(raw.get()) {
        Ok(product) => product,
        Err(error) => {
            let place = Place::Entry { number, name: String::new() };
            return rows.refuse(place, (None, FindingKind::Entry { message: strip(&error) }));
        }
    };
    let place = Place::Entry { number, name: product.id.clone() };
    match market(&product, venue) {
        Ok(spec) => {
            rows.market(place, &spec, Some(product.status.as_str()).filter(|_| spec.status == Status::Unknown));
        }
        Err(refusal) => rows.refuse(place, refusal),
    }
}

fn market(product: &Product<'_>, venue: &str) -> Result<MarketSpec, Refusal> {
    let base = product.base_currency.clone().ok_or((Some("base_currency"), FindingKind::Missing))?;
    let quote = product.quote_currency.clone().ok_or((Some("quote_currency"), FindingKind::Missing))?;
    let number = |key, raw: Option<&RawValue>| match raw.map(text) {
        Some(text) if !text.is_empty() && text != "null" => decimal(&text).map(Some).map_err(|error| (Some(key), error.into())),
        _ => Ok(None),
    };
    let stopped = product.trading_disabled || product.is_disabled || product.cancel_only || product.post_only;
    let status = match status(&product.status) {
        Status::Trading if stopped => Status::Halted,
        said => said,
    };
    let contract = match product.product_type.as_deref() {
        None | Some("SPOT") => Contract::Spot,
        Some(_) => Contract::Future,
    };
    let filters = Filters {
        tick: number("quote_increment", product.price_increment.or(product.quote_increment))?,
        lot: number("base_increment", product.base_increment)?,
        min_qty: number("base_min_size", product.base_min_size)?,
        max_qty: number("base_max_size", product.base_max_size)?,
        min_notional: number("min_market_funds", product.min_market_funds)?,
    };
    Ok(MarketSpec { venue: venue.to_owned(), base, quote, status, contract, filters })
}

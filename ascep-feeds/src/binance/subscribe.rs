//! Which connections Binance needs for some symbols, and what is sent on each: two streams a symbol, so many in a request, so many on a
//! connection.

use super::{NAME, Parser, SymbolTable, native};
use crate::live::{ConnectionPlan, LiveError, Request, Settings};
use crate::spec::VenueSpec;
use crate::symbols::{Symbols, check_name, split_pair};

/// The address of the combined streams.
const URL: &str = "wss://stream.binance.com:9443/stream";

/// The connections for the symbols of a SPEC, which are entered into the table.
///
/// # Errors
/// When a symbol can't be one of Binance.
pub fn plan(spec: &VenueSpec, settings: &Settings, symbols: &mut Symbols) -> Result<Vec<ConnectionPlan>, LiveError> {
    let url = spec.url.as_deref().map_or_else(|| URL.to_owned(), with_path);
    let mut table = SymbolTable::default();
    let mut wanted = Vec::new();
    for pair in &spec.symbols {
        let pair = check_name(pair)?;
        let fits = |asset: &str| !asset.is_empty() && asset.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        match split_pair(pair) {
            (base, Some(quote)) if fits(base) && fits(quote) => table.add(pair),
            _ => return Err(LiveError::NotAPair { venue: NAME, symbol: pair.to_owned() }),
        }
        let id = symbols.intern(&format!("{NAME}:{pair}"))?;
        if wanted.iter().all(|(other, _)| *other != id) {
            wanted.push((id, native(pair).to_lowercase()));
        }
    }
    let trades = if spec.aggregate_trades { "aggTrade" } else { "trade" };
    let per_connection = (settings.streams_per_connection / 2).max(1);
    let plans = wanted.chunks(per_connection).map(|wanted| {
        let streams: Vec<String> = wanted.iter().flat_map(|(_, name)| [format!("{name}@bookTicker"), format!("{name}@{trades}")]).collect();
        let table = table.clone();
        ConnectionPlan {
            url: url.clone(),
            requests: requests(&streams, settings.streams_per_request.max(1)),
            symbols: wanted.iter().map(|(id, _)| *id).collect(),
            parser: Box::new(move || Box::new(Parser::new(table.clone()))),
        }
    });
    Ok(plans.collect())
}

fn requests(streams: &[String], each: usize) -> Vec<Request> {
    let request = |(id, streams): (u64, &[String])| {
        // The names hold letters, digits and `@` only: nothing to escape.
        let params: Vec<String> = streams.iter().map(|stream| format!("\"{stream}\"")).collect();
        Request { id, text: format!("{{\"method\":\"SUBSCRIBE\",\"params\":[{}],\"id\":{id}}}", params.join(",")) }
    };
    (1..).zip(streams.chunks(each)).map(request).collect()
}

/// An address without a path gets that of the combined streams.
fn with_path(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    match host.split_once('/') {
        Some((_, path)) if !path.is_empty() => url.to_owned(),
        _ => format!("{}/stream", url.trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::venue::Venue;

    fn spec(symbols: &[&str]) -> VenueSpec {
        VenueSpec {
            venue: Venue::Binance,
            url: None,
            aggregate_trades: false,
            time: crate::order::TimePolicy::live(),
            symbols: symbols.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    #[test]
    fn one_connection() {
        let mut symbols = Symbols::new();
        let plans = plan(&spec(&["BTC/USDT", "ETH/BTC", "BTC/USDT"]), &Settings::default(), &mut symbols).unwrap();
        assert_eq!(plans.len(), 1);
        assert_eq!(plans[0].url, URL);
        assert_eq!(plans[0].symbols.len(), 2);
        assert_eq!(
            plans[0].requests,
            [Request {
                id: 1,
                text: r#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@trade","ethbtc@bookTicker","ethbtc@trade"],"id":1}"#
                    .into()
            }]
        );
        assert_eq!(symbols.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["binance:BTC/USDT", "binance:ETH/BTC"]);
    }

    #[test]
    fn many_symbols_are_spread() {
        let names: Vec<String> = (0..1_200).map(|i| format!("X{i}/USDT")).collect();
        let spec = VenueSpec { aggregate_trades: true, ..spec(&names.iter().map(String::as_str).collect::<Vec<_>>()) };
        let plans = plan(&spec, &Settings::default(), &mut Symbols::new()).unwrap();
        assert_eq!(plans.iter().map(|p| p.symbols.len()).collect::<Vec<_>>(), [512, 512, 176]);
        for plan in &plans {
            let streams: usize = plan.requests.iter().map(|r| r.text.matches('@').count()).sum();
            assert_eq!(streams, 2 * plan.symbols.len());
            assert!(streams <= 1_024);
            assert!(plan.requests.iter().all(|r| r.text.matches('@').count() <= 200 && r.text.contains("@aggTrade")));
            assert!(plan.requests.iter().map(|r| r.id).eq(1..=plan.requests.len() as u64));
        }
    }

    #[test]
    fn what_is_no_pair() {
        for name in ["BTCUSDT", "BTC/", "/USDT", "btc/usdt", "A/B/C", "A\"/B"] {
            assert!(plan(&spec(&[name]), &Settings::default(), &mut Symbols::new()).is_err(), "{name}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(with_path("ws://127.0.0.1:9001"), "ws://127.0.0.1:9001/stream");
        assert_eq!(with_path("ws://127.0.0.1:9001/"), "ws://127.0.0.1:9001/stream");
        assert_eq!(with_path("ws://127.0.0.1:9001/ws"), "ws://127.0.0.1:9001/ws");
    }
}

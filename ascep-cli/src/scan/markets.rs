//! Which markets are scanned where no universe is given, and which symbol of the data is which market.

use std::collections::HashMap;
use std::fs;

use ascep_feeds::symbols::{split_pair, split_venue};
use ascep_feeds::{DataSpec, MarketEvent, Payload, SymbolId, Symbols};
use ascep_runtime::arbitrage::{MarketId, MarketKind, MarketSpec, Universe};

use crate::args::ReadArgs;
use crate::data::{Data, bad_spec};
use crate::error::Failure;
use crate::interrupt::Interrupt;

/// The universe of some names, and the names that are no markets of it.
pub(crate) fn universe<'a>(
    names: impl IntoIterator<Item = &'a str>,
    default_venue: Option<&str>,
) -> Result<(Universe, Vec<String>), Failure> {
    let mut universe = Universe::new();
    let (mut seen, mut passed) = (HashMap::new(), Vec::new());
    for name in names {
        if seen.insert(full(name, default_venue), ()).is_some() {
            continue;
        }
        match MarketSpec::spot(name).and_then(|spec| universe.add(&spec)) {
            Ok(_) => {}
            Err(_) if split_pair(split_venue(name).1).1.is_none() => passed.push(name.to_owned()),
            Err(error) => return Err(Failure::Usage(error.to_string())),
        }
    }
    Ok((universe, passed))
}

/// What a first look at data found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The names of what is quoted, in the order of their first quotes.
    pub(crate) names: Vec<String>,
    /// Names of which only trades came.
    pub(crate) unquoted: Vec<String>,
    /// Whether all of the data was looked at.
    pub(crate) complete: bool,
}

/// An error where recorded data can't be read twice, which a first look needs.
pub(crate) fn check_twice(paths: &[String]) -> Result<(), Failure> {
    for path in paths {
        let spec: DataSpec = path.parse().map_err(|error| bad_spec(&error))?;
        // What cannot be looked at at all is for the reader to report.
        if fs::metadata(&spec.path).is_ok_and(|is| !is.is_file() && !is.is_dir()) {
            return Err(Failure::Usage(format!(
                "`{}` can be read only once, and it takes a first look to know what markets it has: name them with `--universe FILE`",
                spec.path.display()
            )));
        }
    }
    Ok(())
}

/// Looks at the first `most` events of recorded data for what is quoted in them.
pub(crate) fn look(paths: &[String], read: &ReadArgs, most: u64, interrupt: &Interrupt) -> Result<Found, Failure> {
    let mut data = Data::open(paths, read, false)?;
    let mut quoted: Vec<Option<bool>> = Vec::new();
    let (mut order, mut events, mut complete) = (Vec::new(), 0, true);
    while let Some(next) = data.next() {
        if interrupt.came() {
            return Err(Failure::Interrupted);
        }
        let event = match next {
            Ok(event) => event,
            // Whatever is wrong is told when it is read in earnest.
            Err(error) if error.is_fatal() => break,
            Err(_) => continue,
        };
        if events >= most {
            complete = false;
            break;
        }
        events += 1;
        let at = event.symbol.0 as usize;
        if at >= quoted.len() {
            quoted.resize(at + 1, None);
        }
        if let Some(known) = quoted.get_mut(at) {
            if is_quote(&event) && *known != Some(true) {
                *known = Some(true);
                order.push(event.symbol);
            } else if known.is_none() {
                *known = Some(false);
            }
        }
    }
    let name = |symbol: SymbolId| data.symbols().name(symbol).to_owned();
    let unquoted = data.symbols().iter().filter(|(id, _)| quoted.get(id.0 as usize) == Some(&Some(false))).map(|(_, name)| name.to_owned());
    Ok(Found { names: order.into_iter().map(name).collect(), unquoted: unquoted.collect(), complete })
}

fn is_quote(event: &MarketEvent) -> bool {
    matches!(event.payload, Payload::Quote(_) | Payload::Book(_))
}

/// A symbol with its venue, where it has one or there is a default.
fn full(name: &str, default_venue: Option<&str>) -> String {
    match (split_venue(name).0, default_venue) {
        (None, Some(venue)) if !venue.is_empty() => format!("{venue}:{name}"),
        _ => name.to_owned(),
    }
}

/// Finds the market of a symbol.
#[derive(Debug)]
pub(crate) struct Markets {
    default_venue: Option<String>,
    by_name: HashMap<String, MarketId>,
    /// By [`SymbolId`]; grows as new names come.
    by_symbol: Vec<Option<MarketId>>,
}

impl Markets {
    /// Of a universe. A symbol without a venue is of the default one; where there is none, of the only one that the universe has.
    pub(crate) fn new(universe: &Universe, default_venue: Option<&str>) -> Self {
        let venues: Vec<&str> = universe.markets().filter_map(|market| market.venue()).map(|venue| universe.venue_name(venue)).collect();
        let only = venues.first().filter(|first| venues.iter().all(|venue| venue == *first)).copied();
        let default_venue = default_venue.or(only).map(str::to_owned);
        let quoted = universe.iter().filter(|(_, market)| matches!(market.kind, MarketKind::Venue { .. }));
        let by_name = quoted.map(|(id, market)| (full(&market.symbol, default_venue.as_deref()), id)).collect();
        Self { default_venue, by_name, by_symbol: Vec::new() }
    }

    /// The venue of symbols that name none.
    pub(crate) fn default_venue(&self) -> Option<&str> {
        self.default_venue.as_deref()
    }

    /// The market of a symbol of the data.
    pub(crate) fn market(&mut self, symbol: SymbolId, symbols: &Symbols) -> Option<MarketId> {
        let at = symbol.0 as usize;
        if at >= self.by_symbol.len() {
            for (_, name) in symbols.iter().skip(self.by_symbol.len()) {
                let market = self.by_name.get(&full(name, self.default_venue.as_deref())).copied();
                self.by_symbol.push(market);
            }
        }
        self.by_symbol.get(at).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_that_are_no_pairs_are_passed_over() {
        let (universe, passed) = universe(["BTC/USDT", "sim:BTC/USDT", "INDEX", "kraken:BTC/USDT"], Some("sim")).unwrap();
        assert_eq!(universe.markets().map(|market| market.symbol.as_str()).collect::<Vec<_>>(), ["BTC/USDT", "kraken:BTC/USDT"]);
        assert_eq!(passed, ["INDEX"]);
        assert!(matches!(super::universe(["A/A"], None), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_symbol_is_found_with_and_without_its_venue() {
        let mut symbols = Symbols::new();
        let [plain, named, other] = ["A/B", "binance:A/B", "kraken:A/B"].map(|name| symbols.intern(name).unwrap());
        let find = |markets: &[&str], default| {
            let (universe, _) = universe(markets.iter().copied(), default).unwrap();
            let mut markets = Markets::new(&universe, default);
            [plain, named, other].map(|symbol| markets.market(symbol, &symbols).map(|market| market.0))
        };
        assert_eq!(find(&["A/B"], Some("binance")), [Some(0), Some(0), None]);
        assert_eq!(find(&["binance:A/B", "kraken:A/B"], Some("kraken")), [Some(1), Some(0), Some(1)]);
        assert_eq!(find(&["binance:A/B"], None), [Some(0), Some(0), None], "the only venue there is");
        assert_eq!(find(&["binance:A/B", "kraken:A/B"], None), [None, Some(0), Some(1)]);
    }
}

//! A universe as the compiler of rules takes it: markets that ways may lead through, with their filters and fees.

use ascep_lang::universe as rules;

use super::fees::{FeeError, FeeTable};
use super::universe::{Market, MarketKind, Universe};

impl Universe {
    /// What `cycles(..)` of rules looks through: the [open](Market::is_open) markets in their order, and what is assumed to be equal. A market has the taker's fee of
    /// the first table that says one, and none where no table does; then the rules have to say it.
    ///
    /// ```
    /// use ascep_runtime::arbitrage::{FeeTable, MarketSpec, Universe};
    ///
    /// let mut universe = Universe::new();
    /// for symbol in ["BTC/USDT", "ETH/BTC", "ETH/USDT"] {
    ///     universe.add(&MarketSpec::spot(&format!("binance:{symbol}"))?)?;
    /// }
    /// let rules = ascep_lang::Source::new("a.cep", "USE arbitrage IF cycles(home = \"USDT\") THEN FOUND(path = it.path)");
    /// let options = ascep_lang::Options::default().with_universe(universe.for_rules(&[&FeeTable::flat(0.001)?])?);
    /// assert!(ascep_lang::compile(&[rules], &options).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where a venue has no tier of the name that a table was told.
    pub fn for_rules(&self, tables: &[&FeeTable]) -> Result<rules::Universe, FeeError> {
        let mut declared = rules::Universe::default();
        for market in self.markets().filter(|market| market.is_open()) {
            match market.kind {
                MarketKind::Venue { venue, .. } => {
                    let fee = fee_of(market, self.venue_name(venue), tables)?;
                    let filters = market.filters;
                    declared.markets.push(rules::MarketDecl {
                        symbol: market.symbol.clone(),
                        tick: filters.tick,
                        lot: filters.lot,
                        min_qty: filters.min_qty,
                        max_qty: filters.max_qty,
                        min_notional: filters.min_notional,
                        fee,
                    });
                }
                MarketKind::AssumedEqual { haircut } => {
                    let (base, quote) = (self.asset_name(market.base).to_owned(), self.asset_name(market.quote).to_owned());
                    declared.equal.push(rules::AssumedEqual { base, quote, haircut });
                }
            }
        }
        Ok(declared)
    }
}

fn fee_of(market: &Market, venue: &str, tables: &[&FeeTable]) -> Result<Option<f64>, FeeError> {
    let pair = market.symbol.split_once(':').map_or(market.symbol.as_str(), |(_, pair)| pair);
    for table in tables {
        if let Some(fee) = table.taker(venue, pair)? {
            return Ok(Some(fee));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arbitrage::{FeeRow, Filters, MarketSpec, Status, Tier};

    #[test]
    fn what_is_open_is_declared_with_filters_and_the_first_fee() {
        let mut universe = Universe::new();
        let filters = Filters { lot: Some(0.001), min_notional: Some(10.0), ..Filters::default() };
        universe.add(&MarketSpec::spot("binance:BTC/USDT").unwrap().with_filters(filters)).unwrap();
        universe.add(&MarketSpec { status: Status::Halted, ..MarketSpec::spot("binance:ETH/BTC").unwrap() }).unwrap();
        universe.assume_equal("USD", "USDT", 0.001).unwrap();
        universe.add(&MarketSpec::spot("kraken:BTC/USD").unwrap()).unwrap();
        let mut given = FeeTable::new();
        given.add(FeeRow { venue: Some("binance".to_owned()), taker: 0.00075, ..FeeRow::default() }).unwrap();
        let mut listed = FeeTable::flat(0.0026).unwrap();
        let declared = universe.for_rules(&[&given, &listed]).unwrap();
        let market = |symbol: &str, fee| rules::MarketDecl::new(symbol).with_fee(fee);
        let btc = rules::MarketDecl { lot: Some(0.001), min_notional: Some(10.0), ..market("binance:BTC/USDT", 0.00075) };
        assert_eq!(declared.markets, [btc, market("kraken:BTC/USD", 0.0026)]);
        assert_eq!(declared.equal, [rules::AssumedEqual { base: "USD".to_owned(), quote: "USDT".to_owned(), haircut: 0.001 }]);
        assert_eq!(universe.for_rules(&[&given]).unwrap().markets.last().unwrap().fee, None);
        listed.set_tier("kraken", Tier::Named("VIP".to_owned()));
        listed.add(FeeRow { venue: Some("kraken".to_owned()), tier: Some("PRO".to_owned()), taker: 0.001, ..FeeRow::default() }).unwrap();
        assert!(matches!(universe.for_rules(&[&given, &listed]), Err(FeeError::NoTier { .. })));
    }
}

//! A few markets and the ways round them, without a universe: a triangle, one pair on two venues, one pair quoted both ways. What going round
//! once returns at given quotes. The operators `triangle`, `cross` and `inverse` of the language are these.

use crate::event::{Quote, Side};

/// The most markets of a way.
const MAX_MARKETS: usize = 3;

/// Why markets make no way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WayError {
    /// A symbol that is not two assets.
    #[error("`{symbol}` names no pair; a market is `BASE/QUOTE` or `venue:BASE/QUOTE`")]
    NoPair {
        /// As it was given.
        symbol: String,
    },
    /// Three markets that do not join three assets.
    #[error("{start} buys {middle}, and the other two do not lead from {middle} through a third asset back to {start}")]
    Open {
        /// The quote of the first market.
        start: String,
        /// Its base.
        middle: String,
    },
    /// Two venues' markets in different pairs.
    #[error("{buy} and {sell} are not the same pair")]
    NotOnePair {
        /// Where it is bought.
        buy: String,
        /// Where it is sold.
        sell: String,
    },
    /// Bought and sold in one place.
    #[error("what is bought and sold on `{symbol}` alone comes back less; a cross needs two venues")]
    OneMarket {
        /// The market.
        symbol: String,
    },
    /// Two markets of which neither is the other upside down.
    #[error("{a} and {b} are not one pair both ways")]
    NotInverse {
        /// The one.
        a: String,
        /// And the other.
        b: String,
    },
}

/// One exchange of a way: `Side::Buy` gives the quote asset for the base at the ask, `Side::Sell` the base for the quote at the bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WayLeg {
    /// Which of the markets, in the order in which the way was given them.
    pub market: u8,
    /// The taker's side.
    pub side: Side,
}

/// What going round once returns, after [`Way::round`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// The product of the legs' rates after fees, minus 1.
    pub net: f64,
    /// The same before fees.
    pub gross: f64,
    /// How much of the start asset, which is the quote of the first market, the smallest leg takes; NaN where a leg's quantity is not known.
    pub size: f64,
    /// 1 where the first market is bought, -1 where it is sold.
    pub direction: i8,
}

/// Two or three markets that make a closed way, from the quote asset of the first and back to it.
///
/// ```
/// use ascep_runtime::arbitrage::Way;
/// use ascep_runtime::event::Quote;
///
/// let way = Way::triangle(["BTC/USDT", "ETH/BTC", "ETH/USDT"])?;
/// let quotes = [
///     Quote { bid: 99.0, ask: 100.0, bid_qty: 2.0, ask_qty: 2.0 },
///     Quote { bid: 0.049, ask: 0.05, bid_qty: 20.0, ask_qty: 20.0 },
///     Quote { bid: 5.5, ask: 6.0, bid_qty: 10.0, ask_qty: 10.0 },
/// ];
/// let round = way.round(&quotes, &[0.00075]).ok_or("a leg has no price")?;
/// // 100 USDT buy 1 BTC, that 20 ETH, and those are sold for 110 USDT; three fees of 7.5 bp are less than that.
/// assert_eq!(round.direction, 1);
/// assert!((round.gross - 0.1).abs() < 1e-12);
/// assert!((round.net - (1.1 * 0.99925_f64.powi(3) - 1.0)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    markets: u8,
    /// Buys on the first market first.
    out: [WayLeg; MAX_MARKETS],
    /// Sells there last; none where only one way is meant.
    back: Option<[WayLeg; MAX_MARKETS]>,
}

impl Way {
    /// Three markets among three assets, both ways round. The order of the second and the third is free.
    ///
    /// ```
    /// use ascep_runtime::arbitrage::Way;
    ///
    /// assert!(Way::triangle(["BTC/USDT", "ETH/USDT", "ETH/BTC"]).is_ok());
    /// let error = Way::triangle(["BTC/USDT", "ETH/BTC", "ETH/USD"]).unwrap_err();
    /// assert_eq!(error.to_string(), "USDT buys BTC, and the other two do not lead from BTC through a third asset back to USDT");
    /// ```
    ///
    /// # Errors
    /// Where a symbol names no pair, or the markets do not close.
    pub fn triangle(markets: [&str; 3]) -> Result<Self, WayError> {
        let [first, a, b] = markets;
        let (middle, start) = pair(first)?;
        let (a, b) = (pair(a)?, pair(b)?);
        for ((second, at), (last, last_at)) in [((a, 1), (b, 2)), ((b, 2), (a, 1))] {
            let Some(third) = other(second, middle) else { continue };
            let three = third != start && third != middle && start != middle;
            if !three || other(last, third) != Some(start) {
                continue;
            }
            let leg = |market, bought| WayLeg { market, side: if bought { Side::Buy } else { Side::Sell } };
            let (to_third, to_start) = (second.1 == middle, last.1 == third);
            let out = [leg(0, true), leg(at, to_third), leg(last_at, to_start)];
            let back = [leg(last_at, !to_start), leg(at, !to_third), leg(0, false)];
            return Ok(Self { markets: 3, out, back: Some(back) });
        }
        Err(WayError::Open { start: start.to_owned(), middle: middle.to_owned() })
    }

    /// Bought on one venue and sold on another: only this way.
    ///
    /// ```
    /// use ascep_runtime::arbitrage::Way;
    /// use ascep_runtime::event::Quote;
    ///
    /// let way = Way::cross("binance:BTC/USDT", "kraken:BTC/USDT")?;
    /// let binance = Quote { bid: 99_990.0, ask: 100_000.0, bid_qty: 1.0, ask_qty: 0.5 };
    /// let kraken = Quote { bid: 100_500.0, ask: 100_510.0, bid_qty: 2.0, ask_qty: 1.0 };
    /// let round = way.round(&[binance, kraken], &[0.001, 0.0026]).ok_or("a leg has no price")?;
    /// assert!(round.gross > 0.0049 && round.net < 0.0015);
    /// assert_eq!(round.size, 50_000.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where a symbol names no pair, the pairs differ, or it is one market.
    pub fn cross(buy: &str, sell: &str) -> Result<Self, WayError> {
        let (bought, sold) = (pair(buy)?, pair(sell)?);
        if buy == sell {
            return Err(WayError::OneMarket { symbol: buy.to_owned() });
        }
        if bought != sold {
            return Err(WayError::NotOnePair { buy: name(bought), sell: name(sold) });
        }
        Ok(Self { markets: 2, out: two(Side::Buy, Side::Sell), back: None })
    }

    /// Two markets that quote one pair inversely, both ways round.
    ///
    /// ```
    /// use ascep_runtime::arbitrage::Way;
    /// use ascep_runtime::event::Quote;
    ///
    /// let way = Way::inverse("EUR/USD", "USD/EUR")?;
    /// let eur = Quote { bid: 1.0, ask: 2.0, bid_qty: 8.0, ask_qty: 8.0 };
    /// let usd = Quote { bid: 4.0, ask: 8.0, bid_qty: 4.0, ask_qty: 4.0 };
    /// // 1 USD is sold for 4 EUR, and those for 4 USD.
    /// let round = way.round(&[eur, usd], &[0.0]).ok_or("a leg has no price")?;
    /// assert_eq!((round.net, round.direction, round.size), (3.0, -1, 2.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where a symbol names no pair, or the one is not the other upside down.
    pub fn inverse(a: &str, b: &str) -> Result<Self, WayError> {
        let (first, second) = (pair(a)?, pair(b)?);
        // One market can't be its own inverse: `X/X` is no pair.
        if (first.0, first.1) != (second.1, second.0) || first.0 == first.1 {
            return Err(WayError::NotInverse { a: name(first), b: name(second) });
        }
        let sold = |market| WayLeg { market, side: Side::Sell };
        Ok(Self { markets: 2, out: two(Side::Buy, Side::Buy), back: Some([sold(1), sold(0), sold(0)]) })
    }

    /// How many markets it has, and so how many quotes it takes.
    #[must_use]
    pub fn markets(&self) -> usize {
        usize::from(self.markets)
    }

    /// The legs of the direction that buys on the first market (1) or of the one that sells there (-1): each from the start asset back to it. None
    /// for -1 of a cross.
    pub fn legs(&self, direction: i8) -> impl ExactSizeIterator<Item = WayLeg> + Clone + '_ {
        let legs = if direction < 0 { self.back.as_ref() } else { Some(&self.out) };
        let count = if legs.is_some() { self.markets() } else { 0 };
        legs.unwrap_or(&self.out).iter().take(count).copied()
    }

    /// What the better direction returns by net, the one that buys on the first market where both are the same. Quotes and fees come in the order
    /// of the markets as the way was given them; of fewer fees than markets the last counts for the rest. `None` where a quote is missing,
    /// one-sided, locked or crossed, or a fee is missing or NaN.
    #[must_use]
    pub fn round(&self, quotes: &[Quote], fees: &[f64]) -> Option<Round> {
        let out = self.go_round(&self.out, quotes, fees, 1)?;
        match &self.back {
            Some(back) => {
                let back = self.go_round(back, quotes, fees, -1)?;
                Some(if back.net > out.net { back } else { out })
            }
            None => Some(out),
        }
    }

    /// The same in one direction, whichever is better.
    #[must_use]
    pub fn round_in(&self, direction: i8, quotes: &[Quote], fees: &[f64]) -> Option<Round> {
        let legs = if direction < 0 { self.back.as_ref()? } else { &self.out };
        self.go_round(legs, quotes, fees, direction)
    }

    #[inline]
    fn go_round(&self, legs: &[WayLeg; MAX_MARKETS], quotes: &[Quote], fees: &[f64], direction: i8) -> Option<Round> {
        let mut round = Round { net: 1.0, gross: 1.0, size: f64::INFINITY, direction };
        for leg in legs.iter().take(self.markets()) {
            let market = usize::from(leg.market);
            let quote = quotes.get(market).filter(|quote| quote.bid < quote.ask)?;
            let fee = fees.get(market).or(fees.last()).copied().filter(|fee| !fee.is_nan())?;
            let (rate, takes) = match leg.side {
                Side::Buy => (1.0 / quote.ask, quote.ask * quote.ask_qty),
                Side::Sell => (quote.bid, quote.bid_qty),
            };
            // What this leg takes of what comes to it, in units of the start asset; NaN where its quantity is not known, and then so is the least.
            let most = takes / round.net;
            if most.is_nan() || most < round.size {
                round.size = most;
            }
            round.net *= rate * (1.0 - fee);
            round.gross *= rate;
        }
        round.net -= 1.0;
        round.gross -= 1.0;
        Some(round)
    }
}

/// The first market on one side, then the second; the third place is not used.
fn two(first: Side, second: Side) -> [WayLeg; MAX_MARKETS] {
    [WayLeg { market: 0, side: first }, WayLeg { market: 1, side: second }, WayLeg { market: 1, side: second }]
}

/// Base and quote of a symbol.
fn pair(symbol: &str) -> Result<(&str, &str), WayError> {
    let error = || WayError::NoPair { symbol: symbol.to_owned() };
    let pair = match symbol.split_once(':') {
        Some(("", _)) => return Err(error()),
        Some((_, pair)) => pair,
        None => symbol,
    };
    let bad = |part: &str| part.is_empty() || part.contains([':', '/']);
    let blank = symbol.contains(|c: char| c.is_whitespace() || c.is_control());
    pair.split_once('/').filter(|(base, quote)| !blank && !bad(base) && !bad(quote)).ok_or_else(error)
}

/// What a pair exchanges an asset for.
fn other<'a>(pair: (&'a str, &'a str), asset: &str) -> Option<&'a str> {
    match pair {
        (base, quote) if quote == asset => Some(base),
        (base, quote) if base == asset => Some(quote),
        _ => None,
    }
}

fn name((base, quote): (&str, &str)) -> String {
    format!("{base}/{quote}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sides(way: &Way, direction: i8) -> Vec<(u8, bool)> {
        way.legs(direction).map(|leg| (leg.market, leg.side == Side::Buy)).collect()
    }

    #[test]
    fn legs_follow_the_assets_whatever_the_order() {
        let way = Way::triangle(["BTC/USDT", "ETH/BTC", "ETH/USDT"]).unwrap();
        assert_eq!(sides(&way, 1), [(0, true), (1, true), (2, false)]);
        assert_eq!(sides(&way, -1), [(2, true), (1, false), (0, false)]);
        let way = Way::triangle(["x:BTC/USDT", "x:USDT/ETH", "x:BTC/ETH"]).unwrap();
        assert_eq!(sides(&way, 1), [(0, true), (2, false), (1, true)]);
        assert_eq!(sides(&way, -1), [(1, false), (2, true), (0, false)]);
        let way = Way::cross("x:A/B", "y:A/B").unwrap();
        assert_eq!((sides(&way, 1), sides(&way, -1)), (vec![(0, true), (1, false)], vec![]));
        assert_eq!(way.round_in(-1, &[], &[]), None);
        let way = Way::inverse("A/B", "B/A").unwrap();
        assert_eq!((sides(&way, 1), sides(&way, -1)), (vec![(0, true), (1, true)], vec![(1, false), (0, false)]));
    }

    #[test]
    fn what_makes_no_closed_way_is_refused() {
        for markets in [
            ["A/B", "C/D", "E/F"],
            ["A/B", "C/A", "C/D"],
            ["A/B", "A/B", "A/B"],
            ["A/B", "C/A", "C/A"],
            ["A/A", "A/B", "B/A"],
            ["A/B", "A/B", "C/B"],
        ] {
            assert!(matches!(Way::triangle(markets), Err(WayError::Open { .. })), "{markets:?}");
        }
        assert_eq!(Way::cross("x:A/B", "x:A/B"), Err(WayError::OneMarket { symbol: "x:A/B".to_owned() }));
        assert!(matches!(Way::cross("x:A/B", "y:B/A"), Err(WayError::NotOnePair { .. })));
        assert!(matches!(Way::inverse("A/B", "A/B"), Err(WayError::NotInverse { .. })));
        assert!(matches!(Way::inverse("A/A", "A/A"), Err(WayError::NotInverse { .. })));
        for symbol in ["", "AB", "A/", "/B", "A/B/C", ":A/B", "x:y:A/B", "x:", "A B/C"] {
            assert_eq!(Way::inverse(symbol, "A/B"), Err(WayError::NoPair { symbol: symbol.to_owned() }));
        }
    }

    #[test]
    fn a_leg_without_a_price_makes_it_unknown() {
        let way = Way::cross("x:A/B", "y:A/B").unwrap();
        let good = Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: f64::NAN };
        let round = way.round(&[good, good], &[0.0]).unwrap();
        assert!(round.size.is_nan() && (round.net + 0.5).abs() < 1e-15);
        for bad in
            [Quote { bid: f64::NAN, ..good }, Quote { ask: f64::NAN, ..good }, Quote { bid: 2.0, ..good }, Quote { bid: 3.0, ..good }]
        {
            assert_eq!(way.round(&[good, bad], &[0.0]), None);
            assert_eq!(way.round(&[bad, good], &[0.0]), None);
        }
        assert_eq!(way.round(&[good], &[0.0]), None);
        assert_eq!(way.round(&[good, good], &[]), None);
        assert_eq!(way.round(&[good, good], &[0.0, f64::NAN]), None);
    }
}

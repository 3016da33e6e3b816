//! What a way is worth at one moment, worked out from what its markets said last.

use super::Scan;
use crate::arbitrage::{CloseReason, Filters, Leg, LegOffer, LegTerms, MarketKind, Path, Unexecutable, best_level, most_gainful};
use crate::event::{Quote, Side, Timestamp};

/// What was heard of a market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// Its best bid and ask.
    Quote(Quote),
    /// That nothing is known of it any more.
    Loss(CloseReason),
}

/// A way as it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub(super) net: f64,
    pub(super) gross: f64,
    pub(super) size: f64,
    pub(super) profit: f64,
    /// When the oldest of its legs was quoted; none for a way of assumptions alone.
    pub(super) oldest: Option<Timestamp>,
    pub(super) newest: Option<Timestamp>,
    /// What keeps it from being an opportunity.
    pub(super) hindrance: Option<CloseReason>,
}

impl Scan {
    /// Looks at a way as of the clock.
    pub(super) fn look(&self, way: &Path) -> Look {
        let times = way.legs().filter_map(|leg| self.quoted_at(leg));
        let (oldest, newest) = (times.clone().min(), times.max());
        let nothing = Look { net: f64::NAN, gross: f64::NAN, size: f64::NAN, profit: f64::NAN, oldest, newest, hindrance: None };
        let mut legs = Vec::new();
        for leg in way.legs() {
            match self.rate(leg) {
                Ok((rate, takes)) => legs.push((leg, rate, takes, self.fee(leg))),
                Err(reason) => return Look { hindrance: Some(reason), ..nothing },
            }
        }
        let net = legs.iter().fold(1.0, |product, (_, rate, _, fee)| product * (rate * (1.0 - fee))) - 1.0;
        let gross = legs.iter().fold(1.0, |product, (_, rate, _, _)| product * rate) - 1.0;
        // Sizes are counted in what the leg gives that the way starts with.
        let start = legs.iter().position(|(leg, ..)| self.gives_home(*leg)).unwrap_or(0);
        legs.rotate_left(start);
        let (mut size, mut have) = (f64::INFINITY, 1.0);
        for (_, rate, takes, fee) in &legs {
            let most = takes / have;
            size = if size.is_nan() || most.is_nan() { f64::NAN } else { size.min(most) };
            have *= rate * (1.0 - fee);
        }
        let within = self.within_filters(&legs.iter().map(|(leg, ..)| *leg).collect::<Vec<_>>());
        let (size, profit, thin) = within.unwrap_or((size, size * net, false));
        let settings = &self.settings;
        let age = oldest.map(|oldest| self.now().saturating_sub(oldest));
        let skew = oldest.zip(newest).map(|(oldest, newest)| newest.saturating_sub(oldest));
        let hindrance = if net <= settings.min_net {
            Some(CloseReason::Edge)
        } else if age.zip(settings.max_age).is_some_and(|(age, most)| age >= most) {
            Some(CloseReason::Age)
        } else if skew.zip(settings.max_skew).is_some_and(|(skew, most)| skew > most) {
            Some(CloseReason::Skew)
        } else if thin || size <= 0.0 || too_little(profit, size * settings.min_net) {
            Some(CloseReason::Size)
        } else {
            None
        };
        Look { net, gross, size, profit, oldest, newest, hindrance }
    }

    /// The size of legs that some filter is demanded of, the profit, and whether that is not above the threshold. The arithmetic of lots has an oracle of its own, and is not done again here.
    fn within_filters(&self, legs: &[Leg]) -> Option<(f64, f64, bool)> {
        let market = |leg: &Leg| self.universe.market(leg.market);
        if legs.iter().all(|leg| market(leg).is_none_or(|market| market.filters == Filters::default())) {
            return None;
        }
        let terms: Vec<LegTerms> = legs.iter().filter_map(|leg| Some(LegTerms::of(market(leg)?, self.fee(*leg)))).collect();
        let levels = legs.iter().map(|leg| match self.heard_of(*leg).last() {
            Some((_, What::Quote(quote))) => vec![best_level(leg.side, quote)],
            _ => Vec::new(),
        });
        let levels: Vec<_> = levels.collect();
        let sides = legs.iter().zip(&levels).zip(&terms);
        let offers: Vec<_> = sides.map(|((leg, levels), terms)| LegOffer { side: leg.side, levels, terms }).collect();
        match most_gainful(&offers, f64::INFINITY, self.settings.min_net) {
            Ok(execution) => Some((execution.spent, execution.profit, execution.net <= self.settings.min_net)),
            Err(Unexecutable::Unknown { .. }) => Some((f64::NAN, f64::NAN, false)),
            Err(_) => Some((0.0, 0.0, true)),
        }
    }

    /// The net return of legs, where all are known.
    pub(super) fn net_of(&self, legs: impl IntoIterator<Item = Leg>) -> Option<f64> {
        let rate = |leg| self.rate(leg).ok().map(|(rate, _)| rate * (1.0 - self.fee(leg)));
        Some(legs.into_iter().try_fold(1.0, |product, leg| Some(product * rate(leg)?))? - 1.0)
    }

    /// What one unit brings on a leg before the fee, and how many units it takes at most; or why that is not known.
    fn rate(&self, leg: Leg) -> Result<(f64, f64), CloseReason> {
        if matches!(self.universe.market(leg.market).map(|m| m.kind), Some(MarketKind::AssumedEqual { .. })) {
            return Ok((1.0, f64::INFINITY));
        }
        let quote = match self.heard_of(leg).last() {
            Some((_, What::Quote(quote))) => *quote,
            Some((_, What::Loss(reason))) => return Err(*reason),
            None => return Err(CloseReason::OneSided),
        };
        if quote.bid.is_nan() || quote.ask.is_nan() {
            return Err(CloseReason::OneSided);
        }
        if quote.bid > quote.ask {
            return Err(CloseReason::Crossed);
        }
        if quote.bid.to_bits() == quote.ask.to_bits() {
            return Err(CloseReason::Locked);
        }
        Ok(match leg.side {
            Side::Buy => (1.0 / quote.ask, quote.ask * quote.ask_qty),
            Side::Sell => (quote.bid, quote.bid_qty),
        })
    }

    /// When the market of a leg was last quoted, be it that the quote is not known any more.
    fn quoted_at(&self, leg: Leg) -> Option<Timestamp> {
        self.heard_of(leg).iter().rev().find(|(_, what)| matches!(what, What::Quote(_))).map(|(at, _)| *at)
    }

    fn heard_of(&self, leg: Leg) -> &[(Timestamp, What)] {
        self.heard.get(leg.market.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn fee(&self, leg: Leg) -> f64 {
        self.fees.get(leg.market.0 as usize).copied().unwrap_or(f64::NAN)
    }

    fn gives_home(&self, leg: Leg) -> bool {
        self.settings.home.is_some() && leg.assets(&self.universe).map(|(gives, _)| gives) == self.settings.home
    }
}

/// Whether a profit is none, or less than what is asked for. Who asks for ways that lose a little gets those that lose no more.
fn too_little(profit: f64, least: f64) -> bool {
    profit < least || (least >= 0.0 && profit <= 0.0)
}

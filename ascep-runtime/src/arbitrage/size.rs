//! How much of a way can be done, and what comes of it: orders of whole lots that pass each market's filters, within what is offered. What can't go
//! on from one leg to the next is dust. Filtered legs are reckoned in decimals: 0.3 is three lots of 0.1, and no order is larger than what is there.

use super::decimal::{Decimal, To, Wide};
use super::depth;
use super::path::MAX_LEGS;
use super::universe::{Filters, Market, MarketKind};
use crate::event::{Level, Quote, Side};

/// What one market takes and demands, made ready: its fee and its filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegTerms {
    pub(super) fee: f64,
    /// What is left of 1 after the fee.
    keep: Decimal,
    tick: Option<Decimal>,
    lot: Option<Decimal>,
    min_qty: Option<Decimal>,
    max_qty: Option<Decimal>,
    min_notional: Option<Decimal>,
    /// Any filter is there.
    filtered: bool,
    /// Two assets that are assumed equal: no order is sent.
    pub(super) equal: bool,
}

impl LegTerms {
    /// Of a venue's market. A fee that is no number below 1 leaves nothing.
    #[must_use]
    pub fn new(filters: &Filters, fee: f64) -> Self {
        let up = |value: Option<f64>| value.and_then(|value| Decimal::of(value, 0, To::Up)).filter(|value| !value.is_zero());
        let step = |value: Option<f64>| value.and_then(Decimal::nearest).filter(|value| !value.is_zero());
        let Filters { tick, lot, min_qty, max_qty, min_notional } = *filters;
        let terms = Self {
            fee,
            keep: Decimal::after_fee(fee),
            tick: step(tick),
            lot: step(lot),
            min_qty: up(min_qty),
            max_qty: max_qty.and_then(|value| Decimal::of(value, 0, To::Down)),
            min_notional: up(min_notional),
            filtered: false,
            equal: false,
        };
        let filters = [terms.tick, terms.lot, terms.min_qty, terms.max_qty, terms.min_notional];
        Self { filtered: filters.iter().any(Option::is_some), ..terms }
    }

    /// Of a market of a universe; `fee` as [`FeeTable::resolve`](super::FeeTable::resolve) gives it: the haircut where two assets are assumed equal.
    #[must_use]
    pub fn of(market: &Market, fee: f64) -> Self {
        Self { equal: matches!(market.kind, MarketKind::AssumedEqual { .. }), ..Self::new(&market.filters, fee) }
    }

    /// The same with another fee.
    #[must_use]
    pub fn with_fee(self, fee: f64) -> Self {
        Self { fee, keep: Decimal::after_fee(fee), ..self }
    }

    /// Whether the market demands anything of an order.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.filtered
    }

    /// The lot, where the market has one.
    pub(super) fn lot_size(&self) -> Option<f64> {
        self.lot.map(|lot| lot.wide().to_f64())
    }

    fn places(decimal: Option<Decimal>) -> usize {
        decimal.map_or(2, Decimal::places)
    }
}

/// One leg: what a taker is offered there and on which terms.
#[derive(Debug, Clone, Copy)]
pub struct LegOffer<'a> {
    /// The taker's side.
    pub side: Side,
    /// The asks where it buys, the bids where it sells, best first; one level where only the best price is known. Not looked at where two assets are
    /// assumed equal.
    pub levels: &'a [Level],
    /// Fee and filters.
    pub terms: &'a LegTerms,
}

/// The level of a quote that a taker of this side is offered.
#[must_use]
pub fn best_level(side: Side, quote: &Quote) -> Level {
    match side {
        Side::Buy => Level { price: quote.ask, qty: quote.ask_qty },
        Side::Sell => Level { price: quote.bid, qty: quote.bid_qty },
    }
}

/// What an order failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SizeFilter {
    /// Nothing is offered.
    Quantity,
    /// The price, put on the tick, is 0.
    Tick,
    /// It is less than a lot.
    Lot,
    /// It is less than the least quantity.
    MinQty,
    /// It is less than the least notional.
    MinNotional,
}

impl SizeFilter {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Quantity, Self::Tick, Self::Lot, Self::MinQty, Self::MinNotional];

    /// As outputs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Tick => "tick",
            Self::Lot => "lot",
            Self::MinQty => "min_qty",
            Self::MinNotional => "min_notional",
        }
    }
}

/// Why nothing can be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unexecutable {
    /// No legs, or more than [`MAX_LEGS`].
    #[error("a way has 1 to {MAX_LEGS} legs, not {0}")]
    Legs(usize),
    /// A price or a quantity of a leg is not known, or beyond what can be reckoned with.
    #[error("price or quantity of leg {leg} is not known")]
    Unknown {
        /// Counts from 0.
        leg: u8,
    },
    /// What comes to a leg, or is offered there, is less than its filters let through.
    #[error("what can be done at leg {leg} is too little for its {}", .filter.name())]
    Small {
        /// Counts from 0.
        leg: u8,
        /// Which filter.
        filter: SizeFilter,
    },
    /// Nothing says how much is at hand or offered.
    #[error("no leg and no amount limits the size")]
    Unlimited,
    /// No size has the edge that is wanted.
    #[error("no size has the edge that is wanted")]
    NoEdge,
}

/// What the size ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoundBy {
    /// The amount at hand.
    Amount,
    /// What is offered at this leg.
    Quantity(u8),
    /// The greatest quantity of an order at this leg.
    MaxQty(u8),
}

/// The order of one leg and what comes of it. What is given and got is in the assets of the taker's side: a buyer gives the quote asset.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fill {
    /// The order's quantity in the base asset: a whole number of lots. What is exchanged, where two assets are assumed equal.
    pub qty: f64,
    /// Its limit, the worst price taken: on the tick, put there against the taker.
    pub limit: f64,
    /// What is given.
    pub gives: f64,
    /// What is got after the fee.
    pub gets: f64,
    /// What came from the leg before and is not given here.
    pub dust: f64,
}

/// An execution of all legs, of fixed size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Execution {
    /// Of the start asset. As an amount at hand it makes the same orders.
    pub spent: f64,
    /// Of the start asset.
    pub received: f64,
    /// `received` less `spent`; dust counts for nothing.
    pub profit: f64,
    /// `profit` by `spent`.
    pub net: f64,
    /// Why it is no larger.
    pub bound: BoundBy,
    pub(super) count: u8,
    pub(super) fills: [Fill; MAX_LEGS],
}

impl Execution {
    /// What happens at each leg.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        self.fills.get(..usize::from(self.count)).unwrap_or_default()
    }
}

/// The largest execution of the legs with at most `most` of the start asset (`f64::INFINITY` for as much as is offered).
///
/// From the start on each leg orders as many lots as what came to it pays for and the market offers; then, from the end back, each orders no more
/// than the next one can use. It may lose money: that is the caller's to look at.
///
/// # Errors
/// Where a quantity is not known, or a leg's order does not pass a filter.
pub fn executable(legs: &[LegOffer<'_>], most: f64) -> Result<Execution, Unexecutable> {
    check(legs)?;
    if legs.iter().any(|leg| leg.terms.filtered) { filtered(legs, most, None) } else { depth::plain(legs, most) }
}

/// The same with an order of at most so many lots at one leg, counted from 0.
pub(super) fn executable_with(legs: &[LegOffer<'_>], most: f64, leg: usize, lots: u128) -> Result<Execution, Unexecutable> {
    check(legs)?;
    filtered(legs, most, Some((leg, lots)))
}

fn check(legs: &[LegOffer<'_>]) -> Result<(), Unexecutable> {
    if legs.is_empty() || legs.len() > MAX_LEGS {
        return Err(Unexecutable::Legs(legs.len()));
    }
    for (leg, offer) in (0..).zip(legs) {
        if !offer.terms.equal && offer.levels.iter().any(|level| level.price.is_nan() || level.qty.is_nan()) {
            return Err(Unexecutable::Unknown { leg });
        }
    }
    Ok(())
}

fn filtered(legs: &[LegOffer<'_>], most: f64, cap: Option<(usize, u128)>) -> Result<Execution, Unexecutable> {
    let at_hand = if most == f64::INFINITY { None } else { Some(Decimal::of(most, 2, To::Down).unwrap_or(Decimal::ZERO).wide()) };
    let mut best = [(Wide::ZERO, Wide::ZERO); MAX_LEGS];
    for (leg, (offer, best)) in (0..).zip(legs.iter().zip(&mut best)) {
        *best = offer.best(leg)?;
    }
    let cap_of = |at: usize, offer: &LegOffer<'_>| {
        let (_, lots) = cap.filter(|(leg, _)| *leg == at)?;
        Some(offer.terms.lot?.wide().multiple(lots, To::Down))
    };
    let ready = || legs.iter().zip(&best).enumerate().map(|(at, (offer, best))| Ready { offer, best: *best, cap: cap_of(at, offer) });
    // `None` stands for as much as one likes.
    let mut orders = [None; MAX_LEGS];
    let (mut amount, mut bound) = (at_hand, BoundBy::Amount);
    for (leg, (offer, order)) in (0..).zip(ready().zip(&mut orders)) {
        let (qty, by) = offer.most(leg, amount)?;
        (*order, bound) = (qty, by.unwrap_or(bound));
        amount = match qty {
            Some(qty) => Some(offer.gets(leg, qty)?),
            None => None,
        };
    }
    // Back from the last leg, of which nothing needs to be left out.
    let mut needed = None;
    let count = u8::try_from(legs.len()).unwrap_or(0);
    for (leg, (offer, order)) in (0..count).zip(ready().zip(orders.iter_mut().take(legs.len()))).rev() {
        if let Some(needed) = needed {
            let least = offer.least(leg, needed)?;
            *order = Some(order.map_or(least, |most: Wide| most.least(least)));
        }
        let Some(qty) = *order else { return Err(Unexecutable::Unlimited) };
        needed = Some(offer.gives(leg, qty)?);
    }
    settle(ready(), &orders, bound)
}

/// What comes of orders that are set.
fn settle<'a>(
    legs: impl ExactSizeIterator<Item = Ready<'a>>,
    orders: &[Option<Wide>; MAX_LEGS],
    bound: BoundBy,
) -> Result<Execution, Unexecutable> {
    let count = u8::try_from(legs.len()).unwrap_or(0);
    let mut fills = [Fill::default(); MAX_LEGS];
    let (mut spent, mut came) = (Wide::ZERO, Wide::ZERO);
    for (leg, (offer, (order, fill))) in (0..).zip(legs.zip(orders.iter().zip(&mut fills))) {
        let Some(qty) = *order else { return Err(Unexecutable::Unlimited) };
        let (gives, gets) = (offer.gives(leg, qty)?, offer.gets(leg, qty)?);
        let dust = if leg == 0 { Wide::ZERO } else { came.minus(gives, To::Down) };
        let limit = offer.limit(leg, qty)?;
        *fill = Fill { qty: qty.to_f64(), limit: limit.to_f64(), gives: gives.to_f64(), gets: gets.to_f64(), dust: dust.to_f64() };
        if leg == 0 {
            spent = gives;
        }
        came = gets;
    }
    let (gain, loss) = (came.minus(spent, To::Down).to_f64(), spent.minus(came, To::Up).to_f64());
    let profit = gain - loss;
    // With 15 digits it is an amount that pays for these orders, if it is given as one.
    let (spent, received) = (spent.short(To::Up).to_f64(), came.to_f64());
    Ok(Execution { spent, received, profit, net: profit / spent, bound, count, fills })
}

/// A leg with its best level as decimals: most orders reach no further.
#[derive(Clone, Copy)]
struct Ready<'a> {
    offer: &'a LegOffer<'a>,
    /// Price and quantity.
    best: (Wide, Wide),
    /// The most that is to be ordered, for who tries smaller orders.
    cap: Option<Wide>,
}

impl LegOffer<'_> {
    fn best(&self, leg: u8) -> Result<(Wide, Wide), Unexecutable> {
        match self.levels.first() {
            Some(level) if !self.terms.equal => Ok((self.level_price(leg, level)?, self.level_qty(leg, level)?)),
            _ => Ok((Wide::ZERO, Wide::ZERO)),
        }
    }

    fn level_qty(&self, leg: u8, level: &Level) -> Result<Wide, Unexecutable> {
        let qty = Decimal::of(level.qty, LegTerms::places(self.terms.lot), To::Down);
        qty.map(Decimal::wide).ok_or(Unexecutable::Unknown { leg })
    }

    /// A level's price, where it is not on the tick the next one that is worse for the taker: an order can only stand there.
    fn level_price(&self, leg: u8, level: &Level) -> Result<Wide, Unexecutable> {
        let worse = if self.side == Side::Buy { To::Up } else { To::Down };
        let price = Decimal::of(level.price, LegTerms::places(self.terms.tick), worse).ok_or(Unexecutable::Unknown { leg })?.wide();
        Ok(match self.terms.tick {
            Some(tick) => tick.wide().multiple(price.count(tick.wide(), worse), worse),
            None => price,
        })
    }
}

impl Ready<'_> {
    /// The largest order for `amount` of what is given, and what it ends at unless that is the amount. `None` is no limit.
    fn most(&self, leg: u8, amount: Option<Wide>) -> Result<(Option<Wide>, Option<BoundBy>), Unexecutable> {
        if self.offer.terms.equal {
            return Ok((amount, None));
        }
        let small = |filter| Err(Unexecutable::Small { leg, filter });
        let mut offered = Wide::ZERO;
        let mut priceless = false;
        for (n, level) in self.offer.levels.iter().enumerate() {
            let qty = self.qty(leg, n, level)?;
            if self.price(leg, n, level)?.is_zero() {
                // Nor do any after it count: they are worse.
                priceless |= !qty.is_zero();
                break;
            }
            offered = offered.plus(qty, To::Down);
        }
        if offered.is_zero() {
            return small(if priceless { SizeFilter::Tick } else { SizeFilter::Quantity });
        }
        let (mut most, mut by) = (self.whole(offered, Wide::ONE, To::Down), Some(BoundBy::Quantity(leg)));
        if let Some(max_qty) = self.offer.terms.max_qty {
            let max_qty = self.whole(max_qty.wide(), Wide::ONE, To::Down);
            if most.is_above(max_qty) {
                (most, by) = (max_qty, Some(BoundBy::MaxQty(leg)));
            }
        }
        if let Some(cap) = self.cap {
            most = most.least(cap);
        }
        if let Some(amount) = amount {
            let paid = match self.offer.side {
                Side::Buy => self.affordable(leg, amount)?,
                Side::Sell => self.whole(amount, Wide::ONE, To::Down),
            };
            if !paid.is_above(most) {
                (most, by) = (paid, None);
            }
        }
        if most.is_zero() {
            return small(SizeFilter::Lot);
        }
        if self.offer.terms.min_qty.is_some_and(|least| least.wide().is_above(most)) {
            return small(SizeFilter::MinQty);
        }
        if let Some(least) = self.offer.terms.min_notional
            && least.wide().is_above(self.value(leg, most, To::Down)?)
        {
            return small(SizeFilter::MinNotional);
        }
        Ok((Some(most), by))
    }

    /// The least order that gives at least `target` of what is got and passes the filters.
    fn least(&self, leg: u8, target: Wide) -> Result<Wide, Unexecutable> {
        let keep = self.offer.terms.keep.wide();
        if self.offer.terms.equal {
            return Ok(target.over(keep, To::Up));
        }
        let mut least = match self.offer.side {
            Side::Buy => self.whole(target, keep, To::Up),
            Side::Sell => self.worth(leg, target, keep)?,
        };
        if let Some(min_qty) = self.offer.terms.min_qty {
            let min_qty = self.whole(min_qty.wide(), Wide::ONE, To::Up);
            least = if min_qty.is_above(least) { min_qty } else { least };
        }
        if let Some(min_notional) = self.offer.terms.min_notional {
            let min_notional = self.worth(leg, min_notional.wide(), Wide::ONE)?;
            least = if min_notional.is_above(least) { min_notional } else { least };
        }
        Ok(least)
    }

    /// What an order takes of the asset that is given.
    fn gives(&self, leg: u8, qty: Wide) -> Result<Wide, Unexecutable> {
        if self.offer.terms.equal || self.offer.side == Side::Sell { Ok(qty) } else { self.value(leg, qty, To::Up) }
    }

    /// What an order brings of the other.
    fn gets(&self, leg: u8, qty: Wide) -> Result<Wide, Unexecutable> {
        let bought = self.offer.terms.equal || self.offer.side == Side::Buy;
        let before_fee = if bought { qty } else { self.value(leg, qty, To::Down)? };
        Ok(before_fee.times(self.offer.terms.keep.wide(), To::Down))
    }

    /// `amount / unit` in whole lots, or in 15 digits where there are no lots.
    fn whole(&self, amount: Wide, unit: Wide, to: To) -> Wide {
        match self.offer.terms.lot {
            Some(lot) => {
                let lot = lot.wide();
                lot.multiple(amount.count(unit.times(lot, to.opposite()), to), to)
            }
            None => amount.over(unit, to).short(to),
        }
    }

    /// What a level offers; `n` counts from the best.
    fn qty(&self, leg: u8, n: usize, level: &Level) -> Result<Wide, Unexecutable> {
        if n == 0 { Ok(self.best.1) } else { self.offer.level_qty(leg, level) }
    }

    /// And at which price an order takes it.
    fn price(&self, leg: u8, n: usize, level: &Level) -> Result<Wide, Unexecutable> {
        if n == 0 { Ok(self.best.0) } else { self.offer.level_price(leg, level) }
    }

    /// What `qty` is worth in the quote asset, level by level.
    fn value(&self, leg: u8, qty: Wide, to: To) -> Result<Wide, Unexecutable> {
        let (mut left, mut value) = (qty, Wide::ZERO);
        for (n, level) in self.offer.levels.iter().enumerate() {
            let taken = self.qty(leg, n, level)?.least(left);
            if !taken.is_zero() {
                value = value.plus(self.price(leg, n, level)?.times(taken, to), to);
                left = left.minus(taken, To::Up);
            }
            if left.is_zero() {
                break;
            }
        }
        Ok(value)
    }

    /// The price of the worst level that an order reaches.
    fn limit(&self, leg: u8, qty: Wide) -> Result<Wide, Unexecutable> {
        if self.offer.terms.equal {
            return Ok(Wide::ONE);
        }
        let (mut left, mut limit) = (qty, Wide::ZERO);
        for (n, level) in self.offer.levels.iter().enumerate() {
            let taken = self.qty(leg, n, level)?.least(left);
            if !taken.is_zero() {
                limit = self.price(leg, n, level)?;
                left = left.minus(taken, To::Up);
            }
            if left.is_zero() {
                break;
            }
        }
        Ok(limit)
    }

    /// The largest quantity that `amount` of the quote asset buys.
    fn affordable(&self, leg: u8, amount: Wide) -> Result<Wide, Unexecutable> {
        let (mut qty, mut cost) = (Wide::ZERO, Wide::ZERO);
        for (n, level) in self.offer.levels.iter().enumerate() {
            let (offered, price) = (self.qty(leg, n, level)?, self.price(leg, n, level)?);
            let next = cost.plus(offered.times(price, To::Up), To::Up);
            if next.is_above(amount) || n + 1 == self.offer.levels.len() {
                // qty + (amount - cost) / price. As prices rise, what was bought costs no more than at this price.
                let at_this_price = qty.times(price, To::Down).plus(amount, To::Down).minus(cost, To::Down);
                return Ok(self.whole(at_this_price, price, To::Down));
            }
            (qty, cost) = (qty.plus(offered, To::Down), next);
        }
        Ok(Wide::ZERO)
    }

    /// The least quantity of which `part` of the value is `target`; what is beyond the last level counts at its price.
    fn worth(&self, leg: u8, target: Wide, part: Wide) -> Result<Wide, Unexecutable> {
        let (mut qty, mut value) = (Wide::ZERO, Wide::ZERO);
        for (n, level) in self.offer.levels.iter().enumerate() {
            let offered = self.qty(leg, n, level)?;
            let price = self.price(leg, n, level)?.times(part, To::Down);
            let next = value.plus(offered.times(price, To::Down), To::Down);
            if !target.is_above(next) || n + 1 == self.offer.levels.len() {
                // qty + (target - value) / price.
                let at_this_price = qty.times(price, To::Up).plus(target, To::Up).minus(value, To::Up);
                return Ok(self.whole(at_this_price, price, To::Up));
            }
            (qty, value) = (qty.plus(offered, To::Down), next);
        }
        Ok(Wide::ZERO)
    }
}

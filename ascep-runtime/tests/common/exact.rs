//! Exact decimals, and a taker that executes orders with them. Shares nothing with the library: whole numbers and bisection only.

#![allow(dead_code, reason = "each test uses a part")]

use std::cmp::Ordering;

use ascep_runtime::arbitrage::{Execution, Filters, SizeFilter};
use ascep_runtime::event::{Level, Side};

/// A number from a seed.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// From 0 to below 1.
    pub(crate) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// `digits` over ten to the `places`, of either sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exact {
    pub(crate) digits: i128,
    pub(crate) places: u32,
}

impl Exact {
    pub(crate) const ZERO: Self = Self { digits: 0, places: 0 };
    pub(crate) const ONE: Self = Self { digits: 1, places: 0 };

    /// The shortest decimal that reads as `x`.
    pub(crate) fn of(x: f64) -> Self {
        let text = format!("{x}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}").parse().unwrap_or_else(|e| panic!("{x}: {e}"));
        Self { digits, places: fraction.len() as u32 }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.places > 0 && self.digits % 10 == 0 {
            self = Self { digits: self.digits / 10, places: self.places - 1 };
        }
        self
    }

    fn at(self, places: u32) -> i128 {
        self.digits.checked_mul(10_i128.pow(places - self.places)).expect("38 digits are enough for the test")
    }

    pub(crate) fn times(self, other: Self) -> Self {
        let digits = self.digits.checked_mul(other.digits).expect("38 digits are enough for the test");
        Self { digits, places: self.places + other.places }.trimmed()
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let places = self.places.max(other.places);
        Self { digits: self.at(places) + other.at(places), places }.trimmed()
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self { digits: -other.digits, ..other })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub(crate) fn least(self, other: Self) -> Self {
        if self > other { other } else { self }
    }

    /// How many whole steps it holds.
    pub(crate) fn count(self, step: Self) -> i128 {
        let places = self.places.max(step.places);
        self.at(places).div_euclid(step.at(places))
    }

    pub(crate) fn multiple(self, n: i128) -> Self {
        self.times(Self { digits: n, places: 0 })
    }

    /// The nearest `f64`.
    pub(crate) fn near(self) -> f64 {
        format!("{}e-{}", self.digits, self.places).parse().expect("a number")
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let places = self.places.max(other.places);
        Some(self.at(places).cmp(&other.at(places)))
    }
}

/// A number from the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// `x` with so many decimal places, and not 0.
pub(crate) fn places(x: f64, places: usize) -> f64 {
    let x: f64 = format!("{x:.places$}").parse().unwrap();
    if x > 0.0 { x } else { format!("1e-{places}").parse().unwrap() }
}

/// One market as the taker meets it.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) side: Side,
    pub(crate) levels: Vec<Level>,
    pub(crate) filters: Filters,
    pub(crate) fee: f64,
    /// Two assets that are assumed equal.
    pub(crate) equal: bool,
}

impl Desk {
    pub(crate) fn keep(&self) -> Exact {
        Exact::ONE.minus(Exact::of(self.fee))
    }

    /// The price on the tick at which an order takes a level.
    pub(crate) fn price(&self, level: &Level) -> Exact {
        let price = Exact::of(level.price);
        let Some(tick) = self.filters.tick.map(Exact::of) else { return price };
        let down = tick.multiple(price.count(tick));
        if self.side == Side::Buy && down < price { down.plus(tick) } else { down }
    }

    pub(crate) fn offered(&self) -> Exact {
        let priced = self.levels.iter().take_while(|level| !self.price(level).is_zero());
        priced.fold(Exact::ZERO, |sum, level| sum.plus(Exact::of(level.qty)))
    }

    /// What an order exchanges in the quote asset; `None` where that much is not offered.
    pub(crate) fn value(&self, qty: Exact) -> Option<Exact> {
        let (mut left, mut value) = (qty, Exact::ZERO);
        for level in &self.levels {
            let taken = left.least(Exact::of(level.qty));
            value = value.plus(taken.times(self.price(level)));
            left = left.minus(taken);
        }
        left.is_zero().then_some(value)
    }

    /// What an order takes, and what it brings after the fee.
    pub(crate) fn exchange(&self, qty: Exact) -> Option<(Exact, Exact)> {
        if self.equal {
            return Some((qty, qty.times(self.keep())));
        }
        let value = self.value(qty)?;
        Some(match self.side {
            Side::Buy => (value, qty.times(self.keep())),
            Side::Sell => (qty, value.times(self.keep())),
        })
    }

    /// The filter that an order does not pass.
    pub(crate) fn refuses(&self, qty: Exact) -> Option<&'static str> {
        if self.equal {
            return None;
        }
        let Filters { lot, min_qty, max_qty, min_notional, .. } = self.filters;
        if let Some(lot) = lot.map(Exact::of)
            && lot.multiple(qty.count(lot)) != qty
        {
            return Some("lot");
        }
        if qty > self.offered() {
            return Some("quantity");
        }
        if min_qty.is_some_and(|least| qty < Exact::of(least)) {
            return Some("min_qty");
        }
        if max_qty.is_some_and(|most| qty > Exact::of(most)) {
            return Some("max_qty");
        }
        let value = self.value(qty).expect("it is offered");
        min_notional.is_some_and(|least| value < Exact::of(least)).then_some("min_notional")
    }

    pub(crate) fn lot(&self) -> Option<Exact> {
        if self.equal { None } else { self.filters.lot.map(Exact::of) }
    }

    /// The most lots that are offered, allowed, and paid for by `amount`, by bisection.
    pub(crate) fn most_lots(&self, lot: Exact, amount: Option<Exact>) -> i128 {
        let good = |n: i128| {
            let qty = lot.multiple(n);
            qty <= self.offered()
                && self.filters.max_qty.is_none_or(|most| qty <= Exact::of(most))
                && amount.is_none_or(|amount| self.exchange(qty).is_some_and(|(gives, _)| gives <= amount))
        };
        bisect(|n| !good(n)) - 1
    }

    /// The fewest lots that bring `target` and pass the filters from below, by bisection.
    pub(crate) fn fewest_lots(&self, lot: Exact, target: Exact, at_most: i128) -> i128 {
        let good = |n: i128| {
            let qty = lot.multiple(n);
            n >= at_most
                || self.exchange(qty).is_none_or(|(_, gets)| gets >= target)
                    && self.filters.min_qty.is_none_or(|least| qty >= Exact::of(least))
                    && self.filters.min_notional.is_none_or(|least| self.value(qty).is_none_or(|value| value >= Exact::of(least)))
        };
        bisect(good)
    }
}

/// The least whole number from 0 on of which `is` holds, as it does of all that are greater.
fn bisect(is: impl Fn(i128) -> bool) -> i128 {
    let mut high = 1;
    while !is(high) {
        high *= 2;
        assert!(high < 1 << 62, "no bound");
    }
    let mut low = -1;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is(middle) { high = middle } else { low = middle }
    }
    high
}

/// The largest execution, all of whose legs have lots or are assumptions: the quantity of each leg, or the leg and the filter that stop it.
pub(crate) fn largest(desks: &[Desk], most: Option<Exact>) -> Result<Vec<Option<Exact>>, (u8, SizeFilter)> {
    let (mut amount, mut orders) = (most, Vec::new());
    for (leg, desk) in (0..).zip(desks) {
        let Some(lot) = desk.lot() else {
            amount = amount.map(|amount| amount.times(desk.keep()));
            orders.push(None);
            continue;
        };
        if desk.offered().is_zero() {
            let priceless = desk.levels.iter().find(|level| desk.price(level).is_zero()).is_some_and(|level| level.qty > 0.0);
            return Err((leg, if priceless { SizeFilter::Tick } else { SizeFilter::Quantity }));
        }
        let n = desk.most_lots(lot, amount);
        let qty = lot.multiple(n);
        if n == 0 {
            return Err((leg, SizeFilter::Lot));
        }
        match desk.refuses(qty) {
            Some("min_qty") => return Err((leg, SizeFilter::MinQty)),
            Some("min_notional") => return Err((leg, SizeFilter::MinNotional)),
            Some(other) => panic!("{other} of leg {leg} does not pass the largest order"),
            None => {}
        }
        amount = Some(desk.exchange(qty).expect("offered").1);
        orders.push(Some(qty));
    }
    // What each leg's order has to bring; a part of 1 where an assumption lies between.
    let mut needed: Option<(Exact, Exact)> = None;
    for (desk, order) in desks.iter().zip(&mut orders).rev() {
        let (Some(qty), Some(lot)) = (*order, desk.lot()) else {
            needed = needed.map(|(need, part)| (need, part.times(desk.keep())));
            continue;
        };
        let mut qty = qty;
        if let Some((need, part)) = needed {
            let n = qty.count(lot);
            // What arrives is `part` of what it brings.
            let enough = |n: i128| desk.exchange(lot.multiple(n)).expect("no more than before").1.times(part) >= need;
            let allowed = desk.fewest_lots(lot, Exact::ZERO, n);
            let fewest = bisect(|k| k >= n || enough(k)).max(allowed);
            qty = lot.multiple(fewest);
            *order = Some(qty);
        }
        needed = Some((desk.exchange(qty).expect("offered").0, Exact::ONE));
    }
    Ok(orders)
}

/// Whether two numbers are the same but for the rounding of one `f64`.
pub(crate) fn agree(exact: Exact, reported: f64, beside: Exact) -> bool {
    let tolerance = 1e-15 * (exact.near().abs() + beside.near().abs());
    (exact.near() - reported).abs() <= tolerance
}

/// Executes the orders of an execution leg by leg and compares all that it says.
///
/// Gives what comes back less what is spent.
pub(crate) fn check(desks: &[Desk], execution: &Execution) -> Result<Exact, String> {
    let fills = execution.fills();
    if fills.len() != desks.len() {
        return Err(format!("{} fills of {} legs", fills.len(), desks.len()));
    }
    let mut came: Option<Exact> = None;
    let mut spent = Exact::ZERO;
    for (leg, (desk, fill)) in desks.iter().zip(fills).enumerate() {
        if desk.equal {
            // Nothing is ordered; a hair more, as the amount is a rounded quotient.
            let amount = came.unwrap_or_else(|| {
                spent = Exact::of(fill.gives);
                Exact::of(fill.gives.next_up().next_up())
            });
            came = Some(amount.times(desk.keep()));
            continue;
        }
        let qty = Exact::of(fill.qty);
        if let Some(filter) = desk.refuses(qty) {
            return Err(format!("order {} of leg {leg} does not pass {filter}", fill.qty));
        }
        let (gives, gets) = desk.exchange(qty).ok_or(format!("{} is not offered at leg {leg}", fill.qty))?;
        match came {
            None => spent = gives,
            Some(came) if gives > came => return Err(format!("leg {leg} gives {} of {}", gives.near(), came.near())),
            Some(came) => {
                let dust = came.minus(gives);
                let passed = leg > 0 && desks[leg - 1].equal;
                if !passed && !agree(dust, fill.dust, came) {
                    return Err(format!("dust {} at leg {leg} is told as {}", dust.near(), fill.dust));
                }
            }
        }
        if !agree(gives, fill.gives, Exact::ZERO) || !agree(gets, fill.gets, Exact::ZERO) {
            return Err(format!("leg {leg} exchanges {} for {}, told {} and {}", gives.near(), gets.near(), fill.gives, fill.gets));
        }
        let worst = worst_price(desk, qty);
        if !agree(worst, fill.limit, Exact::ZERO) {
            return Err(format!("the limit at leg {leg} is {}, told {}", worst.near(), fill.limit));
        }
        came = Some(gets);
    }
    let received = came.unwrap_or(Exact::ZERO);
    let profit = received.minus(spent);
    // A way that begins or ends with an assumption passes on a rounded quotient.
    let exact = !desks[0].equal && !desks[desks.len() - 1].equal;
    let beside = if exact { Exact::ZERO } else { received.times(Exact { digits: 4, places: 0 }) };
    // What is spent is told with 15 digits, and not less than it is.
    let told = execution.spent;
    if told < spent.near() * (1.0 - 2e-16) || told > spent.near() * (1.0 + 1.1e-14) || !agree(received, execution.received, beside) {
        return Err(format!("{} become {}, told {} and {}", spent.near(), received.near(), execution.spent, execution.received));
    }
    if !agree(profit, execution.profit, beside) {
        return Err(format!("profit {}, told {}", profit.near(), execution.profit));
    }
    if exact && (profit > Exact::ZERO) != (execution.profit > 0.0) {
        return Err(format!("profit {}, told {}", profit.near(), execution.profit));
    }
    Ok(profit)
}

/// Whether so many lots of the last leg can be done with what is offered. All legs have lots, or are assumptions.
pub(crate) fn can_do(desks: &[Desk], last: Exact) -> bool {
    let (mut need, mut part) = (None, Exact::ONE);
    for desk in desks.iter().rev() {
        let Some(lot) = desk.lot() else {
            part = part.times(desk.keep());
            continue;
        };
        let qty = match need {
            None => last,
            Some(need) => {
                let most = desk.most_lots(lot, None);
                let enough = |n: i128| n > most || desk.exchange(lot.multiple(n)).expect("offered").1.times(part) >= need;
                lot.multiple(bisect(enough))
            }
        };
        if matches!(desk.refuses(qty), Some("quantity" | "max_qty")) {
            return false;
        }
        (need, part) = (Some(desk.exchange(qty).expect("offered").0), Exact::ONE);
    }
    true
}

fn worst_price(desk: &Desk, qty: Exact) -> Exact {
    let (mut left, mut worst) = (qty, Exact::ZERO);
    for level in &desk.levels {
        if left.is_zero() {
            break;
        }
        let taken = left.least(Exact::of(level.qty));
        if !taken.is_zero() {
            worst = desk.price(level);
        }
        left = left.minus(taken);
    }
    worst
}

//! Units of numbers: products of assets with whole exponents, interned so that a unit is a small number.
//!
//! Two units are special. A *flexible* number (a plain literal) takes the unit that its place asks for; an *unchecked* one
//! comes from a symbol without a slash and agrees with everything.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// An interned unit; equal units have equal numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Unit(u32);

/// Assets by number with their exponents, in order of the number, none of them zero.
type Factors = SmallVec<[(u32, i32); 2]>;

impl Unit {
    /// A ratio, a percentage, a count.
    pub(crate) const PURE: Self = Self(0);
    /// Agrees with everything.
    pub(crate) const UNCHECKED: Self = Self(1);
    /// A plain literal, or a product of such.
    pub(crate) const FLEXIBLE: Self = Self(2);

    /// Whether it names assets.
    pub(crate) fn has_assets(self) -> bool {
        self.0 > Self::FLEXIBLE.0
    }

    /// A dense index, for tables over units.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The units of one program.
#[derive(Debug)]
pub(crate) struct Units {
    assets: Vec<String>,
    by_name: FxHashMap<String, u32>,
    list: Vec<Factors>,
    by_factors: FxHashMap<Factors, Unit>,
    products: FxHashMap<(Unit, Unit, i32), Unit>,
}

impl Units {
    pub(crate) fn new() -> Self {
        let mut by_factors = FxHashMap::default();
        by_factors.insert(Factors::new(), Unit::PURE);
        Self {
            assets: Vec::new(),
            by_name: FxHashMap::default(),
            list: vec![Factors::new(), Factors::new(), Factors::new()],
            by_factors,
            products: FxHashMap::default(),
        }
    }

    /// The number of an asset.
    pub(crate) fn asset(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = u32::try_from(self.assets.len()).unwrap_or(u32::MAX);
        self.assets.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// `top / bottom`
    pub(crate) fn ratio(&mut self, top: u32, bottom: u32) -> Unit {
        let mut factors = Factors::new();
        if top != bottom {
            factors.push((top, 1));
            factors.push((bottom, -1));
        }
        self.intern(factors)
    }

    /// One asset.
    pub(crate) fn single(&mut self, asset: u32) -> Unit {
        self.intern(Factors::from_slice(&[(asset, 1)]))
    }

    fn intern(&mut self, mut factors: Factors) -> Unit {
        factors.sort_unstable();
        if let Some(&unit) = self.by_factors.get(&factors) {
            return unit;
        }
        let unit = Unit(u32::try_from(self.list.len()).unwrap_or(Unit::UNCHECKED.0));
        self.list.push(factors.clone());
        self.by_factors.insert(factors, unit);
        unit
    }

    fn factors(&self, unit: Unit) -> &[(u32, i32)] {
        self.list.get(unit.0 as usize).map_or(&[], |f| f.as_slice())
    }

    /// `a * b^exponent` of units with assets or pure ones; unchecked where an exponent would not fit.
    pub(crate) fn product(&mut self, a: Unit, b: Unit, exponent: i32) -> Unit {
        if a == Unit::UNCHECKED || b == Unit::UNCHECKED {
            return Unit::UNCHECKED;
        }
        if let Some(&unit) = self.products.get(&(a, b, exponent)) {
            return unit;
        }
        let unit = self.product_uncached(a, b, exponent);
        self.products.insert((a, b, exponent), unit);
        unit
    }

    fn product_uncached(&mut self, a: Unit, b: Unit, exponent: i32) -> Unit {
        let mut factors: Factors = self.factors(a).into();
        for &(asset, power) in self.list.get(b.0 as usize).cloned().unwrap_or_default().iter() {
            let Some(power) = power.checked_mul(exponent) else { return Unit::UNCHECKED };
            match factors.iter_mut().find(|f| f.0 == asset) {
                Some(found) => match found.1.checked_add(power) {
                    Some(sum) => found.1 = sum,
                    None => return Unit::UNCHECKED,
                },
                None => factors.push((asset, power)),
            }
        }
        factors.retain(|f| f.1 != 0);
        // A product of very many assets is a mistake or an attack; nobody can read its unit.
        if factors.len() > 64 {
            return Unit::UNCHECKED;
        }
        self.intern(factors)
    }

    /// `a^exponent` for an exponent that may be a fraction; unchecked where a power would not be whole.
    pub(crate) fn power(&mut self, a: Unit, exponent: f64) -> Unit {
        if !a.has_assets() {
            return a;
        }
        let mut factors = Factors::new();
        for &(asset, power) in self.factors(a) {
            let raised = f64::from(power) * exponent;
            if raised.fract() != 0.0 || raised.abs() > 1e6 {
                return Unit::UNCHECKED;
            }
            if raised != 0.0 {
                #[expect(clippy::cast_possible_truncation, reason = "whole and at most a million")]
                factors.push((asset, raised as i32));
            }
        }
        self.intern(factors)
    }

    /// Whether `a * b` is pure, both having assets.
    pub(crate) fn reciprocal(&mut self, a: Unit, b: Unit) -> bool {
        a.has_assets() && b.has_assets() && self.product(a, b, 1) == Unit::PURE
    }

    /// The two assets of a price.
    pub(crate) fn pair(&self, unit: Unit) -> Option<(u32, u32)> {
        match self.factors(unit) {
            &[(a, x), (b, y)] if x.abs() == 1 && y == -x => Some((a, b)),
            _ => None,
        }
    }

    /// The form of a program's tables: `USDT/BTC`, `1`, `?`.
    pub(crate) fn text(&self, unit: Unit) -> String {
        match unit {
            Unit::PURE | Unit::FLEXIBLE => "1".to_owned(),
            Unit::UNCHECKED => "?".to_owned(),
            _ => {
                let (top, bottom) = self.sides(unit, "*");
                match (top.is_empty(), bottom.is_empty()) {
                    (_, true) => top,
                    (true, false) => format!("1/{bottom}"),
                    (false, false) => format!("{top}/{bottom}"),
                }
            }
        }
    }

    /// The form of messages: `USDT per BTC`.
    pub(crate) fn words(&self, unit: Unit) -> String {
        match unit {
            Unit::PURE | Unit::FLEXIBLE => "a pure number".to_owned(),
            Unit::UNCHECKED => "unchecked".to_owned(),
            _ => {
                let (top, bottom) = self.sides(unit, " ");
                match (top.is_empty(), bottom.is_empty()) {
                    (_, true) => top,
                    (true, false) => format!("1 per {bottom}"),
                    (false, false) => format!("{top} per {bottom}"),
                }
            }
        }
    }

    fn sides(&self, unit: Unit, glue: &str) -> (String, String) {
        let mut sides = (String::new(), String::new());
        for &(asset, power) in self.factors(unit) {
            let side = if power > 0 { &mut sides.0 } else { &mut sides.1 };
            if !side.is_empty() {
                side.push_str(glue);
            }
            side.push_str(self.assets.get(asset as usize).map_or("?", String::as_str));
            if power.unsigned_abs() > 1 {
                side.push('^');
                side.push_str(&power.unsigned_abs().to_string());
            }
        }
        sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_cancel_and_print() {
        let mut units = Units::new();
        let (btc, usdt, eth) = (units.asset("BTC"), units.asset("USDT"), units.asset("ETH"));
        let price = units.ratio(usdt, btc);
        let cross = units.ratio(btc, eth);
        let other = units.ratio(usdt, eth);
        assert_eq!(units.text(price), "USDT/BTC");
        assert_eq!(units.words(price), "USDT per BTC");
        assert_eq!(units.product(price, cross, 1), other);
        assert_eq!(units.product(price, price, -1), Unit::PURE);
        let square = units.product(price, price, 1);
        assert_eq!(units.text(square), "USDT^2/BTC^2");
        assert_eq!(units.power(square, 0.5), price);
        assert_eq!(units.power(price, 0.5), Unit::UNCHECKED);
        let inverse = units.power(price, -1.0);
        assert!(units.reciprocal(price, inverse));
        let btc = btc_unit(&mut units);
        let per = units.product(Unit::PURE, btc, -1);
        assert_eq!(units.text(per), "1/BTC");
        assert_eq!(units.words(per), "1 per BTC");
    }

    fn btc_unit(units: &mut Units) -> Unit {
        let btc = units.asset("BTC");
        units.single(btc)
    }
}

//! What must hold of a [`Scan`] before an engine trusts it.

use std::collections::BTreeSet;

use super::scan::SCAN_LEGS;
use super::validate::{Checked, Problem, ensure};
use super::{Constant, Scan, ScanFilters, ScanMarket, Setting, Tables, Type};
use crate::check::symbol;

impl Tables {
    /// Whether a scan is one by itself.
    pub(super) fn check_scan(&self, scan: &Scan) -> Checked {
        let (least, most) = scan.legs;
        ensure(SCAN_LEGS.contains(&least) && SCAN_LEGS.contains(&most) && least <= most, Problem::Range)?;
        scan.fee.map_or(Ok(()), |fee| self.check_setting(fee, is_fee))?;
        self.check_setting(scan.min_net, |x| x > -1.0)?;
        self.check_setting(scan.step, |_| true)?;
        [scan.max_age, scan.max_skew].into_iter().flatten().try_for_each(|period| self.check_period(period))?;
        ensure(scan.markets.len() >= 2, Problem::Arity)?;
        let mut symbols = BTreeSet::new();
        let mut has_home = false;
        for market in &scan.markets {
            let (base, quote) = match market {
                ScanMarket::Venue { symbol: id, filters, fee } => {
                    self.check_symbol(*id)?;
                    ensure(symbols.insert(*id), Problem::Name)?;
                    ensure(fee.map_or(scan.fee.is_some(), |fee| is_fee(f64::from_bits(fee))), Problem::Value)?;
                    filters.check()?;
                    symbol::parts(self.symbol(*id)).ok().and_then(|parts| parts.pair).ok_or(Problem::Name)?
                }
                ScanMarket::AssumedEqual { base, quote, haircut } => {
                    ensure((0.0..1.0).contains(&f64::from_bits(*haircut)), Problem::Value)?;
                    (base.as_str(), quote.as_str())
                }
            };
            ensure(!base.is_empty() && !quote.is_empty() && base != quote, Problem::Name)?;
            has_home |= base == scan.home || quote == scan.home;
        }
        ensure(has_home, Problem::Name)
    }

    fn check_setting(&self, setting: Setting, holds: impl Fn(f64) -> bool) -> Checked {
        match setting {
            Setting::Fixed(bits) => {
                let x = f64::from_bits(bits);
                ensure(x.is_finite(), Problem::NotFinite)?;
                ensure(holds(x), Problem::Value)
            }
            Setting::Param(id) => {
                let param = self.check_param_id(id)?;
                ensure(matches!(param.ty, Type::Num(_)), Problem::Type)?;
                let holds = |c: Constant| matches!(c, Constant::Num(bits) if holds(f64::from_bits(bits)));
                ensure(holds(param.value) && param.range.is_none_or(|(low, high)| holds(low) && holds(high)), Problem::Value)
            }
        }
    }
}

fn is_fee(x: f64) -> bool {
    x > -1.0 && x < 1.0
}

impl ScanFilters {
    fn check(&self) -> Checked {
        let above = |bits: Option<u64>, zero: bool| match bits.map(f64::from_bits) {
            None => Ok(()),
            Some(x) => ensure(x.is_finite() && (x > 0.0 || (zero && x == 0.0)), Problem::Value),
        };
        above(self.tick, false)?;
        above(self.lot, false)?;
        above(self.max_qty, false)?;
        above(self.min_qty, true)?;
        above(self.min_notional, true)?;
        match (self.min_qty, self.max_qty) {
            (Some(least), Some(most)) => ensure(f64::from_bits(least) <= f64::from_bits(most), Problem::Value),
            _ => Ok(()),
        }
    }
}

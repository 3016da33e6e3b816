//! Bars: the trades of one instrument in each interval [start, start + d), aligned to 1970.

use ascep_lang::program::{BarField, NodeId, Op};

use super::value::Val;
use super::world::{StepNo, World};
use crate::event::{Timestamp, Trade};

impl World {
    /// The trades of a bar's instrument up to and including a step, oldest first, each with the end of the interval that it belongs to.
    fn trades_of_bar(&self, bar: NodeId, step: StepNo) -> Vec<(Timestamp, Trade)> {
        let Some(Op::Bar { symbol, period }) = self.op(bar) else { return Vec::new() };
        let end = |k: StepNo| self.ts(k).div_euclid(*period).saturating_mul(*period).saturating_add(*period);
        let mut trades: Vec<_> = self.events_of(*symbol, step).filter_map(|(k, e)| Some((end(k), e.what.trade()?))).collect();
        trades.reverse();
        trades
    }

    /// When the next bar closes: the first end of an interval with a trade that is still to come.
    pub(super) fn bar_deadline(&self, bar: NodeId) -> Option<Timestamp> {
        let ends = self.trades_of_bar(bar, self.last_step()).into_iter().map(|(end, _)| end);
        ends.filter_map(|end| self.pending(end)).min()
    }

    /// A field of the bar that closed last.
    pub(super) fn bar_field(&self, bar: NodeId, field: BarField, step: StepNo) -> Val {
        let (Some(Op::Bar { period, .. }), Some(closed)) = (self.op(bar), self.updates(bar, step).next()) else { return Val::Unknown };
        let end = self.ts(closed.step);
        let trades: Vec<Trade> = self.trades_of_bar(bar, step).into_iter().filter(|(e, _)| *e == end).map(|(_, trade)| trade).collect();
        let prices = || trades.iter().map(|t| t.price);
        let with_qty = || trades.iter().filter(|t| !t.qty.is_nan());
        let volume = with_qty().fold(0.0, |sum, t| sum + t.qty);
        let price = |x: Option<f64>| x.map_or(Val::Unknown, Val::num);
        match field {
            BarField::Open => price(prices().next()),
            BarField::High => price(prices().reduce(f64::max)),
            BarField::Low => price(prices().reduce(f64::min)),
            BarField::Close => price(prices().next_back()),
            BarField::Volume => Val::num(volume),
            BarField::Vwap => Val::num(with_qty().fold(0.0, |sum, t| sum + t.price * t.qty) / volume),
            BarField::Count => Val::Num(trades.len() as f64),
            BarField::Start => Val::Timestamp(end - period),
        }
    }
}

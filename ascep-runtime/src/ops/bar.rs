//! Bars: the trades of each interval [start, start + d), aligned to 1970. A timer closes a bar at its end; a trade at exactly that moment comes
//! before the timer and belongs to the next interval, so for a moment two bars are open.

use ascep_lang::program::BarField;

use super::num::finite;
use crate::plan::{BarPlan, Plan};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::UNKNOWN_INT;

/// What is known of one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    pub(crate) start: i64,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    /// Of the quantities that are known.
    pub(crate) volume: f64,
    /// Price times quantity of the trades whose quantity is known.
    pub(crate) notional: f64,
    pub(crate) count: f64,
}

impl Bar {
    fn open(start: i64, price: f64) -> Self {
        Self { start, open: price, high: price, low: price, close: price, volume: 0.0, notional: 0.0, count: 0.0 }
    }

    fn add(&mut self, price: f64, qty: f64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.count += 1.0;
        if !qty.is_nan() {
            self.volume += qty;
            self.notional += price * qty;
        }
    }
}

/// The bars of one instrument and length.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bars {
    pub(crate) closed: Option<Bar>,
    pub(crate) current: Option<Bar>,
    /// The one that began at the moment at which `current` ends.
    pub(crate) next: Option<Bar>,
}

/// Takes in a trade, or closes a bar by its timer; whether one closed.
pub(super) fn visit(plan: &Plan, state: &mut State, index: u32) -> bool {
    let Some(&BarPlan { instrument, period, timer }) = plan.bars.get(index as usize) else { return false };
    let closes = state.fires(timer);
    let (clock, trade) = (state.clock, (!state.timer_step).then(|| state.market.last_trade(instrument)));
    let Some(bars) = state.bars.get_mut(index as usize) else { return false };
    if closes {
        bars.closed = bars.current;
        bars.current = bars.next.take();
    }
    if let Some((price, qty)) = trade {
        let start = clock.div_euclid(period).saturating_mul(period);
        let bar = match &mut bars.current {
            Some(current) if current.start != start => &mut bars.next,
            current => current,
        };
        bar.get_or_insert_with(|| Bar::open(start, price)).add(price, qty);
    }
    let end = bars.current.map_or(NEVER, |bar| bar.start.saturating_add(period));
    state.timers.arm(timer, end);
    closes
}

/// The bits of a field of the last closed bar.
pub(super) fn field(state: &State, index: u32, field: BarField) -> u64 {
    let bar = state.bars.get(index as usize).and_then(|bars| bars.closed);
    if field == BarField::Start {
        return bar.map_or(UNKNOWN_INT, |bar| bar.start).cast_unsigned();
    }
    let number = bar.map_or(f64::NAN, |bar| match field {
        BarField::Open => bar.open,
        BarField::High => bar.high,
        BarField::Low => bar.low,
        BarField::Close => bar.close,
        BarField::Volume => bar.volume,
        BarField::Vwap => bar.notional / bar.volume,
        BarField::Count => bar.count,
        BarField::Start => f64::NAN,
    });
    finite(number).to_bits()
}

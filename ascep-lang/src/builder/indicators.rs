//! Bars of trades, and technical indicators of numbers and of bars.

use std::time::Duration;

use super::state::Handle;
use super::{BuildError, Event, IntoNumber, IntoPeriod, Moment, Number, Payload, ProgramBuilder};
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{BarField, Op, PayloadField, Period, Stat, Window};

/// Bars of the trades of a symbol; their fields are those of the last closed one.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Bar<'b> {
    event: Handle<'b>,
    price: Ty,
    base: Ty,
}

/// The lines of `macd`.
#[derive(Debug, Clone, Copy)]
pub struct Macd<'b> {
    /// The fast average less the slow one.
    pub line: Number<'b>,
    /// The average of the line.
    pub signal: Number<'b>,
    /// Line less signal.
    pub hist: Number<'b>,
}

/// Bands around a mean.
#[derive(Debug, Clone, Copy)]
pub struct Bollinger<'b> {
    /// So many deviations above.
    pub upper: Number<'b>,
    /// The mean.
    pub middle: Number<'b>,
    /// So many deviations below.
    pub lower: Number<'b>,
}

/// The lines of a stochastic oscillator, 0 to 100.
#[derive(Debug, Clone, Copy)]
pub struct Stoch<'b> {
    /// The smoothed place of the close in its range.
    pub k: Number<'b>,
    /// The mean of `k`.
    pub d: Number<'b>,
}

impl ProgramBuilder {
    /// `bar(s, d)`: bars as long as `period`, aligned to 1970.
    pub fn bar(&self, symbol: &str, period: Duration) -> Bar<'_> {
        let period = match period.into_period(self) {
            Period::Fixed(ns) => ns,
            Period::Param(_) => 1,
        };
        let mut state = self.state.borrow_mut();
        let symbol = state.symbol(symbol);
        let shape = state.out.bar_shape(symbol);
        let units = state.out.symbol_units(symbol);
        let id = state.event(Op::Bar { symbol, period }, &[], shape);
        Bar { event: self.handle(id), price: Ty::Num(units.price), base: Ty::Num(units.base) }
    }
}

impl<'b> Bar<'b> {
    /// The close of each.
    pub fn closes(self) -> Event<'b> {
        Event(self.event)
    }

    fn field(self, field: BarField, ty: Ty) -> Number<'b> {
        Number(self.event.over(Op::BarField(field), &[], ty))
    }

    /// Price of the first trade.
    pub fn open(self) -> Number<'b> {
        self.field(BarField::Open, self.price)
    }

    /// The highest price.
    pub fn high(self) -> Number<'b> {
        self.field(BarField::High, self.price)
    }

    /// The lowest price.
    pub fn low(self) -> Number<'b> {
        self.field(BarField::Low, self.price)
    }

    /// Price of the last trade.
    pub fn close(self) -> Number<'b> {
        self.field(BarField::Close, self.price)
    }

    /// Sum of the known quantities.
    pub fn volume(self) -> Number<'b> {
        self.field(BarField::Volume, self.base)
    }

    /// Price weighted by quantity.
    pub fn vwap(self) -> Number<'b> {
        self.field(BarField::Vwap, self.price)
    }

    /// Number of trades.
    pub fn count(self) -> Number<'b> {
        self.field(BarField::Count, Ty::Num(Unit::PURE))
    }

    /// Start of the interval.
    pub fn start(self) -> Moment<'b> {
        Moment(self.event.over(Op::BarField(BarField::Start), &[], Ty::Timestamp))
    }

    /// Average true range of `n` bars, smoothed as Wilder does.
    pub fn atr(self, n: u32) -> Number<'b> {
        let Number(high) = self.high();
        high.builder.state.borrow_mut().check_updates(n);
        Number(high.over(Op::Atr(n), &[self.low().0, self.close().0], self.price))
    }

    /// On-balance volume.
    pub fn obv(self) -> Number<'b> {
        Number(self.close().0.over(Op::Obv, &[self.volume().0], self.base))
    }

    /// The stochastic oscillator: the place of the close in the range of `k` bars, its mean of `smooth`, and the mean of `d` of that.
    pub fn stoch(self, k: u32, smooth: u32, d: u32) -> Stoch<'b> {
        let (lowest, highest) = (self.low().lowest(k), self.high().highest(k));
        let raw = Number(self.close().0.over(Op::FastK, &[lowest.0, highest.0], Ty::Num(Unit::PURE)));
        let k = raw.avg(smooth);
        Stoch { k, d: k.avg(d) }
    }
}

impl<'b> Number<'b> {
    fn indicator(self, n: u32, op: Op, ty: Ty) -> Self {
        self.0.builder.state.borrow_mut().check_updates(n);
        Self(self.0.over(op, &[], ty))
    }

    /// Simple moving average of `n` updates.
    pub fn sma(self, n: u32) -> Self {
        self.avg(n)
    }

    /// Moving average with weights 1 to n, the newest the heaviest.
    pub fn wma(self, n: u32) -> Self {
        let op = Op::Window { stat: Stat::Wma, window: Window::Updates(n), partial: false, max: None };
        self.indicator(n, op, self.0.ty())
    }

    /// Exponential moving average, from the mean of its first `n`.
    pub fn ema(self, n: u32) -> Self {
        self.indicator(n, Op::Ema { n, skip: 0 }, self.0.ty())
    }

    /// Relative strength index, 0 to 100, smoothed as Wilder does.
    pub fn rsi(self, n: u32) -> Self {
        self.indicator(n, Op::Rsi(n), Ty::Num(Unit::PURE))
    }

    /// Moving average convergence and divergence; `fast` is the smaller.
    pub fn macd(self, fast: u32, slow: u32, signal: u32) -> Macd<'b> {
        if fast >= slow {
            self.0.builder.state.borrow_mut().error(BuildError::Lengths { fast, slow });
        }
        let skip = slow.saturating_sub(fast);
        let line = self.indicator(fast, Op::Ema { n: fast, skip }, self.0.ty()) - self.ema(slow);
        let signal = line.ema(signal);
        Macd { line, signal, hist: line - signal }
    }

    /// The mean of `n` updates and `k` deviations around it.
    pub fn bollinger(self, n: u32, k: impl IntoNumber) -> Bollinger<'b> {
        let (middle, width) = (self.avg(n), k.into_number(self.0.builder));
        let deviation = width * self.stddev_pop(n);
        Bollinger { upper: middle + deviation, middle, lower: middle - deviation }
    }
}

macro_rules! bar_payload {
    ($($(#[$doc:meta])* $name:ident = $field:ident;)*) => {
        impl<'b> Payload<'b> {
            $($(#[$doc])* pub fn $name(self) -> Number<'b> {
                Number(self.read(PayloadField::Bar(BarField::$field)))
            })*

            /// Of a bar: start of its interval.
            pub fn start(self) -> Moment<'b> {
                Moment(self.read(PayloadField::Bar(BarField::Start)))
            }
        }
    };
}

bar_payload! {
    /// Of a bar: price of the first trade.
    open = Open;
    /// Of a bar: the highest price.
    high = High;
    /// Of a bar: the lowest price.
    low = Low;
    /// Of a bar: price of the last trade.
    close = Close;
    /// Of a bar: sum of the known quantities.
    volume = Volume;
    /// Of a bar: price weighted by quantity.
    vwap = Vwap;
    /// Of a bar: number of trades.
    count = Count;
}

//! Programs made in code, without text: the same operators, types and units as the language, joined by Rust's own operators.
//!
//! A [`ProgramBuilder`] gives handles ([`Number`], [`Level`], [`Event`], ..) that are small copies and borrow it. What is wrong is
//! remembered and told by [`ProgramBuilder::build`], so that expressions stay free of `?`.
//!
//! ```
//! use ascep_lang::builder::{ProgramBuilder, bp};
//! use std::time::Duration;
//!
//! let b = ProgramBuilder::new();
//! let fee = b.param_in("fee", bp(7.5), bp(0.0)..=bp(50.0));
//! let round = (1.0 / b.ask("BTC/USDT")) * (1.0 / b.ask("ETH/BTC")) * b.bid("ETH/USDT");
//! let net = round * (1.0 - fee) * (1.0 - fee) * (1.0 - fee);
//! b.rule("tri_btc_eth")
//!     .when(net.gt(1.0002).held_for(Duration::from_millis(20)))
//!     .emit("TRIANGLE")
//!     .field("net", net - 1.0)
//!     .cooldown(Duration::from_millis(250))
//!     .add();
//! let program = b.build()?;
//! assert_eq!(program.rules.len(), 1);
//! assert!(program.warnings.is_empty());
//! # Ok::<(), ascep_lang::builder::BuildErrors>(())
//! ```
//!
//! An event has a payload, for a filter and for the fields of a rule that it triggers:
//!
//! ```
//! # use ascep_lang::builder::ProgramBuilder;
//! # use std::time::Duration;
//! let b = ProgramBuilder::new();
//! let whale = b.trade("BTC/USDT").filter(|it| it.notional().gt(1e6));
//! b.rule("whale").when(whale).emit("WHALE").field("px", whale.it().price()).limit(10, Duration::from_secs(3600)).add();
//! let program = b.build()?;
//! # Ok::<(), ascep_lang::builder::BuildErrors>(())
//! ```
//!
//! Statistics look back over a time or over a number of updates; indicators have parts:
//!
//! ```
//! # use ascep_lang::builder::ProgramBuilder;
//! # use std::time::Duration;
//! let b = ProgramBuilder::new();
//! let close = b.bar("BTC/USDT", Duration::from_secs(60)).close();
//! let macd = close.macd(12, 26, 9);
//! let busy = b.volume("BTC/USDT", b.window(Duration::from_secs(3600)).partial()).gt(20);
//! b.rule("turn").when(macd.line.crosses_above(macd.signal).and(busy)).emit("TURN").field("rsi", close.rsi(14)).add();
//! let program = b.build()?;
//! # Ok::<(), ascep_lang::builder::BuildErrors>(())
//! ```

use std::cell::RefCell;
use std::ops::RangeInclusive;

use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{ClockFn, Constant, EventKind, Input, InputId, MarketField, Op, Param, ParamId, Program, Side};

mod arithmetic;
mod error;
mod indicators;
mod operand;
mod rule;
mod search;
mod sequence;
mod state;
mod values;
mod ways;
mod windows;

pub use error::{BuildError, BuildErrors};
pub use indicators::{Bar, Bollinger, Macd, Stoch};
pub use operand::{IntoField, IntoLength, IntoNumber, IntoPeriod, IntoTrigger, Ratio, bp, percent};
pub use rule::{RuleDraft, RuleHead};
pub use search::{PathText, Search};
pub use sequence::{Matched, Sequence};
pub use values::{Event, Length, Level, Moment, Number, Payload, Word};
pub use ways::Way;
pub use windows::{IntoLookback, Lookback};

use state::{Handle, State};

/// Makes a [`Program`]. Its handles borrow it, so it outlives them; see the [module](self) for how it looks.
#[derive(Default)]
pub struct ProgramBuilder {
    state: RefCell<State>,
}

impl std::fmt::Debug for ProgramBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramBuilder").finish_non_exhaustive()
    }
}

impl ProgramBuilder {
    /// A builder with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes warnings on units errors.
    #[must_use]
    pub fn strict_units(self) -> Self {
        self.state.borrow_mut().strict_units = true;
        self
    }

    /// The program, with what is doubtful in [`Program::warnings`].
    ///
    /// # Errors
    /// Everything that was wrong, in the order in which it was built.
    pub fn build(self) -> Result<Program, BuildErrors> {
        self.state.into_inner().finish()
    }

    /// A constant that takes the unit of its place, like a plain number in a rule, or a ratio from [`bp`] or [`percent`].
    pub fn number(&self, x: impl IntoNumber) -> Number<'_> {
        x.into_number(self)
    }

    /// A constant duration.
    pub fn length(&self, d: impl IntoLength) -> Length<'_> {
        d.into_length(self)
    }

    /// A text, to compare a side with: `"buy"` or `"sell"`.
    pub fn word(&self, text: &str) -> Word<'_> {
        let mut state = self.state.borrow_mut();
        let text = state.out.text(text);
        let handle = state.constant(Ty::Text, Constant::Text(text));
        Word(self.handle(handle))
    }

    /// A symbol as a value, for a field.
    pub fn symbol(&self, symbol: &str) -> impl IntoField + use<'_> {
        let mut state = self.state.borrow_mut();
        let constant = Constant::Symbol(state.symbol(symbol));
        let handle = state.constant(Ty::Symbol, constant);
        rule::SymbolField(self.handle(handle))
    }

    /// A parameter that can be set while the engine runs. A plain number takes the unit of its place; [`bp`] and [`percent`] make a ratio.
    pub fn param(&self, name: &str, value: impl Into<Ratio>) -> Number<'_> {
        let Ratio { value, unit } = value.into();
        Number(self.new_param(name, Ty::Num(unit), num(value), None))
    }

    /// A parameter with inclusive bounds.
    pub fn param_in<R: Into<Ratio> + Copy>(&self, name: &str, value: R, range: RangeInclusive<R>) -> Number<'_> {
        let Ratio { value, unit } = value.into();
        let (low, high) = ((*range.start()).into(), (*range.end()).into());
        Number(self.new_param(name, Ty::Num(unit), num(value), Some((num(low.value), num(high.value)))))
    }

    /// A duration that can be set while the engine runs; as a period its bounds must be above zero.
    pub fn length_param(&self, name: &str, value: std::time::Duration, range: RangeInclusive<std::time::Duration>) -> Length<'_> {
        let nanos = |d: &std::time::Duration| Constant::Duration(i64::try_from(d.as_nanos()).unwrap_or(i64::MAX));
        Length(self.new_param(name, Ty::Duration, nanos(&value), Some((nanos(range.start()), nanos(range.end())))))
    }

    /// A switch that can be set while the engine runs.
    pub fn switch(&self, name: &str, on: bool) -> Level<'_> {
        Level(self.new_param(name, Ty::Bool, Constant::Bool(on), None))
    }

    fn new_param(&self, name: &str, ty: Ty, value: Constant, range: Option<(Constant, Constant)>) -> Handle<'_> {
        let mut state = self.state.borrow_mut();
        state.check_finite(value);
        if let Some((low, high)) = range {
            state.check_finite(low);
            state.check_finite(high);
            state.check_range(name, low, value, high);
        }
        state.claim(name);
        let id = ParamId(state::index(state.out.typed.tables.params.len()));
        let exported = state.export(ty);
        state.out.typed.tables.params.push(Param { name: name.to_owned(), ty: exported, value, range });
        let handle = state.node(Op::Param(id), &[], ty);
        self.handle(handle)
    }

    /// A number that the host delivers while the engine runs; its unit is not checked.
    pub fn input(&self, name: &str) -> Number<'_> {
        Number(self.new_input(name, Ty::Num(Unit::UNCHECKED)))
    }

    /// A level that the host delivers while the engine runs.
    pub fn level_input(&self, name: &str) -> Level<'_> {
        Level(self.new_input(name, Ty::Bool))
    }

    fn new_input(&self, name: &str, ty: Ty) -> Handle<'_> {
        let mut state = self.state.borrow_mut();
        state.claim(name);
        let id = InputId(state::index(state.out.typed.tables.inputs.len()));
        let exported = state.export(ty);
        state.out.typed.tables.inputs.push(Input { name: name.to_owned(), ty: exported });
        let handle = state.node(Op::Input(id), &[], ty);
        self.handle(handle)
    }

    /// `imbalance(s, depth)`, of the best `depth` levels, 1 to 20.
    pub fn imbalance(&self, symbol: &str, depth: u8) -> Number<'_> {
        let mut state = self.state.borrow_mut();
        state.check_depth(depth);
        let symbol = state.symbol(symbol);
        let handle = state.node(Op::Imbalance { symbol, depth }, &[], Ty::Num(Unit::PURE));
        Number(self.handle(handle))
    }

    /// `depth_price(s, side, qty = ..)`: the mean price to take so much from the book.
    pub fn depth_price(&self, symbol: &str, side: Side, qty: impl IntoNumber) -> Number<'_> {
        let qty = qty.into_number(self);
        let mut state = self.state.borrow_mut();
        let symbol = state.symbol(symbol);
        let units = state.out.symbol_units(symbol);
        let given = state.ty(qty.0);
        state.agree("the quantity", Ty::Num(units.base), given);
        let handle = state.node(Op::DepthPrice { symbol, side }, &[qty.0], Ty::Num(units.price));
        Number(self.handle(handle))
    }

    fn market(&self, field: MarketField, symbol: &str) -> Handle<'_> {
        let mut state = self.state.borrow_mut();
        let symbol = state.symbol(symbol);
        let units = state.out.symbol_units(symbol);
        let ty = match field {
            MarketField::Qty | MarketField::BidQty | MarketField::AskQty => Ty::Num(units.base),
            MarketField::Notional => Ty::Num(units.quote),
            MarketField::SpreadRatio => Ty::Num(Unit::PURE),
            MarketField::TradeSide => Ty::Text,
            MarketField::Latency => Ty::Duration,
            MarketField::VenueTs => Ty::Timestamp,
            _ => Ty::Num(units.price),
        };
        let handle = state.node(Op::Market(field, symbol), &[], ty);
        self.handle(handle)
    }

    /// The aggressor of the last trade.
    pub fn side(&self, symbol: &str) -> Word<'_> {
        Word(self.market(MarketField::TradeSide, symbol))
    }

    /// ts minus venue_ts of the last event.
    pub fn latency(&self, symbol: &str) -> Length<'_> {
        Length(self.market(MarketField::Latency, symbol))
    }

    /// How long ago the last event of the symbol was.
    pub fn age(&self, symbol: &str) -> Length<'_> {
        let mut state = self.state.borrow_mut();
        let symbol = state.symbol(symbol);
        let handle = state.node(Op::Age(symbol), &[], Ty::Duration);
        Length(self.handle(handle))
    }

    fn event(&self, kind: EventKind, symbol: &str) -> Event<'_> {
        let mut state = self.state.borrow_mut();
        let symbol = state.symbol(symbol);
        let shape = state.out.event_shape(kind, symbol);
        let handle = state.event(Op::Event(kind, symbol), &[], shape);
        Event(self.handle(handle))
    }

    /// Each trade.
    pub fn trade(&self, symbol: &str) -> Event<'_> {
        self.event(EventKind::Trade, symbol)
    }

    /// Each quote; a book is one too.
    pub fn quote(&self, symbol: &str) -> Event<'_> {
        self.event(EventKind::Quote, symbol)
    }

    /// Each book.
    pub fn book(&self, symbol: &str) -> Event<'_> {
        self.event(EventKind::Book, symbol)
    }

    /// The clock.
    pub fn now(&self) -> Moment<'_> {
        Moment(self.clock(ClockFn::Now, Ty::Timestamp))
    }

    /// The hour, 0 to 23, UTC.
    pub fn hour_of_day(&self) -> Number<'_> {
        Number(self.clock(ClockFn::HourOfDay, Ty::Num(Unit::PURE)))
    }

    /// The day, Monday 1 to Sunday 7, UTC.
    pub fn day_of_week(&self) -> Number<'_> {
        Number(self.clock(ClockFn::DayOfWeek, Ty::Num(Unit::PURE)))
    }

    fn clock(&self, which: ClockFn, ty: Ty) -> Handle<'_> {
        let handle = self.state.borrow_mut().node(Op::Clock(which), &[], ty);
        self.handle(handle)
    }

    /// Begins a rule.
    pub fn rule(&self, name: &str) -> RuleHead<'_> {
        RuleHead::new(self, name)
    }

    fn handle(&self, id: state::Id) -> Handle<'_> {
        Handle { builder: self, id }
    }
}

/// Functions of a symbol that give a number.
macro_rules! market {
    ($($(#[$doc:meta])* $name:ident = $field:ident;)*) => {
        impl ProgramBuilder {
            $($(#[$doc])* pub fn $name(&self, symbol: &str) -> Number<'_> {
                Number(self.market(MarketField::$field, symbol))
            })*
        }
    };
}

market! {
    /// Price of the last trade.
    last = Last;
    /// Quantity of the last trade.
    qty = Qty;
    /// Price times quantity of the last trade.
    notional = Notional;
    /// Best bid of the last quote.
    bid = Bid;
    /// Best ask of the last quote.
    ask = Ask;
    /// Quantity at the best bid.
    bid_qty = BidQty;
    /// Quantity at the best ask.
    ask_qty = AskQty;
    /// (bid + ask) / 2
    mid = Mid;
    /// ask - bid
    spread = Spread;
    /// (ask - bid) / mid, a ratio.
    spread_ratio = SpreadRatio;
    /// The mid weighted by the quantities of the other side.
    microprice = Microprice;
    /// The mid until the first trade, then the last trade.
    price = Price;
}

fn num(x: f64) -> Constant {
    Constant::Num(x.to_bits())
}

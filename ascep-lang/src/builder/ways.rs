//! Ways round markets: what is left after fees.

use super::state::Handle;
use super::{BuildError, IntoNumber, Length, Number, ProgramBuilder};
use crate::check::functions::arbitrage_way;
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::program::{Cycle, CycleField, CycleId, CycleKind, Op};

/// A way round two or three markets; unknown while a leg has one side only, or is locked or crossed.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Way<'b> {
    builder: &'b ProgramBuilder,
    cycle: CycleId,
    fees: [Handle<'b>; 2],
    /// How many of the fees there are.
    legs: usize,
    start: Ty,
}

impl ProgramBuilder {
    /// `triangle(a, b, c, fee)`: the better way round three markets among three assets.
    pub fn triangle(&self, markets: [&str; 3], fee: impl IntoNumber) -> Way<'_> {
        self.way(CycleKind::Triangle, &markets, &[fee.into_number(self)])
    }

    /// `cross(buy, sell, fee_buy, fee_sell)`: bought on one market and sold on another of the same pair.
    pub fn cross(&self, buy: &str, sell: &str, fee_buy: impl IntoNumber, fee_sell: impl IntoNumber) -> Way<'_> {
        self.way(CycleKind::Cross, &[buy, sell], &[fee_buy.into_number(self), fee_sell.into_number(self)])
    }

    /// `inverse(a, b, fee)`: the better way round two markets that quote one pair inversely.
    pub fn inverse(&self, a: &str, b: &str, fee: impl IntoNumber) -> Way<'_> {
        self.way(CycleKind::Inverse, &[a, b], &[fee.into_number(self)])
    }

    fn way<'b>(&'b self, kind: CycleKind, names: &[&str], fees: &[Number<'b>]) -> Way<'b> {
        let mut state = self.state.borrow_mut();
        let markets: Vec<_> = names.iter().map(|name| state.symbol(name)).collect();
        let markets = match arbitrage_way(kind, &markets, names) {
            Ok(markets) => markets,
            Err(problem) => {
                state.error(BuildError::Way(problem));
                markets
            }
        };
        let start = markets.first().map_or(Unit::UNCHECKED, |first| state.out.symbol_units(*first).quote);
        for fee in fees {
            let given = state.ty(fee.0);
            state.agree("a fee", Ty::Num(Unit::PURE), given);
        }
        let cycle = state.out.cycle(Cycle { kind, markets });
        let none = state.constant(Ty::Num(Unit::PURE), super::num(0.0));
        let none = self.handle(none);
        let fee = |at: usize| fees.get(at).map_or(none, |fee| fee.0);
        Way { builder: self, cycle, fees: [fee(0), fee(1)], legs: fees.len(), start: Ty::Num(start) }
    }
}

impl<'b> Way<'b> {
    fn read(self, field: CycleField, ty: Ty) -> Handle<'b> {
        let fees = self.fees.get(..self.legs).unwrap_or(&self.fees);
        let id = self.builder.state.borrow_mut().node(Op::Cycle { cycle: self.cycle, field }, fees, ty);
        self.builder.handle(id)
    }

    /// What is left after fees, minus 1.
    pub fn net(self) -> Number<'b> {
        Number(self.read(CycleField::Net, Ty::Num(Unit::PURE)))
    }

    /// The same before fees.
    pub fn gross(self) -> Number<'b> {
        Number(self.read(CycleField::Gross, Ty::Num(Unit::PURE)))
    }

    /// 1 where the first market is bought, -1 where it is sold.
    pub fn direction(self) -> Number<'b> {
        Number(self.read(CycleField::Direction, Ty::Num(Unit::PURE)))
    }

    /// Age of the oldest leg's last quote, read as of the clock.
    pub fn age(self) -> Length<'b> {
        Length(self.read(CycleField::Age, Ty::Duration))
    }

    /// The span between the legs' last quotes.
    pub fn skew(self) -> Length<'b> {
        Length(self.read(CycleField::Skew, Ty::Duration))
    }

    /// The smallest leg, in the quote of the first market.
    pub fn size(self) -> Number<'b> {
        Number(self.read(CycleField::Size, self.start))
    }
}

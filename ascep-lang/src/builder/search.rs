//! `cycles(..)` in code: the opportunities of a set of markets as events.

use std::ops::RangeInclusive;

use super::state::Handle;
use super::{BuildError, Event, IntoNumber, IntoPeriod, Length, Matched, Number, Payload, ProgramBuilder, Word};
use crate::check::functions::fee_range;
use crate::check::symbol;
use crate::check::units::Unit;
use crate::check::value::Ty;
use crate::check::ways::Edges;
use crate::program::{Constant, Op, OpportunityField, PayloadField, Period, Scan, ScanMarket, Setting};
use crate::universe::{MarketDecl, Universe};

/// Steps that a search may take to find out whether its markets close a way.
const WAYS: usize = 1_000_000;

/// What `cycles(..)` looks for; [`found`](Self::found) is the event.
#[derive(Debug, Clone)]
#[must_use]
pub struct Search<'b> {
    builder: &'b ProgramBuilder,
    universe: Universe,
    scan: Scan,
}

/// A text that is made while rules run: the field of a signal and nothing else.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct PathText<'b>(pub(super) Handle<'b>);

impl ProgramBuilder {
    /// `cycles(home = .., markets = ..)`: every closed way from `home` through these markets, three legs long, above 0 after fees. Each market needs a fee, its own or
    /// [one for all](Search::fee).
    ///
    /// ```
    /// use ascep_lang::builder::{ProgramBuilder, bp};
    ///
    /// let b = ProgramBuilder::new();
    /// let found = b.cycles("USDT", ["BTC/USDT", "ETH/BTC", "ETH/USDT"]).fee(bp(7.5)).min_net(bp(2.0)).found();
    /// let opened = found.filter(|it| it.state().is("open"));
    /// b.rule("opened").when(opened).emit("OPENED").field("path", opened.it().path()).field("net", opened.it().net()).add();
    /// assert_eq!(b.build()?.tables.scans.len(), 1);
    /// # Ok::<(), ascep_lang::builder::BuildErrors>(())
    /// ```
    pub fn cycles<M: Into<MarketDecl>>(&self, home: &str, markets: impl IntoIterator<Item = M>) -> Search<'_> {
        let scan = Scan {
            venue: None,
            home: home.to_owned(),
            legs: (3, 3),
            fee: None,
            min_net: Setting::fixed(0.0),
            step: Setting::fixed(0.0001),
            max_age: None,
            max_skew: None,
            markets: Vec::new(),
        };
        let universe = Universe { markets: markets.into_iter().map(Into::into).collect(), equal: Vec::new() };
        Search { builder: self, universe, scan }
    }
}

impl<'b> Search<'b> {
    /// What each leg costs, whatever its market: a constant or a parameter whose range lies between -1 and 1.
    pub fn fee(mut self, fee: impl IntoNumber) -> Self {
        self.scan.fee = Some(self.setting("a fee", fee));
        self
    }

    /// A way is open while its net return is above this.
    pub fn min_net(mut self, min_net: impl IntoNumber) -> Self {
        self.scan.min_net = self.setting("a threshold", min_net);
        self
    }

    /// An open way is told of again when its net return has moved by this.
    pub fn step(mut self, step: impl IntoNumber) -> Self {
        self.scan.step = self.setting("a step", step);
        self
    }

    /// The fewest and the most legs, from 2 to 8.
    pub fn legs(mut self, legs: RangeInclusive<u8>) -> Self {
        self.scan.legs = (*legs.start(), *legs.end());
        self
    }

    /// A quote of this age is out.
    pub fn max_age(mut self, age: impl IntoPeriod) -> Self {
        self.scan.max_age = Some(self.period(age));
        self
    }

    /// The longest span between the quotes of a way.
    pub fn max_skew(mut self, skew: impl IntoPeriod) -> Self {
        self.scan.max_skew = Some(self.period(skew));
        self
    }

    /// Either of two assets is taken for 1 - `haircut` of the other.
    pub fn assume_equal(mut self, base: &str, quote: &str, haircut: f64) -> Self {
        let (base, quote) = (base.to_owned(), quote.to_owned());
        self.universe.equal.push(crate::universe::AssumedEqual { base, quote, haircut });
        self
    }

    fn period(&self, period: impl IntoPeriod) -> Period {
        period.into_period(self.builder)
    }

    fn setting(&self, what: &'static str, x: impl IntoNumber) -> Setting {
        let x = x.into_number(self.builder);
        let mut state = self.builder.state.borrow_mut();
        let given = state.ty(x.0);
        state.agree(what, Ty::Num(Unit::PURE), given);
        match state.op(x.0) {
            Some(Op::Const(Constant::Num(bits))) => Setting::Fixed(bits),
            Some(Op::Param(param)) => Setting::Param(param),
            _ => {
                state.error(BuildError::Search(format!("{what} changes while the rules run; a constant or a parameter is wanted")));
                Setting::fixed(0.0)
            }
        }
    }

    /// Each telling of an opportunity: opened, updated, closed.
    pub fn found(self) -> Event<'b> {
        let Self { builder, universe, mut scan } = self;
        let mut state = builder.state.borrow_mut();
        let mut edges = Edges::default();
        for decl in &universe.markets {
            let Some((base, quote)) = symbol::parts(&decl.symbol).ok().and_then(|parts| parts.pair) else {
                state.error(BuildError::Search(format!("`{}` names no pair", decl.symbol)));
                continue;
            };
            edges.add(base, quote);
            if decl.fee.is_none() && scan.fee.is_none() {
                state.error(BuildError::Search(format!("what a leg costs is not said for `{}`", decl.symbol)));
            }
            let symbol = state.symbol(&decl.symbol);
            scan.markets.push(ScanMarket::Venue { symbol, filters: decl.filters(), fee: decl.fee.map(f64::to_bits) });
        }
        for equal in &universe.equal {
            edges.add(&equal.base, &equal.quote);
            let (base, quote, haircut) = (equal.base.clone(), equal.quote.clone(), equal.haircut.to_bits());
            scan.markets.push(ScanMarket::AssumedEqual { base, quote, haircut });
        }
        if let Some(Setting::Param(param)) = scan.fee
            && let Some(param) = state.out.typed.tables.params.get_mut(param.0 as usize)
        {
            // So that nobody sets it to all there is while the rules run.
            param.range.get_or_insert(fee_range());
        }
        let (least, most) = scan.legs;
        if !edges.closes(&scan.home, least, most, &mut { WAYS }) {
            state.error(BuildError::Search(format!(
                "no way of {least} to {most} legs leads from {} through the markets and back",
                scan.home
            )));
        }
        let asset = state.out.units.asset(&scan.home);
        let home = state.out.units.single(asset);
        let shape = state.out.opportunity_shape(home);
        let scan = state.out.scan(scan);
        let id = state.event(Op::Cycles(scan), &[], shape);
        drop(state);
        Event(builder.handle(id))
    }
}

/// What is read of an opportunity: of the event at hand, and of a step that has matched one.
macro_rules! opportunity {
    ($($(#[$doc:meta])* $name:ident = $field:ident : $of:ident;)*) => {
        impl<'b> Payload<'b> {
            $($(#[$doc])* pub fn $name(self) -> $of<'b> {
                $of(self.read(PayloadField::Opportunity(OpportunityField::$field)))
            })*
        }

        impl<'b> Matched<'b> {
            $($(#[$doc])* pub fn $name(self) -> $of<'b> {
                $of(self.read(PayloadField::Opportunity(OpportunityField::$field)))
            })*
        }
    };
}

opportunity! {
    /// Of an opportunity: its legs from home on.
    path = Path: PathText;
    /// Of an opportunity: what is left after fees, minus 1.
    net = Net: Number;
    /// Of an opportunity: the same before fees.
    gross = Gross: Number;
    /// Of an opportunity: how much of the home asset can go round.
    size = Size: Number;
    /// Of an opportunity: what comes back more than is spent, in the home asset.
    profit = Profit: Number;
    /// Of an opportunity: age of its oldest quote.
    age = Age: Length;
    /// Of an opportunity: the span between its quotes.
    skew = Skew: Length;
    /// Of an opportunity: time since it opened.
    lifetime = Lifetime: Length;
    /// Of an opportunity: the greatest net return so far.
    peak = Peak: Number;
    /// Of an opportunity: "open", "update" or "close".
    state = State: Word;
    /// Of an opportunity: why it closed.
    reason = Reason: Word;
}

//! Scans: the universe of a `cycles(..)` with the instruments of its markets, what it is set by, and its scanner, which is built with the plan because
//! only then it is known what it takes.

use ascep_lang::program::{InvalidProgram, Op, OpportunityField, Problem, REASONS, STATES, Scan, ScanFilters, ScanId, ScanMarket, Setting};

use super::build::Builder;
use super::{NONE, NodeOp, PeriodPlan, TimerOwner};
use crate::arbitrage::{
    AssetId, Filters, INDEXED_LEGS, Market, MarketKind, MarketSpec, ScanError, ScanSettings, Scanner, Universe, UniverseError, VenueClock,
    VenueId,
};
use crate::error::BuildError;
use crate::memory::flat;
use crate::value::Lists;

/// One search for opportunities.
#[derive(Debug)]
pub(crate) struct ScanPlan {
    /// In the program.
    pub(crate) id: u32,
    /// The event.
    pub(crate) node: u32,
    pub(crate) timer: u32,
    /// By market: what it is to buy and to sell on it.
    pub(crate) legs: Vec<[LegText; 2]>,
    /// By market: its instrument, or [`NONE`] where two assets are assumed equal.
    pub(crate) instruments: Vec<u32>,
    pub(crate) settings: ScanSetting,
    /// By market: the fee where there is none for all of them.
    pub(crate) fees: Vec<f64>,
    /// Bytes of its scanner, which do not change.
    pub(crate) bytes: usize,
    /// The most bytes that a path of it takes as text.
    pub(crate) longest: usize,
}

/// One exchange in a path, for people.
#[derive(Debug)]
pub(crate) struct LegText {
    /// `buy BTC/USDT`, or `USD as USDT`.
    pub(crate) text: String,
    /// Whether it gives the home asset, so that the path is written from it on.
    pub(crate) gives_home: bool,
}

/// What a scan is set by while it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScanSetting {
    pub(crate) fee: Option<NumberPlan>,
    pub(crate) min_net: NumberPlan,
    pub(crate) step: NumberPlan,
    pub(crate) max_age: Option<PeriodPlan>,
    pub(crate) max_skew: Option<PeriodPlan>,
}

/// A number that is fixed or a parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NumberPlan {
    Fixed(f64),
    Param(u32),
}

/// All scans of a program.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    pub(crate) scans: Vec<ScanPlan>,
    /// By instrument: scans with the market that it is.
    pub(crate) markets: Lists<(u32, u32)>,
    /// By parameter: the scans that it sets.
    pub(crate) params: Lists,
    /// The numbers of [`STATES`] and of [`REASONS`] among the texts.
    pub(crate) states: [u32; STATES.len()],
    pub(crate) reasons: [u32; REASONS.len()],
    /// Nodes whose slots may hold a path, and captures that may.
    pub(crate) path_nodes: Vec<u32>,
    pub(crate) path_captures: Vec<u32>,
    /// Until the state takes them.
    pub(crate) scanners: Vec<Option<Box<Scanner>>>,
}

impl Scans {
    /// Bytes held, but for the scanners, which are the state's.
    pub(crate) fn bytes(&self) -> usize {
        let Self { scans, markets, params, states: _, reasons: _, path_nodes, path_captures, scanners: _ } = self;
        flat(scans)
            + scans.iter().map(ScanPlan::heap).sum::<usize>()
            + markets.bytes()
            + params.bytes()
            + flat(path_nodes)
            + flat(path_captures)
    }

    /// How many paths can be in slots and captures at once, and the one that is being told of.
    pub(crate) fn paths(&self) -> usize {
        if self.path_nodes.is_empty() { 0 } else { self.path_nodes.len() + self.path_captures.len() + 1 }
    }

    /// The most bytes that a path takes as text.
    pub(crate) fn longest_path(&self) -> usize {
        self.scans.iter().map(|scan| scan.longest).max().unwrap_or(0)
    }
}

/// What the two ends of a parameter must keep within, where a scan is set by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ScanUse {
    pub(crate) fee: bool,
    pub(crate) min_net: bool,
}

impl ScanUse {
    pub(crate) fn takes(self, x: f64) -> bool {
        (!self.fee || (x > -1.0 && x < 1.0)) && (!self.min_net || x > -1.0)
    }
}

impl Builder<'_> {
    /// Plans a scan, the event of `node`, which is node `index` of the program.
    pub(super) fn scan(&mut self, id: ScanId, index: usize, node: u32) -> Result<NodeOp, BuildError> {
        let invalid = || BuildError::Program(InvalidProgram::Node { index, problem: Problem::Value });
        let scan = self.program.tables.scans.get(id.0 as usize).ok_or_else(invalid)?;
        let Scan { venue: _, home, legs, fee, min_net, step, max_age, max_skew, markets } = scan;
        let mut universe = Universe::new();
        let (mut instruments, mut fees) = (Vec::new(), Vec::new());
        let mut names: Vec<(u32, &str)> = Vec::new();
        for market in markets {
            let (instrument, fee) = match market {
                ScanMarket::Venue { symbol, filters, fee } => {
                    let name = self.program.tables.symbols.get(symbol.0 as usize).ok_or_else(invalid)?;
                    let instrument = self.instrument(*symbol);
                    if let Some((_, other)) = names.iter().find(|(other, _)| *other == instrument) {
                        return Err(BuildError::ScanTwice { first: (*other).to_owned(), second: name.clone() });
                    }
                    names.push((instrument, name));
                    let spec = MarketSpec::spot(name).map_err(|error| refused(&error))?.with_filters(filters_of(filters));
                    universe.add(&spec).map_err(|error| refused(&error))?;
                    (instrument, fee.map_or(0.0, f64::from_bits))
                }
                ScanMarket::AssumedEqual { base, quote, haircut } => {
                    let haircut = f64::from_bits(*haircut);
                    universe.assume_equal(base, quote, haircut).map_err(|error| refused(&error))?;
                    (NONE, haircut)
                }
            };
            instruments.push(instrument);
            fees.push(fee);
        }
        let home = Some(universe.asset(home).ok_or_else(invalid)?);
        let setting = ScanSetting {
            fee: fee.map(|fee| self.number_of(fee, |of| of.fee = true)),
            min_net: self.number_of(*min_net, |of| of.min_net = true),
            step: self.number_of(*step, |_| ()),
            max_age: max_age.map(|d| self.period(d)),
            max_skew: max_skew.map(|d| self.period(d)),
        };
        let clocks = (0..universe.venues()).filter_map(|venue| u32::try_from(venue).ok());
        let settings = ScanSettings::default()
            .with_legs(legs.0..=legs.1)
            .with_home(home)
            .with_min_net(self.number_now(setting.min_net))
            .with_step(self.number_now(setting.step).max(0.0))
            .with_max_age(setting.max_age.map(|d| self.period_now(d)))
            .with_max_skew(setting.max_skew.map(|d| self.period_now(d)))
            .with_max_cycles(self.options.max_scan_ways)
            .with_max_tracked(self.options.max_open_ways)
            // Ages are those of `age(s)`: of the time of receipt.
            .with_clocks(clocks.map(|venue| (VenueId(venue), VenueClock::Receipt)).collect())
            // Nobody reads statistics of paths here.
            .with_max_paths(1);
        // Before anything is allocated: it might be more than there is.
        let held: usize = self.plan.scans.scans.iter().map(|scan| scan.bytes).fold(0, usize::saturating_add);
        let followed = if usize::from(legs.1) > INDEXED_LEGS { self.options.max_open_ways } else { 0 };
        self.check_bytes(held.saturating_add(followed.saturating_mul(Scanner::BYTES_A_WAY)))?;
        let now = setting.fee.map(|fee| self.number_now(fee));
        let scanner = Scanner::new(&universe, &fees_with(&fees, &instruments, now), settings).map_err(|error| match error {
            ScanError::TooManyCycles { limit, legs, .. } => BuildError::ScanWays { limit, legs },
            _ => invalid(),
        })?;
        let timer = self.timer(TimerOwner::Scan(u32::try_from(self.plan.scans.scans.len()).map_err(|_| BuildError::TooLarge)?));
        let texts = leg_texts(&universe, home);
        let longest = longest(&texts, usize::from(legs.1));
        let bytes = scanner.bytes().saturating_add(size_of::<Scanner>());
        self.check_bytes(held.saturating_add(bytes))?;
        self.plan.scans.scanners.push(Some(Box::new(scanner)));
        self.plan.scans.scans.push(ScanPlan { id: id.0, node, timer, legs: texts, instruments, settings: setting, fees, bytes, longest });
        Ok(NodeOp::Scan { scan: u32::try_from(self.plan.scans.scans.len() - 1).map_err(|_| BuildError::TooLarge)? })
    }

    fn check_bytes(&self, needed: usize) -> Result<(), BuildError> {
        let limit = self.options.max_bytes;
        if needed > limit { Err(BuildError::Memory { needed, limit }) } else { Ok(()) }
    }

    /// A field of what a scan tells.
    pub(super) fn opportunity(&self, scan: Option<u32>, field: OpportunityField) -> Option<NodeOp> {
        match self.plan.nodes.get(scan? as usize)?.op {
            NodeOp::Scan { scan } => Some(NodeOp::Opportunity { scan, field }),
            _ => None,
        }
    }

    /// The number of a setting, whose parameter is noted to be used as one.
    fn number_of(&mut self, setting: Setting, note: fn(&mut ScanUse)) -> NumberPlan {
        match setting {
            Setting::Fixed(bits) => NumberPlan::Fixed(f64::from_bits(bits)),
            Setting::Param(id) => {
                if let Some(param) = self.plan.params.get_mut(id.0 as usize) {
                    note(&mut param.scan);
                }
                NumberPlan::Param(id.0)
            }
        }
    }

    fn number_now(&self, number: NumberPlan) -> f64 {
        match number {
            NumberPlan::Fixed(x) => x,
            NumberPlan::Param(id) => self.plan.params.get(id as usize).map_or(f64::NAN, |param| f64::from_bits(param.bits)),
        }
    }

    fn period_now(&self, period: PeriodPlan) -> i64 {
        match period {
            PeriodPlan::Fixed(d) => d,
            PeriodPlan::Param(id) => self.plan.params.get(id as usize).map_or(1, |param| param.bits.cast_signed()),
        }
    }

    /// Who is asked when an instrument is quoted or a parameter set, and where paths may stand; the nodes are planned already.
    pub(super) fn scan_links(&mut self) {
        if self.plan.scans.scans.is_empty() {
            return;
        }
        self.order_scans();
        let mut markets = vec![Vec::new(); self.plan.instruments.len()];
        let mut params = vec![Vec::new(); self.plan.params.len()];
        for (scan, plan) in (0..).zip(&self.plan.scans.scans) {
            for (market, instrument) in (0..).zip(&plan.instruments) {
                if let Some(list) = markets.get_mut(*instrument as usize) {
                    list.push((scan, market));
                }
            }
            let ScanSetting { fee, min_net, step, max_age, max_skew } = plan.settings;
            let numbers = fee.into_iter().chain([min_net, step]);
            let numbers = numbers.filter_map(|number| if let NumberPlan::Param(id) = number { Some(id) } else { None });
            let periods = max_age.into_iter().chain(max_skew);
            let periods = periods.filter_map(|period| if let PeriodPlan::Param(id) = period { Some(id) } else { None });
            for param in numbers.chain(periods) {
                if let Some(list) = params.get_mut(param as usize).filter(|list: &&mut Vec<u32>| list.last() != Some(&scan)) {
                    list.push(scan);
                }
            }
        }
        self.plan.scans.markets = Lists::new(markets);
        self.plan.scans.params = Lists::new(params);
        let tells_path = |op: NodeOp| matches!(op, NodeOp::Opportunity { field: OpportunityField::Path, .. });
        if self.plan.nodes.iter().any(|node| tells_path(node.op)) {
            let may =
                |op: NodeOp| tells_path(op) || matches!(op, NodeOp::Pick | NodeOp::Capture { .. } | NodeOp::Coalesce(_) | NodeOp::Sample);
            let nodes = (0..).zip(self.plan.nodes.iter().zip(&self.plan.keys.nodes));
            let nodes = nodes.filter(|(_, (node, key))| key.ids == super::Ids::Texts && may(node.op)).map(|(id, _)| id);
            self.plan.scans.path_nodes = nodes.collect();
            self.plan.scans.path_captures = super::sequence::text_captures(&self.plan);
        }
    }

    /// Brings scans into the order in which they tell, which hangs on nothing but what they are.
    fn order_scans(&mut self) {
        let tables = &self.program.tables;
        let words = |scan: &ScanPlan| tables.scans.get(scan.id as usize).map(|scan| tables.scan_order(scan));
        let scans = std::mem::take(&mut self.plan.scans.scans);
        let scanners = std::mem::take(&mut self.plan.scans.scanners);
        let mut all: Vec<_> = (0_u32..).zip(scans.into_iter().zip(scanners)).collect();
        all.sort_by_cached_key(|(_, (scan, _))| words(scan));
        let new: Vec<u32> = all.iter().map(|(old, _)| *old).collect();
        let place = |old: u32| new.iter().position(|other| *other == old).and_then(|place| u32::try_from(place).ok()).unwrap_or(old);
        (self.plan.scans.scans, self.plan.scans.scanners) = all.into_iter().map(|(_, both)| both).unzip();
        for node in &mut self.plan.nodes {
            if let NodeOp::Scan { scan } | NodeOp::Opportunity { scan, .. } = &mut node.op {
                *scan = place(*scan);
            }
        }
        for owner in &mut self.plan.timers {
            if let TimerOwner::Scan(scan) = owner {
                *scan = place(*scan);
            }
        }
    }

    /// The texts that scans tell of, among those of the plan.
    pub(super) fn scan_texts(&mut self) {
        if !self.program.nodes.iter().any(|node| matches!(node.op, Op::Cycles(_))) {
            return;
        }
        let mut intern = |text: &str| self.plan.texts.intern(text);
        self.plan.scans.states = STATES.map(&mut intern);
        self.plan.scans.reasons = REASONS.map(&mut intern);
    }
}

/// The fee of each market: one for all venues where there is one, else that of the market; the haircut of an assumption.
pub(crate) fn fees_with(fees: &[f64], instruments: &[u32], fee: Option<f64>) -> Vec<f64> {
    let of = |(own, instrument): (&f64, &u32)| if *instrument == NONE { *own } else { fee.unwrap_or(*own) };
    fees.iter().zip(instruments).map(of).collect()
}

fn refused(error: &UniverseError) -> BuildError {
    BuildError::ScanMarket { reason: error.to_string() }
}

fn filters_of(filters: &ScanFilters) -> Filters {
    let ScanFilters { tick, lot, min_qty, max_qty, min_notional } = *filters;
    let number = |bits: Option<u64>| bits.map(f64::from_bits);
    Filters { tick: number(tick), lot: number(lot), min_qty: number(min_qty), max_qty: number(max_qty), min_notional: number(min_notional) }
}

fn leg_texts(universe: &Universe, home: Option<AssetId>) -> Vec<[LegText; 2]> {
    let of = |market: &Market| {
        let [base, quote] = [market.base, market.quote].map(|asset| universe.asset_name(asset));
        let assumed = matches!(market.kind, MarketKind::AssumedEqual { .. });
        let leg = |verb: &str, gives: AssetId, names: [&str; 2]| {
            let text = if assumed { names.join(" as ") } else { format!("{verb} {}", market.symbol) };
            LegText { text: text.into_boxed_str().into_string(), gives_home: Some(gives) == home }
        };
        [leg("buy", market.quote, [quote, base]), leg("sell", market.base, [base, quote])]
    };
    universe.markets().map(of).collect()
}

/// Between the legs of a path.
pub(crate) const BETWEEN: &str = ", ";

/// The most bytes that a path takes as text: each leg on another market, the longest ones.
fn longest(legs: &[[LegText; 2]], most: usize) -> usize {
    let mut lengths: Vec<usize> = legs.iter().map(|sides| sides.iter().map(|leg| leg.text.len()).max().unwrap_or(0)).collect();
    lengths.sort_unstable();
    lengths.iter().rev().take(most).map(|length| length + BETWEEN.len()).sum()
}

impl ScanPlan {
    /// Bytes held beside its own.
    pub(crate) fn heap(&self) -> usize {
        let Self { id: _, node: _, timer: _, legs, instruments, settings: _, fees, bytes: _, longest: _ } = self;
        let texts = legs.iter().flatten().map(|leg| leg.text.capacity()).sum::<usize>();
        flat(legs) + texts + flat(instruments) + flat(fees)
    }
}

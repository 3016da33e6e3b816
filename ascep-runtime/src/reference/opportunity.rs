//! `cycles(..)`: each scan of the rules runs beside them, and each thing that it tells is a step of its own.

use ascep_lang::program::{NodeId, Op, OpportunityField, Period, Scan as Terms, ScanFilters, ScanId, ScanMarket, Setting};

use super::full_name;
use super::market::{MarketEvent, What};
use super::scan::{Scan, ScanSettings};
use super::value::Val;
use super::world::{Cause, StepNo, World};
use crate::arbitrage::{CloseReason, Filters, MarketId, MarketSpec, Opportunity, State, Universe, UniverseError};
use crate::event::{Loss, Timestamp};

/// A scan as it runs.
#[derive(Debug, Clone)]
pub(super) struct Scanning {
    terms: Terms,
    scan: Scan,
    /// Of each market the full name of its instrument; none for an assumption.
    instruments: Vec<Option<String>>,
}

impl World {
    /// Sets up the scans of the rules.
    pub(super) fn start_scans(&mut self, default_venue: Option<&str>) -> Result<(), UniverseError> {
        for terms in self.rules.tables.scans.clone() {
            let mut universe = Universe::new();
            let mut instruments = Vec::new();
            for market in &terms.markets {
                match market {
                    ScanMarket::Venue { symbol, filters, .. } => {
                        let symbol = self.rules.tables.symbols.get(symbol.0 as usize).map_or("", String::as_str);
                        universe.add(&MarketSpec::spot(symbol)?.with_filters(of(filters)))?;
                        instruments.push(Some(full_name(default_venue, symbol)));
                    }
                    ScanMarket::AssumedEqual { base, quote, haircut } => {
                        universe.assume_equal(base, quote, f64::from_bits(*haircut))?;
                        instruments.push(None);
                    }
                }
            }
            let legs = usize::from(terms.legs.0)..=usize::from(terms.legs.1);
            let (settings, fees) = self.settings(&terms);
            let home = universe.asset(&terms.home);
            let scan = Scan::new(&universe, &fees, ScanSettings { legs, home, ..settings });
            self.scans.push(Scanning { terms, scan, instruments });
        }
        Ok(())
    }

    /// What the parameters make of a scan now: its thresholds, and the fee of each market.
    fn settings(&self, terms: &Terms) -> (ScanSettings, Vec<f64>) {
        let step = self.last_step();
        let number = |setting: Setting| match setting {
            Setting::Fixed(bits) => f64::from_bits(bits),
            Setting::Param(param) => match self.param(param, step) {
                Val::Num(x) => x,
                _ => f64::NAN,
            },
        };
        let period = |period: Option<Period>| period.map(|period| self.period(period, step));
        let fees = terms.markets.iter().map(|market| match market {
            ScanMarket::Venue { fee, .. } => terms.fee.map(number).or(fee.map(f64::from_bits)).unwrap_or(f64::NAN),
            ScanMarket::AssumedEqual { haircut, .. } => f64::from_bits(*haircut),
        });
        let settings = ScanSettings {
            min_net: number(terms.min_net),
            step: number(terms.step),
            max_age: period(terms.max_age),
            max_skew: period(terms.max_skew),
            ..ScanSettings::default()
        };
        (settings, fees.collect())
    }

    /// The scans in the order in which they tell.
    fn scan_ids(&self) -> Vec<ScanId> {
        let mut ids: Vec<ScanId> = (0..).map(ScanId).take(self.scans.len()).collect();
        let tables = &self.rules.tables;
        ids.sort_by_key(|id| tables.scans.get(id.0 as usize).map(|scan| tables.scan_order(scan)));
        ids
    }

    /// What scans were given, in the order in which they tell.
    fn in_order(&self, mut told: Vec<(ScanId, Opportunity)>) -> Vec<Cause> {
        let order = self.scan_ids();
        told.sort_by_key(|(id, _)| order.iter().position(|other| other == id));
        told.into_iter().map(|(id, opportunity)| Cause::Told(id, opportunity)).collect()
    }

    /// A market event comes to the scans. Gives what each tells of it.
    pub(super) fn scan_event(&mut self, ts: Timestamp, event: &MarketEvent) -> Vec<Cause> {
        let mut told = Vec::new();
        for (id, scanning) in (0..).map(ScanId).zip(&mut self.scans) {
            let Scanning { scan, instruments, .. } = scanning;
            told.extend(scan.pass(ts).into_iter().map(|opportunity| (id, opportunity)));
            for market in
                (0..).map(MarketId).zip(&*instruments).filter(|(_, name)| name.as_ref() == Some(&event.instrument)).map(|(id, _)| id)
            {
                let tellings = match (&event.what, event.what.quote()) {
                    (What::Forget(loss), _) => scan.forget(market, ts, reason(*loss)),
                    (_, Some(quote)) => scan.quote(market, ts, None, &quote).unwrap_or_default(),
                    _ => Vec::new(),
                };
                told.extend(tellings.into_iter().map(|opportunity| (id, opportunity)));
            }
        }
        self.in_order(told)
    }

    /// The scans' deadlines up to and including `ts`. Gives what each tells of them.
    pub(super) fn scan_deadlines(&mut self, ts: Timestamp) -> Vec<Cause> {
        let scans = (0..).map(ScanId).zip(&mut self.scans);
        let told = scans.flat_map(|(id, s)| s.scan.advance_to(ts).into_iter().map(move |opportunity| (id, opportunity))).collect();
        self.in_order(told)
    }

    /// The next deadline of a scan.
    pub(super) fn scan_deadline(&self) -> Option<Timestamp> {
        self.scans.iter().filter_map(|scanning| scanning.scan.next_deadline()).min()
    }

    /// A parameter was set: each scan that it is of is set anew. Gives what each tells of it.
    pub(super) fn scan_setting(&mut self, param: ascep_lang::program::ParamId) -> Vec<Cause> {
        let mut told = Vec::new();
        let settings: Vec<_> = self.scans.iter().map(|scanning| self.settings(&scanning.terms)).collect();
        for ((id, scanning), (settings, fees)) in (0..).map(ScanId).zip(&mut self.scans).zip(settings) {
            if scanning.terms.params().any(|other| other == param) {
                let tellings = scanning.scan.set(&fees, &settings);
                told.extend(tellings.into_iter().map(|opportunity| (id, opportunity)));
            }
        }
        self.in_order(told)
    }

    /// What a step tells, where it tells of an opportunity of this scan.
    fn told(&self, node: NodeId, step: StepNo) -> Option<&Opportunity> {
        match (self.op(node), self.steps.get(step).map(|step| &step.cause)) {
            (Some(Op::Cycles(id)), Some(Cause::Told(of, opportunity))) if of == id => Some(opportunity),
            _ => None,
        }
    }

    /// Whether a step tells of an opportunity of a `cycles`.
    pub(super) fn is_told(&self, cycles: NodeId, step: StepNo) -> bool {
        self.told(cycles, step).is_some()
    }

    /// A field of the last that was told.
    pub(super) fn opportunity_field(&self, cycles: NodeId, field: OpportunityField, step: StepNo) -> Val {
        let Some(Op::Cycles(id)) = self.op(cycles) else { return Val::Unknown };
        let Some(scanning) = self.scans.get(id.0 as usize) else { return Val::Unknown };
        let Some(told) = (0..=step).rev().find_map(|step| self.told(cycles, step)) else { return Val::Unknown };
        match field {
            OpportunityField::Path => Val::Written(scanning.scan.written(&told.path)),
            OpportunityField::Net => Val::num(told.net),
            OpportunityField::Gross => Val::num(told.gross),
            OpportunityField::Size => Val::num(told.size),
            OpportunityField::Profit => Val::num(told.profit),
            OpportunityField::Age => Val::Duration(told.age),
            OpportunityField::Skew => Val::Duration(told.skew),
            OpportunityField::Lifetime => Val::Duration(told.lifetime()),
            OpportunityField::Peak => Val::num(told.peak),
            OpportunityField::State => Val::Word(match told.state {
                State::Open => "open",
                State::Update => "update",
                State::Close(_) => "close",
            }),
            OpportunityField::Reason => match told.state {
                State::Close(reason) => Val::Word(reason.name()),
                State::Open | State::Update => Val::Unknown,
            },
        }
    }
}

/// Why what a loss concerns closes.
fn reason(loss: Loss) -> CloseReason {
    match loss {
        Loss::Gap => CloseReason::Gap,
        Loss::Reset => CloseReason::Reset,
        Loss::Stale => CloseReason::Stale,
        Loss::Disconnect => CloseReason::Disconnect,
    }
}

fn of(filters: &ScanFilters) -> Filters {
    let ScanFilters { tick, lot, min_qty, max_qty, min_notional } = *filters;
    let number = |bits: Option<u64>| bits.map(f64::from_bits);
    let [tick, lot, min_qty, max_qty, min_notional] = [tick, lot, min_qty, max_qty, min_notional].map(number);
    Filters { tick, lot, min_qty, max_qty, min_notional }
}

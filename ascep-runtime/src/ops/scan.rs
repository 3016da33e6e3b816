//! Scans: what quotes, losses, settings and deadlines make of the opportunities of a universe. Each telling is a step of its own, right after the step
//! that made it and at its time.

use ascep_lang::program::OpportunityField;

use super::num::finite;
use crate::arbitrage::{MarketId, Opportunity, OpportunitySink, Path, Scanner, Set, State as Stage};
use crate::engine::{begin_step, end_step};
use crate::event::{Book, Level, MISSING, Payload, Quote, Side};
use crate::plan::{BETWEEN, Groups, NumberPlan, Plan, ScanPlan, ScanSetting};
use crate::signal::SignalSink;
use crate::snapshot::{Reader, Writer};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{Repr, UNKNOWN_ID, at, put};

/// What is kept of one scan.
#[derive(Debug)]
pub(crate) struct ScanState {
    /// Out while it is at work.
    pub(crate) scanner: Option<Box<Scanner>>,
    /// What was told last.
    pub(crate) last: Option<Opportunity>,
    /// Its path among the texts, once it was asked for.
    path: u64,
}

impl ScanState {
    pub(crate) fn new(scanner: Option<Box<Scanner>>) -> Self {
        Self { scanner, last: None, path: UNKNOWN_ID }
    }
}

impl ScanState {
    /// For a snapshot.
    pub(crate) fn write(&self, out: &mut Writer) {
        let Self { scanner, last, path: _ } = self;
        out.flag(last.is_some());
        if let Some(last) = last {
            last.write(out);
        }
        if let Some(scanner) = scanner {
            scanner.write(out);
        }
    }

    /// From a snapshot; gives when the scanner is due.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Option<i64> {
        self.last = if from.flag()? { Some(Opportunity::read(from)?) } else { None };
        let scanner = self.scanner.as_mut()?;
        scanner.read(from)?;
        Some(scanner.next_deadline().unwrap_or(NEVER))
    }
}

/// The slots of paths lie above those of all other texts.
const FIRST_PATH: u64 = 1 << 32;

/// Paths as texts: those that slots and captures name, in a fixed number of places. A place is free when nothing names it.
#[derive(Debug, Default)]
pub(crate) struct PathTexts {
    texts: Vec<String>,
    used: Vec<bool>,
}

impl PathTexts {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (places, longest) = (plan.scans.paths(), plan.scans.longest_path());
        Self { texts: (0..places).map(|_| String::with_capacity(longest)).collect(), used: vec![false; places] }
    }

    /// Bytes held.
    pub(crate) fn bytes(plan: &Plan) -> usize {
        plan.scans.paths().saturating_mul(size_of::<String>() + 1 + plan.scans.longest_path())
    }

    fn place(bits: u64) -> Option<usize> {
        usize::try_from(bits.checked_sub(FIRST_PATH)?).ok()
    }

    fn get(&self, bits: u64) -> Option<&str> {
        self.texts.get(Self::place(bits)?).map(String::as_str)
    }
}

/// A text by the bits of a slot: one of the plan's, or a path.
pub(crate) fn text<'a>(plan: &'a Plan, state: &'a State, bits: u64) -> Option<&'a str> {
    if bits >= FIRST_PATH {
        return state.paths.get(bits);
    }
    plan.texts.get(u32::try_from(bits).ok()?)
}

/// Lets the scans see what an event says of its instrument. Apart from the path of programs without scans.
#[inline(never)]
pub(crate) fn on_event<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, instrument: u32, payload: &Payload<'_>, sink: &mut S) {
    let markets = plan.scans.markets.of(instrument);
    if markets.is_empty() {
        return;
    }
    let news = match payload {
        Payload::Trade(_) => return,
        Payload::Quote(quote) => Ok(*quote),
        Payload::Book(book) => Ok(best(book)),
        Payload::Forget(loss) => Err(*loss),
    };
    if let Ok(Quote { bid, ask, .. }) = news {
        state.counters.locked += u64::from(bid == ask);
        state.counters.crossed += u64::from(bid > ask);
    }
    for &(scan, market) in markets {
        let (market, clock) = (MarketId(market), state.clock);
        run(plan, state, scan, sink, |scanner, told| {
            // The numbers have been looked at, and the market is one of the scan.
            let _ = match news {
                Ok(quote) => scanner.quote(market, clock, None, &quote, told),
                Err(loss) => scanner.forget(market, clock, loss, told),
            };
        });
    }
}

/// The best levels of a book.
fn best(book: &Book<'_>) -> Quote {
    let side = |levels: &[Level]| levels.first().map_or((MISSING, MISSING), |level| (level.price, level.qty));
    let ((bid, bid_qty), (ask, ask_qty)) = (side(book.bids), side(book.asks));
    Quote { bid, ask, bid_qty, ask_qty }
}

/// Lets a scan see that a deadline of its own has come.
pub(crate) fn on_deadline<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, scan: u32, sink: &mut S) {
    let clock = state.clock;
    run(plan, state, scan, sink, |scanner, told| scanner.advance_to(clock, told));
}

/// Lets the scans that a parameter sets see what it reads now.
pub(crate) fn on_param<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, param: u32, sink: &mut S) {
    for &scan in plan.scans.params.of(param) {
        set(plan, state, scan, sink);
    }
}

/// Sets a scan by its parameters, as of the clock.
pub(crate) fn set<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, scan: u32, sink: &mut S) {
    let Some(of) = plan.scans.scans.get(scan as usize) else { return };
    let ScanSetting { fee, min_net, step, max_age, max_skew } = of.settings;
    let number = |number: NumberPlan| match number {
        NumberPlan::Fixed(x) => x,
        NumberPlan::Param(id) => f64::from_bits(at(&state.params, id)),
    };
    let (fee, min_net, step) = (fee.map(number), number(min_net), number(step).max(0.0));
    let [max_age, max_skew] = [max_age, max_skew].map(|period| period.map(|period| state.period(period)));
    let clock = state.started.then_some(state.clock);
    run(plan, state, scan, sink, |scanner, told| {
        scanner.set_all(clock, Set { fee, min_net, step, max_age, max_skew }, told);
    });
}

/// Lets a scanner work, each of its tellings a step.
fn run<S: SignalSink + ?Sized>(
    plan: &Plan,
    state: &mut State,
    scan: u32,
    sink: &mut S,
    work: impl FnOnce(&mut Scanner, &mut dyn OpportunitySink),
) {
    let Some(mut scanner) = state.scans.get_mut(scan as usize).and_then(|scan| scan.scanner.take()) else { return };
    let full = scanner.counters().tracked_full;
    work(&mut scanner, &mut |told: &Opportunity| tell(plan, state, scan, told, sink));
    state.counters.ways_not_followed += scanner.counters().tracked_full - full;
    if let Some(of) = plan.scans.scans.get(scan as usize) {
        let deadline = scanner.next_deadline().unwrap_or(NEVER);
        if state.timers.due(of.timer) != deadline {
            state.timers.arm(of.timer, deadline);
        }
    }
    if let Some(scan) = state.scans.get_mut(scan as usize) {
        scan.scanner = Some(scanner);
    }
}

/// One telling: a step in which the event occurs.
fn tell<S: SignalSink + ?Sized>(plan: &Plan, state: &mut State, scan: u32, told: &Opportunity, sink: &mut S) {
    let (Some(of), Some(kept)) = (plan.scans.scans.get(scan as usize), state.scans.get_mut(scan as usize)) else { return };
    kept.last = Some(*told);
    kept.path = UNKNOWN_ID;
    state.counters.opportunities += 1;
    begin_step(state, false);
    put(&mut state.slots, of.node, state.step);
    state.mark(plan, of.node);
    state.origin.scan = of.id + 1;
    end_step(plan, state, Groups::default(), sink);
    state.origin.scan = 0;
}

/// The bits of a field of what was told last.
pub(super) fn field(plan: &Plan, state: &mut State, scan: u32, field: OpportunityField) -> u64 {
    let Some(told) = state.scans.get(scan as usize).and_then(|scan| scan.last) else { return unknown(field) };
    let id = |id: Option<&u32>| id.map_or(UNKNOWN_ID, |id| u64::from(*id));
    let (at, reason) = match told.state {
        Stage::Open => (0, None),
        Stage::Update => (1, None),
        Stage::Close(reason) => (2, Some(reason)),
    };
    match field {
        OpportunityField::Net => finite(told.net).to_bits(),
        OpportunityField::Gross => finite(told.gross).to_bits(),
        OpportunityField::Size => finite(told.size).to_bits(),
        OpportunityField::Profit => finite(told.profit).to_bits(),
        OpportunityField::Peak => finite(told.peak).to_bits(),
        OpportunityField::Age => told.age.cast_unsigned(),
        OpportunityField::Skew => told.skew.cast_unsigned(),
        OpportunityField::Lifetime => told.lifetime().cast_unsigned(),
        OpportunityField::State => id(plan.scans.states.get(at)),
        OpportunityField::Reason => id(reason.and_then(|reason| plan.scans.reasons.get(reason as usize))),
        OpportunityField::Path => path(plan, state, scan, &told.path),
    }
}

fn unknown(field: OpportunityField) -> u64 {
    use OpportunityField as F;
    match field {
        F::Path | F::State | F::Reason => Repr::Id,
        F::Age | F::Skew | F::Lifetime => Repr::Int,
        F::Net | F::Gross | F::Size | F::Profit | F::Peak => Repr::Num,
    }
    .unknown()
}

/// The path that was told last as a text: written down when it is first asked for, into a place that nothing names any more.
fn path(plan: &Plan, state: &mut State, scan: u32, path: &Path) -> u64 {
    let Some(kept) = state.scans.get(scan as usize) else { return UNKNOWN_ID };
    if kept.path != UNKNOWN_ID {
        return kept.path;
    }
    let State { paths, slots, sequences, scans, .. } = state;
    paths.used.fill(false);
    let named = plan.scans.path_nodes.iter().map(|node| at(slots, *node));
    let captured = plan.scans.path_captures.iter().map(|capture| at(&sequences.captures, *capture));
    for place in named.chain(captured).filter_map(PathTexts::place) {
        if let Some(used) = paths.used.get_mut(place) {
            *used = true;
        }
    }
    let free = paths.used.iter().position(|used| !used);
    let (Some(place), Some(of)) = (free, plan.scans.scans.get(scan as usize)) else { return UNKNOWN_ID };
    let Some(text) = paths.texts.get_mut(place) else { return UNKNOWN_ID };
    write_path(of, path, text);
    let bits = FIRST_PATH + place as u64;
    if let Some(kept) = scans.get_mut(scan as usize) {
        kept.path = bits;
    }
    bits
}

/// A path for people, from the leg that gives the home asset on.
pub(crate) fn write_path(of: &ScanPlan, path: &Path, text: &mut String) {
    text.clear();
    let legs = || path.legs().filter_map(|leg| of.legs.get(leg.market.0 as usize)?.get(usize::from(leg.side == Side::Sell)));
    let start = legs().position(|leg| leg.gives_home).unwrap_or(0);
    for (n, leg) in legs().skip(start).chain(legs().take(start)).enumerate() {
        if n > 0 {
            text.push_str(BETWEEN);
        }
        text.push_str(&leg.text);
    }
}

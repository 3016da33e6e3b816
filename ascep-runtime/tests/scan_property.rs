//! The scanner against the slow one, over generated universes and streams: the same tellings in the same order, nothing missed, nothing invented,
//! nothing told twice.
//!
//! `ASCEP_PAIRS` sets how many cases are tried, `ASCEP_SEED` the seed; both are fixed otherwise, so that a run can be repeated.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use ascep_runtime::arbitrage::{CloseReason, Opportunity, Path, PathStats, ScanSettings, Scanner, State, VenueClock};
use ascep_runtime::event::{Loss, Timestamp};
use ascep_runtime::reference::scan::{self, Best, Scan, ways};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use support::dice::Dice;
use support::scans::{Case, Listed, Shape, Step, Wanted, generate, market, off, venue_of};
use support::stream::SECOND;

/// How many cases are tried where `ASCEP_PAIRS` says nothing.
const CASES: u64 = 4_000;

/// A setting from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Generates cases.
#[derive(Debug, Clone, Copy)]
struct Cases(Shape);

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(CaseTree { best: generate(&mut Dice::new(runner), &self.0), candidates: Vec::new() })
    }
}

/// A case that failed, or the first one, and the simpler ones that have not been tried, the next one last.
#[derive(Debug, Clone)]
struct CaseTree {
    best: Case,
    candidates: Vec<Case>,
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.candidates.last().unwrap_or(&self.best).clone()
    }

    fn simplify(&mut self) -> bool {
        self.best = self.current();
        self.candidates = self.best.simpler();
        self.candidates.reverse();
        !self.candidates.is_empty()
    }

    fn complicate(&mut self) -> bool {
        self.candidates.pop();
        !self.candidates.is_empty()
    }
}

/// How often something happened over all cases of a test.
type Tally = BTreeMap<String, u64>;

/// Tries cases with `check` and panics with the simplest that fails; gives how often what happened.
fn for_cases(stream: u8, cases: u64, shape: Shape, check: impl Fn(&Case, &mut Tally) -> Result<(), String>) -> Tally {
    let tally = Mutex::new(Tally::new());
    let config = Config { cases: u32::try_from(cases).unwrap(), failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut seed = [stream; 32];
    seed[..8].copy_from_slice(&setting("ASCEP_SEED", 1).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let tried = runner.run(&Cases(shape), |case| check(&case, &mut tally.lock().unwrap()).map_err(TestCaseError::fail));
    let tally = tally.into_inner().unwrap();
    eprintln!("{tally:?}");
    if let Err(failure) = tried {
        panic!("{failure}");
    }
    tally
}

/// A scanner and the slow one for a case.
struct Both {
    fees: Vec<f64>,
    scanner: Scanner,
    slow: Scan,
    clocks: Clocks,
}

/// When quotes count from, the plain way.
struct Clocks {
    listed: Vec<Listed>,
    estimated: bool,
    /// Whether there are several venues.
    compared: bool,
    /// Of each venue the least delay so far.
    least: BTreeMap<String, i64>,
}

impl Clocks {
    fn from(&mut self, place: usize, ts: Timestamp, venue_ts: Option<Timestamp>) -> Option<Timestamp> {
        let (venue, venue_ts) = (venue_of(&self.listed[place]), venue_ts?);
        if !self.estimated {
            return Some(venue_ts + off(venue));
        }
        let least = self.least.entry(venue.to_owned()).or_insert(i64::MAX);
        *least = (ts - venue_ts).min(*least);
        self.compared.then_some(venue_ts + *least)
    }
}

impl Both {
    fn new(case: &Case) -> Self {
        let (universe, fees) = case.universe();
        let Wanted { legs, across, min_net, step, max_age, max_skew, watch_gross, estimated, .. } = case.wanted;
        let home = case.home(&universe);
        let fixed = ["", "k", "x"].into_iter().filter_map(|name| Some((universe.venue(name)?, VenueClock::Fixed(off(name))))).collect();
        let settings = ScanSettings::default()
            .with_legs(legs.0..=legs.1)
            .with_home(home)
            .with_across(across)
            .with_min_net(min_net)
            .with_step(step)
            .with_max_age(max_age)
            .with_max_skew(max_skew)
            .with_watch_gross(watch_gross)
            .with_clock_span(3600 * SECOND)
            .with_clocks(if estimated { Vec::new() } else { fixed });
        let scanner = Scanner::new(&universe, &fees, settings).unwrap();
        let legs = usize::from(legs.0)..=usize::from(legs.1);
        let slow = Scan::new(&universe, &fees, scan::ScanSettings { legs, home, across, min_net, step, max_age, max_skew, watch_gross });
        let venues: BTreeSet<&str> = case.listed.iter().filter(|l| matches!(l, Listed::Market { .. })).map(venue_of).collect();
        let compared = venues.len() > 1;
        Self { fees, scanner, slow, clocks: Clocks { listed: case.listed.clone(), estimated, compared, least: BTreeMap::new() } }
    }

    /// What both tell of a step.
    fn step(&mut self, step: &Step) -> Result<[Vec<Opportunity>; 2], String> {
        let (mut told, Self { scanner, slow, fees, clocks }) = (Vec::new(), &mut *self);
        let now = slow.settings().clone();
        let sink = &mut |opportunity: &Opportunity| told.push(*opportunity);
        let slow = match step {
            Step::Quote { market: place, ts, venue_ts, quote } => {
                let taken = scanner.quote(market(*place), *ts, *venue_ts, quote, sink).is_ok();
                let from = if taken { clocks.from(*place, *ts, *venue_ts) } else { None };
                let slow = slow.quote(market(*place), *ts, from, quote);
                if taken != slow.is_some() {
                    return Err(format!("{step:?}: taken {taken}"));
                }
                slow.unwrap_or_default()
            }
            Step::Lose { market: place, ts, loss } => {
                let reason = match loss {
                    Loss::Gap => CloseReason::Gap,
                    Loss::Reset => CloseReason::Reset,
                    Loss::Stale => CloseReason::Stale,
                    Loss::Disconnect => CloseReason::Disconnect,
                };
                scanner.forget(market(*place), *ts, *loss, sink).unwrap();
                slow.forget(market(*place), *ts, reason)
            }
            Step::Advance(ts) => {
                scanner.advance_to(*ts, sink);
                slow.advance_to(*ts)
            }
            Step::MinNet(x) => {
                scanner.set_min_net(*x, sink).unwrap();
                slow.set(fees, &scan::ScanSettings { min_net: *x, ..now })
            }
            Step::MaxAge(limit) => {
                scanner.set_max_age(*limit, sink).unwrap();
                slow.set(fees, &scan::ScanSettings { max_age: *limit, ..now })
            }
            Step::MaxSkew(limit) => {
                scanner.set_max_skew(*limit, sink).unwrap();
                slow.set(fees, &scan::ScanSettings { max_skew: *limit, ..now })
            }
            Step::Fee(place, fee) => {
                fees[*place] = *fee;
                scanner.set_fees(fees, sink).unwrap();
                slow.set(fees, &now)
            }
        };
        Ok([told, slow])
    }
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= scale || a.to_bits() == b.to_bits()
}

/// Whether two tellings are the same: returns to 1e-12 of 1 + net, sizes to 1e-9.
fn same(a: &Opportunity, b: &Opportunity) -> bool {
    let exact = |o: &Opportunity| (o.id, o.ts, o.state, o.path, o.age, o.skew, o.opened);
    let returns = |o: &Opportunity| [o.net, o.gross, o.peak];
    let sizes = |o: &Opportunity| [o.size, o.profit, o.peak_size];
    exact(a) == exact(b)
        && returns(a).into_iter().zip(returns(b)).all(|(x, y)| near(x, y, 1e-12 * (1.0 + y.abs())))
        && sizes(a).into_iter().zip(sizes(b)).all(|(x, y)| near(x, y, 1e-9 * y.abs() + 1e-12))
}

fn difference(what: &str, scanner: &[Opportunity], slow: &[Opportunity]) -> Result<(), String> {
    if scanner.len() == slow.len() && scanner.iter().zip(slow).all(|(a, b)| same(a, b)) {
        return Ok(());
    }
    Err(format!("{what}\nscanner {scanner:#?}\nslow {slow:#?}"))
}

fn count(tally: &mut Tally, name: impl Into<String>, by: u64) {
    *tally.entry(name.into()).or_default() += by;
}

fn note(tally: &mut Tally, told: &[Opportunity]) {
    for opportunity in told {
        count(tally, format!("{:?}", opportunity.state), 1);
        count(tally, format!("of {} legs", opportunity.path.len()), 1);
        if opportunity.size.is_nan() && !matches!(opportunity.state, State::Close(_)) {
            count(tally, "without size", 1);
        }
    }
    count(tally, "several at once", u64::from(told.len() > 1));
}

const SHAPE: Shape = Shape {
    assets: (3, 7),
    markets: (3, 13),
    steps: (5, 70),
    legs: &[(2, 3), (2, 3), (3, 3), (2, 4), (3, 4), (4, 4), (2, 2)],
    limits: true,
    open_sight: false,
    ring: false,
};

/// Both tell the same, and have the same open in between.
fn check(case: &Case, tally: &mut Tally) -> Result<(), String> {
    let mut both = Both::new(case);
    count(tally, "cases", 1);
    for (n, step) in case.steps.iter().enumerate() {
        let [scanner, slow] = both.step(step)?;
        let at = || format!("step {n}, {step:?}");
        difference(&at(), &scanner, &slow)?;
        let mut open: Vec<Opportunity> = both.scanner.open().collect();
        open.sort_by_key(|o| o.path);
        let state = |o: &Opportunity| Opportunity { state: State::Open, ..*o };
        let (open, wanted): (Vec<_>, Vec<_>) = (open.iter().map(state).collect(), both.slow.open().iter().map(state).collect());
        difference(&format!("{}: open", at()), &open, &wanted)?;
        if both.scanner.now() != both.slow.clock() {
            return Err(format!("{}: the clock is {:?}, not {:?}", at(), both.scanner.now(), both.slow.clock()));
        }
        // It may wake too early, but not too late.
        let deadlines: [Option<Timestamp>; 2] = [both.scanner.next_deadline(), both.slow.next_deadline()];
        if deadlines[1].is_some_and(|due| deadlines[0].is_none_or(|wakes| wakes > due)) {
            return Err(format!("{}: deadlines {deadlines:?}", at()));
        }
        note(tally, &slow);
    }
    let mut told = Vec::new();
    both.scanner.finish(&mut |opportunity: &Opportunity| told.push(*opportunity));
    let slow = both.slow.finish();
    note(tally, &slow);
    difference("the end", &told, &slow)?;
    check_counts(case, &both)
}

/// What is counted is what was told and given.
fn check_counts(case: &Case, both: &Both) -> Result<(), String> {
    let (counters, told, ended) = (both.scanner.counters(), both.slow.told(), both.slow.ended());
    let states = |wanted: fn(&State) -> bool| told.iter().filter(|o| wanted(&o.state)).count() as u64;
    let best = |best: Best| ended.iter().filter(|b| **b == best).count() as u64;
    let losses = case.steps.iter().filter(|step| matches!(step, Step::Lose { .. })).count() as u64;
    let closed = CloseReason::ALL.map(|reason| told.iter().filter(|o| o.state == State::Close(reason)).count() as u64);
    let wanted = [
        ("opened", counters.opened, states(|s| matches!(s, State::Open))),
        ("updated", counters.updated, states(|s| matches!(s, State::Update))),
        ("losses", counters.losses, losses),
        ("gross", counters.gross, best(Best::Gross)),
        ("aged", counters.aged, best(Best::Aged)),
        ("skewed", counters.skewed, best(Best::Skewed)),
        ("small", counters.small, best(Best::Small)),
        ("episodes opened", counters.episodes_opened, best(Best::Opened)),
    ];
    if let Some((name, counted, wanted)) = wanted.iter().find(|(_, counted, wanted)| counted != wanted) {
        return Err(format!("{name}: {counted} counted, {wanted} wanted"));
    }
    if counters.closed != closed {
        return Err(format!("closed: {:?} counted, {closed:?} wanted", counters.closed));
    }
    let mut paths: BTreeMap<Path, (u64, i64, i64, f64, f64)> = BTreeMap::new();
    for o in told.iter().filter(|o| matches!(o.state, State::Close(_))) {
        let (closed, lifetime, longest, peak, profit) = paths.entry(o.path).or_insert((0, 0, 0, f64::NEG_INFINITY, 0.0));
        let at_peak = both.slow.peak_profit(o.id);
        (*closed, *lifetime, *longest) = (*closed + 1, *lifetime + o.lifetime(), o.lifetime().max(*longest));
        (*peak, *profit) = (o.peak.max(*peak), *profit + if at_peak.is_nan() { 0.0 } else { at_peak });
    }
    let same = |(path, stats): (Path, PathStats), (wanted, sums): (&Path, &(u64, i64, i64, f64, f64))| {
        let (closed, lifetime, longest, peak, profit) = *sums;
        path == *wanted
            && (stats.opened, stats.closed, stats.lifetime, stats.longest) == (closed, closed, lifetime, longest)
            && near(stats.peak, peak, 1e-12 * (1.0 + peak.abs()))
            && near(stats.profit, profit, 1e-9 * (1.0 + profit.abs()))
    };
    if both.scanner.paths().count() != paths.len() || !both.scanner.paths().zip(&paths).all(|(a, b)| same(a, b)) {
        return Err(format!("paths: {:#?}\nwanted {paths:#?}", both.scanner.paths().collect::<Vec<_>>()));
    }
    Ok(())
}

#[test]
fn the_scanner_tells_what_brute_force_tells() {
    let tally = for_cases(0, setting("ASCEP_PAIRS", CASES), SHAPE, check);
    if setting("ASCEP_PAIRS", CASES) < CASES {
        return;
    }
    // All that can be told must have been, and often.
    let of = |name: &str| tally.get(name).copied().unwrap_or(0);
    for (name, least) in [
        ("Open", 2_000),
        ("Update", 300),
        ("several at once", 300),
        ("of 2 legs", 500),
        ("of 3 legs", 500),
        ("of 4 legs", 150),
        ("without size", 100),
    ] {
        assert!(of(name) >= least, "{name}: {} times", of(name));
    }
    for reason in CloseReason::ALL {
        let name = format!("Close({reason:?})");
        assert!(of(&name) >= 20, "{name}: {} times", of(&name));
    }
}

/// Without limits of age and skew, and with more legs than there are assets, so that no way is too long.
const LONG: Shape = Shape {
    assets: (5, 6),
    markets: (5, 10),
    steps: (10, 80),
    legs: &[(2, 8), (2, 6), (2, 7)],
    limits: false,
    open_sight: true,
    ring: true,
};

/// Ways of more than four legs: those told are real ones with the right returns and live as any other; all shorter ones are told; and while any way
/// pays one is open, unless another one hides it.
fn check_long(case: &Case, tally: &mut Tally) -> Result<(), String> {
    let mut both = Both::new(case);
    count(tally, "cases", 1);
    let mut open: BTreeMap<Path, Opportunity> = BTreeMap::new();
    for (n, step) in case.steps.iter().enumerate() {
        let [scanner, slow] = both.step(step)?;
        let at = || format!("step {n}, {step:?}");
        // Ids count the longer ones too.
        let short = |told: &[Opportunity]| -> Vec<Opportunity> {
            told.iter().filter(|o| o.path.len() <= 4).map(|o| Opportunity { id: 0, ..*o }).collect()
        };
        difference(&format!("{}: up to four legs", at()), &short(&scanner), &short(&slow))?;
        for told in &scanner {
            count(tally, format!("of {} legs", told.path.len()), 1);
            let before = open.remove(&told.path);
            let right = both.slow.ways().contains(&told.path)
                && both
                    .slow
                    .worth(&told.path)
                    .is_none_or(|(net, gross)| near(told.net, net, 1e-12 * (1.0 + net)) && near(told.gross, gross, 1e-12 * (1.0 + gross)))
                && match told.state {
                    State::Open => before.is_none(),
                    State::Update => before.is_some_and(|o| o.id == told.id && (o.net - told.net).abs() >= case.wanted.step),
                    State::Close(_) => before.is_some_and(|o| o.id == told.id),
                };
            if !right {
                return Err(format!("{}: {told:#?}\nbefore {before:#?}\nworth {:?}", at(), both.slow.worth(&told.path)));
            }
            if !matches!(told.state, State::Close(_)) {
                open.insert(told.path, *told);
            }
        }
        let has: BTreeSet<Path> = both.scanner.open().map(|o| o.path).collect();
        if !has.iter().eq(open.keys()) {
            return Err(format!("{}: open {:?}, by the tellings {open:#?}", at(), both.scanner.open().collect::<Vec<_>>()));
        }
        let pay = both.slow.unhindered();
        if let Some(path) = open.keys().find(|path| !pay.contains(path)) {
            return Err(format!("{}: {path:?} is open and does not pay", at()));
        }
        let (long, found) = (pay.iter().filter(|path| path.len() > 4).count(), open.keys().filter(|path| path.len() > 4).count());
        count(tally, "long ways that pay", long as u64);
        count(tally, "long ways that are open", found as u64);
        count(tally, "only long ways pay", u64::from(long > 0 && long == pay.len()));
        // By more than rounding; what loses is not searched for.
        let surely = |path: &&Path| both.slow.worth(path).is_some_and(|(net, _)| net > both.slow.settings().min_net.max(0.0) + 1e-11);
        if open.is_empty() && pay.iter().any(|path| surely(&path)) {
            count(tally, "hidden", 1);
            if !may_hide(&both, case) {
                return Err(format!("{}: nothing is open, and these pay: {pay:?}", at()));
            }
        }
    }
    Ok(())
}

/// Whether some way may hide another one: a market's own two sides that pay by a rebate; or a way that is found, which n legs are from a net return of
/// `(1 + min_net) ^ (n / 8)` on, and is not to be told.
fn may_hide(both: &Both, case: &Case) -> bool {
    let (universe, _) = case.universe();
    let there_and_back = universe.iter().any(|(market, _)| both.slow.there_and_back(market).is_some_and(|net| net > -1e-9));
    let (min_net, pay) = (both.slow.settings().min_net.max(0.0), both.slow.unhindered());
    let mut found = ways(&universe, 2..=8, None, case.wanted.across).into_iter().filter(|path| {
        let floor = (1.0 + min_net).powf(path.len() as f64 / 8.0) - 1.0;
        both.slow.worth(path).is_some_and(|(net, _)| net > floor - 1e-9)
    });
    there_and_back || found.any(|path| !pay.contains(&path))
}

#[test]
fn ways_of_any_length_are_real_and_one_is_open_while_any_pays() {
    let cases = setting("ASCEP_PAIRS", CASES);
    let tally = for_cases(1, cases / 4, LONG, check_long);
    let of = |tally: &Tally, name: &str| tally.get(name).copied().unwrap_or(0);
    if cases >= CASES {
        assert!(of(&tally, "long ways that are open") > 500 && of(&tally, "only long ways pay") > 20, "{tally:?}");
    }
    assert_eq!(of(&tally, "hidden"), 0);
    // With thresholds, homes, fewest legs, rebates and quantities of 0 a way may hide another one.
    let hiding = Shape { open_sight: false, legs: &[(2, 8), (2, 6), (5, 8), (3, 7)], ..LONG };
    let tally = for_cases(2, cases / 4, hiding, check_long);
    if cases >= CASES {
        assert!(of(&tally, "long ways that are open") > 200 && of(&tally, "hidden") > 20, "{tally:?}");
    }
}

//! The library's scanner, its potentials, rules with `cycles`, and the loop by hand as passes over a stream.

use ascep_runtime::arbitrage::{Opportunity, Potentials, ScanSettings, Scanner, State};

use super::by_hand::Triangles;
use super::updates::Update;
use super::{FEE, MIN_NET, Workload};

/// All ways of three legs above the threshold, however old their quotes are.
#[must_use]
pub fn settings() -> ScanSettings {
    ScanSettings::default().with_legs(3..=3).with_min_net(MIN_NET)
}

/// A scanner for a workload.
///
/// # Panics
/// If it can't be built.
#[must_use]
#[expect(clippy::panic, reason = "a benchmark without its scanner must not run")]
pub fn scanner(workload: &Workload, settings: ScanSettings) -> Scanner {
    match Scanner::new(&workload.universe, &workload.fees, settings) {
        Ok(scanner) => scanner,
        Err(error) => panic!("the scanner of a benchmark can't be built: {error}"),
    }
}

/// A pass of the scanner: how many opportunities it told to be open and closed.
///
/// # Panics
/// If it refuses an update.
pub fn scan(scanner: &mut Scanner, updates: &[Update]) -> (u64, u64) {
    let (mut opened, mut closed) = (0, 0);
    let mut sink = |opportunity: &Opportunity| match opportunity.state {
        State::Open => opened += 1,
        State::Close(_) => closed += 1,
        State::Update => {}
    };
    let mut refused = 0;
    for update in updates {
        refused += u64::from(scanner.quote(update.market, update.ts, None, &update.quote, &mut sink).is_err());
    }
    assert_eq!(refused, 0);
    (opened, closed)
}

/// A pass of the loop by hand: the same.
pub fn by_hand(hand: &mut Triangles, updates: &[Update]) -> (u64, u64) {
    let before = hand.counts();
    for update in updates {
        hand.quote(update.market, update.quote.bid, update.quote.ask);
    }
    let after = hand.counts();
    (after.0 - before.0, after.1 - before.1)
}

/// The potentials of a universe, and what taking an update is for them: two edges are set.
#[derive(Debug)]
pub struct Any {
    potentials: Potentials,
    keeps: Vec<f64>,
    /// How many ways were found.
    pub found: u64,
}

impl Any {
    /// # Panics
    /// If they can't be made.
    #[must_use]
    #[expect(clippy::panic, reason = "a benchmark of potentials without any must not run")]
    pub fn new(workload: &Workload) -> Self {
        let edges: Vec<(u32, u32)> =
            workload.universe.markets().flat_map(|market| [(market.quote.0, market.base.0), (market.base.0, market.quote.0)]).collect();
        match Potentials::new(workload.universe.assets(), &edges) {
            Ok(potentials) => Self { potentials, keeps: workload.fees.iter().map(|fee| 1.0 - fee).collect(), found: 0 },
            Err(error) => panic!("the potentials of a benchmark can't be made: {error}"),
        }
    }

    /// Takes an update.
    #[inline]
    pub fn take(&mut self, update: &Update) {
        let keep = self.keeps.get(update.market.0 as usize).copied().unwrap_or(0.0);
        let mut found = |_: &[u32]| self.found += 1;
        self.potentials.set(update.market.0 * 2, keep / update.quote.ask, &mut found);
        self.potentials.set(update.market.0 * 2 + 1, update.quote.bid * keep, &mut found);
    }
}

/// Rules that signal the same as a scan with a home tells: each opening and each close.
#[must_use]
pub fn rules(workload: &Workload, home: &str) -> String {
    let symbols: Vec<String> = workload.universe.markets().map(|market| format!("\"{}\"", market.symbol)).collect();
    let call = format!("cycles(home = \"{home}\", fee = {}bp, markets = SPOT, legs = 3, min_net = {}bp)", FEE * 1e4, MIN_NET * 1e4);
    let rule = |name: &str, state: &str| format!("RULE {name}: IF {call} WHERE it.state == \"{state}\" THEN TELL()\n");
    format!("USE arbitrage\nSET SPOT = [{}]\n{}{}", symbols.join(", "), rule("opened", "open"), rule("closed", "close"))
}

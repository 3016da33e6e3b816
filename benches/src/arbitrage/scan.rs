//! The library's scanner and the loop by hand as passes over a stream.

use ascep_runtime::arbitrage::{Opportunity, ScanSettings, Scanner, State};

use super::by_hand::Triangles;
use super::updates::Update;
use super::{MIN_NET, Workload};

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

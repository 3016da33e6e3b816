//! W5: all triangles of a universe. Signals are openings and closes.

use crate::arbitrage::by_hand::Triangles;
use crate::arbitrage::markets::triangles_of;
use crate::arbitrage::updates::Update;
use crate::arbitrage::{MIN_NET, Workload, scan};
use crate::compare::contender::{Contender, Item};
use crate::compare::measure::{Settings, in_turn};
use ascep_runtime::arbitrage::Scanner;

use super::{Outcome, Size};

impl Item for Update {
    fn touch(&self) -> u64 {
        self.ts.unsigned_abs() ^ self.quote.ask_qty.to_bits()
    }
}

struct Hand(Triangles);

impl Contender<Update> for Hand {
    fn name(&self) -> &str {
        "hand"
    }

    fn take(&mut self, updates: &[Update]) -> u64 {
        let (opened, closed) = scan::by_hand(&mut self.0, updates);
        opened + closed
    }
}

struct Ours {
    scanner: Scanner,
    /// Both directions of a triangle are one.
    triangles: usize,
}

impl Contender<Update> for Ours {
    fn name(&self) -> &str {
        "ascep"
    }

    fn take(&mut self, updates: &[Update]) -> u64 {
        let (opened, closed) = scan::scan(&mut self.scanner, updates);
        opened + closed
    }

    fn bytes_per_rule(&self) -> Option<f64> {
        Some(self.scanner.bytes() as f64 / self.triangles.max(1) as f64)
    }
}

fn measured(name: &str, workload: &Workload, size: &Size) -> Outcome {
    let triangles = triangles_of(&workload.universe).iter().sum::<usize>() / 3;
    let hand = Hand(Triangles::new(&workload.universe, &workload.fees, MIN_NET));
    let ours = Ours { scanner: scan::scanner(workload, scan::settings()), triangles };
    in_turn(name, &workload.updates, &size.settings, &mut [Box::new(hand), Box::new(ours)])
}

/// The universe made up, and the real one where it is there.
#[must_use]
pub(super) fn run(size: &Size) -> Outcome {
    // Few prices are so far off that a way opens: fewer updates would have none.
    let settings = Settings { chunk: size.settings.chunk.max(1 << 14), ..size.settings };
    let size = &Size { settings, ..*size };
    let n = settings.events();
    let (assets, pairs) = size.markets;
    let made_up = measured("W5", &Workload::made_up(assets, pairs, n), size);
    match Workload::binance(n) {
        Some(real) => made_up.and(measured("W5-real", &real, size)),
        None => made_up.and(Outcome {
            skipped: vec!["W5-real: no exchangeInfo_2021.json.gz in the folder of shared data".to_owned()],
            ..Outcome::default()
        }),
    }
}

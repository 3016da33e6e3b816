//! Measures the arbitrage library beside loops written by hand, on the same updates in the same run, and prints what it found. Fails where they do not
//! find the same.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use ascep_benches::arbitrage::by_hand::Triangles;
use ascep_benches::arbitrage::markets::triangles_of;
use ascep_benches::arbitrage::measure::in_turn;
use ascep_benches::arbitrage::updates::Update;
use ascep_benches::arbitrage::{MIN_NET, Workload};

/// Updates of one pass: with them the stream stays in the cache.
const UPDATES: usize = 1 << 14;
/// Passes of each.
const PASSES: usize = 200;

fn main() {
    for workload in Workload::all(UPDATES) {
        triangles(workload);
    }
}

/// All ways of three legs.
fn triangles(workload: Workload) {
    let Workload { name, universe, fees, mut updates } = workload;
    let of = triangles_of(&universe);
    let touched: usize = updates.iter().filter_map(|update| of.get(update.market.0 as usize)).sum();
    println!(
        "{name}: {} assets, {} markets, {} triangles, {:.1} an update",
        universe.assets(),
        universe.len(),
        of.iter().sum::<usize>() / 3,
        touched as f64 / updates.len() as f64,
    );
    let mut hand = Triangles::new(&universe, &fees, MIN_NET);
    let mut by_hand = |updates: &[Update]| {
        let (opened, closed) = hand.counts();
        for update in updates {
            hand.quote(update.market, update.quote.bid, update.quote.ask);
        }
        (hand.counts().0 - opened, hand.counts().1 - closed)
    };
    let taken = in_turn(&mut updates, PASSES, &mut [&mut by_hand]);
    for (name, spread) in ["by hand"].iter().zip(taken) {
        println!("  {name:10} {spread}");
    }
}

//! Measures the arbitrage library beside loops written by hand, on the same updates in the same run, and prints what it found. Fails where they do not
//! find the same.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use ascep_benches::arbitrage::by_hand::Triangles;
use ascep_benches::arbitrage::markets::triangles_of;
use ascep_benches::arbitrage::measure::{self, in_turn};
use ascep_benches::arbitrage::{MIN_NET, Workload, scan};

/// Updates of one pass: so many that the processor can't learn the stream by heart.
const UPDATES: usize = 1 << 17;
/// Passes of each.
const PASSES: usize = 15;

fn main() {
    // Words of the names of what is to be measured; all where none is given.
    let words: Vec<String> = std::env::args().skip(1).collect();
    for workload in Workload::all(UPDATES) {
        if words.is_empty() || words.iter().any(|word| workload.name.contains(word.as_str())) {
            triangles(workload);
        }
    }
}

/// All ways of three legs.
fn triangles(mut workload: Workload) {
    let of = triangles_of(&workload.universe);
    let touched: usize = workload.updates.iter().filter_map(|update| of.get(update.market.0 as usize)).sum();
    println!(
        "{}: {} assets, {} markets, {} triangles, {:.1} an update",
        workload.name,
        workload.universe.assets(),
        workload.universe.len(),
        of.iter().sum::<usize>() / 3,
        touched as f64 / workload.updates.len() as f64,
    );
    let mut hand = Triangles::new(&workload.universe, &workload.fees, MIN_NET);
    let mut scanner = scan::scanner(&workload, scan::settings());
    let mut passes: [measure::Pass<'_>; 2] =
        [&mut |updates| scan::by_hand(&mut hand, updates), &mut |updates| scan::scan(&mut scanner, updates)];
    let taken = in_turn(&mut workload.updates, PASSES, &mut passes);
    let base = taken.first().map_or(f64::NAN, |spread| spread.median);
    for (name, spread) in ["by hand", "Scanner"].iter().zip(taken) {
        println!("  {name:10} {spread}  {:.2} times", spread.median / base);
    }
    let info = allocation_counter::measure(|| {
        let _ = scan::scan(&mut scanner, &workload.updates);
    });
    assert_eq!(info.count_total, 0, "the scanner allocated");
    println!("  Scanner: {} allocations in a pass, {} bytes in all", info.count_total, scanner.bytes());
}

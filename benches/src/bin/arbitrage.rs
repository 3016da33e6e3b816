//! Measures the arbitrage library beside loops written by hand, on the same updates in the same run, and prints what it found. Fails where they do not
//! find the same.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use ascep_benches::arbitrage::by_hand::Triangles;
use ascep_benches::arbitrage::markets::triangles_of;
use ascep_benches::arbitrage::measure::{self, Singles, in_turn};
use ascep_benches::arbitrage::scan::Any;
use ascep_benches::arbitrage::updates::{Update, later};
use ascep_benches::arbitrage::{MIN_NET, Workload, scan};
use ascep_benches::{compile, engine};
use ascep_runtime::Signal;
use ascep_runtime::event::{Event, InstrumentId, Payload};

/// Updates of one pass: so many that the processor can't learn the stream by heart.
const UPDATES: usize = 1 << 17;
/// Passes of each.
const PASSES: usize = 31;
/// Passes with the clock read at each update.
const SINGLES: usize = 8;

fn main() {
    // Words of the names of what is to be measured; all where none is given.
    let words: Vec<String> = std::env::args().skip(1).collect();
    for workload in Workload::all(UPDATES) {
        if words.is_empty() || words.iter().any(|word| workload.name.contains(word.as_str())) {
            triangles(workload.clone());
            if workload.name.starts_with("Binance") {
                any_length(workload.clone());
                rules(workload);
            }
        }
    }
}

/// Ways of any length by potentials, one update at a time.
fn any_length(mut workload: Workload) {
    let mut any = Any::new(&workload);
    workload.updates.iter().for_each(|update| any.take(update));
    let info = allocation_counter::measure(|| workload.updates.iter().for_each(|update| any.take(update)));
    assert_eq!(info.count_total, 0, "the potentials allocated");
    let before = any.found;
    let singles = Singles::take(&mut workload.updates, SINGLES, |update| any.take(update));
    println!(
        "  potentials p50 {} ns, p99 {} ns, p99.9 {} ns an update, {} ns for the clock taken off; {:.1} ways found in 10,000 updates; 0 allocations",
        singles.quantile(0.5),
        singles.quantile(0.99),
        singles.quantile(0.999),
        singles.clock,
        (any.found - before) as f64 * 1e4 / (SINGLES * workload.updates.len()) as f64,
    );
}

/// Ways of three legs through USDT, as rules of an engine and by the scanner alone.
fn rules(mut workload: Workload) {
    let home = workload.universe.asset("USDT");
    let mut scanner = scan::scanner(&workload, scan::settings().with_home(home));
    let program = compile(&scan::rules(&workload, "USDT"));
    let symbols: Vec<String> = workload.universe.markets().map(|market| market.symbol.clone()).collect();
    let (mut engine, ids) = engine(&program, &symbols);
    let mut by_rules = |updates: &[Update]| {
        let (mut opened, mut closed) = (0, 0);
        for update in updates {
            let instrument = ids.get(update.market.0 as usize).copied().unwrap_or(InstrumentId::UNNAMED);
            let event = Event { ts: update.ts, venue_ts: None, instrument, payload: Payload::Quote(update.quote) };
            let _ = engine.on_event(&event, &mut |signal: &Signal<'_>| {
                if signal.rule() == "opened" { opened += 1 } else { closed += 1 }
            });
        }
        (opened, closed)
    };
    by_rules(&workload.updates);
    later(&mut workload.updates);
    let info = allocation_counter::measure(|| {
        by_rules(&workload.updates);
    });
    assert_eq!(info.count_total, 0, "the engine allocated");
    scan::scan(&mut scanner, &workload.updates);
    later(&mut workload.updates);
    let mut passes: [measure::Pass<'_>; 2] = [&mut |updates| scan::scan(&mut scanner, updates), &mut by_rules];
    let taken = in_turn(&mut workload.updates, PASSES, &mut passes);
    for (name, spread) in ["Scanner", "two rules"].iter().zip(taken) {
        println!("  through USDT, {name:10} {spread}; 0 allocations");
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

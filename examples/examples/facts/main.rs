//! What is known of recorded markets, and what comes out of the arbitrage library on the same data, side by side. The data lie in `../shared/data`,
//! or where `ASCEP_SHARED` says. `cargo run --release -p ascep-examples --example facts`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod coinbase;
mod data;
mod fx;
mod poloniex;

use fx::{BEHIND, Count, MAX_AGE};

/// What a line says of a scan.
type Say = fn(&fx::Scan) -> String;

fn row(what: &str, known: &str, ours: &str) {
    println!("  {what:<66} {known:<22} {ours}");
}

fn main() -> Result<(), data::Failure> {
    let triangle = poloniex::run()?;
    println!("Poloniex, 2022: BTC/USDT, BCH/BTC, BCH/USDT");
    row("", "known", "here");
    row("evaluations, at each message of any book once all three are known", "286", &triangle.evaluations.to_string());
    row("above 0 before fees, the better of both directions", "37", &triangle.gross.to_string());
    row("the best before fees", "+0.168 %", &percent(triangle.best_gross));
    row("above 0 after three fees of 0.2 %", "0", &triangle.net.to_string());
    row("the best after fees", "", &percent(triangle.best_net));
    row("messages of the three books, and above 0 before fees at them", "", &format!("{}, {}", triangle.own, triangle.own_gross));
    row(
        "opportunities of a scan without fees, and their peak",
        "",
        &format!("{}, {}", triangle.scan_free.0, percent(triangle.scan_free.1)),
    );
    row("opportunities of a scan with fees; episodes lost to fees", "", &format!("{}; {}", triangle.scan_fees.0, triangle.scan_fees.1));
    row("openings told to a rule with `cycles` without fees; with fees", "", &format!("{}; {}", triangle.cycles.0, triangle.cycles.1));
    row("signals of a rule on gross; on net", "", &format!("{}; {}", triangle.rules.0, triangle.rules.1));

    let cycle = coinbase::run()?;
    println!("\nCoinbase, 2021: BTC, SKL, GBP, BAND; {} markets, {} ways of two to four legs through BTC", cycle.markets, cycle.ways);
    row("evaluations, at each message of one of the four books", "3305", &cycle.evaluations.to_string());
    row("those of them that changed a best price", "", &cycle.changed.to_string());
    let best = cycle.best.iter().map(|(_, best)| *best).fold(f64::NEG_INFINITY, f64::max);
    row("the best before fees, both directions", "-0.138 %", &percent(best));
    for (path, best) in &cycle.best {
        row(&format!("  {path}"), "", &percent(*best));
    }

    row("the best that a rule with `cycles` was told", "", &percent(cycle.rule));

    println!("\nOANDA and FXCM, 2014-05-05: EUR/USD, bought on one and sold on the other, no fees");
    for (title, behind, max_age, known) in [
        ("raw clocks, any age", 0, None, ["", "some 65000 s or more", "", ""]),
        ("FXCM's clock 5 h behind, age below 5 s", BEHIND, Some(MAX_AGE), ["20", "1.39 s", "14 ms", "0.6 pip"]),
    ] {
        let (sides, sound) = (fx::scan(behind, max_age, Count::Sides)?, fx::scan(behind, max_age, Count::Sound)?);
        println!("  {title}");
        println!("    {:<24} {:<22} {:<28} here, faults left out", "", "known", "here, each side for itself");
        let [episodes, total, middle, widest] = known;
        let lines: [(&str, &str, Say); 6] = [
            ("episodes", episodes, |scan| scan.lifetimes.len().to_string()),
            ("all of them", total, |scan| format!("{:.3} s", scan.seconds())),
            ("the two in the middle", middle, |scan| format!("{} and {} ms", scan.middle().0, scan.middle().1)),
            ("the widest edge", widest, |scan| format!("{:.1} pip", scan.widest)),
            ("ended by age; by a fault", "", |scan| format!("{}; {}", scan.ended_by_age, scan.ended_by_faults)),
            ("locked; crossed quotes", "", |scan| format!("{}; {}", scan.faults.0, scan.faults.1)),
        ];
        for (what, known, of) in lines {
            println!("    {what:<24} {known:<22} {:<28} {}", of(&sides), of(&sound));
        }
    }
    let (cross, cycles) = fx::rules()?;
    row("signals of rules with `cross` both ways; openings told by `cycles`", "", &format!("{cross}; {cycles}"));
    Ok(())
}

fn percent(x: f64) -> String {
    format!("{:+.4} %", x * 100.0)
}

//! Prints where the bytes of an engine are, for each rule: one rule an instrument, and rules over three instruments.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;

use ascep_benches::rules::{one_shape, triple_rules, triples};
use ascep_lang::{Options, Source, compile};
use ascep_runtime::{EngineOptions, HostFunctions, MemoryReport};

fn report(text: &str) -> Result<MemoryReport, Box<dyn Error>> {
    let program = compile(&[Source::new("rules.cep", text)], &Options::default()).map_err(|found| format!("{found:?}"))?;
    Ok(MemoryReport::new(&program, &EngineOptions::default().with_max_bytes(usize::MAX), &HostFunctions::new())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let triples = |n| triple_rules(&triples(n, 1_000, 7));
    let cases = [
        ("W1, one an instrument", 1_000, one_shape(1_000, 1_000)),
        ("W1, a hundred an instrument", 100_000, one_shape(100_000, 1_000)),
        ("W2", 10_000, triples(10_000)),
        ("W2, ten times as many", 100_000, triples(100_000)),
    ];
    let mut reports = Vec::new();
    for (name, rules, text) in &cases {
        reports.push((name, *rules, report(text)?));
    }
    print!("{:32}", "bytes a rule");
    reports.iter().for_each(|(name, ..)| print!("{name:>28}"));
    println!();
    let per_rule = |bytes: usize, rules: usize| bytes as f64 / f64::from(u32::try_from(rules).unwrap_or(u32::MAX));
    for part in reports.iter().flat_map(|(.., report)| report.parts.first().map(|_| 0..report.parts.len())).next().unwrap_or_default() {
        let mut of =
            reports.iter().filter_map(|(_, rules, report)| report.parts.get(part).map(|(name, bytes)| (*name, per_rule(*bytes, *rules))));
        let Some((name, first)) = of.next() else { continue };
        print!("{name:32}{first:28.1}");
        of.for_each(|(_, bytes)| print!("{bytes:28.1}"));
        println!();
    }
    print!("{:32}", "all");
    reports.iter().for_each(|(_, rules, report)| print!("{:28.1}", per_rule(report.plan + report.state, *rules)));
    println!();
    for pair in reports.chunks(2) {
        if let [(few, fewer, small), (many, more, large)] = pair {
            let growth = (large.plan + large.state).saturating_sub(small.plan + small.state);
            println!("each further rule from \"{few}\" to \"{many}\": {:.1} bytes", per_rule(growth, more - fewer));
        }
    }
    Ok(())
}

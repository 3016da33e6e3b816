//! The programs of `examples/` end well and print what they are there to show.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::Path;
use std::process::Command;

/// Runs an example; `cargo test` has built it beside this test.
fn run(example: &str) -> String {
    run_with(example, &[])
}

fn run_with(example: &str, args: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().and_then(Path::parent).unwrap().join("examples").join(example);
    let output = Command::new(&path).args(args).output().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{example}: {stdout}{stderr}");
    stdout.into_owned()
}

#[test]
fn embed_prints_one_signal() {
    assert_eq!(run("embed"), "ALERT at 2 ns: [Num(100010.0)]\n");
}

#[test]
fn builder_prints_the_signals_of_rules_made_in_code() {
    assert!(run("builder").contains("HIGH"));
}

#[test]
fn ring_loses_nothing_but_quotes_that_newer_ones_replaced() {
    let printed = run("ring");
    assert!(printed.starts_with("sent 100000, evaluated ") && printed.contains("signals "), "{printed}");
}

#[test]
fn facts_prints_what_is_known_beside_what_comes_out() {
    let root = std::env::var_os("ASCEP_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), Into::into);
    if !root.join("data/captures").exists() && std::env::var_os("CI").is_none() {
        eprintln!("!!! SKIPPED: the recorded data are missing; set ASCEP_SHARED");
        return;
    }
    let printed = run("facts");
    let row = printed.lines().find(|line| line.trim_start().starts_with("above 0 before fees, the better")).unwrap();
    assert_eq!(row.split_whitespace().rev().take(2).collect::<Vec<_>>(), ["37", "37"]);
}

#[test]
fn the_synthetic_leg_lags_and_bears_its_name() {
    let folder = std::env::temp_dir().join(format!("ascep-synthetic-leg-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let header = "ts,symbol,bid,ask\n";
    let btc =
        file("btc.csv", &format!("{header}0,BTC/USDT,59999,60001\n100000000,BTC/USDT,59999,60001\n2000000000,BTC/USDT,59999,60001\n"));
    let eth =
        file("eth.csv", &format!("{header}0,ETH/USDT,2999.9,3000.7\n1000000,ETH/USDT,2999.9,3000.7\n30000000,ETH/USDT,3005.9,3006.7\n"));
    let out = folder.join("out.csv");
    let printed = run_with("synthetic_leg", &[&btc, &eth, out.to_str().unwrap()]);
    assert!(printed.starts_with("2 synthetic quotes of synthetic:ETH/BTC"), "{printed}");
    let made = std::fs::read_to_string(&out).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    // 40 ms behind, and only where it changes.
    let header = "ts,symbol,bid,ask,bid_qty,ask_qty\n";
    let quotes = ["40000000,synthetic:ETH/BTC,0.05000,0.05001,5,5\n", "70000000,synthetic:ETH/BTC,0.05010,0.05011,5,5\n"];
    assert_eq!(made, header.to_owned() + &quotes.concat());
}

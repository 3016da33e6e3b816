//! The commands of docs/scan.md that need recorded data: two Binance captures and a third leg that is made from them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::Folder;
use serde_json::Value;

fn docs() -> String {
    std::fs::read_to_string(common::root().join("docs/scan.md")).unwrap()
}

/// The commands of the page, each as its words: those of the block that makes the third leg.
fn commands() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(common::root().join("docs/scan.md")).unwrap();
    let block =
        page.split("```sh\n").find(|block| block.contains("synthetic_leg")).unwrap().split("```").next().unwrap().replace("\\\n", " ");
    block.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).filter(|words| !words.is_empty()).collect()
}

/// The example that makes the third leg; `cargo test --workspace` builds it.
fn example() -> Option<PathBuf> {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().and_then(Path::parent).unwrap().join("examples/synthetic_leg");
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is not built, and CI is set", path.display());
    eprintln!("SKIPPED: {} is not built", path.display());
    None
}

#[cfg(unix)]
#[test]
fn a_synthetic_leg_between_two_captures() {
    let (Some(data), Some(example)) = (common::shared("data/binance"), example()) else { return };
    let folder = Folder::new();
    for (from, to) in [("spot_btcusdt_20240808.gz", "btc.gz"), ("spot_ethusdt_20240808.gz", "eth.gz")] {
        std::os::unix::fs::symlink(data.join(from).canonicalize().unwrap(), folder.at(to)).unwrap();
    }
    let commands = commands();
    let [make, scan] = commands.as_slice() else { panic!("{commands:?}") };
    let words: Vec<&str> = make.iter().map(String::as_str).collect();
    assert_eq!(words[..7].join(" "), "cargo run -p ascep-examples --example synthetic_leg --");
    let made = Command::new(example).args(&words[7..]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(String::from_utf8_lossy(&made.stdout), "559 synthetic quotes of synthetic:ETH/BTC in eth_btc.csv\n");

    assert_eq!(scan[0], "ascep");
    let words: Vec<&str> = scan[1..].iter().map(String::as_str).collect();
    let ended = folder.ascep(&words).with(0);
    let page = std::fs::read_to_string(folder.at("report.html")).unwrap();
    let told: Vec<Value> = ended.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let opened = told.iter().filter(|one| one["state"] == "open").count();
    assert_eq!(opened, 64);
    for one in &told {
        assert!(one["path"].as_str().unwrap().contains("synthetic:ETH/BTC"), "the label is in every telling: {one}");
        assert!(one["net"].as_f64().unwrap() < one["gross"].as_f64().unwrap());
    }
    let longest = told.iter().map(|one| one["lifetime"].as_i64().unwrap()).max().unwrap();
    assert!(longest <= 40_100_000, "the leg is 40 ms behind, and messages of the others come between: {longest}");
    // A script of its own finds the same openings and closes in the raw files.
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/confirm_scan.py");
    let confirmed = assert_cmd::Command::new("python3")
        .arg(script)
        .args(["btc.gz", "eth.gz", "eth_btc.csv", "0.00002"])
        .current_dir(folder.path())
        .write_stdin(ended.stdout.as_str())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&confirmed.stdout),
        "64 opportunities confirmed\n",
        "{}",
        String::from_utf8_lossy(&confirmed.stderr)
    );

    // What the page says that the report says.
    let shown = docs().rsplit("```text\n").next().unwrap().split("```").next().unwrap().to_owned();
    assert!(shown.lines().count() > 10, "{shown}");
    for line in shown.lines() {
        assert!(ended.stderr.lines().any(|one| one == line), "no {line:?} in\n{}", ended.stderr);
    }
    assert!(page.contains("synthetic:ETH/BTC") && page.contains("synthetic (1)"));
    // Again, to the byte.
    let again = folder.ascep(&words).with(0);
    assert_eq!(again.stdout, ended.stdout);
    assert_eq!(std::fs::read_to_string(folder.at("report.html")).unwrap(), page);
    // At a taker's fee of that time nothing is left.
    let fees: Vec<&str> = words.iter().map(|word| if *word == "0.2bp" { "7.5bp" } else { word }).collect();
    assert_eq!(folder.ascep(&fees).with(0).says("lost to fees    207 (100.0 %)").stdout, "");
}

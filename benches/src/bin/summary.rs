//! Prints what the last `cargo bench -p ascep-benches` measured: medians, time for each element, and the ratio to the loop by hand.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One measurement of criterion: nanoseconds at the median, and elements in them.
struct Measured {
    nanoseconds: f64,
    elements: f64,
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// All measurements below a folder, by group and function.
fn collect(folder: &Path, out: &mut BTreeMap<(String, String), Measured>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if path.file_name().is_some_and(|name| name == "new") {
            if let Some((key, measured)) = read(&path) {
                out.insert(key, measured);
            }
        } else {
            collect(&path, out);
        }
    }
}

fn read(folder: &Path) -> Option<((String, String), Measured)> {
    let benchmark = json(&folder.join("benchmark.json"))?;
    let estimates = json(&folder.join("estimates.json"))?;
    let text = |key: &str| benchmark.get(key)?.as_str().map(str::to_owned);
    let nanoseconds = estimates.get("median")?.get("point_estimate")?.as_f64()?;
    let elements = benchmark.get("throughput").and_then(|t| t.get("Elements")).and_then(Value::as_f64).unwrap_or(1.0);
    Some(((text("group_id")?, text("function_id")?), Measured { nanoseconds, elements }))
}

fn main() {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let mut all = BTreeMap::new();
    collect(&target.join("criterion"), &mut all);
    if all.is_empty() {
        println!("nothing measured yet: run `cargo bench -p ascep-benches` first, here, at the root of the workspace");
    }
    for ((group, function), measured) in &all {
        let each = measured.nanoseconds / measured.elements;
        let hand = all.get(&(group.clone(), "by hand".to_owned())).filter(|_| function != "by hand");
        let ratio = hand.map(|hand| format!(", {:.2} times by hand", measured.nanoseconds / hand.nanoseconds)).unwrap_or_default();
        println!("{group} / {function}: {:.3} ms, {each:.1} ns each{ratio}", measured.nanoseconds / 1e6);
    }
}

//! The seeds and the findings of the fuzz targets, run through what the targets check. A finding that comes back fails here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs, unreachable_pub)]

use std::path::Path;

#[path = "../../fuzz/src/compile_run.rs"]
mod compile_run;
#[path = "../../fuzz/src/parse.rs"]
mod parse;
#[path = "../../fuzz/src/readers.rs"]
mod readers;

/// Runs every file of a target; gives their number.
fn replay(target: &str, check: fn(&[u8])) -> usize {
    let mut count = 0;
    for kind in ["seeds", "regressions"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join(target);
        for entry in std::fs::read_dir(&folder).unwrap() {
            check(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
    }
    count
}

#[test]
fn parse_findings_stay_mended() {
    assert!(replay("parse", parse::check) > 10);
}

#[test]
fn compile_run_findings_stay_mended() {
    assert!(replay("compile_run", compile_run::check) > 10);
}

#[test]
fn readers_findings_stay_mended() {
    assert!(replay("readers", readers::check) > 5);
}

//! The seeds and the findings of the fuzz targets, run through what the targets check. A finding that comes back fails here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs, unreachable_pub)]

use std::path::Path;

#[path = "../../fuzz/src/compile_run.rs"]
mod compile_run;
#[path = "../../fuzz/src/frames.rs"]
mod frames;
#[path = "../../fuzz/src/parse.rs"]
mod parse;
#[path = "../../fuzz/src/readers.rs"]
mod readers;
#[path = "../../fuzz/src/snapshot.rs"]
mod snapshot;
#[path = "../../fuzz/src/universe.rs"]
mod universe;

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

#[test]
fn frames_findings_stay_mended() {
    assert!(replay("frames", frames::check) > 3);
}

#[test]
fn snapshot_findings_stay_mended() {
    assert!(replay("snapshot", snapshot::check) > 3);
}

#[test]
fn universe_findings_stay_mended() {
    assert!(replay("universe", universe::check) > 5);
}

/// What is not taken tests nothing but the reading: whole snapshots are, and most of those with a changed byte are not.
#[test]
fn snapshots_are_taken_and_changed_ones_do_no_harm() {
    let mut outcomes = [0; 2];
    for steps in [0, 1, 30, 200] {
        let mut bytes = snapshot::payload(steps);
        assert!(snapshot::is_taken(&bytes));
        for place in (0..bytes.len()).step_by(7) {
            for change in [1, 0x80] {
                bytes[place] ^= change;
                outcomes[usize::from(snapshot::is_taken(&bytes))] += 1;
                bytes[place] ^= change;
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 50), "{outcomes:?}");
}

/// Writes the seeds anew: `cargo test -p ascep-examples --test fuzz_regressions -- --ignored`.
#[test]
#[ignore = "writes files"]
fn write_snapshot_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/snapshot");
    std::fs::create_dir_all(&folder).unwrap();
    for steps in [0, 1, 5, 30, 100, 400] {
        std::fs::write(folder.join(format!("after_{steps}")), snapshot::payload(steps)).unwrap();
    }
}

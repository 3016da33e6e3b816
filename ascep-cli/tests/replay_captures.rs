//! Recorded Binance frames of two instruments, replayed together: an independent script finds the same signals in the raw files, and two
//! runs give the same bytes (the script asks for both).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;

use std::path::Path;
use std::process::Command;

#[test]
fn a_script_of_its_own_confirms_the_replay() {
    let Some(data) = common::shared("data/binance") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/confirm_replay.py");
    let output = Command::new("python3").arg(script).args(["--ascep", common::binary(), "--data"]).arg(data).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{stdout}");
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout.matches("signals confirmed").count(), 2, "{stdout}");
}

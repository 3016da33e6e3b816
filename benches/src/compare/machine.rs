//! Where and from what the numbers come: the lines above the table.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The first line that a command prints, run at the root of the repository.
fn said(command: &str, args: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let output = Command::new(command).args(args).current_dir(root).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}

/// The value of the first line of /proc/cpuinfo with this name.
fn cpuinfo(name: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// Caches of the first core, as the system names their sizes.
fn caches() -> Option<String> {
    let read = |index: u8, file: &str| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{file}");
        fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
    };
    let cache = |index| {
        let letter = match read(index, "type")?.as_str() {
            "Data" => "d",
            "Instruction" => "i",
            _ => "",
        };
        Some(format!("L{}{letter} {}", read(index, "level")?, read(index, "size")?))
    };
    let all: Vec<String> = (0..4).filter_map(cache).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The processor, its cores and caches, the system.
#[must_use]
pub fn machine() -> String {
    let model = cpuinfo("model name").unwrap_or_else(|| "unknown processor".to_owned());
    let family =
        cpuinfo("cpu family").zip(cpuinfo("model")).map(|(family, model)| format!(" (family {family}, model {model})")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let caches = caches().map(|caches| format!(", {caches}")).unwrap_or_default();
    format!("{model}{family}, {cores} cores{caches}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The compiler as it names itself.
#[must_use]
pub fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    said(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned())
}

/// The lines above the table.
#[must_use]
pub fn header(args: &[String]) -> String {
    let build = if cfg!(debug_assertions) { ", DEBUG BUILD: the times mean nothing" } else { "" };
    format!(
        "machine: {}\ncompiler: {}{build}\ncommit: {}\ncommand: cargo run --release -p ascep-benches --bin compare --{}\n",
        machine(),
        compiler(),
        said("git", &["log", "-1", "--format=%h of %cs"]).unwrap_or_else(|| "unknown".to_owned()),
        args.iter().fold(String::new(), |all, arg| all + " " + arg),
    )
}

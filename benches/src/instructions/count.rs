//! A case in a process of its own, under callgrind.

use std::path::PathBuf;
use std::process::Command;

use super::Case;

/// Why there is no count.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// There is no valgrind, or it can't be started.
    #[error("valgrind can't be started ({0}): install it, `apt-get install valgrind` on Debian")]
    Start(std::io::Error),
    /// The process ended badly.
    #[error("{case} under valgrind ended with {status}:\n{output}")]
    Ended {
        /// Which case.
        case: String,
        /// As the system says it.
        status: std::process::ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// callgrind printed no count.
    #[error("valgrind printed no count of instructions for {0}")]
    NoCount(String),
    /// This program has no path.
    #[error("where this program lies is not known: {0}")]
    Program(std::io::Error),
}

/// Instructions an event (or a rule) of a case. `program` does the case when it is called with `--case NAME`, and with `--counted 1` for the counted events too.
///
/// # Errors
///
/// Where valgrind is missing or the case can't be run.
pub fn instructions_of(case: &Case) -> Result<f64, CountError> {
    let program = std::env::current_exe().map_err(CountError::Program)?;
    let without = total(&program, case, false)?;
    let with = total(&program, case, true)?;
    Ok(with.saturating_sub(without) as f64 / case.counted() as f64)
}

fn total(program: &PathBuf, case: &Case, counted: bool) -> Result<u64, CountError> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(["--case", &case.name()]);
    command.args(["--counted", if counted { "1" } else { "0" }]);
    let output = command.output().map_err(CountError::Start)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<&str> = said.lines().collect();
        let end = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n");
        return Err(CountError::Ended { case: case.name(), status: output.status, output: end });
    }
    // `==123== Collected : 4567`
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or_else(|| CountError::NoCount(case.name()))
}

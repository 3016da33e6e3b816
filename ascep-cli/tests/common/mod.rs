//! What the tests of the command share: running it, files to run it on, and the recorded data beside the repository.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// What a run of the command came to.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Asserts the status, showing what was said where it is another.
    #[track_caller]
    pub fn with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.stderr);
        self
    }

    /// The lines of stdout.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// The path of the command under test.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_ascep")
}

/// The command with nothing of the environment that changes what it says; ends after two minutes.
pub fn command() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(binary());
    command.timeout(Duration::from_secs(120)).env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

/// Runs it in the current folder.
pub fn ascep(args: &[&str]) -> Ended {
    ended(command().args(args))
}

/// Runs it with a standard input.
pub fn ascep_stdin(args: &[&str], stdin: impl Into<Vec<u8>>) -> Ended {
    ended(command().args(args).write_stdin(stdin))
}

/// Runs a prepared command.
pub fn ended(command: &mut assert_cmd::Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder that is gone when the test is.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of something in it, as an argument.
    pub fn at(&self, name: &str) -> String {
        self.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file; gives its path as an argument.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).unwrap();
        }
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the command in this folder.
    pub fn ascep(&self, args: &[&str]) -> Ended {
        ended(command().args(args).current_dir(self.path()))
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Recorded data beside the repository (`ASCEP_SHARED` says elsewhere). Without it a test has nothing to do, which is loud, and in continuous
/// checks a failure.
pub fn shared(below: &str) -> Option<PathBuf> {
    let base = std::env::var_os("ASCEP_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = base.join(below);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is not there, and CI is set", path.display());
    eprintln!("SKIPPED: {} is not there; set ASCEP_SHARED to where the recorded data is", path.display());
    None
}

/// A rule and four trades: two signals.
pub const ALERT: &str = "IF price(\"BTC/USDT\") > 100 THEN ALERT(px = price(\"BTC/USDT\"))\n";
/// See [`ALERT`].
pub const TICKS: &str = "ts,symbol,price\n1,BTC/USDT,101\n2,BTC/USDT,99\n3,BTC/USDT,102\n4,BTC/USDT,103\n";
/// See [`ALERT`].
pub const SIGNALS: &str = "\
{\"seq\":1,\"ts\":1,\"rule\":\"rule_1\",\"signal\":\"ALERT\",\"instance\":{},\"fields\":{\"px\":101}}
{\"seq\":2,\"ts\":3,\"rule\":\"rule_1\",\"signal\":\"ALERT\",\"instance\":{},\"fields\":{\"px\":102}}
";
/// The rule whose units do not agree.
pub const SEED: &str = "IF price(\"EUR/USD\") - price(\"USD/EUR\") > 0.001 THEN ARBITRAGE_SIGNAL\n";

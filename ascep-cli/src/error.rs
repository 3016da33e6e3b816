//! Why a command ended otherwise than well, and the exit status that says so. Scripts rely on the numbers:
//! 0 fine, 1 the rules or the data are wrong, 2 bad usage, 3 an input failed, 130 interrupted.

use std::io;
use std::process::ExitCode;

/// What a command ends with when it does not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Diagnostics have been shown already.
    #[error("the rules have errors")]
    Rules,
    /// `--deny-warnings` and there are some.
    #[error("the rules have warnings, and `--deny-warnings` is given")]
    Warnings,
    /// A test failed, or could not be run, which has been said.
    #[error("a test failed")]
    Tests,
    /// `--strict` and a row, a frame or an event was refused.
    #[error("data was refused, and `--strict` is given: {0}")]
    Refused(String),
    /// `--verify` found a difference: where, and both lines.
    #[error("{0}")]
    Differs(String),
    /// The arguments contradict each other or ask for what there is not.
    #[error("{0}")]
    Usage(String),
    /// The engine will not take the program.
    #[error("the program cannot be run: {0}")]
    Build(String),
    /// A file could not be opened or read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// As the user wrote it.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Something other than a file where a file is wanted.
    #[error("cannot read `{path}`: it is a folder")]
    Folder {
        /// As the user wrote it.
        path: String,
    },
    /// An output other than stdout could not be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// As the user wrote it.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A feed failed for good, or recorded data could not be read.
    #[error("{0}")]
    Feed(String),
    /// A feed failed for good, which was said when it did.
    #[error("a feed has failed")]
    Shown,
    /// A symbol that no feed has.
    #[error("no feed has {0}")]
    NoFeedHas(String),
    /// Ctrl-C; what was found so far has been written.
    #[error("interrupted")]
    Interrupted,
    /// The reader of stdout went away: `ascep run | head`. Not worth a word.
    #[error("stdout was closed")]
    Closed,
}

impl Failure {
    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Rules | Self::Warnings | Self::Tests | Self::Refused(_) | Self::Differs(_) | Self::Build(_) => 1,
            Self::Usage(_) => 2,
            Self::Read { .. } | Self::Folder { .. } | Self::Write { .. } | Self::Feed(_) | Self::Shown | Self::NoFeedHas(_) => 3,
            Self::Interrupted => 130,
        }
    }

    /// Whether the user has been told all there is to tell.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Closed | Self::Interrupted | Self::Rules | Self::Tests | Self::Shown)
    }

    /// What a failure to write to stdout means: a closed pipe ends the command quietly.
    pub(crate) fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::Write { path: "standard output".to_owned(), source: error }
        }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(failure.status())
    }
}

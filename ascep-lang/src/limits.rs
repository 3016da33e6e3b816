//! Bounds that keep the compiler small whatever it is given. A host that compiles rules of strangers may lower them.

use serde::{Deserialize, Serialize};

/// What a program may be at most. Beyond a limit is an error with a code, never a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one file (E0602). Never more than 4 GiB.
    pub max_file_bytes: usize,
    /// Errors reported for one file; what is beyond is one E0604.
    pub max_errors: usize,
    /// Expressions in the tree of one file, and operators of a program (E0603).
    pub max_nodes: usize,
    /// Instances that the `FOR EACH` clauses of one rule make (E0605).
    pub max_instances: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_file_bytes: 16 << 20, max_errors: 100, max_nodes: 4_000_000, max_instances: 100_000 }
    }
}

impl Limits {
    /// Sets [`max_file_bytes`](Self::max_file_bytes).
    #[must_use]
    pub fn with_max_file_bytes(mut self, bytes: usize) -> Self {
        self.max_file_bytes = bytes;
        self
    }

    /// Sets [`max_errors`](Self::max_errors).
    #[must_use]
    pub fn with_max_errors(mut self, errors: usize) -> Self {
        self.max_errors = errors;
        self
    }

    /// Sets [`max_nodes`](Self::max_nodes).
    #[must_use]
    pub fn with_max_nodes(mut self, nodes: usize) -> Self {
        self.max_nodes = nodes;
        self
    }

    /// Sets [`max_instances`](Self::max_instances).
    #[must_use]
    pub fn with_max_instances(mut self, instances: usize) -> Self {
        self.max_instances = instances;
        self
    }
}

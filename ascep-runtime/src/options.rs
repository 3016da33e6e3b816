//! What the host sets when it builds an engine.

/// Options of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineOptions {
    /// The venue of symbols that name none: with `Some("b")`, `"A/B"` and `"b:A/B"` are one instrument.
    pub default_venue: Option<String>,
    /// The most samples that one time window holds; the oldest is dropped, and counted, when one more comes. At least 1.
    ///
    /// A window is reserved in full when the engine is built, 8 bytes a sample, because nothing is allocated later. Most systems back
    /// such a reservation with memory only as it is written to.
    pub max_window_samples: usize,
    /// The most bytes that plan and state may take, windows counted in full.
    pub max_bytes: usize,
    /// The most ways, each direction counted, of up to four legs that one `cycles(..)` looks through.
    pub max_scan_ways: usize,
    /// The most ways of one `cycles(..)` that are followed at one time: open, or above the threshold but held back by age, skew or size. What comes
    /// beyond is counted in [`Counters::ways_not_followed`](crate::Counters::ways_not_followed).
    pub max_open_ways: usize,
    /// Whether rules of one shape are evaluated together in columns. The signals are the same either way.
    pub columns: bool,
    /// Whether shapes run as machine code where the crate is built with the feature `jit` and the machine is one that code is made for. The signals are the
    /// same either way.
    pub jit: bool,
    /// The most shapes that are compiled, those with the most rows first: each takes a fraction of a millisecond when the engine is built.
    pub max_compiled_shapes: usize,
    /// The most bytes of machine code. It comes on top of [`max_bytes`](Self::max_bytes).
    pub max_code_bytes: usize,
    /// A level that is true when it is first known is no edge: a rule on it waits until the level has been false. Off by default, as the language
    /// says; for hosts that start in the middle of a market and do not want to hear of what has been so all along.
    pub quiet_start: bool,
    /// Whether the engine keeps what it needs to [explain](crate::explain) its signals, and why a rule does not fire. The signals are the same either way;
    /// the engine takes more memory, and more time for each event, since nothing is evaluated in columns.
    pub provenance: bool,
}

impl Default for EngineOptions {
    /// No default venue, 65,536 samples a window, 1,048,576 ways of which 16,384 are followed at one time, 4 GiB, columns, machine code for 128 shapes in
    /// up to 4 MiB.
    fn default() -> Self {
        let max_bytes = usize::try_from(4_u64 << 30).unwrap_or(usize::MAX);
        Self {
            default_venue: None,
            max_window_samples: 65_536,
            max_bytes,
            max_scan_ways: 1 << 20,
            max_open_ways: 1 << 14,
            columns: true,
            jit: true,
            max_compiled_shapes: 128,
            max_code_bytes: 4 << 20,
            quiet_start: false,
            provenance: false,
        }
    }
}

impl EngineOptions {
    /// These options with a default venue.
    #[must_use]
    pub fn with_default_venue(mut self, venue: impl Into<String>) -> Self {
        self.default_venue = Some(venue.into());
        self
    }

    /// These options with another bound on the samples of a time window.
    #[must_use]
    pub fn with_max_window_samples(mut self, samples: usize) -> Self {
        self.max_window_samples = samples;
        self
    }

    /// These options with another bound on memory.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// These options with another bound on the ways of a `cycles(..)`.
    #[must_use]
    pub fn with_max_scan_ways(mut self, ways: usize) -> Self {
        self.max_scan_ways = ways;
        self
    }

    /// These options with another bound on the ways of a `cycles(..)` that are followed at one time.
    #[must_use]
    pub fn with_max_open_ways(mut self, ways: usize) -> Self {
        self.max_open_ways = ways;
        self
    }

    /// These options with or without columns.
    #[must_use]
    pub fn with_columns(mut self, columns: bool) -> Self {
        self.columns = columns;
        self
    }

    /// These options with or without machine code.
    #[must_use]
    pub fn with_jit(mut self, jit: bool) -> Self {
        self.jit = jit;
        self
    }

    /// These options with another bound on the shapes that are compiled.
    #[must_use]
    pub fn with_max_compiled_shapes(mut self, shapes: usize) -> Self {
        self.max_compiled_shapes = shapes;
        self
    }

    /// These options with another bound on machine code.
    #[must_use]
    pub fn with_max_code_bytes(mut self, bytes: usize) -> Self {
        self.max_code_bytes = bytes;
        self
    }

    /// These options with or without provenance.
    #[must_use]
    pub fn with_provenance(mut self, provenance: bool) -> Self {
        self.provenance = provenance;
        self
    }

    /// These options with or without a quiet start.
    #[must_use]
    pub fn with_quiet_start(mut self, quiet: bool) -> Self {
        self.quiet_start = quiet;
        self
    }
}

//! What the engine counts while it runs.

/// Counts since the engine was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Events that were taken.
    pub events: u64,
    /// Signals that were emitted.
    pub signals: u64,
    /// Events older than the clock, applied as of the clock.
    pub late: u64,
    /// Events that were refused because of a number in them.
    pub refused: u64,
    /// Events of an instrument that no rule names: they moved the clock and nothing else.
    pub unnamed: u64,
    /// Evaluations of a rule whose trigger was unknown.
    pub unknown_results: u64,
    /// Firings held back by `COOLDOWN` or `LIMIT`.
    pub held_back: u64,
    /// Firings lost between a firing and the `UNTIL` that arms the rule again.
    pub lost_disarmed: u64,
    /// Samples dropped from time windows that were full.
    pub samples_dropped: u64,
    /// Timers that fired.
    pub timers_fired: u64,
    /// Parameters and inputs set while running.
    pub param_sets: u64,
    /// What `cycles(..)` told: openings, updates and closes.
    pub opportunities: u64,
    /// Quotes of markets of a `cycles(..)` whose bid equals the ask: faults of the data.
    pub locked: u64,
    /// Quotes of markets of a `cycles(..)` whose bid is above the ask: faults of the data.
    pub crossed: u64,
    /// Times that a way of a `cycles(..)` came above its threshold and there was no room to follow it.
    pub ways_not_followed: u64,
}

/// How many counters there are.
pub(crate) const COUNTERS: usize = 15;

impl Counters {
    /// As numbers, for a snapshot.
    pub(crate) fn to_words(self) -> [u64; COUNTERS] {
        let Self {
            events,
            signals,
            late,
            refused,
            unnamed,
            unknown_results,
            held_back,
            lost_disarmed,
            samples_dropped,
            timers_fired,
            param_sets,
            opportunities,
            locked,
            crossed,
            ways_not_followed,
        } = self;
        [
            events,
            signals,
            late,
            refused,
            unnamed,
            unknown_results,
            held_back,
            lost_disarmed,
            samples_dropped,
            timers_fired,
            param_sets,
            opportunities,
            locked,
            crossed,
            ways_not_followed,
        ]
    }

    /// From the numbers of [`to_words`](Self::to_words).
    pub(crate) fn from_words(words: [u64; COUNTERS]) -> Self {
        let [
            events,
            signals,
            late,
            refused,
            unnamed,
            unknown_results,
            held_back,
            lost_disarmed,
            samples_dropped,
            timers_fired,
            param_sets,
            opportunities,
            locked,
            crossed,
            ways_not_followed,
        ] = words;
        Self {
            events,
            signals,
            late,
            refused,
            unnamed,
            unknown_results,
            held_back,
            lost_disarmed,
            samples_dropped,
            timers_fired,
            param_sets,
            opportunities,
            locked,
            crossed,
            ways_not_followed,
        }
    }
}

/// What a plan consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanStats {
    /// Rule instances.
    pub rules: usize,
    /// Rule instances that are evaluated in columns.
    pub shape_rules: usize,
    /// Distinct shapes among them.
    pub shapes: usize,
    /// Rows: one for each rule instance and each input that it reads.
    pub rows: usize,
    /// Groups of rows: those of one shape that one input touches.
    pub groups: usize,
    /// Operators outside of the columns, those that only fields read among them.
    pub general_nodes: usize,
    /// Bytes of plan and state, windows counted in full; machine code not among them.
    pub bytes: usize,
    /// Shapes that run as machine code.
    pub compiled_shapes: usize,
    /// Shapes that the interpreter runs though machine code was asked for: they have a function that is not compiled, or a limit was reached.
    pub refused_shapes: usize,
    /// Bytes of machine code.
    pub code_bytes: usize,
    /// Instruments whose quotes the loop of machine code takes. In a sharded engine over all shards, each of which knows all instruments.
    pub loop_quotes: usize,
    /// Instruments whose trades the loop of machine code takes.
    pub loop_trades: usize,
}

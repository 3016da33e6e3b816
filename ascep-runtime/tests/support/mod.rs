//! Pairs of a generated program and a generated stream, and what is done with them.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

pub mod copies;
pub mod cycles;
pub mod dice;
pub mod expr;
pub mod generate;
pub mod program;
pub mod run;
pub mod scans;
pub mod sequences;
pub mod sharded;
pub mod stream;
pub mod terms;
pub mod tries;
pub mod windows;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use dice::Dice;
use program::Program;
use stream::Input;

/// A program with a stream to run it on.
#[derive(Clone, PartialEq)]
pub struct Pair {
    pub program: Program,
    pub inputs: Vec<Input>,
    /// The most samples of a time window.
    pub samples: usize,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "\n{}windows of {} samples", self.program.text(), self.samples)?;
        self.inputs.iter().try_for_each(|input| writeln!(f, "  {input:?}"))
    }
}

impl Pair {
    /// Simpler pairs, the much simpler ones first.
    fn simpler(&self) -> Vec<Self> {
        let streams = stream::simpler(&self.inputs).into_iter().map(|inputs| Self { inputs, ..self.clone() });
        let programs = self.program.simpler().into_iter().map(|program| Self { program, ..self.clone() });
        programs.chain(streams).collect()
    }
}

/// Generates pairs.
#[derive(Debug, Clone, Copy)]
pub struct Pairs;

impl Strategy for Pairs {
    type Tree = PairTree;
    type Value = Pair;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut dice = Dice::new(runner);
        let made = generate::generate(&mut dice);
        let inputs = stream::generate(&mut dice, &made.symbols, &made.settings);
        // Mostly few, so that windows overflow.
        let samples = [1, 3, 6, 6, 6, 64][dice.below(6)];
        Ok(PairTree { best: Pair { program: made.program, inputs, samples }, candidates: Vec::new() })
    }
}

/// A pair that failed, or the first one, and the simpler ones that have not been tried, the next one last.
#[derive(Debug, Clone)]
pub struct PairTree {
    best: Pair,
    candidates: Vec<Pair>,
}

impl ValueTree for PairTree {
    type Value = Pair;

    fn current(&self) -> Pair {
        self.candidates.last().unwrap_or(&self.best).clone()
    }

    fn simplify(&mut self) -> bool {
        self.best = self.current();
        self.candidates = self.best.simpler();
        self.candidates.reverse();
        !self.candidates.is_empty()
    }

    fn complicate(&mut self) -> bool {
        self.candidates.pop();
        !self.candidates.is_empty()
    }
}

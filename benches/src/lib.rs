//! Workloads for benchmarks: programs of many rules, streams of events, and loops written by hand that do the same work without an
//! engine. All of it comes from seeds, so that two runs, and two machines, do the same.
//!
//! Nothing here is part of ASCEP's interface.

pub mod arbitrage;
pub mod by_hand;
pub mod compare;
pub mod instructions;
pub mod numbers;
pub mod rules;
pub mod stream;

use std::path::{Path, PathBuf};

use ascep_lang::{Options, Program, Source};
use ascep_runtime::{Engine, EngineOptions, InstrumentId};

/// Samples of a time window in a benchmark: fewer than the default, so that the state of thousands of windows stays small.
pub const WINDOW_SAMPLES: usize = 256;

/// A file in the folder of shared data: that of `ASCEP_SHARED`, else the one beside the repository.
#[must_use]
pub fn shared(path: &str) -> PathBuf {
    let root = std::env::var_os("ASCEP_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    root.join(path)
}

/// Compiles a text that is known to be right.
///
/// # Panics
/// If it is not.
#[must_use]
#[expect(clippy::panic, reason = "a benchmark of rules that do not compile must not run")]
pub fn compile(text: &str) -> Program {
    match ascep_lang::compile(&[Source::new("bench.cep", text)], &Options::default()) {
        Ok(program) => program,
        Err(diagnostics) => panic!("the rules of a benchmark do not compile: {:?}", diagnostics.iter().next()),
    }
}

/// An engine for a program, and its ids of the instruments `symbols`; [`InstrumentId::UNNAMED`] for one that no rule names.
///
/// # Panics
/// If the engine can't be built.
#[must_use]
#[expect(clippy::panic, reason = "a benchmark without an engine must not run")]
pub fn engine(program: &Program, symbols: &[String]) -> (Engine, Vec<InstrumentId>) {
    let options = EngineOptions::default().with_max_window_samples(WINDOW_SAMPLES);
    match Engine::new(program, options) {
        Ok(engine) => {
            let ids = symbols.iter().map(|symbol| engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED)).collect();
            (engine, ids)
        }
        Err(error) => panic!("the engine of a benchmark can't be built: {error}"),
    }
}

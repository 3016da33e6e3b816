//! ASCEP's own engines as contenders.

use ascep_lang::Program;
use ascep_runtime::{Engine, EngineOptions, Event, ShardedEngine, Signal};

use super::contender::Contender;
use crate::WINDOW_SAMPLES;

/// One engine on one thread.
#[derive(Debug)]
pub struct Single {
    name: &'static str,
    engine: Engine,
}

impl Single {
    /// # Panics
    /// If the engine can't be built.
    #[must_use]
    #[expect(clippy::panic, reason = "a benchmark without an engine must not run")]
    pub fn new(name: &'static str, program: &Program, options: EngineOptions) -> Self {
        match Engine::new(program, options) {
            Ok(engine) => Self { name, engine },
            Err(error) => panic!("the engine of a benchmark can't be built: {error}"),
        }
    }
}

impl<'e> Contender<Event<'e>> for Single {
    fn name(&self) -> &str {
        self.name
    }

    #[expect(clippy::panic, reason = "a benchmark of events that are refused must not run")]
    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        let mut signals = 0;
        if let Err(error) = self.engine.on_events(events, &mut |_: &Signal<'_>| signals += 1) {
            panic!("an event of a benchmark is refused: {error}");
        }
        signals
    }

    fn bytes_per_rule(&self) -> Option<f64> {
        let stats = self.engine.plan_stats();
        Some(stats.bytes as f64 / stats.rules.max(1) as f64)
    }
}

/// One engine on all cores.
#[derive(Debug)]
pub struct Sharded(ShardedEngine);

impl Sharded {
    /// # Panics
    /// If the engine can't be built.
    #[must_use]
    #[expect(clippy::panic, reason = "a benchmark without an engine must not run")]
    pub fn new(program: &Program, options: EngineOptions) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match ShardedEngine::new(program, options, cores.max(2)) {
            Ok(engine) => Self(engine),
            Err(error) => panic!("the engine of a benchmark can't be built: {error}"),
        }
    }
}

impl<'e> Contender<Event<'e>> for Sharded {
    fn name(&self) -> &str {
        "ascep-sharded"
    }

    #[expect(clippy::panic, reason = "a benchmark of events that are refused must not run")]
    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        let mut signals = 0;
        if let Err(error) = self.0.on_events(events, &mut |_: &Signal<'_>| signals += 1) {
            panic!("an event of a benchmark is refused: {error}");
        }
        signals
    }

    fn bytes_per_rule(&self) -> Option<f64> {
        let stats = self.0.plan_stats();
        Some(stats.bytes as f64 / stats.rules.max(1) as f64)
    }

    fn has_threads(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        let shards: Vec<String> = self.0.shards().map(|shard| shard.rules.to_string()).collect();
        Some(format!("shards of {} rules", shards.join(" and ")))
    }
}

/// What all engines of a benchmark are built with.
#[must_use]
pub fn options() -> EngineOptions {
    EngineOptions::default().with_max_window_samples(WINDOW_SAMPLES)
}

/// An engine that takes events however long they borrow.
pub type AnyEngine = Box<dyn for<'e> Contender<Event<'e>>>;

/// The engines of one thread, for one program, and their names.
#[must_use]
pub fn of_one_thread(program: &Program, options: &EngineOptions) -> Vec<(&'static str, AnyEngine)> {
    let single = |name, options| -> (&'static str, AnyEngine) { (name, Box::new(Single::new(name, program, options))) };
    vec![single("ascep-interpreter", options.clone().with_jit(false)), single("ascep-jit", options.clone().with_jit(true))]
}

/// All engines that there are, for one program, as contenders on events.
#[must_use]
pub fn contenders<'a>(program: &Program, options: &EngineOptions) -> Vec<Box<dyn Contender<Event<'a>>>> {
    let single = of_one_thread(program, options).into_iter().map(|(_, engine)| -> Box<dyn Contender<Event<'a>>> { engine });
    let sharded: Box<dyn Contender<Event<'a>>> = Box::new(Sharded::new(program, options.clone()));
    single.chain(std::iter::once(sharded)).collect()
}

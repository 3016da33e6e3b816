//! ASCEP's own engines as contenders.

use ascep_lang::Program;
use ascep_runtime::{Engine, EngineOptions, Event, Signal};

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

/// What all engines of a benchmark are built with.
#[must_use]
pub fn options() -> EngineOptions {
    EngineOptions::default().with_max_window_samples(WINDOW_SAMPLES)
}

/// All engines that there are, for one program.
#[must_use]
pub fn contenders<'a>(program: &Program) -> Vec<Box<dyn Contender<Event<'a>>>> {
    vec![Box::new(Single::new("ascep-interpreter", program, options()))]
}

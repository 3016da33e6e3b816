//! The ASCEP engine: evaluates a compiled [`Program`](ascep_lang::Program) on market events.
//!
//! [`Engine::new`] turns a program into flat arrays; [`Engine::on_event`] and [`Engine::advance_to`] give signals to a [`SignalSink`].
//! [`ShardedEngine`] does the same on several cores.
//!
//! ```
//! use ascep_lang::{Options, Source, compile};
//! use ascep_runtime::event::{Event, Payload, Trade};
//! use ascep_runtime::{Engine, EngineOptions, Signal};
//!
//! let rules = Source::new("rules.cep", "IF price(\"BTC/USDT\") > 100_000 THEN BTC_HIGH(px = price(\"BTC/USDT\"))");
//! let program = compile(&[rules], &Options::default())?;
//! let mut engine = Engine::new(&program, EngineOptions::default())?;
//!
//! let instrument = engine.instrument("BTC/USDT").ok_or("no rule names BTC/USDT")?;
//! let trade = Trade { price: 100_250.5, qty: 0.1, side: None };
//! let event = Event { ts: 1_722_988_800_000_000_000, venue_ts: None, instrument, payload: Payload::Trade(trade) };
//! let mut signals = Vec::new();
//! engine.on_event(&event, &mut |signal: &Signal<'_>| signals.push(signal.to_owned()))?;
//!
//! assert_eq!(signals.len(), 1);
//! assert_eq!(signals[0].name(), "BTC_HIGH");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod arbitrage;
mod bits;
mod columns;
mod counters;
mod cursor;
mod engine;
mod error;
pub mod event;
pub mod explain;
mod host;
mod hot;
mod interpreter;
mod kernel;
mod machine;
mod market;
mod memory;
mod names;
mod ops;
mod options;
mod plan;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
mod ring;
mod rules;
mod sharded;
pub mod signal;
mod snapshot;
mod state;
pub mod testing;
mod timers;
mod value;
mod watch;
mod window;

pub use ascep_lang::program::{InputId, ParamId};
pub use counters::{Counters, PlanStats};
pub use engine::Engine;
pub use error::{BatchError, BuildError, EventError, ParamError, SnapshotError};
pub use event::{Event, InstrumentId};
pub use explain::Explanation;
pub use host::HostFunctions;
pub use memory::{MemoryReport, RuleMemory};
pub use options::EngineOptions;
pub use sharded::{ShardSettings, ShardStats, ShardedEngine, ShardedError};
pub use signal::{Signal, SignalSink};
pub use snapshot::{Fate, OperatorFate, ParamFate, Report, RuleFate};

//! What evaluates the rules of a session: one engine that takes events one at a time, or several shards of one that take them in batches, since a
//! shard has to wait for another one at each call. The signals are the same.

use ascep_feeds::MarketEvent;
use ascep_lang::Program;
use ascep_runtime::event::{Event, InstrumentId, Timestamp};
use ascep_runtime::signal::{Head, SignalSink};
use ascep_runtime::{BatchError, BuildError, Counters, Engine, EngineOptions, EventError, Explanation, ShardedEngine, ShardedError};

use crate::error::Failure;

/// The engine of a session.
pub(crate) enum Evaluator {
    /// One.
    One(Box<Engine>),
    /// Several shards.
    Shards(Box<Shards>),
}

/// A sharded engine and what waits for it.
pub(crate) struct Shards {
    engine: ShardedEngine,
    waiting: Vec<(MarketEvent, InstrumentId)>,
    /// The greatest time of what waits.
    newest: Option<Timestamp>,
    /// So many events are taken at once.
    batch: usize,
}

/// An event that was refused.
pub(crate) struct Refusal {
    /// Which.
    pub(crate) event: MarketEvent,
    /// Why.
    pub(crate) error: EventError,
}

impl Evaluator {
    /// An engine; where `shards` says so, one of that many shards that takes so many events at once.
    pub(crate) fn new(program: &Program, options: EngineOptions, shards: Option<(usize, usize)>) -> Result<Self, BuildError> {
        Ok(match shards {
            None => Self::One(Box::new(Engine::new(program, options)?)),
            Some((shards, batch)) => {
                let engine = ShardedEngine::new(program, options, shards)?;
                Self::Shards(Box::new(Shards { engine, waiting: Vec::with_capacity(batch), newest: None, batch: batch.max(1) }))
            }
        })
    }

    /// How many rules each shard has; none where there are no shards.
    pub(crate) fn shards(&self) -> Vec<usize> {
        match self {
            Self::One(_) => Vec::new(),
            Self::Shards(shards) => shards.engine.shards().map(|shard| shard.rules).collect(),
        }
    }

    /// Takes an event, at once or with the next batch. Gives the first one that was refused; what stands behind it waits on.
    pub(crate) fn event(
        &mut self,
        event: &MarketEvent,
        instrument: InstrumentId,
        sink: &mut impl SignalSink,
    ) -> Result<Option<Refusal>, Failure> {
        match self {
            Self::One(engine) => {
                let Some(taken) = event.to_engine(instrument) else { return Ok(None) };
                Ok(engine.on_event(&taken, sink).err().map(|error| Refusal { event: event.clone(), error }))
            }
            Self::Shards(shards) => {
                shards.waiting.push((event.clone(), instrument));
                shards.newest = shards.newest.max(Some(event.ts));
                if shards.waiting.len() < shards.batch { Ok(None) } else { shards.take(sink) }
            }
        }
    }

    /// Takes what waits, up to the first event that is refused.
    pub(crate) fn take_waiting(&mut self, sink: &mut impl SignalSink) -> Result<Option<Refusal>, Failure> {
        match self {
            Self::One(_) => Ok(None),
            Self::Shards(shards) => shards.take(sink),
        }
    }

    /// Brings the clock forward. Nothing may wait.
    pub(crate) fn advance_to(&mut self, ts: Timestamp, sink: &mut impl SignalSink) -> Result<(), Failure> {
        match self {
            Self::One(engine) => {
                engine.advance_to(ts, sink);
                Ok(())
            }
            Self::Shards(shards) => shards.engine.advance_to(ts, sink).map_err(|error| ended(&error)),
        }
    }

    /// The clock, with what waits.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        match self {
            Self::One(engine) => engine.now(),
            Self::Shards(shards) => shards.engine.now().max(shards.newest),
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        match self {
            Self::One(engine) => engine.counters(),
            Self::Shards(shards) => shards.engine.counters(),
        }
    }

    /// The instrument of a name.
    pub(crate) fn instrument(&self, name: &str) -> Option<InstrumentId> {
        match self {
            Self::One(engine) => engine.instrument(name),
            Self::Shards(shards) => shards.engine.instrument(name),
        }
    }

    /// Instruments of the rules with their names.
    pub(crate) fn instruments(&self) -> Box<dyn Iterator<Item = (InstrumentId, &str)> + '_> {
        match self {
            Self::One(engine) => Box::new(engine.instruments()),
            Self::Shards(shards) => Box::new(shards.engine.instruments()),
        }
    }

    /// The rules, of one engine.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (u32, Head<'_>)> {
        let one = match self {
            Self::One(engine) => Some(engine),
            Self::Shards(_) => None,
        };
        one.into_iter().flat_map(|engine| engine.rules())
    }

    /// How a rule stands.
    pub(crate) fn explain(&mut self, rule: u32) -> Result<Explanation, Failure> {
        match self {
            Self::One(engine) => engine.explain_rule(rule).map_err(|error| Failure::Usage(format!("{error}; {}", error.help()))),
            Self::Shards(_) => Err(Failure::Usage("shards can't be explained: run without `--shards`".to_owned())),
        }
    }
}

impl Shards {
    fn take(&mut self, sink: &mut impl SignalSink) -> Result<Option<Refusal>, Failure> {
        let Self { engine, waiting, newest, .. } = self;
        // What is nothing to an engine was not put here.
        let events: Vec<Event<'_>> = waiting.iter().filter_map(|(event, instrument)| event.to_engine(*instrument)).collect();
        match engine.on_events(&events, sink) {
            Ok(()) => {
                waiting.clear();
                *newest = None;
                Ok(None)
            }
            Err(ShardedError::Batch(BatchError { index, error, .. })) => {
                let refused = waiting.drain(..=index.min(waiting.len().saturating_sub(1))).next_back();
                Ok(refused.map(|(event, _)| Refusal { event, error }))
            }
            Err(error) => Err(ended(&error)),
        }
    }
}

fn ended(error: &ShardedError) -> Failure {
    Failure::Build(format!("{error}; without `--shards` one engine does the same"))
}

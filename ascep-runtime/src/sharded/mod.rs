//! One program on several cores: its parts that share nothing run each on a thread, and signals come out as from one engine.
//!
//! [`split`] cuts the program; a round of events goes to each shard as a [`batch`], its signals come back on [`page`]s through the rings of a [`lane`],
//! and [`merge`] puts them in order. [`worker`] is what a thread does, [`wait`] how one waits for another.

mod batch;
mod build;
mod lane;
mod merge;
mod page;
mod round;
mod settings;
mod split;
#[cfg(test)]
mod tests;
mod wait;
mod worker;

use ascep_lang::Program;
use ascep_lang::program::{Constant, InputId, ParamId};

use crate::counters::{Counters, PlanStats};
use crate::engine::Engine;
use crate::error::{BuildError, ParamError};
use crate::event::{Event, InstrumentId, Timestamp};
use crate::host::HostFunctions;
use crate::options::EngineOptions;
use crate::signal::SignalSink;
use round::Rounds;
pub use settings::{ShardSettings, ShardStats, ShardedError};
use worker::Job;

/// Evaluates a program on several cores. The signals are those of one [`Engine`] with the same program and the same calls, to the last bit and in
/// the same order; only what each call costs is another.
///
/// Rules that read a common instrument stay together; such components are dealt to shards by weight, always in the same way. A program that can't be
/// split runs on one shard, which is an engine and nothing more. The first shard runs on the thread that calls, each other one on a thread of its own, which ends when
/// this is dropped.
///
/// Each call gives its signals before it returns, so [`on_events`](Self::on_events) with large slices is what makes use of the cores: a single
/// event has to wait for another thread. A thread that waits spins for some microseconds and then parks; with fewer cores than shards it parks at once.
///
/// Explanations and snapshots are those of one engine and are not to be had here.
///
/// ```
/// use ascep_lang::{Options, Source, compile};
/// use ascep_runtime::event::{Event, MISSING, Payload, Trade};
/// use ascep_runtime::{EngineOptions, ShardedEngine, Signal};
///
/// let rules = "IF last(\"A/B\") > 2 THEN A\nIF last(\"C/D\") > 2 THEN C";
/// let program = compile(&[Source::new("two.cep", rules)], &Options::default())?;
/// let mut engine = ShardedEngine::new(&program, EngineOptions::default(), 2)?;
/// assert_eq!(engine.shards().len(), 2);
///
/// let [a, c] = [engine.instrument("A/B").ok_or("no A/B")?, engine.instrument("C/D").ok_or("no C/D")?];
/// let trade = |ts, instrument| Event { ts, venue_ts: None, instrument, payload: Payload::Trade(Trade { price: 3.0, qty: MISSING, side: None }) };
/// let mut signals = Vec::new();
/// engine.on_events(&[trade(1, c), trade(2, a)], &mut |signal: &Signal<'_>| signals.push(signal.name().to_owned()))?;
/// assert_eq!(signals, ["C", "A"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ShardedEngine {
    /// The first shard.
    engine: Engine,
    /// What the others need; none where there are no others.
    rounds: Option<Box<Rounds>>,
    /// What each shard is of.
    shards: Vec<ShardStats>,
}

impl ShardedEngine {
    /// Splits a program into at most `shards` shards, and plans each.
    ///
    /// # Errors
    ///
    /// As for [`Engine::new`]; where there are 0 or more than 64 shards, or more than one with
    /// [provenance](EngineOptions::provenance); and where the system gives no thread.
    pub fn new(program: &Program, options: EngineOptions, shards: usize) -> Result<Self, BuildError> {
        Self::with_functions(program, options, ShardSettings::new(shards), &HostFunctions::new())
    }

    /// The same with all settings, and for rules that call functions of the host, which are called on the threads of the shards.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), and where a setting is out of range or the rules call a function that is not among these.
    pub fn with_functions(
        program: &Program,
        options: EngineOptions,
        settings: ShardSettings,
        functions: &HostFunctions,
    ) -> Result<Self, BuildError> {
        build::build(program, options, settings, functions)
    }

    /// As [`Engine::instrument`]: the ids are those that one engine has.
    #[must_use]
    pub fn instrument(&self, symbol: &str) -> Option<InstrumentId> {
        self.engine.instrument(symbol)
    }

    /// As [`Engine::instruments`].
    pub fn instruments(&self) -> impl Iterator<Item = (InstrumentId, &str)> {
        self.engine.instruments()
    }

    /// As [`Engine::param`].
    #[must_use]
    pub fn param(&self, name: &str) -> Option<ParamId> {
        self.engine.param(name)
    }

    /// As [`Engine::input`].
    #[must_use]
    pub fn input(&self, name: &str) -> Option<InputId> {
        self.engine.input(name)
    }

    /// The clock: the greatest time seen so far.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        match &self.rounds {
            Some(rounds) => rounds.clock,
            None => self.engine.now(),
        }
    }

    /// What was counted so far, as one engine counts; but that a timer that rules of several shards share fires in each of them, and a sample is
    /// dropped in each.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let own = self.engine.counters();
        let Some(rounds) = &self.rounds else { return own };
        let mut all = own;
        for lane in &rounds.merge.lanes {
            let Counters { unknown_results, held_back, lost_disarmed, samples_dropped, timers_fired, .. } = lane.counters;
            all.unknown_results += unknown_results;
            all.held_back += held_back;
            all.lost_disarmed += lost_disarmed;
            all.samples_dropped += samples_dropped;
            all.timers_fired += timers_fired;
            let Counters { opportunities, locked, crossed, ways_not_followed, .. } = lane.counters;
            all.opportunities += opportunities;
            all.locked += locked;
            all.crossed += crossed;
            all.ways_not_followed += ways_not_followed;
        }
        // The rest is counted where all events pass.
        let Counters { events, late, refused, unnamed, .. } = rounds.counters;
        Counters { events, late, refused, unnamed, signals: rounds.merge.seq, ..all }
    }

    /// What the plans of all shards consist of together, with the bytes of batches and pages.
    #[must_use]
    pub fn plan_stats(&self) -> PlanStats {
        self.rounds.as_ref().map_or_else(|| self.engine.plan_stats(), |rounds| rounds.stats)
    }

    /// The shards, the one on the thread that calls first: what each is of and what it did.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = ShardStats> {
        let all = self.counters();
        self.shards.iter().enumerate().map(move |(index, of)| match &self.rounds {
            None => ShardStats { events: all.events - all.unnamed, signals: all.signals, ..*of },
            Some(rounds) => {
                let lane = index.checked_sub(1).and_then(|index| rounds.merge.lanes.get(index));
                let (signals, early_pages) = lane
                    .map_or((self.engine.counters().signals, rounds.merge.early_pages), |lane| (lane.counters.signals, lane.early_pages));
                ShardStats { events: rounds.events.get(index).copied().unwrap_or(0), signals, early_pages, ..*of }
            }
        })
    }

    /// As [`Engine::on_event`].
    ///
    /// # Errors
    ///
    /// Where a number of the event can't be used, which changes nothing; and where a shard has ended.
    pub fn on_event<S: SignalSink + ?Sized>(&mut self, event: &Event<'_>, sink: &mut S) -> Result<(), ShardedError> {
        match &mut self.rounds {
            None => Ok(self.engine.on_event(event, sink)?),
            Some(rounds) => rounds.on_events(&mut self.engine, std::slice::from_ref(event), sink).map_err(|error| match error {
                ShardedError::Batch(refused) => refused.error.into(),
                other => other,
            }),
        }
    }

    /// As [`Engine::on_events`]; the larger the slice, the less each event costs.
    ///
    /// # Errors
    ///
    /// At the first event that is refused, with its place: those before it were taken, those after it are left to the caller. And where a shard has
    /// ended.
    pub fn on_events<S: SignalSink + ?Sized>(&mut self, events: &[Event<'_>], sink: &mut S) -> Result<(), ShardedError> {
        match &mut self.rounds {
            None => Ok(self.engine.on_events(events, sink)?),
            Some(rounds) => rounds.on_events(&mut self.engine, events, sink),
        }
    }

    /// As [`Engine::advance_to`].
    ///
    /// # Errors
    ///
    /// Where a shard has ended.
    pub fn advance_to<S: SignalSink + ?Sized>(&mut self, ts: Timestamp, sink: &mut S) -> Result<(), ShardedError> {
        match &mut self.rounds {
            None => self.engine.advance_to(ts, sink),
            Some(rounds) => rounds.advance_to(&mut self.engine, ts, sink)?,
        }
        Ok(())
    }

    /// As [`Engine::set_param`]: one step in all shards.
    ///
    /// # Errors
    ///
    /// Where there is no such parameter or the value does not fit it; nothing is changed then. And where a shard has ended.
    pub fn set_param<S: SignalSink + ?Sized>(&mut self, id: ParamId, value: Constant, sink: &mut S) -> Result<(), ShardedError> {
        let Some(rounds) = &mut self.rounds else { return Ok(self.engine.set_param(id, value, sink)?) };
        let plan = self.engine.plan();
        plan.params.get(id.0 as usize).ok_or(ParamError::UnknownParam(id))?.accept(&value, plan)?;
        rounds.accept(id, &value)?;
        rounds.call(&mut self.engine, &Job::Param(rounds.clock, id, value), sink)
    }

    /// As [`Engine::on_input`]: one step in all shards.
    ///
    /// # Errors
    ///
    /// Where there is no such input or the value is not of its type; nothing is changed then. And where a shard has ended.
    pub fn on_input<S: SignalSink + ?Sized>(&mut self, id: InputId, value: Option<Constant>, sink: &mut S) -> Result<(), ShardedError> {
        let Some(rounds) = &mut self.rounds else { return Ok(self.engine.on_input(id, value, sink)?) };
        let plan = self.engine.plan();
        plan.inputs.get(id.0 as usize).ok_or(ParamError::UnknownInput(id))?.accept(value.as_ref(), plan)?;
        rounds.call(&mut self.engine, &Job::Input(rounds.clock, id, value), sink)
    }
}

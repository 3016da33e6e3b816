//! Runs of one engine and of a sharded one over the same inputs, with all that can be seen of them.

use ascep_lang::Program;
use ascep_lang::program::Constant;
use ascep_runtime::event::{Event, InstrumentId, Timestamp};
use ascep_runtime::signal::{OwnedSignal, Signal};
use ascep_runtime::{Counters, Engine, EngineOptions, InputId, ParamId, ShardSettings, ShardedEngine, ShardedError};

use super::run::{DEFAULT_VENUE, Output, engine_functions};
use super::stream::Input;

/// What both kinds of engine can do.
pub trait Subject {
    fn instrument_of(&self, symbol: &str) -> Option<InstrumentId>;
    fn param_of(&self, name: &str) -> Option<ParamId>;
    fn input_of(&self, name: &str) -> Option<InputId>;
    /// The place of the event that is refused, where one is.
    fn take(&mut self, events: &[Event<'_>], sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), (usize, String)>;
    fn advance(&mut self, ts: Timestamp, sink: &mut dyn FnMut(&Signal<'_>));
    fn set(&mut self, id: ParamId, value: Constant, sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String>;
    fn host(&mut self, id: InputId, value: Option<Constant>, sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String>;
    fn clock(&self) -> Option<Timestamp>;
    fn count(&self) -> Counters;
}

impl Subject for Engine {
    fn instrument_of(&self, symbol: &str) -> Option<InstrumentId> {
        self.instrument(symbol)
    }
    fn param_of(&self, name: &str) -> Option<ParamId> {
        self.param(name)
    }
    fn input_of(&self, name: &str) -> Option<InputId> {
        self.input(name)
    }
    fn take(&mut self, events: &[Event<'_>], mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), (usize, String)> {
        self.on_events(events, &mut sink).map_err(|refused| (refused.index, refused.error.to_string()))
    }
    fn advance(&mut self, ts: Timestamp, mut sink: &mut dyn FnMut(&Signal<'_>)) {
        self.advance_to(ts, &mut sink);
    }
    fn set(&mut self, id: ParamId, value: Constant, mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String> {
        self.set_param(id, value, &mut sink).map_err(|error| error.to_string())
    }
    fn host(&mut self, id: InputId, value: Option<Constant>, mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String> {
        self.on_input(id, value, &mut sink).map_err(|error| error.to_string())
    }
    fn clock(&self) -> Option<Timestamp> {
        self.now()
    }
    fn count(&self) -> Counters {
        self.counters()
    }
}

impl Subject for ShardedEngine {
    fn instrument_of(&self, symbol: &str) -> Option<InstrumentId> {
        self.instrument(symbol)
    }
    fn param_of(&self, name: &str) -> Option<ParamId> {
        self.param(name)
    }
    fn input_of(&self, name: &str) -> Option<InputId> {
        self.input(name)
    }
    fn take(&mut self, events: &[Event<'_>], mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), (usize, String)> {
        let one = if let [event] = events { Some(event) } else { None };
        let taken = match one {
            Some(event) => self.on_event(event, &mut sink),
            None => self.on_events(events, &mut sink),
        };
        taken.map_err(|error| match error {
            ShardedError::Event(error) => (0, error.to_string()),
            ShardedError::Batch(refused) => (refused.index, refused.error.to_string()),
            other => panic!("{other}"),
        })
    }
    fn advance(&mut self, ts: Timestamp, mut sink: &mut dyn FnMut(&Signal<'_>)) {
        self.advance_to(ts, &mut sink).expect("all shards are alive");
    }
    fn set(&mut self, id: ParamId, value: Constant, mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String> {
        self.set_param(id, value, &mut sink).map_err(|error| error.to_string())
    }
    fn host(&mut self, id: InputId, value: Option<Constant>, mut sink: &mut dyn FnMut(&Signal<'_>)) -> Result<(), String> {
        self.on_input(id, value, &mut sink).map_err(|error| error.to_string())
    }
    fn clock(&self) -> Option<Timestamp> {
        self.now()
    }
    fn count(&self) -> Counters {
        self.counters()
    }
}

/// The options of the runs.
pub fn options(samples: usize) -> EngineOptions {
    EngineOptions::default().with_default_venue(DEFAULT_VENUE).with_max_window_samples(samples)
}

/// One engine.
pub fn one(program: &Program, samples: usize) -> Engine {
    Engine::with_functions(program, options(samples), &engine_functions()).expect("a compiled program can be run")
}

/// The same in shards.
pub fn sharded(program: &Program, samples: usize, settings: ShardSettings) -> ShardedEngine {
    ShardedEngine::with_functions(program, options(samples), settings, &engine_functions()).expect("a compiled program can be run")
}

/// All that can be seen: signals, what was refused and why, the clock after each call, and counters.
#[derive(Debug, Default)]
pub struct Seen {
    pub signals: Vec<OwnedSignal>,
    pub calls: Vec<(usize, Option<Timestamp>)>,
    pub refused_events: Vec<(usize, String)>,
    pub refused_settings: Vec<String>,
    pub counters: Counters,
}

/// Runs either over inputs, events in batches of up to so many.
pub fn run(subject: &mut dyn Subject, inputs: &[Input], batch: usize) -> Seen {
    let mut seen = Seen::default();
    let mut at = 0;
    while let Some(input) = inputs.get(at) {
        let signals = &mut seen.signals;
        let mut sink = |signal: &Signal<'_>| signals.push(signal.to_owned());
        at += 1;
        match input {
            Input::Event { .. } => {
                let more = inputs.iter().skip(at).take_while(|i| matches!(i, Input::Event { .. })).count().min(batch - 1);
                let batch = &inputs[at - 1..at + more];
                at += more;
                let held: Vec<_> =
                    batch.iter().filter_map(|i| if let Input::Event { what, .. } = i { Some(what.levels()) } else { None }).collect();
                let event = |(input, levels)| match input {
                    &Input::Event { ts, venue_ts, ref symbol, ref what } => {
                        let instrument = subject.instrument_of(symbol).unwrap_or(InstrumentId::UNNAMED);
                        Some(Event { ts, venue_ts, instrument, payload: what.payload(levels) })
                    }
                    _ => None,
                };
                let events: Vec<Event<'_>> = batch.iter().zip(&held).filter_map(event).collect();
                let mut rest = events.as_slice();
                while let Err((index, error)) = subject.take(rest, &mut sink) {
                    rest = &rest[index + 1..];
                    // By its place from the start, since batches differ.
                    seen.refused_events.push((at - rest.len() - 1, error));
                }
            }
            Input::Advance(ts) => subject.advance(*ts, &mut sink),
            Input::Set(name, value) => {
                let Some(param) = subject.param_of(name) else { continue };
                seen.refused_settings.extend(subject.set(param, *value, &mut sink).err());
            }
            Input::Host(name, value) => {
                let Some(input) = subject.input_of(name) else { continue };
                seen.refused_settings.extend(subject.host(input, *value, &mut sink).err());
            }
        }
        seen.calls.push((seen.signals.len(), subject.clock()));
    }
    seen.counters = subject.count();
    seen
}

/// What differs between one engine and shards, for people. A timer that shards share fires in each.
pub fn difference(name: &str, one: &Seen, other: &Seen, same_batches: bool) -> Option<String> {
    let output = |seen: &Seen| Output { signals: seen.signals.clone(), ..Output::default() };
    if let Some(difference) = super::run::exact_difference(["one engine", name], &output(one), &output(other)) {
        return Some(difference);
    }
    let count = |seen: &Seen| Counters { timers_fired: 0, samples_dropped: seen.counters.samples_dropped.min(1), ..seen.counters };
    let rest = |seen: &Seen| {
        let calls = if same_batches { seen.calls.clone() } else { Vec::new() };
        format!("{:?} {:?} {:?} {:?}", count(seen), seen.refused_events, seen.refused_settings, calls)
    };
    (rest(one) != rest(other)).then(|| format!("one engine:\n{}\n{name}:\n{}", rest(one), rest(other)))
}

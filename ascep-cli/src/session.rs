//! One engine with its output and its counts: events go in, signals come out, and at the end there is a summary. The same for live,
//! simulated and recorded data, so that a replay of a recording gives the signals of the live run, as far as the clock goes: live it
//! moves on in silence, a replay ends with its last event or where it is told to.

use std::num::NonZeroUsize;
use std::time::Instant;

use ascep_feeds::{MarketEvent, Symbols};
use ascep_lang::Program;
use ascep_lang::program::{Constant, Mode, Period};
use ascep_runtime::event::{InstrumentId, Timestamp};
use ascep_runtime::signal::{Head, Signal, SignalSink};
use ascep_runtime::{BuildError, EngineOptions, Explanation};

use crate::args::EngineArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::evaluator::{Evaluator, Refusal};
use crate::intake::{FeedOrder, Taker};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::refusals::Refusals;
use crate::summary::{Latency, Summary};

/// Turns of the shortest `EVERY` between two looks at Ctrl-C.
const TURNS: i64 = 100_000;

/// What the command line says about a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// `--quiet-start`
    quiet_start: bool,
    /// `--strict`
    strict: bool,
    /// `--max-window-samples`
    max_window_samples: Option<usize>,
    /// `--max-bytes`
    max_bytes: Option<usize>,
    /// Whether signals and rules can be explained.
    provenance: bool,
    /// `--shards`, and how many events they take at once.
    shards: Option<(usize, usize)>,
}

impl Settings {
    /// As the command line says.
    pub(crate) fn of(args: &EngineArgs) -> Self {
        Self {
            quiet_start: args.quiet_start,
            strict: false,
            provenance: false,
            shards: None,
            max_window_samples: args.max_window_samples.map(NonZeroUsize::get),
            max_bytes: args.max_bytes.map(|size| size.0),
        }
    }

    /// `--strict`
    pub(crate) fn with_strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Of an engine that can explain.
    pub(crate) fn with_provenance(self) -> Self {
        Self { provenance: true, ..self }
    }

    /// `--shards`; what waits for them may wait for as long as it takes `batch` events to come.
    pub(crate) fn with_shards(self, shards: Option<usize>, batch: usize) -> Self {
        Self { shards: shards.map(|shards| (shards, batch)), ..self }
    }

    fn options(self, default_venue: Option<&str>) -> EngineOptions {
        let mut options = EngineOptions::default().with_quiet_start(self.quiet_start).with_provenance(self.provenance);
        if let Some(samples) = self.max_window_samples {
            options = options.with_max_window_samples(samples);
        }
        if let Some(bytes) = self.max_bytes {
            options = options.with_max_bytes(bytes);
        }
        if let Some(venue) = default_venue {
            options = options.with_default_venue(venue);
        }
        options
    }
}

/// An engine at work.
pub(crate) struct Session {
    engine: Evaluator,
    output: Output,
    /// By [`SymbolId`](ascep_feeds::SymbolId), with the name; grows as new names come.
    instruments: Vec<(InstrumentId, String)>,
    /// By [`InstrumentId`]: whether data came.
    seen: Vec<bool>,
    events: u64,
    refusals: Refusals,
    first_ts: Option<Timestamp>,
    last_ts: Option<Timestamp>,
    began: Instant,
    latency: Latency,
    interrupt: Interrupt,
    /// The most time that the clock moves between two looks at Ctrl-C; None where no rule fires by the clock alone.
    stride: Option<i64>,
}

/// Hands signals on and takes the time.
struct Sink<'a> {
    output: &'a mut Output,
    latency: &'a mut Latency,
    began: Instant,
}

impl SignalSink for Sink<'_> {
    fn signal(&mut self, signal: &Signal<'_>) {
        self.latency.record(self.began.elapsed());
        self.output.signal(signal);
    }
}

impl Session {
    /// Builds the engine.
    pub(crate) fn new(
        program: &Program,
        default_venue: Option<&str>,
        settings: Settings,
        output: Output,
        console: &Console,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let engine = Evaluator::new(program, settings.options(default_venue), settings.shards).map_err(|error| match error {
            BuildError::Memory { .. } | BuildError::Exhausted { .. } => Failure::Build(format!(
                "{error}; `ascep check --memory` says which rules need it; `max = n` in a window or `--max-window-samples N` for all of them makes windows smaller, `--max-bytes SIZE` allows more"
            )),
            _ => Failure::Build(error.to_string()),
        })?;
        match *engine.shards() {
            [] => {}
            [_] => console.note(&"the rules are one part, in which each reads what another one reads, so they run on one core"),
            ref shards => {
                let rules: Vec<String> = shards.iter().map(ToString::to_string).collect();
                console.note(&format_args!("{} shards, of {} rules", rules.len(), rules.join(" and ")));
            }
        }
        let seen = vec![false; engine.instruments().count()];
        Ok(Self {
            engine,
            output,
            instruments: Vec::new(),
            seen,
            events: 0,
            refusals: Refusals::new(settings.strict, console),
            first_ts: None,
            last_ts: None,
            began: Instant::now(),
            latency: Latency::new(),
            interrupt: interrupt.clone(),
            stride: shortest_turn(program).map(|turn| turn.saturating_mul(TURNS)),
        })
    }

    /// Brings the clock near to `ts` in strides, so that Ctrl-C and a closed stdout end a rule that fires and fires in a long silence.
    /// The timers fire in the same order, each at its own time, however the way is divided.
    fn stride_to(&mut self, ts: Timestamp) -> Result<(), Failure> {
        let Some(stride) = self.stride else { return Ok(()) };
        while let Some(now) = self.engine.now()
            && let next = now.saturating_add(stride)
            && next < ts
        {
            if self.interrupt.came() {
                return Err(Failure::Interrupted);
            }
            self.take_waiting()?;
            self.advance(next)?;
        }
        Ok(())
    }

    fn advance(&mut self, ts: Timestamp) -> Result<(), Failure> {
        let mut sink = Sink { output: &mut self.output, latency: &mut self.latency, began: Instant::now() };
        self.engine.advance_to(ts, &mut sink)?;
        self.output.check()
    }

    /// Evaluates the events that wait for others.
    fn take_waiting(&mut self) -> Result<(), Failure> {
        let mut sink = Sink { output: &mut self.output, latency: &mut self.latency, began: Instant::now() };
        let refusal = self.engine.take_waiting(&mut sink)?;
        self.taken(refusal)
    }

    /// Sees to what was refused, and to what waits behind it.
    fn taken(&mut self, mut refusal: Option<Refusal>) -> Result<(), Failure> {
        while let Some(Refusal { event, error }) = refusal {
            self.events = self.events.saturating_sub(1);
            let name = self.instruments.get(event.symbol.0 as usize).map_or("", |(_, name)| name);
            self.refusals.refuse(&format_args!("event at {} of {name}: {error}", event.ts))?;
            let mut sink = Sink { output: &mut self.output, latency: &mut self.latency, began: Instant::now() };
            refusal = self.engine.take_waiting(&mut sink)?;
        }
        self.output.check()
    }

    /// The rules, each with its name and bindings.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (u32, Head<'_>)> {
        self.engine.rules()
    }

    /// How a rule stands.
    pub(crate) fn explain(&mut self, rule: u32) -> Result<Explanation, Failure> {
        self.engine.explain(rule)
    }

    /// The explanation of the signal that was waited for.
    pub(crate) fn explained(&mut self) -> Option<Explanation> {
        self.output.explained()
    }

    /// Signals so far.
    pub(crate) fn signals(&self) -> u64 {
        self.output.signals()
    }

    /// The instruments of the rules of which no data came, as the rules write them.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let seen = |id: InstrumentId| self.seen.get(id.0 as usize).copied().unwrap_or(false);
        self.engine.instruments().filter(|&(id, _)| !seen(id)).map(|(_, name)| name.to_owned()).collect()
    }

    /// Writes what is left of the signals and gives the counts.
    pub(crate) fn finish(mut self, conflated: u64, order: Vec<FeedOrder>) -> (Summary, Result<(), Failure>) {
        let taken = self.take_waiting();
        let ended = taken.and(self.output.finish());
        let counters = self.engine.counters();
        let summary = Summary {
            events: self.events,
            signals: self.output.signals(),
            refused: self.refusals.count(),
            conflated,
            order,
            engine: counters,
            wall: self.began.elapsed(),
            latency: self.latency,
        };
        (summary, ended)
    }

    /// Looks up names that came since the last time.
    fn learn(&mut self, symbols: &Symbols) {
        for (_, name) in symbols.iter().skip(self.instruments.len()) {
            self.instruments.push((self.engine.instrument(name).unwrap_or(InstrumentId::UNNAMED), name.to_owned()));
        }
    }
}

impl Taker for Session {
    fn event(&mut self, event: &MarketEvent, symbols: &Symbols) -> Result<(), Failure> {
        let index = event.symbol.0 as usize;
        if index >= self.instruments.len() {
            self.learn(symbols);
        }
        let instrument = self.instruments.get(index).map_or(InstrumentId::UNNAMED, |known| known.0);
        if event.to_engine(instrument).is_none() {
            return Ok(());
        }
        // What is due before the event, where that is much; the rest is done with the event. Should the engine refuse the event, its time
        // has come all the same.
        self.stride_to(event.ts.saturating_sub(1))?;
        let mut sink = Sink { output: &mut self.output, latency: &mut self.latency, began: Instant::now() };
        let refusal = self.engine.event(event, instrument, &mut sink)?;
        self.events += 1;
        if refusal.as_ref().is_none_or(|refusal| (refusal.event.ts, refusal.event.symbol) != (event.ts, event.symbol)) {
            self.first_ts = self.first_ts.or(Some(event.ts));
            self.last_ts = self.last_ts.max(Some(event.ts));
            if let Some(seen) = self.seen.get_mut(instrument.0 as usize) {
                *seen = true;
            }
        }
        self.taken(refusal)
    }

    fn refuse(&mut self, what: &dyn std::fmt::Display) -> Result<(), Failure> {
        self.refusals.refuse(what)
    }

    fn add_refused(&mut self, n: u64) {
        self.refusals.add(n);
    }

    fn advance_to(&mut self, ts: Timestamp) -> Result<(), Failure> {
        self.take_waiting()?;
        self.stride_to(ts)?;
        self.advance(ts)
    }

    fn clock(&self) -> Option<Timestamp> {
        self.engine.now()
    }

    fn first_ts(&self) -> Option<Timestamp> {
        self.first_ts
    }

    fn is_done(&self) -> bool {
        self.output.is_done()
    }

    fn last_ts(&self) -> Option<Timestamp> {
        self.last_ts
    }

    fn events(&self) -> u64 {
        self.events
    }
}

/// The shortest `EVERY` of the rules, in nanoseconds.
fn shortest_turn(program: &Program) -> Option<i64> {
    let turns = program.rules.iter().filter_map(|rule| match rule.mode {
        Mode::Every(Period::Fixed(turn)) => Some(turn),
        Mode::Every(Period::Param(param)) => match program.tables.params.get(param.0 as usize)?.value {
            Constant::Duration(turn) => Some(turn),
            _ => None,
        },
        _ => None,
    });
    turns.min().map(|turn| turn.max(1))
}

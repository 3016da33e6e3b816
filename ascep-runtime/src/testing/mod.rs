//! Runs the tests of a program: each `TEST` block on an engine of its own, and what came against what was expected.
//!
//! The clock starts at offset 0, which is the ts 0. There is no default venue. What is set before anything happens holds from the start. A test
//! ends with the clock at the largest offset that it names.

mod report;

pub use report::{Line, Mark, expectation, report};

use ascep_lang::Program;
use ascep_lang::tests::{Expected, ExpectedValue, Test, TestAction, TestEvent, TestPayload};

use crate::engine::Engine;
use crate::error::{BuildError, EventError, ParamError};
use crate::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Trade};
use crate::options::EngineOptions;
use crate::signal::{OwnedSignal, Signal, Value};

/// The most signals that a test may give.
pub const MAX_SIGNALS: usize = 100_000;
/// The most timers that may fire in a test: an `EVERY` that is held back by a `COOLDOWN` gives no signal and takes its time all the same.
pub const MAX_TIMERS: u64 = 20_000_000;
/// How far apart numbers may be that count as equal, relative to the larger.
pub const TOLERANCE: f64 = 1e-9;

/// What came of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// All signals in order; `ts` is the offset.
    pub signals: Vec<OwnedSignal>,
    /// What was expected and did not come.
    pub missing: Vec<Missing>,
    /// Signals that must not have come, by their places in `signals`.
    pub unexpected: Vec<usize>,
}

impl Outcome {
    /// Whether the test passes.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// An expectation that no signal meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// Its place in [`Test::expected`].
    pub expected: usize,
    /// The unexpected signal of that name that comes nearest, by its place in [`Outcome::signals`]: at the same offset with other fields, or
    /// at the nearest offset. No signal is the nearest of two.
    pub nearest: Option<usize>,
}

/// Why a test could not be run to its end.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The engine will not take the program.
    #[error("the program cannot be run")]
    Build(#[from] BuildError),
    /// An event was refused.
    #[error("the event is refused")]
    Event {
        /// The place of the step in [`Test::steps`].
        step: usize,
        /// Why.
        source: EventError,
    },
    /// A parameter could not be set.
    #[error("the parameter cannot be set")]
    Param(#[from] ParamError),
    /// There were more signals than a test may give.
    #[error("more than {MAX_SIGNALS} signals came")]
    TooManySignals,
    /// More timers fired than may in a test.
    #[error("more than {MAX_TIMERS} timers fired")]
    TooManyTimers,
}

/// Runs a test on a new engine.
///
/// # Errors
///
/// Where it could not be run to its end.
pub fn run(program: &Program, test: &Test, options: EngineOptions) -> Result<Outcome, TestError> {
    let signals = Run::new(program, options)?.signals(test)?;
    Ok(judge(test, signals))
}

/// An engine with what it gave.
struct Run {
    engine: Engine,
    signals: Vec<OwnedSignal>,
    clock: i64,
}

impl Run {
    fn new(program: &Program, options: EngineOptions) -> Result<Self, TestError> {
        Ok(Self { engine: Engine::new(program, options)?, signals: Vec::new(), clock: 0 })
    }

    fn signals(mut self, test: &Test) -> Result<Vec<OwnedSignal>, TestError> {
        for (param, value) in &test.params {
            self.engine.set_param(*param, *value, &mut |_: &Signal<'_>| {})?;
        }
        self.advance(0)?;
        for (step, at) in test.steps.iter().enumerate() {
            match &at.what {
                TestAction::Advance => self.advance(at.at)?,
                TestAction::Set(param, value) => {
                    self.before(at.at)?;
                    let Self { engine, signals, .. } = &mut self;
                    engine.set_param(*param, *value, &mut |signal: &Signal<'_>| keep(signals, signal))?;
                }
                TestAction::Event(event) => {
                    self.before(at.at)?;
                    self.event(event, at.at).map_err(|source| TestError::Event { step, source })?;
                }
            }
            self.bounded()?;
        }
        self.advance(test.end)?;
        Ok(self.signals)
    }

    /// Lets the timers fire that come before what happens at an offset.
    fn before(&mut self, at: i64) -> Result<(), TestError> {
        if at > self.clock { self.advance(at - 1) } else { Ok(()) }
    }

    /// Brings the clock to an offset, a little at a time, so that a rule that fires without end is noticed.
    fn advance(&mut self, to: i64) -> Result<(), TestError> {
        let longest = LONGEST_STRIDE.max(to.saturating_sub(self.clock) / STRIDES);
        let mut stride = SHORTEST_STRIDE;
        loop {
            let next = self.clock.saturating_add(stride).min(to);
            let before = self.engine.counters().timers_fired;
            let Self { engine, signals, .. } = self;
            engine.advance_to(next, &mut |signal: &Signal<'_>| keep(signals, signal));
            self.clock = self.clock.max(next);
            self.bounded()?;
            if next >= to {
                return Ok(());
            }
            // Far in few strides where it is quiet.
            let busy = self.engine.counters().timers_fired - before > BUSY;
            stride = if busy { SHORTEST_STRIDE } else { stride.saturating_mul(2).min(longest) };
        }
    }

    fn event(&mut self, event: &TestEvent, at: i64) -> Result<(), EventError> {
        let instrument = self.engine.instrument(&event.symbol).unwrap_or(InstrumentId::UNNAMED);
        let levels = |side: &[(f64, f64)]| side.iter().map(|&(price, qty)| Level { price, qty }).collect::<Vec<_>>();
        let given = |x: Option<f64>| x.unwrap_or(MISSING);
        let (bids, asks);
        let payload = match &event.what {
            TestPayload::Trade { price, qty, side } => Payload::Trade(Trade { price: *price, qty: given(*qty), side: *side }),
            TestPayload::Quote { bid, ask, bid_qty, ask_qty } => {
                Payload::Quote(Quote { bid: given(*bid), ask: given(*ask), bid_qty: given(*bid_qty), ask_qty: given(*ask_qty) })
            }
            TestPayload::Book { bids: b, asks: a } => {
                (bids, asks) = (levels(b), levels(a));
                Payload::Book(Book { bids: &bids, asks: &asks })
            }
        };
        let Self { engine, signals, .. } = self;
        let event = Event { ts: at, venue_ts: event.venue_ts, instrument, payload };
        engine.on_event(&event, &mut |signal: &Signal<'_>| keep(signals, signal))?;
        self.clock = self.clock.max(at);
        Ok(())
    }

    fn bounded(&self) -> Result<(), TestError> {
        if self.signals.len() > MAX_SIGNALS {
            return Err(TestError::TooManySignals);
        }
        if self.engine.counters().timers_fired > MAX_TIMERS { Err(TestError::TooManyTimers) } else { Ok(()) }
    }
}

/// A millisecond.
const SHORTEST_STRIDE: i64 = 1_000_000;
/// A minute, unless that is too short to get far in [`STRIDES`].
const LONGEST_STRIDE: i64 = 60_000_000_000;
const STRIDES: i64 = 1_000_000;
/// Timers of a stride after which the next one is short.
const BUSY: u64 = 1_000;

/// Keeps a signal, and of those beyond the limit one.
fn keep(signals: &mut Vec<OwnedSignal>, signal: &Signal<'_>) {
    if signals.len() <= MAX_SIGNALS {
        signals.push(signal.to_owned());
    }
}

/// What is missing, and what must not have come.
fn judge(test: &Test, signals: Vec<OwnedSignal>) -> Outcome {
    let met = meet(test, &signals);
    let mut taken = vec![false; signals.len()];
    for place in met.iter().flatten() {
        if let Some(slot) = taken.get_mut(*place) {
            *slot = true;
        }
    }
    let names: std::collections::BTreeSet<&str> = test.expected.iter().map(|e| e.signal.as_str()).collect();
    let counts = |signal: &OwnedSignal| test.none || names.contains(signal.head.signal.as_str());
    let unexpected: Vec<usize> =
        signals.iter().zip(&taken).enumerate().filter(|(_, (signal, taken))| !**taken && counts(signal)).map(|(place, _)| place).collect();
    let mut free = unexpected.clone();
    let missing = test.expected.iter().zip(&met).enumerate().filter(|(_, (_, met))| met.is_none());
    let missing = missing.map(|(expected, (wanted, _))| {
        let far = |place: &usize| signals.get(*place).map_or(i64::MAX, |s| s.ts.saturating_sub(wanted.at).saturating_abs());
        let same = |place: &usize| signals.get(*place).is_some_and(|s| s.head.signal == wanted.signal);
        let nearest = free.iter().copied().filter(same).min_by_key(far);
        free.retain(|place| Some(*place) != nearest);
        Missing { expected, nearest }
    });
    let missing = missing.collect();
    Outcome { signals, missing, unexpected }
}

/// The signal that meets each expectation, no signal meeting two, and as many met as can be.
fn meet(test: &Test, signals: &[OwnedSignal]) -> Vec<Option<usize>> {
    let by_time = |at: i64| {
        let start = signals.partition_point(|s| s.ts < at);
        let end = signals.partition_point(|s| s.ts <= at);
        start..end
    };
    let mut of_signal: Vec<Option<usize>> = vec![None; signals.len()];
    let mut met: Vec<Option<usize>> = vec![None; test.expected.len()];
    for wanted in 0..test.expected.len() {
        // A way from this expectation to a signal that is free, on which each that has one takes the next (Kuhn 1955), searched breadth first.
        let mut from: Vec<Option<usize>> = vec![None; signals.len()];
        let mut open = std::collections::VecDeque::from([wanted]);
        let mut end = None;
        while let (Some(at), None) = (open.pop_front(), end) {
            let Some(expected) = test.expected.get(at) else { break };
            for place in by_time(expected.at) {
                let (Some(signal), Some(slot)) = (signals.get(place), from.get_mut(place)) else { continue };
                if slot.is_some() || !is_met(expected, signal) {
                    continue;
                }
                *slot = Some(at);
                match of_signal.get(place).copied().flatten() {
                    Some(other) => open.push_back(other),
                    None => {
                        end = Some(place);
                        break;
                    }
                }
            }
        }
        while let Some(place) = end {
            let Some(at) = from.get(place).copied().flatten() else { break };
            end = met.get(at).copied().flatten();
            if let (Some(met), Some(of)) = (met.get_mut(at), of_signal.get_mut(place)) {
                (*met, *of) = (Some(place), Some(at));
            }
            if at == wanted {
                break;
            }
        }
    }
    met
}

/// Whether a signal is what is expected.
#[must_use]
pub fn is_met(expected: &Expected, signal: &OwnedSignal) -> bool {
    signal.ts == expected.at
        && signal.head.signal == expected.signal
        && expected.fields.iter().all(|(name, value)| field(signal, name).is_some_and(|got| is_value(value, &got)))
}

/// The value of a field of a signal.
#[must_use]
pub fn field<'s>(signal: &'s OwnedSignal, name: &str) -> Option<Value<'s>> {
    let place = signal.head.fields.iter().position(|field| field == name)?;
    signal.values.get(place).map(crate::signal::OwnedValue::as_value)
}

/// Whether a value is the one that is expected; the last digits of a number may differ ([`TOLERANCE`]).
#[must_use]
pub fn is_value(expected: &ExpectedValue, got: &Value<'_>) -> bool {
    match (expected, got) {
        (ExpectedValue::Unknown, Value::Unknown) => true,
        (ExpectedValue::Num(want), Value::Num(got)) => want == got || (want - got).abs() <= TOLERANCE * want.abs().max(got.abs()),
        (ExpectedValue::Bool(want), Value::Bool(got)) => want == got,
        (ExpectedValue::Duration(want), Value::Duration(got) | Value::Timestamp(got)) => want == got,
        (ExpectedValue::Text(want), Value::Text(got) | Value::Symbol(got)) => want == got,
        _ => false,
    }
}

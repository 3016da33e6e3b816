//! Runs of the engine and of the reference over the same inputs, and the comparison of what they give.

use ascep_lang::{InputType, Options, Program, Source, TypedRules, analyze};
use ascep_runtime::event::InstrumentId;
use ascep_runtime::reference::{Reference, ReferenceError, ReferenceOptions};
use ascep_runtime::signal::{OwnedSignal, OwnedValue, Signal};
use ascep_runtime::{Engine, EngineOptions};

use super::generate::{LEVEL_INPUT, NUMBER_INPUT};
use super::stream::Input;

/// The venue of symbols without one.
pub const DEFAULT_VENUE: &str = "b";
/// Small, so that generated windows overflow.
pub const WINDOW_SAMPLES: usize = 6;

/// A text compiled: for the reference and for the engine. `Err` has the diagnostics.
pub fn compile(text: &str) -> Result<(TypedRules, Program), String> {
    let sources = [Source::new("generated.cep", text)];
    let options = Options::default().with_input(NUMBER_INPUT, InputType::Number).with_input(LEVEL_INPUT, InputType::Bool);
    let analysis = analyze(&sources, &options);
    match (analysis.typed, analysis.program) {
        (Some(typed), Some(program)) => Ok((typed, program)),
        _ => Err(format!("{:?}", analysis.diagnostics)),
    }
}

/// What a run gives: signals, and what was counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    pub signals: Vec<OwnedSignal>,
    /// Events refused.
    pub refused_events: u64,
    /// Settings refused.
    pub refused_settings: u64,
    /// Events, signals, late, held back, lost while disarmed, and 1 where samples were dropped: how many depends on what is shared.
    pub counts: [u64; 6],
    /// Of the engine: rules that it runs in columns, and all.
    pub in_columns: (usize, usize),
}

/// Runs the engine.
pub fn run_engine(program: &Program, inputs: &[Input]) -> Output {
    let options = EngineOptions::default().with_default_venue(DEFAULT_VENUE).with_max_window_samples(WINDOW_SAMPLES);
    let mut engine = Engine::new(program, options).expect("a compiled program can be run");
    let mut out = Output::default();
    let mut signals = Vec::new();
    let mut sink = |signal: &Signal<'_>| signals.push(signal.to_owned());
    for input in inputs {
        match input {
            Input::Event { ts, venue_ts, symbol, what } => {
                let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
                let taken = what.with_event(*ts, *venue_ts, instrument, |event| engine.on_event(event, &mut sink));
                out.refused_events += u64::from(taken.is_err());
            }
            Input::Advance(ts) => engine.advance_to(*ts, &mut sink),
            Input::Set(name, value) => {
                let Some(param) = engine.param(name) else { continue };
                out.refused_settings += u64::from(engine.set_param(param, *value, &mut sink).is_err());
            }
            Input::Host(name, value) => {
                let Some(input) = engine.input(name) else { continue };
                out.refused_settings += u64::from(engine.on_input(input, *value, &mut sink).is_err());
            }
        }
    }
    let (counters, plan) = (engine.counters(), engine.plan_stats());
    out.in_columns = (plan.shape_rules, plan.rules);
    out.signals = signals;
    out.counts =
        [counters.events, counters.signals, counters.late, counters.held_back, counters.lost_disarmed, counters.samples_dropped.min(1)];
    out
}

/// Runs the reference.
pub fn run_reference(rules: &TypedRules, inputs: &[Input]) -> Output {
    let options = ReferenceOptions { default_venue: Some(DEFAULT_VENUE.into()), max_window_samples: WINDOW_SAMPLES };
    let mut reference = Reference::new(rules, options).expect("typed rules can be run");
    let mut out = Output::default();
    for input in inputs {
        let signals = match input {
            Input::Event { ts, venue_ts, symbol, what } => {
                what.with_event(*ts, *venue_ts, InstrumentId::UNNAMED, |event| reference.on_event(symbol, event))
            }
            Input::Advance(ts) => reference.advance_to(*ts),
            Input::Set(name, value) => settled(reference.set_param(name, *value), &mut out.refused_settings),
            Input::Host(name, value) => settled(reference.set_input(name, *value), &mut out.refused_settings),
        };
        out.signals.extend(signals);
    }
    let counters = reference.counters();
    out.refused_events = counters.refused;
    out.counts = [counters.events, counters.signals, counters.late, counters.held_back, counters.lost_disarmed, counters.dropped.min(1)];
    out
}

/// A name that the rules no longer have is passed over: shrinking takes parameters away.
fn settled(signals: Result<Vec<OwnedSignal>, ReferenceError>, refused: &mut u64) -> Vec<OwnedSignal> {
    signals.unwrap_or_else(|error| {
        *refused += u64::from(!matches!(error, ReferenceError::UnknownName(_)));
        Vec::new()
    })
}

/// What differs between two runs, for people; `None` where nothing does. Numbers are the same to the last bit.
pub fn difference(engine: &Output, reference: &Output) -> Option<String> {
    let same_signals =
        engine.signals.len() == reference.signals.len() && engine.signals.iter().zip(&reference.signals).all(|(a, b)| same(a, b));
    let counts = |o: &Output| (o.counts, o.refused_events, o.refused_settings);
    if same_signals && counts(engine) == counts(reference) {
        return None;
    }
    let list = |signals: &[OwnedSignal]| signals.iter().map(|s| format!("    {}\n", line(s))).collect::<String>();
    let (of_engine, of_reference) = (list(&engine.signals), list(&reference.signals));
    Some(format!("engine, counts {:?}:\n{of_engine}reference, counts {:?}:\n{of_reference}", counts(engine), counts(reference)))
}

/// Whether two signals are the same, numbers to the last bit. The sign of a zero is not a matter of the language.
pub fn same(a: &OwnedSignal, b: &OwnedSignal) -> bool {
    a.seq == b.seq && a.ts == b.ts && a.head == b.head && same_values(&a.values, &b.values)
}

/// Whether two lists of field values are the same.
pub fn same_values(a: &[OwnedValue], b: &[OwnedValue]) -> bool {
    let same = |(a, b): (&OwnedValue, &OwnedValue)| match (a, b) {
        (OwnedValue::Num(x), OwnedValue::Num(y)) => x.to_bits() == y.to_bits() || (*x == 0.0 && *y == 0.0),
        _ => a == b,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// One signal on one line.
pub fn line(signal: &OwnedSignal) -> String {
    let OwnedSignal { seq, ts, head, values } = signal;
    let fields: Vec<_> = head.fields.iter().zip(values).map(|(name, value)| format!("{name} = {value:?}")).collect();
    format!("{seq} at {ts}: {} {} {:?} {}", head.rule, head.signal, head.instance, fields.join(", "))
}

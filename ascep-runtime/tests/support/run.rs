//! Runs of the engine and of the reference over the same inputs, and the comparison of what they give.

use ascep_lang::{InputType, Options, Program, Source, TypedRules, analyze};
use ascep_runtime::event::{Event, InstrumentId};
use ascep_runtime::reference::{self, Reference, ReferenceError, ReferenceOptions};
use ascep_runtime::signal::{OwnedSignal, OwnedValue, Signal, Value};
use ascep_runtime::{Engine, EngineOptions, HostFunctions};

use super::generate::{LEVEL_INPUT, NUMBER_INPUT};
use super::stream::Input;

/// The venue of symbols without one.
pub const DEFAULT_VENUE: &str = "b";

/// A text compiled: for the reference and for the engine. `Err` has the diagnostics.
pub fn compile(text: &str) -> Result<(TypedRules, Program), String> {
    let sources = [Source::new("generated.cep", text)];
    let options = Options::default()
        .with_input(NUMBER_INPUT, InputType::Number)
        .with_input(LEVEL_INPUT, InputType::Bool)
        .with_function("host_mix", [InputType::Number, InputType::Number], InputType::Number)
        .with_function("host_over", [InputType::Duration, InputType::Duration], InputType::Bool)
        .with_function("host_twice", [InputType::Duration], InputType::Duration);
    let analysis = analyze(&sources, &options);
    match (analysis.typed, analysis.program) {
        (Some(typed), Some(program)) => Ok((typed, program)),
        _ => Err(format!("{:?}", analysis.diagnostics)),
    }
}

/// The functions of the host: exact ones, of which one is unknown at times and one is a level. Written twice, since engine and reference take
/// values of different types.
pub fn engine_functions() -> HostFunctions {
    HostFunctions::new()
        .with("host_mix", |args| match args {
            [Value::Num(x), Value::Num(y)] if x != y => Value::Num(x - 2.0 * y),
            _ => Value::Unknown,
        })
        .with("host_over", |args| match args {
            [Value::Duration(x), Value::Duration(y)] => Value::Bool(x > y),
            _ => Value::Unknown,
        })
        .with("host_twice", |args| match args {
            [Value::Duration(x)] => x.checked_mul(2).map_or(Value::Unknown, Value::Duration),
            _ => Value::Unknown,
        })
}

fn reference_functions() -> reference::HostFunctions {
    reference::HostFunctions::default()
        .with("host_mix", |args| match args {
            [OwnedValue::Num(x), OwnedValue::Num(y)] if x != y => OwnedValue::Num(x - 2.0 * y),
            _ => OwnedValue::Unknown,
        })
        .with("host_over", |args| match args {
            [OwnedValue::Duration(x), OwnedValue::Duration(y)] => OwnedValue::Bool(x > y),
            _ => OwnedValue::Unknown,
        })
        .with("host_twice", |args| match args {
            [OwnedValue::Duration(x)] => x.checked_mul(2).map_or(OwnedValue::Unknown, OwnedValue::Duration),
            _ => OwnedValue::Unknown,
        })
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

/// How an engine is run: it must make no difference.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// How many events it is given at a time.
    pub batch: usize,
    /// Whether rules run in columns.
    pub columns: bool,
    /// With machine code, where the feature is on.
    pub jit: bool,
    /// Whether it keeps what explanations need.
    pub provenance: bool,
    /// The most samples of a time window.
    pub samples: usize,
    /// What happens to the engine now and then.
    pub breaks: Break,
}

/// What happens to an engine while it runs; the number says when.
#[derive(Debug, Clone, Copy)]
pub enum Break {
    Never,
    /// It is written and read again.
    Restore(u64),
    /// Its program is replaced, by itself or by another one with the same rules.
    Replace(u64),
}

impl Break {
    /// Whether it happens before the input at a place: before about a quarter of them.
    fn is_before(self, place: usize) -> bool {
        let (Self::Restore(seed) | Self::Replace(seed)) = self else { return false };
        (place as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62 == 0
    }
}

impl Default for Way {
    fn default() -> Self {
        Self { batch: 1, columns: true, jit: true, provenance: false, samples: 6, breaks: Break::Never }
    }
}

/// Runs the engine.
pub fn run_engine(program: &Program, samples: usize, inputs: &[Input]) -> Output {
    run_engine_in(Way { samples, ..Way::default() }, program, program, inputs)
}

/// Runs the engine in one of several ways; `other` is what its program is replaced by.
pub fn run_engine_in(way: Way, program: &Program, other: &Program, inputs: &[Input]) -> Output {
    let functions = engine_functions();
    let options = EngineOptions::default()
        .with_default_venue(DEFAULT_VENUE)
        .with_max_window_samples(way.samples)
        .with_columns(way.columns)
        .with_jit(way.jit)
        .with_provenance(way.provenance);
    let mut engine = Engine::with_functions(program, options.clone(), &functions).expect("a compiled program can be run");
    let mut out = Output::default();
    let mut signals = Vec::new();
    let mut sink = |signal: &Signal<'_>| signals.push(signal.to_owned());
    let mut at = 0;
    while let Some(input) = inputs.get(at) {
        match way.breaks {
            Break::Restore(_) if way.breaks.is_before(at) => {
                let bytes = engine.snapshot();
                let restored = Engine::restore_with_functions(program, options.clone(), &functions, &bytes);
                let (restored, report) = restored.expect("a snapshot can be read");
                assert!(report.is_all_kept(), "of the same program all is kept: {report:#?}");
                engine = restored;
                // With explanations, since when a step of a sequence that reads labels is as it is may be written otherwise. No signal shows it.
                assert!(way.provenance || engine.snapshot() == bytes, "what was restored is written in another way");
            }
            Break::Replace(_) if way.breaks.is_before(at) => {
                engine.replace(other).expect("a compiled program can replace another");
            }
            _ => {}
        }
        at += 1;
        match input {
            Input::Event { .. } => {
                let more = inputs.iter().skip(at).take_while(|i| matches!(i, Input::Event { .. })).count().min(way.batch - 1);
                out.refused_events += on_events(&mut engine, &inputs[at - 1..at + more], &mut sink);
                at += more;
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

/// Gives the engine events, one at a time or in a batch, and says how many it refuses.
fn on_events(engine: &mut Engine, inputs: &[Input], sink: &mut impl FnMut(&Signal<'_>)) -> u64 {
    let held: Vec<_> = inputs.iter().filter_map(|i| if let Input::Event { what, .. } = i { Some(what.levels()) } else { None }).collect();
    let event = |(input, levels)| match input {
        &Input::Event { ts, venue_ts, ref symbol, ref what } => {
            let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
            Some(Event { ts, venue_ts, instrument, payload: what.payload(levels) })
        }
        _ => None,
    };
    let events: Vec<Event<'_>> = inputs.iter().zip(&held).filter_map(event).collect();
    let mut rest = events.as_slice();
    let mut refused = 0;
    if let &[event] = rest {
        return u64::from(engine.on_event(&event, sink).is_err());
    }
    while let Err(error) = engine.on_events(rest, sink) {
        refused += 1;
        rest = &rest[error.index + 1..];
    }
    refused
}

/// Runs the reference.
pub fn run_reference(rules: &TypedRules, samples: usize, inputs: &[Input]) -> Output {
    let options = ReferenceOptions { default_venue: Some(DEFAULT_VENUE.into()), max_window_samples: samples };
    let mut reference = Reference::with_functions(rules, options, reference_functions()).expect("typed rules can be run");
    let mut out = Output::default();
    for input in inputs {
        let signals = match input {
            Input::Event { ts, venue_ts, symbol, what } => {
                let levels = what.levels();
                let (ts, venue_ts, payload) = (*ts, *venue_ts, what.payload(&levels));
                reference.on_event(symbol, &Event { ts, venue_ts, instrument: InstrumentId::UNNAMED, payload })
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

/// What differs between engine and reference, for people; `None` where nothing does.
pub fn difference(engine: &Output, reference: &Output) -> Option<String> {
    differs_by(nearly_same, ["engine", "reference"], engine, reference)
}

/// What differs between two runs of the engine; numbers are the same to the last bit.
pub fn exact_difference(ways: [&str; 2], a: &Output, b: &Output) -> Option<String> {
    differs_by(same, ways, a, b)
}

fn differs_by(same: fn(&OwnedSignal, &OwnedSignal) -> bool, names: [&str; 2], a: &Output, b: &Output) -> Option<String> {
    let same_signals = a.signals.len() == b.signals.len() && a.signals.iter().zip(&b.signals).all(|(a, b)| same(a, b));
    let counts = |o: &Output| (o.counts, o.refused_events, o.refused_settings);
    if same_signals && counts(a) == counts(b) {
        return None;
    }
    let list = |o: &Output| o.signals.iter().map(|s| format!("    {}\n", line(s))).collect::<String>();
    let [first, second] = names;
    Some(format!("{first}, counts {:?}:\n{}{second}, counts {:?}:\n{}", counts(a), list(a), counts(b), list(b)))
}

/// Whether two signals are the same, numbers to the last bit. The sign of a zero is not a matter of the language.
pub fn same(a: &OwnedSignal, b: &OwnedSignal) -> bool {
    a.seq == b.seq && a.ts == b.ts && a.head == b.head && same_values(&a.values, &b.values)
}

/// The same, except that the numbers of fields which are named so may differ by rounding: they come from sums that an engine makes in another
/// order than the definition has it.
fn nearly_same(a: &OwnedSignal, b: &OwnedSignal) -> bool {
    let close = |(name, (a, b)): (&String, (&OwnedValue, &OwnedValue))| match (a, b) {
        (OwnedValue::Num(x), OwnedValue::Num(y)) if name.starts_with('g') => {
            // The second part is for differences of nearly equal numbers: deviations, slopes and changes that are 0 but for rounding.
            (x - y).abs() <= 1e-9 * x.abs().max(y.abs()) + 1e-12
        }
        _ => same_values(std::slice::from_ref(a), std::slice::from_ref(b)),
    };
    let values = || a.values.iter().zip(&b.values);
    a.seq == b.seq && a.ts == b.ts && a.head == b.head && a.values.len() == b.values.len() && a.head.fields.iter().zip(values()).all(close)
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

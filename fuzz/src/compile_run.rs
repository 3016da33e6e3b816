//! A program and a stream of events. What compiles runs in the engine and, where it is small, in the reference evaluator, and both
//! must give the same signals.
//!
//! The text of the program ends with a NUL byte; then come events of six bytes each, see [`script`].

use ascep_lang::program::{Constant, Mode, Period, Program, Type};
use ascep_lang::tests::Test;
use ascep_lang::{Limits, Options, RenderOptions, Source, TypedRules, analyze};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Side, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::signal::{OwnedSignal, Signal};
use ascep_runtime::{BuildError, Engine, EngineOptions, testing};

/// The venue of symbols without one.
const VENUE: &str = "b";
/// Small, so that windows overflow.
const WINDOW_SAMPLES: usize = 8;
/// Events of one input; the reference takes the square of it.
const MAX_STEPS: usize = 48;
/// The largest program that the reference runs.
const MAX_REFERENCE_NODES: usize = 200;

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const HOUR: i64 = 3_600 * SECOND;

/// Panics where the compiler or the engine panics, or engine and reference differ.
pub fn check(bytes: &[u8]) {
    let at = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let (text, script) = (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default());
    let sources = [Source::from_bytes("fuzz.cep", text.to_vec())];
    let limits = Limits::default().with_max_file_bytes(1 << 14).with_max_nodes(4_096).with_max_instances(32);
    let analysis = analyze(&sources, &Options::default().with_limits(limits));
    let _ = analysis.diagnostics.render(&sources, RenderOptions::default());
    let _ = analysis.diagnostics.to_json(&sources);
    assert_eq!(analysis.program.is_some(), !analysis.diagnostics.has_errors(), "a program or an error");
    let (Some(program), Some(typed)) = (analysis.program, analysis.typed) else { return };
    let _ = (program.to_dot(), program.to_json_graph(), program.to_mermaid());

    let Some(steps) = script_of(&program, script) else { return };
    for test in analysis.tests.iter().filter(|test| test.end <= 48 * HOUR) {
        run_test(&program, test);
    }
    let Some(engine) = run_engine(&program, &steps) else { return };
    if typed.nodes.len() <= MAX_REFERENCE_NODES {
        let reference = run_reference(&typed, &steps);
        assert_eq!(engine, reference, "engine and reference differ");
    }
}

/// A test passes, or there is something to say about it; twice the same.
fn run_test(program: &Program, test: &Test) {
    let options = || EngineOptions::default().with_max_window_samples(WINDOW_SAMPLES).with_max_bytes(64 << 20);
    let (first, second) = (testing::run(program, test, options()), testing::run(program, test, options()));
    if let (Ok(first), Ok(second)) = (&first, &second) {
        assert_eq!(first.passed(), testing::report(test, first).is_empty());
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
    assert_eq!(first.is_ok(), second.is_ok());
}

/// One call of the host.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Event { ts: i64, venue_ts: Option<i64>, symbol: String, what: What },
    Advance(i64),
    Set(String, Constant),
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Trade(Trade),
    Quote(Quote),
    Book(Vec<Level>, Vec<Level>),
}

/// What a run gives: signals, refused settings, and counts of events, late ones, firings held back and lost.
#[derive(Debug, PartialEq)]
struct Output {
    signals: Vec<OwnedSignal>,
    refused: usize,
    counts: [u64; 4],
}

/// The steps of a script; none where a timer of the program would fire too often for a fuzzer.
fn script_of(program: &Program, script: &[u8]) -> Option<Vec<Step>> {
    let mut often = false;
    for rule in &program.rules {
        let Mode::Every(period) = rule.mode else { continue };
        often = true;
        let nanoseconds = match period {
            Period::Fixed(nanoseconds) => nanoseconds,
            Period::Param(id) => match program.tables.params.get(id.0 as usize)?.value {
                Constant::Duration(nanoseconds) => nanoseconds,
                _ => 0,
            },
        };
        if nanoseconds < SECOND / 10 {
            return None;
        }
    }
    let mut ts = 1_700_000_000 * SECOND;
    let (records, _) = script.as_chunks::<6>();
    records.iter().take(MAX_STEPS).map(|record| step(program, *record, often, &mut ts)).collect()
}

/// One record: what, whose, how much later, and three numbers.
fn step(program: &Program, record: [u8; 6], often: bool, ts: &mut i64) -> Option<Step> {
    let [kind, whose, later, a, b, c] = record;
    let longest = if often { 60 * SECOND } else { HOUR };
    let passed = match later {
        0..=249 => i64::from(later) * 20 * MILLISECOND,
        250 => 1,
        251 => 10 * SECOND,
        252 => 60 * SECOND,
        253 => HOUR,
        254 => 7 * HOUR,
        255 => -SECOND,
    };
    let now = *ts + passed.min(longest);
    *ts = now.max(*ts);
    let symbols = &program.tables.symbols;
    let symbol = symbols.get(usize::from(whose) % (symbols.len() + 1)).map_or("z:Z/Z", String::as_str).to_owned();
    let venue_ts = (kind & 0x80 != 0).then(|| now - i64::from(c) * MILLISECOND);
    let event = |what| Step::Event { ts: now, venue_ts, symbol, what };
    Some(match kind & 0x0f {
        0..=5 => event(What::Quote(Quote { bid: price(a), ask: price(b), bid_qty: qty(c), ask_qty: qty(c.wrapping_mul(7)) })),
        6..=10 => {
            let side = [None, Some(Side::Buy), Some(Side::Sell)][usize::from(c) % 3];
            event(What::Trade(Trade { price: if a == 0 { 1.0 } else { price(a) }, qty: qty(b), side }))
        }
        11..=12 => {
            let side = |n: u8, sign: f64| {
                let best = f64::from(a.max(1));
                (0..n).map(|i| Level { price: best * (1.0 + sign * 0.01 * f64::from(i + 1)), qty: f64::from((b >> (i % 8)) & 3) }).collect()
            };
            event(What::Book(side(c & 7, -1.0), side((c >> 3) & 7, 1.0)))
        }
        13 => Step::Advance(now),
        _ => {
            let params = &program.tables.params;
            let Some(param) = params.get(usize::from(whose) % params.len().max(1)) else { return Some(Step::Advance(now)) };
            let value = match param.ty {
                Type::Duration => Constant::Duration((i64::from(a) + 1) * SECOND / 10),
                Type::Bool => Constant::Bool(a & 1 == 1),
                _ => Constant::Num(if b & 1 == 1 { f64::from(a) / 1e4 } else { price(a.max(1)) }.to_bits()),
            };
            Step::Set(param.name.clone(), value)
        }
    })
}

/// Three bits of exponent and five of mantissa, so that few bytes reach prices of 0.01 to 3,200,000; 0 is missing.
fn price(byte: u8) -> f64 {
    if byte == 0 { MISSING } else { (f64::from(byte & 31) + 1.0) * 10_f64.powi(i32::from(byte >> 5) - 2) }
}

fn qty(byte: u8) -> f64 {
    if byte == 255 { MISSING } else { f64::from(byte) / 4.0 }
}

fn with_event<T>(ts: i64, venue_ts: Option<i64>, instrument: InstrumentId, what: &What, call: impl FnOnce(&Event<'_>) -> T) -> T {
    let payload = match what {
        What::Trade(trade) => Payload::Trade(*trade),
        What::Quote(quote) => Payload::Quote(*quote),
        What::Book(bids, asks) => Payload::Book(Book { bids, asks }),
    };
    call(&Event { ts, venue_ts, instrument, payload })
}

/// The engine's output; none where the program needs more memory than a fuzzer should take.
fn run_engine(program: &Program, steps: &[Step]) -> Option<Output> {
    let options = EngineOptions::default().with_default_venue(VENUE).with_max_window_samples(WINDOW_SAMPLES).with_max_bytes(64 << 20);
    let mut engine = match Engine::new(program, options) {
        Ok(engine) => engine,
        Err(BuildError::Memory { .. }) => return None,
        // What only the default venue of the run tells, and a limit of the engine.
        Err(BuildError::ScanTwice { .. } | BuildError::ScanWays { .. }) => return None,
        Err(error) => panic!("a compiled program can be run: {error}"),
    };
    let (mut signals, mut refused) = (Vec::new(), 0);
    let mut sink = |signal: &Signal<'_>| signals.push(signal.to_owned());
    for step in steps {
        match step {
            Step::Event { ts, venue_ts, symbol, what } => {
                let instrument = engine.instrument(symbol).unwrap_or(InstrumentId::UNNAMED);
                with_event(*ts, *venue_ts, instrument, what, |event| engine.on_event(event, &mut sink)).expect("the event is sound");
            }
            Step::Advance(ts) => engine.advance_to(*ts, &mut sink),
            Step::Set(name, value) => {
                let param = engine.param(name).expect("the program has the parameter");
                refused += usize::from(engine.set_param(param, *value, &mut sink).is_err());
            }
        }
    }
    let counters = engine.counters();
    Some(Output { signals, refused, counts: [counters.events, counters.late, counters.held_back, counters.lost_disarmed] })
}

fn run_reference(rules: &TypedRules, steps: &[Step]) -> Output {
    let options = ReferenceOptions { default_venue: Some(VENUE.to_owned()), max_window_samples: WINDOW_SAMPLES };
    let mut reference = Reference::new(rules, options).expect("typed rules can be run");
    let (mut signals, mut refused) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Event { ts, venue_ts, symbol, what } => {
                signals.extend(with_event(*ts, *venue_ts, InstrumentId::UNNAMED, what, |event| reference.on_event(symbol, event)));
            }
            Step::Advance(ts) => signals.extend(reference.advance_to(*ts)),
            Step::Set(name, value) => match reference.set_param(name, *value) {
                Ok(more) => signals.extend(more),
                Err(_) => refused += 1,
            },
        }
    }
    let counters = reference.counters();
    Output { signals, refused, counts: [counters.events, counters.late, counters.held_back, counters.lost_disarmed] }
}

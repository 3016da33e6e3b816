//! What happens: rules and a stream of events for each workload, from fixed seeds.

use ascep_lang::Program;
use ascep_runtime::event::InstrumentId;
use ascep_runtime::{Engine, EngineOptions, Event};

use super::contender::Contender;
use super::measure::{Mismatch, Settings, in_turn};
use super::report::Row;
use super::{engines, hand, peers};
use crate::rules::{Triple, deviations, one_shape, sequences, symbols, triple_rules, triples};
use crate::{compile, stream};

/// A workload by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Workload {
    /// One rule an instrument: mid above a constant and a narrow spread.
    W1,
    /// Rules over three instruments each, 30 of them an event.
    W2,
    /// A mid above its mean and three deviations of ten seconds.
    W3,
    /// One trade, then another within five seconds with no third kind between.
    W4,
}

/// Which rules a desk has, for those who have to write them in another form.
#[derive(Debug, Clone, PartialEq)]
pub enum Rules {
    /// [`one_shape`]: the threshold of instrument `i` is [`threshold(i)`](crate::rules::threshold), the spread below 3 bp of the mid.
    OneShape,
    /// [`triple_rules`]
    Triples(Vec<Triple>),
    /// [`deviations`]
    Deviations,
    /// [`sequences`]
    Sequences,
}

/// Rules over some instruments.
#[derive(Debug)]
pub struct Desk {
    /// Which.
    pub workload: Workload,
    /// The instruments by number.
    pub symbols: Vec<String>,
    /// `ids[i]` is what events call instrument `i`: all of them below the number of instruments.
    pub ids: Vec<InstrumentId>,
    /// The rules.
    pub kind: Rules,
    /// The rules in ASCEP's language.
    pub text: String,
    /// The same, compiled.
    pub program: Program,
    /// How many rules.
    pub rules: usize,
}

impl Desk {
    /// # Panics
    /// If the rules do not compile or name no instrument.
    #[must_use]
    #[expect(clippy::panic, reason = "a benchmark of rules without an engine must not run")]
    fn new(workload: Workload, instruments: usize, kind: Rules) -> Self {
        let symbols = symbols(instruments);
        let text = match &kind {
            Rules::OneShape => one_shape(instruments, instruments),
            Rules::Triples(triples) => triple_rules(triples),
            Rules::Deviations => deviations(instruments),
            Rules::Sequences => sequences(instruments),
        };
        let program = compile(&text);
        let engine = match Engine::new(&program, EngineOptions::default().with_max_window_samples(1)) {
            Ok(engine) => engine,
            Err(error) => panic!("the engine of a benchmark can't be built: {error}"),
        };
        // An instrument that no rule names gets an id after all others: loops have a place for it.
        let mut unnamed = (instruments as u32..).map(InstrumentId);
        let ids = symbols.iter().filter_map(|symbol| engine.instrument(symbol).or_else(|| unnamed.next())).collect();
        let rules = engine.plan_stats().rules;
        Self { workload, symbols, ids, kind, text, program, rules }
    }
}

/// How large a workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Instruments of W1 to W4.
    pub instruments: usize,
    /// Rules of W2.
    pub triples: usize,
    /// How it is measured.
    pub settings: Settings,
}

impl Size {
    /// What numbers are taken from.
    pub const FULL: Self = Self { instruments: 1_000, triples: 10_000, settings: Settings::FULL };
    /// What shows that it works.
    pub const QUICK: Self = Self { instruments: 20, triples: 200, settings: Settings::QUICK };
}

/// From one event to the next in W3 and W4, in units of the stream's own step, so that ten seconds are 100 events of each instrument: with 1,000 of them 100
/// microseconds.
fn stretch(instruments: usize) -> i64 {
    10_000 / i64::try_from(instruments).unwrap_or(i64::MAX).max(1)
}

/// Runs a workload.
#[must_use]
pub fn run(workload: Workload, size: &Size) -> (Vec<Row>, Vec<Mismatch>) {
    let n = size.settings.events();
    let desk = |kind| Desk::new(workload, size.instruments, kind);
    match workload {
        Workload::W1 => {
            let desk = desk(Rules::OneShape);
            on_desk(&desk, &stream::quotes(n, &desk.ids, 7), size)
        }
        Workload::W2 => {
            let desk = desk(Rules::Triples(triples(size.triples, size.instruments, 5)));
            on_desk(&desk, &stream::quotes(n, &desk.ids, 11), size)
        }
        Workload::W3 => {
            let desk = desk(Rules::Deviations);
            let mut events = stream::quotes(n, &desk.ids, 19);
            stream::stretch(&mut events, stretch(size.instruments));
            on_desk(&desk, &events, size)
        }
        Workload::W4 => {
            let desk = desk(Rules::Sequences);
            let mut events = stream::trades(n, &desk.ids, 17);
            stream::stretch(&mut events, stretch(size.instruments));
            on_desk(&desk, &events, size)
        }
    }
}

/// The loop by hand, all engines of ours, and the foreign ones.
fn on_desk(desk: &Desk, events: &[Event<'_>], size: &Size) -> (Vec<Row>, Vec<Mismatch>) {
    let mut contenders: Vec<Box<dyn Contender<Event<'_>>>> = vec![hand::contender(desk)];
    contenders.extend(engines::contenders(&desk.program));
    contenders.extend(peers::contenders(desk));
    in_turn(&format!("{:?}", desk.workload), events, &size.settings, &mut contenders)
}

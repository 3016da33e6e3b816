//! Rules over some instruments, and the workloads that are streams of their events.

use ascep_lang::Program;
use ascep_runtime::event::InstrumentId;
use ascep_runtime::{Engine, EngineOptions, Event};

use super::{Outcome, Size, Workload};
use crate::compare::contender::Contender;
use crate::compare::measure::in_turn;
#[cfg(feature = "peers")]
use crate::compare::peers;
use crate::compare::{engines, hand};
use crate::rules::{Triple, deviations, one_shape, ranges, sequences, symbols, triple_rules, triples};
use crate::{compile, stream};

/// Which rules a desk has, for those who have to write them in another form.
#[derive(Debug, Clone, PartialEq)]
pub enum Rules {
    /// [`one_shape`]: the threshold of instrument `i` is [`threshold(i)`](crate::rules::threshold), the spread below 3 bp of the mid.
    OneShape,
    /// [`triple_rules`]
    Triples(Vec<Triple>),
    /// [`deviations`]
    Deviations,
    /// [`ranges`]
    Ranges,
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
    pub fn new(workload: Workload, instruments: usize, kind: Rules) -> Self {
        let symbols = symbols(instruments);
        let text = match &kind {
            Rules::OneShape => one_shape(instruments, instruments),
            Rules::Triples(triples) => triple_rules(triples),
            Rules::Deviations => deviations(instruments),
            Rules::Ranges => ranges(instruments),
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

    /// The desk of a workload that is a stream of events, and the stream.
    #[must_use]
    pub fn with_events(workload: Workload, size: &Size, kind: Rules, seed: u64) -> (Self, Vec<Event<'static>>) {
        let n = size.settings.events();
        let desk = Self::new(workload, size.instruments, kind);
        let events = match desk.kind {
            Rules::OneShape | Rules::Triples(_) => stream::quotes(n, &desk.ids, seed),
            Rules::Deviations | Rules::Ranges => spread_out(stream::quotes(n, &desk.ids, seed), size),
            Rules::Sequences => spread_out(stream::trades(n, &desk.ids, seed), size),
        };
        (desk, events)
    }

    /// The loop by hand, and our engines of one thread.
    #[must_use]
    pub fn of_one_thread<'a>(&self) -> Vec<Box<dyn Contender<Event<'a>>>> {
        let mut all = vec![hand::contender(self)];
        all.extend(
            engines::of_one_thread(&self.program, &engines::options())
                .into_iter()
                .map(|(_, engine)| -> Box<dyn Contender<Event<'a>>> { engine }),
        );
        all
    }

    /// The loop by hand, all engines of ours, and the foreign ones.
    #[must_use]
    pub fn contenders<'a>(&self) -> Vec<Box<dyn Contender<Event<'a>>>> {
        let mut all = vec![hand::contender(self)];
        all.extend(engines::contenders(&self.program, &engines::options()));
        #[cfg(feature = "peers")]
        all.extend(peers::contenders(self));
        all
    }
}

/// So that ten seconds are 100 events of each instrument: with 1,000 of them one event each 100 microseconds.
fn spread_out(mut events: Vec<Event<'static>>, size: &Size) -> Vec<Event<'static>> {
    stream::stretch(&mut events, 10_000 / i64::try_from(size.instruments).unwrap_or(i64::MAX).max(1));
    events
}

/// The rules of W1 to W4, by the name of the workload, and the seed of its stream; none for other workloads.
#[must_use]
pub(in crate::compare) fn kinds(workload: Workload, size: &Size) -> Vec<(&'static str, Rules, u64)> {
    match workload {
        Workload::W1 => vec![("W1", Rules::OneShape, 7)],
        Workload::W2 => vec![("W2", Rules::Triples(triples(size.triples, size.instruments, 5)), 11)],
        // In these streams the timer that a window has ten seconds after its first sample changes nothing: loops and foreign engines have none.
        Workload::W3 => vec![("W3", Rules::Deviations, 19), ("W3b", Rules::Ranges, 19)],
        Workload::W4 => vec![("W4", Rules::Sequences, 17)],
        _ => Vec::new(),
    }
}

/// W1 to W4.
#[must_use]
pub(super) fn run(workload: Workload, size: &Size) -> Outcome {
    kinds(workload, size)
        .into_iter()
        .map(|(name, kind, seed)| {
            let (desk, events) = Desk::with_events(workload, size, kind, seed);
            in_turn(name, &events, &size.settings, &mut desk.contenders())
        })
        .fold(Outcome::default(), Outcome::and)
}

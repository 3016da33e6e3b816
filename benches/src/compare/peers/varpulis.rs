//! Varpulis, an engine for streams with a language of its own (VPL) and patterns after SASE+.
//!
//! Its events are maps by name. They are made in small batches that stay in the cache, and the time for it is not counted. They go in through the
//! synchronous call for batches, without its runtime for connectors. Each instrument has a type of events of its own, so that Varpulis finds its rule by its own index,
//! and one stream. It has no edges: a stream passes on the number of each event on which its rule holds, and the host sees from the numbers where it has become true.

use std::sync::Arc;
use std::time::Duration;

use ascep_runtime::Event;
use ascep_runtime::event::{Payload, Side};
use chrono::DateTime;
use varpulis_core::Value;
use varpulis_runtime::sase::{CompareOp, PatternBuilder, Predicate, SaseEngine, SasePattern, SelectionStrategy};
use varpulis_runtime::{Engine, Event as Made};

use super::edges::Numbered;
use super::{Instruments, NARROW, mid_and_spread};
use crate::compare::clock::Clock;
use crate::compare::contender::Contender;
use crate::compare::workloads::{Desk, Rules};
use crate::rules::{LARGE, RANGE, SMALL, threshold};

const NAME: &str = "varpulis";
/// How many events are made at once.
const BATCH: usize = 256;

/// An event without fields yet.
fn made(kind: &Arc<str>, event: &Event<'_>, fields: usize) -> Made {
    Made::with_capacity_at(Arc::clone(kind), fields, DateTime::from_timestamp_nanos(event.ts))
}

/// The rules of W1 and W3 in VPL.
pub(super) struct Streams {
    engine: Engine,
    instruments: Instruments,
    kinds: Vec<Arc<str>>,
    /// The names of the fields.
    names: [Arc<str>; 3],
    numbered: Numbered,
    windows: bool,
}

impl Streams {
    #[expect(clippy::panic, reason = "a benchmark of rules that do not compile must not run")]
    pub(super) fn new(desk: &Desk) -> Self {
        let instruments = desk.ids.len();
        let text: String = (0..instruments)
            .map(|instrument| format!("stream R{instrument} = Q{instrument}\n{}    .emit(at: at)\n", rule(desk, instrument)))
            .collect();
        let mut engine = Engine::new_sync();
        let loaded = varpulis_parser::parse(&text)
            .map_err(|error| error.to_string())
            .and_then(|program| engine.load(&program).map_err(|error| error.to_string()));
        if let Err(error) = loaded {
            panic!("the rules of a benchmark in VPL are refused: {error}");
        }
        Self {
            engine,
            instruments: Instruments::new(&desk.ids),
            kinds: (0..instruments).map(|instrument| Arc::from(format!("Q{instrument}"))).collect(),
            names: ["at", "mid", "spread"].map(Arc::from),
            numbered: Numbered::new(instruments),
            windows: desk.kind != Rules::OneShape,
        }
    }

    fn make(&mut self, event: &Event<'_>) -> Option<Made> {
        let instrument = self.instruments.of(event);
        let (mid, spread) = mid_and_spread(event)?;
        let mut new = made(self.kinds.get(instrument)?, event, 3);
        let [at, mid_name, spread_name] = &self.names;
        new.data.insert(Arc::clone(at), Value::Int(self.numbered.number(instrument)));
        new.data.insert(Arc::clone(mid_name), Value::Float(mid));
        if !self.windows {
            new.data.insert(Arc::clone(spread_name), Value::Float(spread));
        }
        Some(new)
    }
}

/// The operations of the stream of an instrument. Varpulis evaluates a sliding window when its slide has passed: a millisecond is the least it knows.
fn rule(desk: &Desk, instrument: usize) -> String {
    let window = "    .window(10s, sliding: 1ms)\n    .aggregate(at: last(at), mid: last(mid), mean: avg(mid), deviation: stddev(mid)";
    match desk.kind {
        Rules::Deviations => format!("{window})\n    .where(mid > mean + 3.0 * deviation)\n"),
        Rules::Ranges => {
            format!("{window}, most: max(mid), least: min(mid))\n    .where(mid > mean + 3.0 * deviation or most - least > {RANGE:?})\n")
        }
        _ => format!("    .where(mid > {:?} and spread < {NARROW:?})\n", threshold(instrument)),
    }
}

impl<'e> Contender<Event<'e>> for Streams {
    fn name(&self) -> &str {
        NAME
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        self.take_and_convert(events, Clock::Wall).0
    }

    #[expect(clippy::panic, reason = "a benchmark of events that are refused must not run")]
    fn take_and_convert(&mut self, events: &[Event<'e>], clock: Clock) -> (u64, Duration) {
        let (mut signals, mut converting) = (0, Duration::ZERO);
        for batch in events.chunks(BATCH) {
            let began = clock.now();
            let batch: Vec<Made> = batch.iter().filter_map(|event| self.make(event)).collect();
            converting += clock.now().saturating_sub(began);
            match self.engine.process_batch_sync_collect(batch) {
                Ok(told) => signals += told.iter().filter_map(|event| event.get_int("at")).map(|at| self.numbered.holds(at)).sum::<u64>(),
                Err(error) => panic!("an event of a benchmark is refused: {error}"),
            }
        }
        (signals, converting)
    }

    fn is_whole(&self) -> bool {
        !self.windows
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        let windows = "; a window has each millisecond as one event, the last one, and lasts up to a millisecond longer";
        Some(format!("edge by the host{}", if self.windows { windows } else { "" }))
    }
}

/// The rules of W4: the engine for patterns itself, in the time of the events, for each instrument. VPL has the same, but there `within` goes by the clock of the
/// machine, which says nothing of events that are replayed.
pub(super) struct Sequences {
    instruments: Instruments,
    engines: Vec<SaseEngine>,
    kind: Arc<str>,
    /// The names of the fields.
    names: [Arc<str>; 2],
}

impl Sequences {
    pub(super) fn new(desk: &Desk) -> Self {
        let compare = |field: &str, op, value| Predicate::Compare { field: field.to_owned(), op, value };
        let large = |buy| {
            Predicate::And(
                Box::new(compare("qty", CompareOp::Gt, Value::Float(LARGE))),
                Box::new(compare("buy", CompareOp::Eq, Value::Bool(buy))),
            )
        };
        let pattern = || -> SasePattern {
            let steps = vec![PatternBuilder::event_where("T", large(true)), PatternBuilder::event_where("T", large(false))];
            PatternBuilder::within(PatternBuilder::seq(steps), Duration::from_secs(5))
        };
        let engine = |_| {
            SaseEngine::new(pattern())
                .with_event_time()
                .with_strategy(SelectionStrategy::SkipTillNextMatch)
                .with_negation("T".to_owned(), Some(compare("qty", CompareOp::Lt, Value::Float(SMALL))))
        };
        Self {
            instruments: Instruments::new(&desk.ids),
            engines: desk.ids.iter().map(engine).collect(),
            kind: Arc::from("T"),
            names: ["qty", "buy"].map(Arc::from),
        }
    }

    fn make(&self, event: &Event<'_>) -> Option<(usize, Arc<Made>)> {
        let Payload::Trade(trade) = &event.payload else { return None };
        let mut new = made(&self.kind, event, 2);
        let [qty, buy] = &self.names;
        new.data.insert(Arc::clone(qty), Value::Float(trade.qty));
        new.data.insert(Arc::clone(buy), Value::Bool(trade.side == Some(Side::Buy)));
        Some((self.instruments.of(event), Arc::new(new)))
    }
}

impl<'e> Contender<Event<'e>> for Sequences {
    fn name(&self) -> &str {
        NAME
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        self.take_and_convert(events, Clock::Wall).0
    }

    fn take_and_convert(&mut self, events: &[Event<'e>], clock: Clock) -> (u64, Duration) {
        let (mut signals, mut converting) = (0, Duration::ZERO);
        for batch in events.chunks(BATCH) {
            let began = clock.now();
            let batch: Vec<(usize, Arc<Made>)> = batch.iter().filter_map(|event| self.make(event)).collect();
            converting += clock.now().saturating_sub(began);
            for (instrument, event) in batch {
                // Each purchase begins a match, all of which end with the same sale: that is one signal.
                signals += self.engines.get_mut(instrument).map_or(0, |engine| u64::from(!engine.process_shared(event).is_empty()));
            }
        }
        (signals, converting)
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        Some("its engine for patterns alone, one for each instrument, chosen by the host".to_owned())
    }
}

//! Foreign engines, each in the form that serves it best.
//!
//! All of them get what they cannot compute cheaply ready-made: the mid, and the spread as a part of it. Which rule an event concerns is looked up by a plain
//! index beside them where they have none of their own, and edges are kept beside them where they only know what holds now. `docs/performance.md` says what each
//! of them is and does.

mod cel;
mod edges;
mod rust_rule_engine;
mod varpulis;

use ascep_runtime::Event;
use ascep_runtime::event::{InstrumentId, Payload};

use super::contender::Contender;
use super::workloads::{Desk, Rules};
use crate::rules::Triple;

/// The foreign engines that can express the rules of a desk, or at least their condition.
#[must_use]
pub fn contenders<'a>(desk: &Desk) -> Vec<Box<dyn Contender<Event<'a>>>> {
    match &desk.kind {
        Rules::OneShape => {
            vec![
                Box::new(varpulis::Streams::new(desk)),
                Box::new(rust_rule_engine::OneShape::new(desk)),
                Box::new(cel::OneShape::new(desk)),
            ]
        }
        Rules::Triples(triples) => {
            vec![Box::new(rust_rule_engine::Triples::new(desk, triples)), Box::new(cel::Triples::new(desk, triples))]
        }
        Rules::Deviations | Rules::Ranges => vec![Box::new(varpulis::Streams::new(desk))],
        Rules::Sequences => vec![Box::new(varpulis::Sequences::new(desk))],
    }
}

/// The widest spread of W1, as a part of the mid.
const NARROW: f64 = 3e-4;

/// Mid, and spread as a part of it.
#[inline]
fn mid_and_spread(event: &Event<'_>) -> Option<(f64, f64)> {
    let Payload::Quote(quote) = &event.payload else { return None };
    let mid = (quote.bid + quote.ask) * 0.5;
    Some((mid, (quote.ask - quote.bid) / mid))
}

/// From the ids of events to the instruments of the rules.
#[derive(Debug)]
struct Instruments(Vec<usize>);

impl Instruments {
    fn new(ids: &[InstrumentId]) -> Self {
        let mut numbers = vec![usize::MAX; ids.len()];
        for (number, id) in ids.iter().enumerate() {
            if let Some(place) = numbers.get_mut(id.0 as usize) {
                *place = number;
            }
        }
        Self(numbers)
    }

    #[inline]
    fn of(&self, event: &Event<'_>) -> usize {
        self.0.get(event.instrument.0 as usize).copied().unwrap_or(usize::MAX)
    }
}

/// For each instrument the rules that have it as a leg.
fn rules_of(triples: &[Triple], instruments: usize) -> Vec<Vec<usize>> {
    let mut of = vec![Vec::new(); instruments];
    for (rule, triple) in triples.iter().enumerate() {
        for leg in triple.legs {
            if let Some(rules) = of.get_mut(leg) {
                rules.push(rule);
            }
        }
    }
    of
}

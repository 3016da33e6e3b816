//! The loops by hand as contenders.

use ascep_runtime::Event;

use super::contender::Contender;
use super::workloads::{Desk, Rules};
use crate::by_hand::{Deviations, OneShape, Sequences, Triples};

/// A loop over events, and how many bytes of state it has for each rule.
struct Loop<F> {
    take: F,
    bytes: f64,
}

impl<'e, F: FnMut(&[Event<'e>]) -> u64> Contender<Event<'e>> for Loop<F> {
    fn name(&self) -> &str {
        "hand"
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        (self.take)(events)
    }

    fn bytes_per_rule(&self) -> Option<f64> {
        Some(self.bytes)
    }
}

/// The loop for the rules of a desk.
#[must_use]
pub fn contender<'a>(desk: &Desk) -> Box<dyn Contender<Event<'a>>> {
    let rules = desk.rules as f64;
    match &desk.kind {
        Rules::OneShape => {
            let mut hand = OneShape::new(&desk.ids);
            Box::new(Loop { bytes: hand.bytes() as f64 / rules, take: move |events: &[Event<'a>]| hand.on_events(events) })
        }
        Rules::Triples(triples) => {
            let mut hand = Triples::new(triples, &desk.ids);
            Box::new(Loop { bytes: hand.bytes() as f64 / rules, take: move |events: &[Event<'a>]| hand.on_events(events) })
        }
        Rules::Deviations => {
            let mut hand = Deviations::<false>::new(desk.ids.len());
            Box::new(Loop { bytes: hand.bytes() as f64 / rules, take: move |events: &[Event<'a>]| hand.on_events(events) })
        }
        Rules::Ranges => {
            let mut hand = Deviations::<true>::new(desk.ids.len());
            Box::new(Loop { bytes: hand.bytes() as f64 / rules, take: move |events: &[Event<'a>]| hand.on_events(events) })
        }
        Rules::Sequences => {
            let mut hand = Sequences::new(desk.ids.len());
            Box::new(Loop { bytes: hand.bytes() as f64 / rules, take: move |events: &[Event<'a>]| hand.on_events(events) })
        }
    }
}

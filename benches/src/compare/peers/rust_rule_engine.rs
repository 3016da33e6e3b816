//! The crate `rust-rule-engine`, in its fastest form: networks of RETE-UL over typed facts, asked what matches, without an agenda and actions.
//!
//! Its own engines look at each rule for each change of a fact: so here each instrument has an engine of its own in W1, and in W2 the host knows which
//! conditions read an instrument. Thresholds are facts, since a constant in a condition is parsed from its text each time that it is looked at.

use std::collections::HashMap;

use ascep_runtime::Event;
use rust_rule_engine::rete::{AlphaNode, ReteCustomFunction, ReteUlNode, TypedFacts, TypedReteUlEngine, evaluate_rete_ul_node_typed};

use super::edges::Edges;
use super::{Instruments, NARROW, mid_and_spread, rules_of};
use crate::compare::contender::Contender;
use crate::compare::workloads::Desk;
use crate::rules::{Triple, threshold};

const NAME: &str = "rust-rule-engine";

fn condition(field: &str, operator: &str, value: &str) -> ReteUlNode {
    ReteUlNode::UlAlpha(AlphaNode { field: field.to_owned(), operator: operator.to_owned(), value: value.to_owned() })
}

/// The rules of W1, an engine for each.
pub(super) struct OneShape {
    instruments: Instruments,
    engines: Vec<TypedReteUlEngine>,
    edges: Edges,
}

impl OneShape {
    pub(super) fn new(desk: &Desk) -> Self {
        let engine = |rule| {
            let node = ReteUlNode::UlAnd(Box::new(condition("mid", ">", "least")), Box::new(condition("spread", "<", "narrow")));
            let mut engine = TypedReteUlEngine::new();
            engine.set_fact("least", threshold(rule));
            engine.set_fact("narrow", NARROW);
            engine.add_rule_with_action("r".to_owned(), node, 0, true, |_, _| {});
            engine
        };
        let rules = desk.ids.len();
        Self { instruments: Instruments::new(&desk.ids), engines: (0..rules).map(engine).collect(), edges: Edges::new(rules) }
    }
}

impl<'e> Contender<Event<'e>> for OneShape {
    fn name(&self) -> &str {
        NAME
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        let mut signals = 0;
        for event in events {
            let rule = self.instruments.of(event);
            let (Some((mid, spread)), Some(engine)) = (mid_and_spread(event), self.engines.get_mut(rule)) else { continue };
            engine.set_fact("mid", mid);
            engine.set_fact("spread", spread);
            signals += self.edges.now(rule, engine.matches("r"));
        }
        signals
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        Some("an engine for each rule, chosen by the host; edge by the host".to_owned())
    }
}

/// The rules of W2: one memory of facts, and a condition for each rule.
pub(super) struct Triples {
    instruments: Instruments,
    rules_of: Vec<Vec<usize>>,
    /// What facts are called.
    names: Vec<String>,
    facts: TypedFacts,
    nodes: Vec<ReteUlNode>,
    functions: HashMap<String, ReteCustomFunction>,
    edges: Edges,
}

impl Triples {
    pub(super) fn new(desk: &Desk, triples: &[Triple]) -> Self {
        let instruments = desk.ids.len();
        let names: Vec<String> = (0..instruments).map(|instrument| format!("m{instrument}")).collect();
        let mut facts = TypedFacts::with_capacity(instruments + triples.len());
        let nodes = triples.iter().enumerate().map(|(rule, triple)| {
            let least = format!("k{rule}");
            facts.set(least.as_str(), triple.threshold);
            let [a, b, c] = triple.legs;
            condition(&format!("test(m{a} * m{b} / m{c} > {least})"), "==", "true")
        });
        Self {
            instruments: Instruments::new(&desk.ids),
            rules_of: rules_of(triples, instruments),
            nodes: nodes.collect(),
            names,
            facts,
            functions: HashMap::new(),
            edges: Edges::new(triples.len()),
        }
    }
}

impl<'e> Contender<Event<'e>> for Triples {
    fn name(&self) -> &str {
        NAME
    }

    fn take(&mut self, events: &[Event<'e>]) -> u64 {
        let mut signals = 0;
        for event in events {
            let instrument = self.instruments.of(event);
            let (Some((mid, _)), Some(name)) = (mid_and_spread(event), self.names.get(instrument)) else { continue };
            self.facts.set(name.as_str(), mid);
            for &rule in self.rules_of.get(instrument).into_iter().flatten() {
                let holds = self.nodes.get(rule).is_some_and(|node| evaluate_rete_ul_node_typed(node, &self.facts, &self.functions));
                signals += self.edges.now(rule, holds);
            }
        }
        signals
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        Some("conditions alone, in one memory of facts; edge and choice of rules by the host".to_owned())
    }
}

//! The crate `cel`, an interpreter of Google's expression language: conditions alone, a compiled program a rule.
//!
//! Variables are given by a resolver that lends what it has, which its documentation has for this: nothing is allocated or copied for an event. The truth is taken
//! from the value that the interpreter gives, without a copy into its general type of values.

use std::sync::Arc;

use ascep_runtime::Event;
use cel::common::types::{CelBool, CelDouble};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value};

use super::edges::Edges;
use super::{Instruments, NARROW, mid_and_spread, rules_of};
use crate::compare::contender::Contender;
use crate::compare::workloads::Desk;
use crate::rules::{Triple, threshold};

const NAME: &str = "cel";
const NOTE: &str = "the condition alone; edge and choice of rules by the host";

#[expect(clippy::panic, reason = "a benchmark of conditions that do not compile must not run")]
fn compiled(source: &str) -> Program {
    match Program::compile(source) {
        Ok(program) => program,
        Err(error) => panic!("a condition in CEL does not compile: {error}"),
    }
}

/// What a program says of the variables of a resolver; a comparison with a price that is not known yet is an error, and does not hold.
#[inline]
fn holds(program: &Program, env: &Arc<Env>, variables: &dyn VariableResolver) -> bool {
    let mut context = Context::with_env(Arc::clone(env));
    context.set_variable_resolver(variables);
    Value::resolve_val(program.expression(), &context)
        .is_ok_and(|value| value.as_ref().downcast_ref::<CelBool>().is_some_and(|truth| *truth.inner()))
}

/// The rules of W1.
pub(super) struct OneShape {
    env: Arc<Env>,
    instruments: Instruments,
    programs: Vec<Program>,
    edges: Edges,
}

struct Quote {
    mid: CelDouble,
    spread: CelDouble,
}

impl VariableResolver for Quote {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "mid" => Some(CowVal::Borrowed(&self.mid)),
            "spread" => Some(CowVal::Borrowed(&self.spread)),
            _ => None,
        }
    }
}

impl OneShape {
    pub(super) fn new(desk: &Desk) -> Self {
        let program = |rule| compiled(&format!("mid > {:?} && spread < {NARROW:?}", threshold(rule)));
        let programs = (0..desk.ids.len()).map(program).collect();
        Self { env: Arc::new(Env::stdlib()), instruments: Instruments::new(&desk.ids), programs, edges: Edges::new(desk.ids.len()) }
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
            let (Some((mid, spread)), Some(program)) = (mid_and_spread(event), self.programs.get(rule)) else { continue };
            let quote = Quote { mid: mid.into(), spread: spread.into() };
            signals += self.edges.now(rule, holds(program, &self.env, &quote));
        }
        signals
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        Some(NOTE.to_owned())
    }
}

/// The rules of W2.
pub(super) struct Triples {
    env: Arc<Env>,
    instruments: Instruments,
    rules_of: Vec<Vec<usize>>,
    programs: Vec<([usize; 3], Program)>,
    mids: Vec<CelDouble>,
    edges: Edges,
}

struct Legs<'a> {
    mids: &'a [CelDouble],
    legs: [usize; 3],
}

impl VariableResolver for Legs<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let [a, b, c] = self.legs;
        let leg = match variable {
            "a" => a,
            "b" => b,
            "c" => c,
            _ => return None,
        };
        self.mids.get(leg).map(|mid| CowVal::Borrowed(mid))
    }
}

impl Triples {
    pub(super) fn new(desk: &Desk, triples: &[Triple]) -> Self {
        let programs = triples.iter().map(|triple| (triple.legs, compiled(&format!("a * b / c > {:?}", triple.threshold)))).collect();
        let instruments = desk.ids.len();
        Self {
            env: Arc::new(Env::stdlib()),
            instruments: Instruments::new(&desk.ids),
            rules_of: rules_of(triples, instruments),
            programs,
            mids: vec![f64::NAN.into(); instruments],
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
            let (Some((mid, _)), Some(rules)) = (mid_and_spread(event), self.rules_of.get(instrument)) else { continue };
            if let Some(place) = self.mids.get_mut(instrument) {
                *place = mid.into();
            }
            for &rule in rules {
                let Some((legs, program)) = self.programs.get(rule) else { continue };
                signals += self.edges.now(rule, holds(program, &self.env, &Legs { mids: &self.mids, legs: *legs }));
            }
        }
        signals
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        Some(NOTE.to_owned())
    }
}

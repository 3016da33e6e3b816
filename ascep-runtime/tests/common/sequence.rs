//! Sequences written as calls.

#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

use ascep_lang::program::{Capture, CaptureOf, Op, SeqStep, Sequence, SequenceId, StepInput, StepKind, Type};

use super::{E, NUM, e, fixed};

/// A `SEQ` that is being written.
#[derive(Debug, Clone)]
pub struct Q {
    pub sequence: Sequence,
    args: Vec<E>,
}

pub fn seq(within: f64) -> Q {
    Q { sequence: Sequence { steps: vec![], captures: vec![], within: fixed(within) }, args: vec![] }
}

impl Q {
    fn arg(&mut self, expr: E) -> u16 {
        self.args.push(expr);
        self.args.len() as u16 - 1
    }

    fn step(mut self, input: E, kind: StepKind) -> Q {
        let level = input.ty == Type::Bool;
        let place = self.arg(input);
        let input = if level { StepInput::Level(place) } else { StepInput::Event(place) };
        self.sequence.steps.push(SeqStep { input, filter: None, kind });
        self
    }

    pub fn on(self, input: E) -> Q {
        self.times(input, 1, Some(1))
    }

    pub fn times(self, input: E, min: u32, max: Option<u32>) -> Q {
        self.step(input, StepKind::Match { min, max })
    }

    pub fn no(self, input: E) -> Q {
        self.step(input, StepKind::Absent { hold: None })
    }

    pub fn no_for(self, input: E, s: f64) -> Q {
        self.step(input, StepKind::Absent { hold: Some(fixed(s)) })
    }

    /// A filter of the last step that reads captures.
    pub fn filter(mut self, level: E) -> Q {
        let place = self.arg(level);
        self.sequence.steps.last_mut().unwrap().filter = Some(place);
        self
    }

    fn keep(&mut self, of: CaptureOf, ty: Type) -> E {
        let step = self.sequence.steps.len() as u16 - 1;
        self.sequence.captures.push(Capture { step, of });
        e(Op::Capture(self.sequence.captures.len() as u32 - 1), vec![], ty)
    }

    /// Of the last step: `label.x`, or `label.first.x`.
    pub fn first(&mut self, source: E) -> E {
        let ty = source.ty;
        let place = self.arg(source);
        self.keep(CaptureOf::First(place), ty)
    }

    /// `label.last.x`
    pub fn last(&mut self, source: E) -> E {
        let ty = source.ty;
        let place = self.arg(source);
        self.keep(CaptureOf::Last(place), ty)
    }

    /// `label.count`
    pub fn count(&mut self) -> E {
        self.keep(CaptureOf::Count, NUM)
    }

    /// The operator; what it waits for is added to the table.
    pub fn node(self, sequences: &mut Vec<Sequence>) -> E {
        sequences.push(self.sequence);
        e(Op::Seq(SequenceId(sequences.len() as u32 - 1)), self.args, Type::Event)
    }
}

pub fn all(within: f64, parts: Vec<E>) -> E {
    e(Op::All(fixed(within)), parts, Type::Event)
}

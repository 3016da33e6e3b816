//! Whether what is read of a run is kept by it: each `Capture` belongs to the sequence around it, or to the one that triggers the rule.

use super::validate::{Kind, Problem, ensure};
use super::{CaptureOf, InvalidProgram, Node, NodeId, Op, Program, Rule, Sequence, StepInput};

/// Nodes that are looked at for each node that there is, at most. Nothing that was compiled comes near it.
const LOOKS: u64 = 4_096;

/// The nodes of a program, with those that read captures.
struct Captures<'p> {
    program: &'p Program,
    /// By node: it reads a capture, and not through a sequence that keeps it.
    reads: Vec<bool>,
    /// By node: the walk that saw it last.
    seen: Vec<u32>,
    walk: u32,
    looks: u64,
}

/// Checks the captures of a program whose nodes and rules are sound by themselves.
pub(super) fn check(program: &Program) -> Result<(), InvalidProgram> {
    if !program.nodes.iter().any(|n| matches!(n.op, Op::Seq(_) | Op::Capture(_))) {
        return Ok(());
    }
    let count = program.nodes.len();
    let looks = LOOKS.saturating_mul(count as u64);
    let mut captures = Captures { program, reads: Vec::with_capacity(count), seen: vec![0; count], walk: 0, looks };
    for (index, node) in program.nodes.iter().enumerate() {
        let reads = captures.node(node).map_err(|problem| InvalidProgram::Node { index, problem })?;
        captures.reads.push(reads);
    }
    for (index, rule) in program.rules.iter().enumerate() {
        captures.rule(rule).map_err(|problem| InvalidProgram::Rule { index, problem })?;
    }
    Ok(())
}

impl Captures<'_> {
    fn reads(&self, id: NodeId) -> bool {
        self.reads.get(id.0 as usize).is_some_and(|r| *r)
    }

    fn op(&self, id: NodeId) -> Option<Op> {
        self.program.nodes.get(id.0 as usize).map(|n| n.op)
    }

    /// Whether a node reads a capture.
    fn node(&mut self, node: &Node) -> Result<bool, Problem> {
        let nested = node.args.iter().any(|a| matches!(self.op(*a), Some(Op::Seq(_))));
        ensure(!nested, Problem::Trigger)?;
        if let Op::Seq(id) = node.op {
            let program = self.program;
            let sequence = program.tables.sequences.get(id.0 as usize).ok_or(Problem::Index)?;
            self.sequence(sequence, &node.args)?;
            return Ok(false);
        }
        let reads = matches!(node.op, Op::Capture(_)) || node.args.iter().any(|a| self.reads(*a));
        // What is remembered would be another thing in each run.
        ensure(!reads || !node.op.remembers(), Problem::Capture)?;
        Ok(reads)
    }

    fn sequence(&mut self, sequence: &Sequence, args: &[NodeId]) -> Result<(), Problem> {
        let program = self.program;
        let mut in_step = vec![false; args.len()];
        for (index, step) in sequence.steps.iter().enumerate() {
            let (StepInput::Event(input) | StepInput::Level(input)) = step.input;
            for place in std::iter::once(input).chain(step.filter) {
                let arg = *args.get(usize::from(place)).ok_or(Problem::Index)?;
                if let Some(slot) = in_step.get_mut(usize::from(place)) {
                    *slot = true;
                }
                self.walk(arg, |k, kind| {
                    let capture = sequence.captures.get(k).ok_or(Problem::Capture)?;
                    ensure(usize::from(capture.step) < index, Problem::Capture)?;
                    given(program, sequence, args, k, kind)
                })?;
            }
        }
        let lost = args.iter().zip(in_step).any(|(arg, in_step)| self.reads(*arg) && !in_step);
        let sources = sequence.captures.iter().any(|capture| match capture.of {
            CaptureOf::First(place) | CaptureOf::Last(place) => args.get(usize::from(place)).is_some_and(|arg| self.reads(*arg)),
            CaptureOf::Count => false,
        });
        ensure(!lost && !sources, Problem::Capture)
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Problem> {
        ensure(!self.reads(rule.trigger), Problem::Capture)?;
        if let Some(until) = rule.until {
            ensure(!self.reads(until), Problem::Capture)?;
            ensure(!matches!(self.op(until), Some(Op::Seq(_))), Problem::Trigger)?;
        }
        let program = self.program;
        let trigger = program.nodes.get(rule.trigger.0 as usize).ok_or(Problem::Index)?;
        let sequence = match trigger.op {
            Op::Seq(id) => program.tables.sequences.get(id.0 as usize),
            _ => None,
        };
        for (_, field) in rule.actions.iter().flat_map(|a| &a.fields) {
            if !self.reads(*field) {
                continue;
            }
            let sequence = sequence.ok_or(Problem::Capture)?;
            self.walk(*field, |k, kind| given(program, sequence, &trigger.args, k, kind))?;
        }
        Ok(())
    }

    /// Calls `found` with the number and kind of each capture that a node reads.
    fn walk(&mut self, root: NodeId, mut found: impl FnMut(usize, Kind) -> Result<(), Problem>) -> Result<(), Problem> {
        if !self.reads(root) {
            return Ok(());
        }
        self.walk = self.walk.wrapping_add(1);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            match self.seen.get_mut(id.0 as usize) {
                Some(seen) if *seen != self.walk => *seen = self.walk,
                _ => continue,
            }
            self.looks = self.looks.checked_sub(1).ok_or(Problem::Range)?;
            let program = self.program;
            let node = program.nodes.get(id.0 as usize).ok_or(Problem::Index)?;
            match node.op {
                Op::Capture(k) => found(k as usize, Kind::of(node.ty))?,
                _ => open.extend(node.args.iter().filter(|a| self.reads(**a))),
            }
        }
        Ok(())
    }
}

/// Whether capture `k` of a sequence is there and of that kind.
fn given(program: &Program, sequence: &Sequence, args: &[NodeId], k: usize, kind: Kind) -> Result<(), Problem> {
    let found = match sequence.captures.get(k).ok_or(Problem::Capture)?.of {
        CaptureOf::Count => Kind::Num,
        CaptureOf::First(place) | CaptureOf::Last(place) => {
            let source = args.get(usize::from(place)).and_then(|id| program.nodes.get(id.0 as usize));
            Kind::of(source.ok_or(Problem::Index)?.ty)
        }
    };
    ensure(found == kind, Problem::Capture)
}

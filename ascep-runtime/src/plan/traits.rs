//! What each node of a program needs of the plan: to be kept, to be brought up to date at its instants, to be read as of the clock.

use ascep_lang::program::{CycleField, Node, NodeId, Op, Program, SequenceId, StepInput};

use rustc_hash::FxHashMap;

use super::shape::ShapedRule;
use crate::value::Repr;

/// What is known of a node of the program before it is planned.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traits {
    /// Read as of the clock whenever it is read.
    pub(super) volatile: bool,
    /// Depends on what a run of a sequence has captured, so that it is computed for each run when that is looked at.
    pub(super) captured: bool,
    /// Of constants and parameters only.
    pub(super) constant: bool,
    /// Changes nothing by being read late, so that what only fields read is computed when a rule fires.
    pub(super) stateless: bool,
    /// Brought up to date at each of its instants.
    pub(super) eager: bool,
    /// Read when a rule fires, or when an event occurs that it filters or that captures it.
    pub(super) in_field: bool,
    /// An operand of a row.
    pub(super) operand: bool,
    /// An argument of an operator that is kept.
    pub(super) read: bool,
    /// A number of the market that only rows and fields read: it has a slot and nothing else.
    pub(super) slot_only: bool,
}

impl Traits {
    pub(super) fn kept(self) -> bool {
        self.eager || self.in_field || self.operand
    }

    /// Whether its slot is right at every moment without being asked for.
    pub(super) fn held(self) -> bool {
        (self.eager || self.operand) && !self.volatile && !self.captured
    }
}

/// The arguments that a `WHERE` or a `SEQ` has to look at: events, and levels that are steps. The others are read when one of these says so.
/// None for operators that look at all of theirs.
pub(super) fn steps_of(program: &Program, node: &Node) -> Option<Vec<NodeId>> {
    match node.op {
        Op::Where => Some(node.args.iter().take(1).copied().collect()),
        Op::Seq(SequenceId(id)) => {
            let steps = program.tables.sequences.get(id as usize).map_or(&[][..], |sequence| &sequence.steps);
            let place = |input| match input {
                StepInput::Event(place) | StepInput::Level(place) => usize::from(place),
            };
            Some(steps.iter().filter_map(|step| node.args.get(place(step.input)).copied()).collect())
        }
        _ => None,
    }
}

/// Finds the traits of every node; `shaped` are the rules in columns.
/// With `provenance`, what fields read is brought up to date too, so that it is known since when it is as it is.
/// `filters` are the nodes whose filters are in columns.
pub(super) fn classify(
    program: &Program,
    shaped: &[Option<ShapedRule>],
    filters: &FxHashMap<u32, ShapedRule>,
    provenance: bool,
) -> Vec<Traits> {
    let mut traits = vec![Traits::default(); program.nodes.len()];
    let get = |traits: &[Traits], id: u32| traits.get(id as usize).copied().unwrap_or_default();
    for (index, node) in program.nodes.iter().enumerate() {
        let volatile_arg = node.args.iter().any(|arg| get(&traits, arg.0).volatile);
        let constant_args = node.args.iter().all(|arg| get(&traits, arg.0).constant);
        let captured = match node.op {
            Op::Capture(_) => true,
            Op::Seq(_) => false,
            _ => node.args.iter().any(|arg| get(&traits, arg.0).captured),
        };
        let clock = matches!(node.op, Op::Clock(_) | Op::Age(_) | Op::Since | Op::Cycle { field: CycleField::Age, .. });
        // Number functions of a clock reading, and the choice between two, are as current as the reading.
        let passes_on = matches!(node.op, Op::Num(_) | Op::Coalesce | Op::Pick | Op::Host(_)) && Repr::of(node.ty) != Repr::Level;
        let volatile = clock || (passes_on && volatile_arg);
        let constant = match node.op {
            Op::Const(_) | Op::Param(_) => true,
            Op::Num(_) | Op::Coalesce | Op::Compare(_) | Op::And | Op::Or | Op::Not | Op::Known => constant_args,
            _ => false,
        };
        let pure = matches!(
            node.op,
            Op::Const(_)
                | Op::Param(_)
                | Op::Input(_)
                | Op::Market(..)
                | Op::Imbalance { .. }
                | Op::DepthPrice { .. }
                | Op::Clock(_)
                | Op::Age(_)
                | Op::Num(_)
                | Op::Compare(_)
                | Op::And
                | Op::Or
                | Op::Not
                | Op::Coalesce
                | Op::Known
                | Op::Capture(_)
                | Op::BarField(_)
                | Op::OpportunityField(_)
                | Op::FastK
                | Op::Cycle { .. }
                | Op::Host(_)
        );
        // What holds an answer over a clock reading until its next instant has a state: that answer.
        let stateless = pure && (volatile || !volatile_arg);
        if let Some(place) = traits.get_mut(index) {
            *place = Traits { volatile, captured, constant, stateless, ..Traits::default() };
        }
    }
    let mut mark = |id: u32, set: fn(&mut Traits)| traits.get_mut(id as usize).map(set);
    for (rule, shaped) in program.rules.iter().zip(shaped) {
        match shaped {
            Some(shaped) => shaped.operands.iter().for_each(|id| {
                mark(id.0, |traits| traits.operand = true);
                if program.nodes.get(id.0 as usize).is_some_and(|node| matches!(node.op, Op::DepthPrice { .. } | Op::Window { .. })) {
                    mark(id.0, |traits| traits.eager = true);
                }
            }),
            None => {
                for id in [Some(rule.trigger), rule.until].into_iter().flatten() {
                    mark(id.0, |traits| traits.eager = true);
                }
            }
        }
        for (_, id) in rule.actions.iter().flat_map(|action| &action.fields) {
            mark(id.0, |traits| traits.in_field = true);
        }
    }
    // Arguments stand before their readers: one pass from the end reaches everything.
    for (index, node) in program.nodes.iter().enumerate().rev() {
        let Some(own) = traits.get_mut(index) else { continue };
        if own.in_field && (!own.stateless || (provenance && !own.captured)) {
            own.eager = true;
        }
        // All that reads it has been visited.
        own.slot_only = own.operand && !own.eager && !own.read && matches!(node.op, Op::Market(..));
        let (Traits { eager, in_field, .. }, kept) = (*own, own.kept());
        if let Some(filter) = filters.get(&u32::try_from(index).unwrap_or(u32::MAX)).filter(|_| eager) {
            // It reads its operands and nothing else.
            for &NodeId(id) in &filter.operands {
                if let Some(operand) = traits.get_mut(id as usize) {
                    operand.operand = true;
                }
                // A comparison that is read as a whole keeps what it compares.
                for arg in program.nodes.get(id as usize).into_iter().flat_map(|node| &node.args) {
                    traits.get_mut(arg.0 as usize).into_iter().for_each(|arg| (arg.in_field, arg.read) = (true, true));
                }
            }
            continue;
        }
        let steps = steps_of(program, node);
        for arg in &node.args {
            let is_late = steps.as_ref().is_some_and(|steps| !steps.contains(arg));
            if let Some(arg) = traits.get_mut(arg.0 as usize) {
                // What only filters, or is captured, is computed when the event occurs.
                let late = is_late && arg.stateless;
                arg.eager |= eager && !late;
                arg.in_field |= in_field || (eager && late);
                arg.read |= kept;
            }
        }
    }
    traits
}

//! What an engine keeps besides its plan so that it can say why: the program, and how its nodes are numbered in the plan.

use ascep_lang::program::{Node, Program};

use super::build::Builder;
use super::{TimerOwner, traits::Traits};
use crate::value::Lists;

/// The nodes under `roots` that are read as of the clock, in order; `seen` marks with `mark` what was visited. What depends on a run of a
/// sequence is left to the runs.
fn read_by_the_clock(builder: &Builder<'_>, roots: impl Iterator<Item = u32>, seen: &mut [u32], mark: u32) -> Vec<u32> {
    let mut stack: Vec<u32> = roots.collect();
    let mut found = Vec::new();
    while let Some(id) = stack.pop() {
        match seen.get_mut(id as usize) {
            Some(seen) if *seen != mark => *seen = mark,
            _ => continue,
        }
        let (Some(node), Some(traits)) = (builder.program.nodes.get(id as usize), builder.traits.get(id as usize)) else { continue };
        if traits.volatile && !traits.captured {
            found.push(builder.number(id));
        }
        stack.extend(node.args.iter().map(|arg| arg.0));
    }
    found.sort_unstable();
    found
}

/// See the module. Only with [`EngineOptions::provenance`](crate::EngineOptions::provenance).
#[derive(Debug)]
pub(crate) struct Provenance {
    pub(crate) program: Program,
    /// The number of each node of the program in the plan.
    pub(crate) numbers: Vec<u32>,
    /// Whether what a node of the program is depends on a run of a sequence.
    pub(crate) captured: Vec<bool>,
    /// What to compute before a rule is explained: what is read as of the clock.
    pub(crate) programs: Lists,
    /// The timers of each node of the plan.
    pub(crate) timers: Lists,
}

impl Provenance {
    /// Of a plan whose nodes and rules are there.
    pub(super) fn of(builder: &Builder<'_>) -> Self {
        let program = Program { warnings: Vec::new(), ..builder.program.clone() };
        let mut seen = vec![super::NONE; program.nodes.len()];
        let programs = (0..).zip(&program.rules).map(|(mark, rule)| {
            let fields = rule.actions.iter().flat_map(|action| &action.fields).map(|(_, id)| id.0);
            let roots = [Some(rule.trigger.0), rule.until.map(|id| id.0)].into_iter().flatten().chain(fields);
            read_by_the_clock(builder, roots, &mut seen, mark)
        });
        let programs = Lists::new(programs.collect::<Vec<_>>());
        let mut timers = vec![Vec::new(); builder.plan.nodes.len()];
        for (timer, owner) in (0..).zip(&builder.plan.timers) {
            let node = match owner {
                TimerOwner::Node(node) => Some(*node),
                TimerOwner::Scan(scan) => builder.plan.scans.scans.get(*scan as usize).map(|scan| scan.node),
                TimerOwner::Rule(_) => None,
            };
            if let Some(list) = node.and_then(|node| timers.get_mut(node as usize)) {
                list.push(timer);
            }
        }
        let captured = builder.traits.iter().map(|traits: &Traits| traits.captured).collect();
        Self { program, numbers: builder.numbers.to_vec(), captured, programs, timers: Lists::new(timers) }
    }

    /// Bytes held, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        let rules = self.program.rules.iter().map(|rule| size_of_val(rule) + rule.actions.len() * 64);
        self.program.nodes.len() * (size_of::<Node>() + 5)
            + texts(&self.program.tables.texts)
            + texts(&self.program.tables.symbols)
            + rules.sum::<usize>()
            + self.programs.bytes()
            + self.timers.bytes()
    }
}

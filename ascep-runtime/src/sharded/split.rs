//! How a program is cut: rules that read a common instrument belong together, and what belongs together is dealt to shards by weight.
//!
//! What hangs on no instrument (constants, parameters, host inputs, the clock) goes along with each rule that reads it: who else reads an operator
//! can't be seen, so a copy in each shard gives what one for all would give.

use std::cmp::Reverse;

use ascep_lang::Program;
use ascep_lang::program::{NodeId, Op, Rule, SymbolId};
use rustc_hash::FxHashMap;

/// No shard: no rule reads the instrument.
pub(super) const NOWHERE: u8 = u8::MAX;
const NONE: u32 = u32::MAX;

/// What one shard runs.
pub(super) struct Part {
    /// The number in the whole program of each of its rules, ascending.
    pub(super) rules: Vec<u32>,
    pub(super) components: usize,
    pub(super) weight: u64,
}

/// A program in parts, the lightest first.
pub(super) struct Split {
    pub(super) parts: Vec<Part>,
    /// By instrument: the part that its events go to.
    pub(super) shard_of: Vec<u8>,
}

/// Rules that are joined by instruments.
struct Component {
    weight: u64,
    rules: Vec<u32>,
}

/// Cuts a program, which has been validated, into at most `shards` parts.
pub(super) fn split(program: &Program, default_venue: Option<&str>, shards: usize) -> Split {
    let instruments = instruments(program, default_venue);
    let mut groups = Groups::new(instruments.iter().max().map_or(0, |last| *last as usize + 1));
    let used = used(program, program.rules.iter());
    let of_node = groups.join(program, &instruments, &used);
    let components = components(program, &mut groups, &of_node, &used);

    let mut order: Vec<&Component> = components.iter().collect();
    order.sort_by_key(|component| Reverse(component.weight));
    let mut hands: Vec<(u64, Vec<&Component>)> = vec![(0, Vec::new()); shards.clamp(1, components.len().max(1))];
    for component in order {
        if let Some((load, hand)) = hands.iter_mut().min_by_key(|(load, _)| *load) {
            *load = load.saturating_add(component.weight);
            hand.push(component);
        }
    }
    hands.sort_by_key(|(load, _)| *load);
    let parts: Vec<Part> = hands
        .into_iter()
        .map(|(weight, hand)| {
            let mut rules: Vec<u32> = hand.iter().flat_map(|component| component.rules.iter().copied()).collect();
            rules.sort_unstable();
            Part { rules, components: hand.len(), weight }
        })
        .collect();

    let mut shard_of_rule = vec![NOWHERE; program.rules.len()];
    for (shard, part) in (0..).zip(&parts) {
        for rule in &part.rules {
            crate::value::put(&mut shard_of_rule, *rule, shard);
        }
    }
    let mut shard_of_group: FxHashMap<u32, u8> = FxHashMap::default();
    for (rule, shard) in program.rules.iter().zip(&shard_of_rule) {
        for instrument in roots(rule).filter_map(|id| of_node.get(id.0 as usize).copied()).filter(|id| *id != NONE) {
            shard_of_group.insert(groups.find(instrument), *shard);
        }
    }
    let count = u32::try_from(groups.0.len()).unwrap_or(NONE);
    let shard_of = (0..count).map(|id| shard_of_group.get(&groups.find(id)).copied().unwrap_or(NOWHERE)).collect();
    Split { parts, shard_of }
}

/// The instrument of each symbol, numbered as an engine does: two spellings may name one.
fn instruments(program: &Program, default_venue: Option<&str>) -> Vec<u32> {
    let mut ids: FxHashMap<String, u32> = FxHashMap::default();
    let full = |symbol: &String| match default_venue {
        Some(venue) if !symbol.contains(':') => format!("{venue}:{symbol}"),
        _ => symbol.clone(),
    };
    let mut id = |symbol: &String| {
        let next = u32::try_from(ids.len()).unwrap_or(NONE);
        *ids.entry(full(symbol)).or_insert(next)
    };
    program.tables.symbols.iter().map(&mut id).collect()
}

/// What a rule reads first of all.
fn roots(rule: &Rule) -> impl Iterator<Item = NodeId> + '_ {
    let fields = rule.actions.iter().flat_map(|action| &action.fields).map(|(_, id)| *id);
    [Some(rule.trigger), rule.until].into_iter().flatten().chain(fields)
}

/// Which nodes some rules read.
fn used<'a>(program: &Program, rules: impl Iterator<Item = &'a Rule>) -> Vec<bool> {
    let mut used = vec![false; program.nodes.len()];
    for id in rules.flat_map(roots) {
        crate::value::put(&mut used, id.0, true);
    }
    // Arguments stand before their readers: one pass from the end reaches everything.
    for (index, node) in program.nodes.iter().enumerate().rev() {
        if used.get(index) == Some(&true) {
            node.args.iter().for_each(|arg| crate::value::put(&mut used, arg.0, true));
        }
    }
    used
}

/// Instruments that belong together: each names one of its group, the first names itself.
struct Groups(Vec<u32>);

impl Groups {
    fn new(instruments: usize) -> Self {
        Self((0..).take(instruments).collect())
    }

    fn find(&mut self, mut id: u32) -> u32 {
        while let Some(&next) = self.0.get(id as usize)
            && next != id
        {
            let after = self.0.get(next as usize).copied().unwrap_or(next);
            crate::value::put(&mut self.0, id, after);
            id = after;
        }
        id
    }

    /// One group of two; the lower number stands for it, so that the outcome hangs on no order.
    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        crate::value::put(&mut self.0, a.max(b), a.min(b));
    }

    /// Joins what nodes and rules read, and says for each node an instrument that it hangs on, or [`NONE`].
    fn join(&mut self, program: &Program, instruments: &[u32], used: &[bool]) -> Vec<u32> {
        let mut of_node = vec![NONE; program.nodes.len()];
        let mut join = |all: &mut dyn Iterator<Item = u32>| {
            let mut first = NONE;
            for other in all.filter(|id| *id != NONE) {
                if first == NONE {
                    first = other;
                } else {
                    self.unite(first, other);
                }
            }
            first
        };
        for (index, (node, _)) in program.nodes.iter().zip(used).enumerate().filter(|(_, (_, used))| **used) {
            let args = node.args.iter().filter_map(|arg| of_node.get(arg.0 as usize).copied());
            let own = symbols(program, node.op).into_iter().filter_map(|symbol| instruments.get(symbol.0 as usize).copied());
            let joined = join(&mut args.chain(own));
            if let Some(place) = of_node.get_mut(index) {
                *place = joined;
            }
        }
        for rule in &program.rules {
            join(&mut roots(rule).filter_map(|id| of_node.get(id.0 as usize).copied()));
        }
        of_node
    }
}

/// The symbols whose events an operator is told of.
fn symbols(program: &Program, op: Op) -> Vec<SymbolId> {
    match op {
        Op::Market(_, symbol)
        | Op::Event(_, symbol)
        | Op::Age(symbol)
        | Op::Imbalance { symbol, .. }
        | Op::DepthPrice { symbol, .. }
        | Op::Bar { symbol, .. } => vec![symbol],
        Op::Cycle { cycle, .. } => program.tables.cycles.get(cycle.0 as usize).map(|cycle| cycle.markets.clone()).unwrap_or_default(),
        Op::Cycles(scan) => program.tables.scans.get(scan.0 as usize).map(|scan| scan.symbols().collect()).unwrap_or_default(),
        // Listed, so that what is added does not compile before it is here.
        Op::Const(_)
        | Op::Param(_)
        | Op::Input(_)
        | Op::Clock(_)
        | Op::Since
        | Op::Num(_)
        | Op::Compare(_)
        | Op::And
        | Op::Or
        | Op::Not
        | Op::Coalesce
        | Op::Known
        | Op::Where
        | Op::EventAnd
        | Op::EventOr
        | Op::Edge
        | Op::Crosses(_)
        | Op::NoFor(_)
        | Op::Payload(_)
        | Op::Pick
        | Op::For(_)
        | Op::Once(_)
        | Op::Window { .. }
        | Op::Decay(_)
        | Op::Ema { .. }
        | Op::Rsi(_)
        | Op::Atr(_)
        | Op::Obv
        | Op::FastK
        | Op::BarField(_)
        | Op::Seq(_)
        | Op::Capture(_)
        | Op::All(_)
        | Op::Sample
        | Op::OpportunityField(_)
        | Op::Host(_)
        | Op::Index(_) => Vec::new(),
    }
}

/// The components in the order of their first rules. A rule that hangs on no instrument is one by itself.
fn components(program: &Program, groups: &mut Groups, of_node: &[u32], used: &[bool]) -> Vec<Component> {
    let mut components: Vec<Component> = Vec::new();
    let mut of_group: FxHashMap<u32, usize> = FxHashMap::default();
    for (index, rule) in (0..).zip(&program.rules) {
        let own = roots(rule).filter_map(|id| of_node.get(id.0 as usize).copied()).find(|id| *id != NONE);
        let next = components.len();
        let at = own.map_or(next, |instrument| *of_group.entry(groups.find(instrument)).or_insert(next));
        if at == next {
            components.push(Component { weight: 0, rules: Vec::new() });
        }
        if let Some(component) = components.get_mut(at) {
            component.rules.push(index);
            component.weight += 1 + rule.actions.len() as u64;
        }
    }
    for ((node, group), _) in program.nodes.iter().zip(of_node).zip(used).filter(|(_, used)| **used) {
        if *group != NONE
            && let Some(component) = of_group.get(&groups.find(*group)).and_then(|at| components.get_mut(*at))
        {
            // A scan looks through ways, of which there are many more than markets.
            let markets = if matches!(node.op, Op::Cycles(_)) { symbols(program, node.op).len() as u64 } else { 0 };
            component.weight += 1 + 16 * markets;
        }
    }
    components
}

/// A program of some of the rules, with all tables, so that what is numbered by them keeps its number.
pub(super) fn part(program: &Program, rules: &[u32]) -> Program {
    let rules: Vec<Rule> = rules.iter().filter_map(|rule| program.rules.get(*rule as usize)).cloned().collect();
    let used = used(program, rules.iter());
    let mut number = 0;
    let numbers: Vec<u32> = used
        .iter()
        .map(|used| {
            number += u32::from(*used);
            if *used { number - 1 } else { NONE }
        })
        .collect();
    let renumber = |id: &mut NodeId| id.0 = numbers.get(id.0 as usize).copied().unwrap_or(NONE);
    let mut part = Program { tables: program.tables.clone(), nodes: Vec::new(), rules, warnings: Vec::new(), ..*program };
    part.nodes = program.nodes.iter().zip(&used).filter(|(_, used)| **used).map(|(node, _)| node.clone()).collect();
    part.nodes.iter_mut().flat_map(|node| &mut node.args).for_each(renumber);
    for rule in &mut part.rules {
        renumber(&mut rule.trigger);
        rule.until.iter_mut().for_each(renumber);
        rule.actions.iter_mut().flat_map(|action| &mut action.fields).for_each(|(_, id)| renumber(id));
    }
    part
}

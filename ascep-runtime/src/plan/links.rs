//! What brings what up to date: nodes by their arguments and inputs, rows by theirs.

use ascep_lang::program::{InputId, NodeId, Op, ParamId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::build::Builder;
use super::shape::{ShapedRule, side_test, touched_by};
use super::traits::steps_of;
use super::{Entries, LookKind, NONE, NodeOp, Reading, ReadingField};
use crate::columns::{ColumnsBuilder, RowInput};
use crate::error::BuildError;
use crate::hot::place_of;
use crate::machine::{Ground, Machine};
use crate::market::{CLASSES, touch};
use crate::value::{Lists, put};

/// Market functions by instrument and class of event: key `instrument * CLASSES + class`.
pub(super) struct Touched {
    /// Those that nodes read.
    pub(super) sources: Lists,
    /// Those that only columns and windows read.
    pub(super) readings: Lists<Reading>,
    /// Windows that are brought up to date directly: indices into [`Plan::window_steps`](super::Plan::window_steps).
    pub(super) windows: Lists,
}

impl Builder<'_> {
    /// Who is to be brought up to date when something is at an instant.
    pub(super) fn links(&mut self, shaped: &[Option<ShapedRule>]) -> Touched {
        let direct = self.direct_windows(shaped);
        let kept = self.plan.nodes.len();
        let mut dependants = vec![Vec::new(); kept];
        let mut preludes = vec![Vec::new(); kept];
        let mut sources = vec![Vec::new(); self.plan.instruments.len() * CLASSES as usize];
        let mut readings = vec![Vec::new(); sources.len()];
        let mut windows = Vec::new();
        let mut param_nodes = vec![Vec::new(); self.plan.params.len()];
        let mut input_nodes = vec![Vec::new(); self.plan.inputs.len()];
        let mut seen = vec![NONE; self.program.nodes.len()];
        for (index, node) in self.program.nodes.iter().enumerate() {
            let (number, traits) = (self.numbers.get(index).copied().unwrap_or(NONE), self.traits.get(index).copied().unwrap_or_default());
            if number == NONE {
                continue;
            }
            match node.op {
                Op::Param(ParamId(id)) => push(&mut param_nodes, id, number),
                Op::Input(InputId(id)) => push(&mut input_nodes, id, number),
                _ => {}
            }
            if !traits.eager && !traits.operand {
                continue;
            }
            let mask = touched_by(&node.op);
            if let Op::Cycle { cycle, .. } = node.op {
                let markets = self.program.tables.cycles.get(cycle.0 as usize).map(|cycle| &cycle.markets[..]).unwrap_or_default();
                for first in markets.iter().map(|symbol| self.instrument(*symbol) * CLASSES) {
                    let classes = (first..).zip(touch::CLASSES).filter(|(_, touches)| mask & touches != 0);
                    classes.for_each(|(class, _)| push(&mut sources, class, number));
                }
            }
            if let Op::Market(_, symbol)
            | Op::Imbalance { symbol, .. }
            | Op::DepthPrice { symbol, .. }
            | Op::Age(symbol)
            | Op::Bar { symbol, .. }
            | Op::Event(_, symbol) = node.op
            {
                let first = self.instrument(symbol) * CLASSES;
                for (class, _) in (first..).zip(touch::CLASSES).filter(|(_, touches)| mask & touches != 0) {
                    match node.op {
                        Op::Market(field, _) if !traits.eager || direct.contains_key(&number) => {
                            let field = ReadingField::Number(field);
                            push(&mut readings, class, Reading { field, place: place_of(field), slot: number });
                            windows.extend(direct.get(&number).into_iter().flatten().map(|step| (class, *step)));
                        }
                        _ => push(&mut sources, class, number),
                    }
                }
            }
            if traits.operand
                && let Some((symbol, side)) = side_test(self.program, NodeId(u32::try_from(index).unwrap_or(NONE)))
            {
                let first = self.instrument(symbol) * CLASSES;
                for (class, _) in (first..).zip(touch::CLASSES).filter(|(_, touches)| touches & (touch::TRADE | touch::FORGET) != 0) {
                    let field = ReadingField::SideIs(side);
                    push(&mut readings, class, Reading { field, place: place_of(field), slot: number });
                }
            }
            // An event whose filter is in columns is at an instant when a row says so.
            if !traits.eager || self.filters.contains_key(&u32::try_from(index).unwrap_or(NONE)) {
                continue;
            }
            let steps = steps_of(self.program, node);
            for arg in steps.as_deref().unwrap_or(&node.args) {
                let arg = self.number(arg.0);
                if dependants.get(arg as usize).is_some_and(|list: &Vec<u32>| list.last() != Some(&number)) {
                    push(&mut dependants, arg, number);
                }
            }
            // A sequence has programs of its own, for each of its runs.
            let is_volatile = |arg: &NodeId| self.traits.get(arg.0 as usize).is_some_and(|traits| traits.volatile);
            if matches!(node.op, Op::Where) || (steps.is_none() && node.args.iter().any(is_volatile)) {
                let list = self.to_compute(node.args.iter().map(|arg| arg.0), &mut seen, number);
                if let Some(place) = preludes.get_mut(number as usize) {
                    *place = list;
                }
            }
        }
        self.plan.sequences.programs = self.sequence_programs.finish();
        self.plan.dependants = Lists::new(dependants);
        self.plan.preludes = Lists::new(preludes);
        self.plan.param_nodes = Lists::new(param_nodes);
        self.plan.input_nodes = Lists::new(input_nodes);
        windows.sort_unstable();
        Touched { sources: Lists::new(sources), readings: Lists::new(readings), windows: Lists::of_pairs(windows) }
    }

    /// Finds the windows over numbers of the market that only rows look at, and whose argument nothing else reads that goes by instants: an event
    /// brings them up to date without putting anything in line. Gives them by the number of their argument.
    fn direct_windows(&mut self, shaped: &[Option<ShapedRule>]) -> FxHashMap<u32, Vec<u32>> {
        let is_look = |id: usize| {
            let node = self.program.nodes.get(id);
            node.is_some_and(|node| matches!(node.op, Op::Window { .. })) && self.traits.get(id).is_some_and(|traits| traits.operand)
        };
        // What is read by something that goes by instants; looks of rows come later.
        let mut read = vec![false; self.program.nodes.len()];
        let mark = |read: &mut Vec<bool>, id: NodeId| put(read, id.0, true);
        for (rule, _) in self.program.rules.iter().zip(shaped).filter(|(_, shaped)| shaped.is_none()) {
            [Some(rule.trigger), rule.until].into_iter().flatten().for_each(|id| mark(&mut read, id));
        }
        for (id, node) in self.program.nodes.iter().enumerate() {
            if !is_look(id) && self.traits.get(id).is_some_and(|traits| traits.eager) {
                node.args.iter().for_each(|arg| mark(&mut read, *arg));
            }
        }
        let looks: Vec<usize> = (0..read.len()).filter(|id| is_look(*id)).collect();
        let is_free = |read: &[bool], id: usize| !read.get(id).copied().unwrap_or(true);
        let number = |id: usize| self.numbers.get(id).copied().unwrap_or(NONE);
        let free: FxHashSet<u32> = looks.iter().filter(|id| is_free(&read, **id)).map(|id| number(*id)).collect();
        let mut steps = self.plan.window_steps(|node| free.contains(&node));
        let direct: FxHashSet<u32> = steps.iter().map(|step| step.slide.window).collect();
        for &id in &looks {
            let window = match self.plan.nodes.get(number(id) as usize).map(|node| node.op) {
                Some(NodeOp::Look { look }) => self.plan.looks.get(look as usize).map_or(NONE, |look| look.window),
                _ => NONE,
            };
            if !direct.contains(&window) {
                self.program.nodes.get(id).into_iter().flat_map(|node| &node.args).for_each(|arg| mark(&mut read, *arg));
            }
        }
        // Those that one event touches stand side by side. One after the other they may stand in any order: a step reads and writes what is its own.
        let mut args: FxHashMap<u32, (u32, u8)> = FxHashMap::default();
        for (id, node) in self.program.nodes.iter().enumerate().filter(|(id, _)| is_free(&read, *id)) {
            if let Op::Market(_, symbol) = node.op {
                args.insert(number(id), (self.instrument(symbol), rank(touched_by(&node.op))));
            }
        }
        let mut by_arg: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        steps.retain(|step| args.contains_key(&step.arg));
        steps.sort_by_key(|step| (args.get(&step.arg), step.arg));
        for step in steps {
            by_arg.entry(step.arg).or_default().push(u32::try_from(self.plan.window_steps.len()).unwrap_or(NONE));
            self.plan.window_steps.push(step);
        }
        self.plan.window_steps.shrink_to_fit();
        by_arg
    }

    /// The kept nodes under `roots` whose slots are not right by themselves, in order. `seen` marks with `mark` what was visited.
    pub(super) fn to_compute(&self, roots: impl Iterator<Item = u32>, seen: &mut [u32], mark: u32) -> Vec<u32> {
        let mut stack: Vec<u32> = roots.collect();
        let mut found = Vec::new();
        while let Some(id) = stack.pop() {
            let (Some(node), Some(traits)) = (self.program.nodes.get(id as usize), self.traits.get(id as usize)) else { continue };
            let fixed = matches!(node.op, Op::Const(_) | Op::Param(_) | Op::Input(_));
            match seen.get_mut(id as usize) {
                Some(seen) if *seen != mark => *seen = mark,
                _ => continue,
            }
            if fixed || traits.held() {
                continue;
            }
            found.push(self.number(id));
            stack.extend(node.args.iter().map(|arg| arg.0));
        }
        found.sort_unstable();
        found
    }

    /// Lays out the rules in columns, and then what an event does.
    pub(super) fn columns(&mut self, shaped: &mut [Option<ShapedRule>], touched: Touched) -> Result<(), BuildError> {
        let mut columns = ColumnsBuilder::default();
        for (rule, shaped) in (0..).zip(shaped.iter_mut()) {
            let Some(ShapedRule { shape, operands, constants }) = shaped.take() else { continue };
            let mut inputs: Vec<RowInput> = Vec::new();
            for id in &operands {
                let Some(node) = self.program.nodes.get(id.0 as usize) else { continue };
                match node.op {
                    Op::Param(ParamId(id)) => inputs.push(RowInput::Param(id)),
                    Op::Input(InputId(id)) => inputs.push(RowInput::Input(id)),
                    Op::Market(_, symbol) | Op::Imbalance { symbol, .. } | Op::DepthPrice { symbol, .. } => {
                        let (instrument, mask) = (self.instrument(symbol), touched_by(&node.op));
                        inputs.push(RowInput::Instrument { instrument, mask });
                    }
                    _ => {}
                }
                // A statistic is at the instants of its argument, and where a sample goes out of its window.
                if let Some(NodeOp::Look { look }) = self.plan.nodes.get(self.number(id.0) as usize).map(|node| node.op) {
                    let timed = self.plan.looks.get(look as usize).filter(|look| look.kind == LookKind::Standing);
                    inputs.extend(timed.map(|look| RowInput::Window(look.window)));
                    let args = node.args.iter().filter_map(|arg| self.program.nodes.get(arg.0 as usize));
                    inputs.extend(args.filter_map(|arg| match arg.op {
                        Op::Market(_, symbol) => {
                            Some(RowInput::Instrument { instrument: self.instrument(symbol), mask: touched_by(&arg.op) })
                        }
                        _ => None,
                    }));
                }
                // A depth price changes also with the parameter that is its quantity.
                for arg in node.args.iter().filter_map(|arg| self.program.nodes.get(arg.0 as usize)) {
                    if let Op::Param(ParamId(id)) = arg.op {
                        inputs.push(RowInput::Param(id));
                    }
                }
            }
            columns.add(rule, shape, operands.iter().map(|id| self.number(id.0)).collect(), constants, &merge(inputs));
        }
        let mut filters: Vec<(u32, ShapedRule)> = self.filters.drain().collect();
        filters.sort_unstable_by_key(|(id, _)| *id);
        for (id, ShapedRule { shape, operands, constants }) in filters {
            let event = self.program.nodes.get(id as usize).and_then(|node| self.program.nodes.get(node.args.first()?.0 as usize));
            let Some(&Op::Event(_, symbol)) = event.map(|event| &event.op) else { continue };
            let mask = event.map_or(0, |event| touched_by(&event.op));
            let input = RowInput::Instrument { instrument: self.instrument(symbol), mask };
            columns.add(self.number(id), shape, operands.iter().map(|id| self.number(id.0)).collect(), constants, &[input]);
        }
        let instruments = u32::try_from(self.plan.instruments.len()).unwrap_or(NONE);
        let params = instruments * CLASSES;
        let inputs = params + u32::try_from(self.plan.params.len()).unwrap_or(0);
        let end = inputs + u32::try_from(self.plan.inputs.len()).unwrap_or(0);
        let windows_end = end + u32::try_from(self.plan.windows.len()).unwrap_or(0);
        let sizes = (windows_end as usize, self.plan.rules.len(), self.plan.slots.len());
        let (columns, [groups_of, filters_of]) = columns.finish(sizes, |input| match input {
            RowInput::Instrument { instrument, mask } => {
                (instrument * CLASSES..).zip(touch::CLASSES).filter(|(_, touches)| mask & touches != 0).map(|(key, _)| key).collect()
            }
            RowInput::Param(id) => vec![params + id],
            RowInput::Input(id) => vec![inputs + id],
            RowInput::Window(id) => vec![end + id],
        })?;
        self.plan.columns = columns;
        self.plan.window_groups = Lists::new((end..windows_end).map(|key| groups_of.of(key).iter().copied()));
        self.plan.groups_of = Lists::new((params..end).map(|key| groups_of.of(key).iter().copied()));
        let scanned = |instrument| !self.plan.scans.markets.of(instrument).is_empty();
        self.plan.entries = Entries::new(self.plan.instruments.len(), &touched, [&groups_of, &filters_of], scanned, |readings, groups| {
            self.plan.columns.is_cut(readings, groups, self.options)
        })?;
        self.plan.find_seq_steps()?;
        let mut unread = vec![false; self.plan.slots.len()];
        for (number, traits) in self.numbers.iter().zip(self.traits) {
            // Numbers of the market, and comparisons of a side that are read as a whole.
            put(&mut unread, *number, traits.operand && !traits.eager && !traits.read && !traits.in_field);
        }
        let ground = Ground {
            columns: &self.plan.columns,
            entries: &self.plan.entries,
            groups: [&self.plan.groups_of, &self.plan.window_groups],
            unread: &unread,
            windows: &self.plan.window_steps,
            instruments: self.plan.instruments.len(),
        };
        let machine = Machine::new(&ground, self.options);
        self.plan.columns.machine = machine;
        Ok(())
    }
}

/// Where numbers of the market stand among those of their instrument, by what touches them, so that those that are touched together are side by side, whatever the event: a trade touches the
/// last three, a quote the first two, and the first three before the first trade.
fn rank(touches: u8) -> u8 {
    match (touches & touch::QUOTE != 0, touches & touch::TRADE != 0, touches & touch::QUOTE_UNTRADED != 0) {
        (true, false, _) => 0,
        (true, true, _) => 1,
        (false, _, true) => 2,
        (false, _, false) => 3,
    }
}

fn push<T>(lists: &mut [Vec<T>], key: u32, item: T) {
    if let Some(list) = lists.get_mut(key as usize) {
        list.push(item);
    }
}

/// Each instrument once, with all that touches the row; each parameter once.
fn merge(mut inputs: Vec<RowInput>) -> Vec<RowInput> {
    inputs.sort_unstable();
    inputs.dedup();
    let mut merged: Vec<RowInput> = Vec::with_capacity(inputs.len());
    for input in inputs {
        match (merged.last_mut(), input) {
            (Some(RowInput::Instrument { instrument: a, mask }), RowInput::Instrument { instrument: b, mask: more }) if *a == b => {
                *mask |= more
            }
            _ => merged.push(input),
        }
    }
    merged
}

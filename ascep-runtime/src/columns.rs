//! Rows of rules, by shape and input: the operands, constants and rules of each group stand in columns, eight rows side by side.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::error::BuildError;
use crate::memory::flat;
use crate::plan::{NONE, Shape};
use crate::value::Lists;

/// Rows that are evaluated together. Columns are padded to it, with rows that are evaluated and not looked at.
pub(crate) const LANES: usize = 8;

/// One value for each of eight rows.
pub(crate) type Lanes<T> = [T; LANES];

/// Rows of one shape that one input touches, in blocks of eight. The columns of a block stand next to each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) shape: u32,
    pub(crate) rows: u32,
    operands: u32,
    constants: u32,
    rules: u32,
}

/// All groups.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) groups: Vec<Group>,
    operands: Vec<Lanes<u32>>,
    constants: Vec<Lanes<f64>>,
    rules: Vec<Lanes<u32>>,
    pub(crate) rows: usize,
    pub(crate) shape_rules: usize,
}

/// Up to eight rows.
pub(crate) struct Block<'c> {
    /// Indices of slots, one column an operand.
    pub(crate) operands: &'c [Lanes<u32>],
    pub(crate) constants: &'c [Lanes<f64>],
    /// As many as there are rows.
    pub(crate) rules: &'c [u32],
}

impl Columns {
    pub(crate) fn shape(&self, group: Group) -> Option<&Shape> {
        self.shapes.get(group.shape as usize)
    }

    /// The blocks of a group.
    #[inline]
    pub(crate) fn blocks<'c>(&'c self, group: Group, shape: &Shape) -> impl Iterator<Item = Block<'c>> + use<'c> {
        fn part<T>(items: &[Lanes<T>], start: u32, block: usize, columns: usize) -> &[Lanes<T>] {
            let start = start as usize + block * columns;
            items.get(start..start + columns).unwrap_or_default()
        }
        let (operands, constants, rows) = (usize::from(shape.operands), usize::from(shape.constants), group.rows as usize);
        (0..rows.div_ceil(LANES)).map(move |block| {
            let rules = part(&self.rules, group.rules, block, 1).as_flattened();
            Block {
                operands: part(&self.operands, group.operands, block, operands),
                constants: part(&self.constants, group.constants, block, constants),
                rules: rules.get(..LANES.min(rows - block * LANES)).unwrap_or_default(),
            }
        })
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let shapes = flat(&self.shapes) + self.shapes.iter().map(|shape| flat(&shape.code)).sum::<usize>();
        shapes + flat(&self.groups) + flat(&self.operands) + flat(&self.constants) + flat(&self.rules)
    }
}

/// What touches a row: a class mask of an instrument (see [`touch`](crate::market::touch)), a parameter or a host input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowInput {
    Instrument { instrument: u32, mask: u8 },
    Param(u32),
    Input(u32),
}

/// Collects rows and lays them out.
#[derive(Debug, Default)]
pub(crate) struct ColumnsBuilder {
    ids: FxHashMap<Shape, u32>,
    shapes: Vec<Shape>,
    rules: Vec<PendingRule>,
    rows: BTreeMap<(RowInput, u32), Vec<u32>>,
}

#[derive(Debug)]
struct PendingRule {
    rule: u32,
    operands: Vec<u32>,
    constants: Vec<f64>,
}

impl ColumnsBuilder {
    /// Adds a rule with the slots it reads and what touches it, each input once.
    pub(crate) fn add(&mut self, rule: u32, shape: Shape, operands: Vec<u32>, constants: Vec<f64>, inputs: &[RowInput]) {
        let next = u32::try_from(self.shapes.len()).unwrap_or(u32::MAX);
        let id = *self.ids.entry(shape).or_insert_with_key(|shape| {
            self.shapes.push(shape.clone());
            next
        });
        let pending = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        self.rules.push(PendingRule { rule, operands, constants });
        for input in inputs {
            self.rows.entry((*input, id)).or_default().push(pending);
        }
    }

    /// The columns, and the groups under each of `keys` inputs; `keys_of` says under which keys an input stands.
    pub(crate) fn finish(self, keys: usize, mut keys_of: impl FnMut(RowInput) -> Vec<u32>) -> Result<(Columns, Lists), BuildError> {
        let mut columns = Columns { shapes: self.shapes, shape_rules: self.rules.len(), ..Columns::default() };
        let mut lists = vec![Vec::new(); keys];
        for ((input, shape), rows) in self.rows {
            let id = u32::try_from(columns.groups.len()).unwrap_or(u32::MAX);
            for key in keys_of(input) {
                if let Some(list) = lists.get_mut(key as usize) {
                    list.push(id);
                }
            }
            let at = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
            columns.groups.push(Group {
                shape,
                rows: at(rows.len())?,
                operands: at(columns.operands.len())?,
                constants: at(columns.constants.len())?,
                rules: at(columns.rules.len())?,
            });
            columns.rows += rows.len();
            let (operands, constants) =
                columns.shapes.get(shape as usize).map_or((0, 0), |s| (usize::from(s.operands), usize::from(s.constants)));
            for block in rows.chunks(LANES) {
                let rules = || block.iter().filter_map(|row| self.rules.get(*row as usize));
                for k in 0..operands {
                    columns.operands.push(lanes(0, rules().filter_map(|rule| rule.operands.get(k).copied())));
                }
                for k in 0..constants {
                    columns.constants.push(lanes(0.0, rules().filter_map(|rule| rule.constants.get(k).copied())));
                }
                columns.rules.push(lanes(NONE, rules().map(|rule| rule.rule)));
            }
        }
        columns.operands.shrink_to_fit();
        columns.constants.shrink_to_fit();
        columns.rules.shrink_to_fit();
        Ok((columns, Lists::new(lists)))
    }
}

/// The first eight items, filled up with `pad`.
fn lanes<T: Copy>(pad: T, items: impl Iterator<Item = T>) -> Lanes<T> {
    let mut lanes = [pad; LANES];
    for (lane, item) in lanes.iter_mut().zip(items) {
        *lane = item;
    }
    lanes
}

//! Rows of rules and of filters of events, by shape and input. The operands, constants and rules of each group stand in columns, eight rows side by side; what
//! changes is one [`Head`] for each eight of them.
//!
//! Arrays are flat. A group is made of blocks: all but the last have eight lanes, the last has 1, 2, 4 or 8, whatever holds its rows; lanes
//! beyond them repeat the last row. Block `b`, operand `k`, lane `l` of a group with `K` operands stands at
//! `group.operands + b * 8 * K + k * width(b) + l`; constants likewise.

use std::collections::BTreeMap;

use ascep_lang::program::MarketField;
pub(crate) use ascep_native::{Head, LANES, Operands, lanes_of_tail};
use rustc_hash::FxHashMap;

use crate::cursor;
use crate::error::BuildError;
use crate::interpreter::Routine;
use crate::machine::Machine;
use crate::market::touch;
use crate::memory::flat;
use crate::options::EngineOptions;
use crate::plan::{Instr, NONE, Reading, ReadingField, Shape, ShapeMode, Span};
use crate::value::{Lists, TRUE, UNKNOWN, at, put};

/// The fewest rows that are passed over where the prices that they read stay as they are: enough that looking is little beside them. Chosen, not measured.
const CUT_ROWS: u64 = 32;
const CUT_ROWS_OF_MACHINE_CODE: u64 = 256;

/// One value for each of eight rows.
pub(crate) type Lanes<T> = [T; LANES];

/// Rows of one shape that one input touches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) shape: u32,
    pub(crate) rows: u32,
    /// Where it begins in [`Columns::operands`].
    pub(crate) operands: u32,
    /// Where it begins in [`Columns::constants`].
    pub(crate) constants: u32,
    /// Where it begins in [`Columns::rules`], one item a row.
    pub(crate) rules: u32,
    /// The head of its first block.
    pub(crate) head: u32,
    /// Where its rows are thresholds of one number, in ascending order: which [`Cursor`](crate::cursor::Cursor) is its own. [`NONE`] for others.
    pub(crate) cursor: u32,
}

impl Group {
    pub(crate) fn blocks(self) -> usize {
        (self.rows as usize).div_ceil(LANES)
    }

    /// How many rows block `block` has.
    pub(crate) fn rows_in(self, block: usize) -> usize {
        (self.rows as usize).saturating_sub(block * LANES).min(LANES)
    }
}

/// All groups.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) shapes: Vec<Shape>,
    /// Of each shape, for the interpreter.
    pub(crate) routines: Vec<Routine>,
    pub(crate) groups: Vec<Group>,
    pub(crate) operands: Operands,
    pub(crate) constants: Vec<f64>,
    /// The rule of each row; of a filter the node that occurs.
    pub(crate) rules: Vec<u32>,
    /// For each rule that stands in more than one block all its places: `head * 8 + lane`.
    copies: Lists,
    /// Blocks of all groups.
    pub(crate) heads: usize,
    pub(crate) shape_rules: usize,
    /// Groups with cursors.
    pub(crate) cursors: usize,
    /// Machine code of shapes that have it.
    pub(crate) machine: Machine,
}

impl Columns {
    /// A group with what evaluates it.
    #[inline]
    pub(crate) fn group(&self, id: u32) -> Option<(Group, &Routine)> {
        let group = *self.groups.get(id as usize)?;
        Some((group, self.routines.get(group.shape as usize)?))
    }

    pub(crate) fn shape(&self, group: Group) -> Option<&Shape> {
        self.shapes.get(group.shape as usize)
    }

    /// The rules of a block.
    pub(crate) fn rules_of(&self, group: Group, block: usize) -> &[u32] {
        let start = group.rules as usize + block * LANES;
        self.rules.get(start..start + group.rows_in(block)).unwrap_or_default()
    }

    /// The lanes of a block that have rules.
    pub(crate) fn mask_of(&self, group: Group, block: usize) -> u8 {
        u8::try_from((1_u32 << self.rules_of(group, block).len()) - 1).unwrap_or(u8::MAX)
    }

    /// Whether the rows of a group are rules, not filters of events.
    fn is_of_rules(&self, group: Group) -> bool {
        self.shape(group).is_some_and(|shape| shape.mode != ShapeMode::Occurs)
    }

    /// Each row of a rule with its rule and the head of its block.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.groups.iter().filter(|group| self.is_of_rules(**group)).flat_map(move |&group| {
            (0..group.blocks()).flat_map(move |block| {
                let head = group.head + u32::try_from(block).unwrap_or(u32::MAX);
                self.rules_of(group, block).iter().map(move |rule| (*rule, head))
            })
        })
    }

    /// The heads that go with the truths of the rules.
    pub(crate) fn heads(&self, truths: &[u8]) -> Vec<Head> {
        let mut heads = vec![Head::default(); self.heads];
        self.set_heads(truths, &mut heads);
        heads
    }

    /// The same in place.
    pub(crate) fn set_heads(&self, truths: &[u8], heads: &mut [Head]) {
        for &group in &self.groups {
            let edge = self.shape(group).is_some_and(|shape| shape.mode == ShapeMode::Edge);
            for block in 0..group.blocks() {
                let mut head = Head::default();
                for (lane, &rule) in self.rules_of(group, block).iter().enumerate() {
                    let (bit, truth) = (1 << lane, at(truths, rule));
                    head.valid |= bit;
                    head.truth |= if edge && truth == TRUE { bit } else { 0 };
                    head.first |= if edge && truth == UNKNOWN { bit } else { 0 };
                }
                put(heads, group.head + u32::try_from(block).unwrap_or(u32::MAX), head);
            }
        }
    }

    /// Notes a known truth of a rule in all its places; `place` is the one at hand.
    pub(crate) fn set_truth(&self, heads: &mut [Head], rule: u32, place: (u32, usize), truth: bool) {
        let mut set = |head: u32, lane: usize| {
            if let Some(head) = heads.get_mut(head as usize) {
                let bit = 1 << lane;
                head.first &= !bit;
                head.truth = if truth { head.truth | bit } else { head.truth & !bit };
            }
        };
        set(place.0, place.1);
        for copy in self.copies.of(rule) {
            set(copy / 8, *copy as usize % LANES);
        }
    }

    /// The places of rules that have several; rules are numbers below `rules`.
    fn find_copies(&self, rules: usize) -> Lists {
        let mut counts = vec![0_u8; rules];
        for (rule, _) in self.rows() {
            let count = at(&counts, rule).saturating_add(1);
            put(&mut counts, rule, count);
        }
        let mut places: Vec<(u32, u32)> = Vec::with_capacity(self.rows().filter(|(rule, _)| at(&counts, *rule) > 1).count());
        for &group in self.groups.iter().filter(|group| self.is_of_rules(**group)) {
            for (row, &rule) in (0..).zip(self.rules.get(group.rules as usize..).unwrap_or_default()).take(group.rows as usize) {
                if at(&counts, rule) > 1 {
                    places.push((rule, group.head * 8 + row));
                }
            }
        }
        places.sort_unstable();
        let last = places.last().map_or(0, |(rule, _)| rule + 1);
        let first_of = |rule: u32| places.partition_point(|place| place.0 < rule);
        if places.is_empty() {
            return Lists::default();
        }
        Lists::new((0..last).map(|rule| places.get(first_of(rule)..first_of(rule + 1)).unwrap_or_default().iter().map(|(_, place)| *place)))
    }

    /// Gives each operand of each row with the row's rule.
    pub(crate) fn operands(&self, mut take: impl FnMut(u32, u32)) {
        for &group in self.groups.iter().filter(|group| self.is_of_rules(**group)) {
            let operands = self.shape(group).map_or(0, |shape| usize::from(shape.operands));
            for block in 0..group.blocks() {
                let (rules, width) = (self.rules_of(group, block), lanes_of_tail(group.rows_in(block)));
                for k in 0..operands {
                    let first = group.operands as usize + block * LANES * operands + k * width;
                    for (lane, rule) in rules.iter().enumerate() {
                        take(*rule, self.operands.get(first + lane).unwrap_or(NONE));
                    }
                }
            }
        }
    }

    /// Whether these groups are worth the comparison of two prices with those before: many rows that fire at edges, and read nothing but prices of the instrument. Where
    /// machine code takes the whole event it takes more rows.
    pub(crate) fn is_cut(&self, readings: &[Reading], groups: Span, options: &EngineOptions) -> bool {
        use MarketField::{Ask, Bid, Mid, Spread, SpreadRatio};
        let is_price = |reading: &Reading| matches!(reading.field, ReadingField::Number(Bid | Ask | Mid | Spread | SpreadRatio));
        let groups = self.groups.get(groups.0 as usize..groups.1 as usize).unwrap_or_default();
        let rows: u64 = groups.iter().filter(|group| group.cursor == NONE).map(|group| u64::from(group.rows)).sum();
        let least = if options.jit && cfg!(feature = "jit") { CUT_ROWS_OF_MACHINE_CODE } else { CUT_ROWS };
        let is_edge = |group: &Group| self.shape(*group).is_some_and(|shape| shape.mode == ShapeMode::Edge);
        rows >= least && groups.iter().all(is_edge) && !readings.is_empty() && readings.iter().all(is_price)
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let shapes = flat(&self.shapes) + self.shapes.iter().map(|shape| flat(&shape.code)).sum::<usize>();
        let shapes = shapes + flat(&self.routines) + self.routines.iter().map(Routine::bytes).sum::<usize>();
        shapes
            + flat(&self.groups)
            + self.operands.bytes()
            + flat(&self.constants)
            + flat(&self.rules)
            + self.copies.bytes()
            + self.machine.bytes()
    }
}

/// What touches a row: a class mask of an instrument (see [`touch`]), a parameter, a host input or a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowInput {
    Instrument {
        instrument: u32,
        mask: u8,
    },
    Param(u32),
    Input(u32),
    /// A window out of which a sample goes.
    Window(u32),
}

impl RowInput {
    /// Groups stand in this order. Of those of an instrument, what one class of events touches stands side by side.
    fn order(self, of_filter: bool) -> (RowOrder, Self) {
        let order = match self {
            Self::Instrument { instrument, mask } => {
                let has = |bits: u8| mask & bits != 0;
                let place = match (has(touch::QUOTE), has(touch::TRADE)) {
                    (true, true) => 2,
                    (true, false) => 1,
                    (false, false) => 0,
                    (false, true) if has(touch::QUOTE_UNTRADED) => 3,
                    (false, true) => 4,
                };
                (if of_filter { 3 } else { 0 }, instrument, place)
            }
            Self::Param(id) => (1, id, 0),
            Self::Input(id) => (2, id, 0),
            Self::Window(id) => (3, id, 0),
        };
        (order, self)
    }
}

/// Kind of input, its number, and its place among those of that number.
type RowOrder = (u8, u32, u8);

/// Collects rows and lays them out.
#[derive(Debug, Default)]
pub(crate) struct ColumnsBuilder {
    ids: FxHashMap<Shape, u32>,
    shapes: Vec<PendingShape>,
    rules: Vec<PendingRule>,
    rules_in_columns: usize,
    rows: BTreeMap<((RowOrder, RowInput), u32), Vec<u32>>,
}

#[derive(Debug)]
struct PendingShape {
    shape: Shape,
    /// For each constant its bits in the first row, where all have the same.
    constants: Vec<Option<u64>>,
}

#[derive(Debug)]
struct PendingRule {
    rule: u32,
    operands: Vec<u32>,
    constants: Vec<f64>,
}

impl ColumnsBuilder {
    /// Adds a rule, or the node of a filter, with the slots it reads and what touches it, each input once.
    pub(crate) fn add(&mut self, rule: u32, shape: Shape, operands: Vec<u32>, constants: Vec<f64>, inputs: &[RowInput]) {
        let is_filter = shape.mode == ShapeMode::Occurs;
        self.rules_in_columns += usize::from(!is_filter);
        let next = u32::try_from(self.shapes.len()).unwrap_or(u32::MAX);
        let id = *self.ids.entry(shape).or_insert_with_key(|shape| {
            let constants = constants.iter().map(|x| Some(x.to_bits())).collect();
            self.shapes.push(PendingShape { shape: shape.clone(), constants });
            next
        });
        for (same, x) in self.shapes.get_mut(id as usize).into_iter().flat_map(|shape| &mut shape.constants).zip(&constants) {
            *same = same.filter(|bits| *bits == x.to_bits());
        }
        let pending = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        self.rules.push(PendingRule { rule, operands, constants });
        for input in inputs {
            self.rows.entry((input.order(is_filter), id)).or_default().push(pending);
        }
    }

    /// The columns, and the groups under each of `keys` inputs, those of rules and those of filters; `keys_of` says under which keys an input stands. Rules are numbers below
    /// `rules`, operands below `slots`.
    pub(crate) fn finish(
        self,
        (keys, rules, slots): (usize, usize, usize),
        mut keys_of: impl FnMut(RowInput) -> Vec<u32>,
    ) -> Result<(Columns, [Lists; 2]), BuildError> {
        let Self { shapes, rules: pending, rows, rules_in_columns, .. } = self;
        let mut columns = Columns { shape_rules: rules_in_columns, operands: Operands::below(slots), ..Columns::default() };
        // For each shape the constants that stand in columns.
        let mut kept = Vec::with_capacity(shapes.len());
        for PendingShape { mut shape, constants } in shapes {
            kept.push(literals(&mut shape, &constants)?);
            columns.shapes.push(shape);
        }
        columns.shapes.shrink_to_fit();
        columns.routines = columns.shapes.iter().map(Routine::new).collect();
        let [mut lists, mut filters] = [vec![Vec::new(); keys], vec![Vec::new(); keys]];
        let mut inputs = vec![0_u8; pending.len()];
        for row in rows.values().flatten() {
            let count = at(&inputs, *row).saturating_add(1);
            put(&mut inputs, *row, count);
        }
        let len = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
        for (((_, input), shape), rows) in rows {
            let of_shape = columns.shapes.get(shape as usize);
            let operands = of_shape.map_or(0, |shape| usize::from(shape.operands));
            let is_filter = of_shape.is_some_and(|shape| shape.mode == ShapeMode::Occurs);
            let constants: &[usize] = kept.get(shape as usize).map_or(&[], |kept| kept);
            let lists = if is_filter { &mut filters } else { &mut lists };
            let keys = keys_of(input);
            for (rows, is_sorted) in parts(of_shape, constants, (&pending, &inputs), rows) {
                let id = len(columns.groups.len())?;
                for key in &keys {
                    if let Some(list) = lists.get_mut(*key as usize) {
                        list.push(id);
                    }
                }
                columns.groups.push(Group {
                    shape,
                    rows: len(rows.len())?,
                    operands: len(columns.operands.len())?,
                    constants: len(columns.constants.len())?,
                    rules: len(columns.rules.len())?,
                    head: len(columns.heads)?,
                    cursor: if is_sorted { len(columns.cursors)? } else { NONE },
                });
                columns.cursors += usize::from(is_sorted);
                for block in rows.chunks(LANES) {
                    let lane = |lane: usize| block.get(lane).or(block.last()).and_then(|row| pending.get(*row as usize));
                    let lanes = || (0..lanes_of_tail(block.len())).filter_map(lane);
                    for k in 0..operands {
                        lanes().filter_map(|rule| rule.operands.get(k)).for_each(|slot| columns.operands.push(*slot));
                    }
                    for &k in constants {
                        columns.constants.extend(lanes().filter_map(|rule| rule.constants.get(k)));
                    }
                    columns.rules.extend(block.iter().filter_map(|row| Some(pending.get(*row as usize)?.rule)));
                    columns.heads += 1;
                }
            }
        }
        len(columns.heads.saturating_mul(LANES))?;
        columns.copies = columns.find_copies(rules);
        columns.operands.shrink();
        columns.constants.shrink_to_fit();
        columns.rules.shrink_to_fit();
        columns.groups.shrink_to_fit();
        Ok((columns, [Lists::new(lists), Lists::new(filters)]))
    }
}

/// The rows of an input and a shape, cut into those of groups with cursors and one group of all others; whether each part is one with a cursor.
///
/// A row with several inputs has its truth changed from another group, of which a cursor would know nothing.
fn parts(
    shape: Option<&Shape>,
    constants: &[usize],
    (pending, inputs): (&[PendingRule], &[u8]),
    mut rows: Vec<u32>,
) -> Vec<(Vec<u32>, bool)> {
    let (&[constant], true) = (constants, rows.len() >= cursor::LEAST && shape.is_some_and(Shape::is_threshold)) else {
        return vec![(rows, false)];
    };
    let rule = |row: u32| pending.get(row as usize);
    let slot = |row: u32| rule(row).and_then(|rule| rule.operands.first().copied()).unwrap_or(NONE);
    let threshold = |row: u32| rule(row).and_then(|rule| rule.constants.get(constant).copied()).unwrap_or(f64::NAN);
    if rows.iter().any(|row| threshold(*row).is_nan() || at(inputs, *row) != 1) {
        return vec![(rows, false)];
    }
    // Stable: rows with one threshold stay in order.
    rows.sort_by(|a, b| slot(*a).cmp(&slot(*b)).then(threshold(*a).total_cmp(&threshold(*b))));
    let (mut parts, mut rest) = (Vec::new(), Vec::new());
    for of_slot in rows.chunk_by(|a, b| slot(*a) == slot(*b)) {
        if of_slot.len() >= cursor::LEAST {
            parts.push((of_slot.to_vec(), true));
        } else {
            rest.extend(of_slot);
        }
    }
    if !rest.is_empty() {
        rest.sort_unstable();
        parts.push((rest, false));
    }
    parts
}

/// Puts constants that are the same in all rows into the code. Gives those that are left to columns, in order.
fn literals(shape: &mut Shape, constants: &[Option<u64>]) -> Result<Vec<usize>, BuildError> {
    let kept: Vec<usize> = (0..).zip(constants).filter(|(_, same)| same.is_none()).map(|(k, _)| k).collect();
    for instr in &mut shape.code {
        if let Instr::Const(k) = instr {
            let k = usize::from(*k);
            *instr = match constants.get(k).copied().flatten() {
                Some(bits) => Instr::Literal(bits),
                None => Instr::Const(kept.binary_search(&k).ok().and_then(|k| u16::try_from(k).ok()).ok_or(BuildError::TooLarge)?),
            };
        }
    }
    shape.constants = u16::try_from(kept.len()).map_err(|_| BuildError::TooLarge)?;
    Ok(kept)
}

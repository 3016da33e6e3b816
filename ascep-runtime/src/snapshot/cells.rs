//! What each operator keeps from one step to the next, as words. An operator that is added does not compile before it says here what it keeps.

use super::texts::{Ids, Texts};
use super::words::{Reader, Writer};
use crate::ops::bar::{Bar, Bars};
use crate::ops::indicator::Progress;
use crate::ops::look::Look;
use crate::ops::sequence::Run;
use crate::plan::{Clock, NONE, NodeOp, Plan, RingPlan, SeqPlan};
use crate::ring::Ring;
use crate::state::{NO_SIGN, State};
use crate::value::{Repr, at, put};

/// A part of the state.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    Timer(u32),
    Since(u32),
    Edge(u32),
    Crosses(u32),
    OnceLevel(u32),
    /// An aggregate; its window is filed by itself.
    Look(u32),
    Bars(u32),
    Indicator(u32),
    History {
        index: u32,
        repr: Repr,
        ids: Ids,
    },
    Sequence(u32),
    Scan(u32),
    All {
        index: u32,
        parts: u32,
    },
}

/// The parts that belong to a node.
pub(super) fn cells(plan: &Plan, id: u32) -> [Option<Cell>; 2] {
    let node = at(&plan.nodes, id);
    let hold = |hold: u32| plan.holds.get(hold as usize).map(|hold| Cell::Timer(hold.timer));
    match node.op {
        // What follows from the arguments, the market, a setting or the clock.
        NodeOp::Fixed
        | NodeOp::Market { .. }
        | NodeOp::TradeSide { .. }
        | NodeOp::Latency { .. }
        | NodeOp::VenueTs { .. }
        | NodeOp::Imbalance { .. }
        | NodeOp::DepthPrice { .. }
        | NodeOp::Clock(Clock::Now | Clock::Hour | Clock::Day | Clock::Age { .. } | Clock::Legs { .. })
        | NodeOp::Function(_)
        | NodeOp::Compare(..)
        | NodeOp::CompareSymbols(_)
        | NodeOp::And
        | NodeOp::Or
        | NodeOp::Not
        | NodeOp::Coalesce(_)
        | NodeOp::Known(_)
        | NodeOp::FastK
        | NodeOp::Cycle { .. }
        | NodeOp::Host { .. }
        | NodeOp::Pick
        | NodeOp::Event
        | NodeOp::BarField { .. }
        | NodeOp::Opportunity { .. }
        | NodeOp::Where
        | NodeOp::EventAnd
        | NodeOp::EventOr
        | NodeOp::Capture { .. }
        | NodeOp::RunAnd
        | NodeOp::RunOr
        // Its slot is all that it keeps.
        | NodeOp::Sample => [None, None],
        NodeOp::Clock(Clock::Since { state }) => [Some(Cell::Since(state)), None],
        NodeOp::ClockCompare { state } => [plan.clock_compares.get(state as usize).map(|compare| Cell::Timer(compare.timer)), None],
        NodeOp::Edge { state } => [Some(Cell::Edge(state)), None],
        NodeOp::Crosses { state, .. } => [Some(Cell::Crosses(state)), None],
        NodeOp::NoFor { hold: index } | NodeOp::For { hold: index } | NodeOp::OnceEvent { hold: index } => [hold(index), None],
        NodeOp::OnceLevel { hold: index, state } => [hold(index), Some(Cell::OnceLevel(state))],
        NodeOp::Look { look } => {
            let timer = plan.looks.get(look as usize).map(|look| look.timer).filter(|timer| *timer != NONE);
            [Some(Cell::Look(look)), timer.map(Cell::Timer)]
        }
        NodeOp::Bar { bar } => [plan.bars.get(bar as usize).map(|bar| Cell::Timer(bar.timer)), Some(Cell::Bars(bar))],
        NodeOp::Scan { scan } => [Some(Cell::Scan(scan)), None],
        NodeOp::Indicator { indicator } => [Some(Cell::Indicator(indicator)), None],
        NodeOp::Index { state } => {
            let repr = plan.reprs.get(id as usize).copied().unwrap_or(Repr::Num);
            let ids = plan.keys.nodes.get(id as usize).map_or(Ids::Nothing, |key| key.ids);
            [Some(Cell::History { index: state, repr, ids }), None]
        }
        NodeOp::Seq { index } => {
            let timer = plan.sequences.seqs.get(index as usize).map(|seq| seq.timer).filter(|timer| *timer != NONE);
            [timer.map(Cell::Timer), Some(Cell::Sequence(index))]
        }
        NodeOp::All { index } => {
            let parts = u32::try_from(plan.args(node).len()).unwrap_or(0);
            [Some(Cell::All { index, parts }), None]
        }
    }
}

pub(super) fn write(plan: &Plan, state: &State, texts: &mut Texts, cell: Cell, out: &mut Writer) {
    match cell {
        Cell::Timer(timer) => out.int(state.timers.due(timer)),
        Cell::Since(index) => out.int(state.since.get(index as usize).copied().unwrap_or_default()),
        Cell::Edge(index) => out.word(u64::from(at(&state.edges, index))),
        Cell::Crosses(index) => out.int(i64::from(at(&state.crosses, index))),
        Cell::OnceLevel(index) => out.flag(at(&state.once_levels, index)),
        Cell::Look(index) => {
            let Look { known, known_at, leaves_at } = at(&state.looks, index);
            out.flag(known);
            out.int(known_at);
            out.int(leaves_at);
        }
        Cell::Bars(index) => {
            let Bars { closed, current, next } = at(&state.bars, index);
            [closed, current, next].into_iter().for_each(|bar| write_bar(bar, out));
        }
        Cell::Indicator(index) => {
            let Progress { seen, before, ts, means } = at(&state.progress, index);
            out.word(u64::from(seen));
            out.num(before);
            out.int(ts);
            means.into_iter().for_each(|mean| out.num(mean));
        }
        Cell::History { index, ids, .. } => {
            let (Some(ring), Some(of)) = (state.history_rings.get(index as usize), plan.histories.get(index as usize)) else { return };
            write_ring(*ring, *of, &state.history, out, |bits| texts.write(plan, state, ids, bits));
        }
        Cell::Sequence(index) => {
            let Some(seq) = plan.sequences.seqs.get(index as usize) else { return };
            write_sequence(plan, state, texts, *seq, out);
        }
        Cell::Scan(index) => {
            if let Some(scan) = state.scans.get(index as usize) {
                scan.write(out);
            }
        }
        Cell::All { index, parts } => {
            for place in all_places(plan, index, parts) {
                out.int(at(&state.sequences.times, place));
            }
        }
    }
}

/// Takes a part of the state over; nothing where it can't be that.
pub(super) fn read(plan: &mut Plan, state: &mut State, texts: &mut Texts, cell: Cell, from: &mut Reader<'_>) -> Option<()> {
    match cell {
        Cell::Timer(timer) => {
            let due = from.int()?;
            // What is due before now has fired.
            (due >= state.clock).then_some(())?;
            state.timers.arm(timer, due);
        }
        Cell::Since(index) => put(&mut state.since, index, from.int()?),
        Cell::Edge(index) => put(&mut state.edges, index, from.level()?),
        Cell::Crosses(index) => {
            let sign = i8::try_from(from.int()?).ok().filter(|sign| matches!(*sign, NO_SIGN | -1..=1))?;
            put(&mut state.crosses, index, sign);
        }
        Cell::OnceLevel(index) => put(&mut state.once_levels, index, from.flag()?),
        Cell::Look(index) => {
            let look = Look { known: from.flag()?, known_at: from.int()?, leaves_at: from.int()? };
            put(&mut state.looks, index, look);
        }
        Cell::Bars(index) => {
            let bars = Bars { closed: read_bar(from)?, current: read_bar(from)?, next: read_bar(from)? };
            put(&mut state.bars, index, bars);
        }
        Cell::Indicator(index) => {
            let seen = u32::try_from(from.word()?).ok()?;
            let progress = Progress { seen, before: from.num()?, ts: from.int()?, means: [from.num()?, from.num()?] };
            put(&mut state.progress, index, progress);
        }
        Cell::History { index, repr, ids } => {
            let of = *plan.histories.get(index as usize)?;
            let ring = read_ring(of, &mut state.history, from, |from| texts.read(plan, ids, from.slot(repr)?))?;
            *state.history_rings.get_mut(index as usize)? = ring;
        }
        Cell::Sequence(index) => {
            let seq = *plan.sequences.seqs.get(index as usize)?;
            read_sequence(plan, state, texts, seq, from)?;
        }
        Cell::Scan(index) => {
            let deadline = state.scans.get_mut(index as usize)?.read(from)?;
            (deadline >= state.clock).then_some(())?;
            state.timers.arm(plan.scans.scans.get(index as usize)?.timer, deadline);
        }
        Cell::All { index, parts } => {
            for place in all_places(plan, index, parts) {
                put(&mut state.sequences.times, place, from.int()?);
            }
        }
    }
    Some(())
}

fn write_bar(bar: Option<Bar>, out: &mut Writer) {
    out.flag(bar.is_some());
    if let Some(Bar { start, open, high, low, close, volume, notional, count }) = bar {
        out.int(start);
        [open, high, low, close, volume, notional, count].into_iter().for_each(|x| out.num(x));
    }
}

fn read_bar(from: &mut Reader<'_>) -> Option<Option<Bar>> {
    if !from.flag()? {
        return Some(None);
    }
    let start = from.int()?;
    let mut number = || from.num().filter(|x| !x.is_nan());
    let [open, high, low, close, volume, notional, count] = [number()?, number()?, number()?, number()?, number()?, number()?, number()?];
    Some(Some(Bar { start, open, high, low, close, volume, notional, count }))
}

fn all_places(plan: &Plan, index: u32, parts: u32) -> std::ops::Range<u32> {
    plan.sequences.alls.get(index as usize).map_or(0..0, |all| all.times..all.times.saturating_add(parts))
}

/// The items from the oldest to the newest: where they stand in the ring is nobody's business.
pub(super) fn write_ring<T: Copy>(ring: Ring, plan: RingPlan, items: &[T], out: &mut Writer, mut word: impl FnMut(T) -> u64) {
    out.count(ring.len);
    let mut left = ring;
    while let Some(item) = left.oldest(plan, items) {
        out.word(word(item));
        left.drop_oldest(plan.capacity);
    }
}

pub(super) fn read_ring<T: Copy>(
    plan: RingPlan,
    items: &mut [T],
    from: &mut Reader<'_>,
    mut item: impl FnMut(&mut Reader<'_>) -> Option<T>,
) -> Option<Ring> {
    let count = from.count(plan.capacity)?;
    let mut ring = Ring::default();
    for _ in 0..count {
        ring.push(plan, items, item(from)?);
    }
    Some(ring)
}

fn capture_kinds(plan: &Plan, seq: SeqPlan) -> Vec<(Repr, Ids)> {
    let mut kinds = vec![(Repr::Num, Ids::Nothing); seq.block as usize];
    let (start, end) = seq.places;
    for place in plan.sequences.places.get(start as usize..end as usize).unwrap_or_default() {
        let (first, last) = place.captures;
        for capture in plan.sequences.captures.get(first as usize..last as usize).unwrap_or_default() {
            if let (Some(kind), Some(repr), Some(key)) = (
                kinds.get_mut(capture.place as usize),
                plan.reprs.get(capture.source as usize),
                plan.keys.nodes.get(capture.source as usize),
            ) {
                *kind = (*repr, key.ids);
            }
        }
    }
    kinds
}

/// The deadlines of the gap after a prefix.
fn deadlines(plan: &Plan, seq: SeqPlan, prefix: u32) -> impl Iterator<Item = u32> {
    let place = plan.sequences.places.get((seq.places.0 + prefix - 1) as usize);
    let (first, end) = place.map_or((0, 0), |place| place.absents);
    let absents = plan.sequences.absents.get(first as usize..end as usize).unwrap_or_default();
    absents.iter().filter(|absent| absent.hold.is_some()).map(|absent| absent.deadline)
}

fn write_sequence(plan: &Plan, state: &State, texts: &mut Texts, seq: SeqPlan, out: &mut Writer) {
    let kinds = capture_kinds(plan, seq);
    for prefix in 1..=seq.prefixes {
        let run = at(&state.sequences.runs, seq.runs + prefix - 1);
        out.flag(run.alive);
        if !run.alive {
            continue;
        }
        out.word(u64::from(run.own));
        out.word(u64::from(run.next));
        out.word(u64::from(run.count));
        out.int(run.until);
        for deadline in deadlines(plan, seq, prefix) {
            out.int(at(&state.sequences.deadlines, deadline));
        }
        for ((_, ids), place) in kinds.iter().zip(seq.block_of(prefix)..) {
            out.word(texts.write(plan, state, *ids, at(&state.sequences.captures, place)));
        }
    }
}

fn read_sequence(plan: &mut Plan, state: &mut State, texts: &mut Texts, seq: SeqPlan, from: &mut Reader<'_>) -> Option<()> {
    let kinds = capture_kinds(plan, seq);
    for prefix in 1..=seq.prefixes {
        if !from.flag()? {
            continue;
        }
        let (own, next) = (from.level()?, from.level()?);
        let (count, until) = (u32::try_from(from.word()?).ok()?, from.int()?);
        for deadline in deadlines(plan, seq, prefix).collect::<Vec<_>>() {
            put(&mut state.sequences.deadlines, deadline, from.int()?);
        }
        for ((repr, ids), place) in kinds.iter().zip(seq.block_of(prefix)..) {
            let bits = texts.read(plan, *ids, from.slot(*repr)?)?;
            put(&mut state.sequences.captures, place, bits);
        }
        put(&mut state.sequences.runs, seq.runs + prefix - 1, Run { alive: true, own, next, count, until });
    }
    Some(())
}

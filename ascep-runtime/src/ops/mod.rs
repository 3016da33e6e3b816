//! The operators outside of the columns: what each does at an instant, and what it is at the start.

pub(crate) mod bar;
mod clock;
mod cycle;
mod event;
mod hold;
mod host;
pub(crate) mod indicator;
mod level;
pub(crate) mod look;
pub(crate) mod num;
pub(crate) mod scan;
pub(crate) mod sequence;

use crate::plan::{LookKind, NodeOp, NodePlan, Plan};
use crate::state::State;
use crate::value::{at, put};

/// Brings a node up to date that has an argument at an instant, a timer that is due, or an input that changed.
pub(crate) fn visit(plan: &Plan, state: &mut State, id: u32) {
    for &reading in plan.preludes.of(id) {
        refresh(plan, state, reading);
    }
    let node: NodePlan = at(&plan.nodes, id);
    let args = plan.args(node);
    let value = match node.op {
        NodeOp::Where => {
            if !event::where_occurs(state, args) {
                // What fails `WHERE` is nothing at all, not even an instant.
                return;
            }
            state.step
        }
        NodeOp::Seq { index } => {
            if !sequence::visit(plan, state, index) {
                return;
            }
            state.step
        }
        NodeOp::All { index } => {
            if !sequence::all(plan, state, args, index) {
                return;
            }
            state.step
        }
        NodeOp::Sample => match *args {
            [event, x] if state.occurs(event) => state.slot(x),
            _ => return,
        },
        NodeOp::EventAnd => event::and(state, id, args),
        NodeOp::EventOr => event::or(state, id, args),
        NodeOp::Edge { state: index } => event::edge(state, id, args, index),
        NodeOp::Crosses { side, repr, state: index } => event::crosses(state, id, args, side, repr, index),
        NodeOp::NoFor { hold } => hold::no_for(plan, state, id, args, hold),
        NodeOp::For { hold } => hold::for_period(plan, state, id, args, hold),
        NodeOp::OnceLevel { hold, state: index } => hold::once_level(plan, state, id, args, hold, index),
        NodeOp::OnceEvent { hold } => hold::once_event(plan, state, id, args, hold),
        NodeOp::Look { look } => {
            if state.timer_step {
                look::line_up_rows(plan, state, look);
            }
            match look::visit(plan, state, args, look) {
                Some(value) => value,
                // What compares with the past is at no other instants.
                None if plan.looks.get(look as usize).is_some_and(|look| look.kind == LookKind::Past) => return,
                None => state.slot(id),
            }
        }
        NodeOp::Index { state: index } => look::index(plan, state, id, args, index),
        NodeOp::Indicator { indicator } => indicator::visit(plan, state, args, indicator).unwrap_or(state.slot(id)),
        NodeOp::Bar { bar } if bar::visit(plan, state, bar) => state.step,
        NodeOp::Bar { .. } => return,
        NodeOp::ClockCompare { state: index } => clock::compare(plan, state, index),
        NodeOp::Clock(crate::plan::Clock::Since { state: index }) => {
            clock::since(state, args, index);
            compute(plan, state, node)
        }
        _ => compute(plan, state, node),
    };
    put(&mut state.slots, id, value);
    state.mark(plan, id);
}

/// Computes a node whose value follows from what it reads, without an instant.
#[inline]
pub(crate) fn refresh(plan: &Plan, state: &mut State, id: u32) {
    let value = compute(plan, state, at(&plan.nodes, id));
    put(&mut state.slots, id, value);
}

/// The time from which a reading of the clock counts, where it counts from one.
pub(crate) fn origin_of(plan: &Plan, state: &State, clock: crate::plan::Clock) -> Option<i64> {
    use crate::plan::Clock;
    match clock {
        Clock::Age { .. } | Clock::Since { .. } | Clock::Legs { .. } => {
            Some(clock::origin(plan, state, clock)).filter(|&ts| ts != crate::value::UNKNOWN_INT)
        }
        Clock::Now | Clock::Hour | Clock::Day => None,
    }
}

/// The value of a node at the start, before the first event; the nodes before it have theirs.
pub(crate) fn start(plan: &Plan, state: &mut State, id: u32) {
    let node: NodePlan = at(&plan.nodes, id);
    let args = plan.args(node);
    let value = match node.op {
        // Events have not occurred; what looks at updates has seen none.
        NodeOp::Fixed
        | NodeOp::Event
        | NodeOp::Where
        | NodeOp::EventAnd
        | NodeOp::EventOr
        | NodeOp::Edge { .. }
        | NodeOp::Bar { .. }
        | NodeOp::Scan { .. }
        | NodeOp::Indicator { .. }
        | NodeOp::Crosses { .. }
        | NodeOp::Index { .. }
        | NodeOp::Seq { .. }
        | NodeOp::All { .. }
        | NodeOp::Sample => return,
        NodeOp::NoFor { hold } | NodeOp::OnceEvent { hold } => return hold::start(plan, state, hold),
        NodeOp::For { hold } => hold::start_for(plan, state, args, hold),
        NodeOp::OnceLevel { hold, state: index } => hold::start_once(plan, state, args, hold, index),
        NodeOp::Look { look } => return look::start(plan, state, look),
        NodeOp::ClockCompare { state: index } => clock::compare(plan, state, index),
        _ => compute(plan, state, node),
    };
    put(&mut state.slots, id, value);
}

/// The value that a node without state has as of now.
fn compute(plan: &Plan, state: &mut State, node: NodePlan) -> u64 {
    let args = plan.args(node);
    let int = |x: i64| x.cast_unsigned();
    match node.op {
        NodeOp::Market { instrument, field } => state.market.number(instrument, field).to_bits(),
        NodeOp::TradeSide { instrument } => event::side(plan, state, instrument),
        NodeOp::Latency { instrument } => int(clock::latency(state, instrument)),
        NodeOp::VenueTs { instrument } => int(state.market.venue_ts(instrument)),
        NodeOp::Imbalance { instrument, depth } => state.market.imbalance(instrument, depth).to_bits(),
        NodeOp::DepthPrice { instrument, side } => {
            let qty = args.first().map_or(f64::NAN, |arg| f64::from_bits(state.slot(*arg)));
            state.market.depth_price(instrument, side, qty).to_bits()
        }
        NodeOp::Clock(reading) => clock::read(plan, state, reading),
        NodeOp::Function(function) => function.apply(args.iter().map(|arg| state.slot(*arg))),
        NodeOp::Compare(op, repr) => level::compare(state, args, op, repr),
        NodeOp::CompareSymbols(op) => level::compare_symbols(plan, state, args, op),
        NodeOp::And => level::and(state, args),
        NodeOp::Or => level::or(state, args),
        NodeOp::Not => level::not(state, args),
        NodeOp::Coalesce(repr) => level::coalesce(state, args, repr),
        NodeOp::Known(repr) => level::known(state, args, repr),
        NodeOp::BarField { bar, field } => bar::field(state, bar, field),
        NodeOp::Opportunity { scan, field } => scan::field(plan, state, scan, field),
        NodeOp::FastK => indicator::fast_k(state, args),
        NodeOp::Cycle { cycle, field } => cycle::field(plan, state, cycle, field, args),
        NodeOp::Host { function } => host::call(plan, state, args, function),
        NodeOp::Pick => event::pick(state, args),
        // A market event occurs when it is asked for: only its source asks.
        NodeOp::Event => state.step,
        NodeOp::Capture { index, repr } => state.capture(index).unwrap_or_else(|| repr.unknown()),
        NodeOp::RunAnd => event::run_and(state, args),
        NodeOp::RunOr => event::run_or(state, args),
        _ => 0,
    }
}

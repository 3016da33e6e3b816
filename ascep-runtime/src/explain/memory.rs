//! What each operator remembers, and why it is unknown. Both go through all operators, so that a new one is not forgotten here.

use ascep_lang::program::{MarketField, NodeId};

use super::tree::{Subject, known};
use super::{LegQuote, Memory, Reading, Run, Side, Told, Unknown, Ways};
use crate::arbitrage::{Path, Standing, State as Stage};
use crate::ops::indicator::Indicator;
use crate::ops::scan::write_path;
use crate::plan::{Clock, LookKind, NONE, NodeOp, NumberPlan, PeriodPlan};
use crate::state::NO_SIGN;
use crate::timers::NEVER;
use crate::value::{FALSE, Repr, TRUE, at};
use crate::window::Sample;

/// What a node remembers.
pub(super) fn memory(subject: &Subject<'_>, id: NodeId) -> Option<Memory> {
    let state = subject.state;
    match subject.op(id) {
        NodeOp::Edge { state: index } => Some(Memory::LastTruth(match at(&state.edges, index) {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        })),
        NodeOp::Crosses { state: index, .. } => {
            let sign = state.crosses.get(index as usize).copied().unwrap_or(NO_SIGN);
            Some(Memory::LastSide((sign != NO_SIGN).then_some(match sign.signum() {
                -1 => Side::Below,
                0 => Side::Equal,
                _ => Side::Above,
            })))
        }
        NodeOp::Look { look } => {
            let look = subject.plan.looks.get(look as usize)?;
            let (plan, _, samples) = state.windows.of(subject.plan, look.window)?;
            let time = |sample: Option<Sample>| known(sample.map(|sample| sample.ts));
            Some(Memory::Window {
                samples: samples.len() as u64,
                capacity: plan.capacity as u64,
                oldest: time(samples.oldest()),
                newest: time(samples.newest()),
                before: time(samples.left().filter(|_| look.kind == LookKind::Past)),
            })
        }
        NodeOp::Index { state: index } => {
            let (ring, plan) = (state.history_rings.get(index as usize)?, subject.plan.histories.get(index as usize)?);
            // The ring holds one less than it takes.
            let needed = plan.capacity as u64 + 1;
            let seen = if subject.value(id) == Reading::Unknown { ring.len as u64 } else { needed };
            Some(Memory::Updates { seen, needed })
        }
        NodeOp::Bar { bar } => {
            let current = state.bars.get(bar as usize)?.current?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of trades")]
            let trades = current.count as u64;
            Some(Memory::OpenBar { start: current.start, trades })
        }
        NodeOp::Seq { index } => runs(subject, index),
        NodeOp::All { index } => {
            let all = subject.plan.sequences.alls.get(index as usize)?;
            let parts = subject.node(id)?.args.len();
            let times = state.sequences.times.iter().skip(all.times as usize).take(parts);
            Some(Memory::Occurrences(times.map(|&ts| known(Some(ts))).collect()))
        }
        NodeOp::Indicator { indicator } => {
            let needed = needed(*subject.plan.indicators.get(indicator as usize)?);
            let seen = u64::from(state.progress.get(indicator as usize)?.seen).min(needed);
            Some(Memory::Updates { seen, needed })
        }
        NodeOp::Cycle { cycle, .. } | NodeOp::Clock(Clock::Legs { cycle }) => {
            let instruments = subject.plan.cycles.get(cycle as usize)?.instruments();
            Some(Memory::Legs(instruments.map(|id| leg(subject, id)).collect()))
        }
        NodeOp::Scan { scan } => opportunities(subject, scan),
        // The timers of those that wait are told of every node; what has no memory is its arguments.
        NodeOp::NoFor { .. }
        | NodeOp::For { .. }
        | NodeOp::OnceLevel { .. }
        | NodeOp::OnceEvent { .. }
        | NodeOp::ClockCompare { .. }
        | NodeOp::Fixed
        | NodeOp::Market { .. }
        | NodeOp::TradeSide { .. }
        | NodeOp::Latency { .. }
        | NodeOp::VenueTs { .. }
        | NodeOp::Imbalance { .. }
        | NodeOp::DepthPrice { .. }
        | NodeOp::Clock(_)
        | NodeOp::Function(_)
        | NodeOp::Compare(..)
        | NodeOp::CompareSymbols(_)
        | NodeOp::And
        | NodeOp::Or
        | NodeOp::Not
        | NodeOp::Coalesce(_)
        | NodeOp::Known(_)
        | NodeOp::Pick
        | NodeOp::Event
        | NodeOp::Where
        | NodeOp::EventAnd
        | NodeOp::EventOr
        | NodeOp::Capture { .. }
        | NodeOp::RunAnd
        | NodeOp::RunOr
        | NodeOp::BarField { .. }
        | NodeOp::Opportunity { .. }
        | NodeOp::FastK
        | NodeOp::Host { .. }
        | NodeOp::Sample => None,
    }
}

/// What is known of a market that is a leg.
fn leg(subject: &Subject<'_>, instrument: u32) -> LegQuote {
    let state = subject.state;
    let number = |field| Some(state.market.number(instrument, field)).filter(|x| !x.is_nan());
    let ts = known(Some(state.market.quote_ts(instrument)));
    LegQuote {
        market: subject.plan.instruments.text(instrument).to_owned(),
        bid: number(MarketField::Bid),
        ask: number(MarketField::Ask),
        ts,
        age: ts.map(|ts| state.clock.saturating_sub(ts)),
    }
}

/// What a scan told last, and how its ways stand where it is not at work.
fn opportunities(subject: &Subject<'_>, scan: u32) -> Option<Memory> {
    let (plan, state) = (subject.plan.scans.scans.get(scan as usize)?, subject.state.scans.get(scan as usize)?);
    let min_net = match plan.settings.min_net {
        NumberPlan::Fixed(x) => x,
        NumberPlan::Param(id) => f64::from_bits(at(&subject.state.params, id)),
    };
    let path = |path: &Path| {
        let mut text = String::new();
        write_path(plan, path, &mut text);
        text
    };
    let told = state.last.map(|told| {
        let (name, reason) = match told.state {
            Stage::Open => ("open", None),
            Stage::Update => ("update", None),
            Stage::Close(reason) => ("close", Some(reason.name().to_owned())),
        };
        let instruments = told.path.legs().filter_map(|leg| plan.instruments.get(leg.market.0 as usize).filter(|id| **id != NONE));
        Box::new(Told {
            ts: told.ts,
            state: name.to_owned(),
            reason,
            path: path(&told.path),
            net: told.net,
            min_net,
            gross: told.gross,
            size: Some(told.size).filter(|size| !size.is_nan()),
            age: told.age,
            skew: told.skew,
            legs: instruments.map(|id| leg(subject, *id)).collect(),
        })
    });
    let ways = state.scanner.as_ref().map(|scanner| {
        let Standing { ways: all, unknown, open, aged, skewed, small, best } = scanner.standing(subject.state.clock);
        Ways { all, unknown, open, aged, skewed, small, best: best.map(|(way, net)| (path(&way), net)), min_net }
    });
    Some(Memory::Opportunities { told, ways })
}

/// With how many updates an indicator is known.
fn needed(indicator: Indicator) -> u64 {
    match indicator {
        Indicator::Ema { n, skip } => u64::from(n) + u64::from(skip),
        Indicator::Rsi(n) | Indicator::Atr(n) => u64::from(n) + 1,
        Indicator::Obv | Indicator::Decay(_) => 1,
    }
}

fn runs(subject: &Subject<'_>, index: u32) -> Option<Memory> {
    let (plan, state) = (&subject.plan.sequences, subject.state);
    let seq = plan.seqs.get(index as usize)?;
    let (first, end) = seq.places;
    let mut runs = Vec::new();
    for prefix in 1..=seq.prefixes {
        let run = at(&state.sequences.runs, seq.runs + prefix - 1);
        if !run.alive {
            continue;
        }
        let (from, to) = plan.places.get((first + prefix - 1) as usize).map_or((0, 0), |place| place.absents);
        let absents = plan.absents.get(from as usize..to as usize).unwrap_or_default();
        let deadlines = absents.iter().filter(|absent| absent.hold.is_some()).map(|absent| at(&state.sequences.deadlines, absent.deadline));
        let waits_until = deadlines.filter(|&deadline| deadline != NEVER && deadline > state.timers_done).max();
        // With a parameter for the span it may have been another when the run began.
        let started = match seq.within {
            PeriodPlan::Fixed(d) if run.until != NEVER => Some(run.until.saturating_sub(d)),
            _ => None,
        };
        runs.push(Run { prefix, started, ends: run.until, waits_until });
    }
    Some(Memory::Runs { places: end - first, runs })
}

/// Why a node is unknown.
pub(super) fn unknown(subject: &Subject<'_>, id: NodeId) -> Unknown {
    let op = subject.op(id);
    match op {
        NodeOp::Market { instrument, .. }
        | NodeOp::TradeSide { instrument }
        | NodeOp::Latency { instrument }
        | NodeOp::VenueTs { instrument }
        | NodeOp::Imbalance { instrument, .. } => market(subject, id, instrument),
        NodeOp::DepthPrice { instrument, .. } if all_known(subject, id) => market(subject, id, instrument),
        NodeOp::Clock(Clock::Age { instrument }) => match subject.state.market.last_ts(instrument) {
            crate::value::UNKNOWN_INT => Unknown::NeverSeen,
            _ => Unknown::Arithmetic,
        },
        NodeOp::Clock(Clock::Since { .. }) | NodeOp::Fixed | NodeOp::Sample => Unknown::NeverSeen,
        NodeOp::OnceLevel { .. } | NodeOp::OnceEvent { .. } => Unknown::WarmingUp { until: subject.timer(id), updates: None },
        NodeOp::Look { look } => of_window(subject, look).unwrap_or(Unknown::NeverSeen),
        NodeOp::Cycle { .. } | NodeOp::Clock(Clock::Legs { .. }) => match memory(subject, id) {
            Some(Memory::Legs(legs)) if legs.iter().any(|leg| leg.ts.is_none()) => Unknown::NeverSeen,
            _ if !all_known(subject, id) => Unknown::Argument,
            _ => Unknown::Missing,
        },
        NodeOp::Indicator { .. } => match memory(subject, id) {
            Some(Memory::Updates { seen, needed }) if seen < needed => Unknown::WarmingUp { until: None, updates: Some((seen, needed)) },
            _ => Unknown::Arithmetic,
        },
        NodeOp::Host { .. } if all_known(subject, id) => Unknown::Host,
        NodeOp::Index { .. } => match memory(subject, id) {
            Some(Memory::Updates { seen, needed }) => Unknown::WarmingUp { until: None, updates: Some((seen, needed)) },
            _ => Unknown::NeverSeen,
        },
        NodeOp::BarField { bar, .. } => match subject.state.bars.get(bar as usize).and_then(|bars| bars.closed) {
            Some(_) => Unknown::Missing,
            None => Unknown::NeverSeen,
        },
        NodeOp::Function(_) | NodeOp::FastK if all_known(subject, id) => Unknown::Arithmetic,
        NodeOp::Capture { .. } => Unknown::Missing,
        NodeOp::Opportunity { scan, .. } => match subject.state.scans.get(scan as usize).and_then(|scan| scan.last) {
            None => Unknown::NeverSeen,
            // Without its quantities a way has no size; what opens and moves has no reason.
            Some(_) => Unknown::Missing,
        },
        NodeOp::DepthPrice { .. }
        | NodeOp::Clock(_)
        | NodeOp::Function(_)
        | NodeOp::Compare(..)
        | NodeOp::CompareSymbols(_)
        | NodeOp::ClockCompare { .. }
        | NodeOp::And
        | NodeOp::Or
        | NodeOp::Not
        | NodeOp::Coalesce(_)
        | NodeOp::Known(_)
        | NodeOp::Pick
        | NodeOp::FastK
        | NodeOp::Host { .. }
        | NodeOp::For { .. } => Unknown::Argument,
        // An event is never unknown.
        NodeOp::Event
        | NodeOp::Where
        | NodeOp::EventAnd
        | NodeOp::EventOr
        | NodeOp::Edge { .. }
        | NodeOp::Crosses { .. }
        | NodeOp::NoFor { .. }
        | NodeOp::Seq { .. }
        | NodeOp::RunAnd
        | NodeOp::RunOr
        | NodeOp::Bar { .. }
        | NodeOp::Scan { .. }
        | NodeOp::All { .. } => Unknown::NeverSeen,
    }
}

fn market(subject: &Subject<'_>, id: NodeId, instrument: u32) -> Unknown {
    let watch = &subject.state.watch;
    let last = watch.instants.get(subject.number(id) as usize).copied();
    let forgotten = watch.forgotten.get(instrument as usize).copied();
    match (known(last), known(forgotten)) {
        (None, _) => Unknown::NeverSeen,
        (Some(last), Some(forgotten)) if last == forgotten => Unknown::Forgotten,
        _ => Unknown::Missing,
    }
}

/// Why an aggregate is unknown.
fn of_window(subject: &Subject<'_>, look: u32) -> Option<Unknown> {
    let (plan, state) = (subject.plan, subject.state);
    let (look, memory) = (plan.looks.get(look as usize)?, state.looks.get(look as usize)?);
    let (window_plan, _, samples) = state.windows.of(plan, look.window)?;
    let until = |ts: i64| Unknown::WarmingUp { until: Some(ts).filter(|&ts| ts != NEVER), updates: None };
    let filled = if samples.len() < 2 { Unknown::TooFew } else { Unknown::Arithmetic };
    Some(match look.kind {
        LookKind::Updates if samples.len() < window_plan.capacity => {
            Unknown::WarmingUp { until: None, updates: Some((samples.len() as u64, window_plan.capacity as u64)) }
        }
        LookKind::Updates => filled,
        LookKind::Exact | LookKind::Standing if memory.known => filled,
        LookKind::Standing if memory.known_at == NEVER => Unknown::NeverSeen,
        LookKind::Exact | LookKind::Standing => until(memory.known_at),
        LookKind::Past => match (samples.left(), samples.oldest()) {
            (None, None) => Unknown::NeverSeen,
            (None, Some(oldest)) => {
                let full = window_plan.period.map_or(NEVER, |period| oldest.ts.saturating_add(state.period(period)));
                // It is looked at at an update, or by its timer.
                until(if full > state.clock { full } else { memory.leaves_at })
            }
            (Some(_), _) => Unknown::Arithmetic,
        },
    })
}

fn all_known(subject: &Subject<'_>, id: NodeId) -> bool {
    let args = subject.node(id).map_or(&[][..], |node| &node.args);
    args.iter().all(|&arg| {
        let repr = subject.node(arg).map_or(Repr::Num, |node| Repr::of(node.ty));
        repr.is_known(subject.state.slot(subject.number(arg)))
    })
}

/// What a market function reads, for people.
pub(super) fn source_of(field: MarketField) -> &'static str {
    match field {
        MarketField::Last | MarketField::Qty | MarketField::TradeSide | MarketField::Notional => "trade",
        MarketField::Price => "trade or quote",
        MarketField::Latency | MarketField::VenueTs => "event",
        MarketField::Bid
        | MarketField::Ask
        | MarketField::BidQty
        | MarketField::AskQty
        | MarketField::Mid
        | MarketField::Spread
        | MarketField::SpreadRatio
        | MarketField::Microprice => "quote",
    }
}

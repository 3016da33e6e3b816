//! The loop over events that are plain: quotes and trades with good numbers, in order, before the next timer, of which only readings, simple windows and
//! rows are asked, and by which no row changes. That is nearly all of them, so everything else is left to the caller, who comes back.
//!
//! What it needs of plan and state stays in locals for all events of a call.

use ascep_lang::program::MarketField;
use ascep_native::{Slots, TradeLine, prefetch};

use crate::columns::Group;
use crate::cursor::Cursor;
use crate::event::{Event, Payload, Quote, Side, Trade};
use crate::interpreter::few;
use crate::market::{CLASSES, side_is, side_of};
use crate::ops::look::{self, Ground, Stepped};
use crate::ops::num::finite;
use crate::ops::sequence::{Run, move_all};
use crate::plan::{Entry, NONE, Plan, ReadingField};
use crate::state::State;
use crate::value::{UNKNOWN_INT, at, put};

/// Why the loop ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// All events are taken.
    End,
    /// The next event is not plain. Nothing was done with it.
    Other,
    /// More than this loop does is asked of the event that was taken last; its readings and windows are done.
    More { input: u32 },
    /// A filter in this block of this group may let the event through that was taken last; its readings and windows are done, and so are the filters before.
    Filter { input: u32, group: u32, block: usize },
    /// A window of the event that was taken last has its sample, but what looks at it has to be looked at one by one; its readings are done, and so are the windows
    /// before.
    Window { input: u32, step: u32 },
    /// In this block of this group a row changes by the event that was taken last; its readings are done, and so are the blocks before.
    Row { input: u32, group: u32, block: usize },
    /// Some filters of the event that was taken last are true, a bit each, and by that the sequence of this step completes; its readings and windows are done, and so are the steps before.
    Sequence { input: u32, step: u32, filters: u8 },
    /// All is done of the event that was taken last, but for the rules that are touched.
    #[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "the loop of machine code settles rows"))]
    Touched,
}

/// Prices between these, and sums of a price and a quantity below the greater, are good, and so is everything that is computed of them.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;

/// From so many instruments on what is known of them lies farther than in the second cache, and is asked for ahead of its event.
const MANY: usize = 2048;
/// How many events ahead: what leads to something has to be there when that is asked for.
const LINE_AHEAD: usize = 16;
const ENTRY_AHEAD: usize = 11;
const ROWS_AHEAD: usize = 7;
const SLOTS_AHEAD: usize = 3;

/// Takes events as long as they are plain. Gives how many it took.
pub(crate) fn run(plan: &Plan, state: &mut State, events: &[Event<'_>]) -> (usize, Stop) {
    let is_far = state.market.hot.len() >= MANY;
    match (plan.columns.operands.slots(), is_far || plan.entries.cuts > 0) {
        (Slots::Narrow(operands), false) => run_over::<_, false>(plan, operands, state, events),
        (Slots::Wide(operands), false) => run_over::<_, false>(plan, operands, state, events),
        (Slots::Narrow(operands), true) => run_over::<_, true>(plan, operands, state, events),
        (Slots::Wide(operands), true) => run_over::<_, true>(plan, operands, state, events),
    }
}

/// In one of two forms: with what is only worth it for many instruments or rows (`LARGE`), or without.
#[inline(always)]
fn run_over<T: Copy + Into<u32>, const LARGE: bool>(plan: &Plan, operands: &[T], state: &mut State, events: &[Event<'_>]) -> (usize, Stop) {
    if !state.started {
        return (0, Stop::Other);
    }
    let start = state.clock;
    // The first timer may be due a little later than this says; it is not due before.
    let limit = state.timers.earliest().clamp(start, i64::MAX - 1);
    let number = state.step;
    let State { clock: state_clock, slots, heads, cursors, passed, market, kernels, windows, timers, counters, .. } = state;
    let State { sequences, params, .. } = state;
    let (mut clock, mut left) = (start, limit.wrapping_sub(start).cast_unsigned());
    let (slots, heads) = (&mut slots[..], &heads[..]);
    let (columns, entries) = (&plan.columns, &plan.entries);
    let (of, records, readings) = (entries.of.as_chunks::<{ CLASSES as usize }>().0, &entries.entries[..], &entries.readings[..]);
    let steps = &plan.window_steps[..];
    let (groups, routines, constants) = (&columns.groups[..], &columns.routines[..], &columns.constants[..]);
    let (hot, trades) = (&mut market.hot[..], &mut market.trades[..]);
    let known = hot.len().min(of.len()).min(trades.len());
    let (Some(hot), Some(of), Some(trades)) = (hot.get_mut(..known), of.get(..known), trades.get_mut(..known)) else {
        return (0, Stop::Other);
    };
    let is_far = LARGE && known >= MANY;
    // Such entries are never in the loop of machine code.
    let has_cuts = LARGE && entries.cuts > 0;
    let counted = counters.unknown_results;
    let mut unknown = 0;
    let mut taken = 0;
    let mut stop = Stop::End;
    'events: for (event, place) in events.iter().zip(0..) {
        if is_far {
            let ahead = |by: usize| events.get(place + by).map(|event| event.instrument.0 as usize);
            let entry = |instrument: usize| of.get(instrument).and_then(|of| of.get(usize::from(is_quote(event))));
            if let Some(next) = ahead(LINE_AHEAD) {
                prefetch(hot, next);
                prefetch(of, next);
            }
            if let Some(entry) = ahead(ENTRY_AHEAD).and_then(entry) {
                prefetch(records, *entry as usize);
            }
            if let Some(entry) = ahead(ROWS_AHEAD).and_then(entry).and_then(|entry| records.get(*entry as usize)) {
                prefetch(readings, entry.readings.0 as usize);
                prefetch(groups, entry.groups.0 as usize);
                prefetch(steps, entry.windows.0 as usize);
            }
            if let Some(entry) = ahead(SLOTS_AHEAD).and_then(entry).and_then(|entry| records.get(*entry as usize)) {
                if let Some(reading) = readings.get(entry.readings.0 as usize) {
                    prefetch(slots, reading.slot as usize);
                }
                if let Some(group) = groups.get(entry.groups.0 as usize) {
                    prefetch(heads, group.head as usize);
                    prefetch(operands, group.operands as usize);
                    prefetch(constants, group.constants as usize);
                }
            }
        }
        let instrument = event.instrument.0;
        let venue_ts = match event.venue_ts {
            None => UNKNOWN_INT,
            // The two ends of the range stand for unknown and never.
            Some(i64::MIN | i64::MAX) => {
                stop = Stop::Other;
                break;
            }
            Some(ts) => ts,
        };
        let gap = event.ts.wrapping_sub(clock).cast_unsigned();
        let (Some(state), Some(of), true) = (hot.get_mut(instrument as usize), of.get(instrument as usize), gap <= left) else {
            stop = Stop::Other;
            break;
        };
        // The numbers that readings name by their places.
        let (class, are_same, numbers): (usize, bool, [f64; PLACES]) = match &event.payload {
            Payload::Quote(quote) if is_good([quote.bid, quote.ask], [quote.bid_qty, quote.ask_qty]) => {
                let Quote { bid, ask, bid_qty, ask_qty } = *quote;
                let are_same = has_cuts && (state.bid == bid) & (state.ask == ask);
                (state.bid, state.ask, state.bid_qty, state.ask_qty) = (bid, ask, bid_qty, ask_qty);
                state.quote_ts = event.ts;
                let (mid, spread) = ((bid + ask) / 2.0, ask - bid);
                (1 + usize::from(state.traded == 0), are_same, [bid, ask, bid_qty, ask_qty, mid, spread, spread / mid, 0.0])
            }
            Payload::Trade(trade) if is_good([trade.price; 2], [trade.qty; 2]) => {
                put(trades, instrument, TradeLine { price: trade.price, qty: trade.qty });
                state.trade_ts = event.ts;
                (state.side, state.traded) = (side_of(trade.side), 1);
                let Trade { price, qty, .. } = *trade;
                let side = |side| f64::from_bits(u64::from(side_is(trade.side, side)));
                (0, false, [price, qty, price * qty, side(Side::Buy), price, side(Side::Sell), 0.0, 0.0])
            }
            _ => {
                stop = Stop::Other;
                break;
            }
        };
        state.venue_ts = venue_ts;
        left -= gap;
        clock = event.ts;
        taken += 1;
        let Some(entry) = of.get(class).and_then(|entry| records.get(*entry as usize)) else { continue };
        for reading in readings.get(entry.readings.0 as usize..entry.readings.1 as usize).unwrap_or_default() {
            let x = match numbers.get(usize::from(reading.place)) {
                Some(x) => *x,
                None => rare(&event.payload, reading.field),
            };
            put(slots, reading.slot, x.to_bits());
        }
        let input = || instrument * CLASSES + u32::try_from(class).unwrap_or_default();
        for (step, id) in steps.get(entry.windows.0 as usize..entry.windows.1 as usize).unwrap_or_default().iter().zip(entry.windows.0..) {
            let plainly = look::slide_plainly(Ground { windows, slots, timers }, step, clock);
            match plainly.unwrap_or_else(|| look::slide(plan, Ground { windows, slots, timers }, step, (number + taken as u64, clock))) {
                Stepped::Done => {}
                Stepped::Armed(deadline) => left = left.min(deadline.wrapping_sub(clock).cast_unsigned()),
                Stepped::Each => {
                    stop = Stop::Window { input: input(), step: id };
                    break 'events;
                }
            }
        }
        if entry.has_more() {
            stop = Stop::More { input: input() };
            break;
        }
        for (rows, group) in
            groups.get(entry.filters.0 as usize..entry.filters.1 as usize).unwrap_or_default().iter().zip(entry.filters.0..)
        {
            let Some(routine) = routines.get(rows.shape as usize) else { continue };
            let block = match few(routine, rows, operands, constants, slots) {
                Some(masks) if masks.yes != 0 => 0,
                Some(_) => continue,
                None => kernels.detect(columns, routine, *rows, slots, heads, 0).block,
            };
            if block < rows.blocks() {
                stop = match in_sequences(plan, entry, operands, slots, (&mut sequences.runs, params, clock)) {
                    // All filters are looked at.
                    Some(None) => break,
                    Some(Some((step, filters))) => Stop::Sequence { input: input(), step, filters },
                    None => Stop::Filter { input: input(), group, block },
                };
                break 'events;
            }
        }
        let cut = if has_cuts { entry.cut() } else { None };
        if let Some(cut) = cut
            && are_same
            && at(passed, cut) == counted + unknown
        {
            continue;
        }
        let before = unknown;
        for (rows, group) in groups.get(entry.groups.0 as usize..entry.groups.1 as usize).unwrap_or_default().iter().zip(entry.groups.0..) {
            let (Some(routine), Some(head)) = (routines.get(rows.shape as usize), heads.get(rows.head as usize)) else { continue };
            if let Some(masks) = few(routine, rows, operands, constants, slots) {
                if masks.changed(*head) != 0 {
                    stop = Stop::Row { input: input(), group, block: 0 };
                    break 'events;
                }
                if masks.known() & head.valid != head.valid {
                    unknown += u64::from((head.valid & !masks.known()).count_ones());
                }
                continue;
            }
            let threshold = if rows.cursor == NONE { None } else { number_of(rows, operands, slots) };
            if let Some(x) = threshold
                && cursors.get(rows.cursor as usize).is_some_and(|cursor| cursor.holds(x))
            {
                continue;
            }
            let found = kernels.detect(columns, routine, *rows, slots, heads, 0);
            unknown += found.unknown;
            if found.block < rows.blocks() {
                stop = Stop::Row { input: input(), group, block: found.block };
                break 'events;
            }
            if let Some(x) = threshold {
                let (first, end) = (rows.constants as usize, rows.constants as usize + rows.rows as usize);
                put(cursors, rows.cursor, Cursor::around(x, constants.get(first..end).unwrap_or_default()));
            }
        }
        if let Some(cut) = cut
            && unknown == before
        {
            put(passed, cut, counted + unknown);
        }
    }
    *state_clock = clock;
    if taken > 0 {
        state.step += taken as u64;
        state.timer_step = false;
        state.counters.events += taken as u64;
        state.counters.unknown_results += unknown;
        if clock > start {
            state.timers_done = state.timers_done.max(clock - 1);
        }
    }
    (taken, stop)
}

fn is_quote(event: &Event<'_>) -> bool {
    matches!(event.payload, Payload::Quote(_))
}

/// Where the filters of an entry lead to sequences that need no more, and are looked at one by one: moves on their runs by those that are true. Gives the step of a sequence that completes, with these
/// filters, a bit each. Apart from the loop, which has no registers for it.
#[cold]
#[inline(never)]
fn in_sequences<T: Copy + Into<u32>>(
    plan: &Plan,
    entry: &Entry,
    operands: &[T],
    slots: &[u64],
    (runs, params, clock): (&mut [Run], &[u64], i64),
) -> Option<Option<(u32, u8)>> {
    if entry.sequences == NONE {
        return None;
    }
    let columns = &plan.columns;
    let (mut filters, mut lane) = (0, 0);
    for rows in columns.groups.get(entry.filters.0 as usize..entry.filters.1 as usize)? {
        let masks = few(columns.routines.get(rows.shape as usize)?, rows, operands, &columns.constants, slots)?;
        filters |= masks.yes.checked_shl(lane)?;
        lane += rows.rows;
    }
    let completed = move_all(&plan.sequences.steps, runs, params, (entry.sequences, filters, clock));
    Some(completed.map(|step| (step, filters)))
}

/// The number that all rows of a group read first.
#[inline(always)]
fn number_of<T: Copy + Into<u32>>(rows: &Group, operands: &[T], slots: &[u64]) -> Option<f64> {
    let slot: u32 = (*operands.get(rows.operands as usize)?).into();
    slots.get(slot as usize).map(|bits| f64::from_bits(*bits))
}

/// How many numbers of an event have places.
const PLACES: usize = 8;

/// Where a number stands among those of an event; beyond all places for one that is computed when it is asked for.
pub(crate) fn place_of(field: ReadingField) -> u8 {
    let field = match field {
        // Levels, by their bits.
        ReadingField::SideIs(Side::Buy) => return 3,
        ReadingField::SideIs(Side::Sell) => return 5,
        ReadingField::Number(field) => field,
    };
    match field {
        MarketField::Bid | MarketField::Last => 0,
        MarketField::Ask | MarketField::Qty => 1,
        MarketField::BidQty | MarketField::Notional => 2,
        MarketField::AskQty => 3,
        // Before the first trade the price is the middle.
        MarketField::Mid | MarketField::Price => 4,
        MarketField::Spread => 5,
        MarketField::SpreadRatio => 6,
        _ => u8::MAX,
    }
}

/// A number without a place.
#[cold]
fn rare(payload: &Payload<'_>, field: ReadingField) -> f64 {
    match (payload, field) {
        (Payload::Quote(Quote { bid, ask, bid_qty, ask_qty }), ReadingField::Number(MarketField::Microprice)) => {
            finite((bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty))
        }
        _ => f64::NAN,
    }
}

/// Whether prices and quantities are surely good. In pairs, so that the compiler compares two at once.
#[inline(always)]
fn is_good(prices: [f64; 2], qtys: [f64; 2]) -> bool {
    let mut good = true;
    for (price, qty) in prices.into_iter().zip(qtys) {
        good &= (price > LEAST) & (qty >= 0.0) & (price + qty < MOST);
    }
    good
}

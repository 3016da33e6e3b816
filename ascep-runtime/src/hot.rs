//! The loop over events that are plain: quotes and trades with good numbers, in order, before the next timer, of which only readings and
//! rows are asked, and by which no row changes. That is nearly all of them, so everything else is left to the caller, who comes back.
//!
//! What it needs of plan and state stays in locals for all events of a call.

use ascep_lang::program::MarketField;

use crate::event::{Event, Payload, Quote, Trade};
use crate::interpreter::test_one;
use crate::market::{CLASSES, Traded};
use crate::ops::num::finite;
use crate::plan::{NONE, Plan};
use crate::state::State;
use crate::value::{UNKNOWN_INT, put};

/// Why the loop ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// All events are taken.
    End,
    /// The next event is not plain. Nothing was done with it.
    Other,
    /// More than readings and rows is asked of the event that was taken last; its readings are done.
    More { input: u32 },
    /// In this block of this group a row changes by the event that was taken last; its readings are done, and so are the blocks before.
    Row { input: u32, group: u32, block: usize },
}

/// Prices between these, and sums of a price and a quantity below the greater, are good, and so is everything that is computed of them.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;

/// Takes events as long as they are plain. Gives how many it took.
pub(crate) fn run(plan: &Plan, state: &mut State, events: &[Event<'_>]) -> (usize, Stop) {
    if !state.started {
        return (0, Stop::Other);
    }
    let start = state.clock;
    // The first timer may be due a little later than this says; it is not due before.
    let limit = state.timers.earliest().clamp(start, i64::MAX - 1);
    let State { clock: state_clock, slots, heads, market, kernels, .. } = state;
    let (mut clock, mut left) = (start, limit.wrapping_sub(start).cast_unsigned());
    let (slots, heads) = (&mut slots[..], &heads[..]);
    let (columns, entries) = (&plan.columns, &plan.entries);
    let (of, records, readings) = (&entries.of[..], &entries.entries[..], &entries.readings[..]);
    let (hot, trades) = (&mut market.hot[..], &mut market.trades[..]);
    let mut unknown = 0;
    let mut taken = 0;
    let mut stop = Stop::End;
    'events: for event in events {
        let instrument = event.instrument.0;
        let gap = event.ts.wrapping_sub(clock).cast_unsigned();
        let venue_ts = match event.venue_ts {
            None => Some(UNKNOWN_INT),
            // The two ends of the range stand for unknown and never.
            Some(ts) => (ts.wrapping_add(1) > i64::MIN + 1).then_some(ts),
        };
        let (Some(state), Some(venue_ts), true) = (hot.get_mut(instrument as usize), venue_ts, gap <= left) else {
            stop = Stop::Other;
            break;
        };
        let (input, numbers) = match &event.payload {
            Payload::Quote(quote) if is_good([quote.bid, quote.ask], [quote.bid_qty, quote.ask_qty]) => {
                (state.bid, state.ask, state.bid_qty, state.ask_qty) = (quote.bid, quote.ask, quote.bid_qty, quote.ask_qty);
                state.quote_ts = event.ts;
                (instrument * CLASSES + 1 + u32::from(!state.traded), Numbers::Quote(quote))
            }
            Payload::Trade(trade) if is_good([trade.price; 2], [trade.qty; 2]) => {
                put(trades, instrument, Traded { price: trade.price, qty: trade.qty });
                (state.side, state.traded) = (trade.side, true);
                (instrument * CLASSES, Numbers::Trade(trade))
            }
            _ => {
                stop = Stop::Other;
                break;
            }
        };
        (state.ts, state.venue_ts) = (event.ts, venue_ts);
        left -= gap;
        clock = event.ts;
        taken += 1;
        let Some(entry) = of.get(input as usize).and_then(|entry| records.get(*entry as usize)) else { continue };
        let wanted = readings.get(entry.readings.0 as usize..entry.readings.1 as usize).unwrap_or_default();
        match numbers {
            Numbers::Quote(quote) => wanted.iter().for_each(|reading| put(slots, reading.slot, of_quote(quote, reading.field).to_bits())),
            Numbers::Trade(trade) => wanted.iter().for_each(|reading| put(slots, reading.slot, of_trade(trade, reading.field).to_bits())),
        }
        if entry.more != NONE {
            stop = Stop::More { input };
            break;
        }
        for group in entry.groups.0..entry.groups.1 {
            let Some((rows, routine)) = columns.group(group) else { continue };
            if rows.rows == 1 && !routine.tests.is_empty() {
                let masks = test_one(columns, &routine.tests, rows, slots);
                let Some(&head) = heads.get(rows.head as usize) else { continue };
                if masks.changed(head) != 0 {
                    stop = Stop::Row { input, group, block: 0 };
                    break 'events;
                }
                unknown += u64::from(masks.known() & 1 ^ 1);
            } else {
                let found = kernels.detect(columns, routine, rows, slots, heads, 0);
                unknown += found.unknown;
                if found.block < rows.blocks() {
                    stop = Stop::Row { input, group, block: found.block };
                    break 'events;
                }
            }
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

/// Where the numbers of an event are.
enum Numbers<'e> {
    Quote(&'e Quote),
    Trade(&'e Trade),
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

/// A number of an instrument right after a good quote. Of what a quote does not touch there is no reading.
#[inline(always)]
fn of_quote(quote: &Quote, field: MarketField) -> f64 {
    let Quote { bid, ask, bid_qty, ask_qty } = *quote;
    match field {
        MarketField::Bid => bid,
        MarketField::Ask => ask,
        MarketField::BidQty => bid_qty,
        MarketField::AskQty => ask_qty,
        // Before the first trade the price is the middle.
        MarketField::Mid | MarketField::Price => (bid + ask) / 2.0,
        MarketField::Spread => ask - bid,
        MarketField::SpreadRatio => (ask - bid) / ((bid + ask) / 2.0),
        MarketField::Microprice => finite((bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)),
        _ => f64::NAN,
    }
}

/// The same after a good trade.
#[inline(always)]
fn of_trade(trade: &Trade, field: MarketField) -> f64 {
    match field {
        MarketField::Last | MarketField::Price => trade.price,
        MarketField::Qty => trade.qty,
        MarketField::Notional => trade.price * trade.qty,
        _ => f64::NAN,
    }
}

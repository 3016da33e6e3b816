//! What the loop of machine code goes on after, and what it ends with.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use ascep_lang::{Options, Source, compile};

use crate::event::{Event, InstrumentId, Payload, Quote, Side, Trade};
use crate::host::HostFunctions;
use crate::hot::Stop;
use crate::options::EngineOptions;
use crate::plan::{self, Plan};
use crate::state::State;

/// Ten instruments with one rule on quotes each and a sequence of trades.
fn ground() -> (Plan, State) {
    let mut text = String::new();
    for i in 0..10 {
        let trade = format!("trade(\"S{i}\") WHERE it.side == \"buy\" AND it.qty >");
        let _ = writeln!(text, "IF mid(\"S{i}\") > 5 THEN S\nIF SEQ {trade} 5 -> {trade} 7 WITHIN 5s THEN T");
    }
    let program = compile(&[Source::new("rules.cep", text.as_str())], &Options::default()).unwrap();
    let (mut plan, _) = plan::build(&program, &EngineOptions::default().with_jit(true), &HostFunctions::new()).unwrap();
    let mut state = State::new(&mut plan, false);
    state.started = true;
    (plan, state)
}

fn quote(ts: i64, instrument: u32, mid: f64) -> Event<'static> {
    let quote = Quote { bid: mid - 0.5, ask: mid + 0.5, bid_qty: 1.0, ask_qty: 1.0 };
    Event { ts, venue_ts: None, instrument: InstrumentId(instrument), payload: Payload::Quote(quote) }
}

fn trade(ts: i64, instrument: u32, qty: f64) -> Event<'static> {
    Event {
        ts,
        venue_ts: None,
        instrument: InstrumentId(instrument),
        payload: Payload::Trade(Trade { price: 1.0, qty, side: Some(Side::Buy) }),
    }
}

#[test]
fn changes_that_fire_nothing_and_runs_that_start_do_not_end_the_loop() {
    let (plan, mut state) = ground();
    let take = |state: &mut State, events: &[Event<'_>]| {
        let taken = plan.columns.machine.take(&plan, state, events);
        (taken.0, taken.1.map(|stop| std::mem::discriminant(&stop)))
    };
    let touched = Some(std::mem::discriminant(&Stop::Touched));
    let completed = Some(std::mem::discriminant(&Stop::Sequence { input: 0, step: 0, filters: 0 }));
    // A rule fires: the loop ends with the event, and its rule is in line.
    assert_eq!(take(&mut state, &[quote(1, 3, 4.0), quote(2, 3, 6.0), quote(3, 4, 1.0)]), (2, touched));
    assert_eq!((state.touched.pop(), state.touched.pop()), (Some(6), None));
    // A truth that ends, runs that start, and a run that starts once more.
    assert_eq!(take(&mut state, &[quote(4, 3, 4.0), trade(5, 1, 6.0), trade(6, 2, 6.0), trade(7, 1, 6.5), quote(8, 5, 1.0)]), (5, None));
    // A run that completes.
    assert_eq!(take(&mut state, &[trade(9, 3, 6.0), trade(10, 2, 8.0), trade(11, 2, 1.0)]), (2, completed));
    assert_eq!((state.clock, state.counters.events), (10, 9));
}

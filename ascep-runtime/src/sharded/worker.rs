//! The thread of a shard: takes jobs, gives pages of signals.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::Thread;

use ascep_lang::program::{Constant, InputId, ParamId};
use rtrb::{Consumer, Producer};

use super::batch::Batch;
use super::page::{Cause, Last, Page, Recorder};
use super::wait::Wait;
use crate::engine::Engine;
use crate::event::{Event, InstrumentId, Loss, Payload, Timestamp};
use crate::signal::Signal;

/// What a shard is to do.
#[derive(Debug)]
pub(super) enum Job {
    Events(Batch),
    Advance(Timestamp),
    /// A parameter, as of the clock, once there is one.
    Param(Option<Timestamp>, ParamId, Constant),
    /// A host input, likewise.
    Input(Option<Timestamp>, InputId, Option<Constant>),
}

/// A job with the thread that waits for what comes of it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) from: Thread,
}

/// Does a job, whose batch stays whole; `sink` gets each signal with what brought it about.
pub(super) fn work(engine: &mut Engine, job: &Job, sink: &mut impl FnMut(&Signal<'_>, Cause)) {
    let mut call = |signal: &Signal<'_>| sink(signal, Cause::Call);
    // What is refused was refused before it came here.
    match *job {
        Job::Events(ref batch) => batch.run(engine, &mut |signal, place| sink(signal, Cause::Event(place))),
        Job::Advance(ts) => engine.advance_to(ts, &mut call),
        Job::Param(clock, id, value) => {
            tell_time(engine, clock);
            let _ = engine.set_param(id, value, &mut call);
        }
        Job::Input(clock, id, value) => {
            tell_time(engine, clock);
            let _ = engine.on_input(id, value, &mut call);
        }
    }
}

/// Moves the clock of a shard that no timer was due in.
fn tell_time(engine: &mut Engine, clock: Option<Timestamp>) {
    if let Some(ts) = clock
        && engine.now().is_none_or(|now| now < ts)
    {
        let event = Event { ts, venue_ts: None, instrument: InstrumentId::UNNAMED, payload: Payload::Forget(Loss::Gap) };
        let _ = engine.on_event(&event, &mut |_: &Signal<'_>| ());
    }
}

/// The ends of the rings that a thread holds.
pub(super) struct Ends {
    pub(super) jobs: Consumer<Order>,
    pub(super) empty: Consumer<Box<Page>>,
    pub(super) full: Producer<Box<Page>>,
}

/// What the thread of a shard does. It ends when the other side is gone, or with a function of the host that panics.
pub(super) fn run(engine: Engine, recorder: Recorder, ends: Ends, spins: u32) {
    let mut from = None;
    let caller = &mut from;
    let serve = AssertUnwindSafe(move || serve(engine, recorder, ends, spins, caller));
    #[cfg(test)]
    let serve = super::tests::counted(serve);
    let _ = catch_unwind(serve);
    // The rings are gone by now, which is what a waiting thread looks at.
    if let Some(from) = from {
        from.unpark();
    }
}

fn serve(mut engine: Engine, mut recorder: Recorder, mut ends: Ends, spins: u32, from: &mut Option<Thread>) {
    while let Some(order) = next(&mut ends.jobs, spins) {
        *from = Some(order.from);
        let mut job = order.job;
        let mut is_alone = false;
        work(&mut engine, &job, &mut |signal, cause| {
            if !is_alone && !recorder.page.has_room(signal) {
                is_alone = !turn(&mut recorder, &mut ends, spins, from.as_ref());
            }
            if !is_alone {
                recorder.record(cause, signal);
            }
        });
        let batch = if let Job::Events(batch) = std::mem::replace(&mut job, Job::Advance(0)) { Some(batch) } else { None };
        recorder.page.last = Some(Last { batch, counters: engine.counters(), due: engine.due() });
        if is_alone || !turn(&mut recorder, &mut ends, spins, from.as_ref()) {
            return;
        }
    }
}

/// Gives the page away for an empty one; false where there is nobody any more to give one. The page is kept until there is another, which can't
/// last for ever: the other pages are on their way to the caller, who gives each back when it has read it.
fn turn(recorder: &mut Recorder, ends: &mut Ends, spins: u32, from: Option<&Thread>) -> bool {
    let Some(empty) = next(&mut ends.empty, spins) else { return false };
    let given = ends.full.push(std::mem::replace(&mut recorder.page, empty)).is_ok();
    if let Some(from) = from {
        from.unpark();
    }
    given
}

/// The next of a ring; none once the other side is gone.
pub(super) fn next<T>(ring: &mut Consumer<T>, spins: u32) -> Option<T> {
    let mut wait = Wait::new(spins);
    loop {
        // Asked first, so that what came before the other side went is not missed.
        let is_last = ring.is_abandoned();
        match ring.pop() {
            Ok(item) => return Some(item),
            Err(_) if is_last => return None,
            Err(_) => wait.turn(),
        }
    }
}

//! Calls from machine code back into Rust: steps of an entry that the loop over events does not do itself.

use crate::Head;
use crate::batch::{Change, Frame, Settled, Stepped, Steps};

/// What is called: with the frame, the step, the event and its time, and a step that a later event may ask for. What it gives is not 0 where the loop is to be left.
type Call = unsafe extern "C" fn(*mut Frame, u64, *const u8, i64, u64) -> u64;

/// What is called where filters are true: with the frame, the step, the lanes and the time of the event. What it gives is not 0 where the loop is to be left.
type CallOfFilters = unsafe extern "C" fn(*mut Frame, u64, u64, i64) -> u64;

/// What is called where a row is not as it was: with the frame, the event, which of the groups of its entry and above it which block, and the lanes that are true and above them those that are known. What it
/// gives is not 0 where the row is to be found.
type CallOfChanges = unsafe extern "C" fn(*mut Frame, *const u8, u64, u64) -> u64;

/// The part of a [`Frame`] that calls are made with.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Calls {
    pub(crate) call: Call,
    pub(crate) filters: CallOfFilters,
    pub(crate) changes: CallOfChanges,
    /// What calls these two, and leaves all registers as they were.
    pub(crate) away: *const u8,
    /// What came of the last call by it.
    pub(crate) came: u64,
    /// A mutable reference to what `call` has been made for.
    steps: *mut (),
    /// How many slots there are.
    slots: usize,
    /// How many heads there are.
    heads: usize,
    /// The first event of all.
    events: *const u8,
    /// The step at which the loop was left, and above it the lanes of filters, none for a step between readings and rows; or [`NOWHERE`](crate::batch::NOWHERE).
    pub(crate) left: u64,
    /// Whether a change that was settled made an event the last one.
    pub(crate) is_last: bool,
}

impl Calls {
    /// For steps that events of a type ask for. They, the slots and the heads have to stay borrowed for writing as long as code is run with this, and `slots` and `heads` must be how many there are where
    /// the frame has them: [`Batch::run_with`](crate::Batch::run_with) is the only caller.
    pub(crate) fn new<E, S: Steps>(steps: &mut S, (slots, heads): (usize, usize), events: &[E], away: *const u8) -> Self {
        Self {
            call: call::<E, S>,
            filters: call_of_filters::<S>,
            changes: call_of_changes::<E, S>,
            away,
            came: 0,
            steps: std::ptr::from_mut(steps).cast(),
            slots,
            heads,
            events: events.as_ptr().cast(),
            left: crate::batch::NOWHERE,
            is_last: false,
        }
    }
}

/// Does a step, quickly if that goes. Nothing of what is looked up here is kept for the other way, so that there are registers for this one.
///
/// # Safety
///
/// `frame` is the one that the code was called with which calls this, and its `calls` were made by [`Calls::new`] for `E` and `S`.
unsafe extern "C" fn call<E, S: Steps>(frame: *mut Frame, step: u64, event: *const u8, ts: i64, ahead: u64) -> u64 {
    // SAFETY: as this function wants it.
    let (frame_of, steps, slots) = unsafe { parts::<S>(frame) };
    steps.ahead(ahead as u32);
    match steps.quickly(slots, step as u32, ts) {
        Some(Stepped::Done) => 0,
        Some(stepped) => settle(frame_of, step, stepped),
        // SAFETY: likewise; the parts are used no more.
        None => unsafe { call_in_full::<E, S>(frame, step, event, ts) },
    }
}

/// Does a step in full.
///
/// # Safety
///
/// As for [`call`].
#[cold]
#[inline(never)]
unsafe fn call_in_full<E, S: Steps>(frame: *mut Frame, step: u64, event: *const u8, ts: i64) -> u64 {
    // SAFETY: as this function wants it.
    let (frame, steps, slots) = unsafe { parts::<S>(frame) };
    let place = place_of::<E>(frame, event);
    let stepped = steps.step(slots, step as u32, place, ts);
    settle(frame, step, stepped)
}

/// The place of an event. Addresses are taken as numbers: of an event that is none something is computed, but nothing is read.
fn place_of<E>(frame: &Frame, event: *const u8) -> usize {
    (event as usize).wrapping_sub(frame.calls.events as usize) / size_of::<E>().max(1)
}

/// Settles a change.
///
/// # Safety
///
/// As for [`call`].
unsafe extern "C" fn call_of_changes<E, S: Steps>(frame: *mut Frame, event: *const u8, at: u64, lanes: u64) -> u64 {
    // SAFETY: as this function wants it.
    let (frame, steps, _) = unsafe { parts::<S>(frame) };
    let change = Change {
        place: place_of::<E>(frame, event),
        group: at as u32,
        block: (at >> 32) as u32,
        truth: lanes as u8,
        known: (lanes >> 8) as u8,
    };
    // SAFETY: pointer and length are those of a slice that is borrowed for writing through `run_batch`. The code only reads heads by the same pointer, not while this runs, and keeps none of
    // them in a register over a call. It overlaps neither the frame nor the steps: all were borrowed for writing at the same time.
    let heads: &mut [Head] = unsafe { std::slice::from_raw_parts_mut(frame.heads, frame.calls.heads) };
    match steps.changed(heads, change) {
        Settled::No => 1,
        Settled::Yes => 0,
        Settled::Last => {
            // The code ends where it would go on with the next event.
            frame.until = event.wrapping_add(size_of::<E>());
            frame.calls.is_last = true;
            0
        }
    }
}

/// Does the step of filters that are true.
///
/// # Safety
///
/// As for [`call`].
unsafe extern "C" fn call_of_filters<S: Steps>(frame: *mut Frame, step: u64, lanes: u64, ts: i64) -> u64 {
    // SAFETY: as this function wants it.
    let (frame, steps, _) = unsafe { parts::<S>(frame) };
    let stepped = steps.filters(step as u32, lanes as u32, ts);
    settle(frame, step | lanes << 32, stepped)
}

/// What comes of a step, for the frame and for the code.
fn settle(frame: &mut Frame, step: u64, stepped: Stepped) -> u64 {
    match stepped {
        Stepped::Done => 0,
        Stepped::Until(limit) => {
            frame.limit = frame.limit.min(limit);
            0
        }
        Stepped::Leave => {
            frame.calls.left = step;
            1
        }
    }
}

/// The frame, the steps and the slots.
///
/// # Safety
///
/// As for [`call`], and no other of these parts is in use.
#[inline(always)]
unsafe fn parts<'f, S: Steps>(frame: *mut Frame) -> (&'f mut Frame, &'f mut S, &'f mut [u64]) {
    // SAFETY: `run_batch` has a mutable reference to the frame and gave the pointer of it to the code, which does nothing while this runs. So there is no other reference in use.
    let frame = unsafe { &mut *frame };
    // SAFETY: the pointer was made of a mutable reference to an `S` that lives through `run_batch`, and nothing else is made of it but this, which ends before the next call.
    let steps = unsafe { &mut *frame.calls.steps.cast::<S>() };
    // SAFETY: pointer and length are those of a slice that is borrowed for writing through `run_batch`. The code reads and writes slots by the same pointer, but not while this runs;
    // it keeps none of them in a register over a call. Neither the frame nor the steps are in the slice: all three were borrowed for writing at the same time.
    let slots = unsafe { std::slice::from_raw_parts_mut(frame.slots, frame.calls.slots) };
    (frame, steps, slots)
}

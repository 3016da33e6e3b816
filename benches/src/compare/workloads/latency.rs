//! W9: from the time at which an event was due to the time at which its signals were out. Events are due at fixed times, a million a second, whether or not the
//! one before is done: an event that has to wait has its wait in its latency, so that a pause is seen by all whom it made wait. One thread spins on the clock;
//! what reading it takes is in all numbers alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ascep_runtime::Event;
use hdrhistogram::Histogram;

use crate::compare::contender::Contender;
use crate::compare::measure::{Mismatch, spread};
use crate::compare::report::Row;
use crate::rules::triples;

use super::{Desk, Outcome, Rules, Size, Workload};

/// From one event to the next, in nanoseconds.
const GAP: u64 = 1_000;
/// What is told.
const PERCENTILES: [f64; 6] = [50.0, 90.0, 99.0, 99.9, 99.99, 100.0];

/// What one contender did: each percentile of each time, and its signals.
struct Track {
    percentiles: Vec<[f64; PERCENTILES.len()]>,
    signals: u64,
}

/// One pass: percentiles of the latency, and signals.
fn pass(contender: &mut dyn Contender<Event<'_>>, events: &[Event<'static>]) -> ([f64; PERCENTILES.len()], u64) {
    // A second at most, to three digits.
    let mut latency = Histogram::<u64>::new_with_bounds(1, 1_000_000_000, 3).ok();
    let mut signals = 0;
    let began = Instant::now() + Duration::from_micros(10);
    let mut due = began;
    for event in events {
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        signals += contender.take(black_box(std::slice::from_ref(event)));
        let took = Instant::now().saturating_duration_since(due);
        if let Some(latency) = &mut latency {
            latency.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
        due += Duration::from_nanos(GAP);
    }
    (PERCENTILES.map(|percentile| latency.as_ref().map_or(f64::NAN, |latency| latency.value_at_percentile(percentile) as f64)), signals)
}

/// All of it: a row for each percentile and engine, over several passes.
#[must_use]
pub(super) fn run(size: &Size) -> Outcome {
    let kind = Rules::Triples(triples(size.triples, size.instruments, 5));
    let (desk, events) = Desk::with_events(Workload::W9, size, kind, 11);
    let mut contenders = desk.of_one_thread();
    let mut tracks: Vec<Track> = contenders.iter().map(|_| Track { percentiles: Vec::new(), signals: 0 }).collect();
    let (warm, measured) = events.split_at(size.settings.warm * size.settings.chunk);
    for (contender, track) in contenders.iter_mut().zip(&mut tracks) {
        track.signals += contender.take(warm);
    }
    let count = contenders.len();
    // Each pass goes on where the one before it ended, for everybody.
    for (time, events) in measured.chunks(measured.len().div_ceil(size.times.max(1))).enumerate() {
        for turn in 0..count {
            let which = (turn + time) % count;
            let (Some(contender), Some(track)) = (contenders.get_mut(which), tracks.get_mut(which)) else { continue };
            let (percentiles, signals) = pass(contender.as_mut(), events);
            track.percentiles.push(percentiles);
            track.signals += signals;
        }
    }
    rows(&contenders, &tracks)
}

fn rows(contenders: &[Box<dyn Contender<Event<'_>>>], tracks: &[Track]) -> Outcome {
    let mut out = Outcome::default();
    let (Some(reference), Some(first)) = (contenders.first(), tracks.first()) else { return out };
    for (place, percentile) in PERCENTILES.iter().enumerate() {
        let of = |track: &Track| spread(&track.percentiles.iter().filter_map(|all| all.get(place)).copied().collect::<Vec<f64>>());
        let workload = if *percentile < 100.0 { format!("W9-p{percentile}") } else { "W9-max".to_owned() };
        for (contender, track) in contenders.iter().zip(tracks) {
            let [median, min, max] = of(track);
            out.rows.push(Row {
                workload: workload.clone(),
                engine: contender.name().to_owned(),
                ns_per_event: median,
                min,
                max,
                signals: track.signals,
                bytes_per_rule: contender.bytes_per_rule(),
                ratio_to_hand: Some(median / of(first)[0]),
                note: None,
            });
        }
    }
    for (contender, track) in contenders.iter().zip(tracks).filter(|(_, track)| track.signals != first.signals) {
        out.mismatches.push(Mismatch {
            workload: "W9".to_owned(),
            engine: contender.name().to_owned(),
            signals: track.signals,
            reference: reference.name().to_owned(),
            expected: first.signals,
        });
    }
    out
}

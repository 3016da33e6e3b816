//! The loop that measures: chunks of a stream, each given to every contender, the order of the contenders rotating.

use std::hint::black_box;
use std::time::Duration;

use super::clock::Clock;
use super::contender::{Contender, Item};
use super::report::Row;
use super::workloads::Outcome;

/// In how many parts a chunk of a foreign engine is measured.
pub const PARTS: usize = 8;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Events of a chunk.
    pub chunk: usize,
    /// Chunks that every contender takes before anything is measured: windows fill, every instrument is seen.
    pub warm: usize,
    /// Chunks that are measured.
    pub chunks: usize,
    /// What times are read from.
    pub clock: Clock,
    /// A contender that took longer than this leaves the race after its first measured chunk, and its signals are compared as of there.
    pub budget: Duration,
    /// The same for a foreign engine. Its chunks are measured in [`PARTS`], since they may be few.
    pub foreign: Duration,
}

impl Settings {
    /// What numbers are taken from: more than 2^20 events.
    pub const FULL: Self =
        Self { chunk: 1 << 16, warm: 3, chunks: 21, clock: Clock::Wall, budget: Duration::from_secs(90), foreign: Duration::from_secs(8) };
    /// What shows that it works.
    pub const QUICK: Self =
        Self { chunk: 1 << 11, warm: 1, chunks: 3, clock: Clock::Wall, budget: Duration::from_secs(90), foreign: Duration::from_secs(8) };

    /// Events of the whole stream.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.chunk * (self.warm + self.chunks)
    }
}

/// Signals that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// On which workload.
    pub workload: String,
    /// Whose.
    pub engine: String,
    /// How many came.
    pub signals: u64,
    /// Who came first in the list of contenders.
    pub reference: String,
    /// How many came from it, up to the same event.
    pub expected: u64,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { workload, engine, signals, reference, expected } = self;
        write!(f, "{workload}: {engine} gave {signals} signals where {reference} gave {expected}")
    }
}

/// What one contender did.
#[derive(Debug, Default)]
struct Track {
    /// Nanoseconds an event of each measured chunk, or part of one.
    times: Vec<f64>,
    /// How many chunks were measured.
    chunks: usize,
    /// Signals up to the end of each chunk.
    signals: Vec<u64>,
    spent: Duration,
}

/// A sorted copy's middle, least and greatest.
#[must_use]
pub fn spread(times: &[f64]) -> [f64; 3] {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    [at(sorted.len() / 2), at(0), at(sorted.len().saturating_sub(1))]
}

/// Gives a stream to contenders, chunk by chunk in turn. Before each turn the chunk is read once, so that everybody finds it in the same state. The first
/// contender is what the signals of the others are compared with, and where it is called `hand`, their times too.
pub fn in_turn<E: Item>(workload: &str, events: &[E], settings: &Settings, contenders: &mut [Box<dyn Contender<E> + '_>]) -> Outcome {
    let count = contenders.len();
    let mut tracks: Vec<Track> = contenders.iter().map(|_| Track::default()).collect();
    for (number, chunk) in events.chunks(settings.chunk).enumerate() {
        for turn in 0..count {
            let which = (turn + number) % count;
            let (Some(contender), Some(track)) = (contenders.get_mut(which), tracks.get_mut(which)) else { continue };
            let (budget, parts) = if contender.is_foreign() { (settings.foreign, PARTS) } else { (settings.budget, 1) };
            if track.spent > budget && track.chunks > 0 {
                continue;
            }
            track.chunks += usize::from(number >= settings.warm);
            let mut signals = 0;
            for part in chunk.chunks(chunk.len().div_ceil(parts)) {
                black_box(part.iter().fold(0, |all, event| all ^ event.touch()));
                let began = settings.clock.now();
                let (more, converted) = black_box(contender.take_and_convert(black_box(part), settings.clock));
                let passed = settings.clock.now().saturating_sub(began);
                let took = passed.saturating_sub(converted);
                signals += more;
                track.spent += passed;
                if number >= settings.warm {
                    track.times.push(took.as_nanos() as f64 / part.len() as f64);
                }
            }
            track.signals.push(track.signals.last().copied().unwrap_or(0) + signals);
        }
    }
    rows(workload, settings, contenders, &tracks)
}

fn rows<E>(workload: &str, settings: &Settings, contenders: &[Box<dyn Contender<E> + '_>], tracks: &[Track]) -> Outcome {
    let mut out = Outcome::default();
    let (Some(reference), Some(first)) = (contenders.first(), tracks.first()) else { return out };
    let hand = (reference.name() == "hand").then(|| spread(&first.times)[0]);
    for (contender, track) in contenders.iter().zip(tracks) {
        let [median, min, max] = spread(&track.times);
        let signals = track.signals.last().copied().unwrap_or(0);
        let expected = track.signals.len().checked_sub(1).and_then(|last| first.signals.get(last)).copied().unwrap_or(0);
        if contender.is_whole() && signals != expected {
            let (engine, reference) = (contender.name().to_owned(), reference.name().to_owned());
            out.mismatches.push(Mismatch { workload: workload.to_owned(), engine, signals, reference, expected });
        }
        let short = (track.chunks < settings.chunks).then(|| format!("{} of {} chunks: time was up", track.chunks, settings.chunks));
        let others =
            (!contender.is_whole() && signals != expected).then(|| format!("{expected} signals by {} up to there", reference.name()));
        let part = (settings.clock == Clock::Thread && contender.has_threads()).then(|| "the time of one of its threads only".to_owned());
        let note: Vec<String> = contender.note().into_iter().chain(others).chain(short).chain(part).collect();
        out.rows.push(Row {
            workload: workload.to_owned(),
            engine: contender.name().to_owned(),
            ns_per_event: median,
            min,
            max,
            signals,
            bytes_per_rule: contender.bytes_per_rule(),
            ratio_to_hand: hand.map(|hand| median / hand),
            note: (!note.is_empty()).then(|| note.join("; ")),
        });
    }
    out
}

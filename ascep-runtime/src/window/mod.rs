//! Windows: the samples that aggregates look back at. Aggregates over the same argument and length share one, with the sums, queues and orders that
//! any of them asks for.
//!
//! What a window holds follows from the updates and the clock alone, and what is done to each sum in which order from the samples that came and
//! went. So nobody can see who else looks at a window.
//!
//! Most windows keep nothing but mean, deviation and extremes of one number: [`Windows::slide`] is their way, a few lines of memory and hardly a
//! branch. Everything else, and what seldom happens to them, goes the general way.

mod direct;
mod extremes;
mod moments;
mod places;
mod plain;
mod read;
mod samples;
mod saved;
mod sorted;
mod sums;
mod total;

pub(crate) use extremes::{Best, Extremes};
pub(crate) use moments::{Moments, Read};
pub(crate) use places::MOST;
pub(crate) use samples::{Sample, Samples};
pub(crate) use saved::Taken;
pub(crate) use sorted::Sorted;
pub(crate) use sums::Totals;

use ascep_native::prefetch;

use crate::plan::{LINE, NONE, Parts, Plan, Slide, WindowPlan};
use moments::{is_huge, renew_first, renew_in};
use places::Places;
use samples::write_sample;

/// A number beyond this is left out of the sums, so that it does not spoil them for what comes after; while one is in the window its statistics are
/// worked out from the samples.
const HUGE: f64 = 1e18;

/// The state of one window that every update touches, in one line of memory.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Window {
    pub(crate) places: Places,
    flags: u32,
    /// The step in which the last sample came, unless that was taken in [plainly](Windows::slide_plainly): then nobody else comes with it in that step.
    pub(crate) step: u64,
    pub(crate) moments: Moments,
    /// Updates until the moments are worked out anew.
    renew_in: u32,
    /// How many samples have left, round and round.
    gone: u32,
}

/// In [`Window::flags`]: a sample has left by its age, and the last that left is still there.
const LEFT: u32 = 1;
/// The last sample came into a full window.
const OVERFLOWED: u32 = 2;
/// A number beyond all measure is among the samples, or was: the moments do not hold.
const HUGE_WITHIN: u32 = 4;
/// The [`Stage`] of all that look at the window.
const STAGE: u32 = 8 | 16;

/// How far all are that look at a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Each has to be asked.
    Each,
    /// They are not known before their timers, which are armed.
    Waiting,
    /// They are known; their timers, which say when the window is full for the first time, are armed.
    Known,
    /// They are known, and wait for nothing but the next sample.
    Warm,
}

impl Stage {
    fn bits(self) -> u32 {
        match self {
            Self::Each => 0,
            Self::Waiting => 8,
            Self::Known => 16,
            Self::Warm => STAGE,
        }
    }

    #[inline(always)]
    fn of(flags: u32) -> Self {
        match flags & STAGE {
            0 => Self::Each,
            8 => Self::Waiting,
            16 => Self::Known,
            _ => Self::Warm,
        }
    }
}

impl Window {
    /// Whether an older sample had to go for the last one.
    #[inline(always)]
    pub(crate) fn overflowed(&self) -> bool {
        self.flags & OVERFLOWED != 0
    }

    #[inline(always)]
    fn set(&mut self, flag: u32, truth: bool) {
        self.flags = if truth { self.flags | flag } else { self.flags & !flag };
    }

    /// Takes the oldest out, which is `x`.
    #[inline(always)]
    fn drop_oldest(&mut self, x: f64) {
        self.places.drop_oldest();
        self.gone = self.gone.wrapping_add(1);
        self.moments.remove(x);
    }

    /// Adds the newest, which stands in its place already; whether the moments are to be worked out anew.
    #[inline(always)]
    fn push(&mut self, x: f64) -> Result<Read, Spoiled> {
        if self.places.len == 0 {
            (self.moments, self.renew_in) = (Moments::first(x), renew_first());
        } else {
            self.moments.add(x);
        }
        self.places.len += 1;
        self.renew_in = self.renew_in.wrapping_sub(1);
        match self.moments.read(f64::from(self.places.len)) {
            Some(read) if self.renew_in != 0 => Ok(read),
            _ => Err(Spoiled),
        }
    }
}

/// The moments are to be worked out anew.
struct Spoiled;

/// What is read after a [slide](Windows::slide), as far as the window keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slid {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    /// The lowest and the highest.
    pub(crate) extremes: [f64; 2],
    /// Never [`Stage::Each`].
    pub(crate) stage: Stage,
}

/// All windows of an engine.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) windows: Vec<Window>,
    /// The samples, each as the words that its window keeps: time, x, y.
    pub(crate) samples: Vec<u64>,
    /// Of windows that keep other sums than those of mean and deviation.
    totals: Vec<Totals>,
    extremes: Vec<Extremes>,
    /// Queues of the lowest and of the highest, one after the other for each that has them.
    queues: Vec<Best>,
    sorted: Vec<Sorted>,
}

impl Windows {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut sorted = Vec::with_capacity(plan.sizes.sorted as usize);
        sorted.extend(plan.windows.iter().filter(|window| window.parts.has(Parts::ORDER)).map(|window| Sorted::new(window.capacity)));
        let mut extremes = Vec::with_capacity(plan.sizes.extremes as usize);
        let with_extremes = plan.windows.iter().filter(|window| window.extremes != NONE);
        extremes.extend(with_extremes.map(|window| Extremes::new(window.queues, window.queue_places())));
        Self {
            windows: vec![Window::default(); plan.windows.len()],
            // Zeroed, so that the system need not back what is never written.
            samples: vec![0; plan.sizes.samples],
            totals: vec![Totals::default(); plan.sizes.totals as usize],
            extremes,
            queues: vec![Best::default(); plan.sizes.queues],
            sorted,
        }
    }

    /// Bytes of all that stands here for one window.
    pub(crate) fn bytes_of(plan: &WindowPlan) -> usize {
        let WindowPlan { capacity, parts, .. } = *plan;
        let sorted = if parts.has(Parts::ORDER) { Sorted::bytes(capacity).saturating_add(size_of::<Sorted>()) } else { 0 };
        let extremes =
            if parts.has(Parts::EXTREMES) { size_of::<Extremes>() + plan.queue_places().saturating_mul(2 * size_of::<Best>()) } else { 0 };
        let totals = if plan.totals == NONE { 0 } else { size_of::<Totals>() };
        [size_of::<Window>(), plan.words().saturating_mul(8), sorted, extremes, totals].into_iter().fold(0, usize::saturating_add)
    }

    /// A window, its plan and its samples.
    #[inline]
    pub(crate) fn of<'w>(&'w self, plan: &'w Plan, id: u32) -> Option<(&'w WindowPlan, &'w Window, Samples<'w>)> {
        let (plan, window) = (plan.windows.get(id as usize)?, self.windows.get(id as usize)?);
        Some((plan, window, samples(plan, window, &self.samples)))
    }

    /// Asks for what an update of a window is going to touch that is slid plainly.
    #[inline(always)]
    #[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "the loop of machine code asks ahead"))]
    pub(crate) fn ahead(&self, slide: &Slide) {
        let Some(Window { places, .. }) = self.windows.get(slide.window as usize).filter(|_| slide.is_plain) else { return };
        let first = slide.line as usize * LINE;
        for place in [places.head, places.at(places.len)] {
            prefetch(&self.samples, first + place as usize * plain::WIDTH);
        }
    }

    /// How far all are that look at a window.
    pub(crate) fn stage(&self, id: u32) -> Stage {
        self.windows.get(id as usize).map_or(Stage::Each, |window| Stage::of(window.flags))
    }

    /// Says how far they are.
    pub(crate) fn set_stage(&mut self, id: u32, stage: Stage) {
        if let Some(window) = self.windows.get_mut(id as usize) {
            window.flags = window.flags & !STAGE | stage.bits();
        }
    }

    /// Lets go of what is as old as the horizon and takes in the sample of a step, unless that has been done in this step for another.
    #[inline]
    pub(crate) fn advance(&mut self, plan: &WindowPlan, id: u32, step: u64, horizon: i64, sample: Option<Sample>) {
        if self.windows.get(id as usize).is_none_or(|window| window.step == step) {
            return;
        }
        let Some(mut view) = self.view(plan, id) else { return };
        if plan.period.is_some() {
            while let Some(oldest) = view.samples().oldest()
                && oldest.ts <= horizon
            {
                view.window.set(LEFT, true);
                view.drop_oldest(oldest);
            }
        }
        if let Some(sample) = sample {
            view.window.step = step;
            view.push(sample);
        }
    }

    /// [`advance`](Self::advance) for an update of a [simple](WindowPlan::slide) window. What seldom happens takes the general way; the sums come out
    /// the same to the last bit. Gives what is read then, or nothing where it is to be read in the general way: also at the [stage](Self::stage) where each that
    /// looks at the window has to be asked.
    #[inline(always)]
    pub(crate) fn slide(&mut self, plan: &Plan, slide: &Slide, step: u64, ts: i64, x: f64) -> Option<Slid> {
        match (slide.in_time, slide.extremes == NONE) {
            (true, true) => self.slide_by::<2, false>(plan, slide, step, ts, x),
            (true, false) => self.slide_apart::<2, true>(plan, slide, step, ts, x),
            (false, true) => self.slide_apart::<1, false>(plan, slide, step, ts, x),
            (false, false) => self.slide_apart::<1, true>(plan, slide, step, ts, x),
        }
    }

    #[inline(never)]
    fn slide_apart<const WIDTH: usize, const EXTREMES: bool>(
        &mut self,
        plan: &Plan,
        slide: &Slide,
        step: u64,
        ts: i64,
        x: f64,
    ) -> Option<Slid> {
        self.slide_by::<WIDTH, EXTREMES>(plan, slide, step, ts, x)
    }

    /// Each sample has `WIDTH` words: over time its time and its number, over a count of updates its number alone. What changes is kept at hand until
    /// the end.
    #[inline(always)]
    fn slide_by<const WIDTH: usize, const EXTREMES: bool>(
        &mut self,
        plan: &Plan,
        slide: &Slide,
        step: u64,
        ts: i64,
        x: f64,
    ) -> Option<Slid> {
        let Self { windows, samples, extremes, queues, .. } = self;
        let window = windows.get_mut(slide.window as usize)?;
        if window.step == step || window.flags & HUGE_WITHIN != 0 || is_huge(x) {
            return self.slide_slowly(plan, slide, step, ts, x);
        }
        let (all, base) = (samples.as_chunks_mut::<WIDTH>().0, slide.line as usize * (LINE / WIDTH));
        let x_at = |all: &[[u64; WIDTH]], place: u32| all.get(base + place as usize).map_or(0.0, |sample| split(sample).1);
        let mut extremes = if EXTREMES { extremes.get_mut(slide.extremes as usize) } else { None };
        let Window { mut places, mut flags, mut moments, mut renew_in, mut gone, .. } = *window;
        while places.len > 0 {
            let Some((since, oldest)) = all.get(base + places.head as usize).map(split) else { break };
            if WIDTH == 2 {
                // As a length of time that is never negative.
                if ts.wrapping_sub(since).cast_unsigned() < slide.length.cast_unsigned() {
                    break;
                }
                flags |= LEFT;
            } else if i64::from(places.len) < slide.length {
                break;
            }
            places.drop_oldest();
            moments.remove(oldest);
            if EXTREMES && let Some(extremes) = &mut extremes {
                gone = gone.wrapping_add(1);
                extremes.drop_oldest(queues, gone, places.len, |i| x_at(all, places.at(i)));
            }
        }
        if !places.has_room() {
            *window = Window { places, flags, moments, gone, ..*window };
            return self.slide_slowly(plan, slide, step, ts, x);
        }
        if let Some(sample) = all.get_mut(base + places.at(places.len) as usize) {
            // The second takes the place of the first where there is but one.
            sample.first_mut().into_iter().for_each(|word| *word = ts.cast_unsigned());
            sample.last_mut().into_iter().for_each(|word| *word = x.to_bits());
        }
        if places.len == 0 {
            (moments, renew_in) = (Moments::first(x), renew_first());
        } else {
            moments.add(x);
        }
        places.len += 1;
        renew_in = renew_in.wrapping_sub(1);
        flags &= !OVERFLOWED;
        *window = Window { places, flags, step, moments, renew_in, gone };
        let mut bests = [f64::NAN; 2];
        if EXTREMES && let Some(extremes) = &mut extremes {
            let at = |i: u32| x_at(all, places.at(i));
            extremes.push(queues, gone, places.len, x, at);
            bests = [extremes.read(false, gone, places.len, at), extremes.read(true, gone, places.len, at)];
        }
        let read = match moments.read(f64::from(places.len)) {
            Some(read) if renew_in != 0 => read,
            _ if slide.has_moments => self.renew(plan, slide.window)?,
            _ => Read::NOTHING,
        };
        let stage = Stage::of(flags);
        if stage == Stage::Each {
            return None;
        }
        Some(Slid { mean: read.mean(), deviation: read.deviation(), extremes: bests, stage })
    }

    #[cold]
    #[inline(never)]
    fn slide_slowly(&mut self, plan: &Plan, slide: &Slide, step: u64, ts: i64, x: f64) -> Option<Slid> {
        let of = plan.windows.get(slide.window as usize)?;
        self.advance(of, slide.window, step, ts.saturating_sub(slide.length), Some(Sample { ts, x, y: 0.0 }));
        None
    }

    /// Works the moments out anew.
    #[cold]
    #[inline(never)]
    fn renew(&mut self, plan: &Plan, id: u32) -> Option<Read> {
        self.view(plan.windows.get(id as usize)?, id)?.renew_moments()
    }

    #[inline]
    fn view<'w>(&'w mut self, plan: &'w WindowPlan, id: u32) -> Option<View<'w>> {
        let window = self.windows.get_mut(id as usize)?;
        let words = self.samples.get_mut(plan.start..plan.start + plan.words())?;
        let sorted = if plan.parts.has(Parts::ORDER) { self.sorted.get_mut(plan.sorted as usize) } else { None };
        let extremes = if plan.extremes == NONE { None } else { self.extremes.get_mut(plan.extremes as usize) };
        let totals = if plan.totals == NONE { None } else { self.totals.get_mut(plan.totals as usize) };
        Some(View { plan, window, words, queues: &mut self.queues, sorted, extremes, totals })
    }
}

/// Time and number of a sample of a simple window; the time is nothing where it is not kept.
#[inline(always)]
fn split<const WIDTH: usize>(sample: &[u64; WIDTH]) -> (i64, f64) {
    let word = |word: Option<&u64>| word.copied().unwrap_or_default();
    (word(sample.first()).cast_signed(), f64::from_bits(word(sample.last())))
}

#[inline]
fn samples<'w>(plan: &WindowPlan, window: &Window, words: &'w [u64]) -> Samples<'w> {
    let words = words.get(plan.start..plan.start + plan.words()).unwrap_or_default();
    Samples { parts: plan.parts, places: window.places, has_left: window.flags & LEFT != 0, words }
}

/// One window with all that belongs to it.
struct View<'w> {
    plan: &'w WindowPlan,
    window: &'w mut Window,
    words: &'w mut [u64],
    queues: &'w mut [Best],
    sorted: Option<&'w mut Sorted>,
    extremes: Option<&'w mut Extremes>,
    totals: Option<&'w mut Totals>,
}

impl View<'_> {
    #[inline]
    fn samples(&self) -> Samples<'_> {
        samples_of(self.plan, self.window, self.words)
    }

    fn push(&mut self, sample: Sample) {
        let Self { plan, .. } = *self;
        let parts = plan.parts;
        let full = self.window.places.len as usize >= plan.capacity;
        self.window.set(OVERFLOWED, full);
        if full && let Some(oldest) = self.samples().oldest() {
            self.drop_oldest(oldest);
        }
        if !self.window.places.has_room() {
            self.window.places.grow(plan.capacity + 1, parts.width(), self.words);
        }
        let newest = self.samples().newest();
        let place = self.window.places.at(self.window.places.len) as usize * parts.width();
        if let Some(words) = self.words.get_mut(place..place + parts.width()) {
            write_sample(parts, words, sample);
        }
        self.take_in(newest, sample);
    }

    /// Adds what stands in its place already; `newest` was the newest before.
    fn take_in(&mut self, newest: Option<Sample>, sample: Sample) {
        let parts = self.plan.parts;
        if !parts.has(Parts::X) {
            self.window.places.len += 1;
            return;
        }
        let moments = self.window.push(sample.x);
        if parts.has(Parts::MOMENTS) {
            self.window.set(HUGE_WITHIN, self.window.flags & HUGE_WITHIN != 0 || is_huge(sample.x));
            if moments.is_err() || self.window.flags & HUGE_WITHIN != 0 {
                self.renew_moments();
            }
        }
        let samples = samples_of(self.plan, self.window, self.words);
        if let Some(totals) = &mut self.totals {
            totals.push(samples, newest, sample);
        }
        if let Some(extremes) = &mut self.extremes {
            extremes.push(self.queues, self.window.gone, self.window.places.len, sample.x, |i| samples.x(i));
        }
        if let Some(sorted) = &mut self.sorted {
            sorted.insert(sample.x);
        }
    }

    /// The moments anew, unless they can't hold what is in the window.
    fn renew_moments(&mut self) -> Option<Read> {
        let samples = samples_of(self.plan, self.window, self.words);
        let n = samples.len();
        if self.window.flags & HUGE_WITHIN != 0 && samples.iter().any(|sample| is_huge(sample.x)) {
            return None;
        }
        self.window.moments = Moments::of(samples);
        self.window.renew_in = renew_in(n);
        self.window.set(HUGE_WITHIN, false);
        self.window.moments.read(f64::from(self.window.places.len))
    }

    fn drop_oldest(&mut self, oldest: Sample) {
        self.window.drop_oldest(oldest.x);
        let samples = samples_of(self.plan, self.window, self.words);
        if let Some(totals) = &mut self.totals {
            totals.drop_oldest(samples, oldest);
        }
        if let Some(extremes) = &mut self.extremes {
            extremes.drop_oldest(self.queues, self.window.gone, self.window.places.len, |i| samples.x(i));
        }
        if let Some(sorted) = &mut self.sorted {
            sorted.remove(oldest.x);
        }
    }
}

/// The samples, of a window whose words are these.
#[inline]
fn samples_of<'w>(plan: &WindowPlan, window: &Window, words: &'w [u64]) -> Samples<'w> {
    Samples { parts: plan.parts, places: window.places, has_left: window.flags & LEFT != 0, words }
}

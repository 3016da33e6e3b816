//! Windows: the samples that aggregates look back at. Aggregates over the same argument and length share one, with the sums, queues and orders that
//! any of them asks for.
//!
//! What a window holds follows from the updates and the clock alone, and what is done to each sum in which order from the samples that came and
//! went. So nobody can see who else looks at a window.

mod direct;
mod extremes;
mod read;
mod saved;
mod sorted;
mod sums;
mod total;

pub(crate) use saved::Taken;
pub(crate) use sorted::Sorted;
pub(crate) use sums::Sums;

use crate::plan::{Parts, Plan, WindowPlan};
use crate::ring::Ring;

/// A number beyond this is left out of the sums, so that it does not spoil them for what comes after; while one is in the window its statistics are
/// worked out from the samples.
const HUGE: f64 = 1e18;

/// One update. What a window does not keep of it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) ts: i64,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Sample {
    #[inline]
    fn is_huge(self) -> bool {
        // A comparison that fails for what is no number, too.
        !(self.x.abs() <= HUGE && self.y.abs() <= HUGE)
    }
}

/// The state of one window but for what stands in the arrays of [`Windows`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    pub(crate) ring: Ring,
    /// The step in which the last sample came.
    pub(crate) step: u64,
    /// Whether an older one was dropped for it.
    pub(crate) overflowed: bool,
    /// Samples since the sums were last worked out anew.
    pub(crate) pushes: u32,
    /// How many of the samples are beyond [`HUGE`].
    pub(crate) huge: u32,
    /// How many of the newest samples have the same x, and the same y, as far as they were counted.
    pub(crate) runs: [u32; 2],
    /// The last sample that has left by its age.
    pub(crate) left: Option<Sample>,
    pub(crate) sums: Sums,
    pub(crate) lowest: Ring,
    pub(crate) highest: Ring,
}

/// All windows of an engine.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) windows: Vec<Window>,
    /// The samples, each as the words that its window keeps: time, x, y.
    pub(crate) samples: Vec<u64>,
    /// The queues of the lowest and the highest: places in the rings.
    pub(crate) queues: Vec<u32>,
    pub(crate) sorted: Vec<Sorted>,
}

/// The samples of one window, as they lie in its ring.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'w> {
    parts: Parts,
    ring: Ring,
    capacity: usize,
    words: &'w [u64],
}

impl Samples<'_> {
    /// The sample at a place of the ring.
    #[inline]
    fn at(self, place: usize) -> Sample {
        let width = self.parts.width();
        read_sample(self.parts, self.words.get(place * width..(place + 1) * width).unwrap_or_default())
    }

    /// The i-th from the oldest.
    #[inline]
    pub(crate) fn get(self, i: usize) -> Sample {
        self.at(self.ring.offset(self.capacity, i))
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.ring.len
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Sample> {
        (0..self.ring.len).map(move |i| self.get(i))
    }

    #[inline]
    pub(crate) fn oldest(self) -> Option<Sample> {
        (self.ring.len > 0).then(|| self.get(0))
    }

    #[inline]
    pub(crate) fn newest(self) -> Option<Sample> {
        (self.ring.len > 0).then(|| self.get(self.ring.len - 1))
    }
}

#[inline]
fn read_sample(parts: Parts, words: &[u64]) -> Sample {
    let (ts, values) = match (parts.has(Parts::TIME), words) {
        (true, [ts, values @ ..]) => (ts.cast_signed(), values),
        _ => (0, words),
    };
    let value = |i: usize| values.get(i).map_or(0.0, |bits| f64::from_bits(*bits));
    Sample { ts, x: value(0), y: value(1) }
}

#[inline]
fn write_sample(parts: Parts, words: &mut [u64], sample: Sample) {
    let time = parts.has(Parts::TIME).then_some(sample.ts.cast_unsigned());
    let values = [sample.x.to_bits(), sample.y.to_bits()];
    for (word, value) in words.iter_mut().zip(time.into_iter().chain(values)) {
        *word = value;
    }
}

impl Windows {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut sorted = Vec::with_capacity(plan.sizes.sorted as usize);
        sorted.extend(plan.windows.iter().filter(|window| window.parts.has(Parts::ORDER)).map(|window| Sorted::new(window.capacity)));
        Self {
            windows: vec![Window::default(); plan.windows.len()],
            // Zeroed, so that the system need not back what is never written.
            samples: vec![0; plan.sizes.samples],
            queues: vec![0; plan.sizes.queues],
            sorted,
        }
    }

    /// Bytes of all that stands here for one window, but for its own state.
    pub(crate) fn bytes_of(plan: &WindowPlan) -> usize {
        let WindowPlan { capacity, parts, .. } = *plan;
        let queues = [Parts::LOWEST, Parts::HIGHEST].into_iter().filter(|part| parts.has(*part)).count();
        let sorted = if parts.has(Parts::ORDER) { Sorted::bytes(capacity).saturating_add(size_of::<Sorted>()) } else { 0 };
        capacity.saturating_mul(parts.width() * 8 + queues * 4).saturating_add(sorted)
    }

    /// A window, its plan and its samples.
    #[inline]
    pub(crate) fn of<'w>(&'w self, plan: &'w Plan, id: u32) -> Option<(&'w WindowPlan, &'w Window, Samples<'w>)> {
        let (plan, window) = (plan.windows.get(id as usize)?, self.windows.get(id as usize)?);
        Some((plan, window, samples(plan, window.ring, &self.samples)))
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
                view.window.left = Some(oldest);
                view.drop_oldest(oldest);
            }
        }
        if let Some(sample) = sample {
            view.window.step = step;
            view.push(sample);
        }
    }

    #[inline]
    fn view<'w>(&'w mut self, plan: &'w WindowPlan, id: u32) -> Option<View<'w>> {
        let window = self.windows.get_mut(id as usize)?;
        let end = plan.start + plan.capacity.saturating_mul(plan.parts.width());
        let words = self.samples.get_mut(plan.start..end)?;
        let sorted = if plan.parts.has(Parts::ORDER) { self.sorted.get_mut(plan.sorted as usize) } else { None };
        Some(View { plan, window, words, queues: &mut self.queues, sorted })
    }
}

#[inline]
fn samples<'w>(plan: &WindowPlan, ring: Ring, words: &'w [u64]) -> Samples<'w> {
    let end = plan.start + plan.capacity.saturating_mul(plan.parts.width());
    Samples { parts: plan.parts, ring, capacity: plan.capacity, words: words.get(plan.start..end).unwrap_or_default() }
}

/// One window with all that belongs to it.
struct View<'w> {
    plan: &'w WindowPlan,
    window: &'w mut Window,
    words: &'w mut [u64],
    queues: &'w mut [u32],
    sorted: Option<&'w mut Sorted>,
}

impl View<'_> {
    #[inline]
    fn samples(&self) -> Samples<'_> {
        Samples { parts: self.plan.parts, ring: self.window.ring, capacity: self.plan.capacity, words: self.words }
    }

    #[inline]
    fn push(&mut self, sample: Sample) {
        let Self { plan, .. } = *self;
        let parts = plan.parts;
        let full = self.window.ring.len >= plan.capacity;
        self.window.overflowed = full;
        if full && let Some(oldest) = self.samples().oldest() {
            self.drop_oldest(oldest);
        }
        let newest = self.samples().newest();
        let (place, width) = (self.window.ring.offset(plan.capacity, self.window.ring.len), parts.width());
        if let Some(words) = self.words.get_mut(place * width..(place + 1) * width) {
            write_sample(parts, words, sample);
        }
        let Window { ring, sums, runs, huge, .. } = &mut *self.window;
        let len = ring.len;
        ring.len += 1;
        if !parts.has(Parts::X) {
            return;
        }
        let same = newest.map_or([false; 2], |newest| [newest.x == sample.x, newest.y == sample.y]);
        for (run, same) in runs.iter_mut().zip(same) {
            *run = if same { run.saturating_add(1) } else { 1 };
        }
        *huge += u32::from(sample.is_huge());
        sums.add(parts, len, newest, sample);
        self.renew_sums();
        self.push_extremes(place, sample.x);
        if let Some(sorted) = &mut self.sorted {
            sorted.insert(sample.x);
        }
    }

    /// Works the sums out anew now and then, which costs little against the samples that came in the meantime.
    #[inline]
    fn renew_sums(&mut self) {
        let parts = self.plan.parts;
        let window = &mut *self.window;
        window.pushes += 1;
        if window.pushes & 15 == 0 {
            window.sums.settle();
        }
        if window.pushes as usize >= 4 * window.ring.len.max(64) {
            window.pushes = 0;
            self.window.sums = Sums::of(self.samples());
        } else if window.sums.are_spoiled() {
            let renewed = Sums::of(self.samples());
            self.window.sums.renew_squares(parts, renewed);
        }
    }

    fn push_extremes(&mut self, place: usize, x: f64) {
        let plan = self.plan;
        if !plan.parts.has(Parts::LOWEST) && !plan.parts.has(Parts::HIGHEST) {
            return;
        }
        let Ok(place) = u32::try_from(place) else { return };
        for (part, highest) in [(Parts::LOWEST, false), (Parts::HIGHEST, true)] {
            if !plan.parts.has(part) {
                continue;
            }
            let mut queue = if highest { self.window.highest } else { self.window.lowest };
            let samples = Samples { parts: plan.parts, ring: self.window.ring, capacity: plan.capacity, words: self.words };
            let yields = |earlier: u32| {
                let earlier = samples.at(earlier as usize).x;
                if highest { earlier <= x } else { earlier >= x }
            };
            extremes::push(&mut queue, plan.queue(highest), self.queues, place, yields);
            *(if highest { &mut self.window.highest } else { &mut self.window.lowest }) = queue;
        }
    }

    #[inline]
    fn drop_oldest(&mut self, oldest: Sample) {
        let Self { plan, window, queues, sorted, .. } = self;
        let parts = plan.parts;
        let place = window.ring.head;
        window.ring.drop_oldest(plan.capacity);
        if !parts.has(Parts::X) {
            return;
        }
        for (part, queue, highest) in [(Parts::LOWEST, &mut window.lowest, false), (Parts::HIGHEST, &mut window.highest, true)] {
            if parts.has(part)
                && let Ok(place) = u32::try_from(place)
            {
                extremes::drop_oldest(queue, plan.queue(highest), queues, place);
            }
        }
        if let Some(sorted) = sorted {
            sorted.remove(oldest.x);
        }
        window.huge -= u32::from(oldest.is_huge());
        if window.ring.len == 0 {
            window.pushes = 0;
            window.sums = Sums::default();
            return;
        }
        let next = || Samples { parts, ring: window.ring, capacity: plan.capacity, words: self.words }.get(0);
        window.sums.remove(parts, oldest, next);
    }
}

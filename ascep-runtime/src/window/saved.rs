//! Windows in a snapshot: the samples and the sums to the last bit, so that a window goes on with the same roundings. Queues and orders follow from
//! the samples. A window may be read by a program that asks more of it: what is missing is worked out from the samples.

use super::{HUGE, Sample, Samples, Sums, Window, Windows, total::Total, write_sample};
use crate::plan::{Parts, Plan};
use crate::ring::Ring;
use crate::snapshot::{Reader, Writer};
use crate::value::UNKNOWN_INT;

/// What became of a window of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It goes on.
    Whole,
    /// It did not keep what is asked for now.
    TooLittle,
}

impl Windows {
    /// A window, for a snapshot.
    pub(crate) fn write(&self, plan: &Plan, id: u32, out: &mut Writer) {
        let Some((plan, window, samples)) = self.of(plan, id) else { return };
        let parts = plan.parts;
        out.word(u64::from(parts.bits()));
        out.count(window.ring.len);
        for sample in samples.iter() {
            write_one(parts, sample, out);
        }
        out.flag(window.left.is_some());
        if let Some(left) = window.left {
            write_one(parts, left, out);
        }
        let Window { ring: _, step: _, overflowed: _, pushes, huge: _, runs, left: _, sums, lowest: _, highest: _ } = *window;
        if parts.has(Parts::X) {
            out.word(u64::from(pushes));
            runs.into_iter().for_each(|run| out.word(u64::from(run)));
            sums.write(out);
        }
    }

    /// A window, from a snapshot taken at `clock`.
    pub(crate) fn read(&mut self, plan: &Plan, id: u32, clock: i64, from: &mut Reader<'_>) -> Option<Taken> {
        let plan = plan.windows.get(id as usize)?;
        let had = Parts::from_bits(from.word()?)?;
        // The times in a window over a count of updates are there for explanations only.
        let untimed = plan.period.is_none() && !had.has(Parts::TIME);
        if !(had.columns_hold(plan.parts) || (untimed && had.and(Parts::TIME).columns_hold(plan.parts))) {
            return Some(Taken::TooLittle);
        }
        let count = from.count(plan.capacity)?;
        let mut view = self.view(plan, id)?;
        let mut newest = i64::MIN;
        for place in 0..count {
            let mut sample = read_one(had, from)?;
            if untimed {
                sample.ts = UNKNOWN_INT;
            }
            (!had.has(Parts::TIME) || (sample.ts >= newest && sample.ts <= clock)).then_some(())?;
            newest = sample.ts;
            let width = plan.parts.width();
            write_sample(plan.parts, view.words.get_mut(place * width..(place + 1) * width)?, sample);
            view.window.ring = Ring { head: 0, len: place + 1 };
            if plan.parts.has(Parts::X) {
                view.window.huge += u32::from(sample.is_huge());
                view.push_extremes(place, sample.x);
                if let Some(sorted) = &mut view.sorted {
                    sorted.insert(sample.x);
                }
            }
        }
        view.window.left = if from.flag()? { Some(read_one(had, from)?) } else { None };
        if had.has(Parts::X) {
            let (pushes, runs) = (u32::try_from(from.word()?).ok()?, [from.word()?, from.word()?]);
            (pushes < u32::MAX / 2).then_some(())?;
            let sums = Sums::read(from)?;
            if plan.parts.has(Parts::X) {
                let [x, y] = runs;
                view.window.runs = [u32::try_from(x).ok()?, u32::try_from(y).ok()?];
                view.window.pushes = pushes;
                view.window.sums = sums.filled(had, plan.parts, view.samples());
            }
        }
        from.is_done().then_some(Taken::Whole)
    }
}

fn write_one(parts: Parts, sample: Sample, out: &mut Writer) {
    let mut words = [0; 3];
    let words = words.get_mut(..parts.width()).unwrap_or_default();
    write_sample(parts, words, sample);
    words.iter().for_each(|word| out.word(*word));
}

fn read_one(parts: Parts, from: &mut Reader<'_>) -> Option<Sample> {
    let mut number = |part: Parts| if parts.has(part) { from.word() } else { Some(0) };
    let (ts, x, y) = (number(Parts::TIME)?, number(Parts::X)?, number(Parts::Y)?);
    let sample = Sample { ts: ts.cast_signed(), x: f64::from_bits(x), y: f64::from_bits(y) };
    (sample.x.is_finite() && sample.y.is_finite()).then_some(sample)
}

impl Sums {
    fn write(&self, out: &mut Writer) {
        let Self { x, xx, y, yy, xy, ranked, t, tt, tx, epoch, area, peaks } = *self;
        for total in [x, xx, y, yy, xy, ranked, t, tt, tx, area] {
            out.num(total.high);
            out.num(total.low);
        }
        out.int(epoch);
        peaks.into_iter().for_each(|peak| out.num(peak));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut total = || Some(Total { high: from.num()?, low: from.num()? });
        let [x, xx, y, yy, xy, ranked, t, tt, tx, area] =
            [total()?, total()?, total()?, total()?, total()?, total()?, total()?, total()?, total()?, total()?];
        Some(Self { x, xx, y, yy, xy, ranked, t, tt, tx, epoch: from.int()?, area, peaks: [from.num()?, from.num()?] })
    }

    /// These sums as far as they were kept, the rest from the samples; what is not asked for is 0.
    fn filled(self, had: Parts, asked: Parts, samples: Samples<'_>) -> Self {
        let anew = if had.has(asked) { Self::default() } else { Self::of(samples) };
        let of = |part: Parts| {
            if !asked.has(part) {
                Self::default()
            } else if had.has(part) {
                self
            } else {
                anew
            }
        };
        let (squares, pairs, times) = (of(Parts::SQUARES), of(Parts::PAIRS), of(Parts::TIMES));
        Self {
            x: of(Parts::SUM).x,
            xx: squares.xx,
            y: pairs.y,
            yy: pairs.yy,
            xy: pairs.xy,
            ranked: of(Parts::RANKED).ranked,
            t: times.t,
            tt: times.tt,
            tx: times.tx,
            // Only times are counted from it.
            epoch: if asked.has(Parts::TIMES) { times.epoch } else { self.epoch },
            area: of(Parts::AREA).area,
            peaks: [squares.peaks[0], pairs.peaks[1]],
        }
    }
}

/// [`HUGE`] decides which samples the sums hold, so a snapshot is of no use to an engine with another one.
const _: () = assert!(HUGE == 1e18);

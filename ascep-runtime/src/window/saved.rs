//! Windows in a snapshot: the samples and the sums to the last bit, so that a window goes on with the same roundings. Queues and orders follow from
//! the samples. A window may be read by a program that asks more of it: what is missing is worked out from the samples.

use super::sums::Sums;
use super::{HUGE, HUGE_WITHIN, LEFT, Moments, Sample, Samples, Totals, Window, Windows, total::Total, write_sample};
use crate::plan::{Parts, Plan};
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
        out.flag(samples.left().is_some());
        out.count(samples.len());
        for sample in samples.left().into_iter().chain(samples.iter()) {
            write_one(parts, sample, out);
        }
        let Window { places: _, flags, step: _, moments, renew_in, gone: _ } = *window;
        if parts.has(Parts::MOMENTS) {
            let Moments { reference, sum, squares, peak } = moments;
            [reference, sum, squares, peak].into_iter().for_each(|x| out.num(x));
            out.word(u64::from(renew_in));
            out.flag(flags & HUGE_WITHIN != 0);
        }
        if let Some(totals) = self.totals.get(plan.totals as usize) {
            let Totals { sums, pushes, huge: _, runs } = totals;
            out.word(u64::from(*pushes));
            runs.iter().for_each(|run| out.word(u64::from(*run)));
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
        let has_left = from.flag()?;
        let count = from.count(plan.capacity)?;
        let mut view = self.view(plan, id)?;
        let mut newest = i64::MIN;
        for place in 0..count + usize::from(has_left) {
            let mut sample = read_one(had, from)?;
            if untimed {
                sample.ts = UNKNOWN_INT;
            }
            (!had.has(Parts::TIME) || (sample.ts >= newest && sample.ts <= clock)).then_some(())?;
            newest = sample.ts;
            view.push(sample);
            if has_left && place == 0 {
                view.window.set(LEFT, true);
                view.drop_oldest(sample);
            }
        }
        if had.has(Parts::MOMENTS) {
            let mut number = || from.num();
            let moments = Moments { reference: number()?, sum: number()?, squares: number()?, peak: number()? };
            let (renew_in, huge) = (u32::try_from(from.word()?).ok()?, from.flag()?);
            if plan.parts.has(Parts::MOMENTS) {
                (view.window.moments, view.window.renew_in) = (moments, renew_in);
                view.window.set(HUGE_WITHIN, huge);
            }
        } else if plan.parts.has(Parts::MOMENTS) {
            view.renew_moments();
        }
        if had.needs_totals() {
            let (pushes, runs) = (u32::try_from(from.word()?).ok()?, [from.word()?, from.word()?]);
            (pushes < u32::MAX / 2).then_some(())?;
            let sums = Sums::read(from)?;
            let filled = sums.filled(had, plan.parts, view.samples());
            if let Some(totals) = &mut view.totals {
                let [x, y] = runs;
                totals.runs = [u32::try_from(x).ok()?, u32::try_from(y).ok()?];
                (totals.pushes, totals.sums) = (pushes, filled);
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

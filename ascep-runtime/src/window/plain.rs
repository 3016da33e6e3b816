//! The way of nearly all samples of most windows: over a length of time, of which all that look wait for nothing. Everything is looked through before
//! anything is changed, so whatever else there is takes the [general way](Windows::slide) as if nothing had been tried.

use super::{Extremes, HUGE, HUGE_WITHIN, LEFT, OVERFLOWED, Read, STAGE, Slid, Stage, Windows};
use crate::plan::{LINE, Slide};

/// Words of a sample: its time and its number.
pub(super) const WIDTH: usize = 2;

impl Windows {
    /// Takes a sample into a [plain](Slide::is_plain) window that has `EXTREMES` or not and gives what is read then; nothing where that is not all there is to it, and nothing was done.
    #[inline(always)]
    pub(crate) fn slide_plainly<const EXTREMES: bool>(&mut self, slide: &Slide, ts: i64, x: f64) -> Option<Slid> {
        let mut extremes = if EXTREMES { Some(self.extremes.get_mut(slide.extremes as usize)?) } else { None };
        let window = self.windows.get_mut(slide.window as usize)?;
        // A number that is unknown is not below either.
        if window.flags & (STAGE | HUGE_WITHIN) != STAGE || !is_below(x.abs(), HUGE) || window.places.len == 0 {
            return None;
        }
        let (mut places, mut moments, mut flags, mut gone) = (window.places, window.moments, window.flags & !OVERFLOWED, window.gone);
        let first = slide.line as usize * (LINE / WIDTH);
        let ring = self.samples.as_chunks_mut::<WIDTH>().0.get_mut(first..first + places.size as usize)?;
        loop {
            let [since, oldest] = *ring.get(places.head as usize)?;
            // As a length of time that is never negative.
            if ts.wrapping_sub(since.cast_signed()).cast_unsigned() < slide.length.cast_unsigned() {
                break;
            }
            flags |= LEFT;
            places.drop_oldest();
            if places.len == 0 {
                return None;
            }
            moments.remove(f64::from_bits(oldest));
            if EXTREMES {
                gone = gone.wrapping_add(1);
                if Extremes::enters(gone, places.len) {
                    return None;
                }
            }
        }
        if !places.has_room() {
            return None;
        }
        let newest = ring.get_mut(places.at(places.len) as usize)?;
        moments.add(x);
        places.len += 1;
        let renew_in = window.renew_in.wrapping_sub(1);
        let read = match moments.read(f64::from(places.len)) {
            Some(read) if renew_in != 0 => read,
            _ if !EXTREMES || slide.has_moments => return None,
            _ => Read::NOTHING,
        };
        let bests = match &mut extremes {
            Some(extremes) => extremes.push_within(gone, places.len, x)?,
            None => [f64::NAN; 2],
        };
        *newest = [ts.cast_unsigned(), x.to_bits()];
        (window.places, window.moments, window.flags, window.renew_in) = (places, moments, flags, renew_in);
        if EXTREMES {
            window.gone = gone;
        }
        // Of two samples at least: where their sums hold, mean and deviation are finite.
        Some(Slid { mean: read.mean(), deviation: read.deviation(), extremes: bests, stage: Stage::Warm })
    }
}

/// `x <= most`; false where `x` is no number.
#[inline(always)]
fn is_below(x: f64, most: f64) -> bool {
    x <= most
}

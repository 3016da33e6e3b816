//! The samples of a window, as they lie in its ring.

use super::places::Places;
use crate::plan::Parts;

/// One update. What a window does not keep of it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) ts: i64,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Sample {
    #[inline]
    pub(super) fn is_huge(self) -> bool {
        super::is_huge(self.x) || super::is_huge(self.y)
    }
}

/// The samples of one window.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'w> {
    pub(super) parts: Parts,
    pub(super) places: Places,
    pub(super) has_left: bool,
    pub(super) words: &'w [u64],
}

impl Samples<'_> {
    /// The sample at a place of the ring.
    #[inline]
    fn at(self, place: u32) -> Sample {
        let (place, width) = (place as usize, self.parts.width());
        read_sample(self.parts, self.words.get(place * width..(place + 1) * width).unwrap_or_default())
    }

    /// The i-th from the oldest.
    #[inline]
    pub(crate) fn get(self, i: u32) -> Sample {
        self.at(self.places.at(i))
    }

    /// The number of the i-th from the oldest.
    #[inline]
    pub(super) fn x(self, i: u32) -> f64 {
        self.get(i).x
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.places.len as usize
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Sample> {
        (0..self.places.len).map(move |i| self.get(i))
    }

    /// The number of each, from the oldest: in two stretches, between which there is nothing to ask.
    #[inline(always)]
    pub(super) fn each(self, mut take: impl FnMut(f64)) {
        let Places { head, len, size } = self.places;
        let (width, x) = (self.parts.width(), usize::from(self.parts.has(Parts::TIME)));
        let end = (head + len).min(size);
        for (from, to) in [(head, end), (0, len - (end - head))] {
            let words = self.words.get(from as usize * width..to as usize * width).unwrap_or_default();
            for sample in words.chunks_exact(width.max(1)) {
                take(sample.get(x).map_or(0.0, |bits| f64::from_bits(*bits)));
            }
        }
    }

    #[inline]
    pub(crate) fn oldest(self) -> Option<Sample> {
        (self.places.len > 0).then(|| self.get(0))
    }

    #[inline]
    pub(crate) fn newest(self) -> Option<Sample> {
        (self.places.len > 0).then(|| self.get(self.places.len - 1))
    }

    /// The last sample that has left, once one has left by its age.
    #[inline]
    pub(crate) fn left(self) -> Option<Sample> {
        self.has_left.then(|| self.at(self.places.left()))
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
pub(super) fn write_sample(parts: Parts, words: &mut [u64], sample: Sample) {
    let time = parts.has(Parts::TIME).then_some(sample.ts.cast_unsigned());
    let values = [sample.x.to_bits(), sample.y.to_bits()];
    for (word, value) in words.iter_mut().zip(time.into_iter().chain(values)) {
        *word = value;
    }
}

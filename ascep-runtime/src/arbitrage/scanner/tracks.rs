//! The ways that are followed: those above the threshold, whether they are open as opportunities or held back. A bounded number of slots, with a
//! list for each market of those that lead through it.

use crate::arbitrage::index::NONE;
use crate::arbitrage::path::{MAX_LEGS, Path};
use crate::arbitrage::size::SizeFilter;
use crate::event::Timestamp;

/// How far a way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Found, and not looked at yet: rounding alone may have found it.
    Found,
    /// Above 0 before fees.
    Gross,
    /// Above the threshold after fees, with a leg that is too old.
    Aged,
    /// With legs that are too far apart.
    Skewed,
    /// With too little quantity.
    Small,
    /// An opportunity.
    Opened,
}

/// A way that is followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Track {
    pub(super) path: Path,
    /// Its number in the index; [`NONE`] where it is not in there.
    pub(super) way: u32,
    /// The leg that gives the start asset.
    pub(super) start: u32,
    pub(super) live: bool,
    pub(super) open: bool,
    /// The best it came to since it is followed.
    pub(super) best: Stage,
    /// The filter that let nothing through at the last look that held it back.
    pub(super) filter: Option<SizeFilter>,
    pub(super) id: u64,
    pub(super) opened: Timestamp,
    /// The net return that was last told.
    pub(super) told: f64,
    pub(super) net: f64,
    pub(super) gross: f64,
    pub(super) size: f64,
    pub(super) profit: f64,
    pub(super) peak: f64,
    pub(super) peak_size: f64,
    /// The profit there was at the peak.
    pub(super) peak_profit: f64,
    /// Its row of statistics, or [`NONE`].
    pub(super) row: u32,
}

/// A place in the list of a market: the slot times [`MAX_LEGS`] plus the leg.
#[derive(Debug, Clone, Copy)]
struct Link {
    next: u32,
    before: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tracks {
    slots: Vec<Track>,
    links: Vec<[Link; MAX_LEGS]>,
    free: Vec<u32>,
    /// The first place in each market's list.
    heads: Vec<u32>,
    /// The slot of each way of the index.
    slot_of: Vec<u32>,
    limit: usize,
}

const LEGS: u32 = MAX_LEGS as u32;

impl Tracks {
    pub(super) fn new(limit: usize, markets: usize, ways: usize) -> Self {
        Self {
            slots: Vec::with_capacity(limit),
            links: Vec::with_capacity(limit),
            free: Vec::with_capacity(limit),
            heads: vec![NONE; markets],
            slot_of: vec![NONE; ways],
            limit,
        }
    }

    /// Whether a way of the index is followed.
    #[inline]
    pub(super) fn has(&self, way: u32) -> bool {
        self.slot_of.get(way as usize).is_none_or(|slot| *slot != NONE)
    }

    /// The slot of a path that is followed.
    pub(super) fn find(&self, path: &Path) -> Option<u32> {
        let market = path.edges().first()? / 2;
        self.through(market).find(|slot| self.get(*slot).is_some_and(|track| track.path == *path))
    }

    /// Follows a way, where there is room.
    pub(super) fn insert(&mut self, path: Path, way: u32, start: u32) -> Option<u32> {
        let track = Track {
            path,
            way,
            start,
            live: true,
            open: false,
            best: Stage::Found,
            id: 0,
            opened: 0,
            told: f64::NAN,
            net: f64::NAN,
            gross: f64::NAN,
            filter: None,
            size: f64::NAN,
            profit: f64::NAN,
            peak: f64::NAN,
            peak_size: f64::NAN,
            peak_profit: f64::NAN,
            row: NONE,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.slots.get_mut(slot as usize)? = track;
                slot
            }
            None if self.slots.len() < self.limit => {
                self.slots.push(track);
                self.links.push([Link { next: NONE, before: NONE }; MAX_LEGS]);
                u32::try_from(self.slots.len() - 1).ok()?
            }
            None => return None,
        };
        for (leg, edge) in (0..).zip(path.edges()) {
            let place = slot * LEGS + leg;
            let Some(head) = self.heads.get_mut(*edge as usize / 2) else { continue };
            let next = std::mem::replace(head, place);
            self.set(place, |link| *link = Link { next, before: NONE });
            self.set(next, |link| link.before = place);
        }
        if let Some(place) = self.slot_of.get_mut(way as usize) {
            *place = slot;
        }
        Some(slot)
    }

    /// Follows it no longer.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(track) = self.slots.get_mut(slot as usize).filter(|track| track.live) else { return };
        track.live = false;
        let (path, way) = (track.path, track.way);
        for (leg, edge) in (0..).zip(path.edges()) {
            let Link { next, before } = self.link(slot * LEGS + leg);
            self.set(next, |link| link.before = before);
            if before == NONE {
                if let Some(head) = self.heads.get_mut(*edge as usize / 2) {
                    *head = next;
                }
            } else {
                self.set(before, |link| link.next = next);
            }
        }
        if let Some(place) = self.slot_of.get_mut(way as usize) {
            *place = NONE;
        }
        self.free.push(slot);
    }

    fn link(&self, place: u32) -> Link {
        let links = self.links.get((place / LEGS) as usize).and_then(|links| links.get((place % LEGS) as usize));
        links.copied().unwrap_or(Link { next: NONE, before: NONE })
    }

    fn set(&mut self, place: u32, set: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get_mut((place / LEGS) as usize).and_then(|links| links.get_mut((place % LEGS) as usize)) {
            set(link);
        }
    }

    /// Whether any way through a market is followed.
    #[inline]
    pub(super) fn any(&self, market: u32) -> bool {
        self.heads.get(market as usize).is_some_and(|head| *head != NONE)
    }

    /// The slots of the ways through a market.
    pub(super) fn through(&self, market: u32) -> impl Iterator<Item = u32> + '_ {
        let head = self.heads.get(market as usize).copied().unwrap_or(NONE);
        let place = |place: u32| Some(place).filter(|place| *place != NONE);
        std::iter::successors(place(head), move |at| place(self.link(*at).next)).map(|place| place / LEGS)
    }

    /// All slots that are in use.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.slots).filter(|(_, track)| track.live).map(|(slot, _)| slot)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Track> {
        self.slots.get(slot as usize)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Track> {
        self.slots.get_mut(slot as usize)
    }

    /// Bytes for each way that may be followed.
    pub(super) const BYTES: usize = size_of::<Track>() + size_of::<[Link; MAX_LEGS]>() + 4;

    pub(super) fn bytes(&self) -> usize {
        self.limit * Self::BYTES + (self.heads.len() + self.slot_of.len()) * 4
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn through(tracks: &Tracks, market: u32) -> Vec<u32> {
        let mut slots: Vec<u32> = tracks.through(market).collect();
        slots.sort_unstable();
        slots
    }

    #[test]
    fn each_market_lists_the_ways_through_it() {
        let mut tracks = Tracks::new(2, 4, 3);
        let a = tracks.insert(Path::from_edges(&[0, 2, 5]), 0, 0).unwrap();
        let b = tracks.insert(Path::from_edges(&[1, 4, 6]), 2, 0).unwrap();
        assert_eq!(tracks.insert(Path::from_edges(&[0, 3]), 1, 0), None);
        assert_eq!((through(&tracks, 0), through(&tracks, 1), through(&tracks, 3)), (vec![a, b], vec![a], vec![b]));
        assert_eq!((tracks.has(0), tracks.has(1), tracks.has(2)), (true, false, true));
        assert_eq!(tracks.find(&Path::from_edges(&[6, 1, 4])), Some(b));
        tracks.remove(a);
        tracks.remove(a);
        assert_eq!((through(&tracks, 0), through(&tracks, 1)), (vec![b], vec![]));
        let c = tracks.insert(Path::from_edges(&[0, 3]), 1, 0).unwrap();
        assert_eq!((c, through(&tracks, 0), through(&tracks, 1)), (a, vec![a, b], vec![c]));
        assert_eq!((tracks.all().count(), tracks.find(&Path::from_edges(&[0, 2, 5]))), (2, None));
    }
}

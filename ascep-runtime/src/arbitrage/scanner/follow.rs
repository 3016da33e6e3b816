//! What it takes to follow one more way.

use super::tracks::Tracks;
use crate::arbitrage::counters::ScanCounters;
use crate::arbitrage::index::{Index, NONE};
use crate::arbitrage::path::Path;
use crate::arbitrage::universe::AssetId;

/// See the module.
pub(super) struct Follow<'a> {
    pub(super) index: &'a Index,
    pub(super) tracks: &'a mut Tracks,
    pub(super) touched: &'a mut Vec<u32>,
    pub(super) counters: &'a mut ScanCounters,
    pub(super) from: &'a [u32],
    pub(super) home: Option<AssetId>,
}

impl Follow<'_> {
    /// A way of the index that is above the threshold.
    #[cold]
    pub(super) fn way(&mut self, way: u32) {
        if !self.tracks.has(way) {
            self.insert(self.index.path(way), way);
        }
    }

    /// A path that is not in the index.
    pub(super) fn path(&mut self, path: Path) {
        if self.tracks.find(&path).is_none() {
            self.insert(path, NONE);
        }
    }

    fn insert(&mut self, path: Path, way: u32) {
        let start = path.edges().iter().position(|edge| self.gives_home(*edge)).unwrap_or(0);
        match self.tracks.insert(path, way, u32::try_from(start).unwrap_or(0)) {
            // No more slots than there is room for in the list.
            Some(slot) => self.touched.push(slot),
            None => self.counters.tracked_full += 1,
        }
    }

    /// Whether edges lead through the home asset, where there is one.
    pub(super) fn goes_home(&self, edges: &[u32]) -> bool {
        self.home.is_none() || edges.iter().any(|edge| self.gives_home(*edge))
    }

    fn gives_home(&self, edge: u32) -> bool {
        self.home.is_some_and(|home| self.from.get(edge as usize) == Some(&home.0))
    }
}

//! How the ways of a scan stand at one moment, for explanations. It goes through all of them, which an engine does only when it is asked why.

use super::Scanner;
use super::look::Legs;
use crate::arbitrage::index::NONE;
use crate::arbitrage::path::Path;
use crate::event::Timestamp;

/// Ways by how they stand.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    /// Ways of the index, and longer ones that are followed.
    pub(crate) ways: u64,
    /// Those with a leg that is not known.
    pub(crate) unknown: u64,
    /// Those that are open as opportunities.
    pub(crate) open: u64,
    /// Those above the threshold that are held back by the age of a leg,
    pub(crate) aged: u64,
    /// by the span between their legs,
    pub(crate) skewed: u64,
    /// or by their quantities.
    pub(crate) small: u64,
    /// The one that returns most, of those that are known.
    pub(crate) best: Option<(Path, f64)>,
}

impl Scanner {
    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        let mut standing = Standing::default();
        for way in (0..).take(self.index.len()) {
            standing.ways += 1;
            let path = self.index.path(way);
            standing.see(&Legs::of(&self.markets, &path), path);
        }
        for track in self.tracks.all().filter_map(|slot| self.tracks.get(slot)) {
            let legs = Legs::of(&self.markets, &track.path);
            if track.way == NONE {
                standing.ways += 1;
                standing.see(&legs, track.path);
            }
            if track.open {
                standing.open += 1;
            } else if legs.unknown.is_none() && legs.net > self.settings.min_net {
                let aged = self.settings.max_age.is_some_and(|most| now.saturating_sub(legs.oldest) >= most);
                let skewed = self.settings.max_skew.is_some_and(|most| legs.skew() > most);
                *(if aged {
                    &mut standing.aged
                } else if skewed {
                    &mut standing.skewed
                } else {
                    &mut standing.small
                }) += 1;
            }
        }
        standing
    }
}

impl Standing {
    fn see(&mut self, legs: &Legs, path: Path) {
        if legs.unknown.is_some() {
            self.unknown += 1;
        } else if self.best.is_none_or(|(_, net)| legs.net > net) {
            self.best = Some((path, legs.net));
        }
    }
}

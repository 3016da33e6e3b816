//! All that a scan is set by at once, for the engine of rules: one parameter may be several settings.

use super::tracks::Tracks;
use super::{Known, Scanner};
use crate::arbitrage::opportunity::OpportunitySink;
use crate::event::Timestamp;
use crate::timers::Timers;

/// What a scan is set by while it runs. The numbers have been looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set {
    /// Of every market on a venue; each keeps its own where it is `None`.
    pub(crate) fee: Option<f64>,
    pub(crate) min_net: f64,
    pub(crate) step: f64,
    pub(crate) max_age: Option<i64>,
    pub(crate) max_skew: Option<i64>,
}

impl Scanner {
    /// Bytes for each way that may be followed.
    pub(crate) const BYTES_A_WAY: usize = Tracks::BYTES + Timers::BYTES + 4;

    /// Sets all of it as of `now`, where there is a clock already, and looks at all ways again. What is due at `now` itself is left to its deadline.
    pub(crate) fn set_all(&mut self, now: Option<Timestamp>, set: Set, sink: &mut dyn OpportunitySink) {
        let Set { fee, min_net, step, max_age, max_skew } = set;
        self.now = now.map_or(self.now, |now| self.now.max(now));
        if let Some(fee) = fee {
            for market in self.markets.iter_mut().filter(|market| market.known != Known::Equal) {
                market.keep = 1.0 - fee;
            }
            self.sizes.set_fee(fee);
        }
        (self.settings.min_net, self.settings.step) = (min_net, step);
        (self.settings.max_age, self.settings.max_skew) = (max_age, max_skew);
        self.set_threshold();
        self.look_at_all(sink);
    }
}

//! Statistics by path: how often it opened, for how long, for how much. Of as many paths as there is room for.

use super::path::Path;

/// What became of the opportunities of one path. Only those that closed are in the lifetimes, peaks and profits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct PathStats {
    /// Openings.
    pub opened: u64,
    /// Closes.
    pub closed: u64,
    /// The sum of all lifetimes, in nanoseconds.
    pub lifetime: i64,
    /// The longest one.
    pub longest: i64,
    /// The greatest net return of all.
    pub peak: f64,
    /// The sum of the peaks of each.
    pub peaks: f64,
    /// The greatest size of all; NaN where none was known.
    pub peak_size: f64,
    /// The sum of the profits that were there at each one's peak, as far as they were known, in units of the start asset.
    pub profit: f64,
}

impl PathStats {
    /// The mean of the peaks of all that closed; NaN where none did.
    #[must_use]
    pub fn mean_peak(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of closes is far below 2^53")]
        let closed = self.closed as f64;
        if self.closed == 0 { f64::NAN } else { self.peaks / closed }
    }

    pub(super) fn close(&mut self, lifetime: i64, peak: f64, peak_size: f64, profit: f64) {
        self.peak = if self.closed == 0 { peak } else { self.peak.max(peak) };
        self.closed += 1;
        self.lifetime = self.lifetime.saturating_add(lifetime);
        self.longest = self.longest.max(lifetime);
        self.peaks += peak;
        self.peak_size = self.peak_size.max(peak_size);
        if !profit.is_nan() {
            self.profit += profit;
        }
    }
}

/// Statistics of a bounded number of paths.
#[derive(Debug)]
pub(super) struct PathTable {
    rows: Vec<(Path, PathStats)>,
    /// The rows in order of their paths.
    order: Vec<u32>,
    limit: usize,
}

impl PathTable {
    pub(super) fn new(limit: usize) -> Self {
        Self { rows: Vec::with_capacity(limit), order: Vec::with_capacity(limit), limit }
    }

    /// The row of a path, a new one where it has none yet; none where there is no room for it.
    pub(super) fn row(&mut self, path: &Path) -> Option<u32> {
        let rows = &self.rows;
        let found = self.order.binary_search_by(|row| rows.get(*row as usize).map(|(path, _)| path).cmp(&Some(path)));
        match found {
            Ok(place) => self.order.get(place).copied(),
            Err(_) if self.rows.len() >= self.limit => None,
            Err(place) => {
                let row = u32::try_from(self.rows.len()).ok()?;
                self.rows.push((*path, PathStats { peak_size: f64::NAN, ..PathStats::default() }));
                self.order.insert(place, row);
                Some(row)
            }
        }
    }

    pub(super) fn get_mut(&mut self, row: u32) -> Option<&mut PathStats> {
        self.rows.get_mut(row as usize).map(|(_, stats)| stats)
    }

    /// All rows in order of their paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Path, PathStats)> + '_ {
        self.order.iter().filter_map(|row| self.rows.get(*row as usize).copied())
    }

    pub(super) fn bytes(&self) -> usize {
        self.limit * (size_of::<(Path, PathStats)>() + 4)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_come_in_order_and_only_as_many_as_there_is_room_for() {
        let path = |edges: [u32; 2]| Path::from_edges(&edges);
        let mut table = PathTable::new(2);
        let late = table.row(&path([4, 7])).unwrap();
        let early = table.row(&path([0, 3])).unwrap();
        assert_eq!((table.row(&path([4, 7])), table.row(&path([2, 5]))), (Some(late), None));
        assert_ne!(late, early);
        assert_eq!(table.iter().map(|(path, _)| path).collect::<Vec<_>>(), [path([0, 3]), path([4, 7])]);
    }

    #[test]
    fn closes_add_up() {
        let mut stats = PathStats { peak_size: f64::NAN, ..PathStats::default() };
        assert!(stats.mean_peak().is_nan());
        stats.close(10, -0.001, f64::NAN, f64::NAN);
        stats.close(30, -0.003, 2.0, 5.0);
        assert_eq!((stats.closed, stats.lifetime, stats.longest), (2, 40, 30));
        assert_eq!((stats.peak, stats.peak_size, stats.profit), (-0.001, 2.0, 5.0));
        assert!((stats.mean_peak() + 0.002).abs() < 1e-15);
    }
}

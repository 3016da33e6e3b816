//! Many thresholds of one number: as long as it stays between the same two of them no rule over it can change, and two comparisons tell. The rows
//! themselves are looked through when it leaves.

/// The fewest rows that are worth a cursor: two blocks.
pub(crate) const LEAST: usize = 16;

/// What a number has to stay between for the rows of a group to stay as they are. With ends that are no numbers, as at the beginning, nothing lies between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    below: f64,
    above: f64,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { below: f64::NAN, above: f64::NAN }
    }
}

impl Cursor {
    /// Whether all rows are sure to be as they were.
    #[inline(always)]
    pub(crate) fn holds(self, x: f64) -> bool {
        (x > self.below) & (x < self.above)
    }

    /// Around a number by which all rows have been looked through: up to the nearest thresholds, which are in ascending order. Where it is one itself it is on
    /// no side of that, and nothing is promised.
    pub(crate) fn around(x: f64, thresholds: &[f64]) -> Self {
        let place = thresholds.partition_point(|threshold| *threshold < x);
        let above = thresholds.get(place).copied().unwrap_or(f64::INFINITY);
        if x.is_nan() || above == x {
            return Self::default();
        }
        let below = place.checked_sub(1).and_then(|place| thresholds.get(place)).copied();
        Self { below: below.unwrap_or(f64::NEG_INFINITY), above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_up_to_the_next_threshold_and_not_at_it() {
        let thresholds = [1.0, 2.0, 2.0, 5.0];
        for (x, wanted) in [(0.5, [0.0, 0.9]), (1.5, [1.1, 1.9]), (3.0, [2.1, 4.9]), (9.0, [5.1, 1e300])] {
            let cursor = Cursor::around(x, &thresholds);
            assert!(cursor.holds(x) && wanted.into_iter().all(|x| cursor.holds(x)), "{x}");
            for threshold in thresholds {
                assert!(!cursor.holds(threshold), "{x}: {threshold}");
                let other_side = if threshold > x { threshold + 0.25 } else { threshold - 0.25 };
                assert!(!cursor.holds(other_side), "{x}: {other_side}");
            }
            assert!(!cursor.holds(f64::NAN));
        }
        for x in [1.0, 2.0, 5.0, f64::NAN] {
            assert!(!Cursor::around(x, &thresholds).holds(x));
        }
        assert!(!Cursor::default().holds(1.0));
        assert!(Cursor::around(1.0, &[]).holds(-7.0));
    }
}

//! "Did you mean": the nearest of the names that would have been right.

/// Names longer than this are not compared; nobody mistypes them.
const LONGEST: usize = 40;

/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours), if it is near enough; ties go by name.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if name.len() > LONGEST {
        return None;
    }
    let allowed = (name.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut rows = Rows::default();
    for candidate in candidates {
        if candidate.len() > LONGEST * 4 {
            continue;
        }
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if other.len().abs_diff(name.len()) > allowed {
            continue;
        }
        let edits = rows.edits(&name, &other);
        // A name of two letters is not two edits away from anything.
        if edits <= allowed && edits < name.len().max(other.len()) && best.is_none_or(|b| (edits, candidate) < b) {
            best = Some((edits, candidate));
        }
    }
    best.map(|b| b.1)
}

#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    now: Vec<usize>,
}

impl Rows {
    /// Optimal string alignment distance.
    fn edits(&mut self, a: &[char], b: &[char]) -> usize {
        self.last = (0..=b.len()).collect();
        self.before = self.last.clone();
        let mut previous = None;
        for (i, &x) in a.iter().enumerate() {
            self.now.clear();
            self.now.push(i + 1);
            for (j, &y) in b.iter().enumerate() {
                let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
                let mut cost = (at(&self.last, j) + usize::from(x != y)).min(at(&self.last, j + 1) + 1).min(at(&self.now, j) + 1);
                if j > 0 && previous == Some(y) && b.get(j - 1) == Some(&x) {
                    cost = cost.min(at(&self.before, j - 1) + 1);
                }
                self.now.push(cost);
            }
            previous = Some(x);
            std::mem::swap(&mut self.before, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.now);
        }
        self.last.last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_nearest_and_nothing_far() {
        let names = ["price", "spread", "spread_ratio", "mid", "bid"];
        assert_eq!(nearest("prcie", names), Some("price"));
        assert_eq!(nearest("Spread", names), Some("spread"));
        assert_eq!(nearest("sprad_ratio", names), Some("spread_ratio"));
        assert_eq!(nearest("volatility", names), None);
        assert_eq!(nearest("nid", names), Some("bid"), "ties go by name");
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"p".repeat(10_000), names), None);
    }
}

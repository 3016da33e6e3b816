//! The samples of a window in ascending order, for the median and percentiles: short sorted blocks under a sorted directory. Blocks are about as
//! long as the directory, so a sample comes, goes and is found by its rank in about the square root of the window's size, all of it within a few
//! lines of memory: for windows of up to 65,536 faster than a tree, whose every level is a miss.
//!
//! No two neighbours fit into one block with room for one more, which bounds the number of blocks; nothing is allocated after it is made.

/// A block in the directory.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    id: u32,
    len: u32,
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Sorted {
    /// The most values of a block.
    width: usize,
    values: Vec<f64>,
    directory: Vec<Block>,
    free: Vec<u32>,
}

impl Sorted {
    fn width(capacity: usize) -> usize {
        capacity.saturating_mul(2).isqrt().next_power_of_two().clamp(32, 4_096)
    }

    /// Two neighbours hold a block's width at least; one more while one is split, and the last.
    fn blocks(capacity: usize) -> usize {
        capacity.saturating_mul(2) / Self::width(capacity) + 3
    }

    /// For so many samples at most.
    pub(crate) fn new(capacity: usize) -> Self {
        let (width, blocks) = (Self::width(capacity), Self::blocks(capacity));
        let ids = u32::try_from(blocks).unwrap_or(u32::MAX);
        let mut free = Vec::with_capacity(blocks);
        free.extend((0..ids).rev());
        Self { width, values: vec![0.0; width.saturating_mul(blocks)], directory: Vec::with_capacity(blocks), free }
    }

    /// Bytes held for so many samples.
    pub(crate) fn bytes(capacity: usize) -> usize {
        let per_block = Self::width(capacity) * 8 + size_of::<Block>() + 4;
        Self::blocks(capacity).saturating_mul(per_block)
    }

    fn block(&self, index: usize) -> &[f64] {
        let Some(&Block { id, len }) = self.directory.get(index) else { return &[] };
        let start = id as usize * self.width;
        self.values.get(start..start + len as usize).unwrap_or_default()
    }

    /// The block that holds x if it is there, or may take it.
    fn find(&self, x: f64) -> usize {
        let last = |block: &Block| {
            let end = block.id as usize * self.width + block.len as usize;
            self.values.get(end.wrapping_sub(1)).copied().unwrap_or(f64::NAN)
        };
        self.directory.partition_point(|block| last(block).total_cmp(&x).is_lt()).min(self.directory.len().saturating_sub(1))
    }

    pub(crate) fn insert(&mut self, x: f64) {
        if self.directory.is_empty() {
            self.add_block(0, 0);
        }
        let mut index = self.find(x);
        if self.block(index).len() >= self.width {
            self.split(index);
            index = self.find(x);
        }
        let place = self.block(index).partition_point(|y| y.total_cmp(&x).is_lt());
        let width = self.width;
        let Some(block) = self.directory.get_mut(index) else { return };
        let (start, len) = (block.id as usize * width, block.len as usize);
        if let Some(values) = self.values.get_mut(start + place..=start + len) {
            values.copy_within(..len - place, 1);
            if let Some(first) = values.first_mut() {
                *first = x;
            }
            block.len += 1;
        }
    }

    /// Takes out one of the values that are x.
    pub(crate) fn remove(&mut self, x: f64) {
        let index = self.find(x);
        let Ok(place) = self.block(index).binary_search_by(|y| y.total_cmp(&x)) else { return };
        let width = self.width;
        let Some(block) = self.directory.get_mut(index) else { return };
        let (start, len) = (block.id as usize * width, block.len as usize);
        if let Some(values) = self.values.get_mut(start + place..start + len) {
            values.copy_within(1.., 0);
        }
        block.len -= 1;
        if block.len == 0 {
            self.free.push(block.id);
            self.directory.remove(index);
        }
        self.join(index);
        self.join(index.wrapping_sub(1));
    }

    /// The value of rank k, from 0, and that of the next rank, or the same where it is the last.
    pub(crate) fn ranks(&self, k: usize) -> Option<(f64, f64)> {
        let mut left = k;
        for (index, block) in self.directory.iter().enumerate() {
            let len = block.len as usize;
            if left < len {
                let low = *self.block(index).get(left)?;
                let next = self.block(index).get(left + 1).or_else(|| self.block(index + 1).first());
                return Some((low, next.copied().unwrap_or(low)));
            }
            left -= len;
        }
        None
    }

    /// An empty block in the directory; there is always a free one.
    fn add_block(&mut self, index: usize, len: u32) -> usize {
        let id = self.free.pop().unwrap_or_default();
        self.directory.insert(index, Block { id, len });
        id as usize * self.width
    }

    /// Makes two of a full block, and joins what then fits together.
    fn split(&mut self, index: usize) {
        let Some(&Block { id, len }) = self.directory.get(index) else { return };
        let (low, high) = (len / 2, len - len / 2);
        let to = self.add_block(index + 1, high);
        let from = id as usize * self.width + low as usize;
        self.values.copy_within(from..from + high as usize, to);
        if let Some(block) = self.directory.get_mut(index) {
            block.len = low;
        }
        self.join(index + 1);
        self.join(index.wrapping_sub(1));
    }

    /// Makes one of a block and the next where one has room for both and one more.
    fn join(&mut self, index: usize) {
        let (Some(&left), Some(&right)) = (self.directory.get(index), self.directory.get(index.wrapping_add(1))) else { return };
        if (left.len + right.len) as usize >= self.width {
            return;
        }
        let from = right.id as usize * self.width;
        self.values.copy_within(from..from + right.len as usize, left.id as usize * self.width + left.len as usize);
        if let Some(block) = self.directory.get_mut(index) {
            block.len += right.len;
        }
        self.directory.remove(index + 1);
        self.free.push(right.id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::collections::VecDeque;

    use super::*;

    fn check(sorted: &Sorted, window: &VecDeque<f64>) {
        let mut all: Vec<f64> = window.iter().copied().collect();
        all.sort_by(f64::total_cmp);
        let bits = |x: f64| x.to_bits();
        for k in 0..all.len() {
            let (low, next) = sorted.ranks(k).unwrap();
            assert_eq!((bits(low), bits(next)), (bits(all[k]), bits(*all.get(k + 1).unwrap_or(&all[k]))));
        }
        assert_eq!(sorted.ranks(all.len()), None);
        assert!(sorted.directory.windows(2).all(|two| (two[0].len + two[1].len) as usize >= sorted.width));
        assert!(sorted.directory.iter().all(|block| block.len > 0));
    }

    #[test]
    fn ranks_of_sliding_windows() {
        let mut seed = 88_172_645_463_325_252_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for capacity in [1, 2, 3, 100, 1_000, 5_000] {
            for spread in [1, 3, 50, 1_000_000] {
                let mut sorted = Sorted::new(capacity);
                let (pool, directory) = (sorted.values.capacity(), sorted.directory.capacity());
                let mut window = VecDeque::new();
                for step in 0..3 * capacity + 50 {
                    // Ascending and descending stretches too, where all goes in at one end.
                    let x = match (step / capacity) % 3 {
                        0 => (random() % spread) as f64 - 2.0,
                        1 => step as f64,
                        _ => -(step as f64),
                    };
                    if window.len() == capacity || random() % 4 == 0 {
                        window.pop_front().into_iter().for_each(|x| sorted.remove(x));
                    }
                    window.push_back(x);
                    sorted.insert(x);
                    if step % (capacity / 7 + 1) == 0 {
                        check(&sorted, &window);
                    }
                }
                check(&sorted, &window);
                assert_eq!((sorted.values.capacity(), sorted.directory.capacity()), (pool, directory));
                window.drain(..).for_each(|x| sorted.remove(x));
                assert_eq!(sorted.ranks(0), None);
                assert_eq!(sorted.free.len(), sorted.free.capacity());
            }
        }
    }

    #[test]
    fn zeros_of_both_signs_and_bytes() {
        let mut sorted = Sorted::new(4);
        [0.0, -0.0, 0.0].into_iter().for_each(|x| sorted.insert(x));
        sorted.remove(0.0);
        assert_eq!(sorted.ranks(0).map(|(a, b)| (a.is_sign_negative(), b.is_sign_negative())), Some((true, false)));
        for capacity in [1, 7, 1_000, 65_536] {
            let made = Sorted::new(capacity);
            assert_eq!(made.values.capacity() * 8 + made.directory.capacity() * 8 + made.free.capacity() * 4, Sorted::bytes(capacity));
        }
    }
}

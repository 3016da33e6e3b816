//! A queue of small numbers that gives them in ascending order, each once. What is put in while it is being emptied must not be
//! lower than what came out last; a two-level bitmap makes both ends cheap and needs no allocation.

/// See the module.
#[derive(Debug)]
pub(crate) struct BitQueue {
    words: Vec<u64>,
    /// One bit for each word that is not zero.
    summary: Vec<u64>,
    /// Every word of the summary below this one is zero.
    low: usize,
}

impl BitQueue {
    /// For the numbers below `len`.
    pub(crate) fn new(len: usize) -> Self {
        let words = len.div_ceil(64);
        let summary = words.div_ceil(64);
        Self { words: vec![0; words], summary: vec![0; summary], low: summary }
    }

    /// Bytes held for the numbers below `len`.
    pub(crate) fn bytes(len: usize) -> usize {
        let words = len.div_ceil(64);
        (words + words.div_ceil(64)) * 8
    }

    /// Puts a number in.
    #[inline]
    pub(crate) fn insert(&mut self, number: u32) {
        let index = number as usize;
        let (word, top) = (index >> 6, index >> 12);
        if let (Some(bits), Some(summary)) = (self.words.get_mut(word), self.summary.get_mut(top)) {
            *bits |= 1 << (index & 63);
            *summary |= 1 << (word & 63);
            self.low = self.low.min(top);
        }
    }

    /// Takes the lowest.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        while let Some(summary) = self.summary.get_mut(self.low) {
            if *summary == 0 {
                self.low += 1;
                continue;
            }
            let word = (self.low << 6) + summary.trailing_zeros() as usize;
            let bits = self.words.get_mut(word)?;
            let number = (word << 6) + bits.trailing_zeros() as usize;
            *bits &= *bits - 1;
            if *bits == 0 {
                *summary &= *summary - 1;
            }
            return u32::try_from(number).ok();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_number_once_in_ascending_order() {
        let mut queue = BitQueue::new(10_000);
        for n in [9_999, 0, 64, 63, 64, 4_096, 5] {
            queue.insert(n);
        }
        let mut out = Vec::new();
        while let Some(n) = queue.pop() {
            if n == 64 {
                queue.insert(65);
                queue.insert(9_000);
            }
            out.push(n);
        }
        assert_eq!(out, [0, 5, 63, 64, 65, 4_096, 9_000, 9_999]);
        assert_eq!(queue.pop(), None);
        queue.insert(1);
        assert_eq!(queue.pop(), Some(1));
    }

    #[test]
    fn numbers_out_of_range_are_ignored() {
        let mut queue = BitQueue::new(0);
        queue.insert(3);
        assert_eq!(queue.pop(), None);
    }
}

//! Edges for engines that only tell where a condition holds.

/// Which rules held when they were last looked at.
#[derive(Debug)]
pub(super) struct Edges(Vec<bool>);

impl Edges {
    pub(super) fn new(rules: usize) -> Self {
        Self(vec![false; rules])
    }

    /// Takes what a rule is now; 1 where it has become true.
    #[inline]
    pub(super) fn now(&mut self, rule: usize, is: bool) -> u64 {
        let Some(was) = self.0.get_mut(rule) else { return 0 };
        let fires = is && !*was;
        *was = is;
        u64::from(fires)
    }
}

/// Edges where an engine tells of those events only on which a condition holds: events have a number within their instrument, and a rule has become true where
/// it did not hold on the one before.
#[derive(Debug)]
pub(super) struct Numbered {
    /// The numbers of the events of each instrument so far.
    numbers: Vec<u32>,
    /// The number of the last event on which the condition of an instrument held.
    held: Vec<u32>,
}

impl Numbered {
    pub(super) fn new(instruments: usize) -> Self {
        Self { numbers: vec![0; instruments], held: vec![0; instruments] }
    }

    /// Instrument and number of an event, in one integer: numbers begin at 2, so that the first event comes after one that did not hold.
    #[inline]
    pub(super) fn number(&mut self, instrument: usize) -> i64 {
        let number = self.numbers.get_mut(instrument).map_or(0, |number| {
            *number += 1;
            *number
        });
        (instrument as i64) << 32 | i64::from(number + 1)
    }

    /// Takes the number of an event on which the condition of its instrument holds; 1 where it has become true.
    #[inline]
    pub(super) fn holds(&mut self, number: i64) -> u64 {
        let Some(held) = usize::try_from(number >> 32).ok().and_then(|instrument| self.held.get_mut(instrument)) else { return 0 };
        let number = number as u32;
        let fires = *held + 1 != number;
        *held = number;
        u64::from(fires)
    }
}

//! State as words of 64 bits, written one after the other and read back in the same order. What is read is looked at before it is believed.

use crate::value::{Repr, TRUE};

/// Writes words.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u64>);

impl Writer {
    pub(crate) fn word(&mut self, word: u64) {
        self.0.push(word);
    }

    pub(crate) fn int(&mut self, x: i64) {
        self.0.push(x.cast_unsigned());
    }

    pub(crate) fn num(&mut self, x: f64) {
        self.0.push(x.to_bits());
    }

    pub(crate) fn flag(&mut self, truth: bool) {
        self.0.push(u64::from(truth));
    }

    pub(crate) fn count(&mut self, n: usize) {
        self.0.push(n as u64);
    }
}

/// Reads words; nothing where there is none left or it is not what it should be.
#[derive(Debug)]
pub(crate) struct Reader<'w>(pub(crate) &'w [u64]);

impl Reader<'_> {
    pub(crate) fn word(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn int(&mut self) -> Option<i64> {
        self.word().map(u64::cast_signed)
    }

    /// Any number, also one that is none.
    pub(crate) fn num(&mut self) -> Option<f64> {
        self.word().map(f64::from_bits)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.word()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn level(&mut self) -> Option<u8> {
        u8::try_from(self.word()?).ok().filter(|level| *level <= TRUE)
    }

    /// A count up to a limit, of what is still to come: no more than there are words.
    pub(crate) fn count(&mut self, limit: usize) -> Option<usize> {
        usize::try_from(self.word()?).ok().filter(|n| *n <= limit)
    }

    /// The bits of a slot: a finite number or the one pattern of unknown, a level, any integer. Ids are looked at by who knows the table.
    pub(crate) fn slot(&mut self, repr: Repr) -> Option<u64> {
        let bits = self.word()?;
        let fits = match repr {
            Repr::Num => f64::from_bits(bits).is_finite() || bits == Repr::Num.unknown(),
            Repr::Level => bits <= u64::from(TRUE),
            Repr::Int | Repr::Id | Repr::Event => true,
        };
        fits.then_some(bits)
    }

    /// Whether everything was read.
    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

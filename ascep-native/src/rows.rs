//! Rows as kernels and interpreters read them: blocks of eight, the last one as wide as it has to be.

/// Rows in a full block.
pub const LANES: usize = 8;

/// Lanes of a block that holds so many rows: the next power of two, so that a row alone takes the memory and the time of one.
#[must_use]
#[inline]
pub const fn lanes_of_tail(rows: usize) -> usize {
    match rows {
        0 => 0,
        1 => 1,
        2 => 2,
        3 | 4 => 4,
        _ => LANES,
    }
}

/// Lanes of all blocks of a group of so many rows.
#[cfg(feature = "jit")]
pub(crate) const fn lanes_of(rows: usize) -> usize {
    (rows / LANES) * LANES + lanes_of_tail(rows % LANES)
}

/// The state of a block of rows, a bit a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Head {
    /// Lanes whose last known result was true.
    pub truth: u8,
    /// Lanes whose first known result is still to be told of, whatever it is.
    pub first: u8,
    /// Lanes that are rows; the others are padding.
    pub valid: u8,
}

/// Which slots rows read: numbers of slots, column after column, block after block.
///
/// They don't change once they are here, and the greatest is known: whoever compares it with the number of slots has checked all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operands {
    slots: Width,
    greatest: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Width {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl Operands {
    /// Of these slots, kept in two bytes each where they fit.
    #[must_use]
    pub fn new(slots: Vec<u32>) -> Self {
        let greatest = slots.iter().copied().max().unwrap_or(0);
        let slots = match u16::try_from(greatest) {
            Ok(_) => Width::Narrow(slots.iter().map(|slot| u16::try_from(*slot).unwrap_or(u16::MAX)).collect()),
            Err(_) => Width::Wide(slots),
        };
        Self { slots, greatest }
    }

    /// The greatest slot; 0 where there is none.
    #[must_use]
    #[inline]
    pub fn greatest(&self) -> u32 {
        self.greatest
    }

    /// How many there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.slots {
            Width::Narrow(slots) => slots.len(),
            Width::Wide(slots) => slots.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of each.
    #[must_use]
    #[inline]
    pub fn width(&self) -> usize {
        match &self.slots {
            Width::Narrow(_) => 2,
            Width::Wide(_) => 4,
        }
    }

    /// The bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.slots {
            Width::Narrow(slots) => slots.capacity() * 2,
            Width::Wide(slots) => slots.capacity() * 4,
        }
    }

    /// The slot at a place.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, place: usize) -> Option<u32> {
        match &self.slots {
            Width::Narrow(slots) => slots.get(place).map(|slot| u32::from(*slot)),
            Width::Wide(slots) => slots.get(place).copied(),
        }
    }

    /// As they lie in memory.
    #[cfg(feature = "jit")]
    #[inline]
    pub(crate) fn as_ptr(&self) -> *const u8 {
        match &self.slots {
            Width::Narrow(slots) => slots.as_ptr().cast(),
            Width::Wide(slots) => slots.as_ptr().cast(),
        }
    }
}

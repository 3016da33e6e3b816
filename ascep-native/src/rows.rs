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

/// What is known of an instrument but for the numbers of its last trade: one cache line, since every event writes it. NaN stands for a number that is unknown.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct MarketLine<T> {
    /// Best bid.
    pub bid: f64,
    /// Best ask.
    pub ask: f64,
    /// Quantity at the bid.
    pub bid_qty: f64,
    /// Quantity at the ask.
    pub ask_qty: f64,
    /// Of the last trade; the least integer where there was none.
    pub trade_ts: i64,
    /// The venue's time of the last event; the least integer where it gave none.
    pub venue_ts: i64,
    /// Of the last quote; the least integer where there was none.
    pub quote_ts: i64,
    /// Whether there was a trade: 1, or 0.
    pub traded: u8,
    /// The aggressor of the last trade, one of [`side`].
    pub side: u8,
    /// What else the owner keeps there, at most four bytes.
    pub rest: T,
}

/// Sides of trades, as lines have them.
pub mod side {
    /// Bought.
    pub const BUY: u8 = 0;
    /// Sold.
    pub const SELL: u8 = 1;
    /// Not known.
    pub const NONE: u8 = 2;
}

/// The last trade of an instrument. NaN stands for a number that is unknown.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub struct TradeLine {
    /// Its price.
    pub price: f64,
    /// Its quantity.
    pub qty: f64,
}

impl TradeLine {
    /// None yet.
    pub const UNKNOWN: Self = Self { price: f64::NAN, qty: f64::NAN };
}

/// Which slots rows read: numbers of slots, column after column, block after block.
///
/// What is here does not change, and the greatest is known: whoever compares it with the number of slots has checked all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operands {
    slots: Width,
    greatest: u32,
}

/// Operands in the width in which they are kept.
#[derive(Debug, Clone, Copy)]
pub enum Slots<'a> {
    /// Two bytes each.
    Narrow(&'a [u16]),
    /// Four bytes each.
    Wide(&'a [u32]),
}

impl Default for Operands {
    fn default() -> Self {
        Self::below(0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Width {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl Operands {
    /// Of slots below `slots`, kept in two bytes each where all of them fit. None yet.
    #[must_use]
    pub fn below(slots: usize) -> Self {
        let slots = if slots <= usize::from(u16::MAX) { Width::Narrow(Vec::new()) } else { Width::Wide(Vec::new()) };
        Self { slots, greatest: 0 }
    }

    /// One more. A slot that does not fit becomes the greatest that does.
    pub fn push(&mut self, slot: u32) {
        let slot = match &mut self.slots {
            Width::Narrow(slots) => {
                let slot = u16::try_from(slot).unwrap_or(u16::MAX);
                slots.push(slot);
                u32::from(slot)
            }
            Width::Wide(slots) => {
                slots.push(slot);
                slot
            }
        };
        self.greatest = self.greatest.max(slot);
    }

    /// Gives back memory that was taken for more.
    pub fn shrink(&mut self) {
        match &mut self.slots {
            Width::Narrow(slots) => slots.shrink_to_fit(),
            Width::Wide(slots) => slots.shrink_to_fit(),
        }
    }

    /// As they are kept.
    #[must_use]
    #[inline]
    pub fn slots(&self) -> Slots<'_> {
        match &self.slots {
            Width::Narrow(slots) => Slots::Narrow(slots),
            Width::Wide(slots) => Slots::Wide(slots),
        }
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
    #[inline]
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

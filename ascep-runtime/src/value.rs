//! Values inside the engine: raw 8-byte slots. What is unknown has one fixed pattern for each kind of value, and none of
//! these patterns leaves the engine: [`Value::Unknown`](crate::signal::Value::Unknown) does.

use ascep_lang::program::Type;

/// How the eight bytes of a slot are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Repr {
    /// The bits of an f64; unknown is the canonical NaN.
    Num,
    /// An i64, a duration or a timestamp; unknown is `i64::MIN`.
    Int,
    /// [`FALSE`], [`UNKNOWN`] or [`TRUE`].
    Level,
    /// An index of a text or a symbol; unknown is `u64::MAX`.
    Id,
    /// The number of the step in which the event last occurred; 0 before.
    Event,
}

/// Known-false.
pub(crate) const FALSE: u8 = 0;
/// Neither. In this encoding AND is the minimum, OR the maximum and NOT `2 - x`.
pub(crate) const UNKNOWN: u8 = 1;
/// Known-true.
pub(crate) const TRUE: u8 = 2;
/// The integer that stands for unknown.
pub(crate) const UNKNOWN_INT: i64 = i64::MIN;
/// The index that stands for unknown.
pub(crate) const UNKNOWN_ID: u64 = u64::MAX;

impl Repr {
    /// Of a type of the language.
    pub(crate) fn of(ty: Type) -> Self {
        match ty {
            Type::Num(_) => Self::Num,
            Type::Bool => Self::Level,
            Type::Event => Self::Event,
            Type::Duration | Type::Timestamp => Self::Int,
            Type::Symbol | Type::Text => Self::Id,
        }
    }

    /// The bits that say unknown; an event that has not occurred.
    pub(crate) fn unknown(self) -> u64 {
        match self {
            Self::Num => f64::NAN.to_bits(),
            Self::Int => UNKNOWN_INT.cast_unsigned(),
            Self::Level => u64::from(UNKNOWN),
            Self::Id => UNKNOWN_ID,
            Self::Event => 0,
        }
    }

    /// Whether `bits` are a value.
    pub(crate) fn is_known(self, bits: u64) -> bool {
        match self {
            Self::Num => !f64::from_bits(bits).is_nan(),
            Self::Int => bits.cast_signed() != UNKNOWN_INT,
            Self::Level => bits != u64::from(UNKNOWN),
            Self::Id => bits != UNKNOWN_ID,
            Self::Event => bits != 0,
        }
    }
}

/// A truth as a level.
pub(crate) fn level(truth: bool) -> u8 {
    if truth { TRUE } else { FALSE }
}

/// The element, or the default where the plan is wrong about its length; the plan is right, so this is indexing that cannot panic.
#[inline(always)]
pub(crate) fn at<T: Copy + Default>(items: &[T], index: u32) -> T {
    items.get(index as usize).copied().unwrap_or_default()
}

/// Writes an element; nothing where the plan is wrong about its length.
#[inline(always)]
pub(crate) fn put<T>(items: &mut [T], index: u32, value: T) {
    if let Some(place) = items.get_mut(index as usize) {
        *place = value;
    }
}

/// Lists under consecutive keys, stored end to end.
#[derive(Debug)]
pub(crate) struct Lists<T = u32> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), items: Vec::new() }
    }
}

impl<T> Lists<T> {
    /// From one list for each key.
    pub(crate) fn new<L: IntoIterator<Item = T>>(lists: impl IntoIterator<Item = L>) -> Self {
        let mut starts = vec![0];
        let mut items = Vec::new();
        let mut last = 1;
        for list in lists {
            let before = items.len();
            items.extend(list);
            starts.push(u32::try_from(items.len()).unwrap_or(u32::MAX));
            if items.len() > before {
                last = starts.len();
            }
        }
        // Keys after the last that has something read as empty anyway.
        starts.truncate(if items.is_empty() { 0 } else { last });
        items.shrink_to_fit();
        starts.shrink_to_fit();
        Self { starts, items }
    }

    /// The items of all keys.
    #[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "for machine code"))]
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// From pairs of key and item, in order of the keys.
    pub(crate) fn of_pairs(pairs: Vec<(u32, T)>) -> Self {
        let keys = pairs.last().map_or(0, |(key, _)| *key as usize + 1);
        let mut starts = Vec::with_capacity(if pairs.is_empty() { 0 } else { keys + 1 });
        let mut items = Vec::with_capacity(pairs.len());
        for (key, item) in pairs {
            let start = u32::try_from(items.len()).unwrap_or(u32::MAX);
            starts.resize(key as usize + 1, start);
            items.push(item);
        }
        if !items.is_empty() {
            starts.push(u32::try_from(items.len()).unwrap_or(u32::MAX));
        }
        Self { starts, items }
    }

    /// Whether all lists are empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The list of a key; empty for a key that has none.
    #[inline]
    pub(crate) fn of(&self, key: u32) -> &[T] {
        let key = key as usize;
        match self.starts.get(key..key.saturating_add(2)) {
            Some(&[start, end]) => self.items.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.starts.capacity() * 4 + self.items.capacity() * size_of::<T>()
    }
}

//! Texts end to end, called by number, and the numbers of texts: a few bytes for each more than what it says.

use crate::memory::flat;

/// No text has this number.
const NONE: u32 = u32::MAX;

/// Texts by number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
    /// The numbers of the texts by hash: as many places as a power of two, of which a quarter stays free. Empty where nobody asks.
    places: Vec<u32>,
}

impl Names {
    /// With room for so many texts of so many bytes.
    pub(crate) fn with_capacity(texts: usize, bytes: usize) -> Self {
        let mut names = Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(texts), places: Vec::new() };
        names.make_places(texts);
        names
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start as usize..end as usize)
    }

    /// The text of a number; nothing where there is none.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.get(number).unwrap_or_default()
    }

    /// All in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let from = std::mem::replace(&mut start, *end as usize);
            self.text.get(from..*end as usize).unwrap_or_default()
        })
    }

    /// The number of a text that is one of these.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.find_joined(["", text])
    }

    /// The number of a text that is given in two parts.
    pub(crate) fn find_joined(&self, [first, last]: [&str; 2]) -> Option<u32> {
        let is_it = |known: &str| known.strip_prefix(first).is_some_and(|rest| rest == last);
        if self.places.is_empty() {
            return (0..).zip(self.iter()).find(|(_, known)| is_it(known)).map(|(number, _)| number);
        }
        let mut place = hash(hash(START, first), last);
        loop {
            let number = *self.places.get(self.wrap(place))?;
            if number == NONE {
                return None;
            }
            if is_it(self.text(number)) {
                return Some(number);
            }
            place = place.wrapping_add(1);
        }
    }

    /// Adds a text, whether or not it is there already, and gives its number.
    pub(crate) fn push(&mut self, text: &str) -> u32 {
        let number = u32::try_from(self.ends.len()).unwrap_or(NONE);
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(NONE));
        if !self.places.is_empty() {
            if self.ends.len() * 4 > self.places.len() * 3 {
                self.make_places(self.ends.len());
            } else {
                self.file(number);
            }
        }
        number
    }

    /// The number of a text, which is added if it is not there.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        self.find(text).unwrap_or_else(|| self.push(text))
    }

    /// Whether numbers and ends are all what they should be: more than 4 GiB of text can't be told apart.
    pub(crate) fn is_sound(&self) -> bool {
        u32::try_from(self.text.len()).is_ok()
    }

    /// Nothing will be asked for by its text.
    pub(crate) fn forget_places(&mut self) {
        self.places = Vec::new();
    }

    /// Lets go of what is not needed.
    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + flat(&self.ends) + flat(&self.places)
    }

    /// Files all texts anew, with room for so many.
    fn make_places(&mut self, texts: usize) {
        let places = (texts.saturating_mul(4) / 3 + 1).next_power_of_two();
        self.places = vec![NONE; places];
        for number in (0..).take(self.ends.len()) {
            self.file(number);
        }
    }

    fn file(&mut self, number: u32) {
        let mut place = hash(START, self.text(number));
        // A quarter of the places is free.
        loop {
            let at = self.wrap(place);
            match self.places.get_mut(at) {
                Some(free) if *free == NONE => {
                    *free = number;
                    return;
                }
                Some(_) => place = place.wrapping_add(1),
                None => return,
            }
        }
    }

    fn wrap(&self, place: u64) -> usize {
        // Fewer than 2^32 places.
        usize::try_from(place & (self.places.len() as u64).wrapping_sub(1)).unwrap_or(0)
    }
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a (Fowler, Noll, Vo) in 64 bits: it can be gone on with, and names are short.
fn hash(from: u64, text: &str) -> u64 {
    text.bytes().fold(from, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_number_and_numbers_by_text() {
        let mut names = Names::with_capacity(1, 0);
        let all: Vec<String> = (0..3_000).map(|i| if i == 7 { String::new() } else { format!("venue:S{i}") }).collect();
        for (text, number) in all.iter().zip(0..) {
            assert_eq!(names.find(text), None);
            assert_eq!(names.intern(text), number);
        }
        for round in 0..2 {
            for (text, number) in all.iter().zip(0..) {
                assert_eq!((names.get(number), names.find(text)), (Some(text.as_str()), Some(number)));
                if round == 0 {
                    assert_eq!(names.intern(text), number);
                }
                let parts = text.split_at(text.len() / 2);
                assert_eq!(names.find_joined(parts.into()), Some(number));
            }
            assert_eq!((names.find("S1"), names.find("venue:S"), names.get(3_000), names.len()), (None, None, None, 3_000));
            assert!(names.iter().eq(&all));
            names.forget_places();
            names.shrink();
        }
        assert_eq!(names.push("venue:S1"), 3_000);
        assert!(names.is_sound() && Names::default().find("").is_none());
    }
}

//! Texts and symbols in a snapshot: values hold numbers of a table of the program, which another program numbers otherwise.

use rustc_hash::FxHashMap;

use crate::ops::scan::text;
use crate::plan::Plan;
use crate::state::State;
use crate::value::UNKNOWN_ID;

pub(super) use crate::plan::Ids;

/// The texts that values of a snapshot name, each once, in the order in which they are first named.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) texts: Vec<String>,
    numbers: FxHashMap<String, u64>,
    /// By number in the snapshot, for each kind of id: the number in the plan.
    read: [FxHashMap<u64, u64>; 2],
}

impl Texts {
    pub(super) fn of(texts: Vec<String>) -> Self {
        Self { texts, ..Self::default() }
    }

    /// The word for a value.
    pub(super) fn write(&mut self, plan: &Plan, state: &State, ids: Ids, bits: u64) -> u64 {
        let text = match ids {
            Ids::Nothing => return bits,
            Ids::Texts => text(plan, state, bits),
            Ids::Symbols => u32::try_from(bits).ok().and_then(|id| plan.symbols.get(id)),
        };
        let Some(text) = text else { return UNKNOWN_ID };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u64;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The value for a word; a text that the program does not have is added to it.
    pub(super) fn read(&mut self, plan: &mut Plan, ids: Ids, word: u64) -> Option<u64> {
        let slot = match ids {
            Ids::Nothing => return Some(word),
            _ if word == UNKNOWN_ID => return Some(word),
            Ids::Texts => 0,
            Ids::Symbols => 1,
        };
        let text = self.texts.get(usize::try_from(word).ok()?)?;
        let known = self.read.get_mut(slot)?;
        if let Some(id) = known.get(&word) {
            return Some(*id);
        }
        let table = if ids == Ids::Texts { &mut plan.texts } else { &mut plan.symbols };
        let id = u64::from(table.intern(text));
        if ids == Ids::Symbols && plan.symbol_instruments.len() < plan.symbols.len() {
            let instrument = plan.instrument(text);
            // No instrument of this program: it is the same as itself and nothing else.
            let own = u32::MAX - u32::try_from(plan.symbols.len()).unwrap_or(0);
            plan.symbol_instruments.push(instrument.unwrap_or(own));
        }
        known.insert(word, id);
        Some(id)
    }
}

//! Snapshots: all that an engine has come to hold, as bytes; and an engine that takes over from them what its own program still has.
//!
//! Everything is filed under what it is, by name or by [structural hash](crate::plan::Keys), so the program that takes over need not be the one that left. This
//! module knows the file; `cells` what operators keep, `take` what can be taken over, `report` how that is told.

mod cells;
mod report;
mod take;
mod texts;
mod words;

pub use report::{Fate, OperatorFate, ParamFate, Report, RuleFate};
pub(crate) use take::take;
pub(crate) use words::{Reader, Writer};

use ascep_lang::program::LANGUAGE_VERSION;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::counters::COUNTERS;
use crate::error::SnapshotError;
use crate::plan::{FieldKind, Ids, Plan, RuleMode};
use crate::signal::Head;
use crate::state::State;
use crate::value::{Repr, at};
use cells::cells;
use texts::Texts;

/// The version of the form; it changes with what operators keep, too.
pub(crate) const FORMAT: u32 = 4;
const MAGIC: [u8; 8] = *b"ASCEPSNP";
/// Magic, form, language, length of the payload; the checksum is at the end.
const HEADER: usize = 8 + 4 + 4 + 8;
const CHECKSUM: usize = 4;

/// What is in the payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(super) started: bool,
    pub(super) clock: i64,
    pub(super) step: u64,
    pub(super) timers_done: i64,
    pub(super) counters: [u64; COUNTERS],
    pub(super) texts: Vec<String>,
    pub(super) params: Vec<SavedParam>,
    pub(super) inputs: Vec<SavedInput>,
    pub(super) instruments: Vec<SavedInstrument>,
    pub(super) nodes: Vec<SavedNode>,
    pub(super) windows: Vec<SavedNode>,
    pub(super) rules: Vec<SavedRule>,
    /// With provenance: of each node when it was last at an instant and when it last occurred, and of each instrument when it was last forgotten.
    pub(super) watched: Vec<(u128, i64, i64)>,
    pub(super) forgotten: Vec<(String, i64)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedParam {
    pub(super) name: String,
    pub(super) kind: u8,
    /// As the rules declare it, and as it reads.
    pub(super) declared: u64,
    pub(super) value: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedInput {
    pub(super) name: String,
    pub(super) kind: u8,
    pub(super) value: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedInstrument {
    pub(super) name: String,
    pub(super) words: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedNode {
    pub(super) key: u128,
    pub(super) words: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedRule {
    pub(super) name: String,
    pub(super) instance: Vec<(String, String)>,
    pub(super) key: u64,
    pub(super) words: Vec<u64>,
    /// With provenance.
    pub(super) watched: Vec<u64>,
}

/// The number of a kind in the file.
pub(super) fn kind_number(kind: FieldKind) -> u8 {
    match kind {
        FieldKind::Num => 0,
        FieldKind::Bool => 1,
        FieldKind::Duration => 2,
        FieldKind::Timestamp => 3,
        FieldKind::Symbol => 4,
        FieldKind::Text => 5,
    }
}

pub(super) fn ids_of(kind: FieldKind) -> Ids {
    match kind {
        FieldKind::Num | FieldKind::Bool | FieldKind::Duration | FieldKind::Timestamp => Ids::Nothing,
        FieldKind::Symbol => Ids::Symbols,
        FieldKind::Text => Ids::Texts,
    }
}

/// Whether a node's slot is in the file: not where it follows from something else, and an event is over after its step.
pub(super) fn keeps_slot(plan: &Plan, id: u32) -> bool {
    let repr = plan.reprs.get(id as usize).copied().unwrap_or(Repr::Event);
    repr != Repr::Event && plan.keys.nodes.get(id as usize).is_some_and(|key| !key.derived && !key.captured)
}

/// The state as bytes.
pub(crate) fn write(plan: &Plan, state: &State) -> Vec<u8> {
    seal(&save(plan, state))
}

/// The state as it goes into the file.
pub(crate) fn save(plan: &Plan, state: &State) -> Saved {
    let mut texts = Texts::default();
    let params = plan
        .params
        .iter()
        .zip(&state.params)
        .map(|(param, value)| {
            let kind = crate::plan::kind_of_constant(&param.value);
            SavedParam { name: param.name.clone(), kind: kind_number(kind), declared: param.bits, value: *value }
        })
        .collect();
    let inputs = (0..)
        .zip(&plan.inputs)
        .filter_map(|(id, input)| {
            let node = plan.input_nodes.of(id).first()?;
            let value = texts.write(plan, state, ids_of(input.kind), state.slot(*node));
            Some(SavedInput { name: input.name.clone(), kind: kind_number(input.kind), value })
        })
        .collect();
    let instruments = (0..)
        .zip(plan.instruments.iter())
        .map(|(id, name)| {
            let mut out = Writer::default();
            state.market.write(id, &mut out);
            SavedInstrument { name: name.to_owned(), words: out.0 }
        })
        .collect();
    let mut nodes = Vec::new();
    let mut written = FxHashSet::default();
    for (id, key) in (0..).zip(&plan.keys.nodes) {
        let parts = cells(plan, id);
        if (parts.iter().all(Option::is_none) && !keeps_slot(plan, id)) || !written.insert(key.key) {
            continue;
        }
        let mut out = Writer::default();
        if keeps_slot(plan, id) {
            out.word(texts.write(plan, state, key.ids, state.slot(id)));
        }
        for cell in parts.into_iter().flatten() {
            cells::write(plan, state, &mut texts, cell, &mut out);
        }
        nodes.push(SavedNode { key: key.key, words: out.0 });
    }
    let windows = (0..)
        .zip(&plan.keys.windows)
        .filter(|(_, key)| written.insert(**key))
        .map(|(id, key)| {
            let mut out = Writer::default();
            state.windows.write(plan, id, &mut out);
            SavedNode { key: *key, words: out.0 }
        })
        .collect();
    let rules = plan.rules.iter().map(|(id, _)| save_rule(plan, state, id)).collect();
    Saved {
        started: state.started,
        clock: state.clock,
        step: state.step,
        timers_done: state.timers_done,
        counters: state.counters.to_words(),
        texts: texts.texts,
        params,
        inputs,
        instruments,
        nodes,
        windows,
        rules,
        watched: state.watch.write_nodes(plan),
        forgotten: plan.instruments.iter().map(str::to_owned).zip(state.watch.forgotten.iter().copied()).collect(),
    }
}

fn save_rule(plan: &Plan, state: &State, id: u32) -> SavedRule {
    let mut out = Writer::default();
    out.word(u64::from(at(&state.truths, id)));
    if let Some(rule) = plan.rules.get(id) {
        at(&state.rules, rule.memory()).write(&mut out);
        if let RuleMode::Every(_) = rule.class.mode {
            out.int(state.timers.due(rule.timer()));
        }
        if let (Some(limit), Some(ring)) = (plan.limits.get(rule.limit() as usize), state.limit_rings.get(rule.limit() as usize)) {
            cells::write_ring(*ring, limit.emitted, &state.emitted, &mut out, |ts| ts.cast_unsigned());
        }
    }
    let (name, instance) = rule_name(plan, id);
    let mut watched = Writer::default();
    state.watch.write_rule(id, &mut watched);
    SavedRule { name, instance, key: at(&plan.keys.rules, id), words: out.0, watched: watched.0 }
}

/// The name of a rule and the bindings of its instance.
pub(super) fn rule_name(plan: &Plan, id: u32) -> (String, Vec<(String, String)>) {
    let head = Head::of(plan, id, 0);
    let instance = head.instance().map(|(variable, symbol)| (variable.to_owned(), symbol.to_owned()));
    (head.rule().to_owned(), instance.collect())
}

fn seal(saved: &Saved) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(LANGUAGE_VERSION.to_le_bytes());
    bytes.extend([0; 8]);
    // Plain data into memory: there is nothing that can fail.
    let mut bytes = postcard::to_extend(saved, bytes).unwrap_or_default();
    let length = bytes.len().saturating_sub(HEADER) as u64;
    if let Some(place) = bytes.get_mut(HEADER - 8..HEADER) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// What bytes hold, if they are a whole snapshot of this form.
pub(crate) fn open(bytes: &[u8]) -> Result<Saved, SnapshotError> {
    let field = |from: usize, len: usize| bytes.get(from..from + len);
    let word = |from: usize| field(from, 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
        return Err(SnapshotError::Foreign);
    }
    let (Some(form), Some(language)) = (word(8), word(12)) else { return Err(SnapshotError::Damaged) };
    if (form, language) != (FORMAT, LANGUAGE_VERSION) {
        return Err(SnapshotError::Version { form, language });
    }
    let length = field(16, 8).and_then(|eight| eight.try_into().ok()).map(u64::from_le_bytes).ok_or(SnapshotError::Damaged)?;
    let end = usize::try_from(length).ok().and_then(|length| length.checked_add(HEADER)).ok_or(SnapshotError::Damaged)?;
    if end.checked_add(CHECKSUM) != Some(bytes.len()) {
        return Err(SnapshotError::Damaged);
    }
    let (Some(checked), Some(payload)) = (bytes.get(..end), bytes.get(HEADER..end)) else { return Err(SnapshotError::Damaged) };
    if word(end) != Some(crc32fast::hash(checked)) {
        return Err(SnapshotError::Damaged);
    }
    match postcard::take_from_bytes::<Saved>(payload) {
        Ok((saved, [])) => Ok(saved),
        _ => Err(SnapshotError::Damaged),
    }
}

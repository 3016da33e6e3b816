//! What an engine with provenance notes while it runs: when each operator was last at an instant, and what became of the firings of
//! each rule. Without provenance everything here is empty and nothing is noted.

use crate::plan::Plan;
use crate::snapshot::{Reader, Writer};
use crate::value::{UNKNOWN, UNKNOWN_INT, put};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// When each node was last at an instant, or unknown.
    pub(crate) instants: Vec<i64>,
    /// When each event last occurred, or unknown.
    pub(crate) occurred: Vec<i64>,
    /// When each instrument was last forgotten, or unknown.
    pub(crate) forgotten: Vec<i64>,
    pub(crate) rules: Vec<RuleWatch>,
}

/// What became of the firings of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleWatch {
    pub(crate) fired: u64,
    pub(crate) held_back: u64,
    pub(crate) lost: u64,
    /// The number of the first signal of the last firing.
    pub(crate) last_seq: u64,
    pub(crate) last_held: i64,
    /// Whether it was `COOLDOWN` and not `LIMIT` that held it back.
    pub(crate) by_cooldown: bool,
    pub(crate) last_lost: i64,
    /// The last known truth of the trigger, and since when it has been that.
    pub(crate) truth: u8,
    pub(crate) truth_since: i64,
}

impl Watch {
    pub(crate) fn new(plan: &Plan) -> Self {
        if plan.provenance.is_none() {
            return Self::default();
        }
        let rule = RuleWatch {
            fired: 0,
            held_back: 0,
            lost: 0,
            last_seq: 0,
            last_held: UNKNOWN_INT,
            by_cooldown: false,
            last_lost: UNKNOWN_INT,
            truth: UNKNOWN,
            truth_since: UNKNOWN_INT,
        };
        Self {
            instants: vec![UNKNOWN_INT; plan.nodes.len()],
            occurred: vec![UNKNOWN_INT; plan.nodes.len()],
            forgotten: vec![UNKNOWN_INT; plan.instruments.len()],
            rules: vec![rule; plan.rules.len()],
        }
    }

    /// Bytes held with provenance.
    pub(crate) fn bytes(plan: &Plan) -> usize {
        (2 * plan.nodes.len() + plan.instruments.len()) * 8 + plan.rules.len() * size_of::<RuleWatch>()
    }

    /// What is noted of the nodes, for a snapshot: the hash of each, when it was last at an instant and when it last occurred.
    pub(crate) fn write_nodes(&self, plan: &Plan) -> Vec<(u128, i64, i64)> {
        let times = self.instants.iter().zip(&self.occurred);
        plan.keys.nodes.iter().zip(times).map(|(key, (instant, occurred))| (key.key, *instant, *occurred)).collect()
    }

    /// What is noted of a rule, for a snapshot; nothing without provenance.
    pub(crate) fn write_rule(&self, id: u32, out: &mut Writer) {
        let Some(rule) = self.rules.get(id as usize) else { return };
        let RuleWatch { fired, held_back, lost, last_seq, last_held, by_cooldown, last_lost, truth, truth_since } = *rule;
        [fired, held_back, lost, last_seq, u64::from(truth)].into_iter().for_each(|word| out.word(word));
        [last_held, last_lost, truth_since].into_iter().for_each(|ts| out.int(ts));
        out.flag(by_cooldown);
    }

    /// From a snapshot that was taken with provenance.
    pub(crate) fn read_rule(&mut self, id: u32, from: &mut Reader<'_>) -> Option<()> {
        let [fired, held_back, lost, last_seq] = [from.word()?, from.word()?, from.word()?, from.word()?];
        [fired, held_back, lost].iter().all(|count| *count < 1 << 62).then_some(())?;
        let (truth, last_held, last_lost, truth_since) = (from.level()?, from.int()?, from.int()?, from.int()?);
        let by_cooldown = from.flag()?;
        let rule = RuleWatch { fired, held_back, lost, last_seq, last_held, by_cooldown, last_lost, truth, truth_since };
        put(&mut self.rules, id, rule);
        from.is_done().then_some(())
    }

    /// Notes something of a rule.
    #[inline]
    pub(crate) fn rule(&mut self, id: u32, note: impl FnOnce(&mut RuleWatch)) {
        if let Some(rule) = self.rules.get_mut(id as usize) {
            note(rule);
        }
    }
}

impl RuleWatch {
    /// Notes the truth of the trigger.
    pub(crate) fn look(&mut self, truth: u8, clock: i64) {
        if truth != UNKNOWN && truth != self.truth {
            (self.truth, self.truth_since) = (truth, clock);
        }
    }
}

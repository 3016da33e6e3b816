//! Sequences of filtered events alone: what each filter of an entry is to each of them. An event that is let through moves their runs on from one small record, with nothing in line.

use super::{Entry, NONE, NodeOp, PeriodPlan, Plan, SeqPlan, TestPlan};
use crate::error::BuildError;

/// The most places of such a sequence, and the most filters of an entry, which are bits of a byte.
const MOST_PLACES: usize = 6;
const MOST_FILTERS: usize = 8;

/// The most such sequences of an entry: all of them are asked whether a filter that is true concerns them. Chosen, not measured.
const MOST_SEQUENCES: usize = 64;

/// What the filters of an entry are to a sequence whose steps are events that only filters in columns look at: no step of it is a level, is matched more than once, captures something or reads
/// what was captured, and no `NO` of it ends before the next match.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SeqStep {
    pub(crate) within: PeriodPlan,
    /// Where its runs begin.
    pub(crate) runs: u32,
    /// Its node.
    pub(crate) node: u32,
    /// The longest prefix in which a run can wait: one less than its places.
    pub(crate) prefixes: u8,
    /// Whether it is the last of its entry.
    pub(crate) is_last: bool,
    /// The filters that it looks at at all.
    pub(crate) filters: u8,
    /// The filters that match each place, a bit each in the order of the rows of the entry.
    pub(crate) matches: [u8; MOST_PLACES],
    /// The filters that end a run which waits behind each place.
    pub(crate) absents: [u8; MOST_PLACES],
}

impl Plan {
    /// Finds the entries all of whose filters lead to such sequences and to nothing else.
    pub(super) fn find_seq_steps(&mut self) -> Result<(), BuildError> {
        let mut all = Vec::new();
        let mut firsts = Vec::new();
        for (id, entry) in self.entries.entries.iter().enumerate().filter(|(_, entry)| entry.filters.0 < entry.filters.1) {
            if let Some(mut steps) = self.seq_steps_of(*entry)
                && let Some(last) = steps.last_mut()
            {
                last.is_last = true;
                firsts.push((id, u32::try_from(all.len()).ok().filter(|first| *first != NONE).ok_or(BuildError::TooLarge)?));
                all.append(&mut steps);
            }
        }
        for (id, first) in firsts {
            if let Some(entry) = self.entries.entries.get_mut(id) {
                entry.sequences = first;
            }
        }
        all.shrink_to_fit();
        self.sequences.steps = all;
        Ok(())
    }

    /// In the order of their nodes.
    fn seq_steps_of(&self, entry: Entry) -> Option<Vec<SeqStep>> {
        let filters: Vec<u32> = self.filters_of(entry).collect();
        if filters.len() > MOST_FILTERS || entry.has_more() {
            return None;
        }
        let mut nodes: Vec<u32> = Vec::new();
        for &filter in &filters {
            if !self.rules_of.of(filter).is_empty() {
                return None;
            }
            nodes.extend(self.dependants.of(filter));
        }
        nodes.sort_unstable();
        nodes.dedup();
        if nodes.len() > MOST_SEQUENCES {
            return None;
        }
        nodes.into_iter().map(|node| self.seq_step(node, &filters)).collect()
    }

    /// The nodes that occur where filters of an entry are true, in the order of its rows.
    pub(crate) fn filters_of(&self, entry: Entry) -> impl Iterator<Item = u32> + '_ {
        let groups = self.columns.groups.get(entry.filters.0 as usize..entry.filters.1 as usize).unwrap_or_default();
        groups.iter().flat_map(move |&group| (0..group.blocks()).flat_map(move |block| self.columns.rules_of(group, block))).copied()
    }

    fn seq_step(&self, node: u32, filters: &[u32]) -> Option<SeqStep> {
        let NodeOp::Seq { index } = self.nodes.get(node as usize)?.op else { return None };
        let SeqPlan { places: (first, end), runs, prefixes, block, within, timer, .. } = *self.sequences.seqs.get(index as usize)?;
        let places = self.sequences.places.get(first as usize..end as usize)?;
        if timer != NONE || block > 0 || places.len() > MOST_PLACES || !self.preludes.of(node).is_empty() {
            return None;
        }
        let bits = |test: &TestPlan| {
            let is_plain = !test.is_level && test.filter == NONE && self.sequences.programs.of(test.program).is_empty();
            let bits = (0..).zip(filters).filter(|(_, filter)| **filter == test.input).fold(0, |bits, (lane, _)| bits | 1_u8 << lane);
            is_plain.then_some(bits)
        };
        let prefixes = u8::try_from(prefixes).ok()?;
        let mut step = SeqStep { within, runs, node, prefixes, ..SeqStep::default() };
        for ((place, matches), absents) in places.iter().zip(&mut step.matches).zip(&mut step.absents) {
            if !place.opens || place.most != 1 || place.captures.0 != place.captures.1 {
                return None;
            }
            *matches = bits(&place.test)?;
            for absent in self.sequences.absents.get(place.absents.0 as usize..place.absents.1 as usize)? {
                if absent.hold.is_some() {
                    return None;
                }
                *absents |= bits(&absent.test)?;
            }
        }
        step.filters = step.matches.iter().chain(&step.absents).fold(0, |all, filters| all | filters);
        (usize::from(prefixes) + 1 == places.len()).then_some(step)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test that can't go on fails")]
mod tests {
    use ascep_lang::{Options, Source, compile};

    use crate::host::HostFunctions;
    use crate::options::EngineOptions;
    use crate::plan;

    /// How many sequences stand in entries, once for each.
    fn steps(text: &str) -> usize {
        let program = compile(&[Source::new("rules.cep", text)], &Options::default()).expect("rules");
        let (plan, _) = plan::build(&program, &EngineOptions::default(), &HostFunctions::new()).expect("a plan");
        plan.sequences.steps.len()
    }

    /// A sequence of so many large trades that get larger.
    fn large(places: usize) -> String {
        let of = |k: usize| format!("trade(\"A/B\") WHERE it.qty > {k}");
        format!("IF SEQ {} WITHIN 5s THEN S\n", (0..places).map(of).collect::<Vec<_>>().join(" -> "))
    }

    #[test]
    fn simple_sequences_stand_in_their_entries() {
        assert_eq!((steps(&large(2)), steps(&large(6))), (1, 1));
        assert_eq!(steps(&(large(2) + &large(3))), 2);
        let no = "IF SEQ trade(\"A/B\") WHERE it.qty > 1 -> NO trade(\"A/B\") WHERE it.qty < 0.1 -> trade(\"C/D\") WHERE it.qty > 1 WITHIN 5s THEN S";
        assert_eq!(steps(no), 2, "one in the entry of each instrument");
        assert_eq!(
            steps("IF SEQ trade(\"A/B\") WHERE it.qty > 1 -> mid(\"A/B\") > 3 WITHIN 5s THEN S"),
            1,
            "a level that gets true is an event of its own"
        );
        // Before the first trade and after it.
        assert_eq!(steps("IF SEQ quote(\"A/B\") WHERE it.bid > 1 -> quote(\"A/B\") WHERE it.bid > 2 WITHIN 5s THEN S"), 1);
    }

    #[test]
    fn others_do_not() {
        assert_eq!(steps(&large(7)), 0, "more places than there are");
        assert_eq!(steps(&(large(5) + &large(5).replace("qty", "price"))), 0, "more filters than bits");
        let sequence = |steps: &str| format!("IF SEQ {steps} WITHIN 5s THEN S\n");
        let (a, b) = ("trade(\"A/B\") WHERE it.qty > 1", "trade(\"A/B\") WHERE it.qty > 2");
        for rest in [
            format!("{a} -> {b} {{1..2}}"),
            format!("{a} -> NO {b} FOR 1s"),
            format!("{a} -> NO trade(\"A/B\") WHERE it.qty > 3 FOR 1s -> {b}"),
            format!("x: {a} -> trade(\"A/B\") WHERE it.qty > x.qty"),
        ] {
            assert_eq!(steps(&sequence(&rest)), 0, "{rest}");
        }
        assert_eq!(steps(&(large(2) + "IF trade(\"A/B\") WHERE it.qty > 1 THEN T\n")), 0, "a filter that something else looks at");
        let many: String = (0..65).map(|k| sequence(&format!("{a} -> trade(\"S{k}\") WHERE it.qty > 1"))).collect();
        // Those of the other instruments are alone in their entries.
        assert_eq!(steps(&many), 65, "more sequences than are asked each time");
    }
}

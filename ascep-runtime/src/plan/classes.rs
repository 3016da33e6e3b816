//! Rules by class. What rules have in common (mode, tails, the names of their signals and fields) is there once; what is a rule's own is a few
//! words: its name and whatever of nodes, timers and symbols its class gives a place. A rule that has nothing but a name needs eight bytes.

use rustc_hash::FxHashMap;

use super::{FieldKind, NONE, PeriodPlan};
use crate::error::BuildError;
use crate::memory::flat;

/// When a rule that was touched fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RuleMode {
    /// Decided in the columns: it is touched only where it fires.
    Shape,
    Edge,
    Event,
    EveryTick,
    Every(PeriodPlan),
}

/// Where the words of a rule stand among its own; [`NONE`] for what its class has none of. The name stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Places {
    /// The node that it fires on; none for a rule in columns.
    pub(super) trigger: u32,
    pub(super) until: u32,
    pub(super) timer: u32,
    /// Index into [`Plan::limits`](super::Plan::limits).
    pub(super) limit: u32,
    /// Where the captures of the run stand that its trigger has completed.
    pub(super) captures: u32,
    /// Index of what it remembers.
    pub(super) memory: u32,
    /// Key of the first of its field programs.
    pub(super) programs: u32,
    /// The symbols that the variables of `FOR EACH` stand for.
    pub(super) symbols: u32,
    /// All words.
    pub(super) end: u32,
}

/// What rules have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RuleClass {
    pub(crate) mode: RuleMode,
    pub(crate) cooldown: Option<PeriodPlan>,
    pub(crate) until_is_event: bool,
    pub(super) places: Places,
    /// Its range in [`Rules::variables`].
    pub(super) variables: (u32, u32),
    /// Its range in [`Rules::actions`].
    pub(super) actions: (u32, u32),
}

/// One signal of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActionClass {
    /// A text.
    signal: u32,
    /// Its range in [`Rules::fields`].
    fields: (u32, u32),
    /// Where the nodes of its fields stand among the words of the rule.
    nodes: u32,
}

/// A field of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FieldPlan {
    /// A text.
    pub(crate) name: u32,
    pub(crate) kind: FieldKind,
}

/// A rule in the tables.
#[derive(Debug, Clone, Copy)]
struct Entry {
    class: u32,
    /// Where its words stand, or its only word.
    words: u32,
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    entries: Vec<Entry>,
    classes: Vec<RuleClass>,
    /// Texts: the variables of `FOR EACH`.
    variables: Vec<u32>,
    actions: Vec<ActionClass>,
    fields: Vec<FieldPlan>,
    words: Vec<u32>,
    /// How many remember something.
    pub(super) memories: u32,
}

/// A rule: its class and its words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RulePlan<'p> {
    pub(crate) class: &'p RuleClass,
    words: &'p [u32],
    rules: &'p Rules,
}

/// One signal of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActionPlan<'p> {
    /// A text.
    pub(crate) signal: u32,
    pub(crate) fields: &'p [FieldPlan],
    /// The nodes of the fields.
    pub(crate) nodes: &'p [u32],
    /// Key of what is to be computed before the fields are read, or [`NONE`].
    pub(crate) program: u32,
}

impl Rules {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many rules remember something.
    pub(crate) fn memories(&self) -> usize {
        self.memories as usize
    }

    #[inline]
    pub(crate) fn get(&self, rule: u32) -> Option<RulePlan<'_>> {
        let entry = self.entries.get(rule as usize)?;
        let class = self.classes.get(entry.class as usize)?;
        let words = match class.places.end {
            1 => std::slice::from_ref(&entry.words),
            end => self.words.get(entry.words as usize..)?.get(..end as usize)?,
        };
        Some(RulePlan { class, words, rules: self })
    }

    /// All in text order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, RulePlan<'_>)> {
        (0..).take(self.len()).filter_map(|rule| Some((rule, self.get(rule)?)))
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let Self { entries, classes, variables, actions, fields, words, memories: _ } = self;
        flat(entries) + flat(classes) + flat(variables) + flat(actions) + flat(fields) + flat(words)
    }
}

impl<'p> RulePlan<'p> {
    #[inline]
    fn word(self, place: u32) -> u32 {
        self.words.get(place as usize).copied().unwrap_or(NONE)
    }

    /// A text.
    pub(crate) fn name(self) -> u32 {
        self.word(0)
    }

    /// [`NONE`] for a rule in columns.
    #[inline]
    pub(crate) fn trigger(self) -> u32 {
        self.word(self.class.places.trigger)
    }

    /// [`NONE`] where there is none.
    #[inline]
    pub(crate) fn until(self) -> u32 {
        self.word(self.class.places.until)
    }

    /// That of an `EVERY d`.
    #[inline]
    pub(crate) fn timer(self) -> u32 {
        self.word(self.class.places.timer)
    }

    /// Index into [`Plan::limits`](super::Plan::limits), or [`NONE`].
    #[inline]
    pub(crate) fn limit(self) -> u32 {
        self.word(self.class.places.limit)
    }

    /// Where the captures of the run stand that its trigger has completed, or [`NONE`].
    #[inline]
    pub(crate) fn captures(self) -> u32 {
        self.word(self.class.places.captures)
    }

    /// Index of what it remembers; [`NONE`] for a rule that need not.
    #[inline]
    pub(crate) fn memory(self) -> u32 {
        self.word(self.class.places.memory)
    }

    /// How many bindings of `FOR EACH` it has.
    pub(crate) fn bindings(self) -> usize {
        range(&self.rules.variables, self.class.variables).len()
    }

    /// One of them, outermost first: the text of the variable, and the symbol.
    pub(crate) fn binding(self, place: usize) -> Option<(u32, u32)> {
        let variable = range(&self.rules.variables, self.class.variables).get(place)?;
        Some((*variable, *self.words.get(self.class.places.symbols as usize..)?.get(place)?))
    }

    /// How many signals it gives.
    #[inline]
    pub(crate) fn actions(self) -> u32 {
        self.class.actions.1 - self.class.actions.0
    }

    #[inline]
    pub(crate) fn action(self, action: u32) -> Option<ActionPlan<'p>> {
        let ActionClass { signal, fields, nodes } = *range(&self.rules.actions, self.class.actions).get(action as usize)?;
        let fields = range(&self.rules.fields, fields);
        let nodes = self.words.get(nodes as usize..)?.get(..fields.len())?;
        let first = self.word(self.class.places.programs);
        let program = if first == NONE { NONE } else { first + action };
        Some(ActionPlan { signal, fields, nodes, program })
    }
}

fn range<T>(items: &[T], (start, end): (u32, u32)) -> &[T] {
    items.get(start as usize..end as usize).unwrap_or_default()
}

/// What is a rule's own of one that is being added; [`NONE`] for what it has none of. See [`Places`].
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleDraft {
    pub(super) mode: RuleMode,
    pub(super) cooldown: Option<PeriodPlan>,
    pub(super) until_is_event: bool,
    /// A text.
    pub(super) name: u32,
    pub(super) trigger: u32,
    pub(super) until: u32,
    pub(super) timer: u32,
    pub(super) limit: u32,
    pub(super) captures: u32,
    pub(super) remembers: bool,
    pub(super) programs: u32,
}

/// Fills [`Rules`]. It keeps what it works with, so that a rule of a class that is there allocates nothing but its words.
#[derive(Debug, Default)]
pub(super) struct RulesBuilder {
    rules: Rules,
    ids: FxHashMap<Box<[u32]>, u32>,
    /// The class of the rule before.
    last: u32,
    /// All that makes a class, as words: its variables, its signals with the names and kinds of their fields, the rest.
    description: Vec<u32>,
    /// That of the rule before.
    before: Vec<u32>,
    variables: Vec<u32>,
    symbols: Vec<u32>,
    /// Signals with how many fields each has, and these.
    actions: Vec<(u32, u32)>,
    fields: Vec<FieldPlan>,
    nodes: Vec<u32>,
}

impl RulesBuilder {
    pub(super) fn with_capacity(rules: usize) -> Self {
        let mut builder = Self::default();
        builder.rules.entries.reserve_exact(rules);
        builder
    }

    /// A binding of `FOR EACH` of the rule at hand.
    pub(super) fn variable(&mut self, variable: u32, symbol: u32) {
        self.variables.push(variable);
        self.symbols.push(symbol);
    }

    /// A signal of the rule at hand; its fields follow.
    pub(super) fn action(&mut self, signal: u32) {
        self.actions.push((signal, 0));
    }

    /// A field of the signal at hand.
    pub(super) fn field(&mut self, name: u32, kind: FieldKind, node: u32) {
        if let Some((_, fields)) = self.actions.last_mut() {
            *fields += 1;
        }
        self.fields.push(FieldPlan { name, kind });
        self.nodes.push(node);
    }

    /// Adds the rule whose bindings, signals and fields were given.
    pub(super) fn add(&mut self, draft: RuleDraft) -> Result<(), BuildError> {
        let RuleDraft { mode, cooldown, until_is_event, name, trigger, until, timer, limit, captures, remembers, programs } = draft;
        let memory = if remembers { self.rules.memories } else { NONE };
        self.rules.memories += u32::from(remembers);
        let mut words = [name, trigger, until, timer, limit, captures, memory, programs].into_iter();
        let mut end = 0;
        let mut place = || {
            let has = words.next().is_some_and(|word| word != NONE);
            end += u32::from(has);
            if has { end - 1 } else { NONE }
        };
        let [_, trigger_at, until_at, timer_at, limit_at, captures_at, memory_at, programs_at] = std::array::from_fn(|_| place());
        let at = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
        let nodes_at = end + at(self.symbols.len())?;
        let places = Places {
            trigger: trigger_at,
            until: until_at,
            timer: timer_at,
            limit: limit_at,
            captures: captures_at,
            memory: memory_at,
            programs: programs_at,
            symbols: end,
            end: nodes_at + at(self.nodes.len())?,
        };
        let class = self.class(RuleClass { mode, cooldown, until_is_event, places, variables: (0, 0), actions: (0, 0) }, nodes_at)?;
        let first = if places.end == 1 {
            name
        } else {
            let first = at(self.rules.words.len())?;
            let own = [name, trigger, until, timer, limit, captures, memory, programs];
            self.rules.words.extend(own.into_iter().filter(|word| *word != NONE));
            self.rules.words.extend(self.symbols.iter().chain(&self.nodes));
            first
        };
        self.rules.entries.push(Entry { class, words: first });
        self.variables.clear();
        self.symbols.clear();
        self.actions.clear();
        self.fields.clear();
        self.nodes.clear();
        Ok(())
    }

    /// The class like `class` with the variables and signals at hand.
    fn class(&mut self, class: RuleClass, nodes_at: u32) -> Result<u32, BuildError> {
        std::mem::swap(&mut self.description, &mut self.before);
        self.description.clear();
        let halves = |x: u64| [x & 0xffff_ffff, x >> 32].map(|half| u32::try_from(half).unwrap_or(0));
        let period = |period: PeriodPlan| match period {
            PeriodPlan::Fixed(d) => (0, halves(d.cast_unsigned())),
            PeriodPlan::Param(id) => (1, [id, 0]),
        };
        let mode = match class.mode {
            RuleMode::Shape => (2, [0, 0]),
            RuleMode::Edge => (3, [0, 0]),
            RuleMode::Event => (4, [0, 0]),
            RuleMode::EveryTick => (5, [0, 0]),
            RuleMode::Every(d) => period(d),
        };
        for (kind, rest) in [mode, class.cooldown.map_or((2, [0, 0]), period)] {
            self.description.push(kind);
            self.description.extend(rest);
        }
        let Places { trigger, until, timer, limit, captures, memory, programs, symbols, end } = class.places;
        self.description.extend([u32::from(class.until_is_event), trigger, until, timer, limit, captures, memory, programs, symbols, end]);
        self.description.extend(&self.variables);
        for (signal, fields) in &self.actions {
            self.description.extend([*signal, *fields]);
        }
        self.description.extend(self.fields.iter().flat_map(|field| [field.name, field.kind as u32]));
        if self.description == self.before {
            return Ok(self.last);
        }
        if let Some(&known) = self.ids.get(&self.description[..]) {
            self.last = known;
            return Ok(known);
        }
        let at = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
        let rules = &mut self.rules;
        let variables = (at(rules.variables.len())?, at(rules.variables.len() + self.variables.len())?);
        rules.variables.extend(&self.variables);
        let actions = (at(rules.actions.len())?, at(rules.actions.len() + self.actions.len())?);
        let (mut field, mut nodes) = (at(rules.fields.len())?, nodes_at);
        for (signal, fields) in &self.actions {
            rules.actions.push(ActionClass { signal: *signal, fields: (field, field + fields), nodes });
            (field, nodes) = (field + fields, nodes + fields);
        }
        rules.fields.extend(&self.fields);
        at(rules.fields.len())?;
        let id = at(rules.classes.len())?;
        rules.classes.push(RuleClass { variables, actions, ..class });
        self.ids.insert(self.description.as_slice().into(), id);
        self.last = id;
        Ok(id)
    }

    /// The rules.
    pub(super) fn finish(self) -> Rules {
        let mut rules = self.rules;
        let Rules { entries, classes, variables, actions, fields, words, memories: _ } = &mut rules;
        entries.shrink_to_fit();
        classes.shrink_to_fit();
        variables.shrink_to_fit();
        actions.shrink_to_fit();
        fields.shrink_to_fit();
        words.shrink_to_fit();
        rules
    }
}

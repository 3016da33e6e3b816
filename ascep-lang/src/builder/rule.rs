//! Rules: a trigger, what goes out, and what holds it back.

use super::operand::Field;
use super::state::{Handle, State};
use super::{BuildError, IntoField, IntoPeriod, IntoTrigger, ProgramBuilder};
use crate::program::{Action, Mode, NodeId, Period, Rule, SymbolId, TextId};
use crate::span::Span;

/// A symbol as a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct SymbolField<'b>(pub(super) Handle<'b>);

/// What triggers a rule or arms it again.
#[derive(Debug, Clone, Copy)]
pub struct Trigger<'b>(pub(super) Watched<'b>);

#[derive(Debug, Clone, Copy)]
pub(super) enum Watched<'b> {
    Node {
        handle: Handle<'b>,
        is_event: bool,
    },
    /// A sequence, by its number.
    Sequence(&'b ProgramBuilder, u32),
}

/// A rule with a name and no trigger yet.
#[derive(Debug, Clone)]
#[must_use = "a rule is there only after `add`"]
pub struct RuleHead<'b> {
    builder: &'b ProgramBuilder,
    name: String,
    id: TextId,
    instance: Vec<(TextId, SymbolId)>,
}

impl<'b> RuleHead<'b> {
    pub(super) fn new(builder: &'b ProgramBuilder, name: &str) -> Self {
        let mut state = builder.state.borrow_mut();
        let id = state.name(name);
        if name.strip_prefix("rule_").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            state.error(BuildError::ReservedRuleName(name.to_owned()));
        }
        Self { builder, name: name.to_owned(), id, instance: Vec::new() }
    }

    /// Marks the rule as one instance of several of its name, like one turn of `FOR EACH`; shown with each of its signals.
    pub fn instance(mut self, variable: &str, symbol: &str) -> Self {
        let mut state = self.builder.state.borrow_mut();
        self.instance.push((state.name(variable), state.symbol(symbol)));
        self
    }

    /// What is watched: a level fires at its rising edge, an event at each occurrence.
    pub fn when(self, trigger: impl IntoTrigger<'b>) -> RuleDraft<'b> {
        let (trigger, mode) = match trigger.into_trigger().0 {
            Watched::Node { handle, is_event } => {
                let handle = self.builder.own(handle);
                (Watched::Node { handle, is_event }, if is_event { Mode::Event } else { Mode::Edge })
            }
            Watched::Sequence(builder, index) => {
                if !std::ptr::eq(self.builder, builder) {
                    self.builder.state.borrow_mut().error(BuildError::Foreign);
                }
                (Watched::Sequence(self.builder, index), Mode::Event)
            }
        };
        RuleDraft { head: self, trigger, mode, until: None, cooldown: None, limit: None, actions: Vec::new(), fields: Vec::new() }
    }
}

/// A rule with its trigger; [`add`](Self::add) puts it into the program.
#[derive(Debug, Clone)]
#[must_use = "a rule is there only after `add`"]
pub struct RuleDraft<'b> {
    head: RuleHead<'b>,
    trigger: Watched<'b>,
    mode: Mode,
    until: Option<Handle<'b>>,
    cooldown: Option<Period>,
    limit: Option<(u32, Period)>,
    actions: Vec<Action>,
    fields: Vec<Handle<'b>>,
}

impl<'b> RuleDraft<'b> {
    fn state(&self) -> std::cell::RefMut<'b, State> {
        self.head.builder.state.borrow_mut()
    }

    /// A firing disarms the rule until this level is true, or this event occurs.
    pub fn until(mut self, again: impl IntoTrigger<'b>) -> Self {
        match again.into_trigger().0 {
            Watched::Node { handle, .. } => self.until = Some(self.head.builder.own(handle)),
            Watched::Sequence(..) => self.state().error(BuildError::Sequence("a sequence is the trigger of a rule and nothing else")),
        }
        self
    }

    /// A signal; a rule may emit several, in this order.
    pub fn emit(mut self, signal: &str) -> Self {
        let name = self.state().name(signal);
        self.actions.push(Action { name, fields: Vec::new() });
        self
    }

    /// A field of the signal before it, read when the rule fires.
    pub fn field(mut self, name: &str, value: impl IntoField) -> Self {
        let Field(handle) = value.into_field(self.head.builder);
        let mut state = self.state();
        let id = state.name(name);
        let Some(action) = self.actions.last_mut() else {
            state.error(BuildError::FieldWithoutAction(name.to_owned()));
            return self;
        };
        if action.fields.iter().any(|(other, _)| *other == id) {
            let signal = state.out.text_of(action.name).to_owned();
            state.error(BuildError::DuplicateField { signal, field: name.to_owned() });
        }
        action.fields.push((id, state.place(handle)));
        self.fields.push(handle);
        self
    }

    /// Fires at once and then each `period` until the level is false.
    pub fn every(mut self, period: impl IntoPeriod) -> Self {
        let period = period.into_period(self.head.builder);
        self.repeat(Mode::Every(period));
        self
    }

    /// Fires at each update of the level while it is true.
    pub fn every_tick(mut self) -> Self {
        self.repeat(Mode::EveryTick);
        self
    }

    fn repeat(&mut self, mode: Mode) {
        if self.mode == Mode::Event {
            self.state().error(BuildError::EveryWithEvent(self.head.name.clone()));
        }
        self.mode = mode;
    }

    /// Fires again only after so long.
    pub fn cooldown(mut self, period: impl IntoPeriod) -> Self {
        self.cooldown = Some(period.into_period(self.head.builder));
        self
    }

    /// Fires at most `count` times in any `period`.
    pub fn limit(mut self, count: u32, period: impl IntoPeriod) -> Self {
        if count == 0 {
            self.state().error(BuildError::Limit(self.head.name.clone()));
        }
        self.limit = Some((count, period.into_period(self.head.builder)));
        self
    }

    /// Puts the rule into the program; rules are evaluated in the order in which they were added.
    pub fn add(self) {
        let mut state = self.state();
        if self.actions.is_empty() {
            state.error(BuildError::NoAction(self.head.name.clone()));
        }
        // A payload is there only at an occurrence of the event that it belongs to.
        let (node, run, trigger) = match self.trigger {
            Watched::Node { handle, .. } => (Some(handle), None, state.place(handle)),
            Watched::Sequence(builder, index) => (None, Some(index), state.sequence_node(builder, index)),
        };
        let loose = node.into_iter().chain(self.until).any(|h| state.payload_of(h).is_some());
        // What a run keeps is there only in what its sequence triggers.
        if node.into_iter().chain(self.until).any(|h| state.run_of(h).is_some())
            || self.fields.iter().any(|h| state.run_of(*h).is_some_and(|of| run != Some(of)))
        {
            state.error(BuildError::LabelOutside);
        }
        let foreign = self.fields.iter().any(|h| state.payload_of(*h).is_some_and(|event| self.mode != Mode::Event || event != trigger));
        if loose || foreign {
            state.error(BuildError::PayloadOutside(self.head.name.clone()));
        }
        let until = self.until.map(|h| state.place(h));
        state.add(Rule {
            name: self.head.id,
            instance: self.head.instance,
            trigger,
            mode: self.mode,
            until,
            cooldown: self.cooldown,
            limit: self.limit,
            actions: self.actions,
            span: Span::default(),
        });
    }
}

impl State {
    fn place(&self, handle: Handle<'_>) -> NodeId {
        NodeId(handle.id.index())
    }
}

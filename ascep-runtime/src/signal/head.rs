//! The head of a signal: what is the same in every signal of one action of one rule instance.

use crate::plan::{Plan, RulePlan};

/// A [`Head`] that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalHead {
    /// The instance's index in [`Program::rules`](ascep_lang::Program).
    pub rule_index: u32,
    /// The rule's name, or `rule_N`.
    pub rule: String,
    /// The signal's name.
    pub signal: String,
    /// The bindings of `FOR EACH`, outermost first: variable and symbol.
    pub instance: Vec<(String, String)>,
    /// The names of the fields in text order.
    pub fields: Vec<String>,
}

/// What is the same in every signal of one action of one rule instance: borrowed from the engine, or from a [`SignalHead`].
#[derive(Clone, Copy)]
pub struct Head<'a> {
    rule_index: u32,
    source: Source<'a>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Planned { plan: &'a Plan, rule: u32, action: u32 },
    Owned(&'a SignalHead),
}

impl<'a> Head<'a> {
    /// Of the n-th action of a rule of a plan.
    #[inline]
    pub(crate) fn of(plan: &'a Plan, rule: u32, action: u32) -> Self {
        Self { rule_index: rule, source: Source::Planned { plan, rule, action } }
    }

    /// The rule of the plan behind it, and the number of its action.
    pub(crate) fn planned(self) -> Option<(u32, u32)> {
        match self.source {
            Source::Planned { rule, action, .. } => Some((rule, action)),
            Source::Owned(_) => None,
        }
    }

    /// The same of a rule instance with another index.
    #[must_use]
    pub fn with_rule_index(self, rule_index: u32) -> Self {
        Self { rule_index, ..self }
    }

    /// The instance's index in [`Program::rules`](ascep_lang::Program).
    #[inline]
    #[must_use]
    pub fn rule_index(self) -> u32 {
        self.rule_index
    }

    /// The rule's name, or `rule_N`.
    #[must_use]
    pub fn rule(self) -> &'a str {
        match self.source {
            Source::Planned { plan, rule, .. } => plan.rules.get(rule).map_or("", |rule| plan.texts.text(rule.name())),
            Source::Owned(head) => &head.rule,
        }
    }

    /// The signal's name.
    #[must_use]
    pub fn signal(self) -> &'a str {
        match self.source {
            Source::Planned { plan, rule, action } => {
                plan.rules.get(rule).and_then(|rule| rule.action(action)).map_or("", |action| plan.texts.text(action.signal))
            }
            Source::Owned(head) => &head.signal,
        }
    }

    /// The bindings of `FOR EACH`, outermost first: variable and symbol.
    pub fn instance(self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let bindings = match self.source {
            Source::Planned { plan, rule, .. } => plan.rules.get(rule).map_or(0, RulePlan::bindings),
            Source::Owned(head) => head.instance.len(),
        };
        (0..bindings).map(move |place| self.binding(place).unwrap_or_default())
    }

    fn binding(self, place: usize) -> Option<(&'a str, &'a str)> {
        match self.source {
            Source::Planned { plan, rule, .. } => {
                let (variable, symbol) = plan.rules.get(rule)?.binding(place)?;
                Some((plan.texts.get(variable)?, plan.symbols.get(symbol)?))
            }
            Source::Owned(head) => head.instance.get(place).map(|(variable, symbol)| (variable.as_str(), symbol.as_str())),
        }
    }

    /// The names of the fields in text order.
    pub fn fields(self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        let (planned, fields) = match self.source {
            Source::Planned { plan, rule, action } => {
                let fields = plan.rules.get(rule).and_then(|rule| rule.action(action)).map_or(&[][..], |action| action.fields);
                (Some((plan, fields)), fields.len())
            }
            Source::Owned(head) => (None, head.fields.len()),
        };
        (0..fields).map(move |place| {
            let name = match (planned, self.source) {
                (Some((plan, fields)), _) => fields.get(place).and_then(|field| plan.texts.get(field.name)),
                (None, Source::Owned(head)) => head.fields.get(place).map(String::as_str),
                (None, Source::Planned { .. }) => None,
            };
            name.unwrap_or_default()
        })
    }

    /// A copy that outlives the engine.
    #[must_use]
    pub fn to_owned(&self) -> SignalHead {
        SignalHead {
            rule_index: self.rule_index,
            rule: self.rule().to_owned(),
            signal: self.signal().to_owned(),
            instance: self.instance().map(|(variable, symbol)| (variable.to_owned(), symbol.to_owned())).collect(),
            fields: self.fields().map(str::to_owned).collect(),
        }
    }
}

impl std::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_owned().fmt(f)
    }
}

impl<'a> From<&'a SignalHead> for Head<'a> {
    fn from(head: &'a SignalHead) -> Self {
        Self { rule_index: head.rule_index, source: Source::Owned(head) }
    }
}

/// Two heads are the same where they say the same, whatever they borrow from.
impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rule_index == other.rule_index
            && self.rule() == other.rule()
            && self.signal() == other.signal()
            && self.instance().eq(other.instance())
            && self.fields().eq(other.fields())
    }
}

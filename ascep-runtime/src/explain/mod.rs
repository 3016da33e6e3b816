//! Why a signal came, or why a rule does not fire: what every part of the rule is, since when, and what it remembers.
//!
//! An [`Explanation`] owns what it says and is made only when it is asked for, by [`Signal::explain`] while the signal is given, or by
//! [`Engine::explain_rule`] at any time. The engine must have been built with [`EngineOptions::provenance`](crate::EngineOptions::provenance).
//! It is written for people by `Display`, as a tree, and for programs by serde.

mod memory;
mod text;
mod tree;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::event::Timestamp;
use crate::plan::Plan;
use crate::rules;
use crate::signal::{Head, Signal};
use crate::state::State;

/// Why a signal came, or how a rule stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The rule's name, or `rule_N`.
    pub rule: String,
    /// The bindings of `FOR EACH`, outermost first: variable and symbol.
    pub instance: Vec<(String, String)>,
    /// The clock.
    pub ts: Timestamp,
    /// The signal that is explained; none where the rule itself is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal: Option<SignalName>,
    /// What decided, in sentences, the most important first.
    pub because: Vec<String>,
    /// What the rule watches.
    pub trigger: Part,
    /// What arms it again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Part>,
    /// The fields of the signal that is explained.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fields: Vec<Field>,
    /// How the rule stands after this moment.
    pub state: RuleStanding,
}

/// Which signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalName {
    /// See [`Signal::seq`].
    pub seq: u64,
    /// The signal's name.
    pub name: String,
}

/// A field of a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it is read from.
    pub part: Part,
}

/// A part of a rule, with the parts that it is computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// As the language writes it; `LET` and `FN` are written out, and what is very long is cut.
    pub text: String,
    /// What it is.
    pub value: Reading,
    /// When it was last at an instant; of an event, when it last occurred.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ts: Option<Timestamp>,
    /// How long ago that was, in ns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age: Option<i64>,
    /// Why it is unknown, where it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unknown: Option<Unknown>,
    /// What it remembers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory: Option<Memory>,
    /// When its next timer is due.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timer: Option<Timestamp>,
    /// Whether it is one of those that decided.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub decides: bool,
    /// Whether its parts are left out, since they stand further up or are too many.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub repeated: bool,
    /// What it is computed from.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parts: Vec<Part>,
}

/// The value of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Neither true nor false, or no value: [`Part::unknown`] says why.
    Unknown,
    /// A number: finite.
    Num(f64),
    /// A level.
    Bool(bool),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970, UTC.
    Timestamp(Timestamp),
    /// A symbol or another text.
    Text(String),
    /// An event: whether it occurs at this moment.
    Occurs(bool),
    /// Something that each run of a `SEQ` has by itself.
    OfRun,
}

/// Why something is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unknown {
    /// What it reads has not come yet.
    NeverSeen,
    /// The feed has lost the instrument, and nothing came since.
    Forgotten,
    /// What came last does not have it: a side of a quote, a quantity, a time of the venue, depth.
    Missing,
    /// It has to wait for its window to fill.
    WarmingUp {
        /// When it will be known, where that is certain.
        until: Option<Timestamp>,
        /// How many updates it has, and how many it needs, where it counts them.
        updates: Option<(u64, u64)>,
    },
    /// Its window is empty, or holds too little for it.
    TooFew,
    /// The host's function gives nothing for these arguments.
    Host,
    /// x/0, the logarithm of a negative, or beyond what a number can be.
    Arithmetic,
    /// Something that it is computed from is unknown.
    Argument,
}

/// What a part remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Memory {
    /// The samples of a window.
    Window {
        /// How many it holds.
        samples: u64,
        /// How many it can hold.
        capacity: u64,
        /// The ts of the oldest; none where only their order is kept.
        oldest: Option<Timestamp>,
        /// The ts of the newest.
        newest: Option<Timestamp>,
        /// Of a `change`, `delta` or `twap`: the ts of the update before the window, whose value it compares with.
        before: Option<Timestamp>,
    },
    /// Updates that were seen, of those that are needed.
    Updates {
        /// So far, up to `needed`.
        seen: u64,
        /// From then on it is known.
        needed: u64,
    },
    /// The last known truth under a rising edge.
    LastTruth(Option<bool>),
    /// Which side the left was on when both were last known.
    LastSide(Option<Side>),
    /// The runs of a `SEQ`, the shortest first.
    Runs {
        /// How many matches make it complete.
        places: u32,
        /// Those that wait.
        runs: Vec<Run>,
    },
    /// When each part of an `ALL` last occurred.
    Occurrences(Vec<Option<Timestamp>>),
    /// The markets of a `triangle`, `cross` or `inverse`.
    Legs(Vec<LegQuote>),
    /// What a `cycles` told last, and how its ways stand.
    Opportunities {
        /// None before the first telling.
        told: Option<Box<Told>>,
        /// None while it is telling, so of the part of a signal that it triggers.
        ways: Option<Ways>,
    },
    /// The interval of a bar that is open.
    OpenBar {
        /// When it began.
        start: Timestamp,
        /// Trades in it so far.
        trades: u64,
    },
}

/// What is known of a market that is a leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LegQuote {
    /// Its name in full.
    pub market: String,
    /// The best bid.
    pub bid: Option<f64>,
    /// The best ask.
    pub ask: Option<f64>,
    /// When its last quote came.
    pub ts: Option<Timestamp>,
    /// How long ago that was, in ns.
    pub age: Option<i64>,
}

/// What a `cycles` told of an opportunity. Returns are pure numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// When.
    pub ts: Timestamp,
    /// `open`, `update` or `close`.
    pub state: String,
    /// Why it closed.
    pub reason: Option<String>,
    /// The legs from the home asset on.
    pub path: String,
    /// The return after fees.
    pub net: f64,
    /// What it has to be above, as it is set now.
    pub min_net: f64,
    /// The return before fees.
    pub gross: f64,
    /// How much of the home asset can go round.
    pub size: Option<f64>,
    /// Age of the oldest quote at the telling, in ns.
    pub age: i64,
    /// Span between the quotes, in ns.
    pub skew: i64,
    /// The markets of the legs as they are now, in the order of the path; one that is assumed is left out.
    pub legs: Vec<LegQuote>,
}

/// How the ways of a `cycles` stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ways {
    /// How many there are; of more than four legs, how many are followed.
    pub all: u64,
    /// Those with a market that has no bid below an ask.
    pub unknown: u64,
    /// Those that are open.
    pub open: u64,
    /// Those that pay but for the age of a quote,
    pub aged: u64,
    /// the span between their quotes,
    pub skewed: u64,
    /// or their quantities.
    pub small: u64,
    /// The one that returns most at this moment, and its net return.
    pub best: Option<(String, f64)>,
    /// What a net return has to be above.
    pub min_net: f64,
}

/// Above, below or equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left was less than the right.
    Below,
    /// They were equal.
    Equal,
    /// The left was greater than the right.
    Above,
}

/// A run of a `SEQ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Matches so far that are counted as places.
    pub prefix: u32,
    /// When the first of them was; none where the span is a parameter.
    pub started: Option<Timestamp>,
    /// When its span is over.
    pub ends: Timestamp,
    /// Until when a `NO .. FOR` keeps it waiting, where one does.
    pub waits_until: Option<Timestamp>,
}

/// What holds a rule's firings back, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleStanding {
    /// When it fires and what holds it back: `edge`, `EVERY 1s`, `COOLDOWN 5s`.
    pub mode: Vec<String>,
    /// Firings that went out.
    pub fired: u64,
    /// Firings that `COOLDOWN` or `LIMIT` held back.
    pub held_back: u64,
    /// Firings lost while it was disarmed.
    pub lost: u64,
    /// When it last fired and it went out.
    pub last_fired: Option<Timestamp>,
    /// Whether it is armed; a rule with `UNTIL` is not from a firing until the `UNTIL`.
    pub armed: bool,
    /// Until when `COOLDOWN` holds firings back.
    pub cooling_until: Option<Timestamp>,
    /// How much of `LIMIT` is used.
    pub limit: Option<Limit>,
    /// The last known truth of a level, and since when it has been that.
    pub truth: Option<(bool, Timestamp)>,
    /// The next turn of `EVERY d`.
    pub next_turn: Option<Timestamp>,
}

/// How much of `LIMIT n PER d` is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Firings in the last d.
    pub used: u64,
    /// n
    pub of: u64,
    /// When the next may go out, where all are used.
    pub free_at: Option<Timestamp>,
}

/// Why there is no explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The engine keeps nothing that it could explain with.
    #[error("the engine was built without provenance")]
    NoProvenance,
    /// A number beyond the rules.
    #[error("there is no rule instance {0}")]
    NoSuchRule(u32),
    /// Nothing has happened yet.
    #[error("the clock has not begun")]
    NotStarted,
}

impl ExplainError {
    /// The way out.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::NoProvenance => "build it with `EngineOptions::with_provenance(true)`",
            Self::NoSuchRule(_) => "`Engine::rules` gives those that there are",
            Self::NotStarted => "give it an event, or bring its clock forward",
        }
    }
}

/// The engine behind a signal; nothing where it keeps no provenance. Two signals are equal whatever is behind them.
#[derive(Clone, Copy, Default)]
pub(crate) struct View<'a>(Option<(&'a Plan, &'a State)>);

impl<'a> View<'a> {
    #[inline]
    pub(crate) fn of(plan: &'a Plan, state: &'a State) -> Self {
        Self(plan.provenance.is_some().then_some((plan, state)))
    }

    pub(crate) fn explain_signal(&self, signal: &Signal<'_>) -> Option<Explanation> {
        let (plan, state) = self.0?;
        tree::explain(plan, state, signal.head.planned()?.0, Some(signal))
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("View")
    }
}

impl PartialEq for View<'_> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Engine {
    /// The rule instances in text order, each with the head of its first signal: name and bindings.
    pub fn rules(&self) -> impl Iterator<Item = (u32, Head<'_>)> {
        let plan = self.plan();
        plan.rules.iter().map(|(id, _)| (id, Head::of(plan, id, 0)))
    }

    /// How a rule instance stands at this moment, and why it does not fire. It changes nothing that could be seen.
    ///
    /// # Errors
    ///
    /// Where the engine was built without provenance, has no such rule, or has seen nothing yet.
    pub fn explain_rule(&mut self, rule: u32) -> Result<Explanation, ExplainError> {
        let (plan, state) = self.parts();
        if plan.provenance.is_none() {
            return Err(ExplainError::NoProvenance);
        }
        if rule as usize >= plan.rules.len() {
            return Err(ExplainError::NoSuchRule(rule));
        }
        if !state.started {
            return Err(ExplainError::NotStarted);
        }
        rules::prepare(plan, state, rule);
        tree::explain(plan, state, rule, None).ok_or(ExplainError::NoSuchRule(rule))
    }
}

//! Signals: what a rule gives when it fires.

use crate::event::Timestamp;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Never seen, stale, warming up, x/0 and the like.
    Unknown,
    /// A number: finite.
    Num(f64),
    /// A level.
    Bool(bool),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970, UTC.
    Timestamp(i64),
    /// A symbol as the rule writes it.
    Symbol(&'a str),
    /// A text.
    Text(&'a str),
}

/// What is the same in every signal of one action of one rule instance.
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

/// One signal, borrowed for the length of the call.
#[derive(Debug, Clone, Copy)]
pub struct Signal<'a> {
    /// Counts from 1 in the life of the engine.
    pub seq: u64,
    /// The instant: the event's, or the timer's deadline.
    pub ts: Timestamp,
    /// What does not change from signal to signal.
    pub head: &'a SignalHead,
    /// The values of the fields, as many as `head.fields`.
    pub values: &'a [Value<'a>],
}

impl<'a> Signal<'a> {
    /// The fields by name, in text order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        self.head.fields.iter().map(String::as_str).zip(self.values.iter().copied())
    }

    /// A copy that outlives the call.
    #[must_use]
    pub fn to_owned(&self) -> OwnedSignal {
        OwnedSignal { seq: self.seq, ts: self.ts, head: self.head.clone(), values: self.values.iter().map(OwnedValue::from).collect() }
    }
}

/// A signal that owns what it says; for hosts that keep signals, and for tests.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedSignal {
    /// See [`Signal::seq`].
    pub seq: u64,
    /// See [`Signal::ts`].
    pub ts: Timestamp,
    /// See [`Signal::head`].
    pub head: SignalHead,
    /// See [`Signal::values`].
    pub values: Vec<OwnedValue>,
}

/// A [`Value`] that owns its text.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants are those of `Value`")]
pub enum OwnedValue {
    Unknown,
    Num(f64),
    Bool(bool),
    Duration(i64),
    Timestamp(i64),
    Symbol(String),
    Text(String),
}

impl From<&Value<'_>> for OwnedValue {
    fn from(value: &Value<'_>) -> Self {
        match *value {
            Value::Unknown => Self::Unknown,
            Value::Num(x) => Self::Num(x),
            Value::Bool(b) => Self::Bool(b),
            Value::Duration(d) => Self::Duration(d),
            Value::Timestamp(t) => Self::Timestamp(t),
            Value::Symbol(s) => Self::Symbol(s.to_owned()),
            Value::Text(s) => Self::Text(s.to_owned()),
        }
    }
}

/// Where signals go. A closure over `&Signal` is one.
pub trait SignalSink {
    /// Takes one signal; what it wants to keep it copies.
    fn signal(&mut self, signal: &Signal<'_>);
}

impl<F: FnMut(&Signal<'_>)> SignalSink for F {
    fn signal(&mut self, signal: &Signal<'_>) {
        self(signal);
    }
}

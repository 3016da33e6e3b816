//! Signals: what a rule gives when it fires, and the three forms in which signals are written.

mod csv;
mod head;
pub(crate) mod json;
pub(crate) mod text;

pub use csv::{write_csv_header, write_csv_row};
pub use head::{Head, SignalHead};
pub use json::write_jsonl;
pub(crate) use text::value_text;
pub use text::write_text;

use crate::event::Timestamp;
use crate::explain::{Explanation, View};

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

/// One signal, borrowed for the length of the call.
#[derive(Debug, Clone, Copy)]
pub struct Signal<'a> {
    /// Counts from 1 in the life of the engine.
    pub seq: u64,
    /// The instant: the event's, or the timer's deadline.
    pub ts: Timestamp,
    /// The values of the fields, in text order.
    pub values: &'a [Value<'a>],
    /// What does not change from signal to signal.
    pub(crate) head: Head<'a>,
    /// The engine behind it.
    pub(crate) view: View<'a>,
    pub(crate) origin: Origin,
}

/// What brought a signal about: what those go by who put the signals of several engines in order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Origin {
    /// The place in its batch of the event at hand.
    pub(crate) place: usize,
    /// Whether timers fire that were due before the event or the call at hand.
    pub(crate) timers: bool,
    /// One more than the number in the program of the scan that tells; 0 where none does.
    pub(crate) scan: u32,
}

/// It says nothing of what the signal is.
impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<'a> Signal<'a> {
    /// A signal with no engine behind it, for hosts and tests that hand on signals of their own.
    #[must_use]
    pub fn new(seq: u64, ts: Timestamp, head: impl Into<Head<'a>>, values: &'a [Value<'a>]) -> Self {
        Self { seq, ts, head: head.into(), values, view: View::default(), origin: Origin::default() }
    }

    /// The rule's name, or `rule_N`.
    #[must_use]
    pub fn rule(&self) -> &'a str {
        self.head.rule()
    }

    /// The signal's name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.head.signal()
    }

    /// The bindings of `FOR EACH`, outermost first: variable and symbol.
    pub fn instance(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        self.head.instance()
    }

    /// The fields by name, in text order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + Clone + use<'a> {
        self.head.fields().zip(self.values.iter().copied())
    }

    /// The value of a field. A name that is none gives none.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The instance's index in [`Program::rules`](ascep_lang::Program).
    #[inline]
    #[must_use]
    pub fn rule_index(&self) -> u32 {
        self.head.rule_index()
    }

    /// All that does not change from signal to signal: rule, name, bindings and names of fields.
    #[must_use]
    pub fn head(&self) -> Head<'a> {
        self.head
    }

    /// The same signal as one of many engines gives it: its number among the signals of all, and the index of its rule among the rules of all.
    #[must_use]
    pub fn renumbered(self, seq: u64, rule_index: u32) -> Self {
        Self { seq, head: self.head.with_rule_index(rule_index), ..self }
    }

    /// Why it came: what each part of its rule and of its fields is at this moment. None unless the engine was built
    /// [with provenance](crate::EngineOptions::provenance).
    ///
    /// ```
    /// use ascep_lang::{Options, Source, compile};
    /// use ascep_runtime::event::{Event, MISSING, Payload, Trade};
    /// use ascep_runtime::{Engine, EngineOptions, Signal};
    ///
    /// let program = compile(&[Source::new("high.cep", "IF last(\"A/B\") > 100 THEN HIGH")], &Options::default())?;
    /// let mut engine = Engine::new(&program, EngineOptions::default().with_provenance(true))?;
    /// let instrument = engine.instrument("A/B").ok_or("no such instrument")?;
    /// let payload = Payload::Trade(Trade { price: 101.0, qty: MISSING, side: None });
    /// let mut why = None;
    /// engine.on_event(&Event { ts: 1, venue_ts: None, instrument, payload }, &mut |signal: &Signal<'_>| why = signal.explain())?;
    /// assert!(why.ok_or("no signal")?.to_string().contains("last(\"A/B\") = 101"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> Option<Explanation> {
        self.view.explain_signal(self)
    }

    /// A copy that outlives the call.
    #[must_use]
    pub fn to_owned(&self) -> OwnedSignal {
        OwnedSignal { seq: self.seq, ts: self.ts, head: self.head.to_owned(), values: self.values.iter().map(OwnedValue::from).collect() }
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

impl OwnedSignal {
    /// The rule's name, or `rule_N`.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.head.rule
    }

    /// The signal's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.head.signal
    }

    /// The fields by name, in text order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.head.fields.iter().map(String::as_str).zip(self.values.iter().map(OwnedValue::as_value))
    }

    /// The value of a field. A name that is none gives none.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'_>> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
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

impl OwnedValue {
    /// The value, borrowed.
    #[must_use]
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Unknown => Value::Unknown,
            Self::Num(x) => Value::Num(*x),
            Self::Bool(b) => Value::Bool(*b),
            Self::Duration(d) => Value::Duration(*d),
            Self::Timestamp(t) => Value::Timestamp(*t),
            Self::Symbol(s) => Value::Symbol(s),
            Self::Text(s) => Value::Text(s),
        }
    }
}

mod sealed {
    /// Keeps [`SignalData`](super::SignalData) to the two forms of a signal.
    pub trait Sealed {}
    impl Sealed for super::Signal<'_> {}
    impl Sealed for super::OwnedSignal {}
}

/// What the writers need of a signal, borrowed or owned.
pub trait SignalData: sealed::Sealed {
    /// See [`Signal::seq`].
    fn seq(&self) -> u64;
    /// See [`Signal::ts`].
    fn ts(&self) -> Timestamp;
    /// See [`Signal::head`].
    fn head(&self) -> Head<'_>;
    /// The value of the n-th field.
    fn value(&self, index: usize) -> Value<'_>;
}

impl SignalData for Signal<'_> {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn head(&self) -> Head<'_> {
        self.head
    }

    fn value(&self, index: usize) -> Value<'_> {
        self.values.get(index).copied().unwrap_or(Value::Unknown)
    }
}

impl SignalData for OwnedSignal {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn head(&self) -> Head<'_> {
        (&self.head).into()
    }

    fn value(&self, index: usize) -> Value<'_> {
        self.values.get(index).map_or(Value::Unknown, OwnedValue::as_value)
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

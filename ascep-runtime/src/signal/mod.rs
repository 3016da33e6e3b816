//! Signals: what a rule gives when it fires, and the three forms in which signals are written.

mod csv;
pub(crate) mod json;
pub(crate) mod text;

pub use csv::{write_csv_header, write_csv_row};
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
    pub fn new(seq: u64, ts: Timestamp, head: &'a SignalHead, values: &'a [Value<'a>]) -> Self {
        Self { seq, ts, head, values, view: View::default(), origin: Origin::default() }
    }

    /// The fields by name, in text order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        self.head.fields.iter().map(String::as_str).zip(self.values.iter().copied())
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
    fn head(&self) -> &SignalHead;
    /// The value of the field at `index` of `head().fields`.
    fn value(&self, index: usize) -> Value<'_>;
}

impl SignalData for Signal<'_> {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn ts(&self) -> Timestamp {
        self.ts
    }

    fn head(&self) -> &SignalHead {
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

    fn head(&self) -> &SignalHead {
        &self.head
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

//! The tests of a program as data: what each `TEST` block feeds in, when, and what it expects. The runtime runs them.

use crate::program::{Constant, ParamId, Side};
use crate::span::Span;

/// A `TEST` block, checked. Offsets are nanoseconds from the start of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Its name; stands once in a program.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// It stands in a file that another one of the program `USE`s.
    pub included: bool,
    /// Values of parameters from the start on.
    pub params: Vec<(ParamId, Constant)>,
    /// What happens, by offset; at one offset in the order of the text.
    pub steps: Vec<TestStep>,
    /// What must come of it. Empty where no signal must.
    pub expected: Vec<Expected>,
    /// `EXPECT NONE`: no signal at all.
    pub none: bool,
    /// Where it ends: the largest offset that it names.
    pub end: i64,
}

/// Something that happens in a test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestStep {
    /// When.
    pub at: i64,
    /// What.
    pub what: TestAction,
    /// Where it stands.
    pub span: Span,
}

/// What happens in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestAction {
    /// `AT d trade(..)`
    Event(TestEvent),
    /// `ADVANCE d`: everything up to and including this offset has been delivered.
    Advance,
    /// `SET param = value`
    Set(ParamId, Constant),
}

/// A market event of a test. What is not given is none.
#[derive(Debug, Clone, PartialEq)]
pub struct TestEvent {
    /// Whose, as written.
    pub symbol: String,
    /// The venue's own time, an offset.
    pub venue_ts: Option<i64>,
    /// What happened.
    pub what: TestPayload,
}

/// What happened in a market event of a test.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the events")]
pub enum TestPayload {
    /// A trade.
    Trade { price: f64, qty: Option<f64>, side: Option<Side> },
    /// A quote.
    Quote { bid: Option<f64>, ask: Option<f64>, bid_qty: Option<f64>, ask_qty: Option<f64> },
    /// A book: price and quantity of each level, best first.
    Book { bids: Vec<(f64, f64)>, asks: Vec<(f64, f64)> },
}

/// `EXPECT NAME(field = value, ..) AT d`
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The name of the signal.
    pub signal: String,
    /// Fields that must have these values; others may have any.
    pub fields: Vec<(String, ExpectedValue)>,
    /// When.
    pub at: i64,
    /// Where it stands.
    pub span: Span,
}

/// The value that a field must have.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedValue {
    /// Unknown.
    Unknown,
    /// A number.
    Num(f64),
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// A duration in nanoseconds; of a timestamp, the offset.
    Duration(i64),
    /// A text, or a symbol as the rule writes it.
    Text(String),
}
